//! Which life of this device this is: a device whose files were copied or brought back must never
//! go on with numbers that its other self may have given.
//!
//! At a clean close a sealed note says where the files lie: vault, machine and inode. At the next
//! opening a difference makes a new incarnation due, and so does a server that knows more of this
//! device than the device does. From then on nothing is sealed for others; what is written gets
//! another actor at once, so that it never contradicts what the other self writes; and once the
//! server has given everything, the practice log is asked to begin the next incarnation where the
//! server's view of the last one ends. What waited then goes out again under new numbers. Whatever
//! stops this, it begins again from the start: numbers of an incarnation are given only after its
//! entry is on this disk together with the word that it is this life's own.

use super::chance::OsRandom;
use super::courier::frames::{MailFrame, SKIPPED_MAX, Source};
use super::courier::{Batch, Courier, of_refusal};
use super::frame::{ContentKind, DeviceFrame};
use super::home::Home;
use super::locations::Place;
use super::open::{Device, DeviceError};
use super::reserve::Reserve;
use super::store::StoreError;
use std::collections::BTreeMap;
use tacenda_shared::envelope::{Envelope, PracticeHead};
use tacenda_shared::id::{DevInc, DeviceId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::vault::DeviceSecrets;
use tacenda_shared::log::OwnHead;
use tacenda_shared::membership::{self, Action, Entry, Signer};
use tacenda_shared::seal::{self, Hedge, SALT_LENGTH};
use tacenda_shared::sync::{DeliveredEntry, Refusal, RefusalCode};

const KEY_LABEL: &str = "tac/place/key/v1";
const NOTE_LABEL: &str = "tac/place/note/v1";

/// The life of an open device.
#[derive(Default)]
pub(super) struct Life {
    /// The incarnation whose numbers are this life's own.
    own: DevInc,
    due: bool,
    note: Option<Note>,
}

/// Where the files lie now, sealed, and where that is written down.
struct Note {
    home: Home,
    bytes: Vec<u8>,
}

/// How far the way to the next incarnation has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Incarnating {
    /// The server was asked how far it has seen this device; until it is told, it takes nothing
    /// from any life of it, for at most two seconds.
    Asked,
    /// This entry was proposed.
    Proposed(PracticeHead),
    /// Somebody else's entry came first: decided anew once that is here.
    Behind,
    /// The server refuses, or says less than it has confirmed: nothing is asked on this link any
    /// more.
    Stopped,
}

impl Life {
    /// Compares where the files lie with where they lay at the last clean close.
    pub(super) fn look(home: &Home, vault_id: &[u8; 16], keys: &DeviceSecrets) -> Self {
        let Ok(here) = home.place(vault_id) else { return Self::default() };
        let key = keys.local.derive(KEY_LABEL, &[]);
        let opened = |bytes: &[u8]| {
            let (salt, ciphertext) = bytes.split_first_chunk::<SALT_LENGTH>()?;
            seal::open(key.expose(), NOTE_LABEL, vault_id, salt, ciphertext).ok()
        };
        let due = match home.read_place() {
            Ok(Some(noted)) => opened(&noted).is_none_or(|noted| *noted != here),
            // Never closed in order yet, or it cannot be read: the server still tells.
            Ok(None) | Err(_) => false,
        };
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &keys.hedge, random: &mut random };
        let sealed = seal::seal(key.expose(), NOTE_LABEL, vault_id, &here, &mut hedge).ok();
        let note = sealed.map(|sealed| Note {
            home: home.clone(),
            bytes: [sealed.salt.as_slice(), &sealed.ciphertext].concat(),
        });
        Self { own: DevInc::ZERO, due, note }
    }

    /// The life of a device that is made just now, or that has only ever had this one.
    pub(super) fn first(own: DevInc) -> Self {
        Self { own, ..Self::default() }
    }

    /// The life of a device that was found elsewhere.
    #[cfg(test)]
    pub(super) fn elsewhere() -> Self {
        Self { due: true, ..Self::default() }
    }

    /// Returns whether a new incarnation has to begin before anything is sealed for others.
    pub(super) fn is_due(&self) -> bool {
        self.due
    }

    /// Returns the incarnation whose numbers are this life's own.
    pub(super) fn own(&self) -> DevInc {
        self.own
    }

    /// Writes down where the files lie, unless they were found elsewhere and nothing has come of
    /// it yet.
    pub(super) fn write_down(&self) {
        if let (false, Some(note)) = (self.due, &self.note) {
            // Without it the next opening compares with an older note, or the server tells.
            let _later = note.home.write_place(&note.bytes);
        }
    }
}

