//! Who has which draft open now, where their carets are, and how far they have shown a log.
//!
//! Nothing in here is ever stored, and nothing is decided from it but how soon typing is sent. A
//! server can withhold it or show an old one again, which moves a caret on a screen; what a device
//! has seen is believed on its own signature only.

use super::interest::Interest;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::id::{CompartmentId, DeviceId, ObjectId, Position, Timestamp};
use tacenda_shared::practice::edit::Part;

/// Between two words of this device. Milliseconds: four a second.
const GAP: i64 = 250;
/// How often a device says that it is still there, and for how many seconds that holds: while
/// another device is in the same draft, and while none is.
const BESIDE: (i64, u8) = (4_000, 10);
const ALONE: (i64, u8) = (12_000, 30);
/// Between two signed words on one log. Milliseconds.
const SEEN_GAP: i64 = 3_000;

/// A place in a draft, by the name that outlives edits.
pub(super) type Caret = (Part, Vec<u8>);

/// What is known of where everybody is.
#[derive(Debug, Default)]
pub(in crate::device) struct Presence {
    own: BTreeMap<ObjectId, Own>,
    peers: BTreeMap<DeviceId, Peer>,
    /// The newest stamp of each device.
    stamps: BTreeMap<DeviceId, i64>,
    stamp: i64,
    spoke: Option<Timestamp>,
    /// How far each log was shown here, and when that was said last.
    shown: BTreeMap<CompartmentId, (Position, Timestamp)>,
    /// How far others have shown a log.
    seen: BTreeMap<(CompartmentId, DeviceId), Position>,
    /// When a device last signed something that reached this one.
    heard: BTreeMap<DeviceId, Timestamp>,
    has_changed: bool,
}

/// What was said of a draft that is open here.
#[derive(Debug)]
struct Own {
    log: CompartmentId,
    said: Option<(Timestamp, Option<Caret>)>,
    /// Somebody came who has not heard it, or the caret may be elsewhere.
    owes: Owes,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Owes {
    Nothing,
    News,
    Answer,
}

/// Where another device is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Peer {
    pub(super) log: CompartmentId,
    pub(super) draft: ObjectId,
    pub(super) caret: Option<Caret>,
    until: Timestamp,
}

/// A word that is due.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Word {
    pub(super) log: CompartmentId,
    pub(super) draft: ObjectId,
    pub(super) interest: Interest,
}

impl Presence {
    /// A draft is shown on the screen.
    pub(in crate::device) fn enter(&mut self, log: CompartmentId, draft: ObjectId) {
        self.own.entry(draft).or_insert(Own { log, said: None, owes: Owes::Answer });
    }

    /// The caret of a draft may be elsewhere than was said.
    pub(in crate::device) fn stir(&mut self, draft: ObjectId) {
        if let Some(own) = self.own.get_mut(&draft) {
            own.owes = own.owes.max(Owes::News);
        }
    }

    /// A draft is no longer shown. Returns the word that takes the interest in it back.
    pub(super) fn leave(&mut self, draft: ObjectId, now: Timestamp) -> Option<Word> {
        let own = self.own.remove(&draft)?;
        own.said.is_some().then(|| self.word(own.log, draft, (0, None), now))
    }

    /// Forgets where others are, since nothing is heard of them any more.
    pub(super) fn lose_touch(&mut self) {
        self.has_changed |= !self.peers.is_empty();
        self.peers.clear();
        self.own.values_mut().for_each(|own| own.owes = Owes::Answer);
    }

    /// Takes the word of another device.
    pub(super) fn take(
        &mut self,
        from: DeviceId,
        (log, draft): (CompartmentId, ObjectId),
        interest: Interest,
        now: Timestamp,
    ) {
        if self.stamps.get(&from).is_some_and(|newest| *newest >= interest.stamp) {
            return;
        }
        self.stamps.insert(from, interest.stamp);
        self.heard.insert(from, now);
        let before = self.peers.remove(&from);
        if interest.lasts == 0 && before.as_ref().is_none_or(|peer| peer.draft != draft) {
            // It has left one draft and is in another.
            self.peers.extend(before.map(|peer| (from, peer)));
            return;
        }
        let peer = (interest.lasts > 0).then(|| Peer {
            log,
            draft,
            caret: interest.caret,
            until: now.plus_millis(i64::from(interest.lasts) * 1_000),
        });
        let place = |peer: &Option<Peer>| peer.as_ref().map(|p| (p.draft, p.caret.clone()));
        self.has_changed |= place(&before) != place(&peer);
        if before.is_none_or(|before| before.draft != draft)
            && let Some(own) = self.own.get_mut(&draft)
        {
            own.owes = Owes::Answer;
        }
        self.peers.extend(peer.map(|peer| (from, peer)));
    }

