//! The command line: codes, dates and options only. Names, sentences, search text and
//! passphrases come from standard input, a prompt or a file descriptor, since other users of the
//! machine can read the arguments of a process.

mod attachments;
mod calendars;
mod consents;
mod crisis;
mod groups;
mod keys;
mod measures;
mod phrases;
mod records;
mod report;
mod schedule;
mod settings;

pub use attachments::Attachments;
pub use calendars::{CalendarFeed, CalendarImport, Calendars};
pub use consents::{Consents, NewConsent};
pub use crisis::Crises;
pub use groups::Groups;
pub use keys::Keys;
pub use measures::{Measures, NamedMeasure, NewMeasure};
pub use phrases::{Snippets, Templates};
pub use records::{Journals, NewEntry, Note};
pub use report::{Progress, Reports};
pub use schedule::{
    Cancel, CancelledBy, HowMany, Met, Move, Outcome, Status, Wait, Waiting, Which,
};
pub use settings::{AutoLock, SignAfter};

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The private practice in a terminal.
#[derive(Debug, Parser)]
#[command(name = "tacenda", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    /// The vault's folder [default: practice-main in the data folder of XDG].
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Read the passphrase from this file descriptor instead of asking for it.
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<i32>,
    /// Print JSON, one object a line.
    #[arg(long, global = true)]
    pub json: bool,
    /// Draw the chrome with ASCII characters only.
    #[arg(long, global = true)]
    pub ascii: bool,
    /// What to do; without a command the interface opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be done without the interface.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up a new solo practice from prompts.
    Init(Init),
    /// Show the appointments of a day.
    Today(Today),
    /// Show the appointments of a week, from Monday on.
    Week(Today),
    /// Show the appointment that is now or next.
    Next,
    /// Book from one sentence on standard input: "as-007 thu 3pm 50m room 2".
    New(New),
    /// Move an appointment, or change its length, room or way.
    Move(Move),
    /// Call an appointment off.
    Cancel(Cancel),
    /// Say what came of an appointment.
    Status(Status),
    /// Find clients, and words in notes and records; they come from standard input.
    Find,
    /// Clients.
    #[command(subcommand)]
    Client(Client),
    /// Couples, families and groups.
    #[command(subcommand)]
    Group(Groups),
    /// Notes.
    #[command(subcommand)]
    Note(Note),
    /// Texts that a word stands for in a note.
    #[command(subcommand)]
    Snippet(Snippets),
    /// The parts of notes, filled.
    #[command(subcommand)]
    Template(Templates),
    /// What clients write themselves.
    #[command(subcommand)]
    Journal(Journals),
    /// Files in clients' charts.
    #[command(subcommand)]
    Attachment(Attachments),
    /// Reports about a client, made of signed records.
    #[command(subcommand)]
    Report(Reports),
    /// Treatment plans.
    #[command(subcommand)]
    Plan(Plans),
    /// What clients have consented to.
    #[command(subcommand)]
    Consent(Consents),
    /// Crises: emergency numbers, safety plans, risk forms.
    #[command(subcommand)]
    Crisis(Crises),
    /// Outcome measures: forms, what clients answered, and the practice's own.
    #[command(subcommand)]
    Measure(Measures),
    /// Print the whole practice as JSON Lines, without psychotherapy notes. Asks for the
    /// passphrase and is recorded.
    Export(Export),
    /// Write a backup that the recovery sheet opens, or add to it what is new. Asks for the
    /// passphrase and is recorded. The keys go into FILE.keys: keep both together.
    Backup(Backup),
    /// Bring the practice back from a backup, on a computer that has none. The 24 words of the
    /// sheet come from standard input.
    Restore(Restore),
    /// Take in JSON Lines that `export` wrote.
    Import(Import),
    /// Calendars of others.
    #[command(subcommand)]
    Calendar(Calendars),
    /// Change the passphrase.
    Passphrase,
    /// Bring the practice to a server; the invite comes from standard input.
    Connect,
    /// Show a code with which another of your devices joins.
    Pair,
    /// Join the practice of the device that shows a code, or recover a practice with the words of
    /// its sheet; code and words come from standard input.
    Join(Join),
    /// Devices of the practice.
    #[command(subcommand)]
    Device(Devices),
    /// The erasure of a client's record, and the legal hold that stands before it.
    #[command(subcommand)]
    Erase(Erase),
    /// Show or set the hours of your usual week: "Mon-Thu 9-12 13-18, Fri 9-13, 10 min between".
    Hours(Hours),
    /// Put a client on the waiting list, or take them off.
    Wait(Wait),
    /// List who waits; for a time that has come free, whom it suits best.
    Waiting(Waiting),
    /// List when you are free, within your hours.
    Free(Free),
    /// Show or set after how many minutes without a key the practice locks itself.
    AutoLock(AutoLock),
    /// Show or set which keys are used in the text of notes.
    Keys(Keys),
    /// Show or set after how many minutes a signature asks for the passphrase again.
    SignAfter(SignAfter),
    /// Show or set how soon what is written leaves this device.
    Timing(Timing),
    /// Where the server is.
    #[command(subcommand)]
    Server(Servers),
    /// Say how far this device and the server are.
    Sync(Sync),
    /// The recovery sheet: how it stands, and another one in its place.
    #[command(subcommand)]
    Sheet(Sheets),
    /// Print one JSON line for each change as it arrives.
    Watch,
    /// Lock the vault that is open in another process.
    Lock,
    /// Open a synthetic practice in a throw-away folder.
    #[cfg(feature = "demo")]
    Demo(Demo),
    /// The device beside the first of a demo.
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    OtherDevice(OtherDevice),
    /// The server's program, for the demo.
    #[cfg(feature = "demo")]
    #[command(hide = true, disable_help_flag = true)]
    DemoServer(DemoServer),
}

