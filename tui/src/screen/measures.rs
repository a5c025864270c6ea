//! What a client has answered: the list, what the one in focus says, its scores over time; and the way
//! to another: which form, then item by item.

mod over_time;
mod score;

use self::over_time::chart;
use self::score::ScoreForm;
use super::measure_form::{self, Step};
use super::parts::field::Field;
use super::parts::{list, measures, paint, when, who};
use super::{Act, Ask, Focused, Scene, handover, risk_form};
use crate::input::{Input, Key, KeyCode};
use crate::keymap::{Context, Verb};
use crate::notice::Notice;
use crate::text;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, ClientId, RecordId};
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::measure::{
    self, Answer, Form, Manner, MeasureView, MeasuresView, Review,
};
use tacenda_shared::practice::view::{Index, View};

/// Rows of the list where there is little room.
const LISTED: u16 = 4;

/// Measures, as far as they have been opened, and what is being done with them.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    session: Option<AppointmentId>,
    view: Option<Box<MeasuresView>>,
    refusal: Option<Notice>,
    focus: usize,
    anchor: Option<RecordId>,
    /// What was entered here is what one goes on with.
    entered: bool,
    /// All that the one in focus says, in place of its chart.
    whole: bool,
    /// Whether the form that is chosen is handed over.
    hands_over: bool,
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    List,
    Pick(Box<Pick>),
    Score(Box<ScoreForm>),
    Answer(Box<measure_form::State>),
}

/// The choice of a form as it is typed.
#[derive(Debug, Default)]
struct Pick {
    field: Field,
    focus: usize,
}

/// A form that was handed over: it comes back if it is refused.
#[derive(Debug)]
pub struct Begun {
    /// Whose.
    pub client: ClientId,
    session: Option<AppointmentId>,
    mode: Mode,
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names. One of them may be
    /// in focus from the start, or a form be asked for at once.
    pub fn new(client: ClientId, record: Option<RecordId>) -> Self {
        Self {
            client,
            session: None,
            view: None,
            refusal: None,
            focus: 0,
            anchor: record,
            entered: false,
            whole: false,
            hands_over: false,
            mode: Mode::List,
        }
    }

    /// Goes on to the choice of a form, for a session if one is meant.
    /// `false` if another is being answered.
    pub fn pick(&mut self, session: Option<AppointmentId>, hands_over: bool) -> bool {
        if self.is_begun() {
            return false;
        }
        self.hands_over = hands_over;
        self.session = session.or(self.session);
        self.mode = Mode::Pick(Box::default());
        true
    }

