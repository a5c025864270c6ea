//! What waits to go out on one live stream. A device that reads too slowly costs a bounded
//! amount of memory: its queue collapses to the one word that it should ask for changes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes that wait at most.
const MAX_WAITING: usize = 256 * 1024;

/// What to do next on a live stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outgoing {
    /// Say that something was left out.
    Behind,
    /// End the link: its device is no longer one of the practice.
    End,
    /// Send these bytes.
    Frame(Arc<Vec<u8>>),
    /// Send these bytes, which nothing may change any more.
    Fixed(Arc<Vec<u8>>),
    /// End the link, as a server does that stops.
    HangUp,
}

/// The queue of one live stream.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Arc<Vec<u8>>>,
    fixed: VecDeque<Arc<Vec<u8>>>,
    bytes: usize,
    is_behind: bool,
    has_ended: bool,
    hangs_up: bool,
}

impl Outbox {
    /// Queues a frame, or collapses the queue. What is `fleeting` is dropped instead: nobody
    /// asks for it later.
    pub(crate) fn push(&self, frame: Arc<Vec<u8>>, fleeting: bool) {
        let mut state = self.lock();
        let fits = state.bytes.saturating_add(frame.len()) <= MAX_WAITING;
        match (state.is_behind, fits, fleeting) {
            (false, true, _) => {
                state.bytes += frame.len();
                state.frames.push_back(frame);
            }
            // The device asks for changes after it has read "behind", so it misses nothing.
            (true, _, _) | (false, false, true) => {}
            (false, false, false) => {
                state.frames.clear();
                state.bytes = 0;
                state.is_behind = true;
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Queues a frame that goes out before all others, as it is. Only a test or a demo does this.
    pub(crate) fn push_as_it_is(&self, frame: Arc<Vec<u8>>) {
        self.lock().fixed.push_back(frame);
        self.wake.notify_one();
    }

    /// Ends the link after what is waiting as it is. Only a test or a demo does this.
    pub(crate) fn hang_up(&self) {
        self.lock().hangs_up = true;
        self.wake.notify_one();
    }

    /// Ends the link after this.
    pub(crate) fn end(&self) {
        self.lock().has_ended = true;
        self.wake.notify_one();
    }

    /// Waits for what is to be done next. There is one reader.
    pub(crate) async fn next(&self) -> Outgoing {
        loop {
            if let Some(outgoing) = self.take() {
                return outgoing;
            }
            self.wake.notified().await;
        }
    }

    fn take(&self) -> Option<Outgoing> {
        let mut state = self.lock();
        if state.has_ended {
            return Some(Outgoing::End);
        }
        if let Some(frame) = state.fixed.pop_front() {
            return Some(Outgoing::Fixed(frame));
        }
        if state.hangs_up {
            return Some(Outgoing::HangUp);
        }
        if std::mem::take(&mut state.is_behind) {
            return Some(Outgoing::Behind);
        }
        let frame = state.frames.pop_front()?;
        state.bytes = state.bytes.saturating_sub(frame.len());
        Some(Outgoing::Frame(frame))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Arc<Vec<u8>> {
        Arc::new(vec![0; bytes])
    }

    #[test]
    fn frames_go_out_in_order() {
        let outbox = Outbox::default();
        outbox.push(frame(1), false);
        outbox.push(frame(2), true);
        assert_eq!(outbox.take(), Some(Outgoing::Frame(frame(1))));
        assert_eq!(outbox.take(), Some(Outgoing::Frame(frame(2))));
        assert_eq!(outbox.take(), None);
    }

    #[test]
    fn a_reader_that_is_too_slow_is_told_to_ask_and_costs_no_more_memory() {
        let outbox = Outbox::default();
        for _ in 0..1000 {
            outbox.push(frame(MAX_WAITING / 3), false);
            assert!(outbox.lock().bytes <= MAX_WAITING);
        }

        assert_eq!(outbox.take(), Some(Outgoing::Behind));
        assert_eq!(outbox.take(), None);
        outbox.push(frame(3), false);
        assert_eq!(outbox.take(), Some(Outgoing::Frame(frame(3))));
    }

    #[test]
    fn presence_that_does_not_fit_is_dropped_and_the_rest_stays() {
        let outbox = Outbox::default();
        outbox.push(frame(MAX_WAITING), false);
        outbox.push(frame(1), true);
        assert_eq!(outbox.take(), Some(Outgoing::Frame(frame(MAX_WAITING))));
        assert_eq!(outbox.take(), None);
    }

    #[test]
    fn the_end_overtakes_everything() {
        let outbox = Outbox::default();
        outbox.push(frame(1), false);
        outbox.end();
        assert_eq!(outbox.take(), Some(Outgoing::End));
    }
}
