//! What a person types and reads where the words of a recovery sheet are concerned. The work is
//! in [`super::recover`] and [`super::sheet`].

use super::args::{Arguments, Sheets};
use super::online::{new_passphrase, short, stepped_up};
use super::recover::{self, Dialogue, NewDevice};
use super::request::{Request, SheetWish, Typed};
use super::run::{Failed, beside, carry_out, now};
use super::{print, prompt, sheet};
use crate::device::courier::recover::Found;
use crate::device::courier::sheet::SheetStanding;
use crate::device::home::{Home, HomeError};
use crate::notice::Notice;
use crate::program::Setup;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};
use std::io::{self, IsTerminal as _};
use tacenda_shared::id::{DeviceId, Timestamp};
use tacenda_shared::keys::recovery::{RECOVERY_WORDS, RecoverySheet};
use zeroize::Zeroizing;

/// Longer than a sheet, a name and an answer.
const INPUT_BYTES_MAX: usize = 4096;
/// How often a person may mistype the words before the command ends.
const SLIPS_MAX: usize = 5;

/// `tacenda join --recover`. Standard input, where it is no terminal: the 24 words on one line or
/// several, then a line with the device's name, then a line with the answer to what is found:
/// `yes`, or `yes` and the ids of the devices that stay.
pub(super) fn recover(
    home: &Home,
    server: &str,
    arguments: &Arguments,
    setup: Setup,
) -> Result<(), Failed> {
    let mut input = Input::new()?;
    print::line("The words of your recovery sheet; four letters of each are enough.");
    let sheet = input.sheet()?;
    let name = input.line("A name for this device: ")?;
    let passphrase = new_passphrase(arguments, &name)?;
    let new = NewDevice {
        home,
        server: server.to_owned(),
        sheet,
        name,
        passphrase: &passphrase,
        cost: setup.cost,
    };
    let device = recover::recover(new, &mut input, now)?;
    let index = device.index();
    print::line(&format!(
        "Everything is here: {} clients, {} appointments.",
        index.clients.len(),
        index.appointments.len()
    ));
    device.lock(now()).map_err(|error| Notice::from(&error))?;
    print::line("Your sheet is still good. If somebody may have read it, make a new one now:");
    print::line("    tacenda sheet replace --compromised");
    Ok(())
}

/// `tacenda sheet`. The passphrase is asked for when the vault is opened. Standard input, where it
/// is no terminal: for `replace` the old words.
pub(super) fn sheet(home: &Home, what: Sheets, arguments: &Arguments) -> Result<(), Failed> {
    if matches!(what, Sheets::Replace { .. } | Sheets::Request) && !io::stdout().is_terminal() {
        return Err(no_terminal().into());
    }
    let mut input = match what {
        Sheets::Replace { .. } | Sheets::Request => Input::new()?,
        _ => Input { piped: None },
    };
    let old = match what {
        Sheets::Replace { .. } => {
            print::line("The words of the sheet that you have; it is void afterwards.");
            Some(input.sheet()?)
        }
        _ => None,
    };
    if matches!(what, Sheets::Status) {
        return status(home, arguments);
    }
    if matches!(home.lock(), Err(HomeError::InUse)) {
        return in_window(home, what, old.as_ref(), arguments, &mut input);
    }
    stepped_up(home, arguments, true, |device, second| match (what, &old) {
        (Sheets::Replace { compromised }, Some(old)) => {
            sheet::replace(device, old, second, compromised, &mut input, now)?;
            done(what, device.is_attached());
            Ok(())
        }
        (Sheets::Request, _) => {
            no_second_device(device.is_attached());
            sheet::request(device, second, &mut input, now)?;
            done(what, true);
            Ok(())
        }
        (Sheets::Complete, _) => {
            sheet::complete(device, &mut input, now)?;
            done(what, true);
            Ok(())
        }
        (Sheets::Veto, _) => {
            sheet::veto(device, &mut input, now)?;
            done(what, true);
            Ok(())
        }
        (Sheets::Status | Sheets::Replace { .. }, _) => Ok(()),
    })
}

