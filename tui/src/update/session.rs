//! What is said of a session: when it began and ended; that one of a series is left out, or is the
//! last.

use super::verbs::{edit, whose, with_row};
use super::{clipboard, lay, say};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::parts::{elsewhere, when, who};
use crate::screen::prompt::{self, Question};
use crate::screen::{Focused, Overlay, contact_log, room};
use jiff::civil::DateTime;
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, ClientId, SeriesId, Timestamp};
use tacenda_shared::practice::edit::{Edit, Fee, Modality, RemoteSetting, StampChange, Status};
use tacenda_shared::practice::view::{AppointmentRow, Occurrence};

/// Within so many milliseconds of its beginning nothing ends a session.
const STAMPED_TWICE: i64 = 60_000;
/// One that began longer ago was forgotten, and stops no other. Milliseconds.
const FORGOTTEN: i64 = 8 * 60 * 60 * 1000;
/// A session that began longer ago is not ended by a stamp. Milliseconds.
const SESSION_MAX: i64 = 24 * 60 * 60 * 1000;

/// Runs what is about a session, or about when there are any.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Vec<Effect> {
    match verb {
        Verb::EndSeries | Verb::SkipDate => return change_series(model, focused, verb),
        Verb::SkipDates => lay(model, Overlay::Prompt(holiday(model, focused))),
        Verb::SetFee => ask_fee(model, focused),
        Verb::ShowRoom => show_room(model, focused),
        Verb::TakeInCalendar => lay(model, Overlay::TakeIn(Box::default())),
        Verb::StampSession => return stamp(model, focused),
        Verb::SayTimes => ask_times(model, focused),
        Verb::Remind => remind(model, focused),
        Verb::SetCopying => clipboard::ask(model),
        Verb::SetLicences => ask_remote(model, RemoteSetting::Licences),
        Verb::SetLink => ask_remote(model, RemoteSetting::Link),
        _ => ask_hours(model),
    }
    Vec::new()
}

/// Asks who pays for a session that a client missed or called off too late.
fn ask_fee(model: &mut Model, focused: Focused) {
    let Focused::Appointment(appointment) = focused else { return };
    let missed = |row: &AppointmentRow| row.is_missed().then_some((row.status, row.fee));
    let Some((status, fee)) = with_row(model, appointment, missed).flatten() else { return };
    let whose = whose(model, appointment);
    let answers = [
        ("Charge the fee", Some(Fee::Charged), "fee charged"),
        ("Waive it", Some(Fee::Waived), "fee waived"),
        ("Leave it open", None, "fee left open"),
    ];
    let answers = answers.into_iter().filter(|(_, to, _)| *to != fee).map(|(words, fee, says)| {
        let edit = Box::new(Edit::SetFee { appointment, fee });
        (words.to_owned(), Answer::Edit(edit, format!("{whose}: {says}")))
    });
    let words =
        format!("{whose}: {}. This says what is due; no invoice is written by it.", status.word());
    let choice = choice::State::new("The fee?".to_owned(), words, answers.collect());
    lay(model, Overlay::Choice(choice));
}

/// Says that the session in focus begins, or ends.
fn stamp(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let Focused::Appointment(id) = focused else { return Vec::new() };
    let now = model.now.time;
    let Some((stamps, status)) = with_row(model, id, |row| (row.stamps, row.status)) else {
        return Vec::new();
    };
    let refused = not_stamped(model, id);
    if let Some(question) = whereabouts(model, id, refused.is_none()) {
        lay(model, Overlay::Prompt(question));
        return Vec::new();
    }
    if let Some(words) = refused {
        if is_past_unstamped(model, id) {
            ask_times(model, focused);
        } else {
            say(model, &words);
        }
        return Vec::new();
    }
    let whose = whose(model, id);
    let clock = clock(model, now);
    let (change, says) = match stamps.began {
        None => {
            let arrived = matches!(status, Status::Booked | Status::Confirmed);
            let status = arrived.then_some(Status::Arrived);
            let change = StampChange { began: Some(Some(now)), status, ..StampChange::default() };
            (change, format!("{whose}: began at {clock}"))
        }
        Some(_) => {
            let status = Some(Status::Held);
            let change = StampChange { ended: Some(Some(now)), status, ..StampChange::default() };
            (change, format!("{whose}: held until {clock}"))
        }
    };
    edit(model, Edit::StampSession { appointment: id, change }, says, Way::Fresh)
}

/// Whether a session is over, as its day or its status says, and nobody has said from when to when it was.
fn is_past_unstamped(model: &Model, id: AppointmentId) -> bool {
    let Some(desk) = model.desk() else { return false };
    let Some(row) = desk.index.appointments.get(&id) else { return false };
    let earlier = when::local(row.starts, &desk.index.zone).date() < model.now.local.date();
    let stamped = row.stamps.began.is_some() && row.stamps.ended.is_some();
    took_place(row.status) && !stamped && (earlier || row.status == Status::Held)
}

