//! Everything that the interface knows, as plain values. It holds no channel, no file and no key,
//! and while the vault is locked it holds nothing of the practice.

use crate::device::settings::{AutoLock, Preset, SignAfter};
use crate::input::Key;
use crate::keymap::{Context, Verb};
use crate::message::{Now, SyncStatus};
use crate::screen::parts::digest::Digest;
use crate::screen::{
    Focused, Overlay, Scene, Screen, Situation, demo, handover, lock, measures, risk_form, setup,
    today,
};
use crate::widget::editor::Register;
use std::collections::BTreeMap;
use std::sync::Arc;
use tacenda_shared::id::{MemberId, Timestamp};
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::quick_add::Locale;
use tacenda_shared::practice::view::Index;
use tacenda_shared::random::Random;
use tacenda_shared::suite;

pub use crate::theme::Look;

/// How long before that a warning is shown, in milliseconds.
pub const WARNING_MILLIS: i64 = 30_000;

/// The whole state of the interface.
#[derive(Debug)]
pub struct Model {
    /// What the clock said last.
    pub now: Now,
    /// What the terminal can show.
    pub look: Look,
    /// Whether codes stand for names.
    pub veil: bool,
    /// In which order somebody types day and month, and in whose words.
    pub locale: Locale,
    /// The link and the queue.
    pub sync: SyncStatus,
    /// Where in its life the program is.
    pub stage: Stage,
    /// How long after the last key the vault locks itself.
    pub auto_lock: AutoLock,
    /// Which keys are used in notes.
    pub preset: Preset,
    /// How long after the passphrase was typed a signature asks for it again.
    pub sign_after: SignAfter,
    /// When the passphrase was typed last.
    pub(crate) confirmed: Timestamp,
    /// Where the demo stands, if this is one.
    pub demo: Option<demo::State>,
    /// The moment for which a wake-up is armed.
    pub(crate) armed: Option<Timestamp>,
    /// When Ctrl+C was last pressed where it means nothing else.
    pub(crate) interrupted: Option<Timestamp>,
    /// Until when something that was copied is in the terminal's clipboard.
    pub(crate) copied: Option<Timestamp>,
    pub(crate) ids: Ids,
    /// What a lock screen says of the vault.
    pub(crate) place: lock::Place,
}

/// Where in its life the program is. What belongs to an open practice exists only in `Open`, so
/// that leaving it drops all of it at once.
#[derive(Debug)]
pub enum Stage {
    /// Nothing is known of a vault yet.
    Starting,
    /// There is none; one is being set up.
    Setup(Box<setup::State>),
    /// It is locked.
    Locked(lock::State),
    /// It is open.
    Open(Box<Desk>),
}

/// What exists only while the practice is open.
#[derive(Debug)]
pub struct Desk {
    /// The read model.
    pub index: Arc<Index>,
    /// The whole of it, while it is looked at as the front desk sees it: `index` is that then.
    pub whole: Option<Arc<Index>>,
    /// What screens need from the whole of it.
    pub digest: Digest,
    /// The last is shown; never empty.
    pub screens: Vec<Screen>,
    /// Front first.
    pub overlays: Vec<Overlay>,
    /// Keys that began a sequence.
    pub pending: Vec<Key>,
    /// What the row above the hints says.
    pub line: String,
    /// When the vault locks itself unless a key comes.
    pub deadline: Timestamp,
    /// What was done and can be undone.
    pub history: History,
    /// Verbs that were lately run from the palette, newest first. Never text.
    pub recent: Vec<Verb>,
    /// A form for a new client that was left and waits.
    pub kept: Option<Overlay>,
    /// Whether somebody wants to quit.
    pub(crate) quits: Quits,
    /// The form that a client has in hand: while there is one, nothing else is seen or heard.
    pub handed: Option<Box<handover::State>>,
    /// The risk form that is shown once an edit with this ticket is carried out.
    pub(crate) then: Option<(u64, Box<risk_form::State>)>,
    /// What an answer raised that a client gave alone, until the device is back.
    pub(crate) raised: Option<handover::Raised>,
    /// What was cut or copied in notes; wiped with the desk.
    pub register: Register,
    /// While psychotherapy notes are open: until when, unless a key is pressed there.
    pub apart: Option<Timestamp>,
}

