//! What a person looks at: views of clinical content, each with its entry in the audit trail.

use super::audit::{AuditEvent, AuditKind};
use super::change::Change;
use super::compartment::CompartmentName;
use super::document::{part_field as draft_field, quick};
use super::edit::{Part, Purpose, Subject};
use super::lint::OfPlan;
use super::plan::Plan;
use super::record::RecordKind;
use super::view::{Aid, ChartView, DraftView, NoteView, View};
use super::{Context, Practice, Refusal, chart, document_of, draft, label, note, psychotherapy};
use crate::id::{ClientId, ObjectId, RecordId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What opening gives.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What is seen.
    pub view: View,
    /// The entry in the audit trail, to be stored like any change.
    pub changes: Vec<Change>,
}

impl Practice {
    /// Opens something and writes down that it was opened. A draft that was opened is kept in
    /// memory, and what others write in it is collected, until [`Practice::close`].
    pub fn open(
        &mut self,
        subject: Subject,
        purpose: Purpose,
        cx: &mut Context<'_>,
    ) -> Result<Opened, Refusal> {
        self.check_key(subject)?;
        let mut view = self.view(subject, cx)?;
        let mut seen = self.seen_with(subject);
        if let (Subject::Note(client, id), View::Note(note)) = (subject, &view)
            && let Some(versions) = &note.versions
        {
            // What a correction changed is read with the note in whose place it stands.
            let read: BTreeSet<_> = versions.read().collect();
            seen.extend(read.iter().map(|one| Subject::Note(client, *one)));
            self.compared.insert(id, read);
        }
        if let (Subject::Draft(client, id), View::Draft(draft)) = (subject, &mut view) {
            self.shown.insert(id, Vec::new());
            if draft.row.addendum_to.is_none() && !draft.row.journal && !draft.row.psychotherapy {
                // Who cannot read what helps can write all the same.
                let aid = self.aid(client, cx).unwrap_or_default();
                let last = aid.last.as_ref().map(|(of, note, ..)| Subject::Note(*of, *note));
                seen.extend(last);
                seen.extend((aid.of_plan != OfPlan::default()).then_some(Subject::Plan(client)));
                draft.aid = Some(Arc::new(aid));
            }
        }
        let mut changes = Vec::new();
        for subject in seen {
            let event = AuditEvent {
                purpose: Some(purpose),
                ..AuditEvent::new(AuditKind::Open).about(self.audited(subject))
            };
            changes.extend(self.audit(&event, cx));
        }
        self.tidy();
        Ok(Opened { view, changes })
    }

    /// Returns an open view as it is now, without another entry in the trail; `None` when it is
    /// not there any more, for example because the draft was signed. Of a draft it tells, once,
    /// what others have written since it was last looked at; of a note that was corrected meanwhile it does
    /// not tell what that changed.
    pub fn refresh(&mut self, subject: Subject, cx: &mut Context<'_>) -> Option<View> {
        self.look(subject, cx).ok()
    }

    /// The same, or why there is none.
    pub fn look(&mut self, subject: Subject, cx: &mut Context<'_>) -> Result<View, Refusal> {
        self.check_key(subject)?;
        let mut view = self.view(subject, cx)?;
        if let (View::Draft(draft), Subject::Draft(_, id)) = (&mut view, subject) {
            draft.remote = self.shown.get_mut(&id).map(std::mem::take).unwrap_or_default();
        }
        if let (View::Note(note), Subject::Note(_, id)) = (&mut view, subject)
            && let Some(versions) = &mut note.versions
        {
            versions.keep_back(self.compared.get(&id));
        }
        self.tidy();
        Ok(view)
    }

    /// Forgets the documents behind a view that nobody shows any more.
    pub fn close(&mut self, subject: Subject) {
        match subject {
            Subject::Draft(_, draft) => drop(self.shown.remove(&draft)),
            Subject::Note(_, note) => drop(self.compared.remove(&note)),
            _ => {}
        }
        self.tidy();
    }