fn took_place(status: Status) -> bool {
    !status.frees_the_slot() && status != Status::NoShow
}

/// Asks from when to when a session was: what was booked, or stamped, is what Enter takes.
fn ask_times(model: &mut Model, focused: Focused) {
    let Focused::Appointment(id) = focused else { return };
    let (whose, now) = (whose(model, id), model.now.time);
    let Some(desk) = model.desk() else { return };
    let Some(row) = desk.index.appointments.get(&id) else { return };
    let words = match row.status {
        status if !took_place(status) => {
            format!("{whose}: {}. Say that it takes place first (s).", status.word())
        }
        _ if row.starts > now => format!("{whose}: it has not begun yet."),
        _ => {
            let answer = prompt::suggested_times(row, &desk.index.zone);
            let state = prompt::State::suggesting(Question::Times(id), answer);
            return lay(model, Overlay::Prompt(state));
        }
    };
    say(model, &words);
}

/// Asks where the client is when a session by video or telephone begins, or where the client was, once
/// its time has come; where that was said the last time is what Enter takes. What was said is corrected
/// in the same way once the session has ended.
fn whereabouts(model: &Model, id: AppointmentId, may: bool) -> Option<prompt::State> {
    let index = &model.desk()?.index;
    let row = index.appointments.get(&id).filter(|row| row.is_elsewhere())?;
    let begins = may && row.stamps.began.is_none();
    let ends = may && row.stamps.began.is_some();
    let earlier = when::local(row.starts, &index.zone).date() < model.now.local.date();
    let past = earlier || row.status == Status::Held || row.stamps.ended.is_some();
    // Once that is said, what else is missing is asked for first.
    let other_is_missing = row.whereabouts.is_whole() && is_past_unstamped(model, id);
    if ends || other_is_missing || !(begins || past) {
        return None;
    }
    let arrives = begins && matches!(row.status, Status::Booked | Status::Confirmed);
    let said = Some(&row.whereabouts).filter(|said| said.is_whole());
    let last = said.or_else(|| elsewhere::last(index, &row.clients, row.starts));
    let last = last.map(ToString::to_string).unwrap_or_default();
    let question = Question::Whereabouts { appointment: id, begins, arrives };
    Some(prompt::State::suggesting(question, last))
}

/// Why a session neither begins nor ends now.
fn not_stamped(model: &Model, id: AppointmentId) -> Option<String> {
    let (now, today) = (model.now.time, model.now.local.date());
    let desk = model.desk()?;
    let row = desk.index.appointments.get(&id)?;
    let (whose, status) = (whose(model, id), row.status);
    let since = row.stamps.began.map(|began| now.millis_since(began));
    match (row.stamps.began, row.stamps.ended) {
        _ if status.frees_the_slot() || status == Status::NoShow => {
            Some(format!("{whose}: {}. Say that it takes place first (s).", status.word()))
        }
        (None, _) if status == Status::Held => Some(format!("{whose}: it was held already.")),
        (Some(began), Some(ended)) => {
            let (began, ended) = (clock(model, began), clock(model, ended));
            Some(format!("{whose}: it was from {began} to {ended}."))
        }
        (None, _) if when::local(row.starts, &desk.index.zone).date() != today => {
            Some("Only a session of today begins now.".to_owned())
        }
        (None, _) => begun_before(model, id).map(|other| {
            let whose = self::whose(model, other);
            format!("{whose}: that session has begun and not ended. End it first (b on it, or s).")
        }),
        // A key that is held down, or pressed twice, ends nothing.
        (Some(began), None) if since.is_some_and(|since| since < STAMPED_TWICE) => {
            Some(format!("{whose}: began at {}, just now.", clock(model, began)))
        }
        (Some(_), None) if since.is_some_and(|since| since > SESSION_MAX) => {
            Some(format!("{whose}: it began more than a day ago. Say what came of it (s)."))
        }
        (Some(_), None) => None,
    }
}

/// Another session of the same clinician that is going on.
fn begun_before(model: &Model, id: AppointmentId) -> Option<AppointmentId> {
    let index = &model.desk()?.index;
    let clinician = index.appointments.get(&id)?.slot.clinician;
    let days = [model.now.local.date(), when::shifted(model.now.local.date(), -1)];
    let near = days.iter().filter_map(|day| index.days.get(day)).flatten();
    near.copied().find(|other| {
        let row = index.appointments.get(other).filter(|_| *other != id);
        row.is_some_and(|row| {
            let since = row.stamps.began.map(|began| model.now.time.millis_since(began));
            row.slot.clinician == clinician
                && row.is_going_on()
                && since.is_some_and(|since| since <= FORGOTTEN)
        })
    })
}

