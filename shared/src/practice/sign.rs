//! Signing: a draft becomes a record, and with it a charge; addenda are records from the start.

use super::apply::{Done, Refusal};
use super::audit::{AuditEvent, AuditKind, AuditSubject};
use super::change::{Change, Content};
use super::chart::LATE_AFTER_MILLIS;
use super::compartment::CompartmentName;
use super::contact::normal;
use super::document::Scalar;
use super::draft::{self, DraftFact, PART_BYTES_MAX};
use super::edit::{AppointmentKind, Edit, NoteFormat, Part, Splice, Subject};
use super::group::is_subject;
use super::journal::{Book, entry_body};
use super::record::{Record, RecordKind, Relation, RelationKind, Tags};
use super::supervision::Step;
use super::view::{AppointmentRow, NoteState};
use super::{Context, Practice, calendar, label, note, psychotherapy};
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId, Timestamp};
use crate::suite::Hash;
use std::collections::BTreeSet;

/// What is signed, and the heads of the draft that it was.
pub(super) struct NoteText<'a> {
    pub(super) format: NoteFormat,
    pub(super) parts: &'a [(Part, String)],
    pub(super) heads: &'a [[u8; 32]],
}

fn normal_reason(reason: Option<String>) -> Result<Option<String>, Refusal> {
    let reason = reason.as_deref().map(normal).filter(|reason| !reason.is_empty());
    match reason {
        Some(reason) if reason.len() > calendar::REASON_BYTES_MAX => Err(Refusal::TextTooLong),
        reason => Ok(reason),
    }
}

impl Edit {
    /// Whether somebody puts their name under something with it, at the keyboard: a note, an addendum,
    /// an entry of a journal, a plan, a safety plan, a measure, a consent or the note of somebody else. A risk
    /// form and an entry of a journal that is entered whole are written down without: neither waits.
    pub const fn signs(&self) -> bool {
        matches!(
            self,
            Self::Amend { .. }
                | Self::EnterMeasure { .. }
                | Self::EnterScore { .. }
                | Self::RecordConsent { .. }
                | Self::Sign { .. }
                | Self::SignOver(_)
                | Self::SignPlan { .. }
                | Self::SignSafetyPlan { .. }
                | Self::RestoreNote(_)
                | Self::StrikeNote(_)
                | Self::Supervise { step: Step::CoSign, .. }
        )
    }
}

impl Practice {
    /// A note about a session by video or telephone says where the client was (domain 1, S04).
    pub(super) fn check_whereabouts(&self, edit: &Edit) -> Result<(), Refusal> {
        let Edit::Sign { note, client, .. } = edit else { return Ok(()) };
        let fact = self.unsigned_draft(*note, *client)?;
        // A correction says what the note says of it.
        let alone = fact.addendum_to.is_none() && fact.corrects.is_none();
        let session = fact.session.filter(|_| alone);
        let session = session.and_then(|session| self.session(session));
        let lacks = session.is_some_and(|session| session.lacks_whereabouts());
        if lacks { Err(Refusal::WhereaboutsMissing) } else { Ok(()) }
    }

