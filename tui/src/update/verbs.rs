//! One verb, one place: what each does on whatever is in focus, whichever screen shows it.

use super::booked::{book, move_appointment, move_it, next_quarter, set_status};
use super::calendars::{show_columns, show_day, show_week, shown_date};
use super::conflicts::{conflict, settle};
use super::contacts::{ask_about, offer, wait, waiting_for};
use super::identity as identity_verbs;
use super::{
    act, attachments, consents, corrections, crisis, demo, devices, formats, front_desk, groups,
    interrupt, journal, labels, lay, leave, lock, measures, notes, plan, psychotherapy, quit,
    replace, report, same, say, search, session, show, signing, supervision,
};
use crate::input::Input;
use crate::keymap::{self, Context, Verb};
use crate::message::{Effect, Order};
use crate::model::{Done, Form, Model, Waiting, Way};
use crate::screen::choice::Answer;
use crate::screen::parts::{day, who};
use crate::screen::prompt::{self, Question};
use crate::screen::{Act, Focused, Overlay, Screen};
use crate::screen::{
    chart, client_form, clients, contact_log, finish, help, menu, month, palette, sheet, today,
};
use crate::text;
use jiff::civil::DateTime;
use tacenda_shared::id::{AppointmentId, ClientId};
use tacenda_shared::practice::edit::{Edit, Status};
use tacenda_shared::practice::view::AppointmentRow;

/// Runs a verb, or says why it cannot be run.
pub(super) fn run(model: &mut Model, verb: Verb) -> Vec<Effect> {
    if verb.is_of_demo() {
        return demo::run(model, verb);
    }
    if let Verb::UseKeys(preset) = verb {
        return notes::use_keys(model, preset);
    }
    if let Some(effects) = notes::run(model, verb).or_else(|| in_a_note(model, verb)) {
        return effects;
    }
    if waits(model, verb) || front_desk::refuses(model, verb) {
        return Vec::new();
    }
    let Some(desk) = model.desk() else { return Vec::new() };
    let situation = model.situation(desk);
    let row = keymap::row_in(verb, desk.contexts());
    if let Some(reason) = row.and_then(|row| (row.when)(&situation)) {
        say(model, &text::not_now(reason));
        return Vec::new();
    }
    let focused = situation.focused;
    let client = situation.client();
    if let Some(effects) = of_its_own(model, verb, (focused, client)) {
        return effects;
    }
    carry_out(model, verb, (focused, client))
}

fn carry_out(
    model: &mut Model,
    verb: Verb,
    (focused, client): (Focused, Option<ClientId>),
) -> Vec<Effect> {
    match verb {
        Verb::Actions | Verb::Help | Verb::Palette => lists(model, verb),
        Verb::Archive => return archive(model, client),
        Verb::AsFrontDesk => return front_desk::toggle(model),
        Verb::Back => return back(model),
        Verb::Cancel => return cancel(model, focused),
        Verb::ClearField => return clear_field(model),
        Verb::EditContact => edit_contact(model, client),
        Verb::GoClient | Verb::Filter => return filter(model),
        Verb::GoDate => lay(model, Overlay::Prompt(prompt::State::new(Question::Date))),
        Verb::LogContact | Verb::NewTask | Verb::NoteDeath => ask_about(model, client, verb),
        Verb::Merge => return same::merge(model, client),
        Verb::MoveAppointment | Verb::NextFree => return move_it(model, focused, verb),
        Verb::New => return new(model, focused),
        Verb::Open => return open(model, focused, client),
        Verb::Out => return out(model),
        Verb::Quit => return quit(model),
        Verb::Redo | Verb::Undo => return history(model, verb),
        Verb::Lock | Verb::Redraw => return of_terminal(model, verb),
        Verb::SignDraft => return notes::sign_draft(model),
        verb if verb.is_of_sessions() => return session::run(model, verb, focused),
        Verb::ShowApart => return psychotherapy::show_for(model, (focused, client)),
        Verb::SetStatus(status) => return set_status(model, focused, status),
        Verb::ShowRelations => groups::relations(model, client),
        Verb::ShowClients
        | Verb::ShowColumns
        | Verb::ShowConsents
        | Verb::ShowFinish
        | Verb::ShowIdentity
        | Verb::ShowJournal
        | Verb::ShowMonth
        | Verb::ShowPlan
        | Verb::ShowSync
        | Verb::ShowToday
        | Verb::ShowWaiting
        | Verb::ShowWeek => return show_screen(model, verb, (focused, client)),
        Verb::Suspend => return suspend(model),
        Verb::Veil => model.veil = !model.veil,
        Verb::Wait => wait(model, client),
        Verb::WriteNote => return notes::write(model, focused, client),
        verb => return act(model, &Act::Verb(verb)),
    }
    Vec::new()
}

