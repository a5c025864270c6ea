//! The server's log: one line for each event on standard error, for journald and fail2ban.
//!
//! Devices and practices appear as pseudonyms under a key that lives in memory and changes every
//! thirty days. It never says what a client of a practice is called, which log was written, how
//! large anything was, or from where a device came; an address stands only beside a failed
//! attempt to get in.

use crate::chance::{SystemRandom, now};
use crate::print;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use tacenda_shared::id::{PracticeId, Timestamp};
use tacenda_shared::membership::Signer;
use tacenda_shared::random::Random;
use tacenda_shared::suite;

/// How long a pseudonym stays the same.
const PSEUDONYM_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Something worth a line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'a> {
    /// Somebody at this address failed to get in.
    Failure { source: IpAddr, cause: &'a str },
    /// Deleted rows were removed from a journal.
    Collected { practice: PracticeId },
    /// A practice came to this server.
    Founded { practice: PracticeId },
    /// The files of a practice were lost or restored: its devices fill them again.
    Refilling { practice: PracticeId },
    /// The index was not usable and is filled again.
    IndexRebuilt { cause: &'a str },
    /// A device, or somebody with a recovery sheet, is connected.
    LinkOpened { practice: PracticeId, by: Signer },
    /// It is no longer connected.
    LinkClosed { practice: PracticeId, by: Signer },
    /// A practice cannot be served.
    Unusable { practice: PracticeId, cause: &'a str },
    /// The disk is full: no new data is taken.
    DiskFull,
    /// New data is taken again.
    DiskHasRoom,
    /// The disk failed; the server ends.
    DiskFailed,
    /// The folder is where a restart of the machine or container may lose it.
    NotDurable { kind: &'a str },
    /// The server takes connections.
    Started { practices: usize },
    /// The server has closed everything.
    Stopped,
    /// A tail that nobody was told of has been cut, as after a power cut.
    TailCut { practice: PracticeId },
}

/// Writes events.
#[derive(Debug)]
pub(crate) struct Log {
    key: Mutex<(Timestamp, [u8; 32])>,
}

impl Log {
    /// Begins with a new key.
    pub(crate) fn new() -> Self {
        Self { key: Mutex::new((now(), draw())) }
    }

    /// Writes one line.
    pub(crate) fn note(&self, event: Event<'_>) {
        let at = now();
        print::complaint(&self.format(event, at));
    }

    fn format(&self, event: Event<'_>, at: Timestamp) -> String {
        let name = |bytes: &[u8; 16]| self.pseudonym(bytes, at);
        let (level, text) = match event {
            Event::Failure { source, cause } => {
                ("warn", format!("failure source={source} cause={cause}"))
            }
            Event::Collected { practice } => {
                ("info", format!("collected practice={}", name(practice.as_bytes())))
            }
            Event::Founded { practice } => {
                ("info", format!("founded practice={}", name(practice.as_bytes())))
            }
            Event::Refilling { practice } => {
                ("warn", format!("refilling practice={}", name(practice.as_bytes())))
            }
            Event::IndexRebuilt { cause } => ("warn", format!("index_rebuilt cause={cause}")),
            Event::LinkOpened { practice, by } => {
                ("info", self.about_link("link_opened", practice, by, at))
            }
            Event::LinkClosed { practice, by } => {
                ("info", self.about_link("link_closed", practice, by, at))
            }
            Event::Unusable { practice, cause } => {
                ("error", format!("unusable practice={} cause={cause}", name(practice.as_bytes())))
            }
            Event::DiskFull => ("error", "disk_full".to_owned()),
            Event::DiskHasRoom => ("info", "disk_has_room".to_owned()),
            Event::DiskFailed => ("error", "disk_failed".to_owned()),
            Event::NotDurable { kind } => ("warn", format!("not_durable kind={kind}")),
            Event::Started { practices } => ("info", format!("started practices={practices}")),
            Event::Stopped => ("info", "stopped".to_owned()),
            Event::TailCut { practice } => {
                ("warn", format!("tail_cut practice={}", name(practice.as_bytes())))
            }
        };
        format!("{} {level} event={text}", at.as_millis().div_euclid(1000))
    }

    fn about_link(&self, what: &str, practice: PracticeId, by: Signer, at: Timestamp) -> String {
        let practice = self.pseudonym(practice.as_bytes(), at);
        let (kind, id) = match by {
            Signer::Device(device) => ("device", self.pseudonym(device.as_bytes(), at)),
            Signer::Recovery(member) => ("sheet", self.pseudonym(member.as_bytes(), at)),
        };
        format!("{what} practice={practice} {kind}={id}")
    }

    fn pseudonym(&self, id: &[u8; 16], at: Timestamp) -> String {
        let mut state = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if at.millis_since(state.0) >= PSEUDONYM_MILLIS {
            *state = (at, draw());
        }
        let mac = suite::mac(&state.1, "tac/server/pseudonym/v1", &[id]);
        mac.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn draw() -> [u8; 32] {
    let mut key = [0; 32];
    SystemRandom.fill(&mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacenda_shared::id::DeviceId;

    #[test]
    fn ids_appear_as_pseudonyms_that_change_with_the_month() {
        let log = Log::new();
        let device = DeviceId::from_bytes([0xab; 16]);
        let practice = PracticeId::from_bytes([0xcd; 16]);
        let event = Event::LinkOpened { practice, by: Signer::Device(device) };
        let at = now();

        let first = log.format(event, at);
        let second = log.format(event, at);
        let later = log.format(event, at.plus_millis(PSEUDONYM_MILLIS + 60_000));

        assert_eq!(first, second);
        assert_ne!(first.rsplit('=').next(), later.rsplit('=').next());
        assert!(!first.contains("abab") && !first.contains("cdcd"), "{first}");
    }

    #[test]
    fn a_failed_attempt_is_one_stable_line_with_its_address() {
        let source = IpAddr::from([192, 0, 2, 7]);
        let event = Event::Failure { source, cause: "NOT_A_DEVICE" };
        let line = Log::new().format(event, Timestamp::from_millis(1_999));
        assert_eq!(line, "1 warn event=failure source=192.0.2.7 cause=NOT_A_DEVICE");
    }
}
