//! Carries out one command: through the process that has the vault open, or by opening it.

use super::answer::answer;
use super::args::{Arguments, Client, Command, Note};
use super::prompt::{self, PromptError};
use super::request::{LINE_BYTES_MAX, Reply, Request};
use super::{print, socket};
use crate::device::home::{Home, HomeError};
use crate::device::open::{Device, DeviceError};
use crate::device::setup::{Founding, SetUp};
use crate::message::Secret;
use crate::notice::Notice;
use crate::program::{DONE, LOCKED, REFUSED, Setup, USAGE, refuse};
use std::io;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase::Passphrase;

/// The longest text that standard input gives to a command.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Carries out a command and returns the exit status.
pub fn run(command: &Command, home: &Home, arguments: &Arguments, setup: Setup) -> u8 {
    let request = match command {
        Command::Init(init) => return finish(initialise(home, &init.zone, arguments, setup)),
        #[cfg(feature = "demo")]
        Command::Demo(demo) => return super::demo::run(demo, arguments, setup),
        other => match request(other) {
            Ok(request) => request,
            Err(error) => return finish(Err(error.into())),
        },
    };
    finish(carry_out(request, home, arguments))
}

/// Why a command ends without being done.
enum Failed {
    Locked,
    Notice(Notice),
    Prompt(PromptError),
    Said,
}

impl From<PromptError> for Failed {
    fn from(error: PromptError) -> Self {
        Self::Prompt(error)
    }
}

impl From<Notice> for Failed {
    fn from(notice: Notice) -> Self {
        Self::Notice(notice)
    }
}

fn finish(outcome: Result<(), Failed>) -> u8 {
    match outcome {
        Ok(()) => DONE,
        Err(Failed::Locked) => LOCKED,
        Err(Failed::Said) => REFUSED,
        Err(Failed::Notice(notice)) => refuse(&notice),
        Err(Failed::Prompt(error)) => {
            print::notice(&Notice::new(
                format!("Tacenda stopped: {error}."),
                "Nothing has been changed.",
                "Give the text on standard input, or --passphrase-fd N for the passphrase.",
            ));
            USAGE
        }
    }
}

fn request(command: &Command) -> Result<Request, PromptError> {
    let text = || prompt::standard_input(TEXT_BYTES_MAX);
    Ok(match command {
        Command::Client(Client::Add { code }) => {
            Request::ClientAdd { code: code.clone(), name: text()? }
        }
        Command::Client(Client::List) => Request::ClientList,
        Command::Find => Request::Find { query: text()? },
        Command::Lock | Command::Init(_) => Request::Lock,
        #[cfg(feature = "demo")]
        Command::Demo(_) => Request::Lock,
        Command::New(new) => Request::New {
            sentence: text()?,
            dry_run: new.dry_run,
            as_of: new.as_of.map(|date| date.to_string()),
            locale: new.locale.clone(),
        },
        Command::Note(Note::Append { client }) => {
            Request::NoteAppend { client: client.clone(), text: text()? }
        }
        Command::Note(Note::List { client }) => Request::NoteList { client: client.clone() },
        Command::Note(Note::Show { client, id }) => {
            Request::NoteShow { client: client.clone(), id: id.clone() }
        }
        Command::Note(Note::Sign { client, late }) => {
            let reason = if *late { Some(text()?.trim().to_owned()) } else { None };
            Request::NoteSign { client: client.clone(), late_reason: reason }
        }
        Command::Today(today) => Request::Today { date: today.date.map(|date| date.to_string()) },
        Command::Watch => Request::Watch,
    })
}

fn carry_out(request: Request, home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    match home.lock() {
        Err(HomeError::InUse) => beside(&request, home, arguments.json),
        Err(error) => Err(Notice::from(&error).into()),
        Ok(_lock) => {
            if matches!(request, Request::Lock) {
                // Nobody has it open: it is locked.
                return Ok(());
            }
            alone(request, home, arguments)
        }
    }
}

