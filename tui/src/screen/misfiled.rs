//! A signed note that belongs to another client: to whom is found as it is typed; then what will happen
//! is said, with the session of theirs that it is about, and the initials do it: a signature is nothing
//! that one key should do.

use super::parts::field::Field;
use super::parts::{list, paint, when, who, whom};
use super::prompt::{initials, initials_are};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::envelope::ERASE_DELAY;
use tacenda_shared::id::{AppointmentId, ClientId, RecordId, Timestamp};
use tacenda_shared::practice::edit::{Edit, Misfiled};
use tacenda_shared::practice::group::is_subject;
use tacenda_shared::practice::view::{AppointmentRow, ClientRow, NoteState, TimelineEntry};

/// Columns of the box, and rows of the list of clients.
const COLUMNS: u16 = 74;
const ROWS: u16 = 10;
/// How far from the note a session is looked for, and how many are offered.
const DAYS: i64 = 31;
const SESSIONS_MAX: usize = 20;

/// Which note it is, and how far the question has come.
#[derive(Debug)]
pub struct State {
    client: ClientId,
    note: RecordId,
    whom: whom::State,
    initials: Field,
    to: Option<ClientId>,
    sessions: Sessions,
}

/// The sessions that the note may be about.
#[derive(Debug, Default)]
struct Sessions {
    /// Whether the note's own is one of theirs, too: then nothing is asked.
    own: bool,
    /// Those of theirs without a note, the nearest first.
    free: Vec<AppointmentId>,
    /// Which of them; behind the last is none.
    chosen: usize,
}

impl Sessions {
    fn of((note, to): (RecordId, ClientId), scene: &Scene<'_>) -> Self {
        let index = scene.index;
        let mut rows = index.timelines.values().flat_map(|rows| rows.iter());
        let (session, signed) = rows
            .find_map(|row| match &row.entry {
                TimelineEntry::Note { record, session, .. } if *record == note => {
                    Some((*session, row.time))
                }
                _ => None,
            })
            .unwrap_or((None, scene.now.time));
        let about = session.and_then(|session| scene.appointment(session));
        let theirs = |row: &AppointmentRow| row.is_with(to) || row.group == Some(to);
        if about.is_some_and(theirs) {
            return Self { own: true, ..Self::default() };
        }
        let held = about.map_or(signed, |row| row.starts);
        let far = |time: Timestamp| time.millis_since(held).abs();
        let near = |row: &&AppointmentRow| {
            let waits = row.note == NoteState::Missing && !row.status.frees_the_slot();
            let over = row.starts <= scene.now.time;
            theirs(row) && waits && over && far(row.starts) <= DAYS * 24 * 60 * 60 * 1000
        };
        let all = index.appointments.values().map(AsRef::as_ref);
        let mut free: Vec<_> = all.filter(near).map(|row| (far(row.starts), row.id)).collect();
        free.sort();
        free.truncate(SESSIONS_MAX);
        let free: Vec<_> = free.into_iter().map(|(_, id)| id).collect();
        let day = |time| when::local(time, &index.zone).date();
        let same_day = |id: &AppointmentId| {
            scene.appointment(*id).is_some_and(|row| day(row.starts) == day(held))
        };
        // A session of the same day is what was meant; of another nobody knows.
        let chosen = free.iter().position(same_day).unwrap_or(free.len());
        Self { own: false, free, chosen }
    }

    fn session(&self) -> Option<AppointmentId> {
        self.free.get(self.chosen).copied()
    }

    fn words(&self, scene: &Scene<'_>) -> String {
        let others = if self.free.is_empty() { "" } else { "  (arrows: another)" };
        let row = self.session().and_then(|session| scene.appointment(session));
        match row {
            _ if self.own => "It stays with its session, which is theirs, too.".to_owned(),
            Some(row) => {
                let starts = when::local(row.starts, &scene.index.zone);
                let day = when::day_and_date(starts.date());
                let time = starts.time();
                format!(
                    "About their session of {day} {:02}:{:02}, charged.{others}",
                    time.hour(),
                    time.minute()
                )
            }
            None => format!("It is about no session of theirs.{others}"),
        }
    }
}

