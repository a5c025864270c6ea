//! Carries out one command: through the process that has the vault open, or by opening it.

use super::answer::answer;
use super::args::{
    self, Arguments, Attachments, CalendarFeed, Calendars, Client, Command, Consents, Devices,
    Export, Groups, Journals, NewEntry, Note, PlanLine, Plans, Reports,
};
use super::correction::{CorrectNote, Mend, RestoreNote, StrikeNote};
use super::prompt::{self, PromptError};
use super::request::{
    AddConsent, AddToJournal, AddToPlan, ConsentWish, FindFree, LINE_BYTES_MAX, Reply, Request,
    ShowDay, Span, Typed, WriteFeed,
};
use super::{
    address, appointment, attachment, backup, crisis, erase, late, measure, online, paper, phrase,
    print, report, revoke, setting, signing, socket, sync, taking_in,
};
use crate::device::home::{Home, HomeError};
use crate::device::open::{Device, DeviceError};
use crate::device::setup::{Founding, SetUp, weak};
use crate::device::words::reason;
use crate::message::Secret;
use crate::notice::Notice;
use crate::program::{DONE, LOCKED, REFUSED, Setup, USAGE, refuse};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase::{self, Passphrase};
use tacenda_shared::practice::interchange;

/// The longest text that standard input gives to a command.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// The longest file that is taken in.
pub(super) const IMPORT_BYTES_MAX: usize = interchange::FILE_BYTES_MAX;

/// Carries out a command and returns the exit status.
pub fn run(command: &Command, home: &Home, arguments: &Arguments, setup: Setup) -> u8 {
    let request = match command {
        Command::Init(init) => return finish(initialise(home, &init.zone, arguments, setup)),
        #[cfg(feature = "demo")]
        Command::Demo(demo) => return super::demo::run(demo, arguments, setup),
        #[cfg(feature = "demo")]
        Command::OtherDevice(other) => return super::demo::work(&other.folder),
        Command::Erase(what) => return finish(erase::erase(home, what, arguments)),
        Command::Attachment(Attachments::Save { client, id, output }) => {
            return finish(attachment::save((client, id, output), home, arguments));
        }
        Command::Report(Reports::Progress(asked)) if asked.output.is_some() => {
            return finish(report::write(asked, home, arguments));
        }
        Command::Export(export) => return finish(self::export(export, home, arguments)),
        Command::Calendar(Calendars::Feed(feed)) => {
            return finish(self::feed(feed, home, arguments));
        }
        Command::Backup(options) => return finish(backup::backup(options, home, arguments)),
        Command::Restore(options) => {
            return finish(backup::restore(options, home, arguments, setup));
        }
        Command::Passphrase => return finish(change_passphrase(home, setup)),
        Command::Connect => return finish(online::connect(home, arguments)),
        Command::Pair => return finish(online::pair(home, arguments)),
        Command::Sheet(what) => return finish(paper::sheet(home, *what, arguments)),
        Command::Join(join) => {
            let joined = online::join(home, join, arguments, setup);
            return joined.unwrap_or_else(|failed| finish(Err(failed)));
        }
        Command::AutoLock(asked) => return finish(setting::auto_lock(home, asked)),
        Command::Keys(asked) => return finish(setting::keys(home, asked)),
        Command::SignAfter(asked) => return finish(signing::set_after(home, asked.minutes)),
        Command::Timing(timing) => return finish(setting::timing(home, timing)),
        Command::Server(what) => return finish(address::server(home, what, arguments)),
        Command::Device(Devices::Late(late)) => {
            return finish(late::late(home, late, arguments));
        }
        Command::Device(Devices::Revoke(lost)) => {
            return finish(revoke::revoke(home, lost, arguments));
        }
        other => match request(other) {
            Ok(request) => request,
            Err(error) => return finish(Err(error.into())),
        },
    };
    finish(carry_out(request, home, arguments, None, &mut print_reply(arguments.json)))
}

/// Prints each line, as text or as JSON; returns whether somebody still listens.
pub(super) fn print_reply(json: bool) -> impl FnMut(&Value, &str) -> bool {
    move |value, text| if json { print::line(&print::escaped(value)) } else { print::line(text) }
}

