//! What a wrap to a member of a ring holds: the ring's keys of those epochs that the grant names.

use crate::codec::{Reader, Writer};
use crate::id::RingEpoch;
use crate::keys::kem::{KemKey, KemPublic};
use crate::keys::safe::{RingKey, SecondSecret};
use crate::keys::wrap::{self, SharedKey, Wrap, WrapError, WrapInfo};
use crate::seal::{Hedge, SecretKey};
use crate::suite::Hash;
use zeroize::Zeroizing;

/// How many epochs one grant may hold.
pub const GRANT_EPOCHS_MAX: usize = 1024;

/// Seals the keys of a ring to `recipient`, in the order of their epochs.
pub fn wrap_ring_keys(
    recipient: &KemPublic,
    info: &WrapInfo,
    keys: &[(RingEpoch, &RingKey)],
    hedge: &mut Hedge<'_>,
) -> Result<Wrap, WrapError> {
    wrap::wrap(recipient, info, &encode(keys)?, hedge)
}

/// Seals the keys of a ring that lies behind the second secret: the recipient's key alone does
/// not open it.
pub fn wrap_second_ring_keys(
    recipient: &KemPublic,
    second: &SecondSecret,
    info: &WrapInfo,
    keys: &[(RingEpoch, &RingKey)],
    hedge: &mut Hedge<'_>,
) -> Result<Wrap, WrapError> {
    let (key, id) = second.for_wraps();
    let shared = SharedKey { key: &key, id: &id };
    wrap::wrap_shared(recipient, shared, info, &encode(keys)?, hedge)
}

fn encode(keys: &[(RingEpoch, &RingKey)]) -> Result<Zeroizing<Vec<u8>>, WrapError> {
    if keys.len() > GRANT_EPOCHS_MAX {
        return Err(WrapError::TooLong);
    }
    let mut writer = Writer::with_capacity(COUNT_LENGTH + keys.len() * KEY_LENGTH);
    writer.list(keys, |writer, (epoch, key)| {
        writer.u32(epoch.get()).fixed(key.secret().expose());
    });
    Ok(Zeroizing::new(writer.into_bytes()))
}

/// Opens what [`wrap_ring_keys`] made. `commitment` gives the signed commitment of each epoch;
/// unless every key matches its own, none is returned.
pub fn unwrap_ring_keys(
    key: &KemKey,
    info: &WrapInfo,
    wrap: &Wrap,
    commitment: impl Fn(RingEpoch) -> Option<Hash>,
) -> Result<Vec<(RingEpoch, RingKey)>, WrapError> {
    decode(&wrap::unwrap(key, info, wrap)?, commitment)
}

/// Opens what [`wrap_second_ring_keys`] made.
pub fn unwrap_second_ring_keys(
    key: &KemKey,
    second: &SecondSecret,
    info: &WrapInfo,
    wrap: &Wrap,
    commitment: impl Fn(RingEpoch) -> Option<Hash>,
) -> Result<Vec<(RingEpoch, RingKey)>, WrapError> {
    let (secret, id) = second.for_wraps();
    let shared = SharedKey { key: &secret, id: &id };
    decode(&wrap::unwrap_shared(key, shared, info, wrap)?, commitment)
}

fn decode(
    opened: &[u8],
    commitment: impl Fn(RingEpoch) -> Option<Hash>,
) -> Result<Vec<(RingEpoch, RingKey)>, WrapError> {
    let mut reader = Reader::new(opened);
    let keys = reader.list(GRANT_EPOCHS_MAX, |reader| {
        let epoch = RingEpoch::new(reader.u32()?);
        Ok((epoch, RingKey::from_secret(SecretKey::from_bytes(reader.fixed()?))))
    })?;
    reader.finish()?;
    let rising = keys.windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0));
    if !rising {
        return Err(WrapError::Malformed);
    }
    let matching = keys.iter().all(|(epoch, key)| commitment(*epoch) == Some(key.commitment()));
    if matching { Ok(keys) } else { Err(WrapError::WrongCommitment) }
}