    /// Signs a draft. Of a correction `over` says what it replaces, where somebody was asked that; see
    /// [`super::correction::SignOver`].
    pub(super) fn sign(
        &mut self,
        (draft_id, client): (ObjectId, ClientId),
        late_reason: Option<String>,
        over: Option<&BTreeSet<RecordId>>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let fact = self.unsigned_draft(draft_id, client)?;
        if fact.discarded {
            return Err(Refusal::NotADraft);
        }
        let late_reason = normal_reason(late_reason)?;
        let book = self.book_of_draft(client, draft_id);
        let name = self.home(client, book);
        let document = self.document(&name, draft_id, cx)?;
        let parts = draft::parts(document, fact.format);
        let heads = document.heads();
        let labels = label::of_draft(document);
        if draft::is_of_newer_version(document) {
            return Err(Refusal::NewerDraft);
        }
        if parts.iter().all(|(_, text)| text.trim().is_empty()) {
            return Err(Refusal::NothingToSign);
        }

        let mut relations = vec![relation(RelationKind::Signs, draft_id.as_bytes(), Hash::ZERO)];
        let (kind, body) = if let Some(note) = fact.addendum_to {
            relations.insert(0, Self::addition(&name, note, cx)?);
            (RecordKind::Addendum, note::addendum_body(&note::joined(&parts), &heads))
        } else if let Some(old) = fact.corrects.filter(|_| book == Book::Chart) {
            let of = (self.replaced(client, old, over)?, late_reason);
            let said = NoteText { format: fact.format, parts: &parts, heads: &heads };
            let held = self.held(fact.session);
            let (corrects, body) = Self::correction(&name, of, &said, held, cx)?;
            relations.splice(0..0, corrects);
            (RecordKind::Note, body)
        } else if book == Book::Journal {
            let body = entry_body(self.said_of(&fact), &note::joined(&parts), &heads);
            (RecordKind::Journal, body)
        } else if book.is_psychotherapy() {
            let body = psychotherapy::body(self.date_of(&fact), &note::joined(&parts), &heads);
            (RecordKind::Psychotherapy, body)
        } else {
            let session = fact.session.and_then(|session| self.session(session));
            let note = NoteText { format: fact.format, parts: &parts, heads: &heads };
            let session = session.as_ref().map(|session| (session, client));
            (RecordKind::Note, note_body(&note, session, late_reason, cx.now))
        };
        let record = RecordId::random(cx.random);
        let written = (kind, relations, &labels);
        let signed = self.write_labelled(record, &name, written, body, cx);
        let submitted = self.submit_signed(&name, &signed, cx);
        let labelled = match fact.corrects.filter(|_| book == Book::Chart) {
            Some(old) => self.label_correction(client, (old, &signed), &labels, cx)?,
            None => None,
        };
        let mut changes = vec![signed];
        changes.extend(submitted.into_iter().chain(labelled));
        let alone = fact.addendum_to.is_none() && fact.corrects.is_none();
        let billed = fact.session.filter(|_| alone && book == Book::Chart);
        changes.extend(self.charge(client, billed, cx));
        let content = Content::Close { document: draft_id, record };
        changes.push(Change { compartment: name, content });
        changes.extend(self.audit(&self.signature_event(client, record), cx));
        self.documents.remove(&draft_id);
        self.shown.remove(&draft_id);
        Ok(Done { changes, ..Done::default() })
    }

    /// Refuses what the practice does not sign: a note that lacks what it requires.
    pub(super) fn check_draft(
        &mut self,
        draft_id: ObjectId,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let fact = self.unsigned_draft(draft_id, client)?;
        let book = self.book_of_draft(client, draft_id);
        if fact.stays_undivided() || fact.discarded || book != Book::Chart {
            return Ok(());
        }
        let name = self.home(client, book);
        let parts = draft::parts(self.document(&name, draft_id, cx)?, fact.format);
        let session = fact.session.and_then(|session| self.session(session));
        self.check_elements(client, (fact.format, &parts), session.as_ref(), cx)
    }

    /// Signs a note that was written elsewhere.
    pub(super) fn enter_note(
        &mut self,
        client: ClientId,
        session: Option<AppointmentId>,
        (format, parts): (NoteFormat, &[(Part, String)]),
        late_reason: Option<String>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.has_chart(client) {
            return Err(Refusal::UnknownClient);
        }
        if session.is_some_and(|session| self.facts.booking(session).is_none()) {
            return Err(Refusal::UnknownAppointment);
        }
        let late_reason = normal_reason(late_reason)?;
        if parts.iter().any(|(part, _)| !format.parts().contains(part)) {
            return Err(Refusal::InvalidSplice);
        }
        if parts.iter().all(|(_, text)| text.trim().is_empty()) {
            return Err(Refusal::NothingToSign);
        }
        if parts.iter().any(|(_, text)| text.len() > PART_BYTES_MAX) {
            return Err(Refusal::TextTooLong);
        }
        let text = |part: &Part| {
            let given = parts.iter().find(|(given, _)| given == part);
            (*part, given.map(|(_, text)| text.clone()).unwrap_or_default())
        };
        let parts: Vec<_> = format.parts().iter().map(text).collect();
        let name = self.chart_of(client);
        let about = session.and_then(|session| self.session(session));
        let note = NoteText { format, parts: &parts, heads: &[] };
        let about = about.as_ref().map(|session| (session, client));
        let body = note_body(&note, about, late_reason, cx.now);
        let (record, signed) = self.write_record(&name, RecordKind::Note, Vec::new(), body, cx);
        let mut changes = vec![signed];
        changes.extend(self.charge(client, session, cx));
        changes.extend(self.audit(&self.signature_event(client, record), cx));
        Ok(Done { changes, ..Done::default() })
    }

