//! Tasks: what somebody has to do about a client, and by when. They lie with the contact, so that a
//! front desk can do them, and nothing clinical belongs in them.

use super::apply::{Done, Guard, Refusal};
use super::compartment::CompartmentName;
use super::contact::{self, line_within, normal};
use super::document::{Document, Scalar};
use super::edit::Edit;
use super::view::TaskRow;
use super::{Context, Practice, document_of};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, TaskId, Timestamp};
use jiff::civil::Date;

pub(super) const TEXT_BYTES_MAX: usize = 300;
const DUE_BYTES_MAX: usize = 16;
/// Open tasks of one client.
const TASKS_MAX: usize = 200;

const TEXT: &str = "text";
const DUE: &str = "due";
const SINCE: &str = "since";
const DONE: &str = "done";

/// Returns the tasks of a contact that are not done: those with a date first, the nearest first.
pub(super) fn read(document: &Document) -> Vec<TaskRow> {
    let keys = document.keys();
    let ids = keys.iter().filter_map(|key| TaskId::parse(key));
    let open = |id: TaskId| {
        let place = id.to_string();
        let value = |field| document.value(Some(&place), field);
        if value(DONE).is_some_and(|done| done.number().is_some()) {
            return None;
        }
        let text = line_within(value(TEXT)?.text()?, TEXT_BYTES_MAX);
        let due = value(DUE).and_then(|due| due.text()?.parse().ok());
        let since = value(SINCE).and_then(|since| since.number()).unwrap_or(0);
        Some(TaskRow { id, text, due, since: Timestamp::from_millis(since) })
    };
    let mut tasks: Vec<TaskRow> = ids.filter_map(open).take(TASKS_MAX).collect();
    tasks.sort_by_key(|task| (task.due.is_none(), task.due, task.since, task.id));
    tasks
}

pub(super) fn encode(writer: &mut Writer, tasks: &[TaskRow]) {
    writer.list(tasks, |w, task| {
        w.fixed(task.id.as_bytes()).text(&task.text).i64(task.since.as_millis());
        w.option(task.due, |w, due| {
            w.text(&due.to_string());
        });
    });
}

pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Vec<TaskRow>, CodecError> {
    reader.list(TASKS_MAX, |r| {
        let id = TaskId::from_bytes(r.fixed()?);
        let text = r.text(TEXT_BYTES_MAX)?.to_owned();
        let since = Timestamp::from_millis(r.i64()?);
        let due = r.option(|r| r.text(DUE_BYTES_MAX)?.parse().map_err(|_| CodecError::Unknown))?;
        Ok(TaskRow { id, text, due, since })
    })
}

impl Practice {
    /// Writes a task down.
    pub(super) fn add_task(
        &mut self,
        client: ClientId,
        task: TaskId,
        (text, due, since): (&str, Option<Date>, Option<Timestamp>),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let text = normal(text);
        if text.is_empty() {
            return Err(Refusal::EmptyText);
        }
        if text.len() > TEXT_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
        if row.tasks.len() >= TASKS_MAX {
            return Err(Refusal::TooManyTasks);
        }
        let name = CompartmentName::Contact(client);
        let stored = self.document(&name, document_of(&name), cx)?;
        if stored.value(Some(&task.to_string()), TEXT).is_some() {
            // Where a map stands, no device puts another.
            return Err(Refusal::TaskExists);
        }
        let since = since.map_or(cx.now, |since| since.min(cx.now));
        let write = |document: &mut Document| {
            let place = task.to_string();
            document.put_map(&place);
            document.put(Some(&place), TEXT, Scalar::Text(text));
            document.put(Some(&place), SINCE, Scalar::Number(since.as_millis()));
            if let Some(due) = due {
                document.put(Some(&place), DUE, Scalar::Text(due.to_string()));
            }
            document.put(Some(&place), DONE, Scalar::Nothing);
        };
        self.write_task(client, task, (write, Scalar::Nothing), true, cx)
    }

    /// Says that a task is done, or that it is not after all.
    pub(super) fn finish_task(
        &mut self,
        client: ClientId,
        task: TaskId,
        done: bool,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let name = CompartmentName::Contact(client);
        let known =
            self.document(&name, document_of(&name), cx)?.value(Some(&task.to_string()), TEXT);
        if known.is_none() {
            return Err(Refusal::UnknownTask);
        }
        let value = if done { Scalar::Number(cx.now.as_millis()) } else { Scalar::Nothing };
        let written = value.clone();
        let write = |document: &mut Document| document.put(Some(&task.to_string()), DONE, written);
        self.write_task(client, task, (write, value), !done, cx)
    }

    /// Returns when a task was done, in milliseconds; `None` while it is not.
    pub(super) fn task_done(
        &mut self,
        client: ClientId,
        task: TaskId,
        cx: &mut Context<'_>,
    ) -> Option<i64> {
        let name = CompartmentName::Contact(client);
        let document = self.document(&name, document_of(&name), cx).ok()?;
        document.value(Some(&task.to_string()), DONE)?.number()
    }

    fn write_task(
        &mut self,
        client: ClientId,
        task: TaskId,
        (write, value): (impl FnOnce(&mut Document), Scalar),
        undone: bool,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let name = CompartmentName::Contact(client);
        let object = document_of(&name);
        let change = self.change(&name, object, cx, write)?;
        if let Some(row) = contact::read(self.document(&name, object, cx)?, client) {
            self.facts.learn_contact(row);
        }
        let (place, field) = (Some(task.to_string()), DONE.to_owned());
        Ok(Done {
            changes: change.into_iter().collect(),
            inverse: Some(Edit::FinishTask { client, task, done: undone }),
            guards: vec![Guard { name, object, place, field, value }],
        })
    }
}
