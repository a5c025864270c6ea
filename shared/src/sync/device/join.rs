//! How a device that holds no practice log yet comes to one: after pairing, or with the sheet.
//!
//! It believes nothing but what replays from genesis, and accepts only a log that contains what
//! the other device vouched for. A sheet has nothing to compare with; the caller shows what it
//! found and asks.

use super::{Lane, Transmit};
use crate::codec::CodecError;
use crate::envelope::PracticeHead;
use crate::id::{DeviceId, PracticeId, PracticeSeq, Timestamp};
use crate::membership::{Entry, Invalid, State};
use crate::suite::VerifyingKey;
use crate::sync::refusal::Refusal;
use crate::sync::wire::{DeliveredEntry, Message, Recover, Row, VERSIONS};
use std::collections::VecDeque;
use thiserror::Error;

/// The practice log, replayed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Joined {
    /// The state at its head.
    pub state: State,
    /// Every entry, to be kept.
    pub entries: Vec<DeliveredEntry>,
}

/// Why a device does not come to a practice log.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum JoinError {
    /// An entry breaks the rules.
    #[error("the practice log breaks its rules: {0}")]
    Invalid(#[from] Invalid),
    /// An entry does not read.
    #[error("the practice log does not read: {0}")]
    Malformed(#[from] CodecError),
    /// The log does not know this device, or not after what was vouched for.
    #[error("the practice log does not have this device")]
    NotAdded,
    /// It is the log of another practice, or without the entry that was vouched for.
    #[error("the practice log is not the one that was vouched for")]
    NotVouchedFor,
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A message came where it has no place.
    #[error("a message came where it has no place")]
    Unexpected,
}

enum Who {
    Device { practice: PracticeId, device: DeviceId, vouched: PracticeHead },
    Sheet(VerifyingKey),
}

/// A device on its way to a practice log. Messages on [`Lane::Control`] and [`Lane::Request`], as
/// with `DeviceSync`.
pub struct Joining {
    who: Who,
    entries: Vec<DeliveredEntry>,
    /// The request on its way.
    lane: u64,
    proposed: Option<Entry>,
    transmits: VecDeque<Transmit>,
}

impl Joining {
    /// A paired device, whose keys the practice log should have by now. `vouched` is the head in
    /// the pairing's payload.
    pub fn paired(practice: PracticeId, device: DeviceId, vouched: PracticeHead) -> Self {
        let hello = Message::Hello { practice, device, versions: VERSIONS };
        Self::begin(Who::Device { practice, device, vouched }, hello)
    }

    /// A sheet, with its signed word for this link.
    pub fn with_sheet(word: Recover) -> Self {
        Self::begin(Who::Sheet(word.sheet), Message::Recover(word))
    }

    fn begin(who: Who, message: Message) -> Self {
        let first = Transmit { lane: Lane::Control, message };
        let transmits = VecDeque::from([first]);
        Self { who, entries: Vec::new(), lane: 0, proposed: None, transmits }
    }

    /// Returns the next message to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// With a sheet, once the log is here: the entry that the sheet signs, such as AddDevice.
    pub fn append_entry(&mut self, entry: Entry, rows: Vec<Row>) {
        let message = Message::PracticeAppend { entry: entry.encode(), rows };
        self.proposed = Some(entry);
        self.ask(message);
    }

    fn ask(&mut self, message: Message) {
        self.lane = self.lane.saturating_add(1);
        self.transmits.push_back(Transmit { lane: Lane::Request(self.lane), message });
    }

    /// Takes one message; returns the log once all of it is here and holds.
    pub fn handle_message(
        &mut self,
        lane: Lane,
        message: Message,
    ) -> Result<Option<Joined>, JoinError> {
        match (lane, message) {
            (_, Message::Refused(refusal)) => Err(refusal.into()),
            (Lane::Control, Message::Welcome { .. }) => {
                self.ask(Message::PracticePull { from: PracticeSeq::ZERO });
                Ok(None)
            }
            (Lane::Request(number), Message::PracticeEntries { entries, more })
                if number == self.lane =>
            {
                self.entries.extend(entries);
                if more { Ok(None) } else { self.replay().map(Some) }
            }
            (Lane::Request(number), Message::PracticeAppended(receipt)) if number == self.lane => {
                let entry = self.proposed.take().ok_or(JoinError::Unexpected)?;
                self.entries.push(DeliveredEntry { entry: entry.encode(), receipt });
                self.replay().map(Some)
            }
            // Nobody listens to the live stream yet.
            (Lane::Live, _) => Ok(None),
            _ => Err(JoinError::Unexpected),
        }
    }

    fn replay(&self) -> Result<Joined, JoinError> {
        let mut decoded: Vec<(Entry, Timestamp)> = Vec::new();
        for delivered in &self.entries {
            decoded.push((Entry::decode(&delivered.entry)?, delivered.receipt.received));
        }
        let replayed = State::replay(decoded.iter().map(|(entry, time)| (entry, *time)))?;
        if let Some((_, why)) = replayed.stopped {
            return Err(why.into());
        }
        let state = replayed.state;
        match &self.who {
            Who::Device { practice, device, vouched } => {
                let contains = state.head_at(vouched.seq) == Some(*vouched);
                if state.practice() != *practice || !contains {
                    return Err(JoinError::NotVouchedFor);
                }
                let added = state.active_device(*device);
                added.filter(|known| known.added > vouched.seq).ok_or(JoinError::NotAdded)?;
            }
            Who::Sheet(sheet) => {
                let mut members = state.members().values();
                let known = members.any(|member| member.recovery.sig == *sheet);
                if !known {
                    return Err(JoinError::NotVouchedFor);
                }
            }
        }
        Ok(Joined { state, entries: self.entries.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MemberId;
    use crate::membership::fixture::{World, kem, wraps};
    use crate::membership::{Action, Recipient, RecoveryKeys, Signer};
    use crate::sync::fixture::TestServer;
    use crate::sync::refusal::RefusalCode;

    /// Carries messages between a joining device and a server until there is an outcome.
    fn run(
        joining: &mut Joining,
        server: &mut TestServer,
        open: impl Fn(&TestServer, Message) -> Message,
        ask: impl Fn(&mut TestServer, Message) -> Vec<Message>,
    ) -> Result<Option<Joined>, JoinError> {
        while let Some(Transmit { lane, message }) = joining.poll_transmit() {
            let answers = match lane {
                Lane::Control => vec![open(server, message)],
                _ => ask(server, message),
            };
            for answer in answers {
                if let Some(joined) = joining.handle_message(lane, answer)? {
                    return Ok(Some(joined));
                }
            }
        }
        Ok(None)
    }

    fn pair(
        world: &World,
        server: &mut TestServer,
        device: DeviceId,
        vouched: PracticeHead,
    ) -> Result<Option<Joined>, JoinError> {
        let mut joining = Joining::paired(world.state.practice(), device, vouched);
        let tls = world.state.devices()[&device].tls;
        let hello = |server: &TestServer, message: Message| {
            let Message::Hello { practice, device, versions } = message else { panic!() };
            let answer = server.practice.hello(practice, device, versions, &tls, server.now);
            answer.unwrap_or_else(Message::Refused)
        };
        run(&mut joining, server, hello, |server, message| server.ask(device, message))
    }

    #[test]
    fn a_paired_device_replays_the_log_and_finds_itself_in_it() {
        let mut world = World::found();
        let vouched = world.state.head();
        let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
        let mut server = TestServer::new(&world);
        let joined = pair(&world, &mut server, second, vouched).unwrap().unwrap();
        assert_eq!(joined.state.hash(), world.state.hash());
        assert_eq!(joined.entries.len(), 2);
    }

    #[test]
    fn a_log_without_what_was_vouched_for_is_refused() {
        let mut world = World::found();
        let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
        let mut server = TestServer::new(&world);
        let mut other = world.state.head();
        other.hash = crate::suite::Hash::ZERO;
        let refused = pair(&world, &mut server, second, other);
        assert_eq!(refused, Err(JoinError::NotVouchedFor));
        // Vouched for by a log that had the device already: somebody replays an old pairing.
        let head = world.state.head();
        assert_eq!(pair(&world, &mut server, second, head), Err(JoinError::NotAdded));
    }

    #[test]
    fn a_sheet_fetches_the_log_and_lets_a_device_in() {
        let mut world = World::found();
        let mut server = TestServer::new(&world);
        let tls = crate::suite::SigningKey::from_seed([9; 32]).verifying();
        let server_key = world.server.verifying();
        let sheet = &world.sheets[&world.founder];
        let member: MemberId = world.founder;
        let word = Recover::sign(sheet, &tls, &server_key, world.now);
        let recover = |server: &TestServer, message: Message| {
            let Message::Recover(word) = message else { panic!() };
            let answer = server.practice.recover(&word, &tls, server.now);
            answer.map_or_else(Message::Refused, |(_, welcome)| welcome)
        };
        let ask = |server: &mut TestServer, message: Message| server.ask_sheet(member, message);
        let mut joining = Joining::with_sheet(word);
        let joined = run(&mut joining, &mut server, recover, ask).unwrap().unwrap();
        assert_eq!(joined.state.hash(), world.state.hash());

        let device = world.add_device(Signer::Recovery(member), member).unwrap();
        let entry = world.entries.last().unwrap().0.clone();
        joining.append_entry(entry, vec![]);
        let joined = run(&mut joining, &mut server, recover, ask).unwrap().unwrap();
        assert!(joined.state.active_device(device).is_some());
        assert_eq!(server.practice.state().unwrap().hash(), joined.state.hash());
    }

    #[test]
    fn the_word_of_a_sheet_is_for_one_link_and_one_moment_and_one_member() {
        let mut world = World::found();
        let mut server = TestServer::new(&world);
        let tls = crate::suite::SigningKey::from_seed([9; 32]).verifying();
        let other = crate::suite::SigningKey::from_seed([8; 32]).verifying();
        let server_key = world.server.verifying();
        let sheet = &world.sheets[&world.founder];
        let word = Recover::sign(sheet, &tls, &server_key, world.now);
        let code = |word: &Recover, tls: &VerifyingKey, now| {
            server.practice.recover(word, tls, now).map(|_| ()).map_err(|refusal| refusal.code)
        };
        assert_eq!(code(&word, &tls, world.now), Ok(()));
        assert_eq!(code(&word, &other, world.now), Err(RefusalCode::BadSignature));
        let later = world.now.plus_millis(crate::sync::RECOVER_MILLIS + 1);
        assert_eq!(code(&word, &tls, later), Err(RefusalCode::BadSignature));
        let stranger = crate::suite::SigningKey::from_seed([7; 32]);
        let strange = Recover::sign(&stranger, &tls, &server_key, world.now);
        assert_eq!(code(&strange, &tls, world.now), Err(RefusalCode::UnknownPractice));

        // A sheet's link carries no entry of a device.
        world.by_first(Action::SetMinimumWriter(1)).unwrap();
        let entry = world.entries.last().unwrap().0.encode();
        let request = Message::PracticeAppend { entry, rows: vec![] };
        let refusal = Message::Refused(Refusal::new(RefusalCode::NotPermitted));
        assert_eq!(server.ask_sheet(world.founder, request), [refusal]);
    }

    #[test]
    fn the_link_of_a_sheet_ends_with_the_sheet() {
        let mut world = World::found();
        let mut server = TestServer::new(&world);
        let (founder, practice) = (world.founder, world.state.practice());
        let seen = world.sheets[&founder].verifying();
        let new_sheet = crate::suite::SigningKey::random(&mut world.random);
        let recovery =
            RecoveryKeys::prove(practice, founder, &new_sheet, kem(6), crate::suite::Hash::ZERO);
        let replace = Action::ReplaceRecovery {
            member: founder,
            recovery,
            wraps: wraps([Recipient::Recovery(founder)]),
            member_key: None,
        };
        world.act(Signer::Recovery(founder), replace).unwrap();
        let entry = world.entries.last().unwrap().0.encode();
        let pull = || Message::PracticePull { from: PracticeSeq::ZERO };
        let mut by = |sheet: &VerifyingKey, message: Message| {
            let mut decision = server.practice.handle_sheet((founder, sheet), message, server.now);
            decision.frames.into_iter().for_each(|frame| server.shelf.take(frame));
            decision.reply.next_message(practice, &server.shelf)
        };
        assert!(matches!(by(&seen, pull()), Some(Message::PracticeEntries { .. })));
        let append = Message::PracticeAppend { entry, rows: vec![] };
        assert!(matches!(by(&seen, append), Some(Message::PracticeAppended(_))));

        // Whoever read the words and holds a link open is out; the new words are not.
        let refusal = Message::Refused(Refusal::new(RefusalCode::NotADevice));
        assert_eq!(by(&seen, pull()), Some(refusal));
        let answer = by(&new_sheet.verifying(), pull());
        assert!(matches!(answer, Some(Message::PracticeEntries { .. })));
    }
}
