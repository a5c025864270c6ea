//! Taking the practice out as JSON Lines, and taking such lines in.

use super::{Refused, Say, refuse, say_json, say_line};
use crate::device::home::Home;
use crate::device::open::Device;
use crate::notice::Notice;
use std::collections::BTreeMap;
use tacenda_shared::id::{ClientId, ObjectId, RecordId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::interchange::{Counts, ImportError, ImportStep, Importer};
use tacenda_shared::practice::view::{Index, TimelineEntry};

/// Prints the whole practice, once the passphrase was typed again and the entry is written.
pub(super) fn export(
    device: &mut Device,
    home: &Home,
    (passphrase, with_files): (&str, bool),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let typed = Passphrase::from_text(passphrase).unwrap_or_default();
    Device::check_passphrase(home, &typed, now)?;
    if with_files {
        check_room(&device.index())?;
    }
    let released = device.export(with_files, now)?;
    for line in released.bytes().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        if let Ok(json) = serde_json::from_slice(line) {
            say_json(say, json);
        }
    }
    Ok(true)
}

/// Most bytes of files in one export: what an import takes, and what fits into memory.
const FILES_BYTES_MAX: u64 = 256 << 20;

/// Refuses to write more than can be taken in again.
fn check_room(index: &Index) -> Result<(), Refused> {
    let rows = index.timelines.values().flat_map(|rows| rows.iter());
    let sizes = rows.filter_map(|row| match row.entry {
        TimelineEntry::Attachment { size, .. } => Some(u64::from(size)),
        _ => None,
    });
    if sizes.sum::<u64>() <= FILES_BYTES_MAX {
        return Ok(());
    }
    refuse(
        "The files in charts are too many for one export: more than 256 MiB.",
        "Run it with --without-attachments, and save the files with `tacenda attachment save`.",
    )
}

/// Takes in lines of an export. All of them are read before the first is carried out, so that a
/// broken file changes nothing.
pub(super) fn import(
    device: &mut Device,
    lines: &[String],
    dry_run: bool,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let members = index.clinicians.keys().copied().collect();
    let today = super::local(&index, now).date();
    let mut importer = Importer::new(device.member(), members).on(today);
    let mut steps = Vec::new();
    for line in lines {
        steps.extend(importer.import_line(line).map_err(unreadable)?);
    }
    let counts = importer.finish().map_err(unreadable)?;
    if !dry_run {
        carry_out(device, steps, now).map_err(part_of_it)?;
    }
    report(&counts, dry_run, say);
    Ok(!dry_run)
}

/// Keeps the reason and says that the file is in up to there.
fn part_of_it(refused: Refused) -> Refused {
    let notice = Notice::from(refused);
    Refused::Notice(Notice::new(
        notice.happened,
        "What stands before it in the file has been taken in; the rest has not.",
        notice.next,
    ))
}

fn carry_out(device: &mut Device, steps: Vec<ImportStep>, now: Timestamp) -> Result<(), Refused> {
    let mut signed = BTreeMap::new();
    let mut batch = Vec::new();
    for step in steps {
        match step {
            ImportStep::Edit(edit) => {
                if let Edit::SignImported { note, client, .. } = &edit {
                    signed.insert(*note, *client);
                }
                batch.push((now, edit));
            }
            ImportStep::AmendSigned { draft, client, text } => {
                // Only the index knows which record the draft has become.
                let before = note_of(device, client, &signed, draft, &mut batch)?;
                batch.push((now, Edit::Amend { note: before, client, text }));
            }
        }
    }
    device.apply_all(batch)?;
    Ok(())
}

fn note_of(
    device: &mut Device,
    client: ClientId,
    signed: &BTreeMap<ObjectId, ClientId>,
    draft: ObjectId,
    batch: &mut Vec<(Timestamp, Edit)>,
) -> Result<RecordId, Refused> {
    if !signed.contains_key(&draft) {
        return refuse("An addendum in the file has no note.", "Export the practice again.");
    }
    let signs = |edit: &Edit| matches!(edit, Edit::SignImported { note, .. } if *note == draft);
    let last = batch.pop_if(|(_, edit)| signs(edit));
    device.apply_all(std::mem::take(batch))?;
    let known = notes(device, client);
    if let Some(sign) = last {
        device.apply_all([sign])?;
    }
    let new = notes(device, client).into_iter().find(|record| !known.contains(record));
    match new {
        Some(record) => Ok(record),
        None => refuse("An addendum in the file has no note.", "Export the practice again."),
    }
}

fn notes(device: &Device, client: ClientId) -> Vec<RecordId> {
    let index = device.index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    rows.filter_map(|row| match row.entry {
        TimelineEntry::Note { record, .. } => Some(record),
        TimelineEntry::Addendum { .. }
        | TimelineEntry::Attachment { .. }
        | TimelineEntry::Consent { .. }
        | TimelineEntry::Contact { .. }
        | TimelineEntry::Journal { .. }
        | TimelineEntry::Measure { .. }
        | TimelineEntry::Plan { .. }
        | TimelineEntry::Risk { .. }
        | TimelineEntry::SafetyPlan { .. }
        | TimelineEntry::Unknown { .. } => None,
    })
    .collect()
}

fn report(counts: &Counts, dry_run: bool, say: Say<'_>) {
    let verb = if dry_run { "would come in" } else { "came in" };
    for (kind, count) in &counts.read {
        let json = serde_json::json!({"schema": 1, "type": "import", "of": kind, "count": count});
        say_line(say, json, &format!("{kind:<12} {count} {verb}"));
    }
    let kept_out = counts.unknown_types.values().chain(counts.unknown_fields.values()).sum::<u64>();
    if kept_out > 0 {
        let json =
            serde_json::json!({"schema": 1, "type": "import", "of": "unknown", "count": kept_out});
        say_line(
            say,
            json,
            &format!("unknown      {kept_out} were left out: a newer version wrote them"),
        );
    }
}

fn unreadable(error: ImportError) -> Refused {
    Refused::Notice(Notice::new(
        format!("Line {} cannot be taken in: {}.", error.line, error.cause),
        "Nothing has been changed.",
        "Check that the file is whole and was written by `tacenda export`.",
    ))
}
