//! Why an edit is refused.

use super::ShelfError;
use super::contact::Fault;
use super::lint::Element;
use thiserror::Error;

/// Why an edit is refused. Nothing changed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Refusal {
    /// A signature cannot be undone and a signed note never changes.
    #[error("the note is signed")]
    AlreadySigned,
    /// An appointment of that id exists.
    #[error("the appointment exists")]
    AppointmentExists,
    /// A file is not what was attached: its parts are not those that its head names.
    #[error("the file is not what was attached")]
    AttachmentAltered,
    /// The file has no bytes.
    #[error("the file is empty")]
    AttachmentEmpty,
    /// Parts of the file have not come to this device yet.
    #[error("parts of the file have not come yet")]
    AttachmentIncomplete,
    /// A file has 5 MiB at most.
    #[error("the file is too long")]
    AttachmentTooLong,
    /// A file needs a title.
    #[error("the file has no title")]
    AttachmentUntitled,
    /// The files of a client have 64 MiB at most, and are a thousand at most.
    #[error("there is no more room for files")]
    AttachmentsFull,
    /// Another device has changed the same field since.
    #[error("another device has changed the same field since")]
    ChangedElsewhere,
    /// The practice signs no note that lacks this.
    #[error("the practice requires something that the note does not say")]
    ElementMissing(Element),
    /// A client of that id exists.
    #[error("the client exists")]
    ClientExists,
    /// A record of that id exists.
    #[error("the consent exists")]
    ConsentExists,
    /// A release says to whom, another consent says what for.
    #[error("a release says to whom, and what is no usual consent says what for")]
    ConsentIncomplete,
    /// What was refused, or struck, cannot be taken back.
    #[error("the consent was never given")]
    ConsentNotGiven,
    /// A record of that id exists.
    #[error("the risk form or safety plan exists")]
    CrisisExists,
    /// A draft of that id exists.
    #[error("the draft exists")]
    DraftExists,
    /// Nobody belongs to the group whose appointment would be booked.
    #[error("nobody belongs to the group")]
    EmptyGroup,
    /// A client needs a name, a group a code.
    #[error("the name is empty")]
    EmptyName,
    /// A series does not take place at its beginning, or never.
    #[error("the series has no first date")]
    EmptySeries,
    /// An addendum needs a text.
    #[error("the text is empty")]
    EmptyText,
    /// A measure of the practice's own cannot be read, or has the id of another.
    #[error("the file of the measure does not read")]
    InvalidForm,
    /// The answers do not fit the form, or the score its range.
    #[error("the measure is not possible")]
    InvalidMeasure,
    /// The form has other words by now than those that were answered.
    #[error("the form has other words by now")]
    OtherWording,
    /// A place has a name, and each of its numbers a label before it.
    #[error("these are no emergency numbers")]
    InvalidNumbers,
    /// The slot has no length, is longer than a day, or its zone is unknown.
    #[error("the slot is not possible")]
    InvalidSlot,
    /// Both are the same person already.
    #[error("both are the same person already")]
    SameAlready,
    /// The client stands with another who is the same person; both are parted before one is erased.
    #[error("the client is the same person as another")]
    SamePerson,
    /// A splice names a part or a place that the draft does not have.
    #[error("a splice does not fit the draft")]
    InvalidSplice,
    /// The zone is no IANA id that this version knows.
    #[error("the zone is unknown")]
    InvalidZone,
    /// There is no such draft, or it was discarded.
    #[error("there is no such draft")]
    NotADraft,
    /// Psychotherapy notes are closed: nobody has stepped up.
    #[error("psychotherapy notes are closed")]
    NotSteppedUp,
    /// The draft is empty.
    #[error("there is nothing to sign")]
    NothingToSign,
    /// The keys of the record are dead.
    #[error("the record is erased")]
    Erased,
    /// A legal hold keeps the record.
    #[error("a legal hold keeps the record")]
    Held,
    /// A note about the appointment lies in the chart of whoever is to be taken out of it.
    #[error("there is a note about it in that client's chart")]
    Noted,
    /// Edits that are no acts on calendars, or too many, cannot be one act.
    #[error("these cannot be done in one act")]
    NotTogether,
    /// A newer version wrote something into the draft that this one cannot show.
    #[error("a newer version wrote into the draft")]
    NewerDraft,
    /// An addendum and an entry of a journal are one text and stay so.
    #[error("it is one text and stays so")]
    OneText,
    /// This device has no key to charts.
    #[error("this device has no key to charts")]
    NoKey,
    /// A note is handed over by its author, and answered by somebody else.
    #[error("a note is handed over by its author and answered by somebody else")]
    OwnNote,
    /// Nobody has handed the note over, or it was answered.
    #[error("the note does not wait for a second person")]
    NotSubmitted,
    /// Nobody has asked that the record be erased.
    #[error("nobody has asked for an erasure")]
    NotAsked,
    /// This is no date, or one that cannot be.
    #[error("this is no date")]
    InvalidDate,
    /// A treatment plan takes no more lines.
    #[error("a treatment plan takes no more lines")]
    PlanFull,
    /// Copying is `never`, `ask` or `always`.
    #[error("copying is never, ask or always")]
    InvalidCopying,
    /// Nothing may be copied: the member has not allowed it.
    #[error("copying is off")]
    CopyingIsOff,
    /// No link, or none with a place for the room.
    #[error("this is no link with a place for the room")]
    InvalidLink,
    /// A task with that id stands there already.
    #[error("that task stands there already")]
    TaskExists,
    /// A treatment plan was signed today as it stands.
    #[error("the treatment plan was signed today as it stands")]
    PlanUnchanged,
    /// What is said of one person was said of a couple, a family or a group.
    #[error("that is said of one person, and this is a group")]
    OfGroup,
    /// A version of a treatment plan has no addendum.
    #[error("a version of a treatment plan has no addendum")]
    PlanVersion,
    /// A session by video or telephone, of which nothing says where the client was.
    #[error("nothing says where the client was during the session")]
    WhereaboutsMissing,
    /// What is needed cannot be read from this device.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A risk form says the level and what was decided.
    #[error("the risk form says no level, or not what was decided")]
    RiskIncomplete,
    /// A text is longer than its limit.
    #[error("a text is longer than its limit")]
    TextTooLong,
    /// The record is hidden, to be erased.
    #[error("the record is to be erased")]
    ToBeErased,
    /// An erasure is ordered thirty days after it was asked for.
    #[error("thirty days have not passed")]
    TooEarly,
    /// An appointment has room for 64 clients.
    #[error("too many clients")]
    TooManyClients,
    /// A practice has room for 24 measures of its own.
    #[error("too many measures")]
    TooManyMeasures,
    /// There are 200 snippets and 200 templates at most in one place.
    #[error("too many snippets or templates")]
    TooManyPhrases,
    /// A snippet is named by one word, and has a text.
    #[error("this is no snippet and no template")]
    InvalidPhrase,
    /// A practice has room for the numbers of 64 places of its own.
    #[error("too many places")]
    TooManyPlaces,
    /// A client has room for 200 open tasks.
    #[error("too many tasks")]
    TooManyTasks,
    /// There is no such file, or it is struck.
    #[error("there is no such file")]
    UnknownAttachment,
    /// There is no such appointment.
    #[error("there is no such appointment")]
    UnknownAppointment,
    /// There is no such client.
    #[error("there is no such client")]
    UnknownClient,
    /// There is no such consent, or none of that kind.
    #[error("there is no such consent")]
    UnknownConsent,
    /// There is no such risk form or safety plan.
    #[error("there is no such risk form or safety plan")]
    UnknownCrisis,
    /// Another note stands in the place of this one already.
    #[error("the note was corrected since")]
    CorrectedSince,
    /// Only a signed note is corrected, and one that stands for itself.
    #[error("this is added to, and not corrected")]
    NoCorrection,
    /// Others have added to the note, or corrected it side by side, or a newer version wrote in it.
    #[error("the note cannot be carried over whole")]
    CannotMove,
    /// A draft adds to the note, or is to stand in its place.
    #[error("a draft of the note is open")]
    DraftBeside,
    /// The note stands in the chart of another client by now.
    #[error("the note was moved to the chart of another client")]
    Moved,
    /// The client does not come to the session that was chosen.
    #[error("the session is somebody else's")]
    SessionOfAnother,
    /// Only its author signs a note anew.
    #[error("only its author signs a note anew")]
    NotItsAuthor,
    /// A correction says why.
    #[error("the correction has no reason")]
    NoReason,
    /// There is no such form here.
    #[error("there is no such form")]
    UnknownMeasure,
    /// There is no such series.
    #[error("there is no such series")]
    UnknownSeries,
    /// There is no such signed note, or it cannot be read here.
    #[error("there is no such note")]
    UnknownNote,
    /// There is no such task.
    #[error("there is no such task")]
    UnknownTask,
    /// There is no such line in the treatment plan, or not any more.
    #[error("there is no such line in the plan")]
    UnknownPlanItem,
    /// Another device still has to send this draft; until then it can be read only.
    #[error("another device still has to send this draft")]
    WrittenElsewhere,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::EmptyName => Self::EmptyName,
            Fault::TooLong => Self::TextTooLong,
        }
    }
}
