//! Labels of notes and of other items: what about one is especially sensitive, and that it holds facts
//! about somebody else. They follow HL7's ActCode (PSY, ETH, SEX, HIV, SDV) and v3-Confidentiality (V).
//!
//! A draft carries them as fields of its document, one for each, so that two devices may set
//! different ones; a signature puts those that stand into the record's header. What is said later of
//! a signed note is a further record with the whole list. It names what its writer knew of: the note,
//! lists before it, what was added. What the list that counts names, or what that names, is over,
//! whatever any clock says; the rest counts beside it. Of lists of which none names another the
//! newest counts. What a device set on the draft while another signed is a record that adds to what
//! the note has.
//!
//! Measures, consents, risk forms, safety plans and entries of the journal have such lists alone; that of a
//! contact or a file lies in the chart: the contact itself is read by who has no key to charts. A line of a
//! plan has fields of the plan's document, and the signature of a version puts them into the record.
//!
//! A label says something clinical by itself. It is in what [`Practice::open`] gives and in no list.

mod relabel;

pub use relabel::{Relabel, RelabelDraft};

use super::apply::{Done, Guard, Refusal};
use super::change::Change;
use super::chart::{Chart, Headline};
use super::compartment::CompartmentName;
use super::document::{Actor, Document, Scalar};
use super::draft;
use super::edit::Edit;
use super::journal::Book;
use super::plan::PlanChange;
use super::record::{
    LABELS_MAX, RELATIONS_MAX, Record, RecordKind, Relation, RelationKind, Tags, registry,
};
use super::sign::sign_event;
use super::{Context, Practice, ShelfError};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, DeviceId, ObjectId, PlanItemId, RecordId, Timestamp};
use crate::suite::Hash;
use std::collections::{BTreeMap, BTreeSet};

registry! {
    /// What is said of a note that makes it especially sensitive. An open registry.
    Label {
        /// Psychiatry (PSY).
        Psychiatry = 1,
        /// Substance use (ETH).
        SubstanceUse = 2,
        /// Sexuality and reproduction (SEX).
        Sexuality = 3,
        /// HIV (HIV).
        Hiv = 4,
        /// Violence or abuse (SDV).
        Violence = 5,
        /// Very restricted (V).
        VeryRestricted = 6,
        /// Family history, or facts about somebody else.
        ThirdParty = 7,
        /// Written by a machine. Nothing here sets it.
        MachineWritten = 8,
    }
}

/// What carries labels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Labelled {
    /// A draft of a note.
    Draft(ObjectId),
    /// A line of a treatment plan.
    PlanLine(PlanItemId),
    /// A signed note, a version of a plan, a measure, a consent, a file, an entry of the journal or of
    /// the contact log.
    Record(RecordId),
}

impl Label {
    /// Those that a person may set, in the order in which they are offered.
    pub const OFFERED: [Self; 7] = [
        Self::ThirdParty,
        Self::Psychiatry,
        Self::SubstanceUse,
        Self::Sexuality,
        Self::Hiv,
        Self::Violence,
        Self::VeryRestricted,
    ];

    /// Returns how people read it.
    pub fn words(self) -> String {
        let words = match self {
            Self::Psychiatry => "psychiatry",
            Self::SubstanceUse => "substance use",
            Self::Sexuality => "sexuality and reproduction",
            Self::Hiv => "HIV",
            Self::Violence => "violence or abuse",
            Self::VeryRestricted => "very restricted",
            Self::ThirdParty => "family history",
            Self::MachineWritten => "machine-written",
            Self::Unknown(number) => return format!("label {number} (newer version)"),
        };
        words.to_owned()
    }

    /// Returns the word that stands for it in files.
    pub fn word(self) -> String {
        match self {
            Self::Sexuality => "sexuality".to_owned(),
            Self::Violence => "violence".to_owned(),
            Self::ThirdParty => "third-party".to_owned(),
            Self::Unknown(number) => format!("label-{number}"),
            known => known.words().to_lowercase().replace(' ', "-"),
        }
    }

