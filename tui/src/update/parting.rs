//! How the practice is left: locked at once, or quit once nothing is lost by it. What is refused on the
//! way is told, on the lock screen and after it, or in the window, which stays then.

use super::{close, say, verbs};
use crate::message::Effect;
use crate::model::{Desk, Form, Model, Quits, Stage, Waiting, Way};
use crate::notice::Notice;
use crate::screen::{Overlay, Screen, lock as lock_screen};
use tacenda_shared::id::ObjectId;
use tacenda_shared::practice::edit::{Edit, NoteFormat, Part, Splice};

/// How long after it was asked another key quits without a form that is not saved, in milliseconds.
const ASKED_MILLIS: i64 = 10_000;
const UNSAVED: &str = "A form is not saved: go back and save it, or F10 again quits without it.";

/// What must be done before the practice is left in any way.
fn parting(model: &mut Model) -> Vec<Effect> {
    let mut effects: Vec<Effect> = super::clipboard::overwrite(model).into_iter().collect();
    // A risk form that was begun, and what a client answered alone, are kept before their screens go.
    super::crisis::bring_back(model);
    effects.extend(super::crisis::keep_all(model));
    let Some(desk) = model.desk_mut() else { return effects };
    desk.overlays.clear();
    while let Some(left) = desk.screens.pop() {
        effects.extend(close(desk, left));
    }
    effects.extend(super::handover::keep(model));
    effects
}

/// What a lock costs, in words for the lock screen that name nobody.
fn remains(desk: &Desk) -> lock_screen::Remains {
    let form = |overlay: &Overlay| match overlay {
        Overlay::Phrases(state) => state.is_typing(),
        overlay => matches!(
            overlay,
            Overlay::Attach(_)
                | Overlay::ClientForm(_)
                | Overlay::Confirm(_)
                | Overlay::ConsentForm(_)
                | Overlay::ContactLog(_)
                | Overlay::Diagnosis(_)
                | Overlay::GroupForm(_)
                | Overlay::Labels(_)
                | Overlay::Prompt(_)
                | Overlay::SafetyForm(_)
                | Overlay::SendReport(_)
        ),
    };
    let aside = desk.screens.iter().filter_map(|screen| match screen {
        Screen::Crisis(state) => Some(&state.aside),
        _ => None,
    });
    let overlays: Vec<&Overlay> = desk.overlays.iter().chain(aside.flatten()).collect();
    let risk = |overlay: &Overlay| matches!(overlay, Overlay::RiskForm(form) if form.is_begun());
    let has = |of: &dyn Fn(&Screen) -> bool| desk.screens.iter().any(of);
    let kept = |screen: &Screen| match screen {
        Screen::Measures(state) => state.kept().is_some(),
        _ => false,
    };
    let score = |screen: &Screen| match screen {
        Screen::Measures(state) => state.unfinished().is_some(),
        _ => false,
    };
    lock_screen::Remains {
        form: desk.kept.is_some()
            || overlays.iter().any(|overlay| form(overlay))
            || has(&|screen| matches!(screen, Screen::Booking(_))),
        measure: has(&kept)
            || desk.handed.is_some()
            || overlays.iter().any(|overlay| risk(overlay)),
        score: has(&score),
    }
}

/// Quits: at once, if nothing is lost by it; what was answered is kept first, and a form that is not
/// saved is said. What is refused meanwhile comes back, and the window stays.
pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    let now = model.now.time;
    // What waits for a passphrase is not on its way: it goes back to where it came from, and the window
    // stays.
    if let Some(effects) = super::signing::left(model) {
        return effects;
    }
    let Some(desk) = model.desk_mut() else { return leave_for_good(model) };
    let asked = match desk.quits {
        Quits::Waits => return leave_for_good(model),
        Quits::Asked(at) => now.millis_since(at) < ASKED_MILLIS,
        Quits::No => false,
    };
    let remains = remains(desk);
    if (remains.form || remains.score) && !asked {
        desk.quits = Quits::Asked(now);
        say(model, UNSAVED);
        return Vec::new();
    }
    let mut effects = keep_measures(desk);
    effects.extend(super::crisis::keep_all(model));
    let Some(desk) = model.desk_mut() else { return effects };
    if desk.history.waiting.is_empty() {
        return leave_for_good(model);
    }
    desk.quits = Quits::Waits;
    effects
}