    /// What is seen with something: the chart of a client is also that of everybody who was found to
    /// be the same person.
    fn seen_with(&self, subject: Subject) -> Vec<Subject> {
        let one = |client| match subject {
            Subject::Report(_, from, to) => Subject::Report(client, from, to),
            _ => Subject::Chart(client),
        };
        match subject {
            Subject::Chart(client) | Subject::Report(client, ..) => {
                self.seen_as_one(client).into_iter().map(one).collect()
            }
            // Whom to call and where to send help stands in who the client is in law.
            Subject::Crisis(client) => {
                let all = self.seen_as_one(client);
                let known = all.iter().filter(|one| self.facts.identities.contains(one));
                let known: Vec<Subject> = known.copied().map(Subject::Identity).collect();
                all.into_iter().map(Subject::Crisis).chain(known).collect()
            }
            other => vec![other],
        }
    }

    pub(super) fn view(&mut self, subject: Subject, cx: &mut Context<'_>) -> Result<View, Refusal> {
        let hidden = match subject {
            // Who is writing finishes the sentence.
            Subject::Draft(client, draft) => {
                self.is_hidden(client) && !self.shown.contains_key(&draft)
            }
            other => self.hides(other),
        };
        if hidden {
            return Err(Refusal::ToBeErased);
        }
        match subject {
            Subject::Attachment(client, record) => {
                self.attachment_view(client, record, cx).map(View::Attachment)
            }
            Subject::Attachments(client) => {
                self.attachments_view(client, cx).map(View::Attachments)
            }
            Subject::Chart(client) => self.chart_view(client, cx).map(View::Chart),
            Subject::Crisis(client) => self.crisis_view(client, cx).map(View::Crisis),
            Subject::Draft(client, draft) => self.draft_view(client, draft, cx).map(View::Draft),
            Subject::Note(client, record) => self.note_view(client, record, cx).map(View::Note),
            Subject::Identity(client) => self.identity_view(client, cx).map(View::Identity),
            Subject::Journal(client) => self.journal_view(client, cx).map(View::Journal),
            Subject::Psychotherapy(client) => {
                self.psychotherapy_view(client, cx).map(View::Psychotherapy)
            }
            Subject::Measures(client) => self.measures_view(client, cx).map(View::Measures),
            Subject::Plan(client) => self.plan_view(client, cx).map(View::Plan),
            Subject::Report(client, from, to) => {
                self.report_view(client, (from, to), cx).map(Box::new).map(View::Report)
            }
            Subject::Consents(client) => self.consents_view(client, cx).map(View::Consents),
        }
    }

    /// The chart of a client, with what lies in the charts of those who are the same person.
    fn chart_view(&mut self, client: ClientId, cx: &mut Context<'_>) -> Result<ChartView, Refusal> {
        let client = self.kept_of(client);
        let row = self.shown_row(client).ok_or(Refusal::UnknownClient)?;
        let mut plans = Vec::new();
        let all = self.seen_as_one(client);
        let drafts = self.index.drafts.iter().filter(|row| all.contains(&row.client));
        let drafts = drafts.cloned().collect();
        for one in all {
            let Some(chart) = self.shown_chart(one) else { continue };
            if chart.plan.items > 0 {
                plans.push(one);
            }
        }
        let mut labels = BTreeMap::new();
        for one in self.seen_as_one(client) {
            labels.extend(self.labels_beside(one, cx)?);
        }
        let (mut plan, mut further_plans) = (Plan::default(), Vec::new());
        for one in plans {
            let name = self.chart_of(one);
            let read = Plan::read(self.document(&name, document_of(&name), cx)?);
            if one == client {
                plan = read;
            } else {
                further_plans.push((one, read));
            }
        }
        let last = self.last_plan(client, cx)?;
        let last_plan = last.map(|(.., text)| text).unwrap_or_default();
        let timeline = self.index.timelines.get(&client).cloned().unwrap_or_default();
        Ok(ChartView { client: row, timeline, drafts, last_plan, plan, further_plans, labels })
    }

    /// What helps to write a note about a client.
    fn aid(&mut self, client: ClientId, cx: &mut Context<'_>) -> Result<Aid, Refusal> {
        Ok(Aid { last: self.last_plan(client, cx)?, of_plan: self.of_plan(client, cx)? })
    }

