//! What is done in a crisis.

use super::verbs::{code, edit, submit};
use super::{consents, handover, lay, measures, say, show, signing};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Desk, Form, Model, Waiting, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::crisis::{State, numbers_words};
use crate::screen::parts::{measures as measures_words, who};
use crate::screen::prompt::{self, Question};
use crate::screen::{Focused, Overlay, Screen, risk_form, safety_form, save_file, whom};
use tacenda_shared::id::{AppointmentId, ClientId, RecordId};
use tacenda_shared::practice::crisis::numbers;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::measure::Review;
use tacenda_shared::practice::view::TimelineEntry;

/// Does in a crisis what a verb says; `None` if that verb has no meaning here.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Option<Vec<Effect>> {
    let on_screen = matches!(model.desk()?.screens.last(), Some(Screen::Crisis(_)));
    match (verb, focused) {
        (Verb::ShowCrisis | Verb::New, _) if on_screen => begin(model),
        (Verb::ShowCrisis, _) => return Some(ask(model, focused)),
        (Verb::SetNumbers, _) => choose_numbers(model),
        (Verb::AddToRisk, _) if on_screen => add(model),
        (Verb::WriteSafetyPlan, _) if on_screen => write_plan(model),
        (Verb::SaveSafetyPlan, _) if on_screen => save_plan(model),
        (Verb::HandOver, _) => return hand_over(model, focused),
        (Verb::Open, Focused::Crisis(..)) if on_screen => {
            if let Some(state) = front(model) {
                state.turn();
            }
        }
        (Verb::Open, Focused::Crisis(client, record)) => {
            let client = model.desk()?.index.kept(client);
            return Some(open(model, client, None, Some(record)));
        }
        (Verb::Cancel, Focused::Crisis(client, record)) => {
            return Some(strike(model, client, record));
        }
        _ => return None,
    }
    Some(Vec::new())
}

/// Gives the device to the client: for an answer to a question of consent, for what they write, or for a
/// form of questions.
fn hand_over(model: &mut Model, focused: Focused) -> Option<Vec<Effect>> {
    match model.desk()?.screens.last()? {
        Screen::Consents(_) => {
            consents::hand_over(model);
            Some(Vec::new())
        }
        Screen::Journal(_) => Some(handover::begin_journal(model)),
        _ => measures::run(model, Verb::HandOver, focused),
    }
}

fn front(model: &mut Model) -> Option<&mut State> {
    match model.desk_mut()?.screens.last_mut()? {
        Screen::Crisis(state) => Some(state),
        _ => None,
    }
}

/// Shows what a crisis needs, for whom the focus is on; asks whom if it is on nobody, or on several.
fn ask(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    if !desk.index.reach.charts() {
        // Whoever answers the telephone needs the numbers, too.
        show_numbers(model);
        return Vec::new();
    }
    let index = &desk.index;
    let session = match focused {
        Focused::Appointment(id) | Focused::Conflict(id) => index.appointments.get(&id),
        _ => None,
    };
    let client = model.situation(desk).client();
    let group = client.and_then(|client| index.groups.get(&client));
    let several: Vec<ClientId> = match (session, group) {
        (Some(row), _) => row.clients.clone(),
        (None, Some(group)) => group.present().collect(),
        (None, None) => client.into_iter().collect(),
    };
    let session = session.map(|row| row.id);
    match several.as_slice() {
        [] => {
            lay(model, Overlay::Whom(whom::State::default()));
            Vec::new()
        }
        [only] => {
            let only = *only;
            let raised = raised(desk, focused);
            let effects = open(model, only, session, None);
            if let Some(state) = front(model) {
                state.raised = raised;
            }
            effects
        }
        [..] => {
            let answer = |one: &ClientId| (who::client(index, *one, true), Answer::Crisis(*one));
            let answers = several.iter().map(answer).collect();
            let title = "Crisis: whom is it about?".to_owned();
            lay(model, Overlay::Choice(choice::State::new(title, String::new(), answers)));
            Vec::new()
        }
    }
}

/// The measure in focus, if an answer of it is to be reviewed, and its name.
fn raised(desk: &Desk, focused: Focused) -> Option<(RecordId, String)> {
    let Focused::Measure(client, wanted) = focused else { return None };
    let rows = desk.index.timelines.get(&desk.index.kept(client))?;
    rows.iter().find_map(|row| match &row.entry {
        TimelineEntry::Measure { record, taken }
            if *record == wanted && taken.review == Review::Due =>
        {
            let name = measures_words::name(&desk.index, taken);
            Some((wanted, format!("{name}: an answer to be reviewed")))
        }
        _ => None,
    })
}

