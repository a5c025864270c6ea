//! What both halves of a pairing have in common: the transcript, the keys that SPAKE2 gives, and
//! the sealing of messages. Every message is bound to all that were said before it.

use crate::codec::{CodecError, Reader, Writer};
use crate::id::{DeviceId, Timestamp};
use crate::keys::label;
use crate::keys::pairing::{
    CheckWords, Invitation, MESSAGE_BYTES_MAX, PairingCode, PairingError, Purpose,
};
use crate::keys::words;
use crate::keys::wrap::{Coins, WrapAction, WrapInfo};
use crate::membership::Recipient;
use crate::seal::{self, Hedge, SealError, Sealed, SecretKey};
use crate::suite::{self, Hash};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use std::fmt;
use zeroize::Zeroizing;

/// The two halves. The number stands in every derivation, so that none passes for the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Inviter = 1,
    Joiner = 2,
}

/// The kinds of messages. More, if there is any, comes before Keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(super) enum Kind {
    Offer = 1,
    Answer = 2,
    Accept = 3,
    Keys = 4,
    Reveal = 5,
    Verdict = 6,
    Rejection = 7,
    More = 8,
    Added = 9,
}

/// The running hash over every message, from both sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transcript(Hash);

impl Transcript {
    pub(super) const fn new() -> Self {
        Self(Hash::ZERO)
    }

    pub(super) fn absorb(&mut self, message: &[u8]) {
        self.0 = suite::hash(label::PAIR_TRANSCRIPT, &[self.0.as_bytes(), message]);
    }

    pub(super) const fn hash(&self) -> &Hash {
        &self.0
    }
}

/// SPAKE2 on its way: the code has been used, the other side's element is awaited.
pub(super) struct Exchange(Spake2<Ed25519Group>);

impl Exchange {
    /// Uses up the code. The identities bind the roles, the mailbox and the purpose.
    pub(super) fn start(
        role: Role,
        code: &PairingCode,
        purpose: Purpose,
        hedge: &mut Hedge<'_>,
    ) -> (Self, Vec<u8>) {
        let secret = code.password();
        let password = Password::new(secret.expose());
        let identity = |role: Role| {
            let mut writer = Writer::new();
            writer.text(label::PAIR_KEY).u8(role as u8).u8(purpose as u8).u64(code.mailbox());
            Identity::new(writer.as_slice())
        };
        let (inviter, joiner) = (identity(Role::Inviter), identity(Role::Joiner));
        let coins = Coins { hedge, info: label::PAIR_KEY.as_bytes(), drawn: 0 };
        let (state, element) = match role {
            Role::Inviter => Spake2::start_a_with_rng(&password, &inviter, &joiner, coins),
            Role::Joiner => Spake2::start_b_with_rng(&password, &inviter, &joiner, coins),
        };
        (Self(state), element)
    }

    pub(super) fn finish(self, element: &[u8]) -> Result<PairKeys, PairingError> {
        let shared = Zeroizing::new(self.0.finish(element).map_err(|_| PairingError::Malformed)?);
        let bytes: [u8; 32] = shared.as_slice().try_into().map_err(|_| PairingError::Malformed)?;
        Ok(PairKeys(SecretKey::from_bytes(bytes)))
    }
}

/// What both sides hold if they used the same code.
pub(super) struct PairKeys(SecretKey);

impl PairKeys {
    /// The proof of `role` that it holds the same key, over all that was said so far and the
    /// message in which it stands.
    pub(super) fn confirmation(&self, role: Role, said: &Transcript, message: &[u8]) -> [u8; 32] {
        let key = self.0.derive(label::PAIR_KEY, &[b"confirm", &[role as u8]]);
        let fields = [said.0.as_bytes().as_slice(), message];
        suite::mac(key.expose(), label::PAIR_CONFIRM, &fields)
    }

    /// The key that the payload needs besides the new device's own.
    pub(super) fn payload_key(&self) -> SecretKey {
        self.0.derive(label::PAIR_KEY, &[b"payload"])
    }

    pub(super) fn seal(
        &self,
        role: Role,
        kind: Kind,
        said: &Transcript,
        text: &[u8],
        hedge: &mut Hedge<'_>,
    ) -> Result<Vec<u8>, PairingError> {
        let (key, context) = (self.message_key(role), message_context(kind, said));
        let Sealed { salt, ciphertext } =
            seal::seal(key.expose(), label::PAIR_MESSAGE, &context, text, hedge)?;
        let mut writer = Writer::new();
        writer.fixed(&salt).bytes(&ciphertext);
        Ok(writer.into_bytes())
    }

