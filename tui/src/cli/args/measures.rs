//! What can be said of measures on the command line.

use clap::{Args, Subcommand};

/// What can be done with measures.
#[derive(Debug, Subcommand)]
pub enum Measures {
    /// Enter what was answered, from standard input: for each item the digit that stands for the answer,
    /// `.` for not answered, `-` for not asked; blanks do not count. Signs it.
    Add(NewMeasure),
    /// Take in a measure of the practice's own, a file like those that come with the program, from
    /// standard input. What contradicts itself is refused, with the line.
    Define,
    /// List the forms that can be answered, or print one with its items.
    Forms {
        /// Its id, for example phq-9.
        form: Option<String>,
    },
    /// List a client's measures.
    List {
        /// The client's code.
        client: String,
    },
    /// Say that the answer which raised a risk was reviewed.
    Review(NamedMeasure),
    /// Enter a score of an instrument that is not here, from standard input: a line each `name: `,
    /// `score: `, `range: ` (as 0-180), `from: `. Signs it.
    Score {
        /// The client's code.
        client: String,
    },
    /// Show a measure: its answers, and what follows from them.
    Show(NamedMeasure),
    /// Strike one that was entered by mistake. It stays in the list, as struck.
    Strike(NamedMeasure),
    /// Withdraw a measure of the practice's own. What was answered stays.
    Withdraw {
        /// The id in its file.
        form: String,
    },
}

/// Options of `measure add`.
#[derive(Args, Debug)]
pub struct NewMeasure {
    /// The client's code.
    pub client: String,
    /// The form, by the id that `measure forms` prints.
    #[arg(long)]
    pub form: String,
    /// You have read what is said of an answer that raises a risk.
    #[arg(long)]
    pub acknowledged: bool,
}

/// One measure of a client.
#[derive(Args, Debug)]
pub struct NamedMeasure {
    /// The client's code.
    pub client: String,
    /// The id that `measure list` prints.
    pub id: String,
}
