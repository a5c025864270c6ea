//! How an envelope travels: without what the receiver already knows from the stream it is in.
//!
//! The full form is what was signed. The short form leaves out practice, compartment and author,
//! which the run that it is in has announced, and `prev_own` if the envelope before it in the
//! same run is its author's previous one. Nothing else is ever left out; a signature that fails
//! after restoring proves nothing until the full form has been asked for.
//!
//! ```text
//! short = form1  ver1 suite1 kind1 flags1  dev_inc4 dev_seq8 [prev_own32 if form bit 0 is clear]
//!         practice_seq4 practice_head32 slot_gen4 object16 schema2 seen_pos8 seen_chain32 salt24
//!         length4  then body and signature (form bit 1 clear) or H(body) and signature (set)
//! ```

use super::header::{Header, MAGIC, VERSION};
use super::{Envelope, EnvelopeError, HEADER_LENGTH, Stub, check_caps};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{CompartmentId, DeviceId, PracticeId};
use crate::log::OwnHead;
use crate::suite::{Hash, Signature};

const OWN_KNOWN: u8 = 1;
const ERASED: u8 = 2;

/// Offset of practice, compartment and author (48 bytes) in a full header.
const NAMES: usize = 8;
/// Offset of `prev_own`.
const PREV_OWN: usize = 68;

/// What a run of envelopes has in common, and how far its author's own chain has come in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Context {
    /// The practice.
    pub practice: PracticeId,
    /// The log.
    pub log: CompartmentId,
    /// The author of the whole run.
    pub author: DeviceId,
    /// The own head after the run's last envelope; `None` before the first.
    pub own: Option<OwnHead>,
}

impl Context {
    /// Begins a run.
    pub fn new(practice: PracticeId, log: CompartmentId, author: DeviceId) -> Self {
        Self { practice, log, author, own: None }
    }

    fn prev_own(&self, header: &Header) -> Option<Hash> {
        self.own
            .filter(|own| own.dev_inc == header.dev_inc && own.dev_seq.next() == header.dev_seq)
            .map(|own| own.own)
    }

    fn pass(&mut self, carried: &Carried) {
        self.own = Some(OwnHead::after(carried.header(), carried.hash()));
    }
}

/// An entry as it is delivered: whole, or what is left after an erasure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Carried {
    /// Its body was erased.
    Stub(Stub),
    /// Whole.
    Whole(Envelope),
}

impl Carried {
    /// Returns the header.
    pub fn header(&self) -> &Header {
        match self {
            Self::Stub(stub) => &stub.header,
            Self::Whole(envelope) => &envelope.header,
        }
    }

    /// Returns what is left without the body.
    pub fn to_stub(&self) -> Stub {
        match self {
            Self::Stub(stub) => stub.clone(),
            Self::Whole(envelope) => envelope.to_stub(),
        }
    }

    /// Returns the envelope hash, the same before and after an erasure.
    pub fn hash(&self) -> Hash {
        match self {
            Self::Stub(stub) => stub.hash(),
            Self::Whole(envelope) => envelope.hash(),
        }
    }

    /// Returns whether `key` signed it.
    pub fn is_signed_by(&self, key: &crate::suite::VerifyingKey) -> bool {
        match self {
            Self::Stub(stub) => stub.is_signed_by(key),
            Self::Whole(envelope) => envelope.is_signed_by(key),
        }
    }

    /// Writes the full form: one byte (0 whole, 1 stub), then the parts in full.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Whole(envelope) => w.u8(0).fixed(&envelope.encode()),
            Self::Stub(stub) => w
                .u8(1)
                .fixed(&stub.header.encode())
                .fixed(stub.body_hash.as_bytes())
                .fixed(stub.signature.as_bytes()),
        };
        w.into_bytes()
    }

    /// Reads exactly what [`Carried::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let (form, rest) = bytes.split_first().ok_or(CodecError::Truncated)?;
        match form {
            0 => Envelope::decode(rest).map(Self::Whole),
            1 => {
                let mut r = Reader::new(rest);
                let header = Header::read(&mut r)?;
                check_caps(&header)?;
                let body_hash = Hash::from_bytes(r.fixed()?);
                let signature = Signature::from_bytes(r.fixed()?);
                r.finish()?;
                Ok(Self::Stub(Stub { header, body_hash, signature }))
            }
            _ => Err(CodecError::Unknown.into()),
        }
    }
}

