//! The timeline of everything about a client: what was written, sessions with what came of them, and
//! what is still to be done. It is derived from the read model, so that it says no more than lists may,
//! and what somebody cannot read is not in it.

use super::edit::Status;
use super::view::{AppointmentRow, DraftRow, Index, TaskRow, TimelineEntry, TimelineRow};
use super::zone;
use crate::id::{AppointmentId, ClientId, RecordId, Timestamp};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A kind of line, by which a timeline is narrowed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Notes, what was added to them, and drafts.
    Notes,
    /// Appointments, whatever came of them.
    Sessions,
    /// Measures.
    Measures,
    /// Risk forms and safety plans.
    Crisis,
    /// Signed versions of the plan.
    Plans,
    /// What the client has consented to.
    Consents,
    /// Calls, mails, texts, letters and faxes.
    Contacts,
    /// What the client wrote.
    Journal,
    /// Files.
    Attachments,
    /// What is to be done.
    Tasks,
}

/// What a line stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The client came into the practice, or the group was begun.
    Added(Timestamp),
    /// The client died.
    Died(Date),
    /// Something that waits for its signature.
    Draft(DraftRow),
    /// The session that is now or next.
    Next(Arc<AppointmentRow>),
    /// What somebody stands behind.
    Record(TimelineRow),
    /// Another session that is over, or that does not take place.
    Session(Arc<AppointmentRow>),
    /// Something to be done, and in whose contact it lies.
    Task(ClientId, TaskRow),
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it stands for.
    pub what: What,
    /// Whether it was added to the record above it.
    pub added: bool,
}

impl Kind {
    /// All kinds, in the order in which they are offered.
    pub const ALL: [Self; 10] = [
        Self::Notes,
        Self::Sessions,
        Self::Measures,
        Self::Crisis,
        Self::Plans,
        Self::Consents,
        Self::Contacts,
        Self::Journal,
        Self::Attachments,
        Self::Tasks,
    ];

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notes => "notes",
            Self::Sessions => "sessions",
            Self::Measures => "measures",
            Self::Crisis => "crisis",
            Self::Plans => "plans",
            Self::Consents => "consents",
            Self::Contacts => "contacts",
            Self::Journal => "journal",
            Self::Attachments => "attachments",
            Self::Tasks => "tasks",
        }
    }

    /// Returns the kind that a word stands for, if there is one.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl Line {
    /// Returns its kind; `None` for what stands among all only.
    pub const fn kind(&self) -> Option<Kind> {
        match &self.what {
            What::Added(_) | What::Died(_) => None,
            What::Draft(row) => Some(if row.journal { Kind::Journal } else { Kind::Notes }),
            What::Next(_) | What::Session(_) => Some(Kind::Sessions),
            What::Record(row) => match &row.entry {
                TimelineEntry::Addendum { .. }
                | TimelineEntry::InError { .. }
                | TimelineEntry::Note { .. } => Some(Kind::Notes),
                TimelineEntry::Attachment { .. } => Some(Kind::Attachments),
                TimelineEntry::Consent { .. } => Some(Kind::Consents),
                TimelineEntry::Contact { .. } => Some(Kind::Contacts),
                TimelineEntry::Journal { .. } => Some(Kind::Journal),
                TimelineEntry::Measure { .. } => Some(Kind::Measures),
                TimelineEntry::Plan { .. } => Some(Kind::Plans),
                TimelineEntry::Risk { .. } | TimelineEntry::SafetyPlan { .. } => Some(Kind::Crisis),
                TimelineEntry::Unknown { .. } => None,
            },
            What::Task(..) => Some(Kind::Tasks),
        }
    }

    /// Returns whether two lines are one note, of which one may stand in the place of the other by now.
    pub fn is_of_the_same_note(&self, other: &Self) -> bool {
        let first = |line: &Self| match &line.what {
            What::Record(row) => match row.entry {
                TimelineEntry::Note { record, corrected, .. } => {
                    Some(corrected.map_or(record, |corrected| corrected.first))
                }
                _ => None,
            },
            _ => None,
        };
        first(self).is_some_and(|note| first(other) == Some(note))
    }

    /// Returns whether two lines stand for the same, whatever is known of it by now.
    pub fn is_of_the_same(&self, other: &Self) -> bool {
        match (&self.what, &other.what) {
            (What::Added(_), What::Added(_)) | (What::Died(_), What::Died(_)) => true,
            (What::Draft(one), What::Draft(other)) => one.note == other.note,
            (What::Record(one), What::Record(other)) => one.entry.record() == other.entry.record(),
            (What::Task(_, one), What::Task(_, other)) => one.id == other.id,
            // The next session becomes one of those before.
            (What::Next(one) | What::Session(one), What::Next(other) | What::Session(other)) => {
                one.id == other.id
            }
            _ => false,
        }
    }
}

