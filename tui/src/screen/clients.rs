//! Clients: a list that is filtered as one types, and beside it what there is to know of the one
//! in focus. Under the veil it finds by name and shows codes.

use super::parts::field::Field;
use super::parts::{aside, list, measures, paint, when, who};
use super::{Act, Ask, Focused, Place, Scene, today};
use crate::keymap::Verb;
use crate::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{AppointmentId, ClientId};
use tacenda_shared::practice::consent::ConsentEnd;
use tacenda_shared::practice::crisis::{RiskLevel, RiskState};
use tacenda_shared::practice::view::{ClientRow, TimelineEntry, TimelineRow};

/// The list as it stands.
#[derive(Debug, Default)]
pub struct State {
    filter: Field,
    typing: bool,
    focus: usize,
    anchor: Option<ClientId>,
}

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
        rows.get(self.at(&rows)).map_or(Focused::Nothing, |row| Focused::Client(row.id))
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
        let anchored = rows.iter().position(|row| Some(row.id) == self.anchor);
        anchored.unwrap_or_else(|| self.focus.min(rows.len().saturating_sub(1)))
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
            if let Some(row) = rows.get(state.at(&rows)) {
                state.anchor = Some(row.id);
                return vec![Ask::Go(Place::Chart(row.id))];
            }
        }
        Act::Verb(verb) => {
            let rows = state.rows(scene);
            let mut at = state.at(&rows);
            if list::step(&mut at, *verb, rows.len(), usize::from(scene.look.rows / 2)) {
                state.focus = at;
                state.anchor = rows.get(at).map(|row| row.id);
            }
        }
    }
    Vec::new()
}

/// Draws the list, and the side pane where there is room.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let rows = state.rows(scene);
    let at = state.at(&rows);
    if scene.look.wide() {
        let (left, right) = paint::side_by_side(frame, scene.look, area, (area.width / 2).min(72));
        let (right, third) = paint::third(frame, scene.look, right);
        if let Some(row) = rows.get(at) {
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
    let top = list::top(at, rows.len(), body.height.into());
    for (place, row) in rows.iter().enumerate().skip(top).take(body.height.into()) {
        let words = row_words(row, scene, body.width.saturating_sub(2).into());
        let line = paint::count(place - top);
        paint::row(frame, look, body, line, (&words, Style::new(), place == at));
    }
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
        TimelineEntry::Note { format, session, words, addenda, late, .. } => {
            let late = if *late { "   signed late" } else { "" };
            let addenda = match addenda {
                0 => String::new(),
                count => format!("   {}", text::counted(*count, "addendum", "addenda")),
            };
            let words = text::counted(*words, "word", "words");
            let of = of_session(*session, date, scene);
            format!("Note signed   {}   {words}{of}{addenda}{late}", text::format(*format))
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
