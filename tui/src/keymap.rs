//! Which key does what, where. The one table below serves dispatch, hint rows, help, the palette
//! and which-key popups, so that none of them can promise what another does not keep.

mod corrections;
mod crisis;
mod files;
mod keys;
mod measures;
mod moves;
mod places;
mod psychotherapy;
mod report;
mod supervision;
mod table;
mod text;
mod when;
mod writing;

use crate::device::settings::Preset;
use crate::input::{Key, KeyCode};
use crate::screen::Situation;
use crate::widget::editor::Deed;
use tacenda_shared::practice::edit::Status;

pub use text::Places;
pub(crate) use when::*;

/// Returns every verb with its keys, in the order of hints, help and the palette.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    table::ACTS
        .iter()
        .chain(crisis::CRISIS)
        .chain(files::FILES)
        .chain(measures::MEASURES)
        .chain(writing::WRITING)
        .chain(supervision::SUPERVISION)
        .chain(corrections::CORRECTIONS)
        .chain(text::TEXT)
        .chain(psychotherapy::APART)
        .chain(report::REPORT)
        .chain(places::PLACES)
        .chain(moves::MOVES)
}

/// Something that a person can ask for by a key, or by its words in the palette.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "the table gives each verb its words")]
pub enum Verb {
    Actions,
    AddDevice,
    AddToRisk,
    Archive,
    AsFrontDesk,
    Attach,
    BackUp,
    Back,
    Cancel,
    ChangeFormat,
    ChooseAlike,
    ClearField,
    CloseApart,
    Confirm,
    Connect,
    CopyLink,
    DemoCable,
    DemoCard,
    DemoCheat,
    DemoOther,
    DemoSees,
    Down,
    Earlier,
    EditContact,
    EndSeries,
    First,
    Filter,
    FinishRefilling,
    FindInNote,
    FindNext,
    FillTemplate,
    GoClient,
    GoDate,
    GoToday,
    HandOver,
    Help,
    HideEmptyDays,
    ImportLate,
    InText(Deed),
    Last,
    Later,
    Left,
    Lock,
    LogContact,
    Longer,
    MarkReviewed,
    Merge,
    MoveAppointment,
    New,
    NextFree,
    NextField,
    NextKind,
    NextPane,
    NewTask,
    NewTemplate,
    NoteDeath,
    NextPart,
    NudgeBack,
    NudgeDown,
    NudgeForth,
    NudgeUp,
    Open,
    Out,
    PageDown,
    PageUp,
    Palette,
    Places(Places),
    PreviewReport,
    PreviousField,
    PreviousKind,
    PreviousPane,
    PreviousPart,
    ProgressDown,
    ProgressUp,
    Quit,
    Redo,
    Redraw,
    Remind,
    RenameDevice,
    ReplaceSheet,
    RevokeDevice,
    Right,
    SaveAttachment,
    SaveSafetyPlan,
    SaveReport,
    SetFee,
    SetCopying,
    SetHours,
    SetLabels,
    SetLicences,
    SetLink,
    SetNumbers,
    SetStatus(Status),
    SayTimes,
    SetSupervised,
    Supervise,
    CorrectNote,
    StrikeNote,
    EarlierVersion,
    SetTarget,
    ShareEntry,
    Shorter,
    SignDraft,
    SignNote,
    SkipDate,
    SkipDates,
    StampSession,
    Renew,
    ShowApart,
    ShowAttachments,
    ShowClients,
    ShowColumns,
    ShowConsents,
    ShowCrisis,
    ShowFinish,
    ShowIdentity,
    ShowJournal,
    ShowMeasures,
    ShowMonth,
    ShowPhrases,
    ShowPlan,
    ShowLast,
    ShowReport,
    ShowRoom,
    ShowRules,
    ShowRelations,
    ShowSync,
    ShowToday,
    ShowWaiting,
    ShowWeek,
    Strike,
    Suspend,
    TakeInCalendar,
    TakeMeasure,
    Undo,
    Up,
    UseKeys(Preset),
    Veil,
    Wait,
    WhoComes,
    WriteNote,
    WriteSafetyPlan,
}

