//! What a hostile server remembers: every entry with its place, every row and what it replaced.

use super::fork::Fork;
use super::order::Whom;
use std::collections::BTreeMap;
use tacenda_shared::envelope::{Carried, Envelope, PracticeHead};
use tacenda_shared::id::{CompartmentId, DeviceId, Global, Position, PracticeId, PracticeSeq};
use tacenda_shared::log::LogHead;
use tacenda_shared::membership::Entry;
use tacenda_shared::suite::Signature;
use tacenda_shared::sync::server::{ServerFrame, StoredEnvelope};
use tacenda_shared::sync::{DeliveredEntry, Entries, Message, ObjectKey, Outcome, RowKey, runs_of};

/// A row's name without its version.
type RowName = (u8, [u8; 16], [u8; 16]);
/// A log by name; practices do not share one memory in a test, but might.
type Log = BTreeMap<Position, StoredEnvelope>;

/// Everything that was seen to be kept.
#[derive(Default)]
pub(super) struct Memory {
    practice: Option<PracticeId>,
    is_short: bool,
    logs: BTreeMap<CompartmentId, Log>,
    entries: BTreeMap<PracticeSeq, (Global, PracticeHead)>,
    /// The last entry of the practice log.
    newest: Option<DeliveredEntry>,
    rows: BTreeMap<RowName, BTreeMap<(u32, u32), Vec<u8>>>,
    /// The first object that was kept under each key.
    objects: BTreeMap<ObjectKey, Vec<u8>>,
}

impl Memory {
    /// Remembers which practice it is, and nothing else.
    pub(super) fn short() -> Self {
        Self { is_short: true, ..Self::default() }
    }

    /// Remembers a frame.
    pub(super) fn keep(&mut self, practice: PracticeId, frame: &ServerFrame) {
        self.practice = Some(practice);
        if self.is_short {
            return;
        }
        match frame {
            ServerFrame::Envelope(stored) => {
                if let Some(place) = stored.receipt.body.placement {
                    let log = self.logs.entry(place.log).or_default();
                    log.insert(place.head.position, (**stored).clone());
                }
            }
            ServerFrame::Practice { g, delivered } => {
                let head = delivered.receipt.head;
                self.entries.insert(head.seq, (*g, head));
                self.newest = Some(delivered.clone());
            }
            ServerFrame::Object { key, envelope, .. } => {
                self.objects.entry(*key).or_insert_with(|| envelope.encode());
            }
            ServerFrame::Row(row) => {
                if let Ok(parts) = row.key.parts() {
                    let name = (parts.table, parts.holder, parts.id);
                    let version = (parts.holder_version, parts.version);
                    self.rows.entry(name).or_default().insert(version, row.bytes.clone());
                }
            }
            _ => {}
        }
    }

    /// The practice, once anything was kept.
    pub(super) fn practice(&self) -> Option<PracticeId> {
        self.practice
    }

    /// The head of a log with its entry at this position.
    pub(super) fn head(&self, log: CompartmentId, at: Position) -> Option<LogHead> {
        if at == Position::ZERO {
            return Some(LogHead::EMPTY);
        }
        let stored = self.logs.get(&log)?.get(&at)?;
        stored.receipt.body.placement.map(|place| place.head)
    }

    /// Every log with its last position.
    pub(super) fn ends(&self) -> impl Iterator<Item = (CompartmentId, Position)> {
        let last = |log: &Log| log.keys().next_back().copied();
        self.logs.iter().filter_map(move |(id, log)| Some((*id, last(log)?)))
    }

    /// The count of all that was taken.
    pub(super) fn count(&self) -> Global {
        let envelopes = self.logs.values().flat_map(|log| log.values().map(|stored| stored.g));
        let entries = self.entries.values().map(|(g, _)| *g);
        envelopes.chain(entries).max().unwrap_or(Global::ZERO)
    }

    /// The number of the last entry of the practice log.
    pub(super) fn practice_end(&self) -> PracticeSeq {
        self.entries.keys().next_back().copied().unwrap_or(PracticeSeq::ZERO)
    }

