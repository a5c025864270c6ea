//! The risk form: what was asked and said, and what a clinician has judged and decided.

use super::{TEXT_BYTES_MAX, tag};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, ClientId, MemberId, RecordId, Timestamp};
use crate::practice::chart::tag as chart_tag;
use crate::practice::contact::{normal, within};
use crate::practice::edit::Stamp;
use crate::practice::label::Label;
use crate::practice::record::{Record, RelationKind, Tags, registry};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

const DATE_BYTES_MAX: usize = 16;
/// Most questions that a record is read for.
const ASKED_MAX: usize = 64;

registry! {
    /// What is asked in a crisis.
    Asked {
        /// Wishing to be dead.
        WishToBeDead = 1,
        /// Thoughts of suicide.
        Thoughts = 2,
        /// How it would be done.
        Method = 3,
        /// Whether it is meant.
        Intent = 4,
        /// A plan, or what was prepared.
        Plan = 5,
        /// What it needs, within reach.
        MeansAtHand = 6,
        /// Earlier attempts.
        PastAttempts = 7,
        /// Hurting oneself without wanting to die.
        SelfHarm = 8,
        /// Thoughts of hurting somebody else.
        HarmToOthers = 9,
    }
}

registry! {
    /// What was said to that. What was not asked has no answer.
    Said {
        /// No.
        No = 1,
        /// Yes.
        Yes = 2,
        /// It was asked, and the answer was not clear, or there was none.
        Unclear = 3,
    }
}

registry! {
    /// How high a clinician judges the risk to be. It follows from nothing but that judgement.
    RiskLevel {
        /// None was found.
        NoneFound = 1,
        /// Low.
        Low = 2,
        /// Moderate.
        Moderate = 3,
        /// High.
        High = 4,
        /// Danger now.
        Acute = 5,
    }
}

impl Asked {
    /// Those that this version knows, in the order in which they are asked.
    pub const ALL: [Self; 9] = [
        Self::WishToBeDead,
        Self::Thoughts,
        Self::Method,
        Self::Intent,
        Self::Plan,
        Self::MeansAtHand,
        Self::PastAttempts,
        Self::SelfHarm,
        Self::HarmToOthers,
    ];

    /// Returns its words on a screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::WishToBeDead => "Wishes to be dead",
            Self::Thoughts => "Thoughts of suicide",
            Self::Method => "Has thought of how",
            Self::Intent => "Means to do it",
            Self::Plan => "Has a plan, or prepared",
            Self::MeansAtHand => "The means are at hand",
            Self::PastAttempts => "Has tried before",
            Self::SelfHarm => "Hurts self, not to die",
            Self::HarmToOthers => "Thoughts to harm others",
            Self::Unknown(_) => "(newer version)",
        }
    }

    /// Returns the word that files have for it; of one that only a newer version knows its number.
    pub fn word(self) -> String {
        let word = match self {
            Self::WishToBeDead => "wish-to-be-dead",
            Self::Thoughts => "thoughts",
            Self::Method => "method",
            Self::Intent => "intent",
            Self::Plan => "plan",
            Self::MeansAtHand => "means-at-hand",
            Self::PastAttempts => "past-attempts",
            Self::SelfHarm => "self-harm",
            Self::HarmToOthers => "harm-to-others",
            Self::Unknown(number) => return format!("asked-{number}"),
        };
        word.to_owned()
    }

    /// Returns what a word names.
    pub fn named(word: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|asked| asked.word() == word);
        known.or_else(|| numbered(word, "asked-").map(Self::of))
    }
}

impl Said {
    /// Those that this version knows, in the order of their digits: 0, 1, 2.
    pub const ALL: [Self; 3] = [Self::No, Self::Yes, Self::Unclear];

    /// Returns the word, on a screen and in files.
    pub fn word(self) -> String {
        match self {
            Self::No => "no".to_owned(),
            Self::Yes => "yes".to_owned(),
            Self::Unclear => "unclear".to_owned(),
            Self::Unknown(number) => format!("said-{number}"),
        }
    }

    /// Returns what a word names.
    pub fn named(word: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|said| said.word() == word);
        known.or_else(|| numbered(word, "said-").map(Self::of))
    }
}

impl RiskLevel {
    /// Those that this version knows, in the order of their digits: 0 to 4.
    pub const ALL: [Self; 5] =
        [Self::NoneFound, Self::Low, Self::Moderate, Self::High, Self::Acute];

    /// Returns its words on a screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NoneFound => "none found",
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
            Self::Acute => "acute: danger now",
            Self::Unknown(_) => "(newer version)",
        }
    }

    /// Returns the word that commands and files have for it. It never changes.
    pub fn word(self) -> String {
        let word = match self {
            Self::NoneFound => "none-found",
            Self::Acute => "acute",
            Self::Unknown(number) => return format!("level-{number}"),
            known => known.title(),
        };
        word.to_owned()
    }

    /// Returns what a word names.
    pub fn named(word: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|level| level.word() == word);
        known.or_else(|| numbered(word, "level-").map(Self::of))
    }
}

