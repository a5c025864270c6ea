//! What helps to write a note: snippets, templates, the last session, another division, warnings.

use super::*;
use tacenda_shared::id::RecordId;
use tacenda_shared::practice::lint::OfPlan;
use tacenda_shared::practice::phrase::{Fill, PhraseKind};
use tacenda_shared::practice::plan::PlanKind;
use tacenda_shared::practice::view::Index;

fn known() -> Phrasebook {
    let snippets = Index::default().phrases(PhraseKind::Snippet, None);
    let fill = Fill { date: "Sun 22 Nov 2026".into(), ..Fill::default() };
    Phrasebook { snippets, fill }
}

fn written() -> State {
    let mut state = state(&soap());
    state.know(Circumstances::default(), known());
    state
}

fn aided(last: &str) -> State {
    let aim = |kind, text: &str| (kind, text.to_owned());
    let aid = Aid {
        last: Some((
            ClientId::from_bytes([2; 16]),
            RecordId::from_bytes([9; 16]),
            Timestamp::from_millis(0),
            last.to_owned(),
        )),
        of_plan: OfPlan {
            diagnoses: 1,
            aims: vec![aim(PlanKind::Goal, "Drive alone"), aim(PlanKind::Objective, "Ten minutes")],
        },
    };
    let view = DraftView { aid: Some(Arc::new(aid)), ..soap() };
    state(&view)
}

fn shown(state: &mut State) -> String {
    screen(state).0.join("\n")
}

#[test]
fn a_word_behind_a_semicolon_offers_snippets_and_tab_puts_one_in() {
    let mut state = written();
    press(&mut state, KeyCode::Tab, 0);
    type_text(&mut state, " ;pl", 0);
    let all = shown(&mut state);
    assert!(
        all.contains(";pl ") && all.contains("> ;plan-risk") && all.contains("2 snippets"),
        "{all}"
    );
    assert!(all.contains("Tab inserts"), "{all}");
    press(&mut state, KeyCode::Down, 0);
    let put = press(&mut state, KeyCode::Tab, 0);
    let [Effect::Type { splices, .. }] = &put.effects[..] else { panic!("{:?}", put.effects) };
    assert_eq!((splices[0].position, splices[0].deleted), (27, 3), "the word goes");
    let text = &state.texts()[1];
    assert!(text.starts_with("On time. Affect congruent. Continue with the present"), "{text}");
    assert_eq!(state.focus, 1, "and Tab did not go on");
    assert!(!shown(&mut state).contains("snippet"));
    state.update(&Input::Key(Key::ctrl('z')), &now(10));
    assert!(state.texts()[1].ends_with(";pl"), "one undo takes it back");
}

#[test]
fn esc_leaves_what_was_typed_and_tab_goes_on_then() {
    let mut state = written();
    type_text(&mut state, " ;mse", 0);
    assert!(shown(&mut state).contains("> ;mse"));
    assert!(!press(&mut state, KeyCode::Esc, 0).leave);
    assert!(state.texts()[0].ends_with(" ;mse"));
    assert!(!shown(&mut state).contains("> ;mse"));
    press(&mut state, KeyCode::Tab, 0);
    assert_eq!(state.focus, 1);
    // What is no word of its own offers nothing.
    type_text(&mut state, "a;mse", 0);
    assert!(!shown(&mut state).contains("> ;mse"));
}

#[test]
fn what_another_member_wrote_into_a_snippet_moves_no_terminal() {
    let mut state = written();
    let mut book = known();
    book.snippets[0].phrase =
        tacenda_shared::practice::phrase::Phrase::Snippet("a\u{1b}[2Jb\r\nc {date}".into());
    book.snippets[0].name = "bad".into();
    state.know(Circumstances::default(), book);
    type_text(&mut state, " ;bad", 0);
    assert!(!shown(&mut state).contains('\u{1b}'));
    press(&mut state, KeyCode::Tab, 0);
    let text = &state.texts()[0];
    assert!(!text.contains('\u{1b}') && text.ends_with("b\nc Sun 22 Nov 2026"), "{text:?}");
}

#[test]
fn f7_shows_the_last_plan_and_the_aims_and_a_digit_puts_one_in() {
    let mut state = aided("graded exposure step 3\nsleep diary");
    press(&mut state, KeyCode::F(7), 0);
    let all = shown(&mut state);
    for words in
        ["1  Last plan: graded exposure", "2  Last plan: sleep", "4  Objective: Ten minutes"]
    {
        assert!(all.contains(words), "{all}");
    }
    let put = press(&mut state, KeyCode::Char('4'), 0);
    assert!(matches!(put.effects[..], [Effect::Type { .. }]), "{:?}", put.effects);
    assert_eq!(state.texts()[0], "Slept better this week.\nObjective: Ten minutes\n");
    // It is read on while letters type, also digits.
    type_text(&mut state, "4", 0);
    assert!(state.texts()[0].ends_with("minutes\n4"));
    assert!(shown(&mut state).contains("4  Objective"));
    press(&mut state, KeyCode::F(7), 0);
    press(&mut state, KeyCode::Char('x'), 0);
    assert!(state.texts()[0].ends_with("\n4x"), "a letter types, whatever has the digits");
    press(&mut state, KeyCode::F(7), 0);
    press(&mut state, KeyCode::F(7), 0);
    assert!(!shown(&mut state).contains("Objective: Ten minutes: "));
    assert!(!shown(&mut state).contains("Last plan"));
}

