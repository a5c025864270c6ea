//! What cannot be begun in a record that is to be erased.

use super::super::Practice;
use super::super::apply::Refusal;
use super::super::correction::{Correcting, SignOver};
use super::super::edit::{Edit, Labelled, Misfiled, Restored};
use super::super::psychotherapy::PsychotherapyEdit;
use crate::id::ClientId;

impl Practice {
    /// Refuses what begins something new in a record that is to be erased. What is being typed
    /// there goes on, so that nothing is lost if the erasure is taken back.
    #[expect(clippy::too_many_lines, reason = "one line for each kind of edit")]
    pub(in super::super) fn check_hidden(&self, edit: &Edit) -> Result<(), Refusal> {
        let one = |client: &ClientId| self.is_hidden(*client);
        let hidden = match edit {
            Edit::AddTask { client, .. }
            | Edit::Amend { client, .. }
            | Edit::Archive { client, .. }
            | Edit::Attach { client, .. }
            | Edit::BeginAddendum { client, .. }
            | Edit::BeginCorrection(Correcting { client, .. })
            | Edit::BeginJournal { client, .. }
            | Edit::BeginNote { client, .. }
            | Edit::ChangeContact { client, .. }
            | Edit::ChangeGroup { group: client, .. }
            | Edit::ChangeIdentity { client, .. }
            | Edit::ChangePlan { client, .. }
            | Edit::EnterJournal { client, .. }
            | Edit::EnterMeasure { client, .. }
            | Edit::EnterNote { client, .. }
            | Edit::EnterScore { client, .. }
            | Edit::FinishTask { client, .. }
            | Edit::Label { client, of: Labelled::PlanLine(_) | Labelled::Record(_), .. }
            | Edit::LogContact { client, .. }
            | Edit::MarkMeasure { client, .. }
            | Edit::NewClient { client, .. }
            | Edit::NoteDeath { client, .. }
            | Edit::Psychotherapy(PsychotherapyEdit::Begin { client, .. })
            | Edit::RecordConsent { client, .. }
            | Edit::RecordRisk { client, .. }
            | Edit::ReviewPlan { client, .. }
            | Edit::RestoreNote(Restored { client, .. })
            | Edit::RevokeConsent { client, .. }
            | Edit::SignPlan { client }
            | Edit::SignSafetyPlan { client, .. }
            | Edit::StrikeAttachment { client, .. }
            | Edit::StrikeConsent { client, .. }
            | Edit::Supervise { client, .. }
            | Edit::StrikeCrisis { client, .. }
            | Edit::Wait { client, .. } => one(client),
            // Parted they may be: as long as two stand together, neither is erased.
            Edit::SameAs { client, kept: Some(kept) } => one(client) || one(kept),
            Edit::StrikeNote(Misfiled { client, to, .. }) => one(client) || one(to),
            Edit::Book(new) => new.clients.iter().any(one),
            Edit::BookSeries(new) => new.first.clients.iter().any(one),
            _ => false,
        };
        let hidden_note = match edit {
            Edit::Amend { client, note, .. }
            | Edit::BeginAddendum { client, note, .. }
            | Edit::BeginCorrection(Correcting { client, note, .. })
            | Edit::StrikeNote(Misfiled { client, note, .. })
            | Edit::Supervise { client, note, .. } => self.hidden_records(*client).contains(note),
            Edit::Label { client, of: Labelled::Record(record), .. }
            | Edit::MarkJournal { client, record, .. }
            | Edit::RevokeConsent { client, record, .. }
            | Edit::StrikeAttachment { client, record, .. }
            | Edit::StrikeConsent { client, record, .. }
            | Edit::StrikeCrisis { client, record, .. }
            | Edit::StrikeContact { client, record, .. } => {
                self.hidden_records(*client).contains(record)
            }
            Edit::Sign { note, client, .. }
            | Edit::SignImported { note, client, .. }
            | Edit::SignOver(SignOver { draft: note, client, .. }) => {
                let chart = self.facts.book(*client, self.book_of_draft(*client, *note));
                let draft = chart.and_then(|chart| chart.drafts.get(note));
                let to = draft.and_then(|draft| draft.addendum_to.or(draft.corrects));
                to.is_some_and(|note| self.hidden_records(*client).contains(&note))
            }
            _ => false,
        };
        if hidden || hidden_note { Err(Refusal::ToBeErased) } else { Ok(()) }
    }
}
