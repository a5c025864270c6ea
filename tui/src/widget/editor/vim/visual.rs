//! Visual mode: a selection that motions widen, and what is done with it. As on the screen, the
//! character under the caret belongs to it.

use super::change::{Aim, Case, Change, Operator, join_lines, set_case};
use super::motion::Span;
use super::{Answer, Hands, Mode, Vim, Wish, taken, wish};
use crate::widget::editor::history::Kind;
use crate::widget::editor::keys::Reply;
use crate::widget::editor::motion::line_at;
use crate::widget::editor::{Editor, Register, boundary};
use unicode_segmentation::UnicodeSegmentation;

impl Vim {
    pub(super) fn begin_visual(&mut self, editor: &mut Editor, lines: bool) {
        self.mode = if lines { Mode::VisualLines } else { Mode::Visual };
        let place = editor.caret;
        self.span_visual(editor, place, place);
    }

    pub(super) fn end_visual(&mut self, editor: &mut Editor) {
        self.mode = Mode::Normal;
        editor.anchor = None;
        editor.lines = false;
    }

    /// Returns the end of the selection at which the caret is not.
    pub(super) fn start_of_visual(&self, editor: &Editor) -> Option<usize> {
        let anchor = editor.anchor.unwrap_or(editor.caret);
        match self.mode {
            Mode::Visual if anchor > editor.caret => Some(boundary::before(&editor.rope, anchor)),
            Mode::Visual | Mode::VisualLines => Some(anchor),
            Mode::Insert | Mode::Normal => None,
        }
    }

    /// Selects from one character to another, at which the caret is.
    pub(super) fn span_visual(&self, editor: &mut Editor, start: usize, caret: usize) {
        editor.lines = self.mode == Mode::VisualLines;
        // A selection that goes to the left holds the character that it began on.
        let behind = boundary::after(&editor.rope, start);
        let backwards = caret < start && !editor.lines;
        editor.anchor = Some(if backwards { behind } else { start });
        editor.caret = caret;
    }

    /// Selects a range, or widens the selection to its end.
    pub(super) fn select(&mut self, editor: &mut Editor, from: usize, to: usize) {
        let start = self.start_of_visual(editor).unwrap_or(from);
        let start = if start == editor.caret { from } else { start };
        let last = boundary::before(&editor.rope, to).max(from);
        self.span_visual(editor, start, last);
    }

    fn visual_span(&self, editor: &Editor) -> Span {
        let start = self.start_of_visual(editor).unwrap_or(editor.caret);
        let (from, to) = (start.min(editor.caret), start.max(editor.caret));
        if self.mode == Mode::VisualLines {
            let (first, last) = (line_at(&editor.rope, from), line_at(&editor.rope, to));
            return Span { from: first.start, to: last.end, lines: true };
        }
        Span { from, to: boundary::after(&editor.rope, to), lines: false }
    }

    /// A letter that does something with the selection.
    pub(super) fn visual_letter(&mut self, hands: &mut Hands<'_>, letter: char) -> Answer {
        let span = self.visual_span(hands.editor);
        self.pending = super::Pending::default();
        self.goal = None;
        let whole = letter.is_uppercase();
        let operator = match letter {
            'd' | 'x' | 'D' | 'X' => Operator::Delete,
            'c' | 's' | 'C' | 'S' | 'R' => Operator::Change,
            'y' | 'Y' => Operator::Yank,
            _ => return self.visual_other(hands, letter, span),
        };
        let span = if whole { lines_of(hands.editor, span) } else { span };
        let rope = &hands.editor.rope;
        let aim = if span.lines {
            Aim::Lines
        } else {
            let text = rope.slice(span.from..span.to).to_string();
            Aim::Characters(text.graphemes(true).count())
        };
        let lines = rope.char_to_line(span.to).saturating_sub(rope.char_to_line(span.from)) + 1;
        self.end_visual(hands.editor);
        hands.editor.go(span.from, false);
        let change = Change::Operate(operator, aim);
        let reply = self.operate(hands, change, span);
        let count = span.lines.then_some(lines);
        self.count_typing(count);
        if operator == Operator::Delete {
            let typed = zeroize::Zeroizing::default();
            self.repeat = Some(super::Repeat { change, count, typed });
        }
        Answer { reply, wish: None }
    }

