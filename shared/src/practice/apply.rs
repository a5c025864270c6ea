//! What a person does: every edit is checked, becomes changes, and says how it is undone.

use super::change::Change;
use super::compartment::CompartmentName;
use super::consent;
use super::contact::{self, Settings};
use super::correction::{Correcting, SignOver};
use super::document::Scalar;
use super::edit::{Edit, JournalMark, Labelled, PsychotherapyEdit};
use super::journal::Book;
use super::measure::MeasureMark;
pub(super) use super::refusal::Refusal;
use super::{Context, Practice, ShelfError, document_of, zone};
use crate::id::{DeviceId, ObjectId, RecordId};
use std::collections::BTreeSet;

/// What an edit left behind.
#[derive(Clone, Debug)]
pub struct Applied {
    /// To be stored before the next call, and sent, in this order.
    pub changes: Vec<Change>,
    /// What undoes it, if anything can; to be given to [`Practice::undo`].
    pub inverse: Option<Edit>,
    /// The compartments whose projection changed.
    pub touched: Vec<CompartmentName>,
}

/// A field as an edit left it: undo is refused when it is no longer so.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) name: CompartmentName,
    pub(super) object: ObjectId,
    pub(super) place: Option<String>,
    pub(super) field: String,
    pub(super) value: Scalar,
}

/// How an edit is undone, and what was so when it had been carried out.
#[derive(Clone)]
pub(super) struct Undo {
    inverse: Edit,
    guards: Vec<Guard>,
    /// What other devices had said of the record that it is about.
    heard: BTreeSet<RecordId>,
}

/// How many edits can be undone.
const UNDO_MAX: usize = 200;

/// What one kind of edit did.
#[derive(Default)]
pub(super) struct Done {
    pub(super) changes: Vec<Change>,
    pub(super) inverse: Option<Edit>,
    pub(super) guards: Vec<Guard>,
}