impl<F: FileSystem> Device<F> {
    /// Takes up a life: as of the journal and the practice log, and of what `life` has found.
    pub(super) fn live(&mut self, life: Life) {
        let author = self.cabinet.identity.author;
        let adopted = self.cabinet.store().locations().ledger().incarnation();
        let own = adopted.unwrap_or(author.incarnation);
        let known = self.cabinet.state.devices().get(&author.device);
        // An incarnation that another life of this device has begun is not ours.
        let parted = known.is_some_and(|known| known.dev_inc() != own);
        self.life = Life { own, due: life.due || parted, note: life.note };
        self.cabinet.identity.author.incarnation = own;
        if self.life.due {
            self.write_apart(own);
        }
    }

    /// Where a device is that was just made: from now on it notices if it is copied.
    pub fn settle_at(&mut self, home: &Home, vault_id: &[u8; 16]) {
        self.life.note = Life::look(home, vault_id, &self.cabinet.keys).note;
        let reserve = Reserve::of(home);
        reserve.keep();
        self.reserve = Some(reserve);
    }

    /// From now on documents are written as an incarnation that nobody else is yet: one after
    /// `newest` and after all that the practice log knows.
    fn write_apart(&mut self, newest: DevInc) {
        let author = self.cabinet.identity.author;
        let known = self.cabinet.state.devices().get(&author.device);
        let named = known.map_or(author.incarnation, membership::Device::dev_inc);
        self.cabinet.identity.author.incarnation = named.max(newest).next();
    }

    /// Another life of this device is known of, since the server knows more of it than this one
    /// does: this one begins anew with the next link.
    pub(super) fn part(&mut self, courier: &mut Courier, newest: DevInc) {
        if !self.life.due || newest >= self.cabinet.identity.author.incarnation {
            self.life.due = true;
            courier.outlived = true;
            self.write_apart(newest);
        }
    }

