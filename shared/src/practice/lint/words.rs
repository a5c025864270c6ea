//! Words by which notes are recognised to say something, in lists that anybody can read and correct. No
//! list decides what is true: each only says that something is mentioned.
//!
//! A `*` at the end stands for any ending. Several words stand as they follow each other.

/// What was done in a session, by name.
pub const INTERVENTIONS: &[&str] = &[
    "act",
    "activation",
    "assertive*",
    "behavioral",
    "behavioural",
    "boundary setting",
    "breath*",
    "cbt",
    "chair work",
    "challeng*",
    "clarif*",
    "coach*",
    "cognitive",
    "confront*",
    "coping",
    "crisis",
    "dbt",
    "defusion",
    "desensiti*",
    "educat*",
    "emdr",
    "encourag*",
    "explor*",
    "exposure*",
    "expressive",
    "feedback",
    "genogram",
    "goal setting",
    "grounding",
    "hierarchy",
    "homework",
    "imagery",
    "interpret*",
    "intervention*",
    "introduced",
    "journaling",
    "labeling",
    "labelling",
    "mindful*",
    "modeled",
    "modelled",
    "modeling",
    "modelling",
    "motivational",
    "narrative",
    "normalis*",
    "normaliz*",
    "paraphras*",
    "play therapy",
    "practiced",
    "practised",
    "problem solving",
    "problem-solving",
    "processed",
    "processing",
    "psychodynamic",
    "psychoeducation*",
    "reattribution",
    "reflect*",
    "reframe*",
    "reframing",
    "rehears*",
    "reinforc*",
    "relaxation",
    "restructur*",
    "reviewed",
    "role play*",
    "role-play*",
    "safety plan*",
    "schema",
    "scaling",
    "skill*",
    "socratic",
    "solution-focused",
    "summari*",
    "support*",
    "systemic",
    "taught",
    "thought record*",
    "urge surfing",
    "validat*",
    "values work",
    "visuali*",
];

/// How the client took it.
pub const RESPONSES: &[&str] = &[
    "able to",
    "accept*",
    "acknowledg*",
    "agreed",
    "agrees",
    "attentive",
    "benefit*",
    "brighten*",
    "calm*",
    "completed",
    "cooperat*",
    "declin*",
    "difficulty",
    "disagreed",
    "engag*",
    "express*",
    "felt",
    "found",
    "frustrat*",
    "guarded",
    "helpful",
    "hesitant",
    "identified",
    "improv*",
    "insight*",
    "interested",
    "laughed",
    "listened",
    "motivated",
    "noticed",
    "open to",
    "participat*",
    "practiced",
    "practised",
    "progress*",
    "rated",
    "reacted",
    "realis*",
    "realiz*",
    "receptive",
    "recogni*",
    "reflected",
    "refus*",
    "relie*",
    "reported",
    "reports",
    "resist*",
    "respond*",
    "response*",
    "said",
    "stated",
    "states",
    "struggl*",
    "surpris*",
    "tear*",
    "tolerat*",
    "understood",
    "unable to",
    "verbali*",
    "was willing",
    "willing",
    "wept",
    "worse*",
];

/// That a risk was looked at, whatever was found.
pub const RISKS: &[&str] = &[
    "abuse",
    "better off dead",
    "crisis",
    "danger*",
    "dead",
    "died by",
    "endanger*",
    "harm*",
    "hi",
    "homicid*",
    "hopeless*",
    "hurt*",
    "lethal*",
    "life not worth",
    "means",
    "overdose*",
    "protective",
    "risk*",
    "safe",
    "safety",
    "self harm",
    "self-harm",
    "self-injur*",
    "si",
    "suicid*",
    "thoughts of death",
    "violen*",
    "wish to die",
];

/// What the client suffers from, or what it keeps them from.
pub const SYMPTOMS: &[&str] = &[
    "addict*",
    "alone",
    "anger",
    "angry",
    "anhedoni*",
    "anxi*",
    "appetite",
    "argu*",
    "avoid*",
    "binge*",
    "breakup",
    "burnout",
    "cannot",
    "compuls*",
    "concentrat*",
    "conflict*",
    "craving*",
    "crying",
    "depress*",
    "difficult*",
    "distress*",
    "drank",
    "drinking",
    "dysphori*",
    "eating",
    "energy",
    "fatigue*",
    "fear*",
    "flashback*",
    "function*",
    "gad-7",
    "grief",
    "griev*",
    "guilt*",
    "headache*",
    "hopeless*",
    "impair*",
    "insomnia",
    "intrusive",
    "irritab*",
    "isolat*",
    "lonel*",
    "loss",
    "low mood",
    "missed work",
    "mood*",
    "nervous*",
    "nightmare*",
    "numb*",
    "obsess*",
    "overwhelm*",
    "pain*",
    "panic*",
    "phq-9",
    "rumina*",
    "sad",
    "sadness",
    "school",
    "shame*",
    "sleep*",
    "slept",
    "stress*",
    "symptom*",
    "tension",
    "tired*",
    "trauma*",
    "trigger*",
    "unable to",
    "upset",
    "urge*",
    "withdrawn",
    "work",
    "worr*",
];

/// How the client appeared.
pub const APPEARANCE: &[&str] = &[
    "affect*",
    "agitat*",
    "alert*",
    "appearance",
    "appeared",
    "appropriate",
    "attentive",
    "blunted",
    "calm*",
    "casual*",
    "cheerful",
    "cognition",
    "coherent",
    "congruent",
    "cooperative",
    "disorgani*",
    "distracted",
    "dressed",
    "euthymic",
    "eye contact",
    "flat",
    "fidget*",
    "fluent",
    "groomed",
    "guarded",
    "insight",
    "intact",
    "judgement",
    "judgment",
    "labile",
    "lethargic",
    "linear",
    "mental status",
    "mood*",
    "mse",
    "on time",
    "orient*",
    "pressured",
    "psychomotor",
    "rapport",
    "restless*",
    "restricted",
    "slowed",
    "speech",
    "spoke",
    "tear*",
    "tense",
    "thought content",
    "thought process*",
    "unremarkable",
    "wnl",
];

