//! What changes the text: operators, and the commands that are one letter. A change is a value,
//! so that `.` carries out the same again.

use super::motion::{Motion, Reach, Span, Target, last_letter, span, word_span};
use super::object::Object;
use super::{Answer, Hands, Vim, taken};
use crate::widget::editor::keys::Reply;
use crate::widget::editor::layout::Row;
use crate::widget::editor::motion::{first_letter, line_at, line_of};
use crate::widget::editor::{Editor, PART_LIMIT, Refusal, boundary};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::Splice;
use zeroize::Zeroizing;

use crate::widget::editor::history::Kind;

/// What is done to what a motion goes over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operator {
    Change,
    Delete,
    Yank,
}

impl Operator {
    pub(super) const fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'c' => Self::Change,
            'd' => Self::Delete,
            'y' => Self::Yank,
            _ => return None,
        })
    }

    pub(super) const fn letter(self) -> &'static str {
        match self {
            Self::Change => "c",
            Self::Delete => "d",
            Self::Yank => "y",
        }
    }
}

/// What an operator is done to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Aim {
    /// So many characters from the caret on: what was selected once, again.
    Characters(usize),
    /// The line of the caret, and with a count those below it.
    Lines,
    Motion(Motion),
    Object(Object),
}

/// Where typing begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Entry {
    Above,
    Behind,
    Below,
    Here,
    LineEnd,
    LineLetter,
}

/// Something that changes the text, or begins to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    Insert(Entry),
    Join,
    Operate(Operator, Aim),
    Overwrite(char),
    Put { before: bool },
    SwapCase,
}

/// What `.` does again.
pub(super) struct Repeat {
    pub(super) change: Change,
    pub(super) count: Option<usize>,
    /// What was typed then.
    pub(super) typed: Zeroizing<String>,
}

impl Vim {
    /// Carries out a change with the count that was typed.
    pub(super) fn change(&mut self, hands: &mut Hands<'_>, change: Change) -> Answer {
        let count = self.pending.total();
        self.pending = super::Pending::default();
        self.goal = None;
        let reply = self.carry_out(hands, change, count);
        self.count_typing(count);
        let yanks = matches!(change, Change::Operate(Operator::Yank, _));
        if !self.is_inserting() && !yanks && reply.refusal.is_none() {
            self.repeat = Some(Repeat { change, count, typed: Zeroizing::default() });
        }
        Answer { reply, wish: None }
    }

    /// Does the last change again; a count takes the place of its own.
    pub(super) fn again(&mut self, hands: &mut Hands<'_>) -> Answer {
        let typed = self.pending.total();
        self.pending = super::Pending::default();
        self.goal = None;
        let Some(mut repeat) = self.repeat.take() else { return taken() };
        repeat.count = typed.or(repeat.count);
        let mut reply = self.carry_out(hands, repeat.change, repeat.count);
        if self.is_inserting() {
            let replayed = super::insert::replay(hands.editor, &repeat.typed, hands.time);
            join(&mut reply, replayed);
            self.keep_typed(&repeat.typed);
            join(&mut reply, self.end_insert(hands));
        }
        self.repeat = Some(repeat);
        Answer { reply, wish: None }
    }

    pub(super) fn carry_out(
        &mut self,
        hands: &mut Hands<'_>,
        change: Change,
        count: Option<usize>,
    ) -> Reply {
        let times = count.unwrap_or(1);
        match change {
            Change::Insert(entry) => self.begin_insert(hands, entry, times),
            Change::Join => join_lines(hands.editor, times.max(2) - 1, hands.time),
            Change::Operate(operator, aim) => {
                let Some(span) = self.span(hands.editor, operator, aim, count) else {
                    return Reply::taken();
                };
                self.operate(hands, change, span)
            }
            Change::Overwrite(letter) => overwrite(hands.editor, letter, times, hands.time),
            Change::Put { before } => put(hands, before, times),
            Change::SwapCase => {
                let (from, line) =
                    (hands.editor.caret, line_at(&hands.editor.rope, hands.editor.caret));
                let to = characters(hands.editor, from, times).min(line.end);
                let reply = set_case(hands.editor, (from, to), Case::Swapped, hands.time);
                hands.editor.go(to, false);
                reply
            }
        }
    }

