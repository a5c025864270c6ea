//! A note as long as it is a draft: a document with one text for each of its parts.

use super::change::Author;
use super::document::{Actor, Document, Scalar, part_field};
use super::edit::{NoteFormat, Part, Splice};
use super::journal::parse_date;
use crate::id::{
    AppointmentId, ClientId, DevInc, DeviceId, MemberId, ObjectId, RecordId, Timestamp,
};
use crate::suite;
use jiff::civil::Date;

/// The longest text of one part, in bytes.
pub const PART_BYTES_MAX: usize = 1 << 20;
/// How many code points one edit may insert: as many operations as one change may hold.
pub const INSERTED_MAX: usize = 1 << 17;

pub(super) const DISCARDED: &str = "discarded";
const ADDENDUM_TO: &str = "addendum_to";
const BEGUN: &str = "begun";
const CLIENT: &str = "client";
const DATE: &str = "date";
const FORMAT: &str = "format";
pub(super) const HOLDS_LATE: &str = "holds_late";
const INSTEAD_OF: &str = "instead_of";
const SESSION: &str = "session";
/// What a draft is about; written when it is made and never again.
pub(super) const IDENTITY: [&str; 7] =
    [ADDENDUM_TO, BEGUN, CLIENT, DATE, FORMAT, INSTEAD_OF, SESSION];
/// Each device that writes names itself once: `by/<device>/<incarnation>`.
const BY: &str = "by/";

/// A draft as far as lists need it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct DraftFact {
    pub(super) session: Option<AppointmentId>,
    pub(super) format: NoteFormat,
    pub(super) begun: Timestamp,
    pub(super) words: u32,
    pub(super) discarded: bool,
    pub(super) addendum_to: Option<RecordId>,
    /// Whether it holds the words of its writer that the signer of another draft had not seen.
    pub(super) holds_late: bool,
    /// The draft that a device would have made of its late words which was shut out before it had;
    /// this one holds them.
    pub(super) instead_of: Option<ObjectId>,
    /// Set while this is only what another device still has to make a draft of: the signed draft
    /// that its late words were written into, and that device.
    pub(super) late: Option<(ObjectId, DeviceId)>,
    /// Of an entry in a journal: the day that the client gives it.
    pub(super) date: Option<Date>,
}

impl DraftFact {
    /// An empty draft about no session.
    pub(super) const fn new(format: NoteFormat, begun: Timestamp) -> Self {
        Self {
            session: None,
            format,
            begun,
            words: 0,
            discarded: false,
            addendum_to: None,
            holds_late: false,
            instead_of: None,
            late: None,
            date: None,
        }
    }
}

/// Fills a new document.
pub(super) fn create(document: &mut Document, client: ClientId, fact: &DraftFact, author: Author) {
    document.put(None, CLIENT, Scalar::Bytes(client.as_bytes().to_vec()));
    document.put(None, FORMAT, Scalar::Number(format_number(fact.format)));
    document.put(None, BEGUN, Scalar::Number(fact.begun.as_millis()));
    document.put(None, DISCARDED, Scalar::Flag(false));
    if let Some(session) = fact.session {
        document.put(None, SESSION, Scalar::Bytes(session.as_bytes().to_vec()));
    }
    if let Some(note) = fact.addendum_to {
        document.put(None, ADDENDUM_TO, Scalar::Bytes(note.as_bytes().to_vec()));
    }
    if let Some(draft) = fact.instead_of {
        document.put(None, INSTEAD_OF, Scalar::Bytes(draft.as_bytes().to_vec()));
    }
    if let Some(date) = fact.date {
        document.put(None, DATE, Scalar::Text(date.to_string()));
    }
    if fact.holds_late {
        document.put(None, HOLDS_LATE, Scalar::Flag(true));
    }
    for part in fact.format.parts() {
        document.put_text(part_field(*part));
    }
    sign_in(document, author);
}

/// Leaves the name of a device that is about to write, if it is not there yet.
pub(super) fn sign_in(document: &mut Document, author: Author) {
    let name = format!("{BY}{}/{}", author.device, author.incarnation);
    if document.value(None, &name).is_none() {
        document.put(None, &name, Scalar::Flag(true));
    }
}

/// Returns the devices that say they wrote here. [`device_of`] tells which of them did.
pub(super) fn named(document: &Document) -> Vec<Author> {
    let parse = |key: String| {
        let (device, incarnation) = key.strip_prefix(BY)?.split_once('/')?;
        Some(Author {
            member: MemberId::from_bytes([0; 16]),
            device: DeviceId::parse(device)?,
            incarnation: DevInc::new(incarnation.parse().ok()?),
        })
    };
    document.keys().into_iter().filter_map(parse).collect()
}

/// Reads what lists need; `None` when this is no draft about `client`.
pub(super) fn read(document: &Document, client: ClientId) -> Option<DraftFact> {
    let id =
        |field: &str| -> Option<[u8; 16]> { document.value(None, field)?.bytes()?.try_into().ok() };
    let about = Scalar::Bytes(client.as_bytes().to_vec());
    if !document.values(None, CLIENT).iter().any(|(value, _)| *value == about) {
        return None;
    }
    // Of several values the first that makes sense: one that does not must hide nothing.
    let number = |field: &str| {
        let values = document.values(None, field).into_iter();
        values.filter_map(|(value, _)| value.number()).collect::<Vec<_>>()
    };
    let format = number(FORMAT).into_iter().find_map(format_of)?;
    Some(DraftFact {
        session: id(SESSION).map(AppointmentId::from_bytes),
        format,
        begun: Timestamp::from_millis(number(BEGUN).first().copied()?),
        words: parts(document, format).iter().map(|(_, text)| words(text)).sum(),
        discarded: document.value(None, DISCARDED) == Some(Scalar::Flag(true)),
        addendum_to: id(ADDENDUM_TO).map(RecordId::from_bytes),
        holds_late: document.value(None, HOLDS_LATE) == Some(Scalar::Flag(true)),
        instead_of: id(INSTEAD_OF).map(ObjectId::from_bytes),
        late: None,
        date: document.value(None, DATE).and_then(|date| parse_date(date.text()?)),
    })
}

