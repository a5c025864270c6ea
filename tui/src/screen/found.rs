//! What a search found in notes and records, below the clients: where, when, and the place in the text
//! in one line, once somebody stops typing. Under the veil names in it are left out.

use super::Scene;
use super::parts::{list, paint, when, who};
use crate::message::Secret;
use crate::text;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use tacenda_shared::id::{ClientId, Timestamp};
use tacenda_shared::practice::search::{FOUND_MAX, Found, Hit, Line, Match, Names, Place};
use tacenda_shared::practice::view::Index;

/// How long after the last key the lines are opened, in milliseconds: to open is written down.
pub const PAUSE_MILLIS: i64 = 400;

/// Where something was found.
pub type At = (Option<ClientId>, Place);

/// What was found for what stands in the filter.
#[derive(Debug, Default)]
pub struct State {
    /// The words that were asked for.
    words: Secret,
    hits: Vec<Hit>,
    lines: BTreeMap<At, Line>,
    /// Which lines need not be asked for: they were, and say what stands there as far as is known.
    asked: BTreeSet<At>,
    /// Of these, those for which no answer has come, in the order in which they were asked for.
    pending: VecDeque<Vec<At>>,
    /// How many texts hold the words.
    total: usize,
    matches: usize,
    /// Whether something is known of these words.
    is_answered: bool,
    waiting: usize,
    partly: usize,
    /// Words of names, which the veil leaves out.
    names: Names,
    /// When the lines are to be opened.
    pub(crate) wake: Option<Timestamp>,
}

impl State {
    /// Returns the words that were asked for.
    pub fn words(&self) -> &Secret {
        &self.words
    }

    /// Returns what was found, best first.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Other words are looked for: nothing is known of them yet. `false` if they are the same.
    pub fn ask(&mut self, words: &str) -> bool {
        if *self.words.0 == *words {
            return false;
        }
        let found = std::mem::take(self);
        // What is there stays until an answer comes, so that the list does not flicker.
        let hits = if words.is_empty() { Vec::new() } else { found.hits };
        let total = if words.is_empty() { 0 } else { found.total };
        *self = Self { words: Secret(words.to_owned().into()), hits, total, ..Self::default() };
        true
    }

    /// Takes what was found for some words, unless others are asked for by now.
    pub fn take(&mut self, words: &Secret, found: Found, index: &Index, now: Timestamp) {
        if words.0 != self.words.0 {
            return;
        }
        let text = |one: &Match| match one {
            Match::Client(_) => None,
            Match::Text(hit) => Some(*hit),
        };
        self.hits = found.matches.iter().filter_map(text).collect();
        let clients = found.matches.len() - self.hits.len();
        (self.matches, self.total) = (found.total, found.total.saturating_sub(clients));
        (self.waiting, self.partly) = (found.waiting, found.partly);
        self.is_answered = true;
        // What can be written anew says something else by now, and what could not be read may be
        // read now. A line stays until the next comes, so that the list does not flicker; what is
        // being asked for is answered as it is by then.
        let pending: BTreeSet<At> = self.pending.iter().flatten().copied().collect();
        let lines = &self.lines;
        let stays = |at: &At| !at.1.may_change() && lines.contains_key(at);
        self.asked.retain(|at| pending.contains(at) || stays(at));
        let shown: BTreeSet<At> = self.hits.iter().map(|hit| (hit.client, hit.place)).collect();
        self.lines.retain(|at, _| shown.contains(at));
        self.names = names_of(index);
        // Changes that come again and again do not put the lines off again and again.
        let before = self.wake;
        self.rest(now);
        self.wake = self.wake.map(|wake| before.map_or(wake, |before| before.min(wake)));
    }

    /// Somebody has moved or stopped: lines that are in sight then are opened after a pause.
    pub fn rest(&mut self, now: Timestamp) {
        let open = self.waiting == 0 && !self.hits.is_empty();
        self.wake = open.then(|| now.plus_millis(PAUSE_MILLIS));
    }

    /// Takes lines for some words.
    pub fn show(&mut self, words: &Secret, lines: Vec<(Hit, Line)>) {
        if words.0 != self.words.0 {
            return;
        }
        for at in self.pending.pop_front().unwrap_or_default() {
            // Of what is gone, or cannot be read, no line stays.
            self.lines.remove(&at);
        }
        self.lines.extend(lines.into_iter().map(|(hit, line)| ((hit.client, hit.place), line)));
    }

