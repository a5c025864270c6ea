//! A draft or a signed note in the stack of screens: waits until it is opened, then hands inputs
//! to the note screen and to the reader, which know nothing of clients, sessions or the veil.

use super::note::{self, Circumstances, Heading, Outcome, Step};
use super::parts::{apart, aside, corrected, day, paint, when, who};
use super::{Opening, Scene, read};
use crate::device::settings::Preset;
use crate::input::{Input, Key, KeyCode};
use crate::keymap::Context;
use crate::message::Now;
use crate::notice::Notice;
use crate::widget::editor::Register;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{AppointmentId, ClientId, MemberId, ObjectId, RecordId, Timestamp};
use tacenda_shared::practice::correction::Held;
use tacenda_shared::practice::edit::Stamp;
use tacenda_shared::practice::phrase::{Fill, PhraseKind};
use tacenda_shared::practice::view::{Index, View};

/// Widest column of text, however wide the terminal is.
const WIDEST: u16 = 100;
/// Columns beside the text from which on something stands there.
const LEAST_MARGIN: u16 = 40;
/// Rows of the frame around a note: what was done, and the hints.
const FRAME_ROWS: u16 = 2;
/// How many inputs wait for a draft that is being opened.
const EARLY: usize = 4096;

const NOTE: &[Context] = &[Context::Note, Context::Everywhere];

/// A draft that is written.
#[derive(Debug)]
pub struct Writing {
    /// Whose.
    pub client: ClientId,
    /// Which.
    pub note: ObjectId,
    /// The screen itself, once the draft is open.
    pub state: Option<Box<note::State>>,
    session: Option<AppointmentId>,
    begun: Option<Timestamp>,
    /// Of an entry of a journal: the day that the client gives it.
    day: Option<Date>,
    adds: bool,
    /// Whether it is to stand in the place of a signed note.
    corrects: bool,
    journal: bool,
    is_one_text: bool,
    /// Whether it lies among psychotherapy notes.
    apart: bool,
    refusal: Option<Notice>,
    /// What was typed before the draft was open: it is not lost.
    early: Vec<Input>,
    /// What is marked in it once it is open.
    needle: Option<String>,
    /// The edit that signs it, while it is on its way.
    pub(crate) signing: Option<u64>,
    preset: Preset,
    /// When it wants to be called again.
    pub(crate) wake: Option<Timestamp>,
    /// Drafts that come up for signature when this one is signed: a sweep through a list.
    pub(crate) sweep: Vec<(ClientId, ObjectId)>,
}

/// A signed note that is read.
#[derive(Debug)]
pub struct Reading {
    /// Whose.
    pub client: ClientId,
    /// Which.
    pub record: RecordId,
    /// The screen itself, once the note is open.
    pub state: Option<Box<read::State>>,
    session: Option<AppointmentId>,
    signed: Option<Timestamp>,
    /// Of an entry of a journal: the day that the client gives it.
    day: Option<Date>,
    /// Whether it lies among psychotherapy notes.
    apart: bool,
    /// What is marked in it.
    needle: Option<String>,
    refusal: Option<Notice>,
}

impl Writing {
    /// Waits for a draft.
    pub fn new(client: ClientId, note: ObjectId) -> Self {
        Self {
            client,
            note,
            state: None,
            session: None,
            begun: None,
            day: None,
            adds: false,
            corrects: false,
            journal: false,
            is_one_text: false,
            apart: false,
            refusal: None,
            early: Vec::new(),
            needle: None,
            signing: None,
            preset: Preset::Default,
            wake: None,
            sweep: Vec::new(),
        }
    }

    /// Goes to the page on which the draft is signed, as soon as the draft is open; after the
    /// signature the drafts of `sweep` follow in their order.
    pub fn to_sign(client: ClientId, note: ObjectId, sweep: Vec<(ClientId, ObjectId)>) -> Self {
        let early = vec![Input::Key(Key::plain(KeyCode::F(8)))];
        Self { early, sweep, ..Self::new(client, note) }
    }

    /// Goes to a place in it, as soon as the draft is open.
    #[must_use]
    pub fn looking_for(self, needle: Option<String>) -> Self {
        Self { needle, ..self }
    }

    /// Returns whether it adds to a signed note.
    pub const fn is_addendum(&self) -> bool {
        self.adds
    }

    /// Returns whether it is to stand in the place of a signed note.
    pub const fn is_correction(&self) -> bool {
        self.corrects
    }

