//! The server over loopback: durable pushes a second, and what an idle link costs in memory.
//!
//! `cargo bench -p tacenda-sync-server --bench server`
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints its figures, and says what is wrong by stopping"
)]

#[allow(dead_code, reason = "tests use the rest")]
#[path = "../../sync-server/tests/client/mod.rs"]
mod client;
#[path = "../../sync-server/tests/practice/mod.rs"]
mod practice;
#[allow(dead_code, reason = "tests use the rest")]
#[path = "../../sync-server/tests/process/mod.rs"]
mod process;
mod table;

use client::{Client, Manner, connect, soon};
use practice::Practice;
use process::{Home, Process};
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};
use table::{Table, shown, timed};
use tacenda_shared::suite::SigningKey;
use tacenda_shared::sync::{Message, Outcome};

/// Devices, of several practices.
const DEVICES: usize = 100;
/// Devices of each practice.
const EACH: usize = 20;
/// Pushes of each device, one after the other, each answered before the next.
const PUSHES: usize = 100;
/// Bytes of content of an envelope: a sentence of a draft.
const BYTES: usize = 200;
/// Further links of each device that nobody uses.
const IDLE_LINKS: usize = 7;
/// Lifted so that the disk is measured and not the limit; the default is 50 requests a second
/// of a device and 32 links of one source.
const LIMITS: [(&str, &str); 2] = [
    ("requests_per_second = 50", "requests_per_second = 100000"),
    ("connections_per_source = 32", "connections_per_source = 1000"),
];

fn main() {
    let mut table = Table::new("cargo bench -p tacenda-sync-server --bench server");
    let home = Home::new();
    let folder = home.init();
    lift_limits(&folder);
    let process = Process::start(&folder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fresh = process.resident_kib();
    table.figure("memory of a server that knows nobody", format!("{fresh} KiB"), "");
    runtime.block_on(async {
        let mut practices = Vec::new();
        for number in 0..DEVICES.div_ceil(EACH) {
            practices.push(founded(&process, number).await);
        }
        let floor = floor(&folder);
        for devices in [1, 15, DEVICES] {
            let (count, time) = push(&process, &mut practices, devices).await;
            let what = format!("a durable push, {devices} devices at once");
            let each = time / u32::try_from(count).unwrap();
            table.beside(&what, each, ("pwrite, fdatasync", floor), "");
            let rate = count as f64 / time.as_secs_f64();
            table.figure(
                &format!("the same: pushes a second of {BYTES} bytes"),
                format!("{rate:.0}, {count} in {}", shown(time)),
                "",
            );
        }
        idle(&process, &practices, &mut table).await;
    });
    table.figure("limits in force", LIMITS.map(|(_, lifted)| lifted).join(", "), "");
    table.print();
}

fn lift_limits(folder: &Path) {
    let path = folder.join("server.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (limit, lifted) in LIMITS {
        assert!(text.contains(limit), "{text}");
        text = text.replace(limit, lifted);
    }
    fs::write(path, text).unwrap();
}

async fn founded(process: &Process, number: usize) -> Practice {
    let (mut practice, token) = process.invited(number as u64 + 1);
    while practice.devices.len() < EACH {
        practice.add_device();
    }
    let key = SigningKey::from_seed([77; 32]);
    let (_endpoint, connection) = connect(process, &key, &Manner::honest(process)).await.unwrap();
    let (mut send, receive) = connection.open_bi().await.unwrap();
    send.write_all(&practice.founding(&token).frame()).await.unwrap();
    let answer = client::Incoming::of(receive).next().await;
    assert_eq!(answer, Some(Message::Taken));
    let first = Client::welcome(process, &practice, 0).await;
    let genesis = practice.genesis(0);
    assert_placed(&first.ask(&practice.push(&[genesis])).await);
    practice
}

fn assert_placed(answer: &[Message]) {
    let [Message::Pushed(outcomes)] = answer else { panic!("{answer:?}") };
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Placed(_))), "{outcomes:?}");
}

/// What one bare write of the size of a push and its sync take on the same disk.
fn floor(folder: &Path) -> Duration {
    let file = File::create(folder.with_extension("bare")).unwrap();
    let bytes = [7; BYTES + 400];
    let write = |round: usize| {
        file.write_all_at(&bytes, (round * bytes.len()) as u64).unwrap();
        file.sync_data().unwrap();
    };
    let times: Vec<_> = (0..PUSHES).map(|round| timed(|| write(round)).1).collect();
    table::median(&times)
}

/// Lets the first so many devices push at once, each one envelope after the other.
async fn push(process: &Process, practices: &mut [Practice], devices: usize) -> (usize, Duration) {
    let mut workers = Vec::new();
    for number in 0..devices {
        let (practice, device) = (&mut practices[number / EACH], number % EACH);
        let client = Client::welcome(process, practice, device).await;
        let pushes: Vec<_> = (0..PUSHES)
            .map(|_| {
                let delta = practice.delta(device, BYTES);
                practice.push(&[delta])
            })
            .collect();
        workers.push((client, pushes));
    }
    let start = Instant::now();
    let tasks: Vec<_> = workers
        .into_iter()
        .map(|(client, pushes)| {
            tokio::spawn(async move {
                for push in pushes {
                    assert_placed(&client.ask(&push).await);
                }
                client
            })
        })
        .collect();
    for task in tasks {
        soon(task).await.unwrap();
    }
    (devices * PUSHES, start.elapsed())
}

async fn idle(process: &Process, practices: &[Practice], table: &mut Table) {
    let mut links = Vec::new();
    for number in 0..DEVICES {
        links.push(Client::welcome(process, &practices[number / EACH], number % EACH).await);
    }
    let before = process.resident_kib();
    for _ in 0..IDLE_LINKS {
        for number in 0..DEVICES {
            links.push(Client::welcome(process, &practices[number / EACH], number % EACH).await);
        }
    }
    let grown = process.resident_kib().saturating_sub(before);
    let each = grown as f64 / (IDLE_LINKS * DEVICES) as f64;
    table.figure(&format!("memory with {DEVICES} idle devices"), format!("{before} KiB"), "");
    table.figure("a further idle link", format!("{each:.0} KiB"), "");
}
