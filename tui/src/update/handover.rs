//! The device in a client's hands: nothing is heard but the form, and what ends it is the passphrase.

use super::{lay, lock, say};
use crate::input::{Input, Key, KeyCode};
use crate::message::{Effect, Order};
use crate::model::{Desk, Form, Model, Waiting};
use crate::notice::Notice;
use crate::screen::handover::{Raised, State, Step};
use crate::screen::{Overlay, Screen, measures, risk_form};
use tacenda_shared::id::{ObjectId, RecordId};
use tacenda_shared::practice::edit::Edit;

/// Hands the device over, or says why not now.
pub(super) fn begin(model: &mut Model, state: State) -> Vec<Effect> {
    if super::front_desk::refuses_edit(model) {
        return Vec::new();
    }
    // While somebody else holds the device, nobody reads them.
    let effects = super::psychotherapy::close_all(model, "");
    if let Some(desk) = model.desk_mut() {
        desk.pending.clear();
        desk.line.clear();
        desk.handed = Some(Box::new(state));
    }
    effects
}

/// Begins a draft of a client's journal, and hands it over.
pub(super) fn begin_journal(model: &mut Model) -> Vec<Effect> {
    let client = match model.desk().and_then(|desk| desk.screens.last()) {
        Some(Screen::Journal(state)) => state.client,
        _ => return Vec::new(),
    };
    let (draft, date) = (ObjectId::from_bytes(model.ids.fresh()), model.now.local.date());
    model.ids.advance();
    let mut effects = begin(model, State::journal(client, draft));
    let handed = model.desk().is_some_and(|desk| desk.handed.is_some());
    let edit = Edit::BeginJournal { draft, client, date };
    effects.extend(model.desk_mut().filter(|_| handed).map(|desk| carry_out(desk, edit)));
    effects
}

fn drawn(model: &mut Model) -> RecordId {
    let record = RecordId::from_bytes(model.ids.fresh());
    model.ids.advance();
    record
}

/// Carries out what keeps answers; no word about it is seen before the device is back.
fn carry_out(desk: &mut Desk, edit: Edit) -> Effect {
    desk.history.last_ticket += 1;
    let ticket = desk.history.last_ticket;
    let says = "kept what the client answered".to_owned();
    desk.history.waiting.insert(ticket, Waiting::fresh(says));
    Effect::Edit { ticket, edit }
}

/// Takes what was done at the device. Two keys lock, as everywhere; no other key is heard but by the
/// form.
pub(super) fn input(model: &mut Model, input: &Input) -> Vec<Effect> {
    if let Input::Key(key) = input
        && (*key == Key::ctrl('l') || key.code == KeyCode::F(12))
    {
        return lock(model, "by a key");
    }
    let now = model.now.time;
    let Some(handed) = model.desk_mut().and_then(|desk| desk.handed.as_mut()) else {
        return Vec::new();
    };
    match handed.update(input, now) {
        Step::On => Vec::new(),
        Step::Try(passphrase) => vec![Effect::Order(Order::Verify(passphrase))],
        Step::Keep(edit) => {
            model.desk_mut().map(|desk| carry_out(desk, edit)).into_iter().collect()
        }
        Step::Done => done(model),
    }
}

/// The client is done: what was answered goes to the disk before the device comes back.
fn done(model: &mut Model) -> Vec<Effect> {
    let record = drawn(model);
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let Some(handed) = desk.handed.as_mut() else { return Vec::new() };
    // If it is refused, it stands there again once the device is back.
    let begun = handed.answered().map(|(form, session)| {
        measures::Begun::answered(handed.client, session, form.clone().taken_back())
    });
    let (edit, raised) = handed.finish(record);
    desk.raised = raised;
    let Some(edit) = edit else { return Vec::new() };
    let effect = carry_out(desk, edit);
    let ticket = desk.history.last_ticket;
    desk.history.forms.extend(begun.map(|begun| (ticket, Form::Measure(Box::new(begun)))));
    vec![effect]
}

/// Whether the passphrase that was typed is the clinician's.
pub(super) fn verified(model: &mut Model, outcome: Result<(), Notice>) -> Vec<Effect> {
    let record = drawn(model);
    let now = model.now.time;
    if outcome.is_ok() {
        model.confirmed = now;
    }
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let Some(handed) = desk.handed.as_mut() else { return Vec::new() };
    if let Err(notice) = outcome {
        handed.refuse(format!("{} {}", notice.happened, notice.next));
        return Vec::new();
    }
    let (client, was_done) = (handed.client, handed.is_done());
    let (edit, raised) = handed.cut_short(record);
    desk.handed = None;
    let effects: Vec<Effect> = edit.map(|edit| carry_out(desk, edit)).into_iter().collect();
    let raised = raised.or_else(|| desk.raised.take());
    if let Some(Raised { measure, session, words }) = raised {
        let form = risk_form::State::new(client, session, now).raised_by(measure, words);
        lay(model, Overlay::RiskForm(Box::new(form)));
    } else if !was_done {
        say(model, "Back before the end: what was answered is kept, and marked so.");
    }
    effects
}

/// Keeps what was answered so far as the practice is left in any way.
pub(super) fn keep(model: &mut Model) -> Option<Effect> {
    let record = drawn(model);
    let desk = model.desk_mut()?;
    let mut handed = desk.handed.take()?;
    let (edit, _) = handed.cut_short(record);
    edit.map(|edit| carry_out(desk, edit))
}
