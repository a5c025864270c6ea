//! From content to envelopes. What this device made is numbered and sealed when it is about to be
//! pushed, in the order in which it was made; from then on it goes out byte for byte as it is.

use super::frames::{MailFrame, Source};
use super::grid::{self, Grid};
use super::parcel::{self, NO_OBJECT, SCHEMA};
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::frame::{Compartment, ContentKind, DeviceFrame};
use crate::device::locations::Place;
use crate::device::store::StoreError;
use std::collections::BTreeSet;
use tacenda_shared::envelope::{
    self, AccessRule, ControlBody, Envelope, Kind, MAX_RULES, Rights, Slot,
};
use tacenda_shared::id::{CompartmentId, ObjectId, RecordId, RingEpoch, RingId};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::keys::safe::{self, RowName, SlotName};
use tacenda_shared::log::OwnHead;
use tacenda_shared::plaintext;
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::device::DeviceSync;
use tacenda_shared::sync::{MAX_GROUP, Row, RowKey};

/// Envelopes that are sealed and journalled together at most.
const BATCH_ENVELOPES: usize = 128;

/// What was sealed together, in the order of the own chain.
#[derive(Default)]
pub(super) struct Packed {
    /// Each envelope with what it carries.
    pub(super) envelopes: Vec<(Envelope, Option<Source>)>,
    /// Content that never goes out, see [`MailFrame::Skipped`].
    pub(super) skipped: Vec<Location>,
    bytes: usize,
}

impl Packed {
    fn is_full(&self) -> bool {
        self.envelopes.len() >= BATCH_ENVELOPES || self.bytes >= MAX_GROUP
    }

    /// Returns the frames that put all of it on the disk.
    pub(super) fn frames(&self) -> Vec<DeviceFrame> {
        let sent = self.envelopes.iter().map(|(envelope, source)| {
            let envelope = Box::new(envelope.clone());
            DeviceFrame::Mail(MailFrame::Sent { source: *source, envelope })
        });
        let skipped = (!self.skipped.is_empty())
            .then(|| DeviceFrame::Mail(MailFrame::Skipped(self.skipped.clone())));
        sent.chain(skipped).collect()
    }
}

/// What is to be done with a piece of content now.
enum Turn {
    Seal(Kind, ObjectId, Vec<u8>),
    Control(ControlBody),
    Later,
    Never,
}

impl<F: FileSystem> Cabinet<F> {
    /// Seals the next pieces of content, each once, after what is queued already.
    pub(super) fn pack(
        &self,
        sync: &DeviceSync,
        gate: Option<&Grid>,
    ) -> Result<Packed, StoreError> {
        let locations = self.store.locations();
        let mut packed = Packed::default();
        let mut begun = BTreeSet::new();
        let mut own = sync.own();
        for source in locations.ledger().unsent() {
            if packed.is_full() {
                break;
            }
            let Some(compartment) = locations.compartment(source.compartment) else { continue };
            if gate.is_some_and(|gate| gate.holds(&compartment.name, source.location)) {
                continue;
            }
            let turn = self.turn(source)?;
            match turn {
                Turn::Later => continue,
                Turn::Never => {
                    packed.skipped.push(source.location);
                    continue;
                }
                Turn::Control(_) | Turn::Seal(..) => {}
            }
            let new = !locations.ledger().has_begun(compartment.id);
            if new && !begun.contains(&compartment.id) {
                // What no ring of the practice may read stays here.
                let Some(genesis) = self.genesis(compartment)? else { continue };
                self.control(sync, compartment, &genesis, None, &mut own, &mut packed)?;
                begun.insert(compartment.id);
            }
            match turn {
                Turn::Control(body) => {
                    self.control(sync, compartment, &body, Some(source), &mut own, &mut packed)?;
                }
                Turn::Seal(kind, object, body) => {
                    let parcel = (kind, object, body.as_slice());
                    self.sealed(sync, compartment, parcel, source, &mut own, &mut packed)?;
                }
                Turn::Later | Turn::Never => {}
            }
        }
        Ok(packed)
    }

    /// Returns the newest piece of content that quiet timing holds back for a while.
    pub(super) fn newest_quiet(&self) -> Option<Location> {
        let locations = self.store.locations();
        let quiet = locations.ledger().unsent().filter(|source| {
            locations.compartment(source.compartment).is_some_and(|c| grid::is_quiet(&c.name))
        });
        quiet.map(|source| source.location).max()
    }

    fn turn(&self, source: Source) -> Result<Turn, StoreError> {
        let (id, kind) = (source.compartment, source.kind);
        if let ContentKind::Close { draft, record } = kind {
            return Ok(self.ending(id, draft, record));
        }
        if let ContentKind::Draft(draft) | ContentKind::DraftDelta(draft) = kind
            && !self.has_draft_key(id, draft)
        {
            return Ok(Turn::Never);
        }
        let place = Place { kind, location: source.location };
        let bytes = self.open_content(id, place)?;
        Ok(match (kind, parcel::parcel(kind, &bytes)) {
            (ContentKind::Draft(object), _) => {
                let commitment = bytes.as_slice().try_into().map_err(|_| StoreError::Altered)?;
                Turn::Control(ControlBody::Draft {
                    object,
                    commitment: Hash::from_bytes(commitment),
                })
            }
            (_, Some((kind, object, body))) => Turn::Seal(kind, object, body),
            (_, None) => Turn::Never,
        })
    }

