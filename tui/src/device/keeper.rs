//! The keeper: the one thread that has the practice. Effects and commands come in, events go out.
//!
//! It waits without a tick: it wakes only for what comes in and for keystrokes that are due to
//! reach the disk.

mod changed;
mod confirming;
mod due;
mod found;
mod orders;
mod running;
mod search;
mod setting;
mod taking_in;

use super::courier::Delivered;
use super::home::{Home, VaultLock};
use super::online::Online;
use super::open::{Device, DeviceError};
use super::setup::{Founding, SetUp};
use crate::acts::{Cue, Prompter};
use crate::cli::answer;
use crate::cli::request::{Reply, Request};
use crate::cli::socket::{Asked, Listener};
use crate::cli::sync::Waiting;
use crate::guard;
use crate::link::Told;
use crate::message::{DeviceEvent, Effect, Secret, SyncStatus, VaultState};
use crate::notice::Notice;
use crate::runtime::{DevicePort, Zone};
use orders::{Joining, Running};
use search::Searching;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::vault::{KdfCost, Vault};
use tacenda_shared::practice::edit::{Purpose, Subject};
use tacenda_shared::practice::view::Index;
use tokio::sync::mpsc::UnboundedSender;

/// What the keeper hears.
#[derive(Debug)]
pub enum Ask {
    /// A command of the command line.
    Command(Asked),
    /// An effect of the interface.
    Effect(Effect),
    /// A device that is being added, with the number of the order.
    Joining(u64, Joining),
    /// The interface has left.
    Leave,
    /// The link to the server, the one with this number.
    Link(u64, Told),
}

/// What a keeper is started with.
pub struct Settings {
    /// Where the vault lies.
    pub home: Home,
    /// What one try at a new passphrase shall cost.
    pub cost: KdfCost,
    /// A demo's passphrase, shown on its lock screen.
    pub demo_passphrase: Option<Secret>,
    /// The zone in which the interface tells the time; set when a practice opens.
    pub zone: Zone,
    /// A demo's stage.
    pub stage: Option<Stage>,
    /// What the time is.
    pub now: fn() -> Timestamp,
}

/// What a demo has besides a practice.
pub struct Stage {
    /// Where cues go.
    pub prompter: Prompter,
    /// The address to which the cable leads.
    pub route: String,
}

enum Practice {
    Absent,
    Locked,
    Open { device: Box<Device>, _listener: Option<Listener> },
    SettingUp(Box<SetUp>),
}

/// The keeper's state, owned by its thread.
pub struct Keeper {
    settings: Settings,
    /// Held from start to end, also while the vault is locked.
    lock: Option<VaultLock>,
    practice: Practice,
    events: UnboundedSender<DeviceEvent>,
    asks: Sender<Ask>,
    shown: BTreeSet<Subject>,
    watchers: Vec<Sender<Reply>>,
    online: Option<Online>,
    /// Commands that wait until nothing is left to send or to fetch.
    waiting: Waiting,
    /// What was ordered and is not done yet.
    running: Option<Running>,
    /// What the window looks for in texts.
    searching: Searching,
    /// The command that has ordered it; without one, the window has.
    asker: Option<Sender<Reply>>,
    /// Counts up with each device that is to be added.
    joinings: u64,
    /// Counts up with each unlock, so that a link of before is not heard any more.
    links: u64,
    sync: SyncStatus,
}

impl Keeper {
    /// Starts the keeper's thread. It ends when the interface's end of the port is closed.
    pub fn start(
        settings: Settings,
        opened: Option<(Device, VaultLock)>,
        port: DevicePort,
    ) -> std::io::Result<thread::JoinHandle<()>> {
        let DevicePort { mut effects, events } = port;
        let (asks, queue) = channel();
        let own = asks.clone();
        thread::Builder::new().name("effects".into()).spawn(move || {
            while let Some(effect) = effects.blocking_recv() {
                if asks.send(Ask::Effect(effect)).is_err() {
                    return;
                }
            }
            // The keeper may have ended before; then there is nobody to tell.
            let _ended = asks.send(Ask::Leave);
        })?;
        thread::Builder::new().name("keeper".into()).spawn(move || {
            let mut keeper = Self {
                settings,
                lock: None,
                practice: Practice::Absent,
                events,
                asks: own,
                shown: BTreeSet::new(),
                watchers: Vec::new(),
                online: None,
                waiting: Waiting::default(),
                running: None,
                searching: Searching::default(),
                asker: None,
                joinings: 0,
                links: 0,
                sync: SyncStatus::default(),
            };
            keeper.begin(opened);
            keeper.run(&queue);
        })
    }

