//! The lines that commands print with `--json`: one object each, which names the version of
//! the schema and its type, in the words of the export file.
//!
//! Clients appear by code, except where a command was asked for names. They carry what a row or
//! view says and nothing else. Described in `docs/interchange.md`.

use super::super::appointment::{Modality, Status};
use super::super::crisis::RiskLevel;
use super::super::quick_add::QuickAdd;
use super::super::search::Hit;
use super::super::timeline::{self, What};
use super::super::view::{
    AppointmentRow, ClientRow, DraftRow, Index, NoteState, NoteView, TimelineEntry, TimelineRow,
};
use super::lines::{
    CHANNELS, FORMATS, KINDS, MODALITIES, PARTS, RemoteBody, STATUSES, instant, value, word,
};
use super::times::TimesBody;
use crate::id::{ClientId, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// Version of the schema of what commands print.
pub const SCHEMA: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line<T> {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it says.
    #[serde(flatten)]
    pub body: T,
}

impl<T: Serialize> Line<T> {
    fn new(kind: &'static str, body: T) -> Self {
        Self { schema: SCHEMA, kind, body }
    }

    /// Returns the line as a JSON value.
    #[expect(clippy::expect_used, reason = "lines are strings, numbers, lists and structs")]
    pub fn value(&self) -> Value {
        serde_json::to_value(self).expect("lines have string keys and no own Serialize")
    }
}

/// A client: `client list`, `find`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Client {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The code.
    pub code: String,
    /// The name.
    pub name: String,
    /// Whether the client is in the archive.
    pub archived: bool,
    /// The codes of others who were found to be the same person; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// Returns the line for a client.
pub fn client(row: &ClientRow) -> Line<Client> {
    let (id, code, name) = (row.id.to_string(), row.code.clone(), row.name.clone());
    let also = row.same.iter().map(|row| row.code.clone()).collect();
    Line::new("client", Client { id, code, name, archived: row.archived, also })
}

/// An appointment: `today`, `find`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Appointment {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Local start as agreed.
    pub start: String,
    /// Zone in which it was agreed.
    pub zone: String,
    /// The instant of the start, RFC 3339.
    pub starts: String,
    /// Length.
    pub minutes: u16,
    /// Codes of who comes.
    pub clients: Vec<String>,
    /// As in export lines.
    pub kind: &'static str,
    /// As in export lines.
    pub modality: &'static str,
    /// Room, or null.
    pub room: Option<String>,
    /// As in export lines.
    pub status: &'static str,
    /// `missing`, `draft` or `signed`; `unread` where there is no key to the chart.
    pub note: &'static str,
    /// Whether two devices moved it at once and nobody has settled that.
    pub moved_twice: bool,
}

/// Returns the line for an appointment.
pub fn appointment(index: &Index, row: &AppointmentRow) -> Line<Appointment> {
    let body = Appointment {
        id: row.id.to_string(),
        start: row.slot.start.to_string(),
        zone: row.slot.zone.clone(),
        starts: instant(row.starts, &row.slot.zone),
        minutes: row.slot.minutes,
        clients: codes(index, &row.clients),
        kind: word(KINDS, row.kind),
        modality: word(MODALITIES, row.slot.modality),
        room: row.slot.room.clone(),
        status: word(STATUSES, row.status),
        note: how_far(row.note),
        moved_twice: !row.rivals.is_empty(),
    };
    Line::new("appointment", body)
}

/// Returns the status that has this word in exports.
pub fn status_named(name: &str) -> Option<Status> {
    value(STATUSES, name)
}

/// Returns the way of meeting that has this word in exports.
pub fn modality_named(name: &str) -> Option<Modality> {
    value(MODALITIES, name)
}

fn codes(index: &Index, clients: &[ClientId]) -> Vec<String> {
    // A client whose contact cannot be read here is there all the same.
    let code =
        |id: &ClientId| index.client(*id).map_or_else(|| "?".to_owned(), |row| row.code.clone());
    clients.iter().map(code).collect()
}

/// A text that was found: `find`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Record {
    /// 32 hexadecimal digits; left out of a plan, and of how a client may be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The client's code.
    pub client: String,
    /// What it is, in a word.
    pub what: &'static str,
    /// When it was written, RFC 3339; left out of what is as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How often it holds one of the words.
    pub count: u32,
    /// The text around the words.
    pub line: String,
}

