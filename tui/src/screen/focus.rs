//! What the focus is on, and whom that concerns.

use super::{Scene, parts, plan};
use jiff::civil::DateTime;
use tacenda_shared::id::{AppointmentId, ClientId, DeviceId, ObjectId, RecordId, TaskId};
use tacenda_shared::practice::identity::IdentityField;

/// What the focus is on, so that a verb means the same on every screen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Focused {
    /// An appointment.
    Appointment(AppointmentId),
    /// A psychotherapy note.
    Apart(ClientId, RecordId),
    /// A file in a client's chart.
    Attachment(ClientId, RecordId),
    /// A client.
    Client(ClientId),
    /// An appointment with rival slots.
    Conflict(AppointmentId),
    /// What a client has consented to.
    Consent(ClientId, RecordId),
    /// A risk form, or a version of a safety plan.
    Crisis(ClientId, RecordId),
    /// An entry of the contact log.
    Contact(ClientId, RecordId),
    /// A device of the practice.
    Device(DeviceId),
    /// A draft.
    Draft(ClientId, ObjectId),
    /// What came late from a device that was shut out, by its place in the list.
    Late(usize),
    /// An entry of a client's journal.
    Entry(ClientId, RecordId),
    /// A measure.
    Measure(ClientId, RecordId),
    /// Free time from this local moment on.
    Free(DateTime),
    /// Nothing.
    Nothing,
    /// A field of who a client is in law.
    Identity(ClientId, IdentityField),
    /// A place in a treatment plan.
    Plan(ClientId, plan::Place),
    /// A signed note.
    Record(ClientId, RecordId),
    /// A client whose treatment plan is to be looked at again.
    Review(ClientId),
    /// Something to be done about a client.
    Task(ClientId, TaskId),
}

/// What decides whether a verb can be run now.
#[derive(Debug)]
pub struct Situation<'a> {
    /// What the focus is on.
    pub focused: Focused,
    /// The client whose chart is open, if one is.
    pub chart: Option<ClientId>,
    /// Whether psychotherapy notes are open.
    pub apart: bool,
    /// Whether a signed note is read that can be corrected, or was.
    pub corrects: bool,
    /// Whether a draft is in front that is one text and stays so, with nothing of the record beside
    /// it: what is added, an entry of a journal, a psychotherapy note.
    pub one_text: bool,
    /// Whether what is in front can have labels: no psychotherapy note can, and an entry of a journal
    /// once it is in the journal.
    pub labelled: bool,
    /// Whether something can be undone.
    pub can_undo: bool,
    /// Whether something can be done again.
    pub can_redo: bool,
    /// What the screen looks at.
    pub scene: Scene<'a>,
}

impl Situation<'_> {
    /// Returns the client whom the focus concerns.
    pub fn client(&self) -> Option<ClientId> {
        // Something of a duplicate concerns the one who is kept; a plan and who a client is in law
        // are shown for each entry.
        let own = matches!(self.focused, Focused::Identity(..) | Focused::Plan(..));
        self.entry().map(|client| if own { client } else { self.scene.index.kept(client) })
    }

    fn entry(&self) -> Option<ClientId> {
        match self.focused {
            Focused::Appointment(id) | Focused::Conflict(id) => {
                let row = self.scene.appointment(id)?;
                // In a chart it is about whose chart it is, whoever else comes.
                let here = self.chart.filter(|chart| row.is_with(*chart));
                here.or_else(|| parts::who::first(self.scene.index, row))
            }
            Focused::Apart(client, _)
            | Focused::Attachment(client, _)
            | Focused::Client(client)
            | Focused::Consent(client, _)
            | Focused::Contact(client, _)
            | Focused::Crisis(client, _)
            | Focused::Draft(client, _)
            | Focused::Entry(client, _)
            | Focused::Identity(client, _)
            | Focused::Measure(client, _)
            | Focused::Plan(client, _)
            | Focused::Record(client, _)
            | Focused::Review(client)
            | Focused::Task(client, _) => Some(client),
            Focused::Device(_) | Focused::Free(_) | Focused::Late(_) | Focused::Nothing => {
                self.chart
            }
        }
    }
}
