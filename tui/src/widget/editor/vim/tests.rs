//! What somebody who knows vim sees, and what no sequence of keys may do.

use super::super::transform::ops;
use super::super::transform::tests::apply as apply_ops;
use super::*;
use proptest::prelude::*;
use tacenda_shared::practice::edit::{Part, Splice};

/// An editor with its keys, and the text that its splices make.
struct Stage {
    vim: Vim,
    editor: Editor,
    register: Register,
    acts: u64,
    told: Vec<char>,
    wishes: Vec<Wish>,
}

impl Stage {
    fn new(text: &str) -> Self {
        let mut editor = Editor::new(Part::Text, text);
        editor.resize(20, 6);
        editor.place_caret(0);
        Self {
            vim: Vim::default(),
            editor,
            register: Register::default(),
            acts: 0,
            told: text.chars().collect(),
            wishes: Vec::new(),
        }
    }

    fn input(&mut self, input: &Input) {
        self.acts += 1;
        let Self { vim, editor, register, acts, .. } = self;
        let time = Timestamp::from_millis(0);
        let mut hands = Hands { editor, register, time, act: *acts };
        let answer = vim.input(&mut hands, input);
        self.tell(&answer.reply.splices);
        if let Some(Wish::Travel { undo, count }) = answer.wish {
            self.travel(undo, count);
        }
        self.wishes.extend(answer.wish);
    }

    /// As the note screen does it.
    fn travel(&mut self, undo: bool, count: usize) {
        for _ in 0..count {
            let splices = if undo { self.editor.undo() } else { self.editor.redo() };
            if splices.is_empty() {
                break;
            }
            self.tell(&splices);
            let first = splices.iter().map(|splice| splice.position).min().unwrap();
            self.editor.place_caret(first);
            self.vim.settle(&mut self.editor);
        }
    }

    fn tell(&mut self, splices: &[Splice]) {
        for splice in splices {
            apply_ops(&mut self.told, &ops(splice.position, splice.deleted, &splice.inserted));
        }
    }

    /// Keys as they are written: `⎋` is Esc, `⏎` Enter, `⌫` Backspace, `®` Ctrl+R.
    fn keys(&mut self, keys: &str) -> &mut Self {
        for letter in keys.chars() {
            let key = match letter {
                '⎋' => Key::plain(KeyCode::Esc),
                '⏎' => Key::plain(KeyCode::Enter),
                '⌫' => Key::plain(KeyCode::Backspace),
                '®' => Key::ctrl('r'),
                letter => Key::char(letter),
            };
            self.input(&Input::Key(key));
        }
        self
    }

    /// The text, with `|` where the caret is.
    fn shown(&self) -> String {
        let mut text: Vec<char> = self.editor.text().chars().collect();
        text.insert(self.editor.caret(), '|');
        text.into_iter().collect()
    }
}

/// From a text with a caret in it, what keys make of it.
fn after(text: &str, keys: &str) -> String {
    let mut stage = Stage::new(&text.replace('|', ""));
    stage.editor.place_caret(text.chars().position(|letter| letter == '|').unwrap_or(0));
    stage.vim.settle(&mut stage.editor);
    stage.keys(keys);
    let told: String = stage.told.iter().collect();
    assert_eq!(told, stage.editor.text(), "{keys} on {text:?}");
    stage.shown()
}

#[track_caller]
fn check(cases: &[(&str, &str, &str)]) {
    for (text, keys, expected) in cases {
        assert_eq!(after(text, keys), *expected, "{keys} on {text:?}");
    }
}

