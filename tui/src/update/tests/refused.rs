//! What is refused, because a key is missing or anything else: whichever key asked for it, it is said
//! what happened, what is safe and what to do next.

use super::*;
use crate::device::open::DeviceError;
use tacenda_shared::practice::{Refusal, ShelfError};

fn notice(refusal: Refusal) -> Notice {
    Notice::from(&DeviceError::Refused(refusal))
}

/// All refusals that follow from keys.
fn of_keys() -> [Notice; 5] {
    [
        Refusal::NoKey,
        Refusal::Shelf(ShelfError::Locked),
        Refusal::Shelf(ShelfError::Missing),
        Refusal::Erased,
        Refusal::ToBeErased,
    ]
    .map(notice)
}

/// Whether a screen says a sentence, wherever its lines are folded and whatever frames it.
fn says(driver: &Driver, sentence: &str) -> bool {
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|letter| letter.is_alphanumeric());
        kept.collect()
    };
    plain(&driver.screen()).contains(&plain(sentence))
}

fn is_said(driver: &Driver, notice: &Notice, keys: &str) {
    for sentence in [&notice.happened, &notice.safe, &notice.next] {
        assert!(says(driver, sentence), "{keys}: {sentence}\n{}", driver.screen());
    }
}

#[test]
fn what_does_not_open_says_why_on_every_screen() {
    let all = ["⏎", "I", "c", "gp", "gm", "gj", "ga", "!", "⏎gp", "⏎gm"];
    for keys in all {
        for notice in of_keys() {
            let mut driver = Driver::open(100, 30);
            driver.keys(keys);
            let subject = driver.effects.iter().rev().find_map(|effect| match effect {
                Effect::Open(subject, _) => Some(*subject),
                _ => None,
            });
            let subject = subject.unwrap_or_else(|| panic!("{keys}: {}", driver.screen()));
            let outcome = Err(notice.clone());
            driver.device(DeviceEvent::Opened { subject, outcome });
            is_said(&driver, &notice, keys);
        }
    }
}

#[test]
fn what_is_not_done_says_why_whichever_key_asked_for_it() {
    let all = ["sh", "sx", "4x", "A", "3A", "t call back⏎", "icleft a message⏎", "b"];
    let mut asked = 0;
    for keys in all {
        for notice in of_keys() {
            let mut driver = Driver::open(100, 30);
            driver.keys(keys);
            let ticket = driver.effects.iter().rev().find_map(|effect| match effect {
                Effect::Edit { ticket, .. } => Some(*ticket),
                _ => None,
            });
            let Some(ticket) = ticket else { continue };
            asked += 1;
            driver.device(DeviceEvent::Applied { ticket, outcome: Err(notice.clone()) });
            is_said(&driver, &notice, keys);
        }
    }
    assert!(asked >= 5 * 4, "{asked}");
}

/// A device without keys to charts, as a front desk has it: no key that needs one does nothing.
#[test]
fn no_key_that_needs_a_chart_is_silent_where_there_is_no_key_to_it() {
    use tacenda_shared::practice::reach::Reach;
    let all = ["⏎", "N", "I", "c", "p", "gp", "gm", "gj", "ga", "gr", "3⏎", "3N", "3gr", "3c"];
    for keys in all {
        let mut driver = Driver::open(80, 24);
        let front = Sample::new().index.seen_with(Reach::FrontDesk);
        driver.device(DeviceEvent::Changed(std::sync::Arc::new(front)));
        driver.keys(keys);
        assert!(!driver.effects.iter().any(|effect| matches!(effect, Effect::Open(..))), "{keys}");
        let screen = driver.screen();
        for words in ["no key to charts", "Nothing has changed", "ask the clinician"] {
            assert!(screen.contains(words), "{keys}: {words}\n{screen}");
        }
    }
}
