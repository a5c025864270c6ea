//! Texts that are written often: snippets, which a word stands for, and templates, which fill the parts of
//! a format. They are the member's own, the practice's, or came with the program, in this order: one of a
//! name hides those of the same name after it. Nothing in them is about a client.
//!
//! Each is one field of a document, so that two devices change different ones: the practice's settings, or
//! the member's own compartment.

mod shipped;
#[cfg(test)]
mod tests;

use super::apply::{Done, Guard, Refusal};
use super::compartment::CompartmentName;
use super::contact::{Settings, normal};
use super::document::{Document, Scalar};
use super::edit::{Edit, NoteFormat, Part};
use super::view::Index;
use super::{Context, Practice, document_of};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::MemberId;
use std::collections::{BTreeMap, BTreeSet};

/// The longest text of a snippet, or of all parts of a template, in bytes.
pub const TEXT_BYTES_MAX: usize = 8 << 10;
/// Most of one kind in one place.
pub const PHRASES_MAX: usize = 200;
/// The longest name of a snippet, in bytes; it is one word.
pub const WORD_BYTES_MAX: usize = 24;
/// The longest name of a template, in bytes.
pub const NAME_BYTES_MAX: usize = 60;
const VERSION: u8 = 1;

/// Which of both.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum PhraseKind {
    /// A word stands for it: `;plan-std`.
    Snippet,
    /// It fills the parts of a format.
    Template,
}

impl PhraseKind {
    const ALL: [Self; 2] = [Self::Snippet, Self::Template];

    const fn field(self) -> &'static str {
        match self {
            Self::Snippet => "snippet/",
            Self::Template => "template/",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Snippet => 1,
            Self::Template => 2,
        }
    }

    /// Returns the name in the one form that it has, if it can be one: of a snippet one word of small
    /// letters, digits and hyphens; of a template one line.
    pub fn named(self, name: &str) -> Option<String> {
        let name = match self {
            Self::Snippet => name.trim().trim_start_matches(';').to_lowercase(),
            Self::Template => normal(name),
        };
        let fits = match self {
            Self::Snippet => {
                name.len() <= WORD_BYTES_MAX
                    && name.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
            }
            Self::Template => name.len() <= NAME_BYTES_MAX,
        };
        (fits && !name.is_empty()).then_some(name)
    }
}

/// A text that is written often.
#[derive(Clone, Eq, PartialEq)]
pub enum Phrase {
    /// What a word stands for.
    Snippet(String),
    /// How a note is divided, and what stands in its parts.
    Template(NoteFormat, Vec<(Part, String)>),
}

impl std::fmt::Debug for Phrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phrase({:?}, {} bytes)", self.kind(), self.bytes())
    }
}

impl Phrase {
    /// Returns which of both it is.
    pub const fn kind(&self) -> PhraseKind {
        match self {
            Self::Snippet(_) => PhraseKind::Snippet,
            Self::Template(..) => PhraseKind::Template,
        }
    }

    /// Returns the text, each part of a template under its heading in brackets.
    pub fn text(&self) -> String {
        match self {
            Self::Snippet(text) => text.clone(),
            Self::Template(_, parts) => {
                let part = |(part, text): &(Part, String)| format!("[{}]\n{text}", part.title());
                parts.iter().map(part).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// Reads a template as [`Phrase::text`] writes one. What stands before the first heading belongs to
    /// the first part; `None` if a heading is that of no part of the format.
    pub fn template(format: NoteFormat, text: &str) -> Option<Self> {
        let mut parts: Vec<(Part, String)> = Vec::new();
        for line in text.lines() {
            let heading = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']'));
            let heading = heading.filter(|words| !words.is_empty() && !words.contains('.'));
            if let Some(words) = heading {
                let fits = |part: &&Part| {
                    let names = [part.title().to_lowercase(), part.letter().to_lowercase()];
                    names.contains(&words.trim().to_lowercase())
                };
                let part = format.parts().iter().find(fits)?;
                parts.push((*part, String::new()));
                continue;
            }
            if parts.is_empty() {
                parts.push((*format.parts().first()?, String::new()));
            }
            let (_, text) = parts.last_mut()?;
            text.push_str(line);
            text.push('\n');
        }
        for (_, text) in &mut parts {
            text.truncate(text.trim_end().len());
        }
        parts.retain(|(_, text)| !text.is_empty());
        Some(Self::Template(format, parts))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Snippet(text) => text.len(),
            Self::Template(_, parts) => parts.iter().map(|(_, text)| text.len()).sum(),
        }
    }