    pub(super) fn amend(
        &mut self,
        note: RecordId,
        client: ClientId,
        text: &str,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let book = self.book_of_record(client, note);
        self.facts.book(client, book).ok_or(Refusal::UnknownNote)?.takes_addendum(note)?;
        if text.trim().is_empty() {
            return Err(Refusal::EmptyText);
        }
        if text.len() > PART_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
        let name = self.home(client, book);
        let relations = vec![Self::addition(&name, note, cx)?];
        let body = note::addendum_body(text, &[]);
        let (record, change) = self.write_record(&name, RecordKind::Addendum, relations, body, cx);
        let mut changes = vec![change];
        changes.extend(self.audit(&self.signature_event(client, record), cx));
        Ok(Done { changes, ..Done::default() })
    }

    /// The charge of a session, once: two devices that sign for one session make one charge. A couple or
    /// a family has one, with the first who came; of a therapy group each who came has one.
    pub(super) fn charge(
        &mut self,
        client: ClientId,
        session: Option<AppointmentId>,
        cx: &mut Context<'_>,
    ) -> Vec<Change> {
        let Some(session) = session.and_then(|session| self.session(session)) else {
            return Vec::new();
        };
        let key = note::charge_key(session.id);
        // What is written under a duplicate is about the same person; what was written while two were
        // taken for one stays so once they are parted.
        let billed = |of: &ClientId| self.is_billed(&session, &key, *of);
        let comes = |client| session.clients.contains(&self.kept_of(client));
        let therapy = session.kind == AppointmentKind::Group;
        let payers: Vec<ClientId> = match session.group {
            Some(_) if !therapy && session.clients.iter().any(billed) => Vec::new(),
            Some(_) if !therapy => session.clients.iter().take(1).copied().collect(),
            Some(group) if group == client => session.clients.clone(),
            // A note in the chart of somebody who does not come, or not any more.
            None if !session.clients.is_empty() && !comes(client) => {
                let first = session.clients.iter().take(1).copied();
                first.filter(|_| !session.clients.iter().any(billed)).collect()
            }
            _ => vec![client],
        };
        let payers: Vec<ClientId> = payers.into_iter().filter(|payer| !billed(payer)).collect();
        let mut changes = Vec::new();
        for payer in payers.into_iter().filter(|payer| !is_subject(*payer)) {
            let name = CompartmentName::Billing(payer);
            let own = self.seen_as_one(payer);
            let came = session.as_written().iter().copied().filter(|one| own.contains(one));
            let mut stands_for: Vec<ClientId> = came.collect();
            if stands_for.contains(&payer) {
                stands_for.clear();
            }
            let body = note::charge_body(&session, &stands_for, &self.facts.settings.zone);
            changes.push(self.write_record(&name, RecordKind::Charge, Vec::new(), body, cx).1);
        }
        changes
    }

    /// Whether a session was charged for somebody: in a log of theirs, or in their place in that of
    /// somebody who has to do with the session. What the log of anybody else says does not count.
    fn is_billed(&self, session: &AppointmentRow, key: &[u8; 32], of: ClientId) -> bool {
        let own = self.seen_as_one(of);
        let billing = &self.facts.billing;
        if own.iter().any(|one| billing.get(one).is_some_and(|known| known.has(key))) {
            return true;
        }
        let mut says = billing.iter().filter(|(_, known)| known.has_instead(key, &own));
        says.any(|(whose, _)| self.has_to_do_with(*whose, session))
    }