fn numbered(word: &str, before: &str) -> Option<u16> {
    word.strip_prefix(before)?.parse().ok()
}

/// What is written down in words, a line each.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RiskWords {
    /// What the client said: when, how often, by which means.
    Said,
    /// What keeps the client alive.
    Protects,
    /// What was decided, and why.
    Decided,
    /// What was done about the means.
    Means,
    /// Who was told, or asked for advice.
    Told,
}

impl RiskWords {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Said, Self::Protects, Self::Decided, Self::Means, Self::Told];

    /// Returns the label.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Said => "In the client's words",
            Self::Protects => "What protects",
            Self::Decided => "What was decided",
            Self::Means => "Means made safe",
            Self::Told => "Told, or asked",
        }
    }

    /// Returns the name in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Protects => "protects",
            Self::Decided => "decided",
            Self::Means => "means",
            Self::Told => "told",
        }
    }

    const fn tag(self) -> u16 {
        match self {
            Self::Said => tag::RISK_SAID,
            Self::Protects => tag::RISK_PROTECTS,
            Self::Decided => tag::RISK_DECIDED,
            Self::Means => tag::RISK_MEANS,
            Self::Told => tag::RISK_TOLD,
        }
    }
}

/// How far a form was filled in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RiskState {
    /// Somebody has judged and decided.
    #[default]
    Whole,
    /// It was left before that, by a lock or an end of the program.
    Unfinished,
    /// It was put off, and why stands where the decision would.
    Deferred,
}

impl RiskState {
    const fn number(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Unfinished => 1,
            Self::Deferred => 2,
        }
    }

    const fn of(number: u8) -> Self {
        match number {
            0 => Self::Whole,
            2 => Self::Deferred,
            // Of what only a newer version knows, somebody sees to it.
            _ => Self::Unfinished,
        }
    }
}

/// What a person writes down in a risk form.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NewRisk {
    /// What was asked, and what was said to it.
    pub asked: BTreeMap<Asked, Said>,
    /// In words.
    pub words: BTreeMap<RiskWords, String>,
    /// The clinician's judgement; a whole form has one.
    pub level: Option<RiskLevel>,
    /// Whether an emergency service was called.
    pub called: Option<bool>,
    /// When the client is spoken to next.
    pub next: Option<Date>,
    /// When the form was opened.
    pub opened: Option<Timestamp>,
    /// When it was saved, of what comes from elsewhere; `None` now.
    pub at: Option<Timestamp>,
    /// In which session.
    pub session: Option<AppointmentId>,
    /// The measure of which an answer raised it.
    pub measure: Option<RecordId>,
    /// The earlier form to which this one adds, or which it puts right.
    pub adds_to: Option<RecordId>,
    /// How far it was filled in.
    pub state: RiskState,
}

impl NewRisk {
    pub(super) fn body(&self) -> Tags {
        let mut body = Tags::new();
        if !self.asked.is_empty() {
            let mut writer = Writer::new();
            let asked: Vec<_> = self.asked.iter().collect();
            writer.list(&asked, |w, (asked, said)| {
                w.u16(asked.number()).u16(said.number());
            });
            body.set(tag::RISK_ASKED, writer.into_bytes());
        }
        for (field, text) in self.words.iter().filter(|(_, text)| !text.is_empty()) {
            body.set(field.tag(), text.as_bytes());
        }
        if let Some(level) = self.level {
            body.set(tag::RISK_LEVEL, level.number().to_be_bytes());
        }
        if let Some(called) = self.called {
            body.set(tag::RISK_CALLED, [u8::from(called)]);
        }
        if let Some(next) = self.next {
            body.set(tag::RISK_NEXT, next.to_string());
        }
        let times = [(tag::RISK_OPENED, self.opened), (chart_tag::WHEN, self.at)];
        for (tag, time) in times {
            if let Some(time) = time {
                body.set(tag, time.as_millis().to_be_bytes());
            }
        }
        if let Some(session) = self.session {
            body.set(chart_tag::SESSION, *session.as_bytes());
        }
        if let Some(measure) = self.measure {
            body.set(tag::RISK_MEASURE, *measure.as_bytes());
        }
        if self.state != RiskState::Whole {
            body.set(tag::RISK_STATE, [self.state.number()]);
        }
        body
    }

    /// Reads what a record says; what is there and does not read is left out.
    pub(super) fn of(record: &Record, body: &Tags) -> Self {
        let time = |tag| body.fixed(tag).map(|at| Timestamp::from_millis(i64::from_be_bytes(at)));
        let words = |field: RiskWords| {
            let text = within(&normal(body.text(field.tag())?), TEXT_BYTES_MAX).to_owned();
            (!text.is_empty()).then_some((field, text))
        };
        let adds_to = record.relation(RelationKind::AddendumTo);
        let fact = RiskFact::of(body).unwrap_or_default();
        Self {
            asked: asked(body).unwrap_or_default(),
            words: RiskWords::ALL.into_iter().filter_map(words).collect(),
            level: fact.level,
            called: body.fixed::<1>(tag::RISK_CALLED).map(|[called]| called == 1),
            next: fact.next,
            opened: time(tag::RISK_OPENED),
            at: time(chart_tag::WHEN),
            session: body.fixed(chart_tag::SESSION).map(AppointmentId::from_bytes),
            measure: fact.measure,
            adds_to: adds_to.map(|relation| RecordId::from_bytes(relation.target)),
            state: fact.state,
        }
    }
}

