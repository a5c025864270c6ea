//! What is said of an order that is being carried out.

use super::orders::{Running, Then};
use crate::notice::Notice;

pub(super) fn moved() -> Notice {
    Notice::new(
        "This practice has another server already.",
        "Nothing has been changed.",
        "If that one is gone for good, leave this window with q and run `tacenda connect`: it \
         asks you, and this server takes the place of the other.",
    )
}

impl Running {
    /// Whether a new device waits for a word from here.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Meeting(..))
    }

    /// Whether nothing of it has been sent yet that cannot be taken back.
    pub(super) const fn can_be_left(&mut self) -> bool {
        matches!(self, Self::Losing(..) | Self::Naming(_))
    }

    /// Whether nobody waits for it.
    pub(super) const fn is_aside(&self) -> bool {
        matches!(self, Self::Settling(_, _, Then::Opened))
    }

    /// Whether it is the adding of a device with this number.
    pub(super) const fn is_of(&self, wanted: u64) -> bool {
        match self {
            Self::Approved(number, _) | Self::Meeting(number, _) => *number == wanted,
            Self::Adding(..)
            | Self::Losing(..)
            | Self::Naming(_)
            | Self::Replacing(_)
            | Self::Revoking(..)
            | Self::Settling(..) => false,
        }
    }
}

impl Then {
    /// Whether only psychotherapy notes wait for it.
    pub(super) const fn is_opened(&self) -> bool {
        matches!(self, Self::Opened)
    }
}
