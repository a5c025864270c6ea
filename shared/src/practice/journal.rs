//! What a client wrote: diary pages, thought records. It lies in a compartment of its own, which a
//! release of a record leaves out; the clinician types it in, pastes it or brings it in from a file.
//!
//! An entry begins as a draft and becomes a signed record, like a note: the signature says that it
//! is what the client gave, not that the clinician wrote it. What is said of it later, that it may
//! be shared or that it is struck, are further records; of two the newest counts.

use super::apply::{Done, Refusal};
use super::audit::{AuditEvent, AuditKind, AuditSubject};
pub(super) use super::books::Book;
use super::chart::{Chart, Headline, tag};
use super::compartment::CompartmentName;
use super::draft::{self, DraftFact, PART_BYTES_MAX};
use super::edit::{Edit, NoteFormat, Subject};
use super::label::Label;
use super::measure::MeasureMark;
use super::measure::record_tag as measure_tag;
use super::note;
use super::record::{LABELS_MAX, Record, RecordKind, Relation, RelationKind, Tags};
use super::view::{JournalHead, JournalRow, JournalView};
use super::{Context, Practice, zone};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, DeviceId, ObjectId, RecordId, Timestamp};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ITEMS_MAX: usize = 1 << 20;
/// Of how many entries, the newest first, the view of a journal shows how they begin.
pub(super) const BEGINNINGS_MAX: usize = 200;
/// How many characters it shows of each.
const BEGINNING_CHARACTERS: usize = 120;

/// How an entry of a journal came into the practice.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Came {
    /// Written down in the editor: typed, or pasted there.
    Typed,
    /// Brought in from a file, or by a command.
    Imported,
}

impl Came {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Typed => 1,
            Self::Imported => 2,
        }
    }

    pub(super) const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Typed),
            2 => Some(Self::Imported),
            _ => None,
        }
    }

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Imported => "imported",
        }
    }

    /// Returns what a word stands for.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Typed, Self::Imported].into_iter().find(|came| came.word() == word)
    }
}

/// What is said of an entry after it was signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JournalMark {
    /// Whether the client has agreed that it may be shared; at first not.
    Shared(bool),
    /// Whether it is struck. It stays in the log.
    Struck(bool),
}

/// When something was said of a record, by which record, what, and on which device.
type Said = (Timestamp, RecordId, bool, DeviceId);

/// All that was said of each of several records in one respect, in order of time: the last counts.
type Says = BTreeMap<RecordId, BTreeSet<Said>>;

/// What was said of entries, or of measures, later.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Marks {
    reviewed: Says,
    shared: Says,
    struck: Says,
}

impl Marks {
    /// Takes over what a record says of another; `false` if it says nothing of the kind.
    pub(super) fn learn(&mut self, record: &Record) -> bool {
        let target = record.relation(RelationKind::Corrects).map(|relation| relation.target);
        let Some(target) = target.map(RecordId::from_bytes) else { return false };
        let Some(body) = record.body() else { return true };
        let says = |tag| body.fixed::<1>(tag).map(|[says]| says == 1);
        let fields = [
            (&mut self.reviewed, measure_tag::REVIEWED),
            (&mut self.shared, tag::SHARED),
            (&mut self.struck, tag::STRUCK),
        ];
        for (known, tag) in fields {
            let Some(says) = says(tag) else { continue };
            let header = &record.header;
            let said = (header.time, header.id, says, header.author.device);
            known.entry(target).or_default().insert(said);
        }
        true
    }

    pub(super) fn is_struck(&self, record: RecordId) -> bool {
        last(&self.struck, record).is_some_and(|(_, _, struck, _)| struck)
    }

    pub(super) fn is_reviewed(&self, record: RecordId) -> bool {
        last(&self.reviewed, record).is_some_and(|(_, _, reviewed, _)| reviewed)
    }

    pub(super) fn is_shared(&self, record: RecordId, at_first: bool) -> bool {
        last(&self.shared, record).map_or(at_first, |(_, _, shared, _)| shared)
    }

    /// Returns what other devices said of an entry, whatever their clocks say.
    pub(super) fn heard_of(
        &self,
        record: RecordId,
        mark: JournalMark,
        own: DeviceId,
    ) -> BTreeSet<RecordId> {
        heard(self.of(mark), record, own).collect()
    }

