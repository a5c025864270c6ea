//! How fast a change shows on the other device, and what it costs on the wire and on the server's
//! disk: two real devices, each on a terminal, and a real server that syncs before it relays.
//!
//! `cargo bench -p tacenda-tests --bench live`

mod pair;
mod table;

use pair::Pair;
use std::fs::File;
use std::net::UdpSocket;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use table::{Table, folder, median, share, shown, timed};
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId, Timestamp};
use tacenda_shared::practice::edit::{
    AppointmentKind, ContactChange, Edit, Modality, NewAppointment, NoteFormat, Part, Slot, Splice,
    Status,
};
use tacenda_shared::random::Seeded;
use tacenda_tests::pty::Pty;
use tacenda_tui::device::open::Device;
use tacenda_tui::runtime::{Clock as _, SystemClock, Zone};

/// Rounds of each kind.
const ROUNDS: usize = 100;
/// Between two of them: below what the server grants a device in a second.
const PAUSE: Duration = Duration::from_millis(60);
/// About what one envelope and its frame take.
const DATAGRAM: usize = 700;
const CTRL_HOME: &str = "\x1b[1;5H";
const F8: &str = "\x1b[19~";
const SENTENCE: &str = "She slept better this week and went for a walk each day.";
/// Notes that are signed one after the other.
const SIGNED: u8 = 20;
/// Longer than a page before a signature takes no Enter for.
const GUARD: Duration = Duration::from_millis(400);
/// Characters of the note that is written and signed.
const NOTE: usize = 2_500;

fn main() {
    let mut table = Table::new("cargo bench -p tacenda-tests --bench live");
    speed(&mut table);
    signatures(&mut table);
    weight(&mut table);
    table.print();
}

/// One client with an appointment at eight today and a draft.
fn fill(device: &mut Device, now: Timestamp) {
    let mut random = Seeded::new(5);
    let client = ClientId::random(&mut random);
    let contact = ContactChange {
        name: Some("Sample Client".into()),
        code: Some("SC-001".into()),
        ..ContactChange::default()
    };
    device.apply(Edit::NewClient { client, contact }, now).expect("a client");
    let zone = Zone::system();
    let today = SystemClock::new(zone).now().local.date();
    let clinician = *device.index().clinicians.keys().next().expect("a clinician");
    let slot = Slot {
        start: today.at(8, 0, 0, 0),
        zone: "UTC".into(),
        minutes: 50,
        clinician,
        room: None,
        modality: Modality::InOffice,
    };
    let kind = AppointmentKind::Individual;
    let id = AppointmentId::random(&mut random);
    let new = NewAppointment { id, clients: vec![client], kind, slot, memo: None };
    device.apply(Edit::Book(new), now).expect("an appointment");
    let note = ObjectId::random(&mut random);
    let format = NoteFormat::Free;
    device.apply(Edit::BeginNote { note, client, session: None, format }, now).expect("a draft");
    let inserted = "What was said before.\n".to_owned();
    let splices = vec![Splice { part: Part::Text, position: 0, deleted: 0, inserted }];
    device.apply(Edit::ChangeDraft { note, client, splices }, now).expect("typed");
}

/// The same with more drafts, to be signed.
fn fill_to_sign(device: &mut Device, now: Timestamp) {
    fill(device, now);
    let client = *device.index().clients.keys().next().expect("a client");
    let appointment = *device.index().appointments.keys().next().expect("an appointment");
    let called_off =
        Edit::SetStatus { appointment, status: Status::CancelledByClient, reason: None };
    device.apply(called_off, now).expect("called off");
    for number in 1..SIGNED {
        let note = ObjectId::from_bytes([number; 16]);
        let format = NoteFormat::Free;
        device
            .apply(Edit::BeginNote { note, client, session: None, format }, now)
            .expect("a draft");
        let splices =
            vec![Splice { part: Part::Text, position: 0, deleted: 0, inserted: SENTENCE.into() }];
        device.apply(Edit::ChangeDraft { note, client, splices }, now).expect("typed");
    }
}

/// How long it takes from the Enter that signs to the other device's list of what is to be finished.
fn signatures(table: &mut Table) {
    let pair = Pair::new(&folder("live-signed"), false, fill_to_sign);
    let [mut a, mut b] = pair.open();
    for pty in [&mut a, &mut b] {
        pty.keys("4").expect(&format!("{SIGNED} things"));
    }
    a.keys("S");
    let mut times = Vec::new();
    for left in (1..SIGNED).rev() {
        a.expect("[ Go on writing ]").keys("QS").bytes_within(GUARD);
        let things = if left == 1 { "1 thing".to_owned() } else { format!("{left} things") };
        times.push(until_shown(&mut a, "\r", &mut b, &things));
        // The next page to be signed comes by itself.
        a.bytes_within(GUARD);
    }
    for (name, hundredths) in [("p50", 50), ("p99", 99)] {
        let what = format!("a signature: Enter to visible, {name}");
        table.figure(&what, shown(share(&times, hundredths)), "");
    }
}

/// Opens the draft, with the caret at its start.
fn open_draft(pty: &mut Pty) {
    pty.keys("3").expect("SC-001").keys("\r").expect("Note DRAFT");
    pty.keys("\r").expect("What was said before.").keys(CTRL_HOME);
}

