//! What waits for the store: two classes, taken in groups. Work of the moment goes before bulk,
//! and a group holds what came in while the one before it was being synced, without a timer.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How soon something wants to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    /// First uploads, snapshots: after everything else.
    Bulk,
    /// What somebody is waiting for.
    Live,
}

/// What was taken.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Taken<T> {
    /// The queue is closed and empty.
    Closed,
    /// A group, in order.
    Group(Vec<T>),
    /// Nothing came in time.
    Idle,
}

/// A queue between many senders and one thread.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
}

#[derive(Debug)]
struct State<T> {
    live: VecDeque<(T, usize)>,
    bulk: VecDeque<(T, usize)>,
    is_closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        let state = State { live: VecDeque::new(), bulk: VecDeque::new(), is_closed: false };
        Self { state: Mutex::new(state), wake: Condvar::new() }
    }

    /// Puts something that weighs `bytes` at the end of its class; gives it back if closed.
    pub(crate) fn put(&self, item: T, class: Class, bytes: usize) -> Result<(), T> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(item);
        }
        match class {
            Class::Live => state.live.push_back((item, bytes)),
            Class::Bulk => state.bulk.push_back((item, bytes)),
        }
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Takes no more; what is in it is still handed out.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_all();
    }

    /// Waits, at most for `patience`, and takes a group of at most `bytes`: of the live class if
    /// there is any. The first is taken whatever it weighs.
    pub(crate) fn take(&self, bytes: usize, patience: Option<Duration>) -> Taken<T> {
        let state = self.lock();
        let waiting = |state: &mut State<T>| {
            !state.is_closed && state.live.is_empty() && state.bulk.is_empty()
        };
        let mut state = match patience {
            None => self.wake.wait_while(state, waiting).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                let waited = self.wake.wait_timeout_while(state, patience, waiting);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        let is_closed = state.is_closed;
        let class = if state.live.is_empty() { &mut state.bulk } else { &mut state.live };
        let mut group = Vec::new();
        let mut weight = 0_usize;
        while let Some((_, next)) = class.front() {
            weight = weight.saturating_add(*next);
            if weight > bytes && !group.is_empty() {
                break;
            }
            group.extend(class.pop_front().map(|(item, _)| item));
        }
        match (group.is_empty(), is_closed) {
            (false, _) => Taken::Group(group),
            (true, true) => Taken::Closed,
            (true, false) => Taken::Idle,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_the_moment_goes_before_bulk_and_groups_are_bounded() {
        let queue = Queue::new();
        for (item, class, bytes) in [
            (1, Class::Bulk, 90),
            (2, Class::Live, 60),
            (3, Class::Live, 40),
            (4, Class::Live, 1),
            (5, Class::Bulk, 500),
        ] {
            assert_eq!(queue.put(item, class, bytes), Ok(()));
        }

        assert_eq!(queue.take(100, None), Taken::Group(vec![2, 3]));
        assert_eq!(queue.take(100, None), Taken::Group(vec![4]));
        assert_eq!(queue.take(100, None), Taken::Group(vec![1]));
        assert_eq!(queue.take(100, None), Taken::Group(vec![5]));
        assert_eq!(queue.take(100, Some(Duration::ZERO)), Taken::Idle);
    }

    #[test]
    fn a_closed_queue_hands_out_what_it_has_and_takes_no_more() {
        let queue = Queue::new();
        assert_eq!(queue.put(1, Class::Live, 1), Ok(()));
        queue.close();
        assert_eq!(queue.put(2, Class::Live, 1), Err(2));
        assert_eq!(queue.take(100, None), Taken::Group(vec![1]));
        assert_eq!(queue.take(100, None), Taken::Closed);
    }

    #[test]
    fn a_thread_that_waits_is_woken() {
        let queue = Queue::new();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| queue.take(100, None));
            assert_eq!(queue.put(7, Class::Live, 1), Ok(()));
            assert_eq!(waiter.join().unwrap(), Taken::Group(vec![7]));
        });
    }
}
