//! How a text is divided, and how it is changed.

use std::fmt;

/// Writes the formats, each with its number in the open registry (it is never used twice), the word
/// by which commands and files name it, its name on the screen, what it is for, and its parts.
macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $word:literal, $title:literal, $about:literal,
        [$($part:ident),+];)+) => {
        /// How a note is divided.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum NoteFormat {
            $($(#[$doc])* $name,)+
        }

        impl NoteFormat {
            /// Every format, in the order in which a new note offers them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Every format with the word by which commands and files name it. It never changes.
            pub const WORDS: &'static [(Self, &'static str)] = &[$((Self::$name, $word)),+];

            /// Returns the number in the registry.
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$name => $number,)+
                }
            }

            /// Returns the format of a number; `None` if a newer version wrote it.
            pub const fn of(number: i64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Returns its name on the screen, at most eleven columns.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)+
                }
            }

            /// Returns its parts, or what it is for, in a few words.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$name => $about,)+
                }
            }

            /// Returns the parts in their order on the screen.
            pub const fn parts(self) -> &'static [Part] {
                match self {
                    $(Self::$name => &[$(Part::$part),+],)+
                }
            }
        }
    };
}

formats! {
    /// Subjective, objective, assessment, plan.
    Soap = 2, "soap", "SOAP", "subjective, objective, assessment, plan",
        [Subjective, Objective, Assessment, Plan];
    /// One free text.
    Free = 1, "free", "free", "one text", [Text];
    /// Data, assessment, plan.
    Dap = 3, "dap", "DAP", "data, assessment, plan", [Data, Assessment, Plan];
    /// Behaviour, intervention, response, plan.
    Birp = 4, "birp", "BIRP", "behaviour, intervention, response, plan",
        [Behavior, Intervention, Response, Plan];
    /// Goal, intervention, response, plan.
    Girp = 5, "girp", "GIRP", "goal, intervention, response, plan",
        [Goal, Intervention, Response, Plan];
    /// Problem, intervention, evaluation.
    Pie = 6, "pie", "PIE", "problem, intervention, evaluation",
        [Problem, Intervention, Evaluation];
    /// A first session.
    Intake = 7, "intake", "intake", "first session: history, mental status, risk",
        [Reason, History, MentalStatus, Risk, Assessment, Plan];
    /// What threatens a life, and what was done.
    Risk = 8, "risk", "risk", "thoughts, factors, level, what was done",
        [Thoughts, Factors, Level, Intervention, Plan];
    /// A session of a group.
    Group = 9, "group", "group", "topic, process, intervention, response, plan",
        [Topic, Process, Intervention, Response, Plan];
    /// Supervision, given or received.
    Supervision = 10, "supervision", "supervision", "cases, themes, guidance, what follows",
        [Cases, Themes, Guidance, Plan];
    /// The end of a treatment.
    Discharge = 11, "discharge", "discharge", "why it ends, course, outcome, aftercare",
        [Ending, Course, Outcome, Risk, Aftercare];
}

impl NoteFormat {
    /// Returns the format that a word names.
    pub fn named(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(format, _)| *format)
    }

    /// Returns the part in which the text of another format's part is best at home. A part that both
    /// have stays what it is; of every other something stands for the same step of the work.
    pub fn home_of(self, part: Part) -> Part {
        if self.parts().contains(&part) {
            return part;
        }
        let [account, judgement, action, next, aim] = self.steps();
        match part.step() {
            Step::Account => account,
            Step::Judgement => judgement,
            Step::Action => action,
            Step::Next => next,
            Step::Aim => aim,
        }
    }

    /// Which part holds what happened, what it is taken for, what was done, what follows and what it
    /// is for.
    const fn steps(self) -> [Part; 5] {
        match self {
            Self::Free => [Part::Text; 5],
            Self::Soap => {
                [Part::Subjective, Part::Assessment, Part::Assessment, Part::Plan, Part::Assessment]
            }
            Self::Dap => [Part::Data, Part::Assessment, Part::Data, Part::Plan, Part::Assessment],
            Self::Birp => {
                [Part::Behavior, Part::Response, Part::Intervention, Part::Plan, Part::Behavior]
            }
            Self::Girp => {
                [Part::Response, Part::Response, Part::Intervention, Part::Plan, Part::Goal]
            }
            Self::Pie => [
                Part::Problem,
                Part::Evaluation,
                Part::Intervention,
                Part::Evaluation,
                Part::Problem,
            ],
            Self::Intake => {
                [Part::Reason, Part::Assessment, Part::Assessment, Part::Plan, Part::Plan]
            }
            Self::Risk => [Part::Thoughts, Part::Level, Part::Intervention, Part::Plan, Part::Plan],
            Self::Group => {
                [Part::Process, Part::Response, Part::Intervention, Part::Plan, Part::Topic]
            }
            Self::Supervision => {
                [Part::Cases, Part::Themes, Part::Guidance, Part::Plan, Part::Themes]
            }
            Self::Discharge => {
                [Part::Course, Part::Outcome, Part::Course, Part::Aftercare, Part::Outcome]
            }
        }
    }
}