/// How far somebody is who wants to quit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quits {
    /// Nobody does.
    No,
    /// It was said at this moment that a form is not saved.
    Asked(Timestamp),
    /// As soon as what is on its way has come to an end.
    Waits,
}

/// Acts of this sitting.
#[derive(Debug, Default)]
pub struct History {
    /// What can be undone; newest last.
    pub undo: Vec<Done>,
    /// What was undone and can be done again; newest last.
    pub redo: Vec<Done>,
    /// Edits that are on their way, by ticket.
    pub waiting: BTreeMap<u64, Waiting>,
    /// The forms that they come from, by ticket: what is refused comes back to be put right.
    pub(crate) forms: BTreeMap<u64, Form>,
    /// Undo and redo that were asked for meanwhile, in order.
    pub later: Vec<Verb>,
    pub(crate) last_ticket: u64,
}

/// What was left with an edit that may be refused.
#[derive(Debug)]
pub(crate) enum Form {
    /// A form of measures, which a screen of theirs has in front.
    Measure(Box<measures::Begun>),
    /// A screen.
    Screen(Box<Screen>),
    /// Something that lay over one.
    Overlay(Box<Overlay>),
}

/// Something that was done, or undone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Done {
    /// What it was, in words: codes, never names.
    pub says: String,
    /// What takes it back.
    pub inverse: Edit,
    /// Whether it was done to psychotherapy notes: it is forgotten when they close.
    pub apart: bool,
}

/// An edit on its way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// What it does, in words: codes, never names.
    pub says: String,
    /// Why it is done.
    pub way: Way,
    /// Whether it is done to psychotherapy notes.
    pub apart: bool,
}

impl Waiting {
    /// Something that somebody does in the record.
    pub const fn fresh(says: String) -> Self {
        Self { says, way: Way::Fresh, apart: false }
    }
}

/// Why an edit is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// Somebody did something.
    Fresh,
    /// Somebody did again what was undone.
    Redo,
    /// Somebody undid something.
    Undo,
}

/// Makes ids that nobody can guess who does not know the seed, without asking for chance.
pub(crate) struct Ids {
    seed: [u8; 32],
    drawn: u64,
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ids({} drawn)", self.drawn)
    }
}

impl Random for Ids {
    /// Hash in counter mode: whoever does not know the seed cannot tell it from chance.
    fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(16) {
            for (byte, drawn) in chunk.iter_mut().zip(self.fresh()) {
                *byte = drawn;
            }
            self.advance();
        }
    }
}

impl Ids {
    /// Returns the id that comes next.
    pub(crate) fn fresh(&self) -> [u8; 16] {
        suite::hash("tacenda/id/1", &[&self.seed, &self.drawn.to_be_bytes()]).truncated()
    }

    /// Goes on, so that the same id does not come twice.
    pub(crate) fn advance(&mut self) {
        self.drawn += 1;
    }
}

impl Model {
    /// Starts with the veil on and nothing known. `seed` is 32 unpredictable bytes, from which
    /// ids of new clients, appointments and drafts are made.
    pub fn new(now: Now, look: Look, seed: [u8; 32]) -> Self {
        Self {
            now,
            look,
            veil: true,
            locale: Locale::EnGb,
            sync: SyncStatus::default(),
            stage: Stage::Starting,
            auto_lock: AutoLock::default(),
            preset: Preset::default(),
            sign_after: SignAfter::default(),
            confirmed: Timestamp::default(),
            demo: None,
            armed: None,
            interrupted: None,
            copied: None,
            ids: Ids { seed, drawn: 0 },
            place: lock::Place::default(),
        }
    }