    /// Returns the label that a word stands for, if there is one.
    pub fn named(word: &str) -> Option<Self> {
        let known = (1..=Self::MachineWritten.number()).map(Self::of);
        let unknown = || word.strip_prefix("label-").and_then(|n| n.parse().ok()).map(Self::of);
        known.into_iter().find(|label| label.word() == word).or_else(unknown)
    }

    /// Returns labels as one text, `family history; substance use`; empty if there are none.
    pub fn list(labels: &BTreeSet<Self>) -> String {
        // The order in which they are offered; what only a file or a newer version sets comes last.
        let offered = Self::OFFERED.iter().filter(|label| labels.contains(label)).copied();
        let others = labels.iter().filter(|label| !Self::OFFERED.contains(label)).copied();
        offered.chain(others).map(Self::words).collect::<Vec<_>>().join("; ")
    }

    fn field(self) -> String {
        format!("{FIELD}{}", self.number())
    }
}

/// Each label of a draft is a field of its root: `label/<number>`.
const FIELD: &str = "label/";

/// Whether a field of a draft says something of a label.
pub(super) fn is_field(name: &str) -> bool {
    name.starts_with(FIELD)
}

/// Returns the labels of a draft. One that a device sets while another takes it away stands.
pub(super) fn of_draft(document: &Document) -> BTreeSet<Label> {
    of_place(document, None, document.keys())
}

/// Returns the labels of a line of a plan, which has a map of its own.
pub(super) fn of_line(document: &Document, line: &str) -> BTreeSet<Label> {
    of_place(document, Some(line), document.keys_in(line))
}

fn of_place(document: &Document, place: Option<&str>, keys: Vec<String>) -> BTreeSet<Label> {
    let keys = keys.into_iter();
    let numbers = keys.filter_map(|key| Some(Label::of(key.strip_prefix(FIELD)?.parse().ok()?)));
    let stands = |label: &Label| {
        let values = document.values(place, &label.field());
        values.iter().any(|(value, _)| *value == Scalar::Flag(true))
    };
    let labels: BTreeSet<Label> = numbers.filter(stands).collect();
    labels.into_iter().take(LABELS_MAX).collect()
}

/// Returns the labels of a draft that stand because this device has set them.
fn of_device(document: &Document, device: DeviceId, draft: ObjectId) -> BTreeSet<Label> {
    let lives = draft::named(document).into_iter().filter(|author| author.device == device);
    let actors: Vec<Actor> = lives.map(|author| Actor::of(&author, draft)).collect();
    let set = |label: &Label| {
        let mut values = document.values(None, &label.field()).into_iter();
        values.any(|(value, by)| value == Scalar::Flag(true) && actors.contains(&by))
    };
    of_draft(document).into_iter().filter(set).collect()
}

/// What a record says later of the labels of a note, without them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Labelling {
    /// The note, or what adds to it.
    pub(super) target: RecordId,
    /// Whether it adds to what the note has, or is the whole list.
    adds: bool,
    /// What the writer of a whole list knew of beside the note.
    named: Vec<RecordId>,
    device: DeviceId,
}

/// The whole lists that were said of one thing, and when.
type Lists<'a> = BTreeMap<RecordId, (Timestamp, &'a Labelling)>;

/// Returns the lists that no other of these names; all of them if they name each other in a circle,
/// as only one that lies makes them.
fn last_of(lists: &Lists<'_>) -> BTreeSet<(Timestamp, RecordId)> {
    let of = |(id, (_, said)): (&RecordId, &(Timestamp, &Labelling))| {
        said.named.iter().copied().filter(|one| one != id).collect::<Vec<_>>()
    };
    let named: BTreeSet<RecordId> = lists.iter().flat_map(of).collect();
    let timed = |(id, (time, _)): (&RecordId, &(Timestamp, &Labelling))| (*time, *id);
    let last: BTreeSet<_> =
        lists.iter().filter(|(id, _)| !named.contains(*id)).map(timed).collect();
    if last.is_empty() { lists.iter().map(timed).collect() } else { last }
}

