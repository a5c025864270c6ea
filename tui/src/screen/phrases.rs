//! The snippets and templates that the member at the keyboard can use: a list, and a form for one of them.

use super::parts::field::Field;
use super::parts::{list, paint};
use super::{Act, Ask, Scene};
use crate::input::{Input, Key, KeyCode};
use crate::keymap::{Context, Verb};
use crate::widget::editor::Editor;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tacenda_shared::practice::edit::{Edit, NoteFormat, Part};
use tacenda_shared::practice::phrase::{Known, Phrase, PhraseKind, Saying, Whose};

/// The list, and the form that lies over it while one is written.
#[derive(Debug, Default)]
pub struct State {
    focus: usize,
    form: Option<Box<Form>>,
}

#[derive(Debug)]
struct Form {
    kind: PhraseKind,
    name: Field,
    /// The name under which it stood, if it did in this place.
    own: bool,
    format: NoteFormat,
    text: Editor,
    spot: Spot,
    missing: &'static str,
}

/// What has the caret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Spot {
    Name,
    Whose,
    Format,
    Text,
    Save,
}

/// Rows of the text in the form.
const TEXT_ROWS: u16 = 8;

impl State {
    /// Returns whether letters type.
    pub const fn is_typing(&self) -> bool {
        self.form.is_some()
    }

    /// Returns the contexts of the key table that hold here.
    pub const fn contexts(&self) -> &'static [Context] {
        match self.form {
            Some(_) => &[Context::Typing, Context::Everywhere],
            None => &[Context::Phrases, Context::Choice, Context::Everywhere],
        }
    }

    /// Leaves the form, if one is open; `false` if there was none.
    pub fn step_out(&mut self) -> bool {
        self.form.take().is_some()
    }
}

/// All that can be used: snippets first.
fn known(scene: &Scene<'_>) -> Vec<(PhraseKind, Known)> {
    let of = |kind| {
        let all = scene.index.phrases(kind, scene.member());
        all.into_iter().map(move |one| (kind, one))
    };
    of(PhraseKind::Snippet).chain(of(PhraseKind::Template)).collect()
}

/// Moves the focus, opens the form, strikes, or takes what is typed into the form.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Some(form) = &mut state.form {
        let (asks, done) = form.update(act);
        if done {
            state.form = None;
        }
        return asks;
    }
    let all = known(scene);
    let Act::Verb(verb) = act else { return Vec::new() };
    match verb {
        Verb::New => state.form = Some(Box::new(Form::new(PhraseKind::Snippet, None))),
        Verb::NewTemplate => state.form = Some(Box::new(Form::new(PhraseKind::Template, None))),
        Verb::Confirm => {
            if let Some((kind, one)) = all.get(state.focus) {
                state.form = Some(Box::new(Form::new(*kind, Some(one))));
            }
        }
        Verb::Cancel => {
            if let Some((kind, one)) = all.get(state.focus) {
                return vec![strike(*kind, one)];
            }
        }
        verb => drop(list::step(&mut state.focus, *verb, all.len(), 8)),
    }
    Vec::new()
}

/// Strikes one: of one's own, in one's own place; of others, for the practice.
fn strike(kind: PhraseKind, one: &Known) -> Ask {
    let own = one.whose == Whose::Own;
    let saying = if own { Saying::Nothing } else { Saying::Struck };
    let says = format!("struck {} {}", word(kind), one.name);
    Ask::Edit(Edit::SetPhrase { own, kind, name: one.name.clone(), saying }, says)
}

const fn word(kind: PhraseKind) -> &'static str {
    match kind {
        PhraseKind::Snippet => "snippet",
        PhraseKind::Template => "template",
    }
}

impl Form {
    fn new(kind: PhraseKind, one: Option<&Known>) -> Self {
        let text = one.map(|one| one.phrase.text()).unwrap_or_default();
        let format = match one.map(|one| &one.phrase) {
            Some(Phrase::Template(format, _)) => *format,
            _ => NoteFormat::Soap,
        };
        let mut editor = Editor::new(Part::Text, &text);
        editor.resize(68, TEXT_ROWS);
        Self {
            kind,
            name: one.map(|one| Field::new(&one.name)).unwrap_or_default(),
            own: one.is_none_or(|one| one.whose != Whose::Practice),
            format,
            text: editor,
            spot: if one.is_some() { Spot::Text } else { Spot::Name },
            missing: "",
        }
    }

