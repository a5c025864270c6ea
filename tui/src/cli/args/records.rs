//! What can be done with notes, and with a client's journal.

use clap::{Args, Subcommand};

/// What can be done with notes.
#[derive(Debug, Subcommand)]
pub enum Note {
    /// Add text from standard input to the client's open draft, or begin one.
    Append {
        /// The client's code.
        client: String,
        /// Into which part, by its word: plan, response, mental-status and so on [default: the last].
        #[arg(long)]
        part: Option<String>,
    },
    /// Begin to correct a signed note, or go on: text from standard input takes the place of one part.
    /// `note sign --why` signs it; the note itself stays readable.
    Correct {
        /// The client's code.
        client: String,
        /// The id that `note list` prints.
        id: String,
        /// Which part, by its word [default: the one that there is].
        #[arg(long)]
        part: Option<String>,
    },
    /// Strike a signed note that was written in the wrong chart: it is signed anew by you in the chart of
    /// another client, and can be destroyed here after thirty days. It prints how that is taken back.
    Strike {
        /// The client's code in whose chart it is.
        client: String,
        /// The id that `note list` prints.
        id: String,
        /// It is in the chart of the wrong client: the code of the one to whom it belongs.
        #[arg(long, value_name = "RIGHT-CODE")]
        wrong_client: String,
        /// The session of theirs that it is about, by its id [default: that of the note, if it is theirs].
        #[arg(long)]
        session: Option<String>,
    },
    /// Bring a note of yours back that was struck by mistake, or by a thief; with --from and --copy what
    /// was signed in the other chart is struck there.
    Restore {
        /// The client's code in whose chart it was.
        client: String,
        /// The id that it had there.
        id: String,
        /// The code of the client in whose chart it was signed anew [default: what is there stays].
        #[arg(long, value_name = "CODE", requires = "copy")]
        from: Option<String>,
        /// The id that it has there.
        #[arg(long, value_name = "ID", requires = "from")]
        copy: Option<String>,
    },
    /// List notes and drafts of a client.
    List {
        /// The client's code.
        client: String,
    },
    /// Begin a draft, divided as SOAP unless another format is named. It prints the id.
    New {
        /// The client's code.
        client: String,
        /// soap, dap, birp, girp, pie, intake, risk, group, supervision, discharge or free.
        #[arg(long, default_value = "soap")]
        format: String,
    },
    /// Show the newest signed note of a client, or the one with this id.
    Show {
        /// The client's code.
        client: String,
        /// The id that `note list` prints.
        #[arg(long)]
        id: Option<String>,
    },
    /// Sign the client's open draft.
    Sign {
        /// The client's code.
        client: String,
        /// Why it is signed more than 72 hours after the session, or why a note is corrected; read from
        /// standard input.
        #[arg(long, visible_alias = "why")]
        late: bool,
    },
}

/// What can be done with what a client wrote.
#[derive(Debug, Subcommand)]
pub enum Journals {
    /// Put what a client wrote into their journal; it comes from standard input.
    Add(NewEntry),
    /// List the entries of a client's journal: dates and numbers of words.
    List {
        /// The client's code.
        client: String,
    },
    /// Show an entry.
    Show {
        /// The client's code.
        client: String,
        /// The id that `journal list` prints.
        id: String,
    },
}

/// An entry of a journal.
#[derive(Args, Debug)]
pub struct NewEntry {
    /// The client's code.
    pub client: String,
    /// The day that the client gives it, as 2026-11-25 [default: today].
    #[arg(long, value_name = "DATE")]
    pub date: Option<jiff::civil::Date>,
    /// The client has agreed that it may be shared.
    #[arg(long)]
    pub shared: bool,
}
