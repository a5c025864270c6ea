//! Several devices of one practice in memory: each with its own shelf, pen and clock.

use crate::id::{
    AppointmentId, ClientId, CompartmentId, DevInc, DeviceId, MemberId, ObjectId, PracticeId,
    RecordId, Timestamp,
};
use crate::practice::change::{Author, Change, Content};
use crate::practice::compartment::CompartmentName;
use crate::practice::correction::Correcting;
use crate::practice::edit::{
    AppointmentKind, ContactChange, Edit, Modality, NewAppointment, NoteFormat, Part, Purpose,
    Slot, Splice, Subject,
};
use crate::practice::interchange::{ImportStep, Importer};
use crate::practice::view::{DraftView, Index, NoteView, View};
use crate::practice::{Applied, MergeError, Merged, Pen, Practice, Refusal, Shelf, ShelfError};
use crate::random::Seeded;
use crate::suite::{self, Signature, SigningKey, VerifyingKey};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(in crate::practice) const ZONE: &str = "Europe/Vienna";
pub(in crate::practice) const PRACTICE: PracticeId = PracticeId::from_bytes([0xaa; 16]);
/// Monday, 23 November 2026, 08:00 UTC.
pub(in crate::practice) const MONDAY: Timestamp = Timestamp::from_millis(1_795_420_800_000);
pub(in crate::practice) const HOUR: i64 = 3_600_000;

/// What is stored, in memory.
#[derive(Default)]
pub(in crate::practice) struct Memory {
    pub(in crate::practice) documents: BTreeMap<ObjectId, Vec<Vec<u8>>>,
    pub(in crate::practice) records: BTreeMap<RecordId, Vec<u8>>,
    pub(in crate::practice) contents: BTreeMap<CompartmentName, Vec<Content>>,
}

