//! What the practice log has come to: members, devices, rings, cuts, and since when.

use super::action::{Cut, Roles, Server};
use super::entry::Signer;
use super::keys::{KemPublicKey, Recipient};
use crate::codec::Writer;
use crate::envelope::PracticeHead;
use crate::id::{
    DevInc, DeviceId, MemberId, MemberKeyGeneration, PracticeId, PracticeSeq, RingEpoch, RingId,
    Timestamp,
};
use crate::log::OwnHead;
use crate::suite::{self, Hash, SUITE_1, VerifyingKey};
use std::collections::{BTreeMap, BTreeSet};

/// The version of a writer, for `SetMinimumWriter`.
pub const WRITER_VERSION: u16 = 1;

/// A member's key for wraps and for the safe.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberKey {
    /// Its generation.
    pub generation: MemberKeyGeneration,
    /// Its public half.
    pub kem: KemPublicKey,
    /// Whether nothing may be sealed under it any more.
    pub retired: bool,
    /// Hash of the safe that came with it.
    pub safe: Hash,
}

/// The public keys of a recovery sheet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recovery {
    /// Verifies what the sheet signs.
    pub sig: VerifyingKey,
    /// Receives wraps.
    pub kem: KemPublicKey,
}

/// A sheet that a device asks for without the old one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecoveryRequest {
    /// The entry that asks.
    pub seq: PracticeSeq,
    /// The device that asks.
    pub by: DeviceId,
    /// The new sheet.
    pub recovery: Recovery,
    /// When the server received it.
    pub received: Timestamp,
}

/// A person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// What for.
    pub roles: Roles,
    /// Name, sealed under `everyone`.
    pub profile: Vec<u8>,
    /// The entry that let the member in.
    pub joined: PracticeSeq,
    /// The entry that removed the member.
    pub removed: Option<PracticeSeq>,
    /// The key for wraps.
    pub key: MemberKey,
    /// The sheet.
    pub recovery: Recovery,
    /// A sheet that is asked for.
    pub request: Option<RecoveryRequest>,
}

/// When and where a device's envelopes ended to count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// The entry that revoked it.
    pub seq: PracticeSeq,
    /// The last envelope that counts.
    pub cut: OwnHead,
    /// Since when, by receipt time, what it signed is disputed.
    pub suspect_since: Option<Timestamp>,
}

/// One life of a device's store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Incarnation {
    /// The entry with which it began.
    pub since: PracticeSeq,
    /// Its last envelope, once the next has begun.
    pub end: Option<OwnHead>,
}

/// An installation of a member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Device {
    /// Whose.
    pub member: MemberId,
    /// Verifies envelopes and entries.
    pub sig: VerifyingKey,
    /// Receives wraps.
    pub kem: KemPublicKey,
    /// Authenticates the link.
    pub tls: VerifyingKey,
    /// Its name, sealed under `everyone`.
    pub info: Vec<u8>,
    /// The entry that added it.
    pub added: PracticeSeq,
    /// When the server received that entry.
    pub added_at: Timestamp,
    /// The device that signed that entry; `None` for a sheet, or the founder's first device.
    pub added_by: Option<DeviceId>,
    /// Incarnations, the first at index 0 being number 1.
    pub incarnations: Vec<Incarnation>,
    /// Set once it is out.
    pub revoked: Option<Revocation>,
}

impl Device {
    /// Returns the number of the current incarnation.
    pub fn dev_inc(&self) -> DevInc {
        DevInc::new(u32::try_from(self.incarnations.len()).unwrap_or(u32::MAX))
    }

    /// Returns the incarnation with this number.
    pub fn incarnation(&self, dev_inc: DevInc) -> Option<&Incarnation> {
        let index = usize::try_from(dev_inc.get()).ok()?.checked_sub(1)?;
        self.incarnations.get(index)
    }
}

/// One stay of a member in a ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stay {
    /// The entry with which it began.
    pub since: PracticeSeq,
    /// The entry with which it ended; from that entry on the member is out.
    pub until: Option<PracticeSeq>,
    /// The oldest epoch that the member was granted.
    pub oldest_epoch: RingEpoch,
}

impl Stay {
    /// Returns whether the member is in at this entry.
    pub fn covers(&self, seq: PracticeSeq) -> bool {
        self.since <= seq && self.until.is_none_or(|until| seq < until)
    }
}

/// Where a device's right through one ring ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RingCut {
    /// The entry that took the right away.
    pub seq: PracticeSeq,
    /// The last envelope that counts through this ring.
    pub head: OwnHead,
}

