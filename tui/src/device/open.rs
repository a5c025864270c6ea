//! The open practice: edits, views, keystrokes and the audit trail, each on the disk before it is
//! shown as done.

use super::apart::Apart;
use super::cabinet::{Cabinet, Identity};
use super::chance::OsRandom;
use super::confirm::Confirmed;
use super::conversation::Conversation;
use super::courier::Courier;
use super::courier::attach::Attaching;
use super::courier::presence::Presence;
use super::founding::{self, Founded, FoundingError};
use super::home::{Home, HomeError};
use super::incarnation::Life;
use super::looked::{Looked, damaged, open_looked, while_checking};
use super::reserve::Reserve;
use super::rows::Rows;
use super::settings::{SignAfter, Timing};
use super::store::{Store, StoreError};
use super::typed::Typed;
use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, MemberId, ObjectId, Timestamp};
use tacenda_shared::journal::{DiskFs, FileSystem};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::vault::{Factors, General, KdfCost, Vault, VaultError};
use tacenda_shared::practice::attachment::is_part;
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::edit::{Edit, Purpose, Subject};
use tacenda_shared::practice::erasure::Scope;
use tacenda_shared::practice::view::{Index, View};
use tacenda_shared::practice::{
    Applied, AuditEvent, AuditKind, Context, Practice, Refusal, ShelfError,
};
use tacenda_shared::seal::Hedge;
use thiserror::Error;

/// Frames after which a checkpoint is written while the practice is open, so that an unlock after
/// a crash stays quick.
const CHECKPOINT_AFTER: usize = 4_000;

/// Why the device did not do something.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// An export would be longer than what can be taken in again.
    #[error("the export would be too long to be taken in again")]
    ExportTooLong,
    /// Keys or rings do not hold together.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// The folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// There is no vault.
    #[error("there is no vault in this folder")]
    NoVault,
    /// Longer than any passphrase.
    #[error("the passphrase is too long")]
    PassphraseTooLong,
    /// A rule of the practice.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// So many passphrases were wrong that the next has to wait.
    #[error("too many passphrases were wrong; the next has to wait")]
    TooSoon {
        /// For so long.
        seconds: i64,
    },
    /// The vault file.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl DeviceError {
    /// Returns whether the passphrase was wrong, which counts as a failed unlock.
    pub fn is_wrong_passphrase(&self) -> bool {
        matches!(self, Self::PassphraseTooLong | Self::Vault(VaultError::WrongPassphrase))
    }
}

impl From<io::Error> for DeviceError {
    fn from(error: io::Error) -> Self {
        Self::Home(HomeError::Io(error))
    }
}

/// The practice while it is open.
pub struct Device<F: FileSystem = DiskFs> {
    pub(super) cabinet: Cabinet<F>,
    pub(super) practice: Practice,
    pub(super) typed: BTreeMap<ObjectId, Typed>,
    /// Drafts that a screen shows.
    pub(super) conversations: BTreeMap<ObjectId, Conversation>,
    /// Compartments whose read model must be written at the next checkpoint.
    pub(super) touched: BTreeSet<CompartmentName>,
    pub(super) courier: Option<Courier>,
    /// The courier while it is being made ready.
    pub(super) attaching: Option<Attaching>,
    /// What screens show.
    pub(super) shown: BTreeSet<Subject>,
    pub(super) presence: Presence,
    /// What was ordered here to be erased, since the practice was opened.
    pub(super) ordered: BTreeSet<Scope>,
    pub(super) timing: Timing,
    pub(super) life: Life,
    /// What is kept for a full disk, of a practice in a folder.
    pub(super) reserve: Option<Reserve>,
    pub(super) device_name: String,
    pub(super) warnings: Vec<Notice>,
    pub(super) confirmed: Confirmed,
    pub(super) apart: Apart,
    pub(super) unlocked: Timestamp,
    /// Changes of documents that this version does not read.
    unread: usize,
}