    /// Whether it can be kept: it has a text, and not too much of it.
    pub(super) fn is_possible(&self) -> bool {
        !self.is_blank() && self.bytes() <= TEXT_BYTES_MAX
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Snippet(text) => text.trim().is_empty(),
            Self::Template(_, parts) => parts.iter().all(|(_, text)| text.trim().is_empty()),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(VERSION).u8(self.kind().number());
        match self {
            Self::Snippet(text) => {
                writer.text(text);
            }
            Self::Template(format, parts) => {
                writer.u8(format.number()).list(parts, |w, (part, text)| {
                    w.u8(part.number()).text(text);
                });
            }
        }
        writer.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(CodecError::Unknown);
        }
        let phrase = match reader.u8()? {
            1 => Self::Snippet(reader.text(TEXT_BYTES_MAX)?.to_owned()),
            2 => {
                let number = i64::from(reader.u8()?);
                let format = NoteFormat::of(number).ok_or(CodecError::Unknown)?;
                let parts = reader.list(Part::ALL.len(), |r| {
                    let part = Part::of(r.u8()?).ok_or(CodecError::Unknown)?;
                    Ok((part, r.text(TEXT_BYTES_MAX)?.to_owned()))
                })?;
                Self::Template(format, parts)
            }
            _ => return Err(CodecError::Unknown),
        };
        reader.finish()?;
        if phrase.bytes() > TEXT_BYTES_MAX { Err(CodecError::TooLong) } else { Ok(phrase) }
    }
}

/// What is said of a name in one place.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Saying {
    /// Nothing: what comes after it counts.
    #[default]
    Nothing,
    /// That it is struck, here and in what comes after it.
    Struck,
    /// The text.
    Is(Phrase),
}

impl Saying {
    fn scalar(&self) -> Scalar {
        match self {
            Self::Nothing => Scalar::Nothing,
            Self::Struck => Scalar::Flag(false),
            Self::Is(phrase) => Scalar::Bytes(phrase.encode()),
        }
    }
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whose {
    /// The member's own.
    Own,
    /// The practice's.
    Practice,
    /// It came with the program.
    Shipped,
}

impl Whose {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Practice => "practice",
            Self::Shipped => "shipped",
        }
    }
}

/// What one document says, by kind and name. Never [`Saying::Nothing`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Phrases(BTreeMap<(PhraseKind, String), Saying>);

impl Phrases {
    /// Returns all that is said.
    pub(super) fn all(&self) -> impl Iterator<Item = (PhraseKind, &str, &Saying)> {
        self.0.iter().map(|((kind, name), saying)| (*kind, name.as_str(), saying))
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, kind: PhraseKind, name: &str) -> Saying {
        self.0.get(&(kind, name.to_owned())).cloned().unwrap_or_default()
    }

