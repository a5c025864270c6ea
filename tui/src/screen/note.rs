//! The note screen: a draft in its parts, typed into directly, and the page on which it is signed.
//!
//! Letters type, Esc steps out, and nothing is ever lost: each input hands its splices on at once.
//! The screen never asks a clock and never writes anything itself; it says in [`Outcome`] what it
//! wants done and when it wants to be called again.

mod aid;
mod divide;
mod flight;
pub(crate) mod review;
mod signing;
mod snippet;
#[cfg(test)]
pub(crate) mod tests;
mod view;

pub use snippet::Phrasebook;
pub use view::{Heading, view};
pub(crate) use view::{JOURNAL, line, rule};

use crate::input::{Input, Key, KeyCode};
use crate::message::{Effect, Now};
use crate::notice::Notice;
use crate::widget::editor::{Editor, Mark, Refusal, Texts};
use crate::widget::field::{Answer, Field};
use aid::Pane;
use flight::Flight;
use review::Review;
use snippet::Popup;
use std::collections::BTreeSet;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, ObjectId, Timestamp};
use tacenda_shared::practice::edit::{Edit, Label, NoteFormat, Part, Splice};
use tacenda_shared::practice::lint::Levels;
use tacenda_shared::practice::view::{Aid, AppointmentRow, Beside, DraftView};

/// A pause in typing after which a document change is made. Milliseconds.
const PAUSE: i64 = 3_000;

/// The same while another device has this draft open, so that it is seen there live.
const LIVE_PAUSE: i64 = 300;

/// The longest time that typing goes on without a document change. Milliseconds.
const LONGEST: i64 = 30_000;

/// Quiet after which counters are drawn anew, so that a key costs its own cells only.
/// Milliseconds.
const QUIET: i64 = 500;

/// At most so many code points are inserted between two commits: a change has a limit.
const COMMIT_LIMIT: usize = 100_000;

/// At most so many code points in one splice; half of [`COMMIT_LIMIT`].
const SPLICE_LIMIT: usize = 50_000;

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
}

/// A draft on the screen.
#[derive(Debug)]
pub struct State {
    note: ObjectId,
    client: ClientId,
    format: NoteFormat,
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
    finding: Option<Field>,
    needle: String,
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
            needle: String::new(),
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

    /// Returns whether a word to find is being typed.
    pub const fn is_searched(&self) -> bool {
        self.finding.is_some()
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
        let relabelled = self.labels != view.labels;
        self.labels.clone_from(&view.labels);
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
        for editor in self.editors.iter_mut().filter(|_| !remote.is_empty()) {
            editor.apply_remote(remote);
        }
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
            return self.find_input(input);
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
        match (key.code, key.ctrl) {
            (KeyCode::Tab, false) => self.turn(!key.shift),
            (KeyCode::Up, false) if !key.shift && self.can_cross(true) => {
                self.turn(false);
                self.place_caret(usize::MAX);
            }
            (KeyCode::Down, false) if !key.shift && self.can_cross(false) => {
                self.turn(true);
                self.place_caret(0);
            }
            (KeyCode::Esc, _) => {
                let effects = self.flush();
                let left = Outcome { leave: true, taken: true, ..self.outcome(effects) };
                return Some(left);
            }
            (KeyCode::F(7), _) => return Some(self.toggle_pane()),
            (KeyCode::F(8), _) => return Some(self.begin_review(now)),
            (KeyCode::F(3), _) => return Some(self.find_again()),
            (KeyCode::Char('f'), true) => self.finding = Some(Field::new(&self.needle)),
            (KeyCode::Char('c'), true) => {
                let say = "Ctrl+C does nothing in a note. To copy, select with the mouse; to quit, \
                           press Esc and then q. The text is kept.";
                return Some(self.said(say.to_owned()));
            }
            _ => return None,
        }
        Some(self.taken())
    }

