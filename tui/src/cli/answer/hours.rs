//! The hours of the usual week, and what is free of them.

use super::{Refused, Say, client_named, clinician, local, refuse, say_line};
use crate::cli::request::FindFree;
use crate::device::open::Device;
use jiff::civil::DateTime;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::{Edit, Modality, Slot};
use tacenda_shared::practice::schedule::free::{free_starts, windows};
use tacenda_shared::practice::schedule::hours::Hours;

/// Shows them, or sets them first.
pub(super) fn hours(
    device: &mut Device,
    set: Option<String>,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let member = clinician(device)?;
    let changes = set.is_some();
    if changes && member != device.member() && device.index().clinicians.len() > 1 {
        return refuse("You see no clients here.", "Each clinician says their own hours.");
    }
    if let Some(text) = set {
        let hours = match text.trim() {
            "" => None,
            text => match Hours::parse(text) {
                Ok(hours) => Some(hours),
                Err(fault) => {
                    let happened = format!("These are no hours: {fault}.");
                    return refuse(
                        &happened,
                        "Write them like this: \"Mon-Thu 9-12 13-18, Fri 9-13, 10 min between\".",
                    );
                }
            },
        };
        device.apply(Edit::SetHours { member, hours }, now)?;
    }
    let index = device.index();
    let said = index.hours.get(&member);
    let hours = said.cloned().unwrap_or_default();
    let json = serde_json::json!({
        "schema": 1, "type": "hours", "hours": hours.to_string(), "set": said.is_some(),
    });
    let unset = if said.is_some() { "" } else { "  (not set: this is assumed)" };
    say_line(say, json, &format!("{hours}{unset}"));
    Ok(changes)
}

/// Lists windows in which an appointment of some length has room.
pub(super) fn free(
    device: &mut Device,
    asked: &FindFree,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = asked.client.as_deref().map(|code| client_named(&index, code)).transpose()?;
    let clients: Vec<_> = client.iter().map(|row| row.id).collect();
    let here = local(&index, now);
    let slot = Slot {
        start: here,
        zone: index.zone.clone(),
        minutes: asked.minutes,
        clinician: clinician(device)?,
        room: asked.room.clone(),
        modality: Modality::InOffice,
    };
    device.audit_query(now)?;
    let starts = free_starts(&index, (&slot, &clients), None, (here, asked.days));
    let windows = windows(starts, asked.minutes);
    for day in windows.chunk_by(|(one, _), (other, _)| one.date() == other.date()) {
        let Some((first, _)) = day.first() else { continue };
        let time = |at: &DateTime| at.strftime("%H:%M").to_string();
        let span = |(from, to): &(DateTime, DateTime)| {
            let ends = if to.date() > from.date() { "24:00".to_owned() } else { time(to) };
            format!("{}-{ends}", time(from))
        };
        let spans: Vec<_> = day.iter().map(span).collect();
        let json = serde_json::json!({
            "schema": 1, "type": "free", "date": first.date().to_string(),
            "minutes": asked.minutes, "windows": spans,
        });
        let date = first.strftime("%a %e %b");
        say_line(say, json, &format!("{date}  {}", spans.join("  ")));
    }
    Ok(false)
}
