//! What several screens need from the whole index, gathered once after each change and each
//! minute, so that drawing never walks through years of appointments.

use super::{consents, when};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::id::{AppointmentId, ClientId, MemberId, RecordId, Timestamp};
use tacenda_shared::practice::consent::{ConsentKind, ConsentState};
use tacenda_shared::practice::crisis::RiskState;
use tacenda_shared::practice::edit::{AppointmentKind, Modality, Status};
use tacenda_shared::practice::measure::Review;
use tacenda_shared::practice::schedule::free;
use tacenda_shared::practice::supervision::{Supervision, SupervisionRow};
use tacenda_shared::practice::view::{
    AppointmentRow, DraftRow, Index, NoteState, Stray, TaskRow, TimelineEntry,
};

/// How far back open sessions are listed: older ones are history, not work.
const OPEN_FOR_DAYS: i64 = 60;

/// How far ahead overlaps are listed.
const AHEAD_DAYS: i64 = 30;

/// How long before its day the review of a plan is listed.
const REVIEW_AHEAD_DAYS: i64 = 14;

/// How long before its day a task is listed.
const TASK_AHEAD_DAYS: i64 = 7;

/// The gathered lists.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Digest {
    /// What is unfinished, oldest first.
    pub unfinished: Vec<Unfinished>,
    /// Appointments that devices moved to different slots at once.
    pub conflicts: Vec<AppointmentId>,
    /// Each client's next appointment.
    pub next: BTreeMap<ClientId, AppointmentId>,
    /// Clients with an appointment by video ahead.
    pub by_video: BTreeSet<ClientId>,
    /// How many sessions each client has had.
    pub sessions: BTreeMap<ClientId, u32>,
}

/// Something that waits to be finished.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unfinished {
    /// When it came up.
    pub since: Timestamp,
    /// What it is.
    pub what: What,
}

/// What is unfinished.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// An appointment ahead overlaps an earlier one: the same clinician, room or client.
    Clash(AppointmentId, AppointmentId),
    /// A consent expires soon, or has expired and is still needed.
    Consent(ClientId, RecordId, ConsentKind, ConsentState),
    /// An answer of a measure has to be looked at.
    Answer(ClientId, RecordId),
    /// A risk form was left before anybody judged and decided.
    Risk(ClientId, RecordId),
    /// A draft waits for its signature.
    Draft(DraftRow),
    /// A client missed a session or called it off too late, and nobody has said who pays.
    Fee(AppointmentId),
    /// A session took place and has no note.
    NoteMissing(AppointmentId),
    /// A treatment plan is to be looked at again by then.
    PlanReview(ClientId),
    /// Something is left in a chart of a note that was moved to another.
    Stray(ClientId),
    /// Something is to be done about a client.
    Task(ClientId, TaskRow),
    /// A session is over and nobody has said what came of it.
    StatusMissing(AppointmentId),
    /// A note waits for a second person, or was returned.
    Supervision(SupervisionRow),
}

impl Digest {
    /// Gathers from the index as it is at `now`.
    /// What of supervision concerns `member` only, once it is known who is at the keyboard.
    pub fn of(index: &Index, now: Timestamp, member: Option<MemberId>) -> Self {
        let mut digest = Self::default();
        let mut nearest = BTreeMap::new();
        for draft in &index.drafts {
            let what = What::Draft(draft.clone());
            digest.unfinished.push(Unfinished { since: draft.begun, what });
        }
        // Whose record is out of sight has nothing to be finished.
        let hidden = |row: &AppointmentRow| {
            let all = |client: &ClientId| index.erasures.contains_key(&(*client).into());
            let whole = !row.clients.is_empty() && row.clients.iter().all(all);
            whole || row.group.as_ref().is_some_and(all)
        };
        for row in index.appointments.values().filter(|row| !hidden(row)) {
            digest.take((row, index.group_of(row)), now, &mut nearest);
        }
        let clashes = clashes(index, now);
        digest.unfinished.extend(clashes.into_iter().map(|(row, other)| Unfinished {
            since: row.starts,
            what: What::Clash(row.id, other),
        }));
        digest.unfinished.extend(answers(index));
        digest.unfinished.extend(supervision(index, member));
        digest.unfinished.extend(strays(index, member));
        digest.unfinished.extend(risks(index));
        digest.unfinished.extend(reviews(index, now));
        digest.unfinished.extend(tasks(index, now));
        digest.next = nearest.into_iter().map(|(client, (_, id))| (client, id)).collect();
        let consents: Vec<_> = expiring(index, now, &digest).collect();
        digest.unfinished.extend(consents);
        digest.unfinished.sort_by_key(|entry| entry.since);
        let starts = |id: &AppointmentId| index.appointments.get(id).map(|row| row.starts);
        digest.conflicts.sort_by_key(starts);
        digest
    }

