//! How a further device of a member begins: the entries that the practice log takes, and what the
//! new device must find before it may begin.

use super::frames::MailFrame;
use crate::device::cabinet::Identity;
use crate::device::chance::OsRandom;
use crate::device::founding::{self, FoundingError};
use crate::device::frame::DeviceFrame;
use crate::device::keyring;
use crate::device::looked::open_stores;
use crate::device::open::{Device, DeviceError};
use crate::device::rows::RowChange;
use std::collections::BTreeSet;
use tacenda_shared::id::{DeviceId, PracticeSeq, RingEpoch, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::pairing::{Invitation, PairingPayload, PayloadExtra};
use tacenda_shared::keys::safe::{self, RowName, SafeName, SecondSecret, SheetName};
use tacenda_shared::keys::vault::General;
use tacenda_shared::keys::wrap::{self, Wrap, WrapInfo};
use tacenda_shared::keys::{KemKey, KemPublic};
use tacenda_shared::membership::{self, Action, DeviceKeys, Entry, Recipient, Signer, State};
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::random::Random;
use tacenda_shared::seal::{Hedge, SecretKey};
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::device::{Joined, RingWord};
use tacenda_shared::sync::{DeliveredEntry, Row, RowKey};
use thiserror::Error;

/// Why the practice log takes no entry, or why a new device cannot begin.
#[derive(Debug, Error)]
pub enum EnrolError {
    /// The practice log as it was given does not hold together.
    #[error("the practice log does not hold together")]
    Log,
    /// The practice log does not name this device.
    #[error("the practice log does not name this device")]
    NotAdded,
    /// A key that this device needs is not there, or is not the announced one.
    #[error("a key that this device needs is missing")]
    Missing,
    /// The rules of the practice log.
    #[error(transparent)]
    Rule(#[from] membership::Invalid),
    /// This device.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl From<FoundingError> for EnrolError {
    fn from(error: FoundingError) -> Self {
        Self::Device(error.into())
    }
}

impl<F: FileSystem> Device<F> {
    /// Makes the entry that adds a device of this member, and the wrap that gives it the member's
    /// key. Both go to the server with [`Device::propose`].
    pub fn add_device(
        &self,
        joining: DeviceKeys,
        name: &str,
        now: Timestamp,
    ) -> Result<(Entry, Vec<Row>), EnrolError> {
        let cabinet = &self.cabinet;
        let author = cabinet.identity.author;
        let state = self.courier.as_ref().map_or(&cabinet.state, |courier| courier.sync.state());
        let key = founding::member_key(&cabinet.keys, &author, state, &cabinet.store)?;
        let member = state.active_member(author.member).ok_or(EnrolError::Log)?;
        let generation = member.key.generation.get();
        let public = KemPublic::from_published(&joining.kem).map_err(|_| EnrolError::Missing)?;
        let practice = state.practice();
        let info = founding::added_info(practice, author.member, generation, joining.device);
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
        let wrapped =
            wrap::wrap_member_key(&public, &info, &key, &mut hedge).map_err(FoundingError::from)?;
        let everyone = cabinet.rings.get(&RingPurpose::Everyone).ok_or(EnrolError::Missing)?;
        let device_info = founding::seal_name(&everyone.key, name, &mut hedge)?;
        let recipient = Recipient::Device(joining.device);
        let action = Action::AddDevice {
            member: author.member,
            device: joining,
            device_info,
            wraps: vec![membership::Wrap { recipient, hash: wrapped.hash() }],
            member_key: None,
        };
        let signer = Signer::Device(author.device);
        let entry = state.propose(action, signer, now, &cabinet.keys.sign)?;
        let row = Row { key: RowKey::of_wrap(wrapped.hash()), bytes: wrapped.as_bytes().to_vec() };
        Ok((entry, vec![row]))
    }

    /// Begins on a further device: puts the practice log and the keys onto empty disks and opens
    /// them. `rows` are the answers to [`Enrolment::rows`], in its order.
    pub fn enrol(
        enrolment: &Enrolment,
        general: General,
        device_name: String,
        rows: Vec<Option<Vec<u8>>>,
        (journal, tables): (F, F),
        now: Timestamp,
    ) -> Result<Self, EnrolError> {
        let (frames, changes) = enrolment.frames(&general, rows)?;
        let (mut store, mut tables, warnings) = open_stores(&general, journal, tables)?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &general.keys.hedge, random: &mut random };
        tables.change(&changes, &mut hedge).map_err(DeviceError::from)?;
        store.append(&frames, &mut hedge).map_err(DeviceError::from)?;
        Ok(Self::with_stores(general, device_name, store, tables, warnings, now)?)
    }
}

/// What the inviting half of a pairing needs of this device.
pub struct PairingKeys {
    /// Where the new device is invited to.
    pub invitation: Invitation,
    key: SecretKey,
}

impl PairingKeys {
    /// Returns the hedged source of this device.
    pub fn hedge<'a>(&'a self, random: &'a mut dyn Random) -> Hedge<'a> {
        Hedge { key: &self.key, random }
    }
}

impl<F: FileSystem> Device<F> {
    /// Returns what the inviting half of a pairing needs.
    pub fn pairing_keys(&self) -> PairingKeys {
        let Identity { practice, author } = self.cabinet.identity;
        // A key of its own, so that the device's stays where it is.
        let key = self.cabinet.keys.hedge.derive("tac/pairing/hedge/v1", &[]);
        let invitation = Invitation { practice, inviter: author.device, member: author.member };
        PairingKeys { invitation, key }
    }

    /// Returns what the new device must find in the practice log, the logs that its first screen
    /// is read from, and the member's second secret where step-up gave it; `None` without a server.
    pub fn pairing_payload(
        &self,
        second: Option<&SecondSecret>,
        now: Timestamp,
    ) -> Option<PairingPayload> {
        let state = &self.cabinet.state;
        let checkpoints = RingWord::encode_all(&self.ring_words());
        let extra = PayloadExtra::new(second, &self.first_logs(now));
        Some(PairingPayload {
            genesis: state.head_at(PracticeSeq::ZERO)?.hash,
            practice_head: state.head(),
            server: state.server()?.key,
            extra: extra.and_last(&self.last_logs(), checkpoints.len()),
            checkpoints,
        })
    }
}

/// What a further device begins with: the practice log, and which rows to ask the server for.
#[derive(Debug)]
pub struct Enrolment {
    entries: Vec<DeliveredEntry>,
    state: State,
    /// The member's key, to the device: what the wrap is bound to, and its hash.
    wrap: (WrapInfo, Hash),
}

impl Enrolment {
    /// Takes the log that `sync::device::Joining` has replayed. It must name the device, and the
    /// server must have signed when it took each entry.
    pub fn new(joined: Joined, device: DeviceId) -> Result<Self, EnrolError> {
        let Joined { state, entries } = joined;
        let servers = state.server().into_iter();
        let former = state.former_servers().iter().map(|former| &former.server);
        let servers: Vec<_> = servers.chain(former).map(|server| server.key).collect();
        let mut log = Vec::new();
        for one in &entries {
            let entry = Entry::decode(&one.entry).map_err(|_| EnrolError::Log)?;
            let by = |key| one.receipt.is_signed_by(state.practice(), key);
            if one.receipt.head != entry.head() || !servers.iter().any(by) {
                return Err(EnrolError::Log);
            }
            log.push(entry);
        }
        let member = state.active_device(device).ok_or(EnrolError::NotAdded)?.member;
        // Not always the wrap that it was added with: the key may have been replaced since.
        let wrap = keyring::wrap_for(&log, state.practice(), member, Recipient::Device(device));
        let wrap = wrap.ok_or(EnrolError::NotAdded)?;
        Ok(Self { entries, state, wrap })
    }

    /// Returns the practice log's state.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Returns the rows that the device needs from the server.
    pub fn rows(&self, general: &General) -> Vec<RowKey> {
        let safe = self.names(general).into_iter().map(|name| RowKey(name.encode()));
        std::iter::once(RowKey::of_wrap(self.wrap.1)).chain(safe).collect()
    }

    fn names(&self, general: &General) -> Vec<RowName> {
        let member = general.member;
        let generation = self.state.members().get(&member).map(|known| known.key.generation);
        let Some(member_generation) = generation else { return Vec::new() };
        let sheet = self.state.members().get(&member).map(|known| known.recovery.sig);
        let rings: Vec<_> = self.state.rings_of(member).collect();
        let sheet = sheet.map(|sig| RowName::Sheet(SheetName::of(member, &sig)));
        let mut names: Vec<_> = sheet.into_iter().collect();
        for ring in rings {
            let newest = self.state.current_epoch(ring).map_or(0, RingEpoch::get);
            for epoch in (1..=newest).map(RingEpoch::new) {
                let name = SafeName { member, member_generation, ring, epoch };
                // Behind which of the two secrets a ring lies is not for the server to know.
                names.extend([RowName::Safe(name), RowName::SecondSafe(name)]);
            }
        }
        names
    }

    fn frames(
        &self,
        general: &General,
        rows: Vec<Option<Vec<u8>>>,
    ) -> Result<(Vec<DeviceFrame>, Vec<RowChange>), EnrolError> {
        let mut rows = rows.into_iter();
        let wrapped = rows.next().flatten().ok_or(EnrolError::Missing)?;
        let wrapped = Wrap::from_bytes(wrapped).map_err(|_| EnrolError::Missing)?;
        let (info, hash) = self.wrap;
        if wrapped.hash() != hash {
            return Err(EnrolError::Missing);
        }
        let mut frames = Vec::new();
        for one in &self.entries {
            frames.push(DeviceFrame::Mail(MailFrame::EntryReceipt(one.receipt)));
            frames.push(DeviceFrame::Entry(one.entry.clone()));
        }
        frames.push(DeviceFrame::Wrap(founding::encode_wrap(&info, &wrapped)));
        let mut changes = Vec::new();
        let key = open_member_key(general, &self.state, (&info, &wrapped))?;
        let mut opened = BTreeSet::new();
        for (name, row) in self.names(general).into_iter().zip(rows) {
            let sized = row.and_then(|row| <[u8; safe::ROW_LENGTH]>::try_from(row).ok());
            let Some(row) = sized.map(safe::Row::from_bytes) else { continue };
            match name {
                // What does not open to the key that the log names would keep the true row away.
                RowName::Safe(at) => {
                    let commitment = self.state.commitment(at.ring, at.epoch);
                    let good = commitment.is_some_and(|commitment| {
                        safe::open_ring(&key, &at, &commitment, &row).is_ok()
                    });
                    if !good {
                        continue;
                    }
                    opened.insert((at.ring, at.epoch));
                }
                // A ring lies behind one of the two secrets, not behind both.
                RowName::SecondSafe(at) if opened.contains(&(at.ring, at.epoch)) => continue,
                // Step-up tells, and puts the true one in its place.
                _ => {}
            }
            changes.push(RowChange::Put(name, row));
        }
        Ok((frames, changes))
    }
}

/// Opens the member's key, which the wrap gives to this device.
fn open_member_key(
    general: &General,
    state: &State,
    (info, wrapped): (&WrapInfo, &Wrap),
) -> Result<KemKey, EnrolError> {
    let known = state.members().get(&general.member).ok_or(EnrolError::NotAdded)?;
    let public = KemPublic::from_published(&known.key.kem).map_err(|_| EnrolError::Missing)?;
    let opened = wrap::unwrap_member_key(&general.keys.kem, info, wrapped, &public);
    opened.map_err(|_| EnrolError::Missing)
}
