//! A signed note with what was added to it later, and the way to add to it.
//!
//! The note itself never changes; there is nothing on this screen that could change it.

use super::note::review::{self, Decision, Page, Review};
use super::note::{Circumstances, Heading, Look, Outcome, line, rule};
use crate::input::{Input, Key, KeyCode};
use crate::message::Now;
use crate::notice::Notice;
use crate::widget::editor::{Editor, Refusal};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use tacenda_shared::id::{ClientId, MemberId, RecordId};
use tacenda_shared::practice::edit::{Edit, Part, Stamp};
use tacenda_shared::practice::view::NoteView;

/// Rows above the text.
const HEADER: u16 = 1;

/// How people and moments are written; asked once per view, so that drawing stays pure.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The name that colleagues know.
    pub member: &'a dyn Fn(MemberId) -> String,
    /// Local date, time and zone.
    pub moment: &'a dyn Fn(&Stamp) -> String,
}

/// A signed note on the screen.
#[derive(Debug)]
pub struct State {
    record: RecordId,
    client: ClientId,
    circumstances: Circumstances,
    text: Editor,
    words: usize,
    addenda: usize,
    /// The addendum that is being written; it is kept while the caret is elsewhere.
    adding: Editor,
    writing: bool,
    review: Option<Review>,
    signing: bool,
    columns: u16,
    rows: u16,
}

impl State {
    /// Shows a note. `begun` is the text of an addendum that was begun before and not signed, as
    /// [`Self::unsigned`] returned it.
    pub fn new(
        view: &NoteView,
        words: Words<'_>,
        circumstances: Circumstances,
        begun: &str,
    ) -> Self {
        let mut state = Self {
            record: view.record,
            client: view.client,
            circumstances,
            text: Editor::new(Part::Text, ""),
            words: 0,
            addenda: 0,
            adding: Editor::new(Part::Text, begun),
            writing: false,
            review: None,
            signing: false,
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

    /// Returns the text of an addendum that is not signed yet, for the caller to keep when the
    /// screen is left.
    pub fn unsigned(&self) -> Option<String> {
        (!self.adding.is_blank()).then(|| self.adding.text())
    }

    /// Returns whether letters type.
    pub const fn is_typing(&self) -> bool {
        self.writing || self.review.is_some()
    }

    /// Returns whether the page before a signature is shown.
    pub const fn is_reviewed(&self) -> bool {
        self.review.is_some()
    }

    /// Tells how large the area is that `view` will be given.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        (self.columns, self.rows) = (columns, rows);
        self.arrange();
    }

    /// Takes a newer view: an addendum has come, from here or from elsewhere. One that was being
    /// signed here is done.
    pub fn apply_view(&mut self, view: &NoteView, words: Words<'_>) {
        if self.signing && view.addenda.len() > self.addenda {
            self.signing = false;
            self.writing = false;
            self.review = None;
            self.adding = Editor::new(Part::Text, "");
        }
        self.show(view, words);
    }

    /// The addendum was not signed; its text is kept.
    pub fn refused(&mut self, notice: &Notice) -> Outcome {
        self.signing = false;
        self.review = None;
        self.arrange();
        Outcome { say: Some(notice.to_string()), ..Outcome::default() }
    }

    /// Takes what the person did.
    pub fn update(&mut self, input: &Input, now: &Now) -> Outcome {
        if let Input::Resize { columns, rows } = input {
            self.resize(*columns, *rows);
            return Outcome::default();
        }
        if self.signing {
            return taken();
        }
        if self.review.is_some() {
            return self.review_input(input, now);
        }
        if self.writing { self.write(input, now) } else { self.read(input) }
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
            (KeyCode::Char('n' | 'A'), false) => {
                self.writing = true;
                self.arrange();
                true
            }
            (KeyCode::Esc | KeyCode::Backspace | KeyCode::Char('q'), false) => {
                return Outcome { leave: true, ..taken() };
            }
            _ => return Outcome::default(),
        };
        taken()
    }

