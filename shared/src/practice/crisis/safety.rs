//! The safety plan: what a client can do when it gets bad, step by step, and what is worth living for.
//! The steps are those that clinicians know; the wording is our own.

use super::risk::saved_at;
use super::{STEP_BYTES_MAX, tag};
use crate::codec::{Reader, Writer};
use crate::id::{ClientId, MemberId, RecordId, Timestamp};
use crate::practice::chart::tag as chart_tag;
use crate::practice::contact::normal;
use crate::practice::edit::Stamp;
use crate::practice::label::Label;
use crate::practice::record::{Record, Tags, registry};
use std::collections::{BTreeMap, BTreeSet};

/// Most steps that a record is read for.
const STEPS_MAX: usize = 32;

registry! {
    /// A step of a safety plan.
    SafetyStep {
        /// What it is like when it begins.
        Signs = 1,
        /// What helps, alone.
        Alone = 2,
        /// Where and with whom it passes.
        Elsewhere = 3,
        /// Whom to ask.
        People = 4,
        /// Who helps as their work, day and night.
        Professionals = 5,
        /// What is put out of reach.
        Surroundings = 6,
        /// What is worth living for.
        Worth = 7,
    }
}

impl SafetyStep {
    /// Those that this version knows, in order.
    pub const ALL: [Self; 7] = [
        Self::Signs,
        Self::Alone,
        Self::Elsewhere,
        Self::People,
        Self::Professionals,
        Self::Surroundings,
        Self::Worth,
    ];

    /// Returns its words, for the client, too.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Signs => "How I notice that it is getting bad",
            Self::Alone => "What I can do by myself",
            Self::Elsewhere => "Places and people that take my mind off it",
            Self::People => "People I can ask for help",
            Self::Professionals => "Professionals, and help at any hour",
            Self::Surroundings => "How I make what is around me safer",
            Self::Worth => "What is worth living for",
            Self::Unknown(_) => "(newer version)",
        }
    }

    /// Returns the word that files have for it. It never changes.
    pub fn word(self) -> String {
        let word = match self {
            Self::Signs => "signs",
            Self::Alone => "alone",
            Self::Elsewhere => "elsewhere",
            Self::People => "people",
            Self::Professionals => "professionals",
            Self::Surroundings => "surroundings",
            Self::Worth => "worth",
            Self::Unknown(number) => return format!("step-{number}"),
        };
        word.to_owned()
    }

    /// Returns what a word names.
    pub fn named(word: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|step| step.word() == word);
        known.or_else(|| word.strip_prefix("step-")?.parse().ok().map(Self::of))
    }
}

/// What stands in a safety plan: of each step lines of text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NewSafetyPlan {
    /// The text of each step; one without text is not there.
    pub steps: BTreeMap<SafetyStep, String>,
    /// When it was signed, of what comes from elsewhere; `None` now.
    pub at: Option<Timestamp>,
}

/// Returns a text of several lines, each of them as one line is kept, without empty ones.
pub(super) fn lines(text: &str) -> String {
    let lines = text.lines().map(normal).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

impl NewSafetyPlan {
    pub(super) fn body(&self) -> Tags {
        let mut writer = Writer::new();
        let steps: Vec<_> = self.steps.iter().collect();
        writer.list(&steps, |w, (step, text)| {
            w.u16(step.number()).text(text);
        });
        let mut body = Tags::new();
        body.set(tag::SAFETY_STEPS, writer.into_bytes());
        if let Some(at) = self.at {
            body.set(chart_tag::WHEN, at.as_millis().to_be_bytes());
        }
        body
    }
}

/// Reads the steps of a plan; `None` if this version cannot.
pub(super) fn read(body: &Tags) -> Option<BTreeMap<SafetyStep, String>> {
    let mut reader = Reader::new(body.bytes(tag::SAFETY_STEPS)?);
    let step = |r: &mut Reader<'_>| Ok((SafetyStep::of(r.u16()?), lines(r.text(STEP_BYTES_MAX)?)));
    let steps = reader.list(STEPS_MAX, step).ok()?;
    reader.finish().ok()?;
    Some(steps.into_iter().filter(|(_, text)| !text.is_empty()).collect())
}

/// A version of a safety plan as its reader sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SafetyView {
    /// Its record.
    pub record: RecordId,
    /// In whose chart it lies.
    pub client: ClientId,
    /// The text of each step.
    pub steps: BTreeMap<SafetyStep, String>,
    /// Who signed.
    pub author: MemberId,
    /// When.
    pub signed: Stamp,
    /// Whether it was struck, as entered by mistake.
    pub struck: bool,
    /// Its labels.
    pub labels: BTreeSet<Label>,
    /// Whether it says more than this version reads.
    pub says_more: bool,
}

impl SafetyView {
    pub(super) fn of(record: &Record, client: ClientId, struck: bool) -> Option<Self> {
        let body = record.body()?;
        Some(Self {
            record: record.header.id,
            client,
            steps: read(body)?,
            author: record.header.author.member,
            signed: Stamp { time: saved_at(record), zone: record.header.zone.clone() },
            struck,
            labels: BTreeSet::new(),
            says_more: !body.unknown(&[tag::SAFETY_STEPS, chart_tag::WHEN]).is_empty(),
        })
    }

    /// Returns the plan as the text that a client takes along: no name, no code, no practice's words
    /// but the emergency numbers that it was given.
    pub fn print(&self, numbers: &[String]) -> String {
        let mut text = String::from("MY SAFETY PLAN\n");
        for step in SafetyStep::ALL {
            let said = self.steps.get(&step);
            let numbers: &[String] = if step == SafetyStep::Professionals { numbers } else { &[] };
            if said.is_none() && numbers.is_empty() {
                continue;
            }
            text.push_str(&format!("\n{}\n", step.title()));
            let said = said.into_iter().flat_map(|text| text.lines());
            for line in said.chain(numbers.iter().map(String::as_str)) {
                text.push_str(&format!("  - {line}\n"));
            }
        }
        text
    }
}