/// Returns the text of each part.
pub(super) fn parts(document: &Document, format: NoteFormat) -> Vec<(Part, String)> {
    let text = |part: &Part| document.text(part_field(*part)).unwrap_or_default();
    format.parts().iter().map(|part| (*part, text(part))).collect()
}

/// Counts words as people do: what stands between blanks.
pub(super) fn words(text: &str) -> u32 {
    u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX)
}

/// What one device wrote into a draft that the signer had not seen.
pub(super) struct Late {
    pub(super) device: DeviceId,
    pub(super) text: String,
}

/// Returns what `heads`, the state that was signed, do not cover, one entry per device. Empty as
/// well while that state is not complete here.
pub(super) fn late(document: &mut Document, object: ObjectId, heads: &[[u8; 32]]) -> Vec<Late> {
    let named = named(document);
    let beyond = document.beyond(heads).unwrap_or_default();
    let mut late: Vec<Late> = Vec::new();
    for (actor, newest) in beyond {
        let Some(device) = device_of(actor, &named, object) else { continue };
        let after: Vec<_> = heads.iter().copied().chain([newest]).collect();
        let text = missing(document, heads, &after);
        match late.iter_mut().find(|one| one.device == device) {
            Some(one) => one.text = [one.text.as_str(), &text].join("\n"),
            None => late.push(Late { device, text }),
        }
    }
    late.retain(|one| !one.text.trim().is_empty());
    late.sort_by_key(|one| one.device);
    late
}

/// The id of the draft that late words of one device become: H(draft, device).
pub(super) fn addendum_id(draft: ObjectId, device: DeviceId) -> ObjectId {
    let hash = suite::hash("tac/addendum", &[draft.as_bytes(), device.as_bytes()]);
    ObjectId::from_bytes(hash.truncated())
}

/// A draft that adds late words to a signed note.
pub(super) fn addendum(note: RecordId, begun: Timestamp, text: &str) -> DraftFact {
    let fact = DraftFact::new(NoteFormat::Free, begun);
    DraftFact { words: words(text), addendum_to: Some(note), ..fact }
}

/// The splice that fills such a draft, held within what one edit may insert.
pub(super) fn first_text(text: String) -> [Splice; 1] {
    let inserted = match text.char_indices().nth(INSERTED_MAX) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    };
    [Splice { part: Part::Text, position: 0, deleted: 0, inserted }]
}

/// Adds a text at the end of an addendum draft.
pub(super) fn append(document: &mut Document, text: String) {
    let field = part_field(Part::Text);
    let [splice] = first_text(text);
    let end = document.text_length(field).unwrap_or(0);
    let added = document.splice(field, end, 0, &splice.inserted);
    debug_assert!(added);
}

fn device_of(actor: Actor, named: &[Author], object: ObjectId) -> Option<DeviceId> {
    named.iter().find(|author| Actor::of(author, object) == actor).map(|author| author.device)
}

/// Writes out what changed between two states, so that a person can decide what to do with it.
fn missing(document: &mut Document, before: &[[u8; 32]], after: &[[u8; 32]]) -> String {
    let mut lines = Vec::new();
    let mut texts = std::collections::BTreeMap::new();
    for splice in document.splices_between(before, after) {
        let field = part_field(splice.part);
        let text: &mut Vec<char> = texts.entry(field).or_insert_with(|| {
            document.text_at(field, before).unwrap_or_default().chars().collect()
        });
        let at = splice.position.min(text.len());
        let end = at.saturating_add(splice.deleted).min(text.len());
        let struck: String = text.splice(at..end, splice.inserted.chars()).collect();
        if !struck.trim().is_empty() {
            lines.push(format!("[struck: {}]", struck.trim()));
        }
        if !splice.inserted.trim().is_empty() {
            lines.push(splice.inserted.trim().to_owned());
        }
    }
    lines.join("\n")
}

/// Why splices do not fit a draft.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Misfit {
    /// A part or a position that is not there.
    Place,
    /// A text would become longer than its limit.
    TooLong,
}

/// Applies splices; the caller rolls back when one does not fit.
pub(super) fn splice(document: &mut Document, splices: &[Splice]) -> Result<(), Misfit> {
    let inserted: usize = splices.iter().map(|splice| splice.inserted.chars().count()).sum();
    if inserted > INSERTED_MAX {
        return Err(Misfit::TooLong);
    }
    for splice in splices {
        let field = part_field(splice.part);
        if !document.splice(field, splice.position, splice.deleted, &splice.inserted) {
            return Err(Misfit::Place);
        }
    }
    let too_long = |splice: &Splice| {
        let field = part_field(splice.part);
        // A code point has at most four bytes; only a long text has to be measured.
        document.text_length(field).is_some_and(|length| length > PART_BYTES_MAX / 4)
            && document.text(field).is_some_and(|text| text.len() > PART_BYTES_MAX)
    };
    if splices.iter().any(too_long) { Err(Misfit::TooLong) } else { Ok(()) }
}

pub(super) const fn format_number(format: NoteFormat) -> i64 {
    match format {
        NoteFormat::Free => 1,
        NoteFormat::Soap => 2,
    }
}

pub(super) const fn format_of(number: i64) -> Option<NoteFormat> {
    match number {
        1 => Some(NoteFormat::Free),
        2 => Some(NoteFormat::Soap),
        _ => None,
    }
}
