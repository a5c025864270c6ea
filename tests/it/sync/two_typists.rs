//! Two people typed into one document at the same time, and somebody recorded it: 26,078
//! keystrokes, each with what its author had seen. Here two devices type them again through the
//! real server, and each is shown the other's keystrokes exactly when its person saw them.
//!
//! Keystrokes between two moments at which anybody saw anything new are one change, since nobody
//! saw one without the others. What comes over the link too early waits in the test, as on a slow
//! network.

use super::*;
use serde_json::Value;
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;
use tacenda_shared::sync::Message;
use tacenda_shared::sync::device::Lane;
use tacenda_tui::device::online::Online;
use tacenda_tui::link::Told;

/// Beside the checkout; it is not part of it.
const TRACE: &str = "../../shared/data/editing-traces/friendsforever.json.gz";

/// Longer than the server needs for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one person typed between two moments at which anybody saw anything new.
struct Stretch {
    /// How many stretches of the other were seen before.
    seen: usize,
    splices: Vec<Splice>,
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// For each transaction: whose it is, which of theirs, and how many of either had been seen.
fn history(trace: &Value) -> Vec<(usize, usize, [usize; 2])> {
    let mut counts = [0; 2];
    let mut known: Vec<(usize, usize, [usize; 2])> = Vec::new();
    for transaction in trace["txns"].as_array().unwrap() {
        let agent = number(&transaction["agent"]);
        let mut seen = [0; 2];
        for parent in transaction["parents"].as_array().unwrap() {
            let (author, own, before) = known[number(parent)];
            for person in 0..2 {
                seen[person] = seen[person].max(before[person]);
            }
            seen[author] = seen[author].max(own + 1);
        }
        // Whoever types has seen all that they typed before, and nobody's text is branched.
        assert_eq!(seen[agent], counts[agent]);
        known.push((agent, counts[agent], seen));
        counts[agent] += 1;
    }
    known
}

/// Cuts what each person typed where anybody saw anything new.
fn stretches(trace: &Value) -> [Vec<Stretch>; 2] {
    let history = history(trace);
    let mut cuts = [vec![0], vec![0]];
    let mut before = [0; 2];
    for (agent, own, seen) in &history {
        let other = 1 - agent;
        if seen[other] != before[*agent] {
            before[*agent] = seen[other];
            cuts[*agent].push(*own);
            cuts[other].push(seen[other]);
        }
    }
    for cuts in &mut cuts {
        cuts.sort_unstable();
        cuts.dedup();
    }
    let mut typed: [Vec<Stretch>; 2] = [Vec::new(), Vec::new()];
    for ((agent, own, seen), transaction) in history.iter().zip(trace["txns"].as_array().unwrap()) {
        let other = 1 - agent;
        if cuts[*agent].binary_search(own).is_ok() {
            let seen = cuts[other].iter().take_while(|cut| **cut < seen[other]).count();
            typed[*agent].push(Stretch { seen, splices: Vec::new() });
        }
        let splices = transaction["patches"].as_array().unwrap().iter().map(|patch| Splice {
            part: Part::Text,
            position: number(&patch[0]),
            deleted: number(&patch[1]),
            inserted: patch[2].as_str().unwrap().to_owned(),
        });
        typed[*agent].last_mut().unwrap().splices.extend(splices);
    }
    typed
}

/// One person at their device.
struct Typist<'a> {
    device: &'a mut Device,
    online: Online,
    told: Receiver<Told>,
    /// What the other typed and this person has not seen yet.
    held: VecDeque<Told>,
    /// Answers with the same, which came since something was missed: the network is slow.
    late: Vec<Told>,
    seen: usize,
    now: Timestamp,
}

impl<'a> Typist<'a> {
    fn new(device: &'a mut Device) -> Self {
        let (sender, told) = channel();
        let now = now();
        let online = Online::start(device, now, move |told| sender.send(told).is_ok());
        let online = online.unwrap().unwrap();
        let (held, late) = (VecDeque::new(), Vec::new());
        let mut typist = Self { device, online, told, held, late, seen: 0, now };
        while !typist.device.is_current() {
            let told = typist.told.recv_timeout(PATIENCE).unwrap();
            typist.deliver(told);
        }
        typist
    }

    fn deliver(&mut self, told: Told) {
        let delivered = self.online.told(self.device, told, self.now).unwrap();
        assert!(delivered.notices.is_empty() && !delivered.drop_link, "{:?}", delivered.notices);
    }

    /// Takes what comes until `done`, but keeps what the other typed for later.
    fn listen_until(&mut self, done: impl Fn(&Device) -> bool) {
        while !done(self.device) {
            self.listen();
        }
    }

