//! What the device tells, put into the model. Changes from here and from elsewhere are the same.

use super::{demo, devices, front_desk, lay, lock, notes, parting, same, search, verbs};
use crate::message::{DeviceEvent, Effect, SetupEvent, SyncStatus, VaultState};
use crate::model::{Desk, Done, Form, Model, Stage, Waiting, Way};
use crate::notice::Notice;
use crate::screen::parts::digest::Digest;
use crate::screen::{Opening, Overlay, Scene, lock as lock_screen, setup};
use crate::text;
use std::sync::Arc;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{Edit, Subject};
use tacenda_shared::practice::view::{Index, View};

/// Takes one event.
pub(super) fn event(model: &mut Model, event: DeviceEvent) -> Vec<Effect> {
    match event {
        DeviceEvent::Alarm(notice) => alarm(model, notice),
        DeviceEvent::Applied { ticket, outcome } => return applied(model, ticket, outcome),
        DeviceEvent::Changed(index) => return changed(model, index),
        DeviceEvent::Commanded { says, inverse } => commanded(model, says, inverse),
        DeviceEvent::Demo(report) => demo::report(model, report),
        DeviceEvent::Found(told) => return search::told(model, told),
        DeviceEvent::Journalled { note, splices } => notes::journalled(model, note, splices),
        DeviceEvent::Locked => {
            // The device locked by itself; what it no longer has must not be shown.
            let effects = lock(model, "by the device");
            if let Stage::Locked(lock_screen::State { locked: Some(locked), .. }) = &mut model.stage
            {
                locked.remains.nothing_more();
            }
            return effects.into_iter().filter(|effect| !matches!(effect, Effect::Lock)).collect();
        }
        DeviceEvent::Opened { subject, outcome } => {
            return opened(model, subject, outcome);
        }
        DeviceEvent::Setup(step) => set_up(model, step),
        DeviceEvent::State(state) => vault(model, state),
        DeviceEvent::Sync(status) => sync(model, status),
        DeviceEvent::Carried(carried) => return devices::carried(model, carried),
        DeviceEvent::Copied(outcome) => return super::clipboard::copied(model, outcome),
        DeviceEvent::Unlocked(index) => open(model, index),
    }
    Vec::new()
}

fn open(model: &mut Model, index: Arc<Index>) {
    model.confirmed = model.now.time;
    let told = parting::told_after(&mut model.stage);
    let settings = (model.auto_lock, model.sync.member());
    model.stage = Stage::Open(Box::new(Desk::new(index, &model.now, settings)));
    if let Some(notice) = told {
        lay(model, Overlay::Notice(notice));
    }
}

fn changed(model: &mut Model, index: Arc<Index>) -> Vec<Effect> {
    let (now, member) = (model.now.time, model.sync.member());
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    front_desk::changed(desk, index);
    desk.digest = Digest::of(&desk.index, now, member);
    let mut effects = same::follow(desk);
    effects.extend(search::again(model));
    effects
}

fn sync(model: &mut Model, status: SyncStatus) {
    let most = if status.queued == 0 { 0 } else { status.queued.max(model.sync.most) };
    model.sync = SyncStatus { most, ..status };
}

fn alarm(model: &mut Model, notice: Notice) {
    if let Some(demo) = &mut model.demo {
        demo.notice(&notice.happened);
    }
    match &mut model.stage {
        Stage::Locked(state) => {
            state.checking = false;
            state.refusal = Some(notice);
        }
        Stage::Setup(state) if state.is_busy() => state.refuse_passphrase(notice),
        Stage::Open(_) => lay(model, Overlay::Notice(notice)),
        Stage::Setup(_) | Stage::Starting => {}
    }
}

fn vault(model: &mut Model, state: VaultState) {
    match state {
        VaultState::Absent => model.stage = Stage::Setup(Box::<setup::State>::default()),
        VaultState::Broken(notice) => {
            model.stage = Stage::Locked(lock_screen::State::unusable(notice));
        }
        VaultState::Locked { vault, device, demo_passphrase } => {
            model.place = lock_screen::Place { vault, device, demo_passphrase };
            match &mut model.stage {
                // The answer to a passphrase that did not open it: always the same words.
                Stage::Locked(state) if state.checking => {
                    state.checking = false;
                    state.refusal = Some(text::wrong_passphrase());
                }
                Stage::Locked(_) => {}
                Stage::Open(_) | Stage::Setup(_) | Stage::Starting => {
                    model.stage = Stage::Locked(lock_screen::State::default());
                }
            }
        }
    }
}

fn set_up(model: &mut Model, step: SetupEvent) {
    if let SetupEvent::Done(index) = step {
        return open(model, index);
    }
    let Stage::Setup(state) = &mut model.stage else { return };
    match step {
        SetupEvent::PassphraseRefused(notice) => state.refuse_passphrase(notice),
        SetupEvent::Sheet(words) => state.show_sheet(words),
        SetupEvent::WordsRefused(notice) => state.refuse_words(notice),
        SetupEvent::Done(_) => {}
    }
}

