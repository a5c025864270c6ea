//! A new appointment, or one that is moved: a form above, and below it the day with the slot in
//! its place, so that a clash is seen before Enter. While no caret is shown, arrows move the slot.

use super::parts::field::Field;
use super::parts::{day, paint, when, who};
use super::{Act, Ask, Scene, today};
use crate::input::{Input, Key, KeyCode};
use crate::keymap::Verb;
use crate::text;
use jiff::civil::DateTime;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{AppointmentId, ClientId, MemberId};
use tacenda_shared::practice::edit::{AppointmentKind, Edit, Modality, NewAppointment, Slot};
use tacenda_shared::practice::view::{AppointmentRow, ClientRow};

/// Minutes by which arrows move the slot.
const STEP: i64 = 15;
/// Minutes by which `+` and `-` change its length.
const LENGTH_STEP: i64 = 5;
/// Usual length of a session in minutes.
const USUAL: u16 = 50;
/// Longest appointment in minutes.
const LONGEST: u16 = 1440;
const FIELDS: usize = 7;

/// The fields, in the order of Tab.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum At {
    Client,
    Date,
    Start,
    Minutes,
    Room,
    Modality,
    Kind,
}

const ORDER: [At; FIELDS] =
    [At::Client, At::Date, At::Start, At::Minutes, At::Room, At::Modality, At::Kind];

/// The form as it stands.
#[derive(Debug)]
pub struct State {
    /// Which appointment is moved; `None` for a new one.
    moved: Option<AppointmentId>,
    client: Option<ClientId>,
    clinician: MemberId,
    zone: String,
    modality: Modality,
    kind: AppointmentKind,
    who: Field,
    date: Field,
    start: Field,
    minutes: Field,
    room: Field,
    /// The field with the caret; `None` while arrows move the slot.
    focus: Option<At>,
    /// The last slot that made sense, for the arrows to start from.
    at: DateTime,
    length: u16,
}

impl State {
    /// Starts a booking; without a client the caret asks for one.
    pub fn new(start: DateTime, client: Option<ClientId>, scene: &Scene<'_>) -> Option<Self> {
        let mut state = Self {
            moved: None,
            client,
            clinician: scene.clinician()?,
            zone: scene.index.zone.clone(),
            modality: Modality::InOffice,
            kind: AppointmentKind::Individual,
            who: Field::default(),
            date: Field::default(),
            start: Field::default(),
            minutes: Field::default(),
            room: Field::default(),
            focus: client.is_none().then_some(At::Client),
            at: start,
            length: USUAL,
        };
        if let Some(last) = last_room(scene) {
            state.room = Field::new(last);
        }
        state.write_slot();
        Some(state)
    }

    /// Starts to move an appointment.
    pub fn moving(row: &AppointmentRow) -> Self {
        let mut state = Self {
            moved: Some(row.id),
            client: row.clients.first().copied(),
            clinician: row.slot.clinician,
            zone: row.slot.zone.clone(),
            modality: row.slot.modality,
            kind: row.kind,
            who: Field::default(),
            date: Field::default(),
            start: Field::default(),
            minutes: Field::default(),
            room: Field::new(row.slot.room.clone().unwrap_or_default()),
            focus: None,
            at: row.slot.start,
            length: row.slot.minutes,
        };
        state.write_slot();
        state
    }

    /// Returns whether letters type.
    pub fn is_typing(&self) -> bool {
        self.focus.is_some()
    }

    /// Leaves the field with the caret.
    pub fn step_out(&mut self) -> bool {
        self.focus.take().is_some()
    }

    /// Returns the slot, if all of its fields make sense.
    pub fn slot(&self, scene: &Scene<'_>) -> Option<Slot> {
        let date = when::read_date(self.date.text(), scene.today())?;
        let time = when::read_time(self.start.text())?;
        let minutes: u16 = self.minutes.trimmed().parse().ok()?;
        let room = self.room.trimmed();
        (1..=LONGEST).contains(&minutes).then(|| Slot {
            start: date.to_datetime(time),
            zone: self.zone.clone(),
            minutes,
            clinician: self.clinician,
            room: (!room.is_empty()).then(|| room.to_owned()),
            modality: self.modality,
        })
    }

    fn write_slot(&mut self) {
        self.date = Field::new(when::long(self.at.date()));
        self.start = Field::new(when::clock(self.at.time()));
        self.minutes = Field::new(self.length.to_string());
    }

