//! What is known of a client's charges, without opening a record: which sessions are charged, for whom,
//! and which charges were taken back.

use super::calendar::CLIENTS_MAX;
use super::chart::tag;
use super::record::{Record, RecordKind, RelationKind};
use super::{misfiled, note};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, RecordId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const ITEMS_MAX: usize = 1 << 20;

/// What is known of a client's charges.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Billing {
    charges: BTreeMap<RecordId, Charge>,
    /// Which were taken back, by what makes the charges of a session one: of another session none is.
    reversed: BTreeSet<(RecordId, [u8; 32])>,
    /// For whom each session was charged beside the client, by what makes its charges one.
    sessions: BTreeMap<[u8; 32], BTreeSet<ClientId>>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Charge {
    time: Timestamp,
    /// What makes two of them one.
    key: [u8; 32],
    /// Whom the calendar named.
    stands_for: Vec<ClientId>,
}

impl Billing {
    pub(super) fn learn(&mut self, record: &Record) {
        let Some(body) = record.body().filter(|_| record.header.kind == RecordKind::Charge) else {
            return;
        };
        if let Some(key) = body.fixed(misfiled::REVERSES) {
            self.learn_reversal(record, key);
            return;
        }
        let Some(key) = body.fixed(tag::IDEMPOTENCY) else { return };
        let stands_for = note::stands_for(body);
        self.insert(record.header.id, Charge { time: record.header.time, key, stands_for });
    }

    fn insert(&mut self, id: RecordId, charge: Charge) {
        let known = self.sessions.entry(charge.key).or_default();
        known.extend(charge.stands_for.iter().copied());
        self.charges.insert(id, charge);
    }

    /// Takes in what takes charges back.
    fn learn_reversal(&mut self, record: &Record, key: [u8; 32]) {
        let named = record.header.relations.iter();
        let named = named.filter(|relation| relation.kind == RelationKind::Corrects);
        self.reversed.extend(named.map(|relation| (RecordId::from_bytes(relation.target), key)));
    }

    /// Returns the charges of a session that stand.
    pub(super) fn standing(&self, key: &[u8; 32]) -> Vec<RecordId> {
        let stands = |id: &RecordId| !self.reversed.contains(&(*id, *key));
        let charges = self.charges.iter().filter(|(id, one)| one.key == *key && stands(id));
        charges.map(|(id, _)| *id).collect()
    }

    /// Returns whether a session is charged here.
    pub(super) fn has(&self, key: &[u8; 32]) -> bool {
        self.sessions.contains_key(key)
            && (self.reversed.is_empty() || !self.standing(key).is_empty())
    }

    /// Returns whether it was charged here in the place of one of these.
    pub(super) fn has_instead(&self, key: &[u8; 32], own: &[ClientId]) -> bool {
        let stands_for = self.sessions.get(key).filter(|_| self.has(key));
        stands_for.is_some_and(|others| others.iter().any(|other| own.contains(other)))
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let charges: Vec<_> = self.charges.iter().collect();
        writer.list(&charges, |w, (id, charge)| {
            w.fixed(id.as_bytes()).i64(charge.time.as_millis()).fixed(&charge.key);
            w.list(&charge.stands_for, |w, one| {
                w.fixed(one.as_bytes());
            });
        });
        let reversed: Vec<_> = self.reversed.iter().collect();
        writer.list(&reversed, |w, (id, key)| {
            w.fixed(id.as_bytes()).fixed(key);
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let charges = reader.list(ITEMS_MAX, |r| {
            let id = RecordId::from_bytes(r.fixed()?);
            let (time, key) = (Timestamp::from_millis(r.i64()?), r.fixed()?);
            let stands_for = r.list(CLIENTS_MAX, |r| r.fixed().map(ClientId::from_bytes))?;
            Ok((id, Charge { time, key, stands_for }))
        })?;
        let reversed =
            reader.list(ITEMS_MAX, |r| Ok((RecordId::from_bytes(r.fixed()?), r.fixed()?)))?;
        let mut billing = Self { reversed: reversed.into_iter().collect(), ..Self::default() };
        charges.into_iter().for_each(|(id, charge)| billing.insert(id, charge));
        Ok(billing)
    }
}
