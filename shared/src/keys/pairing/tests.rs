//! Two devices, and everybody who could stand between them.

use super::channel::{Exchange, Kind, Nonce, Role, Transcript};
use super::*;
use crate::id::Timestamp;
use crate::keys::label;
use crate::keys::vault::DeviceSecrets;
use crate::membership::{KEM_PUBLIC_LENGTH, KemPublicKey};
use crate::random::Seeded;
use crate::seal::Hedge;
use proptest::prelude::*;

const CODE: &str = "7-cross-walnut-lemon";
const START: Timestamp = Timestamp::from_millis(1_000_000);
const INVITATION: Invitation = Invitation {
    practice: PracticeId::from_bytes([1; 16]),
    inviter: DeviceId::from_bytes([2; 16]),
    member: MemberId::from_bytes([7; 16]),
};

static HEDGE_KEY: SecretKey = SecretKey::from_bytes([9; 32]);

/// One device, honest or not: the same program with its own chance.
struct Device {
    keys: DeviceSecrets,
    random: Seeded,
}

impl Device {
    fn new(seed: u64) -> Self {
        Self { keys: DeviceSecrets::generate(&mut Seeded::new(seed)), random: Seeded::new(seed) }
    }

    fn hedge(&mut self) -> Hedge<'_> {
        Hedge { key: &HEDGE_KEY, random: &mut self.random }
    }

    fn invite(&mut self, code: &str) -> (Inviter, Vec<u8>) {
        let code = PairingCode::parse(code).unwrap();
        Inviter::start(code, Purpose::Device, INVITATION, START, &mut self.hedge())
    }

    fn join(code: &str) -> Joiner {
        let device = DeviceId::from_bytes([3; 16]);
        Joiner::start(PairingCode::parse(code).unwrap(), Purpose::Device, device, START)
    }

    /// Answers message 3 with the device's keys.
    fn prove(&mut self, joiner: &mut Joiner, accept: &[u8]) -> Result<Vec<u8>, PairingError> {
        let step = self.take(joiner, accept)?;
        assert!(matches!(step, JoinerStep::Prove(INVITATION)));
        let facts = "Laptop B, version 1";
        let mut messages = joiner.prove(facts, b"", &self.keys, &mut self.random)?;
        assert_eq!(messages.len(), 1);
        Ok(messages.remove(0))
    }

    fn take(&mut self, joiner: &mut Joiner, message: &[u8]) -> Result<JoinerStep, PairingError> {
        joiner.handle(message, &self.keys, START, &mut self.random)
    }
}

fn second() -> SecondSecret {
    SecondSecret::from_secret(SecretKey::from_bytes([7; 32]))
}

#[test]
fn the_second_secret_goes_with_the_payload_and_does_not_show_itself() {
    let given = payload();
    let text = given.encode().unwrap();
    let taken = PairingPayload::decode(&text).unwrap();
    let opened = taken.extra.second().unwrap().unwrap();
    assert_eq!(opened.secret().expose(), second().secret().expose());
    assert!(format!("{given:?}").ends_with("extra: PayloadExtra(redacted) }"));

    // A newer inviter may give more; an older one may have nothing to give.
    assert!(PayloadExtra::default().second().unwrap().is_none());
    let more = [&[0, 9, 0, 0, 0, 1, 5], text.last_chunk::<38>().unwrap().as_slice()].concat();
    assert!(PayloadExtra(Zeroizing::new(more)).second().unwrap().is_some());
    let cut = PayloadExtra(Zeroizing::new(vec![0, 1, 0, 0, 0, 2, 1]));
    assert!(cut.second().is_err());
}

#[test]
fn the_logs_to_fetch_first_go_with_the_payload_as_far_as_there_is_room() {
    let log = |number: u8| CompartmentId::from_bytes([number; 16]);
    let many: Vec<_> = (0..200).map(log).collect();

    let extra = PayloadExtra::new(Some(&second()), &many);

    let given = PairingPayload { checkpoints: Vec::new(), extra, ..payload() };
    let taken = PairingPayload::decode(&given.encode().unwrap()).unwrap();
    assert_eq!(taken.extra.first_logs().unwrap(), many.get(..FIRST_LOGS_MAX).unwrap());
    assert!(taken.extra.second().unwrap().is_some());
    assert_eq!(PayloadExtra::default().first_logs().unwrap(), []);
    let cut = PayloadExtra(Zeroizing::new(vec![0, 2, 0, 0, 0, 2, 1, 1]));
    assert!(cut.first_logs().is_err());
}

