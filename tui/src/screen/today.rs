//! Today, the home screen: the day as a list with its gaps, what to know for the session in
//! focus, and what is unfinished. It shows headlines only; nothing of what charts say.

use super::parts::day::{self, Line};
use super::parts::digest::{self, Unfinished, What};
use super::parts::{aside, consents, list, measures, paint, spark, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::keymap::Verb;
use crate::text;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{AppointmentId, ClientId};
use tacenda_shared::practice::crisis::RiskState;
use tacenda_shared::practice::edit::{Fee, Modality, Status};
use tacenda_shared::practice::schedule::free;
use tacenda_shared::practice::view::{AppointmentRow, NoteState, TimelineEntry, TimelineRow};

/// What an empty practice says.
const FIRST_STEPS: [&str; 4] = [
    "First steps: 3 shows clients, and n there adds one.",
    "Then 1 comes back here, n books, and N on an appointment writes its note.",
    "Space shows what can be done with what is in focus, ? every key.",
    "Letters stand for acts until you see a caret; Esc steps out.",
];
/// Lines that the card takes when there is room, with its rule.
const CARD: u16 = 5;
/// Lines of what is unfinished, with its rule.
const FINISH: u16 = 4;
/// Days with appointments among which the next one is looked for.
const LOOK_AHEAD: usize = 7;

/// A date, and what is in focus on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    /// The day that is shown.
    pub date: Date,
    /// `None` until somebody moves: then the session that is now or next is in focus.
    focus: Option<(usize, Focused)>,
}

impl State {
    /// Shows a day.
    pub fn new(date: Date) -> Self {
        Self { date, focus: None }
    }

    /// Shows a day with an appointment in focus.
    pub const fn on(date: Date, appointment: AppointmentId) -> Self {
        Self { date, focus: Some((0, Focused::Appointment(appointment))) }
    }

    /// Returns what is in focus.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        let (lines, at) = self.lines(scene);
        at_row(&lines, scene, at)
    }

    fn lines(&self, scene: &Scene<'_>) -> (Vec<Line>, usize) {
        let lines = day::lines(scene.index, scene.clinician(), self.date);
        let length = lines.len() + scene.digest.unfinished.len();
        let at = match self.focus {
            None => first_focus(&lines, scene),
            Some((at, anchor)) if at_row(&lines, scene, at) == anchor => at,
            Some((at, anchor)) => (0..length)
                .find(|row| at_row(&lines, scene, *row) == anchor)
                .unwrap_or_else(|| at.min(length.saturating_sub(1))),
        };
        (lines, at)
    }
}

fn at_row(lines: &[Line], scene: &Scene<'_>, at: usize) -> Focused {
    if let Some(line) = lines.get(at) {
        return match line {
            Line::Appointment(id) => Focused::Appointment(*id),
            Line::Free { start, .. } => Focused::Free(*start),
        };
    }
    let entry = at.checked_sub(lines.len()).and_then(|at| scene.digest.unfinished.get(at));
    entry.map_or(Focused::Nothing, |entry| unfinished(&entry.what))
}

/// Returns what stands in focus when an unfinished thing does.
pub fn unfinished(what: &What) -> Focused {
    match what {
        What::Draft(draft) => Focused::Draft(draft.client, draft.note),
        What::Clash(id, _) | What::Fee(id) | What::NoteMissing(id) | What::StatusMissing(id) => {
            Focused::Appointment(*id)
        }
        What::Answer(client, record) => Focused::Measure(*client, *record),
        What::Risk(client, record) => Focused::Crisis(*client, *record),
        What::Consent(client, record, ..) => Focused::Consent(*client, *record),
        What::PlanReview(client) => Focused::Review(*client),
        What::Stray(client) => Focused::Client(*client),
        What::Supervision(row) => Focused::Record(row.client, row.note),
        What::Task(client, task) => Focused::Task(*client, task.id),
    }
}

