//! Runs: envelopes of one author in one log, each in the short form of the one before.

use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{Carried, Context, EnvelopeError, MAX_ENVELOPE, restore, shorten};
use crate::id::{CompartmentId, DeviceId, PracticeId};

/// Envelopes of one author in one log, shortened in one context.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Run {
    /// The log.
    pub log: CompartmentId,
    /// The author.
    pub author: DeviceId,
    /// Short forms, in order.
    pub envelopes: Vec<Vec<u8>>,
}

impl Run {
    /// Restores the envelopes, in order.
    pub fn restore(
        &self,
        practice: PracticeId,
    ) -> impl Iterator<Item = Result<Carried, EnvelopeError>> + '_ {
        let mut context = Context::new(practice, self.log, self.author);
        self.envelopes.iter().map(move |short| restore(&mut context, short))
    }

    /// Writes log16 author16 count4 (short form with a length of 4)*.
    pub fn write(&self, w: &mut Writer) {
        w.fixed(self.log.as_bytes()).fixed(self.author.as_bytes());
        w.list(&self.envelopes, |w, envelope| {
            w.bytes(envelope);
        });
    }

    /// Reads what [`Run::write`] wrote. An empty run is not written.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let run = Self {
            log: CompartmentId::from_bytes(r.fixed()?),
            author: DeviceId::from_bytes(r.fixed()?),
            envelopes: r
                .list(super::wire::MAX_ENVELOPES, |r| r.bytes(MAX_ENVELOPE).map(<[u8]>::to_vec))?,
        };
        if run.envelopes.is_empty() { Err(CodecError::Unknown) } else { Ok(run) }
    }
}

/// Shortens envelopes into as few runs as their order allows.
pub fn runs_of<'a>(
    practice: PracticeId,
    envelopes: impl IntoIterator<Item = &'a Carried>,
) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut context: Option<Context> = None;
    for carried in envelopes {
        let header = carried.header();
        let (log, author) = (header.compartment, header.author);
        let same = context.as_ref().is_some_and(|c| c.log == log && c.author == author);
        if !same {
            runs.push(Run { log, author, envelopes: Vec::new() });
            context = Some(Context::new(practice, log, author));
        }
        let short = context.as_mut().and_then(|context| shorten(context, carried));
        if let (Some(run), Some(short)) = (runs.last_mut(), short) {
            run.envelopes.push(short);
        }
    }
    runs.retain(|run| !run.envelopes.is_empty());
    runs
}
