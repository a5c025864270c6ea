//! Rows: the keys of rings, compartments and drafts, each sealed under the key above it.
//!
//! A row is written once and named (table, holder, id, generation); the name and the commitment
//! are authenticated, and a key that does not match its commitment is never returned. Rows lie
//! outside logs, so that deleting one is what erases. All are 76 bytes, whatever they hold.

use crate::codec::{CodecError, Reader, Writer};
use crate::id::{
    CompartmentId, MemberId, MemberKeyGeneration, ObjectId, RingEpoch, RingId, SlotGeneration,
};
use crate::keys::kem::KemKey;
use crate::keys::label;
use crate::seal::{self, Hedge, SealError, Sealed, SecretKey};
use crate::suite::{self, Hash, VerifyingKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// Length of every row in bytes: the version of the key above, the salt, the sealed key.
pub const ROW_LENGTH: usize = 4 + seal::SALT_LENGTH + 32 + seal::TAG_LENGTH;
/// Length of every row's name in bytes.
pub const ROW_NAME_LENGTH: usize = 41;

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($label:expr);)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(SecretKey);

        impl $name {
            /// Draws a new key; `context` is what it is for.
            pub fn generate(hedge: &mut Hedge<'_>, context: &[u8]) -> Self {
                Self(hedge.secret($label, context))
            }

            /// Takes a key that came out of a wrap or a row.
            pub const fn from_secret(secret: SecretKey) -> Self {
                Self(secret)
            }

            /// Returns the secret, to be wrapped.
            pub const fn secret(&self) -> &SecretKey {
                &self.0
            }

            /// Returns the public value by which signed entries name this key.
            pub fn commitment(&self) -> Hash {
                self.0.commitment()
            }
        }
    )+};
}

impl SecondSecret {
    /// Returns the key that a wrap of a psychotherapy ring needs besides its recipient's, and the
    /// name of that key.
    pub fn for_wraps(&self) -> (SecretKey, Hash) {
        (self.0.derive(label::SECOND_WRAP, &[]), self.0.commitment())
    }
}

keys! {
    /// The key of a ring in one epoch.
    RingKey(label::RING_KEY);
    /// The content key of a compartment in one generation.
    SlotKey(label::SLOT_KEY);
    /// The key of one draft, on top of its compartment's.
    DraftKey(label::DRAFT_KEY);
    /// The member's second secret: without it no psychotherapy ring opens. Step-up is this key.
    SecondSecret(label::SECOND_SECRET);
}

/// Where a ring's key lies in a member's safe.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SafeName {
    /// Whose safe.
    pub member: MemberId,
    /// The generation of the member key above.
    pub member_generation: MemberKeyGeneration,
    /// Which ring.
    pub ring: RingId,
    /// In which epoch.
    pub epoch: RingEpoch,
}

/// Where a compartment's key lies for one ring.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SlotName {
    /// For which ring.
    pub ring: RingId,
    /// The epoch of the ring key above.
    pub epoch: RingEpoch,
    /// Which compartment.
    pub compartment: CompartmentId,
    /// In which generation.
    pub generation: SlotGeneration,
}

/// Where a draft's key lies.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct DraftName {
    /// In which compartment.
    pub compartment: CompartmentId,
    /// The generation of the slot key above.
    pub generation: SlotGeneration,
    /// Which draft.
    pub draft: ObjectId,
}

/// Where the second secret lies for a recovery sheet. There is one such row for each sheet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SheetName {
    /// Whose sheet.
    pub member: MemberId,
    /// Which: from the key that it signs with, so that everybody can name it and only the sheet
    /// itself can be meant.
    pub sheet: [u8; 16],
}

impl SheetName {
    /// Returns the name of the row of the sheet that signs with `sig`.
    pub fn of(member: MemberId, sig: &VerifyingKey) -> Self {
        let hash = suite::hash(label::RECOVERY_ROW_NAME, &[sig.as_bytes()]);
        Self { member, sheet: hash.truncated() }
    }
}

/// The name of any row: what a store keeps it under.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RowName {
    /// A ring key under the member key.
    Safe(SafeName),
    /// A psychotherapy ring's key under the second secret.
    SecondSafe(SafeName),
    /// A slot key under a ring key.
    Slot(SlotName),
    /// A draft key under a slot key.
    Draft(DraftName),
    /// The second secret under a recovery sheet.
    Sheet(SheetName),
}