    /// Reads a document; what is too long, too much or of a newer version is passed over, and stays.
    pub(super) fn read(document: &Document) -> Self {
        let mut said = BTreeMap::new();
        for kind in PhraseKind::ALL {
            let keys = document.keys().into_iter();
            let known = keys.filter_map(|key| {
                let name = key.strip_prefix(kind.field())?;
                let name = kind.named(name).filter(|known| known == name)?;
                let saying = match document.value(None, &key)? {
                    Scalar::Flag(false) => Saying::Struck,
                    Scalar::Bytes(bytes) => {
                        Saying::Is(Phrase::decode(&bytes).ok().filter(|one| one.kind() == kind)?)
                    }
                    _ => return None,
                };
                Some(((kind, name), saying))
            });
            said.extend(known.take(PHRASES_MAX));
        }
        Self(said)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let all: Vec<_> = self.0.iter().collect();
        writer.list(&all, |w, ((kind, name), saying)| {
            w.u8(kind.number()).text(name);
            w.option(phrase_of(saying), |w, phrase| {
                w.bytes(&phrase.encode());
            });
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let all = reader.list(2 * PHRASES_MAX, |r| {
            let number = r.u8()?;
            let kind = PhraseKind::ALL.into_iter().find(|kind| kind.number() == number);
            let kind = kind.ok_or(CodecError::Unknown)?;
            let name = r.text(NAME_BYTES_MAX)?.to_owned();
            let saying = r.option(|r| Phrase::decode(r.bytes(2 * TEXT_BYTES_MAX)?))?;
            Ok(((kind, name), saying.map_or(Saying::Struck, Saying::Is)))
        })?;
        Ok(Self(all.into_iter().collect()))
    }
}

const fn phrase_of(saying: &Saying) -> Option<&Phrase> {
    match saying {
        Saying::Is(phrase) => Some(phrase),
        Saying::Nothing | Saying::Struck => None,
    }
}

/// A text that can be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    /// Where it stands.
    pub whose: Whose,
    /// Its name.
    pub name: String,
    /// The text.
    pub phrase: Phrase,
}

impl Index {
    /// Returns the texts of one kind that a member can use, by name.
    pub fn phrases(&self, kind: PhraseKind, member: Option<MemberId>) -> Vec<Known> {
        let own = member.and_then(|member| self.own_phrases.get(&member));
        let layers = [(Whose::Own, own), (Whose::Practice, Some(&self.practice_phrases))];
        let said = layers.into_iter().filter_map(|(whose, said)| Some((whose, said?)));
        let (mut seen, mut known) = (BTreeSet::new(), Vec::new());
        for (whose, said) in said {
            for ((_, name), saying) in said.0.iter().filter(|((of, _), _)| *of == kind) {
                if seen.insert(name.clone())
                    && let Saying::Is(phrase) = saying
                {
                    known.push(Known { whose, name: name.clone(), phrase: phrase.clone() });
                }
            }
        }
        let shipped = shipped::all(kind).into_iter().filter(|(name, _)| !seen.contains(*name));
        known.extend(shipped.map(|(name, phrase)| Known {
            whose: Whose::Shipped,
            name: name.to_owned(),
            phrase,
        }));
        known.sort_by(|one, other| one.name.cmp(&other.name));
        known
    }

    /// Returns what a place says of a name.
    pub fn saying(&self, own: Option<MemberId>, kind: PhraseKind, name: &str) -> Saying {
        match own {
            None => self.practice_phrases.of(kind, name),
            Some(member) => {
                let own = self.own_phrases.get(&member);
                own.map(|said| said.of(kind, name)).unwrap_or_default()
            }
        }
    }
}

/// What the screen shows beside a note, for the places of a text: `{date}`, `{session}`, `{minutes}`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Fill {
    /// Today.
    pub date: String,
    /// When the session was.
    pub session: String,
    /// How long it was.
    pub minutes: String,
}

impl Fill {
    /// Puts it into a text. What is not known is left as a gap, which is told before a signature.
    pub fn fill(&self, text: &str) -> String {
        let places =
            [("{date}", &self.date), ("{session}", &self.session), ("{minutes}", &self.minutes)];
        places.into_iter().fold(text.to_owned(), |text, (place, value)| {
            text.replace(place, if value.is_empty() { "___" } else { value })
        })
    }
}

impl Practice {
    /// Says what a snippet or a template is: in the member's own place, or in the practice's.
    pub(super) fn set_phrase(
        &mut self,
        own: bool,
        (kind, name): (PhraseKind, &str),
        saying: Saying,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let word = kind.named(name).ok_or(Refusal::InvalidPhrase)?;
        if let Saying::Is(phrase) = &saying {
            if phrase.kind() != kind || phrase.is_blank() {
                return Err(Refusal::InvalidPhrase);
            }
            if phrase.bytes() > TEXT_BYTES_MAX {
                return Err(Refusal::TextTooLong);
            }
        }
        let member = cx.pen.author().member;
        let place = if own { CompartmentName::Personal(member) } else { CompartmentName::Practice };
        let object = document_of(&place);
        let said = Phrases::read(self.document(&place, object, cx)?);
        let before = said.of(kind, &word);
        let of_kind = said.0.keys().filter(|(of, _)| *of == kind).count();
        if before == Saying::Nothing && saying != Saying::Nothing && of_kind >= PHRASES_MAX {
            return Err(Refusal::TooManyPhrases);
        }
        let (field, value) = (format!("{}{word}", kind.field()), saying.scalar());
        let change = self.change(&place, object, cx, |document| {
            document.put(None, &field, value.clone());
        })?;
        let document = self.document(&place, object, cx)?;
        if own {
            let said = Phrases::read(document);
            self.facts.learn_phrases(member, said);
        } else {
            self.facts.settings = Settings::read(document);
        }
        let inverse = Some(Edit::SetPhrase { own, kind, name: word, saying: before });
        let guards = vec![Guard { name: place, object, place: None, field, value }];
        Ok(Done { changes: change.into_iter().collect(), inverse, guards })
    }
}
