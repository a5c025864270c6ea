//! The server's program as an operator meets it: what it prints, what it refuses, how it ends.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use tacenda_shared::sync::Invite;

const PROGRAM: &str = env!("CARGO_BIN_EXE_server-under-test");

/// A folder that is removed with its test.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tacenda-it-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn init(&self) -> PathBuf {
        let folder = self.0.join("server");
        let made = run(&["init", text(&folder), "--address", "127.0.0.1:4440"]);
        assert_eq!(made.status.code(), Some(0), "{}", complaint(&made));
        folder
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts a server that ends with its standard input, and waits until it listens.
fn start(folder: &Path) -> Child {
    let mut child = Command::new(PROGRAM)
        .args(["serve", text(folder), "--listen", "127.0.0.1:0", "--while-input"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("listening on 127.0.0.1:"), "{line}");
    child
}

#[test]
fn a_new_server_says_what_to_do_next_and_keeps_its_key_to_itself() {
    let home = Home::new();
    let folder = home.0.join("server");

    let made = run(&["init", text(&folder), "--address", "sync.example.org:4440"]);

    assert_eq!(made.status.code(), Some(0));
    assert!(printed(&made).contains("next: tacenda-server serve"), "{}", printed(&made));
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("."), mode("server.key")), (0o700, 0o600));
    let again = run(&["init", text(&folder)]);
    assert_eq!(again.status.code(), Some(1));
    assert!(complaint(&again).contains("nothing was changed"));
}

#[test]
fn a_setting_that_nobody_knows_stops_the_server_and_is_named() {
    let home = Home::new();
    let folder = home.init();
    fs::write(folder.join("server.toml"), "lisen = \"[::]:4440\"\n").unwrap();

    let refused = run(&["serve", text(&folder)]);

    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("lisen"), "{}", complaint(&refused));
}

#[test]
fn a_second_server_on_one_folder_is_refused_and_the_first_goes_on() {
    let home = Home::new();
    let folder = home.init();
    let mut first = start(&folder);

    let second = run(&["serve", text(&folder), "--listen", "127.0.0.1:0"]);
    let verify = run(&["verify", text(&folder)]);
    let status = run(&["status", text(&folder)]);

    assert_eq!((second.status.code(), verify.status.code()), (Some(1), Some(1)));
    assert!(complaint(&second).contains("has this folder open"), "{}", complaint(&second));
    assert!(printed(&status).contains("running    yes"), "{}", printed(&status));
    assert!(first.try_wait().unwrap().is_none());
    drop(first.stdin.take());
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert!(printed(&run(&["status", text(&folder)])).contains("running    no"));
}

#[test]
fn data_without_its_key_is_not_served_under_another_key() {
    let home = Home::new();
    let folder = home.init();
    fs::create_dir_all(folder.join("practices/00112233445566778899aabbccddeeff")).unwrap();
    fs::remove_file(folder.join("server.key")).unwrap();

    let refused = run(&["serve", text(&folder), "--listen", "127.0.0.1:0"]);
    let renewed = run(&["init", text(&folder)]);

    assert_eq!((refused.status.code(), renewed.status.code()), (Some(1), Some(1)));
    assert!(complaint(&refused).contains("from a backup"), "{}", complaint(&refused));
    assert!(!folder.join("server.key").exists());
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let home = Home::new();
    let folder = home.init();
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o644)).unwrap();

    let refused = run(&["serve", text(&folder), "--listen", "127.0.0.1:0"]);

    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("read by others"), "{}", complaint(&refused));
}

#[test]
fn an_invite_is_one_line_that_a_device_can_read() {
    let home = Home::new();
    let folder = home.init();

    let (first, second) = (run(&["invite", text(&folder)]), run(&["invite", text(&folder)]));

    assert_eq!(first.status.code(), Some(0));
    let (first, second) = (printed(&first), printed(&second));
    let invite = Invite::parse(&first).unwrap();
    assert_eq!((first.lines().count(), invite.addresses), (1, vec!["127.0.0.1:4440".to_owned()]));
    assert_ne!(invite.token, Invite::parse(&second).unwrap().token);
}

#[test]
fn an_invite_that_leads_nowhere_is_not_made() {
    let home = Home::new();
    let folder = home.0.join("server");
    assert_eq!(run(&["init", text(&folder)]).status.code(), Some(0));

    let refused = run(&["invite", text(&folder)]);

    assert_eq!((refused.status.code(), printed(&refused).as_str()), (Some(1), ""));
    assert!(complaint(&refused).contains("addresses is empty"), "{}", complaint(&refused));
}

#[test]
fn a_backup_goes_outside_and_an_empty_server_verifies() {
    let home = Home::new();
    let folder = home.init();
    let inside = run(&["backup", text(&folder), "--to", text(&folder.join("copy"))]);
    let outside = home.0.join("copy");
    let outside = run(&["backup", text(&folder), "--to", text(&outside)]);

    assert_eq!((inside.status.code(), outside.status.code()), (Some(1), Some(0)));
    assert!(complaint(&inside).contains("outside"), "{}", complaint(&inside));
    assert!(printed(&run(&["verify", text(&folder)])).contains("everything holds"));
}

#[test]
fn what_cannot_be_understood_is_a_matter_of_usage() {
    for wrong in [&["serve"][..], &["sing"], &["init", "x", "--address", "nowhere"]] {
        let refused = run(wrong);
        assert_eq!((refused.status.code(), printed(&refused).as_str()), (Some(2), ""), "{wrong:?}");
    }
    assert_eq!(run(&["--version"]).status.code(), Some(0));
    assert_eq!(run(&["serve", "/nowhere/at/all"]).status.code(), Some(1));
}
