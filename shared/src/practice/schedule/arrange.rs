//! What is done to calendars, each by what does it; and several such acts as one.

use super::super::apply::{Done, Refusal};
use super::super::change::Change;
use super::super::compartment::CompartmentName;
use super::super::document::{Actor, Document};
use super::super::edit::Edit;
use super::super::{Context, Loaded, Practice, ShelfError, document_of};
use crate::id::AppointmentId;
use std::collections::BTreeSet;

/// Edits that are one act at most: what one calendar of others brings, moved and called off.
pub(in crate::practice) const TOGETHER_MAX: usize = 5_000;

impl Practice {
    /// Carries out what is about calendars; nothing else comes here.
    pub(in crate::practice) fn arrange(
        &mut self,
        edit: Edit,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        match edit {
            Edit::Book(new) => self.book(new, cx),
            Edit::BookSeries(new) => self.book_series(*new, cx),
            Edit::ChangeFollowing { series, from, slot, who } => {
                self.change_following(series, (from, slot), Some(who), cx)
            }
            Edit::ChangeWho { appointment, who } => self.change_who(appointment, who, cx),
            Edit::EndSeries { series, last } => self.end_series(series, last, cx),
            Edit::Move { appointment, slot } => self.move_to(appointment, slot, cx),
            Edit::MoveFollowing { series, from, slot } => {
                self.change_following(series, (from, slot), None, cx)
            }
            Edit::RejoinSeries { series, last, heir, gone, again } => {
                self.rejoin(series, last, (heir, gone), (*again, cx))
            }
            Edit::SettleSeries { series, slot, ends } => {
                self.settle_again(series, (slot, &ends), cx)
            }
            Edit::SetFee { appointment, fee } => self.set_fee(appointment, fee, cx),
            Edit::SetStatus { appointment, status, reason } => {
                self.set_status(appointment, status, reason, cx)
            }
            Edit::SkipOccurrence { series, date, skipped } => {
                self.skip(series, (date, skipped), cx)
            }
            Edit::StampSession { appointment, change } => self.stamp(appointment, change, cx),
            Edit::Together(edits) => self.together(edits, cx),
            _ => Ok(Done::default()),
        }
    }

    /// Carries out several edits as one, or none of them.
    fn together(&mut self, edits: Vec<Edit>, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        if edits.len() > TOGETHER_MAX || !edits.iter().all(joins) {
            return Err(Refusal::NotTogether);
        }
        let mut done = Done::default();
        let mut inverses = Vec::new();
        for edit in edits {
            let untouched = appointment_of(&edit).filter(|id| self.facts.booking(*id).is_none());
            let outcome = self.check_hidden(&edit).and_then(|()| self.arrange(edit, cx));
            match outcome {
                Ok(one) => {
                    done.changes.extend(one.changes);
                    done.guards.extend(one.guards);
                    inverses.extend(one.inverse);
                }
                Err(refusal) => {
                    if let Some(id) = untouched {
                        self.untouch(id, None);
                    }
                    self.take_back(&done.changes, cx)?;
                    return Err(refusal);
                }
            }
        }
        inverses.reverse();
        done.inverse = Some(Edit::Together(inverses));
        // What one edit wrote over what another of them did is as the last one left it.
        let mut last = BTreeSet::new();
        done.guards.reverse();
        done.guards
            .retain(|guard| last.insert((guard.object, guard.place.clone(), guard.field.clone())));
        Ok(done)
    }

    /// Forgets changes of calendars that are not to be stored: what they say is read again from
    /// what is.
    fn take_back(&mut self, changes: &[Change], cx: &mut Context<'_>) -> Result<(), ShelfError> {
        let names: BTreeSet<_> = changes.iter().map(|change| change.compartment.clone()).collect();
        for name in names {
            let object = document_of(&name);
            let blobs = cx.shelf.document(&name, object)?;
            let (document, _) = Document::load(Actor::of(&cx.pen.author(), object), &blobs);
            let before = self.facts.in_calendar(&name);
            let series: Vec<_> = match &name {
                CompartmentName::Series(_) => self.facts.all_series().map(|(key, _)| key).collect(),
                _ => Vec::new(),
            };
            self.facts.forget(&name);
            self.learn_document(&name, object, &document, None);
            self.documents.insert(object, Loaded::new(&name, document));
            before.into_iter().for_each(|id| self.publish_appointment(id));
            self.publish_each(series);
        }
        Ok(())
    }
}

/// Whether an edit may be one of several that are one act: it changes calendars, has an undo, and
/// is none of several itself.
const fn joins(edit: &Edit) -> bool {
    matches!(
        edit,
        Edit::Book(_)
            | Edit::BookSeries(_)
            | Edit::ChangeFollowing { .. }
            | Edit::ChangeWho { .. }
            | Edit::EndSeries { .. }
            | Edit::Move { .. }
            | Edit::MoveFollowing { .. }
            | Edit::RejoinSeries { .. }
            | Edit::SetFee { .. }
            | Edit::SetStatus { .. }
            | Edit::SettleSeries { .. }
            | Edit::SkipOccurrence { .. }
    )
}

/// Which appointment an edit may touch that was only an occurrence.
const fn appointment_of(edit: &Edit) -> Option<AppointmentId> {
    match edit {
        Edit::ChangeWho { appointment, .. }
        | Edit::Move { appointment, .. }
        | Edit::SetFee { appointment, .. }
        | Edit::SetStatus { appointment, .. } => Some(*appointment),
        _ => None,
    }
}