const COUNT_LENGTH: usize = 4;
const KEY_LENGTH: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{MemberId, MemberKeyGeneration, PracticeId};
    use crate::keys::wrap::WrapAction;
    use crate::membership::Recipient;
    use crate::random::Seeded;

    const INFO: WrapInfo = WrapInfo {
        practice: PracticeId::from_bytes([3; 16]),
        action: WrapAction::RingAdd,
        subject: [4; 16],
        version: 3,
        recipient: Recipient::MemberKey {
            member: MemberId::from_bytes([6; 16]),
            generation: MemberKeyGeneration::new(1),
        },
    };

    fn ring_key(byte: u8) -> RingKey {
        RingKey::from_secret(SecretKey::from_bytes([byte; 32]))
    }

    fn granted(keys: &[(u32, u8)]) -> (KemKey, Wrap) {
        let member = KemKey::from_seed([5; 32]);
        let owned: Vec<_> =
            keys.iter().map(|(epoch, byte)| (RingEpoch::new(*epoch), ring_key(*byte))).collect();
        let borrowed: Vec<_> = owned.iter().map(|(epoch, key)| (*epoch, key)).collect();
        let hedge_key = SecretKey::from_bytes([1; 32]);
        let mut hedge = Hedge { key: &hedge_key, random: &mut Seeded::new(1) };
        let wrap = wrap_ring_keys(&member.public(), &INFO, &borrowed, &mut hedge).unwrap();
        (member, wrap)
    }

    fn signed(epoch: RingEpoch) -> Option<Hash> {
        let byte = u8::try_from(epoch.get()).ok()?;
        (2..=3).contains(&byte).then(|| ring_key(byte).commitment())
    }

    #[test]
    fn a_grant_gives_the_keys_of_its_epochs() {
        let (member, wrap) = granted(&[(2, 2), (3, 3)]);

        let keys = unwrap_ring_keys(&member, &INFO, &wrap, signed).unwrap();

        let epochs: Vec<_> = keys.iter().map(|(epoch, _)| epoch.get()).collect();
        assert_eq!(epochs, [2, 3]);
        assert_eq!(keys[1].1.secret().expose(), &[3; 32]);
    }

    #[test]
    fn a_ring_behind_the_second_secret_needs_both_keys() {
        let member = KemKey::from_seed([5; 32]);
        let secret = |byte| SecondSecret::from_secret(SecretKey::from_bytes([byte; 32]));
        let hedge_key = SecretKey::from_bytes([1; 32]);
        let mut hedge = Hedge { key: &hedge_key, random: &mut Seeded::new(1) };
        let (public, key) = (member.public(), ring_key(3));
        let keys = [(RingEpoch::new(3), &key)];
        let wrap = wrap_second_ring_keys(&public, &secret(7), &INFO, &keys, &mut hedge).unwrap();

        let open = |byte| unwrap_second_ring_keys(&member, &secret(byte), &INFO, &wrap, signed);
        assert_eq!(open(7).unwrap().len(), 1);
        assert_eq!(open(8).unwrap_err(), WrapError::DoesNotOpen);
        let without = unwrap_ring_keys(&member, &INFO, &wrap, signed);
        assert_eq!(without.unwrap_err(), WrapError::DoesNotOpen);
    }

    #[test]
    fn one_key_that_is_not_the_signed_one_spoils_the_grant() {
        for keys in [[(2, 2), (3, 9)], [(2, 2), (4, 4)]] {
            let (member, wrap) = granted(&keys);
            let refused = unwrap_ring_keys(&member, &INFO, &wrap, signed).unwrap_err();
            assert_eq!(refused, WrapError::WrongCommitment);
        }
        for keys in [[(3, 3), (2, 2)], [(2, 2), (2, 2)]] {
            let (member, wrap) = granted(&keys);
            let refused = unwrap_ring_keys(&member, &INFO, &wrap, signed).unwrap_err();
            assert_eq!(refused, WrapError::Malformed);
        }
    }
}
