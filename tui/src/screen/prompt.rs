//! One question that is answered with one line of text: a reason, a date. Also how a notice is
//! shown.

mod dates;
mod numbers;
mod off;
mod stamps;

pub use stamps::suggested as suggested_times;

use super::note::review;
use super::parts::field::Field;
use super::parts::{elsewhere, paint, when, who};
use super::{Act, Ask, Place, Scene, consents, identity};
use crate::keymap::Verb;
use crate::message::{Order, Secret};
use crate::notice::Notice;
use crate::text;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::{
    AppointmentId, ClientId, DeviceId, MemberId, PlanItemId, RecordId, TaskId,
};
use tacenda_shared::practice::edit::{Edit, RemoteSetting, Status};
use tacenda_shared::practice::identity::IdentityField;
use tacenda_shared::practice::plan::{PlanChange, PlanKind};
use tacenda_shared::practice::schedule::hours::Hours;
use tacenda_shared::practice::schedule::waiting::{Waiting, Wish};
use tacenda_shared::practice::supervision::Step;
use zeroize::Zeroizing;

/// The question and what has been typed.
#[derive(Debug)]
pub struct State {
    question: Question,
    field: Field,
}

/// What is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Question {
    /// Where the client of a session by video or telephone is, and whom to call there.
    Whereabouts {
        /// Which session.
        appointment: AppointmentId,
        /// Whether it begins with the answer.
        begins: bool,
        /// Whether it is said with that that the client has come.
        arrives: bool,
    },
    /// Why an appointment is cancelled; the words say whose and when.
    Reason(AppointmentId, Status, String),
    /// Which date to go to.
    Date,
    /// Of which day a client writes in an entry of their journal.
    EntryDate(ClientId),
    /// When a client died.
    Death(ClientId),
    /// Which dates are left out, of everybody or of those who come to one appointment.
    Holiday(Option<Vec<ClientId>>),
    /// The usual week of a member.
    Hours(MemberId),
    /// What a field of who a client is in law says.
    Identity(ClientId, IdentityField),
    /// The invite of a server.
    Invite,
    /// The emergency numbers of a place.
    Numbers,
    /// Another name for a device, which has this one now.
    Name(DeviceId, String),
    /// Until when a line of a plan is to be reached; without one, when the plan is looked at again.
    PlanDate {
        /// Whose plan.
        client: ClientId,
        /// Which line.
        item: Option<PlanItemId>,
    },
    /// The words of a line of a plan.
    PlanLine {
        /// Whose plan.
        client: ClientId,
        /// Which line, if it is not a new one.
        item: Option<PlanItemId>,
        /// What it is.
        kind: PlanKind,
        /// The goal that it belongs to.
        under: Option<PlanItemId>,
    },
    /// What somebody who sees clients says for sessions by video or telephone.
    Remote(MemberId, RemoteSetting),
    /// Why a note is returned to its author.
    Return(ClientId, RecordId),
    /// Why a client takes a consent back.
    Revoke(ClientId, RecordId),
    /// What is to be done about a client.
    Task(ClientId),
    /// When a session that took place began and ended.
    Times(AppointmentId),
    /// The initials that sign a plan, which lacks this.
    SignPlan(ClientId, Vec<String>),
    /// What a client waits for, and since when if they do already.
    Wait(ClientId, Option<Waiting>),
}

impl State {
    /// Returns whom it is about, if it is about a client.
    pub fn whose(&self) -> Option<ClientId> {
        match &self.question {
            Question::Death(client)
            | Question::EntryDate(client)
            | Question::Identity(client, _)
            | Question::PlanDate { client, .. }
            | Question::PlanLine { client, .. }
            | Question::Return(client, _)
            | Question::Revoke(client, _)
            | Question::SignPlan(client, _)
            | Question::Task(client)
            | Question::Wait(client, _) => Some(*client),
            _ => None,
        }
    }

    /// Returns the code of whom it is about, or the codes of who comes.
    fn about(&self, scene: &Scene<'_>) -> Option<String> {
        match &self.question {
            Question::Times(appointment) | Question::Whereabouts { appointment, .. } => {
                scene.appointment(*appointment).map(|row| who::comes(scene.index, row, true))
            }
            _ => self.whose().map(|client| scene.code(client)),
        }
    }

    /// Whether it asks for a signature under a plan.
    pub fn signs_plan_of(&self, whose: ClientId) -> bool {
        matches!(self.question, Question::SignPlan(client, _) if client == whose)
    }

