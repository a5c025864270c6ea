//! Search: everything that this device may read, from one line of words.
//!
//! Names and codes come first, then texts: the newest day first, of one day what holds the words more
//! often. All words must be in one text; those that are in the client's name or code need not be.
//!
//! Psychotherapy notes are never searched: nothing here reads that compartment (45 CFR 164.501,
//! 164.508(a)(2)). A search looks into texts without showing any of them; what it shows of a chart, a
//! journal or a file, one line each, comes through [`Practice::show_found`], with entries in the trail.

mod collect;
mod fold;
mod line;
mod names;
mod query;
mod texts;

use super::audit::{AuditEvent, AuditKind, AuditSubject};
use super::change::Change;
use super::compartment::CompartmentName;
use super::contact::normal;
use super::edit::Purpose;
use super::view::AppointmentRow;
use super::{Context, Practice, zone};
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId, TaskId, Timestamp};
use query::Query;
use std::collections::{BTreeMap, BTreeSet};
use texts::{Texts, WORDS_OF_TEXT_MAX};

pub use line::Line;
pub use names::Names;

/// How many results a search gives.
pub const FOUND_MAX: usize = 200;

/// In which text something was found.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// What was added to a record.
    Addendum {
        /// The addition.
        record: RecordId,
        /// What it was added to.
        to: RecordId,
    },
    /// The line of an appointment in the calendar, or why it was called off.
    Appointment(AppointmentId),
    /// The title of a file.
    Attachment(RecordId),
    /// A consent.
    Consent(RecordId),
    /// An entry of the contact log.
    Contact(RecordId),
    /// Telephone, mail, and how the client may be reached.
    Details,
    /// A risk form or a version of a safety plan.
    Crisis(RecordId),
    /// A draft.
    Draft(ObjectId),
    /// An entry of the client's journal.
    Journal(RecordId),
    /// The name of a measure.
    Measure(RecordId),
    /// A signed note.
    Note(RecordId),
    /// The treatment plan as it stands.
    Plan,
    /// A signed version of it.
    PlanVersion(RecordId),
    /// Something to be done.
    Task(TaskId),
}

impl Place {
    /// Returns the record or draft that is found, in hexadecimal digits; of a plan, or of what lies
    /// with the contact, none.
    pub fn id(&self) -> Option<String> {
        Some(match self {
            Self::Addendum { record, .. }
            | Self::Attachment(record)
            | Self::Consent(record)
            | Self::Contact(record)
            | Self::Crisis(record)
            | Self::Journal(record)
            | Self::Measure(record)
            | Self::Note(record)
            | Self::PlanVersion(record) => record.to_string(),
            Self::Appointment(id) => id.to_string(),
            Self::Draft(id) => id.to_string(),
            Self::Task(id) => id.to_string(),
            Self::Details | Self::Plan => return None,
        })
    }

    /// Returns the word for its kind.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Addendum { .. } => "addendum",
            Self::Appointment(_) => "appointment",
            Self::Attachment(_) => "attachment",
            Self::Consent(_) => "consent",
            Self::Contact(_) => "contact",
            Self::Crisis(_) => "crisis",
            Self::Details => "details",
            Self::Draft(_) => "draft",
            Self::Journal(_) => "journal",
            Self::Measure(_) => "measure",
            Self::Note(_) => "note",
            Self::Plan => "plan",
            Self::PlanVersion(_) => "plan version",
            Self::Task(_) => "task",
        }
    }

    /// Whether it says something else when somebody changes what it stands for: what was signed does
    /// not. Of a measure the name is that of a form, which may come later.
    pub const fn may_change(&self) -> bool {
        matches!(
            self,
            Self::Appointment(_)
                | Self::Details
                | Self::Draft(_)
                | Self::Measure(_)
                | Self::Plan
                | Self::Task(_)
        )
    }

    /// Whether what it says stands in no list, so that to show it is to open something.
    const fn is_opened(&self) -> bool {
        !matches!(
            self,
            Self::Appointment(_)
                | Self::Contact(_)
                | Self::Details
                | Self::Measure(_)
                | Self::Task(_)
        )
    }
}