/// Returns what some of the lists name, and the lists that they name, and so on.
fn known_to(lists: &Lists<'_>, of: impl IntoIterator<Item = RecordId>) -> BTreeSet<RecordId> {
    let mut known = BTreeSet::new();
    let mut next: Vec<RecordId> = of.into_iter().collect();
    while let Some(id) = next.pop() {
        let Some((_, said)) = lists.get(&id) else { continue };
        let named = said.named.iter().chain([&said.target]);
        next.extend(named.copied().filter(|one| known.insert(*one)));
    }
    known
}

impl Labelling {
    /// Reads it of a header, which outlives a body. Relation 7 names the note of a whole list, and
    /// after it what its writer knew of; relation 1 the note to which labels are added.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let list = record.relation(RelationKind::Labels);
        let target = list.or_else(|| record.relation(RelationKind::AddendumTo))?.target;
        let known = record.header.relations.iter().filter(|one| one.kind == RelationKind::Labels);
        let named = known.skip(1).map(|one| RecordId::from_bytes(one.target)).collect();
        let device = record.header.author.device;
        Some(Self { target: RecordId::from_bytes(target), adds: list.is_none(), named, device })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.fixed(self.target.as_bytes()).fixed(self.device.as_bytes());
        writer.u8(u8::from(self.adds));
        writer.list(&self.named, |w, id| {
            w.fixed(id.as_bytes());
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let target = RecordId::from_bytes(reader.fixed()?);
        let device = DeviceId::from_bytes(reader.fixed()?);
        let adds = reader.u8()? == 1;
        let named = reader.list(RELATIONS_MAX, |r| r.fixed().map(RecordId::from_bytes))?;
        Ok(Self { target, adds, named, device })
    }
}

/// Returns the labels in a record's header.
pub(super) fn of_record(record: &Record) -> BTreeSet<Label> {
    record.header.labels.iter().copied().map(Label::of).collect()
}

impl Chart {
    /// Returns what was said later of the labels of these records.
    pub(super) fn labellings<'a>(
        &'a self,
        of: &'a BTreeSet<RecordId>,
    ) -> impl Iterator<Item = (Timestamp, RecordId, &'a Labelling)> {
        self.records.iter().filter_map(|(id, fact)| match &fact.headline {
            Headline::Labels(said) if of.contains(&said.target) => Some((fact.time, *id, said)),
            _ => None,
        })
    }

    /// Returns what adds to the labels of these records, the newest first.
    fn label_additions(&self, of: &BTreeSet<RecordId>) -> Vec<RecordId> {
        let adds = self.labellings(of).filter(|(_, _, said)| said.adds);
        let adds: BTreeSet<_> = adds.map(|(time, id, _)| (time, id)).collect();
        adds.into_iter().rev().map(|(_, id)| id).collect()
    }

    /// Returns the whole lists of the labels of these records.
    fn label_lists<'a>(&'a self, of: &'a BTreeSet<RecordId>) -> Lists<'a> {
        let lists = self.labellings(of).filter(|(_, _, said)| !said.adds);
        lists.map(|(time, id, said)| (id, (time, said))).collect()
    }

    /// Returns what a new list of the labels of a note names beside it, the newest first: the lists
    /// that no other names, with the time of the newest, and what may bear labels of its own that no
    /// list names.
    pub(super) fn labels_known(
        &self,
        note: RecordId,
    ) -> (Option<Timestamp>, Vec<RecordId>, Vec<RecordId>) {
        let family = self.with_addenda(note);
        let lists = self.label_lists(&family);
        let last: Vec<RecordId> = last_of(&lists).into_iter().rev().map(|(_, id)| id).collect();
        let known = known_to(&lists, last.iter().copied());
        let bears = |id: &RecordId| Some((self.records.get(id)?.time, *id));
        let others = family.iter().copied().chain(self.label_additions(&family));
        let others = others.filter(|id| *id != note && !known.contains(id));
        let others: BTreeSet<_> = others.filter_map(|id| bears(&id)).collect();
        let newest = lists.values().map(|(time, _)| *time).max();
        (newest, last, others.into_iter().rev().map(|(_, id)| id).collect())
    }

