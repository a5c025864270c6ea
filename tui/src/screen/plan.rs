//! A client's treatment plan: its lines under their headings, what it lacks, and its versions. A line
//! begins where the focus is: under a heading, or under a goal.

use super::parts::{list, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::notice::Notice;
use crate::text;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, PlanItemId};
use tacenda_shared::practice::edit::Label;
use tacenda_shared::practice::plan::{Lack, Plan, PlanItem, PlanKind};
use tacenda_shared::practice::view::{PlanView, View};

/// A plan, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    view: Option<Box<PlanView>>,
    refusal: Option<Notice>,
    /// What is in focus, and where it stood when the plan was last read.
    focus: Option<(Place, usize)>,
    /// What was begun here and is not in the plan yet.
    begun: Option<PlanItemId>,
}

/// What the focus is on in a plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The heading of a kind of lines.
    Heading(PlanKind),
    /// A line.
    Item(PlanItemId),
    /// When it is looked at again.
    Review,
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId) -> Self {
        Self { client, view: None, refusal: None, focus: None, begun: None }
    }

    /// Takes the plan, or why there is none. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Plan(plan) = *view
                    && plan.client.id == self.client
                {
                    self.view = Some(Box::new(plan));
                    self.refusal = None;
                    self.refocus();
                }
            }
            Err(notice) => {
                self.view = None;
                self.refusal = Some(notice);
            }
        }
    }

    /// A line that is begun here is what one goes on with, as soon as it stands there; what another
    /// device adds meanwhile moves nothing.
    pub fn go_on_with(&mut self, item: PlanItemId) {
        self.begun = Some(item);
    }

    fn refocus(&mut self) {
        let places = self.places();
        let at = |place| places.iter().position(|known| *known == place);
        let begun = self.begun.map(Place::Item).filter(|begun| at(*begun).is_some());
        if begun.is_some() {
            self.begun = None;
        }
        let (stays, stood) = match (begun, self.focus) {
            (Some(begun), _) => (at(begun), 0),
            (None, Some((place, stood))) => (at(place), stood),
            // The first objective: it is what a review is about.
            (None, None) => (places.iter().position(|place| self.is_objective(*place)), 0),
        };
        let at = stays.unwrap_or_else(|| stood.min(places.len().saturating_sub(1)));
        self.focus = places.get(at).map(|place| (*place, at));
    }

    fn is_objective(&self, place: Place) -> bool {
        let Place::Item(id) = place else { return false };
        let item = self.plan().and_then(|plan| plan.item(id));
        item.is_some_and(|item| item.kind == PlanKind::Objective)
    }

    /// Returns the plan.
    pub fn plan(&self) -> Option<&Plan> {
        self.view.as_ref().map(|view| &view.plan)
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        let focus = self.focus.filter(|_| self.view.is_some());
        focus.map_or(Focused::Client(self.client), |(at, _)| Focused::Plan(self.client, at))
    }

    /// Returns the line in focus with its labels.
    pub fn labelled(&self) -> Option<(PlanItemId, &BTreeSet<Label>)> {
        let (Place::Item(id), _) = self.focus? else { return None };
        Some((id, &self.plan()?.item(id)?.labels))
    }

    fn at(&self) -> usize {
        self.focus.map_or(0, |(_, at)| at)
    }

    fn places(&self) -> Vec<Place> {
        let Some(plan) = self.plan() else { return Vec::new() };
        let of_goal = |item: &&PlanItem| item.kind == PlanKind::Objective;
        let mut places = Vec::new();
        // Objectives have no heading: they stand under their goals.
        for kind in PlanKind::ALL.into_iter().filter(|kind| *kind != PlanKind::Objective) {
            places.push(Place::Heading(kind));
            let here = plan
                .items
                .iter()
                .filter(|item| item.kind == kind || kind == PlanKind::Goal && of_goal(item));
            places.extend(here.map(|item| Place::Item(item.id)));
        }
        places.push(Place::Review);
        places
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        let places = state.places();
        let mut at = state.at();
        if list::step(&mut at, *verb, places.len(), usize::from(scene.look.rows / 2)) {
            state.focus = places.get(at).map(|place| (*place, at));
            state.begun = None;
        }
    }
    Vec::new()
}

