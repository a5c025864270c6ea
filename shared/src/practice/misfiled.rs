//! A signed note that was written into the chart of the wrong client (decision 17): its author signs
//! it anew where it belongs, a line that says so stands where it was, and the note itself is out of
//! sight at once and is erased after thirty days like any record that is to die.
//!
//! The line names what was carried over, and nothing else goes out of sight: neither what somebody
//! added elsewhere at the same time, nor what anybody else has signed. Its author can take it back.
//!
//! Neither chart says whose the other one is.

mod line;
mod restore;
mod stray;

use super::apply::{Done, Refusal};
use super::change::Change;
use super::chart::{Headline, tag};
use super::compartment::CompartmentName;
use super::correction::REASON_BYTES_MAX;
use super::edit::{AppointmentKind, Edit, Label, NoteFormat, Part};
use super::erasure::Scope;
use super::group::is_subject;
use super::journal::Book;
use super::note::{self, charge_key, note_body, part_tag};
use super::record::{RELATIONS_MAX, Record, RecordKind, Relation, RelationKind, Tags};
use super::sign::sign_event;
use super::times;
use super::view::{AppointmentRow, NoteState};
use super::{Context, Practice, zone};
use crate::id::{AppointmentId, ClientId, MemberId, RecordId};
use std::collections::{BTreeMap, BTreeSet};

pub(super) use line::{InError, Said, said, signed_first};
pub use restore::{Copied, Restored};
pub use stray::Stray;

/// Why a record was entered in error, or that this was taken back; of the registry in `chart::tag`.
const WHY: u16 = 251;
/// The session whose charges a record of billing takes back: what makes them one, 32 bytes.
pub(super) const REVERSES: u16 = 252;
/// When a note that was moved here was signed first. Milliseconds, eight bytes.
pub(super) const SIGNED_FIRST: u16 = 267;
const WRONG_CLIENT: u8 = 1;
const TAKEN_BACK: u8 = 2;

/// A note that was signed in the wrong chart. Only its author strikes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Misfiled {
    /// In whose chart it is.
    pub client: ClientId,
    /// The note.
    pub note: RecordId,
    /// To whom it belongs.
    pub to: ClientId,
    /// The session of theirs that it is about; without one, that of the note, if it was theirs.
    pub session: Option<AppointmentId>,
}

/// A note as it is signed anew.
struct Version {
    old: Record,
    /// In whose place it stands.
    over: Vec<RecordId>,
    format: NoteFormat,
    parts: Vec<(Part, String)>,
}

impl Version {
    /// Reads it; refuses what is somebody else's, or what a newer version wrote into it.
    fn of(old: Record, over: Vec<RecordId>, me: MemberId) -> Result<Self, Refusal> {
        if old.header.author.member != me {
            return Err(Refusal::NotItsAuthor);
        }
        let body = old.body().ok_or(Refusal::UnknownNote)?;
        let written = body.fixed::<1>(tag::FORMAT);
        let format = written.and_then(|[format]| NoteFormat::of(format.into()));
        let format = format.ok_or(Refusal::UnknownNote)?;
        if !body.unknown(&known_tags()).is_empty() {
            return Err(Refusal::CannotMove);
        }
        let parts = note::texts(body, format);
        Ok(Self { format, parts, over, old })
    }

    /// Returns what is signed anew. `same` says that the session is the one that it was about.
    fn body(
        &self,
        about: Option<(&AppointmentRow, ClientId)>,
        same: bool,
        practice_zone: &str,
    ) -> Tags {
        let reason = moved_because(&self.old, practice_zone);
        let mut body = note_body(self.format, &self.parts, &[], about, Some(&reason));
        let old = self.old.body();
        if let Some((old, (_, to))) = old.zip(about).filter(|_| same) {
            for tag in signed_of_session(is_subject(to)) {
                match old.bytes(tag) {
                    Some(said) => drop(body.set(tag, said)),
                    None => drop(body.unset(tag)),
                }
            }
        }
        let first = old.and_then(|body| body.fixed(SIGNED_FIRST));
        let signed = self.old.header.time.as_millis().to_be_bytes();
        body.set(SIGNED_FIRST, first.unwrap_or(signed));
        if let Some(because) = old.and_then(|body| body.text(tag::CORRECTED_BECAUSE)) {
            body.set(tag::CORRECTED_BECAUSE, because.as_bytes());
        }
        body
    }
}

