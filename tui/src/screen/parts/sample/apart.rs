//! Psychotherapy notes of the made-up practice.

use super::*;
use tacenda_shared::practice::psychotherapy::{PsychotherapyRow, PsychotherapyView};

/// The record of one about the first client.
pub(crate) fn apart_id(number: u8) -> RecordId {
    RecordId::from_bytes([150 + number; 16])
}

impl Sample {
    pub(crate) fn apart(&self, client: ClientId) -> View {
        let row = |number: u8, day: i8, begins: &str, struck| PsychotherapyRow {
            client,
            record: apart_id(number),
            date: date(2026, 11, day),
            words: 84,
            addenda: u32::from(number == 1),
            begins: begins.to_owned(),
            struck,
        };
        let rows = vec![
            row(1, 15, "\u{202e}Long silence, then the story of the lake again.", false),
            row(2, 8, "The empty chair. Fakey was in the room all the time.", false),
            row(3, 8, "", true),
        ];
        let notes = if client == client_id(1) { rows } else { Vec::new() };
        let client = Arc::clone(&self.index.clients[&client]);
        View::Psychotherapy(PsychotherapyView { client, notes, drafts: Vec::new() })
    }

    /// A psychotherapy note that was begun, with a text.
    pub(crate) fn apart_draft(&self, client: ClientId, note: ObjectId, text: &str) -> View {
        let begun = self.index.drafts[0].clone();
        let row = DraftRow {
            note,
            client,
            session: None,
            format: NoteFormat::Free,
            psychotherapy: true,
            date: Some(today()),
            words: 0,
            ..begun
        };
        View::Draft(DraftView::new(row, vec![(Part::Text, text.to_owned())]))
    }

    pub(crate) fn apart_note(&self, record: RecordId) -> View {
        let View::Note(note) = self.note() else { return self.note() };
        let parts =
            vec![(Part::Text, "Long silence, then the story of the lake again.".to_owned())];
        let psychotherapy = Some(date(2026, 11, 15));
        View::Note(NoteView { record, session: None, parts, psychotherapy, versions: None, ..note })
    }
}
