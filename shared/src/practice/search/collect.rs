//! Which texts of a client are searched, and what they say. It names no psychotherapy compartment.

use super::texts::Texts;
use super::{Hit, Place};
use crate::id::{ClientId, RecordId, Timestamp};
use crate::practice::chart::tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::Subject;
use crate::practice::plan::{Plan, PlanItem};
use crate::practice::record::RecordKind;
use crate::practice::view::{TimelineEntry, View};
use crate::practice::{Context, Practice, ShelfError, crisis, document_of, measure, note};
use std::collections::{BTreeMap, BTreeSet};

/// What a place says: known already, or to be read.
#[derive(Clone)]
enum Says {
    Known(Vec<String>),
    Stored,
}

/// The places of clients, for whoever looks at several of one.
#[derive(Default)]
pub(super) struct Parts {
    of: BTreeMap<ClientId, BTreeMap<Place, Says>>,
}

impl Practice {
    /// Everybody of whom something may be searched.
    pub(super) fn searched_clients(&self) -> BTreeSet<ClientId> {
        let facts = &self.facts;
        let all = facts.contacts.keys().chain(facts.logs.keys()).chain(facts.charts.keys());
        all.chain(facts.journals.keys()).chain(facts.attachments.keys()).copied().collect()
    }

    /// Brings the texts of one client up to what is known; returns whether that is done, or `left`
    /// more could be read first.
    pub(super) fn refresh_texts(
        &mut self,
        client: ClientId,
        texts: &mut Texts,
        left: &mut usize,
        cx: &mut Context<'_>,
    ) -> bool {
        let wanted = self.places_of(client);
        let known = texts.places(client);
        for gone in known.iter().filter(|place| !wanted.contains_key(place)) {
            texts.drop_text(client, *gone);
        }
        for (place, (time, says)) in wanted {
            let is_read = match says {
                Says::Known(parts) => Ok(parts),
                // What was signed does not change.
                Says::Stored if known.contains(&place) && !place.may_change() => continue,
                Says::Stored if texts.was_read(client, place) => continue,
                Says::Stored if *left == 0 => return false,
                Says::Stored => {
                    *left -= 1;
                    self.stored_parts(client, place, cx)
                }
            };
            // One that does not read hides no other.
            texts.read((client, place), is_read.is_ok());
            match is_read {
                Ok(parts) => texts.take((client, place), time, &parts),
                Err(_) => texts.drop_text(client, place),
            }
        }
        true
    }

    /// Returns what a place says, in its parts; nothing if it is gone or cannot be read.
    pub(super) fn parts_of_place(
        &mut self,
        hit: &Hit,
        known: &mut Parts,
        cx: &mut Context<'_>,
    ) -> Option<Vec<String>> {
        let place = hit.place;
        if let Place::Appointment(id) = place {
            let row = self.index.appointments.get(&id)?;
            return Some(
                [Some(&row.memo), row.reason.as_ref()].into_iter().flatten().cloned().collect(),
            );
        }
        let client = hit.client?;
        let places = known.of.entry(client).or_insert_with(|| {
            let places = self.places_of(client).into_iter();
            places.map(|(place, (_, says))| (place, says)).collect()
        });
        match places.get(&place)? {
            Says::Known(parts) => Some(parts.clone()),
            Says::Stored => self.stored_parts(client, place, cx).ok(),
        }
    }

    /// Returns the places of one client, by when they were written.
    fn places_of(&self, client: ClientId) -> BTreeMap<Place, (Option<Timestamp>, Says)> {
        let mut places = BTreeMap::new();
        if self.is_hidden(client) {
            return places;
        }
        if let Some(row) = self.facts.contacts.get(&client) {
            let details = [&row.phone, &row.email, &row.safe_contact];
            let details: Vec<_> = details.into_iter().filter(|text| !text.is_empty()).collect();
            if !details.is_empty() {
                let says = Says::Known(details.into_iter().cloned().collect());
                places.insert(Place::Details, (None, says));
            }
            for task in &row.tasks {
                let says = Says::Known(vec![task.text.clone()]);
                places.insert(Place::Task(task.id), (Some(task.since), says));
            }
        }
        let charts = self.reach.charts();
        for row in self.timeline_of(client) {
            let found = match row.entry {
                TimelineEntry::Contact { record, text, .. } => {
                    (!text.is_empty()).then(|| (Place::Contact(record), Says::Known(vec![text])))
                }
                entry if charts => self.place_of(&entry),
                _ => None,
            };
            places.extend(found.map(|(place, says)| (place, (Some(row.time), says))));
        }
        if charts {
            // Nor is what adds to a note that is out of sight.
            let hidden = self.hidden_records(client);
            for draft in self.index.drafts.iter().filter(|draft| draft.client == client) {
                // What is apart is looked for nowhere.
                let about = draft.addendum_to.or(draft.corrects);
                if draft.psychotherapy || about.is_some_and(|note| hidden.contains(&note)) {
                    continue;
                }
                places.insert(Place::Draft(draft.note), (Some(draft.begun), Says::Stored));
            }
            if self.facts.charts.get(&client).is_some_and(|chart| chart.plan.items > 0) {
                places.insert(Place::Plan, (None, Says::Stored));
            }
        }
        places
    }

