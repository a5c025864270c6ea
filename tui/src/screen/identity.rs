//! Who a client is in law: each field with why it is asked. Nothing of it is needed to begin.

use super::parts::{list, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::notice::Notice;
use crate::widget::safe;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::identity::{IdentityField, age};
use tacenda_shared::practice::view::{IdentityView, View};

/// Columns of a label.
const LABEL: usize = 20;

/// What is known, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    view: Option<Box<IdentityView>>,
    refusal: Option<Notice>,
    focus: usize,
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId) -> Self {
        Self { client, view: None, refusal: None, focus: 0 }
    }

    /// Takes what is known, or why it cannot be had.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Identity(identity) = *view
                    && identity.client.id == self.client
                {
                    self.view = Some(Box::new(identity));
                    self.refusal = None;
                }
            }
            Err(notice) => {
                self.view = None;
                self.refusal = Some(notice);
            }
        }
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        let field = IdentityField::ALL.get(self.focus).filter(|_| self.view.is_some());
        field.map_or(Focused::Client(self.client), |field| Focused::Identity(self.client, *field))
    }

    /// Returns what a field says now.
    pub fn value(&self, field: IdentityField) -> Option<&str> {
        self.view.as_ref()?.identity.get(&field).map(String::as_str)
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        list::step(&mut state.focus, *verb, IdentityField::ALL.len(), 3);
    }
    Vec::new()
}

/// Draws the fields.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let inside = paint::inset(area, 1);
    let title = format!("Identity   {}", who::written_under(scene.index, state.client, scene.veil));
    paint::rule(frame, scene.look, area, 0, (&title, "kept apart from the contact"));
    let Some(view) = &state.view else {
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, scene.look, inside, 2, notice)),
            None => paint::text(frame, inside, 2, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    };
    let body = paint::lines(area, 2, u16::MAX);
    let room = usize::from(body.width).saturating_sub(LABEL + 3);
    for (at, field) in IdentityField::ALL.into_iter().enumerate() {
        let value = match view.identity.get(&field) {
            None => "-".to_owned(),
            Some(_) if scene.veil => "hidden (F9 shows)".to_owned(),
            Some(value) => words(field, value, scene.today()),
        };
        let value = safe::truncated(&value, room, true);
        let words = format!("{:<LABEL$} {value}", field.title());
        paint::row(
            frame,
            scene.look,
            body,
            paint::count(at),
            (&words, Style::new(), at == state.focus),
        );
    }
    let below = paint::count(IdentityField::ALL.len()) + 3;
    let Some(field) = IdentityField::ALL.get(state.focus) else { return };
    let line = paint::paragraph(frame, inside, below, field.why(), Style::new());
    let whole = view.identity.get(field).filter(|value| !scene.veil && value.len() > room);
    if let Some(value) = whole {
        paint::paragraph(frame, inside, line + 1, value, Style::new());
    }
}

/// Returns a value as people read it; a date with the age that follows from it.
pub fn words(field: IdentityField, value: &str, today: Date) -> String {
    let born = value.parse::<Date>().ok().filter(|_| field == IdentityField::Born);
    match born {
        None => value.to_owned(),
        Some(born) => {
            let age = age(born, today).map(|age| format!(", {age} years old"));
            format!("{} {}{}", when::short(born), born.year(), age.unwrap_or_default())
        }
    }
}
