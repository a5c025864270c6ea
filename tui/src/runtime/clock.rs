//! What time it is, and waiting for a time: the only clock of the interface.

use crate::message::Now;
use jiff::tz::TimeZone;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tacenda_shared::id::Timestamp;

/// A clock. Tests bring one that they turn themselves.
pub trait Clock: Send {
    /// Returns the time.
    fn now(&self) -> Now;

    /// Whether the machine has slept since the last call.
    fn slept(&mut self) -> bool {
        false
    }

    /// Waits until this time, for ever if there is none. May return early, for instance when the
    /// clock was set; is asked again then.
    fn reached(&mut self, time: Option<Timestamp>) -> impl Future<Output = ()> + Send;
}

/// The zone in which local time is told: the system's until the practice's is known.
#[derive(Clone, Debug)]
pub struct Zone(Arc<RwLock<TimeZone>>);

impl Zone {
    /// The zone of the system.
    pub fn system() -> Self {
        Self(Arc::new(RwLock::new(TimeZone::system())))
    }

    /// From now on, local time is told in this zone.
    pub fn set(&self, zone: TimeZone) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = zone;
    }

    fn current(&self) -> TimeZone {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The clock of the system.
#[derive(Debug)]
pub struct SystemClock {
    zone: Zone,
    asleep: Duration,
}

impl SystemClock {
    /// Makes the clock that tells local time in this zone.
    pub fn new(zone: Zone) -> Self {
        Self { zone, asleep: time_asleep() }
    }
}

/// A sleep shorter than this is none: the two clocks are not read at the same moment.
const SHORTEST_SLEEP: Duration = Duration::from_secs(2);

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let now = jiff::Timestamp::now();
        Now {
            time: Timestamp::from_millis(now.as_millisecond()),
            local: now.to_zoned(self.zone.current()).datetime(),
        }
    }

    fn slept(&mut self) -> bool {
        let asleep = time_asleep();
        let slept = asleep.saturating_sub(self.asleep) >= SHORTEST_SLEEP;
        self.asleep = asleep;
        slept
    }

    async fn reached(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return std::future::pending().await };
        if !wall::reached(time).await {
            // Without a timer on the wall clock, one that stands still while the machine sleeps.
            let left = time.millis_since(self.now().time);
            let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
            tokio::time::sleep(left).await;
        }
    }
}

/// How long the machine has slept since it was started.
#[cfg(target_os = "linux")]
fn time_asleep() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let seconds = |clock| {
        let time = clock_gettime(clock);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        )
    };
    seconds(ClockId::Boottime).saturating_sub(seconds(ClockId::Monotonic))
}

#[cfg(not(target_os = "linux"))]
fn time_asleep() -> Duration {
    Duration::ZERO
}

/// A timer that follows the wall clock: through sleep, and when somebody sets it.
#[cfg(target_os = "linux")]
mod wall {
    use super::Timestamp;
    use crate::guard;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::sync::Arc;
    use tokio::io::Interest;

    /// Waits until then or until the clock is set; says `false` if there is no such timer.
    pub(super) async fn reached(time: Timestamp) -> bool {
        let Ok(timer) = arm(time) else { return false };
        let Ok(timer) = guard::watch(Arc::new(timer), Interest::READABLE) else { return false };
        timer.readable().await.is_ok()
    }

    fn arm(time: Timestamp) -> rustix::io::Result<rustix::fd::OwnedFd> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
        // Zero would take the timer off.
        let millis = time.as_millis().max(1);
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = Timespec {
            tv_sec: millis.div_euclid(1000),
            tv_nsec: millis.rem_euclid(1000) * 1_000_000,
        };
        let when = Itimerspec { it_interval: zero, it_value: value };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        timerfd_settime(&timer, flags, &when)?;
        Ok(timer)
    }
}

#[cfg(not(target_os = "linux"))]
mod wall {
    use super::Timestamp;

    pub(super) async fn reached(_time: Timestamp) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn local_time_follows_the_zone_of_the_practice() {
        let zone = Zone::system();
        let clock = SystemClock::new(zone.clone());
        let offset = |name: &str| {
            zone.set(TimeZone::get(name).unwrap());
            let now = clock.now();
            let utc = jiff::Timestamp::from_millisecond(now.time.as_millis()).unwrap();
            let zoned = utc.to_zoned(TimeZone::UTC).datetime();
            now.local.since(zoned).unwrap().total(jiff::Unit::Hour).unwrap().round()
        };

        assert_eq!((offset("Etc/GMT-5"), offset("Etc/GMT+3")), (5.0, -3.0));
    }

    #[test]
    fn a_time_that_has_passed_is_reached_at_once() {
        let mut clock = SystemClock::new(Zone::system());
        block_on(clock.reached(Some(Timestamp::from_millis(-5))));
        let now = clock.now().time;
        block_on(clock.reached(Some(now.plus_millis(20))));
        assert!(clock.now().time >= now.plus_millis(20));
    }

    #[test]
    fn a_machine_that_was_awake_has_not_slept() {
        let mut clock = SystemClock::new(Zone::system());
        assert!(!clock.slept());
    }
}
