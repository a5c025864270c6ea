//! Clients: a list that is filtered as one types, below it what notes and records hold of the same
//! words, and beside it what there is to know of the one in focus. Under the veil it finds by name and
//! shows codes.

use super::parts::field::Field;
use super::parts::{aside, corrected, list, measures, paint, when, who};
use super::{Act, Ask, Focused, Place, Scene, found, today};
use crate::keymap::Verb;
use crate::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::ops::Range;
use tacenda_shared::id::{AppointmentId, ClientId};
use tacenda_shared::practice::consent::ConsentEnd;
use tacenda_shared::practice::crisis::{RiskLevel, RiskState};
use tacenda_shared::practice::search::{Hit, Place as Spot};
use tacenda_shared::practice::view::{ClientRow, TimelineEntry, TimelineRow};

/// The list as it stands.
#[derive(Debug, Default)]
pub struct State {
    filter: Field,
    typing: bool,
    focus: usize,
    anchor: Option<Anchor>,
    /// What is found in texts.
    pub(crate) found: found::State,
}

/// What the focus stays on when the list changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Anchor {
    Client(ClientId),
    Hit(found::At),
}

/// Rows of texts that are left to them where clients would fill the screen.
const HITS_LEAST: usize = 5;

impl State {
    /// Opens with the caret in the filter.
    pub fn filtering() -> Self {
        Self { typing: true, ..Self::default() }
    }

    /// Returns whether letters go to the filter.
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    /// Leaves the filter, keeps what it says.
    pub fn step_out(&mut self) -> bool {
        std::mem::replace(&mut self.typing, false)
    }

    /// Returns what is in focus.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        let rows = self.rows(scene);
        match (rows.get(self.at(&rows)), self.hit(scene)) {
            (Some(row), _) => Focused::Client(row.id),
            (None, Some(hit)) => on_hit(&hit),
            (None, None) => Focused::Nothing,
        }
    }

    /// Returns what is looked for.
    pub fn wanted(&self) -> &str {
        self.filter.trimmed()
    }

    /// Returns the text in focus, if one is.
    pub fn hit(&self, scene: &Scene<'_>) -> Option<Hit> {
        let rows = self.rows(scene);
        self.found.hits().get(self.at(&rows).checked_sub(rows.len())?).copied()
    }

    fn anchor_at(&self, rows: &[&ClientRow], at: usize) -> Option<Anchor> {
        let hit = || self.found.hits().get(at.checked_sub(rows.len())?);
        let client = rows.get(at).map(|row| Anchor::Client(row.id));
        client.or_else(|| hit().map(|hit| Anchor::Hit((hit.client, hit.place))))
    }

    fn rows<'a>(&self, scene: &Scene<'a>) -> Vec<&'a ClientRow> {
        let wanted = self.filter.trimmed().to_lowercase();
        let mut rows: Vec<&ClientRow> = scene
            .index
            .clients
            .values()
            .map(AsRef::as_ref)
            .filter(|row| matches(row, &wanted))
            .collect();
        let key = |row: &&ClientRow| {
            let shown = if scene.veil { &row.code } else { &row.name };
            (row.archived, shown.to_lowercase(), row.id)
        };
        rows.sort_by_cached_key(key);
        rows
    }

    fn at(&self, rows: &[&ClientRow]) -> usize {
        let hits = self.found.hits();
        let anchored = match self.anchor {
            Some(Anchor::Client(client)) => rows.iter().position(|row| row.id == client),
            Some(Anchor::Hit(at)) => {
                let at = hits.iter().position(|hit| (hit.client, hit.place) == at);
                at.map(|at| at + rows.len())
            }
            None => None,
        };
        anchored.unwrap_or_else(|| self.focus.min((rows.len() + hits.len()).saturating_sub(1)))
    }
}

/// Archived clients are found only by asking for them.
fn matches(row: &ClientRow, wanted: &str) -> bool {
    if wanted.is_empty() {
        return !row.archived;
    }
    let holds = |row: &ClientRow| {
        row.code.to_lowercase().contains(wanted) || row.name.to_lowercase().contains(wanted)
    };
    holds(row) || row.same.iter().any(|twin| holds(twin))
}

