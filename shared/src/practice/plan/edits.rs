//! What people do with a plan: lines are begun and changed, its review is set, it is signed, looked at.

use super::{
    CODE, CODE_BYTES_MAX, ITEMS_MAX, KIND, PLAN_LABELS, PROGRESS, Plan, PlanChange, RATED, REVIEW,
    REVIEW_DAYS, SINCE, STRUCK, TARGET, TEXT, TEXT_BYTES_MAX, UNDER, one_line,
};
use crate::id::{ClientId, PlanItemId, RecordId, Timestamp};
use crate::practice::apply::{Done, Guard, Refusal};
use crate::practice::audit::{AuditEvent, AuditKind, AuditSubject};
use crate::practice::chart::{Headline, tag};
use crate::practice::compartment::CompartmentName;
use crate::practice::contact::normal;
use crate::practice::document::{Document, Scalar};
use crate::practice::edit::{Edit, Subject};
use crate::practice::record::{LABELS_MAX, RecordKind, Tags};
use crate::practice::view::PlanView;
use crate::practice::{Context, Practice, document_of, zone};
use jiff::ToSpan as _;
use jiff::civil::Date;

impl Practice {
    /// Begins a line of a plan, or changes one.
    pub(in crate::practice) fn change_plan(
        &mut self,
        client: ClientId,
        id: PlanItemId,
        mut change: PlanChange,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        for (text, limit) in
            [(&mut change.text, TEXT_BYTES_MAX), (&mut change.code, CODE_BYTES_MAX)]
        {
            let Some(text) = text else { continue };
            *text = normal(&one_line(text));
            if text.len() > limit {
                return Err(Refusal::TextTooLong);
            }
        }
        let name = CompartmentName::Chart(client);
        let object = document_of(&name);
        let document = self.document(&name, object, cx)?;
        let place = id.to_string();
        let stands = document.value(Some(&place), KIND).is_some();
        let plan = Plan::read(document);
        let empty = change.text.as_ref().is_some_and(String::is_empty);
        let begins = change.kind.is_some() && change.text.is_some();
        match plan.item(id) {
            _ if empty => return Err(Refusal::EmptyText),
            // One that was taken out comes back, and nothing else happens to it.
            None if stands && change.struck != Some(false) => return Err(Refusal::UnknownPlanItem),
            None if !stands && !begins => return Err(Refusal::UnknownPlanItem),
            None if !stands && plan.items.len() >= ITEMS_MAX => return Err(Refusal::PlanFull),
            _ => {}
        }
        let inverse = match plan.item(id) {
            Some(item) => item.inverse(&change),
            None => PlanChange { struck: Some(true), ..PlanChange::default() },
        };
        let had = plan.item(id).map(|item| item.labels.clone()).unwrap_or_default();
        let relabel = change.relabel_of(&had).unwrap_or_default();
        if relabel.of(&had).len() > LABELS_MAX {
            return Err(Refusal::TextTooLong);
        }
        let labels = relabel.fields();
        let (now, mut written) = (cx.now, Vec::new());
        let begun = (!stands).then_some(change.since.unwrap_or(now));
        let delta = self.change(&name, object, cx, |document| {
            written = write_item(document, id, &change, begun, now);
            for (field, is_set) in labels {
                document.put(Some(&place), &field, Scalar::Flag(is_set));
                written.push((field, Scalar::Flag(is_set)));
            }
        })?;
        self.learn_plan(client, cx)?;
        let guard = |(field, value): (String, Scalar)| Guard {
            name: name.clone(),
            object,
            place: Some(place.clone()),
            field,
            value,
        };
        Ok(Done {
            changes: delta.into_iter().collect(),
            inverse: Some(Edit::ChangePlan { client, item: id, change: inverse }),
            guards: written.into_iter().map(guard).collect(),
        })
    }

    /// Sets when a plan is looked at again.
    pub(in crate::practice) fn review_plan(
        &mut self,
        client: ClientId,
        review: Option<Date>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        let name = CompartmentName::Chart(client);
        let object = document_of(&name);
        let before = Plan::read(self.document(&name, object, cx)?).review;
        let value = review.map_or(Scalar::Nothing, |date| Scalar::Text(date.to_string()));
        let delta = self.change(&name, object, cx, |document| {
            document.put(None, REVIEW, value.clone());
        })?;
        self.learn_plan(client, cx)?;
        let guard = Guard { name, object, place: None, field: REVIEW.to_owned(), value };
        Ok(Done {
            changes: delta.into_iter().collect(),
            inverse: Some(Edit::ReviewPlan { client, review: before }),
            guards: vec![guard],
        })
    }

