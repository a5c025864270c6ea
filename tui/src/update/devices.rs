//! Devices and the server: what is ordered of them from the Sync screen, and what becomes of it.

use super::{attachments, lay, psychotherapy, replace, say, signing};
use crate::device::courier::late::LateKind;
use crate::keymap::Verb;
use crate::message::{Carried, DeviceRow, Effect, Order};
use crate::model::{Desk, Model};
use crate::notice::Notice;
use crate::screen::choice::{self, Answer};
use crate::screen::prompt::{self, Question};
use crate::screen::{Focused, Overlay, Screen, backup, pairing, revoke, sync};
use tacenda_shared::id::DeviceId;

/// Shows the Sync screen, and asks for what it does not know yet.
pub(super) fn show(model: &mut Model) -> Vec<Effect> {
    let mut effects = replace(model, Screen::Sync(sync::State::default()));
    effects.push(Effect::Order(Order::Standing));
    effects
}

/// Runs a verb of the Sync screen.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Vec<Effect> {
    match (verb, focused) {
        (Verb::AddDevice, _) => {
            lay(model, Overlay::Pairing(pairing::State::default()));
            vec![Effect::Order(Order::Pair)]
        }
        (Verb::BackUp, _) => {
            lay(model, Overlay::Backup(backup::State::default()));
            Vec::new()
        }
        (Verb::ReplaceSheet, _) => {
            replace_sheet(model);
            Vec::new()
        }
        (Verb::Connect, _) => {
            lay(model, Overlay::Prompt(prompt::State::new(Question::Invite)));
            Vec::new()
        }
        (Verb::FinishRefilling, _) => {
            let words = "What only they have comes when they connect, also later. Nothing that a \
                         device holds is lost by not waiting.";
            let go_on = ("Go on without them".to_owned(), Answer::FinishRefilling);
            let title = "Go on without what is missing?".to_owned();
            let state = choice::State::new(title, words.to_owned(), vec![go_on]);
            lay(model, Overlay::Choice(state));
            Vec::new()
        }
        (Verb::ImportLate, Focused::Late(at)) => {
            adopt(model, at);
            Vec::new()
        }
        (Verb::RenameDevice, Focused::Device(id)) => {
            let name = row(model, id).map(|row| row.name.clone()).unwrap_or_default();
            lay(model, Overlay::Prompt(prompt::State::new(Question::Name(id, name))));
            Vec::new()
        }
        (Verb::RevokeDevice, Focused::Device(id)) => vec![Effect::Order(Order::Plan(id))],
        _ => Vec::new(),
    }
}

/// Asks what the old sheet may have come to.
fn replace_sheet(model: &mut Model) {
    let words = "You need its words: the sheet that you have is void afterwards.";
    let answers = vec![
        ("Nobody has read it: the keys stay".to_owned(), Answer::ReplaceSheet(false)),
        ("Somebody may have read it: new keys, too".to_owned(), Answer::ReplaceSheet(true)),
    ];
    let title = "Replace the recovery sheet?".to_owned();
    lay(model, Overlay::Choice(choice::State::new(title, words.to_owned(), answers)));
}

/// Asks whether something that came late is to be taken over.
fn adopt(model: &mut Model, at: usize) {
    let Some(desk) = model.desk() else { return };
    let Some(Screen::Sync(state)) = desk.screens.last() else { return };
    let Some(edit) = state.late().get(at).cloned() else { return };
    let question = sync::late_words(&edit, &model.scene(desk));
    if edit.adopted {
        return say(model, "That was taken over already.");
    }
    if edit.kind == LateKind::Sealed {
        return say(model, "Its key is not on this device, so it cannot be taken over here.");
    }
    let words = format!(
        "{question}. It was written on a device that is shut out, and may be of whoever has it \
         now. Taken over, it counts as your own change."
    );
    let answer = ("Take it over".to_owned(), Answer::Adopt(edit));
    let state = choice::State::new("Take over what came late?".to_owned(), words, vec![answer]);
    lay(model, Overlay::Choice(state));
}

/// Takes back what waits for a word from here, if that was in front.
pub(super) fn left(desk: &mut Desk) -> Option<Vec<Effect>> {
    match desk.overlays.first() {
        Some(Overlay::Pairing(state)) if state.is_open() => {
            desk.overlays.remove(0);
            "No device was added.".clone_into(&mut desk.line);
            Some(vec![Effect::Order(Order::Decline)])
        }
        _ => None,
    }
}