/// A text that holds what somebody looks for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Hit {
    /// In whose record it lies; of an appointment the first who comes and may be seen, if anybody does.
    pub client: Option<ClientId>,
    /// In which text.
    pub place: Place,
    /// When it was written; nothing of what is as it stands.
    pub time: Option<Timestamp>,
    /// How often it holds one of the words.
    pub count: u32,
}

/// One result of a search.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Match {
    /// A client, by name or code.
    Client(ClientId),
    /// A text.
    Text(Hit),
}

/// What a search found, best first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Found {
    /// The results, [`FOUND_MAX`] at the most.
    pub matches: Vec<Match>,
    /// How many there are.
    pub total: usize,
    /// Clients whose texts have not been looked through yet: call [`Practice::prepare_search`].
    pub waiting: usize,
    /// Texts that are searched in part only, or that could not be read.
    pub partly: usize,
}

/// What is shown of what was found.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// For each result its line; none for a client, and for what is gone meanwhile.
    pub lines: Vec<Option<Line>>,
    /// The entries in the trail, to be stored before a line is shown.
    pub changes: Vec<Change>,
}

/// What somebody has looked at since they last asked for something else: it is written down once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sitting {
    query: Option<String>,
    clients: BTreeSet<ClientId>,
}

/// What is out of sight of the clients that were looked at in one search.
#[derive(Default)]
struct Sight {
    hidden: BTreeMap<ClientId, BTreeSet<RecordId>>,
}

/// What is in memory for searching.
#[derive(Default)]
pub(super) struct Search {
    texts: Texts,
    /// What was out of sight when it was made, and how much went with it.
    hidden: BTreeSet<(super::erasure::Scope, usize)>,
}

impl Practice {
    /// Looks through so many texts that are new or changed, before a search is whole; returns whether
    /// none is left. The first call after an unlock begins with all of them.
    pub fn prepare_search(&mut self, most: usize, cx: &mut Context<'_>) -> bool {
        let hidden = self.index.erasures.iter();
        let hidden: BTreeSet<_> = hidden.map(|(scope, row)| (*scope, row.family)).collect();
        // What is to be erased is not kept for a search, and what comes back is looked at again.
        let mut search = self.search.take().filter(|search| search.hidden == hidden);
        let search = search.get_or_insert_with(|| {
            let texts = Texts::of(self.searched_clients());
            Box::new(Search { texts, hidden })
        });
        let mut left = most;
        while left > 0
            && let Some(client) = search.texts.stale.first().copied()
        {
            if self.refresh_texts(client, &mut search.texts, &mut left, cx) {
                search.texts.is_done(client);
            }
            left = left.saturating_sub(1);
        }
        self.tidy();
        let is_whole = search.texts.stale.is_empty();
        self.search = Some(std::mem::take(search));
        is_whole
    }

    /// Says that something of a compartment has changed.
    pub(super) fn searched_anew(&mut self, name: &CompartmentName) {
        if let Some(search) = &mut self.search
            && let Some(client) = name.chart().or_else(|| name.client())
        {
            search.texts.stale(client);
        }
    }

    /// Returns how many texts are in memory for searching, and about how many bytes they take.
    pub fn search_size(&self) -> (usize, usize) {
        let texts = self.search.as_ref().map(|search| &search.texts);
        texts.map_or((0, 0), |texts| (texts.counts().0, texts.bytes()))
    }

    /// Searches what has been looked through. It shows no text and writes nothing down.
    pub fn search(&self, words: &str) -> Found {
        let query = Query::read(words);
        let mut matches: Vec<_> =
            self.clients_found(words, &query).into_iter().map(Match::Client).collect();
        let mut found = Found::default();
        if let Some(search) = &self.search {
            found.waiting = search.texts.stale.len();
            found.partly = search.texts.counts().1;
        }
        if query.looks_into_texts() {
            matches.extend(self.texts_found(&query).into_iter().map(Match::Text));
        }
        found.total = matches.len();
        matches.truncate(FOUND_MAX);
        Found { matches, ..found }
    }

