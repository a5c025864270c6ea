//! One client's chart: who it is, what was planned last, and the timeline of everything, of all kinds
//! or of one. What it shows was opened with an audit entry; it never reads more than it was given.

use super::parts::{aside, list, measures, paint, spark, timeline, when, who};
use super::{Act, Ask, Focused, Opening, Scene};
use crate::keymap::Verb;
use crate::notice::Notice;
use crate::text;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::edit::Label;
use tacenda_shared::practice::plan::{PlanItem, PlanKind};
use tacenda_shared::practice::timeline::{self as everything, Kind, Line, What};
use tacenda_shared::practice::view::{ChartView, TimelineEntry, TimelineRow, View};

/// Goals that are shown beside a chart.
const GOALS: usize = 4;
/// Columns of what a line of the contact is called.
const LABEL: usize = 14;
static NONE: BTreeSet<Label> = BTreeSet::new();
/// Instruments that are.
const MEASURES: usize = 3;

/// A chart, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    chart: Option<Box<ChartView>>,
    refusal: Option<Notice>,
    /// Everything, as it was when the chart was last told.
    lines: Vec<Line>,
    /// The places of those that are shown.
    shown: Vec<usize>,
    /// The kind that is shown; without one, all.
    kind: Option<Kind>,
    /// The place in `shown`. What comes in from elsewhere leaves what stands there in focus.
    focus: usize,
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId) -> Self {
        let (lines, shown) = (Vec::new(), Vec::new());
        Self { client, chart: None, refusal: None, lines, shown, kind: None, focus: 0 }
    }

    /// Takes the chart, or why there is none. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>, at: &Opening<'_>) {
        match outcome {
            Ok(view) => {
                if let View::Chart(chart) = *view
                    && chart.client.id == self.client
                {
                    let anchor = self.line().cloned();
                    self.lines = everything::of(at.scene.index, self.client, at.scene.now.time);
                    self.show(anchor.as_ref());
                    self.chart = Some(Box::new(chart));
                    self.refusal = None;
                }
            }
            Err(notice) => {
                self.chart = None;
                (self.lines, self.shown) = (Vec::new(), Vec::new());
                self.refusal = Some(notice);
            }
        }
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        match self.line().map(|line| &line.what) {
            Some(What::Draft(draft)) => Focused::Draft(draft.client, draft.note),
            Some(What::Next(row) | What::Session(row)) => Focused::Appointment(row.id),
            Some(What::Record(row)) => self.of_record(row),
            Some(What::Task(client, task)) => Focused::Task(*client, task.id),
            Some(What::Added(_) | What::Died(_)) | None => Focused::Client(self.client),
        }
    }

    /// It opens from the record that it lies in.
    fn of_record(&self, row: &TimelineRow) -> Focused {
        match &row.entry {
            TimelineEntry::Note { record, .. } | TimelineEntry::Plan { record, .. } => {
                Focused::Record(row.client, *record)
            }
            TimelineEntry::Contact { record, .. } => Focused::Contact(row.client, *record),
            TimelineEntry::Addendum { note, .. } => Focused::Record(row.client, *note),
            TimelineEntry::Attachment { record, .. } => Focused::Attachment(row.client, *record),
            TimelineEntry::Measure { record, .. } => Focused::Measure(row.client, *record),
            TimelineEntry::InError { .. } | TimelineEntry::Unknown { .. } => {
                Focused::Client(self.client)
            }
            TimelineEntry::Journal { record, .. } => Focused::Entry(row.client, *record),
            TimelineEntry::Consent { record, .. } => Focused::Consent(row.client, *record),
            TimelineEntry::Risk { record, .. } | TimelineEntry::SafetyPlan { record, .. } => {
                Focused::Crisis(row.client, *record)
            }
        }
    }

    /// Returns the measure, the consent, the file or the contact in focus with its labels; in which record it lies.
    pub fn labelled(&self) -> Option<(ClientId, RecordId, &BTreeSet<Label>)> {
        let What::Record(row) = &self.line()?.what else { return None };
        let (TimelineEntry::Attachment { record, .. }
        | TimelineEntry::Measure { record, .. }
        | TimelineEntry::Consent { record, .. }
        | TimelineEntry::Risk { record, .. }
        | TimelineEntry::SafetyPlan { record, .. }
        | TimelineEntry::Contact { record, .. }) = row.entry
        else {
            return None;
        };
        let labels = self.chart.as_ref()?.labels.get(&record);
        Some((row.client, record, labels.unwrap_or(&NONE)))
    }

    fn line(&self) -> Option<&Line> {
        self.lines.get(*self.shown.get(self.focus)?)
    }

    /// Shows the lines of the kind, with the focus on what stands for the same as `anchor`.
    fn show(&mut self, anchor: Option<&Line>) {
        let fits = |line: &Line| self.kind.is_none() || line.kind() == self.kind;
        let all = self.lines.iter().enumerate();
        self.shown = all.filter(|(_, line)| fits(line)).map(|(at, _)| at).collect();
        let place = |is_same: fn(&Line, &Line) -> bool| {
            let same = |at: &usize| {
                let line = self.lines.get(*at);
                line.zip(anchor).is_some_and(|(line, anchor)| is_same(line, anchor))
            };
            self.shown.iter().position(same)
        };
        // A note that was corrected meanwhile is the line of what stands in its place.
        let stays = place(Line::is_of_the_same).or_else(|| place(Line::is_of_the_same_note));
        let last = self.shown.len().saturating_sub(1);
        self.focus = stays.unwrap_or_else(|| self.focus.min(last));
    }

    /// Goes on to the next kind of which there is something, and after the last to all.
    fn next_kind(&mut self, back: bool) {
        // What is shown has its place also when nothing of it is left.
        let there = |kind: &Kind| {
            let mut kinds = self.lines.iter().map(Line::kind).chain([self.kind]);
            kinds.any(|one| one == Some(*kind))
        };
        let kinds: Vec<Option<Kind>> =
            std::iter::once(None).chain(Kind::ALL.into_iter().filter(there).map(Some)).collect();
        let at = kinds.iter().position(|kind| *kind == self.kind).unwrap_or(0);
        let step = if back { kinds.len() - 1 } else { 1 };
        let anchor = self.line().cloned();
        self.kind = kinds.get((at + step) % kinds.len()).copied().flatten();
        self.show(anchor.as_ref());
    }
}

