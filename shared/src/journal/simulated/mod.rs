//! A folder in memory that can fail like a real one: power cuts, errors, a full disk.
//!
//! It promises what POSIX promises and nothing more. Data that was not synced may survive in any
//! part and any order, in sectors of 512 bytes; a name that was not synced with its folder may be
//! there or not; after a failed sync the data is readable, and no later sync makes it durable.

mod explore;

pub use explore::{Exploration, explore};
#[cfg(test)]
pub(super) use explore::{explore_life, operations_of_life};

use super::disk::FileSystem;
use crate::random::{Random, Seeded};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A simulated folder. Clones share it, as processes share a disk.
#[derive(Clone)]
pub struct SimulatedFs {
    shared: Arc<Mutex<Machine>>,
}

/// An open file of a simulated folder.
#[derive(Debug)]
pub struct SimulatedFile {
    number: u64,
}

/// What the folder was asked to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Operation {
    /// A file was created.
    Create(String),
    /// The names were listed.
    List,
    /// A file was opened.
    Open(String),
    /// Bytes were read.
    Read,
    /// A file was removed.
    Remove(String),
    /// A file got another name.
    Rename(String, String),
    /// The length of a file was set.
    SetLength(u64),
    /// A file was synced.
    SyncData,
    /// The folder was synced.
    SyncFolder,
    /// Bytes were written: offset and count.
    Write(u64, usize),
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The disk is full: of a write, half is done.
    Full,
    /// A signal came: nothing is done.
    Interrupted,
    /// The disk failed (EIO): of a write, half is done; a sync loses any part of what it should
    /// have kept.
    Input,
    /// A write takes only half of the bytes, and says so.
    Short,
}

/// Which operation fails, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Operations that go well before, counted from now.
    pub after: u64,
    /// How it fails.
    pub failure: Failure,
    /// Whether all later ones fail too.
    pub sticky: bool,
}

/// A moment at which the power may go.
#[derive(Clone)]
pub struct Cut {
    disk: Disk,
    note: u64,
}

impl Cut {
    /// Returns what the owner of the folder had noted by then.
    pub fn note(&self) -> u64 {
        self.note
    }

    /// Returns one of the folders that may be found when the power is back.
    pub fn survivor(&self, random: &mut Seeded) -> SimulatedFs {
        SimulatedFs::holding(self.disk.survivor(random), random.next_u64())
    }
}

impl SimulatedFs {
    /// Starts with an empty folder. `seed` decides what failed syncs lose.
    pub fn new(seed: u64) -> Self {
        Self::holding(Disk::default(), seed)
    }

    fn holding(disk: Disk, seed: u64) -> Self {
        let machine = Machine {
            disk,
            operations: Vec::new(),
            fault: None,
            space: None,
            note: 0,
            cuts: None,
            chance: Seeded::new(seed),
        };
        Self { shared: Arc::new(Mutex::new(machine)) }
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns everything that was asked so far.
    pub fn operations(&self) -> Vec<Operation> {
        self.machine().operations.clone()
    }

    /// Lets an operation fail.
    pub fn plan(&self, fault: Fault) {
        self.machine().fault = Some(fault);
    }

    /// Lets nothing fail any more. What a failed sync lost stays lost.
    pub fn forget_faults(&self) {
        self.machine().fault = None;
    }

    /// Limits what all files together may take, in bytes.
    pub fn set_space(&self, bytes: Option<u64>) {
        self.machine().space = bytes;
    }

    /// Returns what all files together take, in bytes.
    pub fn used(&self) -> u64 {
        self.machine().disk.used()
    }

    /// Keeps a word of the owner's with every later cut, and cuts once here.
    pub fn note(&self, note: u64) {
        let mut machine = self.machine();
        machine.note = note;
        machine.remember();
    }

    /// Remembers the state after every later operation that changes something.
    pub fn record_cuts(&self) {
        self.machine().cuts.get_or_insert_default();
    }

    /// Returns the moments remembered so far, and starts anew.
    pub fn take_cuts(&self) -> Vec<Cut> {
        self.machine().cuts.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Returns the names of the files, sorted.
    pub fn names(&self) -> Vec<String> {
        self.machine().disk.names.keys().cloned().collect()
    }

    /// Returns the bytes of a file as a reader would see them.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let machine = self.machine();
        let number = machine.disk.names.get(name)?;
        machine.disk.files.get(number).map(|file| file.seen.clone())
    }

    /// Puts a file there, durably, as a restore or an attacker would.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut machine = self.machine();
        let disk = &mut machine.disk;
        let number = disk.draw();
        let contents =
            Contents { seen: bytes.to_vec(), durable: bytes.to_vec(), pending: Vec::new() };
        disk.files.insert(number, contents);
        disk.names.insert(name.to_owned(), number);
        disk.durable_names.insert(name.to_owned(), number);
    }

