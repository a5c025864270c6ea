//! What the person is told of the link: counts, devices, and trouble in words.

use super::endings::Endings;
use super::erasing::Erasures;
use super::grid::Grid;
use super::inbox::Batch;
use super::packing::Packing;
use super::rows_again::RowsAgain;
use super::shelf::Shelf;
use super::watch::Watch;
use super::{Courier, Errand, outbox};
use crate::device::founding;
use crate::device::held::HeldRing;
use crate::device::keyring::Kept;
use crate::device::open::Device;
use crate::message::{DeviceRow, SyncStatus};
use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tacenda_shared::envelope::{Envelope, Kind};
use tacenda_shared::id::{DeviceId, Timestamp};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::sync::RefusalCode;
use tacenda_shared::sync::device::{AlarmKind, DeviceSync, Event, ProtocolError, Ticket};

/// Where the queue ended at a moment: after it lies only what was written later.
#[derive(Clone, Copy, Debug)]
pub struct QueueEnd(Option<Location>);

impl<F: FileSystem> Device<F> {
    /// Returns the state of the link.
    pub fn sync_status(&self) -> SyncStatus {
        let ledger = self.cabinet.store().locations().ledger();
        let courier = self.courier.as_ref();
        let attached = self.is_attached();
        // What is closed leaves once somebody steps up; nothing waits for it.
        let unsent = ledger.unsent_count().saturating_sub(self.apart.kept_back.len());
        let queued = if attached { unsent + ledger.sent().count() } else { 0 };
        let unopened = courier.map_or(0, |courier| courier.sync.unopened());
        let arriving = courier.and_then(|courier| courier.sync.progress());
        let arriving = arriving.filter(|(come, all)| come < all || unopened == 0);
        let opening = courier.and_then(|courier| courier.shelf.progress(unopened));
        SyncStatus {
            attached,
            connected: courier.is_some_and(|courier| courier.connected),
            queued: u64::try_from(queued).unwrap_or(u64::MAX),
            arriving: arriving.or(opening).map(in_steps),
            opening: arriving.is_none() && opening.is_some(),
            last: courier.and_then(|courier| courier.last),
            most: 0,
            files: self.files_under_way().map(Box::new),
            refilling: self.refilling(),
            devices: self.devices(),
            trouble: courier.and_then(|courier| courier.trouble.clone()),
        }
    }

    /// Returns whether everything that the server had is here, and everything from here is there.
    pub fn is_current(&self) -> bool {
        self.has_everything() && self.sync_status().queued == 0
    }

    /// Returns whether everything that the server had when it was asked last is here.
    fn has_everything(&self) -> bool {
        self.courier.as_ref().is_some_and(|courier| courier.connected && courier.current)
    }

    /// Returns the end of the queue as it is now.
    pub fn queue_end(&self) -> QueueEnd {
        QueueEnd(self.cabinet.store().locations().ledger().newest_queued())
    }

    /// Returns whether everything that the server had is here, and whatever was in the queue up to
    /// `end` is there. What is written while somebody waits does not keep them waiting.
    pub fn is_current_up_to(&self, end: QueueEnd) -> bool {
        let ledger = self.cabinet.store().locations().ledger();
        let oldest = ledger.oldest_queued(&self.apart.kept_back);
        self.has_everything() && oldest.is_none_or(|oldest| Some(oldest) > end.0)
    }

    fn devices(&self) -> Vec<DeviceRow> {
        let this = self.cabinet.identity.author.device;
        let devices = self.cabinet.state.devices().iter();
        let mut rows: Vec<DeviceRow> = devices
            .map(|(id, known)| DeviceRow {
                id: *id,
                name: self.name_of(*id, &known.info),
                member: known.member,
                this: *id == this,
                revoked: known.revoked.is_some(),
                added: known.added_at,
                seen: self.presence.heard(*id),
                writes: self.whereabouts(*id),
            })
            .collect();
        rows.sort_by_key(|row| (!row.this, row.added));
        rows
    }

    /// Returns the name of a device: the one that it was given last, or what its entry says of it.
    pub(super) fn name_of(&self, id: DeviceId, info: &[u8]) -> String {
        if let Some(given) = self.practice.index().devices.get(&id) {
            return given.clone();
        }
        let everyone = self.cabinet.rings.get(&RingPurpose::Everyone);
        let open =
            |ring: &HeldRing| ring.keys().find_map(|(_, key)| founding::open_name(key, info));
        let opened = everyone.and_then(open);
        let own = || (id == self.cabinet.identity.author.device).then(|| self.device_name.clone());
        opened.or_else(own).unwrap_or_else(|| id.to_string())
    }
}

