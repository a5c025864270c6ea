//! One client's chart: who it is, what was planned last, drafts, and the timeline. What it shows
//! was opened with an audit entry; it never reads more than it was given.

use super::parts::{aside, list, paint, spark, when, who};
use super::{Act, Ask, Focused, Scene, clients};
use crate::notice::Notice;
use crate::text;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::plan::{PlanItem, PlanKind};
use tacenda_shared::practice::view::{ChartView, DraftRow, TimelineEntry, View};

/// Goals that are shown beside a chart.
const GOALS: usize = 4;
/// Columns of what a line of the contact is called.
const LABEL: usize = 14;
/// Instruments that are.
const MEASURES: usize = 3;

/// A chart, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    chart: Option<Box<ChartView>>,
    refusal: Option<Notice>,
    focus: usize,
    /// What stands there: what comes in from elsewhere moves nothing.
    anchor: Option<Line>,
}

/// What a line of a chart is, whatever stands above it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Line {
    Draft(ObjectId),
    Record(RecordId),
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId) -> Self {
        Self { client, chart: None, refusal: None, focus: 0, anchor: None }
    }

    /// Takes the chart, or why there is none. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Chart(chart) = *view
                    && chart.client.id == self.client
                {
                    let stays = self.anchor.and_then(|line| place_of(&chart, line));
                    let last = length(&chart).saturating_sub(1);
                    self.focus = stays.unwrap_or_else(|| self.focus.min(last));
                    self.anchor = line_at(&chart, self.focus);
                    self.chart = Some(Box::new(chart));
                    self.refusal = None;
                }
            }
            Err(notice) => {
                self.chart = None;
                self.refusal = Some(notice);
            }
        }
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        let Some(chart) = &self.chart else { return Focused::Client(self.client) };
        if let Some(draft) = chart.drafts.get(self.focus) {
            return Focused::Draft(draft.client, draft.note);
        }
        let at = self.focus - chart.drafts.len();
        let Some(row) = chart.timeline.get(at) else { return Focused::Client(self.client) };
        // It opens from the record that it lies in.
        match &row.entry {
            TimelineEntry::Note { record, .. } | TimelineEntry::Plan { record, .. } => {
                Focused::Record(row.client, *record)
            }
            TimelineEntry::Contact { record, .. } => Focused::Contact(row.client, *record),
            TimelineEntry::Addendum { note, .. } => Focused::Record(row.client, *note),
            TimelineEntry::Measure { .. } | TimelineEntry::Unknown { .. } => {
                Focused::Client(self.client)
            }
            TimelineEntry::Journal { record, .. } => Focused::Entry(row.client, *record),
            TimelineEntry::Consent { record, .. } => Focused::Consent(row.client, *record),
        }
    }
}

fn length(chart: &ChartView) -> usize {
    chart.drafts.len() + chart.timeline.len()
}

fn line_at(chart: &ChartView, at: usize) -> Option<Line> {
    if let Some(draft) = chart.drafts.get(at) {
        return Some(Line::Draft(draft.note));
    }
    let row = chart.timeline.get(at.checked_sub(chart.drafts.len())?);
    row.map(|row| Line::Record(row.entry.record()))
}

fn place_of(chart: &ChartView, line: Line) -> Option<usize> {
    (0..length(chart)).find(|at| line_at(chart, *at) == Some(line))
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let (Act::Verb(verb), Some(chart)) = (act, &state.chart) {
        let page = usize::from(scene.look.rows / 2);
        if list::step(&mut state.focus, *verb, length(chart), page) {
            state.anchor = line_at(chart, state.focus);
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
    timeline(state, chart, scene, frame, paint::lines(left, 1, u16::MAX));
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
    let scores = spark::scores(&chart.timeline, look.ascii);
    if !scores.is_empty() {
        let words = scores.iter().take(MEASURES).cloned().collect::<Vec<_>>().join("   ");
        let words = safe::truncated(&words, inside.width.into(), true);
        paint::text(frame, inside, line, &words, Style::new());
        line += 1;
    }
    timeline(state, chart, scene, frame, paint::lines(area, line, u16::MAX));
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
    let scores = spark::scores(&chart.timeline, scene.look.ascii);
    if scores.is_empty() {
        return line;
    }
    paint::rule(frame, scene.look, area, line, ("Measures", ""));
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

fn timeline(
    state: &State,
    chart: &ChartView,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let look = scene.look;
    let count = text::counted(chart.timeline.len(), "entry", "entries");
    paint::rule(frame, look, area, 0, ("Timeline", &count));
    let body = paint::lines(area, 1, u16::MAX);
    if length(chart) == 0 {
        let words = "  Nothing yet. N begins the first note.";
        paint::text(frame, body, 1, words, Style::new());
        frame.set_cursor_position((body.x, body.y));
    }
    let drafts = chart.drafts.iter().map(|draft| (draft_words(draft, scene), look.waiting()));
    let signed = chart.timeline.iter();
    let signed = signed.map(|row| (clients::timeline_words(row, scene), Style::new()));
    let top = list::top(state.focus, length(chart), body.height.into());
    let rows = drafts.chain(signed).enumerate().skip(top).take(body.height.into());
    for (row, (words, style)) in rows {
        let line = paint::count(row - top);
        paint::row(frame, look, body, line, (&words, style, row == state.focus));
    }
}

fn draft_words(draft: &DraftRow, scene: &Scene<'_>) -> String {
    let date = when::local(draft.begun, &scene.index.zone).date();
    let words = usize::try_from(draft.words).unwrap_or(usize::MAX);
    let under = who::under(scene.index, draft.client);
    let (kind, format) = match (draft.addendum_to.is_some(), draft.journal) {
        (true, _) => ("DRAFT to add", text::format(draft.format)),
        (false, true) => ("Journal DRAFT", ""),
        (false, false) => ("Note DRAFT  ", text::format(draft.format)),
    };
    format!(
        "{} {}   {kind}  {format}   {}{under}",
        when::aligned(date),
        date.year(),
        text::counted(words, "word", "words"),
    )
}
