//! A library of what a hostile or broken server may do, as values with a text form, so that a
//! test or the demo can order each and hear when it was carried out. It tells counts and ids only.
//!
//! Nothing in service reaches this: it takes a [`Mischief`] in [`crate::Options::tamper`].

mod carry;
mod fork;
mod memory;
mod order;

pub use order::{Direction, Misdeed, Order, OrderError, ReceiptFault, Whom};

use crate::cli::Conduct;
use crate::print;
use crate::tamper::{Incoming, LiveStream, Outgoing, Peer, Release, Stored, Tamper};
use fork::Fork;
use memory::Memory;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tacenda_shared::id::{DeviceId, PracticeId};
use tacenda_shared::membership::Signer;
use tacenda_shared::suite::SigningKey;
use tacenda_shared::sync::Message;
use tacenda_shared::sync::server::ServerFrame;

/// What is told of an order: `Done` once, each time for what is done again and again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Told {
    /// The order's number.
    pub order: u64,
    /// How often it has been carried out.
    pub times: u64,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "done {} times {}", self.order, self.times)
    }
}

/// A server that takes orders as lines on its input and says on its output when each is done.
pub fn conduct(key: SigningKey) -> Conduct {
    let mischief = Arc::new(Mischief::new(key, |told| print::line(&told.to_string())));
    let tamper = Arc::clone(&mischief);
    let line = move |line: &str| match mischief.line(line) {
        Ok(answer) => answer,
        Err(why) => format!("refused: {why}"),
    };
    Conduct { tamper, line: Box::new(line) }
}

type Tell = Box<dyn Fn(Told) + Send + Sync>;

/// Carries out orders.
pub struct Mischief {
    key: SigningKey,
    tell: Tell,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    orders: BTreeMap<u64, Standing>,
    memory: Memory,
    streams: BTreeMap<DeviceId, Vec<LiveStream>>,
    /// The last live entries of each device, to be sent again.
    last: BTreeMap<DeviceId, Message>,
}

/// An order that stands.
struct Standing {
    order: Order,
    fork: Option<Fork>,
    /// The log and position that a "next" has settled on.
    chosen: Option<carry::Place>,
    release: Option<Release>,
    times: u64,
}

impl fmt::Debug for Mischief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mischief").field("orders", &self.lock().orders.len()).finish()
    }
}

impl Mischief {
    /// Begins honestly. `key` is the server's own: a hostile server signs what it likes.
    pub fn new(key: SigningKey, tell: impl Fn(Told) + Send + Sync + 'static) -> Self {
        Self { key, tell: Box::new(tell), state: Mutex::default() }
    }

    /// Begins honestly, and keeps no copy of what the server keeps. What needs one (rolling back,
    /// forking, replaying, inventing, false receipts, old rows) is then never done.
    pub fn without_memory(key: SigningKey, tell: impl Fn(Told) + Send + Sync + 'static) -> Self {
        let mischief = Self::new(key, tell);
        mischief.lock().memory = Memory::short();
        mischief
    }

    /// Takes an order and returns its number. What needs no occasion is done at once.
    pub fn order(&self, order: Order) -> u64 {
        let mut state = self.lock();
        state.next += 1;
        let number = state.next;
        let fork = match &order.misdeed {
            Misdeed::Fork { log, with } => Some(state.memory.fork(*log, order.whom, *with)),
            _ => None,
        };
        let standing = Standing { order, fork, chosen: None, release: None, times: 0 };
        state.orders.insert(number, standing);
        let told = state.at_once(number);
        drop(state);
        told.into_iter().for_each(|told| (self.tell)(told));
        number
    }

    /// Ends an order, and lets go what it holds; false if there is none with this number.
    pub fn end(&self, number: u64) -> bool {
        let Some(standing) = self.lock().orders.remove(&number) else { return false };
        if let Some(release) = standing.release {
            release.open();
        }
        true
    }