    const fn spots(&self) -> &'static [Spot] {
        match self.kind {
            PhraseKind::Snippet => &[Spot::Name, Spot::Whose, Spot::Text, Spot::Save],
            PhraseKind::Template => {
                &[Spot::Name, Spot::Whose, Spot::Format, Spot::Text, Spot::Save]
            }
        }
    }

    fn step(&mut self, forward: bool) {
        let spots = self.spots();
        let place = spots.iter().position(|spot| *spot == self.spot).unwrap_or(0);
        let step = if forward { 1 } else { spots.len() - 1 };
        self.spot = spots.get((place + step) % spots.len()).copied().unwrap_or(Spot::Name);
    }

    /// Returns what is asked for, and whether the form is done.
    fn update(&mut self, act: &Act) -> (Vec<Ask>, bool) {
        self.missing = "";
        match act {
            Act::Verb(Verb::Confirm) => match self.spot {
                Spot::Save => return self.save(),
                Spot::Text => self.write(&Input::Key(Key::plain(KeyCode::Enter))),
                _ => self.step(true),
            },
            Act::Type(Input::Key(Key { code: KeyCode::Tab, shift, .. })) => self.step(!shift),
            Act::Type(Input::Key(Key { code: KeyCode::F(8), .. })) => return self.save(),
            Act::Type(input) => self.write(input),
            Act::Verb(_) => {}
        }
        (Vec::new(), false)
    }

    fn write(&mut self, input: &Input) {
        let turn = match input {
            Input::Key(Key { code: KeyCode::Left | KeyCode::Up, .. }) => Some(false),
            Input::Key(Key {
                code: KeyCode::Right | KeyCode::Down | KeyCode::Char(' '), ..
            }) => Some(true),
            _ => None,
        };
        match (self.spot, turn) {
            (Spot::Name, _) => drop(self.name.update(input)),
            (Spot::Text, _) => {
                // The text lies in the practice when it is saved, and not before.
                drop(self.text.input(input, tacenda_shared::id::Timestamp::default()));
            }
            (Spot::Whose, Some(_)) => self.own = !self.own,
            (Spot::Format, Some(forward)) => {
                let all = NoteFormat::ALL;
                let place = all.iter().position(|format| *format == self.format).unwrap_or(0);
                let step = if forward { 1 } else { all.len() - 1 };
                self.format = all.get((place + step) % all.len()).copied().unwrap_or(self.format);
            }
            _ => {}
        }
    }

    fn save(&mut self) -> (Vec<Ask>, bool) {
        let Some(name) = self.kind.named(self.name.text()) else {
            self.spot = Spot::Name;
            self.missing = match self.kind {
                PhraseKind::Snippet => "A snippet is named by one word: letters, digits, hyphens.",
                PhraseKind::Template => "A template needs a name of one line.",
            };
            return (Vec::new(), false);
        };
        let text = self.text.text();
        let phrase = match self.kind {
            PhraseKind::Snippet => Some(Phrase::Snippet(text.trim_end().to_owned())),
            PhraseKind::Template => Phrase::template(self.format, &text),
        };
        let Some(phrase) = phrase.filter(|_| !text.trim().is_empty()) else {
            self.spot = Spot::Text;
            self.missing = "It needs a text; a line such as [Plan] names a part of the format.";
            return (Vec::new(), false);
        };
        let says = format!("saved {} {name}", word(self.kind));
        let edit =
            Edit::SetPhrase { own: self.own, kind: self.kind, name, saying: Saying::Is(phrase) };
        (vec![Ask::Edit(edit, says)], true)
    }

    fn view(&self, scene: &Scene<'_>, frame: &mut Frame<'_>) {
        let title = if self.kind == PhraseKind::Snippet { "Snippet" } else { "Template" };
        let footer = "Tab next  F8 save  Esc leave";
        let inside = paint::popup(frame, scene.look, (74, 20), (title, footer));
        let label = |frame: &mut Frame<'_>, line: u16, words: &str, spot: Spot| {
            let mark = if self.spot == spot { "> " } else { "  " };
            paint::text(frame, inside, line, &format!("{mark}{words}"), Style::new());
        };
        label(frame, 0, "Name", Spot::Name);
        let place = Rect {
            x: inside.x + 12,
            width: inside.width.saturating_sub(12).min(40),
            y: inside.y,
            height: 1,
        };
        self.name.view(frame, scene.look, place, self.spot == Spot::Name);
        let whose = if self.own { "my own" } else { "everybody in the practice" };
        label(frame, 1, &format!("For       {whose}   (Left or Right changes it)"), Spot::Whose);
        let mut line = 2;
        if self.kind == PhraseKind::Template {
            let words = format!("Divided   {}: {}", self.format.title(), self.format.about());
            label(frame, line, &words, Spot::Format);
            line += 1;
        }
        let about = match self.kind {
            PhraseKind::Snippet => {
                "Text      {date}, {session} and {minutes} are filled in; ___ is a gap"
            }
            PhraseKind::Template => "Text      under the name of each part: [Plan]",
        };
        label(frame, line, about, Spot::Text);
        let area = Rect {
            y: inside.y + line + 1,
            height: TEXT_ROWS.min(inside.height.saturating_sub(line + 4)),
            ..inside
        };
        let style = scene.look.field();
        frame.buffer_mut().set_style(area, style);
        self.text.draw(area, frame.buffer_mut(), style, self.spot == Spot::Text);
        let on_save = Modifier::REVERSED | Modifier::BOLD;
        let save = if self.spot == Spot::Save { on_save } else { Modifier::empty() };
        let save = Style::new().add_modifier(save);
        let mark = if self.spot == Spot::Save { "> " } else { "  " };
        let below = line + 2 + area.height;
        paint::text(frame, inside, below, &format!("{mark}[ Save ]"), save);
        paint::text(
            frame,
            inside,
            below + 1,
            self.missing,
            Style::new().add_modifier(Modifier::BOLD),
        );
        self.place_cursor(frame, (inside, area), below);
    }

    /// Puts the cursor where the focus is.
    fn place_cursor(&self, frame: &mut Frame<'_>, (inside, area): (Rect, Rect), below: u16) {
        match self.spot {
            Spot::Text => {
                if let Some(caret) = self.text.caret_cell(area) {
                    frame.set_cursor_position(caret);
                }
            }
            Spot::Name => {}
            Spot::Whose => frame.set_cursor_position((inside.x, inside.y + 1)),
            Spot::Format => frame.set_cursor_position((inside.x, inside.y + 2)),
            Spot::Save => frame.set_cursor_position((inside.x, inside.y + below)),
        }
    }
}

