//! Another recovery sheet in the place of the old: the old words, the new ones to be written down,
//! three of them typed back, and the passphrase. Until then nothing has changed.

use super::parts::field::Field;
use super::parts::paint;
use super::{Act, Ask, Scene};
use crate::cli::recover::read_words;
use crate::input::Input;
use crate::keymap::Verb;
use crate::message::{Order, Secret};
use crate::notice::Notice;
use crate::widget::field::PassphraseField;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::keys::recovery::RECOVERY_WORDS;
use zeroize::Zeroizing;

/// Words that are typed back: one of each third.
const ASKED: usize = 3;
/// Words of a third.
const THIRD: usize = RECOVERY_WORDS / ASKED;

/// Where it stands.
#[derive(Debug)]
pub struct State {
    step: Step,
    /// Whether somebody may have read the old one.
    compromised: bool,
    old: Secret,
    new: Secret,
    refusal: Option<Notice>,
}

#[derive(Debug)]
enum Step {
    /// The words of the old sheet are being typed.
    Old(Field),
    /// New ones are being drawn.
    Drawing,
    /// They are shown.
    New,
    /// They are being typed back: at which places, which of them, and what stands there.
    Back([usize; ASKED], usize, Field),
    /// The passphrase is being typed.
    Passphrase(PassphraseField),
    /// It is being carried out.
    Working(String),
}

impl State {
    /// Asks for the old words.
    pub fn new(compromised: bool) -> Self {
        let step = Step::Old(Field::default());
        let (old, new) = (Secret::default(), Secret::default());
        Self { step, compromised, old, new, refusal: None }
    }

    /// Returns whether letters type.
    pub const fn is_typing(&self) -> bool {
        matches!(self.step, Step::Old(_) | Step::Back(..) | Step::Passphrase(_))
    }

    /// Shows the new words.
    pub fn show(&mut self, new: Secret) {
        if matches!(self.step, Step::Drawing) {
            self.new = new;
            self.step = Step::New;
        }
    }

    /// Says how far it is.
    pub fn progress(&mut self, words: String) {
        if let Step::Working(now) = &mut self.step {
            *now = words;
        }
    }

    /// It was not done: says why, and asks again for what was typed last.
    pub fn refuse(&mut self, notice: Notice) {
        self.step = match self.step {
            Step::Working(_) | Step::Passphrase(_) => Step::Passphrase(PassphraseField::default()),
            _ => Step::Old(Field::default()),
        };
        self.refusal = Some(notice);
    }

    fn type_in(&mut self, input: &Input) {
        match &mut self.step {
            Step::Old(field) | Step::Back(_, _, field) => {
                field.update(input);
            }
            Step::Passphrase(field) => {
                field.input(input);
            }
            Step::Drawing | Step::New | Step::Working(_) => {}
        }
    }

    fn confirm(&mut self, fresh: [u8; 16]) -> Vec<Ask> {
        self.refusal = None;
        match &mut self.step {
            Step::Old(field) => match read_words(field.text()) {
                Err(notice) => self.refusal = Some(notice),
                Ok(_) => {
                    self.old = Secret(Zeroizing::new(field.text().to_owned()));
                    self.step = Step::Drawing;
                    let old = self.old.clone();
                    return vec![Ask::Order(Order::DrawSheet { old })];
                }
            },
            Step::New => self.step = Step::Back(places(fresh), 0, Field::default()),
            Step::Back(places, at, field) => {
                let place = places.get(*at).copied().unwrap_or(1);
                let new = read_words(&self.new.0);
                if !new.is_ok_and(|new| new.is_word(place, field.trimmed())) {
                    self.refusal = Some(Notice::new(
                        format!("Word {place} does not match."),
                        "Nothing has been changed: the sheet that you have is still good.",
                        "Look at the words again, and correct what you have written down.",
                    ));
                    self.step = Step::New;
                } else if *at + 1 < ASKED {
                    self.step = Step::Back(*places, *at + 1, Field::default());
                } else {
                    self.step = Step::Passphrase(PassphraseField::default());
                }
            }
            Step::Passphrase(field) if field.is_empty() => {}
            Step::Passphrase(field) => {
                let passphrase = field.take();
                let (old, new) = (self.old.clone(), self.new.clone());
                self.step = Step::Working("Replacing the sheet ...".to_owned());
                let compromised = self.compromised;
                return vec![Ask::Order(Order::ReplaceSheet { old, new, compromised, passphrase })];
            }
            Step::Drawing => {}
            // It goes on without being watched.
            Step::Working(_) => return vec![Ask::Leave],
        }
        Vec::new()
    }
}

/// Chooses a place in each third, so that a sheet of which only the start was copied is noticed.
fn places(fresh: [u8; 16]) -> [usize; ASKED] {
    let mut places = [1; ASKED];
    for (third, (place, byte)) in places.iter_mut().zip(fresh).enumerate() {
        *place = third * THIRD + usize::from(byte) % THIRD + 1;
    }
    places
}

/// Types, or goes on.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.type_in(input);
            Vec::new()
        }
        Act::Verb(Verb::Confirm) => state.confirm(scene.fresh),
        Act::Verb(_) => Vec::new(),
    }
}