    fn take(
        &mut self,
        (row, group): (&AppointmentRow, Option<ClientId>),
        now: Timestamp,
        nearest: &mut BTreeMap<ClientId, (Timestamp, AppointmentId)>,
    ) {
        if !row.rivals.is_empty() {
            self.conflicts.push(row.id);
        }
        let ends = row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000);
        if ends > now && !row.status.frees_the_slot() && row.status != Status::NoShow {
            for client in row.clients.iter().chain(&group) {
                let best = nearest.entry(*client).or_insert((row.starts, row.id));
                *best = (*best).min((row.starts, row.id));
            }
            if row.slot.modality == Modality::Video {
                self.by_video.extend(&row.clients);
            }
        }
        if row.status == Status::Held {
            for client in row.clients.iter().chain(&group) {
                *self.sessions.entry(*client).or_default() += 1;
            }
        }
        let recent = now.millis_since(ends) < OPEN_FOR_DAYS * 86_400_000;
        let what = match row.status {
            _ if row.asks_for_fee() && recent => What::Fee(row.id),
            _ if row.clients.is_empty() || ends > now || !recent => return,
            Status::Held if row.note == NoteState::Missing => What::NoteMissing(row.id),
            Status::Booked | Status::Confirmed | Status::Arrived => What::StatusMissing(row.id),
            _ => return,
        };
        self.unfinished.push(Unfinished { since: row.starts, what });
    }
}

/// The appointments of the next days that overlap another which begins before them.
fn clashes(index: &Index, now: Timestamp) -> Vec<(&AppointmentRow, AppointmentId)> {
    let today = when::local(now, &index.zone).date();
    let days = index.days.range(today..=when::shifted(today, AHEAD_DAYS));
    let rows = days.flat_map(|(_, ids)| ids).filter_map(|id| index.appointments.get(id));
    let rows = rows.filter(|row| row.starts >= now && !row.status.frees_the_slot());
    rows.filter_map(|row| {
        let others = free::clashes(index, (&row.slot, &row.clients), Some(row.id));
        // Busy times of several calendars lie over each other, and nobody has to decide.
        let off = |row: &AppointmentRow| row.kind == AppointmentKind::TimeOff;
        let mut earlier = others.into_iter().filter(|other| {
            (other.starts, other.id) < (row.starts, row.id) && !(off(other) && off(row))
        });
        Some((row.as_ref(), earlier.next()?.id))
    })
    .collect()
}

/// The answers that somebody has to look at.
fn answers(index: &Index) -> impl Iterator<Item = Unfinished> {
    let rows = index.timelines.values().flat_map(|rows| rows.iter());
    rows.filter_map(|row| match &row.entry {
        TimelineEntry::Measure { record, taken } if taken.review == Review::Due => {
            Some(Unfinished { since: row.time, what: What::Answer(row.client, *record) })
        }
        _ => None,
    })
}

/// The notes of others that wait for this member, and their own that were returned.
fn supervision(index: &Index, member: Option<MemberId>) -> impl Iterator<Item = Unfinished> {
    let concerns = move |row: &&SupervisionRow| {
        let own = member.is_none_or(|member| member == row.author);
        own == (row.state == Supervision::Returned)
    };
    let rows = index.supervision.iter().filter(concerns);
    rows.map(|row| Unfinished { since: row.since, what: What::Supervision(*row) })
}

/// What is left in a chart of notes that this member has moved to another.
fn strays(index: &Index, member: Option<MemberId>) -> impl Iterator<Item = Unfinished> {
    let concerns = move |row: &&Stray| member.is_none_or(|member| member == row.by);
    let rows = index.strays.iter().filter(concerns);
    rows.map(|row| Unfinished { since: row.since, what: What::Stray(row.client) })
}

/// The risk forms that were left unfinished, as far as no later one was finished.
fn risks(index: &Index) -> impl Iterator<Item = Unfinished> {
    index.timelines.values().filter_map(|rows| {
        let newest = rows.iter().find_map(|row| match row.entry {
            TimelineEntry::Risk { record, state, .. } => Some((row, record, state)),
            _ => None,
        });
        let (row, record, _) = newest.filter(|(.., state)| *state == RiskState::Unfinished)?;
        Some(Unfinished { since: row.time, what: What::Risk(row.client, record) })
    })
}

/// What is to be done soon, or some time.
fn tasks(index: &Index, now: Timestamp) -> impl Iterator<Item = Unfinished> {
    let soon = when::shifted(when::local(now, &index.zone).date(), TASK_AHEAD_DAYS);
    let all = index.clients.values();
    let all = all.flat_map(|row| row.every_task());
    all.filter(move |(_, task)| task.due.is_none_or(|due| due <= soon)).map(|(client, task)| {
        let due = task.due.map(|due| when::moment(due.at(0, 0, 0, 0), &index.zone));
        Unfinished { since: due.unwrap_or(task.since), what: What::Task(client, task.clone()) }
    })
}

/// The plans that are to be looked at again soon, of clients who still come.
fn reviews(index: &Index, now: Timestamp) -> impl Iterator<Item = Unfinished> {
    let soon = when::shifted(when::local(now, &index.zone).date(), REVIEW_AHEAD_DAYS);
    index.plans.iter().filter_map(move |(client, review)| {
        let date = review.filter(|date| *date <= soon)?;
        let comes = index.client(*client).is_some_and(|row| !row.archived && row.death().is_none());
        let since = when::moment(date.at(0, 0, 0, 0), &index.zone);
        comes.then_some(Unfinished { since, what: What::PlanReview(*client) })
    })
}

