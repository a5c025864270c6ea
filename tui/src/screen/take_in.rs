//! Taking in another calendar: which file, what it would bring, and how.

use super::parts::field::Field;
use super::parts::paint;
use super::{Act, Ask, Scene};
use crate::input::{Input, Key, KeyCode};
use crate::keymap::Verb;
use crate::message::{LookedAt, Order, OtherCalendar};
use crate::notice::Notice;
use crate::text;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::schedule::ical;

/// Where it stands.
#[derive(Debug, Default)]
pub struct State {
    file: Field,
    appointments: bool,
    titles: bool,
    step: Step,
    refusal: Option<Notice>,
}

#[derive(Debug, Default)]
enum Step {
    /// The name of the file is being typed.
    #[default]
    File,
    /// It is being read.
    Reading,
    /// What it would bring is shown.
    Shown(Box<LookedAt>),
}

impl State {
    /// Shows what the file would bring, or why it cannot be read; nothing, if that is not what is
    /// being read now.
    pub fn show(&mut self, asked: &OtherCalendar, outcome: Result<Box<LookedAt>, Notice>) {
        if !matches!(self.step, Step::Reading) || *asked != self.asked() {
            return;
        }
        match outcome {
            Ok(looked) => self.step = Step::Shown(looked),
            Err(notice) => {
                self.step = Step::File;
                self.refusal = Some(notice);
            }
        }
    }

    fn look(&mut self) -> Vec<Ask> {
        (self.step, self.refusal) = (Step::Reading, None);
        vec![Ask::Order(Order::LookAtCalendar(self.asked()))]
    }

    fn asked(&self) -> OtherCalendar {
        let file = self.file.trimmed().to_owned();
        OtherCalendar { file, appointments: self.appointments, titles: self.titles }
    }

    fn type_in(&mut self, input: &Input) -> Vec<Ask> {
        match (&self.step, input) {
            (Step::File, input) => {
                self.file.update(input);
                return Vec::new();
            }
            (Step::Shown(_), Input::Key(Key { code: KeyCode::Char('a'), ctrl: false, .. })) => {
                self.appointments = !self.appointments;
            }
            (Step::Shown(_), Input::Key(Key { code: KeyCode::Char('t'), ctrl: false, .. })) => {
                self.titles = !self.titles;
            }
            _ => return Vec::new(),
        }
        self.look()
    }

    fn confirm(&mut self) -> Vec<Ask> {
        match &self.step {
            Step::File if self.file.trimmed().is_empty() => {
                vec![Ask::Say("Type the name of a file first.".to_owned())]
            }
            Step::File => self.look(),
            Step::Reading => Vec::new(),
            Step::Shown(looked) if looked.edits.is_empty() => {
                vec![Ask::Leave, Ask::Say("Nothing in it is new.".to_owned())]
            }
            Step::Shown(looked) => {
                let says = format!("took in a calendar: {}", counts(looked));
                vec![Ask::Submit(Edit::Together(looked.edits.clone()), says)]
            }
        }
    }
}

fn counts(looked: &LookedAt) -> String {
    let counts = [
        (looked.new, "new"),
        (looked.moved, "moved"),
        (looked.cancelled, "called off"),
        (looked.same, "unchanged"),
    ];
    let said = counts.iter().filter(|(count, _)| *count > 0);
    let said: Vec<_> = said.map(|(count, what)| format!("{count} {what}")).collect();
    if said.is_empty() { "nothing in the next year".to_owned() } else { said.join(", ") }
}

/// Types, chooses, or goes on.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match act {
        Act::Type(input) => state.type_in(input),
        Act::Verb(Verb::Confirm) => state.confirm(),
        Act::Verb(_) => Vec::new(),
    }
}

/// Draws the question, and what the file would bring.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let footer = match &state.step {
        Step::Shown(looked) if looked.edits.is_empty() => "Enter or Esc close",
        Step::Shown(_) => "Enter take it in  Esc leave it",
        Step::File | Step::Reading => "Enter go on  Esc leave it",
    };
    let inside = paint::popup(frame, look, (72, 19), ("Take in another calendar", footer));
    let mut line = 0;
    if let Some(notice) = &state.refusal {
        line = paint::notice(frame, look, inside, line, notice) + 1;
    } else if let Step::Shown(looked) = &state.step {
        shown(state, looked, scene, frame, inside);
        return;
    } else {
        let words = "A file in the form iCalendar (.ics), as other programs export it. It is read \
                     first, and you see what it would bring in the next 365 days.";
        line = paint::paragraph(frame, inside, line, words, Style::new()) + 1;
    }
    paint::text(frame, inside, line, "The file, for example ~/calendar.ics:", look.title());
    let field = paint::lines(inside, line + 1, 1);
    let typing = matches!(state.step, Step::File);
    state.file.view(frame, look, field, typing);
    if !typing {
        paint::text(frame, inside, line + 3, "Reading ...", look.waiting());
        frame.set_cursor_position((inside.x, inside.y + line + 3));
    }
}

