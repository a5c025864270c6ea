//! What the server journals, frame by frame, and how it asks for it again.
//!
//! ```text
//! kind
//!  1 life      practice16 server_epoch4 time8
//!  2 practice  g8 receipt(seq4 hash32 time8 signature64) entry
//!  3 envelope  g8 short receipt, carried (1 byte: 0 whole, 1 stub; then the parts in full)
//!  4 refused   code1 short receipt, envelope
//!  5 row       name41 bytes
//!  6 row gone  name41
//!  7 object    g8 compartment16 kind1 object16 device16 envelope
//!  8 evidence  envelope      a second envelope for a number that is taken
//!  9 given     device16 (log16 position8)*   a device has given what it holds to a server that
//!              is being refilled, and what it knows of beyond
//! ```

use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{Carried, Envelope, EnvelopeError, Kind};
use crate::id::{
    CompartmentId, DeviceId, Global, ObjectId, Position, PracticeId, PracticeSeq, ServerEpoch,
    Timestamp,
};
use crate::log::{Receipt, ShortReceipt};
use crate::sync::refusal::RefusalCode;
use crate::sync::wire::{
    DeliveredEntry, MAX_PLACES, ObjectKey, Outcome, PracticeReceipt, Row, RowKey,
};
use thiserror::Error;

/// An envelope where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredEnvelope {
    /// The server's count with it.
    pub g: Global,
    /// The receipt that was given for it.
    pub receipt: Receipt,
    /// Whole, or what an erasure has left.
    pub carried: Carried,
}

impl StoredEnvelope {
    /// Returns the answer to whoever pushed it.
    pub fn outcome(&self) -> Outcome {
        let (header, hash) = (self.carried.header(), self.carried.hash());
        Outcome::Placed(ShortReceipt::of(&self.receipt, header, hash))
    }
}

/// One frame of the server's journal. A group of them is durable together or not at all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServerFrame {
    /// The files of this practice begin, or begin again after a loss.
    Life {
        /// The practice.
        practice: PracticeId,
        /// The life of the files.
        server_epoch: ServerEpoch,
        /// The server's clock.
        time: Timestamp,
    },
    /// An entry of the practice log.
    Practice {
        /// The server's count with it.
        g: Global,
        /// The entry and when it came.
        delivered: DeliveredEntry,
    },
    /// An envelope in its log.
    Envelope(Box<StoredEnvelope>),
    /// An envelope that was refused, but whose number is used up.
    Refused {
        /// Why.
        code: RefusalCode,
        /// About the own chain.
        receipt: Receipt,
        /// The envelope.
        envelope: Box<Envelope>,
    },
    /// A row.
    Row(Row),
    /// A row was deleted by a signed entry.
    RowGone(RowKey),
    /// An object beside a log, which replaces the one with the same key.
    Object {
        /// The server's count when it came; objects themselves do not count.
        g: Global,
        /// What it is called.
        key: ObjectKey,
        /// The envelope.
        envelope: Box<Envelope>,
    },
    /// A second envelope for a number that is taken.
    Evidence(Box<Envelope>),
    /// A device has given what it holds, while the files were being filled again.
    Given {
        /// Which.
        device: DeviceId,
        /// Places of which it knows, and before which something is missing.
        places: Vec<(CompartmentId, Position)>,
    },
}

/// Why bytes are no frame of a server.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum FrameError {
    /// The envelope in it does not read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It is not laid out as its kind is, or of an unknown kind.
    #[error("a journal frame is not well formed: {0}")]
    Malformed(#[from] CodecError),
}