    /// Takes a line: an order, `end N`, `hang up DEVICE|any`, or `logs`, which is answered by the
    /// count of all that was taken, the number of the last practice entry, and every log with its
    /// last position. Returns the answer.
    ///
    /// # Errors
    /// See [`OrderError`].
    pub fn line(&self, line: &str) -> Result<String, OrderError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["end", number] => {
                let number = number.parse().map_err(|_| OrderError::Number)?;
                let known = self.end(number);
                known.then(|| format!("ended {number}")).ok_or(OrderError::Number)
            }
            ["hang", "up", whom] => {
                let whom: Whom = whom.parse()?;
                let state = self.lock();
                let streams = state.streams.iter().filter(|(device, _)| whom.includes(**device));
                let streams: Vec<_> = streams.flat_map(|(_, streams)| streams.clone()).collect();
                drop(state);
                streams.iter().for_each(LiveStream::hang_up);
                Ok(format!("hung up {}", streams.len()))
            }
            ["logs"] => {
                let state = self.lock();
                let ends = state.memory.ends().map(|(log, at)| format!(" {log} {at}"));
                let memory = &state.memory;
                let (count, last) = (memory.count(), memory.practice_end());
                Ok(format!("logs {count} {last}{}", ends.collect::<String>()))
            }
            _ => Ok(format!("ordered {}", self.order(line.parse()?))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Does what needs no occasion.
    fn at_once(&mut self, number: u64) -> Option<Told> {
        let Self { orders, memory, streams, last, .. } = self;
        let standing = orders.get_mut(&number)?;
        let mut sent = 0;
        for (device, streams) in streams.iter().filter(|(id, _)| standing.order.whom.includes(**id))
        {
            let frame = match &standing.order.misdeed {
                Misdeed::Again => last.get(device).map(Message::frame),
                Misdeed::Garble => Some(carry::garbled()),
                Misdeed::Invent { log } => memory.invented(*log).map(|message| message.frame()),
                Misdeed::InventPractice => memory.invented_practice().map(|one| one.frame()),
                Misdeed::Replay { log, position } => {
                    memory.replayed(*log, *position).map(|message| message.frame())
                }
                _ => None,
            };
            if let Some(frame) = frame {
                streams.iter().for_each(|stream| stream.send(frame.clone()));
                sent += 1;
            }
        }
        if sent == 0 {
            return None;
        }
        orders.remove(&number);
        Some(Told { order: number, times: sent })
    }
}

fn entry_by_entry(message: &mut Message) {
    if let Message::PullMany(wanted) = message {
        *message = Message::PullEntries(std::mem::take(wanted));
    }
}

impl Tamper for Mischief {
    fn incoming(&self, peer: &Peer, message: Message) -> Incoming {
        let Some(device) = peer.device() else { return Incoming::take(message) };
        let mut state = self.lock();
        let State { orders, memory, .. } = &mut *state;
        let mut heard = Incoming::take(message);
        let mut told = Vec::new();
        for (number, standing) in orders.iter_mut() {
            if !standing.order.whom.includes(device) && standing.fork.is_none() {
                continue;
            }
            // A pack would give away what an order hides or changes.
            heard.take.iter_mut().for_each(entry_by_entry);
            let done = carry::incoming(standing, memory, device, &mut heard);
            told.extend(standing.note(*number, done));
        }
        orders.retain(|_, standing| !standing.is_spent());
        drop(state);
        told.into_iter().for_each(|told| (self.tell)(told));
        heard
    }

    fn outgoing(&self, peer: &Peer, message: Message) -> Outgoing {
        let Some(device) = peer.device() else { return Outgoing::pass(&message) };
        let mut state = self.lock();
        let State { orders, memory, last, .. } = &mut *state;
        if matches!(message, Message::Entries(_)) {
            last.insert(device, message.clone());
        }
        let mut messages = vec![message];
        let mut after = None;
        let mut told = Vec::new();
        for (number, standing) in orders.iter_mut() {
            if !standing.order.whom.includes(device) && standing.fork.is_none() {
                continue;
            }
            let context = carry::Context { key: &self.key, memory, peer, device };
            let done = carry::outgoing(standing, &context, &mut messages);
            if done {
                after = standing.release.clone().or(after);
            }
            told.extend(standing.note(*number, done));
        }
        orders.retain(|_, standing| !standing.is_spent());
        drop(state);
        told.into_iter().for_each(|told| (self.tell)(told));
        Outgoing { frames: messages.iter().map(Message::frame).collect(), after }
    }

    fn listening(&self, peer: &Peer, live: LiveStream) {
        let Some(device) = peer.device() else { return };
        let mut state = self.lock();
        state.streams.insert(device, vec![live]);
        let due: Vec<u64> = state.orders.keys().copied().collect();
        let told: Vec<Told> = due.into_iter().filter_map(|number| state.at_once(number)).collect();
        drop(state);
        told.into_iter().for_each(|told| (self.tell)(told));
    }

    fn stored(&self, _practice: PracticeId, reader: Signer, object: Stored) -> Option<Stored> {
        let Stored::Row(name, bytes) = object else { return Some(object) };
        let Signer::Device(device) = reader else { return Some(Stored::Row(name, bytes)) };
        let table = name.parts().map(|parts| parts.table).unwrap_or_default();
        let mut state = self.lock();
        let State { orders, memory, .. } = &mut *state;
        let mut row = Some(bytes);
        let mut told = Vec::new();
        for (number, standing) in orders.iter_mut() {
            if !standing.order.whom.includes(device) {
                continue;
            }
            let done = match standing.order.misdeed {
                Misdeed::HideRows(hidden) if hidden == table => row.take().is_some(),
                Misdeed::OldRow(old) if old == table => {
                    let older = memory.older_row(&name);
                    let found = older.is_some();
                    row = older.or(row);
                    found
                }
                _ => false,
            };
            told.extend(standing.note(*number, done));
        }
        orders.retain(|_, standing| !standing.is_spent());
        drop(state);
        told.into_iter().for_each(|told| (self.tell)(told));
        Some(Stored::Row(name, row?))
    }

    fn kept(&self, practice: PracticeId, frame: &ServerFrame) {
        self.lock().memory.keep(practice, frame);
    }
}

impl Standing {
    fn note(&mut self, number: u64, done: bool) -> Option<Told> {
        self.times += u64::from(done);
        done.then_some(Told { order: number, times: self.times })
    }

    fn is_spent(&self) -> bool {
        self.times > 0 && self.order.misdeed.is_once()
    }
}

#[cfg(test)]
mod tests;