    /// Takes what the fields say as the place from which arrows go on.
    fn read_slot(&mut self, scene: &Scene<'_>) {
        if let Some(slot) = self.slot(scene) {
            self.at = slot.start;
            self.length = slot.minutes;
        }
    }

    fn shift(&mut self, minutes: i64, days: i64, scene: &Scene<'_>) {
        self.read_slot(scene);
        let at = when::later(self.at, minutes);
        self.at = when::shifted(at.date(), days).to_datetime(at.time());
        self.write_slot();
    }

    fn stretch(&mut self, minutes: i64, scene: &Scene<'_>) {
        self.read_slot(scene);
        let length = (i64::from(self.length) + minutes).clamp(LENGTH_STEP, i64::from(LONGEST));
        self.length = u16::try_from(length).unwrap_or(USUAL);
        self.write_slot();
    }

    fn tab(&mut self, by: usize) {
        let now = self.focus.and_then(|at| ORDER.iter().position(|other| *other == at));
        let next = now.map_or(0, |now| (now + by) % FIELDS);
        self.focus = ORDER.get(next).copied();
        if self.focus == Some(At::Client) && self.moved.is_some() {
            self.focus = Some(if by == 1 { At::Date } else { At::Kind });
        }
    }

    fn field(&mut self, at: At) -> Option<&mut Field> {
        match at {
            At::Client => Some(&mut self.who),
            At::Date => Some(&mut self.date),
            At::Start => Some(&mut self.start),
            At::Minutes => Some(&mut self.minutes),
            At::Room => Some(&mut self.room),
            At::Modality | At::Kind => None,
        }
    }

    fn type_in(&mut self, at: At, input: &Input) {
        let typed = self.field(at).map(|field| field.update(input));
        if at == At::Client && typed == Some(true) {
            self.client = None;
        }
        let Input::Key(Key { code, ctrl: false, .. }) = input else { return };
        let forth = match code {
            KeyCode::Right | KeyCode::Char(' ') => true,
            KeyCode::Left => false,
            _ => return,
        };
        match at {
            At::Modality => self.modality = cycle(&MODALITIES, self.modality, forth),
            // The kind of an appointment stays what it is when it is moved.
            At::Kind if self.moved.is_none() => self.kind = cycle(&KINDS, self.kind, forth),
            _ => {}
        }
    }

    /// Clients whose code or name begins with what was typed, or holds it.
    fn matching<'a>(&self, scene: &Scene<'a>) -> Vec<&'a ClientRow> {
        let wanted = self.who.trimmed().to_lowercase();
        if wanted.is_empty() {
            return Vec::new();
        }
        let rows = scene.index.clients.values().map(AsRef::as_ref);
        let rows = rows.filter(|row: &&ClientRow| !row.archived);
        let mut found: Vec<(bool, &ClientRow)> = rows
            .filter_map(|row| {
                let (code, name) = (row.code.to_lowercase(), row.name.to_lowercase());
                let begins = code.starts_with(&wanted) || name.starts_with(&wanted);
                let holds = begins || code.contains(&wanted) || name.contains(&wanted);
                holds.then_some((!begins, row))
            })
            .collect();
        found.sort_by_key(|(later, row)| (*later, row.code.clone()));
        found.into_iter().map(|(_, row)| row).collect()
    }

    fn confirm(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        if self.focus.is_some() {
            // Enter in a field takes what it says and steps out; the next one books.
            if self.client.is_none() && !self.who.trimmed().is_empty() {
                self.client = self.matching(scene).first().map(|row| row.id);
            }
            self.read_slot(scene);
            self.focus = None;
            return Vec::new();
        }
        let Some(slot) = self.slot(scene) else {
            return vec![Ask::Say("Date, start and length must make sense first.".to_owned())];
        };
        let at =
            format!("{} {}", when::day_and_date(slot.start.date()), when::clock(slot.start.time()));
        let who = self.client.map_or_else(|| self.kind.word().to_owned(), |id| scene.code(id));
        if let Some(appointment) = self.moved {
            let edit = Edit::Move { appointment, slot };
            return vec![Ask::Leave, Ask::Edit(edit, format!("moved {who} to {at}"))];
        }
        let alone = matches!(self.kind, AppointmentKind::Supervision | AppointmentKind::TimeOff);
        if self.client.is_none() && !alone {
            self.focus = Some(At::Client);
            return vec![Ask::Say("Who comes? Type a code or a name.".to_owned())];
        }
        let edit = Edit::Book(NewAppointment {
            id: AppointmentId::from_bytes(scene.fresh),
            clients: self.client.into_iter().collect(),
            kind: self.kind,
            slot,
            memo: None,
        });
        vec![Ask::Leave, Ask::Edit(edit, format!("booked {who} {at}"))]
    }
}