fn clock(model: &Model, time: Timestamp) -> String {
    let zone = model.desk().map(|desk| desk.index.zone.as_str()).unwrap_or_default();
    when::clock(when::local(time, zone).time())
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

/// Asks where whoever sees clients here may practise, or what the link of their room is.
fn ask_remote(model: &mut Model, setting: RemoteSetting) {
    let Some(desk) = model.desk() else { return };
    let scene = model.scene(desk);
    let Some(member) = scene.clinician() else { return };
    if scene.member() != Some(member) && desk.index.clinicians.len() > 1 {
        return say(model, "You see no clients here; each clinician says that of themselves.");
    }
    let known = desk.index.remote.get(&(member, setting)).cloned().unwrap_or_default();
    let state = prompt::State::answered(Question::Remote(member, setting), known);
    lay(model, Overlay::Prompt(state));
}

/// Prepares a reminder of the appointment in focus. It says nothing but when and how.
fn remind(model: &mut Model, focused: Focused) {
    let Focused::Appointment(id) = focused else { return };
    let Some(desk) = model.desk() else { return };
    let Some(row) = desk.index.appointments.get(&id) else { return };
    if row.status.frees_the_slot() || row.clients.is_empty() {
        return say(model, "Nobody is expected then.");
    }
    if !row.rivals.is_empty() {
        return say(model, "It was moved twice: say where it is first (Enter).");
    }
    let lives =
        |client: &&ClientId| desk.index.client(**client).is_none_or(|row| row.death().is_none());
    let living: Vec<ClientId> = row.clients.iter().filter(lives).copied().collect();
    let [client, others @ ..] = living.as_slice() else {
        return say(model, "The client has died.");
    };
    let client = *client;
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
    let link = elsewhere::link(&desk.index, row).filter(|_| row.slot.modality == Modality::Video);
    let link = link.map(|link| format!(" {link}")).unwrap_or_default();
    let says = format!("A reminder of your appointment: {}{how}.{link}", when_words(start));
    if others.is_empty() {
        let state = contact_log::State::reminding(client, says, &about);
        return lay(model, Overlay::ContactLog(Box::new(state)));
    }
    // Each is reached in a way of their own.
    let answers = living.iter().map(|client| {
        let whose = who::client(&desk.index, *client, true);
        (whose, Answer::LogContact(*client, Some((says.clone(), about.clone()))))
    });
    let answers = answers.collect();
    let words = "Each has a safe contact of their own.".to_owned();
    let state = choice::State::new("Remind whom?".to_owned(), words, answers);
    lay(model, Overlay::Choice(state));
}

/// Shows the link of the room for the appointment in focus.
fn show_room(model: &mut Model, focused: Focused) {
    let Focused::Appointment(id) = focused else { return };
    let whose = whose(model, id);
    let Some(desk) = model.desk() else { return };
    let Some(row) = desk.index.appointments.get(&id) else { return };
    let Some(link) = elsewhere::link(&desk.index, row) else { return };
    let at = row.slot.start;
    let at = format!("{} {}", when::day_and_date(at.date()), when::clock(at.time()));
    lay(model, Overlay::Room(room::State::new(id, format!("Video room: {whose}, {at}"), link)));
}

/// Asks which dates are left out: of everybody, or of whoever comes to the appointment in focus.
fn holiday(model: &Model, focused: Focused) -> prompt::State {
    let who = match focused {
        Focused::Appointment(id) => with_row(model, id, |row| row.clients.clone()),
        _ => None,
    };
    prompt::State::new(Question::Holiday(who.filter(|who| !who.is_empty())))
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
    let also = what_follows(model, id, series);
    let (act, says) = match verb {
        Verb::EndSeries => (
            Edit::EndSeries { series, last: date.yesterday().ok() },
            format!("{whose}: the series ends before {day}{also}"),
        ),
        _ => (
            Edit::SkipOccurrence { series, date, skipped: true },
            format!("{whose}: left out {day}"),
        ),
    };
    edit(model, act, says, Way::Fresh)
}

/// What ends with a series, and what goes on after it with others: of what is still to come.
fn what_follows(model: &Model, id: AppointmentId, series: SeriesId) -> String {
    let Some(desk) = model.desk() else { return String::new() };
    let index = &desk.index;
    let (Some(row), Some(one)) = (index.series.get(&series), index.appointments.get(&id)) else {
        return String::new();
    };
    let first = |of: &SeriesId| {
        let all = index.appointments.values();
        let all = all.filter(|row| row.starts > one.starts);
        let all = all.filter(|row| row.occurrence.is_some_and(|other| other.series == *of));
        all.min_by_key(|row| row.starts)
    };
    let also = row.ends_with.iter().filter_map(first).min_by_key(|row| row.starts);
    let date = |row: &Arc<AppointmentRow>| when::day_and_date(row.slot.start.date());
    let also = also.map(|row| format!(", also that of {}", date(row)));
    let goes_on = row.goes_on.iter().filter_map(first).min_by_key(|row| row.starts);
    let goes_on = goes_on.map(|row| format!("; {} goes on", whose(model, row.id)));
    also.into_iter().chain(goes_on).collect()
}