impl Courier {
    pub(super) fn new(sync: DeviceSync) -> Self {
        Self {
            sync,
            errands: BTreeMap::new(),
            wanted: BTreeSet::new(),
            asked_rows: BTreeSet::new(),
            absent: BTreeSet::new(),
            refused_rows: BTreeSet::new(),
            fetched: BTreeMap::new(),
            alarms: Vec::new(),
            answers: VecDeque::new(),
            proposal: None,
            kept: Kept::default(),
            keys_due: false,
            asked_wraps: BTreeSet::new(),
            order: None,
            revoked: None,
            known_logs: None,
            level: false,
            behind: false,
            rekey_after: None,
            rekey_stopped: false,
            proposed: None,
            grid: Grid::default(),
            erasing: Erasures::default(),
            endings: Endings::default(),
            watch: Watch::default(),
            words: Vec::new(),
            unstored: Batch::default(),
            deposited: false,
            packing: Packing::default(),
            shelf: Shelf::default(),
            rows_again: RowsAgain::default(),
            refill: None,
            brought: false,
            incarnating: None,
            outlived: false,
            parked: false,
            connected: false,
            caught_up: false,
            current: false,
            last: None,
            trouble: None,
            drop_link: false,
            said_why: false,
        }
    }

    /// What an alarm says.
    fn alarm(&mut self, kind: AlarmKind) {
        self.raise(match kind {
            AlarmKind::Rollback => rolled_back(),
            AlarmKind::PracticeFork => forked(),
            _ => of_alarm(kind),
        });
    }

    /// Says what is wrong. It stays on the screen of the link, and is said once while it does.
    pub(super) fn raise(&mut self, notice: Notice) {
        if self.trouble.as_ref() != Some(&notice) {
            self.alarms.push(notice.clone());
        }
        self.trouble = Some(notice);
    }

    pub(super) fn look_whether_current(&mut self, now: Timestamp) {
        if self.caught_up && !self.awaits_rows() && !self.rows_again.is_under_way() {
            (self.caught_up, self.current, self.last) = (false, true, Some(now));
        }
    }

    /// After a message that has no place, the link is dropped.
    pub(super) fn check(&mut self, taken: Result<(), ProtocolError>) {
        if taken.is_err() {
            self.sync.disconnected();
            self.connected = false;
            self.drop_link = true;
            self.trouble = Some(Notice::new(
                "The server said something that Tacenda does not understand.",
                SAFE,
                "Tacenda connects again by itself; if this stays, update it.",
            ));
        }
    }

    /// An envelope was not taken, and goes out no more or under another number.
    pub(super) fn refused(&mut self, code: RefusalCode, envelope: &Envelope, now: Timestamp) {
        match code {
            RefusalCode::NotPermitted if envelope.header.kind == Kind::Kept => {
                self.erasing.rebasing.rest(envelope.header.compartment, now);
            }
            // Another life of this device has said it before, or the thirty days since the server
            // has heard of it are not over.
            RefusalCode::NotPermitted
                if matches!(envelope.header.kind, Kind::Acknowledge | Kind::Erase) => {}
            // Somebody signed first: the rest becomes an addendum by itself. Or somebody gave the
            // log its next key.
            RefusalCode::Closed | RefusalCode::Conflict => {}
            code if outbox::goes_again(code) => {
                // What is known here may explain it, and then it goes out again as it must be;
                // otherwise the news is on its way.
                self.parked |= !outbox::is_outdated(&self.sync, envelope);
            }
            other => self.alarms.push(of_refusal(other)),
        }
    }

    pub(super) fn unanswered(&mut self, ticket: Ticket) {
        match self.errands.remove(&ticket) {
            Some(Errand::Rows(names)) => self.rows_unanswered(&names),
            Some(Errand::Wrap(_, hash)) => {
                self.asked_wraps.remove(&hash);
            }
            Some(
                Errand::Bring
                | Errand::Checkpoint(_)
                | Errand::Company
                | Errand::Deposit
                | Errand::Pack
                | Errand::RowsAgain,
            ) => {}
            None => self.answers.push_back((ticket, None)),
        }
    }

