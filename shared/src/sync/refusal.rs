//! The closed list of reasons why a server refuses, each with one line of cause and one of action.

use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::PracticeHead;
use std::fmt;
use thiserror::Error;

macro_rules! refusals {
    ($($name:ident = $number:literal, $text:literal, $cause:literal, $action:literal;)+) => {
        /// A reason, by number.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum RefusalCode {
            $(#[doc = $cause] $name = $number,)+
        }

        impl RefusalCode {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Returns the reason with this number.
            pub fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// Returns its number.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// Returns its name as logs and documents write it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Returns what went wrong, in one line.
            pub const fn cause(self) -> &'static str {
                match self { $(Self::$name => $cause,)+ }
            }

            /// Returns what to do about it, in one line.
            pub const fn action(self) -> &'static str {
                match self { $(Self::$name => $action,)+ }
            }
        }
    };
}

refusals! {
    Version = 1, "VERSION",
        "the two programs speak no common version",
        "update the older one, the server first";
    UnknownPractice = 2, "UNKNOWN_PRACTICE",
        "the server does not keep this practice",
        "check the server's address, or found the practice there";
    NotADevice = 3, "NOT_A_DEVICE",
        "this device is not, or no longer, one of the practice",
        "pair it again from another device";
    Malformed = 4, "MALFORMED",
        "a message is not in the form of this version",
        "report it; nothing was taken";
    TooLarge = 5, "TOO_LARGE",
        "a message or an envelope is larger than its limit",
        "send less at once";
    TooOften = 6, "TOO_OFTEN",
        "the device asks or sends more than it may",
        "wait, or ask for the bulk mode";
    BadSignature = 7, "BAD_SIGNATURE",
        "a signature does not hold",
        "report it; nothing was taken";
    NotPermitted = 8, "NOT_PERMITTED",
        "the device or its member has no right to this",
        "fetch the practice log and look who may";
    UnknownHead = 9, "UNKNOWN_HEAD",
        "an envelope cites a practice head that the server does not have",
        "send the practice log first";
    Stale = 10, "STALE",
        "a ring of the compartment lost a member or device and has no new key yet",
        "re-key the ring, append a slot, seal again";
    OldSlot = 11, "OLD_SLOT",
        "an envelope was sealed under a content key that is not the newest",
        "append a slot if one is due, and seal again";
    Closed = 12, "CLOSED",
        "the draft was signed meanwhile",
        "make the rest an addendum";
    Conflict = 13, "CONFLICT",
        "somebody else was first",
        "fetch what is new, check again, and retry";
    Gap = 14, "GAP",
        "envelopes before this one are missing here",
        "send those first";
    Equivocation = 15, "EQUIVOCATION",
        "another envelope with this number is already here; both are kept",
        "begin a new incarnation";
    UnknownLog = 16, "UNKNOWN_LOG",
        "the log is not here, or is not for this device",
        "send its genesis first, or fetch the practice log";
    RowExists = 17, "ROW_EXISTS",
        "another row with this name is already here, and rows are written once",
        "fetch the one that is here";
    RowErased = 18, "ROW_ERASED",
        "the row was deleted by a signed entry",
        "nothing: what it opened is gone";
    MissingRows = 19, "MISSING_ROWS",
        "an entry cites a safe that is not here in full",
        "send its rows with it";
    Quota = 20, "QUOTA",
        "the practice has used what the server grants it",
        "ask whoever runs the server";
    MailboxFull = 21, "MAILBOX_FULL",
        "the mailbox takes no more, or the message is there already",
        "begin pairing again with a new code";
    MailboxGone = 22, "MAILBOX_GONE",
        "the mailbox is too old or was never opened",
        "begin pairing again with a new code";
    Reseeding = 23, "RESEEDING",
        "the server's files were lost or restored and are being refilled",
        "send what this device holds of the old entries";
    Unsupported = 24, "UNSUPPORTED",
        "this server cannot do that yet",
        "update the server";
    Invalid = 25, "INVALID",
        "an entry breaks a rule of the practice log",
        "fetch the practice log and check the entry against it";
    Storage = 26, "STORAGE",
        "the server cannot write to its disk",
        "tell whoever runs the server; nothing was taken, work goes on here";
    Admission = 27, "ADMISSION",
        "the server takes a new practice only with its token",
        "ask whoever runs the server for it";
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A refusal of a whole request.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{code}: {}; {}", code.cause(), code.action())]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// With `CONFLICT` on the practice log: its head.
    pub head: Option<PracticeHead>,
}

impl Refusal {
    /// A refusal that says no more than its reason.
    pub const fn new(code: RefusalCode) -> Self {
        Self { code, head: None }
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.u8(self.code.number()).option(self.head, super::wire::write_practice_head);
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            code: RefusalCode::from_number(r.u8()?).ok_or(CodecError::Unknown)?,
            head: r.option(super::wire::read_practice_head)?,
        })
    }
}