/// Where a row of the table holds. A layer of the screen names the contexts that hold in it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "each is the name of a screen or of a kind of screen")]
pub enum Context {
    Appointments,
    Asking,
    Attachment,
    Attachments,
    Booking,
    Calendar,
    Chart,
    Choice,
    Clients,
    Columns,
    Consents,
    Crisis,
    Entry,
    Everywhere,
    Finding,
    Form,
    Identity,
    Journal,
    Lists,
    MeasureForm,
    Measures,
    Menu,
    MenuOnDraft,
    Month,
    Note,
    Notice,
    Phrases,
    Picker,
    Plan,
    Psychotherapy,
    Reader,
    Replacing,
    Report,
    Review,
    Room,
    Sync,
    Ticks,
    Typing,
    Waiting,
    Week,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// What is asked for.
    pub verb: Verb,
    /// Each is one way: one key, or a prefix and a key.
    pub keys: &'static [&'static [Key]],
    /// Where it holds; empty if it is in the palette only.
    pub contexts: &'static [Context],
    /// The word in the hint row; empty if it is never hinted.
    pub hint: &'static str,
    /// The words in help and palette.
    pub help: &'static str,
    /// What can be typed in the palette instead of the words, without spaces; may be empty.
    pub command: &'static str,
    /// Says why it cannot be done now, if it cannot.
    pub when: fn(&Situation<'_>) -> Option<&'static str>,
}

/// What a sequence of keys means in some contexts.
#[derive(Clone, Copy, Debug)]
pub enum Found {
    /// It is complete.
    Row(&'static Row),
    /// More keys must follow.
    Prefix,
    /// It means nothing here.
    Nothing,
}

impl Verb {
    /// Returns whether it is about devices of the practice or its server.
    pub const fn is_of_devices(self) -> bool {
        matches!(
            self,
            Self::AddDevice
                | Self::BackUp
                | Self::Connect
                | Self::FinishRefilling
                | Self::ImportLate
                | Self::RenameDevice
                | Self::ReplaceSheet
                | Self::RevokeDevice
        )
    }

    /// Returns whether it is about progress reports, where one is made.
    pub const fn is_of_reports(self) -> bool {
        matches!(
            self,
            Self::ChooseAlike
                | Self::Earlier
                | Self::Later
                | Self::PreviewReport
                | Self::SaveReport
                | Self::ShowReport
        )
    }

    /// Returns whether it is about one session, or about when and where there are any.
    pub const fn is_of_sessions(self) -> bool {
        matches!(
            self,
            Self::EndSeries
                | Self::Remind
                | Self::SayTimes
                | Self::SetFee
                | Self::SetCopying
                | Self::SetHours
                | Self::SetLicences
                | Self::SetLink
                | Self::ShowRoom
                | Self::SkipDate
                | Self::SkipDates
                | Self::StampSession
                | Self::TakeInCalendar
        )
    }

    /// Returns whether only a demo knows it.
    pub fn is_of_demo(self) -> bool {
        matches!(
            self,
            Self::DemoCable | Self::DemoCard | Self::DemoCheat | Self::DemoOther | Self::DemoSees
        )
    }
}

impl Row {
    /// Returns whether the row holds in one of `contexts`.
    pub fn holds_in(&self, contexts: &[Context]) -> bool {
        self.contexts.iter().any(|context| contexts.contains(context))
    }

    /// Returns whether the row belongs in lists of verbs, and is not a mere movement.
    pub fn is_listed(&self) -> bool {
        !self.help.is_empty()
    }

    /// Returns its first key as people read it.
    pub fn key_words(&self) -> String {
        self.keys.first().map(|strokes| strokes_words(strokes)).unwrap_or_default()
    }

