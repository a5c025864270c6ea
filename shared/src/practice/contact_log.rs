//! The contact log: calls, mails, texts, letters and faxes between a client and the practice. It lies
//! with the contact, so that a front desk writes and reads it without a key to any chart.
//!
//! Entries are records: one that is wrong is struck by another and stays in the log.

use super::apply::{Done, Refusal};
use super::calendar::REASON_BYTES_MAX;
use super::chart::tag;
use super::compartment::CompartmentName;
use super::contact::{normal, within};
use super::edit::{Channel, Direction, Edit};
use super::journal::Book;
use super::label::Label;
use super::record::{LABELS_MAX, Record, RecordKind, Relation, RelationKind, Tags};
use super::view::{TimelineEntry, TimelineRow};
use super::{Context, Practice};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, DeviceId, RecordId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const ITEMS_MAX: usize = 1 << 20;

/// One client's log as lists know it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct ContactLog {
    entries: BTreeMap<RecordId, Entry>,
    /// By what they strike or bring back: all that was said. The newest counts.
    strikes: BTreeMap<RecordId, BTreeSet<Strike>>,
}

/// When something was said, which record says it, whether it strikes, and which device said so.
type Strike = (Timestamp, RecordId, bool, DeviceId);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Entry {
    time: Timestamp,
    channel: Channel,
    direction: Direction,
    text: String,
}

impl ContactLog {
    /// Takes over what a record says; what this version cannot read is passed over.
    pub(super) fn learn(&mut self, record: &Record) {
        let Some(body) = record.body().filter(|_| record.header.kind == RecordKind::ContactLog)
        else {
            return;
        };
        let id = record.header.id;
        if let Some(struck) = record.relation(RelationKind::Corrects) {
            let target = RecordId::from_bytes(struck.target);
            let says = body.fixed::<1>(tag::STRUCK).is_some_and(|[struck]| struck == 1);
            let said = (record.header.time, id, says, record.header.author.device);
            self.strikes.entry(target).or_default().insert(said);
            return;
        }
        let one = |tag| body.fixed::<1>(tag).map(|[number]| number);
        let channel = one(tag::CHANNEL).and_then(Channel::of);
        let direction = one(tag::DIRECTION).and_then(Direction::of);
        let (Some(channel), Some(direction)) = (channel, direction) else { return };
        let at = body.fixed(tag::WHEN).map(i64::from_be_bytes).map(Timestamp::from_millis);
        let text = normal(body.text(tag::TEXT).unwrap_or_default());
        let text = within(&text, REASON_BYTES_MAX).to_owned();
        let time = at.unwrap_or(record.header.time);
        self.entries.entry(id).or_insert(Entry { time, channel, direction, text });
    }

    /// Returns whether this is a contact of the log, struck or not.
    pub(super) fn holds(&self, record: RecordId) -> bool {
        self.entries.contains_key(&record)
    }

    /// Returns what is not struck, as lines of a timeline.
    pub(super) fn rows(&self, client: ClientId) -> impl Iterator<Item = TimelineRow> + '_ {
        let stand = self.entries.iter().filter(|(id, _)| !self.is_struck(**id));
        stand.map(move |(id, entry)| TimelineRow {
            time: entry.time,
            client,
            entry: TimelineEntry::Contact {
                record: *id,
                channel: entry.channel,
                direction: entry.direction,
                text: entry.text.clone(),
            },
        })
    }

    fn is_struck(&self, record: RecordId) -> bool {
        let newest = self.strikes.get(&record).and_then(BTreeSet::last);
        newest.is_some_and(|(_, _, struck, _)| *struck)
    }

    /// Returns when it was last said that an entry is struck, or is not.
    fn said_last(&self, record: RecordId) -> Option<Timestamp> {
        self.strikes.get(&record)?.last().map(|(time, ..)| *time)
    }

    /// Returns what other devices said of an entry, whatever their clocks say.
    pub(super) fn heard_of(&self, record: RecordId, own: DeviceId) -> BTreeSet<RecordId> {
        let said = self.strikes.get(&record).into_iter().flatten();
        said.filter(|(.., device)| *device != own).map(|(_, act, ..)| *act).collect()
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let entries: Vec<_> = self.entries.iter().collect();
        writer.list(&entries, |w, (id, entry)| {
            w.fixed(id.as_bytes()).i64(entry.time.as_millis());
            w.u8(entry.channel.number()).u8(entry.direction.number()).text(&entry.text);
        });
        let of = |(target, said): (&RecordId, &BTreeSet<Strike>)| {
            said.iter().map(|said| (*target, *said)).collect::<Vec<_>>()
        };
        let strikes: Vec<_> = self.strikes.iter().flat_map(of).collect();
        writer.list(&strikes, |w, (target, (time, record, struck, device))| {
            w.fixed(target.as_bytes()).i64(time.as_millis()).fixed(record.as_bytes());
            w.u8(u8::from(*struck)).fixed(device.as_bytes());
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let entries = reader.list(ITEMS_MAX, |r| {
            let id = RecordId::from_bytes(r.fixed()?);
            let time = Timestamp::from_millis(r.i64()?);
            let channel = Channel::of(r.u8()?).ok_or(CodecError::Unknown)?;
            let direction = Direction::of(r.u8()?).ok_or(CodecError::Unknown)?;
            let text = r.text(REASON_BYTES_MAX)?.to_owned();
            Ok((id, Entry { time, channel, direction, text }))
        })?;
        let said = reader.list(ITEMS_MAX, |r| {
            let target = RecordId::from_bytes(r.fixed()?);
            let (time, record) =
                (Timestamp::from_millis(r.i64()?), RecordId::from_bytes(r.fixed()?));
            Ok((target, (time, record, r.u8()? == 1, DeviceId::from_bytes(r.fixed()?))))
        })?;
        let mut strikes: BTreeMap<RecordId, BTreeSet<Strike>> = BTreeMap::new();
        for (target, said) in said {
            strikes.entry(target).or_default().insert(said);
        }
        Ok(Self { entries: entries.into_iter().collect(), strikes })
    }
}

/// What an [`Edit::LogContact`] says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewContact {
    /// In which way.
    pub channel: Channel,
    /// Who began.
    pub direction: Direction,
    /// When, if not now.
    pub at: Option<Timestamp>,
    /// In a line; may be empty.
    pub text: String,
    /// What makes it especially sensitive. They lie in the chart, and need its key.
    pub labels: BTreeSet<Label>,
}

