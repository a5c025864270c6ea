//! `device late`: what was written on a device that was shut out, listed and taken over by hand.
//! The work is in [`crate::device::courier::late`].

use super::args::{Arguments, Late, LateAct};
use super::online::{opened, short};
use super::print;
use super::run::{Failed, now};
use crate::device::courier::late::{LateEdit, LateKind};
use crate::device::home::Home;
use crate::device::open::Device;
use crate::notice::Notice;

/// `tacenda device late`, and `tacenda device late import N`.
pub(super) fn late(home: &Home, late: &Late, arguments: &Arguments) -> Result<(), Failed> {
    opened(home, arguments, |device| match late.act {
        None => list(device, arguments.json),
        Some(LateAct::Import { number }) => import(device, number),
    })
}

fn list(device: &Device, json: bool) -> Result<(), Notice> {
    let edits = device.late_edits().map_err(|error| Notice::from(&error))?;
    let index = device.index();
    for (number, edit) in (1_usize..).zip(&edits) {
        let client = edit.client.and_then(|client| index.clients.get(&client));
        let code = client.map(|client| client.code.clone()).unwrap_or_default();
        let day = edit.time.map(day).unwrap_or_default();
        let heard = if json {
            print::line(&print::escaped(&serde_json::json!({
                "number": number, "device": short(edit.device), "name": edit.name,
                "kind": word(edit.kind), "client": code, "time": day, "adopted": edit.adopted,
            })))
        } else {
            let adopted = if edit.adopted { "  taken over" } else { "" };
            print::line(&format!(
                "{number}  {}  {}  {code}  {day}  {}{adopted}",
                short(edit.device),
                word(edit.kind),
                edit.name
            ))
        };
        if !heard {
            break;
        }
    }
    if edits.is_empty() && !json {
        print::line("Nothing came late.");
    }
    Ok(())
}

fn import(device: &mut Device, number: usize) -> Result<(), Notice> {
    let edits = device.late_edits().map_err(|error| Notice::from(&error))?;
    let chosen = number.checked_sub(1).and_then(|index| Some((index, edits.get(index)?)));
    let sealed = |edit: &LateEdit| edit.kind == LateKind::Sealed;
    let Some((index, _)) = chosen.filter(|(_, edit)| !sealed(edit)) else {
        return Err(Notice::new(
            "There is no late edit of that number that opens here.",
            "Nothing has been changed.",
            "Look at the numbers with `tacenda device late`.",
        ));
    };
    let taken = device.adopt_late_edit(index, now()).map_err(|error| Notice::from(&error))?;
    print::line(if taken {
        "Taken over. It counts as your own change from now on."
    } else {
        "What it says is in your practice already."
    });
    Ok(())
}

fn day(time: tacenda_shared::id::Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(time.as_millis()).ok();
    time.map_or(String::new(), |time| time.strftime("%F").to_string())
}

/// Returns what a late edit is about.
pub(crate) const fn word(kind: LateKind) -> &'static str {
    match kind {
        LateKind::Appointments => "appointments",
        LateKind::Contact => "contact",
        LateKind::Draft => "draft",
        LateKind::Record => "record",
        LateKind::Other => "other",
        LateKind::Sealed => "sealed, its key is not here",
    }
}
