//! Opening from the newest frame backwards, for whoever keeps an index in the journal: what it
//! covers need not be read again before work begins.
//!
//! It never trusts more than a sound header, an exact length and a sound footer, says which
//! segments it has not compared with theirs, and leaves every doubt to the opening that reads
//! everything.

use super::append::{Journal, Sealed, State, segment_name};
use super::disk::FileSystem;
use super::durable::read_up_to;
use super::frame::{FRAME_OVERHEAD, Footer, Form, HEAD_BYTES, HEADER_BYTES, Header};
use super::frame::{SegmentId, read_frame};
use super::open::{Last, OpenError, Opened, Survey, read_segment};
use super::scan::{Scan, scan};
use super::{Config, Damage, DamageCause, FrameKind, FrameRef, Location, Lsn, MAX_SEGMENT_BYTES};
use crate::random::Random;
use aws_lc_rs::digest;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;

/// Whether whoever reads needs older frames too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// What was given is enough.
    Enough,
    /// The frame before it, too.
    Older,
}

/// What opening from the newest frame backwards came to.
pub enum NewestFirst<F: FileSystem> {
    /// Something is not as it should be: [`Journal::open`] reads everything and says what. Frames
    /// may have been visited; they are visited again.
    Doubtful(F),
    /// The journal, and what was found.
    Opened(Box<Journal<F>>, Opened),
}

/// Sealed segments whose bytes are what their footers say. Making this needs no key.
#[derive(Debug, Default)]
pub struct Vouched {
    segments: BTreeMap<u64, ([u8; 16], u64)>,
}

impl Vouched {
    /// Compares segments with their footers, the newest first, until all are done or `is_over`
    /// says that there is no more time. Changes nothing. What it passes over is left to others.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn look<F: FileSystem>(fs: &F, is_over: &dyn Fn() -> bool) -> io::Result<Self> {
        let mut vouched = Self::default();
        let mut names = fs.list()?;
        names.sort_unstable_by(|one, other| other.cmp(one));
        for name in names {
            if is_over() {
                break;
            }
            let Some((header, bytes)) = look_at(fs, &name, is_over) else { continue };
            vouched.segments.insert(header.number, (header.id.0, bytes));
        }
        Ok(vouched)
    }

    fn covers(&self, number: u64, sealed: &Sealed) -> bool {
        self.segments.get(&number) == Some(&(sealed.id.0, sealed.bytes))
    }
}

fn look_at<F: FileSystem>(fs: &F, name: &str, is_over: &dyn Fn() -> bool) -> Option<(Header, u64)> {
    let file = fs.open(name).ok()?;
    let header = Header::parse(&read_up_to(fs, &file, 0, HEADER_BYTES).ok()?)?;
    if segment_name(header.number) != name {
        return None;
    }
    let tail = Tail::read(fs, &file, header.id)?;
    is_hash_right(fs, &file, &tail, is_over).ok()?.then_some((header, tail.bytes))
}

/// The end of a sealed segment.
struct Tail {
    footer: Footer,
    last_group: u64,
    bytes: u64,
}

impl Tail {
    fn read<F: FileSystem>(fs: &F, file: &F::File, id: SegmentId) -> Option<Self> {
        let bytes = fs.length(file).ok().filter(|length| *length <= MAX_SEGMENT_BYTES)?;
        let start = bytes.checked_sub(FOOTER_BYTES).filter(|at| *at >= HEADER_BYTES as u64)?;
        let frame = read_up_to(fs, file, start, usize::try_from(FOOTER_BYTES).ok()?).ok()?;
        let (head, body) = read_frame(&frame, id)?;
        let footer = Footer::parse(body)?;
        let fits = head.kind == FrameKind::FOOTER && head.lsn == footer.last_lsn;
        fits.then_some(Self { footer, last_group: head.group, bytes })
    }
}

