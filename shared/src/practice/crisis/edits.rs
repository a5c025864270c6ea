//! What people do in a crisis: they write a risk form, sign a safety plan, strike either, look at them,
//! and keep the emergency numbers of the practice.

use super::numbers::{self, FIELD};
use super::risk::{NewRisk, RiskState, RiskView, RiskWords};
use super::safety::{self, NewSafetyPlan, SafetyView};
use super::{CrisisView, OPENED_MAX, STEP_BYTES_MAX, TEXT_BYTES_MAX};
use crate::id::{ClientId, RecordId, TaskId};
use crate::practice::apply::{Done, Guard, Refusal};
use crate::practice::change::Change;
use crate::practice::chart::{Headline, tag as chart_tag};
use crate::practice::compartment::CompartmentName;
use crate::practice::contact::{Settings, normal};
use crate::practice::crisis::CrisisFact;
use crate::practice::document::Scalar;
use crate::practice::edit::Edit;
use crate::practice::identity::IdentityField;
use crate::practice::journal::JournalMark;
use crate::practice::record::{RecordKind, Relation, RelationKind, Tags};
use crate::practice::sign::sign_event;
use crate::practice::{Context, Practice, ShelfError, document_of};
use crate::suite;
use std::sync::Arc;

/// What stands among tasks, where a front desk reads it: nothing of why.
const NEXT: &str = "contact again";

/// The task that a risk form makes of when the client is spoken to next.
fn task_of(record: RecordId) -> TaskId {
    TaskId::from_bytes(suite::hash("tac/risk/next", &[record.as_bytes()]).truncated())
}

impl Practice {
    /// Carries out what is about a crisis; nothing else comes here.
    pub(in crate::practice) fn change_crisis(
        &mut self,
        edit: Edit,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        match edit {
            Edit::RecordRisk { client, record, risk } => {
                self.record_risk(client, record, *risk, cx)
            }
            Edit::SetEmergency { place, numbers } => {
                self.set_emergency(&place, numbers.as_deref(), cx)
            }
            Edit::SignSafetyPlan { client, record, plan } => {
                self.sign_safety(client, record, *plan, cx)
            }
            Edit::StrikeCrisis { client, record, struck } => {
                self.strike_crisis(client, (record, struck), cx)
            }
            _ => Ok(Done::default()),
        }
    }

    /// Whether a new record of a person can have this id.
    fn check_crisis(&self, client: ClientId, record: RecordId) -> Result<(), Refusal> {
        if self.facts.groups.contains_key(&client) {
            return Err(Refusal::OfGroup);
        }
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        let known = self.facts.charts.get(&client);
        if known.is_some_and(|chart| chart.records.contains_key(&record)) {
            return Err(Refusal::CrisisExists);
        }
        Ok(())
    }

    fn record_risk(
        &mut self,
        client: ClientId,
        record: RecordId,
        risk: NewRisk,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        self.check_crisis(client, record)?;
        let mut risk = fitting_risk(risk)?;
        // Nothing was opened or saved later than now, whatever a clock elsewhere said.
        risk.opened = risk.opened.filter(|opened| *opened <= cx.now);
        risk.at = risk.at.filter(|at| *at < cx.now);
        let chart = self.facts.charts.get(&client);
        let knows = |id: RecordId| chart.is_some_and(|chart| chart.records.contains_key(&id));
        risk.measure = risk.measure.filter(|id| knows(*id));
        risk.adds_to = risk.adds_to.filter(|id| knows(*id));
        let name = self.chart_of(client);
        let mut relations = Vec::new();
        if let Some(earlier) = risk.adds_to {
            let digest = Self::stored_record(&name, earlier, cx)?.digest();
            let kind = RelationKind::AddendumTo;
            relations.push(Relation { kind, target: *earlier.as_bytes(), digest });
        }
        let body = risk.body();
        let change = self.write_record_as(record, &name, (RecordKind::Risk, relations), body, cx);
        let mut done = self.signed_crisis(client, (record, change), cx);
        // What comes from elsewhere brings its tasks along.
        if let Some(next) = risk.next.filter(|_| risk.at.is_none()) {
            // What is written down in a crisis is not refused for want of room among tasks.
            let task = (NEXT, Some(next), None);
            if let Ok(added) = self.add_task(client, task_of(record), task, cx) {
                done.changes.extend(added.changes);
            }
        }
        Ok(done)
    }

    fn sign_safety(
        &mut self,
        client: ClientId,
        record: RecordId,
        mut plan: NewSafetyPlan,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        self.check_crisis(client, record)?;
        plan = fitting_plan(plan)?;
        plan.at = plan.at.filter(|at| *at < cx.now);
        let name = self.chart_of(client);
        let written = (RecordKind::SafetyPlan, Vec::new());
        let change = self.write_record_as(record, &name, written, plan.body(), cx);
        Ok(self.signed_crisis(client, (record, change), cx))
    }

