//! Messages as bytes on a stream: a length of four bytes, the type, the fields.

use super::head::SignedHead;
use super::refusal::{Refusal, RefusalCode};
use super::run::Run;
use super::wire::{
    DeliveredEntry, Entries, Limits, MAX_ENVELOPES, MAX_ITEMS, MAX_MAIL, MAX_MESSAGE, MAX_PLACES,
    MAX_ROW, MAX_TOKEN, Message, Outcome, PracticeReceipt, Recover, RefillState, Row, RowKey, Seen,
    read_log_head, read_practice_head, write_log_head, write_practice_head,
};
use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::MAX_ENVELOPE;
use crate::id::{
    CompartmentId, DevSeq, DeviceId, Global, Position, PracticeId, PracticeSeq, ServerEpoch,
    Timestamp,
};
use crate::log::{OwnHead, ShortReceipt};
use crate::membership::{LostRange, MAX_ENTRY};
use crate::suite::{Hash, Signature, VerifyingKey};

/// Messages of a mailbox at most.
const MAX_MAILS: usize = 8;
/// Envelope hashes in one answer at most.
const MAX_HASHES: usize = 16_384;

impl Message {
    /// Returns the type's number.
    pub fn number(&self) -> u8 {
        match self {
            Self::Hello { .. } => 1,
            Self::Welcome { .. } => 2,
            Self::Found { .. } => 3,
            Self::Taken => 4,
            Self::Refused(_) => 5,
            Self::Recover(_) => 6,
            Self::Push { .. } => 10,
            Self::Pushed(_) => 11,
            Self::PracticeAppend { .. } => 12,
            Self::PracticeAppended(_) => 13,
            Self::PracticePull { .. } => 14,
            Self::PracticeEntries { .. } => 15,
            Self::DeviceHead(_) => 16,
            Self::DeviceHeads(_) => 17,
            Self::Changes { .. } => 18,
            Self::Changed { .. } => 19,
            Self::PullMany(_) => 20,
            Self::Entries(_) => 21,
            Self::WantFull { .. } => 22,
            Self::Full { .. } => 23,
            Self::OwnChain { .. } => 24,
            Self::OwnHashes(_) => 25,
            Self::RowsPut(_) => 26,
            Self::RowsGet(_) => 27,
            Self::Rows(_) => 28,
            Self::ObjectPut(_) => 29,
            Self::ObjectsGet(_) => 30,
            Self::Objects(_) => 31,
            Self::Fill(_) => 32,
            Self::Filled(_) => 33,
            Self::FillPractice(_) => 34,
            Self::FillRefused(_) => 35,
            Self::Given(_) => 36,
            Self::Refill(_) => 37,
            Self::Bring { .. } => 38,
            Self::PullEntries(_) => 39,
            Self::Packed { .. } => 43,
            Self::MailboxPut { .. } => 50,
            Self::MailboxGet { .. } => 51,
            Self::Mail(_) => 52,
            Self::Ephemeral(_) => 60,
            Self::Seen(_) => 61,
            Self::Behind => 62,
        }
    }

    /// Writes length4 type1 fields, ready for a stream.
    pub fn frame(&self) -> Vec<u8> {
        let body = self.encode();
        let mut w = Writer::new();
        w.bytes(&body);
        w.into_bytes()
    }

