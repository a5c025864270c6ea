//! The root of every decision: takes what happened, changes the model, says what is to be done.
//! It only routes; screens decide for themselves, and a verb is carried out in one place.
//!
//! The runtime tells the time with [`Msg::Clock`] before each batch of other messages.

mod attachments;
mod booked;
mod calendars;
mod clipboard;
mod conflicts;
mod consents;
mod contacts;
mod corrections;
mod crisis;
mod demo;
mod device;
mod devices;
mod formats;
pub(crate) mod front_desk;
mod groups;
mod handover;
mod identity;
mod journal;
mod labels;
mod measures;
mod notes;
mod parting;
mod plan;
mod psychotherapy;
mod report;
mod same;
mod search;
mod session;
mod signing;
mod supervision;
#[cfg(test)]
mod tests;
mod verbs;

use crate::input::{Input, Key, KeyCode};
use crate::keymap::{self, Context, Found, Verb};
use crate::message::{Asked, Effect, Msg, Now};
use crate::model::{Desk, Model, Stage, WARNING_MILLIS, Way};
use crate::screen::lock as lock_screen;
use crate::screen::parts::digest::Digest;
use crate::screen::writing::Writing;
use crate::screen::{Act, Ask, Overlay, Place, Scene, Screen, chart, setup, today};
use crate::text;
use parting::{lock, quit};
use tacenda_shared::id::Timestamp;

/// How long after the first Ctrl+C a second one quits, in milliseconds.
const INTERRUPT_MILLIS: i64 = 1_000;
const MINUTE_MILLIS: i64 = 60_000;

/// Takes one message.
pub fn update(model: &mut Model, message: Msg) -> Vec<Effect> {
    let mut effects = match message {
        Msg::Back => {
            let mut effects = lock(model, "when it came back");
            effects.push(Effect::Redraw);
            effects
        }
        Msg::Clock(now) => clock(model, now),
        Msg::Device(event) => device::event(model, event),
        Msg::Input(input) => self::input(model, &input),
        // Whether the program ends or only leaves the terminal, it leaves no key behind.
        Msg::Leave => lock(model, "when the terminal was left"),
    };
    effects.extend(wake(model));
    effects
}

/// Arms the next wake-up: the warning, the lock, or the next minute, as something on the screen
/// counts minutes.
fn wake(model: &mut Model) -> Option<Effect> {
    let now = model.now.time;
    let minute = now.plus_millis(MINUTE_MILLIS - now.as_millis().rem_euclid(MINUTE_MILLIS));
    let due = match &model.stage {
        Stage::Open(desk) => {
            let warning = desk.deadline.plus_millis(-WARNING_MILLIS);
            let lock = if desk.is_warned(&model.now) { desk.deadline } else { warning };
            let note = desk.screens.iter().filter_map(|screen| match screen {
                Screen::Note(note) => note.wake,
                _ => None,
            });
            let held = note.chain([minute, lock]).chain(desk.apart).chain(model.copied);
            held.chain(search::wake(desk)).min()?
        }
        Stage::Locked(_) => minute,
        Stage::Setup(_) | Stage::Starting => return None,
    };
    (model.armed != Some(due)).then(|| {
        model.armed = Some(due);
        Effect::Wake(due)
    })
}

fn clock(model: &mut Model, now: Now) -> Vec<Effect> {
    let minute = |time: Timestamp| time.as_millis().div_euclid(MINUTE_MILLIS);
    let new_minute = minute(now.time) != minute(model.now.time);
    let set_back = now.time < model.now.time;
    model.now = now;
    if set_back || model.armed.is_some_and(|armed| armed <= model.now.time) {
        model.armed = None;
    }
    let now = model.now.time;
    let Stage::Open(desk) = &mut model.stage else { return Vec::new() };
    if set_back {
        model.copied = model.copied.map(|until| until.min(now));
        // The lock comes no later because somebody has set the clock back.
        desk.deadline = desk.deadline.min(model.now.time.plus_millis(model.auto_lock.millis()));
    }
    if model.now.time >= desk.deadline {
        return lock(model, "by itself: no key was pressed");
    }
    if new_minute {
        desk.digest = Digest::of(&desk.index, model.now.time, model.sync.member());
    }
    if set_back {
        psychotherapy::set_back(model);
    }
    let mut effects = notes::tick(model);
    effects.extend(psychotherapy::tick(model));
    effects.extend(clipboard::tick(model));
    effects.extend(search::tick(model));
    effects
}