/// What can be done about the erasure of a record.
#[derive(Clone, Debug, Subcommand)]
pub enum Erase {
    /// Hide a client's record, or one note of it, on all devices, so that it can be erased after
    /// thirty days.
    Ask {
        /// What.
        #[command(flatten)]
        what: Erased,
        /// Although the time is not over for which such records are usually kept.
        #[arg(long)]
        before_retention: bool,
    },
    /// Bring a record back that was not erased yet.
    Withdraw {
        /// What.
        #[command(flatten)]
        what: Erased,
    },
    /// Let the keys of a record die that was asked for thirty days ago. Nothing brings it back.
    CarryOut {
        /// What.
        #[command(flatten)]
        what: Erased,
        /// Do not ask for a yes.
        #[arg(long)]
        yes: bool,
    },
    /// Keep a record although somebody asks to have it erased: a court or a board may need it.
    Hold {
        /// The client's code.
        client: String,
        /// Take the hold away.
        #[arg(long)]
        off: bool,
    },
    /// List what was asked for, what is due, and which devices have not carried it out.
    List,
}

/// What is to be erased.
#[derive(Args, Clone, Debug)]
pub struct Erased {
    /// The client's code.
    pub client: String,
    /// Only this record, with what was added to it: the id of a note, as `note list` says it.
    #[arg(long, value_name = "ID")]
    pub record: Option<String>,
}

/// Options of `join`.
#[derive(Args, Debug)]
pub struct Join {
    /// Where the server is, as the other device prints it.
    #[arg(long, value_name = "HOST:PORT")]
    pub server: String,
    /// With the 24 words of the recovery sheet instead of a code: when no device is left.
    #[arg(long)]
    pub recover: bool,
}

/// What can be done with the addresses of the server.
#[derive(Clone, Debug, Subcommand)]
pub enum Servers {
    /// Say that it can be reached here, too; all devices follow. It stays the same server.
    Add {
        /// Host and port.
        #[arg(value_name = "HOST:PORT")]
        address: String,
    },
    /// List its addresses.
    List,
    /// Say that it cannot be reached here any more.
    Remove {
        /// Host and port, as `server list` prints it.
        #[arg(value_name = "HOST:PORT")]
        address: String,
    },
}