    fn listen(&mut self) {
        let told = self.told.recv_timeout(PATIENCE).unwrap();
        let late: Vec<Lane> = self.late.iter().filter_map(lane_of).collect();
        match &told {
            Told::Message(Lane::Live, Message::Entries(_)) => self.held.push_back(told),
            Told::Message(Lane::Request(_), Message::Entries(_)) => self.late.push(told),
            Told::End(lane) if late.contains(lane) => self.late.push(told),
            _ => self.deliver(told),
        }
    }

    /// Shows the first so many stretches of the other.
    fn see(&mut self, count: usize) {
        while self.seen < count {
            let Some(told) = self.held.pop_front() else {
                self.listen();
                continue;
            };
            self.deliver(told);
            self.seen += 1;
        }
    }

    fn type_stretch(&mut self, stretch: &Stretch, client: ClientId, note: ObjectId) {
        self.see(stretch.seen);
        self.now = self.now.plus_millis(1);
        let edit = Edit::ChangeDraft { note, client, splices: stretch.splices.clone() };
        self.device.apply(edit, self.now).unwrap();
        self.online.work(self.device, self.now).unwrap();
        // One change, one push, one live message at the other end.
        self.listen_until(|device| device.sync_status().queued == 0);
    }

    fn text(&mut self, client: ClientId, note: ObjectId) -> String {
        let draft = self.device.open(Subject::Draft(client, note), Purpose::Care, self.now);
        let View::Draft(draft) = draft.unwrap() else { panic!("a draft was asked for") };
        draft.parts[0].1.clone()
    }
}

fn lane_of(told: &Told) -> Option<Lane> {
    match told {
        Told::Message(lane, _) => Some(*lane),
        _ => None,
    }
}

#[test]
fn a_recorded_text_of_two_people_ends_on_both_devices_as_it_ended_for_them() {
    if tacenda_tests::chance::number("TACENDA_REPLAY").is_none() {
        return println!("two people's typing is replayed by .ci/run, or with TACENDA_REPLAY=1");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TRACE);
    if !path.exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs {TRACE}");
        return println!("NOT RUN: replay of two people's typing ({TRACE} is not there)");
    }
    let unpacked = Command::new("gzip").arg("-dc").arg(&path).output().expect("gzip");
    let trace: Value = serde_json::from_slice(&unpacked.stdout).expect("a trace");
    let typed = stretches(&trace);
    // Nobody types as fast as this replays.
    let world = World::with_settings(|settings| {
        settings.replace("requests_per_second = 50", "requests_per_second = 100000")
    });
    let mut laptop = found(&world.home("laptop"));
    let client = client(&mut laptop, "Ada Testerin");
    let note = ObjectId::random(&mut OsRandom);
    let format = NoteFormat::Free;
    laptop.apply(Edit::BeginNote { note, client, session: None, format }, now()).unwrap();
    connect(&mut laptop, &world.invite(), now()).unwrap();
    settle(&mut laptop);
    let (outcome, tablet) = paired(&world, &mut laptop, true);
    outcome.unwrap();
    let mut tablet = tablet.unwrap();
    exchange(&mut laptop, &mut tablet);
    // Both have the note on the screen.
    for device in [&mut laptop, &mut tablet] {
        device.open(Subject::Draft(client, note), Purpose::Care, now()).unwrap();
    }
    exchange(&mut laptop, &mut tablet);

    let mut people = [Typist::new(&mut laptop), Typist::new(&mut tablet)];
    let mut next = [0; 2];
    while let Some(turn) = (0..2).find(|person| {
        let stretch = typed[*person].get(next[*person]);
        stretch.is_some_and(|stretch| stretch.seen <= next[1 - person])
    }) {
        people[turn].type_stretch(&typed[turn][next[turn]], client, note);
        next[turn] += 1;
        if (next[0] + next[1]).is_multiple_of(500) {
            println!("{next:?} of {:?} stretches", [typed[0].len(), typed[1].len()]);
        }
    }
    assert_eq!(next, [typed[0].len(), typed[1].len()], "a stretch waits for one that never comes");

    let expected = trace["endContent"].as_str().unwrap();
    for (person, typist) in people.iter_mut().enumerate() {
        typist.see(typed[1 - person].len());
        for told in std::mem::take(&mut typist.late) {
            typist.deliver(told);
        }
        let text = typist.text(client, note);
        assert!(text == expected, "person {person}: {} of {} bytes", text.len(), expected.len());
    }
    let count = typed.iter().map(Vec::len).sum::<usize>();
    println!("26,078 keystrokes in {count} changes of two devices, through the server");
}
