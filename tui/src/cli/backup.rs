//! `backup` and `restore`: what a person types and reads.

use super::args::{Arguments, Backup, Restore};
use super::request::{Request, Typed};
use super::run::{Failed, carry_out, no_match, now, print_reply, too_long};
use super::{print, prompt};
use crate::device::backup::{self, BackupError};
use crate::device::home::{Home, HomeError};
use crate::device::restore::Restoring;
use crate::device::setup::weak;
use crate::notice::Notice;
use crate::program::Setup;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::DiskFs;
use tacenda_shared::keys::passphrase::{self, Passphrase};
use zeroize::Zeroizing;

/// Longer than any sheet, with numbers and lines.
const SHEET_BYTES_MAX: usize = 4096;

/// `tacenda backup FILE`.
pub(super) fn backup(options: &Backup, home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    if options.check {
        return check(&options.file, arguments);
    }
    // The process that has the practice open may stand in another folder.
    let file = std::path::absolute(&options.file).map_err(|error| unusable(error.into()))?;
    if file.file_name().and_then(|name| name.to_str()).is_none() || file.to_str().is_none() {
        return Err(unusable(io::Error::from(io::ErrorKind::InvalidInput).into()));
    }
    let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
    let passphrase = Typed(typed.0.to_string());
    let request = Request::Backup { file, passphrase };
    carry_out(request, home, arguments, Some(&typed), &mut print_reply(arguments.json))?;
    if !arguments.json {
        print::line("Keep the file and FILE.keys together; your recovery sheet opens them.");
    }
    Ok(())
}

/// Looks at the two files without opening them.
fn check(file: &Path, arguments: &Arguments) -> Result<(), Failed> {
    let looked = || {
        let name = file.file_name().and_then(|name| name.to_str());
        let name = name.ok_or(io::ErrorKind::InvalidInput).map_err(io::Error::from)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        backup::check(&DiskFs::beside(folder.unwrap_or(Path::new(".")))?, name)
    };
    let checked = looked().map_err(unusable)?;
    let json = serde_json::json!({
        "schema": 1, "type": "backup-check", "run": checked.run,
        "time": checked.time.as_millis(), "bytes": checked.bytes,
        "unfinished": checked.unfinished,
    });
    let mut each = print_reply(arguments.json);
    let text = format!(
        "Whole as of {} ({} runs). Whether your sheet opens it, only the sheet can say.",
        date(checked.time, "UTC"),
        checked.run
    );
    each(&json, &text);
    if checked.unfinished > 0 && !arguments.json {
        print::line("A later run was not finished; it does not count.");
    }
    Ok(())
}

/// `tacenda restore FILE`: the words come from standard input.
pub(super) fn restore(
    options: &Restore,
    home: &Home,
    arguments: &Arguments,
    setup: Setup,
) -> Result<(), Failed> {
    let _lock = home.lock().map_err(|error| Notice::from(&error))?;
    if home.read_vault().map_err(|error| Notice::from(&error))?.is_some() {
        return Err(Notice::from(&HomeError::Occupied).into());
    }
    let words = if io::stdin().is_terminal() {
        prompt::passphrase(None, "The 24 words of your recovery sheet (not shown): ")?.0
    } else {
        Zeroizing::new(prompt::standard_input(SHEET_BYTES_MAX)?)
    };
    let restoring = Restoring::open(&options.file, &words).map_err(unusable)?;
    drop(words);
    let typed = prompt::passphrase(arguments.passphrase_fd, "New passphrase: ")?;
    if arguments.passphrase_fd.is_none() {
        let again = prompt::passphrase(None, "Once more: ")?;
        if *again.0 != *typed.0 {
            return Err(no_match().into());
        }
    }
    let passphrase = Passphrase::from_text(&typed.0).map_err(|_| too_long())?;
    passphrase::check(&passphrase, &[]).map_err(weak)?;
    let restored = restoring.finish(home, &passphrase, setup.cost, now()).map_err(unusable)?;
    let held = restored.holdings;
    let json = serde_json::json!({
        "schema": 1, "type": "restore", "time": restored.time.as_millis(),
        "clients": held.clients, "appointments": held.appointments, "notes": held.notes,
        "has_server": restored.has_server,
    });
    let text = format!(
        "Restored as of {}: {} clients, {} appointments, {} signed notes.",
        date(restored.time, "UTC"),
        held.clients,
        held.appointments,
        held.notes
    );
    print_reply(arguments.json)(&json, &text);
    if restored.has_server && !arguments.json {
        print::line("What came after the backup comes from the server once this is online.");
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands at the end of `map_err`")]
fn unusable(error: BackupError) -> Failed {
    Failed::Notice(Notice::from(&error))
}

/// Returns date and time in a zone, with the zone.
pub(super) fn date(time: Timestamp, zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let instant = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap_or_default();
    instant.to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_names_its_zone() {
        let time = Timestamp::from_millis(1_764_115_200_000);
        assert_eq!(date(time, "UTC"), "2025-11-26 00:00 UTC");
        assert_eq!(date(time, "Europe/Berlin"), "2025-11-26 01:00 CET");
        assert_eq!(date(time, "Nowhere/Else"), "2025-11-26 00:00 UTC");
    }
}
