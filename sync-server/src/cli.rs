//! What an operator types: init, serve, invite, status, verify, backup, restore, renew. Exit codes: 0 done,
//! 1 refused, 2 usage. No secret is ever an argument.

use crate::admission::{INVITE_MILLIS, Invites};
use crate::backup::backup;
use crate::chance::now;
use crate::config::Config;
use crate::folder::{Folder, FolderError, read_small, write_new};
use crate::identity::Identity;
use crate::print;
use crate::restore::{Renewed, renew, restore};
use crate::server::{Options, Server};
use crate::tamper::Tamper;
use crate::verify::{Findings, verify};
use clap::{Args, Parser, Subcommand};
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit};
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tacenda_shared::hex;
use tacenda_shared::id::PracticeId;
use tacenda_shared::suite::SigningKey;
use tacenda_shared::sync::{Invite, is_address};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// The server of a psychotherapy practice: it orders and keeps sealed envelopes, and can read
/// none of them.
#[derive(Parser)]
#[command(name = "tacenda-server", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a server's folder: a key and settings
    Init(Place),
    /// Serve until told to stop
    Serve(Serve),
    /// Print an invite for one practice, good once and for ten minutes
    Invite(Place),
    /// Say what is there and whether a server runs
    Status(Where),
    /// Check every chain, signature and receipt, while no server runs
    Verify(Where),
    /// Copy the folder, also while a server runs, and verify the copy
    Backup(Backup),
    /// Make a server's folder from a backup; devices then give what the backup lacks
    Restore(Restore),
    /// Say that this folder was copied back by hand; devices then give what it lacks
    Renew(Where),
}

#[derive(Args)]
struct Where {
    /// The server's folder
    folder: PathBuf,
}

#[derive(Args)]
struct Place {
    /// The server's folder
    folder: PathBuf,
    /// Where devices find the server, host:port; several times for several ways
    #[arg(long = "address", value_name = "HOST:PORT", value_parser = parse_address)]
    addresses: Vec<String>,
}

#[derive(Args)]
struct Serve {
    /// The server's folder
    folder: PathBuf,
    /// Where to listen, instead of what the settings say
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Stop when standard input ends: for a parent that may die
    #[arg(long, hide = true)]
    while_input: bool,
}

#[derive(Args)]
struct Backup {
    /// The server's folder
    folder: PathBuf,
    /// Where the copy goes; may hold an older copy
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

#[derive(Args)]
struct Restore {
    /// The backup
    from: PathBuf,
    /// The new folder, which must not be a server's yet
    to: PathBuf,
}

type Outcome = Result<(), Box<dyn Error>>;

/// How a server behaves that is not in service, and what it answers to lines on its input.
pub struct Conduct {
    /// Stands between the server and its devices.
    pub tamper: Arc<dyn Tamper>,
    /// Takes a line and returns the answer, which goes to standard output.
    pub line: Box<dyn Fn(&str) -> String + Send>,
}

type Conducting = Box<dyn FnOnce(SigningKey) -> Conduct>;

/// Does what the arguments say, the first of which is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    begin(arguments, None)
}

/// Does what the arguments say; a server that serves behaves as `conduct` has it, which is given
/// the server's key and hears lines on standard input. For tests and the demo: no argument of the
/// program leads here.
pub fn run_with(
    arguments: impl IntoIterator<Item = OsString>,
    conduct: impl FnOnce(SigningKey) -> Conduct + 'static,
) -> ExitCode {
    begin(arguments, Some(Box::new(conduct)))
}