    pub(super) fn note(&mut self, event: Event) {
        match event {
            Event::Alarm(alarm) => {
                self.head_doubted(&alarm);
                self.alarm(alarm.kind);
            }
            Event::LinkDead => {
                self.connected = false;
                self.drop_link = true;
                self.trouble = Some(Notice::new(
                    "The server does not answer.",
                    SAFE,
                    "Tacenda connects again by itself.",
                ));
            }
            Event::LinkRefused(refusal) => {
                self.connected = false;
                self.drop_link = true;
                self.trouble = Some(match refusal.code {
                    RefusalCode::NotADevice => removed(),
                    code => of_refusal(code),
                });
            }
            Event::Proven(device, _) => self.head_proven(device),
            Event::Unanswered(ticket) => self.unanswered(ticket),
            Event::PracticeTaken(_) => self.entry_taken(),
            Event::PracticeRefused(refusal) => self.entry_refused(refusal),
            Event::OutboxStopped(code) => {
                // What stands there says more than what follows from it.
                self.trouble.get_or_insert_with(|| of_refusal(code));
                // What passes by itself is tried again on the next link, which comes after a pause.
                // What is not permitted as a whole may be of a life that another one has ended:
                // the next Welcome tells.
                self.drop_link |= matches!(
                    code,
                    RefusalCode::NotPermitted
                        | RefusalCode::Quota
                        | RefusalCode::Storage
                        | RefusalCode::TooOften
                );
            }
            _ => {}
        }
    }
}

/// What a compartment is for, without anybody's name.
pub(super) const fn part_of_practice(name: &CompartmentName) -> &'static str {
    match name {
        CompartmentName::Attachments(_) => "the files of a client",
        CompartmentName::Audit(_) => "an audit trail",
        CompartmentName::Billing(_) => "the billing of a client",
        CompartmentName::Calendar { .. } | CompartmentName::Series(_) => "a calendar",
        CompartmentName::Chart(_) => "the chart of a client",
        CompartmentName::Contact(_) => "the contact of a client",
        CompartmentName::Group(_) => "the chart of a group",
        CompartmentName::Identity(_) => "the identity of a client",
        CompartmentName::Journal(_) => "the journal of a client",
        CompartmentName::Personal(_) => "the settings of a member",
        CompartmentName::Practice => "the settings of the practice",
        CompartmentName::Psychotherapy { .. } => "psychotherapy notes",
        CompartmentName::SubstanceUse(_) => "substance use records",
        CompartmentName::Unknown { .. } => "something of a newer version",
    }
}

/// A bar is drawn anew a hundred times at most, however much comes.
fn in_steps((come, all): (u64, u64)) -> (u64, u64) {
    let step = all.div_ceil(100).max(1);
    (if come < all { come - come % step } else { come }, all)
}

const SAFE: &str = "Everything you have written is safe on this device.";

/// A key that the practice log or a log names is not handed out.
pub(super) fn withheld() -> Notice {
    Notice::new(
        "The server did not give a key that it must have.",
        "What you have written is safe here. Some of what your other devices wrote is not shown.",
        "Open Tacenda on the other device and let it connect; if this stays, call your server's \
         operator.",
    )
}

/// The server has less than it had, and says nothing of it.
fn rolled_back() -> Notice {
    Notice::new(
        "Your server has been put back to an older state: it has less than it had.",
        "Everything you have written is safe on this device, and nothing here was taken back.",
        "Whoever runs the server stops it, types `tacenda-server renew FOLDER` and starts it \
         again; then your devices give it what is missing.",
    )
}

/// Two practice logs: nobody here can know which one is right.
fn forked() -> Notice {
    Notice::new(
        "There are two versions of the list of your devices and keys.",
        "You can go on working on this device. It takes no new device, key or server from either \
         version, and everything you have written is safe here.",
        "Compare `tacenda device list` on all your devices, and ask whoever runs the server.",
    )
}

/// What the server's refusal means to a person.
pub(in crate::device) fn of_refusal(code: RefusalCode) -> Notice {
    if code == RefusalCode::TooOften {
        return Notice::new(
            "This device has asked the server for more than it gives within a minute.",
            SAFE,
            "Nothing has to be done: the rest follows by itself within a few minutes.",
        );
    }
    Notice::new(
        format!("The server refused: {}.", code.cause()),
        SAFE,
        format!("What can be done: {}.", code.action()),
    )
}

/// What the person at a device reads that was shut out.
fn removed() -> Notice {
    Notice::new(
        "This device was removed from your practice.",
        "What is on it stays readable here. What you write here stays here and is not sent.",
        "To go on with this device, pair it anew from another of your devices. If you did not \
         remove it, look at your other device now.",
    )
}

fn of_alarm(kind: AlarmKind) -> Notice {
    let whose = match kind {
        // A device has signed it; no server can.
        AlarmKind::Equivocation | AlarmKind::NotOnChain => "one of your devices",
        _ => "your server",
    };
    Notice::new(
        format!("Something is wrong with {whose}: {kind}."),
        "Nothing of it was shown or taken over, and everything you have written is safe here.",
        "Compare with your other device, and ask whoever runs the server.",
    )
}
