//! One connection: streams and messages. With the other files of this folder, all that names the
//! library of QUIC.

use super::{Order, Target, Told, Trouble, tls};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream, TransportConfig};
use rustls::pki_types::CertificateDer;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::device::{Lane, Transmit};
use tacenda_shared::sync::{FrameBuffer, MAX_MESSAGE, Message};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// By so much an address is tried before the next.
const HEAD_START: Duration = Duration::from_millis(300);
/// How often a link says that it is there; the server ends one that is quiet for 30 seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How long what is on its way may take once the link is to end.
const FINISHING: Duration = Duration::from_secs(1);
/// A link without a sign of life ends.
const IDLE: Duration = Duration::from_secs(30);
/// Bytes of one stream, and of the link, that wait to be read.
const WINDOWS: (u32, u32) = (512 * 1024, 2 * 1024 * 1024);
/// Bytes that wait to be taken.
const SEND_WINDOW: u64 = 1024 * 1024;
/// How long the other side is given to hear that a link is over.
const FAREWELL: Duration = Duration::from_secs(1);
/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// A connection, with the socket that it needs.
pub(super) struct Connected {
    pub(super) connection: Connection,
    endpoint: Endpoint,
}

/// Tries the addresses side by side, each a moment after the one before it: a server that has moved
/// leaves an address behind at which nobody answers.
pub(super) async fn connect(target: &Target) -> Result<Connected, Trouble> {
    let mut tries = JoinSet::new();
    for (turn, address) in (0_u32..).zip(target.addresses.clone()) {
        let target = target.clone();
        tries.spawn(async move {
            tokio::time::sleep(HEAD_START * turn).await;
            connect_by(&target, &address).await
        });
    }
    let mut trouble = Trouble::NoAddress;
    while let Some(tried) = tries.join_next().await {
        match tried {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(next)) => trouble = graver(trouble, next),
            Err(_) => trouble = graver(trouble, Trouble::Unreachable),
        }
    }
    Err(trouble)
}

async fn connect_by(target: &Target, address: &str) -> Result<Connected, Trouble> {
    let mut trouble = Trouble::NoAddress;
    let Ok(found) = tokio::net::lookup_host(address).await else { return Err(trouble) };
    for socket in found.take(4) {
        match connect_to(target, socket).await {
            Ok(connected) => return Ok(connected),
            Err(next) => trouble = graver(trouble, next),
        }
    }
    Err(trouble)
}

/// A wrong key weighs more than silence elsewhere, and silence more than a name without a meaning.
const fn graver(known: Trouble, next: Trouble) -> Trouble {
    match (known, next) {
        (Trouble::AnotherServer, _) | (_, Trouble::NoAddress) => known,
        _ => next,
    }
}

async fn connect_to(target: &Target, address: SocketAddr) -> Result<Connected, Trouble> {
    let config = config(target).ok_or(Trouble::Unreachable)?;
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let endpoint = Endpoint::client(any).map_err(|_| Trouble::Unreachable)?;
    let connecting = endpoint.connect_with(config, address, "tacenda");
    let connecting = connecting.map_err(|_| Trouble::Unreachable)?;
    match timeout(HANDSHAKE, connecting).await {
        Ok(Ok(connection)) => Ok(Connected { connection, endpoint }),
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err(Trouble::Unreachable),
    }
}

/// Why a handshake failed. An alert of ours means that the key is not the pinned one.
fn refused(error: &ConnectionError) -> Trouble {
    match error {
        ConnectionError::TransportError(_) => Trouble::AnotherServer,
        ConnectionError::ConnectionClosed(_) | ConnectionError::ApplicationClosed(_) => {
            Trouble::Ended
        }
        _ => Trouble::Unreachable,
    }
}

fn config(target: &Target) -> Option<quinn::ClientConfig> {
    let tls = tls::client_config(&target.seed, target.pin.as_ref()).ok()?;
    let mut config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).ok()?));
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(0_u32.into())
        .max_concurrent_uni_streams(1_u32.into())
        .stream_receive_window(WINDOWS.0.into())
        .receive_window(WINDOWS.1.into())
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(None)
        .datagram_send_buffer_size(0)
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(Some(IDLE.try_into().ok()?));
    config.transport_config(Arc::new(transport));
    Some(config)
}

