//! A practice whose secrets a test holds: founded as the program does it, and then through every
//! action that the practice log knows.

use super::judge::wrap_frame;
use std::collections::BTreeMap;
use tacenda_shared::id::{
    DevInc, DevSeq, DeviceId, MemberId, MemberKeyGeneration, PracticeId, PracticeSeq, RingEpoch,
    RingId, ServerEpoch, Timestamp,
};
use tacenda_shared::keys::KemKey;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{self, Row, RowName, SecondSecret};
use tacenda_shared::keys::vault::General;
use tacenda_shared::keys::wrap;
use tacenda_shared::log::{OwnHead, Receipt, ReceiptBody};
use tacenda_shared::membership::{
    Action, Cut, DeviceKeys, Entry, History, LostRange, NewMemberKey, NewRing, Recipient,
    ReseedBase, RingMember, Roles, Server, Signer, State, Wrap,
};
use tacenda_shared::random::{Random, Seeded};
use tacenda_shared::seal::{Hedge, SecretKey};
use tacenda_shared::suite::{Hash, SigningKey};
use tacenda_tui::device::founding::found;
use tacenda_tui::device::frame::DeviceFrame;
use tacenda_tui::device::rows::RowChange;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// What stands for the practice in a genesis.
pub(super) const UNBORN: [u8; 16] = [0; 16];

/// Whose secrets the test holds, beside the founder's first device.
pub(super) struct Installation {
    pub(super) device: DeviceId,
    pub(super) sign: SigningKey,
}

/// The practice.
pub(super) struct World {
    pub(super) random: Seeded,
    pub(super) state: State,
    pub(super) entries: Vec<Entry>,
    pub(super) general: General,
    pub(super) second_secret: SecondSecret,
    pub(super) member_key: KemKey,
    /// Rows of the safe as founding made them.
    pub(super) rows: Vec<(RowName, Row)>,
    pub(super) frames: Vec<DeviceFrame>,
    pub(super) server: SigningKey,
    pub(super) second: Installation,
    pub(super) sheet: RecoverySheet,
    now: Timestamp,
}

impl World {
    /// Founds a practice and lets everything happen to it that can.
    pub(super) fn new(seed: u64) -> Self {
        let mut world = Self::found(seed);
        world.begin_well();
        world
    }

    fn found(seed: u64) -> Self {
        let mut random = Seeded::new(seed);
        let now = Timestamp::from_millis(1_767_225_600_000);
        let founded = found("Laptop A", "Dr. Example", now, &mut random).unwrap();
        let DeviceFrame::Entry(genesis) = &founded.frames[0] else { panic!("no genesis") };
        let genesis = Entry::decode(genesis).unwrap();
        let state = State::begin(&genesis, now).unwrap();
        let member_key = member_key(&founded.general, &founded.frames);
        let rows = founded.rows.iter().map(|change| match change {
            RowChange::Put(name, row) => (*name, *row),
            RowChange::Delete(_) => panic!("founding deletes nothing"),
        });
        Self {
            state,
            entries: vec![genesis],
            member_key,
            rows: rows.collect(),
            general: founded.general,
            second_secret: founded.second_secret,
            frames: founded.frames,
            server: SigningKey::random(&mut random),
            second: Installation {
                device: DeviceId::random(&mut random),
                sign: SigningKey::random(&mut random),
            },
            sheet: founded.sheet,
            random,
            now,
        }
    }

    /// The first device's hedge, with the world's chance.
    pub(super) fn hedge(&mut self) -> Hedge<'_> {
        Hedge { key: &self.general.keys.hedge, random: &mut self.random }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Server and second device: what envelopes need.
    fn begin_well(&mut self) {
        let server = self.server(1);
        self.by_first(Action::SetServer { server, old_key_compromised_since: None });
        self.by_first(Action::SetMinimumWriter(1));
        let seed = *self.second.sign.seed();
        let keys = self.device_keys(self.second.device, &seed);
        self.add_device(Signer::Device(self.general.device), keys);
    }

