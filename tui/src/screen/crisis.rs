//! A crisis: whom to call where the client is, what was judged last, the safety plan, and everything
//! that was written down before. It is open with one key, and says since when.

use super::parts::{list, paint, when, who};
use super::{Act, Ask, Focused, Overlay, Scene};
use crate::keymap::Verb;
use crate::notice::Notice;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{AppointmentId, ClientId, RecordId, Timestamp};
use tacenda_shared::practice::crisis::numbers::{self, Numbers};
use tacenda_shared::practice::crisis::{
    CrisisView, RiskState, RiskView, RiskWords, SafetyStep, SafetyView, asked_words,
};
use tacenda_shared::practice::edit::{Label, Stamp};
use tacenda_shared::practice::view::{Index, View};

/// Columns of a label.
const LABEL: usize = 12;
/// Rows of the list at the foot where there is little room, with its rule.
const LISTED: u16 = 5;

/// What is known of a crisis, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    /// The session in which it came up, if it did in one.
    pub session: Option<AppointmentId>,
    /// When this was opened.
    pub since: Timestamp,
    /// The measure that was in focus, of which an answer is to be reviewed, and its name.
    pub raised: Option<(RecordId, String)>,
    view: Option<Box<CrisisView>>,
    refusal: Option<Notice>,
    focus: usize,
    /// What is in focus, wherever it comes to stand.
    anchor: Option<RecordId>,
    /// All that the one in focus says, in place of the plan that holds.
    whole: bool,
    /// The first line in sight of what is shown above the list.
    top: usize,
    /// What lay over the screen before, and comes back when this is left.
    pub aside: Vec<Overlay>,
}

/// A line of the list.
#[derive(Clone, Copy, Debug)]
enum Line<'a> {
    Risk(&'a RiskView),
    Plan(&'a SafetyView),
}

impl Line<'_> {
    const fn record(&self) -> RecordId {
        match self {
            Self::Risk(risk) => risk.record,
            Self::Plan(plan) => plan.record,
        }
    }

    const fn saved(&self) -> &Stamp {
        match self {
            Self::Risk(risk) => &risk.saved,
            Self::Plan(plan) => &plan.signed,
        }
    }

    const fn struck(&self) -> bool {
        match self {
            Self::Risk(risk) => risk.struck,
            Self::Plan(plan) => plan.struck,
        }
    }
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names. One of the forms
    /// may be in focus from the start.
    pub fn new(
        client: ClientId,
        (session, record): (Option<AppointmentId>, Option<RecordId>),
        since: Timestamp,
    ) -> Self {
        Self {
            client,
            session,
            since,
            raised: None,
            view: None,
            refusal: None,
            focus: 0,
            anchor: record,
            whole: record.is_some(),
            top: 0,
            aside: Vec::new(),
        }
    }

    /// Takes what is known, or why it cannot be had. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Crisis(view) = *view
                    && view.client.id == self.client
                {
                    self.view = Some(Box::new(view));
                    self.refusal = None;
                    let lines: Vec<RecordId> = self.lines().iter().map(Line::record).collect();
                    let at = self.anchor.and_then(|one| lines.iter().position(|id| *id == one));
                    self.focus =
                        at.unwrap_or_else(|| self.focus.min(lines.len().saturating_sub(1)));
                    self.anchor = lines.get(self.focus).copied();
                }
            }
            Err(notice) => {
                self.view = None;
                self.refusal = Some(notice);
            }
        }
    }

    /// What is written down here is what one goes on with.
    pub fn go_on_with(&mut self, record: RecordId) {
        (self.anchor, self.whole, self.top) = (Some(record), false, 0);
    }

    /// Shows all that the one in focus says, or the plan that holds again.
    pub fn turn(&mut self) {
        (self.whole, self.top) = (!self.whole, 0);
    }

    /// What stands in the list: the newest first, what was struck last.
    fn lines(&self) -> Vec<Line<'_>> {
        let Some(view) = &self.view else { return Vec::new() };
        let risks = view.risks.iter().map(Line::Risk);
        let mut all: Vec<Line<'_>> = risks.chain(view.plans.iter().map(Line::Plan)).collect();
        all.sort_by_key(|line| {
            (line.struck(), std::cmp::Reverse((line.saved().time, line.record())))
        });
        all
    }

    fn line(&self) -> Option<Line<'_>> {
        self.lines().get(self.focus).copied()
    }

    /// Returns what was opened.
    pub fn known(&self) -> Option<&CrisisView> {
        self.view.as_deref()
    }

    /// Returns the risk form in focus.
    pub fn risk(&self) -> Option<&RiskView> {
        match self.line()? {
            Line::Risk(risk) => Some(risk),
            Line::Plan(_) => None,
        }
    }

    /// Returns the plan in focus, or else the one that holds.
    pub fn plan(&self) -> Option<&SafetyView> {
        match self.line() {
            Some(Line::Plan(plan)) => Some(plan),
            _ => self.view.as_ref()?.plan(),
        }
    }

    /// Whether the one in focus is struck.
    pub fn is_struck(&self) -> Option<bool> {
        self.line().map(|line| line.struck())
    }

    /// Returns what is in focus with its labels, and in whose record it lies.
    pub fn labelled(&self) -> Option<(ClientId, RecordId, &std::collections::BTreeSet<Label>)> {
        Some(match self.line()? {
            Line::Risk(risk) => (risk.client, risk.record, &risk.labels),
            Line::Plan(plan) => (plan.client, plan.record, &plan.labels),
        })
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        let one = self.line().map(|line| match line {
            Line::Risk(risk) => Focused::Crisis(risk.client, risk.record),
            Line::Plan(plan) => Focused::Crisis(plan.client, plan.record),
        });
        one.unwrap_or(Focused::Client(self.client))
    }

    /// The numbers for where the client is, as far as that is known.
    pub fn numbers(&self, index: &Index) -> Vec<Numbers> {
        let session = self.session.and_then(|id| index.appointments.get(&id));
        let mut places: Vec<&str> =
            session.map(|row| row.whereabouts.place.as_str()).into_iter().collect();
        places.extend(self.view.iter().flat_map(|view| view.home.iter().map(String::as_str)));
        numbers::fitting(index, &places)
    }
}

