//! Two devices of one person and the server's program, over real QUIC: connecting, pairing, and
//! what one writes showing on the other.

mod first_screen;
mod two_typists;
mod wrong_clock;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};
use tacenda_shared::id::{ClientId, ObjectId, Timestamp};
use tacenda_shared::keys::pairing::PairingCode;
use tacenda_shared::keys::vault::KdfCost;
use tacenda_shared::practice::edit::{
    ContactChange, Edit, NoteFormat, Part, Purpose, Splice, Subject,
};
use tacenda_shared::practice::view::View;
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::Invite;
use tacenda_tests::pty::Pty;
use tacenda_tests::scene::{self, Scene};
use tacenda_tui::cli::connect::{Driven, connect};
use tacenda_tui::cli::pair::{Dialogue, NewDevice, join, pair};
use tacenda_tui::device::chance::OsRandom;
use tacenda_tui::device::home::Home;
use tacenda_tui::device::open::Device;
use tacenda_tui::device::setup::{Founding, SetUp};
use tacenda_tui::message::Secret;

const PASSPHRASE: &str = "otter lamp violin cactus";

pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// A server on loopback and the folders of this test, all of which end with it.
pub(super) struct World {
    pub(super) folder: PathBuf,
    server: Child,
    address: String,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_settings(|settings| settings)
    }

    /// With settings that are changed before the server starts.
    fn with_settings(change: impl Fn(String) -> String) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tacenda-sync-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let mut made = server();
        made.arg("init").arg(folder.join("server"));
        let made = made.args(["--address", "127.0.0.1:4440"]).output().unwrap();
        assert!(made.status.success());
        let settings = folder.join("server/server.toml");
        let changed = change(fs::read_to_string(&settings).unwrap());
        fs::write(&settings, changed).unwrap();
        let (server, address) = serve(&folder.join("server"), "127.0.0.1:0");
        Self { folder, server, address }
    }

    pub(super) fn invite(&self) -> Invite {
        let printed = server().arg("invite").arg(self.folder.join("server")).output().unwrap();
        let text = String::from_utf8(printed.stdout).unwrap();
        let invite = Invite::parse(&text).unwrap_or_else(|| panic!("{text}"));
        Invite { addresses: vec![self.address.clone()], ..invite }
    }

    pub(super) fn home(&self, name: &str) -> Home {
        Home::contained_in(&self.folder.join(name))
    }

    /// Stops the server, as the power does.
    pub(super) fn stop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Starts it again where it was.
    pub(super) fn start(&mut self) {
        let (server, _) = serve(&self.folder.join("server"), &self.address);
        self.server = server;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ended = self.server.kill();
        let _ended = self.server.wait();
        let _left = fs::remove_dir_all(&self.folder);
    }
}

pub(super) fn server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server-under-test"));
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