    /// Everything else that can happen, the end of a practice's troubles included.
    pub(super) fn live_on(&mut self) {
        let (colleague, device) = self.add_member();
        self.by_first(Action::SetRoles { member: colleague, roles: Roles::OFFICE });
        self.ring_life(colleague, device);
        self.device_life();
        self.sheet_life();
        let (gone, its_device) = self.add_member();
        let cuts = vec![Cut { device: its_device, head: self.end() }];
        self.by_first(Action::RemoveMember { member: gone, cuts });
        self.server_life();
        let revoked = vec![Cut { device, head: self.end() }];
        let (from, head) = (PracticeSeq::new(3), Hash::from_bytes(self.bytes()));
        self.by_first(Action::Abandon { from, head, revoked, removed: vec![colleague] });
        // The last, because nothing of suite 1 may follow.
        self.by_first(Action::SetSuite(2));
    }

    fn ring_life(&mut self, colleague: MemberId, device: DeviceId) {
        let shared = self.state.rings().iter().find(|(_, ring)| !ring.sole);
        let shared = *shared.unwrap().0;
        let ring = RingId::random(&mut self.random);
        let mut members = vec![
            RingMember { member: self.general.member, manager: true },
            RingMember { member: colleague, manager: false },
        ];
        members.sort_by_key(|one| one.member);
        let recipients = members.iter().flat_map(|one| self.state.recipients_of(one.member));
        let to_both = wraps(recipients);
        let (name, commitment) = (b"a sealed name".to_vec(), Hash::from_bytes(self.bytes()));
        let new = NewRing { ring, sole: false, name, commitment, members, wraps: to_both };
        self.by_first(Action::RingCreate(new));
        self.ring_add(shared, colleague, false, History::All);
        let cuts = vec![Cut { device, head: self.end() }];
        self.by_first(Action::RingRemove { ring, member: colleague, cuts });
        self.rekey(ring);
        self.ring_add(ring, colleague, true, History::From(RingEpoch::new(2)));
        let (epochs, to) = (vec![RingEpoch::new(2)], self.state.recipients_of(colleague));
        self.by_first(Action::Rewrap { ring, epochs, wraps: wraps(to) });
        self.rekey(ring);
    }

    fn device_life(&mut self) {
        let end = OwnHead { dev_inc: DevInc::new(1), ..self.end() };
        let (second, sign) = (self.second.device, *self.second.sign.seed());
        self.act(Signer::Device(second), &SigningKey::from_seed(sign), Action::Incarnate { end });
        let member = self.general.member;
        let member_key = self.next_key(&[]);
        self.by_first(Action::RotateMemberKey { member, member_key });
    }

    fn sheet_life(&mut self) {
        let member = self.general.member;
        let third = DeviceId::random(&mut self.random);
        let sign = SigningKey::random(&mut self.random);
        let keys = self.device_keys(third, sign.seed());
        self.add_device(Signer::Recovery(member), keys);
        self.wait(31);
        let (_, recovery) = self.new_sheet();
        self.by_first(Action::RequestRecovery { member, recovery });
        let request = self.state.head().seq;
        self.by_first(Action::VetoRecovery { member, request });
        let (sheet, recovery) = self.new_sheet();
        self.by_first(Action::RequestRecovery { member, recovery });
        let request = self.state.head().seq;
        self.wait(8);
        let to_sheet = wraps([Recipient::Recovery(member)]);
        let complete = Action::CompleteRecovery { member, request, wraps: to_sheet };
        self.act(Signer::Device(third), &sign, complete);
        self.sheet = sheet;
        let (sheet, recovery) = self.new_sheet();
        let member_key = Some(self.next_key(&[]));
        let replace = Action::ReplaceRecovery { member, recovery, wraps: vec![], member_key };
        let old = self.sheet.sign();
        self.act(Signer::Recovery(member), &old, replace);
        self.sheet = sheet;
    }

