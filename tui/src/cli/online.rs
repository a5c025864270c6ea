//! `connect`, `pair` and `join`: what a person types and reads. The work is in
//! [`super::connect`] and [`super::pair`].

use super::args::Join;
use super::connect::{self, Driven};
use super::pair::{self, Dialogue, NewDevice};
use super::request::{Request, Typed};
use super::run::{self, Failed, no_match, now, unlock};
use super::{args::Arguments, paper, print, prompt};
use crate::device::courier::Refilling;
use crate::device::home::{Home, HomeError};
use crate::device::open::Device;
use crate::device::setup::weak;
use crate::message::Secret;
use crate::notice::Notice;
use crate::program::{self, Opened, Setup};
use std::io::{self, IsTerminal as _};
use tacenda_shared::id::DeviceId;
use tacenda_shared::keys::pairing::PairingCode;
use tacenda_shared::keys::passphrase::{self, Passphrase};
use tacenda_shared::keys::safe::SecondSecret;

/// Longer than any invite or code.
const LINE_BYTES_MAX: usize = 4096;

/// `tacenda connect`: the invite comes from standard input.
pub(super) fn connect(home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    let text = asked("The invite, one line: ")?;
    let first = text.lines().next().unwrap_or_default();
    let invite = connect::invite(first)?;
    if matches!(home.lock(), Err(HomeError::InUse)) {
        let request = Request::Connect { invite: Typed(first.to_owned()) };
        return run::beside(&request, home, &mut run::print_reply(arguments.json));
    }
    let mut answers = Answers::of(&text);
    opened(home, arguments, |device| {
        let mut agrees = || {
            print::line("This practice had another server. This one takes its place for all your");
            print::line("devices; they give it what they hold.");
            answers.agree("Is the other one gone for good, or do you move? Type yes: ")
        };
        connect::connect_or_move(device, &invite, &mut agrees, now())?;
        print::line("The server keeps your practice from now on. It cannot read it.");
        let mut driven = Driven::start(device, now)?;
        let mut progress = |line: &str| {
            print::line(line);
        };
        driven.until(&mut progress, |device| device.is_current() || waits(device))?;
        if let Some(state) = driven.device().refilling() {
            say_what_is_missing(&state);
            if !answers.agree("Go on without that? Type yes: ") {
                print::line("The server waits. Connect your other devices; then it goes on.");
                return Ok(());
            }
            driven.device().finish_refilling(now());
        }
        driven.until_current(&mut progress)?;
        print::line("Everything is there. Packing it for devices that come later.");
        driven.until(&mut progress, |device| !device.is_packing())?;
        print::line("Packed.");
        Ok(())
    })
}

/// Whether the server has all that this device holds, and still lacks something.
fn waits(device: &Device) -> bool {
    device
        .refilling()
        .is_some_and(|state| state.given && !(state.missing.is_empty() && state.lost.is_empty()))
}

fn say_what_is_missing(state: &Refilling) {
    if !state.missing.is_empty() {
        let names = state.missing.join(", ");
        print::line(&format!("These devices have not given what they hold: {names}."));
        print::line("What only they have comes when they connect, also later.");
    }
    if !state.lost.is_empty() {
        print::line("This nobody has given, though one of your devices knows that it existed:");
        state.lost.iter().for_each(|line| {
            print::line(&format!("  {line}"));
        });
    }
}

/// Answers to questions: the lines after the first of standard input, or typed when asked.
struct Answers {
    lines: Option<std::vec::IntoIter<String>>,
}

impl Answers {
    fn of(text: &str) -> Self {
        let piped = !io::stdin().is_terminal();
        let lines = text.lines().skip(1).map(|line| line.trim().to_owned()).collect::<Vec<_>>();
        Self { lines: piped.then(|| lines.into_iter()) }
    }

    fn agree(&mut self, question: &str) -> bool {
        let answer = match &mut self.lines {
            Some(lines) => lines.next(),
            None => prompt::ask(question).ok(),
        };
        answer.is_some_and(|answer| answer.trim().eq_ignore_ascii_case("yes"))
    }
}

/// `tacenda pair`: shows a code, asks, and adds the device.
pub(super) fn pair(home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    in_window(home, "7, then n")?;
    opened(home, arguments, |device| pair::pair(device, home, &mut Terminal, now))
}