/// The same through the window that has the practice open. It draws the words and carries the
/// order out; what a person reads and types is here.
fn in_window(
    home: &Home,
    what: Sheets,
    old: Option<&RecoverySheet>,
    arguments: &Arguments,
    input: &mut Input,
) -> Result<(), Failed> {
    let old = Typed(old.map(|old| old.words().join(" ")).unwrap_or_default());
    let wish = |new| match what {
        Sheets::Complete | Sheets::Status => SheetWish::Complete,
        Sheets::Replace { compromised } => {
            SheetWish::Replace { old: old.clone(), new, compromised }
        }
        Sheets::Request => SheetWish::Request { new },
        Sheets::Veto => SheetWish::Veto,
    };
    let mut new = Typed(String::new());
    let mut attached = true;
    if matches!(what, Sheets::Replace { .. } | Sheets::Request) {
        let request = Request::SheetDraw { wish: wish(new.clone()) };
        beside(&request, home, &mut |json, _| {
            attached = json["server"] == true;
            new = Typed(json["words"].as_str().unwrap_or_default().to_owned());
            true
        })?;
        let drawn = recover::read_words(&new.0)?;
        if matches!(what, Sheets::Request) {
            no_second_device(attached);
        }
        sheet::show_and_check(&drawn, input)?;
    }
    let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
    let passphrase = Typed(typed.0.to_string());
    let request = Request::Sheet { wish: wish(new), passphrase };
    beside(&request, home, &mut |_, text| print::line(text))?;
    done(what, attached);
    Ok(())
}

/// Says what was done.
fn done(what: Sheets, attached: bool) {
    match what {
        Sheets::Replace { compromised } => {
            replaced();
            if compromised {
                print::line("What is made from now on is under keys that the old one alone");
                print::line("does not open.");
            }
            alone(attached);
        }
        Sheets::Request => {
            print::line("Asked for. Your other devices say so. In seven days run on one of them:");
            print::line("    tacenda sheet complete");
            print::line("Until then the old sheet is good, and the new one opens nothing.");
        }
        Sheets::Complete => replaced(),
        Sheets::Veto => {
            print::line("Refused. The sheet that you have is still good.");
        }
        Sheets::Status => {}
    }
}

fn no_second_device(attached: bool) {
    if !attached {
        print::line("Without a server there is no second device that could complete this.");
    }
}

/// Says how far the old sheet still reaches.
fn replaced() {
    print::line("The new sheet is in force. The server does not take the old one any more.");
    print::line("Backups made before still open with the old one, and such a backup holds the");
    print::line("keys of the device that made it until that device is shut out.");
}

/// Says what a sheet alone can do.
fn alone(attached: bool) {
    if !attached {
        print::line("It brings nothing back until there is a server or a new backup.");
    }
}

/// `tacenda sheet status`.
fn status(home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    let json = arguments.json;
    carry_out(Request::SheetStatus, home, arguments, None, &mut |standing, _| {
        if json { print::line(&print::escaped(standing)) } else { say_standing(standing) }
    })
}

/// How the sheet stands, for scripts.
pub(super) fn standing(standing: &SheetStanding, attached: bool) -> Value {
    let asked = standing.asked.as_ref().map(|asked| {
        serde_json::json!({"device": asked.device, "this": asked.this,
            "on": day(asked.on), "from": day(asked.from)})
    });
    serde_json::json!({"since": day(standing.since), "psychotherapy": standing.step_up,
        "server": attached, "asked": asked})
}

/// The same in words.
fn say_standing(standing: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    print::line(&format!("Your sheet is in force since {}.", text(&standing["since"])));
    if standing["psychotherapy"] != true {
        print::line("It does not bring psychotherapy notes back: make a new one to change that.");
    }
    alone(standing["server"] == true);
    let asked = &standing["asked"];
    if asked.is_null() {
        return print::line("No other sheet was asked for.");
    }
    print::line(&format!(
        "\"{}\" asked for another one on {}. From {} on: tacenda sheet complete on another \
         device. To refuse it: tacenda sheet veto",
        text(&asked["device"]),
        text(&asked["on"]),
        text(&asked["from"])
    ))
}

/// Words that go into a pipe or a file are on no paper, and lie where nobody looks for them.
fn no_terminal() -> Notice {
    Notice::new(
        "The words of a recovery sheet are shown on a terminal only, to be written on paper.",
        "Nothing has been changed, and your sheet is still good.",
        "Run the command in a terminal, without a pipe or a file behind it.",
    )
}

impl sheet::Dialogue for Input {
    fn say(&mut self, line: &str) {
        print::line(line);
    }

    fn write_down(&mut self, words: &[&str]) {
        print::line("Write these 24 words down, on paper. They are shown once.");
        for (number, word) in (1..).zip(words) {
            print::line(&format!("{number:>2}. {word}"));
        }
    }

