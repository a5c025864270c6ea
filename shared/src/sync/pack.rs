//! A pack: entries of one log, as they stand in it, in far fewer bytes.
//!
//! Whoever reads a pack ends with the very envelopes, byte for byte: what is sealed lies in it open
//! and compressed together, and is sealed again with its own salt. So a pack needs no trust. Each
//! signature and the log's chain are checked as if the entries had come one by one; a pack that
//! does not lead there is a cache that failed, and the entries are fetched.
//!
//! What a draft's key seals stays sealed: that key dies before the pack's does.
//!
//! ```text
//! pack    format1 (= 1) count4 device16* unfolded4 heads(bytes) (unfolded4 text(bytes))* noise
//! heads   one zstd frame of `count` heads
//! head    form1 device2 kind1 suite1 flags1 dev_inc4 dev_seq8 [practice_seq4 practice_head32]
//!         slot_gen4 object16 schema2 seen8 [length4] [text4]
//!           form   1 prev_own is that of the device's envelope before in this pack
//!                  2 a stub    4 what is sealed lies in a text    8 seen_chain is this log's
//!                  16 cites what the entry before it cites
//!           device  its place in the list    dev_seq  less the device's before in this pack
//!           seen    this entry's position less seen_pos
//!           length  without form bit 4    text  with it: the length of the body there
//! text    one zstd frame of the bodies of one device and one kind, in the order in which the two
//!         first appear: compression never mixes authors, nor records with changes
//! noise   of each entry [prev_own32] [seen_chain32] [salt24, if sealed] signature64 [body | H(body)32]
//! ```

use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{
    Carried, Content, Envelope, EnvelopeError, Header, Kind, PracticeHead, Stub, check_header,
    seal_again, sealed_length,
};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, ObjectId, Position, PracticeId, PracticeSeq,
    SlotGeneration,
};
use crate::log::{LogHead, OwnHead};
use crate::plaintext;
use crate::suite::{Hash, Signature};
use std::collections::BTreeMap;
use thiserror::Error;
use zeroize::Zeroizing;

/// Entries of one pack at most: so many are opened without keeping anybody waiting.
pub const MAX_PACKED: usize = 512;
/// Fewer than these are not worth one.
pub const MIN_PACKED: usize = 16;
/// Bytes of a pack at most.
pub const MAX_PACK: usize = 512 * 1024;
/// Bytes that a pack may unfold to.
const MAX_UNFOLDED: usize = 4 << 20;
/// Bytes of a head at most.
const MAX_HEAD: usize = 96;
const FORMAT: u8 = 1;

const OWN_KNOWN: u8 = 1;
const STUB: u8 = 2;
const OPEN: u8 = 4;
const SEEN_KNOWN: u8 = 8;
const SAME_CITED: u8 = 16;

/// One entry on its way into a pack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Packable {
    /// As it stands in its log.
    pub carried: Carried,
    /// What is sealed in it, if it may lie in a pack open.
    pub content: Option<Content>,
}

/// Why a pack does not give its entries. Nothing is lost: they are fetched one by one.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PackError {
    /// It is not laid out as a pack is, or unfolds to too much.
    #[error("a pack is not well formed")]
    Malformed,
    /// The content key of this generation is not here.
    #[error("the key of a pack is not here")]
    NoKey(SlotGeneration),
}

impl From<CodecError> for PackError {
    fn from(_: CodecError) -> Self {
        Self::Malformed
    }
}

impl From<EnvelopeError> for PackError {
    fn from(_: EnvelopeError) -> Self {
        Self::Malformed
    }
}

/// A log as far as it is known to whoever reads or writes a pack.
pub struct Before<'a> {
    /// Its head, after which the pack begins.
    pub head: LogHead,
    /// Its chain at a position up to there.
    pub chain_at: &'a dyn Fn(Position) -> Option<Hash>,
}

/// What goes on from one entry of a pack to the next, the same for who writes and who reads.
struct Course<'a> {
    log: CompartmentId,
    before: &'a Before<'a>,
    head: LogHead,
    chains: Vec<Hash>,
    devices: Vec<DeviceId>,
    own: BTreeMap<DeviceId, OwnHead>,
    cited: Option<PracticeHead>,
    texts: Vec<(DeviceId, Kind)>,
}

impl<'a> Course<'a> {
    fn new(log: CompartmentId, before: &'a Before<'a>, devices: Vec<DeviceId>) -> Self {
        Self {
            log,
            before,
            head: before.head,
            chains: Vec::new(),
            devices,
            own: BTreeMap::new(),
            cited: None,
            texts: Vec::new(),
        }
    }

