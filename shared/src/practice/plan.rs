//! The treatment plan of a client: diagnoses, problems, goals with measurable objectives, how it is
//! worked on, how often, and when all of it is looked at again (domain 3.8).
//!
//! It is one document in the chart, whose lines stand on their own. Signing makes a record of the
//! lines as they are then, a version; the document goes on.

mod edits;

use super::chart::tag;
use super::contact::{line_within, within};
use super::document::{Document, Scalar};
use super::label::{self, Label, Relabel};
use super::record::{LABELS_MAX, Record, RecordKind};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{PlanItemId, Timestamp};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// After so many days a plan is looked at again, unless another date is set.
pub const REVIEW_DAYS: i32 = 90;

pub(super) const TEXT_BYTES_MAX: usize = 2000;
const CODE_BYTES_MAX: usize = 16;
const ITEMS_MAX: usize = 500;

/// Which line of a version has which labels; of the registry in `chart::tag`.
const PLAN_LABELS: u16 = 161;

const REVIEW: &str = "review";
const KIND: &str = "kind";
const UNDER: &str = "under";
const CODE: &str = "code";
const TEXT: &str = "text";
const TARGET: &str = "target";
const PROGRESS: &str = "progress";
const RATED: &str = "rated";
const STRUCK: &str = "struck";
const SINCE: &str = "since";

/// What a line of a plan is. They stand in this order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum PlanKind {
    /// A diagnosis, with how it is supported.
    Diagnosis,
    /// What the client came for.
    Problem,
    /// Something that helps or stands in the way.
    Strength,
    /// A long-term goal.
    Goal,
    /// A measurable step towards a goal.
    Objective,
    /// What is done towards it.
    Intervention,
    /// How often, for how long, in which way.
    Frequency,
    /// By what it is known that the work is done.
    Discharge,
    /// How the client took part in making the plan.
    Participation,
}

impl PlanKind {
    /// Every kind, in the order in which a plan has them.
    pub const ALL: [Self; 9] = [
        Self::Diagnosis,
        Self::Problem,
        Self::Strength,
        Self::Goal,
        Self::Objective,
        Self::Intervention,
        Self::Frequency,
        Self::Discharge,
        Self::Participation,
    ];

    /// Returns the heading under which its lines stand.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Diagnosis => "Diagnoses",
            Self::Problem => "Problems",
            Self::Strength => "Strengths and barriers",
            Self::Goal => "Goals",
            Self::Objective => "Objectives",
            Self::Intervention => "Interventions",
            Self::Frequency => "Frequency and duration",
            Self::Discharge => "Discharge criteria",
            Self::Participation => "Client's participation",
        }
    }

    /// Returns the word for one line of it, as commands and files write it. It never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Diagnosis => "diagnosis",
            Self::Problem => "problem",
            Self::Strength => "strength",
            Self::Goal => "goal",
            Self::Objective => "objective",
            Self::Intervention => "intervention",
            Self::Frequency => "frequency",
            Self::Discharge => "discharge",
            Self::Participation => "participation",
        }
    }

    /// Returns the kind that a word names.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether progress towards it is rated.
    pub const fn is_rated(self) -> bool {
        matches!(self, Self::Goal | Self::Objective)
    }

    const fn number(self) -> u8 {
        match self {
            Self::Diagnosis => 1,
            Self::Problem => 2,
            Self::Strength => 3,
            Self::Goal => 4,
            Self::Objective => 5,
            Self::Intervention => 6,
            Self::Frequency => 7,
            Self::Discharge => 8,
            Self::Participation => 9,
        }
    }

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// How far something has come, as the clinician rates it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Progress {
    /// Worse than at the start.
    Worse,
    /// As at the start.
    Unchanged,
    /// Some of the way.
    Some,
    /// Most of the way.
    Most,
    /// Achieved.
    Achieved,
}

impl Progress {
    /// Every rating, from the lowest to the highest.
    pub const ALL: [Self; 5] =
        [Self::Worse, Self::Unchanged, Self::Some, Self::Most, Self::Achieved];

    /// Returns its word, as screens, commands and files write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Unchanged => "unchanged",
            Self::Some => "some progress",
            Self::Most => "most of the way",
            Self::Achieved => "achieved",
        }
    }

    /// Returns the rating that a word names.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rating| rating.word() == word)
    }

    const fn number(self) -> u8 {
        match self {
            Self::Worse => 1,
            Self::Unchanged => 2,
            Self::Some => 3,
            Self::Most => 4,
            Self::Achieved => 5,
        }
    }

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|rating| rating.number() == number)
    }

    /// Returns the next rating up or down; the first press on one without a rating says "unchanged".
    pub fn step(from: Option<Self>, up: bool) -> Option<Self> {
        let Some(from) = from else { return Some(Self::Unchanged) };
        let number = if up { from.number() + 1 } else { from.number().saturating_sub(1) };
        Self::of(number)
    }
}

