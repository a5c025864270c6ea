//! The bytes of a vault's file, before any key is known.
//!
//! ```text
//! magic 8 | version u16 | length u32 | CRC-32 of these 14
//! vault id 16 | algorithm u8 | memory KiB u32 | passes u32 | lanes u32 | salt 16
//! device secret: 0, or 1 and its commitment 32 | device name: u32 and text
//! sections: u32, each { kind u8 | factors u8 | commitment 32 | salt 24 | sealed: u32 and bytes }
//! checksum 32 over everything before
//! ```
//!
//! The first line and the checksum stay in every version, so that a newer file is told from a
//! damaged one. The checksum is against decay of the medium; a forger is stopped by the keys.

use crate::codec::{CodecError, Reader, Writer};
use crate::keys::label;
use crate::keys::vault::VaultError;
use crate::keys::vault::kdf::KdfCost;
use crate::seal::{SALT_LENGTH, Sealed};
use crate::suite::{self, Hash};

/// What anybody can read in a vault's file: nothing about a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VaultHeader {
    /// Drawn for each vault; a copy is told from the original by it and the machine.
    pub vault_id: [u8; 16],
    /// What one try at the passphrase costs.
    pub cost: KdfCost,
    /// The name of this device, for the lock screen.
    pub device_name: String,
    /// Whether the file that holds the device secret is needed too.
    pub needs_device_secret: bool,
}

/// How long a device's name may be, as UTF-8.
pub const DEVICE_NAME_BYTES_MAX: usize = 128;

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct VaultFile {
    pub(super) vault_id: [u8; 16],
    pub(super) cost: KdfCost,
    pub(super) salt: [u8; 16],
    pub(super) device_secret: Option<Hash>,
    pub(super) device_name: String,
    pub(super) sections: Vec<Section>,
}

/// One sealed part. `kind` and `factors` are numbers, because a newer version may know more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Section {
    pub(super) kind: u8,
    pub(super) factors: u8,
    pub(super) commitment: [u8; 32],
    pub(super) sealed: Sealed,
}

impl VaultFile {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Writer::new();
        body.fixed(&self.public_part());
        body.list(&self.sections, |writer, section| {
            writer.u8(section.kind).u8(section.factors).fixed(&section.commitment);
            writer.fixed(&section.sealed.salt).bytes(&section.sealed.ciphertext);
        });
        let length = PREFIX_LENGTH + body.len() + CHECKSUM_LENGTH;
        let mut prefix = Writer::new();
        prefix.fixed(MAGIC).u16(VERSION_1).u32(u32::try_from(length).unwrap_or(u32::MAX));
        let crc = crc32fast::hash(prefix.as_slice());
        let mut writer = Writer::with_capacity(length);
        writer.fixed(prefix.as_slice()).u32(crc).fixed(body.as_slice());
        let checksum = suite::hash(label::VAULT_CHECKSUM, &[writer.as_slice()]);
        writer.fixed(checksum.as_bytes());
        writer.into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, VaultError> {
        let body = intact_body(bytes)?;
        let mut reader = Reader::new(body);
        let file = Self::read(&mut reader)?;
        reader.finish()?;
        if file.sections.windows(2).all(|pair| matches!(pair, [a, b] if a.kind < b.kind)) {
            Ok(file)
        } else {
            Err(VaultError::Damaged)
        }
    }

    /// What every section is bound to.
    pub(super) fn public_part(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.fixed(&self.vault_id).u8(ARGON2ID_V13);
        writer.u32(self.cost.memory_kib()).u32(self.cost.passes()).u32(self.cost.lanes());
        writer.fixed(&self.salt);
        writer.option(self.device_secret, |writer, commitment| {
            writer.fixed(commitment.as_bytes());
        });
        writer.text(&self.device_name);
        writer.into_bytes()
    }

    pub(super) fn header(&self) -> VaultHeader {
        VaultHeader {
            vault_id: self.vault_id,
            cost: self.cost,
            device_name: self.device_name.clone(),
            needs_device_secret: self.device_secret.is_some(),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VaultError> {
        let vault_id = reader.fixed()?;
        if reader.u8()? != ARGON2ID_V13 {
            return Err(VaultError::NewerVersion);
        }
        let cost = KdfCost::new(reader.u32()?, reader.u32()?, reader.u32()?)?;
        let salt = reader.fixed()?;
        let device_secret = reader.option(|reader| reader.fixed().map(Hash::from_bytes))?;
        let device_name = reader.text(DEVICE_NAME_BYTES_MAX)?.to_owned();
        let sections = reader.list(SECTIONS_MAX, |reader| {
            Ok(Section {
                kind: reader.u8()?,
                factors: reader.u8()?,
                commitment: reader.fixed()?,
                sealed: Sealed {
                    salt: reader.fixed::<SALT_LENGTH>()?,
                    ciphertext: reader.bytes(SECTION_BYTES_MAX)?.to_vec(),
                },
            })
        })?;
        Ok(Self { vault_id, cost, salt, device_secret, device_name, sections })
    }
}

/// Returns what lies between the first line and the checksum of a file that is whole and ours.
fn intact_body(bytes: &[u8]) -> Result<&[u8], VaultError> {
    // A file that was created and never written is all zeros after some crashes.
    if bytes.iter().all(|byte| *byte == 0) {
        return Err(VaultError::Empty);
    }
    let magic = MAGIC.get(..bytes.len().min(MAGIC.len())).unwrap_or(MAGIC);
    if !bytes.starts_with(magic) {
        return Err(VaultError::Damaged);
    }
    let (prefix, _) = bytes.split_at_checked(PREFIX_LENGTH).ok_or(VaultError::Truncated)?;
    let (line, crc) = prefix.split_at_checked(PREFIX_LENGTH - 4).ok_or(VaultError::Truncated)?;
    let mut reader = Reader::new(line);
    reader.slice(MAGIC.len())?;
    let (version, length) = (reader.u16()?, reader.u32()?);
    if crc != crc32fast::hash(line).to_be_bytes() {
        return Err(VaultError::Damaged);
    }
    let length = usize::try_from(length).map_err(|_| VaultError::Damaged)?;
    if bytes.len() < length {
        return Err(VaultError::Truncated);
    }
    let body_end = length.checked_sub(CHECKSUM_LENGTH).ok_or(VaultError::Damaged)?;
    let (signed, checksum) = bytes.split_at_checked(body_end).ok_or(VaultError::Damaged)?;
    if suite::hash(label::VAULT_CHECKSUM, &[signed]).as_bytes() != checksum {
        return Err(VaultError::Damaged);
    }
    if version != VERSION_1 {
        return Err(VaultError::NewerVersion);
    }
    signed.get(PREFIX_LENGTH..).ok_or(VaultError::Damaged)
}

impl From<CodecError> for VaultError {
    fn from(_: CodecError) -> Self {
        Self::Damaged
    }
}

const MAGIC: &[u8; 8] = b"TACVAULT";
const VERSION_1: u16 = 1;
const PREFIX_LENGTH: usize = 18;
const CHECKSUM_LENGTH: usize = 32;
const ARGON2ID_V13: u8 = 1;
const SECTIONS_MAX: usize = 16;
const SECTION_BYTES_MAX: usize = 64 * 1024;
