//! A computer with a practice on it: folders of its own, and the program under test in them.
//!
//! Everything lies in one folder that is made anew for each test; nothing outside it is touched.

use crate::pty::Pty;
use rustix::io::FdFlags;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::vault::KdfCost;
use tacenda_tui::device::home::Home;
use tacenda_tui::device::open::Device;
use tacenda_tui::device::setup::{Founding, SetUp};
use tacenda_tui::message::Secret;

/// Opens every practice of a scene.
pub const PASSPHRASE: &str = "cinder maple velvet otter quarry";
/// The clinician of every practice of a scene.
pub const CLINICIAN: &str = "Dr. Quill Sampleton";

/// Folders, and how the program is started in them.
pub struct Scene {
    root: PathBuf,
    program: &'static str,
    sheet: String,
    has_runtime: bool,
}

impl Scene {
    /// Makes an empty computer in `folder`, which is replaced if it is there.
    pub fn empty(program: &'static str, folder: &Path) -> Self {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
            Ok(()) | Err(_) => {}
        }
        let scene =
            Self { root: folder.to_owned(), program, sheet: String::new(), has_runtime: true };
        for name in ["home", "tmp", "run"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).expect("a folder");
            rustix::fs::chmod(&path, rustix::fs::Mode::RWXU).expect("a private folder");
        }
        scene
    }

    /// Makes a computer with a practice on it that `fill` has written to. The practice is there
    /// as after a quit.
    pub fn founded(
        program: &'static str,
        folder: &Path,
        fill: impl FnOnce(&mut Device, Timestamp),
    ) -> Self {
        let mut scene = Self::empty(program, folder);
        let made = folder.join("made");
        let home = Home::contained_in(&made);
        let founding = Founding {
            zone: "UTC".into(),
            clinician: CLINICIAN.into(),
            device: "laptop".into(),
            cost: KdfCost::FLOOR,
        };
        let now = Timestamp::from_millis(jiff_now());
        let passphrase = Secret(PASSPHRASE.to_owned().into());
        let (set_up, sheet) = SetUp::begin(founding, &passphrase, now)
            .unwrap_or_else(|notice| panic!("{}", notice.happened));
        let mut device = set_up.finish(&home, now).expect("a practice");
        fill(&mut device, now);
        device.lock(now).expect("a practice in order");
        for (from, to) in [
            (home.folder().to_owned(), scene.vault()),
            (made.join("device-secrets"), scene.secrets()),
        ] {
            fs::create_dir_all(to.parent().expect("a folder above")).expect("a folder");
            fs::rename(from, to).expect("a place of its own");
        }
        fs::remove_dir(made).expect("nothing left");
        scene.sheet = sheet.0.to_string();
        scene
    }

    /// Takes XDG_RUNTIME_DIR away, as where nobody has logged in.
    #[must_use]
    pub fn without_runtime(self) -> Self {
        Self { has_runtime: false, ..self }
    }

    /// Returns the folder that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the 24 words of the practice's recovery sheet.
    pub fn sheet(&self) -> &str {
        &self.sheet
    }

    /// Returns HOME.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// Returns the vault's folder, where the program looks for it by itself.
    pub fn vault(&self) -> PathBuf {
        self.home().join(".local/share/tacenda/practice-main")
    }

    /// Returns the folder of the device secrets.
    pub fn secrets(&self) -> PathBuf {
        self.home().join(".config/tacenda/device-secrets")
    }

    /// Returns the program with these arguments and this computer's environment.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Pty::command(self.program);
        command
            .args(arguments)
            .env("HOME", self.home())
            .env("TMPDIR", self.root.join("tmp"))
            .current_dir(&self.root);
        if self.has_runtime {
            command.env("XDG_RUNTIME_DIR", self.root.join("run"));
        }
        command
    }

    /// Opens the interface on a terminal of 80 by 24.
    pub fn open(&self) -> Pty {
        self.open_with(|_| {})
    }

    /// Opens the interface on a terminal of 80 by 24, with a command that `change` has changed.
    pub fn open_with(&self, change: impl FnOnce(&mut Command)) -> Pty {
        let mut command = self.command::<&str>([]);
        change(&mut command);
        Pty::spawn(command, 24, 80)
    }

    /// Opens the interface and unlocks it.
    pub fn unlocked(&self) -> Pty {
        let mut pty = self.open();
        unlock(&mut pty);
        pty
    }

    /// Runs a command with this text on its standard input, and the passphrase on a descriptor.
    pub fn run(&self, arguments: &[&str], input: &str) -> Ran {
        let output = self.start(arguments, input).wait_with_output().expect("its output");
        Ran::from(output)
    }

    /// Starts a command as [`Scene::run`] does, and does not wait for it.
    pub fn start(&self, arguments: &[&str], input: &str) -> Child {
        self.start_with(arguments, input, PASSPHRASE)
    }

    /// Runs a command whose standard output goes there.
    pub fn run_into(&self, arguments: &[&str], input: &str, out: impl Into<Stdio>) -> Ran {
        let child = self.start_into(arguments, input, PASSPHRASE, out.into());
        Ran::from(child.wait_with_output().expect("its output"))
    }

    /// Starts a command with a passphrase that may be wrong.
    pub fn start_with(&self, arguments: &[&str], input: &str, passphrase: &str) -> Child {
        self.start_into(arguments, input, passphrase, Stdio::piped())
    }

    /// Runs a command that may have so many bytes of memory.
    pub fn run_within(&self, arguments: &[&str], bytes: u64) -> Ran {
        let mut command = self.prepared(arguments, "", PASSPHRASE);
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        let narrow = move || Ok(setrlimit(Resource::As, limit)?);
        // SAFETY: one system call between fork and exec, which neither allocates nor locks.
        unsafe {
            command.pre_exec(narrow);
        }
        Ran::from(command.stdout(Stdio::piped()).output().expect("the program under test"))
    }

    fn start_into(&self, arguments: &[&str], input: &str, passphrase: &str, out: Stdio) -> Child {
        let mut command = self.prepared(arguments, input, passphrase);
        command.stdout(out).spawn().expect("the program under test")
    }

    fn prepared(&self, arguments: &[&str], input: &str, passphrase: &str) -> Command {
        let descriptor = holding(&format!("{passphrase}\n"));
        let number = descriptor.as_raw_fd().to_string();
        let mut command = self.command(["--passphrase-fd", &number]);
        command.args(arguments);
        command.stdin(holding(input)).stderr(Stdio::piped());
        let inherit = move || Ok(rustix::io::fcntl_setfd(&descriptor, FdFlags::empty())?);
        // SAFETY: one system call between fork and exec, which neither allocates nor locks.
        unsafe {
            command.pre_exec(inherit);
        }
        command
    }

    /// Returns every file below the vault and the secrets with its bytes, but for the lock.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        for folder in [self.vault(), self.secrets()] {
            files_below(&folder, &mut files);
        }
        // Who has the vault open, and how many passphrases were wrong, is no record.
        files.retain(|(path, _)| !path.ends_with("lock") && !path.ends_with("failures"));
        files.sort();
        files
    }
}