#[test]
fn the_logs_to_fetch_last_go_with_the_payload_in_the_room_that_is_left() {
    let log = |number: u16| {
        let [high, low] = number.to_be_bytes();
        let mut id = [high; 16];
        id[3] = low;
        CompartmentId::from_bytes(id)
    };
    let many: Vec<_> = (0..1000).map(log).collect();
    for (first, checkpoints) in [(0, 0), (3, 68), (200, 516)] {
        let extra = PayloadExtra::new(Some(&second()), &many[..first]);
        let extra = extra.and_last(&many, checkpoints);
        let given = PairingPayload { checkpoints: vec![8; checkpoints], extra, ..payload() };
        let taken = PairingPayload::decode(&given.encode().unwrap()).unwrap().extra;
        assert_eq!(taken.first_logs().unwrap(), &many[..first.min(FIRST_LOGS_MAX)]);
        assert!(taken.second().unwrap().is_some());
        let last = taken.last_logs().unwrap();
        let marks: Vec<_> = many.iter().take(last.len()).map(|log| LogMark::of(*log)).collect();
        assert_eq!(last, marks);
        let room = PAYLOAD_EXTRA_BYTES_MAX - checkpoints - taken.0.len();
        assert!(last.len() > 15 && room < LogMark::BYTES, "{} named, {room} left", last.len());
    }
    assert_eq!(PayloadExtra::default().last_logs().unwrap(), []);
    let cut = PayloadExtra(Zeroizing::new(vec![0, 3, 0, 0, 0, 2, 1, 1]));
    assert!(cut.last_logs().is_err());
}

fn payload() -> PairingPayload {
    PairingPayload {
        genesis: Hash::from_bytes([4; 32]),
        practice_head: PracticeHead { seq: PracticeSeq::new(12), hash: Hash::from_bytes([5; 32]) },
        server: VerifyingKey::from_bytes([6; 32]),
        checkpoints: vec![8; 100],
        extra: PayloadExtra::new(Some(&second()), &[]),
    }
}

fn sent(step: JoinerStep) -> Vec<u8> {
    match step {
        JoinerStep::Send(message) => message,
        other => panic!("{other:?}"),
    }
}

fn compared(step: JoinerStep) -> CheckWords {
    match step {
        JoinerStep::Compare(words) => words,
        other => panic!("{other:?}"),
    }
}

fn accepted(step: InviterStep) -> Vec<u8> {
    match step {
        InviterStep::Send(message) => message,
        other => panic!("{other:?}"),
    }
}

fn asked(step: InviterStep) -> (Vec<u8>, Review) {
    match step {
        InviterStep::Review { send, review } => (send, *review),
        other => panic!("{other:?}"),
    }
}

/// What an undisturbed run up to the last question leaves.
struct Asked {
    old: Device,
    new: Device,
    review: Review,
    joiner: Joiner,
    words: CheckWords,
    messages: Vec<Vec<u8>>,
}

fn run_to_the_question(code: &str) -> Asked {
    let (mut old, mut new) = (Device::new(1), Device::new(2));
    let (mut inviter, offer) = old.invite(code);
    let mut joiner = Device::join(code);
    let answer = sent(new.take(&mut joiner, &offer).unwrap());
    let accept = accepted(inviter.handle(&answer, START, &mut old.hedge()).unwrap());
    let keys = new.prove(&mut joiner, &accept).unwrap();
    let (reveal, review) = asked(inviter.handle(&keys, START, &mut old.hedge()).unwrap());
    let words = compared(new.take(&mut joiner, &reveal).unwrap());
    let messages = vec![offer, answer, accept, keys, reveal];
    Asked { old, new, review, joiner, words, messages }
}