/// All that is signed anew, and what the stub names.
struct Moving {
    /// The oldest first.
    versions: Vec<Version>,
    /// What was added, and the version that it was added to.
    addenda: Vec<(RecordId, Record)>,
    labels: BTreeSet<Label>,
    session: Option<AppointmentId>,
    /// Whether it was ever handed over to a second person.
    supervised: bool,
}

impl Moving {
    fn all(&self) -> BTreeSet<RecordId> {
        self.versions.iter().map(|version| version.old.header.id).collect()
    }
}

impl Practice {
    /// Signs a note anew in the chart of the client to whom it belongs, and strikes it where it is.
    pub(super) fn strike_note(
        &mut self,
        misfiled: Misfiled,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let Misfiled { client, note, to, session: chosen } = misfiled;
        if !self.has_chart(to) {
            return Err(Refusal::UnknownClient);
        }
        if self.one_person(client).contains(&to) {
            return Err(Refusal::SameAlready);
        }
        let moving = self.moving((client, note), cx)?;
        let session = moving.session.and_then(|session| self.session(session));
        let theirs = match chosen.and_then(|chosen| self.session(chosen)) {
            None if chosen.is_some() => return Err(Refusal::UnknownAppointment),
            Some(chosen) if !self.comes(to, &chosen) => return Err(Refusal::SessionOfAnother),
            Some(chosen) => Some(chosen),
            None => session.clone().filter(|session| self.comes(to, session)),
        };
        let same = theirs.as_ref().map(|one| one.id) == session.as_ref().map(|one| one.id);
        let stays = theirs.is_some() && same;
        let reversals = match &session {
            Some(session) => self.reversals(client, &moving.all(), (session, stays), cx)?,
            None => Vec::new(),
        };
        // Up to here nothing is written; what comes can only fail before it writes anything.
        let scope = Scope::of_record(client, note);
        let mut changes = self.ask_erasure(scope, cx)?.changes;
        let (copy, signed) = self.sign_anew(to, &moving, theirs.as_ref(), cx);
        changes.extend(signed);
        changes.extend(self.write_line(client, &moving, cx));
        changes.extend(self.take_back_charges(reversals, cx));
        changes.extend(self.charge(to, theirs.map(|session| session.id), cx));
        let copy = copy.map(|note| Copied { to, note, session: chosen });
        let inverse =
            copy.map(|copy| Edit::RestoreNote(Restored { client, note, copy: Some(copy) }));
        Ok(Done { changes, inverse, ..Done::default() })
    }

    /// Whether a client comes to a session, or it is that of a group: who only belongs to one need not
    /// have been there.
    fn comes(&self, client: ClientId, session: &AppointmentRow) -> bool {
        let person = self.one_person(client);
        let mut all = session.as_written().iter().chain(&session.clients);
        session.group == Some(client) || all.any(|one| person.contains(one))
    }

    /// Writes the line that stands where notes were. It names all that was carried over.
    fn write_line(
        &mut self,
        client: ClientId,
        moving: &Moving,
        cx: &mut Context<'_>,
    ) -> Vec<Change> {
        let name = self.chart_of(client);
        let versions = moving.versions.iter().rev().map(|version| &version.old);
        let added = moving.addenda.iter().map(|(_, record)| record);
        let relation = |record: &Record| Relation {
            kind: RelationKind::EnteredInError,
            target: *record.header.id.as_bytes(),
            digest: record.digest(),
        };
        let mut relations: Vec<_> = versions.chain(added).map(relation).collect();
        let named = relations.iter().map(|relation| RecordId::from_bytes(relation.target));
        let named: BTreeSet<RecordId> = named.collect();
        let labellings = self
            .facts
            .book(client, Book::Chart)
            .map(|chart| chart.labellings(&named).map(|(_, id, _)| id).collect::<Vec<_>>());
        for labelling in labellings.into_iter().flatten() {
            if let Ok(record) = Self::stored_record(&name, labelling, cx) {
                relations.push(relation(&record));
            }
        }
        relations.truncate(RELATIONS_MAX);
        let mut body = Tags::new();
        body.set(WHY, [WRONG_CLIENT]);
        let (line, change) = self.write_record(&name, RecordKind::InError, relations, body, cx);
        std::iter::once(change).chain(self.audit(&sign_event(client, line), cx)).collect()
    }