    /// Makes changes of what was typed, before documents are read anew.
    pub(super) fn commit_typed(&mut self, now: Timestamp) -> Result<(), DeviceError> {
        let typed: Vec<_> = self.typed.iter().map(|(note, typed)| (*note, typed.client)).collect();
        for (note, client) in typed {
            match self.commit(note, client, now) {
                // It stays typed.
                Ok(()) | Err(DeviceError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes what was written and not sent out of sight, until everything that the other life has
    /// sent is here: it may be the same, and it may have the same numbers.
    pub(super) fn set_work_aside(&mut self, now: Timestamp) -> Result<(), DeviceError> {
        self.commit_typed(now)?;
        let ledger = self.cabinet.store().locations().ledger();
        let sent = ledger.sent().filter_map(|sent| sent.source);
        let is_change = |source: &Source| {
            matches!(source.kind, ContentKind::Delta(_) | ContentKind::DraftDelta(_))
        };
        let aside: Vec<_> = ledger.unsent().chain(sent).filter(is_change).collect();
        let frames = aside.chunks(SKIPPED_MAX).map(|some| {
            let places = some.iter().map(|source| source.location).collect();
            DeviceFrame::Mail(MailFrame::Aside(places))
        });
        let frames: Vec<_> = frames.collect();
        if frames.is_empty() {
            return Ok(());
        }
        self.cabinet.put_with(&[], frames)?;
        self.start_over()
    }

    /// Takes up again what was set aside, once this life has numbers of its own.
    pub(super) fn resume_work(
        &mut self,
        courier: &Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        if self.life.due || !courier.current {
            return Ok(());
        }
        let mut documents: BTreeMap<_, Vec<Source>> = BTreeMap::new();
        for source in self.cabinet.store().locations().ledger().aside() {
            let (document, draft) = match source.kind {
                ContentKind::Delta(document) => (document, false),
                ContentKind::DraftDelta(document) => (document, true),
                _ => continue,
            };
            documents.entry((source.compartment, document, draft)).or_default().push(source);
        }
        for ((compartment, document, draft), sources) in documents {
            let known = self.cabinet.store().locations().compartment(compartment);
            let Some(name) = known.map(|known| known.name.clone()) else { continue };
            let mut blobs = Vec::with_capacity(sources.len());
            for Source { kind, location, .. } in &sources {
                match self
                    .cabinet
                    .open_content(compartment, Place { kind: *kind, location: *location })
                {
                    Ok(bytes) => blobs.push(bytes.to_vec()),
                    // The draft was signed since, and its key destroyed.
                    Err(StoreError::NoKey) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let changes = self.with_pending(&[], now, |practice, cx| {
                practice.rebase(&name, (document, draft), &blobs, cx)
            })?;
            let places = sources.iter().map(|source| source.location).collect();
            let done = DeviceFrame::Mail(MailFrame::Skipped(places));
            if let Err(error) = self.cabinet.put_with(&changes, vec![done]) {
                self.start_over()?;
                return Err(error.into());
            }
            self.touched.insert(name);
            batch.changed = true;
        }
        Ok(())
    }

    /// Asks how far the server has seen this device, once everything is here.
    pub(super) fn incarnate(&mut self, courier: &mut Courier, now: Timestamp) {
        if self.life.due && courier.current && courier.incarnating.is_none() {
            courier.sync.ask_heads(vec![self.cabinet.identity.author.device], now);
            courier.incarnating = Some(Incarnating::Asked);
        }
    }

    /// Asks the practice log for the next incarnation: the last one ends where the server has seen
    /// it end, so that nothing that it has taken is annulled. False if this was not what the server
    /// was asked for.
    pub(super) fn end_last(
        &mut self,
        courier: &mut Courier,
        heads: &BTreeMap<DeviceId, OwnHead>,
        now: Timestamp,
    ) -> bool {
        if courier.incarnating.take_if(|way| matches!(way, Incarnating::Asked)).is_none() {
            return false;
        }
        let device = self.cabinet.identity.author.device;
        let state = courier.sync.state();
        let last = state.active_device(device).map(membership::Device::dev_inc);
        let end = heads.get(&device).copied();
        if end.is_none() {
            // The server does not show what this device has signed last.
            courier.incarnating = Some(Incarnating::Stopped);
            return true;
        }
        // A server that has less than it has confirmed would have this device annul its own work.
        let number = |own: &OwnHead| (own.dev_inc, own.dev_seq);
        let settled = self.cabinet.store().locations().ledger().settled();
        let known = courier.sync.newest_own(device).into_iter().chain(settled);
        let known = known.filter(|own| Some(own.dev_inc) == last).max_by_key(number);
        if end.zip(known).is_some_and(|(end, known)| number(&end) < number(&known)) {
            courier.incarnating = Some(Incarnating::Stopped);
            return true;
        }
        // Where the server is ahead with its practice log, that comes first.
        let Some(end) = end.filter(|end| Some(end.dev_inc) == last) else { return true };
        let signer = Signer::Device(device);
        let entry = state.propose(Action::Incarnate { end }, signer, now, &self.cabinet.keys.sign);
        let Ok(entry) = entry else { return true };
        if courier.sync.append_entry(&entry, Vec::new(), now).is_ok() {
            courier.incarnating = Some(Incarnating::Proposed(entry.head()));
        }
        true
    }

    /// The practice log has another entry: returns the incarnation that it begins, if it is the
    /// one that this life has asked for.
    pub(super) fn reborn(
        &mut self,
        courier: &mut Courier,
        delivered: &DeliveredEntry,
    ) -> Option<DevInc> {
        let entry = Entry::decode(&delivered.entry).ok()?;
        let device = self.cabinet.identity.author.device;
        let is_ours = entry.signer == Signer::Device(device);
        if !is_ours || !matches!(entry.action, Action::Incarnate { .. }) {
            return None;
        }
        let begun = courier.sync.state().devices().get(&device)?.dev_inc();
        let head = entry.head();
        if matches!(courier.incarnating, Some(Incarnating::Proposed(ours)) if ours == head) {
            return Some(begun);
        }
        self.part(courier, begun);
        None
    }

    /// Returns whether this life of the device has made an envelope of this device. Another life
    /// may have made it, and may have given a number twice.
    pub(super) fn is_of_this_life(&self, envelope: &Envelope) -> Result<bool, DeviceError> {
        let header = &envelope.header;
        let store = self.cabinet.store();
        let ledger = store.locations().ledger();
        let known = ledger.is_own(header.dev_inc, header.dev_seq);
        let same = match ledger.unanswered(header.dev_inc, header.dev_seq) {
            // While this life goes on, the server has none of these but from here.
            Some(location) if self.life.is_due() => {
                let sent = store.read(location)?;
                matches!(sent, DeviceFrame::Mail(MailFrame::Sent { envelope: sent, .. })
                    if sent.hash() == envelope.hash())
            }
            Some(_) | None => known,
        };
        Ok(same)
    }

    /// Whether this is the answer to what [`Device::end_last`] has proposed.
    pub(super) fn is_answer(courier: &mut Courier) -> bool {
        let proposed = |way: &mut Incarnating| matches!(way, Incarnating::Proposed(_));
        courier.incarnating.take_if(proposed).is_some()
    }

    /// What [`Device::end_last`] has proposed was not taken; false if nothing was. It is proposed
    /// again where the practice log has gone on since, and otherwise not on this link.
    pub(super) fn is_refused(courier: &mut Courier, refusal: &Refusal) -> bool {
        let Some(Incarnating::Proposed(ours)) = courier.incarnating else { return false };
        let second = refusal.code == RefusalCode::Conflict;
        if second && courier.sync.state().head().seq >= ours.seq {
            courier.incarnating = None;
            return true;
        }
        courier.incarnating = Some(if second { Incarnating::Behind } else { Incarnating::Stopped });
        courier.trouble = Some(of_refusal(refusal.code));
        true
    }

    /// The practice log has gone on: what came second may be asked for again.
    pub(super) fn ask_again(courier: &mut Courier) {
        let behind = courier.incarnating.take_if(|way| matches!(way, Incarnating::Behind));
        if behind.is_some() {
            courier.trouble = None;
        }
    }

    /// Goes on as the new incarnation, which is on the disk.
    pub(super) fn live_on(&mut self, courier: &mut Courier, begun: DevInc) {
        // What was queued is in the journal, and goes out again under new numbers.
        let _requeued = courier.sync.incarnate(begun);
        courier.incarnating = None;
        self.life.own = begun;
        self.life.due = false;
        self.cabinet.identity.author.incarnation = begun;
        self.life.write_down();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::setup::{Founding, SetUp};
    use crate::message::Secret;
    use std::fs;
    use std::path::{Path, PathBuf};
    use tacenda_shared::keys::passphrase::Passphrase;
    use tacenda_shared::keys::vault::KdfCost;

    const PASSPHRASE: &str = "otter lamp violin cactus";
    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn folder(name: &str) -> PathBuf {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/incarnation");
        let folder = target.join(name);
        let _absent = fs::remove_dir_all(&folder);
        folder
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            if from.is_dir() { copy(&from, &to) } else { fs::copy(&from, &to).map(drop).unwrap() }
        }
    }

    /// Opens the practice, closes it again, and tells whether a new life was due.
    fn is_due(folder: &Path) -> bool {
        let home = Home::contained_in(folder);
        let passphrase = Passphrase::from_text(PASSPHRASE).unwrap();
        let device = Device::unlock(&home, &passphrase, 0, NOW).unwrap();
        let due = device.life.is_due();
        device.lock(NOW).unwrap();
        due
    }

    #[test]
    fn a_copy_of_a_home_is_noticed_and_a_folder_that_was_renamed_is_not() {
        let (first, renamed, copied) = (folder("first"), folder("renamed"), folder("copied"));
        let founding = Founding {
            zone: "UTC".into(),
            clinician: "Dr. Sample".into(),
            device: "laptop".into(),
            cost: KdfCost::FLOOR,
        };
        let secret = Secret(PASSPHRASE.to_owned().into());
        let (set_up, _) = SetUp::begin(founding, &secret, NOW).unwrap();
        set_up.finish(&Home::contained_in(&first), NOW).unwrap().lock(NOW).unwrap();
        copy(&first, &copied);

        assert!(!is_due(&first));
        assert!(is_due(&copied));
        // Nothing has come of it, so it stays due.
        assert!(is_due(&copied));
        fs::rename(&first, &renamed).unwrap();
        assert!(!is_due(&renamed));
    }
}
