//! Two entries that are one person: the other one is found as it is typed, both are shown side by
//! side, and one answer says who is kept. Nothing is moved by it, and one key takes it back.

use super::parts::{day, list, paint, when, who, whom};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use crate::text;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{ContactChange, Edit};
use tacenda_shared::practice::same;
use tacenda_shared::practice::view::ClientRow;

/// Columns of the box, and of the words before what each of both says.
const COLUMNS: u16 = 76;
const LABEL: usize = 11;
/// Rows of the list of clients.
const ROWS: u16 = 12;

/// Whose entry it is, and the other one once it is chosen.
#[derive(Debug)]
pub struct State {
    client: ClientId,
    whom: whom::State,
    other: Option<ClientId>,
    /// The answer in focus.
    focus: usize,
}

/// What can be answered once both are seen.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Answer {
    words: String,
    /// Who stands under whom from then on; `None` leaves both as they are.
    same: Option<(ClientId, ClientId)>,
    /// What the one who is kept takes over from the other.
    takes: Option<ContactChange>,
}

impl State {
    /// Asks who is the same person as this client.
    pub fn new(client: ClientId) -> Self {
        Self { client, whom: whom::State::default(), other: None, focus: 0 }
    }

    /// Returns whether letters type.
    pub const fn is_typing(&self) -> bool {
        self.other.is_none()
    }

    /// Returns whose it is.
    pub const fn client(&self) -> ClientId {
        self.client
    }

    /// Who may be meant, whoever is most alike first.
    fn rows<'a>(&self, scene: &Scene<'a>) -> Vec<&'a ClientRow> {
        let own = scene.index.clients.get(&self.client);
        let is_group = |row: &ClientRow| scene.index.groups.contains_key(&row.id);
        let may = |row: &ClientRow| row.id != self.client && !is_group(row);
        self.whom.rows(scene, may, |row| own.is_some_and(|own| same::alike(own, row)))
    }

    fn answers(&self, scene: &Scene<'_>) -> Vec<Answer> {
        let row = |id: ClientId| scene.index.clients.get(&id);
        let both = self.other.and_then(|other| Some((row(self.client)?, row(other)?)));
        let Some((own, other)) = both else { return Vec::new() };
        let mut answers = Vec::new();
        for (kept, twin) in [(other, own), (own, other)] {
            let (code, under) = (who::code(kept), who::code(twin));
            let same = Some((twin.id, kept.id));
            let words = format!("Keep {code}; {under} stands under it");
            answers.push(Answer { words, same, takes: None });
            let (takes, names) = missing(kept, twin);
            if !names.is_empty() {
                let words = format!("Keep {code}, and copy there: {}", names.join(", "));
                answers.push(Answer { words, same, takes: Some(takes) });
            }
        }
        answers.push(Answer { words: "They are two people".to_owned(), same: None, takes: None });
        answers
    }

    fn confirm(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        if self.other.is_none() {
            self.other = self.whom.chosen(&self.rows(scene));
            let nobody = self.other.is_none().then(|| Ask::Say(whom::NOBODY.to_owned()));
            return nobody.into_iter().collect();
        }
        let answers = self.answers(scene);
        let Some(answer) = answers.get(self.focus) else { return vec![Ask::Leave] };
        let Some((client, kept)) = answer.same else { return vec![Ask::Leave] };
        let mut asks = Vec::new();
        if let Some(contact) = answer.takes.clone() {
            let says = format!("copied into the contact of {}", scene.code(kept));
            asks.push(Ask::Edit(Edit::ChangeContact { client: kept, contact }, says));
        }
        let (code, under) = (scene.code(kept), scene.code(client));
        let says = format!("{under} is the same person as {code}");
        asks.push(Ask::Submit(Edit::SameAs { client, kept: Some(kept) }, says));
        asks
    }
}

/// What a duplicate's contact says and that of the one who is kept does not, with its names.
fn missing(kept: &ClientRow, twin: &ClientRow) -> (ContactChange, Vec<&'static str>) {
    let lacks =
        |kept: &String, twin: &String| (kept.is_empty() && !twin.is_empty()).then(|| twin.clone());
    let change = ContactChange {
        phone: lacks(&kept.phone, &twin.phone),
        email: lacks(&kept.email, &twin.email),
        safe_contact: lacks(&kept.safe_contact, &twin.safe_contact),
        ..ContactChange::default()
    };
    let names = [
        ("phone", change.phone.is_some()),
        ("email", change.email.is_some()),
        ("safe contact", change.safe_contact.is_some()),
    ];
    let names = names.into_iter().filter(|(_, lacks)| *lacks).map(|(name, _)| name);
    let names = names.collect();
    (change, names)
}

