//! A signed note with what was added to it later, and the way to add to it.
//!
//! The note itself never changes; there is nothing on this screen that could change it. What stands in
//! its place, and why, is said over it, and what that changed behind it.

use super::note::{Heading, Look, Outcome, line};
use super::parts::{corrected, when};
use crate::input::{Input, KeyCode};
use crate::text;
use crate::widget::editor::{Editor, Needle};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, MemberId, RecordId, Timestamp};
use tacenda_shared::practice::correction::changes::Piece;
use tacenda_shared::practice::correction::{Held, Version, Versions};
use tacenda_shared::practice::edit::{Came, Label, Part, Stamp};
use tacenda_shared::practice::supervision::{Supervision, SupervisionView};
use tacenda_shared::practice::times::Times;
use tacenda_shared::practice::view::{JournalHead, NoteView};

/// Rows above the text.
const HEADER: u16 = 1;

/// How people and moments are written; asked once per view, so that drawing stays pure.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The name that colleagues know.
    pub member: &'a dyn Fn(MemberId) -> String,
    /// Local date, time and zone.
    pub moment: &'a dyn Fn(&Stamp) -> String,
    /// Local time of day in the practice's zone.
    pub clock: &'a dyn Fn(Timestamp) -> String,
    /// Code or name of a client, as the veil allows.
    pub client: &'a dyn Fn(ClientId) -> String,
    /// From when to when a session was, which was signed otherwise before.
    pub held: &'a dyn Fn(&Held) -> String,
}

/// A signed note on the screen.
#[derive(Debug)]
pub struct State {
    record: RecordId,
    client: ClientId,
    text: Editor,
    words: usize,
    addenda: usize,
    /// Its labels; `None` until it is open.
    labels: Option<BTreeSet<Label>>,
    author: MemberId,
    journal: bool,
    supervision: Option<SupervisionView>,
    /// `None` of what is not corrected.
    versions: Option<Box<Versions>>,
    /// What is marked in it.
    needle: Needle,
    columns: u16,
    rows: u16,
}

impl State {
    /// Shows a note.
    pub fn new(view: &NoteView, words: Words<'_>) -> Self {
        let mut state = Self {
            record: view.record,
            client: view.client,
            text: Editor::new(Part::Text, ""),
            words: 0,
            addenda: 0,
            labels: None,
            author: view.author,
            journal: view.journal.is_some(),
            supervision: None,
            versions: None,
            needle: Needle::default(),
            columns: 80,
            rows: 22,
        };
        state.show(view, words);
        state
    }

    /// Returns which note it is.
    pub const fn record(&self) -> RecordId {
        self.record
    }

    /// Returns whose it is.
    pub const fn client(&self) -> ClientId {
        self.client
    }

    /// Returns its labels; `None` until it is open.
    pub const fn labels(&self) -> Option<&BTreeSet<Label>> {
        self.labels.as_ref()
    }

    /// Returns who signed it.
    pub const fn author(&self) -> MemberId {
        self.author
    }

    /// Whether it is an entry of a client's journal.
    pub const fn is_journal(&self) -> bool {
        self.journal
    }

    /// Returns how it stands among its corrections; `None` of what is not corrected.
    pub fn versions(&self) -> Option<&Versions> {
        self.versions.as_deref()
    }

    /// Returns how it stands with a second person, if it was handed to one.
    pub const fn supervision(&self) -> Option<&SupervisionView> {
        self.supervision.as_ref()
    }

    /// Goes to the first place where a text stands, and marks it.
    pub fn seek(&mut self, needle: &str) {
        self.needle = Needle::new(needle);
        self.text.place_caret(0);
        self.text.find_here(&self.needle);
    }