    /// Forgets those who have not been heard for as long as they said.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let before = self.peers.len();
        self.peers.retain(|_, peer| peer.until > now);
        self.has_changed |= self.peers.len() != before;
    }

    /// Returns the words that are due. `caret` tells where it is in a draft.
    pub(super) fn speak(
        &mut self,
        caret: impl Fn(ObjectId) -> Option<Caret>,
        now: Timestamp,
    ) -> Vec<Word> {
        let mut words = Vec::new();
        for draft in self.own.keys().copied().collect::<Vec<_>>() {
            if self.due_of(draft).is_none_or(|due| due > now) {
                continue;
            }
            let (every, lasts) = self.pace(draft);
            let caret = caret(draft);
            let Some(own) = self.own.get_mut(&draft) else { continue };
            let is_late = |at: Timestamp| now.millis_since(at) >= every;
            let stale = own.said.as_ref().is_none_or(|(at, said)| is_late(*at) || *said != caret);
            let owed = std::mem::replace(&mut own.owes, Owes::Nothing);
            if owed == Owes::Answer || stale {
                own.said = Some((now, caret.clone()));
                let log = own.log;
                words.push(self.word(log, draft, (lasts, caret), now));
            }
        }
        words
    }

    /// Returns when [`Presence::speak`] or [`Presence::expire`] has something to do.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let own = self.own.keys().filter_map(|draft| self.due_of(*draft));
        own.chain(self.peers.values().map(|peer| peer.until)).min()
    }

    fn due_of(&self, draft: ObjectId) -> Option<Timestamp> {
        let own = self.own.get(&draft)?;
        let (every, _) = self.pace(draft);
        let beside = self.beside(draft).next().is_some();
        let due = match (&own.said, own.owes) {
            (None, _) | (_, Owes::Answer) => None,
            (Some(_), Owes::News) if beside => None,
            (Some((at, _)), Owes::News | Owes::Nothing) => Some(at.plus_millis(every)),
        };
        let free = self.spoke.map(|spoke| spoke.plus_millis(GAP));
        due.max(free).or(Some(Timestamp::from_millis(i64::MIN)))
    }

    fn pace(&self, draft: ObjectId) -> (i64, u8) {
        if self.beside(draft).next().is_some() { BESIDE } else { ALONE }
    }

    fn word(
        &mut self,
        log: CompartmentId,
        draft: ObjectId,
        (lasts, caret): (u8, Option<Caret>),
        now: Timestamp,
    ) -> Word {
        self.stamp = self.stamp.saturating_add(1).max(now.as_millis());
        self.spoke = Some(now);
        Word { log, draft, interest: Interest { stamp: self.stamp, lasts, caret } }
    }

    /// Returns those who have this draft open.
    pub(super) fn beside(&self, draft: ObjectId) -> impl Iterator<Item = (DeviceId, &Peer)> {
        let here = self.peers.iter().filter(move |(_, peer)| peer.draft == draft);
        here.map(|(device, peer)| (*device, peer))
    }

    /// Returns where a device is.
    pub(super) fn whereabouts(&self, device: DeviceId) -> Option<&Peer> {
        self.peers.get(&device)
    }

    /// A device has signed something at that time, by its clock.
    pub(super) fn hear(&mut self, from: DeviceId, time: Timestamp) {
        let known = self.heard.entry(from).or_insert(time);
        self.has_changed |= *known < time;
        *known = (*known).max(time);
    }

    /// Returns when a device last signed something that reached this one.
    pub(super) fn heard(&self, device: DeviceId) -> Option<Timestamp> {
        self.heard.get(&device).copied()
    }

    /// Takes the signed word that a device has shown a log up to a position.
    pub(super) fn take_seen(
        &mut self,
        from: DeviceId,
        log: CompartmentId,
        position: Position,
        now: Timestamp,
    ) {
        self.heard.insert(from, now);
        let known = self.seen.entry((log, from)).or_default();
        self.has_changed |= *known < position;
        *known = (*known).max(position);
    }

    /// Returns the devices that have shown a log up to a position.
    pub(super) fn seen_by(&self, log: CompartmentId, up_to: Position) -> BTreeSet<DeviceId> {
        let of_log = self.seen.iter().filter(|((other, _), _)| *other == log);
        of_log.filter(|(_, seen)| **seen >= up_to).map(|((_, device), _)| *device).collect()
    }

    /// Returns when this device may say that it has shown a log up to `position`; `None` if it
    /// has said so.
    pub(super) fn seen_due(&self, log: CompartmentId, position: Position) -> Option<Timestamp> {
        match self.shown.get(&log) {
            Some((said, _)) if *said >= position => None,
            Some((_, at)) => Some(at.plus_millis(SEEN_GAP)),
            None => Some(Timestamp::from_millis(i64::MIN)),
        }
    }

    /// This device says that it has shown a log up to a position.
    pub(super) fn say_seen(&mut self, log: CompartmentId, position: Position, now: Timestamp) {
        self.shown.insert(log, (position, now));
    }

    /// Returns, once, whether what a screen shows of others has changed.
    pub(in crate::device) fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: CompartmentId = CompartmentId::from_bytes([1; 16]);
    const DRAFT: ObjectId = ObjectId::from_bytes([2; 16]);
    const TABLET: DeviceId = DeviceId::from_bytes([3; 16]);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    fn interest(stamp: i64, lasts: u8) -> Interest {
        Interest { stamp, lasts, caret: None }
    }

    /// Lets ten seconds pass in which the caret is elsewhere every 10 ms; returns the words.
    fn ten_seconds(presence: &mut Presence) -> usize {
        let mut words = 0;
        for tick in 0..1_000 {
            presence.stir(DRAFT);
            let place = u8::try_from(tick % 100).unwrap();
            words += presence.speak(|_| Some((Part::Text, vec![place])), at(tick * 10)).len();
        }
        words
    }

    #[test]
    fn a_caret_is_told_four_times_a_second_to_one_who_is_there_and_hardly_ever_to_nobody() {
        let mut presence = Presence::default();
        presence.enter(LOG, DRAFT);
        assert_eq!(ten_seconds(&mut presence), 1);

        let mut presence = Presence::default();
        presence.enter(LOG, DRAFT);
        presence.take(TABLET, (LOG, DRAFT), interest(1, 30), at(0));
        let words = ten_seconds(&mut presence);
        assert!((38..=40).contains(&words), "{words} words");
    }

    #[test]
    fn whoever_is_not_heard_any_more_is_gone_when_their_word_has_run_out() {
        let mut presence = Presence::default();
        presence.take(TABLET, (LOG, DRAFT), interest(1, 10), at(0));
        assert!(presence.take_change());
        presence.expire(at(9_999));
        assert_eq!(presence.beside(DRAFT).count(), 1);
        presence.expire(at(10_000));
        assert_eq!(presence.beside(DRAFT).count(), 0);
        assert!(presence.take_change());
    }

    #[test]
    fn an_older_word_that_is_shown_again_changes_nothing() {
        let mut presence = Presence::default();
        presence.take(TABLET, (LOG, DRAFT), interest(5, 10), at(0));
        presence.take(TABLET, (LOG, DRAFT), interest(6, 0), at(100));
        presence.take(TABLET, (LOG, DRAFT), interest(5, 10), at(200));
        assert_eq!(presence.beside(DRAFT).count(), 0);
    }

    #[test]
    fn whoever_comes_is_answered_at_once_and_whoever_leaves_says_so() {
        let mut presence = Presence::default();
        presence.enter(LOG, DRAFT);
        assert_eq!(presence.speak(|_| None, at(0)).len(), 1);
        assert_eq!(presence.speak(|_| None, at(2_000)).len(), 0);
        presence.take(TABLET, (LOG, DRAFT), interest(1, 10), at(2_000));
        let [answer] = &presence.speak(|_| None, at(2_000))[..] else { panic!("no answer") };
        assert_eq!(answer.interest.lasts, 10);
        let left = presence.leave(DRAFT, at(2_100)).unwrap();
        assert_eq!(left.interest.lasts, 0);
        assert!(left.interest.stamp > answer.interest.stamp);
    }

    #[test]
    fn a_log_is_said_to_be_seen_once_and_not_too_often() {
        let mut presence = Presence::default();
        assert!(presence.seen_due(LOG, Position::new(4)).unwrap() < at(0));
        presence.say_seen(LOG, Position::new(4), at(0));
        assert_eq!(presence.seen_due(LOG, Position::new(4)), None);
        assert_eq!(presence.seen_due(LOG, Position::new(5)), Some(at(SEEN_GAP)));
    }
}
