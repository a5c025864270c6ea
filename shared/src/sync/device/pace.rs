//! How fast this device sends: under the bytes a minute that the server grants, so that it never has
//! to refuse any. What is large and nobody waits for leaves a part of that to what is typed meanwhile.

use super::DeviceSync;
use crate::id::Timestamp;
use crate::sync::wire::Limits;
use std::collections::VecDeque;

/// The minute in which the server counts, and a second for clocks that differ in speed. Milliseconds.
const MINUTE: i64 = 61_000;
/// Within this time the server has an answer for what was sent, or the link is dead. Milliseconds.
const UNDER_WAY: i64 = super::PATIENCE_MILLIS;
/// After the server has had enough for now; each further time in a row is twice as long. Milliseconds.
const FIRST_REST: i64 = 2_000;
/// The longest rest: by then the server counts anew. Milliseconds.
const LAST_REST: i64 = MINUTE;
/// Of what is granted, bulk leaves one part in so many.
const LEFT_TO_LIVE: u64 = 8;

/// Something that was sent.
#[derive(Clone, Copy, Debug)]
struct Sent {
    request: u64,
    bytes: u64,
    /// From then on the server counts it no more.
    until: Timestamp,
}

/// What was sent lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Bytes a minute, as the server has said on this link.
    stated: Option<u64>,
    /// The same; nothing while the server grants more.
    granted: Option<u64>,
    sent: VecDeque<Sent>,
    rest: Option<Timestamp>,
    /// How long the last rest was. Milliseconds.
    rested: i64,
    /// When the outbox goes on, and when bulk does, if either waits.
    waits: Option<Timestamp>,
    bulk_waits: Option<Timestamp>,
}

impl Pace {
    /// The server has said what it grants.
    pub(super) fn learn(&mut self, limits: Limits) {
        self.stated = Some(limits.bytes_per_minute);
        self.granted = (!limits.bulk).then_some(limits.bytes_per_minute);
    }

    /// Returns until when so many bytes have to wait, so that no more than `most` leave in a minute;
    /// nothing if they may leave. What alone is more leaves alone.
    fn until(&mut self, bytes: u64, most: u64, now: Timestamp) -> Option<Timestamp> {
        self.sent.retain(|sent| sent.until > now);
        if let Some(rest) = self.rest.filter(|rest| *rest > now) {
            return Some(rest);
        }
        self.granted?;
        let mut sent: Vec<(Timestamp, u64)> =
            self.sent.iter().map(|sent| (sent.until, sent.bytes)).collect();
        sent.sort_unstable();
        let mut sum: u64 = sent.iter().fold(bytes, |sum, (_, bytes)| sum.saturating_add(*bytes));
        let mut wait = None;
        for (until, bytes) in sent {
            if sum <= most {
                break;
            }
            sum = sum.saturating_sub(bytes);
            wait = Some(until);
        }
        wait
    }

    /// Whether the outbox may send so many bytes.
    pub(super) fn allows(&mut self, bytes: usize, now: Timestamp) -> bool {
        let granted = self.granted.unwrap_or(u64::MAX);
        self.waits = self.until(in_bytes(bytes), granted, now);
        self.waits.is_none()
    }

    fn allows_bulk(&mut self, bytes: usize, now: Timestamp) -> bool {
        let granted = self.granted.unwrap_or(u64::MAX);
        let most = granted.saturating_sub(granted / LEFT_TO_LIVE);
        self.bulk_waits = self.until(in_bytes(bytes), most, now);
        self.bulk_waits.is_none()
    }

    /// So many bytes leave.
    pub(super) fn note(&mut self, request: u64, bytes: usize, now: Timestamp) {
        let until = now.plus_millis(UNDER_WAY + MINUTE);
        self.sent.push_back(Sent { request, bytes: in_bytes(bytes), until });
    }

    /// The server has answered: it has counted what was sent by now.
    pub(super) fn answered(&mut self, request: u64, now: Timestamp) {
        let until = now.plus_millis(MINUTE);
        for sent in self.sent.iter_mut().filter(|sent| sent.request == request) {
            sent.until = sent.until.min(until);
        }
    }