fn input(model: &mut Model, input: &Input) -> Vec<Effect> {
    match input {
        Input::Resize { columns, rows } => {
            model.look.columns = *columns;
            model.look.rows = *rows;
            demo::resize(model);
            return Vec::new();
        }
        Input::Focus(_) => return Vec::new(),
        input if model.desk().is_some_and(|desk| desk.handed.is_some()) => {
            let (now, auto_lock) = (model.now.time, model.auto_lock.millis());
            if let Some(desk) = model.desk_mut() {
                desk.deadline = now.plus_millis(auto_lock);
            }
            return handover::input(model, input);
        }
        Input::Key(Key { code: KeyCode::F(10), .. }) => return quit(model),
        Input::Key(_) | Input::Paste(_) | Input::Burst(_) => {}
    }
    if let Stage::Open(desk) = &mut model.stage {
        desk.deadline = model.now.time.plus_millis(model.auto_lock.millis());
        if desk.screens.last().is_some_and(Screen::is_apart) {
            psychotherapy::touch(model);
        }
        return open_input(model, input);
    }
    if *input == Input::Key(Key::ctrl('c')) && interrupt(model) {
        return vec![Effect::Quit];
    }
    match &mut model.stage {
        Stage::Locked(state) => {
            if *input == Input::Key(Key::ctrl('c')) {
                state.begin_again();
                return Vec::new();
            }
            lock_screen::update(state, input)
        }
        Stage::Setup(state) => setup::update(state, input, &mut model.ids),
        Stage::Open(_) | Stage::Starting => Vec::new(),
    }
}

/// Returns whether this is the second Ctrl+C in a row.
fn interrupt(model: &mut Model) -> bool {
    let before = model.interrupted.replace(model.now.time);
    before.is_some_and(|before| model.now.time.millis_since(before) < INTERRUPT_MILLIS)
}

fn open_input(model: &mut Model, input: &Input) -> Vec<Effect> {
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let typing = desk.is_typing();
    let in_note = desk.overlays.is_empty() && desk.screens.last().is_some_and(Screen::is_tall);
    if in_note && let Some(effects) = in_a_note(model, input) {
        return effects;
    }
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let Input::Key(key) = *input else {
        if typing {
            return act(model, &Act::Type(input.clone()));
        }
        PASTE.clone_into(&mut desk.line);
        return Vec::new();
    };
    let is_letter = key.code.is_printable() && !key.ctrl;
    if typing && is_letter {
        return act(model, &Act::Type(input.clone()));
    }
    desk.pending.push(key);
    match keymap::find(desk.contexts(), &desk.pending) {
        Found::Row(row) => {
            desk.pending.clear();
            // Why an earlier key did nothing is of no use once another does something.
            if text::is_refusal(&desk.line) {
                desk.line.clear();
            }
            verbs::run(model, row.verb)
        }
        Found::Prefix => Vec::new(),
        Found::Nothing => nothing(model, key, input),
    }
}

/// In a note, inputs go to it as they come; only what holds everywhere goes first, but for Esc,
/// which leads out of whatever the note has open.
fn in_a_note(model: &mut Model, input: &Input) -> Option<Vec<Effect>> {
    if let Input::Key(key) = input
        && let Found::Row(row) = keymap::find(&[Context::Everywhere], &[*key])
        && row.verb != Verb::Out
    {
        return None;
    }
    notes::input(model, input)
}

/// A key that the table does not know here.
fn nothing(model: &mut Model, key: Key, input: &Input) -> Vec<Effect> {
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let was_sequence = desk.pending.len() > 1;
    desk.pending.clear();
    if was_sequence {
        // Esc only takes back the prefix; any other key is not taken for the start of something.
        if key.code != KeyCode::Esc {
            text::NO_SUCH_KEY.clone_into(&mut desk.line);
        }
        return Vec::new();
    }
    if let Some(Overlay::Menu(_)) = desk.overlays.first() {
        // The letter of a verb runs it straight from the menu.
        desk.overlays.remove(0);
        return open_input(model, input);
    }
    if desk.is_typing() {
        return act(model, &Act::Type(input.clone()));
    }
    Vec::new()
}

const PASTE: &str = text::PASTE_IGNORED;

/// Lets the front layer decide, and does what it asks.
fn act(model: &mut Model, act: &Act) -> Vec<Effect> {
    let Model { now, look, veil, locale, sync, stage, ids, .. } = model;
    let Stage::Open(desk) = stage else { return Vec::new() };
    let Desk { index, digest, screens, overlays, .. } = &mut **desk;
    let fresh = ids.fresh();
    ids.advance();
    let scene = Scene { now, index, digest, sync, look, veil: *veil, locale: *locale, fresh };
    let asks = match (overlays.first_mut(), screens.last_mut()) {
        (Some(overlay), _) => overlay.update(act, &scene),
        (None, Some(screen)) => screen.update(act, &scene),
        (None, None) => Vec::new(),
    };
    let mut effects: Vec<Effect> = asks.into_iter().flat_map(|ask| answer(model, ask)).collect();
    effects.extend(search::ask(model));
    effects
}