impl Memory {
    pub(in crate::practice) fn store(&mut self, change: &Change) {
        self.contents.entry(change.compartment.clone()).or_default().push(change.content.clone());
        match &change.content {
            Content::Delta { document, bytes, .. } => {
                self.documents.entry(*document).or_default().push(bytes.clone());
            }
            Content::Record { record, bytes } => {
                // As on a device: of two with one id the first is found.
                self.records.entry(*record).or_insert_with(|| bytes.clone());
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

pub(in crate::practice) struct Quill {
    pub(in crate::practice) author: Author,
    pub(in crate::practice) key: SigningKey,
    pub(in crate::practice) keys: BTreeMap<DeviceId, VerifyingKey>,
    /// Whose each log is, as far as this device knows; none are told apart where this is not set.
    pub(in crate::practice) logs: Option<BTreeMap<CompartmentId, CompartmentName>>,
}

impl Pen for Quill {
    fn author(&self) -> Author {
        self.author
    }

    fn practice(&self) -> PracticeId {
        PRACTICE
    }

    fn log(&mut self, compartment: &CompartmentName) -> CompartmentId {
        let hash = suite::hash("test/log", &[&compartment.encode()]);
        CompartmentId::from_bytes(hash.truncated())
    }

    fn sign(&self, label: &str, fields: &[&[u8]]) -> Signature {
        self.key.sign(label, fields)
    }

    fn key(&self, author: &Author) -> Option<VerifyingKey> {
        self.keys.get(&author.device).copied()
    }

    fn may_lie(&self, log: CompartmentId, compartment: &CompartmentName) -> bool {
        let known = self.logs.as_ref().and_then(|logs| logs.get(&log));
        known.is_none_or(|known| known == compartment)
    }

    fn knows(&self, log: CompartmentId) -> bool {
        self.logs.as_ref().is_none_or(|logs| logs.contains_key(&log))
    }
}

/// One device.
pub(in crate::practice) struct Desk {
    pub(in crate::practice) practice: Practice,
    pub(in crate::practice) memory: Memory,
    pub(in crate::practice) quill: Quill,
    pub(in crate::practice) random: Seeded,
    pub(in crate::practice) now: Timestamp,
}

macro_rules! context {
    ($desk:expr) => {
        &mut crate::practice::Context {
            now: $desk.now,
            random: &mut $desk.random,
            shelf: &mut $desk.memory,
            pen: &mut $desk.quill,
        }
    };
}
pub(in crate::practice) use context;

impl Desk {
    pub(in crate::practice) fn apply(
        &mut self,
        edit: Edit,
    ) -> Result<(Vec<Change>, Option<Edit>), Refusal> {
        let applied = self.practice.apply(edit, context!(self));
        self.keep(applied)
    }

    pub(in crate::practice) fn undo(
        &mut self,
        edit: Edit,
    ) -> Result<(Vec<Change>, Option<Edit>), Refusal> {
        let applied = self.practice.undo(edit, context!(self));
        self.keep(applied)
    }

    pub(in crate::practice) fn found(&mut self, name: &str) -> Vec<Change> {
        let applied = self.practice.found(ZONE, name, context!(self));
        self.keep(applied).unwrap().0
    }

    fn keep(
        &mut self,
        applied: Result<Applied, Refusal>,
    ) -> Result<(Vec<Change>, Option<Edit>), Refusal> {
        let applied = applied?;
        applied.changes.iter().for_each(|change| self.memory.store(change));
        Ok((applied.changes, applied.inverse))
    }

    pub(in crate::practice) fn merge(
        &mut self,
        change: &Change,
        author: Author,
    ) -> Result<Merged, MergeError> {
        let merged = self.practice.merge(change, &author, context!(self))?;
        self.store(change, &merged);
        Ok(merged)
    }

    fn merge_all(&mut self, sent: &[Sent]) -> Vec<Merged> {
        let given: Vec<_> = sent.iter().map(|sent| (&sent.change, &sent.author)).collect();
        let merged = self.practice.merge_all(&given, context!(self));
        let merged: Vec<_> = merged.into_iter().map(Result::unwrap).collect();
        sent.iter().zip(&merged).for_each(|(sent, merged)| self.store(&sent.change, merged));
        merged
    }

    fn store(&mut self, change: &Change, merged: &Merged) {
        match (&merged.kept, &change.content) {
            (Some(kept), Content::Delta { document, draft, .. }) => {
                let content =
                    Content::Delta { document: *document, draft: *draft, bytes: kept.clone() };
                self.memory.store(&Change { compartment: change.compartment.clone(), content });
            }
            _ => self.memory.store(change),
        }
        merged.changes.iter().for_each(|change| self.memory.store(change));
    }

    pub(in crate::practice) fn index(&self) -> Arc<Index> {
        self.practice.index()
    }

    pub(in crate::practice) fn open(&mut self, subject: Subject) -> Result<View, Refusal> {
        let opened = self.practice.open(subject, Purpose::Care, context!(self))?;
        opened.changes.iter().for_each(|change| self.memory.store(change));
        Ok(opened.view)
    }

    pub(in crate::practice) fn draft(&mut self, client: ClientId, note: ObjectId) -> DraftView {
        match self.open(Subject::Draft(client, note)) {
            Ok(View::Draft(draft)) => draft,
            other => panic!("no draft: {other:?}"),
        }
    }

    pub(in crate::practice) fn note(&mut self, client: ClientId, record: RecordId) -> NoteView {
        match self.open(Subject::Note(client, record)) {
            Ok(View::Note(note)) => note,
            other => panic!("no note: {other:?}"),
        }
    }

    /// Begins again from what is stored, as after a restart.
    pub(in crate::practice) fn rebuilt(&mut self) -> Practice {
        let mut practice = Practice::new();
        for (name, contents) in self.memory.contents.clone() {
            let rebuilt = practice.rebuild(&name, &contents, context!(self)).unwrap();
            assert_eq!(rebuilt.unreadable, 0);
            assert!(rebuilt.changes.is_empty());
        }
        practice
    }
}

/// A change on its way to the others.
#[derive(Clone)]
pub(in crate::practice) struct Sent {
    pub(in crate::practice) author: Author,
    pub(in crate::practice) change: Change,
}

/// Devices that know each other's keys.
pub(in crate::practice) struct World {
    pub(in crate::practice) desks: Vec<Desk>,
    pub(in crate::practice) sent: Vec<Sent>,
    /// What each desk has taken already, by place in `sent`.
    taken: Vec<Vec<bool>>,
}

impl World {
    /// `members` says whose each device is.
    pub(in crate::practice) fn new(members: &[u8]) -> Self {
        let keys: Vec<_> = (0..members.len())
            .map(|n| SigningKey::random(&mut Seeded::new(100 + n as u64)))
            .collect();
        let device = |n: usize| DeviceId::from_bytes([u8::try_from(n + 1).unwrap(); 16]);
        let known: BTreeMap<_, _> =
            keys.iter().enumerate().map(|(n, key)| (device(n), key.verifying())).collect();
        let desk = |(n, key)| Desk {
            practice: Practice::new(),
            memory: Memory::default(),
            quill: Quill {
                author: Author {
                    member: member(members[n]),
                    device: device(n),
                    incarnation: DevInc::new(1),
                },
                key,
                keys: known.clone(),
                logs: None,
            },
            random: Seeded::new(n as u64),
            now: MONDAY,
        };
        let desks: Vec<_> = keys.into_iter().enumerate().map(desk).collect();
        let mut world = Self { taken: vec![Vec::new(); desks.len()], desks, sent: Vec::new() };
        for (n, member) in members.iter().enumerate() {
            let changes = world.desks[n].found(&format!("Clinician {member}"));
            world.send(n, changes);
        }
        world.sync();
        world
    }

    pub(in crate::practice) fn send(&mut self, from: usize, changes: Vec<Change>) {
        let author = self.desks[from].quill.author;
        for change in changes {
            self.sent.push(Sent { author, change });
        }
        for (n, taken) in self.taken.iter_mut().enumerate() {
            // What a desk made itself it has.
            taken.resize_with(self.sent.len(), || n == from);
        }
    }

    pub(in crate::practice) fn act(
        &mut self,
        desk: usize,
        edit: Edit,
    ) -> Result<Option<Edit>, Refusal> {
        let (changes, inverse) = self.desks[desk].apply(edit)?;
        self.send(desk, changes);
        Ok(inverse)
    }

    /// Gives a desk one of the changes that it does not have, whichever `choice` falls on.
    pub(in crate::practice) fn give(&mut self, desk: usize, choice: usize) -> bool {
        let waiting: Vec<_> = (0..self.sent.len()).filter(|at| !self.taken[desk][*at]).collect();
        if waiting.is_empty() {
            return false;
        }
        let at = waiting[choice % waiting.len()];
        self.taken[desk][at] = true;
        let Sent { author, change } = self.sent[at].clone();
        let merged = self.desks[desk].merge(&change, author).unwrap();
        assert!(merged.refused.is_empty());
        self.send(desk, merged.changes);
        true
    }

    /// Gives a desk the oldest change of another that it does not have.
    pub(in crate::practice) fn give_of(&mut self, desk: usize, from: usize) -> bool {
        let author = self.desks[from].quill.author.device;
        let waiting: Vec<_> = (0..self.sent.len()).filter(|at| !self.taken[desk][*at]).collect();
        let oldest = waiting.iter().position(|at| self.sent[*at].author.device == author);
        oldest.is_some_and(|place| self.give(desk, place))
    }

    /// Gives a desk all that it does not have in one piece.
    fn give_all(&mut self, desk: usize) -> bool {
        let waiting: Vec<_> = (0..self.sent.len()).filter(|at| !self.taken[desk][*at]).collect();
        let sent: Vec<Sent> = waiting.iter().map(|at| self.sent[*at].clone()).collect();
        waiting.iter().for_each(|at| self.taken[desk][*at] = true);
        for merged in self.desks[desk].merge_all(&sent) {
            assert!(merged.refused.is_empty());
            self.send(desk, merged.changes);
        }
        !sent.is_empty()
    }

    /// Gives everybody everything, oldest first: one after the other, and the second desk all in
    /// one piece, which must come to the same.
    pub(in crate::practice) fn sync(&mut self) {
        loop {
            let mut moved = false;
            for desk in 0..self.desks.len() {
                moved |= if desk == 1 { self.give_all(desk) } else { self.give(desk, 0) };
            }
            if !moved {
                return;
            }
        }
    }

    /// Carries out on the first desk what an import makes of these lines, as a device does.
    pub(in crate::practice) fn import<L: AsRef<str>>(
        &mut self,
        importer: &mut Importer,
        lines: impl IntoIterator<Item = L>,
    ) {
        for line in lines {
            let line = line.as_ref();
            let steps = importer.import_line(line).unwrap_or_else(|why| panic!("{why}: {line}"));
            for step in steps {
                let signed = |client: ClientId, draft| {
                    let chart = &self.desks[0].practice.facts.charts[&client];
                    chart.signed(draft).unwrap()
                };
                let edit = match step {
                    ImportStep::Edit(edit) => edit,
                    ImportStep::AmendSigned { draft, client, text } => {
                        Edit::Amend { note: signed(client, draft), client, text }
                    }
                    ImportStep::CorrectSigned { of, draft, client, format } => {
                        let (note, blank) = (signed(client, of), Some(format));
                        Edit::BeginCorrection(Correcting { draft, client, note, blank })
                    }
                };
                self.act(0, edit.clone()).unwrap_or_else(|why| panic!("{why:?} {edit:?}"));
            }
        }
    }

    pub(in crate::practice) fn client(&mut self, desk: usize, number: u8) -> ClientId {
        let client = ClientId::from_bytes([number; 16]);
        let contact = ContactChange {
            name: Some(format!("Sample Client {number}")),
            code: Some(format!("SC-{number:03}")),
            ..ContactChange::default()
        };
        self.act(desk, Edit::NewClient { client, contact }).unwrap();
        client
    }

    pub(in crate::practice) fn book(
        &mut self,
        desk: usize,
        number: u8,
        client: ClientId,
    ) -> AppointmentId {
        let id = AppointmentId::from_bytes([number; 16]);
        let clinician = self.desks[desk].quill.author.member;
        self.act(desk, Edit::Book(appointment(id, client, slot(clinician, 10)))).unwrap();
        id
    }

    pub(in crate::practice) fn begin(
        &mut self,
        desk: usize,
        number: u8,
        client: ClientId,
        session: Option<AppointmentId>,
        format: NoteFormat,
    ) -> ObjectId {
        let note = ObjectId::from_bytes([number; 16]);
        self.act(desk, Edit::BeginNote { note, client, session, format }).unwrap();
        note
    }

    pub(in crate::practice) fn type_text(
        &mut self,
        desk: usize,
        client: ClientId,
        note: ObjectId,
        text: &str,
    ) {
        let splices = vec![insert(Part::Text, 0, text)];
        self.act(desk, Edit::ChangeDraft { note, client, splices }).unwrap();
    }

    pub(in crate::practice) fn sign(&mut self, desk: usize, client: ClientId, note: ObjectId) {
        self.act(desk, Edit::Sign { note, client, late_reason: None }).unwrap();
    }
}

pub(in crate::practice) fn member(number: u8) -> MemberId {
    MemberId::from_bytes([0xf0 + number; 16])
}

/// Monday at an hour.
pub(in crate::practice) fn slot(clinician: MemberId, hour: i8) -> Slot {
    Slot {
        start: jiff::civil::date(2026, 11, 23).at(hour, 0, 0, 0),
        zone: ZONE.into(),
        minutes: 50,
        clinician,
        room: None,
        modality: Modality::InOffice,
    }
}

pub(in crate::practice) fn appointment(
    id: AppointmentId,
    client: ClientId,
    slot: Slot,
) -> NewAppointment {
    NewAppointment {
        id,
        clients: vec![client],
        kind: AppointmentKind::Individual,
        slot,
        memo: None,
    }
}

pub(in crate::practice) fn insert(part: Part, position: usize, text: &str) -> Splice {
    Splice { part, position, deleted: 0, inserted: text.into() }
}
