//! Two devices that worked apart: 500 edits on each, then everything of the one to the other.
//! In memory: what merging costs beside making the same edits, without disk and network.
//!
//! `cargo bench -p tacenda-tests --bench merge`

mod table;

use std::collections::BTreeMap;
use std::time::Duration;
use table::{Table, median, timed};
use tacenda_shared::id::{
    AppointmentId, ClientId, CompartmentId, DevInc, DeviceId, MemberId, ObjectId, PracticeId,
    RecordId, Timestamp,
};
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::edit::{ContactChange, Edit, NoteFormat, Part, Status};
use tacenda_shared::practice::generate::{Size, entered, generate};
use tacenda_shared::practice::{Context, Pen, Practice, Shelf, ShelfError};
use tacenda_shared::random::Seeded;
use tacenda_shared::suite::{self, Signature, SigningKey, VerifyingKey};

const EDITS: usize = 500;
/// Changes that are merged at once, as a link delivers them.
const BATCH: usize = 256;
const ROUNDS: usize = 5;
const PRACTICE: PracticeId = PracticeId::from_bytes([0xaa; 16]);
const MEMBER: MemberId = MemberId::from_bytes([0xf0; 16]);
const NOW: Timestamp = Timestamp::from_millis(1_795_420_800_000);

/// What is stored, in memory.
#[derive(Default)]
struct Memory {
    documents: BTreeMap<ObjectId, Vec<Vec<u8>>>,
    records: BTreeMap<RecordId, Vec<u8>>,
}

impl Memory {
    fn store(&mut self, content: &Content) {
        match content {
            Content::Delta { document, bytes, .. } => {
                self.documents.entry(*document).or_default().push(bytes.clone());
            }
            Content::Record { record, bytes } => {
                self.records.insert(*record, bytes.clone());
            }
            Content::Draft { .. } | Content::Close { .. } => {}
        }
    }
}

impl Shelf for Memory {
    fn document(
        &mut self,
        _: &CompartmentName,
        document: ObjectId,
    ) -> Result<Vec<Vec<u8>>, ShelfError> {
        Ok(self.documents.get(&document).cloned().unwrap_or_default())
    }

    fn record(&mut self, _: &CompartmentName, record: RecordId) -> Result<Vec<u8>, ShelfError> {
        self.records.get(&record).cloned().ok_or(ShelfError::Missing)
    }
}

struct Quill {
    author: Author,
    key: SigningKey,
    keys: BTreeMap<DeviceId, VerifyingKey>,
}

impl Pen for Quill {
    fn author(&self) -> Author {
        self.author
    }

    fn practice(&self) -> PracticeId {
        PRACTICE
    }

    fn log(&mut self, compartment: &CompartmentName) -> CompartmentId {
        let hash = suite::hash("bench/log", &[&compartment.encode()]);
        CompartmentId::from_bytes(hash.truncated())
    }

    fn sign(&self, label: &str, fields: &[&[u8]]) -> Signature {
        self.key.sign(label, fields)
    }

    fn key(&self, author: &Author) -> Option<VerifyingKey> {
        self.keys.get(&author.device).copied()
    }
}

/// One device.
struct Desk {
    practice: Practice,
    memory: Memory,
    quill: Quill,
    random: Seeded,
}

impl Desk {
    fn pair() -> [Self; 2] {
        let keys = [1, 2].map(|seed| SigningKey::random(&mut Seeded::new(seed)));
        let device = |n: u8| DeviceId::from_bytes([n; 16]);
        let known: BTreeMap<_, _> =
            (1..).zip(&keys).map(|(n, key)| (device(n), key.verifying())).collect();
        let mut number = 0;
        keys.map(|key| {
            number += 1;
            let author =
                Author { member: MEMBER, device: device(number), incarnation: DevInc::new(1) };
            Self {
                practice: Practice::new(),
                memory: Memory::default(),
                quill: Quill { author, key, keys: known.clone() },
                random: Seeded::new(u64::from(number)),
            }
        })
    }

