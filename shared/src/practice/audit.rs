//! The audit trail: who looked, signed, searched or took something out, and when.
//!
//! Entries are records of the member's own `audit` compartment. Each names the one before it on
//! the same device, so that a missing one shows. None holds a word that anybody wrote: ids,
//! kinds and counts only (45 CFR 164.312(b)).

use super::chart::tag;
use super::compartment::CompartmentName;
use super::edit::{Purpose, Subject};
use super::journal::write_date;
use super::record::{Record, RecordKind, Tags, registry};
use super::{Context, Practice, change::Change};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, DeviceId, MemberId};
use crate::suite::Hash;
use std::collections::BTreeMap;

registry! {
    /// What happened.
    AuditKind {
        /// The vault was opened.
        Unlock = 1,
        /// A passphrase was refused.
        FailedUnlock = 2,
        /// The vault was closed.
        Lock = 3,
        /// Somebody looked at a chart, a draft or a note.
        Open = 4,
        /// Somebody searched.
        Search = 5,
        /// Somebody signed.
        Sign = 6,
        /// Something left the vault.
        Export = 7,
        /// A device was added.
        Pair = 8,
        /// A device was revoked.
        Revoke = 9,
        /// What a device wrote that was shut out was taken over.
        LateTaken = 10,
        /// The recovery sheet brought the practice back to a new device.
        Recover = 11,
        /// A backup was written: everything left the vault, sealed to the recovery sheet.
        Backup = 12,
        /// The practice was brought back from a backup.
        Restore = 13,
        /// Another recovery sheet took the place of the one before.
        SheetReplaced = 14,
        /// Another recovery sheet was asked for.
        SheetRequested = 15,
        /// Another recovery sheet that was asked for was refused.
        SheetVetoed = 16,
        /// Somebody asked that a record be erased.
        ErasureAsked = 17,
        /// That was taken back.
        ErasureWithdrawn = 18,
        /// It was ordered.
        ErasureOrdered = 19,
        /// A legal hold was set on a record.
        HoldSet = 20,
        /// It was taken away.
        HoldEnded = 21,
    }
}

/// Whom or what an entry is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuditSubject {
    /// What was opened.
    View(Subject),
    /// A client.
    Client(ClientId),
    /// Single lines of what is written about a client, as a search shows them.
    Lines(ClientId),
    /// A device.
    Device(DeviceId),
    /// A member.
    Member(MemberId),
}

/// One thing to be written down. There is no field for text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AuditEvent {
    /// What happened.
    pub kind: AuditKind,
    /// About whom or what.
    pub subject: Option<AuditSubject>,
    /// Why.
    pub purpose: Option<Purpose>,
    /// How many: failed attempts, results, things that left.
    pub count: Option<u32>,
    /// The hash of the bytes that left the vault.
    pub released: Option<Hash>,
}

impl AuditEvent {
    /// Returns an event of which only the kind is known.
    pub const fn new(kind: AuditKind) -> Self {
        Self { kind, subject: None, purpose: None, count: None, released: None }
    }

    /// Adds what it is about.
    #[must_use]
    pub const fn about(mut self, subject: AuditSubject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Adds a count.
    #[must_use]
    pub const fn counting(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    fn body(&self, number: u64, previous: &Hash) -> Tags {
        let mut body = Tags::new();
        body.set(tag::EVENT, self.kind.number().to_be_bytes());
        body.set(tag::NUMBER, number.to_be_bytes()).set(tag::PREVIOUS, *previous.as_bytes());
        if let Some(subject) = &self.subject {
            body.set(tag::SUBJECT, encode_subject(subject));
        }
        if let Some(purpose) = self.purpose {
            body.set(tag::PURPOSE, [purpose_number(purpose)]);
        }
        if let Some(count) = self.count {
            body.set(tag::COUNT, count.to_be_bytes());
        }
        if let Some(released) = &self.released {
            body.set(tag::RELEASED, *released.as_bytes());
        }
        body
    }
}

/// An entry as a reader of the trail sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AuditEntry {
    /// What happened.
    pub kind: AuditKind,
    /// Its number in the trail of its device; the first is 1.
    pub number: u64,
    /// The digest of the entry before it, zero for the first.
    pub previous: Hash,
}

impl AuditEntry {
    /// Reads an entry; `None` when the record is none.
    pub fn of(record: &Record) -> Option<Self> {
        let body = record.body().filter(|_| record.header.kind == RecordKind::Audit)?;
        Some(Self {
            kind: AuditKind::of(u16::from_be_bytes(body.fixed(tag::EVENT)?)),
            number: u64::from_be_bytes(body.fixed(tag::NUMBER)?),
            previous: Hash::from_bytes(body.fixed(tag::PREVIOUS)?),
        })
    }
}

/// Where the trail of each of a member's devices ends.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Trail {
    ends: BTreeMap<DeviceId, (u64, Hash)>,
}

const DEVICES_MAX: usize = 10_000;

