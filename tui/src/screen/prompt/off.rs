//! The questions whose answer may call many appointments off: a holiday, a client who died.

use super::super::choice::{self, Answer};
use super::super::parts::field::Field;
use super::super::parts::{off, when, who};
use super::super::{Ask, Scene};
use crate::text;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::Edit;

/// Offers to call off what lies on the dates that were typed.
pub(super) fn confirm_holiday(
    typed: &Field,
    clients: Option<&[ClientId]>,
    scene: &Scene<'_>,
) -> Vec<Ask> {
    let (Some(dates), Some(clinician)) =
        (off::read_dates(typed.trimmed(), scene.today()), scene.clinician())
    else {
        return vec![Ask::Say("These are not two dates yet: 21 dec to 3 jan.".to_owned())];
    };
    let between = format!("{} to {}", when::day_and_date(dates.0), when::day_and_date(dates.1));
    let one = clients.map(|clients| {
        let names: Vec<_> = clients.iter().map(|id| who::client(scene.index, *id, true)).collect();
        (names.join(" / "), off::holiday(scene, clinician, dates, Some(clients)))
    });
    let all = (String::from("everybody"), off::holiday(scene, clinician, dates, None));
    let answer = |(whose, off): (String, off::Off)| {
        let sessions = text::counted(off.count, "appointment", "appointments");
        let says = format!("left out {between}: {sessions} of {whose}");
        let edit = Box::new(Edit::Together(off.edits));
        (off.count > 0).then_some((format!("{sessions} of {whose}"), Answer::Edit(edit, says)))
    };
    let answers: Vec<_> = one.into_iter().chain([all]).filter_map(answer).collect();
    if answers.is_empty() {
        return vec![Ask::Say(format!("Nothing is booked from {between}."))];
    }
    let words = format!(
        "From {between}. Of series these dates are left out; what stands by itself is cancelled. One \
         u brings all of it back. Who comes does not hear of it from here."
    );
    let choice = choice::State::new("Leave out what?".to_owned(), words, answers);
    vec![Ask::Leave, Ask::Choose(choice)]
}

/// What is asked for a holiday, and how it was understood.
pub(super) fn holiday_words(typed: &str, scene: &Scene<'_>) -> (&'static str, String) {
    let words = match off::read_dates(typed, scene.today()) {
        Some((from, to)) => format!("= {} to {}", when::long(from), when::long(to)),
        None if typed.is_empty() => "for example 21 dec to 3 jan".to_owned(),
        None => "not two dates that exist, or more than a year".to_owned(),
    };
    ("Which dates are left out?", words)
}

/// Notes a death, and offers to call off what is still booked.
pub(super) fn confirm_death(typed: &Field, client: ClientId, scene: &Scene<'_>) -> Vec<Ask> {
    let died = match typed.trimmed() {
        "" => None,
        typed => match when::read_date(typed, scene.today()) {
            Some(died) if died <= scene.today() => Some(died),
            _ => return vec![Ask::Say("That is no date that has been.".to_owned())],
        },
    };
    let code = scene.code(client);
    if died.is_none() {
        let says = format!("{code} has not died");
        return vec![Ask::Submit(Edit::NoteDeath { client, died }, says)];
    }
    let off = off::all_of(scene, client);
    let still = text::counted(off.count + off.with_others, "appointment", "appointments");
    let says = format!("{code} has died; still booked: {still}");
    let mut asks = vec![Ask::Submit(Edit::NoteDeath { client, died }, says)];
    if off.count > 0 {
        let sessions = text::counted(off.count, "appointment", "appointments");
        let others = match off.with_others {
            0 => String::new(),
            count => {
                let count = text::counted(count, "appointment", "appointments");
                format!(" {count} with others stay booked.")
            }
        };
        let words = format!(
            "{code} still has {sessions} to come.{others} Series end before their next date. One u \
             books all of it again."
        );
        let says = format!("called off {sessions} of {code}");
        let edit = Box::new(Edit::Together(off.edits));
        // Enter that is pressed twice calls nothing off.
        let answers = vec![
            ("Leave them as they are".to_owned(), Answer::Nothing),
            (format!("Call off {sessions}"), Answer::Edit(edit, says)),
        ];
        let title = "Call off what is booked?".to_owned();
        asks.push(Ask::Choose(choice::State::new(title, words, answers)));
    }
    asks
}

/// What is asked of a death, and how it was understood.
pub(super) fn death_words(typed: &str, scene: &Scene<'_>) -> (&'static str, String) {
    let words = match when::read_date(typed, scene.today()) {
        Some(died) if died <= scene.today() => format!("= {}", when::long(died)),
        _ => "for example 2026-11-20 or today; empty: it is not so".to_owned(),
    };
    ("When did the client die?", words)
}
