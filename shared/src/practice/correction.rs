//! Correcting a signed note: the note itself never changes; a draft begins with its text, and what is
//! signed of that stands in its place (45 CFR 164.526 and 164.316: what was written stays readable).
//!
//! A correction is a note of its own that names the one which it corrects, and says why. It tells of the
//! same session, by what the first note says of it; it is charged for nothing. What was added to the
//! note stays with it, and so do its labels. A second person's signature does not cover it.

pub mod changes;

use super::apply::{Done, Refusal};
use super::change::Change;
use super::chart::{Chart, Headline, RecordFact, tag};
use super::compartment::CompartmentName;
use super::contact::normal;
use super::draft::{self, DraftFact};
use super::edit::{Label, NoteFormat, Part, Stamp};
use super::journal::Book;
use super::note::{self, part_tag};
use super::record::{RELATIONS_MAX, Record, RecordKind, Relation, RelationKind, Tags};
use super::{Context, Practice, ShelfError};
use crate::id::{AppointmentId, ClientId, MemberId, ObjectId, RecordId};
use changes::Piece;
use std::collections::{BTreeMap, BTreeSet};

/// The longest reason for a correction, in bytes.
pub const REASON_BYTES_MAX: usize = 1024;

/// So many corrections of one note are compared with it; only a device that lies makes more.
const COMPARED_MAX: usize = 8;

/// Of which note a correction is begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Correcting {
    /// The draft's document.
    pub draft: ObjectId,
    /// Whose chart it belongs to.
    pub client: ClientId,
    /// The signed note.
    pub note: RecordId,
    /// Begins without text, divided so: what was corrected in another practice.
    pub blank: Option<NoteFormat>,
}

/// Another version of a note that is open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version {
    /// The record.
    pub record: RecordId,
    /// Who signed it.
    pub author: MemberId,
    /// When.
    pub signed: Stamp,
    /// Why one of the two stands in the place of the other.
    pub because: String,
    /// What changed from the earlier to the later of the two, in each part that changed.
    pub changes: Vec<(Part, Vec<Piece>)>,
}

/// How a note that is open stands among its versions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Versions {
    /// The one in whose place it stands.
    pub before: Option<Version>,
    /// Those that stand in its place.
    pub after: Vec<Version>,
    /// How many other corrections stand beside it, since nobody knew of the other.
    pub beside: u32,
}

impl Chart {
    /// Checks that a record of this chart is a signed note that stands for itself, and that nothing
    /// stands in its place.
    fn takes_correction(&self, record: RecordId) -> Result<(), Refusal> {
        match self.records.get(&record).map(|fact| &fact.headline) {
            Some(Headline::Note(_)) if self.adds_to(record).is_some() => Err(Refusal::NoCorrection),
            Some(Headline::Note(_)) if self.corrections().is_replaced(record) => {
                Err(Refusal::CorrectedSince)
            }
            Some(Headline::Note(_)) => Ok(()),
            Some(Headline::Plan { .. }) => Err(Refusal::PlanVersion),
            Some(Headline::Journal(_) | Headline::Psychotherapy(_) | Headline::Addendum { .. }) => {
                Err(Refusal::NoCorrection)
            }
            _ => Err(Refusal::UnknownNote),
        }
    }

    /// Returns a note with all that says that it stands in its place at any remove, or it in theirs:
    /// also where the one that it names is gone.
    pub(super) fn versions_of(&self, record: RecordId) -> BTreeSet<RecordId> {
        let corrects = |(id, fact): (&RecordId, &RecordFact)| match &fact.headline {
            Headline::Note(note) => Some((note.corrects?, *id)),
            _ => None,
        };
        let mut by: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
        for (old, new) in self.records.iter().filter_map(corrects) {
            by.entry(old).or_default().push(new);
        }
        let mut next: Vec<RecordId> = self.corrections().all_of(record).into_iter().collect();
        let mut all = BTreeSet::new();
        while let Some(one) = next.pop() {
            if all.insert(one) {
                next.extend(by.get(&one).into_iter().flatten());
            }
        }
        all
    }
}

impl Practice {
    /// Begins a draft that holds the text of a signed note; `blank`: one without text, divided so.
    pub(super) fn begin_correction(
        &mut self,
        draft: ObjectId,
        (client, note): (ClientId, RecordId),
        blank: Option<NoteFormat>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let book = self.book_of_record(client, note);
        let chart = self.facts.book(client, book).ok_or(Refusal::UnknownNote)?;
        match chart.takes_correction(note) {
            // Of another practice's notes two may stand beside each other: both are taken in.
            Err(Refusal::CorrectedSince) if blank.is_some() => {}
            taken => taken?,
        }
        let record = Self::stored_record(&self.home(client, book), note, cx)?;
        let body = record.body().ok_or(Refusal::UnknownNote)?;
        let written =
            body.fixed::<1>(tag::FORMAT).and_then(|[format]| NoteFormat::of(format.into()));
        let format = written.ok_or(Refusal::UnknownNote)?;
        let session = body.fixed(tag::SESSION).map(AppointmentId::from_bytes);
        let fact = DraftFact {
            session,
            corrects: Some(note),
            ..DraftFact::new(blank.unwrap_or(format), cx.now)
        };
        let labels = self.labels_of(client, note, cx)?;
        let mut done = self.begin_draft(draft, (client, book), fact, cx)?;
        if blank.is_none() {
            for splices in draft::in_edits(note::texts(body, format)) {
                done.changes.extend(self.change_draft(draft, client, &splices, cx)?.changes);
            }
            done.changes.extend(self.label_draft(client, draft, |_| labels, cx)?.changes);
        }
        Ok(done)
    }

