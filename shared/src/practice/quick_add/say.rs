//! Writes out what was understood, in the order and the clock of the locale.
//!
//! Clients appear by code, so that the line can stand under the veil.

use super::{Locale, QuickAdd, QuickAddContext, Repeat};
use crate::practice::edit::Modality;
use crate::practice::schedule::recur::End;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};

/// Returns the line; what is missing is an ellipsis.
pub(super) fn resolved(quick_add: &QuickAdd, context: &QuickAddContext<'_>) -> String {
    let mut parts = vec![who(quick_add, context), when(quick_add, context)];
    let german = context.locale == Locale::De;
    let way = match quick_add.modality {
        Modality::InOffice if german => "Praxis",
        Modality::InOffice => "office",
        Modality::Video if german => "Video",
        Modality::Video => "video",
        Modality::Phone if german => "Telefon",
        Modality::Phone => "phone",
    };
    let room = quick_add.room.as_ref();
    let room =
        room.map(|room| if german { format!(", Raum {room}") } else { format!(", room {room}") });
    parts.push(format!("{way}{}", room.unwrap_or_default()));
    parts.push(quick_add.kind.word().to_owned());
    parts.extend(quick_add.repeat.map(|repeat| rhythm(repeat, german)));
    parts.extend(match quick_add.repeat_end {
        End::Count(count) if german => Some(format!("{count} Mal")),
        End::Count(count) => Some(format!("{count} times")),
        End::Until(until) if german => Some(format!("bis {}", day(until.date(), context.locale))),
        End::Until(until) => Some(format!("until {}", day(until.date(), context.locale))),
        End::Never | End::UntilInstant(_) => None,
    });
    parts.join(" · ")
}

fn rhythm(repeat: Repeat, german: bool) -> String {
    if german { repeat.words_in_german() } else { repeat.words() }
}

fn who(quick_add: &QuickAdd, context: &QuickAddContext<'_>) -> String {
    let code = |id| context.clients.iter().find(|client| client.0 == id).map(|client| client.1);
    let codes: Vec<&str> = quick_add.clients.iter().filter_map(|id| code(*id)).collect();
    if codes.is_empty() { "…".to_owned() } else { codes.join(" + ") }
}

fn when(quick_add: &QuickAdd, context: &QuickAddContext<'_>) -> String {
    let day = quick_add.date.map_or_else(|| "…".to_owned(), |date| day(date, context.locale));
    let Some(start) = quick_add.start else { return format!("{day}, …") };
    let minutes = i64::from(quick_add.minutes).minutes();
    let until = match context.locale {
        Locale::De => "bis",
        Locale::EnGb | Locale::EnUs => "to",
    };
    let end = match quick_add.date.map(|date| date.to_datetime(start).saturating_add(minutes)) {
        // An end on another day says so.
        Some(end) if quick_add.date != Some(end.date()) => {
            format!(
                "{} {}",
                self::day(end.date(), context.locale),
                clock(end.time(), context.locale)
            )
        }
        Some(end) => clock(end.time(), context.locale),
        None => clock(start.wrapping_add(minutes), context.locale),
    };
    let mut text = format!("{day}, {} {until} {end}", clock(start, context.locale));
    text.push_str(&format!(" ({})", context.zone));
    for problem in &quick_add.problems {
        if let super::Problem::TimeDoesNotExist { resolved } = problem {
            text.push_str(&format!(" = {}", moment(*resolved, context.locale)));
        }
    }
    text
}

fn moment(moment: DateTime, locale: Locale) -> String {
    format!("{}, {}", day(moment.date(), locale), clock(moment.time(), locale))
}

fn day(date: Date, locale: Locale) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let month_name = MONTHS.get(usize::from(month.unsigned_abs()).saturating_sub(1));
    let month_name = month_name.copied().unwrap_or_default();
    let (english, german) = match date.weekday() {
        Weekday::Monday => ("Mon", "Mo"),
        Weekday::Tuesday => ("Tue", "Di"),
        Weekday::Wednesday => ("Wed", "Mi"),
        Weekday::Thursday => ("Thu", "Do"),
        Weekday::Friday => ("Fri", "Fr"),
        Weekday::Saturday => ("Sat", "Sa"),
        Weekday::Sunday => ("Sun", "So"),
    };
    match locale {
        Locale::De => format!("{german} {day:02}.{month:02}.{year}"),
        Locale::EnGb => format!("{english} {day} {month_name} {year}"),
        Locale::EnUs => format!("{english} {month_name} {day} {year}"),
    }
}

fn clock(time: Time, locale: Locale) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    if locale != Locale::EnUs {
        return format!("{hour:02}:{minute:02}");
    }
    let half = if hour < 12 { "am" } else { "pm" };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    format!("{hour}:{minute:02} {half}")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
