//! What a command is told: the open practice's answer to one request, line by line.
//!
//! Everything that is shown passes `harmless`; everything that leaves the vault passes the gate.

mod appointments;
mod attachments;
mod backup;
pub(crate) mod calendar;
mod clients;
mod consents;
mod corrections;
mod crisis;
pub(super) mod devices;
mod erasing;
mod exchange;
mod find;
mod groups;
mod hours;
mod journal;
mod measures;
mod notes;
mod phrases;
mod plans;
mod reports;
mod schedule;
pub(crate) mod sheet;
mod signing;
mod waiting;

use super::print::escaped;
use super::request::{Reply, Request};
use super::{late, revoke};
use crate::device::home::Home;
use crate::device::open::{Device, DeviceError};
use crate::device::settings::Timing;
use crate::notice::Notice;
use crate::widget::safe::harmless;
use serde_json::Value;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, MemberId, RecordId, Timestamp};
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::interchange::json;
use tacenda_shared::practice::view::{ClientRow, Index};

/// Takes one line of an answer; returns whether somebody still listens.
pub type Say<'a> = &'a mut dyn FnMut(Reply) -> bool;

/// Why a command is refused.
pub(crate) enum Refused {
    Device(DeviceError),
    Notice(Notice),
}

impl From<Refused> for Notice {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Device(error) => Self::from(&error),
            Refused::Notice(notice) => notice,
        }
    }
}

