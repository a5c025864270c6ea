//! The shapes that commands print with `--json`. Each names itself and its version.
//!
//! They carry what the command was asked for and nothing else; whether names may appear is
//! decided before they are filled. Described in `docs/interchange.md`.

use super::super::view::{AppointmentRow, Index, NoteState, NoteView};
use super::lines::{FORMATS, KINDS, MODALITIES, PARTS, STATUSES, instant, word};
use crate::id::{ClientId, Timestamp};
use jiff::civil::Date;
use serde::Serialize;

/// Version of every shape in here.
pub const VERSION: u32 = 1;

/// A shape with its name and version in front.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shape<T> {
    /// The command.
    pub tacenda: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// What it prints.
    #[serde(flatten)]
    pub body: T,
}

impl<T: Serialize> Shape<T> {
    /// Returns the line to print, without its end.
    #[expect(clippy::expect_used, reason = "shapes are strings, numbers, lists and structs")]
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("shapes have string keys and no own Serialize")
    }
}

/// Who comes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Person {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The code.
    pub code: String,
    /// The name.
    pub name: String,
}

/// `tacenda today --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Today {
    /// Which day, `2026-11-26`.
    pub date: String,
    /// IANA id of the practice's zone.
    pub zone: String,
    /// In order of start.
    pub appointments: Vec<Appointment>,
    /// Number of drafts that are not signed, of all days.
    pub drafts: usize,
}

/// An appointment as commands print it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Appointment {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Start as an instant with offset, RFC 3339.
    pub starts: String,
    /// Local start as agreed.
    pub start: String,
    /// Zone in which it was agreed.
    pub zone: String,
    /// Length.
    pub minutes: u16,
    /// Who comes.
    pub clients: Vec<Person>,
    /// `individual`, `couple`, … as in export lines.
    pub kind: &'static str,
    /// `office`, `video`, `phone`.
    pub modality: &'static str,
    /// Room, if in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// `booked`, `held`, … as in export lines.
    pub status: &'static str,
    /// `missing`, `draft` or `signed`.
    pub note: &'static str,
    /// Whether two devices moved it at once and nobody has settled that.
    pub conflict: bool,
}

/// Returns what `today` prints for `date`.
pub fn today(index: &Index, date: Date) -> Shape<Today> {
    let ids = index.days.get(&date).map(Vec::as_slice).unwrap_or_default();
    let rows = ids.iter().filter_map(|id| index.appointments.get(id));
    let body = Today {
        date: date.to_string(),
        zone: index.zone.clone(),
        appointments: rows.map(|row| appointment(row, index)).collect(),
        drafts: index.drafts.len(),
    };
    Shape { tacenda: "today", version: VERSION, body }
}

fn appointment(row: &AppointmentRow, index: &Index) -> Appointment {
    Appointment {
        id: row.id.to_string(),
        starts: instant(row.starts, &row.slot.zone),
        start: row.slot.start.to_string(),
        zone: row.slot.zone.clone(),
        minutes: row.slot.minutes,
        clients: row.clients.iter().map(|id| person(*id, index)).collect(),
        kind: word(KINDS, row.kind),
        modality: word(MODALITIES, row.slot.modality),
        room: row.slot.room.clone(),
        status: word(STATUSES, row.status),
        note: match row.note {
            NoteState::Missing => "missing",
            NoteState::Draft(_) => "draft",
            NoteState::Signed(_) => "signed",
        },
        conflict: !row.rivals.is_empty(),
    }
}

fn person(id: ClientId, index: &Index) -> Person {
    let row = index.clients.get(&id);
    Person {
        id: id.to_string(),
        code: row.map(|row| row.code.clone()).unwrap_or_default(),
        name: row.map(|row| row.name.clone()).unwrap_or_default(),
    }
}

/// `tacenda find --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Whether there were more than are printed.
    pub more: bool,
}

/// One hit of `find`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// `client`, `appointment`, `note`, `addendum`, `measure` or `draft`.
    pub kind: &'static str,
    /// 32 hexadecimal digits.
    pub id: String,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Person>,
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Text around the hit, one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
}

