//! Mailboxes for pairing: a few small messages between two devices that are not yet of one
//! practice. In memory only, small, short-lived, and without a word about who uses them.

use crate::id::Timestamp;
use crate::sync::refusal::RefusalCode;
use crate::sync::wire::MAX_MAIL;
use std::collections::BTreeMap;

/// Messages in one mailbox.
pub const MAX_MAILS: usize = 8;
/// How long a mailbox lives after its first message.
pub const MAILBOX_MILLIS: i64 = 10 * 60 * 1000;
/// Mailboxes at once.
const MAX_MAILBOXES: usize = 1024;

#[derive(Clone, Debug)]
struct Mailbox {
    opened: Timestamp,
    mails: Vec<Vec<u8>>,
}

/// All mailboxes of one server.
#[derive(Clone, Debug, Default)]
pub struct Mailboxes {
    boxes: BTreeMap<u64, Mailbox>,
}

impl Mailboxes {
    /// Begins with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts message `number`, which must be the next: a second sender of the same number is told
    /// that the place is taken, and so both ends notice an intruder.
    pub fn put(
        &mut self,
        mailbox: u64,
        number: u8,
        mail: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), RefusalCode> {
        self.sweep(now);
        if mail.len() > MAX_MAIL {
            return Err(RefusalCode::TooLarge);
        }
        let full = self.boxes.len() >= MAX_MAILBOXES && !self.boxes.contains_key(&mailbox);
        if full {
            return Err(RefusalCode::MailboxFull);
        }
        let fresh = || Mailbox { opened: now, mails: Vec::new() };
        if number > 0 && !self.boxes.contains_key(&mailbox) {
            return Err(RefusalCode::MailboxGone);
        }
        let known = self.boxes.entry(mailbox).or_insert_with(fresh);
        if known.mails.get(usize::from(number)) == Some(&mail) {
            return Ok(());
        }
        if usize::from(number) != known.mails.len() || known.mails.len() >= MAX_MAILS {
            return Err(RefusalCode::MailboxFull);
        }
        known.mails.push(mail);
        Ok(())
    }

    /// Returns the messages from number `from` on.
    pub fn read(
        &mut self,
        mailbox: u64,
        from: u8,
        now: Timestamp,
    ) -> Result<Vec<Vec<u8>>, RefusalCode> {
        self.sweep(now);
        match self.boxes.get(&mailbox) {
            None if from == 0 => Ok(Vec::new()),
            None => Err(RefusalCode::MailboxGone),
            Some(known) => Ok(known.mails.iter().skip(usize::from(from)).cloned().collect()),
        }
    }

    /// Returns when the next mailbox ends, for a timer.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.boxes.values().map(|known| known.opened.plus_millis(MAILBOX_MILLIS)).min()
    }

    /// Drops mailboxes that are too old.
    pub fn sweep(&mut self, now: Timestamp) {
        self.boxes.retain(|_, known| now.millis_since(known.opened) < MAILBOX_MILLIS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn two_devices_exchange_messages_and_the_mailbox_ends() {
        let mut boxes = Mailboxes::new();
        assert_eq!(boxes.read(7, 0, at(0)), Ok(vec![]));
        assert_eq!(boxes.put(7, 0, vec![1], at(0)), Ok(()));
        assert_eq!(boxes.put(7, 0, vec![1], at(1)), Ok(()));
        assert_eq!(boxes.put(7, 0, vec![2], at(1)), Err(RefusalCode::MailboxFull));
        assert_eq!(boxes.put(7, 1, vec![3], at(1)), Ok(()));
        assert_eq!(boxes.read(7, 1, at(2)), Ok(vec![vec![3]]));
        assert_eq!(boxes.read(7, 2, at(MAILBOX_MILLIS)), Err(RefusalCode::MailboxGone));
        assert_eq!(boxes.put(7, 2, vec![4], at(MAILBOX_MILLIS)), Err(RefusalCode::MailboxGone));
    }

    #[test]
    fn a_mailbox_takes_eight_messages_of_four_kibibytes() {
        let mut boxes = Mailboxes::new();
        for number in 0..8 {
            assert_eq!(boxes.put(1, number, vec![number; MAX_MAIL], at(0)), Ok(()));
        }
        assert_eq!(boxes.put(1, 8, vec![], at(0)), Err(RefusalCode::MailboxFull));
        assert_eq!(boxes.put(2, 0, vec![0; MAX_MAIL + 1], at(0)), Err(RefusalCode::TooLarge));
    }
}
