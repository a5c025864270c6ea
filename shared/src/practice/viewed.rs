//! What is seen of what was opened: clinical content, each time with its entry in the audit trail.

use super::attachment::Media;
use super::consent::ConsentView;
use super::correction::{Meanwhile, Versions};
use super::crisis::CrisisView;
use super::edit::{Modality, NoteFormat, Part, Stamp, Whereabouts};
use super::identity::Identity;
use super::journal::Came;
use super::label::Label;
use super::lint::OfPlan;
use super::measure::MeasuresView;
use super::plan::Plan;
use super::psychotherapy::PsychotherapyView;
use super::report::ReportView;
use super::supervision::SupervisionView;
use super::times::Times;
use super::view::{ClientRow, DraftRow, TimelineRow};
use crate::id::{AppointmentId, ClientId, DeviceId, MemberId, RecordId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A file in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttachmentRow {
    /// Its record.
    pub record: RecordId,
    /// What the clinician calls it; empty of what does not read, or stands too far below in a long
    /// list.
    pub title: String,
    /// Of which type: in a list as somebody's device saw it, of a file that is open as it begins.
    pub media: Media,
    /// How long, in bytes; 0 of what does not read.
    pub size: u32,
    /// Whether its metadata were taken out.
    pub stripped: bool,
    /// Who attached it; nobody of what cannot be read, or stands too far below in a long list.
    pub author: Option<MemberId>,
    /// When.
    pub signed: Stamp,
    /// Whether it was struck: it stays, and can be brought back.
    pub struck: bool,
}

/// The files of a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttachmentsView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// The newest first; then what does not read, then those that were struck.
    pub attachments: Vec<AttachmentRow>,
    /// How many bytes all of them have.
    pub bytes: u64,
    /// The labels of those that have any, as far as the chart can be read.
    pub labels: BTreeMap<RecordId, BTreeSet<Label>>,
}

/// What is in a file that was opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Inside {
    /// All of it is here and is what was attached; its text, if it is a text that is shown.
    Whole(Option<String>),
    /// Parts of it have not come yet.
    Incomplete,
    /// It is not what was attached.
    Altered,
}

/// A file that was opened, in memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttachmentView {
    /// Whose.
    pub client: ClientId,
    /// What is said of it.
    pub row: AttachmentRow,
    /// The SHA-256 of the file in hexadecimal digits; `None` of what does not read.
    pub hash: Option<String>,
    /// What is in it.
    pub inside: Inside,
    /// Its labels, as far as the chart can be read.
    pub labels: BTreeSet<Label>,
}

/// What `Practice::open` returns.
#[derive(Clone, Debug, PartialEq)]
pub enum View {
    /// A chart.
    Chart(ChartView),
    /// A draft.
    Draft(DraftView),
    /// A signed note.
    Note(NoteView),
    /// A treatment plan.
    Plan(PlanView),
    /// Who a client is in law.
    Identity(IdentityView),
    /// What a client wrote.
    Journal(JournalView),
    /// What a client has consented to.
    Consents(ConsentsView),
    /// What is needed in a crisis.
    Crisis(CrisisView),
    /// The files of a client.
    Attachments(AttachmentsView),
    /// A file.
    Attachment(AttachmentView),
    /// What a client has answered.
    Measures(MeasuresView),
    /// The member's own psychotherapy notes about a client.
    Psychotherapy(PsychotherapyView),
    /// What a report can be made of.
    Report(Box<ReportView>),
}

/// What is said of an entry of a journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct JournalHead {
    /// The day that the client gives it.
    pub date: jiff::civil::Date,
    /// How it came into the practice.
    pub came: Came,
    /// Whether the client has agreed that it may be shared.
    pub shared: bool,
}

/// An entry in the list of a journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JournalRow {
    /// Its record.
    pub record: RecordId,
    /// What is said of it.
    pub head: JournalHead,
    /// Number of words.
    pub words: u32,
    /// How it begins, in one line; empty of entries that are far down.
    pub begins: String,
    /// Whether it was struck: it stays, and can be brought back.
    pub struck: bool,
}

/// A client's journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JournalView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// The newest date first; then those that were struck.
    pub entries: Vec<JournalRow>,
    /// Entries that are being written, oldest first.
    pub drafts: Vec<DraftRow>,
}

/// What a client has consented to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConsentsView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// Those that hold first, those that were struck last.
    pub consents: Vec<ConsentView>,
}

/// Who a client is in law.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdentityView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// What is known.
    pub identity: Identity,
}

/// A client's treatment plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// As it stands.
    pub plan: Plan,
    /// Whether it is not what was signed last.
    pub changed: bool,
    /// What was signed, newest first.
    pub versions: Vec<(Timestamp, RecordId)>,
}