/// Returns what `find` prints.
pub fn found(hits: Vec<Hit>, more: bool) -> Shape<Found> {
    Shape { tacenda: "find", version: VERSION, body: Found { hits, more } }
}

/// Makes a hit of `client`'s `id`, at `time` in the practice's zone.
pub fn hit(
    kind: &'static str,
    id: String,
    client: Option<ClientId>,
    time: Option<Timestamp>,
    excerpt: Option<String>,
    index: &Index,
) -> Hit {
    Hit {
        kind,
        id,
        client: client.map(|client| person(client, index)),
        time: time.map(|time| instant(time, &index.zone)),
        excerpt,
    }
}

/// `tacenda note show --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Note {
    /// The record, 32 hexadecimal digits.
    pub id: String,
    /// Whose.
    pub client: Person,
    /// About which session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// `soap` or `free`.
    pub format: &'static str,
    /// In order.
    pub parts: Vec<NotePart>,
    /// Name of who signed, or the id.
    pub author: String,
    /// When it was signed, RFC 3339.
    pub signed: String,
    /// Zone in which it was signed.
    pub zone: String,
    /// Why it was signed late, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_reason: Option<String>,
    /// In the order of the log.
    pub addenda: Vec<Addendum>,
}

/// One part of a note.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NotePart {
    /// `subjective`, …, or `text`.
    pub part: &'static str,
    /// As it was written.
    pub text: String,
}

/// An addendum of a note.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Addendum {
    /// The record, 32 hexadecimal digits.
    pub id: String,
    /// As it was written.
    pub text: String,
    /// Name of who signed, or the id.
    pub author: String,
    /// When it was signed, RFC 3339.
    pub signed: String,
}

/// Returns what `note show` prints.
pub fn note(view: &NoteView, index: &Index) -> Shape<Note> {
    let name = |id| index.clinicians.get(&id).cloned().unwrap_or_else(|| id.to_string());
    let part =
        |(part, text): &(_, String)| NotePart { part: word(PARTS, *part), text: text.clone() };
    let body = Note {
        id: view.record.to_string(),
        client: person(view.client, index),
        session: view.session.map(|id| id.to_string()),
        format: word(FORMATS, view.format),
        parts: view.parts.iter().map(part).collect(),
        author: name(view.author),
        signed: instant(view.signed.time, &view.signed.zone),
        zone: view.signed.zone.clone(),
        late_reason: view.late_reason.clone(),
        addenda: view
            .addenda
            .iter()
            .map(|addendum| Addendum {
                id: addendum.record.to_string(),
                text: addendum.text.clone(),
                author: name(addendum.author),
                signed: instant(addendum.signed.time, &addendum.signed.zone),
            })
            .collect(),
    };
    Shape { tacenda: "note", version: VERSION, body }
}

/// `tacenda sync --json`: how the practice stands with its server when the command ends.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Sync {
    /// `up-to-date`, `pending`, `offline`, `refused` or `alarm`.
    pub state: &'static str,
    /// Envelopes that the server acknowledged during this command.
    pub sent: u64,
    /// Envelopes that came during this command.
    pub received: u64,
    /// Envelopes that still wait here.
    pub pending: u64,
    /// When the server last acknowledged, RFC 3339, if it ever did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<String>,
}

/// Returns what `sync` prints.
pub fn sync(body: Sync) -> Shape<Sync> {
    Shape { tacenda: "sync", version: VERSION, body }
}

/// `tacenda watch`: one line for each change that arrives. Never what the change says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Watch {
    /// When it arrived here, RFC 3339.
    pub time: String,
    /// `appointment`, `client`, `draft`, `note`, `addendum`, `measure` or `other`.
    pub kind: &'static str,
    /// What changed, 32 hexadecimal digits, where one thing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whose, 32 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The device that made the change, 32 hexadecimal digits, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// Returns what `watch` prints for one change.
pub fn watch(body: Watch) -> Shape<Watch> {
    Shape { tacenda: "watch", version: VERSION, body }
}

/// Writes a moment as every shape has it: RFC 3339 with the offset of `zone`.
pub fn rfc3339(time: Timestamp, zone: &str) -> String {
    instant(time, zone)
}
