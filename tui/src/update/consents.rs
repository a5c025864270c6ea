//! What is done with consents.

use super::verbs::{code, edit};
use super::{lay, same, say, show};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::parts::who;
use crate::screen::prompt::{self, Question};
use crate::screen::{Focused, Overlay, Screen, consent_form, consents};
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::consent::{ConsentEnd, ConsentRow};
use tacenda_shared::practice::edit::Edit;

/// Shows what a client has consented to; of a couple or a family it asks who.
pub(super) fn show_consents(
    model: &mut Model,
    (focused, client): (Focused, Option<ClientId>),
) -> Vec<Effect> {
    let Some(client) = client else { return Vec::new() };
    if let Focused::Consent(client, record) = focused {
        return open(model, client, Some(record));
    }
    let Some(desk) = model.desk() else { return Vec::new() };
    let several = match focused {
        Focused::Appointment(id) | Focused::Conflict(id) => {
            desk.index.appointments.get(&id).map(|row| row.clients.clone()).unwrap_or_default()
        }
        _ => match desk.index.groups.get(&client) {
            Some(group) => group.present().collect(),
            None => Vec::new(),
        },
    };
    match several.as_slice() {
        [] => return same::show_of(model, Verb::ShowConsents, Some(client)),
        [only] => {
            let only = *only;
            return same::show_of(model, Verb::ShowConsents, Some(only));
        }
        [..] => {}
    }
    let answer =
        |client: &ClientId| (who::client(&desk.index, *client, true), Answer::ConsentsOf(*client));
    let answers = several.iter().map(answer).collect();
    let words = "Each consents alone.".to_owned();
    lay(model, Overlay::Choice(choice::State::new("Whose consents?".to_owned(), words, answers)));
    Vec::new()
}

pub(super) fn open(model: &mut Model, client: ClientId, record: Option<RecordId>) -> Vec<Effect> {
    let client = record.map_or(client, |record| entry(model, client, record).0);
    show(model, Screen::Consents(consents::State::new(client, record)))
}

/// Does with consents what a verb says; `None` if that verb has no meaning here.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Option<Vec<Effect>> {
    let on_screen = matches!(model.desk()?.screens.last(), Some(Screen::Consents(_)));
    match (verb, focused) {
        (Verb::New, _) if on_screen => begin(model, false),
        (Verb::Renew, _) if on_screen => begin(model, true),
        (Verb::Strike, Focused::Consent(client, record)) => {
            return Some(strike(model, client, record));
        }
        (Verb::Cancel, Focused::Consent(client, record)) => ask_to_revoke(model, client, record),
        _ => return None,
    }
    Some(Vec::new())
}

fn begin(model: &mut Model, renews: bool) {
    let Some(desk) = model.desk() else { return };
    let Some(Screen::Consents(state)) = desk.screens.last() else { return };
    let scene = model.scene(desk);
    let form = match state.consent().filter(|_| renews) {
        Some(earlier) if earlier.struck => {
            return say(model, "It was struck as a mistake: n writes down another.");
        }
        Some(earlier) if matches!(earlier.row.end, Some(ConsentEnd::Renewed(_))) => {
            return say(model, "It was renewed already: go to the newer one.");
        }
        Some(earlier) => consent_form::State::renewing(state.client, earlier, &scene),
        None => consent_form::State::new(state.client, &scene),
    };
    lay(model, Overlay::ConsentForm(Box::new(form)));
}

/// Prepares what the client is asked to agree to, on a device that is handed over then.
pub(super) fn hand_over(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let Some(Screen::Consents(state)) = desk.screens.last() else { return };
    let form = consent_form::State::new(state.client, &model.scene(desk)).handing_over();
    lay(model, Overlay::ConsentForm(Box::new(form)));
}

/// Returns under which of the entries that are one person a consent stands, and its row; without that
/// it was struck, and stands where it is seen.
fn entry(model: &Model, client: ClientId, record: RecordId) -> (ClientId, Option<ConsentRow>) {
    let Some(desk) = model.desk() else { return (client, None) };
    let same = desk.index.client(client);
    let same = same.into_iter().flat_map(|row| std::iter::once(row).chain(&row.same));
    let mut all = std::iter::once(client).chain(same.map(|row| row.id));
    let found = all.find_map(|one| {
        let rows = desk.index.consents.get(&one)?;
        Some((one, rows.iter().find(|row| row.record == record).copied()?))
    });
    found.map_or((client, None), |(one, row)| (one, Some(row)))
}

/// What does not stand in the index was struck.
fn strike(model: &mut Model, client: ClientId, record: RecordId) -> Vec<Effect> {
    let (client, row) = entry(model, client, record);
    let struck = row.is_some();
    let verb = if struck { "struck" } else { "brought back" };
    let says = format!("{verb} a consent of {}", code(model, client));
    edit(model, Edit::StrikeConsent { client, record, struck }, says, Way::Fresh)
}

fn ask_to_revoke(model: &mut Model, client: ClientId, record: RecordId) {
    let (client, row) = entry(model, client, record);
    match row.map(|row| row.end) {
        None => say(model, "It was struck as a mistake: X brings it back."),
        Some(Some(ConsentEnd::Refused)) => {
            say(model, "It was refused, and never given. X strikes what is a mistake.");
        }
        Some(Some(ConsentEnd::Revoked(_))) => {
            let answers =
                vec![("It was not taken back".to_owned(), Answer::Unrevoke(client, record))];
            let words = "It was revoked. If the client gives it anew, renew it (r).".to_owned();
            let title = "Revoked by mistake?".to_owned();
            lay(model, Overlay::Choice(choice::State::new(title, words, answers)));
        }
        Some(_) => {
            let question = Question::Revoke(client, record);
            lay(model, Overlay::Prompt(prompt::State::new(question)));
        }
    }
}

/// Says that a consent was not taken back after all.
pub(super) fn unrevoke(model: &mut Model, client: ClientId, record: RecordId) -> Vec<Effect> {
    let says = format!("consent of {}: not revoked", code(model, client));
    edit(model, Edit::RevokeConsent { client, record, revoked: None }, says, Way::Fresh)
}
