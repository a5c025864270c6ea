//! What a person, a terminal and an attacker can send, and what must come of it.

use super::*;
use proptest::prelude::*;

fn decoder() -> Decoder {
    Decoder::new(ESCAPE_WAIT)
}

/// What one read means, hanging parts resolved.
fn decode(bytes: &[u8]) -> Vec<Input> {
    decode_reads(&[bytes])
}

fn decode_reads(reads: &[&[u8]]) -> Vec<Input> {
    let mut decoder = decoder();
    let now = Instant::now();
    let mut inputs: Vec<Input> = reads.iter().flat_map(|read| decoder.feed(read, now)).collect();
    inputs.extend(decoder.timeout(now + SEQUENCE_WAIT));
    inputs
}

fn key(key: Key) -> Vec<Input> {
    vec![Input::Key(key)]
}

fn plain(code: KeyCode) -> Vec<Input> {
    key(Key::plain(code))
}

/// Bursts depend on how the bytes were split into reads; what was typed does not.
fn typed(inputs: Vec<Input>) -> Vec<Input> {
    let mut keys = Vec::new();
    for input in inputs {
        let Input::Burst(text) = input else {
            keys.push(input);
            continue;
        };
        keys.extend(text.chars().map(|letter| match letter {
            '\n' => Input::Key(Key::plain(KeyCode::Enter)),
            '\t' => Input::Key(Key::plain(KeyCode::Tab)),
            letter => Input::Key(Key::char(letter)),
        }));
    }
    keys
}

#[test]
fn the_keys_of_all_families_are_known() {
    let table: &[(&[&str], KeyCode)] = &[
        (&["\x1b[A", "\x1bOA"], KeyCode::Up),
        (&["\x1b[B", "\x1bOB"], KeyCode::Down),
        (&["\x1b[C", "\x1bOC"], KeyCode::Right),
        (&["\x1b[D", "\x1bOD"], KeyCode::Left),
        (&["\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"], KeyCode::Home),
        (&["\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"], KeyCode::End),
        (&["\x1b[5~"], KeyCode::PageUp),
        (&["\x1b[6~"], KeyCode::PageDown),
        (&["\x1b[2~"], KeyCode::Insert),
        (&["\x1b[3~"], KeyCode::Delete),
        (&["\x1bOP", "\x1b[11~", "\x1b[[A", "\x1b[P"], KeyCode::F(1)),
        (&["\x1bOQ", "\x1b[12~", "\x1b[[B"], KeyCode::F(2)),
        (&["\x1bOR", "\x1b[13~", "\x1b[[C"], KeyCode::F(3)),
        (&["\x1bOS", "\x1b[14~", "\x1b[[D"], KeyCode::F(4)),
        (&["\x1b[15~", "\x1b[[E"], KeyCode::F(5)),
        (&["\x1b[17~"], KeyCode::F(6)),
        (&["\x1b[18~"], KeyCode::F(7)),
        (&["\x1b[19~"], KeyCode::F(8)),
        (&["\x1b[20~"], KeyCode::F(9)),
        (&["\x1b[21~"], KeyCode::F(10)),
        (&["\x1b[23~"], KeyCode::F(11)),
        (&["\x1b[24~"], KeyCode::F(12)),
        (&["\r", "\n", "\x1bOM", "\x1b[13u"], KeyCode::Enter),
        (&["\t", "\x1b[9u"], KeyCode::Tab),
        (&["\x7f", "\x08", "\x1b[127u"], KeyCode::Backspace),
        (&["\x1b", "\x1b[27u"], KeyCode::Esc),
    ];
    for (sequences, code) in table {
        for sequence in *sequences {
            assert_eq!(decode(sequence.as_bytes()), plain(*code), "{sequence:?}");
        }
    }
}

#[test]
fn modifiers_are_known_in_the_forms_of_xterm_rxvt_and_kitty() {
    let ctrl = |code| Key { code, ctrl: true, shift: false };
    let table: &[(&str, Key)] = &[
        ("\x1b[Z", Key::shift(KeyCode::Tab)),
        ("\x1b[9;2u", Key::shift(KeyCode::Tab)),
        ("\x1b[1;2A", Key::shift(KeyCode::Up)),
        ("\x1b[a", Key::shift(KeyCode::Up)),
        ("\x1b[1;5C", ctrl(KeyCode::Right)),
        ("\x1bOc", ctrl(KeyCode::Right)),
        ("\x1b[3;5~", ctrl(KeyCode::Delete)),
        ("\x1b[3^", ctrl(KeyCode::Delete)),
        ("\x1b[7$", Key::shift(KeyCode::Home)),
        ("\x1b[1;6H", Key { code: KeyCode::Home, ctrl: true, shift: true }),
        ("\x1b[7@", Key { code: KeyCode::Home, ctrl: true, shift: true }),
        ("\x1b[1;5P", ctrl(KeyCode::F(1))),
        ("\x1bO5P", ctrl(KeyCode::F(1))),
        ("\x1b[25~", Key::shift(KeyCode::F(1))),
        ("\x01", Key::ctrl('a')),
        ("\x0c", Key::ctrl('l')),
        ("\x1a", Key::ctrl('z')),
        ("\x00", Key::ctrl(' ')),
        ("\x1f", Key::ctrl('_')),
        ("\x1b[97;5u", Key::ctrl('a')),
        ("\x1b[65;6u", Key::ctrl('a')),
        ("\x1b[97;2u", Key::char('A')),
        ("\x1b[27;5;97~", Key::ctrl('a')),
        ("\x1b[228u", Key::char('ä')),
        ("\x1b[97;1:1u", Key::char('a')),
    ];
    for (sequence, expected) in table {
        assert_eq!(decode(sequence.as_bytes()), key(*expected), "{sequence:?}");
    }
    assert_eq!(decode(b"\x1b[97;1:3u"), [], "a key that is let go types nothing");
}