pub(super) fn serve(folder: &Path, listen: &str) -> (Child, String) {
    let mut child = server()
        .arg("serve")
        .arg(folder)
        .args(["--listen", listen, "--while-input"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
    (child, address.to_owned())
}

fn secret() -> Secret {
    Secret(PASSPHRASE.to_owned().into())
}

pub(super) fn found(home: &Home) -> Device {
    found_with_sheet(home).0
}

/// The words as well, as they would be written onto paper.
fn found_with_sheet(home: &Home) -> (Device, String) {
    let founding = Founding {
        zone: "Europe/Berlin".into(),
        clinician: "Dr. Sample".into(),
        device: "laptop".into(),
        cost: KdfCost::FLOOR,
    };
    let (set_up, sheet) = SetUp::begin(founding, &secret(), now()).unwrap();
    (set_up.finish(home, now()).unwrap(), sheet.0.to_string())
}

pub(super) fn client(device: &mut Device, name: &str) -> ClientId {
    let client = ClientId::random(&mut OsRandom);
    let contact = ContactChange {
        name: Some(name.into()),
        code: Some(format!("TS-{:03}", client.as_bytes()[0])),
        ..ContactChange::default()
    };
    device.apply(Edit::NewClient { client, contact }, now()).unwrap();
    client
}

pub(super) fn settle(device: &mut Device) {
    let mut driven = Driven::start(device, now).unwrap();
    driven.until_current(&mut |_| {}).unwrap();
}

/// Both ways, until both have what the other had.
fn exchange(a: &mut Device, b: &mut Device) {
    for _ in 0..2 {
        settle(a);
        settle(b);
    }
}

/// The person in front of the device that has the practice.
struct Owner {
    code: Sender<String>,
    joiner_words: Receiver<String>,
    agrees: bool,
}

impl Dialogue for Owner {
    fn say(&mut self, line: &str) {
        if let Some((_, code)) = line.split_once("type this code there: ") {
            self.code.send(code.to_owned()).unwrap();
        }
    }

    fn approve(&mut self, words: [&str; 3], facts: &str) -> Option<Secret> {
        assert_eq!(facts, "tablet");
        let shown = self.joiner_words.recv().unwrap();
        assert!(shown.ends_with(&words.join(" ")), "{shown} {words:?}");
        self.agrees.then(secret)
    }
}

/// The person in front of the new one.
struct Newcomer(Sender<String>);

impl Dialogue for Newcomer {
    fn say(&mut self, line: &str) {
        if line.starts_with("Compare") {
            self.0.send(line.to_owned()).unwrap();
        }
    }

    fn approve(&mut self, _words: [&str; 3], _facts: &str) -> Option<Secret> {
        panic!("only the device that has the practice is asked")
    }
}

/// Pairs a tablet; returns what became of it on either side.
pub(super) fn paired(
    world: &World,
    laptop: &mut Device,
    agrees: bool,
) -> (Result<(), String>, Result<Device, String>) {
    let (code, codes) = channel::<String>();
    let (words, joiner_words) = channel::<String>();
    let home = world.home("tablet");
    let server = world.address.clone();
    thread::scope(|scope| {
        let joiner = scope.spawn(move || {
            let text = codes.recv().unwrap();
            let new = NewDevice {
                home: &home,
                server,
                code: PairingCode::parse(&text).unwrap(),
                name: "tablet".into(),
                passphrase: &secret(),
                cost: KdfCost::FLOOR,
            };
            join(new, &mut Newcomer(words), now).map_err(|notice| notice.to_string())
        });
        let mut owner = Owner { code, joiner_words, agrees };
        let at = world.home("laptop");
        let outcome = pair(laptop, &at, &mut owner, now).map_err(|notice| notice.to_string());
        (outcome, joiner.join().unwrap())
    })
}

#[test]
fn a_paired_tablet_shows_the_practice_and_what_is_written_goes_both_ways() {
    let mut world = World::new();
    let mut laptop = found(&world.home("laptop"));
    let ada = client(&mut laptop, "Ada Testerin");
    connect(&mut laptop, &world.invite(), now()).unwrap();
    settle(&mut laptop);

    let (outcome, tablet) = paired(&world, &mut laptop, true);
    outcome.unwrap();
    let mut tablet = tablet.unwrap();
    assert!(tablet.index().clients.contains_key(&ada));

    // Written while the server is down, on both; the server comes back as it was.
    world.stop();
    let note = ObjectId::random(&mut OsRandom);
    let format = NoteFormat::Free;
    let begin = Edit::BeginNote { note, client: ada, session: None, format };
    tablet.apply(begin, now()).unwrap();
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: "Walks.".into() };
    let change = Edit::ChangeDraft { note, client: ada, splices: vec![splice] };
    tablet.apply(change, now()).unwrap();
    let ben = client(&mut laptop, "Ben Beispiel");
    assert!(laptop.sync_status().queued > 0 && tablet.sync_status().queued > 0);
    world.start();
    exchange(&mut laptop, &mut tablet);

    assert_eq!(laptop.index(), tablet.index());
    assert!(tablet.index().clients.contains_key(&ben));
    let subject = Subject::Draft(ada, note);
    let View::Draft(draft) = laptop.open(subject, Purpose::Care, now()).unwrap() else {
        panic!("a draft was asked for")
    };
    assert_eq!(draft.parts, [(Part::Text, "Walks.".to_owned())]);

    // The tablet opens with its own passphrase, and goes on.
    tablet.lock(now()).unwrap();
    let home = world.home("tablet");
    let typed = tacenda_shared::keys::passphrase::Passphrase::from_text(PASSPHRASE).unwrap();
    let step_up = |home| Device::step_up(home, &typed, now()).unwrap().unwrap();
    let given = step_up(&home).secret().expose().to_owned();
    assert_eq!(&given, step_up(&world.home("laptop")).secret().expose());
    let mut tablet = Device::unlock(&home, &typed, 0, now()).unwrap();
    client(&mut tablet, "Cora Probe");
    exchange(&mut tablet, &mut laptop);
    assert_eq!(laptop.index(), tablet.index());
    assert_eq!(laptop.index().clients.len(), 3);
    let devices = laptop.sync_status().devices;
    let names: Vec<_> = devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["laptop", "tablet"]);
}

