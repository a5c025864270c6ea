//! What does not belong among psychotherapy notes. 45 CFR 164.501 takes eleven things out of what it
//! protects there: whoever writes them there alone leaves them out of the record, where others who treat
//! the client look for them.
//!
//! Each rule looks at one sentence, in English, and asks for two words that make it a statement of the
//! record and not talk about it: `prescribed` with a drug, `session` with a time. A sentence about a
//! relative says nothing of the client. What is missed costs little; a false alarm teaches to look away.

mod words;

use std::ops::Range;
use words::{
    BOUNDS, DIAGNOSED, DRUGS, FREQUENCIES, FUNCTIONING, FURNISHED, MODALITIES, OUTLOOK, PLANNED,
    PRESCRIBED, PRESENT, PROGRESS, RELATIVES, TESTS,
};

/// What 45 CFR 164.501 excludes, in its order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Element {
    /// Medication prescription and monitoring.
    Medication,
    /// Counseling session start and stop times.
    StartStop,
    /// The modalities of treatment furnished.
    Modality,
    /// The frequencies of treatment furnished.
    Frequency,
    /// Results of clinical tests.
    TestResult,
    /// A summary of the diagnosis.
    Diagnosis,
    /// A summary of the functional status.
    FunctionalStatus,
    /// A summary of the treatment plan.
    TreatmentPlan,
    /// A summary of symptoms.
    Symptoms,
    /// A summary of the prognosis.
    Prognosis,
    /// A summary of the progress to date.
    Progress,
}

impl Element {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Medication,
        Self::StartStop,
        Self::Modality,
        Self::Frequency,
        Self::TestResult,
        Self::Diagnosis,
        Self::FunctionalStatus,
        Self::TreatmentPlan,
        Self::Symptoms,
        Self::Prognosis,
        Self::Progress,
    ];

    /// Returns what it is, as a line says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Medication => "a medication",
            Self::StartStop => "when the session began or ended",
            Self::Modality => "a modality of treatment",
            Self::Frequency => "how often treatment takes place",
            Self::TestResult => "a test result",
            Self::Diagnosis => "a diagnosis",
            Self::FunctionalStatus => "functional status",
            Self::TreatmentPlan => "the treatment plan",
            Self::Symptoms => "symptoms",
            Self::Prognosis => "a prognosis",
            Self::Progress => "progress to date",
        }
    }
}

/// Something that belongs in the record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What.
    pub element: Element,
    /// The sentence that says it, in bytes of the text.
    pub place: Range<usize>,
}

/// Returns, of each element, the first sentence that looks like it, in the order of the text.
pub fn check(text: &str) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for place in sentences(text) {
        let sentence = Sentence::of(text.get(place.clone()).unwrap_or_default());
        if sentence.is_about_a_relative() {
            continue;
        }
        for element in Element::ALL {
            let known = findings.iter().any(|one| one.element == element);
            if !known && sentence.says(element) {
                findings.push(Finding { element, place: place.clone() });
            }
        }
    }
    findings
}

/// Longer sentences are cut: nobody writes them, and each costs its length.
const SENTENCE_BYTES_MAX: usize = 2_000;

/// Parts of a text that end in a full stop, a semicolon or a line.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        let ends = letter == '\n'
            || (letter.is_whitespace() && matches!(before, '.' | '!' | '?' | ';'))
            || at - start >= SENTENCE_BYTES_MAX;
        if ends {
            all.push(start..at);
            start = at;
        }
        before = letter;
    }
    all.push(start..text.len());
    all.retain(|place| text.get(place.clone()).is_some_and(|part| !part.trim().is_empty()));
    all
}

/// The words of one sentence in small letters; a colon is a word of its own.
struct Sentence {
    words: Vec<String>,
    /// All of them, each between blanks.
    joined: String,
}

impl Sentence {
    fn of(text: &str) -> Self {
        let mut words = Vec::new();
        for word in text.split_whitespace() {
            let word = word.to_lowercase().replace('\u{2019}', "'");
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let colon = word.ends_with(':');
            if !bare.is_empty() {
                words.push(bare.to_owned());
            }
            if colon {
                words.push(":".to_owned());
            }
        }
        let joined = format!(" {} ", words.join(" "));
        Self { words, joined }
    }

    fn has(&self, phrase: &str) -> bool {
        self.joined.contains(&format!(" {phrase} "))
    }

    fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.has(phrase))
    }

    fn has_word(&self, is: impl Fn(&str) -> bool) -> bool {
        self.words.iter().any(|word| is(word))
    }

    /// Whether it begins with a heading such as `Plan:`.
    fn is_headed(&self, headings: &[&str]) -> bool {
        headings.iter().any(|heading| self.joined.starts_with(&format!(" {heading} : ")))
    }

    fn is_about_a_relative(&self) -> bool {
        let bare = |word: &str| RELATIVES.contains(&word.strip_suffix("'s").unwrap_or(word));
        self.has_word(bare)
    }

    fn says(&self, element: Element) -> bool {
        match element {
            Element::Medication => self.says_medication(),
            Element::StartStop => self.says_times(),
            Element::Modality => {
                self.is_headed(&["modality", "modalities", "intervention", "interventions"])
                    || (self.has_any(MODALITIES) && self.has_any(FURNISHED))
            }
            Element::Frequency => {
                self.is_headed(&["frequency"])
                    || (self.has_any(FREQUENCIES)
                        && self.has_any(&["session", "sessions", "therapy", "treatment"])
                        && !self.has_any(&["missed", "dreamt", "dreamed"]))
            }
            Element::TestResult => self.says_result(),
            Element::Diagnosis => {
                self.is_headed(&["dx", "diagnosis", "diagnoses"])
                    || self.has_word(is_code)
                    || self.has_any(DIAGNOSED)
            }
            Element::FunctionalStatus => {
                self.is_headed(&["functioning", "function"]) || self.has_any(FUNCTIONING)
            }
            Element::TreatmentPlan => {
                self.is_headed(&["plan", "tx plan", "treatment plan", "goals", "treatment goals"])
                    || (self.has_any(&[
                        "treatment plan",
                        "tx plan",
                        "treatment goal",
                        "treatment goals",
                    ]) && self.has_any(PLANNED))
            }
            Element::Symptoms => {
                self.is_headed(&["sx", "symptoms", "mse", "mental status"])
                    || (self.has_any(&["symptom", "symptoms"]) && self.has_any(PRESENT))
                    || (self.has_any(&[
                        "suicidal ideation",
                        "si",
                        "homicidal ideation",
                        "hi/si",
                        "si/hi",
                    ]) && self.has_any(&[
                        "denies", "denied", "reports", "reported", "endorses", "endorsed",
                    ]))
            }
            Element::Prognosis => {
                self.has("prognosis") && (self.is_headed(&["prognosis"]) || self.has_any(OUTLOOK))
            }
            Element::Progress => {
                self.is_headed(&["progress", "progress to date"]) || self.has_any(PROGRESS)
            }
        }
    }

    fn says_medication(&self) -> bool {
        let drug = |word: &str| DRUGS.contains(&word);
        let named = self.has_word(drug) || self.has_any(&["medication", "medications", "meds"]);
        let doses = self.words.windows(2).any(|pair| match pair {
            [amount, unit] => {
                is_number(amount) && matches!(unit.as_str(), "mg" | "mcg" | "milligrams")
            }
            _ => false,
        });
        let dose = |word: &str| {
            let amount = word.strip_suffix("mg").or_else(|| word.strip_suffix("mcg"));
            amount.is_some_and(is_number)
        };
        doses
            || self.has_word(dose)
            || self.is_headed(&["rx", "meds", "medication", "medications"])
            || (named && self.has_any(PRESCRIBED))
    }

    fn says_times(&self) -> bool {
        let times = self.words.iter().filter(|word| is_time(word)).count();
        let session = self.has_any(&["session", "appointment"]);
        let bounds = self.has_any(BOUNDS);
        self.is_headed(&["start", "stop", "start time", "stop time", "end time"])
            || (times > 0 && session && bounds)
            || (times > 1 && session && self.has_any(&["from", "to", "until"]))
    }

    fn says_result(&self) -> bool {
        let test = |word: &str| TESTS.contains(&word);
        let number = self.has_word(is_number);
        (self.has_word(test) && number && !self.has_any(&["hated", "hates", "refused"]))
            || (self.has_any(&[
                "blood test",
                "lab",
                "labs",
                "urine screen",
                "drug screen",
                "drug test",
            ]) && self
                .has_any(&["positive", "negative", "normal", "abnormal", "result", "results"]))
            || (self.has_any(&["scored", "score of", "scores"])
                && self.has_any(&["scale", "test", "measure"])
                && number)
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty()
        && word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '/')
        && word.starts_with(|c: char| c.is_ascii_digit())
}

/// `10:05`, `9:30am`, `9am`.
fn is_time(word: &str) -> bool {
    let bare = word.strip_suffix("am").or_else(|| word.strip_suffix("pm"));
    let clock = bare.unwrap_or(word);
    match clock.split_once(':') {
        Some((hours, minutes)) => {
            let digits = |part: &str| {
                (1..=2).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit())
            };
            digits(hours) && digits(minutes)
        }
        None => bare.is_some_and(|hours| {
            (1..=2).contains(&hours.len()) && hours.chars().all(|c| c.is_ascii_digit())
        }),
    }
}

/// A code of ICD-10-CM for mental disorders: `f33.1`.
fn is_code(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next() == Some('f')
        && word.len() >= 3
        && word.len() <= 8
        && letters.clone().take(2).all(|c| c.is_ascii_digit())
        && letters.clone().take(2).count() == 2
        && letters.skip(2).all(|c| c == '.' || c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