fn asked(body: &Tags) -> Option<BTreeMap<Asked, Said>> {
    let mut reader = Reader::new(body.bytes(tag::RISK_ASKED)?);
    let read = |r: &mut Reader<'_>| Ok((Asked::of(r.u16()?), Said::of(r.u16()?)));
    let asked = reader.list(ASKED_MAX, read).ok()?;
    reader.finish().ok()?;
    Some(asked.into_iter().collect())
}

/// When a form or a plan was saved: when it was signed, unless it says that it was earlier.
pub(in crate::practice) fn saved_at(record: &Record) -> Timestamp {
    let at = record.body().and_then(|body| body.fixed(chart_tag::WHEN));
    let at = at.map(|at| Timestamp::from_millis(i64::from_be_bytes(at)));
    at.map_or(record.header.time, |at| at.min(record.header.time))
}

/// What lists know of a risk form.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::practice) struct RiskFact {
    pub(super) level: Option<RiskLevel>,
    pub(super) state: RiskState,
    pub(super) next: Option<Date>,
    pub(super) measure: Option<RecordId>,
}

impl RiskFact {
    /// Whether somebody has judged and decided.
    pub(super) fn is_whole(self) -> bool {
        self.state == RiskState::Whole && self.level.is_some()
    }

    pub(super) fn of(body: &Tags) -> Option<Self> {
        // A level that does not read is none: nobody is taken to have judged.
        let level = body.fixed(tag::RISK_LEVEL).map(u16::from_be_bytes).map(RiskLevel::of);
        let state = body.fixed::<1>(tag::RISK_STATE).map_or(0, |[state]| state);
        let next = body.text(tag::RISK_NEXT).filter(|text| text.len() <= DATE_BYTES_MAX);
        Some(Self {
            level,
            state: RiskState::of(state),
            next: next.and_then(|next| next.parse().ok()),
            measure: body.fixed(tag::RISK_MEASURE).map(RecordId::from_bytes),
        })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.option(self.level, |w, level| {
            w.u16(level.number());
        });
        writer.u8(self.state.number()).option(self.next, |w, next| {
            w.text(&next.to_string());
        });
        writer.option(self.measure, |w, measure| {
            w.fixed(measure.as_bytes());
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            level: reader.option(Reader::u16)?.map(RiskLevel::of),
            state: RiskState::of(reader.u8()?),
            next: reader
                .option(|r| r.text(DATE_BYTES_MAX)?.parse().map_err(|_| CodecError::Unknown))?,
            measure: reader.option(|r| r.fixed().map(RecordId::from_bytes))?,
        })
    }
}

const KNOWN_TAGS: [u16; 14] = [
    tag::RISK_ASKED,
    tag::RISK_LEVEL,
    tag::RISK_SAID,
    tag::RISK_PROTECTS,
    tag::RISK_DECIDED,
    tag::RISK_MEANS,
    tag::RISK_TOLD,
    tag::RISK_CALLED,
    tag::RISK_NEXT,
    tag::RISK_OPENED,
    tag::RISK_MEASURE,
    tag::RISK_STATE,
    chart_tag::SESSION,
    chart_tag::WHEN,
];

/// A risk form as its reader sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RiskView {
    /// Its record.
    pub record: RecordId,
    /// In whose chart it lies.
    pub client: ClientId,
    /// What it says.
    pub said: NewRisk,
    /// Who signed.
    pub author: MemberId,
    /// When it was saved.
    pub saved: Stamp,
    /// Whether it was struck, as entered by mistake.
    pub struck: bool,
    /// Its labels.
    pub labels: BTreeSet<Label>,
    /// Whether it says more than this version reads.
    pub says_more: bool,
}

impl RiskView {
    pub(super) fn of(record: &Record, client: ClientId, struck: bool) -> Option<Self> {
        let body = record.body()?;
        let zone = record.header.zone.clone();
        Some(Self {
            record: record.header.id,
            client,
            said: NewRisk::of(record, body),
            author: record.header.author.member,
            saved: Stamp { time: saved_at(record), zone },
            struck,
            labels: BTreeSet::new(),
            says_more: !body.unknown(&KNOWN_TAGS).is_empty(),
        })
    }
}

/// What was asked in words, shortest first: what was said yes to, then what was unclear, then no.
pub fn asked_words(asked: &BTreeMap<Asked, Said>) -> Vec<String> {
    [Said::Yes, Said::Unclear, Said::No]
        .into_iter()
        .filter_map(|said| {
            let all = asked.iter().filter(|(_, one)| **one == said);
            let all: Vec<&str> = all.map(|(asked, _)| asked.title()).collect();
            let label = said.word();
            (!all.is_empty()).then(|| format!("{label}: {}", all.join(", ")))
        })
        .collect()
}
