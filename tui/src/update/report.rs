//! What is done with a progress report.

use super::{lay, say, show};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::Model;
use crate::screen::{CARE, Overlay, Screen, report, send_report};
use tacenda_shared::id::ClientId;

/// Months by which the beginning of the period moves.
const MONTHS: i32 = 1;

/// Does with a report, or for one, what a verb says; `None` if it is about something else.
pub(super) fn run(model: &mut Model, verb: Verb, client: Option<ClientId>) -> Option<Vec<Effect>> {
    let today = model.now.local.date();
    if verb == Verb::ShowReport {
        let state = report::State::new(client?, today);
        return Some(show(model, Screen::Report(Box::new(state))));
    }
    let Some(Screen::Report(state)) = model.desk_mut()?.screens.last_mut() else { return None };
    match verb {
        Verb::Earlier | Verb::Later => {
            let closed = state.subject();
            state.shift(if verb == Verb::Earlier { MONTHS } else { -MONTHS });
            let opened = state.subject();
            if closed == opened {
                return Some(Vec::new());
            }
            Some(vec![Effect::Close(closed), Effect::Open(opened, CARE)])
        }
        Verb::SaveReport if state.chosen.count() == 0 => {
            say(model, "Nothing is chosen yet: Space chooses what is in focus.");
            Some(Vec::new())
        }
        Verb::SaveReport => {
            let asks = send_report::State::new(state.client, state.period, state.chosen.clone());
            lay(model, Overlay::SendReport(Box::new(asks)));
            Some(Vec::new())
        }
        _ => None,
    }
}
