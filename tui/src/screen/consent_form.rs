//! The form for a consent: what for, for whom, since when and until when, how, in whose words. It
//! begins with what is most likely, so that a usual consent needs nothing but Enter.

use super::consents::kind_words;
use super::parts::field::Field;
use super::parts::{paint, when, who};
use super::{Act, Ask, Scene, handover};
use crate::input::{Input, KeyCode};
use crate::keymap::Verb;
use jiff::civil::Date;
use jiff::{Unit, civil::DateDifference};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::consent::{ConsentHow, ConsentKind, ConsentView, NewConsent};
use tacenda_shared::practice::edit::Edit;

/// The form as it stands.
#[derive(Clone, Debug)]
pub struct State {
    /// Whose consent it is.
    pub client: ClientId,
    kind: ConsentKind,
    how: ConsentHow,
    refused: bool,
    recipient: Field,
    covers: Field,
    given: Field,
    until: Field,
    said: Field,
    /// The one that is renewed: its record, and to whom something is told.
    renews: Option<(RecordId, String)>,
    /// What it was for, for a title that hides names.
    shown: [String; 2],
    /// Whether the client answers it alone, once it is said what it is about.
    hands_over: bool,
    focus: At,
    missing: Option<&'static str>,
}

/// A field of the form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum At {
    Kind,
    Recipient,
    Covers,
    Answer,
    Given,
    Until,
    How,
    Said,
}

const ALL: [At; 8] =
    [At::Kind, At::Recipient, At::Covers, At::Answer, At::Given, At::Until, At::How, At::Said];

impl At {
    const fn label(self) -> &'static str {
        match self {
            Self::Kind => "For",
            Self::Recipient => "To whom",
            Self::Covers => "What is covered",
            Self::Answer => "Answer",
            Self::Given => "Given on",
            Self::Until => "Until",
            Self::How => "How",
            Self::Said => "Client's words",
        }
    }

    /// Whether it is chosen, and not typed.
    const fn is_chosen(self) -> bool {
        matches!(self, Self::Kind | Self::Answer | Self::How)
    }
}

impl State {
    /// Starts with the consent that the client lacks most.
    pub fn new(client: ClientId, scene: &Scene<'_>) -> Self {
        let today = scene.today();
        let rows = scene.index.consents_of(client);
        let has =
            |kind: ConsentKind| rows.iter().any(|row| row.kind == kind && row.is_active(today));
        let usual = [ConsentKind::Treatment, ConsentKind::Telehealth];
        let kind = usual.into_iter().find(|kind| !has(*kind)).unwrap_or(ConsentKind::Release);
        Self {
            client,
            kind,
            how: ConsentHow::InSession,
            refused: false,
            recipient: Field::default(),
            covers: Field::default(),
            given: Field::suggestion(today.to_string()),
            until: Field::default(),
            said: Field::default(),
            renews: None,
            shown: Default::default(),
            hands_over: false,
            focus: At::Kind,
            missing: None,
        }
    }

    /// Starts with what an earlier consent says, for as long again.
    pub fn renewing(client: ClientId, earlier: &ConsentView, scene: &Scene<'_>) -> Self {
        let row = earlier.row;
        let until = row.until.and_then(|until| as_long_again(row.given, until, scene.today()));
        let until = until.map(|date| date.to_string()).unwrap_or_default();
        Self {
            kind: row.kind,
            covers: Field::new(&earlier.covers),
            until: Field::suggestion(until),
            renews: Some((row.record, earlier.recipient.clone())),
            shown: [kind_words(earlier, false), kind_words(earlier, true)],
            focus: At::Until,
            ..Self::new(client, scene)
        }
    }

    /// The same for a client who answers alone.
    #[must_use]
    pub fn handing_over(mut self) -> Self {
        self.hands_over = true;
        self
    }