    fn signed_crisis(
        &mut self,
        client: ClientId,
        (record, change): (RecordId, Change),
        cx: &mut Context<'_>,
    ) -> Done {
        let mut changes = vec![change];
        changes.extend(self.audit(&sign_event(client, record), cx));
        let inverse = Edit::StrikeCrisis { client, record, struck: true };
        Done { changes, inverse: Some(inverse), guards: Vec::new() }
    }

    /// Strikes a form or a version of a safety plan, or brings it back; with what it has put among
    /// tasks, as long as that is open, and what a strike has closed. A strike says when it closed it,
    /// so that what somebody else has done stays done.
    fn strike_crisis(
        &mut self,
        client: ClientId,
        (record, struck): (RecordId, bool),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let chart = self.facts.charts.get(&client).ok_or(Refusal::UnknownCrisis)?;
        let known = chart.records.get(&record).map(|fact| &fact.headline);
        let kind = match known {
            Some(Headline::Crisis(CrisisFact::Risk(_))) => RecordKind::Risk,
            Some(Headline::Crisis(CrisisFact::Safety { .. })) => RecordKind::SafetyPlan,
            _ => return Err(Refusal::UnknownCrisis),
        };
        let said = chart.marks.said_last(record, JournalMark::Struck(true));
        let strikes = chart.marks.strikes(record);
        let name = self.chart_of(client);
        let digest = Self::stored_record(&name, record, cx)?.digest();
        let target = *record.as_bytes();
        let relations = vec![Relation { kind: RelationKind::Corrects, target, digest }];
        let mut body = Tags::new();
        body.set(chart_tag::STRUCK, [u8::from(struck)]);
        let task = task_of(record);
        let row = self.facts.contacts.get(&client);
        let open = row.is_some_and(|row| row.tasks.iter().any(|one| one.id == task));
        let turns = if struck { open } else { self.closed_by(&name, &strikes, task, cx) };
        if struck && turns {
            body.set(chart_tag::STRUCK_NEXT, cx.now.as_millis().to_be_bytes());
        }
        let change = self.write_after(said, &name, (kind, relations), body, cx);
        let mut done = self.signed_crisis(client, (record, change), cx);
        done.inverse = Some(Edit::StrikeCrisis { client, record, struck: !struck });
        // A task that was never made is unknown, and that is as well.
        if turns && let Ok(finished) = self.finish_task(client, task, struck, cx) {
            done.changes.extend(finished.changes);
        }
        Ok(done)
    }

    /// Whether it was one of these strikes that closed a task, and nobody since.
    fn closed_by(
        &mut self,
        chart: &CompartmentName,
        strikes: &[RecordId],
        task: TaskId,
        cx: &mut Context<'_>,
    ) -> bool {
        let Some(client) = chart.chart() else { return false };
        let Some(closed) = self.task_done(client, task, cx) else { return false };
        strikes.iter().any(|strike| {
            let strike = Self::stored_record(chart, *strike, cx).ok();
            let said = strike.and_then(|strike| strike.body()?.fixed(chart_tag::STRUCK_NEXT));
            said.is_some_and(|at| i64::from_be_bytes(at) == closed)
        })
    }

    fn set_emergency(
        &mut self,
        place: &str,
        said: Option<&str>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let known = &self.facts.settings.emergency;
        let place = numbers::place(known, place).ok_or(Refusal::InvalidNumbers)?;
        let said = match said.map(numbers::parse) {
            Some(Some(lines)) => Some(numbers::say(&lines)),
            Some(None) => return Err(Refusal::InvalidNumbers),
            None => None,
        };
        let before = known.get(&place).cloned();
        if before.is_none() && said.is_some() && known.len() >= numbers::PLACES_MAX {
            return Err(Refusal::TooManyPlaces);
        }
        let name = CompartmentName::Practice;
        let (object, field) = (document_of(&name), format!("{FIELD}{place}"));
        let value = said.map_or(Scalar::Nothing, Scalar::Text);
        let change = self.change(&name, object, cx, |document| {
            document.put(None, &field, value.clone());
        })?;
        self.facts.settings = Settings::read(self.document(&name, object, cx)?);
        let inverse = Some(Edit::SetEmergency { place, numbers: before });
        let guards = vec![Guard { name, object, place: None, field, value }];
        Ok(Done { changes: change.into_iter().collect(), inverse, guards })
    }