    /// Takes a file away, durably.
    pub fn lose(&self, name: &str) {
        let mut machine = self.machine();
        machine.disk.names.remove(name);
        machine.disk.durable_names.remove(name);
    }
}

impl FileSystem for SimulatedFs {
    type File = SimulatedFile;

    fn create_new(&self, name: &str) -> io::Result<SimulatedFile> {
        let mut machine = self.machine();
        machine.begin(Operation::Create(name.to_owned()))?;
        if machine.disk.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = machine.disk.draw();
        machine.disk.files.insert(number, Contents::default());
        machine.disk.rename(NameChange::Create(name.to_owned(), number));
        machine.remember();
        Ok(SimulatedFile { number })
    }

    fn open(&self, name: &str) -> io::Result<SimulatedFile> {
        let mut machine = self.machine();
        machine.begin(Operation::Open(name.to_owned()))?;
        let number = machine.disk.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(SimulatedFile { number: *number })
    }

    fn length(&self, file: &SimulatedFile) -> io::Result<u64> {
        let machine = self.machine();
        let contents = machine.disk.files.get(&file.number).ok_or(io::ErrorKind::NotFound)?;
        Ok(contents.seen.len() as u64)
    }

    fn read_at(&self, file: &SimulatedFile, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut machine = self.machine();
        machine.begin(Operation::Read)?;
        let contents = machine.disk.files.get(&file.number).ok_or(io::ErrorKind::NotFound)?;
        let rest = contents.seen.get(index(offset)..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(count)
    }

    fn write_at(&self, file: &SimulatedFile, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let mut machine = self.machine();
        let begun = machine.begin(Operation::Write(offset, bytes.len()));
        let half = bytes.len().div_ceil(2);
        let (wanted, outcome) = match begun {
            Ok(None) => (bytes.len(), None),
            Ok(Some(Failure::Short)) => (half, None),
            Ok(Some(_)) => (bytes.len(), None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => (half, Some(error)),
        };
        let room = machine.room_for(file.number, offset);
        let taken = wanted.min(index(room));
        if taken == 0 && outcome.is_none() && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken_bytes = bytes.get(..taken).unwrap_or_default().to_vec();
        machine.change(file.number, Change::Write(index(offset), taken_bytes))?;
        outcome.map_or(Ok(taken), Err)
    }

    fn sync_data(&self, file: &SimulatedFile) -> io::Result<()> {
        let mut machine = self.machine();
        let begun = machine.begin(Operation::SyncData);
        let Machine { disk, chance, .. } = &mut *machine;
        let contents = disk.files.get_mut(&file.number).ok_or(io::ErrorKind::NotFound)?;
        match begun {
            Ok(_) => contents.sync(),
            Err(error) => {
                contents.sync_in_part(chance);
                machine.remember();
                return Err(error);
            }
        }
        machine.remember();
        Ok(())
    }

    fn set_length(&self, file: &SimulatedFile, length: u64) -> io::Result<()> {
        let mut machine = self.machine();
        machine.begin(Operation::SetLength(length))?;
        machine.change(file.number, Change::Length(index(length)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut machine = self.machine();
        machine.begin(Operation::Rename(from.to_owned(), to.to_owned()))?;
        if !machine.disk.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        machine.disk.rename(NameChange::Rename(from.to_owned(), to.to_owned()));
        machine.remember();
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut machine = self.machine();
        machine.begin(Operation::Remove(name.to_owned()))?;
        if !machine.disk.names.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        machine.disk.rename(NameChange::Remove(name.to_owned()));
        machine.remember();
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut machine = self.machine();
        machine.begin(Operation::List)?;
        Ok(machine.disk.names.keys().cloned().collect())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut machine = self.machine();
        machine.begin(Operation::SyncFolder)?;
        machine.disk.sync_folder();
        machine.remember();
        Ok(())
    }
}

struct Machine {
    disk: Disk,
    operations: Vec<Operation>,
    fault: Option<Fault>,
    space: Option<u64>,
    note: u64,
    cuts: Option<Vec<Cut>>,
    chance: Seeded,
}

impl Machine {
    /// Records an operation; fails it if its turn has come. `Short` is for the caller to do.
    fn begin(&mut self, operation: Operation) -> io::Result<Option<Failure>> {
        let is_growing = matches!(operation, Operation::Create(_) | Operation::Write(..));
        self.operations.push(operation);
        let Some(fault) = &mut self.fault else {
            return Ok(None);
        };
        if fault.after > 0 {
            fault.after -= 1;
            return Ok(None);
        }
        let failure = fault.failure;
        if !fault.sticky {
            self.fault = None;
        }
        match failure {
            Failure::Full if is_growing => Err(io::ErrorKind::StorageFull.into()),
            Failure::Full | Failure::Short => Ok(Some(failure)),
            Failure::Input => Err(io::Error::from_raw_os_error(EIO)),
            Failure::Interrupted => Err(io::ErrorKind::Interrupted.into()),
        }
    }

    fn change(&mut self, file: u64, change: Change) -> io::Result<()> {
        let contents = self.disk.files.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
        change.apply(&mut contents.seen);
        contents.pending.push(change);
        self.remember();
        Ok(())
    }

    fn remember(&mut self) {
        if let Some(cuts) = &mut self.cuts {
            cuts.push(Cut { disk: self.disk.clone(), note: self.note });
        }
    }

    /// Returns how many bytes may be written to a file at `offset`.
    fn room_for(&self, file: u64, offset: u64) -> u64 {
        let Some(space) = self.space else {
            return u64::MAX;
        };
        let length = self.disk.files.get(&file).map_or(0, |file| file.seen.len() as u64);
        let inside = length.saturating_sub(offset);
        inside.saturating_add(space.saturating_sub(self.disk.used()))
    }
}

/// What is on the disk, and what only seems to be.
#[derive(Clone, Default)]
struct Disk {
    files: BTreeMap<u64, Contents>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    pending_names: Vec<NameChange>,
    drawn: u64,
}

#[derive(Clone, Default)]
struct Contents {
    /// What a reader sees.
    seen: Vec<u8>,
    /// What is certainly there after a power cut.
    durable: Vec<u8>,
    /// What was changed since, in order.
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Length(usize),
    Write(usize, Vec<u8>),
}

#[derive(Clone)]
enum NameChange {
    Create(String, u64),
    Remove(String),
    Rename(String, String),
}

impl Disk {
    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }

    fn used(&self) -> u64 {
        let numbers = self.names.values();
        numbers.filter_map(|number| self.files.get(number)).map(|file| file.seen.len() as u64).sum()
    }

    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending_names.push(change);
    }

    fn sync_folder(&mut self) {
        for change in std::mem::take(&mut self.pending_names) {
            change.apply(&mut self.durable_names);
        }
    }

    fn survivor(&self, random: &mut Seeded) -> Self {
        let mut names = self.durable_names.clone();
        for change in survivors(&self.pending_names, random) {
            change.apply(&mut names);
        }
        let mut files = BTreeMap::new();
        for number in names.values() {
            let bytes = self.files.get(number).map(|file| file.survivor(random));
            let bytes = bytes.unwrap_or_default();
            let contents = Contents { seen: bytes.clone(), durable: bytes, pending: Vec::new() };
            files.insert(*number, contents);
        }
        let durable_names = names.clone();
        Self { files, names, durable_names, pending_names: Vec::new(), drawn: self.drawn }
    }
}

impl Contents {
    fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            change.apply(&mut self.durable);
        }
    }