impl RowName {
    /// Returns the canonical bytes: table, holder and its version, id and its version.
    pub fn encode(&self) -> [u8; ROW_NAME_LENGTH] {
        let (table, holder, holder_version, id, version) = match self {
            Self::Safe(n) => safe_parts(SAFE_TABLE, n),
            Self::SecondSafe(n) => safe_parts(SECOND_SAFE_TABLE, n),
            Self::Slot(n) => (
                SLOT_TABLE,
                n.ring.as_bytes(),
                n.epoch.get(),
                n.compartment.as_bytes(),
                n.generation.get(),
            ),
            Self::Draft(n) => {
                (DRAFT_TABLE, n.compartment.as_bytes(), n.generation.get(), n.draft.as_bytes(), 0)
            }
            Self::Sheet(n) => (SHEET_TABLE, n.member.as_bytes(), 0, &n.sheet, 0),
        };
        let mut writer = Writer::new();
        writer.u8(table).fixed(holder).u32(holder_version).fixed(id).u32(version);
        let mut out = [0; ROW_NAME_LENGTH];
        out.iter_mut().zip(writer.as_slice()).for_each(|(to, from)| *to = *from);
        out
    }

    /// Reads what [`RowName::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let (table, holder, holder_version) = (reader.u8()?, reader.fixed()?, reader.u32()?);
        let (id, version) = (reader.fixed()?, reader.u32()?);
        reader.finish()?;
        let safe = || SafeName {
            member: MemberId::from_bytes(holder),
            member_generation: MemberKeyGeneration::new(holder_version),
            ring: RingId::from_bytes(id),
            epoch: RingEpoch::new(version),
        };
        match table {
            SAFE_TABLE => Ok(Self::Safe(safe())),
            SECOND_SAFE_TABLE => Ok(Self::SecondSafe(safe())),
            SLOT_TABLE => Ok(Self::Slot(SlotName {
                ring: RingId::from_bytes(holder),
                epoch: RingEpoch::new(holder_version),
                compartment: CompartmentId::from_bytes(id),
                generation: SlotGeneration::new(version),
            })),
            DRAFT_TABLE if version == 0 => Ok(Self::Draft(DraftName {
                compartment: CompartmentId::from_bytes(holder),
                generation: SlotGeneration::new(holder_version),
                draft: ObjectId::from_bytes(id),
            })),
            SHEET_TABLE if (holder_version, version) == (0, 0) => {
                Ok(Self::Sheet(SheetName { member: MemberId::from_bytes(holder), sheet: id }))
            }
            _ => Err(CodecError::Unknown),
        }
    }

    const fn holder_version(&self) -> u32 {
        match self {
            Self::Safe(name) | Self::SecondSafe(name) => name.member_generation.get(),
            Self::Slot(name) => name.epoch.get(),
            Self::Draft(name) => name.generation.get(),
            Self::Sheet(_) => 0,
        }
    }

    const fn label(&self) -> &'static str {
        match self {
            Self::Safe(_) => label::SAFE_ROW,
            Self::SecondSafe(_) => label::SECOND_SAFE_ROW,
            Self::Slot(_) => label::SLOT_ROW,
            Self::Draft(_) => label::DRAFT_ROW,
            Self::Sheet(_) => label::SHEET_ROW,
        }
    }
}

/// A sealed key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Row([u8; ROW_LENGTH]);

impl Row {
    /// Takes the bytes as they came; whether they open is another question.
    pub const fn from_bytes(bytes: [u8; ROW_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; ROW_LENGTH] {
        &self.0
    }
}

/// Why a row gives no key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RowError {
    /// Another key, another name, another commitment, or altered bytes. Which, nobody can say.
    #[error("the row does not open")]
    DoesNotOpen,
    /// It was sealed under another version of the key above than its name says.
    #[error("the row belongs under another version of its key")]
    OtherVersion,
    /// Its key is not the one that the signed entry names.
    #[error("the key of the row does not match its commitment")]
    WrongCommitment,
}

impl From<SealError> for RowError {
    fn from(_: SealError) -> Self {
        Self::DoesNotOpen
    }
}

/// Seals `ring_key` into the safe of its member.
pub fn seal_ring(
    member_key: &KemKey,
    name: &SafeName,
    ring_key: &RingKey,
    hedge: &mut Hedge<'_>,
) -> Result<Row, RowError> {
    seal_row(&member_key.derive(label::SAFE), &RowName::Safe(*name), &ring_key.0, hedge)
}

