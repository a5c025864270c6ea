//! The store over a disk that fills, fails and forgets. What a device was told is what counts.

use super::*;
use crate::folder::Folder;
use crate::scratch::Scratch;
use practice::{LOG, Practice};
use std::cell::Cell;
use tacenda_shared::journal::simulated::{Failure, Fault, Operation, SimulatedFs};
use tacenda_shared::sync::{Outcome, Row, RowKey};

#[path = "../../tests/practice/mod.rs"]
mod practice;

const SEED: [u8; 32] = [9; 32];

/// One simulated folder for the one practice.
#[derive(Clone)]
struct Simulated {
    fs: SimulatedFs,
    has_room: std::rc::Rc<Cell<bool>>,
}

impl Disk for Simulated {
    type Fs = SimulatedFs;

    fn open(&self, _practice: PracticeId) -> std::io::Result<SimulatedFs> {
        Ok(self.fs.clone())
    }

    fn has_room(&self, _reserve: u64, _was_full: bool) -> bool {
        self.has_room.get()
    }
}

struct Desk {
    store: Store<Simulated>,
    disk: Simulated,
    practice: Practice,
    scratch: Scratch,
}

fn key() -> SigningKey {
    SigningKey::from_seed(SEED)
}

fn open(disk: &Simulated, practices: &[PracticeId], folder: &Folder) -> Store<Simulated> {
    let index = (Index::in_memory(), Origin::Created);
    let rest = (Invites::of(folder), Arc::new(Log::new()), Arc::default());
    Store::open(disk.clone(), practices, &SEED, Limits::default(), index, rest)
}

impl Desk {
    /// A store that keeps one practice, with its log begun.
    fn new() -> Self {
        let scratch = Scratch::new("store");
        let folder = Folder::at(scratch.path());
        let disk = Simulated { fs: SimulatedFs::new(1), has_room: Cell::new(true).into() };
        let mut store = open(&disk, &[], &folder);
        let mut practice = Practice::found(3, key().verifying());
        let token = Invites::of(&folder).issue(now()).unwrap();
        let founding = practice.founding(&token);
        assert_eq!(store.anonymous(founding, now()).unwrap(), Message::Taken);
        let genesis = practice.genesis(0);
        let mut desk = Self { store, disk, practice, scratch };
        assert!(matches!(desk.push_of(0, &[genesis])[..], [Outcome::Placed(_)]));
        desk
    }

    fn restart(&mut self) {
        let folder = Folder::at(self.scratch.path());
        self.store = open(&self.disk, &[self.practice.id], &folder);
    }

    fn request(&self, device: usize, message: Message) -> (Request, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        let device = self.practice.devices[device].id;
        let who = Who { practice: self.practice.id, by: Signer::Device(device), sheet: None };
        (Request { who, message, answer }, answered)
    }

    /// Does a group of jobs and returns all messages of each answer; none where nothing was
    /// answered.
    fn ask(&mut self, requests: Vec<(usize, Message)>) -> Vec<Vec<Message>> {
        let (jobs, answers): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .map(|(device, message)| {
                let (request, answered) = self.request(device, message);
                (Job::Ask(request), answered)
            })
            .unzip();
        // A store that fails drops what it has not answered.
        let _outcome = self.store.work(jobs, now());
        answers.into_iter().map(|answer| self.collect(answer)).collect()
    }

    fn collect(&mut self, mut answer: oneshot::Receiver<Answer>) -> Vec<Message> {
        // Nobody stands between here, so it does not matter who reads.
        let by = Signer::Device(DeviceId::from_bytes([0; 16]));
        let who = Who { practice: self.practice.id, by, sheet: None };
        let mut messages = Vec::new();
        let mut next = answer.try_recv().ok().flatten();
        while let Some((message, rest)) = next {
            messages.push(message);
            next = match rest {
                Reply::Nothing => None,
                reply => self.store.draw(who, reply),
            };
        }
        messages
    }

