//! The half that is new: it types the code, proves its keys, and learns where it belongs.

use crate::codec::{Reader, Writer};
use crate::id::{DeviceId, PracticeId, Timestamp};
use crate::keys::label;
use crate::keys::pairing::channel::{self, Exchange, Kind, Nonce, PairKeys, Role, Transcript};
use crate::keys::pairing::inviter::{APPROVED, ELEMENT_LENGTH, InviterIds, REFUSED};
use crate::keys::pairing::{
    Candidate, CheckWords, MESSAGE_BYTES_MAX, PairingCode, PairingError, PairingPayload, Purpose,
};
use crate::keys::vault::DeviceKeys;
use crate::keys::wrap::{self, SharedKey, Wrap, WrapError};
use crate::random::Random;
use crate::seal::Hedge;
use crate::suite;
use std::fmt;

/// The joining half.
pub struct Joiner {
    about: AboutJoiner,
    purpose: Purpose,
    started: Timestamp,
    said: Transcript,
    state: State,
}

/// What the new device says about itself besides its keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AboutJoiner {
    /// The id that it drew.
    pub device: DeviceId,
    /// Name and version, for the other screen.
    pub facts: String,
    /// Bytes of other parts.
    pub extra: Vec<u8>,
}

enum State {
    Waiting(PairingCode),
    Answered { keys: PairKeys, nonce: Nonce },
    Shown { keys: PairKeys, nonce: Nonce, inviter: Invitation, candidate: Vec<u8> },
    Comparing { keys: PairKeys, inviter: Invitation },
    Over,
}

#[derive(Clone, Copy)]
struct Invitation {
    ids: InviterIds,
    commitment: [u8; 32],
}

/// What to do after a message.
#[derive(Debug)]
pub enum JoinerStep {
    /// Send this, and wait for the next message.
    Send(Vec<u8>),
    /// Show these words, and wait for the answer on the other device.
    Compare(CheckWords),
    /// The device is invited.
    Paired {
        /// Where and by whom.
        inviter: InviterIds,
        /// What it must find in the practice log, and more.
        payload: Box<PairingPayload>,
    },
}

impl Joiner {
    /// Starts with the code that was typed, which this uses up.
    pub const fn start(
        code: PairingCode,
        purpose: Purpose,
        about: AboutJoiner,
        now: Timestamp,
    ) -> Self {
        let said = Transcript::new();
        Self { about, purpose, started: now, said, state: State::Waiting(code) }
    }

    /// Takes the next message of the inviter. `keys` are the device's own, the same every time.
    /// After an error nothing more is taken.
    pub fn handle(
        &mut self,
        message: &[u8],
        keys: &DeviceKeys,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<JoinerStep, PairingError> {
        let hedge = &mut Hedge { key: &keys.hedge, random };
        match std::mem::replace(&mut self.state, State::Over) {
            State::Waiting(code) => self.answer(&code, message, now, hedge),
            State::Answered { keys: pair, nonce } => {
                self.show_keys(pair, nonce, message, keys, now, hedge)
            }
            State::Shown { keys, nonce, inviter, candidate } => {
                self.compare(keys, &nonce, inviter, &candidate, message, now)
            }
            State::Comparing { keys: pair, inviter } => {
                self.learn(&pair, inviter.ids, message, keys, now)
            }
            State::Over => Err(PairingError::Burned),
        }
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
        self.state = State::Answered { keys, nonce };
        Ok(JoinerStep::Send(answer))
    }

    fn show_keys(
        &mut self,
        pair: PairKeys,
        nonce: Nonce,
        message: &[u8],
        keys: &DeviceKeys,
        now: Timestamp,
        hedge: &mut Hedge<'_>,
    ) -> Result<JoinerStep, PairingError> {
        let mut reader = channel::expect(Kind::Accept, message, now, self.started)?;
        let confirmation = reader.fixed::<32>()?;
        let sealed = reader.rest();
        let expected = pair.confirmation(Role::Inviter, &self.said, sealed);
        if !suite::equal(&confirmation, &expected) {
            return Err(PairingError::WrongCode);
        }
        let mut reader = Reader::new(sealed);
        let opened = pair.open(Role::Inviter, Kind::Accept, &self.said, &mut reader)?;
        reader.finish()?;
        let mut reader = Reader::new(&opened);
        let practice = PracticeId::from_bytes(reader.fixed()?);
        let device = DeviceId::from_bytes(reader.fixed()?);
        let inviter =
            Invitation { ids: InviterIds { practice, device }, commitment: reader.fixed()? };
        reader.finish()?;
        self.said.absorb(message);

        let candidate = self.candidate(keys).encode()?;
        let said = self.said.hash().as_bytes().as_slice();
        let fields = [practice.as_bytes(), candidate.as_slice(), said];
        let signature = keys.sign.sign(label::PAIR_SIGN, &fields);
        let mut inner = Writer::new();
        inner.bytes(&candidate).fixed(signature.as_bytes()).fixed(nonce.bytes());
        let sealed = pair.seal(Role::Joiner, Kind::Keys, &self.said, inner.as_slice(), hedge)?;
        let mut send = channel::begin(Kind::Keys);
        send.fixed(&sealed);
        let send = send.into_bytes();
        self.said.absorb(&send);
        self.state = State::Shown { keys: pair, nonce, inviter, candidate };
        Ok(JoinerStep::Send(send))
    }

    fn compare(
        &mut self,
        pair: PairKeys,
        nonce: &Nonce,
        inviter: Invitation,
        candidate: &[u8],
        message: &[u8],
        now: Timestamp,
    ) -> Result<JoinerStep, PairingError> {
        let mut reader = channel::expect(Kind::Reveal, message, now, self.started)?;
        let opened = pair.open(Role::Inviter, Kind::Reveal, &self.said, &mut reader)?;
        reader.finish()?;
        let mut reader = Reader::new(&opened);
        let inviter_nonce = reader.fixed()?;
        reader.finish()?;
        if Nonce::commitment(Role::Inviter, &inviter_nonce) != inviter.commitment {
            return Err(PairingError::Malformed);
        }
        let words = channel::check_words(&self.said, candidate, nonce.bytes(), &inviter_nonce);
        self.said.absorb(message);
        self.state = State::Comparing { keys: pair, inviter };
        Ok(JoinerStep::Compare(words))
    }

    fn learn(
        &self,
        pair: &PairKeys,
        inviter: InviterIds,
        message: &[u8],
        keys: &DeviceKeys,
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
        let info = channel::payload_info(inviter.practice, inviter.device, self.about.device);
        let text = wrap::unwrap_shared(&keys.kem, shared, &info, &wrapped).map_err(malformed)?;
        let payload = Box::new(PairingPayload::decode(&text)?);
        Ok(JoinerStep::Paired { inviter, payload })
    }

    fn candidate(&self, keys: &DeviceKeys) -> Candidate {
        Candidate {
            device: self.about.device,
            sign: keys.sign.verifying(),
            kem: keys.kem.public(),
            tls: keys.tls.verifying(),
            facts: self.about.facts.clone(),
            extra: self.about.extra.clone(),
        }
    }
}

impl fmt::Debug for Joiner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Waiting(_) => "waiting",
            State::Answered { .. } => "answered",
            State::Shown { .. } => "shown",
            State::Comparing { .. } => "comparing",
            State::Over => "over",
        };
        write!(f, "Joiner({state})")
    }
}
