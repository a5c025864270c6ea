//! The page before a signature: the whole text once more, what looks unfinished, and the two
//! ways to sign. It never signs by itself and never twice.

use super::Look;
use crate::input::{Input, Key, KeyCode};
use crate::widget::editor::Editor;
use crate::widget::field::{Answer, Field};
use crate::widget::safe;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::Part;

/// A confirmation that comes sooner after the page than this is a second press of the key that
/// opened it. Milliseconds.
const GUARD: i64 = 300;

/// So many warnings are shown at once.
const WARNING_ROWS: usize = 7;

/// After how long a signature is late. Milliseconds after the end of the session.
pub(crate) const LATE: i64 = 72 * 60 * 60 * 1000;

/// What is to be signed, as the page shows it.
#[derive(Clone)]
pub(crate) struct Page {
    /// Headings with their texts.
    pub(crate) sections: Vec<(&'static str, String)>,
    /// Its labels in words; empty if there are none.
    pub(crate) labels: String,
    /// Of a correction: from when to when the session was, if that was signed otherwise; else empty.
    pub(crate) held: String,
    /// What a reason has to be given for, if one has.
    pub(crate) why: Option<Why>,
    /// What it lacks, and what looks unfinished.
    pub(crate) warnings: Vec<Warning>,
    /// The initials that sign; empty if any two letters do.
    pub(crate) initials: String,
}

/// What a signature needs a reason for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Why {
    /// It stands in the place of a note that is signed.
    Correction,
    /// It comes more than 72 hours after the session.
    Late,
}

impl Why {
    const fn label(self) -> &'static str {
        match self {
            Self::Correction => "Why corrected",
            Self::Late => "Why so late",
        }
    }

    const fn missing(self) -> &'static str {
        match self {
            Self::Correction => {
                "A correction stands in the place of a signed note: please say why."
            }
            Self::Late => "More than 72 hours have passed: please say why.",
        }
    }
}

/// Something that the note lacks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Warning {
    /// What, why and after which source.
    pub(crate) words: String,
    /// Where it would be said.
    pub(crate) part: Option<Part>,
    /// Whether the practice signs nothing without it.
    pub(crate) required: bool,
}

/// Where the focus is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Spot {
    Back,
    Initials,
    Reason,
    Sign,
    Warning(usize),
}

/// What the person decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    /// To go on writing.
    Back,
    /// To go on writing in this part, if it is named.
    Go(Option<Part>),
    /// To sign, with the reason if one was asked for.
    Sign(Option<String>),
    /// Nothing yet.
    Undecided,
}

/// The page as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Review {
    text: Editor,
    warnings: Vec<Warning>,
    labels: String,
    held: String,
    why: Option<Why>,
    initials: String,
    typed: Field,
    reason: Field,
    spot: Spot,
    guarded_until: Timestamp,
    /// What is still missing for a signature.
    missing: &'static str,
}

impl Review {
    pub(crate) fn new(page: &Page, time: Timestamp) -> Self {
        let mut review = Self {
            text: Editor::new(Part::Text, ""),
            warnings: Vec::new(),
            labels: String::new(),
            held: String::new(),
            why: page.why,
            initials: page.initials.clone(),
            typed: Field::default(),
            reason: Field::default(),
            spot: Spot::Back,
            guarded_until: time,
            missing: "",
        };
        review.show(page, time);
        review.spot = review.first();
        review
    }

    /// Where one begins: of a correction the first letters say why.
    fn first(&self) -> Spot {
        let asked = self.why == Some(Why::Correction) && self.reason.is_empty();
        if asked { Spot::Reason } else { Spot::Back }
    }

    /// Shows another text: somebody has changed it meanwhile. Initials have to be typed again.
    pub(crate) fn changed(&mut self, page: &Page, time: Timestamp) {
        self.show(page, time);
        let words = "It has just changed on another device.".to_owned();
        self.warnings.insert(0, Warning { words, part: None, required: false });
        self.typed.clear();
        self.spot = self.first();
    }

    fn show(&mut self, page: &Page, time: Timestamp) {
        let (columns, rows) = self.text.size();
        self.text = Editor::new(Part::Text, &whole(page));
        self.text.resize(columns, rows);
        self.text.place_caret(0);
        self.warnings.clone_from(&page.warnings);
        self.labels.clone_from(&page.labels);
        self.held.clone_from(&page.held);
        self.guarded_until = time.plus_millis(GUARD);
    }

    /// Takes what the person did.
    pub(crate) fn input(&mut self, input: &Input, time: Timestamp) -> Decision {
        self.missing = "";
        match input {
            Input::Key(Key { code: KeyCode::Enter, .. }) => return self.confirm(time),
            Input::Key(Key { code: KeyCode::Esc, .. }) => return Decision::Back,
            Input::Key(Key { code: KeyCode::Tab, shift, .. }) => self.step(!shift),
            Input::Key(key) if self.scroll(*key) => {}
            _ => self.type_in(input),
        }
        Decision::Undecided
    }