    /// Returns the fields that it has now.
    fn fields(&self) -> impl Iterator<Item = At> + '_ {
        let names = self.renews.is_none();
        ALL.into_iter().filter(move |at| match at {
            At::Kind => names,
            At::Recipient => names && self.kind == ConsentKind::Release,
            At::Until => !self.refused,
            At::Answer | At::How | At::Said | At::Given => !self.hands_over,
            At::Covers => true,
        })
    }

    fn step(&mut self, forth: bool) {
        let fields: Vec<At> = self.fields().collect();
        let at = fields.iter().position(|at| *at == self.focus).unwrap_or(0);
        let next = if forth { at + 1 } else { at + fields.len().saturating_sub(1) };
        if let Some(next) = fields.get(next % fields.len().max(1)) {
            self.focus = *next;
        }
    }

    fn field(&mut self, at: At) -> Option<&mut Field> {
        match at {
            At::Recipient => Some(&mut self.recipient),
            At::Covers => Some(&mut self.covers),
            At::Given => Some(&mut self.given),
            At::Until => Some(&mut self.until),
            At::Said => Some(&mut self.said),
            At::Kind | At::Answer | At::How => None,
        }
    }

    fn take(&mut self, input: &Input) {
        self.missing = None;
        if !self.focus.is_chosen() {
            if let Some(field) = self.field(self.focus) {
                field.update(input);
            }
            return;
        }
        let code = match input {
            Input::Key(key) if !key.ctrl => key.code,
            // Who types fast over a slow line sends the letter and more in one piece.
            Input::Burst(typed) => match typed.chars().next() {
                Some(letter) => KeyCode::Char(letter),
                None => return,
            },
            _ => return,
        };
        match self.focus {
            At::Kind => self.kind = chosen(&ConsentKind::ALL, self.kind, ConsentKind::title, code),
            At::How => self.how = chosen(&ConsentHow::ALL, self.how, ConsentHow::title, code),
            _ => self.refused = chosen(&[false, true], self.refused, answer, code),
        }
    }

    fn save(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        let today = scene.today();
        let missing = match self.kind {
            ConsentKind::Release
                if self.renews.is_none() && self.recipient.trimmed().is_empty() =>
            {
                Some((At::Recipient, "To whom may something be told?"))
            }
            ConsentKind::Other if self.covers.trimmed().is_empty() => {
                Some((At::Covers, "What does the client consent to?"))
            }
            _ => None,
        };
        let given = when::read_past(self.given.trimmed(), today).filter(|given| *given <= today);
        let until = match self.until.trimmed() {
            "" => Some(None),
            _ if self.refused => Some(None),
            typed => when::read_date(typed, today).map(Some),
        };
        let missing = missing.or(match (given, until) {
            (None, _) => Some((At::Given, "That is no day that has been.")),
            (_, None) => Some((At::Until, "That is no date yet.")),
            (Some(given), Some(Some(until))) if until < given => {
                Some((At::Until, "It ends before it begins."))
            }
            _ => None,
        });
        if let Some((at, words)) = missing {
            (self.focus, self.missing) = (at, Some(words));
            return Vec::new();
        }
        let (Some(given), Some(until)) = (given, until) else { return Vec::new() };
        let text = |field: &Field| field.trimmed().to_owned();
        let recipient = match &self.renews {
            Some((_, recipient)) => recipient.clone(),
            None if self.kind == ConsentKind::Release => text(&self.recipient),
            None => String::new(),
        };
        let consent = NewConsent {
            recipient,
            covers: text(&self.covers),
            until,
            said: text(&self.said),
            refused: self.refused,
            renews: self.renews.as_ref().map(|(record, _)| *record),
            ..NewConsent::new(self.kind, given, self.how)
        };
        if self.hands_over {
            let record = RecordId::from_bytes(scene.fresh);
            let handed = handover::State::consent(self.client, record, consent);
            return vec![Ask::Leave, Ask::HandOver(Box::new(handed))];
        }
        let verb = match (self.refused, &self.renews) {
            (true, _) => "refused",
            (false, Some(_)) => "renewed",
            (false, None) => "written down",
        };
        let says = format!("consent of {}: {} {verb}", scene.code(self.client), self.kind.title());
        let (client, record) = (self.client, RecordId::from_bytes(scene.fresh));
        let edit = Edit::RecordConsent { client, record, consent: Box::new(consent) };
        vec![Ask::Submit(edit, says)]
    }

    /// What is said of the field in focus.
    fn help(&self, scene: &Scene<'_>) -> String {
        let today = scene.today();
        let date = |date: Option<Date>| match date {
            Some(date) => format!("= {}", when::long(date)),
            None => "not a date that exists".to_owned(),
        };
        match self.focus {
            At::Kind | At::How | At::Answer => "Space, or the first letter, changes it.".to_owned(),
            At::Recipient => "A person or a place. Hidden while names are.".to_owned(),
            At::Covers if self.kind == ConsentKind::Telehealth => {
                "For example the platform, and that nothing is recorded.".to_owned()
            }
            At::Covers => "In a line; may stay empty.".to_owned(),
            At::Given => date(when::read_past(self.given.trimmed(), today)),
            At::Until if self.until.trimmed().is_empty() => {
                "For example 25 nov 2027 or +365; empty: no end.".to_owned()
            }
            At::Until => date(when::read_date(self.until.trimmed(), today)),
            At::Said => "In a line; may stay empty.".to_owned(),
        }
    }
}

