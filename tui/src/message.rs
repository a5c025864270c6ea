//! The closed set of things that can happen to the interface, and of things that it can ask for.
//!
//! Local and remote changes arrive as the same message, so that a screen cannot treat them
//! differently. Nothing in here holds a channel, a file, or a key.

mod order;
mod search;

use crate::acts::{Cue, Report};
use crate::device::courier::Refilling;
use crate::input::Input;
use crate::notice::Notice;
use std::fmt;
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, ClientId, DeviceId, MemberId, ObjectId, Timestamp};
use tacenda_shared::practice::edit::{Edit, Part, Purpose, Splice, Subject};
use tacenda_shared::practice::release::Released;
use tacenda_shared::practice::view::{Index, View};
use zeroize::Zeroizing;

pub use order::{
    Carried, LookedAt, LookedFile, Order, OtherCalendar, Plan, ReportOrder, Standing, Takes,
};
pub use search::{Asked, Told};

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// The person at the keyboard.
    Input(Input),
    /// The open practice, or the attempt to open it.
    Device(DeviceEvent),
    /// A deadline that [`Effect::Wake`] armed has come, or the minute on the screen has changed.
    Clock(Now),
    /// The program was told to stop in order (TERM, HUP) or to leave the terminal (TSTP).
    Leave,
    /// The program came back to the terminal (CONT).
    Back,
}

/// What the clock says, once per event; screens never ask a clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Now {
    /// UTC.
    pub time: Timestamp,
    /// Local date and time in the practice's zone (or the system's before there is one).
    pub local: jiff::civil::DateTime,
}

/// What the device tells.
#[derive(Debug)]
pub enum DeviceEvent {
    /// No vault is there; or one is, locked.
    State(VaultState),
    /// The passphrase was right; here is today.
    Unlocked(Arc<Index>),
    /// The vault is locked: all keys are gone.
    Locked,
    /// An edit of ours was carried out and is on disk, or was refused.
    Applied {
        /// The number that [`Effect::Edit`] carried.
        ticket: u64,
        /// What undoes it, or why it was not done.
        outcome: Result<Option<Edit>, Notice>,
    },
    /// A command did something beside the window that the window can take back.
    Commanded {
        /// What, in codes.
        says: String,
        /// What undoes it.
        inverse: Edit,
    },
    /// The practice has changed, here or elsewhere.
    Changed(Arc<Index>),
    /// What [`Effect::Open`] asked for, or a newer version of a view that is open.
    Opened {
        /// What was asked for.
        subject: Subject,
        /// What it looks like, or why it cannot be shown.
        outcome: Result<Box<View>, Notice>,
    },
    /// How many keystrokes of a draft are known to be on disk.
    Journalled {
        /// Which draft.
        note: ObjectId,
        /// Count of splices since the draft was opened.
        splices: u64,
    },
    /// A step of setting up a new practice.
    Setup(SetupEvent),
    /// The link and the queue.
    Sync(SyncStatus),
    /// Something that the person must know and did not ask for.
    Alarm(Notice),
    /// Something happened on the stage of a demo.
    Demo(Report),
    /// What an [`Effect::Search`] asked for.
    Found(Told),
    /// How far an [`Effect::Order`] is.
    Carried(Carried),
    /// The link that [`Effect::CopyLink`] asked for, which may leave now, or why it may not.
    Copied(Result<Released, Notice>),
}

/// What becomes of the terminal's clipboard.
#[derive(Debug)]
pub enum Clip {
    /// A blank takes the place of what was copied.
    Overwrite,
    /// This is put there; its release is in the trail.
    Put(Released),
}

/// Whether there is a vault, and what is known of it before it is opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VaultState {
    /// The folder holds no practice yet.
    Absent,
    /// A vault, locked. The names are file and device names, nothing of a client.
    Locked {
        /// Name of the vault's folder.
        vault: String,
        /// Name of this device.
        device: String,
        /// Shown only by a demo: its passphrase.
        demo_passphrase: Option<String>,
    },
    /// It cannot be opened, whatever the passphrase.
    Broken(Notice),
}

/// Steps of setting up.
#[derive(Debug)]
pub enum SetupEvent {
    /// The passphrase does not meet the rule; says why.
    PassphraseRefused(Notice),
    /// The recovery sheet, to be written down. Shown once.
    Sheet(Secret),
    /// The words that were typed back match; the practice is there and open.
    Done(Arc<Index>),
    /// The words that were typed back do not match.
    WordsRefused(Notice),
}

