//! What a payer or a colleague would miss in a progress note, before it is signed (domain 3.9).
//!
//! Pure and simple: a rule is a function of the text and of what is known of the session and of the
//! treatment plan. Each says what it misses, why, and after which source. Rules look for words, so they
//! can be wrong both ways; they warn, and only what the practice has said is a wall.

pub mod psychotherapy;
mod settings;
#[cfg(test)]
mod tests;
pub mod words;

pub use settings::{Level, Levels};
pub(super) use settings::{decode, encode, read};

use super::edit::{NoteFormat, Part, Status};
use super::plan::{Plan, PlanKind};
use super::view::AppointmentRow;
use crate::id::Timestamp;
use words::Words;

/// One thing that a progress note should have.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Element {
    /// When the session began and ended.
    StartStop,
    /// Where the client was, if not at the office.
    Place,
    /// A diagnosis, in the treatment plan.
    Diagnosis,
    /// What the client suffers from, or what it keeps them from.
    Symptoms,
    /// How the client appeared.
    MentalStatus,
    /// That a risk was looked at.
    Risk,
    /// What was done, by name.
    Intervention,
    /// How the client took it.
    Response,
    /// Which objective it works towards.
    Objective,
    /// What comes next.
    Next,
    /// Why it was needed.
    Necessity,
    /// Signed within 72 hours.
    Late,
    /// Each part says something.
    Empty,
    /// No gap is left.
    Gap,
}

impl Element {
    /// Every element, in the order in which they are listed.
    pub const ALL: [Self; 14] = [
        Self::StartStop,
        Self::Place,
        Self::Diagnosis,
        Self::Symptoms,
        Self::MentalStatus,
        Self::Risk,
        Self::Intervention,
        Self::Response,
        Self::Objective,
        Self::Next,
        Self::Necessity,
        Self::Late,
        Self::Empty,
        Self::Gap,
    ];

    /// Returns the word under which settings keep it. It never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::StartStop => "start-stop",
            Self::Place => "place",
            Self::Diagnosis => "diagnosis",
            Self::Symptoms => "symptoms",
            Self::MentalStatus => "mental-status",
            Self::Risk => "risk",
            Self::Intervention => "intervention",
            Self::Response => "response",
            Self::Objective => "objective",
            Self::Next => "next",
            Self::Necessity => "necessity",
            Self::Late => "late",
            Self::Empty => "empty",
            Self::Gap => "gap",
        }
    }

    /// Returns the element that a word names.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|element| element.word() == word)
    }

    /// Returns what it is, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::StartStop => "start and stop time",
            Self::Place => "where the client was, of a session elsewhere",
            Self::Diagnosis => "a diagnosis in the treatment plan",
            Self::Symptoms => "symptoms, or what they keep the client from",
            Self::MentalStatus => "how the client appeared",
            Self::Risk => "risk",
            Self::Intervention => "an intervention, by name",
            Self::Response => "how the client responded",
            Self::Objective => "a goal or objective of the treatment plan",
            Self::Next => "what comes next",
            Self::Necessity => "why the session was needed",
            Self::Late => "signed within 72 hours",
            Self::Empty => "each part says something",
            Self::Gap => "no gap is left",
        }
    }

    /// Returns where the rule comes from: Novitas' documentation checklist, First Coast's denials (L33128),
    /// the APA's guidelines for telepsychology (domain 3.9).
    pub const fn source(self) -> &'static str {
        match self {
            Self::Place => "APA",
            Self::Necessity => "L33128",
            Self::Late => "payers",
            Self::Empty | Self::Gap => "Tacenda",
            Self::StartStop
            | Self::Diagnosis
            | Self::Symptoms
            | Self::MentalStatus
            | Self::Risk
            | Self::Intervention
            | Self::Response
            | Self::Objective
            | Self::Next => "Novitas",
        }
    }

    /// Whether the practice may say that nothing is signed without it. Where the client was is required
    /// by another rule already, and a late note is signed with its reason.
    pub const fn can_be_required(self) -> bool {
        !matches!(self, Self::Place | Self::Late)
    }
}

/// What is known of a chart that a note is written in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OfPlan {
    /// How many diagnoses the treatment plan has.
    pub diagnoses: usize,
    /// Its goals and objectives, in its order.
    pub aims: Vec<(PlanKind, String)>,
}

