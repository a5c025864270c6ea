//! Correcting a signed note: the note itself never changes; a draft begins with its text, and what is
//! signed of that stands in its place (45 CFR 164.526 and 164.316: what was written stays readable).
//!
//! A correction is a note of its own that names the one which it corrects, and says why. It tells of the
//! same session, by what the first note says of it, and from when to when that was by its stamps as they
//! stand now, if both do; it is charged for nothing. What was added to the
//! note stays with it, and so do its labels. A second person's signature does not cover it.

pub mod changes;

use super::apply::{Done, Refusal};
use super::change::Change;
use super::chart::{Chart, Headline, REPLACED_MAX, RecordFact, tag};
use super::compartment::CompartmentName;
use super::contact::normal;
use super::draft::{self, DraftFact};
use super::edit::{Label, NoteFormat, Part, Stamp, Status};
use super::journal::Book;
use super::misfiled::SIGNED_FIRST;
use super::note::{self, part_tag};
use super::record::{RELATIONS_MAX, Record, RecordKind, Relation, RelationKind, Tags};
use super::sign::NoteText;
use super::times::Times;
use super::{Context, Practice, ShelfError, calendar};
use crate::id::{AppointmentId, ClientId, MemberId, ObjectId, RecordId, Timestamp};
use changes::Piece;
use std::collections::{BTreeMap, BTreeSet};

/// The longest reason for a correction, in bytes: as long as any.
pub const REASON_BYTES_MAX: usize = calendar::REASON_BYTES_MAX;

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

/// How a correction is signed where others were signed at the same time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignOver {
    /// The draft.
    pub draft: ObjectId,
    /// Whose chart it belongs to.
    pub client: ClientId,
    /// Why it is corrected.
    pub because: String,
    /// In whose place it stands, of the note and its other corrections. Without any it stands in that of the
    /// note alone, beside the others.
    pub replaces: BTreeSet<RecordId>,
}

/// What has become of the note that a draft is to correct.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Meanwhile {
    /// The note.
    pub note: RecordId,
    /// Whether another one stands in its place by now.
    pub is_replaced: bool,
    /// The other corrections that stand there: in its place, or beside it. The newest first.
    pub others: Vec<Other>,
    /// From when to when its session was, if a correction that is signed now says it otherwise.
    pub held: Option<Held>,
}

impl Meanwhile {
    /// Returns all that stands there now: what a correction names that takes the place of everything.
    pub fn standing(&self) -> BTreeSet<RecordId> {
        let note = Some(self.note).filter(|_| !self.is_replaced);
        note.into_iter()
            .chain(self.others.iter().map(|one| one.record))
            .take(REPLACED_MAX)
            .collect()
    }
}

/// A correction that stands beside another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Other {
    /// The record.
    pub record: RecordId,
    /// Who signed it.
    pub author: MemberId,
    /// When.
    pub signed: Timestamp,
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
    /// What changed from the earlier to the later of the two: of what stands in the place of the open one,
    /// if the trail says that this was read as well.
    pub changes: Option<Changed>,
}

/// What changed from a note to its correction.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changed {
    /// Each part that changed.
    pub parts: Vec<(Part, Vec<Piece>)>,
    /// From when to when its session was, if that is another time now.
    pub held: Option<Held>,
}

/// From when to when a session was, which a note says otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// As the note says it.
    pub was: Times,
    /// As its correction says it.
    pub now: (Timestamp, Timestamp),
}

impl Held {
    fn between(was: Times, now: Option<(Timestamp, Timestamp)>) -> Option<Self> {
        let now = now.filter(|now| was.held() != Some(*now))?;
        Some(Self { was, now })
    }
}

/// How a note that is open stands among its versions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Versions {
    /// Those in whose place it stands: several, if it settles what was corrected twice at once.
    pub before: Vec<Version>,
    /// Those that stand in its place.
    pub after: Vec<Version>,
    /// How many other corrections stand beside it, since nobody knew of the other.
    pub beside: u32,
    /// The newest of what stands in its place in the end; `None` if nothing does.
    pub newest: Option<RecordId>,
}

