//! The vault: the one file that a passphrase opens, as bytes and values; never the disk.
//!
//! `K = HKDF(Argon2id(NFKC passphrase, salt) || device secret, vault id, section)`. Each section
//! has its own K, sealed by [`crate::seal`] and bound to the whole public part, and a commitment
//! to K that is compared first: so a wrong passphrase is told from damage, and no ciphertext can
//! be made that opens under many passphrases (Len, Grubbs, Ristenpart 2021).

mod contents;
mod file;
mod kdf;
#[cfg(test)]
mod tests;

pub use contents::{DeviceSecrets, Extra, General};
pub use file::{DEVICE_NAME_BYTES_MAX, VaultHeader};
pub use kdf::{KdfCost, kdf_memory};

use crate::keys::label;
use crate::keys::passphrase::Passphrase;
use crate::random::Random;
use crate::seal::{self, Hedge, SealError, SecretKey};
use crate::suite::{self, Hash};
use file::{Section, VaultFile};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a vault does not open, or cannot be written.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum VaultError {
    /// The file has changed since it was written.
    #[error("the vault file is damaged")]
    Damaged,
    /// The device's name is longer than [`DEVICE_NAME_BYTES_MAX`].
    #[error("the name of the device is too long")]
    DeviceNameTooLong,
    /// The file was created, and nothing was ever written to it.
    #[error("the vault file is empty")]
    Empty,
    /// The cost of the passphrase is below the floor or beyond the cap.
    #[error("the cost of the passphrase is out of range")]
    KdfOutOfRange,
    /// The file that holds the device secret is needed.
    #[error("the device secret is missing")]
    MissingDeviceSecret,
    /// This vault has no such section.
    #[error("the vault has no such section")]
    MissingSection,
    /// A newer version wrote the file, or a section needs a factor that this one does not know.
    #[error("the vault file was written by a newer version")]
    NewerVersion,
    /// There is not enough memory for the passphrase's cost.
    #[error("there is not enough memory to open the vault")]
    OutOfMemory,
    /// The file ends too early.
    #[error("the vault file ends too early")]
    Truncated,
    /// A tag is reserved or its value too long.
    #[error("the vault does not take this value")]
    ValueRefused,
    /// The device secret belongs to another vault.
    #[error("the device secret belongs to another vault")]
    WrongDeviceSecret,
    /// The passphrase is another one.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
}

impl From<SealError> for VaultError {
    fn from(_: SealError) -> Self {
        // The key was proved right by its commitment, so the bytes are wrong.
        Self::Damaged
    }
}

/// What a new vault is made with, besides its secrets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VaultSetup {
    /// What one try at the passphrase shall cost.
    pub cost: KdfCost,
    /// The name of this device, for the lock screen. Never anything about a client.
    pub device_name: String,
}

/// The functions that read and write a vault's file.
#[derive(Clone, Copy, Debug)]
pub struct Vault;

