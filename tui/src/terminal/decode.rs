//! Turns the bytes of the tty into [`Input`], one read at a time.
//!
//! It never blocks, never asks a clock, and never lets a control character, half a sequence or
//! an answer to somebody's query through as typed text, however the bytes were split.

use super::keys::{self, Meaning};
use crate::input::{Input, Key, KeyCode};
use std::time::{Duration, Instant};
use zeroize::Zeroize as _;

/// Most bytes of one bracketed paste that are kept; the rest is dropped and told.
pub const PASTE_LIMIT: usize = 8 * 1024 * 1024;

/// More printable characters than this in one read, outside brackets, are a [`Input::Burst`].
pub const BURST_LIMIT: usize = 12;

/// How long a lone ESC waits for the rest of a sequence on a local terminal.
pub const ESCAPE_WAIT: Duration = Duration::from_millis(25);

/// The same over SSH, where one sequence may come in two packets.
pub const ESCAPE_WAIT_REMOTE: Duration = Duration::from_millis(50);

/// How long the rest of a sequence that has begun (or of a paste) may stay away.
///
/// Long, since a late answer in two halves must not become text; finite, since Alt+] begins
/// a sequence that has no end.
const SEQUENCE_WAIT: Duration = Duration::from_secs(5);

/// Parameters of a sequence that are kept; longer ones are swallowed whole.
const PARAMETER_LIMIT: usize = 64;

const PASTE_END: &[u8] = b"\x1b[201~";

/// The state between two reads.
pub struct Decoder {
    state: State,
    escape_wait: Duration,
    deadline: Option<Instant>,
    /// Bytes after `ESC [` or `ESC O`; also the bytes of a character that is not complete.
    held: Vec<u8>,
    overlong: bool,
    paste: Vec<u8>,
    dropped: u64,
    /// What this read has yielded so far.
    yielded: Vec<Input>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Ground,
    /// Inside a UTF-8 character of this many bytes.
    Character(usize),
    /// ESC was seen.
    Escape,
    /// After `ESC [`.
    Control,
    /// After `ESC [ [` of the Linux console.
    Console,
    /// After `ESC O`.
    Single,
    /// Inside OSC, DCS, APC, PM or SOS.
    Text,
    /// ESC was seen inside such a text.
    TextEscape,
    /// This many bytes of an X10 mouse report are still to come.
    Mouse(u8),
    /// Between the brackets of a paste.
    Paste,
}

impl Decoder {
    /// Makes a decoder whose lone ESC waits this long ([`ESCAPE_WAIT`], over SSH
    /// [`ESCAPE_WAIT_REMOTE`]).
    pub fn new(escape_wait: Duration) -> Self {
        Self {
            state: State::Ground,
            escape_wait,
            deadline: None,
            held: Vec::new(),
            overlong: false,
            paste: Vec::new(),
            dropped: 0,
            yielded: Vec::new(),
        }
    }