#[test]
fn motions_go_where_vim_goes() {
    check(&[
        ("|one two", "l", "o|ne two"),
        ("one tw|o", "l", "one tw|o"),
        ("one\n|two", "h", "one\n|two"),
        ("|one, two", "w", "one|, two"),
        ("|one, two", "W", "one, |two"),
        ("|one, two", "3w", "one, tw|o"),
        ("|one\n\ntwo", "w", "one\n|\ntwo"),
        ("|one\n\ntwo", "2w", "one\n\n|two"),
        ("one, tw|o", "b", "one, |two"),
        ("one, tw|o", "2b", "one|, two"),
        ("one, tw|o", "B2B", "|one, two"),
        ("|one, two", "e", "on|e, two"),
        ("|one, two", "2e", "one|, two"),
        ("|one, two", "E", "one|, two"),
        ("  one t|wo", "0", "|  one two"),
        ("  one t|wo", "^", "  |one two"),
        ("|one\ntwo", "$", "on|e\ntwo"),
        ("|one\ntwo", "2$", "one\ntw|o"),
        ("|one\ntwo\nthree", "G", "one\ntwo\n|three"),
        ("|one\ntwo\nthree", "2G", "one\n|two\nthree"),
        ("one\ntwo\nthr|ee", "gg", "|one\ntwo\nthree"),
        ("lo|ng\na\nlong", "jj", "long\na\nlo|ng"),
        ("lon|g\na\nlong", "jk", "lon|g\na\nlong"),
        ("|a\nlong\nb", "$jj", "a\nlong\n|b"),
        ("|a\nlong\nb", "$j", "a\nlon|g\nb"),
        ("|One. Two. Three", ")", "One. |Two. Three"),
        ("One. Two. T|hree", "((", "One. |Two. Three"),
        ("|one\n\ntwo\n\nthree", "}", "one\n|\ntwo\n\nthree"),
        ("|one\n\ntwo\n\nthree", "}}", "one\n\ntwo\n|\nthree"),
        ("one\n\ntwo\n\nth|ree", "{", "one\n\ntwo\n|\nthree"),
    ]);
}

#[test]
fn letters_are_sought_in_the_line_and_sought_again() {
    check(&[
        ("|one two too", "fo", "one tw|o too"),
        ("|one two too", "2fo", "one two t|oo"),
        ("|one two too", "fo;", "one two t|oo"),
        ("|one two too", "fo;,", "one tw|o too"),
        ("|one two too", "to", "one t|wo too"),
        ("|one two too", "to;", "one two |too"),
        ("one two to|o", "Fo", "one two t|oo"),
        ("one two to|o", "Tt", "one two t|oo"),
        ("|one\ntwo", "ft", "|one\ntwo"),
        ("|one two too", "dfo", "| too"),
        ("|one two too", "dto", "|o too"),
        ("one two |too", "dFn", "o|too"),
        ("|one\ntwo", "cfz", "|one\ntwo"),
    ]);
}

#[test]
fn operators_take_what_motions_go_over() {
    check(&[
        ("|one two three", "dw", "|two three"),
        ("|one two three", "d2w", "|three"),
        ("|one two three", "2dw", "|three"),
        ("one |two\nthree", "dw", "one| \nthree"),
        ("one tw|o three", "db", "one |o three"),
        ("|one two", "de", "| two"),
        ("one |two three", "D", "one| "),
        ("one |two", "d0", "|two"),
        ("|one\ntwo\nthree", "dd", "|two\nthree"),
        ("one\ntwo\nthr|ee", "dd", "one\n|two"),
        ("|one\ntwo\nthree", "2dd", "|three"),
        ("|one\ntwo\nthree", "dj", "|three"),
        ("|one\ntwo\nthree", "dG", "|"),
        ("one\ntwo|", "dgg", "|"),
        ("one\nt|wo", "dk", "|"),
        ("|one\ntwo\n\nthree", "d}", "|\nthree"),
        ("|One. Two.", "d)", "|Two."),
        ("|one two", "cwfour⎋", "fou|r two"),
        ("|one two three", "c2wx⎋", "|x three"),
        ("on|e two", "cwx⎋", "on|x two"),
        ("one| two", "cwx⎋", "one|xtwo"),
        ("|one\ntwo", "ccx⎋", "|x\ntwo"),
        ("o|ne\ntwo", "Cx⎋", "o|x\ntwo"),
        ("|\ntwo", "Cx⎋", "|x\ntwo"),
        ("|one", "xp", "n|oe"),
        ("one|", "xp", "on|e"),
        ("on|e", "X", "o|e"),
        ("|one", "3x", "|"),
        ("|one", "5x", "|"),
        ("|one two", "ywP", "one| one two"),
        ("|one two", "ywwp", "one tone| wo"),
        ("o|ne\ntwo", "yyp", "one\n|one\ntwo"),
        ("o|ne\ntwo", "yyP", "|one\none\ntwo"),
        ("|one\ntwo", "yyjp", "one\ntwo\n|one"),
        ("|one\ntwo", "dd2p", "two\n|one\none"),
        ("|one", "y0", "|one"),
    ]);
}

