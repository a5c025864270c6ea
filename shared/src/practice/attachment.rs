//! Files in a client's chart: a referral, a report, a scan. They lie in a compartment of their own,
//! so that a chart stays small and comes first.
//!
//! A file is cut into parts, each a record; the record of the file itself, its head, comes after
//! them and says how long the whole is and what its hash is. The id of each part follows from that
//! of the head, so that no part is of two files and nobody has to keep a list. The read model knows
//! heads only. Bytes are read when somebody opens them, and nothing of a file is shown or let out
//! that is not whole. Nothing here opens a file with a program.

mod edits;
mod media;
mod metadata;

pub use media::Media;
pub use metadata::{Stripped, strip};

use super::change::Content;
use super::compartment::CompartmentName;
use super::contact::normal;
use super::journal::{JournalMark, Marks};
use super::label::Label;
use super::record::{Record, RecordKind, Tags};
use super::view::{
    AttachmentRow, AttachmentView, AttachmentsView, Inside, TimelineEntry, TimelineRow,
};
use super::{Context, Practice, Refusal, ShelfError};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, DeviceId, RecordId, Timestamp};
use crate::practice::edit::Stamp;
use crate::suite::{self, Hash};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The longest file, in bytes (ASVS 5.0, 5.2.1).
pub const FILE_BYTES_MAX: usize = 5 << 20;
/// Most bytes of all files of one client, with those that were struck (ASVS 5.0, 5.2.4).
pub const ALL_BYTES_MAX: u64 = 64 << 20;
/// Most files of one client.
pub const FILES_MAX: usize = 1000;
/// The longest title, in bytes.
pub const TITLE_BYTES_MAX: usize = 200;
/// Bytes of each part but the last, which has what is left.
const PART_BYTES: usize = 64 << 10;
/// Of how many files, the first of the list, the titles are read; the others are listed without.
const TITLES_MAX: usize = FILES_MAX;
const ITEMS_MAX: usize = 1 << 20;

/// Numbers of fields in the bodies of these records, of the registry in `chart::tag`.
mod tag {
    pub(super) const TITLE: u16 = 80;
    pub(super) const MEDIA: u16 = 81;
    pub(super) const SIZE: u16 = 82;
    pub(super) const HASH: u16 = 83;
    pub(super) const STRIPPED: u16 = 84;
    pub(super) const BYTES: u16 = 85;
}

/// The bytes of a file. They do not show themselves in a message.
#[derive(Clone, Eq, PartialEq)]
pub struct FileBytes(pub Arc<[u8]>);

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileBytes({})", self.0.len())
    }
}

impl From<Vec<u8>> for FileBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

/// What becomes of what a camera or a program wrote into a file beside its content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Metadata {
    /// It is taken out, where [`strip`] can.
    Strip,
    /// It stays.
    Keep,
    /// It was taken out before, as a file of this program's says.
    Gone,
}

/// A file that is to be attached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewAttachment {
    /// What the clinician calls it; one line, never a name of a file.
    pub title: String,
    /// The file.
    pub bytes: FileBytes,
    /// What becomes of its metadata.
    pub metadata: Metadata,
    /// What makes it especially sensitive.
    pub labels: BTreeSet<Label>,
}

/// What lists know of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Head {
    time: Timestamp,
    /// Type and length; nothing of what does not read.
    what: Option<(Media, u32)>,
}

/// The files of one client, as lists know them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Attachments {
    heads: BTreeMap<RecordId, Head>,
    marks: Marks,
}

/// A file that is not hidden, and whether it is struck.
type ShownFile = (RecordId, Head, bool);

/// A file as it is exported, with its labels: without its bytes, if not all of it is here.
pub(super) type Whole = (AttachmentRow, BTreeSet<Label>, Option<Vec<u8>>);

/// What a head says.
struct Said {
    title: String,
    media: Media,
    size: u32,
    hash: Hash,
    stripped: bool,
}

impl Said {
    /// Reads a head; `None` if this version cannot, or if no file is so long.
    fn of(record: &Record) -> Option<Self> {
        let body = record.body().filter(|_| record.header.kind == RecordKind::Attachment)?;
        let title = body.text(tag::TITLE).filter(|title| title.len() <= TITLE_BYTES_MAX)?;
        let size = u32::from_be_bytes(body.fixed(tag::SIZE)?);
        let fits = usize::try_from(size).is_ok_and(|size| (1..=FILE_BYTES_MAX).contains(&size));
        fits.then_some(())?;
        Some(Self {
            title: title.to_owned(),
            media: Media::of(u16::from_be_bytes(body.fixed(tag::MEDIA)?)),
            size,
            hash: Hash::from_bytes(body.fixed(tag::HASH)?),
            stripped: body.fixed::<1>(tag::STRIPPED).is_some_and(|[said]| said == 1),
        })
    }

