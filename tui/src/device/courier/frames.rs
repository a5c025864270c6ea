//! What the courier writes into the device's journal, as bytes. Pure.
//!
//! Envelopes are kept as they were sealed, sent or delivered, in the order of their logs, so that
//! a server whose files were lost can be filled again from any device.

use super::watch::{read_noted, write_noted};
use crate::device::frame::ContentKind;
use crate::device::locations::{ENTRIES_MAX, read_location, write_location};
use std::collections::BTreeSet;
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::envelope::{Carried, Envelope, EnvelopeError, MAX_ENVELOPE};
use tacenda_shared::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, Global, Position, RecordId, RingId, SlotGeneration,
};
use tacenda_shared::journal::Location;
use tacenda_shared::log::{OwnHead, Receipt};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::sync::device::Noted;
use tacenda_shared::sync::{MAX_MESSAGE, PracticeReceipt};

/// More pieces of content than are ever passed over at once.
pub(in crate::device) const SKIPPED_MAX: usize = 1 << 16;
/// An envelope and the byte that says whether it is whole.
const CARRIED_BYTES_MAX: usize = MAX_ENVELOPE + 1;

/// The longest name of a compartment.
const NAME_BYTES_MAX: usize = 1 << 10;

pub use tacenda_shared::envelope::Number;
pub(in crate::device) use tacenda_shared::envelope::{read_number, write_number};

/// Content that goes out with an envelope of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Source {
    /// Where it belongs.
    pub compartment: CompartmentId,
    /// What it is.
    pub kind: ContentKind,
    /// Where it lies.
    pub location: Location,
}

/// What became of an entry of a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// What it says is among the content here.
    Opened,
    /// A key is not here yet, or this version does not understand it.
    Waiting,
    /// It is kept apart; its log goes on.
    Quarantined,
    /// It came too late and is kept apart; what it says was taken over by hand, or because what
    /// counts builds on it.
    Adopted,
    /// Its key was destroyed before it came.
    Destroyed,
}

impl Fate {
    pub(in crate::device) const fn number(self) -> u8 {
        match self {
            Self::Opened => 1,
            Self::Waiting => 2,
            Self::Quarantined => 3,
            Self::Adopted => 4,
            Self::Destroyed => 5,
        }
    }

    pub(in crate::device) const fn from_number(number: u8) -> Result<Self, CodecError> {
        match number {
            1 => Ok(Self::Opened),
            2 => Ok(Self::Waiting),
            3 => Ok(Self::Quarantined),
            4 => Ok(Self::Adopted),
            5 => Ok(Self::Destroyed),
            _ => Err(CodecError::Unknown),
        }
    }
}

/// What became of a log in which single records were erased.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rebased {
    /// The first content key that is not dead.
    pub since: SlotGeneration,
    /// The records that were erased, as far as they were known here.
    pub records: BTreeSet<RecordId>,
    /// Where the envelopes of the base lie, which stand in for what was sealed before.
    pub parts: Vec<Location>,
}

impl Rebased {
    /// Writes generation4 count4 (record16)* count4 (location16)*
    pub(in crate::device) fn write(&self, w: &mut Writer) {
        w.u32(self.since.get());
        let records: Vec<_> = self.records.iter().collect();
        w.list(&records, |w, record| {
            w.fixed(record.as_bytes());
        });
        w.list(&self.parts, |w, location| write_location(w, *location));
    }

    pub(in crate::device) fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            since: SlotGeneration::new(r.u32()?),
            records: r
                .list(ENTRIES_MAX, |r| r.fixed().map(RecordId::from_bytes))?
                .into_iter()
                .collect(),
            parts: r.list(ENTRIES_MAX, read_location)?,
        })
    }
}

