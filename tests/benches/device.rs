//! The open practice at its full size, 200 clients, 12,000 notes, 15,000 appointments: how long
//! from the passphrase to Today, how much memory at rest, what it costs to be on the disk.
//!
//! `cargo build --release && cargo bench -p tacenda-tests --bench device`

mod table;

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};
use table::{Table, bytes_read, folder, median, megabytes, shown, timed};
use tacenda_shared::id::{ClientId, Timestamp};
use tacenda_shared::journal::{Config, DiskFs, FrameRef, Journal};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::vault::{Factors, Vault};
use tacenda_shared::practice::AuditKind;
use tacenda_shared::practice::edit::{ContactChange, Edit};
use tacenda_shared::practice::generate::{Size, entered, generate};
use tacenda_shared::random::{Random as _, Seeded};
use tacenda_tests::scene::{PASSPHRASE, Scene, files_below};
use tacenda_tui::device::home::Home;
use tacenda_tui::device::open::Device;
use tacenda_tui::guard::Wiping;
use tacenda_tui::runtime::{Clock as _, SystemClock, Zone};

/// As the program has it: what is freed is wiped.
#[global_allocator]
static MEMORY: Wiping = Wiping;

/// How often each thing is timed; the median counts.
const ROUNDS: usize = 7;
/// How many groups are appended.
const APPENDS: usize = 200;
/// The size of a group: about that of a signed note.
const GROUP_BYTES: usize = 4096;

fn main() {
    let mut table = Table::new("cargo bench -p tacenda-tests --bench device");
    let program = table::shipped("tacenda");
    let scene = large(program.unwrap_or(env!("CARGO_BIN_EXE_tacenda-under-test")), &mut table);
    let kdf = unlock_inside(&scene, &mut table);
    match program {
        Some(_) => unlock_on_a_terminal(&scene, kdf, &mut table),
        None => table.not_run("the program on a terminal", "cargo build --release"),
    }
    append(&mut table);
    table.print();
}

/// Enters ten years of a practice as one would import them.
fn large(program: &'static str, table: &mut Table) -> Scene {
    let start = Instant::now();
    let mut edits = 0;
    let mut entering = Duration::ZERO;
    let scene = Scene::founded(program, &folder("device"), |device, now| {
        let today = SystemClock::new(Zone::system()).now().local.date();
        let clinician = *device.index().clinicians.keys().next().expect("a clinician");
        let history = generate(1, Size::LARGE, today, clinician, "UTC");
        let dated = entered(history.filter_map(|dated| dated.by(now)));
        let all = dated.map(|dated| (dated.at, dated.edit));
        let (count, time) = timed(|| device.apply_all(all).expect("a practice"));
        (edits, entering) = (count, time);
        let index = device.index();
        let size = format!("{} clients, {}", index.clients.len(), index.appointments.len());
        table.figure("the practice", format!("{size} appointments, {edits} edits"), "");
    });
    let whole =
        format!("{}, with founding and closing {}", shown(entering), shown(start.elapsed()));
    table.figure("entering it", whole, "");
    table.figure("its folder", format!("{} MiB", size_of(&scene.vault()) >> 20), "");
    scene
}

fn size_of(folder: &Path) -> u64 {
    let mut files = Vec::new();
    files_below(folder, &mut files);
    files.iter().map(|(_, bytes)| bytes.len() as u64).sum()
}

fn now() -> Timestamp {
    SystemClock::new(Zone::system()).now().time
}

/// Times the parts of an unlock in this process; returns the time of the key derivation.
fn unlock_inside(scene: &Scene, table: &mut Table) -> Duration {
    // The same folders under the names that a contained home gives them.
    let contained = scene.root().join("contained");
    fs::create_dir_all(&contained).expect("a folder");
    symlink(scene.vault(), contained.join("practice-demo")).expect("a link");
    symlink(scene.secrets(), contained.join("device-secrets")).expect("a link");
    let home = Home::contained_in(&contained);
    let passphrase = Passphrase::from_text(PASSPHRASE).expect("a passphrase");
    let (mut derivations, mut openings, mut scans, mut entries, mut unlocks) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut read = 0;
    let size = size_of(&scene.vault());
    for _ in 0..ROUNDS {
        let bytes = home.read_vault().expect("a file").expect("a vault");
        let header = Vault::read_header(&bytes).expect("a header");
        let secret = home.read_secret(&header.vault_id).expect("a secret");
        let factors = Factors { passphrase: &passphrase, device_secret: secret.as_ref() };
        let (open, time) = timed(|| Vault::open(&bytes, factors).expect("the right words"));
        derivations.push(time);
        let disk = |folder: &Path| DiskFs::open(folder).expect("a folder");
        let before = bytes_read();
        let (device, time) = timed(|| {
            let (journal, rows) = (disk(&home.journal()), disk(&home.rows()));
            Device::stand(open.general, header.device_name, journal, rows, now()).expect("open")
        });
        read = bytes_read() - before;
        openings.push(time);
        let mut device = device;
        entries.push(timed(|| device.audit(AuditKind::Unlock, now()).expect("an entry")).1);
        device.lock(now()).expect("closed");
        scans.push(scan(&home.journal()));
        let unlock = || Device::unlock(&home, &passphrase, 0, now()).expect("open");
        let (device, time) = timed(unlock);
        unlocks.push(time);
        device.lock(now()).expect("closed");
    }
    let kdf = median(&derivations);
    table.figure("key derivation, 64 MiB", shown(kdf), "apart");
    let floor = ("reading every byte of the folder", median(&scans));
    let apart = median(&unlocks).saturating_sub(kdf);
    table.beside("unlock, key derivation apart", apart, floor, "100 ms");
    let floor = ("reading every byte of the folder", median(&scans));
    table.beside("the same, all of it checked first", median(&openings), floor, "");
    table.figure("the entry that says so, synced", shown(median(&entries)), "");
    let grown = size_of(&scene.vault()).saturating_sub(size) / (2 * ROUNDS) as u64;
    table.figure("what an unlock and a lock add", format!("{} KiB", grown >> 10), "");
    table.figure("bytes read by an unlock", format!("{} KiB", read >> 10), "");
    kdf
}

