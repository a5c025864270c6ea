//! The table itself: the only place where a key gets a meaning.

use super::{Context, Row, Verb};
use super::{
    always, on_appointment, on_client, on_draft, on_shown_client, on_something, on_struck,
};
use super::{with_redo, with_undo};
use crate::input::{Key, KeyCode};
use crate::screen::Situation;
use tacenda_shared::practice::edit::Status;

use Context as C;

const fn c(letter: char) -> Key {
    Key::char(letter)
}
const fn ctrl(letter: char) -> Key {
    Key::ctrl(letter)
}
const fn f(number: u8) -> Key {
    Key::plain(KeyCode::F(number))
}
const fn k(code: KeyCode) -> Key {
    Key::plain(code)
}
const fn shift(code: KeyCode) -> Key {
    Key::shift(code)
}

type When = fn(&Situation<'_>) -> Option<&'static str>;

/// Every verb with its keys. The order is the order of hints, help and the palette.
pub static ROWS: &[Row] = &[
    row(
        Verb::Open,
        &[&[k(KeyCode::Enter)]],
        &[C::Appointments, C::Clients, C::Chart, C::Sync],
        ["open", "Open what is in focus", "open"],
        on_something,
    ),
    row(
        Verb::Confirm,
        &[&[k(KeyCode::Enter)]],
        &[C::Form],
        ["save", "Save the form", "save"],
        always,
    ),
    row(
        Verb::Confirm,
        &[&[k(KeyCode::Enter)]],
        &[C::Booking],
        ["book", "Book, or move to this slot", "book"],
        always,
    ),
    row(
        Verb::Confirm,
        &[&[k(KeyCode::Enter)]],
        &[C::Picker, C::Choice, C::Menu],
        ["choose", "Choose what is in focus", ""],
        always,
    ),
    row(Verb::Confirm, &[&[k(KeyCode::Enter)]], &[C::Typing], ["go on", "Go on", ""], always),
    row(Verb::Confirm, &[&[k(KeyCode::Enter)]], &[C::Notice], ["close", "Close", ""], always),
    row(Verb::Confirm, &[&[k(KeyCode::Enter)]], &[C::Entry], ["take it", "Take it", ""], always),
    row(
        Verb::SignDraft,
        &[&[c('s')]],
        &[C::MenuOnDraft],
        ["", "Review and sign the draft", "sign-draft"],
        always,
    ),
    row(
        Verb::SignDraft,
        &[&[c('S')], &[f(8)]],
        &[C::Appointments, C::Chart],
        ["sign", "Sign the draft, then the next", "sign-draft"],
        on_draft,
    ),
    row(
        Verb::SignNote,
        &[&[f(8)]],
        &[C::Note, C::Addendum],
        ["sign", "Review and sign", "sign"],
        always,
    ),
    row(
        Verb::Confirm,
        &[&[k(KeyCode::Enter)]],
        &[C::Review],
        ["sign, after initials", "Sign, once the initials are typed", ""],
        always,
    ),
    row(
        Verb::NextField,
        &[&[k(KeyCode::Tab)]],
        &[C::Review],
        ["next", "Next field or button", ""],
        always,
    ),
    row(
        Verb::FindNext,
        &[&[k(KeyCode::Enter)]],
        &[C::Finding],
        ["next", "Find the next place", ""],
        always,
    ),
    row(
        Verb::New,
        &[&[c('n')]],
        &[C::Reader],
        ["add an addendum", "Add an addendum", "addendum"],
        always,
    ),
    row(
        Verb::PageDown,
        &[&[k(KeyCode::PageDown)]],
        &[C::Reader, C::Review],
        ["read on", "Read on", ""],
        always,
    ),
    row(
        Verb::FindInNote,
        &[&[ctrl('f')]],
        &[C::Note],
        ["find", "Find in this note", "find-text"],
        always,
    ),
    row(Verb::FindNext, &[&[f(3)]], &[C::Note], ["", "Find the next place", "find-next"], always),
    row(
        Verb::NextPart,
        &[&[k(KeyCode::Tab)]],
        &[C::Note],
        ["", "Next part of the note", "next-part"],
        always,
    ),
    row(
        Verb::PreviousPart,
        &[&[shift(KeyCode::Tab)]],
        &[C::Note],
        ["", "Previous part of the note", "previous-part"],
        always,
    ),
    row(
        Verb::Undo,
        &[&[ctrl('z')]],
        &[C::Note, C::Addendum],
        ["undo", "Undo typing", "undo"],
        always,
    ),
    row(Verb::Redo, &[&[ctrl('y')]], &[C::Note, C::Addendum], ["", "Redo typing", "redo"], always),
    row(
        Verb::WriteNote,
        &[&[c('N')]],
        &[C::Appointments, C::Clients, C::Chart],
        ["note", "Write a note, or open the one that was begun", "note"],
        on_client,
    ),
    row(
        Verb::New,
        &[&[c('n')]],
        &[C::Lists],
        ["new", "New: appointment, client or addendum", "new"],
        always,
    ),
    row(
        Verb::MoveAppointment,
        &[&[c('m')]],
        &[C::Appointments],
        ["move", "Move the appointment", "move"],
        on_appointment,
    ),
    row(
        Verb::SetStatus(Status::Held),
        &[&[c('s'), c('h')]],
        &[C::Appointments],
        ["status", "Status: held", "held"],
        on_appointment,
    ),
    row(
        Verb::SetStatus(Status::Arrived),
        &[&[c('s'), c('a')]],
        &[C::Appointments],
        ["", "Status: arrived", "arrived"],
        on_appointment,
    ),
    row(
        Verb::SetStatus(Status::Confirmed),
        &[&[c('s'), c('c')]],
        &[C::Appointments],
        ["", "Status: confirmed", "confirmed"],
        on_appointment,
    ),
    row(
        Verb::SetStatus(Status::NoShow),
        &[&[c('s'), c('n')]],
        &[C::Appointments],
        ["", "Status: did not come", "no-show"],
        on_appointment,
    ),
    row(
        Verb::SetStatus(Status::LateCancel),
        &[&[c('s'), c('l')]],
        &[C::Appointments],
        ["", "Status: cancelled too late", "late-cancel"],
        on_appointment,
    ),
    row(
        Verb::SetStatus(Status::CancelledByClient),
        &[&[c('s'), c('x')]],
        &[C::Appointments],
        ["", "Status: cancelled by client", "cancelled"],
        on_appointment,
    ),
    row(
        Verb::SetStatus(Status::CancelledByClinician),
        &[&[c('s'), c('X')]],
        &[C::Appointments],
        ["", "Status: cancelled by clinician", "cancelled-by-us"],
        on_appointment,
    ),
    row(
        Verb::Cancel,
        &[&[c('x')]],
        &[C::Appointments, C::Chart],
        ["", "Cancel the appointment, or discard the draft", "cancel"],
        on_struck,
    ),
    row(
        Verb::EditContact,
        &[&[c('e')]],
        &[C::Lists],
        ["edit", "Edit the client's contact", "edit"],
        on_shown_client,
    ),
    row(
        Verb::Archive,
        &[&[c('A')]],
        &[C::Clients, C::Chart],
        ["archive", "Move the client to the archive or back", "archive"],
        on_client,
    ),
    row(Verb::Filter, &[&[c('/')]], &[C::Lists], ["find", "Find a client", "find"], always),
    row(
        Verb::Earlier,
        &[&[c('[')]],
        &[C::Calendar, C::Booking],
        ["or ] another day", "Earlier: day or week", "earlier"],
        always,
    ),
    row(
        Verb::Later,
        &[&[c(']')]],
        &[C::Calendar, C::Booking],
        ["", "Later: day or week", "later"],
        always,
    ),
    row(
        Verb::GoToday,
        &[&[c('t')], &[c('.')]],
        &[C::Calendar],
        ["", "Go to today", "today"],
        always,
    ),
    row(Verb::GoDate, &[&[c('g'), c('d')]], &[C::Lists], ["", "Go to a date", "date"], always),
    row(
        Verb::GoClient,
        &[&[c('g'), c('c')]],
        &[C::Lists],
        ["", "Go to a client", "client"],
        always,
    ),
    row(Verb::ShowToday, &[&[c('1')]], &[C::Lists], ["", "Screen: Today", "1"], always),
    row(Verb::ShowWeek, &[&[c('2')]], &[C::Lists], ["", "Screen: Week", "week"], always),
    row(Verb::ShowClients, &[&[c('3')]], &[C::Lists], ["", "Screen: Clients", "clients"], always),
    row(Verb::ShowFinish, &[&[c('4')]], &[C::Lists], ["", "Screen: To finish", "finish"], always),
    row(Verb::ShowSync, &[&[c('7')]], &[C::Lists], ["", "Screen: Sync", "sync"], always),
    row(
        Verb::HideEmptyDays,
        &[&[c('z')]],
        &[C::Week],
        ["", "Hide days without appointments, or show them", "empty-days"],
        always,
    ),
    row(
        Verb::NudgeUp,
        &[&[c('K')], &[shift(KeyCode::Up)]],
        &[C::Week],
        ["", "Move the appointment 30 minutes earlier", ""],
        on_appointment,
    ),
    row(
        Verb::NudgeDown,
        &[&[c('J')], &[shift(KeyCode::Down)]],
        &[C::Week],
        ["", "Move the appointment 30 minutes later", ""],
        on_appointment,
    ),
    row(
        Verb::NudgeBack,
        &[&[c('H')], &[shift(KeyCode::Left)]],
        &[C::Week],
        ["", "Move the appointment a day earlier", ""],
        on_appointment,
    ),
    row(
        Verb::NudgeForth,
        &[&[c('L')], &[shift(KeyCode::Right)]],
        &[C::Week],
        ["", "Move the appointment a day later", ""],
        on_appointment,
    ),
    row(
        Verb::Up,
        &[&[k(KeyCode::Up)], &[c('k')]],
        &[C::Lists, C::Booking, C::Choice],
        ["", "", ""],
        always,
    ),
    row(
        Verb::Down,
        &[&[k(KeyCode::Down)], &[c('j')]],
        &[C::Lists, C::Booking, C::Choice],
        ["", "", ""],
        always,
    ),
    row(
        Verb::Left,
        &[&[k(KeyCode::Left)], &[c('h')]],
        &[C::Lists, C::Booking],
        ["", "", ""],
        always,
    ),
    row(
        Verb::Right,
        &[&[k(KeyCode::Right)], &[c('l')]],
        &[C::Lists, C::Booking],
        ["", "", ""],
        always,
    ),
    row(Verb::Up, &[&[k(KeyCode::Up)]], &[C::Picker, C::Menu], ["", "", ""], always),
    row(Verb::Down, &[&[k(KeyCode::Down)]], &[C::Picker, C::Menu], ["", "", ""], always),
    row(
        Verb::PageUp,
        &[&[k(KeyCode::PageUp)]],
        &[C::Lists, C::Picker, C::Menu, C::Choice],
        ["", "", ""],
        always,
    ),
    row(
        Verb::PageDown,
        &[&[k(KeyCode::PageDown)]],
        &[C::Lists, C::Picker, C::Menu, C::Choice],
        ["", "", ""],
        always,
    ),
    row(
        Verb::First,
        &[&[k(KeyCode::Home)], &[c('g'), c('g')]],
        &[C::Lists, C::Choice],
        ["", "First row", "first"],
        always,
    ),
    row(
        Verb::Last,
        &[&[k(KeyCode::End)], &[c('G')]],
        &[C::Lists, C::Choice],
        ["", "Last row", "last"],
        always,
    ),
    row(
        Verb::Longer,
        &[&[c('+')]],
        &[C::Booking],
        ["longer", "Five minutes longer", "longer"],
        always,
    ),
    row(
        Verb::Shorter,
        &[&[c('-')]],
        &[C::Booking],
        ["shorter", "Five minutes shorter", "shorter"],
        always,
    ),
    row(
        Verb::NextField,
        &[&[k(KeyCode::Tab)], &[k(KeyCode::Down)]],
        &[C::Form, C::Entry],
        ["next field", "Next field", ""],
        always,
    ),
    row(
        Verb::PreviousField,
        &[&[shift(KeyCode::Tab)], &[k(KeyCode::Up)]],
        &[C::Form, C::Entry],
        ["", "Previous field", ""],
        always,
    ),
    row(
        Verb::NextField,
        &[&[k(KeyCode::Tab)]],
        &[C::Booking],
        ["fields", "Type into the fields", ""],
        always,
    ),
    row(
        Verb::PreviousField,
        &[&[shift(KeyCode::Tab)]],
        &[C::Booking],
        ["", "Previous field", ""],
        always,
    ),
    row(
        Verb::NextPane,
        &[&[k(KeyCode::Tab)], &[f(6)]],
        &[C::Lists],
        ["", "Next pane", "pane"],
        always,
    ),
    row(
        Verb::PreviousPane,
        &[&[shift(KeyCode::Tab)]],
        &[C::Lists],
        ["", "Previous pane", ""],
        always,
    ),
    row(
        Verb::Undo,
        &[&[c('u')], &[ctrl('z')]],
        &[C::Lists],
        ["", "Undo the last act", "undo"],
        with_undo,
    ),
    row(
        Verb::Redo,
        &[&[c('U')], &[ctrl('y')]],
        &[C::Lists],
        ["", "Do again what was undone", "redo"],
        with_redo,
    ),
    row(
        Verb::Actions,
        &[&[c(' ')], &[f(2)]],
        &[C::Lists, C::Booking],
        ["", "What can be done here", "actions"],
        always,
    ),
    row(
        Verb::Actions,
        &[&[f(2)]],
        &[C::Form, C::Entry, C::Typing, C::Note, C::Addendum],
        ["", "What can be done here", ""],
        always,
    ),
    row(
        Verb::Back,
        &[&[c('q')], &[k(KeyCode::Backspace)]],
        &[C::Lists],
        ["quit", "Back, or quit at the top", "back"],
        always,
    ),
    row(Verb::Quit, &[&[f(10)]], &[C::Everywhere], ["", "Quit; all is saved", "q"], always),
    row(
        Verb::ClearField,
        &[&[ctrl('c')]],
        &[C::Lists, C::Booking, C::Choice, C::Menu, C::Notice],
        ["", "Twice: quit", ""],
        always,
    ),
    row(
        Verb::Out,
        &[&[k(KeyCode::Esc)]],
        &[C::Everywhere],
        ["", "Out by one level; nothing is lost", ""],
        always,
    ),
    row(
        Verb::Help,
        &[&[c('?')]],
        &[C::Lists, C::Booking],
        ["help", "Help for this screen", "help"],
        always,
    ),
    row(
        Verb::Palette,
        &[&[c(':')]],
        &[C::Lists, C::Booking, C::Choice],
        ["", "All commands", "palette"],
        always,
    ),
    row(Verb::Palette, &[&[ctrl('k')]], &[C::Everywhere], ["", "All commands", ""], always),
    row(Verb::Veil, &[&[f(9)]], &[C::Everywhere], ["", "Hide or show names", "names"], always),
    row(Verb::Lock, &[&[ctrl('l')], &[f(12)]], &[C::Everywhere], ["", "Lock now", "lock"], always),
    row(Verb::Redraw, &[], &[], ["", "Draw the screen anew", "redraw"], always),
    row(Verb::Suspend, &[], &[], ["", "Lock and go back to the shell", "suspend"], always),
];

/// A row with hint, help and command.
const fn row(
    verb: Verb,
    keys: &'static [&'static [Key]],
    contexts: &'static [Context],
    [hint, help, command]: [&'static str; 3],
    when: When,
) -> Row {
    Row { verb, keys, contexts, hint, help, command, when }
}
