//! Folds the three acts of a signed note into one, for whoever wants the practice and not the
//! typing: a draft costs a document that nobody will ever look at.

use super::Dated;
use crate::id::{AppointmentId, ObjectId};
use crate::practice::edit::{Edit, NoteFormat, Part, Splice};
use std::collections::BTreeMap;

/// Replaces the drafting of every signed note by `Edit::EnterNote`. Drafts that stay open come
/// last, each at its own time.
pub fn entered(edits: impl Iterator<Item = Dated>) -> impl Iterator<Item = Dated> {
    let mut edits = edits;
    let mut open: BTreeMap<ObjectId, Drafting> = BTreeMap::new();
    let mut left: Option<std::vec::IntoIter<Dated>> = None;
    std::iter::from_fn(move || {
        loop {
            if let Some(left) = &mut left {
                return left.next();
            }
            match edits.next() {
                None => {
                    let acts = std::mem::take(&mut open).into_values().flat_map(|draft| draft.acts);
                    left = Some(acts.collect::<Vec<_>>().into_iter());
                }
                Some(dated) => {
                    if let Some(dated) = fold(dated, &mut open) {
                        return Some(dated);
                    }
                }
            }
        }
    })
}

struct Drafting {
    session: Option<AppointmentId>,
    format: NoteFormat,
    texts: BTreeMap<Part, String>,
    acts: Vec<Dated>,
}

fn fold(dated: Dated, open: &mut BTreeMap<ObjectId, Drafting>) -> Option<Dated> {
    match &dated.edit {
        Edit::BeginNote { note, session, format, .. } => {
            let (note, session, format) = (*note, *session, *format);
            let (texts, acts) = (BTreeMap::new(), vec![dated]);
            open.insert(note, Drafting { session, format, texts, acts });
            None
        }
        Edit::ChangeDraft { note, splices, .. } => {
            let Some(draft) = open.get_mut(note) else { return Some(dated) };
            for Splice { part, inserted, .. } in splices {
                draft.texts.entry(*part).or_default().push_str(inserted);
            }
            draft.acts.push(dated);
            None
        }
        Edit::Sign { note, client, late_reason } => {
            let Some(draft) = open.remove(note) else { return Some(dated) };
            let edit = Edit::EnterNote {
                client: *client,
                session: draft.session,
                format: draft.format,
                parts: draft.texts.into_iter().collect(),
                late_reason: late_reason.clone(),
            };
            Some(Dated { at: dated.at, edit })
        }
        // What is no draft stays as it is.
        _ => Some(dated),
    }
}