    /// Returns what others said of the labels of a note: on other devices, on its draft, or with an
    /// addendum.
    pub(super) fn labels_heard(&self, note: RecordId, own: DeviceId) -> BTreeSet<RecordId> {
        let family = self.with_addenda(note);
        let theirs = |said: &Labelling| said.adds || said.device != own;
        let said = self.labellings(&family).filter(|(_, _, said)| theirs(said));
        said.map(|(_, id, _)| id).chain(family.iter().copied()).collect()
    }

    fn with_addenda(&self, note: RecordId) -> BTreeSet<RecordId> {
        let back = self.corrections().back_from(note);
        self.addenda(note).into_iter().chain(back).collect()
    }

    /// Returns what carries the labels of a record: itself, or what it is a second signature under.
    fn labelled(&self, record: RecordId) -> Option<RecordId> {
        match self.records.get(&record).map(|fact| &fact.headline)? {
            Headline::Note(_) | Headline::Plan { .. } | Headline::Journal(_) => {
                Some(self.adds_to(record).unwrap_or(record))
            }
            Headline::Measure { .. } | Headline::Consent(_) | Headline::Crisis(_) => Some(record),
            _ => None,
        }
    }

    /// Returns what was said last of the labels of what is no note: each with that record.
    fn labelled_items(&self) -> BTreeMap<RecordId, RecordId> {
        let mut said: BTreeMap<RecordId, Lists<'_>> = BTreeMap::new();
        for (id, fact) in &self.records {
            let Headline::Labels(labelling) = &fact.headline else { continue };
            let of = self.records.get(&labelling.target).map(|fact| &fact.headline);
            let alone = matches!(
                of,
                None | Some(Headline::Measure { .. } | Headline::Consent(_) | Headline::Crisis(_))
            );
            if alone && !labelling.adds {
                said.entry(labelling.target).or_default().insert(*id, (fact.time, labelling));
            }
        }
        let last =
            said.into_iter().filter_map(|(of, lists)| Some((of, last_of(&lists).pop_last()?.1)));
        last.collect()
    }
}

impl Practice {
    /// Sets the labels of a draft or of a signed note.
    pub(super) fn label(
        &mut self,
        (client, of): (ClientId, Labelled),
        labels: &BTreeSet<Label>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if labels.len() > LABELS_MAX {
            return Err(Refusal::TextTooLong);
        }
        match of {
            Labelled::Draft(draft) => self.label_draft(client, draft, |_| labels.clone(), cx),
            Labelled::PlanLine(item) => {
                let labels = Some(labels.clone());
                self.change_plan(client, item, PlanChange { labels, ..PlanChange::default() }, cx)
            }
            Labelled::Record(record) => self.label_record(client, record, labels, cx),
        }
    }

    pub(super) fn label_draft(
        &mut self,
        client: ClientId,
        draft: ObjectId,
        labels: impl FnOnce(&BTreeSet<Label>) -> BTreeSet<Label>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        self.unsigned_draft(draft, client)?;
        if self.book_of_draft(client, draft) != Book::Chart {
            return Err(Refusal::NotADraft);
        }
        let name = self.home_of(client, draft);
        let before = of_draft(self.document(&name, draft, cx)?);
        let after = labels(&before);
        if after.len() > LABELS_MAX {
            return Err(Refusal::TextTooLong);
        }
        let changed = Relabel::between(&before, &after);
        let fields = changed.fields();
        let author = cx.pen.author();
        let change = self.change(&name, draft, cx, |document| {
            if !fields.is_empty() {
                draft::sign_in(document, author);
            }
            for (field, is_set) in &fields {
                document.put(None, field, Scalar::Flag(*is_set));
            }
        })?;
        let guard = |(field, is_set)| Guard {
            name: name.clone(),
            object: draft,
            place: None,
            field,
            value: Scalar::Flag(is_set),
        };
        let guards = fields.into_iter().map(guard).collect();
        let change_back = RelabelDraft { client, draft, change: changed.inverse() };
        let inverse = Edit::RelabelDraft(Box::new(change_back));
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }

    /// Puts labels of a draft, and takes others away.
    pub(super) fn relabel_draft(
        &mut self,
        RelabelDraft { client, draft, change }: RelabelDraft,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        self.label_draft(client, draft, |labels| change.of(labels), cx)
    }

    fn label_record(
        &mut self,
        client: ClientId,
        record: RecordId,
        labels: &BTreeSet<Label>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let book = self.book_of_record(client, record);
        let known = self.facts.book(client, book).and_then(|chart| chart.labelled(record));
        let note = match known {
            Some(note) => note,
            None if self.lies_beside(client, record).is_some() => record,
            None => return Err(Refusal::UnknownNote),
        };
        let before = self.labels_of(client, note, cx)?;
        // Somebody stands behind it, so it is in the trail.
        let name = self.home(client, book);
        let lies_in = self.lies_beside(client, note).unwrap_or_else(|| name.clone());
        let kind = RelationKind::Labels;
        let digest = Self::stored_record(&lies_in, note, cx)?.digest();
        let mut relations = vec![Relation { kind, target: *note.as_bytes(), digest }];
        let chart = self.facts.book(client, book);
        let (said, last, others) = chart.map(|chart| chart.labels_known(note)).unwrap_or_default();
        relations.extend(Self::names_labels(&name, last, others, cx));
        // Of more lists than one can name it is the newest, too.
        let now = cx.now;
        cx.now = said.map_or(now, |said| now.max(said.plus_millis(1)));
        let (id, change) = self.write_labels(&name, relations, labels, cx);
        cx.now = now;
        let changes = std::iter::once(change).chain(self.audit(&sign_event(client, id), cx));
        let changes = changes.collect();
        let inverse = Edit::Label { client, of: Labelled::Record(note), labels: before };
        Ok(Done { changes, inverse: Some(inverse), guards: Vec::new() })
    }

    /// Says the labels of what was written just now, and is not on the shelf yet, in the chart.
    pub(super) fn label_new(
        &mut self,
        client: ClientId,
        written: &[Change],
        labels: &BTreeSet<Label>,
        cx: &mut Context<'_>,
    ) -> Vec<Change> {
        let record = written.iter().find_map(Self::written_in);
        let Some(record) = record.filter(|_| !labels.is_empty()) else { return Vec::new() };
        let (kind, target) = (RelationKind::Labels, *record.header.id.as_bytes());
        let relation = Relation { kind, target, digest: record.digest() };
        let name = self.home(client, Book::Chart);
        let (id, change) = self.write_labels(&name, vec![relation], labels, cx);
        std::iter::once(change).chain(self.audit(&sign_event(client, id), cx)).collect()
    }

    /// Names what a new list knows of. What its writer does not know of counts beside it; what has no
    /// room counts on, and is named by the next.
    pub(super) fn names_labels(
        name: &CompartmentName,
        last: Vec<RecordId>,
        others: Vec<RecordId>,
        cx: &mut Context<'_>,
    ) -> Vec<Relation> {
        let of_lists = last.into_iter().map(|id| (id, false));
        let mut named = Vec::new();
        for (id, if_labelled) in of_lists.chain(others.into_iter().map(|id| (id, true))) {
            if named.len() == RELATIONS_MAX - 1 {
                break;
            }
            let known = Self::stored_record(name, id, cx);
            if if_labelled && known.as_ref().is_ok_and(|one| one.header.labels.is_empty()) {
                continue;
            }
            let digest = known.map_or(Hash::ZERO, |one| one.digest());
            let kind = RelationKind::Labels;
            named.push(Relation { kind, target: *id.as_bytes(), digest });
        }
        named
    }

    pub(super) fn write_labels(
        &mut self,
        name: &CompartmentName,
        relations: Vec<Relation>,
        labels: &BTreeSet<Label>,
        cx: &mut Context<'_>,
    ) -> (RecordId, Change) {
        let id = RecordId::random(cx.random);
        let written = (RecordKind::Labels, relations, labels);
        (id, self.write_labelled(id, name, written, Tags::new(), cx))
    }

