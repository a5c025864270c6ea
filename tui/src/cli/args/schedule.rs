//! What can be said of appointments and of the waiting list on the command line.

use clap::{Args, ValueEnum};

/// Which appointment.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// The code of the client or the group that comes, or the id that `today --json` prints.
    pub which: String,
    /// When it begins, as 2026-11-30T10:00, or on which day, as 2026-11-30. Left out: today.
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
}

/// How many of a series.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum HowMany {
    /// This one.
    #[default]
    This,
    /// This one and all that follow.
    Following,
    /// All that are still to come.
    All,
}

/// In which way people meet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Met {
    /// In the same room.
    Office,
    /// By video.
    Video,
    /// By telephone.
    Phone,
}

/// Options of `move`.
#[derive(Args, Clone, Debug)]
pub struct Move {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// Where it goes: 2026-12-01T15:00, or only a day or only a time; the rest stays.
    #[arg(long, value_name = "WHEN")]
    pub to: Option<String>,
    /// How long it takes from then on.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1440))]
    pub minutes: Option<u16>,
    /// In which room.
    #[arg(long, conflicts_with = "no_room")]
    pub room: Option<String>,
    /// In no room.
    #[arg(long)]
    pub no_room: bool,
    /// In which way.
    #[arg(long, value_enum)]
    pub modality: Option<Met>,
    /// How many of a series.
    #[arg(long, value_enum, default_value_t)]
    pub scope: HowMany,
}

/// Options of `cancel`.
#[derive(Args, Clone, Debug)]
pub struct Cancel {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// By whom.
    #[arg(long, value_enum, default_value_t)]
    pub by: CancelledBy,
    /// The client said so too late.
    #[arg(long, conflicts_with = "by")]
    pub late: bool,
    /// Why; read from standard input.
    #[arg(long)]
    pub reason: bool,
    /// How many of a series: those that follow are taken out of the calendar.
    #[arg(long, value_enum, default_value_t)]
    pub scope: HowMany,
}

/// Who calls an appointment off.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum CancelledBy {
    /// The client.
    #[default]
    Client,
    /// The clinician.
    Clinician,
}

/// Options of `status`.
#[derive(Args, Clone, Debug)]
pub struct Status {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// What came of it.
    #[arg(value_enum)]
    pub outcome: Outcome,
}

/// What came of an appointment.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Outcome {
    /// Nothing was heard.
    Booked,
    /// The client has confirmed it.
    Confirmed,
    /// The client is there.
    Arrived,
    /// It took place.
    Held,
    /// The client did not come.
    NoShow,
    /// The client called it off too late.
    LateCancel,
    /// The client called it off in time.
    CancelledByClient,
    /// The clinician called it off.
    CancelledByClinician,
}

/// Who waits, and for what.
#[derive(Args, Debug)]
pub struct Wait {
    /// The client's code.
    pub client: String,
    /// When they could come and how: "Mon-Wed 9-12, Fri, video". Left out: at any time.
    pub wish: Option<String>,
    /// Take the client off the list.
    #[arg(long, conflicts_with = "wish")]
    pub off: bool,
}

/// Options of `waiting`.
#[derive(Args, Debug)]
pub struct Waiting {
    /// When the time that has come free begins, as 2026-11-30T10:00.
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::civil::DateTime>,
    /// How long it is, in minutes.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1440))]
    pub minutes: u16,
}
