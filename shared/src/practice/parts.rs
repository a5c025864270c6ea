//! How a text is divided, and how it is changed.

use std::fmt;

/// How a note is divided.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum NoteFormat {
    /// One free text.
    Free,
    /// Subjective, objective, assessment, plan.
    Soap,
}

impl NoteFormat {
    /// Returns the parts in their order on the screen.
    pub const fn parts(self) -> &'static [Part] {
        match self {
            Self::Free => &[Part::Text],
            Self::Soap => &[Part::Subjective, Part::Objective, Part::Assessment, Part::Plan],
        }
    }
}

/// A part of a note.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// The only part of a free note.
    Text,
    /// What the client says.
    Subjective,
    /// What the clinician observes.
    Objective,
    /// What the clinician makes of it.
    Assessment,
    /// What comes next.
    Plan,
}

impl Part {
    /// Returns the heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Text => "Note",
            Self::Subjective => "Subjective",
            Self::Objective => "Objective",
            Self::Assessment => "Assessment",
            Self::Plan => "Plan",
        }
    }
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
