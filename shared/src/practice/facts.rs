//! What is known of every compartment without opening a document, and its canonical bytes: the
//! projection, from which Today is shown before anything else is loaded.
//!
//! A segment is a cache. One that is missing, or that this version cannot read, is made again
//! from documents and records.

use super::attachment::Attachments;
use super::audit::Trail;
use super::billing::Billing;
use super::calendar::Booking;
use super::chart::{Chart, RecordFact};
use super::compartment::{CompartmentName, Quarter};
use super::contact::{self, Settings};
use super::contact_log::ContactLog;
use super::crisis;
use super::document::Document;
use super::group::{Group, subject_of};
use super::journal::Book;
use super::moved::Strange;
use super::phrase::Phrases;
use super::record::{Record, RecordKind};
use super::schedule::{Series, SeriesKey};
use super::view::ClientRow;
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, ClientId, MemberId, ObjectId, SeriesId};
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::Arc;
use thiserror::Error;

/// Number of the form that segments have; raised whenever the form changes.
pub const SCHEMA: u16 = 34;
const ITEMS_MAX: usize = 1 << 20;

/// Why a segment is not taken. Make it again with `Practice::rebuild`.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ProjectionError {
    /// The bytes are no segment of this compartment.
    #[error("a projection segment cannot be read: {0}")]
    Codec(#[from] CodecError),
    /// The segment has the form of another version.
    #[error("a projection segment has the form of another version")]
    Schema,
}

/// Everything that is known, compartment by compartment.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) settings: Settings,
    pub(super) calendars: BTreeMap<CalendarKey, BTreeMap<AppointmentId, Booking>>,
    pub(super) logs: BTreeMap<ClientId, ContactLog>,
    pub(super) contacts: BTreeMap<ClientId, Arc<ClientRow>>,
    /// Who is said to be the same person as whom, as contacts say it.
    pub(super) same: BTreeMap<ClientId, ClientId>,
    /// Whether who stands under whom has to be derived again.
    pub(super) same_changed: bool,
    /// Charts of clients, and of groups by [`subject_of`].
    pub(super) charts: BTreeMap<ClientId, Chart>,
    pub(super) groups: BTreeMap<ClientId, Group>,
    pub(super) journals: BTreeMap<ClientId, Chart>,
    /// Psychotherapy notes by client and author; only while they are open.
    pub(super) psychotherapy: BTreeMap<(ClientId, MemberId), Chart>,
    pub(super) attachments: BTreeMap<ClientId, Attachments>,
    pub(super) billing: BTreeMap<ClientId, Billing>,
    /// Of whom something is known; what, is read from the document, and only then.
    pub(super) identities: BTreeSet<ClientId>,
    pub(super) trails: BTreeMap<MemberId, Trail>,
    /// What members have for themselves: snippets and templates.
    pub(super) personal: BTreeMap<MemberId, Arc<Phrases>>,
    series: BTreeMap<SeriesKey, Series>,
    /// The heirs of each series: who names it as the one before.
    series_heirs: BTreeMap<SeriesKey, BTreeSet<SeriesKey>>,
    /// The logs that records name of which it is not known whose they are.
    pub(super) strange: Strange,
    /// In which calendar each appointment is.
    homes: BTreeMap<AppointmentId, CalendarKey>,
    /// What took the place of each appointment that changed its clinician.
    pub(super) heirs: BTreeMap<AppointmentId, BTreeSet<AppointmentId>>,
}

/// Whose calendar, and when its appointments were made.
pub(super) type CalendarKey = (MemberId, Quarter);

