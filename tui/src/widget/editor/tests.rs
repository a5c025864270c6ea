//! What a person sees of the editor.

use super::layout::counted;
use super::*;
use crate::input::{Input, Key, KeyCode};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;

const FAMILY: &str = "👨\u{200d}👩\u{200d}👧\u{200d}👦";

fn editor(text: &str) -> Editor {
    Editor::new(Part::Text, text)
}

fn mark(position: usize) -> Mark {
    Mark { position, name: "tablet".into() }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn press(editor: &mut Editor, code: KeyCode) -> Reply {
    editor.input(&Input::Key(Key::plain(code)), at(0))
}

fn press_ctrl(editor: &mut Editor, letter: char) -> Reply {
    editor.input(&Input::Key(Key::ctrl(letter)), at(0))
}

fn type_text(editor: &mut Editor, text: &str, start: i64) {
    for (index, letter) in text.chars().enumerate() {
        let time = at(start + 100 * i64::try_from(index).unwrap());
        let code = if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) };
        editor.input(&Input::Key(Key::plain(code)), time);
    }
}

fn drawn(editor: &Editor, width: u16, height: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    editor.draw(area, &mut buffer, Style::default(), true);
    (0..height)
        .map(|y| {
            let mut row = String::new();
            let mut hidden = 0;
            for x in 0..width {
                if hidden > 0 {
                    hidden -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                hidden = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
                row.push_str(symbol);
            }
            row.trim_end().to_owned()
        })
        .collect()
}

fn splice(position: usize, deleted: usize, inserted: &str) -> Splice {
    Splice { part: Part::Text, position, deleted, inserted: inserted.to_owned() }
}

fn apply(text: &mut Vec<char>, splices: &[Splice]) {
    for splice in splices {
        let range = splice.position..splice.position + splice.deleted;
        text.splice(range, splice.inserted.chars());
    }
}

fn on_boundary(text: &str, caret: usize) -> bool {
    let mut place = 0;
    let mut edges = text.graphemes(true).map(|cluster| {
        place += cluster.chars().count();
        place
    });
    caret == 0 || edges.any(|edge| edge == caret)
}

#[test]
fn backspace_takes_a_whole_family_a_flag_and_a_letter_with_its_accent() {
    for one in [FAMILY, "🇩🇰", "e\u{301}", "\u{1112}\u{1161}\u{11ab}", "❤\u{fe0f}", "👍🏽"]
    {
        let mut editor = editor(&format!("a{one}"));
        press(&mut editor, KeyCode::Backspace);
        assert_eq!(editor.text(), "a", "{one:?}");
        press_ctrl(&mut editor, 'z');
        assert_eq!(editor.text(), format!("a{one}"));
        press(&mut editor, KeyCode::Left);
        assert_eq!(editor.caret(), 1);
        press(&mut editor, KeyCode::Delete);
        assert_eq!(editor.text(), "a");
    }
}

#[test]
fn undo_goes_by_words_and_pauses() {
    let mut editor = editor("");
    type_text(&mut editor, "slept well again", 0);
    press_ctrl(&mut editor, 'z');
    assert_eq!(editor.text(), "slept well ");
    press_ctrl(&mut editor, 'z');
    assert_eq!(editor.text(), "slept ");
    press_ctrl(&mut editor, 'y');
    assert_eq!(editor.text(), "slept well ");
    type_text(&mut editor, "to", 10_000);
    type_text(&mut editor, "day", 20_000);
    press_ctrl(&mut editor, 'z');
    assert_eq!(editor.text(), "slept well to");
    press_ctrl(&mut editor, 'y');
    press_ctrl(&mut editor, 'y');
    assert_eq!(editor.text(), "slept well today");
}

#[test]
fn a_paste_is_one_step_and_its_line_ends_and_controls_are_tamed() {
    let mut editor = editor("start ");
    let paste = Input::Paste("one\r\ntwo\rthree\u{1b}[31m\tend\u{7}".to_owned());
    let reply = editor.input(&paste, at(0));
    assert_eq!(editor.text(), "start one\ntwo\nthree␛[31m\tend␇");
    assert_eq!(reply.splices.len(), 1);
    press_ctrl(&mut editor, 'z');
    assert_eq!(editor.text(), "start ");
}

#[test]
fn a_paste_beyond_the_limit_is_refused_and_the_text_stays() {
    let mut editor = editor("kept");
    let reply = editor.input(&Input::Paste("x".repeat(5_000_000)), at(0));
    assert_eq!(reply.refusal, Some(Refusal::TooLong { bytes: 5_000_004 }));
    assert!(reply.splices.is_empty());
    assert_eq!(editor.text(), "kept");

    let full = editor.input(&Input::Paste("x".repeat(PART_LIMIT - 4)), at(0));
    assert_eq!(full.refusal, None);
    let more = press(&mut editor, KeyCode::Char('y'));
    assert_eq!(more.refusal, Some(Refusal::TooLong { bytes: PART_LIMIT + 1 }));
}

#[test]
fn up_and_down_keep_the_column_over_short_rows_and_wide_characters() {
    let mut editor = editor("long enough\nab\n漢字漢字漢字\nend of it all");
    editor.place_caret(9);
    press(&mut editor, KeyCode::Down);
    assert_eq!(editor.caret(), 14);
    press(&mut editor, KeyCode::Down);
    assert_eq!(editor.caret(), 19);
    press(&mut editor, KeyCode::Down);
    assert_eq!(editor.caret(), 31);
    for _ in 0..3 {
        press(&mut editor, KeyCode::Up);
    }
    assert_eq!(editor.caret(), 9);
}

#[test]
fn home_and_end_go_to_the_row_and_then_to_the_paragraph() {
    let mut editor = editor("one two three four");
    editor.resize(9, 5);
    assert_eq!(drawn(&editor, 9, 3), ["one two", "three", "four"]);
    editor.place_caret(10);
    press(&mut editor, KeyCode::Home);
    assert_eq!(editor.caret(), 8);
    press(&mut editor, KeyCode::Home);
    assert_eq!(editor.caret(), 0);
    press(&mut editor, KeyCode::End);
    assert_eq!(editor.caret(), 7);
    press(&mut editor, KeyCode::End);
    assert_eq!(editor.caret(), 18);
}

#[test]
fn readline_keys_erase_words_and_rows() {
    let mut editor = editor("first row\nsecond, row here");
    press_ctrl(&mut editor, 'w');
    assert_eq!(editor.text(), "first row\nsecond, row ");
    press_ctrl(&mut editor, 'u');
    assert_eq!(editor.text(), "first row\n");
    let nothing = press_ctrl(&mut editor, 'u');
    assert!(nothing.splices.is_empty());
    press_ctrl(&mut editor, 'z');
    assert_eq!(editor.text(), "first row\nsecond, row ");
    press_ctrl(&mut editor, 'a');
    assert_eq!(editor.caret(), 10);
}

#[test]
fn what_is_selected_is_reversed_and_is_replaced_by_typing() {
    let mut editor = editor("keep this");
    for _ in 0..4 {
        editor.input(&Input::Key(Key::shift(KeyCode::Left)), at(0));
    }
    assert_eq!(editor.selected().as_deref(), Some("this"));
    let area = Rect::new(0, 0, 20, 1);
    let mut buffer = Buffer::empty(area);
    editor.draw(area, &mut buffer, Style::default(), true);
    assert!(buffer[(5, 0)].modifier.contains(Modifier::REVERSED));
    assert!(!buffer[(4, 0)].modifier.contains(Modifier::REVERSED));

    type_text(&mut editor, "it", 0);
    assert_eq!(editor.text(), "keep it");
    press_ctrl(&mut editor, 'z');
    assert_eq!(editor.text(), "keep this");
}

#[test]
fn the_cursor_stands_right_behind_every_kind_of_character() {
    let kinds = [
        ("e\u{301}", 1),
        ("漢", 2),
        ("❤\u{fe0f}", 2),
        (FAMILY, 2),
        ("🇩🇰", 2),
        ("م", 1),
        ("\u{202e}", 1),
        ("\t", 4),
        ("\u{1112}\u{1161}\u{11ab}", 2),
        ("\u{301}", 1),
    ];
    for (text, columns) in kinds {
        let editor = editor(text);
        let cell = editor.caret_cell(Rect::new(3, 2, 20, 4)).unwrap();
        assert_eq!((cell.x, cell.y), (3 + columns, 2), "{text:?}");
    }
}

#[test]
fn hidden_and_reordering_characters_are_seen() {
    let editor = editor("a\u{202e}b\u{200b}c\u{1b}d");
    assert_eq!(drawn(&editor, 20, 1), ["a␦b␦c␛d"]);
}

#[test]
fn the_view_jumps_by_half_a_page_and_keeps_the_caret_after_a_resize() {
    let text: Vec<String> = (0..40).map(|line| format!("line {line}")).collect();
    let mut editor = editor(&text.join("\n"));
    editor.resize(20, 10);
    editor.place_caret(0);
    for _ in 0..9 {
        press(&mut editor, KeyCode::Down);
    }
    assert_eq!(drawn(&editor, 20, 1), ["line 0"]);
    press(&mut editor, KeyCode::Down);
    assert_eq!(drawn(&editor, 20, 1), ["line 5"]);
    editor.resize(20, 3);
    assert!(editor.caret_cell(Rect::new(0, 0, 20, 3)).is_some());
    editor.resize(50, 45);
    assert_eq!(drawn(&editor, 50, 1), ["line 0"]);
    assert!(editor.caret_cell(Rect::new(0, 0, 50, 45)).is_some());
}

#[test]
fn a_key_in_a_note_of_ten_thousand_lines_costs_what_is_visible() {
    let line = "Reports sleeping better; uses the evening routine on 5 of 7 nights.\n";
    let area = Rect::new(0, 0, 80, 24);
    let cost = |lines: usize| {
        let mut editor = editor(&line.repeat(lines));
        editor.resize(80, 24);
        editor.place_caret(line.len() * lines / 2);
        let mut most = 0;
        for letter in "and went for a walk, twice.\n".repeat(8).chars() {
            counted();
            type_text(&mut editor, &letter.to_string(), 0);
            editor.draw(area, &mut Buffer::empty(area), Style::default(), true);
            assert!(editor.caret_cell(area).is_some());
            most = most.max(counted());
        }
        most
    };
    let (short, long) = (cost(100), cost(10_000));
    assert!(long <= short + 200, "{short} clusters in a short note, {long} in a long one");
    assert!(long < 4 * 24 * 80, "{long} clusters were laid out for one key");
}

fn find(editor: &mut Editor, needle: &str) -> Option<(usize, usize)> {
    let from = editor.caret();
    let found = editor.find_beyond(&Needle::new(needle), from, false);
    editor.selection().filter(|_| found)
}

#[test]
fn a_needle_without_capitals_is_found_however_it_is_written() {
    let mut editor = editor("Sleep was poor. sleep diary kept.");
    editor.place_caret(0);
    assert_eq!(find(&mut editor, "sleep"), Some((0, 5)));
    assert_eq!(find(&mut editor, "sleep"), Some((16, 21)));
    assert_eq!(find(&mut editor, "sleep"), None, "it does not go on at the start by itself");
    assert!(editor.find_beyond(&Needle::new("sleep"), 16, true));
    assert_eq!(editor.selection(), Some((0, 5)));
    editor.place_caret(1);
    assert_eq!(find(&mut editor, "Sleep"), None, "with a capital, only as it is written");
    assert_eq!(find(&mut editor, "appetite"), None);
    assert_eq!(find(&mut editor, ""), None);
    assert_eq!(editor.count_places(&Needle::new("E")), 0);
    assert_eq!(editor.count_places(&Needle::new("e")), 5);
}

#[test]
fn half_a_character_is_not_found() {
    let mut editor = editor("cafe\u{301} cafe");
    editor.place_caret(0);
    assert_eq!(find(&mut editor, "cafe"), Some((6, 10)));
    editor.place_caret(0);
    assert_eq!(find(&mut editor, "cafe\u{301}"), Some((0, 5)));
}

/// What replacing all of something by something makes of a text, and how often it stood there.
fn replaced(text: &str, needle: &str, new: &str) -> (String, usize) {
    let mut editor = editor(text);
    editor.set_act(Some(1));
    let (count, splices) = editor.replace_all(&Needle::new(needle), new).unwrap();
    editor.set_act(None);
    let mut told: Vec<char> = text.chars().collect();
    apply(&mut told, &splices);
    assert_eq!(told.into_iter().collect::<String>(), editor.text(), "what the document hears");
    let after = editor.text();
    editor.undo();
    assert_eq!(editor.text(), text, "one step of undo");
    editor.redo();
    assert_eq!(editor.text(), after);
    (after, count)
}

#[test]
fn all_places_are_replaced_by_the_letter_and_in_one_step() {
    assert_eq!(replaced("Bob and bob.", "bob", "R."), ("R. and R..".into(), 2));
    assert_eq!(replaced("Bob and bob.", "Bob", "R."), ("R. and bob.".into(), 1));
    assert_eq!(replaced("aaa", "aa", "a"), ("aa".into(), 1));
    assert_eq!(replaced("aaa", "a", "aa"), ("aaaaaa".into(), 3));
    assert_eq!(replaced("a b", " ", ""), ("ab".into(), 1));
    assert_eq!(replaced("a", "a", "b\r\nc\u{1b}"), ("b\nc\u{241b}".into(), 1));
    assert_eq!(replaced("שלום עולם שלום", "שלום", "x"), ("x עולם x".into(), 2));
    assert_eq!(replaced("漢字漢", "漢", "👩"), ("👩字👩".into(), 2));
    assert_eq!(replaced("none", "x", "y"), ("none".into(), 0));
    let many = "word ".repeat(5_000);
    assert_eq!(replaced(&many, "word", "w"), ("w ".repeat(5_000), 5_000));
}

#[test]
fn a_replacement_that_would_make_the_part_too_long_changes_nothing() {
    let mut editor = editor(&"a".repeat(2_000));
    let outcome = editor.replace_all(&Needle::new("a"), &"b".repeat(1_000));
    assert!(matches!(outcome, Err(Refusal::TooLong { .. })));
    assert_eq!(editor.text(), "a".repeat(2_000));
}

#[test]
fn undo_of_an_act_leaves_what_others_typed_in_the_middle_of_it() {
    let mut editor = editor("bob, bob, bob");
    editor.set_act(Some(1));
    editor.replace_all(&Needle::new("bob"), "R.").unwrap();
    editor.set_act(None);
    editor.apply_remote(&[splice(3, 0, " (and others)")]);
    assert_eq!(editor.text(), "R., (and others) R., R.");
    editor.undo();
    assert_eq!(editor.text(), "bob, (and others) bob, bob");
    editor.redo();
    assert_eq!(editor.text(), "R., (and others) R., R.");
}

#[test]
fn deeds_go_and_erase_by_word_sentence_and_paragraph() {
    let text = "One two. Three four.\n\nFive six.";
    let done = |caret: usize, deed| {
        let mut editor = editor(text);
        editor.place_caret(caret);
        let reply = editor.carry_out_deed(deed, &mut Register::default(), at(0));
        assert!(reply.taken);
        (editor.text(), editor.caret())
    };
    let moved = |caret, deed| done(caret, deed).1;
    assert_eq!(moved(0, Deed::NextWord), 3);
    assert_eq!(moved(7, Deed::PreviousWord), 4);
    assert_eq!(moved(0, Deed::NextSentence), 9);
    assert_eq!(moved(12, Deed::PreviousSentence), 9);
    assert_eq!(moved(3, Deed::NextParagraph), 22);
    assert_eq!(moved(25, Deed::PreviousParagraph), 22);
    assert_eq!(moved(22, Deed::PreviousParagraph), 0);
    assert_eq!((moved(9, Deed::PartStart), moved(9, Deed::PartEnd)), (0, 31));
    assert_eq!(done(4, Deed::EraseSentence), ("One Three four.\n\nFive six.".into(), 4));
    assert_eq!(done(9, Deed::EraseSentence), ("One two. \n\nFive six.".into(), 9));
    assert_eq!(done(7, Deed::EraseWord), ("One . Three four.\n\nFive six.".into(), 4));
    assert_eq!(done(9, Deed::EraseToRowStart).0, "Three four.\n\nFive six.");
    assert_eq!(done(8, Deed::EraseToRowEnd).0, "One two.\n\nFive six.");
    assert_eq!(done(9, Deed::EraseToPartEnd).0, "One two. ");
    assert_eq!(done(22, Deed::EraseToPartStart).0, "Five six.");
}

#[test]
fn what_is_cut_is_put_in_elsewhere_and_cannot_be_told_from_debug_output() {
    let (mut one, mut two) = (editor("keep secret"), editor("and "));
    let mut register = Register::default();
    one.select(4, 11);
    let cut = one.carry_out_deed(Deed::Cut, &mut register, at(0));
    assert_eq!((one.text().as_str(), cut.splices.len()), ("keep", 1));
    assert!(!format!("{register:?}").contains("secret"));
    two.carry_out_deed(Deed::Put, &mut register, at(0));
    two.carry_out_deed(Deed::Put, &mut register, at(0));
    assert_eq!(two.text(), "and  secret secret");
    two.carry_out_deed(Deed::Copy, &mut register, at(0));
    assert_eq!(register.text(), " secret", "nothing was selected");
    two.undo();
    assert_eq!(two.text(), "and  secret");
}

#[test]
fn a_remote_change_leaves_the_caret_behind_its_letter_and_undo_takes_only_what_is_ours() {
    let mut editor = editor("mood ");
    type_text(&mut editor, "low", 0);
    editor.set_marks(vec![mark(0)]);
    editor.apply_remote(&[
        splice(0, 0, "Today: "),
        splice(15, 0, ", they said"),
        splice(0, 1, "t"),
    ]);
    assert_eq!(editor.text(), "today: mood low, they said");
    assert_eq!(editor.caret(), 15);
    editor.undo();
    assert_eq!(editor.text(), "today: mood , they said");
    editor.redo();
    assert_eq!(editor.text(), "today: mood low, they said");
    let other_part = Splice { part: Part::Plan, ..splice(0, 5, "") };
    editor.apply_remote(&[other_part]);
    assert_eq!(editor.text(), "today: mood low, they said");
}

#[test]
fn carets_of_others_are_seen_without_colour() {
    let mut editor = editor("abc");
    editor.set_marks(vec![mark(1), mark(3)]);
    let area = Rect::new(0, 0, 10, 1);
    let mut buffer = Buffer::empty(area);
    editor.draw(area, &mut buffer, Style::default(), false);
    let marked: Vec<u16> =
        (0..10).filter(|x| buffer[(*x, 0)].modifier.contains(Modifier::UNDERLINED)).collect();
    assert_eq!(marked, [1, 3]);
}

#[test]
fn debug_output_holds_nothing_that_was_typed() {
    let mut editor = editor("secret words");
    let reply = editor.input(&Input::Key(Key::char('ß')), at(0));
    let shown = format!("{editor:?} {reply:?}");
    assert!(!shown.contains("secret") && !shown.contains('ß'), "{shown}");
}

#[derive(Clone, Debug)]
enum Act {
    Press(Key),
    Paste(String),
    Remote(usize, usize, String),
}

fn key() -> impl Strategy<Value = Key> {
    let letters = prop::sample::select(
        "ab c.\u{301}\u{200d}👩👧🇩🇰漢\u{1112}\u{1161}\u{11ab}\u{202e}".chars().collect::<Vec<_>>(),
    );
    let codes = prop::sample::select(vec![
        KeyCode::Enter,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
    ]);
    prop_oneof![
        4 => letters.prop_map(Key::char),
        1 => prop::sample::select(vec!['a', 'e', 'u', 'w', 'y', 'z']).prop_map(Key::ctrl),
        3 => (codes, any::<bool>(), any::<bool>())
            .prop_map(|(code, ctrl, shift)| Key { code, ctrl, shift }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => key().prop_map(Act::Press),
        1 => "[xy \n👩\u{301}]{0,5}".prop_map(Act::Paste),
    ]
}

fn remote_act() -> impl Strategy<Value = Act> {
    (0_usize..60, 0_usize..4, "[A-Z👧\u{301}\u{200d}]{0,3}")
        .prop_map(|(at, count, text)| Act::Remote(at, count, text))
}

fn carry_out(editor: &mut Editor, act: &Act, time: i64) -> Vec<Splice> {
    match act {
        Act::Press(key) => editor.input(&Input::Key(*key), at(time)).splices,
        Act::Paste(text) => editor.input(&Input::Paste(text.clone()), at(time)).splices,
        Act::Remote(position, count, text) => {
            let length = editor.rope().len_chars();
            let position = position % (length + 1);
            let splice = splice(position, (*count).min(length - position), text);
            editor.apply_remote(std::slice::from_ref(&splice));
            vec![splice]
        }
    }
}

proptest! {
    #[test]
    fn splices_say_all_that_happens_and_the_caret_stays_between_characters(
        start in "[a-c \n👩\u{301}]{0,30}",
        acts in proptest::collection::vec(prop_oneof![4 => act(), 1 => remote_act()], 0..60),
        size in (1_u16..30, 0_u16..8),
    ) {
        let mut editor = editor(&start);
        let mut model: Vec<char> = start.chars().collect();
        editor.resize(size.0, size.1);
        for (index, act) in acts.iter().enumerate() {
            let splices = carry_out(&mut editor, act, 400 * i64::try_from(index).unwrap());
            apply(&mut model, &splices);
            let text = editor.text();
            prop_assert_eq!(&text, &model.iter().collect::<String>());
            prop_assert!(on_boundary(&text, editor.caret()), "{act:?}: {} in {text:?}", editor.caret());
            let area = Rect::new(0, 0, size.0, size.1);
            editor.draw(area, &mut Buffer::empty(area), Style::default(), true);
            prop_assert_eq!(editor.caret_cell(area).is_some(), size.1 > 0);
        }
    }

    #[test]
    fn undoing_all_gives_the_start_and_redoing_all_the_end(
        start in "[a-c \n👩\u{301}]{0,30}",
        acts in proptest::collection::vec(act(), 0..60),
    ) {
        let mut editor = editor(&start);
        for (index, act) in acts.iter().enumerate() {
            carry_out(&mut editor, act, 400 * i64::try_from(index).unwrap());
        }
        let end = editor.text();
        while !editor.redo().is_empty() {}
        let end = if editor.text() == end { end } else { editor.text() };
        while !editor.undo().is_empty() {}
        prop_assert_eq!(editor.text(), start);
        while !editor.redo().is_empty() {}
        prop_assert_eq!(editor.text(), end);
    }

    #[test]
    fn each_undo_gives_the_text_before_its_edit(
        start in "[a-c\n]{0,20}",
        edits in proptest::collection::vec((0_usize..30, 0_usize..5, "[d-f👩]{0,3}"), 0..20),
    ) {
        let mut editor = editor(&start);
        let mut texts = vec![start];
        for (position, deleted, inserted) in &edits {
            if editor.replace(*position, *deleted, inserted).is_some() {
                texts.push(editor.text());
            }
        }
        while let Some(text) = texts.pop() {
            prop_assert_eq!(editor.text(), text);
            editor.undo();
        }
    }

    #[test]
    fn undoing_all_leaves_what_others_typed_and_nothing_else(
        start in "[a-c \n]{0,30}",
        acts in proptest::collection::vec(
            prop_oneof![
                3 => act(),
                1 => (0_usize..60, "[A-Z]{1,3}").prop_map(|(at, text)| Act::Remote(at, 0, text)),
            ],
            0..60,
        ),
    ) {
        let mut editor = editor(&start);
        for (index, act) in acts.iter().enumerate() {
            carry_out(&mut editor, act, 400 * i64::try_from(index).unwrap());
        }
        while !editor.undo().is_empty() {}
        let (others, own): (Vec<char>, Vec<char>) =
            editor.text().chars().partition(char::is_ascii_uppercase);
        prop_assert_eq!(own.iter().collect::<String>(), start);
        let typed: usize = acts
            .iter()
            .map(|act| if let Act::Remote(_, _, text) = act { text.len() } else { 0 })
            .sum();
        prop_assert_eq!(others.len(), typed);
    }

    #[test]
    fn two_editors_that_change_the_same_text_at_once_agree(
        start in "[a-c \n]{0,30}",
        left in proptest::collection::vec(act(), 0..12),
        right in proptest::collection::vec(act(), 0..12),
    ) {
        let (mut one, mut two) = (editor(&start), editor(&start));
        let run = |editor: &mut Editor, acts: &[Act]| -> Vec<Splice> {
            acts.iter().flat_map(|act| carry_out(editor, act, 0)).collect()
        };
        let (ours, theirs) = (run(&mut one, &left), run(&mut two, &right));
        let (ours_after, theirs_after) = rebase(&ours, &theirs, true);
        one.apply_remote(&theirs_after);
        two.apply_remote(&ours_after);
        prop_assert_eq!(one.text(), two.text());
    }
}