    fn act<T>(
        &mut self,
        now: Timestamp,
        act: impl FnOnce(&mut Practice, &mut Context<'_>) -> T,
    ) -> T {
        let mut cx = Context {
            now,
            random: &mut self.random,
            shelf: &mut self.memory,
            pen: &mut self.quill,
        };
        act(&mut self.practice, &mut cx)
    }

    fn apply(&mut self, edit: Edit, now: Timestamp) -> Vec<Change> {
        let applied = self.act(now, |practice, cx| practice.apply(edit, cx)).expect("taken");
        applied.changes.iter().for_each(|change| self.memory.store(&change.content));
        applied.changes
    }

    /// Takes what the other made; returns what this one makes in consequence.
    fn merge(&mut self, changes: &[Change], author: &Author) -> Vec<Change> {
        let mut own = Vec::new();
        for part in changes.chunks(BATCH) {
            let given: Vec<_> = part.iter().map(|change| (change, author)).collect();
            let merged = self.act(NOW, |practice, cx| practice.merge_all(&given, cx));
            for (merged, change) in merged.into_iter().zip(part) {
                let merged = merged.expect("merged");
                match (&merged.kept, &change.content) {
                    (Some(kept), Content::Delta { document, draft, .. }) => {
                        let (document, draft, bytes) = (*document, *draft, kept.clone());
                        self.memory.store(&Content::Delta { document, draft, bytes });
                    }
                    _ => self.memory.store(&change.content),
                }
                merged.changes.iter().for_each(|change| self.memory.store(&change.content));
                own.extend(merged.changes);
            }
        }
        own
    }
}

/// What one device does while it is away: moves, statuses, contacts and signed notes, in turn.
/// Both devices touch the same appointments and clients.
fn offline(desk: &mut Desk, device: usize) -> Vec<Change> {
    let index = desk.practice.index();
    let appointments: Vec<(AppointmentId, _)> = index
        .appointments
        .iter()
        .filter(|(_, appointment)| !appointment.clients.is_empty())
        .map(|(id, appointment)| (*id, appointment.slot.clone()))
        .collect();
    let clients: Vec<ClientId> = index.clients.keys().copied().collect();
    let mut changes = Vec::new();
    for number in 0..EDITS {
        let (appointment, slot) = appointments[number * 7 % appointments.len()].clone();
        let client = clients[number % clients.len()];
        let edit = match number % 4 {
            0 => {
                let mut slot = slot;
                slot.minutes = 50 + u16::try_from((number + device) % 30).expect("small");
                Edit::Move { appointment, slot }
            }
            1 => {
                let status = if device == 0 { Status::Confirmed } else { Status::Arrived };
                Edit::SetStatus { appointment, status, reason: None }
            }
            2 => {
                let phone = Some(format!("0{device}-{number}"));
                Edit::ChangeContact {
                    client,
                    contact: ContactChange { phone, ..ContactChange::default() },
                }
            }
            _ => Edit::EnterNote {
                client,
                session: None,
                format: NoteFormat::Free,
                parts: vec![(Part::Text, "Said that the week had gone as planned. ".repeat(20))],
                late_reason: None,
            },
        };
        changes.extend(desk.apply(edit, NOW));
    }
    changes
}

struct Measured {
    applying: Duration,
    merging: Duration,
    changes: usize,
    bytes: usize,
}

fn measure() -> Measured {
    let [mut first, mut second] = Desk::pair();
    let authors = [first.quill.author, second.quill.author];
    let founded = first
        .act(NOW, |practice, cx| practice.found("Europe/Vienna", "Dr. Sample", cx))
        .expect("founded");
    founded.changes.iter().for_each(|change| first.memory.store(&change.content));
    let mut common = founded.changes;
    let today = "2026-11-23".parse().expect("a date");
    for dated in entered(generate(1, Size::SMALL, today, MEMBER, "Europe/Vienna")) {
        common.extend(first.apply(dated.edit, dated.at));
    }
    let own = second.merge(&common, &authors[0]);
    first.merge(&own, &authors[1]);

    let (changes, applying) = timed(|| [offline(&mut first, 0), offline(&mut second, 1)]);
    let (answers, merging) = timed(|| {
        let second_answers = second.merge(&changes[0], &authors[0]);
        let first_answers = first.merge(&changes[1], &authors[1]);
        [first_answers, second_answers]
    });
    first.merge(&answers[1], &authors[1]);
    second.merge(&answers[0], &authors[0]);

    assert_eq!(first.practice.index(), second.practice.index(), "both must show the same");
    let size = |change: &Change| match &change.content {
        Content::Delta { bytes, .. } | Content::Record { bytes, .. } => bytes.len(),
        Content::Draft { .. } | Content::Close { .. } => 0,
    };
    let all = changes.iter().flatten();
    Measured { applying, merging, changes: all.clone().count(), bytes: all.map(size).sum() }
}

fn main() {
    let mut table = Table::new("cargo bench -p tacenda-tests --bench merge");
    let rounds: Vec<_> = (0..ROUNDS).map(|_| measure()).collect();
    let middle =
        |time: fn(&Measured) -> Duration| median(&rounds.iter().map(time).collect::<Vec<_>>());
    let (applying, merging) = (middle(|round| round.applying), middle(|round| round.merging));
    let peer = ("making them", applying);
    table.beside("2 x 500 edits: merging them", merging, peer, "");
    let changes = u32::try_from(rounds[0].changes).expect("few");
    table.beside(
        "one change: merging it",
        merging / changes,
        ("making it", applying / changes),
        "",
    );
    table.figure("changes", format!("{changes}, {} KiB", rounds[0].bytes >> 10), "");
    table.print();
}