/// Moves the focus, or narrows the timeline.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let (Act::Verb(verb), Some(_)) = (act, &state.chart) {
        match verb {
            Verb::NextKind | Verb::PreviousKind => {
                state.next_kind(*verb == Verb::PreviousKind);
            }
            verb => {
                let page = usize::from(scene.look.rows / 2);
                list::step(&mut state.focus, *verb, state.shown.len(), page);
            }
        }
    }
    Vec::new()
}

/// Draws the chart.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let inside = paint::inset(area, 1);
    if !look.wide() || state.chart.is_none() {
        paint::rule(frame, look, area, 0, (&heading(state, scene), ""));
    }
    if let Some(notice) = &state.refusal {
        paint::notice(frame, look, inside, 2, notice);
        frame.set_cursor_position((inside.x, inside.y + 1));
        return;
    }
    let Some(chart) = &state.chart else {
        paint::text(frame, inside, 2, "opening ...", Style::new());
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    };
    if look.wide() {
        wide(state, chart, scene, frame, area);
    } else {
        narrow(state, chart, scene, frame, area);
    }
}

fn wide(state: &State, chart: &ChartView, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let (left, right) = paint::side_by_side(
        frame,
        look,
        area,
        (area.width / 2).min(if look.very_wide() { 82 } else { 96 }),
    );
    paint::rule(frame, look, left, 0, (&heading(state, scene), ""));
    all_lines(state, scene, frame, paint::lines(left, 1, u16::MAX));
    let (right, third) = paint::third(frame, look, right);
    if let Some(third) = third {
        aside::appointments(state.client, scene, frame, third);
    }
    let mut right = right;
    if let Some(names) = who::together(scene.index, state.client, scene.veil)
        .filter(|_| !scene.index.groups.contains_key(&state.client))
    {
        paint::rule(frame, look, right, 0, ("Together (g r)", ""));
        let line = paint::paragraph(frame, right, 1, &names, Style::new());
        right = paint::lines(right, line + 2, u16::MAX);
    }
    paint::rule(frame, look, right, 0, ("Last plan", ""));
    let line = paint::paragraph(frame, right, 1, plan(chart), Style::new());
    let line = goals(chart, scene, frame, right, line + 1);
    let line = measures(chart, scene, frame, right, line);
    contact(chart, scene, frame, paint::lines(right, line, u16::MAX));
}