    /// The newest signed note that has a plan part, and what it says there.
    fn last_plan(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<Option<(ClientId, RecordId, Timestamp, String)>, Refusal> {
        let mut newest = None;
        for one in self.seen_as_one(client) {
            let Some(chart) = self.shown_chart(one) else { continue };
            let with = chart.newest_with(Part::Plan).map(|(time, id)| (time, one, id));
            newest = newest.max(with);
        }
        let Some((time, one, id)) = newest else { return Ok(None) };
        let record = Self::stored_record(&self.chart_of(one), id, cx)?;
        Ok(Some((one, id, time, note::text_of(&record, Part::Plan))))
    }

    fn draft_view(
        &mut self,
        client: ClientId,
        note: ObjectId,
        cx: &mut Context<'_>,
    ) -> Result<DraftView, Refusal> {
        let book = self.book_of_draft(client, note);
        let chart = self.facts.book(client, book).ok_or(Refusal::NotADraft)?;
        if chart.signed(note).is_some() {
            return Err(Refusal::AlreadySigned);
        }
        let fact = chart.drafts.get(&note).ok_or(Refusal::NotADraft)?.clone();
        let row = chart::row(note, (client, book), &fact);
        let mut labels = BTreeSet::new();
        let parts = match fact.late {
            Some((origin, device)) => {
                vec![(Part::Text, self.late_text(client, origin, device, cx)?)]
            }
            None => {
                let name = self.home(client, book);
                if let Some(read) = self.quickly_read(&name, note, cx)? {
                    let text = |part: &Part| read.text(draft_field(*part)).unwrap_or_default();
                    draft::with_others(fact.format, |part| text(part).to_owned())
                } else {
                    let document = self.document(&name, note, cx)?;
                    labels = label::of_draft(document);
                    draft::parts(document, fact.format)
                }
            }
        };
        let corrects = row.corrects.map(|note| (note, row.session));
        let meanwhile = corrects.and_then(|of| self.meanwhile(client, of, cx));
        Ok(DraftView { labels, meanwhile, ..DraftView::new(row, parts) })
    }

    /// Returns what a long draft says that is not in memory, without loading it: it is loaded when
    /// somebody writes in it. `None` of one that is to be loaded at once, or that has labels.
    fn quickly_read(
        &mut self,
        name: &CompartmentName,
        note: ObjectId,
        cx: &mut Context<'_>,
    ) -> Result<Option<quick::Read>, Refusal> {
        /// Loading fewer bytes takes a few milliseconds.
        const LONG: usize = 16 << 10;
        if self.documents.contains_key(&note) {
            return Ok(None);
        }
        let blobs = cx.shelf.document(name, note)?;
        let is_long = blobs.iter().map(Vec::len).sum::<usize>() > LONG;
        let read = if is_long { quick::read(&blobs) } else { None };
        let read = read.filter(|read| !read.fields().any(label::is_field));
        if read.is_none() {
            self.load(name, note, &blobs, cx);
        }
        Ok(read)
    }

    pub(super) fn note_view(
        &mut self,
        client: ClientId,
        id: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<NoteView, Refusal> {
        let book = self.book_of_record(client, id);
        let name = self.home(client, book);
        let chart = self.shown_book(client, book).ok_or(Refusal::UnknownNote)?;
        if !chart.records.contains_key(&id) {
            return Err(Refusal::UnknownNote);
        }
        let record = Self::stored_record(&name, id, cx)?;
        let mut addenda = Vec::new();
        for addendum in chart.addenda(id) {
            addenda.extend(note::addendum_view(&Self::stored_record(&name, addendum, cx)?));
        }
        if book.is_psychotherapy() {
            let view = psychotherapy::note_view(&record, client, addenda);
            return view.ok_or(Refusal::UnknownNote);
        }
        let alone = record.header.kind == RecordKind::Note && chart.adds_to(id).is_none();
        let versions = match alone {
            true => Some(Box::new(Self::versions_view(&name, &chart, &record, cx)?)),
            false => None,
        };
        let head = self.journal_head(client, id);
        let labels = self.labels_of(client, id, cx)?;
        let view = note::view(&record, client, head, addenda).ok_or(Refusal::UnknownNote)?;
        let supervision = self.supervision_of(client, &record, cx)?;
        Ok(NoteView { labels, supervision, versions, ..view })
    }
}
