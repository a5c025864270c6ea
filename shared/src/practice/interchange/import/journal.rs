//! Lines of clients' journals.

use super::written::{in_pieces, labels, origin, under};
use super::{Cause, ImportStep, Importer, id};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::draft::{PART_BYTES_MAX, in_edits};
use crate::practice::edit::{Came, Edit, Part};
use crate::practice::interchange::lines::{DraftLine, JournalLine, read_instant};
use crate::practice::view::JournalHead;
use crate::practice::zone;
use jiff::civil::Date;

impl Importer {
    /// An entry comes in as it is: it is the client's text, and nothing is written over it. What was
    /// added to it later becomes its end, under a line that says so.
    pub(super) fn journal(&mut self, line: JournalLine) -> Result<Vec<ImportStep>, Cause> {
        id(&line.id, RecordId::parse, "id")?;
        let client = id(&line.client, ClientId::parse, "client")?;
        let date = self.day(&line.date, "journal.date")?;
        let came = Came::named(&line.came).ok_or(Cause::Invalid("came"))?;
        origin("Signed", &line.signed, Some(&line.author))?;
        let mut text = line.text;
        for addition in &line.additions {
            let head = origin("Added", &addition.signed, Some(&addition.author))?;
            text = format!("{text}\n\n{}", under(&head, &addition.text));
        }
        self.seen("journal", &line.rest);
        // What says nothing has no place among entries.
        self.not_carried("journal", text.trim().is_empty());
        self.not_carried("journal.signed", true);
        self.not_carried("journal.author", true);
        let said = JournalHead { date, came, shared: line.shared };
        let labels = labels(&line.labels)?;
        let entry = |text: String| {
            let labels = labels.clone();
            ImportStep::Edit(Edit::EnterJournal { client, said, text, labels })
        };
        // With what was added it may be longer than one entry: the rest is another of the same day.
        let pieces = in_pieces(&text).into_iter().filter(|piece| !piece.trim().is_empty());
        Ok(pieces.map(entry).collect())
    }

    pub(super) fn entry_draft(
        &mut self,
        draft: ObjectId,
        line: DraftLine,
    ) -> Result<Vec<ImportStep>, Cause> {
        let client = id(&line.client, ClientId::parse, "client")?;
        let begun = read_instant(&line.begun.time).ok_or(Cause::Invalid("begun"))?;
        let date = match &line.date {
            Some(text) => self.day(text, "draft.date")?,
            None => self.been(zone::date(begun, &line.begun.zone), "draft.date"),
        };
        let text: String = line.parts.into_iter().map(|part| part.text).collect();
        if text.len() > PART_BYTES_MAX {
            return Err(Cause::Invalid("parts"));
        }
        self.not_carried("draft.labels", !line.labels.is_empty());
        self.seen("draft", &line.rest);
        let mut steps = vec![ImportStep::Edit(Edit::BeginJournal { draft, client, date })];
        for splices in in_edits(vec![(Part::Text, text)]) {
            let change = Edit::ChangeDraft { note: draft, client, splices };
            steps.push(ImportStep::Edit(change));
        }
        Ok(steps)
    }

    /// Reads the day of an entry, which has been.
    fn day(&mut self, text: &str, field: &'static str) -> Result<Date, Cause> {
        let date: Date = text.parse().map_err(|_| Cause::Invalid("date"))?;
        Ok(self.been(date, field))
    }
}
