//! What goes with a record that is erased: its corrections, what was added to any of them, second
//! signatures under its draft, and what was said of their labels.
//!
//! Which these are is derived from the headlines of the chart, and dies with them. So the practice's
//! settings keep their random ids: what names one of them, and comes from a device that has not heard of the
//! erasure, is hidden and goes like the rest, whatever is left in the chart by then.

use super::{ERASURE, Erasures, Scope};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::change::Change;
use crate::practice::chart::{Chart, Headline, steps};
use crate::practice::compartment::CompartmentName;
use crate::practice::contact::Settings;
use crate::practice::document::{Document, Scalar};
use crate::practice::journal::Book;
use crate::practice::{Context, Practice, ShelfError, consent, document_of};
use std::collections::{BTreeMap, BTreeSet};

/// So many ids are kept of one erasure; only a device that lies makes more.
const KEPT_MAX: usize = 4096;
const FAMILY: &str = "erasure-family/";

/// The records that go together, and the drafts that they sign.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::practice) struct Family {
    pub(in crate::practice) records: BTreeSet<RecordId>,
    drafts: BTreeSet<ObjectId>,
}

impl Family {
    /// How many ids it holds.
    pub(super) fn len(&self) -> usize {
        self.records.len() + self.drafts.len()
    }

    fn extend(&mut self, other: &Self) {
        self.records.extend(&other.records);
        self.drafts.extend(&other.drafts);
    }

    /// Leaves out what is more than is kept.
    fn bounded(mut self) -> Self {
        while self.records.len() > KEPT_MAX {
            self.records.pop_last();
        }
        while self.drafts.len() > KEPT_MAX {
            self.drafts.pop_last();
        }
        self
    }