#[test]
fn single_letters_do_what_they_do_in_vim() {
    check(&[
        ("|one", "rx", "|xne"),
        ("|one", "2rx", "x|xe"),
        ("|one", "4rx", "|one"),
        ("o|ne", "r⏎", "o\n|e"),
        ("|one", "~~", "ON|e"),
        ("|one", "9~", "ON|E"),
        ("|straße", "9~", "STRAß|E"),
        ("|one\n  two", "J", "one| two"),
        ("|one\n\nthree", "J", "on|e\nthree"),
        ("|one\ntwo\nthree", "3J", "one two| three"),
        ("|one\n) two", "J", "one|) two"),
        ("|one", "ix⎋", "|xone"),
        ("|one", "ax⎋", "o|xne"),
        ("  o|ne", "Ix⎋", "  |xone"),
        ("|one", "Ax⎋", "one|x"),
        ("|one\ntwo", "ox⎋", "one\n|x\ntwo"),
        ("one\nt|wo", "Ox⎋", "one\n|x\ntwo"),
        ("|one", "3ix⎋", "xx|xone"),
        ("|one", "2ox⎋", "one\nx\n|x"),
        ("|one two", "sx⎋", "|xne two"),
        ("|", "ione⎋", "on|e"),
        ("|one", "iab⌫c⎋", "a|cone"),
    ]);
}

#[test]
fn the_last_change_is_done_again() {
    check(&[
        ("|one two three", "dw.", "|three"),
        ("|one two three four", "dw2.", "|four"),
        ("|one two", "cwx⎋w.", "x |x"),
        ("|one two three four", "c2wx⎋w.", "x |x"),
        ("|one\ntwo", "Ax⎋j.", "onex\ntwo|x"),
        ("|one", "3ix⎋.", "xxxx|xxone"),
        ("|one\ntwo", "ox⎋.", "one\nx\n|x\ntwo"),
        ("|one", "iab⌫⎋.", "|aaone"),
        ("|one two", "x.", "|e two"),
        ("|one two", "rx.l.", "x|xe two"),
        ("|one\ntwo\nthree", "dd.", "|three"),
        ("|a b c d", "vld.", "|c d"),
        ("|one\ntwo\nthree\nfour", "Vjd.", "|"),
        ("|one", ".", "|one"),
    ]);
}

#[test]
fn undo_takes_back_a_change_and_not_a_letter() {
    check(&[
        ("|one", "itwo three ⎋u", "|one"),
        ("|one", "itwo ⎋ithree ⎋u", "two| one"),
        ("|one two", "cwx⎋u", "|one two"),
        ("|one two", "dwu", "|one two"),
        ("|one two", "dwu®", "|two"),
        ("|one two", "xxx2u", "|ne two"),
        ("|one\ntwo\nthree", "3Ju", "on|e\ntwo\nthree"),
        ("|one\ntwo", "yyppu", "one\non|e\ntwo"),
        ("|one", "u", "|one"),
        ("|one", "x®", "|ne"),
        ("|one", "x9u9®", "|ne"),
    ]);
}

