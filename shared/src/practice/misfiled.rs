//! A signed note that was written into the chart of the wrong client (decision 17): its author signs
//! it anew where it belongs, a line that says so stands where it was, and the note itself is out of
//! sight at once and is erased after thirty days like any record that is to die.
//!
//! Neither chart says whose the other one is.

use super::apply::{Done, Refusal};
use super::change::Change;
use super::chart::{Chart, Headline, RecordFact, tag};
use super::compartment::CompartmentName;
use super::consent::Ledger;
use super::correction::REASON_BYTES_MAX;
use super::edit::{AppointmentKind, Label, NoteFormat, Part};
use super::erasure::Scope;
use super::group::is_subject;
use super::journal::Book;
use super::note::{self, charge_key, note_body, part_tag};
use super::record::{RELATIONS_MAX, Record, RecordKind, Relation, RelationKind, Tags};
use super::sign::sign_event;
use super::times;
use super::view::{AppointmentRow, NoteState};
use super::{Context, Practice, zone};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, ClientId, MemberId, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// Why a record was entered in error; of the registry in `chart::tag`.
const WHY: u16 = 251;
/// The session whose charges a record of billing takes back: what makes them one, 32 bytes.
pub(super) const REVERSES: u16 = 252;
const WRONG_CLIENT: u8 = 1;

/// A note that was signed in the wrong chart. Only its author strikes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Misfiled {
    /// In whose chart it is.
    pub client: ClientId,
    /// The note.
    pub note: RecordId,
    /// To whom it belongs.
    pub to: ClientId,
}

/// The line that stands where a note was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct InError {
    /// Who says so.
    pub(super) by: MemberId,
    /// The note, with all of its versions.
    pub(super) of: Vec<RecordId>,
}

impl InError {
    /// Reads it; `None` if it says it for a reason that only a newer version knows.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let [why] = record.body()?.fixed(WHY)?;
        let named = record.header.relations.iter();
        let named = named.filter(|relation| relation.kind == RelationKind::EnteredInError);
        let of: Vec<_> = named.map(|relation| RecordId::from_bytes(relation.target)).collect();
        (why == WRONG_CLIENT && !of.is_empty())
            .then_some(Self { by: record.header.author.member, of })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.fixed(self.by.as_bytes());
        writer.list(&self.of, |w, one| {
            w.fixed(one.as_bytes());
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let by = MemberId::from_bytes(reader.fixed()?);
        Ok(Self { by, of: reader.list(RELATIONS_MAX, |r| r.fixed().map(RecordId::from_bytes))? })
    }
}

/// Who says of which record that it was entered in error.
pub(super) type Said = BTreeMap<RecordId, BTreeSet<MemberId>>;

/// Takes in what one record says.
pub(super) fn learn(said: &mut Said, fact: &RecordFact) {
    if let Headline::InError(stub) = &fact.headline {
        for one in &stub.of {
            said.entry(*one).or_default().insert(stub.by);
        }
    }
}

/// Takes in what all of these say.
pub(super) fn said(records: &BTreeMap<RecordId, RecordFact>) -> Said {
    let mut all = Said::new();
    records.values().for_each(|fact| learn(&mut all, fact));
    all
}

impl Chart {
    /// Whether the author of a note has said that it belongs to another client. Nobody else can.
    pub(super) fn is_misfiled(&self, note: RecordId) -> bool {
        let by = self.in_error.get(&note);
        let headline = self.records.get(&note).map(|fact| &fact.headline);
        match (by, headline) {
            (Some(by), Some(Headline::Note(fact))) => by.contains(&fact.author),
            _ => false,
        }
    }

    /// Returns the notes that belong to another client.
    pub(super) fn misfiled(&self) -> impl Iterator<Item = RecordId> + '_ {
        self.in_error.keys().copied().filter(|note| self.is_misfiled(*note))
    }

    /// Whether a note belongs to another client, or did before its words were destroyed.
    pub(super) fn was_misfiled(&self, note: RecordId) -> bool {
        let headline = self.records.get(&note).map(|fact| &fact.headline);
        let gone = matches!(headline, None | Some(Headline::Unknown));
        self.is_misfiled(note) || (gone && self.in_error.contains_key(&note))
    }

    /// Derives again what records say of one another, once one of them has lost its body.
    pub(super) fn lost_body(&mut self, before: &Headline) {
        match before {
            Headline::Consent(_) | Headline::ConsentAct(_) => {
                self.consents = Ledger::of(&self.records);
            }
            Headline::InError(_) => self.in_error = said(&self.records),
            _ => {}
        }
    }
}

/// A note as it is signed anew.
struct Version {
    old: Record,
    format: NoteFormat,
    parts: Vec<(Part, String)>,
}

