//! What a command about snippets and templates asks for.

use super::args::{Snippets, Templates};
use super::prompt::{self, PromptError};
use super::request::Request;
use serde::{Deserialize, Serialize};
use tacenda_shared::practice::phrase::TEXT_BYTES_MAX;

/// What is to be done with snippets or templates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PhraseWish {
    /// Whether it is about templates.
    pub templates: bool,
    /// Which one; `None` lists them.
    pub name: Option<String>,
    /// The text; `None` strikes it.
    pub text: Option<String>,
    /// How a template is divided.
    pub format: Option<String>,
    /// Whether it is the practice's.
    pub practice: bool,
}

/// Reads what a command about snippets says, and its standard input.
pub(super) fn snippets(command: &Snippets) -> Result<Request, PromptError> {
    Ok(Request::Phrase(match command {
        Snippets::List => wish(false, None, false),
        Snippets::Set { name, practice } => {
            PhraseWish { text: Some(text()?), ..wish(false, Some(name), *practice) }
        }
        Snippets::Remove { name, practice } => wish(false, Some(name), *practice),
    }))
}

/// Reads what a command about templates says, and its standard input.
pub(super) fn templates(command: &Templates) -> Result<Request, PromptError> {
    Ok(Request::Phrase(match command {
        Templates::List => wish(true, None, false),
        Templates::Set { name, format, practice } => PhraseWish {
            text: Some(text()?),
            format: Some(format.clone()),
            ..wish(true, Some(name), *practice)
        },
        Templates::Remove { name, practice } => wish(true, Some(name), *practice),
    }))
}

fn wish(templates: bool, name: Option<&String>, practice: bool) -> PhraseWish {
    PhraseWish { templates, name: name.cloned(), text: None, format: None, practice }
}

/// One byte more than fits says that it is too long.
fn text() -> Result<String, PromptError> {
    prompt::standard_input(2 * TEXT_BYTES_MAX)
}