/// Opens what [`seal_ring`] made.
pub fn open_ring(
    member_key: &KemKey,
    name: &SafeName,
    commitment: &Hash,
    row: &Row,
) -> Result<RingKey, RowError> {
    open_row(&member_key.derive(label::SAFE), &RowName::Safe(*name), commitment, row).map(RingKey)
}

/// Seals a psychotherapy ring's key into the part of the safe that only step-up opens: under the
/// second secret, and under the member's key, so that a device that was revoked and knows the
/// second secret opens nothing of what comes after.
pub fn seal_second_ring(
    second: &SecondSecret,
    member_key: &KemKey,
    name: &SafeName,
    ring_key: &RingKey,
    hedge: &mut Hedge<'_>,
) -> Result<Row, RowError> {
    let above = second_safe(second, member_key);
    seal_row(&above, &RowName::SecondSafe(*name), &ring_key.0, hedge)
}

/// Opens what [`seal_second_ring`] made.
pub fn open_second_ring(
    second: &SecondSecret,
    member_key: &KemKey,
    name: &SafeName,
    commitment: &Hash,
    row: &Row,
) -> Result<RingKey, RowError> {
    let above = second_safe(second, member_key);
    open_row(&above, &RowName::SecondSafe(*name), commitment, row).map(RingKey)
}

fn second_safe(second: &SecondSecret, member_key: &KemKey) -> SecretKey {
    let mut both = Zeroizing::new(Vec::with_capacity(64));
    both.extend_from_slice(second.0.expose());
    both.extend_from_slice(member_key.seed());
    SecretKey::from_bytes(suite::derive(&both, &[], label::SECOND_SAFE, &[]))
}

/// Seals the second secret for a recovery sheet. `sheet` is the key that the sheet derives for
/// this, which nobody has who does not have the words: no entry needs to name the row.
pub(crate) fn seal_for_sheet(
    sheet: &SecretKey,
    name: &SheetName,
    second: &SecondSecret,
    hedge: &mut Hedge<'_>,
) -> Result<Row, RowError> {
    seal_bare(sheet, &RowName::Sheet(*name), &Hash::ZERO, &second.0, hedge)
}

/// Opens what [`seal_for_sheet`] made.
pub(crate) fn open_for_sheet(
    sheet: &SecretKey,
    name: &SheetName,
    row: &Row,
) -> Result<SecondSecret, RowError> {
    open_bare(sheet, &RowName::Sheet(*name), &Hash::ZERO, row).map(SecondSecret)
}

/// Seals a compartment's key for a ring.
pub fn seal_slot(
    ring_key: &RingKey,
    name: &SlotName,
    slot_key: &SlotKey,
    hedge: &mut Hedge<'_>,
) -> Result<Row, RowError> {
    seal_row(&ring_key.0, &RowName::Slot(*name), &slot_key.0, hedge)
}

/// Opens what [`seal_slot`] made.
pub fn open_slot(
    ring_key: &RingKey,
    name: &SlotName,
    commitment: &Hash,
    row: &Row,
) -> Result<SlotKey, RowError> {
    open_row(&ring_key.0, &RowName::Slot(*name), commitment, row).map(SlotKey)
}

/// Seals a draft's key for those who can read its compartment.
pub fn seal_draft(
    slot_key: &SlotKey,
    name: &DraftName,
    draft_key: &DraftKey,
    hedge: &mut Hedge<'_>,
) -> Result<Row, RowError> {
    seal_row(&slot_key.0, &RowName::Draft(*name), &draft_key.0, hedge)
}

/// Opens what [`seal_draft`] made.
pub fn open_draft(
    slot_key: &SlotKey,
    name: &DraftName,
    commitment: &Hash,
    row: &Row,
) -> Result<DraftKey, RowError> {
    open_row(&slot_key.0, &RowName::Draft(*name), commitment, row).map(DraftKey)
}

/// Returns the hash over a whole safe, which RotateMemberKey cites. The order does not count.
pub fn hash_rows(rows: &[(RowName, Row)]) -> Hash {
    let mut sorted: Vec<_> = rows.iter().map(|(name, row)| (name.encode(), row.0)).collect();
    sorted.sort_unstable();
    let fields: Vec<&[u8]> =
        sorted.iter().flat_map(|(name, row)| [name.as_slice(), row.as_slice()]).collect();
    suite::hash(label::SAFE_HASH, &fields)
}