/// One frame of the courier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MailFrame {
    /// Changes of documents that are out of sight until it is known what others have of them:
    /// another life of this device may have written the same or have used the same numbers.
    Aside(Vec<Location>),
    /// Content that counts no more: it came with entries that lie beyond a cut.
    Annulled(Vec<Source>),
    /// Up to this count of the server, everything is on this disk.
    Cursor(Global),
    /// The next entry of a log, by another device.
    Entered {
        /// Which log.
        log: CompartmentId,
        /// What became of it.
        fate: Fate,
        /// The record inside, if it is one and was opened.
        record: Option<RecordId>,
        /// The envelope, or what an erasure left of it, as it was delivered.
        carried: Box<Carried>,
    },
    /// The next entry of a log is an envelope of this device.
    EnteredOwn {
        /// Which log.
        log: CompartmentId,
        /// The incarnation.
        dev_inc: DevInc,
        /// The number.
        dev_seq: DevSeq,
    },
    /// The keys of a log are dead, and so is everything in it.
    Erased {
        /// Which log.
        log: CompartmentId,
        /// Of which compartment, as far as that was ever known here.
        name: Option<CompartmentName>,
    },
    /// When the server took an entry of the practice log.
    EntryReceipt(PracticeReceipt),
    /// This life of the device has begun an incarnation: what no earlier one was answered for
    /// goes out again.
    Incarnated(DevInc),
    /// What is known of the newest checkpoint of a device in a ring.
    Noted {
        /// Which ring.
        ring: RingId,
        /// Whose.
        device: DeviceId,
        /// What.
        noted: Noted,
    },
    /// What became of an entry after all.
    Judged {
        /// Which log.
        log: CompartmentId,
        /// Which entry.
        position: Position,
        /// What.
        fate: Fate,
        /// Its number and the record inside, if it is one.
        number: Option<(Number, RecordId)>,
    },
    /// An envelope that this device has sealed. Whatever happens, it goes out as it is here.
    Sent {
        /// What it carries; nothing for a genesis.
        source: Option<Source>,
        /// The envelope.
        envelope: Box<Envelope>,
    },
    /// The server has answered for an envelope.
    Settled {
        /// Whether what it carried must go out again under another number.
        again: bool,
        /// Its word.
        receipt: Box<Receipt>,
    },
    /// The next entry of a log, by whomever, is an envelope that stood at another place before the
    /// server's files were lost.
    EnteredAgain {
        /// Which log.
        log: CompartmentId,
        /// Which envelope.
        number: Number,
    },
    /// A refilled server has not got what this device had sent after this head: it goes out again.
    Resumed {
        /// The last that the server has.
        own: OwnHead,
        /// What goes out again, in order.
        sent: Vec<(DevSeq, Location, Option<Source>)>,
    },
    /// A refilled server has another log: what stood in it after this position stands nowhere
    /// until it comes again.
    Rewound {
        /// Which log.
        log: CompartmentId,
        /// The last entry that stays.
        position: Position,
        /// The envelopes after it, in order.
        numbers: Vec<Number>,
    },
    /// The server has a pack of a log.
    Packed {
        /// Which log.
        log: CompartmentId,
        /// The position before its first entry.
        after: Position,
        /// Its last.
        to: Position,
    },
    /// What came of a log, to be opened later.
    Shelved {
        /// Which log.
        log: CompartmentId,
        /// Its last position.
        to: Position,
        /// The message of the server: a pack, or entries.
        message: Vec<u8>,
    },
    /// What lay unopened of a log up to a position is open, or worth nothing.
    Unshelved {
        /// Which log.
        log: CompartmentId,
        /// Up to here.
        to: Position,
    },
    /// Content keys of a log are dead because one record was erased: what else they sealed lies
    /// under the newest, here and in the base.
    Rebased {
        /// Which log.
        log: CompartmentId,
        /// What.
        rebased: Rebased,
        /// Content that was not taken along.
        gone: Vec<Location>,
    },
    /// Content that never goes out: drafts whose key died before anybody else knew of them.
    Skipped(Vec<Location>),
}

/// The first number of these frames among the device's.
pub(in crate::device) const FIRST_NUMBER: u8 = 9;
/// The last one.
pub(in crate::device) const LAST_NUMBER: u8 = 28;