/// As long again as from one day to another, after its end, or after today if that has passed. Whole
/// months are months, whether the last day was counted or not; anything else is days.
fn as_long_again(given: Date, until: Date, today: Date) -> Option<Date> {
    let months = |end: Date| {
        let span = given.until(DateDifference::new(end).largest(Unit::Month)).ok()?;
        (span.get_days() == 0 && span.get_months() > 0).then_some(i64::from(span.get_months()))
    };
    let whole = months(until).or_else(|| months(until.tomorrow().ok()?));
    let span = match whole {
        Some(months) => jiff::Span::new().months(months),
        None => given.until(until).ok()?,
    };
    until.max(today).checked_add(span).ok()
}

const fn answer(refused: bool) -> &'static str {
    if refused { "refused" } else { "given" }
}

/// The next of several, or the next that begins with a letter.
fn chosen<T: Copy + PartialEq>(
    all: &[T],
    now: T,
    title: impl Fn(T) -> &'static str,
    code: KeyCode,
) -> T {
    let at = all.iter().position(|one| *one == now).unwrap_or(0);
    let after = all.iter().cycle().skip(at + 1).take(all.len());
    let found = match code {
        KeyCode::Char(' ') | KeyCode::Right => after.copied().next(),
        KeyCode::Left => all.iter().rev().cycle().skip(all.len() - at).copied().next(),
        KeyCode::Char(letter) => {
            let letter = letter.to_ascii_lowercase();
            after.copied().find(|one| {
                // `use of AI` is looked for as AI, too.
                let mut words = title(*one).split(' ');
                words.any(|word| word.to_ascii_lowercase().starts_with(letter))
            })
        }
        _ => None,
    };
    found.unwrap_or(now)
}

/// Types, chooses, moves between fields, or saves.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => state.take(input),
        Act::Verb(Verb::NextField) => state.step(true),
        Act::Verb(Verb::PreviousField) => state.step(false),
        Act::Verb(Verb::Confirm) => return state.save(scene),
        Act::Verb(_) => {}
    }
    Vec::new()
}

/// Columns of a label.
const LABEL: u16 = 17;