/// One line of a plan.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlanItem {
    /// Which.
    pub id: PlanItemId,
    /// What it is.
    pub kind: PlanKind,
    /// The goal that an objective belongs to.
    pub under: Option<PlanItemId>,
    /// The code of a diagnosis (ICD-10-CM), or empty.
    pub code: String,
    /// In words.
    pub text: String,
    /// Until when it is to be reached.
    pub target: Option<Date>,
    /// How far it has come, and when that was said.
    pub progress: Option<(Progress, Timestamp)>,
    /// Since when it stands in the plan.
    pub since: Timestamp,
    /// What makes it especially sensitive.
    pub labels: BTreeSet<Label>,
}

/// What an [`super::edit::Edit::ChangePlan`] sets of a line; `None` leaves it as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PlanChange {
    /// What it is; needed to begin a line.
    pub kind: Option<PlanKind>,
    /// The goal that it belongs to.
    pub under: Option<PlanItemId>,
    /// The code.
    pub code: Option<String>,
    /// The words.
    pub text: Option<String>,
    /// Until when; `Some(None)` takes it away.
    pub target: Option<Option<Date>>,
    /// How far it has come; `Some(None)` takes it away.
    pub progress: Option<Option<Progress>>,
    /// When that was said, if not now.
    pub rated: Option<Timestamp>,
    /// Whether it is taken out of the plan, or back in.
    pub struck: Option<bool>,
    /// Since when a new line stands in the plan, if not from now on.
    pub since: Option<Timestamp>,
    /// Its labels; all of them.
    pub labels: Option<BTreeSet<Label>>,
    /// Labels that are put or taken away, where `labels` does not name all of them.
    pub relabel: Option<Box<Relabel>>,
}

impl PlanChange {
    /// What it makes other of the labels that a line has.
    fn relabel_of(&self, had: &BTreeSet<Label>) -> Option<Relabel> {
        let after = match (&self.labels, &self.relabel) {
            (Some(labels), _) => labels.clone(),
            (None, Some(change)) => change.of(had),
            (None, None) => return None,
        };
        Some(Relabel::between(had, &after))
    }
}

/// A plan as it stands.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Its lines, in order: each objective after its goal.
    pub items: Vec<PlanItem>,
    /// When it is looked at again.
    pub review: Option<Date>,
}

/// What a plan lacks that payers and boards look for (AAPC and CMS on measurable objectives with
/// target dates; domain 3.8). It warns, and keeps nobody from signing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lack {
    /// There is no diagnosis.
    Diagnosis,
    /// There is no goal.
    Goal,
    /// So many goals have no objective.
    Objectives(usize),
    /// So many objectives have no target date.
    Targets(usize),
    /// Nothing says what is done.
    Intervention,
    /// Nothing says how often.
    Frequency,
    /// Nothing says how the client took part.
    Participation,
}

/// What lists know of a plan: no sentence of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct PlanFact {
    pub(super) items: u32,
    pub(super) review: Option<Date>,
}

impl PlanFact {
    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.items);
        writer.option(self.review, write_date);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self { items: reader.u32()?, review: reader.option(read_date)? })
    }
}

fn write_date(writer: &mut Writer, date: Date) {
    writer.u16(date.year().cast_unsigned());
    writer.u8(date.month().cast_unsigned()).u8(date.day().cast_unsigned());
}

fn read_date(reader: &mut Reader<'_>) -> Result<Date, CodecError> {
    let (year, month, day) = (reader.u16()?, reader.u8()?, reader.u8()?);
    let date = Date::new(year.cast_signed(), month.cast_signed(), day.cast_signed());
    date.map_err(|_| CodecError::Unknown)
}

impl Plan {
    /// Reads the document. A line that this version cannot read is passed over.
    pub(super) fn read(document: &Document) -> Self {
        let keys = document.keys();
        let ids = keys.iter().filter_map(|key| PlanItemId::parse(key));
        let items = ids.filter_map(|id| read_item(document, id)).collect();
        let review = document.value(None, REVIEW);
        let review = review.and_then(|value| value.text()?.parse().ok());
        let mut plan = Self { items, review };
        plan.order();
        plan
    }

