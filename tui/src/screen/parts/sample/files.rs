//! Files of the made-up practice.

use super::*;
use tacenda_shared::practice::attachment::Media;
use tacenda_shared::practice::view::{AttachmentRow, AttachmentView, AttachmentsView, Inside};

/// The record of a file of the first client.
pub(crate) fn file_id(number: u8) -> RecordId {
    RecordId::from_bytes([100 + number; 16])
}

fn row(number: u8) -> AttachmentRow {
    let (title, media, size, struck) = match number {
        1 => ("Referral, \u{202e}Dr Beispiel", Media::Pdf, 311_000, false),
        2 => ("Letter to the insurer", Media::Text, 812, false),
        3 => ("Drawing from the session", Media::Jpeg, 2_411_724, false),
        _ => ("Somebody else's scan", Media::Png, 90_000, true),
    };
    let time = moment(date(2026, 11, 20 - i8::try_from(number).unwrap()).at(10, 0, 0, 0));
    AttachmentRow {
        record: file_id(number),
        title: title.to_owned(),
        media,
        size,
        stripped: media == Media::Jpeg,
        author: Some(clinician()),
        signed: Stamp { time, zone: ZONE.to_owned() },
        struck,
    }
}

impl Sample {
    pub(crate) fn attachments(&self, number: u8) -> View {
        let client = Arc::clone(&self.index.clients[&client_id(number)]);
        let attachments: Vec<_> = if number == 1 { (1..=4).map(row).collect() } else { vec![] };
        let bytes = attachments.iter().map(|row| u64::from(row.size)).sum();
        let labels = Default::default();
        View::Attachments(AttachmentsView { client, attachments, bytes, labels })
    }

    pub(crate) fn attachment(&self, client: ClientId, record: RecordId) -> View {
        let number = (1..=4).find(|number| file_id(*number) == record).unwrap_or(1);
        let letter = "Dear colleague,\n\n\u{1b}[2Jthank you for seeing A.\n";
        let inside = match number {
            2 => Inside::Whole(Some(letter.to_owned() + &"One more line.\n".repeat(40))),
            3 => Inside::Incomplete,
            4 => Inside::Altered,
            _ => Inside::Whole(None),
        };
        let hash = Some("5f".repeat(32));
        let (row, labels) = (row(number), Default::default());
        View::Attachment(AttachmentView { client, row, hash, inside, labels })
    }

    /// Puts the first file into the timeline of its client.
    pub(crate) fn with_a_file(mut self) -> Self {
        let known = self.index.timelines.get(&client_id(1)).cloned().unwrap_or_default();
        let AttachmentRow { record, media, size, signed, .. } = row(1);
        let entry = TimelineEntry::Attachment { record, media, size };
        let mut rows = vec![TimelineRow { client: client_id(1), time: signed.time, entry }];
        rows.extend(known.iter().cloned());
        self.index.timelines.insert(client_id(1), Arc::new(rows));
        self
    }
}
