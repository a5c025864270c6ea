//! The one sequence that puts something into the terminal's clipboard (OSC 52). The clipboard is never
//! read, and no sequence is wrapped for a multiplexer.

use zeroize::Zeroizing;

/// The most that is put there, in bytes.
pub const BYTES_MAX: usize = 1024;
/// What takes the place of what was copied. Terminals agree on what sets a clipboard, and not on what
/// empties it.
const NOTHING: &[u8] = b" ";
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns the sequence that puts a text there; `None` if it is empty, too long, or has anything in it
/// but visible ASCII, which nothing that steers a terminal or a shell is made of.
pub fn put(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let fits = !text.is_empty() && text.len() <= BYTES_MAX;
    (fits && text.iter().all(u8::is_ascii_graphic)).then(|| sequence(text))
}

/// Returns the sequence that puts a blank in the place of what was copied.
pub fn overwrite() -> Zeroizing<Vec<u8>> {
    sequence(NOTHING)
}

fn sequence(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len().div_ceil(3) * 4 + 8));
    bytes.extend_from_slice(b"\x1b]52;c;");
    for group in text.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4_usize {
            let shift = 18 - 6 * u32::try_from(at).unwrap_or(0);
            let number = usize::try_from(bits >> shift & 63).unwrap_or(0);
            let letter = LETTERS.get(number).copied().unwrap_or(b'=');
            bytes.push(if at > group.len() { b'=' } else { letter });
        }
    }
    bytes.push(b'\x07');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_put_there_in_base64_and_nothing_else() {
        for (text, encoded) in [
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("https://a.b/?c=~>", "aHR0cHM6Ly9hLmIvP2M9fj4="),
        ] {
            let expected = format!("\x1b]52;c;{encoded}\x07");
            assert_eq!(put(text.as_bytes()).unwrap().as_slice(), expected.as_bytes());
        }
        assert_eq!(overwrite().as_slice(), b"\x1b]52;c;IA==\x07");
    }

    #[test]
    fn what_could_steer_anything_and_what_is_too_long_is_not_put_there() {
        for text in ["", " ", "a b", "a\nb", "a\x1b]52;c;!\x07", "\u{202e}a", "ü", "a\x07", "\x7f"]
        {
            assert!(put(text.as_bytes()).is_none(), "{text:?}");
        }
        assert!(put(&[b'a'; BYTES_MAX]).is_some());
        assert!(put(&[b'a'; BYTES_MAX + 1]).is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_put_there_no_byte_between_beginning_and_end_steers(
            text in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            if let Some(bytes) = put(&text) {
                let inner = bytes.strip_prefix(b"\x1b]52;c;").unwrap().strip_suffix(b"\x07").unwrap();
                let plain = |byte: &u8| LETTERS.contains(byte) || *byte == b'=';
                prop_assert!(inner.iter().all(plain) && inner.len() % 4 == 0);
            }
        }
    }
}