    /// Returns what the hint row shows as the key.
    pub fn hint_key(&self) -> String {
        self.keys.first().and_then(|strokes| strokes.first()).map(key_words).unwrap_or_default()
    }
}

/// Looks up a sequence of keys.
pub fn find(contexts: &[Context], strokes: &[Key]) -> Found {
    let mut found = Found::Nothing;
    for row in rows().filter(|row| row.holds_in(contexts)) {
        for keys in row.keys {
            if *keys == strokes {
                return Found::Row(row);
            }
            if keys.starts_with(strokes) {
                found = Found::Prefix;
            }
        }
    }
    found
}

/// Returns the rows that go on after a prefix, each with the key that follows.
pub fn after(contexts: &[Context], prefix: &[Key]) -> Vec<(Key, &'static Row)> {
    let rows = rows().filter(|row| row.holds_in(contexts));
    rows.flat_map(|row| row.keys.iter().map(move |keys| (keys, row)))
        .filter_map(|(keys, row)| match keys.strip_prefix(prefix) {
            Some([next, ..]) if !prefix.is_empty() => Some((*next, row)),
            _ => None,
        })
        .collect()
}

/// Returns the row of a verb that holds in some contexts, or else its first.
pub fn row_in(verb: Verb, contexts: &[Context]) -> Option<&'static Row> {
    let here = rows().find(|row| row.verb == verb && row.holds_in(contexts));
    here.or_else(|| rows().find(|row| row.verb == verb))
}

