//! Risk forms and safety plans in an export.

use super::super::crisis::{
    Asked, NewRisk, NewSafetyPlan, RiskLevel, RiskState, RiskView, RiskWords, SafetyStep,
    SafetyView, Said, fitting_plan, fitting_risk,
};
use super::super::edit::{Edit, Labelled};
use super::super::view::Index;
use super::export::{author, labels, typed};
use super::import::written::labelled;
use super::import::{Cause, ImportStep, Importer, id, session};
use super::lines::{AuthorBody, Moment, Rest, moment, read_instant, stamp};
use crate::id::{ClientId, RecordId, Timestamp};
use crate::suite;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most questions and steps of a line.
const PARTS_MAX: usize = 64;

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct RiskLine {
    id: String,
    client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// What was asked, and the answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    asked: BTreeMap<String, String>,
    /// What was written in words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    words: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    called: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    measure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adds_to: Option<String>,
    /// Left out of a whole one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened: Option<Moment>,
    author: AuthorBody,
    signed: Moment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct SafetyLine {
    id: String,
    client: String,
    /// The text of each step.
    steps: BTreeMap<String, String>,
    author: AuthorBody,
    signed: Moment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

const UNFINISHED: &str = "unfinished";
const DEFERRED: &str = "deferred";

pub(super) fn risk(view: &RiskView, index: &Index) -> String {
    let said = &view.said;
    let state = match said.state {
        RiskState::Whole => None,
        RiskState::Unfinished => Some(UNFINISHED.to_owned()),
        RiskState::Deferred => Some(DEFERRED.to_owned()),
    };
    let line = RiskLine {
        id: view.record.to_string(),
        client: view.client.to_string(),
        session: said.session.map(|id| id.to_string()),
        asked: said.asked.iter().map(|(asked, said)| (asked.word(), said.word())).collect(),
        words: said.words.iter().map(|(of, text)| (of.word().to_owned(), text.clone())).collect(),
        level: said.level.map(RiskLevel::word),
        called: said.called,
        next: said.next.map(|next| next.to_string()),
        measure: said.measure.map(|id| id.to_string()),
        adds_to: said.adds_to.map(|id| id.to_string()),
        state,
        opened: said.opened.map(|time| moment(time, &view.saved.zone)),
        author: author(view.author, index),
        signed: stamp(&view.saved),
        labels: labels(&view.labels),
        rest: Rest::new(),
    };
    typed("risk", line)
}

pub(super) fn safety(view: &SafetyView, index: &Index) -> String {
    let line = SafetyLine {
        id: view.record.to_string(),
        client: view.client.to_string(),
        steps: view.steps.iter().map(|(step, text)| (step.word(), text.clone())).collect(),
        author: author(view.author, index),
        signed: stamp(&view.signed),
        labels: labels(&view.labels),
        rest: Rest::new(),
    };
    typed("safety-plan", line)
}

/// The record that stands for one of another practice: the same one each time.
fn crisis_of(record: RecordId) -> RecordId {
    RecordId::from_bytes(suite::hash("tac/imported/crisis", &[record.as_bytes()]).truncated())
}

/// The same of a measure, so that a risk form names it still.
pub(super) fn measure_of(record: RecordId) -> RecordId {
    RecordId::from_bytes(suite::hash("tac/imported/measure", &[record.as_bytes()]).truncated())
}

fn time(of: &Moment, field: &'static str) -> Result<Timestamp, Cause> {
    read_instant(&of.time).ok_or(Cause::Invalid(field))
}

impl Importer {
    pub(super) fn risk(&mut self, line: RiskLine) -> Result<Vec<ImportStep>, Cause> {
        let original = id(&line.id, RecordId::parse, "id")?;
        let client = id(&line.client, ClientId::parse, "client")?;
        let session = session(line.session.as_deref())?;
        if line.asked.len() > PARTS_MAX {
            return Err(Cause::Invalid("asked"));
        }
        let asked =
            line.asked.iter().map(|(asked, said)| Some((Asked::named(asked)?, Said::named(said)?)));
        let asked = asked.collect::<Option<_>>().ok_or(Cause::Invalid("asked"))?;
        let words = line.words.into_iter().map(|(of, text)| {
            let known = RiskWords::ALL.into_iter().find(|one| one.word() == of);
            known.map(|known| (known, text))
        });
        let words = words.collect::<Option<_>>().ok_or(Cause::Invalid("words"))?;
        let level = line.level.map(|word| RiskLevel::named(&word).ok_or(Cause::Invalid("level")));
        let next = line.next.map(|next| next.parse().map_err(|_| Cause::Invalid("next")));
        let named = |text: &String, field| id(text, RecordId::parse, field);
        let measure = line.measure.as_ref().map(|text| named(text, "measure")).transpose()?;
        let adds_to = line.adds_to.as_ref().map(|text| named(text, "adds_to")).transpose()?;
        let opened = line.opened.as_ref().map(|opened| time(opened, "opened")).transpose()?;
        let risk = NewRisk {
            asked,
            words,
            level: level.transpose()?,
            called: line.called,
            next: next.transpose()?,
            opened,
            at: Some(time(&line.signed, "signed")?),
            session,
            measure: measure.map(measure_of),
            adds_to: adds_to.map(crisis_of),
            state: match line.state.as_deref() {
                None => RiskState::Whole,
                Some(DEFERRED) => RiskState::Deferred,
                Some(UNFINISHED) => RiskState::Unfinished,
                Some(_) => return Err(Cause::Invalid("state")),
            },
        };
        let risk = fitting_risk(risk).map_err(|_| Cause::Invalid("risk"))?;
        self.seen("risk", &line.rest);
        self.not_carried("risk.author", true);
        let record = crisis_of(original);
        let labelled = labelled(client, Labelled::Record(record), &line.labels)?;
        let edit = Edit::RecordRisk { client, record, risk: Box::new(risk) };
        Ok(std::iter::once(ImportStep::Edit(edit)).chain(labelled).collect())
    }

    pub(super) fn safety(&mut self, line: SafetyLine) -> Result<Vec<ImportStep>, Cause> {
        let original = id(&line.id, RecordId::parse, "id")?;
        let client = id(&line.client, ClientId::parse, "client")?;
        if line.steps.len() > PARTS_MAX {
            return Err(Cause::Invalid("steps"));
        }
        let steps =
            line.steps.into_iter().map(|(step, text)| Some((SafetyStep::named(&step)?, text)));
        let steps = steps.collect::<Option<_>>().ok_or(Cause::Invalid("steps"))?;
        let plan = NewSafetyPlan { steps, at: Some(time(&line.signed, "signed")?) };
        let plan = fitting_plan(plan).map_err(|_| Cause::Invalid("steps"))?;
        self.seen("safety-plan", &line.rest);
        self.not_carried("safety-plan.author", true);
        let record = crisis_of(original);
        let labelled = labelled(client, Labelled::Record(record), &line.labels)?;
        let edit = Edit::SignSafetyPlan { client, record, plan: Box::new(plan) };
        Ok(std::iter::once(ImportStep::Edit(edit)).chain(labelled).collect())
    }
}
