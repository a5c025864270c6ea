//! A new appointment, or one that is moved: a form above, and below it the day with the slot in
//! its place, so that a clash is seen before Enter. While no caret is shown, arrows move the slot.

mod change;
mod form;

use super::parts::field::Field;
use super::parts::sentence;
use super::parts::{when, who};
use super::{Act, Ask, Scene};
use crate::input::{Input, Key, KeyCode};
use crate::keymap::Verb;
use jiff::civil::DateTime;
use tacenda_shared::id::{AppointmentId, ClientId, MemberId, SeriesId};
use tacenda_shared::practice::edit::{
    AppointmentKind, Edit, Modality, NewAppointment, NewSeries, Slot,
};
use tacenda_shared::practice::quick_add::{Problem, Repeat};
use tacenda_shared::practice::schedule::free::free_starts;
use tacenda_shared::practice::schedule::recur::{End, Rule};
use tacenda_shared::practice::view::{AppointmentRow, ClientRow, Occurrence};

use change::{Before, SCOPES, Scope};

pub use form::view;

/// Minutes by which arrows move the slot.
const STEP: i64 = 15;
/// Minutes by which `+` and `-` change its length.
const LENGTH_STEP: i64 = 5;
/// Usual length of a session in minutes.
const USUAL: u16 = 50;
/// Longest appointment in minutes.
const LONGEST: u16 = 1440;
const FIELDS: usize = 8;
/// How many days ahead a free slot is looked for.
const FREE_DAYS: u16 = 60;

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
    /// How a new one repeats; what else changes with one of a series.
    Repeat,
}

const ORDER: [At; FIELDS] =
    [At::Client, At::Date, At::Start, At::Minutes, At::Room, At::Modality, At::Kind, At::Repeat];

/// The form as it stands.
#[derive(Debug)]
pub struct State {
    /// Which appointment is moved; `None` for a new one.
    moved: Option<AppointmentId>,
    clients: Vec<ClientId>,
    clinician: MemberId,
    zone: String,
    modality: Modality,
    kind: AppointmentKind,
    repeat: Option<(Repeat, End)>,
    /// As it was, if one is moved.
    before: Option<Before>,
    /// Which occurrence of a series is moved, and how many of it go with it.
    occurrence: Option<Occurrence>,
    scope: Scope,
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
    /// What a sentence said that was not understood.
    misread: Option<String>,
    /// What of the sentence must be put right before anything is booked.
    blocked: Option<String>,
    /// The fields without what the sentence says, so that half a word leaves nothing behind.
    given: Given,
}

/// What a sentence may change.
#[derive(Clone, Debug)]
struct Given {
    date: Field,
    start: Field,
    minutes: Field,
    room: Field,
    modality: Modality,
    kind: AppointmentKind,
    repeat: Option<(Repeat, End)>,
}

impl Default for Given {
    fn default() -> Self {
        let [date, start, minutes, room] = Default::default();
        let (modality, kind) = (Modality::InOffice, AppointmentKind::Individual);
        Self { date, start, minutes, room, modality, kind, repeat: None }
    }
}

impl State {
    /// Starts a booking; without a client the caret asks for one.
    pub fn new(start: DateTime, client: Option<ClientId>, scene: &Scene<'_>) -> Option<Self> {
        let mut state = Self {
            moved: None,
            clients: client.into_iter().collect(),
            clinician: scene.clinician()?,
            zone: scene.index.zone.clone(),
            modality: Modality::InOffice,
            kind: AppointmentKind::Individual,
            repeat: None,
            before: None,
            occurrence: None,
            scope: Scope::This,
            who: Field::default(),
            date: Field::default(),
            start: Field::default(),
            minutes: Field::default(),
            room: Field::default(),
            focus: client.is_none().then_some(At::Client),
            at: start,
            length: USUAL,
            misread: None,
            blocked: None,
            given: Given::default(),
        };
        if let Some(last) = last_room(scene) {
            state.room = Field::new(last);
        }
        state.write_slot();
        Some(state)
    }

    /// Starts a booking of a slot that is offered to a client.
    pub fn offering(slot: &Slot, client: ClientId, scene: &Scene<'_>) -> Option<Self> {
        let mut state = Self::new(slot.start, Some(client), scene)?;
        state.clinician = slot.clinician;
        state.zone.clone_from(&slot.zone);
        (state.length, state.modality) = (slot.minutes, slot.modality);
        state.room = Field::new(slot.room.clone().unwrap_or_default());
        state.write_slot();
        Some(state)
    }

