//! What a person reads when a backup is not written or gives nothing back.

use super::BackupError;
use crate::device::words::reason;
use crate::notice::Notice;
use tacenda_shared::keys::recovery::RecoveryError;

const BOTH_KEPT: &str = "The practice and the backup are as they were.";
const NOTHING: &str = "Nothing has been changed.";

impl From<&BackupError> for Notice {
    fn from(error: &BackupError) -> Self {
        match error {
            BackupError::Device(error) => Self::from(error),
            BackupError::Words(error) => wrong_words(*error),
            BackupError::Damaged => Self::new(
                "The backup is damaged: bytes in it have changed, or some are missing.",
                NOTHING,
                "Keep it, and use another copy or make a backup under another name.",
            ),
            BackupError::Diverged => Self::new(
                "This backup goes on from another copy of your practice: it holds what this one \
                 does not.",
                BOTH_KEPT,
                "Make this backup under another name, and keep both.",
            ),
            BackupError::Foreign => Self::new(
                "This file is the backup of another device or of another practice.",
                BOTH_KEPT,
                "Make the backup under another name.",
            ),
            BackupError::ForeignSheet => Self::new(
                "These words are a recovery sheet, but not the one of this backup.",
                NOTHING,
                "Look for the sheet that was in force when the backup was made.",
            ),
            BackupError::Full => Self::new(
                "There is no room for the backup where it is to be written.",
                "The practice is as it was, and the last backup there is whole.",
                "Free some space there, or make the backup on another disk.",
            ),
            BackupError::Io(cause) => Self::new(
                format!("The backup could not be read or written: {}.", reason(cause)),
                "The practice is as it was, and the last backup there is whole.",
                "Check that the folder is there and that you may write to it.",
            ),
            BackupError::MissingKeys => Self::new(
                "The keys that belong to this backup are not beside it, in the file of the same \
                 name that ends in .keys.",
                NOTHING,
                "Put both files into one folder. If the keys were destroyed, nothing opens it.",
            ),
            BackupError::NewerVersion => Self::new(
                "This backup was written by a newer Tacenda.",
                NOTHING,
                "Install the newer version on this computer.",
            ),
            BackupError::NotABackup => Self::new(
                "This file is not a backup of Tacenda.",
                NOTHING,
                "Name the backup, or a file that does not exist yet.",
            ),
            BackupError::NotWhole => Self::new(
                "What this backup gives back is not a whole practice: part of its journal does \
                 not read.",
                "The backup is as it was, and nothing of it was left on this computer.",
                "Keep the backup, and restore another copy of it.",
            ),
        }
    }
}

fn wrong_words(error: RecoveryError) -> Notice {
    let happened = match error {
        RecoveryError::Checksum => {
            "Every word is on the list, but together they are no recovery sheet.".to_owned()
        }
        RecoveryError::Count { found } => format!("A recovery sheet has 24 words, not {found}."),
        RecoveryError::UnknownWord { place } => {
            format!("Word {place} is not a word of recovery sheets.")
        }
    };
    Notice::new(happened, NOTHING, "Compare what you typed with the sheet, word by word.")
}
