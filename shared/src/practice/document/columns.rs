//! The columns of a change, an operation at a time. Everything in them was counted by
//! [`chunk`](super::super::chunk) before; whatever does not read ends it, and so does a column that
//! holds more or less than the operations need.

use super::super::chunk::Cursor;

/// An operation by its number, and the place of its author in the change.
type Named = (u32, u16);

/// What an operation is done to.
pub(super) enum Target<'a> {
    /// A letter of an object, or what stands behind it.
    Behind(Named, Named),
    /// A field of the root.
    Field(&'a str),
    /// What stands first in an object.
    First(Named),
}

/// One operation.
pub(super) struct Operation<'a> {
    pub(super) target: Target<'a>,
    pub(super) inserts: bool,
    pub(super) action: u64,
    /// What is inserted, if that is one letter.
    pub(super) letter: Option<char>,
    /// What it takes the place of.
    pub(super) before: Vec<Named>,
}

/// A column of numbers, as runs.
#[derive(Clone, Copy)]
struct Runs<'a> {
    data: Cursor<'a>,
    left: u64,
    state: State,
    kind: Kind,
    value: Option<u64>,
    /// In a column of differences, the number before.
    sum: i64,
    /// There is nothing in it.
    empty: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    Literal,
    Repeat,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Difference,
    Number,
}

impl<'a> Runs<'a> {
    const fn new(data: &'a [u8], kind: Kind) -> Self {
        let (data, empty) = (Cursor { rest: data }, data.is_empty());
        Self { data, left: 0, state: State::Repeat, kind, value: None, sum: 0, empty }
    }

    fn is_at_end(&self) -> bool {
        self.left == 0 && self.data.rest.is_empty()
    }

    /// Returns the next value; a column that was left out holds nothing.
    fn next(&mut self) -> Option<Option<u64>> {
        if self.is_at_end() {
            return self.empty.then_some(None);
        }
        if self.left == 0 {
            let run = signed(&mut self.data)?;
            match run {
                0 => {
                    (self.state, self.value) = (State::Repeat, None);
                    self.left = unsigned(&mut self.data)?;
                }
                1.. => {
                    self.state = State::Repeat;
                    self.value = Some(self.read()?);
                    self.left = run.unsigned_abs();
                }
                _ => (self.state, self.left) = (State::Literal, run.unsigned_abs()),
            }
        }
        self.left = self.left.checked_sub(1)?;
        if self.state == State::Literal {
            self.value = Some(self.read()?);
        }
        match (self.kind, self.value) {
            (Kind::Difference, Some(value)) => {
                // As it was read: the bits of a signed number.
                self.sum = self.sum.checked_add(i64::from_ne_bytes(value.to_ne_bytes()))?;
                Some(Some(u64::try_from(self.sum).ok()?))
            }
            (_, value) => Some(value),
        }
    }

    fn read(&mut self) -> Option<u64> {
        match self.kind {
            Kind::Difference => {
                signed(&mut self.data).map(|value| u64::from_ne_bytes(value.to_ne_bytes()))
            }
            Kind::Number => unsigned(&mut self.data),
        }
    }
}

/// A column of names.
struct Names<'a> {
    data: Cursor<'a>,
    left: u64,
    literal: bool,
    value: Option<&'a str>,
    empty: bool,
}

impl<'a> Names<'a> {
    const fn new(data: &'a [u8]) -> Self {
        let (data, empty) = (Cursor { rest: data }, data.is_empty());
        Self { data, left: 0, literal: false, value: None, empty }
    }

    fn is_at_end(&self) -> bool {
        self.left == 0 && self.data.rest.is_empty()
    }

    fn next(&mut self) -> Option<Option<&'a str>> {
        if self.is_at_end() {
            return self.empty.then_some(None);
        }
        if self.left == 0 {
            let run = signed(&mut self.data)?;
            self.literal = run < 0;
            match run {
                0 => (self.value, self.left) = (None, unsigned(&mut self.data)?),
                1.. => (self.value, self.left) = (Some(self.read()?), run.unsigned_abs()),
                _ => self.left = run.unsigned_abs(),
            }
        }
        self.left = self.left.checked_sub(1)?;
        if self.literal {
            self.value = Some(self.read()?);
        }
        Some(self.value)
    }

    fn read(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.data.prefixed().ok()?).ok()
    }
}

/// A column of yes and no, which begins with how often it is no.
struct Flags<'a> {
    data: Cursor<'a>,
    left: u64,
    value: bool,
}

impl<'a> Flags<'a> {
    const fn new(data: &'a [u8]) -> Self {
        Self { data: Cursor { rest: data }, left: 0, value: true }
    }

    fn is_at_end(&self) -> bool {
        self.left == 0 && self.data.rest.is_empty()
    }

    fn next(&mut self) -> Option<bool> {
        while self.left == 0 {
            self.left = unsigned(&mut self.data)?;
            self.value = !self.value;
        }
        self.left -= 1;
        Some(self.value)
    }
}

/// All columns of a change.
pub(super) struct Columns<'a> {
    object_author: Runs<'a>,
    object: Runs<'a>,
    key_author: Runs<'a>,
    key: Runs<'a>,
    name: Names<'a>,
    inserts: Flags<'a>,
    action: Runs<'a>,
    value: Runs<'a>,
    raw: Cursor<'a>,
    count: Runs<'a>,
    before_author: Runs<'a>,
    before: Runs<'a>,
}