/// Moves the focus, or changes the filter.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            if state.filter.update(input) {
                state.focus = 0;
                state.anchor = None;
            }
        }
        Act::Verb(Verb::Filter) => state.typing = true,
        Act::Verb(Verb::Confirm) => {
            state.typing = false;
            let rows = state.rows(scene);
            let at = state.at(&rows);
            state.anchor = state.anchor_at(&rows, at);
            if let Some(row) = rows.get(at) {
                return vec![Ask::Go(Place::Chart(row.id))];
            }
            if let Some(hit) = state.hit(scene) {
                return vec![Ask::Go(Place::Hit(hit))];
            }
        }
        Act::Verb(verb) => {
            let rows = state.rows(scene);
            let (mut at, all) = (state.at(&rows), rows.len() + state.found.hits().len());
            // From clients to texts, and back.
            let moved = match verb {
                Verb::NextPane | Verb::PreviousPane => {
                    at = if at < rows.len() && all > rows.len() { rows.len() } else { 0 };
                    true
                }
                verb => list::step(&mut at, *verb, all, usize::from(scene.look.rows / 2)),
            };
            if moved {
                state.focus = at;
                state.anchor = state.anchor_at(&rows, at);
                state.found.rest(scene.now.time);
            }
        }
    }
    Vec::new()
}

/// What a text in focus is, so that a verb means the same as elsewhere.
fn on_hit(hit: &Hit) -> Focused {
    if let Spot::Appointment(id) = hit.place {
        return Focused::Appointment(id);
    }
    let Some(client) = hit.client else { return Focused::Nothing };
    match hit.place {
        Spot::Addendum { to: record, .. } | Spot::Note(record) | Spot::PlanVersion(record) => {
            Focused::Record(client, record)
        }
        Spot::Attachment(record) => Focused::Attachment(client, record),
        Spot::Consent(record) => Focused::Consent(client, record),
        Spot::Contact(record) => Focused::Contact(client, record),
        Spot::Crisis(record) => Focused::Crisis(client, record),
        Spot::Draft(note) => Focused::Draft(client, note),
        Spot::Journal(record) => Focused::Entry(client, record),
        Spot::Measure(record) => Focused::Measure(client, record),
        Spot::Task(task) => Focused::Task(client, task),
        Spot::Appointment(_) | Spot::Details | Spot::Plan => Focused::Client(client),
    }
}

/// How many rows clients get where texts are shown below them, and how many lie above those.
fn clients_height(clients: usize, found: &found::State, height: usize) -> (usize, usize) {
    let rows = match found.height() {
        0 => height,
        needed => clients.min(height.saturating_sub(needed.min(HITS_LEAST.min(height / 2)))),
    };
    // That nobody matches is said with a blank line on either side.
    (rows, if clients == 0 { 3 } else { rows.min(clients) })
}

/// Returns which texts are in sight on a terminal of some size.
pub fn seen(state: &State, scene: &Scene<'_>, (_, rows): (u16, u16)) -> Range<usize> {
    let clients = state.rows(scene);
    // The rows of the tabs, of the heading, of the filter, and the two below.
    let height = usize::from(rows).saturating_sub(5);
    let (_, above) = clients_height(clients.len(), &state.found, height);
    let left = height.saturating_sub(above + 1);
    let focus = state.at(&clients).checked_sub(clients.len());
    found::in_sight(&state.found, focus, left)
}

/// Draws the list, and the side pane where there is room.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let rows = state.rows(scene);
    let at = state.at(&rows);
    if scene.look.wide() {
        let (left, right) = paint::side_by_side(frame, scene.look, area, (area.width / 2).min(72));
        let (right, third) = paint::third(frame, scene.look, right);
        let of_hit = state.hit(scene).and_then(|hit| scene.index.client(hit.client?));
        if let Some(row) = rows.get(at).copied().or(of_hit.map(AsRef::as_ref)) {
            side(row, scene, frame, right);
            if let Some(third) = third {
                aside::appointments(row.id, scene, frame, third);
            }
        }
        clients(state, scene, frame, left, (&rows, at));
    } else {
        clients(state, scene, frame, area, (&rows, at));
    }
}

