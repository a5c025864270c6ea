//! `device late`: what was written on a device that was shut out, listed and taken over by hand.
//! The work is in [`crate::device::courier::late`].

use super::answer::{Refused, Say, say_line};
use super::args::{Arguments, Late, LateAct};
use super::online::short;
use super::print;
use super::request::Request;
use super::run::{Failed, carry_out, print_reply};
use crate::device::courier::late::{Adopted, LateEdit, LateKind};
use crate::device::home::Home;
use crate::device::open::Device;
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;

/// `tacenda device late`, and `tacenda device late import N`.
pub(super) fn late(home: &Home, late: &Late, arguments: &Arguments) -> Result<(), Failed> {
    let request = match late.act {
        None => Request::DeviceLate,
        Some(LateAct::Import { number }) => Request::DeviceLateImport { number },
    };
    let mut printed = print_reply(arguments.json);
    let mut nothing = true;
    carry_out(request, home, arguments, None, &mut |json, text| {
        nothing = false;
        printed(json, text)
    })?;
    if nothing && !arguments.json {
        print::line("Nothing came late.");
    }
    Ok(())
}

pub(super) fn list(device: &Device, say: Say<'_>) -> Result<bool, Refused> {
    let edits = device.late_edits()?;
    let index = device.index();
    for (number, edit) in (1_usize..).zip(&edits) {
        let client = edit.client.and_then(|client| index.client(client));
        let code = client.map(|client| client.code.clone()).unwrap_or_default();
        let day = edit.time.map(day).unwrap_or_default();
        let json = serde_json::json!({
            "number": number, "device": short(edit.device), "name": edit.name,
            "kind": word(edit.kind), "client": code, "time": day, "adopted": edit.adopted,
        });
        let adopted = if edit.adopted { "  taken over" } else { "" };
        let (device, kind, name) = (short(edit.device), word(edit.kind), &edit.name);
        let text = format!("{number}  {device}  {kind}  {code}  {day}  {name}{adopted}");
        say_line(say, json, &text);
    }
    Ok(false)
}

pub(super) fn import(
    device: &mut Device,
    number: usize,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let edits = device.late_edits()?;
    let chosen = number.checked_sub(1).and_then(|index| Some((index, edits.get(index)?)));
    let sealed = |edit: &LateEdit| edit.kind == LateKind::Sealed;
    let Some((index, _)) = chosen.filter(|(_, edit)| !sealed(edit)) else {
        return Err(Refused::Notice(Notice::new(
            "There is no late edit of that number that opens here.",
            "Nothing has been changed.",
            "Look at the numbers with `tacenda device late`.",
        )));
    };
    let taken = device.adopt_late_edit(index, now)?;
    let Adopted { changed, refused } = taken;
    let json = serde_json::json!({ "number": number, "adopted": changed, "refused": refused });
    say_line(say, json, &taken_words(taken));
    Ok(true)
}

/// Returns what came of taking over a late edit.
pub(crate) fn taken_words(Adopted { changed, refused }: Adopted) -> String {
    let refused = match refused {
        0 => None,
        1 => Some("One record is not what its author signed, and stays apart.".to_owned()),
        n => Some(format!("{n} records are not what their author signed, and stay apart.")),
    };
    match (changed, refused) {
        (true, None) => "Taken over. It counts as your own change from now on.".to_owned(),
        (true, Some(refused)) => {
            format!("Taken over. It counts as your own change from now on. {refused}")
        }
        (false, None) => "What it says is in your practice already.".to_owned(),
        (false, Some(refused)) => format!("Nothing more could be taken over. {refused}"),
    }
}

fn day(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(time.as_millis()).ok();
    time.map_or(String::new(), |time| time.strftime("%F").to_string())
}

/// Returns what a late edit is about.
pub(crate) const fn word(kind: LateKind) -> &'static str {
    match kind {
        LateKind::Appointments => "appointments",
        LateKind::Attachments => "attachments",
        LateKind::AttachmentMarks => "attachments struck or brought back",
        LateKind::Contact => "contact",
        LateKind::Draft => "draft",
        LateKind::Group => "who belongs together",
        LateKind::Identity => "identity",
        LateKind::Plan => "treatment plan",
        LateKind::Record => "record",
        LateKind::Other => "other",
        LateKind::Sealed => "sealed, its key is not here",
    }
}
