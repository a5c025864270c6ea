//! Snippets and templates on the command line.

use super::{Refused, Say, refuse, say_line};
use crate::cli::phrase::PhraseWish;
use crate::device::open::Device;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::{Edit, NoteFormat};
use tacenda_shared::practice::phrase::{Phrase, PhraseKind, Saying, Whose};

/// Lists them, or saves or strikes one.
pub(super) fn answer(
    device: &mut Device,
    wish: PhraseWish,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let kind = if wish.templates { PhraseKind::Template } else { PhraseKind::Snippet };
    let Some(name) = wish.name else { return Ok(list(device, kind, say)) };
    let saying = match wish.text {
        Some(text) => Saying::Is(read(kind, &text, wish.format.as_deref())?),
        None => struck(device, kind, &name, wish.practice)?,
    };
    device.apply(Edit::SetPhrase { own: !wish.practice, kind, name, saying }, now)?;
    Ok(true)
}

fn read(kind: PhraseKind, text: &str, format: Option<&str>) -> Result<Phrase, Refused> {
    let text = text.trim_end();
    if kind == PhraseKind::Snippet {
        return Ok(Phrase::Snippet(text.to_owned()));
    }
    let Some(format) = format.and_then(NoteFormat::named) else {
        return refuse("There is no such format.", super::notes::FORMATS);
    };
    match Phrase::template(format, text) {
        Some(phrase) => Ok(phrase),
        None => refuse(
            "A line in brackets names no part of that format.",
            "Write the names as the note shows them, for example [Assessment].",
        ),
    }
}

/// What strikes one: of one's own, nothing is said any more; the practice says that it is struck, also
/// of what came with the program.
fn struck(
    device: &Device,
    kind: PhraseKind,
    name: &str,
    practice: bool,
) -> Result<Saying, Refused> {
    let name = kind.named(name).unwrap_or_default();
    let index = device.index();
    let known = index.phrases(kind, Some(device.member()));
    let one = known.iter().find(|one| one.name == name);
    match one.map(|one| one.whose) {
        Some(Whose::Own) if !practice => Ok(Saying::Nothing),
        Some(_) if practice => Ok(Saying::Struck),
        Some(_) => refuse("It is not your own.", "Strike it for everybody with --practice."),
        None => refuse("There is none of that name.", "The command `list` prints them."),
    }
}

fn list(device: &Device, kind: PhraseKind, say: Say<'_>) -> bool {
    for one in device.index().phrases(kind, Some(device.member())) {
        let format = match &one.phrase {
            Phrase::Template(format, _) => format.title(),
            Phrase::Snippet(_) => "",
        };
        let (whose, text) = (one.whose.word(), one.phrase.text());
        let json = serde_json::json!({
            "schema": 1, "type": "phrase", "name": one.name, "whose": whose, "format": format,
            "text": text,
        });
        let head =
            format!("{}  ({whose}{}{format})", one.name, if format.is_empty() { "" } else { ", " });
        say_line(say, json, &format!("{head}\n{text}\n"));
    }
    false
}