    /// Books it for this clinician, if one is given.
    #[must_use]
    pub fn with(mut self, clinician: Option<MemberId>) -> Self {
        self.clinician = clinician.unwrap_or(self.clinician);
        self
    }

    /// Starts to move an appointment.
    pub fn moving(row: &AppointmentRow) -> Self {
        let mut state = Self {
            moved: Some(row.id),
            clients: row.clients.clone(),
            clinician: row.slot.clinician,
            zone: row.slot.zone.clone(),
            modality: row.slot.modality,
            kind: row.kind,
            repeat: None,
            before: Some(Before::of(row)),
            occurrence: row.occurrence,
            scope: Scope::This,
            who: Field::default(),
            date: Field::default(),
            start: Field::default(),
            minutes: Field::default(),
            room: Field::new(row.slot.room.clone().unwrap_or_default()),
            focus: None,
            at: row.slot.start,
            length: row.slot.minutes,
            misread: None,
            blocked: None,
            given: Given::default(),
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

    /// With whom, when that is somebody else than the person at the keyboard.
    fn clinician_words(&self, scene: &Scene<'_>) -> Option<String> {
        if scene.member() == Some(self.clinician) {
            return None;
        }
        let name = scene.index.clinicians.get(&self.clinician)?;
        Some(format!(" with {name}"))
    }

    fn write_slot(&mut self) {
        self.date = Field::new(when::long(self.at.date()));
        self.start = Field::new(when::clock(self.at.time()));
        self.minutes = Field::new(self.length.to_string());
        self.keep_given();
    }

    fn keep_given(&mut self) {
        self.given = Given {
            date: self.date.clone(),
            start: self.start.clone(),
            minutes: self.minutes.clone(),
            room: self.room.clone(),
            modality: self.modality,
            kind: self.kind,
            repeat: self.repeat,
        };
    }

    fn take_given(&mut self) {
        let Given { date, start, minutes, room, modality, kind, repeat } = self.given.clone();
        (self.date, self.start, self.minutes, self.room) = (date, start, minutes, room);
        (self.modality, self.kind, self.repeat) = (modality, kind, repeat);
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
        let (before, at) = (self.at.date(), when::later(self.at, minutes));
        self.at = when::shifted(at.date(), days).to_datetime(at.time());
        // Several days of a week go along.
        let moved = before.until(self.at.date()).map_or(0, |span| i64::from(span.get_days()));
        self.repeat = self.repeat.map(|(repeat, end)| (repeat.moved(moved), end));
        self.write_slot();
    }

    /// Goes on to the next slot of this length that is free for all who come.
    fn next_free(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        self.read_slot(scene);
        let Some(slot) = self.slot(scene) else {
            return vec![Ask::Say("Date, start and length must make sense first.".to_owned())];
        };
        let here = when::local(when::moment(self.at, &self.zone), &scene.index.zone);
        let after = here.max(scene.now.local);
        let wanted = (&slot, self.clients.as_slice());
        let there = |start: DateTime| {
            let moment = when::moment(start, &scene.index.zone);
            let local = when::local(moment, &self.zone);
            // An hour that comes twice is booked as the first of the two.
            (when::moment(local, &self.zone) == moment).then_some(local)
        };
        let found =
            free_starts(scene.index, wanted, self.moved, (after, FREE_DAYS)).find_map(there);
        let Some(at) = found else {
            let minutes = slot.minutes;
            return vec![Ask::Say(format!("No {minutes} minutes are free in {FREE_DAYS} days."))];
        };
        self.at = at;
        self.write_slot();
        Vec::new()
    }

    fn stretch(&mut self, minutes: i64, scene: &Scene<'_>) {
        self.read_slot(scene);
        let length = (i64::from(self.length) + minutes).clamp(LENGTH_STEP, i64::from(LONGEST));
        self.length = u16::try_from(length).unwrap_or(USUAL);
        self.write_slot();
    }

    fn tab(&mut self, by: usize) {
        let now = self.focus.and_then(|at| ORDER.iter().position(|other| *other == at));
        // Of what is moved, the time comes first, and who comes last.
        let now = now.or(self.moved.is_some().then_some(0));
        let mut next = now.map_or(0, |now| (now + by) % FIELDS);
        // What cannot change is passed over.
        while ORDER.get(next).is_some_and(|at| !self.has(*at)) {
            next = (next + by) % FIELDS;
        }
        self.focus = ORDER.get(next).copied();
    }

    /// Whether a field can be changed here.
    fn has(&self, at: At) -> bool {
        match at {
            At::Repeat => self.moved.is_none() || self.occurrence.is_some_and(|one| !one.touched),
            _ => true,
        }
    }

    fn field(&mut self, at: At) -> Option<&mut Field> {
        match at {
            At::Client => Some(&mut self.who),
            At::Date => Some(&mut self.date),
            At::Start => Some(&mut self.start),
            At::Minutes => Some(&mut self.minutes),
            At::Room => Some(&mut self.room),
            At::Modality | At::Kind | At::Repeat => None,
        }
    }

    fn type_in(&mut self, at: At, input: &Input, scene: &Scene<'_>) {
        let typed = self.field(at).map(|field| field.update(input));
        if at != At::Client && typed == Some(true) {
            self.keep_given();
        }
        if at == At::Client && typed == Some(true) && self.moved.is_none() {
            self.read_sentence(scene);
        }
        let Input::Key(Key { code, ctrl: false, .. }) = input else { return };
        let forth = match code {
            KeyCode::Right | KeyCode::Char(' ') => true,
            KeyCode::Left => false,
            _ => return,
        };
        match at {
            At::Modality => self.modality = cycle(&MODALITIES, self.modality, forth),
            At::Kind => self.kind = cycle(&KINDS, self.kind, forth),
            At::Repeat if self.moved.is_none() => {
                let rhythm = self.repeat.map(|(repeat, _)| repeat);
                self.repeat = cycle(&RHYTHMS, rhythm, forth).map(|repeat| (repeat, End::Never));
            }
            At::Repeat => self.scope = cycle(&SCOPES, self.scope, forth),
            _ => {}
        }
        if at != At::Client {
            self.keep_given();
        }
    }

    /// Returns who comes in words, or what it is where nobody does.
    fn who_words(&self, scene: &Scene<'_>, veil: bool) -> String {
        if self.clients.is_empty() {
            return self.kind.word().to_owned();
        }
        let names = self.clients.iter().map(|id| who::client(scene.index, *id, veil));
        names.collect::<Vec<_>>().join(" / ")
    }

    /// What is typed as the client may be a whole sentence, such as `ak thu 3pm 50m room 2`: what
    /// it says of the slot is put into the fields at once, so that the day and a clash are seen.
    fn read_sentence(&mut self, scene: &Scene<'_>) {
        let sentence = self.who.trimmed().to_owned();
        let mut said = sentence::read(&sentence, (self.clinician, self.length), scene);
        self.clients.clone_from(&said.clients);
        if self.clients.is_empty()
            && let [only] = self.matching(scene)[..]
        {
            // What Enter would take is taken for what is meant.
            self.clients = vec![only.id];
            let first = sentence.split_whitespace().next().unwrap_or_default();
            said.problems.retain(|problem| match problem {
                Problem::UnknownWord { word } | Problem::AmbiguousClient { word, .. } => {
                    !word.starts_with(first)
                }
                _ => true,
            });
        }
        self.take_given();
        (self.misread, self.blocked) = (None, None);
        if !sentence.contains(' ') {
            // One word is a client and nothing else: `2` may be the beginning of a code.
            return;
        }
        self.misread = sentence::misread(&sentence, &said, true);
        // What other fields may say is not missing here.
        said.problems.retain(Problem::blocks);
        self.blocked = sentence::misread(&sentence, &said, false);
        if let Some(date) = said.date.filter(|_| said.names_day) {
            self.date = Field::new(when::long(date));
        }
        if let Some(start) = said.start {
            self.start = Field::new(when::clock(start));
        }
        self.minutes = Field::new(said.minutes.to_string());
        if let Some(room) = said.room {
            self.room = Field::new(room);
            self.modality = said.modality;
        } else if said.modality != Modality::InOffice {
            self.modality = said.modality;
            self.room = Field::default();
        }
        self.repeat = said.repeat.map(|repeat| (repeat, said.repeat_end)).or(self.repeat);
        if said.clients.len() > 1 || said.kind != AppointmentKind::Individual {
            self.kind = said.kind;
        }
    }

    /// Clients whose code or name begins with what was typed, or holds it.
    fn matching<'a>(&self, scene: &Scene<'a>) -> Vec<&'a ClientRow> {
        let typed = self.who.trimmed().to_lowercase();
        let found = find(&typed, scene);
        if !found.is_empty() {
            return found;
        }
        typed.split_whitespace().next().map(|word| find(word, scene)).unwrap_or_default()
    }

