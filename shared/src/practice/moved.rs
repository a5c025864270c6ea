//! Records that name a log of which nothing is known here yet: a compartment may have had several, so
//! they count. Once it is known that the log is that of another compartment, they were moved, and say
//! nothing where they lie.

use super::compartment::CompartmentName;
use super::{Context, Practice};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::CompartmentId;
use std::collections::{BTreeMap, BTreeSet};

/// Most logs of a compartment that are read from a read model: as many as it holds records, each of
/// which names one.
const STRANGE_MAX: usize = 1 << 20;

/// The logs that are named where they may not belong, by where that is. None is left out, however many
/// a device that lies may name: each is said by a record that is stored, and is shorter than that.
#[derive(Default)]
pub(super) struct Strange(BTreeMap<CompartmentName, BTreeSet<CompartmentId>>);

impl Strange {
    /// A record of a compartment names a log.
    pub(super) fn add(&mut self, name: &CompartmentName, log: CompartmentId) {
        self.0.entry(name.clone()).or_default().insert(log);
    }

    pub(super) fn forget(&mut self, name: &CompartmentName) {
        self.0.remove(name);
    }

    pub(super) fn encode(&self, name: &CompartmentName, writer: &mut Writer) {
        let logs: Vec<_> = self.0.get(name).into_iter().flatten().collect();
        writer.list(&logs, |w, log| {
            w.fixed(log.as_bytes());
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<BTreeSet<CompartmentId>, CodecError> {
        let logs = reader.list(STRANGE_MAX, |r| r.fixed().map(CompartmentId::from_bytes))?;
        Ok(logs.into_iter().collect())
    }

    pub(super) fn put(&mut self, name: &CompartmentName, logs: BTreeSet<CompartmentId>) {
        if logs.is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name.clone(), logs);
        }
    }
}

impl Practice {
    /// Returns the compartments in which something lies that was signed for another, as is known only
    /// now: each is to be made again with [`Practice::rebuild`], which leaves that out. To be asked
    /// whenever another log has become known, and not more often: it looks at every log that is named so.
    pub fn moved(&mut self, cx: &mut Context<'_>) -> Vec<CompartmentName> {
        let mut moved = Vec::new();
        self.facts.strange.0.retain(|name, logs| {
            let known: Vec<_> = logs.iter().filter(|log| cx.pen.knows(**log)).copied().collect();
            if known.iter().any(|log| !cx.pen.may_lie(*log, name)) {
                moved.push(name.clone());
            }
            logs.retain(|log| !known.contains(log));
            !logs.is_empty()
        });
        moved
    }
}