/// Takes what became of an order.
pub(super) fn carried(model: &mut Model, carried: Carried) -> Vec<Effect> {
    match carried {
        Carried::Ended(Ok(words)) => {
            ended(model);
            say(model, &words);
            return vec![Effect::Order(Order::Standing)];
        }
        Carried::Calendar(asked_for, outcome) => {
            let overlays = model.desk_mut().map(|desk| desk.overlays.as_mut_slice());
            let asked = overlays.into_iter().flatten().find_map(|overlay| match overlay {
                Overlay::TakeIn(state) => Some(state),
                _ => None,
            });
            if let Some(state) = asked {
                state.show(&asked_for, outcome);
            }
        }
        Carried::Confirmed(outcome) => return signing::confirmed(model, outcome),
        Carried::File(asked, outcome) => attachments::looked(model, &asked, outcome),
        Carried::Ended(Err(notice)) => refused(model, notice),
        Carried::Drawn(words) => {
            let overlays = model.desk_mut().map(|desk| desk.overlays.as_mut_slice());
            let sheet = overlays.into_iter().flatten().find_map(|overlay| match overlay {
                Overlay::Sheet(state) => Some(state),
                _ => None,
            });
            if let Some(state) = sheet {
                state.show(words);
            }
        }
        Carried::Plan(id, Ok(plan)) => {
            if let Some(name) = row(model, id).map(|row| row.name.clone()) {
                let state = revoke::State::new(id, name, plan);
                lay(model, Overlay::Revoke(Box::new(state)));
            }
        }
        Carried::Plan(_, Err(notice)) => lay(model, Overlay::Notice(notice)),
        Carried::Again(notice) => with_pairing(model, |state| state.ask_again(notice)),
        Carried::Code { code, address } => {
            with_pairing(model, |state| state.show_code(code, address));
        }
        Carried::Verified(outcome) => return super::handover::verified(model, outcome),
        Carried::Words { words, name } => {
            with_pairing(model, |state| state.show_words(words, name));
        }
        Carried::Progress(words) => progress(model, words),
        Carried::SteppedUp(outcome) => return psychotherapy::stepped_up(model, outcome),
        Carried::Standing(standing) => {
            let screens = model.desk_mut().map(|desk| desk.screens.as_mut_slice());
            for screen in screens.into_iter().flatten() {
                if let Screen::Sync(state) = screen {
                    state.standing = Some(standing.clone());
                }
            }
        }
    }
    Vec::new()
}

fn row(model: &Model, id: DeviceId) -> Option<&DeviceRow> {
    model.sync.devices.iter().find(|row| row.id == id)
}

fn with_pairing(model: &mut Model, act: impl FnOnce(&mut pairing::State)) {
    let overlays = model.desk_mut().map(|desk| desk.overlays.as_mut_slice());
    let pairing = overlays.into_iter().flatten().find_map(|overlay| match overlay {
        Overlay::Pairing(state) => Some(state),
        _ => None,
    });
    if let Some(state) = pairing {
        act(state);
    }
}

/// Whether it shows how far an order is.
fn shows_order(overlay: &Overlay) -> bool {
    matches!(
        overlay,
        Overlay::Backup(_)
            | Overlay::Pairing(_)
            | Overlay::Revoke(_)
            | Overlay::SaveFile(_)
            | Overlay::SendReport(_)
            | Overlay::Sheet(_)
    )
}

/// Closes what showed how far an order was.
fn ended(model: &mut Model) {
    if let Some(desk) = model.desk_mut() {
        desk.overlays.retain(|overlay| !shows_order(overlay));
    }
}

/// Says why an order was not carried out, where it was given if that is still there.
fn refused(model: &mut Model, notice: Notice) {
    let front = model.desk_mut().and_then(|desk| {
        desk.line.clear();
        desk.overlays.iter_mut().find(|overlay| shows_order(overlay))
    });
    match front {
        Some(Overlay::Pairing(state)) => state.refuse(notice),
        Some(Overlay::Backup(state)) => state.refuse(notice),
        Some(Overlay::Revoke(state)) => state.refuse(notice),
        Some(Overlay::SaveFile(state)) => state.refuse(notice),
        Some(Overlay::SendReport(state)) => state.refuse(notice),
        Some(Overlay::Sheet(state)) => state.refuse(notice),
        _ => lay(model, Overlay::Notice(notice)),
    }
}