/// Draws the plan.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let inside = paint::inset(area, 1);
    let title =
        format!("Treatment plan   {}", who::written_under(scene.index, state.client, scene.veil));
    let Some(view) = &state.view else {
        paint::rule(frame, scene.look, area, 0, (&title, ""));
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, scene.look, inside, 2, notice)),
            None => paint::text(frame, inside, 2, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    };
    let mut body = area;
    if scene.look.wide() {
        let (left, right) =
            paint::side_by_side(frame, scene.look, area, (area.width * 3 / 5).max(80));
        aside(view, scene, frame, right);
        body = left;
    }
    paint::rule(frame, scene.look, body, 0, (&title, &standing(view, scene)));
    let missing = if scene.look.wide() { Vec::new() } else { view.plan.lacks() };
    let below = u16::from(!missing.is_empty());
    let height = body.height.saturating_sub(1 + below);
    let places = state.places();
    let at = state.at();
    let top = list::top(at, places.len(), height.into());
    let lines = paint::lines(body, 1, height);
    for (row, place) in places.iter().enumerate().skip(top).take(height.into()) {
        let (words, style) = place_words(view, *place, scene);
        let words = safe::truncated(&words, lines.width.saturating_sub(2).into(), true);
        paint::row(frame, scene.look, lines, paint::count(row - top), (&words, style, row == at));
    }
    if below > 0 {
        let words = lack_words(&missing).join(", ");
        let words = format!("Lacks: {words}");
        let width = usize::from(inside.width);
        let words = safe::truncated(&words, width, true);
        let line = body.height.saturating_sub(1);
        paint::text(frame, inside, line, &words, scene.look.waiting());
    }
}

fn standing(view: &PlanView, scene: &Scene<'_>) -> String {
    match view.versions.first() {
        None => "never signed".to_owned(),
        Some((time, _)) => {
            let date = when::short(when::local(*time, &scene.index.zone).date());
            let changed = if view.changed { ", changed since" } else { "" };
            format!("signed {date}{changed}")
        }
    }
}

fn place_words(view: &PlanView, place: Place, scene: &Scene<'_>) -> (String, Style) {
    match place {
        Place::Heading(kind) => {
            let none = !view.plan.items.iter().any(|item| item.kind == kind);
            let none = if none { "   none" } else { "" };
            (format!("{}{none}", kind.title()), scene.look.title())
        }
        Place::Item(id) => {
            let Some(item) = view.plan.item(id) else { return Default::default() };
            (item_words(&view.plan, item, scene), Style::new())
        }
        Place::Review => match view.plan.review {
            None => ("Review   no date; signing sets one".to_owned(), scene.look.title()),
            Some(date) => {
                let due = date <= scene.today();
                let words = format!("Review   by {}", when::long(date));
                (words, if due { scene.look.waiting() } else { scene.look.title() })
            }
        },
    }
}

fn item_words(plan: &Plan, item: &PlanItem, scene: &Scene<'_>) -> String {
    let nested = plan.goal_of(item).is_some();
    let mut words = String::from(if nested { "    " } else { "  " });
    if item.kind == PlanKind::Objective && !nested {
        words.push_str("(no goal) ");
    }
    if !item.code.is_empty() {
        words.push_str(&format!("{:<8} ", item.code));
    }
    if let Some((progress, _)) = item.progress {
        words.push_str(&format!("[{}] ", progress.word()));
    }
    words.push_str(&item.text);
    if let Some(target) = item.target {
        let late = if target < scene.today() { ", over" } else { "" };
        words.push_str(&format!("  (by {} {}{late})", when::short(target), target.year()));
    }
    if !item.labels.is_empty() {
        words.push_str(&format!("  Labels: {}", Label::list(&item.labels)));
    }
    words
}

/// Returns what a plan lacks, in words.
pub fn lack_words(lacks: &[Lack]) -> Vec<String> {
    let word = |lack: &Lack| match lack {
        Lack::Diagnosis => "a diagnosis".to_owned(),
        Lack::Goal => "a goal".to_owned(),
        Lack::Objectives(1) => "an objective for a goal".to_owned(),
        Lack::Objectives(count) => format!("objectives for {count} goals"),
        Lack::Targets(1) => "a target date".to_owned(),
        Lack::Targets(count) => format!("{count} target dates"),
        Lack::Intervention => "what is done".to_owned(),
        Lack::Frequency => "how often".to_owned(),
        Lack::Participation => "how the client took part".to_owned(),
    };
    lacks.iter().map(word).collect()
}

/// What it lacks, and its versions, where there is room.
fn aside(view: &PlanView, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    paint::rule(frame, scene.look, area, 0, ("What it lacks", ""));
    let lacks = lack_words(&view.plan.lacks());
    let mut line = 1;
    for words in &lacks {
        paint::text(frame, area, line, &format!("  {words}"), scene.look.waiting());
        line += 1;
    }
    if lacks.is_empty() {
        paint::text(frame, area, line, "  nothing that is usually asked for", Style::new());
        line += 1;
    }
    let count = text::counted(view.versions.len(), "version", "versions");
    paint::rule(frame, scene.look, area, line + 1, ("Signed", &count));
    for (at, (time, _)) in (line + 2..area.height).zip(&view.versions) {
        let date = when::local(*time, &scene.index.zone).date();
        let words = format!("  {} {}", when::aligned(date), date.year());
        paint::text(frame, area, at, &words, Style::new());
    }
}