/// Reads all bytes before the footer, a little at a time; false also when there is no more time.
fn is_hash_right<F: FileSystem>(
    fs: &F,
    file: &F::File,
    tail: &Tail,
    is_over: &dyn Fn() -> bool,
) -> io::Result<bool> {
    let end = tail.bytes.saturating_sub(FOOTER_BYTES);
    let mut digest = digest::Context::new(&digest::SHA256);
    let mut offset = 0;
    while offset < end {
        if is_over() {
            return Ok(false);
        }
        let length = usize::try_from(end - offset).unwrap_or(usize::MAX).min(STRIDE_BYTES);
        let bytes = read_up_to(fs, file, offset, length)?;
        if bytes.is_empty() {
            return Ok(false);
        }
        digest.update(&bytes);
        offset = offset.saturating_add(bytes.len() as u64);
    }
    Ok(digest.finish().as_ref() == tail.footer.sha256)
}

impl<F: FileSystem> Journal<F> {
    /// Opens the journal and hands frames to `visit` from the newest back, as long as it wants
    /// older ones. The last segment and every segment that is visited are checked as by
    /// [`Self::open`]; so are, beforehand, those that `vouched` names. For what is left see
    /// [`Self::check_next`].
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_newest_first<E>(
        fs: F,
        config: Config,
        random: &mut dyn Random,
        vouched: &Vouched,
        visit: &mut dyn FnMut(FrameRef<'_>) -> Result<Wanted, E>,
    ) -> Result<NewestFirst<F>, OpenError<E>> {
        let mut survey = Survey::of(&fs, config)?;
        survey.replace_retired(&fs)?;
        let mut journal = Self::empty(fs, config, &survey, random);
        let Some((last, order)) = journal.survey_sealed(&survey, vouched) else {
            return Ok(NewestFirst::Doubtful(journal.fs));
        };
        let mut frames = 0;
        let mut wanted = Wanted::Older;
        if let Some(last) = &last {
            wanted = back(&last.bytes, &last.header, &last.places, &mut frames, visit)?;
        }
        for header in order.iter().rev() {
            if wanted == Wanted::Enough {
                break;
            }
            let Some((bytes, places)) = journal.read_sealed(header) else {
                return Ok(NewestFirst::Doubtful(journal.fs));
            };
            wanted = back(&bytes, header, &places, &mut frames, visit)?;
        }
        let segments = survey.segments.len();
        let torn = journal.settle(survey, last.map(LastRead::into_last))?;
        let opened = Opened { torn, damage: Vec::new(), segments, frames };
        Ok(NewestFirst::Opened(Box::new(journal), opened))
    }

    /// Reads what says how segments join, and the last segment whole; `None` where a doubt is.
    fn survey_sealed(
        &mut self,
        survey: &Survey,
        vouched: &Vouched,
    ) -> Option<(Option<LastRead>, Vec<Header>)> {
        if !survey.damage.is_empty() {
            return None;
        }
        let mut last = None;
        let mut order = Vec::new();
        for (place, header) in survey.segments.iter().enumerate() {
            if header.first_lsn != self.next_lsn {
                return None;
            }
            let (last_lsn, last_group);
            if place + 1 == survey.segments.len() && header.form == Form::Appended {
                let (bytes, found, places) = self.scan_whole(header, true)?;
                (last_lsn, last_group) = (found.last_lsn, found.last_group);
                last = Some(LastRead { header: *header, bytes, scan: found, places });
            } else {
                let file = self.fs.open(&segment_name(header.number)).ok()?;
                let tail = Tail::read(&self.fs, &file, header.id)?;
                (last_lsn, last_group) = (tail.footer.last_lsn, tail.last_group);
                self.keep_surveyed(header, &tail, vouched)?;
                order.push(*header);
            }
            self.next_lsn = self.next_lsn.max(last_lsn.next());
            self.next_group = self.next_group.max(last_group.saturating_add(1));
        }
        Some((last, order))
    }

    fn keep_surveyed(&mut self, header: &Header, tail: &Tail, vouched: &Vouched) -> Option<()> {
        // A footer cannot answer for less than its header begins with.
        if tail.footer.last_lsn.next() < header.first_lsn {
            return None;
        }
        let bytes = usize::try_from(tail.bytes).ok()?;
        self.keep_sealed(header, tail.footer.last_lsn, tail.last_group, bytes);
        let sealed = self.sealed.get_mut(&header.number)?;
        sealed.checked = vouched.covers(header.number, sealed);
        Some(())
    }

    /// Reads and checks a whole segment; `None` if it is damaged.
    fn scan_whole(&self, header: &Header, may_tear: bool) -> Option<(Vec<u8>, Scan, Vec<Place>)> {
        let bytes = read_segment(&self.fs, header.number).ok()?;
        let mut places = Vec::new();
        let Ok(found) = scan::<Infallible>(&bytes, header, may_tear, &mut |frame| {
            places.push(Place {
                lsn: frame.lsn,
                group: frame.group,
                kind: frame.kind,
                offset: frame.location.offset,
                length: frame.payload.len(),
            });
            Ok(())
        });
        found.damage.is_empty().then_some((bytes, found, places))
    }

    fn read_sealed(&mut self, header: &Header) -> Option<(Vec<u8>, Vec<Place>)> {
        let (bytes, _, places) = self.scan_whole(header, false)?;
        self.sealed.get_mut(&header.number)?.checked = true;
        Some((bytes, places))
    }

    /// Returns whether there are segments that nobody has compared with their footers since the
    /// journal was opened.
    pub fn has_unchecked(&self) -> bool {
        self.sealed.values().any(|sealed| !sealed.checked)
    }

    /// Compares one more segment with its footer and returns what is wrong with it; `None` when
    /// all are checked. Where anything is wrong the journal is read-only from then on, as if it
    /// had been found when opening.
    pub fn check_next(&mut self) -> Option<Vec<Damage>> {
        let unchecked = self.sealed.iter().rev().find(|(_, sealed)| !sealed.checked);
        let (number, sealed) = unchecked.map(|(number, sealed)| (*number, *sealed))?;
        let is_sound = look_at(&self.fs, &segment_name(number), &|| false)
            .is_some_and(|(header, bytes)| header.id == sealed.id && bytes == sealed.bytes);
        if let Some(sealed) = self.sealed.get_mut(&number) {
            sealed.checked = true;
        }
        if is_sound {
            return Some(Vec::new());
        }
        self.state = State::Damaged;
        let mut damage = self.verify_number(number);
        if damage.is_empty() {
            // It reads now; that the disk gave something else a moment ago is bad enough.
            damage.push(Damage { segment: number, offset: 0, cause: DamageCause::Unreadable });
        }
        Some(damage)
    }
}

/// The segment that may be torn, and where its frames lie.
struct LastRead {
    header: Header,
    bytes: Vec<u8>,
    scan: Scan,
    places: Vec<Place>,
}

impl LastRead {
    fn into_last(self) -> Last {
        Last { header: self.header, bytes: self.bytes, scan: self.scan }
    }
}

/// Where a frame lies in the bytes of its segment.
struct Place {
    lsn: Lsn,
    group: u64,
    kind: FrameKind,
    offset: u64,
    length: usize,
}

fn back<E>(
    bytes: &[u8],
    header: &Header,
    places: &[Place],
    frames: &mut u64,
    visit: &mut dyn FnMut(FrameRef<'_>) -> Result<Wanted, E>,
) -> Result<Wanted, OpenError<E>> {
    for place in places.iter().rev() {
        let Place { lsn, group, kind, offset, length } = *place;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(HEAD_BYTES);
        let payload = bytes.get(start..start.saturating_add(length)).unwrap_or_default();
        let location = Location { segment: header.number, offset };
        *frames = frames.saturating_add(1);
        let frame = FrameRef { lsn, group, kind, payload, location };
        if visit(frame).map_err(OpenError::Visit)? == Wanted::Enough {
            return Ok(Wanted::Enough);
        }
    }
    Ok(Wanted::Older)
}

/// Length of a footer with its frame.
const FOOTER_BYTES: u64 = (FRAME_OVERHEAD + 48) as u64;
/// So much is read at once when bytes are compared with a footer: memory stays small.
const STRIDE_BYTES: usize = 256 << 10;
