//! What somebody can read who holds keys to some kinds of compartments only. "Minimum necessary"
//! (45 CFR 164.502(b)) is which keys somebody holds, not which menu they see: what follows from a chart
//! is blank without its key, and is never taken for something that is missing.

use super::Practice;
use super::apply::Refusal;
use super::compartment::CompartmentName;
use super::edit::{Edit, Subject};
use super::view::{Index, NoteState, TimelineEntry};
use std::sync::Arc;

/// To which kinds of compartments there are keys.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reach {
    /// To all of them.
    #[default]
    Everything,
    /// To those that a front desk needs: calendars, series, contacts and the practice's settings.
    FrontDesk,
}

impl Reach {
    /// Returns whether a compartment opens. Of trails and of members' own settings it is their own.
    pub const fn opens(self, name: &CompartmentName) -> bool {
        match self {
            Self::Everything => true,
            Self::FrontDesk => matches!(
                name,
                CompartmentName::Practice
                    | CompartmentName::Calendar { .. }
                    | CompartmentName::Series(_)
                    | CompartmentName::Contact(_)
                    | CompartmentName::Audit(_)
                    | CompartmentName::Personal(_)
            ),
        }
    }

    /// Returns whether charts open, and what else says why somebody comes.
    pub const fn charts(self) -> bool {
        matches!(self, Self::Everything)
    }

    const fn shows(self, subject: Subject) -> bool {
        match subject {
            Subject::Attachment(..)
            | Subject::Attachments(_)
            | Subject::Chart(_)
            | Subject::Consents(_)
            | Subject::Crisis(_)
            | Subject::Draft(..)
            | Subject::Identity(_)
            | Subject::Journal(_)
            | Subject::Measures(_)
            | Subject::Note(..)
            | Subject::Plan(_)
            | Subject::Psychotherapy(_)
            | Subject::Report(..) => self.charts(),
        }
    }
}

impl Index {
    /// Returns what somebody sees of the practice who holds these keys only: what comes from other
    /// compartments is not there.
    #[must_use]
    pub fn seen_with(&self, reach: Reach) -> Self {
        let mut seen = self.clone();
        if reach.charts() {
            return seen;
        }
        seen.reach = reach;
        seen.drafts.clear();
        seen.supervision.clear();
        seen.plans.clear();
        seen.attachments.clear();
        seen.consents.clear();
        // A group is a compartment that holds notes: its members come, and nothing says together.
        for subject in std::mem::take(&mut seen.groups).keys() {
            seen.clients.remove(subject);
            seen.timelines.remove(subject);
        }
        for row in seen.erasures.values_mut().filter(|row| row.of_group) {
            (row.code, row.of_group) = (String::new(), false);
        }
        for rows in seen.timelines.values_mut() {
            let is_contact = |entry: &TimelineEntry| matches!(entry, TimelineEntry::Contact { .. });
            Arc::make_mut(rows).retain(|row| is_contact(&row.entry));
        }
        seen.timelines.retain(|_, rows| !rows.is_empty());
        for row in seen.appointments.values_mut() {
            let row = Arc::make_mut(row);
            (row.note, row.group) = (NoteState::Unread, None);
        }
        seen
    }
}

impl Practice {
    /// Says to which kinds of compartments this device has keys.
    pub fn limit_to(&mut self, reach: Reach) {
        self.reach = reach;
        self.search = None;
        self.publish_all();
    }

    /// How far a note is that nobody has begun, as far as this device can tell.
    pub(super) const fn no_note(&self) -> NoteState {
        if self.reach.charts() { NoteState::Missing } else { NoteState::Unread }
    }

    /// Refuses to open what there is no key to.
    pub(super) fn check_key(&self, subject: Subject) -> Result<(), Refusal> {
        if self.reach.shows(subject) { Ok(()) } else { Err(Refusal::NoKey) }
    }

    /// Refuses to write where there is no key.
    pub(super) fn check_reach(&self, edit: &Edit) -> Result<(), Refusal> {
        let of_chart = matches!(
            edit,
            Edit::Amend { .. }
                | Edit::Attach { .. }
                | Edit::BeginAddendum { .. }
                | Edit::BeginCorrection(_)
                | Edit::BeginJournal { .. }
                | Edit::BeginNote { .. }
                | Edit::ChangeDraft { .. }
                | Edit::ChangeGroup { .. }
                | Edit::ChangeIdentity { .. }
                | Edit::ChangePlan { .. }
                | Edit::DiscardDraft { .. }
                | Edit::DivideDraft { .. }
                | Edit::EnterJournal { .. }
                | Edit::EnterMeasure { .. }
                | Edit::EnterNote { .. }
                | Edit::EnterScore { .. }
                | Edit::Label { .. }
                | Edit::MarkJournal { .. }
                | Edit::MarkMeasure { .. }
                | Edit::NewGroup { .. }
                | Edit::Psychotherapy(_)
                | Edit::RecordConsent { .. }
                | Edit::RecordRisk { .. }
                | Edit::RelabelDraft(_)
                | Edit::ReviewPlan { .. }
                | Edit::RevokeConsent { .. }
                | Edit::Sign { .. }
                | Edit::SignImported { .. }
                | Edit::SignOver(_)
                | Edit::SignPlan { .. }
                | Edit::SignSafetyPlan { .. }
                | Edit::StrikeAttachment { .. }
                | Edit::StrikeConsent { .. }
                | Edit::RestoreNote(_)
                | Edit::StrikeNote(_)
                | Edit::Supervise { .. }
                | Edit::StrikeCrisis { .. }
        );
        let labels = matches!(edit, Edit::LogContact { contact, .. } if !contact.labels.is_empty());
        if (of_chart || labels) && !self.reach.charts() { Err(Refusal::NoKey) } else { Ok(()) }
    }
}