    /// Returns whether it belongs to what the client wrote.
    pub const fn is_journal(&self) -> bool {
        self.journal
    }

    /// Returns whether it lies among psychotherapy notes.
    pub const fn is_apart(&self) -> bool {
        self.apart
    }

    /// Returns whether it is one text and stays so, with nothing of the record beside it.
    pub const fn is_one_text(&self) -> bool {
        self.is_one_text
    }

    /// Returns the contexts of the key table that hold here.
    pub fn contexts(&self) -> &'static [Context] {
        match &self.state {
            Some(state) if state.is_reviewed() => &[Context::Review, Context::Everywhere],
            Some(state) if state.is_asked() => &[Context::Typing, Context::Everywhere],
            Some(state) => match state.finding() {
                Some(Step::Asking) => &[Context::Asking, Context::Everywhere],
                Some(Step::Needle) => &[Context::Finding, Context::Everywhere],
                Some(Step::Replacement) => &[Context::Replacing, Context::Everywhere],
                None => NOTE,
            },
            None => &[Context::Everywhere],
        }
    }

    /// Takes over which keys are used in the text.
    pub fn use_keys(&mut self, preset: Preset) {
        self.preset = preset;
        if let Some(state) = &mut self.state {
            state.use_keys(preset);
        }
    }

    /// Returns what the status row says of the mode, if the keys have any.
    pub fn mode_words(&self) -> Option<String> {
        self.state.as_ref()?.mode_words()
    }

    /// Takes the draft, or a newer version of it, or why there is none.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>, at: &Opening<'_>) -> Outcome {
        let Opening { scene, size } = *at;
        let now = scene.now;
        match (outcome.map(|view| *view), &mut self.state) {
            (Ok(View::Draft(view)), Some(state)) => {
                let (known, book) = (
                    circumstances(&scene, (self.session, self.apart)),
                    phrasebook(&scene, self.session),
                );
                state.know(known, book);
                state.apply_view(&view, now)
            }
            (Ok(View::Draft(view)), None) => {
                self.session = view.row.session;
                self.begun = Some(view.row.begun);
                self.adds = view.row.addendum_to.is_some();
                self.corrects = view.row.corrects.is_some();
                self.journal = view.row.journal;
                self.is_one_text = view.row.is_one_text();
                self.apart = view.row.psychotherapy;
                self.day = view.row.date;
                let known = circumstances(&scene, (self.session, self.apart));
                let mut state = note::State::new(&view, known.clone());
                let (columns, rows) = text_size(size, self.apart);
                state.resize(columns, rows);
                state.know(known, phrasebook(&scene, self.session));
                state.use_keys(self.preset);
                if let Some(needle) = self.needle.take() {
                    state.seek(&needle);
                }
                let outcome = catch_up(&mut state, std::mem::take(&mut self.early), now);
                self.state = Some(Box::new(state));
                outcome
            }
            // A draft that is being signed ceases to be one: that is no refusal.
            (Err(_), _) if self.signing.is_some() => Outcome::default(),
            (Err(notice), _) => {
                self.refusal = Some(notice);
                Outcome::default()
            }
            (Ok(_), _) => Outcome::default(),
        }
    }

    /// Draws the draft.
    pub fn view(&self, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
        let Some(state) = &self.state else {
            return waiting(self.refusal.as_ref(), scene, frame, area);
        };
        let client = who::written_under(scene.index, self.client, scene.veil);
        let session = match self.day {
            Some(day) => when::day_and_date(day),
            None => session_words(self.session, self.begun, scene),
        };
        let kind = match (self.adds, self.journal, self.apart) {
            (true, _, true) => note::ADDED_APART,
            (true, ..) => "Addendum",
            (false, true, _) => note::JOURNAL,
            (false, _, true) => note::APART,
            (false, false, false) if self.corrects => "Correction",
            (false, false, false) => "Note",
        };
        let heading = Heading { kind, client: &client, session: &session };
        let area = framed(self.apart, scene, frame, area);
        let area = beside(self.client, scene, frame, area);
        note::view(state, &heading, frame, area, &look(scene));
    }
}

impl Reading {
    /// Waits for a note.
    pub const fn new(client: ClientId, record: RecordId) -> Self {
        Self {
            client,
            record,
            state: None,
            session: None,
            signed: None,
            day: None,
            apart: false,
            needle: None,
            refusal: None,
        }
    }

