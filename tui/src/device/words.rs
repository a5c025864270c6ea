//! What a therapist reads when the vault or the disk does not do as wished: one cause, the same
//! three sentences everywhere.

mod keys;

use super::founding::FoundingError;
use super::home::HomeError;
use super::open::DeviceError;
use super::store::StoreError;
use crate::notice::Notice;
use rustix::io::Errno;
use std::io;
use tacenda_shared::journal::AppendError;
use tacenda_shared::keys::vault::VaultError;
use tacenda_shared::practice::Refusal;

const UNCHANGED: &str = "Nothing has been changed.";
const KEPT: &str = "Your records are on the disk as they were.";

impl From<&HomeError> for Notice {
    fn from(error: &HomeError) -> Self {
        match error {
            HomeError::NoHome => Self::new(
                "Tacenda does not know where to keep your practice: neither HOME nor \
                 XDG_DATA_HOME is set.",
                UNCHANGED,
                "Name a folder with --dir.",
            ),
            HomeError::InUse => Self::new(
                "This practice is already open in another Tacenda.",
                UNCHANGED,
                "Go on there, or close it and try again. Commands such as `tacenda today` work \
                 beside it.",
            ),
            HomeError::Occupied => Self::new(
                "There is a practice in this folder already.",
                UNCHANGED,
                "Open it with `tacenda`, or name another folder with --dir.",
            ),
            HomeError::Io(cause) => Self::new(
                format!("Tacenda could not use the folder of your practice: {}.", reason(cause)),
                KEPT,
                "Check that the disk is connected and that the folder belongs to you.",
            ),
        }
    }
}

impl From<&VaultError> for Notice {
    fn from(error: &VaultError) -> Self {
        match error {
            VaultError::WrongPassphrase => Self::new(
                "That passphrase does not open this practice.",
                UNCHANGED,
                "Check Caps Lock and the keyboard layout, and try again.",
            ),
            VaultError::Empty => Self::new(
                "The file with the keys of your practice is empty.",
                "Your records are there, but cannot be opened without it.",
                "Put the file `vault` back from a backup of this folder.",
            ),
            VaultError::Damaged | VaultError::Truncated => Self::new(
                "The file with the keys of your practice is damaged.",
                "Your records are there, but cannot be opened without it.",
                "Put the file `vault` back from a backup of this folder.",
            ),
            VaultError::NewerVersion => Self::new(
                "This practice was written by a newer Tacenda.",
                UNCHANGED,
                "Install the newer version on this computer.",
            ),
            VaultError::MissingDeviceSecret => Self::new(
                "The device secret of this practice is not on this computer.",
                UNCHANGED,
                "If you moved the practice, copy the folder tacenda/device-secrets of your \
                 configuration folder too.",
            ),
            VaultError::WrongDeviceSecret => Self::new(
                "The device secret on this computer belongs to another practice.",
                UNCHANGED,
                "Put the right file back into tacenda/device-secrets of your configuration \
                 folder.",
            ),
            VaultError::OutOfMemory => Self::new(
                "There is not enough free memory to check the passphrase.",
                UNCHANGED,
                "Close other programs and try again.",
            ),
            VaultError::DeviceNameTooLong => Self::new(
                "The name of this device is too long.",
                UNCHANGED,
                "Choose a shorter one.",
            ),
            VaultError::KdfOutOfRange | VaultError::MissingSection | VaultError::ValueRefused => {
                Self::new(
                    "The file with the keys of your practice holds something that this Tacenda \
                     refuses.",
                    UNCHANGED,
                    "Install the newest version; if that does not help, put the file `vault` \
                     back from a backup.",
                )
            }
        }
    }
}

