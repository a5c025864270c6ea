//! The first run: a new practice in six steps, each on one screen. The recovery sheet is shown
//! once, and nothing that is typed as a passphrase is ever shown.

mod pages;

use super::parts::field::Field;
use super::parts::{list, when};
use crate::input::{Input, Key, KeyCode};
use crate::keymap::Verb;
use crate::message::{Effect, Secret};
use crate::notice::Notice;
use crate::text;
use crate::widget::field::{PASSPHRASE_LIMIT, PassphraseField};
use tacenda_shared::keys::passphrase::generate_words;
use tacenda_shared::random::Random;
use zeroize::Zeroizing;

pub use pages::view;

/// Words of the recovery sheet that are asked for.
const ASKED: usize = 3;

/// Where in setting up somebody is.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) step: Step,
    zone: String,
    clinician: Field,
    device: Field,
}

/// A step, with what it needs.
#[derive(Debug)]
pub(crate) enum Step {
    /// What to do at all.
    Welcome { focus: usize },
    /// How to join a practice that exists.
    Join,
    /// In which zone the practice lives.
    Zone { filter: Field, focus: usize },
    /// What colleagues call the clinician, and what this device is called.
    Names { second: bool },
    /// The passphrase, twice.
    Passphrase {
        first: PassphraseField,
        again: PassphraseField,
        second: bool,
        /// Words that chance has chosen; shown until they are typed back.
        offered: Option<Secret>,
        refusal: Option<Notice>,
    },
    /// Keys are being made.
    Making,
    /// The sheet, to be written down.
    Sheet { words: Secret },
    /// Some words of it, typed back.
    Check {
        words: Secret,
        places: [usize; ASKED],
        fields: [Field; ASKED],
        focus: usize,
        refusal: Option<Notice>,
    },
    /// The words are being compared.
    Checking { words: Secret, places: [usize; ASKED], fields: [Field; ASKED] },
}

impl Default for Step {
    fn default() -> Self {
        Self::Welcome { focus: 0 }
    }
}

/// Answers of the first page.
pub(crate) const WELCOME: [&str; 3] = [
    "Set up a new practice on this computer",
    "Join a practice that another device has",
    "Look around first, in a practice that is made up",
];

impl State {
    /// Takes the device's answer that a passphrase does not meet the rule.
    pub(crate) fn refuse_passphrase(&mut self, notice: Notice) {
        self.step = passphrase(Some(notice));
    }

    /// Shows the recovery sheet.
    pub(crate) fn show_sheet(&mut self, words: Secret) {
        self.step = Step::Sheet { words };
    }

    /// Takes the device's answer that words were wrong. The sheet can be looked at again.
    pub(crate) fn refuse_words(&mut self, notice: Notice) {
        let step = std::mem::take(&mut self.step);
        self.step = match step {
            // The same places are asked for, and what was typed is there to be corrected.
            Step::Checking { words, places, fields } => {
                Step::Check { words, places, fields, focus: 0, refusal: Some(notice) }
            }
            other => other,
        };
    }

    /// The first page has no caret, so letters move there.
    const fn is_welcome(&self) -> bool {
        matches!(self.step, Step::Welcome { .. })
    }

    /// Returns whether something runs that keys must not disturb.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.step, Step::Making | Step::Checking { .. })
    }
}

fn passphrase(refusal: Option<Notice>) -> Step {
    Step::Passphrase {
        first: PassphraseField::default(),
        again: PassphraseField::default(),
        second: false,
        offered: None,
        refusal,
    }
}

fn check(words: Secret, random: &mut dyn Random) -> Step {
    let count = words.0.split_whitespace().count();
    let places = places(count, random.bytes());
    Step::Check { words, places, fields: Default::default(), focus: 0, refusal: None }
}

