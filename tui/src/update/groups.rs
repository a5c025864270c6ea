//! Couples, families and groups: who comes together, and about whom a note of such a session is.

use super::{front_desk, lay, notes, say, show};
use crate::message::Effect;
use crate::model::Model;
use crate::screen::choice::{self, Answer};
use crate::screen::parts::who;
use crate::screen::{Focused, Overlay, Screen, chart, group_form};
use tacenda_shared::id::{AppointmentId, ClientId};
use tacenda_shared::practice::group::GroupKind;
use tacenda_shared::practice::view::{DraftRow, Index, TimelineEntry};

/// Lists who belongs to a group, or with whom a client comes, and what can be done about it.
pub(super) fn relations(model: &mut Model, client: Option<ClientId>) {
    if let Some(words) = front_desk::no_key(model) {
        // What a group shares is a chart: nothing of it is asked that could not be kept.
        return say(model, words);
    }
    let (Some(desk), Some(client)) = (model.desk(), client) else { return };
    let index = &desk.index;
    let code = who::client(index, client, true);
    let asked = match index.groups.get(&client) {
        Some(group) => {
            let change = "Change who belongs to it, its name or its code".to_owned();
            let mut answers = vec![(change, Answer::ChangeGroup(client))];
            answers.extend(group.members.iter().map(|(member, belongs)| {
                let left = if *belongs { "" } else { "   has left" };
                let name = who::client(index, *member, true);
                (format!("{name}{left}"), Answer::ShowChart(*member))
            }));
            let words = "Each has a chart of their own, beside what they share.".to_owned();
            choice::State::new(format!("{code}   {}", group.kind.word()), words, answers)
        }
        None => {
            let theirs = index
                .groups
                .values()
                .filter(|group| group.members.keys().any(|member| index.kept(*member) == client));
            let mut answers: Vec<_> = theirs
                .map(|group| {
                    let name = who::client(index, group.subject, true);
                    let belongs =
                        group.members.iter().any(|(one, now)| *now && index.kept(*one) == client);
                    let left = match (group.ended, belongs) {
                        (true, _) => "   archived",
                        (false, false) => "   has left",
                        (false, true) => "",
                    };
                    let words = format!("{name}   {}{left}", group.kind.word());
                    (words, Answer::ShowChart(group.subject))
                })
                .collect();
            answers.extend(GroupKind::ALL.map(|kind| {
                (format!("Begin a {} with {code}", kind.word()), Answer::BeginGroup(kind, client))
            }));
            let words =
                "What is written about them together lies apart from each one's chart, and \
                         names nobody there."
                    .to_owned();
            choice::State::new(format!("With whom {code} comes"), words, answers)
        }
    };
    lay(model, Overlay::Choice(asked));
}

/// Does what an answer about groups says.
pub(super) fn answer(model: &mut Model, answer: &Answer) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let scene = model.scene(desk);
    let form = match answer {
        Answer::BeginGroup(kind, client) => {
            Some(group_form::State::new(*kind, Some(*client), &scene))
        }
        Answer::ChangeGroup(subject) => {
            let row = desk.index.groups.get(subject);
            row.map(|row| group_form::State::edit(row, &scene))
        }
        Answer::ShowChart(client) => {
            return show(model, Screen::Chart(chart::State::new(*client)));
        }
        Answer::WriteAbout(client, session) => {
            return notes::write_about(model, *client, Some(*session));
        }
        _ => None,
    };
    if let Some(form) = form {
        lay(model, Overlay::GroupForm(Box::new(form)));
    }
    Vec::new()
}

/// Asks about whom a note of a session with several is; `None` where only one comes.
pub(super) fn about_whom(model: &mut Model, focused: Focused) -> Option<Vec<Effect>> {
    let Focused::Appointment(id) = focused else { return None };
    let desk = model.desk()?;
    let index = &desk.index;
    let row = index.appointments.get(&id)?;
    let group = index.group_of(row);
    if row.clients.len() < 2 && group.is_none() {
        return None;
    }
    let named = |client: ClientId, words: &str| {
        let name = who::client(index, client, true);
        (format!("{name}{words}{}", state_of(index, client, id)), Answer::WriteAbout(client, id))
    };
    let mut answers: Vec<_> =
        group.map(|group| named(group, ": what they share")).into_iter().collect();
    answers.extend(row.clients.iter().map(|client| named(*client, ", in the own chart")));
    let words = match group {
        Some(_) => "What is shared lies with them; what concerns one of them alone lies in that \
                    one's chart."
            .to_owned(),
        None => {
            "Each has a chart of their own. For one note about all: `g r` on a client makes them \
                 a couple, a family or a group."
                .to_owned()
        }
    };
    lay(
        model,
        Overlay::Choice(choice::State::new("A note about whom?".to_owned(), words, answers)),
    );
    Some(Vec::new())
}

/// How far the note in one chart about a session is.
fn state_of(index: &Index, client: ClientId, session: AppointmentId) -> &'static str {
    let about = |entry: &TimelineEntry| matches!(entry, TimelineEntry::Note { session: Some(of), .. } if *of == session);
    let signed = index.timelines.get(&client);
    if signed.is_some_and(|rows| rows.iter().any(|row| about(&row.entry))) {
        return "   signed";
    }
    let begun = |row: &DraftRow| {
        index.kept(row.client) == client
            && row.session == Some(session)
            && row.addendum_to.is_none()
            && row.corrects.is_none()
    };
    if index.drafts.iter().any(begun) { "   draft" } else { "" }
}
