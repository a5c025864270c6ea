//! The demo's server: the real one, as a child process on loopback that ends with its parent.

use crate::notice::Notice;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tacenda_shared::sync::Invite;

/// A server that serves until this is dropped.
pub(super) struct DemoServer {
    child: Child,
    /// Where it listens.
    pub(super) address: String,
}

impl DemoServer {
    /// Starts a server over a new folder.
    pub(super) fn start(folder: &Path) -> Result<Self, Notice> {
        let started = || -> io::Result<Self> {
            let made = server(&["init"], folder, &["--address", "127.0.0.1:4440"])?.output()?;
            if !made.status.success() {
                return Err(io::ErrorKind::Other.into());
            }
            let serve = &["--listen", "127.0.0.1:0", "--while-input"];
            let mut child = server(&["serve"], folder, serve)?
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()?;
            let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
            let mut line = String::new();
            BufReader::new(out).read_line(&mut line)?;
            let address = line.trim().strip_prefix("listening on ");
            let address = address.ok_or(io::ErrorKind::InvalidData)?.to_owned();
            Ok(Self { child, address })
        };
        started().map_err(|_| no_server())
    }

    /// Asks for an invite.
    pub(super) fn invite(&self, folder: &Path) -> Result<Invite, Notice> {
        let asked = server(&["invite"], folder, &["--address", &self.address])
            .and_then(|mut command| command.output())
            .map_err(|_| no_server())?;
        let text = String::from_utf8_lossy(&asked.stdout);
        Invite::parse(text.trim()).ok_or_else(no_server)
    }
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        // Its standard input ends, and with it the server; what it keeps is thrown away anyway.
        drop(self.child.stdin.take());
        let _ended = self.child.wait();
    }
}

fn server(words: &[&str], folder: &Path, options: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("server").args(words).arg(folder).args(options);
    Ok(command)
}

fn no_server() -> Notice {
    Notice::new(
        "The demo's server did not start.",
        "Nothing has been changed.",
        "Check that this machine lets programs use UDP on 127.0.0.1.",
    )
}
