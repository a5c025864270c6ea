//! The ledger as bytes, for a checkpoint of the index.

use super::{Ledger, Placed, Sent, Taken};
use crate::device::courier::frames::{Fate, read_number, read_source, write_number, write_source};
use crate::device::courier::watch::Notebook;
use crate::device::locations::{ENTRIES_MAX, read_location, write_location};
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, Global, ObjectId, Position, PracticeSeq, RecordId,
    Timestamp,
};
use tacenda_shared::log::OwnHead;
use tacenda_shared::suite::Hash;

impl Ledger {
    pub(in crate::device) fn write(&self, w: &mut Writer) {
        let unsent: Vec<_> = self.unsent().collect();
        w.list(&unsent, |w, source| write_source(w, *source));
        let sent: Vec<_> = self.sent.iter().collect();
        w.list(&sent, |w, ((dev_inc, dev_seq), sent)| {
            w.u32(dev_inc.get()).u64(dev_seq.get());
            write_location(w, sent.location);
            w.option(sent.source, write_source);
        });
        let taken: Vec<_> = self.taken.iter().collect();
        w.list(&taken, |w, ((dev_inc, dev_seq), taken)| {
            w.u32(dev_inc.get()).u64(dev_seq.get());
            write_location(w, taken.location);
            w.fixed(taken.place.0.as_bytes()).u64(taken.place.1.get());
        });
        let refused: Vec<_> = self.refused.iter().collect();
        w.list(&refused, |w, ((dev_inc, dev_seq), location)| {
            w.u32(dev_inc.get()).u64(dev_seq.get());
            write_location(w, **location);
        });
        let unplaced: Vec<_> = self.unplaced.iter().collect();
        w.list(&unplaced, |w, (number, placed)| {
            write_number(w, **number);
            write_location(w, placed.location);
            w.u8(placed.fate.number());
        });
        w.option(self.settled.as_ref(), |w, own| own.write(w));
        let begun: Vec<_> = self.begun.iter().collect();
        w.list(&begun, |w, id| {
            w.fixed(id.as_bytes());
        });
        let drafts: Vec<_> = self.drafts.iter().collect();
        w.list(&drafts, |w, id| {
            w.fixed(id.as_bytes());
        });
        let logs: Vec<_> = self.logs.iter().collect();
        w.list(&logs, |w, (log, entries)| {
            w.fixed(log.as_bytes());
            w.list(entries, |w, entry| {
                write_location(w, entry.location);
                w.u8(entry.fate.number());
            });
        });
        let numbers: Vec<_> = self.numbers.iter().collect();
        w.list(&numbers, |w, ((device, dev_inc, dev_seq), record)| {
            w.fixed(device.as_bytes()).u32(dev_inc.get()).u64(dev_seq.get());
            w.fixed(record.as_bytes());
        });
        w.u64(self.cursor.get());
        let receipts: Vec<_> = self.receipts.iter().collect();
        w.list(&receipts, |w, (seq, location)| {
            w.u32(seq.get());
            write_location(w, **location);
        });
        w.option(self.incarnation, |w, dev_inc| {
            w.u32(dev_inc.get());
        });
        let aside: Vec<_> = self.aside().collect();
        w.list(&aside, |w, source| write_source(w, *source));
        self.write_endings(w);
        self.write_packs(w);
    }

    fn write_endings(&self, w: &mut Writer) {
        let ending: Vec<_> = self.ending.iter().collect();
        w.list(&ending, |w, ((dev_inc, dev_seq), close)| {
            w.u32(dev_inc.get()).u64(dev_seq.get()).fixed(close.as_bytes());
        });
        let acknowledged: Vec<_> = self.acknowledged.iter().collect();
        w.list(&acknowledged, |w, (close, time)| {
            w.fixed(close.as_bytes()).i64(time.as_millis());
        });
    }

    fn write_packs(&self, w: &mut Writer) {
        self.noted.write(w);
        let shelf: Vec<_> = self.shelf.iter().collect();
        w.list(&shelf, |w, (log, items)| {
            w.fixed(log.as_bytes()).list(items, |w, (location, to)| {
                write_location(w, *location);
                w.u64(to.get());
            });
        });
        let packs: Vec<_> = self.packs.iter().collect();
        w.list(&packs, |w, (log, (after, to))| {
            w.fixed(log.as_bytes()).u64(after.get()).u64(to.get());
        });
        let moved: Vec<_> = self.moved.iter().collect();
        w.list(&moved, |w, (old, new)| {
            write_location(w, **old);
            write_location(w, **new);
        });
    }