fn first_focus(lines: &[Line], scene: &Scene<'_>) -> usize {
    let row = |line: &Line| match line {
        Line::Appointment(id) => scene.appointment(*id),
        Line::Free { .. } => None,
    };
    // One that runs over is still the one that is going on.
    let going_on = lines.iter().position(|line| row(line).is_some_and(AppointmentRow::is_going_on));
    let current = lines.iter().position(|line| {
        row(line).is_some_and(|row| {
            let ends = row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000);
            ends > scene.now.time && !row.status.frees_the_slot()
        })
    });
    going_on.or(current).unwrap_or(0)
}

/// Moves the focus or the date.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    let Act::Verb(verb) = *act else { return Vec::new() };
    let (lines, mut at) = state.lines(scene);
    let length = lines.len() + scene.digest.unfinished.len();
    match verb {
        Verb::Earlier | Verb::Left => *state = State::new(when::shifted(state.date, -1)),
        Verb::Later | Verb::Right => *state = State::new(when::shifted(state.date, 1)),
        Verb::GoToday => *state = State::new(scene.today()),
        Verb::NextPane | Verb::PreviousPane => {
            let other = if at < lines.len() { lines.len() } else { first_focus(&lines, scene) };
            let other = other.min(length.saturating_sub(1));
            state.focus = Some((other, at_row(&lines, scene, other)));
        }
        verb => {
            let page = usize::from(scene.look.rows / 2);
            if list::step(&mut at, verb, length, page) {
                state.focus = Some((at, at_row(&lines, scene, at)));
            }
        }
    }
    Vec::new()
}

/// Draws the day.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (lines, at) = state.lines(scene);
    let look = scene.look;
    if look.wide() {
        let width = if look.very_wide() { (area.width / 2).min(82) } else { area.width / 2 };
        let (left, right) = paint::side_by_side(frame, look, area, width);
        let (right, third) = paint::third(frame, look, right);
        if let Some(third) = third {
            aside::days_after(state.date, scene, frame, third);
        }
        agenda(state, scene, frame, left, (&lines, at));
        let card_height = CARD + 3;
        card(state, scene, frame, paint::lines(right, 0, card_height));
        let below = paint::lines(right, card_height, u16::MAX);
        to_finish(scene, frame, below, at.checked_sub(lines.len()));
        return;
    }
    // The list comes first; then what is unfinished; the card gets what is left.
    let wanted = paint::count(lines.len()).saturating_add(1);
    let unfinished = paint::count(scene.digest.unfinished.len());
    let finish = if unfinished == 0 { 0 } else { FINISH.min(unfinished + 1) };
    let finish = finish.min(area.height / 3);
    let agenda_height = wanted.min(area.height.saturating_sub(finish)).max(3);
    let left = area.height.saturating_sub(agenda_height + finish);
    let card_height = if left >= 3 { left.min(CARD) } else { 0 };
    let agenda_height = area.height.saturating_sub(card_height + finish);
    agenda(state, scene, frame, paint::lines(area, 0, agenda_height), (&lines, at));
    card(state, scene, frame, paint::lines(area, agenda_height, card_height));
    let below = paint::lines(area, agenda_height + card_height, finish);
    to_finish(scene, frame, below, at.checked_sub(lines.len()));
}

fn agenda(
    state: &State,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    (lines, at): (&[Line], usize),
) {
    let look = scene.look;
    let free = lines.iter().filter(|line| matches!(line, Line::Free { .. })).count();
    let booked = lines.iter().filter(|line| match line {
        Line::Appointment(id) => {
            scene.appointment(*id).is_some_and(|row| !row.status.frees_the_slot())
        }
        Line::Free { .. } => false,
    });
    let booked = text::counted(booked.count(), "appointment", "appointments");
    let counts = format!("{booked}, {free} free");
    let title = if state.date == scene.today() {
        when::long(state.date)
    } else {
        format!("{}   (t today)", when::long(state.date))
    };
    paint::rule(frame, look, area, 0, (&title, &counts));
    let body = paint::lines(area, 1, u16::MAX);
    let top = list::top(at.min(lines.len().saturating_sub(1)), lines.len(), body.height.into());
    for (row, line) in lines.iter().enumerate().skip(top).take(body.height.into()) {
        let (words, style) = line_words(line, scene, body.width.saturating_sub(2).into());
        let place = paint::count(row - top);
        paint::row(frame, look, body, place, (&words, style, row == at));
    }
}

