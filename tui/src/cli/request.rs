//! What a command asks of the process that has the vault open, and what comes back.
//!
//! One JSON object a line, over a socket that only its owner can reach. The command itself never
//! touches the vault while another process holds it.

use super::appointment::AppointmentWish;
use super::crisis::CrisisWish;
use super::measure::{FormWish, MeasureWish};
use super::phrase::PhraseWish;
use super::report::ReportAsked;
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};
use zeroize::Zeroize as _;

/// The longest line in either direction: an import is carried out whole or not at all.
pub const LINE_BYTES_MAX: usize = 512 << 20;

/// What a feed is to say.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct WriteFeed {
    /// The passphrase as typed.
    pub passphrase: Typed,
    /// So many days from today on.
    pub days: u16,
    /// With initials.
    pub initials: bool,
}

/// A line for a treatment plan.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AddToPlan {
    /// The client's code.
    pub client: String,
    /// What it is.
    pub kind: String,
    /// The goal that it belongs to.
    pub under: Option<String>,
    /// Until when, as 2027-02-01.
    pub by: Option<String>,
    /// In words; a diagnosis may begin with its code.
    pub text: Typed,
}

/// What is asked about the files in a chart.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum AttachmentWish {
    /// Puts a file into the chart.
    Add {
        /// What the clinician calls it.
        title: Typed,
        /// The file, in base64.
        bytes: Typed,
        /// Whether metadata stay in it.
        keep: bool,
    },
    /// Lists them.
    List,
    /// Lets one out. The passphrase is asked for again.
    Save {
        /// The record.
        id: String,
        /// As typed.
        passphrase: Typed,
    },
    /// Says what is known of one; of a text, the text.
    Show {
        /// The record.
        id: String,
    },
    /// Strikes one, or brings it back.
    Strike {
        /// The record.
        id: String,
        /// `false` brings it back.
        struck: bool,
    },
}

/// An entry for a client's journal.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AddToJournal {
    /// The client's code.
    pub client: String,
    /// The day that the client gives it, as 2026-11-25; today if nothing is said.
    pub date: Option<String>,
    /// Whether the client has agreed that it may be shared.
    pub shared: bool,
    /// What the client wrote.
    pub text: Typed,
}

/// A consent to be written down.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AddConsent {
    /// What for.
    pub kind: String,
    /// Since when, as 2026-11-25.
    pub given: Option<String>,
    /// The last day on which it holds.
    pub until: Option<String>,
    /// How it was given.
    pub how: String,
    /// Whether it was refused.
    pub refused: bool,
    /// The id of the one that it renews.
    pub renews: Option<String>,
    /// Its words, a line each.
    pub text: Typed,
}

/// What is to be free.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FindFree {
    /// For how long.
    pub minutes: u16,
    /// So many days from today on.
    pub days: u16,
    /// A client's code.
    pub client: Option<String>,
    /// A room.
    pub room: Option<String>,
}

/// Which day is shown, and to whom.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ShowDay {
    /// Which, as 2026-11-25, or today.
    pub date: Option<String>,
    /// As the front desk sees it.
    pub front_desk: bool,
    /// How much of the schedule.
    #[serde(default)]
    pub span: Span,
}

/// How much of the schedule is shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// A day.
    #[default]
    Day,
    /// The week of a day, from Monday on.
    Week,
    /// The appointment that is now or next.
    Next,
}

/// How a calendar is taken in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct TakeInCalendar {
    /// Only say what would come in.
    pub dry_run: bool,
    /// As appointments instead of busy times.
    pub appointments: bool,
    /// With titles.
    pub titles: bool,
    /// From which day on, as 2026-11-25; without it, from today on.
    #[serde(default)]
    pub from: Option<String>,
    /// Until before which day; without it, so many days.
    #[serde(default)]
    pub to: Option<String>,
    /// So many days.
    pub days: u16,
    /// Only list when somebody is busy, in one answer.
    #[serde(default)]
    pub listed: bool,
    /// Take back what the same file has brought.
    pub undo: bool,
}

