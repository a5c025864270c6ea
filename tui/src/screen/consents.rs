//! What a client has consented to: a list, and below it what the one in focus says.

use super::parts::consents::state_words;
use super::parts::{list, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::notice::Notice;
use crate::text;
use crate::widget::safe;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::consent::{ConsentEnd, ConsentState, ConsentView};
use tacenda_shared::practice::edit::Label;
use tacenda_shared::practice::view::{ConsentsView, View};

/// Rows of what the one in focus says, with its rule.
const DETAILS: u16 = 9;
/// Columns of a label there.
const LABEL: usize = 17;

/// Consents, as far as they have been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    view: Option<Box<ConsentsView>>,
    refusal: Option<Notice>,
    focus: usize,
    /// What is in focus, wherever it comes to stand.
    anchor: Option<RecordId>,
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names. One of them may
    /// be in focus from the start.
    pub fn new(client: ClientId, record: Option<RecordId>) -> Self {
        Self { client, view: None, refusal: None, focus: 0, anchor: record }
    }

    /// Takes what is known, or why it cannot be had. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Consents(view) = *view
                    && view.client.id == self.client
                {
                    let at = |one: &ConsentView| Some(one.row.record) == self.anchor;
                    let stays = view.consents.iter().position(at);
                    let last = view.consents.len().saturating_sub(1);
                    self.focus = stays.unwrap_or_else(|| self.focus.min(last));
                    self.view = Some(Box::new(view));
                    self.refusal = None;
                    self.hold();
                }
            }
            Err(notice) => {
                self.view = None;
                self.refusal = Some(notice);
            }
        }
    }

    /// What is written down here is what one goes on with.
    pub fn go_on_with(&mut self, record: RecordId) {
        self.anchor = Some(record);
    }

    fn hold(&mut self) {
        if let Some(one) = self.consent() {
            self.anchor = Some(one.row.record);
        }
    }

    fn consents(&self) -> &[ConsentView] {
        self.view.as_ref().map(|view| view.consents.as_slice()).unwrap_or_default()
    }

    /// Returns the consent in focus.
    pub fn consent(&self) -> Option<&ConsentView> {
        self.consents().get(self.focus)
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        let one = self.consent().map(|one| Focused::Consent(self.client, one.row.record));
        one.unwrap_or(Focused::Client(self.client))
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        let (mut at, length) = (state.focus, state.consents().len());
        if list::step(&mut at, *verb, length, usize::from(scene.look.rows / 2)) {
            state.focus = at;
            state.hold();
        }
    }
    Vec::new()
}

/// Reads why a consent is taken back, and the day after the last `on`, if one stands there.
pub fn revocation(typed: &str, today: Date) -> (&str, Date) {
    let whole = typed.strip_prefix("on ").map(|date| ("", date));
    let parted = typed.rsplit_once(" on ").or(whole);
    let read = parted.and_then(|(why, date)| Some((why.trim(), when::read_past(date, today)?)));
    read.filter(|(_, date)| *date <= today).unwrap_or((typed, today))
}

/// How that was understood.
pub fn revocation_words(typed: &str, today: Date) -> String {
    let (_, date) = revocation(typed, today);
    format!("= revoked on {}. Why may be left out; `on 3 nov` says another day.", when::long(date))
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let inside = paint::inset(area, 1);
    let title = format!("Consents   {}", who::client(scene.index, state.client, scene.veil));
    if state.view.is_none() {
        paint::rule(frame, scene.look, area, 0, (&title, ""));
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, scene.look, inside, 2, notice)),
            None => paint::text(frame, inside, 2, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    }
    let consents = state.consents();
    paint::rule(frame, scene.look, area, 0, (&title, &standing(consents, scene.today())));
    if consents.is_empty() {
        let words = "  Nothing is written down yet: n";
        paint::text(frame, area, 2, words, Style::new());
        frame.set_cursor_position((inside.x, area.y + 2));
        return;
    }
    let columns = columns(["for", "given", "until", "how"], area.width) + "state";
    paint::text(frame, inside, 1, &format!(" {columns}"), scene.look.title());
    let room = area.height.saturating_sub(2 + DETAILS).max(3);
    let height = room.min(paint::count(consents.len()));
    let body = paint::lines(area, 2, height);
    let top = list::top(state.focus, consents.len(), height.into());
    for (row, one) in consents.iter().enumerate().skip(top).take(height.into()) {
        let (words, style) = line(one, scene, body.width);
        let words = safe::truncated(&words, usize::from(body.width).saturating_sub(2), true);
        let focused = row == state.focus;
        paint::row(frame, scene.look, body, paint::count(row - top), (&words, style, focused));
    }
    if let Some(one) = state.consent() {
        details(one, scene, frame, paint::lines(area, 2 + height, u16::MAX));
    }
}