/// Returns a line of a day for a list of `width` columns.
pub fn line_words(line: &Line, scene: &Scene<'_>, width: usize) -> (String, Style) {
    match line {
        Line::Free { start, minutes } => {
            let length = when::length(*minutes);
            let words = format!("{}   .   -- free {length} --", when::clock(start.time()));
            (words, Style::new())
        }
        Line::Appointment(id) => match scene.appointment(*id) {
            Some(row) => appointment_words(row, scene, width),
            None => (String::new(), Style::new()),
        },
    }
}

/// Returns an appointment as a line of a list of `width` columns.
pub fn appointment_words(row: &AppointmentRow, scene: &Scene<'_>, width: usize) -> (String, Style) {
    let time = day::start(row, scene.index).time();
    let mut words = format!("{}  {:>4}  ", when::clock(time), format!("{}m", row.slot.minutes));
    let rest = 27;
    let kind = if width >= 78 { 12 } else { 0 };
    let place = if width >= 65 { 10 } else { 0 };
    let who = width.saturating_sub(13 + rest + kind + place).clamp(12, 28);
    words.push_str(&paint::cell(&who::comes(scene.index, row, scene.veil), who - 1));
    words.push(' ');
    if kind > 0 {
        words.push_str(&paint::cell(row.kind.word(), kind - 1));
        words.push(' ');
    }
    if place > 0 {
        words.push_str(&paint::cell(&where_words(row), place - 1));
        words.push(' ');
    }
    words.push_str(&paint::cell(&status_words(row, scene), 15));
    let (mark, style) = mark(row, scene);
    words.push_str(mark);
    (words, style)
}

/// What came of it; of a session that is going on, since when.
fn status_words(row: &AppointmentRow, scene: &Scene<'_>) -> String {
    match (row.stamps.began, row.stamps.ended) {
        (Some(began), None) if row.status == Status::Arrived => {
            let time = when::local(began, &scene.index.zone).time();
            format!("since {}", when::clock(time))
        }
        _ => text::status(row.status).to_owned(),
    }
}

fn where_words(row: &AppointmentRow) -> String {
    match (&row.slot.room, row.slot.modality) {
        (Some(room), Modality::InOffice) => text::room(room),
        (_, modality) => modality.word().to_owned(),
    }
}

/// The mark at the end of a row. Conflicts and overlaps come from `calendar`, the state of the
/// note and consents from `chart`; where that cannot be read, the cell is blank.
fn mark(row: &AppointmentRow, scene: &Scene<'_>) -> (&'static str, Style) {
    let look = scene.look;
    if !row.rivals.is_empty() {
        return ("moved twice!", look.alarm());
    }
    match row.fee.filter(|_| row.is_missed()) {
        Some(Fee::Charged) => return ("fee charged", Style::new()),
        Some(Fee::Waived) => return ("fee waived", Style::new()),
        None if row.asks_for_fee() => return ("fee?", look.waiting()),
        None => {}
    }
    if row.status.frees_the_slot() {
        return ("", Style::new());
    }
    if !free::clashes(scene.index, (&row.slot, &row.clients), Some(row.id)).is_empty() {
        return ("overlaps!", look.alarm());
    }
    if !consents::without_telehealth(scene, row).is_empty() {
        return ("consent?", look.alarm());
    }
    match row.note {
        NoteState::Draft(note) if who::beside(scene.sync, note).is_some() => {
            ("note in use", look.waiting())
        }
        NoteState::Draft(_) => ("note draft", look.waiting()),
        NoteState::Signed(_) => ("note signed", Style::new()),
        NoteState::Missing | NoteState::Unread => ("", Style::new()),
    }
}