fn shown(
    state: &State,
    looked: &LookedAt,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    inside: ratatui::layout::Rect,
) {
    let look = scene.look;
    paint::text(frame, inside, 0, &counts(looked), look.title());
    let as_what = if state.appointments { "appointments" } else { "busy times" };
    let titles = if state.titles { "with titles" } else { "each says Busy" };
    paint::text(frame, inside, 1, &format!("a  as {as_what}"), Style::new());
    paint::text(frame, inside, 2, &format!("t  {titles}"), Style::new());
    let mut line = 4;
    for words in &looked.first {
        paint::text(frame, inside, line, words, Style::new());
        line += 1;
    }
    let more = looked.new.saturating_sub(looked.first.len());
    if more > 0 {
        paint::text(frame, inside, line, &format!("and {more} more"), look.waiting());
        line += 1;
    }
    let ical::Doubts { unknown_zones, broken_lines } = looked.doubts;
    let zones = text::counted(unknown_zones, "zone", "zones");
    let broken = text::counted(broken_lines, "line", "lines");
    for (count, words) in [
        (unknown_zones, format!("{zones} that nobody knows, read as local time")),
        (broken_lines, format!("{broken} that cannot be read, passed over")),
    ] {
        if count > 0 {
            paint::text(frame, inside, line, &words, look.alarm());
            line += 1;
        }
    }
    let words = "One u takes all of it back.";
    paint::text(frame, inside, line + 1, words, Style::new());
    frame.set_cursor_position((inside.x, inside.y));
}

#[cfg(test)]
mod tests {
    use crate::message::{Carried, DeviceEvent, Effect, LookedAt, Order, OtherCalendar};
    use crate::notice::Notice;
    use crate::screen::parts::sample::{self, Driver};
    use tacenda_shared::practice::edit::{Edit, Status};
    use tacenda_shared::practice::schedule::ical;

    fn orders(driver: &Driver) -> Vec<OtherCalendar> {
        let orders = driver.effects.iter().filter_map(|effect| match effect {
            Effect::Order(Order::LookAtCalendar(asked)) => Some(asked.clone()),
            _ => None,
        });
        orders.collect()
    }

    #[test]
    fn a_calendar_is_looked_at_first_and_taken_in_as_one_act() {
        let mut driver = Driver::open(80, 24);
        driver.keys("gi⏎~/work.ics⏎");
        let asked = OtherCalendar { file: "~/work.ics".into(), appointments: false, titles: false };
        assert_eq!(orders(&driver), std::slice::from_ref(&asked));
        driver.keys("⏎");
        assert!(driver.edits().is_empty(), "it is still being read");
        let edit = Edit::SetStatus {
            appointment: sample::appointment(2),
            status: Status::CancelledByClinician,
            reason: None,
        };
        let looked = LookedAt {
            first: vec!["Mon 2026-11-30 09:00    50m  Busy".into()],
            new: 3,
            moved: 1,
            cancelled: 0,
            same: 2,
            doubts: ical::Doubts { unknown_zones: 1, broken_lines: 0 },
            edits: vec![edit.clone()],
        };
        let answer = |asked: &OtherCalendar| {
            let looked = Box::new(looked.clone());
            DeviceEvent::Carried(Carried::Calendar(asked.clone(), Ok(looked)))
        };
        let other = OtherCalendar { file: "~/home.ics".into(), ..asked.clone() };
        driver.device(answer(&other)).keys("⏎");
        assert!(driver.screen().contains("Reading"), "what was asked before: {}", driver.screen());
        assert!(driver.edits().is_empty(), "another file");
        driver.device(answer(&asked));
        let screen = driver.screen();
        for words in ["3 new, 1 moved, 2 unchanged", "2026-11-30 09:00", "and 2 more", "1 zone"] {
            assert!(screen.contains(words), "{words}: {screen}");
        }
        driver.keys("t");
        assert_eq!(orders(&driver)[1], OtherCalendar { titles: true, ..asked });
        let again = orders(&driver)[1].clone();
        driver.device(answer(&again)).keys("a");
        assert!(orders(&driver)[2].appointments);
        let again = orders(&driver)[2].clone();
        driver.device(answer(&again));
        assert!(driver.screen().contains("a  as appointments"), "{}", driver.screen());
        driver.keys("⏎");
        assert_eq!(driver.edits(), [&Edit::Together(vec![edit])]);
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why_and_the_name_can_be_put_right() {
        let mut driver = Driver::open(80, 24);
        driver.keys("gi/work.ics⏎");
        let notice = Notice::new("That is no file.", "Nothing has been changed.", "Look.");
        let asked = orders(&driver)[0].clone();
        driver.device(DeviceEvent::Carried(Carried::Calendar(asked, Err(notice))));
        let screen = driver.screen();
        assert!(screen.contains("That is no file.") && screen.contains("/work.ics"), "{screen}");
        driver.keys("x⏎");
        assert_eq!(orders(&driver)[1].file, "/work.icsx");
        assert!(driver.edits().is_empty());
    }
}