#[test]
fn text_in_any_script_is_typed_whatever_the_reads() {
    let text = "aä漢👩é";
    let expected: Vec<Input> = text.chars().map(|c| Input::Key(Key::char(c))).collect();

    let bytes = text.as_bytes();
    for split in 0..bytes.len() {
        let (left, right) = bytes.split_at(split);
        assert_eq!(decode_reads(&[left, right]), expected);
    }
}

#[test]
fn bytes_that_are_no_text_are_swallowed() {
    assert_eq!(decode(b"\xffa\xc3b\x80c\xed\xa0\x80"), decode(b"abc"));
    assert_eq!(decode("\u{9b}a".as_bytes()), decode(b"a"));
}

#[test]
fn a_lone_escape_is_a_key_after_its_wait_and_not_before() {
    let mut decoder = decoder();
    let now = Instant::now();

    assert_eq!(decoder.feed(b"\x1b", now), []);
    assert_eq!(decoder.deadline(), Some(now + ESCAPE_WAIT));
    assert_eq!(decoder.timeout(now), []);
    assert_eq!(decoder.timeout(now + ESCAPE_WAIT), plain(KeyCode::Esc));
    assert_eq!(decoder.deadline(), None);
    assert_eq!(decoder.feed(b"[", now), key(Key::char('[')));
}

#[test]
fn alt_and_a_key_is_escape_then_the_key() {
    let expected = [plain(KeyCode::Esc), key(Key::char('x'))].concat();
    assert_eq!(decode(b"\x1bx"), expected);
    assert_eq!(decode(b"\x1b[120;3u"), expected);
    assert_eq!(decode(b"\x1b\x1b[A"), [plain(KeyCode::Esc), plain(KeyCode::Up)].concat());
    assert_eq!(decode("\x1bä".as_bytes()), [plain(KeyCode::Esc), key(Key::char('ä'))].concat());
}

#[test]
fn alt_with_an_arrow_or_backspace_goes_by_words_and_does_not_step_out() {
    let ctrl = |code| key(Key { code, ctrl: true, shift: false });
    assert_eq!(decode(b"\x1b[1;3D"), ctrl(KeyCode::Left));
    assert_eq!(decode(b"\x1b[1;3C"), ctrl(KeyCode::Right));
    assert_eq!(decode(b"\x1b[1;3A"), ctrl(KeyCode::Up));
    assert_eq!(decode(b"\x1b[3;3~"), ctrl(KeyCode::Delete));
    assert_eq!(decode(b"\x1b\x7f"), ctrl(KeyCode::Backspace));
    assert_eq!(decode(b"\x1b[127;3u"), ctrl(KeyCode::Backspace));
    let both = Key { code: KeyCode::Left, ctrl: true, shift: true };
    assert_eq!(decode(b"\x1b[1;4D"), key(both), "Shift selects all the same");
}

#[test]
fn late_answers_are_never_typed_however_they_are_split() {
    let answers: &[&str] = &[
        "\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
        "\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
        "\x1b[?62;22c",
        "\x1b[>1;4000;20c",
        "\x1b[24;80R",
        "\x1b[?1;2R",
        "\x1b[0n",
        "\x1b[8;24;80t",
        "\x1b[?2026;1$y",
        "\x1b[4;1$y",
        "\x1b[?1u",
        "\x1bP>|XTerm(380)\x1b\\",
        "\x1bP1+r544e=78\x1b\\",
        "\x1b_Gi=31;OK\x1b\\",
        "\x1b[<0;10;20M\x1b[<0;10;20m",
        "\x1b[M !!",
        "\x1b[57358u",
        "\x1b[E",
        "\x1b[999~",
        "\x1bOz",
    ];
    for answer in answers {
        let bytes = answer.as_bytes();
        assert_eq!(decode(bytes), [], "{answer:?}");
        for split in 1..bytes.len() {
            let (left, right) = bytes.split_at(split);
            assert_eq!(decode_reads(&[left, right, b"a"]), key(Key::char('a')), "{answer:?}");
        }
    }
}

#[test]
fn an_answer_of_any_length_is_swallowed() {
    for (begin, end) in [("\x1b[", "c"), ("\x1b]", "\x07"), ("\x1bP", "\x1b\\")] {
        let answer = format!("{begin}{}{end}a", "1;".repeat(100_000));
        assert_eq!(decode(answer.as_bytes()), key(Key::char('a')), "{begin:?}");
    }
}

