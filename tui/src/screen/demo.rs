//! What only a demo shows: a card with its acts, and beside a note what the server keeps of it.

use super::Scene;
use super::parts::paint;
use crate::acts::{Cheat, Kept, OtherDevice};
use crate::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::VecDeque;
use tacenda_shared::id::{ClientId, DeviceId, ObjectId};

/// From this height on the card has a line for each act.
const ROOMY: u16 = 24;
/// Lines of a roomy card, and of a small one, without what it tells.
const LINES: (u16, u16) = (5, 3);
/// From this width on a small card has whole words.
const WIDE: u16 = 76;
/// Entries of the server that are remembered.
const KEPT: usize = 40;

/// Where the demo stands.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State {
    /// This device, as the server knows it.
    pub this: Option<DeviceId>,
    /// Whether the card was put away.
    pub away: bool,
    /// Whether notes are shown beside what the server keeps.
    pub split: bool,
    /// The note that the first act began.
    pub note: Option<(ClientId, ObjectId)>,
    /// What the other device had done when the cable was pulled; `None` while it is in.
    pub pulled: Option<OtherDevice>,
    /// Where the act with the cheating server stands.
    pub server: Server,
    /// What the other device does.
    pub other: Option<OtherDevice>,
    /// What the server keeps, newest first.
    pub kept: VecDeque<Kept>,
    /// How many entries the server has taken since it is watched.
    pub count: u64,
}

/// Where the act with the cheating server stands.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Server {
    /// It was told to cheat, and waits for something to cheat with.
    Asked(Cheat),
    /// It has cheated.
    Done(Cheat),
    /// It has not cheated yet.
    #[default]
    Honest,
    /// It cheated, and is honest again.
    HonestAgain,
    /// It was caught: how, and in which words.
    Noticed(Cheat, String),
}

impl State {
    /// Remembers what the server keeps.
    pub fn keep(&mut self, kept: Kept) {
        self.count = self.count.saturating_add(1);
        self.kept.push_front(kept);
        self.kept.truncate(KEPT);
    }

    /// Takes an alarm: if the server is cheating, it was caught.
    pub fn notice(&mut self, words: &str) {
        if let Server::Asked(cheat) | Server::Done(cheat) = self.server {
            self.server = Server::Noticed(cheat, words.to_owned());
        }
    }
}

/// Returns the columns that the text of a note has on a terminal of `columns`.
pub fn text_columns(state: Option<&State>, columns: u16) -> u16 {
    if state.is_some_and(|state| state.split) { columns / 2 } else { columns }
}

/// Splits the body of a screen into its own part and that of the card.
pub fn room(state: &State, scene: &Scene<'_>, body: Rect) -> (Rect, Rect) {
    let told = paint::count(told(state, usize::from(body.width.saturating_sub(2))).len());
    let base = if scene.look.rows >= ROOMY { LINES.0 } else { LINES.1 };
    let height = if state.away { 0 } else { (base + told).min(body.height / 2) };
    let own = Rect { height: body.height - height, ..body };
    (own, paint::lines(body, own.height, height))
}

/// Draws the card.
pub fn card(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let look = scene.look;
    paint::rule(frame, look, area, 0, ("Demo: nobody in it is real", "0 puts this away"));
    let inside = paint::inset(area, 1);
    let acts: Vec<(String, Style)> = if look.rows >= ROOMY {
        vec![
            (act("F5", "What the server sees", &sees_words(state)), Style::new()),
            (act(" 8", "Pull the cable", &cable_words(state, scene)), cable_style(state, scene)),
            (act(" 9", "Let the server cheat", server_words(state)), server_style(state, scene)),
            (act("F3", "The other device", &other_words(state)), Style::new()),
        ]
    } else {
        let keys = if look.columns >= WIDE {
            "F5 what the server sees  8 the cable  9 let it cheat  F3 other device"
        } else {
            "F5 server sees  8 cable  9 let cheat  F3 other device"
        };
        let news = match (&state.server, &state.pulled) {
            (Server::Honest | Server::HonestAgain, Some(_)) => {
                (format!("Cable {}", cable_words(state, scene)), cable_style(state, scene))
            }
            (Server::Honest, None) => {
                (format!("Other device: {}", other_words(state)), Style::new())
            }
            _ => (format!("Server: {}", server_words(state)), server_style(state, scene)),
        };
        vec![(keys.to_owned(), Style::new()), news]
    };
    let mut line = 1;
    for (words, style) in &acts {
        paint::text(frame, inside, line, words, *style);
        line += 1;
    }
    for words in told(state, usize::from(inside.width)) {
        paint::text(frame, inside, line, &words, Style::new());
        line += 1;
    }
}

fn act(key: &str, title: &str, words: &str) -> String {
    format!("{key}  {} {words}", paint::cell(title, 21))
}

fn sees_words(state: &State) -> String {
    let act = if state.note.is_some() { "go on with the note" } else { "write a note" };
    format!("{act}, and see what it has of it")
}

