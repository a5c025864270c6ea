//! `tacenda pair` and `tacenda join`: a further device of the same person. One shows a code, the
//! other is told it; both show three words; the first asks for the passphrase before it says yes.

use super::begin::{NewVault, clear, device_secret, settle};
use super::behind;
use super::connect::Driven;
use crate::device::chance::OsRandom;
use crate::device::courier::enrol::{EnrolError, Enrolment, PairingKeys};
use crate::device::home::Home;
use crate::device::open::{Device, DeviceError};
use crate::link::{Line, Target, Trouble};
use crate::message::Secret;
use crate::notice::Notice;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};
use tacenda_shared::id::{DevInc, DeviceId, Timestamp};
use tacenda_shared::keys::pairing::{
    CheckWords, Invitation, Inviter, InviterStep, Joiner, JoinerStep, PairingCode, PairingError,
    PairingPayload, Purpose, Review,
};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::keys::vault::{DeviceSecrets, Extra, General, KdfCost};
use tacenda_shared::membership::DeviceKeys;
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::{JoinError, Joined, Joining, Lane, RingWord, Transmit};
use tacenda_shared::sync::{Message, RefusalCode};
use zeroize::Zeroizing;

/// How often a mailbox is looked into at most.
const LOOK: Duration = Duration::from_millis(250);
/// How long a step of the other device may take; a code is good for ten minutes.
const STEP_MILLIS: i64 = 9 * 60_000;
/// How long the entry that adds the new device may take to appear.
const ADDED_MILLIS: i64 = 60_000;
/// How long the new device waits before it asks again: it began to ask when it heard of it.
const FIRST_KNOCK: Duration = Duration::from_millis(500);
/// The longest it waits between two questions.
const LAST_KNOCK: Duration = Duration::from_secs(25);

/// What a person is shown and asked.
pub trait Dialogue {
    /// Says how far it is.
    fn say(&mut self, line: &str);
    /// On the device that has the practice: do the words match? The passphrase is the yes, and
    /// `None` the no.
    fn approve(&mut self, words: [&str; 3], facts: &str) -> Option<Secret>;
}

/// The mailbox in which the two devices meet.
struct Mailbox {
    target: Target,
    line: Option<Line>,
    number: u64,
    next: u8,
}

impl Mailbox {
    const fn new(target: Target, number: u64) -> Self {
        Self { target, line: None, number, next: 0 }
    }

    /// Says something to the server; a link that has gone meanwhile is opened again.
    fn call(&mut self, message: &Message) -> Result<Message, Notice> {
        if let Some(line) = &mut self.line
            && let Ok(answer) = line.say(message)
        {
            return Ok(answer);
        }
        let mut line = Line::open(&self.target)?;
        let answer = line.say(message)?;
        self.line = Some(line);
        Ok(answer)
    }

    fn put(&mut self, mail: Vec<u8>) -> Result<(), Notice> {
        let message = Message::MailboxPut { mailbox: self.number, number: self.next, mail };
        match self.call(&message)? {
            Message::Taken => {
                self.next = self.next.saturating_add(1);
                Ok(())
            }
            Message::Refused(refusal) => Err(refused(refusal.code)),
            _ => Err(Trouble::Garbled.into()),
        }
    }

