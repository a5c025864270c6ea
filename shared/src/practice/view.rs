//! What a screen may see of a practice: plain values, made for reading.
//!
//! An [`Index`] is the decrypted read model of schedule, names and headlines; it lives in memory
//! only while the vault is open. Clinical content comes through `Practice::open` as a [`View`].
//! All text in here is as people wrote it: whoever draws it must make it harmless first.

use super::attachment::Media;
use super::consent::{ConsentEnd, ConsentKind, ConsentRow};
use super::crisis::{RiskLevel, RiskState};
use super::edit::{
    AppointmentKind, Channel, Direction, Fee, Modality, NoteFormat, RemoteSetting, Slot, Stamps,
    Status, Whereabouts,
};
use super::erasure::{Erasure, Scope};
use super::group::GroupKind;
use super::lint::Levels;
use super::measure::{Form, Taken};
use super::phrase::Phrases;
use super::reach::Reach;
use super::schedule::hours::Hours;
use super::schedule::recur::Rule;
use super::schedule::waiting::Waiting;
use super::supervision::SupervisionRow;
use crate::id::{
    AppointmentId, ClientId, DeviceId, MemberId, ObjectId, RecordId, SeriesId, TaskId, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use super::misfiled::Stray;
pub use super::viewed::*;

/// The read model: everything that lists need, nothing of what charts say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// IANA id of the zone in which the practice lives.
    pub zone: String,
    /// Members who see clients, by id, with the name that colleagues know.
    pub clinicians: BTreeMap<MemberId, String>,
    /// The usual week of each member who has said it.
    pub hours: BTreeMap<MemberId, Hours>,
    /// What members say for sessions by video or telephone.
    pub remote: BTreeMap<(MemberId, RemoteSetting), String>,
    /// What the practice asks of a note before it is signed.
    pub levels: Levels,
    /// Snippets and templates of the practice; [`Index::phrases`] has all that a member can use.
    pub practice_phrases: Arc<Phrases>,
    /// Those of members, as far as their own compartments can be read.
    pub own_phrases: BTreeMap<MemberId, Arc<Phrases>>,
    /// Forms of the practice's own measures, by id.
    pub measures: BTreeMap<String, Arc<Form>>,
    /// Their files, by the ids that those have.
    pub measure_files: BTreeMap<String, String>,
    /// The ids of those that are not read here: of a newer version, or more than so many.
    pub measures_unread: BTreeSet<String>,
    /// Emergency numbers of the practice's own by place, as they were typed.
    pub emergency: BTreeMap<String, String>,
    /// Names that devices were given after they were added.
    pub devices: BTreeMap<DeviceId, String>,
    /// Every client whose contact can be read, and every group as if it were one; of several
    /// that are one person, the one who is kept.
    pub clients: BTreeMap<ClientId, Arc<ClientRow>>,
    /// Under whom each client stands who is the same person as another. Their rows are in `same` of
    /// that one's.
    pub merged: BTreeMap<ClientId, ClientId>,
    /// To which kinds of compartments there are keys: what comes from others is blank.
    pub reach: Reach,
    /// The attachments that each client has, those that were struck among them; not what is hidden.
    /// Of entries that are one person each has its own.
    pub attachments: BTreeMap<ClientId, Arc<BTreeSet<RecordId>>>,
    /// Every appointment that can be read.
    pub appointments: BTreeMap<AppointmentId, Arc<AppointmentRow>>,
    /// Every series that can be read.
    pub series: BTreeMap<SeriesId, Arc<SeriesRow>>,
    /// Appointments by local date of their start in the practice's zone, in order of start.
    pub days: BTreeMap<jiff::civil::Date, Vec<AppointmentId>>,
    /// What is out of sight because it is to be erased, or was.
    pub erasures: BTreeMap<Scope, ErasureRow>,
    /// Clients whose record a legal hold keeps: their own, or that of another who is the same person.
    pub holds: BTreeSet<ClientId>,
    /// Drafts that are neither signed nor discarded, oldest first.
    pub drafts: Vec<DraftRow>,
    /// Notes that wait for a second person, and those that were handed back; the oldest first.
    pub supervision: Vec<SupervisionRow>,
    /// Charts in which something is left of a note that was moved to another, by time.
    pub strays: Vec<Stray>,
    /// When the treatment plan of each client who has one is looked at again.
    pub plans: BTreeMap<ClientId, Option<jiff::civil::Date>>,
    /// What each client has consented to, as far as charts can be read; what was struck is left out.
    pub consents: BTreeMap<ClientId, Arc<Vec<ConsentRow>>>,
    /// Couples, families and groups, under the id that they have beside clients in lists.
    pub groups: BTreeMap<ClientId, Arc<GroupRow>>,
    /// Measures, notes and contacts that exist, newest first, per client; with those of duplicates.
    pub timelines: BTreeMap<ClientId, Arc<Vec<TimelineRow>>>,
}

