//! Search in a practice of 12,000 notes: what it costs to look through all of them once, how much memory
//! that takes, and what a key press costs, beside a scan of the same text in memory.
//!
//! `cargo build --release && cargo bench -p tacenda-tests --bench search`

mod table;

use std::time::Duration;
use table::{Table, folder, median, megabytes, shown, timed};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::generate::{Size, entered, generate};
use tacenda_shared::practice::search::Sitting;
use tacenda_tests::scene::{PASSPHRASE, Scene};
use tacenda_tui::device::home::Home;
use tacenda_tui::device::open::Device;
use tacenda_tui::guard::Wiping;
use tacenda_tui::runtime::{Clock as _, SystemClock, Zone};

/// As the program has it: what is freed is wiped.
#[global_allocator]
static MEMORY: Wiping = Wiping;

/// How often each thing is timed; the median counts.
const ROUNDS: usize = 15;
/// Texts that the keeper looks through before something else gets its turn.
const STEP: usize = 512;
/// Lines that a large terminal shows.
const LINES: usize = 40;

fn main() {
    let mut table = Table::new("cargo bench -p tacenda-tests --bench search");
    let program = table::shipped("tacenda").unwrap_or(env!("CARGO_BIN_EXE_tacenda-under-test"));
    let scene = Scene::founded(program, &folder("search"), |device, now| {
        let today = SystemClock::new(Zone::system()).now().local.date();
        let clinician = *device.index().clinicians.keys().next().expect("a clinician");
        let history = generate(1, Size::LARGE, today, clinician, "UTC");
        let dated = entered(history.filter_map(|dated| dated.by(now)));
        device.apply_all(dated.map(|dated| (dated.at, dated.edit))).expect("a practice");
    });
    let contained = scene.root().join("contained");
    std::fs::create_dir_all(&contained).expect("a folder");
    std::os::unix::fs::symlink(scene.vault(), contained.join("practice-demo")).expect("a link");
    std::os::unix::fs::symlink(scene.secrets(), contained.join("device-secrets")).expect("a link");
    let home = Home::contained_in(&contained);
    let passphrase =
        tacenda_shared::keys::passphrase::Passphrase::from_text(PASSPHRASE).expect("a passphrase");
    let mut device = Device::unlock(&home, &passphrase, 0, now()).expect("open");
    index(&mut device, &mut table);
    keys(&mut device, &mut table);
    device.lock(now()).expect("closed");
    table.print();
}

fn now() -> Timestamp {
    SystemClock::new(Zone::system()).now().time
}

fn index(device: &mut Device, table: &mut Table) {
    let own = i32::try_from(std::process::id()).expect("a process");
    let before = megabytes(own, "VmRSS:");
    let mut steps = Vec::new();
    let mut is_whole = false;
    let (_, whole) = timed(|| {
        while !is_whole {
            let (done, time) = timed(|| device.prepare_search(STEP, now()));
            (is_whole, _) = (done, steps.push(time));
        }
    });
    let (texts, bytes) = device.search_size();
    table.figure("texts that are searched", texts, "");
    table.figure("looking through all of them", shown(whole), "at the first search");
    table.figure(
        "one step of it, the longest",
        shown(*steps.iter().max().expect("a step")),
        "100 ms",
    );
    table.figure("memory that they take, counted", format!("{} KiB", bytes >> 10), "");
    let after = megabytes(own, "VmRSS:");
    table.figure("memory of the process, more than before", format!("{} MB", after - before), "");
}

fn keys(device: &mut Device, table: &mut Table) {
    // The same text as an export holds it, folded once: what a scan would go through.
    let exported = device.export(false, now()).expect("an export");
    let text = String::from_utf8_lossy(exported.bytes()).to_lowercase();
    table.figure("text of the practice as exported", format!("{} KiB", text.len() >> 10), "");
    for query in ["sl", "sle", "sleep", "sleep diary", "\"sleep diary\"", "zzzz"] {
        let words: Vec<_> = query.trim_matches('"').split(' ').collect();
        let mut times: Vec<Duration> = Vec::new();
        let mut floors = Vec::new();
        let mut total = 0;
        for _ in 0..ROUNDS {
            let (found, time) = timed(|| device.search(query));
            (total, _) = (found.total, times.push(time));
            let scan = || words.iter().map(|word| text.matches(word).count()).sum::<usize>();
            let (counted, time) = timed(scan);
            std::hint::black_box(counted);
            floors.push(time);
        }
        let what = format!("a key: {query} ({total} found)");
        let floor = ("scan of the text", median(&floors));
        table.beside(&what, median(&times), floor, "16 ms");
    }
    let found = device.search("sleep");
    let seen = found.matches.get(..LINES.min(found.matches.len())).unwrap_or_default();
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        // Another sitting each time, so that its entries are written, too.
        let (mut sitting, words) = (Sitting::default(), format!("sleep{}", " ".repeat(round)));
        let shown = || device.show_found(&words, (seen, found.total), &mut sitting, now());
        let (lines, time) = timed(shown);
        lines.expect("lines");
        times.push(time);
    }
    let what = format!("{} lines with their entries on the disk", seen.len());
    table.figure(&what, shown(median(&times)), "");
}