    /// Tells how large the page is; the text gets what the rest leaves.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let (_, text, _) = self.split(Rect::new(0, 0, columns, rows));
        self.text.resize(text.width, text.height);
    }

    /// Draws the page and returns the cell for the terminal's cursor.
    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer, look: Look) -> Option<Position> {
        let (top, text, form) = self.split(area);
        let (above, below) = self.text.hidden();
        let more = match (above, below) {
            (false, false) => "",
            (false, true) => "   (goes on below: Down, PgDn)",
            (true, false) => "   (begins above: Up, PgUp)",
            (true, true) => "   (goes on above and below: Up, Down)",
        };
        let title = format!("Read it once more: once signed it never changes.{more}");
        let bold = Style::new().add_modifier(Modifier::BOLD);
        super::line(buffer, top, 0, &title, bold, look);
        self.text.draw(text, buffer, Style::new(), false);

        let mut y = 0;
        super::rule(buffer, form, y, "Sign", look);
        y += 1;
        let warn = if look.colour { bold.fg(Color::Red) } else { bold };
        let mut cursor = None;
        let top = self.top_warning();
        let last = (top + WARNING_ROWS).min(self.warnings.len());
        for (at, warning) in self.warnings.iter().enumerate().take(last).skip(top) {
            let focused = self.spot == Spot::Warning(at);
            let style = if focused { warn.add_modifier(Modifier::REVERSED) } else { warn };
            super::line(buffer, form, y, &self.warning_words(at, warning, last), style, look);
            if focused {
                cursor = Some(Position { x: form.x, y: form.y + y });
            }
            y += 1;
        }
        for words in self.said() {
            super::line(buffer, form, y, &words, bold, look);
            y += 1;
        }
        if let Some(why) = self.why {
            let at = self.field(buffer, form, y, why.label(), &self.reason, look);
            cursor = cursor.or(at.filter(|_| self.spot == Spot::Reason));
            y += 1;
        }
        let label = match self.initials.as_str() {
            "" => "Your initials".to_owned(),
            initials => format!("Your initials ({initials})"),
        };
        let at = self.field(buffer, form, y, &label, &self.typed, look);
        cursor = cursor.or(at.filter(|_| self.spot == Spot::Initials));
        y += 1;
        let buttons = [(Spot::Back, "[ Go on writing ]"), (Spot::Sign, "[ Sign ]")];
        let mut x = 0;
        for (spot, label) in buttons {
            let focused = self.spot == spot;
            let style = if focused { bold.add_modifier(Modifier::REVERSED) } else { Style::new() };
            let label = format!("{} {label}", if focused { '>' } else { ' ' });
            let place = Rect { x: form.x + x, width: form.width.saturating_sub(x), ..form };
            super::line(buffer, place, y, &label, style, look);
            if focused {
                cursor = Some(Position { x: place.x, y: place.y + y });
            }
            x += 21;
        }
        super::line(buffer, form, y + 1, self.missing, bold, look);
        cursor.filter(|at| area.contains(*at))
    }

    fn field(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        y: u16,
        label: &str,
        field: &Field,
        look: Look,
    ) -> Option<Position> {
        if y >= area.height {
            return None;
        }
        super::line(buffer, area, y, label, Style::new(), look);
        let label = u16::try_from(safe::columns(label)).unwrap_or(u16::MAX);
        let x = label.saturating_add(2).min(area.width);
        let place = Rect { x: area.x + x, y: area.y + y, width: area.width - x, height: 1 };
        let style = Style::new().add_modifier(Modifier::UNDERLINED);
        buffer.set_style(Rect { width: place.width.min(40), ..place }, style);
        field.draw(place, buffer, style)
    }

    /// What is signed beside the text: its labels, and when the session was if that is said anew.
    fn said(&self) -> Vec<String> {
        let labels = Some(&self.labels).filter(|labels| !labels.is_empty());
        let held = Some(&self.held).filter(|held| !held.is_empty());
        labels.map(|labels| format!("Labels: {labels}")).into_iter().chain(held.cloned()).collect()
    }

    fn split(&self, area: Rect) -> (Rect, Rect, Rect) {
        let warnings = u16::try_from(self.warnings.len().min(WARNING_ROWS)).unwrap_or(4);
        let said = u16::try_from(self.said().len()).unwrap_or(2);
        let form = 4 + warnings + said + u16::from(self.why.is_some());
        let form = form.min(area.height.saturating_sub(2));
        let text = area.height.saturating_sub(form + 1);
        let top = Rect { height: area.height.min(1), ..area };
        let middle = Rect { y: area.y + top.height, height: text, ..area };
        let bottom = Rect { y: middle.y + text, height: form, ..area };
        (top, middle, bottom)
    }

    fn scroll(&mut self, key: Key) -> bool {
        let (_, rows) = self.text.size();
        let half = (rows / 2).max(1);
        match (key.code, self.spot) {
            (KeyCode::Up, _) => self.text.scroll(1, true),
            (KeyCode::Down, _) => self.text.scroll(1, false),
            (KeyCode::PageUp, _) => self.text.scroll(half, true),
            (KeyCode::PageDown, _) => self.text.scroll(half, false),
            (KeyCode::Left, Spot::Sign) => {
                self.spot = Spot::Back;
                true
            }
            (KeyCode::Right, Spot::Back) => {
                self.spot = Spot::Sign;
                true
            }
            _ => return false,
        };
        true
    }

    fn step(&mut self, forward: bool) {
        let mut spots = vec![Spot::Back];
        spots.extend(self.why.map(|_| Spot::Reason));
        spots.extend([Spot::Initials, Spot::Sign]);
        // They stand above: Shift+Tab comes to them first, from the nearest to the farthest.
        spots.extend((0..self.warnings.len()).map(Spot::Warning));
        let place = spots.iter().position(|spot| *spot == self.spot).unwrap_or(0);
        let step = if forward { 1 } else { spots.len() - 1 };
        self.spot = spots.get((place + step) % spots.len()).copied().unwrap_or(Spot::Back);
    }

    /// Letters go where they can only be meant for.
    fn type_in(&mut self, input: &Input) {
        let field = if self.spot == Spot::Reason { &mut self.reason } else { &mut self.typed };
        if field.input(input) == Answer::Changed && self.spot != Spot::Reason {
            self.spot = Spot::Initials;
        }
    }

    fn confirm(&mut self, time: Timestamp) -> Decision {
        // A held or doubled Enter is no decision.
        let early = time < self.guarded_until;
        self.guarded_until = time.plus_millis(GUARD);
        if early {
            return Decision::Undecided;
        }
        let reason = self.reason.text().trim();
        match self.spot {
            Spot::Back => Decision::Back,
            Spot::Warning(at) => {
                Decision::Go(self.warnings.get(at).and_then(|warning| warning.part))
            }
            Spot::Initials | Spot::Sign if self.warnings.iter().any(|one| one.required) => {
                self.missing = "The practice requires what is marked (required): Shift+Tab, Enter.";
                Decision::Undecided
            }
            Spot::Reason => {
                self.step(true);
                Decision::Undecided
            }
            Spot::Initials | Spot::Sign if self.why.is_some() && reason.is_empty() => {
                self.missing = self.why.map_or("", Why::missing);
                self.spot = Spot::Reason;
                Decision::Undecided
            }
            Spot::Initials if !self.initialled() => {
                self.missing = "These are not your initials yet.";
                Decision::Undecided
            }
            Spot::Initials | Spot::Sign => {
                Decision::Sign(self.why.map(|_| self.reason.text().trim().to_owned()))
            }
        }
    }

    /// The first warning that is shown: the one in focus is among them.
    fn top_warning(&self) -> usize {
        match self.spot {
            Spot::Warning(at) => at.saturating_sub(WARNING_ROWS - 1),
            _ => 0,
        }
    }

    fn warning_words(&self, at: usize, warning: &Warning, last: usize) -> String {
        let required = if warning.required { "(required) " } else { "" };
        let more = self.warnings.len().saturating_sub(last);
        match (at + 1 == last, more) {
            (true, 1..) => format!("! {required}{} ({more} more: Shift+Tab)", warning.words),
            _ => format!("! {required}{}", warning.words),
        }
    }

    fn initialled(&self) -> bool {
        let typed: String = self.typed.text().chars().filter(|c| c.is_alphanumeric()).collect();
        if self.initials.is_empty() {
            return typed.chars().count() >= 2;
        }
        typed.to_lowercase() == self.initials.to_lowercase()
    }
}

/// Returns the first letters of a name's words, without titles such as `Dr.` if the rest has two.
pub(crate) fn initials(name: &str) -> String {
    let first = |word: &str| word.chars().find(|letter| letter.is_alphabetic());
    let is_title = |word: &&str| word.ends_with('.') && word.chars().count() > 2;
    let bare: String =
        name.split_whitespace().filter(|word| !is_title(word)).filter_map(first).collect();
    if bare.chars().count() >= 2 {
        bare
    } else {
        name.split_whitespace().filter_map(first).collect()
    }
}

fn whole(page: &Page) -> String {
    let sections = page.sections.iter().map(|(title, text)| match *title {
        "" => text.trim_end().to_owned(),
        title => format!("{title}\n{}", text.trim_end()),
    });
    sections.collect::<Vec<_>>().join("\n\n")
}