    /// Lines for some words could not be shown: they are asked for again with the next look.
    pub fn failed(&mut self, words: &Secret) {
        if words.0 == self.words.0 {
            for at in self.pending.pop_front().unwrap_or_default() {
                self.asked.remove(&at);
            }
        }
    }

    /// Returns which lines are to be opened now, and how many results there are in all.
    pub fn due(&mut self, seen: Range<usize>, now: Timestamp) -> Option<(Vec<Match>, usize)> {
        self.wake.take_if(|wake| *wake <= now)?;
        let seen = self.hits.iter().skip(seen.start).take(seen.len());
        let new: Vec<_> =
            seen.filter(|hit| !self.asked.contains(&(hit.client, hit.place))).copied().collect();
        let new_ones: Vec<At> = new.iter().map(|hit| (hit.client, hit.place)).collect();
        self.asked.extend(&new_ones);
        self.pending.extend((!new_ones.is_empty()).then_some(new_ones));
        (!new.is_empty()).then(|| (new.into_iter().map(Match::Text).collect(), self.matches))
    }

    /// Returns the words to be marked where a hit is opened: as they stand in its line, or else as
    /// they were typed.
    pub fn needle(&self, hit: &Hit) -> Option<String> {
        let line = self.lines.get(&(hit.client, hit.place));
        let marked = line.and_then(|line| line.text.get(line.marks.first()?.clone()));
        let typed = || self.words.0.split(['"', ' ']).find(|word| !word.is_empty());
        marked.or_else(typed).map(str::to_owned)
    }

    /// How many rows it would take to show all of it, with its heading.
    pub fn height(&self) -> usize {
        if self.is_blank() { 0 } else { self.hits.len() + 1 }
    }

    /// Whether nothing was looked for in texts.
    fn is_blank(&self) -> bool {
        self.words.0.chars().nth(1).is_none()
    }

    fn says(&self) -> String {
        let found = match self.total {
            _ if !self.is_answered => return "looking ...".to_owned(),
            0 => "nothing found".to_owned(),
            total if total > self.hits.len() => {
                format!("{} of {total}, newest first", self.hits.len())
            }
            total => format!("{total} found, newest first"),
        };
        match (self.waiting, self.partly) {
            (0, 0) => found,
            (0, partly) => {
                let texts = text::counted(partly, "text", "texts");
                format!("{found}; {texts} not searched in whole")
            }
            (waiting, _) => {
                let charts = text::counted(waiting, "chart", "charts");
                format!("{found} so far; {charts} to go")
            }
        }
    }
}

/// Results of a search that are kept, at the most.
pub const HITS_MAX: usize = FOUND_MAX;

/// Draws the heading and what fits below it; `focus` is the row in focus, if one is.
pub fn view(
    state: &State,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    focus: Option<usize>,
) {
    if state.is_blank() || area.height == 0 {
        return;
    }
    paint::rule(frame, scene.look, area, 0, ("In notes and records", &state.says()));
    let body = paint::lines(area, 1, u16::MAX);
    let seen = in_sight(state, focus, body.height.into());
    for (row, (at, hit)) in
        state.hits.iter().enumerate().skip(seen.start).take(seen.len()).enumerate()
    {
        draw(state, hit, scene, frame, (body, paint::count(row), focus == Some(at)));
    }
}

/// Returns which rows are in sight.
pub fn in_sight(state: &State, focus: Option<usize>, height: usize) -> Range<usize> {
    let top = list::top(focus.unwrap_or(0), state.hits.len(), height);
    top..state.hits.len().min(top + height)
}