    /// Goes to a place in it, and marks it, as soon as the note is open.
    #[must_use]
    pub fn looking_for(self, needle: Option<String>) -> Self {
        Self { needle, ..self }
    }

    /// Takes the note, or a newer version of it, or why there is none.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>, at: &Opening<'_>) {
        let Opening { scene, size } = *at;
        let index = scene.index;
        let member = |id: MemberId| member_words(index, id);
        let zone = index.zone.clone();
        let clock = |stamp| when::clock(when::local(stamp, &zone).time());
        // The text stays when names are hidden later: codes stand for them.
        let client = |id| who::client(index, id, true);
        let held = |held: &Held| corrected::held(held, &zone);
        let words = read::Words {
            member: &member,
            moment: &moment_words,
            clock: &clock,
            client: &client,
            held: &held,
        };
        match (outcome.map(|view| *view), &mut self.state) {
            (Ok(View::Note(view)), Some(state)) => state.apply_view(&view, words),
            (Ok(View::Note(view)), None) => {
                self.session = view.session;
                self.signed = Some(view.signed.time);
                self.day = view.journal.map(|head| head.date).or(view.psychotherapy);
                self.apart = view.psychotherapy.is_some();
                let mut state = read::State::new(&view, words);
                let (columns, rows) = text_size(size, self.apart);
                state.resize(columns, rows);
                if let Some(needle) = self.needle.take() {
                    state.seek(&needle);
                }
                self.state = Some(Box::new(state));
            }
            (Err(notice), _) => self.refusal = Some(notice),
            (Ok(_), _) => {}
        }
    }

    /// Returns the contexts of the key table that hold here.
    pub fn contexts(&self) -> &'static [Context] {
        match &self.state {
            Some(_) => &[Context::Reader, Context::Lists, Context::Everywhere],
            None => &[Context::Everywhere],
        }
    }

    /// Returns whether it lies among psychotherapy notes.
    pub const fn is_apart(&self) -> bool {
        self.apart
    }

    /// Draws the note.
    pub fn view(&self, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
        let Some(state) = &self.state else {
            return waiting(self.refusal.as_ref(), scene, frame, area);
        };
        let client = who::written_under(scene.index, self.client, scene.veil);
        let (kind, session) = match self.day {
            Some(day) if self.apart => (note::APART, when::day_and_date(day)),
            Some(day) => (note::JOURNAL, when::day_and_date(day)),
            None => ("Note", session_words(self.session, self.signed, scene)),
        };
        let heading = Heading { kind, client: &client, session: &session };
        let area = framed(self.apart, scene, frame, area);
        let area = beside(self.client, scene, frame, area);
        read::view(state, &heading, frame, area, &look(scene));
    }
}

/// Returns the size that the text of a note gets on a terminal of some size.
pub fn text_size((columns, rows): (u16, u16), apart: bool) -> (u16, u16) {
    let taken = if apart { apart::TAKEN } else { 0 };
    let columns = columns.saturating_sub(taken).min(WIDEST);
    (columns, rows.saturating_sub(FRAME_ROWS + taken))
}

