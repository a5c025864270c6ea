//! A progress report in the making: what a period offers, each with a tick and at first none, and the
//! report as it would leave.

use super::parts::{list, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::keymap::Verb;
use crate::notice::Notice;
use crate::report::{self, Around, Chosen, Item, Offer};
use crate::text;
use jiff::ToSpan as _;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::consent::ConsentKind;
use tacenda_shared::practice::edit::{Label, Subject};
use tacenda_shared::practice::report::ReportView;
use tacenda_shared::practice::view::{Index, View};

/// How far back a report goes at first.
const MONTHS: i32 = 3;
/// How far back one can go.
const MONTHS_MAX: i32 = 120;

/// What was chosen so far.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    /// From which day to which.
    pub period: (Date, Date),
    months: i32,
    view: Option<Box<ReportView>>,
    offers: Vec<Offer>,
    /// What it is to hold.
    pub chosen: Chosen,
    focus: usize,
    /// The report as it would leave, and the first line in sight.
    preview: Option<(Vec<String>, usize)>,
    refusal: Option<Notice>,
}

impl State {
    /// Begins with the last three months, and with nothing chosen.
    pub fn new(client: ClientId, today: Date) -> Self {
        Self {
            client,
            period: (from(today, MONTHS), today),
            months: MONTHS,
            view: None,
            offers: Vec::new(),
            chosen: Chosen::default(),
            focus: 0,
            preview: None,
            refusal: None,
        }
    }

    /// Returns what must be open while this is shown.
    pub fn subject(&self) -> Subject {
        Subject::Report(self.client, self.period.0, self.period.1)
    }

    /// Takes what the period offers.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>, index: &Index) {
        match outcome.map(|view| *view) {
            Ok(View::Report(view)) => {
                self.offers = report::offers(&view, index);
                self.chosen.keep_of(&self.offers);
                self.focus = self.focus.min(self.offers.len().saturating_sub(1));
                self.view = Some(view);
                self.refusal = None;
            }
            Ok(_) => {}
            Err(notice) => {
                (self.view, self.offers, self.preview) = (None, Vec::new(), None);
                self.refusal = Some(notice);
            }
        }
    }

    /// Another beginning of the period: so many months earlier, or later.
    pub fn shift(&mut self, months: i32) {
        self.months = (self.months + months).clamp(1, MONTHS_MAX);
        self.period.0 = from(self.period.1, self.months);
        (self.view, self.preview) = (None, None);
    }

    /// Whether the report is shown as it would leave.
    pub const fn is_preview(&self) -> bool {
        self.preview.is_some()
    }

    /// Goes back from that to what can be chosen.
    pub fn step_out(&mut self) -> bool {
        self.preview.take().is_some()
    }

    /// Returns what the focus is on.
    pub const fn focused(&self) -> Focused {
        Focused::Client(self.client)
    }

    fn toggle(&mut self) {
        if let Some(offer) = self.offers.get(self.focus) {
            self.chosen.set(offer.item, !self.chosen.has(offer.item));
        }
    }

    /// All of one kind as what is in focus: all but what has labels; once more takes them out.
    fn toggle_alike(&mut self) {
        let Some(focused) = self.offers.get(self.focus) else { return };
        let alike = |item: &Item| match (item, &focused.item) {
            (Item::Measure(_), Item::Measure(_)) => true,
            (Item::Part(_, part), Item::Part(_, other)) => part == other,
            (Item::Addendum(_), Item::Addendum(_)) => true,
            (item, other) => item == other,
        };
        let plain = self.offers.iter().filter(|one| one.labels.is_empty() && alike(&one.item));
        let items: Vec<Item> = plain.map(|one| one.item).collect();
        let all = items.iter().all(|item| self.chosen.has(*item));
        items.into_iter().for_each(|item| self.chosen.set(item, !all));
    }

    fn show_preview(&mut self, scene: &Scene<'_>) {
        let Some(view) = &self.view else { return };
        let around = Around {
            author: report::author(scene.index, scene.member()),
            today: scene.today(),
            veiled: scene.veil,
            ..Around::default()
        };
        let report = report::build(view, &self.chosen, &around, scene.index);
        let width = usize::from(scene.look.columns).saturating_sub(4).min(100);
        let text = report::plain(&report);
        let lines = text.lines().flat_map(|line| folded(line, width)).collect();
        self.preview = Some((lines, 0));
    }
}

/// Folds a line of the report, which may begin with blanks that stay.
fn folded(line: &str, width: usize) -> Vec<String> {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let lead = " ".repeat(blanks);
    match line.trim() {
        "" => vec![String::new()],
        _ if crate::widget::safe::columns(line) <= width => vec![line.to_owned()],
        words => paint::folded(words, width.saturating_sub(blanks))
            .into_iter()
            .map(|part| format!("{lead}{part}"))
            .collect(),
    }
}

