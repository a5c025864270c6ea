//! Who may come in, and how often: counts and buckets. It knows addresses and moments, nothing
//! of the protocol, and forgets a source that has been quiet.

use crate::config::Limits;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Beyond so many links that have not said who they are, a stranger must prove its address.
const PENDING_BEFORE_RETRY: usize = 32;
/// Links that have not said who they are, in all.
const MAX_PENDING: usize = 256;
/// Such links of one source that is being made to wait. Not zero: behind the same address there
/// may be the honest devices of a whole practice.
const PENDING_IN_PENALTY: u32 = 2;
/// Sources that are remembered; beyond, those without a link are forgotten.
const MAX_SOURCES: usize = 16_384;
/// In which failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// The first penalty; each further one is twice as long.
const FIRST_PENALTY: Duration = Duration::from_secs(15);
/// The longest penalty.
const LAST_PENALTY: Duration = Duration::from_secs(600);

/// From where somebody comes: an IPv4 address, or an IPv6 network of 64 bits.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Source(IpAddr);

impl Source {
    /// Returns the source of an address.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(six) => {
                let network = six.to_bits() & (u128::MAX << 64);
                Self(IpAddr::V6(Ipv6Addr::from_bits(network)))
            }
            four @ IpAddr::V4(_) => Self(four),
        }
    }

    /// Returns the address that stands for it.
    pub(crate) fn address(self) -> IpAddr {
        self.0
    }
}

/// What to do with somebody at the door.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Admission {
    /// Come in.
    Enter,
    /// Prove the address first.
    Prove,
    /// Go away.
    Refuse,
}

/// The door's memory.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: u32,
    pending: usize,
    sources: BTreeMap<Source, Known>,
}

#[derive(Debug)]
struct Known {
    open: u32,
    pending: u32,
    failures: u32,
    counted_from: Instant,
    penalty: Duration,
    barred_until: Option<Instant>,
}

impl Known {
    fn new(now: Instant) -> Self {
        let (open, pending, failures) = (0, 0, 0);
        let penalty = Duration::ZERO;
        Self { open, pending, failures, counted_from: now, penalty, barred_until: None }
    }

    fn is_barred(&self, now: Instant) -> bool {
        self.barred_until.is_some_and(|until| now < until)
    }

    /// Without a link and without a failure there is nothing to remember.
    fn is_forgettable(&self) -> bool {
        self.open == 0 && self.failures == 0 && self.barred_until.is_none()
    }
}

/// One link's place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    source: Source,
    is_pending: bool,
}

impl Gate {
    /// Begins with nobody inside.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Decides about somebody who knocks.
    pub(crate) fn ask(&self, source: Source, has_proven: bool, now: Instant) -> Admission {
        let state = self.lock();
        let known = state.sources.get(&source);
        let barred = known.is_some_and(|known| known.is_barred(now));
        let open = known.map_or(0, |known| known.open);
        let pending = known.map_or(0, |known| known.pending);
        let full = state.open >= self.limits.connections || state.pending >= MAX_PENDING;
        if !has_proven && (barred || full || state.pending >= PENDING_BEFORE_RETRY) {
            // An address may be forged, so nobody is turned away for what it seems to have done.
            return Admission::Prove;
        }
        let crowded = open >= self.limits.connections_per_source;
        match full || crowded || (barred && pending >= PENDING_IN_PENALTY) {
            true => Admission::Refuse,
            false => Admission::Enter,
        }
    }

    /// Takes a place for somebody who was let in.
    pub(crate) fn enter(self: &Arc<Self>, source: Source, now: Instant) -> Place {
        let mut state = self.lock();
        if state.sources.len() >= MAX_SOURCES {
            // Nobody can use up the memory of others' failures for long: it takes failures, or
            // links, from ever new networks.
            state.sources.retain(|_, known| known.open > 0);
        }
        state.open += 1;
        state.pending += 1;
        let known = state.sources.entry(source).or_insert_with(|| Known::new(now));
        known.open += 1;
        known.pending += 1;
        drop(state);
        Place { gate: Arc::clone(self), source, is_pending: true }
    }

