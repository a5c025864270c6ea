//! Notes, what was added to them and drafts: texts, each with a line over it that says where it comes
//! from.

use super::super::lines::{
    AddendumLine, AuthorBody, DraftLine, FORMATS, MODALITIES, Moment, NoteLine, PARTS, PartBody,
    read_instant, value,
};
use super::{Cause, ImportStep, Importer, id, session};
use crate::id::{ClientId, MemberId, ObjectId, RecordId};
use crate::practice::calendar::normal_whereabouts;
use crate::practice::contact::normal;
use crate::practice::correction::REASON_BYTES_MAX;
use crate::practice::draft::{PART_BYTES_MAX, in_edits};
use crate::practice::edit::{Edit, Label, Labelled, Part, Whereabouts};
use crate::practice::record::LABELS_MAX;
use std::collections::BTreeSet;

/// What stands as the reason for signing late.
const LATE_REASON: &str = "imported";

impl Importer {
    pub(super) fn note(&mut self, line: NoteLine) -> Result<Vec<ImportStep>, Cause> {
        let record = id(&line.id, RecordId::parse, "id")?;
        let note = draft_of(record);
        let mut head = origin("Signed", &line.signed, Some(&line.author))?;
        if let Some(reason) = &line.late_reason {
            head.push_str(&format!(" Signed late: {reason}"));
        }
        if let Some(remote) = &line.remote {
            let way = value(MODALITIES, &remote.modality).ok_or(Cause::Invalid("remote"))?;
            let said = Whereabouts {
                place: remote.client_place.clone(),
                help: remote.client_help.clone(),
            };
            let said = normal_whereabouts(said).ok_or(Cause::Invalid("remote"))?;
            head.push_str(&format!(" {}.", said.words(way)));
        }
        let mut elsewhere = false;
        if let Some(times) = &line.times {
            let words = times.words(line.remote.is_some()).ok_or(Cause::Invalid("times"))?;
            head.push_str(&words);
            // The signature takes over who comes, as the calendar has it.
            let (who, session) = (times.who()?, session(line.session.as_deref())?);
            let comes = session.and_then(|session| self.meetings.get(&session));
            elsewhere = !who.is_empty() && comes != Some(&who);
        }
        let (format, session) = (line.format.as_str(), line.session.as_deref());
        let (mut steps, left) =
            begin(note, (&line.client, session), (format, line.parts), (head, &[]))?;
        let client = id(&line.client, ClientId::parse, "client")?;
        let mut reason = LATE_REASON.to_owned();
        if let Some(corrects) = &line.corrects {
            let corrects = id(corrects, RecordId::parse, "corrects")?;
            if self.notes.get(&corrects) != Some(&client) {
                return Err(Cause::Invalid("corrects"));
            }
            let format = value(FORMATS, &line.format).ok_or(Cause::Invalid("format"))?;
            let of = draft_of(corrects);
            let begin = ImportStep::CorrectSigned { of, draft: note, client, format };
            steps.first_mut().into_iter().for_each(|first| first.clone_from(&begin));
            reason = because(line.corrected_because.as_deref())?;
        }
        self.notes.insert(record, client);
        steps.extend(labelled(client, Labelled::Draft(note), &line.labels)?);
        let late_reason = Some(reason);
        steps.push(ImportStep::Edit(Edit::SignImported { note, client, late_reason }));
        let added = left.map(|text| ImportStep::AmendSigned { draft: note, client, text });
        steps.extend(added);
        self.seen("note", &line.rest);
        self.not_carried("note.corrects_too", !line.corrects_too.is_empty());
        self.not_carried("note.times.attendees", elsewhere);
        Ok(steps)
    }

    pub(super) fn addendum(&mut self, line: AddendumLine) -> Result<Vec<ImportStep>, Cause> {
        id(&line.id, RecordId::parse, "id")?;
        let draft = draft_of(id(&line.note, RecordId::parse, "note")?);
        let client = id(&line.client, ClientId::parse, "client")?;
        let head = origin("Signed", &line.signed, Some(&line.author))?;
        self.seen("addendum", &line.rest);
        let pieces = in_pieces(&under(&head, &line.text)).into_iter();
        Ok(pieces.map(|text| ImportStep::AmendSigned { draft, client, text }).collect())
    }

    pub(super) fn draft(&mut self, line: DraftLine) -> Result<Vec<ImportStep>, Cause> {
        let note = id(&line.id, ObjectId::parse, "id")?;
        self.not_carried("draft.addendum_to", line.addendum_to.is_some());
        if line.journal {
            return self.entry_draft(note, line);
        }
        let head = origin("Begun", &line.begun, None)?;
        // Nothing is added to a draft: if need be it is said in a part that the format does not have.
        let places = Part::ALL;
        // Beside the note that it would have replaced it is no second note about the session.
        self.not_carried("draft.corrects", line.corrects.is_some());
        let session = line.session.as_deref().filter(|_| line.corrects.is_none());
        let format = line.format.as_str();
        let (mut steps, _) =
            begin(note, (&line.client, session), (format, line.parts), (head, places))?;
        let client = id(&line.client, ClientId::parse, "client")?;
        steps.extend(labelled(client, Labelled::Draft(note), &line.labels)?);
        self.seen("draft", &line.rest);
        Ok(steps)
    }
}