fn standing(consents: &[ConsentView], today: Date) -> String {
    let standing = |one: &&ConsentView| !one.struck && one.row.is_active(today);
    let active = consents.iter().filter(standing);
    let soon = active.clone().filter(|one| one.row.state(today) != ConsentState::Active).count();
    let soon = if soon > 0 { format!(", {soon} soon to expire") } else { String::new() };
    format!("{} active{soon}", active.count())
}

/// What stands before the state, which has the last columns; how it was given has some where there is
/// room.
fn columns(cells: [&str; 4], width: u16) -> String {
    let widths = if width < 78 { [18, 11, 11, 0] } else { [20, 11, 11, 12] };
    let cells = cells.into_iter().zip(widths).filter(|(_, width)| *width > 0);
    cells.map(|(words, width)| paint::cell(words, width) + " ").collect()
}

/// What a consent is for; of a release also for whom, which is a name.
pub fn kind_words(one: &ConsentView, veil: bool) -> String {
    match one.recipient.as_str() {
        "" => one.row.kind.title().to_owned(),
        _ if veil => format!("{}: hidden", one.row.kind.title()),
        recipient => format!("{}: {recipient}", one.row.kind.title()),
    }
}

fn line(one: &ConsentView, scene: &Scene<'_>, width: u16) -> (String, Style) {
    let (look, today) = (scene.look, scene.today());
    let state = one.row.state(today);
    let (words, style) = match state {
        _ if one.struck => ("struck: a mistake".to_owned(), Style::new()),
        ConsentState::Expires(_) => (state_words(state, today), look.waiting()),
        ConsentState::Expired(_) | ConsentState::Revoked(_) | ConsentState::Refused(_) => {
            (state_words(state, today), look.alarm())
        }
        ConsentState::Active | ConsentState::Renewed(_) => {
            (state_words(state, today), Style::new())
        }
    };
    let date = |date: Date| format!("{} {}", when::aligned(date), date.year());
    let given =
        if one.row.end == Some(ConsentEnd::Refused) { "-".to_owned() } else { date(one.row.given) };
    let until = one.row.until.map_or_else(|| "-".to_owned(), date);
    let kind = kind_words(one, scene.veil);
    let columns = columns([&kind, &given, &until, one.how.title()], width);
    (columns + &words, style)
}

/// What the one in focus says.
fn details(one: &ConsentView, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let title = text::capital(&kind_words(one, scene.veil));
    paint::rule(frame, scene.look, area, 0, (&title, ""));
    let inside = paint::inset(paint::lines(area, 1, u16::MAX), 1);
    let none = |text: &str| match text {
        "" => "-".to_owned(),
        _ if scene.veil => "hidden (F9 shows)".to_owned(),
        text => text.to_owned(),
    };
    let signed = when::local(one.signed.time, &one.signed.zone);
    let author = scene.index.clinicians.get(&one.author).map_or("", String::as_str);
    let written = format!("{} {}  {author}", when::long(signed.date()), when::clock(signed.time()));
    let mut rows =
        vec![("What is covered", none(&one.covers)), ("Client's words", none(&one.said))];
    if matches!(one.row.end, Some(ConsentEnd::Revoked(_))) {
        rows.push(("Revoked because", none(&one.reason)));
    }
    rows.push(("Written down", written));
    if one.handed {
        rows.push(("Answered", "by the client alone, on a device handed over".to_owned()));
    }
    if !one.labels.is_empty() {
        rows.push(("Labels", Label::list(&one.labels)));
    }
    if one.says_more {
        rows.push(("", "A newer version wrote more than this one can show.".to_owned()));
    }
    let room = usize::from(inside.width).saturating_sub(LABEL);
    let mut line = 0;
    for (label, words) in rows {
        for (at, part) in paint::folded(&words, room).iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            paint::text(frame, inside, line, &format!("{label:<LABEL$}{part}"), Style::new());
            line += 1;
        }
    }
}