    /// Returns what an operator takes from the caret on; `None` if the motion leads nowhere.
    fn span(
        &self,
        editor: &Editor,
        operator: Operator,
        aim: Aim,
        count: Option<usize>,
    ) -> Option<Span> {
        let (rope, caret) = (&editor.rope, editor.caret);
        let times = count.unwrap_or(1);
        let chars = |from, to| Some(Span { from, to, lines: false });
        match aim {
            Aim::Characters(number) => {
                chars(caret, characters(editor, caret, count.unwrap_or(number)))
            }
            Aim::Lines => {
                let first = rope.char_to_line(caret);
                let last = line_of(rope, first.saturating_add(times - 1));
                Some(Span { from: line_of(rope, first).start, to: last.end, lines: true })
            }
            Aim::Object(object) => {
                let (from, to) = object.range(rope, caret, times);
                chars(from, to)
            }
            Aim::Motion(Motion::WordAfter { big }) => {
                let ends = operator == Operator::Change;
                Some(word_span(rope, caret, times, big, ends))
            }
            Aim::Motion(motion @ (Motion::RowDown | Motion::RowUp)) => {
                let down = if motion == Motion::RowDown { Motion::Down } else { Motion::Up };
                down.target(editor, count, None).map(|target| span(rope, caret, target))
            }
            Aim::Motion(Motion::HalfDown | Motion::HalfUp) => None,
            Aim::Motion(motion) => {
                let target = motion.target(editor, count, None);
                // At the end of a line there is nothing to change, and room to write.
                let here = Target { place: caret, reach: Reach::Exclusive };
                let writes = operator == Operator::Change && motion == Motion::Right;
                let target = target.or(writes.then_some(here))?;
                let empty = line_at(rope, caret);
                if empty.start == empty.end && target.place == caret && target.reach != Reach::Lines
                {
                    return chars(caret, caret);
                }
                Some(span(rope, caret, target))
            }
        }
    }

    pub(super) fn operate(&mut self, hands: &mut Hands<'_>, change: Change, span: Span) -> Reply {
        let Change::Operate(operator, _) = change else { return Reply::taken() };
        let text = hands.editor.rope.slice(span.from..span.to).to_string();
        if span.lines || span.from < span.to {
            hands.register.keep(text, span.lines);
        }
        match operator {
            Operator::Yank => {
                if !span.lines || span.from < line_at(&hands.editor.rope, hands.editor.caret).start
                {
                    hands.editor.go(span.from, false);
                }
                Reply::taken()
            }
            Operator::Change => {
                let splice = erase(hands.editor, (span.from, span.to), hands.time);
                hands.editor.go(span.from, false);
                self.typing_begins(hands.act, change, 1);
                Reply::edited(splice)
            }
            Operator::Delete if span.lines => delete_lines(hands.editor, span, hands.time),
            Operator::Delete => {
                let splice = erase(hands.editor, (span.from, span.to), hands.time);
                hands.editor.go(span.from, false);
                Reply::edited(splice)
            }
        }
    }
}

fn erase(editor: &mut Editor, (from, to): (usize, usize), time: Timestamp) -> Option<Splice> {
    editor.edit(from, to.saturating_sub(from), "", Kind::Single, time)
}

/// Takes away lines with one of their line ends, and goes to the first letter of what is there now.
fn delete_lines(editor: &mut Editor, span: Span, time: Timestamp) -> Reply {
    let length = editor.rope.len_chars();
    let behind = boundary::after(&editor.rope, span.to).max(span.to);
    let before = boundary::before(&editor.rope, span.from);
    let (from, to) = match (span.to < length, span.from > 0) {
        (true, _) => (span.from, behind),
        (false, true) => (before, span.to),
        (false, false) => (span.from, span.to),
    };
    let splice = erase(editor, (from, to), time);
    let line = line_at(&editor.rope, editor.caret);
    let place = first_letter(&editor.rope, line).min(last_letter(&editor.rope, line));
    editor.go(place, false);
    Reply::edited(splice)
}

/// Returns the place behind so many characters.
fn characters(editor: &Editor, from: usize, number: usize) -> usize {
    let mut place = from;
    for _ in 0..number {
        let next = boundary::after(&editor.rope, place);
        if next == place {
            break;
        }
        place = next;
    }
    place
}

/// How letters are to be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Case {
    Lower,
    Swapped,
    Upper,
}