    /// Asks.
    pub fn new(question: Question) -> Self {
        let field = match &question {
            Question::Name(_, name) => Field::suggestion(name),
            _ => Field::default(),
        };
        Self { question, field }
    }

    /// Asks, with an answer that is there already.
    pub fn answered(question: Question, answer: String) -> Self {
        Self { question, field: Field::new(answer) }
    }

    /// Asks, with an answer that the first letter replaces.
    pub fn suggesting(question: Question, answer: String) -> Self {
        Self { question, field: Field::suggestion(answer) }
    }

    fn confirm(&self, scene: &Scene<'_>) -> Vec<Ask> {
        match &self.question {
            Question::Date => self.confirm_date(scene),
            Question::Death(client) => off::confirm_death(&self.field, *client, scene),
            Question::EntryDate(client) => self.confirm_entry(*client, scene),
            Question::Holiday(who) => off::confirm_holiday(&self.field, who.as_deref(), scene),
            Question::Hours(member) => self.confirm_hours(*member),
            Question::Identity(client, field) => self.confirm_identity(scene, *client, *field),
            Question::Invite => self.confirm_invite(),
            Question::Numbers => numbers::confirm(&self.field),
            Question::Name(device, old) => match self.field.trimmed() {
                name if name == old => vec![Ask::Leave],
                name => {
                    let says = match name {
                        "" => format!("took back the name {old}"),
                        _ => format!("renamed {old} to {name}"),
                    };
                    let edit = Edit::RenameDevice { device: *device, name: name.to_owned() };
                    vec![Ask::Submit(edit, says)]
                }
            },
            Question::PlanDate { .. } | Question::PlanLine { .. } | Question::SignPlan(..) => {
                self.confirm_plan(scene)
            }
            Question::Remote(member, setting) => self.confirm_remote(*member, *setting),
            Question::Return(client, record) => self.confirm_return(*client, *record, scene),
            Question::Revoke(client, record) => {
                let (why, date) = consents::revocation(self.field.trimmed(), scene.today());
                let (client, revoked) = (*client, Some((date, why.to_owned())));
                let edit = Edit::RevokeConsent { client, record: *record, revoked };
                vec![Ask::Submit(edit, format!("revoked a consent of {}", scene.code(client)))]
            }
            Question::Task(client) => self.confirm_task(*client, scene),
            Question::Times(appointment) => {
                stamps::confirm_times(self.field.trimmed(), *appointment, scene)
            }
            Question::Wait(client, known) => {
                let wish = Wish::parse(self.field.text(), &scene.index.clinicians);
                let Ok(wish) = wish else {
                    return vec![Ask::Say("That is no time or way yet.".to_owned())];
                };
                let since = known.as_ref().map_or(scene.now.time, |known| known.since);
                let waiting = Some(Waiting { since, wish });
                let says = format!("{} is on the waiting list", scene.code(*client));
                vec![Ask::Submit(Edit::Wait { client: *client, waiting }, says)]
            }
            Question::Whereabouts { appointment, begins, arrives } => {
                stamps::confirm_where(&self.field, scene, *appointment, (*begins, *arrives))
            }
            Question::Reason(appointment, status, words) => {
                let reason = self.field.trimmed();
                let reason = (!reason.is_empty()).then(|| reason.to_owned());
                let edit = Edit::SetStatus { appointment: *appointment, status: *status, reason };
                vec![Ask::Submit(edit, format!("{words}: {}", status.word()))]
            }
        }
    }
}

impl State {
    fn confirm_return(&self, client: ClientId, note: RecordId, scene: &Scene<'_>) -> Vec<Ask> {
        if self.field.trimmed().is_empty() {
            return vec![Ask::Say("Type why first.".to_owned())];
        }
        let step = Step::Return(self.field.trimmed().to_owned());
        let says = format!("returned a note of {}", scene.code(client));
        vec![Ask::Submit(Edit::Supervise { client, note, step }, says)]
    }

    fn confirm_task(&self, client: ClientId, scene: &Scene<'_>) -> Vec<Ask> {
        let (text, due) = task(self.field.trimmed(), scene.today());
        if text.is_empty() {
            return vec![Ask::Say("Type what is to be done first.".to_owned())];
        }
        let task = TaskId::from_bytes(scene.fresh);
        let edit = Edit::AddTask { client, task, text: text.to_owned(), due, since: None };
        vec![Ask::Submit(edit, format!("task about {}", scene.code(client)))]
    }