    /// Takes the bytes of one read that ended at `now`; returns what they mean.
    ///
    /// A [`Input::Burst`] may hold `\n` for Enter and `\t` for Tab, besides printable characters.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) -> Vec<Input> {
        for &byte in bytes {
            self.byte(byte);
        }
        self.deadline = match self.state {
            State::Ground | State::Character(_) => None,
            State::Escape => Some(now + self.escape_wait),
            _ if bytes.is_empty() => self.deadline,
            _ => Some(now + SEQUENCE_WAIT),
        };
        gather_bursts(std::mem::take(&mut self.yielded))
    }

    /// When [`Self::timeout`] is to be called if nothing more comes, or nothing if nothing hangs.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Resolves what hangs: a lone ESC is the key, half a sequence is dropped, half a paste is
    /// given out. Does nothing before the deadline.
    pub fn timeout(&mut self, now: Instant) -> Vec<Input> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        self.deadline = None;
        match self.state {
            State::Escape => self.key(KeyCode::Esc),
            State::Paste => self.end_paste(),
            _ => {}
        }
        self.begin(State::Ground);
        std::mem::take(&mut self.yielded)
    }

    /// Returns how many bytes of pastes were over [`PASTE_LIMIT`] since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    fn byte(&mut self, byte: u8) {
        match self.state {
            State::Ground => self.ground(byte),
            State::Character(length) => self.continue_character(byte, length),
            State::Escape => self.escape(byte),
            State::Control => self.control(byte),
            State::Console => {
                self.begin(State::Ground);
                if let Some(code) = keys::console(byte) {
                    self.key(code);
                }
            }
            State::Single => self.single(byte),
            State::Text => self.text(byte),
            State::TextEscape => {
                // `ESC \` ends the text; any other ESC has cut it short and begins anew.
                self.begin(State::Ground);
                if byte != b'\\' {
                    self.state = State::Escape;
                    self.escape(byte);
                }
            }
            State::Mouse(left) => {
                self.begin(if left > 1 { State::Mouse(left - 1) } else { State::Ground });
            }
            State::Paste => self.pasted(byte),
        }
    }

    fn ground(&mut self, byte: u8) {
        let length = match byte {
            0x1b => return self.begin(State::Escape),
            0x00..=0x1f | 0x7f => return self.emit(keys::c0(byte)),
            0x20..=0x7e => return self.character(char::from(byte)),
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            // A byte that begins no character is swallowed.
            _ => return,
        };
        self.begin(State::Character(length));
        self.held.push(byte);
    }

    fn continue_character(&mut self, byte: u8, length: usize) {
        if !(0x80..=0xbf).contains(&byte) {
            // The character was cut short: it is swallowed, the byte is not.
            self.begin(State::Ground);
            return self.ground(byte);
        }
        self.held.push(byte);
        if self.held.len() == length {
            let whole = std::str::from_utf8(&self.held).ok().and_then(|text| text.chars().next());
            self.begin(State::Ground);
            if let Some(whole) = whole {
                self.character(whole);
            }
        }
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'[' => self.begin(State::Control),
            b'O' => self.begin(State::Single),
            b']' | b'P' | b'X' | b'^' | b'_' => self.begin(State::Text),
            0x1b => {
                self.key(KeyCode::Esc);
                self.begin(State::Escape);
            }
            // Alt+Backspace erases a word, as Ctrl+Backspace does where terminals send that.
            0x7f => {
                self.begin(State::Ground);
                self.emit(Some(Key { ctrl: true, ..Key::plain(KeyCode::Backspace) }));
            }
            // Alt+key is Esc, then the key.
            _ => {
                self.key(KeyCode::Esc);
                self.begin(State::Ground);
                self.ground(byte);
            }
        }
    }

    fn control(&mut self, byte: u8) {
        match byte {
            b'[' if self.held.is_empty() => self.begin(State::Console),
            b'M' if self.held.is_empty() => self.begin(State::Mouse(3)),
            // rxvt ends Shift+key with `$`, which elsewhere is never the byte after one number.
            b'$' if !self.overlong && keys::is_one_number(&self.held) => self.end_control(byte),
            0x20..=0x3f => self.hold(byte),
            0x40..=0x7e => self.end_control(byte),
            _ => self.cut_short(byte),
        }
    }

    fn single(&mut self, byte: u8) {
        match byte {
            b'0'..=b'9' | b';' => self.hold(byte),
            0x20..=0x7e => {
                let meaning =
                    if self.overlong { Meaning::Nothing } else { keys::single(&self.held, byte) };
                self.begin(State::Ground);
                self.mean(meaning);
            }
            _ => self.cut_short(byte),
        }
    }

    /// A byte that no sequence holds: the sequence is swallowed; a control key or the start of
    /// a character is lost with it unless it is ESC or part of the text that follows.
    fn cut_short(&mut self, byte: u8) {
        match byte {
            0x1b => self.begin(State::Escape),
            0x18 | 0x1a => self.begin(State::Ground),
            0x00..=0x1f | 0x7f => {}
            _ => {
                self.begin(State::Ground);
                self.ground(byte);
            }
        }
    }

    fn text(&mut self, byte: u8) {
        match byte {
            0x1b => self.begin(State::TextEscape),
            // BEL ends it. CAN and SUB cut it short, as do Enter and Ctrl+C, which no answer
            // holds: so that Alt+] does not leave the keyboard dead.
            0x07 | 0x18 | 0x1a | 0x0d | 0x03 => self.begin(State::Ground),
            _ => {}
        }
    }

    fn hold(&mut self, byte: u8) {
        if self.held.len() < PARAMETER_LIMIT {
            self.held.push(byte);
        } else {
            self.overlong = true;
        }
    }

    fn end_control(&mut self, last: u8) {
        let meaning =
            if self.overlong { Meaning::Nothing } else { keys::control(&self.held, last) };
        self.begin(State::Ground);
        self.mean(meaning);
    }

    fn mean(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Nothing => {}
            Meaning::Key { key, alt } => {
                if alt {
                    self.key(KeyCode::Esc);
                }
                self.emit(Some(key));
            }
            Meaning::Focus(gained) => self.yielded.push(Input::Focus(gained)),
            Meaning::PasteBegins => self.begin(State::Paste),
        }
    }

    fn pasted(&mut self, byte: u8) {
        if self.paste.len() < PASTE_LIMIT + PASTE_END.len() {
            self.paste.push(byte);
        } else {
            // The window at the end still has to see the closing bracket go by.
            self.dropped += 1;
            let window = self.paste.len() - PASTE_END.len();
            if let Some(tail) = self.paste.get_mut(window..) {
                tail.rotate_left(1);
                if let Some(last) = tail.last_mut() {
                    *last = byte;
                }
            }
        }
        if byte == b'~' && self.paste.ends_with(PASTE_END) {
            self.paste.truncate(self.paste.len() - PASTE_END.len());
            self.end_paste();
        }
    }

    fn end_paste(&mut self) {
        if self.paste.len() > PASTE_LIMIT {
            self.dropped += (self.paste.len() - PASTE_LIMIT) as u64;
            self.paste.truncate(PASTE_LIMIT);
        }
        let mut text = String::with_capacity(self.paste.len());
        for chunk in self.paste.utf8_chunks() {
            text.push_str(chunk.valid());
        }
        self.paste.zeroize();
        self.paste.shrink_to_fit();
        self.yielded.push(Input::Paste(text));
        self.begin(State::Ground);
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.held.clear();
        self.overlong = false;
    }

    fn character(&mut self, character: char) {
        // C1 as UTF-8 is no text either.
        if !character.is_control() {
            self.emit(Some(Key::char(character)));
        }
    }

    fn key(&mut self, code: KeyCode) {
        self.emit(Some(Key::plain(code)));
    }

    fn emit(&mut self, key: Option<Key>) {
        self.yielded.extend(key.map(Input::Key));
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.paste.zeroize();
        self.held.zeroize();
    }
}

/// Makes one burst of each run of typed text, if the read had more of it than a person types.
fn gather_bursts(inputs: Vec<Input>) -> Vec<Input> {
    let printable = inputs
        .iter()
        .filter(|input| matches!(input, Input::Key(key) if !key.ctrl && key.code.is_printable()))
        .count();
    if printable <= BURST_LIMIT {
        return inputs;
    }
    let mut gathered = Vec::new();
    for input in inputs {
        let Some(letter) = as_text(&input) else {
            gathered.push(input);
            continue;
        };
        if let Some(Input::Burst(text)) = gathered.last_mut() {
            text.push(letter);
        } else {
            gathered.push(Input::Burst(letter.to_string()));
        }
    }
    gathered
}

fn as_text(input: &Input) -> Option<char> {
    let Input::Key(Key { code, ctrl: false, shift: false }) = input else { return None };
    match code {
        KeyCode::Char(letter) => Some(*letter),
        KeyCode::Enter => Some('\n'),
        KeyCode::Tab => Some('\t'),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