    /// Counts a failed attempt.
    pub(crate) fn note_failure(&self, source: Source, now: Instant) {
        let mut state = self.lock();
        let known = state.sources.entry(source).or_insert_with(|| Known::new(now));
        if now.saturating_duration_since(known.counted_from) >= WINDOW {
            known.counted_from = now;
            known.failures = 0;
        }
        known.failures = known.failures.saturating_add(1);
        if known.failures > self.limits.failures_per_minute {
            known.penalty = (known.penalty * 2).clamp(FIRST_PENALTY, LAST_PENALTY);
            known.barred_until = now.checked_add(known.penalty);
            known.failures = 0;
            known.counted_from = now;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Notes that it is known who this is.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.is_pending) {
            let mut state = self.gate.lock();
            state.pending = state.pending.saturating_sub(1);
            if let Some(known) = state.sources.get_mut(&self.source) {
                known.pending = known.pending.saturating_sub(1);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.settle();
        let mut state = self.gate.lock();
        state.open = state.open.saturating_sub(1);
        if let Some(known) = state.sources.get_mut(&self.source) {
            known.open = known.open.saturating_sub(1);
            if known.is_forgettable() {
                state.sources.remove(&self.source);
            }
        }
    }
}

/// A token bucket: so many per second on average, twice as many at once.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_second: u32,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// Begins full.
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        Self { per_second, tokens: f64::from(per_second) * 2.0, filled: now }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let rate = f64::from(self.per_second);
        let earned = now.saturating_duration_since(self.filled).as_secs_f64() * rate;
        self.tokens = (self.tokens + earned).min(rate * 2.0);
        self.filled = now;
        let has_one = self.tokens >= 1.0;
        if has_one {
            self.tokens -= 1.0;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(limits: Limits) -> Arc<Gate> {
        Arc::new(Gate::new(limits))
    }

    fn source(last: u8) -> Source {
        Source::of(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn all_addresses_of_one_network_are_one_source() {
        let a = Source::of("2001:db8:1:2::1".parse().unwrap());
        let b = Source::of("2001:db8:1:2:ffff::9".parse().unwrap());
        let c = Source::of("2001:db8:1:3::1".parse().unwrap());
        assert_eq!(a, b);
        assert_ne!(a, c);
        assert_eq!(Source::of("::ffff:192.0.2.1".parse().unwrap()), source(1));
    }

    #[test]
    fn one_source_takes_no_more_places_than_it_may() {
        let gate = gate(Limits { connections_per_source: 2, ..Limits::default() });
        let now = Instant::now();
        let first = gate.enter(source(1), now);
        let _second = gate.enter(source(1), now);

        assert_eq!(gate.ask(source(1), true, now), Admission::Refuse);
        assert_eq!(gate.ask(source(2), true, now), Admission::Enter);
        drop(first);
        assert_eq!(gate.ask(source(1), true, now), Admission::Enter);
    }

    #[test]
    fn under_load_a_stranger_proves_its_address_first() {
        let gate = gate(Limits::default());
        let now = Instant::now();
        let mut places = Vec::new();
        for last in 0..32 {
            assert_eq!(gate.ask(source(last), false, now), Admission::Enter);
            places.push(gate.enter(source(last), now));
        }

        assert_eq!(gate.ask(source(99), false, now), Admission::Prove);
        assert_eq!(gate.ask(source(99), true, now), Admission::Enter);
        places.iter_mut().for_each(Place::settle);
        assert_eq!(gate.ask(source(99), false, now), Admission::Enter);
    }

    #[test]
    fn failures_make_a_source_wait_longer_each_time_but_never_lock_it_out() {
        let gate = gate(Limits::default());
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..8 {
            for _ in 0..6 {
                gate.note_failure(source(1), now);
            }
            let until = gate.lock().sources[&source(1)].barred_until.unwrap();
            waits.push(until.duration_since(now).as_secs());
            assert_eq!(gate.ask(source(1), false, now), Admission::Prove);
            assert_eq!(gate.ask(source(1), true, now), Admission::Enter);
            let _one = gate.enter(source(1), now);
            let _two = gate.enter(source(1), now);
            assert_eq!(gate.ask(source(1), true, now), Admission::Refuse);
            assert_eq!(gate.ask(source(2), false, now), Admission::Enter);
            now = until;
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(gate.ask(source(1), false, now), Admission::Enter);
    }

    #[test]
    fn a_source_that_did_nothing_wrong_is_forgotten_when_it_leaves() {
        let gate = gate(Limits::default());
        let now = Instant::now();
        drop(gate.enter(source(1), now));
        let failed = gate.enter(source(2), now);
        gate.note_failure(source(2), now);
        drop(failed);
        assert_eq!(gate.lock().sources.keys().collect::<Vec<_>>(), [&source(2)]);
    }

    #[test]
    fn a_bucket_gives_a_burst_and_then_its_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::new(50, now);
        assert_eq!((0..1000).filter(|_| bucket.take(now)).count(), 100);
        let later = now + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| bucket.take(later)).count(), 50);
    }
}
