//! What another device did: the same consequences as an edit here, after the same checks.

use super::calendar::Booking;
use super::change::{Author, Change, Content};
use super::chart::Chart;
use super::compartment::CompartmentName;
use super::contact::{self, Settings};
use super::document::{Actor, Document, DocumentError, Taken};
use super::group::{Group, subject_of};
use super::journal::Book;
use super::plan::Plan;
use super::record::{Record, RecordError, RelationKind};
use super::schedule::Series;
use super::{Context, Loaded, Practice, Refusal, Shelf, ShelfError, document_of, draft};
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId, SeriesId};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// What merging a change did.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// Changes that this device makes in consequence: late words of its own that become a draft.
    pub changes: Vec<Change>,
    /// The compartments whose projection changed.
    pub touched: Vec<CompartmentName>,
    /// How many changes of others are still missing before all of this one shows. Nothing is
    /// lost; it waits.
    pub missing: usize,
    /// Set when some of a delta's changes were refused: what to store in its stead.
    pub kept: Option<Vec<u8>>,
    /// Why those were refused.
    pub refused: Vec<DocumentError>,
    /// Set when this version cannot read a change. It is to be stored and passed on untouched.
    pub unread: bool,
}

/// Why a change is not taken. Nothing changed; the change is to be put aside with this reason.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum MergeError {
    /// A document change was refused.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A record was refused.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What the change builds on cannot be read here.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
}

/// What rebuilding a compartment gave.
#[derive(Clone, Debug, Default)]
pub struct Rebuilt {
    /// As in [`Merged`].
    pub changes: Vec<Change>,
    /// How many stored changes could not be read.
    pub unreadable: usize,
}

impl Practice {
    /// Takes over a change that `author` made, as the envelope that carried it proves. The change
    /// is to be stored when this returns `Ok`.
    pub fn merge(
        &mut self,
        change: &Change,
        author: &Author,
        cx: &mut Context<'_>,
    ) -> Result<Merged, MergeError> {
        let outcome = self.merge_all(&[(change, author)], cx).pop();
        outcome.unwrap_or(Err(MergeError::Shelf(ShelfError::Missing)))
    }

