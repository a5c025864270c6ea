//! The vim-like preset on the note screen.

use super::*;
use crate::device::settings::Preset;

fn vim(view: &DraftView) -> State {
    let mut state = state(view);
    state.use_keys(Preset::Vim);
    press(&mut state, KeyCode::Home, 0);
    state
}

/// Keys as they are written; `⎋` is Esc, `⏎` Enter. Returns the last outcome.
fn keys(state: &mut State, keys: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for letter in keys.chars() {
        let code = match letter {
            '⎋' => KeyCode::Esc,
            '⏎' => KeyCode::Enter,
            letter => KeyCode::Char(letter),
        };
        outcome = press(state, code, 0);
    }
    outcome
}

#[test]
fn esc_leaves_no_note_and_colon_q_does() {
    for (command, leaves) in [
        (":q⏎", true),
        (":wq⏎", true),
        (":x⏎", true),
        ("ZZ", true),
        (":w⏎", false),
        (":q!⏎", false),
    ] {
        let mut state = vim(&soap());
        assert!(!keys(&mut state, "⎋⎋⎋").leave);
        let outcome = keys(&mut state, &format!("ix⎋{command}"));
        assert_eq!(outcome.leave, leaves, "{command}");
        assert_eq!(state.texts()[0], "xSlept better this week.", "{command}");
    }
    let mut state = vim(&soap());
    let saved = keys(&mut state, "ix⎋:w⏎");
    assert_eq!(commits(&saved.effects), 1);
    assert_eq!(keys(&mut state, ":lock⏎").run, Some(Verb::Lock));
    assert!(keys(&mut state, ":nonsense⏎").say.unwrap().contains(":wq"));
    assert!(!state.is_asked());
}

/// `/`, the word and Enter go there; what follows is a command again.
#[test]
fn a_search_ends_with_enter_and_n_goes_on_from_there() {
    let mut state = vim(&soap());
    keys(&mut state, "/week⏎");
    assert!(!state.is_asked());
    keys(&mut state, "dw");
    assert_eq!(state.texts()[0], "Slept better this .");
    // What is not there stays asked, and no letter of it is a command.
    let said = keys(&mut state, "/nowhere⏎");
    assert!(said.say.unwrap().contains("Not found"));
    keys(&mut state, "dd⎋");
    assert_eq!(state.texts()[0], "Slept better this .");
}

#[test]
fn the_default_preset_types_every_letter() {
    let mut state = state(&soap());
    type_text(&mut state, "dd:q", 0);
    assert_eq!(state.texts()[0], "Slept better this week.dd:q");
    assert_eq!(state.mode_words(), None);
    assert!(press(&mut state, KeyCode::Esc, 0).leave);
}

#[test]
fn a_change_is_handed_on_at_once_and_undone_as_one() {
    let mut state = vim(&soap());
    let outcome = keys(&mut state, "dw");
    assert!(matches!(outcome.effects.as_slice(), [Effect::Type { .. }]), "{outcome:?}");
    keys(&mut state, "cwworse now⎋");
    assert_eq!(state.texts()[0], "worse now this week.");
    keys(&mut state, "u");
    assert_eq!(state.texts()[0], "better this week.");
    keys(&mut state, "u");
    assert_eq!(state.texts()[0], "Slept better this week.");
    state.update(&Input::Key(Key::ctrl('r')), &now(0));
    assert_eq!(state.texts()[0], "better this week.");
}

#[test]
fn j_and_k_and_tab_go_to_the_neighbouring_parts() {
    let mut state = vim(&soap());
    keys(&mut state, "j");
    assert_eq!(state.focus, 1);
    keys(&mut state, "k");
    assert_eq!(state.focus, 0);
    keys(&mut state, "dj");
    assert_eq!(state.focus, 0, "an operator stays in its part");
    keys(&mut state, "ix");
    press(&mut state, KeyCode::Tab, 0);
    keys(&mut state, "y⎋");
    assert_eq!(state.texts()[1], "yOn time. Affect congruent.");
}

#[test]
fn search_goes_to_the_start_of_what_is_found_and_n_goes_on() {
    let mut state = vim(&draft(&[(Part::Text, "bob, Bob, bob")], &[]));
    keys(&mut state, "/bob⏎");
    keys(&mut state, "⎋");
    let first = state.editors[0].caret();
    keys(&mut state, "n");
    let second = state.editors[0].caret();
    keys(&mut state, "n");
    assert_eq!([first, second, state.editors[0].caret()], [5, 10, 0]);
    keys(&mut state, "N");
    assert_eq!(state.editors[0].caret(), 10);
    keys(&mut state, "x");
    assert_eq!(state.texts()[0], "bob, Bob, ob");
}

#[test]
fn the_same_search_once_more_or_none_goes_on_and_ends_the_question() {
    for again in ["/⏎", "/bob⏎", "/\u{8}\u{8}\u{8}⏎"] {
        let mut state = vim(&draft(&[(Part::Text, "bob, Bob, bob")], &[]));
        keys(&mut state, "/bob⏎");
        let mut places = vec![state.editors[0].caret()];
        for _ in 0..2 {
            for letter in again.chars() {
                match letter {
                    '\u{8}' => drop(press(&mut state, KeyCode::Backspace, 0)),
                    letter => drop(keys(&mut state, &letter.to_string())),
                }
            }
            assert_eq!(state.finding(), None, "{again:?}");
            places.push(state.editors[0].caret());
        }
        assert_eq!(places, [5, 10, 0], "{again:?}");
        // What was looked for is looked for still.
        keys(&mut state, "n");
        assert_eq!(state.editors[0].caret(), 5);
    }
    let mut state = vim(&draft(&[(Part::Text, "one")], &[]));
    keys(&mut state, "/⏎x");
    assert_eq!(state.texts()[0], "ne", "nothing was looked for yet");
}

