//! Files that are taken in: lines of an export, and calendars.

use super::args::{CalendarImport, Import};
use super::prompt::{self, PromptError};
use super::request::{Request, TakeInCalendar};
use super::run::IMPORT_BYTES_MAX;
use tacenda_shared::practice::schedule::ical;

/// How far a calendar is looked at that `import` is given.
const DAYS_OF_A_CALENDAR: u16 = 365;

/// What `calendar import` is given.
pub(super) fn calendar(import: &CalendarImport) -> Result<Request, PromptError> {
    let text = match &import.file {
        Some(file) => prompt::file(file, ical::BYTES_MAX)?,
        None => prompt::standard_input(ical::BYTES_MAX)?,
    };
    let CalendarImport { dry_run, appointments, titles, days, undo, .. } = *import;
    let how =
        TakeInCalendar { dry_run, appointments, titles, days, undo, ..TakeInCalendar::default() };
    Ok(Request::CalendarImport { text, how })
}

/// What `import` is given: lines of an export, or a calendar.
pub(super) fn file(import: &Import) -> Result<Request, PromptError> {
    let text = match &import.file {
        Some(file) => prompt::file(file, IMPORT_BYTES_MAX)?,
        None => prompt::standard_input(IMPORT_BYTES_MAX)?,
    };
    if ical::is_calendar(&text) {
        let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string());
        let how = TakeInCalendar {
            dry_run: import.dry_run,
            listed: import.dry_run,
            from: date(import.from),
            to: date(import.to),
            days: DAYS_OF_A_CALENDAR,
            ..TakeInCalendar::default()
        };
        return Ok(Request::CalendarImport { text, how });
    }
    let lines = text.lines().map(str::to_owned).collect();
    Ok(Request::Import { lines, dry_run: import.dry_run })
}
