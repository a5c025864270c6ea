//! The code that one device shows and the other is told: a number and three words, or 128 bits.
//!
//! The number names the mailbox and is no secret; the words are 33 bits, which is enough because
//! SPAKE2 gives a guesser one try and the code is gone after it. The long code is for a file or a
//! paste, where nobody has to read it out.

use crate::keys::{label, words};
use crate::seal::{Hedge, SecretKey};
use crate::suite;
use std::fmt;
use std::fmt::Write as _;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// A pairing code. Used up by what starts with it; not `Clone`, silent in `Debug`, wiped.
pub struct PairingCode(Secret);

#[derive(Zeroize)]
#[zeroize(drop)]
enum Secret {
    Words { mailbox: u16, words: [u16; WORDS] },
    Long([u8; 16]),
}

/// Why typed text is no code.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum CodeError {
    /// A long code with a slip in it.
    #[error("the code has a typing error")]
    Checksum,
    /// Neither a number and three words nor a long code.
    #[error("a code is a number and three words")]
    Format,
    /// The word at this place, from 1, is not of the list; see [`words::suggestions`].
    #[error("word {place} of the code is not on the list")]
    UnknownWord {
        /// From 1.
        place: usize,
    },
}

impl PairingCode {
    /// Draws a number and three words, such as `7-cross-walnut-lemon`.
    pub fn generate(hedge: &mut Hedge<'_>) -> Self {
        let drawn = hedge.secret(label::PAIR_CODE, b"words");
        let mut pairs = drawn.expose().chunks_exact(2).map(|pair| match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        });
        let mut next = || pairs.next().unwrap_or_default();
        let mailbox = next() % MAILBOX_MAX + 1;
        // The list's length divides 65536, so each word is as likely as the others.
        Self(Secret::Words { mailbox, words: std::array::from_fn(|_| next() % words::LIST_LENGTH) })
    }

    /// Draws a code of 128 bits.
    pub fn generate_long(hedge: &mut Hedge<'_>) -> Self {
        let drawn = hedge.secret(label::PAIR_CODE, b"long");
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(drawn.expose()).for_each(|(to, from)| *to = *from);
        let code = Self(Secret::Long(bytes));
        bytes.zeroize();
        code
    }

    /// Reads what was typed or pasted. Case does not count, a hyphen is as good as a space, and
    /// four letters of a word are enough.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        if let Some(digits) = text.trim().strip_prefix(LONG_PREFIX) {
            return Self::parse_long(digits);
        }
        let separated = text.split(|c: char| c == '-' || c.is_whitespace());
        let mut parts = separated.filter(|part| !part.is_empty());
        let mailbox = parts.next().and_then(|part| part.parse().ok()).ok_or(CodeError::Format)?;
        if !(1..=MAILBOX_MAX).contains(&mailbox) {
            return Err(CodeError::Format);
        }
        let mut secret = Secret::Words { mailbox, words: [0; WORDS] };
        if let Secret::Words { words, .. } = &mut secret {
            for (index, word) in words.iter_mut().enumerate() {
                let typed = parts.next().ok_or(CodeError::Format)?;
                let unknown = CodeError::UnknownWord { place: index + 1 };
                *word = words::find(typed).ok_or(unknown)?;
            }
        }
        if parts.next().is_some() { Err(CodeError::Format) } else { Ok(Self(secret)) }
    }

    /// Returns the code as it is shown.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(TEXT_MAX));
        match &self.0 {
            Secret::Words { mailbox, words } => {
                // Writing to a string cannot fail.
                let _ = write!(text, "{mailbox}");
                for word in words {
                    text.push('-');
                    text.push_str(words::word(*word));
                }
            }
            Secret::Long(bytes) => {
                text.push_str(LONG_PREFIX);
                for pair in bytes.chunks(2).chain([checksum(bytes).as_slice()]) {
                    text.push('-');
                    for byte in pair {
                        let _ = write!(text, "{byte:02x}");
                    }
                }
            }
        }
        text
    }

    /// Returns the number of the mailbox in which the two devices meet. It tells nothing of the
    /// rest of the code.
    pub fn mailbox(&self) -> u64 {
        match &self.0 {
            Secret::Words { mailbox, .. } => u64::from(*mailbox),
            Secret::Long(bytes) => {
                let [a, b, c, d, e, f, g, h, ..] =
                    *suite::hash(label::PAIR_MAILBOX, &[bytes]).as_bytes();
                // Above every number that a short code can have.
                u64::from_be_bytes([a, b, c, d, e, f, g, h]) | 1 << 63
            }
        }
    }

    /// Returns what the code is to SPAKE2.
    pub(super) fn password(&self) -> SecretKey {
        SecretKey::from_bytes(*suite::hash(label::PAIR_CODE, &[self.text().as_bytes()]).as_bytes())
    }

    fn parse_long(digits: &str) -> Result<Self, CodeError> {
        let mut bytes = Zeroizing::new([0_u8; 18]);
        let mut values = digits.chars().filter(|c| *c != '-' && !c.is_whitespace());
        for byte in bytes.iter_mut() {
            for _ in 0..2 {
                let digit = values.next().and_then(|c| c.to_digit(16)).ok_or(CodeError::Format)?;
                // A hexadecimal digit fits.
                *byte = *byte << 4 | u8::try_from(digit).unwrap_or_default();
            }
        }
        if values.next().is_some() {
            return Err(CodeError::Format);
        }
        let (code, sum) = bytes.split_first_chunk::<16>().ok_or(CodeError::Format)?;
        if sum == checksum(code) { Ok(Self(Secret::Long(*code))) } else { Err(CodeError::Checksum) }
    }
}