/// `tacenda join`: the code, and on a second line the device's name, come from standard input or
/// are asked for. On a terminal the practice opens as soon as the device belongs to it, and what
/// it has written arrives there; a script is left when everything is here. Returns the exit status.
pub(super) fn join(
    home: &Home,
    join: &Join,
    arguments: &Arguments,
    setup: Setup,
) -> Result<u8, Failed> {
    let lock = home.lock().map_err(|error| Notice::from(&error))?;
    if home.read_vault().map_err(|error| Notice::from(&error))?.is_some() {
        return Err(Notice::new(
            "There is a practice in this folder already.",
            "Nothing has been changed.",
            "Name another folder with --dir.",
        )
        .into());
    }
    if join.recover {
        paper::recover(home, &join.server, arguments, setup)?;
        return Ok(program::DONE);
    }
    let text = asked("The code on the other device: ")?;
    let mut lines = text.lines().map(str::trim);
    let code = PairingCode::parse(lines.next().unwrap_or_default());
    let code = code.map_err(|error| {
        Notice::new(
            format!("That is no code: {error}."),
            "Nothing has been changed, and the code has not been used up.",
            "Type it again as the other device shows it.",
        )
    })?;
    let name = match lines.next().filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => prompt::ask("A name for this device: ")?,
    };
    let typed = new_passphrase(arguments, &name)?;
    let (server, cost) = (join.server.clone(), setup.cost);
    let new = NewDevice { home, server, code, name, passphrase: &typed, cost };
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        let device = pair::begin(new, &mut Terminal, now)?;
        let opened = Opened { device, lock, shown: None, stage: None };
        return Ok(program::interface(home.clone(), arguments, setup, Some(opened)));
    }
    let device = pair::join(new, &mut Terminal, now)?;
    device.lock(now()).map_err(|error| Notice::from(&error))?;
    print::line("Done. Open your practice here with `tacenda`.");
    Ok(program::DONE)
}

/// Asks for the passphrase of a new device, twice where somebody types it.
pub(super) fn new_passphrase(arguments: &Arguments, name: &str) -> Result<Secret, Failed> {
    let typed = prompt::passphrase(arguments.passphrase_fd, "New passphrase: ")?;
    if arguments.passphrase_fd.is_none() {
        let again = prompt::passphrase(None, "Once more: ")?;
        if *again.0 != *typed.0 {
            return Err(no_match().into());
        }
    }
    let checked = Passphrase::from_text(&typed.0)
        .map_err(|_| Notice::from(&crate::device::open::DeviceError::PassphraseTooLong))?;
    passphrase::check(&checked, &[name]).map_err(weak)?;
    Ok(typed)
}

/// The start of a device's id, long enough for a practice.
pub(super) fn short(id: DeviceId) -> String {
    id.to_string().chars().take(8).collect()
}

/// Says which keys do the same in the window that has the practice open, if one has.
pub(super) fn in_window(home: &Home, keys: &str) -> Result<(), Failed> {
    if !matches!(home.lock(), Err(HomeError::InUse)) {
        return Ok(());
    }
    Err(Notice::new(
        "The practice is open in another window, which can do this itself.",
        "Nothing has been changed.",
        format!("Press there: {keys}."),
    )
    .into())
}

/// Opens the vault, does something, and locks it again.
pub(super) fn opened(
    home: &Home,
    arguments: &Arguments,
    act: impl FnOnce(&mut Device) -> Result<(), Notice>,
) -> Result<(), Failed> {
    stepped_up(home, arguments, false, |device, _| act(device))
}

/// The same, and with `step_up` what lies behind it is opened as well.
pub(super) fn stepped_up(
    home: &Home,
    arguments: &Arguments,
    step_up: bool,
    act: impl FnOnce(&mut Device, Option<&SecondSecret>) -> Result<(), Notice>,
) -> Result<(), Failed> {
    let _lock = match home.lock() {
        Err(HomeError::InUse) => {
            return Err(Notice::new(
                "The practice is open in another window.",
                "Nothing has been changed.",
                "Close it there with q, then try again.",
            )
            .into());
        }
        locked => locked.map_err(|error| Notice::from(&error))?,
    };
    let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
    let mut device = unlock(home, &typed)?;
    for warning in device.take_warnings() {
        print::notice(&warning);
    }
    let second = if step_up { pair::step_up(home, &typed, now())? } else { None };
    let outcome = act(&mut device, second.as_ref());
    device.lock(now()).map_err(|error| Notice::from(&error))?;
    Ok(outcome?)
}

/// Reads one text: from standard input if something is piped there, else from the terminal.
fn asked(question: &str) -> Result<String, Failed> {
    if io::stdin().is_terminal() {
        Ok(prompt::ask(question)?)
    } else {
        Ok(prompt::standard_input(LINE_BYTES_MAX)?)
    }
}

/// The person at the terminal.
struct Terminal;

impl Dialogue for Terminal {
    fn say(&mut self, line: &str) {
        print::line(line);
    }

    fn approve(&mut self, words: [&str; 3], facts: &str) -> Option<Secret> {
        print::line(&format!("\"{facts}\" wants to join. Both screens must show these words:"));
        print::line(&format!("    {}", words.join(" ")));
        let answer = prompt::ask("Do they match? Type yes: ");
        if !answer.is_ok_and(|answer| answer.trim().eq_ignore_ascii_case("yes")) {
            return None;
        }
        prompt::passphrase(None, "Your passphrase: ").ok()
    }
}
