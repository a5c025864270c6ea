//! Snippets and templates in an export: the practice's, and those of the member who exports.

use super::export::typed;
use super::import::{Cause, ImportStep, Importer};
use super::lines::{FORMATS, PARTS, Rest, value, word};
use crate::practice::edit::{Edit, NoteFormat, Part};
use crate::practice::phrase::{Phrase, PhraseKind, Saying};
use crate::practice::view::Index;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PhraseLine {
    name: String,
    /// Whether it is the member's own; else it is the practice's.
    #[serde(default)]
    own: bool,
    /// How a template is divided; a snippet has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    /// What it says; of one that is struck nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PhrasePart>,
    #[serde(default)]
    struck: bool,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PhrasePart {
    part: String,
    text: String,
}

/// A template that is struck has a format in its line all the same: it says what the name is of.
fn line(own: bool, kind: PhraseKind, name: &str, saying: &Saying) -> String {
    let part = |part: Part, text: &str| PhrasePart {
        part: word(PARTS, part).to_owned(),
        text: text.to_owned(),
    };
    let (format, parts) = match saying {
        Saying::Is(Phrase::Snippet(text)) => (None, vec![part(Part::Text, text)]),
        Saying::Is(Phrase::Template(format, parts)) => {
            (Some(*format), parts.iter().map(|(of, text)| part(*of, text)).collect())
        }
        Saying::Nothing | Saying::Struck => {
            ((kind == PhraseKind::Template).then_some(NoteFormat::Free), Vec::new())
        }
    };
    let format = format.map(|format| word(FORMATS, format).to_owned());
    let (struck, name) = (*saying == Saying::Struck, name.to_owned());
    typed("phrase", PhraseLine { name, own, format, parts, struck, rest: Rest::new() })
}

/// The lines of all that is said.
pub(super) fn lines(index: &Index) -> impl Iterator<Item = String> + '_ {
    let own = index.own_phrases.values().flat_map(|said| said.all().map(|one| (true, one)));
    let practice = index.practice_phrases.all().map(|one| (false, one));
    practice.chain(own).map(|(own, (kind, name, saying))| line(own, kind, name, saying))
}

impl Importer {
    pub(super) fn phrase(&mut self, line: PhraseLine) -> Result<Vec<ImportStep>, Cause> {
        let kind = if line.format.is_some() { PhraseKind::Template } else { PhraseKind::Snippet };
        let name = kind.named(&line.name).ok_or(Cause::Invalid("name"))?;
        let part = |body: &PhrasePart| {
            let part = value(PARTS, &body.part).ok_or(Cause::Invalid("parts"))?;
            Ok((part, body.text.clone()))
        };
        let parts = line.parts.iter().map(part).collect::<Result<Vec<_>, Cause>>()?;
        let phrase = match &line.format {
            Some(format) => {
                let format = value(FORMATS, format).ok_or(Cause::Invalid("format"))?;
                Phrase::Template(format, parts)
            }
            None => Phrase::Snippet(parts.into_iter().map(|(_, text)| text).collect()),
        };
        let saying = if line.struck { Saying::Struck } else { Saying::Is(phrase) };
        if let Saying::Is(phrase) = &saying
            && !phrase.is_possible()
        {
            return Err(Cause::Invalid("parts"));
        }
        self.seen("phrase", &line.rest);
        Ok(vec![ImportStep::Edit(Edit::SetPhrase { own: line.own, kind, name, saying })])
    }
}