impl State {
    /// Asks to whom a note belongs.
    pub fn new(client: ClientId, note: RecordId) -> Self {
        let (whom, initials) = (whom::State::default(), Field::default());
        Self { client, note, whom, initials, to: None, sessions: Sessions::default() }
    }

    /// Returns in whose chart the note is.
    pub const fn client(&self) -> ClientId {
        self.client
    }

    /// To whom it may belong.
    fn rows<'a>(&self, scene: &Scene<'a>) -> Vec<&'a ClientRow> {
        let here = scene.index.kept(self.client);
        self.whom.rows(scene, |row| row.id != here, |_| true)
    }

    fn confirm(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        let Some(to) = self.to else {
            self.to = self.whom.chosen(&self.rows(scene));
            let Some(to) = self.to else { return vec![Ask::Say(whom::NOBODY.to_owned())] };
            self.sessions = Sessions::of((self.note, to), scene);
            return Vec::new();
        };
        if !initials_are(self.initials.trimmed(), scene) {
            return vec![Ask::Say("These are not your initials yet.".to_owned())];
        }
        let (from, code) = (scene.code(self.client), scene.code(to));
        let says =
            format!("struck in {from}, signed in {code}; erasure due {}", when::short(due(scene)));
        let (client, note, session) = (self.client, self.note, self.sessions.session());
        let edit = Edit::StrikeNote(Misfiled { client, note, to, session });
        // What is struck is read no more: its page closes, too.
        vec![Ask::Leave, Ask::Leave, Ask::Edit(edit, says)]
    }
}

/// The first day on which its bytes can be destroyed.
fn due(scene: &Scene<'_>) -> jiff::civil::Date {
    let due = scene.now.time.plus_millis(ERASE_DELAY);
    when::local(due, &scene.index.zone).date()
}

/// Types, moves, or answers.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) if state.to.is_some() => {
            state.initials.update(input);
        }
        Act::Type(input) => state.whom.update(input),
        Act::Verb(Verb::Confirm) => return state.confirm(scene),
        Act::Verb(verb) if state.to.is_none() => {
            let length = state.rows(scene).len();
            state.whom.step(*verb, length, ROWS);
        }
        Act::Verb(verb) => {
            let length = state.sessions.free.len() + 1;
            list::step(&mut state.sessions.chosen, *verb, length, usize::from(ROWS));
        }
    }
    Vec::new()
}

/// Draws the list, or what will happen.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    match state.to {
        None => {
            let title =
                format!("A note in the chart of {}: whose is it?", scene.code(state.client));
            state.whom.view(&state.rows(scene), (&title, COLUMNS, ROWS), scene, frame);
        }
        Some(to) => view_end(state, to, scene, frame),
    }
}

fn view_end(state: &State, to: ClientId, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let (from, code) = (scene.code(state.client), scene.code(to));
    let title = format!("Strike the note of {from}: it belongs to {code}");
    let inside = paint::popup(frame, scene.look, (COLUMNS, 16), (&title, "Enter sign  Esc back"));
    let whose = match (scene.veil, is_subject(to)) {
        (true, _) => code,
        (false, of_group) => {
            let shared = if of_group { ", what they share" } else { "" };
            format!("{}{shared}", who::client(scene.index, to, false))
        }
    };
    let words = [
        format!(
            "It is signed anew by you, now, in the chart of {whose}, with earlier versions, what you added, \
             and labels; a co-signature stays behind."
        ),
        state.sessions.words(scene),
        format!(
            "In {from} it is in no list, search or export from now on; a line says that a note was entered \
             in error, and not whose. A charge that only it made is taken back."
        ),
        format!("From {} on its sealed bytes can be destroyed there.", when::long(due(scene))),
        "u takes all of it back until you lock. What was exported or sent before is not here."
            .to_owned(),
    ];
    let mut line = 0;
    for words in &words {
        line = paint::paragraph(frame, inside, line, words, Style::new());
    }
    let asked = match initials(scene).as_str() {
        "" => "Your initials:".to_owned(),
        initials => format!("Your initials ({initials}):"),
    };
    paint::text(frame, inside, line + 1, &asked, scene.look.title());
    state.initials.view(frame, scene.look, paint::lines(inside, line + 2, 1), true);
}