    fn read_packs(&mut self, r: &mut Reader<'_>) -> Result<(), CodecError> {
        let shelf = r.list(ENTRIES_MAX, |r| {
            let log = CompartmentId::from_bytes(r.fixed()?);
            let items =
                r.list(ENTRIES_MAX, |r| Ok((read_location(r)?, Position::new(r.u64()?))))?;
            Ok((log, items))
        })?;
        self.shelf = shelf.into_iter().collect();
        let packs = r.list(ENTRIES_MAX, |r| {
            let log = CompartmentId::from_bytes(r.fixed()?);
            Ok((log, (Position::new(r.u64()?), Position::new(r.u64()?))))
        })?;
        self.packs = packs.into_iter().collect();
        let moved = r.list(ENTRIES_MAX, |r| Ok((read_location(r)?, read_location(r)?)))?;
        self.moved = moved.into_iter().collect();
        Ok(())
    }

    fn read_endings(&mut self, r: &mut Reader<'_>) -> Result<(), CodecError> {
        let ending = r.list(ENTRIES_MAX, |r| {
            let number = (DevInc::new(r.u32()?), DevSeq::new(r.u64()?));
            Ok((number, Hash::from_bytes(r.fixed()?)))
        })?;
        self.ending = ending.into_iter().collect();
        let acknowledged = r.list(ENTRIES_MAX, |r| {
            Ok((Hash::from_bytes(r.fixed()?), Timestamp::from_millis(r.i64()?)))
        })?;
        self.acknowledged = acknowledged.into_iter().collect();
        Ok(())
    }

    pub(in crate::device) fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let number = |r: &mut Reader<'_>| Ok((DevInc::new(r.u32()?), DevSeq::new(r.u64()?)));
        let unsent = r.list(ENTRIES_MAX, read_source)?;
        let unsent = unsent.into_iter().map(|one| (one.location, (one.compartment, one.kind)));
        let mut ledger = Self { unsent: unsent.collect(), ..Self::default() };
        let sent = r.list(ENTRIES_MAX, |r| {
            let key = number(r)?;
            Ok((key, Sent { location: read_location(r)?, source: r.option(read_source)? }))
        })?;
        ledger.sent = sent.into_iter().collect();
        let taken = r.list(ENTRIES_MAX, |r| {
            let (key, location) = (number(r)?, read_location(r)?);
            let place = (CompartmentId::from_bytes(r.fixed()?), Position::new(r.u64()?));
            Ok((key, Taken { location, place }))
        })?;
        ledger.taken = taken.into_iter().collect();
        let refused = r.list(ENTRIES_MAX, |r| Ok((number(r)?, read_location(r)?)))?;
        ledger.refused = refused.into_iter().collect();
        let unplaced = r.list(ENTRIES_MAX, |r| {
            let number = read_number(r)?;
            let (location, fate) = (read_location(r)?, Fate::from_number(r.u8()?)?);
            Ok((number, Placed { location, fate }))
        })?;
        ledger.unplaced = unplaced.into_iter().collect();
        ledger.settled = r.option(OwnHead::read)?;
        let begun = r.list(ENTRIES_MAX, |r| r.fixed().map(CompartmentId::from_bytes))?;
        ledger.begun = begun.into_iter().collect();
        let drafts = r.list(ENTRIES_MAX, |r| r.fixed().map(ObjectId::from_bytes))?;
        ledger.drafts = drafts.into_iter().collect();
        let logs = r.list(ENTRIES_MAX, |r| {
            let log = CompartmentId::from_bytes(r.fixed()?);
            let entries = r.list(ENTRIES_MAX, |r| {
                Ok(Placed { location: read_location(r)?, fate: Fate::from_number(r.u8()?)? })
            })?;
            Ok((log, entries))
        })?;
        for (log, entries) in logs {
            entries.into_iter().for_each(|entry| ledger.enter(log, entry));
        }
        let numbers = r.list(ENTRIES_MAX, |r| {
            let device = DeviceId::from_bytes(r.fixed()?);
            let (dev_inc, dev_seq) = number(r)?;
            Ok(((device, dev_inc, dev_seq), RecordId::from_bytes(r.fixed()?)))
        })?;
        ledger.numbers = numbers.into_iter().collect();
        ledger.cursor = Global::new(r.u64()?);
        let receipts =
            r.list(ENTRIES_MAX, |r| Ok((PracticeSeq::new(r.u32()?), read_location(r)?)))?;
        ledger.receipts = receipts.into_iter().collect();
        ledger.incarnation = r.option(|r| r.u32().map(DevInc::new))?;
        let aside = r.list(ENTRIES_MAX, read_source)?;
        let aside = aside.into_iter().map(|one| (one.location, (one.compartment, one.kind)));
        ledger.aside = aside.collect();
        ledger.read_endings(r)?;
        ledger.noted = Notebook::read(r)?;
        ledger.read_packs(r)?;
        Ok(ledger)
    }
}
