//! Reading one segment from its first byte to its last: which groups are whole, whether it ends
//! in a torn tail or is damaged. Pure; it decides nothing about files.

use super::frame::{FRAME_OVERHEAD, commit_payload, read_frame, read_head};
use super::frame::{Footer, Form, HEADER_BYTES, Head, Header, Manifest};
use super::{Damage, DamageCause, FrameKind, FrameRef, Location, Lsn};
use aws_lc_rs::digest;
use std::ops::Range;

/// What one segment holds.
pub(super) struct Scan {
    /// End of the last whole item: header, group, mark or footer.
    pub(super) end: usize,
    /// Start of that item.
    pub(super) last_item: usize,
    /// Whether that item is a mark.
    pub(super) marked: bool,
    /// The highest LSN that the segment answers for.
    pub(super) last_lsn: Lsn,
    /// The highest group.
    pub(super) last_group: u64,
    /// How many data frames are in whole groups.
    pub(super) frames: u64,
    /// The footer, if the segment takes no more.
    pub(super) footer: Option<Footer>,
    /// What a collected segment replaces.
    pub(super) manifest: Option<Manifest>,
    /// Whether bytes behind `end` are a group or mark that was never acknowledged.
    pub(super) torn: bool,
    /// Where it is damaged.
    pub(super) damage: Vec<Damage>,
}

