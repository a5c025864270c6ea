//! Keeps the read model in step with what is known. Copy on write: whoever holds an older index
//! keeps it unchanged.

use super::calendar::Booking;
use super::compartment::CompartmentName;
use super::group::subject_of;
use super::journal::Book;
use super::measure::edits as measure;
use super::schedule::{Series, SeriesKey};
use super::view::{AppointmentRow, DraftRow, GroupRow, Index, NoteState};
use super::{Practice, zone};
use crate::id::{AppointmentId, ClientId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Practice {
    /// Brings the index up to what is known of a compartment.
    pub(super) fn publish(&mut self, name: &CompartmentName) {
        self.searched_anew(name);
        match name {
            CompartmentName::Practice => self.publish_settings(),
            CompartmentName::Calendar { .. } => {
                for id in self.facts.in_calendar(name) {
                    self.publish_appointment(id);
                }
            }
            CompartmentName::Series(member) => {
                let of = |(key, _): &(SeriesKey, &Series)| key.0 == *member;
                let keys: Vec<_> = self.facts.all_series().filter(of).map(|(key, _)| key).collect();
                self.publish_each(keys);
            }
            CompartmentName::Contact(client) => {
                self.publish_code(*client);
                self.publish_same();
                for shown in BTreeSet::from([*client, self.kept_of(*client)]) {
                    let row = self.shown_row(shown);
                    let index = Arc::make_mut(&mut self.index);
                    match row {
                        Some(row) => index.clients.insert(shown, row),
                        None => index.clients.remove(&shown),
                    };
                }
                self.publish_timeline(*client);
            }
            CompartmentName::Chart(client) | CompartmentName::Journal(client) => {
                self.publish_chart(*client);
            }
            CompartmentName::Attachments(client) => self.publish_timeline(*client),
            CompartmentName::Group(group) => self.publish_group(subject_of(*group)),
            CompartmentName::Personal(_) => {
                Arc::make_mut(&mut self.index).own_phrases.clone_from(&self.facts.personal);
            }
            _ => {}
        }
    }

    /// Brings a group, and what is written about it, up to what is known.
    fn publish_group(&mut self, subject: ClientId) {
        self.publish_code(subject);
        let hidden = self.is_hidden(subject);
        let group = self.group_row(subject).filter(|_| !hidden).map(Arc::clone);
        let row = self.client_row(subject).filter(|_| !hidden);
        let known = self.group_row(subject).map(Arc::clone);
        let index = Arc::make_mut(&mut self.index);
        let before = match row.zip(group) {
            Some((row, group)) => {
                index.clients.insert(subject, row);
                index.groups.insert(subject, group)
            }
            None => {
                index.clients.remove(&subject);
                index.groups.remove(&subject)
            }
        };
        self.publish_chart(subject);
        let held = self.all_held();
        if self.index.holds != held {
            Arc::make_mut(&mut self.index).holds = held;
        }
        if before != known {
            self.publish_sessions_of([before, known].into_iter().flatten());
        }
    }

    /// Which appointments are with a group follows from who belongs to it, now and before.
    fn publish_sessions_of(&mut self, groups: impl Iterator<Item = Arc<GroupRow>>) {
        let groups: Vec<_> = groups.collect();
        let rows = self.index.appointments.values();
        let fitting = rows.filter(|row| {
            let kept = |client| self.kept_of(client);
            groups.iter().any(|one| one.fits(row.kind, &row.clients, kept))
        });
        let ids: Vec<_> = fitting.map(|row| row.id).collect();
        for id in ids {
            self.publish_appointment(id);
        }
    }

    /// Makes the whole index from what is known: rows in the order of their keys, so that no day
    /// is searched for the place of one appointment after the other.
    pub(super) fn publish_all(&mut self) {
        self.facts.same_changed = false;
        self.settle_same();
        let settings = &self.facts.settings;
        let mut index = Index {
            zone: settings.zone.clone(),
            clinicians: settings.clinicians.clone(),
            devices: settings.devices.clone(),
            hours: settings.hours.clone(),
            remote: settings.remote.clone(),
            measures: measure::forms(&settings.measures),
            measure_files: measure::files(&settings.measures),
            measures_unread: measure::unread(&settings.measures),
            clients: self.facts.contacts.clone(),
            merged: self.kept.clone(),
            reach: self.reach,
            series: self.index.series.clone(),
            ..Index::default()
        };
        (self.sessions, self.sessions_of) = (BTreeMap::new(), BTreeMap::new());
        self.publish_people(&mut index);
        for client in self.facts.charts.keys() {
            let Some(chart) = self.shown_chart(*client) else { continue };
            index.drafts.extend(chart.unfinished(*client, Book::Chart));
            index.plans.extend(self.plan_of(*client).map(|review| (*client, review)));
            index.consents.extend(self.consents_of(*client).map(|rows| (*client, rows)));
            index.supervision.extend(chart.supervision(*client));
            index.strays.extend(self.strays_of(*client));
            let sessions = chart.sessions();
            for (id, state) in &sessions {
                self.sessions.entry(*id).or_default().insert(*client, *state);
            }
            self.sessions_of.insert(*client, sessions);
        }
        index.drafts.extend(self.facts.journals.keys().flat_map(|client| self.unsigned(*client)));
        for client in self.facts.attachments.keys().filter(|client| !self.is_hidden(**client)) {
            let files = self.file_ids(*client);
            if !files.is_empty() {
                index.attachments.insert(*client, Arc::new(files));
            }
        }
        self.publish_timelines(&mut index);
        index.drafts.sort_by_key(|row: &DraftRow| (row.begun, row.note));
        index.supervision.sort_by_key(|row| (row.since, row.note));
        index.strays.sort();
        let mut rows = self.all_rows();
        let ids = rows.iter().map(|row| (row.id, Arc::clone(row)));
        index.appointments = ids.collect();
        rows.sort_by_key(|row| (row.starts, row.id));
        for row in rows {
            let date = zone::date(row.starts, &index.zone);
            index.days.entry(date).or_default().push(row.id);
        }
        self.index = Arc::new(index);
        self.publish_erasures();
    }

    /// Puts the timeline of each person into a new index.
    fn publish_timelines(&self, index: &mut Index) {
        let facts = &self.facts;
        let written = facts.charts.keys().chain(facts.journals.keys()).chain(facts.logs.keys());
        for client in written.chain(facts.attachments.keys()) {
            let client = &self.kept_of(*client);
            if index.timelines.contains_key(client) {
                continue;
            }
            let timeline = self.whole_timeline(*client);
            if !timeline.is_empty() && !self.is_hidden(*client) {
                index.timelines.insert(*client, Arc::new(timeline));
            }
        }
    }

    /// Puts clients and groups into a new index, each person once, and whom to call for them.
    fn publish_people(&self, index: &mut Index) {
        let settings = &self.facts.settings;
        index.levels.clone_from(&settings.levels);
        index.practice_phrases = Arc::clone(&settings.phrases);
        index.own_phrases.clone_from(&self.facts.personal);
        index.emergency.clone_from(&settings.emergency);
        for subject in self.facts.groups.keys() {
            index.clients.extend(self.client_row(*subject).map(|row| (*subject, row)));
            let group = self.group_row(*subject).filter(|_| !self.is_hidden(*subject));
            index.groups.extend(group.map(|group| (*subject, Arc::clone(group))));
        }
        index.clients.retain(|client, _| {
            !settings.erasures.is_hidden(*client) && !self.kept.contains_key(client)
        });
        for kept in self.kept.values() {
            index.clients.extend(self.shown_row(*kept).map(|row| (*kept, row)));
        }
    }

    /// Makes the rows of all appointments, in no order.
    fn all_rows(&self) -> Vec<Arc<AppointmentRow>> {
        let mut rows = Vec::new();
        for id in self.facts.appointments() {
            let family = self.facts.family(id);
            if let Some((_, booking)) = self.facts.booking(id)
                && self.facts.living(&family) == Some(id)
                && self.stands(id)
            {
                rows.push(Arc::new(self.row(id, booking, &family)));
            }
        }
        let derived = self.occurrences().filter(|id| !self.stands(*id));
        rows.extend(derived.filter_map(|id| self.derived_row(id)).map(Arc::new));
        rows
    }

    /// Returns what a schedule of these days is read from: the calendars that hold its
    /// appointments, and whose contacts it shows.
    pub fn schedule_of(
        &self,
        days: impl IntoIterator<Item = jiff::civil::Date>,
    ) -> (BTreeSet<CompartmentName>, BTreeSet<ClientId>) {
        let ids = days.into_iter().filter_map(|day| self.index.days.get(&day)).flatten();
        let (mut calendars, mut clients) = (BTreeSet::new(), BTreeSet::new());
        for id in ids {
            if let Some(((clinician, quarter), booking)) = self.facts.booking(*id) {
                calendars.insert(CompartmentName::Calendar { clinician, quarter });
                clients.extend(booking.clients.iter().copied());
            }
            if let Some(((clinician, _), _)) = self.derived.origin(*id) {
                calendars.insert(CompartmentName::Series(clinician));
                let row = self.index.appointments.get(id);
                clients.extend(row.into_iter().flat_map(|row| row.clients.iter().copied()));
            }
        }
        (calendars, clients)
    }

    fn publish_settings(&mut self) {
        let settings = &self.facts.settings;
        let index = Arc::make_mut(&mut self.index);
        index.clinicians.clone_from(&settings.clinicians);
        index.devices.clone_from(&settings.devices);
        index.hours.clone_from(&settings.hours);
        index.remote.clone_from(&settings.remote);
        index.levels.clone_from(&settings.levels);
        index.practice_phrases = Arc::clone(&settings.phrases);
        index.emergency.clone_from(&settings.emergency);
        index.measures = measure::forms(&settings.measures);
        index.measure_files = measure::files(&settings.measures);
        index.measures_unread = measure::unread(&settings.measures);
        let zone = settings.zone.clone();
        self.publish_erasures();
        self.publish_zone(zone);
    }

    fn publish_zone(&mut self, now: String) {
        let index = Arc::make_mut(&mut self.index);
        if index.zone == now {
            return;
        }
        index.zone = now;
        index.days.clear();
        let Index { days, appointments, zone, .. } = index;
        for row in appointments.values() {
            days.entry(zone::date(row.starts, zone)).or_default().push(row.id);
        }
        for ids in days.values_mut() {
            ids.sort_by_key(|id| (appointments.get(id).map(|row| row.starts), *id));
        }
    }

    /// Brings an appointment up to what is known of it and of its relatives.
    pub(super) fn publish_appointment(&mut self, id: AppointmentId) {
        self.publish_rows(id);
        self.publish_kin(&[id]);
    }

    /// Whether a note, or a draft of one, is about an appointment.
    pub(super) fn has_note(&self, id: AppointmentId) -> bool {
        self.sessions.contains_key(&id)
    }

    /// The same for the row alone.
    pub(super) fn publish_rows(&mut self, id: AppointmentId) {
        let family = self.facts.family(id);
        let living = self.facts.living(&family);
        for member in &family {
            let stands = self.stands(*member);
            let found = self.facts.booking(*member);
            let found = found.filter(|_| stands && living == Some(*member));
            let row = found.map(|(_, booking)| self.row(*member, booking, &family));
            let row = row.or_else(|| self.derived_row(*member).filter(|_| !stands));
            self.publish_row(*member, row);
        }
    }

    fn publish_row(&mut self, id: AppointmentId, row: Option<AppointmentRow>) {
        let index = Arc::make_mut(&mut self.index);
        if let Some(old) = index.appointments.remove(&id) {
            let date = zone::date(old.starts, &index.zone);
            if let Some(ids) = index.days.get_mut(&date) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    index.days.remove(&date);
                }
            }
        }
        let Some(row) = row else { return };
        let Index { days, appointments, zone, .. } = index;
        let ids = days.entry(zone::date(row.starts, zone)).or_default();
        let key = (row.starts, id);
        let place = ids.partition_point(|other| {
            appointments.get(other).is_some_and(|other| (other.starts, other.id) < key)
        });
        ids.insert(place, id);
        appointments.insert(id, Arc::new(row));
    }

    fn row(
        &self,
        id: AppointmentId,
        booking: &Booking,
        family: &BTreeSet<AppointmentId>,
    ) -> AppointmentRow {
        let group = self.group_with(booking.kind, &booking.clients, family);
        let clients = self.as_kept(&booking.clients);
        let differs = clients != booking.clients;
        AppointmentRow {
            id,
            group,
            clients,
            written: if differs { booking.clients.clone() } else { Vec::new() },
            kind: booking.kind,
            slot: booking.slot.clone(),
            starts: zone::instant(booking.slot.start, &booking.slot.zone),
            rivals: self.facts.rivals(id, booking, family),
            status: booking.status,
            reason: booking.reason.clone(),
            fee: booking.fee,
            stamps: booking.stamps,
            whereabouts: booking.whereabouts.clone(),
            memo: booking.memo.clone(),
            note: self.note_state((group, &booking.clients), family),
            occurrence: self.occurrence(id, true),
        }
    }

    fn publish_chart(&mut self, client: ClientId) {
        let (mut drafts, sessions, supervision) = match self.shown_chart(client) {
            Some(chart) => {
                (chart.unfinished(client, Book::Chart), chart.sessions(), chart.supervision(client))
            }
            None => Default::default(),
        };
        drafts.extend(self.unsigned(client));
        self.publish_timeline(client);
        let (plan, consents) = (self.plan_of(client), self.consents_of(client));
        let strays = self.strays_of(client);
        let index = Arc::make_mut(&mut self.index);
        match consents {
            Some(rows) => drop(index.consents.insert(client, rows)),
            None => drop(index.consents.remove(&client)),
        }
        match plan {
            Some(review) => drop(index.plans.insert(client, review)),
            None => drop(index.plans.remove(&client)),
        }
        index.drafts.retain(|row| row.client != client);
        index.drafts.extend(drafts);
        index.drafts.sort_by_key(|row: &DraftRow| (row.begun, row.note));
        index.supervision.retain(|row| row.client != client);
        index.supervision.extend(supervision);
        index.supervision.sort_by_key(|row| (row.since, row.note));
        index.strays.retain(|row| row.client != client);
        index.strays.extend(strays);
        index.strays.sort();
        self.publish_sessions(client, &sessions);
    }

    /// When a client's plan is looked at again, if there is one to be seen.
    fn plan_of(&self, client: ClientId) -> Option<Option<jiff::civil::Date>> {
        let chart = self.facts.charts.get(&client).filter(|_| !self.is_hidden(client))?;
        let plan = &chart.plan;
        (plan.items > 0 || plan.review.is_some()).then_some(plan.review)
    }

    /// Returns the entries of a client's journal that somebody still has to finish.
    fn unsigned(&self, client: ClientId) -> Vec<DraftRow> {
        let journal = self.shown_book(client, Book::Journal);
        journal.map(|journal| journal.unfinished(client, Book::Journal)).unwrap_or_default()
    }

    fn publish_attachments(&mut self, client: ClientId) {
        let files = if self.is_hidden(client) { BTreeSet::new() } else { self.file_ids(client) };
        let known = &mut Arc::make_mut(&mut self.index).attachments;
        if files.is_empty() {
            known.remove(&client);
        } else if known.get(&client).is_none_or(|known| **known != files) {
            known.insert(client, Arc::new(files));
        }
    }

    pub(super) fn publish_timeline(&mut self, client: ClientId) {
        self.publish_attachments(client);
        let shown = self.kept_of(client);
        if shown != client {
            Arc::make_mut(&mut self.index).timelines.remove(&client);
        }
        let client = shown;
        let hidden = self.is_hidden(client);
        let timeline = if hidden { Vec::new() } else { self.whole_timeline(client) };
        let index = Arc::make_mut(&mut self.index);
        let known = index.timelines.get(&client).is_some_and(|known| **known == timeline);
        if timeline.is_empty() {
            index.timelines.remove(&client);
        } else if !known {
            index.timelines.insert(client, Arc::new(timeline));
        }
    }

    fn publish_sessions(&mut self, client: ClientId, now: &BTreeMap<AppointmentId, NoteState>) {
        let before = self.sessions_of.insert(client, now.clone()).unwrap_or_default();
        let mut changed: Vec<_> = now
            .iter()
            .filter(|(id, state)| before.get(id) != Some(state))
            .map(|(id, _)| *id)
            .collect();
        changed.extend(before.keys().filter(|id| !now.contains_key(id)).copied());
        for id in changed {
            let states = self.sessions.entry(id).or_default();
            match now.get(&id) {
                Some(state) => states.insert(client, *state),
                None => states.remove(&client),
            };
            if states.is_empty() {
                self.sessions.remove(&id);
            }
            self.publish_appointment(id);
        }
    }
}
