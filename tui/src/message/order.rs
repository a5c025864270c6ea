//! What can be ordered of the devices of a practice and of its server, and what becomes of it.
//! One order at a time is carried out; it goes on beside everything else that is done.

use super::Secret;
use crate::device::courier::late::LateEdit;
use crate::device::courier::sheet::SheetStanding;
use crate::device::settings::Preset;
use crate::notice::Notice;
use crate::report::Chosen;
use jiff::civil::Date;
use tacenda_shared::id::{ClientId, DeviceId, RecordId};
use tacenda_shared::practice::attachment::{FileBytes, Media};
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::schedule::ical::Doubts;

/// Something to be done.
#[derive(Debug)]
pub enum Order {
    /// Take over what came late from a device that was shut out.
    Adopt(LateEdit),
    /// On the device that shows a code: the words match, and this is the passphrase.
    Approve(Secret),
    /// Write a backup, or add to one.
    BackUp {
        /// Where, as typed.
        file: String,
        /// What was typed as the yes.
        passphrase: Secret,
    },
    /// Say whether this is the passphrase, which a signature asks for.
    Confirm(Secret),
    /// Bring the practice to the server of this invite.
    Connect(Secret),
    /// Add no device after all.
    Decline,
    /// Draw the words of a new recovery sheet, which mean nothing yet.
    DrawSheet {
        /// The words of the one that it is to replace.
        old: Secret,
    },
    /// Say that a server that was filled again has all that will come.
    Finish,
    /// Say what another calendar would bring. Changes nothing.
    LookAtCalendar(OtherCalendar),
    /// Say what a file is that is to be attached, as typed. Changes nothing.
    LookAtFile(String),
    /// Show a code for a new device.
    Pair,
    /// Say what it would mean to shut this device out. Changes nothing.
    Plan(DeviceId),
    /// Put another recovery sheet in the place of the old.
    ReplaceSheet {
        /// The words of the old one.
        old: Secret,
        /// Those of the new one, typed back.
        new: Secret,
        /// Whether somebody may have read the old one.
        compromised: bool,
        /// What was typed as the yes.
        passphrase: Secret,
    },
    /// Shut this device out, and those that [`Plan::goes`] names.
    Revoke {
        /// Which.
        device: DeviceId,
        /// What was typed as the yes.
        passphrase: Secret,
    },
    /// Save a file of a chart outside the practice.
    SaveAttachment {
        /// Whose.
        client: ClientId,
        /// Which.
        record: RecordId,
        /// Where, as typed.
        file: String,
        /// What was typed as the yes.
        passphrase: Secret,
    },
    /// Save a version of a safety plan as a text outside the practice.
    SaveSafetyPlan {
        /// Whose.
        client: ClientId,
        /// Which.
        record: RecordId,
        /// Emergency numbers that stand in it, a line each.
        numbers: Vec<String>,
        /// Where, as typed.
        file: String,
        /// What was typed as the yes.
        passphrase: Secret,
    },
    /// Keep which keys this device uses in notes.
    SetKeys(Preset),
    /// Save a progress report outside the practice.
    SaveReport(Box<ReportOrder>),
    /// Say how the recovery sheet and the server stand. Changes nothing.
    Standing,
    /// Close psychotherapy notes: their keys are dropped.
    StepDown,
    /// Open psychotherapy notes with the passphrase.
    StepUp(Secret),
    /// Say whether this is the passphrase. Changes nothing.
    Verify(Secret),
}

/// A progress report that is to be saved.
#[derive(Debug)]
pub struct ReportOrder {
    /// About whom.
    pub client: ClientId,
    /// From which day to which.
    pub period: (Date, Date),
    /// What it holds.
    pub chosen: Chosen,
    /// For whom.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// Where, as typed.
    pub file: String,
    /// What was typed as the yes.
    pub passphrase: Secret,
}

/// What becomes of an order.
#[derive(Debug)]
pub enum Carried {
    /// That was not the passphrase; it can be typed again.
    Again(Notice),
    /// What another calendar would bring, or why it cannot be read, with what was asked.
    Calendar(OtherCalendar, Result<Box<LookedAt>, Notice>),
    /// A code for the new device, good for ten minutes and one try.
    Code {
        /// What is typed there.
        code: Secret,
        /// Where the new device finds the server.
        address: String,
    },
    /// That was the passphrase, or was not.
    Confirmed(Result<(), Notice>),
    /// The words of a new recovery sheet.
    Drawn(Secret),
    /// The order was carried out, in words for the line above the hints, or was not.
    Ended(Result<String, Notice>),
    /// What a file is, or why it cannot be read, with what was asked.
    File(String, Result<LookedFile, Notice>),
    /// What it would mean to shut a device out, or why it cannot be.
    Plan(DeviceId, Result<Plan, Notice>),
    /// How far it is.
    Progress(String),
    /// How the recovery sheet and the server stand.
    Standing(Standing),
    /// Whether it was the passphrase.
    Verified(Result<(), Notice>),
    /// Psychotherapy notes are open, or why they are not.
    SteppedUp(Result<(), Notice>),
    /// Both screens must show these words.
    Words {
        /// Three of them.
        words: [String; 3],
        /// What the new device calls itself.
        name: String,
    },
}

/// A calendar that another program has written, and how it is taken in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OtherCalendar {
    /// The file, as typed.
    pub file: String,
    /// As appointments instead of busy times.
    pub appointments: bool,
    /// With titles; without them each says "Busy".
    pub titles: bool,
}

/// What another calendar would bring.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LookedAt {
    /// The first of what is new, each in a line.
    pub first: Vec<String>,
    /// How many are new.
    pub new: usize,
    /// How many are moved.
    pub moved: usize,
    /// How many the calendar calls off.
    pub cancelled: usize,
    /// How many are there already.
    pub same: usize,
    /// What of the file was not understood.
    pub doubts: Doubts,
    /// What takes it in.
    pub edits: Vec<Edit>,
}

/// What is taken out of a file, if somebody wishes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Takes {
    /// What a camera wrote into it.
    Out,
    /// Nothing: this version knows no way for its type.
    NotOfThisType,
    /// Nothing: it is not what it begins as.
    Broken,
}

/// A file that is to be attached, as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LookedFile {
    /// All of it.
    pub bytes: FileBytes,
    /// Of which type, as it begins.
    pub media: Media,
    /// What can be taken out of it.
    pub takes: Takes,
}

/// Who goes and who stays when a device is shut out.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Names of further devices that the lost one has added and that go with it.
    pub goes: Vec<String>,
    /// Names of those that it has added and that stay.
    pub stays: Vec<String>,
}

/// How the recovery sheet and the server stand.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// Where the server can be reached; empty without one.
    pub addresses: Vec<String>,
    /// The recovery sheet, if that is known.
    pub sheet: Option<SheetStanding>,
    /// What came late from devices that were shut out.
    pub late: Vec<LateEdit>,
}
