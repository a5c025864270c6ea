//! What the store does for links rather than for requests: hello and farewell, and the little
//! that is answered to somebody who has not said who it is.

use super::disk::Disk;
use super::kept::{BeginError, CommitError, Kept, Subscriber};
use super::{Greeting, Store, StoreError, Who, refusal, tampered};
use crate::log::Event;
use tacenda_shared::envelope::PracticeHead;
use tacenda_shared::id::{DeviceId, PracticeId, Timestamp};
use tacenda_shared::journal::AppendError;
use tacenda_shared::membership::{Signer, State};
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::server::ServerPractice;
use tacenda_shared::sync::{Message, Recover, Refusal, RefusalCode};

impl<D: Disk> Store<D> {
    /// Answers Hello and Recover. A device that is welcome listens from now on.
    pub(super) fn greet(&mut self, greeting: Greeting, now: Timestamp) {
        let Greeting { first, key, link, outbox, answer } = greeting;
        let greeted = match first {
            Message::Hello { practice, device, versions } => {
                let listener = Subscriber { link, outbox };
                let welcome = self.hello(practice, device, versions, (&key, listener), now);
                welcome.map(|message| {
                    (Who { practice, by: Signer::Device(device), sheet: None }, message)
                })
            }
            Message::Recover(word) => self.recover(&word, &key, now),
            _ => Err(Refusal::new(RefusalCode::Malformed)),
        };
        // A link that went away meanwhile says farewell like any other.
        let _gone = answer.send(greeted);
    }

    fn hello(
        &mut self,
        practice: PracticeId,
        device: DeviceId,
        versions: (u8, u8),
        (key, listener): (&VerifyingKey, Subscriber),
        now: Timestamp,
    ) -> Result<Message, Refusal> {
        let kept = match self.practices.get_mut(&practice) {
            Some(Some(kept)) => kept,
            Some(None) => return Err(Refusal::new(RefusalCode::Storage)),
            None => return Err(Refusal::new(RefusalCode::UnknownPractice)),
        };
        let welcome = kept.decisions.hello(practice, device, versions, key, now)?;
        let limit = usize::try_from(self.limits.connections_per_device).unwrap_or(usize::MAX);
        let listening = kept.subscribers.entry(device).or_default();
        if listening.len() >= limit {
            return Err(Refusal::new(RefusalCode::TooOften));
        }
        listening.push(listener);
        Ok(welcome)
    }

    /// A sheet names no practice: it is sought among all.
    fn recover(
        &self,
        word: &Recover,
        key: &VerifyingKey,
        now: Timestamp,
    ) -> Result<(Who, Message), Refusal> {
        let unknown = Refusal::new(RefusalCode::UnknownPractice);
        for (practice, kept) in &self.practices {
            let Some(kept) = kept else { continue };
            match kept.decisions.recover(word, key, now) {
                Ok((member, welcome)) => {
                    let (by, sheet) = (Signer::Recovery(member), Some(word.sheet));
                    return Ok((Who { practice: *practice, by, sheet }, welcome));
                }
                Err(why) if why == unknown => {}
                Err(why) => return Err(why),
            }
        }
        Err(unknown)
    }

    /// Forgets a link.
    pub(super) fn farewell(&mut self, who: Who, link: u64) {
        let Signer::Device(device) = who.by else { return };
        let Some(Some(kept)) = self.practices.get_mut(&who.practice) else { return };
        if let Some(listening) = kept.subscribers.get_mut(&device) {
            listening.retain(|subscriber| subscriber.link != link);
            if listening.is_empty() {
                kept.subscribers.remove(&device);
            }
        }
    }

    /// Answers what may be asked without saying who one is.
    pub(super) fn anonymous(
        &mut self,
        message: Message,
        now: Timestamp,
    ) -> Result<Message, StoreError> {
        Ok(match message {
            Message::MailboxPut { mailbox, number, mail } => {
                match self.mailboxes.put(mailbox, number, mail, now) {
                    Ok(()) => Message::Taken,
                    Err(code) => refusal(code),
                }
            }
            Message::MailboxGet { mailbox, from } => {
                match self.mailboxes.read(mailbox, from, now) {
                    Ok(mails) => Message::Mail(mails),
                    Err(code) => refusal(code),
                }
            }
            Message::Found { token, entries } => self.found(&token, &entries, now)?,
            _ => refusal(RefusalCode::Unsupported),
        })
    }

    fn found(
        &mut self,
        token: &[u8],
        entries: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Message, StoreError> {
        if !self.invites.admits(token, now) {
            return Ok(refusal(RefusalCode::Admission));
        }
        if entries.is_empty() {
            // Whoever brings a long log asks first.
            return Ok(Message::Taken);
        }
        let (decisions, frames) = match ServerPractice::found(entries, self.key(), now) {
            Ok(founded) => founded,
            Err(why) => return Ok(Message::Refused(why)),
        };
        let practice = decisions.practice();
        match self.practices.get(&practice) {
            // Its answer was lost the first time.
            Some(Some(kept)) if holds(&kept.decisions, &decisions) => return Ok(Message::Taken),
            // Whoever takes that for its own log would part from what is kept here.
            Some(Some(_)) => return Ok(refusal(RefusalCode::Conflict)),
            Some(None) => return Ok(refusal(RefusalCode::Storage)),
            None => {}
        }
        if !self.has_room() {
            return Ok(refusal(RefusalCode::Storage));
        }
        if !self.invites.consume(token, now) {
            return Ok(refusal(RefusalCode::Admission));
        }
        match Kept::begin(&self.disk, decisions, &frames, &mut self.index) {
            Ok(kept) => {
                tampered::show(&self.watch, practice, &frames);
                self.practices.insert(practice, Some(kept));
                self.log.note(Event::Founded { practice });
                Ok(Message::Taken)
            }
            Err(BeginError::Commit(CommitError::Append(AppendError::Full))) => {
                self.note_room(false);
                Ok(refusal(RefusalCode::Storage))
            }
            Err(BeginError::Commit(CommitError::Append(error))) => {
                self.log.note(Event::DiskFailed);
                Err(StoreError::Disk(error))
            }
            Err(BeginError::Commit(CommitError::Index(_))) => {
                self.practices.insert(practice, None);
                self.refill_index();
                Ok(Message::Taken)
            }
            Err(BeginError::Disk(_) | BeginError::Unusable(_)) => Ok(refusal(RefusalCode::Storage)),
        }
    }
}

/// Whether the practice log that is kept goes on from the one that is brought.
fn holds(kept: &ServerPractice, brought: &ServerPractice) -> bool {
    let brought = brought.state().map(State::head);
    let known = |head: PracticeHead| kept.state()?.head_at(head.seq);
    brought.is_some_and(|head| known(head) == Some(head))
}
