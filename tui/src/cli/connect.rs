//! `tacenda connect`: brings a practice to a server that invites it, and waits until everything
//! is there.

use crate::device::courier::Delivered;
use crate::device::courier::enrol::EnrolError;
use crate::device::online::Online;
use crate::device::open::Device;
use crate::link::{Line, Target, Told, Trouble};
use crate::notice::Notice;
use crate::screen::sync::{bar, doing};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;
use tacenda_shared::id::Timestamp;
use tacenda_shared::membership::{Entry, Server};
use tacenda_shared::sync::{Invite, MAX_MESSAGE, MAX_MESSAGE_BEFORE_HELLO, Message, RefusalCode};
use zeroize::Zeroizing;

/// How often a command looks whether something is overdue.
const LOOK: Duration = Duration::from_millis(500);
/// How long a server that cannot be reached is waited for.
const PATIENCE_MILLIS: i64 = 45_000;

/// So often a link may be dropped before the command says why it gives up.
const REFUSALS: u32 = 3;

/// Where a command says how far it is.
pub type Progress<'a> = &'a mut dyn FnMut(&str);

/// Reads an invite as it was pasted.
pub fn invite(text: &str) -> Result<Invite, Notice> {
    Invite::parse(text).ok_or_else(|| {
        Notice::new(
            "That is not an invite.",
            NOTHING_CHANGED,
            "An invite is one line that begins with tacenda1; `tacenda-server invite` prints it.",
        )
    })
}

/// Brings the practice to the server of an invite. Nothing is changed before it has taken the
/// practice.
pub fn connect(device: &mut Device, invite: &Invite, now: Timestamp) -> Result<(), Notice> {
    connect_or_move(device, invite, &mut || false, now)
}

/// The same for a practice that may have had another server. If a device of the practice has
/// named this one already, this device follows; else, if `agrees`, this device names it.
pub fn connect_or_move(
    device: &mut Device,
    invite: &Invite,
    agrees: &mut dyn FnMut() -> bool,
    now: Timestamp,
) -> Result<(), Notice> {
    let known = device.target();
    let same = known.as_ref().is_some_and(|known| known.pin == Some(invite.pin));
    let as_device = device.target_at(invite.addresses.clone(), invite.pin);
    if known.is_some() && !same {
        if follow(device, &as_device, now)? {
            return Ok(());
        }
        if !agrees() {
            return Err(Notice::new(
                "This practice has another server already.",
                NOTHING_CHANGED,
                "If that one is gone for good, connect again and say yes. Otherwise ask whoever \
                 invited you for an invite of that server.",
            ));
        }
    }
    // A key of its own: who a device is, the server learns only with Hello.
    let seed = Zeroizing::new(invite_seed()?);
    let target = Target { addresses: invite.addresses.clone(), pin: Some(invite.pin), seed };
    let mut line = Line::open(&target)?;
    let named = if same { None } else { Some(name(device, invite, now)?) };
    let mut entries = device.practice_log().map_err(|error| Notice::from(&error))?;
    entries.extend(named.as_ref().map(Entry::encode));
    match bring(&mut line, invite, entries)? {
        Message::Taken => match named {
            Some(entry) => device.follow_server(&entry).map_err(|error| refused_here(&error)),
            None => Ok(()),
        },
        Message::Refused(refusal) => {
            // An earlier try may have got there, and ended before it was written down here.
            let code = refusal.code;
            let may_be_there = matches!(code, RefusalCode::Admission | RefusalCode::Conflict);
            if may_be_there && follow(device, &as_device, now)? {
                return Ok(());
            }
            Err(of_refusal(code))
        }
        _ => Err(Trouble::Garbled.into()),
    }
}

/// Brings the practice log. Of somebody who has not shown an open invite a server reads little, so
/// the invite goes first where the log is long.
fn bring(line: &mut Line, invite: &Invite, entries: Vec<Vec<u8>>) -> Result<Message, Notice> {
    let token = invite.token.to_vec();
    let found = Message::Found { token: token.clone(), entries };
    let length = found.frame().len();
    if length > MAX_MESSAGE {
        return Err(Notice::new(
            "The list of your members and devices is too long to begin on another server.",
            NOTHING_CHANGED,
            "Move the folder of the server instead: it stays the same server elsewhere.",
        ));
    }
    if length > MAX_MESSAGE_BEFORE_HELLO {
        let asked = line.say(&Message::Found { token, entries: Vec::new() })?;
        if asked != Message::Taken {
            return Ok(asked);
        }
    }
    Ok(line.say(&found)?)
}

/// Makes the entry that names the server of an invite; it counts once that has taken it.
fn name(device: &Device, invite: &Invite, now: Timestamp) -> Result<Entry, Notice> {
    let server = Server {
        addresses: invite.addresses.clone(),
        key: invite.pin,
        server_epoch: device.next_server_epoch(),
    };
    device.name_server(server, now).map_err(|error| refused_here(&error))
}

fn refused_here(error: &EnrolError) -> Notice {
    match error {
        EnrolError::Device(error) => Notice::from(error),
        _ => Notice::new(
            "Only an owner of the practice can name its server.",
            NOTHING_CHANGED,
            "Ask an owner to connect.",
        ),
    }
}