impl Trail {
    pub(super) fn learn(&mut self, record: &Record) {
        let Some(entry) = AuditEntry::of(record) else { return };
        let end = self.ends.entry(record.header.author.device).or_insert((0, Hash::ZERO));
        if entry.number > end.0 {
            *end = (entry.number, record.digest());
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let ends: Vec<_> = self.ends.iter().collect();
        writer.list(&ends, |w, (device, (number, digest))| {
            w.fixed(device.as_bytes()).u64(*number).fixed(digest.as_bytes());
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let ends = reader.list(DEVICES_MAX, |r| {
            let device = DeviceId::from_bytes(r.fixed()?);
            Ok((device, (r.u64()?, Hash::from_bytes(r.fixed()?))))
        })?;
        Ok(Self { ends: ends.into_iter().collect() })
    }
}

impl Practice {
    /// Writes an entry into the trail of whoever holds the pen.
    pub fn audit(&mut self, event: &AuditEvent, cx: &mut Context<'_>) -> Vec<Change> {
        let author = cx.pen.author();
        let trail = self.facts.trails.entry(author.member).or_default();
        let (number, previous) = trail.ends.get(&author.device).copied().unwrap_or((0, Hash::ZERO));
        let body = event.body(number + 1, &previous);
        let name = CompartmentName::Audit(author.member);
        let (_, change) = self.write_record(&name, RecordKind::Audit, Vec::new(), body, cx);
        vec![change]
    }
}

fn purpose_number(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Care => 1,
        Purpose::Query => 2,
        Purpose::Disclosure => 3,
    }
}

fn encode_subject(subject: &AuditSubject) -> Vec<u8> {
    let mut writer = Writer::new();
    match subject {
        AuditSubject::View(Subject::Chart(client)) => writer.u8(1).fixed(client.as_bytes()),
        AuditSubject::View(Subject::Draft(client, draft)) => {
            writer.u8(2).fixed(client.as_bytes()).fixed(draft.as_bytes())
        }
        AuditSubject::View(Subject::Note(client, record)) => {
            writer.u8(3).fixed(client.as_bytes()).fixed(record.as_bytes())
        }
        AuditSubject::View(Subject::Plan(client)) => writer.u8(7).fixed(client.as_bytes()),
        AuditSubject::View(Subject::Identity(client)) => writer.u8(8).fixed(client.as_bytes()),
        AuditSubject::View(Subject::Journal(client)) => writer.u8(9).fixed(client.as_bytes()),
        AuditSubject::View(Subject::Attachments(client)) => writer.u8(12).fixed(client.as_bytes()),
        AuditSubject::View(Subject::Attachment(client, record)) => {
            writer.u8(13).fixed(client.as_bytes()).fixed(record.as_bytes())
        }
        AuditSubject::View(Subject::Consents(client)) => writer.u8(11).fixed(client.as_bytes()),
        AuditSubject::View(Subject::Psychotherapy(client)) => {
            writer.u8(15).fixed(client.as_bytes())
        }
        AuditSubject::View(Subject::Measures(client)) => writer.u8(14).fixed(client.as_bytes()),
        AuditSubject::View(Subject::Crisis(client)) => writer.u8(18).fixed(client.as_bytes()),
        AuditSubject::View(Subject::Report(client, from, to)) => {
            writer.u8(22).fixed(client.as_bytes());
            write_date(&mut writer, *from);
            write_date(&mut writer, *to);
            &mut writer
        }
        AuditSubject::Client(client) => writer.u8(4).fixed(client.as_bytes()),
        AuditSubject::Lines(client) => writer.u8(21).fixed(client.as_bytes()),
        AuditSubject::Device(device) => writer.u8(5).fixed(device.as_bytes()),
        AuditSubject::Member(member) => writer.u8(6).fixed(member.as_bytes()),
    };
    writer.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ObjectId, RecordId};
    use std::collections::BTreeSet;

    #[test]
    fn whatever_was_looked_at_is_told_apart() {
        let client = ClientId::from_bytes([1; 16]);
        let record = RecordId::from_bytes([2; 16]);
        let views = [
            Subject::Chart(client),
            Subject::Draft(client, ObjectId::from_bytes([2; 16])),
            Subject::Note(client, record),
            Subject::Plan(client),
            Subject::Consents(client),
            Subject::Measures(client),
            Subject::Crisis(client),
            Subject::Report(client, jiff::civil::Date::MIN, jiff::civil::Date::MAX),
            Subject::Identity(client),
            Subject::Journal(client),
            Subject::Psychotherapy(client),
            Subject::Attachments(client),
            Subject::Attachment(client, record),
        ];
        let others = [
            AuditSubject::Client(client),
            AuditSubject::Lines(client),
            AuditSubject::Device(DeviceId::from_bytes([1; 16])),
            AuditSubject::Member(MemberId::from_bytes([1; 16])),
        ];
        let all: Vec<_> = views.into_iter().map(AuditSubject::View).chain(others).collect();
        let written: BTreeSet<_> = all.iter().map(encode_subject).collect();
        assert_eq!(written.len(), all.len());
    }
}