fn clients(
    state: &State,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    (rows, at): (&[&ClientRow], usize),
) {
    let look = scene.look;
    let active = scene.index.clients.values().filter(|row| !row.archived).count();
    let counts = format!("{} of {active}", rows.len());
    paint::rule(frame, look, area, 0, ("Clients", &counts));
    let mut body = paint::lines(area, 1, u16::MAX);
    if rows.is_empty() {
        let words = if active == 0 {
            "No clients yet. Press n to add the first."
        } else {
            "Nobody matches. Esc and Ctrl+C leave and clear the filter."
        };
        paint::text(frame, paint::lines(body, 2, 1), 0, &format!("  {words}"), Style::new());
    }
    if state.typing || !state.filter.text().is_empty() {
        paint::text(frame, body, 0, " /", look.title());
        body = paint::lines(area, 2, u16::MAX);
    }
    let (height, above) = clients_height(rows.len(), &state.found, body.height.into());
    let top = list::top(at.min(rows.len().saturating_sub(1)), rows.len(), height);
    for (place, row) in rows.iter().enumerate().skip(top).take(height) {
        let words = row_words(row, scene, body.width.saturating_sub(2).into());
        let line = paint::count(place - top);
        paint::row(frame, look, body, line, (&words, Style::new(), place == at));
    }
    let below = paint::lines(body, paint::count(above), u16::MAX);
    found::view(&state.found, scene, frame, below, at.checked_sub(rows.len()));
    if state.typing || !state.filter.text().is_empty() {
        // After the rows, so that the caret is here and not on the row in focus.
        let line = paint::lines(area, 1, 1);
        let field = Rect { x: line.x + 2, width: line.width.min(42).saturating_sub(2), ..line };
        state.filter.view(frame, look, field, state.typing);
    }
}

fn row_words(row: &ClientRow, scene: &Scene<'_>, width: usize) -> String {
    let next = scene.digest.next.get(&row.id).and_then(|id| scene.appointment(*id));
    let next = next.map_or_else(String::new, |next| {
        let start = super::parts::day::start(next, scene.index);
        format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()))
    });
    let drafts = scene.index.drafts.iter().filter(|draft| scene.index.kept(draft.client) == row.id);
    let drafts = drafts.count();
    let mark = match (row.archived, drafts) {
        _ if row.death().is_some() => "died".to_owned(),
        (true, _) => "archived".to_owned(),
        (false, 0) => who::was(row),
        (false, drafts) => {
            let drafts = text::counted(drafts, "draft", "drafts");
            let was = who::was(row);
            if was.is_empty() { drafts } else { format!("{was}, {drafts}") }
        }
    };
    let sessions = scene.digest.sessions.get(&row.id).copied().unwrap_or(0);
    let sessions = text::counted(sessions, "session", "sessions");
    // Where a name needs the room, the number of sessions gives way.
    let sessions =
        if scene.veil || width >= 76 { paint::cell(&sessions, 12) } else { String::new() };
    let name_width = width.saturating_sub(11 + 13 + 17 + 11).clamp(20, 30);
    let name = if scene.veil {
        paint::cell(who::pronouns(scene.index, row), 10)
    } else {
        paint::cell(&row.name, name_width)
    };
    format!(
        "{} {name} {sessions}{} {mark}",
        paint::cell(who::code(row), 10),
        paint::cell(&next, 16),
    )
}

/// Draws who a client is, from headlines alone.
pub fn side(row: &ClientRow, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let who = who::client(scene.index, row.id, scene.veil);
    paint::rule(frame, scene.look, area, 0, (&who, ""));
    let mut line = 1;
    let was = who::was(row);
    if !was.is_empty() {
        paint::text(frame, area, line, &text::capital(&was), Style::new());
        line += 1;
    }
    for words in today::card_words(row.id, scene) {
        paint::text(frame, area, line, &words, Style::new());
        line += 1;
    }
    if !scene.veil {
        for twin in std::iter::once(row).chain(row.same.iter().map(AsRef::as_ref)) {
            for (label, words) in [("Phone", &twin.phone), ("Email", &twin.email)] {
                if !words.is_empty() {
                    let under = if twin.id == row.id { "" } else { who::code(twin) };
                    let words = format!("{label:<12}{words}   {under}");
                    paint::text(frame, area, line, &words, Style::new());
                    line += 1;
                }
            }
        }
    }
    line += 1;
    paint::rule(frame, scene.look, area, line, ("Timeline", ""));
    let timeline = scene.index.timelines.get(&row.id);
    let room = usize::from(area.height.saturating_sub(line));
    for entry in timeline.map(|rows| rows.as_slice()).unwrap_or_default().iter().take(room) {
        line += 1;
        let words = timeline_words(entry, scene);
        paint::text(frame, area, line, &format!("  {words}"), Style::new());
    }
}