fn card(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let coming = coming(scene);
    let client = match state.focused(scene) {
        Focused::Appointment(id) => {
            scene.appointment(id).and_then(|row| who::first(scene.index, row))
        }
        Focused::Consent(client, _)
        | Focused::Crisis(client, _)
        | Focused::Draft(client, _)
        | Focused::Measure(client, _)
        | Focused::Review(client)
        | Focused::Task(client, _) => Some(client),
        _ => None,
    };
    let next = coming.and_then(|row| who::first(scene.index, row));
    let next_words = coming.map(|row| {
        let who = who::comes(scene.index, row, scene.veil);
        format!("Next: {who} {}", when::ahead(row.starts, scene.now.time))
    });
    let client = client.or(next);
    // Who is next stands at the end: at its beginning it would be read as the name of the card below.
    let next_words = next_words.as_deref().unwrap_or("Nothing is booked");
    let title = if client.is_some() { ("", next_words) } else { (next_words, "") };
    paint::rule(frame, scene.look, area, 0, title);
    let inside = paint::inset(paint::lines(area, 1, u16::MAX), 1);
    if scene.index.clients.is_empty() {
        for (line, words) in FIRST_STEPS.iter().enumerate() {
            paint::text(frame, inside, paint::count(line), words, Style::new());
        }
    }
    let Some(client) = client else { return };
    for (line, words) in card_words(client, scene).iter().enumerate() {
        paint::text(frame, inside, paint::count(line), words, Style::new());
    }
}

fn coming<'a>(scene: &Scene<'a>) -> Option<&'a AppointmentRow> {
    let ahead = scene.index.days.range(scene.today()..).take(LOOK_AHEAD).flat_map(|(_, ids)| ids);
    let rows = ahead.filter_map(|id| scene.index.appointments.get(id));
    rows.map(AsRef::as_ref).find(|row| row.starts > scene.now.time && is_to_come(row.status))
}

/// Whether somebody is still expected: what was held, missed or cancelled is not next.
const fn is_to_come(status: Status) -> bool {
    matches!(status, Status::Arrived | Status::Booked | Status::Confirmed)
}

/// Returns the lines that prepare for a client, from headlines alone.
pub fn card_words(client: ClientId, scene: &Scene<'_>) -> Vec<String> {
    let Some(row) = scene.index.client(client) else { return Vec::new() };
    let client = row.id;
    let sessions = scene.digest.sessions.get(&client).copied().unwrap_or(0);
    let since = when::local(row.since, &scene.index.zone).date();
    let mut lines = vec![format!(
        "{}   {}   {}   since {} {}",
        who::client(scene.index, client, scene.veil),
        who::pronouns(scene.index, row),
        text::counted(usize::try_from(sessions).unwrap_or(0), "session", "sessions"),
        when::month(since),
        since.year(),
    )];
    lines.extend(
        who::together(scene.index, client, scene.veil).map(|names| format!("Together    {names}")),
    );
    lines.extend(row.death().map(|date| format!("Died        {}", when::long(date))));
    lines.extend(consents::card_words(client, scene).map(|words| format!("Consent     {words}")));
    let timeline = scene.index.timelines.get(&client);
    let entries = timeline.map(|rows| rows.as_slice()).unwrap_or_default();
    let note = entries.iter().find_map(|entry| match &entry.entry {
        TimelineEntry::Note { format, words, .. } => {
            let date = when::local(entry.time, &scene.index.zone).date();
            let format = text::format(*format);
            Some(format!("{}, {format}, {words} words", when::short(date)))
        }
        _ => None,
    });
    lines.extend(risk_words(entries, scene).map(|words| format!("Risk        {words}")));
    // Without a key to charts nobody can say that there is none.
    if scene.index.reach.charts() {
        lines.push(format!("Last note   {}", note.as_deref().unwrap_or("none yet")));
    }
    let scores = spark::scores(entries, |one| measures::counts(scene.index, one), scene.look.ascii);
    if !scores.is_empty() {
        let scores = scores.iter().take(2).cloned().collect::<Vec<_>>().join("   ");
        lines.push(format!("Measures    {scores}"));
    }
    let tasks = row.every_task().take(2).map(|(_, task)| match task.due {
        Some(due) => format!("{} (by {})", task.text, when::short(due)),
        None => task.text.clone(),
    });
    let tasks: Vec<String> = tasks.collect();
    if !tasks.is_empty() {
        let words = if scene.veil { "hidden (F9 shows)".to_owned() } else { tasks.join("; ") };
        lines.push(format!("To do       {words}"));
    }
    if let Some(waiting) = row.waits() {
        let since = when::local(waiting.since, &scene.index.zone).date();
        let wish = waiting.wish.words(&scene.index.clinicians);
        let wish = if wish.is_empty() { "any time".to_owned() } else { wish };
        lines.push(format!("Waiting     {wish}   since {}", when::short(since)));
    }
    let safe = row.safe_words();
    if !safe.is_empty() {
        let words = if scene.veil { "hidden (F9 shows)" } else { &safe };
        lines.push(format!("Contact     {words}"));
    }
    lines
}