/// Draws the frame around what lies among psychotherapy notes; returns the area inside.
fn framed(is_apart: bool, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Rect {
    if is_apart { apart::frame(frame, scene.look, area) } else { area }
}

/// Draws what stands beside the text on a wide terminal, and returns the area of the text.
fn beside(client: ClientId, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Rect {
    if area.width < WIDEST + LEAST_MARGIN {
        return Rect { width: area.width.min(WIDEST), ..area };
    }
    let (text, margin) = paint::side_by_side(frame, scene.look, area, WIDEST);
    aside::beside_note(client, scene, frame, margin);
    text
}

/// Tells both screens how large they are.
pub fn resize(screen: &mut super::Screen, size: (u16, u16)) {
    let (columns, rows) = text_size(size, screen.is_apart());
    match screen {
        super::Screen::Attachment(state) => state.resize(size),
        super::Screen::Note(Writing { state: Some(state), .. }) => state.resize(columns, rows),
        super::Screen::Read(Reading { state: Some(state), .. }) => state.resize(columns, rows),
        _ => {}
    }
}

/// Lets the screen in front take an input, if it is one of the two. What is cut or copied there
/// goes into the register.
pub fn input(
    screen: &mut super::Screen,
    input: &Input,
    now: &Now,
    register: &mut Register,
) -> Option<Outcome> {
    match screen {
        super::Screen::Note(Writing { state: Some(state), .. }) => {
            state.lend(register);
            let outcome = state.update(input, now);
            state.lend(register);
            Some(outcome)
        }
        super::Screen::Note(Writing { refusal: None, early, .. }) if !is_esc(input) => {
            if early.len() < EARLY {
                early.push(input.clone());
            }
            Some(Outcome { taken: true, ..Outcome::default() })
        }
        super::Screen::Read(Reading { state: Some(state), .. }) => Some(state.update(input)),
        _ => None,
    }
}

fn is_esc(input: &Input) -> bool {
    matches!(input, Input::Key(key) if key.code == KeyCode::Esc)
}

fn catch_up(state: &mut note::State, early: Vec<Input>, now: &Now) -> Outcome {
    let mut all = Outcome::default();
    for input in early {
        let next = state.update(&input, now);
        all.effects.extend(next.effects);
        all = Outcome { effects: all.effects, edit: all.edit.or(next.edit), ..next };
    }
    all
}

fn look(scene: &Scene<'_>) -> note::Look {
    note::Look { ascii: scene.look.ascii, colour: scene.look.colour, veiled: scene.veil }
}

fn circumstances(
    scene: &Scene<'_>,
    (session, apart): (Option<AppointmentId>, bool),
) -> Circumstances {
    let row = session.and_then(|id| scene.appointment(id));
    let ends = row.map(|row| row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000));
    let signs = scene.member().or_else(|| scene.clinician());
    let clinician = signs.and_then(|id| scene.index.clinicians.get(&id)).cloned();
    let clinician = clinician.unwrap_or_default();
    Circumstances {
        session_end: ends,
        session: row.cloned(),
        levels: scene.index.levels.clone(),
        zone: scene.index.zone.clone(),
        clinician,
        apart,
    }
}

/// What can be put into a note, and what its places are filled with.
fn phrasebook(scene: &Scene<'_>, session: Option<AppointmentId>) -> note::Phrasebook {
    let row = session.and_then(|id| scene.appointment(id));
    let began = row.map(|row| day::start(row, scene.index).date());
    let minutes = row.map(|row| match (row.stamps.began, row.stamps.ended) {
        (Some(began), Some(ended)) => ended.millis_since(began).div_euclid(60_000),
        _ => i64::from(row.slot.minutes),
    });
    note::Phrasebook {
        snippets: scene.index.phrases(PhraseKind::Snippet, scene.member()),
        fill: Fill {
            date: when::long(scene.today()),
            session: began.map(when::long).unwrap_or_default(),
            minutes: minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
        },
    }
}

fn session_words(
    session: Option<AppointmentId>,
    otherwise: Option<Timestamp>,
    scene: &Scene<'_>,
) -> String {
    if let Some(row) = session.and_then(|id| scene.appointment(id)) {
        let start = day::start(row, scene.index);
        let ends = when::later(start, i64::from(row.slot.minutes));
        let date = when::day_and_date(start.date());
        let clock = |stamp| when::clock(when::local(stamp, &scene.index.zone).time());
        // What was stamped is when it was; what was booked only when it was to be.
        return match (row.stamps.began, row.stamps.ended) {
            (Some(began), Some(ended)) => format!("{date} {}-{} held", clock(began), clock(ended)),
            (Some(began), None) => format!("{date} {}- begun", clock(began)),
            _ => format!("{date} {}-{}", when::clock(start.time()), when::clock(ends.time())),
        };
    }
    otherwise.map_or_else(String::new, |time| {
        when::day_and_date(when::local(time, &scene.index.zone).date())
    })
}

fn member_words(index: &Index, id: MemberId) -> String {
    index.clinicians.get(&id).cloned().unwrap_or_else(|| "another member".to_owned())
}

fn moment_words(stamp: &Stamp) -> String {
    let local = when::local(stamp.time, &stamp.zone);
    format!("{} {} {}", when::long(local.date()), when::clock(local.time()), stamp.zone)
}

fn waiting(refusal: Option<&Notice>, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let inside = paint::inset(area, 1);
    match refusal {
        Some(notice) => {
            paint::notice(frame, scene.look, inside, 2, notice);
        }
        None => paint::text(frame, inside, 2, "opening ...", Style::new()),
    }
    frame.set_cursor_position((inside.x, inside.y + 1));
}