    fn type_input(&mut self, input: &Input, now: &Now) -> Outcome {
        let Some(editor) = self.editors.get_mut(self.focus) else { return Outcome::default() };
        let reply = editor.input(input, now.time);
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

    /// Hands splices on, in pieces that fit into one document change each.
    fn send(&mut self, splices: Vec<Splice>, now: &Now, effects: &mut Vec<Effect>) {
        self.last_key = now.time;
        self.counters.stale = true;
        let mut batch = Vec::new();
        for splice in splices.into_iter().flat_map(pieces) {
            let count = splice.inserted.chars().count();
            if self.inserted + count > COMMIT_LIMIT {
                self.type_batch(std::mem::take(&mut batch), effects);
                self.commit(effects);
            }
            self.inserted += count;
            self.uncommitted.get_or_insert(now.time);
            batch.push(splice);
        }
        self.type_batch(batch, effects);
    }

    fn type_batch(&mut self, splices: Vec<Splice>, effects: &mut Vec<Effect>) {
        if splices.is_empty() {
            return;
        }
        self.flight.typed(&splices);
        self.seen_by.clear();
        self.typed += splices.len() as u64;
        let seen = self.flight.seen();
        effects.push(Effect::Type { note: self.note, client: self.client, splices, seen });
    }

    fn commit(&mut self, effects: &mut Vec<Effect>) {
        if self.uncommitted.take().is_some() {
            self.inserted = 0;
            effects.push(Effect::Commit { note: self.note, client: self.client });
        }
    }

    fn commit_due(&self) -> Option<Timestamp> {
        let first = self.uncommitted?;
        let pause = if self.beside.is_empty() { PAUSE } else { LIVE_PAUSE };
        let pause = self.last_key.plus_millis(pause);
        Some(pause.min(first.plus_millis(LONGEST)))
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
        self.focus = (self.focus + step) % parts;
        self.arrange();
    }

    /// Whether Up or Down goes on in the neighbouring part.
    fn can_cross(&self, up: bool) -> bool {
        let neighbour = if up { self.focus > 0 } else { self.focus + 1 < self.editors.len() };
        neighbour && self.editors.get(self.focus).is_some_and(|editor| editor.at_edge(up))
    }

    fn place_caret(&mut self, position: usize) {
        if let Some(editor) = self.editors.get_mut(self.focus) {
            editor.place_caret(position);
        }
    }

    /// Gives each part the rows it needs, the focused one first.
    fn arrange(&mut self) {
        let rows = self.rows.saturating_sub(self.pane_rows());
        let body = view::body_rows(rows, self.editors.len());
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

    fn find_input(&mut self, input: &Input) -> Outcome {
        let Some(field) = &mut self.finding else { return Outcome::default() };
        match input {
            Input::Key(Key { code: KeyCode::Esc, .. }) => {
                self.finding = None;
                return self.taken();
            }
            Input::Key(Key { code: KeyCode::Enter | KeyCode::F(3), .. }) => {
                return self.find_again();
            }
            _ => {}
        }
        let changed = field.input(input) == Answer::Changed;
        self.needle = field.text().to_owned();
        if changed && let Some(editor) = self.editors.get_mut(self.focus) {
            editor.find_here(&self.needle);
        }
        self.taken()
    }

    /// Goes to the next place in this part, or in the next part that has one.
    fn find_again(&mut self) -> Outcome {
        if self.needle.is_empty() {
            self.finding = Some(Field::default());
            return self.taken();
        }
        let parts = self.editors.len();
        for step in 0..=parts {
            let focus = (self.focus + step) % parts.max(1);
            let Some(editor) = self.editors.get_mut(focus) else { continue };
            if step > 0 && editor.contains(&self.needle) {
                editor.place_caret(0);
            }
            if editor.find_below(&self.needle) {
                self.focus = focus;
                self.arrange();
                return self.taken();
            }
        }
        self.said("Not found in this note.".to_owned())
    }
}

/// Cuts a splice that inserts very much into several that follow each other.
fn pieces(splice: Splice) -> Vec<Splice> {
    let letters: Vec<char> = splice.inserted.chars().collect();
    if letters.len() <= SPLICE_LIMIT {
        return vec![splice];
    }
    let chunks = letters.chunks(SPLICE_LIMIT).enumerate();
    let piece = |(index, chunk): (usize, &[char])| Splice {
        part: splice.part,
        position: splice.position + index * SPLICE_LIMIT,
        deleted: if index == 0 { splice.deleted } else { 0 },
        inserted: chunk.iter().collect(),
    };
    chunks.map(piece).collect()
}