    fn confirm_invite(&self) -> Vec<Ask> {
        match self.field.trimmed() {
            "" => vec![Ask::Say("Paste the invite first.".to_owned())],
            invite => {
                let invite = Secret(Zeroizing::new(invite.to_owned()));
                let words = "Asking the server ...".to_owned();
                vec![Ask::Leave, Ask::Say(words), Ask::Order(Order::Connect(invite))]
            }
        }
    }

    fn confirm_remote(&self, member: MemberId, setting: RemoteSetting) -> Vec<Ask> {
        let text = self.field.trimmed().to_owned();
        let says = elsewhere::title(setting).to_owned();
        vec![Ask::Submit(Edit::SetRemote { member, setting, text }, says)]
    }

    fn confirm_hours(&self, member: MemberId) -> Vec<Ask> {
        let hours = match self.field.trimmed() {
            "" => None,
            typed => match Hours::parse(typed) {
                Ok(hours) => Some(hours),
                Err(fault) => return vec![Ask::Say(format!("Not yet: {fault}."))],
            },
        };
        let says = match &hours {
            Some(hours) => format!("hours: {hours}"),
            None => "hours: nothing is said of them".to_owned(),
        };
        vec![Ask::Submit(Edit::SetHours { member, hours }, says)]
    }

    fn confirm_identity(
        &self,
        scene: &Scene<'_>,
        client: ClientId,
        field: IdentityField,
    ) -> Vec<Ask> {
        let typed = self.field.trimmed();
        let value = match field {
            IdentityField::Born if !typed.is_empty() => match birthday(typed, scene) {
                Some(born) => born.to_string(),
                None => return vec![Ask::Say("That is no date of birth yet.".to_owned())],
            },
            _ => typed.to_owned(),
        };
        let says = format!("identity of {}: {}", scene.code(client), field.title());
        let edit = Edit::ChangeIdentity { client, field, value };
        vec![Ask::Submit(edit, says)]
    }

    /// Why a field is asked; of a birthday, how it was understood.
    fn identity_words(&self, field: IdentityField, scene: &Scene<'_>) -> String {
        match (field, birthday(self.field.trimmed(), scene)) {
            (IdentityField::Born, Some(born)) => {
                format!("= {}", identity::words(field, &born.to_string(), scene.today()))
            }
            (IdentityField::Born, None) => "for example 2 mar 1985".to_owned(),
            (field, _) => field.why().to_owned(),
        }
    }

    fn confirm_plan(&self, scene: &Scene<'_>) -> Vec<Ask> {
        let typed = self.field.trimmed();
        match &self.question {
            Question::PlanDate { client, item } => {
                let date = match (typed, when::read_date(typed, scene.today())) {
                    ("", _) => None,
                    (_, Some(date)) => Some(date),
                    _ => return vec![Ask::Say("That is not a date yet.".to_owned())],
                };
                let (what, edit) = match *item {
                    Some(item) => {
                        let change = PlanChange { target: Some(date), ..PlanChange::default() };
                        ("target date", Edit::ChangePlan { client: *client, item, change })
                    }
                    None => ("review", Edit::ReviewPlan { client: *client, review: date }),
                };
                let until = date.map_or_else(|| "none".to_owned(), when::day_and_date);
                let says = format!("{what} of {}: {until}", scene.code(*client));
                vec![Ask::Submit(edit, says)]
            }
            Question::PlanLine { client, item, kind, under } => {
                if typed.is_empty() {
                    return vec![Ask::Say("Type a line first.".to_owned())];
                }
                let new = item.is_none();
                let change = PlanChange {
                    kind: new.then_some(*kind),
                    under: under.filter(|_| new),
                    text: Some(typed.to_owned()),
                    ..PlanChange::default()
                };
                let item = item.unwrap_or(PlanItemId::from_bytes(scene.fresh));
                let verb = if new { "added to" } else { "changed in" };
                let says = format!("{} {verb} the plan of {}", kind.word(), scene.code(*client));
                let edit = Edit::ChangePlan { client: *client, item, change };
                vec![Ask::Submit(edit, text::capital(&says))]
            }
            Question::SignPlan(client, _) if initials_are(typed, scene) => {
                let says = format!("signed the treatment plan of {}", scene.code(*client));
                vec![Ask::Leave, Ask::Edit(Edit::SignPlan { client: *client }, says)]
            }
            _ => vec![Ask::Say("These are not your initials yet.".to_owned())],
        }
    }
}