/// Does one thing that a screen asked for.
fn answer(model: &mut Model, ask: Ask) -> Vec<Effect> {
    match ask {
        Ask::Answer(answer) => return verbs::answer(model, answer),
        Ask::Choose(choice) => lay(model, Overlay::Choice(choice)),
        Ask::Edit(edit, says) => return verbs::edit(model, edit, says, Way::Fresh),
        Ask::Go(Place::Chart(client)) => {
            let chart = Screen::Chart(chart::State::new(client));
            return show(model, chart);
        }
        Ask::Go(Place::Date(date)) => {
            return replace(model, Screen::Today(today::State::new(date)));
        }
        Ask::Go(Place::Hit(hit)) => return search::open(model, hit),
        Ask::CopyLink(appointment) => return vec![Effect::CopyLink(appointment)],
        Ask::HandOver(state) => return handover::begin(model, *state),
        Ask::KeepRisk => return crisis::keep_unfinished(model),
        Ask::Risk(form) => crisis::raise(model, form),
        Ask::Leave => return leave(model),
        Ask::Run(verb) => {
            if let Some(desk) = model.desk_mut() {
                desk.overlays.retain(|overlay| !overlay.is_passing());
                desk.recent.retain(|other| *other != verb);
                desk.recent.insert(0, verb);
                desk.recent.truncate(5);
            }
            return verbs::run(model, verb);
        }
        Ask::Submit(edit, says) => return verbs::submit(model, edit, says),
        Ask::Order(order) => return vec![Effect::Order(order)],
        Ask::Say(words) => say(model, &words),
    }
    Vec::new()
}

/// Lays something over. Lists of verbs give way, so that no stack of them can grow.
fn lay(model: &mut Model, overlay: Overlay) {
    if let Some(desk) = model.desk_mut() {
        desk.overlays.retain(|other| !other.is_passing());
        // A form that is being answered stays as it is below.
        if let Some(screen) = desk.screens.last_mut().filter(|one| !one.is_answered()) {
            screen.step_out();
        }
        desk.pending.clear();
        // A trouble that comes again and again is told once.
        let told = desk.overlays.iter().any(|other| match (other, &overlay) {
            (Overlay::Notice(other), Overlay::Notice(notice)) => other == notice,
            _ => false,
        });
        if !told {
            desk.overlays.insert(0, overlay);
        }
    }
}

fn say(model: &mut Model, words: &str) {
    if let Some(desk) = model.desk_mut() {
        words.clone_into(&mut desk.line);
    }
}

/// Shows a screen on top; opens what it needs.
fn show(model: &mut Model, mut screen: Screen) -> Vec<Effect> {
    if let Some(words) = front_desk::no_key(model).filter(|_| screen.subject().is_some()) {
        say(model, words);
        return Vec::new();
    }
    if matches!(screen, Screen::Booking(_)) && front_desk::refuses_edit(model) {
        return Vec::new();
    }
    let preset = model.preset;
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    desk.line.clear();
    if let Screen::Chart(chart) = &mut screen {
        chart.client = desk.index.kept(chart.client);
    }
    if let Screen::Note(note) = &mut screen {
        note.use_keys(preset);
    }
    let subject = screen.subject();
    desk.screens.push(screen);
    subject.map(|subject| Effect::Open(subject, crate::screen::CARE)).into_iter().collect()
}

/// Leaves all screens for another; closes what they had open.
fn replace(model: &mut Model, screen: Screen) -> Vec<Effect> {
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let mut effects = Vec::new();
    while let Some(left) = desk.screens.pop() {
        effects.extend(close(desk, left));
    }
    effects.extend(show(model, screen));
    effects
}

/// Closes the front overlay, or leaves the screen; Today is the last.
fn leave(model: &mut Model) -> Vec<Effect> {
    let today = model.now.local.date();
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    if !desk.overlays.is_empty() {
        desk.overlays.remove(0);
        return Vec::new();
    }
    match desk.screens.as_slice() {
        [Screen::Today(_)] => Vec::new(),
        [_] | [] => replace(model, Screen::Today(today::State::new(today))),
        [..] => match desk.screens.pop() {
            Some(left) => close(desk, left),
            None => Vec::new(),
        },
    }
}

/// Ends a screen that was left: what was typed goes on its way first, then its view is closed.
fn close(desk: &mut Desk, screen: Screen) -> Vec<Effect> {
    let subject = screen.subject();
    let mut effects = Vec::new();
    match screen {
        Screen::Note(Writing { state: Some(mut state), .. }) => effects.extend(state.flush()),
        Screen::Measures(state) => effects.extend(measures::keep(desk, &state)),
        // What lay over the screen before comes back.
        Screen::Crisis(state) => desk.overlays.extend(state.aside),
        Screen::Clients(state) if !state.found.words().0.is_empty() => {
            effects.push(Effect::Search(Asked::Nothing));
        }
        _ => {}
    }
    effects.extend(subject.map(Effect::Close));
    effects
}