fn begin(arguments: impl IntoIterator<Item = OsString>, conduct: Option<Conducting>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = error.render().to_string();
            if error.use_stderr() {
                print::complaint(text.trim_end());
                return ExitCode::from(2);
            }
            print::line(text.trim_end());
            return ExitCode::SUCCESS;
        }
    };
    keep_to_ourselves();
    let outcome = match arguments.command {
        Command::Init(init) => initialise(&init),
        Command::Serve(options) => serve(&options, conduct),
        Command::Invite(place) => invite(place),
        Command::Status(place) => status(&Folder::at(&place.folder)),
        Command::Verify(place) => check(&Folder::at(&place.folder)),
        Command::Backup(options) => copy(&options),
        Command::Restore(options) => {
            let (from, to) = (Folder::at(&options.from), Folder::at(&options.to));
            restored(&to, restore(&from, &to).map_err(Into::into))
        }
        Command::Renew(place) => {
            let folder = Folder::at(&place.folder);
            restored(&folder, renew(&folder).map_err(Into::into))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::complaint(&whole(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// The process holds the server's key: no core file, nobody of the same user may look into it,
/// and what it makes is for its owner only. The unit file asks for the same; this is for those
/// who start the program by hand.
fn keep_to_ourselves() {
    rustix::process::umask(Mode::from_raw_mode(0o077));
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Where the system refuses, there is nothing else to be done.
    let _refused = rustix::process::setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _refused =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

fn parse_address(text: &str) -> Result<String, String> {
    match is_address(text) {
        true => Ok(text.to_owned()),
        false => Err("not host:port".to_owned()),
    }
}

/// An error with what is behind it.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

fn read_config(folder: &Folder) -> Result<Config, Box<dyn Error>> {
    let path = folder.config();
    if !path.exists() {
        return Err(FolderError::Absent(folder.root().to_owned()).into());
    }
    let text = String::from_utf8(read_small(&path)?)?;
    Config::parse(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn initialise(init: &Place) -> Outcome {
    let folder = Folder::at(&init.folder);
    folder.create()?;
    let identity = Identity::create(&folder)?;
    write_new(&folder.config(), Config::template(&init.addresses).as_bytes())?;
    folder.adopt(&folder.config())?;
    let place = folder.root().display();
    print::line(&format!("made {place}"));
    print::line(&format!("key  {}", hex::encode(identity.pin().as_bytes())));
    if init.addresses.is_empty() {
        let path = folder.config();
        print::line(&format!("next: write where devices find this server into {}", path.display()));
        print::line(&format!("then: tacenda-server serve {place}"));
    } else {
        print::line(&format!("next: tacenda-server serve {place}"));
    }
    print::line(&format!("then: tacenda-server invite {place}"));
    Ok(())
}

fn serve(options: &Serve, conduct: Option<Conducting>) -> Outcome {
    let folder = Folder::at(&options.folder);
    let mut config = read_config(&folder)?;
    config.listen = options.listen.or(config.listen);
    let conduct = match conduct {
        Some(conduct) => Some(conduct(Identity::load(&folder)?.signing())),
        None => None,
    };
    let (tamper, line) = match conduct {
        Some(Conduct { tamper, line }) => (Some(tamper), Some(line)),
        None => (None, None),
    };
    let server = Server::bind_with(&config, folder.root(), Options { tamper })?;
    print::line(&format!("listening on {}", server.local_addr()?));
    print::line(&format!("key {}", hex::encode(server.pin().as_bytes())));
    let input = match line {
        Some(line) => Some(input_lines(line)?).filter(|_| options.while_input),
        None => options.while_input.then(input_end).transpose()?,
    };
    server.run(async {
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            // Without a way to be told, it is better not to begin.
            return;
        };
        let input = async {
            match input {
                Some(input) => drop(input.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = input => {}
        }
    })?;
    Ok(())
}

/// Is done when standard input ends.
fn input_end() -> std::io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut byte = [0; 64];
        while std::io::stdin().read(&mut byte).is_ok_and(|read| read > 0) {}
        let _gone = ended.send(());
    })?;
    Ok(end)
}

/// Answers lines on standard input; is done when it ends.
fn input_lines(line: Box<dyn Fn(&str) -> String + Send>) -> std::io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        for text in std::io::stdin().lines().map_while(Result::ok) {
            print::line(&line(&text));
        }
        let _gone = ended.send(());
    })?;
    Ok(end)
}

fn invite(place: Place) -> Outcome {
    let folder = &Folder::at(&place.folder);
    let config = read_config(folder)?;
    let identity = Identity::load(folder)?;
    let given = (!place.addresses.is_empty()).then_some(place.addresses);
    let addresses = given.unwrap_or(config.addresses);
    if addresses.is_empty() {
        let path = folder.config();
        let text =
            format!("{}: addresses is empty, so nobody could find this server", path.display());
        return Err(text.into());
    }
    let token = Invites::of(folder).issue(now())?;
    let invite = Invite { pin: identity.pin(), token, addresses };
    print::line(&invite.to_string());
    let minutes = INVITE_MILLIS / 60_000;
    print::complaint(&format!("good for one practice, once, for {minutes} minutes"));
    Ok(())
}

fn status(folder: &Folder) -> Outcome {
    let config = read_config(folder)?;
    let runs = match folder.lock() {
        Ok(_) => "no",
        Err(FolderError::InUse) => "yes",
        Err(error) => return Err(error.into()),
    };
    let pin = Identity::load(folder)?.pin();
    let practices = folder.list_practices()?;
    let mut bytes = 0_u64;
    for practice in &practices {
        for entry in std::fs::read_dir(folder.practice(*practice))? {
            bytes = bytes.saturating_add(entry?.metadata()?.len());
        }
    }
    let disk = rustix::fs::statvfs(folder.root())?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    print::line(&format!("running    {runs}"));
    print::line(&format!("key        {}", hex::encode(pin.as_bytes())));
    print::line(&format!("addresses  {}", config.addresses.join(" ")));
    print::line(&format!("practices  {}", practices.len()));
    print::line(&format!("journals   {} MiB", bytes >> 20));
    print::line(&format!("free       {} MiB", free >> 20));
    if free <= config.limits.reserve_bytes {
        print::line("the disk is full: no new data is taken");
    }
    Ok(())
}

fn check(folder: &Folder) -> Outcome {
    let _lock = folder.lock()?;
    let identity = Identity::load(folder)?;
    report(&verify(folder, &identity)?)
}

fn copy(options: &Backup) -> Outcome {
    let (from, to) = (Folder::at(&options.folder), Folder::at(&options.to));
    read_config(&from)?;
    let findings = backup(&from, &to)?;
    print::line(&format!("copied to {}", to.root().display()));
    report(&findings)
}

/// Prints what began anew, and what happens now.
fn restored(folder: &Folder, renewed: Result<Vec<Renewed>, Box<dyn Error>>) -> Outcome {
    for Renewed { practice, server_epoch } in renewed? {
        let name: String = practice.to_string().chars().take(8).collect();
        print::line(&format!("practice {name}: life {server_epoch} begins"));
    }
    print::line("nothing new is taken until the devices have given what is missing here");
    print::line(&format!("next: tacenda-server serve {}", folder.root().display()));
    Ok(())
}

/// Prints what was checked; an error if anything does not hold.
fn report(findings: &BTreeMap<PracticeId, Findings>) -> Outcome {
    let mut is_sound = true;
    for (practice, found) in findings {
        let name: String = practice.to_string().chars().take(8).collect();
        let Findings { entries, envelopes, others, faults } = found;
        print::line(&format!(
            "practice {name}: {entries} entries, {envelopes} envelopes, {others} others"
        ));
        for (what, count) in faults {
            print::line(&format!("practice {name}: {count} times wrong: {what}"));
        }
        is_sound &= found.is_sound();
    }
    if is_sound {
        print::line(&format!("verified {} practices: everything holds", findings.len()));
        return Ok(());
    }
    Err("something does not hold; keep this folder, and restore from a backup".into())
}
