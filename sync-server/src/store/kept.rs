//! One practice on this server: its journal, what was decided about it, where everything lies,
//! and who listens. Everything in memory is rebuilt from the journal, by the same steps.

use super::disk::Disk;
use crate::chance::SystemRandom;
use crate::outbox::Outbox;
use crate::tamper::Watch;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tacenda_shared::envelope::{Envelope, Kind};
use tacenda_shared::id::{CompartmentId, DeviceId, Position, PracticeId, PracticeSeq};
use tacenda_shared::journal::index::{Fetched, Index, IndexLost};
use tacenda_shared::journal::{
    AppendError, CollectError, Config, Fate, FileSystem, Frame, FrameRef, Journal, Location,
    OpenError, Opened,
};
use tacenda_shared::suite::{self, SigningKey};
use tacenda_shared::sync::server::{
    FrameError, RebuildError, ServerFrame, ServerPractice, Shelf, StoredEnvelope,
};
use tacenda_shared::sync::{DeliveredEntry, ObjectKey, RowKey};
use thiserror::Error;

/// How the journal of a practice is kept.
pub(crate) const JOURNAL: Config =
    Config { segment_bytes: 64 << 20, new_segment_on_open: false, class: *b"tacsrvlg" };
/// Places that are noted in the index at once when it is filled.
const FILL: usize = 1024;

/// A place for the index.
pub(super) type Place = ([u8; 16], Position, Location);