/// Draws the form.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let whose = who::client(scene.index, state.client, scene.veil);
    let [shown, hidden] = &state.shown;
    let title = match &state.renews {
        None if state.hands_over => format!("Consent of {whose}, who answers it alone"),
        None => format!("Consent of {whose}"),
        Some(_) => format!("{whose}: renew {}", if scene.veil { hidden } else { shown }),
    };
    let enter = if state.hands_over { "Enter hands it over" } else { "Enter save" };
    let inside = paint::popup(
        frame,
        scene.look,
        (66, 15),
        (&title, &format!("{enter}  Tab next  Esc back")),
    );
    let mut line = 0;
    for at in state.fields() {
        paint::text(frame, inside, line, at.label(), scene.look.title());
        let area = paint::lines(inside, line, 1);
        let area = Rect { x: area.x + LABEL, width: area.width.saturating_sub(LABEL), ..area };
        let focused = at == state.focus;
        let choice = match at {
            At::Kind => Some(state.kind.title()),
            At::How => Some(state.how.title()),
            At::Answer => Some(answer(state.refused)),
            _ => None,
        };
        match (choice, at) {
            (Some(words), _) => {
                paint::text(frame, area, 0, &format!("< {words} >"), Style::new());
                if focused {
                    frame.set_cursor_position((area.x, area.y));
                }
            }
            (None, At::Recipient) => state.recipient.view(frame, scene.look, area, focused),
            // What an earlier one covers is hidden until somebody goes there.
            (None, At::Covers) if scene.veil && state.renews.is_some() && !focused => {
                paint::text(frame, area, 0, "hidden (F9 shows)", Style::new());
            }
            (None, At::Covers) => state.covers.view(frame, scene.look, area, focused),
            (None, At::Given) => state.given.view(frame, scene.look, area, focused),
            (None, At::Until) => state.until.view(frame, scene.look, area, focused),
            (None, _) => state.said.view(frame, scene.look, area, focused),
        }
        line += 1;
    }
    match state.missing {
        Some(missing) => paint::text(frame, inside, line + 1, missing, scene.look.alarm()),
        None => paint::text(frame, inside, line + 1, &state.help(scene), Style::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_renewal_is_offered_for_as_long_as_the_consent_before() {
        let today = date(2026, 11, 22);
        let year = as_long_again(date(2025, 11, 25), date(2026, 11, 25), today);
        assert_eq!(year, Some(date(2027, 11, 25)));
        let over = as_long_again(date(2025, 1, 1), date(2026, 1, 1), today);
        assert_eq!(over, Some(date(2027, 11, 22)), "from today, if it is over");
        let days = as_long_again(date(2026, 11, 20), date(2026, 11, 30), today);
        assert_eq!(days, Some(date(2026, 12, 10)));
        let counted = as_long_again(date(2025, 12, 1), date(2026, 11, 30), today);
        assert_eq!(counted, Some(date(2027, 11, 30)), "a year, its last day counted");
        let odd = as_long_again(date(2026, 8, 20), date(2026, 11, 30), today);
        assert_eq!(odd, Some(date(2027, 3, 12)));
        assert_eq!(as_long_again(date(2026, 11, 20), Date::MAX, today), None);
    }

    #[test]
    fn a_letter_goes_to_the_next_word_that_begins_with_it() {
        let kind = |now, code| chosen(&ConsentKind::ALL, now, ConsentKind::title, code);
        let letter = |now, letter| kind(now, KeyCode::Char(letter));
        assert_eq!(letter(ConsentKind::Treatment, 't'), ConsentKind::Telehealth);
        assert_eq!(letter(ConsentKind::Telehealth, 't'), ConsentKind::Treatment);
        assert_eq!(letter(ConsentKind::Treatment, 'a'), ConsentKind::Ai);
        assert_eq!(letter(ConsentKind::Treatment, 'z'), ConsentKind::Treatment);
        assert_eq!(kind(ConsentKind::Other, KeyCode::Right), ConsentKind::Treatment);
        assert_eq!(kind(ConsentKind::Treatment, KeyCode::Left), ConsentKind::Other);
        assert_eq!(kind(ConsentKind::Other, KeyCode::Left), ConsentKind::Recording);
    }
}
