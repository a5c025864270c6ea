//! What somebody looks at, and why.

use crate::id::{ClientId, ObjectId, RecordId};
use jiff::civil::Date;

/// Why somebody looks. Every purpose is an entry in the audit trail.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// To treat, or to run the day.
    Care,
    /// To answer a query from a script or the command line of the same member.
    Query,
    /// To send something out of the vault.
    Disclosure,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Subject {
    /// One client's chart: contact, timeline, drafts.
    Chart(ClientId),
    /// One draft, to edit.
    Draft(ClientId, ObjectId),
    /// One signed note with its addenda.
    Note(ClientId, RecordId),
    /// One client's treatment plan.
    Plan(ClientId),
    /// What one client has consented to.
    Consents(ClientId),
    /// What one client has answered.
    Measures(ClientId),
    /// What a report about one client can be made of: from which day to which.
    Report(ClientId, Date, Date),
    /// Who one client is in law.
    Identity(ClientId),
    /// What is needed in a crisis of one client: risk forms, safety plan, whom to call.
    Crisis(ClientId),
    /// What one client wrote.
    Journal(ClientId),
    /// The member's own psychotherapy notes about one client.
    Psychotherapy(ClientId),
    /// The files in one client's chart, by their titles.
    Attachments(ClientId),
    /// One of them, with its content.
    Attachment(ClientId, RecordId),
}