fn from(to: Date, months: i32) -> Date {
    to.checked_sub(months.months()).unwrap_or(to)
}

/// Moves, chooses, or shows the report as it would leave.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    let Act::Verb(verb) = act else { return Vec::new() };
    let page = usize::from(scene.look.rows / 2);
    if let Some((lines, top)) = &mut state.preview {
        match verb {
            Verb::PreviewReport | Verb::Confirm => state.preview = None,
            verb => drop(list::step(top, *verb, lines.len(), page)),
        }
        return Vec::new();
    }
    match verb {
        Verb::Confirm => state.toggle(),
        Verb::ChooseAlike => state.toggle_alike(),
        Verb::PreviewReport => state.show_preview(scene),
        verb => drop(list::step(&mut state.focus, *verb, state.offers.len(), page)),
    }
    Vec::new()
}

/// Says what keeps a report from being let out to somebody else with a good conscience; nothing if a
/// release stands. It warns and blocks nothing.
pub fn consent_words(index: &Index, client: ClientId, today: Date) -> Option<String> {
    let row = index.client(client)?;
    let all = std::iter::once(row.id).chain(row.same.iter().map(|twin| twin.id));
    let mut consents = all.filter_map(|one| index.consents.get(&one)).flat_map(|rows| rows.iter());
    let stands = consents.any(|one| one.kind == ConsentKind::Release && one.is_active(today));
    (!stands).then(|| {
        "No release stands in this chart: without one, or another ground in law, it may not go to \
         somebody else."
            .to_owned()
    })
}

/// Draws the list, or the report.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let client = who::client(scene.index, state.client, scene.veil);
    let period = format!("{} to {}", when::long(state.period.0), when::long(state.period.1));
    paint::rule(frame, look, area, 0, (&format!("Progress report  {client}"), &period));
    let body = paint::lines(area, 1, u16::MAX);
    if let Some(notice) = &state.refusal {
        paint::notice(frame, look, paint::inset(body, 1), 1, notice);
        frame.set_cursor_position((body.x, body.y));
        return;
    }
    let Some(shown) = &state.view else {
        paint::text(frame, paint::inset(body, 1), 1, "opening ...", Style::new());
        frame.set_cursor_position((body.x, body.y));
        return;
    };
    if let Some((lines, top)) = &state.preview {
        for (line, words) in lines.iter().skip(*top).take(body.height.into()).enumerate() {
            paint::text(frame, paint::inset(body, 1), paint::count(line), words, Style::new());
        }
        frame.set_cursor_position((body.x + 1, body.y));
        return;
    }
    let mut line = 0;
    for words in heads(state, shown, scene) {
        let style = if line == 0 { Style::new() } else { look.waiting() };
        line = paint::paragraph(frame, paint::inset(body, 1), line, &words, style);
    }
    rows(state, scene, frame, paint::lines(body, line + 1, u16::MAX));
}

/// What is said above the list.
fn heads(state: &State, view: &ReportView, scene: &Scene<'_>) -> Vec<String> {
    let chosen = match state.chosen.count() {
        0 => "Nothing is chosen. Choose what this report needs, and no more.".to_owned(),
        count => format!("{} chosen of {}.", count, state.offers.len()),
    };
    let mut heads = vec![chosen];
    let labelled = state.offers.iter().filter(|offer| !offer.labels.is_empty()).count();
    if labelled > 0 {
        heads.push(format!(
            "{} with labels: left out unless chosen one by one.",
            text::capital(&text::counted(labelled, "line", "lines"))
        ));
    }
    if view.beyond > 0 {
        heads.push(format!(
            "{} records of the period are not listed: too many, or they do not read.",
            view.beyond
        ));
    }
    heads.extend(consent_words(scene.index, state.client, scene.today()));
    heads
}

fn rows(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let top = list::top(state.focus, state.offers.len(), area.height.into());
    let shown = state.offers.iter().enumerate().skip(top).take(area.height.into());
    for (at, offer) in shown {
        let tick = if state.chosen.has(offer.item) { 'x' } else { ' ' };
        let kind = match offer.item {
            Item::Sessions => "Sessions   ",
            Item::Diagnoses => "Diagnoses  ",
            Item::Goals => "Goals      ",
            Item::Measure(_) => "Measure    ",
            Item::Part(..) | Item::Addendum(_) => "Note       ",
        };
        let labels = match offer.labels.is_empty() {
            true => String::new(),
            false => format!("  ({})", Label::list(&offer.labels)),
        };
        let begins = match offer.begins.as_str() {
            "" => String::new(),
            begins => format!("  {begins}"),
        };
        let words = format!("[{tick}] {kind}{}{labels}{begins}", offer.words);
        let place = paint::count(at - top);
        let focused = at == state.focus;
        paint::row(frame, scene.look, area, place, (&words, Style::new(), focused));
    }
}
