//! What a device says of where it is: the content of an ephemeral envelope. The envelope names
//! the log and the draft; this says for how long it holds and where the caret is. Pure.
//!
//! ```text
//! stamp8 lasts1 option(part1 place(bytes))
//! ```

use crate::device::typed::{part_number, part_of_number};
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::practice::PLACE_BYTES_MAX;
use tacenda_shared::practice::edit::Part;

/// For how long an interest may hold, in seconds, whatever its sender says.
const LASTS_MAX: u8 = 30;

/// Where a device is, for some seconds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Interest {
    /// Goes up with each that a device sends, so that an older one is not taken for newer.
    pub(super) stamp: i64,
    /// Seconds; 0 when the device has left.
    pub(super) lasts: u8,
    /// The part, and the name of a place in it.
    pub(super) caret: Option<(Part, Vec<u8>)>,
}

impl Interest {
    /// Returns the body of the envelope.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.i64(self.stamp).u8(self.lasts);
        w.option(self.caret.as_ref(), |w, (part, place)| {
            w.u8(part_number(*part)).bytes(place);
        });
        w.into_bytes()
    }

    /// Reads the body of an envelope.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut r = Reader::new(bytes);
        let (stamp, lasts) = (r.i64()?, r.u8()?);
        let caret = r.option(|r| {
            let part = part_of_number(r.u8()?)?;
            Ok((part, r.bytes(PLACE_BYTES_MAX)?.to_vec()))
        })?;
        r.finish()?;
        Ok(Self { stamp, lasts: lasts.min(LASTS_MAX), caret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interest_reads_back_and_none_holds_for_longer_than_half_a_minute() {
        let caret = Some((Part::Plan, vec![1, 2, 3]));
        let interest = Interest { stamp: -5, lasts: 10, caret };
        assert_eq!(Interest::decode(&interest.encode()), Ok(interest));
        let for_ever = Interest { stamp: 1, lasts: 255, caret: None };
        assert_eq!(Interest::decode(&for_ever.encode()).unwrap().lasts, LASTS_MAX);
        assert!(Interest::decode(&[0; 8]).is_err());
    }
}