    fn begin(&mut self, opened: Option<(Device, VaultLock)>) {
        if let Some((device, lock)) = opened {
            self.lock = Some(lock);
            self.tell(DeviceEvent::State(self.vault_state()));
            self.opened(Box::new(device), DeviceEvent::Unlocked);
            return;
        }
        if let Err(error) = self.take_lock() {
            self.tell(DeviceEvent::State(VaultState::Broken(error)));
            return;
        }
        let state = self.vault_state();
        self.practice = match state {
            VaultState::Locked { .. } => Practice::Locked,
            VaultState::Absent | VaultState::Broken(_) => Practice::Absent,
        };
        self.tell(DeviceEvent::State(state));
    }

    fn take_lock(&mut self) -> Result<(), Notice> {
        if self.lock.is_none() {
            self.lock = Some(self.settings.home.lock().map_err(|error| Notice::from(&error))?);
        }
        Ok(())
    }

    fn vault_state(&self) -> VaultState {
        let header = match self.settings.home.read_vault() {
            Ok(None) => return VaultState::Absent,
            Ok(Some(bytes)) => Vault::read_header(&bytes).map_err(|error| Notice::from(&error)),
            Err(error) => Err(Notice::from(&error)),
        };
        match header {
            Ok(header) => VaultState::Locked {
                vault: self.settings.home.name(),
                device: header.device_name,
                demo_passphrase: self.settings.demo_passphrase.as_ref().map(|p| p.0.to_string()),
            },
            Err(notice) => VaultState::Broken(notice),
        }
    }

    fn run(&mut self, queue: &Receiver<Ask>) {
        loop {
            let turn = catch_unwind(AssertUnwindSafe(|| self.turn(queue)));
            match turn {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(fault) => {
                    // Whatever went wrong: what was typed goes to the disk, if it still can.
                    let _lost_too = catch_unwind(AssertUnwindSafe(|| self.flush_at_once()));
                    resume_unwind(fault);
                }
            }
        }
        if let Some(mut parting) = self.lock_now() {
            parting.end();
        }
    }

    /// Does what is asked next, and what is due then.
    fn turn(&mut self, queue: &Receiver<Ask>) -> ControlFlow<()> {
        let asked = match self.patience() {
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(patience) => queue.recv_timeout(patience),
        };
        match asked {
            Ok(Ask::Command(asked)) => self.command(asked),
            Ok(Ask::Leave) | Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
            Ok(Ask::Effect(effect)) => self.effect(effect),
            Ok(Ask::Joining(number, joining)) => self.joining(number, joining),
            Ok(Ask::Link(number, told)) => self.told(number, told),
            Err(RecvTimeoutError::Timeout) => self.in_idle_time(),
        }
        self.flush();
        self.keep_company();
        self.send();
        if self.carry_on() {
            self.send();
        }
        self.show_company();
        if let Practice::Open { device, .. } = &self.practice {
            self.waiting.look(device, (self.settings.now)());
        }
        ControlFlow::Continue(())
    }