/// A client in a list. Comes from `contact` compartments alone: their own, and those of duplicates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientRow {
    /// Which.
    pub id: ClientId,
    /// The name that the client goes by.
    pub name: String,
    /// The code that stands for the name under the veil.
    pub code: String,
    /// Pronouns, or empty.
    pub pronouns: String,
    /// Telephone, or empty.
    pub phone: String,
    /// Mail, or empty.
    pub email: String,
    /// Safe contact, or empty.
    pub safe_contact: String,
    /// Whether the client is in the archive.
    pub archived: bool,
    /// When the client was added.
    pub since: Timestamp,
    /// What the client waits for, if it is on the waiting list.
    pub waiting: Option<Waiting>,
    /// What is still to be done about the client: what has a date first, the nearest first.
    pub tasks: Vec<TaskRow>,
    /// When the client died, if that is so. The record stays, and nobody calls any more.
    pub died: Option<jiff::civil::Date>,
    /// The client who was found to be the same person and is kept.
    pub same_as: Option<ClientId>,
    /// Those who were found to be the same person as this one, in the order of their ids. What the
    /// fields above say is this one's own.
    pub same: Vec<Arc<Self>>,
}

/// A couple, a family or a group. Comes from its own compartment alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GroupRow {
    /// Which.
    pub id: ObjectId,
    /// Under which id it stands beside clients.
    pub subject: ClientId,
    /// What kind of people belong together.
    pub kind: GroupKind,
    /// The code that stands for it under the veil.
    pub code: String,
    /// A name, or empty.
    pub name: String,
    /// Who belongs to it now (`true`), or has belonged to it.
    pub members: BTreeMap<ClientId, bool>,
    /// When it was begun.
    pub since: Timestamp,
    /// Whether it has ended: it is in the archive then.
    pub ended: bool,
}

/// Something to be done about a client, that is not done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TaskRow {
    /// Which.
    pub id: TaskId,
    /// What.
    pub text: String,
    /// By when.
    pub due: Option<jiff::civil::Date>,
    /// Since when it stands there.
    pub since: Timestamp,
}

/// Something that is out of sight.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErasureRow {
    /// The client's code, as long as this device can still read it.
    pub code: String,
    /// Whom the client's contact names as the same person, whoever can be seen.
    pub same_as: Option<ClientId>,
    /// Whether it is what a couple, a family or a group shares.
    pub of_group: bool,
    /// How far it is.
    pub erasure: Erasure,
    /// How many other records and drafts are known to go with it.
    pub family: usize,
}

/// An appointment in a list. Comes from the `calendar` compartment alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppointmentRow {
    /// Which.
    pub id: AppointmentId,
    /// Who comes: of a duplicate, the client under whom it stands.
    pub clients: Vec<ClientId>,
    /// The couple, the family or the group that comes, as far as its compartment can be read.
    pub group: Option<ClientId>,
    /// Who comes by the calendar, where that is somebody else; else empty.
    pub written: Vec<ClientId>,
    /// What it is.
    pub kind: AppointmentKind,
    /// When and where: the slot that counts until somebody settles a conflict.
    pub slot: Slot,
    /// When the slot starts, derived from local time and zone.
    pub starts: Timestamp,
    /// The other slots that devices moved it to at the same time; empty when there is no conflict.
    pub rivals: Vec<Rival>,
    /// What came of it.
    pub status: Status,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// What is decided about its fee, if the client missed it or called it off too late.
    pub fee: Option<Fee>,
    /// When it began and ended, where somebody has said so.
    pub stamps: Stamps,
    /// Where the client was during a session by video or telephone, and whom to call there.
    pub whereabouts: Whereabouts,
    /// A line for the calendar, or empty.
    pub memo: String,
    /// The draft or note that was begun for it, if its chart can be read.
    pub note: NoteState,
    /// Which occurrence of a series it is, if it is one.
    pub occurrence: Option<Occurrence>,
}

impl AppointmentRow {
    /// Whether a note about it cannot be signed yet, since nothing says where the client was.
    pub fn lacks_whereabouts(&self) -> bool {
        self.is_elsewhere() && !self.whereabouts.is_whole()
    }

