//! Attaching a file to a chart: which file, what it is called there, and whether what its camera
//! wrote into it is taken out.

use super::parts::field::Field;
use super::parts::{paint, who};
use super::{Act, Ask, Scene};
use crate::input::Input;
use crate::keymap::Verb;
use crate::message::{LookedFile, Order, Takes};
use crate::notice::Notice;
use crate::text;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{Edit, Metadata, NewAttachment};

/// Where it stands.
#[derive(Debug)]
pub struct State {
    /// Whose chart.
    pub client: ClientId,
    file: Field,
    title: Field,
    takes_out: Field,
    step: Step,
    refusal: Option<Notice>,
}

#[derive(Debug)]
enum Step {
    /// The name of the file is being typed.
    File,
    /// It is being read.
    Reading,
    /// What the clinician calls it is being typed.
    Title(LookedFile),
    /// Whether metadata are taken out is being answered.
    Metadata(LookedFile),
}

impl State {
    /// Asks for a file.
    pub fn new(client: ClientId) -> Self {
        Self {
            client,
            file: Field::default(),
            title: Field::default(),
            takes_out: Field::suggestion("yes"),
            step: Step::File,
            refusal: None,
        }
    }

    /// Shows what the file is, or why it cannot be read; nothing, if that is not what is being read.
    pub fn show(&mut self, asked: &str, outcome: Result<LookedFile, Notice>) {
        if !matches!(self.step, Step::Reading) || asked != self.file.trimmed() {
            return;
        }
        match outcome {
            Ok(looked) => self.step = Step::Title(looked),
            Err(notice) => {
                self.step = Step::File;
                self.refusal = Some(notice);
            }
        }
    }

    fn type_in(&mut self, input: &Input) {
        match self.step {
            Step::File => self.file.update(input),
            Step::Reading => false,
            Step::Title(_) => self.title.update(input),
            Step::Metadata(_) => self.takes_out.update(input),
        };
    }

    fn confirm(&mut self, code: &str) -> Vec<Ask> {
        self.refusal = None;
        match &self.step {
            Step::File if self.file.trimmed().is_empty() => {
                vec![Ask::Say("Type the name of a file first.".to_owned())]
            }
            Step::File => {
                self.step = Step::Reading;
                vec![Ask::Order(Order::LookAtFile(self.file.trimmed().to_owned()))]
            }
            Step::Reading => Vec::new(),
            Step::Title(_) if self.title.trimmed().is_empty() => {
                vec![Ask::Say("Type what it is: a title.".to_owned())]
            }
            Step::Title(looked) if looked.takes == Takes::Out => {
                self.step = Step::Metadata(looked.clone());
                Vec::new()
            }
            Step::Title(looked) => self.attach(looked, Metadata::Keep, code),
            Step::Metadata(looked) => match self.takes_out.trimmed().to_lowercase().as_str() {
                "" | "y" | "yes" => self.attach(looked, Metadata::Strip, code),
                "n" | "no" => self.attach(looked, Metadata::Keep, code),
                _ => vec![Ask::Say("Type y or n.".to_owned())],
            },
        }
    }

    fn attach(&self, looked: &LookedFile, metadata: Metadata, code: &str) -> Vec<Ask> {
        let (title, bytes) = (self.title.trimmed().to_owned(), looked.bytes.clone());
        let file = Box::new(NewAttachment {
            title,
            bytes,
            metadata,
            labels: std::collections::BTreeSet::new(),
        });
        let says = format!("attached a file to the chart of {code}");
        vec![Ask::Submit(Edit::Attach { client: self.client, file }, says)]
    }
}

/// Types, or goes on.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.type_in(input);
            Vec::new()
        }
        Act::Verb(Verb::Confirm) => state.confirm(&scene.code(state.client)),
        Act::Verb(_) => Vec::new(),
    }
}

/// Draws the questions.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let whose = who::client(scene.index, state.client, scene.veil);
    let title = format!("Attach a file to the chart of {whose}");
    let inside = paint::popup(frame, look, (72, 17), (&title, "Enter go on  Esc leave it"));
    let mut line = 0;
    if let Some(notice) = &state.refusal {
        line = paint::notice(frame, look, inside, line, notice) + 1;
    } else if matches!(state.step, Step::File | Step::Reading) {
        let words = "At most 5 MiB. It is sealed like the chart; the file that you name stays \
                     where it is, and is not sealed by this.";
        line = paint::paragraph(frame, inside, line, words, Style::new()) + 1;
    }
    paint::text(frame, inside, line, "The file, for example ~/referral.pdf:", look.title());
    let field = paint::lines(inside, line + 1, 1);
    state.file.view(frame, look, field, matches!(state.step, Step::File));
    line += 3;
    let (looked, asks) = match &state.step {
        Step::File => return,
        Step::Reading => {
            paint::text(frame, inside, line, "Reading ...", look.waiting());
            frame.set_cursor_position((inside.x, inside.y + line));
            return;
        }
        Step::Title(looked) => (looked, false),
        Step::Metadata(looked) => (looked, true),
    };
    let size = text::bytes(u64::try_from(looked.bytes.0.len()).unwrap_or(u64::MAX));
    let about = format!("{}, {size}. Its title, without a name:", looked.media.title());
    paint::text(frame, inside, line, &text::capital(&about), look.title());
    state.title.view(frame, look, paint::lines(inside, line + 1, 1), !asks);
    line =
        metadata_words(looked, scene, frame, paint::lines(inside, line + 3, u16::MAX)) + line + 3;
    if asks {
        paint::text(frame, inside, line, "Take that out?", look.title());
        state.takes_out.view(frame, look, paint::lines(inside, line + 1, 1), true);
    }
}

/// Says what can be taken out of the file; returns the line behind it.
fn metadata_words(
    looked: &LookedFile,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: ratatui::layout::Rect,
) -> u16 {
    let (words, style) = match looked.takes {
        Takes::Out => (
            "A camera writes into a picture where and when it was taken. Without that it may lie \
             on its side.",
            Style::new(),
        ),
        Takes::NotOfThisType if looked.media.is_picture() => (
            "Where and when it was taken stays in it: nothing is taken out of files of this type. \
             To take that out, make a JPEG of it first.",
            scene.look.alarm(),
        ),
        Takes::NotOfThisType => (
            "What its program wrote into it (author, changes) stays: nothing is taken out of \
             files of this type.",
            Style::new(),
        ),
        Takes::Broken => (
            "It is not the picture that it begins as. It is kept as it is, with whatever is in it.",
            scene.look.alarm(),
        ),
    };
    paint::paragraph(frame, area, 0, words, style)
}