    /// The head that a log had when the server's count was `g`; `None` if it was not there.
    pub(super) fn head_when(&self, log: CompartmentId, g: Global) -> Option<LogHead> {
        let entries = self.logs.get(&log)?;
        let last = entries.values().take_while(|stored| stored.g <= g).last()?;
        last.receipt.body.placement.map(|place| place.head)
    }

    /// The head that the practice log had then.
    pub(super) fn practice_when(&self, g: Global) -> Option<PracticeHead> {
        self.entries.values().take_while(|(at, _)| *at <= g).last().map(|(_, head)| *head)
    }

    /// The practice log's head before an entry.
    pub(super) fn practice_before(&self, seq: PracticeSeq) -> Option<PracticeHead> {
        self.entries.range(..seq).next_back().map(|(_, (_, head))| *head)
    }

    /// The entries of a log, in order.
    pub(super) fn entries(&self, log: CompartmentId) -> impl Iterator<Item = &StoredEnvelope> {
        self.logs.get(&log).into_iter().flat_map(BTreeMap::values)
    }

    /// The entry about which this answers, if it was taken.
    pub(super) fn answered(&self, outcome: &Outcome) -> Option<&StoredEnvelope> {
        let mut all = self.logs.values().flat_map(BTreeMap::values);
        all.find(|stored| stored.outcome() == *outcome)
    }

    /// An older version of a row.
    pub(super) fn older_row(&self, key: &RowKey) -> Option<Vec<u8>> {
        let parts = key.parts().ok()?;
        let versions = self.rows.get(&(parts.table, parts.holder, parts.id))?;
        let before = versions.range(..(parts.holder_version, parts.version)).next_back();
        before.map(|(_, bytes)| bytes.clone())
    }

    /// The first checkpoint that its device put in the place of this one.
    pub(super) fn first_checkpoint(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let header = Envelope::decode(bytes).ok()?.header;
        let key = ObjectKey {
            compartment: header.compartment,
            kind: header.kind,
            object: header.object,
            device: header.author,
        };
        self.objects.get(&key).cloned()
    }

    /// Begins a fork after what is in the log now.
    pub(super) fn fork(&self, log: CompartmentId, one: Whom, other: DeviceId) -> Fork {
        let base = self.logs.get(&log).and_then(|entries| entries.keys().next_back().copied());
        Fork::new(log, (one, other), base.unwrap_or(Position::ZERO))
    }

    /// An entry that no device made, as the newest of a log.
    pub(super) fn invented(&self, log: CompartmentId) -> Option<Message> {
        let last = self.logs.get(&log)?.values().next_back()?;
        let Carried::Whole(mut envelope) = last.carried.clone() else { return None };
        envelope.header.dev_seq = envelope.header.dev_seq.next();
        envelope.signature = Signature::from_bytes([0x5a; 64]);
        self.as_newest(log, Carried::Whole(envelope))
    }

    /// What the newest entry of the practice log does, once more, and signed by nobody.
    pub(super) fn invented_practice(&self) -> Option<Message> {
        let newest = self.newest.as_ref()?;
        let last = Entry::decode(&newest.entry).ok()?;
        let (seq, prev) = (last.seq.next(), last.hash());
        let signature = Signature::from_bytes([0x5a; 64]);
        let entry = Entry { seq, prev, signature, ..last }.encode();
        let entries = vec![DeliveredEntry { entry, receipt: newest.receipt }];
        Some(Message::PracticeEntries { entries, more: false })
    }

    /// An old entry, as the newest of its log.
    pub(super) fn replayed(&self, log: CompartmentId, at: Position) -> Option<Message> {
        let old = self.logs.get(&log)?.get(&at)?.carried.clone();
        self.as_newest(log, old)
    }

    fn as_newest(&self, log: CompartmentId, carried: Carried) -> Option<Message> {
        let last = self.logs.get(&log)?.values().next_back()?;
        let before = last.receipt.body.placement?.head;
        let head = before.after(log, carried.hash());
        let runs = runs_of(self.practice?, [&carried]);
        let (after, g) = (before.position, last.g.next());
        Some(Message::Entries(Entries { log, after, runs, head, g }))
    }
}