    fn take_back_charges(
        &mut self,
        reversals: Vec<(ClientId, Vec<Relation>, Tags)>,
        cx: &mut Context<'_>,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for (payer, relations, body) in reversals {
            let name = CompartmentName::Billing(payer);
            changes.push(self.write_record(&name, RecordKind::Charge, relations, body, cx).1);
        }
        changes
    }

    /// Reads what is signed anew; refuses what its author alone cannot carry over whole.
    fn moving(
        &self,
        (client, note): (ClientId, RecordId),
        cx: &mut Context<'_>,
    ) -> Result<Moving, Refusal> {
        let me = cx.pen.author().member;
        let chart = self.facts.book(client, Book::Chart).ok_or(Refusal::UnknownNote)?;
        let hidden = self.hidden_records(client);
        let is_note = |id: RecordId| {
            matches!(chart.records.get(&id).map(|fact| &fact.headline), Some(Headline::Note(_)))
        };
        if !is_note(note) || chart.adds_to(note).is_some() {
            return Err(Refusal::UnknownNote);
        }
        let corrections = chart.corrections();
        let mut back = corrections.back_from(note);
        back.reverse();
        if corrections.is_replaced(note) {
            return Err(Refusal::CorrectedSince);
        }
        // Of two corrections side by side one is not meant.
        if chart.versions_of(note).len() != back.len() {
            return Err(Refusal::CannotMove);
        }
        // What stood there before and was moved already is in the other chart.
        back.retain(|version| !chart.is_misfiled(*version));
        // What is to be erased here must not rise again there.
        let added = chart.addenda(note).into_iter().filter(|one| !chart.is_misfiled(*one));
        let added: Vec<RecordId> = added.collect();
        if back.iter().chain(&added).any(|record| hidden.contains(record)) {
            return Err(Refusal::ToBeErased);
        }
        if back.len() + added.len() > RELATIONS_MAX {
            return Err(Refusal::CannotMove);
        }
        let signed = chart.signed_drafts();
        let beside = chart.drafts.iter().any(|(id, fact)| {
            let to = fact.addendum_to.or(fact.corrects);
            !fact.discarded && !signed.contains_key(id) && to.is_some_and(|to| back.contains(&to))
        });
        if beside {
            return Err(Refusal::DraftBeside);
        }
        let addenda = self.own_addenda((client, me), added, cx)?;
        let name = self.chart_of(client);
        let mut versions = Vec::new();
        for id in back {
            let over = corrections.before(id).collect();
            versions.push(Version::of(Self::stored_record(&name, id, cx)?, over, me)?);
        }
        let session = versions.first().and_then(|first| first.old.body()?.fixed(tag::SESSION));
        let labels = self.labels_of(client, note, cx)?;
        let session = session.map(AppointmentId::from_bytes);
        let supervised = chart.acts_about(&chart.versions_of(note)).next().is_some();
        Ok(Moving { versions, addenda, labels, session, supervised })
    }

    /// Reads what was added; refuses what somebody else has.
    fn own_addenda(
        &self,
        (client, me): (ClientId, MemberId),
        added: Vec<RecordId>,
        cx: &mut Context<'_>,
    ) -> Result<Vec<(RecordId, Record)>, Refusal> {
        let chart = self.facts.book(client, Book::Chart).ok_or(Refusal::UnknownNote)?;
        let name = self.chart_of(client);
        let mut addenda = Vec::new();
        for id in added {
            let record = Self::stored_record(&name, id, cx)?;
            let to = chart.adds_to(id).ok_or(Refusal::CannotMove)?;
            let reads = record.body().is_some_and(|body| body.text(tag::TEXT).is_some());
            let own = record.header.author.member == me;
            if !own || !reads || record.header.kind != RecordKind::Addendum {
                return Err(Refusal::CannotMove);
            }
            addenda.push((to, record));
        }
        Ok(addenda)
    }

    /// Signs a note with its versions and what was added in another chart; returns the newest version.
    /// Of a session it says what that chart may say: what was signed if it was theirs already, what is
    /// known of another one, else nothing.
    fn sign_anew(
        &mut self,
        to: ClientId,
        moving: &Moving,
        session: Option<&AppointmentRow>,
        cx: &mut Context<'_>,
    ) -> (Option<RecordId>, Vec<Change>) {
        let name = self.chart_of(to);
        let mut changes = Vec::new();
        let mut made: BTreeMap<RecordId, Record> = BTreeMap::new();
        let last = moving.versions.len().saturating_sub(1);
        let now = cx.now;
        for (at, version) in moving.versions.iter().enumerate() {
            // Each stands in the place of the one before, and is later.
            cx.now = now.plus_millis(i64::try_from(at).unwrap_or_default());
            let earlier = version.over.iter().filter_map(|old| made.get(old));
            let relations = earlier.map(|earlier| Relation {
                kind: RelationKind::Corrects,
                target: *earlier.header.id.as_bytes(),
                digest: earlier.digest(),
            });
            let relations = relations.collect();
            let about = session.map(|session| (session, to));
            let same = moving.session.is_some() && session.map(|one| one.id) == moving.session;
            let body = version.body(about, same, &self.facts.settings.zone);
            let id = RecordId::random(cx.random);
            let written = (RecordKind::Note, relations, &moving.labels);
            let signed = self.write_labelled(id, &name, written, body, cx);
            let handed = match at == last {
                true => self.submit_moved(&name, &signed, moving.supervised, cx),
                false => None,
            };
            if let Some(record) = Self::written_in(&signed) {
                made.insert(version.old.header.id, record.clone());
            }
            changes.push(signed);
            changes.extend(handed);
            changes.extend(self.audit(&sign_event(to, id), cx));
        }
        let newest = moving.versions.last().and_then(|last| made.get(&last.old.header.id));
        for (old, added) in &moving.addenda {
            let Some(note) = made.get(old).or(newest) else { continue };
            let text = added.body().and_then(|body| body.text(tag::TEXT)).unwrap_or_default();
            let (kind, target) = (RelationKind::AddendumTo, *note.header.id.as_bytes());
            let relations = vec![Relation { kind, target, digest: note.digest() }];
            let body = note::addendum_body(text, &[]);
            let (id, change) = self.write_record(&name, RecordKind::Addendum, relations, body, cx);
            changes.push(change);
            changes.extend(self.audit(&sign_event(to, id), cx));
        }
        cx.now = now;
        let newest = newest.map(|record| record.header.id);
        (newest, changes)
    }

    /// What takes back the charges that follow from a note and from no other one.
    fn reversals(
        &self,
        client: ClientId,
        notes: &BTreeSet<RecordId>,
        (session, stays): (&AppointmentRow, bool),
        cx: &mut Context<'_>,
    ) -> Result<Vec<(ClientId, Vec<Relation>, Tags)>, Refusal> {
        let joint = session.group.is_some() && session.kind != AppointmentKind::Group;
        // A couple has one charge for the session, and that still has its note.
        if joint && stays {
            return Ok(Vec::new());
        }
        let ids = self.facts.family(session.id);
        let hidden = self.hidden_records(client);
        let chart = self.facts.book(client, Book::Chart);
        let mut own = chart.into_iter().flat_map(|chart| &chart.records);
        let another = own.any(|(id, fact)| match &fact.headline {
            Headline::Note(fact) => {
                let about = fact.session.is_some_and(|session| ids.contains(&session));
                about && !notes.contains(id) && !hidden.contains(id)
            }
            _ => false,
        });
        if another {
            return Ok(Vec::new());
        }
        let signed = ids.iter().filter_map(|id| self.sessions.get(id)).flatten();
        let signed = signed.filter(|(_, state)| matches!(state, NoteState::Signed(_)));
        let others: Vec<ClientId> =
            signed.map(|(whose, _)| *whose).filter(|whose| *whose != client).collect();
        let payers: Vec<ClientId> = match joint || is_subject(client) {
            true => session.clients.clone(),
            false => self.seen_as_one(client),
        };
        let key = charge_key(session.id);
        let mut reversals = Vec::new();
        for payer in payers {
            let person = self.one_person(payer);
            if others.iter().any(|one| joint || is_subject(*one) || person.contains(one)) {
                continue;
            }
            let billing = self.facts.billing.get(&payer);
            let name = CompartmentName::Billing(payer);
            let mut relations = Vec::new();
            for id in billing.map(|billing| billing.standing(&key)).unwrap_or_default() {
                let digest = Self::stored_record(&name, id, cx)?.digest();
                let (kind, target) = (RelationKind::Corrects, *id.as_bytes());
                relations.push(Relation { kind, target, digest });
            }
            relations.truncate(RELATIONS_MAX);
            if !relations.is_empty() {
                let mut body = Tags::new();
                body.set(tag::SESSION, *session.id.as_bytes()).set(REVERSES, key);
                reversals.push((payer, relations, body));
            }
        }
        Ok(reversals)
    }

    /// Refuses to bring a note back that stands in the chart of another client by now.
    pub(super) fn check_not_moved(&self, scope: Scope) -> Result<(), Refusal> {
        let Some(record) = scope.record else { return Ok(()) };
        let chart = self.facts.book(scope.client, Book::Chart);
        let moved = chart.is_some_and(|chart| chart.is_misfiled(record));
        if moved { Err(Refusal::Moved) } else { Ok(()) }
    }

    /// Whether a record belongs to another client, also once nothing of it is known here any more: of
    /// what only a line tells, nobody knows whose it was. Files, entries of a log and those of a journal
    /// are never moved.
    pub(super) fn was_moved(&self, client: ClientId, record: RecordId) -> bool {
        let Some(chart) = self.facts.book(client, Book::Chart) else { return false };
        if chart.records.contains_key(&record) || !chart.in_error.contains_key(&record) {
            return chart.is_misfiled(record);
        }
        let elsewhere = self.book_of_record(client, record) != Book::Chart
            || self.facts.logs.get(&client).is_some_and(|log| log.holds(record))
            || self.facts.attachments.get(&client).is_some_and(|files| files.holds(record));
        !elsewhere
    }

    /// Whether a record is the line that stands where a note was: it stays, since without it the note
    /// would come back.
    pub(super) fn is_line_in_error(&self, scope: Scope) -> bool {
        let chart = self.facts.book(scope.client, Book::Chart);
        let fact = chart.zip(scope.record).and_then(|(chart, record)| chart.records.get(&record));
        fact.is_some_and(|fact| matches!(fact.headline, Headline::InError(_)))
    }

    /// Whether a record is out of sight only since it belongs to somebody else: then somebody can still
    /// ask that it be erased, where a device that did not know of that took it back.
    pub(super) fn is_moved_only(&self, scope: Scope) -> bool {
        self.check_not_moved(scope).is_err() && !self.erasure(scope).is_some_and(|one| one.hides())
    }
}