fn seal_row(
    above: &SecretKey,
    name: &RowName,
    secret: &SecretKey,
    hedge: &mut Hedge<'_>,
) -> Result<Row, RowError> {
    seal_bare(above, name, &secret.commitment(), secret, hedge)
}

fn seal_bare(
    above: &SecretKey,
    name: &RowName,
    commitment: &Hash,
    secret: &SecretKey,
    hedge: &mut Hedge<'_>,
) -> Result<Row, RowError> {
    let context = row_context(name, commitment);
    let Sealed { salt, ciphertext } =
        seal::seal(above.expose(), name.label(), &context, secret.expose(), hedge)?;
    let version = name.holder_version().to_be_bytes();
    let mut row = [0; ROW_LENGTH];
    let bytes = version.iter().chain(&salt).chain(&ciphertext);
    row.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Ok(Row(row))
}

fn open_row(
    above: &SecretKey,
    name: &RowName,
    commitment: &Hash,
    row: &Row,
) -> Result<SecretKey, RowError> {
    let secret = open_bare(above, name, commitment, row)?;
    // A holder of the key above can seal any key under any commitment; only the right one counts.
    if suite::equal(secret.commitment().as_bytes(), commitment.as_bytes()) {
        Ok(secret)
    } else {
        Err(RowError::WrongCommitment)
    }
}

fn open_bare(
    above: &SecretKey,
    name: &RowName,
    commitment: &Hash,
    row: &Row,
) -> Result<SecretKey, RowError> {
    let mut reader = Reader::new(&row.0);
    if reader.u32().map_err(|_| RowError::DoesNotOpen)? != name.holder_version() {
        return Err(RowError::OtherVersion);
    }
    let salt = reader.fixed().map_err(|_| RowError::DoesNotOpen)?;
    let context = row_context(name, commitment);
    let opened = seal::open(above.expose(), name.label(), &context, &salt, reader.rest())?;
    let secret: [u8; 32] = opened.as_slice().try_into().map_err(|_| RowError::DoesNotOpen)?;
    Ok(SecretKey::from_bytes(secret))
}

fn row_context(name: &RowName, commitment: &Hash) -> Vec<u8> {
    let mut context = Writer::new();
    context.fixed(&name.encode()).fixed(commitment.as_bytes());
    context.into_bytes()
}

const fn safe_parts(table: u8, n: &SafeName) -> (u8, &[u8; 16], u32, &[u8; 16], u32) {
    let generation = n.member_generation.get();
    (table, n.member.as_bytes(), generation, n.ring.as_bytes(), n.epoch.get())
}

const SAFE_TABLE: u8 = 1;
const SECOND_SAFE_TABLE: u8 = 2;
const SLOT_TABLE: u8 = 3;
const DRAFT_TABLE: u8 = 4;
/// Table 5 is the server's: wraps.
const SHEET_TABLE: u8 = 6;

/// Returns what an envelope is sealed under by [`crate::seal`]: slot key, then draft key if it
/// belongs to a draft. 32 or 64 bytes.
pub fn envelope_key(slot: &SlotKey, draft: Option<&DraftKey>) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(64));
    key.extend_from_slice(slot.0.expose());
    if let Some(draft) = draft {
        key.extend_from_slice(draft.0.expose());
    }
    key
}

/// Returns the key that seals the checkpoints of a ring.
pub fn checkpoint_key(ring: &RingKey) -> SecretKey {
    ring.0.derive(label::CHECKPOINT, &[])
}

/// Returns the key under which this device keeps a compartment's content in its own journal,
/// keystrokes included: it dies with the slot key or the draft key.
pub fn local_key(slot: &SlotKey, draft: Option<&DraftKey>) -> SecretKey {
    SecretKey::from_bytes(suite::derive(&envelope_key(slot, draft), &[], label::LOCAL, &[]))
}

/// Returns the key of a compartment's projection on this device.
pub fn projection_key(slot: &SlotKey) -> SecretKey {
    slot.0.derive(label::PROJECTION, &[])
}

/// Returns the key of one segment of this device's journal: the outer layer over everything,
/// from the device's local key and the segment's random id.
pub fn segment_key(local: &SecretKey, segment_id: &[u8; 16]) -> SecretKey {
    local.derive(label::SEGMENT, &[segment_id])
}

#[cfg(test)]
mod tests;