/// A passphrase, or what stands in a chart, on its way: silent in `Debug`, wiped when dropped.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(redacted)")
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// One command, after its text was read from standard input.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", tag = "do", deny_unknown_fields)]
pub enum Request {
    /// Moves an appointment, calls it off, or says what came of it.
    Appointment(AppointmentWish),
    /// Asks about the files in a client's chart.
    Attachment {
        /// The client's code.
        client: String,
        /// What.
        wish: AttachmentWish,
    },
    /// Writes a backup, or adds to one. The passphrase is asked for again.
    Backup {
        /// Where, as a whole path.
        file: PathBuf,
        /// As typed.
        passphrase: Typed,
    },
    /// Adds a client.
    ClientAdd {
        /// The code.
        code: String,
        /// The name.
        name: String,
    },
    /// Lists clients.
    ClientList,
    /// Says that two clients are one person.
    ClientMerge {
        /// The code of the duplicate.
        client: String,
        /// The code of the one who is kept.
        kept: String,
    },
    /// Says that a client is somebody else.
    ClientPart {
        /// The code of the duplicate.
        client: String,
    },
    /// Lists everything about a client, or what is of one kind.
    ClientShow {
        /// The client's code.
        client: String,
        /// The word of the kind.
        kind: Option<String>,
    },
    /// Types the passphrase once more, for the signature that follows.
    Confirm {
        /// As typed.
        passphrase: Typed,
    },
    /// Brings the practice to a server.
    Connect {
        /// Its invite, as pasted.
        invite: Typed,
    },
    /// Lists what came late from devices that were shut out.
    DeviceLate,
    /// Takes one piece of it over.
    DeviceLateImport {
        /// Its number in the list.
        number: usize,
    },
    /// Lists devices.
    DeviceList,
    /// Says whom it would shut out, and changes nothing.
    DevicePlan {
        /// Which device.
        lost: Lost,
    },
    /// Gives a device another name.
    DeviceRename {
        /// How its id begins.
        id: String,
        /// The name; empty for the one that it was added with.
        name: String,
    },
    /// Shuts a device out. The passphrase is asked for again.
    DeviceRevoke {
        /// Which device.
        lost: Lost,
        /// As typed.
        passphrase: Typed,
    },
    /// Does something about the erasure of a record.
    Erase {
        /// The client's code.
        client: String,
        /// The id of the one record that it is about, unless all of it.
        record: Option<String>,
        /// What.
        wish: EraseWish,
    },
    /// Lists what was asked to be erased.
    EraseList,
    /// Prints the whole practice. The passphrase is asked for again.
    Export {
        /// As typed.
        passphrase: Typed,
        /// Whether files in charts are left out.
        #[serde(default)]
        without_attachments: bool,
    },
    /// Finds clients, and words in notes and records.
    Find {
        /// The words.
        query: String,
    },
    /// Lists what a progress report can hold, or lets one out.
    Report(Box<ReportAsked>),
    /// Lists when the member is free.
    Free(FindFree),
    /// Lists couples, families and groups.
    GroupList,
    /// Takes a client into a group, or says that they have left.
    GroupMember {
        /// The group's code.
        group: String,
        /// The client's code.
        client: String,
        /// `false` if they leave.
        joins: bool,
    },
    /// Begins a couple, a family or a group.
    GroupNew {
        /// What kind.
        kind: String,
        /// Its code.
        code: String,
        /// The codes of those who belong to it.
        clients: Vec<String>,
    },
    /// Puts a client on the waiting list, or takes them off.
    Wait {
        /// The client's code.
        client: String,
        /// What they would take; nothing to take them off.
        wish: Option<String>,
    },
    /// Lists who waits.
    Waiting {
        /// When the time begins that has come free, as 2026-11-30T10:00:00.
        at: Option<String>,
        /// How long it is, in minutes.
        minutes: u16,
    },
    /// What is seen or kept for a crisis.
    Crisis(CrisisWish),
    /// Shows the hours of the member's usual week, or sets them.
    Hours {
        /// As people write them; empty to take them back.
        set: Option<String>,
    },
    /// Writes down when somebody is busy. The passphrase is asked for again.
    CalendarFeed(WriteFeed),
    /// Takes in a calendar of others.
    CalendarImport {
        /// The file.
        text: String,
        /// How.
        how: TakeInCalendar,
    },
    /// Takes in lines of an export.
    Import {
        /// The lines.
        lines: Vec<String>,
        /// Whether to print only.
        dry_run: bool,
    },
    /// Puts what a client wrote into their journal.
    JournalAdd(AddToJournal),
    /// Lists the entries of a journal.
    JournalList {
        /// The client's code.
        client: String,
    },
    /// Shows an entry.
    JournalShow {
        /// The client's code.
        client: String,
        /// The record.
        id: String,
    },
    /// Drops all keys.
    Lock,
    /// Does something with a client's measures.
    Measure {
        /// The client's code.
        client: String,
        /// What.
        wish: MeasureWish,
    },
    /// Does something with forms.
    MeasureForms(FormWish),
    /// Books.
    New {
        /// The sentence.
        sentence: String,
        /// Whether to print only.
        dry_run: bool,
        /// As if today were this day, as 2026-11-25.
        as_of: Option<String>,
        /// en-US, en-GB or de.
        locale: String,
    },
    /// Lists, saves or strikes snippets and templates.
    Phrase(PhraseWish),
    /// Begins a draft.
    NoteNew {
        /// The client's code.
        client: String,
        /// How it is divided.
        format: String,
    },
    /// Adds text to a draft.
    NoteAppend {
        /// The client's code.
        client: String,
        /// Into which part; `None` into the last.
        part: Option<String>,
        /// The text.
        text: String,
    },
    /// Lists notes and drafts.
    NoteList {
        /// The client's code.
        client: String,
    },
    /// Corrects a signed note, or strikes one that lies in the wrong chart.
    NoteMend(super::correction::Mend),
    /// Shows a note.
    NoteShow {
        /// The client's code.
        client: String,
        /// The record, or the newest.
        id: Option<String>,
    },
    /// Does something with consents.
    Consent {
        /// The client's code.
        client: String,
        /// What.
        wish: ConsentWish,
    },
    /// Adds a line to a treatment plan.
    PlanAdd(AddToPlan),
    /// Shows a treatment plan.
    PlanShow {
        /// The client's code.
        client: String,
    },
    /// Signs a treatment plan as it stands.
    PlanSign {
        /// The client's code.
        client: String,
    },
    /// Signs a draft.
    NoteSign {
        /// The client's code.
        client: String,
        /// Why it is late.
        late_reason: Option<String>,
    },
    /// Says how far this device and the server are.
    Sync {
        /// Whether to wait until both have everything.
        until_idle: bool,
    },
    /// Says that the server has another address, or has one no more.
    ServerAddress {
        /// Host and port.
        address: String,
        /// Whether it is taken back.
        remove: bool,
    },
    /// Lists the addresses of the server.
    ServerList,
    /// Does something about the recovery sheet. The passphrase is asked for again.
    Sheet {
        /// What.
        wish: SheetWish,
        /// As typed.
        passphrase: Typed,
    },
    /// Draws the words of a new sheet, which mean nothing yet, if what is wished can be done.
    SheetDraw {
        /// What they are for; its new words are empty.
        wish: SheetWish,
    },
    /// Says how the recovery sheet stands.
    SheetStatus,
    /// Shows a day.
    Today(ShowDay),
    /// Takes over how soon what is written leaves the device, from its settings.
    Timing,
    /// Stays and prints changes.
    Watch,
}

