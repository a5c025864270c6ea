//! `tacenda sync`: says how far the practice and its server are, and waits until both have
//! everything. The keeper waits for a command beside it; a command that has the vault drives the
//! link itself.

use super::connect::Driven;
use super::request::Reply;
use crate::device::courier::QueueEnd;
use crate::device::open::Device;
use crate::link::Trouble;
use crate::message::SyncStatus;
use crate::notice::Notice;
use std::sync::mpsc::Sender;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::interchange::json;

/// How long nothing may move before a command says why it does not wait any longer. Milliseconds.
const PATIENCE_MILLIS: i64 = 45_000;

/// Returns the notice for a practice that has no server.
pub fn no_server() -> Notice {
    Notice::new(
        "This practice has no server.",
        "Nothing has been changed.",
        "Connect it with `tacenda connect` first.",
    )
}

/// The line that says how far things are.
pub fn line(status: &SyncStatus, idle: bool, zone: &str) -> Reply {
    let state = match (status.attached, status.connected, idle) {
        (false, _, _) => "no-server",
        (true, false, _) => "offline",
        (true, true, false) => "pending",
        (true, true, true) => "up-to-date",
    };
    let current = status.last.map(|last| json::rfc3339(last, zone));
    let json = json::sync(json::Sync { state, pending: status.queued, current }).value();
    let text = match (status.attached, idle, status.queued) {
        (false, _, _) => "This practice has no server.".to_owned(),
        (true, true, 0) => {
            "Everything is sent, and everything that the server had is here.".to_owned()
        }
        (true, true, _) => "Everything up to your asking is sent, and everything that the server \
             had is here. More has been written since."
            .to_owned(),
        (true, false, 0) => "Nothing waits to be sent.".to_owned(),
        (true, false, 1) => "1 change is still to be sent.".to_owned(),
        (true, false, queued) => format!("{queued} changes are still to be sent."),
    };
    Reply::Line { json, text }
}

/// Drives the link until both have everything; `say` is given each line.
pub fn until_idle(
    device: &mut Device,
    now: fn() -> Timestamp,
    say: &mut dyn FnMut(Reply) -> bool,
) -> Result<(), Notice> {
    let mut steps = Steps::default();
    let mut driven = Driven::start(device, now)?;
    driven.until(&mut |_| {}, |device| {
        let idle = device.is_current();
        let zone = device.index().zone.clone();
        steps.next(&device.sync_status(), idle, &zone).is_some_and(|line| !say(line)) || idle
    })
}

/// Says each count once.
#[derive(Debug, Default)]
struct Steps(Option<u64>);

impl Steps {
    fn next(&mut self, status: &SyncStatus, idle: bool, zone: &str) -> Option<Reply> {
        let news = status.connected && status.queued > 0 && self.0 != Some(status.queued);
        if !idle && !news {
            return None;
        }
        self.0 = Some(status.queued);
        Some(line(status, idle, zone))
    }
}

/// Commands that wait beside the open interface.
#[derive(Debug, Default)]
pub struct Waiting(Vec<Waiter>);

#[derive(Debug)]
struct Waiter {
    replies: Sender<Reply>,
    steps: Steps,
    queued: u64,
    /// Where the queue ended when it was looked at first, with what was typed until then: it waits
    /// for nothing that is written later.
    end: Option<QueueEnd>,
    /// When something moved last.
    moved: Timestamp,
}

impl Waiting {
    /// One more command waits. What the server has is asked for anew, since what another device
    /// has just sent may not have been passed on yet.
    pub fn begin(&mut self, device: &mut Device, replies: Sender<Reply>, now: Timestamp) {
        if !device.is_attached() {
            refuse(&replies, no_server());
            return;
        }
        device.look_again(now);
        self.add(replies, device.sync_status().queued, now);
    }

    fn add(&mut self, replies: Sender<Reply>, queued: u64, now: Timestamp) {
        self.0.push(Waiter { replies, steps: Steps::default(), queued, end: None, moved: now });
    }

    /// Returns when to look at the latest.
    pub fn due(&self) -> Option<Timestamp> {
        self.0.iter().map(|waiter| waiter.moved.plus_millis(PATIENCE_MILLIS)).min()
    }

    /// Something arrived.
    pub fn arrived(&mut self, now: Timestamp) {
        self.0.iter_mut().for_each(|waiter| waiter.moved = now);
    }

    /// Ends all with what the person was told as well.
    pub fn alarm(&mut self, notice: &Notice) {
        for waiter in std::mem::take(&mut self.0) {
            refuse(&waiter.replies, notice.clone());
        }
    }

