//! What a command about one appointment asks for.

use super::args::{Cancel, CancelledBy, Command, HowMany, Met, Move, Outcome, Status, Which};
use super::prompt::{self, PromptError};
use super::request::{Request, Typed};
use serde::{Deserialize, Serialize};

/// The longest reason, in bytes; a longer one is refused by the practice.
const TEXT_BYTES_MAX: usize = 1 << 14;

/// An act on one appointment, or on what follows it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AppointmentWish {
    /// A code, or the id of the appointment.
    pub which: String,
    /// When it begins, or on which day; without it, today.
    pub at: Option<String>,
    /// How many of a series.
    pub scope: Reach,
    /// What.
    pub act: AppointmentAct,
}

/// How many of a series.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// This one.
    This,
    /// This one and all that follow.
    Following,
    /// All that are still to come.
    All,
}

/// What is done with an appointment.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AppointmentAct {
    /// Call it off.
    Cancel {
        /// Which status it has then, in the words of an export.
        status: String,
        /// Why.
        reason: Option<Typed>,
    },
    /// Move it, or change where and how it takes place.
    Move {
        /// A day, a time, or both.
        to: Option<String>,
        /// Its new length.
        minutes: Option<u16>,
        /// Its new room; an empty one for none.
        room: Option<String>,
        /// Its new way, in the words of an export.
        modality: Option<String>,
    },
    /// Say what came of it.
    Status {
        /// In the words of an export.
        status: String,
    },
}

/// Reads what a command says, and its standard input.
pub(super) fn request(command: &Command) -> Result<Request, PromptError> {
    let (Which { which, at }, scope, act) = match command {
        Command::Move(asked) => (&asked.which, asked.scope, moved(asked)),
        Command::Cancel(asked) => (&asked.which, asked.scope, cancelled(asked)?),
        Command::Status(Status { which, outcome }) => {
            let status = outcome_word(*outcome).to_owned();
            (which, HowMany::This, AppointmentAct::Status { status })
        }
        _ => return Ok(Request::Lock),
    };
    let scope = match scope {
        HowMany::This => Reach::This,
        HowMany::Following => Reach::Following,
        HowMany::All => Reach::All,
    };
    let (which, at) = (which.clone(), at.clone());
    Ok(Request::Appointment(AppointmentWish { which, at, scope, act }))
}

fn moved(asked: &Move) -> AppointmentAct {
    let room = asked.room.clone().or_else(|| asked.no_room.then(String::new));
    let modality = asked.modality.map(|met| {
        let word = match met {
            Met::Office => "office",
            Met::Video => "video",
            Met::Phone => "phone",
        };
        word.to_owned()
    });
    AppointmentAct::Move { to: asked.to.clone(), minutes: asked.minutes, room, modality }
}

fn cancelled(asked: &Cancel) -> Result<AppointmentAct, PromptError> {
    let outcome = match (asked.late, asked.by) {
        (true, _) => Outcome::LateCancel,
        (false, CancelledBy::Client) => Outcome::CancelledByClient,
        (false, CancelledBy::Clinician) => Outcome::CancelledByClinician,
    };
    let reason = match asked.reason {
        true => Some(Typed(prompt::standard_input(TEXT_BYTES_MAX)?)),
        false => None,
    };
    Ok(AppointmentAct::Cancel { status: outcome_word(outcome).to_owned(), reason })
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Booked => "booked",
        Outcome::Confirmed => "confirmed",
        Outcome::Arrived => "arrived",
        Outcome::Held => "held",
        Outcome::NoShow => "no-show",
        Outcome::LateCancel => "late-cancel",
        Outcome::CancelledByClient => "cancelled-by-client",
        Outcome::CancelledByClinician => "cancelled-by-clinician",
    }
}