/// Returns the line for a text that was found, with the text around it.
pub fn found(index: &Index, client: ClientId, hit: &Hit, line: &str) -> Line<Record> {
    let body = Record {
        id: hit.place.id(),
        client: codes(index, &[client]).concat(),
        what: hit.place.word(),
        time: hit.time.map(|time| rfc3339(time, &index.zone)),
        count: hit.count,
        line: line.to_owned(),
    };
    Line::new("record", body)
}

/// That a search shows less than there is: `find`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Searched {
    /// How many results are shown.
    pub shown: usize,
    /// How many there are.
    pub total: usize,
    /// How many texts were searched in part only, or could not be read.
    pub partly: usize,
}

/// Returns the line that ends an answer in which something is missing.
pub fn searched(shown: usize, total: usize, partly: usize) -> Line<Searched> {
    Line::new("searched", Searched { shown, total, partly })
}

/// A draft in a list: `note list`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Draft {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The client's code.
    pub client: String,
    /// As in export lines.
    pub format: &'static str,
    /// Number of words at the last commit.
    pub words: u32,
    /// When it was begun, RFC 3339.
    pub begun: String,
}

/// Returns the line for a draft.
pub fn draft(index: &Index, row: &DraftRow) -> Line<Draft> {
    let body = Draft {
        id: row.note.to_string(),
        client: codes(index, &[row.client]).concat(),
        format: word(FORMATS, row.format),
        words: row.words,
        begun: instant(row.begun, &index.zone),
    };
    Line::new("draft", body)
}

/// A line of a client's timeline: `client show`. It holds nobody's words.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// 32 hexadecimal digits; null of what is no thing of its own.
    pub id: Option<String>,
    /// The code of the client in whose record it lies.
    pub client: String,
    /// `added`, `died`, `draft`, `task`, `next`, `session`, `note`, `addendum`, `measure`, `plan`,
    /// `consent`, `contact`, `journal` or `unknown`.
    pub what: &'static str,
    /// When, RFC 3339.
    pub time: String,
    /// Whether it was added to the entry in the line above.
    pub added: bool,
    /// Of a session, as in export lines.
    pub status: Option<&'static str>,
    /// Of a session: as in the line of an appointment.
    pub note: Option<&'static str>,
    /// Of a measure.
    pub instrument: Option<String>,
    /// Of a measure: the sum of its answers.
    pub total: Option<u32>,
    /// Number of words.
    pub words: Option<u32>,
    /// Of a consent what for, of a contact in which way.
    pub of: Option<String>,
}

/// Returns the line for an entry of the timeline of `client`.
pub fn entry(index: &Index, client: ClientId, line: &timeline::Line) -> Line<Entry> {
    let (id, whose, what, time) = match &line.what {
        What::Added(time) => (None, client, "added", *time),
        What::Died(date) => {
            let time = super::super::zone::instant(date.at(0, 0, 0, 0), &index.zone);
            (None, client, "died", time)
        }
        What::Draft(row) => (Some(row.note.to_string()), row.client, "draft", row.begun),
        What::Next(row) => (Some(row.id.to_string()), client, "next", row.starts),
        What::Record(row) => {
            let id = Some(row.entry.record().to_string());
            (id, row.client, record_word(&row.entry), row.time)
        }
        What::Session(row) => (Some(row.id.to_string()), client, "session", row.starts),
        What::Task(whose, row) => (Some(row.id.to_string()), *whose, "task", row.since),
    };
    let client = index.own_row(whose).map_or_else(|| "?".to_owned(), |row| row.code.clone());
    let time = instant(time, &index.zone);
    let mut body = Entry {
        id,
        client,
        what,
        time,
        added: line.added,
        status: None,
        note: None,
        instrument: None,
        total: None,
        words: None,
        of: None,
    };
    match &line.what {
        What::Draft(row) => body.words = Some(row.words),
        What::Next(row) | What::Session(row) => {
            (body.status, body.note) = (Some(word(STATUSES, row.status)), Some(how_far(row.note)));
        }
        What::Record(row) => body.tell(&row.entry),
        What::Added(_) | What::Died(_) | What::Task(..) => {}
    }
    Line::new("entry", body)
}