    fn write(&mut self, input: &Input, now: &Now) -> Outcome {
        match input {
            Input::Key(Key { code: KeyCode::Esc, .. }) => {
                self.writing = false;
                self.arrange();
                let say = "The addendum is kept but not signed; n goes on with it.";
                let say = (!self.adding.is_blank()).then(|| say.to_owned());
                return Outcome { say, ..taken() };
            }
            Input::Key(Key { code: KeyCode::F(8), .. }) if self.adding.is_blank() => {
                return Outcome {
                    say: Some("There is nothing to sign yet.".to_owned()),
                    ..taken()
                };
            }
            Input::Key(Key { code: KeyCode::F(8), .. }) => {
                let page = Page {
                    sections: vec![("", self.adding.text())],
                    late: false,
                    initials: review::initials(&self.circumstances.clinician),
                };
                self.review = Some(Review::new(&page, now.time));
                self.arrange();
                return taken();
            }
            _ => {}
        }
        let reply = self.adding.input(input, now.time);
        let say = reply.refusal.map(|Refusal::TooLong { .. }| {
            "Nothing was put in: an addendum holds 1 MiB.".to_owned()
        });
        Outcome { say, taken: reply.taken, ..Outcome::default() }
    }

    fn review_input(&mut self, input: &Input, now: &Now) -> Outcome {
        let Some(review) = &mut self.review else { return Outcome::default() };
        match review.input(input, now.time) {
            Decision::Undecided => taken(),
            Decision::Back => {
                self.review = None;
                self.arrange();
                taken()
            }
            Decision::Sign(_) => {
                self.signing = true;
                let text = self.adding.text();
                let edit = Edit::Amend { note: self.record, client: self.client, text };
                Outcome { edit: Some(edit), ..taken() }
            }
        }
    }

    fn show(&mut self, view: &NoteView, words: Words<'_>) {
        let note: usize = view.parts.iter().map(|(_, text)| text.split_whitespace().count()).sum();
        self.words = note;
        self.addenda = view.addenda.len();
        let caret = self.text.caret();
        self.text = Editor::new(Part::Text, &whole(view, words));
        self.text.place_caret(caret);
        self.arrange();
    }

    fn arrange(&mut self) {
        let (text, _, adding) = self.split(Rect::new(0, 0, self.columns, self.rows));
        self.text.resize(text.width, text.height);
        self.adding.resize(adding.width, adding.height);
        if let Some(review) = &mut self.review {
            review.resize(self.columns, self.rows.saturating_sub(HEADER));
        }
    }

    /// The text; the rule between; the addendum, which has the lower half while it is written.
    fn split(&self, area: Rect) -> (Rect, Rect, Rect) {
        let body = area.height.saturating_sub(HEADER);
        let lower = if self.writing { body / 2 } else { 0 };
        let text = Rect { y: area.y + HEADER.min(area.height), height: body - lower, ..area };
        let ruled = Rect { y: text.y + text.height, height: lower.min(1), ..area };
        let adding = Rect { y: ruled.y + ruled.height, height: lower - ruled.height, ..area };
        (text, ruled, adding)
    }
}

/// Draws the screen into `area`, which should have the size that [`State::resize`] was told, and
/// puts the terminal's cursor on the caret or on the first row of the text.
pub fn view(state: &State, heading: &Heading<'_>, frame: &mut Frame<'_>, area: Rect, look: &Look) {
    let buffer = frame.buffer_mut();
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let state_word = if state.review.is_some() { "ADDENDUM" } else { "SIGNED" };
    let added = match state.addenda {
        0 => String::new(),
        1 => "   1 addendum".to_owned(),
        addenda => format!("   {addenda} addenda"),
    };
    let title = format!(
        "Note  {}  {}   {state_word}  {} words{added}",
        heading.client, heading.session, state.words
    );
    line(buffer, area, 0, &title, bold, *look);
    let cursor = if let Some(review) = &state.review {
        let page = Rect {
            y: area.y + HEADER.min(area.height),
            height: area.height.saturating_sub(HEADER),
            ..area
        };
        review.draw(page, buffer, *look)
    } else {
        let (text, ruled, adding) = state.split(area);
        state.text.draw(text, buffer, Style::new(), false);
        rule(buffer, ruled, 0, "> Addendum", *look);
        state.adding.draw(adding, buffer, Style::new(), state.writing);
        if state.writing {
            state.adding.caret_cell(adding)
        } else {
            Some(Position { x: text.x, y: text.y })
        }
    };
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}

fn taken() -> Outcome {
    Outcome { taken: true, ..Outcome::default() }
}

