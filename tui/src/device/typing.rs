//! What is typed into drafts, on its way to the disk: keystrokes within a second, changes of the
//! document at pauses. No word is dropped because a rule or the disk refused it.

use super::apart::is_behind;
use super::keystrokes::LeftKeystrokes;
use super::open::{Device, DeviceError};
use super::store::StoreError;
use super::typed::{self, Typed};
use crate::device::chance::OsRandom;
use crate::notice::Notice;
use crate::widget::editor::rebase;
use tacenda_shared::id::{ClientId, ObjectId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::correction::SignOver;
use tacenda_shared::practice::edit::{Edit, NoteFormat, Part, PsychotherapyEdit, Splice};
use tacenda_shared::practice::view::DraftView;
use tacenda_shared::practice::zone;

impl<F: FileSystem> Device<F> {
    /// Takes keystrokes; they are due on the disk within a second.
    pub fn type_keys(
        &mut self,
        note: ObjectId,
        client: ClientId,
        splices: Vec<Splice>,
        now: Timestamp,
    ) {
        let count = splices.len();
        self.push_keys((note, client), splices, count, now);
    }

    /// Takes keystrokes from a screen that had seen the first `seen` changes of others when they
    /// were typed, as the views of [`Device::refresh`] count them.
    pub fn type_keys_after(
        &mut self,
        (note, client): (ObjectId, ClientId),
        splices: Vec<Splice>,
        seen: u64,
        now: Timestamp,
    ) {
        let count = splices.len();
        let splices = match self.conversations.get_mut(&note) {
            Some(conversation) => conversation.typed(splices, seen),
            None => splices,
        };
        self.push_keys((note, client), splices, count, now);
    }

    fn push_keys(
        &mut self,
        (note, client): (ObjectId, ClientId),
        splices: Vec<Splice>,
        count: usize,
        now: Timestamp,
    ) {
        if self.has_erased(client.into()) || self.is_closed(client, note) {
            // A screen that was not closed yet: there is nothing left to write in.
            return;
        }
        let typed = self.typed.entry(note).or_insert_with(|| Typed::new(client));
        typed.push(splices, count, now);
    }

    /// Finishes the view of a draft for the screen that shows it.
    pub(super) fn converse(&mut self, note: ObjectId, view: &mut DraftView, now: Timestamp) {
        let Some(conversation) = self.conversations.get_mut(&note) else { return };
        let mut remote = std::mem::take(&mut view.remote);
        let mut ahead = Vec::new();
        if let Some(typed) = self.typed.get_mut(&note).filter(|t| !t.uncommitted().is_empty()) {
            ahead = typed.uncommitted().to_vec();
            // A change of others commits what was typed; only what a rule refused is still here.
            if !remote.is_empty() {
                (ahead, remote) = rebase(&ahead, &remote, true);
                self.cabinet.forget_keystrokes(note);
                typed.moved(ahead.clone(), now);
            }
        }
        conversation.tell(view, &ahead, remote);
        view.beside = self.beside(note, &ahead);
        view.seen_by = self.seen_by(view.row.client, note);
    }

    /// Returns when keystrokes must be on the disk at the latest.
    pub fn flush_due(&self) -> Option<Timestamp> {
        self.typed.values().filter_map(Typed::flush_due).min()
    }

    /// Returns how long keystrokes may still wait, in milliseconds; none at all if the clock was set
    /// back since they were typed.
    pub fn flush_wait(&self, now: Timestamp) -> Option<i64> {
        self.typed.values().filter_map(|typed| typed.flush_wait(now)).min()
    }

    /// Puts keystrokes on the disk; returns for each draft how many are there. A draft whose
    /// keystrokes are refused keeps none of the others back.
    pub fn flush(&mut self, now: Timestamp) -> Result<Vec<(ObjectId, u64)>, DeviceError> {
        let mut counts = Vec::new();
        let mut outcome = Ok(());
        let drafts: Vec<_> = self.typed.keys().copied().collect();
        for note in drafts {
            match self.flush_draft(note) {
                Ok(None) => {}
                Ok(Some(count)) => counts.push((note, count)),
                Err(error) => {
                    if let Some(typed) = self.typed.get_mut(&note) {
                        typed.refused(now);
                    }
                    outcome = outcome.and(Err(error));
                }
            }
        }
        outcome?;
        Ok(counts)
    }

    fn flush_draft(&mut self, note: ObjectId) -> Result<Option<u64>, StoreError> {
        let Some(typed) = self.typed.get_mut(&note) else { return Ok(None) };
        if typed.unflushed().is_empty() {
            return Ok(None);
        }
        let home = self.practice.home_of(typed.client, note);
        let compartment = self.cabinet.store().locations().named(&home).map(|known| known.id);
        let compartment = compartment.ok_or(StoreError::NoKey)?;
        while !typed.unflushed().is_empty() {
            let frame = typed.next_frame();
            let count = frame.len();
            self.cabinet.put_keystrokes(compartment, note, &typed::encode(frame))?;
            typed.flushed_some(count);
        }
        Ok(Some(typed.flushed()))
    }

    /// Makes changes of the document of what was typed since the last. What a rule refuses stays
    /// typed, and on the disk as keystrokes.
    pub fn commit(
        &mut self,
        note: ObjectId,
        client: ClientId,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let Some(typed) = self.typed.get(&note) else { return Ok(()) };
        let mut batch = Vec::new();
        let mut done = 0;
        let mut outcome = Ok(());
        for splices in typed.changes() {
            let count = splices.len();
            let edit = Edit::ChangeDraft { note, client, splices };
            match self.with_pending(&batch, now, |practice, cx| practice.apply(edit, cx)) {
                Ok(applied) => batch.extend(applied.changes),
                Err(refusal) => {
                    outcome = Err(refusal);
                    break;
                }
            }
            done += count;
        }
        self.keep(batch)?;
        // The caret is named by a letter that others have only now.
        self.presence.stir(note);
        if let Some(typed) = self.typed.get_mut(&note).filter(|_| done > 0) {
            if outcome.is_ok() {
                typed.committed();
                // Also where the words went into another document, since the draft was signed.
                self.cabinet.forget_keystrokes(note);
            } else {
                typed.committed_some(done, now);
            }
        }
        Ok(outcome?)
    }

    /// Commits what was typed into the draft that an edit is about to change: with that change
    /// the disk forgets the keystrokes.
    pub(super) fn commit_before(&mut self, edit: &Edit, now: Timestamp) -> Result<(), DeviceError> {
        match edit {
            Edit::Sign { note, client, .. }
            | Edit::SignImported { note, client, .. }
            | Edit::SignOver(SignOver { draft: note, client, .. })
            | Edit::ChangeDraft { note, client, .. }
            | Edit::DiscardDraft { note, client, .. }
            | Edit::DivideDraft { note, client, .. } => self.commit(*note, *client, now),
            _ => Ok(()),
        }
    }

    /// Makes a change of what a killed run had typed. Never keeps the practice from opening.
    pub(super) fn recover_keystrokes(&mut self, now: Timestamp) {
        self.recover_keystrokes_in(now, |name| !is_behind(name));
    }

    /// The same in some compartments.
    pub(super) fn recover_keystrokes_in(
        &mut self,
        now: Timestamp,
        wanted: impl Fn(&CompartmentName) -> bool,
    ) {
        let found = self.cabinet.keystrokes(wanted);
        if self.cabinet.is_read_only() {
            return;
        }
        for LeftKeystrokes { compartment, draft, typed } in found {
            let name = self.cabinet.store().locations().compartment(compartment);
            let name = name.and_then(|known| known.name.whose_drafts());
            let Some(client) = name else { continue };
            let mut recovered = Typed::new(client);
            let mut unread = false;
            for bytes in typed {
                match typed::decode(&bytes) {
                    Ok(splices) => recovered.recover(splices),
                    Err(_) => unread = true,
                }
            }
            self.typed.insert(draft, recovered);
            match self.commit(draft, client, now) {
                Ok(()) => {}
                Err(DeviceError::Refused(_)) if self.rescue(draft, client, now).is_ok() => {
                    self.warnings.push(rescued());
                }
                Err(_) => unread = true,
            }
            if unread {
                self.typed.remove(&draft);
                self.warnings.push(left());
            }
        }
    }

    /// Puts words that do not fit their draft into new ones.
    fn rescue(
        &mut self,
        draft: ObjectId,
        client: ClientId,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let Some(typed) = self.typed.get(&draft) else { return Ok(()) };
        let mut rest = typed.clone();
        let letters: Vec<char> = rest.forget().chars().collect();
        let mut edits = Vec::new();
        for text in letters.chunks(RESCUED_LETTERS) {
            let note = ObjectId::random(&mut OsRandom);
            // What a client wrote, and what is apart, must not come to lie in the chart.
            let begin = match self.practice.home_of(client, draft) {
                CompartmentName::Journal(_) => {
                    let date = zone::date(now, &self.index().zone);
                    Edit::BeginJournal { draft: note, client, date }
                }
                CompartmentName::Psychotherapy { .. } => {
                    let date = zone::date(now, &self.index().zone);
                    Edit::Psychotherapy(PsychotherapyEdit::Begin { draft: note, client, date })
                }
                _ => {
                    let format = NoteFormat::Free;
                    Edit::BeginNote { note, client, session: None, format }
                }
            };
            edits.push((now, begin));
            let inserted = text.iter().collect();
            let splices = vec![Splice { part: Part::Text, position: 0, deleted: 0, inserted }];
            edits.push((now, Edit::ChangeDraft { note, client, splices }));
        }
        self.apply_all(edits)?;
        self.typed.remove(&draft);
        self.cabinet.forget_keystrokes(draft);
        // Written down at once, so that the next unlock does not rescue them again.
        self.checkpoint()
    }
}

/// Letters of a rescued draft: less than one change may insert and than a part may hold.
const RESCUED_LETTERS: usize = 1 << 16;

fn rescued() -> Notice {
    Notice::new(
        "Something that you typed last did not fit its note any more.",
        "No word of it is lost: it is in a new draft of the same client.",
        "Look under To finish, copy what you need, and discard the draft.",
    )
}

fn left() -> Notice {
    Notice::new(
        "Something that you typed last could not be put into its note.",
        "It is still on the disk, and nothing has been deleted.",
        "Free some space on the disk, lock, and unlock again.",
    )
}