    /// Writes type1 fields.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(self.number());
        match self.number() {
            1..=9 => self.write_opening(&mut w),
            10..=17 => self.write_append(&mut w),
            18..=25 | 39 | 43 => self.write_pull(&mut w),
            32..=38 => self.write_refill(&mut w),
            _ => self.write_beside(&mut w),
        }
        w.into_bytes()
    }

    fn write_opening(&self, w: &mut Writer) {
        match self {
            Self::Hello { practice, device, versions: (lowest, highest) } => {
                w.fixed(practice.as_bytes()).fixed(device.as_bytes()).u8(*lowest).u8(*highest);
            }
            Self::Welcome {
                version,
                server_epoch,
                g,
                practice_head,
                own,
                limits,
                refilling,
                time,
            } => {
                w.u8(*version).u32(server_epoch.get()).u64(g.get());
                write_practice_head(w, *practice_head);
                own.write(w);
                w.u32(limits.group_bytes).u64(limits.bytes_per_minute);
                w.u8(u8::from(limits.bulk)).u8(u8::from(*refilling)).i64(time.as_millis());
            }
            Self::Found { token, entries } => {
                w.bytes(token).list(entries, |w, entry| {
                    w.bytes(entry);
                });
            }
            Self::Refused(refusal) => refusal.write(w),
            Self::Recover(recover) => {
                w.fixed(recover.sheet.as_bytes()).i64(recover.time.as_millis());
                w.fixed(recover.signature.as_bytes());
            }
            _ => {}
        }
    }

    fn write_append(&self, w: &mut Writer) {
        match self {
            Self::Push { runs, rows } => {
                w.list(runs, |w, run| run.write(w)).list(rows, write_row);
            }
            Self::Pushed(outcomes) => {
                w.list(outcomes, write_outcome);
            }
            Self::PracticeAppend { entry, rows } => {
                w.bytes(entry).list(rows, write_row);
            }
            Self::PracticeAppended(receipt) => receipt.write(w),
            Self::PracticePull { from } => {
                w.u32(from.get());
            }
            Self::PracticeEntries { entries, more } => {
                w.list(entries, write_delivered).u8(u8::from(*more));
            }
            Self::DeviceHead(devices) => {
                w.list(devices, |w, device| {
                    w.fixed(device.as_bytes());
                });
            }
            Self::DeviceHeads(heads) => {
                w.list(heads, |w, head| head.write(w));
            }
            _ => {}
        }
    }

    fn write_pull(&self, w: &mut Writer) {
        match self {
            Self::Changes { since } => {
                w.u64(since.get());
            }
            Self::Changed { g, logs, more } => {
                w.u64(g.get()).list(logs, |w, (log, head)| {
                    w.fixed(log.as_bytes());
                    write_log_head(w, *head);
                });
                w.u8(u8::from(*more));
            }
            Self::PullMany(wanted) | Self::PullEntries(wanted) => {
                w.list(wanted, |w, (log, after)| {
                    w.fixed(log.as_bytes()).u64(after.get());
                });
            }
            Self::Entries(entries) => write_entries(w, entries),
            Self::Packed { log, after, head, envelope } => {
                w.fixed(log.as_bytes()).u64(after.get());
                write_log_head(w, *head);
                w.bytes(envelope);
            }
            Self::WantFull { log, positions } => {
                w.fixed(log.as_bytes()).list(positions, |w, position| {
                    w.u64(position.get());
                });
            }
            Self::Full { log, entries } => {
                w.fixed(log.as_bytes()).list(entries, |w, (position, bytes)| {
                    w.u64(position.get()).bytes(bytes);
                });
            }
            Self::OwnChain { device, after, to } => {
                w.fixed(device.as_bytes());
                after.write(w);
                w.u64(to.get());
            }
            Self::OwnHashes(hashes) => {
                w.list(hashes, |w, hash| {
                    w.fixed(hash.as_bytes());
                });
            }
            _ => {}
        }
    }

    fn write_beside(&self, w: &mut Writer) {
        match self {
            Self::RowsPut(rows) => {
                w.list(rows, write_row);
            }
            Self::RowsGet(keys) => {
                w.list(keys, |w, key| {
                    w.fixed(&key.0);
                });
            }
            Self::Rows(rows) => {
                w.list(rows, |w, row| {
                    w.option(row.as_deref(), |w, bytes| {
                        w.bytes(bytes);
                    });
                });
            }
            Self::ObjectPut(envelope) | Self::Ephemeral(envelope) => {
                w.bytes(envelope);
            }
            Self::ObjectsGet(compartments) => {
                w.list(compartments, |w, compartment| {
                    w.fixed(compartment.as_bytes());
                });
            }
            Self::Objects(envelopes) | Self::Mail(envelopes) => {
                w.list(envelopes, |w, envelope| {
                    w.bytes(envelope);
                });
            }
            Self::MailboxPut { mailbox, number, mail } => {
                w.u64(*mailbox).u8(*number).bytes(mail);
            }
            Self::MailboxGet { mailbox, from } => {
                w.u64(*mailbox).u8(*from);
            }
            Self::Seen(seen) => {
                w.fixed(seen.device.as_bytes()).fixed(seen.log.as_bytes());
                write_log_head(w, seen.head);
                w.i64(seen.time.as_millis()).fixed(seen.signature.as_bytes());
            }
            _ => {}
        }
    }

    fn write_refill(&self, w: &mut Writer) {
        match self {
            Self::Fill(parts) => {
                w.list(parts, write_entries);
            }
            Self::Filled(heads) => {
                w.list(heads, |w, (log, head)| {
                    w.fixed(log.as_bytes());
                    write_log_head(w, *head);
                });
            }
            Self::FillPractice(entries) => {
                w.list(entries, write_delivered);
            }
            Self::FillRefused(envelopes) => {
                w.list(envelopes, |w, envelope| {
                    w.bytes(envelope);
                });
            }
            Self::Given(places) => {
                w.list(places, |w, (log, position)| {
                    w.fixed(log.as_bytes()).u64(position.get());
                });
            }
            Self::Refill(state) => {
                w.u32(state.server_epoch.get()).list(&state.lost, |w, lost| {
                    w.fixed(lost.log.as_bytes()).u64(lost.from.get()).u64(lost.to.get());
                });
                w.list(&state.missing, |w, device| {
                    w.fixed(device.as_bytes());
                });
            }
            Self::Bring { runs, rows } => {
                w.list(runs, |w, run| run.write(w)).list(rows, write_row);
            }
            _ => {}
        }
    }

    /// Reads exactly one message, without the length before it.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        if bytes.len() > MAX_MESSAGE {
            return Err(CodecError::TooLong);
        }
        let mut r = Reader::new(bytes);
        let number = r.u8()?;
        let message = match number {
            1..=6 => read_opening(number, &mut r)?,
            10..=17 => read_append(number, &mut r)?,
            18..=25 | 39 | 43 => read_pull(number, &mut r)?,
            32..=38 => read_refill(number, &mut r)?,
            26..=31 | 50..=52 | 60..=62 => read_beside(number, &mut r)?,
            // Among them the types kept for blobs.
            _ => return Err(CodecError::Unknown),
        };
        r.finish()?;
        Ok(message)
    }
}