impl MailFrame {
    pub(in crate::device) fn write(&self, w: &mut Writer) {
        match self {
            Self::Cursor(cursor) => {
                w.u8(9).u64(cursor.get());
            }
            Self::Entered { log, fate, record, carried } => {
                w.u8(10).fixed(log.as_bytes()).u8(fate.number());
                w.option(record.as_ref(), |w, record| {
                    w.fixed(record.as_bytes());
                });
                w.bytes(&carried.encode());
            }
            Self::EnteredOwn { log, dev_inc, dev_seq } => {
                w.u8(11).fixed(log.as_bytes()).u32(dev_inc.get()).u64(dev_seq.get());
            }
            Self::EntryReceipt(receipt) => receipt.write(w.u8(12)),
            Self::Judged { log, position, fate, number } => {
                w.u8(13).fixed(log.as_bytes()).u64(position.get()).u8(fate.number());
                w.option(number.as_ref(), |w, ((device, dev_inc, dev_seq), record)| {
                    w.fixed(device.as_bytes()).u32(dev_inc.get()).u64(dev_seq.get());
                    w.fixed(record.as_bytes());
                });
            }
            Self::Sent { source, envelope } => {
                w.u8(14).option(*source, write_source);
                w.bytes(&envelope.encode());
            }
            Self::Settled { again, receipt } => {
                w.u8(15).u8(u8::from(*again)).fixed(&receipt.encode());
            }
            Self::EnteredAgain { log, number } => {
                write_number(w.u8(17).fixed(log.as_bytes()), *number);
            }
            Self::Resumed { own, sent } => {
                own.write(w.u8(18));
                w.list(sent, |w, (dev_seq, location, source)| {
                    write_location(w.u64(dev_seq.get()), *location);
                    w.option(*source, write_source);
                });
            }
            Self::Rewound { log, position, numbers } => {
                w.u8(19).fixed(log.as_bytes()).u64(position.get());
                w.list(numbers, |w, number| write_number(w, *number));
            }
            Self::Aside(of) | Self::Skipped(of) => {
                w.u8(if matches!(self, Self::Aside(_)) { 21 } else { 16 });
                w.list(of, |w, location| write_location(w, *location));
            }
            Self::Annulled(sources) => {
                w.u8(22).list(sources, |w, source| write_source(w, *source));
            }
            Self::Noted { ring, device, noted } => write_noted(w.u8(23), *ring, *device, noted),
            Self::Erased { log, name } => write_erased(w.u8(24), *log, name.as_ref()),
            Self::Incarnated(_)
            | Self::Packed { .. }
            | Self::Rebased { .. }
            | Self::Shelved { .. }
            | Self::Unshelved { .. } => {
                self.write_shelf(w);
            }
        }
    }

    /// What lies unopened, packs, what was put on another base, and the beginning of an
    /// incarnation.
    fn write_shelf(&self, w: &mut Writer) {
        match self {
            Self::Incarnated(dev_inc) => {
                w.u8(20).u32(dev_inc.get());
            }
            Self::Shelved { log, to, message } => {
                w.u8(25).fixed(log.as_bytes()).u64(to.get()).bytes(message);
            }
            Self::Unshelved { log, to } => {
                w.u8(26).fixed(log.as_bytes()).u64(to.get());
            }
            Self::Packed { log, after, to } => {
                w.u8(27).fixed(log.as_bytes()).u64(after.get()).u64(to.get());
            }
            Self::Rebased { log, rebased, gone } => {
                rebased.write(w.u8(28).fixed(log.as_bytes()));
                w.list(gone, |w, location| write_location(w, *location));
            }
            _ => {}
        }
    }