impl From<&StoreError> for Notice {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Append(AppendError::Full) => Self::new(
                "The disk is full, so this was not saved.",
                "Everything saved before is safe; what you type stays on the screen.",
                "Free some space; Tacenda goes on by itself.",
            ),
            StoreError::Append(AppendError::ReadOnly) => Self::new(
                "Part of your practice's journal is damaged, so nothing new is written to it.",
                "What can be read is shown; nothing has been deleted.",
                "Copy the folder of your practice to another disk before you do anything else.",
            ),
            StoreError::Append(AppendError::Failed(_) | AppendError::Poisoned) => Self::new(
                "The disk did not confirm that this was saved.",
                "Everything confirmed before is safe; what you type stays on the screen.",
                "Check the disk, then close Tacenda and open it again.",
            ),
            StoreError::Append(
                AppendError::Empty
                | AppendError::GroupTooLong
                | AppendError::PayloadTooLong
                | AppendError::ReservedKind,
            ) => Self::new(
                "This is too large to be saved in one piece.",
                UNCHANGED,
                "Do it in smaller pieces.",
            ),
            StoreError::Altered | StoreError::Malformed(_) | StoreError::Read(_) => Self::new(
                "Part of your practice's journal does not read as it was written.",
                "Nothing has been deleted.",
                "Copy the folder of your practice to another disk before you do anything else, \
                 then put a backup back.",
            ),
            StoreError::NoKey => keys::missing(),
            StoreError::Open(_) => Self::new(
                "The journal of your practice does not open.",
                "Nothing has been deleted.",
                "Check the disk. If the folder was copied while Tacenda ran, copy it again.",
            ),
        }
    }
}

/// The operating system's reason in words, without paths.
pub(crate) fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there",
        io::ErrorKind::PermissionDenied => "you may not open it",
        io::ErrorKind::AlreadyExists => "there is something of that name already",
        io::ErrorKind::StorageFull => "the disk is full",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only",
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => "something else has its name",
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            "it is a link: name the file itself"
        }
        _ => "the system refused",
    }
}

