//! A person's right to have their record erased, and the legal hold that stands before it.
//!
//! What is asked, withdrawn and ordered is written into the practice's settings, so that every
//! device hides the record at once, with a server or without. Keys die only when a device carries
//! the order out; until then everything can be taken back.

mod family;
mod hidden;
mod retention;

pub(super) use family::Family;
pub use retention::{KEPT_YEARS, kept_until, last_service};

use super::apply::{Done, Guard, Refusal};
use super::audit::{AuditEvent, AuditKind, AuditSubject};
use super::chart::Chart;
use super::compartment::CompartmentName;
use super::contact::Settings;
use super::document::{Document, Scalar};
use super::edit::{Edit, Subject};
use super::journal::Book;
use super::view::ErasureRow;
use super::{Context, Practice, document_of};
use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::ERASE_DELAY;
use crate::id::{ClientId, RecordId, Timestamp};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is to be erased: all of a client's record, or one record in it and what was added to that.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope {
    /// Whose.
    pub client: ClientId,
    /// Which, unless all of it.
    pub record: Option<RecordId>,
}

impl From<ClientId> for Scope {
    fn from(client: ClientId) -> Self {
        Self { client, record: None }
    }
}

impl Scope {
    /// Returns the scope of one record.
    pub const fn of_record(client: ClientId, record: RecordId) -> Self {
        Self { client, record: Some(record) }
    }

    /// The field in the practice's settings: `erasure/client` or `erasure/client/record`.
    fn field(&self) -> String {
        let Self { client, record } = self;
        let record = record.map(|record| format!("/{record}")).unwrap_or_default();
        format!("{ERASURE}{client}{record}")
    }

    fn parse(field: &str) -> Option<Self> {
        let of = field.strip_prefix(ERASURE)?;
        match of.split_once('/') {
            None => ClientId::parse(of).map(Self::from),
            Some((client, record)) => {
                Some(Self::of_record(ClientId::parse(client)?, RecordId::parse(record)?))
            }
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.fixed(self.client.as_bytes());
        writer.option(self.record.as_ref(), |w, record| {
            w.fixed(record.as_bytes());
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let client = ClientId::from_bytes(reader.fixed()?);
        Ok(Self { client, record: reader.option(|r| r.fixed().map(RecordId::from_bytes))? })
    }
}

const ERASURE: &str = "erasure/";
const HOLD: &str = "hold/";
const RECORDS_MAX: usize = 100_000;

/// How far an erasure is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// It was asked for and taken back.
    Withdrawn,
    /// The record is hidden.
    Asked,
    /// Its keys are to die.
    Ordered(Timestamp),
}

/// What is known of one erasure.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Erasure {
    /// How often it was asked for.
    pub times: u32,
    /// How far it is.
    pub stage: Stage,
    /// When it was asked for last, as that device's clock claims.
    pub asked: Timestamp,
}

impl Erasure {
    /// Returns from when on it may be ordered.
    pub fn due(&self) -> Timestamp {
        self.asked.plus_millis(ERASE_DELAY)
    }

    /// Returns whether the record is out of sight.
    pub const fn hides(&self) -> bool {
        !matches!(self.stage, Stage::Withdrawn)
    }

    fn scalar(&self) -> Scalar {
        let mut writer = Writer::new();
        self.write(&mut writer);
        Scalar::Bytes(writer.into_bytes())
    }

    fn of(scalar: &Scalar) -> Option<Self> {
        let mut reader = Reader::new(scalar.bytes()?);
        let read = Self::read(&mut reader).ok()?;
        reader.finish().ok()?;
        Some(read)
    }

