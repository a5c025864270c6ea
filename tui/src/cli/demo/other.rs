//! The device that works beside the first of a demo: a process with a vault and keys of its own
//! and no screen. Now and then it books or moves an appointment, and writes into a draft.

use super::now;
use crate::acts::OtherDevice;
use crate::cli::print;
use crate::device::chance::OsRandom;
use crate::device::home::Home;
use crate::device::online::Online;
use crate::device::open::{Device, DeviceError};
use crate::link::Told;
use crate::notice::Notice;
use crate::program::{DONE, refuse};
use crate::screen::parts::{day, when};
use std::io::BufRead as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::edit::{
    AppointmentKind, Edit, Modality, NewAppointment, NoteFormat, Purpose, Slot, Splice, Subject,
};
use tacenda_shared::practice::view::View;
use zeroize::Zeroizing;

/// Between two acts.
const PACE_MILLIS: i64 = 6_000;
/// Until it looks again whether it can begin.
const SOON_MILLIS: i64 = 1_000;
/// Appointments that it books; afterwards it only moves them.
const BOOKED_MAX: usize = 6;
/// Length of what it books.
const MINUTES: u16 = 30;
/// Days among which it looks for free time.
const DAYS: i64 = 10;
/// How much it gives way to the interface, in steps of `nice`.
const NICE: i32 = 10;

/// What it writes, about nobody.
const SENTENCES: [&str; 8] = [
    "Came on time and chose the chair by the window.",
    "Slept better on four of seven nights, by the diary.",
    "We went through the week and marked what had been tried.",
    "The walk to the station was possible twice, once alone.",
    "Breathing exercise repeated; counts to six without strain.",
    "Wants to speak with the sister before the holidays.",
    "Next time: look at the list of small steps again.",
    "Agreed to bring the sleep diary.",
];

enum Heard {
    End,
    Order(String),
    Told(Told),
}

/// Works until standard input ends, the first line of which is the passphrase.
pub(super) fn run(folder: &Path) -> u8 {
    // Whoever watches the interface comes first; where the system refuses, nothing is lost.
    let _refused = rustix::process::nice(NICE);
    match begin(folder).and_then(Worker::run) {
        Ok(()) => DONE,
        Err(notice) => refuse(&notice),
    }
}

struct Worker {
    device: Device,
    online: Option<Online>,
    queue: Receiver<Heard>,
    done: OtherDevice,
    booked: Vec<AppointmentId>,
    draft: Option<(ClientId, ObjectId)>,
    turn: usize,
}

fn begin(folder: &Path) -> Result<Worker, Notice> {
    let told = |error: DeviceError| Notice::from(&error);
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line).map_err(|cause| told(cause.into()))?;
    let passphrase =
        Passphrase::from_text(line.trim_end()).map_err(|_| told(DeviceError::PassphraseTooLong))?;
    let home = Home::contained_in(folder);
    let mut device = Device::unlock(&home, &passphrase, 0, now()).map_err(told)?;
    let (sender, queue) = channel();
    let orders = sender.clone();
    let reading = thread::Builder::new().name("orders".into()).spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if orders.send(Heard::Order(line)).is_err() {
                return;
            }
        }
        let _gone = orders.send(Heard::End);
    });
    reading.map_err(|cause| told(cause.into()))?;
    let tell = move |word| sender.send(Heard::Told(word)).is_ok();
    let online = Online::start(&mut device, now(), tell).map_err(told)?;
    let done = OtherDevice { works: true, ..OtherDevice::default() };
    let (booked, draft) = (Vec::new(), None);
    Ok(Worker { device, online, queue, done, booked, draft, turn: 0 })
}

impl Worker {
    fn run(mut self) -> Result<(), Notice> {
        let mut next = now().plus_millis(SOON_MILLIS);
        loop {
            let heard = self.queue.recv_timeout(self.patience(next));
            let now = now();
            match heard {
                Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(Heard::Order(order)) => match order.as_str() {
                    "now" => next = self.act(now),
                    word => {
                        self.done.works = word == "work";
                        next = now;
                        self.report();
                    }
                },
                Ok(Heard::Told(told)) => self.hear(told, now)?,
                Err(RecvTimeoutError::Timeout) => self.open_shelf(now)?,
            }
            if self.done.works && next <= now {
                next = self.act(now);
            }
            if let Some(online) = &mut self.online {
                online.work(&mut self.device, now).map_err(|error| Notice::from(&error))?;
            }
        }
        self.online = None;
        self.device.lock(now()).map_err(|error| Notice::from(&error))
    }

    fn hear(&mut self, told: Told, now: Timestamp) -> Result<(), Notice> {
        let Some(online) = &mut self.online else { return Ok(()) };
        let delivered = online.told(&mut self.device, told, now);
        delivered.map(drop).map_err(|error| Notice::from(&error))
    }

    fn open_shelf(&mut self, now: Timestamp) -> Result<(), Notice> {
        let Some(online) = self.online.as_mut().filter(|_| self.device.has_shelf()) else {
            return Ok(());
        };
        let delivered = online.open_shelf(&mut self.device, now);
        delivered.map(drop).map_err(|error| Notice::from(&error))
    }