impl Device<DiskFs> {
    /// Opens the vault in `home` and everything behind it. Wrong passphrases that were counted
    /// there go into the audit trail, and `failed` that were not counted.
    pub fn unlock(
        home: &Home,
        passphrase: &Passphrase,
        failed: u32,
        now: Timestamp,
    ) -> Result<Self, DeviceError> {
        let failed = failed.saturating_add(home.failures().count);
        let tried = || try_passphrase(home, passphrase, now, Vault::open);
        let (open, looked) = while_checking(home, tried);
        let open = open?;
        let name = open.header.device_name;
        let reserve = Reserve::of(home);
        reserve.make_room();
        let (journal, rows) = (DiskFs::open(&home.journal())?, DiskFs::open(&home.rows())?);
        let life = Life::look(home, &open.header.vault_id, &open.general.keys);
        let files = (journal, rows);
        let mut device = Self::stand_looked(open.general, name, files, (&looked, life), now)?;
        device.set_timing(Timing::of(home));
        device.set_sign_after(SignAfter::of(home));
        reserve.keep();
        device.reserve = Some(reserve);
        for _ in 0..failed.min(AUDITED_FAILURES_MAX) {
            device.audit(AuditKind::FailedUnlock, now)?;
        }
        device.audit(AuditKind::Unlock, now)?;
        home.forget_failures();
        Ok(device)
    }

    /// Puts a new passphrase in the place of the old. No key changes, so nothing else is written
    /// anew; copies of the old vault file still open with the old passphrase.
    pub fn change_passphrase(
        home: &Home,
        old: &Passphrase,
        new: &Passphrase,
        cost: KdfCost,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let changed = try_passphrase(home, old, now, |bytes, factors| {
            Vault::with_new_passphrase(bytes, factors, new, cost, &mut OsRandom)
        })?;
        home.write_vault(&changed)?;
        Ok(())
    }
}

