//! What several screens need from the whole index, gathered once after each change and each
//! minute, so that drawing never walks through years of appointments.

use super::when;
use crate::text;
use std::collections::BTreeMap;
use tacenda_shared::id::{AppointmentId, ClientId, Timestamp};
use tacenda_shared::practice::edit::Status;
use tacenda_shared::practice::view::{AppointmentRow, DraftRow, Index, NoteState};

/// How far back open sessions are listed: older ones are history, not work.
const OPEN_FOR_DAYS: i64 = 60;

/// The gathered lists.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Digest {
    /// What is unfinished, oldest first.
    pub unfinished: Vec<Unfinished>,
    /// Appointments that devices moved to different slots at once.
    pub conflicts: Vec<AppointmentId>,
    /// Each client's next appointment.
    pub next: BTreeMap<ClientId, AppointmentId>,
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
    /// A draft waits for its signature.
    Draft(DraftRow),
    /// A session took place and has no note.
    NoteMissing(AppointmentId),
    /// A session is over and nobody has said what came of it.
    StatusMissing(AppointmentId),
}

impl Digest {
    /// Gathers from the index as it is at `now`.
    pub fn of(index: &Index, now: Timestamp) -> Self {
        let mut digest = Self::default();
        let mut nearest = BTreeMap::new();
        for draft in &index.drafts {
            let what = What::Draft(draft.clone());
            digest.unfinished.push(Unfinished { since: draft.begun, what });
        }
        // Whose record is out of sight has nothing to be finished.
        let hidden = |row: &AppointmentRow| {
            !row.clients.is_empty() && row.clients.iter().all(|c| index.erasures.contains_key(c))
        };
        for row in index.appointments.values().filter(|row| !hidden(row)) {
            digest.take(row, now, &mut nearest);
        }
        digest.next = nearest.into_iter().map(|(client, (_, id))| (client, id)).collect();
        digest.unfinished.sort_by_key(|entry| entry.since);
        let starts = |id: &AppointmentId| index.appointments.get(id).map(|row| row.starts);
        digest.conflicts.sort_by_key(starts);
        digest
    }

    fn take(
        &mut self,
        row: &AppointmentRow,
        now: Timestamp,
        nearest: &mut BTreeMap<ClientId, (Timestamp, AppointmentId)>,
    ) {
        if !row.rivals.is_empty() {
            self.conflicts.push(row.id);
        }
        let ends = row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000);
        if ends > now && !row.status.frees_the_slot() && row.status != Status::NoShow {
            for client in &row.clients {
                let best = nearest.entry(*client).or_insert((row.starts, row.id));
                *best = (*best).min((row.starts, row.id));
            }
        }
        if row.status == Status::Held {
            for client in &row.clients {
                *self.sessions.entry(*client).or_default() += 1;
            }
        }
        let recent = now.millis_since(ends) < OPEN_FOR_DAYS * 86_400_000;
        let what = match row.status {
            _ if row.clients.is_empty() || ends > now || !recent => return,
            Status::Held if row.note == NoteState::Missing => What::NoteMissing(row.id),
            Status::Booked | Status::Confirmed | Status::Arrived => What::StatusMissing(row.id),
            _ => return,
        };
        self.unfinished.push(Unfinished { since: row.starts, what });
    }
}

/// Returns the words for something unfinished, without whose it is.
pub fn words(what: &What) -> String {
    match what {
        What::Draft(draft) if draft.addendum_to.is_some() => {
            format!("addendum draft, {}", text::counted(draft.words, "word", "words"))
        }
        What::Draft(draft) => {
            format!("note draft, {}", text::counted(draft.words, "word", "words"))
        }
        What::NoteMissing(_) => "note missing".to_owned(),
        What::StatusMissing(_) => "what came of it?".to_owned(),
    }
}

/// Returns the local date on which something came up.
pub fn date(entry: &Unfinished, zone: &str) -> jiff::civil::Date {
    when::local(entry.since, zone).date()
}
