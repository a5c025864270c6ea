//! The link of the room for one appointment by video, in full: to be typed, selected in the terminal, or
//! copied where that is allowed. Tacenda does not open it, since every user of the computer may read what
//! a program was started with.

use super::parts::paint;
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::AppointmentId;
use tacenda_shared::practice::remote::Copying;

/// Columns beside the link.
const FRAME: u16 = 6;
const LEAST: u16 = 66;
const SAYS: &str = "Type it, or select it in the terminal. It is this appointment's alone.";
const WARNING: &str = "Other programs can read the clipboard, and some keep what was in it. After half \
                       a minute a blank takes the place of the link. y copies it.";

/// A link, and whose it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    appointment: AppointmentId,
    title: String,
    link: String,
    /// The warning before a copy is shown.
    warned: bool,
}

impl State {
    /// Shows the link of an appointment under these words, which name nobody.
    pub const fn new(appointment: AppointmentId, title: String, link: String) -> Self {
        Self { appointment, title, link, warned: false }
    }
}

/// Copies, after a warning if that is the policy, or closes.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Verb(Verb::Confirm) => vec![Ask::Leave],
        Act::Verb(Verb::CopyLink) => {
            let policy = scene.member().map(|member| Copying::of(scene.index, member));
            if policy == Some(Copying::Always) || state.warned {
                return vec![Ask::Leave, Ask::CopyLink(state.appointment)];
            }
            state.warned = true;
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Draws it: in one line where the terminal is wide enough, so that it is selected in one piece.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let most = frame.area().width.saturating_sub(2);
    let whole = paint::count(state.link.chars().count()).saturating_add(FRAME);
    let width = whole.clamp(LEAST.min(most), most);
    let lines = whole.div_ceil(width.saturating_sub(FRAME).max(1));
    let inside =
        paint::popup(frame, look, (width, lines + 8), (&state.title, "Enter or Esc close"));
    let room = usize::from(inside.width).max(1);
    let mut line = 1;
    // A link has no blank at which it could be divided.
    for piece in state.link.chars().collect::<Vec<_>>().chunks(room) {
        let piece: String = piece.iter().collect();
        paint::text(frame, inside, line, &piece, look.title());
        line += 1;
    }
    let words = if state.warned { WARNING } else { SAYS };
    paint::paragraph(frame, inside, line + 1, words, Style::new());
    frame.set_cursor_position((inside.x, inside.y + 1));
}

#[cfg(test)]
mod tests {
    use crate::message::DeviceEvent;
    use crate::screen::parts::sample::{self, Driver, Sample};
    use std::sync::Arc;
    use tacenda_shared::practice::edit::{Modality, RemoteSetting};
    use tacenda_shared::practice::remote;

    fn with_link(template: Option<&str>) -> Driver {
        let mut sample = Sample::new();
        sample.change(2, |row| row.slot.modality = Modality::Video);
        if let Some(template) = template {
            let key = (sample::clinician(), RemoteSetting::Link);
            sample.index.remote.insert(key, template.to_owned());
        }
        let mut driver = Driver::open(80, 23);
        driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
        driver
    }

    #[test]
    fn the_link_of_an_appointment_by_video_is_shown_in_full_and_no_other_has_one() {
        let template = "https://video.example.org/{room}?lang=en";
        let mut driver = with_link(Some(template));
        let link = remote::link(template, sample::appointment(2)).unwrap();
        driver.keys("y");
        assert!(driver.screen().contains("no session by video"), "{}", driver.screen());
        driver.keys("jy");
        let screen = driver.screen();
        assert!(screen.contains(&link) && screen.contains("AK-007"), "{screen}");
        assert!(driver.keys("⏎").screen().contains("AK-007"));
        assert!(!driver.screen().contains(&link), "{}", driver.screen());

        let mut driver = with_link(None);
        driver.keys("jy");
        assert!(driver.screen().contains("say the link of your room first"), "{}", driver.screen());

        // A long one goes on in the next line, and no letter of it is lost.
        let template = format!("https://video.example.org/{}/{{room}}", "long".repeat(30));
        let link = remote::link(&template, sample::appointment(2)).unwrap();
        let mut driver = with_link(Some(&template));
        let screen = driver.keys("jy").screen();
        // What stands beside the box is of the screen below it.
        let boxed = screen.lines().filter_map(|line| line.split('│').nth(1));
        let shown: String = boxed.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
        assert!(shown.contains(&link), "{screen}");
    }
}
