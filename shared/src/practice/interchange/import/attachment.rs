//! Lines of files: one that says what the file is, then its bytes, piece by piece.

use super::written::labels;
use super::{Cause, ImportStep, Importer, id};
use crate::id::{ClientId, RecordId};
use crate::practice::attachment::{self, FILE_BYTES_MAX, Metadata, NewAttachment, Stripped, strip};
use crate::practice::edit::{Edit, Label};
use crate::practice::interchange::base64;
use crate::practice::interchange::lines::{AttachmentLine, AttachmentPartLine, read_instant};
use crate::suite;
use std::collections::BTreeSet;

/// A file of which pieces are still to come.
#[derive(Debug)]
pub(super) struct Coming {
    id: RecordId,
    client: ClientId,
    title: String,
    stripped: bool,
    size: usize,
    sha256: String,
    labels: BTreeSet<Label>,
    bytes: Vec<u8>,
}

impl Importer {
    pub(super) fn attachment(&mut self, line: AttachmentLine) -> Result<Vec<ImportStep>, Cause> {
        let id = id(&line.id, RecordId::parse, "id")?;
        let client = super::id(&line.client, ClientId::parse, "client")?;
        read_instant(&line.signed.time).ok_or(Cause::Invalid("signed"))?;
        self.seen("attachment", &line.rest);
        self.not_carried("attachment.signed", true);
        self.not_carried("attachment.author", true);
        // Whoever exported it did not have all of it.
        self.not_carried("attachment", line.missing);
        if line.missing {
            return Ok(Vec::new());
        }
        let title = attachment::title(&line.title).map_err(|_| Cause::Invalid("title"))?;
        let size = usize::try_from(line.size).unwrap_or(usize::MAX);
        if size == 0 || size > FILE_BYTES_MAX {
            return Err(Cause::Invalid("size"));
        }
        let labels = labels(&line.labels)?;
        let (stripped, sha256, bytes) = (line.stripped, line.sha256, Vec::new());
        self.coming = Some(Coming { id, client, title, stripped, size, sha256, labels, bytes });
        Ok(Vec::new())
    }

    pub(super) fn attachment_part(
        &mut self,
        line: &AttachmentPartLine,
    ) -> Result<Vec<ImportStep>, Cause> {
        let of = id(&line.attachment, RecordId::parse, "attachment")?;
        let coming = self.coming.take().filter(|coming| coming.id == of);
        let mut coming = coming.ok_or(Cause::Invalid("attachment"))?;
        let bytes = base64::decode(&line.bytes).filter(|bytes| !bytes.is_empty());
        coming.bytes.extend(bytes.ok_or(Cause::Invalid("bytes"))?);
        self.seen("attachment-part", &line.rest);
        if coming.bytes.len() < coming.size {
            self.coming = Some(coming);
            return Ok(Vec::new());
        }
        let Coming { client, title, stripped, size, sha256, labels, bytes, .. } = coming;
        if bytes.len() != size || suite::sha256(&bytes).to_string() != sha256 {
            return Err(Cause::Invalid("bytes"));
        }
        // The line may say so of what was never stripped: only what loses nothing more is believed.
        let gone = stripped
            && match strip(&bytes) {
                Stripped::Without(without) => without == bytes,
                Stripped::NotOfThisType | Stripped::Broken => false,
            };
        let metadata = if gone { Metadata::Gone } else { Metadata::Keep };
        let file = Box::new(NewAttachment { title, bytes: bytes.into(), metadata, labels });
        Ok(vec![ImportStep::Edit(Edit::Attach { client, file })])
    }
}