/// Carries messages until the link ends; `None` when nobody listens any more.
pub(super) async fn carry(
    connected: Connected,
    number: u64,
    orders: &mut UnboundedReceiver<Order>,
    tell: &(impl Fn(Told) -> bool + Send + Sync),
) -> Option<Trouble> {
    let connection = connected.connection.clone();
    let (told, mut heard) = unbounded_channel();
    let (mut streams, mut requests) = (JoinSet::new(), JoinSet::new());
    streams.spawn(hear_live(connection.clone(), told.clone()));
    let mut control = Control::Closed;
    let trouble = loop {
        tokio::select! {
            biased;
            Some(one) = heard.recv() => {
                let garbled = matches!(one, Told::Down(_));
                if garbled {
                    break Some(Trouble::Garbled);
                }
                if !tell(one) {
                    break None;
                }
            }
            _ = connection.closed() => break Some(Trouble::Ended),
            order = orders.recv() => match order {
                None | Some(Order::End) => break None,
                Some(Order::Finish) => {
                    let all = async { while requests.join_next().await.is_some() {} };
                    // Whatever comes of it, the link ends.
                    let _late = timeout(FINISHING, all).await;
                    break None;
                }
                Some(Order::Drop(which)) if which == number => break Some(Trouble::Ended),
                Some(Order::Send(which, transmit)) if which == number => {
                    let Transmit { lane, message } = transmit;
                    if lane != Lane::Control {
                        requests.spawn(ask(connection.clone(), lane, message, told.clone()));
                    } else if control.send(&connection, message, &mut streams, &told).await.is_none()
                    {
                        break Some(Trouble::Ended);
                    }
                }
                Some(Order::Again | Order::Aim | Order::Drop(_) | Order::Hurry | Order::Send(..)) => {}
            },
            Some(_) = streams.join_next(), if !streams.is_empty() => {}
            Some(_) = requests.join_next(), if !requests.is_empty() => {}
        }
    };
    streams.shutdown().await;
    requests.shutdown().await;
    connection.close(0_u32.into(), b"");
    if trouble.is_none() {
        connected.told_of_the_end().await;
    }
    trouble
}

/// The stream that a device opens first.
enum Control {
    Closed,
    Open(SendStream),
}

impl Control {
    async fn send(
        &mut self,
        connection: &Connection,
        message: Message,
        streams: &mut JoinSet<()>,
        told: &UnboundedSender<Told>,
    ) -> Option<()> {
        match self {
            Self::Closed => {
                let (mut send, receive) = connection.open_bi().await.ok()?;
                send.write_all(&message.frame()).await.ok()?;
                *self = Self::Open(send);
                streams.spawn(hear(receive, Lane::Control, told.clone()));
            }
            Self::Open(send) => send.write_all(&message.frame()).await.ok()?,
        }
        Some(())
    }
}

async fn ask(connection: Connection, lane: Lane, message: Message, told: UnboundedSender<Told>) {
    // Whatever fails here ends the link, which tells.
    let Ok((mut send, receive)) = connection.open_bi().await else { return };
    let answer = hear(receive, lane, told);
    let request = async {
        // The server may answer before it has read all.
        let _refused = send.write_all(&message.frame()).await;
        let _finished = send.finish();
    };
    tokio::join!(request, answer);
}

async fn hear_live(connection: Connection, told: UnboundedSender<Told>) {
    if let Ok(receive) = connection.accept_uni().await {
        hear(receive, Lane::Live, told).await;
    }
}

async fn hear(receive: RecvStream, lane: Lane, told: UnboundedSender<Told>) {
    let mut incoming = Incoming::of(receive);
    loop {
        let one = match incoming.next().await {
            Ok(Some(message)) => Told::Message(lane, message),
            Ok(None) => Told::End(lane),
            Err(Trouble::Garbled) => Told::Down(Trouble::Garbled),
            // The link is gone, which is told elsewhere.
            Err(_) => return,
        };
        let last = !matches!(one, Told::Message(..));
        if told.send(one).is_err() || last {
            return;
        }
    }
}

/// Reads messages from a stream.
pub(super) struct Incoming {
    stream: RecvStream,
    buffer: FrameBuffer,
}

impl Incoming {
    pub(super) fn of(stream: RecvStream) -> Self {
        Self { stream, buffer: FrameBuffer::new(MAX_MESSAGE) }
    }

    /// Returns the next message; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Message>, Trouble> {
        loop {
            match self.buffer.next_message() {
                Ok(Some(message)) => return Ok(Some(message)),
                Ok(None) => {}
                Err(_) => return Err(Trouble::Garbled),
            }
            match self.stream.read_chunk(CHUNK, true).await {
                Ok(Some(chunk)) => self.buffer.push(&chunk.bytes),
                Ok(None) => return Ok(None),
                Err(_) => return Err(Trouble::Ended),
            }
        }
    }
}

impl Connected {
    /// Returns the key that the other side has proven to hold.
    pub(super) fn server_key(&self) -> Option<VerifyingKey> {
        let identity = self.connection.peer_identity()?;
        let keys = identity.downcast::<Vec<CertificateDer<'static>>>().ok()?;
        tls::key_of(keys.first()?)
    }

    /// Waits until the other side knows that the link is over, for at most a second: it learns it
    /// now and not after its patience is over.
    pub(super) async fn told_of_the_end(&self) {
        let _late = timeout(FAREWELL, self.endpoint.wait_idle()).await;
    }
}