    /// A failed sync: any part is kept, and the rest is forgotten while it still can be read.
    fn sync_in_part(&mut self, random: &mut Seeded) {
        self.durable = self.survivor(random);
        self.pending.clear();
    }

    fn survivor(&self, random: &mut Seeded) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        match random.below(4) {
            // The length reached the disk before the data did.
            0 => {
                let ends = self.pending.iter().map(Change::end);
                let longest = ends.fold(bytes.len(), usize::max);
                bytes.resize(longest, 0);
                for change in survivors(&self.pending, random) {
                    change.apply(&mut bytes);
                }
            }
            1 => {
                for change in &self.pending {
                    change.apply_in_sectors(&mut bytes, self.durable.len(), random);
                }
            }
            _ => {
                for change in survivors(&self.pending, random) {
                    change.apply(&mut bytes);
                }
            }
        }
        bytes
    }
}

impl Change {
    fn end(&self) -> usize {
        match self {
            Self::Length(length) => *length,
            Self::Write(offset, bytes) => offset + bytes.len(),
        }
    }

    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Length(length) => to.resize(*length, 0),
            // Writing nothing beyond the end makes no file longer.
            Self::Write(_, bytes) if bytes.is_empty() => {}
            Self::Write(offset, bytes) => {
                if to.len() < self.end() {
                    to.resize(self.end(), 0);
                }
                let places = to.iter_mut().skip(*offset);
                places.zip(bytes).for_each(|(place, byte)| *place = *byte);
            }
        }
    }

    /// Each sector arrives or not; where nothing was before, it may hold anything.
    fn apply_in_sectors(&self, to: &mut Vec<u8>, durable: usize, random: &mut Seeded) {
        let Self::Write(offset, bytes) = self else {
            return self.apply(to);
        };
        let mut start = *offset;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (sector, later) = rest.split_at(rest.len().min(SECTOR - start % SECTOR));
            match random.below(5) {
                0 | 1 => Self::Write(start, sector.to_vec()).apply(to),
                2 if start >= durable => {
                    let mut garbage = vec![0; sector.len()];
                    random.fill(&mut garbage);
                    Self::Write(start, garbage).apply(to);
                }
                3 if start >= durable => {
                    Self::Write(start, vec![0; sector.len()]).apply(to);
                }
                _ => {}
            }
            start += sector.len();
            rest = later;
        }
    }
}

impl NameChange {
    /// Applies what can be applied: a rename that survives without the creation names nothing.
    fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Create(name, number) => {
                names.insert(name.clone(), *number);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Rename(from, to) => {
                if let Some(number) = names.remove(from) {
                    names.insert(to.clone(), number);
                }
            }
        }
    }
}

/// Returns all, none, the first few or any few of the changes.
fn survivors<'a, T>(changes: &'a [T], random: &mut Seeded) -> Vec<&'a T> {
    match random.below(5) {
        0 => Vec::new(),
        1 => changes.iter().collect(),
        2 => {
            let count = random.below(changes.len() as u64 + 1);
            changes.iter().take(index(count)).collect()
        }
        _ => changes.iter().filter(|_| random.below(2) == 0).collect(),
    }
}

fn index(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;
/// The number that Linux and macOS give to an input/output error.
const EIO: i32 = 5;
