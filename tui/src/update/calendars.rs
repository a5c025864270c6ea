//! Which day the calendars show.

use super::verbs::{start_of, with_row};
use super::{replace, show};
use crate::message::Effect;
use crate::model::Model;
use crate::screen::{Focused, Screen, columns, today, week};
use jiff::civil::DateTime;
use tacenda_shared::id::AppointmentId;

/// The day that a calendar shows; else today.
pub(super) fn shown_date(model: &Model) -> jiff::civil::Date {
    match model.desk().and_then(|desk| desk.screens.last()) {
        Some(Screen::Month(month)) => month.date,
        Some(Screen::Today(today)) => today.date,
        Some(Screen::Columns(columns)) => columns.date(),
        Some(Screen::Week(week)) => week.date(),
        _ => model.now.local.date(),
    }
}

/// Shows the day that is shown, or that of what is in focus, with a column for each clinician.
pub(super) fn show_columns(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let (at, clinician) = match focused {
        Focused::Appointment(id) => {
            (start_of(model, id), with_row(model, id, |row| row.slot.clinician))
        }
        Focused::Free(start) => (Some(start), None),
        _ => (None, None),
    };
    let time = at.unwrap_or(model.now.local).time();
    let date = at.map_or_else(|| shown_date(model), DateTime::date);
    replace(model, Screen::Columns(columns::State::new(date, time, clinician)))
}

/// Shows the week of what is in focus.
pub(super) fn show_week(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let at = match focused {
        Focused::Appointment(id) => start_of(model, id),
        Focused::Free(start) => Some(start),
        _ => None,
    };
    let at = at.unwrap_or(model.now.local);
    replace(model, Screen::Week(week::State::new(at.date(), at.time())))
}

/// Shows the day of an appointment over what is shown, with the appointment in focus; with a column for
/// each clinician if it is a colleague's.
pub(super) fn show_day(model: &mut Model, id: AppointmentId) -> Vec<Effect> {
    let Some(start) = start_of(model, id) else { return Vec::new() };
    let whose = with_row(model, id, |row| row.slot.clinician);
    let own = model.desk().and_then(|desk| model.scene(desk).clinician());
    if whose == own {
        return show(model, Screen::Today(today::State::on(start.date(), id)));
    }
    show(model, Screen::Columns(columns::State::new(start.date(), start.time(), whose)))
}