impl From<DeviceError> for Refused {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

/// What became of a request.
#[derive(Debug, Default)]
pub struct Answered {
    /// Whether the practice has changed.
    pub changed: bool,
    /// What was done, in codes, and what undoes it: of an act that a window can take back.
    pub undo: Option<(String, Edit)>,
}

/// Answers a request.
pub fn answer(
    request: Request,
    device: &mut Device,
    home: &Home,
    now: Timestamp,
    say: Say<'_>,
) -> Answered {
    if signing::signs(&request) && device.asks_to_sign(now) {
        say(Reply::Confirm);
        return Answered { changed: false, undo: None };
    }
    let before = device.index();
    let outcome = match request {
        Request::Appointment(asked) => appointments::answer(device, &asked, now, say)
            .map(|undo| Answered { changed: true, undo }),
        request => {
            let changed = carry_out(request, device, home, now, say);
            changed.map(|changed| Answered { changed, undo: None })
        }
    };
    match outcome {
        Ok(answered) => {
            say(Reply::Done);
            answered
        }
        Err(refused) => {
            say(told(refused));
            // An import may have been refused half-way.
            let changed = !Arc::ptr_eq(&before, &device.index());
            Answered { changed, undo: None }
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one line for each kind of request")]
fn carry_out(
    request: Request,
    device: &mut Device,
    home: &Home,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::Attachment { client, wish } => {
            attachments::answer(device, home, (&client, wish), now, say)
        }
        Request::Backup { file, passphrase } => {
            backup::write(device, home, (&file, &passphrase.0), now, say)
        }
        Request::CalendarFeed(asked) => calendar::feed(device, home, &asked, now, say),
        Request::CalendarImport { text, how } => calendar::import(device, &text, &how, now, say),
        Request::ClientAdd { .. }
        | Request::ClientList
        | Request::ClientMerge { .. }
        | Request::ClientPart { .. }
        | Request::ClientShow { .. } => clients::answer(device, request, now, say),
        Request::Confirm { passphrase } => signing::confirm(device, home, &passphrase, now),
        Request::DeviceLate => late::list(device, say),
        Request::DeviceLateImport { number } => late::import(device, number, now, say),
        Request::DeviceList | Request::ServerList => devices::answer(device, &request, say),
        Request::DevicePlan { lost } => revoke::plan(device, &lost, say),
        Request::DeviceRename { id, name } => devices::rename(device, &id, name, now),
        Request::Erase { .. } | Request::EraseList => {
            erasing::answer(device, home, request, now, say)
        }
        Request::Export { passphrase, without_attachments } => {
            let asked = (passphrase.0.as_str(), !without_attachments);
            exchange::export(device, home, asked, now, say)
        }
        Request::Find { query } => find::answer(device, &query, now, say),
        Request::Report(asked) => reports::answer(device, home, &asked, now, say),
        Request::Free(asked) => hours::free(device, &asked, now, say),
        Request::Hours { set } => hours::hours(device, set, now, say),
        Request::Import { lines, dry_run } => exchange::import(device, &lines, dry_run, now, say),
        Request::New { sentence, dry_run, as_of, locale } => {
            let sentence = schedule::Sentence { sentence, dry_run, as_of, locale };
            schedule::book(device, &sentence, now, say)
        }
        Request::SheetDraw { wish } => sheet::draw(device, &wish, now, say),
        Request::SheetStatus => sheet::status(device, say),
        Request::Sync { .. } => Ok(stand(device, say)),
        Request::Today(asked) => schedule::today(device, &asked, now, say),
        Request::Timing => Ok(time(device, home)),
        Request::Consent { client, wish } => consents::answer(device, &client, wish, (now, say)),
        Request::Crisis(wish) => crisis::answer(device, wish, now, say),
        Request::Measure { client, wish } => measures::answer(device, &client, wish, (now, say)),
        Request::Phrase(wish) => phrases::answer(device, wish, now, say),
        Request::MeasureForms(wish) => measures::forms(device, wish, now, say),
        Request::GroupList | Request::GroupMember { .. } | Request::GroupNew { .. } => {
            groups::answer(device, request, now, say)
        }
        Request::Wait { .. } | Request::Waiting { .. } => {
            waiting::answer(device, request, now, say)
        }
        // One is answered above, the others are the keeper's.
        Request::Appointment(_)
        | Request::Connect { .. }
        | Request::DeviceRevoke { .. }
        | Request::Lock
        | Request::ServerAddress { .. }
        | Request::Sheet { .. }
        | Request::Watch => Ok(false),
        of_a_record => of_records(device, of_a_record, now, say),
    }
}

/// Answers what is asked about notes, plans and journals.
fn of_records(
    device: &mut Device,
    request: Request,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::JournalAdd(_) | Request::JournalList { .. } | Request::JournalShow { .. } => {
            journal::answer(device, request, now, say)
        }
        Request::PlanAdd(_) | Request::PlanShow { .. } | Request::PlanSign { .. } => {
            plans::answer(device, request, now, say)
        }
        _ => notes::answer(device, request, now, say),
    }
}

/// Takes over in which rhythm things leave.
fn time(device: &mut Device, home: &Home) -> bool {
    device.set_timing(Timing::of(home));
    false
}

/// Says how the sync stands; nothing changes by that.
fn stand(device: &Device, say: Say<'_>) -> bool {
    let zone = device.index().zone.clone();
    say(super::sync::line(&device.sync_status(), device.is_current(), &zone));
    false
}

fn told(refused: Refused) -> Reply {
    let notice = match refused {
        Refused::Device(error) => Notice::from(&error),
        Refused::Notice(notice) => notice,
    };
    Reply::Refused { notice: [notice.happened, notice.safe, notice.next], locked: false }
}

/// The line that `watch` prints when something has changed.
pub fn changed_line(index: &Index, now: Timestamp) -> Reply {
    Reply::Line { json: json::changed(index, now).value(), text: "changed".into() }
}

pub(super) fn say_line(say: Say<'_>, json: Value, text: &str) {
    // A command that has gone away ends by itself; the rest of the answer goes nowhere.
    let _gone = say(Reply::Line { json, text: harmless(text).into_owned() });
}

/// A line that is JSON in any case: an export.
fn say_json(say: Say<'_>, json: Value) {
    let text = escaped(&json);
    let _gone = say(Reply::Line { json, text });
}

fn refuse<T>(happened: &str, next: &str) -> Result<T, Refused> {
    Err(Refused::Notice(Notice::new(happened, "Nothing has been changed.", next)))
}

/// Into whose calendar it goes: the member's own, or that of the one who sees clients.
fn clinician(device: &Device) -> Result<MemberId, Refused> {
    let index = device.index();
    let own = Some(device.member()).filter(|own| index.clinicians.contains_key(own));
    match own.or_else(|| index.clinicians.keys().next().copied()) {
        Some(clinician) => Ok(clinician),
        None => refuse("Nobody in this practice sees clients.", "Set the practice up first."),
    }
}

fn client_named(index: &Index, code: &str) -> Result<Arc<ClientRow>, Refused> {
    let found = index.clients.values().find(|row| row.has_code(code.trim()));
    match found {
        Some(row) => Ok(Arc::clone(row)),
        None => refuse("No client has that code.", "Run `tacenda client list`."),
    }
}

/// The entry that has the code of its own, also where it stands under another.
fn entry_named(index: &Index, code: &str) -> Result<Arc<ClientRow>, Refused> {
    let row = client_named(index, code)?;
    let own = |row: &&Arc<ClientRow>| row.code.eq_ignore_ascii_case(code.trim());
    let found = std::iter::once(&row).chain(&row.same).find(own).map(Arc::clone);
    Ok(found.unwrap_or(row))
}

/// In whose record something lies that is seen with a client.
fn whose(index: &Index, client: ClientId, record: RecordId) -> ClientId {
    let mut rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    rows.find(|row| row.entry.record() == record).map_or(client, |row| row.client)
}

/// Of the entries that are one person, those in which something is written; the one that is kept, if
/// none is.
fn entries_with(row: &ClientRow, has: impl Fn(ClientId) -> bool) -> Vec<(ClientId, String)> {
    let all = std::iter::once(row).chain(row.same.iter().map(AsRef::as_ref));
    let found = all.filter(|row| has(row.id)).map(|row| (row.id, row.code.clone()));
    let found: Vec<_> = found.collect();
    if found.is_empty() { vec![(row.id, row.code.clone())] } else { found }
}

fn local(index: &Index, now: Timestamp) -> jiff::civil::DateTime {
    let zone = jiff::tz::TimeZone::get(&index.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let instant = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
    instant.to_zoned(zone).datetime()
}

fn codes(index: &Index, clients: &[ClientId]) -> Vec<String> {
    let code =
        |id: &ClientId| index.client(*id).map_or_else(|| "?".to_owned(), |row| row.code.clone());
    clients.iter().map(code).collect()
}
