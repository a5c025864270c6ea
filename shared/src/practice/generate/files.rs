//! Synthetic files: here and there a letter with which somebody was referred. A text, of nobody.

use super::people::Person;
use crate::practice::edit::{Edit, Metadata, NewAttachment};

/// Of so many clients one came with a letter.
const EVERY: usize = 7;

const LETTER: &str = "Dear colleague,\n\nThank you for seeing my patient, who has slept badly \
                      since the spring and is short of breath before meetings. Heart and thyroid \
                      were looked at in May, without findings. No medication.\n\nI should be glad \
                      of a line once you have met.\n\nWith kind regards,\nDr. Placeholder\n";

/// Returns the files of one client.
pub(super) fn edits(number: usize, person: &Person) -> Option<Edit> {
    let (title, bytes) = ("Referral letter".to_owned(), LETTER.as_bytes().to_vec().into());
    let file = NewAttachment {
        title,
        bytes,
        metadata: Metadata::Keep,
        labels: std::collections::BTreeSet::new(),
    };
    let edit = Edit::Attach { client: person.id, file: Box::new(file) };
    (number % EVERY == 1).then_some(edit)
}