    /// Takes what is known, or why it cannot be had. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Measures(view) = *view
                    && view.client.id == self.client
                {
                    let more = self.view.as_ref().map(|known| known.measures.len());
                    let came = more.is_some_and(|more| view.measures.len() > more);
                    if self.entered && came {
                        (self.entered, self.anchor) = (false, None);
                        self.focus = 0;
                    }
                    let at = |one: &MeasureView| Some(one.record) == self.anchor;
                    let last = view.measures.len().saturating_sub(1);
                    let stays = view.measures.iter().position(at);
                    self.focus = stays.unwrap_or_else(|| self.focus.min(last));
                    self.view = Some(Box::new(view));
                    self.refusal = None;
                    self.hold();
                }
            }
            Err(notice) => {
                self.view = None;
                self.refusal = Some(notice);
            }
        }
    }

    /// Shows all that the one in focus says, or its scores over time again.
    pub fn turn(&mut self) {
        self.whole = !self.whole;
    }

    fn hold(&mut self) {
        self.anchor = self.measure().map(|one| one.record).or(self.anchor);
    }

    fn measures(&self) -> &[MeasureView] {
        self.view.as_ref().map(|view| view.measures.as_slice()).unwrap_or_default()
    }

    /// Returns the measure in focus.
    pub fn measure(&self) -> Option<&MeasureView> {
        self.measures().get(self.focus)
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        // While somebody answers, nothing of the list is meant.
        let shown = self.measure().filter(|_| !self.is_typing());
        let one = shown.map(|one| Focused::Measure(one.client, one.record));
        one.unwrap_or(Focused::Client(self.client))
    }

    /// Returns the contexts of the key table that hold here.
    pub fn contexts(&self) -> &'static [Context] {
        use Context as C;
        match self.mode {
            Mode::List => &[C::Measures, C::Lists, C::Everywhere],
            Mode::Pick(_) => &[C::Picker, C::Everywhere],
            Mode::Score(_) => &[C::Form, C::Everywhere],
            Mode::Answer(_) => &[C::MeasureForm, C::Everywhere],
        }
    }

    /// Returns whether letters type.
    pub fn is_typing(&self) -> bool {
        !matches!(self.mode, Mode::List)
    }

    /// Whether a form is being answered that a lock would take with it.
    pub fn is_begun(&self) -> bool {
        match &self.mode {
            Mode::Answer(form) => form.is_begun(),
            Mode::Score(form) => !form.fields.iter().all(|field| field.trimmed().is_empty()),
            Mode::List | Mode::Pick(_) => false,
        }
    }

    /// Returns what keeps the answers that were given so far, if a form is being answered.
    pub fn kept(&self) -> Option<Edit> {
        let Mode::Answer(form) = &self.mode else { return None };
        let answers = form.begun()?;
        Some(Edit::answered(self.client, self.session, form.form(), answers))
    }

    /// Returns what was typed of a score that is not entered, in words for a draft.
    pub fn unfinished(&self) -> Option<String> {
        match &self.mode {
            Mode::Score(form) if self.is_begun() => Some(form.words()),
            _ => None,
        }
    }

    /// Gives up what is typed; `false` if nothing was.
    pub fn step_out(&mut self) -> bool {
        match &mut self.mode {
            Mode::List => return false,
            Mode::Answer(form) => {
                if !form.step_out() {
                    self.mode = Mode::List;
                }
            }
            Mode::Pick(_) | Mode::Score(_) => self.mode = Mode::List,
        }
        true
    }

    /// What was answered is on its way to the disk before anything else is asked; then comes the form
    /// that a risk answer asks for.
    fn enter(&self, scene: &Scene<'_>, instrument: &Form, answers: Vec<Answer>) -> Vec<Ask> {
        let (client, session) = (self.client, self.session);
        let says = format!("{} of {}", instrument.abbreviation, scene.code(client));
        let record = RecordId::from_bytes(scene.fresh);
        let manner = Manner { record: Some(record), handed: None };
        let raised = handover::raised(instrument, &answers).map(|words| {
            let form = risk_form::State::new(client, session, scene.now.time);
            Ask::Risk(Box::new(form.raised_by(record, words)))
        });
        let edit = Edit::answered_so(client, session, instrument, answers, manner);
        std::iter::once(Ask::Submit(edit, says)).chain(raised).collect()
    }

    /// Gives a form into the client's hands.
    fn hand(&mut self, form: Arc<Form>) -> Ask {
        let session = self.session.take();
        // What the client answers is in focus as the device comes back.
        self.entered = true;
        Ask::HandOver(Box::new(handover::State::measure(self.client, session, form)))
    }

    /// Gives away what is handed over, and shows the list.
    pub fn hand_over(&mut self) -> Option<Begun> {
        match std::mem::replace(&mut self.mode, Mode::List) {
            mode @ (Mode::Answer(_) | Mode::Score(_)) => {
                self.entered = true;
                Some(Begun { client: self.client, session: self.session.take(), mode })
            }
            mode @ (Mode::List | Mode::Pick(_)) => {
                self.mode = mode;
                None
            }
        }
    }

    /// Whether a form that was refused can stand here again: nothing else was begun meanwhile.
    pub fn takes_back(&self, begun: &Begun) -> bool {
        self.client == begun.client && matches!(self.mode, Mode::List | Mode::Pick(_))
    }

    /// Shows a form that was refused again, as it was.
    pub fn take_back(&mut self, begun: Begun) {
        self.entered = false;
        (self.session, self.mode) = (begun.session, begun.mode);
    }
}

impl Begun {
    /// The answers that a client has given alone.
    pub fn answered(
        client: ClientId,
        session: Option<AppointmentId>,
        form: measure_form::State,
    ) -> Self {
        Self { client, session, mode: Mode::Answer(Box::new(form)) }
    }
}

/// Moves, picks, answers.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match &mut state.mode {
        Mode::List => {
            if let Act::Verb(verb) = act {
                let (mut at, length) = (state.focus, state.measures().len());
                if list::step(&mut at, *verb, length, usize::from(scene.look.rows / 4)) {
                    state.focus = at;
                    state.hold();
                }
            }
        }
        Mode::Pick(pick) => {
            if let Some(next) = pick.update(act, scene) {
                if let (Mode::Answer(form), true) = (&next, state.hands_over) {
                    let form = Arc::clone(form.form());
                    state.mode = Mode::List;
                    return vec![state.hand(form)];
                }
                state.mode = next;
            }
        }
        Mode::Score(form) => {
            if let Some(score) = form.update(act) {
                let (client, session) = (state.client, state.session);
                let says = format!("a score of {}", scene.code(client));
                let edit = Edit::EnterScore {
                    client,
                    session,
                    score: Box::new(score),
                    at: None,
                    labels: Default::default(),
                };
                return vec![Ask::Submit(edit, says)];
            }
        }
        Mode::Answer(form) => {
            // Before anything is answered, the form can be handed over as it is.
            if let Act::Type(Input::Key(key)) = act
                && key.code == KeyCode::Char('H')
                && !form.is_begun()
            {
                let form = Arc::clone(form.form());
                state.mode = Mode::List;
                return vec![state.hand(form)];
            }
            let step = match act {
                Act::Type(input) => form.update(input),
                Act::Verb(Verb::Confirm) => form.update(&enter_key()),
                Act::Verb(_) => Step::On,
            };
            let instrument = Arc::clone(form.form());
            match step {
                Step::On => {}
                Step::Leave => state.mode = Mode::List,
                Step::Keep(answers) => return state.enter(scene, &instrument, answers),
            }
        }
    }
    Vec::new()
}