/// A client's chart as its first screen shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// Newest first.
    pub timeline: Arc<Vec<TimelineRow>>,
    /// Unfinished drafts, oldest first.
    pub drafts: Vec<DraftRow>,
    /// The plan part of the newest signed SOAP note, or empty.
    pub last_plan: String,
    /// The treatment plan as it stands; empty if there is none.
    pub plan: Plan,
    /// The plans of duplicates who have one.
    pub further_plans: Vec<(ClientId, Plan)>,
    /// The labels of measures, consents and contacts that have any.
    pub labels: BTreeMap<RecordId, BTreeSet<Label>>,
}

/// What helps to write a note: what was planned when the last one was signed, and what the treatment plan
/// works towards.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Aid {
    /// The newest signed note that has a plan part: in whose chart, when it was signed and what it says
    /// there.
    pub last: Option<(ClientId, RecordId, Timestamp, String)>,
    /// Diagnoses and aims of the treatment plan.
    pub of_plan: OfPlan,
}

/// A draft, to be edited.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftView {
    /// Its line in lists.
    pub row: DraftRow,
    /// The text of each part, in order.
    pub parts: Vec<(Part, String)>,
    /// Its labels.
    pub labels: BTreeSet<Label>,
    /// What helps to write it, in the view with which it is opened; later ones have none.
    pub aid: Option<Arc<Aid>>,
    /// Splices by other devices since the last view of this draft, in order; a caret moves
    /// through them. Empty in the first view.
    pub remote: Vec<super::edit::Splice>,
    /// Where the conversation between the screen and the document stands.
    pub standing: Standing,
    /// Other devices that have this draft open now.
    pub beside: Vec<Beside>,
    /// Names of other devices that have shown, by their own signatures, all that was written
    /// here by this one.
    pub seen_by: Vec<String>,
    /// Of the draft of a correction: what has become of the note.
    pub meanwhile: Option<Box<Meanwhile>>,
}

impl DraftView {
    /// Makes the first view of a draft, to which others have added nothing yet.
    pub fn new(row: DraftRow, parts: Vec<(Part, String)>) -> Self {
        Self {
            row,
            parts,
            labels: BTreeSet::new(),
            aid: None,
            remote: Vec::new(),
            standing: Standing::default(),
            beside: Vec::new(),
            seen_by: Vec::new(),
            meanwhile: None,
        }
    }
}

/// How much the screen and the document have heard of each other. With it, keys in flight are
/// moved over changes of others and the other way round.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// Splices from the screen that this view holds, since the draft was opened.
    pub heard: u64,
    /// Changes of others that were told, with this view's `remote`; each view that has some
    /// counts one.
    pub told: u64,
}

/// Another device that has the same draft open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Beside {
    /// Which.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// Its caret, in the text of this view; `None` if it has not said, or stands in text that
    /// is not here yet.
    pub caret: Option<(Part, usize)>,
}

/// A signed note with what was added later.
#[derive(Clone, Debug, PartialEq)]
pub struct NoteView {
    /// The record.
    pub record: RecordId,
    /// Whose.
    pub client: ClientId,
    /// About which session.
    pub session: Option<AppointmentId>,
    /// How it is divided.
    pub format: NoteFormat,
    /// The text of each part.
    pub parts: Vec<(Part, String)>,
    /// Who signed.
    pub author: MemberId,
    /// When.
    pub signed: Stamp,
    /// Why late, if it was.
    pub late_reason: Option<String>,
    /// Of a session by video or telephone: which, and where the client was.
    pub remote: Option<(Modality, Whereabouts)>,
    /// When, how and with whom its session took place.
    pub times: Times,
    /// Set if it is an entry of the client's journal.
    pub journal: Option<JournalHead>,
    /// Of a psychotherapy note: the day that it is about.
    pub psychotherapy: Option<jiff::civil::Date>,
    /// The labels that stand.
    pub labels: BTreeSet<Label>,
    /// How it stands with a second person, if it was handed to one.
    pub supervision: Option<SupervisionView>,
    /// How it stands among its corrections; `None` of what is not corrected: a plan, a client's own words, a
    /// psychotherapy note.
    pub versions: Option<Box<Versions>>,
    /// In the order of the log.
    pub addenda: Vec<AddendumView>,
}

/// An addendum.
#[derive(Clone, Debug, PartialEq)]
pub struct AddendumView {
    /// The record.
    pub record: RecordId,
    /// Its text.
    pub text: String,
    /// Who signed.
    pub author: MemberId,
    /// When.
    pub signed: Stamp,
}