impl Facts {
    /// Returns the segment of a compartment; `None` when nothing is known of it, or when it is
    /// of a kind without a read model.
    pub(super) fn encode(&self, name: &CompartmentName) -> Option<Vec<u8>> {
        let mut writer = Writer::new();
        writer.u16(SCHEMA);
        self.strange.encode(name, &mut writer);
        match name {
            CompartmentName::Practice if self.settings != Settings::default() => {
                self.settings.encode(&mut writer);
            }
            CompartmentName::Calendar { clinician, quarter } => {
                let calendar = self.calendars.get(&(*clinician, *quarter))?;
                let bookings: Vec<_> = calendar.iter().collect();
                writer.list(&bookings, |w, (id, booking)| {
                    w.fixed(id.as_bytes());
                    booking.encode(w);
                });
            }
            CompartmentName::Series(member) => {
                let all: Vec<_> = self.series.iter().filter(|(key, _)| key.0 == *member).collect();
                if all.is_empty() {
                    return None;
                }
                writer.list(&all, |w, ((_, id), series)| {
                    w.fixed(id.as_bytes());
                    series.encode(w);
                });
            }
            CompartmentName::Contact(client) => {
                contact::encode(&mut writer, self.contacts.get(client)?);
                self.logs.get(client).cloned().unwrap_or_default().encode(&mut writer);
            }
            CompartmentName::Chart(client) => self.charts.get(client)?.encode(&mut writer),
            CompartmentName::Group(group) => {
                let subject = subject_of(*group);
                self.groups.get(&subject)?.encode(&mut writer);
                self.charts.get(&subject).cloned().unwrap_or_default().encode(&mut writer);
            }
            CompartmentName::Journal(client) => self.journals.get(client)?.encode(&mut writer),
            CompartmentName::Psychotherapy { client, author } => {
                self.psychotherapy.get(&(*client, *author))?.encode(&mut writer);
            }
            CompartmentName::Attachments(client) => {
                self.attachments.get(client)?.encode(&mut writer);
            }
            CompartmentName::Billing(client) => self.billing.get(client)?.encode(&mut writer),
            CompartmentName::Identity(client) if self.identities.contains(client) => {}
            CompartmentName::Audit(member) => self.trails.get(member)?.encode(&mut writer),
            CompartmentName::Personal(member) => self.personal.get(member)?.encode(&mut writer),
            _ => return None,
        }
        Some(writer.into_bytes())
    }

    /// Takes a segment over, in place of what was known.
    pub(super) fn decode(
        &mut self,
        name: &CompartmentName,
        segment: &[u8],
    ) -> Result<(), ProjectionError> {
        let mut reader = Reader::new(segment);
        if reader.u16()? != SCHEMA {
            return Err(ProjectionError::Schema);
        }
        let strange = Strange::decode(&mut reader)?;
        self.decode_model(name, reader)?;
        self.strange.put(name, strange);
        Ok(())
    }

    fn decode_model(
        &mut self,
        name: &CompartmentName,
        mut reader: Reader<'_>,
    ) -> Result<(), ProjectionError> {
        match name {
            CompartmentName::Practice => {
                let settings = Settings::decode(&mut reader)?;
                reader.finish()?;
                self.settings = settings;
            }
            CompartmentName::Calendar { clinician, quarter } => {
                let bookings = reader.list(ITEMS_MAX, |r| {
                    Ok((AppointmentId::from_bytes(r.fixed()?), Booking::decode(r)?))
                })?;
                reader.finish()?;
                self.forget(name);
                for (id, booking) in bookings {
                    self.learn_booking((*clinician, *quarter), id, booking);
                }
            }
            CompartmentName::Series(member) => {
                let all = reader.list(ITEMS_MAX, |r| {
                    Ok((SeriesId::from_bytes(r.fixed()?), Series::decode(r)?))
                })?;
                reader.finish()?;
                self.forget(name);
                for (id, series) in all {
                    self.learn_series((*member, id), series);
                }
            }
            CompartmentName::Contact(client) => self.decode_contact(*client, reader)?,
            CompartmentName::Chart(client) => {
                let chart = Chart::decode(&mut reader)?;
                reader.finish()?;
                self.charts.insert(*client, chart);
            }
            CompartmentName::Group(id) => self.decode_group(*id, reader)?,
            CompartmentName::Journal(client) => {
                let journal = Chart::decode(&mut reader)?;
                reader.finish()?;
                self.journals.insert(*client, journal);
            }
            CompartmentName::Psychotherapy { client, author } => {
                self.decode_psychotherapy((*client, *author), reader)?;
            }
            CompartmentName::Attachments(client) => self.decode_attachments(*client, reader)?,
            CompartmentName::Billing(client) => {
                let billing = Billing::decode(&mut reader)?;
                reader.finish()?;
                self.billing.insert(*client, billing);
            }
            CompartmentName::Identity(client) => {
                reader.finish()?;
                self.identities.insert(*client);
            }
            CompartmentName::Audit(member) => self.decode_trail(*member, reader)?,
            CompartmentName::Personal(member) => self.decode_own(*member, reader)?,
            _ => return Err(CodecError::Unknown.into()),
        }
        Ok(())
    }

