//! What others may see of a calendar: when somebody is busy, and nothing else by default.

use crate::id::{MemberId, Timestamp};
use crate::practice::view::{AppointmentRow, Index};
use crate::random::Random;
use jiff::civil::Date;

/// What a feed says of each appointment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Says {
    /// "Busy".
    Busy,
    /// The initials of who comes.
    Initials,
}

/// Writes an iCalendar file (RFC 5545) of this clinician's appointments from one date up to before
/// the other, line by line without ends of line. Each time it is written, every entry has another
/// id drawn by chance, so that two files say nothing of who came again.
pub fn feed(
    index: &Index,
    clinician: MemberId,
    (from, to): (Date, Date),
    says: Says,
    now: Timestamp,
    random: &mut dyn Random,
) -> Vec<String> {
    let mut lines: Vec<String> =
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tacenda//EN"].map(str::to_owned).to_vec();
    lines.push("REFRESH-INTERVAL;VALUE=DURATION:PT1H".to_owned());
    let rows = index.days.range(from..to).flat_map(|(_, ids)| ids);
    let rows = rows.filter_map(|id| index.appointments.get(id));
    for row in rows.filter(|row| row.slot.clinician == clinician && !row.status.frees_the_slot()) {
        let mut id = [0; 16];
        random.fill(&mut id);
        let ends = row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000);
        let title = match says {
            Says::Busy => "Busy".to_owned(),
            Says::Initials => initials(row, index),
        };
        lines.push("BEGIN:VEVENT".to_owned());
        lines.push(format!("UID:{}", crate::hex::encode(&id)));
        for (name, time) in [("DTSTAMP", now), ("DTSTART", row.starts), ("DTEND", ends)] {
            lines.push(format!("{name}:{}", stamp(time)));
        }
        lines.push(format!("SUMMARY:{title}"));
        lines.extend(["CLASS:PRIVATE", "TRANSP:OPAQUE", "END:VEVENT"].map(str::to_owned));
    }
    lines.push("END:VCALENDAR".to_owned());
    lines
}

/// An instant in UTC.
fn stamp(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap_or_default();
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// First letters only: nothing of a name that would need an escape.
fn initials(row: &AppointmentRow, index: &Index) -> String {
    let names = row.clients.iter().filter_map(|client| index.clients.get(client));
    let of = |name: &str| -> String {
        let letters = name.split_whitespace().filter_map(|word| word.chars().next());
        letters.filter(|letter| letter.is_alphabetic()).flat_map(char::to_uppercase).collect()
    };
    let all: Vec<String> =
        names.map(|client| of(&client.name)).filter(|one| !one.is_empty()).collect();
    if all.is_empty() { "Busy".to_owned() } else { all.join(" + ") }
}