/// An open vault. It can write its general section anew without asking for the passphrase.
pub struct Open {
    /// What the lock screen shows.
    pub header: VaultHeader,
    /// The general section.
    pub general: General,
    unlock: SecretKey,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Vault {
    /// Writes a new vault. With `second_secret` it has a psychotherapy section.
    pub fn create(
        setup: &VaultSetup,
        general: &General,
        second_secret: Option<&SecretKey>,
        factors: Factors<'_>,
        random: &mut dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        let begun = Self::begin(setup, &general.keys.hedge, factors, random)?;
        begun.finish(general, second_secret, random)
    }

    /// Begins a new vault before it is known what it will hold: takes the memory and time of the
    /// KDF. `hedge` is the hedging key of the device.
    pub fn begin<'a>(
        setup: &VaultSetup,
        hedge: &SecretKey,
        factors: Factors<'a>,
        random: &mut dyn Random,
    ) -> Result<Begun<'a>, VaultError> {
        if setup.device_name.len() > DEVICE_NAME_BYTES_MAX {
            return Err(VaultError::DeviceNameTooLong);
        }
        let mut hedge = Hedge { key: hedge, random };
        let file = VaultFile {
            vault_id: fresh(&mut hedge, b"id"),
            cost: setup.cost,
            salt: fresh(&mut hedge, b"salt"),
            device_secret: factors.device_secret.map(SecretKey::commitment),
            device_name: setup.device_name.clone(),
            sections: Vec::new(),
        };
        let unlocking = Unlocking::new(&file, factors)?;
        Ok(Begun { file, unlocking })
    }

    /// Reads what the lock screen needs. Costs nothing; asks for no passphrase.
    pub fn read_header(bytes: &[u8]) -> Result<VaultHeader, VaultError> {
        VaultFile::decode(bytes).map(|file| file.header())
    }

    /// Opens the general section. Takes the memory and time of the KDF.
    pub fn open(bytes: &[u8], factors: Factors<'_>) -> Result<Open, VaultError> {
        let file = VaultFile::decode(bytes)?;
        let unlocking = Unlocking::new(&file, factors)?;
        let (body, unlock) = unlocking.open(&file, GENERAL)?;
        Ok(Open { header: file.header(), general: General::decode(&body)?, unlock })
    }

    /// Opens the psychotherapy section: the member's second secret. Step-up asks for the
    /// passphrase again, so it costs as much as [`Vault::open`].
    pub fn open_second_secret(bytes: &[u8], factors: Factors<'_>) -> Result<SecretKey, VaultError> {
        let file = VaultFile::decode(bytes)?;
        let (body, _) = Unlocking::new(&file, factors)?.open(&file, PSYCHOTHERAPY)?;
        contents::decode_second_secret(&body)
    }

    /// Puts the second secret into a vault in the place of what it had.
    pub fn with_second_secret(
        bytes: &[u8],
        factors: Factors<'_>,
        secret: &SecretKey,
        random: &mut dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        let mut file = VaultFile::decode(bytes)?;
        let unlocking = Unlocking::new(&file, factors)?;
        let general = General::decode(&unlocking.open(&file, GENERAL)?.0)?;
        let mut hedge = Hedge { key: &general.keys.hedge, random };
        let body = contents::encode_second_secret(secret);
        unlocking.put(&mut file, PSYCHOTHERAPY, &body, &mut hedge)?;
        Ok(file.encode())
    }

    /// Re-wraps every section, also those that this version cannot read, under another
    /// passphrase. No key changes. `device_secret` stays as it is.
    pub fn with_new_passphrase(
        bytes: &[u8],
        factors: Factors<'_>,
        new: &Passphrase,
        cost: KdfCost,
        random: &mut dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        let old = VaultFile::decode(bytes)?;
        let unlocking = Unlocking::new(&old, factors)?;
        let general = General::decode(&unlocking.open(&old, GENERAL)?.0)?;
        let mut hedge = Hedge { key: &general.keys.hedge, random };
        let salt = fresh(&mut hedge, b"salt");
        let mut file = VaultFile { cost, salt, sections: Vec::new(), ..old.clone() };
        let rewrapping = Unlocking::new(&file, Factors { passphrase: new, ..factors })?;
        for section in &old.sections {
            let (body, _) = unlocking.open(&old, section.kind)?;
            rewrapping.put_with(&mut file, section.kind, section.factors, &body, &mut hedge)?;
        }
        Ok(file.encode())
    }
}

/// A new vault, empty so far, with its passphrase stretched already.
pub struct Begun<'a> {
    file: VaultFile,
    unlocking: Unlocking<'a>,
}

impl Begun<'_> {
    /// Writes the vault. With `second_secret` it has a psychotherapy section.
    pub fn finish(
        self,
        general: &General,
        second_secret: Option<&SecretKey>,
        random: &mut dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        let Self { mut file, unlocking } = self;
        let mut hedge = Hedge { key: &general.keys.hedge, random };
        unlocking.put(&mut file, GENERAL, &general.encode(), &mut hedge)?;
        if let Some(secret) = second_secret {
            let body = contents::encode_second_secret(secret);
            unlocking.put(&mut file, PSYCHOTHERAPY, &body, &mut hedge)?;
        }
        Ok(file.encode())
    }
}

impl Open {
    /// Writes the general section anew into the file that this vault was opened from.
    pub fn save(&self, bytes: &[u8], random: &mut dyn Random) -> Result<Vec<u8>, VaultError> {
        let mut file = VaultFile::decode(bytes)?;
        let section = file.sections.iter().find(|section| section.kind == GENERAL);
        let section = section.ok_or(VaultError::MissingSection)?;
        if !suite::equal(&commit(&self.unlock), &section.commitment) {
            return Err(VaultError::WrongPassphrase);
        }
        let factors = section.factors;
        let mut hedge = Hedge { key: &self.general.keys.hedge, random };
        let body = self.general.encode();
        let sealed = seal_section(&file, GENERAL, factors, &self.unlock, &body, &mut hedge)?;
        insert(&mut file, sealed);
        Ok(file.encode())
    }
}

/// What somebody who opens a vault has and knows.
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a> {
    /// What was typed.
    pub passphrase: &'a Passphrase,
    /// What lies in the file outside the vault's folder, if there is one.
    pub device_secret: Option<&'a SecretKey>,
}

/// The stretched passphrase and the device secret: enough for every section.
struct Unlocking<'a> {
    stretched: SecretKey,
    device_secret: Option<&'a SecretKey>,
}

