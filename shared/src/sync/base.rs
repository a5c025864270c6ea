//! The erasure of one record kills the content keys before some generation. What else they sealed
//! is put together anew under that generation: the *base*, entries of kind `Kept` by one device,
//! ended by its `Erase`. Server and devices judge alike, by the log alone.

use crate::envelope::{ControlBody, Header, Kind};
use crate::id::{DeviceId, Position, SlotGeneration};
#[cfg(feature = "device")]
use crate::{
    codec::{CodecError, Reader, Writer},
    envelope::{MAX_BODY, Number, read_number, write_number},
};
use std::collections::BTreeMap;
#[cfg(feature = "device")]
use std::collections::BTreeSet;

/// What was put together under one content key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Base {
    by: DeviceId,
    /// Where its first entry stands.
    at: Position,
    /// An `Erase` counts on it: nothing is added any more.
    ended: bool,
}

/// The bases of one log: one under each content key at most, and each of one device, so that
/// nothing slips into it which another device had left out.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Bases {
    of: BTreeMap<SlotGeneration, Base>,
}

impl Bases {
    /// Whether an entry of kind `Kept` may follow.
    pub(crate) fn takes(&self, header: &Header) -> bool {
        let base = self.of.get(&header.slot_generation);
        base.is_none_or(|base| base.by == header.author && !base.ended)
    }

    /// Whether a device may order that the content keys before `since` die: it has put together
    /// what stays, and nobody has begun anew since.
    pub(crate) fn is_whole(&self, since: SlotGeneration, author: DeviceId) -> bool {
        let newest = self.of.last_key_value();
        newest.is_some_and(|(newest, base)| *newest == since && base.by == author)
    }

    /// Takes the next entry of the log.
    pub(crate) fn take(&mut self, header: &Header, at: Position, body: Option<&ControlBody>) {
        match body {
            Some(ControlBody::Erase { since: Some(since), .. }) => {
                if let Some(base) = self.of.get_mut(since) {
                    base.ended = true;
                }
            }
            None if header.kind == Kind::Kept => {
                let base = Base { by: header.author, at, ended: false };
                self.of.entry(header.slot_generation).or_insert(base);
            }
            _ => {}
        }
    }

    /// Returns who has begun a base under a content key, if somebody has, and whether an order counts
    /// on it.
    #[cfg(feature = "device")]
    pub(crate) fn begun(&self, since: SlotGeneration) -> Option<(DeviceId, bool)> {
        self.of.get(&since).map(|base| (base.by, base.ended))
    }

    /// Entries at these places count no more.
    #[cfg(feature = "device")]
    pub(crate) fn annul(&mut self, late: &BTreeSet<Position>) {
        self.of.retain(|_, base| !late.contains(&base.at));
    }
}

/// What is kept of one entry: its number, and what was sealed in it.
#[cfg(feature = "device")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Which entry.
    pub number: Number,
    /// The unfolded body of a delta or record; of the genesis, the name that was sealed in it.
    pub body: Vec<u8>,
}

/// Bytes of bodies that go into one entry of kind `Kept`, unless a single one is longer.
#[cfg(feature = "device")]
const PART_BYTES: usize = MAX_BODY / 8;
/// More than the numbers in one entry ever are.
#[cfg(feature = "device")]
const KEPT_MAX: usize = 1 << 16;
#[cfg(feature = "device")]
const KEPT_BODY_MAX: usize = 2 << 20;

#[cfg(feature = "device")]
impl Kept {
    /// Returns the bodies of as many entries as it takes; of one with nothing in it, if nothing is
    /// kept, so that the base begins.
    ///
    /// ```text
    /// count4 (device16 dev_inc4 dev_seq8 length4 body)*
    /// ```
    pub fn parts(kept: &[Self]) -> Vec<Vec<u8>> {
        let mut parts: Vec<&[Self]> = Vec::new();
        let mut rest = kept;
        loop {
            let mut bytes = 0_usize;
            let fits = rest.iter().take(KEPT_MAX).take_while(|one| {
                let before = bytes;
                bytes = bytes.saturating_add(one.body.len());
                before == 0 || bytes <= PART_BYTES
            });
            let (part, after) = rest.split_at(fits.count());
            parts.push(part);
            if after.is_empty() {
                break;
            }
            rest = after;
        }
        let written = parts.into_iter().map(|part| {
            let mut w = Writer::new();
            w.list(part, |w, one| {
                write_number(w, one.number);
                w.bytes(&one.body);
            });
            w.into_bytes()
        });
        written.collect()
    }

    /// Reads the body of one entry.
    ///
    /// # Errors
    /// If it is not what [`Kept::parts`] writes.
    pub fn read(body: &[u8]) -> Result<Vec<Self>, CodecError> {
        let mut r = Reader::new(body);
        let kept = r.list(KEPT_MAX, |r| {
            let number = read_number(r)?;
            Ok(Self { number, body: r.bytes(KEPT_BODY_MAX)?.to_vec() })
        })?;
        r.finish()?;
        Ok(kept)
    }
}

#[cfg(all(test, feature = "device"))]
mod tests {
    use super::*;
    use crate::id::{DevInc, DevSeq};
    use proptest::prelude::*;

    fn kept() -> impl Strategy<Value = Vec<Kept>> {
        let body = prop_oneof![
            8 => proptest::collection::vec(any::<u8>(), 0..40),
            1 => Just(vec![7; PART_BYTES]),
            1 => Just(vec![8; PART_BYTES / 2 + 1]),
        ];
        let one = (any::<u8>(), any::<u64>(), body).prop_map(|(device, seq, body)| Kept {
            number: (DeviceId::from_bytes([device; 16]), DevInc::new(1), DevSeq::new(seq)),
            body,
        });
        proptest::collection::vec(one, 0..12)
    }

    proptest! {
        #[test]
        fn what_is_kept_reads_back_from_its_parts(kept in kept()) {
            let parts = Kept::parts(&kept);
            let read: Vec<Kept> =
                parts.iter().flat_map(|part| Kept::read(part).unwrap()).collect();
            prop_assert_eq!(read, kept);
            prop_assert!(!parts.is_empty(), "a base begins, also with nothing");
            let most = 2 * PART_BYTES + 12 * 40;
            prop_assert!(parts.iter().all(|part| part.len() <= most));
        }

        #[test]
        fn any_other_bytes_are_no_part_and_cost_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _read = Kept::read(&bytes);
        }
    }
}
