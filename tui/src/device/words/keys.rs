//! What a therapist reads where what they ask for needs a key that is not there: it has not come, was
//! taken away, or has died with a record.

use super::UNCHANGED;
use crate::notice::Notice;
use tacenda_shared::practice::{Refusal, ShelfError};

/// Without the key to a compartment or a draft; also of what was typed into one.
pub(super) fn missing() -> Notice {
    Notice::new(
        "This device has no key to this: it has not come yet, was taken away, or has died with what \
         was erased.",
        "Nothing has been changed; what you have typed stays on the screen.",
        "Sync (7) says whether something is still to come; else ask somebody who treats this client.",
    )
}

/// What is stored gives nothing.
pub(super) fn of_shelf(why: ShelfError) -> Notice {
    match why {
        ShelfError::Locked => missing(),
        ShelfError::Missing => Notice::new(
            "What this needs has not come to this device, or was erased.",
            UNCHANGED,
            "Sync (7) says what is still to come, `tacenda erase list` what was erased.",
        ),
        ShelfError::Damaged => Notice::new(
            "What this needs cannot be read from the disk.",
            UNCHANGED,
            "Copy the folder of your practice to another disk, then put a backup back.",
        ),
    }
}

pub(super) fn of_erasure(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::Erased => (
            "This record is erased, and nothing brings it back.",
            "Look which devices have it still with `tacenda erase list`.",
        ),
        Refusal::Held => (
            "A legal hold keeps this record.",
            "Take the hold away first, if no court and no board may ask for it any more.",
        ),
        Refusal::NotAsked => (
            "Nobody has asked that this record be erased.",
            "Look at what was asked for with `tacenda erase list`.",
        ),
        Refusal::SamePerson => (
            "This client has several records, which were found to be one person's. An erasure must \
             miss none of them.",
            "Part them first (g s on the client, or `tacenda client part CODE`), then ask for each \
             to be erased.",
        ),
        Refusal::ToBeErased => (
            "This record is to be erased or was, or belongs to another client: nothing new is begun in it \
             or added to it.",
            "To bring it back in time: `tacenda erase withdraw`, or `tacenda note restore`. What you have \
             typed can be copied into a new note.",
        ),
        _ => (
            "A record is erased no earlier than thirty days after that was asked for.",
            "Look at the day with `tacenda erase list`.",
        ),
    }
}