/// What is to be done with consents.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ConsentWish {
    /// Write one down.
    Add(AddConsent),
    /// List them.
    List,
    /// Say that one was taken back.
    Revoke {
        /// The record.
        id: String,
        /// When, as 2026-11-25.
        on: Option<String>,
        /// Why.
        reason: Typed,
    },
    /// Strike one that was entered by mistake.
    Strike {
        /// The record.
        id: String,
    },
}

/// A device that is to be shut out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// How its id begins.
    pub id: String,
    /// How the ids of those begin that it has added and that stay.
    pub keep: Vec<String>,
    /// Since when what it signed is in doubt, as 2026-11-25.
    pub since: Option<String>,
}

/// What is to be done about the erasure of a record.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EraseWish {
    /// Hide it.
    Ask {
        /// Although the time is not over for which it is kept.
        before_retention: bool,
    },
    /// Let its keys die. The passphrase is asked for again.
    CarryOut {
        /// As typed.
        passphrase: Typed,
    },
    /// Keep it whatever is asked.
    Hold,
    /// Keep it no longer.
    LetGo,
    /// Bring it back.
    Withdraw,
}

/// What is to be done about the recovery sheet.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", tag = "sheet", deny_unknown_fields)]
pub enum SheetWish {
    /// Bring into force what another device asked for.
    Complete,
    /// Another sheet in the place of the old.
    Replace {
        /// The words of the old one.
        old: Typed,
        /// The words of the new one.
        new: Typed,
        /// Whether somebody may have read the old one.
        compromised: bool,
    },
    /// Ask for a new sheet without the old one.
    Request {
        /// The words of the new one.
        new: Typed,
    },
    /// Refuse what was asked for.
    Veto,
}

/// One line of an answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", deny_unknown_fields)]
pub enum Reply {
    /// The passphrase has to be typed once more first, with [`Request::Confirm`]; nothing follows.
    Confirm,
    /// Done; nothing follows.
    Done,
    /// A line for standard output.
    Line {
        /// JSON, if the command was asked for JSON, else text; harmless in both cases.
        json: serde_json::Value,
        /// The same for people.
        text: String,
    },
    /// Not done, or not wholly; nothing follows.
    Refused {
        /// What happened, whether records are safe, what to do next.
        notice: [String; 3],
        /// Whether it is because the vault is locked.
        locked: bool,
    },
}