    /// Where a record lies whose labels lie in the chart and that does not: one of the contact log,
    /// which a front desk reads, or a file; struck or not.
    fn lies_beside(&self, client: ClientId, record: RecordId) -> Option<CompartmentName> {
        if self.facts.logs.get(&client).is_some_and(|log| log.holds(record)) {
            return Some(CompartmentName::Contact(client));
        }
        let files = self.facts.attachments.get(&client);
        files.filter(|files| files.holds(record)).map(|_| CompartmentName::Attachments(client))
    }

    /// Returns the labels of what in a chart and a contact log is no note, as far as it has any.
    pub(super) fn labels_beside(
        &self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<BTreeMap<RecordId, BTreeSet<Label>>, ShelfError> {
        let Some(chart) = self.shown_chart(client) else { return Ok(BTreeMap::new()) };
        let name = self.home(client, Book::Chart);
        let mut all = BTreeMap::new();
        for (target, said) in chart.labelled_items() {
            let beside = self.lies_beside(client, target).is_some();
            if chart.records.contains_key(&target) || beside {
                let labels = of_record(&Self::stored_record(&name, said, cx)?);
                all.extend((!labels.is_empty()).then_some((target, labels)));
            }
        }
        Ok(all)
    }

    /// Adds to the labels of a note what this device said of its draft while another signed that, so
    /// that no label is lost.
    pub(super) fn label_late(
        &mut self,
        (client, book): (ClientId, Book),
        (draft, note): (ObjectId, RecordId),
        arrived: Option<&Record>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let device = cx.pen.author().device;
        let name = self.home(client, book);
        let mut mine = of_device(self.document(&name, draft, cx)?, device, draft);
        let Some(chart) = self.facts.book(client, book) else { return Ok(None) };
        if book != Book::Chart || mine.is_empty() || self.is_hidden(client) {
            return Ok(None);
        }
        // What a signature holds was known to its signer; what was added once needs no second time,
        // also where somebody has taken it away since.
        let added = chart.label_additions(&chart.with_addenda(note));
        for id in chart.signatures(draft).into_iter().chain(added) {
            let said = of_record(&Self::record_of(&name, id, arrived, cx)?);
            mine.retain(|label| !said.contains(label));
        }
        if mine.is_empty() {
            return Ok(None);
        }
        let digest = Self::record_of(&name, note, arrived, cx)?.digest();
        let kind = RelationKind::AddendumTo;
        let relation = Relation { kind, target: *note.as_bytes(), digest };
        Ok(Some(self.write_labels(&name, vec![relation], &mine, cx).1))
    }

    /// Returns the labels of a signed note: those that were said of it last, or else those that it
    /// was signed with; and those of what was added to it, and what devices set on its draft, as far
    /// as whoever said its labels last did not know of them.
    pub(super) fn labels_of(
        &self,
        client: ClientId,
        note: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<BTreeSet<Label>, ShelfError> {
        let book = self.book_of_record(client, note);
        let Some(chart) = self.shown_book(client, book) else { return Ok(BTreeSet::new()) };
        let name = self.home(client, book);
        let family = chart.with_addenda(note);
        let lists = chart.label_lists(&family);
        let last = last_of(&lists).pop_last().map(|(_, id)| id);
        let known = known_to(&lists, last);
        // An entry of the contact log or a file lies elsewhere, and bears none of its own.
        let here = family.iter().copied().filter(|id| chart.records.contains_key(id));
        let added = chart.label_additions(&family).into_iter();
        let said: BTreeSet<RecordId> = here.chain(added).filter(|id| !known.contains(id)).collect();
        let mut labels = BTreeSet::new();
        for id in said.into_iter().chain(last) {
            labels.extend(of_record(&Self::stored_record(&name, id, cx)?));
        }
        Ok(labels)
    }

    /// Returns a record of the shelf, or the one that arrived and is not there yet.
    fn record_of(
        name: &CompartmentName,
        id: RecordId,
        arrived: Option<&Record>,
        cx: &mut Context<'_>,
    ) -> Result<Record, ShelfError> {
        match arrived.filter(|record| record.header.id == id) {
            Some(record) => Ok(record.clone()),
            None => Self::stored_record(name, id, cx),
        }
    }
}