    /// Signs a plan as it stands: a version that never changes. That is the review which the last
    /// version asked for, or one that is due: the next is [`REVIEW_DAYS`] later, or on the date that
    /// stands if that is later still. A date that was set since, and is to come, stays.
    pub(in crate::practice) fn sign_plan(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let name = CompartmentName::Chart(client);
        let object = document_of(&name);
        let mut plan = Plan::read(self.document(&name, object, cx)?);
        if plan.items.is_empty() {
            return Err(Refusal::NothingToSign);
        }
        if plan.items.len() > ITEMS_MAX {
            return Err(Refusal::PlanFull);
        }
        let today = zone::date(cx.now, &self.facts.settings.zone);
        let versions = self.versions(client);
        let last = Self::last_version(&name, &versions, cx);
        let signed = versions.first().map(|(time, _)| zone::date(*time, &self.facts.settings.zone));
        // Who reviews it another day and changes nothing signs that; twice on one day is a slip.
        if signed == Some(today) && last.as_ref() == Some(&plan) {
            return Err(Refusal::PlanUnchanged);
        }
        let asked = last.and_then(|last| last.review);
        let mut changes = Vec::new();
        if plan.review.is_none_or(|review| review <= today) || plan.review == asked {
            plan.review = plan.review.max(today.checked_add(REVIEW_DAYS.days()).ok());
            changes.extend(self.review_plan(client, plan.review, cx)?.changes);
        }
        let mut body = Tags::new();
        body.set(tag::PLAN_LINES, plan.encode());
        if let Some(labels) = plan.encode_labels() {
            body.set(PLAN_LABELS, labels);
        }
        let labels = plan.labels().into_iter().take(LABELS_MAX).collect();
        let record = RecordId::random(cx.random);
        let written = (RecordKind::Plan, Vec::new(), &labels);
        let signed = self.write_labelled(record, &name, written, body, cx);
        changes.push(signed);
        let subject = AuditSubject::View(Subject::Note(client, record));
        changes.extend(self.audit(&AuditEvent::new(AuditKind::Sign).about(subject), cx));
        Ok(Done { changes, ..Done::default() })
    }

    /// Reads again what lists show of a plan.
    fn learn_plan(&mut self, client: ClientId, cx: &mut Context<'_>) -> Result<(), Refusal> {
        let name = CompartmentName::Chart(client);
        let fact = Plan::read(self.document(&name, document_of(&name), cx)?).fact();
        self.facts.charts.entry(client).or_default().plan = fact;
        Ok(())
    }

    /// The versions of a client's plan that are not hidden, newest first.
    fn versions(&self, client: ClientId) -> Vec<(Timestamp, RecordId)> {
        let chart = self.shown_chart(client);
        let records = chart.iter().flat_map(|chart| &chart.records);
        let signed = records.filter(|(_, fact)| matches!(fact.headline, Headline::Plan { .. }));
        let mut versions: Vec<_> = signed.map(|(id, fact)| (fact.time, *id)).collect();
        versions.sort_unstable_by_key(|version| std::cmp::Reverse(*version));
        versions
    }

    /// The newest version, if this device can read it.
    fn last_version(
        name: &CompartmentName,
        versions: &[(Timestamp, RecordId)],
        cx: &mut Context<'_>,
    ) -> Option<Plan> {
        let (_, last) = versions.first()?;
        Plan::signed(&Self::stored_record(name, *last, cx).ok()?)
    }

    /// The plan as it stands, and its versions, newest first.
    pub(in crate::practice) fn plan_view(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<PlanView, Refusal> {
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?.clone();
        let name = CompartmentName::Chart(client);
        let plan = Plan::read(self.document(&name, document_of(&name), cx)?);
        let versions = self.versions(client);
        let last = Self::last_version(&name, &versions, cx);
        let changed = last.is_none_or(|last| last != plan);
        Ok(PlanView { client: row, changed: changed && !plan.items.is_empty(), plan, versions })
    }
}

/// Writes what a change sets, and returns it.
fn write_item(
    document: &mut Document,
    id: PlanItemId,
    change: &PlanChange,
    begun: Option<Timestamp>,
    now: Timestamp,
) -> Vec<(String, Scalar)> {
    let text = |text: &String| Scalar::Text(text.clone());
    let number = |number: u8| Scalar::Number(number.into());
    let date = |date: Option<Date>| date.map_or(Scalar::Nothing, |d| Scalar::Text(d.to_string()));
    // A rating that is taken away leaves its time: what brings it back says the time with it.
    let rated = change.progress.flatten().map(|_| change.rated.unwrap_or(now));
    let fields = [
        change.kind.map(|kind| (KIND, number(kind.number()))),
        change.under.map(|under| (UNDER, Scalar::Text(under.to_string()))),
        change.code.as_ref().map(|code| (CODE, text(code))),
        change.text.as_ref().map(|words| (TEXT, text(words))),
        change.target.map(|target| (TARGET, date(target))),
        change.progress.map(|progress| {
            (PROGRESS, progress.map_or(Scalar::Nothing, |rating| number(rating.number())))
        }),
        rated.map(|rated| (RATED, Scalar::Number(rated.as_millis()))),
        change.struck.map(|struck| (STRUCK, Scalar::Flag(struck))),
        begun.map(|begun| (SINCE, Scalar::Number(begun.as_millis()))),
    ];
    let place = id.to_string();
    if begun.is_some() {
        document.put_map(&place);
    }
    let fields: Vec<_> = fields.into_iter().flatten().collect();
    for (field, value) in &fields {
        document.put(Some(&place), field, value.clone());
    }
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}
