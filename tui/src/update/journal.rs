//! What is done with what a client wrote.

use super::verbs::{code, edit};
use super::{lay, notes, show};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::prompt::{self, Question};
use crate::screen::{Focused, Overlay, Screen, journal};
use jiff::civil::Date;
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::edit::{Edit, JournalMark};
use tacenda_shared::practice::view::TimelineEntry;

/// Shows a client's journal.
pub(super) fn show_journal(model: &mut Model, client: Option<ClientId>) -> Vec<Effect> {
    match client {
        Some(client) => show(model, Screen::Journal(journal::State::new(client))),
        None => Vec::new(),
    }
}

/// Does in a journal what a verb says; `None` if that verb means the same there as elsewhere.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Option<Vec<Effect>> {
    match (verb, focused, model.desk()?.screens.last()?) {
        (Verb::New, _, Screen::Journal(state)) => {
            let question = Question::EntryDate(state.client);
            let state = prompt::State::suggesting(question, "today".to_owned());
            lay(model, Overlay::Prompt(state));
            Some(Vec::new())
        }
        (Verb::Cancel, Focused::Entry(client, record), _) => {
            // What was struck stands in no timeline.
            let strikes = is_shared(model, client, record).is_some();
            let what = if strikes { "struck" } else { "brought back" };
            let says = format!("{what} an entry in the journal of {}", code(model, client));
            let mark = JournalMark::Struck(strikes);
            Some(edit(model, Edit::MarkJournal { client, record, mark }, says, Way::Fresh))
        }
        (Verb::ShareEntry, Focused::Entry(client, record), _) => {
            let shared = !is_shared(model, client, record)?;
            let not = if shared { "may be shared" } else { "is not to be shared" };
            let says = format!("an entry in the journal of {} {not}", code(model, client));
            let mark = JournalMark::Shared(shared);
            Some(edit(model, Edit::MarkJournal { client, record, mark }, says, Way::Fresh))
        }
        _ => None,
    }
}

fn is_shared(model: &Model, client: ClientId, wanted: RecordId) -> Option<bool> {
    let index = &model.desk()?.index;
    let timeline = index.timelines.get(&index.kept(client))?;
    timeline.iter().find_map(|row| match row.entry {
        TimelineEntry::Journal { record, shared, .. } if record == wanted => Some(shared),
        _ => None,
    })
}

/// Begins an entry and opens it, so that typing can start at once.
pub(super) fn begin(model: &mut Model, client: ClientId, date: Date) -> Vec<Effect> {
    let draft = ObjectId::from_bytes(model.ids.fresh());
    model.ids.advance();
    let says = format!("began an entry in the journal of {}", code(model, client));
    let mut effects = edit(model, Edit::BeginJournal { draft, client, date }, says, Way::Fresh);
    effects.extend(notes::open_draft(model, client, draft));
    effects
}
