//! HPKE (RFC 9180) with X-Wing, HKDF-SHA256 and AES-256-GCM: keys on their way to a person, a
//! device or a sheet of paper.
//!
//! Every wrap is bound to what it is for ([`WrapInfo`]) and named by its hash in a signed entry:
//! HPKE says nothing about who sealed it. Chance comes from the hedged source of the device.

use crate::codec::{CodecError, Reader, Writer};
use crate::id::PracticeId;
use crate::keys::kem::{KemKey, KemPublic};
use crate::keys::label;
use crate::membership::{self, Recipient};
use crate::seal::{Hedge, SecretKey};
use crate::suite::Hash;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, PskBundle, Serializable as _};
use std::convert::Infallible;
use thiserror::Error;
use zeroize::Zeroizing;

/// Length of an encapsulation in bytes.
pub const CAPSULE_LENGTH: usize = 1120;
/// How much longer than its plaintext a wrap is, in bytes.
pub const WRAP_OVERHEAD: usize = CAPSULE_LENGTH + 16;
/// How long a plaintext may be: the keys of a ring's every epoch fit many times.
pub const WRAPPED_BYTES_MAX: usize = 64 * 1024;

/// What a wrap is made for: the number of the practice log's action, or one from 128 on for what
/// is no entry there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum WrapAction {
    /// The practice is founded.
    Found = 1,
    /// A person is added to the practice.
    AddMember = 2,
    /// A device is added to its member.
    AddDevice = 8,
    /// The member key is exchanged.
    RotateMemberKey = 9,
    /// The recovery sheet is exchanged.
    ReplaceRecovery = 10,
    /// The exchange of a lost recovery sheet is completed.
    CompleteRecovery = 12,
    /// A device is revoked, and the member key exchanged with it.
    RevokeDevice = 14,
    /// A ring is made.
    RingCreate = 16,
    /// A member comes into a ring.
    RingAdd = 17,
    /// A ring gets its next epoch.
    Rekey = 19,
    /// A lost or bad wrap is made anew.
    Rewrap = 20,
    /// The last message of a pairing.
    Pair = 128,
    /// A backup that only the recovery sheet opens.
    Backup = 129,
}

/// What a wrap is bound to. Nothing of it is inside the wrap: both sides must say the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WrapInfo {
    /// The practice.
    pub practice: PracticeId,
    /// What for.
    pub action: WrapAction,
    /// The ring or the member whose key is inside.
    pub subject: [u8; 16],
    /// The epoch or the generation of what is inside; of several epochs the newest.
    pub version: u32,
    /// Whose key it is sealed to.
    pub recipient: Recipient,
}

impl WrapInfo {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.text(label::WRAP_INFO).fixed(self.practice.as_bytes());
        writer.u8(self.action as u8).fixed(&self.subject).u32(self.version);
        self.recipient.write(&mut writer);
        writer.into_bytes()
    }
}

/// A wrap: an encapsulation and a ciphertext.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wrap(Vec<u8>);

/// Why a wrap cannot be made or does not open.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum WrapError {
    /// It was sealed to another key or for another purpose, or was altered. Which, nobody can say.
    #[error("the wrap does not open")]
    DoesNotOpen,
    /// The bytes are too short or too long for a wrap.
    #[error("the bytes are no wrap")]
    Malformed,
    /// The plaintext is longer than [`WRAPPED_BYTES_MAX`].
    #[error("too much for one wrap")]
    TooLong,
    /// The key that came out is not the one that the signed entry names.
    #[error("the wrapped key does not match its commitment")]
    WrongCommitment,
}

impl From<CodecError> for WrapError {
    fn from(_: CodecError) -> Self {
        Self::Malformed
    }
}

impl Wrap {
    /// Takes bytes as they came; whether they open is another question.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, WrapError> {
        let range = WRAP_OVERHEAD..=WRAP_OVERHEAD + WRAPPED_BYTES_MAX;
        if range.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(WrapError::Malformed) }
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the hash by which a signed entry names this wrap.
    pub fn hash(&self) -> Hash {
        membership::Wrap::hash_of(&self.0)
    }
}