#[test]
fn after_a_no_the_new_device_has_nothing_and_the_practice_is_as_it_was() {
    let world = World::new();
    let mut laptop = found(&world.home("laptop"));
    connect(&mut laptop, &world.invite(), now()).unwrap();

    let (outcome, tablet) = paired(&world, &mut laptop, false);

    assert!(outcome.unwrap_err().contains("refused"));
    assert!(tablet.err().unwrap().contains("refused"));
    assert!(world.home("tablet").read_vault().unwrap().is_none());
    assert_eq!(laptop.sync_status().devices.len(), 1);
}

#[test]
fn a_practice_is_not_given_to_another_server_than_the_invite_names() {
    let world = World::new();
    let mut laptop = found(&world.home("laptop"));
    let invite = Invite { pin: VerifyingKey::from_bytes([7; 32]), ..world.invite() };

    let refused = connect(&mut laptop, &invite, now()).unwrap_err();

    assert!(refused.happened.contains("Another computer answers"), "{refused}");
    assert!(!laptop.sync_status().attached);
    connect(&mut laptop, &world.invite(), now()).unwrap();
    settle(&mut laptop);
    assert_eq!(laptop.sync_status().queued, 0);
}

#[test]
fn an_invite_is_good_once() {
    let world = World::new();
    let invite = world.invite();
    let mut first = found(&world.home("first"));
    connect(&mut first, &invite, now()).unwrap();
    let mut second = found(&world.home("second"));

    let refused = connect(&mut second, &invite, now()).unwrap_err();

    assert!(refused.happened.starts_with("The server does not take this practice"), "{refused}");
    connect(&mut second, &world.invite(), now()).unwrap();
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");

/// The code that stands on the screen of `pair`.
fn code_on(pty: &mut Pty) -> String {
    let line = "type this code there: ";
    pty.expect(line);
    let contents = pty.contents();
    let (_, rest) = contents.split_once(line).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_person_connects_pairs_and_sees_on_one_screen_what_is_added_on_the_other() {
    let world = World::new();
    let laptop = Scene::founded(PROGRAM, &world.folder.join("one"), |device, _| {
        client(device, "Ada Testerin");
    });
    let connected = laptop.run(&["connect"], &world.invite().to_string()).done();
    assert!(connected.contains("Everything is there."), "{connected}");

    let mut pair = Pty::spawn(laptop.command(["pair"]), 24, 80);
    pair.expect("Passphrase:").keys(scene::PASSPHRASE).keys("\r");
    let code = code_on(&mut pair);
    let tablet = Scene::empty(PROGRAM, &world.folder.join("two"));
    // What is left of a practice whose vault file is lost; the file may come back.
    let journal = tablet.vault().join("journal");
    fs::create_dir_all(&journal).unwrap();
    fs::write(journal.join("1.seg"), "drafts that were never sent").unwrap();
    let join = tablet.start(&["join", "--server", &world.address], &format!("{code}\ntablet\n"));
    pair.expect("Do they match?").keys("yes\r");
    pair.expect("Your passphrase:").keys(scene::PASSPHRASE).keys("\r");
    pair.expect("\"tablet\" belongs to your practice now.");
    let joined = join.wait_with_output().unwrap();
    assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
    drop(pair);
    assert!(tablet.vault().join("aside-1/journal/1.seg").exists(), "nothing is deleted");
    let devices = tablet.run(&["--json", "device", "list"], "").json();
    assert_eq!(devices.len(), 2);
    assert_eq!((&devices[0]["name"], &devices[0]["this"]), (&"tablet".into(), &true.into()));

    // Both windows are open; what a command adds beside one of them, the other shows.
    let mut on_laptop = laptop.unlocked();
    let on_tablet = tablet.unlocked();
    tablet.run(&["client", "add", "--code", "TS-777"], "Berta Beispiel\n").done();
    on_laptop.keys("3").expect("TS-777");
    drop(on_tablet);
}

#[test]
fn from_the_sync_screen_a_person_adds_a_device_names_it_and_shuts_it_out() {
    let world = World::new();
    let laptop = Scene::founded(PROGRAM, &world.folder.join("one"), |device, _| {
        client(device, "Ada Testerin");
    });
    let mut window = laptop.unlocked();
    // Beside the open window, which keeps up the link from then on.
    let connected = laptop.run(&["connect"], &world.invite().to_string()).done();
    assert!(connected.contains("The server keeps your practice"), "{connected}");
    window.keys("7").expect("Queue       empty");
    let refused = laptop.run(&["pair"], "");
    assert!(refused.err.contains("Press there: 7, then n."), "{refused:?}");

    window.keys("n").expect("type this code there:").expect("Never read the code");
    let contents = window.contents();
    let (_, rest) = contents.split_once("type this code there:").unwrap();
    let code = rest.split_whitespace().find(|word| word.contains('-')).unwrap().to_owned();
    let tablet = Scene::empty(PROGRAM, &world.folder.join("two"));
    let join = tablet.start(&["join", "--server", &world.address], &format!("{code}\ntablet\n"));
    window.expect("They match, and this is my passphrase:").keys(scene::PASSPHRASE).keys("\r");
    window.expect("tablet belongs to your practice now.");
    let joined = join.wait_with_output().unwrap();
    assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));

    window.keys("j").keys("e").expect("What is this device called?").keys("Kiosk\r");
    window.expect("Renamed tablet to Kiosk");
    let named = |device: &Scene| {
        let devices = device.run(&["--json", "device", "list"], "").json();
        let kiosk = devices.into_iter().find(|row| row["name"] == "Kiosk");
        kiosk.map(|row| row["revoked"].clone())
    };
    assert_eq!(named(&laptop), Some(false.into()));

    window.keys("x").expect("Type yes to go on:").keys("yes\r").expect("Your passphrase:");
    window.keys(scene::PASSPHRASE).keys("\r").expect("Kiosk is shut out");
    assert_eq!(named(&laptop), Some(true.into()));
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &target),
            kind if kind.is_file() => drop(fs::copy(entry.path(), target).unwrap()),
            _ => {}
        }
    }
}