fn read_opening(number: u8, r: &mut Reader<'_>) -> Result<Message, CodecError> {
    Ok(match number {
        1 => Message::Hello {
            practice: PracticeId::from_bytes(r.fixed()?),
            device: DeviceId::from_bytes(r.fixed()?),
            versions: (r.u8()?, r.u8()?),
        },
        2 => Message::Welcome {
            version: r.u8()?,
            server_epoch: ServerEpoch::new(r.u32()?),
            g: Global::new(r.u64()?),
            practice_head: read_practice_head(r)?,
            own: OwnHead::read(r)?,
            limits: Limits {
                group_bytes: r.u32()?,
                bytes_per_minute: r.u64()?,
                bulk: read_flag(r)?,
            },
            refilling: read_flag(r)?,
            time: Timestamp::from_millis(r.i64()?),
        },
        3 => Message::Found {
            token: r.bytes(MAX_TOKEN)?.to_vec(),
            entries: r.list(MAX_ITEMS, |r| r.bytes(MAX_ENTRY).map(<[u8]>::to_vec))?,
        },
        4 => Message::Taken,
        5 => Message::Refused(Refusal::read(r)?),
        _ => Message::Recover(Recover {
            sheet: VerifyingKey::from_bytes(r.fixed()?),
            time: Timestamp::from_millis(r.i64()?),
            signature: Signature::from_bytes(r.fixed()?),
        }),
    })
}

fn read_append(number: u8, r: &mut Reader<'_>) -> Result<Message, CodecError> {
    Ok(match number {
        10 => Message::Push {
            runs: r.list(MAX_ENVELOPES, Run::read)?,
            rows: r.list(MAX_ITEMS, read_row)?,
        },
        11 => Message::Pushed(r.list(MAX_ENVELOPES, read_outcome)?),
        12 => Message::PracticeAppend {
            entry: r.bytes(MAX_ENTRY)?.to_vec(),
            rows: r.list(MAX_ITEMS, read_row)?,
        },
        13 => Message::PracticeAppended(PracticeReceipt::read(r)?),
        14 => Message::PracticePull { from: PracticeSeq::new(r.u32()?) },
        15 => Message::PracticeEntries {
            entries: r.list(MAX_ITEMS, read_delivered)?,
            more: read_flag(r)?,
        },
        16 => Message::DeviceHead(r.list(MAX_ITEMS, |r| r.fixed().map(DeviceId::from_bytes))?),
        _ => Message::DeviceHeads(r.list(MAX_ITEMS, SignedHead::read)?),
    })
}