    /// Brings the lines into their order: by kind, then age; objectives after their goal.
    fn order(&mut self) {
        let goals: Vec<_> = self.items.iter().filter(|item| item.kind == PlanKind::Goal).collect();
        let goals: Vec<_> = goals.into_iter().map(|goal| (goal.id, goal.since)).collect();
        self.items.sort_by_key(|item| {
            let goal = item.under.and_then(|under| goals.iter().find(|(id, _)| *id == under));
            let (kind, (goal, begun)) = match (item.kind, goal) {
                (PlanKind::Goal, _) => (PlanKind::Goal, (item.id, item.since)),
                (PlanKind::Objective, Some(goal)) => (PlanKind::Goal, *goal),
                (kind, _) => (kind, (PlanItemId::from_bytes([0; 16]), Timestamp::from_millis(0))),
            };
            (kind, begun, goal, item.kind, item.since, item.id)
        });
    }

    /// Returns a line.
    pub fn item(&self, id: PlanItemId) -> Option<&PlanItem> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Returns the goal that an objective stands under; `None` if it has none, or none any more.
    pub fn goal_of(&self, item: &PlanItem) -> Option<&PlanItem> {
        let goal = item.under.filter(|_| item.kind == PlanKind::Objective);
        goal.and_then(|goal| self.item(goal)).filter(|goal| goal.kind == PlanKind::Goal)
    }

    /// Returns what it lacks, in the order of its headings.
    pub fn lacks(&self) -> Vec<Lack> {
        let of = |kind| self.items.iter().filter(move |item: &&PlanItem| item.kind == kind);
        let none = |kind| of(kind).next().is_none();
        let served: BTreeSet<_> = of(PlanKind::Objective).filter_map(|item| item.under).collect();
        let bare = of(PlanKind::Goal).filter(|goal| !served.contains(&goal.id)).count();
        let undated = of(PlanKind::Objective).filter(|item| item.target.is_none()).count();
        let lacks = [
            none(PlanKind::Diagnosis).then_some(Lack::Diagnosis),
            none(PlanKind::Goal).then_some(Lack::Goal),
            (bare > 0).then_some(Lack::Objectives(bare)),
            (undated > 0).then_some(Lack::Targets(undated)),
            none(PlanKind::Intervention).then_some(Lack::Intervention),
            none(PlanKind::Frequency).then_some(Lack::Frequency),
            none(PlanKind::Participation).then_some(Lack::Participation),
        ];
        lacks.into_iter().flatten().collect()
    }

    /// Returns it as text, each line under its heading, as it is read, printed and handed over.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        let mut heading = None;
        for item in &self.items {
            let of_goal = self.goal_of(item).is_some();
            if heading != Some(item.kind) && !of_goal {
                if heading.is_some() {
                    lines.push(String::new());
                }
                lines.push(item.kind.title().to_owned());
                heading = Some(item.kind);
            }
            lines.push(format!("{}{}", if of_goal { "    " } else { "  " }, item.words()));
        }
        if let Some(review) = self.review {
            lines.extend([String::new(), format!("Review by {review}")]);
        }
        lines.join("\n")
    }

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.option(self.review, write_date);
        writer.list(&self.items, |w, item| {
            w.fixed(item.id.as_bytes()).u8(item.kind.number());
            w.option(item.under, |w, under| {
                w.fixed(under.as_bytes());
            });
            w.text(&item.code).text(&item.text);
            w.option(item.target, write_date);
            w.option(item.progress, |w, (progress, time)| {
                w.u8(progress.number()).i64(time.as_millis());
            });
            w.i64(item.since.as_millis());
        });
        writer.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let review = reader.option(read_date)?;
        let items = reader.list(ITEMS_MAX, |r| {
            Ok(PlanItem {
                id: PlanItemId::from_bytes(r.fixed()?),
                kind: PlanKind::of(r.u8()?).ok_or(CodecError::Unknown)?,
                under: r.option(Reader::fixed)?.map(PlanItemId::from_bytes),
                code: r.text(CODE_BYTES_MAX)?.to_owned(),
                text: r.text(TEXT_BYTES_MAX)?.to_owned(),
                target: r.option(read_date)?,
                progress: r.option(|r| {
                    let progress = Progress::of(r.u8()?).ok_or(CodecError::Unknown)?;
                    Ok((progress, Timestamp::from_millis(r.i64()?)))
                })?,
                since: Timestamp::from_millis(r.i64()?),
                labels: BTreeSet::new(),
            })
        })?;
        reader.finish()?;
        Ok(Self { items, review })
    }

    /// Reads the version that a record holds; `None` if it is none that this version reads.
    pub(super) fn signed(record: &Record) -> Option<Self> {
        let body = record.body().filter(|_| record.header.kind == RecordKind::Plan)?;
        let mut plan = Self::decode(body.bytes(tag::PLAN_LINES)?).ok()?;
        let labels = body.bytes(PLAN_LABELS).map(decode_labels);
        let labels = labels.transpose().ok()?.unwrap_or_default();
        for item in &mut plan.items {
            item.labels = labels.get(&item.id).cloned().unwrap_or_default();
        }
        Some(plan)
    }

    /// Returns the labels of all lines together: those that a signed version has.
    pub fn labels(&self) -> BTreeSet<Label> {
        self.items.iter().flat_map(|item| item.labels.iter().copied()).collect()
    }

    /// Returns which line has which labels, of those that have any; `None` if none has.
    fn encode_labels(&self) -> Option<Vec<u8>> {
        let labelled: Vec<_> = self.items.iter().filter(|item| !item.labels.is_empty()).collect();
        let mut writer = Writer::new();
        writer.list(&labelled, |w, item| {
            let labels: Vec<_> = item.labels.iter().copied().map(Label::number).collect();
            w.fixed(item.id.as_bytes()).list(&labels, |w, number| {
                w.u16(*number);
            });
        });
        (!labelled.is_empty()).then(|| writer.into_bytes())
    }

    pub(super) fn fact(&self) -> PlanFact {
        let items = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        PlanFact { items, review: self.review }
    }
}

