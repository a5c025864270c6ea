//! What a screen is told, and what it wants done.

use super::{choice, handover, risk_form};
use crate::input::Input;
use crate::keymap::Verb;
use crate::message::Order;
use jiff::civil::Date;
use tacenda_shared::id::{AppointmentId, ClientId};
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::search::Hit;

/// What a key means to a screen.
#[derive(Debug)]
pub enum Act {
    /// Something that the table knows.
    Verb(Verb),
    /// Something typed while a caret is shown.
    Type(Input),
}

/// What a screen wants done. The root does it.
#[derive(Debug)]
pub enum Ask {
    /// Do what an answer says.
    Answer(choice::Answer),
    /// Copy the link of an appointment's room.
    CopyLink(AppointmentId),
    /// Ask a question with a short list of answers.
    Choose(choice::State),
    /// Carry out an edit; the words say what it does, with codes and never with names.
    Edit(Edit, String),
    /// Go to a date on Today, or to a client's chart.
    Go(Place),
    /// Give the device into a client's hands.
    HandOver(Box<handover::State>),
    /// Keep the risk form in front as it is, unfinished.
    KeepRisk,
    /// Close this overlay, or leave this screen.
    Leave,
    /// Have something done with devices or the server.
    Order(Order),
    /// Ask for a risk form, which an answer raised.
    Risk(Box<risk_form::State>),
    /// Run a verb, after closing this overlay.
    Run(Verb),
    /// Say something in the line above the hints.
    Say(String),
    /// Carry out what this form says, and leave it; if it is refused, it comes back.
    Submit(Edit, String),
}

/// Where to go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// A client's chart.
    Chart(ClientId),
    /// A date on Today.
    Date(Date),
    /// A text that a search has found.
    Hit(Hit),
}