/// Moves the focus, or reads on.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        let page = usize::from(scene.look.rows / 3);
        match verb {
            Verb::PageDown => state.top = state.top.saturating_add(page),
            Verb::PageUp => state.top = state.top.saturating_sub(page),
            verb => {
                let records: Vec<RecordId> = state.lines().iter().map(Line::record).collect();
                if list::step(&mut state.focus, *verb, records.len(), page) {
                    state.anchor = records.get(state.focus).copied();
                    state.top = 0;
                }
            }
        }
    }
    Vec::new()
}

/// Returns numbers in a line: `US: Emergency 911 | Lifeline 988`.
pub fn numbers_words(one: &Numbers) -> String {
    let lines = one.lines.iter().map(|line| format!("{} {}", line.label, line.number));
    format!("{}: {}", one.place, lines.collect::<Vec<_>>().join(" | "))
}

/// Returns how high a risk was judged to be and when, or how far its form is.
pub fn level_words(risk: &RiskView) -> String {
    let when = stamp_words(&risk.saved);
    match (risk.said.state, risk.said.level) {
        (RiskState::Whole, Some(level)) => format!("{}, {when}", level.title()),
        (RiskState::Deferred, _) => format!("put off, {when}"),
        _ => format!("not finished, {when}"),
    }
}

fn stamp_words(stamp: &Stamp) -> String {
    let at = when::local(stamp.time, &stamp.zone);
    format!("{} {} {}", when::short(at.date()), at.date().year(), when::clock(at.time()))
}

/// What stands at the top: whom to call, where, and what was judged last.
fn facts(state: &State, scene: &Scene<'_>) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let found = state.numbers(scene.index);
    for (at, one) in found.iter().take(3).enumerate() {
        let check = if at == 0 { "   (check these: g e)" } else { "" };
        facts.push(("Call", format!("{}{check}", numbers_words(one))));
    }
    if found.is_empty() {
        facts.push(("Call", "No number is known for here: g e writes it down.".to_owned()));
    }
    let session = state.session.and_then(|id| scene.appointment(id));
    if let Some(row) = session.filter(|row| row.is_elsewhere()) {
        let said = &row.whereabouts;
        let words = match said.is_whole() {
            true => format!("{}; there: {}", said.place, said.help),
            false => "not said yet: b on the session asks".to_owned(),
        };
        facts.push(("Client is in", words));
    }
    if let Some(view) = &state.view {
        let hidden = |text: &str| match scene.veil {
            true => "hidden (F9 shows)".to_owned(),
            false => text.to_owned(),
        };
        if !view.emergency_contact.is_empty() {
            facts.push(("Contact", hidden(&view.emergency_contact)));
        }
        let safe = view.client.safe_words();
        if !safe.is_empty() {
            facts.push(("Safe contact", hidden(&safe)));
        }
        let last = view.last().map(level_words);
        let newest = view.risks.iter().find(|risk| !risk.struck);
        let open = newest.filter(|risk| risk.said.state != RiskState::Whole).map(level_words);
        let words = match (last, open) {
            (None, None) => "no form yet: n".to_owned(),
            (Some(last), None) => last,
            (None, Some(open)) => open,
            (Some(last), Some(open)) => format!("{last}; since then {open}"),
        };
        facts.push(("Risk", words));
    }
    facts
}