/// A secret that both sides share already, and its public name; for pairing.
#[derive(Clone, Copy, Debug)]
pub struct SharedKey<'a> {
    /// 32 bytes that nobody else can guess.
    pub key: &'a SecretKey,
    /// Which one it is.
    pub id: &'a Hash,
}

/// Seals `plaintext` to `recipient` in base mode.
pub fn wrap(
    recipient: &KemPublic,
    info: &WrapInfo,
    plaintext: &[u8],
    hedge: &mut Hedge<'_>,
) -> Result<Wrap, WrapError> {
    seal(&OpModeS::Base, recipient, info, plaintext, hedge)
}

/// Opens what [`wrap`] made.
pub fn unwrap(key: &KemKey, info: &WrapInfo, wrap: &Wrap) -> Result<Zeroizing<Vec<u8>>, WrapError> {
    open(&OpModeR::Base, key, info, wrap)
}

/// Seals `plaintext` to `recipient` in PSK mode: it opens only for somebody who holds both keys.
pub fn wrap_shared(
    recipient: &KemPublic,
    shared: SharedKey<'_>,
    info: &WrapInfo,
    plaintext: &[u8],
    hedge: &mut Hedge<'_>,
) -> Result<Wrap, WrapError> {
    seal(&OpModeS::Psk(bundle(shared)?), recipient, info, plaintext, hedge)
}

/// Opens what [`wrap_shared`] made.
pub fn unwrap_shared(
    key: &KemKey,
    shared: SharedKey<'_>,
    info: &WrapInfo,
    wrap: &Wrap,
) -> Result<Zeroizing<Vec<u8>>, WrapError> {
    open(&OpModeR::Psk(bundle(shared)?), key, info, wrap)
}

/// Seals a member key to one of its holders.
pub fn wrap_member_key(
    recipient: &KemPublic,
    info: &WrapInfo,
    member_key: &KemKey,
    hedge: &mut Hedge<'_>,
) -> Result<Wrap, WrapError> {
    wrap(recipient, info, member_key.seed(), hedge)
}

/// Opens a member key. It is returned only if it is the secret half of `expected`.
pub fn unwrap_member_key(
    key: &KemKey,
    info: &WrapInfo,
    wrap: &Wrap,
    expected: &KemPublic,
) -> Result<KemKey, WrapError> {
    let opened = unwrap(key, info, wrap)?;
    let mut reader = Reader::new(&opened);
    let member_key = KemKey::from_seed(*Zeroizing::new(reader.fixed()?));
    reader.finish()?;
    if member_key.public() == *expected { Ok(member_key) } else { Err(WrapError::WrongCommitment) }
}

fn seal(
    mode: &OpModeS<'_, XWing>,
    recipient: &KemPublic,
    info: &WrapInfo,
    plaintext: &[u8],
    hedge: &mut Hedge<'_>,
) -> Result<Wrap, WrapError> {
    if plaintext.len() > WRAPPED_BYTES_MAX {
        return Err(WrapError::TooLong);
    }
    let public = recipient.parsed().map_err(|_| WrapError::Malformed)?;
    let info = info.encode();
    let mut coins = Coins { hedge, info: &info, drawn: 0 };
    let (capsule, ciphertext) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        mode,
        &public,
        &info,
        plaintext,
        &[],
        &mut coins,
    )
    .map_err(|_| WrapError::Malformed)?;
    let mut bytes = capsule.to_bytes().to_vec();
    bytes.extend_from_slice(&ciphertext);
    Ok(Wrap(bytes))
}

fn open(
    mode: &OpModeR<'_, XWing>,
    key: &KemKey,
    info: &WrapInfo,
    wrap: &Wrap,
) -> Result<Zeroizing<Vec<u8>>, WrapError> {
    let (capsule, text) = wrap.0.split_at_checked(CAPSULE_LENGTH).ok_or(WrapError::Malformed)?;
    let capsule = <XWing as Kem>::EncappedKey::from_bytes(capsule);
    let capsule = capsule.map_err(|_| WrapError::Malformed)?;
    hpke::single_shot_open::<AesGcm256, HkdfSha256, XWing>(
        mode,
        &key.private(),
        &capsule,
        &info.encode(),
        text,
        &[],
    )
    .map(Zeroizing::new)
    .map_err(|_| WrapError::DoesNotOpen)
}