    /// Returns what screens may look at, while the practice is open.
    pub fn scene<'a>(&'a self, desk: &'a Desk) -> Scene<'a> {
        Scene {
            now: &self.now,
            index: &desk.index,
            digest: &desk.digest,
            sync: &self.sync,
            look: &self.look,
            veil: self.veil,
            locale: self.locale,
            fresh: self.ids.fresh(),
        }
    }

    /// Returns the open practice's state, if it is open.
    pub fn desk(&self) -> Option<&Desk> {
        match &self.stage {
            Stage::Open(desk) => Some(desk),
            Stage::Locked(_) | Stage::Setup(_) | Stage::Starting => None,
        }
    }

    /// Returns what decides which verbs can be run.
    pub fn situation<'a>(&'a self, desk: &'a Desk) -> Situation<'a> {
        let scene = self.scene(desk);
        let screen = desk.screens.last();
        Situation {
            focused: screen.map_or(Focused::Nothing, |screen| screen.focused(&scene)),
            chart: match screen {
                Some(Screen::Chart(chart)) => Some(chart.client),
                Some(Screen::Note(note)) => Some(note.client),
                Some(Screen::Read(note)) => Some(note.client),
                Some(Screen::Psychotherapy(notes)) => Some(notes.client),
                _ => None,
            },
            apart: desk.apart.is_some(),
            corrects: match screen {
                Some(Screen::Read(note)) => {
                    note.state.as_ref().is_some_and(|state| state.versions().is_some())
                }
                _ => false,
            },
            one_text: matches!(screen, Some(Screen::Note(note)) if note.is_one_text()),
            labelled: match screen {
                Some(Screen::Note(note)) => !note.is_apart() && !note.is_journal(),
                Some(screen) => !screen.is_apart(),
                None => false,
            },
            can_undo: !desk.history.undo.is_empty(),
            can_redo: !desk.history.redo.is_empty(),
            scene,
        }
    }

    /// Returns whether letters type: in a field, in a note, or as a passphrase.
    pub fn is_typing(&self) -> bool {
        match &self.stage {
            Stage::Open(desk) => desk.is_typing(),
            Stage::Locked(_) | Stage::Setup(_) => true,
            Stage::Starting => false,
        }
    }

    pub(crate) fn desk_mut(&mut self) -> Option<&mut Desk> {
        match &mut self.stage {
            Stage::Open(desk) => Some(desk),
            Stage::Locked(_) | Stage::Setup(_) | Stage::Starting => None,
        }
    }
}

impl Desk {
    /// Opens at Today.
    pub(crate) fn new(
        index: Arc<Index>,
        now: &Now,
        (auto_lock, member): (AutoLock, Option<MemberId>),
    ) -> Self {
        Self {
            digest: Digest::of(&index, now.time, member),
            index,
            whole: None,
            screens: vec![Screen::Today(today::State::new(now.local.date()))],
            overlays: Vec::new(),
            pending: Vec::new(),
            line: String::new(),
            deadline: now.time.plus_millis(auto_lock.millis()),
            history: History::default(),
            recent: Vec::new(),
            kept: None,
            quits: Quits::No,
            handed: None,
            then: None,
            raised: None,
            register: Register::default(),
            apart: None,
        }
    }

    /// Returns the contexts of the key table that hold in front.
    pub fn contexts(&self) -> &'static [Context] {
        match (self.overlays.first(), self.screens.last()) {
            (Some(overlay), _) => overlay.contexts(),
            (None, Some(screen)) => screen.contexts(),
            (None, None) => &[Context::Everywhere],
        }
    }

    /// Returns whether letters type in front.
    pub fn is_typing(&self) -> bool {
        if let Some(handed) = &self.handed {
            return handed.is_typing();
        }
        match (self.overlays.first(), self.screens.last()) {
            (Some(overlay), _) => overlay.is_typing(),
            (None, Some(screen)) => screen.is_typing(),
            (None, None) => false,
        }
    }

    /// Whether the warning before the auto-lock is due.
    pub fn is_warned(&self, now: &Now) -> bool {
        now.time >= self.deadline.plus_millis(-WARNING_MILLIS)
    }
}
