//! Where a server can be made to misbehave: every message in, every message out, everything read
//! from the disk passes a [`Tamper`], if there is one. A server in service has none, and nothing
//! but code can give it one: no setting and no argument does.

use crate::outbox::Outbox;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tacenda_shared::envelope::Envelope;
use tacenda_shared::id::{DeviceId, PracticeId};
use tacenda_shared::membership::Signer;
use tacenda_shared::sync::server::{ServerFrame, StoredEnvelope};
use tacenda_shared::sync::{DeliveredEntry, Message, ObjectKey, RowKey};
use tokio::sync::watch;

/// Something between a server and its devices. Whatever is not overridden passes as it is.
pub trait Tamper: fmt::Debug + Send + Sync {
    /// A message came in.
    fn incoming(&self, peer: &Peer, message: Message) -> Incoming {
        let _from = peer;
        Incoming::take(message)
    }

    /// A message is about to go out.
    fn outgoing(&self, peer: &Peer, message: Message) -> Outgoing {
        let _to = peer;
        Outgoing::pass(&message)
    }

    /// A device listens: what is sent by `live` reaches it like any live message, as it is.
    fn listening(&self, peer: &Peer, live: LiveStream) {
        let _unused = (peer, live);
    }

    /// Something is read from the disk for an answer to `reader`. `None`: the disk does not have
    /// it.
    fn stored(&self, practice: PracticeId, reader: Signer, object: Stored) -> Option<Stored> {
        let _for = (practice, reader);
        Some(object)
    }

    /// A frame is durable now, or was found on the disk. After a full disk, or a reading that
    /// had to be repeated, the same frames are shown again.
    fn kept(&self, practice: PracticeId, frame: &ServerFrame) {
        let _seen = (practice, frame);
    }
}

/// The other end of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    /// Its practice and who it is there; `None` until it has been welcomed.
    pub who: Option<(PracticeId, Signer)>,
    /// On which stream.
    pub lane: Lane,
}

impl Peer {
    /// Returns the device, if it is one that has been welcomed.
    pub fn device(&self) -> Option<DeviceId> {
        match self.who?.1 {
            Signer::Device(device) => Some(device),
            Signer::Recovery(_) => None,
        }
    }
}

/// Which stream of a link.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Lane {
    /// The first stream: hello and welcome, or a founder, or two devices that pair.
    Control,
    /// What others do.
    Live,
    /// A request and its answers; the number is one of this server's life.
    Request(u64),
}

/// What becomes of a message that came in.
#[derive(Debug)]
pub struct Incoming {
    /// The server works on these, in this order, and answers the last of them; on none, it does
    /// nothing and answers nothing.
    pub take: Vec<Message>,
    /// Frames that answer before the server's own answer does, each with its length in front.
    pub answer: Vec<Vec<u8>>,
    /// Nothing of it happens before this.
    pub after: Option<Release>,
}

impl Incoming {
    /// The server works on this message.
    pub fn take(message: Message) -> Self {
        Self { take: vec![message], answer: Vec::new(), after: None }
    }

    /// The server never sees the message; it is answered with this.
    pub fn answer(message: &Message) -> Self {
        Self { take: Vec::new(), answer: vec![message.frame()], after: None }
    }

    /// The message is lost.
    pub fn lost() -> Self {
        Self { take: Vec::new(), answer: Vec::new(), after: None }
    }
}

/// What becomes of a message that is about to go out.
#[derive(Debug)]
pub struct Outgoing {
    /// Frames to send instead, each with its length in front; they need not be messages.
    pub frames: Vec<Vec<u8>>,
    /// They wait for this, and so does what comes after them on the same stream.
    pub after: Option<Release>,
}

impl Outgoing {
    /// This message goes out.
    pub fn pass(message: &Message) -> Self {
        Self { frames: vec![message.frame()], after: None }
    }

    /// Nothing goes out.
    pub fn lost() -> Self {
        Self { frames: Vec::new(), after: None }
    }
}

/// Something that a server reads from its disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stored {
    /// An entry of the practice log.
    Entry(DeliveredEntry),
    /// An envelope in its log.
    Envelope(Box<StoredEnvelope>),
    /// A snapshot, pack or checkpoint.
    Object(ObjectKey, Box<Envelope>),
    /// A row.
    Row(RowKey, Vec<u8>),
}

/// Holds things back until it is opened. Clones are one.
#[derive(Clone, Debug)]
pub struct Release(Arc<watch::Sender<bool>>);

impl Release {
    /// Holds back.
    #[expect(clippy::new_without_default, reason = "a thing that holds has no natural default")]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Lets go, for good.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn wait(self) {
        // The sender is held here, so this ends only when it is opened.
        drop(self.0.subscribe().wait_for(|is_open| *is_open).await);
    }
}

/// The way to a device that listens.
#[derive(Clone, Debug)]
pub struct LiveStream(Arc<Outbox>);

impl LiveStream {
    /// Sends a frame, with its length in front; no tamper sees it.
    pub fn send(&self, frame: Vec<u8>) {
        self.0.push_as_it_is(Arc::new(frame));
    }

    /// Ends the link, as a server does that stops. The device comes back by itself.
    pub fn hang_up(&self) {
        self.0.hang_up();
    }
}

/// What the server's other parts call.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    tamper: Option<Arc<dyn Tamper>>,
    requests: AtomicU64,
}

impl Watch {
    pub(crate) fn new(tamper: Option<Arc<dyn Tamper>>) -> Self {
        Self { tamper, requests: AtomicU64::new(0) }
    }

    pub(crate) fn tamper(&self) -> Option<&dyn Tamper> {
        self.tamper.as_deref()
    }

    /// Numbers a request.
    pub(crate) fn request(&self) -> Lane {
        Lane::Request(self.requests.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn listening(&self, peer: &Peer, outbox: &Arc<Outbox>) {
        if let Some(tamper) = self.tamper() {
            tamper.listening(peer, LiveStream(Arc::clone(outbox)));
        }
    }

    /// What to take, and what to answer first.
    pub(crate) async fn incoming(
        &self,
        peer: &Peer,
        message: Message,
    ) -> (Vec<Message>, Vec<Vec<u8>>) {
        let Some(tamper) = self.tamper() else { return (vec![message], Vec::new()) };
        let Incoming { take, answer, after } = tamper.incoming(peer, message);
        if let Some(release) = after {
            release.wait().await;
        }
        (take, answer)
    }

    /// The frames to send for a message.
    pub(crate) async fn outgoing(&self, peer: &Peer, message: Message) -> Vec<Vec<u8>> {
        let Some(tamper) = self.tamper() else { return vec![message.frame()] };
        let Outgoing { frames, after } = tamper.outgoing(peer, message);
        if let Some(release) = after {
            release.wait().await;
        }
        frames
    }

    /// The frames to send for one that is ready.
    pub(crate) async fn live(&self, peer: &Peer, frame: Arc<Vec<u8>>) -> Vec<Arc<Vec<u8>>> {
        let message = self.tamper().and_then(|_| Message::decode(frame.get(PREFIX..)?).ok());
        match message {
            None => vec![frame],
            Some(message) => self.outgoing(peer, message).await.into_iter().map(Arc::new).collect(),
        }
    }
}

/// Bytes of the length in front of a frame.
const PREFIX: usize = 4;