impl Practice {
    /// Carries out an edit.
    pub fn apply(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Applied, Refusal> {
        if !self.one_of_many {
            self.catch_up();
        }
        self.look_ahead(cx.now);
        let session = match &edit {
            Edit::BeginNote { session, .. }
            | Edit::EnterMeasure { session, .. }
            | Edit::EnterScore { session, .. }
            | Edit::EnterNote { session, .. } => *session,
            _ => None,
        };
        let stored = session.and_then(|session| self.facts.booking(session));
        let stored = stored.map(|(_, booking)| booking.clone());
        // A session that something is written about is an appointment of its own from then on.
        let touched = session.map_or(Ok(None), |session| self.touch(session, cx));
        let outcome = touched.and_then(|touched| {
            let checked = self.check(&edit);
            let outcome = checked.and_then(|()| self.carry_out(edit, cx));
            match (outcome, touched, session) {
                (Ok(mut done), touched, _) => {
                    done.changes.splice(..0, touched);
                    Ok(done)
                }
                (Err(refusal), Some(_), Some(session)) => {
                    self.untouch(session, stored);
                    Err(refusal)
                }
                (Err(refusal), ..) => Err(refusal),
            }
        });
        self.finish(outcome, cx)
    }

    /// The same for one of many, as an import has them: consents of a chart are brought into the lists
    /// together, by [`Practice::catch_up`] or before anything else is done.
    pub fn apply_one_of_many(
        &mut self,
        edit: Edit,
        cx: &mut Context<'_>,
    ) -> Result<Applied, Refusal> {
        self.one_of_many = matches!(edit, Edit::RecordConsent { .. });
        let outcome = self.apply(edit, cx);
        self.one_of_many = false;
        outcome
    }

    /// Brings into the lists what [`Practice::apply_one_of_many`] has left.
    pub fn catch_up(&mut self) {
        for name in std::mem::take(&mut self.behind) {
            self.publish(&name);
        }
    }

    #[expect(clippy::too_many_lines, reason = "one line for each kind of edit")]
    fn carry_out(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        match edit {
            Edit::AskErasure(_)
            | Edit::Hold { .. }
            | Edit::OrderErasure(_)
            | Edit::WithdrawErasure(_) => self.change_erasures(edit, cx),
            Edit::Attach { .. } | Edit::StrikeAttachment { .. } => self.change_files(edit, cx),
            Edit::BeginJournal { .. } | Edit::EnterJournal { .. } | Edit::MarkJournal { .. } => {
                self.write_journal(edit, cx)
            }
            Edit::Psychotherapy(edit) => self.write_psychotherapy(edit, cx),
            Edit::AddTask { .. } | Edit::FinishTask { .. } => self.change_tasks(edit, cx),
            Edit::ChangeGroup { .. } | Edit::NewGroup { .. } => self.change_groups(edit, cx),
            Edit::Archive { .. }
            | Edit::ChangeContact { .. }
            | Edit::ChangeIdentity { .. }
            | Edit::LogContact { .. }
            | Edit::NewClient { .. }
            | Edit::NoteDeath { .. }
            | Edit::SameAs { .. }
            | Edit::StrikeContact { .. }
            | Edit::Wait { .. } => self.change_clients(edit, cx),
            Edit::DefineMeasure { .. }
            | Edit::EnterMeasure { .. }
            | Edit::EnterScore { .. }
            | Edit::MarkMeasure { .. } => self.change_measures(edit, cx),
            Edit::ChangePlan { .. } | Edit::ReviewPlan { .. } | Edit::SignPlan { .. } => {
                self.change_plans(edit, cx)
            }
            Edit::RecordConsent { .. }
            | Edit::RevokeConsent { .. }
            | Edit::StrikeConsent { .. } => self.change_consents(edit, cx),
            Edit::RenameDevice { .. } | Edit::SetHours { .. } | Edit::SetRemote { .. } => {
                self.change_settings(edit, cx)
            }
            Edit::SetLevel { .. } | Edit::SetPhrase { .. } => self.change_settings(edit, cx),
            Edit::Amend { .. }
            | Edit::BeginAddendum { .. }
            | Edit::BeginCorrection(_)
            | Edit::BeginNote { .. }
            | Edit::ChangeDraft { .. }
            | Edit::DiscardDraft { .. }
            | Edit::DivideDraft { .. }
            | Edit::EnterNote { .. }
            | Edit::Label { .. }
            | Edit::RelabelDraft(_)
            | Edit::Sign { .. }
            | Edit::SignImported { .. }
            | Edit::RestoreNote(_)
            | Edit::SignOver(_)
            | Edit::StrikeNote(_)
            | Edit::Supervise { .. } => self.write_chart(edit, cx),
            Edit::Book(_)
            | Edit::BookSeries(_)
            | Edit::ChangeFollowing { .. }
            | Edit::ChangeWho { .. }
            | Edit::EndSeries { .. }
            | Edit::Move { .. }
            | Edit::MoveFollowing { .. }
            | Edit::RejoinSeries { .. }
            | Edit::SetFee { .. }
            | Edit::SetStatus { .. }
            | Edit::SettleSeries { .. }
            | Edit::SkipOccurrence { .. }
            | Edit::StampSession { .. }
            | Edit::Together(_) => self.arrange(edit, cx),
            Edit::RecordRisk { .. }
            | Edit::SetEmergency { .. }
            | Edit::SignSafetyPlan { .. }
            | Edit::StrikeCrisis { .. } => self.change_crisis(edit, cx),
        }
    }

    /// Whether nothing stands against an edit, whatever it is.
    fn check(&self, edit: &Edit) -> Result<(), Refusal> {
        self.check_reach(edit)?;
        self.check_hidden(edit)?;
        self.check_whereabouts(edit)?;
        self.check_person(edit)
    }

    /// Carries out what is about erasures and holds; nothing else comes here.
    fn change_erasures(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        match edit {
            Edit::AskErasure(scope) => self.ask_erasure(scope, cx),
            Edit::Hold { client, held } => self.hold((client, held), cx),
            Edit::OrderErasure(scope) => self.order_erasure(scope, cx),
            Edit::WithdrawErasure(scope) => self.withdraw_erasure(scope, cx),
            _ => Ok(Done::default()),
        }
    }

    /// Carries out what is about one client outside the chart; nothing else comes here.
    fn change_clients(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        match edit {
            Edit::Archive { client, archived } => self.archive(client, archived, cx),
            Edit::ChangeContact { client, contact } => self.change_contact(client, contact, cx),
            Edit::ChangeIdentity { client, field, value } => {
                self.change_identity(client, field, &value, cx)
            }
            Edit::LogContact { client, contact } => self.log_contact(client, &contact, cx),
            Edit::NewClient { client, contact } => self.new_client(client, contact, cx),
            Edit::NoteDeath { client, died } => self.note_death(client, died, cx),
            Edit::SameAs { client, kept } => self.same_as(client, kept, cx),
            Edit::StrikeContact { client, record, struck } => {
                self.strike_contact(client, (record, struck), cx)
            }
            Edit::Wait { client, waiting } => self.wait(client, waiting.as_ref(), cx),
            _ => Ok(Done::default()),
        }
    }

    /// Carries out what is about treatment plans; nothing else comes here.
    fn change_plans(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        match edit {
            Edit::ChangePlan { client, item, change } => self.change_plan(client, item, change, cx),
            Edit::ReviewPlan { client, review } => self.review_plan(client, review, cx),
            Edit::SignPlan { client } => self.sign_plan(client, cx),
            _ => Ok(Done::default()),
        }
    }

    /// Carries out what is about notes; nothing else comes here.
    fn write_chart(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        match edit {
            Edit::Amend { note, client, text } => self.amend(note, client, &text, cx),
            Edit::BeginAddendum { draft, client, note } => {
                self.begin_addendum(draft, client, note, cx)
            }
            Edit::BeginCorrection(Correcting { draft, client, note, blank }) => {
                self.begin_correction(draft, (client, note), blank, cx)
            }
            Edit::BeginNote { note, client, session, format } => {
                self.begin_note(note, client, session, format, cx)
            }
            Edit::ChangeDraft { note, client, splices } => {
                self.change_draft(note, client, &splices, cx)
            }
            Edit::DiscardDraft { note, client, discarded } => {
                self.discard_draft(note, client, discarded, cx)
            }
            Edit::DivideDraft { note, client, format } => {
                self.divide_draft(note, client, format, cx)
            }
            Edit::EnterNote { client, session, format, parts, late_reason } => {
                self.enter_note(client, session, (format, &parts), late_reason, cx)
            }
            Edit::Label { client, of, labels } => self.label((client, of), &labels, cx),
            Edit::RelabelDraft(relabel) => self.relabel_draft(*relabel, cx),
            Edit::Sign { note, client, late_reason } => {
                self.check_draft(note, client, cx)?;
                self.sign((note, client), late_reason, None, cx)
            }
            // Of another practice's notes two may stand beside each other: both are taken in.
            Edit::SignImported { note, client, late_reason } => {
                self.sign((note, client), late_reason, Some(&BTreeSet::new()), cx)
            }
            Edit::SignOver(SignOver { draft, client, because, replaces }) => {
                self.check_draft(draft, client, cx)?;
                self.sign((draft, client), Some(because), Some(&replaces), cx)
            }
            Edit::RestoreNote(restored) => self.restore_note(restored, cx),
            Edit::StrikeNote(misfiled) => self.strike_note(misfiled, cx),
            Edit::Supervise { client, note, step } => self.supervise(client, (note, &step), cx),
            _ => Ok(Done::default()),
        }
    }

    /// Carries out what is about the practice's settings; nothing else comes here.
    fn change_settings(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        match edit {
            Edit::RenameDevice { device, name } => self.rename_device(device, &name, cx),
            Edit::SetHours { member, hours } => self.set_hours((member, hours), cx),
            Edit::SetLevel { element, level } => self.set_level((element, level), cx),
            Edit::SetPhrase { own, kind, name, saying } => {
                self.set_phrase(own, (kind, &name), saying, cx)
            }
            Edit::SetRemote { member, setting, text } => {
                self.set_remote((member, setting, &text), cx)
            }
            _ => Ok(Done::default()),
        }
    }

    /// Carries out what is about tasks; nothing else comes here.
    fn change_tasks(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        match edit {
            Edit::AddTask { client, task, text, due, since } => {
                self.add_task(client, task, (&text, due, since), cx)
            }
            Edit::FinishTask { client, task, done } => self.finish_task(client, task, done, cx),
            _ => Ok(Done::default()),
        }
    }

    /// Carries out what is about couples, families and groups; nothing else comes here.
    fn change_groups(&mut self, edit: Edit, cx: &mut Context<'_>) -> Result<Done, Refusal> {
        match edit {
            Edit::ChangeGroup { group, change } => self.change_group(group, change, cx),
            Edit::NewGroup { group, kind, change } => self.new_group(group, kind, change, cx),
            _ => Ok(Done::default()),
        }
    }

    /// Carries out the inverse of an earlier edit, unless another device has changed the same
    /// field since: [`Refusal::ChangedElsewhere`].
    pub fn undo(&mut self, inverse: Edit, cx: &mut Context<'_>) -> Result<Applied, Refusal> {
        let heard = self.heard_of(&inverse, cx.pen.author().device);
        let known = self.undo.iter().enumerate().rev().filter(|(_, one)| one.inverse == inverse);
        let known: Vec<_> = known.map(|(at, one)| (at, one.clone())).collect();
        // Several edits may be undone by the same: each left something else behind.
        let mut stands = None;
        for (at, one) in &known {
            if stands.is_none() && one.heard == heard && self.holds(&one.guards, cx)? {
                stands = Some(*at);
            }
        }
        if let Some(at) = stands.or_else(|| known.first().map(|(at, _)| *at)) {
            self.undo.remove(at);
        }
        if stands.is_none() && !known.is_empty() {
            self.tidy();
            return Err(Refusal::ChangedElsewhere);
        }
        self.apply(inverse, cx)
    }

    /// What other devices have said of the record that an inverse is about: who undoes an act undoes
    /// nothing that they said since.
    fn heard_of(&self, inverse: &Edit, own: DeviceId) -> BTreeSet<RecordId> {
        match inverse {
            Edit::RevokeConsent { client, record, .. }
            | Edit::StrikeConsent { client, record, .. } => {
                let chart = self.facts.charts.get(client);
                chart.map(|chart| consent::heard_of(chart, *record, own))
            }
            Edit::StrikeContact { client, record, .. } => {
                self.facts.logs.get(client).map(|log| log.heard_of(*record, own))
            }
            Edit::Label { client, of: Labelled::Record(note), .. } => {
                let chart = self.facts.book(*client, self.book_of_record(*client, *note));
                chart.map(|chart| chart.labels_heard(*note, own))
            }
            Edit::StrikeAttachment { client, record, .. } => {
                let known = self.facts.attachments.get(client);
                known.map(|known| known.heard_of(*record, own))
            }
            Edit::StrikeCrisis { client, record, .. } => {
                let chart = self.facts.charts.get(client);
                chart.map(|chart| {
                    let mark = JournalMark::Struck(true);
                    let mut heard = chart.labels_heard(*record, own);
                    heard.extend(chart.marks.heard_of(*record, mark, own));
                    heard
                })
            }
            Edit::MarkMeasure { client, record, mark } => {
                let chart = self.facts.charts.get(client);
                chart.map(|chart| {
                    let mut heard = chart.marks.heard_of_measure(*record, *mark, own);
                    if matches!(mark, MeasureMark::Struck(_)) {
                        heard.extend(chart.labels_heard(*record, own));
                    }
                    heard
                })
            }
            Edit::Psychotherapy(PsychotherapyEdit::Strike { client, record, .. }) => {
                let book = self.facts.book(*client, self.book_of_record(*client, *record));
                let mark = JournalMark::Struck(true);
                book.map(|book| book.marks.heard_of(*record, mark, own).into_iter().collect())
            }
            Edit::MarkJournal { client, record, mark } => {
                let journal = self.facts.book(*client, Book::Journal);
                journal.map(|journal| journal.marks.heard_of(*record, *mark, own))
            }
            _ => None,
        }
        .unwrap_or_default()
    }

    /// Whether fields are as an edit left them.
    fn holds(&mut self, guards: &[Guard], cx: &mut Context<'_>) -> Result<bool, ShelfError> {
        for guard in guards {
            let document = self.document(&guard.name, guard.object, cx)?;
            let now = document.values(guard.place.as_deref(), &guard.field);
            let holds = match now.as_slice() {
                // What nobody has written says nothing.
                [] => guard.value == Scalar::Nothing,
                values => matches!(values, [(value, _)] if *value == guard.value),
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes the practice's zone and the name of the member who holds the pen: the first thing
    /// that happens in a practice, and what a new member does on joining.
    pub fn found(
        &mut self,
        zone: &str,
        name: &str,
        cx: &mut Context<'_>,
    ) -> Result<Applied, Refusal> {
        let name = contact::normal(name);
        if !zone::is_known(zone) {
            return Err(Refusal::InvalidZone);
        }
        if name.is_empty() {
            return Err(Refusal::EmptyName);
        }
        if name.len() > contact::NAME_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
        let member = cx.pen.author().member;
        let compartment = CompartmentName::Practice;
        let object = document_of(&compartment);
        let change = self.change(&compartment, object, cx, |document| {
            Settings::write_zone(document, zone);
            Settings::write_clinician(document, member, &name);
        })?;
        self.facts.settings = Settings::read(self.document(&compartment, object, cx)?);
        self.finish(Ok(Done { changes: change.into_iter().collect(), ..Done::default() }), cx)
    }

    fn finish(
        &mut self,
        outcome: Result<Done, Refusal>,
        cx: &Context<'_>,
    ) -> Result<Applied, Refusal> {
        self.tidy();
        let done = outcome?;
        let mut touched: Vec<_> =
            done.changes.iter().map(|change| change.compartment.clone()).collect();
        touched.sort_unstable();
        touched.dedup();
        for name in &touched {
            if self.one_of_many && matches!(name, CompartmentName::Chart(_)) {
                self.behind.insert(name.clone());
                continue;
            }
            // Appointments are published one by one as they change.
            if !matches!(name, CompartmentName::Calendar { .. } | CompartmentName::Series(_)) {
                self.publish(name);
            }
        }
        if let Some(inverse) = &done.inverse {
            let heard = self.heard_of(inverse, cx.pen.author().device);
            let guards = done.guards;
            self.undo.push_back(Undo { inverse: inverse.clone(), guards, heard });
            if self.undo.len() > UNDO_MAX {
                self.undo.pop_front();
            }
        }
        Ok(Applied { changes: done.changes, inverse: done.inverse, touched })
    }
}
