//! One form, one item at a time, in its exact words: a digit answers and goes on. It shows no name and
//! no score, so that whoever answers may look at it.

use super::parts::{list, paint};
use crate::input::{Input, KeyCode};
use crate::theme::Look;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::sync::Arc;
use tacenda_shared::practice::measure::{Answer, Form, Item, Turn};

/// What has been answered so far.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    form: Arc<Form>,
    answers: Vec<Answer>,
    at: usize,
    /// The answer that Enter gives.
    choice: usize,
    phase: Phase,
    /// Whether the client answers alone: then nothing says what an answer raises.
    handed: bool,
    says: &'static str,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// The item at its place is asked.
    Asking,
    /// Everything was asked; one looks at it once more.
    Reviewing,
    /// Somebody wants to leave with answers.
    Leaving,
}

/// What comes of an input.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// The form goes on.
    On,
    /// It is to be kept with these answers.
    Keep(Vec<Answer>),
    /// It is left, and nothing is kept.
    Leave,
}

impl State {
    /// Begins a form.
    pub fn new(form: Arc<Form>) -> Self {
        let answers = vec![Answer::NotAnswered; form.items.len()];
        let mut state =
            Self { form, answers, at: 0, choice: 0, phase: Phase::Asking, handed: false, says: "" };
        state.settle();
        state
    }

    /// The same for a client who answers alone.
    #[must_use]
    pub fn handed(mut self) -> Self {
        self.handed = true;
        self
    }

    /// The same for the clinician again.
    #[must_use]
    pub fn taken_back(mut self) -> Self {
        self.handed = false;
        self
    }

    /// Returns the form that is answered.
    pub fn form(&self) -> &Arc<Form> {
        &self.form
    }

    /// Whether anything was answered.
    pub fn is_begun(&self) -> bool {
        self.answers.iter().any(|answer| matches!(answer, Answer::Choice(_)))
    }

    /// Returns the answers so far, if there is any.
    pub fn begun(&self) -> Option<Vec<Answer>> {
        self.is_begun().then(|| self.answers.clone())
    }

    /// Esc: back to the items, or to the question whether to keep what was answered. `false` if there
    /// is nothing to keep.
    pub fn step_out(&mut self) -> bool {
        self.says = "";
        self.phase = match self.phase {
            Phase::Leaving => Phase::Asking,
            Phase::Asking | Phase::Reviewing if self.is_begun() => Phase::Leaving,
            Phase::Asking | Phase::Reviewing => return false,
        };
        true
    }

    /// Takes a key, or what was typed in one piece.
    pub fn update(&mut self, input: &Input) -> Step {
        match input {
            Input::Key(key) if !key.ctrl => self.code(key.code),
            Input::Burst(typed) => {
                for letter in typed.chars() {
                    match self.code(KeyCode::Char(letter)) {
                        Step::On => {}
                        step => return step,
                    }
                }
                Step::On
            }
            _ => Step::On,
        }
    }

    fn code(&mut self, code: KeyCode) -> Step {
        self.says = "";
        match self.phase {
            Phase::Asking => self.ask(code),
            Phase::Reviewing => return self.review(code),
            Phase::Leaving => return self.leave(code),
        }
        Step::On
    }

    fn ask(&mut self, code: KeyCode) {
        let Some(item) = self.form.items.get(self.at) else { return };
        let last = item.choices.len().saturating_sub(1);
        match code {
            KeyCode::Char(digit @ '0'..='9') => {
                let digit = digit.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
                match digit.and_then(|digit| item.of_digit(digit)) {
                    Some(choice) => self.answer(choice),
                    None => self.says = "There is no such answer.",
                }
            }
            KeyCode::Enter => self.answer(self.choice),
            KeyCode::Up => self.choice = self.choice.saturating_sub(1),
            KeyCode::Down => self.choice = (self.choice + 1).min(last),
            KeyCode::Backspace | KeyCode::Left => self.back(),
            KeyCode::Char('s') => self.set(Answer::NotAnswered),
            KeyCode::Char('n') if matches!(self.turn(self.at), Turn::MayBeLeftOut(_)) => {
                self.set(Answer::NotAsked);
            }
            KeyCode::F(8) => self.phase = Phase::Reviewing,
            _ => {}
        }
    }

    fn answer(&mut self, choice: usize) {
        if let Ok(choice) = u8::try_from(choice) {
            self.set(Answer::Choice(choice));
        }
    }

    fn set(&mut self, answer: Answer) {
        if let Some(known) = self.answers.get_mut(self.at) {
            *known = answer;
        }
        self.settle();
        let next = (self.at + 1..self.answers.len()).find(|item| self.is_asked(*item));
        match next {
            Some(next) => self.go(next),
            None => self.phase = Phase::Reviewing,
        }
    }

