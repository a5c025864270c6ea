//! `device revoke`: what a person types, reads and says yes to before a lost device is shut out.
//! The work is in [`crate::device::courier::revoke`].

use super::answer::devices::found;
use super::answer::{Refused, Say, say_line};
use super::args::{Arguments, RevokeDevice};
use super::connect::Driven;
use super::online::{short, stepped_up};
use super::request::{Lost, Request, Typed};
use super::run::{Failed, beside, now};
use super::{behind, print, prompt};
use crate::device::courier::revoke::{Revocation, RevokeError};
use crate::device::home::{Home, HomeError};
use crate::device::open::Device;
use crate::link::Trouble;
use crate::message::DeviceRow;
use crate::notice::Notice;
use serde_json::Value;
use std::collections::BTreeSet;
use tacenda_shared::id::{DeviceId, Timestamp};
use tacenda_shared::keys::safe::SecondSecret;

/// `tacenda device revoke ID`. The passphrase is asked for when the vault is opened.
pub(super) fn revoke(
    home: &Home,
    lost: &RevokeDevice,
    arguments: &Arguments,
) -> Result<(), Failed> {
    let since = lost.since.map(|date| date.to_string());
    let asked = Lost { id: lost.id.clone(), keep: lost.keep.clone(), since };
    if matches!(home.lock(), Err(HomeError::InUse)) {
        let mut show = |_: &Value, text: &str| print::line(text);
        beside(&Request::DevicePlan { lost: asked.clone() }, home, &mut show)?;
        agree(lost.yes)?;
        let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
        let passphrase = Typed(typed.0.to_string());
        beside(&Request::DeviceRevoke { lost: asked, passphrase }, home, &mut show)?;
        done();
        return Ok(());
    }
    stepped_up(home, arguments, true, |device, second| {
        let plan = planned(device, &asked)?;
        for (_, text) in lines(&device.sync_status().devices, &plan) {
            print::line(&text);
        }
        agree(lost.yes)?;
        carry_out(device, plan, second)
    })
}

/// Says whom it would shut out.
pub(super) fn plan(device: &Device, lost: &Lost, say: Say<'_>) -> Result<bool, Refused> {
    let plan = planned(device, lost).map_err(Refused::Notice)?;
    for (json, text) in lines(&device.sync_status().devices, &plan) {
        say_line(say, json, &text);
    }
    Ok(false)
}

/// Returns whom it would shut out.
pub(crate) fn planned(device: &Device, lost: &Lost) -> Result<Revocation, Notice> {
    let rows = device.sync_status().devices;
    let ids = BTreeSet::from([found(&rows, &lost.id)?]);
    let keep: Result<BTreeSet<_>, _> = lost.keep.iter().map(|id| found(&rows, id)).collect();
    let plan = device.plan_revocation(&ids, &keep?).map_err(|error| told(&error))?;
    let since = lost.since.as_ref().and_then(|date| midnight(device, date.parse().ok()?));
    Ok(Revocation { suspect_since: since, ..plan })
}

fn agree(said: bool) -> Result<(), Notice> {
    if said || agreed() {
        return Ok(());
    }
    Err(Notice::new(
        "You did not say yes.",
        "Nothing has been changed.",
        "Say yes to shut the device out.",
    ))
}

fn done() {
    print::line("Done. Nothing that is written from now on opens on that device.");
    print::line("What was on it before may still be read by whoever unlocks it.");
}

fn carry_out(
    device: &mut Device,
    plan: Revocation,
    second: Option<&SecondSecret>,
) -> Result<(), Notice> {
    let mut driven = Driven::start(device, now)?;
    let mut progress = |line: &str| {
        print::line(line);
    };
    driven.until_current(&mut progress)?;
    driven.device().revoke(plan, now()).map_err(|error| told(&error))?;
    let mut outcome = None;
    driven.until(&mut progress, |device| {
        outcome = device.poll_revocation();
        outcome.is_some()
    })?;
    match outcome {
        Some(Ok(())) => {
            if let Some(second) = second {
                behind::settle(&mut driven, second, &mut progress)?;
            }
            done();
            Ok(())
        }
        Some(Err(error)) => Err(told(&error)),
        None => Err(Trouble::Unreachable.into()),
    }
}

/// The beginning of a day in the practice's zone.
fn midnight(device: &Device, date: jiff::civil::Date) -> Option<Timestamp> {
    let zone = jiff::tz::TimeZone::get(&device.index().zone).ok()?;
    let begun = date.to_zoned(zone).ok()?;
    Some(Timestamp::from_millis(begun.timestamp().as_millisecond()))
}

/// Who goes and who stays, line by line.
fn lines(rows: &[DeviceRow], plan: &Revocation) -> Vec<(Value, String)> {
    let mut lines = vec![(Value::Null, "This shuts out for good:".to_owned())];
    let row = |row: &DeviceRow, goes: bool| {
        let (id, added) = (short(row.id), day(row.added));
        let text = format!("    {id}  added {added}  {}", row.name);
        (serde_json::json!({ "id": id, "name": row.name, "goes": goes }), text)
    };
    let of = |of: &BTreeSet<DeviceId>, goes| {
        let rows = rows.iter().filter(|row| of.contains(&row.id));
        rows.map(|known| row(known, goes)).collect::<Vec<_>>()
    };
    lines.extend(of(&plan.goes, true));
    if !plan.stays.is_empty() {
        lines.push((Value::Null, "These were added by it and stay:".to_owned()));
        lines.extend(of(&plan.stays, false));
    }
    lines
}

fn day(time: Timestamp) -> String {
    let added = jiff::Timestamp::from_millisecond(time.as_millis()).ok();
    added.map_or(String::new(), |added| added.strftime("%F").to_string())
}

fn agreed() -> bool {
    let answer = prompt::ask("Is that what you want? Type yes: ");
    answer.is_ok_and(|answer| answer.trim().eq_ignore_ascii_case("yes"))
}

/// Says why no device was shut out.
pub(crate) fn told(error: &RevokeError) -> Notice {
    let next = match error {
        RevokeError::Unknown => "Look at the ids with `tacenda device list`.",
        RevokeError::Itself => "Do it from another of your devices.",
        RevokeError::NoServer => "A practice without a server is on this computer alone.",
        RevokeError::Offline | RevokeError::Refused(_) | RevokeError::Busy => {
            "Try again when the server can be reached."
        }
        RevokeError::Unproven => {
            "Try again; if this stays, ask whoever runs your server, and write nothing until then."
        }
        RevokeError::Keys(_) => "Let this device connect once more, then try again.",
        RevokeError::Rule(_) => "Let this device connect once more, and look who is listed.",
    };
    Notice::new(
        format!("No device was shut out: {error}."),
        "Your records are safe, and nothing has been changed.",
        next,
    )
}