#[test]
fn where_nothing_was_planned_f7_says_so_and_letters_type() {
    let mut state = written();
    press(&mut state, KeyCode::F(7), 0);
    assert!(shown(&mut state).contains("No plan of a session is signed yet"));
    type_text(&mut state, "1", 0);
    assert!(state.texts()[0].ends_with("week.1"));
}

fn dap(parts: &[(Part, &str)]) -> DraftView {
    let mut view = draft(parts, &[]);
    view.row.format = NoteFormat::Dap;
    view
}

const AS_DAP: [(Part, &str); 5] = [
    (Part::Data, ""),
    (Part::Assessment, ""),
    (Part::Plan, ""),
    (Part::Subjective, "Slept better this week."),
    (Part::Objective, "On time. Affect congruent."),
];

#[test]
fn a_division_that_was_asked_for_here_moves_each_text_home_and_says_where_it_went() {
    let mut state = written();
    state.expect(NoteFormat::Dap);
    let outcome = state.apply_view(&dap(&AS_DAP), &now(0));
    let said = outcome.say.unwrap();
    assert_eq!(said, "Divided as DAP. Subjective, Objective went into Data.");
    let texts = state.texts();
    assert_eq!(texts, ["Slept better this week.\nOn time. Affect congruent.", "", ""]);
    let typed = outcome.effects.iter().filter(|effect| matches!(effect, Effect::Type { .. }));
    assert_eq!(typed.count(), 2, "the document hears of it like of what is typed");
    let rows = screen(&mut state).0;
    assert!(rows[0].contains("DAP") && rows[1].starts_with("D  A  P   [Tab]"), "{rows:?}");
}

#[test]
fn what_another_device_divides_stays_where_it_is_and_the_caret_with_it() {
    let mut state = written();
    press(&mut state, KeyCode::Tab, 0);
    let outcome = state.apply_view(&dap(&AS_DAP), &now(0));
    assert!(outcome.effects.is_empty() && outcome.say.is_none());
    type_text(&mut state, "!", 0);
    assert_eq!(state.texts()[4], "On time. Affect congruent.!", "below, and still written in");
    assert_eq!(state.editors[state.focus].part(), Part::Objective);
}

#[test]
fn a_template_fills_the_parts_behind_what_stands_there() {
    let mut state = written();
    let parts = vec![(Part::Plan, "Next: ___".to_owned()), (Part::Objective, "{date}".to_owned())];
    let outcome = state.fill((NoteFormat::Soap, parts), &now(0));
    assert!(outcome.say.unwrap().contains("___ is a gap"));
    assert_eq!(state.texts()[3], "Next: ___");
    assert_eq!(state.texts()[1], "On time. Affect congruent.\nSun 22 Nov 2026");
}

#[test]
fn a_template_of_another_format_waits_until_the_note_is_divided_like_it() {
    let mut state = written();
    let parts = vec![(Part::Plan, "Next: ___".to_owned())];
    assert!(state.fill((NoteFormat::Dap, parts), &now(0)).effects.is_empty());
    state.expect(NoteFormat::Dap);
    state.apply_view(&dap(&AS_DAP), &now(0));
    assert_eq!(state.texts()[2], "Next: ___");
}

#[test]
fn enter_on_a_warning_leads_to_its_part() {
    let mut state = written();
    press(&mut state, KeyCode::F(8), 0);
    state.update(&Input::Key(Key::shift(KeyCode::Tab)), &now(500));
    let all = shown(&mut state);
    assert!(all.contains("! Plan is empty."), "{all}");
    press(&mut state, KeyCode::Enter, 1_000);
    assert!(!state.is_reviewed());
    assert_eq!(state.editors[state.focus].part(), Part::Plan);
}

#[test]
fn what_the_practice_requires_is_a_wall_and_what_it_leaves_out_is_not_told() {
    use tacenda_shared::practice::lint::{Element, Level};
    let mut state = written();
    let levels = [(Element::Empty, Level::Require)].into_iter().collect();
    let clinician = "Robin Example".to_owned();
    state.know(Circumstances { levels, clinician, ..Circumstances::default() }, known());
    press(&mut state, KeyCode::F(8), 0);
    type_text(&mut state, "RE", 500);
    assert!(press(&mut state, KeyCode::Enter, 1_000).edit.is_none());
    let all = shown(&mut state);
    assert!(
        all.contains("! (required) Plan is empty.") && all.contains("The practice requires"),
        "{all}"
    );
    press(&mut state, KeyCode::Esc, 1_500);
    let levels = [(Element::Empty, Level::Off)].into_iter().collect();
    let clinician = "Robin Example".to_owned();
    state.know(Circumstances { levels, clinician, ..Circumstances::default() }, known());
    press(&mut state, KeyCode::F(8), 2_000);
    assert!(!shown(&mut state).contains('!'));
    type_text(&mut state, "RE", 2_500);
    assert!(press(&mut state, KeyCode::Enter, 3_000).edit.is_some());
}
