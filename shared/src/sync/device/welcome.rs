//! What the server says of itself as a link begins, compared with what is known here. A life of its
//! files that is not known here is not judged before the practice log has come, which may name it.

use super::check::AlarmKind;
use super::link::Request;
use super::{DeviceSync, Event};
use crate::envelope::PracticeHead;
use crate::id::{Global, ServerEpoch, Timestamp};
use crate::log::OwnHead;
use crate::sync::wire::Message;

/// How a server stands, by its own word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Welcome {
    /// The life of its files.
    pub(super) server_epoch: ServerEpoch,
    /// Its count.
    pub(super) g: Global,
    /// The head of its practice log.
    pub(super) practice_head: PracticeHead,
    /// The end of this device's own chain, as far as it has it.
    pub(super) own: OwnHead,
}

impl DeviceSync {
    pub(super) fn take_welcome(&mut self, welcome: Welcome, now: Timestamp) {
        let named = self.state.server().map(|server| server.server_epoch);
        let ahead = welcome.practice_head.seq > self.state.head().seq;
        if ahead && named.is_some_and(|named| welcome.server_epoch > named) {
            self.link.welcome = Some(welcome);
            self.pull_practice(now);
            return;
        }
        self.check_practice(welcome);
        self.begin_asking(welcome, now);
        if ahead {
            self.pull_practice(now);
        }
        self.pump(now);
    }

    /// The server has given its whole practice log, and it does not name the server's life.
    pub(super) fn doubt_welcome(&mut self, now: Timestamp) {
        let Some(welcome) = self.link.welcome.take() else { return };
        self.alarm(AlarmKind::ServerEpoch, None, None, None);
        self.check_fork(welcome.practice_head);
        self.begin_asking(welcome, now);
    }

    fn begin_asking(&mut self, welcome: Welcome, now: Timestamp) {
        self.link.fresh = self.is_fresh();
        self.check_counts(welcome);
        self.send(Request::Changes, Message::Changes { since: self.cursor }, now);
    }

    fn check_practice(&mut self, welcome: Welcome) {
        let named = self.state.server().map(|server| server.server_epoch);
        let current = self.state.head();
        if named.is_some_and(|named| named > welcome.server_epoch) {
            self.alarm(AlarmKind::Rollback, None, None, None);
        } else if named != Some(welcome.server_epoch) && welcome.practice_head == current {
            self.alarm(AlarmKind::ServerEpoch, None, None, None);
        }
        let forked = self.check_fork(welcome.practice_head);
        if !forked && welcome.practice_head.seq < current.seq {
            self.alarm(AlarmKind::Rollback, None, None, None);
        }
    }

    /// Whether the server has another practice log than this device.
    fn check_fork(&mut self, theirs: PracticeHead) -> bool {
        let ours = self.state.head_at(theirs.seq);
        let forked = ours.is_some_and(|ours| ours.hash != theirs.hash);
        if forked {
            self.alarm(AlarmKind::PracticeFork, None, None, None);
        }
        forked
    }

    fn check_counts(&mut self, welcome: Welcome) {
        let own = welcome.own;
        if welcome.g < self.cursor {
            self.alarm(AlarmKind::Rollback, None, None, None);
        }
        if self.link.fresh && self.is_behind(own) {
            self.link.resend = Some(own);
            return;
        }
        let known = self.state.devices().get(&self.device);
        let newest = known.map_or(own.dev_inc, crate::membership::Device::dev_inc);
        if own.dev_inc > newest {
            // Only the practice log begins a life. If the server has more of it, that tells.
            if welcome.practice_head.seq <= self.state.head().seq {
                self.alarm(AlarmKind::Forged, None, None, Some(self.device));
            }
            return;
        }
        let (last, settled) = (self.outbox.own(), self.outbox.settled());
        let number = |head: OwnHead| (head.dev_inc, head.dev_seq);
        if number(own) > number(last) {
            self.events.push_back(Event::IncarnationDue(own));
        } else if number(own) < number(settled) && own.dev_inc == settled.dev_inc {
            self.alarm(AlarmKind::Rollback, None, None, Some(self.device));
        } else if number(own) == number(settled) && own.own != settled.own {
            self.events.push_back(Event::IncarnationDue(own));
        }
    }
}
