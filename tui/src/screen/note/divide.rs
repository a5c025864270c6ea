//! A draft that is divided in another way while it is on the screen: which texts it shows then, and what
//! goes where. No text is lost, whoever divides it and whoever writes meanwhile.

use super::State;
use crate::message::{Effect, Now};
use crate::widget::editor::Editor;
use tacenda_shared::practice::edit::{NoteFormat, Part, Splice};
use tacenda_shared::practice::view::DraftView;

impl State {
    /// Returns how it is divided.
    pub const fn format(&self) -> NoteFormat {
        self.format
    }

    /// The person has asked that it be divided in this way: what has no part then goes where it is at
    /// home, as if it had been typed there. What another device divides stays where it is.
    pub const fn expect(&mut self, format: NoteFormat) {
        self.expected = Some(format);
    }

    /// Shows the parts that a view has. Returns those that were not there; they have its text.
    pub(super) fn take_parts(&mut self, view: &DraftView) -> Vec<Part> {
        let shown: Vec<Part> = self.editors.iter().map(Editor::part).collect();
        if self.format == view.row.format && view.parts.iter().map(|(part, _)| *part).eq(shown) {
            return Vec::new();
        }
        self.format = view.row.format;
        let focused = self.editors.get(self.focus).map(Editor::part);
        let mut before = std::mem::take(&mut self.editors);
        let mut fresh = Vec::new();
        for (part, text) in &view.parts {
            let known = before.iter().position(|editor| editor.part() == *part);
            self.editors.push(match known {
                Some(at) => before.remove(at),
                None => {
                    fresh.push(*part);
                    Editor::new(*part, text)
                }
            });
        }
        // What was typed into it is on its way; where all of it was erased, nothing is left to show.
        self.editors.extend(before.into_iter().filter(|editor| !editor.is_blank()));
        self.focus_on(focused.unwrap_or(Part::Text));
        fresh
    }

    /// Puts the focus on a part, or on the one in which its text is at home.
    pub(super) fn focus_on(&mut self, part: Part) {
        let home = self.format.home_of(part);
        let place = |part| self.editors.iter().position(|editor| editor.part() == part);
        self.focus = place(part).or_else(|| place(home)).unwrap_or(0);
    }

    /// Where this screen asked for the division that has come: moves what has no part in it, and says
    /// what went where.
    pub(super) fn settle_parts(&mut self, now: &Now, effects: &mut Vec<Effect>) -> Option<String> {
        self.expected.take_if(|format| *format == self.format)?;
        let title = self.format.title();
        let others: Vec<Part> = self.editors.iter().map(Editor::part).collect();
        let others = others.into_iter().filter(|part| !self.format.parts().contains(part));
        let others: Vec<Part> = others.collect();
        if others.is_empty() {
            return Some(format!("Divided as {title}."));
        }
        let names =
            |parts: &[Part]| parts.iter().map(|part| part.title()).collect::<Vec<_>>().join(", ");
        if !self.beside.is_empty() {
            return Some(format!(
                "Divided as {title}. Below stands: {}. Another device is here, so nothing was moved.",
                names(&others)
            ));
        }
        let mut moved: Vec<(Part, Vec<Part>)> = Vec::new();
        for part in others {
            let home = self.format.home_of(part);
            let Some(splices) = self.move_text(part, home) else { continue };
            self.send(splices, now, effects);
            match moved.iter_mut().find(|(to, _)| *to == home) {
                Some((_, parts)) => parts.push(part),
                None => moved.push((home, vec![part])),
            }
        }
        let format = self.format;
        let focused = self.editors.get(self.focus).map(Editor::part);
        self.editors.retain(|editor| format.parts().contains(&editor.part()) || !editor.is_blank());
        self.focus_on(focused.unwrap_or(Part::Text));
        let mut said = vec![format!("Divided as {title}")];
        let went =
            moved.iter().map(|(to, from)| format!("{} went into {}", names(from), to.title()));
        said.extend(Some(went.collect::<Vec<_>>().join("; ")).filter(|went| !went.is_empty()));
        let below: Vec<Part> = self.editors.iter().map(Editor::part).collect();
        let below: Vec<Part> = below.into_iter().filter(|p| !format.parts().contains(p)).collect();
        if !below.is_empty() {
            // There is no room for it where it is at home.
            said.push(format!("Below stands: {}", names(&below)));
        }
        Some(format!("{}.", said.join(". ")))
    }

    /// Moves the whole text of a part behind that of another; `None`, and nothing has changed, if there
    /// is nothing in it, as where another device has emptied it meanwhile, or no room for it there.
    fn move_text(&mut self, from: Part, to: Part) -> Option<Vec<Splice>> {
        let place = |part| self.editors.iter().position(|editor| editor.part() == part);
        let (source, target) = (place(from)?, place(to)?);
        if source == target || self.editors.get(source)?.is_blank() {
            return None;
        }
        let text = self.editors.get(source)?.text();
        let heading = if to == Part::Text { format!("{}: ", from.title()) } else { String::new() };
        let target = self.editors.get_mut(target)?;
        let end = target.rope().len_chars();
        let between = if target.is_blank() { "" } else { "\n" };
        let comes = format!("{between}{heading}{}", text.trim_end());
        if target.rope().len_bytes() + comes.len() > crate::widget::editor::PART_LIMIT {
            return None;
        }
        let come = target.replace(end, 0, &comes);
        let go = self.editors.get_mut(source)?.replace(0, usize::MAX, "");
        // What an editor shows is what the document hears, whatever of both there was.
        Some(come.into_iter().chain(go).collect())
    }
}