    fn server_life(&mut self) {
        let (member, device) = (self.general.member, self.second.device);
        let cut = Cut { device, head: OwnHead { dev_inc: DevInc::new(2), ..self.end() } };
        let member_key = Some(self.next_key(&[device]));
        let (cuts, suspect_since) = (vec![cut], Some(self.now));
        let kept = vec![];
        self.by_first(Action::RevokeDevice { member, cuts, kept, suspect_since, member_key });
        let own = OwnHead { dev_seq: DevSeq::new(9), ..cut.head };
        let receipts = vec![self.refusal(own)];
        self.by_first(Action::ExtendCut { cut: Cut { device, head: own }, receipts });
        self.server = SigningKey::random(&mut self.random);
        let server = self.server(2);
        let old_key_compromised_since = Some(self.now);
        self.by_first(Action::SetServer { server, old_key_compromised_since });
        let log = tacenda_shared::id::CompartmentId::random(&mut self.random);
        let position = tacenda_shared::id::Position::new;
        self.by_first(Action::Reseed {
            old: ServerEpoch::new(2),
            new: ServerEpoch::new(3),
            bases: vec![ReseedBase { log, position: position(4), hash: Hash::ZERO }],
            lost: vec![LostRange { log, from: position(5), to: position(6) }],
            missing: vec![device],
        });
    }

    fn refusal(&self, own: OwnHead) -> Receipt {
        ReceiptBody {
            practice: self.state.practice(),
            server_epoch: ServerEpoch::new(1),
            practice_head: self.state.head(),
            placement: None,
            device: self.second.device,
            own,
            time: self.now,
        }
        .sign(&self.server)
    }

    pub(super) fn server_epoch(&self) -> ServerEpoch {
        self.state.server().unwrap().server_epoch
    }

    /// Some own head.
    pub(super) fn own(&self) -> OwnHead {
        let own = self.state.head().hash;
        OwnHead { dev_inc: DevInc::new(1), dev_seq: DevSeq::new(4), own }
    }

    fn act(&mut self, signer: Signer, key: &SigningKey, action: Action) {
        self.now = self.now.plus_millis(1000);
        let entry = self.state.propose(action, signer, self.now, key).unwrap();
        self.state = self.state.apply(&entry, self.now).unwrap();
        self.entries.push(entry);
    }

    fn by_first(&mut self, action: Action) {
        let key = SigningKey::from_seed(*self.general.keys.sign.seed());
        self.act(Signer::Device(self.general.device), &key, action);
    }

    fn wait(&mut self, days: i64) {
        self.now = self.now.plus_millis(days * DAY);
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let random: &mut dyn Random = &mut self.random;
        random.bytes()
    }

    fn end(&mut self) -> OwnHead {
        let own = Hash::from_bytes(self.bytes());
        OwnHead { dev_inc: DevInc::new(1), dev_seq: DevSeq::new(7), own }
    }

    fn server(&self, epoch: u32) -> Server {
        let addresses = vec!["example.org:4440".to_owned(), "[2001:db8::1]:4440".to_owned()];
        let server_epoch = ServerEpoch::new(epoch);
        Server { addresses, key: self.server.verifying(), server_epoch }
    }

    fn device_keys(&mut self, device: DeviceId, seed: &[u8; 32]) -> DeviceKeys {
        self.device_keys_of(self.general.member, device, seed)
    }

    fn device_keys_of(&mut self, who: MemberId, device: DeviceId, seed: &[u8; 32]) -> DeviceKeys {
        let practice = self.state.practice();
        let kem = KemKey::from_seed(self.bytes()).public().published();
        let tls = SigningKey::random(&mut self.random).verifying();
        DeviceKeys::prove(practice, who, device, &SigningKey::from_seed(*seed), kem, tls)
    }

    fn add_device(&mut self, by: Signer, device: DeviceKeys) {
        let member = self.general.member;
        let wraps = wraps([Recipient::Device(device.device)]);
        let device_info = b"a sealed name".to_vec();
        let action = Action::AddDevice { member, device, device_info, wraps, member_key: None };
        match by {
            Signer::Device(_) => self.by_first(action),
            Signer::Recovery(_) => {
                let key = self.sheet.sign();
                self.act(by, &key, action);
            }
        }
    }