fn bundle(shared: SharedKey<'_>) -> Result<PskBundle<'_>, WrapError> {
    PskBundle::new(shared.key.expose(), shared.id.as_bytes()).map_err(|_| WrapError::Malformed)
}

/// The hedged source of a device, as the crates below want it. Every block is fresh: the device's
/// key, new chance, what the wrap is for, and how many blocks went before.
pub(crate) struct Coins<'a, 'h> {
    pub(crate) hedge: &'a mut Hedge<'h>,
    pub(crate) info: &'a [u8],
    pub(crate) drawn: u64,
}

impl Coins<'_, '_> {
    fn block(&mut self) -> SecretKey {
        self.drawn = self.drawn.saturating_add(1);
        let mut context = Writer::new();
        context.u64(self.drawn).bytes(self.info);
        self.hedge.secret(label::WRAP_COINS, context.as_slice())
    }
}

impl rand_core::TryRng for Coins<'_, '_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            let block = self.block();
            chunk.iter_mut().zip(block.expose()).for_each(|(to, from)| *to = *from);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Coins<'_, '_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{DeviceId, MemberId};
    use crate::random::{Random, Seeded};
    use crate::suite;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static HEDGE_KEY: SecretKey = SecretKey::from_bytes([1; 32]);
    static DEVICE: LazyLock<KemKey> = LazyLock::new(|| KemKey::from_seed([2; 32]));
    static WRAPPED: LazyLock<Wrap> = LazyLock::new(|| {
        with_hedge(|hedge| wrap(&DEVICE.public(), &INFO, b"a ring's key", hedge)).unwrap()
    });

    const INFO: WrapInfo = WrapInfo {
        practice: PracticeId::from_bytes([3; 16]),
        action: WrapAction::Rekey,
        subject: [4; 16],
        version: 5,
        recipient: Recipient::Device(DeviceId::from_bytes([6; 16])),
    };

    fn with_hedge<T>(work: impl FnOnce(&mut Hedge<'_>) -> T) -> T {
        work(&mut Hedge { key: &HEDGE_KEY, random: &mut Seeded::new(7) })
    }

    struct Frozen;
    impl Random for Frozen {
        fn fill(&mut self, out: &mut [u8]) {
            out.fill(0);
        }
    }

    #[test]
    fn a_wrap_opens_for_its_recipient_and_purpose_only() {
        assert_eq!(unwrap(&DEVICE, &INFO, &WRAPPED).unwrap().as_slice(), b"a ring's key");
        assert_eq!(WRAPPED.as_bytes().len(), WRAP_OVERHEAD + 12);

        let other = KemKey::from_seed([9; 32]);
        assert_eq!(unwrap(&other, &INFO, &WRAPPED), Err(WrapError::DoesNotOpen));
        let altered = [
            WrapInfo { practice: PracticeId::from_bytes([0; 16]), ..INFO },
            WrapInfo { action: WrapAction::Rewrap, ..INFO },
            WrapInfo { subject: [0; 16], ..INFO },
            WrapInfo { version: 6, ..INFO },
            WrapInfo { recipient: Recipient::Device(DeviceId::from_bytes([0; 16])), ..INFO },
            WrapInfo { recipient: Recipient::Recovery(MemberId::from_bytes([6; 16])), ..INFO },
            WrapInfo { recipient: Recipient::Custodian([6; 16]), ..INFO },
        ];
        for info in altered {
            assert_eq!(unwrap(&DEVICE, &info, &WRAPPED), Err(WrapError::DoesNotOpen));
        }
    }

    #[test]
    fn a_shared_key_is_needed_besides_the_recipients() {
        let (key, id) = (SecretKey::from_bytes([8; 32]), suite::hash("id", &[]));
        let shared = SharedKey { key: &key, id: &id };
        let wrapped =
            with_hedge(|h| wrap_shared(&DEVICE.public(), shared, &INFO, b"text", h)).unwrap();

        let opened = unwrap_shared(&DEVICE, shared, &INFO, &wrapped).unwrap();
        assert_eq!(opened.as_slice(), b"text");
        assert_eq!(unwrap(&DEVICE, &INFO, &wrapped), Err(WrapError::DoesNotOpen));
        let wrong = SecretKey::from_bytes([0; 32]);
        let other_key = SharedKey { key: &wrong, ..shared };
        let other_id = SharedKey { id: &Hash::ZERO, ..shared };
        for other in [other_key, other_id] {
            let opened = unwrap_shared(&DEVICE, other, &INFO, &wrapped);
            assert_eq!(opened, Err(WrapError::DoesNotOpen));
        }
    }

    #[test]
    fn a_member_key_that_is_not_the_signed_one_is_not_returned() {
        let member = KemKey::from_seed([10; 32]);
        let wrapped = with_hedge(|h| wrap_member_key(&DEVICE.public(), &INFO, &member, h)).unwrap();

        let opened = unwrap_member_key(&DEVICE, &INFO, &wrapped, &member.public()).unwrap();
        assert_eq!(opened.seed(), member.seed());
        let other = KemKey::from_seed([11; 32]).public();
        let refused = unwrap_member_key(&DEVICE, &INFO, &wrapped, &other).unwrap_err();
        assert_eq!(refused, WrapError::WrongCommitment);
        let refused = unwrap_member_key(&DEVICE, &INFO, &WRAPPED, &other).unwrap_err();
        assert_eq!(refused, WrapError::Malformed);
    }

    #[test]
    fn a_frozen_generator_does_not_repeat_itself_for_another_purpose() {
        let capsule = |info: &WrapInfo| {
            let mut hedge = Hedge { key: &HEDGE_KEY, random: &mut Frozen };
            let wrapped = wrap(&DEVICE.public(), info, b"text", &mut hedge).unwrap();
            wrapped.as_bytes()[..CAPSULE_LENGTH].to_vec()
        };
        assert_ne!(capsule(&INFO), capsule(&WrapInfo { version: 6, ..INFO }));
    }

    #[test]
    fn bytes_of_an_impossible_length_are_no_wrap() {
        assert_eq!(Wrap::from_bytes(vec![0; WRAP_OVERHEAD - 1]), Err(WrapError::Malformed));
        let long = vec![0; WRAP_OVERHEAD + WRAPPED_BYTES_MAX + 1];
        assert_eq!(Wrap::from_bytes(long), Err(WrapError::Malformed));
        let much = vec![0; WRAPPED_BYTES_MAX + 1];
        let refused = with_hedge(|hedge| wrap(&DEVICE.public(), &INFO, &much, hedge));
        assert_eq!(refused, Err(WrapError::TooLong));
    }

    #[test]
    fn the_format_of_a_wrap_never_changes() {
        // Of the bytes, apart from the name that the practice log gives them.
        let bytes = suite::hash("vector", &[WRAPPED.as_bytes()]);
        assert_eq!(bytes.to_string(), VECTOR);
        assert_eq!(WRAPPED.hash(), membership::Wrap::hash_of(WRAPPED.as_bytes()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn an_altered_wrap_does_not_open(place: proptest::sample::Index, bit in 0..8_u8) {
            let mut bytes = WRAPPED.as_bytes().to_vec();
            bytes[place.index(WRAPPED.as_bytes().len())] ^= 1 << bit;
            let altered = Wrap::from_bytes(bytes).unwrap();
            prop_assert_eq!(unwrap(&DEVICE, &INFO, &altered), Err(WrapError::DoesNotOpen));
            prop_assert_ne!(altered.hash(), WRAPPED.hash());
        }
    }

    const VECTOR: &str = "62c0d7f0a84b2e0cf86ee8164c7261acf74992d963b2541b69a6a858cc9f86a6";
}