#[test]
fn a_device_that_knows_the_code_is_invited() {
    let Asked { mut old, mut new, review, mut joiner, words, messages } = run_to_the_question(CODE);
    assert_eq!(review.words(), words);
    assert_eq!(review.candidate().facts, "Laptop B, version 1");

    let approved = review.approve(&payload(), START, &mut old.hedge()).unwrap();
    let step = new.take(&mut joiner, &approved.send).unwrap();

    let JoinerStep::Paired { invitation, payload: learned } = step else { panic!("{step:?}") };
    assert_eq!((invitation, *learned), (INVITATION, payload()));
    let keys = approved.candidate.keys;
    assert_eq!(keys.sig, new.keys.sign.verifying());
    assert_eq!(keys.kem, new.keys.kem.public().published());
    assert!(keys.proven(INVITATION.practice, INVITATION.member));
    assert!(messages.len() < 8 && messages.iter().all(|m| m.len() <= MESSAGE_BYTES_MAX));
    assert!(new.take(&mut joiner, &approved.send).is_err());
}

#[test]
fn the_long_code_serves_as_well() {
    let mut old = Device::new(1);
    let code = PairingCode::generate_long(&mut old.hedge());
    let asked = run_to_the_question(&code.text());
    assert_eq!(asked.review.words(), asked.words);
}

#[test]
fn a_wrong_code_is_noticed_and_used_up_on_both_sides() {
    let (mut old, mut new) = (Device::new(1), Device::new(2));
    let (mut inviter, offer) = old.invite(CODE);
    let mut guesser = Device::join("7-cross-walnut-zoo");
    let guess = sent(new.take(&mut guesser, &offer).unwrap());

    let noticed = inviter.handle(&guess, START, &mut old.hedge()).unwrap_err();
    assert_eq!(noticed, PairingError::WrongCode);

    // The right code comes too late.
    let mut right = Device::join(CODE);
    let answer = sent(new.take(&mut right, &offer).unwrap());
    let late = inviter.handle(&answer, START, &mut old.hedge()).unwrap_err();
    assert_eq!(late, PairingError::Burned);
    let told = new.take(&mut guesser, &Inviter::rejection()).unwrap_err();
    assert_eq!(told, PairingError::WrongCode);
    assert_eq!(new.take(&mut guesser, &offer).unwrap_err(), PairingError::Burned);
}

#[test]
fn a_server_that_guesses_at_the_new_device_has_one_try() {
    let (mut server, mut new) = (Device::new(3), Device::new(2));
    let (mut guess, offer) = server.invite("7-cross-walnut-zoo");
    let mut joiner = Device::join(CODE);
    let answer = sent(new.take(&mut joiner, &offer).unwrap());

    let failed = guess.handle(&answer, START, &mut server.hedge()).unwrap_err();
    assert_eq!(failed, PairingError::WrongCode);
    let (_, second_offer) = server.invite(CODE);
    let refused = new.take(&mut joiner, &second_offer).unwrap_err();
    assert_eq!(refused, PairingError::Malformed);
    assert_eq!(new.take(&mut joiner, &second_offer).unwrap_err(), PairingError::Burned);
}

#[test]
fn an_inviter_who_guessed_wrong_and_goes_on_is_told_so() {
    let (mut server, mut new) = (Device::new(3), Device::new(2));
    let mut joiner = Device::join(CODE);
    let guess = PairingCode::parse("7-cross-walnut-zoo").unwrap();
    let (role, purpose) = (Role::Inviter, Purpose::Device);
    let (exchange, element) = Exchange::start(role, &guess, purpose, &mut server.hedge());
    let mut offer = channel::begin(Kind::Offer);
    offer.u8(purpose as u8).bytes(&element);
    let answer = sent(new.take(&mut joiner, offer.as_slice()).unwrap());
    let pair = exchange.finish(&answer[6..39]).unwrap();

    let mut said = Transcript::new();
    said.absorb(offer.as_slice());
    said.absorb(&answer);
    let sealed = pair.seal(role, Kind::Accept, &said, &[0; 80], &mut server.hedge()).unwrap();
    let mut accept = channel::begin(Kind::Accept);
    accept.fixed(&pair.confirmation(role, &said, &sealed)).fixed(&sealed);

    let told = new.take(&mut joiner, accept.as_slice()).unwrap_err();
    assert_eq!(told, PairingError::WrongCode);
}