    /// Tells how large the area is that `view` will be given.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        (self.columns, self.rows) = (columns, rows);
        self.arrange();
    }

    /// Takes a newer view: an addendum has come, from here or from elsewhere.
    pub fn apply_view(&mut self, view: &NoteView, words: Words<'_>) {
        self.show(view, words);
    }

    /// Takes what the person did.
    pub fn update(&mut self, input: &Input) -> Outcome {
        if let Input::Resize { columns, rows } = input {
            self.resize(*columns, *rows);
            return Outcome::default();
        }
        self.read(input)
    }

    fn read(&mut self, input: &Input) -> Outcome {
        let Input::Key(key) = input else { return Outcome::default() };
        let (_, rows) = self.text.size();
        let half = (rows / 2).max(1);
        match (key.code, key.ctrl) {
            (KeyCode::Up | KeyCode::Char('k'), false) => self.text.scroll(1, true),
            (KeyCode::Down | KeyCode::Char('j'), false) => self.text.scroll(1, false),
            (KeyCode::PageUp, false) => self.text.scroll(half, true),
            (KeyCode::PageDown, false) => self.text.scroll(half, false),
            (KeyCode::Home, false) => self.text.scroll(u16::MAX, true),
            (KeyCode::End, false) => self.text.scroll(u16::MAX, false),
            (KeyCode::F(3), false) => self.find_next(),
            (KeyCode::Char('n' | 'A'), false) => return Outcome { add: true, ..taken() },
            (KeyCode::Esc | KeyCode::Backspace | KeyCode::Char('q'), false) => {
                return Outcome { leave: true, ..taken() };
            }
            _ => return Outcome::default(),
        };
        taken()
    }

    /// Goes to the next place, after the last to the first.
    fn find_next(&mut self) -> bool {
        let from = self.text.selection().map_or(self.text.caret(), |(_, to)| to);
        self.text.find_beyond(&self.needle, from, false)
            || self.text.find_beyond(&self.needle, 0, false)
    }

    fn show(&mut self, view: &NoteView, words: Words<'_>) {
        let note: usize = view.parts.iter().map(|(_, text)| text.split_whitespace().count()).sum();
        self.words = note;
        self.addenda = view.addenda.len();
        self.labels = Some(view.labels.clone());
        self.supervision.clone_from(&view.supervision);
        self.versions.clone_from(&view.versions);
        let caret = self.text.caret();
        self.text = Editor::new(Part::Text, &whole(view, words));
        self.text.place_caret(caret);
        if !self.needle.is_empty() {
            self.text.find_here(&self.needle);
        }
        self.arrange();
    }

    fn arrange(&mut self) {
        self.text.resize(self.columns, self.rows.saturating_sub(HEADER));
    }
}

/// Draws the screen into `area`, which should have the size that [`State::resize`] was told, and
/// puts the terminal's cursor on the caret or on the first row of the text.
pub fn view(state: &State, heading: &Heading<'_>, frame: &mut Frame<'_>, area: Rect, look: &Look) {
    let buffer = frame.buffer_mut();
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let added = match state.addenda {
        0 => String::new(),
        1 => "   1 addendum".to_owned(),
        addenda => format!("   {addenda} addenda"),
    };
    let (before, after) = state
        .versions
        .as_ref()
        .map_or((false, false), |all| (!all.before.is_empty(), !all.after.is_empty()));
    let signed = match (after, before) {
        (true, _) => "REPLACED",
        (false, true) => "SIGNED, corrected",
        (false, false) => "SIGNED",
    };
    let title = format!(
        "{}  {}  {}   {signed}  {}{added}",
        heading.kind,
        heading.client,
        heading.session,
        text::counted(state.words, "word", "words")
    );
    line(buffer, area, 0, &title, bold, *look);
    let text = Rect {
        y: area.y + HEADER.min(area.height),
        height: area.height.saturating_sub(HEADER),
        ..area
    };
    // The place that was looked for is reversed, and bears the cursor.
    let is_sought = !state.needle.is_empty();
    state.text.draw(text, buffer, Style::new(), is_sought);
    let caret = state.text.caret_cell(text).filter(|_| is_sought);
    frame.set_cursor_position(caret.unwrap_or(Position { x: text.x, y: text.y }));
}

