//! A small device: links over real QUIC, well-behaved or not.

use crate::practice::Practice;
use crate::process::Process;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream};
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;
use tacenda_shared::suite::SigningKey;
use tacenda_shared::sync::{FrameBuffer, MAX_MESSAGE, Message};
use tacenda_sync_server::tls;

/// Whoever waits longer than this waits in vain.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// How a client differs from an honest device of this version.
#[derive(Clone)]
pub(crate) struct Manner {
    pub(crate) alpn: Vec<u8>,
    pub(crate) pin: [u8; 32],
    pub(crate) provider: CryptoProvider,
    /// Bytes of one stream that it lets come.
    pub(crate) window: u32,
}

impl Manner {
    pub(crate) fn honest(process: &Process) -> Self {
        let provider = tls::only_hybrid();
        Self { alpn: tls::ALPN.to_vec(), pin: process.pin, provider, window: 256 * 1024 }
    }
}

#[derive(Debug)]
struct Pinned {
    info: Vec<u8>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match key.as_ref() == self.info {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(Error::General("another server".into())),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _key: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let key = SubjectPublicKeyInfoDer::from(key.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// Waits for something, but not for ever.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("in time")
}

/// Connects; TLS is done, nothing is said yet.
pub(crate) async fn connect(
    process: &Process,
    key: &SigningKey,
    manner: &Manner,
) -> Result<(Endpoint, Connection), quinn::ConnectionError> {
    let provider = Arc::new(manner.provider.clone());
    let info = tls::spki_of(&manner.pin);
    let verifier = Arc::new(Pinned { info, provider: Arc::clone(&provider) });
    let certified = tls::certified(key.seed()).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(certified)));
    config.alpn_protocols = vec![manner.alpn.clone()];
    let mut quic = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).unwrap()));
    let mut transport = quinn::TransportConfig::default();
    transport.stream_receive_window(manner.window.into());
    transport.keep_alive_interval(Some(Duration::from_secs(5)));
    quic.transport_config(Arc::new(transport));
    let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let connecting = endpoint.connect_with(quic, process.address, "tacenda").unwrap();
    let connection = soon(connecting).await?;
    Ok((endpoint, connection))
}

/// A link that has been greeted.
pub(crate) struct Client {
    pub(crate) connection: Connection,
    _endpoint: Endpoint,
    _control: (SendStream, RecvStream),
}

/// Reads messages from a stream.
pub(crate) struct Incoming {
    stream: RecvStream,
    buffer: FrameBuffer,
}

impl Incoming {
    pub(crate) fn of(stream: RecvStream) -> Self {
        Self { stream, buffer: FrameBuffer::new(MAX_MESSAGE) }
    }

    /// The next message; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.buffer.next_message().unwrap() {
                return Some(message);
            }
            let chunk = soon(self.stream.read_chunk(64 * 1024, true)).await.ok().flatten()?;
            self.buffer.push(&chunk.bytes);
        }
    }
}

impl Client {
    /// Connects as a device of a practice and says hello; the answer is returned with the link.
    pub(crate) async fn greet(
        process: &Process,
        practice: &Practice,
        device: usize,
    ) -> (Self, Message) {
        let manner = Manner::honest(process);
        Self::greet_so(process, practice, device, &practice.devices[device].tls, &manner).await
    }

    /// The same, with another key or manner.
    pub(crate) async fn greet_so(
        process: &Process,
        practice: &Practice,
        device: usize,
        key: &SigningKey,
        manner: &Manner,
    ) -> (Self, Message) {
        Self::begin(process, &practice.hello(device), key, manner).await
    }

    /// Connects and says something first.
    pub(crate) async fn begin(
        process: &Process,
        first: &Message,
        key: &SigningKey,
        manner: &Manner,
    ) -> (Self, Message) {
        let (endpoint, connection) = connect(process, key, manner).await.unwrap();
        let (mut send, receive) = connection.open_bi().await.unwrap();
        send.write_all(&first.frame()).await.unwrap();
        let mut incoming = Incoming::of(receive);
        let answer = incoming.next().await.expect("an answer");
        let control = (send, incoming.stream);
        (Self { connection, _endpoint: endpoint, _control: control }, answer)
    }

    /// Connects as a device that is welcome.
    pub(crate) async fn welcome(process: &Process, practice: &Practice, device: usize) -> Self {
        let (client, answer) = Self::greet(process, practice, device).await;
        assert!(matches!(answer, Message::Welcome { .. }), "{answer:?}");
        client
    }

    /// Sends a request and reads all of its answer.
    pub(crate) async fn ask(&self, request: &Message) -> Vec<Message> {
        self.ask_bytes(&request.frame()).await
    }

    pub(crate) async fn ask_bytes(&self, bytes: &[u8]) -> Vec<Message> {
        let (mut send, receive) = soon(self.connection.open_bi()).await.unwrap();
        // The server may answer before it has read all.
        let _refused = soon(send.write_all(bytes)).await;
        let _finished = send.finish();
        let mut incoming = Incoming::of(receive);
        let mut messages = Vec::new();
        while let Some(message) = incoming.next().await {
            messages.push(message);
        }
        messages
    }

    /// The live stream.
    pub(crate) async fn live(&self) -> Incoming {
        Incoming::of(soon(self.connection.accept_uni()).await.unwrap())
    }

    /// Says something, and waits for the end of the link.
    pub(crate) async fn speak_until_closed(&self) -> quinn::ConnectionError {
        let (mut send, _receive) = soon(self.connection.open_bi()).await.unwrap();
        let _lost = soon(send.write_all(&[0; 64])).await;
        soon(self.connection.closed()).await
    }

    /// The code with which the server ends the link.
    pub(crate) async fn ended(&self) -> u64 {
        code_of(&self.connection).await
    }
}

/// The code with which the server ends a link.
pub(crate) async fn code_of(connection: &Connection) -> u64 {
    match soon(connection.closed()).await {
        quinn::ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
        other => panic!("{other}"),
    }
}
