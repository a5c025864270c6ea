//! A note that was struck by mistake: it comes back where it was, and what was signed in the other chart
//! is struck there, as long as nothing was built upon it.

use super::super::apply::{Done, Refusal};
use super::super::audit::AuditKind;
use super::super::change::Change;
use super::super::edit::Edit;
use super::super::erasure::{Erasure, Scope, Stage};
use super::super::journal::Book;
use super::super::record::{RecordKind, Relation, RelationKind, Tags};
use super::super::sign::sign_event;
use super::super::{Context, Practice};
use super::{Misfiled, TAKEN_BACK, WHY};
use crate::id::{AppointmentId, ClientId, RecordId};

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
        let line = chart.line_naming(note, me).ok_or(Refusal::UnknownNote)?;
        let known = chart.records.get(&note).filter(|fact| fact.headline.is_note());
        // What is destroyed does not come back, and then the other one is all that there is.
        known.ok_or(Refusal::UnknownNote)?;
        let name = self.chart_of(client);
        let old = Self::stored_record(&name, note, cx)?;
        let about = old.body().and_then(|body| body.fixed(super::tag::SESSION));
        let about = about.map(AppointmentId::from_bytes);
        let mut changes = match copy {
            Some(copy) => self.strike_copy(copy, (client, about), cx)?,
            None => Vec::new(),
        };
        let digest = Self::stored_record(&name, line, cx)?.digest();
        let (kind, target) = (RelationKind::EnteredInError, *line.as_bytes());
        let mut body = Tags::new();
        body.set(WHY, [TAKEN_BACK]);
        let relations = vec![Relation { kind, target, digest }];
        let (back, change) = self.write_record(&name, RecordKind::InError, relations, body, cx);
        changes.push(change);
        changes.extend(self.audit(&sign_event(client, back), cx));
        let scope = Scope::of_record(client, note);
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