    fn decode_trail(
        &mut self,
        member: MemberId,
        mut reader: Reader<'_>,
    ) -> Result<(), ProjectionError> {
        let trail = Trail::decode(&mut reader)?;
        reader.finish()?;
        self.trails.insert(member, trail);
        Ok(())
    }

    fn decode_own(
        &mut self,
        member: MemberId,
        mut reader: Reader<'_>,
    ) -> Result<(), ProjectionError> {
        let phrases = Phrases::decode(&mut reader)?;
        reader.finish()?;
        self.personal.insert(member, Arc::new(phrases));
        Ok(())
    }

    fn decode_group(
        &mut self,
        id: ObjectId,
        mut reader: Reader<'_>,
    ) -> Result<(), ProjectionError> {
        let group = Group::decode(&mut reader, id)?;
        let chart = Chart::decode(&mut reader)?;
        reader.finish()?;
        self.groups.insert(subject_of(id), group);
        self.charts.insert(subject_of(id), chart);
        Ok(())
    }

    fn decode_psychotherapy(
        &mut self,
        of: (ClientId, MemberId),
        mut reader: Reader<'_>,
    ) -> Result<(), ProjectionError> {
        let notes = Chart::decode(&mut reader)?;
        reader.finish()?;
        self.psychotherapy.insert(of, notes);
        Ok(())
    }

    fn decode_attachments(
        &mut self,
        client: ClientId,
        mut reader: Reader<'_>,
    ) -> Result<(), ProjectionError> {
        let attachments = Attachments::decode(&mut reader)?;
        reader.finish()?;
        self.attachments.insert(client, attachments);
        Ok(())
    }

    fn decode_contact(
        &mut self,
        client: ClientId,
        mut reader: Reader<'_>,
    ) -> Result<(), ProjectionError> {
        let row = contact::decode(&mut reader)?;
        let log = ContactLog::decode(&mut reader)?;
        reader.finish()?;
        if row.id != client {
            return Err(CodecError::Unknown.into());
        }
        self.logs.insert(client, log);
        self.learn_contact(row);
        Ok(())
    }

    /// Forgets a compartment.
    pub(super) fn forget(&mut self, name: &CompartmentName) {
        self.strange.forget(name);
        match name {
            CompartmentName::Practice => self.settings = Settings::default(),
            CompartmentName::Calendar { clinician, quarter }
                if self.calendars.remove(&(*clinician, *quarter)).is_some() =>
            {
                self.homes.retain(|_, key| *key != (*clinician, *quarter));
            }
            CompartmentName::Series(member) => {
                self.series.retain(|key, _| key.0 != *member);
                let mut all = self.series_heirs.values_mut();
                all.by_ref().for_each(|heirs| heirs.retain(|key| key.0 != *member));
            }
            CompartmentName::Contact(client) => {
                self.contacts.remove(client);
                self.same.remove(client);
                self.same_changed = true;
                self.logs.remove(client);
            }
            CompartmentName::Chart(client) => {
                self.charts.remove(client);
            }
            CompartmentName::Group(group) => {
                self.charts.remove(&subject_of(*group));
                self.groups.remove(&subject_of(*group));
            }
            CompartmentName::Journal(client) => {
                self.journals.remove(client);
            }
            CompartmentName::Psychotherapy { client, author } => {
                self.psychotherapy.remove(&(*client, *author));
            }
            CompartmentName::Attachments(client) => {
                self.attachments.remove(client);
            }
            CompartmentName::Billing(client) => {
                self.billing.remove(client);
            }
            CompartmentName::Identity(client) => {
                self.identities.remove(client);
            }
            CompartmentName::Audit(member) => {
                self.trails.remove(member);
            }
            CompartmentName::Personal(member) => {
                self.personal.remove(member);
            }
            _ => {}
        }
    }

