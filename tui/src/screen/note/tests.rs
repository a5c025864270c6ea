//! What a therapist sees of the note screen.

mod divide;
mod finding;
mod helps;
mod modal;

use super::*;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tacenda_shared::practice::view::{DraftRow, Standing};

const HEADING: Heading<'_> =
    Heading { kind: "Note", client: "ZZ-014", session: "session 12   Sun 22 Nov 09:00-09:50" };

pub(crate) fn draft(parts: &[(Part, &str)], remote: &[Splice]) -> DraftView {
    let format = if parts.len() > 1 { NoteFormat::Soap } else { NoteFormat::Free };
    let row = DraftRow {
        note: ObjectId::from_bytes([1; 16]),
        client: ClientId::from_bytes([2; 16]),
        session: None,
        format,
        begun: Timestamp::from_millis(0),
        words: 0,
        addendum_to: None,
        corrects: None,
        journal: false,
        psychotherapy: false,
        date: None,
    };
    let parts = parts.iter().map(|(part, text)| (*part, (*text).to_owned())).collect();
    DraftView { remote: remote.to_vec(), ..DraftView::new(row, parts) }
}

fn beside(name: &str, part: Part, position: usize) -> Beside {
    let device = tacenda_shared::id::DeviceId::from_bytes([3; 16]);
    Beside { device, name: name.to_owned(), caret: Some((part, position)) }
}

fn soap() -> DraftView {
    draft(
        &[
            (Part::Subjective, "Slept better this week."),
            (Part::Objective, "On time. Affect congruent."),
            (Part::Assessment, ""),
            (Part::Plan, ""),
        ],
        &[],
    )
}

pub(crate) fn now(millis: i64) -> Now {
    let local = jiff::civil::date(2026, 11, 22).at(10, 41, 0, 0);
    let local = local.saturating_add(jiff::SignedDuration::from_millis(millis));
    Now { time: Timestamp::from_millis(millis), local }
}

fn state(view: &DraftView) -> State {
    let clinician = "Robin Example".to_owned();
    State::new(view, Circumstances { clinician, ..Circumstances::default() })
}

#[test]
fn where_the_client_was_is_missed_before_the_initials() {
    let mut session = crate::screen::parts::sample::Sample::new().index.appointments
        [&crate::screen::parts::sample::appointment(1)]
        .as_ref()
        .clone();
    session.slot.modality = tacenda_shared::practice::edit::Modality::Video;
    let circumstances = Circumstances { session: Some(session), ..Circumstances::default() };
    let mut state = State::new(&soap(), circumstances);
    press(&mut state, KeyCode::F(8), 1_000);
    let shown = screen(&mut state).0.join("\n");
    assert!(shown.contains("! Nothing says where the client was"), "{shown}");
}

fn press(state: &mut State, code: KeyCode, millis: i64) -> Outcome {
    state.update(&Input::Key(Key::plain(code)), &now(millis))
}

fn type_text(state: &mut State, text: &str, millis: i64) -> Vec<Effect> {
    let letters = text.chars();
    letters.flat_map(|c| press(state, KeyCode::Char(c), millis).effects).collect()
}

pub(crate) fn drawn(draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> (Vec<String>, (u16, u16)) {
    let mut terminal = Terminal::new(TestBackend::new(80, 20)).unwrap();
    terminal.draw(draw).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let rows = (0..20)
        .map(|y| (0..80).map(|x| buffer[(x, y)].symbol()).collect::<String>())
        .map(|row| row.trim_end().to_owned())
        .collect();
    let cursor = terminal.backend().cursor_position();
    (rows, (cursor.x, cursor.y))
}

fn screen(state: &mut State) -> (Vec<String>, (u16, u16)) {
    state.resize(80, 20);
    let look = Look { ascii: true, ..Look::default() };
    drawn(|frame| view(state, &HEADING, frame, frame.area(), &look))
}

fn commits(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Commit { .. })).count()
}

#[test]
fn a_title_is_no_initial_unless_too_little_is_left() {
    assert_eq!(review::initials("Dr. Robin B. Example"), "RBE");
    assert_eq!(review::initials("Dr. Example"), "DE");
}