/// A set of members with one key for each epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ring {
    /// Whether it belongs to one member alone for ever.
    pub sole: bool,
    /// Name and kind, sealed under `everyone`.
    pub name: Vec<u8>,
    /// Commitments to the keys, epoch 1 first.
    pub commitments: Vec<Hash>,
    /// Everybody who ever was in it.
    pub stays: BTreeMap<MemberId, Vec<Stay>>,
    /// Who adds and removes.
    pub managers: BTreeSet<MemberId>,
    /// Whether somebody lost the right to it since the last key.
    pub stale: bool,
    /// The latest cut of each device in it.
    pub cuts: BTreeMap<DeviceId, RingCut>,
}

impl Ring {
    /// Returns the current epoch.
    pub fn epoch(&self) -> RingEpoch {
        RingEpoch::new(u32::try_from(self.commitments.len()).unwrap_or(u32::MAX))
    }

    /// Returns the member's stay at this entry.
    pub fn stay_at(&self, member: MemberId, seq: PracticeSeq) -> Option<&Stay> {
        self.stays.get(&member)?.iter().find(|stay| stay.covers(seq))
    }

    /// Returns the member's present stay.
    pub fn stay(&self, member: MemberId) -> Option<&Stay> {
        self.stays.get(&member)?.last().filter(|stay| stay.until.is_none())
    }

    /// Returns who is in it now.
    pub fn members(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.stays.keys().copied().filter(|member| self.stay(*member).is_some())
    }
}

/// One entry as the state remembers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trail {
    /// Its hash.
    pub hash: Hash,
    /// Who signed it.
    pub signer: Signer,
    /// When the server received it.
    pub received: Timestamp,
}

/// The practice log, replayed up to its head.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    pub(super) practice: PracticeId,
    pub(super) trail: Vec<Trail>,
    pub(super) suite: u8,
    pub(super) minimum_writer: u16,
    pub(super) server: Option<Server>,
    pub(super) former_servers: Vec<FormerServer>,
    /// The last entry with which the files of the server began a life. It follows from the
    /// entries, and is no part of the hash.
    pub(super) life_since: Option<PracticeSeq>,
    pub(super) members: BTreeMap<MemberId, Member>,
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) rings: BTreeMap<RingId, Ring>,
}

/// A server that was replaced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FormerServer {
    /// The server.
    pub server: Server,
    /// Since when its receipts prove nothing.
    pub compromised_since: Option<Timestamp>,
}

impl State {
    /// Returns the practice's id.
    pub fn practice(&self) -> PracticeId {
        self.practice
    }

    /// Returns number and hash of the last entry.
    pub fn head(&self) -> PracticeHead {
        let seq = u32::try_from(self.trail.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let hash = self.trail.last().map_or(Hash::ZERO, |last| last.hash);
        PracticeHead { seq: PracticeSeq::new(seq), hash }
    }

    /// Returns the head as it was with entry `seq`.
    pub fn head_at(&self, seq: PracticeSeq) -> Option<PracticeHead> {
        self.trail_at(seq).map(|trail| PracticeHead { seq, hash: trail.hash })
    }

    /// Returns who signed entry `seq`, and when the server received it.
    pub fn trail_at(&self, seq: PracticeSeq) -> Option<&Trail> {
        self.trail.get(usize::try_from(seq.get()).ok()?)
    }

    /// Returns whether this version may write here, by the log's own floors.
    pub fn may_write(&self) -> bool {
        self.suite <= SUITE_1 && self.minimum_writer <= WRITER_VERSION
    }

    /// Returns the server in force.
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Returns the servers that were replaced, oldest first.
    pub fn former_servers(&self) -> &[FormerServer] {
        &self.former_servers
    }

    /// Returns the last entry with which a life of the server's files began: envelopes that cite
    /// an older one may have seen places that are no more.
    pub fn life_since(&self) -> Option<PracticeSeq> {
        self.life_since
    }

    /// Returns every member, also those who left.
    pub fn members(&self) -> &BTreeMap<MemberId, Member> {
        &self.members
    }

    /// Returns every device, also those that are out.
    pub fn devices(&self) -> &BTreeMap<DeviceId, Device> {
        &self.devices
    }

    /// Returns every ring.
    pub fn rings(&self) -> &BTreeMap<RingId, Ring> {
        &self.rings
    }

    /// Returns the device if it was active at entry `seq`.
    pub fn device_at(&self, device: DeviceId, seq: PracticeSeq) -> Option<&Device> {
        let known = self.devices.get(&device)?;
        let added = known.added <= seq && seq <= self.head().seq;
        let out = known.revoked.is_some_and(|revoked| revoked.seq <= seq);
        (added && !out).then_some(known)
    }

    /// Returns the device if it is active now.
    pub fn active_device(&self, device: DeviceId) -> Option<&Device> {
        self.device_at(device, self.head().seq)
    }

    /// Returns the member if not removed.
    pub fn active_member(&self, member: MemberId) -> Option<&Member> {
        self.members.get(&member).filter(|known| known.removed.is_none())
    }

    /// Returns the member's active devices.
    pub fn devices_of(&self, member: MemberId) -> impl Iterator<Item = DeviceId> + '_ {
        self.devices
            .iter()
            .filter(move |(_, known)| known.member == member && known.revoked.is_none())
            .map(|(device, _)| *device)
    }

