//! Corrections of signed notes on the command line.

use super::{Refused, Say, client_named, local, refuse, say_line, whose};
use crate::cli::correction::{CorrectNote, Mend, RestoreNote, StrikeNote};
use crate::cli::request::Typed;
use crate::device::chance::OsRandom;
use crate::device::open::Device;
use crate::screen::parts::corrected;
use tacenda_shared::envelope::ERASE_DELAY;
use tacenda_shared::id::{AppointmentId, ObjectId, RecordId, Timestamp};
use tacenda_shared::practice::correction::Correcting;
use tacenda_shared::practice::edit::{
    Copied, Edit, Misfiled, Part, Purpose, Restored, Splice, Subject,
};
use tacenda_shared::practice::view::{NoteView, View};

/// Corrects a signed note, or strikes it.
pub(super) fn mend(
    device: &mut Device,
    wish: &Mend,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match wish {
        Mend::Correct(wish) => correct(device, wish, now),
        Mend::Strike(wish) => strike(device, wish, now, say),
        Mend::Restore(wish) => restore(device, wish, now),
    }
}

/// Puts a text in the place of one part, in the draft of a correction; begins it if there is none.
fn correct(device: &mut Device, wish: &CorrectNote, now: Timestamp) -> Result<bool, Refused> {
    let CorrectNote { client: code, id, part: named, text: Typed(text) } = wish;
    let named = named.as_deref();
    let index = device.index();
    let client = client_named(&index, code)?.id;
    let Some(note) = RecordId::parse(id.trim()) else {
        return refuse("There is no such signed note.", "Run `tacenda note list CODE`.");
    };
    if text.trim().is_empty() {
        return refuse("There is no text.", "Write it to standard input.");
    }
    let client = whose(&index, client, note);
    let begun = index.drafts.iter().rev().find(|row| row.corrects == Some(note));
    let fits = |(part, _): &&(Part, String)| named.is_none_or(|named| word(part) == named);
    if begun.is_none() {
        // Nothing is begun before it is clear what is to be corrected.
        let signed = device.open(Subject::Note(client, note), Purpose::Query, now);
        if let Ok(View::Note(signed)) = signed
            && signed.parts.iter().filter(fits).count() != 1
        {
            return which(&signed.parts);
        }
    }
    let draft = match begun {
        Some(row) => row.note,
        None => {
            let draft = ObjectId::random(&mut OsRandom);
            device.apply(
                Edit::BeginCorrection(Correcting { draft, client, note, blank: None }),
                now,
            )?;
            draft
        }
    };
    let View::Draft(view) = device.open(Subject::Draft(client, draft), Purpose::Query, now)? else {
        return refuse("There is no such draft any more.", "Run `tacenda note list CODE`.");
    };
    let mut fitting = view.parts.iter().filter(fits);
    let (Some((part, before)), None) = (fitting.next(), fitting.next()) else {
        return which(&view.parts);
    };
    let (deleted, inserted) = (before.chars().count(), text.trim_end().to_owned());
    let splice = Splice { part: *part, position: 0, deleted, inserted };
    device.type_keys(draft, client, vec![splice], now);
    device.commit(draft, client, now)?;
    Ok(true)
}

/// Signs a note anew in the chart of the client to whom it belongs, and strikes it where it is.
fn strike(
    device: &mut Device,
    wish: &StrikeNote,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let shown = client_named(&index, &wish.client)?.id;
    let to = client_named(&index, &wish.to)?.id;
    let Some(note) = RecordId::parse(wish.id.trim()) else {
        return refuse("There is no such signed note.", "Run `tacenda note list CODE`.");
    };
    let client = whose(&index, shown, note);
    let session = wish.session.as_deref().map(|text| AppointmentId::parse(text.trim()));
    let session = match session {
        Some(None) => {
            return refuse(
                "There is no such session.",
                "Run `tacenda --json today --date DATE`: it prints the ids.",
            );
        }
        Some(session) => session,
        None => None,
    };
    let struck = Edit::StrikeNote(Misfiled { client, note, to, session });
    let Some(Edit::RestoreNote(Restored { copy: Some(Copied { note: copy, .. }), .. })) =
        device.apply(struck, now)?
    else {
        return Ok(true);
    };
    let due = local(&index, now.plus_millis(ERASE_DELAY)).date();
    let json = serde_json::json!({
        "schema": 1, "type": "note-struck", "client": wish.client, "to": wish.to,
        "copy": copy.to_string(), "due": due.to_string(),
    });
    let (from, to) = (&wish.client, &wish.to);
    let words = format!(
        "signed in the chart of {to}; from {due} on `tacenda erase carry-out {from} --record {note}` \
         destroys it in that of {from}\ntaken back: `tacenda note restore {from} {note} --from {to} --copy \
         {copy}`"
    );
    say_line(say, json, &words);
    Ok(true)
}

/// Brings a note back that was struck by mistake.
fn restore(device: &mut Device, wish: &RestoreNote, now: Timestamp) -> Result<bool, Refused> {
    let index = device.index();
    let shown = client_named(&index, &wish.client)?.id;
    let Some(note) = RecordId::parse(wish.id.trim()) else {
        return refuse("There is no such signed note.", "Give the ids that `note strike` printed.");
    };
    let copy = match &wish.copy {
        Some((id, from)) => {
            let from = client_named(&index, from)?.id;
            let Some(note) = RecordId::parse(id.trim()) else {
                let next = "Give the ids that `note strike` printed.";
                return refuse("There is no such signed note in that chart.", next);
            };
            Some(Copied { to: whose(&index, from, note), note, session: None })
        }
        None => None,
    };
    // What is struck stands in no list: its erasure names the chart that holds it.
    let mut asked = index.erasures.keys().filter(|scope| scope.record == Some(note));
    let client = asked.next().map_or(shown, |scope| scope.client);
    device.apply(Edit::RestoreNote(Restored { client, note, copy }), now)?;
    Ok(true)
}

/// The word that stands for a part.
fn word(part: &Part) -> &'static str {
    Part::WORDS.iter().find(|(known, _)| known == part).map_or("", |(_, word)| *word)
}

fn which(parts: &[(Part, String)]) -> Result<bool, Refused> {
    let words: Vec<_> = parts.iter().map(|(part, _)| word(part)).collect();
    let next = format!("Name one with --part: {}.", words.join(", "));
    refuse("Which part is corrected is not clear.", &next)
}

/// What is said below a note of those that stand in its place, or in whose place it stands.
pub(super) fn versions_text(note: &NoteView, zone: &str) -> String {
    let mut text = String::new();
    let Some(versions) = &note.versions else { return text };
    for before in &versions.before {
        text.push_str(&format!("\n\nCorrects note {}, because: {}", before.record, before.because));
    }
    for after in &versions.after {
        text.push_str(&format!(
            "\n\nREPLACED by note {}, because: {}\n[-taken out-] {{+put in+}}",
            after.record, after.because
        ));
        if let Some(held) = after.changes.as_ref().and_then(|changes| changes.held.as_ref()) {
            text.push_str(&format!("\n{}", corrected::held(held, zone)));
        }
        for (part, pieces) in after.changes.iter().flat_map(|changes| &changes.parts) {
            if *part != Part::Text {
                text.push_str(&format!("\n{}", part.title()));
            }
            text.push_str(&format!("\n{}", corrected::marked(pieces)));
        }
    }
    text
}