    fn of(&self, mark: JournalMark) -> &Says {
        match mark {
            JournalMark::Shared(_) => &self.shared,
            JournalMark::Struck(_) => &self.struck,
        }
    }

    /// Returns when this was last said of an entry, either way.
    pub(super) fn said_last(&self, record: RecordId, mark: JournalMark) -> Option<Timestamp> {
        last(self.of(mark), record).map(|(time, ..)| time)
    }

    /// Returns what has struck a record since it was last brought back, newest first; a few at the
    /// most, whatever others send.
    pub(super) fn strikes(&self, record: RecordId) -> Vec<RecordId> {
        const STRIKES_MAX: usize = 16;
        let said = self.struck.get(&record).into_iter().flatten().rev();
        let strikes = said.take_while(|(_, _, struck, _)| *struck);
        strikes.map(|(_, strike, ..)| *strike).take(STRIKES_MAX).collect()
    }

    /// Returns what other devices said of a measure, whatever their clocks say.
    pub(super) fn heard_of_measure(
        &self,
        record: RecordId,
        mark: MeasureMark,
        own: DeviceId,
    ) -> BTreeSet<RecordId> {
        // Who has looked at its answers has said something of the whole measure.
        let struck = matches!(mark, MeasureMark::Struck(_)).then_some(&self.struck);
        let marks = [Some(&self.reviewed), struck].into_iter().flatten();
        marks.flat_map(|marks| heard(marks, record, own)).collect()
    }

    /// Returns when anything was said last of a record.
    pub(super) fn newest(&self, record: RecordId) -> Option<Timestamp> {
        let said = [&self.reviewed, &self.shared, &self.struck].into_iter();
        said.filter_map(|marks| last(marks, record)).map(|(time, ..)| time).max()
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        for marks in [&self.reviewed, &self.shared, &self.struck] {
            let of = |(target, said): (&RecordId, &BTreeSet<Said>)| {
                said.iter().map(|said| (*target, *said)).collect::<Vec<_>>()
            };
            let marks: Vec<_> = marks.iter().flat_map(of).collect();
            writer.list(&marks, |w, (target, (time, record, says, device))| {
                w.fixed(target.as_bytes()).i64(time.as_millis()).fixed(record.as_bytes());
                w.u8(u8::from(*says)).fixed(device.as_bytes());
            });
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut marks = || {
            let read = reader.list(ITEMS_MAX, |r| {
                let target = RecordId::from_bytes(r.fixed()?);
                let time = Timestamp::from_millis(r.i64()?);
                let (record, says) = (RecordId::from_bytes(r.fixed()?), r.u8()? == 1);
                Ok((target, (time, record, says, DeviceId::from_bytes(r.fixed()?))))
            })?;
            let mut marks = Says::new();
            read.into_iter().for_each(|(target, said)| {
                marks.entry(target).or_default().insert(said);
            });
            Ok(marks)
        };
        Ok(Self { reviewed: marks()?, shared: marks()?, struck: marks()? })
    }
}

fn last(marks: &Says, record: RecordId) -> Option<Said> {
    marks.get(&record)?.last().copied()
}

fn heard(marks: &Says, record: RecordId, own: DeviceId) -> impl Iterator<Item = RecordId> + '_ {
    let said = marks.get(&record).into_iter().flatten();
    said.filter(move |(.., device)| *device != own).map(|(_, act, ..)| *act)
}

/// The headline of an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct EntryFact {
    pub(super) draft: Option<ObjectId>,
    pub(super) date: Date,
    pub(super) came: Came,
    pub(super) shared: bool,
    pub(super) words: u32,
}

impl EntryFact {
    /// Reads the headline of an entry; `None` if this version cannot.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let body = record.body()?;
        let JournalHead { date, came, shared } = head(body)?;
        let signs = record.relation(RelationKind::Signs);
        Some(Self {
            draft: signs.map(|relation| ObjectId::from_bytes(relation.target)),
            date,
            came,
            shared,
            words: draft::words(body.text(tag::TEXT)?),
        })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.option(self.draft, |w, draft| {
            w.fixed(draft.as_bytes());
        });
        write_date(writer, self.date);
        writer.u8(self.came.number()).u8(u8::from(self.shared)).u32(self.words);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            draft: reader.option(|r| r.fixed().map(ObjectId::from_bytes))?,
            date: read_date(reader)?,
            came: Came::of(reader.u8()?).ok_or(CodecError::Unknown)?,
            shared: reader.u8()? == 1,
            words: reader.u32()?,
        })
    }
}