#[test]
fn text_objects_are_words_and_sentences() {
    check(&[
        ("one tw|o three", "diw", "one | three"),
        ("one tw|o three", "daw", "one |three"),
        ("one tw|o", "daw", "on|e"),
        ("one| two", "diw", "one|two"),
        ("one tw|o three", "ciwx⎋", "one |x three"),
        ("o|ne two three", "d3iw", "| three"),
        ("o|ne two three", "2daw", "|three"),
        ("One. T|wo. Three.", "dis", "One. | Three."),
        ("One. T|wo. Three.", "das", "One. |Three."),
        ("One. T|wo.", "das", "One|."),
        ("One. T|wo.\nThree.", "das", "One|.\nThree."),
        ("one tw|o three", "yiwP", "one tw|otwo three"),
        ("one tw|o three", "viwd", "one | three"),
        ("One. T|wo. Three.", "visd", "One. | Three."),
    ]);
}

#[test]
fn visual_mode_selects_and_does() {
    check(&[
        ("|one two", "vwd", "|wo"),
        ("one |two", "vbd", "|wo"),
        ("|one two", "vex", "| two"),
        ("o|ne\ntwo\nthree", "Vd", "|two\nthree"),
        ("o|ne\ntwo\nthree", "Vjd", "|three"),
        ("one\nt|wo", "Vkd", "|"),
        ("|one two", "veyP", "on|eone two"),
        ("|one two", "vecx⎋", "|x two"),
        ("|one two", "ve~", "|ONE two"),
        ("|One two", "veu", "|one two"),
        ("|one two", "veU", "|ONE two"),
        ("|one\ntwo\nthree", "VjJ", "one| two\nthree"),
        ("|one two", "verx", "|xxx two"),
        ("|one two", "ve⎋x", "on| two"),
        ("one |two", "vlox", "one |o"),
        ("|one two", "yewvep", "one on|e"),
        ("one tw|o", "v0D", "|"),
        ("|ab\ncd", "vjd", "|d"),
    ]);
    let mut stage = Stage::new("one two");
    stage.keys("ve");
    assert_eq!(stage.editor.selection(), Some((0, 2)), "the cursor stands on the third");
    stage.keys("V");
    assert_eq!(stage.editor.selection(), Some((0, 7)));
    assert_eq!(stage.vim.words(), "VISUAL LINES  [Esc] end");
}

#[test]
fn esc_never_does_harm_and_the_mode_is_told_in_words() {
    let mut stage = Stage::new("one");
    assert_eq!(stage.vim.words(), "NORMAL  [i] type  [:q] leave");
    stage.keys("2d3");
    assert_eq!(stage.vim.words(), "NORMAL  2d3");
    stage.keys("⎋x");
    assert_eq!(stage.shown(), "|ne", "the counts are forgotten");
    stage.keys("⎋⎋⎋");
    assert_eq!(stage.shown(), "|ne");
    assert!(matches!(stage.wishes.last(), Some(Wish::Say(_))));
    stage.keys("i");
    assert!(stage.vim.words().starts_with("INSERT"));
    stage.keys("⎋ZZ");
    assert_eq!(stage.wishes.last(), Some(&Wish::Leave));
}

#[test]
fn a_paste_is_text_in_every_mode_and_a_burst_is_no_commands() {
    let mut stage = Stage::new("one");
    stage.input(&Input::Paste("dd dd dd dd dd".into()));
    assert_eq!(stage.editor.text(), "dd dd dd dd ddone");
    stage.input(&Input::Burst("dddddddddddddddd".into()));
    assert_eq!(stage.editor.text(), "dd dd dd dd ddone");
    assert!(matches!(stage.wishes.as_slice(), [Wish::Say(_)]));
    stage.keys("u");
    assert_eq!(stage.editor.text(), "one");
}

