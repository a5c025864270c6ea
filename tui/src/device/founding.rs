//! How a practice begins, and how its rings are found again at unlock. Pure: bytes and keys in,
//! bytes and keys out.

use super::courier::frames::MailFrame;
use super::frame::DeviceFrame;
use super::held::{self, NAME_LABEL, Rings};
use super::keyring;
use super::rows::{RowChange, Rows};
use super::store::{Store, StoreError};
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::id::{
    DevInc, DeviceId, MemberId, MemberKeyGeneration, PracticeId, RingEpoch, RingId, Timestamp,
};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{self, RingKey, RowName, SafeName, SecondSecret};
use tacenda_shared::keys::vault::{DeviceSecrets, Extra, General};
use tacenda_shared::keys::wrap::{self, Wrap, WrapAction, WrapError, WrapInfo};
use tacenda_shared::keys::{KemKey, wrap_ring_keys, wrap_second_ring_keys};
use tacenda_shared::membership::{self, Entry, Founder, Recipient, State};
use tacenda_shared::practice::change::Author;
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::random::Random;
use tacenda_shared::seal::{self, Hedge, SALT_LENGTH};
use thiserror::Error;

/// The id that stands for the practice in a genesis, which has no id yet.
const UNBORN: PracticeId = PracticeId::from_bytes([0; 16]);
const FIRST: MemberKeyGeneration = MemberKeyGeneration::new(1);
const FIRST_EPOCH: RingEpoch = RingEpoch::new(1);
/// The longest wrap.
const WRAP_BYTES_MAX: usize = 128 << 10;

/// A practice that has just begun, not yet on any disk.
pub struct Founded {
    /// For the vault.
    pub general: General,
    /// For the vault's psychotherapy section.
    pub second_secret: SecondSecret,
    /// To be written down.
    pub sheet: RecoverySheet,
    /// For the journal.
    pub frames: Vec<DeviceFrame>,
    /// For the key tables.
    pub rows: Vec<RowChange>,
}

