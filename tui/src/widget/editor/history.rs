//! What undo and redo need: the inverse of each own edit, without limit, and the edits of others
//! that came on top of it.
//!
//! Only own edits are undone. An edit of somebody else stays in the stack as a step to move
//! through, and the work of moving is done when somebody undoes, not on every remote key.

use super::transform::{Op, cross};
use tacenda_shared::id::Timestamp;

/// Typing that pauses for longer begins a new step of undo. Milliseconds.
const PAUSE: i64 = 1500;

/// How an edit came about; edits of one kind in a row are one step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Deletion to the left, cluster by cluster.
    Backspace,
    /// Deletion to the right, cluster by cluster.
    Delete,
    /// Stands alone: a paste, a word deleted, a line.
    Single,
    /// Characters.
    Type,
}

/// An own edit that has just been made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) position: usize,
    /// The text that went.
    pub(super) removed: String,
    /// The text that came.
    pub(super) inserted: String,
    pub(super) kind: Kind,
    pub(super) time: Timestamp,
}

#[derive(Clone, Debug)]
struct Step {
    /// In the order in which they undo the edit.
    inverse: Vec<Op>,
    kind: Kind,
    time: Timestamp,
    /// Whether the step's text ended with a blank: the next letter begins a new word.
    blank: bool,
    /// Steps of one act are undone together.
    act: Option<u64>,
}

#[derive(Clone, Debug)]
enum Entry {
    Own(Step),
    Remote(Op),
}

/// The two stacks. The bottom of each is an own edit.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    undo: Vec<Entry>,
    redo: Vec<Entry>,
    /// Set by whatever ends a run of typing: a motion, an undo.
    sealed: bool,
    /// The act that edits belong to now, if somebody has begun one.
    act: Option<u64>,
}

impl History {
    /// Takes note of an own edit. What was undone before can no longer be redone.
    pub(super) fn record(&mut self, made: &Made) {
        self.redo.clear();
        let joined = !self.sealed && self.joins(made);
        self.sealed = false;
        if joined {
            return;
        }
        let mut inverse = Vec::new();
        let count = made.inserted.chars().count();
        if count > 0 {
            inverse.push(Op::Delete { at: made.position, count });
        }
        if !made.removed.is_empty() {
            inverse.push(Op::Insert { at: made.position, text: made.removed.clone() });
        }
        let blank = made.inserted.ends_with(char::is_whitespace);
        let step = Step { inverse, kind: made.kind, time: made.time, blank, act: self.act };
        self.undo.push(Entry::Own(step));
    }

    /// Takes note of somebody else's edit, made on the text as it stands.
    pub(super) fn remote(&mut self, op: &Op) {
        for stack in [&mut self.undo, &mut self.redo] {
            if !stack.is_empty() {
                stack.push(Entry::Remote(op.clone()));
            }
        }
    }

    /// Ends a run of typing.
    pub(super) const fn seal(&mut self) {
        self.sealed = true;
    }

    /// Lets the edits that follow belong to one act, or to none.
    pub(super) const fn set_act(&mut self, act: Option<u64>) {
        self.act = act;
        self.sealed = true;
    }

    /// Returns the act of the step that would be undone next, or done again.
    pub(super) fn act_of(&self, undo: bool) -> Option<u64> {
        let stack = if undo { &self.undo } else { &self.redo };
        let own = |entry: &Entry| match entry {
            Entry::Own(step) => Some(step.act),
            Entry::Remote(_) => None,
        };
        stack.iter().rev().find_map(own).flatten()
    }

    /// Returns what undoes the last own edit, or does again what was undone last, on the text as it
    /// stands.
    pub(super) fn take(&mut self, undo: bool) -> Option<Vec<Op>> {
        self.sealed = true;
        take(if undo { &mut self.undo } else { &mut self.redo })
    }

    /// Keeps the inverse of an undo, or of what was done again.
    pub(super) fn taken(&mut self, undo: bool, inverse: Vec<Op>, act: Option<u64>) {
        let time = Timestamp::from_millis(0);
        let step = Step { inverse, kind: Kind::Single, time, blank: false, act };
        let stack = if undo { &mut self.redo } else { &mut self.undo };
        stack.push(Entry::Own(step));
    }

    /// Joins the edit to the last step if the two are one act to the person who types.
    fn joins(&mut self, made: &Made) -> bool {
        let Some(Entry::Own(step)) = self.undo.last_mut() else { return false };
        if step.kind != made.kind
            || step.act != self.act
            || made.time.millis_since(step.time) > PAUSE
        {
            return false;
        }
        let joined = match made.kind {
            Kind::Single => false,
            Kind::Type => joins_typing(step, made),
            Kind::Backspace => match step.inverse.as_mut_slice() {
                [Op::Insert { at, text }] if *at == made.position + count(&made.removed) => {
                    *at = made.position;
                    text.insert_str(0, &made.removed);
                    true
                }
                _ => false,
            },
            Kind::Delete => match step.inverse.as_mut_slice() {
                [Op::Insert { at, text }] if *at == made.position => {
                    text.push_str(&made.removed);
                    true
                }
                _ => false,
            },
        };
        if joined {
            step.time = made.time;
        }
        joined
    }
}

fn joins_typing(step: &mut Step, made: &Made) -> bool {
    let begins_word = step.blank && !made.inserted.starts_with(char::is_whitespace);
    if begins_word || !made.removed.is_empty() || made.inserted.contains('\n') {
        return false;
    }
    let Some(Op::Delete { at, count: length }) = step.inverse.first_mut() else { return false };
    if *at + *length != made.position {
        return false;
    }
    *length += count(&made.inserted);
    step.blank = made.inserted.ends_with(char::is_whitespace);
    true
}

/// Takes the last own step off a stack, moved through what others did since.
fn take(stack: &mut Vec<Entry>) -> Option<Vec<Op>> {
    let place = stack.iter().rposition(|entry| matches!(entry, Entry::Own(_)))?;
    let mut inverse = Vec::new();
    let mut remote = Vec::new();
    for entry in stack.drain(place..) {
        match entry {
            Entry::Own(step) => inverse = step.inverse,
            Entry::Remote(op) => remote.push(op),
        }
    }
    let (inverse, remote) = cross(inverse, remote, true);
    if !stack.is_empty() {
        stack.extend(remote.into_iter().map(Entry::Remote));
    }
    Some(inverse)
}

fn count(text: &str) -> usize {
    text.chars().count()
}
