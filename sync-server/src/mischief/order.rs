//! Orders and their text form, one line each:
//!
//! ```text
//! flip to X                     a bit of the next envelope, however X fetches it
//! flip LOG POSITION to X        a bit of that envelope
//! suite N to X                  the suite of the next envelope
//! withhold next from X          the next entry of any log, and all after it in that log
//! withhold LOG POSITION from X  that entry, and all after it
//! skip next from X              the next entry only, which it still names
//! skip LOG POSITION from X      that entry only
//! swap LOG LOG to X             entries of the one log go out as entries of the other
//! replay LOG POSITION to X      an old entry, live, as the newest
//! again to X                    the last live entries, once more
//! invent LOG to X               an entry that no device made, live
//! invent practice to X          the same in the practice log
//! fork LOG X with Y             from now on neither sees there what the other writes
//! roll back COUNT for X         nothing that was taken after that count
//! hide practice SEQ from X      nothing of the practice log from this entry on
//! old checkpoints to X          the first of each device and ring, instead of the newest
//! old row TABLE to X            a row of that table that was replaced, for the one asked for
//! hide rows TABLE from X        no row of that table
//! receipt FAULT to X            FAULT: signature, position, own, time
//! refuse CODE to X              keeps what the next push brings, and says that it refused
//! epoch N to X                  another life of the server's files
//! greet CODE to X               a refusal in the place of a welcome
//! drop TYPE to|from X           the next message of that type number
//! twice TYPE to|from X          the same, twice
//! hold TYPE to|from X           the same, kept back until the order is ended
//! garble to X                   bytes that are no message, live
//! ```
//!
//! X and Y are device ids, or `any`; logs are compartment ids.

use std::fmt;
use std::str::FromStr;
use tacenda_shared::id::{CompartmentId, DeviceId, Global, Position, PracticeSeq, ServerEpoch};
use tacenda_shared::sync::RefusalCode;
use thiserror::Error;

/// Whom an order is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whom {
    /// Every device.
    Any,
    /// This one.
    Device(DeviceId),
}

impl Whom {
    /// Returns whether a device is meant.
    pub fn includes(self, device: DeviceId) -> bool {
        self == Self::Any || self == Self::Device(device)
    }
}

/// To or from a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// What the device sends.
    From,
    /// What the device is sent.
    To,
}

/// What is wrong with a receipt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReceiptFault {
    /// It names another own chain, and is signed well.
    Own,
    /// It names another position, and is signed well.
    Position,
    /// Its signature does not hold.
    Signature,
    /// It names another time, and is signed well.
    Time,
}

/// What to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Misdeed {
    /// See the module.
    Again,
    /// See the module.
    Drop(u8, Direction),
    /// See the module.
    Epoch(ServerEpoch),
    /// See the module.
    Flip,
    /// See the module.
    FlipAt(CompartmentId, Position),
    /// See the module.
    Fork {
        /// Where.
        log: CompartmentId,
        /// The other device.
        with: DeviceId,
    },
    /// See the module.
    Garble,
    /// See the module.
    Greet(RefusalCode),
    /// See the module.
    HidePractice(PracticeSeq),
    /// See the module.
    HideRows(u8),
    /// See the module.
    Hold(u8, Direction),
    /// See the module.
    Invent {
        /// Where.
        log: CompartmentId,
    },
    /// See the module.
    InventPractice,
    /// See the module.
    OldCheckpoints,
    /// See the module.
    OldRow(u8),
    /// See the module.
    Receipt(ReceiptFault),
    /// See the module.
    Refuse(RefusalCode),
    /// See the module.
    Replay {
        /// Where.
        log: CompartmentId,
        /// Which.
        position: Position,
    },
    /// See the module.
    RollBack(Global),
    /// See the module.
    Skip(CompartmentId, Position),
    /// See the module.
    SkipNext,
    /// See the module.
    Suite(u8),
    /// See the module.
    Swap(CompartmentId, CompartmentId),
    /// See the module.
    Twice(u8, Direction),
    /// See the module.
    Withhold(CompartmentId, Position),
    /// See the module.
    WithholdNext,
}