impl<'a> Unlocking<'a> {
    /// Checks what is cheap to check before the KDF runs.
    fn new(file: &VaultFile, factors: Factors<'a>) -> Result<Self, VaultError> {
        match (file.device_secret, factors.device_secret) {
            (Some(_), None) => return Err(VaultError::MissingDeviceSecret),
            (Some(expected), Some(secret)) if secret.commitment() != expected => {
                return Err(VaultError::WrongDeviceSecret);
            }
            (Some(_), Some(_)) | (None, _) => {}
        }
        let stretched = kdf::stretch(factors.passphrase, &file.salt, file.cost)?;
        let device_secret = file.device_secret.and(factors.device_secret);
        Ok(Self { stretched, device_secret })
    }

    fn key(&self, file: &VaultFile, kind: u8, factors: u8) -> Result<SecretKey, VaultError> {
        if factors & !(PASSPHRASE | DEVICE_SECRET) != 0 || factors & PASSPHRASE == 0 {
            return Err(VaultError::NewerVersion);
        }
        let mut material = Zeroizing::new(Vec::with_capacity(64));
        material.extend_from_slice(self.stretched.expose());
        if factors & DEVICE_SECRET != 0 {
            let secret = self.device_secret.ok_or(VaultError::MissingDeviceSecret)?;
            material.extend_from_slice(secret.expose());
        }
        let fields: [&[u8]; 2] = [&[kind], &[factors]];
        let derived = suite::derive(&material, &file.vault_id, label::UNLOCK, &fields);
        Ok(SecretKey::from_bytes(derived))
    }

    fn open(
        &self,
        file: &VaultFile,
        kind: u8,
    ) -> Result<(Zeroizing<Vec<u8>>, SecretKey), VaultError> {
        let section = file.sections.iter().find(|section| section.kind == kind);
        let section = section.ok_or(VaultError::MissingSection)?;
        let key = self.key(file, kind, section.factors)?;
        if !suite::equal(&commit(&key), &section.commitment) {
            return Err(VaultError::WrongPassphrase);
        }
        let context = section_context(file, kind, section.factors, &section.commitment);
        let Section { sealed, .. } = section;
        let (salt, text) = (&sealed.salt, &sealed.ciphertext);
        let body = seal::open(key.expose(), label::VAULT_SECTION, &context, salt, text)?;
        Ok((body, key))
    }

    fn put(
        &self,
        file: &mut VaultFile,
        kind: u8,
        body: &[u8],
        hedge: &mut Hedge<'_>,
    ) -> Result<(), VaultError> {
        let secret = if file.device_secret.is_some() { DEVICE_SECRET } else { 0 };
        self.put_with(file, kind, PASSPHRASE | secret, body, hedge)
    }

    fn put_with(
        &self,
        file: &mut VaultFile,
        kind: u8,
        factors: u8,
        body: &[u8],
        hedge: &mut Hedge<'_>,
    ) -> Result<(), VaultError> {
        let key = self.key(file, kind, factors)?;
        let section = seal_section(file, kind, factors, &key, body, hedge)?;
        insert(file, section);
        Ok(())
    }
}

fn seal_section(
    file: &VaultFile,
    kind: u8,
    factors: u8,
    key: &SecretKey,
    body: &[u8],
    hedge: &mut Hedge<'_>,
) -> Result<Section, VaultError> {
    let commitment = commit(key);
    let context = section_context(file, kind, factors, &commitment);
    let sealed = seal::seal(key.expose(), label::VAULT_SECTION, &context, body, hedge)?;
    Ok(Section { kind, factors, commitment, sealed })
}

fn insert(file: &mut VaultFile, section: Section) {
    file.sections.retain(|other| other.kind != section.kind);
    file.sections.push(section);
    file.sections.sort_by_key(|section| section.kind);
}

fn commit(key: &SecretKey) -> [u8; 32] {
    let derived = key.derive(label::VAULT_COMMIT, &[]);
    *suite::hash(label::VAULT_COMMIT, &[derived.expose()]).as_bytes()
}

fn section_context(file: &VaultFile, kind: u8, factors: u8, commitment: &[u8; 32]) -> Vec<u8> {
    let mut context = file.public_part();
    context.extend_from_slice(&[kind, factors]);
    context.extend_from_slice(commitment);
    context
}

fn fresh(hedge: &mut Hedge<'_>, purpose: &[u8]) -> [u8; 16] {
    Hash::from_bytes(*hedge.secret(label::VAULT_SALT, purpose).expose()).truncated()
}

// Kinds of sections. Reserved: 2 signing, 4 recovery.
const GENERAL: u8 = 1;
const PSYCHOTHERAPY: u8 = 3;
// Factors, as bits. Reserved: 4, a key that another program holds.
const PASSPHRASE: u8 = 1;
const DEVICE_SECRET: u8 = 2;
