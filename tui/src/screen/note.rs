//! The note screen: a draft in its parts, typed into directly, and the page on which it is signed.
//!
//! Letters type, Esc steps out, and nothing is ever lost: each input hands its splices on at once.
//! The screen never asks a clock and never writes anything itself; it says in [`Outcome`] what it
//! wants done and when it wants to be called again.

mod aid;
mod divide;
mod find;
mod flight;
mod modal;
pub(crate) mod review;
mod sending;
mod signing;
mod snippet;
#[cfg(test)]
pub(crate) mod tests;
mod view;

pub(crate) use find::Step;
pub use snippet::Phrasebook;
pub(crate) use view::{ADDED_APART, APART, JOURNAL, line, rule};
pub use view::{Heading, view};

use crate::input::{Input, Key, KeyCode};
use crate::keymap::Verb;
use crate::message::{Effect, Now};
use crate::notice::Notice;
use crate::widget::editor::vim::{Mode, Vim};
use crate::widget::editor::{Deed, Editor, Mark, Refusal, Register, Reply, Texts};
use crate::widget::field::Field;
use aid::Pane;
use find::Finding;
use flight::Flight;
use review::Review;
use snippet::Popup;
use std::collections::BTreeSet;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, ObjectId, Timestamp};
use tacenda_shared::practice::correction::Meanwhile;
use tacenda_shared::practice::edit::{Edit, Label, NoteFormat, Part, Splice};
use tacenda_shared::practice::lint::Levels;
use tacenda_shared::practice::view::{Aid, AppointmentRow, Beside, DraftView};

/// Quiet after which counters are drawn anew, so that a key costs its own cells only.
/// Milliseconds.
const QUIET: i64 = 500;

/// What the terminal can show, as far as this screen cares.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Look {
    /// Whether chrome keeps to ASCII.
    pub ascii: bool,
    /// Whether colours are wanted; they are never the only sign.
    pub colour: bool,
    /// Whether codes stand for names; the caller has put the code into [`Heading`] then.
    pub veiled: bool,
}

/// What a screen wants after an input.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In order, before `edit`.
    pub effects: Vec<Effect>,
    /// To be carried out with a ticket of the root's.
    pub edit: Option<Edit>,
    /// Whether an addendum to the signed note is to be written.
    pub add: bool,
    /// A correction is to be signed for this reason; what becomes of other corrections is to be asked.
    pub settle: Option<String>,
    /// Something that the root does, as if it had been chosen from the palette.
    pub run: Option<Verb>,
    /// Whether the person has left the screen. The text is kept.
    pub leave: bool,
    /// A line for the person.
    pub say: Option<String>,
    /// When the screen wants `tick`, at the latest.
    pub wake: Option<Timestamp>,
    /// Whether the input meant something here.
    pub taken: bool,
}

/// What has to be known of a draft besides its text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Circumstances {
    /// When its session ended, if it is about one: 72 hours later a signature is late.
    pub session_end: Option<Timestamp>,
    /// Its session.
    pub session: Option<AppointmentRow>,
    /// What the practice asks of a note before it is signed.
    pub levels: Levels,
    /// The practice's zone.
    pub zone: String,
    /// The name of whoever signs; its initials sign. Empty if it is not known.
    pub clinician: String,
    /// Whether it lies among psychotherapy notes.
    pub apart: bool,
}