fn narrow(state: &State, chart: &ChartView, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let inside = paint::inset(area, 1);
    let mut line = 1;
    if let Some(names) = who::together(scene.index, state.client, scene.veil) {
        let words = safe::truncated(&format!("Together (g r): {names}"), inside.width.into(), true);
        paint::text(frame, inside, line, &words, Style::new());
        line += 1;
    }
    let plan = paint::folded(&format!("Last plan: {}", plan(chart)), inside.width.into());
    for (at, words) in plan.iter().take(3).enumerate() {
        let more = if at == 2 && plan.len() > 3 { " ..." } else { "" };
        let width = usize::from(inside.width).saturating_sub(more.len());
        let words = format!("{}{more}", safe::truncated(words, width, true));
        paint::text(frame, inside, line, &words, Style::new());
        line += 1;
    }
    let goals: Vec<String> = goals_of(chart).collect();
    if !goals.is_empty() {
        let words = format!("Goals (g p): {}", goals.join("; "));
        let words = safe::truncated(&words, inside.width.into(), true);
        paint::text(frame, inside, line, &words, Style::new());
        line += 1;
    }
    let scores =
        spark::scores(&chart.timeline, |one| measures::counts(scene.index, one), look.ascii);
    if !scores.is_empty() {
        let words = scores.iter().take(MEASURES).cloned().collect::<Vec<_>>().join("   ");
        let words = safe::truncated(&words, inside.width.into(), true);
        paint::text(frame, inside, line, &words, Style::new());
        line += 1;
    }
    all_lines(state, scene, frame, paint::lines(area, line, u16::MAX));
}

fn goals_of(chart: &ChartView) -> impl Iterator<Item = String> + '_ {
    let plans =
        std::iter::once(&chart.plan).chain(chart.further_plans.iter().map(|(_, plan)| plan));
    let goals = plans.flat_map(|plan| &plan.items).filter(|item| item.kind == PlanKind::Goal);
    goals.map(PlanItem::words)
}

fn heading(state: &State, scene: &Scene<'_>) -> String {
    let Some(row) = scene.index.clients.get(&state.client) else { return "Chart".to_owned() };
    let sessions = scene.digest.sessions.get(&state.client).copied().unwrap_or(0);
    let sessions = usize::try_from(sessions).unwrap_or(usize::MAX);
    let name = if scene.veil { String::new() } else { format!("{}   ", row.name) };
    let died = row.death().map(|date| format!("   died {} {}", when::short(date), date.year()));
    let died = died.unwrap_or_default();
    let archived = if row.archived { "   archived" } else { "" };
    let was = who::was(row);
    let was = if was.is_empty() { was } else { format!("   {was}") };
    format!(
        "{}   {name}{}   {}{was}{died}{archived}",
        who::code(row),
        who::pronouns(scene.index, row),
        text::counted(sessions, "session", "sessions"),
    )
}

fn plan(chart: &ChartView) -> &str {
    if chart.last_plan.trim().is_empty() { "none yet" } else { &chart.last_plan }
}

