//! An appointment that two devices moved at once: where is it?

use super::lay;
use super::verbs::{edit, whose, with_row};
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::parts::when;
use crate::screen::{Overlay, sync};
use tacenda_shared::id::AppointmentId;
use tacenda_shared::practice::edit::{Edit, Slot};

/// Asks where it is.
pub(super) fn conflict(model: &mut Model, id: AppointmentId) {
    let Some(row) = with_row(model, id, Clone::clone) else { return };
    let whose = whose(model, id);
    let devices = |slot: &Slot| (sync::slot_words(slot), Answer::Settle(id, slot.clone()));
    let mut answers = vec![devices(&row.slot)];
    answers.extend(row.rivals.iter().map(|rival| devices(&rival.slot)));
    let title = format!("{whose} was moved twice");
    let words = "Two devices moved it without seeing each other. Where is it? The choice can be \
                 undone."
        .to_owned();
    lay(model, Overlay::Choice(choice::State::new(title, words, answers)));
}

/// Settles it there.
pub(super) fn settle(model: &mut Model, appointment: AppointmentId, slot: Slot) -> Vec<Effect> {
    let at =
        format!("{} {}", when::day_and_date(slot.start.date()), when::clock(slot.start.time()));
    let says = format!("settled {} on {at}", whose(model, appointment));
    edit(model, Edit::Move { appointment, slot }, says, Way::Fresh)
}