fn speed(table: &mut Table) {
    let place = folder("live");
    let pair = Pair::new(&place, false, fill);
    let [mut a, mut b] = pair.open();
    let floor = floor(&place);
    a.keys("2").expect("Week").keys("gg").bytes_within(PAUSE);
    let moves = moves(&mut a, &mut b);
    for pty in [&mut a, &mut b] {
        open_draft(pty);
    }
    a.expect("is in this note");
    let sentences = sentences(&mut a, &mut b);
    for (what, times) in [("an appointment move", moves), ("a committed sentence", sentences)] {
        for (name, hundredths) in [("p50", 50), ("p99", 99)] {
            let (time, least) = (share(&times, hundredths), share(&floor, hundredths));
            let target = if hundredths == 50 { "floor + 2 ms" } else { "" };
            let what = format!("{what}: edit to visible, {name}");
            table.beside(&what, time, ("UDP echo and two synced appends", least), target);
        }
        let over = median(&times).saturating_sub(median(&floor));
        table.figure(&format!("{what}: above the floor"), shown(over), "2 ms");
    }
}

/// The least that any such thing can do: a datagram there and back, and two appends, each synced.
fn floor(place: &Path) -> Vec<Duration> {
    let (near, far) = (
        UdpSocket::bind("127.0.0.1:0").expect("a socket"),
        UdpSocket::bind("127.0.0.1:0").expect("a socket"),
    );
    near.connect(far.local_addr().expect("an address")).expect("a way");
    let echo = thread::spawn(move || {
        let mut buffer = [0; 2 * DATAGRAM];
        for _ in 0..ROUNDS {
            let (length, from) = far.recv_from(&mut buffer).expect("a datagram");
            far.send_to(&buffer[..length], from).expect("a way back");
        }
    });
    let file = File::create(place.join("bare")).expect("a file");
    let bytes = [7; DATAGRAM];
    let mut buffer = [0; DATAGRAM];
    let mut round = |number: usize| {
        near.send(&bytes).expect("a way");
        near.recv(&mut buffer).expect("an answer");
        for half in [0, 1] {
            let place = (2 * number + half) * DATAGRAM;
            file.write_all_at(&bytes, place as u64).expect("room");
            file.sync_data().expect("a disk");
        }
    };
    let times = (0..ROUNDS).map(|number| timed(|| round(number)).1).collect();
    echo.join().expect("an end");
    times
}

fn moves(a: &mut Pty, b: &mut Pty) -> Vec<Duration> {
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let (key, shown) = if round % 2 == 0 { ("J", "08:30   50m") } else { ("K", "08:00   50m") };
        times.push(until_shown(a, key, b, shown));
    }
    times
}

fn sentences(a: &mut Pty, b: &mut Pty) -> Vec<Duration> {
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let text = format!("{round:03} {SENTENCE}");
        a.keys(CTRL_HOME).keys(&format!("{text}\r")).expect(&text);
        // The first key that makes a change of it: the page before a signature.
        times.push(until_shown(a, F8, b, &text));
        a.expect("[ Go on writing ]").keys("\x1b").expect_gone("Go on writing");
    }
    times
}

/// The time from a key on one terminal to a text on the other.
fn until_shown(a: &mut Pty, key: &str, b: &mut Pty, text: &str) -> Duration {
    b.bytes_within(PAUSE);
    let start = Instant::now();
    a.keys(key);
    b.expect(text);
    let time = start.elapsed();
    a.bytes_within(Duration::from_millis(1));
    time
}

fn weight(table: &mut Table) {
    let pair = Pair::new(&folder("live-counted"), true, fill);
    let [mut a, mut b] = pair.open();
    a.keys("2").expect("Week").keys("gg").bytes_within(PAUSE);
    cost(&pair, table, "an appointment move", "", || {
        a.keys("J");
        b.expect("08:30   50m");
    });
    a.keys("1").expect("q quit");
    open_draft(&mut a);
    cost(&pair, table, "a sentence, the other on Today", "1,200 B and 500 B", || {
        a.keys(SENTENCE).keys(F8).expect("[ Go on writing ]");
    });
    a.keys("\x1b").expect_gone("Go on writing");
    open_draft(&mut b);
    a.expect("is in this note");
    cost(&pair, table, "a sentence, the other in the draft", "", || {
        a.keys(SENTENCE).keys(F8);
        b.expect("day.She slept");
    });
    a.keys("\x1b").expect_gone("Go on writing");
    for pty in [&mut a, &mut b] {
        pty.keys("\x1b").expect("Note DRAFT").keys("1").expect("q quit");
    }
    a.keys("3").expect("SC-001");
    let what = format!("a note of {NOTE} characters, first key to signature");
    cost(&pair, table, &what, "", || signed_note(&mut a, &mut b));
}

/// Writes a note with a pause after each paragraph, as people do, and signs it.
fn signed_note(a: &mut Pty, b: &mut Pty) {
    a.keys("N").expect("New note").keys("\x1b[B\r").expect("DRAFT");
    for paragraph in 0..10 {
        let text: String = format!("{paragraph} {SENTENCE} ").chars().cycle().take(249).collect();
        a.keys(&format!("{text}\r")).bytes_within(Duration::from_millis(3_400));
    }
    a.keys(F8).expect("[ Go on writing ]").keys("QS").expect("Enter sign, after initials");
    a.bytes_within(Duration::from_millis(400));
    a.keys("\r").expect("Signed a note");
    b.keys("3").expect("SC-001").keys("\r").expect("Note signed");
}

/// Lets something happen; says what it cost until all was quiet again.
fn cost(pair: &Pair, table: &mut Table, what: &str, target: &str, act: impl FnOnce()) {
    let wire = pair.wire.as_ref().expect("a wire that counts");
    wire.idle();
    let kept = pair.kept();
    act();
    let lengths = wire.idle();
    let kept = pair.kept().saturating_sub(kept);
    let (bytes, datagrams) = (lengths.iter().sum::<usize>(), lengths.len());
    let each = if datagrams < 12 { format!(": {lengths:?}") } else { String::new() };
    let figure = format!("{bytes} B in {datagrams} datagrams{each}; server disk {kept} B");
    table.figure(&format!("{what}: on the wire"), figure, target);
}