fn of_terminal(model: &mut Model, verb: Verb) -> Vec<Effect> {
    match verb {
        Verb::Lock => lock(model, "by you"),
        _ => vec![Effect::Redraw],
    }
}

fn suspend(model: &mut Model) -> Vec<Effect> {
    let mut effects = lock(model, "when it was suspended");
    effects.push(Effect::Suspend);
    effects
}

/// What devices and plans have verbs of their own for.
fn of_its_own(
    model: &mut Model,
    verb: Verb,
    (focused, client): (Focused, Option<ClientId>),
) -> Option<Vec<Effect>> {
    let of_notes = formats::run(model, verb)
        .or_else(|| supervision::run(model, verb))
        .or_else(|| corrections::run(model, verb));
    if let Some(effects) = of_notes {
        return Some(effects);
    }
    match focused {
        _ if verb == Verb::SetLabels => Some(labels::show(model)),
        _ if verb.is_of_reports() => report::run(model, verb, client),
        _ if verb.is_of_devices() => Some(devices::run(model, verb, focused)),
        _ if verb.is_of_crisis() => crisis::run(model, verb, focused),
        Focused::Identity(client, field) => identity_verbs::run(model, verb, (client, field)),
        Focused::Plan(client, place) => plan::run(model, verb, (client, place)),
        _ => search::run(model, verb)
            .or_else(|| psychotherapy::run(model, verb, focused))
            .or_else(|| attachments::run(model, verb, focused))
            .or_else(|| consents::run(model, verb, focused))
            .or_else(|| crisis::run(model, verb, focused))
            .or_else(|| journal::run(model, verb, focused))
            .or_else(|| measures::run(model, verb, focused)),
    }
}

fn show_screen(
    model: &mut Model,
    verb: Verb,
    (focused, client): (Focused, Option<ClientId>),
) -> Vec<Effect> {
    let today = model.now.local.date();
    match verb {
        Verb::ShowConsents => consents::show_consents(model, (focused, client)),
        Verb::ShowClients => replace(model, Screen::Clients(clients::State::default())),
        Verb::ShowColumns => show_columns(model, focused),
        Verb::ShowFinish => replace(model, Screen::Finish(finish::State::default())),
        Verb::ShowMonth => replace(model, Screen::Month(month::State::new(shown_date(model)))),
        Verb::ShowIdentity | Verb::ShowPlan => same::show_of(model, verb, client),
        Verb::ShowJournal => same::show_of(model, verb, client),
        Verb::ShowSync => devices::show(model),
        Verb::ShowWaiting => waiting_for(model, focused),
        Verb::ShowWeek => show_week(model, focused),
        _ => replace(model, Screen::Today(today::State::new(today))),
    }
}

/// What undoes an edit is known when it is on the disk: until then an undo is kept in mind.
fn waits(model: &mut Model, verb: Verb) -> bool {
    let Some(desk) = model.desk_mut() else { return false };
    let waits = matches!(verb, Verb::Undo | Verb::Redo) && !desk.history.waiting.is_empty();
    if waits {
        desk.history.later.push(verb);
    }
    waits
}

