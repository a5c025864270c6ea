//! Bytes as text in lines of JSON: RFC 4648, section 4, with padding and nothing between.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns bytes as text.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let letter = usize::try_from(bits >> (18 - 6 * place) & 0x3f).unwrap_or_default();
            let letter = LETTERS.get(letter).filter(|_| place <= three.len());
            text.push(letter.map_or('=', |letter| char::from(*letter)));
        }
    }
    text
}

/// Returns the bytes that [`encode`] has written; `None` of any other text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let letters = text.as_bytes();
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3);
    let mut fours = letters.chunks(4).peekable();
    while let Some(four) = fours.next() {
        let is_last = fours.peek().is_none();
        let read = four.iter().rev().skip_while(|letter| is_last && **letter == b'=').count();
        if four.len() != 4 || read < 2 {
            return None;
        }
        let mut bits = 0_u32;
        for letter in four.iter().take(read) {
            bits = bits << 6 | value(*letter)?;
        }
        bits <<= 6 * (4 - read);
        let [_, three @ ..] = bits.to_be_bytes();
        let (read, rest) = three.split_at_checked(read - 1)?;
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend(read);
    }
    Some(bytes)
}

fn value(letter: u8) -> Option<u32> {
    Some(match letter {
        b'A'..=b'Z' => u32::from(letter - b'A'),
        b'a'..=b'z' => u32::from(letter - b'a') + 26,
        b'0'..=b'9' => u32::from(letter - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard_read_both_ways_and_nothing_else_does() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in pairs {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text), Some(bytes.as_bytes().to_vec()));
        }
        for text in
            ["Zg=", "Zg", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zü"]
        {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read_or_not_and_then_is_what_is_written(text in "[A-Za-z0-9+/=]{0,16}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