    /// While nobody asks for anything: makes the link ready, opens what has come, then compares what
    /// is left of the journal with what was written, a part at a time.
    fn in_idle_time(&mut self) {
        if self.searching.is_on() {
            // Somebody waits for it.
            self.search_on((self.settings.now)());
            return;
        }
        let Practice::Open { device, .. } = &mut self.practice else { return };
        if device.is_attaching() {
            self.connect();
            return;
        }
        if let Some(online) = self.online.as_mut().filter(|_| device.has_shelf()) {
            let now = (self.settings.now)();
            let delivered = online.open_shelf(device, now);
            self.delivered(delivered, now);
            return;
        }
        if let Some(notice) = device.check_next() {
            self.tell(DeviceEvent::Alarm(notice));
        }
    }

    /// Says what is due of where this device is.
    fn keep_company(&mut self) {
        let now = (self.settings.now)();
        if let Practice::Open { device, .. } = &mut self.practice {
            device.keep_company(now);
        }
    }

    fn effect(&mut self, effect: Effect) {
        let now = (self.settings.now)();
        match effect {
            Effect::Unlock(passphrase) => self.unlock(&passphrase, now),
            Effect::Lock => {
                drop(self.lock_now());
                self.tell(DeviceEvent::Locked);
                self.tell(DeviceEvent::State(self.vault_state()));
            }
            Effect::Found { zone, clinician, device, passphrase } => {
                let founding = Founding { zone, clinician, device, cost: self.settings.cost };
                self.found(founding, &passphrase, now);
            }
            Effect::CheckSheet(words) => self.check_sheet(&words, now),
            Effect::Edit { ticket, edit } => {
                let outcome = self.with_device(|device| device.apply(edit, now));
                self.tell(DeviceEvent::Applied { ticket, outcome });
                self.changed(now);
                self.tell_sync();
            }
            Effect::Undo { ticket, edit } => {
                let outcome = self.with_device(|device| device.undo(edit, now));
                self.tell(DeviceEvent::Applied { ticket, outcome });
                self.changed(now);
                self.tell_sync();
            }
            Effect::Open(subject, purpose) => self.open_view(subject, purpose, now),
            Effect::Close(subject) => self.close_view(subject, now),
            Effect::Type { note, client, splices, seen } => {
                if let Practice::Open { device, .. } = &mut self.practice {
                    device.type_keys_after((note, client), splices, seen, now);
                }
            }
            Effect::Look { note, part, position, seen } => {
                if let Practice::Open { device, .. } = &mut self.practice {
                    device.look(note, (part, position), seen);
                }
            }
            Effect::Commit { note, client } => {
                if let Err(notice) = self.with_device(|device| device.commit(note, client, now)) {
                    self.tell(DeviceEvent::Alarm(notice));
                }
                self.changed(now);
            }
            Effect::CopyLink(appointment) => {
                let outcome = self.with_device(|device| device.copy_link(appointment, now));
                self.tell(DeviceEvent::Copied(outcome));
            }
            Effect::Demo(cue) => self.cue(cue),
            Effect::Order(order) => self.order(order, now),
            Effect::Search(asked) => self.search(asked, now),
            // These are the runtime's.
            Effect::Clipboard(_)
            | Effect::Quit
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Wake(_) => {}
        }
    }

    fn open_view(&mut self, subject: Subject, purpose: Purpose, now: Timestamp) {
        let outcome = self.with_device(|device| device.open(subject, purpose, now));
        if let (Ok(view), Practice::Open { device, .. }) = (&outcome, &mut self.practice) {
            self.shown.insert(subject);
            device.shows(subject, view);
        }
        self.tell(DeviceEvent::Opened { subject, outcome: outcome.map(Box::new) });
    }

    fn cue(&self, cue: Cue) {
        let Some(stage) = &self.settings.stage else { return };
        stage.prompter.cue(cue);
        if let (Cue::Cable(true), Some(online)) = (cue, &self.online) {
            online.renew();
        }
    }

    fn with_device<T>(
        &mut self,
        act: impl FnOnce(&mut Device) -> Result<T, DeviceError>,
    ) -> Result<T, Notice> {
        match &mut self.practice {
            Practice::Open { device, .. } => act(device).map_err(|error| Notice::from(&error)),
            Practice::Absent | Practice::Locked | Practice::SettingUp(_) => Err(locked()),
        }
    }