    /// Returns the rings that the member is in now.
    pub fn rings_of(&self, member: MemberId) -> impl Iterator<Item = RingId> + '_ {
        self.rings
            .iter()
            .filter(move |(_, ring)| ring.stay(member).is_some())
            .map(|(ring, _)| *ring)
    }

    /// Returns the ring's current epoch.
    pub fn current_epoch(&self, ring: RingId) -> Option<RingEpoch> {
        self.rings.get(&ring).map(Ring::epoch)
    }

    /// Returns the commitment to the ring's key of one epoch.
    pub fn commitment(&self, ring: RingId, epoch: RingEpoch) -> Option<Hash> {
        let index = usize::try_from(epoch.get()).ok()?.checked_sub(1)?;
        self.rings.get(&ring)?.commitments.get(index).copied()
    }

    /// Returns whether the ring must be re-keyed before anybody writes through it. A ring that
    /// does not exist is stale.
    pub fn stale(&self, ring: RingId) -> bool {
        self.rings.get(&ring).is_none_or(|known| known.stale)
    }

    /// Returns to whom a key for this member must be wrapped now: the member key, or while that
    /// is retired each active device, or the sheet if there is none.
    pub fn recipients_of(&self, member: MemberId) -> Vec<Recipient> {
        let Some(known) = self.active_member(member) else { return Vec::new() };
        if !known.key.retired {
            let generation = known.key.generation;
            return vec![Recipient::MemberKey { member, generation }];
        }
        let devices: Vec<_> = self.devices_of(member).map(Recipient::Device).collect();
        if devices.is_empty() { vec![Recipient::Recovery(member)] } else { devices }
    }

    /// Returns to whom the ring's next key must be wrapped, ascending.
    pub fn recipients(&self, ring: RingId) -> Vec<Recipient> {
        let members = self.rings.get(&ring).into_iter().flat_map(Ring::members);
        let set: BTreeSet<_> = members.flat_map(|member| self.recipients_of(member)).collect();
        set.into_iter().collect()
    }

    /// Returns the active devices that the devices in `seeds` added, directly or through others.
    pub fn added_by(&self, seeds: &BTreeSet<DeviceId>) -> BTreeSet<DeviceId> {
        let mut found = seeds.clone();
        // Devices only ever add later ones, so each round finds at least one or is the last.
        loop {
            let before = found.len();
            let more = self.devices.iter().filter(|(_, known)| {
                known.revoked.is_none() && known.added_by.is_some_and(|by| found.contains(&by))
            });
            let more: Vec<_> = more.map(|(device, _)| *device).collect();
            found.extend(more);
            if found.len() == before {
                return found.difference(seeds).copied().collect();
            }
        }
    }

    /// Returns the entries that a revoked device signed after it became suspect, by receipt time.
    pub fn disputed(&self) -> Vec<PracticeSeq> {
        let suspect = |trail: &Trail| match trail.signer {
            Signer::Recovery(_) => false,
            Signer::Device(device) => self
                .devices
                .get(&device)
                .and_then(|known| known.revoked?.suspect_since)
                .is_some_and(|since| since <= trail.received),
        };
        let numbered = (0..).map(PracticeSeq::new).zip(&self.trail);
        numbered.filter(|(_, trail)| suspect(trail)).map(|(seq, _)| seq).collect()
    }

    /// Returns the devices whose envelopes count only up to a cut, in one ring or in all.
    pub fn cut_devices(&self) -> BTreeSet<DeviceId> {
        let revoked = self.devices.iter().filter(|(_, known)| known.revoked.is_some());
        let revoked = revoked.map(|(device, _)| *device);
        let rings = self.rings.values().flat_map(|ring| ring.cuts.keys().copied());
        revoked.chain(rings).collect()
    }

    /// Returns the cuts that a revocation or removal of these devices would carry if it cut at
    /// `heads`; `None` if one is missing.
    pub fn cuts_at(
        &self,
        devices: impl IntoIterator<Item = DeviceId>,
        heads: &BTreeMap<DeviceId, OwnHead>,
    ) -> Option<Vec<Cut>> {
        let cut = |device| heads.get(&device).map(|head| Cut { device, head: *head });
        let devices: BTreeSet<_> = devices.into_iter().collect();
        devices.into_iter().map(cut).collect()
    }

    /// Returns the hash that the last entry carries: of everything but ids and hashes of entries
    /// and times of receipt, which the signer of that entry could not know.
    pub fn hash(&self) -> Hash {
        let mut w = Writer::new();
        w.u8(self.suite).u16(self.minimum_writer);
        let write_server = |w: &mut Writer, server: &Server| {
            w.list(&server.addresses, |w, address| {
                w.text(address);
            });
            w.fixed(server.key.as_bytes()).u32(server.server_epoch.get());
        };
        w.option(self.server.as_ref(), write_server);
        w.list(&self.former_servers, |w, former| {
            write_server(w, &former.server);
            w.option(former.compromised_since, |w, time| {
                w.i64(time.as_millis());
            });
        });
        w.u32(length(self.members.len()));
        for (id, member) in &self.members {
            w.fixed(id.as_bytes());
            write_member(&mut w, member);
        }
        w.u32(length(self.devices.len()));
        for (id, device) in &self.devices {
            w.fixed(id.as_bytes());
            write_device(&mut w, device);
        }
        w.u32(length(self.rings.len()));
        for (id, ring) in &self.rings {
            w.fixed(id.as_bytes());
            write_ring(&mut w, ring);
        }
        suite::hash("tac/practice/state/v1", &[w.as_slice()])
    }
}

