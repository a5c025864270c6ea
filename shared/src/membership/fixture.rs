//! A practice whose secrets a test holds.

use super::*;
use crate::envelope::{AccessRule, Header, Kind, Rights};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, MemberId, MemberKeyGeneration, ObjectId, Position,
    PracticeId, PracticeSeq, RingId, ServerEpoch, SlotGeneration, Timestamp,
};
use crate::log::OwnHead;
use crate::random::Seeded;
use crate::suite::{Hash, SUITE_1, SigningKey};
use std::collections::BTreeMap;

pub(crate) const DAY: i64 = 24 * 60 * 60 * 1000;

pub(crate) fn day(days: i64) -> Timestamp {
    Timestamp::from_millis(days * DAY)
}

/// A practice whose secrets a test holds: devices and sheets by id.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) random: Seeded,
    pub(crate) state: State,
    pub(crate) entries: Vec<(Entry, Timestamp)>,
    pub(crate) founder: MemberId,
    pub(crate) first: DeviceId,
    pub(crate) rings: BTreeMap<SoloRing, RingId>,
    pub(crate) keys: BTreeMap<DeviceId, SigningKey>,
    pub(crate) sheets: BTreeMap<MemberId, SigningKey>,
    pub(crate) server: SigningKey,
    pub(crate) now: Timestamp,
}

pub(crate) fn kem(byte: u8) -> KemPublicKey {
    KemPublicKey::from_bytes([byte; KEM_PUBLIC_LENGTH])
}

pub(crate) fn wraps(recipients: impl IntoIterator<Item = Recipient>) -> Vec<Wrap> {
    let mut wraps: Vec<Wrap> = recipients
        .into_iter()
        .map(|recipient| Wrap { recipient, hash: Wrap::hash_of(b"a wrap") })
        .collect();
    wraps.sort();
    wraps
}

pub(crate) fn new_key(
    generation: u32,
    recipients: impl IntoIterator<Item = Recipient>,
) -> NewMemberKey {
    NewMemberKey {
        generation: MemberKeyGeneration::new(generation),
        kem: kem(u8::try_from(generation).unwrap_or(0)),
        wraps: wraps(recipients),
        // The hash of a safe without rows, which a server can check.
        safe: crate::suite::hash("tac/row/all/v1", &[]),
    }
}

pub(crate) fn head(dev_inc: u32, dev_seq: u64) -> OwnHead {
    let own = Hash::from_bytes([u8::try_from(dev_seq).unwrap_or(0); 32]);
    OwnHead { dev_inc: DevInc::new(dev_inc), dev_seq: DevSeq::new(dev_seq), own }
}

pub(crate) const NOWHERE: PracticeId = PracticeId::from_bytes([0; 16]);

impl World {
    pub(crate) fn found() -> Self {
        let mut random = Seeded::new(11);
        let founder = MemberId::random(&mut random);
        let first = DeviceId::random(&mut random);
        let key = SigningKey::random(&mut random);
        let sheet = SigningKey::random(&mut random);
        let server = SigningKey::random(&mut random);
        let tls = SigningKey::random(&mut random).verifying();
        let device = DeviceKeys::prove(NOWHERE, founder, first, &key, kem(1), tls);
        let vouched = device.digest(NOWHERE, founder);
        let mut rings = BTreeMap::new();
        let member_key =
            Recipient::MemberKey { member: founder, generation: MemberKeyGeneration::new(1) };
        let new_rings = SoloRing::ALL.map(|kind| {
            let id = RingId::random(&mut random);
            rings.insert(kind, id);
            kind.begin(id, founder, vec![1], Hash::from_bytes([2; 32]), wraps([member_key]))
        });
        let genesis = found(
            Founder {
                member: founder,
                profile: vec![1],
                device,
                device_info: vec![2],
                recovery: RecoveryKeys::prove(NOWHERE, founder, &sheet, kem(2), vouched),
                member_key: new_key(1, [Recipient::Device(first), Recipient::Recovery(founder)]),
                rings: new_rings.to_vec(),
                server: Some(Server {
                    addresses: vec!["localhost:4440".to_owned()],
                    key: server.verifying(),
                    server_epoch: ServerEpoch::new(1),
                }),
            },
            day(0),
            &key,
        )
        .unwrap();
        let state = State::begin(&genesis, day(0)).unwrap();
        Self {
            random,
            state,
            entries: vec![(genesis, day(0))],
            founder,
            first,
            rings,
            keys: BTreeMap::from([(first, key)]),
            sheets: BTreeMap::from([(founder, sheet)]),
            server,
            now: day(1),
        }
    }

    pub(crate) fn sign(&self, signer: Signer) -> &SigningKey {
        match signer {
            Signer::Device(device) => &self.keys[&device],
            Signer::Recovery(member) => &self.sheets[&member],
        }
    }

    pub(crate) fn propose(&self, signer: Signer, action: Action) -> Result<Entry, Invalid> {
        self.state.propose(action, signer, self.now, self.sign(signer))
    }

