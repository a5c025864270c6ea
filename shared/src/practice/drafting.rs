//! Drafts: how they are begun, changed and discarded, in a chart and in a client's journal.

use super::apply::{Done, Guard, Refusal};
use super::change::{Change, Content};
use super::compartment::CompartmentName;
use super::document::Scalar;
use super::draft::{self, DraftFact, Misfit};
use super::edit::{Edit, NoteFormat, Splice};
use super::journal::Book;
use super::{Context, Practice};
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId};

impl Practice {
    pub(super) fn begin_note(
        &mut self,
        note: ObjectId,
        client: ClientId,
        session: Option<AppointmentId>,
        format: NoteFormat,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.has_chart(client) {
            return Err(Refusal::UnknownClient);
        }
        if session.is_some_and(|session| self.facts.booking(session).is_none()) {
            return Err(Refusal::UnknownAppointment);
        }
        let fact = DraftFact { session, ..DraftFact::new(format, cx.now) };
        self.begin_draft(note, (client, Book::Chart), fact, cx)
    }

    pub(super) fn begin_addendum(
        &mut self,
        draft: ObjectId,
        client: ClientId,
        note: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let book = self.book_of_record(client, note);
        self.facts.book(client, book).ok_or(Refusal::UnknownNote)?.takes_addendum(note)?;
        self.begin_draft(draft, (client, book), draft::addendum(note, cx.now, ""), cx)
    }

    pub(super) fn begin_draft(
        &mut self,
        draft: ObjectId,
        (client, book): (ClientId, Book),
        fact: DraftFact,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if self.has_draft(client, draft) {
            return Err(Refusal::DraftExists);
        }
        let changes = self.create_draft(draft, (client, book), fact, &[], cx)?;
        let inverse = Edit::DiscardDraft { note: draft, client, discarded: true };
        let guards = vec![draft_guard(draft, self.home(client, book), false)];
        Ok(Done { changes, inverse: Some(inverse), guards })
    }

    /// Makes the document of a draft, with a first text.
    pub(super) fn create_draft(
        &mut self,
        note: ObjectId,
        (client, book): (ClientId, Book),
        fact: DraftFact,
        text: &[Splice],
        cx: &mut Context<'_>,
    ) -> Result<Vec<Change>, Refusal> {
        let name = self.home(client, book);
        let author = cx.pen.author();
        let delta = self.change(&name, note, cx, |document| {
            draft::create(document, client, &fact, author);
            let fitted = draft::splice(document, text);
            debug_assert!(fitted.is_ok());
        })?;
        self.facts.book_mut(client, book).learn_draft(note, fact);
        let begun = Change { compartment: name, content: Content::Draft { document: note } };
        Ok(std::iter::once(begun).chain(delta).collect())
    }

    pub(super) fn change_draft(
        &mut self,
        note: ObjectId,
        client: ClientId,
        splices: &[Splice],
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let note = match self.unsigned_draft(note, client) {
            // Somebody signed while this was being typed. It becomes an addendum draft, so that
            // no word is lost.
            Err(Refusal::AlreadySigned) => return self.type_late(note, client, splices, cx),
            outcome => outcome.map(|_| note)?,
        };
        let name = self.home_of(client, note);
        let author = cx.pen.author();
        let mut fitted = Ok(());
        let change = self.change(&name, note, cx, |document| {
            fitted = draft::splice(document, splices);
            match fitted {
                Ok(()) => draft::sign_in(document, author),
                Err(_) => document.rollback(),
            }
        })?;
        fitted.map_err(|misfit| match misfit {
            Misfit::Place => Refusal::InvalidSplice,
            Misfit::TooLong => Refusal::TextTooLong,
        })?;
        self.learn_draft(note, client, cx)?;
        Ok(Done { changes: change.into_iter().collect(), ..Done::default() })
    }

    pub(super) fn discard_draft(
        &mut self,
        note: ObjectId,
        client: ClientId,
        discarded: bool,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let before = self.unsigned_draft(note, client)?.discarded;
        let name = self.home_of(client, note);
        let change = self.change(&name, note, cx, |document| {
            document.put(None, draft::DISCARDED, Scalar::Flag(discarded));
        })?;
        self.learn_draft(note, client, cx)?;
        let inverse = Edit::DiscardDraft { note, client, discarded: before };
        let guards = vec![draft_guard(note, name, discarded)];
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }

    /// Divides a draft in another way. An addendum and an entry of a journal are one text and stay so.
    pub(super) fn divide_draft(
        &mut self,
        note: ObjectId,
        client: ClientId,
        format: NoteFormat,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let before = self.unsigned_draft(note, client)?;
        if before.stays_undivided() {
            return Err(Refusal::OneText);
        }
        let name = self.home_of(client, note);
        let author = cx.pen.author();
        let mut written = None;
        let change = self.change(&name, note, cx, |document| {
            written = Some(draft::divide(document, format));
            draft::sign_in(document, author);
        })?;
        self.learn_draft(note, client, cx)?;
        let inverse = Edit::DivideDraft { note, client, format: before.format };
        let guard = |(field, value): (&str, Scalar)| {
            let name = name.clone();
            Guard { name, object: note, place: None, field: field.to_owned(), value }
        };
        let guards = written.map(guard).into_iter().collect();
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }

    /// Reads again what lists show of a draft.
    pub(super) fn learn_draft(
        &mut self,
        note: ObjectId,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let book = self.book_of_draft(client, note);
        let name = self.home(client, book);
        let document = self.document(&name, note, cx)?;
        if let Some(fact) = draft::read(document, client) {
            self.facts.book_mut(client, book).drafts.insert(note, fact);
        }
        Ok(())
    }

    /// Returns a draft that can still be changed.
    pub(super) fn unsigned_draft(
        &self,
        note: ObjectId,
        client: ClientId,
    ) -> Result<DraftFact, Refusal> {
        let book = self.book_of_draft(client, note);
        let chart = self.facts.book(client, book).ok_or(Refusal::NotADraft)?;
        if chart.signed(note).is_some() {
            return Err(Refusal::AlreadySigned);
        }
        let fact = chart.drafts.get(&note).ok_or(Refusal::NotADraft)?;
        if fact.late.is_some() { Err(Refusal::WrittenElsewhere) } else { Ok(fact.clone()) }
    }
}

fn draft_guard(note: ObjectId, name: CompartmentName, discarded: bool) -> Guard {
    Guard {
        name,
        object: note,
        place: None,
        field: draft::DISCARDED.to_owned(),
        value: Scalar::Flag(discarded),
    }
}