/// Why a practice cannot begin or its rings cannot be found.
#[derive(Debug, Error)]
pub enum FoundingError {
    /// The practice log does not hold together.
    #[error("the practice log does not hold together")]
    Log,
    /// The member's key is not here.
    #[error("the member's key does not open")]
    MemberKey,
    /// A frame does not read.
    #[error(transparent)]
    Malformed(#[from] CodecError),
    /// A key does not seal.
    #[error("a key cannot be sealed")]
    Seal,
    /// The journal does not give a frame.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WrapError> for FoundingError {
    fn from(_: WrapError) -> Self {
        Self::Seal
    }
}

/// Draws every key of a solo practice and signs its genesis.
pub fn found(
    device_name: &str,
    clinician: &str,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<Founded, FoundingError> {
    let (member, device) = (MemberId::random(random), DeviceId::random(random));
    let keys = DeviceSecrets::generate(random);
    let mut hedge = Hedge { key: &keys.hedge, random };
    let sheet = RecoverySheet::generate(&mut hedge);
    let member_key = KemKey::generate(&mut hedge);
    let second_secret = SecondSecret::generate(&mut hedge, member.as_bytes());

    let (rings, rows) = draw_rings(member, &member_key, &second_secret, &mut hedge)?;
    let (new_rings, mut wraps) =
        new_rings(&rings, member, (&member_key, &second_secret), &mut hedge)?;
    let everyone = rings.iter().find(|(purpose, ..)| *purpose == RingPurpose::Everyone);
    let (_, _, everyone) = everyone.ok_or(FoundingError::Seal)?;
    let mut seal_name = |text: &str| seal_bytes(everyone, b"member", text.as_bytes(), &mut hedge);
    let (profile, device_info) = (seal_name(clinician)?, seal_name(device_name)?);

    let mut held = Vec::new();
    for (recipient, public) in [
        (Recipient::Device(device), keys.kem.public()),
        (Recipient::Recovery(member), sheet.kem().public()),
    ] {
        let info = info(*member.as_bytes(), 1, recipient);
        let wrapped = wrap::wrap_member_key(&public, &info, &member_key, &mut hedge)?;
        held.push(membership::Wrap { recipient, hash: wrapped.hash() });
        wraps.push(encode_wrap(&info, &wrapped));
    }
    let entry = sign_genesis(Genesis {
        member,
        device,
        keys: &keys,
        sheet: &sheet,
        member_key: &member_key,
        held,
        safe: safe::hash_rows(&rows),
        profile,
        device_info,
        new_rings,
        now,
    })?;
    let mut frames = vec![DeviceFrame::Entry(entry.encode())];
    frames.extend(wraps.into_iter().map(DeviceFrame::Wrap));
    let general = General {
        practice: entry.founded_practice(),
        member,
        device,
        dev_inc: DevInc::new(1),
        keys,
        extra: Extra::default(),
    };
    let mut rows: Vec<_> = rows.into_iter().map(|(name, row)| RowChange::Put(name, row)).collect();
    let (name, row) = sheet
        .seal_second(member, &second_secret, &mut Hedge { key: &general.keys.hedge, random })
        .map_err(|_| FoundingError::Seal)?;
    rows.push(RowChange::Put(RowName::Sheet(name), row));
    Ok(Founded { general, second_secret, sheet, frames, rows })
}

type Ring = (RingPurpose, RingId, RingKey);
type SafeRow = (RowName, safe::Row);

/// Draws the key of every ring and puts each into the member's safe.
fn draw_rings(
    member: MemberId,
    member_key: &KemKey,
    second_secret: &SecondSecret,
    hedge: &mut Hedge<'_>,
) -> Result<(Vec<Ring>, Vec<SafeRow>), FoundingError> {
    let mut rings = Vec::new();
    let mut rows = Vec::new();
    for purpose in RingPurpose::of_solo_practice(member) {
        let id = RingId::from_bytes(hedge.random.bytes());
        let key = RingKey::generate(hedge, id.as_bytes());
        let name = SafeName { member, member_generation: FIRST, ring: id, epoch: FIRST_EPOCH };
        let (table, row) = if purpose.is_behind_second_secret() {
            let row = safe::seal_second_ring(second_secret, member_key, &name, &key, hedge);
            (RowName::SecondSafe(name), row)
        } else {
            (RowName::Safe(name), safe::seal_ring(member_key, &name, &key, hedge))
        };
        rows.push((table, row.map_err(|_| FoundingError::Seal)?));
        rings.push((purpose, id, key));
    }
    Ok((rings, rows))
}

fn new_rings(
    rings: &[Ring],
    member: MemberId,
    (member_key, second): (&KemKey, &SecondSecret),
    hedge: &mut Hedge<'_>,
) -> Result<(Vec<membership::NewRing>, Vec<Vec<u8>>), FoundingError> {
    let everyone = rings.iter().find(|(purpose, ..)| *purpose == RingPurpose::Everyone);
    let (_, _, everyone) = everyone.ok_or(FoundingError::Seal)?;
    let recipient = Recipient::MemberKey { member, generation: FIRST };
    let mut new_rings = Vec::new();
    let mut wraps = Vec::new();
    for (purpose, id, key) in rings {
        let info = info(*id.as_bytes(), 1, recipient);
        let public = member_key.public();
        let keys = [(FIRST_EPOCH, key)];
        let wrapped = if purpose.is_behind_second_secret() {
            wrap_second_ring_keys(&public, second, &info, &keys, hedge)?
        } else {
            wrap_ring_keys(&public, &info, &keys, hedge)?
        };
        let hash = wrapped.hash();
        new_rings.push(membership::NewRing {
            ring: *id,
            sole: purpose.is_sole(),
            name: seal_bytes(everyone, id.as_bytes(), &purpose.encode(), hedge)?,
            commitment: key.commitment(),
            members: vec![membership::RingMember { member, manager: true }],
            wraps: vec![membership::Wrap { recipient, hash }],
        });
        wraps.push(encode_wrap(&info, &wrapped));
    }
    Ok((new_rings, wraps))
}

struct Genesis<'a> {
    member: MemberId,
    device: DeviceId,
    keys: &'a DeviceSecrets,
    sheet: &'a RecoverySheet,
    member_key: &'a KemKey,
    held: Vec<membership::Wrap>,
    safe: tacenda_shared::suite::Hash,
    profile: Vec<u8>,
    device_info: Vec<u8>,
    new_rings: Vec<membership::NewRing>,
    now: Timestamp,
}

fn sign_genesis(genesis: Genesis<'_>) -> Result<Entry, FoundingError> {
    let Genesis { member, device, keys, sheet, .. } = genesis;
    let device_keys = keys.prove(UNBORN, member, device);
    let digest = device_keys.digest(UNBORN, member);
    let recovery = sheet.prove(UNBORN, member, digest);
    let founder = Founder {
        member,
        profile: genesis.profile,
        device: device_keys,
        device_info: genesis.device_info,
        recovery,
        member_key: membership::NewMemberKey {
            generation: FIRST,
            kem: genesis.member_key.public().published(),
            wraps: genesis.held,
            safe: genesis.safe,
        },
        rings: genesis.new_rings,
        server: None,
    };
    membership::found(founder, genesis.now, &keys.sign).map_err(|_| FoundingError::Log)
}

/// What unlock finds in the journal: the state of the practice log and the rings of this member.
pub(super) struct Standing {
    /// Rings whose keys are here.
    pub(super) rings: Rings,
    /// What the practice log has come to.
    pub(super) state: State,
}

/// Replays the practice log and opens the key safe.
pub(super) fn stand<F: FileSystem>(
    general: &General,
    store: &Store<F>,
    rows: &Rows<F>,
) -> Result<Standing, FoundingError> {
    let entries = held::entries(store)?;
    let state = stored_log(store)?.state;
    if state.practice() != general.practice {
        return Err(FoundingError::Log);
    }
    let author =
        Author { member: general.member, device: general.device, incarnation: general.dev_inc };
    let wraps = held::wraps(general.practice, store)?;
    let member_keys = held::member_keys(&general.keys, &author, &entries, &wraps);
    if member_keys.is_empty() {
        return Err(FoundingError::MemberKey);
    }
    let rings = held::rings(&general.keys, &author, &state, &member_keys, &wraps, rows)?;
    if rings.is_empty() && rows.is_read_only() {
        // With no key at all, an empty practice would be shown in the place of this one.
        return Err(StoreError::Altered.into());
    }
    Ok(Standing { rings, state })
}

/// Replays the practice log as it is stored.
pub(super) fn stored_log<F: FileSystem>(
    store: &Store<F>,
) -> Result<membership::Replayed, FoundingError> {
    let entries = held::entries(store)?;
    let mut times = Vec::new();
    for entry in &entries {
        times.push(received(entry, store)?);
    }
    State::replay(entries.iter().zip(times)).map_err(|_| FoundingError::Log)
}

/// When the server took an entry; before there is a server, when its signer says so.
fn received<F: FileSystem>(entry: &Entry, store: &Store<F>) -> Result<Timestamp, FoundingError> {
    let Some(location) = store.locations().ledger().receipt(entry.seq) else {
        return Ok(entry.time);
    };
    match store.read(location)? {
        DeviceFrame::Mail(MailFrame::EntryReceipt(receipt)) => Ok(receipt.received),
        _ => Err(FoundingError::Log),
    }
}

/// Opens the member's present key, if it was wrapped to this device.
pub(super) fn member_key<F: FileSystem>(
    keys: &DeviceSecrets,
    author: &Author,
    state: &State,
    store: &Store<F>,
) -> Result<KemKey, FoundingError> {
    let current = state.members().get(&author.member).ok_or(FoundingError::Log)?;
    let (entries, wraps) = (held::entries(store)?, held::wraps(state.practice(), store)?);
    let mut keys = held::member_keys(keys, author, &entries, &wraps);
    keys.remove(&current.key.generation).ok_or(FoundingError::MemberKey)
}

fn info(subject: [u8; 16], version: u32, recipient: Recipient) -> WrapInfo {
    WrapInfo { practice: UNBORN, action: WrapAction::Found, subject, version, recipient }
}

/// What the wrap of a member key is bound to when a device is added.
pub(super) fn added_info(
    practice: PracticeId,
    member: MemberId,
    version: u32,
    device: DeviceId,
) -> WrapInfo {
    let (action, subject) = (WrapAction::AddDevice, *member.as_bytes());
    WrapInfo { practice, action, subject, version, recipient: Recipient::Device(device) }
}

/// Opens the name of a member or of a device.
pub(super) fn open_name(everyone: &RingKey, sealed: &[u8]) -> Option<String> {
    let (salt, ciphertext) = sealed.split_first_chunk::<SALT_LENGTH>()?;
    let key = everyone.secret().expose();
    let opened = seal::open(key, NAME_LABEL, b"member", salt, ciphertext).ok()?;
    String::from_utf8(opened.to_vec()).ok()
}

/// Seals the name of a member or of a device.
pub(super) fn seal_name(
    everyone: &RingKey,
    name: &str,
    hedge: &mut Hedge<'_>,
) -> Result<Vec<u8>, FoundingError> {
    seal_bytes(everyone, b"member", name.as_bytes(), hedge)
}

fn seal_bytes(
    key: &RingKey,
    context: &[u8],
    plain: &[u8],
    hedge: &mut Hedge<'_>,
) -> Result<Vec<u8>, FoundingError> {
    let sealed = seal::seal(key.secret().expose(), NAME_LABEL, context, plain, hedge)
        .map_err(|_| FoundingError::Seal)?;
    let mut bytes = sealed.salt.to_vec();
    bytes.extend_from_slice(&sealed.ciphertext);
    Ok(bytes)
}

/// A wrap with what it is bound to, as a frame keeps it.
pub(super) fn encode_wrap(info: &WrapInfo, wrapped: &Wrap) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(info.action as u8).fixed(&info.subject).u32(info.version);
    info.recipient.write(&mut writer);
    writer.bytes(wrapped.as_bytes());
    writer.into_bytes()
}

pub(super) fn decode_wrap(
    practice: PracticeId,
    bytes: &[u8],
) -> Result<(WrapInfo, Wrap), FoundingError> {
    let mut reader = Reader::new(bytes);
    let action = keyring::wrap_action(reader.u8()?).ok_or(CodecError::Unknown)?;
    let practice = keyring::practice_of(action, practice);
    let (subject, version) = (reader.fixed()?, reader.u32()?);
    let recipient = Recipient::read(&mut reader)?;
    let info = WrapInfo { practice, action, subject, version, recipient };
    let wrapped = Wrap::from_bytes(reader.bytes(WRAP_BYTES_MAX)?.to_vec())?;
    reader.finish()?;
    Ok((info, wrapped))
}
