//! The risk form: what was asked and said, then what a clinician judges and decides. A digit answers and
//! goes on; nothing is computed from the answers.

use super::parts::field::Field;
use super::parts::{list, paint, when, who};
use super::{Act, Ask, Scene};
use crate::input::{Input, KeyCode};
use crate::keymap::Verb;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeMap;
use tacenda_shared::id::{AppointmentId, ClientId, RecordId, Timestamp};
use tacenda_shared::practice::crisis::{
    Asked, NewRisk, RiskLevel, RiskState, RiskView, RiskWords, Said,
};
use tacenda_shared::practice::edit::Edit;

/// Columns of a label.
const LABEL: u16 = 26;

/// What is being filled in.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    session: Option<AppointmentId>,
    opened: Timestamp,
    /// The measure that raised it, and its answer in words.
    raised: Option<(RecordId, String)>,
    /// Whether it is not simply left: the answer was given just now.
    asks_why: bool,
    adds_to: Option<RecordId>,
    asked: BTreeMap<Asked, Said>,
    level: Option<RiskLevel>,
    called: Option<bool>,
    words: [Field; 5],
    next: Field,
    focus: usize,
    phase: Phase,
    says: &'static str,
    /// Whether anything was put in that would be lost.
    touched: bool,
}

#[derive(Debug)]
enum Phase {
    Filling,
    /// Somebody wants to leave with what was put in.
    Leaving,
    /// An answer that raised it is put off: why?
    Deferring(Field),
}

/// A row of the form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum At {
    Asked(Asked),
    Words(RiskWords),
    Level,
    Called,
    Next,
}

const ROWS: [At; 17] = [
    At::Asked(Asked::WishToBeDead),
    At::Asked(Asked::Thoughts),
    At::Asked(Asked::Method),
    At::Asked(Asked::Intent),
    At::Asked(Asked::Plan),
    At::Asked(Asked::MeansAtHand),
    At::Asked(Asked::PastAttempts),
    At::Asked(Asked::SelfHarm),
    At::Asked(Asked::HarmToOthers),
    At::Words(RiskWords::Said),
    At::Words(RiskWords::Protects),
    At::Level,
    At::Words(RiskWords::Decided),
    At::Words(RiskWords::Means),
    At::Words(RiskWords::Told),
    At::Called,
    At::Next,
];

impl At {
    const fn label(self) -> &'static str {
        match self {
            Self::Asked(asked) => asked.title(),
            Self::Words(words) => words.title(),
            Self::Level => "Level, as you judge it",
            Self::Called => "Emergency service called",
            Self::Next => "Next contact",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Asked(_) => "0 no  1 yes  2 unclear  . not asked: each goes on. Tab goes on too.",
            Self::Words(RiskWords::Said) => "How often, how strong, which means; in a line.",
            Self::Words(RiskWords::Protects) => "People, plans, beliefs, what was promised.",
            Self::Words(RiskWords::Decided) => "What happens now, and why that and not more.",
            Self::Words(RiskWords::Means) => "What was put out of reach, by whom.",
            Self::Words(RiskWords::Told) => {
                "Colleague, supervisor, family; when, and what they said."
            }
            Self::Level => "0 none found  1 low  2 moderate  3 high  4 acute: danger now",
            Self::Called => "0 no  1 yes",
            Self::Next => "",
        }
    }
}

const fn place(words: RiskWords) -> usize {
    match words {
        RiskWords::Said => 0,
        RiskWords::Protects => 1,
        RiskWords::Decided => 2,
        RiskWords::Means => 3,
        RiskWords::Told => 4,
    }
}

impl State {
    /// Begins a form.
    pub fn new(client: ClientId, session: Option<AppointmentId>, opened: Timestamp) -> Self {
        Self {
            client,
            session,
            opened,
            raised: None,
            asks_why: false,
            adds_to: None,
            asked: BTreeMap::new(),
            level: None,
            called: None,
            words: Default::default(),
            next: Field::default(),
            focus: 0,
            phase: Phase::Filling,
            says: "",
            touched: false,
        }
    }