/// Options of `hours`.
#[derive(Args, Debug)]
pub struct Hours {
    /// Days with their times, and how long stays free between two appointments.
    pub hours: Option<String>,
    /// Say nothing of your hours any more.
    #[arg(long, conflicts_with = "hours")]
    pub clear: bool,
}

/// Options of `free`.
#[derive(Args, Debug)]
pub struct Free {
    /// For how many minutes.
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(u16).range(15..=1440))]
    pub minutes: u16,
    /// So many days from today on.
    #[arg(long, default_value = "14", value_parser = clap::value_parser!(u16).range(1..=366))]
    pub days: u16,
    /// When this client is free, too: the code.
    #[arg(long, value_name = "CODE")]
    pub client: Option<String>,
    /// When this room is free, too.
    #[arg(long)]
    pub room: Option<String>,
}

/// Options of `timing`.
#[derive(Args, Debug)]
pub struct Timing {
    /// live: at once, and others see your caret. quiet: charts and the audit trail once a minute,
    /// with a delay drawn by chance.
    #[arg(value_parser = ["live", "quiet"])]
    pub timing: Option<String>,
}

/// What can be done with devices.
#[derive(Clone, Debug, Subcommand)]
pub enum Devices {
    /// List them, each with its id.
    List,
    /// List what was written on a device that was shut out, and came too late to count.
    Late(Late),
    /// Give one another name, which comes from standard input; empty for its first name.
    Rename {
        /// Its id, as `device list` prints it.
        id: String,
    },
    /// Shut out a device that was lost: nothing that is written from then on opens on it.
    Revoke(RevokeDevice),
}

/// What can be done about the recovery sheet.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Sheets {
    /// Make a new sheet with the words of the old one, which is void afterwards.
    Replace {
        /// Somebody may have read the old one: whatever it opened gets new keys too.
        #[arg(long)]
        compromised: bool,
    },
    /// Ask for a new sheet without the old one. Another device completes it after seven days.
    Request,
    /// Bring into force what another device asked for at least seven days ago.
    Complete,
    /// Refuse what any device has asked for.
    Veto,
    /// Show since when the sheet is in force, and whether a new one was asked for.
    Status,
}

/// Options of `device late`.
#[derive(Args, Clone, Debug)]
pub struct Late {
    /// What to do with it; without a command it is listed.
    #[command(subcommand)]
    pub act: Option<LateAct>,
}

/// What can be done with late edits.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum LateAct {
    /// Take one over, as your own change.
    Import {
        /// Its number in the list.
        number: usize,
    },
}

/// Options of `device revoke`.
#[derive(Args, Clone, Debug)]
pub struct RevokeDevice {
    /// The id of the lost device, as `device list` prints it.
    pub id: String,
    /// A device that the lost one has added and that stays all the same; may be given again.
    #[arg(long, value_name = "ID")]
    pub keep: Vec<String>,
    /// Since when what the lost device signed is in doubt, as 2026-11-25.
    #[arg(long, value_name = "DATE")]
    pub since: Option<jiff::civil::Date>,
    /// Do not ask for a yes.
    #[arg(long)]
    pub yes: bool,
}

/// Options of `sync`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Sync {
    /// Wait until everything is sent and everything that the server had is here.
    #[arg(long)]
    pub until_idle: bool,
}

/// Options of `init`.
#[derive(Args, Debug)]
pub struct Init {
    /// The practice's time zone, an IANA id such as Europe/Berlin.
    #[arg(long)]
    pub zone: String,
}

/// Options of `today`.
#[derive(Args, Debug)]
pub struct Today {
    /// Another day, as 2026-11-25.
    #[arg(long, value_name = "DATE")]
    pub date: Option<jiff::civil::Date>,
    /// As somebody sees it who holds fewer keys.
    #[arg(long = "as", value_name = "WHO", value_enum)]
    pub seen_as: Option<SeenAs>,
}

/// Who looks at the schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum SeenAs {
    /// Whoever holds keys to calendars and contacts only.
    FrontDesk,
}