    /// Whether clients are somewhere else as it takes place.
    pub fn is_elsewhere(&self) -> bool {
        let takes_place = !self.status.frees_the_slot() && self.status != Status::NoShow;
        takes_place && self.slot.modality.is_remote() && !self.clients.is_empty()
    }

    /// Whether it is to be decided who pays for it: the client did not come, or said so too late.
    pub fn asks_for_fee(&self) -> bool {
        self.is_missed() && self.fee.is_none()
    }

    /// Whether it is a session that a client missed or called off too late.
    pub fn is_missed(&self) -> bool {
        let missed = matches!(self.status, Status::NoShow | Status::LateCancel);
        missed && !self.clients.is_empty()
    }

    /// Returns who comes as the calendar says it.
    pub fn as_written(&self) -> &[ClientId] {
        if self.written.is_empty() { &self.clients } else { &self.written }
    }

    /// Whether it has begun and not ended, as far as anybody has said.
    pub fn is_going_on(&self) -> bool {
        let over =
            self.status.frees_the_slot() || matches!(self.status, Status::Held | Status::NoShow);
        self.stamps.began.is_some() && self.stamps.ended.is_none() && !over
    }
}

/// A series in the read model.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SeriesRow {
    /// Which.
    pub id: SeriesId,
    /// Who comes.
    pub clients: Vec<ClientId>,
    /// What it is.
    pub kind: AppointmentKind,
    /// When and where the first takes place.
    pub slot: Slot,
    /// The rhythm.
    pub rule: Rule,
    /// The last date, if it was ended.
    pub last: Option<jiff::civil::Date>,
    /// Dates that are left out.
    pub skipped: BTreeSet<jiff::civil::Date>,
    /// Weekdays of its rule that went elsewhere, each from which date on; what is left takes place.
    pub parted: Vec<(jiff::civil::Weekday, jiff::civil::Date)>,
    /// The series that end when this one is ended.
    pub ends_with: BTreeSet<SeriesId>,
    /// The series that follow it with other people, and go on when it is ended.
    pub goes_on: BTreeSet<SeriesId>,
    /// A line for the calendar, or empty.
    pub memo: String,
}

/// One occurrence of a series.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Occurrence {
    /// Of which.
    pub series: SeriesId,
    /// The local date by the series' rule, wherever it was moved.
    pub date: jiff::civil::Date,
    /// Whether it was changed by itself: then a change of the series leaves it as it is.
    pub touched: bool,
}

/// A slot that another device moved the same appointment to, unseen by the first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rival {
    /// The other slot.
    pub slot: Slot,
    /// Which device moved it there, if it is known.
    pub device: Option<DeviceId>,
    /// When, as that device's clock claimed.
    pub time: Timestamp,
}

/// How far the note of a session has come.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NoteState {
    /// Nobody has begun one.
    #[default]
    Missing,
    /// Nobody can tell here: there is no key to the chart in which it would lie.
    Unread,
    /// A draft exists.
    Draft(ObjectId),
    /// It is signed.
    Signed(RecordId),
}

/// A draft in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DraftRow {
    /// Which.
    pub note: ObjectId,
    /// Whose chart.
    pub client: ClientId,
    /// About which session.
    pub session: Option<AppointmentId>,
    /// How it is divided.
    pub format: NoteFormat,
    /// When it was begun.
    pub begun: Timestamp,
    /// Number of words at the last commit.
    pub words: u32,
    /// The note that this draft would add to: an edit that reached a signed note too late.
    pub addendum_to: Option<RecordId>,
    /// The signed note in whose place it is to stand.
    pub corrects: Option<RecordId>,
    /// Whether it lies in the client's journal: what the client wrote, or what is added to that.
    pub journal: bool,
    /// Whether it lies among the member's psychotherapy notes.
    pub psychotherapy: bool,
    /// Of an entry of a journal: the day that the client gives it; of a psychotherapy note: the day that
    /// it is about.
    pub date: Option<jiff::civil::Date>,
}

impl DraftRow {
    /// Whether it is one text and stays so, with nothing of the record beside it: what is added to
    /// something, an entry of a journal, a psychotherapy note.
    pub const fn is_one_text(&self) -> bool {
        self.addendum_to.is_some() || self.journal || self.psychotherapy
    }
}

/// One line of a client's timeline.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TimelineRow {
    /// When it happened, as its author claimed.
    pub time: Timestamp,
    /// In whose record it lies: the client's, or that of a duplicate.
    pub client: ClientId,
    /// What it is.
    pub entry: TimelineEntry,
}

/// How a correction stands in the place of the note that it corrects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Corrected {
    /// When it was signed.
    pub at: Timestamp,
    /// How many other corrections of that note stand beside it: nobody knew of the other.
    pub beside: u32,
    /// The note that was signed first.
    pub first: RecordId,
}