/// Types, moves, or answers.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) if state.is_typing() => state.whom.update(input),
        Act::Type(_) => {}
        Act::Verb(Verb::Confirm) => return state.confirm(scene),
        Act::Verb(verb) if state.is_typing() => {
            let length = state.rows(scene).len();
            state.whom.step(*verb, length, ROWS);
        }
        Act::Verb(verb) => {
            let length = state.answers(scene).len();
            list::step(&mut state.focus, *verb, length, usize::from(ROWS));
        }
    }
    Vec::new()
}

/// Draws the list, or both side by side.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    match state.other {
        None => {
            let title = format!("{} is the same person as", scene.code(state.client));
            state.whom.view(&state.rows(scene), (&title, COLUMNS, ROWS), scene, frame);
        }
        Some(other) => view_both(state, other, scene, frame),
    }
}

fn view_both(state: &State, other: ClientId, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let row = |id: ClientId| scene.index.clients.get(&id);
    let answers = state.answers(scene);
    let facts = match (row(state.client), row(other)) {
        (Some(own), Some(other)) => facts(own, other, scene),
        _ => vec![("", "One of both is out of sight by now.".to_owned(), String::new())],
    };
    // On a small screen what comes last gives way; the answers do not.
    let room = scene.look.rows.saturating_sub(paint::count(answers.len()) + 8);
    let facts: Vec<_> = facts.into_iter().take(room.max(1).into()).collect();
    let rows = paint::count(facts.len() + answers.len()) + 6;
    let title = "Are they one person?";
    let size = (COLUMNS, rows);
    let inside = paint::popup(frame, scene.look, size, (title, "Enter choose  Esc later"));
    let width = usize::from(inside.width).saturating_sub(LABEL) / 2;
    let mut line = 0;
    for (at, (label, own, other)) in facts.iter().enumerate() {
        let cell = |words: &str| paint::cell(&safe::truncated(words, width - 1, true), width);
        let words = format!("{}{}{}", paint::cell(label, LABEL), cell(own), cell(other));
        let style = if at == 0 { scene.look.title() } else { Style::new() };
        paint::text(frame, inside, line, &words, style);
        line += 1;
    }
    let words = "Nothing is moved or copied; g s or u parts them again.";
    paint::text(frame, inside, line + 1, words, Style::new());
    let body = paint::lines(inside, line + 2, u16::MAX);
    for (at, answer) in answers.iter().enumerate() {
        let focused = at == state.focus;
        let line = paint::count(at);
        paint::row(frame, scene.look, body, line, (&answer.words, Style::new(), focused));
    }
}

/// What tells two entries apart, one line for each thing that either says.
fn facts(
    own: &ClientRow,
    other: &ClientRow,
    scene: &Scene<'_>,
) -> Vec<(&'static str, String, String)> {
    let shown = |words: &str| match words {
        "" => "-".to_owned(),
        _ if scene.veil => "hidden (F9)".to_owned(),
        words => words.to_owned(),
    };
    let since = |row: &ClientRow| {
        let since = when::local(row.since, &scene.index.zone).date();
        format!("{} {}", when::short(since), since.year())
    };
    let sessions = |row: &ClientRow| {
        let held = scene.digest.sessions.get(&row.id).copied().unwrap_or(0);
        text::counted(held, "session", "sessions")
    };
    let next = |row: &ClientRow| {
        let next = scene.digest.next.get(&row.id).and_then(|id| scene.appointment(*id));
        next.map_or_else(
            || "-".to_owned(),
            |next| {
                let start = day::start(next, scene.index);
                format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()))
            },
        )
    };
    let entries = |row: &ClientRow| {
        let rows = scene.index.timelines.get(&row.id).map_or(0, |rows| rows.len());
        text::counted(rows, "entry", "entries")
    };
    let pair = |label, of: &dyn Fn(&ClientRow) -> String| (label, of(own), of(other));
    let mut facts = vec![
        pair("", &|row| who::code(row).to_owned()),
        pair("Name", &|row| shown(&row.name)),
        pair("Pronouns", &|row| row.pronouns.clone()),
        pair("Phone", &|row| shown(&row.phone)),
        pair("Email", &|row| shown(&row.email)),
        pair("Contact", &|row| shown(&row.safe_contact)),
        pair("Since", &since),
        pair("Held", &sessions),
        pair("Next", &next),
        pair("Timeline", &entries),
    ];
    let nothing = |words: &String| words.is_empty() || words == "-";
    facts.retain(|(_, own, other)| !(nothing(own) && nothing(other)));
    facts
}
