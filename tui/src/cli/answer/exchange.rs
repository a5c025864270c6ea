//! Taking the practice out as JSON Lines, and taking such lines in.

use super::{Refused, Say, refuse, say_json, say_line};
use crate::device::home::Home;
use crate::device::open::Device;
use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::id::{ClientId, ObjectId, RecordId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::correction::Correcting;
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
    // Only the index knows which record a draft has become, and only of some it has to be known.
    let named = steps.iter().filter_map(|step| match step {
        ImportStep::AmendSigned { draft, .. } => Some(*draft),
        ImportStep::CorrectSigned { of, .. } => Some(*of),
        ImportStep::Edit(_) => None,
    });
    let named: BTreeSet<ObjectId> = named.collect();
    let mut signed = BTreeMap::new();
    let mut batch = Vec::new();
    for step in steps {
        match step {
            ImportStep::Edit(Edit::SignImported { note, client, late_reason })
                if named.contains(&note) =>
            {
                device.apply_all(std::mem::take(&mut batch))?;
                let known = notes(device, client);
                device.apply_all([(now, Edit::SignImported { note, client, late_reason })])?;
                let new = notes(device, client).into_iter().find(|record| !known.contains(record));
                signed.extend(new.map(|record| (note, record)));
            }
            ImportStep::Edit(edit) => batch.push((now, edit)),
            ImportStep::AmendSigned { draft, client, text } => {
                let note = note_of(&signed, draft)?;
                batch.push((now, Edit::Amend { note, client, text }));
            }
            ImportStep::CorrectSigned { of, draft, client, format } => {
                let note = note_of(&signed, of)?;
                let blank = Some(format);
                batch.push((now, Edit::BeginCorrection(Correcting { draft, client, note, blank })));
            }
        }
    }
    device.apply_all(batch)?;
    Ok(())
}

fn note_of(signed: &BTreeMap<ObjectId, RecordId>, draft: ObjectId) -> Result<RecordId, Refused> {
    match signed.get(&draft) {
        Some(record) => Ok(*record),
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
        | TimelineEntry::InError { .. }
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