/// Why a practice cannot be served.
#[derive(Debug, Error)]
pub(crate) enum Unusable {
    /// Bytes of the journal are not what was written.
    #[error("damaged")]
    Damaged,
    /// The disk does not give the journal.
    #[error("disk")]
    Disk(#[source] std::io::Error),
    /// A frame of the journal does not read.
    #[error("unreadable")]
    Frame(#[from] FrameError),
    /// The index failed while it was being filled; it is empty and has to be filled again.
    #[error("index")]
    Index(#[from] IndexLost),
    /// It is a journal of something else.
    #[error("foreign")]
    Foreign,
    /// The frames contradict each other, or a newer version wrote them.
    #[error("inconsistent")]
    Inconsistent(#[from] RebuildError),
}

impl From<OpenError<Self>> for Unusable {
    fn from(error: OpenError<Self>) -> Self {
        match error {
            OpenError::Class { .. } => Self::Foreign,
            OpenError::Disk(error) => Self::Disk(error),
            OpenError::Visit(error) => error,
        }
    }
}

/// A listener on a live stream.
pub(crate) struct Subscriber {
    pub(super) link: u64,
    pub(super) outbox: Arc<Outbox>,
}

/// Where things lie that the index does not know.
#[derive(Default)]
pub(super) struct Places {
    entries: Vec<Location>,
    rows: BTreeMap<RowKey, Location>,
    objects: BTreeMap<ObjectKey, Location>,
    /// Rows, and packs of erased logs, that were deleted but still lie in the journal.
    deleted: u64,
}

/// One practice.
pub(crate) struct Kept<D: Disk> {
    pub(super) journal: Journal<D::Fs>,
    pub(crate) decisions: ServerPractice,
    pub(super) subscribers: BTreeMap<DeviceId, Vec<Subscriber>>,
    pub(super) is_marked: bool,
    places: Places,
}

/// Runs of segments that one collection replaces at most.
const MAX_RUNS: usize = 64;

/// What is being read while a journal opens.
struct Filling<'a> {
    practice: PracticeId,
    key: Option<SigningKey>,
    decisions: Option<ServerPractice>,
    places: Places,
    index: &'a mut Index,
    watch: &'a Watch,
    new: Vec<Place>,
    /// The first thing that was wrong. It may be no more than what follows from damage, which is
    /// known only at the end.
    failed: Option<Unusable>,
}

impl Filling<'_> {
    fn visit(&mut self, frame: &FrameRef<'_>) {
        if self.failed.is_none() {
            self.failed = self.take(frame).err();
        }
    }

    fn take(&mut self, frame: &FrameRef<'_>) -> Result<(), Unusable> {
        let decoded = ServerFrame::decode(frame.kind.get(), frame.payload)?;
        match (&mut self.decisions, self.key.take()) {
            (None, Some(key)) => self.decisions = Some(ServerPractice::begin(&decoded, key)?),
            (Some(decisions), _) => decisions.take_frame(&decoded)?,
            (None, None) => return Err(RebuildError::NoBeginning.into()),
        }
        if let Some(tamper) = self.watch.tamper() {
            tamper.kept(self.practice, &decoded);
        }
        if let Some(place) = self.places.note(self.practice, &decoded, frame.location)
            && self.index.locate(&place.0, place.1) != Some(place.2)
        {
            self.new.push(place);
        }
        if self.new.len() >= FILL { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Unusable> {
        let new = std::mem::take(&mut self.new);
        if !new.is_empty() {
            self.index.insert(&new)?;
        }
        Ok(())
    }
}

impl<D: Disk> Kept<D> {
    /// Opens the journal of a practice and rebuilds everything from it. `None` if nothing was
    /// ever acknowledged for it.
    pub(crate) fn open(
        disk: &D,
        practice: PracticeId,
        key: SigningKey,
        index: &mut Index,
        watch: &Watch,
    ) -> Result<(Option<Self>, Opened), Unusable> {
        let fs = disk.open(practice).map_err(Unusable::Disk)?;
        let mut filling = Filling {
            practice,
            key: Some(key),
            decisions: None,
            places: Places::default(),
            index,
            watch,
            new: Vec::new(),
            failed: None,
        };
        let visit = &mut |frame: FrameRef<'_>| {
            filling.visit(&frame);
            Ok::<(), Unusable>(())
        };
        let (journal, opened) = Journal::open(fs, JOURNAL, &mut SystemRandom, visit)?;
        if !opened.damage.is_empty() {
            return Err(Unusable::Damaged);
        }
        if let Some(why) = filling.failed.take() {
            return Err(why);
        }
        filling.flush()?;
        let Filling { decisions, places, .. } = filling;
        if decisions.as_ref().is_some_and(|decisions| decisions.practice() != practice) {
            return Err(Unusable::Foreign);
        }
        let kept = decisions.map(|decisions| Self {
            journal,
            decisions,
            subscribers: BTreeMap::new(),
            is_marked: false,
            places,
        });
        Ok((kept, opened))
    }

    /// Begins a practice with its first group, which is durable when this returns.
    pub(super) fn begin(
        disk: &D,
        decisions: ServerPractice,
        frames: &[ServerFrame],
        index: &mut Index,
    ) -> Result<Self, BeginError> {
        let practice = decisions.practice();
        let fs = disk.open(practice).map_err(BeginError::Disk)?;
        let nothing = &mut |_: FrameRef<'_>| Ok::<(), Unusable>(());
        let (journal, _) = Journal::open(fs, JOURNAL, &mut SystemRandom, nothing)
            .map_err(|error| BeginError::Unusable(error.into()))?;
        let mut kept = Self {
            journal,
            decisions,
            subscribers: BTreeMap::new(),
            is_marked: false,
            places: Places::default(),
        };
        kept.commit(frames, index)?;
        Ok(kept)
    }

    /// Makes a group durable and notes where it lies.
    pub(crate) fn commit(
        &mut self,
        frames: &[ServerFrame],
        index: &mut Index,
    ) -> Result<(), CommitError> {
        let encoded: Vec<(u8, Vec<u8>)> =
            frames.iter().map(|frame| (frame.kind(), frame.encode())).collect();
        let group: Vec<(u8, &[u8])> =
            encoded.iter().map(|(kind, payload)| (*kind, payload.as_slice())).collect();
        let locations = self.journal.append(&group)?;
        self.is_marked = false;
        let practice = self.decisions.practice();
        let noted: Vec<Place> = frames
            .iter()
            .zip(locations)
            .filter_map(|(frame, location)| self.places.note(practice, frame, location))
            .collect();
        if !noted.is_empty() {
            index.insert(&noted)?;
        }
        Ok(())
    }

    /// Ends work on the journal in order, so that later harm to it shows.
    pub(crate) fn end(&mut self) -> Result<(), CommitError> {
        Ok(self.journal.mark()?)
    }

    /// Returns whether deleted rows still lie in the journal.
    pub(super) fn has_deleted(&self) -> bool {
        self.places.deleted > 0
    }

    /// Copies what is live and removes the rest, deleted rows above all: without its row, what
    /// was erased opens nowhere. Afterwards the practice has to be opened again, because what is
    /// live lies elsewhere.
    pub(super) fn collect(&mut self) -> Result<(), CollectError> {
        self.journal.seal_active()?;
        for _ in 0..MAX_RUNS {
            let places = &self.places;
            let collected = self.journal.collect(&mut |frame| places.fate(frame))?;
            if collected.moved.is_empty() && collected.freed == 0 {
                break;
            }
            self.places.follow(&collected.moved.into_iter().collect());
        }
        Ok(())
    }

    /// Returns what answers are drawn from.
    pub(super) fn shelf<'a>(&'a self, index: &'a Index) -> KeptShelf<'a, D::Fs> {
        let practice = self.decisions.practice();
        let missed = Cell::new(false);
        KeptShelf { practice, journal: &self.journal, places: &self.places, index, missed }
    }

    /// Queues a message for those of `to` that listen.
    pub(super) fn tell(&self, to: &BTreeSet<DeviceId>, frame: &Arc<Vec<u8>>, fleeting: bool) {
        for device in to {
            for subscriber in self.subscribers.get(device).into_iter().flatten() {
                subscriber.outbox.push(Arc::clone(frame), fleeting);
            }
        }
    }

    /// Ends the links of devices that are no longer of the practice.
    pub(super) fn drop_the_revoked(&mut self) {
        let state = self.decisions.state();
        self.subscribers.retain(|device, subscribers| {
            let stays = state.is_some_and(|state| state.active_device(*device).is_some());
            if !stays {
                subscribers.iter().for_each(|subscriber| subscriber.outbox.end());
            }
            stays
        });
    }
}

/// Why a group is not durable.
#[derive(Debug, Error)]
pub(crate) enum CommitError {
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The group *is* durable, but the index is empty now.
    #[error(transparent)]
    Index(#[from] IndexLost),
}

/// Why a practice did not begin.
#[derive(Debug, Error)]
pub(super) enum BeginError {
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error("the folder of the practice cannot be made")]
    Disk(#[source] std::io::Error),
    #[error("the folder of the practice is not usable")]
    Unusable(#[source] Unusable),
}

impl Places {
    /// Notes one frame; returns what belongs into the index.
    fn note(
        &mut self,
        practice: PracticeId,
        frame: &ServerFrame,
        location: Location,
    ) -> Option<Place> {
        match frame {
            ServerFrame::Practice { .. } => self.entries.push(location),
            ServerFrame::Envelope(stored) => {
                let place = stored.receipt.body.placement?;
                if stored.carried.header().kind == Kind::Erase {
                    let before = self.objects.len();
                    self.objects.retain(|key, _| key.compartment != place.log);
                    let gone = before.saturating_sub(self.objects.len());
                    let gone = u64::try_from(gone).unwrap_or(u64::MAX);
                    self.deleted = self.deleted.saturating_add(gone);
                }
                return Some((index_key(practice, place.log), place.head.position, location));
            }
            ServerFrame::Row(row) => {
                self.rows.insert(row.key, location);
            }
            ServerFrame::RowGone(key) => {
                let was_there = u64::from(self.rows.remove(key).is_some());
                self.deleted = self.deleted.saturating_add(was_there);
            }
            ServerFrame::Object { key, .. } => {
                self.objects.insert(*key, location);
            }
            _ => {}
        }
        None
    }

    fn fate(&self, frame: &FrameRef<'_>) -> Fate {
        match ServerFrame::decode(frame.kind.get(), frame.payload) {
            Ok(ServerFrame::Row(row)) if !self.rows.contains_key(&row.key) => Fate::Erased,
            Ok(ServerFrame::Object { key, .. }) => match self.objects.get(&key) {
                Some(location) => Fate::from(*location == frame.location),
                None => Fate::Erased,
            },
            Ok(_) | Err(_) => Fate::Live,
        }
    }

    fn follow(&mut self, moved: &BTreeMap<Location, Location>) {
        let places = self.entries.iter_mut().chain(self.rows.values_mut());
        for place in places.chain(self.objects.values_mut()) {
            if let Some(to) = moved.get(place) {
                *place = *to;
            }
        }
    }
}

/// One index serves all practices, and two of them may name a log alike.
fn index_key(practice: PracticeId, log: CompartmentId) -> [u8; 16] {
    suite::hash("tac/server/index/v1", &[practice.as_bytes(), log.as_bytes()]).truncated()
}

/// What is on the disk of one practice. Every frame is checked against what was asked for.
pub(super) struct KeptShelf<'a, F: FileSystem> {
    practice: PracticeId,
    journal: &'a Journal<F>,
    places: &'a Places,
    index: &'a Index,
    missed: Cell<bool>,
}

impl<F: FileSystem> KeptShelf<'_, F> {
    /// Whether the index did not know, or did not know any more, where something lies.
    pub(super) fn has_missed(&self) -> bool {
        self.missed.get()
    }

    fn frame(&self, location: Option<&Location>) -> Option<ServerFrame> {
        let frame = self.journal.read(*location?).ok()?;
        ServerFrame::decode(frame.kind.get(), &frame.payload).ok()
    }
}

fn envelope_at(frame: &Frame, log: CompartmentId, position: Position) -> Option<StoredEnvelope> {
    match ServerFrame::decode(frame.kind.get(), &frame.payload) {
        Ok(ServerFrame::Envelope(stored)) => {
            let place = stored.receipt.body.placement?;
            (place.log == log && place.head.position == position).then_some(*stored)
        }
        _ => None,
    }
}

impl<F: FileSystem> Shelf for KeptShelf<'_, F> {
    fn entry(&self, seq: PracticeSeq) -> Option<DeliveredEntry> {
        let place = self.places.entries.get(usize::try_from(seq.get()).ok()?);
        match self.frame(place)? {
            ServerFrame::Practice { delivered, .. } if delivered.receipt.head.seq == seq => {
                Some(delivered)
            }
            _ => None,
        }
    }

    fn envelope(&self, log: CompartmentId, position: Position) -> Option<StoredEnvelope> {
        let key = index_key(self.practice, log);
        let is_it = |frame: &Frame| envelope_at(frame, log, position).is_some();
        match self.index.fetch(self.journal, &key, position, is_it) {
            Ok(Fetched::Frame(frame)) => envelope_at(&frame, log, position),
            Ok(Fetched::Missing | Fetched::Stale) => {
                self.missed.set(true);
                None
            }
            Err(_) => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Vec<u8>> {
        match self.frame(self.places.rows.get(key))? {
            ServerFrame::Row(row) if row.key == *key => Some(row.bytes),
            _ => None,
        }
    }

    fn object(&self, key: &ObjectKey) -> Option<Envelope> {
        match self.frame(self.places.objects.get(key))? {
            ServerFrame::Object { key: found, envelope, .. } if found == *key => Some(*envelope),
            _ => None,
        }
    }
}
