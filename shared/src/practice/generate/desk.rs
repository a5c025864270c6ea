//! One device in memory, for tests that ask the practice itself.

use crate::id::{
    CompartmentId, DevInc, DeviceId, MemberId, ObjectId, PracticeId, RecordId, Timestamp,
};
use crate::practice::change::{Author, Content};
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, Purpose, Subject};
use crate::practice::view::View;
use crate::practice::{Applied, Context, Pen, Practice, Refusal, Shelf, ShelfError};
use crate::random::Seeded;
use crate::suite::{self, Signature, SigningKey};
use std::collections::BTreeMap;

/// A practice with everything that it needs.
pub(in crate::practice) struct Desk {
    practice: Practice,
    memory: Memory,
    quill: Quill,
    random: Seeded,
}

#[derive(Default)]
struct Memory {
    documents: BTreeMap<ObjectId, Vec<Vec<u8>>>,
    records: BTreeMap<RecordId, Vec<u8>>,
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
}

impl Pen for Quill {
    fn author(&self) -> Author {
        self.author
    }

    fn practice(&self) -> PracticeId {
        PracticeId::from_bytes([0xaa; 16])
    }

    fn log(&mut self, compartment: &CompartmentName) -> CompartmentId {
        let hash = suite::hash("test/log", &[&compartment.encode()]);
        CompartmentId::from_bytes(hash.truncated())
    }

    fn sign(&self, label: &str, fields: &[&[u8]]) -> Signature {
        self.key.sign(label, fields)
    }
}

impl Desk {
    /// A founded practice of one member.
    pub(in crate::practice) fn new(member: MemberId, zone: &str) -> Self {
        let device = DeviceId::from_bytes([3; 16]);
        let author = Author { member, device, incarnation: DevInc::ZERO };
        let key = SigningKey::from_seed([5; 32]);
        let mut desk = Self {
            practice: Practice::new(),
            memory: Memory::default(),
            quill: Quill { author, key },
            random: Seeded::new(9),
        };
        desk.run(Timestamp::from_millis(0), |practice, cx| practice.found(zone, "Doc Demoray", cx))
            .unwrap();
        desk
    }

    /// Carries out an edit at a moment.
    pub(in crate::practice) fn apply(&mut self, at: Timestamp, edit: Edit) -> Result<(), Refusal> {
        self.run(at, |practice, cx| practice.apply(edit, cx))
    }

    /// Returns the practice.
    pub(in crate::practice) fn practice(&self) -> &Practice {
        &self.practice
    }

    /// Opens something.
    pub(in crate::practice) fn open(&mut self, subject: Subject) -> View {
        let cx = &mut Context {
            now: Timestamp::from_millis(0),
            random: &mut self.random,
            shelf: &mut self.memory,
            pen: &mut self.quill,
        };
        self.practice.open(subject, Purpose::Care, cx).unwrap().view
    }

    fn run(
        &mut self,
        now: Timestamp,
        act: impl FnOnce(&mut Practice, &mut Context<'_>) -> Result<Applied, Refusal>,
    ) -> Result<(), Refusal> {
        let cx = &mut Context {
            now,
            random: &mut self.random,
            shelf: &mut self.memory,
            pen: &mut self.quill,
        };
        for change in act(&mut self.practice, cx)?.changes {
            match change.content {
                Content::Delta { document, bytes, .. } => {
                    self.memory.documents.entry(document).or_default().push(bytes);
                }
                Content::Record { record, bytes } => {
                    self.memory.records.insert(record, bytes);
                }
                Content::Draft { .. } | Content::Close { .. } => {}
            }
        }
        Ok(())
    }
}