    /// Returns the lines in which something was found, and writes down that somebody searched and
    /// whose charts were read in, never for what. Of one sitting, each is written once.
    pub fn show_found(
        &mut self,
        words: &str,
        found: (&[Match], usize),
        purpose: Purpose,
        sitting: &mut Sitting,
        cx: &mut Context<'_>,
    ) -> Shown {
        let (matches, total) = found;
        let query = Query::read(words);
        let mut lines = Vec::with_capacity(matches.len());
        let mut opened: BTreeMap<ClientId, u32> = BTreeMap::new();
        let mut parts = collect::Parts::default();
        let mut sight = Sight::default();
        for found in matches {
            let shown = match found {
                Match::Client(_) => None,
                // What went out of sight since it was found is not shown.
                Match::Text(hit) if self.is_out_of_sight(hit, &mut sight) => None,
                Match::Text(hit) => {
                    let text = self.parts_of_place(hit, &mut parts, cx);
                    text.and_then(|text| line::line(&query, &text))
                }
            };
            if let (Match::Text(hit), Some(_)) = (found, &shown)
                && let Some(client) = hit.client.filter(|_| hit.place.is_opened())
            {
                *opened.entry(client).or_default() += 1;
            }
            lines.push(shown);
        }
        self.tidy();
        let mut changes = Vec::new();
        let is_new = sitting.query.as_deref() != Some(words);
        if is_new {
            *sitting = Sitting { query: Some(words.to_owned()), clients: BTreeSet::new() };
        }
        let event = |kind| AuditEvent { purpose: Some(purpose), ..AuditEvent::new(kind) };
        if is_new {
            let count = u32::try_from(total).unwrap_or(u32::MAX);
            changes.extend(self.audit(&event(AuditKind::Search).counting(count), cx));
        }
        for (client, count) in opened {
            if sitting.clients.insert(client) {
                let subject = AuditSubject::Lines(client);
                let event = event(AuditKind::Open).about(subject).counting(count);
                changes.extend(self.audit(&event, cx));
            }
        }
        Shown { lines, changes }
    }

    /// Searches everything at once: looks through what is new, and shows what it found.
    pub fn find(&mut self, words: &str, purpose: Purpose, cx: &mut Context<'_>) -> (Found, Shown) {
        while !self.prepare_search(usize::MAX, cx) {}
        let found = self.search(words);
        let shown = {
            let found = (found.matches.as_slice(), found.total);
            self.show_found(words, found, purpose, &mut Sitting::default(), cx)
        };
        (found, shown)
    }

    /// Clients by name and code, best first: those that begin with what was typed, then those of whom
    /// a word does, then the others that hold it, or all of its words.
    fn clients_found(&self, words: &str, query: &Query) -> Vec<ClientId> {
        let wanted = folded(words);
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut ranked: Vec<(u8, String, ClientId)> = Vec::new();
        for row in self.index.clients.values() {
            let rows = std::iter::once(row).chain(&row.same);
            let texts: Vec<_> = rows.flat_map(|row| [&row.name, &row.code]).collect();
            let rank = texts.iter().filter_map(|text| rank(text, &wanted)).min();
            let by_words = || {
                let holds = |text: &&String| query.count_in(text, NAME_WORDS_MAX).0;
                let terms = texts.iter().map(holds).fold(0, |all, terms| all | terms);
                (terms == query.all() && terms != 0).then_some(3)
            };
            if let Some(rank) = rank.or_else(by_words) {
                ranked.push((rank, folded(&row.name), row.id));
            }
        }
        ranked.sort();
        ranked.into_iter().map(|(.., client)| client).collect()
    }

