//! Opening both journals of a device, and looking at what lies in them: beside the stretching of
//! the passphrase, when opening, or once Today is shown. Nothing is repaired or cut here.

use super::chance::OsRandom;
use super::home::Home;
use super::open::{Device, DeviceError};
use super::rows::Rows;
use super::store::Store;
use crate::notice::Notice;
use std::sync::atomic::{AtomicBool, Ordering};
use tacenda_shared::journal::{DiskFs, FileSystem, Vouched};
use tacenda_shared::keys::vault::General;

/// The class of a device's journal.
const CLASS: [u8; 8] = *b"tac-devi";
/// What was found of the older segments of a journal before its keys were there.
#[derive(Default)]
pub(super) struct Looked {
    vouched: Vouched,
    /// Whether there was time to look at all of them: what is not vouched for is then suspicious.
    is_whole: bool,
}

impl Looked {
    /// Nothing was looked at: the journal is checked as a whole when it opens.
    pub(super) fn nothing() -> Self {
        Self { is_whole: true, ..Self::default() }
    }
}

/// Compares what is on the disk with what was written, which needs no key, while `act` stretches a
/// passphrase on another core. It ends when `act` does; the keeper does the rest.
pub(super) fn while_checking<T>(home: &Home, act: impl FnOnce() -> T) -> (T, Looked) {
    let is_over = AtomicBool::new(false);
    let folder = home.journal();
    std::thread::scope(|scope| {
        let look = scope.spawn(|| {
            if !folder.is_dir() {
                return Looked::default();
            }
            let is_over = || is_over.load(Ordering::Relaxed);
            let looked = DiskFs::open(&folder).and_then(|disk| Vouched::look(&disk, &is_over));
            // What cannot be looked at now is looked at when the journal opens.
            looked.map_or_else(
                |_| Looked::default(),
                |vouched| Looked { vouched, is_whole: !is_over() },
            )
        });
        let outcome = act();
        is_over.store(true, Ordering::Relaxed);
        (outcome, look.join().unwrap_or_default())
    })
}

impl<F: FileSystem> Device<F> {
    /// Returns whether older parts of the journal still have to be compared with what was written.
    pub fn has_unchecked(&self) -> bool {
        self.cabinet.store.has_unchecked()
    }

    /// Compares one more part; to be called in idle time while [`Self::has_unchecked`] says so. If
    /// it is damaged, nothing new is written from then on, and what must be said comes back.
    pub fn check_next(&mut self) -> Option<Notice> {
        (self.cabinet.store.check_next() == Some(false)).then(damaged)
    }

    /// Compares everything that is left with what was written, for who does not stay to be told.
    pub fn check_all(&mut self) {
        while self.has_unchecked() {
            let found = self.check_next().filter(|notice| !self.warnings.contains(notice));
            self.warnings.extend(found);
        }
    }
}

/// Both stores, and what must be said of how they were found.
pub(super) type Stores<F> = (Store<F>, Rows<F>, Vec<Notice>);

pub(super) fn open_stores<F: FileSystem>(
    general: &General,
    journal: F,
    rows: F,
) -> Result<Stores<F>, DeviceError> {
    open_looked(general, (journal, rows), &Looked::nothing())
}

pub(super) fn open_looked<F: FileSystem>(
    general: &General,
    (journal, rows): (F, F),
    looked: &Looked,
) -> Result<Stores<F>, DeviceError> {
    let mut random = OsRandom;
    let local = &general.keys.local;
    let frame_key = local.derive("tac/frame-key/v1", &[]);
    let row_key = local.derive("tac/row-frame-key/v1", &[]);
    let tables = Rows::open(rows, row_key, &mut random)?;
    let (mut store, opened) = Store::open(journal, CLASS, frame_key, &looked.vouched, &mut random)?;
    // The rest of what there was no time for is checked once Today is shown.
    while looked.is_whole && store.check_next().is_some() {}
    let mut warnings = Vec::new();
    if !opened.damage.is_empty() || store.is_read_only() || tables.is_read_only() {
        warnings.push(damaged());
    }
    if opened.torn.is_some() {
        warnings.push(Notice::new(
            "The computer stopped while something was being saved.",
            "Everything that was confirmed is here.",
            "Look whether the last thing you did is there.",
        ));
    }
    Ok((store, tables, warnings))
}

pub(super) fn damaged() -> Notice {
    Notice::new(
        "Part of your practice's journal is damaged.",
        "What can be read is shown. Nothing has been deleted, and nothing new is written, not \
         even that you read it.",
        "Copy the folder of your practice to another disk before you do anything else.",
    )
}