/// Why a note was corrected; the word of an import, if the file does not say.
fn because(said: Option<&str>) -> Result<String, Cause> {
    match said.map(normal).filter(|said| !said.is_empty()) {
        Some(said) if said.len() > REASON_BYTES_MAX => Err(Cause::Invalid("corrected_because")),
        said => Ok(said.unwrap_or_else(|| LATE_REASON.to_owned())),
    }
}

/// The labels of an item: of a note they are set on the draft that it is read into.
pub(in super::super) fn labelled(
    client: ClientId,
    of: Labelled,
    words: &[String],
) -> Result<Option<ImportStep>, Cause> {
    let labels = labels(words)?;
    let edit = Edit::Label { client, of, labels };
    Ok((!words.is_empty()).then_some(ImportStep::Edit(edit)))
}

/// Reads labels.
pub(in super::super) fn labels(words: &[String]) -> Result<BTreeSet<Label>, Cause> {
    let label = |word: &String| Label::named(word).ok_or(Cause::Invalid("labels"));
    let labels = words.iter().map(label).collect::<Result<BTreeSet<_>, _>>()?;
    if labels.len() > LABELS_MAX { Err(Cause::Invalid("labels")) } else { Ok(labels) }
}

/// The draft that stands for a signed note of another practice: the same one each time.
fn draft_of(record: RecordId) -> ObjectId {
    ObjectId::from_bytes(*record.as_bytes())
}

/// Begins a note. What says where it comes from stands over the first part; where there is no room, over
/// the next that has some, of the format or else of `others`. It is returned if none has.
fn begin(
    note: ObjectId,
    (client, session): (&str, Option<&str>),
    (format, parts): (&str, Vec<PartBody>),
    (head, others): (String, &[Part]),
) -> Result<(Vec<ImportStep>, Option<String>), Cause> {
    let client = id(client, ClientId::parse, "client")?;
    let session = self::session(session)?;
    let format = value(FORMATS, format).ok_or(Cause::Invalid("format"))?;
    let mut texts: Vec<(Part, String)> = Vec::new();
    for PartBody { part, text } in parts {
        let part = value(PARTS, &part).ok_or(Cause::Invalid("parts"))?;
        if texts.iter().any(|(known, _)| *known == part) {
            return Err(Cause::Invalid("parts"));
        }
        texts.push((part, text));
    }
    // No word of a text may be lost.
    let has_room = |part: &Part| {
        let text = texts.iter().find(|(one, _)| one == part);
        text.is_none_or(|(_, text)| head.len() + 2 + text.len() <= PART_BYTES_MAX)
    };
    let place = format.parts().iter().chain(others).copied().find(has_room);
    let left = match place {
        Some(part) => {
            match texts.iter_mut().find(|(one, _)| *one == part) {
                Some((_, text)) => *text = under(&head, text),
                None => texts.push((part, head)),
            }
            None
        }
        None => Some(head),
    };
    let mut steps = vec![ImportStep::Edit(Edit::BeginNote { note, client, session, format })];
    let edits = in_edits(texts).into_iter();
    steps
        .extend(edits.map(|splices| ImportStep::Edit(Edit::ChangeDraft { note, client, splices })));
    Ok((steps, left))
}

/// The line over an imported text that says where it comes from.
pub(super) fn origin(
    verb: &str,
    moment: &Moment,
    author: Option<&AuthorBody>,
) -> Result<String, Cause> {
    read_instant(&moment.time).ok_or(Cause::Invalid("time"))?;
    let mut text = format!("Imported. {verb} {} [{}]", moment.time, moment.zone);
    if let Some(author) = author {
        id(&author.id, MemberId::parse, "author")?;
        let name = if author.name.is_empty() { &author.id } else { &author.name };
        text.push_str(&format!(" by {name}"));
    }
    text.push('.');
    Ok(text)
}

/// Cuts a text into pieces of which each fits into one part of a note.
pub(super) fn in_pieces(text: &str) -> Vec<String> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while rest.len() > PART_BYTES_MAX {
        let cut = (0..=PART_BYTES_MAX).rev().find(|at| rest.is_char_boundary(*at));
        let (piece, after) = rest.split_at(cut.unwrap_or(0));
        pieces.push(piece.to_owned());
        rest = after;
    }
    pieces.push(rest.to_owned());
    pieces
}

pub(super) fn under(head: &str, text: &str) -> String {
    if text.is_empty() { head.to_owned() } else { format!("{head}\n\n{text}") }
}