    /// Returns a risk form as it is read; `None` if it is none, or does not read.
    pub(in crate::practice) fn risk_view(
        &self,
        client: ClientId,
        record: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Option<RiskView>, ShelfError> {
        let name = self.chart_of(client);
        let struck = self.is_struck_crisis(client, record);
        let stored = Self::stored_record(&name, record, cx)?;
        let view = RiskView::of(&stored, client, struck);
        let labels = self.labels_of(client, record, cx)?;
        Ok(view.map(|view| RiskView { labels, ..view }))
    }

    /// The same of a version of a safety plan.
    pub(in crate::practice) fn safety_view(
        &self,
        client: ClientId,
        record: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Option<SafetyView>, ShelfError> {
        let name = self.chart_of(client);
        let struck = self.is_struck_crisis(client, record);
        let stored = Self::stored_record(&name, record, cx)?;
        let view = SafetyView::of(&stored, client, struck);
        let labels = self.labels_of(client, record, cx)?;
        Ok(view.map(|view| SafetyView { labels, ..view }))
    }

    /// Returns a safety plan as the text that a client takes along, with emergency numbers in it. The
    /// caller lets it out through the gate.
    pub fn safety_text(
        &self,
        client: ClientId,
        record: RecordId,
        numbers: &[String],
        cx: &mut Context<'_>,
    ) -> Result<String, Refusal> {
        let hidden = self.is_hidden(client) || self.hidden_records(client).contains(&record);
        let plan = if hidden { None } else { self.safety_view(client, record, cx)? };
        plan.map(|plan| plan.print(numbers)).ok_or(Refusal::UnknownCrisis)
    }

    fn is_struck_crisis(&self, client: ClientId, record: RecordId) -> bool {
        self.facts.charts.get(&client).is_some_and(|chart| chart.marks.is_struck(record))
    }

    /// What is shown in a crisis, with that of everybody who was found to be the same person.
    pub(in crate::practice) fn crisis_view(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<CrisisView, Refusal> {
        let client = self.kept_of(client);
        let row = Arc::clone(self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?);
        let all = self.seen_as_one(client);
        let mut known = Vec::new();
        for one in &all {
            let Some(chart) = self.shown_chart(*one) else { continue };
            for (id, fact) in &chart.records {
                if let Headline::Crisis(what) = &fact.headline {
                    let stands = !chart.marks.is_struck(*id);
                    known.push((stands, fact.time, *id, *one, *what));
                }
            }
        }
        known.sort_by_key(|(stands, time, id, ..)| std::cmp::Reverse((*stands, *time, *id)));
        let mut older = known.len().saturating_sub(OPENED_MAX);
        let (mut risks, mut plans) = (Vec::new(), Vec::new());
        for (_, _, id, one, what) in known.into_iter().take(OPENED_MAX) {
            let before = risks.len() + plans.len();
            // In a crisis what cannot be read hides nothing that can.
            match what {
                CrisisFact::Risk(_) => {
                    risks.extend(self.risk_view(one, id, cx).ok().flatten());
                }
                CrisisFact::Safety { .. } => {
                    plans.extend(self.safety_view(one, id, cx).ok().flatten());
                }
            }
            older += usize::from(risks.len() + plans.len() == before);
        }
        let (mut home, mut emergency_contact) = (Vec::new(), String::new());
        for one in all {
            let identity = self.identity_view(one, cx)?.identity;
            let fields = [IdentityField::Jurisdiction, IdentityField::Address];
            home.extend(fields.iter().filter_map(|field| identity.get(field).cloned()));
            if emergency_contact.is_empty() {
                emergency_contact =
                    identity.get(&IdentityField::Emergency).cloned().unwrap_or_default();
            }
        }
        Ok(CrisisView { client: row, risks, plans, older, home, emergency_contact })
    }
}

/// Returns a plan with its texts made lines, if it can be one.
pub(in crate::practice) fn fitting_plan(mut plan: NewSafetyPlan) -> Result<NewSafetyPlan, Refusal> {
    for text in plan.steps.values_mut() {
        *text = safety::lines(text);
        if text.len() > STEP_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
    }
    plan.steps.retain(|_, text| !text.is_empty());
    if plan.steps.is_empty() { Err(Refusal::EmptyText) } else { Ok(plan) }
}

/// Returns a form with its texts made one line each, if it can be one.
pub(in crate::practice) fn fitting_risk(mut risk: NewRisk) -> Result<NewRisk, Refusal> {
    for text in risk.words.values_mut() {
        *text = normal(text);
        if text.len() > TEXT_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
    }
    risk.words.retain(|_, text| !text.is_empty());
    let decided = risk.words.contains_key(&RiskWords::Decided);
    let fits = match risk.state {
        RiskState::Whole => risk.level.is_some() && decided,
        RiskState::Deferred => decided,
        RiskState::Unfinished => true,
    };
    if fits { Ok(risk) } else { Err(Refusal::RiskIncomplete) }
}