/// State of the link, as the last row says it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SyncStatus {
    /// Whether a server is known at all.
    pub attached: bool,
    /// Whether the link is up.
    pub connected: bool,
    /// Own envelopes that the server has not acknowledged.
    pub queued: u64,
    /// Of the changes that the server has and this device had not: how many have come, of how many.
    /// Moves in steps of a hundredth.
    pub arriving: Option<(u64, u64)>,
    /// All of them have come, and `arriving` says how many are open.
    pub opening: bool,
    /// When the link was last up to date.
    pub last: Option<Timestamp>,
    /// The most that were queued since the queue was empty last: what progress is measured by.
    pub most: u64,
    /// Files of charts that are not wholly on the server yet.
    pub files: Option<Box<FilesUnderWay>>,
    /// Devices of the practice.
    pub devices: Vec<DeviceRow>,
    /// How far a server is with being filled again from the devices, if it is.
    pub refilling: Option<Refilling>,
    /// Why the link is down, if it is.
    pub trouble: Option<Notice>,
}

/// Files of charts that are being sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FilesUnderWay {
    /// How many of them have not wholly left.
    pub count: usize,
    /// How much of these has left, in bytes.
    pub sent: u64,
    /// How long they are together, in bytes.
    pub bytes: u64,
}

impl SyncStatus {
    /// Returns the member at the keyboard, once the device has said whose it is.
    pub fn member(&self) -> Option<MemberId> {
        self.devices.iter().find(|device| device.this).map(|device| device.member)
    }
}

/// A device as the screen of devices lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceRow {
    /// Which.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub member: MemberId,
    /// Whether it is this one.
    pub this: bool,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When it was added.
    pub added: Timestamp,
    /// When it last signed something that reached us.
    pub seen: Option<Timestamp>,
    /// The draft that it has open now, and whose chart that is in.
    pub writes: Option<(ClientId, ObjectId)>,
}

/// Something that the interface wants done.
#[derive(Debug)]
pub enum Effect {
    /// Carry out an edit; answered by [`DeviceEvent::Applied`] with the same ticket.
    Edit {
        /// Counts up.
        ticket: u64,
        /// What to do.
        edit: Edit,
    },
    /// Show something; audited; answered by [`DeviceEvent::Opened`], again after each change
    /// until [`Effect::Close`].
    Open(Subject, Purpose),
    /// No longer shown.
    Close(Subject),
    /// Put keystrokes of a draft into the keystroke journal, to be on disk within a second.
    Type {
        /// The draft.
        note: ObjectId,
        /// Whose chart.
        client: ClientId,
        /// What was typed, in order.
        splices: Vec<Splice>,
        /// How many changes of others were on the screen then, as the last view told them.
        seen: u64,
    },
    /// The caret of a draft is elsewhere, and another device that has the draft open shows it.
    Look {
        /// The draft.
        note: ObjectId,
        /// In which part.
        part: Part,
        /// Behind so many code points of it.
        position: usize,
        /// As in [`Effect::Type`].
        seen: u64,
    },
    /// A pause in typing: make one document change of what was typed since the last.
    Commit {
        /// The draft.
        note: ObjectId,
        /// Whose chart.
        client: ClientId,
    },
    /// Carry out what undoes an earlier edit, unless another device has changed the same since;
    /// answered like [`Effect::Edit`].
    Undo {
        /// Counts up with those of edits.
        ticket: u64,
        /// The inverse that [`DeviceEvent::Applied`] brought.
        edit: Edit,
    },
    /// Change what is in the terminal's clipboard.
    Clipboard(Clip),
    /// Let out the link of an appointment's room, to be copied; answered by [`DeviceEvent::Copied`].
    CopyLink(AppointmentId),
    /// Try a passphrase.
    Unlock(Secret),
    /// Drop all keys now.
    Lock,
    /// Set up a new solo practice.
    Found {
        /// IANA id of the zone.
        zone: String,
        /// Name that colleagues know, and this device's name.
        clinician: String,
        /// This device's name.
        device: String,
        /// The passphrase, typed twice alike.
        passphrase: Secret,
    },
    /// Check the words of the sheet that were typed back: (one-based place, word).
    CheckSheet(Vec<(usize, String)>),
    /// Something is to happen on the stage of a demo.
    Demo(Cue),
    /// Something is to be done with the devices of the practice or its server; answered by
    /// [`DeviceEvent::Carried`].
    Order(Order),
    /// Search in notes and records; answered by [`DeviceEvent::Found`].
    Search(Asked),
    /// Wake the interface at this moment, at the latest; replaces the last one.
    Wake(Timestamp),
    /// Leave the terminal as it was and stop the process until it is continued.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Leave for good.
    Quit,
}

/// Secret text on its way: wiped when dropped, silent in `Debug`.
#[derive(Clone, Default)]
pub struct Secret(pub Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}