/// Why a command ends without being done.
pub(super) enum Failed {
    /// The passphrase has to be typed once more.
    Confirm,
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
        Err(Failed::Confirm | Failed::Said) => REFUSED,
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

fn about_notes(note: &Note) -> Result<Request, PromptError> {
    let text = || prompt::standard_input(TEXT_BYTES_MAX);
    Ok(match note {
        Note::Append { client, part } => {
            let (client, part) = (client.clone(), part.clone());
            Request::NoteAppend { client, part, text: text()? }
        }
        Note::Correct { client, id, part } => Request::NoteMend(Mend::Correct(CorrectNote {
            client: client.clone(),
            id: id.clone(),
            part: part.clone(),
            text: Typed(text()?),
        })),
        Note::Strike { client, id, wrong_client, session } => {
            Request::NoteMend(Mend::Strike(StrikeNote {
                client: client.clone(),
                id: id.clone(),
                to: wrong_client.clone(),
                session: session.clone(),
            }))
        }
        Note::Restore { client, id, from, copy } => Request::NoteMend(Mend::Restore(RestoreNote {
            client: client.clone(),
            id: id.clone(),
            copy: copy.clone().zip(from.clone()),
        })),
        Note::New { client, format } => {
            Request::NoteNew { client: client.clone(), format: format.clone() }
        }
        Note::List { client } => Request::NoteList { client: client.clone() },
        Note::Show { client, id } => Request::NoteShow { client: client.clone(), id: id.clone() },
        Note::Sign { client, late } => {
            let reason = if *late { Some(text()?.trim().to_owned()) } else { None };
            Request::NoteSign { client: client.clone(), late_reason: reason }
        }
    })
}

fn about_journals(journal: &Journals) -> Result<Request, PromptError> {
    Ok(match journal {
        Journals::Add(NewEntry { client, date, shared }) => Request::JournalAdd(AddToJournal {
            client: client.clone(),
            date: date.map(|date| date.to_string()),
            shared: *shared,
            text: Typed(prompt::standard_input(TEXT_BYTES_MAX)?),
        }),
        Journals::List { client } => Request::JournalList { client: client.clone() },
        Journals::Show { client, id } => {
            Request::JournalShow { client: client.clone(), id: id.clone() }
        }
    })
}

fn about_plans(plan: &Plans) -> Result<Request, PromptError> {
    Ok(match plan {
        Plans::Add(PlanLine { client, kind, under, by }) => Request::PlanAdd(AddToPlan {
            client: client.clone(),
            kind: kind.clone(),
            under: under.clone(),
            by: by.map(|date| date.to_string()),
            text: Typed(prompt::standard_input(TEXT_BYTES_MAX)?),
        }),
        Plans::Show { client } => Request::PlanShow { client: client.clone() },
        Plans::Sign { client } => Request::PlanSign { client: client.clone() },
    })
}

fn group(groups: &Groups) -> Request {
    let member = |(group, client): (&String, &String), joins| {
        let (group, client) = (group.clone(), client.clone());
        Request::GroupMember { group, client, joins }
    };
    match groups {
        Groups::List => Request::GroupList,
        Groups::New { kind, code, clients } => Request::GroupNew {
            kind: kind.word().to_owned(),
            code: code.clone(),
            clients: clients.clone(),
        },
        Groups::Join { group, client } => member((group, client), true),
        Groups::Leave { group, client } => member((group, client), false),
    }
}

fn about_consents(consent: &Consents) -> Result<Request, PromptError> {
    let text = || prompt::standard_input(TEXT_BYTES_MAX).map(Typed);
    let date = |date: &Option<jiff::civil::Date>| date.map(|date| date.to_string());
    let (client, wish) = match consent {
        Consents::Add(new) => {
            let (kind, how) = (new.kind.clone(), new.how.clone());
            let (given, until) = (date(&new.given), date(&new.until));
            let (refused, renews, text) = (new.refused, new.renews.clone(), text()?);
            let add = AddConsent { kind, given, until, how, refused, renews, text };
            (&new.client, ConsentWish::Add(add))
        }
        Consents::List { client } => (client, ConsentWish::List),
        Consents::Revoke { client, id, on } => {
            let (id, on, reason) = (id.clone(), date(on), text()?);
            (client, ConsentWish::Revoke { id, on, reason })
        }
        Consents::Strike { client, id } => (client, ConsentWish::Strike { id: id.clone() }),
    };
    Ok(Request::Consent { client: client.clone(), wish })
}

fn about_clients(client: &Client) -> Result<Request, PromptError> {
    Ok(match client {
        Client::Add { code } => {
            let name = prompt::standard_input(TEXT_BYTES_MAX)?;
            Request::ClientAdd { code: code.clone(), name }
        }
        Client::List => Request::ClientList,
        Client::Merge { client, kept } => {
            Request::ClientMerge { client: client.clone(), kept: kept.clone() }
        }
        Client::Part { client } => Request::ClientPart { client: client.clone() },
        Client::Show { client, kind } => {
            Request::ClientShow { client: client.clone(), kind: kind.clone() }
        }
    })
}

fn show_day(today: &args::Today, span: Span) -> ShowDay {
    let date = today.date.map(|date| date.to_string());
    ShowDay { date, front_desk: today.seen_as == Some(args::SeenAs::FrontDesk), span }
}

#[expect(clippy::too_many_lines, reason = "one line for each kind of command")]
fn request(command: &Command) -> Result<Request, PromptError> {
    let text = || prompt::standard_input(TEXT_BYTES_MAX);
    Ok(match command {
        Command::Move(_) | Command::Cancel(_) | Command::Status(_) => {
            appointment::request(command)?
        }
        Command::Calendar(Calendars::Import(import)) => taking_in::calendar(import)?,
        Command::Calendar(Calendars::Feed(_)) => Request::Lock,
        Command::Attachment(asked) => attachment::request(asked)?,
        Command::Report(Reports::Progress(asked)) => report::listing(asked),
        Command::Client(client) => about_clients(client)?,
        Command::Free(args::Free { minutes, days, client, room }) => {
            let (client, room) = (client.clone(), room.clone());
            Request::Free(FindFree { minutes: *minutes, days: *days, client, room })
        }
        Command::Hours(args::Hours { hours, clear }) => {
            Request::Hours { set: hours.clone().or(clear.then(String::new)) }
        }
        Command::Wait(args::Wait { client, wish, off }) => {
            let wish = (!off).then(|| wish.clone().unwrap_or_default());
            Request::Wait { client: client.clone(), wish }
        }
        Command::Waiting(args::Waiting { at, minutes }) => {
            Request::Waiting { at: at.map(|at| at.to_string()), minutes: *minutes }
        }
        Command::Group(groups) => group(groups),
        Command::Find => Request::Find { query: text()? },
        Command::Lock | Command::Init(_) => Request::Lock,
        Command::Erase(_) | Command::Export(_) | Command::Passphrase => Request::Lock,
        Command::Backup(_) | Command::Restore(_) => Request::Lock,
        Command::AutoLock(_) | Command::Keys(_) | Command::SignAfter(_) => Request::Lock,
        Command::Timing(_) => Request::Timing,
        Command::Connect | Command::Pair | Command::Join(_) => Request::Lock,
        Command::Device(Devices::List) => Request::DeviceList,
        Command::Device(Devices::Rename { id }) => {
            Request::DeviceRename { id: id.clone(), name: text()? }
        }
        Command::Device(_) | Command::Server(_) | Command::Sheet(_) => Request::Lock,
        #[cfg(feature = "demo")]
        Command::Demo(_) | Command::OtherDevice(_) | Command::DemoServer(_) => Request::Lock,
        Command::Import(given) => taking_in::file(given)?,
        Command::New(new) => Request::New {
            sentence: text()?,
            dry_run: new.dry_run,
            as_of: new.as_of.map(|date| date.to_string()),
            locale: new.locale.clone(),
        },
        Command::Note(note) => about_notes(note)?,
        Command::Snippet(snippets) => phrase::snippets(snippets)?,
        Command::Template(templates) => phrase::templates(templates)?,
        Command::Journal(journal) => about_journals(journal)?,
        Command::Plan(plan) => about_plans(plan)?,
        Command::Consent(consent) => about_consents(consent)?,
        Command::Measure(what) => measure::request(what)?,
        Command::Crisis(what) => crisis::request(what)?,
        Command::Sync(sync) => Request::Sync { until_idle: sync.until_idle },
        Command::Next => {
            Request::Today(ShowDay { date: None, front_desk: false, span: Span::Next })
        }
        Command::Today(today) => Request::Today(show_day(today, Span::Day)),
        Command::Week(week) => Request::Today(show_day(week, Span::Week)),
        Command::Watch => Request::Watch,
    })
}

/// Where the lines of an answer go.
pub(super) type Each<'a> = &'a mut dyn FnMut(&Value, &str) -> bool;

/// Carries a request out. `typed` is the passphrase, where it was asked for already.
pub(super) fn carry_out(
    request: Request,
    home: &Home,
    arguments: &Arguments,
    typed: Option<&Secret>,
    each: Each<'_>,
) -> Result<(), Failed> {
    match home.lock() {
        Err(HomeError::InUse) => match beside(&request, home, each) {
            Err(Failed::Confirm) => {
                signing::confirm(home, arguments, typed)?;
                beside(&request, home, each)
            }
            outcome => outcome,
        },
        Err(error) => Err(Notice::from(&error).into()),
        Ok(_lock) => {
            if matches!(request, Request::Lock) {
                // Nobody has it open: it is locked.
                return Ok(());
            }
            alone(request, home, arguments, typed, each)
        }
    }
}

/// Asks the process that has the vault open.
pub(super) fn beside(request: &Request, home: &Home, each: Each<'_>) -> Result<(), Failed> {
    let mut ended = Err(Failed::Notice(Notice::new(
        "The Tacenda that has this practice open gave no answer.",
        "What it confirmed before is safe.",
        "Look at its window.",
    )));
    let mut nobody_listens = false;
    let heard = socket::ask(&home.socket(), request, |reply| {
        match take(reply, each) {
            Taken::Line(true) => {}
            Taken::Line(false) => {
                nobody_listens = true;
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Taken::End(outcome) => ended = outcome,
        }
        Ok(())
    });
    match heard.map_err(|error| error.kind()) {
        // Whoever reads our output has enough. A socket that breaks is another matter.
        Err(_) if nobody_listens => Ok(()),
        // The interface is open and locked: it listens only while it is open.
        Err(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
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

fn take(reply: Reply, each: Each<'_>) -> Taken {
    match reply {
        Reply::Confirm => Taken::End(Err(Failed::Confirm)),
        Reply::Done => Taken::End(Ok(())),
        Reply::Line { json, text } => Taken::Line(each(&json, &text)),
        Reply::Refused { notice: [happened, safe, next], locked } => {
            print::notice(&Notice::new(happened, safe, next));
            Taken::End(Err(if locked { Failed::Locked } else { Failed::Said }))
        }
    }
}

/// Opens the vault for this one command.
fn alone(
    request: Request,
    home: &Home,
    arguments: &Arguments,
    typed: Option<&Secret>,
    each: Each<'_>,
) -> Result<(), Failed> {
    if matches!(request, Request::Watch) {
        return Err(Notice::new(
            "Nobody has this practice open, so nothing changes.",
            "Nothing has been changed.",
            "Open it with `tacenda` in another terminal.",
        )
        .into());
    }
    let mut device = match typed {
        Some(typed) => unlock(home, typed)?,
        None => unlock(home, &prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?)?,
    };
    for warning in device.take_warnings() {
        print::notice(&warning);
    }
    device.confirmed_for_one(now());
    let mut ended = Ok(());
    if matches!(request, Request::Sync { until_idle: true }) {
        let mut say = |reply| !matches!(take(reply, each), Taken::Line(false));
        ended = sync::until_idle(&mut device, now, &mut say).map_err(Failed::from);
        return device.lock(now()).map_err(|error| Notice::from(&error).into()).and(ended);
    }
    answer(request, &mut device, home, now(), &mut |reply| match take(reply, each) {
        Taken::Line(heard) => heard,
        Taken::End(outcome) => {
            ended = outcome;
            true
        }
    });
    device.lock(now()).map_err(|error| Notice::from(&error))?;
    ended
}

/// Lets the whole practice out: to a new file of its owner's alone, or to standard output.
fn export(export: &Export, home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
    let passphrase = Typed(typed.0.to_string());
    let without_attachments = export.without_attachments;
    let request = Request::Export { passphrase, without_attachments };
    let Some(path) = &export.output else {
        let mut each = |_: &Value, text: &str| print::line(text);
        return carry_out(request, home, arguments, Some(&typed), &mut each);
    };
    into_file(path, "\n", request, (home, arguments, &typed))
}

fn feed(feed: &CalendarFeed, home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
    let (days, initials) = (feed.days, feed.initials);
    let passphrase = Typed(typed.0.to_string());
    let request = Request::CalendarFeed(WriteFeed { passphrase, days, initials });
    let Some(path) = &feed.output else {
        let mut each = |json: &Value, text: &str| match arguments.json {
            true => print::line(&print::escaped(json)),
            false => print::line(text),
        };
        return carry_out(request, home, arguments, Some(&typed), &mut each);
    };
    into_file(path, "\r\n", request, (home, arguments, &typed))
}

/// Writes what a request lets out into a new file that only its owner can read.
fn into_file(
    path: &Path,
    end_of_line: &str,
    request: Request,
    (home, arguments, typed): (&Home, &Arguments, &Secret),
) -> Result<(), Failed> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| not_written(&error))?;
    let mut written = Ok(());
    let outcome = carry_out(request, home, arguments, Some(typed), &mut |_, text| {
        written = write!(file, "{text}{end_of_line}");
        written.is_ok()
    });
    let synced = written.and_then(|()| file.sync_all());
    let done = outcome.and_then(|()| synced.map_err(|error| not_written(&error).into()));
    if done.is_err() {
        // Half of it must not look like all.
        let _left = fs::remove_file(path);
    }
    done
}

fn not_written(error: &io::Error) -> Notice {
    Notice::new(
        format!("The file could not be written: {}.", reason(error)),
        "The practice has not been changed; no file was left behind.",
        "Name a new file with --output.",
    )
}

fn change_passphrase(home: &Home, setup: Setup) -> Result<(), Failed> {
    let _lock = home.lock().map_err(|error| Notice::from(&error))?;
    let text = |secret: &Secret| Passphrase::from_text(&secret.0).map_err(|_| too_long());
    let old = prompt::passphrase(None, "Passphrase: ")?;
    let new = prompt::passphrase(None, "New passphrase: ")?;
    let again = prompt::passphrase(None, "Once more: ")?;
    if *again.0 != *new.0 {
        return Err(no_match().into());
    }
    let new = text(&new)?;
    passphrase::check(&new, &[]).map_err(weak)?;
    Device::change_passphrase(home, &text(&old)?, &new, setup.cost, now())
        .map_err(|error| Notice::from(&error))?;
    print::line("Changed. Copies of this folder from before still open with the old passphrase.");
    Ok(())
}

pub(super) fn too_long() -> Notice {
    Notice::from(&DeviceError::PassphraseTooLong)
}

pub(super) fn no_match() -> Notice {
    Notice::new("The two do not match.", "Nothing has been changed.", "Try again.")
}

pub(super) fn unlock(home: &Home, typed: &Secret) -> Result<Device, Failed> {
    let passphrase = Passphrase::from_text(&typed.0)
        .map_err(|_| Notice::from(&DeviceError::PassphraseTooLong))?;
    let opened = Device::unlock(home, &passphrase, 0, now());
    let mut device = opened.map_err(|error| Notice::from(&error))?;
    device.check_all();
    Ok(device)
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
            return Err(no_match().into());
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

pub(super) fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

/// A line of the socket holds a request whole.
const _: () = assert!(interchange::ESCAPED_BYTES_MAX + (2 << 20) < LINE_BYTES_MAX);
