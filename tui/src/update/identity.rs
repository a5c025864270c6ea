//! What is done with who a client is in law.

use super::lay;
use super::verbs::{code, edit};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::prompt::{self, Question};
use crate::screen::{Overlay, Screen};
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::identity::IdentityField;

/// Changes a field of who a client is in law, or takes it out.
pub(super) fn run(
    model: &mut Model,
    verb: Verb,
    (client, field): (ClientId, IdentityField),
) -> Option<Vec<Effect>> {
    let known = match model.desk()?.screens.last()? {
        Screen::Identity(state) => state.value(field).unwrap_or_default().to_owned(),
        _ => return None,
    };
    match verb {
        Verb::Open => {
            let state = prompt::State::answered(Question::Identity(client, field), known);
            lay(model, Overlay::Prompt(state));
            Some(Vec::new())
        }
        Verb::Cancel => {
            let says = format!("identity of {}: took out {}", code(model, client), field.title());
            let act = Edit::ChangeIdentity { client, field, value: String::new() };
            Some(edit(model, act, says, Way::Fresh))
        }
        _ => None,
    }
}