const MODALITIES: [Modality; 3] = [Modality::InOffice, Modality::Video, Modality::Phone];
const KINDS: [AppointmentKind; 8] = [
    AppointmentKind::Individual,
    AppointmentKind::Couple,
    AppointmentKind::Family,
    AppointmentKind::Group,
    AppointmentKind::Intake,
    AppointmentKind::Consultation,
    AppointmentKind::Supervision,
    AppointmentKind::TimeOff,
];

fn cycle<T: Copy + PartialEq>(all: &[T], now: T, forth: bool) -> T {
    let at = all.iter().position(|other| *other == now).unwrap_or(0);
    let next = if forth { at + 1 } else { at + all.len() - 1 };
    all.get(next % all.len()).copied().unwrap_or(now)
}

/// The room of the latest appointment in a room: usually there is only one.
fn last_room(scene: &Scene<'_>) -> Option<String> {
    let ids = scene.index.days.values().rev().take(14).flatten();
    let rows = ids.filter_map(|id| scene.index.appointments.get(id));
    rows.filter(|row| row.slot.modality == Modality::InOffice).find_map(|row| row.slot.room.clone())
}

/// Types, moves the slot, or books.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            if let Some(at) = state.focus {
                state.type_in(at, input);
            }
        }
        Act::Verb(verb) => match verb {
            Verb::Confirm => return state.confirm(scene),
            Verb::NextField => state.tab(1),
            Verb::PreviousField => state.tab(FIELDS - 1),
            Verb::Up => state.shift(-STEP, 0, scene),
            Verb::Down => state.shift(STEP, 0, scene),
            Verb::Left => state.shift(0, -1, scene),
            Verb::Right => state.shift(0, 1, scene),
            Verb::Earlier => state.shift(0, -7, scene),
            Verb::Later => state.shift(0, 7, scene),
            Verb::Longer => state.stretch(LENGTH_STEP, scene),
            Verb::Shorter => state.stretch(-LENGTH_STEP, scene),
            _ => {}
        },
    }
    Vec::new()
}

/// Draws the form and the day.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let title = if state.moved.is_some() { "Move appointment" } else { "New appointment" };
    let hint = if state.is_typing() { "Esc, then arrows move" } else { "arrows move the slot" };
    paint::rule(frame, look, area, 0, (title, hint));
    let form = paint::inset(paint::lines(area, 1, 5), 1);
    form_view(state, scene, frame, form);
    let verdict = paint::inset(paint::lines(area, 6, 1), 1);
    let slot = state.slot(scene);
    let (words, style) = match &slot {
        Some(slot) => verdict_words(state, slot, scene),
        None => ("= not a date, start and length that make sense".to_owned(), look.alarm()),
    };
    paint::text(frame, verdict, 0, &words, style);
    preview(state, slot.as_ref(), scene, frame, paint::lines(area, 7, u16::MAX));
    // The caret is placed last, so that it wins over the preview.
    if let Some(at) = state.focus {
        field_view(state, at, scene, frame, form);
    }
}

/// Where a field stands in the form: line, column, width.
const fn place(at: At) -> (u16, u16, u16) {
    match at {
        At::Client => (0, 9, 30),
        At::Kind => (0, 51, 19),
        At::Date => (2, 9, 20),
        At::Start => (2, 51, 8),
        At::Minutes => (3, 9, 6),
        At::Modality => (3, 51, 14),
        At::Room => (4, 9, 20),
    }
}

const fn label(at: At) -> &'static str {
    match at {
        At::Client => "Client",
        At::Date => "Date",
        At::Start => "Start",
        At::Minutes => "Minutes",
        At::Room => "Room",
        At::Modality => "How",
        At::Kind => "Kind",
    }
}