/// Types the passphrase at the lock screen and waits for Today.
pub fn unlock(pty: &mut Pty) {
    pty.expect("Enter unlock").keys(PASSPHRASE).keys("\r").expect_gone("Enter unlock");
    pty.expect("q quit");
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    /// The exit status; none if a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    /// Fails unless the command was done; returns what it printed.
    pub fn done(self) -> String {
        assert_eq!(self.status, Some(0), "{self:?}");
        self.out
    }

    /// Returns the JSON lines that it printed; fails unless it was done.
    pub fn json(self) -> Vec<serde_json::Value> {
        let line = |line| serde_json::from_str(line).expect("a JSON line");
        self.done().lines().map(line).collect()
    }
}

/// Returns the end of a file without a name that holds this text and nothing after it.
fn holding(text: &str) -> OwnedFd {
    let file = rustix::fs::memfd_create("input", rustix::fs::MemfdFlags::CLOEXEC).expect("memory");
    let mut file = fs::File::from(file);
    file.write_all(text.as_bytes()).expect("room");
    rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0)).expect("the start");
    file.into()
}

/// Adds every file below a folder with its bytes.
pub fn files_below(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let kind = fs::symlink_metadata(&path).expect("its kind").file_type();
        if kind.is_dir() {
            files_below(&path, files);
        } else if kind.is_file() {
            let bytes = fs::read(&path).expect("its bytes");
            files.push((path, bytes));
        }
    }
}

fn jiff_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("a clock after 1970").as_millis()).expect("a date")
}