impl From<&DeviceError> for Notice {
    fn from(error: &DeviceError) -> Self {
        match error {
            DeviceError::ExportTooLong => Self::new(
                "The export would be longer than what can be taken in again: 384 MiB.",
                "Nothing was let out.",
                "Run it with --without-attachments, and save the files with `tacenda attachment save`.",
            ),
            DeviceError::Founding(FoundingError::Store(cause)) | DeviceError::Store(cause) => {
                Self::from(cause)
            }
            DeviceError::Founding(_) => Self::new(
                "The list of members and devices of this practice does not hold together.",
                "Nothing has been changed.",
                "Copy the folder of your practice to another disk and put a backup back.",
            ),
            DeviceError::Home(cause) => Self::from(cause),
            DeviceError::NoVault => Self::new(
                "There is no practice in this folder yet.",
                UNCHANGED,
                "Run `tacenda` to set one up, or name its folder with --dir.",
            ),
            // The same words as for a wrong passphrase: it is one.
            DeviceError::PassphraseTooLong => Self::from(&VaultError::WrongPassphrase),
            DeviceError::Refused(refusal) => refused(*refusal),
            DeviceError::TooSoon { seconds } => Self::new(
                "That passphrase was not tried: too many before it were wrong.",
                UNCHANGED,
                format!("Wait {seconds} seconds, then try again."),
            ),
            DeviceError::Vault(cause) => Self::from(cause),
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each cause")]
fn refused(refusal: Refusal) -> Notice {
    if let Refusal::ElementMissing(element) = refusal {
        return Notice::new(
            format!("The practice signs no note without this: {}.", element.title()),
            "Nothing was signed; the draft is kept.",
            "Write it, or look at what is required: `note-rules` among all commands (Ctrl+K).",
        );
    }
    let (happened, next) = match refusal {
        Refusal::Erased
        | Refusal::Held
        | Refusal::NotAsked
        | Refusal::SamePerson
        | Refusal::ToBeErased
        | Refusal::TooEarly => keys::of_erasure(refusal),
        Refusal::CannotMove
        | Refusal::DraftBeside
        | Refusal::Moved
        | Refusal::NotItsAuthor
        | Refusal::SessionOfAnother => of_moving(refusal),
        Refusal::AlreadySigned
        | Refusal::CorrectedSince
        | Refusal::ElementMissing(_)
        | Refusal::NoCorrection
        | Refusal::NoReason
        | Refusal::NewerDraft
        | Refusal::NothingToSign
        | Refusal::OneText
        | Refusal::NotSubmitted
        | Refusal::OwnNote
        | Refusal::WhereaboutsMissing
        | Refusal::WrittenElsewhere => of_signing(refusal),
        Refusal::AppointmentExists
        | Refusal::ClientExists
        | Refusal::DraftExists
        | Refusal::TaskExists => ("This is there already.", "Look at the list."),
        Refusal::ChangedElsewhere => (
            "Another device has changed this since, so it is not undone.",
            "Look at it as it is now, and change it if it is wrong.",
        ),
        Refusal::AttachmentAltered
        | Refusal::AttachmentEmpty
        | Refusal::AttachmentIncomplete
        | Refusal::AttachmentTooLong
        | Refusal::AttachmentUntitled
        | Refusal::AttachmentsFull
        | Refusal::UnknownAttachment => of_attachments(refusal),
        Refusal::EmptyName | Refusal::EmptySeries | Refusal::EmptyText => of_empty(refusal),
        Refusal::CopyingIsOff | Refusal::InvalidCopying | Refusal::InvalidLink => of_links(refusal),
        Refusal::InvalidDate
        | Refusal::InvalidSlot
        | Refusal::InvalidSplice
        | Refusal::InvalidZone => of_invalid(refusal),
        Refusal::NotADraft => ("There is no such draft any more.", "Look at the chart."),
        Refusal::Shelf(why) => return keys::of_shelf(why),
        Refusal::TextTooLong => ("The text is too long.", "Shorten it, or split it."),
        Refusal::InvalidPhrase => (
            "A snippet is named by one word of letters, digits and hyphens, and has a text.",
            "Choose another word, or write the text.",
        ),
        Refusal::TooManyPhrases => {
            ("There is room for 200 snippets and 200 templates.", "Strike some that nobody uses.")
        }
        Refusal::TooManyTasks => ("A client has room for 200 open tasks.", "Finish some first."),
        Refusal::Noted | Refusal::NotTogether | Refusal::TooManyClients => of_calendar(refusal),
        Refusal::NoKey
        | Refusal::NotSteppedUp
        | Refusal::UnknownAppointment
        | Refusal::UnknownClient
        | Refusal::UnknownNote
        | Refusal::UnknownPlanItem
        | Refusal::UnknownSeries
        | Refusal::UnknownTask => of_unknown(refusal),
        Refusal::InvalidForm
        | Refusal::InvalidMeasure
        | Refusal::OtherWording
        | Refusal::TooManyMeasures
        | Refusal::UnknownMeasure => of_measures(refusal),
        Refusal::EmptyGroup | Refusal::OfGroup | Refusal::SameAlready => of_people(refusal),
        Refusal::PlanFull | Refusal::PlanUnchanged | Refusal::PlanVersion => of_plan(refusal),
        of_consents_and_crises => of_records(of_consents_and_crises),
    };
    Notice::new(happened, UNCHANGED, next)
}

fn of_records(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::ConsentExists
        | Refusal::ConsentIncomplete
        | Refusal::ConsentNotGiven
        | Refusal::UnknownConsent => of_consents(refusal),
        _ => of_crisis(refusal),
    }
}

fn of_moving(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::CannotMove => (
            "Others have added to this note, two corrections stand side by side, or a newer Tacenda \
             wrote something into it: it cannot be signed anew as it is.",
            "Write it in the right chart, then `tacenda erase ask CODE --record ID` here.",
        ),
        Refusal::DraftBeside => (
            "A draft adds to this note, or is to stand in its place.",
            "Sign it or discard it first; one that another device still has to send can be discarded.",
        ),
        Refusal::Moved => (
            "This note belongs to another client, and is signed in that chart: no withdrawal brings it back here.",
            "If it was struck by mistake, who signed it runs `tacenda note restore CODE ID`.",
        ),
        Refusal::SessionOfAnother => (
            "The client to whom the note belongs does not come to that session.",
            "Choose a session of theirs, or none.",
        ),
        _ => (
            "Somebody else signed this note, or a version of it: it needs their name in the other chart.",
            "Ask who signed it to strike it.",
        ),
    }
}

fn of_signing(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::WrittenElsewhere => (
            "Another device still has to send this draft.",
            "Read it now; write in it once the other device has synced.",
        ),
        Refusal::AlreadySigned => (
            "This note is signed, and a signed note never changes.",
            "Open it: e corrects it, n adds to it.",
        ),
        Refusal::CorrectedSince => (
            "This note was corrected: another one stands in its place.",
            "Sign again in the window to say what becomes of that, or go on from the newest.",
        ),
        Refusal::NoCorrection => (
            "What adds to a note, a client's own words and psychotherapy notes are not corrected.",
            "Add to it: n in the open note.",
        ),
        Refusal::NoReason => (
            "A correction says why: whoever reads both has to know.",
            "Give a reason, in one line.",
        ),
        Refusal::NewerDraft => (
            "A newer Tacenda wrote something into this note that this one cannot show.",
            "Sign it there, or install the newer version here.",
        ),
        Refusal::OneText => {
            ("An addendum, and what a client wrote, is one text.", "Write it as it is.")
        }
        Refusal::NothingToSign => ("There is nothing to sign yet.", "Write something first."),
        Refusal::NotSubmitted => (
            "The note does not wait for a second person.",
            "Its author hands it over, in the open note.",
        ),
        Refusal::OwnNote => (
            "A note is handed over by its author, and answered by somebody else.",
            "Let that person do it.",
        ),
        _ => (
            "The session was by video or telephone, and nothing says where the client was.",
            "On the day, b on the session says where, and whom to call there; then sign.",
        ),
    }
}

