//! What the sections of a vault hold once they are open, and their canonical bytes: tagged
//! values in the order of their tags. A tag that this version does not know is kept.

use crate::codec::{Reader, Writer};
use crate::id::{DevInc, DeviceId, MemberId, PracticeId};
use crate::keys::kem::KemKey;
use crate::keys::label;
use crate::keys::vault::VaultError;
use crate::membership::DeviceKeys;
use crate::seal::{Hedge, SecretKey};
use crate::suite::SigningKey;
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// The secrets of one device in one practice. They never leave it.
#[derive(Debug)]
pub struct DeviceSecrets {
    /// Signs envelopes and entries.
    pub sign: SigningKey,
    /// What others seal to this device.
    pub kem: KemKey,
    /// Speaks for this device in TLS, and signs nothing else.
    pub tls: SigningKey,
    /// Mixed into every salt and every fresh secret.
    pub hedge: SecretKey,
    /// Seals this device's own files; see `safe::segment_key`.
    pub local: SecretKey,
}

impl DeviceSecrets {
    /// Draws all five from chance and from each other's hedge key, which is drawn first.
    pub fn generate(random: &mut dyn crate::random::Random) -> Self {
        let hedge_key = SecretKey::from_bytes(random.bytes());
        let mut hedge = Hedge { key: &hedge_key, random };
        let mut secret = |purpose: &[u8]| hedge.secret(label::DEVICE_SECRET, purpose);
        let sign = SigningKey::from_seed(*secret(b"sign").expose());
        let tls = SigningKey::from_seed(*secret(b"tls").expose());
        let kem = KemKey::from_seed(*secret(b"kem").expose());
        let local = secret(b"local");
        Self { sign, kem, tls, hedge: hedge_key, local }
    }

    /// Returns the public halves as entries of the practice log introduce them, signed by this
    /// device for that practice and member.
    pub fn prove(&self, practice: PracticeId, member: MemberId, device: DeviceId) -> DeviceKeys {
        let (kem, tls) = (self.kem.public().published(), self.tls.verifying());
        DeviceKeys::prove(practice, member, device, &self.sign, kem, tls)
    }
}

/// The general section: who this device is, and its keys.
#[derive(Debug)]
pub struct General {
    /// The practice.
    pub practice: PracticeId,
    /// Whose device it is.
    pub member: MemberId,
    /// Which device it is.
    pub device: DeviceId,
    /// Its incarnation.
    pub dev_inc: DevInc,
    /// Its secrets.
    pub keys: DeviceSecrets,
    /// Values of other parts and of newer versions, by tag; tags below [`Extra::TAG_MIN`] are
    /// those of this file.
    pub extra: Extra,
}

/// Values that this file keeps without reading them. Silent in `Debug`, wiped when dropped.
#[derive(Default)]
pub struct Extra(BTreeMap<u16, Zeroizing<Vec<u8>>>);

impl Extra {
    /// The lowest tag that another part may use.
    pub const TAG_MIN: u16 = 256;

    /// Returns the value of `tag`.
    pub fn value(&self, tag: u16) -> Option<&[u8]> {
        self.0.get(&tag).map(|value| value.as_slice())
    }

    /// Puts a value in the place of what `tag` had. A tag below [`Self::TAG_MIN`] is not taken,
    /// nor is a value of more than 16 KiB.
    pub fn put(&mut self, tag: u16, value: Zeroizing<Vec<u8>>) -> Result<(), VaultError> {
        if tag < Self::TAG_MIN || value.len() > VALUE_BYTES_MAX {
            return Err(VaultError::ValueRefused);
        }
        self.0.insert(tag, value);
        Ok(())
    }

    /// Removes the value of `tag`.
    pub fn remove(&mut self, tag: u16) {
        self.0.remove(&tag);
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extra({} redacted)", self.0.len())
    }
}