/// All that is signed anew, and what the stub names.
struct Moving {
    /// The oldest first.
    versions: Vec<Version>,
    /// What was added, with the version that it was added to.
    addenda: Vec<(RecordId, String)>,
    labels: BTreeSet<Label>,
    session: Option<AppointmentId>,
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
        (client, note): (ClientId, RecordId),
        to: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.has_chart(to) {
            return Err(Refusal::UnknownClient);
        }
        if self.one_person(client).contains(&to) {
            return Err(Refusal::SameAlready);
        }
        let moving = self.moving((client, note), cx)?;
        let session = moving.session.and_then(|session| self.session(session));
        let theirs = session.clone().filter(|session| {
            session.group == Some(to) || (!is_subject(to) && self.has_to_do_with(to, session))
        });
        let reversals = match &session {
            Some(session) => {
                self.reversals(client, &moving.all(), (session, theirs.is_some()), cx)?
            }
            None => Vec::new(),
        };
        // Up to here nothing is written; what comes can only fail before it writes anything.
        let scope = Scope::of_record(client, note);
        let mut changes = self.ask_erasure(scope, cx)?.changes;
        changes.extend(self.sign_anew(to, &moving, theirs.as_ref(), cx));
        let name = self.chart_of(client);
        let relation = |version: &Version| Relation {
            kind: RelationKind::EnteredInError,
            target: *version.old.header.id.as_bytes(),
            digest: version.old.digest(),
        };
        let relations = moving.versions.iter().rev().map(relation).collect();
        let mut body = Tags::new();
        body.set(WHY, [WRONG_CLIENT]);
        let (stub, change) = self.write_record(&name, RecordKind::InError, relations, body, cx);
        changes.push(change);
        changes.extend(self.audit(&sign_event(client, stub), cx));
        for (payer, relations, body) in reversals {
            let name = CompartmentName::Billing(payer);
            changes.push(self.write_record(&name, RecordKind::Charge, relations, body, cx).1);
        }
        changes.extend(self.charge(to, theirs.map(|session| session.id), cx));
        Ok(Done { changes, ..Done::default() })
    }

    /// Reads what is signed anew; refuses what its author alone cannot carry over whole.
    fn moving(
        &self,
        (client, note): (ClientId, RecordId),
        cx: &mut Context<'_>,
    ) -> Result<Moving, Refusal> {
        let me = cx.pen.author().member;
        let chart = self.facts.book(client, Book::Chart).ok_or(Refusal::UnknownNote)?;
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
        // Two corrections side by side are no row of versions.
        if chart.versions_of(note).len() != back.len() || back.len() >= RELATIONS_MAX {
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
        let name = self.chart_of(client);
        let mut addenda = Vec::new();
        for id in chart.addenda(note) {
            let record = Self::stored_record(&name, id, cx)?;
            let to = chart.adds_to(id).ok_or(Refusal::CannotMove)?;
            let text = record.body().and_then(|body| body.text(tag::TEXT));
            match text.filter(|_| record.header.kind == RecordKind::Addendum) {
                Some(text) if record.header.author.member == me => {
                    addenda.push((to, text.to_owned()));
                }
                _ => return Err(Refusal::CannotMove),
            }
        }
        let mut versions = Vec::new();
        for id in back {
            let old = Self::stored_record(&name, id, cx)?;
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
            versions.push(Version { format, parts, old });
        }
        let session = versions.first().and_then(|first| first.old.body()?.fixed(tag::SESSION));
        let labels = self.labels_of(client, note, cx)?;
        let session = session.map(AppointmentId::from_bytes);
        Ok(Moving { versions, addenda, labels, session })
    }

    /// Signs a note with its versions and what was added in another chart. Of its session it says what
    /// that chart may say: all if its client has to do with it, else nothing.
    fn sign_anew(
        &mut self,
        to: ClientId,
        moving: &Moving,
        session: Option<&AppointmentRow>,
        cx: &mut Context<'_>,
    ) -> Vec<Change> {
        let name = self.chart_of(to);
        let mut changes = Vec::new();
        let mut made: BTreeMap<RecordId, Record> = BTreeMap::new();
        let mut before: Option<RecordId> = None;
        let last = moving.versions.len().saturating_sub(1);
        let now = cx.now;
        for (at, version) in moving.versions.iter().enumerate() {
            // Each stands in the place of the one before, and is later.
            cx.now = now.plus_millis(i64::try_from(at).unwrap_or_default());
            let mut relations = Vec::new();
            if let Some(earlier) = before.and_then(|before| made.get(&before)) {
                let (kind, target) = (RelationKind::Corrects, *earlier.header.id.as_bytes());
                relations.push(Relation { kind, target, digest: earlier.digest() });
            }
            let about = session.map(|session| (session, to));
            let reason = moved_because(&version.old, &self.facts.settings.zone);
            let mut body = note_body(version.format, &version.parts, &[], about, Some(&reason));
            let because = version.old.body().and_then(|body| body.text(tag::CORRECTED_BECAUSE));
            if let Some(because) = because {
                body.set(tag::CORRECTED_BECAUSE, because.as_bytes());
            }
            let id = RecordId::random(cx.random);
            let written = (RecordKind::Note, relations, &moving.labels);
            let signed = self.write_labelled(id, &name, written, body, cx);
            let handed = if at == last { self.submit_signed(&name, &signed, cx) } else { None };
            if let Some(record) = Self::written_in(&signed) {
                before = Some(version.old.header.id);
                made.insert(version.old.header.id, record.clone());
            }
            changes.push(signed);
            changes.extend(handed);
            changes.extend(self.audit(&sign_event(to, id), cx));
        }
        for (old, text) in &moving.addenda {
            let Some(note) = made.get(old) else { continue };
            let (kind, target) = (RelationKind::AddendumTo, *note.header.id.as_bytes());
            let relations = vec![Relation { kind, target, digest: note.digest() }];
            let body = note::addendum_body(text, &[]);
            let (id, change) = self.write_record(&name, RecordKind::Addendum, relations, body, cx);
            changes.push(change);
            changes.extend(self.audit(&sign_event(to, id), cx));
        }
        cx.now = now;
        changes
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
        let moved = chart.is_some_and(|chart| {
            let mut family = self.family_of(scope.client, record).into_iter();
            family.any(|one| chart.was_misfiled(one))
        });
        if moved { Err(Refusal::Moved) } else { Ok(()) }
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
    ];
    parts.chain(others).chain(times::TAGS).collect()
}