    fn confirm(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        if let Some(blocked) = self.blocked.clone() {
            // Half a sentence must not become an appointment at another time.
            self.focus = Some(At::Client);
            return vec![Ask::Say(format!("Not booked yet: {blocked}."))];
        }
        if self.focus.is_some() {
            // Enter in a field takes what it says and steps out; the next one books.
            if self.asks_who_else() {
                self.toggle_who(scene);
            } else if self.clients.is_empty() && !self.who.trimmed().is_empty() {
                self.clients = self.matching(scene).first().map(|row| row.id).into_iter().collect();
            }
            self.read_slot(scene);
            self.focus = None;
            return Vec::new();
        }
        let Some(slot) = self.slot(scene) else {
            return vec![Ask::Say("Date, start and length must make sense first.".to_owned())];
        };
        if let Some(asks) = self.confirm_change(slot.clone(), scene) {
            return asks;
        }
        let alone = matches!(self.kind, AppointmentKind::Supervision | AppointmentKind::TimeOff);
        if self.clients.is_empty() && !alone {
            self.focus = Some(At::Client);
            return vec![Ask::Say("Who comes? Type a code or a name.".to_owned())];
        }
        let at =
            format!("{} {}", when::day_and_date(slot.start.date()), when::clock(slot.start.time()));
        let who = self.who_words(scene, true);
        let whose = self.clinician_words(scene).unwrap_or_default();
        let first = NewAppointment {
            id: AppointmentId::from_bytes(scene.fresh),
            clients: self.clients.clone(),
            kind: self.kind,
            slot,
            memo: None,
        };
        let (edit, says) = match self.repeat {
            None => (Edit::Book(first), format!("booked {who} {at}{whose}")),
            Some((repeat, end)) => {
                let rule = Rule { end, ..repeat.rule(first.slot.start.date()) };
                let series = SeriesId::from_bytes(scene.fresh);
                let new = NewSeries { series, first, rule };
                let says = format!("booked {who} {} from {at}{whose}", repeat.words());
                (Edit::BookSeries(Box::new(new)), says)
            }
        };
        vec![Ask::Submit(edit, says)]
    }
}