/// The session of a client that is going on, or whose time is now.
fn session_of(desk: &Desk, client: ClientId, model: &Model) -> Option<AppointmentId> {
    let today = desk.index.days.get(&model.now.local.date())?;
    let rows = today.iter().filter_map(|id| desk.index.appointments.get(id));
    let theirs = rows.filter(|row| row.is_with(client) && !row.status.frees_the_slot());
    let now = model.now.time;
    let is_now = theirs.filter(|row| {
        let ends = row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000);
        row.is_going_on() || (row.starts <= now && now < ends)
    });
    is_now.min_by_key(|row| (!row.is_going_on(), row.starts)).map(|row| row.id)
}

/// Shows what a crisis needs. What lay over the screen waits, and comes back afterwards.
pub(super) fn open(
    model: &mut Model,
    client: ClientId,
    session: Option<AppointmentId>,
    record: Option<RecordId>,
) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let client = desk.index.kept(client);
    let session = session.or_else(|| session_of(desk, client, model));
    // What waits for a passphrase goes back to where it came from: it could not be answered from below.
    let effects = signing::left(model).unwrap_or_default();
    let mut state = State::new(client, (session, record), model.now.time);
    if let Some(desk) = model.desk_mut() {
        state.aside = std::mem::take(&mut desk.overlays);
        state.aside.retain(|overlay| !overlay.is_passing());
    }
    let shown = show(model, Screen::Crisis(Box::new(state)));
    effects.into_iter().chain(shown).collect()
}

fn begin(model: &mut Model) {
    let (now, Some(state)) = (model.now.time, front(model)) else { return };
    let mut form = risk_form::State::new(state.client, state.session, state.since.min(now));
    if let Some((measure, words)) = state.raised.clone() {
        form = form.answering(measure, words);
    }
    lay(model, Overlay::RiskForm(Box::new(form)));
}

fn add(model: &mut Model) {
    let (now, Some(state)) = (model.now.time, front(model)) else { return };
    let form = match state.risk() {
        Some(risk) if risk.struck => {
            return say(model, "It was struck as a mistake: n begins another.");
        }
        Some(risk) => risk_form::State::adding_to(risk, now),
        None => return say(model, "Put the focus on a risk form first; p goes on with a plan."),
    };
    lay(model, Overlay::RiskForm(Box::new(form)));
}

fn write_plan(model: &mut Model) {
    let Some(state) = front(model) else { return };
    if state.known().is_none() {
        return say(model, "It is not open yet.");
    }
    let earlier = state.known().and_then(|view| view.plan());
    let form = safety_form::State::new(state.client, earlier);
    lay(model, Overlay::SafetyForm(Box::new(form)));
}

fn save_plan(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let Some(Screen::Crisis(state)) = desk.screens.last() else { return };
    let Some(plan) = state.plan() else {
        return say(model, "There is no safety plan yet: p writes it.");
    };
    let numbers = state.numbers(&desk.index);
    let lines = numbers.iter().flat_map(|one| &one.lines);
    let lines = lines.map(|line| format!("{}: {}", line.label, line.number)).collect();
    let what = save_file::What::SafetyPlan(plan.record, lines);
    let state = save_file::State::new(plan.client, what);
    lay(model, Overlay::SaveFile(Box::new(state)));
}

fn strike(model: &mut Model, client: ClientId, record: RecordId) -> Vec<Effect> {
    let known = match model.desk().and_then(|desk| desk.screens.last()) {
        Some(Screen::Crisis(state)) => state.is_struck().unwrap_or(false),
        // What stands in a timeline is not struck.
        _ => false,
    };
    let what = if known { "brought back" } else { "struck" };
    let says = format!("{what} an entry about a crisis of {}", code(model, client));
    edit(model, Edit::StrikeCrisis { client, record, struck: !known }, says, Way::Fresh)
}

/// What is written down on the screen of a crisis is what one goes on with there.
pub(super) fn go_on(desk: &mut Desk, edit: &Edit) {
    if let Edit::RecordRisk { record, .. } | Edit::SignSafetyPlan { record, .. } = edit
        && let Some(Screen::Crisis(state)) = desk.screens.last_mut()
    {
        state.go_on_with(*record);
    }
}

/// Esc in a risk form: it asks what becomes of what was put in. `false` if it is simply left.
pub(super) fn stays(desk: &mut Desk) -> bool {
    match desk.overlays.first_mut() {
        Some(Overlay::RiskForm(form)) => form.step_out(),
        _ => false,
    }
}