/// Goals with how far they have come; returns the line below.
fn goals(
    chart: &ChartView,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    line: u16,
) -> u16 {
    let goals: Vec<_> = goals_of(chart).collect();
    if chart.plan.items.is_empty() && chart.further_plans.is_empty() {
        return line;
    }
    let review = chart.plan.review.map(|date| format!("review by {}", when::short(date)));
    let review = review.unwrap_or_else(|| "no review set".to_owned());
    paint::rule(frame, scene.look, area, line, ("Goals (g p: plan)", &review));
    let mut line = line + 1;
    for words in goals.iter().take(GOALS) {
        let words = safe::truncated(words, area.width.into(), true);
        paint::text(frame, area, line, &words, Style::new());
        line += 1;
    }
    line + 1
}

/// Scores over time; returns the line below.
fn measures(
    chart: &ChartView,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    mut line: u16,
) -> u16 {
    let scores =
        spark::scores(&chart.timeline, |one| measures::counts(scene.index, one), scene.look.ascii);
    if scores.is_empty() {
        return line;
    }
    paint::rule(frame, scene.look, area, line, ("Measures (g m)", ""));
    for words in scores.iter().take(MEASURES) {
        line += 1;
        let words = safe::truncated(words, area.width.into(), true);
        paint::text(frame, area, line, &words, Style::new());
    }
    line + 2
}

fn contact(chart: &ChartView, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let client = &chart.client;
    if let Some(group) = scene.index.groups.get(&client.id) {
        paint::rule(frame, scene.look, area, 0, ("Who belongs to it (g r)", ""));
        for (line, (member, belongs)) in (1..).zip(&group.members) {
            let left = if *belongs { "" } else { "   has left" };
            let words = format!("{}{left}", who::client(scene.index, *member, scene.veil));
            paint::text(frame, area, line, &words, Style::new());
        }
        return;
    }
    paint::rule(frame, scene.look, area, 0, ("Contact", ""));
    if scene.veil {
        paint::text(frame, area, 1, "hidden (F9 shows)", Style::new());
        return;
    }
    let mut line = 1;
    let all = std::iter::once(client).chain(&client.same);
    for row in all {
        // What a duplicate says stands below, under its code; nothing of it is left out.
        let own = row.id == client.id;
        let says = [
            ("Phone", &row.phone, &client.phone),
            ("Email", &row.email, &client.email),
            ("Safe contact", &row.safe_contact, &client.safe_contact),
        ];
        for (label, words, kept) in says {
            if words.is_empty() || (!own && words == kept) {
                continue;
            }
            let under = if own { String::new() } else { format!("  ({})", who::code(row)) };
            let width = usize::from(area.width).saturating_sub(LABEL);
            for (at, part) in paint::folded(&format!("{words}{under}"), width).iter().enumerate() {
                let label = if at == 0 { label } else { "" };
                let words = format!("{label:<LABEL$}{part}");
                paint::text(frame, area, line, &words, Style::new());
                line += 1;
            }
        }
    }
}

fn all_lines(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let whole = text::counted(state.lines.len(), "entry", "entries");
    let (title, count) = match state.kind {
        None => ("Timeline (z: by kind)".to_owned(), whole),
        Some(kind) => (
            format!("Timeline: {} (z: next)", kind.word()),
            format!("{} of {whole}", state.shown.len()),
        ),
    };
    paint::rule(frame, look, area, 0, (&title, &count));
    let body = paint::lines(area, 1, u16::MAX);
    let room = usize::from(body.height);
    let top = list::top(state.focus, state.shown.len(), room);
    // Only what is in sight is put into words.
    let shown = state.shown.get(top..).unwrap_or_default().iter().take(room);
    for (row, line) in shown.filter_map(|at| state.lines.get(*at)).enumerate() {
        let (words, waits) = timeline::words(line, state.client, scene);
        let style = if waits { look.waiting() } else { Style::new() };
        paint::row(frame, look, body, paint::count(row), (&words, style, top + row == state.focus));
    }
    let is_written = |line: &Line| matches!(line.what, What::Draft(_) | What::Record(_));
    if !state.lines.iter().any(is_written) {
        let words = "  Nothing is written yet. N begins the first note.";
        paint::text(frame, body, paint::count(state.shown.len()) + 1, words, Style::new());
    }
    if state.shown.is_empty() {
        frame.set_cursor_position((body.x, body.y));
    }
}