/// Writes letters in another case. Those whose other case has more letters stay as they are.
pub(super) fn set_case(
    editor: &mut Editor,
    (from, to): (usize, usize),
    case: Case,
    time: Timestamp,
) -> Reply {
    let single = |mut letters: Box<dyn Iterator<Item = char>>, letter| {
        let first = letters.next();
        if letters.next().is_some() { letter } else { first.unwrap_or(letter) }
    };
    let other = |letter: char| {
        let upper = case == Case::Upper || (case == Case::Swapped && letter.is_lowercase());
        if upper {
            single(Box::new(letter.to_uppercase()), letter)
        } else {
            single(Box::new(letter.to_lowercase()), letter)
        }
    };
    let old: String = editor.rope.slice(from..to.max(from)).to_string();
    let new: String = old.chars().map(other).collect();
    if old == new {
        return Reply::taken();
    }
    Reply::edited(editor.edit(from, to - from, &new, Kind::Single, time))
}

/// Puts a letter in the place of so many; a line end in the place of all of them.
fn overwrite(editor: &mut Editor, letter: char, times: usize, time: Timestamp) -> Reply {
    let from = editor.caret;
    let line = line_at(&editor.rope, from);
    let mut to = from;
    for _ in 0..times {
        if to >= line.end {
            return Reply::taken();
        }
        to = boundary::after(&editor.rope, to).min(line.end);
    }
    let new = if letter == '\n' { "\n".to_owned() } else { letter.to_string().repeat(times) };
    let splice = editor.edit(from, to - from, &new, Kind::Single, time);
    if letter != '\n' {
        editor.go(boundary::before(&editor.rope, editor.caret).max(from), false);
    }
    Reply::edited(splice)
}

/// Joins the line with those below it, one blank between the words of each.
pub(super) fn join_lines(editor: &mut Editor, times: usize, time: Timestamp) -> Reply {
    let mut splices = Vec::new();
    for _ in 0..times {
        let rope = &editor.rope;
        let number = rope.char_to_line(editor.caret);
        if number + 1 >= rope.len_lines() {
            break;
        }
        let (line, next) = (line_of(rope, number), line_of(rope, number + 1));
        let letter = first_letter(rope, next);
        let glued =
            ends_blank(rope, line) || letter >= next.end || rope.get_char(letter) == Some(')');
        let blank = if glued { "" } else { " " };
        let place = line.end;
        splices.extend(editor.edit(place, letter - place, blank, Kind::Single, time));
        editor.go(place, false);
    }
    Reply::edited(splices)
}

fn ends_blank(rope: &ropey::Rope, line: Row) -> bool {
    let last = line.end.checked_sub(1).filter(|last| *last >= line.start);
    last.is_none_or(|last| rope.get_char(last).is_none_or(char::is_whitespace))
}

/// Puts what was cut or copied before or behind the caret, lines above or below its line.
pub(super) fn put(hands: &mut Hands<'_>, before: bool, times: usize) -> Reply {
    let Hands { editor, register, time, .. } = hands;
    if register.is_empty() {
        return Reply::taken();
    }
    let bytes = (register.text().len() + 1).saturating_mul(times);
    let bytes = bytes.saturating_add(editor.rope.len_bytes());
    if bytes > PART_LIMIT {
        return Reply::refusal(Refusal::TooLong { bytes });
    }
    let line = line_at(&editor.rope, editor.caret);
    if register.is_lines() {
        let all = vec![register.text(); times].join("\n");
        let (place, new) =
            if before { (line.start, format!("{all}\n")) } else { (line.end, format!("\n{all}")) };
        let splice = editor.edit(place, 0, &new, Kind::Single, *time);
        let first = if before { place } else { boundary::after(&editor.rope, place) };
        let put = line_at(&editor.rope, first);
        let letter = first_letter(&editor.rope, put).min(last_letter(&editor.rope, put));
        editor.go(letter, false);
        return Reply::edited(splice);
    }
    let behind = boundary::after(&editor.rope, editor.caret).min(line.end);
    let place = if before { editor.caret } else { behind.max(editor.caret) };
    let new = register.text().repeat(times);
    let splice = editor.edit(place, 0, &new, Kind::Single, *time);
    let several = new.contains('\n');
    let last = boundary::before(&editor.rope, editor.caret).max(place);
    editor.go(if several { place } else { last }, false);
    Reply::edited(splice)
}

/// Adds what a further step did.
pub(super) fn join(reply: &mut Reply, further: Reply) {
    reply.splices.extend(further.splices);
    reply.refusal = reply.refusal.or(further.refusal);
}