impl<'a> Columns<'a> {
    /// Takes the columns by what they are said to be; `None` if there is one that texts do not need.
    pub(super) fn of(columns: &[(u64, &'a [u8])]) -> Option<Self> {
        let number = |data| Runs::new(data, Kind::Number);
        let none = number(&[]);
        let differences = Runs::new(&[], Kind::Difference);
        let specifications = columns.iter().map(|(specification, _)| specification);
        if !specifications.is_sorted_by(|one, next| one < next) {
            return None;
        }
        let mut all = Self {
            object_author: none,
            object: none,
            key_author: none,
            key: differences,
            name: Names::new(&[]),
            inserts: Flags::new(&[]),
            action: none,
            value: none,
            raw: Cursor { rest: &[] },
            count: none,
            before_author: none,
            before: differences,
        };
        for (specification, data) in columns {
            match specification {
                0x01 => all.object_author = number(data),
                0x02 => all.object = number(data),
                0x11 => all.key_author = number(data),
                0x13 => all.key = Runs::new(data, Kind::Difference),
                0x15 => all.name = Names::new(data),
                0x34 => all.inserts = Flags::new(data),
                0x42 => all.action = number(data),
                0x56 => all.value = number(data),
                0x57 => all.raw.rest = data,
                0x70 => all.count = number(data),
                0x71 => all.before_author = number(data),
                0x73 => all.before = Runs::new(data, Kind::Difference),
                _ => return None,
            }
        }
        Some(all)
    }

    /// Whether nothing is left in any of them.
    fn are_at_end(&self) -> bool {
        let numbers = [
            &self.object_author,
            &self.object,
            &self.key_author,
            &self.key,
            &self.action,
            &self.value,
            &self.count,
            &self.before_author,
            &self.before,
        ];
        numbers.into_iter().all(Runs::is_at_end)
            && self.name.is_at_end()
            && self.inserts.is_at_end()
            && self.raw.rest.is_empty()
    }

    /// Returns the next operation, with authors as `known` has them; `Some(None)` behind the last,
    /// where nothing is left in any column.
    pub(super) fn next(&mut self, known: &[u16]) -> Option<Option<Operation<'a>>> {
        if self.action.is_at_end() {
            return self.are_at_end().then_some(None);
        }
        let named = |number: u64, author: Option<u64>| -> Option<Named> {
            let author = known.get(usize::try_from(author?).ok()?)?;
            Some((u32::try_from(number).ok()?, *author))
        };
        let action = self.action.next()??;
        let inserts = self.inserts.next()?;
        let object = (self.object.next()?, self.object_author.next()?);
        let key = (self.key.next()?, self.key_author.next()?);
        let name = self.name.next()?;
        let target = match (object, key, name) {
            ((None, None), (None, None), Some(name)) if !inserts => Target::Field(name),
            ((Some(object), author), (Some(0), None), None) => {
                Target::First(named(object, author)?)
            }
            ((Some(object), author), (Some(key), by), None) => {
                Target::Behind(named(object, author)?, named(key, by)?)
            }
            _ => return None,
        };
        let letter = self.letter()?;
        let mut before = Vec::new();
        for _ in 0..self.count.next()?? {
            before.push(named(self.before.next()??, self.before_author.next()?)?);
        }
        Some(Some(Operation { target, inserts, action, letter, before }))
    }

    /// Returns the value, if it is a text of one letter. Every operation says what its value is, also
    /// that it has none; whatever no honest device writes into a draft is left to the library.
    fn letter(&mut self) -> Option<Option<char>> {
        let about = self.value.next()??;
        let bytes = self.raw.take(usize::try_from(about >> 4).ok()?).ok()?;
        match about & 0xf {
            NOTHING | NO | YES => bytes.is_empty().then_some(None),
            NUMBER => {
                let mut data = Cursor { rest: bytes };
                signed(&mut data)?;
                data.rest.is_empty().then_some(None)
            }
            TEXT => {
                let mut letters = std::str::from_utf8(bytes).ok()?.chars();
                Some(letters.next().filter(|_| letters.next().is_none()))
            }
            BYTES => Some(None),
            _ => None,
        }
    }
}

const NOTHING: u64 = 0;
const NO: u64 = 1;
const YES: u64 = 2;
const NUMBER: u64 = 4;
const TEXT: u64 = 6;
const BYTES: u64 = 7;

/// Reads a number that is written in no more bytes than it needs.
fn unsigned(data: &mut Cursor<'_>) -> Option<u64> {
    let before = data.rest;
    let value = data.unsigned().ok()?;
    let used = before.get(..before.len() - data.rest.len())?;
    (used.len() == 1 || used.last() != Some(&0)).then_some(value)
}

/// The same of one that may be below zero.
fn signed(data: &mut Cursor<'_>) -> Option<i64> {
    let before = data.rest;
    let value = data.signed().ok()?;
    let used = before.get(..before.len() - data.rest.len())?;
    // The last byte says more than that the sign goes on.
    let minimal = match used {
        [.., before, 0x00] => before & 0x40 != 0,
        [.., before, 0x7f] => before & 0x40 == 0,
        _ => true,
    };
    minimal.then_some(value)
}