fn enter_key() -> Input {
    Input::Key(Key::plain(KeyCode::Enter))
}

impl Pick {
    /// The forms that fit what was typed; the last row is a score of another instrument.
    fn found(&self, scene: &Scene<'_>) -> Vec<Arc<Form>> {
        let typed = self.field.trimmed().to_lowercase();
        let fits = |form: &&Arc<Form>| {
            let all = format!("{} {} {}", form.id, form.abbreviation, form.title).to_lowercase();
            typed.split_whitespace().all(|word| all.contains(word))
        };
        let all = measure::all().iter().chain(scene.index.measures.values());
        all.filter(fits).map(Arc::clone).collect()
    }

    fn update(&mut self, act: &Act, scene: &Scene<'_>) -> Option<Mode> {
        let found = self.found(scene);
        match act {
            Act::Type(input) => {
                self.field.update(input);
                self.focus = 0;
            }
            Act::Verb(Verb::Confirm) => {
                return Some(match found.get(self.focus) {
                    Some(form) => {
                        Mode::Answer(Box::new(measure_form::State::new(Arc::clone(form))))
                    }
                    None => Mode::Score(Box::default()),
                });
            }
            Act::Verb(verb) => drop(list::step(&mut self.focus, *verb, found.len() + 1, 8)),
        }
        None
    }

    fn view(&self, whose: &str, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
        let (look, found) = (scene.look, self.found(scene));
        let title = format!("Which form for {whose}? Type a part of its name");
        paint::rule(frame, look, area, 0, (&title, "Enter begins it"));
        let mut body = paint::inset(paint::lines(area, 3, u16::MAX), 1);
        // Its notice stands wherever a form is shown.
        if let Some(form) = found.get(self.focus) {
            let notice = paint::folded(&form.notice, body.width.into());
            let room = body.height.saturating_sub(paint::count(notice.len()) + 1).max(3);
            let below = paint::lines(body, room + 1, u16::MAX);
            for (line, words) in (0..below.height).zip(&notice) {
                paint::text(frame, below, line, words, Style::new());
            }
            body.height = room.min(body.height);
        }
        let top = list::top(self.focus, found.len() + 1, body.height.into());
        let width = usize::from(body.width).saturating_sub(2);
        let rows = found.iter().map(|form| {
            let items = text::counted(form.items.len(), "item", "items");
            format!("{:<16} {}, {items}", form.abbreviation, form.title)
        });
        let rows = rows.chain(["Another instrument: only its score".to_owned()]);
        for (at, words) in rows.enumerate().skip(top).take(body.height.into()) {
            let words = safe::truncated(&words, width, true);
            let line = paint::count(at - top);
            paint::row(frame, look, body, line, (&words, Style::new(), at == self.focus));
        }
        self.field.view(frame, look, paint::inset(paint::lines(area, 1, 1), 1), true);
    }
}

/// Draws the screen.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let whose = who::client(scene.index, state.client, scene.veil);
    match &state.mode {
        Mode::List => all(state, scene, frame, area),
        Mode::Pick(pick) => pick.view(&whose, scene, frame, area),
        Mode::Score(form) => form.view(&whose, scene, frame, area),
        Mode::Answer(form) => measure_form::view(form, &whose, scene.look, frame, area),
    }
}

fn all(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (look, inside) = (scene.look, paint::inset(area, 1));
    let title = format!("Measures   {}", who::client(scene.index, state.client, scene.veil));
    let many = state.measures().iter().filter(|one| !one.struck).count();
    let count = text::counted(many, "measure", "measures");
    paint::rule(frame, look, area, 0, (&title, &count));
    if state.view.is_none() {
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, look, inside, 2, notice)),
            None => paint::text(frame, inside, 2, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    }
    let Some(one) = state.measure() else {
        paint::text(frame, area, 2, "  Nothing has been answered yet: n", Style::new());
        frame.set_cursor_position((inside.x, area.y + 2));
        return;
    };
    let body = paint::lines(area, 1, u16::MAX);
    if look.wide() {
        let (left, right) = paint::side_by_side(frame, look, body, (body.width / 2).min(88));
        let height = (left.height / 3).max(LISTED);
        rows(state, scene, frame, paint::lines(left, 0, height));
        details(state, one, scene, frame, paint::lines(left, height, u16::MAX));
        let half = Rect { height: (right.height * 2 / 3).min(24), ..right };
        chart(state, one, scene, frame, half);
    } else {
        let height = paint::count(state.measures().len()).min(LISTED);
        rows(state, scene, frame, paint::lines(body, 0, height));
        let rest = paint::lines(body, height, u16::MAX);
        let short = if state.whole { rest.height } else { rest.height.min(7) };
        let below = details(state, one, scene, frame, Rect { height: short, ..rest });
        chart(state, one, scene, frame, paint::lines(rest, below, u16::MAX));
    }
}

