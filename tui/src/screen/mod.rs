//! The screens and what lies over them. Each is a state, an `update` that decides and a `view`
//! that draws; this file only routes. None of them touches a terminal, a clock or a file.

mod asks;
pub mod attach;
pub mod attachment;
pub mod attachments;
pub mod backup;
pub mod booking;
pub mod chart;
pub mod choice;
pub mod client_form;
pub mod clients;
pub mod columns;
pub mod confirm;
pub mod consent_form;
pub mod consents;
pub mod contact_log;
pub mod crisis;
pub mod demo;
pub mod diagnosis;
pub mod finish;
mod focus;
pub mod found;
pub mod group_form;
pub mod handover;
pub mod help;
pub mod identity;
pub mod journal;
pub mod labels;
pub mod lock;
pub mod measure_form;
pub mod measures;
pub mod menu;
pub mod misfiled;
pub mod month;
pub mod note;
pub mod pairing;
pub mod palette;
pub mod parts;
pub mod phrases;
pub mod plan;
pub mod prompt;
pub mod psychotherapy;
pub mod read;
pub mod report;
pub mod revoke;
pub mod risk_form;
pub mod room;
pub mod rules;
pub mod safety_form;
pub mod same;
pub mod save_file;
pub mod send_report;
pub mod setup;
pub mod sheet;
pub mod sync;
pub mod take_in;
pub mod today;
pub mod waiting;
pub mod week;
pub mod whom;
pub mod writing;

use crate::keymap::{Context, Verb};
use crate::message::{Now, SyncStatus};
use crate::notice::Notice;
use crate::theme::Look;
pub use asks::{Act, Ask, Place};
pub use focus::{Focused, Situation};
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use tacenda_shared::id::{AppointmentId, ClientId, MemberId};
use tacenda_shared::practice::edit::{Purpose, Subject};
use tacenda_shared::practice::quick_add::Locale;
use tacenda_shared::practice::view::{AppointmentRow, Index, View};

/// Why screens open charts and notes: to treat, or to run the day.
pub const CARE: Purpose = Purpose::Care;

/// What a screen may look at.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// What the clock said last.
    pub now: &'a Now,
    /// The read model.
    pub index: &'a Index,
    /// What was gathered from it.
    pub digest: &'a parts::digest::Digest,
    /// The link and the queue.
    pub sync: &'a SyncStatus,
    /// What the terminal can show.
    pub look: &'a Look,
    /// Whether codes stand for names.
    pub veil: bool,
    /// In which order somebody types day and month, and in whose words.
    pub locale: Locale,
    /// An unused id, for at most one new thing in this update.
    pub fresh: [u8; 16],
}

impl Scene<'_> {
    /// Returns today's date.
    pub fn today(&self) -> Date {
        self.now.local.date()
    }

    /// Returns an appointment.
    pub fn appointment(&self, id: AppointmentId) -> Option<&AppointmentRow> {
        self.index.appointments.get(&id).map(AsRef::as_ref)
    }

    /// Returns the member at the keyboard, once the device has said whose it is.
    pub fn member(&self) -> Option<MemberId> {
        self.sync.member()
    }

    /// Returns the clinician for whom new appointments are made: the member at the keyboard, if
    /// they see clients, and else the first who does.
    pub fn clinician(&self) -> Option<MemberId> {
        let clinicians = &self.index.clinicians;
        let own = self.member().filter(|member| clinicians.contains_key(member));
        own.or_else(|| clinicians.keys().next().copied())
    }

    /// Returns what stands for a client in words that outlive the veil: always the code.
    pub fn code(&self, id: ClientId) -> String {
        parts::who::client(self.index, id, true)
    }
}

/// What is known when something is opened.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// What screens may look at.
    pub scene: Scene<'a>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
}

