//! Collects what an export holds of one chart. It opens no psychotherapy compartment, so that
//! nothing of it can get in.

use super::export::{ChartItem, ContactItem};
use crate::id::{ClientId, RecordId};
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Stamp, Subject};
use crate::practice::view::{TimelineEntry, TimelineRow, View};
use crate::practice::{Context, Practice, Refusal, ShelfError};
use std::collections::BTreeSet;

impl Practice {
    /// Returns everything of a client's chart and journal in the order in which it happened: measures, risk
    /// forms, safety plans, signed notes with their addenda, entries of the journal and versions of the plan, who the client
    /// is in law, consents, the plan as it stands, then open drafts. The caller writes the one audit entry of the
    /// disclosure (`release::emit`).
    ///
    /// # Errors
    /// When something that the chart names cannot be read: an export is whole or it is none.
    pub fn chart_items(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<Vec<ChartItem>, ShelfError> {
        let index = self.index();
        let mut items = Vec::new();
        let timeline = if self.is_hidden(client) { Vec::new() } else { self.timeline_of(client) };
        let mut known = BTreeSet::new();
        for row in timeline.iter().rev() {
            match &row.entry {
                TimelineEntry::Contact { record, .. } => {
                    items.push(ChartItem::Contact(self.contact_item(client, *record, row, cx)?));
                }
                TimelineEntry::Measure { record, .. } => {
                    let view = self.measure_view(client, *record, cx)?;
                    items.push(ChartItem::Measure(Box::new(view)));
                }
                // What was read by nobody, since it does not read, is in no export.
                TimelineEntry::Risk { record, .. } => {
                    let view = self.risk_view(client, *record, cx)?;
                    items.extend(view.map(|view| ChartItem::Risk(Box::new(view))));
                }
                TimelineEntry::SafetyPlan { record, .. } => {
                    let view = self.safety_view(client, *record, cx)?;
                    items.extend(view.map(ChartItem::Safety));
                }
                // A version of the plan reads as a note, and so does an entry of the journal.
                TimelineEntry::Journal { record, .. }
                | TimelineEntry::Note { record, .. }
                | TimelineEntry::Plan { record, .. } => {
                    self.collect_versions((client, *record), &mut known, &mut items, cx)?;
                }
                TimelineEntry::InError { record, struck, by } => {
                    items.push(ChartItem::InError(client, *record, *struck, *by));
                }
                // An addendum comes with its note; consents and files come together.
                TimelineEntry::Addendum { .. }
                | TimelineEntry::Attachment { .. }
                | TimelineEntry::Consent { .. }
                | TimelineEntry::Unknown { .. } => {}
            }
        }
        if self.facts.identities.contains(&client) {
            match self.looked_at(Subject::Identity(client), cx)? {
                View::Identity(view) => items.push(ChartItem::Identity(view)),
                _ => return Err(ShelfError::Damaged),
            }
        }
        if index.consents.contains_key(&client) {
            match self.looked_at(Subject::Consents(client), cx)? {
                View::Consents(view) => items.push(ChartItem::Consents(view)),
                _ => return Err(ShelfError::Damaged),
            }
        }
        if index.plans.contains_key(&client) {
            match self.looked_at(Subject::Plan(client), cx)? {
                View::Plan(plan) => items.push(ChartItem::Plan(plan)),
                _ => return Err(ShelfError::Damaged),
            }
        }
        self.collect_drafts(client, &mut items, cx)?;
        Ok(items)
    }

    /// Collects what is not signed yet.
    fn collect_drafts(
        &mut self,
        client: ClientId,
        items: &mut Vec<ChartItem>,
        cx: &mut Context<'_>,
    ) -> Result<(), ShelfError> {
        let (index, hidden) = (self.index(), self.hidden_records(client));
        for draft in index.drafts.iter().filter(|draft| draft.client == client) {
            // What adds to a note that is out of sight is no more to be read than that.
            let about = draft.addendum_to.or(draft.corrects);
            if about.is_some_and(|note| hidden.contains(&note)) {
                continue;
            }
            match self.looked_at(Subject::Draft(client, draft.note), cx)? {
                View::Draft(draft) => items.push(ChartItem::Draft(draft)),
                _ => return Err(ShelfError::Damaged),
            }
        }
        Ok(())
    }

    /// Looks at something that is to be there.
    fn looked_at(&mut self, subject: Subject, cx: &mut Context<'_>) -> Result<View, ShelfError> {
        self.look(subject, cx).map_err(|refusal| match refusal {
            Refusal::Shelf(why) => why,
            _ => ShelfError::Damaged,
        })
    }

    /// Collects a note behind all that it stands in the place of, each once and with its own addenda.
    fn collect_versions(
        &mut self,
        (client, note): (ClientId, RecordId),
        known: &mut BTreeSet<RecordId>,
        items: &mut Vec<ChartItem>,
        cx: &mut Context<'_>,
    ) -> Result<(), ShelfError> {
        let chart = self.shown_chart(client);
        let versions =
            chart.map_or_else(|| vec![note], |chart| chart.corrections().back_from(note));
        for version in versions.into_iter().rev() {
            if !known.insert(version) {
                continue;
            }
            match self.looked_at(Subject::Note(client, version), cx)? {
                View::Note(mut note) => {
                    note.addenda.retain(|addendum| known.insert(addendum.record));
                    items.push(ChartItem::Note(note));
                }
                _ => return Err(ShelfError::Damaged),
            }
        }
        Ok(())
    }

    /// Returns the files of a client, which are not in [`Practice::chart_items`]: an export can do
    /// without them.
    ///
    /// # Errors
    /// When something that is stored cannot be read. Of a file that is not whole here, since its parts
    /// have not come or are not what was attached, the item says so.
    pub fn attachment_items(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<Vec<ChartItem>, ShelfError> {
        let files = self.files_of(client, cx)?.into_iter();
        let item = |(row, labels, bytes)| ChartItem::Attachment(client, row, labels, bytes);
        Ok(files.map(item).collect())
    }

    fn contact_item(
        &self,
        client: ClientId,
        id: RecordId,
        row: &TimelineRow,
        cx: &mut Context<'_>,
    ) -> Result<ContactItem, ShelfError> {
        let TimelineEntry::Contact { channel, direction, text, .. } = &row.entry else {
            return Err(ShelfError::Damaged);
        };
        let record = Self::stored_record(&CompartmentName::Contact(client), id, cx)?;
        Ok(ContactItem {
            record: id,
            client,
            channel: *channel,
            direction: *direction,
            text: text.clone(),
            author: record.header.author.member,
            at: Stamp { time: row.time, zone: record.header.zone },
            labels: self.labels_of(client, id, cx)?,
        })
    }
}