/// Clients whose code or name begins with `wanted`, then those that only hold it.
fn find<'a>(wanted: &str, scene: &Scene<'a>) -> Vec<&'a ClientRow> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let rows = scene.index.clients.values().map(AsRef::as_ref);
    let rows = rows.filter(|row: &&ClientRow| !row.archived);
    let mut found: Vec<(bool, &ClientRow)> = rows
        .filter_map(|row| {
            let all = std::iter::once(row).chain(row.same.iter().map(AsRef::as_ref));
            let texts = all.flat_map(|row| [row.code.to_lowercase(), row.name.to_lowercase()]);
            let texts: Vec<String> = texts.collect();
            let begins = texts.iter().any(|text| text.starts_with(wanted));
            let holds = texts.iter().any(|text| text.contains(wanted));
            holds.then_some((!begins, row))
        })
        .collect();
    found.sort_by_key(|(later, row)| (*later, row.code.clone()));
    found.into_iter().map(|(_, row)| row).collect()
}

/// What can be chosen without typing; a sentence can say any number.
const RHYTHMS: [Option<Repeat>; 8] = [
    None,
    Some(Repeat::Weeks(1)),
    Some(Repeat::Weeks(2)),
    Some(Repeat::Weeks(3)),
    Some(Repeat::Weeks(4)),
    Some(Repeat::Months(1)),
    Some(Repeat::MonthsByWeekday(1)),
    Some(Repeat::Days(1)),
];
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
                state.type_in(at, input, scene);
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
            Verb::NextFree => return state.next_free(scene),
            Verb::WhoComes => state.focus = Some(At::Client),
            Verb::Longer => state.stretch(LENGTH_STEP, scene),
            Verb::Shorter => state.stretch(-LENGTH_STEP, scene),
            _ => {}
        },
    }
    Vec::new()
}