fn progress(model: &mut Model, words: String) {
    let overlays = model.desk_mut().map(|desk| desk.overlays.as_mut_slice());
    for overlay in overlays.into_iter().flatten() {
        match overlay {
            Overlay::Pairing(state) => return state.progress(words),
            Overlay::Revoke(state) => return state.progress(words),
            Overlay::Sheet(state) => return state.progress(words),
            _ => {}
        }
    }
    say(model, &words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{DeviceEvent, Plan, Secret};
    use crate::screen::parts::sample::Driver;
    use tacenda_shared::practice::edit::Edit;
    use zeroize::Zeroizing;

    /// Sync, with the focus on the other device.
    fn on_the_other() -> Driver {
        let mut driver = Driver::open(80, 24);
        driver.keys("7jj");
        driver
    }

    fn other() -> DeviceId {
        DeviceId::from_bytes([0; 16])
    }

    fn orders(driver: &Driver) -> Vec<&Order> {
        let orders = driver.effects.iter().filter_map(|effect| match effect {
            Effect::Order(order) => Some(order),
            _ => None,
        });
        orders.collect()
    }

    fn carried(driver: &mut Driver, carried: Carried) {
        driver.device(DeviceEvent::Carried(carried));
    }

    #[test]
    fn on_sync_n_adds_a_device_and_books_nothing() {
        let mut driver = on_the_other();
        driver.keys("n");
        assert!(driver.screen().contains("Add a device"));
        assert!(matches!(orders(&driver).as_slice(), [Order::Standing, Order::Pair]));
        assert!(driver.edits().is_empty());
    }

    #[test]
    fn esc_tells_the_new_device_that_nothing_comes_of_it() {
        let mut driver = on_the_other();
        driver.keys("n⎋");
        assert!(matches!(orders(&driver).as_slice(), [.., Order::Pair, Order::Decline]));
        assert!(driver.screen().contains("No device was added."));
        // What comes late from the other side opens nothing.
        let code = Secret(Zeroizing::new("41-otter-maple".to_owned()));
        carried(&mut driver, Carried::Code { code, address: String::new() });
        assert!(!driver.screen().contains("otter"));
    }

    #[test]
    fn a_wrong_passphrase_does_not_use_up_the_code() {
        let mut driver = on_the_other();
        driver.keys("n");
        let words = ["harbour", "lemon", "quiet"].map(str::to_owned);
        carried(&mut driver, Carried::Words { words, name: "tablet".to_owned() });
        driver.keys("wrong⏎");
        carried(&mut driver, Carried::Again(crate::text::wrong_passphrase()));
        assert!(driver.screen().contains("harbour  lemon  quiet"));
        driver.keys("right⏎");
        let approved = orders(&driver).into_iter().filter_map(|order| match order {
            Order::Approve(typed) => Some(typed.0.to_string()),
            _ => None,
        });
        assert_eq!(approved.collect::<Vec<_>>(), ["wrong", "right"]);
        carried(&mut driver, Carried::Ended(Ok("tablet belongs to you.".to_owned())));
        assert!(driver.screen().contains("tablet belongs to you."));
        assert!(!driver.screen().contains("harbour"));
    }

    #[test]
    fn a_device_is_shut_out_only_after_a_typed_yes_and_the_passphrase() {
        let mut driver = on_the_other();
        driver.keys("x");
        assert!(matches!(orders(&driver).as_slice(), [.., Order::Plan(id)] if *id == other()));
        carried(&mut driver, Carried::Plan(other(), Ok(Plan::default())));
        driver.keys("⏎⏎y⏎⏎");
        assert!(!orders(&driver).iter().any(|order| matches!(order, Order::Revoke { .. })));
        driver.keys("es⏎⏎");
        assert!(!orders(&driver).iter().any(|order| matches!(order, Order::Revoke { .. })));
        driver.keys("secret⏎");
        let last = orders(&driver).pop();
        assert!(matches!(last, Some(Order::Revoke { device, passphrase })
                if *device == other() && *passphrase.0 == "secret"));
        assert!(!driver.screen().contains("secret"));
    }

    #[test]
    fn this_device_is_not_shut_out_and_the_next_key_takes_the_reason_away() {
        let mut driver = Driver::open(80, 24);
        driver.keys("7jx");
        assert!(driver.screen().contains("Not now: a device cannot shut itself out"));
        assert!(matches!(orders(&driver).as_slice(), [Order::Standing]));
        driver.keys("k");
        assert!(!driver.screen().contains("Not now"));
    }

    #[test]
    fn a_device_is_renamed_by_an_edit_that_can_be_undone() {
        let mut driver = on_the_other();
        driver.keys("eFront desk⏎");
        let [Edit::RenameDevice { device, name }] = driver.edits()[..] else {
            panic!("{:?}", driver.edits());
        };
        assert_eq!((*device, name.as_str()), (other(), "Front desk"));
        let inverse = Edit::RenameDevice { device: other(), name: String::new() };
        driver.device(DeviceEvent::Applied { ticket: 1, outcome: Ok(Some(inverse)) });
        assert!(driver.screen().contains("Renamed desk-1 to Front desk  [u] undo"));
    }

    #[test]
    fn progress_is_measured_from_the_most_that_waited() {
        let mut driver = Driver::open(80, 24);
        driver.keys("7").queue(false, 80);
        assert!(driver.screen().contains("80 changes; kept on this device until sent"));
        driver.queue(true, 20);
        assert!(driver.screen().contains("60 of 80 sent"));
        driver.queue(true, 0).queue(true, 4);
        assert!(driver.screen().contains("0 of 4 sent"));
    }
}