/// Which step of the work a part is about.
#[derive(Clone, Copy)]
enum Step {
    Account,
    Judgement,
    Action,
    Next,
    Aim,
}

/// Writes the parts, each with its number in the open registry (it is never used twice), the name of
/// its text in a draft's document, its word in files, its letter and its title.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $field:expr, $word:literal, $letter:literal,
        $title:literal, $step:ident;)+) => {
        /// A part of a note.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Part {
            $($(#[$doc])* $name,)+
        }

        impl Part {
            /// Every part.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Every part with its word in files. It never changes.
            pub const WORDS: &'static [(Self, &'static str)] = &[$((Self::$name, $word)),+];

            /// Returns the number in the registry, which fits into one byte.
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$name => $number,)+
                }
            }

            /// Returns the part of a number; `None` if a newer version wrote it.
            pub const fn of(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Returns the heading.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)+
                }
            }

            /// Returns the letter that stands before the heading, or nothing.
            pub const fn letter(self) -> &'static str {
                match self {
                    $(Self::$name => $letter,)+
                }
            }

            /// The name under which its text lies in a draft's document.
            pub(super) const fn field(self) -> &'static str {
                match self {
                    $(Self::$name => $field,)+
                }
            }

            const fn step(self) -> Step {
                match self {
                    $(Self::$name => Step::$step,)+
                }
            }
        }
    };
}

parts! {
    /// The only part of a free note.
    Text = 1, "text", "text", "", "Note", Account;
    /// What the client says.
    Subjective = 2, "subjective", "subjective", "S", "Subjective", Account;
    /// What the clinician observes.
    Objective = 3, "objective", "objective", "O", "Objective", Account;
    /// What the clinician makes of it.
    Assessment = 4, "assessment", "assessment", "A", "Assessment", Judgement;
    /// What comes next.
    Plan = 5, "plan", "plan", "P", "Plan", Next;
    /// What was said and seen.
    Data = 200, "part/200", "data", "D", "Data", Account;
    /// How the client was and acted.
    Behavior = 201, "part/201", "behavior", "B", "Behaviour", Account;
    /// What the clinician did.
    Intervention = 202, "part/202", "intervention", "I", "Intervention", Action;
    /// How the client took it.
    Response = 203, "part/203", "response", "R", "Response", Judgement;
    /// What the session worked towards.
    Goal = 204, "part/204", "goal", "G", "Goal", Aim;
    /// What the session was about.
    Problem = 205, "part/205", "problem", "P", "Problem", Account;
    /// What it led to.
    Evaluation = 206, "part/206", "evaluation", "E", "Evaluation", Judgement;
    /// Why the client comes.
    Reason = 207, "part/207", "reason", "R", "Reason for coming", Account;
    /// What came before.
    History = 208, "part/208", "history", "H", "History", Account;
    /// How the client appears now.
    MentalStatus = 209, "part/209", "mental-status", "M", "Mental status", Account;
    /// What could happen to the client or to others.
    Risk = 210, "part/210", "risk", "K", "Risk", Judgement;
    /// Thoughts of harm, a plan, means.
    Thoughts = 211, "part/211", "thoughts", "T", "Thoughts, plan, means", Account;
    /// What adds to a risk and what protects.
    Factors = 212, "part/212", "factors", "F", "Risk and protective factors", Judgement;
    /// How high the risk is taken to be, and why.
    Level = 213, "part/213", "level", "L", "Level of risk, and why", Judgement;
    /// What the group was about.
    Topic = 214, "part/214", "topic", "T", "Topic", Aim;
    /// What happened in the group.
    Process = 215, "part/215", "process", "X", "Process", Account;
    /// Who was talked about, by codes.
    Cases = 216, "part/216", "cases", "C", "Cases", Account;
    /// What it was about beyond them.
    Themes = 217, "part/217", "themes", "T", "Themes", Judgement;
    /// What was advised.
    Guidance = 218, "part/218", "guidance", "G", "Guidance", Action;
    /// Why a treatment ends.
    Ending = 219, "part/219", "ending", "W", "Why it ends", Account;
    /// What was done in it.
    Course = 220, "part/220", "course", "C", "Course", Account;
    /// What came of it.
    Outcome = 221, "part/221", "outcome", "O", "Outcome against goals", Judgement;
    /// What comes after it.
    Aftercare = 222, "part/222", "aftercare", "A", "Aftercare", Next;
}