    fn back(&mut self) {
        if let Some(before) = (0..self.at).rev().find(|item| self.is_asked(*item)) {
            self.go(before);
        }
    }

    fn go(&mut self, item: usize) {
        self.at = item;
        self.phase = Phase::Asking;
        self.choice = match self.answers.get(item) {
            Some(Answer::Choice(choice)) => usize::from(*choice),
            _ => 0,
        };
    }

    fn turn(&self, item: usize) -> Turn {
        self.form.turn(&self.answers, item)
    }

    fn is_asked(&self, item: usize) -> bool {
        !matches!(self.turn(item), Turn::LeftOut(_))
    }

    /// What hangs on other answers follows them.
    fn settle(&mut self) {
        for item in 0..self.answers.len() {
            let turn = self.turn(item);
            let Some(answer) = self.answers.get_mut(item) else { continue };
            match (turn, *answer) {
                (Turn::LeftOut(_), _) => *answer = Answer::NotAsked,
                (Turn::Asked, Answer::NotAsked) => *answer = Answer::NotAnswered,
                _ => {}
            }
        }
    }

    fn review(&mut self, code: KeyCode) -> Step {
        match code {
            KeyCode::Enter | KeyCode::F(8) => return self.keep(),
            KeyCode::Up => self.at = self.at.saturating_sub(1),
            KeyCode::Down => self.at = (self.at + 1).min(self.answers.len().saturating_sub(1)),
            KeyCode::Backspace | KeyCode::Left if self.is_asked(self.at) => self.go(self.at),
            KeyCode::Char(digit) if digit.is_ascii_digit() => {
                self.says = "Backspace goes to the item in focus, to change its answer.";
            }
            _ => {}
        }
        Step::On
    }

    fn keep(&mut self) -> Step {
        if !self.is_begun() {
            self.says = "Nothing has been answered.";
            return Step::On;
        }
        Step::Keep(self.answers.clone())
    }

    fn leave(&mut self, code: KeyCode) -> Step {
        match code {
            KeyCode::Char('k') => return self.keep(),
            KeyCode::Char('d') => return Step::Leave,
            _ => {}
        }
        Step::On
    }

    fn missing(&self) -> usize {
        let open = |(item, answer): &(usize, &Answer)| {
            **answer == Answer::NotAnswered && self.is_asked(*item)
        };
        self.answers.iter().enumerate().filter(open).count()
    }
}

/// Draws the form. `whose` names the client it is filled in for; nothing where the client has the screen.
pub fn view(state: &State, whose: &str, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let many = state.form.items.len();
    let asked = format!("item {} of {many}", state.at + 1);
    let end = match state.phase {
        Phase::Asking => asked.as_str(),
        Phase::Reviewing => "all answers",
        Phase::Leaving => "not finished",
    };
    let title = format!("{}   {whose}", state.form.abbreviation);
    paint::rule(frame, look, area, 0, (title.trim_end(), end));
    let inside = paint::inset(paint::lines(area, 1, u16::MAX), 1);
    match state.phase {
        Phase::Asking => asking(state, look, frame, inside),
        Phase::Reviewing => reviewing(state, look, frame, inside),
        Phase::Leaving => {
            let words = "Not everything was answered. An unfinished form has no total.";
            paint::text(frame, inside, 1, words, Style::new());
            let keys = "k keep it as it is   d drop it   Esc go on with it";
            paint::text(frame, inside, 3, keys, look.title());
            frame.set_cursor_position((inside.x, inside.y + 3));
        }
    }
    let last = inside.height.saturating_sub(1);
    if !state.says.is_empty() {
        paint::text(frame, inside, last, &format!("{:<78}", state.says), look.waiting());
    }
}

/// What stands above an item: the instruction above the first, the stem above each.
fn above(state: &State, item: &Item, roomy: bool) -> Vec<String> {
    let form = &state.form;
    let mut words = Vec::new();
    if state.at == 0 && roomy {
        words.extend(form.instruction.clone());
        words.extend(form.examples.iter().map(|example| format!("- {example}")));
    }
    // A question before the others goes on from the instruction.
    words.extend(form.stem.clone().filter(|_| item.number > 0));
    words
}