/// A verb of the note editor that was chosen from a list is the key that it has there.
fn in_a_note(model: &mut Model, verb: Verb) -> Option<Vec<Effect>> {
    let desk = model.desk()?;
    let contexts = desk.contexts();
    let here = keymap::IN_NOTES.iter().find(|context| contexts.contains(context))?;
    let row = keymap::row_in(verb, &[*here])?;
    let key = row.keys.first()?.first()?;
    let passes = row.holds_in(&[*here]) && verb != Verb::Actions;
    if passes { notes::input(model, &Input::Key(*key)) } else { None }
}

/// Hands an edit over, and remembers what it says until the answer comes.
pub(super) fn edit(model: &mut Model, edit: Edit, says: String, way: Way) -> Vec<Effect> {
    let apart = psychotherapy::is_of_them(model, &edit);
    send(model, edit, Waiting { says, way, apart })
}

fn send(model: &mut Model, edit: Edit, waiting: Waiting) -> Vec<Effect> {
    if front_desk::refuses_edit(model) {
        return Vec::new();
    }
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    if let (Edit::ChangePlan { item, change, .. }, Some(Screen::Plan(state))) =
        (&edit, desk.screens.last_mut())
        && change.kind.is_some()
    {
        state.go_on_with(*item);
    }
    if let (Edit::RecordConsent { record, .. }, Some(Screen::Consents(state))) =
        (&edit, desk.screens.last_mut())
    {
        state.go_on_with(*record);
    }
    crisis::go_on(desk, &edit);
    desk.history.last_ticket += 1;
    let ticket = desk.history.last_ticket;
    let way = waiting.way;
    desk.history.waiting.insert(ticket, waiting);
    match way {
        Way::Fresh => signing::hand_over(model, ticket, edit),
        Way::Redo | Way::Undo => vec![Effect::Undo { ticket, edit }],
    }
}

/// Hands over what a form says, and leaves the form, which comes back if that is refused.
pub(super) fn submit(model: &mut Model, change: Edit, says: String) -> Vec<Effect> {
    if front_desk::refuses_edit(model) {
        return Vec::new();
    }
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let form = match desk.overlays.first() {
        Some(_) => Some(Form::Overlay(Box::new(desk.overlays.remove(0)))),
        None => match desk.screens.last_mut() {
            Some(Screen::Measures(state)) => {
                state.hand_over().map(|begun| Form::Measure(Box::new(begun)))
            }
            _ => {
                let form = desk.screens.pop_if(|screen| matches!(screen, Screen::Booking(_)));
                form.map(|screen| Form::Screen(Box::new(screen)))
            }
        },
    };
    let effects = edit(model, change, says, Way::Fresh);
    if let (Some(desk), Some(form)) = (model.desk_mut(), form) {
        let ticket = desk.history.last_ticket;
        desk.history.forms.insert(ticket, form);
    }
    effects
}