#[test]
fn with_the_words_of_the_sheet_everything_comes_back_and_the_lost_device_is_refused() {
    let world = World::new();
    let (mut laptop, words) = found_with_sheet(&world.home("laptop"));
    let ada = client(&mut laptop, "Ada Testerin");
    let note = ObjectId::random(&mut OsRandom);
    let format = NoteFormat::Free;
    laptop.apply(Edit::BeginNote { note, client: ada, session: None, format }, now()).unwrap();
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: "Walks.".into() };
    let change = Edit::ChangeDraft { note, client: ada, splices: vec![splice] };
    laptop.apply(change, now()).unwrap();
    connect(&mut laptop, &world.invite(), now()).unwrap();
    settle(&mut laptop);
    laptop.lock(now()).unwrap();
    // Somebody took the laptop, and what it holds is gone for its owner.
    copy(&world.folder.join("laptop"), &world.folder.join("thief"));
    fs::remove_dir_all(world.folder.join("laptop")).unwrap();

    let new = Scene::empty(PROGRAM, &world.folder.join("new"));
    let command = ["join", "--recover", "--server", &world.address];
    let slip = words.replacen(words.split(' ').next().unwrap(), "xyzzy", 1);
    let refused = new.run(&command, &format!("{slip}\nnew laptop\nyes\n"));
    assert!(refused.err.contains("Word 1 is not a word of any sheet"), "{refused:?}");
    let no = new.run(&command, &format!("{words}\nnew laptop\nno\n"));
    assert!(no.err.contains("your devices are still those of the practice"), "{no:?}");
    let done = new.run(&command, &format!("{words}\nnew laptop\nyes\n")).done();

    assert!(done.contains("The practice of Dr. Sample") && done.contains("laptop"), "{done}");
    assert!(done.contains("Everything is here: 1 clients"), "{done}");
    let devices = new.run(&["--json", "device", "list"], "").json();
    let listed: Vec<_> = devices.iter().map(|d| (&d["name"], &d["revoked"])).collect();
    let expected = [(&"new laptop".into(), &false.into()), (&"laptop".into(), &true.into())];
    assert_eq!(listed, expected);
    let shown = new.run(&["client", "list"], "").done();
    assert!(shown.contains("TS-"), "{shown}");
    let standing = new.run(&["--json", "sheet", "status"], "").json();
    assert_eq!(standing[0]["psychotherapy"], true);

    // Whoever has the laptop and its passphrase is not heard any more.
    let typed = tacenda_shared::keys::passphrase::Passphrase::from_text(PASSPHRASE).unwrap();
    let mut thief = Device::unlock(&world.home("thief"), &typed, 0, now()).unwrap();
    client(&mut thief, "Mallory Muster");
    let mut driven = Driven::start(&mut thief, now).unwrap();
    let _told = driven.until(&mut |_| {}, |device| device.sync_status().trouble.is_some());
    drop(driven);
    let status = thief.sync_status();
    assert!(status.trouble.is_some_and(|trouble| trouble.happened.contains("removed")));
    assert!(status.queued > 0);
    let after = new.run(&["client", "list"], "").done();
    assert_eq!(after, shown);
}

