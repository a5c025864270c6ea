//! The first sync: a practice of ten years is attached to a server, and a second device joins it.
//! Real processes on terminals, a real server, and a wire between them that counts.
//!
//! `cargo build --release -p tacenda-tui -p tacenda-sync-server && cargo bench -p tacenda-tests
//! --bench first`; with `-- demo` the practice of the demo and the programs under test.

mod pair;
mod table;

use pair::{Pair, approve};
use std::time::{Duration, Instant};
use table::{Table, folder, median, megabytes, shown, timed};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::generate::{Size, entered, generate};
use tacenda_tests::pty::Pty;
use tacenda_tests::scene::PASSPHRASE;
use tacenda_tui::device::open::Device;
use tacenda_tui::runtime::{Clock as _, SystemClock, Zone};

/// How often the memory and the work of a process are looked at.
const LOOK: Duration = Duration::from_millis(20);
/// After how many looks without any work a process has done all that it could.
const AT_REST: u32 = 25;

fn main() {
    let small = std::env::args().any(|argument| argument == "demo");
    let mut table = Table::new("cargo bench -p tacenda-tests --bench first");
    let size = if small { Size::DEMO } else { Size::LARGE };
    let program = table::shipped("tacenda").filter(|_| !small);
    let program = program.unwrap_or(env!("CARGO_BIN_EXE_tacenda-under-test"));
    let pair = Pair::apart(program, &folder("first"), true, |device, now| fill(device, size, now));
    let sizes = format!("{} clients, {} notes", size.clients, size.notes);
    table.figure("the practice", format!("{sizes}, {} appointments", size.appointments), "");
    attach(&pair, &mut table);
    join(&pair, &mut table);
    table.print();
}

fn fill(device: &mut Device, size: Size, now: Timestamp) {
    let today = SystemClock::new(Zone::system()).now().local.date();
    let clinician = *device.index().clinicians.keys().next().expect("a clinician");
    let history = generate(1, size, today, clinician, "UTC");
    let dated = entered(history.filter_map(|dated| dated.by(now)));
    device.apply_all(dated.map(|dated| (dated.at, dated.edit))).expect("a practice");
}

/// What a process has in memory now, in units of 1,000,000 bytes; nothing once it has ended.
fn memory_of(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024 / 1_000_000)
}

/// Returns how long a process has worked so far, in ticks of the kernel's clock; nothing once it
/// has ended.
fn work_of(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may have spaces; user time and system time are fields 14 and 15, the state is 3.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().ok()).sum()
}

/// Waits until a process has nothing to do.
fn rest(pty: &mut Pty, pid: i32) {
    let (mut worked, mut looks) = (work_of(pid), 0);
    while looks < AT_REST {
        pty.bytes_within(LOOK);
        let now = work_of(pid);
        assert!(now.is_some(), "it has ended");
        looks = if now == worked { looks + 1 } else { 0 };
        worked = now;
    }
}

/// Forgets the most memory that a process has had, so that it counts anew.
fn forget_peak(pid: i32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("a process of ours");
}

fn bytes_on(pair: &Pair) -> usize {
    pair.wire.as_ref().expect("a wire that counts").idle().iter().sum()
}

/// Uploads everything, then opens the practice again and looks how soon its link stands.
fn attach(pair: &Pair, table: &mut Table) {
    let ((), time) = timed(|| pair.attach());
    let bytes = bytes_on(pair);
    table.figure("attached to a server, all of it there", shown(time), "");
    table.figure("the same on the wire, both ways", format!("{:.1} MB", bytes as f64 / 1e6), "");
    let peak = megabytes(pair.server(), "VmHWM");
    table.figure("the server's memory at its peak", format!("{peak} MB"), "32 MiB");
    table.figure("what the server keeps", format!("{:.1} MB", pair.kept() as f64 / 1e6), "");
    let mut times = Vec::new();
    for _ in 0..3 {
        let mut pty = pair.laptop.open();
        pty.expect("Enter unlock").keys(PASSPHRASE).keys("\r").expect("q quit");
        let start = Instant::now();
        pty.expect("synced");
        times.push(start.elapsed());
        pty.keys("q").wait();
    }
    table.figure("opened again: from Today to a link", shown(median(&times)), "");
    bytes_on(pair);
}

/// Joins a second device, from the yes on the first on.
fn join(pair: &Pair, table: &mut Table) {
    let today = pair.laptop.run(&["--json", "today"], "").json();
    let booked: Vec<_> = today.iter().filter(|row| row["type"] == "appointment").collect();
    let codes: Vec<_> = booked.iter().filter_map(|row| row["clients"][0].as_str()).collect();
    assert!(!codes.is_empty(), "a day with appointments: {today:?}");
    let (mut showing, code) = pair.showing();
    let command = pair.tablet.command(["join", "--server", &pair.address]);
    let mut joining = Pty::spawn(command, 60, 100);
    joining.expect("The code on the other device:").keys(&format!("{code}\r"));
    joining.expect("A name for this device:").keys("tablet\r");
    joining.expect("New passphrase:").keys(PASSPHRASE).keys("\r");
    joining.expect("Once more:").keys(PASSPHRASE).keys("\r");
    showing.expect("Do they match?");
    forget_peak(pair.server());
    let pid = joining.pid().as_raw_nonzero().get();
    // Whoever compares three words on two screens takes longer than it takes to derive a key.
    rest(&mut joining, pid);
    approve(&mut showing);
    let start = Instant::now();
    joining.expect("has said yes");
    table.figure("from the yes to hearing it on the new device", shown(start.elapsed()), "");
    joining.expect("q quit");
    table.figure("from the yes to the first screen", shown(start.elapsed()), "");
    joining.expect_screen("today's appointments", |screen| {
        codes.iter().all(|code| screen.contents().contains(code))
    });
    let what = format!("from the yes to all {} appointments of today on it", codes.len());
    table.figure(&what, shown(start.elapsed()), "0.5 s");
    let (mut peak, mut stored) = (0, None);
    while !joining.contents().contains("synced") {
        peak = peak.max(memory_of(pid).unwrap_or(0));
        if joining.contents().contains("opening,") {
            stored.get_or_insert_with(|| start.elapsed());
        }
        joining.bytes_within(LOOK);
    }
    let stored = stored.unwrap_or_else(|| start.elapsed());
    table.figure("from the yes to all of it stored", shown(stored), "3 s");
    table.figure("from the yes to all of it opened", shown(start.elapsed()), "");
    table.figure("its memory at its peak meanwhile", format!("{peak} MB"), "100 MiB");
    // What was said in the mailbox before is a few kilobytes.
    let bytes = bytes_on(pair);
    table.figure(
        "on the wire, both ways, pairing too",
        format!("{:.1} MB", bytes as f64 / 1e6),
        "8 MB",
    );
    let peak = megabytes(pair.server(), "VmHWM");
    table.figure("the server's memory at its peak", format!("{peak} MB"), "32 MiB");
}