    /// Waits for the next mail of the other device.
    fn next(
        &mut self,
        now: fn() -> Timestamp,
        wanted: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<u8>, Notice> {
        let begun = now();
        while now().millis_since(begun) < STEP_MILLIS {
            if !wanted() {
                return Err(ended(&PairingError::Refused));
            }
            if let Some(mail) = self.look()? {
                return Ok(mail);
            }
        }
        Err(ended(&PairingError::Expired))
    }

    /// Looks into the mailbox once, which takes a moment: the server answers when something comes,
    /// or after two seconds.
    fn look(&mut self) -> Result<Option<Vec<u8>>, Notice> {
        let begun = Instant::now();
        let message = Message::MailboxGet { mailbox: self.number, from: self.next };
        match self.call(&message)? {
            Message::Mail(mails) => {
                if let Some(mail) = mails.into_iter().next() {
                    self.next = self.next.saturating_add(1);
                    return Ok(Some(mail));
                }
            }
            // Nobody has put anything yet, or too much was asked.
            Message::Refused(refusal)
                if matches!(refusal.code, RefusalCode::MailboxGone | RefusalCode::TooOften) => {}
            Message::Refused(refusal) => return Err(refused(refusal.code)),
            _ => return Err(Trouble::Garbled.into()),
        }
        // Only a server that does not wait answers sooner.
        thread::sleep(LOOK.saturating_sub(begun.elapsed()));
        Ok(None)
    }
}

/// Adds a device: shows a code, and when the other device has been told it, asks and says yes.
pub fn pair(
    device: &mut Device,
    home: &Home,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<(), Notice> {
    let mut driven = Driven::start(device, now)?;
    driven.until_current(&mut |line| dialogue.say(line))?;
    let device = driven.device();
    let target = device.target().ok_or(Trouble::NoAddress)?;
    let address = target.addresses.first().cloned().unwrap_or_default();
    let keys = device.pairing_keys();
    let mut random = OsRandom;
    let mut hedge = keys.hedge(&mut random);
    let code = PairingCode::generate(&mut hedge);
    dialogue.say(&format!("On the new device, run: tacenda join --server {address}"));
    dialogue.say(&format!("and type this code there: {}", *code.text()));
    dialogue.say("Never read the code to anyone. It is good for ten minutes and one try.");
    let mut mailbox = Mailbox::new(target, code.mailbox());
    let (mut inviter, offer) =
        Inviter::start(code, Purpose::Device, keys.invitation, now(), &mut hedge);
    mailbox.put(offer)?;
    let review = hear(&mut mailbox, &mut inviter, &mut hedge, now, &mut || true)?;
    let facts = review.candidate().facts.clone();
    let approved = dialogue.approve(review.words().words(), &facts);
    let second = match approved.map(|typed| step_up(home, &typed, now())) {
        Some(Ok(second)) => second,
        refused => {
            mailbox.put(review.refuse(&mut hedge).map_err(|error| ended(&error))?)?;
            let why = refused.and_then(Result::err);
            return Err(why.unwrap_or_else(|| ended(&PairingError::Refused)));
        }
    };
    driven.until_current(&mut |line| dialogue.say(line))?;
    if let Some(second) = &second {
        // The new device is given the member's present key alone.
        behind::settle(&mut driven, second, &mut |line| dialogue.say(line))?;
        driven.device().close_behind();
    }
    let payload = driven.device().pairing_payload(second.as_ref(), now());
    let payload = payload.ok_or(Trouble::NoAddress)?;
    let approved = review.approve(&payload, now(), &mut hedge).map_err(|error| ended(&error))?;
    mailbox.put(approved.send)?;
    let joining = approved.candidate.keys;
    let added = driven.device().add_device(joining, &facts, now()).map_err(|error| of(&error))?;
    let (entry, rows) = added;
    if !driven.device().propose(&entry, rows, now()) {
        return Err(Trouble::Unreachable.into());
    }
    let mut outcome = None;
    driven.until(&mut |line| dialogue.say(line), |device| {
        outcome = device.poll_proposed();
        outcome.is_some()
    })?;
    match outcome {
        Some(Ok(())) => {
            tell_added(&mut mailbox);
            dialogue.say(&format!("\"{facts}\" belongs to your practice now."));
            Ok(())
        }
        Some(Err(code)) => Err(refused(code)),
        None => Err(Trouble::Unreachable.into()),
    }
}

/// How far a device is that is being added beside an open window.
#[derive(Debug)]
pub enum Step {
    /// The code, and the address of the server.
    Code(Secret, String),
    /// What both screens must show, and what the new device calls itself.
    Words([String; 3], String),
    /// The new device has the yes: it is to be added under this name.
    Add(Box<DeviceKeys>, String),
    /// It came to no end.
    Failed(Notice),
}

/// What the inviting half is told.
#[derive(Debug)]
pub enum Word {
    /// The words match, and the passphrase was given.
    Yes(Box<PairingPayload>),
    /// The practice log names the new device.
    Added,
}

/// The inviting half without the practice: meets the new device in the mailbox and tells each
/// step. `answer` brings the yes, or ends for a no; nothing is changed before [`Step::Add`].
pub fn invite(
    target: Target,
    keys: &PairingKeys,
    answer: &Receiver<Word>,
    tell: &dyn Fn(Step) -> bool,
    now: fn() -> Timestamp,
) {
    if let Err(notice) = invited(target, keys, answer, tell, now) {
        // Whoever has gone meanwhile needs no word.
        let _gone = tell(Step::Failed(notice));
    }
}

fn invited(
    target: Target,
    keys: &PairingKeys,
    answer: &Receiver<Word>,
    tell: &dyn Fn(Step) -> bool,
    now: fn() -> Timestamp,
) -> Result<(), Notice> {
    let address = target.addresses.first().cloned().unwrap_or_default();
    let mut random = OsRandom;
    let mut hedge = keys.hedge(&mut random);
    let code = PairingCode::generate(&mut hedge);
    let text = Secret(code.text());
    let mut mailbox = Mailbox::new(target, code.mailbox());
    let (mut inviter, offer) =
        Inviter::start(code, Purpose::Device, keys.invitation, now(), &mut hedge);
    mailbox.put(offer)?;
    tell(Step::Code(text, address));
    let mut wanted = || !matches!(answer.try_recv(), Err(TryRecvError::Disconnected));
    let review = hear(&mut mailbox, &mut inviter, &mut hedge, now, &mut wanted)?;
    let facts = review.candidate().facts.clone();
    tell(Step::Words(review.words().words().map(str::to_owned), facts.clone()));
    let Ok(Word::Yes(payload)) = answer.recv() else {
        mailbox.put(review.refuse(&mut hedge).map_err(|error| ended(&error))?)?;
        return Err(ended(&PairingError::Refused));
    };
    let approved = review.approve(&payload, now(), &mut hedge).map_err(|error| ended(&error))?;
    mailbox.put(approved.send)?;
    tell(Step::Add(Box::new(approved.candidate.keys), facts));
    if let Ok(Word::Added) = answer.recv() {
        tell_added(&mut mailbox);
    }
    Ok(())
}

/// Lets the new device know that it may ask the server. If it does not hear it, it asks later.
fn tell_added(mailbox: &mut Mailbox) {
    let _told = mailbox.put(Inviter::added());
}

/// Hears the new device out, up to the last question.
fn hear(
    mailbox: &mut Mailbox,
    inviter: &mut Inviter,
    hedge: &mut Hedge<'_>,
    now: fn() -> Timestamp,
    wanted: &mut dyn FnMut() -> bool,
) -> Result<Box<Review>, Notice> {
    loop {
        let mail = match mailbox.next(now, wanted) {
            Ok(mail) => mail,
            Err(notice) => {
                // So that the other screen does not wait; if it does not go, it ends there too.
                let _told = mailbox.put(Inviter::rejection());
                return Err(notice);
            }
        };
        match inviter.handle(&mail, now(), hedge) {
            Ok(InviterStep::Send(send)) => mailbox.put(send)?,
            Ok(InviterStep::Review { send, review }) => {
                mailbox.put(send)?;
                return Ok(review);
            }
            Ok(InviterStep::Wait) => {}
            Err(error) => {
                // So that the other screen does not wait; if it does not go, it ends there too.
                let _told = mailbox.put(Inviter::rejection());
                return Err(ended(&error));
            }
        }
    }
}

/// Opens what lies behind step-up with the passphrase that was typed.
pub(crate) fn step_up(
    home: &Home,
    typed: &Secret,
    now: Timestamp,
) -> Result<Option<SecondSecret>, Notice> {
    Passphrase::from_text(&typed.0)
        .map_err(|_| DeviceError::PassphraseTooLong)
        .and_then(|typed| Device::step_up(home, &typed, now))
        .map_err(|error| Notice::from(&error))
}

/// What a new device is set up with.
pub struct NewDevice<'a> {
    /// Where its practice will lie. There must be none.
    pub home: &'a Home,
    /// `host:port` of the server.
    pub server: String,
    /// The code that the other device shows.
    pub code: PairingCode,
    /// What it shall be called.
    pub name: String,
    /// The passphrase that it shall have.
    pub passphrase: &'a Secret,
    /// What one try at the passphrase shall cost.
    pub cost: KdfCost,
}

/// Joins the practice of the device that shows the code, and fetches everything.
pub fn join(
    new: NewDevice<'_>,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<Device, Notice> {
    let mut device = begin(new, dialogue, now)?;
    dialogue.say("Fetching your practice.");
    Driven::start(&mut device, now)?.until_current(&mut |line| dialogue.say(line))?;
    Ok(device)
}

/// The same, but fetches nothing yet of what the practice has written.
pub fn begin(
    new: NewDevice<'_>,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<Device, Notice> {
    let NewDevice { home, server, code, name, passphrase, cost } = new;
    let typed = Passphrase::from_text(&passphrase.0)
        .map_err(|_| Notice::from(&DeviceError::PassphraseTooLong))?;
    clear(home)?;
    let keys = DeviceSecrets::generate(&mut OsRandom);
    let device = DeviceId::random(&mut OsRandom);
    let seed = Zeroizing::new(*keys.tls.seed());
    let secret = device_secret();
    let mut target = Target { addresses: vec![server], pin: None, seed };
    let mut mailbox = Mailbox::new(target.clone(), code.mailbox());
    let (vault, met) = thread::scope(|scope| {
        let vault = || NewVault::begin(&name, (&typed, &secret), cost, &keys.hedge);
        let vault = scope.spawn(vault);
        let met = meet(code, (&keys, device, &name), &mut mailbox, dialogue, now);
        (vault.join(), met)
    });
    let (invitation, payload) = met?;
    let vault = vault.unwrap_or_else(|panic| resume_unwind(panic))?;
    dialogue.say("The other device has said yes.");
    target.pin = Some(payload.server);
    let general = General {
        practice: invitation.practice,
        member: invitation.member,
        device,
        dev_inc: DevInc::new(1),
        keys,
        extra: Extra::default(),
    };
    // It says so when this one is added; whatever comes of it, the server is asked.
    let _heard = mailbox.look();
    let (enrolment, rows) = fetch(&general, &payload, &target, now)?;
    let malformed = |_| ended(&PairingError::Malformed);
    let second = payload.extra.second().map_err(malformed)?;
    let mut device = settle(home, &enrolment, general, rows, vault, second.as_ref(), now())?;
    let words = RingWord::decode_all(&payload.checkpoints).map_err(malformed)?;
    let expected = device.expect_rings(&words, invitation.inviter, now());
    expected.map_err(|error| Notice::from(&error))?;
    let first = payload.extra.first_logs().map_err(malformed)?;
    let last = payload.extra.last_logs().map_err(malformed)?;
    device.fetch_in_order(&first, &last, now()).map_err(|error| Notice::from(&error))?;
    Ok(device)
}

/// The joiner's half of the pairing.
fn meet(
    code: PairingCode,
    (keys, device, name): (&DeviceSecrets, DeviceId, &str),
    mailbox: &mut Mailbox,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<(Invitation, PairingPayload), Notice> {
    let mut joiner = Joiner::start(code, Purpose::Device, device, now());
    let mut random = OsRandom;
    loop {
        let mail = mailbox.next(now, &mut || true)?;
        let step = joiner.handle(&mail, keys, now(), &mut random);
        match step.map_err(|error| ended(&error))? {
            JoinerStep::Send(send) => mailbox.put(send)?,
            JoinerStep::Prove(_) => {
                let sends = joiner.prove(name, &[], keys, &mut random);
                for send in sends.map_err(|error| ended(&error))? {
                    mailbox.put(send)?;
                }
            }
            JoinerStep::Compare(words) => show(dialogue, words),
            JoinerStep::Paired { invitation, payload } => return Ok((invitation, *payload)),
        }
    }
}

fn show(dialogue: &mut dyn Dialogue, words: CheckWords) {
    dialogue
        .say(&format!("Compare these words with the other screen: {}", words.words().join(" ")));
}

/// Answers of the server, in the order of [`Enrolment::rows`].
pub(super) type Rows = Vec<Option<Vec<u8>>>;

/// Fetches the practice log and the keys, once the other device has added this one.
fn fetch(
    general: &General,
    payload: &PairingPayload,
    target: &Target,
    now: fn() -> Timestamp,
) -> Result<(Enrolment, Rows), Notice> {
    let begun = now();
    let mut pause = FIRST_KNOCK;
    let (mut line, joined) = loop {
        match try_join(general, payload, target)? {
            Some(joined) => break joined,
            None if now().millis_since(begun) < ADDED_MILLIS => {
                thread::sleep(pause);
                pause = after_knocking(pause);
            }
            None => return Err(of(&EnrolError::NotAdded)),
        }
    };
    keys_of(&mut line, joined, general)
}

/// How long to wait once a question came too early. A server makes strangers wait who fail more
/// than five times a minute, and behind the same address may be honest devices.
fn after_knocking(pause: Duration) -> Duration {
    pause.saturating_mul(5).min(LAST_KNOCK)
}

/// Fetches the keys that belong to a practice log.
pub(super) fn keys_of(
    line: &mut Line,
    joined: Joined,
    general: &General,
) -> Result<(Enrolment, Rows), Notice> {
    let enrolment = Enrolment::new(joined, general.device).map_err(|error| of(&error))?;
    let mut rows = Vec::new();
    for answer in line.ask(&Message::RowsGet(enrolment.rows(general)))? {
        match answer {
            Message::Rows(part) => rows.extend(part),
            Message::Refused(refusal) => return Err(refused(refusal.code)),
            _ => return Err(Trouble::Garbled.into()),
        }
    }
    Ok((enrolment, rows))
}

/// Asks for the practice log; `None` while the server does not know this device.
pub(super) fn try_join(
    general: &General,
    payload: &PairingPayload,
    target: &Target,
) -> Result<Option<(Line, Joined)>, Notice> {
    let mut line = Line::open(target)?;
    let vouched = payload.practice_head;
    let mut joining = Joining::paired(general.practice, general.device, vouched);
    while let Some(Transmit { lane, message }) = joining.poll_transmit() {
        let answers = match lane {
            Lane::Control => vec![line.say(&message)?],
            _ => line.ask(&message)?,
        };
        for answer in answers {
            match joining.handle_message(lane, answer) {
                Ok(None) => {}
                Ok(Some(joined)) => return Ok(Some((line, joined))),
                Err(JoinError::NotAdded) => return Ok(None),
                Err(JoinError::Refused(refusal)) if refusal.code == RefusalCode::NotADevice => {
                    return Ok(None);
                }
                Err(JoinError::Refused(refusal)) => return Err(refused(refusal.code)),
                Err(_) => return Err(of(&EnrolError::Log)),
            }
        }
    }
    Ok(None)
}

fn ended(error: &PairingError) -> Notice {
    Notice::new(
        format!("The pairing ended: {error}."),
        "Nothing has been given away, and nothing has been changed.",
        "Begin again with a new code.",
    )
}

pub(crate) fn refused(code: RefusalCode) -> Notice {
    Notice::new(
        format!("The server refused: {}.", code.cause()),
        "Nothing has been given away.",
        format!("What can be done: {}.", code.action()),
    )
}

pub(crate) fn of(error: &EnrolError) -> Notice {
    Notice::new(
        format!("The new device cannot begin: {error}."),
        "Your practice is safe on your other device.",
        "Begin again with a new code; if this stays, ask whoever runs your server.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_not_added_yet_asks_soon_and_never_too_often() {
        let mut pause = FIRST_KNOCK;
        let mut at = Duration::ZERO;
        let mut asked = vec![at];
        while at.as_millis() < ADDED_MILLIS.unsigned_abs().into() {
            at += pause;
            asked.push(at);
            pause = after_knocking(pause);
        }
        assert!(asked.iter().filter(|at| at.as_secs() < 4).count() >= 3);
        assert!(asked.len() <= 6, "the sixth comes after the minute in which five may fail");
        assert!(asked.last().is_some_and(|last| last.as_secs() >= 60));
    }
}