/// The words on the screen of `sheet replace`, as they would be written onto paper.
fn words_on(pty: &Pty) -> Vec<String> {
    let contents = pty.contents();
    let numbered = contents.lines().filter_map(|row| row.trim().split_once(". "));
    let word =
        |(number, word): (&str, &str)| number.parse::<usize>().ok().map(|_| word.trim().to_owned());
    numbered.filter_map(word).collect()
}

#[test]
fn a_person_replaces_the_sheet_and_the_old_words_are_void() {
    let world = World::new();
    let laptop = Scene::founded(PROGRAM, &world.folder.join("one"), |device, _| {
        client(device, "Ada Testerin");
    });
    laptop.run(&["connect"], &world.invite().to_string()).done();
    let old = laptop.sheet().to_owned();

    let mut pty = Pty::spawn(laptop.command(["sheet", "replace"]), 60, 100);
    pty.expect("From word 1:").keys(&old).keys("\r");
    pty.expect("Passphrase:").keys(scene::PASSPHRASE).keys("\r");
    pty.expect("24. ").expect("of the new sheet:");
    let new = words_on(&pty);
    assert_eq!(new.len(), 24, "{}", pty.contents());
    let asked = |pty: &Pty| -> Vec<usize> {
        let contents = pty.contents();
        let rows = contents.lines().filter_map(|row| row.trim().strip_prefix("Word "));
        rows.filter_map(|row| row.split(' ').next()?.parse().ok()).collect()
    };
    for answered in 0..3 {
        pty.wait_for("the next word", |pty| asked(pty).len() > answered);
        let place = asked(&pty)[answered];
        pty.keys(&new[place - 1]).keys("\r");
    }
    pty.expect("The server does not take the old one any more.");
    drop(pty);

    let fresh = Scene::empty(PROGRAM, &world.folder.join("two"));
    let command = ["join", "--recover", "--server", &world.address];
    let void = fresh.run(&command, &format!("{old}\nnew laptop\nyes\n"));
    assert!(void.err.contains("no practice to which these words belong"), "{void:?}");
    let words = new.join(" ");
    let done = fresh.run(&command, &format!("{words}\nnew laptop\nyes\n")).done();
    assert!(done.contains("Everything is here: 1 clients"), "{done}");
}