/// A screen that fills the terminal.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the name of its module")]
pub enum Screen {
    Attachment(Box<attachment::State>),
    Attachments(attachments::State),
    Booking(Box<booking::State>),
    Chart(chart::State),
    Clients(clients::State),
    Columns(columns::State),
    Consents(consents::State),
    Crisis(Box<crisis::State>),
    Finish(finish::State),
    Identity(identity::State),
    Journal(journal::State),
    Measures(measures::State),
    Month(month::State),
    Note(writing::Writing),
    Plan(plan::State),
    Psychotherapy(psychotherapy::State),
    Read(writing::Reading),
    Report(Box<report::State>),
    Sync(sync::State),
    Today(today::State),
    Waiting(waiting::State),
    Week(week::State),
}

/// Something that lies over a screen.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the name of its module")]
pub enum Overlay {
    Attach(Box<attach::State>),
    Backup(backup::State),
    Choice(choice::State),
    ClientForm(Box<client_form::State>),
    Confirm(Box<confirm::State>),
    ConsentForm(Box<consent_form::State>),
    ContactLog(Box<contact_log::State>),
    Diagnosis(diagnosis::State),
    GroupForm(Box<group_form::State>),
    Help(help::State),
    Labels(labels::State),
    Menu(menu::State),
    Misfiled(Box<misfiled::State>),
    Notice(Notice),
    Pairing(pairing::State),
    Palette(palette::State),
    Phrases(phrases::State),
    Prompt(prompt::State),
    Revoke(Box<revoke::State>),
    RiskForm(Box<risk_form::State>),
    Room(room::State),
    Rules(rules::State),
    SafetyForm(Box<safety_form::State>),
    Same(same::State),
    SaveFile(Box<save_file::State>),
    SendReport(Box<send_report::State>),
    Sheet(Box<sheet::State>),
    TakeIn(Box<take_in::State>),
    Whom(whom::State),
}

