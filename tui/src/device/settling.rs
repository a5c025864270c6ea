//! Brings what lies behind step-up up to date beside everything else that an open practice does:
//! one step each time that something has arrived. It never waits, and it keeps no secret.

use super::open::Device;
use super::step_up::Behind;
use crate::cli::behind;
use crate::cli::pair;
use crate::link::Trouble;
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::safe::{RowName, SecondSecret};
use tacenda_shared::sync::device::Ticket;
use tacenda_shared::sync::{Message, RefusalCode, RowKey};

/// Steps that it takes at most: one for each ring, and again when somebody else was first.
const STEPS: usize = 32;

/// How far it is.
#[derive(Debug, Default)]
pub struct Settling {
    /// Whether the server was asked for what was not here.
    asked: bool,
    steps: usize,
    wait: Wait,
}

#[derive(Debug, Default)]
enum Wait {
    /// The next step can be taken.
    #[default]
    Nothing,
    /// An entry is on its way.
    Entry,
    /// The server was asked for these rows, and some are here.
    Rows(Ticket, Vec<RowName>, Vec<Option<Vec<u8>>>),
}

impl Settling {
    /// Goes on as far as it can. Returns what came of it, once that is known; until then it is to
    /// be called again when something has arrived.
    pub fn work(
        &mut self,
        device: &mut Device,
        second: &SecondSecret,
        now: Timestamp,
    ) -> Option<Result<(), Notice>> {
        loop {
            if !device.sync_status().connected {
                // What was on its way is asked for anew with the next link.
                self.wait = Wait::Nothing;
                return None;
            }
            let taken = match std::mem::take(&mut self.wait) {
                Wait::Entry => self.entry(device)?,
                Wait::Rows(ticket, names, rows) => {
                    self.rows(device, second, (ticket, names, rows))?
                }
                Wait::Nothing if !device.is_current() => return None,
                Wait::Nothing => match self.step(device, second, now) {
                    Ok(true) => return Some(Ok(())),
                    Ok(false) => Ok(()),
                    Err(notice) => Err(notice),
                },
            };
            if let Err(notice) = taken {
                return Some(Err(notice));
            }
        }
    }

    /// Takes the next step; returns whether there is none left.
    fn step(
        &mut self,
        device: &mut Device,
        second: &SecondSecret,
        now: Timestamp,
    ) -> Result<bool, Notice> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(Trouble::Unreachable.into());
        }
        let next = if self.asked {
            device.settle_behind_with_what_is_here(second, now)
        } else {
            device.settle_behind(second, now)
        };
        match next.map_err(|error| behind::of(&error))? {
            Behind::Settled => return Ok(true),
            Behind::Proposed => self.wait = Wait::Entry,
            Behind::Wants(names) => {
                let keys = names.iter().map(|name| RowKey(name.encode())).collect();
                let ticket = device.ask(Message::RowsGet(keys), now).ok_or(Trouble::Unreachable)?;
                self.wait = Wait::Rows(ticket, names, Vec::new());
            }
        }
        Ok(false)
    }

    fn entry(&mut self, device: &mut Device) -> Option<Result<(), Notice>> {
        match device.poll_proposed() {
            None => {
                self.wait = Wait::Entry;
                None
            }
            Some(Ok(()) | Err(RefusalCode::Conflict)) => Some(Ok(())),
            Some(Err(code)) => Some(Err(pair::refused(code))),
        }
    }

    fn rows(
        &mut self,
        device: &mut Device,
        second: &SecondSecret,
        (ticket, names, mut rows): (Ticket, Vec<RowName>, Vec<Option<Vec<u8>>>),
    ) -> Option<Result<(), Notice>> {
        let mut ended = false;
        while let Some((of, answer)) = device.poll_answer() {
            match answer {
                Some(Message::Rows(part)) if of == ticket => rows.extend(part),
                _ => ended |= of == ticket,
            }
        }
        if rows.len() < names.len() && !ended {
            self.wait = Wait::Rows(ticket, names, rows);
            return None;
        }
        self.asked = true;
        let rows = names.into_iter().zip(rows).collect();
        Some(device.give_behind(second, rows).map_err(|error| Notice::from(&error)))
    }
}
