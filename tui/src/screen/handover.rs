//! The device in a client's hands: one form, and nothing else of the practice. It shows no name, no score
//! and nothing of what others do; it ends with the clinician's passphrase only.

use super::measure_form::{self, Step as Answered};
use super::parts::field::Field;
use super::parts::{paint, when};
use crate::input::{Input, Key, KeyCode};
use crate::message::Secret;
use crate::theme::Look;
use crate::widget::editor::Editor;
use crate::widget::field::PassphraseField;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId, RecordId, Timestamp};
use tacenda_shared::practice::consent::NewConsent;
use tacenda_shared::practice::edit::{Edit, Part, Splice};
use tacenda_shared::practice::measure::{Answer, Form, Handed, Manner};

/// So many splices of a text are kept at a time.
const SPLICES: usize = 24;

/// What was handed over, and how far it is.
#[derive(Debug)]
pub struct State {
    /// Whose it is; never shown.
    pub client: ClientId,
    session: Option<AppointmentId>,
    what: What,
    page: Page,
    passphrase: PassphraseField,
    checking: bool,
    says: String,
}

#[derive(Debug)]
enum What {
    Measure(Box<measure_form::State>),
    Consent(Box<Consent>),
    Journal(Box<Journal>),
}

/// What a client is asked to agree to.
#[derive(Debug)]
struct Consent {
    record: RecordId,
    asked: NewConsent,
    agrees: Option<bool>,
    words: Field,
}

/// What a client writes.
#[derive(Debug)]
struct Journal {
    client: ClientId,
    draft: ObjectId,
    editor: Editor,
    /// What was typed and is not kept yet.
    pending: Vec<Splice>,
}

#[derive(Debug)]
enum Page {
    /// The client answers.
    Form,
    /// The client is done: what was answered is kept.
    Thanks,
    /// The client, or whoever has the device, stops before the end.
    Back,
}

/// What comes of an input.
#[derive(Debug)]
pub enum Step {
    /// It goes on.
    On,
    /// This is to be carried out.
    Keep(Edit),
    /// The client is done.
    Done,
    /// Somebody has typed a passphrase.
    Try(Secret),
}

/// What an answer raised that was given alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Raised {
    /// The measure.
    pub measure: RecordId,
    /// The session.
    pub session: Option<AppointmentId>,
    /// Which answer, in words.
    pub words: String,
}

impl State {
    fn new(client: ClientId, session: Option<AppointmentId>, what: What) -> Self {
        Self {
            client,
            session,
            what,
            page: Page::Form,
            passphrase: PassphraseField::default(),
            checking: false,
            says: String::new(),
        }
    }

    /// Hands over a form of questions.
    pub fn measure(client: ClientId, session: Option<AppointmentId>, form: Arc<Form>) -> Self {
        let form = measure_form::State::new(form).handed();
        Self::new(client, session, What::Measure(Box::new(form)))
    }

    /// Hands over the question whether the client agrees to something.
    pub fn consent(client: ClientId, record: RecordId, asked: NewConsent) -> Self {
        let (agrees, words) = (None, Field::default());
        let what = What::Consent(Box::new(Consent { record, asked, agrees, words }));
        Self::new(client, None, what)
    }

    /// Hands over a page of the client's journal; the draft is begun by the caller.
    pub fn journal(client: ClientId, draft: ObjectId) -> Self {
        let editor = Editor::new(Part::Text, "");
        let journal = Journal { client, draft, editor, pending: Vec::new() };
        Self::new(client, None, What::Journal(Box::new(journal)))
    }

    /// Takes what was done at the device.
    pub fn update(&mut self, input: &Input, now: Timestamp) -> Step {
        match self.page {
            Page::Form => self.fill(input, now),
            Page::Thanks | Page::Back => self.unlock(input),
        }
    }

    fn fill(&mut self, input: &Input, now: Timestamp) -> Step {
        if let Input::Key(key) = input {
            if key.code == KeyCode::Esc {
                self.page = Page::Back;
                self.says.clear();
                return Step::On;
            }
            // Nothing but the form hears anything.
            if key.ctrl || matches!(key.code, KeyCode::F(_)) {
                return Step::On;
            }
        }
        if matches!(input, Input::Paste(_)) {
            return Step::On;
        }
        match &mut self.what {
            What::Measure(form) => match form.update(input) {
                Answered::Keep(_) => Step::Done,
                Answered::On | Answered::Leave => Step::On,
            },
            What::Consent(asked) => asked.update(input),
            What::Journal(journal) => journal.update(input, now),
        }
    }

    fn unlock(&mut self, input: &Input) -> Step {
        if self.checking {
            return Step::On;
        }
        match input {
            Input::Key(Key { code: KeyCode::Enter, .. }) if !self.passphrase.is_empty() => {
                self.checking = true;
                self.says.clear();
                return Step::Try(self.passphrase.take());
            }
            Input::Key(Key { code: KeyCode::Esc, .. }) => {
                self.passphrase.clear();
                if matches!(self.page, Page::Back) {
                    self.page = Page::Form;
                }
            }
            Input::Key(key) if key.ctrl || matches!(key.code, KeyCode::F(_)) => {}
            input => drop(self.passphrase.input(input)),
        }
        Step::On
    }