impl fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingCode(redacted)")
    }
}

/// Against slips only; 112 of the 128 bits stay unknown to whoever sees it.
fn checksum(bytes: &[u8; 16]) -> [u8; 2] {
    let [a, b, ..] = *suite::hash(label::PAIR_CODE, &[b"checksum", bytes]).as_bytes();
    [a, b]
}

const WORDS: usize = 3;
const MAILBOX_MAX: u16 = 999;
const LONG_PREFIX: &str = "tacenda1";
const TEXT_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    fn with_hedge<T>(seed: u64, work: impl FnOnce(&mut Hedge<'_>) -> T) -> T {
        let key = SecretKey::from_bytes([1; 32]);
        work(&mut Hedge { key: &key, random: &mut Seeded::new(seed) })
    }

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        for seed in 0..50 {
            let code = with_hedge(seed, PairingCode::generate);
            let text = code.text();
            for typed in [text.to_string(), text.to_uppercase(), text.replace('-', "  ")] {
                let read = PairingCode::parse(&typed).unwrap();
                assert_eq!(read.text(), text);
                assert_eq!(read.mailbox(), code.mailbox());
                assert_eq!(read.password().expose(), code.password().expose());
            }
            assert!((1..=999).contains(&code.mailbox()));
        }
    }

    #[test]
    fn a_long_code_reads_back_and_a_slip_in_it_is_noticed() {
        let code = with_hedge(1, PairingCode::generate_long);
        let text = code.text();

        let read = PairingCode::parse(&format!(" {}\n", *text)).unwrap();
        assert_eq!(read.password().expose(), code.password().expose());
        assert!(code.mailbox() > 999);
        let last = if text.ends_with('0') { "1" } else { "0" };
        let slip = format!("{}{last}", &text[..text.len() - 1]);
        assert_eq!(PairingCode::parse(&slip).unwrap_err(), CodeError::Checksum);
        assert_eq!(PairingCode::parse(&text[..20]).unwrap_err(), CodeError::Format);
    }

    #[test]
    fn what_is_no_code_is_refused_by_name() {
        let error = |text: &str| PairingCode::parse(text).unwrap_err();
        assert_eq!(error(""), CodeError::Format);
        assert_eq!(error("walnut-lemon-zoo"), CodeError::Format);
        assert_eq!(error("0-walnut-lemon-zoo"), CodeError::Format);
        assert_eq!(error("1000-walnut-lemon-zoo"), CodeError::Format);
        assert_eq!(error("7-walnut-lemon"), CodeError::Format);
        assert_eq!(error("7-walnut-lemon-zoo-zoo"), CodeError::Format);
        assert_eq!(error("7-walnut-xyzzy-zoo"), CodeError::UnknownWord { place: 2 });
    }

    #[test]
    fn a_code_does_not_show_itself() {
        assert_eq!(format!("{:?}", with_hedge(1, PairingCode::generate)), "PairingCode(redacted)");
    }
}