impl ServerFrame {
    /// Returns the kind that the journal keeps beside the payload.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Life { .. } => 1,
            Self::Practice { .. } => 2,
            Self::Envelope(_) => 3,
            Self::Refused { .. } => 4,
            Self::Row(_) => 5,
            Self::RowGone(_) => 6,
            Self::Object { .. } => 7,
            Self::Evidence(_) => 8,
            Self::Given { .. } => 9,
        }
    }

    /// Writes the payload.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Life { practice, server_epoch, time } => {
                w.fixed(practice.as_bytes()).u32(server_epoch.get()).i64(time.as_millis());
            }
            Self::Practice { g, delivered } => {
                w.u64(g.get());
                delivered.receipt.write(&mut w);
                w.fixed(&delivered.entry);
            }
            Self::Envelope(stored) => {
                let StoredEnvelope { g, receipt, carried } = &**stored;
                let short = ShortReceipt::of(receipt, carried.header(), carried.hash());
                short.write(w.u64(g.get()));
                w.fixed(&carried.encode());
            }
            Self::Refused { code, receipt, envelope } => {
                let short = ShortReceipt::of(receipt, &envelope.header, envelope.hash());
                short.write(w.u8(code.number()));
                w.fixed(&envelope.encode());
            }
            Self::Row(row) => {
                w.fixed(&row.key.0).fixed(&row.bytes);
            }
            Self::RowGone(key) => {
                w.fixed(&key.0);
            }
            Self::Object { g, key, envelope } => {
                w.u64(g.get()).fixed(key.compartment.as_bytes()).u8(key.kind.number());
                w.fixed(key.object.as_bytes()).fixed(key.device.as_bytes());
                w.fixed(&envelope.encode());
            }
            Self::Evidence(envelope) => {
                w.fixed(&envelope.encode());
            }
            Self::Given { device, places } => {
                w.fixed(device.as_bytes()).list(places, |w, (log, position)| {
                    w.fixed(log.as_bytes()).u64(position.get());
                });
            }
        }
        w.into_bytes()
    }

    /// Reads the payload of a frame of this kind.
    pub fn decode(kind: u8, payload: &[u8]) -> Result<Self, FrameError> {
        let mut r = Reader::new(payload);
        let frame = match kind {
            1 => Self::Life {
                practice: PracticeId::from_bytes(r.fixed()?),
                server_epoch: ServerEpoch::new(r.u32()?),
                time: Timestamp::from_millis(r.i64()?),
            },
            2 => Self::Practice {
                g: Global::new(r.u64()?),
                delivered: DeliveredEntry {
                    receipt: PracticeReceipt::read(&mut r)?,
                    entry: r.rest().to_vec(),
                },
            },
            3 => {
                let (g, short) = (Global::new(r.u64()?), ShortReceipt::read(&mut r)?);
                let carried = Carried::decode(r.rest())?;
                let receipt = short.restore(carried.header(), carried.hash())?;
                Self::Envelope(Box::new(StoredEnvelope { g, receipt, carried }))
            }
            4 => {
                let code = RefusalCode::from_number(r.u8()?).ok_or(CodecError::Unknown)?;
                let short = ShortReceipt::read(&mut r)?;
                let envelope = Box::new(Envelope::decode(r.rest())?);
                let receipt = short.restore(&envelope.header, envelope.hash())?;
                Self::Refused { code, receipt, envelope }
            }
            5 => Self::Row(Row { key: RowKey(r.fixed()?), bytes: r.rest().to_vec() }),
            6 => Self::RowGone(RowKey(r.fixed()?)),
            7 => Self::Object {
                g: Global::new(r.u64()?),
                key: ObjectKey {
                    compartment: CompartmentId::from_bytes(r.fixed()?),
                    kind: Kind::from_number(r.u8()?).ok_or(CodecError::Unknown)?,
                    object: ObjectId::from_bytes(r.fixed()?),
                    device: DeviceId::from_bytes(r.fixed()?),
                },
                envelope: Box::new(Envelope::decode(r.rest())?),
            },
            8 => Self::Evidence(Box::new(Envelope::decode(r.rest())?)),
            9 => Self::Given {
                device: DeviceId::from_bytes(r.fixed()?),
                places: r.list(MAX_PLACES, |r| {
                    Ok((CompartmentId::from_bytes(r.fixed()?), Position::new(r.u64()?)))
                })?,
            },
            _ => return Err(CodecError::Unknown.into()),
        };
        r.finish()?;
        Ok(frame)
    }
}

/// What the server has on its disk, as the practice asks for it after a sync. `None` means that
/// it is not there, which for something that is on record is damage.
pub trait Shelf {
    /// An entry of the practice log.
    fn entry(&self, seq: PracticeSeq) -> Option<DeliveredEntry>;
    /// An envelope by its place.
    fn envelope(&self, log: CompartmentId, position: Position) -> Option<StoredEnvelope>;
    /// A row.
    fn row(&self, key: &RowKey) -> Option<Vec<u8>>;
    /// The newest object with this key.
    fn object(&self, key: &ObjectKey) -> Option<Envelope>;
}