/// Reads all files of a folder, which are in the system's cache as they are for the unlock.
fn scan(folder: &Path) -> Duration {
    timed(|| size_of(folder)).1
}

fn unlock_on_a_terminal(scene: &Scene, kdf: Duration, table: &mut Table) {
    let mut times = Vec::new();
    let (mut rest, mut peak) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut pty = scene.open();
        pty.expect("Enter unlock").keys(PASSPHRASE).bytes_within(Duration::from_millis(300));
        let start = Instant::now();
        pty.keys("\r").expect("q quit");
        times.push(start.elapsed());
        pty.bytes_within(Duration::from_secs(2));
        let pid = pty.pid().as_raw_nonzero().get();
        rest.push(megabytes(pid, "VmRSS"));
        peak.push(megabytes(pid, "VmHWM"));
        pty.keys("q").wait();
    }
    let whole = median(&times);
    let apart = whole.saturating_sub(kdf);
    table.beside("Enter to Today on a terminal", whole, ("key derivation", kdf), "");
    table.figure("the same without key derivation", shown(apart), "100 ms");
    table.figure("memory at rest", format!("{} MB", median(&rest)), "150 MB");
    table.figure("its peak, key derivation among it", format!("{} MB", median(&peak)), "apart");
}

/// Appends groups to a journal, in turn with bare writes of the same size to a file beside it.
fn append(table: &mut Table) {
    let place = folder("append");
    let _absent = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).expect("a folder");
    let mut random = Seeded::new(1);
    let config =
        Config { segment_bytes: 16 << 20, new_segment_on_open: false, class: *b"tac-benc" };
    let disk = DiskFs::open(&place.join("journal")).expect("a folder");
    let mut visit = |_: FrameRef<'_>| Ok::<(), std::io::Error>(());
    let (mut journal, _) = Journal::open(disk, config, &mut random, &mut visit).expect("a journal");
    let bare: File =
        OpenOptions::new().write(true).create_new(true).open(place.join("bare")).expect("a file");
    let mut bytes = vec![0; GROUP_BYTES];
    random.fill(&mut bytes);
    let (mut appends, mut writes) = (Vec::new(), Vec::new());
    for round in 0..APPENDS {
        appends.push(timed(|| journal.append(&[(1, bytes.as_slice())]).expect("room")).1);
        let write = || {
            bare.write_all_at(&bytes, (round * GROUP_BYTES) as u64).expect("room");
            bare.sync_data().expect("synced");
        };
        writes.push(timed(write).1);
    }
    let peer = ("pwrite, fdatasync", median(&writes));
    table.beside("a group of 4 KiB in the journal", median(&appends), peer, "");
    edits(&place, &bare, table);
}

/// Times edits of the schedule from the call to the disk.
fn edits(place: &Path, bare: &File, table: &mut Table) {
    let program = env!("CARGO_BIN_EXE_tacenda-under-test");
    let mut random = Seeded::new(2);
    let (mut edits, mut writes) = (Vec::new(), Vec::new());
    let _scene = Scene::founded(program, &place.join("practice"), |device, now| {
        for round in 0..APPENDS {
            let client = ClientId::random(&mut random);
            let contact = ContactChange {
                name: Some(format!("Sample Client {round}")),
                code: Some(format!("SC-{round:03}")),
                ..ContactChange::default()
            };
            let edit = Edit::NewClient { client, contact };
            edits.push(timed(|| device.apply(edit, now).expect("taken")).1);
            let write = || {
                bare.write_all_at(&[7; 1024], (round * 1024) as u64).expect("room");
                bare.sync_data().expect("synced");
            };
            writes.push(timed(write).1);
        }
    });
    let peer = ("pwrite, fdatasync of 1 KiB", median(&writes));
    table.beside("a new client, keys and all, durable", median(&edits), peer, "");
}
