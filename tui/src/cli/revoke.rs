//! `device revoke`: what a person types, reads and says yes to before a lost device is shut out.
//! The work is in [`crate::device::courier::revoke`].

use super::answer::devices::found;
use super::args::{Arguments, RevokeDevice};
use super::connect::Driven;
use super::online::{in_window, short, stepped_up};
use super::run::{Failed, now};
use super::{behind, print, prompt};
use crate::device::courier::revoke::{Revocation, RevokeError};
use crate::device::home::Home;
use crate::device::open::Device;
use crate::link::Trouble;
use crate::message::DeviceRow;
use crate::notice::Notice;
use std::collections::BTreeSet;
use tacenda_shared::id::{DeviceId, Timestamp};
use tacenda_shared::keys::safe::SecondSecret;

/// `tacenda device revoke ID`. The passphrase is asked for when the vault is opened.
pub(super) fn revoke(
    home: &Home,
    lost: &RevokeDevice,
    arguments: &Arguments,
) -> Result<(), Failed> {
    in_window(home, "7, the device, x")?;
    stepped_up(home, arguments, true, |device, second| {
        let rows = device.sync_status().devices;
        let ids = BTreeSet::from([found(&rows, &lost.id)?]);
        let keep: Result<BTreeSet<_>, _> = lost.keep.iter().map(|id| found(&rows, id)).collect();
        let plan = device.plan_revocation(&ids, &keep?).map_err(|error| told(&error))?;
        let since = lost.since.and_then(|date| midnight(device, date));
        let plan = Revocation { suspect_since: since, ..plan };
        show(&rows, &plan);
        if !lost.yes && !agreed() {
            return Err(Notice::new(
                "You did not say yes.",
                "Nothing has been changed.",
                "Say yes to shut the device out.",
            ));
        }
        carry_out(device, plan, second)
    })
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
            print::line("Done. Nothing that is written from now on opens on that device.");
            print::line("What was on it before may still be read by whoever unlocks it.");
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

fn show(rows: &[DeviceRow], plan: &Revocation) {
    let say = |of: &BTreeSet<DeviceId>| {
        for row in rows.iter().filter(|row| of.contains(&row.id)) {
            print::line(&format!("    {}  added {}  {}", short(row.id), day(row.added), row.name));
        }
    };
    print::line("This shuts out for good:");
    say(&plan.goes);
    if !plan.stays.is_empty() {
        print::line("These were added by it and stay:");
        say(&plan.stays);
    }
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