/// Returns a line of a timeline.
pub fn timeline_words(row: &TimelineRow, scene: &Scene<'_>) -> String {
    let date = when::local(row.time, &scene.index.zone).date();
    let words = entry_words(&row.entry, date, scene);
    let under = who::under(scene.index, row.client);
    format!("{} {}   {words}{under}", when::aligned(date), date.year())
}

/// Returns a line for what was added to the record in the line above it.
pub fn addition_words(row: &TimelineRow, scene: &Scene<'_>) -> String {
    let date = when::local(row.time, &scene.index.zone).date();
    let words = entry_words(&row.entry, date, scene);
    format!("{} {}     + {words}", when::aligned(date), date.year())
}

/// The day of a session where that is not the day on which its note was signed.
fn of_session(id: Option<AppointmentId>, signed: jiff::civil::Date, scene: &Scene<'_>) -> String {
    let row = id.and_then(|id| scene.appointment(id));
    let held = row.map(|row| super::parts::day::start(row, scene.index).date());
    let other = held.filter(|held| *held != signed);
    other.map_or_else(String::new, |held| format!("   of {}", when::short(held)))
}

/// How high a risk was judged to be, or how far its form is.
const fn risk_words(state: RiskState, level: Option<RiskLevel>) -> &'static str {
    match (state, level) {
        (RiskState::Whole, Some(level)) => level.title(),
        (RiskState::Deferred, _) => "put off",
        _ => "not finished",
    }
}

fn entry_words(entry: &TimelineEntry, date: jiff::civil::Date, scene: &Scene<'_>) -> String {
    match entry {
        TimelineEntry::Addendum { words, .. } => {
            format!("Addendum      {}", text::counted(*words, "word", "words"))
        }
        TimelineEntry::Attachment { media, size, .. } => {
            format!("Attachment    {}, {}", media.title(), text::bytes(u64::from(*size)))
        }
        TimelineEntry::Consent { kind, until, end, .. } => {
            let ended = match end {
                Some(ConsentEnd::Refused) => "   refused".to_owned(),
                Some(ConsentEnd::Renewed(date)) => format!("   renewed {}", when::short(*date)),
                Some(ConsentEnd::Revoked(date)) => format!("   revoked {}", when::short(*date)),
                None => until.map_or_else(String::new, |date| {
                    format!("   until {} {}", when::short(date), date.year())
                }),
            };
            format!("Consent       {}{ended}", kind.title())
        }
        TimelineEntry::Contact { channel, direction, text, .. } => {
            // What somebody wrote down may hold a name.
            let words = if scene.veil { "" } else { text.as_str() };
            let way = text::capital(&format!("{} {}", channel.word(), direction.word()));
            format!("{way:<12}  {words}")
        }
        TimelineEntry::InError { struck, by, .. } => corrected::in_error(scene, *struck, *by),
        TimelineEntry::Journal { date, words, shared, addenda, .. } => {
            let words = text::counted(*words, "word", "words");
            let shared = if *shared { "   may be shared" } else { "" };
            let addenda = match addenda {
                0 => String::new(),
                count => format!("   {}", text::counted(*count, "addendum", "addenda")),
            };
            format!("Journal entry, {words}   of {}{addenda}{shared}", when::short(*date))
        }
        TimelineEntry::Measure { taken, .. } => {
            let (name, result) =
                (measures::name(scene.index, taken), measures::result(scene.index, taken));
            format!("{name:<12}  {result}")
        }
        TimelineEntry::Note { format, session, words, addenda, late, corrected, .. } => {
            let late = if *late { "   signed late" } else { "" };
            let corrected = corrected::beside(*corrected, &scene.index.zone);
            let addenda = match addenda {
                0 => String::new(),
                count => format!("   {}", text::counted(*count, "addendum", "addenda")),
            };
            let of = of_session(*session, date, scene);
            let (words, format) = (text::counted(*words, "word", "words"), text::format(*format));
            format!("Note signed   {format}   {words}{corrected}{of}{addenda}{late}")
        }
        TimelineEntry::Plan { goals, .. } => {
            format!("Plan signed   {}", text::counted(*goals, "goal", "goals"))
        }
        TimelineEntry::Risk { level, state, .. } => {
            format!("Risk form     {}", risk_words(*state, *level))
        }
        TimelineEntry::SafetyPlan { steps, .. } => {
            format!("Safety plan   {}", text::counted(*steps, "step", "steps"))
        }
        TimelineEntry::Unknown { .. } => "A record of a kind that a newer version wrote".to_owned(),
    }
}
