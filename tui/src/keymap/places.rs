//! The part of the table that leads elsewhere: to another day, another screen, and what a calendar
//! is kept by.

use super::keys::{c, row};
use super::{Context, Row, Verb, always};

use Context as C;

/// Where to go.
pub(super) static PLACES: &[Row] = &[
    row(
        Verb::Filter,
        &[&[c('/')]],
        &[C::Lists],
        ["find", "Find a client, or words in notes and records", "find"],
        always,
    ),
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
    row(
        Verb::SetHours,
        &[&[c('g'), c('h')]],
        &[C::Calendar],
        ["", "Say your usual week: when you see clients", "hours"],
        always,
    ),
    row(
        Verb::SetLicences,
        &[&[c('g'), c('l')]],
        &[C::Calendar],
        ["", "Say where you may practise", "licences"],
        always,
    ),
    row(
        Verb::SetLink,
        &[&[c('g'), c('v')]],
        &[C::Calendar],
        ["", "Say the link of your video room", "link"],
        always,
    ),
    row(
        Verb::SetCopying,
        &[&[c('g'), c('y')]],
        &[C::Calendar],
        ["", "Say whether links may be copied", "copying"],
        always,
    ),
    row(
        Verb::TakeInCalendar,
        &[&[c('g'), c('i')]],
        &[C::Calendar],
        ["", "Take in another calendar", "calendar"],
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
    row(Verb::ShowMonth, &[&[c('v')]], &[C::Calendar], ["", "Screen: the month", "month"], always),
    row(
        Verb::ShowColumns,
        &[&[c('V')]],
        &[C::Calendar],
        ["", "Screen: the day by clinician", "day"],
        always,
    ),
    row(Verb::ShowClients, &[&[c('3')]], &[C::Lists], ["", "Screen: Clients", "clients"], always),
    row(Verb::ShowFinish, &[&[c('4')]], &[C::Lists], ["", "Screen: To finish", "finish"], always),
    row(Verb::ShowSync, &[&[c('7')]], &[C::Lists], ["", "Screen: Sync", "sync"], always),
];
