//! The questions about a session that takes place or took place: where the client is, and when it began
//! and ended.

use super::super::crisis::numbers_words;
use super::super::parts::consents as standing;
use super::super::parts::field::Field;
use super::super::parts::{elsewhere, when, who};
use super::super::{Ask, Scene};
use jiff::civil::{DateTime, Time};
use tacenda_shared::id::{AppointmentId, Timestamp};
use tacenda_shared::practice::crisis::numbers as emergency;
use tacenda_shared::practice::edit::{Edit, StampChange, Status, Whereabouts};
use tacenda_shared::practice::view::{AppointmentRow, NoteState};

const WHERE_TITLE: &str = "Where is the client, and whom to call there?";
/// How it is answered where a client is.
const WHERE: &str = "Type the place, a semicolon, and whom to call there in a crisis: \
                     Sampleton, CA; 911. The note cannot be signed without.";

const TIMES: &str = "When did it begin and end?";
/// How it is answered when a session began and ended.
const TIMES_HOW: &str = "Type from when to when: 14:05-14:50, or 14:05 45m.";
const CHANGED: &str = "The session was changed meanwhile.";
/// Nobody takes a slip of the keyboard for a session longer than this. Minutes.
const MINUTES_MAX: i64 = 8 * 60;

/// Notes where a client is or was, and as the session begins also that it does.
pub(super) fn confirm_where(
    field: &Field,
    scene: &Scene<'_>,
    appointment: AppointmentId,
    (begins, arrives): (bool, bool),
) -> Vec<Ask> {
    let Some(said) = Whereabouts::parse(field.trimmed()) else {
        return vec![Ask::Say(WHERE.to_owned())];
    };
    let row = scene.appointment(appointment).filter(|row| row.is_elsewhere());
    let Some(row) = row else {
        return vec![Ask::Leave, Ask::Say(CHANGED.to_owned())];
    };
    // Another device may have said meanwhile that it began, or what came of it.
    let begins = begins && row.stamps.began.is_none();
    let arrives = arrives && matches!(row.status, Status::Booked | Status::Confirmed);
    let whose = who::comes(scene.index, row, true);
    let says = if begins {
        let clock = when::clock(scene.now.local.time());
        format!("{whose}: began at {clock}, and where the client is")
    } else {
        format!("{whose}: where the client was")
    };
    let change = StampChange {
        began: begins.then_some(Some(scene.now.time)),
        ended: None,
        status: arrives.then_some(Status::Arrived),
        whereabouts: Some(said),
    };
    vec![Ask::Submit(Edit::StampSession { appointment, change }, says)]
}

/// What is understood so far of where a client is, and whether one may practise there; as the session
/// begins also who has not consented to telehealth.
pub(super) fn where_asked(
    typed: &str,
    appointment: AppointmentId,
    begins: bool,
    scene: &Scene<'_>,
) -> (&'static str, String) {
    (WHERE_TITLE, where_words(typed, appointment, begins, scene))
}

fn where_words(typed: &str, appointment: AppointmentId, begins: bool, scene: &Scene<'_>) -> String {
    let row = scene.appointment(appointment);
    let without = row.filter(|_| begins).map(|row| standing::without_telehealth(scene, row));
    let without: Vec<String> = without
        .into_iter()
        .flatten()
        .map(|client| who::client(scene.index, client, scene.veil))
        .collect();
    let without = match without.as_slice() {
        [] => String::new(),
        without => format!("NO CONSENT TO TELEHEALTH on file: {}. ", without.join(", ")),
    };
    let Some(said) = Whereabouts::parse(typed) else {
        return format!("{without}{WHERE}");
    };
    let outside = row
        .and_then(|row| elsewhere::unlicensed(scene.index, row.slot.clinician, &said.place))
        .map(|licences| format!(" YOUR LICENCES: {licences}."));
    let outside = outside.unwrap_or_default();
    let known = emergency::fitting(scene.index, &[&said.place]);
    let known = known.first().map(|one| format!(" {}.", numbers_words(one))).unwrap_or_default();
    format!("{without}= in {}; to be called there: {}.{outside}{known}", said.place, said.help)
}

/// What stands in the field first: the stamps, and where one is missing what was booked.
pub fn suggested(row: &AppointmentRow, zone: &str) -> String {
    let (from, to) = booked(row, zone);
    let stamp = |stamp: Option<Timestamp>, booked: DateTime| {
        when::clock(stamp.map_or(booked, |stamp| when::local(stamp, zone)).time())
    };
    format!("{}-{}", stamp(row.stamps.began, from), stamp(row.stamps.ended, to))
}

fn booked(row: &AppointmentRow, zone: &str) -> (DateTime, DateTime) {
    let from = when::local(row.starts, zone);
    let minutes = jiff::Span::new().minutes(i64::from(row.slot.minutes));
    (from, from.saturating_add(minutes))
}

/// Reads `14:05-14:50`, `2:05 to 2:50` or `14:05 45m`. An hour that may be of the morning or of the
/// afternoon is the one nearer to what was booked; an end before the beginning is after midnight.
fn read(typed: &str, booked: DateTime) -> Option<(DateTime, DateTime)> {
    let typed = typed.trim().to_lowercase().replace([' ', '\u{2013}'], "-").replace("-to-", "-");
    let (from, to) = typed.split_once('-')?;
    let from = near(from, booked)?;
    let to = to.trim_matches('-');
    let minutes = to.strip_suffix("min").or_else(|| to.strip_suffix('m'));
    let minutes = minutes.and_then(|minutes| minutes.trim_end_matches('-').parse::<i64>().ok());
    let to = match minutes.filter(|minutes| (1..=MINUTES_MAX).contains(minutes)) {
        Some(minutes) => from.checked_add(jiff::Span::new().minutes(minutes)).ok()?,
        None => {
            let after = |time: Time| {
                let at = from.date().to_datetime(time);
                if at > from { Some(at) } else { at.tomorrow().ok() }
            };
            meant(to)?.into_iter().filter_map(after).min()?
        }
    };
    let minutes = to.duration_since(from).as_mins();
    (minutes <= MINUTES_MAX).then_some((from, to))
}