    fn place_of(&self, entry: &TimelineEntry) -> Option<(Place, Says)> {
        Some(match entry {
            TimelineEntry::Addendum { record, note, .. } => {
                (Place::Addendum { record: *record, to: *note }, Says::Stored)
            }
            TimelineEntry::Attachment { record, .. } => (Place::Attachment(*record), Says::Stored),
            TimelineEntry::Consent { record, .. } => (Place::Consent(*record), Says::Stored),
            TimelineEntry::Journal { record, .. } => (Place::Journal(*record), Says::Stored),
            TimelineEntry::Note { record, .. } => (Place::Note(*record), Says::Stored),
            TimelineEntry::Plan { record, .. } => (Place::PlanVersion(*record), Says::Stored),
            TimelineEntry::Risk { record, .. } | TimelineEntry::SafetyPlan { record, .. } => {
                (Place::Crisis(*record), Says::Stored)
            }
            TimelineEntry::Measure { record, taken } => {
                let id = &taken.instrument;
                let form = measure::named(id).or_else(|| self.index.measures.get(id));
                let name = form.map_or_else(
                    || id.clone(),
                    |form| format!("{}  {}", form.abbreviation, form.title),
                );
                (Place::Measure(*record), Says::Known(vec![name]))
            }
            // Its text is known where its line is made.
            TimelineEntry::Contact { .. }
            | TimelineEntry::InError { .. }
            | TimelineEntry::Unknown { .. } => return None,
        })
    }

    /// Reads what a place says.
    fn stored_parts(
        &mut self,
        client: ClientId,
        place: Place,
        cx: &mut Context<'_>,
    ) -> Result<Vec<String>, ShelfError> {
        match place {
            Place::Addendum { record, .. }
            | Place::Consent(record)
            | Place::Crisis(record)
            | Place::Journal(record)
            | Place::Note(record)
            | Place::PlanVersion(record) => self.record_parts(client, record, cx),
            Place::Attachment(record) => {
                Ok(Self::attachment_title(client, record, cx)?.into_iter().collect())
            }
            Place::Draft(note) => match self.view(Subject::Draft(client, note), cx) {
                Ok(View::Draft(draft)) => {
                    Ok(draft.parts.into_iter().map(|(_, text)| text).collect())
                }
                _ => Err(ShelfError::Missing),
            },
            Place::Plan => {
                let name = self.chart_of(client);
                let plan = Plan::read(self.document(&name, document_of(&name), cx)?);
                Ok(plan.items.iter().map(PlanItem::words).collect())
            }
            Place::Appointment(_)
            | Place::Contact(_)
            | Place::Details
            | Place::Measure(_)
            | Place::Task(_) => Err(ShelfError::Missing),
        }
    }

    fn record_parts(
        &self,
        client: ClientId,
        id: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Vec<String>, ShelfError> {
        let book = self.book_of_record(client, id);
        let name: CompartmentName = self.home(client, book);
        let record = Self::stored_record(&name, id, cx)?;
        if record.header.kind == RecordKind::Consent {
            let body = record.body().ok_or(ShelfError::Missing)?;
            let tags = [tag::CONSENT_RECIPIENT, tag::CONSENT_COVERS, tag::CONSENT_SAID];
            let texts = tags.into_iter().filter_map(|tag| body.text(tag));
            return Ok(texts.map(str::to_owned).collect());
        }
        if let Some(texts) = crisis::texts(&record) {
            return Ok(texts);
        }
        if record.header.kind == RecordKind::Addendum {
            let view = note::addendum_view(&record).ok_or(ShelfError::Missing)?;
            return Ok(vec![view.text]);
        }
        let view = note::view(&record, client, None, Vec::new()).ok_or(ShelfError::Missing)?;
        let mut parts: Vec<_> = view.parts.into_iter().map(|(_, text)| text).collect();
        parts.extend(view.late_reason);
        parts.extend(view.remote.map(|(modality, said)| said.words(modality)));
        Ok(parts)
    }
}