impl PlanItem {
    /// Returns it in one line, without its heading.
    pub fn words(&self) -> String {
        let mut words = match self.code.as_str() {
            "" => self.text.clone(),
            code => format!("{code}  {}", self.text),
        };
        if let Some(target) = self.target {
            words.push_str(&format!("  (by {target})"));
        }
        if let Some((progress, _)) = self.progress {
            words.push_str(&format!("  [{}]", progress.word()));
        }
        words
    }

    /// Returns the change that would bring back what it says of what `change` sets.
    fn inverse(&self, change: &PlanChange) -> PlanChange {
        PlanChange {
            kind: change.kind.map(|_| self.kind),
            under: change.under.and(self.under),
            code: change.code.as_ref().map(|_| self.code.clone()),
            text: change.text.as_ref().map(|_| self.text.clone()),
            target: change.target.map(|_| self.target),
            progress: change.progress.map(|_| self.progress.map(|(progress, _)| progress)),
            rated: change.progress.and(self.progress).map(|(_, rated)| rated),
            struck: change.struck.map(|_| false),
            since: None,
            labels: None,
            relabel: change.relabel_of(&self.labels).map(|change| Box::new(change.inverse())),
        }
    }
}

fn decode_labels(bytes: &[u8]) -> Result<BTreeMap<PlanItemId, BTreeSet<Label>>, CodecError> {
    let mut reader = Reader::new(bytes);
    let lines = reader.list(ITEMS_MAX, |r| {
        let id = PlanItemId::from_bytes(r.fixed()?);
        let labels = r.list(LABELS_MAX, |r| r.u16().map(Label::of))?;
        Ok((id, labels.into_iter().collect()))
    })?;
    reader.finish()?;
    Ok(lines.into_iter().collect())
}

/// Returns text as one line: what breaks lines would stand as more lines of the plan.
fn one_line(text: &str) -> String {
    text.replace(
        |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}'),
        " ",
    )
}

fn read_item(document: &Document, id: PlanItemId) -> Option<PlanItem> {
    let place = id.to_string();
    let value = |field| document.value(Some(&place), field);
    let number = |field| value(field).and_then(|value| value.number());
    let text = |field, limit| {
        let value = value(field)?;
        Some(line_within(&one_line(within(value.text()?, limit)), limit))
    };
    if value(STRUCK) == Some(Scalar::Flag(true)) {
        return None;
    }
    let kind = u8::try_from(number(KIND)?).ok().and_then(PlanKind::of)?;
    let words = text(TEXT, TEXT_BYTES_MAX).filter(|words| !words.trim().is_empty())?;
    let progress = number(PROGRESS).and_then(|number| Progress::of(u8::try_from(number).ok()?));
    let rated = Timestamp::from_millis(number(RATED).unwrap_or(0));
    Some(PlanItem {
        id,
        kind,
        under: text(UNDER, 32).and_then(|under| PlanItemId::parse(&under)),
        code: text(CODE, CODE_BYTES_MAX).unwrap_or_default(),
        text: words,
        target: text(TARGET, 16).and_then(|date| date.parse().ok()),
        progress: progress.map(|progress| (progress, rated)),
        since: Timestamp::from_millis(number(SINCE).unwrap_or(0)),
        labels: label::of_line(document, &place),
    })
}
