//! The lock screen: shown before the first unlock, after every lock, and where a vault cannot be
//! opened. It shows nothing of any client, and nothing of what is typed, not even its length.

use super::parts::{paint, when};
use crate::input::{Input, Key, KeyCode};
use crate::message::{Effect, Now};
use crate::notice::Notice;
use crate::text;
use crate::theme::Look;
use crate::widget::field::{Answer, PassphraseField};
use jiff::civil::DateTime;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// What may be said of a vault before it is open.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place {
    /// Name of the vault's folder.
    pub vault: String,
    /// Name of this device.
    pub device: String,
    /// A demo's passphrase.
    pub demo_passphrase: Option<String>,
}

/// The prompt as it stands.
#[derive(Debug, Default)]
pub struct State {
    passphrase: PassphraseField,
    /// Whether a passphrase is being tried. Keys are dropped meanwhile, not queued, so that an
    /// impatient second Enter cannot submit an empty one.
    pub(crate) checking: bool,
    /// Why the last try failed, or what else must be known.
    pub(crate) refusal: Option<Notice>,
    /// Whether the vault cannot be opened whatever the passphrase.
    pub(crate) broken: bool,
    /// When it was locked and by what, if it was open before.
    pub(crate) locked: Option<Locked>,
    /// What was on its way at the lock and was not saved: told here, and again after the unlock.
    pub(crate) refused: Option<Notice>,
}

/// When the practice was locked and why, and what became of what was not saved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Locked {
    pub(crate) at: DateTime,
    pub(crate) cause: &'static str,
    pub(crate) remains: Remains,
}

/// What stood on the screen and is not there any more after a lock.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Remains {
    /// A form that was not saved; it is gone.
    pub(crate) form: bool,
    /// A measure that was begun; what was answered is kept.
    pub(crate) measure: bool,
    /// A score that was not finished; what was typed is kept as a draft.
    pub(crate) score: bool,
}

impl Remains {
    /// What was still to be kept could not be: the device was locked before.
    pub(crate) const fn nothing_more(&mut self) {
        self.form |= self.measure || self.score;
        (self.measure, self.score) = (false, false);
    }
}

impl State {
    /// The lock screen after a lock, with what locked it.
    pub(crate) fn after(locked: Option<Locked>) -> Self {
        Self { locked, ..Self::default() }
    }

    /// Forgets what was typed, and what came of it.
    pub(crate) fn begin_again(&mut self) {
        let (locked, refused) = (self.locked, self.refused.take());
        *self = Self { locked, refused, ..Self::default() };
    }

    /// The lock screen of a vault that cannot be opened.
    pub(crate) fn unusable(notice: Notice) -> Self {
        Self { broken: true, refusal: Some(notice), ..Self::default() }
    }
}

/// Takes a key or pasted text.
pub fn update(state: &mut State, input: &Input) -> Vec<Effect> {
    if state.checking || state.broken {
        return Vec::new();
    }
    match input {
        Input::Key(Key { code: KeyCode::Enter, .. }) if !state.passphrase.is_empty() => {
            let passphrase = state.passphrase.take();
            state.checking = true;
            state.refusal = None;
            return vec![Effect::Unlock(passphrase)];
        }
        Input::Key(Key { code: KeyCode::Esc, .. }) => state.passphrase.clear(),
        input => {
            if state.passphrase.input(input) == Answer::Full {
                state.refusal = Some(text::passphrase_too_long());
            }
        }
    }
    Vec::new()
}

/// Draws the lock screen.
pub fn view(state: &State, place: &Place, now: &Now, look: &Look, frame: &mut Frame<'_>) {
    let area = frame.area();
    paint::text(frame, area, 0, " Tacenda", look.title());
    let date = now.local.date();
    let time = format!("{} {} ", when::day_and_date(date), when::clock(now.local.time()));
    paint::right(frame, area, 0, &time, Style::new());

    let width = 60.min(area.width.saturating_sub(2));
    let middle = Rect { x: area.x + (area.width - width) / 2, width, ..area };
    let mut line = (area.height / 2).saturating_sub(7);
    paint::text(frame, middle, line, "T A C E N D A   (locked)", look.title());
    line += 2;
    for (label, words) in facts(state, place) {
        paint::text(frame, middle, line, label, Style::new());
        let right = Rect { x: middle.x + 11, width: middle.width.saturating_sub(11), ..middle };
        line = paint::paragraph(frame, right, line, &words, Style::new());
    }
    line += 1;
    if state.broken {
        if let Some(notice) = &state.refusal {
            paint::notice(frame, look, middle, line, notice);
        }
        frame.set_cursor_position(Position::new(middle.x, middle.y + line));
    } else {
        passphrase(state, look, frame, paint::lines(middle, line, 8));
    }
    let foot = area.height.saturating_sub(2);
    let promise = " Nothing of any client can be shown or read before unlock.";
    paint::text(frame, area, foot, promise, Style::new());
    let keys = " Enter unlock   Ctrl+C clear, twice quit   F10 quit";
    paint::text(frame, area, foot + 1, keys, Style::new());
}

fn facts(state: &State, place: &Place) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if !place.vault.is_empty() {
        facts.push(("Vault", place.vault.clone()));
        facts.push(("Device", place.device.clone()));
    }
    if let Some(Locked { at, cause, remains }) = state.locked {
        let mut words = format!("{} {cause}; drafts are kept", when::clock(at.time()));
        if remains.measure {
            words.push_str("; what was answered is kept, unfinished");
        }
        if remains.score {
            words.push_str("; a score that was not finished is kept as a draft");
        }
        if remains.form {
            words.push_str("; a form that was not saved is gone");
        }
        facts.push(("Locked", words));
    }
    if let Some(refused) = &state.refused {
        facts.push(("Not saved", refused.happened.clone()));
    }
    if let Some(passphrase) = &place.demo_passphrase {
        facts.push(("Demo", format!("passphrase: {passphrase}")));
    }
    facts
}

fn passphrase(state: &State, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    paint::text(frame, area, 0, "Passphrase", look.title());
    let field = Rect { x: area.x + 11, width: area.width.saturating_sub(11), ..area };
    if state.checking {
        paint::text(frame, field, 0, "checking ... keys are dropped meanwhile", Style::new());
    } else {
        let line = " ".repeat(usize::from(field.width.min(34)));
        frame.buffer_mut().set_stringn(field.x, field.y, line, 34, look.field());
        paint::text(frame, field, 1, "(nothing is echoed, not even its length)", Style::new());
    }
    if let Some(notice) = &state.refusal {
        paint::notice(frame, look, area, 3, notice);
    }
    frame.set_cursor_position(Position::new(field.x, field.y));
}