    /// Tells those who wait how far things are, and ends those who need not wait any longer.
    pub fn look(&mut self, device: &Device, now: Timestamp) {
        if !self.0.is_empty() {
            let zone = device.index().zone.clone();
            let idle = |end: &mut Option<QueueEnd>| {
                device.is_current_up_to(*end.get_or_insert_with(|| device.queue_end()))
            };
            self.look_at(&device.sync_status(), idle, &zone, now);
        }
    }

    fn look_at(
        &mut self,
        status: &SyncStatus,
        is_idle: impl Fn(&mut Option<QueueEnd>) -> bool,
        zone: &str,
        now: Timestamp,
    ) {
        self.0.retain_mut(|waiter| {
            let idle = is_idle(&mut waiter.end);
            if status.queued < waiter.queued {
                waiter.moved = now;
            }
            // What is written meanwhile is no news of the server.
            waiter.queued = status.queued;
            let line = waiter.steps.next(status, idle, zone);
            let heard = line.is_none_or(|line| waiter.replies.send(line).is_ok());
            if idle {
                let _gone = waiter.replies.send(Reply::Done);
            } else if now.millis_since(waiter.moved) >= PATIENCE_MILLIS {
                let trouble = status.trouble.clone();
                refuse(&waiter.replies, trouble.unwrap_or_else(|| Trouble::Unreachable.into()));
            }
            heard && !idle && now.millis_since(waiter.moved) < PATIENCE_MILLIS
        });
    }

    /// Ends all, since the practice is locked.
    pub fn lock(&mut self) {
        for waiter in std::mem::take(&mut self.0) {
            let notice = [
                "The practice was locked meanwhile.".to_owned(),
                "Everything you have written is safe on this device.".to_owned(),
                "Unlock it, and sync again.".to_owned(),
            ];
            let _gone = waiter.replies.send(Reply::Refused { notice, locked: true });
        }
    }
}

fn refuse(replies: &Sender<Reply>, notice: Notice) {
    let notice = [notice.happened, notice.safe, notice.next];
    // A command that has gone away needs no answer.
    let _gone = replies.send(Reply::Refused { notice, locked: false });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(queued: u64) -> SyncStatus {
        SyncStatus { attached: true, connected: true, queued, ..SyncStatus::default() }
    }

    #[test]
    fn each_count_is_said_once_and_the_end_in_any_case() {
        let mut steps = Steps::default();
        let said: Vec<bool> = [(3, false), (3, false), (1, false), (0, false), (0, true)]
            .map(|(queued, idle)| steps.next(&status(queued), idle, "UTC").is_some())
            .to_vec();
        assert_eq!(said, [true, false, true, false, true]);
        let offline = SyncStatus { connected: false, ..status(7) };
        assert!(steps.next(&offline, false, "UTC").is_none());
    }

    #[test]
    fn whoever_waits_is_told_why_once_nothing_has_moved_for_long() {
        let (replies, heard) = std::sync::mpsc::channel();
        let mut waiting = Waiting::default();
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        waiting.add(replies, 3, at(0));
        assert_eq!(waiting.due(), Some(at(45)));
        waiting.look_at(&status(2), |_| false, "UTC", at(30));
        let offline = SyncStatus { connected: false, ..status(2) };
        waiting.look_at(&offline, |_| false, "UTC", at(74));
        assert!(matches!(heard.try_recv(), Ok(Reply::Line { .. })));
        assert!(heard.try_recv().is_err());

        // Whoever goes on writing does not keep them waiting.
        let grown = SyncStatus { queued: 9, ..offline };
        waiting.look_at(&grown, |_| false, "UTC", at(75));

        let Ok(Reply::Refused { notice, locked: false }) = heard.try_recv() else {
            panic!("a reason")
        };
        assert_eq!(notice[0], "The server cannot be reached.");
        assert_eq!(waiting.due(), None);
        assert!(heard.recv().is_err());
    }

    #[test]
    fn what_was_written_meanwhile_is_not_said_to_be_sent() {
        let Reply::Line { json, text } = line(&status(2), true, "UTC") else { panic!("a line") };
        assert!(text.contains("More has been written since."), "{text}");
        assert_eq!((&json["state"], &json["pending"]), (&"up-to-date".into(), &2.into()));
    }

    #[test]
    fn a_line_says_the_same_to_people_and_to_scripts() {
        let Reply::Line { json, text } = line(&status(1), false, "UTC") else { panic!("a line") };
        assert_eq!(text, "1 change is still to be sent.");
        assert_eq!((&json["type"], &json["pending"]), (&"sync".into(), &1.into()));
        assert_eq!(
            (&json["state"], &json["current"]),
            (&"pending".into(), &serde_json::Value::Null)
        );
    }
}
