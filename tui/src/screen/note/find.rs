//! Find and replace in a note: what is looked for, what takes its place, and the question at each
//! place. Changes of others may come meanwhile: what is selected moves with them, and nothing is
//! replaced but what is there when somebody says so.

use super::{Outcome, State, Vim};
use crate::input::{Input, Key, KeyCode};
use crate::message::Now;
use crate::text;
use crate::widget::editor::{Editor, Needle, Refusal, Reply};
use crate::widget::field::{Answer, Field};
use tacenda_shared::practice::edit::Splice;

/// What is being done with the prompt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// Each place is asked about.
    Asking,
    /// What is looked for is typed.
    Needle,
    /// What takes its place is typed.
    Replacement,
}

/// The prompt as it stands.
#[derive(Debug)]
pub(super) struct Finding {
    step: Step,
    /// Places in the part with the focus, and in the whole note.
    pub(super) here: usize,
    pub(super) all: usize,
    /// Which of the note's the selection is, from 1.
    pub(super) number: Option<usize>,
    /// How many were replaced one by one.
    replaced: usize,
    /// Which part it began in, and where the caret stood.
    begun: (usize, usize),
    /// What was looked for before.
    last: String,
}

impl Finding {
    const fn new(step: Step, begun: (usize, usize), last: String) -> Self {
        Self { step, here: 0, all: 0, number: None, replaced: 0, begun, last }
    }

    pub(super) const fn step(&self) -> Step {
        self.step
    }
}

impl State {
    /// Begins to ask what is to be found; what was found last is there.
    pub(super) fn begin_finding(&mut self) {
        self.open_prompt(Step::Needle);
        self.needle = Field::suggestion(self.needle.text());
    }

    /// Begins to ask what is to be replaced.
    pub(crate) fn begin_replacing(&mut self) -> Outcome {
        // What is replaced is what is found, and no selection goes on from there.
        self.leave_part();
        self.begin_finding();
        if !self.needle.is_empty() {
            self.open_prompt(Step::Replacement);
        }
        self.taken()
    }

    fn open_prompt(&mut self, step: Step) {
        let caret = self.editors.get(self.focus).map(Editor::caret).unwrap_or_default();
        let last = self.needle.text().to_owned();
        self.finding = Some(Finding::new(step, (self.focus, caret), last));
        self.hold();
        self.arrange();
        self.count_found();
    }

    /// Keeps where a selection began, which a search widens.
    fn hold(&mut self) {
        if let Some((vim, editor)) = self.vim.as_mut().zip(self.editors.get_mut(self.focus)) {
            vim.begin_search(editor);
        }
    }

    fn close_prompt(&mut self) -> Outcome {
        self.finding = None;
        let needle = Needle::new(self.needle.text());
        if let Some((vim, editor)) = self.vim.as_mut().zip(self.editors.get_mut(self.focus)) {
            let is_found = editor.places_before(&needle).is_some();
            vim.settle_on_found(editor, is_found);
        }
        self.arrange();
        self.taken()
    }

    pub(super) fn find_input(&mut self, input: &Input, now: &Now) -> Outcome {
        let Some(finding) = &mut self.finding else { return Outcome::default() };
        let key = if let Input::Key(key) = input { Some((key.code, key.shift)) } else { None };
        let step = finding.step;
        match (step, key) {
            (_, Some((KeyCode::Esc, _))) => return self.close_prompt(),
            (Step::Asking, _) => return self.asked(input, now),
            (Step::Needle, Some((KeyCode::Enter, _))) if self.vim.is_some() => {
                return self.go_to_found();
            }
            (Step::Needle, Some((KeyCode::Enter | KeyCode::Down, _) | (KeyCode::F(3), false))) => {
                return self.find_again(false);
            }
            (Step::Needle, Some((KeyCode::Up | KeyCode::F(3), _))) => return self.find_again(true),
            (Step::Needle, Some((KeyCode::Tab, _))) => finding.step = Step::Replacement,
            (Step::Replacement, Some((KeyCode::Tab, _))) => finding.step = Step::Needle,
            (Step::Replacement, Some((KeyCode::Enter, _))) => return self.begin_asking(),
            (Step::Replacement, _) => {
                self.replacement.input(input);
            }
            (Step::Needle, _) => {
                if self.needle.input(input) == Answer::Changed {
                    let needle = Needle::new(self.needle.text());
                    if let Some(editor) = self.editors.get_mut(self.focus) {
                        editor.find_here(&needle);
                    }
                }
            }
        }
        self.count_found();
        self.taken()
    }