    fn push_of(
        &mut self,
        device: usize,
        envelopes: &[tacenda_shared::envelope::Envelope],
    ) -> Vec<Outcome> {
        let push = self.practice.push(envelopes);
        match self.ask(vec![(device, push)]).concat().pop() {
            Some(Message::Pushed(outcomes)) => outcomes,
            other => panic!("{other:?}"),
        }
    }

    fn pulled(&mut self, device: usize) -> u64 {
        let pull = self.practice.pull(0);
        let messages = self.ask(vec![(device, pull)]).concat();
        messages
            .iter()
            .map(|message| match message {
                Message::Entries(entries) => entries.head.position.get() - entries.after.get(),
                other => panic!("{other:?}"),
            })
            .sum()
    }
}

fn syncs(fs: &SimulatedFs) -> usize {
    fs.operations().iter().filter(|operation| **operation == Operation::SyncData).count()
}

fn is_refused(messages: &[Message], code: RefusalCode) -> bool {
    matches!(messages, [Message::Refused(why)] if why.code == code)
}

#[test]
fn what_came_in_together_is_synced_once() {
    let mut desk = Desk::new();
    let pushes: Vec<_> = (0..10)
        .map(|_| {
            let delta = desk.practice.delta(0, 200);
            (0, desk.practice.push(&[delta]))
        })
        .collect();
    let before = syncs(&desk.disk.fs);

    let answers = desk.ask(pushes);

    assert_eq!(answers.len(), 10);
    assert!(answers.iter().all(|answer| matches!(&answer[..],
        [Message::Pushed(outcomes)] if matches!(outcomes[..], [Outcome::Placed(_)]))));
    assert_eq!(syncs(&desk.disk.fs) - before, 1);
}

#[test]
fn nobody_hears_of_an_envelope_whose_sync_failed() {
    let mut desk = Desk::new();
    let outbox = Arc::new(Outbox::default());
    let (answer, mut answered) = oneshot::channel();
    let (first, key) = (desk.practice.hello(1), desk.practice.devices[1].tls.verifying());
    let greeting = Greeting { first, key, link: 1, outbox: Arc::clone(&outbox), answer };
    desk.store.greet(greeting, now());
    assert!(matches!(answered.try_recv(), Ok(Ok((_, Message::Welcome { .. })))));
    desk.disk.fs.plan(Fault { after: 1, failure: Failure::Input, sticky: false });
    let delta = desk.practice.delta(0, 200);
    let (request, mut answered) = desk.request(0, desk.practice.push(&[delta]));

    let outcome = desk.store.work(vec![Job::Ask(request)], now());

    assert!(matches!(outcome, Err(StoreError::Disk(_))));
    assert!(answered.try_recv().is_err());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    outbox.end();
    assert_eq!(runtime.block_on(outbox.next()), crate::outbox::Outgoing::End);
}

#[test]
fn a_full_disk_refuses_new_data_keeps_reads_and_recovers() {
    let mut desk = Desk::new();
    let kept = desk.practice.delta(0, 200);
    desk.push_of(0, &[kept]);
    desk.disk.fs.set_space(Some(desk.disk.fs.used() + 100));
    let delta = desk.practice.delta(0, 4000);
    let push = desk.practice.push(&[delta]);

    let full = desk.ask(vec![(0, push.clone()), (1, desk.practice.pull(0))]);
    assert!(is_refused(&full[0], RefusalCode::Storage), "{full:?}");
    assert!(matches!(full[1][..], [Message::Entries(_)]));
    assert_eq!(desk.pulled(1), 2);

    desk.disk.fs.set_space(None);
    let again = desk.ask(vec![(0, push)]).concat();
    assert!(
        matches!(&again[..], [Message::Pushed(outcomes)]
        if matches!(outcomes[..], [Outcome::Placed(_)])),
        "{again:?}"
    );
    desk.restart();
    assert_eq!(desk.pulled(1), 3);
}