    pub(super) fn open(
        &self,
        role: Role,
        kind: Kind,
        said: &Transcript,
        reader: &mut Reader<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, PairingError> {
        let (key, context) = (self.message_key(role), message_context(kind, said));
        let salt = reader.fixed()?;
        let text = reader.bytes(MESSAGE_BYTES_MAX)?;
        Ok(seal::open(key.expose(), label::PAIR_MESSAGE, &context, &salt, text)?)
    }

    fn message_key(&self, role: Role) -> SecretKey {
        self.0.derive(label::PAIR_KEY, &[b"message", &[role as u8]])
    }
}

impl fmt::Debug for PairKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairKeys(redacted)")
    }
}

/// A nonce that is committed to before it is shown, so that nobody can choose the check words.
#[derive(Debug)]
pub(super) struct Nonce(SecretKey);

impl Nonce {
    pub(super) fn draw(hedge: &mut Hedge<'_>) -> Self {
        Self(hedge.secret(label::PAIR_NONCE, &[]))
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        self.0.expose()
    }

    pub(super) fn commitment(role: Role, nonce: &[u8; 32]) -> [u8; 32] {
        *suite::hash(label::PAIR_NONCE, &[&[role as u8], nonce]).as_bytes()
    }
}

/// Returns the words of both screens: they depend on everything that was said, the new device's
/// keys, and both nonces.
pub(super) fn check_words(
    said: &Transcript,
    keys: &[u8],
    joiner: &[u8; 32],
    inviter: &[u8; 32],
) -> CheckWords {
    let fields = [said.0.as_bytes().as_slice(), keys, joiner, inviter];
    let [a, b, c, d, e, f, ..] = *suite::hash(label::PAIR_WORDS, &fields).as_bytes();
    let pairs = [[a, b], [c, d], [e, f]];
    CheckWords(pairs.map(|pair| words::word(u16::from_be_bytes(pair))))
}

/// What the payload is bound to.
pub(super) const fn payload_info(invitation: &Invitation, joiner: DeviceId) -> WrapInfo {
    WrapInfo {
        practice: invitation.practice,
        action: WrapAction::Pair,
        subject: *invitation.inviter.as_bytes(),
        version: 0,
        recipient: Recipient::Device(joiner),
    }
}

/// Whether the code still lives.
pub(super) fn in_time(now: Timestamp, started: Timestamp) -> bool {
    (0..=PAIRING_MILLIS).contains(&now.millis_since(started))
}

/// Begins a message of this kind.
pub(super) fn begin(kind: Kind) -> Writer {
    let mut writer = Writer::new();
    writer.u8(VERSION_1).u8(kind as u8);
    writer
}

/// Whether a message says that it is of this kind.
pub(super) fn is(kind: Kind, message: &[u8]) -> bool {
    message.get(1).copied() == Some(kind as u8)
}

/// Reads the beginning of a message that must be of this kind, in time and of a possible size.
pub(super) fn expect<'m>(
    kind: Kind,
    message: &'m [u8],
    now: Timestamp,
    started: Timestamp,
) -> Result<Reader<'m>, PairingError> {
    if !in_time(now, started) {
        return Err(PairingError::Expired);
    }
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(PairingError::TooLong);
    }
    let mut reader = Reader::new(message);
    if reader.u8()? != VERSION_1 {
        return Err(PairingError::NewerVersion);
    }
    match reader.u8()? {
        found if found == kind as u8 => Ok(reader),
        found if found == Kind::Rejection as u8 => Err(PairingError::WrongCode),
        _ => Err(PairingError::Malformed),
    }
}

fn message_context(kind: Kind, said: &Transcript) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(kind as u8).fixed(said.0.as_bytes());
    writer.into_bytes()
}

impl From<CodecError> for PairingError {
    fn from(_: CodecError) -> Self {
        Self::Malformed
    }
}

impl From<SealError> for PairingError {
    fn from(_: SealError) -> Self {
        Self::Malformed
    }
}

const VERSION_1: u8 = 1;
/// How long a code lives: 10 minutes.
const PAIRING_MILLIS: i64 = 10 * 60 * 1000;