    fn read_judged(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self::Judged {
            log: CompartmentId::from_bytes(r.fixed()?),
            position: Position::new(r.u64()?),
            fate: Fate::from_number(r.u8()?)?,
            number: r.option(|r| {
                let device = DeviceId::from_bytes(r.fixed()?);
                let number = (device, DevInc::new(r.u32()?), DevSeq::new(r.u64()?));
                Ok((number, RecordId::from_bytes(r.fixed()?)))
            })?,
        })
    }

    fn read_shelf(number: u8, r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let log = CompartmentId::from_bytes(r.fixed()?);
        let first = Position::new(r.u64()?);
        Ok(match number {
            25 => Self::Shelved { log, to: first, message: r.bytes(MAX_MESSAGE)?.to_vec() },
            26 => Self::Unshelved { log, to: first },
            _ => Self::Packed { log, after: first, to: Position::new(r.u64()?) },
        })
    }

    pub(in crate::device) fn read(number: u8, r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(match number {
            9 => Self::Cursor(Global::new(r.u64()?)),
            10 => Self::Entered {
                log: CompartmentId::from_bytes(r.fixed()?),
                fate: Fate::from_number(r.u8()?)?,
                record: r.option(|r| r.fixed().map(RecordId::from_bytes))?,
                carried: Box::new(
                    Carried::decode(r.bytes(CARRIED_BYTES_MAX)?)
                        .map_err(|error| malformed(&error))?,
                ),
            },
            11 => {
                let log = CompartmentId::from_bytes(r.fixed()?);
                let (dev_inc, dev_seq) = (DevInc::new(r.u32()?), DevSeq::new(r.u64()?));
                Self::EnteredOwn { log, dev_inc, dev_seq }
            }
            12 => Self::EntryReceipt(PracticeReceipt::read(r)?),
            13 => Self::read_judged(r)?,
            14 => Self::Sent { source: r.option(read_source)?, envelope: read_envelope(r)? },
            15 => Self::Settled {
                again: match r.u8()? {
                    0 => false,
                    1 => true,
                    _ => return Err(CodecError::Unknown),
                },
                receipt: Box::new(Receipt::read(r)?),
            },
            16 => Self::Skipped(r.list(SKIPPED_MAX, read_location)?),
            17 => {
                let log = CompartmentId::from_bytes(r.fixed()?);
                Self::EnteredAgain { log, number: read_number(r)? }
            }
            18 => Self::Resumed {
                own: OwnHead::read(r)?,
                sent: r.list(ENTRIES_MAX, |r| {
                    let dev_seq = DevSeq::new(r.u64()?);
                    Ok((dev_seq, read_location(r)?, r.option(read_source)?))
                })?,
            },
            19 => Self::Rewound {
                log: CompartmentId::from_bytes(r.fixed()?),
                position: Position::new(r.u64()?),
                numbers: r.list(ENTRIES_MAX, read_number)?,
            },
            21 => Self::Aside(r.list(SKIPPED_MAX, read_location)?),
            22 => Self::Annulled(r.list(SKIPPED_MAX, read_source)?),
            23 => read_noted(r).map(|(ring, device, noted)| Self::Noted { ring, device, noted })?,
            24 => read_erased(r).map(|(log, name)| Self::Erased { log, name })?,
            20 => Self::Incarnated(DevInc::new(r.u32()?)),
            25..=27 => Self::read_shelf(number, r)?,
            28 => Self::Rebased {
                log: CompartmentId::from_bytes(r.fixed()?),
                rebased: Rebased::read(r)?,
                gone: r.list(ENTRIES_MAX, read_location)?,
            },
            _ => return Err(CodecError::Unknown),
        })
    }
}

/// Writes an erased log, and of which compartment it was.
pub(in crate::device) fn write_erased(
    w: &mut Writer,
    log: CompartmentId,
    name: Option<&CompartmentName>,
) {
    w.fixed(log.as_bytes()).option(name, |w, name| {
        w.bytes(&name.encode());
    });
}

pub(in crate::device) fn read_erased(
    r: &mut Reader<'_>,
) -> Result<(CompartmentId, Option<CompartmentName>), CodecError> {
    let log = CompartmentId::from_bytes(r.fixed()?);
    Ok((log, r.option(|r| CompartmentName::decode(r.bytes(NAME_BYTES_MAX)?))?))
}

fn read_envelope(r: &mut Reader<'_>) -> Result<Box<Envelope>, CodecError> {
    let decoded = Envelope::decode(r.bytes(MAX_ENVELOPE)?);
    decoded.map(Box::new).map_err(|error| malformed(&error))
}

const fn malformed(error: &EnvelopeError) -> CodecError {
    match error {
        EnvelopeError::Malformed(error) => *error,
        EnvelopeError::TooLarge => CodecError::TooLong,
        EnvelopeError::UnknownSuite => CodecError::Unknown,
    }
}

pub(in crate::device) fn write_source(w: &mut Writer, source: Source) {
    w.fixed(source.compartment.as_bytes());
    source.kind.write(w);
    write_location(w, source.location);
}