#[test]
fn a_sealed_message_opens_at_its_own_place_only() {
    let (mut old, mut new) = (Device::new(1), Device::new(2));
    let code = PairingCode::parse(CODE).unwrap();
    let purpose = Purpose::Device;
    let (one, element) = Exchange::start(Role::Inviter, &code, purpose, &mut old.hedge());
    let (other, answer) = Exchange::start(Role::Joiner, &code, purpose, &mut new.hedge());
    let (one, other) = (one.finish(&answer).unwrap(), other.finish(&element).unwrap());
    let mut said = Transcript::new();
    said.absorb(b"what was said");
    let (role, kind) = (Role::Inviter, Kind::Reveal);
    let sealed = one.seal(role, kind, &said, b"text", &mut old.hedge()).unwrap();
    let open = |role, kind, said: &Transcript| {
        other.open(role, kind, said, &mut Reader::new(&sealed)).map(|text| text.to_vec())
    };

    assert_eq!(open(role, kind, &said), Ok(b"text".to_vec()));
    assert_eq!(open(Role::Joiner, kind, &said), Err(PairingError::Malformed));
    assert_eq!(open(role, Kind::Verdict, &said), Err(PairingError::Malformed));
    assert_eq!(open(role, kind, &Transcript::new()), Err(PairingError::Malformed));
}

#[test]
fn somebody_between_who_overheard_the_code_is_shown_by_the_words() {
    let (mut old, mut new) = (Device::new(1), Device::new(2));
    let (mut left, mut right) = (Device::new(3), Device::new(4));
    let (mut inviter, offer) = old.invite(CODE);
    let mut joiner = Device::join(CODE);
    // Towards the old device the thief is a new one, towards the new device an old one.
    let mut false_joiner = Device::join(CODE);
    let (mut false_inviter, false_offer) = right.invite(CODE);

    let answer = sent(left.take(&mut false_joiner, &offer).unwrap());
    let accept = accepted(inviter.handle(&answer, START, &mut old.hedge()).unwrap());
    let keys = left.prove(&mut false_joiner, &accept).unwrap();
    let (_, review) = asked(inviter.handle(&keys, START, &mut old.hedge()).unwrap());
    let answer = sent(new.take(&mut joiner, &false_offer).unwrap());
    let accept = accepted(false_inviter.handle(&answer, START, &mut right.hedge()).unwrap());
    let keys = new.prove(&mut joiner, &accept).unwrap();
    let (reveal, _) = asked(false_inviter.handle(&keys, START, &mut right.hedge()).unwrap());
    let words = compared(new.take(&mut joiner, &reveal).unwrap());

    assert_ne!(review.words(), words);
    assert_ne!(review.candidate().keys.sig, new.keys.sign.verifying());
}

/// What a joiner who knows the code can lie about in message 4.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    None,
    /// It shows another nonce than it committed to.
    OtherNonce,
    /// It shows the keys of another device, whose proof it has seen in the practice log.
    StolenKeys,
    /// It proves its keys for another member.
    OtherMember,
    /// Its key to seal to is none.
    NoKey,
}