/// What a line of a timeline stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TimelineEntry {
    /// A signed addendum.
    Addendum {
        /// The addendum's record.
        record: RecordId,
        /// The note that it adds to.
        note: RecordId,
        /// Number of words.
        words: u32,
    },
    /// A file.
    Attachment {
        /// Its record.
        record: RecordId,
        /// Of which type, as somebody's device saw it.
        media: Media,
        /// How long, in bytes.
        size: u32,
    },
    /// What the client has consented to, or has refused.
    Consent {
        /// Its record.
        record: RecordId,
        /// What for.
        kind: ConsentKind,
        /// The last day on which it holds.
        until: Option<jiff::civil::Date>,
        /// What ended it, whatever the day.
        end: Option<ConsentEnd>,
    },
    /// An entry of the contact log.
    Contact {
        /// Its record.
        record: RecordId,
        /// In which way.
        channel: Channel,
        /// Who began.
        direction: Direction,
        /// In a line; may be empty.
        text: String,
    },
    /// What stays of a note that was signed in the wrong chart; the line bears the time of the strike.
    InError {
        /// Its record.
        record: RecordId,
        /// When it was struck.
        struck: Timestamp,
        /// Who struck it.
        by: MemberId,
    },
    /// An entry of the client's journal.
    Journal {
        /// Its record.
        record: RecordId,
        /// The day that the client gives it.
        date: jiff::civil::Date,
        /// Number of words.
        words: u32,
        /// Whether the client has agreed that it may be shared.
        shared: bool,
        /// Number of additions.
        addenda: u32,
    },
    /// A measure.
    Measure {
        /// Its record.
        record: RecordId,
        /// What lists know of it.
        taken: Taken,
    },
    /// A signed note.
    Note {
        /// Its record.
        record: RecordId,
        /// How it is divided.
        format: NoteFormat,
        /// About which session.
        session: Option<AppointmentId>,
        /// Number of words.
        words: u32,
        /// Number of addenda.
        addenda: u32,
        /// Whether it was signed more than 72 hours after its session.
        late: bool,
        /// Set if it stands in the place of one that was signed before; the line bears that one's time.
        corrected: Option<Corrected>,
    },
    /// A signed version of the treatment plan.
    Plan {
        /// Its record.
        record: RecordId,
        /// Number of goals.
        goals: u32,
    },
    /// A risk form.
    Risk {
        /// Its record.
        record: RecordId,
        /// How high the risk was judged to be.
        level: Option<RiskLevel>,
        /// How far it was filled in.
        state: RiskState,
        /// When the client is spoken to next.
        next: Option<jiff::civil::Date>,
    },
    /// A version of the safety plan.
    SafetyPlan {
        /// Its record.
        record: RecordId,
        /// How many of its steps have a text.
        steps: u32,
    },
    /// A record of a kind that this version does not know; kept, and shown as such.
    Unknown {
        /// Its record.
        record: RecordId,
    },
}

impl TimelineEntry {
    /// Returns the record that it stands for.
    pub const fn record(&self) -> RecordId {
        match self {
            Self::Addendum { record, .. }
            | Self::Attachment { record, .. }
            | Self::Consent { record, .. }
            | Self::Contact { record, .. }
            | Self::InError { record, .. }
            | Self::Journal { record, .. }
            | Self::Measure { record, .. }
            | Self::Note { record, .. }
            | Self::Plan { record, .. }
            | Self::Risk { record, .. }
            | Self::SafetyPlan { record, .. }
            | Self::Unknown { record } => *record,
        }
    }
}

/// Names of modalities as screens and the command line write them.
impl Modality {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InOffice => "office",
            Self::Video => "video",
            Self::Phone => "phone",
        }
    }
}

impl AppointmentKind {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Couple => "couple",
            Self::Family => "family",
            Self::Group => "group",
            Self::Intake => "intake",
            Self::Consultation => "consultation",
            Self::Supervision => "supervision",
            Self::TimeOff => "time off",
        }
    }
}

impl Status {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Confirmed => "confirmed",
            Self::Arrived => "arrived",
            Self::Held => "held",
            Self::NoShow => "no-show",
            Self::LateCancel => "late cancel",
            Self::CancelledByClient => "cancelled by client",
            Self::CancelledByClinician => "cancelled by clinician",
        }
    }

    /// Returns whether the slot is free again.
    pub const fn frees_the_slot(self) -> bool {
        matches!(self, Self::LateCancel | Self::CancelledByClient | Self::CancelledByClinician)
    }
}