pub(in crate::device) fn read_source(r: &mut Reader<'_>) -> Result<Source, CodecError> {
    Ok(Source {
        compartment: CompartmentId::from_bytes(r.fixed()?),
        kind: ContentKind::read(r)?,
        location: read_location(r)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::frame::DeviceFrame;
    use tacenda_shared::envelope::{Header, PracticeHead, body_hash};
    use tacenda_shared::id::{ObjectId, PracticeId, PracticeSeq, ServerEpoch, Timestamp};
    use tacenda_shared::log::{LogHead, Placement, ReceiptBody};
    use tacenda_shared::suite::{Hash, SUITE_1, Signature, SigningKey};

    const LOG: CompartmentId = CompartmentId::from_bytes([1; 16]);

    fn envelope() -> Envelope {
        let header = Header {
            suite: SUITE_1,
            kind: tacenda_shared::envelope::Kind::Record,
            flags: 0,
            practice: PracticeId::from_bytes([2; 16]),
            compartment: LOG,
            author: DeviceId::from_bytes([3; 16]),
            dev_inc: DevInc::new(1),
            dev_seq: DevSeq::new(1),
            prev_own: Hash::ZERO,
            practice_head: PracticeHead { seq: PracticeSeq::new(4), hash: Hash::ZERO },
            slot_generation: SlotGeneration::new(1),
            object: ObjectId::from_bytes([0; 16]),
            schema: 1,
            seen_pos: Position::ZERO,
            seen_chain: Hash::ZERO,
            salt: [5; 24],
            length: 4,
        };
        Envelope { header, body: vec![6; 20], signature: Signature::from_bytes([7; 64]) }
    }

    #[test]
    fn frames_of_what_lies_unopened_read_back() {
        let to = Position::new(9);
        let frames = [
            MailFrame::Shelved { log: LOG, to, message: vec![1, 2, 3] },
            MailFrame::Unshelved { log: LOG, to },
            MailFrame::Packed { log: LOG, after: Position::new(1), to },
            MailFrame::Rebased {
                log: LOG,
                rebased: Rebased {
                    since: SlotGeneration::new(2),
                    records: BTreeSet::from([RecordId::from_bytes([4; 16])]),
                    parts: vec![Location { segment: 1, offset: 3 }],
                },
                gone: vec![Location { segment: 2, offset: 64 }],
            },
        ];
        for frame in frames {
            let frame = DeviceFrame::Mail(frame);
            assert_eq!(DeviceFrame::decode(&frame.encode()), Ok(frame));
        }
    }

    #[test]
    fn every_frame_reads_back() {
        let head = LogHead { position: Position::new(1), chain: Hash::from_bytes([8; 32]) };
        let receipt = ReceiptBody {
            practice: PracticeId::from_bytes([2; 16]),
            server_epoch: ServerEpoch::new(1),
            practice_head: PracticeHead { seq: PracticeSeq::new(4), hash: Hash::ZERO },
            placement: Some(Placement { log: LOG, head }),
            device: DeviceId::from_bytes([3; 16]),
            own: OwnHead::start(DevInc::new(1)),
            time: Timestamp::from_millis(9),
        };
        let key = SigningKey::from_seed([10; 32]);
        let receipt = Box::new(receipt.sign(&key));
        let location = Location { segment: 1, offset: 2 };
        let record = RecordId::from_bytes([11; 16]);
        let source = Source { compartment: LOG, kind: ContentKind::Record(record), location };
        let (dev_inc, dev_seq) = (DevInc::new(1), DevSeq::new(1));
        let number = (DeviceId::from_bytes([3; 16]), dev_inc, dev_seq);
        let whole = Box::new(Carried::Whole(envelope()));
        let stub = Carried::Stub(tacenda_shared::envelope::Stub {
            header: envelope().header,
            body_hash: body_hash(&[6; 20]),
            signature: Signature::from_bytes([7; 64]),
        });
        let entered =
            |fate, record, carried| MailFrame::Entered { log: LOG, fate, record, carried };
        let (position, practice) = (Position::new(1), receipt.body.practice);
        let number_of_record = Some((number, record));
        let (log, fate) = (LOG, Fate::Opened);
        let judged = MailFrame::Judged { log, position, fate, number: number_of_record };
        let frames = [
            MailFrame::Cursor(Global::new(7)),
            entered(Fate::Opened, Some(record), whole.clone()),
            entered(Fate::Waiting, None, whole),
            entered(Fate::Quarantined, None, Box::new(stub)),
            MailFrame::EnteredOwn { log: LOG, dev_inc, dev_seq },
            MailFrame::EntryReceipt(PracticeReceipt::sign(
                practice,
                receipt.body.practice_head,
                receipt.body.time,
                &key,
            )),
            judged,
            MailFrame::Sent { source: Some(source), envelope: Box::new(envelope()) },
            MailFrame::Settled { again: true, receipt },
            MailFrame::EnteredAgain { log: LOG, number },
            MailFrame::Resumed {
                own: OwnHead::start(DevInc::new(1)),
                sent: vec![(dev_seq, location, Some(source)), (dev_seq.next(), location, None)],
            },
            MailFrame::Rewound { log: LOG, position, numbers: vec![number] },
            MailFrame::Skipped(vec![location]),
            MailFrame::Incarnated(DevInc::new(2)),
            MailFrame::Aside(vec![location]),
            MailFrame::Annulled(vec![source]),
        ];
        for frame in frames {
            let frame = DeviceFrame::Mail(frame);
            assert_eq!(DeviceFrame::decode(&frame.encode()), Ok(frame));
        }
    }
}