pub(super) fn write_date(writer: &mut Writer, date: Date) {
    writer.text(&date.to_string());
}

pub(super) fn read_date(reader: &mut Reader<'_>) -> Result<Date, CodecError> {
    parse_date(reader.text(DATE_BYTES_MAX)?).ok_or(CodecError::Unknown)
}

const DATE_BYTES_MAX: usize = 16;

/// Reads a date as it is written in records and drafts: 2026-11-20.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    if text.len() > DATE_BYTES_MAX { None } else { text.parse().ok() }
}

/// Returns what an entry says of itself.
pub(super) fn head(body: &Tags) -> Option<JournalHead> {
    Some(JournalHead {
        date: parse_date(body.text(tag::ENTRY_DATE)?)?,
        came: body.fixed::<1>(tag::CAME).and_then(|[came]| Came::of(came))?,
        shared: body.fixed::<1>(tag::SHARED).is_some_and(|[shared]| shared == 1),
    })
}

/// The body of an entry; `heads` is the state of the draft that it was.
pub(super) fn entry_body(said: JournalHead, text: &str, heads: &[[u8; 32]]) -> Tags {
    let mut body = note::addendum_body(text, heads);
    body.set(tag::ENTRY_DATE, said.date.to_string()).set(tag::CAME, [said.came.number()]);
    if said.shared {
        body.set(tag::SHARED, [1]);
    }
    body
}

impl Chart {
    /// Returns what an entry says of itself, and what was said of it later.
    fn entry_head(&self, record: RecordId) -> Option<JournalHead> {
        let Headline::Journal(entry) = &self.records.get(&record)?.headline else { return None };
        let shared = self.marks.is_shared(record, entry.shared);
        Some(JournalHead { date: entry.date, came: entry.came, shared })
    }

    /// Returns the entries of a journal that stand on their own, or those that were struck, the newest
    /// date first, with how many words each has.
    fn entries(&self, struck: bool) -> Vec<(RecordId, JournalHead, u32)> {
        let mut entries = Vec::new();
        for (id, fact) in &self.records {
            if let (Headline::Journal(entry), Some(head)) = (&fact.headline, self.entry_head(*id))
                && self.adds_to(*id).is_none()
                && self.marks.is_struck(*id) == struck
            {
                entries.push((head.date, fact.time, *id, head, entry.words));
            }
        }
        entries.sort_by_key(|(date, time, id, ..)| std::cmp::Reverse((*date, *time, *id)));
        entries.into_iter().map(|(_, _, id, head, words)| (id, head, words)).collect()
    }
}

impl Practice {
    /// Carries out what is about journals; nothing else comes here.
    pub(super) fn write_journal(
        &mut self,
        edit: Edit,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        match edit {
            Edit::BeginJournal { draft, client, date } => {
                self.begin_entry(draft, (client, date), cx)
            }
            Edit::EnterJournal { client, said, text, labels } => {
                self.enter_entry(client, said, (&text, &labels), cx)
            }
            Edit::MarkJournal { client, record, mark } => {
                self.mark_entry(client, (record, mark), cx)
            }
            _ => Ok(Done::default()),
        }
    }

    fn begin_entry(
        &mut self,
        draft: ObjectId,
        (client, date): (ClientId, Date),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        let fact = DraftFact { date: Some(date), ..DraftFact::new(NoteFormat::Free, cx.now) };
        self.begin_draft(draft, (client, Book::Journal), fact, cx)
    }