impl Practice {
    /// Returns everything that is known of a client, newest first, as far as its keys are here.
    pub(super) fn timeline_of(&self, client: ClientId) -> Vec<TimelineRow> {
        let chart = self.shown_chart(client);
        let mut rows = chart.map(|chart| chart.timeline(client)).unwrap_or_default();
        let in_chart = rows.len();
        if let Some(journal) = self.shown_book(client, Book::Journal) {
            rows.extend(journal.timeline(client));
        }
        let hidden = self.hidden_records(client);
        if let Some(files) = self.facts.attachments.get(&client).filter(|_| !self.is_hidden(client))
        {
            rows.extend(files.timeline(client, &hidden));
        }
        if let Some(log) = self.facts.logs.get(&client) {
            rows.extend(log.rows(client).filter(|row| !hidden.contains(&row.entry.record())));
        }
        if rows.len() > in_chart {
            // Of one moment, what the chart holds stands first.
            rows.sort_by_key(|row| std::cmp::Reverse(row.time));
        }
        rows
    }

    pub(super) fn log_contact(
        &mut self,
        client: ClientId,
        new: &NewContact,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        let text = normal(&new.text);
        if text.len() > REASON_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
        let mut body = Tags::new();
        body.set(tag::CHANNEL, [new.channel.number()])
            .set(tag::DIRECTION, [new.direction.number()]);
        if let Some(at) = new.at {
            body.set(tag::WHEN, at.as_millis().to_be_bytes());
        }
        if !text.is_empty() {
            body.set(tag::TEXT, text.into_bytes());
        }
        let name = CompartmentName::Contact(client);
        if new.labels.len() > LABELS_MAX {
            return Err(Refusal::TextTooLong);
        }
        let (record, change) =
            self.write_record(&name, RecordKind::ContactLog, Vec::new(), body, cx);
        let mut changes = vec![change];
        changes.extend(self.label_new(client, &changes, &new.labels, cx));
        let inverse = Edit::StrikeContact { client, record, struck: true };
        Ok(Done { changes, inverse: Some(inverse), guards: Vec::new() })
    }

    pub(super) fn strike_contact(
        &mut self,
        client: ClientId,
        (record, struck): (RecordId, bool),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let log = self.facts.logs.get(&client);
        if !log.is_some_and(|log| log.holds(record)) {
            return Err(Refusal::UnknownNote);
        }
        let name = CompartmentName::Contact(client);
        let digest = Self::stored_record(&name, record, cx)?.digest();
        let relation =
            Relation { kind: RelationKind::Corrects, target: *record.as_bytes(), digest };
        let mut body = Tags::new();
        body.set(tag::STRUCK, [u8::from(struck)]);
        let said = log.and_then(|log| log.said_last(record));
        let written = (RecordKind::ContactLog, vec![relation]);
        let change = self.write_after(said, &name, written, body, cx);
        let inverse = Edit::StrikeContact { client, record, struck: !struck };
        Ok(Done { changes: vec![change], inverse: Some(inverse), guards: Vec::new() })
    }
}
