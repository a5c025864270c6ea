//! What a person at the terminal feels: the start, a key in a long note, a key in a long list, an
//! open program that nobody touches, the demo. Bytes are what a slow line has to carry.
//!
//! `cargo build --release && cargo bench -p tacenda-tests --bench terminal`

mod table;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};
use table::{Table, folder, median, megabytes, share, shown, wakeups};
use tacenda_shared::id::{ClientId, ObjectId, Timestamp};
use tacenda_shared::practice::edit::{ContactChange, Edit, NoteFormat, Part, Splice};
use tacenda_shared::random::Seeded;
use tacenda_tests::pty::Pty;
use tacenda_tests::scene::{Scene, unlock};
use tacenda_tui::device::open::Device;

const STARTS: usize = 15;
const LINES: usize = 10_000;
/// Lines of a long note as people write them: 100 KB.
const LONG_LINES: usize = 1_000;
/// A paragraph of such a note.
const PARAGRAPH: &str =
    "Said that the week had gone as planned, that sleep came late on two nights, and that";
const CLIENTS: usize = 2_000;
/// Typed one by one, with Enter at the end: a blank where a line wraps moves no caret.
const SENTENCE: &str = "She said that the first week had been easier than the second, and that\r";
/// How long a program is left alone.
const IDLE: Duration = Duration::from_secs(30);
/// Long enough for what follows a key to be written, short of a pause that commits.
const BETWEEN_KEYS: Duration = Duration::from_millis(40);

fn main() {
    let mut table = Table::new("cargo bench -p tacenda-tests --bench terminal");
    let Some(program) = table::shipped("tacenda") else {
        table.not_run("everything", "cargo build --release");
        table.print();
        return;
    };
    start(program, &mut table);
    typing(program, &mut table);
    filter(program, &mut table);
    idle(program, &mut table);
    demo(program, &mut table);
    table.print();
}

fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The time from the start of a program to a screen that holds this text.
fn until(command: Command, text: &str) -> Duration {
    let start = Instant::now();
    let mut pty = Pty::spawn(command, 24, 80);
    pty.expect(text);
    start.elapsed()
}

fn start(program: &'static str, table: &mut Table) {
    let scene = Scene::founded(program, &folder("start"), |_, _| {});
    let command = |program: &str, arguments: &[&str]| {
        let mut command = Pty::command(program);
        command.args(arguments).env("HOME", scene.home()).current_dir(scene.root());
        command
    };
    let (mut ours, mut floor, mut vim, mut nano) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        ours.push(until(scene.command::<&str>([]), "Enter unlock"));
        floor.push(until(command("echo", &["here"]), "here"));
        if has("vim") {
            vim.push(until(command("vim", &["--clean"]), "VIM - Vi IMproved"));
        }
        if has("nano") {
            nano.push(until(command("nano", &[]), "GNU nano"));
        }
    }
    let ours = median(&ours);
    table.beside("start to lock screen", ours, ("echo", median(&floor)), "");
    for (peer, times) in [("vim --clean", vim), ("nano", nano)] {
        match times.is_empty() {
            true => table.not_run(&format!("the same beside {peer}"), "it is not here"),
            false => table.beside("the same", ours, (peer, median(&times)), "below 1"),
        }
    }
}

fn new_client(number: usize, random: &mut Seeded) -> (ClientId, Edit) {
    let client = ClientId::random(random);
    let contact = ContactChange {
        name: Some(format!("Sample Client {number:04}")),
        code: Some(format!("SC-{number:04}")),
        ..ContactChange::default()
    };
    (client, Edit::NewClient { client, contact })
}

/// Begins a draft of 10,000 lines, or of another text in so many pieces.
fn long_draft(device: &mut Device, now: Timestamp) {
    let line = |n: &usize| format!("{n:05} Said that the week had gone as planned.\n");
    let numbers: Vec<usize> = (0..LINES).collect();
    draft_of(device, now, numbers.chunks(1_000).map(|piece| piece.iter().map(line).collect()));
}

/// Begins a draft of 100 KB, of which each pause in typing made a change.
fn note_of_100_kb(device: &mut Device, now: Timestamp) {
    let line = |n| format!("{n:04} {PARAGRAPH} nothing else was new.\n");
    draft_of(device, now, (0..LONG_LINES).map(line));
}

fn draft_of(device: &mut Device, now: Timestamp, pieces: impl Iterator<Item = String>) {
    let mut random = Seeded::new(3);
    let (client, edit) = new_client(1, &mut random);
    device.apply(edit, now).expect("a client");
    let note = ObjectId::random(&mut random);
    let format = NoteFormat::Free;
    device.apply(Edit::BeginNote { note, client, session: None, format }, now).expect("a draft");
    let mut position = 0;
    for inserted in pieces {
        let length = inserted.chars().count();
        let splices = vec![Splice { part: Part::Text, position, deleted: 0, inserted }];
        device.apply(Edit::ChangeDraft { note, client, splices }, now).expect("typed");
        position += length;
    }
}

/// What keys cost, one by one: bytes written, and the time to the first of them.
struct Keys {
    bytes: Vec<usize>,
    echo: Vec<Duration>,
}

fn type_keys(pty: &mut Pty, text: &str, rounds: usize) -> Keys {
    let mut keys = Keys { bytes: Vec::new(), echo: Vec::new() };
    pty.bytes_within(BETWEEN_KEYS);
    for letter in text.chars().cycle().take(text.len() * rounds) {
        let before = (pty.raw().len(), pty.cursor());
        let start = Instant::now();
        pty.keys(&letter.to_string());
        pty.expect_screen("a caret that moves", |screen| {
            Some(screen.cursor_position()) != before.1
        });
        keys.echo.push(start.elapsed());
        pty.bytes_within(BETWEEN_KEYS);
        keys.bytes.push(pty.raw().len() - before.0);
    }
    keys
}

