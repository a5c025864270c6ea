//! What a device wrote after it was shut out, taken over by hand: as a change of the device that
//! takes it over, so that it counts for everybody, whoever had seen the late one.

use super::change::{Author, Change, Content};
use super::chart::Chart;
use super::compartment::CompartmentName;
use super::document::{Actor, Built, Document, changes_in};
use super::draft::DraftFact;
use super::merge::{is_draft, reads};
use super::{Context, MergeError, Practice, Refusal, draft};
use crate::id::{ClientId, DeviceId, ObjectId};
use std::collections::{BTreeMap, BTreeSet};

/// Returns, for each late delta of a document, whether one of `kept` builds on it, itself or through
/// other late ones: without it, what another device has written in good faith would show nowhere.
pub fn carried(kept: &[Vec<u8>], late: &[Vec<u8>]) -> Vec<bool> {
    let late: Vec<_> = late.iter().map(|blob| changes_in(blob)).collect();
    let known: BTreeMap<_, _> =
        late.iter().flatten().map(|change| (change.hash, &change.on)).collect();
    let kept = kept.iter().flat_map(|blob| changes_in(blob));
    let mut wanted: Vec<_> = kept.flat_map(|change| change.on).collect();
    let mut carried = BTreeSet::new();
    while let Some(hash) = wanted.pop() {
        if let Some(on) = known.get(&hash)
            && carried.insert(hash)
        {
            wanted.extend(on.iter().copied());
        }
    }
    let is_carried =
        |changes: &Vec<_>| changes.iter().any(|one: &Built| carried.contains(&one.hash));
    late.iter().map(is_carried).collect()
}

/// Returns, for each stored blob of a document, whether it holds nothing but changes of `late`.
pub fn made_of(blobs: &[Vec<u8>], late: &[Vec<u8>]) -> Vec<bool> {
    let late: BTreeSet<_> =
        late.iter().flat_map(|blob| changes_in(blob)).map(|change| change.hash).collect();
    let only_late = |blob: &Vec<u8>| {
        let changes = changes_in(blob);
        !changes.is_empty() && changes.iter().all(|change| late.contains(&change.hash))
    };
    blobs.iter().map(only_late).collect()
}

impl Chart {
    /// Returns the drafts that one device made of what it wrote too late into another draft, in
    /// order, and the id that its next one would have.
    pub(super) fn late_drafts(
        &self,
        draft: ObjectId,
        device: DeviceId,
    ) -> (Vec<ObjectId>, ObjectId) {
        let mut made = Vec::new();
        let mut next = draft::addendum_id(draft, device);
        while self.drafts.get(&next).is_some_and(|fact| fact.late.is_none()) {
            made.push(next);
            next = draft::addendum_id(next, device);
        }
        (made, next)
    }

    /// Takes in what is known of a draft. What it was made instead of is waited for no more.
    pub(super) fn learn_draft(&mut self, draft: ObjectId, fact: DraftFact) {
        if let Some(instead_of) = fact.instead_of
            && self.drafts.get(&instead_of).is_some_and(|fact| fact.late.is_some())
        {
            self.drafts.remove(&instead_of);
        }
        self.drafts.insert(draft, fact);
    }

    /// Returns the late words that wait for their writers: where each would have its draft, the
    /// signed draft that they are in, and the writer.
    pub(super) fn late(&self) -> impl Iterator<Item = (ObjectId, (ObjectId, DeviceId))> + '_ {
        self.drafts.iter().filter_map(|(id, fact)| Some((*id, fact.late?)))
    }

    /// Forgets which late words of a draft wait for their writers, before they are looked for
    /// again.
    pub(super) fn forget_late(&mut self, draft: ObjectId) {
        self.drafts.retain(|_, fact| fact.late.is_none_or(|(origin, _)| origin != draft));
    }
}

impl Practice {
    /// Returns whether words of another device in a signed draft wait for their writer to make a
    /// draft of them.
    pub fn waits_for_late_words(&self, draft: ObjectId) -> bool {
        let mut late = self.facts.books().flat_map(|(_, _, chart)| chart.late());
        late.any(|(_, (origin, _))| origin == draft)
    }

    /// Returns the devices whose words in signed drafts wait for them, with the client whose chart it
    /// is and the draft that each would make.
    pub fn late_writers(&self) -> Vec<(ClientId, ObjectId, DeviceId)> {
        let books = self.facts.books();
        let late =
            books.flat_map(|(client, _, chart)| chart.late().map(move |late| (client, late)));
        late.map(|(client, (draft, (_, writer)))| (client, draft, writer)).collect()
    }