    fn body(&self) -> Tags {
        let mut body = Tags::new();
        body.set(tag::TITLE, self.title.as_bytes());
        body.set(tag::MEDIA, self.media.number().to_be_bytes());
        body.set(tag::SIZE, self.size.to_be_bytes()).set(tag::HASH, *self.hash.as_bytes());
        if self.stripped {
            body.set(tag::STRIPPED, [1]);
        }
        body
    }
}

/// Returns the id of a part: H("tac/attachment/part/v1", head, number), its first 16 bytes.
fn part_id(head: RecordId, number: u32) -> RecordId {
    let fields: [&[u8]; 2] = [head.as_bytes(), &number.to_be_bytes()];
    RecordId::from_bytes(suite::hash("tac/attachment/part/v1", &fields).truncated())
}

/// Returns whether this is a part of a file, of which no read model knows anything.
pub fn is_part(content: &Content) -> bool {
    let Content::Record { bytes, .. } = content else { return false };
    Record::decode(bytes).is_ok_and(|record| record.header.kind == RecordKind::AttachmentPart)
}

/// Returns how many parts a file of so many bytes has.
fn count(size: usize) -> u32 {
    u32::try_from(size.div_ceil(PART_BYTES)).unwrap_or(u32::MAX)
}

impl Attachments {
    /// Takes over what a record says. Of a part nothing is known but that it is stored.
    pub(super) fn learn(&mut self, record: &Record) {
        let kind = record.header.kind;
        let says_of_another = kind == RecordKind::Attachment && self.marks.learn(record);
        if kind == RecordKind::AttachmentPart || says_of_another {
            return;
        }
        let what = Said::of(record).map(|said| (said.media, said.size));
        // Of two records with one id the first is what is stored, and so what counts.
        let head = Head { time: record.header.time, what };
        self.heads.entry(record.header.id).or_insert(head);
    }

    pub(super) fn holds(&self, record: RecordId) -> bool {
        self.heads.contains_key(&record)
    }

    /// Returns when it was last said of a file that it is struck, or is not.
    fn said_last(&self, record: RecordId) -> Option<Timestamp> {
        self.marks.said_last(record, JournalMark::Struck(true))
    }

    /// Returns what other devices said of a file, whatever their clocks say.
    pub(super) fn heard_of(&self, record: RecordId, own: DeviceId) -> BTreeSet<RecordId> {
        self.marks.heard_of(record, JournalMark::Struck(true), own)
    }

    /// Returns how many files there are that read, and how long all of them are.
    fn room(&self) -> (usize, u64) {
        let sizes = self.heads.values().filter_map(|head| head.what);
        sizes.fold((0, 0), |(files, all), (_, size)| (files + 1, all + u64::from(size)))
    }

    pub(super) fn timeline(
        &self,
        client: ClientId,
        hidden: &BTreeSet<RecordId>,
    ) -> Vec<TimelineRow> {
        let shown = self.heads.iter();
        let shown = shown.filter(|(id, _)| !hidden.contains(id) && !self.marks.is_struck(**id));
        let row = |(record, head): (&RecordId, &Head)| TimelineRow {
            time: head.time,
            client,
            entry: match head.what {
                Some((media, size)) => TimelineEntry::Attachment { record: *record, media, size },
                None => TimelineEntry::Unknown { record: *record },
            },
        };
        shown.map(row).collect()
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let heads: Vec<_> = self.heads.iter().collect();
        writer.list(&heads, |w, (id, head)| {
            w.fixed(id.as_bytes()).i64(head.time.as_millis());
            w.option(head.what, |w, (media, size)| {
                w.u16(media.number()).u32(size);
            });
        });
        self.marks.encode(writer);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let heads = reader.list(ITEMS_MAX, |r| {
            let id = RecordId::from_bytes(r.fixed()?);
            let time = Timestamp::from_millis(r.i64()?);
            let what = r.option(|r| Ok((Media::of(r.u16()?), r.u32()?)))?;
            Ok((id, Head { time, what }))
        })?;
        Ok(Self { heads: heads.into_iter().collect(), marks: Marks::decode(reader)? })
    }
}