/// What was judged last of a risk, and when; and when a safety plan was signed. What bears a later day
/// than tomorrow comes from a wrong clock, or from worse.
fn risk_words(entries: &[TimelineRow], scene: &Scene<'_>) -> Option<String> {
    let date = |row: &TimelineRow| when::local(row.time, &scene.index.zone).date();
    let soon = when::shifted(scene.today(), 1);
    let been = entries.iter().filter(|row| date(row) <= soon);
    let level = been.clone().find_map(|row| match row.entry {
        TimelineEntry::Risk { level: Some(level), state: RiskState::Whole, .. } => {
            Some(format!("{} ({})", level.title(), when::short(date(row))))
        }
        _ => None,
    });
    let mut plans = been;
    let plan = plans.find(|row| matches!(row.entry, TimelineEntry::SafetyPlan { .. }));
    let plan = plan.map(|row| format!("safety plan {}", when::short(date(row))));
    let words: Vec<String> = level.into_iter().chain(plan).collect();
    (!words.is_empty()).then(|| words.join("   "))
}

fn to_finish(scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect, focus: Option<usize>) {
    let entries = &scene.digest.unfinished;
    if area.height == 0 {
        return;
    }
    let count = if entries.is_empty() { "nothing".to_owned() } else { entries.len().to_string() };
    paint::rule(frame, scene.look, area, 0, ("To finish", &count));
    let body = paint::lines(area, 1, u16::MAX);
    let top = list::top(focus.unwrap_or(0), entries.len(), body.height.into());
    for (row, entry) in entries.iter().enumerate().skip(top).take(body.height.into()) {
        let words = unfinished_words(entry, scene);
        let place = paint::count(row - top);
        paint::row(frame, scene.look, body, place, (&words, Style::new(), focus == Some(row)));
    }
}

/// Returns an unfinished thing as a line of a list.
pub fn unfinished_words(entry: &Unfinished, scene: &Scene<'_>) -> String {
    let comes = |id| {
        let row = scene.appointment(id);
        row.map(|row| who::comes(scene.index, row, scene.veil)).unwrap_or_default()
    };
    let who = match &entry.what {
        What::Draft(draft) => who::client(scene.index, draft.client, scene.veil),
        What::Clash(id, _) | What::Fee(id) | What::NoteMissing(id) | What::StatusMissing(id) => {
            comes(*id)
        }
        What::Answer(client, _)
        | What::Risk(client, _)
        | What::Consent(client, ..)
        | What::PlanReview(client)
        | What::Stray(client)
        | What::Task(client, _) => who::client(scene.index, *client, scene.veil),
        What::Supervision(row) => who::client(scene.index, row.client, scene.veil),
    };
    let date = when::aligned(digest::date(entry, &scene.index.zone));
    let words = format!("{date}  {} {}", paint::cell(&who, 16), digest::words(&entry.what));
    match &entry.what {
        What::Draft(draft) => match who::beside(scene.sync, draft.note) {
            Some(name) => format!("{words}   {name} is in this note"),
            None => words,
        },
        What::Clash(_, other) => format!("{words} {}", comes(*other)),
        // What somebody wrote down may hold a name.
        What::Task(..) if scene.veil => format!("{date}  {} to do", paint::cell(&who, 16)),
        What::Answer(..)
        | What::Risk(..)
        | What::Consent(..)
        | What::Fee(_)
        | What::NoteMissing(_)
        | What::PlanReview(_)
        | What::StatusMissing(_)
        | What::Stray(_)
        | What::Supervision(_)
        | What::Task(..) => words,
    }
}