/// Does what an answer of a choice says.
pub(super) fn answer(model: &mut Model, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::BeginEntry(client, date) => journal::begin(model, client, date),
        Answer::BeginNote(client, session, format) => notes::begin(model, client, session, format),
        Answer::Divide(client, note, format) => formats::divide(model, client, (note, format)),
        Answer::Fill(client, note, name) => formats::fill(model, client, (note, &name)),
        Answer::ReplaceSheet(compromised) => {
            lay(model, Overlay::Sheet(Box::new(sheet::State::new(compromised))));
            Vec::new()
        }
        Answer::Adopt(edit) => vec![Effect::Order(Order::Adopt(edit))],
        Answer::Crisis(client) => crisis::open(model, client, None, None),
        Answer::Edit(act, says) => edit(model, *act, says, Way::Fresh),
        Answer::Nothing => Vec::new(),
        Answer::Numbers(place) => {
            crisis::ask_numbers(model, &place);
            Vec::new()
        }
        Answer::FinishRefilling => vec![Effect::Order(Order::Finish)],
        Answer::LogContact(client, reminder) => {
            let state = match reminder {
                Some((says, about)) => contact_log::State::reminding(client, says, &about),
                None => contact_log::State::new(client),
            };
            lay(model, Overlay::ContactLog(Box::new(state)));
            Vec::new()
        }
        Answer::BeginGroup(..)
        | Answer::ChangeGroup(_)
        | Answer::ShowChart(_)
        | Answer::WriteAbout(..) => groups::answer(model, &answer),
        Answer::Merge(client) => {
            lay(model, Overlay::Same(crate::screen::same::State::new(client)));
            Vec::new()
        }
        Answer::Misfiled(client, note) => corrections::ask_whose(model, client, note),
        Answer::OpenDraft(client, note) => notes::open_draft(model, client, note),
        Answer::OpenNote(client, record) => notes::open_record(model, client, record),
        Answer::SignOver(sign) => corrections::sign_over(model, *sign),
        Answer::Part(client) => same::part(model, client),
        Answer::ReturnNote(client, note) => supervision::ask_why(model, client, note),
        Answer::ShowAttachments(client) => same::show_one(model, Verb::ShowAttachments, client),
        Answer::ShowIdentity(client) => same::show_one(model, Verb::ShowIdentity, client),
        Answer::ShowJournal(client) => same::show_one(model, Verb::ShowJournal, client),
        Answer::ShowPlan(client) => same::show_one(model, Verb::ShowPlan, client),
        Answer::ShowApart(client, day) => psychotherapy::ask(model, client, day),
        Answer::Settle(appointment, slot) => settle(model, appointment, slot),
        Answer::ShowConsents(client) => same::show_one(model, Verb::ShowConsents, client),
        Answer::ConsentsOf(client) => same::show_of(model, Verb::ShowConsents, Some(client)),
        Answer::Unrevoke(client, record) => consents::unrevoke(model, client, record),
    }
}

pub(super) fn lists(model: &mut Model, which: Verb) {
    let Some(desk) = model.desk() else { return };
    let situation = model.situation(desk);
    // A list of verbs is about what lies below it, not about itself.
    let below = desk.overlays.iter().find(|overlay| !overlay.is_passing());
    let contexts = match (below, desk.screens.last()) {
        (Some(overlay), _) => overlay.contexts(),
        (None, Some(screen)) => screen.resting_contexts(),
        (None, None) => &[],
    };
    let is_demo = model.demo.is_some();
    let holds = |entry: &palette::Entry| is_demo || !entry.row.verb.is_of_demo();
    let overlay = match which {
        Verb::Help => {
            let mut entries = palette::here(contexts, &situation);
            entries.retain(holds);
            Overlay::Help(help::State::new(entries))
        }
        Verb::Palette => {
            let mut entries = palette::all(contexts, &situation, &desk.recent);
            entries.retain(holds);
            Overlay::Palette(palette::State::new(entries))
        }
        _ => {
            let mut entries = palette::here(contexts, &situation);
            // What says nothing of what is in focus only makes the list longer.
            let aside = [Verb::Actions, Verb::ClearField, Verb::Out];
            let mut listed = std::collections::BTreeSet::new();
            entries.retain(|entry| {
                holds(entry)
                    && entry.reason.is_none()
                    && !aside.contains(&entry.row.verb)
                    && listed.insert(entry.row.verb)
            });
            let on_draft = matches!(situation.focused, Focused::Draft(..));
            if on_draft {
                entries.splice(1..1, palette::here(&[Context::MenuOnDraft], &situation));
            }
            Overlay::Menu(menu::State::new(entries, on_draft))
        }
    };
    lay(model, overlay);
}