impl OfPlan {
    /// What a treatment plan says.
    pub fn of(plan: &Plan) -> Self {
        let is_aim = |kind| matches!(kind, PlanKind::Goal | PlanKind::Objective);
        let items = plan.items.iter();
        let aims = items.clone().filter(|item| is_aim(item.kind) && !item.text.trim().is_empty());
        Self {
            diagnoses: items.filter(|item| item.kind == PlanKind::Diagnosis).count(),
            aims: aims.map(|item| (item.kind, item.text.clone())).collect(),
        }
    }
}

impl OfPlan {
    /// Takes what the plan of another entry of the same person says.
    pub(super) fn add(&mut self, other: Self) {
        self.diagnoses += other.diagnoses;
        self.aims.extend(other.aims);
    }
}

/// A note that is about to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Linted<'a> {
    /// How it is divided.
    pub format: NoteFormat,
    /// The text of its parts.
    pub parts: &'a [(Part, String)],
    /// Its session, if it is about one.
    pub session: Option<&'a AppointmentRow>,
    /// Its treatment plan, if that is known here.
    pub plan: Option<&'a OfPlan>,
    /// The time.
    pub now: Timestamp,
}

/// Something that is missed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What.
    pub element: Element,
    /// The part in which it would be said; `None` if it is not said in the text.
    pub part: Option<Part>,
    /// What is missed and why, in one sentence without its end.
    pub words: String,
}

impl Finding {
    fn new(element: Element, part: Option<Part>, words: impl Into<String>) -> Self {
        Self { element, part, words: words.into() }
    }

    /// Returns the sentence with its source.
    pub fn sentence(&self) -> String {
        match self.element {
            Element::Empty | Element::Gap | Element::Place => format!("{}.", self.words),
            element => format!("{} ({}).", self.words, element.source()),
        }
    }
}

/// Returns what is missed, in the order of [`Element::ALL`].
pub fn check(note: &Linted<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if is_of_session(note) {
        of_session(note, &mut found);
        of_text(note, &mut found);
    }
    of_parts(note, &mut found);
    found.sort_by_key(|finding| finding.element);
    found
}

/// Whether a note is about a session that took place: only then is there something to be paid for.
fn is_of_session(note: &Linted<'_>) -> bool {
    let took_place = note.session.is_some_and(|session| {
        !session.status.frees_the_slot() && session.status != Status::NoShow
    });
    let progress = !matches!(note.format, NoteFormat::Supervision | NoteFormat::Discharge);
    took_place && progress
}

/// What is known without the text.
fn of_session(note: &Linted<'_>, found: &mut Vec<Finding>) {
    let Some(session) = note.session else { return };
    let stamped = session.stamps.began.is_some() && session.stamps.ended.is_some();
    if !stamped && times_in(note) < 2 {
        let words = match session.stamps.began {
            Some(_) => "No stop time: b on the session stamps it",
            None => "No start and stop time: B on the session says them",
        };
        found.push(Finding::new(Element::StartStop, None, words));
    }
    if session.lacks_whereabouts() {
        let words = "Nothing says where the client was: Esc twice, b on the session, then sign";
        found.push(Finding::new(Element::Place, None, words));
    }
    if note.now.millis_since(session.starts) > super::LATE_AFTER_MILLIS {
        let words = "More than 72 hours after the session: it will be marked late";
        found.push(Finding::new(Element::Late, None, words));
    }
    if note.plan.is_some_and(|plan| plan.diagnoses == 0) {
        let words = "The treatment plan has no diagnosis: g p in the chart";
        found.push(Finding::new(Element::Diagnosis, None, words));
    }
}

/// How many times of day stand in the text, as `09:05`.
fn times_in(note: &Linted<'_>) -> usize {
    let is_time = |word: &&str| {
        let word = word.trim_matches(|letter: char| !letter.is_ascii_digit());
        let Some((hour, minute)) = word.split_once(':') else { return false };
        let number = |text: &str, below: u8| {
            text.len() <= 2 && text.parse::<u8>().is_ok_and(|number| number < below)
        };
        minute.len() == 2 && number(hour, 24) && number(minute, 60)
    };
    let words = note.parts.iter().flat_map(|(_, text)| text.split([' ', '\n', '-', '\u{2013}']));
    words.filter(is_time).count()
}