#[test]
fn below_the_reserve_a_lost_laptop_can_still_be_revoked() {
    let mut desk = Desk::new();
    desk.disk.has_room.set(false);
    let delta = desk.practice.delta(0, 200);
    let push = desk.practice.push(&[delta]);
    assert!(is_refused(&desk.ask(vec![(0, push)])[0], RefusalCode::Storage));

    let revoke = desk.practice.revoke_second();
    let answer = desk.ask(vec![(0, revoke)]).concat();

    assert!(matches!(answer[..], [Message::PracticeAppended(_)]), "{answer:?}");
    let pull = desk.practice.pull(0);
    assert!(is_refused(&desk.ask(vec![(1, pull)])[0], RefusalCode::NotADevice));
}

#[test]
fn a_practice_that_has_used_its_quota_can_read_but_not_write() {
    let mut desk = Desk::new();
    desk.store.limits.bytes_per_practice = 1;
    let delta = desk.practice.delta(0, 200);
    let push = desk.practice.push(&[delta]);
    assert!(is_refused(&desk.ask(vec![(0, push)])[0], RefusalCode::Quota));
    assert_eq!(desk.pulled(1), 1);
}

#[test]
fn an_index_that_forgets_everything_costs_no_answer() {
    let mut desk = Desk::new();
    for _ in 0..5 {
        let delta = desk.practice.delta(0, 200);
        desk.push_of(0, &[delta]);
    }

    desk.restart();

    assert_eq!(desk.pulled(1), 6);
    let delta = desk.practice.delta(0, 200);
    assert!(matches!(desk.push_of(0, &[delta])[..], [Outcome::Placed(_)]));
    assert_eq!(desk.pulled(1), 7);
    assert_eq!(
        desk.store.practices[&desk.practice.id]
            .as_ref()
            .unwrap()
            .decisions
            .log_head(LOG)
            .unwrap()
            .position
            .get(),
        7
    );
}

#[test]
fn a_damaged_journal_is_not_served_and_not_changed() {
    let mut desk = Desk::new();
    let delta = desk.practice.delta(0, 200);
    desk.push_of(0, &[delta]);
    desk.store.mark().unwrap();
    let name = desk.disk.fs.names().into_iter().find(|name| name.ends_with(".seg")).unwrap();
    let mut bytes = desk.disk.fs.contents(&name).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    desk.disk.fs.put(&name, &bytes);

    desk.restart();

    let pull = desk.practice.pull(0);
    assert!(is_refused(&desk.ask(vec![(1, pull)])[0], RefusalCode::Storage));
    assert_eq!(desk.disk.fs.contents(&name), Some(bytes));
    assert_eq!(desk.store.served(), 0);
}

#[test]
fn a_token_brings_one_practice_only() {
    let scratch = Scratch::new("tokens");
    let folder = Folder::at(scratch.path());
    let disk = Simulated { fs: SimulatedFs::new(1), has_room: Cell::new(true).into() };
    let mut store = open(&disk, &[], &folder);
    let token = Invites::of(&folder).issue(now()).unwrap();
    let first = Practice::found(3, key().verifying());
    let second = Practice::found(4, key().verifying());
    let elsewhere = Practice::found(5, SigningKey::from_seed([1; 32]).verifying());
    let mut found = |practice: &Practice, token: &[u8]| {
        store.anonymous(practice.founding(token), now()).unwrap()
    };

    assert_eq!(found(&first, b"guess"), refusal(RefusalCode::Admission));
    assert_eq!(found(&elsewhere, &token), refusal(RefusalCode::NotPermitted));
    assert_eq!(found(&first, &token), Message::Taken);
    assert_eq!(found(&second, &token), refusal(RefusalCode::Admission));
}

#[test]
fn a_device_listens_on_no_more_links_than_it_may() {
    let mut desk = Desk::new();
    let mut last = None;
    for link in 0..=u64::from(Limits::default().connections_per_device) {
        let (answer, mut answered) = oneshot::channel();
        let (first, key) = (desk.practice.hello(1), desk.practice.devices[1].tls.verifying());
        desk.store.greet(Greeting { first, key, link, outbox: Arc::default(), answer }, now());
        last = answered.try_recv().ok();
    }
    assert_eq!(last, Some(Err(Refusal::new(RefusalCode::TooOften))));
}