/// The lines of a safety plan.
fn plan_lines(plan: &SafetyView) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (step, text) in &plan.steps {
        lines.push((step.title().to_owned(), text.lines().collect::<Vec<_>>().join("; ")));
    }
    if plan.says_more {
        lines.push((String::new(), MORE.to_owned()));
    }
    lines
}

const MORE: &str = "A newer version wrote more than this one can show.";

/// The lines of a risk form.
fn risk_lines(risk: &RiskView, scene: &Scene<'_>) -> Vec<(String, String)> {
    let said = &risk.said;
    let mut lines = Vec::new();
    let asked = asked_words(&said.asked);
    if !asked.is_empty() {
        lines.push(("Asked".to_owned(), asked.join("; ")));
    }
    for of in RiskWords::ALL {
        if let Some(text) = said.words.get(&of) {
            let title = match (of, said.state) {
                (RiskWords::Decided, RiskState::Deferred) => "Put off because",
                _ => of.title(),
            };
            lines.push((title.to_owned(), text.clone()));
        }
    }
    if let Some(level) = said.level {
        lines.push(("Level".to_owned(), level.title().to_owned()));
    }
    if let Some(called) = said.called {
        let words = if called { "called" } else { "not called" };
        lines.push(("Emergency service".to_owned(), words.to_owned()));
    }
    lines.extend(said.next.map(|next| ("Next contact".to_owned(), when::long(next))));
    let author = scene.index.clinicians.get(&risk.author).map_or("", String::as_str);
    let opened = said.opened.map(|opened| {
        let opened = Stamp { time: opened, zone: risk.saved.zone.clone() };
        format!("opened {}, ", stamp_words(&opened))
    });
    let opened = opened.unwrap_or_default();
    let zone = &risk.saved.zone;
    let words = format!("{opened}saved {} ({zone}), {author}", stamp_words(&risk.saved));
    lines.push(("Written".to_owned(), words));
    if said.adds_to.is_some() {
        lines.push((String::new(), "It adds to an earlier form, or puts it right.".to_owned()));
    }
    if said.measure.is_some() {
        lines.push((String::new(), "An answer of a measure raised it (g m).".to_owned()));
    }
    if !risk.labels.is_empty() {
        lines.push(("Labels".to_owned(), Label::list(&risk.labels)));
    }
    if risk.says_more {
        lines.push((String::new(), MORE.to_owned()));
    }
    lines
}

/// Folds labelled lines to a width, the label before the first line of each.
fn folded(lines: &[(String, String)], width: usize, label: usize) -> Vec<String> {
    let room = width.saturating_sub(label);
    let mut all = Vec::new();
    for (title, words) in lines {
        for (at, part) in paint::folded(words, room).iter().enumerate() {
            let title = if at == 0 { title.as_str() } else { "" };
            all.push(format!("{}{part}", paint::cell(title, label)));
        }
    }
    all
}

/// Draws the screen.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let title = format!("Crisis   {}", who::client(scene.index, state.client, scene.veil));
    let since = when::clock(when::local(state.since, &scene.index.zone).time());
    paint::rule(frame, look, area, 0, (&title, &format!("open since {since}")));
    let inside = paint::inset(area, 1);
    let mut line = 1;
    for (label, words) in facts(state, scene) {
        let style = if label == "Call" { look.title() } else { Style::new() };
        let room = usize::from(inside.width).saturating_sub(LABEL + 1);
        // Of a number no digit is cut off.
        let whole = if label == "Call" { paint::folded(&words, room) } else { Vec::new() };
        let short = safe::truncated(&words, room, true);
        let parts = if whole.is_empty() { vec![short] } else { whole };
        for (at, part) in parts.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            paint::text(frame, inside, line, &format!("{label:<LABEL$} {part}"), style);
            line += 1;
        }
    }
    if state.view.is_none() {
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, look, inside, line + 1, notice)),
            None => paint::text(frame, inside, line + 1, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + line + 1));
        return;
    }
    let rest = paint::lines(area, line, u16::MAX);
    if look.wide() {
        let (left, right) = paint::side_by_side(frame, look, rest, rest.width / 2);
        main(state, scene, frame, left);
        entries(state, scene, frame, right);
    } else {
        let many = paint::count(state.lines().len()).max(1) + 1;
        let foot = many.min(LISTED).min(rest.height / 2);
        main(state, scene, frame, paint::lines(rest, 0, rest.height - foot));
        entries(state, scene, frame, paint::lines(rest, rest.height - foot, foot));
    }
}