impl General {
    /// Returns the canonical bytes: what a section of a vault, or a backup, seals.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let keys = &self.keys;
        let known: [(u16, &[u8]); 9] = [
            (SIGN, keys.sign.seed()),
            (KEM, keys.kem.seed()),
            (TLS, keys.tls.seed()),
            (HEDGE, keys.hedge.expose()),
            (LOCAL, keys.local.expose()),
            (PRACTICE, self.practice.as_bytes()),
            (MEMBER, self.member.as_bytes()),
            (DEVICE, self.device.as_bytes()),
            (DEV_INC, &self.dev_inc.get().to_be_bytes()),
        ];
        let extra = self.extra.0.iter().map(|(tag, value)| (*tag, value.as_slice()));
        let values: BTreeMap<u16, &[u8]> = extra.chain(known).collect();
        encode_tagged(&values)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if they are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut values = decode_tagged(bytes)?;
        let secret = |values: &mut _, tag| take::<32>(values, tag);
        let keys = DeviceSecrets {
            sign: SigningKey::from_seed(*secret(&mut values, SIGN)?),
            kem: KemKey::from_seed(*secret(&mut values, KEM)?),
            tls: SigningKey::from_seed(*secret(&mut values, TLS)?),
            hedge: SecretKey::from_bytes(*secret(&mut values, HEDGE)?),
            local: SecretKey::from_bytes(*secret(&mut values, LOCAL)?),
        };
        Ok(Self {
            practice: PracticeId::from_bytes(*take(&mut values, PRACTICE)?),
            member: MemberId::from_bytes(*take(&mut values, MEMBER)?),
            device: DeviceId::from_bytes(*take(&mut values, DEVICE)?),
            dev_inc: DevInc::new(u32::from_be_bytes(*take(&mut values, DEV_INC)?)),
            keys,
            extra: Extra(values),
        })
    }
}

/// Writes the psychotherapy section.
pub(super) fn encode_second_secret(secret: &SecretKey) -> Zeroizing<Vec<u8>> {
    encode_tagged(&BTreeMap::from([(SECOND_SECRET, secret.expose().as_slice())]))
}

/// Reads the psychotherapy section.
pub(super) fn decode_second_secret(bytes: &[u8]) -> Result<SecretKey, VaultError> {
    let mut values = decode_tagged(bytes)?;
    take(&mut values, SECOND_SECRET).map(|secret| SecretKey::from_bytes(*secret))
}

fn encode_tagged(values: &BTreeMap<u16, &[u8]>) -> Zeroizing<Vec<u8>> {
    let length = values.values().map(|value| TAG_AND_LENGTH + value.len()).sum::<usize>();
    let mut writer = Writer::with_capacity(length);
    for (tag, value) in values {
        writer.u16(*tag).bytes(value);
    }
    Zeroizing::new(writer.into_bytes())
}

fn decode_tagged(bytes: &[u8]) -> Result<BTreeMap<u16, Zeroizing<Vec<u8>>>, VaultError> {
    let mut reader = Reader::new(bytes);
    let mut values = BTreeMap::new();
    while reader.remaining() > 0 {
        let tag = reader.u16()?;
        let value = Zeroizing::new(reader.bytes(VALUE_BYTES_MAX)?.to_vec());
        if values.last_key_value().is_some_and(|(last, _)| *last >= tag) {
            return Err(VaultError::Damaged);
        }
        values.insert(tag, value);
    }
    Ok(values)
}

fn take<const N: usize>(
    values: &mut BTreeMap<u16, Zeroizing<Vec<u8>>>,
    tag: u16,
) -> Result<Zeroizing<[u8; N]>, VaultError> {
    let value = values.remove(&tag).ok_or(VaultError::Damaged)?;
    let mut out = Zeroizing::new([0; N]);
    if value.len() != N {
        return Err(VaultError::Damaged);
    }
    out.copy_from_slice(&value);
    Ok(out)
}

const SIGN: u16 = 1;
const KEM: u16 = 2;
const TLS: u16 = 3;
const HEDGE: u16 = 4;
const LOCAL: u16 = 5;
const PRACTICE: u16 = 6;
const MEMBER: u16 = 7;
const DEVICE: u16 = 8;
const DEV_INC: u16 = 9;
const SECOND_SECRET: u16 = 1;
const TAG_AND_LENGTH: usize = 6;
const VALUE_BYTES_MAX: usize = 16 * 1024;