    /// Whether a session is with somebody, as it is written or through a duplicate, with a group to
    /// which they belong, or did, or is what a signed note of theirs is about: that one was a duplicate
    /// once, and is parted now.
    pub(super) fn has_to_do_with(&self, client: ClientId, session: &AppointmentRow) -> bool {
        let person = self.one_person(client);
        let comes = session.as_written().iter().chain(&session.clients);
        if comes.into_iter().any(|one| person.contains(one)) {
            return true;
        }
        let group = session.group.and_then(|group| self.facts.groups.get(&group)?.row.as_ref());
        if group.is_some_and(|group| group.members.keys().any(|one| person.contains(one))) {
            return true;
        }
        let written =
            self.facts.family(session.id).into_iter().filter_map(|id| self.sessions.get(&id));
        let signed = |(whose, state): (&ClientId, &NoteState)| {
            matches!(state, NoteState::Signed(_)) && person.contains(whose)
        };
        written.flatten().any(signed)
    }

    /// What the trail says of a signature.
    fn signature_event(&self, client: ClientId, record: RecordId) -> AuditEvent {
        AuditEvent::new(AuditKind::Sign).about(self.audited(Subject::Note(client, record)))
    }

    /// Returns a session under its first id, wherever it was handed over to.
    pub(super) fn session(&self, id: AppointmentId) -> Option<AppointmentRow> {
        let row = self.index.appointments.get(&self.facts.living(&self.facts.family(id))?)?;
        Some(AppointmentRow { id, ..(**row).clone() })
    }

