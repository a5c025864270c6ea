//! What people sign: the bodies of notes, addenda and charges, and how they read back.

use super::calendar::{CLIENTS_MAX, modality_number, modality_of};
use super::chart::tag;
use super::draft;
use super::edit::{Modality, NoteFormat, Part, Stamp, Whereabouts};
use super::plan::Plan;
use super::record::{Record, RecordKind, Tags};
use super::times::Times;
use super::view::{AddendumView, AppointmentRow, JournalHead, NoteView};
use super::{label, zone};
use crate::codec::Writer;
use crate::id::{AppointmentId, ClientId};
use crate::suite;

/// The body of a note.
pub(super) fn note_body(
    format: NoteFormat,
    parts: &[(Part, String)],
    heads: &[[u8; 32]],
    session: Option<(&AppointmentRow, ClientId)>,
    late_reason: Option<&str>,
) -> Tags {
    let mut body = Tags::new();
    body.set(tag::FORMAT, [format.number()]);
    body.set(tag::HEADS, heads.concat());
    for (part, text) in parts {
        body.set(part_tag(*part), text.as_bytes());
    }
    if let Some((session, client)) = session {
        Times::of(session, client).write(&mut body);
        body.set(tag::SESSION, *session.id.as_bytes());
        body.set(tag::SESSION_START, session.starts.as_millis().to_be_bytes());
        if session.is_elsewhere() && session.whereabouts.is_whole() {
            body.set(tag::MODALITY, [modality_number(session.slot.modality)]);
            body.set(tag::CLIENT_PLACE, session.whereabouts.place.as_bytes());
            body.set(tag::CLIENT_HELP, session.whereabouts.help.as_bytes());
        }
    }
    if let Some(reason) = late_reason {
        body.set(tag::LATE_REASON, reason.as_bytes());
    }
    body
}

/// The body of an addendum.
pub(super) fn addendum_body(text: &str, heads: &[[u8; 32]]) -> Tags {
    let mut body = Tags::new();
    body.set(tag::TEXT, text.as_bytes());
    if !heads.is_empty() {
        body.set(tag::HEADS, heads.concat());
    }
    body
}

/// The body of a charge: what a payer has to know and nothing of what was said (decision 22).
/// `stands_for` are those whom the calendar names in the place of who is charged: other entries of
/// the same person.
pub(super) fn charge_body(
    session: &AppointmentRow,
    stands_for: &[ClientId],
    practice_zone: &str,
) -> Tags {
    let date = zone::date(session.starts, practice_zone);
    let mut day = Writer::new();
    day.u16(date.year().cast_unsigned());
    day.u8(date.month().cast_unsigned()).u8(date.day().cast_unsigned());
    let mut body = Tags::new();
    body.set(tag::SESSION, *session.id.as_bytes()).set(tag::DATE, day.into_bytes());
    body.set(tag::MINUTES, session.slot.minutes.to_be_bytes());
    body.set(tag::PLACE, [modality_number(session.slot.modality)]);
    // Codes are chosen in billing; an empty list says that nobody has chosen yet.
    body.set(tag::DIAGNOSES, 0_u32.to_be_bytes());
    body.set(tag::FEE_STATE, [FEE_OPEN]);
    body.set(tag::IDEMPOTENCY, charge_key(session.id));
    if !stands_for.is_empty() {
        let all: Vec<u8> = stands_for.iter().flat_map(|one| *one.as_bytes()).collect();
        body.set(STANDS_FOR, all);
    }
    body
}

/// Returns in whose place somebody is charged.
pub(super) fn stands_for(body: &Tags) -> Vec<ClientId> {
    let all = body.bytes(STANDS_FOR).unwrap_or_default().as_chunks::<16>().0;
    all.iter().take(CLIENTS_MAX).map(|one| ClientId::from_bytes(*one)).collect()
}

const FEE_OPEN: u8 = 1;
/// Whom the calendar names in the place of who is charged; of the registry in `chart::tag`.
const STANDS_FOR: u16 = 160;

/// What makes two charges for one session one: H(session, "charge").
pub(super) fn charge_key(session: AppointmentId) -> [u8; 32] {
    *suite::hash("tac/idempotency", &[session.as_bytes(), b"charge"]).as_bytes()
}