#[test]
fn a_soap_note_shows_all_parts_and_the_cursor_on_the_caret() {
    let mut state = state(&soap());
    let (rows, cursor) = screen(&mut state);
    assert_eq!(
        rows[0],
        format!("{:66}DRAFT  8 words", "Note  ZZ-014  session 12   Sun 22 Nov 09:00-09:50   SOAP")
    );
    assert_eq!(rows[1], format!("{:66}0 keys unsaved", "S  O  A  P   [Tab] next part"));
    assert!(rows[2].starts_with("-- > S  Subjective ----"), "{}", rows[2]);
    assert_eq!(rows[3], "Slept better this week.");
    assert!(rows[4].starts_with("-- O  Objective ----"), "{}", rows[4]);
    assert_eq!(rows[5], "On time. Affect congruent.");
    assert_eq!(cursor, (23, 3));

    press(&mut state, KeyCode::Tab, 0);
    let (rows, cursor) = screen(&mut state);
    assert!(rows[4].starts_with("-- > O  Objective ----"), "{}", rows[4]);
    assert_eq!(cursor, (26, 5));
}

#[test]
fn every_key_is_handed_on_at_once_and_a_pause_makes_one_change() {
    let mut state = state(&soap());
    let effects = type_text(&mut state, " Calm.", 1_000);
    assert_eq!(effects.len(), 6);
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Type { .. })));

    let early = state.tick(&now(3_999));
    assert!(early.effects.is_empty());
    assert_eq!(early.wake, Some(Timestamp::from_millis(4_000)));
    let due = state.tick(&now(4_000));
    assert_eq!(commits(&due.effects), 1);
    assert_eq!(due.wake, None);
    assert!(state.tick(&now(9_000)).effects.is_empty());
}

#[test]
fn typing_without_a_pause_is_committed_every_thirty_seconds() {
    let mut state = state(&soap());
    let mut seen = 0;
    for second in 0..=90 {
        seen += commits(&state.tick(&now(second * 1_000)).effects);
        type_text(&mut state, "a", second * 1_000);
    }
    assert_eq!(seen, 3);
}

#[test]
fn while_another_device_is_in_the_draft_a_pause_is_short_and_it_is_told_of_the_caret() {
    let mut state = state(&draft(&[(Part::Text, "mood")], &[]));
    let remote = Splice { part: Part::Text, position: 0, deleted: 0, inserted: "Low ".to_owned() };
    let company = DraftView {
        beside: vec![beside("tablet", Part::Text, 4)],
        ..draft(&[(Part::Text, "Low mood")], &[remote])
    };
    let told = state.apply_view(&company, &now(0)).effects;
    assert!(matches!(told[..], [Effect::Look { position: 8, .. }]), "{told:?}");
    let typed = press(&mut state, KeyCode::Char('!'), 100);
    assert_eq!(typed.wake, Some(Timestamp::from_millis(400)));
    assert!(matches!(typed.effects[..], [Effect::Type { .. }, Effect::Look { position: 9, .. }]));
    assert_eq!(state.texts(), ["Low mood!"]);

    let alone = draft(&[(Part::Text, "Low mood!")], &[]);
    let alone = DraftView { standing: Standing { heard: 1, told: 0 }, ..alone };
    state.apply_view(&alone, &now(200));
    let typed = press(&mut state, KeyCode::Char('!'), 1_000);
    assert_eq!(typed.effects.len(), 1, "nobody is told");
    assert_eq!(typed.wake, Some(Timestamp::from_millis(1_500)), "the counters");
}

#[test]
fn who_else_is_in_the_note_is_said_in_words_and_the_cursor_stays_on_the_own_caret() {
    let mut state = state(&soap());
    let company = DraftView {
        beside: vec![beside("tablet\u{202e}\u{1b}[2J of a very long name", Part::Objective, 7)],
        seen_by: vec!["tablet".into()],
        ..soap()
    };
    state.apply_view(&company, &now(0));
    let (rows, cursor) = screen(&mut state);
    let all = rows.join("\n");
    assert!(rows[1].contains("is in this note") && rows[1].contains("seen by tablet"), "{all}");
    let title = rows.iter().find(|row| row.contains("Objective")).unwrap();
    assert!(title.contains("(tablet") && title.contains("here)"), "{all}");
    let line = rows.iter().position(|row| row.contains("On time.")).unwrap();
    assert!(rows[line].contains("< tablet"), "{all}");
    assert!(!all.contains('\u{202e}') && !all.contains('\u{1b}'), "{all:?}");
    assert!(!all.contains("very long name"), "{all}");
    assert_ne!(usize::from(cursor.1), line);

    type_text(&mut state, "x", 0);
    let all = screen(&mut state).0.join("\n");
    assert!(!all.contains("seen by"), "not what was typed since: {all}");
}