fn rows(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, body: Rect) {
    let top = list::top(state.focus, state.measures().len(), body.height.into());
    let shown = state.measures().iter().enumerate().skip(top).take(body.height.into());
    for (at, one) in shown {
        let date = when::local(one.at.time, &one.at.zone).date();
        let words = if one.struck {
            "struck: a mistake".to_owned()
        } else {
            measures::result(scene.index, &one.taken)
        };
        let name = paint::cell(&measures::name(scene.index, &one.taken), 16);
        let words = format!("{} {}  {name} {words}", when::aligned(date), date.year());
        let words = safe::truncated(&words, usize::from(body.width).saturating_sub(2), true);
        let style = if one.taken.review == Review::Due && !one.struck {
            scene.look.alarm()
        } else {
            Style::new()
        };
        let line = paint::count(at - top);
        paint::row(frame, scene.look, body, line, (&words, style, at == state.focus));
    }
}

/// Earlier measures of the same kind with a total, newest first.
fn earlier<'a>(
    state: &'a State,
    index: &'a Index,
    one: &'a MeasureView,
) -> impl Iterator<Item = &'a MeasureView> {
    let same = |other: &&MeasureView| {
        other.taken.instrument == one.taken.instrument
            && (other.taken.items == 0) == (one.taken.items == 0)
            && other.taken.total.is_some()
            && !other.struck
            && measures::counts(index, &other.taken)
    };
    let before = (one.at.time, one.record);
    let older = move |other: &&MeasureView| (other.at.time, other.record) < before;
    state.measures().iter().filter(same).filter(older)
}

/// What the one in focus says; returns the line below.
fn details(
    state: &State,
    one: &MeasureView,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
) -> u16 {
    let name = measures::name(scene.index, &one.taken);
    paint::rule(frame, scene.look, area, 0, (&name, &one.version));
    let form = measures::form(scene.index, &one.taken.instrument).filter(|_| one.taken.items > 0);
    let mut lines = vec![measures::result(scene.index, &one.taken)];
    let mut totals = earlier(state, scene.index, one).filter_map(|other| other.taken.total);
    let (last, first) = (totals.next(), totals.last());
    let followed = measures::followed(scene.index, &one.taken);
    if let (Some(form), Some(total)) = (followed, one.taken.total) {
        // Of more than two, the first is the baseline.
        let baseline = first.or(last);
        if let Some(baseline) = baseline {
            let words = measures::change(form, baseline, total);
            lines.push(format!("Since the first: {}", words.join("; ")));
        }
        if let (Some(last), Some(_)) = (last, first) {
            let words = measures::change(form, last, total);
            lines.push(format!("Since the last: {}", words.join("; ")));
        }
    }
    if let Some(form) = form {
        if followed.is_none() || one.answers.is_empty() {
            lines.push(measures::unfollowed(form, &one.taken).to_owned());
        } else {
            let before = earlier(state, scene.index, one).find_map(|other| other.taken.total);
            let score = form.score(&one.answers);
            lines.extend(measures::lines(form, &score, before));
            for risk in form.raised(&one.answers) {
                let Some(item) = form.items.get(risk.item) else { continue };
                lines.push(format!("Item {}: {}", item.number, answer_words(form, one, risk.item)));
            }
        }
        lines.push(form.notice.clone());
    }
    if let Some((low, high)) = one.range {
        let source =
            if one.source.is_empty() || scene.veil { "typed by a clinician" } else { &one.source };
        lines.push(format!("Range {low}-{high}; {source}"));
    }
    lines.extend(one.handed.map(measures::handed));
    let inside = paint::inset(paint::lines(area, 1, u16::MAX), 1);
    let mut line = 0;
    for words in lines {
        if line < inside.height {
            line = paint::paragraph(frame, inside, line, &words, Style::new());
        }
    }
    line.min(inside.height) + 1
}

fn answer_words(form: &Form, one: &MeasureView, item: usize) -> String {
    match one.answers.get(item) {
        Some(Answer::Choice(choice)) => {
            let choice = form.choices(item).get(usize::from(*choice));
            choice.map(|choice| choice.label.clone()).unwrap_or_default()
        }
        _ => String::new(),
    }
}