impl Chart {
    /// Returns what a correction replaces, in the order in which it names it: what somebody was asked, or the
    /// note that it began with.
    fn replaced(
        &self,
        old: RecordId,
        over: Option<&BTreeSet<RecordId>>,
    ) -> Result<Vec<RecordId>, Refusal> {
        let corrections = self.corrections();
        let over = match over {
            None if corrections.is_replaced(old) => return Err(Refusal::CorrectedSince),
            Some(over) if !over.is_empty() => over,
            _ => return Ok(vec![old]),
        };
        let first = corrections.first_of(old);
        if over.len() > REPLACED_MAX {
            return Err(Refusal::TextTooLong);
        }
        if over.iter().any(|one| corrections.first_of(*one) != first) {
            return Err(Refusal::UnknownNote);
        }
        if over.iter().any(|one| corrections.is_replaced(*one)) {
            return Err(Refusal::CorrectedSince);
        }
        Ok(corrections.in_order(over))
    }

    /// Returns what has become of a note since a draft began with its text.
    fn meanwhile(&self, note: RecordId) -> Meanwhile {
        let corrections = self.corrections();
        let mut ends = corrections.ends_of(&BTreeSet::from([corrections.first_of(note)]));
        ends.remove(&note);
        let other = |id: RecordId| match self.records.get(&id)? {
            RecordFact { time, headline: Headline::Note(fact), .. } => {
                Some(Other { record: id, author: fact.author, signed: *time })
            }
            _ => None,
        };
        let mut others: Vec<_> = ends.into_iter().filter_map(other).collect();
        others.sort_by_key(|one| std::cmp::Reverse((one.signed, one.record)));
        others.truncate(COMPARED_MAX);
        let is_replaced = corrections.is_replaced(note);
        Meanwhile { note, is_replaced, others, held: None }
    }

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
        let mut by: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
        for (id, fact) in &self.records {
            let Headline::Note(note) = &fact.headline else { continue };
            note.corrects.iter().for_each(|old| by.entry(*old).or_default().push(*id));
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

    /// Returns what the draft of a correction replaces once it is signed.
    pub(super) fn replaced(
        &self,
        client: ClientId,
        old: RecordId,
        over: Option<&BTreeSet<RecordId>>,
    ) -> Result<Vec<RecordId>, Refusal> {
        let chart = self.facts.book(client, Book::Chart).ok_or(Refusal::UnknownNote)?;
        chart.replaced(old, over)
    }

    /// Returns what has become of the note that a draft is to correct.
    pub(super) fn meanwhile(
        &self,
        client: ClientId,
        (note, session): (RecordId, Option<AppointmentId>),
        cx: &mut Context<'_>,
    ) -> Option<Box<Meanwhile>> {
        let mut known = self.shown_chart(client)?.meanwhile(note);
        let stored = Self::stored_record(&self.home(client, Book::Chart), note, cx).ok();
        let was = stored.and_then(|stored| Some(Times::read(stored.body()?)));
        known.held = was.and_then(|was| Held::between(was, self.held(session)));
        Some(Box::new(known))
    }

    /// From when to when a session was, as its stamps stand now; `None` if one is missing, or if it did not
    /// take place.
    pub(super) fn held(&self, session: Option<AppointmentId>) -> Option<(Timestamp, Timestamp)> {
        let row = self.session(session?)?;
        let held = !row.status.frees_the_slot() && row.status != Status::NoShow;
        row.stamps.began.zip(row.stamps.ended).filter(|_| held)
    }

    /// What is signed in the place of notes: the relations to them, and the body.
    pub(super) fn correction(
        name: &CompartmentName,
        (replaced, reason): (Vec<RecordId>, Option<String>),
        NoteText { format, parts, heads }: &NoteText<'_>,
        held: Option<(Timestamp, Timestamp)>,
        cx: &mut Context<'_>,
    ) -> Result<(Vec<Relation>, Tags), Refusal> {
        let reason = reason.as_deref().map(normal).filter(|reason| !reason.is_empty());
        let reason = reason.ok_or(Refusal::NoReason)?;
        let mut records = Vec::new();
        for old in replaced {
            records.push(Self::stored_record(name, old, cx)?);
        }
        let newest = records.iter().max_by_key(|record| (record.header.time, record.header.id));
        let before = newest.and_then(Record::body).ok_or(Refusal::UnknownNote)?;
        // What the note says of its session, and what a newer version wrote beside, stays.
        let own = Part::ALL.iter().map(|part| part_tag(*part));
        let others = [tag::FORMAT, tag::HEADS, tag::CORRECTED_BECAUSE, SIGNED_FIRST];
        let own: Vec<u16> = own.chain(others).collect();
        let mut body = before.without(&own);
        body.set(tag::FORMAT, [format.number()]);
        body.set(tag::HEADS, heads.concat());
        for (part, text) in *parts {
            body.set(part_tag(*part), text.as_bytes());
        }
        if let Some(held) = held {
            Times::write_held(&mut body, held);
        }
        body.set(tag::CORRECTED_BECAUSE, reason.as_bytes());
        let relation = |record: &Record| Relation {
            kind: RelationKind::Corrects,
            target: *record.header.id.as_bytes(),
            digest: record.digest(),
        };
        Ok((records.iter().map(relation).collect(), body))
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
        for before in corrections.before(id) {
            let before = Self::stored_record(name, before, cx)?;
            versions.before.extend(version(&before, record));
        }
        let after: Vec<RecordId> = corrections.after(id).take(COMPARED_MAX).collect();
        for after in after {
            let after = Self::stored_record(name, after, cx)?;
            let changes = changed(record, &after);
            let after = version(&after, &after).filter(|_| changes.is_some());
            versions.after.extend(after.map(|one| Version { changes, ..one }));
        }
        versions.after.sort_by_key(|one| (one.signed.time, one.record));
        versions.beside = corrections.standing(id).map_or(0, |standing| standing.beside);
        versions.newest = Some(corrections.newest_of(id)).filter(|newest| *newest != id);
        Ok(versions)
    }

    /// The drafts, signed or not, that hold the text of one of these notes, to stand in its place.
    pub fn drafts_of_versions(
        &self,
        client: ClientId,
        records: &BTreeSet<RecordId>,
    ) -> BTreeSet<ObjectId> {
        let chart = self.facts.book(client, Book::Chart);
        let drafts = chart.into_iter().flat_map(|chart| &chart.drafts);
        let of = |fact: &DraftFact| fact.corrects.is_some_and(|note| records.contains(&note));
        drafts.filter(|(_, fact)| of(fact)).map(|(id, _)| *id).collect()
    }
}

impl Versions {
    /// Returns those of which words are shown beside the one that is open.
    pub(super) fn read(&self) -> impl Iterator<Item = RecordId> + '_ {
        self.after.iter().filter(|one| one.changes.is_some()).map(|one| one.record)
    }