    fn position(&self) -> Position {
        self.head.position.next()
    }

    fn chain_at(&self, position: Position) -> Option<Hash> {
        let after = self.before.head.position;
        match position.get().checked_sub(after.get()) {
            None => (self.before.chain_at)(position),
            Some(0) => Some(self.before.head.chain),
            Some(count) => self.chains.get(usize::try_from(count).ok()?.checked_sub(1)?).copied(),
        }
    }

    fn prev_own(&self, author: DeviceId, dev_inc: DevInc, dev_seq: DevSeq) -> Option<Hash> {
        let own = self.own.get(&author)?;
        (own.dev_inc == dev_inc && own.dev_seq.next() == dev_seq).then_some(own.own)
    }

    fn seq_before(&self, author: DeviceId) -> u64 {
        self.own.get(&author).map_or(0, |own| own.dev_seq.get())
    }

    /// The place of the text that bodies of this device and kind lie in.
    fn text(&mut self, author: DeviceId, kind: Kind) -> usize {
        let key = (author, kind);
        self.texts.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.texts.push(key);
            self.texts.len() - 1
        })
    }

    fn pass(&mut self, carried: &Carried) {
        let (header, hash) = (carried.header(), carried.hash());
        self.head = self.head.after(self.log, hash);
        self.chains.push(self.head.chain);
        self.own.insert(header.author, OwnHead::after(header, hash));
        self.cited = Some(header.practice_head);
    }
}

/// Packs entries that follow a head, in the order of their log. `None` if they are too many or too
/// large for one pack.
pub fn pack(log: CompartmentId, before: &Before<'_>, entries: &[Packable]) -> Option<Vec<u8>> {
    let mut devices: Vec<DeviceId> = Vec::new();
    for entry in entries {
        let author = entry.carried.header().author;
        if !devices.contains(&author) {
            devices.push(author);
        }
    }
    if entries.len() > MAX_PACKED || u16::try_from(devices.len()).is_err() {
        return None;
    }
    let mut course = Course::new(log, before, devices);
    let (mut heads, mut noise) = (Writer::new(), Writer::new());
    let mut texts: Vec<Zeroizing<Vec<u8>>> = Vec::new();
    for entry in entries {
        let body = entry.content.as_ref().and_then(|content| body_of(entry, content));
        write_entry(&mut course, entry, body.as_deref(), (&mut heads, &mut noise), &mut texts)?;
        course.pass(&entry.carried);
    }
    let unfolded = texts.iter().map(|text| text.len()).sum::<usize>() + heads.len();
    if unfolded > MAX_UNFOLDED {
        return None;
    }
    let mut w = Writer::new();
    w.u8(FORMAT).u32(u32::try_from(entries.len()).ok()?);
    w.list(&course.devices, |w, device| {
        w.fixed(device.as_bytes());
    });
    for stream in std::iter::once(heads.as_slice()).chain(texts.iter().map(|text| text.as_slice()))
    {
        w.u32(u32::try_from(stream.len()).ok()?).bytes(&plaintext::fold(stream)?);
    }
    w.fixed(noise.as_slice());
    (w.len() <= MAX_PACK).then(|| w.into_bytes())
}

/// What lies in the content of an entry, if it is certain that it becomes the same bytes again.
fn body_of(entry: &Packable, content: &Content) -> Option<Zeroizing<Vec<u8>>> {
    let kind = entry.carried.header().kind;
    let body = plaintext::unpack(kind, content).ok()?;
    let again = plaintext::pack(kind, content.schema, &body).ok()?;
    (again == *content).then_some(body)
}