impl Practice {
    /// Returns the ids that parts of a file have, if the record can be one: also where its head is
    /// gone already, or where a chart holds a record of its id, so that no part of it stays behind.
    pub(super) fn parts_of(&self, client: ClientId, record: RecordId) -> Vec<RecordId> {
        if !self.facts.attachments.contains_key(&client) {
            return Vec::new();
        }
        (0..count(FILE_BYTES_MAX)).map(|number| part_id(record, number)).collect()
    }

    /// Returns the files of a client that are not hidden: the newest first, then what does not read,
    /// then those that were struck, in the same order.
    fn shown_files(&self, client: ClientId) -> Vec<ShownFile> {
        let Some(known) = self.facts.attachments.get(&client) else { return Vec::new() };
        let hidden = self.hidden_records(client);
        let files = known.heads.iter().filter(|(id, _)| !hidden.contains(id));
        let mut files: Vec<_> =
            files.map(|(id, head)| (*id, *head, known.marks.is_struck(*id))).collect();
        files.sort_by_key(|(id, head, struck)| {
            (*struck, head.what.is_none(), std::cmp::Reverse((head.time, *id)))
        });
        files
    }

    /// Returns the records of the files of a client that are not hidden, struck or not.
    pub(super) fn file_ids(&self, client: ClientId) -> BTreeSet<RecordId> {
        let Some(known) = self.facts.attachments.get(&client) else { return BTreeSet::new() };
        let hidden = self.hidden_records(client);
        known.heads.keys().filter(|id| !hidden.contains(id)).copied().collect()
    }

