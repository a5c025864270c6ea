//! What is done with files in charts.

use super::verbs::{code, edit};
use super::{lay, same, say, show};
use crate::keymap::Verb;
use crate::message::{Effect, LookedFile};
use crate::model::{Model, Way};
use crate::notice::Notice;
use crate::screen::{Focused, Overlay, Screen, attach, attachment, attachments, save_file};
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::edit::Edit;

/// Shows the files of a client.
pub(super) fn show_attachments(model: &mut Model, client: ClientId) -> Vec<Effect> {
    show(model, Screen::Attachments(attachments::State::new(client)))
}

/// Does with a file, or for one, what a verb says; `None` if it is about something else.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Option<Vec<Effect>> {
    match (verb, focused) {
        (Verb::Attach, _) => {
            let client = whose(model)?;
            if let Some(Screen::Attachments(state)) =
                model.desk_mut().and_then(|desk| desk.screens.last_mut())
            {
                state.attach();
            }
            lay(model, Overlay::Attach(Box::new(attach::State::new(client))));
            Some(Vec::new())
        }
        (Verb::ShowAttachments, _) => {
            let client = whose(model);
            Some(same::show_of(model, verb, client))
        }
        (Verb::Open, Focused::Attachment(client, record)) => {
            let opened = model.desk()?.screens.last()?;
            let state = attachment::State::new(client, record);
            Some(match opened {
                Screen::Attachment(_) => Vec::new(),
                _ => show(model, Screen::Attachment(Box::new(state))),
            })
        }
        (Verb::Cancel, Focused::Attachment(client, record)) => {
            Some(strike(model, (client, record)))
        }
        (Verb::SaveAttachment, Focused::Attachment(client, record)) => {
            let state = save_file::State::new(client, save_file::What::Attachment(record));
            lay(model, Overlay::SaveFile(Box::new(state)));
            Some(Vec::new())
        }
        _ => None,
    }
}

/// Whose chart the focus is about: in a list of files the one whose list it is.
fn whose(model: &Model) -> Option<ClientId> {
    let desk = model.desk()?;
    match desk.screens.last()? {
        Screen::Attachments(state) => Some(state.client),
        _ => model.situation(desk).client(),
    }
}

fn strike(model: &mut Model, (client, record): (ClientId, RecordId)) -> Vec<Effect> {
    let known = model.desk().and_then(|desk| match desk.screens.last()? {
        Screen::Attachments(state) => state.is_struck(record),
        Screen::Attachment(state) => state.is_struck(),
        // What stands in a timeline is not struck.
        _ => Some(false),
    });
    let Some(known) = known else {
        say(model, "It is not open yet.");
        return Vec::new();
    };
    let (struck, what) = (!known, if known { "brought back" } else { "struck" });
    let says = format!("{what} a file of {}", code(model, client));
    edit(model, Edit::StrikeAttachment { client, record, struck }, says, Way::Fresh)
}

/// Takes what a file is that somebody has named.
pub(super) fn looked(model: &mut Model, asked: &str, outcome: Result<LookedFile, Notice>) {
    let overlays = model.desk_mut().map(|desk| desk.overlays.as_mut_slice());
    let form = overlays.into_iter().flatten().find_map(|overlay| match overlay {
        Overlay::Attach(state) => Some(state),
        _ => None,
    });
    if let Some(state) = form {
        state.show(asked, outcome);
    }
}