    fn has_draft_key(&self, id: CompartmentId, draft: ObjectId) -> bool {
        self.drafts.contains_key(&draft)
            || self.rows.row(&RowName::Draft(self.draft_name(id, draft))).is_some()
    }

    /// A Close names the record by the number of its envelope, which must have been taken.
    fn ending(&self, id: CompartmentId, object: ObjectId, record: RecordId) -> Turn {
        let ledger = self.store.locations().ledger();
        if !ledger.knows_draft(object) {
            return if self.has_draft_key(id, object) { Turn::Later } else { Turn::Never };
        }
        match ledger.number_of(self.identity.author.device, record) {
            Some((_, dev_inc, dev_seq)) if !ledger.is_unanswered(dev_inc, dev_seq) => {
                Turn::Control(ControlBody::Close { object, dev_inc, dev_seq })
            }
            _ => Turn::Later,
        }
    }

    /// The first entry of a compartment: who may read and write it, its key, its name.
    fn genesis(&self, compartment: &Compartment) -> Result<Option<ControlBody>, StoreError> {
        let Some(slot) = self.slots.get(&compartment.id) else { return Ok(None) };
        let mut held: Vec<(RingId, RingEpoch, Rights)> = self
            .rings
            .iter()
            .filter(|(_, ring)| compartment.rings.contains(&ring.id))
            .map(|(purpose, ring)| (ring.id, ring.epoch, rights(*purpose)))
            .collect();
        held.sort_unstable_by_key(|(ring, ..)| *ring);
        if held.is_empty() || held.len() > MAX_RULES {
            return Ok(None);
        }
        let rules =
            held.iter().map(|(ring, _, rights)| AccessRule { ring: *ring, rights: *rights });
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let name = parcel::seal_name(slot, compartment.id, &compartment.name, &mut hedge)
            .map_err(|_| StoreError::Altered)?;
        Ok(Some(ControlBody::Genesis {
            rules: rules.collect(),
            slot: Slot {
                generation: compartment.generation,
                commitment: compartment.commitment,
                epochs: held.iter().map(|(ring, epoch, _)| (*ring, *epoch)).collect(),
            },
            name,
        }))
    }

    fn control(
        &self,
        sync: &DeviceSync,
        compartment: &Compartment,
        body: &ControlBody,
        source: Option<Source>,
        own: &mut OwnHead,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let mut header = sync.next_header(compartment.id, body.kind(), NO_OBJECT, 0);
        (header.dev_seq, header.prev_own) = (own.dev_seq.next(), own.own);
        let envelope = envelope::sign_control(header, body, &self.keys.sign)
            .map_err(|_| StoreError::Altered)?;
        packed.take(envelope, source, own);
        Ok(())
    }

    fn sealed(
        &self,
        sync: &DeviceSync,
        compartment: &Compartment,
        (kind, object, body): (Kind, ObjectId, &[u8]),
        source: Source,
        own: &mut OwnHead,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let mut header = sync.next_header(compartment.id, kind, object, SCHEMA);
        (header.dev_seq, header.prev_own) = (own.dev_seq.next(), own.own);
        header.slot_generation = compartment.generation;
        let content = plaintext::pack(kind, SCHEMA, body).map_err(|_| StoreError::Altered)?;
        let slot = self.slots.get(&compartment.id).ok_or(StoreError::NoKey)?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let envelope = if object == NO_OBJECT {
            let key = safe::envelope_key(slot, None);
            envelope::seal(header, &key, &content, &self.keys.sign, &mut hedge)
        } else {
            let opened;
            let draft = match self.drafts.get(&object) {
                Some(draft) => draft,
                None => {
                    opened = self.open_draft(slot, compartment.id, object)?;
                    &opened
                }
            };
            let key = safe::envelope_key(slot, Some(draft));
            envelope::seal(header, &key, &content, &self.keys.sign, &mut hedge)
        };
        packed.take(envelope.map_err(|_| StoreError::Altered)?, Some(source), own);
        Ok(())
    }

    /// Returns the rows of the keys that an envelope announces, as they go to the server with it.
    pub(super) fn rows_for(&self, envelope: &Envelope) -> Vec<Row> {
        let id = envelope.header.compartment;
        let names: Vec<RowName> = match envelope.control() {
            Ok(Some(ControlBody::Genesis { slot, .. } | ControlBody::Slot(slot))) => slot
                .epochs
                .iter()
                .map(|(ring, epoch)| {
                    let (ring, epoch, generation) = (*ring, *epoch, slot.generation);
                    RowName::Slot(SlotName { ring, epoch, compartment: id, generation })
                })
                .collect(),
            Ok(Some(ControlBody::Draft { object, .. })) => {
                vec![RowName::Draft(self.draft_name(id, object))]
            }
            _ => Vec::new(),
        };
        let row = |name: &RowName| {
            let bytes = self.rows.row(name)?.as_bytes().to_vec();
            Some(Row { key: RowKey(name.encode()), bytes })
        };
        names.iter().filter_map(row).collect()
    }
}

impl Packed {
    fn take(&mut self, envelope: Envelope, source: Option<Source>, own: &mut OwnHead) {
        *own = OwnHead::after(&envelope.header, envelope.hash());
        self.bytes = self.bytes.saturating_add(envelope.body.len());
        self.envelopes.push((envelope, source));
    }
}

/// Those who look over audit trails read and nothing else; who else has a ring has all of it.
const fn rights(purpose: RingPurpose) -> Rights {
    match purpose {
        RingPurpose::Auditors => Rights::READ,
        _ => Rights::ALL,
    }
}