fn form_view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    for at in ORDER {
        let (line, column, _) = place(at);
        let left = Rect { x: area.x + column.saturating_sub(9).min(area.width), width: 9, ..area };
        paint::text(frame, left, line, label(at), scene.look.title());
        if state.focus != Some(at) {
            field_view(state, at, scene, frame, area);
        }
    }
    if state.focus == Some(At::Client) {
        let names: Vec<String> = state
            .matching(scene)
            .iter()
            .take(6)
            .map(|row| who::client(scene.index, row.id, scene.veil))
            .collect();
        let words = match (names.is_empty(), state.who.trimmed().is_empty()) {
            (_, true) => "type a code or a name, then Enter".to_owned(),
            (true, false) => "nobody matches".to_owned(),
            (false, false) => match names.split_first() {
                Some((first, [])) => format!("Enter takes {first}"),
                Some((first, more)) => format!("Enter takes {first}; also {}", more.join(", ")),
                None => String::new(),
            },
        };
        let below = Rect { x: area.x + 9, width: area.width.saturating_sub(9), ..area };
        paint::text(frame, below, 1, &words, scene.look.waiting());
    }
}

fn field_view(state: &State, at: At, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (line, column, width) = place(at);
    let area = paint::lines(area, line, 1);
    let column = column.min(area.width);
    let width = width.min(area.width - column);
    let area = Rect { x: area.x + column, width, ..area };
    let chosen = state.client.map(|id| who::client(scene.index, id, scene.veil));
    let shown = match at {
        At::Client => Field::new(chosen.unwrap_or_else(|| state.who.text().to_owned())),
        At::Date => state.date.clone(),
        At::Start => state.start.clone(),
        At::Minutes => state.minutes.clone(),
        At::Room => state.room.clone(),
        At::Modality => Field::new(format!("< {} >", state.modality.word())),
        At::Kind => Field::new(format!("< {} >", state.kind.word())),
    };
    let focused = state.focus == Some(at);
    let shown = if focused && at == At::Client { state.who.clone() } else { shown };
    shown.view(frame, scene.look, area, focused);
}

fn verdict_words(state: &State, slot: &Slot, scene: &Scene<'_>) -> (String, Style) {
    let ends = when::later(slot.start, i64::from(slot.minutes)).time();
    let at = format!(
        "= {} {} - {}  {}",
        when::long(slot.start.date()),
        when::clock(slot.start.time()),
        when::clock(ends),
        slot.zone,
    );
    let clashes = day::clashes(scene.index, slot, state.moved);
    match clashes.first() {
        None => (format!("{at}   no clash"), scene.look.good()),
        Some(first) => {
            let who = who::comes(scene.index, first, scene.veil);
            let more = if clashes.len() > 1 { " and more" } else { "" };
            let words = format!("{at}   CLASH with {who}{more}");
            (words, scene.look.alarm())
        }
    }
}

fn preview(
    state: &State,
    slot: Option<&Slot>,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let date = slot.map_or(state.at.date(), |slot| slot.start.date());
    paint::rule(frame, scene.look, area, 0, (&when::long(date), ""));
    let body = paint::lines(area, 1, u16::MAX);
    let ids = scene.index.days.get(&date).into_iter().flatten();
    let rows =
        ids.filter_map(|id| scene.appointment(*id)).filter(|row| Some(row.id) != state.moved);
    let width = usize::from(body.width.saturating_sub(2));
    let mut lines: Vec<(DateTime, bool, String)> = rows
        .map(|row| {
            let words = today::appointment_words(row, scene, width).0;
            (day::start(row, scene.index), false, words)
        })
        .collect();
    if let Some(slot) = slot {
        let who = state.client.map(|id| who::client(scene.index, id, scene.veil));
        let who = who.unwrap_or_else(|| state.kind.word().to_owned());
        let verb = if state.moved.is_some() { "moved here" } else { "new" };
        let words = format!(
            "{}  {:>4}  {} <-- {verb}",
            when::clock(slot.start.time()),
            format!("{}m", slot.minutes),
            paint::cell(&who, 14),
        );
        lines.push((slot.start, true, words));
    }
    lines.sort_by_key(|(start, _, _)| *start);
    let focus = lines.iter().position(|(_, proposed, _)| *proposed).unwrap_or(0);
    let top = super::parts::list::top(focus, lines.len(), body.height.into());
    let shown = lines.iter().enumerate().skip(top).take(body.height.into());
    for (at, (_, proposed, words)) in shown {
        let line = paint::count(at - top);
        paint::row(frame, scene.look, body, line, (words, Style::new(), *proposed));
    }
    let count = text::counted(lines.len().saturating_sub(1), "other", "others");
    paint::right(frame, paint::inset(area, 2), 0, &format!(" {count} "), Style::new());
}