fn read_pull(number: u8, r: &mut Reader<'_>) -> Result<Message, CodecError> {
    Ok(match number {
        18 => Message::Changes { since: Global::new(r.u64()?) },
        19 => Message::Changed {
            g: Global::new(r.u64()?),
            logs: r.list(MAX_ITEMS, |r| {
                Ok((CompartmentId::from_bytes(r.fixed()?), read_log_head(r)?))
            })?,
            more: read_flag(r)?,
        },
        20 => Message::PullMany(read_places(r)?),
        39 => Message::PullEntries(read_places(r)?),
        43 => Message::Packed {
            log: CompartmentId::from_bytes(r.fixed()?),
            after: Position::new(r.u64()?),
            head: read_log_head(r)?,
            envelope: r.bytes(MAX_ENVELOPE)?.to_vec(),
        },
        21 => Message::Entries(read_entries(r)?),
        22 => Message::WantFull {
            log: CompartmentId::from_bytes(r.fixed()?),
            positions: r.list(MAX_ITEMS, |r| r.u64().map(Position::new))?,
        },
        23 => Message::Full {
            log: CompartmentId::from_bytes(r.fixed()?),
            entries: r.list(MAX_ITEMS, |r| {
                Ok((Position::new(r.u64()?), r.bytes(MAX_ENVELOPE + 1)?.to_vec()))
            })?,
        },
        24 => Message::OwnChain {
            device: DeviceId::from_bytes(r.fixed()?),
            after: OwnHead::read(r)?,
            to: DevSeq::new(r.u64()?),
        },
        _ => Message::OwnHashes(r.list(MAX_HASHES, |r| r.fixed().map(Hash::from_bytes))?),
    })
}

fn read_beside(number: u8, r: &mut Reader<'_>) -> Result<Message, CodecError> {
    Ok(match number {
        26 => Message::RowsPut(r.list(MAX_ITEMS, read_row)?),
        27 => Message::RowsGet(r.list(MAX_ITEMS, |r| r.fixed().map(RowKey))?),
        28 => Message::Rows(
            r.list(MAX_ITEMS, |r| r.option(|r| r.bytes(MAX_ROW).map(<[u8]>::to_vec)))?,
        ),
        29 => Message::ObjectPut(r.bytes(MAX_ENVELOPE)?.to_vec()),
        30 => Message::ObjectsGet(r.list(MAX_ITEMS, |r| r.fixed().map(CompartmentId::from_bytes))?),
        31 => Message::Objects(r.list(MAX_ITEMS, |r| r.bytes(MAX_ENVELOPE).map(<[u8]>::to_vec))?),
        50 => Message::MailboxPut {
            mailbox: r.u64()?,
            number: r.u8()?,
            mail: r.bytes(MAX_MAIL)?.to_vec(),
        },
        51 => Message::MailboxGet { mailbox: r.u64()?, from: r.u8()? },
        52 => Message::Mail(r.list(MAX_MAILS, |r| r.bytes(MAX_MAIL).map(<[u8]>::to_vec))?),
        60 => Message::Ephemeral(r.bytes(2048)?.to_vec()),
        61 => Message::Seen(Seen {
            device: DeviceId::from_bytes(r.fixed()?),
            log: CompartmentId::from_bytes(r.fixed()?),
            head: read_log_head(r)?,
            time: Timestamp::from_millis(r.i64()?),
            signature: Signature::from_bytes(r.fixed()?),
        }),
        _ => Message::Behind,
    })
}

fn read_refill(number: u8, r: &mut Reader<'_>) -> Result<Message, CodecError> {
    let log = |r: &mut Reader<'_>| r.fixed().map(CompartmentId::from_bytes);
    Ok(match number {
        32 => Message::Fill(r.list(MAX_ITEMS, read_entries)?),
        33 => Message::Filled(r.list(MAX_ITEMS, |r| Ok((log(r)?, read_log_head(r)?)))?),
        34 => Message::FillPractice(r.list(MAX_ITEMS, read_delivered)?),
        35 => Message::FillRefused(
            r.list(MAX_ENVELOPES, |r| r.bytes(MAX_ENVELOPE).map(<[u8]>::to_vec))?,
        ),
        36 => Message::Given(r.list(MAX_PLACES, |r| Ok((log(r)?, Position::new(r.u64()?))))?),
        37 => Message::Refill(RefillState {
            server_epoch: ServerEpoch::new(r.u32()?),
            lost: r.list(MAX_PLACES, |r| {
                let log = log(r)?;
                let (from, to) = (Position::new(r.u64()?), Position::new(r.u64()?));
                Ok(LostRange { log, from, to })
            })?,
            missing: r.list(MAX_ITEMS, |r| r.fixed().map(DeviceId::from_bytes))?,
        }),
        _ => Message::Bring {
            runs: r.list(MAX_ENVELOPES, Run::read)?,
            rows: r.list(MAX_ITEMS, read_row)?,
        },
    })
}