fn lying_joiner(lie: Lie) -> Result<InviterStep, PairingError> {
    let (mut old, mut liar) = (Device::new(1), Device::new(2));
    let (mut inviter, offer) = old.invite(CODE);
    let code = PairingCode::parse(CODE).unwrap();
    let (role, purpose) = (Role::Joiner, Purpose::Device);
    let (exchange, element) = Exchange::start(role, &code, purpose, &mut liar.hedge());
    let pair = exchange.finish(&offer[offer.len() - 33..]).unwrap();
    let mut said = Transcript::new();
    said.absorb(&offer);
    let mut answer = channel::begin(Kind::Answer);
    answer.bytes(&element).fixed(&Nonce::commitment(role, &[1; 32]));
    let confirmation = pair.confirmation(role, &said, answer.as_slice());
    answer.fixed(&confirmation);
    said.absorb(answer.as_slice());
    let accept = inviter.handle(answer.as_slice(), START, &mut old.hedge()).map(accepted)?;
    said.absorb(&accept);

    let shown = Device::new(if lie == Lie::StolenKeys { 8 } else { 2 }).keys;
    let Invitation { practice, member, .. } = INVITATION;
    let member = if lie == Lie::OtherMember { MemberId::from_bytes([0; 16]) } else { member };
    let mut proven = shown.prove(practice, member, DeviceId::from_bytes([3; 16]));
    if lie == Lie::NoKey {
        let none = KemPublicKey::from_bytes([0xff; KEM_PUBLIC_LENGTH]);
        let tls = shown.tls.verifying();
        proven = DeviceKeys::prove(practice, member, proven.device, &shown.sign, none, tls);
    }
    let mut proof = Writer::new();
    proven.write(&mut proof);
    let bytes = proof.text("").as_slice().to_vec();
    let fields = [practice.as_bytes(), bytes.as_slice(), said.hash().as_bytes()];
    let signature = liar.keys.sign.sign(label::PAIR_SIGN, &fields);
    let nonce = if lie == Lie::OtherNonce { [2; 32] } else { [1; 32] };
    let mut text = Writer::new();
    text.bytes(&bytes).fixed(signature.as_bytes()).fixed(&nonce);
    let sealed = pair.seal(role, Kind::Keys, &said, text.as_slice(), &mut liar.hedge())?;
    let keys = [channel::begin(Kind::Keys).as_slice(), &sealed].concat();
    inviter.handle(&keys, START, &mut old.hedge())
}

#[test]
fn a_joiner_who_lies_never_comes_to_the_question() {
    assert!(matches!(lying_joiner(Lie::None), Ok(InviterStep::Review { .. })));
    for lie in [Lie::OtherNonce, Lie::StolenKeys, Lie::OtherMember, Lie::NoKey] {
        assert_eq!(lying_joiner(lie).unwrap_err(), PairingError::Malformed, "{lie:?}");
    }
}

/// An inviter who knows the code and reveals `nonce` after it committed to a nonce of ones.
fn lying_inviter(nonce: [u8; 32]) -> Result<JoinerStep, PairingError> {
    let (mut liar, mut new) = (Device::new(1), Device::new(2));
    let mut joiner = Device::join(CODE);
    let code = PairingCode::parse(CODE).unwrap();
    let (role, purpose) = (Role::Inviter, Purpose::Device);
    let (exchange, element) = Exchange::start(role, &code, purpose, &mut liar.hedge());
    let mut said = Transcript::new();
    let mut offer = channel::begin(Kind::Offer);
    offer.u8(purpose as u8).bytes(&element);
    said.absorb(offer.as_slice());
    let answer = new.take(&mut joiner, offer.as_slice()).map(sent)?;
    let pair = exchange.finish(&answer[6..39]).unwrap();
    said.absorb(&answer);
    let mut text = Writer::new();
    INVITATION.write(&mut text);
    text.fixed(&Nonce::commitment(role, &[1; 32]));
    let sealed = pair.seal(role, Kind::Accept, &said, text.as_slice(), &mut liar.hedge())?;
    let mut accept = channel::begin(Kind::Accept);
    accept.fixed(&pair.confirmation(role, &said, &sealed)).fixed(&sealed);
    said.absorb(accept.as_slice());
    let keys = new.prove(&mut joiner, accept.as_slice())?;
    said.absorb(&keys);
    let sealed = pair.seal(role, Kind::Reveal, &said, &nonce, &mut liar.hedge())?;
    let reveal = [channel::begin(Kind::Reveal).as_slice(), &sealed].concat();
    new.take(&mut joiner, &reveal)
}

#[test]
fn an_inviter_cannot_choose_the_words_after_it_has_seen_the_others_nonce() {
    assert!(matches!(lying_inviter([1; 32]), Ok(JoinerStep::Compare(_))));
    assert_eq!(lying_inviter([2; 32]).unwrap_err(), PairingError::Malformed);
}