    /// Returns the chart of a group, which is known from then on.
    pub(super) fn group_chart(&mut self, group: ObjectId) -> &mut Chart {
        let subject = subject_of(group);
        self.groups.entry(subject).or_insert_with(|| Group::of(group));
        self.charts.entry(subject).or_default()
    }

    /// Returns a client's chart or journal.
    pub(super) fn book(&self, client: ClientId, book: Book) -> Option<&Chart> {
        match book {
            Book::Chart => self.charts.get(&client),
            Book::Journal => self.journals.get(&client),
            Book::Psychotherapy(author) => self.psychotherapy.get(&(client, author)),
        }
    }

    /// Returns a client's chart or journal, to be written in.
    pub(super) fn book_mut(&mut self, client: ClientId, book: Book) -> &mut Chart {
        match book {
            Book::Chart => self.charts.entry(client).or_default(),
            Book::Journal => self.journals.entry(client).or_default(),
            Book::Psychotherapy(author) => self.psychotherapy.entry((client, author)).or_default(),
        }
    }

    /// Returns every chart, every journal, and the psychotherapy notes that are open.
    pub(super) fn books(&self) -> impl Iterator<Item = (ClientId, Book, &Chart)> {
        let charts = self.charts.iter().map(|(client, chart)| (*client, Book::Chart, chart));
        let journals = self.journals.iter().map(|(client, one)| (*client, Book::Journal, one));
        let apart = self.psychotherapy.iter();
        let apart = apart.map(|((of, author), one)| (*of, Book::Psychotherapy(*author), one));
        charts.chain(journals).chain(apart)
    }

    /// Takes over what a contact says.
    pub(super) fn learn_contact(&mut self, row: ClientRow) {
        let id = row.id;
        let said = row.same_as.filter(|kept| *kept != id);
        let before = match said {
            Some(kept) => self.same.insert(id, kept),
            None => self.same.remove(&id),
        };
        let is_new = self.contacts.insert(id, Arc::new(row)).is_none();
        self.same_changed |= before != said || is_new;
    }

    /// Takes over what a member's own compartment says.
    pub(super) fn learn_own(&mut self, member: MemberId, document: &Document) {
        self.learn_phrases(member, Phrases::read(document));
    }

    /// The same, once it is read.
    pub(super) fn learn_phrases(&mut self, member: MemberId, phrases: Phrases) {
        if phrases.is_empty() {
            self.personal.remove(&member);
        } else {
            self.personal.insert(member, Arc::new(phrases));
        }
    }

    /// Returns an appointment and the calendar that holds it.
    pub(super) fn booking(&self, id: AppointmentId) -> Option<(CalendarKey, &Booking)> {
        let key = *self.homes.get(&id)?;
        Some((key, self.calendars.get(&key)?.get(&id)?))
    }

    /// Takes over what a calendar says of an appointment.
    pub(super) fn learn_booking(&mut self, key: CalendarKey, id: AppointmentId, booking: Booking) {
        self.homes.insert(id, key);
        if let Some(from) = booking.from {
            self.heirs.entry(from).or_default().insert(id);
        }
        self.calendars.entry(key).or_default().insert(id, booking);
    }

    /// Forgets one appointment.
    pub(super) fn forget_booking(&mut self, key: CalendarKey, id: AppointmentId) {
        self.homes.remove(&id);
        if let Some(calendar) = self.calendars.get_mut(&key) {
            calendar.remove(&id);
        }
    }

    /// Returns a series.
    pub(super) fn series_of(&self, key: SeriesKey) -> Option<&Series> {
        self.series.get(&key)
    }

