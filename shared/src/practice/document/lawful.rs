//! What a change may do, and in whose name: what no honest device does is not taken.

use super::{Actor, DocumentId};
use crate::id::{AppointmentId, DevInc};
use crate::practice::change::Author;
use crate::practice::draft;
use crate::practice::parts::is_part_field;
use automerge::legacy::{ElementId, Key, ObjectId, Op, OpType};
use automerge::{Change, ObjType, ScalarValue};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many earlier incarnations of an author are looked at; a device whose files are never copied
/// has none.
const LIVES_MAX: u32 = 64;

/// Returns whether a change is by this author, in this incarnation or an earlier one: what was
/// written before a new one began, and not yet sent, goes out as it is.
pub(super) fn is_by(change: &Change, author: &Author, document: DocumentId) -> bool {
    let newest = author.incarnation.get();
    (newest.saturating_sub(LIVES_MAX)..=newest).rev().any(|incarnation| {
        let life = Author { incarnation: DevInc::new(incarnation), ..*author };
        Actor::of(&life, document).0 == change.actor_id().to_bytes()
    })
}

/// Returns whether a change keeps to what honest devices do, so that nobody can take a draft or an
/// appointment out of sight: fields are written and never deleted, texts are written into, and
/// neither they nor maps are replaced. What a draft is about is said when it is made.
pub(super) fn is_lawful(change: &Change) -> bool {
    let Ok(change) = catch_unwind(AssertUnwindSafe(|| change.decode())) else { return false };
    let begins = |operation: &Op| operation.action == OpType::Make(ObjType::Text);
    let begins_draft = change.operations.iter().any(begins);
    change.operations.iter().all(|operation| {
        let fresh = operation.pred.is_empty();
        match (&operation.obj, &operation.key, &operation.action) {
            (ObjectId::Root, Key::Map(name), OpType::Make(ObjType::Text)) => {
                fresh && is_part_field(name)
            }
            (ObjectId::Root, Key::Map(name), OpType::Make(ObjType::Map)) => {
                fresh && AppointmentId::parse(name).is_some()
            }
            (ObjectId::Root, Key::Map(name), OpType::Put(_)) => {
                let object = is_part_field(name) || AppointmentId::parse(name).is_some();
                !object && (begins_draft || !draft::IDENTITY.contains(&name.as_str()))
            }
            (ObjectId::Id(_), Key::Map(_), OpType::Put(_)) => true,
            (ObjectId::Id(_), Key::Seq(_), OpType::Put(ScalarValue::Str(_))) => {
                operation.insert && fresh
            }
            // One that names a letter and takes away something else is ignored where it comes
            // alone, and leaves the document in pieces where it is loaded with the rest.
            (ObjectId::Id(_), Key::Seq(ElementId::Id(letter)), OpType::Delete) => {
                operation.pred.iter().eq([letter])
            }
            _ => false,
        }
    })
}