#[test]
fn no_at_the_last_question_leaves_the_new_device_with_nothing() {
    let Asked { mut old, mut new, review, mut joiner, messages, .. } = run_to_the_question(CODE);

    let refusal = review.refuse(&mut old.hedge()).unwrap();

    assert_eq!(new.take(&mut joiner, &refusal).unwrap_err(), PairingError::Refused);
    assert_eq!(new.take(&mut joiner, &refusal).unwrap_err(), PairingError::Burned);
    // What left until then is accounted for byte by byte: version and kind, an element; a
    // confirmation, three ids, a commitment; a nonce; a no. There is no room for anything else.
    let sealed = |text: usize| 24 + 4 + text + 16;
    assert_eq!(messages[0].len(), 2 + 1 + 4 + 33);
    assert_eq!(messages[2].len(), 2 + 32 + sealed(16 + 16 + 16 + 32));
    assert_eq!(messages[4].len(), 2 + sealed(32));
    assert_eq!(refusal.len(), 2 + sealed(1));
}

#[test]
fn the_payload_opens_only_with_the_new_devices_own_key() {
    let Asked { mut old, mut new, review, mut joiner, .. } = run_to_the_question(CODE);
    let approved = review.approve(&payload(), START, &mut old.hedge()).unwrap();

    // A thief who has the keys of the pairing but not the device's.
    new.keys = DeviceSecrets::generate(&mut Seeded::new(77));
    let stolen = new.take(&mut joiner, &approved.send).unwrap_err();

    assert_eq!(stolen, PairingError::Malformed);
}

#[test]
fn messages_of_another_run_or_in_another_order_are_refused() {
    let one = run_to_the_question(CODE);
    for (index, message) in one.messages.iter().enumerate() {
        let (mut old, mut new) = (Device::new(6), Device::new(7));
        let (mut inviter, offer) = old.invite(CODE);
        let mut joiner = Device::join(CODE);
        let answer = sent(new.take(&mut joiner, &offer).unwrap());
        // Message 2 of another run fits no element of this one.
        assert!(inviter.handle(message, START, &mut old.hedge()).is_err(), "{index}");
        assert!(new.take(&mut joiner, message).is_err(), "{index}");
        assert!(inviter.handle(&answer, START, &mut old.hedge()).is_err());
    }
}

#[test]
fn a_code_lives_ten_minutes() {
    let (mut old, mut new) = (Device::new(1), Device::new(2));
    let late = START.plus_millis(10 * 60 * 1000 + 1);
    let (mut inviter, offer) = old.invite(CODE);
    let mut joiner = Device::join(CODE);
    let answer = sent(new.take(&mut joiner, &offer).unwrap());

    let expired = inviter.handle(&answer, late, &mut old.hedge()).unwrap_err();
    assert_eq!(expired, PairingError::Expired);
    let Asked { review, .. } = run_to_the_question(CODE);
    let expired = review.approve(&payload(), late, &mut old.hedge()).unwrap_err();
    assert_eq!(expired, PairingError::Expired);
    let (mut inviter, _) = old.invite(CODE);
    let back = inviter.handle(&answer, START.plus_millis(-1), &mut old.hedge()).unwrap_err();
    assert_eq!(back, PairingError::Expired);
}

#[test]
fn a_person_is_not_added_in_the_place_of_a_device() {
    let (mut old, mut new) = (Device::new(1), Device::new(2));
    let code = PairingCode::parse(CODE).unwrap();
    let (_, offer) = Inviter::start(code, Purpose::Member, INVITATION, START, &mut old.hedge());
    let refused = new.take(&mut Device::join(CODE), &offer).unwrap_err();
    assert_eq!(refused, PairingError::Malformed);
}

#[test]
fn what_is_too_long_or_too_new_is_refused_by_name() {
    let (mut old, mut new) = (Device::new(1), Device::new(2));
    let (_, mut offer) = old.invite(CODE);
    let long = new.take(&mut Device::join(CODE), &vec![1; 4097]).unwrap_err();
    assert_eq!(long, PairingError::TooLong);
    offer[0] = 2;
    let newer = new.take(&mut Device::join(CODE), &offer).unwrap_err();
    assert_eq!(newer, PairingError::NewerVersion);

    let Asked { review, .. } = run_to_the_question(CODE);
    let much = PairingPayload { checkpoints: vec![0; PAYLOAD_EXTRA_BYTES_MAX], ..payload() };
    let refused = review.approve(&much, START, &mut old.hedge()).unwrap_err();
    assert_eq!(refused, PairingError::TooLong);
}