#[test]
fn a_deleted_row_is_gone_from_the_disk_and_nothing_else_is() {
    let mut desk = Desk::new();
    for _ in 0..5 {
        let delta = desk.practice.delta(0, 200);
        desk.push_of(0, &[delta]);
    }
    let row = |byte| Row { key: RowKey([byte; 41]), bytes: vec![byte; 76] };
    let (kept, gone) = (row(0x41), row(0x42));
    let id = desk.practice.id;
    for frame in [
        ServerFrame::Row(kept.clone()),
        ServerFrame::Row(gone.clone()),
        ServerFrame::RowGone(gone.key),
    ] {
        assert!(desk.store.commit(id, &[frame]).unwrap());
    }
    let lies_on_disk = |fs: &SimulatedFs, row: &Row| {
        fs.names().iter().any(|name| {
            let bytes = fs.contents(name).unwrap();
            bytes.windows(76).any(|window| window == row.bytes)
        })
    };
    assert!(lies_on_disk(&desk.disk.fs, &gone));

    desk.store.collect(now()).unwrap();

    assert!(!lies_on_disk(&desk.disk.fs, &gone));
    let read = Message::RowsGet(vec![kept.key, gone.key]);
    let rows = vec![Some(kept.bytes.clone()), None];
    assert_eq!(desk.ask(vec![(1, read.clone())]).concat(), [Message::Rows(rows.clone())]);
    assert_eq!(desk.pulled(1), 6);
    desk.restart();
    assert_eq!(desk.ask(vec![(1, read)]).concat(), [Message::Rows(rows)]);
    assert_eq!(desk.pulled(1), 6);
}

#[test]
fn a_device_that_is_about_to_be_cut_off_waits_for_two_seconds_or_for_the_entry() {
    let mut desk = Desk::new();
    let begin = now();
    let heads = Message::DeviceHead(vec![desk.practice.devices[1].id]);
    let waiting = |desk: &mut Desk| {
        let delta = desk.practice.delta(1, 200);
        let (request, answered) = desk.request(1, desk.practice.push(&[delta]));
        desk.store.work(vec![Job::Ask(request)], begin).unwrap();
        answered
    };
    let ask_heads = |desk: &mut Desk| {
        let (request, _) = desk.request(0, heads.clone());
        desk.store.work(vec![Job::Ask(request)], begin).unwrap();
    };

    ask_heads(&mut desk);
    let mut first = waiting(&mut desk);
    desk.store.retry_held(begin.plus_millis(1999)).unwrap();
    assert!(first.try_recv().is_err());
    assert!(desk.store.patience(begin).unwrap() <= Duration::from_secs(2));
    desk.store.retry_held(begin.plus_millis(2001)).unwrap();
    assert!(matches!(first.try_recv(), Ok(Some((Message::Pushed(_), _)))));

    ask_heads(&mut desk);
    let before = desk.practice.devices[1].own();
    let mut second = waiting(&mut desk);
    desk.practice.devices[1].forget_since(before);
    let revoke = desk.practice.revoke_second();
    let (request, _) = desk.request(0, revoke);
    desk.store.work(vec![Job::Ask(request)], begin).unwrap();
    desk.store.retry_held(begin).unwrap();
    let answer = second.try_recv();
    assert!(matches!(answer, Ok(Some((Message::Refused(why), _)))
        if why.code == RefusalCode::NotADevice));
}

#[test]
fn an_index_that_forgets_while_the_server_runs_is_filled_again() {
    let mut desk = Desk::new();
    let (index, origin) = Index::open(&desk.scratch.path().join("index"));
    assert_eq!(origin, Origin::Created);
    desk.store.index = index;
    desk.store.reopen_all();
    for _ in 0..3 {
        let delta = desk.practice.delta(0, 200);
        desk.push_of(0, &[delta]);
    }
    assert_eq!(desk.pulled(1), 4);
    desk.store.index.clear().unwrap();

    assert_eq!(desk.pulled(1), 4);

    assert!(desk.store.index.is_in_memory());
}
