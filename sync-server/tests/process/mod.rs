//! The real program in a process of its own, with a folder of its own.

use crate::practice::Practice;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::Invite;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-server");

/// A folder that is removed with its test.
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tacenda-server-test-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The server's folder, made by `init`.
    pub(crate) fn init(&self) -> PathBuf {
        let folder = self.0.join("server");
        let made = command("init").arg(&folder).args(["--address", "127.0.0.1:4440"]).output();
        assert!(made.unwrap().status.success());
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// A command of the program.
pub(crate) fn command(name: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg(name).stdin(Stdio::null());
    command
}

/// A server that listens on loopback.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) pin: [u8; 32],
    pub(crate) folder: PathBuf,
    log: PathBuf,
}

impl Process {
    /// Starts a server and waits until it listens. Its log goes on in one file.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_at(folder, "127.0.0.1:0")
    }

    /// Starts a server where another was.
    pub(crate) fn start_at(folder: &Path, address: &str) -> Self {
        let log = folder.with_extension("log");
        let stderr = File::options().create(true).append(true).open(&log).unwrap();
        let mut child = command("serve")
            .arg(folder)
            .args(["--listen", address])
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut after = |word: &str| {
            let line = lines.next().unwrap_or_else(|| panic!("no {word}")).unwrap();
            line.strip_prefix(word).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let address = after("listening on ").parse().unwrap();
        let key = after("key ");
        let mut pin = [0; 32];
        for (byte, pair) in pin.iter_mut().zip(key.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        }
        Self { child, address, pin, folder: folder.to_owned(), log }
    }

    /// A new practice that names this server, and its token.
    pub(crate) fn invited(&self, seed: u64) -> (Practice, Vec<u8>) {
        let printed = command("invite").arg(&self.folder).output().unwrap();
        let invite = Invite::parse(&String::from_utf8(printed.stdout).unwrap()).unwrap();
        assert_eq!(invite.pin.as_bytes(), &self.pin);
        (Practice::found(seed, VerifyingKey::from_bytes(self.pin)), invite.token.to_vec())
    }

    /// Ends it as the power does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as systemd does.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// A file of the process in /proc.
    pub(crate) fn proc(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap()
    }

    /// Memory that the process has now, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }

    /// The most memory that the process ever had, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }

    /// Processor time of the process so far, in ticks of a hundredth of a second.
    pub(crate) fn ticks(&self) -> u64 {
        let stat = self.proc("stat");
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<_> = fields.split_whitespace().collect();
        [fields[11], fields[12]].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// What a command printed on standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
