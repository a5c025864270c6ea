//! The journal as its users and its enemies see it.

use super::durable::read_up_to;
use super::frame::{FRAME_OVERHEAD, HEADER_BYTES, Header, SegmentId, write_commit, write_frame};
use super::scan::scan;
use super::simulated::{Exploration, Failure, Fault, Operation, SimulatedFs, explore};
use super::simulated::{explore_life, operations_of_life};
use super::*;
use crate::codec::Writer;
use crate::random::{Random, Seeded};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

mod collection;
mod crash;
mod damage;
mod disk;
mod newest;

const CLASS: [u8; 8] = *b"testonly";
/// Segments of [`sample`] take four groups; the last has three.
const SAMPLE: u64 = 700;

type Plain = Journal<SimulatedFs>;

/// A folder on the real disk that goes when the test ends.
pub(super) struct Folder(PathBuf);

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Folder {
    pub(super) fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("tacenda-journal-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    #[expect(clippy::disallowed_methods, reason = "a test stands in for the world outside")]
    pub(super) fn overwrite(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    #[cfg(feature = "sled")]
    #[expect(clippy::disallowed_methods, reason = "a test stands in for the world outside")]
    pub(super) fn spoil(&self, name: &str, random: &mut Seeded) {
        let mut bytes = fs::read(self.0.join(name)).unwrap();
        if random.below(2) == 0 {
            bytes.truncate(index(random.below(bytes.len() as u64)));
        }
        for _ in 0..random.below(200) {
            let place = index(random.below(bytes.len() as u64));
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << random.below(8);
            }
        }
        self.overwrite(name, &bytes);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn index(value: u64) -> usize {
    usize::try_from(value).unwrap()
}

fn config(segment_bytes: u64) -> Config {
    Config { segment_bytes, new_segment_on_open: false, class: CLASS }
}

fn open<F: FileSystem>(fs: F, config: Config) -> (Journal<F>, Vec<Frame>, Opened) {
    let mut frames = Vec::new();
    let (journal, opened) =
        Journal::open::<Infallible>(fs, config, &mut Seeded::new(1), &mut |frame| {
            frames.push(frame.to_frame());
            Ok(())
        })
        .unwrap();
    (journal, frames, opened)
}

/// An empty journal in memory.
pub(super) fn open_plain(segment_bytes: u64) -> (SimulatedFs, Plain) {
    let fs = SimulatedFs::new(1);
    let (journal, ..) = open(fs.clone(), config(segment_bytes));
    (fs, journal)
}

fn append(journal: &mut Plain, payload: &[u8]) -> Location {
    journal.append(&[(1, payload)]).unwrap()[0]
}

fn payloads(frames: &[Frame]) -> Vec<&[u8]> {
    frames.iter().map(|frame| frame.payload.as_slice()).collect()
}

#[test]
fn a_group_is_synced_before_it_is_acknowledged_and_synced_once() {
    let (fs, mut journal) = open_plain(1 << 20);
    append(&mut journal, b"first");
    let before = fs.operations().len();

    journal.append(&[(1, b"a"), (2, b"b"), (3, b"c")]).unwrap();

    let operations = fs.operations();
    assert!(matches!(operations[before..], [Operation::Write(..), Operation::SyncData]));
}

#[test]
fn frames_come_back_in_order_with_their_places() {
    let (fs, mut journal) = open_plain(400);
    let mut places = Vec::new();
    for number in 0..20_u8 {
        places.extend(journal.append(&[(number, &[number; 30]), (0xef, b"")]).unwrap());
    }
    let read: Vec<Frame> = places.iter().map(|place| journal.read(*place).unwrap()).collect();
    let bytes = journal.bytes();
    journal.close().unwrap();

    let (journal, frames, opened) = open(fs.clone(), config(400));

    assert_eq!(frames, read);
    assert_eq!(frames.len(), 40);
    assert!(frames.iter().zip(1..).all(|(frame, lsn)| frame.lsn == Lsn::new(lsn)));
    assert_eq!(opened.segments, fs.names().len());
    assert!(opened.segments > 5);
    assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
    assert!(journal.bytes() > bytes);
    assert_eq!(journal.bytes(), fs.used());
}

#[test]
fn what_is_too_long_or_reserved_is_refused_before_anything_is_written() {
    let (fs, mut journal) = open_plain(1 << 20);
    let long = vec![0; MAX_PAYLOAD_BYTES + 1];
    let longest = vec![0; MAX_PAYLOAD_BYTES];

    assert!(matches!(journal.append(&[]), Err(AppendError::Empty)));
    assert!(matches!(journal.append(&[(0, &long)]), Err(AppendError::PayloadTooLong)));
    assert!(matches!(journal.append(&[(0xf0, b"")]), Err(AppendError::ReservedKind)));
    let four: Vec<(u8, &[u8])> = vec![(0, &longest); 4];
    assert!(matches!(journal.append(&four), Err(AppendError::GroupTooLong)));
    assert_eq!(fs.names(), Vec::<String>::new());

    let place = journal.append(&[(0, &longest)]).unwrap()[0];
    assert_eq!(journal.read(place).unwrap().payload, longest);
}

/// A journal of several segments; the last group is marked or not. Returns the frames too.
fn sample(marked: bool) -> (SimulatedFs, Vec<Frame>) {
    let (fs, mut journal) = open_plain(SAMPLE);
    for number in 0..11_u8 {
        journal.append(&[(number, &[number; 50]), (number, &[number; 9])]).unwrap();
    }
    if marked {
        journal.mark().unwrap();
    }
    drop(journal);
    let (_, frames, _) = open(fs.clone(), config(SAMPLE));
    (fs, frames)
}

#[test]
fn each_unlock_writes_to_a_file_of_its_own_and_idle_unlocks_leave_none() {
    let fs = SimulatedFs::new(1);
    let config = Config { new_segment_on_open: true, ..config(1 << 20) };
    for number in 0..3 {
        let (mut journal, ..) = open(fs.clone(), config);
        let place = append(&mut journal, b"typed");
        assert_eq!(fs.names().len(), number + 1);
        assert_eq!(append(&mut journal, b"more").segment, place.segment);
        journal.close().unwrap();
        let (idle, ..) = open(fs.clone(), config);
        idle.close().unwrap();
        assert_eq!(fs.names().len(), number + 1);
    }
    let (_, frames, opened) = open(fs, config);
    assert_eq!((frames.len(), opened.segments), (6, 3));
}

#[test]
fn a_mark_is_written_once_after_each_append() {
    let (fs, mut journal) = open_plain(1 << 20);
    journal.mark().unwrap();
    assert_eq!(fs.names(), Vec::<String>::new());
    append(&mut journal, b"one");
    let before = fs.used();
    journal.mark().unwrap();
    assert_eq!(fs.used(), before + FRAME_OVERHEAD as u64);
    journal.mark().unwrap();
    journal.close().unwrap();
    assert_eq!(fs.used(), before + FRAME_OVERHEAD as u64);
}

#[test]
fn a_journal_of_another_class_is_refused_and_untouched() {
    let (fs, _) = sample(false);
    let before = fs.operations().len();
    let other = Config { class: *b"another!", ..config(SAMPLE) };

    let opened =
        Journal::open::<Infallible>(fs.clone(), other, &mut Seeded::new(2), &mut |_| Ok(()));

    assert!(matches!(opened.err(), Some(OpenError::Class { .. })));
    let changed = fs.operations().split_off(before).into_iter().any(|operation| {
        !matches!(operation, Operation::List | Operation::Open(_) | Operation::Read)
    });
    assert!(!changed);
}

#[test]
fn a_visitor_that_stops_is_obeyed() {
    let (fs, _) = sample(false);
    let mut seen = 0;
    let opened = Journal::open(fs, config(SAMPLE), &mut Seeded::new(2), &mut |_| {
        seen += 1;
        if seen == 3 { Err("enough") } else { Ok(()) }
    });
    assert!(matches!(opened.err(), Some(OpenError::Visit("enough"))));
    assert_eq!(seen, 3);
}

#[test]
fn kinds_of_a_newer_version_are_kept_and_handed_on() {
    let (fs, mut journal) = open_plain(1 << 20);
    append(&mut journal, b"ours");
    drop(journal);
    let name = fs.names()[0].clone();
    let mut bytes = fs.contents(&name).unwrap();
    let id = Header::parse(&bytes).unwrap().id;
    let mut item = Writer::new();
    write_frame(&mut item, id, (Lsn::new(2), 2), FrameKind::any(0xfa), b"theirs");
    write_commit(&mut item, id, (Lsn::new(2), 2), 1);
    bytes.extend(item.as_slice());
    fs.put(&name, &bytes);

    let (_, frames, opened) = open(fs, config(1 << 20));

    assert_eq!(payloads(&frames), [b"ours".as_slice(), b"theirs"]);
    assert_eq!(frames[1].kind.get(), 0xfa);
    assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
}

#[test]
fn the_bytes_on_disk_are_those_of_the_documentation() {
    let (fs, mut journal) = open_plain(1 << 20);
    journal.append(&[(7, b"payload")]).unwrap();
    journal.mark().unwrap();
    assert_eq!(fs.names(), ["0000000000000001.seg"]);
    let bytes = fs.contents("0000000000000001.seg").unwrap();
    let crc = |parts: &[&[u8]]| crc32fast::hash(&parts.concat()).to_be_bytes();
    let id = &bytes[44..60];

    assert_eq!(&bytes[..16], b"TACJRNL1testonly");
    assert_eq!(bytes[16..40], [1_u64.to_be_bytes(); 3].concat());
    assert_eq!(bytes[40..44], [0; 4]);
    assert_eq!(bytes[60..64], crc(&[&bytes[..60]]));
    let frame = &bytes[64..64 + 29 + 7];
    assert_eq!(frame[..16], [1_u64.to_be_bytes(); 2].concat());
    assert_eq!(frame[16..21], [7, 0, 0, 0, 7]);
    assert_eq!(frame[21..25], crc(&[id, &frame[..21]]));
    assert_eq!(&frame[25..32], b"payload");
    assert_eq!(frame[32..], crc(&[id, &frame[..32]]));
    let commit = &bytes[100..100 + 29 + 8];
    assert_eq!(commit[16..21], [0xf0, 0, 0, 0, 8]);
    assert_eq!(commit[25..29], [0, 0, 0, 1]);
    assert_eq!(commit[29..33], crc(&[id, frame]));
    let mark = &bytes[137..];
    assert_eq!(mark.len(), 29);
    assert_eq!(mark[..16], frame[..16]);
    assert_eq!(mark[16..21], [0xf1, 0, 0, 0, 0]);
}

proptest! {
    #[test]
    fn any_groups_come_back_whatever_the_segment_size(
        groups in proptest::collection::vec(
            proptest::collection::vec(
                (0..FIRST_RESERVED_KIND, proptest::collection::vec(any::<u8>(), 0..200)), 1..4),
            0..12),
        segment_bytes in 0..2000_u64,
        seed in any::<u64>(),
    ) {
        let (fs, mut journal) = open_plain(segment_bytes);
        let mut random = Seeded::new(seed);
        let mut expected = Vec::new();
        for group in &groups {
            let lent: Vec<(u8, &[u8])> = group.iter().map(|(k, p)| (*k, p.as_slice())).collect();
            journal.append(&lent).unwrap();
            expected.extend(group.iter().cloned());
            match random.below(4) {
                0 => journal.mark().unwrap(),
                1 => journal = open(fs.clone(), config(segment_bytes)).0,
                _ => {}
            }
        }
        drop(journal);

        let (_, frames, opened) = open(fs, config(segment_bytes));

        let found: Vec<(u8, Vec<u8>)> =
            frames.iter().map(|frame| (frame.kind.get(), frame.payload.clone())).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!((opened.torn, opened.damage), (None, Vec::new()));
    }

    #[test]
    fn no_bytes_behind_a_header_pass_for_a_frame(
        garbage in proptest::collection::vec(any::<u8>(), 0..4000), last in any::<bool>(),
    ) {
        let (fs, mut journal) = open_plain(1 << 20);
        journal.append(&[(1, b"real")]).unwrap();
        let mut bytes = fs.contents(&fs.names()[0]).unwrap();
        let header = Header::parse(&bytes).unwrap();
        bytes.truncate(HEADER_BYTES);
        bytes.extend(&garbage);

        let mut handed_out = 0;
        let found = scan::<Infallible>(&bytes, &header, last, &mut |_| {
            handed_out += 1;
            Ok(())
        });

        let Ok(found) = found;
        prop_assert_eq!(handed_out, 0);
        prop_assert_eq!(found.end, HEADER_BYTES);
        prop_assert_eq!(found.torn, last && !garbage.is_empty());
    }

    #[test]
    fn the_simulated_folder_behaves_like_a_real_one(
        writes in proptest::collection::vec((0..3000_u64, 0..900_usize, any::<u8>()), 0..12),
        cut in proptest::option::of(0..3000_u64),
    ) {
        let folder = Folder::new();
        let disk = DiskFs::open(folder.path()).unwrap();
        let simulated = SimulatedFs::new(1);
        let (real, model) =
            (disk.create_new("f").unwrap(), simulated.create_new("f").unwrap());
        for (offset, length, byte) in writes {
            let bytes = vec![byte; length];
            prop_assert_eq!(
                disk.write_at(&real, offset, &bytes).unwrap(),
                simulated.write_at(&model, offset, &bytes).unwrap()
            );
        }
        if let Some(length) = cut {
            disk.set_length(&real, length).unwrap();
            simulated.set_length(&model, length).unwrap();
        }
        prop_assert_eq!(disk.length(&real).unwrap(), simulated.length(&model).unwrap());
        prop_assert_eq!(
            read_up_to(&disk, &real, 0, 5000).unwrap(),
            read_up_to(&simulated, &model, 0, 5000).unwrap()
        );
    }
}