/// Lets `open` try a passphrase, unless too many before it were wrong, and counts it if it is.
pub(super) fn try_passphrase<T>(
    home: &Home,
    passphrase: &Passphrase,
    now: Timestamp,
    open: impl FnOnce(&[u8], Factors<'_>) -> Result<T, VaultError>,
) -> Result<T, DeviceError> {
    if let Some(seconds) = home.failures().wait_seconds(now) {
        return Err(DeviceError::TooSoon { seconds });
    }
    let bytes = home.read_vault()?.ok_or(DeviceError::NoVault)?;
    let secret = home.read_secret(&Vault::read_header(&bytes)?.vault_id)?;
    let opened = open(&bytes, Factors { passphrase, device_secret: secret.as_ref() });
    if matches!(opened, Err(VaultError::WrongPassphrase)) {
        home.count_failure(now);
    }
    Ok(opened?)
}

/// More failed unlocks than are worth an entry each.
pub(super) const AUDITED_FAILURES_MAX: u32 = 20;

impl<F: FileSystem> Device<F> {
    /// Puts a practice that has just begun onto empty disks and opens it.
    pub(super) fn begin(
        founded: Founded,
        device_name: String,
        (zone, clinician): (&str, &str),
        (journal, rows): (F, F),
        now: Timestamp,
    ) -> Result<Self, DeviceError> {
        let mut random = OsRandom;
        let general = founded.general;
        let (mut store, mut tables, warnings) =
            open_looked(&general, (journal, rows), &Looked::nothing())?;
        let mut hedge = Hedge { key: &general.keys.hedge, random: &mut random };
        tables.change(&founded.rows, &mut hedge)?;
        store.append(&founded.frames, &mut hedge)?;
        let mut device = Self::with_stores(general, device_name, store, tables, warnings, now)?;
        let applied =
            device.with_context(now, |practice, cx| practice.found(zone, clinician, cx))?;
        device.keep(applied.changes)?;
        device.audit(AuditKind::Unlock, now)?;
        Ok(device)
    }

    /// Opens what lies in the two folders with the keys of the vault, and checks all of it first.
    pub fn stand(
        general: General,
        device_name: String,
        journal: F,
        rows: F,
        now: Timestamp,
    ) -> Result<Self, DeviceError> {
        let found = (&Looked::nothing(), Life::default());
        Self::stand_looked(general, device_name, (journal, rows), found, now)
    }

    /// The same, after a look at the journal and at where the folders lie.
    pub(super) fn stand_looked(
        general: General,
        device_name: String,
        (journal, rows): (F, F),
        (looked, life): (&Looked, Life),
        now: Timestamp,
    ) -> Result<Self, DeviceError> {
        let (store, tables, warnings) = open_looked(&general, (journal, rows), looked)?;
        let mut device = Self::with_stores(general, device_name, store, tables, warnings, now)?;
        device.live(life);
        if !device.cabinet.is_read_only() {
            // A full disk must not keep the rest closed; it is tried again with the next link.
            let _later = device.cabinet.bury_erased();
        }
        device.restore(now)?;
        device.keep_back();
        device.recover_keystrokes(now);
        device.warn();
        device.warnings.extend(device.sheet_warning());
        Ok(device)
    }

    pub(super) fn with_stores(
        general: General,
        device_name: String,
        store: Store<F>,
        tables: Rows<F>,
        warnings: Vec<Notice>,
        now: Timestamp,
    ) -> Result<Self, DeviceError> {
        let standing = founding::stand(&general, &store, &tables)?;
        let identity = Identity {
            practice: general.practice,
            author: Author {
                member: general.member,
                device: general.device,
                incarnation: general.dev_inc,
            },
        };
        let general_dev_inc = general.dev_inc;
        let cabinet = Cabinet::new(identity, store, tables, general.keys, standing);
        Ok(Self {
            cabinet,
            practice: Practice::new(),
            typed: BTreeMap::new(),
            conversations: BTreeMap::new(),
            touched: BTreeSet::new(),
            courier: None,
            attaching: None,
            shown: BTreeSet::new(),
            presence: Presence::default(),
            ordered: BTreeSet::new(),
            timing: Timing::default(),
            life: Life::first(general_dev_inc),
            reserve: None,
            device_name,
            warnings,
            confirmed: Confirmed::at(now),
            apart: Apart::default(),
            unlocked: now,
            unread: 0,
        })
    }

    /// Restores the read model of every compartment, or makes it again where it is missing or
    /// does not match.
    fn restore(&mut self, now: Timestamp) -> Result<(), DeviceError> {
        let locations = self.cabinet.store().locations();
        let open = locations.names().filter(|name| !self.cabinet.is_closed_behind(name));
        let named = open.filter_map(|name| locations.named(name));
        let (mut segments, mut missing) = (Vec::new(), Vec::new());
        for known in named {
            match self.cabinet.segment(known.id) {
                Some(segment) => segments.push((known.name.clone(), segment)),
                None => missing.push(known.name.clone()),
            }
        }
        missing.extend(self.practice.restore_all(&segments));
        self.practice.look_ahead(now);
        let mut owed = Vec::new();
        for name in missing {
            owed.extend(self.rebuild(&name, now));
        }
        if !owed.is_empty() && !self.cabinet.is_read_only() {
            // Drafts of late words are in memory now, so they must be on the disk.
            self.cabinet.put(&owed)?;
        }
        Ok(())
    }

    /// Makes one read model again; returns what this device has to write in consequence.
    pub(super) fn rebuild(&mut self, name: &CompartmentName, now: Timestamp) -> Vec<Change> {
        // A read model knows files by their heads.
        let contents = self.cabinet.contents_with(name, |content| !is_part(content));
        let rebuilt = self.with_context(now, |practice, cx| practice.rebuild(name, &contents, cx));
        self.touched.insert(name.clone());
        if let Ok(rebuilt) = rebuilt {
            self.unread += rebuilt.unreadable;
            return rebuilt.changes;
        }
        self.cabinet.miss();
        Vec::new()
    }

    /// Says what could not be read.
    fn warn(&mut self) {
        if self.cabinet.unreadable() > 0 && !self.warnings.contains(&damaged()) {
            self.warnings.push(damaged());
        } else if self.unread + self.practice.unreadable() > 0 {
            self.warnings.push(Notice::new(
                "Some stored changes of this practice could not be read.",
                "Everything else is shown; nothing has been deleted.",
                "Copy the folder of your practice to another disk and keep it.",
            ));
        }
    }

    /// Returns the read model.
    pub fn index(&self) -> Arc<Index> {
        self.practice.index()
    }

    /// Carries out an edit. When this returns it is on the disk; what undoes it comes back.
    pub fn apply(&mut self, edit: Edit, now: Timestamp) -> Result<Option<Edit>, DeviceError> {
        self.check_erased(&edit)?;
        self.commit_before(&edit, now)?;
        let orders = match edit {
            Edit::OrderErasure(scope) => Some(scope),
            _ => None,
        };
        let applied = self.with_context(now, |practice, cx| practice.apply(edit, cx))?;
        let inverse = self.kept(applied)?;
        self.ordered.extend(orders);
        Ok(inverse)
    }

    /// Carries out what undoes an earlier edit, unless somebody else changed the same since.
    pub fn undo(&mut self, inverse: Edit, now: Timestamp) -> Result<Option<Edit>, DeviceError> {
        self.check_erased(&inverse)?;
        self.commit_before(&inverse, now)?;
        let applied = self.with_context(now, |practice, cx| practice.undo(inverse, cx))?;
        self.kept(applied)
    }

    fn check_erased(&self, edit: &Edit) -> Result<(), Refusal> {
        match edit {
            Edit::WithdrawErasure(scope) if self.has_erased(*scope) => Err(Refusal::Erased),
            _ => Ok(()),
        }
    }

    fn kept(&mut self, applied: Applied) -> Result<Option<Edit>, DeviceError> {
        self.keep(applied.changes)?;
        if self.cabinet.store().since_checkpoint() > CHECKPOINT_AFTER {
            // The edit is on the disk whatever becomes of this, which only makes unlocking quick.
            let _later = self.checkpoint();
        }
        Ok(applied.inverse)
    }

    /// Carries out many edits, each at its own time, in few group commits: for imports and the
    /// demo. Stops at the first that is refused; those before it are done and on the disk.
    pub fn apply_all(
        &mut self,
        edits: impl IntoIterator<Item = (Timestamp, Edit)>,
    ) -> Result<usize, DeviceError> {
        let mut batch = Vec::new();
        let (mut bytes, mut count) = (0, 0);
        let mut outcome = Ok(());
        for (time, edit) in edits {
            match self
                .with_pending(&batch, time, |practice, cx| practice.apply_one_of_many(edit, cx))
            {
                Ok(applied) => {
                    bytes += applied.changes.iter().map(length).sum::<usize>();
                    batch.extend(applied.changes);
                }
                Err(refusal) => {
                    outcome = Err(refusal);
                    break;
                }
            }
            count += 1;
            if batch.len() > BATCH_CHANGES || bytes > BATCH_BYTES {
                self.keep(std::mem::take(&mut batch))?;
                bytes = 0;
            }
        }
        self.practice.catch_up();
        // What was applied is in memory already, and what comes later builds on it.
        self.keep(batch)?;
        outcome?;
        Ok(count)
    }

    /// Shows something. The audit entry is on the disk before the view is handed out.
    pub fn open(
        &mut self,
        subject: Subject,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<View, DeviceError> {
        if let Subject::Draft(client, note) = subject {
            self.commit(note, client, now)?;
        }
        let opened = self.with_context(now, |practice, cx| practice.open(subject, purpose, cx))?;
        self.keep(opened.changes)?;
        Ok(opened.view)
    }

    /// Returns whose device this is.
    pub fn member(&self) -> MemberId {
        self.cabinet.identity.author.member
    }

    /// Says in the trail that a script asked for the schedule.
    pub fn audit_query(&mut self, now: Timestamp) -> Result<(), DeviceError> {
        let event =
            AuditEvent { purpose: Some(Purpose::Query), ..AuditEvent::new(AuditKind::Open) };
        let changes = self
            .with_context(now, |practice, cx| Ok::<_, DeviceError>(practice.audit(&event, cx)))?;
        self.keep(changes)
    }

    /// Writes an entry into the audit trail.
    pub fn audit(&mut self, kind: AuditKind, now: Timestamp) -> Result<(), DeviceError> {
        let changes = self.audit_changes(kind, now)?;
        self.keep(changes)
    }

    fn audit_changes(
        &mut self,
        kind: AuditKind,
        now: Timestamp,
    ) -> Result<Vec<Change>, DeviceError> {
        let event = AuditEvent::new(kind);
        self.with_context(now, |practice, cx| Ok::<_, DeviceError>(practice.audit(&event, cx)))
    }

    /// Puts changes on the disk. If the disk refuses, the practice in memory is made again from
    /// what is there, so that nothing is shown as done that is not.
    pub(super) fn keep(&mut self, changes: Vec<Change>) -> Result<(), DeviceError> {
        let is_entry = |change: &Change| matches!(change.compartment, CompartmentName::Audit(_));
        if changes.is_empty() || (self.cabinet.is_read_only() && changes.iter().all(is_entry)) {
            // Somebody whose disk is damaged must still be able to read what is left.
            return Ok(());
        }
        let names: BTreeSet<_> = changes.iter().map(|change| change.compartment.clone()).collect();
        if let Err(error) = self.cabinet.put(&changes) {
            self.start_over()?;
            return Err(error.into());
        }
        self.touched.extend(names);
        Ok(())
    }

    /// Makes the practice in memory again from what is on the disk.
    pub(super) fn start_over(&mut self) -> Result<(), DeviceError> {
        let open = self.practice.is_stepped_up();
        self.practice = Practice::new();
        if open {
            self.practice.step_up();
        }
        self.restore(self.unlocked)
    }

    /// Writes read models and the index, so that the next unlock is quick.
    pub fn checkpoint(&mut self) -> Result<(), DeviceError> {
        let mut segments = Vec::new();
        // A read model holds what it was made of: none is left of a chart of which one record is to
        // be erased, nor of one that lies in two logs, whose keys may die apart.
        let index = self.practice.index();
        let asked: BTreeSet<ClientId> = index
            .erasures
            .keys()
            .filter(|scope| scope.record.is_some())
            .map(|scope| scope.client)
            .collect();
        let whole = |name: &&CompartmentName| name.client().is_none_or(|id| !asked.contains(&id));
        for name in self.touched.iter().filter(whole) {
            let mut ids = self.cabinet.store().locations().all_named(name);
            let (id, other) = (ids.next(), ids.next());
            if other.is_some() && name.client().is_some() {
                continue;
            }
            if let (Some(id), Some(segment)) = (id, self.practice.project(name)) {
                segments.push((id, segment));
            }
        }
        self.cabinet.checkpoint(&segments)?;
        self.touched.clear();
        Ok(())
    }

    /// Locks: what was typed is kept, the trail says so, keys and texts are dropped. Every step is
    /// tried, whatever became of those before; the first failure is told.
    pub fn lock(mut self, now: Timestamp) -> Result<(), DeviceError> {
        if self.cabinet.is_read_only() {
            return Ok(());
        }
        let drafts: Vec<_> = self.typed.iter().map(|(note, typed)| (*note, typed.client)).collect();
        let mut outcome = self.with_room(|device| device.flush(now).map(drop));
        for (note, client) in drafts {
            outcome = outcome.and(self.with_room(|device| device.commit(note, client, now)));
        }
        // What the document refused goes to the disk once more as keystrokes.
        outcome = outcome.and(self.with_room(|device| device.flush(now).map(drop)));
        outcome = outcome.and(self.with_room(|device| device.audit(AuditKind::Lock, now)));
        outcome = outcome.and(self.cabinet.destroy_closed_drafts().map_err(DeviceError::from));
        let indexed = self.checkpoint();
        if indexed.is_ok() {
            // Only what a whole index replaces is given back.
            outcome = outcome.and(self.cabinet.store.collect().map_err(DeviceError::from));
        }
        outcome = outcome.and(indexed);
        let Self { cabinet, life, .. } = self;
        outcome = outcome.and(cabinet.close().map_err(DeviceError::from));
        if outcome.is_ok() {
            life.write_down();
        }
        outcome
    }

    /// Returns what must be said after opening, once.
    pub fn take_warnings(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn with_context<T, E>(
        &mut self,
        now: Timestamp,
        act: impl FnOnce(&mut Practice, &mut Context<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.with_pending(&[], now, act)
    }

    pub(super) fn with_pending<T, E>(
        &mut self,
        pending: &[Change],
        now: Timestamp,
        act: impl FnOnce(&mut Practice, &mut Context<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut random = OsRandom;
        let (mut shelf, mut pen) = self.cabinet.desk(pending);
        let mut cx = Context { now, random: &mut random, shelf: &mut shelf, pen: &mut pen };
        act(&mut self.practice, &mut cx)
    }
}

/// Changes of one group commit when many edits are carried out at once.
const BATCH_CHANGES: usize = 256;
/// Bytes of one, far below what a group takes.
const BATCH_BYTES: usize = 2 << 20;

fn length(change: &Change) -> usize {
    match &change.content {
        Content::Delta { bytes, .. } | Content::Record { bytes, .. } => bytes.len(),
        Content::Draft { .. } | Content::Close { .. } => 0,
    }
}

impl From<ShelfError> for DeviceError {
    fn from(_: ShelfError) -> Self {
        Self::Store(StoreError::Altered)
    }
}