/// Options of `new`.
#[derive(Args, Debug)]
pub struct New {
    /// Only print what would be booked.
    #[arg(long)]
    pub dry_run: bool,
    /// Read the sentence as if today were this day.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<jiff::civil::Date>,
    /// Language and order of dates: en-US, en-GB or de.
    #[arg(long, default_value = "en-US")]
    pub locale: String,
}

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub enum Client {
    /// Add a client; the name comes from standard input.
    Add {
        /// The code, for example AS-007.
        #[arg(long)]
        code: String,
    },
    /// List clients.
    List,
    /// Say that two clients are one person: both stand under the one who is kept.
    Merge {
        /// The code of the duplicate.
        client: String,
        /// The code of the client who is kept.
        kept: String,
    },
    /// Say that a client is not the person under whom it stands.
    Part {
        /// The code of the duplicate.
        client: String,
    },
    /// List everything about a client: sessions, notes, measures and so on, without their words.
    Show {
        /// The client's code.
        client: String,
        /// Only one kind: notes, sessions, measures, plans, consents, contacts, journal or tasks.
        #[arg(long)]
        kind: Option<String>,
    },
}

/// What can be done with treatment plans.
#[derive(Debug, Subcommand)]
pub enum Plans {
    /// Add a line, read from standard input.
    Add(PlanLine),
    /// Show the plan as it stands, what it lacks and when it was signed.
    Show {
        /// The client's code.
        client: String,
    },
    /// Sign the plan as it stands.
    Sign {
        /// The client's code.
        client: String,
    },
}

/// One line of a plan, whose words come from standard input. A diagnosis may begin with its code
/// (ICD-10-CM), and where nothing follows, its description is taken.
#[derive(Args, Debug)]
pub struct PlanLine {
    /// The client's code.
    pub client: String,
    /// What it is: diagnosis, problem, strength, goal, objective, intervention, frequency,
    /// discharge or participation.
    #[arg(long)]
    pub kind: String,
    /// The goal that an objective belongs to, by the id that `plan show` prints.
    #[arg(long, value_name = "ID")]
    pub under: Option<String>,
    /// Until when it is to be reached, as 2027-02-01.
    #[arg(long, value_name = "DATE")]
    pub by: Option<jiff::civil::Date>,
}

/// Options of `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// Write to this new file, readable by its owner only, instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Leave out the files in charts.
    #[arg(long)]
    pub without_attachments: bool,
}

/// Options of `backup`.
#[derive(Args, Debug)]
pub struct Backup {
    /// The backup; its keys are in FILE.keys beside it.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only check that no byte of it has changed; needs no passphrase and writes nothing.
    #[arg(long)]
    pub check: bool,
}

/// Options of `restore`.
#[derive(Args, Debug)]
pub struct Restore {
    /// The backup; its keys are in FILE.keys beside it.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Options of `import`.
#[derive(Args, Debug)]
pub struct Import {
    /// The file; without one, standard input. A calendar (.ics) comes in as busy times.
    pub file: Option<PathBuf>,
    /// Only print what would come in.
    #[arg(long)]
    pub dry_run: bool,
    /// Of a calendar: from this day on, as 2026-11-25. Without it, from today on.
    #[arg(long, value_name = "DATE")]
    pub from: Option<jiff::civil::Date>,
    /// Of a calendar: until before this day. Without it, for a year.
    #[arg(long, value_name = "DATE")]
    pub to: Option<jiff::civil::Date>,
}

/// What is handed to the server's program as it is.
#[cfg(feature = "demo")]
#[derive(Args, Debug)]
pub struct DemoServer {
    /// Its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<std::ffi::OsString>,
}

/// What the other device of a demo is told; its passphrase comes from standard input.
#[cfg(feature = "demo")]
#[derive(Args, Debug)]
pub struct OtherDevice {
    /// Where it lies.
    pub folder: PathBuf,
}

/// Options of `demo`.
#[cfg(feature = "demo")]
#[derive(Args, Debug)]
pub struct Demo {
    /// Keep the practice in this new folder instead of a throw-away one.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Open the second device of the demo that runs in another terminal.
    #[arg(long, conflicts_with = "keep")]
    pub join: bool,
    /// Only a few weeks of a small practice: for tests.
    #[arg(long, hide = true)]
    pub small: bool,
    /// Seed of the synthetic practice.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}
