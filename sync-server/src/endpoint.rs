//! The only file that names quinn: the socket, its limits, links and their streams. It moves
//! messages and bytes; what they mean is decided elsewhere.
//!
//! Until a link has said who it is, it may make the server hold 64 KiB in all and open one
//! stream. Every message must arrive, and every answer be taken, at 1 KiB per second at least.

mod forgotten;

use crate::gate::Source;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Incoming, RecvStream, SendStream, TransportConfig, VarInt};
use rustls::ServerConfig as TlsConfig;
use rustls::pki_types::CertificateDer;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tacenda_shared::codec::CodecError;
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::{MAX_MESSAGE, Message};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

/// A link without a sign of life ends.
const IDLE: Duration = Duration::from_secs(30);
/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a message may dawdle before its pace counts.
const PATIENCE: Duration = Duration::from_secs(5);
/// The slowest pace after that.
const BYTES_PER_SECOND: u64 = 1024;
/// Bytes of one stream that wait to be read.
const STREAM_WINDOW: u32 = 512 * 1024;
/// Bytes of one link that wait to be read, before and after it has said who it is.
const LINK_WINDOWS: (u32, u32) = (64 * 1024, 2 * 1024 * 1024);
/// Bytes of one link that wait to be taken.
const SEND_WINDOW: u64 = 1024 * 1024;
/// Streams that a device may have open, before and after.
const STREAMS: (u32, u32) = (1, 8);
/// Bytes of handshake that arrive out of order.
const CRYPTO_BUFFER: usize = 16 * 1024;
/// Handshakes that have not begun: how many, bytes of each, bytes of all.
const WAITING: (usize, u64, u64) = (256, 16 * 1024, 4 * 1024 * 1024);
/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;

/// Why a link ended, as the other side is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// It was refused; the answer on the control stream says why.
    Refused,
    /// It said nothing, or said it too slowly.
    Silent,
    /// It did not speak the protocol.
    Garbled,
    /// Its device is no longer one of the practice.
    Revoked,
    /// The server stops.
    Stopping,
}

impl Ending {
    fn code(self) -> VarInt {
        VarInt::from_u32(match self {
            Self::Refused => 1,
            Self::Silent => 2,
            Self::Garbled => 3,
            Self::Revoked => 4,
            Self::Stopping => 5,
        })
    }
}

