//! The practice as the front desk sees it, to look at: what somebody can read who holds keys to
//! calendars and contacts only. It changes nothing and opens nothing.

use super::{crisis, psychotherapy, replace, say, signing};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Desk, Model};
use crate::screen::parts::digest::Digest;
use crate::screen::{Screen, today};
use std::sync::Arc;
use tacenda_shared::practice::reach::Reach;
use tacenda_shared::practice::view::Index;

/// What stands on the screen meanwhile.
pub(crate) const WORDS: &str = "as the front desk sees it";
const LOOKING: &str = "You only look as the front desk does: Esc goes back.";
const NO_KEY: &str = "This device has no key to charts. Nothing has changed; ask the clinician.";
const NO_KEY_THERE: &str = "A front desk has no key to charts.";

/// Begins to look, or goes back.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    let (now, member) = (model.now.clone(), model.sync.member());
    // What waits or was begun is kept as it is at a lock.
    let mut effects = signing::left(model).unwrap_or_default();
    crisis::bring_back(model);
    effects.extend(crisis::keep_all(model));
    effects.extend(psychotherapy::close_all(model, ""));
    let Some(desk) = model.desk_mut() else { return effects };
    desk.overlays.clear();
    let index = match desk.whole.take() {
        Some(whole) => whole,
        None => {
            let seen = Arc::new(desk.index.seen_with(Reach::FrontDesk));
            desk.whole = Some(std::mem::replace(&mut desk.index, Arc::clone(&seen)));
            seen
        }
    };
    desk.digest = Digest::of(&index, now.time, member);
    desk.index = index;
    effects.extend(replace(model, Screen::Today(today::State::new(now.local.date()))));
    effects
}

/// Takes what the practice has become, whichever way it is looked at.
pub(super) fn changed(desk: &mut Desk, index: Arc<Index>) {
    if desk.whole.is_some() {
        desk.index = Arc::new(index.seen_with(Reach::FrontDesk));
        desk.whole = Some(index);
    } else {
        desk.index = index;
    }
}

/// Says why no chart opens, if none does.
pub(super) fn no_key(model: &Model) -> Option<&'static str> {
    let desk = model.desk()?;
    let words = if desk.whole.is_some() { NO_KEY_THERE } else { NO_KEY };
    (!desk.index.reach.charts()).then_some(words)
}

/// Refuses what is more than looking, and says so.
pub(super) fn refuses(model: &mut Model, verb: Verb) -> bool {
    let refused = is_looking(model) && !looks(verb);
    if refused {
        say(model, LOOKING);
    }
    refused
}

/// The same of an edit, wherever it comes from.
pub(super) fn refuses_edit(model: &mut Model) -> bool {
    let looking = is_looking(model);
    if looking {
        say(model, LOOKING);
    }
    looking
}

/// Whether somebody looks as the front desk does.
pub(super) fn is_looking(model: &Model) -> bool {
    model.desk().is_some_and(|desk| desk.whole.is_some())
}

/// Verbs that move about, and forms that are only read here.
const fn looks(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Actions
            | Verb::AsFrontDesk
            | Verb::Back
            | Verb::ClearField
            | Verb::Confirm
            | Verb::Down
            | Verb::Earlier
            | Verb::EditContact
            | Verb::Filter
            | Verb::First
            | Verb::GoClient
            | Verb::GoDate
            | Verb::GoToday
            | Verb::Help
            | Verb::HideEmptyDays
            | Verb::Last
            | Verb::Later
            | Verb::Left
            | Verb::Lock
            | Verb::LogContact
            | Verb::NextField
            | Verb::NextPane
            | Verb::Open
            | Verb::Out
            | Verb::PageDown
            | Verb::PageUp
            | Verb::Palette
            | Verb::PreviousField
            | Verb::PreviousPane
            | Verb::Quit
            | Verb::Redraw
            | Verb::Remind
            | Verb::Right
            | Verb::ShowClients
            | Verb::ShowCrisis
            | Verb::ShowFinish
            | Verb::ShowMonth
            | Verb::ShowToday
            | Verb::ShowWaiting
            | Verb::ShowWeek
            | Verb::Suspend
            | Verb::Up
            | Verb::Veil
    )
}