/// Writes out a note with everything that belongs to it.
fn whole(view: &NoteView, words: Words<'_>) -> String {
    let mut sections = Vec::new();
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
    let mut signature = signed(view.author, &view.signed);
    if let Some(reason) = &view.late_reason {
        signature = format!("{signature}\nLate because: {reason}");
    }
    sections.push(signature);
    for (index, addendum) in view.addenda.iter().enumerate() {
        let signature = signed(addendum.author, &addendum.signed);
        let text = addendum.text.trim_end();
        sections.push(format!("Addendum {}\n{text}\n{signature}", index + 1));
    }
    sections.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::note::tests::{drawn, now};
    use tacenda_shared::id::Timestamp;
    use tacenda_shared::practice::edit::NoteFormat;
    use tacenda_shared::practice::view::AddendumView;

    const HEADING: Heading<'_> = Heading { client: "ZZ-014", session: "Sun 22 Nov 09:00-09:50" };

    fn stamp() -> Stamp {
        Stamp { time: Timestamp::from_millis(0), zone: "UTC".to_owned() }
    }

    fn words() -> Words<'static> {
        Words {
            member: &|_| "Robin Example".to_owned(),
            moment: &|stamp| format!("on day {} {}", stamp.time.as_millis(), stamp.zone),
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
            addenda: addenda.iter().map(addendum).collect(),
        }
    }

    fn state(addenda: &[&str]) -> State {
        let clinician = "Robin Example".to_owned();
        let circumstances = Circumstances { session_end: None, clinician };
        State::new(&signed(addenda), words(), circumstances, "")
    }

    fn press(state: &mut State, code: KeyCode, millis: i64) -> Outcome {
        state.update(&Input::Key(Key::plain(code)), &now(millis))
    }

    fn type_text(state: &mut State, text: &str, millis: i64) {
        for letter in text.chars() {
            press(state, KeyCode::Char(letter), millis);
        }
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
    fn letters_do_not_type_into_a_signed_note() {
        let mut state = state(&[]);
        let before = screen(&mut state);
        type_text(&mut state, "xyz", 0);
        state.update(&Input::Paste("pasted".to_owned()), &now(0));
        assert_eq!(screen(&mut state), before);
        assert!(press(&mut state, KeyCode::Esc, 0).leave);
    }

    #[test]
    fn an_addendum_is_written_reviewed_and_signed() {
        let mut state = state(&[]);
        press(&mut state, KeyCode::Char('n'), 0);
        type_text(&mut state, "Phoned; all well.", 0);
        assert!(screen(&mut state).iter().any(|row| row == "Phoned; all well."));
        press(&mut state, KeyCode::F(8), 1_000);
        type_text(&mut state, "re", 2_000);
        let signed_now = press(&mut state, KeyCode::Enter, 3_000);
        let edit = Edit::Amend {
            note: RecordId::from_bytes([4; 16]),
            client: ClientId::from_bytes([2; 16]),
            text: "Phoned; all well.".to_owned(),
        };
        assert_eq!(signed_now.edit, Some(edit));
        assert!(press(&mut state, KeyCode::Enter, 9_000).edit.is_none());

        state.apply_view(&signed(&["Phoned; all well."]), words());
        assert_eq!(state.unsigned(), None);
        assert!(!state.is_typing());
    }

    #[test]
    fn an_addendum_that_was_left_is_kept() {
        let mut state = state(&[]);
        press(&mut state, KeyCode::Char('A'), 0);
        type_text(&mut state, "Half a ", 0);
        let left = press(&mut state, KeyCode::Esc, 0);
        assert!(!left.leave && left.say.is_some());
        let begun = state.unsigned().unwrap();

        let again = State::new(&signed(&[]), words(), Circumstances::default(), &begun);

        assert_eq!(again.unsigned().as_deref(), Some("Half a "));
    }

    #[test]
    fn a_refused_addendum_can_be_written_on() {
        let mut state = state(&[]);
        press(&mut state, KeyCode::Char('n'), 0);
        type_text(&mut state, "Text", 0);
        press(&mut state, KeyCode::F(8), 0);
        type_text(&mut state, "RE", 500);
        assert!(press(&mut state, KeyCode::Enter, 1_000).edit.is_some());
        state.refused(&Notice::new("The disk is full.", "Nothing is lost.", "Free some space."));
        type_text(&mut state, "!", 2_000);
        assert_eq!(state.unsigned().as_deref(), Some("Text!"));
    }
}