/// Keeps a risk form as far as it is, and leaves it.
pub(super) fn keep_unfinished(model: &mut Model) -> Vec<Effect> {
    let (record, today) = (RecordId::from_bytes(model.ids.fresh()), model.now.local.date());
    model.ids.advance();
    let kept = model.desk().and_then(|desk| match desk.overlays.first() {
        Some(Overlay::RiskForm(form)) => form.kept(record, today).map(|edit| (edit, form.client)),
        _ => None,
    });
    match kept {
        Some((edit, client)) => {
            let says = format!("risk form of {} kept, unfinished", code(model, client));
            submit(model, edit, says)
        }
        None => Vec::new(),
    }
}

/// Keeps every risk form that stands on the screen as the practice is left.
pub(super) fn keep_all(model: &mut Model) -> Vec<Effect> {
    let (mut effects, today) = (Vec::new(), model.now.local.date());
    let Some(many) = model.desk().map(|desk| desk.overlays.len()) else { return effects };
    let ids: Vec<RecordId> = (0..many)
        .map(|_| {
            let id = RecordId::from_bytes(model.ids.fresh());
            model.ids.advance();
            id
        })
        .collect();
    let Some(desk) = model.desk_mut() else { return effects };
    for (overlay, record) in std::mem::take(&mut desk.overlays).into_iter().zip(ids) {
        let kept = match &overlay {
            Overlay::RiskForm(form) => form.kept(record, today),
            _ => None,
        };
        let Some(edit) = kept else {
            desk.overlays.push(overlay);
            continue;
        };
        desk.history.last_ticket += 1;
        let ticket = desk.history.last_ticket;
        let says = "kept a risk form, unfinished".to_owned();
        desk.history.waiting.insert(ticket, Waiting::fresh(says));
        // One that is refused comes back as it was.
        desk.history.forms.insert(ticket, Form::Overlay(Box::new(overlay)));
        effects.push(Effect::Edit { ticket, edit });
    }
    effects
}

/// Shows the risk form that an answer raised: at once, or once the measure is signed that waits for the
/// passphrase, since the form says which measure it answers.
pub(super) fn raise(model: &mut Model, form: Box<risk_form::State>) {
    let Some(desk) = model.desk_mut() else { return };
    let waits = match desk.overlays.first() {
        Some(Overlay::Confirm(state)) => state.ticket(),
        _ => None,
    };
    match waits {
        Some(ticket) => desk.then = Some((ticket, form)),
        None => lay(model, Overlay::RiskForm(form)),
    }
}

/// Brings back what was laid aside for a crisis, so that it is kept or told as the practice is left.
pub(super) fn bring_back(model: &mut Model) {
    let Some(desk) = model.desk_mut() else { return };
    for screen in &mut desk.screens {
        if let Screen::Crisis(state) = screen {
            desk.overlays.append(&mut state.aside);
        }
    }
}

/// Shows the numbers of every place, to be changed.
fn choose_numbers(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let all = numbers::all(&desk.index);
    let mut answers = vec![("Another place".to_owned(), Answer::Numbers(String::new()))];
    let row = |one: &numbers::Numbers| {
        let own = if one.own { "   (your own)" } else { "" };
        (format!("{}{own}", numbers_words(one)), Answer::Numbers(one.place.clone()))
    };
    answers.splice(..0, all.iter().map(row));
    let words = "Call each once to check it: nobody keeps these true for you.";
    let title = "Emergency numbers by place".to_owned();
    lay(model, Overlay::Choice(choice::State::new(title, words.to_owned(), answers)));
}

/// Shows them where no chart opens.
fn show_numbers(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let found = numbers::fitting(&desk.index, &[]);
    let row = |one: &numbers::Numbers| (numbers_words(one), Answer::Nothing);
    let answers = found.iter().map(row).collect();
    let words = "Charts open for the clinician. Whom to call here:";
    let title = "Crisis".to_owned();
    lay(model, Overlay::Choice(choice::State::new(title, words.to_owned(), answers)));
}

/// Asks for the numbers of a place.
pub(super) fn ask_numbers(model: &mut Model, place: &str) {
    let Some(desk) = model.desk() else { return };
    let all = numbers::all(&desk.index);
    let known = all.iter().find(|one| one.place == place);
    let words = known.map(|one| format!("{place}: {}", numbers::say(&one.lines)));
    let state = prompt::State::answered(Question::Numbers, words.unwrap_or_default());
    lay(model, Overlay::Prompt(state));
}