/// The time nearest to `booked` that may be meant.
fn near(typed: &str, booked: DateTime) -> Option<DateTime> {
    let at = meant(typed)?.into_iter().map(|time| booked.date().to_datetime(time));
    at.min_by_key(|at| at.duration_since(booked).abs())
}

/// What may be meant: `2:05` is of the morning or of the afternoon; `14:05`, `2:05p` and `2:05a` say it.
fn meant(typed: &str) -> Option<Vec<Time>> {
    let time = when::read_time(typed)?;
    let open = time.hour() < 12 && !typed.contains(['a', 'p']);
    let later = time.checked_add(jiff::Span::new().hours(12)).ok().filter(|_| open);
    Some([time].into_iter().chain(later).collect())
}

/// The two stamps that were typed, or why they are none.
fn stamps(
    typed: &str,
    row: &AppointmentRow,
    scene: &Scene<'_>,
) -> Result<(Timestamp, Timestamp), &'static str> {
    let zone = scene.index.zone.as_str();
    let (from, to) = read(typed, booked(row, zone).0).ok_or(TIMES_HOW)?;
    let (from, to) = (when::moment(from, zone), when::moment(to, zone));
    if to > scene.now.time {
        return Err("That has not ended yet.");
    }
    Ok((from, to))
}

/// How it was understood when a session began and ended.
pub(super) fn times_asked(
    typed: &str,
    appointment: AppointmentId,
    scene: &Scene<'_>,
) -> (&'static str, String) {
    (TIMES, times_words(typed, appointment, scene))
}

fn times_words(typed: &str, appointment: AppointmentId, scene: &Scene<'_>) -> String {
    let Some(row) = scene.appointment(appointment) else { return CHANGED.to_owned() };
    let zone = scene.index.zone.as_str();
    let (from, to) = booked(row, zone);
    let booked = format!("Booked {}-{}.", when::clock(from.time()), when::clock(to.time()));
    let kept = match row.note {
        NoteState::Signed(_) => " Correct the signed note (e), to say so there.",
        _ => "",
    };
    match stamps(typed, row, scene) {
        Ok((from, to)) => {
            let minutes = to.millis_since(from) / 60_000;
            let clock = |stamp| when::clock(when::local(stamp, zone).time());
            let date = when::short(when::local(from, zone).date());
            format!(
                "= {date}, {} to {}: {minutes} min, and it was held. {booked}{kept}",
                clock(from),
                clock(to)
            )
        }
        Err(words) => format!("{words} {booked}{kept}"),
    }
}

/// Notes when a session began and ended, and that it was held.
pub(super) fn confirm_times(
    typed: &str,
    appointment: AppointmentId,
    scene: &Scene<'_>,
) -> Vec<Ask> {
    let row = scene.appointment(appointment);
    let row = row.filter(|row| !row.status.frees_the_slot() && row.status != Status::NoShow);
    let Some(row) = row else { return vec![Ask::Leave, Ask::Say(CHANGED.to_owned())] };
    let (from, to) = match stamps(typed, row, scene) {
        Ok(stamps) => stamps,
        Err(words) => return vec![Ask::Say(words.to_owned())],
    };
    let zone = scene.index.zone.as_str();
    let clock = |stamp| when::clock(when::local(stamp, zone).time());
    let whose = who::comes(scene.index, row, true);
    let says = format!("{whose}: held from {} to {}", clock(from), clock(to));
    let change = StampChange {
        began: Some(Some(from)),
        ended: Some(Some(to)),
        status: Some(Status::Held),
        whereabouts: None,
    };
    vec![Ask::Submit(Edit::StampSession { appointment, change }, says)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn times_read_as_people_write_them_and_near_what_was_booked() {
        let at = |hour, minute| date(2026, 11, 25).at(hour, minute, 0, 0);
        let next = |hour, minute| date(2026, 11, 26).at(hour, minute, 0, 0);
        let cases = [
            (14, "14:05-14:50", Some((at(14, 5), at(14, 50)))),
            (14, "14:05 - 14:50", Some((at(14, 5), at(14, 50)))),
            (14, "2:05 to 2:50", Some((at(14, 5), at(14, 50)))),
            (14, "14:05 45m", Some((at(14, 5), at(14, 50)))),
            (14, "14:05 45 min", Some((at(14, 5), at(14, 50)))),
            (14, "2pm-2:50pm", Some((at(14, 0), at(14, 50)))),
            (9, "9-9:50", Some((at(9, 0), at(9, 50)))),
            (11, "11:30-12:20", Some((at(11, 30), at(12, 20)))),
            (12, "12-12:50", Some((at(12, 0), at(12, 50)))),
            (12, "11:55-12:45", Some((at(11, 55), at(12, 45)))),
            (12, "12:30-1:20", Some((at(12, 30), at(13, 20)))),
            (23, "23:30-0:20", Some((at(23, 30), next(0, 20)))),
            (9, "9-8:50", None),
            (9, "9", None),
            (9, "", None),
            (9, "9-25:00", None),
            (9, "9 0m", None),
            (9, "9 99999m", None),
        ];
        for (booked, typed, expected) in cases {
            assert_eq!(read(typed, at(booked, 0)), expected, "{typed} near {booked}");
        }
    }
}