/// Draws it.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let footer = match state.step {
        Step::Drawing => "one moment",
        Step::New => "Enter: I have written them down  Esc leave it",
        Step::Working(_) => "Esc close; it goes on until you lock",
        Step::Old(_) | Step::Back(..) | Step::Passphrase(_) => "Enter go on  Esc leave it",
    };
    let inside = paint::popup(frame, look, (72, 18), ("Replace the recovery sheet", footer));
    frame.set_cursor_position((inside.x, inside.y));
    let mut line = 0;
    if let Some(notice) = &state.refusal {
        line = paint::notice(frame, look, inside, line, notice) + 1;
    }
    match &state.step {
        Step::Old(field) => {
            let words = "The sheet that you have is void afterwards, also for whoever may have a \
                         copy. Type or paste its 24 words; four letters of each are enough. \
                         Without it: tacenda sheet request.";
            if state.refusal.is_none() {
                line = paint::paragraph(frame, inside, line, words, Style::new()) + 1;
            }
            let count = field.text().split(|c: char| !c.is_alphabetic());
            let count = count.filter(|word| !word.is_empty()).count();
            let label = format!("The words of the old sheet ({count} of {RECOVERY_WORDS}):");
            paint::text(frame, inside, line, &label, look.title());
            field.view(frame, look, paint::lines(inside, line + 1, 1), true);
        }
        Step::Drawing => {
            paint::text(frame, inside, line, "Drawing new words ...", look.waiting());
        }
        Step::New => new_words(state, scene, frame, paint::lines(inside, line, u16::MAX)),
        Step::Back(places, at, field) => {
            let place = places.get(*at).copied().unwrap_or(1);
            let label = format!("Word {place} of the new sheet, from your paper:");
            paint::text(frame, inside, line, &label, look.title());
            field.view(frame, look, paint::lines(inside, line + 1, 1), true);
        }
        Step::Passphrase(_) => {
            let words = "From then on only the new sheet counts.";
            line = paint::paragraph(frame, inside, line, words, Style::new()) + 1;
            paint::text(frame, inside, line, "Your passphrase:", look.title());
            let field = paint::lines(inside, line + 1, 1);
            paint::fill(frame, field, look.field());
            frame.set_cursor_position(PassphraseField::cursor(field));
        }
        Step::Working(words) => {
            paint::paragraph(frame, inside, line, words, look.waiting());
        }
    }
}

/// Four columns of six words.
fn new_words(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let lead = "Write these words on paper, in order. They are shown once.";
    let line = paint::paragraph(frame, area, 0, lead, scene.look.title()) + 1;
    let words: Vec<&str> = state.new.0.split_whitespace().collect();
    let rows = words.len().div_ceil(4).max(1);
    for (at, word) in words.iter().enumerate() {
        let column = paint::count(at / rows) * 14;
        let cell = Rect {
            x: area.x + column.min(area.width),
            width: 13.min(area.width.saturating_sub(column)),
            ..area
        };
        let words = format!("{:>2} {word}", at + 1);
        paint::text(frame, cell, line + paint::count(at % rows), &words, Style::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Carried, DeviceEvent, Effect};
    use crate::screen::parts::sample::Driver;

    /// Two sheets, of nobody.
    const OLD: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                       abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                       abandon abandon abandon abandon abandon art";
    const NEW: &str = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo \
                       zoo zoo zoo zoo vote";

    fn secret(text: &str) -> Secret {
        Secret(Zeroizing::new(text.to_owned()))
    }

    fn carried(driver: &mut Driver, carried: Carried) {
        driver.device(DeviceEvent::Carried(carried));
    }

    fn replacing(driver: &Driver) -> Option<(String, String, bool)> {
        driver.effects.iter().find_map(|effect| match effect {
            Effect::Order(Order::ReplaceSheet { old, new, compromised, .. }) => {
                Some((old.0.to_string(), new.0.to_string(), *compromised))
            }
            _ => None,
        })
    }

    /// Up to the new words, which are shown.
    fn shown() -> Driver {
        let mut driver = Driver::open(80, 24);
        driver.keys("7P");
        assert!(driver.screen().contains("Somebody may have read it"), "{}", driver.screen());
        driver.keys("⏎").keys(OLD).keys("⏎");
        carried(&mut driver, Carried::Drawn(secret(NEW)));
        assert!(driver.screen().contains("24 vote"), "{}", driver.screen());
        driver
    }

    #[test]
    fn a_sheet_is_replaced_after_its_words_were_typed_back_and_the_passphrase() {
        let mut driver = shown();
        driver.keys("⏎");
        for _ in 0..ASKED {
            let screen = driver.screen();
            assert!(!screen.contains("zoo"), "{screen}");
            driver.keys(if screen.contains("Word 24 ") { "vote⏎" } else { "zoo⏎" });
        }
        assert_eq!(replacing(&driver), None);
        driver.keys("⏎secret⏎");
        let done = replacing(&driver);
        assert_eq!(done, Some((OLD.to_owned(), NEW.to_owned(), false)));
        assert!(!driver.screen().contains("secret"));
        carried(&mut driver, Carried::Ended(Ok("The new sheet is in force.".to_owned())));
        assert!(driver.screen().contains("The new sheet is in force."));
    }

    #[test]
    fn a_word_that_does_not_match_changes_nothing_and_shows_the_words_again() {
        let mut driver = shown();
        driver.keys("⏎abandon⏎");
        let screen = driver.screen();
        assert!(screen.contains("does not match") && screen.contains("24 vote"), "{screen}");
        driver.keys("⎋");
        assert_eq!(replacing(&driver), None);
        assert!(!driver.screen().contains("zoo"));
    }

    #[test]
    fn words_that_are_no_sheet_are_named_by_their_place() {
        let mut driver = Driver::open(80, 24);
        driver.keys("7P⏎").keys("abandon nosuchword art⏎");
        assert!(driver.screen().contains("Word 2 is not a word of any sheet."));
        let asked = |effect: &Effect| matches!(effect, Effect::Order(Order::DrawSheet { .. }));
        assert!(!driver.effects.iter().any(asked));
    }
}