    pub(crate) fn act(&mut self, signer: Signer, action: Action) -> Result<(), Invalid> {
        let entry = self.propose(signer, action)?;
        self.state = self.state.apply(&entry, self.now)?;
        self.entries.push((entry, self.now));
        Ok(())
    }

    pub(crate) fn by_first(&mut self, action: Action) -> Result<(), Invalid> {
        self.act(Signer::Device(self.first), action)
    }

    pub(crate) fn device_keys(&mut self, member: MemberId) -> DeviceKeys {
        let device = DeviceId::random(&mut self.random);
        let key = SigningKey::random(&mut self.random);
        let tls = SigningKey::random(&mut self.random).verifying();
        let keys = DeviceKeys::prove(self.state.practice(), member, device, &key, kem(3), tls);
        self.keys.insert(device, key);
        keys
    }

    pub(crate) fn add_device(&mut self, by: Signer, member: MemberId) -> Result<DeviceId, Invalid> {
        let device = self.device_keys(member);
        let id = device.device;
        let action = Action::AddDevice {
            member,
            device,
            device_info: vec![],
            wraps: wraps([Recipient::Device(id)]),
            member_key: None,
        };
        self.act(by, action).map(|()| id)
    }

    pub(crate) fn next_key(&self, member: MemberId, without: &[DeviceId]) -> NewMemberKey {
        let devices = self.state.devices_of(member).filter(|device| !without.contains(device));
        let generation = self.state.members()[&member].key.generation.get() + 1;
        let all = devices.map(Recipient::Device).chain([Recipient::Recovery(member)]);
        new_key(generation, all.collect::<Vec<_>>())
    }

    pub(crate) fn revoke(
        &mut self,
        by: Signer,
        device: DeviceId,
        at: OwnHead,
    ) -> Result<(), Invalid> {
        let member = self.state.devices()[&device].member;
        let own = matches!(by, Signer::Device(by) if self.state.devices()[&by].member == member);
        let kept = self.state.added_by(&[device].into()).into_iter().collect();
        self.act(
            by,
            Action::RevokeDevice {
                member,
                cuts: vec![Cut { device, head: at }],
                kept,
                suspect_since: None,
                member_key: own.then(|| self.next_key(member, &[device])),
            },
        )
    }

    pub(crate) fn rekey(&mut self, by: Signer, ring: RingId) -> Result<(), Invalid> {
        let epoch = self.state.current_epoch(ring).unwrap().next();
        let wraps = wraps(self.state.recipients(ring));
        self.act(by, Action::Rekey { ring, epoch, commitment: Hash::ZERO, wraps })
    }

    pub(crate) fn add_member(&mut self, roles: Roles) -> Result<(MemberId, DeviceId), Invalid> {
        let member = MemberId::random(&mut self.random);
        let device = self.device_keys(member);
        let id = device.device;
        let sheet = SigningKey::random(&mut self.random);
        let practice = self.state.practice();
        let vouched = device.digest(practice, member);
        let recovery = RecoveryKeys::prove(practice, member, &sheet, kem(4), vouched);
        self.sheets.insert(member, sheet);
        self.by_first(Action::AddMember {
            member,
            roles,
            profile: vec![],
            device,
            device_info: vec![],
            recovery,
            member_key: new_key(1, [Recipient::Device(id), Recipient::Recovery(member)]),
        })
        .map(|()| (member, id))
    }

    pub(crate) fn ring_add(&mut self, ring: RingId, member: MemberId) -> Result<(), Invalid> {
        let wraps = wraps(self.state.recipients_of(member));
        let member = RingMember { member, manager: false };
        self.by_first(Action::RingAdd { ring, member, history: History::All, wraps })
    }

    pub(crate) fn header(&self, author: DeviceId, own: OwnHead, at: PracticeSeq) -> Header {
        Header {
            suite: SUITE_1,
            kind: Kind::Delta,
            flags: 0,
            practice: self.state.practice(),
            compartment: CompartmentId::from_bytes([5; 16]),
            author,
            dev_inc: own.dev_inc,
            dev_seq: own.dev_seq,
            prev_own: Hash::ZERO,
            practice_head: self.state.head_at(at).unwrap(),
            slot_generation: SlotGeneration::new(1),
            object: ObjectId::from_bytes([0; 16]),
            schema: 1,
            seen_pos: Position::ZERO,
            seen_chain: Hash::ZERO,
            salt: [0; 24],
            length: 0,
        }
    }

    pub(crate) fn rules(&self, kind: SoloRing) -> Vec<AccessRule> {
        vec![AccessRule { ring: self.rings[&kind], rights: Rights::ALL }]
    }

    pub(crate) fn permits(
        &self,
        author: DeviceId,
        own: OwnHead,
        at: PracticeSeq,
    ) -> Result<(), NotPermitted> {
        self.state.permits(&self.header(author, own, at), &self.rules(SoloRing::Caseload))
    }
}