#[test]
fn a_person_brings_more_and_the_largest_messages_fit_the_mailbox() {
    let (mut old, mut new) = (Device::new(1), Device::new(2));
    let code = || PairingCode::parse(CODE).unwrap();
    let (mut inviter, offer) =
        Inviter::start(code(), Purpose::Member, INVITATION, START, &mut old.hedge());
    let device = DeviceId::from_bytes([3; 16]);
    let mut joiner = Joiner::start(code(), Purpose::Member, device, START);
    let answer = sent(new.take(&mut joiner, &offer).unwrap());
    let accept = accepted(inviter.handle(&answer, START, &mut old.hedge()).unwrap());
    new.take(&mut joiner, &accept).unwrap();
    let (facts, extra) = ("f".repeat(FACTS_BYTES_MAX), vec![1; JOINER_EXTRA_BYTES_MAX]);
    let messages = joiner.prove(&facts, &extra, &new.keys, &mut new.random).unwrap();

    let step = inviter.handle(&messages[0], START, &mut old.hedge()).unwrap();
    assert!(matches!(step, InviterStep::Wait));
    let (_, review) = asked(inviter.handle(&messages[1], START, &mut old.hedge()).unwrap());
    assert_eq!((&review.candidate().facts, &review.candidate().extra), (&facts, &extra));
    let checkpoints = vec![0; PAYLOAD_EXTRA_BYTES_MAX];
    let full = PairingPayload { checkpoints, extra: PayloadExtra::default(), ..payload() };
    let approved = review.approve(&full, START, &mut old.hedge()).unwrap();

    for message in messages.iter().chain([&approved.send]) {
        assert!(message.len() <= MESSAGE_BYTES_MAX, "{}", message.len());
    }
}

#[test]
fn what_a_joiner_brings_comes_once_and_whole() {
    let run = |pick: &[usize]| {
        let (mut old, mut new) = (Device::new(1), Device::new(2));
        let (mut inviter, offer) = old.invite(CODE);
        let mut joiner = Device::join(CODE);
        let answer = sent(new.take(&mut joiner, &offer).unwrap());
        let accept = accepted(inviter.handle(&answer, START, &mut old.hedge()).unwrap());
        new.take(&mut joiner, &accept).unwrap();
        let messages = joiner.prove("", b"more", &new.keys, &mut new.random).unwrap();
        let handle = |index: &usize| inviter.handle(&messages[*index], START, &mut old.hedge());
        pick.iter().map(handle).last().unwrap().map(|_| ())
    };
    assert_eq!(run(&[0, 1]), Ok(()));
    assert_eq!(run(&[1]), Err(PairingError::Malformed));
    assert_eq!(run(&[0, 0]), Err(PairingError::Malformed));
}

#[test]
fn nothing_secret_shows_itself() {
    let Asked { mut old, review, joiner, .. } = run_to_the_question(CODE);
    let (inviter, _) = old.invite(CODE);

    assert_eq!(format!("{inviter:?} {joiner:?}"), "Inviter(offered) Joiner(comparing)");
    assert!(format!("{review:?}").starts_with("Review { candidate: Candidate { keys: "));
    assert!(format!("{review:?}").ends_with("facts: \"Laptop B, version 1\", extra: [] }, .. }"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn an_altered_message_never_leads_to_the_question(
        which in 0..5_usize, place: proptest::sample::Index, bit in 0..8_u8,
    ) {
        let (mut old, mut new) = (Device::new(1), Device::new(2));
        let (mut inviter, offer) = old.invite(CODE);
        let mut joiner = Device::join(CODE);
        let alter = |index: usize, mut message: Vec<u8>| {
            if index == which {
                let at = place.index(message.len());
                message[at] ^= 1 << bit;
            }
            message
        };
        let mut run = || -> Result<(), PairingError> {
            let answer = alter(1, sent(new.take(&mut joiner, &alter(0, offer.clone()))?));
            let accept = alter(2, accepted(inviter.handle(&answer, START, &mut old.hedge())?));
            let keys = alter(3, new.prove(&mut joiner, &accept)?);
            let (reveal, _) = asked(inviter.handle(&keys, START, &mut old.hedge())?);
            compared(new.take(&mut joiner, &alter(4, reveal))?);
            Ok(())
        };
        prop_assert!(run().is_err());
    }
}