    /// The server takes no more for now: this program may have sent before it was started anew, or
    /// the time in which more was granted is over.
    pub(super) fn refused(&mut self, now: Timestamp) {
        self.granted = self.stated;
        self.rested = self.rested.saturating_mul(2).clamp(FIRST_REST, LAST_REST);
        self.rest = Some(now.plus_millis(self.rested));
    }

    /// The server has taken something.
    pub(super) fn taken(&mut self) {
        (self.rest, self.rested) = (None, 0);
    }

    /// When to look again whether what waits may leave.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.waits.into_iter().chain(self.bulk_waits).min()
    }

    /// What waited until now asks again, or does not wait any more.
    pub(super) fn look_again(&mut self, now: Timestamp) {
        self.waits = self.waits.filter(|waits| *waits > now);
        self.bulk_waits = self.bulk_waits.filter(|waits| *waits > now);
    }
}

fn in_bytes(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

impl DeviceSync {
    /// Whether so many bytes that nobody waits for may be sent now. If not,
    /// [`DeviceSync::poll_timeout`] says when to ask again.
    pub fn may_send_bulk(&mut self, bytes: usize, now: Timestamp) -> bool {
        self.pace.allows_bulk(bytes, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANTED: u64 = 1_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn pace() -> Pace {
        let mut pace = Pace::default();
        pace.learn(Limits { group_bytes: 1, bytes_per_minute: GRANTED, bulk: false });
        pace
    }

    #[test]
    fn no_minute_of_the_server_holds_more_than_it_grants_wherever_it_begins() {
        let mut pace = pace();
        let (mut now, mut metered) = (0, Vec::new());
        for request in 0..200_u64 {
            let bytes = 90 + usize::try_from(request % 7).unwrap() * 60;
            while !pace.allows(bytes, at(now)) {
                now = pace.due().unwrap().as_millis();
            }
            pace.note(request, bytes, at(now));
            // It arrives at once or late, and the answer takes its time, too.
            let way = i64::try_from(request % 5).unwrap() * 900;
            metered.push((now + way, bytes as u64));
            now += 2 * way;
            pace.answered(request, at(now));
        }
        for (begin, _) in &metered {
            let minute = metered.iter().filter(|(when, _)| (*begin..begin + 60_000).contains(when));
            let sum: u64 = minute.map(|(_, bytes)| bytes).sum();
            assert!(sum <= GRANTED, "{sum} bytes in the minute from {begin}");
        }
        assert!(now < 200 * 61_000 * 360 / 1_000, "and it does not dawdle: {now}");
    }

    #[test]
    fn bulk_leaves_room_for_what_is_typed_and_what_is_too_large_goes_alone() {
        let mut pace = pace();
        assert!(pace.allows_bulk(875, at(0)));
        pace.note(1, 875, at(0));
        pace.answered(1, at(0));
        assert!(!pace.allows_bulk(1, at(0)));
        assert!(pace.allows(125, at(0)));
        assert!(!pace.allows(126, at(0)));
        assert_eq!(pace.due(), Some(at(MINUTE)));
        assert!(pace.allows(5_000, at(MINUTE)));
        assert!(pace.allows_bulk(5_000, at(MINUTE)));
        pace.look_again(at(MINUTE));
        assert_eq!(pace.due(), None);
    }

    #[test]
    fn after_a_refusal_it_rests_longer_each_time_and_not_beyond_a_minute() {
        let mut pace = pace();
        let (mut now, mut rests) = (0, Vec::new());
        for _ in 0..7 {
            pace.refused(at(now));
            assert!(!pace.allows(1, at(now)));
            let due = pace.due().unwrap().as_millis();
            rests.push(due - now);
            now = due;
            assert!(pace.allows(1, at(now)));
        }
        assert_eq!(rests, [2_000, 4_000, 8_000, 16_000, 32_000, 61_000, 61_000]);
        pace.taken();
        pace.refused(at(now));
        assert!(!pace.allows(1, at(now)));
        assert_eq!(pace.due(), Some(at(now + 2_000)));
    }
}
