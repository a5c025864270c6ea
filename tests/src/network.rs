//! A server's process on loopback with its folder, and two computers of one person who pairs them
//! by hand. It can be killed and started again where it was.

use crate::pty::Pty;
use crate::scene::{self, Scene};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long a server may take to answer a line. Only a fault takes so long.
const LIMIT: Duration = Duration::from_secs(30);

/// A server. It ends with this.
pub struct Server {
    program: &'static str,
    root: PathBuf,
    child: Option<Child>,
    address: String,
    lines: Option<Receiver<String>>,
    /// How often each order was carried out.
    done: BTreeMap<u64, u64>,
}

impl Server {
    /// Makes a server in a folder below `root`, and starts it on a port that is free.
    pub fn new(program: &'static str, root: &Path) -> Self {
        fs::create_dir_all(root.join("server-tmp")).expect("a folder");
        let address = "127.0.0.1:0".into();
        let (root, done) = (root.to_owned(), BTreeMap::new());
        let mut server = Self { program, root, child: None, address, lines: None, done };
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
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = channel();
        // It ends with the server, or when nobody listens to it any more.
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let line = lines.recv_timeout(LIMIT).expect("a line");
        self.lines = Some(lines);
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

    /// Tells a server under test what to do against its devices, as
    /// `tacenda_sync_server::mischief` says; returns its answer.
    pub fn tell(&mut self, line: &str) -> String {
        let child = self.child.as_mut().expect("a running server");
        let input = child.stdin.as_mut().expect("its input");
        writeln!(input, "{line}").expect("a line to the server");
        loop {
            if let Some(said) = self.hear()
                && is_answer(&said)
            {
                return said;
            }
        }
    }

    /// Orders a misdeed; returns its number.
    pub fn order(&mut self, line: &str) -> u64 {
        let answer = self.tell(line);
        let number = answer.strip_prefix("ordered ").and_then(|number| number.parse().ok());
        number.unwrap_or_else(|| panic!("{line}: {answer}"))
    }

    /// Waits until an order has been carried out.
    pub fn done(&mut self, order: u64) {
        while !self.done.contains_key(&order) {
            let said = self.hear();
            assert!(!said.is_some_and(|said| is_answer(&said)), "nothing was asked");
        }
    }

    /// Returns whether an order has been carried out, by all that the server has said so far.
    pub fn is_done(&self, order: u64) -> bool {
        self.done.contains_key(&order)
    }

    /// Takes the next line: an answer, or word of an order that was carried out.
    fn hear(&mut self) -> Option<String> {
        let lines = self.lines.as_ref().expect("a running server");
        let line = lines.recv_timeout(LIMIT).expect("a line of the server");
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["done", order, "times", times] = words.as_slice() {
            let number = |text: &str| text.parse().expect("a number");
            self.done.insert(number(order), number(times));
            return None;
        }
        Some(line)
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

    /// Returns an address on this computer at which nobody listens.
    pub fn free_address() -> String {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.local_addr().expect("its address").to_string()
    }

    /// Ends it in order, and starts it at another address.
    pub fn move_to(&mut self, address: &str) {
        self.stop();
        address.clone_into(&mut self.address);
        self.start();
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

/// Whether a line answers one; a server also says what it is about to do.
fn is_answer(line: &str) -> bool {
    let first = line.split_whitespace().next();
    matches!(first, Some("ordered" | "ended" | "hung" | "logs" | "refused:"))
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