    pub(super) fn attachments_view(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<AttachmentsView, Refusal> {
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let row = Arc::clone(row);
        let mut attachments = Vec::new();
        for (at, file) in self.shown_files(client).into_iter().enumerate() {
            // However many somebody writes, each honest one has its line.
            attachments.push(match at < TITLES_MAX {
                true => self.attachment_row(client, file, cx)?.0,
                false => self.untitled_row(file),
            });
        }
        let room = self.facts.attachments.get(&client).map(Attachments::room);
        let labels = self.labels_of_files(client, cx)?;
        let bytes = room.unwrap_or_default().1;
        Ok(AttachmentsView { client: row, attachments, bytes, labels })
    }

    /// Returns what a head says, with the hash that the whole must have; none of what does not read.
    fn attachment_row(
        &self,
        client: ClientId,
        file: ShownFile,
        cx: &mut Context<'_>,
    ) -> Result<(AttachmentRow, Option<Hash>), ShelfError> {
        let (record, _, struck) = file;
        let untitled = self.untitled_row(file);
        let unread = AttachmentRow { media: Media::Other, size: 0, ..untitled };
        let stored = match Self::stored_of_file(client, record, cx) {
            Ok(stored) => stored,
            Err(ShelfError::Locked) => return Err(ShelfError::Locked),
            // One that cannot be read must hide no other.
            Err(ShelfError::Damaged | ShelfError::Missing) => return Ok((unread, None)),
        };
        let header = &stored.header;
        let (author, time) = (Some(header.author.member), header.time);
        let signed = Stamp { time, zone: header.zone.clone() };
        let row = AttachmentRow { author, signed, ..unread };
        Ok(match Said::of(&stored) {
            Some(Said { title, media, size, hash, stripped }) => {
                (AttachmentRow { title, media, size, stripped, struck, ..row }, Some(hash))
            }
            None => (row, None),
        })
    }

    /// Returns the title of a file; nothing if this version cannot read its head.
    pub(super) fn attachment_title(
        client: ClientId,
        record: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Option<String>, ShelfError> {
        let stored = Self::stored_of_file(client, record, cx)?;
        Ok(Said::of(&stored).map(|said| said.title))
    }

    /// Returns what lists know of a file.
    fn untitled_row(&self, (record, head, struck): ShownFile) -> AttachmentRow {
        let (media, size) = head.what.unwrap_or((Media::Other, 0));
        let signed = Stamp { time: head.time, zone: self.facts.settings.zone.clone() };
        let title = String::new();
        AttachmentRow { record, title, media, size, stripped: false, author: None, signed, struck }
    }

    /// Reads a record of a file; what was signed for another client's is damage here.
    fn stored_of_file(
        client: ClientId,
        record: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Record, ShelfError> {
        let name = CompartmentName::Attachments(client);
        let stored = Self::stored_record(&name, record, cx)?;
        if cx.pen.may_lie(stored.header.log, &name) { Ok(stored) } else { Err(ShelfError::Damaged) }
    }

    pub(super) fn attachment_view(
        &mut self,
        client: ClientId,
        record: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<AttachmentView, Refusal> {
        let file = self.shown_files(client).into_iter().find(|(id, ..)| *id == record);
        let file = file.ok_or(Refusal::UnknownAttachment)?;
        let (mut row, hash) = self.attachment_row(client, file, cx)?;
        let inside = match self.attachment_bytes(client, record, cx) {
            Ok(bytes) => {
                // What the head says of the type was somebody's guess.
                row.media = Media::of_file(&bytes);
                Inside::Whole(media::whole_text(&bytes).map(str::to_owned))
            }
            Err(Refusal::AttachmentIncomplete) => Inside::Incomplete,
            Err(Refusal::AttachmentAltered) => Inside::Altered,
            Err(other) => return Err(other),
        };
        let labels = self.labels_of_files(client, cx)?.remove(&record).unwrap_or_default();
        let hash = hash.map(|hash| hash.to_string());
        Ok(AttachmentView { client, row, hash, inside, labels })
    }

    /// Returns the labels of files, which lie in the chart; none where that cannot be read here.
    fn labels_of_files(
        &self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<BTreeMap<RecordId, BTreeSet<Label>>, ShelfError> {
        let mut labels = match self.labels_beside(client, cx) {
            Ok(labels) => labels,
            Err(ShelfError::Locked | ShelfError::Missing) => return Ok(BTreeMap::new()),
            Err(other) => return Err(other),
        };
        let files = self.facts.attachments.get(&client);
        labels.retain(|record, _| files.is_some_and(|files| files.holds(*record)));
        Ok(labels)
    }

    /// Reads a file, which is whole and what was attached, or else none of it. Whoever lets it out
    /// writes the entry of the disclosure (`release::emit`).
    ///
    /// # Errors
    /// If there is no such file, if parts of it have not come yet, or if it is not what its head says.
    pub fn attachment_bytes(
        &mut self,
        client: ClientId,
        record: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        if self.is_hidden(client) || self.hidden_records(client).contains(&record) {
            return Err(Refusal::ToBeErased);
        }
        let known = self.facts.attachments.get(&client);
        if !known.is_some_and(|known| known.holds(record)) {
            return Err(Refusal::UnknownAttachment);
        }
        let unread = |error| match error {
            ShelfError::Missing => Refusal::AttachmentIncomplete,
            ShelfError::Damaged => Refusal::AttachmentAltered,
            ShelfError::Locked => Refusal::Shelf(ShelfError::Locked),
        };
        let stored = Self::stored_of_file(client, record, cx).map_err(unread)?;
        let said = Said::of(&stored).ok_or(Refusal::AttachmentAltered)?;
        let size = usize::try_from(said.size).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(size);
        for number in 0..count(size) {
            let part = Self::stored_of_file(client, part_id(record, number), cx).map_err(unread)?;
            let of_kind = part.header.kind == RecordKind::AttachmentPart;
            let body = part.body().filter(|_| of_kind).and_then(|body| body.bytes(tag::BYTES));
            let expected = PART_BYTES.min(size - bytes.len());
            let part = body.filter(|part| part.len() == expected);
            bytes.extend(part.ok_or(Refusal::AttachmentAltered)?);
        }
        let same = bytes.len() == size && suite::sha256(&bytes) == said.hash;
        if same { Ok(bytes) } else { Err(Refusal::AttachmentAltered) }
    }

    /// Returns the files of a client, as far as they are not struck or hidden, each with its bytes;
    /// without them, where they are not whole here. The oldest first.
    ///
    /// # Errors
    /// If its keys are not here.
    pub(super) fn files_of(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Whole>, ShelfError> {
        if self.is_hidden(client) {
            return Ok(Vec::new());
        }
        let files = self.shown_files(client).into_iter().filter(|(_, _, struck)| !struck);
        let mut labels = self.labels_of_files(client, cx)?;
        let mut read = Vec::new();
        for file in files.rev() {
            let (row, _) = self.attachment_row(client, file, cx)?;
            let labels = labels.remove(&row.record).unwrap_or_default();
            let bytes = match self.attachment_bytes(client, row.record, cx) {
                Ok(bytes) => Some(bytes),
                Err(Refusal::AttachmentIncomplete | Refusal::AttachmentAltered) => None,
                Err(Refusal::Shelf(error)) => return Err(error),
                Err(_) => return Err(ShelfError::Damaged),
            };
            read.push((row, labels, bytes));
        }
        Ok(read)
    }
}

/// Returns a title in one line, if it is one.
pub(super) fn title(text: &str) -> Result<String, Refusal> {
    let title = normal(text);
    match title.len() {
        0 => Err(Refusal::AttachmentUntitled),
        1..=TITLE_BYTES_MAX => Ok(title),
        _ => Err(Refusal::TextTooLong),
    }
}
