//! Two entries that are one person: who is asked, and whose plan or identity is meant.

use super::verbs::{code, edit};
use super::{attachments, consents, journal, lay, plan, show};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Desk, Model, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::parts::who;
use crate::screen::{Overlay, Screen, identity, same};
use std::sync::Arc;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::view::{ClientRow, TimelineEntry};

/// Asks who is the same person as a client; where somebody is already, also whether that is so.
pub(super) fn merge(model: &mut Model, client: Option<ClientId>) -> Vec<Effect> {
    let row = client.and_then(|client| model.desk()?.index.client(client).cloned());
    let Some(row) = row else { return Vec::new() };
    if model.desk().is_some_and(|desk| desk.index.groups.contains_key(&row.id)) {
        super::say(model, "A couple, a family or a group is nobody's duplicate.");
        return Vec::new();
    }
    let mut answers = Vec::new();
    for twin in &row.same {
        answers.push((
            format!("Part {}: it is somebody else", who::code(twin)),
            Answer::Part(twin.id),
        ));
    }
    // Whoever names it may be out of sight, and is erased only once they are parted.
    let hidden = model.desk().map(|desk| desk.index.hidden_with(row.id)).unwrap_or_default();
    for twin in hidden {
        let words = format!("Part {}, out of sight: it is somebody else", hidden_code(model, twin));
        answers.push((words, Answer::Part(twin)));
    }
    // Whom it names may be out of sight: it stands for itself then, and says so still.
    let named = row
        .same_as
        .filter(|kept| model.desk().is_some_and(|desk| desk.index.kept(*kept) != row.id));
    if let Some(kept) = named {
        let words = format!("Part it from {}", code(model, kept));
        answers.push((words, Answer::Part(row.id)));
    }
    let with_others = !answers.is_empty();
    // Of two who are both out of sight nothing is listed, and neither is erased before they are parted.
    let apart = model.desk().map(|desk| desk.index.hidden_together()).unwrap_or_default();
    if answers.is_empty() && apart.is_empty() {
        lay(model, Overlay::Same(same::State::new(row.id)));
        return Vec::new();
    }
    let words = match with_others {
        true => "It is the same person as somebody else, too",
        false => "It is the same person as somebody else",
    };
    answers.push((words.to_owned(), Answer::Merge(row.id)));
    for (twin, kept) in apart {
        let (twin_code, kept) = (hidden_code(model, twin), hidden_code(model, kept));
        let words = format!("Part {twin_code} from {kept}, both out of sight");
        answers.push((words, Answer::Part(twin)));
    }
    let (title, words) = match with_others {
        true => (format!("{} is one person with", who::code(&row)), codes(&row)),
        false => (format!("{}: one person?", who::code(&row)), String::new()),
    };
    lay(model, Overlay::Choice(choice::State::new(title, words, answers)));
    Vec::new()
}

/// The code of somebody out of sight, as far as it can still be read.
fn hidden_code(model: &Model, client: ClientId) -> String {
    let row = model.desk().and_then(|desk| desk.index.erasures.get(&client.into()));
    match row.map(|row| row.code.as_str()) {
        None | Some("") => "somebody".to_owned(),
        Some(code) => code.to_owned(),
    }
}

fn codes(row: &ClientRow) -> String {
    let codes: Vec<_> = row.same.iter().map(|twin| who::code(twin)).collect();
    if codes.is_empty() { "somebody who is out of sight".to_owned() } else { codes.join(", ") }
}

/// Parts a client from the one under whom it stands.
pub(super) fn part(model: &mut Model, client: ClientId) -> Vec<Effect> {
    let own = model.desk().and_then(|desk| desk.index.own_row(client).cloned());
    let whose = own.map(|row| who::code(&row).to_owned());
    let whose = whose.unwrap_or_else(|| hidden_code(model, client));
    let says = format!("{whose} is somebody else");
    edit(model, Edit::SameAs { client, kept: None }, says, Way::Fresh)
}

/// Shows the plan, the identity, the consents or the journal of a client; of several entries that are one person, asks whose.
pub(super) fn show_of(model: &mut Model, verb: Verb, client: Option<ClientId>) -> Vec<Effect> {
    let Some(client) = client else { return Vec::new() };
    let Some(desk) = model.desk() else { return Vec::new() };
    let row = desk.index.clients.get(&client).map(Arc::clone);
    let all = row.iter().flat_map(|row| std::iter::once(row).chain(&row.same));
    let written = desk.index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let has = |row: &&Arc<ClientRow>| match verb {
        Verb::ShowAttachments => desk.index.attachments.contains_key(&row.id),
        Verb::ShowConsents => desk.index.consents.contains_key(&row.id),
        Verb::ShowJournal => written.clone().any(|line| {
            line.client == row.id && matches!(line.entry, TimelineEntry::Journal { .. })
        }),
        Verb::ShowPlan => desk.index.plans.contains_key(&row.id),
        _ => true,
    };
    let whose: Vec<_> = all.filter(has).map(|row| (who::code(row).to_owned(), row.id)).collect();
    match whose.as_slice() {
        [] => show_one(model, verb, client),
        [(_, one)] => show_one(model, verb, *one),
        several => {
            let answer = |(code, one): &(String, ClientId)| match verb {
                Verb::ShowPlan => {
                    (format!("The plan written under {code}"), Answer::ShowPlan(*one))
                }
                Verb::ShowAttachments => {
                    (format!("The attachments under {code}"), Answer::ShowAttachments(*one))
                }
                Verb::ShowConsents => {
                    (format!("What stands under {code}"), Answer::ShowConsents(*one))
                }
                Verb::ShowJournal => {
                    (format!("The journal under {code}"), Answer::ShowJournal(*one))
                }
                _ => (format!("What stands under {code}"), Answer::ShowIdentity(*one)),
            };
            let answers = several.iter().map(answer).collect();
            let title = "One person, several entries: which?".to_owned();
            lay(model, Overlay::Choice(choice::State::new(title, String::new(), answers)));
            Vec::new()
        }
    }
}

/// Shows the plan or the identity of this entry.
pub(super) fn show_one(model: &mut Model, verb: Verb, client: ClientId) -> Vec<Effect> {
    match verb {
        Verb::ShowPlan => plan::show_plan(model, Some(client)),
        Verb::ShowAttachments => attachments::show_attachments(model, client),
        Verb::ShowConsents => consents::open(model, client, None),
        Verb::ShowJournal => journal::show_journal(model, Some(client)),
        _ => show(model, Screen::Identity(identity::State::new(client))),
    }
}

/// A chart that is open shows, from now on, the one under whom its client stands.
pub(super) fn follow(desk: &mut Desk) -> Vec<Effect> {
    let mut effects = Vec::new();
    for screen in &mut desk.screens {
        let before = screen.subject();
        if let Screen::Chart(chart) = screen
            && desk.index.kept(chart.client) != chart.client
        {
            *chart = crate::screen::chart::State::new(desk.index.kept(chart.client));
            effects.extend(before.map(Effect::Close));
            let subject = screen.subject();
            effects.extend(subject.map(|subject| Effect::Open(subject, crate::screen::CARE)));
        }
    }
    effects
}