impl Entry {
    /// Takes in what can be said of a record without anybody's words.
    fn tell(&mut self, entry: &TimelineEntry) {
        match entry {
            TimelineEntry::Addendum { words, .. }
            | TimelineEntry::Journal { words, .. }
            | TimelineEntry::Note { words, .. } => self.words = Some(*words),
            TimelineEntry::Attachment { media, .. } => self.of = Some(media.word().to_owned()),
            TimelineEntry::Consent { kind, .. } => self.of = Some(kind.word()),
            TimelineEntry::Contact { channel, .. } => {
                self.of = Some(word(CHANNELS, *channel).to_owned());
            }
            TimelineEntry::Measure { taken, .. } => {
                (self.instrument, self.total) = (Some(taken.instrument.clone()), taken.total);
            }
            TimelineEntry::Risk { level, .. } => self.of = level.map(RiskLevel::word),
            TimelineEntry::InError { .. }
            | TimelineEntry::Plan { .. }
            | TimelineEntry::SafetyPlan { .. }
            | TimelineEntry::Unknown { .. } => {}
        }
    }
}

const fn record_word(entry: &TimelineEntry) -> &'static str {
    match entry {
        TimelineEntry::Addendum { .. } => "addendum",
        TimelineEntry::Attachment { .. } => "attachment",
        TimelineEntry::Consent { .. } => "consent",
        TimelineEntry::Contact { .. } => "contact",
        TimelineEntry::InError { .. } => "entered-in-error",
        TimelineEntry::Journal { .. } => "journal",
        TimelineEntry::Measure { .. } => "measure",
        TimelineEntry::Note { .. } => "note",
        TimelineEntry::Plan { .. } => "plan",
        TimelineEntry::Risk { .. } => "risk",
        TimelineEntry::SafetyPlan { .. } => "safety-plan",
        TimelineEntry::Unknown { .. } => "unknown",
    }
}

const fn how_far(note: NoteState) -> &'static str {
    match note {
        NoteState::Missing => "missing",
        NoteState::Unread => "unread",
        NoteState::Draft(_) => "draft",
        NoteState::Signed(_) => "signed",
    }
}

/// A signed note in a list: `note list`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct NoteRow {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The client's code.
    pub client: String,
    /// As in export lines.
    pub format: &'static str,
    /// Number of words.
    pub words: u32,
    /// Number of addenda.
    pub addenda: u32,
    /// Whether it was signed late.
    pub late: bool,
    /// When it was corrected last, RFC 3339, or null.
    pub corrected: Option<String>,
    /// When it was signed, RFC 3339; of a correction, when the first was.
    pub signed: String,
}

/// Returns the line for a signed note in a list; nothing when `row` is something else.
pub fn note_row(index: &Index, client: ClientId, row: &TimelineRow) -> Option<Line<NoteRow>> {
    let TimelineEntry::Note { record, format, words, addenda, late, corrected, .. } = row.entry
    else {
        return None;
    };
    let body = NoteRow {
        id: record.to_string(),
        client: codes(index, &[client]).concat(),
        format: word(FORMATS, format),
        words,
        addenda,
        late,
        corrected: corrected.map(|one| instant(one.at, &index.zone)),
        signed: instant(row.time, &index.zone),
    };
    Some(Line::new("note", body))
}

/// A signed note with its text: `note show`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Note {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The client's code.
    pub client: String,
    /// About which session, or null.
    pub session: Option<String>,
    /// As in export lines.
    pub format: &'static str,
    /// In order.
    pub parts: Vec<NotePart>,
    /// Name of who signed, or the id.
    pub author: String,
    /// When it was signed, RFC 3339.
    pub signed: String,
    /// Zone in which it was signed.
    pub zone: String,
    /// Why it was signed late, or null.
    pub late_reason: Option<String>,
    /// The note in whose place it stands, or null.
    pub corrects: Option<String>,
    /// Why, or null.
    pub corrected_because: Option<String>,
    /// The other notes in whose place it stands as well, if it settles what was corrected twice at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrects_too: Vec<String>,
    /// The notes that stand in its place.
    pub replaced_by: Vec<String>,
    /// Where the client was during a session by video or telephone, or null.
    pub remote: Option<RemoteBody>,
    /// When and how its session took place, if that is known.
    pub times: Option<TimesBody>,
    /// In the order of the log.
    pub addenda: Vec<Addendum>,
}

/// One part of a note.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct NotePart {
    /// As in export lines.
    pub part: &'static str,
    /// As it was written.
    pub text: String,
}

/// An addendum of a note.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Addendum {
    /// 32 hexadecimal digits.
    pub id: String,
    /// As it was written.
    pub text: String,
    /// Name of who signed, or the id.
    pub author: String,
    /// When it was signed, RFC 3339.
    pub signed: String,
}

