//! Files in charts, on the side of the command: what is read, and where one is saved.

use super::args::{Arguments, Attachments};
use super::prompt::{self, PromptError};
use super::request::{AttachmentWish, Request, Typed};
use super::run::{Failed, carry_out};
use crate::device::files;
use crate::device::home::Home;
use crate::device::words::reason;
use crate::notice::Notice;
use std::io::{self, Read as _};
use std::path::Path;
use tacenda_shared::practice::attachment::{FILE_BYTES_MAX, TITLE_BYTES_MAX};
use tacenda_shared::practice::interchange::base64;

/// Returns what a command asks of the practice. The file comes from standard input, and its title
/// through the file descriptor that was named; or the title comes from standard input.
pub(super) fn request(asked: &Attachments) -> Result<Request, PromptError> {
    let (client, wish) = match asked {
        Attachments::Add { client, input, title_fd, keep_metadata } => {
            let bytes = match input {
                Some(file) => files::read(file, FILE_BYTES_MAX).map_err(too_long)?,
                None => standard_input()?,
            };
            let title = match title_fd {
                Some(number) => prompt::descriptor(*number, TITLE_BYTES_MAX)?,
                None if input.is_some() => prompt::standard_input(TITLE_BYTES_MAX)?,
                None => return Err(PromptError::NoTitle),
            };
            let bytes = Typed(base64::encode(&bytes));
            let wish = AttachmentWish::Add { title: Typed(title), bytes, keep: *keep_metadata };
            (client, wish)
        }
        Attachments::List { client } => (client, AttachmentWish::List),
        Attachments::Save { client, id, .. } | Attachments::Show { client, id } => {
            (client, AttachmentWish::Show { id: id.clone() })
        }
        Attachments::Strike { client, id, undo } => {
            (client, AttachmentWish::Strike { id: id.clone(), struck: !undo })
        }
    };
    Ok(Request::Attachment { client: client.clone(), wish })
}

fn too_long(error: io::Error) -> PromptError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => PromptError::TooLong(FILE_BYTES_MAX),
        _ => error.into(),
    }
}

fn standard_input() -> Result<Vec<u8>, PromptError> {
    let most = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(PromptError::TooLong(FILE_BYTES_MAX));
    }
    Ok(bytes)
}

/// Lets a file out: to a new file of its owner's alone.
pub(super) fn save(
    (client, id, output): (&str, &str, &Path),
    home: &Home,
    arguments: &Arguments,
) -> Result<(), Failed> {
    if output.symlink_metadata().is_ok() {
        // Said before an entry in the trail says that it left.
        return Err(not_written(&io::ErrorKind::AlreadyExists.into()).into());
    }
    let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
    let passphrase = Typed(typed.0.to_string());
    let wish = AttachmentWish::Save { id: id.to_owned(), passphrase };
    let request = Request::Attachment { client: client.to_owned(), wish };
    let mut bytes = None;
    carry_out(request, home, arguments, Some(&typed), &mut |json, _| {
        bytes = json["bytes"].as_str().and_then(base64::decode);
        true
    })?;
    let bytes = bytes.ok_or_else(|| not_written(&io::ErrorKind::InvalidData.into()))?;
    files::write_new(output, &bytes).map_err(|error| not_written(&error).into())
}

/// Says why a file that was let out is not there.
pub(crate) fn not_written(error: &io::Error) -> Notice {
    let happened = match error.kind() {
        io::ErrorKind::AlreadyExists => "There is something of that name already.".to_owned(),
        _ => format!("The file could not be written: {}.", reason(error)),
    };
    Notice::new(
        happened,
        "The chart has not been changed, and no file was written.",
        "Name a new file, in a folder in which you may write.",
    )
}
