//! What a person can do to a practice, as values.
//!
//! Screens, commands, imports and the generator speak these words; `Practice::apply` alone listens.

pub use super::appointment::{AppointmentKind, Modality, NewAppointment, NewSeries, Slot, Status};
pub use super::attachment::{FileBytes, Metadata, NewAttachment};
pub use super::attendance::WhoChange;
pub use super::book::{Fee, StampChange, Stamps, Whereabouts};
use super::consent::NewConsent;
pub use super::contact::ContactChange;
use super::contact_log::NewContact;
use super::correction::{Correcting, SignOver};
use super::crisis::{NewRisk, NewSafetyPlan};
use super::erasure::Scope;
use super::group::{GroupChange, GroupKind};
use super::identity::IdentityField;
pub use super::journal::{Came, JournalMark};
pub use super::label::{Label, Labelled, Relabel, RelabelDraft};
use super::lint::{Element, Level};
use super::measure::{Answer, Manner, MeasureMark, NewScore};
pub use super::misfiled::{Copied, Misfiled, Restored};
pub use super::parts::{NoteFormat, Part, Splice};
use super::phrase::{PhraseKind, Saying};
use super::plan::PlanChange;
pub use super::psychotherapy::PsychotherapyEdit;
pub use super::remote::RemoteSetting;
use super::schedule::hours::Hours;
use super::schedule::waiting::Waiting;
pub use super::subject::{Purpose, Subject};
use super::supervision::Step;
use super::view::JournalHead;
pub use super::ways::{Channel, Direction};
pub use super::zone::Stamp;
use crate::id::{
    AppointmentId, ClientId, DeviceId, MemberId, ObjectId, PlanItemId, RecordId, SeriesId, TaskId,
    Timestamp,
};
use crate::suite::Hash;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// One act. Each is one group commit, one line of "Undid: …", and one undo.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Edit {
    /// Writes down something to be done about a client.
    AddTask {
        /// Whom it is about.
        client: ClientId,
        /// Drawn by the caller.
        task: TaskId,
        /// What; nothing clinical.
        text: String,
        /// By when.
        due: Option<Date>,
        /// Since when it stands there, if it was written down elsewhere; never later than now.
        since: Option<Timestamp>,
    },
    /// Signs an addendum to a signed note. The note itself never changes.
    Amend {
        /// The note that is amended.
        note: RecordId,
        /// The client whose chart holds it.
        client: ClientId,
        /// What is added.
        text: String,
    },
    /// Hides a client's record, or one record in it, so that it can be erased later.
    AskErasure(Scope),
    /// Moves a client to the archive or back.
    Archive {
        /// Whom.
        client: ClientId,
        /// `true` to archive.
        archived: bool,
    },
    /// Puts a file into a client's chart.
    Attach {
        /// Whose.
        client: ClientId,
        /// The file.
        file: Box<NewAttachment>,
    },
    /// Begins a draft that adds to a signed note: to sign it is to sign an addendum.
    BeginAddendum {
        /// The draft's document.
        draft: ObjectId,
        /// Whose chart it belongs to.
        client: ClientId,
        /// The signed note.
        note: RecordId,
    },
    /// Begins a draft that holds the text of a signed note: what is signed of it stands in its place.
    BeginCorrection(Correcting),
    /// Begins an entry of a client's journal: to sign it is to put it there.
    BeginJournal {
        /// The draft's document.
        draft: ObjectId,
        /// Whose journal.
        client: ClientId,
        /// The day that the client gives it.
        date: Date,
    },
    /// Begins a draft note. Its id comes from the caller, so that typing can start at once.
    BeginNote {
        /// The draft's document.
        note: ObjectId,
        /// Whose chart it belongs to.
        client: ClientId,
        /// The session that it is about, if it is about one.
        session: Option<AppointmentId>,
        /// Its parts.
        format: NoteFormat,
    },
    /// Books a new appointment.
    Book(NewAppointment),
    /// Books a series.
    BookSeries(Box<NewSeries>),
    /// Sets fields of a client's contact; `None` leaves a field as it is.
    ChangeContact {
        /// Whom.
        client: ClientId,
        /// The fields.
        contact: ContactChange,
    },
    /// Changes the text of a draft. All splices of one pause are one change.
    ChangeDraft {
        /// The draft.
        note: ObjectId,
        /// The client whose chart holds it.
        client: ClientId,
        /// In the order in which they were made.
        splices: Vec<Splice>,
    },
    /// Says who belongs to a couple, a family or a group, or what it is called.
    ChangeGroup {
        /// Which, under the id that lists know it by.
        group: ClientId,
        /// What is set.
        change: GroupChange,
    },
    /// Changes an occurrence of a series and all that follow it, and who comes to them.
    ChangeFollowing {
        /// Of which.
        series: SeriesId,
        /// The first that changes: its local date by the series' rule.
        from: Date,
        /// Where that one goes; the rhythm stays.
        slot: Slot,
        /// Who comes from then on, and who does not.
        who: WhoChange,
    },
    /// Sets what is known of who a client is in law.
    ChangeIdentity {
        /// Whom.
        client: ClientId,
        /// Which field.
        field: IdentityField,
        /// The value; empty takes it away. A date is written as `1985-03-02`.
        value: String,
    },
    /// Begins a line of a client's treatment plan, or changes one.
    ChangePlan {
        /// Whose.
        client: ClientId,
        /// Which line; of a new one, drawn by the caller.
        item: PlanItemId,
        /// What is set.
        change: PlanChange,
    },
    /// Changes who comes to an appointment.
    ChangeWho {
        /// Which.
        appointment: AppointmentId,
        /// Who is added and taken out.
        who: WhoChange,
    },
    /// Takes in a measure of the practice's own, as a file; or withdraws it, and its scores stay.
    DefineMeasure {
        /// The id that the file has.
        id: String,
        /// The file; `None` withdraws it.
        text: Option<String>,
    },
    /// Discards a draft that nobody wants. Only drafts without a signature can be discarded.
    DiscardDraft {
        /// The draft.
        note: ObjectId,
        /// The client whose chart holds it.
        client: ClientId,
        /// `false` brings it back.
        discarded: bool,
    },
    /// Divides a draft in another way. No text is touched: what has no part there is shown below.
    DivideDraft {
        /// The draft.
        note: ObjectId,
        /// The client whose chart holds it.
        client: ClientId,
        /// Its parts from now on.
        format: NoteFormat,
    },
    /// Ends a series after a date, or lets it go on.
    EndSeries {
        /// Which.
        series: SeriesId,
        /// The last local date on which it takes place; `None` for no end but its rule's.
        last: Option<Date>,
    },
    /// Puts what a client wrote elsewhere into the client's journal.
    EnterJournal {
        /// Whose.
        client: ClientId,
        /// What is said of it.
        said: JournalHead,
        /// What the client wrote.
        text: String,
        /// What makes it especially sensitive.
        labels: BTreeSet<Label>,
    },
    /// Enters what was answered to a form as a signed record, complete or not.
    EnterMeasure {
        /// Whose.
        client: ClientId,
        /// The session in which it was answered.
        session: Option<AppointmentId>,
        /// The form's id, for example `phq-9`.
        instrument: String,
        /// What the wording came to that was read: [`Form::wording`](super::measure::Form::wording).
        wording: Hash,
        /// One for each item, in the order of the form.
        answers: Vec<Answer>,
        /// When it was answered, of what comes from elsewhere; `None` now.
        at: Option<Timestamp>,
        /// What makes it especially sensitive.
        labels: BTreeSet<Label>,
        /// How it was taken.
        manner: Manner,
    },
    /// Signs a note that was written elsewhere and never was a draft here: an import.
    EnterNote {
        /// Whose chart.
        client: ClientId,
        /// About which session.
        session: Option<AppointmentId>,
        /// How it is divided.
        format: NoteFormat,
        /// The text of its parts; parts that are not named are empty.
        parts: Vec<(Part, String)>,
        /// Why it is late, when it is signed more than 72 hours after the session.
        late_reason: Option<String>,
    },
    /// Enters a score of an instrument that is not here, as a signed record.
    EnterScore {
        /// Whose.
        client: ClientId,
        /// The session in which it was answered.
        session: Option<AppointmentId>,
        /// What.
        score: Box<NewScore>,
        /// When it was answered, of what comes from elsewhere; `None` now.
        at: Option<Timestamp>,
        /// What makes it especially sensitive.
        labels: BTreeSet<Label>,
    },
    /// Says that a task is done, or that it is not after all.
    FinishTask {
        /// Whom it is about.
        client: ClientId,
        /// Which.
        task: TaskId,
        /// `false` if it is not.
        done: bool,
    },
    /// Sets a legal hold on a client's record, which keeps it from being erased.
    Hold {
        /// Whose.
        client: ClientId,
        /// `false` takes it away.
        held: bool,
    },
    /// Says which labels a note or another item has; the whole list.
    Label {
        /// Whose chart.
        client: ClientId,
        /// Which note.
        of: Labelled,
        /// The labels.
        labels: BTreeSet<Label>,
    },
    /// Writes into the contact log that there was a call, a mail, a text, a letter or a fax.
    LogContact {
        /// With whom.
        client: ClientId,
        /// What.
        contact: NewContact,
    },
    /// Says of an entry of a client's journal that it may be shared, or strikes it, or takes that back.
    MarkJournal {
        /// Whose.
        client: ClientId,
        /// The entry.
        record: RecordId,
        /// What is said.
        mark: JournalMark,
    },
    /// Says of a measure that its answers were looked at, or strikes it, or takes one of both back.
    MarkMeasure {
        /// Whose.
        client: ClientId,
        /// The measure.
        record: RecordId,
        /// What is said.
        mark: MeasureMark,
    },
    /// Moves an appointment. One scalar changes, whatever the distance. Also settles an
    /// appointment that two devices moved at once: the settled slot is simply moved to.
    Move {
        /// Which.
        appointment: AppointmentId,
        /// Where to.
        slot: Slot,
    },
    /// Changes an occurrence of a series and all that follow it. Where a series has several weekdays
    /// and the occurrence goes to another one, only those of its weekday go with it.
    MoveFollowing {
        /// Of which.
        series: SeriesId,
        /// The first that changes: its local date by the series' rule.
        from: Date,
        /// Where that one goes; the rhythm stays.
        slot: Slot,
    },
    /// Adds a client.
    NewClient {
        /// Drawn by the caller.
        client: ClientId,
        /// What is known; at least a name.
        contact: ContactChange,
    },
    /// Adds a couple, a family or a group.
    NewGroup {
        /// Drawn by the caller.
        group: ObjectId,
        /// What kind of people belong together.
        kind: GroupKind,
        /// A code, and who belongs to it.
        change: GroupChange,
    },
    /// Notes when a client died, or that it is not so.
    NoteDeath {
        /// Whom.
        client: ClientId,
        /// When; `None` takes it back.
        died: Option<Date>,
    },
    /// Begins or strikes a psychotherapy note of one's own.
    Psychotherapy(PsychotherapyEdit),
    /// Orders that a record is erased which was asked for long enough ago.
    OrderErasure(Scope),
    /// Writes down what a client has consented to, or has refused.
    RecordConsent {
        /// Whose.
        client: ClientId,
        /// Drawn by the caller.
        record: RecordId,
        /// What.
        consent: Box<NewConsent>,
    },
    /// Signs a risk form: what was asked and said in a crisis, and what was judged and decided.
    RecordRisk {
        /// Whose.
        client: ClientId,
        /// Drawn by the caller.
        record: RecordId,
        /// What.
        risk: Box<NewRisk>,
    },
    /// Takes an [`Edit::MoveFollowing`] or [`Edit::ChangeFollowing`] back.
    RejoinSeries {
        /// The series that goes on as before.
        series: SeriesId,
        /// Until when it goes on.
        last: Option<Date>,
        /// The one that ends before it began.
        heir: SeriesId,
        /// The date on which that one began.
        gone: Date,
        /// What does it again.
        again: Box<Self>,
    },
    /// Takes an [`Edit::Label`] of a draft back: other labels stay as they are by now.
    RelabelDraft(Box<RelabelDraft>),
    /// Gives a device another name than the one that it was added with.
    RenameDevice {
        /// Which.
        device: DeviceId,
        /// The name; empty gives it back the one that it was added with.
        name: String,
    },
    /// Sets when a treatment plan is looked at again.
    ReviewPlan {
        /// Whose.
        client: ClientId,
        /// When; `None` for no date.
        review: Option<Date>,
    },
    /// Says that a client took a consent back, or did not after all.
    RevokeConsent {
        /// Whose.
        client: ClientId,
        /// Which.
        record: RecordId,
        /// When and why; `None` if it is not so.
        revoked: Option<(Date, String)>,
    },
    /// Leaves one date of a series out, or brings it back.
    SkipOccurrence {
        /// Of which.
        series: SeriesId,
        /// The local date by the series' rule.
        date: Date,
        /// `false` brings it back.
        skipped: bool,
    },
    /// Gives a series the slot that it had before two devices' changes of it were settled.
    SettleSeries {
        /// Which.
        series: SeriesId,
        /// When and where it begins.
        slot: Slot,
        /// When the others ended that this one was settled against.
        ends: Vec<(SeriesId, Option<Date>)>,
    },
    /// Says that a client is the same person as another, who is kept, or that they are two (see `same`).
    SameAs {
        /// The duplicate.
        client: ClientId,
        /// Under whom both stand from now on; `None` parts them again.
        kept: Option<ClientId>,
    },
    /// Says what an element of a note is to the practice before a signature.
    SetLevel {
        /// Which.
        element: Element,
        /// Whether it is left out, told or required.
        level: Level,
    },
    /// Says what a snippet or a template is.
    SetPhrase {
        /// Whether it is the member's own; else it is the practice's.
        own: bool,
        /// Which of both.
        kind: PhraseKind,
        /// Its name: see [`PhraseKind::named`].
        name: String,
        /// What it is, or that it is struck.
        saying: Saying,
    },
    /// Sets the emergency numbers of a place, or takes the practice's own back.
    SetEmergency {
        /// The country or state.
        place: String,
        /// `Emergency 112; Crisis line 116 123`; `None` takes them back.
        numbers: Option<String>,
    },
    /// Says what is decided about the fee of a session that a client missed or called off too late.
    SetFee {
        /// Of which.
        appointment: AppointmentId,
        /// What; `None` leaves it open again.
        fee: Option<Fee>,
    },
    /// Sets the usual week of a member, or takes it back.
    SetHours {
        /// Whose.
        member: MemberId,
        /// The hours; `None` where nothing is said.
        hours: Option<Hours>,
    },
    /// Says where a member may practise, or what the link of the member's room is.
    SetRemote {
        /// Whose.
        member: MemberId,
        /// Which of both.
        setting: RemoteSetting,
        /// Empty takes it back.
        text: String,
    },
    /// Sets what came of an appointment.
    SetStatus {
        /// Which.
        appointment: AppointmentId,
        /// What came of it.
        status: Status,
        /// Why, where a reason was given.
        reason: Option<String>,
    },
    /// Signs a draft: it becomes a record and will never change again.
    Sign {
        /// The draft.
        note: ObjectId,
        /// The client whose chart holds it.
        client: ClientId,
        /// Why it is late, after more than 72 hours; of a correction, why it is corrected.
        late_reason: Option<String>,
    },
    /// Signs a draft of what was signed in another practice: it was asked there what is asked before.
    SignImported {
        /// The draft.
        note: ObjectId,
        /// The client whose chart holds it.
        client: ClientId,
        /// Why it is late.
        late_reason: Option<String>,
    },
    /// Signs a correction where another one stands: in its place as well, or beside it.
    SignOver(SignOver),
    /// Signs a treatment plan as it stands: a version that never changes.
    SignPlan {
        /// Whose.
        client: ClientId,
    },
    /// Signs a version of a safety plan, which takes the place of the one before.
    SignSafetyPlan {
        /// Whose.
        client: ClientId,
        /// Drawn by the caller.
        record: RecordId,
        /// What stands in it.
        plan: Box<NewSafetyPlan>,
    },
    /// Says when a session began or ended, with what that says of its status.
    StampSession {
        /// Which.
        appointment: AppointmentId,
        /// What is said.
        change: StampChange,
    },
    /// Strikes a file that was attached by mistake, or brings it back. Both stay in the log.
    StrikeAttachment {
        /// Whose.
        client: ClientId,
        /// Which.
        record: RecordId,
        /// `false` brings it back.
        struck: bool,
    },
    /// Strikes a consent that was entered by mistake, or brings it back. Both stay in the chart.
    StrikeConsent {
        /// Whose.
        client: ClientId,
        /// Which.
        record: RecordId,
        /// `false` brings it back.
        struck: bool,
    },
    /// Strikes an entry of the contact log, or brings it back. Both stay in the log.
    StrikeContact {
        /// Whose log.
        client: ClientId,
        /// The entry.
        record: RecordId,
        /// `false` brings it back.
        struck: bool,
    },
    /// Strikes a note that was signed in the wrong chart, and signs it anew in the right one.
    StrikeNote(Misfiled),
    /// Brings a note back that was struck by mistake, and strikes what was signed in its place.
    RestoreNote(Restored),
    /// Hands a signed note to a second person, takes it back, co-signs it or returns it.
    Supervise {
        /// Whose.
        client: ClientId,
        /// The note.
        note: RecordId,
        /// What is done.
        step: Step,
    },
    /// Strikes a risk form or a version of a safety plan that was a mistake, or brings it back.
    StrikeCrisis {
        /// Whose.
        client: ClientId,
        /// Which.
        record: RecordId,
        /// `false` brings it back.
        struck: bool,
    },
    /// Several edits of calendars in one act, with one undo: all of them, or none. Not one in another.
    Together(Vec<Self>),
    /// Puts a client on the waiting list, changes what they would take, or takes them off.
    Wait {
        /// Whom.
        client: ClientId,
        /// What they wait for, and since when.
        waiting: Option<Waiting>,
    },
    /// Brings a record back that was to be erased.
    WithdrawErasure(Scope),
}