fn write_entry(
    course: &mut Course<'_>,
    entry: &Packable,
    body: Option<&Vec<u8>>,
    (heads, noise): (&mut Writer, &mut Writer),
    texts: &mut Vec<Zeroizing<Vec<u8>>>,
) -> Option<()> {
    let header = entry.carried.header();
    let author = header.author;
    let own_known =
        course.prev_own(author, header.dev_inc, header.dev_seq) == Some(header.prev_own);
    let seen_known = course.chain_at(header.seen_pos) == Some(header.seen_chain);
    let same_cited = course.cited == Some(header.practice_head);
    let is_stub = matches!(entry.carried, Carried::Stub(_));
    let form = [
        (own_known, OWN_KNOWN),
        (is_stub, STUB),
        (body.is_some(), OPEN),
        (seen_known, SEEN_KNOWN),
        (same_cited, SAME_CITED),
    ];
    let form = form.iter().filter(|(is, _)| *is).fold(0, |form, (_, bit)| form | bit);
    let device = course.devices.iter().position(|known| *known == author)?;
    heads.u8(form).u16(u16::try_from(device).ok()?);
    heads.u8(header.kind.number()).u8(header.suite).u8(header.flags).u32(header.dev_inc.get());
    heads.u64(header.dev_seq.get().wrapping_sub(course.seq_before(author)));
    if !same_cited {
        heads.u32(header.practice_head.seq.get()).fixed(header.practice_head.hash.as_bytes());
    }
    heads.u32(header.slot_generation.get()).fixed(header.object.as_bytes()).u16(header.schema);
    heads.u64(course.position().get().wrapping_sub(header.seen_pos.get()));
    if !own_known {
        noise.fixed(header.prev_own.as_bytes());
    }
    if !seen_known {
        noise.fixed(header.seen_chain.as_bytes());
    }
    if header.kind.is_sealed() {
        noise.fixed(&header.salt);
    }
    match (&entry.carried, body) {
        (Carried::Stub(stub), _) => {
            heads.u32(header.length);
            noise.fixed(stub.signature.as_bytes()).fixed(stub.body_hash.as_bytes());
        }
        (Carried::Whole(envelope), None) => {
            heads.u32(header.length);
            noise.fixed(envelope.signature.as_bytes()).fixed(&envelope.body);
        }
        (Carried::Whole(envelope), Some(body)) => {
            heads.u32(u32::try_from(body.len()).ok()?);
            noise.fixed(envelope.signature.as_bytes());
            let text = course.text(author, header.kind);
            texts.resize_with(course.texts.len(), Zeroizing::default);
            texts.get_mut(text)?.extend_from_slice(body);
        }
    }
    Some(())
}

/// Returns the entries of a pack, each as it stands in its log if the pack is sound. `key_of` gives
/// the content key of a generation.
///
/// # Errors
/// If it is no pack, or a key of it is not here.
pub fn unpack(
    practice: PracticeId,
    log: CompartmentId,
    before: &Before<'_>,
    bytes: &[u8],
    key_of: &dyn Fn(SlotGeneration) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Vec<Carried>, PackError> {
    let mut r = Reader::new(bytes);
    if r.u8()? != FORMAT {
        return Err(PackError::Malformed);
    }
    let count = usize::try_from(r.u32()?).map_err(|_| PackError::Malformed)?;
    if count > MAX_PACKED {
        return Err(PackError::Malformed);
    }
    let devices = r.list(MAX_PACKED, |r| r.fixed().map(DeviceId::from_bytes))?;
    let mut room = MAX_UNFOLDED;
    let heads = read_stream(&mut r, &mut room.min(count * MAX_HEAD))?;
    room = room.saturating_sub(heads.len());
    let parts = read_heads(&heads, &devices, count)?;
    let mut texts = Vec::new();
    for _ in 0..text_count(&parts) {
        texts.push(read_stream(&mut r, &mut room)?);
    }
    let mut texts: Vec<Reader<'_>> = texts.iter().map(|text| Reader::new(text)).collect();
    let mut course = Course::new(log, before, devices);
    let mut entries = Vec::with_capacity(count);
    for part in &parts {
        let carried = read_entry(practice, &mut course, part, &mut r, &mut texts, key_of)?;
        course.pass(&carried);
        entries.push(carried);
    }
    r.finish()?;
    texts.into_iter().try_for_each(Reader::finish)?;
    Ok(entries)
}

fn read_stream(r: &mut Reader<'_>, room: &mut usize) -> Result<Zeroizing<Vec<u8>>, PackError> {
    let length = usize::try_from(r.u32()?).map_err(|_| PackError::Malformed)?;
    *room = room.checked_sub(length).ok_or(PackError::Malformed)?;
    plaintext::unfold(r.bytes(MAX_PACK)?, length).ok_or(PackError::Malformed)
}

/// A head as it is written.
struct Part {
    form: u8,
    author: DeviceId,
    kind: Kind,
    suite: u8,
    flags: u8,
    dev_inc: DevInc,
    dev_seq: u64,
    cited: Option<PracticeHead>,
    slot_generation: SlotGeneration,
    object: ObjectId,
    schema: u16,
    seen: u64,
    length: u32,
}

impl Part {
    fn has(&self, bit: u8) -> bool {
        self.form & bit != 0
    }
}

fn read_heads(heads: &[u8], devices: &[DeviceId], count: usize) -> Result<Vec<Part>, PackError> {
    let mut r = Reader::new(heads);
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let form = r.u8()?;
        let unknown = form & !(OWN_KNOWN | STUB | OPEN | SEEN_KNOWN | SAME_CITED) != 0;
        if unknown || form & (STUB | OPEN) == (STUB | OPEN) {
            return Err(PackError::Malformed);
        }
        let author = devices.get(usize::from(r.u16()?)).ok_or(PackError::Malformed)?;
        parts.push(Part {
            form,
            author: *author,
            kind: Kind::from_number(r.u8()?).ok_or(PackError::Malformed)?,
            suite: r.u8()?,
            flags: r.u8()?,
            dev_inc: DevInc::new(r.u32()?),
            dev_seq: r.u64()?,
            cited: match form & SAME_CITED {
                0 => Some(PracticeHead {
                    seq: PracticeSeq::new(r.u32()?),
                    hash: Hash::from_bytes(r.fixed()?),
                }),
                _ => None,
            },
            slot_generation: SlotGeneration::new(r.u32()?),
            object: ObjectId::from_bytes(r.fixed()?),
            schema: r.u16()?,
            seen: r.u64()?,
            length: r.u32()?,
        });
    }
    r.finish()?;
    Ok(parts)
}