fn out(model: &mut Model) -> Vec<Effect> {
    let front = model.desk().and_then(|desk| desk.overlays.first());
    let is_asked = matches!(front, Some(Overlay::Confirm(_)));
    let left = if is_asked { signing::left(model) } else { labels::left(model) };
    if let Some(effects) = left {
        return effects;
    }
    if formats::left(model) {
        return Vec::new();
    }
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    if let Some(Overlay::ClientForm(form)) = desk.overlays.first()
        && form.is_new()
    {
        desk.kept = Some(desk.overlays.remove(0));
        "What was typed is kept: n goes on.".clone_into(&mut desk.line);
        return Vec::new();
    }
    if crisis::stays(desk) {
        return Vec::new();
    }
    if let Some(effects) = devices::left(desk) {
        return effects;
    }
    if desk.overlays.is_empty() && desk.screens.last_mut().is_some_and(Screen::step_out) {
        return Vec::new();
    }
    if desk.overlays.is_empty() {
        desk.line.clear();
    }
    let at_top = matches!(desk.screens.as_slice(), [Screen::Today(_)]);
    if at_top && desk.overlays.is_empty() && front_desk::is_looking(model) {
        return front_desk::toggle(model);
    }
    leave(model)
}

fn back(model: &mut Model) -> Vec<Effect> {
    let at_top = model.desk().is_some_and(|desk| {
        desk.overlays.is_empty() && matches!(desk.screens.as_slice(), [Screen::Today(_)])
    });
    match at_top {
        true if front_desk::is_looking(model) => front_desk::toggle(model),
        true => quit(model),
        false => leave(model),
    }
}

fn clear_field(model: &mut Model) -> Vec<Effect> {
    if interrupt(model) {
        return quit(model);
    }
    say(model, text::INTERRUPT);
    Vec::new()
}

fn filter(model: &mut Model) -> Vec<Effect> {
    if let Some(desk) = model.desk_mut()
        && let Some(Screen::Clients(_)) = desk.screens.last()
    {
        return act(model, &Act::Verb(Verb::Filter));
    }
    replace(model, Screen::Clients(clients::State::filtering()))
}

pub(super) fn start_of(model: &Model, id: AppointmentId) -> Option<DateTime> {
    let index = &model.desk()?.index;
    index.appointments.get(&id).map(|row| day::start(row, index))
}

fn open(model: &mut Model, focused: Focused, client: Option<ClientId>) -> Vec<Effect> {
    if let Some(effects) = offer(model, focused) {
        return effects;
    }
    if let Some(Screen::Month(month)) = model.desk().and_then(|desk| desk.screens.last()) {
        let day = today::State::new(month.date);
        return replace(model, Screen::Today(day));
    }
    match focused {
        Focused::Appointment(id)
            if with_row(model, id, |row| !row.rivals.is_empty()) == Some(true) =>
        {
            conflict(model, id);
            Vec::new()
        }
        Focused::Appointment(id) if in_chart(model) => show_day(model, id),
        Focused::Appointment(_) => match client {
            Some(client) => show(model, Screen::Chart(chart::State::new(client))),
            _ => move_appointment(model, focused),
        },
        Focused::Client(client) => match model.desk().and_then(|desk| desk.screens.last()) {
            Some(Screen::Chart(_)) => Vec::new(),
            _ => show(model, Screen::Chart(chart::State::new(client))),
        },
        Focused::Conflict(id) => {
            conflict(model, id);
            Vec::new()
        }
        Focused::Late(_) => devices::run(model, Verb::ImportLate, focused),
        Focused::Device(_) => {
            lists(model, Verb::Actions);
            Vec::new()
        }
        Focused::Draft(client, note) => notes::open_draft(model, client, note),
        Focused::Free(start) => book(model, start, None),
        Focused::Entry(client, record) | Focused::Record(client, record) => {
            notes::open_record(model, client, record)
        }
        // All of it stands in its line.
        Focused::Contact(..) | Focused::Measure(..) => Vec::new(),
        Focused::Consent(client, record) => consents::open(model, client, Some(record)),
        Focused::Review(client) => plan::show_plan(model, Some(client)),
        Focused::Task(client, _) => show(model, Screen::Chart(chart::State::new(client))),
        // Its own verbs see to it.
        _ => Vec::new(),
    }
}

fn in_chart(model: &Model) -> bool {
    matches!(model.desk().and_then(|desk| desk.screens.last()), Some(Screen::Chart(_)))
}

