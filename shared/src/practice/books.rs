//! Where what is written about a client lies: the chart, the client's journal, and the psychotherapy notes
//! of each author. Each is made like a chart, in a compartment of its own.

use super::Practice;
use super::compartment::CompartmentName;
use crate::id::{ClientId, MemberId, ObjectId, RecordId};

/// Where the drafts and signed texts of a client lie.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Book {
    /// What the clinician writes.
    Chart,
    /// What the client wrote.
    Journal,
    /// What one member alone writes and reads (45 CFR 164.501).
    Psychotherapy(MemberId),
}

impl Book {
    pub(super) fn of(name: &CompartmentName) -> Option<(ClientId, Self)> {
        match name {
            CompartmentName::Journal(client) => Some((*client, Self::Journal)),
            CompartmentName::Psychotherapy { client, author } => {
                Some((*client, Self::Psychotherapy(*author)))
            }
            name => name.chart().map(|client| (client, Self::Chart)),
        }
    }

    pub(super) const fn is_psychotherapy(self) -> bool {
        matches!(self, Self::Psychotherapy(_))
    }
}

impl CompartmentName {
    /// Returns whose drafts lie in this compartment, if any may: those of a chart, of a group, of a
    /// client's journal or of psychotherapy notes.
    pub fn whose_drafts(&self) -> Option<ClientId> {
        Book::of(self).map(|(client, _)| client)
    }
}

impl Practice {
    /// Returns where something about a client may lie. What lies among psychotherapy notes lies nowhere
    /// else, whatever a chart says of the same id, so they come first.
    fn books_of(&self, client: ClientId) -> impl Iterator<Item = Book> + '_ {
        let (first, last) = (MemberId::from_bytes([0; 16]), MemberId::from_bytes([0xff; 16]));
        let apart = self.facts.psychotherapy.range((client, first)..=(client, last));
        let apart = apart.map(|((_, author), _)| Book::Psychotherapy(*author));
        apart.chain([Book::Chart, Book::Journal])
    }

    fn knows_draft(&self, client: ClientId, book: Book, draft: ObjectId) -> bool {
        self.facts
            .book(client, book)
            .is_some_and(|chart| chart.drafts.contains_key(&draft) || chart.signed(draft).is_some())
    }

    /// Returns where a draft of a client lies; what nobody knows is looked for in the chart.
    pub(super) fn book_of_draft(&self, client: ClientId, draft: ObjectId) -> Book {
        let mut books = self.books_of(client);
        books.find(|book| self.knows_draft(client, *book, draft)).unwrap_or(Book::Chart)
    }

    /// Returns where a record of a client lies.
    pub(super) fn book_of_record(&self, client: ClientId, record: RecordId) -> Book {
        let holds = |book: &Book| {
            self.facts.book(client, *book).is_some_and(|chart| chart.records.contains_key(&record))
        };
        self.books_of(client).find(holds).unwrap_or(Book::Chart)
    }

    /// Whether a draft of this id is known about a client, wherever.
    pub(super) fn has_draft(&self, client: ClientId, draft: ObjectId) -> bool {
        let holds = |book| {
            self.facts.book(client, book).is_some_and(|chart| chart.drafts.contains_key(&draft))
        };
        self.books_of(client).any(holds)
    }

    /// Returns the compartment that a draft of a client lies in.
    pub fn home_of(&self, client: ClientId, draft: ObjectId) -> CompartmentName {
        self.home(client, self.book_of_draft(client, draft))
    }

    /// Whether a draft of a compartment is known in another book: ids are drawn at random, so only a
    /// hostile device says so. What is known among psychotherapy notes, about whomever, is of nothing
    /// else, also where somebody got a chart to know it first: or its words could be drawn from there.
    pub(super) fn is_elsewhere(&self, name: &CompartmentName, draft: ObjectId) -> bool {
        let Some((client, book)) = Book::of(name) else { return false };
        let knows = |of, other| {
            let known = self.facts.book(of, other);
            known.is_some_and(|known| known.drafts.contains_key(&draft))
        };
        let apart = self.facts.psychotherapy.keys();
        let mut apart = apart.map(|(of, author)| (*of, Book::Psychotherapy(*author)));
        if apart.any(|(of, other)| (of, other) != (client, book) && knows(of, other)) {
            return true;
        }
        let other = match book {
            Book::Chart => Book::Journal,
            Book::Journal => Book::Chart,
            Book::Psychotherapy(_) => return false,
        };
        knows(client, other) && !knows(client, book)
    }

    pub(super) fn home(&self, client: ClientId, book: Book) -> CompartmentName {
        match book {
            Book::Chart => self.chart_of(client),
            Book::Journal => CompartmentName::Journal(client),
            Book::Psychotherapy(author) => CompartmentName::Psychotherapy { client, author },
        }
    }
}