/// A draft on the screen.
#[derive(Debug)]
pub struct State {
    note: ObjectId,
    client: ClientId,
    format: NoteFormat,
    /// Whether it is to stand in the place of a signed note.
    corrects: bool,
    /// Of a correction: what has become of the note.
    meanwhile: Option<Box<Meanwhile>>,
    is_one_text: bool,
    /// How the person has asked that it be divided; it has not come yet.
    expected: Option<NoteFormat>,
    circumstances: Circumstances,
    editors: Vec<Editor>,
    focus: usize,
    flight: Flight,
    /// Other devices that have this draft open.
    beside: Vec<Beside>,
    /// Names of those that have shown all that was written here.
    seen_by: Vec<String>,
    labels: BTreeSet<Label>,
    /// The caret that was told to those beside.
    told_caret: Option<(Part, usize)>,
    typed: u64,
    journalled: u64,
    saved: Option<jiff::civil::Time>,
    /// When the oldest key was typed that no commit was asked for.
    uncommitted: Option<Timestamp>,
    /// Code points that were inserted since the last commit.
    inserted: usize,
    last_key: Timestamp,
    counters: Counters,
    finding: Option<Finding>,
    /// What was looked for last, and what was to take its place.
    needle: Field,
    replacement: Field,
    /// A command that begins with `:`, while it is typed.
    asking: Option<Field>,
    vim: Option<Vim>,
    register: Register,
    /// Counts acts, each of which is one step of undo in all parts that it changed.
    acts: u64,
    review: Option<Review>,
    /// What helps to write it.
    aid: Option<Arc<Aid>>,
    pane: Pane,
    book: Phrasebook,
    popup: Popup,
    /// A template that waits until the note is divided like it.
    template: Option<(NoteFormat, Vec<(Part, String)>)>,
    signing: bool,
    columns: u16,
    rows: u16,
}

/// What the header says; drawn anew in pauses only.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Counters {
    words: usize,
    unsaved: u64,
    saved: Option<jiff::civil::Time>,
    stale: bool,
}

impl State {
    /// Shows a draft that was opened.
    pub fn new(view: &DraftView, circumstances: Circumstances) -> Self {
        let editors = view.parts.iter().map(|(part, text)| Editor::new(*part, text)).collect();
        let mut state = Self {
            note: view.row.note,
            client: view.row.client,
            format: view.row.format,
            corrects: view.row.corrects.is_some(),
            meanwhile: view.meanwhile.clone(),
            is_one_text: view.row.is_one_text(),
            expected: None,
            circumstances,
            editors,
            focus: 0,
            flight: Flight::new(view),
            beside: Vec::new(),
            seen_by: Vec::new(),
            labels: view.labels.clone(),
            told_caret: None,
            typed: 0,
            journalled: 0,
            saved: None,
            uncommitted: None,
            inserted: 0,
            last_key: Timestamp::default(),
            counters: Counters::default(),
            finding: None,
            needle: Field::default(),
            replacement: Field::default(),
            asking: None,
            vim: None,
            register: Register::default(),
            acts: 0,
            review: None,
            aid: view.aid.clone(),
            pane: Pane::Hidden,
            book: Phrasebook::default(),
            popup: Popup::default(),
            template: None,
            signing: false,
            columns: 80,
            rows: 22,
        };
        state.count();
        state.arrange();
        state.take_company(view);
        state
    }

    /// Returns which draft it is.
    pub const fn note(&self) -> ObjectId {
        self.note
    }

    /// Returns whose chart it is in.
    pub const fn client(&self) -> ClientId {
        self.client
    }

    /// Returns its labels.
    pub const fn labels(&self) -> &BTreeSet<Label> {
        &self.labels
    }

    /// Returns the text of each part, as it is on the screen.
    pub fn texts(&self) -> Vec<String> {
        self.editors.iter().map(Editor::text).collect()
    }

    /// Returns whether the page before a signature is shown.
    pub const fn is_reviewed(&self) -> bool {
        self.review.is_some()
    }

    /// Returns what is being looked for, if anything is.
    pub(crate) const fn finding(&self) -> Option<Step> {
        match &self.finding {
            Some(finding) => Some(finding.step()),
            None => None,
        }
    }

    /// Returns whether a command that begins with `:` is being typed.
    pub const fn is_asked(&self) -> bool {
        self.asking.is_some()
    }

