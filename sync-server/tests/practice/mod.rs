//! A practice of one clinician with two devices, whose secrets a test holds. What it writes is
//! signed as the protocol wants it; where ciphertext belongs, it puts synthetic bytes.

#![allow(dead_code, reason = "each of the programs that include this file uses a part of it")]

use std::collections::BTreeMap;
use tacenda_shared::envelope::{
    AccessRule, Carried, ControlBody, Envelope, Header, Kind, Rights, SIGN_LABEL, SealedBytes,
    Slot, body_hash,
};
use tacenda_shared::id::{
    CompartmentId, DevInc, DeviceId, MemberId, MemberKeyGeneration, ObjectId, Position, PracticeId,
    RingId, ServerEpoch, SlotGeneration, Timestamp,
};
use tacenda_shared::log::{LogHead, OwnHead};
use tacenda_shared::membership::{
    Action, Cut, DeviceKeys, Entry, Founder, KEM_PUBLIC_LENGTH, KemPublicKey, NewMemberKey,
    Recipient, RecoveryKeys, Server, Signer, SoloRing, State, Wrap, found,
};
use tacenda_shared::random::Seeded;
use tacenda_shared::suite::{Hash, SUITE_1, SigningKey, VerifyingKey};
use tacenda_shared::sync::{Message, runs_of};

/// The log that tests write to.
pub(crate) const LOG: CompartmentId = CompartmentId::from_bytes([5; 16]);

/// A device with its secrets, and how far it has come.
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) tls: SigningKey,
    sig: SigningKey,
    own: OwnHead,
}

/// The practice.
pub(crate) struct Practice {
    pub(crate) id: PracticeId,
    pub(crate) state: State,
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) devices: Vec<Device>,
    pub(crate) sheet: SigningKey,
    member: MemberId,
    ring: RingId,
    random: Seeded,
}

fn kem(byte: u8) -> KemPublicKey {
    KemPublicKey::from_bytes([byte; KEM_PUBLIC_LENGTH])
}

fn wraps(recipients: impl IntoIterator<Item = Recipient>) -> Vec<Wrap> {
    let hash = Wrap::hash_of(b"a wrap");
    let mut wraps: Vec<Wrap> =
        recipients.into_iter().map(|recipient| Wrap { recipient, hash }).collect();
    wraps.sort();
    wraps
}

fn member_key(generation: u32, recipients: &[Recipient]) -> NewMemberKey {
    NewMemberKey {
        generation: MemberKeyGeneration::new(generation),
        kem: kem(5),
        wraps: wraps(recipients.iter().copied()),
        // The hash of a safe without rows.
        safe: tacenda_shared::suite::hash("tac/row/all/v1", &[]),
    }
}

impl Practice {
    /// Founds a practice that names the server with this key, and adds a second device.
    pub(crate) fn found(seed: u64, server: VerifyingKey) -> Self {
        let mut random = Seeded::new(seed);
        let member = MemberId::random(&mut random);
        let nowhere = PracticeId::from_bytes([0; 16]);
        let (first, keys) = Device::new(nowhere, member, &mut random);
        let sheet = SigningKey::random(&mut random);
        let vouched = keys.digest(nowhere, member);
        let to_member = Recipient::MemberKey { member, generation: MemberKeyGeneration::new(1) };
        let mut rings = BTreeMap::new();
        let new_rings = SoloRing::ALL.map(|kind| {
            let ring = RingId::random(&mut random);
            rings.insert(kind, ring);
            kind.begin(ring, member, vec![1], Hash::from_bytes([2; 32]), wraps([to_member]))
        });
        let recipients = [Recipient::Device(first.id), Recipient::Recovery(member)];
        let founder = Founder {
            member,
            profile: vec![1],
            device: keys,
            device_info: vec![2],
            recovery: RecoveryKeys::prove(nowhere, member, &sheet, kem(2), vouched),
            member_key: member_key(1, &recipients),
            rings: new_rings.to_vec(),
            server: Some(Server {
                addresses: vec!["localhost:4440".to_owned()],
                key: server,
                server_epoch: ServerEpoch::new(1),
            }),
        };
        let genesis = found(founder, Timestamp::from_millis(1), &first.sig).unwrap();
        let mut practice = Self {
            id: genesis.founded_practice(),
            state: State::begin(&genesis, Timestamp::from_millis(1)).unwrap(),
            entries: vec![genesis.encode()],
            devices: vec![first],
            sheet,
            member,
            ring: rings[&SoloRing::Caseload],
            random,
        };
        practice.add_device();
        practice
    }

    fn act(&mut self, action: Action) -> Entry {
        let first = &self.devices[0];
        let at = Timestamp::from_millis(2);
        let entry = self.state.propose(action, Signer::Device(first.id), at, &first.sig).unwrap();
        self.state = self.state.apply(&entry, at).unwrap();
        self.entries.push(entry.encode());
        entry
    }