    fn new_sheet(&mut self) -> (RecoverySheet, tacenda_shared::membership::RecoveryKeys) {
        let sheet = RecoverySheet::from_entropy(SecretKey::from_bytes(self.bytes()));
        let keys = sheet.prove(self.state.practice(), self.general.member, Hash::ZERO);
        (sheet, keys)
    }

    fn add_member(&mut self) -> (MemberId, DeviceId) {
        let (member, id) = (MemberId::random(&mut self.random), DeviceId::random(&mut self.random));
        let seed = self.bytes();
        let device = self.device_keys_of(member, id, &seed);
        let practice = self.state.practice();
        let sheet = RecoverySheet::from_entropy(SecretKey::from_bytes(self.bytes()));
        let recovery = sheet.prove(practice, member, device.digest(practice, member));
        let recipients = [Recipient::Device(id), Recipient::Recovery(member)];
        let member_key = new_key(1, self.bytes(), recipients);
        self.by_first(Action::AddMember {
            member,
            roles: Roles::CLINICIAN.and(Roles::OFFICE),
            profile: b"a sealed name".to_vec(),
            device,
            device_info: vec![],
            recovery,
            member_key,
        });
        (member, id)
    }

    fn ring_add(&mut self, ring: RingId, member: MemberId, manager: bool, history: History) {
        let wraps = wraps(self.state.recipients_of(member));
        let member = RingMember { member, manager };
        self.by_first(Action::RingAdd { ring, member, history, wraps });
    }

    fn rekey(&mut self, ring: RingId) {
        let epoch = self.state.current_epoch(ring).unwrap().next();
        let (commitment, to) = (Hash::from_bytes(self.bytes()), self.state.recipients(ring));
        self.by_first(Action::Rekey { ring, epoch, commitment, wraps: wraps(to) });
    }

    fn next_key(&mut self, without: &[DeviceId]) -> NewMemberKey {
        let member = self.general.member;
        let devices = self.state.devices_of(member).filter(|device| !without.contains(device));
        let devices = devices.map(Recipient::Device);
        let recipients: Vec<_> = devices.chain([Recipient::Recovery(member)]).collect();
        let generation = self.state.members()[&member].key.generation.get() + 1;
        new_key(generation, self.bytes(), recipients)
    }
}

fn new_key(
    generation: u32,
    seed: [u8; 32],
    to: impl IntoIterator<Item = Recipient>,
) -> NewMemberKey {
    NewMemberKey {
        generation: MemberKeyGeneration::new(generation),
        kem: KemKey::from_seed(seed).public().published(),
        wraps: wraps(to),
        safe: safe::hash_rows(&[]),
    }
}

/// Wraps as an entry names them; what is in them is no matter of the log.
fn wraps(recipients: impl IntoIterator<Item = Recipient>) -> Vec<Wrap> {
    let one = |recipient| (recipient, Wrap { recipient, hash: Wrap::hash_of(b"a wrap") });
    recipients.into_iter().map(one).collect::<BTreeMap<_, _>>().into_values().collect()
}

/// Opens the founder's member key from the wrap to the first device.
fn member_key(general: &General, frames: &[DeviceFrame]) -> KemKey {
    let mine = Recipient::Device(general.device);
    for frame in frames {
        let DeviceFrame::Wrap(bytes) = frame else { continue };
        let (info, wrapped) = wrap_frame(PracticeId::from_bytes(UNBORN), bytes).unwrap();
        if info.recipient == mine && info.subject == *general.member.as_bytes() {
            let seed = wrap::unwrap(&general.keys.kem, &info, &wrapped).unwrap();
            return KemKey::from_seed(seed.as_slice().try_into().unwrap());
        }
    }
    panic!("the member key is wrapped to nobody")
}
