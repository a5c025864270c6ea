//! A note that was struck by mistake: it comes back where it was, and what was signed in the other chart
//! is struck there, as long as nothing was built upon it.

use super::super::apply::{Done, Refusal};
use super::super::audit::AuditKind;
use super::super::change::Change;
use super::super::chart::Headline;
use super::super::compartment::CompartmentName;
use super::super::edit::Edit;
use super::super::erasure::{Erasure, Scope, Stage};
use super::super::journal::Book;
use super::super::record::{RELATIONS_MAX, RecordKind, Relation, RelationKind, Tags};
use super::super::sign::sign_event;
use super::super::{Context, Practice, document_of};
use super::{Misfiled, TAKEN_BACK, WHY};
use crate::id::{AppointmentId, ClientId, MemberId, RecordId, Timestamp};
use std::collections::BTreeSet;

/// A note that was struck in one chart and signed anew in another, which is to be taken back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Restored {
    /// In whose chart it was struck.
    pub client: ClientId,
    /// The note.
    pub note: RecordId,
    /// What was signed anew, if that is to be struck where it is.
    pub copy: Option<Copied>,
}

/// A note that was signed anew in another chart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Copied {
    /// In whose chart.
    pub to: ClientId,
    /// The note there.
    pub note: RecordId,
    /// The session of theirs that was chosen.
    pub session: Option<AppointmentId>,
}

impl Practice {
    /// Takes back that a note belongs to another client. Only who struck it does.
    pub(in super::super) fn restore_note(
        &mut self,
        restored: Restored,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let Restored { client, note, copy } = restored;
        let me = cx.pen.author().member;
        let chart = self.facts.book(client, Book::Chart).ok_or(Refusal::UnknownNote)?;
        let lines = chart.lines_naming(note, me);
        let known = chart.records.get(&note).filter(|fact| fact.headline.is_note());
        // What is destroyed does not come back, and then the other one is all that there is.
        let signed =
            known.filter(|_| !lines.is_empty()).ok_or(Refusal::UnknownNote)?.first_signed();
        let named: BTreeSet<RecordId> =
            lines.iter().flat_map(|(_, line)| line.of.iter().copied()).collect();
        let carried = named.into_iter().filter(|one| chart.is_misfiled(*one)).count();
        let lines: Vec<RecordId> = lines.into_iter().map(|(id, _)| id).collect();
        let scope = Scope::of_record(client, note);
        if let Some(copy) = copy {
            self.check_copy(copy, (signed, carried), (scope, me))?;
        }
        let name = self.chart_of(client);
        let old = Self::stored_record(&name, note, cx)?;
        let about = old.body().and_then(|body| body.fixed(super::tag::SESSION));
        let about = about.map(AppointmentId::from_bytes);
        let mut relations = Vec::new();
        for line in lines.into_iter().take(RELATIONS_MAX) {
            let digest = Self::stored_record(&name, line, cx)?.digest();
            let (kind, target) = (RelationKind::EnteredInError, *line.as_bytes());
            relations.push(Relation { kind, target, digest });
        }
        let settings = CompartmentName::Practice;
        self.document(&settings, document_of(&settings), cx)?;
        // Up to here nothing is written; what comes can only fail before it writes anything.
        let mut changes = match copy {
            Some(copy) => self.strike_copy(copy, (client, about), cx)?,
            None => Vec::new(),
        };
        let mut body = Tags::new();
        body.set(WHY, [TAKEN_BACK]);
        let (back, change) = self.write_record(&name, RecordKind::InError, relations, body, cx);
        changes.push(change);
        changes.extend(self.audit(&sign_event(client, back), cx));
        if let Some(known) = self.erasure(scope).filter(Erasure::hides) {
            let withdrawn = Erasure { stage: Stage::Withdrawn, ..known };
            let written = (withdrawn, AuditKind::ErasureWithdrawn);
            changes.extend(self.write_erasure(scope, written, None, cx)?.changes);
        }
        changes.extend(self.charge(client, about, cx));
        let inverse = copy.map(|Copied { to, session, .. }| {
            Edit::StrikeNote(Misfiled { client, note, to, session })
        });
        Ok(Done { changes, inverse, ..Done::default() })
    }

    /// Refuses to strike what was not signed in the place of the note, what somebody has built upon since,
    /// and what is all that is left once the note was ordered to die.
    fn check_copy(
        &self,
        Copied { to, note, .. }: Copied,
        (signed, carried): (Timestamp, usize),
        (scope, me): (Scope, MemberId),
    ) -> Result<(), Refusal> {
        let chart = self.facts.book(to, Book::Chart).ok_or(Refusal::UnknownNote)?;
        let moved = chart.records.get(&note).map(|fact| &fact.headline);
        if !matches!(moved, Some(Headline::Note(fact)) if fact.moved == Some(signed)) {
            return Err(Refusal::UnknownNote);
        }
        let ordered = |one: Erasure| matches!(one.stage, Stage::Ordered(_));
        if self.erasure(scope).is_some_and(ordered) {
            return Err(Refusal::Erased);
        }
        let versions = chart.versions_of(note);
        let added = chart.addenda(note).len();
        let said = chart.labellings(&versions).next().is_some();
        let mut acts = chart.acts_about(&versions);
        let answered =
            acts.any(|act| chart.records.get(&act).is_some_and(|fact| fact.author != me));
        if versions.len() + added > carried || said || answered {
            return Err(Refusal::ChangedElsewhere);
        }
        Ok(())
    }

    /// Strikes what was signed in the place of a note that comes back, and takes its charges back.
    fn strike_copy(
        &mut self,
        copy: Copied,
        (client, about): (ClientId, Option<AppointmentId>),
        cx: &mut Context<'_>,
    ) -> Result<Vec<Change>, Refusal> {
        let Copied { to, note, .. } = copy;
        let moving = self.moving((to, note), cx)?;
        let theirs = moving.session.and_then(|session| self.session(session));
        let reversals = match &theirs {
            // What both have to do with was charged, and is, for the note that comes back.
            Some(session) => {
                let stays = about == Some(session.id) && self.comes(client, session);
                self.reversals(to, &moving.all(), (session, stays), cx)?
            }
            None => Vec::new(),
        };
        let mut changes = self.ask_erasure(Scope::of_record(to, note), cx)?.changes;
        changes.extend(self.write_line(to, &moving, cx));
        changes.extend(self.take_back_charges(reversals, cx));
        Ok(changes)
    }
}
