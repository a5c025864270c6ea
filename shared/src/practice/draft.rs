//! A note as long as it is a draft: a document with one text for each of its parts.

use super::change::Author;
use super::document::{Actor, Document, Scalar, part_field};
use super::edit::{NoteFormat, Part, Splice};
use super::journal::parse_date;
use super::parts::is_part_field;
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
const CORRECTS: &str = "corrects";
const DATE: &str = "date";
/// How the draft is divided now, where that was changed after it was begun.
pub(super) const DIVIDED: &str = "divided";
const FORMAT: &str = "format";
pub(super) const HOLDS_LATE: &str = "holds_late";
const INSTEAD_OF: &str = "instead_of";
const SESSION: &str = "session";
/// What a draft is about; written when it is made and never again.
pub(super) const IDENTITY: [&str; 8] =
    [ADDENDUM_TO, BEGUN, CLIENT, CORRECTS, DATE, FORMAT, INSTEAD_OF, SESSION];
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
    /// The signed note in whose place it is to stand.
    pub(super) corrects: Option<RecordId>,
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
            corrects: None,
        }
    }

    /// Whether it is one text and stays so: an addendum, or an entry of a journal.
    pub(super) const fn stays_undivided(&self) -> bool {
        self.addendum_to.is_some() || self.date.is_some()
    }
}

/// Fills a new document.
pub(super) fn create(document: &mut Document, client: ClientId, fact: &DraftFact, author: Author) {
    document.put(None, CLIENT, Scalar::Bytes(client.as_bytes().to_vec()));
    document.put(None, FORMAT, Scalar::Number(i64::from(fact.format.number())));
    document.put(None, BEGUN, Scalar::Number(fact.begun.as_millis()));
    document.put(None, DISCARDED, Scalar::Flag(false));
    if let Some(session) = fact.session {
        document.put(None, SESSION, Scalar::Bytes(session.as_bytes().to_vec()));
    }
    if let Some(note) = fact.addendum_to {
        document.put(None, ADDENDUM_TO, Scalar::Bytes(note.as_bytes().to_vec()));
    }
    if let Some(note) = fact.corrects {
        document.put(None, CORRECTS, Scalar::Bytes(note.as_bytes().to_vec()));
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
    // Of a note all texts are made at once: two that devices made of one name would not merge, should
    // both divide it anew.
    let parts = if fact.stays_undivided() { fact.format.parts() } else { Part::ALL };
    for part in parts {
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
    let format = format(document)?;
    Some(DraftFact {
        session: id(SESSION).map(AppointmentId::from_bytes),
        format,
        begun: Timestamp::from_millis(numbers(document, BEGUN).first().copied()?),
        words: parts(document, format).iter().map(|(_, text)| words(text)).sum(),
        discarded: document.value(None, DISCARDED) == Some(Scalar::Flag(true)),
        addendum_to: id(ADDENDUM_TO).map(RecordId::from_bytes),
        holds_late: document.value(None, HOLDS_LATE) == Some(Scalar::Flag(true)),
        instead_of: id(INSTEAD_OF).map(ObjectId::from_bytes),
        late: None,
        date: document.value(None, DATE).and_then(|date| parse_date(date.text()?)),
        corrects: id(CORRECTS).map(RecordId::from_bytes),
    })
}

/// How a draft is divided; `None` when nothing says so. One that a newer version divided in its own way
/// is shown as the parts that this version knows.
fn format(document: &Document) -> Option<NoteFormat> {
    let said = [DIVIDED, FORMAT].map(|field| numbers(document, field));
    let known = said.iter().flatten().copied().find_map(NoteFormat::of);
    known.or_else(|| said.iter().any(|of| !of.is_empty()).then_some(NoteFormat::Free))
}

fn numbers(document: &Document, field: &str) -> Vec<i64> {
    let values = document.values(None, field).into_iter();
    values.filter_map(|(value, _)| value.number()).collect()
}

/// Whether a newer version wrote something into a draft that this one cannot show: to sign it here
/// would be to sign less than it says.
pub(super) fn is_of_newer_version(document: &Document) -> bool {
    let last = |field| numbers(document, field).first().copied();
    let divided = last(DIVIDED).or_else(|| last(FORMAT));
    let hidden = |key: &String| {
        let known = Part::ALL.iter().any(|part| part.field() == key);
        let text = || document.text(key).is_some_and(|text| !text.trim().is_empty());
        is_part_field(key) && !known && text()
    };
    divided.is_some_and(|number| NoteFormat::of(number).is_none())
        || document.keys().iter().any(hidden)
}

/// Divides a draft in another way: no text is touched, and what has no part there is shown below.
/// Returns what was written, and where.
pub(super) fn divide(document: &mut Document, format: NoteFormat) -> (&'static str, Scalar) {
    for part in format.parts() {
        // One that was begun by an earlier version has the texts of its first parts only.
        if document.text_length(part_field(*part)).is_none() {
            document.put_text(part_field(*part));
        }
    }
    let value = Scalar::Number(i64::from(format.number()));
    document.put(None, DIVIDED, value.clone());
    (DIVIDED, value)
}

/// Returns the text of each part, and behind them that of parts which the format does not have and
/// in which something stands: two devices may write and divide at once, and no word is lost.
pub(super) fn parts(document: &Document, format: NoteFormat) -> Vec<(Part, String)> {
    let text = |part: &Part| document.text(part_field(*part)).unwrap_or_default();
    with_others(format, text)
}

/// The parts of a format with their texts, then all others in which something stands.
pub(super) fn with_others(
    format: NoteFormat,
    text: impl Fn(&Part) -> String,
) -> Vec<(Part, String)> {
    let own = format.parts().iter().map(|part| (*part, text(part)));
    let others = Part::ALL.iter().filter(|part| !format.parts().contains(part));
    let others = others.map(|part| (*part, text(part)));
    own.chain(others.filter(|(_, text)| !text.trim().is_empty())).collect()
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

/// Puts texts into as few edits as may hold them: one, unless a text is very long.
pub(super) fn in_edits(texts: Vec<(Part, String)>) -> Vec<Vec<Splice>> {
    let mut edits = vec![Vec::new()];
    let mut room = INSERTED_MAX;
    for (part, text) in texts {
        let (mut rest, mut position) = (text.as_str(), 0);
        while !rest.is_empty() {
            if room == 0 {
                edits.push(Vec::new());
                room = INSERTED_MAX;
            }
            let cut = rest.char_indices().nth(room).map_or(rest.len(), |(at, _)| at);
            let (now, later) = rest.split_at(cut);
            let count = now.chars().count();
            let splice = Splice { part, position, deleted: 0, inserted: now.to_owned() };
            edits.last_mut().into_iter().for_each(|edit| edit.push(splice.clone()));
            (rest, position, room) = (later, position + count, room - count);
        }
    }
    edits
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