fn write_seq(w: &mut Writer, seq: PracticeSeq) {
    w.u32(seq.get());
}

fn write_member(w: &mut Writer, member: &Member) {
    w.u16(member.roles.bits()).bytes(&member.profile).u32(member.joined.get());
    w.option(member.removed, write_seq);
    w.u32(member.key.generation.get()).fixed(member.key.kem.hash().as_bytes());
    w.u8(u8::from(member.key.retired)).fixed(member.key.safe.as_bytes());
    w.fixed(member.recovery.sig.as_bytes()).fixed(member.recovery.kem.hash().as_bytes());
    w.option(member.request.as_ref(), |w, request| {
        w.u32(request.seq.get()).fixed(request.by.as_bytes());
        w.fixed(request.recovery.sig.as_bytes());
        w.fixed(request.recovery.kem.hash().as_bytes());
    });
}

fn write_device(w: &mut Writer, device: &Device) {
    w.fixed(device.member.as_bytes()).fixed(device.sig.as_bytes());
    w.fixed(device.kem.hash().as_bytes()).fixed(device.tls.as_bytes()).bytes(&device.info);
    w.u32(device.added.get()).option(device.added_by, |w, by| {
        w.fixed(by.as_bytes());
    });
    w.list(&device.incarnations, |w, incarnation| {
        write_seq(w, incarnation.since);
        w.option(incarnation.end, |w, end| end.write(w));
    });
    w.option(device.revoked, |w, revoked| {
        write_seq(w, revoked.seq);
        revoked.cut.write(w);
        w.option(revoked.suspect_since, |w, time| {
            w.i64(time.as_millis());
        });
    });
}

fn write_ring(w: &mut Writer, ring: &Ring) {
    w.u8(u8::from(ring.sole)).bytes(&ring.name).list(&ring.commitments, |w, commitment| {
        w.fixed(commitment.as_bytes());
    });
    w.u32(length(ring.stays.len()));
    for (member, stays) in &ring.stays {
        w.fixed(member.as_bytes()).list(stays, |w, stay| {
            w.u32(stay.since.get()).option(stay.until, write_seq).u32(stay.oldest_epoch.get());
        });
    }
    w.u32(length(ring.managers.len()));
    for member in &ring.managers {
        w.fixed(member.as_bytes());
    }
    w.u8(u8::from(ring.stale)).u32(length(ring.cuts.len()));
    for (device, cut) in &ring.cuts {
        w.fixed(device.as_bytes()).u32(cut.seq.get());
        cut.head.write(w);
    }
}

fn length(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}