    /// The same of a measure of which an answer has raised it just now: who leaves it says why.
    #[must_use]
    pub fn raised_by(self, measure: RecordId, words: String) -> Self {
        Self { asks_why: true, ..self.answering(measure, words) }
    }

    /// The same of an earlier measure.
    #[must_use]
    pub fn answering(mut self, measure: RecordId, words: String) -> Self {
        self.raised = Some((measure, words));
        self
    }

    /// Begins a form that adds to an earlier one, or puts it right: with what that says.
    pub fn adding_to(earlier: &RiskView, opened: Timestamp) -> Self {
        let said = &earlier.said;
        let put_off = said.state == RiskState::Deferred;
        let text = |of: RiskWords| {
            // Why it was put off is not what is decided now.
            let text = said.words.get(&of).filter(|_| !(put_off && of == RiskWords::Decided));
            Field::new(text.map(String::as_str).unwrap_or_default())
        };
        Self {
            asked: said.asked.clone(),
            level: said.level,
            called: said.called,
            words: RiskWords::ALL.map(text),
            raised: said.measure.map(|measure| (measure, String::new())),
            adds_to: Some(earlier.record),
            ..Self::new(earlier.client, said.session, opened)
        }
    }

    fn at(&self) -> At {
        ROWS.get(self.focus).copied().unwrap_or(At::Next)
    }

    fn step(&mut self, forth: bool) {
        let rows = ROWS.len();
        self.focus = if forth { self.focus + 1 } else { self.focus + rows - 1 } % rows;
    }

    fn field(&mut self, at: At) -> Option<&mut Field> {
        match at {
            At::Words(words) => self.words.get_mut(place(words)),
            At::Next => Some(&mut self.next),
            At::Asked(_) | At::Level | At::Called => None,
        }
    }