fn taken() -> Outcome {
    Outcome { taken: true, ..Outcome::default() }
}

/// Writes out a note with everything that belongs to it.
fn whole(view: &NoteView, words: Words<'_>) -> String {
    let none = Versions::default();
    let versions = view.versions.as_deref().unwrap_or(&none);
    let mut sections: Vec<String> =
        versions.after.iter().map(|version| replaced_words(version, words)).collect();
    for (part, text) in &view.parts {
        let text = text.trim_end();
        match part {
            Part::Text => sections.push(text.to_owned()),
            part => sections.push(format!("{}\n{text}", part.title())),
        }
    }
    let signed = |author, stamp: &Stamp| {
        format!("Signed by {}, {}", (words.member)(author), (words.moment)(stamp))
    };
    let mut signature = match &view.journal {
        None => signed(view.author, &view.signed),
        Some(head) => {
            entry_words(head, &(words.member)(view.author), &(words.moment)(&view.signed))
        }
    };
    let took = times_words(&view.times, words);
    if !took.is_empty() {
        signature = format!("{signature}\n{took}");
    }
    if let Some((modality, said)) = &view.remote {
        signature = format!("{signature}\n{}", said.words(*modality));
    }
    if !view.labels.is_empty() {
        signature = format!("{signature}\nLabels: {}", Label::list(&view.labels));
    }
    if let Some(second) = &view.supervision {
        let (by, at) = ((words.member)(second.by), (words.moment)(&second.at));
        signature = format!("{signature}\n{}", second_words(second, &by, &at));
    }
    if let Some((before, others)) = versions.before.split_first() {
        let said = corrects_words((before, others.len()), versions.beside, words);
        signature = format!("{signature}\n{said}");
    }
    if let Some(reason) = &view.late_reason {
        signature = format!("{signature}\nLate because: {reason}");
    }
    sections.push(signature);
    for (index, addendum) in view.addenda.iter().enumerate() {
        let signature = signed(addendum.author, &addendum.signed);
        let text = addendum.text.trim_end();
        sections.push(format!("Addendum {}\n{text}\n{signature}", index + 1));
    }
    sections.extend(versions.after.iter().map(|version| changes_words(version, words)));
    sections.join("\n\n")
}

/// What stands over a note in whose place another one stands.
fn replaced_words(after: &Version, words: Words<'_>) -> String {
    let (by, at) = ((words.member)(after.author), (words.moment)(&after.signed));
    format!(
        "REPLACED by a correction of {by}, {at}\nbecause: {}\nBelow is what was signed before; \
         at the end, what changed. o: other versions.",
        after.because
    )
}

/// What is said below a note that stands in the place of another.
fn corrects_words((before, too): (&Version, usize), beside: u32, words: Words<'_>) -> String {
    let (by, at) = ((words.member)(before.author), (words.moment)(&before.signed));
    let too = match too {
        0 => String::new(),
        1 => ", and another correction of it".to_owned(),
        many => format!(", and {many} other corrections of it"),
    };
    let others = match beside {
        0 => String::new(),
        1 => "\nAnother correction of the same note stands beside it in the chart: \
              what you sign next (e) can take the place of both."
            .to_owned(),
        many => format!(
            "\n{many} other corrections of the same note stand beside it in the chart: \
             what you sign next (e) can take the place of all."
        ),
    };
    format!(
        "Corrects what {by} signed, {at}{too}\nbecause: {}\no shows what stood there before, and what \
         changed.{others}",
        before.because
    )
}

