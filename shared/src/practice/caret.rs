//! Places in the text of a draft that is open, named so that the name outlives edits. A name says
//! which letter is at the left of the place, never what the letter is.

use super::Practice;
use super::document::part_field;
use super::edit::Part;
use crate::id::ObjectId;

/// The longest name of a place, in bytes; an honest one has some thirty.
pub const PLACE_BYTES_MAX: usize = 64;

impl Practice {
    /// Names the place behind so many code points of a part; `None` if the draft is not open or
    /// the text is shorter.
    pub fn name_place(&self, draft: ObjectId, part: Part, position: usize) -> Option<Vec<u8>> {
        self.documents.get(&draft)?.document.name_place(part_field(part), position)
    }

    /// Returns behind how many code points of a part a place is now; `None` if the draft is not
    /// open, or the name means nothing in it.
    pub fn find_place(&self, draft: ObjectId, part: Part, name: &[u8]) -> Option<usize> {
        if name.len() > PLACE_BYTES_MAX {
            return None;
        }
        self.documents.get(&draft)?.document.find_place(part_field(part), name)
    }
}