/// Returns the timeline of a client, or of a couple, a family or a group: first what waits for a
/// signature or is to be done, then the session that is now or next, then the rest, newest first, with
/// what was added to a record below it.
///
/// A session that took place and has its signed note here is that note's line. Of what is booked
/// beyond the next session only what was called off is said.
pub fn of(index: &Index, client: ClientId, now: Timestamp) -> Vec<Line> {
    let client = index.kept(client);
    // Whose record is out of sight has none.
    let Some(row) = index.client(client) else { return Vec::new() };
    let line = |what| Line { what, added: false };
    let mut lines = Vec::new();
    let drafts = index.drafts.iter().filter(|row| index.kept(row.client) == client);
    lines.extend(drafts.cloned().map(What::Draft).map(line));
    let tasks = row.every_task();
    lines.extend(tasks.map(|(whose, task)| line(What::Task(whose, task.clone()))));
    let records = index.timelines.get(&client).map(|rows| rows.as_slice()).unwrap_or_default();
    let (next, sessions) = sessions(index, client, now, &with_notes(records));
    lines.extend(next.map(What::Next).map(line));
    let added = additions(records);
    let mut dated: Vec<(Timestamp, Vec<Line>)> = Vec::new();
    dated.extend(sessions.into_iter().map(|row| (row.starts, vec![line(What::Session(row))])));
    let known: BTreeSet<RecordId> = records.iter().map(|row| row.entry.record()).collect();
    for row in records {
        // What was added to something stands below that, if it is here.
        let below = addition(row).is_some_and(|to| known.contains(&to));
        if below {
            continue;
        }
        let additions = added.get(&row.entry.record()).into_iter().flatten();
        let additions =
            additions.map(|row| Line { what: What::Record(TimelineRow::clone(row)), added: true });
        let whole = std::iter::once(line(What::Record(row.clone()))).chain(additions);
        dated.push((row.time, whole.collect()));
    }
    let since = row.same.iter().map(|twin| twin.since).fold(row.since, Timestamp::min);
    dated.push((since, vec![line(What::Added(since))]));
    dated.extend(row.death().map(|date| {
        let late = date.to_datetime(jiff::civil::Time::MAX);
        (zone::instant(late, &index.zone), vec![line(What::Died(date))])
    }));
    // Those of one moment stay in their order.
    dated.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    lines.extend(dated.into_iter().flat_map(|(_, lines)| lines));
    lines
}

/// The record that a row was added to.
const fn addition(row: &TimelineRow) -> Option<RecordId> {
    match &row.entry {
        TimelineEntry::Addendum { note, .. } => Some(*note),
        _ => None,
    }
}

/// What was added to each record, oldest first.
fn additions(records: &[TimelineRow]) -> BTreeMap<RecordId, Vec<&TimelineRow>> {
    let mut added: BTreeMap<RecordId, Vec<&TimelineRow>> = BTreeMap::new();
    for row in records.iter().rev() {
        if let Some(to) = addition(row) {
            added.entry(to).or_default().push(row);
        }
    }
    added
}

/// The sessions that signed notes are about.
fn with_notes(records: &[TimelineRow]) -> BTreeSet<AppointmentId> {
    let session = |row: &TimelineRow| match row.entry {
        TimelineEntry::Note { session, .. } => session,
        _ => None,
    };
    records.iter().filter_map(session).collect()
}

/// The session that is now or next, and those that have lines of their own.
fn sessions(
    index: &Index,
    client: ClientId,
    now: Timestamp,
    with_notes: &BTreeSet<AppointmentId>,
) -> (Option<Arc<AppointmentRow>>, Vec<Arc<AppointmentRow>>) {
    let (mut next, mut rest): (Option<&Arc<AppointmentRow>>, Vec<_>) = (None, Vec::new());
    for row in index.appointments.values().filter(|row| row.is_with(client)) {
        let ends = row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000);
        let open =
            !row.status.frees_the_slot() && !matches!(row.status, Status::Held | Status::NoShow);
        if open && ends > now {
            if next.is_none_or(|next| (row.starts, row.id) < (next.starts, next.id)) {
                next = Some(row);
            }
        } else if row.status != Status::Held || !with_notes.contains(&row.id) {
            rest.push(Arc::clone(row));
        }
    }
    rest.sort_by_key(|row| (std::cmp::Reverse(row.starts), row.id));
    (next.map(Arc::clone), rest)
}