/// What a correction changed, part by part.
fn changes_words(after: &Version, words: Words<'_>) -> String {
    let (by, at) = ((words.member)(after.author), (words.moment)(&after.signed));
    let title = format!(
        "What the correction of {by}, {at}, changed\n[-these words-] were taken out, {{+these words+}} \
         put in"
    );
    let part = |(part, pieces): &(Part, Vec<Piece>)| {
        let text = corrected::marked(pieces);
        match part {
            Part::Text => text.trim_end().to_owned(),
            part => format!("{}\n{}", part.title(), text.trim_end()),
        }
    };
    let Some(changes) = &after.changes else {
        return format!(
            "A correction of {by}, {at}, has come while this was open. Leave and open it again to \
             read what it changed."
        );
    };
    let held = changes.held.iter().map(|held| format!("{}.", (words.held)(held)));
    let mut parts: Vec<String> = held.chain(changes.parts.iter().map(part)).collect();
    if parts.is_empty() {
        parts.push("No word of it.".to_owned());
    }
    format!("{title}\n\n{}", parts.join("\n\n"))
}

/// When, how and with whom the session took place.
fn times_words(times: &Times, words: Words<'_>) -> String {
    let clock = |stamp: Option<Timestamp>| stamp.map(words.clock);
    let when = match (clock(times.began), clock(times.ended), times.minutes()) {
        (Some(began), Some(ended), Some(minutes)) => {
            format!("{began} to {ended}, {minutes} minutes")
        }
        (Some(began), ..) => format!("began {began}"),
        _ => String::new(),
    };
    let with: Vec<String> = times.attendees.iter().map(|client| (words.client)(*client)).collect();
    let with = if with.is_empty() { String::new() } else { format!("with {}", with.join(", ")) };
    let said = [when, times.way().to_owned(), with];
    let said: Vec<_> = said.into_iter().filter(|words| !words.is_empty()).collect();
    if said.is_empty() { String::new() } else { format!("Session: {}", said.join(", ")) }
}

/// How a note stands with a second person.
fn second_words(second: &SupervisionView, by: &str, at: &str) -> String {
    match (second.state, second.not_covered) {
        (Supervision::Waiting, _) => format!("Waits for a second person since {at}"),
        (Supervision::Returned, _) => {
            format!("Returned by {by}, {at}, because:\n{}", second.comment)
        }
        (Supervision::CoSigned, 0) => format!("Co-signed by {by}, {at}"),
        (Supervision::CoSigned, later) => {
            let later = text::counted(later, "addendum", "addenda");
            format!("Co-signed by {by}, {at}, before {later}")
        }
    }
}