    fn unlock(&mut self, passphrase: &Secret, now: Timestamp) {
        if !matches!(self.practice, Practice::Locked) {
            return;
        }
        let outcome = Passphrase::from_text(&passphrase.0)
            .map_err(|_| DeviceError::PassphraseTooLong)
            .and_then(|typed| Device::unlock(&self.settings.home, &typed, 0, now));
        match outcome {
            Ok(device) => {
                self.opened(Box::new(device), DeviceEvent::Unlocked);
            }
            Err(error) => {
                if matches!(error, DeviceError::PassphraseTooLong) {
                    // Longer than any that could be right, so it was not even tried.
                    self.settings.home.count_failure(now);
                }
                self.tell(DeviceEvent::Alarm(Notice::from(&error)));
            }
        }
    }

    fn opened(&mut self, mut device: Box<Device>, event: impl FnOnce(Arc<Index>) -> DeviceEvent) {
        let warnings = device.take_warnings();
        let asks = self.asks.clone();
        let listener = Listener::bind(&self.settings.home.socket(), move |asked| {
            asks.send(Ask::Command(asked)).is_ok()
        });
        let index = device.index();
        if let Ok(zone) = jiff::tz::TimeZone::get(&index.zone) {
            self.settings.zone.set(zone);
        }
        self.tell(event(index));
        self.sync = device.sync_status();
        self.tell(DeviceEvent::Sync(self.sync.clone()));
        for warning in warnings {
            self.tell(DeviceEvent::Alarm(warning));
        }
        if listener.is_err() {
            self.tell(DeviceEvent::Alarm(Notice::new(
                "Commands such as `tacenda today` cannot reach this window.",
                "Your records are not affected.",
                "Check that the folder of your practice allows sockets.",
            )));
        }
        self.practice = Practice::Open { device, _listener: listener.ok() };
        self.connect();
    }