fn of_people(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::EmptyGroup => (
            "Nobody belongs to this couple, family or group any more.",
            "Say who does with `g r`, or book those who come.",
        ),
        Refusal::SameAlready => (
            "Both are the same person already.",
            "Look at the client: all that was written under either stands there.",
        ),
        _ => (
            "This is said of one person, and a couple, a family or a group is several.",
            "Choose the one whom it is about: `g r` shows who belongs to it.",
        ),
    }
}

fn of_calendar(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::Noted => (
            "A note in the chart of whom that takes out is about this appointment.",
            "Who comes stays as it is; book another appointment for the others.",
        ),
        Refusal::NotTogether => {
            ("That is more than one act takes, or none of a calendar.", "Do it in parts.")
        }
        _ => ("An appointment has room for 64 clients.", "Book two."),
    }
}

fn of_empty(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::EmptyName => ("A client needs a name, and a group a code.", "Enter one."),
        Refusal::EmptySeries => (
            "This series would not take place on its first day, or never.",
            "Check how often it repeats and until when.",
        ),
        _ => ("There is no text.", "Write something first."),
    }
}

fn of_consents(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::ConsentExists => ("This consent is there already.", "Look at the list."),
        Refusal::ConsentIncomplete => (
            "A release says to whom, and a consent of no usual kind says to what.",
            "Say so, then save it.",
        ),
        Refusal::ConsentNotGiven => (
            "What was refused, or struck as a mistake, cannot be taken back.",
            "Look at the list of consents.",
        ),
        _ => (
            "There is no such consent, or it is of another kind.",
            "Look at the list of consents; it may have been struck on another device.",
        ),
    }
}

fn of_crisis(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::CrisisExists => ("This is written down already.", "Look at the list (!)."),
        Refusal::InvalidNumbers => (
            "These are no emergency numbers.",
            "Name the place, and before each number what answers: Emergency 112.",
        ),
        Refusal::RiskIncomplete => (
            "A risk form says the level as you judge it, and what was decided.",
            "Say both; or leave the form unfinished, and To finish keeps it.",
        ),
        Refusal::TooManyPlaces => {
            ("A practice has room for the emergency numbers of 64 places.", "Take one back first.")
        }
        _ => (
            "There is no such risk form or safety plan.",
            "Look at the list (!); it may have been struck on another device.",
        ),
    }
}

