//! What an edit leaves behind and what another device takes over: the unit between the practice
//! and whoever stores, seals and sends it.

use super::compartment::CompartmentName;
use crate::id::{DevInc, DeviceId, MemberId, ObjectId, RecordId};

/// One change in one compartment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Where it belongs.
    pub compartment: CompartmentName,
    /// What it is.
    pub content: Content,
}

/// What a change consists of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// Automerge changes of one document, concatenated as `save_incremental` gives them.
    Delta {
        /// The document; for a draft, the draft's own id.
        document: ObjectId,
        /// Whether the document is a draft, whose content lies under a key of its own.
        draft: bool,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A draft comes into being: it gets a key of its own.
    Draft {
        /// The draft's document.
        document: ObjectId,
    },
    /// A draft ends, because it was signed: after this its key can be destroyed.
    Close {
        /// The draft's document.
        document: ObjectId,
        /// The record that it became.
        record: RecordId,
    },
    /// A signed record, canonical bytes.
    Record {
        /// The record's id, also inside the bytes.
        record: RecordId,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// Who made a change, as the envelope that carried it proves.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Author {
    /// The person.
    pub member: MemberId,
    /// The installation.
    pub device: DeviceId,
    /// Its incarnation.
    pub incarnation: DevInc,
}
