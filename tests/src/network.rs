//! A server's process on loopback with its folder, and two computers of one person who pairs them
//! by hand. It can be killed and started again where it was.

use crate::pty::Pty;
use crate::scene::{self, Scene};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A server. It ends with this.
pub struct Server {
    program: &'static str,
    root: PathBuf,
    child: Option<Child>,
    address: String,
}

impl Server {
    /// Makes a server in a folder below `root`, and starts it on a port that is free.
    pub fn new(program: &'static str, root: &Path) -> Self {
        fs::create_dir_all(root.join("server-tmp")).expect("a folder");
        let mut server =
            Self { program, root: root.to_owned(), child: None, address: "127.0.0.1:0".into() };
        let made = server.run("init", &["--address", "127.0.0.1:4440"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.start();
        server
    }

    /// Returns the server's folder.
    pub fn folder(&self) -> PathBuf {
        self.root.join("server")
    }

    /// Returns the file with all that the server has ever logged.
    pub fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    /// Returns where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the number of its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// Starts it where it was, and waits until it listens.
    pub fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.log()).expect("a log");
        let mut command = self.command("serve");
        command.args(["--listen", &self.address, "--while-input"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the server's program");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ");
        self.address = address.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        self.child = Some(child);
    }

    /// Changes the settings of a server that does not run.
    pub fn settings(&self, change: impl Fn(String) -> String) {
        let path = self.folder().join("server.toml");
        let changed = change(fs::read_to_string(&path).expect("the settings"));
        fs::write(&path, changed).expect("room for the settings");
    }

    /// Ends it as the power does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a process to kill");
            child.wait().expect("its end");
        }
    }

    /// Ends it in order.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            assert!(child.wait().expect("its end").success());
        }
    }

    /// Runs a command of the server's program on its folder.
    pub fn run(&self, name: &str, arguments: &[&str]) -> Output {
        self.command(name).args(arguments).output().expect("the server's program")
    }

    /// Returns an invite that leads to this address, or to where the server listens.
    pub fn invite(&self, through: Option<&str>) -> String {
        let address = through.unwrap_or(&self.address);
        let printed = self.run("invite", &["--address", address]);
        String::from_utf8(printed.stdout).expect("an invite")
    }

    /// Fails unless everything on the stopped server's disk holds.
    pub fn verified(&self) -> String {
        let verified = self.run("verify", &[]);
        let said = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success() && said.contains("everything holds"), "{verified:?}");
        said
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Pty::command(self.program);
        command.arg(name).arg(self.folder()).env("TMPDIR", self.root.join("server-tmp"));
        command.stdin(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ended = child.kill();
            let _ended = child.wait();
        }
    }
}

/// Brings a practice to a server; `through` is another address that leads to it.
pub fn connect(laptop: &Scene, server: &Server, through: Option<&str>) {
    let connected = laptop.run(&["connect"], &server.invite(through)).done();
    assert!(connected.contains("Everything is there."), "{connected}");
}

/// Adds an empty computer as a device of the practice, as a person does it.
pub fn pair(laptop: &Scene, tablet: &Scene, name: &str, address: &str) {
    let mut pair = Pty::spawn(laptop.command(["pair"]), 24, 80);
    pair.expect("Passphrase:").keys(scene::PASSPHRASE).keys("\r");
    let line = "type this code there: ";
    pair.expect(line);
    let contents = pair.contents();
    let (_, rest) = contents.split_once(line).expect("the code");
    let code = rest.split_whitespace().next().expect("the code");
    let join = tablet.start(&["join", "--server", address], &format!("{code}\n{name}\n"));
    pair.expect("Do they match?").keys("yes\r");
    pair.expect("Your passphrase:").keys(scene::PASSPHRASE).keys("\r");
    pair.expect("belongs to your practice now.");
    let joined = join.wait_with_output().expect("its output");
    assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
}
