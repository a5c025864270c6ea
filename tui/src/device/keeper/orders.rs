//! What a window orders of the devices of the practice and of its server: shutting one out, adding
//! one, connecting. One order at a time; it is carried on whenever something arrives, and the
//! window goes on meanwhile.

use super::running::moved;
use super::taking_in::typed_path;
use super::{Ask, Keeper, Practice, locked};
use crate::cli::pair::Word;
use crate::cli::request::{Lost, Reply, Request, Typed};
use crate::cli::{answer, connect, pair, recover, revoke};
use crate::device::backup::BackupError;
use crate::device::courier::late::LateEdit;
use crate::device::courier::revoke::Revocation;
use crate::device::naming::{Change, Naming};
use crate::device::open::Device;
use crate::device::replacing::{Replacing, Wish};
use crate::device::settling::Settling;
use crate::link::Trouble;
use crate::message::{Carried, DeviceEvent, Order, Plan, Secret, Standing};
use crate::notice::Notice;
use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use tacenda_shared::id::{DeviceId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::membership::DeviceKeys;
use zeroize::Zeroizing;

pub(super) use crate::cli::pair::Step as Joining;

/// What was ordered and is not done yet.
pub(super) enum Running {
    /// The entry that adds a device of this name is on its way.
    Adding(String, Sender<Word>),
    /// The new device was given the yes.
    Approved(u64, Sender<Word>),
    /// A device meets this one in the mailbox; what it is sent is the yes.
    Meeting(u64, Sender<Word>),
    /// A command wants this device shut out once the server is heard.
    Losing(Lost, Option<SecondSecret>),
    /// The server gets another address, or loses one.
    Naming(Naming),
    /// Another recovery sheet takes the place of the old.
    Replacing(Box<Replacing>),
    /// A device of this name is being shut out.
    Revoking(String, Option<SecondSecret>),
    /// What lies behind step-up is brought up to date before it goes on.
    Settling(SecondSecret, Settling, Then),
}

impl Running {
    /// Returns what a person must hear if a lock ends this: somebody may still be let in who is
    /// believed to be out. What the practice log has taken already, each device finishes.
    pub(super) fn unfinished(self) -> Option<Notice> {
        let (happened, remedy) = match self {
            Self::Losing(..) | Self::Revoking(..) | Self::Settling(_, _, Then::Out(_)) => (
                "The lock came before a device was known to be shut out.",
                "Unlock and look at Sync (7). If the device is not marked as revoked, shut it out \
                 again (x): until then it reads what you write.",
            ),
            Self::Replacing(_) => (
                "The lock came before another recovery sheet was known to be in force.",
                "Keep both sheets. Unlock and look at Sync (7), since when the sheet is in force; \
                 if it is the old one, replace it again (P).",
            ),
            Self::Adding(..)
            | Self::Approved(..)
            | Self::Meeting(..)
            | Self::Naming(_)
            | Self::Settling(_, _, Then::Approve(..) | Then::Opened) => return None,
        };
        Some(Notice::new(happened, "Everything you have written is safe here.", remedy))
    }
}

/// What comes after what lies behind step-up is up to date.
pub(super) enum Then {
    /// The new device is given the yes.
    Approve(u64, Sender<Word>),
    /// Psychotherapy notes, which are open already, show what has come.
    Opened,
    /// A device of this name is out.
    Out(String),
}

impl Keeper {
    /// Begins what was ordered.
    #[expect(clippy::too_many_lines, reason = "one line for each kind of order")]
    pub(super) fn order(&mut self, order: Order, now: Timestamp) {
        let outcome = match order {
            Order::Adopt(edit) => self.adopt(&edit, now),
            Order::Approve(passphrase) => self.approve(&passphrase, now),
            Order::BackUp { file, passphrase } => self.back_up(&file, &passphrase, now),
            Order::DrawSheet { old } => self.draw_sheet(&old, now),
            Order::ReplaceSheet { old, new, compromised, passphrase } => {
                self.replace_sheet((&old, &new, compromised), &passphrase, now)
            }
            Order::Confirm(passphrase) => {
                self.confirm(&passphrase, now);
                Ok(())
            }
            Order::Connect(invite) => self.connect_to(&invite.0, now).map(|()| {
                let words = "The server keeps your practice from now on. It cannot read it.";
                self.said(Ok(words.to_owned()));
            }),
            Order::Decline => {
                // The other end of the channel hears it, and tells the new device.
                self.running = self.running.take().filter(|running| !running.is_open());
                Ok(())
            }
            Order::Finish => self.finish(now),
            Order::LookAtCalendar(asked) => {
                self.look_at_calendar(&asked, now);
                Ok(())
            }
            Order::LookAtFile(file) => {
                self.look_at_file(&file);
                Ok(())
            }
            Order::SaveAttachment { client, record, file, passphrase } => {
                self.save_attachment((client, record), &file, &passphrase, now)
            }
            Order::SaveSafetyPlan { client, record, numbers, file, passphrase } => {
                self.save_safety_plan((client, record, &numbers), &file, &passphrase, now)
            }
            Order::SaveReport(asked) => self.save_report(&asked, now),
            Order::Pair => self.pair(),
            Order::Plan(device) => {
                let plan = self.plan(device);
                self.carried(Carried::Plan(device, plan));
                Ok(())
            }
            Order::Revoke { device, passphrase } => self.revoke(device, &passphrase, now),
            Order::SetKeys(preset) => self.set_keys(preset),
            Order::Standing => {
                self.tell_standing();
                Ok(())
            }
            Order::Verify(passphrase) => self.verify(&passphrase, now),
            Order::StepDown => {
                self.step_down(now);
                Ok(())
            }
            Order::StepUp(passphrase) => {
                self.step_up(&passphrase, now);
                Ok(())
            }
        };
        if let Err(notice) = outcome {
            self.said(Err(notice));
        }
    }

    /// Goes on with what was ordered; returns whether there may be something to send.
    pub(super) fn carry_on(&mut self) -> bool {
        let now = (self.settings.now)();
        let Practice::Open { device, .. } = &mut self.practice else { return false };
        match self.running.take() {
            Some(Running::Revoking(name, second)) => match (device.poll_revocation(), second) {
                (None, second) => self.running = Some(Running::Revoking(name, second)),
                (Some(Err(error)), _) => self.ended(Err(revoke::told(&error))),
                (Some(Ok(())), None) => self.out(&name),
                (Some(Ok(())), Some(second)) => {
                    let words = "It is out. Replacing the keys behind your passphrase.";
                    self.carried(Carried::Progress(words.to_owned()));
                    let next = Running::Settling(second, Settling::default(), Then::Out(name));
                    self.running = Some(next);
                    return self.carry_on();
                }
            },
            Some(Running::Settling(second, mut settling, then)) => {
                match settling.work(device, &second, now) {
                    None => self.running = Some(Running::Settling(second, settling, then)),
                    // What is here is open already; the rest comes with the next step-up.
                    Some(Err(_)) if then.is_opened() => {}
                    Some(Err(notice)) => {
                        device.close_behind();
                        self.ended(Err(notice));
                    }
                    Some(Ok(())) => {
                        device.close_behind();
                        self.settled(&second, then);
                    }
                }
            }
            Some(Running::Losing(lost, second)) if device.is_current() => {
                self.lose(&lost, second, now);
            }
            Some(losing @ Running::Losing(..)) => self.running = Some(losing),
            Some(Running::Naming(mut naming)) => match naming.work(device, now) {
                None => self.running = Some(Running::Naming(naming)),
                Some(outcome) => self.ended(outcome.map(|()| "The server was named.".to_owned())),
            },
            Some(Running::Replacing(mut replacing)) => match replacing.work(device, now) {
                None => self.running = Some(Running::Replacing(replacing)),
                Some(outcome) => {
                    let words = "The new sheet is in force, and the old one is void.";
                    self.ended(outcome.map(|()| words.to_owned()));
                }
            },
            Some(Running::Adding(name, answer)) => match device.poll_proposed() {
                None => self.running = Some(Running::Adding(name, answer)),
                Some(Ok(())) => {
                    // Who has gone meanwhile hears it from the server.
                    let _gone = answer.send(Word::Added);
                    self.ended(Ok(format!("{name} belongs to your practice now.")));
                }
                Some(Err(code)) => self.ended(Err(pair::refused(code))),
            },
            // These wait for the new device, not for the server.
            other => {
                self.running = other;
                return false;
            }
        }
        true
    }

    /// Takes a step of the new device.
    pub(super) fn joining(&mut self, number: u64, joining: Joining) {
        match (joining, self.running.take()) {
            (Joining::Code(code, address), Some(running)) if running.is_of(number) => {
                self.running = Some(running);
                self.carried(Carried::Code { code, address });
            }
            (Joining::Words(words, name), Some(running)) if running.is_of(number) => {
                self.running = Some(running);
                self.carried(Carried::Words { words, name });
            }
            (Joining::Add(keys, name), Some(running)) if running.is_of(number) => {
                match (self.add(*keys, &name), running) {
                    (Ok(()), Running::Approved(_, answer)) => {
                        self.running = Some(Running::Adding(name, answer));
                    }
                    (Ok(()), _) => {}
                    (Err(notice), _) => self.ended(Err(notice)),
                }
            }
            (Joining::Failed(notice), Some(running)) if running.is_of(number) => {
                self.ended(Err(notice));
            }
            // Nobody waits for that one any more.
            (_, other) => self.running = other,
        }
    }

    /// Brings the practice to the server of an invite, and keeps up a link from then on.
    fn connect_to(&mut self, invite: &str, now: Timestamp) -> Result<(), Notice> {
        let invite = connect::invite(invite)?;
        let mut moves = false;
        let mut agrees = || {
            moves = true;
            false
        };
        let connected = connect::connect_or_move(self.device()?, &invite, &mut agrees, now);
        match connected {
            // Whether the other one is gone for good is asked where there is room to answer.
            Err(_) if moves => return Err(moved()),
            connected => connected?,
        }
        self.online = None;
        self.connect();
        Ok(())
    }

    /// The same for a command, which waits until everything is there.
    pub(super) fn connect_for(&mut self, invite: &Typed, replies: Sender<Reply>, now: Timestamp) {
        let outcome = self.connect_to(&invite.0, now);
        match (outcome, &mut self.practice) {
            (Ok(()), Practice::Open { device, .. }) => {
                let text = "The server keeps your practice from now on. It cannot read it.";
                let json = serde_json::json!({ "connected": true });
                // A command that has gone away does not keep the practice from uploading.
                let _gone = replies.send(Reply::Line { json, text: text.to_owned() });
                self.waiting.begin(device, replies, now);
            }
            (Ok(()), _) => {}
            (Err(Notice { happened, safe, next }), _) => {
                let notice = [happened, safe, next];
                let _gone = replies.send(Reply::Refused { notice, locked: false });
            }
        }
    }

    /// Begins what a command has ordered, which waits for its end.
    pub(super) fn order_for(&mut self, request: Request, replies: Sender<Reply>, now: Timestamp) {
        let begun = self.be_free().and_then(|()| self.begin_for(request, now));
        match begun {
            Err(notice) => tell_command(&replies, Err(notice)),
            Ok(()) => {
                self.asker = Some(replies);
                if let Some(online) = &self.online {
                    online.hurry();
                }
            }
        }
    }

    fn begin_for(&mut self, request: Request, now: Timestamp) -> Result<(), Notice> {
        let secret = |typed: &Typed| Secret(Zeroizing::new(typed.0.clone()));
        match request {
            Request::ServerAddress { address, remove } => {
                let change = if remove { Change::Remove(address) } else { Change::Add(address) };
                let naming = Naming::begin(self.device()?, change)?;
                if let (Some(online), Some(address)) = (&self.online, naming.also()) {
                    online.look_also(address);
                }
                self.running = Some(Running::Naming(naming));
            }
            Request::DeviceRevoke { lost, passphrase } => {
                let second = pair::step_up(&self.settings.home, &secret(&passphrase), now)?;
                revoke::planned(self.device()?, &lost)?;
                self.running = Some(Running::Losing(lost, second));
            }
            Request::Sheet { wish, passphrase } => {
                let second = pair::step_up(&self.settings.home, &secret(&passphrase), now)?;
                let replacing = Replacing::begin(answer::sheet::wish(&wish)?, second);
                self.running = Some(Running::Replacing(Box::new(replacing)));
            }
            // Whatever else a command asks for is answered at once.
            _ => {}
        }
        Ok(())
    }

    fn back_up(&mut self, file: &str, passphrase: &Secret, now: Timestamp) -> Result<(), Notice> {
        let typed = Passphrase::from_text(&passphrase.0).unwrap_or_default();
        let path = typed_path(file);
        let path = path.map_err(|error| Notice::from(&BackupError::from(error)))?;
        let Practice::Open { device, .. } = &mut self.practice else { return Err(locked()) };
        let done = device.backup(&self.settings.home, &typed, &path, now);
        let held = done.map_err(|error| Notice::from(&error))?.holdings;
        self.changed(now);
        self.said(Ok(format!(
            "Backed up: {} clients, {} appointments, {} signed notes.",
            held.clients, held.appointments, held.notes
        )));
        Ok(())
    }

    fn draw_sheet(&mut self, old: &Secret, now: Timestamp) -> Result<(), Notice> {
        let words = answer::sheet::drawn(self.device()?, Some(&old.0), now)?;
        self.carried(Carried::Drawn(Secret(Zeroizing::new(words))));
        Ok(())
    }

    fn replace_sheet(
        &mut self,
        (old, new, compromised): (&Secret, &Secret, bool),
        passphrase: &Secret,
        now: Timestamp,
    ) -> Result<(), Notice> {
        self.be_free()?;
        let second = pair::step_up(&self.settings.home, passphrase, now)?;
        let (old, new) = (recover::read_words(&old.0)?, recover::read_words(&new.0)?);
        let wish = Wish::Replace { old, new, compromised };
        self.running = Some(Running::Replacing(Box::new(Replacing::begin(wish, second))));
        Ok(())
    }

    /// There is no link: a command does not wait for one. What cannot be taken back goes on by
    /// itself when there is one.
    pub(super) fn link_is_down(&mut self, trouble: Trouble) {
        let Some(replies) = self.asker.take() else { return };
        let Notice { happened, safe, next } = trouble.into();
        let notice = if self.running.take_if(Running::can_be_left).is_some() {
            Notice { happened, safe, next }
        } else {
            Notice::new(
                happened,
                safe,
                "It goes on by itself once the server can be reached; the window says what came \
                 of it. Keep the old sheet until then.",
            )
        };
        tell_command(&replies, Err(notice));
    }

    fn adopt(&mut self, edit: &LateEdit, now: Timestamp) -> Result<(), Notice> {
        let device = self.device()?;
        let edits = device.late_edits().map_err(|error| Notice::from(&error))?;
        let number = edits.iter().position(|other| other == edit);
        let taken = number.map(|number| device.adopt_late_edit(number, now)).transpose();
        let taken = taken.map_err(|error| Notice::from(&error))?.unwrap_or_default();
        self.changed(now);
        self.said(Ok(crate::cli::late::taken_words(taken)));
        Ok(())
    }

    fn finish(&mut self, now: Timestamp) -> Result<(), Notice> {
        if !self.device()?.finish_refilling(now) {
            return Err(Notice::new(
                "The server is not waiting for that.",
                "Nothing has been changed.",
                "Wait until this device has given all that it holds.",
            ));
        }
        self.said(Ok("The server goes on with what it was given.".to_owned()));
        Ok(())
    }

    fn device(&mut self) -> Result<&mut Device, Notice> {
        match &mut self.practice {
            Practice::Open { device, .. } => Ok(device),
            Practice::Absent | Practice::Locked | Practice::SettingUp(_) => Err(locked()),
        }
    }

    fn plan(&mut self, lost: DeviceId) -> Result<Plan, Notice> {
        let device = self.device()?;
        let plan = device.plan_revocation(&BTreeSet::from([lost]), &BTreeSet::new());
        let plan = plan.map_err(|error| revoke::told(&error))?;
        let rows = device.sync_status().devices;
        let names = |of: &BTreeSet<DeviceId>| {
            let rows = rows.iter().filter(|row| row.id != lost && of.contains(&row.id));
            rows.map(|row| row.name.clone()).collect()
        };
        Ok(Plan { goes: names(&plan.goes), stays: names(&plan.stays) })
    }

    fn revoke(
        &mut self,
        lost: DeviceId,
        passphrase: &Secret,
        now: Timestamp,
    ) -> Result<(), Notice> {
        self.be_free()?;
        let second = pair::step_up(&self.settings.home, passphrase, now)?;
        let device = self.device()?;
        let plan = device.plan_revocation(&BTreeSet::from([lost]), &BTreeSet::new());
        let plan = plan.map_err(|error| revoke::told(&error))?;
        self.begin_revoking(plan, second, now)
    }

    fn lose(&mut self, lost: &Lost, second: Option<SecondSecret>, now: Timestamp) {
        let plan = self.device().and_then(|device| revoke::planned(device, lost));
        if let Err(notice) = plan.and_then(|plan| self.begin_revoking(plan, second, now)) {
            self.ended(Err(notice));
        }
    }

    fn begin_revoking(
        &mut self,
        plan: Revocation,
        second: Option<SecondSecret>,
        now: Timestamp,
    ) -> Result<(), Notice> {
        let device = self.device()?;
        let rows = device.sync_status().devices.into_iter();
        let names: Vec<String> =
            rows.filter(|row| plan.goes.contains(&row.id)).map(|row| row.name).collect();
        device.revoke(plan, now).map_err(|error| revoke::told(&error))?;
        self.running = Some(Running::Revoking(names.join(", "), second));
        Ok(())
    }

    fn pair(&mut self) -> Result<(), Notice> {
        self.be_free()?;
        let device = self.device()?;
        let target = device.target().ok_or(Trouble::NoAddress)?;
        let keys = device.pairing_keys();
        let (answer, answers) = channel();
        self.joinings = self.joinings.saturating_add(1);
        let (number, asks, now) = (self.joinings, self.asks.clone(), self.settings.now);
        let meet = move || {
            let tell = |step| asks.send(Ask::Joining(number, step)).is_ok();
            pair::invite(target, &keys, &answers, &tell, now);
        };
        let started = thread::Builder::new().name("pairing".into()).spawn(meet);
        started.map_err(|_| Notice::from(Trouble::Unreachable))?;
        self.running = Some(Running::Meeting(number, answer));
        Ok(())
    }

    fn approve(&mut self, passphrase: &Secret, now: Timestamp) -> Result<(), Notice> {
        let Some(Running::Meeting(number, answer)) = self.running.take() else {
            return Ok(());
        };
        match pair::step_up(&self.settings.home, passphrase, now) {
            Err(notice) => {
                // A slip of the finger does not use up the code.
                self.running = Some(Running::Meeting(number, answer));
                self.carried(Carried::Again(notice));
                Ok(())
            }
            Ok(Some(second)) => {
                let then = Then::Approve(number, answer);
                self.running = Some(Running::Settling(second, Settling::default(), then));
                Ok(())
            }
            Ok(None) => self.give_yes(None, number, answer),
        }
    }

    fn give_yes(
        &mut self,
        second: Option<&SecondSecret>,
        number: u64,
        answer: Sender<Word>,
    ) -> Result<(), Notice> {
        let now = (self.settings.now)();
        let payload = self.device()?.pairing_payload(second, now).ok_or(Trouble::NoAddress)?;
        let yes = Word::Yes(Box::new(payload));
        answer.send(yes).map_err(|_| Notice::from(Trouble::Unreachable))?;
        self.running = Some(Running::Approved(number, answer));
        Ok(())
    }

    fn add(&mut self, keys: DeviceKeys, name: &str) -> Result<(), Notice> {
        let now = (self.settings.now)();
        let device = self.device()?;
        let added = device.add_device(keys, name, now);
        let (entry, rows) = added.map_err(|error| pair::of(&error))?;
        let proposed = device.propose(&entry, rows, now);
        if proposed { Ok(()) } else { Err(Trouble::Unreachable.into()) }
    }

    fn settled(&mut self, second: &SecondSecret, then: Then) {
        match then {
            Then::Opened => self.changed((self.settings.now)()),
            Then::Out(name) => self.out(&name),
            Then::Approve(number, answer) => {
                if let Err(notice) = self.give_yes(Some(second), number, answer) {
                    self.ended(Err(notice));
                }
            }
        }
    }

    fn out(&mut self, name: &str) {
        let words = format!("{name} is shut out: nothing that is written from now on opens on it.");
        self.ended(Ok(words));
    }

    /// Refuses a second order while one is carried out.
    pub(super) fn be_free(&mut self) -> Result<(), Notice> {
        // What only brings psychotherapy notes up to date gives way.
        self.running.take_if(|running| running.is_aside());
        if self.running.is_none() {
            return Ok(());
        }
        Err(Notice::new(
            "Something else is being done with your devices.",
            "Nothing has been changed.",
            "Wait until it is done, then try again.",
        ))
    }

    fn tell_standing(&mut self) {
        let Ok(device) = self.device() else { return };
        let addresses = device.target().map(|target| target.addresses).unwrap_or_default();
        let late = device.late_edits().unwrap_or_default();
        let standing = Standing { addresses, sheet: device.sheet_standing().ok(), late };
        self.carried(Carried::Standing(standing));
    }

    /// What was ordered has come to its end: whoever ordered it is told, a command or the window.
    fn ended(&mut self, outcome: Result<String, Notice>) {
        match self.asker.take() {
            None => self.said(outcome),
            Some(replies) => {
                tell_command(&replies, outcome.map(|_| ()));
                self.tell_standing();
            }
        }
    }

    /// Tells the window what came of an order that was carried out at once.
    pub(super) fn said(&self, outcome: Result<String, Notice>) {
        self.carried(Carried::Ended(outcome));
    }

    pub(super) fn carried(&self, carried: Carried) {
        self.tell(DeviceEvent::Carried(carried));
    }
}

/// Tells a command what came of what it asked for; one that has gone away needs no answer.
fn tell_command(replies: &Sender<Reply>, outcome: Result<(), Notice>) {
    let reply = match outcome {
        Ok(()) => Reply::Done,
        Err(Notice { happened, safe, next }) => {
            Reply::Refused { notice: [happened, safe, next], locked: false }
        }
    };
    let _gone = replies.send(reply);
}