    /// Returns the series that name this one as the one before.
    pub(super) fn series_heirs(&self, key: SeriesKey) -> impl Iterator<Item = SeriesKey> + '_ {
        self.series_heirs.get(&key).into_iter().flatten().copied()
    }

    /// Returns every series that is known.
    pub(super) fn all_series(&self) -> impl Iterator<Item = (SeriesKey, &Series)> {
        self.series.iter().map(|(key, series)| (*key, series))
    }

    /// Takes over what a document says of a series.
    pub(super) fn learn_series(&mut self, key: SeriesKey, series: Series) {
        let before = self.series.get(&key).and_then(|known| known.after);
        if let Some((parent, _)) = before.filter(|before| Some(*before) != series.after)
            && let Some(heirs) = self.series_heirs.get_mut(&parent)
        {
            heirs.remove(&key);
        }
        if let Some((parent, _)) = series.after {
            self.series_heirs.entry(parent).or_default().insert(key);
        }
        self.series.insert(key, series);
    }

    /// Returns every appointment that is known.
    pub(super) fn appointments(&self) -> impl Iterator<Item = AppointmentId> + '_ {
        self.homes.keys().copied()
    }

    /// Returns the appointments of a calendar.
    pub(super) fn in_calendar(&self, name: &CompartmentName) -> Vec<AppointmentId> {
        let CompartmentName::Calendar { clinician, quarter } = name else { return Vec::new() };
        let calendar = self.calendars.get(&(*clinician, *quarter));
        calendar.into_iter().flat_map(BTreeMap::keys).copied().collect()
    }

    /// Takes over what a record says, if it is of a kind that this version reads. Of two with one id
    /// the first is what is stored, and so what counts.
    pub(super) fn learn_record(&mut self, name: &CompartmentName, record: &Record) {
        match name {
            CompartmentName::Chart(client) => {
                let chart = self.charts.entry(*client).or_default();
                let marks = matches!(
                    record.header.kind,
                    RecordKind::Measure | RecordKind::Risk | RecordKind::SafetyPlan
                );
                if !(marks && chart.marks.learn(record)) {
                    learn_first(chart, record, RecordFact::of(record, Book::Chart));
                }
            }
            CompartmentName::Journal(client) => {
                let journal = self.journals.entry(*client).or_default();
                let marks = record.header.kind == RecordKind::Journal;
                if !(marks && journal.marks.learn(record)) {
                    learn_first(journal, record, RecordFact::of(record, Book::Journal));
                }
            }
            CompartmentName::Psychotherapy { client, author } => {
                let notes = self.psychotherapy.entry((*client, *author)).or_default();
                let marks = record.header.kind == RecordKind::Psychotherapy;
                if !(marks && notes.marks.learn(record)) {
                    let fact = RecordFact::of(record, Book::Psychotherapy(*author));
                    learn_first(notes, record, fact);
                }
            }
            CompartmentName::Group(group) => {
                let chart = self.group_chart(*group);
                learn_first(chart, record, RecordFact::of_group(record));
            }
            CompartmentName::Attachments(client) => {
                self.attachments.entry(*client).or_default().learn(record);
            }
            CompartmentName::Contact(client) => {
                self.logs.entry(*client).or_default().learn(record);
            }
            CompartmentName::Billing(client) => {
                self.billing.entry(*client).or_default().learn(record);
            }
            CompartmentName::Audit(member) => self.trails.entry(*member).or_default().learn(record),
            _ => {}
        }
    }
}

/// Keeps the first of two records with one id; one whose body was destroyed takes its place, if it is
/// of the same author: nobody can say of somebody else's that it is gone.
fn learn_first(chart: &mut Chart, record: &Record, fact: RecordFact) {
    let id = record.header.id;
    crisis::learn_form(&mut chart.forms_of, id, &fact);
    if record.body().is_none() {
        if chart.records.get(&id).is_some_and(|known| known.author != fact.author) {
            return;
        }
        if let Some(before) = chart.records.insert(id, fact) {
            chart.lost_body(&before.headline);
        }
    } else if let Entry::Vacant(entry) = chart.records.entry(id) {
        entry.insert(fact);
        chart.learn_in_error(id);
        chart.consents.learn(&chart.records, id);
    }
}
