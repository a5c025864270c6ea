//! Where a device's own chain ends: the server's word, and the device's own signature for it.

use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{Carried, HEADER_LENGTH};
use crate::id::DevSeq;
use crate::log::{OwnHead, Receipt};
use crate::membership::State;

/// Bytes of a stub, its flag included.
const MAX_LAST: usize = 1 + HEADER_LENGTH + 32 + 64;

/// The server's signed word on where a device ends, with what the device signed there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedHead {
    /// The server's word, about the own chain.
    pub receipt: Receipt,
    /// What is left of the last envelope without its body; `None` if there is none.
    pub last: Option<Vec<u8>>,
}

/// What a head is worth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeadProof {
    /// The server's word is not signed by the server in force.
    BadReceipt,
    /// The device did not sign what is said to be its last envelope.
    Forged,
    /// The device itself has signed that its chain stands there.
    Proven(OwnHead),
    /// The envelope at which the chain is said to end is not shown.
    Withheld,
}

impl SignedHead {
    /// Says what this head proves. A server alone can make neither a number nor a chain that the
    /// device has not signed.
    pub fn proof(&self, state: &State) -> HeadProof {
        let Receipt { body, .. } = &self.receipt;
        let key = state.server().map(|server| server.key);
        let ours = body.practice == state.practice();
        if !ours || !key.is_some_and(|key| self.receipt.is_signed_by(&key)) {
            return HeadProof::BadReceipt;
        }
        let Some(known) = state.devices().get(&body.device) else { return HeadProof::Forged };
        if body.own.dev_seq == DevSeq::ZERO {
            // Which lives a device has had, the practice log says.
            let begun = body.own == OwnHead::start(known.dev_inc());
            return if begun { HeadProof::Proven(body.own) } else { HeadProof::Forged };
        }
        let Some(last) = &self.last else { return HeadProof::Withheld };
        let Ok(Carried::Stub(last)) = Carried::decode(last) else { return HeadProof::Forged };
        let header = &last.header;
        let fits = header.practice == body.practice
            && header.author == body.device
            && OwnHead::after(header, last.hash()) == body.own;
        if fits && last.is_signed_by(&known.sig) {
            HeadProof::Proven(body.own)
        } else {
            HeadProof::Forged
        }
    }

    /// Writes receipt245 option(stub(bytes)).
    pub(super) fn write(&self, w: &mut Writer) {
        w.fixed(&self.receipt.encode());
        w.option(self.last.as_ref(), |w, last| {
            w.bytes(last);
        });
    }

    /// Reads what [`SignedHead::write`] wrote.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let receipt = Receipt::read(r)?;
        let last = r.option(|r| Ok(r.bytes(MAX_LAST)?.to_vec()))?;
        Ok(Self { receipt, last })
    }
}
