//! What is said of a session: when it began and ended; that one of a series is left out, or is the
//! last.

use super::verbs::{edit, whose, with_row};
use super::{lay, say};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::parts::when;
use crate::screen::prompt::{self, Question};
use crate::screen::{Focused, Overlay, contact_log};
use jiff::civil::DateTime;
use tacenda_shared::practice::edit::{Edit, Modality, Stamps, Status};
use tacenda_shared::practice::view::Occurrence;

/// Runs what is about a session, or about when there are any.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Vec<Effect> {
    match verb {
        Verb::EndSeries | Verb::SkipDate => return change_series(model, focused, verb),
        Verb::StampSession => return stamp(model, focused),
        Verb::Remind => remind(model, focused),
        _ => ask_hours(model),
    }
    Vec::new()
}

/// Says that the session in focus begins, or ends.
fn stamp(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let Focused::Appointment(id) = focused else { return Vec::new() };
    let (now, today) = (model.now.time, model.now.local.date());
    let zone = model.desk().map(|desk| desk.index.zone.clone()).unwrap_or_default();
    let clock = |time| when::clock(when::local(time, &zone).time());
    let Some((starts, stamps, status)) =
        with_row(model, id, |row| (row.starts, row.stamps, row.status))
    else {
        return Vec::new();
    };
    let whose = whose(model, id);
    let refused = match (stamps.began, stamps.ended) {
        _ if status.frees_the_slot() || status == Status::NoShow => {
            Some(format!("{whose}: {}. Say that it takes place first (s).", status.word()))
        }
        (None, _) if status == Status::Held => Some(format!("{whose}: it was held already.")),
        _ if when::local(starts, &zone).date() != today => {
            Some("Only a session of today begins or ends now.".to_owned())
        }
        (Some(began), Some(ended)) => {
            Some(format!("{whose}: it was from {} to {}.", clock(began), clock(ended)))
        }
        _ => None,
    };
    if let Some(words) = refused {
        say(model, &words);
        return Vec::new();
    }
    let (stamps, status, says) = match stamps.began {
        None => {
            let arrived = matches!(status, Status::Booked | Status::Confirmed);
            let status = if arrived { Status::Arrived } else { status };
            let stamps = Stamps { began: Some(now), ..stamps };
            (stamps, status, format!("{whose}: began at {}", clock(now)))
        }
        Some(_) => {
            let stamps = Stamps { ended: Some(now), ..stamps };
            (stamps, Status::Held, format!("{whose}: held until {}", clock(now)))
        }
    };
    edit(model, Edit::StampSession { appointment: id, stamps, status }, says, Way::Fresh)
}

/// Asks for the usual week of whoever sees clients here.
fn ask_hours(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let scene = model.scene(desk);
    let Some(member) = scene.clinician() else { return };
    if scene.member() != Some(member) && desk.index.clinicians.len() > 1 {
        return say(model, "You see no clients here; each clinician says their own hours.");
    }
    let known = desk.index.hours.get(&member).map(ToString::to_string).unwrap_or_default();
    let state = prompt::State::answered(Question::Hours(member), known);
    lay(model, Overlay::Prompt(state));
}

/// Prepares a reminder of the appointment in focus. It says nothing but when and how.
fn remind(model: &mut Model, focused: Focused) {
    let Focused::Appointment(id) = focused else { return };
    let Some(desk) = model.desk() else { return };
    let Some(row) = desk.index.appointments.get(&id) else { return };
    let (Some(client), false) = (row.clients.first().copied(), row.status.frees_the_slot()) else {
        return say(model, "Nobody is expected then.");
    };
    if desk.index.clients.get(&client).is_some_and(|row| row.died.is_some()) {
        return say(model, "The client has died.");
    }
    if row.starts <= model.now.time {
        return say(model, "That is over, or has begun: there is nothing to be reminded of.");
    }
    let start = row.slot.start;
    let about = format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()));
    let how = match row.slot.modality {
        Modality::InOffice => "",
        Modality::Video => ", by video",
        Modality::Phone => ", by telephone",
    };
    let says = format!("A reminder of your appointment: {}{how}.", when_words(start));
    let state = contact_log::State::reminding(client, says, &about);
    lay(model, Overlay::ContactLog(Box::new(state)));
}

fn when_words(start: DateTime) -> String {
    format!("{} at {}", when::long(start.date()), when::clock(start.time()))
}

/// Ends a series before the occurrence in focus, or leaves that one out.
fn change_series(model: &mut Model, focused: Focused, verb: Verb) -> Vec<Effect> {
    let Focused::Appointment(id) = focused else { return Vec::new() };
    let Some(Some(one)) = with_row(model, id, |row| row.occurrence) else { return Vec::new() };
    let Occurrence { series, date, .. } = one;
    let (whose, day) = (whose(model, id), when::day_and_date(date));
    let (act, says) = match verb {
        Verb::EndSeries => (
            Edit::EndSeries { series, last: date.yesterday().ok() },
            format!("{whose}: the series ends before {day}"),
        ),
        _ => (
            Edit::SkipOccurrence { series, date, skipped: true },
            format!("{whose}: left out {day}"),
        ),
    };
    edit(model, act, says, Way::Fresh)
}
