//! `tacenda pair` and `tacenda join`: a further device of the same person. One shows a code, the
//! other is told it; both show three words; the first asks for the passphrase before it says yes.

use super::behind;
use super::connect::Driven;
use crate::device::chance::OsRandom;
use crate::device::courier::enrol::{EnrolError, Enrolment, PairingKeys};
use crate::device::home::Home;
use crate::device::open::{Device, DeviceError};
use crate::link::{Line, Target, Trouble};
use crate::message::Secret;
use crate::notice::Notice;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Duration;
use tacenda_shared::id::{DevInc, DeviceId, MemberId, PracticeId, Timestamp};
use tacenda_shared::journal::DiskFs;
use tacenda_shared::keys::pairing::{
    CheckWords, Inviter, InviterStep, Joiner, JoinerStep, PairingCode, PairingError,
    PairingPayload, Purpose, Review,
};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::keys::vault::{
    DeviceSecrets, Extra, Factors, General, KdfCost, Vault, VaultSetup,
};
use tacenda_shared::membership::DeviceKeys;
use tacenda_shared::random::Random;
use tacenda_shared::seal::{Hedge, SecretKey};
use tacenda_shared::sync::device::{JoinError, Joined, Joining, Lane, Transmit};
use tacenda_shared::sync::{Message, RefusalCode};
use zeroize::Zeroizing;

/// How often the mailbox is looked into.
const LOOK: Duration = Duration::from_millis(250);
/// How long a step of the other device may take; a code is good for ten minutes.
const STEP_MILLIS: i64 = 9 * 60_000;
/// How long the entry that adds the new device may take to appear.
const ADDED_MILLIS: i64 = 60_000;
/// When the new device first asks for it: most often it is there by then.
const FIRST_KNOCK: Duration = Duration::from_millis(100);
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
            let message = Message::MailboxGet { mailbox: self.number, from: self.next };
            match self.call(&message)? {
                Message::Mail(mails) => {
                    if let Some(mail) = mails.into_iter().next() {
                        self.next = self.next.saturating_add(1);
                        return Ok(mail);
                    }
                }
                // Nobody has put anything yet, or too much was asked.
                Message::Refused(refusal)
                    if matches!(refusal.code, RefusalCode::MailboxGone | RefusalCode::TooOften) => {
                }
                Message::Refused(refusal) => return Err(refused(refusal.code)),
                _ => return Err(Trouble::Garbled.into()),
            }
            thread::sleep(LOOK);
        }
        Err(ended(&PairingError::Expired))
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
    let payload = driven.device().pairing_payload(second.as_ref()).ok_or(Trouble::NoAddress)?;
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

/// The inviting half without the practice: meets the new device in the mailbox and tells each
/// step. `answer` brings the yes, or ends for a no; nothing is changed before [`Step::Add`].
pub fn invite(
    target: Target,
    keys: &PairingKeys,
    answer: &Receiver<PairingPayload>,
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
    answer: &Receiver<PairingPayload>,
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
    let Ok(payload) = answer.recv() else {
        mailbox.put(review.refuse(&mut hedge).map_err(|error| ended(&error))?)?;
        return Err(ended(&PairingError::Refused));
    };
    let approved = review.approve(&payload, now(), &mut hedge).map_err(|error| ended(&error))?;
    mailbox.put(approved.send)?;
    tell(Step::Add(Box::new(approved.candidate.keys), facts));
    Ok(())
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
    let NewDevice { home, server, code, name, passphrase, cost } = new;
    clear(home)?;
    let keys = DeviceSecrets::generate(&mut OsRandom);
    let device = DeviceId::random(&mut OsRandom);
    let seed = Zeroizing::new(*keys.tls.seed());
    let mut target = Target { addresses: vec![server], pin: None, seed };
    let (invitation, payload) = meet(code, &keys, device, &name, &target, dialogue, now)?;
    dialogue.say("The other device has said yes.");
    target.pin = Some(payload.server);
    let general = General {
        practice: invitation.0,
        member: invitation.1,
        device,
        dev_inc: DevInc::new(1),
        keys,
        extra: Extra::default(),
    };
    let (enrolment, rows) = fetch(&general, &payload, &target, now)?;
    let typed = Passphrase::from_text(&passphrase.0)
        .map_err(|_| Notice::from(&DeviceError::PassphraseTooLong))?;
    let second = payload.extra.second().map_err(|_| ended(&PairingError::Malformed))?;
    let what = (name.as_str(), &typed, cost);
    let mut device = settle(home, &enrolment, general, rows, what, second.as_ref(), now())?;
    dialogue.say("Fetching your practice.");
    Driven::start(&mut device, now)?.until_current(&mut |line| dialogue.say(line))?;
    Ok(device)
}

type Met = ((PracticeId, MemberId), PairingPayload);

/// The joiner's half of the pairing.
fn meet(
    code: PairingCode,
    keys: &DeviceSecrets,
    device: DeviceId,
    name: &str,
    target: &Target,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<Met, Notice> {
    let mut mailbox = Mailbox::new(target.clone(), code.mailbox());
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
            JoinerStep::Paired { invitation, payload } => {
                return Ok(((invitation.practice, invitation.member), *payload));
            }
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
        thread::sleep(pause);
        match try_join(general, payload, target)? {
            Some(joined) => break joined,
            None if now().millis_since(begun) < ADDED_MILLIS => pause = after_knocking(pause),
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

/// Makes room for a new device. What lies there without a vault file may be a practice all the
/// same, whose file comes back: it is put aside.
pub(super) fn clear(home: &Home) -> Result<(), Notice> {
    home.make().and_then(|()| home.set_aside()).map_err(|error| Notice::from(&error))
}

/// Writes the new device to the disk. The vault file comes last, as when a practice is set up.
pub(super) fn settle(
    home: &Home,
    enrolment: &Enrolment,
    general: General,
    rows: Rows,
    (name, passphrase, cost): (&str, &Passphrase, KdfCost),
    second: Option<&SecondSecret>,
    now: Timestamp,
) -> Result<Device, Notice> {
    let told = |error: DeviceError| Notice::from(&error);
    clear(home)?;
    let random: &mut dyn Random = &mut OsRandom;
    let secret = SecretKey::from_bytes(random.bytes());
    let setup = VaultSetup { cost, device_name: name.to_owned() };
    let factors = Factors { passphrase, device_secret: Some(&secret) };
    let second = second.map(SecondSecret::secret);
    let vault = Vault::create(&setup, &general, second, factors, random)
        .map_err(|error| told(error.into()))?;
    let header = Vault::read_header(&vault).map_err(|error| told(error.into()))?;
    home.write_secret(&header.vault_id, &secret).map_err(|error| Notice::from(&error))?;
    let open = |folder| DiskFs::open(folder).map_err(|error| told(error.into()));
    let files = (open(&home.journal())?, open(&home.rows())?);
    let mut device = Device::enrol(enrolment, general, name.to_owned(), rows, files, now)
        .map_err(|error| of(&error))?;
    device.settle_at(home, &header.vault_id);
    home.write_vault(&vault).map_err(|error| Notice::from(&error))?;
    Ok(device)
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
        let mut asked = Vec::new();
        let mut at = Duration::ZERO;
        while at.as_millis() < ADDED_MILLIS.unsigned_abs().into() {
            at += pause;
            asked.push(at);
            pause = after_knocking(pause);
        }
        assert!(asked.iter().filter(|at| at.as_secs() < 1).count() >= 2);
        assert!(asked.len() <= 6, "the sixth comes after the minute in which five may fail");
        assert!(asked.last().is_some_and(|last| last.as_secs() >= 60));
    }
}