    /// It was not the passphrase.
    pub fn refuse(&mut self, words: String) {
        (self.checking, self.says) = (false, words);
    }

    /// Whether a caret takes text: then what comes in one piece over a slow line is typed, Enter too.
    pub const fn is_typing(&self) -> bool {
        !matches!(self.page, Page::Form) || matches!(self.what, What::Journal(_))
    }

    /// Whether the client has come to the end.
    pub const fn is_done(&self) -> bool {
        matches!(self.page, Page::Thanks)
    }

    /// Returns the form of a measure, as far as it was answered.
    pub fn answered(&self) -> Option<(&measure_form::State, Option<AppointmentId>)> {
        match &self.what {
            What::Measure(form) => Some((form, self.session)),
            What::Consent(_) | What::Journal(_) => None,
        }
    }

    fn answers(&self, handed: Handed, record: RecordId) -> Option<(Edit, Option<Raised>)> {
        let What::Measure(form) = &self.what else { return None };
        let answers = form.begun()?;
        let raised = raised(form.form(), &answers).map(|words| Raised {
            measure: record,
            session: self.session,
            words,
        });
        let manner = Manner { record: Some(record), handed: Some(handed) };
        let edit = Edit::answered_so(self.client, self.session, form.form(), answers, manner);
        Some((edit, raised))
    }

    /// The client is done: returns what keeps that, and what an answer raised.
    pub fn finish(&mut self, record: RecordId) -> (Option<Edit>, Option<Raised>) {
        self.page = Page::Thanks;
        self.says.clear();
        match &mut self.what {
            What::Measure(_) => match self.answers(Handed::Whole, record) {
                Some((edit, raised)) => (Some(edit), raised),
                None => (None, None),
            },
            What::Consent(asked) => (asked.kept(self.client), None),
            What::Journal(journal) => (journal.kept(), None),
        }
    }

    /// Returns what keeps what was answered so far, where that is not the end; an answer to a question
    /// of consent that was not finished is none.
    pub fn cut_short(&mut self, record: RecordId) -> (Option<Edit>, Option<Raised>) {
        if self.is_done() {
            return (None, None);
        }
        match &mut self.what {
            What::Measure(_) => match self.answers(Handed::CutShort, record) {
                Some((edit, raised)) => (Some(edit), raised),
                None => (None, None),
            },
            What::Consent(_) => (None, None),
            What::Journal(journal) => (journal.kept(), None),
        }
    }
}

/// Which answers raise a risk, in words; `None` if none does.
pub fn raised(form: &Form, answers: &[Answer]) -> Option<String> {
    if !form.needs_review(answers) {
        return None;
    }
    let said = form.raised(answers).filter_map(|risk| {
        let item = form.items.get(risk.item)?;
        let Some(Answer::Choice(choice)) = answers.get(risk.item) else { return None };
        let label = &form.choices(risk.item).get(usize::from(*choice))?.label;
        Some(format!("item {}: {label}", item.number))
    });
    let said = said.collect::<Vec<_>>().join("; ");
    Some(format!("{}, {said}", form.abbreviation))
}

impl Consent {
    fn update(&mut self, input: &Input) -> Step {
        let Input::Key(key) = input else {
            if self.agrees.is_some() {
                self.words.update(input);
            }
            return Step::On;
        };
        match (self.agrees, key.code) {
            (None, KeyCode::Char('1')) => self.agrees = Some(true),
            (None, KeyCode::Char('2')) => self.agrees = Some(false),
            (None, _) => {}
            (Some(_), KeyCode::Enter) => return Step::Done,
            (Some(_), KeyCode::Backspace) if self.words.text().is_empty() => self.agrees = None,
            (Some(_), _) => drop(self.words.update(input)),
        }
        Step::On
    }

    fn kept(&self, client: ClientId) -> Option<Edit> {
        let refused = !self.agrees?;
        let said = self.words.trimmed().to_owned();
        let consent = NewConsent { refused, said, handed: true, ..self.asked.clone() };
        Some(Edit::RecordConsent { client, record: self.record, consent: Box::new(consent) })
    }
}

impl Journal {
    fn update(&mut self, input: &Input, now: Timestamp) -> Step {
        let reply = self.editor.input(input, now);
        self.pending.extend(reply.splices);
        let ends = matches!(input, Input::Key(Key { code: KeyCode::Enter, .. }));
        if self.pending.is_empty() || !(ends || self.pending.len() >= SPLICES) {
            return Step::On;
        }
        let (note, splices) = (self.draft, std::mem::take(&mut self.pending));
        Step::Keep(Edit::ChangeDraft { note, client: self.client, splices })
    }