    /// Ends the question at the place that is found, as `/` does in vim: `n` goes on from there. What
    /// stands under the caret already is not what was looked for, if there is another. Where nothing was
    /// typed, what was looked for before is.
    fn go_to_found(&mut self) -> Outcome {
        let last = self.finding.as_ref().map(|finding| (finding.last.clone(), finding.begun.1));
        if let Some((last, caret)) = last.filter(|_| self.needle.is_empty()) {
            self.needle = Field::new(&last);
            // What was typed and taken out again has moved it.
            if !self.vim.as_ref().is_some_and(Vim::selects) {
                self.place_caret(caret);
            }
        }
        let needle = Needle::new(self.needle.text());
        let found = |state: &Self| {
            let editor = state.editors.get(state.focus)?;
            editor.places_before(&needle)?;
            Some((state.focus, editor.selection()?.0))
        };
        let begun = self.finding.as_ref().map(|finding| finding.begun);
        let stands = found(self);
        if !self.needle.is_empty() && (stands.is_none() || stands == begun) {
            let outcome = self.find_again(false);
            if found(self).is_none() {
                return outcome;
            }
            if found(self) == begun {
                self.find_again(false);
            }
        }
        self.close_prompt()
    }

    /// Counts the places, for the prompt.
    pub(super) fn count_found(&mut self) {
        let Some(finding) = &mut self.finding else { return };
        let needle = Needle::new(self.needle.text());
        let counts = self.editors.iter().map(|editor| editor.count_places(&needle));
        let counts: Vec<usize> = counts.collect();
        let before: usize = counts.iter().take(self.focus).sum();
        let editor = self.editors.get(self.focus);
        finding.here = counts.get(self.focus).copied().unwrap_or_default();
        finding.all = counts.iter().sum();
        finding.number = editor
            .and_then(|editor| editor.places_before(&needle))
            .map(|number| before + number + 1);
    }

    /// Goes to the next place in this part, or in the next part that has one, and on at the start
    /// of the note; with `up` the other way.
    pub(super) fn find_again(&mut self, up: bool) -> Outcome {
        if self.needle.is_empty() {
            self.begin_finding();
            return self.taken();
        }
        self.hold();
        if self.vim.as_ref().is_some_and(Vim::selects) {
            return self.widen_to_found(up);
        }
        let parts = self.editors.len().max(1);
        for step in 0..=parts {
            let way = if up { parts - step % parts } else { step };
            if self.find_in((self.focus + way) % parts, step > 0, up) {
                return self.taken();
            }
        }
        self.said("Not found in this note.".to_owned())
    }

    /// Widens a selection to the next place in this part: none goes across parts. What is not found
    /// leaves it as it is.
    fn widen_to_found(&mut self, up: bool) -> Outcome {
        if self.find_in(self.focus, false, up) || self.find_in(self.focus, true, up) {
            return self.taken();
        }
        if self.finding.is_none()
            && let Some((vim, editor)) = self.vim.as_mut().zip(self.editors.get_mut(self.focus))
        {
            vim.settle_on_found(editor, false);
        }
        self.said("Not found in this part; the selection stays.".to_owned())
    }

    /// Looks for it in one part, from the caret on or all of it. Puts the focus on what is found.
    fn find_in(&mut self, part: usize, whole: bool, up: bool) -> bool {
        let needle = Needle::new(self.needle.text());
        let modal = self.vim.is_some();
        let prompted = self.finding.is_some();
        let Some(editor) = self.editors.get_mut(part) else { return false };
        let from = match (whole, up) {
            (true, false) => 0,
            (true, true) => usize::MAX,
            // There the caret stands on the first letter of what was found.
            (false, false) if modal && !prompted => editor.caret().saturating_add(1),
            (false, false) => editor.caret(),
            (false, true) => editor.selection().map_or(editor.caret(), |(from, _)| from),
        };
        if !editor.find_beyond(&needle, from, up) {
            return false;
        }
        let found = editor.selection();
        self.focus_on_found(part, found, prompted);
        true
    }

    fn focus_on_found(&mut self, part: usize, found: Option<(usize, usize)>, prompted: bool) {
        if part != self.focus {
            self.leave_part();
            self.focus = part;
        }
        if let Some((editor, (from, to))) = self.editors.get_mut(part).zip(found) {
            editor.select(from, to);
            if let Some(vim) = self.vim.as_mut().filter(|_| !prompted) {
                vim.settle_on_found(editor, true);
            }
        }
        self.arrange();
        self.count_found();
    }

    /// Goes to the first place, and asks about it.
    fn begin_asking(&mut self) -> Outcome {
        let needle = Needle::new(self.needle.text());
        if let Some(vim) = self.vim.as_mut().filter(|vim| vim.selects())
            && let Some(editor) = self.editors.get_mut(self.focus)
        {
            let found = editor.selection();
            vim.leave_part(editor);
            if let Some((from, to)) = found {
                editor.select(from, to);
            }
        }
        let editor = self.editors.get(self.focus);
        let stands = editor.is_some_and(|editor| editor.places_before(&needle).is_some());
        if !stands {
            let found = self.find_again(false);
            if found.say.is_some() {
                return found;
            }
        }
        if let Some(finding) = self.finding.as_mut().filter(|_| !needle.is_empty()) {
            finding.step = Step::Asking;
        }
        self.count_found();
        self.taken()
    }