    /// How long there is nothing to do.
    fn patience(&self, next: Timestamp) -> Duration {
        if self.device.has_shelf() {
            return Duration::ZERO;
        }
        let next = self.done.works.then_some(next);
        let due = self.device.link_due().into_iter().chain(next).min();
        let wait = due.map_or(PACE_MILLIS, |due| due.millis_since(now()));
        Duration::from_millis(u64::try_from(wait).unwrap_or(0))
    }

    /// Does the next thing; returns when the one after it is due.
    fn act(&mut self, now: Timestamp) -> Timestamp {
        if !self.device.is_current() {
            return now.plus_millis(SOON_MILLIS);
        }
        if self.turn == 0 {
            // Until it has the practice, it is not said to work.
            self.report();
        }
        self.turn = self.turn.wrapping_add(1);
        // What is refused, because somebody else was first, is tried in another way next time.
        let did = match self.turn % 3 {
            0 if self.booked.len() < BOOKED_MAX => self.book(now),
            0 => self.shift(now),
            _ => self.write(now),
        };
        if did.is_ok_and(|did| did.is_some()) {
            self.report();
        }
        now.plus_millis(PACE_MILLIS)
    }

    fn report(&self) {
        let OtherDevice { works, booked, moved, written } = self.done;
        print::line(&format!("did {} {booked} {moved} {written}", u8::from(works)));
    }

    /// A client, another one each time.
    fn client(&self) -> Option<ClientId> {
        let index = self.device.index();
        let clients: Vec<ClientId> =
            index.clients.values().filter(|row| !row.archived).map(|row| row.id).collect();
        clients.get((self.turn / 3).checked_rem(clients.len())?).copied()
    }

    /// Free time, the first from now on.
    fn slot(&self, now: Timestamp) -> Option<Slot> {
        let index = self.device.index();
        let clinician = *index.clinicians.keys().next()?;
        let local = when::local(now, &index.zone);
        let free = (0..DAYS).flat_map(|ahead| {
            let date = when::shifted(local.date(), ahead);
            day::lines(&index, Some(clinician), date).into_iter().filter_map(|line| match line {
                day::Line::Free { start, minutes } if minutes >= i64::from(MINUTES) => Some(start),
                day::Line::Free { .. } | day::Line::Appointment(_) => None,
            })
        });
        let start = free.into_iter().find(|start| *start > local)?;
        let zone = index.zone.clone();
        let modality = Modality::Video;
        Some(Slot { start, zone, minutes: MINUTES, clinician, room: None, modality })
    }

    fn book(&mut self, now: Timestamp) -> Result<Option<()>, DeviceError> {
        let (Some(client), Some(slot)) = (self.client(), self.slot(now)) else { return Ok(None) };
        let id = AppointmentId::random(&mut OsRandom);
        let (kind, memo) = (AppointmentKind::Individual, None);
        let appointment = NewAppointment { id, clients: vec![client], kind, slot, memo };
        self.device.apply(Edit::Book(appointment), now)?;
        self.booked.push(id);
        self.done.booked = self.done.booked.saturating_add(1);
        Ok(Some(()))
    }

    fn shift(&mut self, now: Timestamp) -> Result<Option<()>, DeviceError> {
        let which = (self.turn / 3).checked_rem(self.booked.len());
        let appointment = which.and_then(|which| self.booked.get(which)).copied();
        let (Some(appointment), Some(slot)) = (appointment, self.slot(now)) else {
            return Ok(None);
        };
        self.device.apply(Edit::Move { appointment, slot }, now)?;
        self.done.moved = self.done.moved.saturating_add(1);
        Ok(Some(()))
    }

    fn write(&mut self, now: Timestamp) -> Result<Option<()>, DeviceError> {
        let (client, note) = match self.draft {
            Some(draft) => draft,
            None => {
                let Some(client) = self.client() else { return Ok(None) };
                let note = ObjectId::random(&mut OsRandom);
                let (session, format) = (None, NoteFormat::Free);
                self.device.apply(Edit::BeginNote { note, client, session, format }, now)?;
                self.draft = Some((client, note));
                (client, note)
            }
        };
        let subject = Subject::Draft(client, note);
        let view = self.device.open(subject, Purpose::Care, now)?;
        self.device.close_view(subject, now);
        let View::Draft(draft) = view else { return Ok(None) };
        let Some((part, before)) = draft.parts.first() else { return Ok(None) };
        let which = usize::try_from(self.done.written).unwrap_or_default() % SENTENCES.len();
        let sentence = SENTENCES.get(which).copied().unwrap_or_default();
        let gap = if before.is_empty() { "" } else { " " };
        let position = before.chars().count();
        let splice =
            Splice { part: *part, position, deleted: 0, inserted: format!("{gap}{sentence}") };
        self.device.apply(Edit::ChangeDraft { note, client, splices: vec![splice] }, now)?;
        self.done.written = self.done.written.saturating_add(1);
        Ok(Some(()))
    }
}

/// Reads what the other device says that it has done.
pub(super) fn read_report(line: &str) -> Option<OtherDevice> {
    let mut words = line.strip_prefix("did ")?.split(' ');
    let mut number = || words.next()?.parse::<u32>().ok();
    let works = number()? == 1;
    let (booked, moved, written) = (number()?, number()?, number()?);
    Some(OtherDevice { works, booked, moved, written })
}
