//! In which ways people are in contact.

/// The way in which somebody was in contact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Channel {
    /// By telephone.
    Call,
    /// By electronic mail.
    Mail,
    /// By a short message.
    Text,
    /// By letter.
    Letter,
    /// By fax.
    Fax,
}

impl Channel {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Call, Self::Mail, Self::Text, Self::Letter, Self::Fax];

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Mail => "mail",
            Self::Text => "text",
            Self::Letter => "letter",
            Self::Fax => "fax",
        }
    }

    /// Returns its number in records.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Call => 1,
            Self::Mail => 2,
            Self::Text => 3,
            Self::Letter => 4,
            Self::Fax => 5,
        }
    }

    pub(super) fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.number() == number)
    }
}

/// Who began a contact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Direction {
    /// The client, or somebody for the client.
    In,
    /// Somebody of the practice.
    Out,
}

impl Direction {
    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::In => 1,
            Self::Out => 2,
        }
    }

    pub(super) const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::In),
            2 => Some(Self::Out),
            _ => None,
        }
    }
}
