//! What the practice asks of a note before it is signed: each element left out, told or required.

use super::parts::{list, paint};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::lint::{Element, Level};

/// Which element is in focus.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct State {
    focus: usize,
}

/// Moves the focus, or changes the element in focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Verb(Verb::Confirm) => {
            let Some(element) = Element::ALL.get(state.focus).copied() else { return Vec::new() };
            let level = scene.index.levels.of(element).next(element);
            let says = format!("before a signature, {}: {}", element.title(), words(level));
            vec![Ask::Edit(Edit::SetLevel { element, level }, says)]
        }
        Act::Verb(verb) => {
            list::step(&mut state.focus, *verb, Element::ALL.len(), 5);
            Vec::new()
        }
        Act::Type(_) => Vec::new(),
    }
}

const fn words(level: Level) -> &'static str {
    match level {
        Level::Off => "left out",
        Level::Warn => "warns",
        Level::Require => "required",
    }
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let rows = (paint::count(Element::ALL.len()) + 6).min(scene.look.rows.saturating_sub(2));
    let title = "Before a note is signed";
    let inside = paint::popup(frame, scene.look, (76, rows), (title, "Enter changes  Esc done"));
    let about = "What the page before a signature looks for, for everybody in the practice. What is \
                 required, nothing is signed without.";
    let line = paint::paragraph(frame, inside, 0, about, Style::new()) + 1;
    let body = paint::lines(inside, line, u16::MAX);
    let top = list::top(state.focus, Element::ALL.len(), body.height.into());
    let shown = Element::ALL.iter().enumerate().skip(top).take(body.height.into());
    for (at, element) in shown {
        let level = words(scene.index.levels.of(*element));
        let words = format!("{level:<9} {} ({})", element.title(), element.source());
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