    fn kept(&mut self) -> Option<Edit> {
        let splices = std::mem::take(&mut self.pending);
        let (note, client) = (self.draft, self.client);
        if self.editor.is_blank() {
            return Some(Edit::DiscardDraft { note, client, discarded: true });
        }
        (!splices.is_empty()).then_some(Edit::ChangeDraft { note, client, splices })
    }
}

/// Draws what a client sees: the whole screen.
pub fn view(state: &State, look: &Look, warned: bool, frame: &mut Frame<'_>) {
    let area = frame.area();
    let body = paint::lines(area, 0, area.height.saturating_sub(1));
    let foot = paint::inset(paint::lines(area, area.height.saturating_sub(1), 1), 1);
    match state.page {
        Page::Form => match &state.what {
            What::Measure(form) => measure_form::view(form, "", look, frame, body),
            What::Consent(asked) => consent(asked, look, frame, body),
            What::Journal(journal) => write(journal, look, frame, body),
        },
        Page::Thanks | Page::Back => hand_back(state, look, frame, body),
    }
    let words = match state.page {
        Page::Form if matches!(state.what, What::Journal(_)) => "Esc when you are done",
        Page::Form => "Esc stops here: then hand the device back",
        Page::Back if !state.checking => "Esc goes on where you were",
        Page::Back | Page::Thanks => "",
    };
    if warned {
        paint::text(frame, foot, 0, "The screen locks within 30 s. Any key stays.", look.alarm());
    } else {
        paint::text(frame, foot, 0, words, Style::new());
    }
}

fn hand_back(state: &State, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let width = 60.min(area.width.saturating_sub(2));
    let middle = Rect { x: area.x + (area.width - width) / 2, width, ..area };
    let top = (area.height / 3).saturating_sub(2);
    let title = if state.is_done() { "Thank you." } else { "Stop here?" };
    paint::text(frame, middle, top, title, look.title());
    paint::text(frame, middle, top + 2, "Please hand the device back.", Style::new());
    let words = "Whoever gave it to you goes on with their passphrase:";
    paint::text(frame, middle, top + 4, words, Style::new());
    let field = paint::lines(middle, top + 5, 1);
    if state.checking {
        paint::text(frame, field, 0, "checking ...", Style::new());
    } else {
        paint::fill(frame, Rect { width: field.width.min(34), ..field }, look.field());
    }
    paint::text(frame, middle, top + 6, "(nothing is echoed)", Style::new());
    paint::paragraph(frame, middle, top + 8, &state.says, look.alarm());
    frame.set_cursor_position((field.x, field.y));
}

fn consent(asked: &Consent, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let consent = &asked.asked;
    paint::rule(frame, look, area, 0, ("Do you agree?", ""));
    let inside = paint::inset(paint::lines(area, 1, u16::MAX), 1);
    let until = consent.until.map_or_else(|| "no end".to_owned(), when::long);
    let rows = [
        ("It is about", consent.kind.title()),
        ("To whom", consent.recipient.as_str()),
        ("What it covers", consent.covers.as_str()),
        ("Until", until.as_str()),
    ];
    let mut line = 1;
    for (label, words) in rows.into_iter().filter(|(_, words)| !words.is_empty()) {
        let right = Rect { x: inside.x + 17, width: inside.width.saturating_sub(17), ..inside };
        paint::text(frame, inside, line, label, look.title());
        line = paint::paragraph(frame, right, line, words, Style::new());
    }
    line += 1;
    for (agrees, words) in [(true, "1  I agree"), (false, "2  I do not agree")] {
        let chosen = asked.agrees == Some(agrees);
        let style = if chosen { look.focus() } else { Style::new() };
        let mark = if chosen { "> " } else { "  " };
        paint::text(frame, inside, line, &format!("{mark}{words}"), style);
        if asked.agrees.is_none() && agrees {
            frame.set_cursor_position((inside.x, inside.y + line));
        }
        line += 1;
    }
    if asked.agrees.is_some() {
        paint::text(frame, inside, line + 1, "In your own words; may stay empty:", Style::new());
        asked.words.view(frame, look, paint::lines(inside, line + 2, 1), true);
        let words = "Enter: that is my answer.   Backspace: change it.";
        paint::text(frame, inside, line + 4, words, Style::new());
    } else {
        let words = "You may ask anything before you answer, and say no.";
        paint::text(frame, inside, line + 1, words, Style::new());
    }
}

fn write(journal: &Journal, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    paint::rule(frame, look, area, 0, ("Write whatever you like", ""));
    let inside = paint::inset(paint::lines(area, 2, u16::MAX), 1);
    let mut editor = journal.editor.clone();
    editor.resize(inside.width, inside.height);
    editor.draw(inside, frame.buffer_mut(), Style::new(), true);
    if let Some(caret) = editor.caret_cell(inside) {
        frame.set_cursor_position(caret);
    }
}