/// Why something did not come, or go.
#[derive(Debug, Error)]
pub(crate) enum LinkError {
    /// The link or stream is gone.
    #[error("the link is gone")]
    Gone,
    /// The bytes are no message.
    #[error("the bytes are no message: {0}")]
    Malformed(#[from] CodecError),
    /// It took too long.
    #[error("the other side is too slow")]
    Slow,
}

/// The socket.
pub(crate) struct Door {
    endpoint: quinn::Endpoint,
}

/// Somebody who knocks.
pub(crate) struct Arrival(Incoming);

/// A link whose other side has proven a key.
#[derive(Clone)]
pub(crate) struct Link {
    connection: Connection,
    key: VerifyingKey,
}

/// A stream that the other side has opened.
pub(crate) struct Exchange {
    pub(crate) receiving: Receiving,
    pub(crate) sending: Sending,
}

/// The half of a stream that is read.
pub(crate) struct Receiving(RecvStream);

/// The half of a stream that is written.
pub(crate) struct Sending(SendStream);

impl Door {
    /// Binds the first address that can be had. Called inside a runtime. `seed` is the server's.
    pub(crate) fn bind(
        tls: TlsConfig,
        seed: &[u8; 32],
        addresses: &[SocketAddr],
    ) -> io::Result<Self> {
        let crypto = QuicServerConfig::try_from(tls).map_err(io::Error::other)?;
        let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        config
            .transport_config(Arc::new(transport()?))
            .migration(true)
            .max_incoming(WAITING.0)
            .incoming_buffer_size(WAITING.1)
            .incoming_buffer_size_total(WAITING.2);
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            let endpoint = UdpSocket::bind(address).and_then(|socket| {
                let (settings, config) = (forgotten::settings(seed), Some(config.clone()));
                quinn::Endpoint::new(settings, config, socket, Arc::new(quinn::TokioRuntime))
            });
            match endpoint {
                Ok(endpoint) => return Ok(Self { endpoint }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Waits for the next one who knocks; `None` after the end.
    pub(crate) async fn next(&self) -> Option<Arrival> {
        self.endpoint.accept().await.map(Arrival)
    }

    /// Lets nobody in any more.
    pub(crate) fn stop_accepting(&self) {
        self.endpoint.set_server_config(None);
    }

    /// Ends all links and waits until they know.
    pub(crate) async fn close(&self) {
        self.endpoint.close(Ending::Stopping.code(), b"");
        self.endpoint.wait_idle().await;
    }
}

fn transport() -> io::Result<TransportConfig> {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(STREAMS.0.into())
        .max_concurrent_uni_streams(0_u32.into())
        .stream_receive_window(STREAM_WINDOW.into())
        .receive_window(LINK_WINDOWS.0.into())
        .send_window(SEND_WINDOW)
        .crypto_buffer_size(CRYPTO_BUFFER)
        .datagram_receive_buffer_size(None)
        .datagram_send_buffer_size(0)
        .max_idle_timeout(Some(IDLE.try_into().map_err(io::Error::other)?));
    Ok(transport)
}

impl Arrival {
    pub(crate) fn source(&self) -> Source {
        Source::of(self.0.remote_address().ip())
    }

    pub(crate) fn has_proven_address(&self) -> bool {
        self.0.remote_address_validated()
    }

    /// Asks for a proof of the address, which costs no memory here.
    pub(crate) fn ask_for_proof(self) {
        // It fails only for those who have proven it.
        let _refused = self.0.retry();
    }

    pub(crate) fn refuse(self) {
        self.0.refuse();
    }

    /// Carries out the handshake.
    pub(crate) async fn greet(self) -> Result<Link, LinkError> {
        let connecting = self.0.accept().map_err(|_| LinkError::Gone)?;
        let connected = timeout_at(Instant::now() + HANDSHAKE, connecting).await;
        let connection = connected.map_err(|_| LinkError::Slow)?.map_err(|_| LinkError::Gone)?;
        let identity = connection.peer_identity();
        let keys = identity.and_then(|any| any.downcast::<Vec<CertificateDer<'static>>>().ok());
        let key = keys.as_ref().and_then(|keys| keys.first());
        let key = key.and_then(|key| crate::tls::key_of(key)).ok_or(LinkError::Gone)?;
        Ok(Link { connection, key: VerifyingKey::from_bytes(key) })
    }
}

impl Link {
    /// The key that the other side has proven to hold.
    pub(crate) fn key(&self) -> VerifyingKey {
        self.key
    }

    /// Waits for a stream that the other side opens; `None` when the link is gone.
    pub(crate) async fn next_exchange(&self) -> Option<Exchange> {
        let (sending, receiving) = self.connection.accept_bi().await.ok()?;
        Some(Exchange { receiving: Receiving(receiving), sending: Sending(sending) })
    }

    /// Opens the live stream.
    pub(crate) async fn open_live(&self) -> Result<Sending, LinkError> {
        self.connection.open_uni().await.map(Sending).map_err(|_| LinkError::Gone)
    }

    /// Grants what a device is granted.
    pub(crate) fn raise_limits(&self) {
        self.connection.set_receive_window(LINK_WINDOWS.1.into());
        self.connection.set_max_concurrent_bi_streams(STREAMS.1.into());
    }

    pub(crate) fn end(&self, ending: Ending) {
        self.connection.close(ending.code(), b"");
    }
}

impl Receiving {
    /// Reads one message of at most `limit` bytes.
    pub(crate) async fn message(&mut self, limit: usize) -> Result<Message, LinkError> {
        let length = self.announced(limit).await?;
        self.body(length).await
    }

    /// Reads how long the next message is, at most `limit`.
    pub(crate) async fn announced(&mut self, limit: usize) -> Result<usize, LinkError> {
        let mut prefix = [0; 4];
        self.fill(&mut prefix, &mut Pace::begin()).await?;
        let length = usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX);
        if length > limit.min(MAX_MESSAGE) { Err(CodecError::TooLong.into()) } else { Ok(length) }
    }

    /// Reads a message of an announced length. Memory grows with what arrives.
    pub(crate) async fn body(&mut self, length: usize) -> Result<Message, LinkError> {
        let mut pace = Pace::begin();
        let mut body = Vec::new();
        while body.len() < length {
            let begun = body.len();
            body.resize(length.min(begun + CHUNK), 0);
            self.fill(body.get_mut(begun..).unwrap_or_default(), &mut pace).await?;
        }
        Ok(Message::decode(&body)?)
    }

    async fn fill(&mut self, mut out: &mut [u8], pace: &mut Pace) -> Result<(), LinkError> {
        while !out.is_empty() {
            let read = timeout_at(pace.deadline(), self.0.read(out)).await;
            let read = read.map_err(|_| LinkError::Slow)?.map_err(|_| LinkError::Gone)?;
            let read = read.ok_or(LinkError::Gone)?;
            pace.note(read);
            out = out.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }
}

impl Sending {
    /// Writes bytes that are a whole frame.
    pub(crate) async fn frame(&mut self, mut bytes: &[u8]) -> Result<(), LinkError> {
        let mut pace = Pace::begin();
        while !bytes.is_empty() {
            let chunk = bytes.get(..CHUNK).unwrap_or(bytes);
            let taken = timeout_at(pace.deadline(), self.0.write(chunk)).await;
            let taken = taken.map_err(|_| LinkError::Slow)?.map_err(|_| LinkError::Gone)?;
            pace.note(taken);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Ends the stream; what was written is still delivered.
    pub(crate) fn finish(mut self) {
        let _gone = self.0.finish();
    }

    /// Ends the stream and waits, for a while, until the other side has all of it.
    pub(crate) async fn deliver(mut self) {
        let _gone = self.0.finish();
        let _slow = timeout_at(Instant::now() + PATIENCE, self.0.stopped()).await;
    }
}

/// How fast the other side has to be.
struct Pace {
    begun: Instant,
    moved: u64,
}

impl Pace {
    fn begin() -> Self {
        Self { begun: Instant::now(), moved: 0 }
    }

    fn note(&mut self, bytes: usize) {
        self.moved = self.moved.saturating_add(bytes as u64);
    }

    fn deadline(&self) -> Instant {
        let earned = Duration::from_secs(self.moved / BYTES_PER_SECOND);
        self.begun + PATIENCE + earned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sends_a_kibibyte_a_second_is_never_too_slow() {
        let mut pace = Pace::begin();
        for second in 1..600 {
            pace.note(1024);
            assert!(pace.deadline() >= pace.begun + Duration::from_secs(second));
        }
        assert!(Pace::begin().deadline() <= Instant::now() + PATIENCE);
    }
}
