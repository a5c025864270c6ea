//! When a verb can be run, and if not, why.

use crate::screen::parts::elsewhere;
use crate::screen::plan::Place;
use crate::screen::{Focused, Situation};
use tacenda_shared::practice::edit::Modality;
use tacenda_shared::practice::remote::Copying;
use tacenda_shared::practice::view::AppointmentRow;

/// Always possible.
pub(crate) fn always(_: &Situation<'_>) -> Option<&'static str> {
    None
}

/// Possible where a signed note of the record is read.
pub(crate) fn on_signed_note(situation: &Situation<'_>) -> Option<&'static str> {
    if situation.corrects { None } else { Some("only a signed note is corrected; n adds to this") }
}

/// Possible where the focus is on an appointment.
pub(crate) fn on_appointment(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Appointment(_) => None,
        _ => Some("put the focus on an appointment first"),
    }
}

/// Possible where the focus is on an appointment by video whose clinician has a room.
pub(crate) fn with_room(situation: &Situation<'_>) -> Option<&'static str> {
    let row = match situation.focused {
        Focused::Appointment(id) => situation.scene.appointment(id),
        _ => None,
    };
    match row.filter(|row| row.slot.modality == Modality::Video) {
        None => Some("no session by video"),
        Some(row) if elsewhere::link(situation.scene.index, row).is_none() => {
            Some("say the link of your room first (g v)")
        }
        Some(_) => None,
    }
}

/// Possible where the terminal has a clipboard, and whoever is at the keyboard may copy into it.
pub(crate) fn with_copying(situation: &Situation<'_>) -> Option<&'static str> {
    let scene = &situation.scene;
    let policy = scene.member().map(|member| Copying::of(scene.index, member)).unwrap_or_default();
    match policy {
        Copying::Never => Some("copying is off (g y on Today allows it)"),
        _ if !scene.look.clipboard => Some("this terminal takes nothing into a clipboard"),
        Copying::Ask | Copying::Always => None,
    }
}

/// Possible where the focus is on an appointment of a series that nothing has changed by itself.
pub(crate) fn on_occurrence(situation: &Situation<'_>) -> Option<&'static str> {
    let Focused::Appointment(id) = situation.focused else {
        return Some("put the focus on an appointment first");
    };
    match situation.scene.appointment(id).and_then(|row| row.occurrence) {
        None => Some("no series"),
        Some(one) if one.touched => Some("it was changed by itself"),
        Some(_) => None,
    }
}

/// Possible where the focus is on a client or on something of one client.
pub(crate) fn on_client(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.client() {
        Some(_) => None,
        None => Some("put the focus on a client first"),
    }
}

/// Possible where the focus is on one person, and not on a couple, a family or a group.
pub(crate) fn on_person(situation: &Situation<'_>) -> Option<&'static str> {
    let groups = &situation.scene.index.groups;
    let of_group = situation.client().is_some_and(|client| groups.contains_key(&client));
    let several = of_group.then_some("these are several: g r shows each of them");
    on_client(situation).or(several)
}

/// Possible where the focus is on a client and names are shown.
pub(crate) fn on_shown_client(situation: &Situation<'_>) -> Option<&'static str> {
    let hidden = situation.scene.veil.then_some("show names first (F9)");
    on_client(situation).or(hidden)
}

/// Possible where the focus is on a session that a client missed or called off too late.
pub(crate) fn on_missed(situation: &Situation<'_>) -> Option<&'static str> {
    let Focused::Appointment(id) = situation.focused else {
        return on_appointment(situation);
    };
    let missed = situation.scene.appointment(id).is_some_and(AppointmentRow::is_missed);
    (!missed).then_some("the fee is a question where the client did not come, or said so too late")
}

/// Possible where the focus is on something that can be cancelled or discarded.
pub(crate) fn on_struck(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Appointment(_)
        | Focused::Attachment(..)
        | Focused::Consent(..)
        | Focused::Contact(..)
        | Focused::Crisis(..)
        | Focused::Draft(..)
        | Focused::Entry(..)
        | Focused::Measure(..)
        | Focused::Task(..) => None,
        _ => Some("put the focus on an appointment, a draft, a task or a contact first"),
    }
}

/// Possible where the focus is on a file.
pub(crate) fn on_attachment(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Attachment(..) => None,
        _ => Some("put the focus on a file first"),
    }
}

/// Possible where the focus is on an entry of a journal.
pub(crate) fn on_entry(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Entry(..) => None,
        _ => Some("put the focus on an entry of the journal first"),
    }
}

/// Possible where the focus is on an entry of a journal, or on a draft of one.
pub(crate) fn on_written(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Draft(..) | Focused::Entry(..) => None,
        _ => Some("there is nothing to read yet"),
    }
}

/// Possible where the focus is on a psychotherapy note, or on the draft of one.
pub(crate) fn on_apart(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Apart(..) | Focused::Draft(..) => None,
        _ => Some("there is nothing to read yet"),
    }
}

/// Possible while psychotherapy notes are open.
pub(crate) fn while_apart(situation: &Situation<'_>) -> Option<&'static str> {
    (!situation.apart).then_some("they are not open")
}

/// Possible where the focus is on a measure.
pub(crate) fn on_measure(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Measure(..) => None,
        _ => Some("put the focus on a measure first"),
    }
}

/// Possible where the focus is on a consent.
pub(crate) fn on_consent(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Consent(..) => None,
        _ => Some("put the focus on a consent first"),
    }
}

/// Possible where the focus is on a draft.
pub(crate) fn on_draft(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Draft(..) => None,
        _ => Some("put the focus on a draft first"),
    }
}

