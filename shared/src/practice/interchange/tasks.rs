//! Tasks of a client in an export, read into edits.

use super::super::edit::Edit;
use super::super::{contact, task};
use super::import::{Cause, ImportStep, check_words, id};
use super::lines::{TaskBody, read_instant};
use crate::id::{ClientId, TaskId};
use std::collections::BTreeSet;

/// Returns what writes them down. What an edit would refuse is refused here.
pub(super) fn steps(client: ClientId, bodies: Vec<TaskBody>) -> Result<Vec<ImportStep>, Cause> {
    let mut steps = Vec::new();
    let mut known = BTreeSet::new();
    for body in bodies {
        let task = id(&body.id, TaskId::parse, "tasks.id")?;
        check_words(&body.text, task::TEXT_BYTES_MAX, "tasks.text")?;
        if !known.insert(task) {
            return Err(Cause::Invalid("tasks.id"));
        }
        if contact::normal(&body.text).is_empty() {
            continue;
        }
        let due = body.due.map(|due| due.parse().map_err(|_| Cause::Invalid("tasks.due")));
        let since = body.since.as_ref();
        let since = since
            .map(|since| read_instant(&since.time).ok_or(Cause::Invalid("tasks.since")))
            .transpose()?;
        let (text, due) = (body.text, due.transpose()?);
        steps.push(ImportStep::Edit(Edit::AddTask { client, task, text, due, since }));
    }
    Ok(steps)
}