fn of_plan(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::PlanFull => (
            "A treatment plan takes no more than 500 lines.",
            "Take lines out that are done, then go on.",
        ),
        Refusal::PlanUnchanged => (
            "The plan was signed today, and nothing in it has changed since.",
            "Change a line or the review first, or sign it another day.",
        ),
        _ => (
            "A version of a treatment plan has no addendum.",
            "Change the plan and sign it: that is its next version.",
        ),
    }
}

fn of_links(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::CopyingIsOff => (
            "Copying is off, so the link was not copied.",
            "Type it, or allow copying first: g y on Today.",
        ),
        Refusal::InvalidCopying => {
            ("Copying is `never`, `ask` or `always`.", "Choose one of them (g y).")
        }
        _ => (
            "This is no link with a place for the room.",
            "Write it as https://video.example.org/{room}.",
        ),
    }
}

fn of_invalid(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::InvalidDate => {
            ("This is no date, or one that is yet to come.", "Write it as 1985-03-02.")
        }
        Refusal::InvalidSlot => (
            "This time is not possible.",
            "Choose a start and a length between 1 minute and a day.",
        ),
        Refusal::InvalidSplice => (
            "The text on the screen and the stored draft differ.",
            "Close the note with Esc and open it again; what you typed is in the draft.",
        ),
        _ => ("Tacenda does not know that time zone.", "Choose one such as Europe/Berlin."),
    }
}

fn of_attachments(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::AttachmentAltered => (
            "The file is not what was attached, so nothing of it is shown or saved.",
            "Ask whoever attached it to do so again; strike this one (x).",
        ),
        Refusal::AttachmentEmpty => ("The file is empty.", "Check whether it is the right one."),
        Refusal::AttachmentIncomplete => (
            "Parts of the file have not come to this device yet.",
            "Wait until everything has come: Sync (7) shows it.",
        ),
        Refusal::AttachmentTooLong => {
            ("A file has 5 MiB at most.", "Make it smaller, or attach it in pieces.")
        }
        Refusal::AttachmentUntitled => {
            ("The file has no title.", "Type one, such as: Referral, November 2026.")
        }
        Refusal::AttachmentsFull => (
            "The files of a client have 64 MiB at most, and are 1000 at most.",
            "Erase some that are not needed: a struck one takes its room until then.",
        ),
        _ => ("There is no such file.", "Look at the client's files (g a)."),
    }
}

fn of_measures(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::InvalidForm => (
            "The file of this measure cannot be taken.",
            "`tacenda measure define` says the line and the reason.",
        ),
        Refusal::OtherWording => (
            "Another device has changed the words of this form meanwhile.",
            "Keep these answers on paper, and ask again in the words of now.",
        ),
        Refusal::TooManyMeasures => (
            "A practice has room for 24 measures of its own.",
            "Withdraw one first: its scores stay.",
        ),
        Refusal::UnknownMeasure => {
            ("There is no such form here.", "`tacenda measure forms` lists those there are.")
        }
        _ => ("These answers do not fit the measure, or the score its range.", "Check them."),
    }
}

fn of_unknown(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::NoKey => (
            "This device has no key to charts.",
            "What a front desk needs is on Today and in the contact; ask the clinician for more.",
        ),
        Refusal::NotSteppedUp => {
            ("Psychotherapy notes are closed.", "p on the client opens them with your passphrase.")
        }
        Refusal::UnknownAppointment => ("There is no such appointment.", "Look at the day."),
        Refusal::UnknownClient => ("There is no such client.", "Look at the list of clients."),
        Refusal::UnknownPlanItem => (
            "That line is not in the plan any more: it was taken out, perhaps on another device.",
            "Look at the plan; u brings back what you took out yourself.",
        ),
        Refusal::UnknownSeries => ("There is no such series.", "Look at the week."),
        Refusal::UnknownTask => ("There is no such task.", "Look at To finish (4)."),
        _ => ("There is no such note.", "Look at the chart."),
    }
}

#[cfg(test)]
mod tests;