/// Possible where the focus is on something that opens.
pub(crate) fn on_something(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Nothing => Some("nothing is in focus"),
        Focused::Client(_) | Focused::Contact(..) | Focused::Task(..)
            if situation.chart.is_some() =>
        {
            Some("this opens no further")
        }
        _ => None,
    }
}

/// Possible where the focus is on a line of a plan.
pub(crate) fn on_plan_item(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Plan(_, Place::Item(_)) => None,
        _ => Some("put the focus on a line of the plan first"),
    }
}

/// Possible where the focus is on a device.
pub(crate) fn on_device(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Device(_) => None,
        _ => Some("put the focus on a device first"),
    }
}

/// Possible where the focus is on a device that can be shut out from here.
pub(crate) fn on_other_device(situation: &Situation<'_>) -> Option<&'static str> {
    let Focused::Device(id) = situation.focused else { return on_device(situation) };
    let row = situation.scene.sync.devices.iter().find(|row| row.id == id)?;
    match (row.this, row.revoked) {
        (true, _) => Some("a device cannot shut itself out; do it from another"),
        (_, true) => Some("that device is shut out already"),
        _ => with_link(situation),
    }
}

/// Possible where the focus is on what came late.
pub(crate) fn on_late(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Late(_) => None,
        _ => Some("put the focus on what came late first"),
    }
}

/// Possible while the server is there.
pub(crate) fn with_link(situation: &Situation<'_>) -> Option<&'static str> {
    let sync = situation.scene.sync;
    match (sync.attached, sync.connected) {
        (false, _) => Some("this practice has no server yet"),
        (_, false) => Some("the server cannot be reached now"),
        _ => None,
    }
}

/// Possible while a server waits for devices that have not given what they hold.
pub(crate) fn with_refilling(situation: &Situation<'_>) -> Option<&'static str> {
    match &situation.scene.sync.refilling {
        None => Some("the server is not being filled again"),
        Some(state) if !state.given => Some("this device has not given all that it holds yet"),
        Some(_) => None,
    }
}

/// Possible while no server is known.
pub(crate) fn without_server(situation: &Situation<'_>) -> Option<&'static str> {
    situation.scene.sync.attached.then_some("this practice has a server already")
}

/// Possible where a note can be divided; elsewhere than in a draft it is not asked.
pub(crate) fn of_parts(situation: &Situation<'_>) -> Option<&'static str> {
    situation.one_text.then_some("this is one text and stays so")
}

/// Possible where what is in front can have labels.
pub(crate) fn with_labels(situation: &Situation<'_>) -> Option<&'static str> {
    (!situation.labelled).then_some("this has no labels")
}

/// Possible where the last session stands beside a note.
pub(crate) fn with_last(situation: &Situation<'_>) -> Option<&'static str> {
    situation.one_text.then_some(NO_LAST)
}

/// Why nothing of the last session stands beside a text.
pub(crate) const NO_LAST: &str = "the last session stands beside notes of sessions only";

/// Possible when something was done.
pub(crate) fn with_undo(situation: &Situation<'_>) -> Option<&'static str> {
    (!situation.can_undo).then_some("nothing to undo")
}

/// Possible when something was undone.
pub(crate) fn with_redo(situation: &Situation<'_>) -> Option<&'static str> {
    (!situation.can_redo).then_some("nothing to redo")
}