/// The consents that expire soon, or have expired and are needed, of clients who still come.
fn expiring(index: &Index, now: Timestamp, digest: &Digest) -> impl Iterator<Item = Unfinished> {
    let today = when::local(now, &index.zone).date();
    let comes = |client: &ClientId| {
        index.client(*client).is_some_and(|row| !row.archived && row.death().is_none())
    };
    let all = index.consents.iter().filter(move |(client, _)| comes(client));
    all.flat_map(move |(client, rows)| {
        let kept = index.kept(*client);
        let coming = (digest.next.contains_key(&kept), digest.by_video.contains(&kept));
        consents::due(rows, today, coming).map(move |(row, state)| {
            let last = row.until.unwrap_or(today);
            let since = when::moment(last.at(0, 0, 0, 0), &index.zone);
            let what = What::Consent(*client, row.record, row.kind, state);
            Unfinished { since, what }
        })
    })
}

/// Returns the words for something unfinished, without whose it is.
pub fn words(what: &What) -> String {
    match what {
        What::Answer(..) => "review risk answer".to_owned(),
        What::Clash(..) => "overlaps".to_owned(),
        // On which day stands beside it.
        What::Consent(_, _, kind, ConsentState::Expired(_)) => {
            format!("consent to {} expired", kind.title())
        }
        What::Consent(_, _, kind, _) => format!("consent to {} expires", kind.title()),
        What::Draft(draft) if draft.addendum_to.is_some() => {
            format!("addendum draft, {}", text::counted(draft.words, "word", "words"))
        }
        What::Draft(draft) if draft.corrects.is_some() => {
            format!("correction draft, {}", text::counted(draft.words, "word", "words"))
        }
        What::Draft(draft) if draft.journal => {
            format!("journal draft, {}", text::counted(draft.words, "word", "words"))
        }
        What::Draft(draft) => {
            format!("note draft, {}", text::counted(draft.words, "word", "words"))
        }
        What::Fee(_) => "fee?".to_owned(),
        What::Risk(..) => "risk form to be finished".to_owned(),
        What::NoteMissing(_) => "note missing".to_owned(),
        What::PlanReview(_) => "plan to be reviewed".to_owned(),
        What::Stray(_) => "left of a note that was moved".to_owned(),
        What::Task(_, task) => format!("to do: {}", task.text),
        What::StatusMissing(_) => "what came of it?".to_owned(),
        What::Supervision(row) if row.state == Supervision::Returned => {
            "note returned: read why".to_owned()
        }
        What::Supervision(_) => "note to be co-signed".to_owned(),
    }
}

/// Returns the local date on which something came up.
pub fn date(entry: &Unfinished, zone: &str) -> jiff::civil::Date {
    when::local(entry.since, zone).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::parts::sample::{self, Sample};
    use jiff::civil::date;
    use tacenda_shared::practice::edit::Slot;

    fn clashes(sample: &Sample) -> Vec<(AppointmentId, AppointmentId)> {
        let digest = Digest::of(&sample.index, sample::now().time, None);
        let clash = |entry: &Unfinished| match entry.what {
            What::Clash(row, other) => Some((row, other)),
            _ => None,
        };
        digest.unfinished.iter().filter_map(clash).collect()
    }

    #[test]
    fn what_overlaps_ahead_is_listed_once_whoever_shares_what() {
        let mut sample = Sample::new();
        let slot = sample.index.appointments[&sample::appointment(4)].slot.clone();
        let ahead =
            |minutes: i8| Slot { start: date(2026, 12, 1).at(15, minutes, 0, 0), ..slot.clone() };
        sample.add(20, 1, ahead(0), Status::Booked);
        assert_eq!(clashes(&sample), []);
        // The same clinician.
        sample.add(21, 2, ahead(20), Status::Booked);
        let found = [(sample::appointment(21), sample::appointment(20))];
        assert_eq!(clashes(&sample), found);
        sample.change(21, |row| row.status = Status::CancelledByClient);
        assert_eq!(clashes(&sample), [], "settled");
        // Somebody else's hour, and the same client.
        let other = MemberId::from_bytes([99; 16]);
        sample.add(22, 1, Slot { clinician: other, room: None, ..ahead(30) }, Status::Booked);
        assert_eq!(clashes(&sample), [(sample::appointment(22), sample::appointment(20))]);
        sample.change(22, |row| row.clients = vec![sample::client_id(3)]);
        assert_eq!(clashes(&sample), []);
        // Busy times of two calendars.
        sample.add(23, 2, ahead(40), Status::Booked);
        sample.change(23, |row| row.kind = AppointmentKind::TimeOff);
        assert_eq!(clashes(&sample).len(), 1, "time off over a session is told");
        sample.change(20, |row| row.kind = AppointmentKind::TimeOff);
        assert_eq!(clashes(&sample), [], "and two busy times are not");
    }
}