    fn visual_other(&mut self, hands: &mut Hands<'_>, letter: char, span: Span) -> Answer {
        let time = hands.time;
        let range = (span.from, span.to);
        let reply = match letter {
            'v' | 'V' => {
                let lines = letter == 'V';
                let start = self.start_of_visual(hands.editor).unwrap_or(span.from);
                let same = lines == (self.mode == Mode::VisualLines);
                if same {
                    self.end_visual(hands.editor);
                } else {
                    let caret = hands.editor.caret;
                    self.mode = if lines { Mode::VisualLines } else { Mode::Visual };
                    self.span_visual(hands.editor, start, caret);
                }
                return taken();
            }
            'o' => {
                let start = self.start_of_visual(hands.editor).unwrap_or(span.from);
                let caret = hands.editor.caret;
                self.span_visual(hands.editor, caret, start);
                hands.editor.follow_caret();
                return taken();
            }
            '~' => set_case(hands.editor, range, Case::Swapped, time),
            'u' => set_case(hands.editor, range, Case::Lower, time),
            'U' => set_case(hands.editor, range, Case::Upper, time),
            'J' => {
                let rope = &hands.editor.rope;
                let lines = rope.char_to_line(span.to) - rope.char_to_line(span.from);
                hands.editor.go(span.from, false);
                join_lines(hands.editor, lines.max(1), time)
            }
            'p' | 'P' => return self.visual_put(hands, span),
            'n' | 'N' => return wish(Wish::FindAgain { up: letter == 'N' }),
            '/' => return wish(Wish::Find),
            ':' => return wish(Wish::Say("First end the selection: Esc.")),
            _ => return taken(),
        };
        let place = if letter == 'J' { hands.editor.caret } else { span.from };
        self.end_visual(hands.editor);
        hands.editor.go(place, false);
        Answer { reply, wish: None }
    }

    /// Puts what was copied in the place of what is selected, which is kept in its stead.
    fn visual_put(&mut self, hands: &mut Hands<'_>, span: Span) -> Answer {
        let copied = std::mem::take(hands.register);
        let text = copied.text().to_owned();
        let gone = hands.editor.rope.slice(span.from..span.to).to_string();
        self.end_visual(hands.editor);
        hands.editor.caret = span.to;
        hands.editor.anchor = Some(span.from);
        let text = match (copied.is_lines(), span.lines) {
            (true, false) => format!("\n{text}\n"),
            _ => text,
        };
        let reply = match hands.editor.insert(&text) {
            Ok(splice) => Reply::edited(splice),
            Err(refusal) => {
                hands.editor.go(span.from, false);
                *hands.register = copied;
                return Answer { reply: Reply::refusal(refusal), wish: None };
            }
        };
        let last = boundary::before(&hands.editor.rope, hands.editor.caret).max(span.from);
        hands.editor.go(if text.contains('\n') { span.from } else { last }, false);
        let mut kept = Register::default();
        kept.keep(gone, span.lines);
        *hands.register = kept;
        Answer { reply, wish: None }
    }

    pub(super) fn visual_overwrite(&mut self, hands: &mut Hands<'_>, letter: char) -> Answer {
        let span = self.visual_span(hands.editor);
        self.pending = super::Pending::default();
        self.end_visual(hands.editor);
        let text = hands.editor.rope.slice(span.from..span.to).to_string();
        let new: String = text
            .graphemes(true)
            .map(|cluster| if cluster.contains('\n') { '\n' } else { letter })
            .collect();
        let splice = if new == text || letter == '\n' {
            None
        } else {
            hands.editor.edit(span.from, span.to - span.from, &new, Kind::Single, hands.time)
        };
        hands.editor.go(span.from, false);
        Answer { reply: Reply::edited(splice), wish: None }
    }
}

fn lines_of(editor: &Editor, span: Span) -> Span {
    let last = boundary::before(&editor.rope, span.to).max(span.from);
    let last = if span.lines { span.to } else { last };
    let (first, last) = (line_at(&editor.rope, span.from), line_at(&editor.rope, last));
    Span { from: first.start, to: last.end, lines: true }
}