/// The least that a program on a terminal can do: it writes what it reads.
fn echo_floor() -> Keys {
    let mut command = Pty::command("sh");
    command.args(["-c", "stty raw -echo; echo ready; exec cat"]);
    let mut pty = Pty::spawn(command, 24, 80);
    pty.expect("ready");
    type_keys(&mut pty, SENTENCE, 4)
}

fn typing(program: &'static str, table: &mut Table) {
    let floor = echo_floor();
    let scene = Scene::founded(program, &folder("long-note"), long_draft);
    let places = [("end", "\x1b[1;5F", None), ("start", "\x1b[1;5H", None)];
    type_into(&scene, ("10,000 lines", &places), &floor, table);
    let scene = Scene::founded(program, &folder("note-100-kb"), note_of_100_kb);
    let places = [
        ("end", "\x1b[1;5F", None),
        ("start", "\x1b[1;5H", None),
        ("middle", "\x06", Some("0500 ")),
    ];
    type_into(&scene, ("100 KB", &places), &floor, table);
}

/// A place to type at: its name, the keys that go there, and what is found there.
type Spot = (&'static str, &'static str, Option<&'static str>);

fn type_into(scene: &Scene, (note, places): (&str, &[Spot]), floor: &Keys, table: &mut Table) {
    let peer = ("cat in raw mode", median(&floor.echo));
    let mut pty = scene.unlocked();
    pty.keys("4").expect("draft");
    let start = Instant::now();
    pty.keys("\r").expect("DRAFT");
    let opening = start.elapsed();
    for (place, keys, found) in places {
        pty.keys(keys).bytes_within(Duration::from_secs(1));
        if let Some(found) = found {
            pty.keys(found).bytes_within(Duration::from_millis(300));
            // Out of the prompt, and before what was found.
            pty.keys("\x1b").bytes_within(Duration::from_millis(300));
            pty.keys("\x1b[D").bytes_within(Duration::from_millis(300));
        }
        let typed = type_keys(&mut pty, SENTENCE, 4);
        let what = format!("a key at the {place} of {note}: ");
        let (middle, late) = (median(&typed.bytes), share(&typed.bytes, 99));
        table.figure(
            &format!("{what}bytes"),
            format!("{middle}, 99 of 100 below {}", late + 1),
            "64 median",
        );
        table.beside(&format!("{what}echo"), median(&typed.echo), peer, "");
        let late = ("cat in raw mode", share(&floor.echo, 99));
        table.beside(&format!("{what}echo, 99th of 100"), share(&typed.echo, 99), late, "");
    }
    table.figure(&format!("opening the note of {note}"), shown(opening), "");
    let pid = pty.pid().as_raw_nonzero().get();
    table.figure("memory with it open", format!("{} MB", megabytes(pid, "VmRSS")), "");
}

fn filter(program: &'static str, table: &mut Table) {
    let scene = Scene::founded(program, &folder("clients"), |device, now| {
        let mut random = Seeded::new(4);
        let edits: Vec<_> =
            (0..CLIENTS).map(|number| (now, new_client(number, &mut random).1)).collect();
        device.apply_all(edits).expect("clients");
    });
    let mut pty = scene.unlocked();
    pty.keys("3").expect("N note").keys("/").bytes_within(Duration::from_millis(300));
    let keys = type_keys(&mut pty, "client 17", 1);
    let (middle, most) = (median(&keys.bytes), share(&keys.bytes, 100));
    table.figure(
        "a key in the filter of 2,000 clients: bytes",
        format!("{middle}, at most {most}"),
        "",
    );
    table.figure("the same: time to the screen", shown(median(&keys.echo)), "");
}

fn idle(program: &'static str, table: &mut Table) {
    let scene = Scene::founded(program, &folder("idle"), |_, _| {});
    let mut pty = scene.open();
    pty.expect("Enter unlock").bytes_within(Duration::from_secs(2));
    let mut rest = |pty: &mut Pty, what: &str| {
        let pid = pty.pid().as_raw_nonzero().get();
        let before = wakeups(pid);
        let bytes = pty.bytes_within(IDLE);
        let woken = wakeups(pid) - before;
        let seconds = IDLE.as_secs();
        table.figure(
            &format!("{what}, untouched for {seconds} s"),
            format!("{bytes} bytes, woken {woken} times"),
            "0 bytes, deadlines only",
        );
    };
    rest(&mut pty, "lock screen");
    unlock(&mut pty);
    pty.bytes_within(Duration::from_secs(2));
    rest(&mut pty, "Today");
}

fn demo(program: &'static str, table: &mut Table) {
    let place = folder("demo");
    let scene = Scene::empty(program, &place);
    let start = Instant::now();
    let mut pty = Pty::spawn(scene.command(["demo"]), 24, 80);
    pty.expect("Nobody in it is real");
    pty.expect("q quit");
    let time = start.elapsed();
    let pid = pty.pid().as_raw_nonzero().get();
    table.figure("demo: start to Today", shown(time), "");
    table.figure("demo: memory", format!("{} MB", megabytes(pid, "VmRSS")), "");
    pty.keys("q").wait();
    fs::remove_dir_all(place).expect("an end");
}