    /// An answer about the place that is selected.
    fn asked(&mut self, input: &Input, now: &Now) -> Outcome {
        let Input::Key(Key { code, ctrl, .. }) = input else { return self.taken() };
        match (code, ctrl) {
            (KeyCode::Char('y') | KeyCode::Enter, false) => self.replace_this(now),
            (KeyCode::Char('n') | KeyCode::Down, false) => self.go_on(),
            (KeyCode::Char('p'), false) => self.replace_all(true, now),
            (KeyCode::Char('a'), false) => self.replace_all(false, now),
            (KeyCode::Char('q'), false) => self.close_prompt(),
            (KeyCode::Char('z'), true) => {
                let outcome = self.travel(true, 1, now);
                self.count_found();
                outcome
            }
            _ => self.taken(),
        }
    }

    /// Replaces what is selected, and goes to the next place.
    pub(super) fn replace_this(&mut self, now: &Now) -> Outcome {
        let needle = Needle::new(self.needle.text());
        let act = self.next_act();
        let Some(editor) = self.editors.get_mut(self.focus) else { return Outcome::default() };
        editor.set_act(Some(act));
        let replaced = editor.replace_found(&needle, self.replacement.text());
        editor.set_act(None);
        let splice = match replaced {
            Ok(splice) => splice,
            Err(refusal) => return self.replied(Reply::refusal(refusal), now),
        };
        // Somebody else may have changed the place meanwhile: then it is none any more.
        if let Some(finding) = self.finding.as_mut().filter(|_| splice.is_some()) {
            finding.replaced += 1;
        }
        let splices = splice.into_iter().collect();
        let made = self.replied(Reply { taken: true, splices, refusal: None }, now);
        let next = self.go_on();
        Outcome { effects: made.effects, ..next }
    }

    /// Goes to the next place below; at the end of the note the questions end.
    pub(super) fn go_on(&mut self) -> Outcome {
        for part in self.focus..self.editors.len() {
            if self.find_in(part, part > self.focus, false) {
                return self.taken();
            }
        }
        let replaced = self.finding.as_ref().map_or(0, |finding| finding.replaced);
        self.count_found();
        let left = self.finding.as_ref().map_or(0, |finding| finding.all);
        let said = match left {
            0 => format!("Replaced {}; none is left.", places(replaced)),
            left => format!("Replaced {}; {} above stand.", places(replaced), places(left)),
        };
        let closed = self.close_prompt();
        Outcome { say: Some(said), ..closed }
    }

    /// Replaces every place of this part or of the note, as one step of undo.
    pub(super) fn replace_all(&mut self, part_only: bool, now: &Now) -> Outcome {
        let needle = Needle::new(self.needle.text());
        let act = self.next_act();
        let focus = self.focus;
        let new = self.replacement.text().to_owned();
        let meant = |part: usize| !part_only || part == focus;
        let refused = self.editors.iter().enumerate().filter(|(part, _)| meant(*part));
        let refused = refused.map(|(_, editor)| editor.takes_all(&needle, &new));
        if let Err(refusal) = refused.collect::<Result<Vec<()>, Refusal>>() {
            return self.replied(Reply::refusal(refusal), now);
        }
        let (mut count, mut splices) = (0, Vec::<Splice>::new());
        for (_, editor) in self.editors.iter_mut().enumerate().filter(|(part, _)| meant(*part)) {
            let (found, made) = replace_in(editor, act, &needle, &new);
            count += found;
            splices.extend(made);
        }
        let one_by_one = self.finding.as_ref().map_or(0, |finding| finding.replaced);
        let place = if part_only { "this part" } else { "this note" };
        let words = match one_by_one {
            0 => format!("Replaced {} in {place}.", places(count)),
            one => format!("Replaced {} in {place}, {one} before.", places(count)),
        };
        let outcome = self.replied(Reply { taken: true, splices, refusal: None }, now);
        let closed = self.close_prompt();
        Outcome { effects: outcome.effects, say: Some(words), ..closed }
    }
}

fn replace_in(editor: &mut Editor, act: u64, needle: &Needle, new: &str) -> (usize, Vec<Splice>) {
    editor.set_act(Some(act));
    let replaced = editor.replace_all(needle, new).unwrap_or_default();
    editor.set_act(None);
    replaced
}

fn places(count: usize) -> String {
    text::counted(count, "place", "places")
}