    /// times4 stage1 (0 withdrawn | 1 asked | 2 ordered: time8) asked8
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.times);
        match self.stage {
            Stage::Withdrawn => writer.u8(0),
            Stage::Asked => writer.u8(1),
            Stage::Ordered(time) => writer.u8(2).i64(time.as_millis()),
        };
        writer.i64(self.asked.as_millis());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let times = reader.u32()?;
        let stage = match reader.u8()? {
            0 => Stage::Withdrawn,
            1 => Stage::Asked,
            2 => Stage::Ordered(Timestamp::from_millis(reader.i64()?)),
            _ => return Err(CodecError::Unknown),
        };
        Ok(Self { times, stage, asked: Timestamp::from_millis(reader.i64()?) })
    }

    /// Of two that were written at once the one that destroys less counts: the newest time of
    /// asking, of those the one that is least far, of those the later.
    fn mildest(values: impl Iterator<Item = Self>) -> Option<Self> {
        values.max_by_key(|one| (one.times, std::cmp::Reverse(one.stage), one.asked))
    }
}

/// Whose record is to be erased, and whose must not be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Erasures {
    pub(super) of: BTreeMap<Scope, Erasure>,
    pub(super) holds: BTreeSet<ClientId>,
    /// What goes with each record, as far as devices have found.
    families: BTreeMap<Scope, Family>,
}

impl Erasures {
    pub(super) fn read(document: &Document) -> Self {
        let mut read = Self::default();
        for key in document.keys() {
            // What is kept of families hides no erasure and no hold.
            let is_family = Scope::of_family(&key).is_some();
            let known =
                if is_family { read.families.len() } else { read.of.len() + read.holds.len() };
            if known >= RECORDS_MAX {
                continue;
            }
            let values = || document.values(None, &key).into_iter().map(|(value, _)| value);
            if let Some(scope) = Scope::of_family(&key) {
                read.families.extend(Family::joined(values()).map(|family| (scope, family)));
            } else if let Some(scope) = Scope::parse(&key) {
                let known = values().filter_map(|value| Erasure::of(&value));
                read.of.extend(Erasure::mildest(known).map(|one| (scope, one)));
            } else if let Some(client) = key.strip_prefix(HOLD).and_then(ClientId::parse)
                // Where one device set it and another took it away, it stands.
                && values().any(|value| value == Scalar::Flag(true))
            {
                read.holds.insert(client);
            }
        }
        read
    }

    pub(super) fn is_hidden(&self, client: ClientId) -> bool {
        self.of.get(&client.into()).is_some_and(Erasure::hides)
    }

    /// Whether the keys of a client's record are to die.
    pub(super) fn is_ordered(&self, client: ClientId) -> bool {
        let known = self.of.get(&client.into());
        known.is_some_and(|one| matches!(one.stage, Stage::Ordered(_)))
    }

    /// The records of a client that are hidden on their own.
    fn hidden_records(&self, client: ClientId) -> BTreeSet<RecordId> {
        self.records(client, Erasure::hides)
    }

    /// The records of a client that die on their own, and never come back.
    fn ordered(&self, client: ClientId) -> BTreeSet<RecordId> {
        self.records(client, |one| matches!(one.stage, Stage::Ordered(_)))
    }

    fn records(&self, client: ClientId, wanted: fn(&Erasure) -> bool) -> BTreeSet<RecordId> {
        let first = Scope::from(client);
        let of_client = self.of.range(first..).take_while(|(scope, _)| scope.client == client);
        let wanted = of_client.filter(|(_, one)| wanted(one));
        wanted.filter_map(|(scope, _)| scope.record).collect()
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let of: Vec<_> = self.of.iter().collect();
        writer.list(&of, |w, (scope, erasure)| {
            scope.write(w);
            erasure.write(w);
        });
        let holds: Vec<_> = self.holds.iter().collect();
        writer.list(&holds, |w, client| {
            w.fixed(client.as_bytes());
        });
        let families: Vec<_> = self.families.iter().collect();
        writer.list(&families, |w, (scope, family)| {
            scope.write(w);
            family.write(w);
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let of = reader.list(RECORDS_MAX, |r| Ok((Scope::read(r)?, Erasure::read(r)?)))?;
        let holds = reader.list(RECORDS_MAX, |r| r.fixed().map(ClientId::from_bytes))?;
        let families = reader.list(RECORDS_MAX, |r| Ok((Scope::read(r)?, Family::read(r)?)))?;
        Ok(Self {
            of: of.into_iter().collect(),
            holds: holds.into_iter().collect(),
            families: families.into_iter().collect(),
        })
    }
}

impl Practice {
    /// Returns how far an erasure is, also after it was taken back.
    pub fn erasure(&self, scope: Scope) -> Option<Erasure> {
        self.facts.settings.erasures.of.get(&scope).copied()
    }

    /// Returns every erasure that is known.
    pub fn erasures(&self) -> impl Iterator<Item = (Scope, Erasure)> + '_ {
        self.facts.settings.erasures.of.iter().map(|(scope, one)| (*scope, *one))
    }

    /// Returns a client's chart without what is hidden; `None` if all of it is, or there is none.
    pub(super) fn shown_chart(&self, client: ClientId) -> Option<Cow<'_, Chart>> {
        self.shown_book(client, Book::Chart)
    }

