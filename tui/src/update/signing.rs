//! Signatures that somebody gives at the keyboard: some time after the passphrase was typed last it is
//! asked for once more (decision 38). What is kept as something is left does not come here.

use super::{device, lay, notes, say};
use crate::message::Effect;
use crate::model::{Model, Quits};
use crate::notice::Notice;
use crate::screen::Overlay;
use crate::screen::confirm::{self, Held};
use tacenda_shared::practice::edit::Edit;

/// Hands an edit over, or asks for the passphrase first.
pub(super) fn hand_over(model: &mut Model, ticket: u64, edit: Edit) -> Vec<Effect> {
    if !edit.signs() || !model.sign_after.is_due(model.confirmed, model.now.time) {
        return vec![Effect::Edit { ticket, edit }];
    }
    lay(model, Overlay::Confirm(Box::new(confirm::State::new(Held::Sign { ticket, edit }))));
    Vec::new()
}

/// Takes out what waits for the passphrase, if it fits.
pub(super) fn taken(model: &mut Model, fits: impl Fn(&confirm::State) -> bool) -> Option<Held> {
    let overlays = &mut model.desk_mut()?.overlays;
    let fits = |overlay: &Overlay| matches!(overlay, Overlay::Confirm(state) if fits(state));
    let at = overlays.iter().position(fits)?;
    match overlays.remove(at) {
        Overlay::Confirm(state) => Some(state.into_held()),
        _ => None,
    }
}

/// The passphrase was right, or was not.
pub(super) fn confirmed(model: &mut Model, outcome: Result<(), Notice>) -> Vec<Effect> {
    match outcome {
        Ok(()) => {
            model.confirmed = model.now.time;
            match taken(model, |state| state.signs() && state.is_checking()) {
                Some(Held::Sign { ticket, edit }) => vec![Effect::Edit { ticket, edit }],
                _ => Vec::new(),
            }
        }
        Err(notice) => {
            refused(model, &notice);
            Vec::new()
        }
    }
}

/// It was not the passphrase.
pub(super) fn refused(model: &mut Model, notice: &Notice) {
    let overlays = model.desk_mut().map(|desk| desk.overlays.as_mut_slice());
    for overlay in overlays.into_iter().flatten() {
        if let Overlay::Confirm(state) = overlay {
            state.refuse(notice.clone());
        }
    }
}

/// Goes back to what was to be signed, as it was; `None` if nobody was asked for a passphrase.
pub(super) fn left(model: &mut Model) -> Option<Vec<Effect>> {
    let Held::Sign { ticket, .. } = taken(model, |_| true)? else { return Some(Vec::new()) };
    let desk = model.desk_mut()?;
    desk.quits = Quits::No;
    // Who answers again is asked again.
    desk.then.take_if(|(raised_by, _)| *raised_by == ticket);
    desk.history.waiting.remove(&ticket);
    let form = desk.history.forms.remove(&ticket);
    notes::unsigned(model, ticket);
    let effects = form.and_then(|form| device::put_back(model, form));
    say(model, "Not signed.");
    Some(effects.into_iter().collect())
}