    fn is_within(&self, other: &Self) -> bool {
        self.records.is_subset(&other.records) && self.drafts.is_subset(&other.drafts)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let records: Vec<_> = self.records.iter().collect();
        writer.list(&records, |w, id| {
            w.fixed(id.as_bytes());
        });
        let drafts: Vec<_> = self.drafts.iter().collect();
        writer.list(&drafts, |w, id| {
            w.fixed(id.as_bytes());
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let records = reader.list(KEPT_MAX, |r| r.fixed().map(RecordId::from_bytes))?;
        let drafts = reader.list(KEPT_MAX, |r| r.fixed().map(ObjectId::from_bytes))?;
        Ok(Self { records: records.into_iter().collect(), drafts: drafts.into_iter().collect() })
    }

    fn of(scalar: &Scalar) -> Option<Self> {
        let mut reader = Reader::new(scalar.bytes()?);
        let read = Self::read(&mut reader).ok()?;
        reader.finish().ok()?;
        Some(read)
    }

    /// What devices have kept, each without knowing of the other; `None` if a newer version has.
    pub(super) fn joined(values: impl Iterator<Item = Scalar>) -> Option<Self> {
        let mut all = Self::default();
        for value in values {
            all.extend(&Self::of(&value)?);
        }
        Some(all.bounded())
    }

    fn scalar(&self) -> Scalar {
        let mut writer = Writer::new();
        self.write(&mut writer);
        Scalar::Bytes(writer.into_bytes())
    }
}

/// Writes what is kept, unless it stands there, or a newer version keeps something else.
pub(super) fn put(document: &mut Document, fields: &[(String, Scalar)]) {
    for (field, value) in fields {
        let before = document.values(None, field);
        let is_read = before.iter().all(|(one, _)| Family::of(one).is_some());
        if is_read && !matches!(before.as_slice(), [(one, _)] if one == value) {
            document.put(None, field, value.clone());
        }
    }
}

impl Scope {
    /// The field in the practice's settings that keeps what goes with it.
    fn family_field(&self) -> String {
        let field = self.field();
        let path = field.strip_prefix(ERASURE).unwrap_or_default();
        format!("{FAMILY}{path}")
    }

    /// Reads such a field.
    pub(super) fn of_family(field: &str) -> Option<Self> {
        let path = field.strip_prefix(FAMILY)?;
        Self::parse(&format!("{ERASURE}{path}")).filter(|scope| scope.record.is_some())
    }
}

impl Chart {
    /// Adds all that goes with a family: each record is looked at once, however many there are.
    fn complete(&self, family: &mut Family) {
        let signed = self.signed_drafts();
        let corrections = self.corrections_among(&signed);
        let mut with: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
        let mut next: Vec<RecordId> = family.records.iter().copied().collect();
        for (id, fact) in &self.records {
            steps::one();
            // What says that it corrects or adds to something goes with it, whether that is here or not.
            for one in fact.headline.builds_on() {
                with.entry(*one).or_default().push(*id);
            }
            let Some(draft) = fact.headline.draft() else { continue };
            match signed.get(&draft) {
                Some(first) if first != id => with.entry(*first).or_default().push(*id),
                _ => {}
            }
            if family.drafts.contains(&draft) {
                next.push(*id);
            }
        }
        family.records.clear();
        while let Some(one) = next.pop() {
            steps::one();
            // What its author has carried over to another chart goes by itself, and takes nothing along.
            if self.is_misfiled(one) || !family.records.insert(one) {
                continue;
            }
            next.extend(with.get(&one).into_iter().flatten());
            // A note and its corrections say much the same.
            next.extend(corrections.before(one));
            let draft = self.records.get(&one).and_then(|fact| fact.headline.draft());
            family.drafts.extend(draft.filter(|draft| signed.get(draft) == Some(&one)));
        }
        let labellings: Vec<_> = self.labellings(&family.records).map(|(_, id, _)| id).collect();
        let acts: Vec<_> = self.acts_about(&family.records).collect();
        family.records.extend(labellings.into_iter().chain(acts));
    }
}

impl Practice {
    /// Returns the records that go with one: a note, its corrections, what was added to them and what
    /// was said of their labels; a consent and what was said of it.
    pub fn family_of(&self, client: ClientId, record: RecordId) -> BTreeSet<RecordId> {
        self.family(client, &BTreeSet::from([record])).records
    }

    /// Returns the records that go with any of these.
    pub(in crate::practice) fn family(&self, client: ClientId, of: &BTreeSet<RecordId>) -> Family {
        let erasures = &self.facts.settings.erasures;
        // What its author has not carried over to another chart stays.
        let moved = |one: &RecordId| {
            let chart = self.facts.book(client, Book::Chart);
            chart.filter(|_| self.was_moved(client, *one))
        };
        let left: BTreeSet<_> = of.iter().copied().filter(|one| moved(one).is_none()).collect();
        let mut family = Family::default();
        for (chart, one) in of.iter().filter_map(|one| Some((moved(one)?, one))) {
            family.records.extend(chart.misfiled_with(*one));
        }
        if left.is_empty() {
            return family;
        }
        let with_moved = family.records;
        let of = &left;
        let mut family = Family { records: of.clone(), drafts: BTreeSet::new() };
        let kept =
            of.iter().filter_map(|one| erasures.families.get(&Scope::of_record(client, *one)));
        // What reads here says itself what it goes with: only of what does not, the kept ids are believed.
        let reads = |one: &RecordId| {
            let book = self.facts.book(client, self.book_of_record(client, *one));
            let fact = book.and_then(|chart| chart.records.get(one));
            fact.is_some_and(|fact| !matches!(fact.headline, Headline::Unknown))
                || self.facts.logs.get(&client).is_some_and(|log| log.holds(*one))
                || self.facts.attachments.get(&client).is_some_and(|files| files.holds(*one))
        };
        for kept in kept {
            family.records.extend(kept.records.iter().filter(|one| !reads(one)));
            family.drafts.extend(&kept.drafts);
        }
        let mut books: Vec<Book> = of.iter().map(|one| self.book_of_record(client, *one)).collect();
        // What is added late to an entry of a journal, after that itself is gone, still goes with it.
        books.extend([Book::Chart, Book::Journal]);
        books.sort_unstable();
        books.dedup();
        for book in books {
            let Some(chart) = self.facts.book(client, book) else { continue };
            chart.complete(&mut family);
            let consents = of.iter().filter(|one| {
                let headline = chart.records.get(one).map(|fact| &fact.headline);
                matches!(headline, None | Some(Headline::Consent(_) | Headline::Unknown))
            });
            let gone = erasures.ordered(client);
            for consent in consents {
                family.records.extend(consent::going_with(chart, *consent, &gone));
            }
        }
        for one in of {
            family.records.extend(self.parts_of(client, *one));
        }
        family.records.extend(with_moved);
        family
    }

    /// Keeps in the practice's settings what goes with the erasures of these clients, as far as it is not
    /// kept there yet: whatever comes later may name it.
    pub(in crate::practice) fn keep_families(
        &mut self,
        clients: &BTreeSet<ClientId>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, ShelfError> {
        let mut fields = Vec::new();
        for client in clients {
            let asked = self.facts.settings.erasures.hidden_records(*client);
            fields.extend(self.family_fields(*client, &asked));
        }
        if fields.is_empty() {
            return Ok(None);
        }
        let name = CompartmentName::Practice;
        let object = document_of(&name);
        let change = self.change(&name, object, cx, |document| put(document, &fields))?;
        if change.is_some() {
            self.facts.settings = Settings::read(self.document(&name, object, cx)?);
        }
        Ok(change)
    }

    /// What is to be kept of these erasures of a client that is not kept yet.
    pub(super) fn family_fields(
        &self,
        client: ClientId,
        asked: &BTreeSet<RecordId>,
    ) -> Vec<(String, Scalar)> {
        let erasures = &self.facts.settings.erasures;
        let is_kept = |of: &BTreeSet<RecordId>| {
            of.is_empty() || self.connecting(client, of).is_within(&erasures.kept(client, of))
        };
        let mut fields = Vec::new();
        if is_kept(asked) {
            return fields;
        }
        for one in asked {
            let (scope, own) = (Scope::of_record(client, *one), BTreeSet::from([*one]));
            if !is_kept(&own) {
                let mut kept = erasures.families.get(&scope).cloned().unwrap_or_default();
                kept.extend(&self.connecting(client, &own));
                kept.records.remove(one);
                fields.push((scope.family_field(), kept.bounded().scalar()));
            }
        }
        fields
    }

    /// What goes with these and may be named by what comes later.
    fn connecting(&self, client: ClientId, of: &BTreeSet<RecordId>) -> Family {
        // Of psychotherapy notes nothing stands in what every member reads.
        let apart = |one: &RecordId| self.book_of_record(client, *one).is_psychotherapy();
        let of: BTreeSet<_> = of.iter().copied().filter(|one| !apart(one)).collect();
        let mut family = self.family(client, &of);
        family.records.retain(|one| {
            let book = self.facts.book(client, self.book_of_record(client, *one));
            let headline = book.and_then(|chart| chart.records.get(one));
            headline.is_some_and(|fact| fact.headline.is_built_on())
        });
        family
    }
}

impl Headline {
    /// What a record says that it corrects or adds to, whether it makes sense or not.
    fn builds_on(&self) -> &[RecordId] {
        match self {
            Self::Addendum { note, .. } => std::slice::from_ref(note),
            Self::Note(note) => &note.corrects,
            _ => &[],
        }
    }

    /// Whether other records may name it as what they correct or add to.
    const fn is_built_on(&self) -> bool {
        matches!(self, Self::Addendum { .. } | Self::Journal(_) | Self::Note(_))
    }
}

impl Erasures {
    /// What is kept of these, with them.
    fn kept(&self, client: ClientId, of: &BTreeSet<RecordId>) -> Family {
        let mut all = Family { records: of.clone(), drafts: BTreeSet::new() };
        let kept = of.iter().filter_map(|one| self.families.get(&Scope::of_record(client, *one)));
        kept.for_each(|kept| all.extend(kept));
        all
    }

    /// Of whom records are to be erased, or were.
    pub(in crate::practice) fn of_records(&self) -> BTreeSet<ClientId> {
        let records = self.of.keys().filter(|scope| scope.record.is_some());
        records.map(|scope| scope.client).collect()
    }
}