/// Why the session was needed.
pub const NECESSITY: &[&str] = &[
    "avoid*",
    "cannot",
    "clinically indicated",
    "continued treatment",
    "continues to",
    "criteria",
    "daily life",
    "decompensat*",
    "deteriorat*",
    "difficult*",
    "disabl*",
    "distress*",
    "function*",
    "hospitali*",
    "impact*",
    "impair*",
    "indicated",
    "interfer*",
    "limit*",
    "maintain*",
    "medically necessary",
    "moderate",
    "necess*",
    "needs",
    "ongoing",
    "persist*",
    "prevent*",
    "recurr*",
    "relapse*",
    "remains",
    "requires",
    "severe",
    "severity",
    "struggl*",
    "symptom*",
    "unable to",
    "warrant*",
    "without treatment",
];

/// What a session worked towards.
pub const AIMS: &[&str] =
    &["aim*", "goal*", "objective*", "progress*", "target*", "towards", "treatment plan"];

/// What comes next.
pub const NEXT: &[&str] = &[
    "again",
    "assigned",
    "between sessions",
    "bring",
    "continu*",
    "discharge*",
    "follow up",
    "follow-up",
    "go on",
    "homework",
    "next",
    "plan*",
    "practice",
    "practise",
    "refer*",
    "repeat*",
    "resume*",
    "return*",
    "schedul*",
    "to do",
    "until",
    "week*",
    "will",
];

/// Facts that belong into the progress note and never only beside it (45 CFR 164.501): medication,
/// times, modality, tests, diagnosis, status, treatment plan, symptoms, prognosis, progress.
pub const EXCLUDED: &[(&str, &[&str])] = &[
    ("medication", &["dosage", "dose", "medication*", "mg", "milligram*", "prescri*", "ssri*"]),
    ("a diagnosis", &["axis i", "diagnos*", "disorder*", "dsm*", "icd*"]),
    ("results of a test", &["bdi*", "gad-7", "pcl-5", "phq-9", "score*", "test result*"]),
    ("the treatment plan", &["treatment goal*", "treatment objective*", "treatment plan*"]),
    ("a prognosis", &["prognos*"]),
];

/// Words that most English sentences have.
const ENGLISH: &[&str] = &[
    "a", "and", "as", "at", "by", "for", "from", "has", "her", "his", "in", "is", "no", "not",
    "of", "on", "or", "she", "he", "that", "the", "their", "they", "to", "was", "were", "with",
];

/// Words of other languages that are none in English.
const OTHERS: &[&str] = &[
    "auf", "aus", "das", "dem", "den", "der", "die", "ein", "eine", "ist", "mit", "nicht", "sich",
    "sie", "und", "von", "zu", "avec", "dans", "des", "du", "elle", "est", "et", "la", "le", "les",
    "pas", "pour", "une", "con", "de", "del", "el", "en", "las", "los", "no", "para", "por", "que",
    "su", "una", "y",
];

/// A text as its words, in small letters.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Words(Vec<String>);

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What people wrote must not get into a message.
        write!(f, "Words({})", self.0.len())
    }
}

/// So many words of a text are looked at; a session has far fewer.
const WORDS_MAX: usize = 20_000;

impl Words {
    /// Reads a text. Hyphens belong to words, and so do digits.
    pub fn of(text: &str) -> Self {
        let parts = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
        let words = parts.map(|word| word.trim_matches('-')).filter(|word| !word.is_empty());
        Self(words.take(WORDS_MAX).map(str::to_lowercase).collect())
    }

    /// Returns how many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether one of a list is mentioned.
    pub fn mention(&self, list: &[&str]) -> bool {
        list.iter().any(|entry| self.has(entry))
    }

    /// Returns whether an entry of a list stands here.
    pub fn has(&self, entry: &str) -> bool {
        let wanted: Vec<&str> = entry.split(' ').collect();
        let fits = |word: &String, wanted: &&str| match wanted.strip_suffix('*') {
            Some(stem) => word.starts_with(stem),
            None => word == wanted,
        };
        self.0
            .windows(wanted.len().max(1))
            .any(|words| words.iter().zip(&wanted).all(|(a, b)| fits(a, b)))
    }

    /// Returns whether the lists of this file can be asked of it: they are English. What is short, or
    /// has no small words, is taken for English.
    pub fn is_english(&self) -> bool {
        let count =
            |list: &[&str]| self.0.iter().filter(|word| list.contains(&word.as_str())).count();
        let english = count(ENGLISH);
        count(OTHERS) <= english.max(1)
    }

    /// Returns how many words of some weight both have.
    pub fn shared(&self, other: &Self) -> usize {
        let weighty =
            |word: &&String| word.chars().count() >= 5 || word.chars().any(|c| c.is_ascii_digit());
        let mut known: Vec<&String> = other.0.iter().filter(weighty).collect();
        known.sort_unstable();
        known.dedup();
        let alike = |a: &str, b: &str| {
            let stem = |word: &str| word.chars().take(6).collect::<String>();
            a == b || (a.chars().count() >= 6 && stem(a) == stem(b))
        };
        known.into_iter().filter(|word| self.0.iter().any(|own| alike(own, word))).count()
    }
}
