//! Bytes of a segment: its header, frames, and the payloads of the journal's own frames. The
//! layout is documented in the module above. Nothing here touches a file.

use super::{FrameKind, Lsn, MAX_PAYLOAD_BYTES};
use crate::codec::{Reader, Writer};

/// The secret of a segment that every check covers: bytes that a peer sends can never be read as
/// a frame, whatever they look like, because the peer cannot know it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct SegmentId(pub(super) [u8; 16]);

/// How a segment came to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Groups were appended; LSN and groups are without gaps.
    Appended,
    /// The collector copied what was live; LSN and groups only rise.
    Collected,
}

/// The first 64 bytes of a segment.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) class: [u8; 8],
    pub(super) number: u64,
    pub(super) first_lsn: Lsn,
    pub(super) first_group: u64,
    pub(super) form: Form,
    pub(super) id: SegmentId,
}

impl Header {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .fixed(&MAGIC)
            .fixed(&self.class)
            .u64(self.number)
            .u64(self.first_lsn.get())
            .u64(self.first_group)
            .u8(match self.form {
                Form::Appended => 0,
                Form::Collected => 1,
            })
            .fixed(&[0; 3])
            .fixed(&self.id.0);
        let check = crc32fast::hash(writer.as_slice());
        writer.u32(check);
        writer.into_bytes()
    }

    /// Returns nothing for bytes that are not a whole, unharmed header.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let mut reader = Reader::new(bytes);
        if reader.fixed().ok()? != MAGIC {
            return None;
        }
        let header = Self {
            class: reader.fixed().ok()?,
            number: reader.u64().ok()?,
            first_lsn: Lsn::new(reader.u64().ok()?),
            first_group: reader.u64().ok()?,
            form: match reader.u8().ok()? {
                0 => Form::Appended,
                1 => Form::Collected,
                _ => return None,
            },
            id: {
                reader.slice(3).ok()?;
                SegmentId(reader.fixed().ok()?)
            },
        };
        // Compared as a whole, so that there is one way to write a header.
        (header.to_bytes() == bytes).then_some(header)
    }
}

/// The fixed part of a frame.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) lsn: Lsn,
    pub(super) group: u64,
    pub(super) kind: FrameKind,
    pub(super) length: usize,
}

/// Writes one frame.
pub(super) fn write_frame(
    out: &mut Writer,
    id: SegmentId,
    (lsn, group): (Lsn, u64),
    kind: FrameKind,
    payload: &[u8],
) {
    let mut head = Writer::new();
    // The limits were checked before: a payload's length always fits.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    head.u64(lsn.get()).u64(group).u8(kind.get()).u32(length);
    let head_check = check(id, &[head.as_slice()]);
    head.u32(head_check);
    let frame_check = check(id, &[head.as_slice(), payload]);
    out.fixed(head.as_slice()).fixed(payload).u32(frame_check);
}

/// Ends the group whose `count` frames, and nothing else, `out` holds. The commit's check over
/// all of them keeps the halves of two attempts at one group from passing for a whole.
pub(super) fn write_commit(out: &mut Writer, id: SegmentId, last: (Lsn, u64), count: usize) {
    let payload = commit_payload(id, out.as_slice(), count);
    write_frame(out, id, last, FrameKind::COMMIT, &payload);
}

/// Returns what the commit of a group must say: the count, and a check over the group's frames.
pub(super) fn commit_payload(id: SegmentId, frames: &[u8], count: usize) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u32(u32::try_from(count).unwrap_or(u32::MAX)).u32(check(id, &[frames]));
    writer.into_bytes()
}

/// Reads the fixed part of a frame from the front of `bytes`, if its own check holds.
pub(super) fn read_head(bytes: &[u8], id: SegmentId) -> Option<Head> {
    let bytes: &[u8; HEAD_BYTES] = bytes.first_chunk()?;
    let mut reader = Reader::new(bytes);
    let lsn = Lsn::new(reader.u64().ok()?);
    let group = reader.u64().ok()?;
    let kind = FrameKind::any(reader.u8().ok()?);
    let length = usize::try_from(reader.u32().ok()?).ok()?;
    let covered = bytes.get(..HEAD_BYTES - CHECK_BYTES)?;
    if length > MAX_PAYLOAD_BYTES || reader.u32().ok()? != check(id, &[covered]) {
        return None;
    }
    Some(Head { lsn, group, kind, length })
}

/// Reads a whole frame from the front of `bytes`, if both checks hold.
pub(super) fn read_frame(bytes: &[u8], id: SegmentId) -> Option<(Head, &[u8])> {
    let head = read_head(bytes, id)?;
    let (covered, rest) = bytes.split_at_checked(HEAD_BYTES + head.length)?;
    let stored = Reader::new(rest).u32().ok()?;
    if stored != check(id, &[covered]) {
        return None;
    }
    Some((head, covered.get(HEAD_BYTES..)?))
}

/// The last frame of a segment that takes no more.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Footer {
    pub(super) frames: u64,
    pub(super) last_lsn: Lsn,
    pub(super) sha256: [u8; 32],
}

impl Footer {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u64(self.frames).u64(self.last_lsn.get()).fixed(&self.sha256);
        writer.into_bytes()
    }

    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        let footer = Self {
            frames: reader.u64().ok()?,
            last_lsn: Lsn::new(reader.u64().ok()?),
            sha256: reader.fixed().ok()?,
        };
        reader.finish().ok().map(|()| footer)
    }
}

/// Which segments a collected segment replaces: number and id of each.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Manifest {
    pub(super) retired: Vec<(u64, SegmentId)>,
}

impl Manifest {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.list(&self.retired, |writer, (number, id)| {
            writer.u64(*number).fixed(&id.0);
        });
        writer.into_bytes()
    }

    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        let retired = reader
            .list(MAX_RETIRED, |reader| Ok((reader.u64()?, SegmentId(reader.fixed()?))))
            .ok()?;
        reader.finish().ok().map(|()| Self { retired })
    }
}

fn check(id: SegmentId, parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&id.0);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// Opens every segment; the last byte is the version of the layout.
pub(super) const MAGIC: [u8; 8] = *b"TACJRNL1";
/// Length of a segment's header.
pub(super) const HEADER_BYTES: usize = 64;
/// Length of a frame before its payload, its own check included.
pub(super) const HEAD_BYTES: usize = 25;
/// Length of a check.
pub(super) const CHECK_BYTES: usize = 4;
/// Length of a commit's payload.
pub(super) const COMMIT_BYTES: usize = 8;
/// What a frame costs beside its payload.
pub(super) const FRAME_OVERHEAD: usize = HEAD_BYTES + CHECK_BYTES;
/// How many segments one collected segment may replace.
pub(super) const MAX_RETIRED: usize = 1024;