/// What a note says of its moving, and of when it was signed first.
fn moved_because(old: &Record, practice_zone: &str) -> String {
    let day = zone::date(old.header.time, practice_zone);
    let words = format!(
        "moved here: it was written in another chart by mistake, and signed there on {day}"
    );
    let late = old.body().and_then(|body| body.text(tag::LATE_REASON));
    match late {
        Some(late) => {
            format!(
                "{words}; late then because: {}",
                super::contact::within(late, REASON_BYTES_MAX)
            )
        }
        None => words,
    }
}

/// The fields of a note that are carried over, or that follow from its session.
fn known_tags() -> Vec<u16> {
    let parts = Part::ALL.iter().map(|part| part_tag(*part));
    let others = [
        tag::FORMAT,
        tag::SESSION,
        tag::SESSION_START,
        tag::LATE_REASON,
        tag::HEADS,
        tag::MODALITY,
        tag::CLIENT_PLACE,
        tag::CLIENT_HELP,
        tag::CORRECTED_BECAUSE,
        SIGNED_FIRST,
    ];
    parts.chain(others).chain(times::TAGS).collect()
}

/// The fields of a signed note that say of its session what it was like; who of a group was there stands
/// in the record of the group alone.
fn signed_of_session(of_group: bool) -> impl Iterator<Item = u16> {
    let others = [tag::SESSION_START, tag::MODALITY, tag::CLIENT_PLACE, tag::CLIENT_HELP];
    let all = others.into_iter().chain(times::TAGS);
    all.filter(move |tag| of_group || *tag != times::ATTENDEES)
}