    /// Takes over many changes, in the order in which they came; an outcome for each. It comes to
    /// the same as one [`Practice::merge`] after the other, but a document takes all that is its
    /// own in one piece, and a read model is made once. The changes with `Ok` are to be stored
    /// when this returns, and none before.
    pub fn merge_all(
        &mut self,
        changes: &[(&Change, &Author)],
        cx: &mut Context<'_>,
    ) -> Vec<Result<Merged, MergeError>> {
        self.catch_up();
        self.look_ahead(cx.now);
        let mut outcomes: Vec<Option<Result<Merged, MergeError>>> =
            changes.iter().map(|_| None).collect();
        let mut shelf = Counter { shelf: cx.shelf, records: BTreeMap::new() };
        let mut touched = BTreeSet::new();
        let mut owed = false;
        for (at, (change, author)) in changes.iter().enumerate() {
            if outcomes.get(at).is_none_or(Option::is_some) {
                continue;
            }
            let name = &change.compartment;
            let pen = &mut *cx.pen;
            let mut cx = Context { now: cx.now, random: cx.random, shelf: &mut shelf, pen };
            let merged = match &change.content {
                Content::Delta { document, draft, .. } => {
                    let group = self.same_document(changes, at, *document);
                    let merged =
                        self.merge_deltas(name, (*document, *draft), &group, owed, &mut cx);
                    for ((place, ..), outcome) in group.iter().zip(merged) {
                        owed |= outcome.as_ref().is_ok_and(|merged| !merged.changes.is_empty());
                        if let Some(slot) = outcomes.get_mut(*place) {
                            *slot = Some(outcome);
                        }
                    }
                    continue;
                }
                // A draft shows with its first delta; it ends with the record that names it. Both
                // entries matter to whoever keeps the keys.
                Content::Draft { .. } | Content::Close { .. } => Ok(Merged::default()),
                Content::Record { record, bytes } => {
                    let merged = self.merge_record(name, *record, bytes, author, &mut cx);
                    if merged.is_ok() {
                        shelf.records.insert((name, *record), bytes);
                    }
                    merged
                }
            };
            owed |= merged.as_ref().is_ok_and(|merged| !merged.changes.is_empty());
            if let Some(slot) = outcomes.get_mut(at) {
                *slot = Some(merged);
            }
        }
        let none = || Err(MergeError::Shelf(ShelfError::Missing));
        let mut outcomes: Vec<_> =
            outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(none)).collect();
        self.keep_what_goes(changes, &mut outcomes, cx);
        self.tidy();
        touched.extend(outcomes.iter().flatten().flat_map(|merged| &merged.touched));
        for name in touched {
            // Appointments and series were published one by one.
            if !matches!(name, CompartmentName::Calendar { .. } | CompartmentName::Series(_)) {
                self.publish(name);
            }
        }
        outcomes
    }

    /// Takes note of what came that goes with an erasure: what comes after it may name it, once it is
    /// gone. Where that stops it is done with what comes next.
    fn keep_what_goes(
        &mut self,
        changes: &[(&Change, &Author)],
        outcomes: &mut [Result<Merged, MergeError>],
        cx: &mut Context<'_>,
    ) {
        let erased = self.facts.settings.erasures.of_records();
        if erased.is_empty() {
            return;
        }
        let mut clients = BTreeSet::new();
        for ((change, _), _) in changes.iter().zip(&*outcomes).filter(|(_, one)| one.is_ok()) {
            match (&change.compartment, &change.content) {
                (CompartmentName::Practice, _) => clients.extend(&erased),
                (name, Content::Record { .. }) => {
                    clients.extend(Book::of(name).map(|(client, _)| client));
                }
                _ => {}
            }
        }
        clients.retain(|client| erased.contains(client));
        let kept = self.keep_families(&clients, cx);
        let last = outcomes.iter_mut().rev().find_map(|one| one.as_mut().ok());
        if let (Ok(Some(change)), Some(merged)) = (kept, last) {
            merged.touched.push(change.compartment.clone());
            merged.changes.push(change);
        }
    }

    /// Returns the deltas from `at` on that one document takes in one piece: all of that document,
    /// unless somebody looks at it and is to see one after the other.
    fn same_document<'c>(
        &self,
        changes: &[(&'c Change, &'c Author)],
        at: usize,
        object: ObjectId,
    ) -> Vec<(usize, &'c [u8], &'c Author)> {
        let Some((first, _)) = changes.get(at) else { return Vec::new() };
        let Content::Delta { draft: wanted, .. } = first.content else { return Vec::new() };
        let same =
            changes.iter().enumerate().skip(at).filter_map(
                |(place, (change, author))| match &change.content {
                    Content::Delta { document, draft, bytes }
                        if (*document, *draft) == (object, wanted)
                            && change.compartment == first.compartment =>
                    {
                        Some((place, bytes.as_slice(), *author))
                    }
                    _ => None,
                },
            );
        let most = if self.shown.contains_key(&object) { 1 } else { usize::MAX };
        same.take(most).collect()
    }

    /// Makes the read model of a compartment again from everything that is stored of it.
    pub fn rebuild(
        &mut self,
        name: &CompartmentName,
        contents: &[Content],
        cx: &mut Context<'_>,
    ) -> Result<Rebuilt, Refusal> {
        let before = self.facts.in_calendar(name);
        let series: Vec<_> = self.facts.all_series().map(|(key, _)| key).collect();
        self.facts.forget(name);
        let mut rebuilt = Rebuilt::default();
        let mut deltas: BTreeMap<(ObjectId, bool), Vec<Vec<u8>>> = BTreeMap::new();
        for content in contents {
            match content {
                Content::Delta { document, draft, bytes } => {
                    deltas.entry((*document, *draft)).or_default().push(bytes.clone());
                }
                Content::Record { bytes, .. } => match Record::decode(bytes) {
                    // It came before it was known whose log it names.
                    Ok(record) if !cx.pen.may_lie(record.header.log, name) => {}
                    Ok(record) => self.learn_record(name, &record, cx),
                    Err(_) => rebuilt.unreadable += 1,
                },
                Content::Draft { .. } | Content::Close { .. } => {}
            }
        }
        let author = cx.pen.author();
        for ((object, draft), blobs) in deltas {
            if reads(name, object, draft) {
                let (document, refused) = Document::load(Actor::of(&author, object), &blobs);
                rebuilt.unreadable += refused;
                self.learn_document(name, object, &document, None);
                self.documents.insert(object, Loaded::new(name, document));
            }
        }
        for appointment in before {
            self.publish_appointment(appointment);
        }
        for key in series {
            if self.facts.series_of(key).is_none() {
                self.publish_series(key);
            }
        }
        if let Some((client, book)) = Book::of(name) {
            let signed = self.facts.book(client, book).map(Chart::signed_drafts);
            for draft in signed.unwrap_or_default().into_keys() {
                rebuilt.changes.extend(self.settle_quietly((client, book), draft, None, cx)?);
            }
        }
        self.tidy();
        self.publish(name);
        Ok(rebuilt)
    }

    /// Merges deltas of one document; `owed` says that own changes of before are not stored yet.
    fn merge_deltas(
        &mut self,
        name: &CompartmentName,
        (object, draft): (ObjectId, bool),
        deltas: &[(usize, &[u8], &Author)],
        owed: bool,
        cx: &mut Context<'_>,
    ) -> Vec<Result<Merged, MergeError>> {
        // A draft has one home: what claims to be one of the other book's is kept, and not read.
        let own = |(_, _, author): &(usize, &[u8], &Author)| is_own(name, author);
        if !reads(name, object, draft) || self.is_elsewhere(name, object) || !deltas.iter().all(own)
        {
            let unread = |_| Ok(Merged { unread: true, ..Merged::default() });
            return deltas.iter().map(unread).collect();
        }
        let outcome = self.take_deltas(name, object, deltas, owed, cx).and_then(|taken| {
            let late = match Book::of(name) {
                Some(of) if taken.iter().any(Result::is_ok) => {
                    self.settle_quietly(of, object, None, cx)?
                }
                _ => Vec::new(),
            };
            Ok((taken, late))
        });
        let (taken, mut late) = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return deltas.iter().map(|_| Err(error.into())).collect(),
        };
        let merged = |taken: Taken| Merged {
            changes: std::mem::take(&mut late),
            touched: vec![name.clone()],
            missing: taken.missing,
            kept: (!taken.refused.is_empty()).then_some(taken.kept),
            refused: taken.refused,
            unread: false,
        };
        let mut merged = merged;
        taken.into_iter().map(|taken| taken.map(&mut merged).map_err(MergeError::from)).collect()
    }

    fn take_deltas(
        &mut self,
        name: &CompartmentName,
        object: ObjectId,
        deltas: &[(usize, &[u8], &Author)],
        owed: bool,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Result<Taken, DocumentError>>, ShelfError> {
        let fresh = !self.documents.contains_key(&object);
        let actor = Actor::of(&cx.pen.author(), object);
        let document = self.document(name, object, cx)?;
        let before = document.heads();
        let mut kept = owed.then(|| document.copy());
        let mut again = || match kept.take() {
            Some(document) => Ok(document),
            // Everything that it holds is stored.
            None => Ok(Document::load(actor, &cx.shelf.document(name, object)?).0),
        };
        let given: Vec<_> = deltas.iter().map(|(_, bytes, author)| (*bytes, *author)).collect();
        let taken = match document.merge(&given, object, &mut again) {
            Ok(taken) => taken,
            Err(error) => {
                self.documents.remove(&object);
                return Err(error);
            }
        };
        // What was loaded just now may hold changes that were never looked at.
        let single = matches!(name, CompartmentName::Calendar { .. }) && !fresh;
        let touched = if single { document.touched_since(&before) } else { None };
        if let Some(remote) = self.shown.get_mut(&object)
            && let Some(loaded) = self.documents.get_mut(&object)
        {
            let after = loaded.document.heads();
            remote.extend(loaded.document.splices_between(&before, &after));
        }
        if let Some(loaded) = self.documents.remove(&object) {
            self.learn_document(name, object, &loaded.document, touched.as_ref());
            self.documents.insert(object, loaded);
        }
        Ok(taken)
    }

    /// Takes up again what this device wrote into a document and had set aside: everything that
    /// others know is here now. Returns the changes to be stored in its stead: what is left of it,
    /// and an addendum draft of words that came to a note which was signed meanwhile.
    pub fn rebase(
        &mut self,
        name: &CompartmentName,
        (object, draft): (ObjectId, bool),
        blobs: &[Vec<u8>],
        cx: &mut Context<'_>,
    ) -> Result<Vec<Change>, ShelfError> {
        let actor = Actor::of(&cx.pen.author(), object);
        let bytes = self.document(name, object, cx)?.rebase(blobs, actor);
        if let Some(loaded) = self.documents.remove(&object) {
            self.learn_document(name, object, &loaded.document, None);
            self.documents.insert(object, loaded);
        }
        let mut changes = Vec::new();
        if !bytes.is_empty() {
            let content = Content::Delta { document: object, draft, bytes };
            changes.push(Change { compartment: name.clone(), content });
        }
        if let (Some(of), true) = (Book::of(name), draft) {
            changes.extend(self.settle_quietly(of, object, None, cx)?);
        }
        self.tidy();
        if !matches!(name, CompartmentName::Calendar { .. }) {
            self.publish(name);
        }
        Ok(changes)
    }

    /// Takes over what a document says; of a calendar only what was `touched`, if that is known.
    pub(super) fn learn_document(
        &mut self,
        name: &CompartmentName,
        object: ObjectId,
        document: &Document,
        touched: Option<&BTreeSet<String>>,
    ) {
        match name {
            CompartmentName::Practice => self.facts.settings = Settings::read(document),
            CompartmentName::Personal(member) => self.facts.learn_own(*member, document),
            CompartmentName::Calendar { clinician, quarter } => {
                let keys = touched.map_or_else(|| document.keys(), |t| t.iter().cloned().collect());
                let mut learned = Vec::new();
                for key in keys {
                    let Some(id) = AppointmentId::parse(&key) else { continue };
                    if let Some(booking) = Booking::read(document, &key, object) {
                        self.facts.learn_booking((*clinician, *quarter), id, booking);
                        self.publish_rows(id);
                        learned.push(id);
                    }
                }
                self.publish_kin(&learned);
            }
            CompartmentName::Series(clinician) => {
                let mut learned = Vec::new();
                for key in document.keys() {
                    let Some(id) = SeriesId::parse(&key) else { continue };
                    let Some(series) = Series::read(document, &key, object) else { continue };
                    let key = (*clinician, id);
                    if self.facts.series_of(key) != Some(&series) {
                        self.facts.learn_series(key, series);
                        learned.push(key);
                    }
                }
                self.publish_each(learned);
            }
            CompartmentName::Contact(client) => {
                if let Some(row) = contact::read(document, *client) {
                    self.facts.learn_contact(row);
                }
            }
            CompartmentName::Identity(client) => {
                self.facts.identities.insert(*client);
            }
            CompartmentName::Chart(client) if !is_draft(name, object) => {
                let chart = self.facts.charts.entry(*client).or_default();
                chart.plan = Plan::read(document).fact();
            }
            CompartmentName::Group(group) if !is_draft(name, object) => {
                let subject = subject_of(*group);
                let known = self.facts.groups.entry(subject).or_insert_with(|| Group::of(*group));
                known.learn(document);
            }
            CompartmentName::Group(group) => {
                if let Some(fact) = draft::read(document, subject_of(*group)) {
                    self.facts.group_chart(*group).learn_draft(object, fact);
                }
            }
            name => {
                if let Some((client, book)) = Book::of(name)
                    && let Some(fact) = draft::read(document, client)
                {
                    self.facts.book_mut(client, book).learn_draft(object, fact);
                }
            }
        }
    }

    fn merge_record(
        &mut self,
        name: &CompartmentName,
        id: RecordId,
        bytes: &[u8],
        author: &Author,
        cx: &mut Context<'_>,
    ) -> Result<Merged, MergeError> {
        let record = Record::decode(bytes)?;
        let header = &record.header;
        // What somebody signed for one chart says nothing in another, whoever puts it there.
        if header.id != id
            || header.practice != cx.pen.practice()
            || !cx.pen.may_lie(header.log, name)
        {
            return Err(RecordError::Foreign.into());
        }
        match cx.pen.key(&header.author) {
            Some(key) => record.verify(&key)?,
            // The envelope proves its author, and so that of a record which names the same.
            None if header.author == *author => {}
            None => return Err(RecordError::Foreign.into()),
        }
        if let CompartmentName::Audit(member)
        | CompartmentName::Personal(member)
        | CompartmentName::Psychotherapy { author: member, .. } = name
            && header.author.member != *member
        {
            return Err(RecordError::Foreign.into());
        }
        self.learn_record(name, &record, cx);
        let mut changes = Vec::new();
        if let (Some(of), Some(signs)) = (Book::of(name), record.relation(RelationKind::Signs)) {
            let draft = ObjectId::from_bytes(signs.target);
            changes = self.settle_quietly(of, draft, Some(&record), cx)?;
        }
        Ok(Merged { changes, touched: vec![name.clone()], ..Merged::default() })
    }

    /// Takes over what a record says, and remembers its log if nothing is known of that yet.
    fn learn_record(&mut self, name: &CompartmentName, record: &Record, cx: &Context<'_>) {
        if !cx.pen.knows(record.header.log) {
            self.facts.strange.add(name, record.header.log);
        }
        self.facts.learn_record(name, record);
    }

    /// Looks for late words where the draft can still be read; its key may be gone, and then all
    /// of its words were accounted for. What was made before it stopped is in memory, and so is
    /// always returned, to be stored; the rest is looked for again with what comes next.
    fn settle_quietly(
        &mut self,
        of: (ClientId, Book),
        draft: ObjectId,
        arrived: Option<&Record>,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Change>, ShelfError> {
        let mut changes = Vec::new();
        match self.settle_late(of, draft, arrived, &mut changes, cx) {
            Err(Refusal::Shelf(ShelfError::Damaged)) if changes.is_empty() => {
                Err(ShelfError::Damaged)
            }
            Ok(()) | Err(_) => Ok(changes),
        }
    }
}

/// Whether somebody may write in a compartment: among psychotherapy notes their author alone does.
fn is_own(name: &CompartmentName, author: &Author) -> bool {
    match name {
        CompartmentName::Psychotherapy { author: own, .. } => *own == author.member,
        _ => true,
    }
}

/// What was stored, and over it the records that came a moment ago.
struct Counter<'a, 'c> {
    shelf: &'a mut dyn Shelf,
    records: BTreeMap<(&'c CompartmentName, RecordId), &'c [u8]>,
}

impl Shelf for Counter<'_, '_> {
    fn document(
        &mut self,
        compartment: &CompartmentName,
        document: ObjectId,
    ) -> Result<Vec<Vec<u8>>, ShelfError> {
        self.shelf.document(compartment, document)
    }

    fn record(
        &mut self,
        compartment: &CompartmentName,
        record: RecordId,
    ) -> Result<Vec<u8>, ShelfError> {
        match self.records.get(&(compartment, record)) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => self.shelf.record(compartment, record),
        }
    }
}

/// Returns whether an object of a compartment is its one document, which nobody can sign as a draft,
/// whatever another device says.
pub fn is_fixed(name: &CompartmentName, object: ObjectId) -> bool {
    object == document_of(name)
}

/// Returns whether a document of a compartment is a draft: in a chart all are, but its treatment
/// plan, or who belongs to the group; in a journal all are. A draft's changes lie under a key of its
/// own; what lies elsewhere is not of it.
pub fn is_draft(name: &CompartmentName, object: ObjectId) -> bool {
    Book::of(name).is_some() && !is_fixed(name, object)
}

/// Returns whether this version reads a document of a compartment.
pub(super) fn reads(name: &CompartmentName, object: ObjectId, draft: bool) -> bool {
    match name {
        CompartmentName::Practice
        | CompartmentName::Calendar { .. }
        | CompartmentName::Contact(_)
        | CompartmentName::Identity(_)
        | CompartmentName::Personal(_)
        | CompartmentName::Series(_) => object == document_of(name),
        CompartmentName::Chart(_) | CompartmentName::Group(_) => draft == is_draft(name, object),
        CompartmentName::Journal(_) | CompartmentName::Psychotherapy { .. } => {
            draft && is_draft(name, object)
        }
        _ => false,
    }
}