fn draw(
    state: &State,
    hit: &Hit,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    (area, row, focused): (Rect, u16, bool),
) {
    if row >= area.height {
        return;
    }
    let code = hit.client.map_or_else(String::new, |client| {
        let under = scene.index.own_row(client).map(|row| who::code(row).to_owned());
        under.unwrap_or_else(|| who::client(scene.index, client, true))
    });
    let date = hit.time.map_or_else(
        || "as it is".to_owned(),
        |time| {
            let date = when::local(time, &scene.index.zone).date();
            format!("{} {}", when::aligned(date), date.year())
        },
    );
    let head = format!("{} {} {} ", paint::cell(&code, 10), paint::cell(&date, 11), kind(hit));
    let room = usize::from(area.width).saturating_sub(2 + safe::columns(&head));
    let line = state.lines.get(&(hit.client, hit.place));
    // Under the veil the chart hides how the client is reached, and so does a line of it.
    let line = line.filter(|_| !scene.veil || hit.place != Place::Details);
    let line = line.map(|line| if scene.veil { veiled(line, &state.names) } else { line.clone() });
    let (words, marks) = match &line {
        Some(line) => fitting(line, room),
        None => (times(hit.count), Vec::new()),
    };
    paint::row(frame, scene.look, area, row, (&format!("{head}{words}"), Style::new(), focused));
    let first = 2 + safe::columns(&head);
    for mark in marks {
        let (from, to) = (words.get(..mark.start), words.get(..mark.end));
        let (Some(from), Some(to)) = (from, to) else { continue };
        let (from, to) = (safe::columns(from) + first, safe::columns(to) + first);
        let (x, width) = (paint::count(from), paint::count(to.saturating_sub(from)));
        let place = Rect { x: area.x + x, y: area.y + row, width, height: 1 }.intersection(area);
        paint::fill(frame, place, mark_style());
    }
}

/// What was found stands out also where there are no colours.
const fn mark_style() -> Style {
    Style::new().add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED))
}

/// Columns of what says that something was cut.
const ELLIPSIS: usize = 3;

fn times(count: u32) -> String {
    if count == 1 { "...".to_owned() } else { format!("... {count} times") }
}

fn kind(hit: &Hit) -> String {
    let word = match hit.place {
        Place::Addendum { .. } => "addendum",
        Place::Appointment(_) => "calendar",
        Place::Attachment(_) => "file",
        Place::Consent(_) => "consent",
        Place::Contact(_) => "contact",
        Place::Crisis(_) => "crisis",
        Place::Details => "reach",
        Place::Draft(_) => "draft",
        Place::Journal(_) => "journal",
        Place::Measure(_) => "measure",
        Place::Note(_) => "note",
        Place::Plan => "plan",
        Place::PlanVersion(_) => "old plan",
        Place::Task(_) => "task",
    };
    paint::cell(word, 8)
}

/// Returns as much of a line as a width holds, so that what was found first is in sight.
fn fitting(line: &Line, width: usize) -> (String, Vec<Range<usize>>) {
    let first = line.marks.first().map_or(0, |mark| mark.start);
    let before = line.text.get(..first).unwrap_or_default();
    let room = width / 3;
    let mut start = 0;
    // Where all of it fits, nothing is cut.
    let all = safe::columns(&line.text) + 2 * ELLIPSIS;
    if all > width && safe::columns(before) > room {
        // The last words before it that fit.
        let words = before.char_indices().filter(|(_, letter)| letter.is_whitespace());
        let fits = |at: &usize| safe::columns(before.get(*at..).unwrap_or_default()) <= room;
        start = words.map(|(at, space)| at + space.len_utf8()).find(fits).unwrap_or(first);
    }
    let lead = if start > 0 || line.goes_before { ".. " } else { "" };
    let rest = line.text.get(start..).unwrap_or_default();
    let tail = if line.goes_on { " .." } else { "" };
    let moved = |at: usize| at.saturating_sub(start) + lead.len();
    let marks = line.marks.iter().filter(|mark| mark.start >= start);
    let marks = marks.map(|mark| moved(mark.start)..moved(mark.end)).collect();
    (format!("{lead}{rest}{tail}"), marks)
}

/// Returns every word of a name of a client.
fn names_of(index: &Index) -> Names {
    let rows = index.clients.values().flat_map(|row| std::iter::once(row).chain(&row.same));
    Names::of(rows.map(|row| row.name.as_str()))
}