#[test]
fn a_sequence_without_an_end_does_not_leave_the_keyboard_dead() {
    for way_out in [b"\x1b\x1b".as_slice(), b"\r", b"\x03", b"\x18"] {
        let mut decoder = decoder();
        let now = Instant::now();
        decoder.feed(b"\x1b]typed by mistake", now);
        decoder.feed(way_out, now);
        decoder.timeout(now + SEQUENCE_WAIT);
        assert_eq!(decoder.feed(b"a", now), key(Key::char('a')), "{way_out:?}");
    }
    let mut decoder = decoder();
    let now = Instant::now();
    decoder.feed(b"\x1b[1;", now);
    assert_eq!(decoder.timeout(now + SEQUENCE_WAIT), []);
    assert_eq!(decoder.feed(b"5", now), key(Key::char('5')));
}

#[test]
fn focus_comes_and_goes() {
    assert_eq!(decode(b"\x1b[I\x1b[O"), [Input::Focus(true), Input::Focus(false)]);
}

#[test]
fn a_paste_in_brackets_is_one_event_as_it_came() {
    let text = "line one\r\nline\ttwo \x1b[A \x1b[201 ä";
    let bytes = format!("\x1b[200~{text}\x1b[201~").into_bytes();
    for split in 0..bytes.len() {
        let (left, right) = bytes.split_at(split);
        assert_eq!(decode_reads(&[left, right]), [Input::Paste(text.to_owned())]);
    }
}

#[test]
fn an_endless_paste_is_cut_and_told() {
    let mut decoder = decoder();
    let now = Instant::now();
    let block = vec![b'x'; 1024 * 1024];
    decoder.feed(b"\x1b[200~", now);
    for _ in 0..9 {
        assert_eq!(decoder.feed(&block, now), []);
    }

    let inputs = decoder.feed(b"\x1b[201~a", now);

    let [Input::Paste(text), Input::Key(after)] = inputs.as_slice() else {
        panic!("one paste and one key, not {inputs:?}");
    };
    assert_eq!((text.len(), *after), (PASTE_LIMIT, Key::char('a')));
    assert_eq!(decoder.take_dropped(), 1024 * 1024);
    assert_eq!(decoder.take_dropped(), 0);
}

#[test]
fn a_paste_that_is_cut_off_is_given_out_after_the_wait() {
    let mut decoder = decoder();
    let now = Instant::now();
    decoder.feed(b"\x1b[200~half", now);

    assert_eq!(decoder.timeout(now + SEQUENCE_WAIT), [Input::Paste("half".into())]);
    assert_eq!(decoder.feed(b"a", now), key(Key::char('a')));
}

#[test]
fn thirteen_characters_in_one_read_are_a_burst_and_twelve_are_typed() {
    assert_eq!(decode(b"abcdefghijkl").len(), 12);
    assert_eq!(decode(b"abcdefghijklm"), [Input::Burst("abcdefghijklm".into())]);
    assert_eq!(decode_reads(&[b"abcdefgh", b"ijklmnop"]).len(), 16);
}

#[test]
fn a_burst_keeps_its_lines_and_the_order_of_other_keys() {
    assert_eq!(
        decode(b"delete all\n\x1b[Ayes please"),
        [
            Input::Burst("delete all\n".into()),
            Input::Key(Key::plain(KeyCode::Up)),
            Input::Burst("yes please".into()),
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_yield_a_control_character(bytes in hostile_bytes()) {
        for input in typed(decode(&bytes)) {
            if let Input::Key(Key { code: KeyCode::Char(letter), .. }) = input {
                prop_assert!(!letter.is_control());
            }
        }
    }

    #[test]
    fn splitting_the_bytes_changes_nothing(
        bytes in hostile_bytes(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let reads: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();

        prop_assert_eq!(typed(decode_reads(&reads)), typed(decode(&bytes)));
    }

    #[test]
    fn after_the_wait_the_next_key_is_always_heard(bytes in hostile_bytes()) {
        let mut decoder = decoder();
        let now = Instant::now();
        decoder.feed(&bytes, now);
        decoder.timeout(now + SEQUENCE_WAIT);

        prop_assert_eq!(decoder.feed(b"k", now), key(Key::char('k')));
        prop_assert_eq!(decoder.deadline(), None);
    }
}

/// Any bytes, with those that begin and end sequences more often than chance would have them.
fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        Just(b"\x1b".to_vec()),
        Just(b"\x1b[".to_vec()),
        Just(b"\x1b[200~".to_vec()),
        Just(b"\x1b[201~".to_vec()),
        Just(b"\x1b]11;".to_vec()),
        Just(b"\x1bP".to_vec()),
        Just(b"\x1b\\".to_vec()),
        Just(b"\x1b[M".to_vec()),
        Just(b"\x1b[<0;1;".to_vec()),
        "[0-9;:$?A-Za-z~^@]{1,4}".prop_map(String::into_bytes),
        "\\PC{1,4}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}