/// One rule about the text: what is missed where none of a list is mentioned.
struct Rule {
    element: Element,
    list: &'static [&'static str],
    /// A format that has one of these parts asks for it there already.
    parts: &'static [Part],
    /// Where it would be said.
    home: Part,
    words: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        element: Element::Symptoms,
        list: words::SYMPTOMS,
        parts: &[Part::Problem, Part::Reason, Part::Thoughts],
        home: Part::Subjective,
        words: "No symptom or impairment is named; payers ask what is treated",
    },
    Rule {
        element: Element::MentalStatus,
        list: words::APPEARANCE,
        parts: &[Part::MentalStatus, Part::Thoughts],
        home: Part::Objective,
        words: "Nothing says how the client appeared (mood, affect, speech)",
    },
    Rule {
        element: Element::Risk,
        list: words::RISKS,
        parts: &[Part::Risk, Part::Level],
        home: Part::Assessment,
        words: "Risk is not mentioned; say also that there was none",
    },
    Rule {
        element: Element::Intervention,
        list: words::INTERVENTIONS,
        parts: &[Part::Intervention],
        home: Part::Intervention,
        words: "No intervention is named; payers ask what was done",
    },
    Rule {
        element: Element::Response,
        list: words::RESPONSES,
        parts: &[Part::Response, Part::Evaluation],
        home: Part::Response,
        words: "Nothing says how the client responded",
    },
    Rule {
        element: Element::Next,
        list: words::NEXT,
        parts: &[Part::Plan, Part::Aftercare],
        home: Part::Plan,
        words: "Nothing says what comes next",
    },
    Rule {
        element: Element::Necessity,
        list: words::NECESSITY,
        parts: &[Part::Level],
        home: Part::Assessment,
        words: "Nothing says why it was needed (impairment, severity)",
    },
];

fn of_text(note: &Linted<'_>, found: &mut Vec<Finding>) {
    let whole: Vec<&str> = note.parts.iter().map(|(_, text)| text.as_str()).collect();
    let text = Words::of(&whole.join("\n"));
    // Of an empty note its empty parts are told; of one in another language these lists know nothing.
    if text.is_empty() || !text.is_english() {
        return;
    }
    let asked_for = |parts: &[Part]| parts.iter().any(|part| note.format.parts().contains(part));
    // A first session, and a risk, have parts for what they must say.
    let first = matches!(note.format, NoteFormat::Intake | NoteFormat::Risk);
    let later = [Element::Intervention, Element::Response, Element::Necessity];
    for rule in RULES {
        let spared = asked_for(rule.parts) || (first && later.contains(&rule.element));
        if !spared && !text.mention(rule.list) {
            let home = note.format.home_of(rule.home);
            found.push(Finding::new(rule.element, Some(home), rule.words));
        }
    }
    if !first && !asked_for(&[Part::Goal]) && !is_linked(note.plan, &text) {
        let home = note.format.home_of(Part::Goal);
        let words = "No goal or objective of the plan is named: F7 puts one in";
        found.push(Finding::new(Element::Objective, Some(home), words));
    }
}

/// Whether a text says that it works towards something, or has words of a goal or an objective.
fn is_linked(plan: Option<&OfPlan>, text: &Words) -> bool {
    let fits = |aim: &String| {
        let aim = Words::of(aim);
        text.shared(&aim) >= aim.len().min(2)
    };
    let aims = plan.map(|plan| plan.aims.as_slice()).unwrap_or_default();
    text.mention(words::AIMS) || aims.iter().any(|(_, aim)| fits(aim))
}

/// What a person who fills in a form leaves behind.
pub const GAPS: [&str; 4] = ["???", "___", "[...]", "XXX"];

fn of_parts(note: &Linted<'_>, found: &mut Vec<Finding>) {
    let single = note.parts.len() < 2;
    for (part, text) in note.parts {
        let title = if single { "The text" } else { part.title() };
        if text.trim().is_empty() {
            let words = format!("{title} is empty");
            found.push(Finding::new(Element::Empty, Some(*part), words));
        } else if GAPS.iter().any(|gap| text.contains(gap)) {
            let words = format!("{title} has a gap that was left to be filled");
            found.push(Finding::new(Element::Gap, Some(*part), words));
        }
    }
}