    /// What is signed in the place of a note: the relation to it, and the body.
    pub(super) fn correction(
        name: &CompartmentName,
        (old, reason): (RecordId, Option<String>),
        (format, parts): (NoteFormat, &[(Part, String)]),
        heads: &[[u8; 32]],
        cx: &mut Context<'_>,
    ) -> Result<(Relation, Tags), Refusal> {
        let reason = reason.as_deref().map(normal).filter(|reason| !reason.is_empty());
        let reason = reason.ok_or(Refusal::NoReason)?;
        if reason.len() > REASON_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
        let record = Self::stored_record(name, old, cx)?;
        let before = record.body().ok_or(Refusal::UnknownNote)?;
        // What the note says of its session, and what a newer version wrote beside, stays.
        let own = Part::ALL.iter().map(|part| part_tag(*part));
        let own: Vec<u16> = own.chain([tag::FORMAT, tag::HEADS, tag::CORRECTED_BECAUSE]).collect();
        let mut body = before.without(&own);
        body.set(tag::FORMAT, [format.number()]);
        body.set(tag::HEADS, heads.concat());
        for (part, text) in parts {
            body.set(part_tag(*part), text.as_bytes());
        }
        body.set(tag::CORRECTED_BECAUSE, reason.as_bytes());
        let (kind, target) = (RelationKind::Corrects, *old.as_bytes());
        Ok((Relation { kind, target, digest: record.digest() }, body))
    }

    /// Says the labels of a correction once more, if its signer took one away: those of the note count
    /// until somebody who knew of them says otherwise.
    pub(super) fn label_correction(
        &mut self,
        client: ClientId,
        (old, signed): (RecordId, &Change),
        labels: &BTreeSet<Label>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let standing = self.labels_of(client, old, cx)?;
        let (Some(record), false) = (Self::written_in(signed), standing.is_subset(labels)) else {
            return Ok(None);
        };
        let name = self.home(client, Book::Chart);
        let (kind, target) = (RelationKind::Labels, *record.header.id.as_bytes());
        let mut relations = vec![Relation { kind, target, digest: record.digest() }];
        let chart = self.facts.book(client, Book::Chart).ok_or(Refusal::UnknownNote)?;
        let (said, last, others) = chart.labels_known(old);
        let bear = chart.corrections().back_from(old);
        let bear: Vec<RecordId> = bear.into_iter().chain(others).collect();
        relations.extend(Self::names_labels(&name, last, bear, cx));
        relations.truncate(RELATIONS_MAX);
        let now = cx.now;
        cx.now = said.map_or(now, |said| now.max(said.plus_millis(1)));
        let (_, change) = self.write_labels(&name, relations, labels, cx);
        cx.now = now;
        Ok(Some(change))
    }

    /// How a note stands among its versions.
    pub(super) fn versions_view(
        name: &CompartmentName,
        chart: &Chart,
        record: &Record,
        cx: &mut Context<'_>,
    ) -> Result<Versions, ShelfError> {
        let corrections = chart.corrections();
        let id = record.header.id;
        let mut versions = Versions::default();
        if let Some(before) = corrections.before(id) {
            let before = Self::stored_record(name, before, cx)?;
            versions.before = version(&before, (&before, record));
        }
        let after: Vec<RecordId> = corrections.after(id).take(COMPARED_MAX).collect();
        for after in after {
            let after = Self::stored_record(name, after, cx)?;
            versions.after.extend(version(&after, (record, &after)));
        }
        versions.after.sort_by_key(|one| (one.signed.time, one.record));
        versions.beside = corrections.standing(id).map_or(0, |standing| standing.beside);
        Ok(versions)
    }

    /// The drafts, signed or not, that are to stand in the place of one of these notes, and hold its text,
    /// or that add to one.
    pub fn drafts_of_versions(
        &self,
        client: ClientId,
        records: &BTreeSet<RecordId>,
    ) -> BTreeSet<ObjectId> {
        let chart = self.facts.book(client, Book::Chart);
        let drafts = chart.into_iter().flat_map(|chart| &chart.drafts);
        let of = |fact: &DraftFact| {
            fact.corrects.or(fact.addendum_to).is_some_and(|note| records.contains(&note))
        };
        drafts.filter(|(_, fact)| of(fact)).map(|(id, _)| *id).collect()
    }
}

/// What is told of one version beside another; `None` if it does not read here.
fn version(shown: &Record, (earlier, later): (&Record, &Record)) -> Option<Version> {
    let because = later.body()?.text(tag::CORRECTED_BECAUSE).unwrap_or_default();
    Some(Version {
        record: shown.header.id,
        author: shown.header.author.member,
        signed: note::stamp(shown),
        because: super::contact::within(because, REASON_BYTES_MAX).to_owned(),
        changes: changed(earlier, later)?,
    })
}

/// What changed in each part, in the order of the parts.
fn changed(earlier: &Record, later: &Record) -> Option<Vec<(Part, Vec<Piece>)>> {
    let notes = earlier.header.kind == RecordKind::Note && later.header.kind == RecordKind::Note;
    let (before, after) = (earlier.body().filter(|_| notes)?, later.body()?);
    let text = |body: &Tags, part: Part| body.text(part_tag(part)).unwrap_or_default().to_owned();
    let both = Part::ALL.iter().map(|part| (*part, text(before, *part), text(after, *part)));
    let differ = both.filter(|(_, before, after)| before != after);
    Some(differ.map(|(part, before, after)| (part, changes::between(&before, &after))).collect())
}