/// Chooses different places of the sheet, one-based, in order.
fn places(count: usize, fresh: [u8; 16]) -> [usize; ASKED] {
    let mut left: Vec<usize> = (1..=count).collect();
    let mut chosen = [1; ASKED];
    for (place, byte) in chosen.iter_mut().zip(fresh) {
        if !left.is_empty() {
            *place = left.remove(usize::from(byte) % left.len());
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Returns the zones whose names hold what was typed, in their order.
pub(crate) fn zones(filter: &str) -> Vec<String> {
    let wanted = filter.trim().to_lowercase().replace(' ', "_");
    let names = when::zones().available().map(|name| name.to_string());
    let mut names: Vec<String> = names
        .filter(|name| name.contains('/') || name == "UTC")
        .filter(|name| name.to_lowercase().contains(&wanted))
        .collect();
    names.sort();
    names
}

/// Takes a key or pasted text. `random` chooses which words of the sheet are asked for, and a
/// passphrase for whoever wants one chosen.
pub fn update(state: &mut State, input: &Input, random: &mut dyn Random) -> Vec<Effect> {
    if state.is_busy() {
        return Vec::new();
    }
    match input {
        Input::Key(Key { code: KeyCode::Esc, .. }) => back(state),
        Input::Key(Key { code: KeyCode::Enter, .. }) => return forth(state, random),
        Input::Key(Key { code: KeyCode::Tab, .. }) if offer(state, random) => {}
        input => edit(state, input),
    }
    Vec::new()
}

/// Chooses six words as the passphrase; `false` where none is asked for.
fn offer(state: &mut State, random: &mut dyn Random) -> bool {
    let Step::Passphrase { first, offered, second: false, refusal, .. } = &mut state.step else {
        return false;
    };
    let words = generate_words(random);
    let mut text = Zeroizing::new(String::with_capacity(PASSPHRASE_LIMIT));
    for word in words.words() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    first.clear();
    // Letter by letter, so that no copy is left that nobody wipes.
    for letter in text.chars() {
        first.input(&Input::Key(Key::char(letter)));
    }
    *offered = Some(Secret(text));
    *refusal = None;
    true
}

/// Steps back, as far as that is possible: once keys are made, the sheet must be written down.
fn back(state: &mut State) {
    let step = std::mem::take(&mut state.step);
    state.step = match step {
        Step::Welcome { focus } => Step::Welcome { focus },
        Step::Join => Step::Welcome { focus: 1 },
        Step::Zone { .. } => Step::default(),
        Step::Names { second: true } => Step::Names { second: false },
        Step::Names { second: false } => Step::Zone { filter: Field::default(), focus: 0 },
        Step::Passphrase { second: true, .. } => passphrase(None),
        Step::Passphrase { second: false, .. } => Step::Names { second: true },
        Step::Check { words, .. } => Step::Sheet { words },
        other @ (Step::Sheet { .. } | Step::Making | Step::Checking { .. }) => other,
    };
}

fn forth(state: &mut State, random: &mut dyn Random) -> Vec<Effect> {
    let step = std::mem::take(&mut state.step);
    state.step = match step {
        Step::Welcome { focus: 0 } => Step::Zone { filter: Field::default(), focus: 0 },
        Step::Welcome { .. } | Step::Join => Step::Join,
        Step::Zone { filter, focus } => match zones(filter.text()).get(focus) {
            Some(zone) => {
                state.zone.clone_from(zone);
                Step::Names { second: false }
            }
            None => Step::Zone { filter, focus },
        },
        Step::Names { second: false } => {
            Step::Names { second: !state.clinician.trimmed().is_empty() }
        }
        Step::Names { second: true } if state.device.trimmed().is_empty() => {
            Step::Names { second: true }
        }
        Step::Names { second: true } => passphrase(None),
        Step::Passphrase { first, again, second: false, .. } => {
            let second = !first.is_empty();
            Step::Passphrase { first, again, second, offered: None, refusal: None }
        }
        Step::Passphrase { mut first, mut again, second: true, .. } => {
            let (passphrase, again) = (first.take(), again.take());
            if *passphrase.0 != *again.0 {
                state.refuse_passphrase(text::passphrases_differ());
                return Vec::new();
            }
            state.step = Step::Making;
            return vec![Effect::Found {
                zone: state.zone.clone(),
                clinician: state.clinician.trimmed().to_owned(),
                device: state.device.trimmed().to_owned(),
                passphrase,
            }];
        }
        Step::Sheet { words } => check(words, random),
        Step::Check { words, places, fields, focus, refusal } => {
            if focus + 1 < ASKED {
                Step::Check { words, places, fields, focus: focus + 1, refusal }
            } else {
                let typed = fields.iter().map(|field| field.trimmed().to_lowercase());
                let asked = places.into_iter().zip(typed).collect();
                state.step = Step::Checking { words, places, fields };
                return vec![Effect::CheckSheet(asked)];
            }
        }
        other @ (Step::Making | Step::Checking { .. }) => other,
    };
    Vec::new()
}

fn edit(state: &mut State, input: &Input) {
    let verb = match input {
        Input::Key(Key { code: KeyCode::Char('j'), .. }) if state.is_welcome() => Some(Verb::Down),
        Input::Key(Key { code: KeyCode::Char('k'), .. }) if state.is_welcome() => Some(Verb::Up),
        Input::Key(key) => movement(*key),
        _ => None,
    };
    match &mut state.step {
        Step::Welcome { focus } => {
            if let Some(verb) = verb {
                list::step(focus, verb, WELCOME.len(), 1);
            }
        }
        Step::Zone { filter, focus } => match verb {
            Some(verb) => {
                let length = zones(filter.text()).len();
                list::step(focus, verb, length, 8);
            }
            None => {
                filter.update(input);
                *focus = 0;
            }
        },
        Step::Names { second } => match verb {
            Some(_) => *second = !*second,
            None if *second => {
                state.device.update(input);
            }
            None => {
                state.clinician.update(input);
            }
        },
        Step::Passphrase { first, again, second, offered, .. } => {
            // Whoever types after all does not want the words.
            if offered.take().is_some() {
                first.clear();
            }
            let field = if *second { again } else { first };
            field.input(input);
        }
        Step::Check { fields, focus, .. } => match verb {
            Some(Verb::Up) => *focus = focus.saturating_sub(1),
            Some(_) => *focus = (*focus + 1).min(ASKED - 1),
            None => {
                if let Some(field) = fields.get_mut(*focus) {
                    field.update(input);
                }
            }
        },
        Step::Join | Step::Making | Step::Sheet { .. } | Step::Checking { .. } => {}
    }
}

const fn movement(key: Key) -> Option<Verb> {
    match key.code {
        KeyCode::Up => Some(Verb::Up),
        KeyCode::Down => Some(Verb::Down),
        KeyCode::Tab if key.shift => Some(Verb::Up),
        KeyCode::Tab => Some(Verb::Down),
        KeyCode::PageUp => Some(Verb::PageUp),
        KeyCode::PageDown => Some(Verb::PageDown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_words_that_are_asked_for_stand_at_three_different_places(fresh: [u8; 16]) {
            let [first, second, third] = places(24, fresh);
            prop_assert!(1 <= first && first < second && second < third && third <= 24);
        }
    }

    #[test]
    fn a_zone_is_found_by_the_name_of_its_city() {
        assert_eq!(zones("los ang"), ["America/Los_Angeles"]);
    }
}
