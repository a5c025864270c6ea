//! What a program may send to a terminal: the sequences that are meant, and plain text.
//!
//! The list is written by hand, apart from the program's own output code: a sequence that is new
//! there fails here until somebody has thought about it.

/// Returns what in these bytes a program must not send: each with a few bytes before it.
pub fn violations(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let taken = if letters[at] == '\u{1b}' {
            sequence(&letters[at..])
        } else {
            is_harmless(letters[at]).then_some(1)
        };
        match taken {
            Some(taken) => at += taken,
            None => {
                let around: String =
                    letters[at.saturating_sub(12)..(at + 12).min(letters.len())].iter().collect();
                found.push(format!("{:?} in {around:?}", letters[at]));
                at += 1;
            }
        }
    }
    found
}

/// Whether a character of text is one that cannot command a terminal or turn a line around.
pub fn is_harmless(letter: char) -> bool {
    match letter {
        '\r' | '\n' | '\u{8}' => true,
        letter if letter.is_control() => false,
        // Marks, embeddings, overrides and isolates of the bidirectional algorithm.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            false
        }
        // Separators of lines and paragraphs, byte order mark, deprecated controls, tags,
        // annotations, private use.
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{206a}'..='\u{206f}' => false,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => false,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => false,
        _ => true,
    }
}

/// Returns the length of an allowed sequence at the start.
fn sequence(letters: &[char]) -> Option<usize> {
    match letters.get(1)? {
        '[' => {
            let end = letters.iter().skip(2).position(|letter| ('@'..='~').contains(letter))? + 2;
            let body: String = letters[2..end].iter().collect();
            is_control_sequence(&body, letters[end]).then_some(end + 1)
        }
        // The title, which is constant.
        ']' => {
            let end = letters.iter().position(|letter| *letter == '\u{7}')?;
            let body: String = letters[2..end].iter().collect();
            matches!(body.as_str(), "2;Tacenda" | "0;Tacenda").then_some(end + 1)
        }
        // Character sets, keypad, saved cursor, index.
        '(' | ')' => matches!(letters.get(2)?, '0' | 'B').then_some(3),
        '=' | '>' | '7' | '8' | 'M' | 'D' => Some(2),
        _ => None,
    }
}

fn is_control_sequence(body: &str, end: char) -> bool {
    let numbers = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == ';');
    match end {
        'h' | 'l' => {
            body.is_empty()
                || body.strip_prefix('?').is_some_and(|modes| {
                    modes.split(';').all(|mode| {
                        matches!(mode, "1" | "7" | "25" | "1004" | "1049" | "2004" | "2026")
                    })
                })
        }
        'm' => body.chars().all(|c| c.is_ascii_digit() || c == ';' || c == ':'),
        // Cursor, erase, insert, delete, scroll, margins, repeat.
        'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'J' | 'K' | 'L' | 'M' | 'P' | 'S' | 'T'
        | 'X' | '@' | 'b' | 'd' | 'r' => numbers(body),
        't' => matches!(body, "22;2" | "23;2"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_means_to_send_passes_and_nothing_else() {
        assert!(violations("\u{1b}[?1049h\u{1b}[2J\u{1b}[1;38;5;7mNäme\r\n".as_bytes()).is_empty());
        for bad in [
            "\u{1b}]52;c;aGk=\u{7}",
            "\u{1b}]0;Ada\u{7}",
            "\u{1b}[6n",
            "\u{1b}[c",
            "\u{1b}P+q\u{1b}\\",
            "\u{1b}[?1000h",
            "\u{9b}2J",
            "\u{202e}",
            "\u{7}",
            "\u{e0041}",
            "\u{1b}c",
            "\t",
        ] {
            assert!(!violations(bad.as_bytes()).is_empty(), "{bad:?}");
        }
    }
}