fn cable_words(state: &State, scene: &Scene<'_>) -> String {
    let queued = scene.sync.queued;
    match &state.pulled {
        Some(before) => {
            let now = state.other.unwrap_or_default();
            let meanwhile = now.all().saturating_sub(before.all());
            let meanwhile = usize::try_from(meanwhile).unwrap_or(usize::MAX);
            let acts = text::counted(meanwhile, "act", "acts");
            format!("OUT: queue {queued}; the other device did {acts} since")
        }
        None if !scene.sync.connected => format!("in; connecting, queue {queued}"),
        None if queued > 0 => format!("in; sending, queue {queued}"),
        None => "in; queue 0".to_owned(),
    }
}

fn cable_style(state: &State, scene: &Scene<'_>) -> Style {
    if state.pulled.is_some() { scene.look.waiting() } else { Style::new() }
}

fn server_words(state: &State) -> &'static str {
    match state.server {
        Server::Asked(Cheat::Withhold) => "it will keep the next entry from you ...",
        Server::Asked(_) => "it will change the next entry on its way to you ...",
        Server::Done(Cheat::Withhold) => "it has kept an entry from you",
        Server::Done(_) => "it has changed an entry on its way to you",
        Server::Honest => "it is honest so far",
        Server::HonestAgain => "it is honest again; what it kept back comes now",
        Server::Noticed(Cheat::Withhold, _) => "CAUGHT withholding; 9 makes it honest",
        Server::Noticed(..) => "CAUGHT altering; 9 lets it withhold something",
    }
}

fn server_style(state: &State, scene: &Scene<'_>) -> Style {
    match state.server {
        Server::Noticed(..) => scene.look.alarm(),
        Server::Asked(_) | Server::Done(_) => scene.look.waiting(),
        Server::Honest | Server::HonestAgain => Style::new(),
    }
}

fn other_words(state: &State) -> String {
    let Some(other) = &state.other else { return "is being set up ...".to_owned() };
    let verb = if other.works { "works beside you" } else { "stands still" };
    let OtherDevice { booked, moved, written, .. } = other;
    let written = text::counted(usize::try_from(*written).unwrap_or(0), "sentence", "sentences");
    format!("{verb}: {booked} booked, {moved} moved, {written}")
}

/// What is told about how the server was caught, in lines of `width` columns.
fn told(state: &State, width: usize) -> Vec<String> {
    let Server::Noticed(cheat, words) = &state.server else { return Vec::new() };
    let how = match cheat {
        Cheat::Withhold => {
            "How: the log is a chain, and the server named a link of it that it did not hand over. \
             Nothing is lost: it comes when the server is honest again."
        }
        Cheat::Alter | Cheat::Honest => {
            "How: each entry is signed by its device, and one changed bit breaks that. Nothing of \
             it was shown; the true entry comes when the server is honest again."
        }
    };
    let words = words.strip_prefix("Something is wrong with your server: ").unwrap_or(words);
    paint::folded(&format!("Noticed: {words}\n{how}"), width)
}

/// Draws what the server keeps.
pub fn kept(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    paint::rule(frame, look, area, 0, ("What the server keeps", &state.count.to_string()));
    let inside = Rect { width: area.width.saturating_sub(1), ..area };
    let mut line = 1;
    let words = if state.kept.is_empty() {
        "Type in the note. After a pause of three seconds it is sealed and sent, and all that the \
         server has of it stands here. F5 closes this."
    } else {
        "No client, no note, no word: a number for each log and device, a size that is padded, \
         and bytes that nobody without your keys can read. F5 closes this."
    };
    line = paint::paragraph(frame, inside, line, words, Style::new()) + 1;
    for kept in &state.kept {
        if line >= area.height {
            break;
        }
        let log = short(&kept.log.to_string());
        let head = format!("log {log}  entry {}  {} bytes", kept.position, kept.bytes);
        paint::text(frame, inside, line, &head, look.title());
        let whose = if state.this == Some(kept.author) { " (this one)" } else { "" };
        let author = short(&kept.author.to_string());
        let from = format!("by device {author}{whose}");
        paint::text(frame, inside, line + 1, &from, Style::new());
        let bytes = spaced(&kept.first, inside.width.into());
        paint::text(frame, inside, line + 2, &bytes, look.good());
        line += 4;
    }
}

fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// Pairs of hexadecimal digits, as many as fit.
fn spaced(digits: &str, width: usize) -> String {
    let letters: Vec<char> = digits.chars().collect();
    let pairs: Vec<String> = letters.chunks(2).map(|pair| pair.iter().collect()).collect();
    let fitting = (width.saturating_sub(3)) / 3;
    let shown: Vec<&str> = pairs.iter().take(fitting).map(String::as_str).collect();
    format!("{} ...", shown.join(" "))
}

#[cfg(test)]
mod tests;