#[test]
fn esc_commits_and_leaves_and_the_text_is_kept() {
    let mut state = state(&soap());
    type_text(&mut state, "x", 0);
    let left = press(&mut state, KeyCode::Esc, 10);
    assert!(left.leave);
    assert_eq!(commits(&left.effects), 1);
    assert_eq!(state.texts()[0], "Slept better this week.x");
}

#[test]
fn the_header_says_when_keys_reached_the_disk_once_it_is_quiet() {
    let mut state = state(&soap());
    type_text(&mut state, " ok", 0);
    assert!(screen(&mut state).0[1].ends_with("0 keys unsaved"));
    state.tick(&now(500));
    assert!(screen(&mut state).0[1].ends_with("3 keys unsaved"));
    assert!(screen(&mut state).0[0].ends_with("9 words"));
    state.journalled(3, &now(900));
    assert!(screen(&mut state).0[1].ends_with("saved 10:41:00, 0 keys unsaved"));
}

#[test]
fn down_goes_on_in_the_next_part_and_up_comes_back() {
    let mut state = state(&soap());
    press(&mut state, KeyCode::Down, 0);
    type_text(&mut state, "Came. ", 0);
    assert_eq!(state.texts()[1], "Came. On time. Affect congruent.");
    press(&mut state, KeyCode::Up, 0);
    type_text(&mut state, "!", 0);
    assert_eq!(state.texts()[0], "Slept better this week.!");
}

#[test]
fn the_review_warns_of_empty_parts_and_signs_by_initials() {
    let mut state = state(&soap());
    type_text(&mut state, "x", 0);
    let review = press(&mut state, KeyCode::F(8), 1_000);
    assert_eq!(commits(&review.effects), 1);
    let (rows, cursor) = screen(&mut state);
    let all = rows.join("\n");
    assert!(all.contains("! Assessment is empty.") && all.contains("! Plan is empty."), "{all}");
    assert!(all.contains("> [ Go on writing ]"), "{all}");
    assert!(rows[usize::from(cursor.1)].contains("> [ Go on writing ]"));

    type_text(&mut state, "rx", 2_000);
    assert!(press(&mut state, KeyCode::Enter, 3_000).edit.is_none());
    press(&mut state, KeyCode::Backspace, 3_100);
    type_text(&mut state, "e", 3_200);
    let signed = press(&mut state, KeyCode::Enter, 4_000);
    let note = ObjectId::from_bytes([1; 16]);
    let client = ClientId::from_bytes([2; 16]);
    assert_eq!(signed.edit, Some(Edit::Sign { note, client, late_reason: None }));
    assert!(press(&mut state, KeyCode::Enter, 9_000).edit.is_none());
}

#[test]
fn a_doubled_enter_neither_signs_nor_leaves_the_review() {
    let mut state = state(&soap());
    press(&mut state, KeyCode::F(8), 1_000);
    press(&mut state, KeyCode::Right, 1_010);
    assert!(press(&mut state, KeyCode::Enter, 1_050).edit.is_none());
    assert!(press(&mut state, KeyCode::Enter, 1_200).edit.is_none());
    assert!(press(&mut state, KeyCode::Enter, 1_600).edit.is_some());
}

#[test]
fn a_late_note_needs_a_reason() {
    let circumstances = Circumstances {
        session_end: Some(Timestamp::from_millis(0)),
        clinician: "Robin Example".to_owned(),
        ..Circumstances::default()
    };
    let mut state = State::new(&soap(), circumstances);
    let late = review::LATE + 1;
    press(&mut state, KeyCode::F(8), late);
    type_text(&mut state, "RE", late + 500);
    assert!(press(&mut state, KeyCode::Enter, late + 1_000).edit.is_none());
    assert!(screen(&mut state).0.join("\n").contains("please say why"));
    type_text(&mut state, "was ill", late + 1_500);
    press(&mut state, KeyCode::Enter, late + 2_000);
    let signed = press(&mut state, KeyCode::Enter, late + 3_000);
    let Some(Edit::Sign { late_reason, .. }) = signed.edit else { panic!("not signed") };
    assert_eq!(late_reason.as_deref(), Some("was ill"));
}