/// Draws the list, or the form.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    if let Some(form) = &state.form {
        return form.view(scene, frame);
    }
    let all = known(scene);
    let rows = (paint::count(all.len()) + 4).min(scene.look.rows.saturating_sub(2));
    let footer = "Enter edit  n snippet  t template  x strike  Esc";
    let title = "Snippets and templates";
    let inside = paint::popup(frame, scene.look, (76, rows), (title, footer));
    let words = "In a note, ;word and Tab puts a snippet in, and F4 a template.";
    paint::text(frame, inside, 0, words, Style::new());
    let body = paint::lines(inside, 2, u16::MAX);
    let top = list::top(state.focus, all.len(), body.height.into());
    let shown = all.iter().enumerate().skip(top).take(body.height.into());
    for (at, (kind, one)) in shown {
        let (name, text) = match &one.phrase {
            Phrase::Snippet(text) => {
                (format!(";{}", one.name), text.lines().next().unwrap_or_default().to_owned())
            }
            Phrase::Template(format, _) => (one.name.clone(), format.title().to_owned()),
        };
        let words =
            format!("{:<9} {} {:<9} {text}", word(*kind), paint::cell(&name, 18), one.whose.word());
        let focused = at == state.focus;
        paint::row(
            frame,
            scene.look,
            body,
            paint::count(at - top),
            (&words, Style::new(), focused),
        );
    }
}
