//! Labels of notes: what about a note is especially sensitive, and that it holds facts about somebody
//! else. They follow HL7's ActCode (PSY, ETH, SEX, HIV, SDV) and v3-Confidentiality (V).
//!
//! A draft carries them as fields of its document, one for each, so that two devices may set
//! different ones; a signature puts those that stand into the record's header. What is said later of
//! a signed note is a further record with the whole list: of several the newest counts.
//!
//! A label says something clinical by itself. It is in what [`Practice::open`] gives and in no list.

use super::apply::{Done, Guard, Refusal};
use super::change::Change;
use super::chart::{Chart, Headline};
use super::document::{Actor, Document, Scalar};
use super::draft;
use super::edit::Edit;
use super::journal::Book;
use super::record::{LABELS_MAX, Record, RecordKind, Relation, RelationKind, Tags, registry};
use super::sign::sign_event;
use super::{Context, Practice, ShelfError};
use crate::id::{ClientId, DeviceId, ObjectId, RecordId, Timestamp};
use std::collections::BTreeSet;

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
    /// A signed note.
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

/// Returns the labels of a draft. One that a device sets while another takes it away stands.
pub(super) fn of_draft(document: &Document) -> BTreeSet<Label> {
    let keys = document.keys().into_iter();
    let numbers = keys.filter_map(|key| Some(Label::of(key.strip_prefix(FIELD)?.parse().ok()?)));
    let stands = |label: &Label| {
        let values = document.values(None, &label.field());
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

/// Returns the labels in a record's header.
pub(super) fn of_record(record: &Record) -> BTreeSet<Label> {
    record.header.labels.iter().copied().map(Label::of).collect()
}

impl Chart {
    /// Returns what was said later of the labels of these records.
    pub(super) fn labellings<'a>(
        &'a self,
        of: &'a BTreeSet<RecordId>,
    ) -> impl Iterator<Item = (Timestamp, RecordId)> + 'a {
        self.records.iter().filter_map(|(id, fact)| match &fact.headline {
            Headline::Labels { target, .. } if of.contains(target) => Some((fact.time, *id)),
            _ => None,
        })
    }

    /// Returns what others said of the labels of a note: on other devices, or with an addendum.
    pub(super) fn labels_heard(&self, note: RecordId, own: DeviceId) -> BTreeSet<RecordId> {
        let family = self.with_addenda(note);
        let theirs = |id: &RecordId| match self.records.get(id).map(|fact| &fact.headline) {
            Some(Headline::Labels { device, .. }) => *device != own,
            _ => false,
        };
        let said = self.labellings(&family).map(|(_, id)| id).filter(theirs);
        said.chain(family.iter().copied()).collect()
    }

    fn with_addenda(&self, note: RecordId) -> BTreeSet<RecordId> {
        self.addenda(note).into_iter().chain([note]).collect()
    }

    /// Returns the signed note that a record is, or is a second signature under; a version of a plan
    /// reads as a note.
    fn labelled_note(&self, record: RecordId) -> Result<RecordId, Refusal> {
        match self.records.get(&record).map(|fact| &fact.headline) {
            Some(Headline::Note(_) | Headline::Plan { .. }) => {
                Ok(self.adds_to(record).unwrap_or(record))
            }
            _ => Err(Refusal::UnknownNote),
        }
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
            Labelled::Draft(draft) => self.label_draft(client, draft, labels, cx),
            Labelled::Record(record) => self.label_record(client, record, labels, cx),
        }
    }

    fn label_draft(
        &mut self,
        client: ClientId,
        draft: ObjectId,
        labels: &BTreeSet<Label>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        self.unsigned_draft(draft, client)?;
        if self.book_of_draft(client, draft) != Book::Chart {
            return Err(Refusal::NotADraft);
        }
        let name = self.home_of(client, draft);
        let before = of_draft(self.document(&name, draft, cx)?);
        let changed: Vec<Label> = before.symmetric_difference(labels).copied().collect();
        let author = cx.pen.author();
        let change = self.change(&name, draft, cx, |document| {
            if !changed.is_empty() {
                draft::sign_in(document, author);
            }
            for label in &changed {
                document.put(None, &label.field(), Scalar::Flag(labels.contains(label)));
            }
        })?;
        let guard = |label: &Label| Guard {
            name: name.clone(),
            object: draft,
            place: None,
            field: label.field(),
            value: Scalar::Flag(labels.contains(label)),
        };
        let guards = changed.iter().map(guard).collect();
        let inverse = Edit::Label { client, of: Labelled::Draft(draft), labels: before };
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }

    fn label_record(
        &mut self,
        client: ClientId,
        record: RecordId,
        labels: &BTreeSet<Label>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let chart = self.facts.charts.get(&client).ok_or(Refusal::UnknownNote)?;
        let note = chart.labelled_note(record)?;
        let before = self.labels_of(client, note, None, cx)?;
        // Somebody stands behind it, so it is in the trail.
        let (id, change) = self.write_labels((client, note), labels, None, cx)?;
        let changes = std::iter::once(change).chain(self.audit(&sign_event(client, id), cx));
        let changes = changes.collect();
        let inverse = Edit::Label { client, of: Labelled::Record(note), labels: before };
        Ok(Done { changes, inverse: Some(inverse), guards: Vec::new() })
    }

    /// Writes that a note has these labels.
    fn write_labels(
        &mut self,
        (client, note): (ClientId, RecordId),
        labels: &BTreeSet<Label>,
        arrived: Option<&Record>,
        cx: &mut Context<'_>,
    ) -> Result<(RecordId, Change), ShelfError> {
        let name = self.home(client, Book::Chart);
        let digest = match arrived.filter(|record| record.header.id == note) {
            Some(record) => record.digest(),
            None => Self::stored_record(&name, note, cx)?.digest(),
        };
        let relation = Relation { kind: RelationKind::Labels, target: *note.as_bytes(), digest };
        let id = RecordId::random(cx.random);
        let written = (RecordKind::Labels, vec![relation], labels);
        Ok((id, self.write_labelled(id, &name, written, Tags::new(), cx)))
    }

    /// Says of a note what this device said of its draft while another signed that, so that no label
    /// is lost; unless somebody has said since which labels it has.
    pub(super) fn label_late(
        &mut self,
        (client, book): (ClientId, Book),
        (draft, note): (ObjectId, RecordId),
        arrived: Option<&Record>,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Change>, Refusal> {
        let device = cx.pen.author().device;
        let name = self.home(client, book);
        let mine = of_device(self.document(&name, draft, cx)?, device, draft);
        if book != Book::Chart || mine.is_empty() || self.is_hidden(client) {
            return Ok(Vec::new());
        }
        let said = self.facts.book(client, book).is_some_and(|chart| {
            let family = chart.with_addenda(note);
            chart.labellings(&family).next().is_some()
        });
        let mut labels = self.labels_of(client, note, arrived, cx)?;
        if said || mine.is_subset(&labels) {
            return Ok(Vec::new());
        }
        labels.extend(mine);
        let labels = labels.into_iter().take(LABELS_MAX).collect();
        let (_, change) = self.write_labels((client, note), &labels, arrived, cx)?;
        Ok(vec![change])
    }

    /// Returns the labels of a signed note: those that were said of it last, or else those that it
    /// was signed with; and those of what was added to it since. `arrived` is a record that the shelf
    /// does not have yet.
    pub(super) fn labels_of(
        &self,
        client: ClientId,
        note: RecordId,
        arrived: Option<&Record>,
        cx: &mut Context<'_>,
    ) -> Result<BTreeSet<Label>, ShelfError> {
        let book = self.book_of_record(client, note);
        let Some(chart) = self.shown_book(client, book) else { return Ok(BTreeSet::new()) };
        let family = chart.with_addenda(note);
        let newest = chart.labellings(&family).max();
        let time = |id: &RecordId| chart.records.get(id).map(|fact| (fact.time, *id));
        let since = |id: &RecordId| newest.is_none_or(|newest| time(id) > Some(newest));
        let said = family.iter().filter(|id| since(id)).copied();
        let said: Vec<RecordId> = said.chain(newest.map(|(_, id)| id)).collect();
        let name = self.home(client, book);
        let mut labels = BTreeSet::new();
        for id in said {
            match arrived.filter(|record| record.header.id == id) {
                Some(record) => labels.extend(of_record(record)),
                None => labels.extend(of_record(&Self::stored_record(&name, id, cx)?)),
            }
        }
        Ok(labels)
    }
}