/// Goes on with quitting once what was on its way has come to an end.
pub(super) fn go_on(model: &mut Model, refused: bool) -> Vec<Effect> {
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    if refused {
        desk.quits = Quits::No;
    }
    if desk.quits != Quits::Waits || !desk.history.waiting.is_empty() {
        return Vec::new();
    }
    let remains = remains(desk);
    if remains.form || remains.score {
        // Something was begun since: it is asked for again.
        desk.quits = Quits::No;
        say(model, UNSAVED);
        return Vec::new();
    }
    leave_for_good(model)
}

fn leave_for_good(model: &mut Model) -> Vec<Effect> {
    super::crisis::bring_back(model);
    let mut effects = super::signing::left(model).unwrap_or_default();
    effects.extend(parting(model));
    effects.push(Effect::Quit);
    effects
}

/// Hands over what was answered to forms; one that is refused comes back as it was.
fn keep_measures(desk: &mut Desk) -> Vec<Effect> {
    let mut effects = Vec::new();
    for screen in &mut desk.screens {
        let Screen::Measures(state) = screen else { continue };
        let Some(edit) = state.kept() else { continue };
        let Some(begun) = state.hand_over() else { continue };
        desk.history.last_ticket += 1;
        let ticket = desk.history.last_ticket;
        let says = "kept what was answered".to_owned();
        desk.history.waiting.insert(ticket, Waiting::fresh(says));
        desk.history.forms.insert(ticket, Form::Measure(Box::new(begun)));
        effects.push(Effect::Edit { ticket, edit });
    }
    effects
}

/// Locks: everything of the practice leaves the model at once.
pub(super) fn lock(model: &mut Model, cause: &'static str) -> Vec<Effect> {
    // What waits for a passphrase is not signed: it goes back to where it came from.
    super::crisis::bring_back(model);
    let mut effects = super::signing::left(model).unwrap_or_default();
    let Some(remains) = model.desk().map(remains) else { return effects };
    effects.extend(keep_scores(model));
    effects.extend(parting(model));
    let locked = Some(lock_screen::Locked { at: model.now.local, cause, remains });
    model.stage = Stage::Locked(lock_screen::State::after(locked));
    model.veil = true;
    effects.extend([Effect::Lock, Effect::Redraw]);
    effects
}

/// A score of which not everything was typed becomes a draft: nothing of it may stay in memory.
fn keep_scores(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let scores = desk.screens.iter().filter_map(|screen| match screen {
        Screen::Measures(state) => Some((state.client, state.unfinished()?)),
        _ => None,
    });
    let mut effects = Vec::new();
    for (client, inserted) in scores.collect::<Vec<_>>() {
        let note = ObjectId::random(&mut model.ids);
        let begin = Edit::BeginNote { note, client, session: None, format: NoteFormat::Free };
        let splices = vec![Splice { part: Part::Text, position: 0, deleted: 0, inserted }];
        let write = Edit::ChangeDraft { note, client, splices };
        for edit in [begin, write] {
            effects.extend(verbs::edit(model, edit, "kept a score".to_owned(), Way::Fresh));
        }
    }
    effects
}

/// Takes an answer that comes once it is locked: what was refused is told there, and after it.
pub(super) fn refused_at_lock(model: &mut Model, notice: &Notice) {
    if let Stage::Locked(state) = &mut model.stage {
        let happened = format!("What was being saved at the lock was not: {}", notice.happened);
        state.refused = Some(Notice::new(happened, notice.safe.clone(), AGAIN));
    }
}

const AGAIN: &str = "Unlock, look whether it is there, and enter it once more.";

/// What is told once it is unlocked.
pub(super) fn told_after(stage: &mut Stage) -> Option<Notice> {
    match stage {
        Stage::Locked(state) => state.refused.take(),
        Stage::Open(_) | Stage::Setup(_) | Stage::Starting => None,
    }
}
