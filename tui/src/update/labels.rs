//! The labels of the note or file in front, or of what is in focus in a chart, a plan or a list.

use super::lay;
use super::verbs::{code, edit};
use crate::message::Effect;
use crate::model::{Desk, Model, Way};
use crate::screen::{Focused, Overlay, Screen, labels};
use std::collections::BTreeSet;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{Edit, Label, Labelled};

/// Shows the labels of what is in front, to be set.
pub(super) fn show(model: &mut Model) -> Vec<Effect> {
    let front = model.desk().and_then(|desk| desk.screens.last()).and_then(in_front);
    match front {
        Some((client, of, labels)) => {
            let state = labels::State::new(client, of, labels);
            lay(model, Overlay::Labels(state));
        }
        None => {
            let words = why_none(model);
            super::say(model, words);
        }
    }
    Vec::new()
}

/// Why what is in front has no labels to set here, and what to press to come to some.
fn why_none(model: &Model) -> &'static str {
    const ELSEWHERE: &str = "Labels: j or k goes to an entry or a line that has some.";
    let Some(desk) = model.desk() else { return ELSEWHERE };
    match model.situation(desk).focused {
        Focused::Record(..) | Focused::Entry(..) => {
            "Labels: Enter opens it, then L sets its labels."
        }
        Focused::Draft(..) => "Labels: Enter opens the draft, then Ctrl+K labels sets them.",
        Focused::Appointment(_) => "Labels: a session has none; j or k goes to an entry that has.",
        Focused::Task(..) => "Labels: a task has none; j or k goes to an entry that has.",
        _ => ELSEWHERE,
    }
}

/// Leaves the list of labels, if it is in front, with one edit of what was changed in it.
pub(super) fn left(model: &mut Model) -> Option<Vec<Effect>> {
    let desk = model.desk_mut()?;
    let Some(Overlay::Labels(_)) = desk.overlays.first() else { return None };
    let Overlay::Labels(state) = desk.overlays.remove(0) else { return None };
    let labels = standing(desk, &state).and_then(|labels| state.outcome(labels));
    let Some(labels) = labels else { return Some(Vec::new()) };
    let (client, of) = (state.client, state.of);
    // Which labels is said in the entry alone.
    let says = format!("set the labels of an entry of {}", code(model, client));
    Some(edit(model, Edit::Label { client, of, labels }, says, Way::Fresh))
}

/// The labels as they are by now.
fn standing<'a>(desk: &'a Desk, state: &labels::State) -> Option<&'a BTreeSet<Label>> {
    let mut notes = desk.screens.iter().rev().filter_map(in_front);
    notes.find(|(_, of, _)| *of == state.of).map(|(_, _, labels)| labels)
}

/// What a screen shows or has in focus, if that has labels, and which.
fn in_front(screen: &Screen) -> Option<(ClientId, Labelled, &BTreeSet<Label>)> {
    match screen {
        Screen::Note(note) if !note.is_journal() && !note.is_apart() => {
            let state = note.state.as_ref()?;
            Some((note.client, Labelled::Draft(note.note), state.labels()))
        }
        Screen::Chart(chart) => {
            let (client, record, labels) = chart.labelled()?;
            Some((client, Labelled::Record(record), labels))
        }
        Screen::Attachment(file) => {
            let labels = file.labels()?;
            Some((file.client, Labelled::Record(file.record), labels))
        }
        Screen::Attachments(files) => {
            let (record, labels) = files.labelled()?;
            Some((files.client, Labelled::Record(record), labels))
        }
        Screen::Plan(plan) => {
            let (item, labels) = plan.labelled()?;
            Some((plan.client, Labelled::PlanLine(item), labels))
        }
        Screen::Crisis(crisis) => {
            let (client, record, labels) = crisis.labelled()?;
            Some((client, Labelled::Record(record), labels))
        }
        Screen::Consents(consents) => {
            let one = consents.consent()?;
            Some((consents.client, Labelled::Record(one.row.record), &one.labels))
        }
        Screen::Read(note) if !note.is_apart() => {
            let labels = note.state.as_ref()?.labels()?;
            Some((note.client, Labelled::Record(note.record), labels))
        }
        _ => None,
    }
}
