//! Opening a journal: what is there, in which order, what was torn, what is damaged.
//!
//! Everything is read before anything is changed, and where there is damage nothing is changed.

use super::append::{Active, Journal, SEGMENT_SUFFIX, Sealed, State, segment_name};
use super::disk::FileSystem;
use super::durable::{is_planted, read_up_to, sync_file, sync_folder, write_all};
use super::frame::{CHECK_BYTES, read_frame, read_head};
use super::frame::{Form, HEAD_BYTES, HEADER_BYTES, Header, Manifest};
use super::scan::{Scan, scan};
use super::{Config, Damage, DamageCause, FrameKind, FrameRef, Lsn, MAX_SEGMENT_BYTES, Torn};
use crate::random::Random;
use aws_lc_rs::digest;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// What was found when opening.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Opened {
    /// The tail that was never acknowledged and has been cut.
    pub torn: Option<Torn>,
    /// Where the journal is damaged. If anywhere, it is read-only.
    pub damage: Vec<Damage>,
    /// How many segments there are.
    pub segments: usize,
    /// How many frames were visited.
    pub frames: u64,
}

/// Why a journal was not opened. Nothing has been changed unless `Disk` says otherwise.
#[derive(Debug, Error)]
pub enum OpenError<E> {
    /// A segment belongs to a journal of another class.
    #[error("segment {segment} belongs to another kind of journal")]
    Class {
        /// Number of the segment.
        segment: u64,
    },
    /// The disk failed; opening again is safe.
    #[error("the disk failed")]
    Disk(#[from] io::Error),
    /// The visitor stopped.
    #[error("the reader of the journal stopped")]
    Visit(#[source] E),
}

impl<F: FileSystem> Journal<F> {
    /// Opens the journal in the folder of `fs`, or starts one, and hands every frame that was
    /// acknowledged to `visit`, ordered by LSN. Whole groups that nobody was told of may follow.
    ///
    /// # Errors
    /// See [`OpenError`]. Damage is not an error: see [`Opened::damage`].
    pub fn open<E>(
        fs: F,
        config: Config,
        random: &mut dyn Random,
        visit: &mut dyn FnMut(FrameRef<'_>) -> Result<(), E>,
    ) -> Result<(Self, Opened), OpenError<E>> {
        let mut survey = Survey::of(&fs, config)?;
        survey.replace_retired(&fs)?;
        let mut journal = Self::empty(fs, config, &survey, random);
        let last = journal.read_segments(&mut survey, visit)?;
        let mut opened = Opened {
            torn: None,
            segments: survey.segments.len(),
            frames: survey.frames,
            damage: std::mem::take(&mut survey.damage),
        };
        if opened.damage.is_empty() {
            opened.torn = journal.settle(survey, last)?;
        } else {
            journal.state = State::Damaged;
            journal.keep_readable(last);
        }
        Ok((journal, opened))
    }

    pub(super) fn empty(fs: F, config: Config, survey: &Survey, random: &mut dyn Random) -> Self {
        Self {
            fs,
            config,
            sealed: BTreeMap::new(),
            active: None,
            next_lsn: Lsn::new(1),
            next_group: 1,
            next_number: survey.highest.saturating_add(1),
            seed: random.bytes(),
            state: State::Writable,
            new_segment_first: config.new_segment_on_open,
            left: Vec::new(),
            suspect: AtomicBool::new(false),
            kept_open: Mutex::new(None),
        }
    }

    /// Reads all segments in order; returns the last one, if groups may be appended to it.
    fn read_segments<E>(
        &mut self,
        survey: &mut Survey,
        visit: &mut dyn FnMut(FrameRef<'_>) -> Result<(), E>,
    ) -> Result<Option<Last>, OpenError<E>> {
        let mut last = None;
        let segments = survey.segments.clone();
        for (place, header) in segments.iter().enumerate() {
            let is_last = place + 1 == segments.len() && header.form == Form::Appended;
            let number = header.number;
            if header.first_lsn != self.next_lsn {
                survey.harm(number, 0, DamageCause::Sequence);
            }
            let Ok(bytes) = read_segment(&self.fs, number) else {
                survey.harm(number, 0, DamageCause::Unreadable);
                continue;
            };
            let frames = &mut survey.frames;
            let found = scan(&bytes, header, is_last, &mut |frame| {
                *frames = frames.saturating_add(1);
                visit(frame)
            });
            let found = found.map_err(OpenError::Visit)?;
            survey.damage.extend(found.damage.iter().copied());
            // A collected segment answers for what it left out, too.
            let last_lsn = found.footer.map_or(found.last_lsn, |footer| footer.last_lsn);
            self.next_lsn = self.next_lsn.max(last_lsn.next());
            self.next_group = self.next_group.max(found.last_group.saturating_add(1));
            if is_last {
                last = Some(Last { header: *header, bytes, scan: found });
            } else {
                self.keep_sealed(header, last_lsn, found.last_group, bytes.len());
            }
        }
        Ok(last)
    }

    pub(super) fn keep_sealed(
        &mut self,
        header: &Header,
        last_lsn: Lsn,
        last_group: u64,
        bytes: usize,
    ) {
        let Header { id, first_lsn, first_group, .. } = *header;
        let bytes = bytes as u64;
        let checked = true;
        let sealed = Sealed { id, first_lsn, first_group, last_lsn, last_group, bytes, checked };
        self.sealed.insert(header.number, sealed);
    }

    /// Lets frames of a damaged journal be read where they are unharmed.
    fn keep_readable(&mut self, last: Option<Last>) {
        if let Some(last) = last {
            let found = last.scan;
            self.keep_sealed(&last.header, found.last_lsn, found.last_group, last.bytes.len());
        }
    }

    /// Puts an undamaged folder in order: what was left over goes, a torn tail is cut, and what
    /// may not have reached the disk is written again.
    pub(super) fn settle(
        &mut self,
        survey: Survey,
        last: Option<Last>,
    ) -> Result<Option<Torn>, io::Error> {
        // Names that are only in memory must be on the disk before anything they replace goes.
        sync_folder(&self.fs)?;
        let mut torn = None;
        for (number, length) in &survey.stillborn {
            torn = Some(Torn { segment: *number, offset: 0, bytes: *length });
        }
        let stillborn = survey.stillborn.iter().map(|(number, _)| number);
        let segments = stillborn.chain(&survey.unused).chain(&survey.retired);
        let mut leftover: Vec<String> = segments.map(|number| segment_name(*number)).collect();
        leftover.extend(survey.parts);
        for name in &leftover {
            self.fs.remove(name)?;
        }
        if !leftover.is_empty() {
            sync_folder(&self.fs)?;
        }
        if let Some(last) = last {
            torn = self.settle_last(last)?.or(torn);
        }
        Ok(torn)
    }

    fn settle_last(&mut self, last: Last) -> Result<Option<Torn>, io::Error> {
        let Last { header, mut bytes, scan: found } = last;
        let file = self.fs.open(&segment_name(header.number))?;
        let end = found.end as u64;
        let cut = bytes.len().saturating_sub(found.end) as u64;
        let torn = found.torn.then_some(Torn { segment: header.number, offset: end, bytes: cut });
        if !is_planted("no_tail_cut") {
            // Also where no tail is seen: an earlier cut may have been lost with a failed sync.
            self.fs.set_length(&file, end)?;
            bytes.truncate(found.end);
        }
        let item = bytes.get(found.last_item..found.end).unwrap_or_default();
        write_all(&self.fs, &file, found.last_item as u64, item)?;
        sync_file(&self.fs, &file)?;
        if found.footer.is_some() {
            self.keep_sealed(&header, found.last_lsn, found.last_group, bytes.len());
            return Ok(torn);
        }
        let mut digest = digest::Context::new(&digest::SHA256);
        digest.update(&bytes);
        let marked = found.marked || found.end == HEADER_BYTES;
        let (bytes, frames) = (bytes.len() as u64, found.frames);
        self.active = Some(Active { file, header, bytes, frames, digest, marked });
        Ok(torn)
    }
}

/// The segment that groups go to, as it was found.
pub(super) struct Last {
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
    pub(super) scan: Scan,
}

/// What is in the folder.
pub(super) struct Survey {
    /// Segments that count, by first LSN.
    pub(super) segments: Vec<Header>,
    /// Files whose header was never finished, and their lengths.
    stillborn: Vec<(u64, u64)>,
    /// Segments that were given up before anything was kept in them.
    unused: Vec<u64>,
    /// Segments whose successor is sound.
    retired: Vec<u64>,
    /// Collections that were never committed.
    parts: Vec<String>,
    pub(super) damage: Vec<Damage>,
    highest: u64,
    frames: u64,
}

impl Survey {
    pub(super) fn of<F: FileSystem, E>(fs: &F, config: Config) -> Result<Self, OpenError<E>> {
        let mut survey = Self {
            segments: Vec::new(),
            stillborn: Vec::new(),
            unused: Vec::new(),
            retired: Vec::new(),
            parts: Vec::new(),
            damage: Vec::new(),
            highest: 0,
            frames: 0,
        };
        let mut lengths = BTreeMap::new();
        for name in fs.list()? {
            if parse_name(&name, PART_SUFFIX).is_some() {
                survey.parts.push(name);
                continue;
            }
            let Some(number) = parse_name(&name, SEGMENT_SUFFIX) else {
                continue;
            };
            survey.highest = survey.highest.max(number);
            let file = fs.open(&name)?;
            let length = fs.length(&file)?;
            lengths.insert(number, length);
            let Ok(bytes) = read_up_to(fs, &file, 0, HEADER_BYTES) else {
                survey.harm(number, 0, DamageCause::Unreadable);
                continue;
            };
            match Header::parse(&bytes) {
                Some(header) if header.class != config.class => {
                    return Err(OpenError::Class { segment: number });
                }
                Some(header) if header.number == number => survey.segments.push(header),
                None if length <= HEADER_BYTES as u64 => {
                    survey.stillborn.push((number, length));
                }
                Some(_) | None => survey.harm(number, 0, DamageCause::Header),
            }
        }
        survey.segments.sort_by_key(|header| (header.first_lsn, header.number));
        survey.set_unused_aside(&lengths);
        Ok(survey)
    }

    fn set_unused_aside(&mut self, lengths: &BTreeMap<u64, u64>) {
        let last = self.segments.last().map(|header| header.number);
        let (unused, used) = self.segments.iter().partition(|header| {
            header.form == Form::Appended
                && Some(header.number) != last
                && lengths.get(&header.number) == Some(&(HEADER_BYTES as u64))
        });
        self.segments = used;
        let unused: Vec<Header> = unused;
        self.unused = unused.iter().map(|header| header.number).collect();
    }

    fn harm(&mut self, segment: u64, offset: u64, cause: DamageCause) {
        self.damage.push(Damage { segment, offset, cause });
    }

    /// Where a collection was committed and what it replaced is still there, keeps one of both.
    pub(super) fn replace_retired<F: FileSystem>(&mut self, fs: &F) -> io::Result<()> {
        let collected: Vec<Header> =
            self.segments.iter().filter(|h| h.form == Form::Collected).copied().collect();
        for header in collected {
            let Some(manifest) = read_manifest(fs, &header)? else {
                // Reading the whole segment will say so.
                continue;
            };
            let retired = |other: &Header| manifest.retired.contains(&(other.number, other.id));
            if !self.segments.iter().any(retired) {
                continue;
            }
            let bytes = read_segment(fs, header.number)?;
            let Ok(found) = scan::<Infallible>(&bytes, &header, false, &mut |_| Ok(()));
            if found.damage.is_empty() {
                let gone = self.segments.iter().filter(|other| retired(other));
                self.retired.extend(gone.map(|other| other.number));
                self.segments.retain(|other| !retired(other));
            } else {
                self.damage.extend(found.damage);
                self.segments.retain(|other| other.number != header.number);
            }
        }
        Ok(())
    }
}

fn read_manifest<F: FileSystem>(fs: &F, header: &Header) -> io::Result<Option<Manifest>> {
    let file = fs.open(&segment_name(header.number))?;
    let start = HEADER_BYTES as u64;
    let Some(head) = read_head(&read_up_to(fs, &file, start, HEAD_BYTES)?, header.id) else {
        return Ok(None);
    };
    let bytes = read_up_to(fs, &file, start, HEAD_BYTES + head.length + CHECK_BYTES)?;
    let frame = read_frame(&bytes, header.id);
    let manifest = frame.filter(|(head, _)| head.kind == FrameKind::MANIFEST);
    Ok(manifest.and_then(|(_, payload)| Manifest::parse(payload)))
}

/// Reads a whole segment into memory.
pub(super) fn read_segment<F: FileSystem>(fs: &F, number: u64) -> io::Result<Vec<u8>> {
    let file = fs.open(&segment_name(number))?;
    let length = fs.length(&file)?;
    if length > MAX_SEGMENT_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
    read_up_to(fs, &file, 0, length)
}

fn parse_name(name: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_suffix(suffix)?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    (format!("{number:016x}") == digits).then_some(number)
}

/// What follows the number in the name of a collection that is not committed.
pub(super) const PART_SUFFIX: &str = ".part";