/// A key with Ctrl, or a function key.
fn special(state: &mut State, key: Key) -> Outcome {
    state.update(&Input::Key(key), &now(0))
}

const LINES: &str = "one\ntwo\nthree two\nfour";

#[test]
fn a_search_widens_a_selection_as_a_motion_and_what_is_cut_is_what_was_shown() {
    let f3 = || Key::plain(KeyCode::F(3));
    // Lines, by the prompt: those from the first to where it was found.
    let mut state = vim(&draft(&[(Part::Text, LINES)], &[]));
    keys(&mut state, "ggV");
    special(&mut state, Key::ctrl('f'));
    keys(&mut state, "three");
    keys(&mut state, "⎋");
    assert!(state.mode_words().unwrap().starts_with("VISUAL LINES"));
    assert_eq!(state.editors[0].selected().as_deref(), Some("one\ntwo\nthree two"));
    keys(&mut state, "d");
    assert_eq!(state.texts()[0], "four");
    assert_eq!(state.editors[0].selection(), None);
    // Letters, by F3, n and N; in vim the letter under the caret belongs to it.
    let mut state = vim(&draft(&[(Part::Text, LINES)], &[]));
    keys(&mut state, "gg/two⏎⎋ggv");
    special(&mut state, f3());
    assert_eq!(state.editors[0].caret(), 4);
    keys(&mut state, "n");
    assert_eq!(state.editors[0].caret(), 14);
    keys(&mut state, "Nx");
    assert_eq!(state.texts()[0], "wo\nthree two\nfour");
    // Backwards, and lines.
    let mut state = vim(&draft(&[(Part::Text, LINES)], &[]));
    keys(&mut state, "gg/two⏎⎋GV");
    special(&mut state, Key::shift(KeyCode::F(3)));
    keys(&mut state, "d");
    assert_eq!(state.texts()[0], "one\ntwo");
}

#[test]
fn what_is_not_found_leaves_a_selection_as_it_is_and_ends_with_esc() {
    let mut state = vim(&draft(&[(Part::Text, LINES)], &[]));
    keys(&mut state, "ggjV");
    special(&mut state, Key::ctrl('f'));
    keys(&mut state, "nowhere⏎");
    assert!(keys(&mut state, "⏎").say.unwrap().contains("the selection stays"));
    keys(&mut state, "⎋");
    assert_eq!(state.editors[0].selected().as_deref(), Some("two"));
    let said = special(&mut state, Key::plain(KeyCode::F(3))).say;
    assert!(said.unwrap().contains("the selection stays"));
    assert_eq!(state.editors[0].selected().as_deref(), Some("two"));
    keys(&mut state, "⎋");
    assert_eq!(state.editors[0].selection(), None, "nothing lingers");
    keys(&mut state, "x");
    assert_eq!(state.texts()[0], "one\nwo\nthree two\nfour");
}

#[test]
fn a_selection_that_a_search_widens_holds_while_others_write_and_goes_into_no_other_part() {
    let mut state = vim(&draft(&[(Part::Text, LINES)], &[]));
    keys(&mut state, "ggjv");
    special(&mut state, Key::ctrl('f'));
    keys(&mut state, "four");
    let inserted = "zero\n".to_owned();
    state.apply_remote(&[Splice { part: Part::Text, position: 0, deleted: 0, inserted }]);
    keys(&mut state, "⎋d");
    assert_eq!(state.texts()[0], "zero\none\nour");
    let mut state = vim(&soap());
    keys(&mut state, "v/congruent⏎⎋");
    assert_eq!((state.focus, state.editors[0].selected().as_deref()), (0, None));
    assert!(state.mode_words().unwrap().starts_with("VISUAL"));
    keys(&mut state, "d");
    assert_eq!(state.texts()[0], "lept better this week.");
}

#[test]
fn a_search_while_typing_or_in_the_midst_of_a_command_cuts_nothing() {
    let mut state = vim(&draft(&[(Part::Text, LINES)], &[]));
    keys(&mut state, "gg/three⏎⎋ggi");
    special(&mut state, Key::plain(KeyCode::F(3)));
    keys(&mut state, "X⎋");
    assert_eq!(state.texts()[0], "one\ntwo\nXthree two\nfour");
    keys(&mut state, "ggd");
    special(&mut state, Key::plain(KeyCode::F(3)));
    keys(&mut state, "w");
    assert_eq!(state.texts()[0], "one\ntwo\nXthree two\nfour");
}

#[test]
fn changes_of_others_keep_the_caret_on_a_letter() {
    let mut state = vim(&draft(&[(Part::Text, "one two")], &[]));
    keys(&mut state, "$");
    state.apply_remote(&[Splice {
        part: Part::Text,
        position: 3,
        deleted: 4,
        inserted: String::new(),
    }]);
    assert_eq!(state.editors[0].caret(), 2);
    keys(&mut state, "x");
    assert_eq!(state.texts()[0], "on");
}

#[test]
fn the_mode_is_told_and_ends_with_the_preset() {
    let mut state = vim(&soap());
    assert!(state.mode_words().unwrap().starts_with("NORMAL"));
    keys(&mut state, "v");
    assert!(state.mode_words().unwrap().starts_with("VISUAL"));
    keys(&mut state, "⎋i");
    assert_eq!(state.vim.as_ref().unwrap().mode(), Mode::Insert);
    state.use_keys(Preset::Default);
    assert_eq!(state.mode_words(), None);
    type_text(&mut state, "x", 0);
    assert!(state.texts()[0].starts_with('x'));
}