/// Returns a line in which names are left out.
fn veiled(line: &Line, names: &Names) -> Line {
    const VEIL: &str = "--";
    let places = names.places(&line.text);
    let mut text = String::new();
    let mut at = 0;
    for place in &places {
        text.push_str(line.text.get(at..place.start).unwrap_or_default());
        text.push_str(VEIL);
        at = place.end;
    }
    text.push_str(line.text.get(at..).unwrap_or_default());
    // What is marked within a name is the veil over it.
    let moved = |at: usize, ends: bool| {
        let before = places.iter().take_while(|place| place.end <= at);
        let (mut gone, mut come) = (0, 0);
        for place in before {
            (gone, come) = (gone + place.len(), come + VEIL.len());
        }
        let within = places.iter().find(|place| place.start < at && at < place.end);
        let at = within.map_or(at, |place| place.start);
        at - gone + come + if ends && within.is_some() { VEIL.len() } else { 0 }
    };
    let marks = line.marks.iter().map(|mark| moved(mark.start, false)..moved(mark.end, true));
    let marks = marks.collect();
    Line { text, marks, ..line.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, found: &str) -> Line {
        let start = text.find(found).expect("it stands there");
        let marks = std::iter::once(start..start + found.len()).collect();
        Line { text: text.into(), marks, goes_before: false, goes_on: false }
    }

    #[test]
    fn what_was_found_is_in_sight_however_narrow_the_row_is() {
        for width in [20, 43, 100] {
            let line = line("Came late and spoke at length of the diary of her sleep", "diary");
            let (words, marks) = fitting(&line, width);
            assert_eq!(&words[marks[0].clone()], "diary");
            assert!(safe::columns(&words[..marks[0].end]) <= width, "{words}");
        }
    }

    #[test]
    fn under_the_veil_no_name_stands_in_a_line_and_marks_stay_where_they_belong() {
        let names = Names::of(["Juno Marsh"]);
        let shown = veiled(&line("Juno's diary: JUNO Marsh slept.", "diary"), &names);
        assert_eq!(shown.text, "--'s diary: -- -- slept.");
        assert_eq!(&shown.text[shown.marks[0].clone()], "diary");
    }

    #[test]
    fn under_the_veil_a_name_is_left_out_however_it_is_typed() {
        let names = Names::of(["Zoé Groß", "Jörg O'Brien", "İpek"]);
        let shown = veiled(&line("Zoe GROSS, Joerg O'Brien's and IPEK slept", "Zoe GROSS"), &names);
        assert_eq!(shown.text, "-- --, -- --'s and -- slept");
        assert_eq!(&shown.text[shown.marks[0].clone()], "-- --");
        let shown = veiled(&line("Jörg O'Brien slept", "Brien slept"), &names);
        assert_eq!(&shown.text[shown.marks[0].clone()], "-- slept");
    }

    fn hit(place: Place) -> Hit {
        Hit { client: Some(ClientId::from_bytes([1; 16])), place, time: None, count: 1 }
    }

    fn due(state: &mut State, now: i64) -> Vec<Place> {
        let due = state.due(0..9, Timestamp::from_millis(now)).map_or(Vec::new(), |(due, _)| due);
        let place = |one: Match| match one {
            Match::Text(hit) => Some(hit.place),
            Match::Client(_) => None,
        };
        due.into_iter().filter_map(place).collect()
    }

    #[test]
    fn a_line_that_failed_or_may_say_something_else_is_asked_for_again() {
        let note = Place::Note(tacenda_shared::id::RecordId::from_bytes([2; 16]));
        let task = Place::Task(tacenda_shared::id::TaskId::from_bytes([3; 16]));
        let visit = Place::Appointment(tacenda_shared::id::AppointmentId::from_bytes([4; 16]));
        let all = [note, task, visit, Place::Details];
        let matches: Vec<Match> = all.into_iter().map(|place| Match::Text(hit(place))).collect();
        let found = || Found { total: 4, matches: matches.clone(), waiting: 0, partly: 0 };
        let (words, mut state, index) =
            (Secret("ab".to_owned().into()), State::default(), Index::default());
        let take = |state: &mut State, now| {
            state.take(&words, found(), &index, Timestamp::from_millis(now));
        };
        assert!(state.ask("ab"));
        take(&mut state, 0);
        assert_eq!(due(&mut state, 400), all);
        state.failed(&words);
        state.rest(Timestamp::from_millis(500));
        assert_eq!(due(&mut state, 900), all, "it failed");
        let lines = all.map(|place| (hit(place), line("ab", "ab"))).to_vec();
        state.show(&words, lines);
        state.rest(Timestamp::from_millis(1000));
        assert!(due(&mut state, 1400).is_empty(), "all are there");
        // Something has changed: what was signed has not. Until the answer the old lines stay.
        take(&mut state, 2000);
        take(&mut state, 2300);
        assert_eq!(state.lines.len(), 4);
        assert_eq!(due(&mut state, 2400), all[1..], "a second change puts nothing off");
        state.show(&words, vec![(hit(task), line("ab", "ab"))]);
        assert_eq!(state.lines.len(), 2, "the others are gone");
    }
}