fn text_count(parts: &[Part]) -> usize {
    let open = parts.iter().filter(|part| part.has(OPEN));
    open.map(|part| (part.author, part.kind)).collect::<std::collections::BTreeSet<_>>().len()
}

fn read_entry(
    practice: PracticeId,
    course: &mut Course<'_>,
    part: &Part,
    noise: &mut Reader<'_>,
    texts: &mut [Reader<'_>],
    key_of: &dyn Fn(SlotGeneration) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Carried, PackError> {
    let mut header = read_header(practice, course, part, noise)?;
    let signature = Signature::from_bytes(noise.fixed()?);
    if part.has(STUB) {
        let body_hash = Hash::from_bytes(noise.fixed()?);
        check_header(&header)?;
        return Ok(Carried::Stub(Stub { header, body_hash, signature }));
    }
    if !part.has(OPEN) {
        let body = noise.slice(check_header(&header)?)?.to_vec();
        return Ok(Carried::Whole(Envelope { header, body, signature }));
    }
    if !header.kind.is_sealed() {
        return Err(PackError::Malformed);
    }
    let text = course.text(part.author, part.kind);
    let length = usize::try_from(part.length).map_err(|_| PackError::Malformed)?;
    let body = texts.get_mut(text).ok_or(PackError::Malformed)?.slice(length)?;
    let content = plaintext::pack(part.kind, part.schema, body);
    let content = content.map_err(|_| PackError::Malformed)?;
    header.length = sealed_length(part.kind, &content);
    check_header(&header)?;
    let key = key_of(header.slot_generation).ok_or(PackError::NoKey(header.slot_generation))?;
    let sealed = seal_again(header, &key, &content, signature);
    sealed.map(Carried::Whole).ok_or(PackError::Malformed)
}

fn read_header(
    practice: PracticeId,
    course: &mut Course<'_>,
    part: &Part,
    noise: &mut Reader<'_>,
) -> Result<Header, PackError> {
    let dev_seq = DevSeq::new(course.seq_before(part.author).wrapping_add(part.dev_seq));
    let prev_own = match part.has(OWN_KNOWN) {
        true => course.prev_own(part.author, part.dev_inc, dev_seq).ok_or(PackError::Malformed)?,
        false => Hash::from_bytes(noise.fixed()?),
    };
    let seen_pos = Position::new(course.position().get().wrapping_sub(part.seen));
    let seen_chain = match part.has(SEEN_KNOWN) {
        true => course.chain_at(seen_pos).ok_or(PackError::Malformed)?,
        false => Hash::from_bytes(noise.fixed()?),
    };
    let cited = part.cited.or(course.cited).ok_or(PackError::Malformed)?;
    let salt = if part.kind.is_sealed() { noise.fixed()? } else { [0; 24] };
    Ok(Header {
        suite: part.suite,
        kind: part.kind,
        flags: part.flags,
        practice,
        compartment: course.log,
        author: part.author,
        dev_inc: part.dev_inc,
        dev_seq,
        prev_own,
        practice_head: cited,
        slot_generation: part.slot_generation,
        object: part.object,
        schema: part.schema,
        seen_pos,
        seen_chain,
        salt,
        length: part.length,
    })
}

#[cfg(test)]
mod tests;
