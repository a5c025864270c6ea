//! What lists know of one record.

use super::super::journal::{self, Book, EntryFact};
use super::super::record::{Record, RecordKind};
use super::super::{measure, psychotherapy};
use super::{Headline, RecordFact, headline};
use crate::id::Timestamp;

impl RecordFact {
    /// Reads the headline of a record. What this version cannot read, or what does not belong
    /// where it lies, is kept as unknown.
    pub(in super::super) fn of(record: &Record, book: Book) -> Self {
        let time = record.header.time;
        let read = match (book, record.header.kind) {
            (Book::Journal, RecordKind::Journal) => EntryFact::of(record).map(Headline::Journal),
            (Book::Journal, kind) if !journal::is_of_entries(kind) => None,
            (Book::Psychotherapy(_), kind) => psychotherapy::headline(record, kind),
            _ => headline(record),
        };
        let time = match &read {
            Some(Headline::Measure(_) | Headline::Crisis(_)) => measure::answered_at(record),
            _ => time,
        };
        let author = record.header.author.member;
        Self { time, author, headline: read.unwrap_or(Headline::Unknown) }
    }

    /// Returns when a note was signed, in whichever chart that was.
    pub(in super::super) fn first_signed(&self) -> Timestamp {
        match &self.headline {
            Headline::Note(note) => note.moved.map_or(self.time, |moved| moved.min(self.time)),
            _ => self.time,
        }
    }

    /// The same of a record of a group, which cannot consent: each client does alone.
    pub(in super::super) fn of_group(record: &Record) -> Self {
        match record.header.kind {
            RecordKind::Consent | RecordKind::Risk | RecordKind::SafetyPlan => {
                let author = record.header.author.member;
                Self { time: record.header.time, author, headline: Headline::Unknown }
            }
            _ => Self::of(record, Book::Chart),
        }
    }
}
