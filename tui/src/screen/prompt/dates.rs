//! Questions that are answered with a date.

use super::super::choice::Answer;
use super::{Ask, Place, Scene, State, when};
use jiff::civil::Date;
use tacenda_shared::id::ClientId;

impl State {
    pub(super) fn confirm_date(&self, scene: &Scene<'_>) -> Vec<Ask> {
        match when::read_date(self.field.text(), scene.today()) {
            Some(date) => vec![Ask::Leave, Ask::Go(Place::Date(date))],
            None => vec![Ask::Say("That is not a date yet.".to_owned())],
        }
    }

    /// An entry of a journal is about a day that has been.
    pub(super) fn confirm_entry(&self, client: ClientId, scene: &Scene<'_>) -> Vec<Ask> {
        match when::read_past(self.field.trimmed(), scene.today()) {
            Some(date) => vec![Ask::Leave, Ask::Answer(Answer::BeginEntry(client, date))],
            None => vec![Ask::Say("That is no date that has been.".to_owned())],
        }
    }

    pub(super) fn date_asked(&self, scene: &Scene<'_>) -> (&'static str, String) {
        let words = match when::read_date(self.field.text(), scene.today()) {
            Some(date) => format!("= {}", when::long(date)),
            None if self.field.trimmed().is_empty() => {
                "for example 22 nov, thu, +7, 2026-12-01".to_owned()
            }
            None => "not a date that exists".to_owned(),
        };
        ("Go to date", words)
    }
}

/// How the day of an entry was understood.
pub(super) fn entry_words(typed: &str, today: Date) -> String {
    match when::read_past(typed, today) {
        Some(date) => format!("= {}. Then type or paste what the client wrote.", when::long(date)),
        None => "for example 20 nov, thu, -3; never a day that is yet to come".to_owned(),
    }
}