/// Returns the changes of the draft that the signature covers.
pub(super) fn heads(body: &Tags) -> Vec<[u8; 32]> {
    body.bytes(tag::HEADS).unwrap_or_default().as_chunks::<32>().0.to_vec()
}

/// Returns the text of each part of a signed note.
pub(super) fn texts(body: &Tags, format: NoteFormat) -> Vec<(Part, String)> {
    draft::with_others(format, |part| body.text(part_tag(*part)).unwrap_or_default().to_owned())
}

/// Returns the text of one part of a signed note, or nothing.
pub(super) fn text_of(record: &Record, part: Part) -> String {
    let body = record.body();
    body.and_then(|body| body.text(part_tag(part))).unwrap_or_default().to_owned()
}

/// Returns the parts as one text, each under its heading; a free note as it is.
pub(super) fn joined(parts: &[(Part, String)]) -> String {
    if let [(Part::Text, text)] = parts {
        return text.clone();
    }
    let filled = parts.iter().filter(|(_, text)| !text.trim().is_empty());
    let headed: Vec<_> = filled.map(|(part, text)| format!("{}\n{text}", part.title())).collect();
    headed.join("\n\n")
}

/// Returns a signed note as it is read; `None` when its body is gone or from a newer version.
pub(super) fn view(
    record: &Record,
    client: ClientId,
    journal: Option<JournalHead>,
    addenda: Vec<AddendumView>,
) -> Option<NoteView> {
    let body = record.body()?;
    let text = match record.header.kind {
        // What adds to a note that is out of sight is read alone.
        RecordKind::Addendum | RecordKind::Journal => Some(body.text(tag::TEXT)?.to_owned()),
        _ => Plan::signed(record).map(|plan| format!("Treatment plan\n\n{}", plan.text())),
    };
    if let Some(text) = text {
        return Some(NoteView {
            record: record.header.id,
            client,
            session: None,
            format: NoteFormat::Free,
            parts: vec![(Part::Text, text)],
            author: record.header.author.member,
            signed: stamp(record),
            late_reason: None,
            remote: None,
            times: Times::default(),
            journal,
            psychotherapy: None,
            labels: label::of_record(record),
            supervision: None,
            versions: None,
            addenda,
        });
    }
    let format = NoteFormat::of(i64::from(body.fixed::<1>(tag::FORMAT)?[0]))?;
    Some(NoteView {
        record: record.header.id,
        client,
        session: body.fixed(tag::SESSION).map(AppointmentId::from_bytes),
        format,
        parts: texts(body, format),
        author: record.header.author.member,
        signed: stamp(record),
        late_reason: body.text(tag::LATE_REASON).map(str::to_owned),
        remote: remote(body),
        times: Times::read(body),
        journal: None,
        psychotherapy: None,
        labels: label::of_record(record),
        supervision: None,
        versions: None,
        addenda,
    })
}

/// Which way a session took place that was not at the office, and where the client was.
fn remote(body: &Tags) -> Option<(Modality, Whereabouts)> {
    let [number] = body.fixed(tag::MODALITY)?;
    let text = |tag| body.text(tag).unwrap_or_default().to_owned();
    let whereabouts = Whereabouts { place: text(tag::CLIENT_PLACE), help: text(tag::CLIENT_HELP) };
    Some((modality_of(number)?, whereabouts))
}

/// Returns an addendum, or a second signature read as one.
pub(super) fn addendum_view(record: &Record) -> Option<AddendumView> {
    let body = record.body()?;
    let format = body.fixed::<1>(tag::FORMAT).map(|[number]| i64::from(number));
    let text = match format.and_then(NoteFormat::of) {
        Some(format) => joined(&texts(body, format)),
        None => body.text(tag::TEXT)?.to_owned(),
    };
    Some(AddendumView {
        record: record.header.id,
        text,
        author: record.header.author.member,
        signed: stamp(record),
    })
}

pub(super) fn stamp(record: &Record) -> Stamp {
    Stamp { time: record.header.time, zone: record.header.zone.clone() }
}

pub(super) const fn part_tag(part: Part) -> u16 {
    match part {
        Part::Text => tag::TEXT,
        Part::Subjective => tag::SUBJECTIVE,
        Part::Objective => tag::OBJECTIVE,
        Part::Assessment => tag::ASSESSMENT,
        Part::Plan => tag::PLAN,
        // The others have the tags of their numbers, 200 to 239.
        other => other.number() as u16,
    }
}