    /// Keeps back the words of what the trail does not say that it was read.
    pub(super) fn keep_back(&mut self, read: Option<&BTreeSet<RecordId>>) {
        for one in &mut self.after {
            if read.is_none_or(|read| !read.contains(&one.record)) {
                one.changes = None;
            }
        }
    }
}

/// What is told of one version beside another, of which the later says why; `None` if that does not read.
fn version(shown: &Record, later: &Record) -> Option<Version> {
    let because = later.body()?.text(tag::CORRECTED_BECAUSE).unwrap_or_default();
    Some(Version {
        record: shown.header.id,
        author: shown.header.author.member,
        signed: note::stamp(shown),
        because: super::contact::within(because, REASON_BYTES_MAX).to_owned(),
        changes: None,
    })
}

/// What changed in each part, in the order of the parts.
fn changed(earlier: &Record, later: &Record) -> Option<Changed> {
    let notes = earlier.header.kind == RecordKind::Note && later.header.kind == RecordKind::Note;
    let (before, after) = (earlier.body().filter(|_| notes)?, later.body()?);
    let text = |body: &Tags, part: Part| body.text(part_tag(part)).unwrap_or_default().to_owned();
    let both = Part::ALL.iter().map(|part| (*part, text(before, *part), text(after, *part)));
    let differ = both.filter(|(_, before, after)| before != after);
    let parts = differ.map(|(part, before, after)| (part, changes::between(&before, &after)));
    let held = Held::between(Times::read(before), Times::read(after).held());
    Some(Changed { parts: parts.collect(), held })
}
