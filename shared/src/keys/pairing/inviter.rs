//! The half that holds the keys: it shows the code, shows the words, and asks the last question.
//! It has no payload before the answer is yes.

use crate::codec::{Reader, Writer};
use crate::id::Timestamp;
use crate::keys::kem::KemPublic;
use crate::keys::label;
use crate::keys::pairing::channel::{self, Exchange, Kind, Nonce, PairKeys, Role, Transcript};
use crate::keys::pairing::{
    Candidate, CheckWords, FACTS_BYTES_MAX, Invitation, JOINER_EXTRA_BYTES_MAX, MESSAGE_BYTES_MAX,
    PairingCode, PairingError, PairingPayload, Purpose,
};
use crate::keys::wrap::{self, SharedKey};
use crate::membership::DeviceKeys;
use crate::seal::Hedge;
use crate::suite::{self, Signature};
use std::fmt;

/// The inviting half until the check words are known.
pub struct Inviter {
    invitation: Invitation,
    started: Timestamp,
    said: Transcript,
    state: State,
}

enum State {
    Offered(Exchange),
    Accepted(Accepted),
    Over,
}

/// What is held between messages 3 and 4.
struct Accepted {
    keys: PairKeys,
    nonce: Nonce,
    joiner_commitment: [u8; 32],
    extra: Vec<u8>,
}

/// What to do after a message.
#[derive(Debug)]
pub enum InviterStep {
    /// Send this, and wait for the next message.
    Send(Vec<u8>),
    /// Send this, show the words, and ask.
    Review {
        /// The message to send.
        send: Vec<u8>,
        /// What to show, and how to answer.
        review: Box<Review>,
    },
    /// Wait for the next message.
    Wait,
}

impl Inviter {
    /// Starts with a fresh code, which it uses up, and returns the first message.
    pub fn start(
        code: PairingCode,
        purpose: Purpose,
        invitation: Invitation,
        now: Timestamp,
        hedge: &mut Hedge<'_>,
    ) -> (Self, Vec<u8>) {
        let (exchange, element) = Exchange::start(Role::Inviter, &code, purpose, hedge);
        drop(code);
        let mut message = channel::begin(Kind::Offer);
        message.u8(purpose as u8).bytes(&element);
        let message = message.into_bytes();
        let mut said = Transcript::new();
        said.absorb(&message);
        (Self { invitation, started: now, said, state: State::Offered(exchange) }, message)
    }

    /// Takes the next message of the joiner. After an error nothing more is taken.
    pub fn handle(
        &mut self,
        message: &[u8],
        now: Timestamp,
        hedge: &mut Hedge<'_>,
    ) -> Result<InviterStep, PairingError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Offered(exchange) => self.accept(exchange, message, now, hedge),
            State::Accepted(accepted) if channel::is(Kind::More, message) => {
                self.keep_more(accepted, message, now)
            }
            State::Accepted(accepted) => self.review(accepted, message, now, hedge),
            State::Over => Err(PairingError::Burned),
        }
    }

    /// Returns what may be sent after [`PairingError::WrongCode`], so that the other screen does
    /// not wait. It says nothing that the server does not see anyway.
    pub fn rejection() -> Vec<u8> {
        channel::begin(Kind::Rejection).into_bytes()
    }

    /// Returns what may be sent once the practice log names the new device, so that it asks at
    /// once. It says nothing that the server does not see anyway, and nobody needs to believe it.
    pub fn added() -> Vec<u8> {
        channel::begin(Kind::Added).into_bytes()
    }

    fn accept(
        &mut self,
        exchange: Exchange,
        message: &[u8],
        now: Timestamp,
        hedge: &mut Hedge<'_>,
    ) -> Result<InviterStep, PairingError> {
        let mut reader = channel::expect(Kind::Answer, message, now, self.started)?;
        let keys = exchange.finish(reader.bytes(ELEMENT_LENGTH)?)?;
        let joiner_commitment = reader.fixed()?;
        let confirmed = message.len().saturating_sub(reader.remaining());
        let confirmation = reader.fixed::<32>()?;
        reader.finish()?;
        let confirmed = message.get(..confirmed).ok_or(PairingError::Malformed)?;
        let expected = keys.confirmation(Role::Joiner, &self.said, confirmed);
        if !suite::equal(&confirmation, &expected) {
            return Err(PairingError::WrongCode);
        }
        self.said.absorb(message);

        let nonce = Nonce::draw(hedge);
        let mut inner = Writer::new();
        self.invitation.write(&mut inner);
        inner.fixed(&Nonce::commitment(Role::Inviter, nonce.bytes()));
        let sealed = keys.seal(Role::Inviter, Kind::Accept, &self.said, inner.as_slice(), hedge)?;
        let mut answer = channel::begin(Kind::Accept);
        answer.fixed(&keys.confirmation(Role::Inviter, &self.said, &sealed)).fixed(&sealed);
        let answer = answer.into_bytes();
        self.said.absorb(&answer);
        let extra = Vec::new();
        self.state = State::Accepted(Accepted { keys, nonce, joiner_commitment, extra });
        Ok(InviterStep::Send(answer))
    }

    fn keep_more(
        &mut self,
        mut accepted: Accepted,
        message: &[u8],
        now: Timestamp,
    ) -> Result<InviterStep, PairingError> {
        let mut reader = channel::expect(Kind::More, message, now, self.started)?;
        let more = accepted.keys.open(Role::Joiner, Kind::More, &self.said, &mut reader)?;
        reader.finish()?;
        // Once, and only if there is something to say.
        if more.is_empty() || more.len() > JOINER_EXTRA_BYTES_MAX || !accepted.extra.is_empty() {
            return Err(PairingError::Malformed);
        }
        self.said.absorb(message);
        accepted.extra = more.to_vec();
        self.state = State::Accepted(accepted);
        Ok(InviterStep::Wait)
    }

    fn review(
        &mut self,
        accepted: Accepted,
        message: &[u8],
        now: Timestamp,
        hedge: &mut Hedge<'_>,
    ) -> Result<InviterStep, PairingError> {
        let Accepted { keys, nonce, joiner_commitment, extra } = accepted;
        let mut reader = channel::expect(Kind::Keys, message, now, self.started)?;
        let opened = keys.open(Role::Joiner, Kind::Keys, &self.said, &mut reader)?;
        reader.finish()?;
        let mut reader = Reader::new(&opened);
        let proof = reader.bytes(MESSAGE_BYTES_MAX)?;
        let signature = Signature::from_bytes(reader.fixed()?);
        let joiner_nonce = reader.fixed()?;
        reader.finish()?;
        let mut reader = Reader::new(proof);
        let device = DeviceKeys::read(&mut reader)?;
        let facts = reader.text(FACTS_BYTES_MAX)?.to_owned();
        reader.finish()?;

        let Invitation { practice, member, .. } = self.invitation;
        let kem = KemPublic::from_published(&device.kem).map_err(|_| PairingError::Malformed)?;
        let fields = [practice.as_bytes(), proof, self.said.hash().as_bytes().as_slice()];
        if Nonce::commitment(Role::Joiner, &joiner_nonce) != joiner_commitment
            || !device.proven(practice, member)
            || !device.sig.verify(label::PAIR_SIGN, &fields, &signature)
        {
            return Err(PairingError::Malformed);
        }
        self.said.absorb(message);

        let words = channel::check_words(&self.said, proof, &joiner_nonce, nonce.bytes());
        let sealed = keys.seal(Role::Inviter, Kind::Reveal, &self.said, nonce.bytes(), hedge)?;
        let mut send = channel::begin(Kind::Reveal);
        send.fixed(&sealed);
        let send = send.into_bytes();
        self.said.absorb(&send);
        let candidate = Candidate { keys: device, facts, extra };
        let (invitation, said, started) = (self.invitation, self.said, self.started);
        let review = Box::new(Review { invitation, said, started, keys, kem, candidate, words });
        Ok(InviterStep::Review { send, review })
    }
}

