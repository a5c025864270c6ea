//! The only way out: bytes that leave the vault are marked here, and nowhere without an entry in
//! the audit trail.
//!
//! It does no IO. Whoever writes a file, a feed or a clipboard takes [`Released`] and nothing
//! else, and only [`emit`] makes one.

use super::audit::{AuditEvent, AuditKind, AuditSubject};
use super::change::Change;
use super::compartment::CompartmentName;
use super::edit::Purpose;
use super::{Context, Practice};
use crate::id::ClientId;
use crate::suite::{self, Hash};
use std::fmt;

/// Something that is to leave: bytes, and the compartment that they come from.
#[derive(Clone, Eq, PartialEq)]
pub struct Item {
    /// Where its content is kept.
    pub compartment: CompartmentName,
    /// What would leave.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item(kind {}, {} bytes)", self.compartment.kind(), self.bytes.len())
    }
}

/// By which way it leaves.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// A clipboard.
    Clipboard,
    /// A feed that another program reads.
    Feed,
    /// A file.
    File,
    /// A printer.
    Printer,
}

/// Bytes that may leave, because their entry was written.
#[derive(Clone, Eq, PartialEq)]
pub struct Released {
    bytes: Vec<u8>,
    way: Way,
}

impl Released {
    /// Returns the bytes, for the sink that lets them out.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the way that they were released for.
    pub const fn way(&self) -> Way {
        self.way
    }
}

impl fmt::Debug for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Released({} bytes by {:?})", self.bytes.len(), self.way)
    }
}

/// What [`emit`] gives.
#[derive(Clone, Debug)]
pub struct Release {
    /// What may leave: the bytes of all items, one after the other.
    pub released: Released,
    /// How many items were left out: psychotherapy notes need an authorisation of their own (45 CFR
    /// 164.508(a)(2)), and what a client wrote is theirs to share.
    pub left_out: usize,
    /// The entry, to be stored before the first byte leaves.
    pub changes: Vec<Change>,
}

/// Lets `what` out by one `way`, for a purpose, and writes that down: when, how many, about whom
/// if it is one client, and the hash of the bytes, but not a word of them.
pub fn emit(
    practice: &mut Practice,
    what: Vec<Item>,
    way: Way,
    why: Purpose,
    cx: &mut Context<'_>,
) -> Release {
    let all = what.len();
    let items: Vec<_> = what.into_iter().filter(may_leave).collect();
    let left_out = all - items.len();
    let event = AuditEvent {
        kind: AuditKind::Export,
        subject: only_client(&items).map(AuditSubject::Client),
        purpose: Some(why),
        count: Some(u32::try_from(items.len()).unwrap_or(u32::MAX)),
        released: Some(digest(&items)),
    };
    let changes = practice.audit(&event, cx);
    let bytes = items.into_iter().flat_map(|item| item.bytes).collect();
    Release { released: Released { bytes, way }, left_out, changes }
}

fn may_leave(item: &Item) -> bool {
    !matches!(item.compartment, CompartmentName::Psychotherapy { .. } | CompartmentName::Journal(_))
}

fn digest(items: &[Item]) -> Hash {
    let fields: Vec<&[u8]> = items.iter().map(|item| item.bytes.as_slice()).collect();
    suite::hash("tac/released/v1", &fields)
}

/// Returns the one client that everything is about, if there is one.
fn only_client(items: &[Item]) -> Option<ClientId> {
    let client = |item: &Item| match &item.compartment {
        CompartmentName::Contact(client)
        | CompartmentName::Identity(client)
        | CompartmentName::Chart(client)
        | CompartmentName::SubstanceUse(client)
        | CompartmentName::Journal(client)
        | CompartmentName::Attachments(client)
        | CompartmentName::Billing(client) => Some(*client),
        _ => None,
    };
    let first = client(items.first()?)?;
    items.iter().all(|item| client(item) == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MemberId;
    use crate::practice::change::Content;
    use crate::practice::record::Record;
    use crate::practice::tests::world::{World, context, member};

    fn item(compartment: CompartmentName, text: &str) -> Item {
        Item { compartment, bytes: text.into() }
    }

    #[test]
    fn psychotherapy_notes_and_journals_stay_and_the_rest_leaves_with_an_entry_that_holds_no_word()
    {
        let mut world = World::new(&[1]);
        let client = ClientId::from_bytes([1; 16]);
        let author = MemberId::from_bytes([2; 16]);
        let what = vec![
            item(CompartmentName::Chart(client), "may leave"),
            item(CompartmentName::Psychotherapy { client, author }, "stays here"),
            item(CompartmentName::Journal(client), "stays too"),
        ];
        let desk = &mut world.desks[0];
        let release =
            emit(&mut desk.practice, what, Way::File, Purpose::Disclosure, context!(desk));

        assert_eq!(release.released.bytes(), b"may leave");
        assert_eq!((release.left_out, release.released.way()), (2, Way::File));
        let [change] = release.changes.as_slice() else { panic!("one entry") };
        assert_eq!(change.compartment, CompartmentName::Audit(member(1)));
        let Content::Record { bytes, .. } = &change.content else { panic!("a record") };
        assert!(Record::decode(bytes).is_ok());
        for word in ["may leave", "stays here"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()));
        }
        assert!(!format!("{release:?}").contains("may leave"));
    }
}