    /// Keeps up a link from now on, if the practice has a server. In a large one it is not ready at
    /// once: idle time goes on with it.
    fn connect(&mut self) {
        let Practice::Open { device, .. } = &mut self.practice else { return };
        match device.attach_some((self.settings.now)()) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                self.tell(DeviceEvent::Alarm(Notice::from(&error)));
                return;
            }
        }
        self.links = self.links.saturating_add(1);
        let (number, asks) = (self.links, self.asks.clone());
        let tell = move |told| asks.send(Ask::Link(number, told)).is_ok();
        let route = self.settings.stage.as_ref().map(|stage| stage.route.as_str());
        match Online::start_by(device, route, (self.settings.now)(), tell) {
            Ok(online) => self.online = online,
            Err(error) => self.tell(DeviceEvent::Alarm(Notice::from(&error))),
        }
    }

    fn told(&mut self, number: u64, told: Told) {
        let now = (self.settings.now)();
        let Practice::Open { device, .. } = &mut self.practice else { return };
        let Some(online) = self.online.as_mut().filter(|_| number == self.links) else { return };
        let trouble = match told {
            Told::Down(trouble) => Some(trouble),
            _ => None,
        };
        let delivered = online.told_first(device, told, now);
        if device.sync_status().connected {
            self.waiting.arrived(now);
        } else if trouble.is_some() && self.waiting.due().is_some() {
            online.hurry();
        }
        self.delivered(delivered, now);
        if let Some(trouble) = trouble {
            self.link_is_down(trouble);
        }
    }

    /// Sends what was made since, and tells what became of it.
    fn send(&mut self) {
        let now = (self.settings.now)();
        let Practice::Open { device, .. } = &mut self.practice else { return };
        let Some(online) = &mut self.online else { return };
        let delivered = online.work(device, now);
        self.delivered(delivered, now);
    }

    fn delivered(&mut self, delivered: Result<Delivered, DeviceError>, now: Timestamp) {
        match delivered {
            Ok(Delivered { changed, notices, .. }) => {
                if changed {
                    self.changed(now);
                }
                for notice in notices {
                    self.waiting.alarm(&notice);
                    self.tell(DeviceEvent::Alarm(notice));
                }
            }
            Err(error) => {
                // What was shown before it was stored may not be there.
                self.changed(now);
                self.tell(DeviceEvent::Alarm(Notice::from(&error)));
            }
        }
        self.tell_sync();
    }

    /// Tells the state of the link, if it has changed.
    fn tell_sync(&mut self) {
        let Practice::Open { device, .. } = &mut self.practice else { return };
        let warnings = device.take_warnings();
        let sync = device.sync_status();
        for warning in warnings {
            self.tell(DeviceEvent::Alarm(warning));
        }
        if sync != self.sync {
            self.tell(DeviceEvent::Sync(sync.clone()));
            self.sync = sync;
        }
    }

    /// Locks. Returns the link, which ends once what was said last has gone out.
    fn lock_now(&mut self) -> Option<Online> {
        let mut parting = self.online.take();
        if let (Some(online), Practice::Open { device, .. }) = (&mut parting, &mut self.practice) {
            let notices = online.take_leave(device, (self.settings.now)());
            notices.into_iter().for_each(|notice| self.tell(DeviceEvent::Alarm(notice)));
        }
        let unfinished = self.running.take().and_then(Running::unfinished);
        self.asker = None;
        self.searching = Searching::default();
        self.shown.clear();
        self.watchers.clear();
        self.waiting.lock();
        let now = (self.settings.now)();
        match std::mem::replace(&mut self.practice, Practice::Locked) {
            Practice::Open { device, _listener } => {
                if let Err(error) = device.lock(now) {
                    self.tell(DeviceEvent::Alarm(error.at_lock()));
                }
            }
            other @ (Practice::Absent | Practice::Locked) => self.practice = other,
            Practice::SettingUp(_) => self.practice = Practice::Absent,
        }
        if let Some(notice) = unfinished {
            self.tell(DeviceEvent::Alarm(notice));
        }
        guard::sweep_stack();
        parting
    }

    fn command(&mut self, asked: Asked) {
        let now = (self.settings.now)();
        match (&mut self.practice, asked.request) {
            (_, Request::Lock) => {
                drop(self.lock_now());
                self.tell(DeviceEvent::Locked);
                self.tell(DeviceEvent::State(self.vault_state()));
                let _gone = asked.replies.send(Reply::Done);
            }
            (Practice::Open { .. }, Request::Connect { invite }) => {
                self.connect_for(&invite, asked.replies, now);
            }
            (
                Practice::Open { .. },
                request @ (Request::DeviceRevoke { .. }
                | Request::ServerAddress { .. }
                | Request::Sheet { .. }),
            ) => self.order_for(request, asked.replies, now),
            (Practice::Open { .. }, Request::Watch) => self.watchers.push(asked.replies),
            (Practice::Open { device, .. }, Request::Sync { until_idle: true }) => {
                self.waiting.begin(device, asked.replies, now);
                if let Some(online) = self.online.as_ref().filter(|_| !device.is_current()) {
                    online.hurry();
                }
            }
            (Practice::Open { device, .. }, request) => {
                let answered =
                    answer::answer(request, device, &self.settings.home, now, &mut |reply| {
                        // A command that has gone away needs no more lines.
                        asked.replies.send(reply).is_ok()
                    });
                if answered.changed {
                    self.changed(now);
                    self.tell_sync();
                }
                if let Some((says, inverse)) = answered.undo {
                    self.tell(DeviceEvent::Commanded { says, inverse });
                }
            }
            (_, _) => {
                let notice = locked();
                let refused = Reply::Refused {
                    notice: [notice.happened, notice.safe, notice.next],
                    locked: true,
                };
                let _gone = asked.replies.send(refused);
            }
        }
    }

    fn tell(&self, event: DeviceEvent) {
        // The interface may be gone already; then nobody needs to be told.
        let _gone = self.events.send(event);
    }
}

fn locked() -> Notice {
    Notice::new("The practice is locked.", "Nothing has been changed.", "Unlock it first.")
}
