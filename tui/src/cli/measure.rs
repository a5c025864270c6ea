//! What a command about measures asks for.

use super::args::{Measures, NamedMeasure};
use super::prompt::{self, PromptError};
use super::request::{Request, Typed};
use serde::{Deserialize, Serialize};
use tacenda_shared::practice::measure::FILE_BYTES_MAX;

/// The longest text for one measure.
const TEXT_BYTES_MAX: usize = 1 << 14;

/// What is to be done with the measures of a client.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum MeasureWish {
    /// Enter what was answered.
    Add {
        /// The form's id.
        form: String,
        /// A sign for each item.
        answers: Typed,
        /// Whether what is said of a risk was read.
        acknowledged: bool,
    },
    /// List them.
    List,
    /// Say that an answer was reviewed.
    Review {
        /// The record.
        id: String,
    },
    /// Enter a score.
    Score {
        /// Its words, a line each.
        text: Typed,
    },
    /// Show one.
    Show {
        /// The record.
        id: String,
    },
    /// Strike one that was entered by mistake.
    Strike {
        /// The record.
        id: String,
    },
}

/// What is to be done with forms.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FormWish {
    /// Take in one of the practice's own.
    Define {
        /// The file.
        text: String,
    },
    /// List them, or print one.
    List {
        /// Which.
        form: Option<String>,
    },
    /// Withdraw one of the practice's own.
    Withdraw {
        /// The id of its file.
        form: String,
    },
}

/// Reads what a command says, and its standard input.
pub(super) fn request(command: &Measures) -> Result<Request, PromptError> {
    let text = |limit| prompt::standard_input(limit);
    let of = |one: &NamedMeasure, wish: fn(String) -> MeasureWish| Request::Measure {
        client: one.client.clone(),
        wish: wish(one.id.clone()),
    };
    Ok(match command {
        Measures::Add(new) => {
            let (form, acknowledged) = (new.form.clone(), new.acknowledged);
            let answers = Typed(text(TEXT_BYTES_MAX)?);
            let wish = MeasureWish::Add { form, answers, acknowledged };
            Request::Measure { client: new.client.clone(), wish }
        }
        // One byte more than fits says that it is too long.
        Measures::Define => {
            Request::MeasureForms(FormWish::Define { text: text(2 * FILE_BYTES_MAX)? })
        }
        Measures::Forms { form } => Request::MeasureForms(FormWish::List { form: form.clone() }),
        Measures::List { client } => {
            Request::Measure { client: client.clone(), wish: MeasureWish::List }
        }
        Measures::Review(one) => of(one, |id| MeasureWish::Review { id }),
        Measures::Score { client } => {
            let wish = MeasureWish::Score { text: Typed(text(TEXT_BYTES_MAX)?) };
            Request::Measure { client: client.clone(), wish }
        }
        Measures::Show(one) => of(one, |id| MeasureWish::Show { id }),
        Measures::Strike(one) => of(one, |id| MeasureWish::Strike { id }),
        Measures::Withdraw { form } => {
            Request::MeasureForms(FormWish::Withdraw { form: form.clone() })
        }
    })
}
