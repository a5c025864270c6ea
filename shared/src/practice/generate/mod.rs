//! Writes the history of a solo practice that never was: clients, appointments, notes, measures.
//!
//! **Everything in here is synthetic.** Names say that they are made up, telephone numbers and
//! addresses reach nobody, and the notes are drawn from a grammar; no real case, person or
//! record was used. The text is as varied as what people write, so that figures for storage and
//! search that rest on it are not flattered.
//!
//! The same seed gives the same history on every machine. It is given as [`Edit`]s, because
//! `Practice::apply` is the only way into a practice, for the generator as for a person. What a
//! record's id depends on is not known here, so no edit amends a note.

mod calendar;
mod consents;
mod couple;
mod entered;
mod files;
mod grammar;
mod history;
mod measures;
mod outcome;
mod people;
mod plans;
mod prose;
mod sentences;
mod themes;
mod vocabulary;
mod words;

pub use entered::entered;

use super::edit::Edit;
use crate::id::{MemberId, Timestamp};
use crate::random::Seeded;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How much of a practice to write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size {
    /// Number of clients, at least 5.
    pub clients: usize,
    /// Number of appointments, cancelled ones and those to come among them.
    pub appointments: usize,
    /// Number of signed notes.
    pub notes: usize,
    /// Number of drafts from before today.
    pub drafts: usize,
    /// Number of sessions before today without a note.
    pub missing: usize,
    /// Number of weeks before today's.
    pub weeks_back: u16,
    /// Number of weeks that are booked, today's among them.
    pub weeks_ahead: u16,
    /// Whether the clinician goes to supervision every four weeks.
    pub supervision: bool,
    /// Whether clients have treatment plans, consents and here and there a file, and it is said where
    /// they were by video or telephone.
    pub plans: bool,
    /// Whether two clients also come as a couple, with a note that they share: two appointments and a
    /// note more.
    pub couple: bool,
}

impl Size {
    /// Two years of a busy solo practice.
    pub const DEMO: Self = Self {
        clients: 41,
        appointments: 3_100,
        notes: 2_400,
        drafts: 3,
        missing: 1,
        weeks_back: 104,
        weeks_ahead: 6,
        supervision: true,
        plans: true,
        couple: true,
    };
    /// Ten years, for measuring.
    pub const LARGE: Self = Self {
        clients: 200,
        appointments: 15_000,
        notes: 12_000,
        drafts: 6,
        missing: 2,
        weeks_back: 500,
        weeks_ahead: 6,
        supervision: true,
        // Figures of before there were any can still be compared.
        plans: false,
        couple: false,
    };
    /// A few weeks, for tests.
    pub const SMALL: Self = Self {
        clients: 5,
        appointments: 62,
        notes: 40,
        drafts: 1,
        missing: 1,
        weeks_back: 11,
        weeks_ahead: 2,
        supervision: false,
        plans: true,
        couple: false,
    };
}

/// An edit and when it was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dated {
    /// As the author's clock showed it.
    pub at: Timestamp,
    /// What was done.
    pub edit: Edit,
}

impl Dated {
    /// Returns the edit as a history has it that ends at `latest`. What would come of a session
    /// after that has not come of it yet; what was arranged by then is dated back. The order of a
    /// history stays.
    #[must_use]
    pub fn by(self, latest: Timestamp) -> Option<Self> {
        let happens = arranges(&self.edit) || self.at <= latest;
        happens.then(|| Self { at: self.at.min(latest), edit: self.edit })
    }
}

/// Whether an edit arranges what is to come, and so is dated back.
const fn arranges(edit: &Edit) -> bool {
    matches!(
        edit,
        Edit::Book(_)
            | Edit::BookSeries(_)
            | Edit::ChangeContact { .. }
            | Edit::ChangeFollowing { .. }
            | Edit::ChangeGroup { .. }
            | Edit::ChangeIdentity { .. }
            | Edit::ChangeWho { .. }
            | Edit::EndSeries { .. }
            | Edit::Move { .. }
            | Edit::MoveFollowing { .. }
            | Edit::NewClient { .. }
            | Edit::NewGroup { .. }
            | Edit::RejoinSeries { .. }
            | Edit::RenameDevice { .. }
            | Edit::SetHours { .. }
            | Edit::SetLevel { .. }
            | Edit::SetPhrase { .. }
            | Edit::SetRemote { .. }
            | Edit::SettleSeries { .. }
            | Edit::SkipOccurrence { .. }
            | Edit::Together(_)
            | Edit::Wait { .. }
    )
}

/// Writes a practice in the order of time, for `clinician`, in the zone with the IANA id `zone`
/// (an unknown id counts as UTC, and is written as given).
///
/// Nobody works at weekends and on some holidays, with one exception: `today` is a working day
/// whatever day it is, because a demo on a Sunday must show one. Today has six sessions: held
/// and signed, held with a draft, no-show, arrived, confirmed, booked; 14:30 stays free. The
/// last edits are dated at 13:25 of `today`; a caller whose clock shows an earlier time
/// asks for what has happened by then with [`Dated::by`].
pub fn generate(
    seed: u64,
    size: Size,
    today: Date,
    clinician: MemberId,
    zone: &str,
) -> impl Iterator<Item = Dated> + use<> {
    let mut random = Seeded::new(seed);
    let people: Vec<people::Person> =
        (0..size.clients).map(|number| people::Person::new(number, &mut random)).collect();
    let plan = calendar::plan(&size, today, &mut random);
    let outcomes = outcome::decide(&size, &plan, today, &mut random);
    let place = history::Place {
        clinician,
        zone: zone.to_owned(),
        time_zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC),
        today,
        plans: size.plans,
        couple: size.couple,
    };
    history::History::new(people, &plan, &outcomes, place, random)
}

#[cfg(test)]
pub(in crate::practice) mod desk;
#[cfg(test)]
mod tests;