/// Returns the hints that hold, in the table's order.
pub fn hints(contexts: &[Context], situation: &Situation<'_>) -> Vec<&'static Row> {
    // Where a note is read, what lists do is possible and is not what somebody is there for.
    let reads = contexts.contains(&Context::Reader);
    let contexts = if reads { &[Context::Reader] } else { contexts };
    let rows = rows().filter(|row| !row.hint.is_empty() && row.holds_in(contexts));
    rows.filter(|row| (row.when)(situation).is_none()).collect()
}

/// Contexts of a note, in which inputs go to the note before the table is asked.
pub const IN_NOTES: &[Context] = &[
    Context::Asking,
    Context::Finding,
    Context::Note,
    Context::Reader,
    Context::Replacing,
    Context::Review,
];

/// Returns keys as people read them: `Ctrl+K`, `g d`, `Shift+Tab`.
pub fn strokes_words(strokes: &[Key]) -> String {
    strokes.iter().map(key_words).collect::<Vec<_>>().join(" ")
}

fn key_words(key: &Key) -> String {
    let name = match key.code {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(letter) if key.ctrl => letter.to_uppercase().to_string(),
        KeyCode::Char(letter) => letter.to_string(),
        KeyCode::F(number) => format!("F{number}"),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        code => format!("{code:?}"),
    };
    let shift = if key.shift { "Shift+" } else { "" };
    let ctrl = if key.ctrl { "Ctrl+" } else { "" };
    format!("{ctrl}{shift}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The contexts that hold together, for every layer that there is.
    const LAYERS: &[&[Context]] = {
        use Context as C;
        &[
            &[C::Form, C::Everywhere],
            &[C::Entry, C::Everywhere],
            &[C::Note, C::Everywhere],
            &[C::Finding, C::Everywhere],
            &[C::Replacing, C::Everywhere],
            &[C::Asking, C::Everywhere],
            &[C::Reader, C::Lists, C::Everywhere],
            &[C::Review, C::Everywhere],
            &[C::Booking, C::Everywhere],
            &[C::Chart, C::Lists, C::Everywhere],
            &[C::Picker, C::Everywhere],
            &[C::Clients, C::Lists, C::Everywhere],
            &[C::Appointments, C::Lists, C::Everywhere],
            &[C::Sync, C::Lists, C::Everywhere],
            &[C::Identity, C::Lists, C::Everywhere],
            &[C::Attachment, C::Lists, C::Everywhere],
            &[C::Attachments, C::Lists, C::Everywhere],
            &[C::Journal, C::Lists, C::Everywhere],
            &[C::Plan, C::Lists, C::Everywhere],
            &[C::Psychotherapy, C::Lists, C::Everywhere],
            &[C::Consents, C::Lists, C::Everywhere],
            &[C::Crisis, C::Lists, C::Everywhere],
            &[C::MeasureForm, C::Everywhere],
            &[C::Measures, C::Lists, C::Everywhere],
            &[C::Waiting, C::Lists, C::Everywhere],
            &[C::Month, C::Calendar, C::Lists, C::Everywhere],
            &[C::Appointments, C::Calendar, C::Lists, C::Everywhere],
            &[C::Appointments, C::Calendar, C::Week, C::Lists, C::Everywhere],
            &[C::Choice, C::Everywhere],
            &[C::Ticks, C::Everywhere],
            &[C::Menu, C::Everywhere],
            &[C::MenuOnDraft, C::Menu, C::Everywhere],
            &[C::Notice, C::Everywhere],
            &[C::Room, C::Notice, C::Everywhere],
            &[C::Typing, C::Everywhere],
        ]
    };

    #[test]
    fn no_key_means_two_things_on_one_layer() {
        for contexts in LAYERS {
            let mut meanings: BTreeMap<Vec<Key>, Verb> = BTreeMap::new();
            for row in rows().filter(|row| row.holds_in(contexts)) {
                for keys in row.keys {
                    let other = meanings.insert(keys.to_vec(), row.verb);
                    let other = other.filter(|other| *other != row.verb);
                    assert_eq!(other, None, "{} in {contexts:?}", strokes_words(keys));
                }
            }
            for keys in meanings.keys() {
                let begins =
                    |other: &&Vec<Key>| other.len() > keys.len() && other.starts_with(keys);
                let longer = meanings.keys().find(begins);
                assert_eq!(longer, None, "{} is also a prefix", strokes_words(keys));
            }
        }
    }

    #[test]
    fn keys_that_the_note_waits_for_mean_nothing_else() {
        // F4 is a note's template, F7 the last session beside it.
        let of_note = |key: &Key| matches!(key.code, KeyCode::F(4 | 7));
        for row in rows().filter(|row| row.keys.iter().flat_map(|keys| *keys).any(of_note)) {
            assert_eq!(row.contexts, [Context::Note], "{:?}", row.verb);
        }
    }

    #[test]
    fn every_verb_has_words_in_the_palette_or_only_moves() {
        for row in rows().filter(|row| !row.is_listed()) {
            let named = rows().any(|other| other.verb == row.verb && other.is_listed());
            let moves =
                [Verb::Up, Verb::Down, Verb::Left, Verb::Right, Verb::PageUp, Verb::PageDown];
            assert!(named || moves.contains(&row.verb), "{:?}", row.verb);
        }
    }

    #[test]
    fn every_function_and_control_key_has_a_second_way() {
        let special = |key: &Key| key.ctrl || matches!(key.code, KeyCode::F(_));
        for row in rows().filter(|row| row.keys.iter().flat_map(|keys| *keys).any(special)) {
            let others = rows().filter(|other| other.verb == row.verb);
            let plain = |keys: &&&[Key]| !keys.iter().any(special);
            let second = others.flat_map(|other| other.keys).find(plain).is_some();
            let command = rows().any(|other| other.verb == row.verb && !other.command.is_empty());
            // Ctrl+C is itself only a second way to quit.
            assert!(second || command || row.verb == Verb::ClearField, "{:?}", row.verb);
        }
    }

    #[test]
    fn keys_that_terminals_and_multiplexers_take_are_not_in_the_table() {
        let taken = ['a', 'b', 'g', 'h', 'i', 'j', 'm', 'n', 'o', 'p', 'q', 's', 't', 'v', '['];
        for key in rows().flat_map(|row| row.keys).flat_map(|keys| *keys) {
            let control = taken.iter().any(|letter| *key == Key::ctrl(*letter));
            assert!(!control, "{}", strokes_words(&[*key]));
            assert!(!matches!(key.code, KeyCode::F(1 | 11)), "{}", strokes_words(&[*key]));
        }
    }
}