fn read_places(r: &mut Reader<'_>) -> Result<Vec<(CompartmentId, Position)>, CodecError> {
    r.list(MAX_ITEMS, |r| Ok((CompartmentId::from_bytes(r.fixed()?), Position::new(r.u64()?))))
}

fn write_entries(w: &mut Writer, entries: &Entries) {
    w.fixed(entries.log.as_bytes()).u64(entries.after.get());
    w.list(&entries.runs, |w, run| run.write(w));
    write_log_head(w, entries.head);
    w.u64(entries.g.get());
}

fn read_entries(r: &mut Reader<'_>) -> Result<Entries, CodecError> {
    Ok(Entries {
        log: CompartmentId::from_bytes(r.fixed()?),
        after: Position::new(r.u64()?),
        runs: r.list(MAX_ENVELOPES, Run::read)?,
        head: read_log_head(r)?,
        g: Global::new(r.u64()?),
    })
}

fn write_delivered(w: &mut Writer, delivered: &DeliveredEntry) {
    w.bytes(&delivered.entry);
    delivered.receipt.write(w);
}

fn read_delivered(r: &mut Reader<'_>) -> Result<DeliveredEntry, CodecError> {
    let entry = r.bytes(MAX_ENTRY)?.to_vec();
    Ok(DeliveredEntry { entry, receipt: PracticeReceipt::read(r)? })
}

fn read_flag(r: &mut Reader<'_>) -> Result<bool, CodecError> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(CodecError::Unknown),
    }
}

fn write_row(w: &mut Writer, row: &Row) {
    w.fixed(&row.key.0).bytes(&row.bytes);
}

fn read_row(r: &mut Reader<'_>) -> Result<Row, CodecError> {
    Ok(Row { key: RowKey(r.fixed()?), bytes: r.bytes(MAX_ROW)?.to_vec() })
}

fn write_outcome(w: &mut Writer, outcome: &Outcome) {
    match outcome {
        Outcome::Placed(receipt) => {
            receipt.write(w.u8(0));
        }
        Outcome::Refused { code, receipt } => {
            receipt.write(w.u8(1).u8(code.number()));
        }
        Outcome::Rejected { code, have } => {
            w.u8(2).u8(code.number());
            have.write(w);
        }
    }
}

fn read_outcome(r: &mut Reader<'_>) -> Result<Outcome, CodecError> {
    let read_code =
        |r: &mut Reader<'_>| RefusalCode::from_number(r.u8()?).ok_or(CodecError::Unknown);
    Ok(match r.u8()? {
        0 => Outcome::Placed(ShortReceipt::read(r)?),
        1 => Outcome::Refused { code: read_code(r)?, receipt: ShortReceipt::read(r)? },
        2 => Outcome::Rejected { code: read_code(r)?, have: OwnHead::read(r)? },
        _ => return Err(CodecError::Unknown),
    })
}

/// Cuts a stream of bytes into messages. It holds at most one message and what came with it.
#[derive(Clone, Debug)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    limit: usize,
}

impl FrameBuffer {
    /// Begins with messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit: limit.min(MAX_MESSAGE) }
    }

    /// Changes the limit, after Hello.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit.min(MAX_MESSAGE);
    }

    /// Takes bytes as they come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the next whole message. After an error the stream must be dropped.
    pub fn next_message(&mut self) -> Result<Option<Message>, CodecError> {
        let Some(prefix) = self.bytes.first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err(CodecError::TooLong);
        }
        let Some(body) = self.bytes.get(4..4 + length) else { return Ok(None) };
        let message = Message::decode(body)?;
        self.bytes.drain(..4 + length);
        Ok(Some(message))
    }

    /// Returns whether nothing is left over: what a stream that ends must leave.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
