//! The half that is new: it types the code, proves its keys, and learns where it belongs.

use crate::codec::{Reader, Writer};
use crate::id::{DeviceId, Timestamp};
use crate::keys::label;
use crate::keys::pairing::channel::{self, Exchange, Kind, Nonce, PairKeys, Role, Transcript};
use crate::keys::pairing::inviter::{APPROVED, ELEMENT_LENGTH, REFUSED};
use crate::keys::pairing::{
    CheckWords, FACTS_BYTES_MAX, Invitation, JOINER_EXTRA_BYTES_MAX, MESSAGE_BYTES_MAX,
    PairingCode, PairingError, PairingPayload, Purpose,
};
use crate::keys::vault::DeviceSecrets;
use crate::keys::wrap::{self, SharedKey, Wrap, WrapError};
use crate::random::Random;
use crate::seal::Hedge;
use crate::suite;
use std::fmt;

/// The joining half.
pub struct Joiner {
    device: DeviceId,
    purpose: Purpose,
    started: Timestamp,
    said: Transcript,
    state: State,
}

enum State {
    Waiting(PairingCode),
    Answered(Pair),
    Invited(Pair, Inviting),
    Shown(Pair, Inviting, Vec<u8>),
    Comparing(PairKeys, Invitation),
    Over,
}

/// What the joiner holds once SPAKE2 is done.
struct Pair {
    keys: PairKeys,
    nonce: Nonce,
}

/// What message 3 says.
#[derive(Clone, Copy)]
struct Inviting {
    invitation: Invitation,
    commitment: [u8; 32],
}

/// What to do after a message.
#[derive(Debug)]
pub enum JoinerStep {
    /// Show these words, and wait for the answer on the other device.
    Compare(CheckWords),
    /// The device is invited.
    Paired {
        /// Where and by whom.
        invitation: Invitation,
        /// What it must find in the practice log, and more.
        payload: Box<PairingPayload>,
    },
    /// Call [`Joiner::prove`]; a new member first makes recovery sheet and member key.
    Prove(Invitation),
    /// Send this, and wait for the next message.
    Send(Vec<u8>),
}

impl Joiner {
    /// Starts with the code that was typed, which this uses up, and the id that the device drew.
    pub const fn start(
        code: PairingCode,
        purpose: Purpose,
        device: DeviceId,
        now: Timestamp,
    ) -> Self {
        let said = Transcript::new();
        Self { device, purpose, started: now, said, state: State::Waiting(code) }
    }