#[test]
fn what_others_change_during_a_review_has_to_be_read_again() {
    let mut state = state(&draft(&[(Part::Text, "mood")], &[]));
    press(&mut state, KeyCode::F(8), 0);
    type_text(&mut state, "re", 500);
    let remote = Splice { part: Part::Text, position: 0, deleted: 0, inserted: "Low ".to_owned() };
    state.apply_view(&draft(&[(Part::Text, "Low mood")], &[remote]), &now(900));
    let all = screen(&mut state).0.join("\n");
    assert!(all.contains("Low mood") && all.contains("just changed on another device"), "{all}");
    assert!(press(&mut state, KeyCode::Enter, 1_500).edit.is_none());
}

#[test]
fn a_huge_paste_is_one_undo_and_several_changes() {
    let mut state = state(&draft(&[(Part::Text, "")], &[]));
    let text = "word ".repeat(60_000);
    let pasted = state.update(&Input::Paste(text.clone()), &now(0));
    let mut sum = 0;
    let mut most = 0;
    for effect in &pasted.effects {
        match effect {
            Effect::Type { splices, .. } => {
                sum += splices.iter().map(|s| s.inserted.len()).sum::<usize>();
            }
            _ => {
                most = most.max(sum);
                sum = 0;
            }
        }
    }
    assert!(most.max(sum) <= sending::COMMIT_LIMIT);
    assert_eq!(state.texts(), [text]);
    state.update(&Input::Key(Key::ctrl('z')), &now(10));
    assert_eq!(state.texts(), [""]);
}

#[test]
fn a_search_goes_through_all_parts() {
    let mut state = state(&soap());
    state.update(&Input::Key(Key::ctrl('f')), &now(0));
    type_text(&mut state, "congruent", 0);
    press(&mut state, KeyCode::Enter, 0);
    assert_eq!(state.focus, 1);
    assert_eq!(state.editors[1].selected().as_deref(), Some("congruent"));
    press(&mut state, KeyCode::Esc, 0);
    let again = press(&mut state, KeyCode::F(3), 0);
    assert!(again.say.is_none());
    assert_eq!(state.editors[1].selected().as_deref(), Some("congruent"));
    assert!(!press(&mut state, KeyCode::Left, 0).leave);
}

#[test]
fn a_refused_signature_leaves_a_draft_that_can_be_typed_into() {
    let mut state = state(&soap());
    press(&mut state, KeyCode::F(8), 0);
    press(&mut state, KeyCode::Right, 500);
    assert!(press(&mut state, KeyCode::Enter, 1_000).edit.is_some());
    let notice = Notice::new("The disk is full.", "Nothing is lost.", "Free some space.");
    assert!(state.refused(&notice).say.is_some());
    type_text(&mut state, "y", 2_000);
    assert_eq!(state.texts()[0], "Slept better this week.y");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_size_and_any_keys_leave_the_caret_on_the_screen(
        keys in proptest::collection::vec(0_usize..14, 0..40),
        columns in 60_u16..130,
        rows in 14_u16..50,
    ) {
        let mut state = state(&soap());
        let codes = [
            KeyCode::Char('a'), KeyCode::Enter, KeyCode::Up, KeyCode::Down, KeyCode::Left,
            KeyCode::Right, KeyCode::Tab, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Backspace,
            KeyCode::Char('漢'), KeyCode::F(7), KeyCode::F(8), KeyCode::Esc,
        ];
        for (index, key) in keys.iter().enumerate() {
            press(&mut state, codes[*key], 1_000 * i64::try_from(index).unwrap());
            state.resize(columns, rows);
            let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
            let look = Look::default();
            terminal.draw(|frame| view(&state, &HEADING, frame, frame.area(), &look)).unwrap();
            prop_assert!(terminal.backend().cursor_visible(), "after {:?}", codes[*key]);
        }
    }
}