fn new(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let (chart, date) = match desk.screens.last() {
        Some(Screen::Clients(_)) => {
            let form = client_form::State::new(&model.scene(desk));
            let kept = model.desk_mut().and_then(|desk| desk.kept.take());
            lay(model, kept.unwrap_or(Overlay::ClientForm(Box::new(form))));
            return Vec::new();
        }
        Some(Screen::Chart(chart)) => (Some(chart.client), None),
        Some(Screen::Today(today)) => (None, Some(today.date)),
        Some(Screen::Columns(columns)) => (None, Some(columns.date())),
        _ => (None, None),
    };
    let start = match focused {
        Focused::Free(start) => start,
        Focused::Appointment(id) if chart.is_none() => {
            start_of(model, id).unwrap_or(model.now.local)
        }
        _ => next_quarter(model.now.local, date),
    };
    book(model, start, chart)
}

pub(super) fn with_row<T>(
    model: &Model,
    id: AppointmentId,
    take: impl FnOnce(&AppointmentRow) -> T,
) -> Option<T> {
    let row = model.desk()?.index.appointments.get(&id)?;
    Some(take(row))
}

pub(super) fn whose(model: &Model, id: AppointmentId) -> String {
    let Some(desk) = model.desk() else { return String::new() };
    let row = desk.index.appointments.get(&id);
    row.map(|row| who::comes(&desk.index, row, true)).unwrap_or_default()
}

fn cancel(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let screen = model.desk().and_then(|desk| desk.screens.last());
    let on_waiting_list = matches!(screen, Some(Screen::Waiting(_)));
    match focused {
        Focused::Client(client) if on_waiting_list => {
            let says = format!("took {} off the waiting list", code(model, client));
            edit(model, Edit::Wait { client, waiting: None }, says, Way::Fresh)
        }
        Focused::Appointment(_) => set_status(model, focused, Status::CancelledByClient),
        Focused::Contact(client, record) => {
            let code = code(model, client);
            let act = Edit::StrikeContact { client, record, struck: true };
            edit(model, act, format!("struck a contact of {code}"), Way::Fresh)
        }
        Focused::Task(client, task) => {
            let says = format!("done: a task about {}", code(model, client));
            edit(model, Edit::FinishTask { client, task, done: true }, says, Way::Fresh)
        }
        Focused::Draft(client, note) => {
            let code = code(model, client);
            let act = Edit::DiscardDraft { note, client, discarded: true };
            edit(model, act, format!("discarded a draft of {code}"), Way::Fresh)
        }
        _ => Vec::new(),
    }
}

pub(super) fn code(model: &Model, client: ClientId) -> String {
    model.desk().map(|desk| who::client(&desk.index, client, true)).unwrap_or_default()
}

fn archive(model: &mut Model, client: Option<ClientId>) -> Vec<Effect> {
    let Some(client) = client else { return Vec::new() };
    let row = model.desk().and_then(|desk| desk.index.clients.get(&client));
    let archived = row.is_some_and(|row| !row.archived);
    let code = code(model, client);
    let says = if archived {
        format!("moved {code} to the archive")
    } else {
        format!("brought {code} back from the archive")
    };
    edit(model, Edit::Archive { client, archived }, says, Way::Fresh)
}

pub(super) fn edit_contact(model: &mut Model, client: Option<ClientId>) {
    let row = client.and_then(|id| model.desk()?.index.clients.get(&id).cloned());
    if let Some(row) = &row
        && model.desk().is_some_and(|desk| desk.index.groups.contains_key(&row.id))
    {
        groups::answer(model, &Answer::ChangeGroup(row.id));
    } else if let Some(row) = row {
        lay(model, Overlay::ClientForm(Box::new(client_form::State::edit(&row))));
    }
}

fn history(model: &mut Model, verb: Verb) -> Vec<Effect> {
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let (step, way) = match verb {
        Verb::Undo => (desk.history.undo.pop(), Way::Undo),
        _ => (desk.history.redo.pop(), Way::Redo),
    };
    match step {
        Some(Done { says, inverse, apart }) => send(model, inverse, Waiting { says, way, apart }),
        None => Vec::new(),
    }
}