    /// Takes the next message of the inviter. `keys` are the device's own, the same every time.
    /// After an error nothing more is taken.
    pub fn handle(
        &mut self,
        message: &[u8],
        keys: &DeviceSecrets,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<JoinerStep, PairingError> {
        let hedge = &mut Hedge { key: &keys.hedge, random };
        match std::mem::replace(&mut self.state, State::Over) {
            State::Waiting(code) => self.answer(&code, message, now, hedge),
            State::Answered(pair) => self.read_invitation(pair, message, now),
            // Nothing is due before `prove`.
            State::Invited(..) => Err(PairingError::Malformed),
            State::Shown(pair, inviting, proof) => {
                self.compare(pair, inviting, &proof, message, now)
            }
            State::Comparing(pair, invitation) => self.learn(&pair, invitation, message, keys, now),
            State::Over => Err(PairingError::Burned),
        }
    }

    /// Proves the device's keys for the practice and the member of the invitation. `facts` are
    /// its name and version, for the other screen; `extra` is for other parts. Returns the
    /// messages to send, in their order.
    pub fn prove(
        &mut self,
        facts: &str,
        extra: &[u8],
        keys: &DeviceSecrets,
        random: &mut dyn Random,
    ) -> Result<Vec<Vec<u8>>, PairingError> {
        let State::Invited(pair, inviting) = std::mem::replace(&mut self.state, State::Over) else {
            return Err(PairingError::Burned);
        };
        if facts.len() > FACTS_BYTES_MAX || extra.len() > JOINER_EXTRA_BYTES_MAX {
            return Err(PairingError::TooLong);
        }
        let hedge = &mut Hedge { key: &keys.hedge, random };
        let mut messages = Vec::new();
        if !extra.is_empty() {
            messages.push(self.sealed(&pair.keys, Kind::More, extra, hedge)?);
        }
        let Invitation { practice, member, .. } = inviting.invitation;
        let device = keys.prove(practice, member, self.device);
        let mut proof = Writer::new();
        device.write(&mut proof);
        let proof = proof.text(facts).as_slice().to_vec();
        let said = self.said.hash().as_bytes().as_slice();
        let fields = [practice.as_bytes(), proof.as_slice(), said];
        let signature = keys.sign.sign(label::PAIR_SIGN, &fields);
        let mut text = Writer::new();
        text.bytes(&proof).fixed(signature.as_bytes()).fixed(pair.nonce.bytes());
        messages.push(self.sealed(&pair.keys, Kind::Keys, text.as_slice(), hedge)?);
        self.state = State::Shown(pair, inviting, proof);
        Ok(messages)
    }

    fn answer(
        &mut self,
        code: &PairingCode,
        message: &[u8],
        now: Timestamp,
        hedge: &mut Hedge<'_>,
    ) -> Result<JoinerStep, PairingError> {
        let mut reader = channel::expect(Kind::Offer, message, now, self.started)?;
        if reader.u8()? != self.purpose as u8 {
            return Err(PairingError::Malformed);
        }
        let element = reader.bytes(ELEMENT_LENGTH)?;
        reader.finish()?;
        let (exchange, own_element) = Exchange::start(Role::Joiner, code, self.purpose, hedge);
        let keys = exchange.finish(element)?;
        self.said.absorb(message);

        let nonce = Nonce::draw(hedge);
        let mut answer = channel::begin(Kind::Answer);
        answer.bytes(&own_element).fixed(&Nonce::commitment(Role::Joiner, nonce.bytes()));
        let confirmation = keys.confirmation(Role::Joiner, &self.said, answer.as_slice());
        answer.fixed(&confirmation);
        let answer = answer.into_bytes();
        self.said.absorb(&answer);
        self.state = State::Answered(Pair { keys, nonce });
        Ok(JoinerStep::Send(answer))
    }

    fn read_invitation(
        &mut self,
        pair: Pair,
        message: &[u8],
        now: Timestamp,
    ) -> Result<JoinerStep, PairingError> {
        let mut reader = channel::expect(Kind::Accept, message, now, self.started)?;
        let confirmation = reader.fixed::<32>()?;
        let sealed = reader.rest();
        let expected = pair.keys.confirmation(Role::Inviter, &self.said, sealed);
        if !suite::equal(&confirmation, &expected) {
            return Err(PairingError::WrongCode);
        }
        let mut reader = Reader::new(sealed);
        let opened = pair.keys.open(Role::Inviter, Kind::Accept, &self.said, &mut reader)?;
        reader.finish()?;
        let mut reader = Reader::new(&opened);
        let invitation = Invitation::read(&mut reader)?;
        let commitment = reader.fixed()?;
        reader.finish()?;
        self.said.absorb(message);
        self.state = State::Invited(pair, Inviting { invitation, commitment });
        Ok(JoinerStep::Prove(invitation))
    }

    fn sealed(
        &mut self,
        keys: &PairKeys,
        kind: Kind,
        text: &[u8],
        hedge: &mut Hedge<'_>,
    ) -> Result<Vec<u8>, PairingError> {
        let sealed = keys.seal(Role::Joiner, kind, &self.said, text, hedge)?;
        let mut message = channel::begin(kind);
        message.fixed(&sealed);
        let message = message.into_bytes();
        self.said.absorb(&message);
        Ok(message)
    }

    fn compare(
        &mut self,
        pair: Pair,
        inviting: Inviting,
        proof: &[u8],
        message: &[u8],
        now: Timestamp,
    ) -> Result<JoinerStep, PairingError> {
        let Pair { keys, nonce } = pair;
        let mut reader = channel::expect(Kind::Reveal, message, now, self.started)?;
        let opened = keys.open(Role::Inviter, Kind::Reveal, &self.said, &mut reader)?;
        reader.finish()?;
        let mut reader = Reader::new(&opened);
        let inviter_nonce = reader.fixed()?;
        reader.finish()?;
        if Nonce::commitment(Role::Inviter, &inviter_nonce) != inviting.commitment {
            return Err(PairingError::Malformed);
        }
        let words = channel::check_words(&self.said, proof, nonce.bytes(), &inviter_nonce);
        self.said.absorb(message);
        self.state = State::Comparing(keys, inviting.invitation);
        Ok(JoinerStep::Compare(words))
    }

    fn learn(
        &self,
        pair: &PairKeys,
        invitation: Invitation,
        message: &[u8],
        keys: &DeviceSecrets,
        now: Timestamp,
    ) -> Result<JoinerStep, PairingError> {
        let mut reader = channel::expect(Kind::Verdict, message, now, self.started)?;
        let opened = pair.open(Role::Inviter, Kind::Verdict, &self.said, &mut reader)?;
        reader.finish()?;
        let mut reader = Reader::new(&opened);
        match reader.u8()? {
            REFUSED => return Err(PairingError::Refused),
            APPROVED => {}
            _ => return Err(PairingError::Malformed),
        }
        let malformed = |_: WrapError| PairingError::Malformed;
        let wrapped = Wrap::from_bytes(reader.bytes(MESSAGE_BYTES_MAX)?.to_vec());
        let wrapped = wrapped.map_err(malformed)?;
        reader.finish()?;
        let key = pair.payload_key();
        let shared = SharedKey { key: &key, id: self.said.hash() };
        let info = channel::payload_info(&invitation, self.device);
        let text = wrap::unwrap_shared(&keys.kem, shared, &info, &wrapped).map_err(malformed)?;
        let payload = Box::new(PairingPayload::decode(&text)?);
        Ok(JoinerStep::Paired { invitation, payload })
    }
}

impl fmt::Debug for Joiner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Waiting(_) => "waiting",
            State::Answered(_) => "answered",
            State::Invited(..) => "invited",
            State::Shown(..) => "shown",
            State::Comparing(..) => "comparing",
            State::Over => "over",
        };
        write!(f, "Joiner({state})")
    }
}