    /// Binds an addendum to the very note that it adds to.
    fn addition(
        name: &CompartmentName,
        note: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Relation, Refusal> {
        let record = Self::stored_record(name, note, cx)?;
        Ok(relation(RelationKind::AddendumTo, note.as_bytes(), record.digest()))
    }

    /// Looks for what the signer of a draft had not seen. This device's own late words become a
    /// new draft; those of others are listed until they send theirs.
    ///
    /// `arrived` is a record that the shelf does not have yet. `changes` takes what is made, which is
    /// in memory and is to be stored, also where this stops with a refusal.
    pub(super) fn settle_late(
        &mut self,
        (client, book): (ClientId, Book),
        draft_id: ObjectId,
        arrived: Option<&Record>,
        changes: &mut Vec<Change>,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let name = self.home(client, book);
        if self.is_elsewhere(&name, draft_id) {
            return Ok(());
        }
        let Some(chart) = self.facts.book(client, book) else { return Ok(()) };
        let Some(signed) = chart.signed(draft_id) else { return Ok(()) };
        let note = chart.adds_to(signed).unwrap_or(signed);
        let begun = chart.records.get(&signed).map_or(cx.now, |fact| fact.time);
        let mut heads = Vec::new();
        for id in chart.signatures(draft_id) {
            let body = match arrived.filter(|record| record.header.id == id) {
                Some(record) => record.body().cloned(),
                None => Self::stored_record(&name, id, cx)?.body().cloned(),
            };
            heads.extend(note::heads(&body.unwrap_or_default()));
        }
        heads.sort_unstable();
        heads.dedup();
        let late = draft::late(self.document(&name, draft_id, cx)?, draft_id, &heads);

        let me = cx.pen.author().device;
        self.facts.book_mut(client, book).forget_late(draft_id);
        for draft::Late { device, text } in late {
            let chart = self.facts.book_mut(client, book);
            let (made, next) = chart.late_drafts(draft_id, device);
            let holds = |id: &ObjectId| chart.drafts.get(id).is_some_and(|fact| fact.holds_late);
            let first = draft::addendum_id(draft_id, device);
            let taken = chart.drafts.values().any(|fact| fact.instead_of == Some(first));
            if (taken && device != me) || made.iter().any(holds) {
                continue;
            }
            let fact = draft::addendum(note, begun, &text);
            if device == me {
                let fact = DraftFact { holds_late: true, ..fact };
                changes.extend(self.add_late(draft_id, (client, book), fact, text, cx)?);
            } else if made.is_empty() {
                let fact = DraftFact { late: Some((draft_id, device)), ..fact };
                chart.drafts.insert(next, fact);
            }
        }
        changes.extend(self.label_late((client, book), (draft_id, note), arrived, cx)?);
        Ok(())
    }

    /// Takes what was typed into a draft that has been signed meanwhile into this device's own
    /// addendum draft.
    pub(super) fn type_late(
        &mut self,
        draft_id: ObjectId,
        client: ClientId,
        splices: &[Splice],
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let typed: Vec<&str> = splices.iter().map(|splice| splice.inserted.as_str()).collect();
        let text = typed.concat();
        if text.is_empty() {
            return Err(Refusal::AlreadySigned);
        }
        let book = self.book_of_draft(client, draft_id);
        let chart = self.facts.book(client, book).ok_or(Refusal::NotADraft)?;
        let signed = chart.signed(draft_id).ok_or(Refusal::NotADraft)?;
        let note = chart.adds_to(signed).unwrap_or(signed);
        let fact = draft::addendum(note, cx.now, &text);
        let changes = self.add_late(draft_id, (client, book), fact, text, cx)?;
        Ok(Done { changes, ..Done::default() })
    }

    /// Writes late words of this device into its addendum draft; into a new one, `fact`, when
    /// there is none yet or the last one is signed.
    fn add_late(
        &mut self,
        draft_id: ObjectId,
        (client, book): (ClientId, Book),
        fact: DraftFact,
        text: String,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Change>, Refusal> {
        let chart = self.facts.book_mut(client, book);
        let (made, next) = chart.late_drafts(draft_id, cx.pen.author().device);
        let Some(id) = made.last().copied().filter(|id| chart.signed(*id).is_none()) else {
            return self.create_draft(next, (client, book), fact, &draft::first_text(text), cx);
        };
        let author = cx.pen.author();
        let name = self.home(client, book);
        let change = self.change(&name, id, cx, |document| {
            draft::sign_in(document, author);
            draft::append(document, text);
            document.put(None, draft::DISCARDED, Scalar::Flag(false));
            if fact.holds_late {
                document.put(None, draft::HOLDS_LATE, Scalar::Flag(true));
            }
        })?;
        self.learn_draft(id, client, cx)?;
        Ok(change.into_iter().collect())
    }

    /// Returns the late words of one device in a signed draft.
    pub(super) fn late_text(
        &mut self,
        client: ClientId,
        origin: ObjectId,
        device: crate::id::DeviceId,
        cx: &mut Context<'_>,
    ) -> Result<String, Refusal> {
        let book = self.book_of_draft(client, origin);
        let name = self.home(client, book);
        let chart = self.facts.book(client, book).ok_or(Refusal::NotADraft)?;
        let mut heads = Vec::new();
        for id in chart.signatures(origin) {
            let record = Self::stored_record(&name, id, cx)?;
            heads.extend(record.body().map(note::heads).unwrap_or_default());
        }
        let late = draft::late(self.document(&name, origin, cx)?, origin, &heads);
        let found = late.into_iter().find(|one| one.device == device);
        found.map(|one| one.text).ok_or(Refusal::NotADraft)
    }
}

fn note_body(
    note: &NoteText<'_>,
    session: Option<(&AppointmentRow, ClientId)>,
    late_reason: Option<String>,
    now: Timestamp,
) -> Tags {
    let is_late =
        session.is_some_and(|(session, _)| now.millis_since(session.starts) > LATE_AFTER_MILLIS);
    let reason = late_reason.filter(|_| is_late);
    let NoteText { format, parts, heads } = *note;
    note::note_body(format, parts, heads, session, reason.as_deref())
}

fn relation(kind: RelationKind, target: &[u8; 16], digest: Hash) -> Relation {
    Relation { kind, target: *target, digest }
}

pub(super) fn sign_event(client: ClientId, record: RecordId) -> AuditEvent {
    AuditEvent::new(AuditKind::Sign).about(AuditSubject::View(Subject::Note(client, record)))
}
