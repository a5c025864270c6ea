//! Find and replace, as a therapist sees it.

use super::*;

fn three() -> DraftView {
    draft(
        &[
            (Part::Subjective, "Anxious at work, anxious at home."),
            (Part::Objective, "Appeared anxious."),
            (Part::Assessment, "Anxious mood."),
            (Part::Plan, ""),
        ],
        &[],
    )
}

/// Ctrl+F, a needle, Tab, what takes its place, Enter.
fn begin(state: &mut State, needle: &str, new: &str) {
    state.update(&Input::Key(Key::ctrl('f')), &now(0));
    type_text(state, needle, 0);
    press(state, KeyCode::Tab, 0);
    type_text(state, new, 0);
    press(state, KeyCode::Enter, 0);
}

fn prompt(state: &mut State) -> String {
    screen(state).0[19].clone()
}

fn undo(state: &mut State) {
    state.update(&Input::Key(Key::ctrl('z')), &now(0));
}

/// The text that the effects make of the first, as the document hears it.
fn told(effects: &[Effect], part: Part, text: &str) -> String {
    let mut texts = Texts::of(&[(part, text.to_owned())]);
    for effect in effects {
        if let Effect::Type { splices, .. } = effect {
            texts.apply(splices);
        }
    }
    texts.strings()[0].1.clone()
}

#[test]
fn each_place_is_asked_about_and_counted() {
    let mut state = state(&three());
    press(&mut state, KeyCode::Home, 0);
    begin(&mut state, "anxious", "tense");
    assert!(prompt(&mut state).starts_with("Replace \"anxious\" with \"tense\"?"));
    assert!(prompt(&mut state).ends_with("1 of 4, 2 in this part"), "{}", prompt(&mut state));
    let effects = press(&mut state, KeyCode::Char('y'), 0).effects;
    assert_eq!(
        told(&effects, Part::Subjective, "Anxious at work, anxious at home."),
        "tense at work, anxious at home."
    );
    press(&mut state, KeyCode::Char('n'), 0);
    assert_eq!(state.focus, 1, "it goes on in the next part");
    press(&mut state, KeyCode::Enter, 0);
    let last = press(&mut state, KeyCode::Char('y'), 0);
    assert_eq!(last.say.as_deref(), Some("Replaced 3 places; 1 place above stand."));
    assert_eq!(
        state.texts(),
        ["tense at work, anxious at home.", "Appeared tense.", "tense mood.", ""]
    );
    undo(&mut state);
    assert_eq!(state.texts()[2], "Anxious mood.", "each is a step of its own");
    assert_eq!(state.texts()[1], "Appeared tense.");
}

#[test]
fn all_in_the_note_is_one_step_of_undo_in_all_parts() {
    let mut state = state(&three());
    let before = state.texts();
    begin(&mut state, "anxious", "tense");
    let all = press(&mut state, KeyCode::Char('a'), 0);
    assert_eq!(all.say.as_deref(), Some("Replaced 4 places in this note."));
    assert_eq!(
        state.texts(),
        ["tense at work, tense at home.", "Appeared tense.", "tense mood.", ""]
    );
    undo(&mut state);
    assert_eq!(state.texts(), before);
    state.update(&Input::Key(Key::ctrl('y')), &now(0));
    assert_eq!(state.texts()[2], "tense mood.");
}

#[test]
fn all_in_a_part_leaves_the_others() {
    let mut state = state(&three());
    press(&mut state, KeyCode::Home, 0);
    begin(&mut state, "anxious", "tense");
    let all = press(&mut state, KeyCode::Char('p'), 0);
    assert_eq!(all.say.as_deref(), Some("Replaced 2 places in this part."));
    assert_eq!(state.texts()[1], "Appeared anxious.");
    undo(&mut state);
    assert_eq!(state.texts()[0], "Anxious at work, anxious at home.");
}

#[test]
fn what_others_change_meanwhile_moves_the_place_or_takes_it_away() {
    let mut state = state(&three());
    press(&mut state, KeyCode::Home, 0);
    begin(&mut state, "anxious", "tense");
    let remote = |position, deleted, inserted: &str| Splice {
        part: Part::Subjective,
        position,
        deleted,
        inserted: inserted.to_owned(),
    };
    let mut view = three();
    view.remote = vec![remote(0, 0, "Still ")];
    view.parts[0].1 = "Still Anxious at work, anxious at home.".to_owned();
    view.standing = Standing { heard: 0, told: 1 };
    state.apply_view(&view, &now(0));
    assert_eq!(state.editors[0].selected().as_deref(), Some("Anxious"));
    press(&mut state, KeyCode::Char('y'), 0);
    assert_eq!(state.texts()[0], "Still tense at work, anxious at home.");
    // The next one is struck by somebody else while it is asked about.
    assert_eq!(state.editors[0].selected().as_deref(), Some("anxious"));
    state.apply_remote(&[remote(21, 7, "well")]);
    press(&mut state, KeyCode::Char('y'), 0);
    assert_eq!(state.texts()[0], "Still tense at work, well at home.", "nothing else is replaced");
    assert_eq!(state.editors[1].selected().as_deref(), Some("anxious"));
}

#[test]
fn the_prompt_has_a_row_of_its_own_and_says_what_there_is() {
    let mut state = state(&three());
    state.update(&Input::Key(Key::ctrl('f')), &now(0));
    type_text(&mut state, "sleep", 0);
    assert_eq!(prompt(&mut state), "Find (not in this note): sleep");
    press(&mut state, KeyCode::Esc, 0);
    assert!(!prompt(&mut state).contains("Find"));
    state.update(&Input::Key(Key::ctrl('f')), &now(0));
    type_text(&mut state, "at", 0);
    assert_eq!(prompt(&mut state), format!("{:74}1 of 2", "Find: at"));
    press(&mut state, KeyCode::Enter, 0);
    assert!(prompt(&mut state).ends_with("2 of 2"));
    press(&mut state, KeyCode::Up, 0);
    assert!(prompt(&mut state).ends_with("1 of 2"));
}

#[test]
fn ctrl_c_copies_what_is_selected_and_ctrl_r_puts_it_into_another_part() {
    let mut state = state(&three());
    press(&mut state, KeyCode::Home, 0);
    for _ in 0..7 {
        state.update(&Input::Key(Key::shift(KeyCode::Right)), &now(0));
    }
    let said = state.update(&Input::Key(Key::ctrl('c')), &now(0)).say.unwrap();
    assert!(said.starts_with("Copied") && said.contains("q"), "{said}");
    for _ in 0..3 {
        press(&mut state, KeyCode::Tab, 0);
    }
    state.update(&Input::Key(Key::ctrl('r')), &now(0));
    assert_eq!(state.texts()[3], "Anxious");
    state.update(&Input::Key(Key::ctrl('d')), &now(0));
    press(&mut state, KeyCode::Home, 0);
    state.update(&Input::Key(Key::ctrl('d')), &now(0));
    assert_eq!(state.texts()[3], "");
}

#[test]
fn nothing_that_is_looked_for_shows_in_debug_output() {
    let mut state = state(&three());
    begin(&mut state, "anxious", "secretly");
    let shown = format!("{state:?}");
    assert!(!shown.contains("nxious") && !shown.contains("secretly"), "{shown}");
}