    fn take(&mut self, input: &Input) -> Vec<Ask> {
        self.says = "";
        match &mut self.phase {
            Phase::Deferring(field) => {
                self.touched |= field.update(input);
                return Vec::new();
            }
            Phase::Leaving => return self.leaving(input),
            Phase::Filling => {}
        }
        let at = self.at();
        if let Some(field) = self.field(at) {
            if field.update(input) {
                self.touched = true;
            }
            return Vec::new();
        }
        match input {
            Input::Key(key) if !key.ctrl => self.code(key.code),
            // Who types fast over a slow line sends several in one piece.
            Input::Burst(typed) => {
                for letter in typed.chars() {
                    self.code(KeyCode::Char(letter));
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn code(&mut self, code: KeyCode) {
        let at = self.at();
        let KeyCode::Char(letter) = code else {
            match code {
                KeyCode::Backspace | KeyCode::Left => self.step(false),
                KeyCode::Right => self.step(true),
                _ => {}
            }
            return;
        };
        let taken = match at {
            At::Asked(asked) => {
                let said = match letter {
                    '0' | 'n' => Some(Some(Said::No)),
                    '1' | 'y' => Some(Some(Said::Yes)),
                    '2' | 'u' | '?' => Some(Some(Said::Unclear)),
                    '.' | ' ' => Some(None),
                    _ => None,
                };
                match said {
                    Some(Some(said)) => drop(self.asked.insert(asked, said)),
                    Some(None) => drop(self.asked.remove(&asked)),
                    None => {}
                }
                said.is_some()
            }
            At::Level => {
                let digit = letter.to_digit(10).and_then(|digit| usize::try_from(digit).ok());
                let level = digit.and_then(|digit| RiskLevel::ALL.get(digit)).copied();
                self.level = level.or(self.level);
                level.is_some()
            }
            At::Called => {
                let called = match letter {
                    '0' | 'n' => Some(Some(false)),
                    '1' | 'y' => Some(Some(true)),
                    '.' | ' ' => Some(None),
                    _ => None,
                };
                self.called = called.unwrap_or(self.called);
                called.is_some()
            }
            At::Words(_) | At::Next => false,
        };
        if taken {
            self.touched = true;
            self.step(true);
        } else {
            self.says = "That key answers nothing here.";
        }
    }

    fn leaving(&mut self, input: &Input) -> Vec<Ask> {
        let Input::Key(key) = input else { return Vec::new() };
        match key.code {
            KeyCode::Char('k') => vec![Ask::KeepRisk],
            KeyCode::Char('d') => vec![Ask::Leave],
            _ => Vec::new(),
        }
    }

    /// Esc: to the question what becomes of what was put in, or of the answer that raised it; from
    /// there back. `false` if nothing would be lost.
    pub fn step_out(&mut self) -> bool {
        self.says = "";
        self.phase = match self.phase {
            Phase::Leaving | Phase::Deferring(_) => Phase::Filling,
            Phase::Filling if self.asks_why => Phase::Deferring(Field::default()),
            Phase::Filling if self.touched => Phase::Leaving,
            Phase::Filling => return false,
        };
        true
    }

    fn said(&self, today: Date) -> NewRisk {
        let text = |of: RiskWords| {
            let text = self.words.get(place(of)).map(Field::trimmed).unwrap_or_default();
            (!text.is_empty()).then(|| (of, text.to_owned()))
        };
        let next = when::read_date(self.next.trimmed(), today);
        NewRisk {
            asked: self.asked.clone(),
            words: RiskWords::ALL.into_iter().filter_map(text).collect(),
            level: self.level,
            called: self.called,
            next,
            opened: Some(self.opened),
            at: None,
            session: self.session,
            measure: self.raised.as_ref().map(|(measure, _)| *measure),
            adds_to: self.adds_to,
            state: RiskState::Whole,
        }
    }

    /// Whether anything was put in.
    pub const fn is_begun(&self) -> bool {
        self.touched
    }

    /// Returns what keeps a form that is left by a lock, or by the end of the program, if anything was
    /// put in.
    pub fn kept(&self, record: RecordId, today: Date) -> Option<Edit> {
        let risk = NewRisk { state: RiskState::Unfinished, ..self.said(today) };
        let risk = Box::new(risk);
        self.touched.then_some(Edit::RecordRisk { client: self.client, record, risk })
    }

    fn save(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        let (client, record) = (self.client, RecordId::from_bytes(scene.fresh));
        let code = scene.code(client);
        if let Phase::Deferring(why) = &self.phase {
            if why.trimmed().is_empty() {
                self.says = "Say why first, in a few words.";
                return Vec::new();
            }
            let words = BTreeMap::from([(RiskWords::Decided, why.trimmed().to_owned())]);
            let mut risk = self.said(scene.today());
            risk.words.extend(words);
            risk.state = RiskState::Deferred;
            let edit = Edit::RecordRisk { client, record, risk: Box::new(risk) };
            return vec![Ask::Submit(
                edit,
                format!("risk form of {code} put off: To finish has it"),
            )];
        }
        if matches!(self.phase, Phase::Leaving) {
            return Vec::new();
        }
        let decided = self.words.get(place(RiskWords::Decided));
        let decided = decided.is_some_and(|field| !field.trimmed().is_empty());
        let typed = self.next.trimmed();
        let next = when::read_date(typed, scene.today());
        let missing = match (self.level, decided) {
            (None, _) => Some((At::Level, "Judge the level first.")),
            (_, false) => Some((At::Words(RiskWords::Decided), "What was decided?")),
            _ if !typed.is_empty() && next.is_none() => Some((At::Next, "That is no date yet.")),
            _ if next.is_some_and(|next| next < scene.today()) => {
                Some((At::Next, "That day is past."))
            }
            _ => None,
        };
        if let Some((at, words)) = missing {
            self.focus = ROWS.iter().position(|one| *one == at).unwrap_or(self.focus);
            self.says = words;
            return Vec::new();
        }
        let risk = Box::new(self.said(scene.today()));
        let edit = Edit::RecordRisk { client, record, risk };
        vec![Ask::Submit(edit, format!("risk form of {code}"))]
    }

    fn answer(&self, at: At) -> String {
        match at {
            At::Asked(asked) => match self.asked.get(&asked) {
                Some(said) => said.word(),
                None => ".".to_owned(),
            },
            At::Level => self.level.map_or(".", RiskLevel::title).to_owned(),
            At::Called => match self.called {
                Some(true) => "yes".to_owned(),
                Some(false) => "no".to_owned(),
                None => ".".to_owned(),
            },
            At::Words(_) | At::Next => String::new(),
        }
    }

    fn help(&self, scene: &Scene<'_>) -> String {
        if self.at() != At::Next {
            return self.at().help().to_owned();
        }
        match (self.next.trimmed(), when::read_date(self.next.trimmed(), scene.today())) {
            ("", _) => "For example tomorrow or +2; it becomes a task: contact again.".to_owned(),
            (_, Some(date)) => format!("= {}; a task: contact again", when::long(date)),
            (_, None) => "not a date that exists".to_owned(),
        }
    }
}

/// Answers, types, moves, or saves.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => return state.take(input),
        Act::Verb(Verb::NextField) => state.step(true),
        Act::Verb(Verb::PreviousField) => state.step(false),
        Act::Verb(Verb::Confirm) => return state.save(scene),
        Act::Verb(_) => {}
    }
    Vec::new()
}

fn rows(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, body: Rect) {
    let look = scene.look;
    let top = list::top(state.focus, ROWS.len(), body.height.into());
    for (at, row) in ROWS.iter().enumerate().skip(top).take(body.height.into()) {
        let place_of = paint::count(at - top);
        let focused = at == state.focus;
        let style = if focused { look.title() } else { Style::new() };
        paint::text(frame, body, place_of, row.label(), style);
        let right = paint::lines(body, place_of, 1);
        let right = Rect { x: right.x + LABEL, width: right.width.saturating_sub(LABEL), ..right };
        match row {
            At::Words(words) => {
                if let Some(field) = state.words.get(place(*words)) {
                    field.view(frame, look, right, focused);
                }
            }
            At::Next => state.next.view(frame, look, right, focused),
            other => {
                let words = state.answer(*other);
                let words = if focused { format!("< {words} >") } else { words };
                paint::text(frame, right, 0, &words, style);
                if focused {
                    frame.set_cursor_position((right.x, right.y));
                }
            }
        }
    }
}

/// Draws the form.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let since = when::clock(when::local(state.opened, &scene.index.zone).time());
    let whose = who::client(scene.index, state.client, scene.veil);
    let title = format!("Risk form for {whose}, open since {since}");
    let footer = "Enter saves  Tab next  Esc back";
    let raised = state.raised.as_ref().map(|(_, words)| words).filter(|words| !words.is_empty());
    let height = paint::count(ROWS.len()) + 4 + u16::from(raised.is_some());
    let inside = paint::popup(frame, look, (76, height), (&title, footer));
    let mut line = 0;
    if let Some(words) = raised {
        paint::text(frame, inside, 0, words, look.alarm());
        line = 1;
    }
    let foot = inside.height.saturating_sub(1);
    match &state.phase {
        Phase::Filling => {}
        Phase::Leaving => {
            let words = "Nobody has judged and decided yet.";
            paint::text(frame, inside, line, words, Style::new());
            let keys = "k keep it as it is, unfinished   d drop it   Esc go on with it";
            paint::text(frame, inside, line + 2, keys, look.title());
            frame.set_cursor_position((inside.x, inside.y + line + 2));
            return;
        }
        Phase::Deferring(why) => {
            let words = "The measure is saved. Put the risk form off? To finish keeps it.";
            paint::text(frame, inside, line, words, Style::new());
            paint::text(frame, inside, line + 2, "Why, in a few words:", look.title());
            why.view(frame, look, paint::lines(inside, line + 3, 1), true);
            let keys = "Enter puts it off   Esc goes on with the form";
            paint::text(frame, inside, line + 5, keys, Style::new());
            paint::text(frame, inside, line + 6, state.says, look.alarm());
            return;
        }
    }
    rows(state, scene, frame, paint::lines(inside, line, foot.saturating_sub(line)));
    match state.says {
        "" => paint::text(frame, inside, foot, &state.help(scene), Style::new()),
        says => paint::text(frame, inside, foot, says, look.alarm()),
    }
}
