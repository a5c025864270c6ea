//! What is done with measures.

use super::verbs::{code, edit};
use super::{say, show};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Desk, Model, Way};
use crate::screen::{Focused, Screen, measures};
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::measure::{MeasureMark, Review};

/// Does with measures what a verb says; `None` if that verb has no meaning here.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Option<Vec<Effect>> {
    let on_screen = matches!(model.desk()?.screens.last(), Some(Screen::Measures(_)));
    match (verb, focused) {
        (Verb::New, _) if on_screen => {
            pick(model, None, false);
            Some(Vec::new())
        }
        (Verb::HandOver, _) if on_screen => {
            pick(model, None, true);
            Some(Vec::new())
        }
        (Verb::ShowMeasures | Verb::TakeMeasure | Verb::HandOver, _) => {
            let desk = model.desk()?;
            let client = model.situation(desk).client()?;
            let session = match focused {
                Focused::Appointment(id) => Some(id),
                _ => None,
            };
            let effects = show(model, Screen::Measures(measures::State::new(client, None)));
            if verb != Verb::ShowMeasures {
                pick(model, session, verb == Verb::HandOver);
            }
            Some(effects)
        }
        (Verb::Open, Focused::Measure(..)) if on_screen => {
            if let Some(Screen::Measures(state)) = model.desk_mut()?.screens.last_mut() {
                state.turn();
            }
            Some(Vec::new())
        }
        (Verb::Open, Focused::Measure(client, record)) => {
            let client = model.desk()?.index.kept(client);
            Some(show(model, Screen::Measures(measures::State::new(client, Some(record)))))
        }
        (Verb::Cancel, Focused::Measure(client, record)) => {
            let struck = !standing(model, record).is_some_and(|(struck, _)| struck);
            let verb = if struck { "struck" } else { "brought back" };
            Some(mark(model, (client, record), MeasureMark::Struck(struck), verb))
        }
        (Verb::MarkReviewed, Focused::Measure(client, record)) => {
            match standing(model, record).map(|(_, review)| review) {
                Some(Review::Due) => {
                    let reviewed = MeasureMark::Reviewed(true);
                    Some(mark(model, (client, record), reviewed, "reviewed the answers of"))
                }
                Some(Review::Done) => {
                    let reviewed = MeasureMark::Reviewed(false);
                    Some(mark(model, (client, record), reviewed, "not yet reviewed:"))
                }
                _ => {
                    say(model, "No answer of it has to be reviewed.");
                    Some(Vec::new())
                }
            }
        }
        _ => None,
    }
}

/// Keeps what was answered to a form that is left in another way than by its own keys, as notes are
/// kept: unfinished, with no total unless everything was answered.
pub(super) fn keep(desk: &mut Desk, state: &measures::State) -> Option<Effect> {
    let edit = state.kept()?;
    desk.history.last_ticket += 1;
    let ticket = desk.history.last_ticket;
    let says = "kept what was answered".to_owned();
    desk.history.waiting.insert(ticket, crate::model::Waiting::fresh(says));
    Some(Effect::Edit { ticket, edit })
}

/// Brings a form back whose answers were refused, where it was or on a screen of its own.
pub(super) fn bring_back(desk: &mut Desk, begun: measures::Begun) -> Option<Effect> {
    let place = desk.screens.iter_mut().rev().find_map(|screen| match screen {
        Screen::Measures(state) if state.takes_back(&begun) => Some(state),
        _ => None,
    });
    if let Some(state) = place {
        state.take_back(begun);
        return None;
    }
    let mut state = measures::State::new(begun.client, None);
    state.take_back(begun);
    let screen = Screen::Measures(state);
    let subject = screen.subject();
    desk.screens.push(screen);
    subject.map(|subject| Effect::Open(subject, crate::screen::CARE))
}

fn pick(model: &mut Model, session: Option<tacenda_shared::id::AppointmentId>, hands_over: bool) {
    let screen = model.desk_mut().and_then(|desk| desk.screens.last_mut());
    if let Some(Screen::Measures(state)) = screen
        && !state.pick(session, hands_over)
    {
        say(model, "Finish what is being answered first: Esc leaves it.");
    }
}

/// Whether a measure on the screen is struck, and whether its answers were looked at.
fn standing(model: &Model, record: RecordId) -> Option<(bool, Review)> {
    let Some(Screen::Measures(state)) = model.desk()?.screens.last() else { return None };
    let one = state.measure().filter(|one| one.record == record)?;
    Some((one.struck, one.taken.review))
}

fn mark(
    model: &mut Model,
    (client, record): (ClientId, RecordId),
    mark: MeasureMark,
    verb: &str,
) -> Vec<Effect> {
    let says = format!("{verb} a measure of {}", code(model, client));
    edit(model, Edit::MarkMeasure { client, record, mark }, says, Way::Fresh)
}