fn opened(model: &mut Model, subject: Subject, outcome: Result<Box<View>, Notice>) -> Vec<Effect> {
    let size = demo::size(model);
    let before = super::plan::plan_of(model).cloned();
    let Model { now, look, veil, locale, sync, ids, stage: Stage::Open(desk), .. } = model else {
        return Vec::new();
    };
    let Desk { index, digest, screens, .. } = &mut **desk;
    let fresh = ids.fresh();
    let scene = Scene { now, index, digest, sync, look, veil: *veil, locale: *locale, fresh };
    let about = Opening { scene, size };
    let shown = screens.iter_mut().rev().find(|screen| screen.subject() == Some(subject));
    let Some(screen) = shown else { return Vec::new() };
    let outcome = screen.opened(outcome, &about);
    if let Subject::Plan(client) = subject {
        super::plan::look_once_more(model, client, before.as_ref());
    }
    notes::take(model, outcome)
}

fn applied(model: &mut Model, ticket: u64, outcome: Result<Option<Edit>, Notice>) -> Vec<Effect> {
    if let Err(notice) = &outcome {
        parting::refused_at_lock(model, notice);
    }
    let refused = outcome.is_err();
    let mut effects = notes::signed(model, ticket, outcome.as_ref().err());
    effects.extend(record(model, ticket, outcome));
    effects.extend(parting::go_on(model, refused));
    let later = model.desk_mut().map(|desk| std::mem::take(&mut desk.history.later));
    for verb in later.into_iter().flatten() {
        effects.extend(verbs::run(model, verb));
    }
    effects
}

/// What a command did is undone like what was done here.
fn commanded(model: &mut Model, says: String, inverse: Edit) {
    let Some(desk) = model.desk_mut() else { return };
    desk.history.redo.clear();
    let hint = if desk.is_typing() { "" } else { "  [u] undo" };
    desk.line = format!("By command: {says}{hint}");
    desk.history.undo.push(Done { says, inverse, apart: false });
}

fn shows(desk: &Desk, whose: Option<ClientId>) -> bool {
    whose.is_none_or(|client| desk.index.client(client).is_some())
}

/// Brings back what was left with an edit that was not carried out.
pub(super) fn put_back(model: &mut Model, form: Form) -> Option<Effect> {
    let desk = model.desk_mut()?;
    match form {
        Form::Measure(begun) if shows(desk, Some(begun.client)) => {
            return super::measures::bring_back(desk, *begun);
        }
        Form::Screen(screen) => desk.screens.push(*screen),
        // The record of somebody who is out of sight meanwhile stays so.
        Form::Overlay(overlay) if shows(desk, overlay.whose()) => lay(model, *overlay),
        Form::Measure(_) | Form::Overlay(_) => {}
    }
    None
}

fn record(model: &mut Model, ticket: u64, outcome: Result<Option<Edit>, Notice>) -> Option<Effect> {
    let desk = model.desk_mut()?;
    let waiting = desk.history.waiting.remove(&ticket)?;
    let mut opens = None;
    let Waiting { says, way, apart } = waiting;
    let form = desk.history.forms.remove(&ticket);
    let then = desk.then.take_if(|(raised_by, _)| *raised_by == ticket);
    let done = outcome.is_ok();
    // Psychotherapy notes were closed meanwhile: nothing of them stays in mind, or is said.
    let forgotten = apart && desk.apart.is_none();
    let act = |inverse: Option<Edit>, says| inverse.map(|inverse| Done { says, inverse, apart });
    match (outcome, way) {
        (Err(notice), _) => {
            opens = form.and_then(|form| put_back(model, form));
            lay(model, Overlay::Notice(notice));
        }
        (Ok(_), Way::Fresh) if forgotten => desk.history.redo.clear(),
        (Ok(_), _) if forgotten => {}
        (Ok(inverse), Way::Fresh) => {
            desk.history.redo.clear();
            // In a note, letters type: there it would be wrong to promise that one undoes.
            let writing = desk.is_typing();
            let hint = if inverse.is_some() && !writing { "  [u] undo" } else { "" };
            desk.line = format!("{}{hint}", text::capital(&says));
            desk.history.undo.extend(act(inverse, says));
        }
        (Ok(inverse), Way::Undo) => {
            let hint = if inverse.is_some() { "  [U] redo" } else { "" };
            desk.line = format!("Undid: {says}{hint}");
            desk.history.redo.extend(act(inverse, says));
        }
        (Ok(inverse), Way::Redo) => {
            desk.line = format!("Did again: {says}  [u] undo");
            desk.history.undo.extend(act(inverse, says));
        }
    }
    if let Some((_, form)) = then.filter(|_| done) {
        lay(model, Overlay::RiskForm(form));
    }
    opens
}