/// Reads what is to be done, and the date after the last `by`, if one stands there.
fn task(typed: &str, today: Date) -> (&str, Option<Date>) {
    let parted = typed.rsplit_once(" by ");
    let due = parted.and_then(|(text, date)| Some((text.trim(), when::read_date(date, today)?)));
    due.map_or((typed, None), |(text, due)| (text, Some(due)))
}

/// How a usual week was understood.
fn hours_words(typed: &str) -> String {
    match Hours::parse(typed) {
        _ if typed.is_empty() => {
            "for example Mon-Thu 9-12 13-18, Fri 9-13, 10 min between".to_owned()
        }
        Ok(hours) => format!("= {hours}"),
        Err(fault) => format!("not yet: {fault}"),
    }
}

/// How what is to be done was understood.
fn task_words(typed: &str, today: Date) -> String {
    match task(typed, today) {
        (_, Some(due)) => format!("= by {}", when::long(due)),
        (_, None) => "for example: call the school by 3 dec. Nothing clinical.".to_owned(),
    }
}

/// Reads a date of birth, which is none that is yet to come; two digits are a year of this century
/// or the last.
fn birthday(typed: &str, scene: &Scene<'_>) -> Option<Date> {
    let parts: Vec<&str> =
        typed.split(['.', '/', ' ', '-']).filter(|part| !part.is_empty()).collect();
    // A date without a year is one that is yet to come, and no birthday.
    let [_, _, year] = parts.as_slice() else { return None };
    let short = year.len() == 2;
    let born = when::read_date(typed, scene.today())?;
    let born = if short && born > scene.today() {
        Date::new(born.year() - 100, born.month(), born.day()).ok()?
    } else {
        born
    };
    (born < scene.today()).then_some(born)
}

/// Whether these are the initials of who is at the keyboard.
pub(super) fn initials_are(typed: &str, scene: &Scene<'_>) -> bool {
    match initials(scene) {
        initials if initials.is_empty() => typed.chars().count() >= 2,
        initials => typed.to_lowercase() == initials.to_lowercase(),
    }
}

/// The initials of who is at the keyboard; empty if any two letters do.
pub(super) fn initials(scene: &Scene<'_>) -> String {
    let name = scene.clinician().and_then(|member| scene.index.clinicians.get(&member));
    name.map(|name| review::initials(name)).unwrap_or_default()
}

/// Types, or answers.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.field.update(input);
            Vec::new()
        }
        Act::Verb(Verb::Confirm) => state.confirm(scene),
        Act::Verb(_) => Vec::new(),
    }
}

fn date_words(typed: &str, today: Date) -> String {
    match when::read_date(typed, today) {
        _ if typed.is_empty() => "for example 1 feb, +90; empty: no date".to_owned(),
        Some(date) if date < today => format!("= {}, which is past", when::long(date)),
        Some(date) => format!("= {}", when::long(date)),
        None => "not a date that exists".to_owned(),
    }
}

/// What is asked, and how the answer is understood so far.
fn asked(state: &State, scene: &Scene<'_>) -> (&'static str, String) {
    let typed = state.field.trimmed();
    match &state.question {
        Question::Date => state.date_asked(scene),
        Question::EntryDate(_) => {
            let words = dates::entry_words(typed, scene.today());
            ("Journal: which day does the client write of?", words)
        }
        Question::Death(_) => off::death_words(typed, scene),
        Question::Holiday(_) => off::holiday_words(typed, scene),
        Question::Hours(_) => ("Your usual week", hours_words(typed)),
        Question::Identity(_, field) => (field.title(), state.identity_words(*field, scene)),
        Question::Invite => {
            let words = "The line that begins with tacenda1, as `tacenda-server invite` prints \
                         it. The server never learns what it keeps for you.";
            ("Connect to a server: paste its invite", words.to_owned())
        }
        Question::Numbers => ("Emergency numbers", numbers::words(typed)),
        Question::Name(..) => {
            let words =
                "Only your own devices can read it. Empty: the name that it was added with.";
            ("What is this device called?", words.to_owned())
        }
        Question::PlanDate { item, .. } => {
            let title = if item.is_some() { "By when?" } else { "Review the plan by when?" };
            (title, date_words(typed, scene.today()))
        }
        Question::PlanLine { kind, .. } => (kind.title(), line_words(*kind).to_owned()),
        Question::SignPlan(_, lacks) => {
            ("Sign the treatment plan: your initials", sign_words(lacks, scene))
        }
        Question::Remote(_, setting) => {
            (elsewhere::title(*setting), elsewhere::words(*setting, typed))
        }
        Question::Return(..) => {
            let words = "Its author reads this beside the note, and hands it over again.";
            ("Return the note: why?", words.to_owned())
        }
        Question::Revoke(..) => {
            let words = consents::revocation_words(typed, scene.today());
            ("The client takes it back: why?", words)
        }
        Question::Task(_) => ("To do", task_words(typed, scene.today())),
        Question::Wait(..) => ("Waiting list: when could they come?", wish_words(typed, scene)),
        Question::Times(appointment) => stamps::times_asked(typed, *appointment, scene),
        Question::Whereabouts { appointment, begins, .. } => {
            stamps::where_asked(typed, *appointment, *begins, scene)
        }
        Question::Reason(appointment, cancelled, whose) => {
            let status = cancelled.word();
            let late = late_words(*appointment, *cancelled, scene);
            let words = format!("{whose} will be: {status}. {late}A reason may be left out.");
            ("Cancel: why?", words)
        }
    }
}