impl fmt::Debug for Inviter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Offered(_) => "offered",
            State::Accepted(_) => "accepted",
            State::Over => "over",
        };
        write!(f, "Inviter({state})")
    }
}

/// The last question. Only a value of this type can say yes, and only once.
pub struct Review {
    invitation: Invitation,
    said: Transcript,
    started: Timestamp,
    keys: PairKeys,
    kem: KemPublic,
    candidate: Candidate,
    words: CheckWords,
}

/// What yes gives: the message to send, and whom to add with AddDevice.
#[derive(Debug)]
pub struct Approved {
    /// The last message. Send it, commit AddDevice, and only then upload the wraps.
    pub send: Vec<u8>,
    /// The new device, its keys proved to be its own.
    pub candidate: Candidate,
}

impl Review {
    /// Returns the words to compare.
    pub const fn words(&self) -> CheckWords {
        self.words
    }

    /// Returns what the new device says about itself.
    pub const fn candidate(&self) -> &Candidate {
        &self.candidate
    }

    /// Says yes: after the words were compared and the passphrase was given again.
    pub fn approve(
        self,
        payload: &PairingPayload,
        now: Timestamp,
        hedge: &mut Hedge<'_>,
    ) -> Result<Approved, PairingError> {
        if !channel::in_time(now, self.started) {
            return Err(PairingError::Expired);
        }
        let key = self.keys.payload_key();
        let shared = SharedKey { key: &key, id: self.said.hash() };
        let info = channel::payload_info(&self.invitation, self.candidate.keys.device);
        let text = payload.encode()?;
        let wrapped = wrap::wrap_shared(&self.kem, shared, &info, &text, hedge)
            .map_err(|_| PairingError::Malformed)?;
        let mut verdict = Writer::new();
        verdict.u8(APPROVED).bytes(wrapped.as_bytes());
        let send = self.verdict(verdict.as_slice(), hedge)?;
        Ok(Approved { send, candidate: self.candidate })
    }

    /// Says no, and returns the message that says so.
    pub fn refuse(self, hedge: &mut Hedge<'_>) -> Result<Vec<u8>, PairingError> {
        self.verdict(&[REFUSED], hedge)
    }

    fn verdict(&self, text: &[u8], hedge: &mut Hedge<'_>) -> Result<Vec<u8>, PairingError> {
        let sealed = self.keys.seal(Role::Inviter, Kind::Verdict, &self.said, text, hedge)?;
        let mut send = channel::begin(Kind::Verdict);
        send.fixed(&sealed);
        let send = send.into_bytes();
        if send.len() > MESSAGE_BYTES_MAX { Err(PairingError::TooLong) } else { Ok(send) }
    }
}

impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Review").field("candidate", &self.candidate).finish_non_exhaustive()
    }
}

pub(super) const REFUSED: u8 = 0;
pub(super) const APPROVED: u8 = 1;
/// An element of SPAKE2 with its side in front.
pub(super) const ELEMENT_LENGTH: usize = 33;