#[test]
fn counts_cannot_make_a_text_too_long_or_take_for_ever() {
    let mut stage = Stage::new(&"word ".repeat(20_000));
    stage.keys("yy99999p");
    assert_eq!(stage.editor.rope().len_chars(), 100_000);
    stage.keys("99999ia line of words⎋");
    assert!(stage.editor.rope().len_bytes() < 110_000, "typed once");
    stage.keys("99999w99999j99999k99999b99999~99999J99999x");
    assert!(stage.told.iter().copied().eq(stage.editor.rope().chars()));
}

#[test]
fn what_looks_like_one_character_is_one() {
    check(&[
        ("|e\u{301}a", "x", "|a"),
        ("|👨\u{200d}👩\u{200d}👧b", "lx", "|👨\u{200d}👩\u{200d}👧"),
        ("|漢字", "xp", "字|漢"),
        ("|שלום", "xx", "|ום"),
        ("|e\u{301}e\u{301}", "2rx", "x|x"),
    ]);
}

#[test]
fn debug_output_holds_nothing_that_was_typed() {
    let mut stage = Stage::new("");
    stage.keys("isecret⎋yy");
    let shown = format!("{:?} {:?}", stage.vim, stage.register);
    assert!(!shown.contains("secret"), "{shown}");
}

/// The simplest vim that knows some commands: lines, a cursor, whole copies for undo.
#[derive(Clone)]
struct Model {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    goal: usize,
    register: Option<(Vec<Vec<char>>, bool)>,
    past: Vec<Vec<Vec<char>>>,
}

impl Model {
    fn new(text: &str) -> Self {
        let lines = text.split('\n').map(|line| line.chars().collect()).collect();
        Self { lines, row: 0, column: 0, goal: 0, register: None, past: Vec::new() }
    }

    fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| line.iter().collect::<String>());
        lines.collect::<Vec<_>>().join("\n")
    }

    fn line(&mut self) -> &mut Vec<char> {
        &mut self.lines[self.row]
    }

    fn caret(&self) -> usize {
        self.lines[..self.row].iter().map(|line| line.len() + 1).sum::<usize>() + self.column
    }

    fn clamp(&mut self) {
        self.row = self.row.min(self.lines.len() - 1);
        self.column = self.column.min(self.line().len().saturating_sub(1));
    }

    fn letter(&mut self) -> usize {
        let line = self.line();
        let blanks = line.iter().take_while(|letter| **letter == ' ').count();
        blanks.min(line.len().saturating_sub(1))
    }

    fn act(&mut self, command: &str) {
        let before = self.lines.clone();
        let mut goal = None;
        match command {
            // What cannot move leaves the column that up and down go for, as in vim.
            "h" if self.column == 0 => goal = Some(self.goal),
            "l" if self.line().is_empty() => goal = Some(self.goal),
            "h" => self.column = self.column.saturating_sub(1),
            "l" => self.column += 1,
            "0" => self.column = 0,
            "$" => {
                self.column = usize::MAX;
                goal = Some(usize::MAX);
            }
            "j" | "k" => {
                let down = command == "j";
                let last = self.lines.len() - 1;
                self.row = if down { (self.row + 1).min(last) } else { self.row.saturating_sub(1) };
                goal = Some(self.goal);
                self.column = self.goal;
            }
            "gg" => {
                self.row = 0;
                self.column = self.letter();
            }
            "G" => {
                self.row = self.lines.len() - 1;
                self.column = self.letter();
            }
            "u" => {
                // Where the cursor lands is checked elsewhere.
                if let Some(lines) = self.past.pop() {
                    self.lines = lines;
                }
                return;
            }
            _ => self.change(command),
        }
        self.clamp();
        self.goal = goal.unwrap_or(self.column);
        // What writes the same again is a change that can be undone, too.
        let writes = command == "ccq⎋" || (command == "rz" && !before[self.row].is_empty());
        if self.lines != before || writes {
            self.past.push(before);
        }
    }

    fn change(&mut self, command: &str) {
        let (row, column) = (self.row, self.column);
        match command {
            "x" if !self.line().is_empty() => {
                let gone = self.line().remove(column);
                self.register = Some((vec![vec![gone]], false));
            }
            "D" if !self.line().is_empty() => {
                let gone = self.line().split_off(column);
                self.register = Some((vec![gone], false));
            }
            "dd" => {
                let gone = self.lines.remove(row);
                self.register = Some((vec![gone], true));
                if self.lines.is_empty() {
                    self.lines.push(Vec::new());
                }
                self.row = row.min(self.lines.len() - 1);
                self.column = self.letter();
            }
            "yy" => self.register = Some((vec![self.line().clone()], true)),
            "p" | "P" => self.put(command == "P"),
            "J" if row + 1 < self.lines.len() => {
                let next = self.lines.remove(row + 1);
                let rest: Vec<char> = next.into_iter().skip_while(|c| *c == ' ').collect();
                let line = self.line();
                let blank = line.last().is_some_and(|last| *last != ' ') && !rest.is_empty();
                let end = line.len();
                line.extend(blank.then_some(' '));
                line.extend(rest);
                self.column = end;
            }
            "~" if !self.line().is_empty() => {
                let letter = &mut self.line()[column];
                *letter = if letter.is_ascii_lowercase() {
                    letter.to_ascii_uppercase()
                } else {
                    letter.to_ascii_lowercase()
                };
                self.column += 1;
            }
            "rz" if !self.line().is_empty() => self.line()[column] = 'z',
            _ => self.write(command),
        }
    }

    fn write(&mut self, command: &str) {
        let (row, column) = (self.row, self.column);
        match command {
            "iq⎋" => self.line().insert(column, 'q'),
            "Aq⎋" => {
                self.line().push('q');
                self.column = usize::MAX;
            }
            "oq⎋" => {
                self.lines.insert(row + 1, vec!['q']);
                (self.row, self.column) = (row + 1, 0);
            }
            "Oq⎋" => {
                self.lines.insert(row, vec!['q']);
                self.column = 0;
            }
            "ccq⎋" => {
                let gone = std::mem::replace(self.line(), vec!['q']);
                self.register = Some((vec![gone], true));
                self.column = 0;
            }
            _ => {}
        }
    }

    fn put(&mut self, before: bool) {
        let Some((lines, whole)) = self.register.clone() else { return };
        let [line] = lines.as_slice() else { return };
        if whole {
            self.row += usize::from(!before);
            let row = self.row;
            self.lines.insert(row, line.clone());
            self.column = self.letter();
        } else {
            let at = (self.column + usize::from(!before)).min(self.line().len());
            self.line().splice(at..at, line.iter().copied());
            self.column = (at + line.len()).saturating_sub(1);
        }
    }
}

fn command() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "h", "l", "0", "$", "j", "k", "gg", "G", "u", "x", "D", "dd", "yy", "p", "P", "J", "~",
        "rz", "iq⎋", "Aq⎋", "oq⎋", "Oq⎋", "ccq⎋",
    ])
}

fn any_key() -> impl Strategy<Value = Key> {
    let letters: Vec<char> = "hjklwWbBeE0^$gG(){}fFtT;,123456789dcyxXDCspPr~JuiIaAoOnNvV.:/Z =+-qz\
                              ab.\u{301}👩漢م"
        .chars()
        .collect();
    prop_oneof![
        12 => prop::sample::select(letters).prop_map(Key::char),
        2 => Just(Key::plain(KeyCode::Esc)),
        1 => prop::sample::select(vec!['r', 'u', 'd', 'w', 'z', 'y', 'c', 'e']).prop_map(Key::ctrl),
        2 => (
            prop::sample::select(vec![
                KeyCode::Enter, KeyCode::Backspace, KeyCode::Delete, KeyCode::Up, KeyCode::Down,
                KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp,
                KeyCode::PageDown, KeyCode::Insert,
            ]),
            any::<bool>(),
            any::<bool>(),
        ).prop_map(|(code, ctrl, shift)| Key { code, ctrl, shift }),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Press(Key),
    Paste(String),
    Remote(usize, usize, String),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => any_key().prop_map(Step::Press),
        1 => "[xy \n👩\u{301}]{0,5}".prop_map(Step::Paste),
        2 => (0_usize..60, 0_usize..6, "[A-Z👧\u{301}\n]{0,3}").prop_map(|(a, b, c)| Step::Remote(a, b, c)),
    ]
}

