//! Writing a backup for whoever has typed the passphrase again.

use super::{Refused, Say, say_line};
use crate::cli::backup::date;
use crate::device::home::Home;
use crate::device::open::Device;
use crate::notice::Notice;
use std::path::Path;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase::Passphrase;

/// Writes what is new and says what the backup holds now.
pub(super) fn write(
    device: &mut Device,
    home: &Home,
    (file, passphrase): (&Path, &str),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let typed = Passphrase::from_text(passphrase).unwrap_or_default();
    let done = device
        .backup(home, &typed, file, now)
        .map_err(|error| Refused::Notice(Notice::from(&error)))?;
    let held = done.holdings;
    let json = serde_json::json!({
        "schema": 1, "type": "backup", "run": done.run, "time": done.time.as_millis(),
        "clients": held.clients, "appointments": held.appointments, "notes": held.notes,
        "new_bytes": done.new_bytes, "bytes": done.bytes, "keys_bytes": done.keys_bytes,
    });
    let zone = &device.index().zone;
    let text = format!(
        "Backed up as of {}: {} clients, {} appointments, {} signed notes.",
        date(done.time, zone),
        held.clients,
        held.appointments,
        held.notes
    );
    say_line(say, json, &text);
    Ok(true)
}