/// Where an entry of a journal comes from, and what the client agreed to.
fn entry_words(head: &JournalHead, member: &str, moment: &str) -> String {
    let came = match head.came {
        Came::Typed => "Written down",
        Came::Imported => "Brought in from a file",
    };
    let shared = match head.shared {
        true => "The client has agreed that it may be shared.",
        false => "The client has not agreed that it may be shared.",
    };
    let date = when::long(head.date);
    format!("The client's own words, of {date}.\n{came} by {member}, {moment}\n{shared}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Key;
    use crate::screen::note::tests::drawn;
    use tacenda_shared::practice::edit::NoteFormat;
    use tacenda_shared::practice::view::AddendumView;

    const HEADING: Heading<'_> =
        Heading { kind: "Note", client: "ZZ-014", session: "Sun 22 Nov 09:00-09:50" };

    fn stamp() -> Stamp {
        Stamp { time: Timestamp::from_millis(0), zone: "UTC".to_owned() }
    }

    fn words() -> Words<'static> {
        Words {
            member: &|_| "Robin Example".to_owned(),
            moment: &|stamp| format!("on day {} {}", stamp.time.as_millis(), stamp.zone),
            clock: &|stamp| format!("at {}", stamp.as_millis()),
            client: &|_| "ZZ-014".to_owned(),
            held: &|_| "Held".to_owned(),
        }
    }

    fn signed(addenda: &[&str]) -> NoteView {
        let author = MemberId::from_bytes([3; 16]);
        let addendum = |text: &&str| AddendumView {
            record: RecordId::from_bytes([5; 16]),
            text: (*text).to_owned(),
            author,
            signed: stamp(),
        };
        NoteView {
            record: RecordId::from_bytes([4; 16]),
            client: ClientId::from_bytes([2; 16]),
            session: None,
            format: NoteFormat::Soap,
            parts: vec![
                (Part::Subjective, "Slept \u{202e}better.".to_owned()),
                (Part::Plan, "Diary.".to_owned()),
            ],
            author,
            signed: stamp(),
            late_reason: Some("was ill".to_owned()),
            remote: None,
            times: Times::default(),
            journal: None,
            psychotherapy: None,
            labels: BTreeSet::new(),
            supervision: None,
            versions: Default::default(),
            addenda: addenda.iter().map(addendum).collect(),
        }
    }

    fn state(addenda: &[&str]) -> State {
        State::new(&signed(addenda), words())
    }

    fn press(state: &mut State, code: KeyCode) -> Outcome {
        state.update(&Input::Key(Key::plain(code)))
    }

    fn screen(state: &mut State) -> Vec<String> {
        state.resize(80, 20);
        let look = Look { ascii: true, ..Look::default() };
        drawn(|frame| view(state, &HEADING, frame, frame.area(), &look)).0
    }

    #[test]
    fn a_signed_note_shows_who_signed_when_why_late_and_what_was_added() {
        let rows = screen(&mut state(&["Phoned later."]));
        assert_eq!(
            rows[..13],
            [
                "Note  ZZ-014  Sun 22 Nov 09:00-09:50   SIGNED  3 words   1 addendum",
                "Subjective",
                "Slept ␦better.",
                "",
                "Plan",
                "Diary.",
                "",
                "Signed by Robin Example, on day 0 UTC",
                "Late because: was ill",
                "",
                "Addendum 1",
                "Phoned later.",
                "Signed by Robin Example, on day 0 UTC",
            ]
        );
    }

    #[test]
    fn an_entry_of_a_journal_says_whose_words_it_is_and_what_was_agreed() {
        let date = jiff::civil::date(2026, 11, 20);
        let head = JournalHead { date, came: Came::Imported, shared: false };
        let parts = vec![(Part::Text, "Woke at four.".to_owned())];
        let view = NoteView { journal: Some(head), parts, late_reason: None, ..signed(&[]) };
        let rows = screen(&mut State::new(&view, words()));
        assert_eq!(
            rows[1..6],
            [
                "Woke at four.",
                "",
                "The client's own words, of Fri 20 Nov 2026.",
                "Brought in from a file by Robin Example, on day 0 UTC",
                "The client has not agreed that it may be shared.",
            ]
        );
    }

    #[test]
    fn a_returned_note_says_why_and_a_second_signature_what_it_does_not_cover() {
        let second = |state, not_covered| SupervisionView {
            state,
            by: MemberId::from_bytes([4; 16]),
            at: stamp(),
            comment: "Say what was agreed.".to_owned(),
            not_covered,
        };
        let words_of = |second| {
            let view = NoteView { supervision: Some(second), late_reason: None, ..signed(&[]) };
            screen(&mut State::new(&view, words())).join("\n")
        };
        let returned = words_of(second(Supervision::Returned, 0));
        assert!(returned.contains("Returned by Robin Example"), "{returned}");
        assert!(returned.contains("Say what was agreed."), "{returned}");
        let later = words_of(second(Supervision::CoSigned, 1));
        assert!(later.contains("before 1 addendum"), "{later}");
    }

    #[test]
    fn letters_do_not_type_into_a_signed_note() {
        let mut state = state(&[]);
        let before = screen(&mut state);
        for letter in "xyz".chars() {
            press(&mut state, KeyCode::Char(letter));
        }
        state.update(&Input::Paste("pasted".to_owned()));
        assert_eq!(screen(&mut state), before);
        assert!(press(&mut state, KeyCode::Esc).leave);
    }

    #[test]
    fn both_keys_ask_for_an_addendum() {
        for key in ['n', 'A'] {
            let outcome = press(&mut state(&[]), KeyCode::Char(key));
            assert!(outcome.add && outcome.taken && !outcome.leave);
        }
    }
}