    fn enter_entry(
        &mut self,
        client: ClientId,
        said: JournalHead,
        (text, labels): (&str, &BTreeSet<Label>),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        if text.trim().is_empty() {
            return Err(Refusal::EmptyText);
        }
        if text.len() > PART_BYTES_MAX || labels.len() > LABELS_MAX {
            return Err(Refusal::TextTooLong);
        }
        let name = CompartmentName::Journal(client);
        let body = entry_body(said, text, &[]);
        let record = RecordId::random(cx.random);
        let written = (RecordKind::Journal, Vec::new(), labels);
        let change = self.write_labelled(record, &name, written, body, cx);
        let event = AuditEvent::new(AuditKind::Sign)
            .about(AuditSubject::View(Subject::Note(client, record)));
        let changes = std::iter::once(change).chain(self.audit(&event, cx)).collect();
        let inverse = Edit::MarkJournal { client, record, mark: JournalMark::Struck(true) };
        Ok(Done { changes, inverse: Some(inverse), guards: Vec::new() })
    }

    /// Writes down that an entry is struck, or may be shared, or that it is not so.
    fn mark_entry(
        &mut self,
        client: ClientId,
        (record, mark): (RecordId, JournalMark),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let journal = self.facts.book(client, Book::Journal).ok_or(Refusal::UnknownNote)?;
        let known = journal.entry_head(record).ok_or(Refusal::UnknownNote)?;
        let name = CompartmentName::Journal(client);
        let digest = Self::stored_record(&name, record, cx)?.digest();
        let kind = RelationKind::Corrects;
        let relation = Relation { kind, target: *record.as_bytes(), digest };
        let mut body = Tags::new();
        let before = match mark {
            JournalMark::Shared(shared) => {
                body.set(tag::SHARED, [u8::from(shared)]);
                JournalMark::Shared(known.shared)
            }
            JournalMark::Struck(struck) => {
                body.set(tag::STRUCK, [u8::from(struck)]);
                JournalMark::Struck(!struck)
            }
        };
        let said = self.facts.book(client, Book::Journal);
        let said = said.and_then(|journal| journal.marks.said_last(record, mark));
        let written = (RecordKind::Journal, vec![relation]);
        let change = self.write_after(said, &name, written, body, cx);
        let inverse = Edit::MarkJournal { client, record, mark: before };
        Ok(Done { changes: vec![change], inverse: Some(inverse), guards: Vec::new() })
    }

    /// What is said of an entry that a draft becomes.
    pub(super) fn said_of(&self, fact: &DraftFact) -> JournalHead {
        let begun = || zone::date(fact.begun, &self.facts.settings.zone);
        JournalHead { date: fact.date.unwrap_or_else(begun), came: Came::Typed, shared: false }
    }

    pub(super) fn journal_view(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<JournalView, Refusal> {
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let row = Arc::clone(row);
        let journal = self.shown_book(client, Book::Journal);
        let of = |struck| journal.as_ref().map(|journal| journal.entries(struck));
        let (entries, struck) = (of(false).unwrap_or_default(), of(true).unwrap_or_default());
        let drafts = journal.map(|journal| journal.unfinished(client, Book::Journal));
        let name = CompartmentName::Journal(client);
        let mut rows = Vec::new();
        for (at, (record, head, words)) in entries.into_iter().enumerate() {
            let begins = match at < BEGINNINGS_MAX {
                true => beginning(&Self::stored_record(&name, record, cx)?),
                false => String::new(),
            };
            rows.push(JournalRow { record, head, words, begins, struck: false });
        }
        rows.extend(struck.into_iter().map(|(record, head, words)| JournalRow {
            record,
            head,
            words,
            begins: String::new(),
            struck: true,
        }));
        Ok(JournalView { client: row, entries: rows, drafts: drafts.unwrap_or_default() })
    }

    /// Returns what is said of a record, if it is an entry of a client's journal.
    pub(super) fn journal_head(&self, client: ClientId, record: RecordId) -> Option<JournalHead> {
        self.facts.book(client, Book::Journal)?.entry_head(record)
    }
}

/// Whether records of a kind are said of entries of a journal as they are of notes.
pub(super) const fn is_of_entries(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::Addendum | RecordKind::Labels)
}

/// How an entry begins, in one line.
pub(super) fn beginning(record: &Record) -> String {
    let text = record.body().and_then(|body| body.text(tag::TEXT)).unwrap_or_default();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().nth(BEGINNING_CHARACTERS).is_some() {
            break;
        }
    }
    line.chars().take(BEGINNING_CHARACTERS).collect()
}