    /// Texts: the newest day first, of one day the one that holds the words most often.
    fn texts_found(&self, query: &Query) -> Vec<Hit> {
        let mut names: BTreeMap<ClientId, u32> = BTreeMap::new();
        let mut named = |client: ClientId| {
            *names.entry(client).or_insert_with(|| {
                let row = self.index.client(client);
                let rows = row.into_iter().flat_map(|row| std::iter::once(row).chain(&row.same));
                let texts = rows.flat_map(|row| [&row.name, &row.code]);
                texts.fold(0, |terms, text| terms | query.count_in(text, NAME_WORDS_MAX).0)
            })
        };
        let mut hits = Vec::new();
        for row in self.index.appointments.values() {
            let texts = [Some(&row.memo), row.reason.as_ref()].into_iter().flatten();
            let counts = texts.filter(|text| !text.is_empty());
            let counts = counts.map(|text| query.count_in(text, WORDS_OF_TEXT_MAX));
            let (terms, count) = counts.fold((0, 0_u32), |(all, sum), (terms, count)| {
                (all | terms, sum.saturating_add(count))
            });
            let Some(who) = self.seen_of(row) else { continue };
            let by_name = who.iter().chain(&row.group).fold(0, |all, one| all | named(*one));
            if terms != 0 && terms | by_name == query.all() {
                let known = who.iter().find(|one| self.index.client(**one).is_some());
                let client = known.or(who.first()).copied();
                let (place, time) = (Place::Appointment(row.id), Some(row.starts));
                hits.push(Hit { client, place, time, count });
            }
        }
        if let Some(search) = &self.search {
            hits.extend(search.texts.search(query, named));
        }
        // What went out of sight since is not found, whatever is in memory.
        let mut sight = Sight::default();
        hits.retain(|hit| !self.is_out_of_sight(hit, &mut sight));
        self.rank(&mut hits);
        hits
    }

    /// Puts texts in order: what is as it stands, then the newest day first, of one day the one that
    /// holds the words most often.
    fn rank(&self, hits: &mut [Hit]) {
        hits.sort_unstable_by_key(|hit| {
            (hit.time.map(std::cmp::Reverse), hit.count, hit.client, hit.place)
        });
        let mut left = hits;
        while let Some(first) = left.first() {
            // One look at the calendar a day, not one a text.
            let date = first.time.map(|time| zone::date(time, &self.index.zone));
            let begins = date.map(|date| zone::instant(date.at(0, 0, 0, 0), &self.index.zone));
            let is_of_day =
                |hit: &Hit| hit.time.is_some() == begins.is_some() && hit.time >= begins;
            let day = left.iter().take_while(|hit| is_of_day(hit)).count().max(1);
            let (day, others) = left.split_at_mut(day);
            day.sort_unstable_by_key(|hit| {
                (std::cmp::Reverse((hit.count, hit.time)), hit.client, hit.place)
            });
            left = others;
        }
    }

    /// Who comes to an appointment and may be seen; `None` if that is nobody of those who come.
    fn seen_of(&self, row: &AppointmentRow) -> Option<Vec<ClientId>> {
        let seen = row.clients.iter().filter(|client| !self.is_hidden(**client));
        let seen: Vec<_> = seen.copied().collect();
        let group = row.group.is_some_and(|group| self.is_hidden(group));
        (!group && (row.clients.is_empty() || !seen.is_empty())).then_some(seen)
    }

    fn is_out_of_sight(&self, hit: &Hit, sight: &mut Sight) -> bool {
        if let Place::Appointment(id) = hit.place {
            let row = self.index.appointments.get(&id);
            return row.is_none_or(|row| {
                self.seen_of(row).is_none() || hit.client.is_some_and(|one| self.is_hidden(one))
            });
        }
        let Some(client) = hit.client else { return false };
        let hidden = sight.hidden.entry(client);
        let hidden = hidden.or_insert_with(|| self.hidden_records(client));
        let hidden = |record: &RecordId| hidden.contains(record);
        self.is_hidden(client)
            || match &hit.place {
                Place::Addendum { record, to } => hidden(record) || hidden(to),
                Place::Attachment(record)
                | Place::Consent(record)
                | Place::Contact(record)
                | Place::Crisis(record)
                | Place::Journal(record)
                | Place::Measure(record)
                | Place::Note(record)
                | Place::PlanVersion(record) => hidden(record),
                Place::Appointment(_)
                | Place::Details
                | Place::Draft(_)
                | Place::Plan
                | Place::Task(_) => false,
            }
    }
}

/// Words of a name that are looked at.
const NAME_WORDS_MAX: usize = 64;

fn folded(text: &str) -> String {
    normal(text).to_lowercase()
}

/// Returns how well a text fits: 0 for its beginning, 1 for that of a word, 2 for elsewhere.
fn rank(text: &str, query: &str) -> Option<u8> {
    let text = folded(text);
    if text.starts_with(query) {
        return Some(0);
    }
    if text.split_whitespace().any(|word| word.starts_with(query)) {
        return Some(1);
    }
    text.contains(query).then_some(2)
}
