//! Lines of a timeline in words: each with its date in front, then what it is, then what there is to
//! say of it.

use super::super::{Scene, clients};
use super::{day, when, who};
use crate::text;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{Modality, Status};
use tacenda_shared::practice::timeline::{Line, What};
use tacenda_shared::practice::view::{AppointmentRow, DraftRow, NoteState, TaskRow};

#[cfg(test)]
thread_local! {
    /// How many lines were put into words.
    pub(crate) static LAID: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Returns a line of somebody's timeline in words, and whether it waits for something.
pub fn words(line: &Line, whose: ClientId, scene: &Scene<'_>) -> (String, bool) {
    #[cfg(test)]
    LAID.set(LAID.get() + 1);
    match &line.what {
        What::Added(time) => {
            let date = when::local(*time, &scene.index.zone).date();
            let is_group = scene.index.groups.contains_key(&whose);
            (dated(date, if is_group { "Begun" } else { "Came here" }), false)
        }
        What::Died(date) => (dated(*date, "Died"), false),
        What::Draft(row) => (draft(row, scene), true),
        What::Next(row) => (session(row, ("Next", whose), scene), false),
        // What was added to something stands below it.
        What::Record(row) if line.added => (clients::addition_words(row, scene), false),
        What::Record(row) => (clients::timeline_words(row, scene), false),
        What::Session(row) => (session(row, (&state(row), whose), scene), false),
        What::Task(client, row) => {
            (format!("{}{}", task(row, scene), who::under(scene.index, *client)), true)
        }
    }
}

fn dated(date: jiff::civil::Date, words: &str) -> String {
    format!("{} {}   {words}", when::aligned(date), date.year())
}

fn draft(draft: &DraftRow, scene: &Scene<'_>) -> String {
    let date = when::local(draft.begun, &scene.index.zone).date();
    let words = usize::try_from(draft.words).unwrap_or(usize::MAX);
    let under = who::under(scene.index, draft.client);
    let (kind, format) = match (draft.addendum_to.is_some(), draft.journal) {
        _ if draft.corrects.is_some() => ("DRAFT to correct", text::format(draft.format)),
        (true, _) => ("DRAFT to add", text::format(draft.format)),
        (false, true) => ("Journal DRAFT", ""),
        (false, false) => ("Note DRAFT  ", text::format(draft.format)),
    };
    dated(date, &format!("{kind}  {format}   {}{under}", text::counted(words, "word", "words")))
}

/// What came of a session that is over or does not take place.
fn state(row: &AppointmentRow) -> String {
    match row.status {
        Status::Booked | Status::Confirmed | Status::Arrived => "Session".to_owned(),
        status => text::capital(text::status(status)),
    }
}

fn session(row: &AppointmentRow, (state, whose): (&str, ClientId), scene: &Scene<'_>) -> String {
    let start = day::start(row, scene.index);
    let way = match row.slot.modality {
        Modality::InOffice => String::new(),
        other => format!(" by {}", other.word()),
    };
    let group = scene.index.group_of(row).filter(|group| *group != whose);
    let with = group.map_or_else(String::new, |group| {
        format!("   with {}", who::client(scene.index, group, scene.veil))
    });
    let clock = when::clock(start.time());
    // What is to be done or known stands where also a narrow terminal shows it.
    let words = format!(
        "{state:<14}{clock}   {}{}{way}, {} min{with}",
        came(row, scene),
        row.kind.word(),
        row.slot.minutes,
    );
    dated(start.date(), &words)
}

/// What is still to be said of a session, or why it did not take place.
fn came(row: &AppointmentRow, scene: &Scene<'_>) -> String {
    let over = row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000) <= scene.now.time;
    match (row.status, row.note) {
        (Status::Held, NoteState::Missing) => "note missing   ".to_owned(),
        (Status::Held, NoteState::Draft(_)) => "note begun   ".to_owned(),
        (Status::Booked | Status::Confirmed | Status::Arrived, _) if over => {
            "what came of it?   ".to_owned()
        }
        (Status::Confirmed | Status::Arrived, _) => format!("{}   ", text::status(row.status)),
        // Why may name somebody.
        _ => match row.reason.as_deref().filter(|why| !scene.veil && !why.is_empty()) {
            Some(why) => format!("{why}   "),
            None => String::new(),
        },
    }
}

fn task(row: &TaskRow, scene: &Scene<'_>) -> String {
    let since = when::local(row.since, &scene.index.zone).date();
    // What somebody wrote down may hold a name.
    let words = if scene.veil { "" } else { row.text.as_str() };
    let due = row.due.map_or_else(String::new, |date| format!("   by {}", when::short(date)));
    dated(since, &format!("{:<14}{words}{due}", "To do"))
}