    /// Returns a client's chart or journal without what is hidden.
    pub(super) fn shown_book(&self, client: ClientId, book: Book) -> Option<Cow<'_, Chart>> {
        let chart = self.facts.book(client, book).filter(|_| !self.is_hidden(client))?;
        let hidden = self.hidden_records(client);
        if hidden.is_empty() {
            Some(Cow::Borrowed(chart))
        } else {
            Some(Cow::Owned(chart.without(&hidden)))
        }
    }

    /// Returns the records of a client that are hidden, each with what was added to it.
    pub(super) fn hidden_records(&self, client: ClientId) -> BTreeSet<RecordId> {
        let chart = self.facts.book(client, Book::Chart);
        let mut asked = self.facts.settings.erasures.hidden_records(client);
        asked.retain(|record| {
            let scope = Scope::of_record(client, *record);
            !self.was_moved(client, *record) && !self.is_line_in_error(scope)
        });
        let mut hidden = if asked.is_empty() { asked } else { self.family(client, &asked).records };
        // What belongs to another client is out of sight, whoever has heard of its erasure yet; under a
        // legal hold it is not, so that it can be read and released as long as it must be kept.
        if let Some(chart) = chart.filter(|chart| !chart.in_error.is_empty())
            && !self.is_held(client)
        {
            hidden.extend(chart.misfiled());
        }
        hidden
    }

    /// Returns whether a subject is out of sight, because it is to be erased or was. A draft that
    /// somebody writes in stays until its key is dead.
    pub fn hides(&self, subject: Subject) -> bool {
        match subject {
            Subject::Attachments(client)
            | Subject::Chart(client)
            | Subject::Consents(client)
            | Subject::Crisis(client)
            | Subject::Measures(client)
            | Subject::Identity(client)
            | Subject::Journal(client)
            | Subject::Plan(client)
            | Subject::Psychotherapy(client)
            | Subject::Report(client, ..) => self.is_hidden(client),
            Subject::Attachment(client, record) | Subject::Note(client, record) => {
                self.is_hidden(client) || self.hidden_records(client).contains(&record)
            }
            Subject::Draft(..) => false,
        }
    }

    fn knows_record(&self, client: ClientId, record: RecordId) -> bool {
        let log = self.facts.logs.get(&client);
        let book = self.book_of_record(client, record);
        // What is asked stands in the practice's settings, which every member reads: of psychotherapy
        // notes nothing stands there.
        let chart = self.facts.book(client, book).filter(|_| !book.is_psychotherapy());
        chart.is_some_and(|chart| chart.records.contains_key(&record))
            || log.is_some_and(|log| log.holds(record))
            || self.facts.attachments.get(&client).is_some_and(|files| files.holds(record))
    }

    /// Returns whether a legal hold keeps a client's record: one on any record of the same person does.
    /// What a group shares is a record of each who belongs to it, or did.
    pub fn is_held(&self, client: ClientId) -> bool {
        let holds = &self.facts.settings.erasures.holds;
        let members = self.group_row(client).map(|group| group.members.keys().copied());
        let mut all = std::iter::once(client).chain(members.into_iter().flatten());
        let held = |one| self.one_person(one).iter().any(|one| holds.contains(one));
        !holds.is_empty() && all.any(held)
    }

    /// Refuses to erase half of a person: as long as two records stand together, nobody thinks the
    /// one erased because the other is.
    fn check_alone(&self, scope: Scope) -> Result<(), Refusal> {
        let alone = scope.record.is_some() || self.one_person(scope.client).len() == 1;
        if alone { Ok(()) } else { Err(Refusal::SamePerson) }
    }

    pub(super) fn is_hidden(&self, client: ClientId) -> bool {
        self.facts.settings.erasures.is_hidden(client)
    }

    /// Hides a record, to be erased after [`ERASE_DELAY`].
    pub(super) fn ask_erasure(
        &mut self,
        scope: Scope,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let Scope { client, record } = scope;
        if self.is_hidden(client) {
            return Err(Refusal::ToBeErased);
        }
        if !self.has_chart(client) {
            return Err(Refusal::UnknownClient);
        }
        if let Some(record) = record {
            if self.hidden_records(client).contains(&record) && !self.is_moved_only(scope) {
                return Err(Refusal::ToBeErased);
            }
            if !self.knows_record(client, record) || self.is_line_in_error(scope) {
                return Err(Refusal::UnknownNote);
            }
        }
        if self.is_held(client) {
            return Err(Refusal::Held);
        }
        self.check_alone(scope)?;
        let before = self.erasure(scope).map_or(0, |known| known.times);
        let asked = Erasure { times: before.saturating_add(1), stage: Stage::Asked, asked: cx.now };
        let inverse = Some(Edit::WithdrawErasure(scope));
        self.write_erasure(scope, (asked, AuditKind::ErasureAsked), inverse, cx)
    }

    /// Brings a record back that was to be erased, as long as no device has carried it out.
    pub(super) fn withdraw_erasure(
        &mut self,
        scope: Scope,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let known = self.erasure(scope).filter(Erasure::hides).ok_or(Refusal::NotAsked)?;
        self.check_not_moved(scope)?;
        let inverse = match known.stage {
            Stage::Asked => Some(Edit::AskErasure(scope)),
            Stage::Ordered(_) | Stage::Withdrawn => None,
        };
        let withdrawn = Erasure { stage: Stage::Withdrawn, ..known };
        self.write_erasure(scope, (withdrawn, AuditKind::ErasureWithdrawn), inverse, cx)
    }

    /// Orders what was asked for. What a device has carried out cannot be taken back.
    pub(super) fn order_erasure(
        &mut self,
        scope: Scope,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let known = self.erasure(scope).filter(Erasure::hides).ok_or(Refusal::NotAsked)?;
        if self.is_held(scope.client) {
            return Err(Refusal::Held);
        }
        self.check_alone(scope)?;
        if cx.now < known.due() {
            return Err(Refusal::TooEarly);
        }
        if matches!(known.stage, Stage::Ordered(_)) {
            return Ok(Done::default());
        }
        let ordered = Erasure { stage: Stage::Ordered(cx.now), ..known };
        self.write_erasure(scope, (ordered, AuditKind::ErasureOrdered), None, cx)
    }

    /// Sets a legal hold, or takes it away.
    pub(super) fn hold(
        &mut self,
        (client, held): (ClientId, bool),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.has_chart(client) && self.erasure(client.into()).is_none() {
            return Err(Refusal::UnknownClient);
        }
        let before = self.facts.settings.erasures.holds.contains(&client);
        let inverse = Edit::Hold { client, held: before };
        let (field, value) = (format!("{HOLD}{client}"), Scalar::Flag(held));
        let kind = if held { AuditKind::HoldSet } else { AuditKind::HoldEnded };
        let written = ((field, value), Vec::new());
        self.write_settings(written, Some(inverse), (kind, client.into()), cx)
    }

    pub(super) fn write_erasure(
        &mut self,
        scope: Scope,
        (erasure, kind): (Erasure, AuditKind),
        inverse: Option<Edit>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let mut asked = self.facts.settings.erasures.hidden_records(scope.client);
        asked.extend(scope.record);
        // What goes with it is kept in the same change.
        let families = match scope.record.filter(|_| erasure.hides()) {
            Some(_) => self.family_fields(scope.client, &asked),
            None => Vec::new(),
        };
        let written = ((scope.field(), erasure.scalar()), families);
        self.write_settings(written, inverse, (kind, scope), cx)
    }

    fn write_settings(
        &mut self,
        ((field, value), families): ((String, Scalar), Vec<(String, Scalar)>),
        inverse: Option<Edit>,
        (kind, scope): (AuditKind, Scope),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let name = CompartmentName::Practice;
        let object = document_of(&name);
        let change = self.change(&name, object, cx, |document| {
            document.put(None, &field, value.clone());
            family::put(document, &families);
        })?;
        self.facts.settings = Settings::read(self.document(&name, object, cx)?);
        let guards = vec![Guard { name, object, place: None, field, value }];
        let subject = match scope {
            Scope { client, record: None } => AuditSubject::Client(client),
            Scope { client, record: Some(record) } => {
                AuditSubject::View(Subject::Note(client, record))
            }
        };
        let event = AuditEvent::new(kind).about(subject);
        let changes = change.into_iter().chain(self.audit(&event, cx)).collect();
        Ok(Done { changes, inverse, guards })
    }

    /// What a contact says of a client who is out of sight: the code, and who is the same person.
    fn said_of_hidden(&self, client: ClientId) -> (String, Option<ClientId>) {
        let row = self.client_row(client);
        row.map(|row| (row.code.clone(), row.same_as)).unwrap_or_default()
    }

    /// Brings what is shown of a hidden record up to its contact, which may come later.
    pub(super) fn publish_code(&mut self, client: ClientId) {
        let (code, same_as) = self.said_of_hidden(client);
        let of = |scope: &Scope| scope.client == client;
        let stale = |row: &ErasureRow| row.code != code || row.same_as != same_as;
        if self.index.erasures.iter().any(|(scope, row)| of(scope) && stale(row)) {
            let rows = Arc::make_mut(&mut self.index).erasures.iter_mut();
            for (_, row) in rows.filter(|(scope, _)| of(scope)) {
                (row.code, row.same_as) = (code.clone(), same_as);
            }
        }
    }

    /// Brings the index up to whose record is hidden.
    pub(super) fn publish_erasures(&mut self) {
        let erasures = &self.facts.settings.erasures;
        let rows: BTreeMap<Scope, ErasureRow> = erasures
            .of
            .iter()
            .filter(|(_, one)| one.hides())
            .map(|(scope, one)| {
                let (code, same_as) = self.said_of_hidden(scope.client);
                let of_group = self.facts.groups.contains_key(&scope.client);
                let family = erasures.families.get(scope).map_or(0, Family::len);
                (*scope, ErasureRow { code, same_as, of_group, erasure: *one, family })
            })
            .collect();
        let hides = |rows: &BTreeMap<Scope, ErasureRow>| -> BTreeSet<(Scope, usize)> {
            rows.iter().map(|(scope, row)| (*scope, row.family)).collect()
        };
        let (before, now) = (hides(&self.index.erasures), hides(&rows));
        let holds = self.all_held();
        let held: BTreeSet<_> = self.index.holds.symmetric_difference(&holds).copied().collect();
        let index = Arc::make_mut(&mut self.index);
        (index.erasures, index.holds) = (rows, holds);
        let mut changed: BTreeSet<ClientId> =
            before.symmetric_difference(&now).map(|(scope, _)| scope.client).collect();
        self.facts.same_changed |= !changed.is_empty();
        // Under a hold a note is in sight that belongs to another client.
        let has_moved = |client: &&ClientId| {
            let chart = self.facts.book(**client, Book::Chart);
            chart.is_some_and(|chart| !chart.in_error.is_empty())
        };
        changed.extend(held.iter().filter(has_moved));
        for client in changed {
            self.publish(&CompartmentName::Contact(client));
            let chart = self.chart_of(client);
            self.publish(&chart);
        }
    }
}