    /// Adds a further device of the same clinician.
    pub(crate) fn add_device(&mut self) {
        let (device, keys) = Device::new(self.id, self.member, &mut self.random);
        self.act(Action::AddDevice {
            member: self.member,
            device: keys,
            device_info: vec![],
            wraps: wraps([Recipient::Device(device.id)]),
            member_key: None,
        });
        self.devices.push(device);
    }

    /// The request by which the first device revokes the second.
    pub(crate) fn revoke_second(&mut self) -> Message {
        let second = &self.devices[1];
        let recipients = [Recipient::Device(self.devices[0].id), Recipient::Recovery(self.member)];
        let entry = self.act(Action::RevokeDevice {
            member: self.member,
            cuts: vec![Cut { device: second.id, head: second.own }],
            kept: vec![],
            suspect_since: None,
            member_key: Some(member_key(2, &recipients)),
        });
        Message::PracticeAppend { entry: entry.encode(), rows: vec![] }
    }

    /// The first message of a device's link.
    pub(crate) fn hello(&self, device: usize) -> Message {
        Message::Hello { practice: self.id, device: self.devices[device].id, versions: (1, 1) }
    }

    /// The message that brings the practice to its server.
    pub(crate) fn founding(&self, token: &[u8]) -> Message {
        Message::Found { token: token.to_vec(), entries: self.entries.clone() }
    }

    /// The log's first entry.
    pub(crate) fn genesis(&mut self, device: usize) -> Envelope {
        let epochs = vec![(self.ring, self.state.current_epoch(self.ring).unwrap())];
        let body = ControlBody::Genesis {
            rules: vec![AccessRule { ring: self.ring, rights: Rights::ALL }],
            slot: Slot {
                generation: SlotGeneration::new(1),
                commitment: Hash::from_bytes([1; 32]),
                epochs,
            },
            name: SealedBytes { salt: [0; 24], ciphertext: vec![1; 32] },
        };
        self.sign(device, body.kind(), SlotGeneration::ZERO, body.encode())
    }

    /// The next delta of a device, of this many bytes.
    pub(crate) fn delta(&mut self, device: usize, bytes: usize) -> Envelope {
        self.sign(device, Kind::Delta, SlotGeneration::new(1), vec![7; bytes + 16])
    }

    /// A message to live listeners.
    pub(crate) fn ephemeral(&mut self, device: usize) -> Message {
        let before = self.devices[device].own;
        self.devices[device].own = OwnHead::start(DevInc::new(1));
        let envelope = self.sign(device, Kind::Ephemeral, SlotGeneration::new(1), vec![7; 80]);
        self.devices[device].own = before;
        Message::Ephemeral(envelope.encode())
    }

    fn sign(
        &mut self,
        device: usize,
        kind: Kind,
        slot_generation: SlotGeneration,
        body: Vec<u8>,
    ) -> Envelope {
        let practice_head = self.state.head();
        let practice = self.id;
        let device = &mut self.devices[device];
        let tag = if kind.is_sealed() { 16 } else { 0 };
        let dev_seq = if kind.is_entry() { device.own.dev_seq.next() } else { device.own.dev_seq };
        let header = Header {
            suite: SUITE_1,
            kind,
            flags: 0,
            practice,
            compartment: LOG,
            author: device.id,
            dev_inc: device.own.dev_inc,
            dev_seq,
            prev_own: device.own.own,
            practice_head,
            slot_generation,
            object: ObjectId::from_bytes([0; 16]),
            schema: 1,
            seen_pos: Position::ZERO,
            seen_chain: LogHead::EMPTY.chain,
            salt: [0; 24],
            length: u32::try_from(body.len() - tag).unwrap(),
        };
        let hashes = (header.hash(), body_hash(&body));
        let fields: [&[u8]; 2] = [hashes.0.as_bytes(), hashes.1.as_bytes()];
        let envelope = Envelope { signature: device.sig.sign(SIGN_LABEL, &fields), header, body };
        device.own = OwnHead::after(&envelope.header, envelope.hash());
        envelope
    }

    /// The request that pushes envelopes.
    pub(crate) fn push(&self, envelopes: &[Envelope]) -> Message {
        let carried: Vec<Carried> = envelopes.iter().cloned().map(Carried::Whole).collect();
        Message::Push { runs: runs_of(self.id, &carried), rows: vec![] }
    }

    /// The request for everything in the log after a position.
    pub(crate) fn pull(&self, after: u64) -> Message {
        Message::PullMany(vec![(LOG, Position::new(after))])
    }
}

impl Device {
    /// How far the device has come.
    pub(crate) fn own(&self) -> OwnHead {
        self.own
    }

    /// Takes back what the server was never to acknowledge.
    pub(crate) fn forget_since(&mut self, own: OwnHead) {
        self.own = own;
    }

    fn new(practice: PracticeId, member: MemberId, random: &mut Seeded) -> (Self, DeviceKeys) {
        let id = DeviceId::random(random);
        let (sig, tls) = (SigningKey::random(random), SigningKey::random(random));
        let keys = DeviceKeys::prove(practice, member, id, &sig, kem(1), tls.verifying());
        (Self { id, tls, sig, own: OwnHead::start(DevInc::new(1)) }, keys)
    }
}