/// The plan that holds, or all that the one in focus says.
fn main(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let shown = if state.whole { state.line() } else { None };
    let (title, lines) = match (shown, state.view.as_ref().and_then(|view| view.plan())) {
        (Some(Line::Risk(risk)), _) => {
            (format!("Risk form   {}", level_words(risk)), risk_lines(risk, scene))
        }
        (Some(Line::Plan(plan)), _) | (None, Some(plan)) => {
            (format!("Safety plan   {}", stamp_words(&plan.signed)), plan_lines(plan))
        }
        (None, None) => {
            let words = "There is none yet: p writes it, step by step, with the client.";
            ("Safety plan".to_owned(), vec![(String::new(), words.to_owned())])
        }
    };
    let inside = paint::inset(paint::lines(area, 1, u16::MAX), 1);
    let label = if matches!(shown, Some(Line::Risk(_))) { 24 } else { 27 };
    let label = if lines.iter().all(|(title, _)| title.is_empty()) { 0 } else { label };
    // A title that is longer than its column stands above its words.
    let lines: Vec<(String, String)> = lines
        .into_iter()
        .flat_map(|(title, words)| match title.chars().count() < label || label == 0 {
            true => vec![(title, words)],
            false => vec![(short(&title), words)],
        })
        .collect();
    let all = folded(&lines, inside.width.into(), label);
    let last = all.len().saturating_sub(inside.height.into());
    let top = state.top.min(last);
    let more = if all.len() > usize::from(inside.height) { "PgDn reads on" } else { "" };
    paint::rule(frame, look, area, 0, (&title, more));
    for (at, words) in all.iter().skip(top).take(inside.height.into()).enumerate() {
        paint::text(frame, inside, paint::count(at), words, Style::new());
    }
}

/// The steps of a plan in fewer words, for a narrow column.
fn short(title: &str) -> String {
    let words = [
        (SafetyStep::Signs, "When it is getting bad"),
        (SafetyStep::Alone, "Alone I can"),
        (SafetyStep::Elsewhere, "What takes my mind off it"),
        (SafetyStep::People, "People to ask"),
        (SafetyStep::Professionals, "Help at any hour"),
        (SafetyStep::Surroundings, "Made safer"),
        (SafetyStep::Worth, "Worth living for"),
    ];
    let known = words.iter().find(|(step, _)| step.title() == title);
    known.map_or_else(|| title.to_owned(), |(_, short)| (*short).to_owned())
}

/// Everything that was written down, the newest first.
fn entries(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let lines = state.lines();
    let older = state.view.as_ref().map_or(0, |view| view.older);
    let end = if older > 0 { format!("{older} more not read") } else { String::new() };
    paint::rule(frame, look, area, 0, ("Written down before", &end));
    let body = paint::lines(area, 1, u16::MAX);
    if lines.is_empty() {
        let words = "  Nothing yet: n begins a risk form, p a safety plan";
        paint::text(frame, body, 0, words, Style::new());
        frame.set_cursor_position((body.x, body.y));
        return;
    }
    let top = list::top(state.focus, lines.len(), body.height.into());
    for (at, line) in lines.iter().enumerate().skip(top).take(body.height.into()) {
        let words = match line {
            _ if line.struck() => "struck: a mistake".to_owned(),
            Line::Risk(risk) => format!("risk: {}", level_words(risk)),
            Line::Plan(plan) => {
                let holds = state.view.as_ref().and_then(|view| view.plan());
                let holds = holds.is_some_and(|holds| holds.record == plan.record);
                let words = if holds { "safety plan, which holds" } else { "safety plan, earlier" };
                format!("{words}, {}", stamp_words(&plan.signed))
            }
        };
        let place = paint::count(at - top);
        paint::row(frame, look, body, place, (&words, Style::new(), at == state.focus));
    }
}