/// Reads a segment whose header is known. `may_tear` is said of the active segment only.
///
/// Whole groups are handed to `emit`, also those behind damage: they are unharmed, and a repair
/// needs them.
pub(super) fn scan<E>(
    bytes: &[u8],
    header: &Header,
    may_tear: bool,
    emit: &mut dyn FnMut(FrameRef<'_>) -> Result<(), E>,
) -> Result<Scan, E> {
    let mut scanner = Scanner::new(bytes, header);
    let mut in_damage = false;
    let mut offset = HEADER_BYTES;
    while offset < bytes.len() {
        match scanner.item(offset) {
            Ok(item) => {
                for frame in &item.frames {
                    emit(*frame)?;
                }
                in_damage = false;
                offset = item.end;
                scanner.accept(&item);
            }
            Err(bad) => {
                if may_tear && scanner.scan.damage.is_empty() && !scanner.is_followed(bad) {
                    scanner.scan.torn = true;
                    break;
                }
                if !in_damage {
                    scanner.damage(bad, DamageCause::Frame);
                    in_damage = true;
                }
                match scanner.resume_after(bad) {
                    Some(next) => offset = next,
                    None => break,
                }
            }
        }
    }
    let sealed = scanner.scan.footer.is_some();
    if !sealed && !may_tear {
        scanner.damage(bytes.len(), DamageCause::Footer);
    }
    if header.form == Form::Collected && scanner.scan.manifest.is_none() {
        scanner.damage(HEADER_BYTES, DamageCause::Frame);
    }
    Ok(scanner.scan)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    header: &'a Header,
    scan: Scan,
}

/// What commits as one.
struct Item<'a> {
    start: usize,
    end: usize,
    frames: Vec<FrameRef<'a>>,
    last: Head,
    body: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn new(bytes: &'a [u8], header: &'a Header) -> Self {
        let scan = Scan {
            end: HEADER_BYTES,
            last_item: 0,
            marked: false,
            last_lsn: Lsn::new(header.first_lsn.get().saturating_sub(1)),
            last_group: header.first_group.saturating_sub(1),
            frames: 0,
            footer: None,
            manifest: None,
            torn: false,
            damage: Vec::new(),
        };
        Self { bytes, header, scan }
    }

    fn damage(&mut self, offset: usize, cause: DamageCause) {
        let offset = offset as u64;
        self.scan.damage.push(Damage { segment: self.header.number, offset, cause });
    }

    /// Reads the item at `start`, or says at which offset it stops making sense.
    fn item(&self, start: usize) -> Result<Item<'a>, usize> {
        let mut frames: Vec<FrameRef<'a>> = Vec::new();
        let mut offset = start;
        loop {
            let rest = self.bytes.get(offset..).unwrap_or_default();
            let (head, body) = read_frame(rest, self.header.id).ok_or(offset)?;
            let end = offset + FRAME_OVERHEAD + head.length;
            let previous = frames.last().copied();
            let fits = match head.kind {
                FrameKind::COMMIT => self.commit_fits(&head, body, &frames, start..offset),
                FrameKind::FOOTER => frames.is_empty() && self.footer_fits(&head, body, start),
                FrameKind::MANIFEST => {
                    self.header.form == Form::Collected
                        && start == HEADER_BYTES
                        && frames.is_empty()
                        && Manifest::parse(body).is_some()
                }
                FrameKind::MARK => {
                    frames.is_empty() && body.is_empty() && head.lsn == self.scan.last_lsn
                }
                _ => self.frame_fits(&head, previous),
            };
            if !fits || self.scan.footer.is_some() {
                return Err(offset);
            }
            if head.kind.is_journal_own() {
                return Ok(Item { start, end, frames, last: head, body });
            }
            let location = Location { segment: self.header.number, offset: offset as u64 };
            let (lsn, group, kind) = (head.lsn, head.group, head.kind);
            frames.push(FrameRef { lsn, group, kind, payload: body, location });
            offset = end;
        }
    }

    fn frame_fits(&self, head: &Head, previous: Option<FrameRef<'_>>) -> bool {
        // Behind damage, and where the collector left things out, numbers only rise.
        let gaps = self.header.form == Form::Collected || !self.scan.damage.is_empty();
        let last_lsn = previous.map_or(self.scan.last_lsn, |frame| frame.lsn);
        let lsn_fits = head.lsn == last_lsn.next() || (gaps && head.lsn > last_lsn);
        let group_fits = match previous {
            Some(frame) => head.group == frame.group,
            None => {
                head.group == self.scan.last_group.saturating_add(1)
                    || (gaps && head.group > self.scan.last_group)
            }
        };
        lsn_fits && group_fits
    }

    fn commit_fits(
        &self,
        head: &Head,
        body: &[u8],
        frames: &[FrameRef<'_>],
        span: Range<usize>,
    ) -> bool {
        let covered = self.bytes.get(span).unwrap_or_default();
        frames.last().is_some_and(|last| last.group == head.group && last.lsn == head.lsn)
            && body == commit_payload(self.header.id, covered, frames.len())
    }

    fn footer_fits(&self, head: &Head, body: &[u8], start: usize) -> bool {
        let Some(footer) = Footer::parse(body) else {
            return false;
        };
        let covered = self.bytes.get(..start).unwrap_or_default();
        let lsn_fits = match self.header.form {
            Form::Appended => footer.last_lsn == self.scan.last_lsn,
            // It answers for all that it replaced, copied or not.
            Form::Collected => footer.last_lsn >= self.scan.last_lsn,
        };
        if !self.scan.damage.is_empty() {
            // What is missing is reported already; count and hash cannot fit any more.
            return head.lsn == footer.last_lsn && footer.last_lsn >= self.scan.last_lsn;
        }
        lsn_fits
            && head.lsn == footer.last_lsn
            && footer.frames == self.scan.frames
            && digest::digest(&digest::SHA256, covered).as_ref() == footer.sha256
    }

    fn accept(&mut self, item: &Item<'_>) {
        let scan = &mut self.scan;
        scan.end = item.end;
        scan.last_item = item.start;
        scan.marked = item.last.kind == FrameKind::MARK;
        scan.frames += item.frames.len() as u64;
        match item.last.kind {
            FrameKind::MANIFEST => scan.manifest = Manifest::parse(item.body),
            FrameKind::FOOTER => scan.footer = Footer::parse(item.body),
            _ => {}
        }
        if item.last.kind != FrameKind::MANIFEST {
            scan.last_lsn = scan.last_lsn.max(item.last.lsn);
            scan.last_group = scan.last_group.max(item.last.group);
        }
    }

    /// Returns whether something follows that is only ever written once the bad group had been
    /// synced: a later group, a mark or a footer. The head's own check is proof enough, except at
    /// the bad place itself, where a torn mark may have a whole head.
    fn is_followed(&self, bad: usize) -> bool {
        let torn_group = self.scan.last_group.saturating_add(1);
        let is_later = |head: &Head| match head.kind {
            FrameKind::MARK | FrameKind::FOOTER => head.group >= self.scan.last_group,
            _ => head.group > torn_group,
        };
        let misplaced = read_frame(self.bytes.get(bad..).unwrap_or_default(), self.header.id);
        self.scan.footer.is_some()
            || misplaced.is_some_and(|(head, _)| is_later(&head))
            || self.heads_after(bad).any(|(_, head)| is_later(&head))
    }

    fn resume_after(&self, bad: usize) -> Option<usize> {
        let found = self.heads_after(bad).find(|(offset, head)| {
            let rest = self.bytes.get(*offset..).unwrap_or_default();
            head.group >= self.scan.last_group && read_frame(rest, self.header.id).is_some()
        });
        found.map(|(offset, _)| offset)
    }

    /// Tries every offset: where a length cannot be believed, nothing says where frames start.
    fn heads_after(&self, bad: usize) -> impl Iterator<Item = (usize, Head)> {
        (bad.saturating_add(1)..self.bytes.len()).filter_map(|offset| {
            let head = read_head(self.bytes.get(offset..)?, self.header.id)?;
            Some((offset, head))
        })
    }
}