/// Asks a server whether it keeps this practice already, under this device's own key. If so, the
/// practice log there leads from the one here to that server, signed by an owner's device.
fn follow(device: &mut Device, target: &Target, now: Timestamp) -> Result<bool, Notice> {
    let mut line = Line::open(target)?;
    let code = match line.say(&device.hello())? {
        Message::Welcome { .. } => {
            let from = device.practice_head().next();
            let answers = line.ask(&Message::PracticePull { from })?;
            let entries: Vec<_> = answers
                .into_iter()
                .filter_map(|answer| match answer {
                    Message::PracticeEntries { entries, .. } => Some(entries),
                    _ => None,
                })
                .flatten()
                .collect();
            let taken = device.take_practice_log(&entries, now);
            taken.map_err(|error| Notice::from(&error))?;
            let leads_there = device.target().is_some_and(|now| now.pin == target.pin);
            return if leads_there { Ok(true) } else { Err(another_way()) };
        }
        Message::Refused(refusal) => refusal.code,
        _ => return Err(Trouble::Garbled.into()),
    };
    match code {
        RefusalCode::UnknownPractice => Ok(false),
        code => Err(of_refusal(code)),
    }
}

fn another_way() -> Notice {
    Notice::new(
        "That server keeps your practice, but no device of yours has named it.",
        NOTHING_CHANGED,
        "Compare `tacenda device list` on your devices, and ask whoever invited you.",
    )
}

fn invite_seed() -> Result<[u8; 32], Notice> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| {
        Notice::new("This computer gives no chance.", NOTHING_CHANGED, "Start it anew.")
    })?;
    Ok(seed)
}

const NOTHING_CHANGED: &str = "Nothing has been changed.";

fn of_refusal(code: RefusalCode) -> Notice {
    Notice::new(
        format!("The server does not take this practice: {}.", code.cause()),
        "Everything you have written is safe on this device.",
        format!("What can be done: {}. Then connect again.", code.action()),
    )
}

/// A device with its link, driven by a command.
pub struct Driven<'a> {
    device: &'a mut Device,
    online: Online,
    told: Receiver<Told>,
    now: fn() -> Timestamp,
}

impl<'a> Driven<'a> {
    /// Starts the link of a practice that has a server.
    pub fn start(device: &'a mut Device, now: fn() -> Timestamp) -> Result<Self, Notice> {
        let (sender, told) = channel();
        let started = Online::start(device, now(), move |told| sender.send(told).is_ok());
        let online =
            started.map_err(|error| Notice::from(&error))?.ok_or_else(super::sync::no_server)?;
        Ok(Self { device, online, told, now })
    }

    /// Looks for the server at this address as well.
    pub fn look_also(&self, address: &str) {
        self.online.look_also(address);
    }

    /// Returns the present moment.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Returns the device.
    pub const fn device(&mut self) -> &mut Device {
        self.device
    }

    /// Works until `done`, or until the server has been silent for too long.
    pub fn until(
        &mut self,
        progress: Progress<'_>,
        mut done: impl FnMut(&mut Device) -> bool,
    ) -> Result<(), Notice> {
        let mut alive = (self.now)();
        let (mut queued, mut arriving, mut dropped) = (None, None, 0);
        // What is so already is not waited for.
        let mut wait = Duration::ZERO;
        loop {
            let told = self.told.recv_timeout(wait);
            let now = (self.now)();
            let delivered = match told {
                Ok(told) => {
                    if !matches!(told, Told::Down(_)) {
                        alive = now;
                    }
                    self.online.told(self.device, told, now)
                }
                Err(RecvTimeoutError::Timeout) if self.device.has_shelf() => {
                    // It works, whether or not the server says anything meanwhile.
                    alive = now;
                    self.online.open_shelf(self.device, now)
                }
                Err(RecvTimeoutError::Timeout) => self.online.work(self.device, now),
                Err(RecvTimeoutError::Disconnected) => return Err(Trouble::Unreachable.into()),
            };
            let Delivered { notices, drop_link, .. } =
                delivered.map_err(|error| Notice::from(&error))?;
            if let Some(notice) = notices.into_iter().next() {
                return Err(notice);
            }
            wait = self.patience(now);
            let status = self.device.sync_status();
            if status.connected && status.queued > 0 && queued != Some(status.queued) {
                progress(&format!("{} changes are still to be sent.", status.queued));
                queued = Some(status.queued);
            }
            if status.arriving.is_some() && arriving != status.arriving {
                if let Some((come, all)) = status.arriving {
                    progress(&format!("{}   {}", doing(&status), bar(come, all)));
                }
                arriving = status.arriving;
            }
            if done(self.device) {
                return Ok(());
            }
            // A server that answers and refuses each time would be asked for ever.
            dropped += u32::from(drop_link);
            if dropped >= REFUSALS || now.millis_since(alive) > PATIENCE_MILLIS {
                return Err(status.trouble.unwrap_or_else(|| Trouble::Unreachable.into()));
            }
        }
    }

    /// How long there is nothing to do, at most until the next look.
    fn patience(&self, now: Timestamp) -> Duration {
        if self.device.has_shelf() {
            return Duration::ZERO;
        }
        let due = self.device.link_due().map(|due| due.millis_since(now).max(1).unsigned_abs());
        due.map_or(LOOK, Duration::from_millis).min(LOOK)
    }

    /// Works until everything is on the server, and everything that the server had is here.
    pub fn until_current(&mut self, progress: Progress<'_>) -> Result<(), Notice> {
        self.until(progress, |device| device.is_current())
    }
}

impl Drop for Driven<'_> {
    fn drop(&mut self) {
        // The link ends with this; what was on its way goes out again on the next.
        let _next_time = self.device.link_down(None, (self.now)());
        self.online.end();
    }
}