    /// Makes a draft of late words whose writer was shut out and makes none any more (protocol 8).
    /// `waiting` is the draft that it would have made, as [`Practice::late_writers`] gives it. The
    /// changes are in memory when this returns, and are to be stored.
    pub fn take_over_late(
        &mut self,
        client: ClientId,
        waiting: ObjectId,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Change>, Refusal> {
        let book = self.book_of_draft(client, waiting);
        let chart = self.facts.book(client, book).ok_or(Refusal::NotADraft)?;
        let fact = chart.drafts.get(&waiting).ok_or(Refusal::NotADraft)?.clone();
        let (origin, writer) = fact.late.ok_or(Refusal::NotADraft)?;
        let text = self.late_text(client, origin, writer, cx)?;
        let id = draft::addendum_id(waiting, cx.pen.author().device);
        let fact = DraftFact { holds_late: true, instead_of: Some(waiting), late: None, ..fact };
        let changes = self.create_draft(id, (client, book), fact, &draft::first_text(text), cx)?;
        self.tidy();
        let name = self.home(client, book);
        self.publish(&name);
        Ok(changes)
    }

    /// Writes what the deltas of `author` would have made of a document, as this device's own
    /// change. `None` if that is what the document says already, or if this version does not read
    /// it. The change is in memory when this returns, and is to be stored.
    pub fn adopt(
        &mut self,
        name: &CompartmentName,
        object: ObjectId,
        deltas: &[Vec<u8>],
        author: &Author,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, MergeError> {
        let is_draft = is_draft(name, object);
        if !reads(name, object, is_draft) {
            return Ok(None);
        }
        let own = cx.pen.author();
        let blobs = cx.shelf.document(name, object)?;
        let stored = || Document::load(Actor::of(&own, object), &blobs).0;
        let mut there = stored();
        let late: Vec<_> = deltas.iter().map(|delta| (delta.as_slice(), author)).collect();
        for taken in there.merge(&late, object, &mut || Ok(stored()))? {
            taken?;
        }
        let before = self.document(name, object, cx)?.heads();
        let change = self.change(name, object, cx, |document| {
            adopt(document, &there, Actor::of(author, object));
            if is_draft {
                draft::sign_in(document, own);
            }
        })?;
        if let Some(mut loaded) = self.documents.remove(&object) {
            if let Some(remote) = self.shown.get_mut(&object) {
                let after = loaded.document.heads();
                remote.extend(loaded.document.splices_between(&before, &after));
            }
            self.learn_document(name, object, &loaded.document, None);
            self.documents.insert(object, loaded);
        }
        self.tidy();
        self.publish(name);
        debug_assert!(change.as_ref().is_none_or(is_delta));
        Ok(change)
    }
}

/// Writes into `here` what `author` has written in `there`: a field that `author` set counts, and a
/// text becomes what it is there.
fn adopt(here: &mut Document, there: &Document, author: Actor) {
    for name in there.keys() {
        if let Some(text) = there.text(&name) {
            adopt_text(here, &name, &text);
        } else if let Some(fields) = there.fields(&name) {
            if here.fields(&name).is_none() {
                here.put_map(&name);
            }
            for field in fields {
                adopt_value(here, Some(&name), &field, there, author);
            }
        } else {
            adopt_value(here, None, &name, there, author);
        }
    }
}

fn adopt_value(
    here: &mut Document,
    place: Option<&str>,
    field: &str,
    there: &Document,
    author: Actor,
) {
    let values = there.values(place, field);
    let theirs = values.iter().find(|(_, actor)| *actor == author);
    let Some((value, _)) = theirs.or(values.first()) else { return };
    if here.value(place, field).as_ref() != Some(value) {
        here.put(place, field, value.clone());
    }
}

fn adopt_text(here: &mut Document, name: &str, text: &str) {
    if here.text_length(name).is_none() {
        here.put_text(name);
    }
    let ours: Vec<char> = here.text(name).unwrap_or_default().chars().collect();
    let theirs: Vec<char> = text.chars().collect();
    let same = |(a, b): &(&char, &char)| a == b;
    let head = ours.iter().zip(&theirs).take_while(same).count();
    let rest = ours.len().min(theirs.len()).saturating_sub(head);
    let tail = ours.iter().rev().zip(theirs.iter().rev()).take(rest).take_while(same).count();
    let deleted = ours.len().saturating_sub(head.saturating_add(tail));
    let length = theirs.len().saturating_sub(head.saturating_add(tail));
    let inserted: String = theirs.iter().skip(head).take(length).collect();
    if deleted > 0 || !inserted.is_empty() {
        here.splice(name, head, deleted, &inserted);
    }
}

const fn is_delta(change: &Change) -> bool {
    matches!(change.content, Content::Delta { .. })
}
