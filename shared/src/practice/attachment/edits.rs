//! What is done with files: one is attached, or struck.

use super::super::apply::{Done, Refusal};
use super::super::audit::{AuditEvent, AuditKind, AuditSubject};
use super::super::chart::tag as chart_tag;
use super::super::compartment::CompartmentName;
use super::super::edit::{Edit, Subject};
use super::super::record::{LABELS_MAX, RecordKind, Relation, RelationKind, Tags};
use super::super::{Context, Practice};
use super::{
    ALL_BYTES_MAX, Attachments, FILE_BYTES_MAX, FILES_MAX, FileBytes, Media, Metadata,
    NewAttachment, PART_BYTES, Said, Stripped, part_id, strip, tag, title,
};
use crate::id::{ClientId, RecordId};
use crate::suite;
use std::borrow::Cow;

impl NewAttachment {
    /// Returns the bytes as they are stored, and whether something was taken out of them.
    fn stored(&self) -> (Cow<'_, [u8]>, bool) {
        let FileBytes(bytes) = &self.bytes;
        match self.metadata {
            Metadata::Keep => (Cow::Borrowed(bytes), false),
            Metadata::Gone => (Cow::Borrowed(bytes), true),
            Metadata::Strip => match strip(bytes) {
                Stripped::Without(without) => (Cow::Owned(without), true),
                Stripped::NotOfThisType | Stripped::Broken => (Cow::Borrowed(bytes), false),
            },
        }
    }
}

impl Practice {
    /// Carries out what is about files; nothing else comes here.
    pub(in super::super) fn change_files(
        &mut self,
        edit: Edit,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        match edit {
            Edit::Attach { client, file } => self.attach(client, &file, cx),
            Edit::StrikeAttachment { client, record, struck } => {
                self.strike_attachment(client, (record, struck), cx)
            }
            _ => Ok(Done::default()),
        }
    }

    /// Writes the parts of a file and then its head, which says that all of them are there.
    fn attach(
        &mut self,
        client: ClientId,
        file: &NewAttachment,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        if file.labels.len() > LABELS_MAX {
            return Err(Refusal::TextTooLong);
        }
        let title = title(&file.title)?;
        let size = file.bytes.0.len();
        if size == 0 {
            return Err(Refusal::AttachmentEmpty);
        }
        if size > FILE_BYTES_MAX {
            return Err(Refusal::AttachmentTooLong);
        }
        let (bytes, stripped) = file.stored();
        let size = u32::try_from(bytes.len()).map_err(|_| Refusal::AttachmentTooLong)?;
        let known = self.facts.attachments.get(&client).map(Attachments::room);
        let (files, all) = known.unwrap_or_default();
        if files >= FILES_MAX || all + u64::from(size) > ALL_BYTES_MAX {
            return Err(Refusal::AttachmentsFull);
        }
        let name = CompartmentName::Attachments(client);
        let record = RecordId::random(cx.random);
        let mut changes = Vec::new();
        for (number, part) in (0..).zip(bytes.chunks(PART_BYTES)) {
            let mut body = Tags::new();
            body.set(tag::BYTES, part);
            let kind = (RecordKind::AttachmentPart, Vec::new());
            let id = part_id(record, number);
            changes.push(self.write_record_as(id, &name, kind, body, cx));
        }
        let (media, hash) = (Media::of_file(&bytes), suite::sha256(&bytes));
        let body = Said { title, media, size, hash, stripped }.body();
        let kind = (RecordKind::Attachment, Vec::new());
        let head = self.write_record_as(record, &name, kind, body, cx);
        let labelled = self.label_new(client, std::slice::from_ref(&head), &file.labels, cx);
        changes.push(head);
        changes.extend(labelled);
        let event = AuditEvent::new(AuditKind::Sign)
            .about(AuditSubject::View(Subject::Attachment(client, record)));
        changes.extend(self.audit(&event, cx));
        let inverse = Edit::StrikeAttachment { client, record, struck: true };
        Ok(Done { changes, inverse: Some(inverse), guards: Vec::new() })
    }

    /// Writes down that a file is struck, or is not after all. It stays in the log.
    fn strike_attachment(
        &mut self,
        client: ClientId,
        (record, struck): (RecordId, bool),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let known = self.facts.attachments.get(&client);
        let known = known.filter(|known| known.holds(record)).ok_or(Refusal::UnknownAttachment)?;
        let said = known.said_last(record);
        let name = CompartmentName::Attachments(client);
        let digest = Self::stored_record(&name, record, cx)?.digest();
        let kind = RelationKind::Corrects;
        let relation = Relation { kind, target: *record.as_bytes(), digest };
        let mut body = Tags::new();
        body.set(chart_tag::STRUCK, [u8::from(struck)]);
        let kind = RecordKind::Attachment;
        let change = self.write_after(said, &name, (kind, vec![relation]), body, cx);
        let inverse = Edit::StrikeAttachment { client, record, struck: !struck };
        Ok(Done { changes: vec![change], inverse: Some(inverse), guards: Vec::new() })
    }
}
