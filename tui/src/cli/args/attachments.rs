//! What can be done with the files in a client's chart.

use clap::Subcommand;
use std::path::PathBuf;

/// What can be done with the files in a client's chart.
#[derive(Debug, Subcommand)]
pub enum Attachments {
    /// Put a file into a client's chart. It comes from standard input, or from --input; its title
    /// from standard input then. At most 5 MiB.
    Add {
        /// The client's code.
        client: String,
        /// The file; without it, standard input is the file.
        #[arg(long, value_name = "FILE")]
        input: Option<PathBuf>,
        /// Read the title from this open file descriptor.
        #[arg(long, value_name = "N")]
        title_fd: Option<i32>,
        /// Leave in a picture what its camera wrote into it, such as the place.
        #[arg(long)]
        keep_metadata: bool,
    },
    /// List the files of a client.
    List {
        /// The client's code.
        client: String,
    },
    /// Write a file from a chart to a new file, readable by its owner only. Asks for the passphrase
    /// and is recorded.
    Save {
        /// The client's code.
        client: String,
        /// The id that `attachment list` prints.
        id: String,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Show what is known of a file; of a text, the text.
    Show {
        /// The client's code.
        client: String,
        /// The id that `attachment list` prints.
        id: String,
    },
    /// Strike a file that was attached by mistake. It stays, and can be brought back.
    Strike {
        /// The client's code.
        client: String,
        /// The id that `attachment list` prints.
        id: String,
        /// Bring it back.
        #[arg(long)]
        undo: bool,
    },
}