fn asking(state: &State, look: &Look, frame: &mut Frame<'_>, inside: Rect) {
    let Some(item) = state.form.items.get(state.at) else { return };
    let width = usize::from(inside.width);
    let height = |words: &[String]| {
        words.iter().map(|words| paint::folded(words, width).len()).sum::<usize>()
    };
    let rows = height(&above(state, item, true)) + paint::folded(&item.text, width).len();
    // Two blank rows, and two at the bottom.
    let roomy = rows + item.choices.len() + item.follow_up.len() + 4 <= inside.height.into();
    let mut line = 0;
    for words in above(state, item, roomy) {
        line = paint::paragraph(frame, inside, line, &words, Style::new());
    }
    let blank = u16::from(roomy);
    line = paint::paragraph(frame, inside, line + blank, &item.text, look.title()) + blank;
    for (place, choice) in item.choices.iter().enumerate() {
        let digit = item.digit(place).map_or(' ', |digit| char::from(b'0' + digit));
        let words = format!("{digit}  {}", choice.label);
        paint::row(frame, look, inside, line, (&words, Style::new(), place == state.choice));
        line += 1;
    }
    for words in &item.follow_up {
        line =
            paint::paragraph(frame, inside, line, &format!("{words} (in the note)"), Style::new());
    }
    let bottom = inside.height.saturating_sub(2);
    let notice = paint::folded(&state.form.notice, width);
    let begins = usize::from(bottom).checked_sub(notice.len() + 1);
    if let Some(begins) = begins.filter(|begins| *begins > usize::from(line)) {
        for (at, words) in notice.iter().enumerate() {
            paint::text(frame, inside, paint::count(begins + at), words, Style::new());
        }
    }
    let so_far: Vec<String> = (0..state.answers.len()).map(|item| mark(state, item)).collect();
    let so_far = format!("So far   {}", so_far.join(" "));
    let so_far = safe::truncated(&so_far, inside.width.into(), true);
    paint::text(frame, inside, bottom, &so_far, Style::new());
    let may = matches!(state.turn(state.at), Turn::MayBeLeftOut(_));
    let not = if may { "n does not apply  " } else { "" };
    let end = if state.handed { "" } else { "F8 to the end" };
    let keys = format!("{}answers and goes on  Backspace back  s skip  {not}{end}", digits(item));
    paint::text(frame, inside, bottom + 1, &keys, Style::new());
}

/// The digits of an item: `0-3 `, or `0 1 9 `.
fn digits(item: &Item) -> String {
    let mut all: Vec<u8> = (0..item.choices.len()).filter_map(|at| item.digit(at)).collect();
    all.sort_unstable();
    match (all.first(), all.last()) {
        (Some(first), Some(last)) if usize::from(last - first) + 1 == all.len() => {
            format!("{first}-{last} ")
        }
        _ => all.iter().map(|digit| format!("{digit} ")).collect(),
    }
}

/// The answer to an item in one sign.
fn mark(state: &State, item: usize) -> String {
    match state.answers.get(item) {
        _ if item == state.at => "_".to_owned(),
        Some(Answer::Choice(choice)) => {
            let digit = state.form.items.get(item).and_then(|item| item.digit((*choice).into()));
            digit.map_or_else(|| "x".to_owned(), |digit| digit.to_string())
        }
        Some(Answer::NotAsked) => "-".to_owned(),
        _ => ".".to_owned(),
    }
}

fn reviewing(state: &State, look: &Look, frame: &mut Frame<'_>, inside: Rect) {
    let mut line = 0;
    let raises = !state.handed && state.form.needs_review(&state.answers);
    if raises {
        for risk in state.form.raised(&state.answers) {
            let Some(item) = state.form.items.get(risk.item) else { continue };
            let words = format!("{} {}: {}", item.number, item.text, said(state, risk.item));
            line = paint::paragraph(frame, inside, line, &words, look.alarm());
        }
        line = paint::paragraph(frame, inside, line, &state.form.risk_rule, Style::new());
        let words = "Enter signs, and opens the risk form.";
        paint::text(frame, inside, line, words, look.title());
        line += 2;
    }
    let missing = state.missing();
    let bottom = inside.height.saturating_sub(2);
    let room = usize::from(bottom.saturating_sub(line));
    let top = list::top(state.at, state.form.items.len(), room);
    for (at, item) in state.form.items.iter().enumerate().skip(top).take(room) {
        let number = format!("{:>2}  {:<34}  {}", item.number, said(state, at), item.text);
        let words = safe::truncated(&number, usize::from(inside.width).saturating_sub(2), true);
        paint::row(frame, look, inside, line, (&words, Style::new(), at == state.at));
        line += 1;
    }
    if missing > 0 {
        let total = if state.handed { "." } else { ": there will be no total." };
        let words = format!("{missing} not answered{total}");
        paint::text(frame, inside, bottom, &words, look.waiting());
    }
    let keys = if state.handed {
        "Enter: I am done.   Backspace changes the answer in focus."
    } else {
        "Enter signs   Backspace changes the answer in focus   Esc leaves"
    };
    paint::text(frame, inside, bottom + 1, keys, Style::new());
}

fn said(state: &State, item: usize) -> String {
    match state.answers.get(item) {
        Some(Answer::Choice(choice)) => {
            let choice = state.form.choices(item).get(usize::from(*choice));
            choice.map(|choice| safe::truncated(&choice.label, 34, true)).unwrap_or_default()
        }
        Some(Answer::NotAsked) => "(not asked)".to_owned(),
        _ => "(not answered)".to_owned(),
    }
}