impl Screen {
    /// Returns the contexts of the key table that hold here.
    pub fn contexts(&self) -> &'static [Context] {
        use Context as C;
        match self {
            Self::Attachment(_) => &[C::Attachment, C::Lists, C::Everywhere],
            Self::Attachments(_) => &[C::Attachments, C::Lists, C::Everywhere],
            Self::Booking(state) if state.is_typing() => &[C::Entry, C::Everywhere],
            Self::Booking(_) => &[C::Booking, C::Everywhere],
            Self::Chart(_) => &[C::Chart, C::Lists, C::Everywhere],
            Self::Clients(state) if state.is_typing() => &[C::Picker, C::Everywhere],
            Self::Clients(_) => &[C::Clients, C::Lists, C::Everywhere],
            Self::Columns(_) => {
                &[C::Appointments, C::Calendar, C::Columns, C::Lists, C::Everywhere]
            }
            Self::Consents(_) => &[C::Consents, C::Lists, C::Everywhere],
            Self::Crisis(_) => &[C::Crisis, C::Lists, C::Everywhere],
            Self::Finish(_) => &[C::Appointments, C::Lists, C::Everywhere],
            Self::Identity(_) => &[C::Identity, C::Lists, C::Everywhere],
            Self::Journal(_) => &[C::Journal, C::Lists, C::Everywhere],
            Self::Measures(state) => state.contexts(),
            Self::Month(_) => &[C::Month, C::Calendar, C::Lists, C::Everywhere],
            Self::Note(state) => state.contexts(),
            Self::Plan(_) => &[C::Plan, C::Lists, C::Everywhere],
            Self::Psychotherapy(_) => &[C::Psychotherapy, C::Lists, C::Everywhere],
            Self::Read(state) => state.contexts(),
            Self::Report(_) => &[C::Report, C::Ticks, C::Everywhere],
            Self::Sync(_) => &[C::Sync, C::Lists, C::Everywhere],
            Self::Today(_) => &[C::Appointments, C::Calendar, C::Lists, C::Everywhere],
            Self::Waiting(_) => &[C::Waiting, C::Lists, C::Everywhere],
            Self::Week(_) => &[C::Appointments, C::Calendar, C::Week, C::Lists, C::Everywhere],
        }
    }

    /// Returns the contexts that hold when no caret is shown.
    pub fn resting_contexts(&self) -> &'static [Context] {
        use Context as C;
        match self {
            Self::Booking(_) => &[C::Booking, C::Everywhere],
            Self::Clients(_) => &[C::Clients, C::Lists, C::Everywhere],
            other => other.contexts(),
        }
    }

    /// Returns whether letters type.
    pub fn is_typing(&self) -> bool {
        match self {
            Self::Booking(state) => state.is_typing(),
            Self::Clients(state) => state.is_typing(),
            Self::Measures(state) => state.is_typing(),
            Self::Note(_) => true,
            _ => false,
        }
    }

    /// Returns what the focus is on.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        match self {
            Self::Attachment(state) => state.focused(),
            Self::Attachments(state) => state.focused(),
            Self::Booking(_) | Self::Note(_) | Self::Read(_) => Focused::Nothing,
            Self::Chart(state) => state.focused(),
            Self::Clients(state) => state.focused(scene),
            Self::Columns(state) => state.focused(scene),
            Self::Consents(state) => state.focused(),
            Self::Crisis(state) => state.focused(),
            Self::Finish(state) => state.focused(scene),
            Self::Identity(state) => state.focused(),
            Self::Journal(state) => state.focused(),
            Self::Measures(state) => state.focused(),
            Self::Month(state) => state.focused(),
            Self::Plan(state) => state.focused(),
            Self::Psychotherapy(state) => state.focused(),
            Self::Report(state) => state.focused(),
            Self::Sync(state) => state.focused(scene),
            Self::Today(state) => state.focused(scene),
            Self::Waiting(state) => state.focused(scene),
            Self::Week(state) => state.focused(scene),
        }
    }

    /// Returns what must be open, audited, while this screen is in the stack.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Attachment(state) => Some(Subject::Attachment(state.client, state.record)),
            Self::Attachments(state) => Some(Subject::Attachments(state.client)),
            Self::Chart(state) => Some(Subject::Chart(state.client)),
            Self::Consents(state) => Some(Subject::Consents(state.client)),
            Self::Crisis(state) => Some(Subject::Crisis(state.client)),
            Self::Note(state) => Some(Subject::Draft(state.client, state.note)),
            Self::Identity(state) => Some(Subject::Identity(state.client)),
            Self::Journal(state) => Some(Subject::Journal(state.client)),
            Self::Measures(state) => Some(Subject::Measures(state.client)),
            Self::Plan(state) => Some(Subject::Plan(state.client)),
            Self::Psychotherapy(state) => Some(Subject::Psychotherapy(state.client)),
            Self::Read(state) => Some(Subject::Note(state.client, state.record)),
            Self::Report(state) => Some(state.subject()),
            _ => None,
        }
    }

    /// Takes what was asked for with `Effect::Open`, or a newer version of it.
    pub fn opened(
        &mut self,
        outcome: Result<Box<View>, Notice>,
        at: &Opening<'_>,
    ) -> note::Outcome {
        match self {
            Self::Attachment(state) => state.opened(outcome, at),
            Self::Attachments(state) => state.opened(outcome),
            Self::Chart(state) => state.opened(outcome, at),
            Self::Consents(state) => state.opened(outcome),
            Self::Crisis(state) => state.opened(outcome),
            Self::Note(state) => return state.opened(outcome, at),
            Self::Identity(state) => state.opened(outcome),
            Self::Journal(state) => state.opened(outcome),
            Self::Measures(state) => state.opened(outcome),
            Self::Plan(state) => state.opened(outcome),
            Self::Psychotherapy(state) => state.opened(outcome),
            Self::Read(state) => state.opened(outcome, at),
            Self::Report(state) => state.opened(outcome, at.scene.index),
            _ => {}
        }
        note::Outcome::default()
    }

    /// Returns whether the screen fills the rows of the tabs too.
    pub fn is_tall(&self) -> bool {
        matches!(self, Self::Note(_) | Self::Read(_))
    }

    /// Returns whether it shows psychotherapy notes, or one of them.
    pub fn is_apart(&self) -> bool {
        match self {
            Self::Note(state) => state.is_apart(),
            Self::Psychotherapy(_) => true,
            Self::Read(state) => state.is_apart(),
            _ => false,
        }
    }

    /// Returns whether somebody picks, answers or types a measure there.
    pub fn is_answered(&self) -> bool {
        matches!(self, Self::Measures(state) if state.is_typing())
    }

    /// Gives up the caret, if it has one; `false` if there was none.
    pub fn step_out(&mut self) -> bool {
        match self {
            Self::Booking(state) => state.step_out(),
            Self::Clients(state) => state.step_out(),
            Self::Measures(state) => state.step_out(),
            Self::Report(state) => state.step_out(),
            _ => false,
        }
    }

    /// Decides.
    pub fn update(&mut self, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
        match self {
            Self::Attachment(state) => attachment::update(state, act),
            Self::Attachments(state) => attachments::update(state, act, scene),
            Self::Booking(state) => booking::update(state, act, scene),
            Self::Chart(state) => chart::update(state, act, scene),
            Self::Clients(state) => clients::update(state, act, scene),
            Self::Columns(state) => columns::update(state, act, scene),
            Self::Consents(state) => consents::update(state, act, scene),
            Self::Crisis(state) => crisis::update(state, act, scene),
            Self::Finish(state) => finish::update(state, act, scene),
            Self::Identity(state) => identity::update(state, act),
            Self::Journal(state) => journal::update(state, act, scene),
            Self::Measures(state) => measures::update(state, act, scene),
            Self::Month(state) => month::update(state, act, scene),
            Self::Plan(state) => plan::update(state, act, scene),
            Self::Psychotherapy(state) => psychotherapy::update(state, act, scene),
            // Notes take inputs as they come, before the table of keys.
            Self::Note(_) | Self::Read(_) => Vec::new(),
            Self::Report(state) => report::update(state, act, scene),
            Self::Sync(state) => sync::update(state, act, scene),
            Self::Today(state) => today::update(state, act, scene),
            Self::Waiting(state) => waiting::update(state, act, scene),
            Self::Week(state) => week::update(state, act, scene),
        }
    }

    /// Draws.
    pub fn view(&self, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
        match self {
            Self::Attachment(state) => attachment::view(state, scene, frame, area),
            Self::Attachments(state) => attachments::view(state, scene, frame, area),
            Self::Booking(state) => booking::view(state, scene, frame, area),
            Self::Chart(state) => chart::view(state, scene, frame, area),
            Self::Clients(state) => clients::view(state, scene, frame, area),
            Self::Columns(state) => columns::view(state, scene, frame, area),
            Self::Consents(state) => consents::view(state, scene, frame, area),
            Self::Crisis(state) => crisis::view(state, scene, frame, area),
            Self::Finish(state) => finish::view(state, scene, frame, area),
            Self::Identity(state) => identity::view(state, scene, frame, area),
            Self::Journal(state) => journal::view(state, scene, frame, area),
            Self::Measures(state) => measures::view(state, scene, frame, area),
            Self::Month(state) => month::view(state, scene, frame, area),
            Self::Note(state) => state.view(scene, frame, area),
            Self::Plan(state) => plan::view(state, scene, frame, area),
            Self::Psychotherapy(state) => psychotherapy::view(state, scene, frame, area),
            Self::Read(state) => state.view(scene, frame, area),
            Self::Report(state) => report::view(state, scene, frame, area),
            Self::Sync(state) => sync::view(state, scene, frame, area),
            Self::Today(state) => today::view(state, scene, frame, area),
            Self::Waiting(state) => waiting::view(state, scene, frame, area),
            Self::Week(state) => week::view(state, scene, frame, area),
        }
    }
}