/// Returns whether a name is that of a part's text, also of one that a newer version knows.
pub(super) fn is_part_field(name: &str) -> bool {
    let numbered = |number: &str| {
        number.len() <= 5 && number.parse::<u16>().is_ok_and(|read| read.to_string() == number)
    };
    name.strip_prefix("part/").is_some_and(numbered)
        || Part::ALL.iter().any(|part| part.field() == name)
}

/// One change of a draft's text. Positions and lengths count Unicode code points of the part as
/// it stands when this splice is made.
#[derive(Clone, Eq, PartialEq)]
pub struct Splice {
    /// In which part.
    pub part: Part,
    /// Where.
    pub position: usize,
    /// How many code points go.
    pub deleted: usize,
    /// What comes.
    pub inserted: String,
}

impl fmt::Debug for Splice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is clinical; its length is enough for a message.
        let inserted = self.inserted.chars().count();
        write!(f, "Splice({:?} at {}: -{} +{inserted})", self.part, self.position, self.deleted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_format_has_a_home_for_every_part_and_keeps_its_own() {
        for format in NoteFormat::ALL {
            for part in Part::ALL {
                let home = format.home_of(*part);
                assert!(format.parts().contains(&home), "{format:?} {part:?}");
                let kept = format.parts().contains(part);
                assert!(!kept || home == *part, "{format:?} {part:?}");
            }
        }
    }

    #[test]
    fn numbers_fields_words_and_letters_within_a_format_are_used_once() {
        let parts = Part::ALL;
        assert_eq!(
            parts.iter().map(|part| part.number()).collect::<BTreeSet<_>>().len(),
            parts.len()
        );
        assert_eq!(
            parts.iter().map(|part| part.field()).collect::<BTreeSet<_>>().len(),
            parts.len()
        );
        let words: BTreeSet<_> = Part::WORDS.iter().map(|(_, word)| word).collect();
        assert_eq!(words.len(), parts.len());
        for part in parts {
            assert_eq!(Part::of(part.number()), Some(*part));
            assert!(is_part_field(part.field()));
        }
        for format in NoteFormat::ALL {
            assert_eq!(NoteFormat::of(format.number().into()), Some(*format));
            let letters: BTreeSet<_> = format.parts().iter().map(|part| part.letter()).collect();
            assert_eq!(letters.len(), format.parts().len(), "{format:?}");
        }
    }

    #[test]
    fn the_text_of_a_part_of_a_newer_version_is_known_as_one() {
        for (name, expected) in [
            ("part/239", true),
            ("part/65535", true),
            ("part/65536", false),
            ("part/", false),
            ("part/+1", false),
            ("part/007", false),
            ("discarded", false),
        ] {
            assert_eq!(is_part_field(name), expected, "{name}");
        }
    }
}