fn on_boundary(text: &str, position: usize) -> bool {
    use unicode_segmentation::UnicodeSegmentation as _;
    let ends = text.graphemes(true).scan(0, |place, cluster| {
        *place += cluster.chars().count();
        Some(*place)
    });
    position == 0 || ends.into_iter().any(|end| end == position)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_text_is_what_the_simplest_vim_says(
        text in "([a-cA-C ]{0,5}\n){0,4}[a-cA-C ]{0,5}",
        commands in prop::collection::vec(command(), 0..40),
    ) {
        let (mut stage, mut model) = (Stage::new(&text), Model::new(&text));
        for command in commands {
            stage.keys(command);
            model.act(command);
            prop_assert_eq!(stage.editor.text(), model.text(), "after {}", command);
            if command == "u" {
                // Both begin anew from where the caret is now.
                let caret = stage.editor.caret();
                let before: String = stage.editor.text().chars().take(caret).collect();
                model.row = before.matches('\n').count();
                model.column = before.chars().rev().take_while(|c| *c != '\n').count();
                model.goal = model.column;
            }
            prop_assert_eq!(stage.editor.caret(), model.caret(), "after {} {}", command, stage.shown());
        }
    }

    #[test]
    fn no_key_on_any_text_panics_or_leaves_the_caret_inside_a_character(
        text in "([a-c.,] ?|\n|👩\u{200d}👧|e\u{301}|漢|م|\r\n|\t){0,40}",
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut stage = Stage::new(&text);
        for one in steps {
            match &one {
                Step::Press(key) => stage.input(&Input::Key(*key)),
                Step::Paste(text) => stage.input(&Input::Paste(text.clone())),
                Step::Remote(position, deleted, inserted) => {
                    let length = stage.editor.rope().len_chars();
                    let position = position % (length + 1);
                    let deleted = (*deleted).min(length - position);
                    let splice =
                        Splice { part: Part::Text, position, deleted, inserted: inserted.clone() };
                    stage.editor.apply_remote(std::slice::from_ref(&splice));
                    stage.vim.settle(&mut stage.editor);
                    stage.tell(&[splice]);
                }
            }
            let text = stage.editor.text();
            prop_assert_eq!(&text, &stage.told.iter().collect::<String>(), "{:?}", one);
            let caret = stage.editor.caret();
            prop_assert!(on_boundary(&text, caret), "{one:?}: {caret} in {text:?}");
            if let Some((from, to)) = stage.editor.selection() {
                prop_assert!(from <= to && to <= text.chars().count());
            }
            let _words = stage.vim.words();
        }
    }

    #[test]
    fn undoing_all_gives_the_start_and_doing_all_again_the_end(
        text in "[a-c .\n]{0,30}",
        keys in prop::collection::vec(any_key(), 0..60),
    ) {
        let mut stage = Stage::new(&text);
        for key in keys {
            stage.input(&Input::Key(key));
        }
        stage.keys("⎋⎋");
        while !stage.editor.redo().is_empty() {}
        let end = stage.editor.text();
        while !stage.editor.undo().is_empty() {}
        prop_assert_eq!(stage.editor.text(), text);
        while !stage.editor.redo().is_empty() {}
        prop_assert_eq!(stage.editor.text(), end);
    }
}