/// Returns the line for a signed note with its text.
pub fn note(index: &Index, view: &NoteView) -> Line<Note> {
    let name = |id| index.clinicians.get(&id).cloned().unwrap_or_else(|| id.to_string());
    let part =
        |(part, text): &(_, String)| NotePart { part: word(PARTS, *part), text: text.clone() };
    let addenda = view.addenda.iter().map(|addendum| Addendum {
        id: addendum.record.to_string(),
        text: addendum.text.clone(),
        author: name(addendum.author),
        signed: instant(addendum.signed.time, &addendum.signed.zone),
    });
    let versions = view.versions.as_ref();
    let before = versions.and_then(|versions| versions.before.first());
    let others = versions.into_iter().flat_map(|versions| versions.before.iter().skip(1));
    let after = versions.into_iter().flat_map(|versions| &versions.after);
    let body = Note {
        id: view.record.to_string(),
        client: codes(index, &[view.client]).concat(),
        session: view.session.map(|id| id.to_string()),
        format: word(FORMATS, view.format),
        parts: view.parts.iter().map(part).collect(),
        author: name(view.author),
        signed: instant(view.signed.time, &view.signed.zone),
        zone: view.signed.zone.clone(),
        late_reason: view.late_reason.clone(),
        corrects: before.map(|one| one.record.to_string()),
        corrected_because: before.map(|one| one.because.clone()),
        corrects_too: others.map(|one| one.record.to_string()).collect(),
        replaced_by: after.map(|one| one.record.to_string()).collect(),
        remote: RemoteBody::of(view),
        times: TimesBody::of(&view.times, &view.signed.zone, index),
        addenda: addenda.collect(),
    };
    Line::new("note", body)
}

/// What a sentence was understood to mean: `new`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Sentence {
    /// In full, for people.
    pub resolved: String,
    /// Whether it was booked.
    pub booked: bool,
    /// Local start, or null.
    pub start: Option<String>,
    /// Local end, or null.
    pub end: Option<String>,
    /// IANA id of the zone in which both are.
    pub zone: String,
    /// Length.
    pub minutes: u16,
    /// How it repeats, as a recurrence rule (RFC 5545), or null.
    pub repeat: Option<String>,
    /// Codes of who comes.
    pub clients: Vec<String>,
    /// As in export lines.
    pub kind: &'static str,
    /// As in export lines.
    pub modality: &'static str,
    /// Room, or null.
    pub room: Option<String>,
    /// What has to be, or should be, put right, in words.
    pub problems: Vec<String>,
}

/// Returns the line for a sentence, with its problems in words.
pub fn sentence(
    index: &Index,
    read: &QuickAdd,
    booked: bool,
    problems: Vec<String>,
) -> Line<Sentence> {
    let start = read.date.zip(read.start).map(|(date, start)| date.to_datetime(start));
    let body = Sentence {
        resolved: read.resolved.clone(),
        booked,
        start: start.map(|start| start.to_string()),
        end: read.ends().map(|end| end.to_string()),
        zone: read.zone().to_owned(),
        minutes: read.minutes,
        repeat: read.rule().map(|rule| rule.to_string()),
        clients: codes(index, &read.clients),
        kind: word(KINDS, read.kind),
        modality: word(MODALITIES, read.modality),
        room: read.room.clone(),
        problems,
    };
    Line::new("quick-add", body)
}

/// How the practice stands with its server: `sync`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Sync {
    /// `up-to-date`, `pending`, `offline` or `no-server`.
    pub state: &'static str,
    /// Changes that the server has not acknowledged.
    pub pending: u64,
    /// When both last had everything, as far as this opening of the practice knows, or null.
    pub current: Option<String>,
}

/// Returns the line for the state of sync.
pub fn sync(body: Sync) -> Line<Sync> {
    Line::new("sync", body)
}

/// Something has changed: `watch`. Never what the change says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Changed {
    /// When this device knew of it, RFC 3339.
    pub time: String,
}

/// Returns the line for a change that arrived at `time`.
pub fn changed(index: &Index, time: Timestamp) -> Line<Changed> {
    Line::new("changed", Changed { time: instant(time, &index.zone) })
}

/// Writes a moment as every line has it: RFC 3339 with the offset of `zone`.
pub fn rfc3339(time: Timestamp, zone: &str) -> String {
    instant(time, zone)
}
