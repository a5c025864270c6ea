//! What a sealed envelope holds for the practice, as bytes. Pure.
//!
//! ```text
//! delta    object of the header zero: document16 changes; else the draft's changes
//! record   record16 canonical bytes
//! name     of a compartment, in its genesis: sealed under the slot key
//! ```

use crate::device::courier::frames::MailFrame;
use crate::device::frame::{ContentKind, DeviceFrame};
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::envelope::{Carried, Header, Kind, SealedBytes};
use tacenda_shared::id::{CompartmentId, ObjectId, RecordId};
use tacenda_shared::keys::safe::SlotKey;
use tacenda_shared::practice::change::Content;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::seal::{self, Hedge, SealError};

/// The version of the bodies below.
pub(super) const SCHEMA: u16 = 1;
/// In place of a draft's id.
pub(super) const NO_OBJECT: ObjectId = ObjectId::from_bytes([0; 16]);
const NAME_LABEL: &str = "tac/compartment-name/v1";

/// Returns the kind, the object and the body of the envelope for a piece of content; `None` for
/// what goes out as a control entry.
pub(super) fn parcel(kind: ContentKind, bytes: &[u8]) -> Option<(Kind, ObjectId, Vec<u8>)> {
    let mut w = Writer::with_capacity(bytes.len() + 16);
    match kind {
        ContentKind::Delta(document) => {
            w.fixed(document.as_bytes()).fixed(bytes);
            Some((Kind::Delta, NO_OBJECT, w.into_bytes()))
        }
        ContentKind::DraftDelta(draft) => Some((Kind::Delta, draft, bytes.to_vec())),
        ContentKind::Record(record) => {
            w.fixed(record.as_bytes()).fixed(bytes);
            Some((Kind::Record, NO_OBJECT, w.into_bytes()))
        }
        ContentKind::Close { .. } | ContentKind::Draft(_) | ContentKind::Saved(_) => None,
    }
}

/// Returns what came in an envelope with this header; `None` for a kind of a newer version.
pub(super) fn unparcel(header: &Header, body: &[u8]) -> Result<Option<Content>, CodecError> {
    let mut r = Reader::new(body);
    Ok(match header.kind {
        Kind::Delta if header.object != NO_OBJECT => {
            Some(Content::Delta { document: header.object, draft: true, bytes: body.to_vec() })
        }
        Kind::Delta => Some(Content::Delta {
            document: ObjectId::from_bytes(r.fixed()?),
            draft: false,
            bytes: r.rest().to_vec(),
        }),
        Kind::Record => Some(Content::Record {
            record: RecordId::from_bytes(r.fixed()?),
            bytes: r.rest().to_vec(),
        }),
        _ => None,
    })
}

/// About how many bytes a frame has; of those that can be large, at least as many.
pub(super) fn weight(frame: &DeviceFrame) -> usize {
    match frame {
        DeviceFrame::Content { sealed, .. } => sealed.ciphertext.len(),
        DeviceFrame::Mail(MailFrame::Entered { carried, .. }) => match &**carried {
            Carried::Whole(envelope) => envelope.body.len(),
            Carried::Stub(_) => 0,
        },
        DeviceFrame::Mail(MailFrame::Shelved { message, .. }) => message.len(),
        _ => 0,
    }
}

/// Seals the name of a compartment for those who have its slot key.
pub(super) fn seal_name(
    slot: &SlotKey,
    id: CompartmentId,
    name: &CompartmentName,
    hedge: &mut Hedge<'_>,
) -> Result<SealedBytes, SealError> {
    let key = slot.secret().expose();
    let sealed = seal::seal(key, NAME_LABEL, id.as_bytes(), &name.encode(), hedge)?;
    Ok(SealedBytes { salt: sealed.salt, ciphertext: sealed.ciphertext })
}

/// Opens the name of a compartment; `None` if it does not open or does not read.
pub(super) fn open_name(
    slot: &SlotKey,
    id: CompartmentId,
    sealed: &SealedBytes,
) -> Option<CompartmentName> {
    let key = slot.secret().expose();
    let opened = seal::open(key, NAME_LABEL, id.as_bytes(), &sealed.salt, &sealed.ciphertext);
    CompartmentName::decode(&opened.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacenda_shared::id::ClientId;
    use tacenda_shared::random::Seeded;
    use tacenda_shared::seal::SecretKey;

    #[test]
    fn a_name_opens_only_for_its_own_log() {
        let hedge_key = SecretKey::from_bytes([1; 32]);
        let mut hedge = Hedge { key: &hedge_key, random: &mut Seeded::new(1) };
        let slot = SlotKey::generate(&mut hedge, b"slot");
        let (id, other) = (CompartmentId::from_bytes([2; 16]), CompartmentId::from_bytes([3; 16]));
        let name = CompartmentName::Chart(ClientId::from_bytes([4; 16]));

        let sealed = seal_name(&slot, id, &name, &mut hedge).unwrap();

        assert_eq!(open_name(&slot, id, &sealed), Some(name));
        assert_eq!(open_name(&slot, other, &sealed), None);
    }
}
