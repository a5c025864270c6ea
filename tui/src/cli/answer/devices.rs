//! `device list` and `device rename`: what the practice knows of its devices.

use super::{Refused, Say, say_line};
use crate::cli::online::short;
use crate::cli::request::Request;
use crate::cli::sync::no_server;
use crate::device::open::Device;
use crate::message::DeviceRow;
use crate::notice::Notice;
use tacenda_shared::id::{DeviceId, Timestamp};
use tacenda_shared::practice::edit::Edit;

/// Lists the devices, or where the server is.
pub(super) fn answer(device: &Device, request: &Request, say: Say<'_>) -> Result<bool, Refused> {
    match request {
        Request::ServerList => addresses(device, say),
        _ => list(device, say),
    }
}

fn list(device: &Device, say: Say<'_>) -> Result<bool, Refused> {
    for row in device.sync_status().devices {
        let added = day(row.added);
        let json = serde_json::json!({
            "id": short(row.id), "name": row.name, "added": added, "this": row.this,
            "revoked": row.revoked, "seen": row.seen.map(day),
        });
        let this = if row.this { "  this device" } else { "" };
        let revoked = if row.revoked { "  revoked" } else { "" };
        let text = format!("{}  {added}  {}{this}{revoked}", short(row.id), row.name);
        say_line(say, json, &text);
    }
    Ok(false)
}

/// Lists where the server is, best first.
fn addresses(device: &Device, say: Say<'_>) -> Result<bool, Refused> {
    let target = device.target().ok_or_else(|| Refused::Notice(no_server()))?;
    for address in target.addresses {
        say_line(say, serde_json::json!({ "address": address }), &address);
    }
    Ok(false)
}

pub(super) fn rename(
    device: &mut Device,
    id: &str,
    name: String,
    now: Timestamp,
) -> Result<bool, Refused> {
    let device_id = found(&device.sync_status().devices, id).map_err(Refused::Notice)?;
    device.apply(Edit::RenameDevice { device: device_id, name }, now)?;
    Ok(true)
}

/// Finds the device whose id begins with these digits.
pub(in crate::cli) fn found(rows: &[DeviceRow], id: &str) -> Result<DeviceId, Notice> {
    let wanted = id.trim().to_ascii_lowercase();
    let fits = |row: &&DeviceRow| row.id.to_string().starts_with(&wanted);
    let mut fitting = rows.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) if !wanted.is_empty() => Ok(one.id),
        _ => Err(Notice::new(
            "No device has that id, or more than one.",
            "Nothing has been changed.",
            "Look at the ids with `tacenda device list`.",
        )),
    }
}

fn day(time: Timestamp) -> String {
    let added = jiff::Timestamp::from_millisecond(time.as_millis()).ok();
    added.map_or(String::new(), |added| added.strftime("%F").to_string())
}