/// Asks the process that has the vault open.
fn beside(request: &Request, home: &Home, json: bool) -> Result<(), Failed> {
    let mut ended = Err(Failed::Notice(Notice::new(
        "The Tacenda that has this practice open gave no answer.",
        "What it confirmed before is safe.",
        "Look at its window.",
    )));
    let heard = socket::ask(&home.socket(), request, |reply| {
        match take(reply, json) {
            Taken::Line(true) => {}
            Taken::Line(false) => return Err(io::ErrorKind::BrokenPipe.into()),
            Taken::End(outcome) => ended = outcome,
        }
        Ok(())
    });
    match heard {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        // The interface is open and locked: it listens only while it is open.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            print::notice(&Notice::new(
                "The practice is locked in another window.",
                "Nothing has been changed.",
                "Unlock it there.",
            ));
            Err(Failed::Locked)
        }
        Ok(()) | Err(_) => ended,
    }
}

enum Taken {
    Line(bool),
    End(Result<(), Failed>),
}

fn take(reply: Reply, json: bool) -> Taken {
    match reply {
        Reply::Done => Taken::End(Ok(())),
        Reply::Line { json: value, .. } if json => Taken::Line(print::line(&value.to_string())),
        Reply::Line { text, .. } => Taken::Line(print::line(&text)),
        Reply::Refused { notice: [happened, safe, next], locked } => {
            print::notice(&Notice::new(happened, safe, next));
            Taken::End(Err(if locked { Failed::Locked } else { Failed::Said }))
        }
    }
}

/// Opens the vault for this one command.
fn alone(request: Request, home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    if matches!(request, Request::Watch) {
        return Err(Notice::new(
            "Nobody has this practice open, so nothing changes.",
            "Nothing has been changed.",
            "Open it with `tacenda` in another terminal.",
        )
        .into());
    }
    let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
    let mut device = unlock(home, &typed)?;
    for warning in device.take_warnings() {
        print::notice(&warning);
    }
    let mut ended = Ok(());
    answer(request, &mut device, now(), &mut |reply| match take(reply, arguments.json) {
        Taken::Line(heard) => heard,
        Taken::End(outcome) => {
            ended = outcome;
            true
        }
    });
    device.lock(now()).map_err(|error| Notice::from(&error))?;
    ended
}

fn unlock(home: &Home, typed: &Secret) -> Result<Device, Failed> {
    let passphrase = Passphrase::from_text(&typed.0)
        .map_err(|_| Notice::from(&DeviceError::PassphraseTooLong))?;
    Device::unlock(home, &passphrase, 0, now()).map_err(|error| Notice::from(&error).into())
}

fn initialise(home: &Home, zone: &str, arguments: &Arguments, setup: Setup) -> Result<(), Failed> {
    let _lock = home.lock().map_err(|error| Notice::from(&error))?;
    if home.read_vault().map_err(|error| Notice::from(&error))?.is_some() {
        return Err(Notice::new(
            "There is a practice in this folder already.",
            "Nothing has been changed.",
            "Open it with `tacenda`, or name another folder with --dir.",
        )
        .into());
    }
    let founding = Founding {
        zone: zone.to_owned(),
        clinician: prompt::ask("Your name, as colleagues know it: ")?,
        device: prompt::ask("A name for this device: ")?,
        cost: setup.cost,
    };
    let typed = prompt::passphrase(arguments.passphrase_fd, "New passphrase: ")?;
    if arguments.passphrase_fd.is_none() {
        let again = prompt::passphrase(None, "Once more: ")?;
        if *again.0 != *typed.0 {
            return Err(Notice::new(
                "The two do not match.",
                "Nothing has been changed.",
                "Try again.",
            )
            .into());
        }
    }
    let (set_up, sheet) = SetUp::begin(founding, &typed, now())?;
    print::line("Write these 24 words down, on paper. They are shown once.");
    for (number, word) in (1..).zip(sheet.0.split(' ')) {
        print::line(&format!("{number:>2}. {word}"));
    }
    for place in [3, 12, 21] {
        let word = prompt::ask(&format!("Word {place} of your sheet: "))?;
        set_up.check_words(&[(place, word)])?;
    }
    let device = set_up.finish(home, now()).map_err(|error| Notice::from(&error))?;
    device.lock(now()).map_err(|error| Notice::from(&error))?;
    print::line("Done. The sheet alone brings nothing back until there is a server or a backup.");
    Ok(())
}

fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

/// A line of the socket holds a request whole.
const _: () = assert!(TEXT_BYTES_MAX < LINE_BYTES_MAX);