/// Writes the short form and moves the context past it. An envelope that is not of this context
/// cannot be shortened in it and gives `None`.
pub fn shorten(context: &mut Context, carried: &Carried) -> Option<Vec<u8>> {
    let header = carried.header();
    let theirs = (header.practice, header.compartment, header.author);
    if theirs != (context.practice, context.log, context.author) {
        return None;
    }
    let known = context.prev_own(header) == Some(header.prev_own);
    let erased = matches!(carried, Carried::Stub(_));
    let full = header.encode();
    let mut w = Writer::new();
    w.u8(if known { OWN_KNOWN } else { 0 } | if erased { ERASED } else { 0 });
    let kept = [(4, NAMES), (NAMES + 48, PREV_OWN), (PREV_OWN + 32, HEADER_LENGTH)];
    for (index, (from, to)) in kept.into_iter().enumerate() {
        if index == 2 && !known {
            w.fixed(header.prev_own.as_bytes());
        }
        w.fixed(full.get(from..to).unwrap_or_default());
    }
    match carried {
        Carried::Whole(envelope) => w.fixed(&envelope.body).fixed(envelope.signature.as_bytes()),
        Carried::Stub(stub) => w.fixed(stub.body_hash.as_bytes()).fixed(stub.signature.as_bytes()),
    };
    context.pass(carried);
    Some(w.into_bytes())
}

/// Reads the short form, puts back what the context knows, and moves the context past it.
pub fn restore(context: &mut Context, bytes: &[u8]) -> Result<Carried, EnvelopeError> {
    if bytes.len() > super::MAX_ENVELOPE {
        return Err(EnvelopeError::TooLarge);
    }
    let mut r = Reader::new(bytes);
    let form = r.u8()?;
    if form & !(OWN_KNOWN | ERASED) != 0 {
        return Err(CodecError::Unknown.into());
    }
    let header = restore_header(context, form & OWN_KNOWN != 0, &mut r)?;
    let length = check_caps(&header)?;
    let carried = if form & ERASED == 0 {
        let body = r.slice(length)?.to_vec();
        Carried::Whole(Envelope { header, body, signature: Signature::from_bytes(r.fixed()?) })
    } else {
        let body_hash = Hash::from_bytes(r.fixed()?);
        Carried::Stub(Stub { header, body_hash, signature: Signature::from_bytes(r.fixed()?) })
    };
    r.finish()?;
    context.pass(&carried);
    Ok(carried)
}

fn restore_header(
    context: &Context,
    own_known: bool,
    r: &mut Reader<'_>,
) -> Result<Header, EnvelopeError> {
    let [version, suite, kind, flags] = r.fixed::<4>()?;
    if version != VERSION {
        return Err(CodecError::Unknown.into());
    }
    let number = r.fixed::<12>()?;
    let prev_own = match (own_known, context.own) {
        (true, Some(own)) => *own.own.as_bytes(),
        // The sender left out what this run never said.
        (true, None) => return Err(CodecError::Unknown.into()),
        (false, _) => r.fixed()?,
    };
    let mut full = Writer::new();
    full.fixed(&MAGIC).fixed(&[version, suite, kind, flags]);
    full.fixed(context.practice.as_bytes()).fixed(context.log.as_bytes());
    full.fixed(context.author.as_bytes()).fixed(&number).fixed(&prev_own);
    full.fixed(r.slice(HEADER_LENGTH - PREV_OWN - 32)?);
    let header = Header::decode(full.as_slice())?;
    // One way to write each: what the run knows is left out, and nothing else is.
    let known = context.prev_own(&header) == Some(header.prev_own);
    if known == own_known { Ok(header) } else { Err(CodecError::Unknown.into()) }
}