impl Misdeed {
    /// Returns whether it is done with the first occasion.
    pub fn is_once(&self) -> bool {
        matches!(
            self,
            Self::Again
                | Self::Drop(..)
                | Self::Epoch(_)
                | Self::Garble
                | Self::Invent { .. }
                | Self::InventPractice
                | Self::OldRow(_)
                | Self::Receipt(_)
                | Self::Refuse(_)
                | Self::Replay { .. }
                | Self::Twice(..)
        )
    }
}

/// A misdeed and its victim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// What.
    pub misdeed: Misdeed,
    /// To whom.
    pub whom: Whom,
}

/// Why a line is no order.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum OrderError {
    /// An id is not 32 hexadecimal digits.
    #[error("not an id")]
    Id,
    /// A number is none, or names nothing.
    #[error("not a number that names something")]
    Number,
    /// There is no such order.
    #[error("no such order")]
    Unknown,
}

impl FromStr for Whom {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        match text {
            "any" => Ok(Self::Any),
            id => device(id).map(Self::Device),
        }
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Device(device) => device.fmt(f),
        }
    }
}

impl FromStr for Order {
    type Err = OrderError;

    fn from_str(line: &str) -> Result<Self, OrderError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (misdeed, whom) = match words.as_slice() {
            ["fork", at, one, "with", other] => {
                (Misdeed::Fork { log: log(at)?, with: device(other)? }, *one)
            }
            [rest @ .., "to", whom] => (to(rest)?, *whom),
            [rest @ .., "from" | "for", whom] => (from(rest)?, *whom),
            _ => return Err(OrderError::Unknown),
        };
        Ok(Self { misdeed, whom: whom.parse()? })
    }
}

fn refusal(name: &str) -> Result<RefusalCode, OrderError> {
    let known = RefusalCode::ALL.iter().find(|known| known.name() == name);
    known.copied().ok_or(OrderError::Unknown)
}

fn to(words: &[&str]) -> Result<Misdeed, OrderError> {
    Ok(match words {
        ["again"] => Misdeed::Again,
        ["flip"] => Misdeed::Flip,
        ["flip", at, position] => Misdeed::FlipAt(log(at)?, Position::new(number(position)?)),
        ["garble"] => Misdeed::Garble,
        ["drop", kind] => Misdeed::Drop(number(kind)?, Direction::To),
        ["twice", kind] => Misdeed::Twice(number(kind)?, Direction::To),
        ["hold", kind] => Misdeed::Hold(number(kind)?, Direction::To),
        ["epoch", epoch] => Misdeed::Epoch(ServerEpoch::new(number(epoch)?)),
        ["suite", suite] => Misdeed::Suite(number(suite)?),
        ["swap", one, other] => Misdeed::Swap(log(one)?, log(other)?),
        ["invent", "practice"] => Misdeed::InventPractice,
        ["invent", at] => Misdeed::Invent { log: log(at)? },
        ["replay", at, position] => {
            Misdeed::Replay { log: log(at)?, position: Position::new(number(position)?) }
        }
        ["old", "checkpoints"] => Misdeed::OldCheckpoints,
        ["old", "row", table] => Misdeed::OldRow(number(table)?),
        ["receipt", fault] => Misdeed::Receipt(match *fault {
            "own" => ReceiptFault::Own,
            "position" => ReceiptFault::Position,
            "signature" => ReceiptFault::Signature,
            "time" => ReceiptFault::Time,
            _ => return Err(OrderError::Unknown),
        }),
        ["greet", code] => Misdeed::Greet(refusal(code)?),
        ["refuse", code] => Misdeed::Refuse(refusal(code)?),
        _ => return Err(OrderError::Unknown),
    })
}