impl Overlay {
    /// Returns the contexts of the key table that hold here.
    pub fn contexts(&self) -> &'static [Context] {
        use Context as C;
        match self {
            Self::Choice(_) => &[C::Choice, C::Everywhere],
            Self::Labels(_) | Self::Rules(_) => &[C::Ticks, C::Everywhere],
            Self::Phrases(state) => state.contexts(),
            Self::ClientForm(_)
            | Self::ConsentForm(_)
            | Self::GroupForm(_)
            | Self::RiskForm(_)
            | Self::SafetyForm(_) => &[C::Form, C::Everywhere],
            Self::Diagnosis(_) | Self::Help(_) | Self::Palette(_) | Self::Whom(_) => {
                &[C::Picker, C::Everywhere]
            }
            Self::Menu(state) if state.is_on_draft() => &[C::MenuOnDraft, C::Menu, C::Everywhere],
            Self::Misfiled(_) => &[C::Picker, C::Everywhere],
            Self::Same(state) if state.is_typing() => &[C::Picker, C::Everywhere],
            Self::Same(_) => &[C::Choice, C::Everywhere],
            Self::Menu(_) => &[C::Menu, C::Everywhere],
            Self::Notice(_) => &[C::Notice, C::Everywhere],
            Self::Room(_) => &[C::Room, C::Notice, C::Everywhere],
            Self::Backup(state) if !state.is_typing() => &[C::Notice, C::Everywhere],
            Self::Sheet(state) if !state.is_typing() => &[C::Notice, C::Everywhere],
            Self::Pairing(state) if !state.is_typing() => &[C::Notice, C::Everywhere],
            Self::Revoke(state) if !state.is_typing() => &[C::Notice, C::Everywhere],
            Self::Attach(_)
            | Self::Backup(_)
            | Self::Confirm(_)
            | Self::ContactLog(_)
            | Self::Pairing(_)
            | Self::Prompt(_)
            | Self::Revoke(_)
            | Self::SaveFile(_)
            | Self::SendReport(_)
            | Self::Sheet(_)
            | Self::TakeIn(_) => &[C::Typing, C::Everywhere],
        }
    }

    /// Returns whose contact it shows, if it shows one.
    pub fn whose(&self) -> Option<ClientId> {
        match self {
            Self::Attach(state) => Some(state.client),
            Self::ClientForm(state) => state.whose(),
            Self::ConsentForm(state) => Some(state.client),
            Self::GroupForm(state) => state.whose(),
            Self::ContactLog(state) => Some(state.client),
            Self::Prompt(state) => state.whose(),
            Self::RiskForm(state) => Some(state.client),
            Self::SafetyForm(state) => Some(state.client),
            Self::Misfiled(state) => Some(state.client()),
            Self::Same(state) => Some(state.client()),
            _ => None,
        }
    }

    /// Returns whether letters type.
    pub fn is_typing(&self) -> bool {
        match self {
            Self::Choice(_)
            | Self::Labels(_)
            | Self::Menu(_)
            | Self::Notice(_)
            | Self::Room(_)
            | Self::Rules(_) => false,
            Self::Phrases(state) => state.is_typing(),
            Self::Backup(state) => state.is_typing(),
            Self::Pairing(state) => state.is_typing(),
            Self::Revoke(state) => state.is_typing(),
            Self::Same(state) => state.is_typing(),
            Self::Sheet(state) => state.is_typing(),
            _ => true,
        }
    }

    /// Returns whether it only lists verbs, and gives way to whatever comes next.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Help(_) | Self::Menu(_) | Self::Palette(_))
    }

    /// Decides.
    pub fn update(&mut self, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
        match self {
            Self::Attach(state) => attach::update(state, act, scene),
            Self::Backup(state) => backup::update(state, act),
            Self::Choice(state) => choice::update(state, act),
            Self::ClientForm(state) => client_form::update(state, act, scene),
            Self::Confirm(state) => confirm::update(state, act),
            Self::ConsentForm(state) => consent_form::update(state, act, scene),
            Self::ContactLog(state) => contact_log::update(state, act, scene),
            Self::Diagnosis(state) => diagnosis::update(state, act, scene),
            Self::GroupForm(state) => group_form::update(state, act, scene),
            Self::Help(state) => help::update(state, act),
            Self::Labels(state) => labels::update(state, act),
            Self::Menu(state) => menu::update(state, act),
            Self::Misfiled(state) => misfiled::update(state, act, scene),
            Self::RiskForm(state) => risk_form::update(state, act, scene),
            Self::Room(state) => room::update(state, act, scene),
            Self::Rules(state) => rules::update(state, act, scene),
            Self::SafetyForm(state) => safety_form::update(state, act, scene),
            Self::Notice(_) => match act {
                Act::Verb(Verb::Confirm) => vec![Ask::Leave],
                _ => Vec::new(),
            },
            Self::Pairing(state) => pairing::update(state, act),
            Self::Palette(state) => palette::update(state, act),
            Self::Phrases(state) => phrases::update(state, act, scene),
            Self::Prompt(state) => prompt::update(state, act, scene),
            Self::Revoke(state) => revoke::update(state, act),
            Self::Same(state) => same::update(state, act, scene),
            Self::SaveFile(state) => save_file::update(state, act),
            Self::SendReport(state) => send_report::update(state, act),
            Self::Sheet(state) => sheet::update(state, act, scene),
            Self::TakeIn(state) => take_in::update(state, act),
            Self::Whom(state) => whom::update(state, act, scene),
        }
    }

    /// Draws.
    pub fn view(&self, scene: &Scene<'_>, frame: &mut Frame<'_>) {
        match self {
            Self::Attach(state) => attach::view(state, scene, frame),
            Self::Backup(state) => backup::view(state, scene, frame),
            Self::Choice(state) => choice::view(state, scene, frame),
            Self::ClientForm(state) => client_form::view(state, scene, frame),
            Self::Confirm(state) => confirm::view(state, scene, frame),
            Self::ConsentForm(state) => consent_form::view(state, scene, frame),
            Self::ContactLog(state) => contact_log::view(state, scene, frame),
            Self::Diagnosis(state) => diagnosis::view(state, scene, frame),
            Self::GroupForm(state) => group_form::view(state, scene, frame),
            Self::Help(state) => help::view(state, scene, frame),
            Self::Labels(state) => labels::view(state, scene, frame),
            Self::Menu(state) => menu::view(state, scene, frame),
            Self::Misfiled(state) => misfiled::view(state, scene, frame),
            Self::Notice(notice) => prompt::view_notice(notice, scene, frame),
            Self::Pairing(state) => pairing::view(state, scene, frame),
            Self::Palette(state) => palette::view(state, scene, frame),
            Self::Phrases(state) => phrases::view(state, scene, frame),
            Self::Prompt(state) => prompt::view(state, scene, frame),
            Self::Revoke(state) => revoke::view(state, scene, frame),
            Self::RiskForm(state) => risk_form::view(state, scene, frame),
            Self::Room(state) => room::view(state, scene, frame),
            Self::Rules(state) => rules::view(state, scene, frame),
            Self::SafetyForm(state) => safety_form::view(state, scene, frame),
            Self::Same(state) => same::view(state, scene, frame),
            Self::SaveFile(state) => save_file::view(state, scene, frame),
            Self::SendReport(state) => send_report::view(state, scene, frame),
            Self::Sheet(state) => sheet::view(state, scene, frame),
            Self::TakeIn(state) => take_in::view(state, scene, frame),
            Self::Whom(state) => whom::view(state, scene, frame),
        }
    }
}
