//! What a crisis needs: the risk form, the safety plan, and the emergency numbers of the practice.
//!
//! A risk form is a record of the chart: what was asked, what was said, and the level in the
//! clinician's own judgement, which nothing here computes. A safety plan is a record, too; the newest
//! that stands is the one that holds. Both are the product's own wording, and no published scale.

mod edits;
pub mod numbers;
mod risk;
mod safety;

pub(super) use edits::{fitting_plan, fitting_risk};
pub use risk::{Asked, NewRisk, RiskLevel, RiskState, RiskView, RiskWords, Said, asked_words};
pub use safety::{NewSafetyPlan, SafetyStep, SafetyView};

use super::chart::{Headline, RecordFact};
use super::record::{Record, RecordKind, Tags};
use super::view::{ClientRow, TimelineEntry};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::RecordId;
use risk::RiskFact;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The longest of the texts in a risk form, in bytes.
pub const TEXT_BYTES_MAX: usize = 1000;
/// The longest text of one step of a safety plan, in bytes.
pub const STEP_BYTES_MAX: usize = 2000;
/// So many forms and versions of a client are opened at most, the newest first.
pub const OPENED_MAX: usize = 200;

/// Numbers of the fields in record bodies, of the same registry as those of charts.
pub(super) mod tag {
    pub(crate) const RISK_ASKED: u16 = 110;
    pub(crate) const RISK_LEVEL: u16 = 111;
    pub(crate) const RISK_SAID: u16 = 112;
    pub(crate) const RISK_PROTECTS: u16 = 113;
    pub(crate) const RISK_DECIDED: u16 = 114;
    pub(crate) const RISK_MEANS: u16 = 115;
    pub(crate) const RISK_TOLD: u16 = 116;
    pub(crate) const RISK_CALLED: u16 = 117;
    pub(crate) const RISK_NEXT: u16 = 118;
    pub(crate) const RISK_OPENED: u16 = 119;
    pub(crate) const RISK_MEASURE: u16 = 120;
    pub(crate) const RISK_STATE: u16 = 121;
    pub(crate) const SAFETY_STEPS: u16 = 122;
    pub(crate) const HANDED: u16 = 130;
}

/// What lists know of a risk form or of a safety plan; nothing of what it says but the level.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CrisisFact {
    Risk(RiskFact),
    Safety { steps: u32 },
}

impl CrisisFact {
    /// Reads a record; `None` if this version cannot.
    pub(super) fn of(record: &Record, body: &Tags) -> Option<Self> {
        match record.header.kind {
            RecordKind::Risk => RiskFact::of(body).map(Self::Risk),
            _ => {
                let steps = safety::read(body)?.len();
                Some(Self::Safety { steps: u32::try_from(steps).ok()? })
            }
        }
    }

    /// Whether it answers to a measure: somebody has looked at what that raised, and has judged.
    pub(super) fn answers(self, measure: RecordId) -> bool {
        matches!(self, Self::Risk(fact) if fact.measure == Some(measure) && fact.is_whole())
    }

    /// Returns its line in a timeline.
    pub(super) const fn entry(self, record: RecordId) -> TimelineEntry {
        match self {
            Self::Risk(RiskFact { level, state, next, .. }) => {
                TimelineEntry::Risk { record, level, state, next }
            }
            Self::Safety { steps } => TimelineEntry::SafetyPlan { record, steps },
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        match self {
            Self::Risk(fact) => fact.encode(writer.u8(1)),
            Self::Safety { steps } => {
                writer.u8(2).u32(*steps);
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(match reader.u8()? {
            1 => Self::Risk(RiskFact::decode(reader)?),
            2 => Self::Safety { steps: reader.u32()? },
            _ => return Err(CodecError::Unknown),
        })
    }
}

/// The risk forms that name each measure.
pub(super) type FormsOf = BTreeMap<RecordId, BTreeSet<RecordId>>;

/// Takes over which measure a risk form names, if it names one.
pub(super) fn learn_form(forms: &mut FormsOf, record: RecordId, fact: &RecordFact) {
    if let Headline::Crisis(CrisisFact::Risk(RiskFact { measure: Some(measure), .. })) =
        fact.headline
    {
        forms.entry(measure).or_default().insert(record);
    }
}

/// Returns what all of them name.
pub(super) fn forms_of(records: &BTreeMap<RecordId, RecordFact>) -> FormsOf {
    let mut forms = FormsOf::new();
    records.iter().for_each(|(id, fact)| learn_form(&mut forms, *id, fact));
    forms
}

/// Returns what a risk form or a version of a safety plan says in words; `None` of any other record.
pub(super) fn texts(record: &Record) -> Option<Vec<String>> {
    let body = record.body()?;
    match record.header.kind {
        RecordKind::Risk => {
            let said = NewRisk::of(record, body);
            Some(said.words.into_values().collect())
        }
        RecordKind::SafetyPlan => {
            Some(safety::read(body).into_iter().flat_map(BTreeMap::into_values).collect())
        }
        _ => None,
    }
}

/// What is shown in a crisis.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CrisisView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// The risk forms, the newest first, those that were struck last.
    pub risks: Vec<RiskView>,
    /// The versions of the safety plan, in the same order: the first that stands holds.
    pub plans: Vec<SafetyView>,
    /// How many more there are, which were not read.
    pub older: usize,
    /// Where the client lives, as far as that is known: jurisdiction and address.
    pub home: Vec<String>,
    /// Whom to call for the client, and what they may be told; or empty.
    pub emergency_contact: String,
}

impl CrisisView {
    /// Returns the safety plan that holds.
    pub fn plan(&self) -> Option<&SafetyView> {
        self.plans.iter().find(|plan| !plan.struck)
    }

    /// Returns the last form with a level.
    pub fn last(&self) -> Option<&RiskView> {
        let judged =
            |risk: &&RiskView| risk.said.state == RiskState::Whole && risk.said.level.is_some();
        self.risks.iter().filter(|risk| !risk.struck).find(judged)
    }
}