fn from(words: &[&str]) -> Result<Misdeed, OrderError> {
    Ok(match words {
        ["withhold", "next"] => Misdeed::WithholdNext,
        ["skip", "next"] => Misdeed::SkipNext,
        ["withhold", at, position] => Misdeed::Withhold(log(at)?, Position::new(number(position)?)),
        ["skip", at, position] => Misdeed::Skip(log(at)?, Position::new(number(position)?)),
        ["hide", "practice", seq] => Misdeed::HidePractice(PracticeSeq::new(number(seq)?)),
        ["hide", "rows", table] => Misdeed::HideRows(number(table)?),
        ["roll", "back", count] => Misdeed::RollBack(Global::new(number(count)?)),
        ["drop", kind] => Misdeed::Drop(number(kind)?, Direction::From),
        ["twice", kind] => Misdeed::Twice(number(kind)?, Direction::From),
        ["hold", kind] => Misdeed::Hold(number(kind)?, Direction::From),
        _ => return Err(OrderError::Unknown),
    })
}

fn number<N: FromStr>(text: &str) -> Result<N, OrderError> {
    text.parse().map_err(|_| OrderError::Number)
}

fn device(text: &str) -> Result<DeviceId, OrderError> {
    DeviceId::parse(text).ok_or(OrderError::Id)
}

fn log(text: &str) -> Result<CompartmentId, OrderError> {
    CompartmentId::parse(text).ok_or(OrderError::Id)
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = self.whom;
        match self.misdeed {
            Misdeed::Again => write!(f, "again to {whom}"),
            Misdeed::Drop(kind, way) => write!(f, "drop {kind} {way} {whom}"),
            Misdeed::Epoch(epoch) => write!(f, "epoch {epoch} to {whom}"),
            Misdeed::Flip => write!(f, "flip to {whom}"),
            Misdeed::FlipAt(log, position) => write!(f, "flip {log} {position} to {whom}"),
            Misdeed::Fork { log, with } => write!(f, "fork {log} {whom} with {with}"),
            Misdeed::Garble => write!(f, "garble to {whom}"),
            Misdeed::Greet(code) => write!(f, "greet {} to {whom}", code.name()),
            Misdeed::HidePractice(seq) => write!(f, "hide practice {seq} from {whom}"),
            Misdeed::HideRows(table) => write!(f, "hide rows {table} from {whom}"),
            Misdeed::Hold(kind, way) => write!(f, "hold {kind} {way} {whom}"),
            Misdeed::Invent { log } => write!(f, "invent {log} to {whom}"),
            Misdeed::InventPractice => write!(f, "invent practice to {whom}"),
            Misdeed::OldCheckpoints => write!(f, "old checkpoints to {whom}"),
            Misdeed::OldRow(table) => write!(f, "old row {table} to {whom}"),
            Misdeed::Receipt(fault) => write!(f, "receipt {fault} to {whom}"),
            Misdeed::Refuse(code) => write!(f, "refuse {} to {whom}", code.name()),
            Misdeed::Replay { log, position } => write!(f, "replay {log} {position} to {whom}"),
            Misdeed::RollBack(count) => write!(f, "roll back {count} for {whom}"),
            Misdeed::Skip(log, position) => write!(f, "skip {log} {position} from {whom}"),
            Misdeed::SkipNext => write!(f, "skip next from {whom}"),
            Misdeed::Suite(suite) => write!(f, "suite {suite} to {whom}"),
            Misdeed::Swap(one, other) => write!(f, "swap {one} {other} to {whom}"),
            Misdeed::Twice(kind, way) => write!(f, "twice {kind} {way} {whom}"),
            Misdeed::Withhold(log, position) => write!(f, "withhold {log} {position} from {whom}"),
            Misdeed::WithholdNext => write!(f, "withhold next from {whom}"),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From => "from",
            Self::To => "to",
        })
    }
}

impl fmt::Display for ReceiptFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "own",
            Self::Position => "position",
            Self::Signature => "signature",
            Self::Time => "time",
        })
    }
}
