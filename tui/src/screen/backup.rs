//! Writing a backup: where to, and the passphrase, since it leaves the vault.

use super::parts::field::Field;
use super::parts::paint;
use super::{Act, Ask, Scene};
use crate::input::Input;
use crate::keymap::Verb;
use crate::message::Order;
use crate::notice::Notice;
use crate::widget::field::PassphraseField;
use ratatui::Frame;
use ratatui::style::Style;

/// Where it stands.
#[derive(Debug)]
pub struct State {
    file: Field,
    step: Step,
    refusal: Option<Notice>,
}

#[derive(Debug)]
enum Step {
    /// The name of the file is being typed.
    File,
    /// The passphrase is being typed.
    Passphrase(PassphraseField),
    /// It is being written.
    Working,
}

impl Default for State {
    fn default() -> Self {
        Self { file: Field::default(), step: Step::File, refusal: None }
    }
}

impl State {
    /// Returns whether letters type.
    pub const fn is_typing(&self) -> bool {
        !matches!(self.step, Step::Working)
    }

    /// It was not written: says why, and asks again from the start.
    pub fn refuse(&mut self, notice: Notice) {
        self.step = Step::File;
        self.refusal = Some(notice);
    }

    fn type_in(&mut self, input: &Input) {
        match &mut self.step {
            Step::File => {
                self.file.update(input);
            }
            Step::Passphrase(field) => {
                field.input(input);
            }
            Step::Working => {}
        }
    }

    fn confirm(&mut self) -> Vec<Ask> {
        match &mut self.step {
            Step::File if self.file.trimmed().is_empty() => {
                vec![Ask::Say("Type the name of a file first.".to_owned())]
            }
            Step::File => {
                self.step = Step::Passphrase(PassphraseField::default());
                self.refusal = None;
                Vec::new()
            }
            Step::Passphrase(field) if field.is_empty() => Vec::new(),
            Step::Passphrase(field) => {
                let passphrase = field.take();
                self.step = Step::Working;
                let file = self.file.trimmed().to_owned();
                vec![Ask::Order(Order::BackUp { file, passphrase })]
            }
            Step::Working => vec![Ask::Leave],
        }
    }
}

/// Types, or goes on.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.type_in(input);
            Vec::new()
        }
        Act::Verb(Verb::Confirm) => state.confirm(),
        Act::Verb(_) => Vec::new(),
    }
}

/// Draws the questions.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let footer = match state.step {
        Step::Working => "Esc close; it goes on",
        Step::File | Step::Passphrase(_) => "Enter go on  Esc leave it",
    };
    let inside = paint::popup(frame, look, (72, 14), ("Back up the practice", footer));
    let mut line = 0;
    if let Some(notice) = &state.refusal {
        line = paint::notice(frame, look, inside, line, notice) + 1;
    } else {
        let words = "A sealed file that only your recovery sheet opens, with everything that is on \
                     this device. Written to the same file again, it adds what is new. Its keys go \
                     into a second file beside it, which ends in .keys: keep both together.";
        line = paint::paragraph(frame, inside, line, words, Style::new()) + 1;
    }
    paint::text(frame, inside, line, "The file, for example ~/practice.backup:", look.title());
    let field = paint::lines(inside, line + 1, 1);
    state.file.view(frame, look, field, matches!(state.step, Step::File));
    match &state.step {
        Step::File => {}
        Step::Passphrase(_) => {
            paint::text(frame, inside, line + 3, "Your passphrase:", look.title());
            let field = paint::lines(inside, line + 4, 1);
            paint::fill(frame, field, look.field());
            frame.set_cursor_position(PassphraseField::cursor(field));
        }
        Step::Working => {
            paint::text(frame, inside, line + 3, "Writing ...", look.waiting());
            frame.set_cursor_position((inside.x, inside.y + line + 3));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Carried, DeviceEvent, Effect};
    use crate::screen::parts::sample::Driver;

    #[test]
    fn a_backup_is_written_where_somebody_says_and_only_after_the_passphrase() {
        let mut driver = Driver::open(80, 24);
        driver.keys("7B⏎~/practice.backup⏎⏎");
        let orders = |driver: &Driver| {
            let orders = driver.effects.iter().filter_map(|effect| match effect {
                Effect::Order(Order::BackUp { file, passphrase }) => {
                    Some((file.clone(), passphrase.0.to_string()))
                }
                _ => None,
            });
            orders.collect::<Vec<_>>()
        };
        assert_eq!(orders(&driver), []);
        driver.keys("secret⏎");
        assert_eq!(orders(&driver), [("~/practice.backup".to_owned(), "secret".to_owned())]);
        assert!(!driver.screen().contains("secret"));

        let notice = Notice::new("The disk is full.", "Nothing is lost.", "Make room.");
        driver.device(DeviceEvent::Carried(Carried::Ended(Err(notice))));
        let screen = driver.screen();
        assert!(screen.contains("The disk is full.") && screen.contains("practice.backup"));
    }
}
