//! Proof, without a network, that a folder's journals are what was acknowledged: every chain is
//! computed again, every signature and receipt is checked. It believes nothing that was derived.

use crate::chance::SystemRandom;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::store::{JOURNAL, Unusable};
use std::collections::BTreeMap;
use tacenda_shared::envelope::Carried;
use tacenda_shared::id::PracticeId;
use tacenda_shared::journal::{DiskFs, FrameRef, Journal};
use tacenda_shared::log::Receipt;
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::server::{RebuildError, ServerFrame, ServerPractice};
use thiserror::Error;

/// What was checked in one practice, and what does not hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Findings {
    /// Entries of the practice log.
    pub(crate) entries: u64,
    /// Envelopes in logs, and refused ones.
    pub(crate) envelopes: u64,
    /// Rows, objects, evidence.
    pub(crate) others: u64,
    /// What does not hold, by kind.
    pub(crate) faults: BTreeMap<&'static str, u64>,
}

impl Findings {
    /// Returns whether everything holds.
    pub(crate) fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    fn check(&mut self, what: &'static str, holds: bool) {
        if !holds {
            let count = self.faults.entry(what).or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// Why nothing could be checked.
#[derive(Debug, Error)]
pub(crate) enum VerifyError {
    #[error("the folder cannot be read")]
    Disk(#[from] std::io::Error),
    #[error("the journal of a practice is {0}")]
    Unusable(#[from] Unusable),
}

/// Checks every practice of a folder, whose lock the caller holds.
pub(crate) fn verify(
    folder: &Folder,
    identity: &Identity,
) -> Result<BTreeMap<PracticeId, Findings>, VerifyError> {
    let mut all = BTreeMap::new();
    for practice in folder.list_practices()? {
        all.insert(practice, verify_practice(folder, practice, identity)?);
    }
    Ok(all)
}

fn verify_practice(
    folder: &Folder,
    practice: PracticeId,
    identity: &Identity,
) -> Result<Findings, VerifyError> {
    let fs = DiskFs::open(&folder.practice(practice))?;
    let mut checker = Checker {
        pin: identity.pin(),
        identity,
        decisions: None,
        findings: Findings::default(),
        is_lost: false,
        practice,
    };
    let visit = &mut |frame: FrameRef<'_>| {
        checker.visit(&frame);
        Ok::<(), Unusable>(())
    };
    let opened = Journal::open(fs, JOURNAL, &mut SystemRandom, visit);
    let (journal, opened) = opened.map_err(Unusable::from)?;
    let mut findings = checker.findings;
    for _ in opened.damage.iter().chain(&journal.verify()) {
        findings.check("damaged place", false);
    }
    Ok(findings)
}

struct Checker<'a> {
    practice: PracticeId,
    pin: VerifyingKey,
    identity: &'a Identity,
    decisions: Option<ServerPractice>,
    findings: Findings,
    is_lost: bool,
}

impl Checker<'_> {
    /// After something contradicts what came before, nothing that follows can be judged.
    fn visit(&mut self, frame: &FrameRef<'_>) {
        if self.is_lost {
            return;
        }
        if self.take(frame).is_err() {
            self.is_lost = true;
            self.findings.check("break in a chain or the practice log", false);
        }
    }

    fn take(&mut self, frame: &FrameRef<'_>) -> Result<(), Unusable> {
        let decoded = ServerFrame::decode(frame.kind.get(), frame.payload)?;
        match &mut self.decisions {
            // Chains, positions and the practice log's rules are checked here.
            Some(decisions) => decisions.take_frame(&decoded)?,
            None => {
                let begun = ServerPractice::begin(&decoded, self.identity.signing())?;
                self.findings
                    .check("practice of another folder", begun.practice() == self.practice);
                self.decisions = Some(begun);
            }
        }
        self.check(&decoded)
    }

    fn check(&mut self, frame: &ServerFrame) -> Result<(), Unusable> {
        match frame {
            ServerFrame::Practice { delivered, .. } => {
                self.findings.entries += 1;
                let holds = delivered.receipt.is_signed_by(self.practice, &self.pin);
                self.findings.check("receipt of the practice log", holds);
            }
            ServerFrame::Envelope(stored) => {
                self.check_envelope(&stored.carried, &stored.receipt)?;
            }
            ServerFrame::Refused { receipt, envelope, .. } => {
                self.check_envelope(&Carried::Whole((**envelope).clone()), receipt)?;
            }
            _ => self.findings.others += 1,
        }
        Ok(())
    }

    fn check_envelope(&mut self, carried: &Carried, receipt: &Receipt) -> Result<(), Unusable> {
        self.findings.envelopes += 1;
        let header = carried.header();
        let state = self.decisions.as_ref().and_then(ServerPractice::state);
        let state = state.ok_or(RebuildError::NoBeginning)?;
        let author = state.devices().get(&header.author).map(|device| device.sig);
        let signed = author.is_some_and(|key| carried.is_signed_by(&key));
        self.findings.check("signature of a device", signed);
        self.findings.check("receipt", receipt.is_signed_by(&self.pin));
        self.findings
            .check("receipt of another envelope", receipt.is_about(header, carried.hash()));
        Ok(())
    }
}