    /// Tells how large the area is that `view` will be given.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        (self.columns, self.rows) = (columns, rows);
        self.arrange();
    }

    /// Takes a newer view of the draft: changes of others go into the text, the caret stays.
    pub fn apply_view(&mut self, view: &DraftView, now: &Now) -> Outcome {
        let mut remote = self.flight.receive(view);
        let fresh = self.take_parts(view);
        // What has just come onto the screen came with its text.
        remote.retain(|splice| !fresh.contains(&splice.part));
        self.apply_remote(&remote);
        if self.flight.has_landed() {
            // Nothing is on its way, so the screen shows the document, whatever happened to it.
            let ropes = self.editors.iter().map(|editor| (editor.part(), editor.rope().clone()));
            let missing = Texts::from_ropes(ropes).difference(&Texts::of(&view.parts));
            self.apply_remote(&missing);
            remote.extend(missing);
        }
        let relabelled = self.labels != view.labels || self.meanwhile != view.meanwhile;
        self.labels.clone_from(&view.labels);
        self.meanwhile.clone_from(&view.meanwhile);
        self.take_company(view);
        let mut effects = Vec::new();
        let said = self.settle_parts(now, &mut effects);
        let filled = self.fill_parts(now, &mut effects);
        let say = filled.or(said);
        if !remote.is_empty() || relabelled || !fresh.is_empty() || say.is_some() {
            self.count();
            self.arrange();
            let page = self.page(now);
            if let Some(review) = &mut self.review {
                review.changed(&page, now.time);
            }
        }
        let mut outcome = Outcome { say, ..self.outcome(effects) };
        self.tell_caret(&mut outcome.effects);
        outcome
    }

    fn apply_remote(&mut self, remote: &[Splice]) {
        if remote.is_empty() {
            return;
        }
        for editor in &mut self.editors {
            editor.apply_remote(remote);
        }
        self.settle();
        self.count_found();
    }

    /// Takes who else is here, where, and what they have seen.
    fn take_company(&mut self, view: &DraftView) {
        self.seen_by.clone_from(&view.seen_by);
        if self.beside == view.beside && self.beside.is_empty() {
            return;
        }
        self.beside.clone_from(&view.beside);
        for editor in &mut self.editors {
            let part = editor.part();
            let mark = |beside: &Beside| {
                let (_, position) = beside.caret.filter(|(other, _)| *other == part)?;
                let position = self.flight.place(part, position);
                Some(Mark { position, name: beside.name.clone() })
            };
            editor.set_marks(self.beside.iter().filter_map(mark).collect());
        }
    }

    /// Says where the caret is, if somebody is there to see it and it has moved.
    fn tell_caret(&mut self, effects: &mut Vec<Effect>) {
        if self.beside.is_empty() {
            self.told_caret = None;
            return;
        }
        let Some(editor) = self.editors.get(self.focus) else { return };
        let (part, position) = (editor.part(), editor.caret());
        if self.told_caret.replace((part, position)) != Some((part, position)) {
            let seen = self.flight.seen();
            effects.push(Effect::Look { note: self.note, part, position, seen });
        }
    }

    /// Takes note of how many keys are on disk.
    pub fn journalled(&mut self, splices: u64, now: &Now) -> Outcome {
        self.journalled = splices;
        self.saved = Some(now.local.time());
        self.counters.stale = true;
        if self.is_quiet(now.time) {
            self.count();
        }
        self.outcome(Vec::new())
    }

    /// The signature was refused: the draft is still a draft.
    pub fn refused(&mut self, notice: &Notice) -> Outcome {
        self.signing = false;
        self.review = None;
        Outcome { say: Some(notice.to_string()), ..self.outcome(Vec::new()) }
    }

    /// The signature was not given after all: the page stays as it is.
    pub fn unsigned(&mut self) {
        self.signing = false;
    }

    /// A deadline has come.
    pub fn tick(&mut self, now: &Now) -> Outcome {
        let mut effects = Vec::new();
        if self.commit_due().is_some_and(|due| due <= now.time) {
            self.commit(&mut effects);
        }
        if self.counters.stale && self.is_quiet(now.time) {
            self.count();
        }
        self.outcome(effects)
    }

    /// Asks for everything to be made a document change now: before a lock, or when the screen
    /// is left in another way than by its own keys.
    pub fn flush(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.commit(&mut effects);
        effects
    }

    /// Takes what the person did.
    pub fn update(&mut self, input: &Input, now: &Now) -> Outcome {
        let mut outcome = self.take(input, now);
        if !outcome.leave {
            self.tell_caret(&mut outcome.effects);
        }
        outcome
    }

    fn take(&mut self, input: &Input, now: &Now) -> Outcome {
        if let Input::Resize { columns, rows } = input {
            self.resize(*columns, *rows);
            return self.outcome(Vec::new());
        }
        if self.signing {
            return Outcome { taken: true, ..self.outcome(Vec::new()) };
        }
        if self.review.is_some() {
            return self.review_input(input, now);
        }
        if self.finding.is_some() {
            return self.find_input(input, now);
        }
        if self.asking.is_some() {
            return self.ask_input(input);
        }
        if let Some(outcome) = self.pick(input, now).or_else(|| self.complete(input, now)) {
            return outcome;
        }
        if let Input::Key(key) = input
            && let Some(outcome) = self.command(*key, now)
        {
            return outcome;
        }
        self.type_input(input, now)
    }

    /// What the screen does itself; everything else is the editor's.
    fn command(&mut self, key: Key, now: &Now) -> Option<Outcome> {
        let plain = self.vim.is_none();
        match (key.code, key.ctrl) {
            (KeyCode::Tab, false) => self.turn(!key.shift),
            (code, false) if !key.shift && self.crosses(code, true) => {
                self.turn(false);
                self.place_caret(usize::MAX);
            }
            (code, false) if !key.shift && self.crosses(code, false) => {
                self.turn(true);
                self.place_caret(0);
            }
            (KeyCode::F(7), _) => return Some(self.toggle_pane()),
            (KeyCode::Esc, _) if plain => return Some(self.left()),
            (KeyCode::F(8), _) => return Some(self.begin_review(now)),
            (KeyCode::F(3), _) => return Some(self.find_again(key.shift)),
            (KeyCode::Char('f'), true) => self.begin_finding(),
            (KeyCode::Char('c'), true) if plain => return Some(self.interrupt(now)),
            (KeyCode::Char('z'), true) if plain => return Some(self.travel(true, 1, now)),
            (KeyCode::Char('y'), true) if plain => return Some(self.travel(false, 1, now)),
            (KeyCode::Char('x'), true) if plain => return Some(self.deed(Deed::Cut, now)),
            (KeyCode::Char('r'), true) if plain => return Some(self.deed(Deed::Put, now)),
            (KeyCode::Char('d'), true) if plain => {
                return Some(self.deed(Deed::EraseSentence, now));
            }
            _ => return None,
        }
        Some(self.taken())
    }

    /// Leaves; the text is kept.
    fn left(&mut self) -> Outcome {
        let effects = self.flush();
        Outcome { leave: true, taken: true, ..self.outcome(effects) }
    }

    /// Copies what is selected, for notes only, and says how to quit.
    fn interrupt(&mut self, now: &Now) -> Outcome {
        let selected = self.editors.get(self.focus).is_some_and(|one| one.selection().is_some());
        let say = if selected {
            self.deed(Deed::Copy, now);
            "Copied for notes only: Ctrl+R puts it in, here or elsewhere. To quit: Esc, then q."
        } else {
            "Ctrl+C copies what is selected (Shift and arrows), for notes only: Ctrl+R puts it \
             in. To quit, press Esc and then q. The text is kept."
        };
        self.said(say.to_owned())
    }

    /// Does something in the part with the focus by its name.
    pub fn deed(&mut self, deed: Deed, now: &Now) -> Outcome {
        let Some(editor) = self.editors.get_mut(self.focus) else { return Outcome::default() };
        editor.set_act(None);
        let reply = editor.carry_out_deed(deed, &mut self.register, now.time);
        let outcome = self.replied(reply, now);
        self.settle();
        outcome
    }

    fn type_input(&mut self, input: &Input, now: &Now) -> Outcome {
        if self.vim.is_some() {
            return self.vim_input(input, now);
        }
        let Some(editor) = self.editors.get_mut(self.focus) else { return Outcome::default() };
        let reply = editor.input(input, now.time);
        self.replied(reply, now)
    }

    /// Hands on what an editor has done.
    fn replied(&mut self, reply: Reply, now: &Now) -> Outcome {
        let mut effects = Vec::new();
        if !reply.splices.is_empty() {
            self.send(reply.splices, now, &mut effects);
            self.arrange();
        }
        let say = reply.refusal.map(|refusal| match refusal {
            // The line has room for fifty columns.
            Refusal::TooLong { .. } => "Nothing was put in: a part holds at most 1 MiB.".to_owned(),
        });
        Outcome { say, taken: reply.taken, ..self.outcome(effects) }
    }

    /// Undoes, or does again, so many acts, each in all parts that it changed.
    pub(crate) fn travel(&mut self, undo: bool, times: usize, now: &Now) -> Outcome {
        let mut splices = Vec::new();
        for _ in 0..times {
            let before = splices.len();
            let act = self.editors.get(self.focus).and_then(|editor| editor.act_of(undo));
            for (part, editor) in self.editors.iter_mut().enumerate() {
                if part == self.focus || (act.is_some() && editor.act_of(undo) == act) {
                    splices.extend(if undo { editor.undo() } else { editor.redo() });
                }
            }
            if splices.len() == before {
                break;
            }
        }
        self.go_to_change(&splices);
        self.replied(Reply { taken: true, splices, refusal: None }, now)
    }

    const fn is_quiet(&self, time: Timestamp) -> bool {
        time.millis_since(self.last_key) >= QUIET
    }

    fn outcome(&self, effects: Vec<Effect>) -> Outcome {
        let counters = self.counters.stale.then(|| self.last_key.plus_millis(QUIET));
        let wake = self.commit_due().into_iter().chain(counters).min();
        Outcome { effects, wake, ..Outcome::default() }
    }

    fn taken(&self) -> Outcome {
        Outcome { taken: true, ..self.outcome(Vec::new()) }
    }

    fn said(&self, say: String) -> Outcome {
        Outcome { say: Some(say), ..self.taken() }
    }

    fn count(&mut self) {
        self.counters = Counters {
            words: self.editors.iter().map(Editor::words).sum(),
            unsaved: self.typed.saturating_sub(self.journalled),
            saved: self.saved,
            stale: false,
        };
    }

    fn turn(&mut self, forward: bool) {
        let parts = self.editors.len().max(1);
        let step = if forward { 1 } else { parts - 1 };
        self.focus_at((self.focus + step) % parts);
    }

    /// Puts the focus on a part.
    fn focus_at(&mut self, part: usize) {
        if part != self.focus {
            self.leave_part();
            self.focus = part;
        }
        self.settle();
        self.arrange();
    }

    /// Whether a key that goes up or down goes on in the neighbouring part.
    fn crosses(&self, code: KeyCode, up: bool) -> bool {
        let neighbour = if up { self.focus > 0 } else { self.focus + 1 < self.editors.len() };
        let Some(editor) = self.editors.get(self.focus).filter(|_| neighbour) else { return false };
        match (code, up) {
            (KeyCode::Up, true) | (KeyCode::Down, false) => {
                !self.is_commanded() && editor.at_edge(up)
            }
            (KeyCode::Char('k'), true) | (KeyCode::Char('j'), false) => {
                self.vim.as_ref().is_some_and(Vim::is_idle) && editor.at_last_line(up)
            }
            _ => false,
        }
    }

    fn place_caret(&mut self, position: usize) {
        if let Some(editor) = self.editors.get_mut(self.focus) {
            editor.place_caret(position);
        }
        self.settle();
    }

    /// Gives each part the rows it needs, the focused one first.
    fn arrange(&mut self) {
        let prompt = u16::from(self.finding.is_some() || self.asking.is_some());
        let body = view::body_rows(
            self.rows.saturating_sub(prompt + self.pane_rows()),
            self.editors.len(),
        );
        let columns = self.columns;
        let need = |editor: &Editor| editor.rows_needed(columns, body.max(1));
        let needs: Vec<u16> = self.editors.iter().map(need).collect();
        let heights = view::shares(&needs, self.focus, body);
        for (editor, rows) in self.editors.iter_mut().zip(heights) {
            editor.resize(columns, rows);
        }
        if let Some(review) = &mut self.review {
            review.resize(self.columns, self.rows.saturating_sub(1));
        }
    }

    /// Goes to the first place where a text stands.
    pub fn seek(&mut self, needle: &str) {
        self.needle = Field::new(needle);
        self.find_again(false);
    }
}