    fn word(&mut self, place: usize) -> Option<String> {
        // What is typed back comes from whoever has seen the words: never from the same pipe as
        // the old ones.
        prompt::ask(&format!("Word {place} of the new sheet: ")).ok()
    }
}

/// Where answers come from: lines that were piped in, or a person at the terminal.
struct Input {
    piped: Option<VecDeque<Zeroizing<String>>>,
}

impl Input {
    fn new() -> Result<Self, Failed> {
        if io::stdin().is_terminal() {
            return Ok(Self { piped: None });
        }
        let text = Zeroizing::new(prompt::standard_input(INPUT_BYTES_MAX)?);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(Self { piped: Some(lines.map(|line| Zeroizing::new(line.to_owned())).collect()) })
    }

    /// The next piped line, else what is typed in answer to the question.
    fn line(&mut self, question: &str) -> Result<String, Failed> {
        match self.piped.as_mut().and_then(VecDeque::pop_front) {
            Some(line) => Ok(line.to_string()),
            None => Ok(prompt::ask(question)?),
        }
    }

    /// Reads 24 words. A person who slips is asked again; a pipe is not.
    fn sheet(&mut self) -> Result<RecoverySheet, Failed> {
        let mut tries = if self.piped.is_some() { 1 } else { SLIPS_MAX };
        loop {
            let text = self.words()?;
            tries -= 1;
            match recover::read_words(&text) {
                Ok(sheet) => return Ok(sheet),
                Err(notice) if tries == 0 => return Err(notice.into()),
                Err(notice) => print::notice(&notice),
            }
        }
    }

    /// Collects lines until there are 24 words, or nothing more comes.
    fn words(&mut self) -> Result<Zeroizing<String>, Failed> {
        let mut text = Zeroizing::new(String::with_capacity(INPUT_BYTES_MAX));
        let mut count = 0;
        while count < RECOVERY_WORDS {
            let line = match &mut self.piped {
                Some(lines) => lines.pop_front().unwrap_or_default(),
                None => prompt::words(&format!("From word {}: ", count + 1))?.0,
            };
            if line.trim().is_empty() {
                break;
            }
            text.push_str(&line);
            text.push(' ');
            let typed = text.split(|c: char| !c.is_alphabetic());
            count = typed.filter(|word| !word.is_empty()).count();
        }
        Ok(text)
    }
}

impl Dialogue for Input {
    fn say(&mut self, line: &str) {
        print::line(line);
    }

    fn is_that_all(&mut self, found: &Found) -> Option<BTreeSet<DeviceId>> {
        show(found);
        let question = "Is that all? Type yes, and the numbers of devices that stay: ";
        let answer = self.line(question).ok()?;
        let mut parts = answer.split(|c: char| c.is_whitespace() || c == ',');
        if !parts.next().is_some_and(|yes| yes.eq_ignore_ascii_case("yes")) {
            return None;
        }
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(|part| named(found, part)).collect::<Option<BTreeSet<_>>>()
    }
}

/// The device with this number on the list, or with an id that begins so.
fn named(found: &Found, part: &str) -> Option<DeviceId> {
    let by_number = part.parse::<usize>().ok().and_then(|n| found.devices.get(n.checked_sub(1)?));
    let by_id = || found.devices.iter().find(|device| short(device.id) == part);
    by_number.or_else(by_id).map(|device| device.id)
}

fn show(found: &Found) {
    print::line(&format!("The practice of {}, begun on {}.", found.name, day(found.founded)));
    print::line(&format!("The newest date in its log is {}.", day(found.newest)));
    if found.members > 1 {
        print::line(&format!("{} people belong to it.", found.members));
    }
    print::line("Your devices, and how many sealed pieces of each the server keeps:");
    for (number, device) in (1..).zip(&found.devices) {
        let tried = if device.by_sheet { "  (added with the sheet)" } else { "" };
        print::line(&format!(
            "{number:>3}. {}  added {}  {:>7}  {}{tried}",
            short(device.id),
            day(device.added),
            device.envelopes,
            device.name,
        ));
    }
    if !found.step_up {
        print::line("Psychotherapy notes do not come back: nothing for this sheet opens them.");
    }
    print::line("Whether that is the newest, only you can tell: there is nobody else to ask. If a");
    print::line("device or the last weeks are missing, the server may be showing an old copy.");
    print::line("All of these devices are shut out now, but for those that you name.");
}

fn day(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(time.as_millis()).ok();
    time.map_or(String::new(), |time| time.strftime("%F").to_string())
}