/// How a wish on the waiting list was understood.
fn wish_words(typed: &str, scene: &Scene<'_>) -> String {
    match Wish::parse(typed, &scene.index.clinicians) {
        Ok(_) if typed.is_empty() => {
            "for example Mon-Wed 9-12, Fri, video; empty: any time".to_owned()
        }
        Ok(wish) => format!("= {}", wish.words(&scene.index.clinicians)),
        Err(fault) => format!("not yet: {fault}"),
    }
}

/// Says that a client calls a session off later than agreed.
fn late_words(appointment: AppointmentId, status: Status, scene: &Scene<'_>) -> String {
    let row = scene.appointment(appointment).filter(|_| status == Status::CancelledByClient);
    let Some(row) = row else { return String::new() };
    let hours = scene.index.hours.get(&row.slot.clinician);
    let notice = hours.map_or_else(|| Hours::default().notice(), Hours::notice);
    let before = row.starts.millis_since(scene.now.time) / 3_600_000;
    if row.starts <= scene.now.time || before >= i64::from(notice) {
        return String::new();
    }
    let begins = when::ahead(row.starts, scene.now.time);
    format!("It begins {begins}, {notice} h were agreed: s l calls it late. ")
}

/// Draws the question.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let (title, words) = asked(state, scene);
    let long = matches!(state.question, Question::SignPlan(..) | Question::Whereabouts { .. });
    let rows = if long { 9 } else { 7 };
    // Whose it is stands in front: one question looks like another.
    let title = match state.about(scene) {
        Some(whose) => format!("{whose}   {title}"),
        None => title.to_owned(),
    };
    let inside = paint::popup(frame, scene.look, (66, rows), (&title, "Enter go on  Esc back"));
    let area = paint::lines(inside, 1, 1);
    paint::paragraph(frame, inside, 3, &words, Style::new());
    state.field.view(frame, scene.look, area, true);
}

/// What stands below the initials that sign a plan.
fn sign_words(lacks: &[String], scene: &Scene<'_>) -> String {
    let lacks = match lacks {
        [] => String::new(),
        lacks => format!("It lacks {}. ", lacks.join(", ")),
    };
    let initials = match initials(scene).as_str() {
        "" => String::new(),
        initials => format!(" Yours are {initials}."),
    };
    format!("{lacks}A signed version never changes; the plan goes on.{initials}")
}

/// What belongs in a line of a plan.
const fn line_words(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Diagnosis => "By what the diagnosis is supported.",
        PlanKind::Problem => "What the client came for, in a line.",
        PlanKind::Strength => "What helps, and what stands in the way.",
        PlanKind::Goal => "Where it is to go, in the client's words if you can.",
        PlanKind::Objective => "A step that can be measured: what, how often. d sets until when.",
        PlanKind::Intervention => "What is done towards it.",
        PlanKind::Frequency => "For example: weekly, 50 minutes, in the office, for six months.",
        PlanKind::Discharge => "By what you both will know that it is done.",
        PlanKind::Participation => "How the client took part, and what they said of the plan.",
    }
}

/// Draws a notice.
pub fn view_notice(notice: &Notice, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let inside = paint::popup(frame, scene.look, (66, 11), ("Please read", "Enter or Esc close"));
    let line = paint::notice(frame, scene.look, inside, 1, notice);
    frame.set_cursor_position((inside.x, inside.y + line.min(inside.height.saturating_sub(1))));
}
