//! Finds the client that a word means: code, initials, full name, or the beginning of a name.

use super::QuickAddContext;
use crate::id::ClientId;
use unicode_normalization::UnicodeNormalization;

/// What a word means as a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Who {
    /// Nobody.
    Nobody,
    /// This one.
    One(ClientId),
    /// Several.
    Several(usize),
}

/// How many words a name may take.
pub(super) const NAME_WORDS_MAX: usize = 4;

/// Finds the client whom `words`, taken together, name. The closest way to name somebody wins:
/// code, full name, initials, whole words of a name, beginnings of words, the beginning of a code.
pub(super) fn find(words: &[String], context: &QuickAddContext<'_>) -> Who {
    let typed = fold(&words.join(" "));
    if typed.is_empty() {
        return Who::Nobody;
    }
    let ways: [fn(&str, &str, &str) -> bool; 6] = [
        |typed, code, _| fold(code) == typed,
        |typed, _, name| fold(name) == typed,
        |typed, _, name| !typed.contains(' ') && initials(name) == typed,
        |typed, _, name| follows(typed, name, |word, part| word == part),
        |typed, _, name| follows(typed, name, |word, part| word.starts_with(part)),
        |typed, code, _| typed.chars().count() > 1 && fold(code).starts_with(typed),
    ];
    for way in ways {
        let mut fitting = context.clients.iter().filter(|(_, code, name)| way(&typed, code, name));
        if let Some((id, _, _)) = fitting.next() {
            let more = fitting.filter(|other| other.0 != *id).count();
            return if more == 0 { Who::One(*id) } else { Who::Several(more + 1) };
        }
    }
    Who::Nobody
}

/// Returns whether a word stands in a client's name as it is.
pub(super) fn has_word(client: ClientId, word: &str, context: &QuickAddContext<'_>) -> bool {
    let word = fold(word);
    let named = context.clients.iter().find(|(id, ..)| *id == client);
    named.is_some_and(|(_, _, name)| fold(name).split([' ', '-']).any(|part| part == word))
}

/// Returns whether `word` names somebody by code or initials and nothing else is meant by it.
pub(super) fn is_code_or_initials(word: &str, context: &QuickAddContext<'_>) -> bool {
    let typed = fold(word);
    let capitals = word.chars().count() > 1 && word.chars().all(char::is_uppercase);
    context.clients.iter().any(|(_, code, name)| {
        (!typed.is_empty() && fold(code) == typed) || (capitals && initials(name) == typed)
    })
}

/// Whether the words of `typed` fit words of `name` in the same order, the first anywhere.
fn follows(typed: &str, name: &str, fits: fn(&str, &str) -> bool) -> bool {
    let name = fold(name);
    let mut parts = typed.split(' ').peekable();
    for word in name.split([' ', '-']) {
        match parts.peek() {
            Some(part) if fits(word, part) => {
                parts.next();
            }
            _ => {}
        }
    }
    parts.peek().is_none()
}

fn initials(name: &str) -> String {
    fold(name).split([' ', '-']).filter_map(|word| word.chars().next()).collect()
}

/// Takes away case, composition and accents, so that `zoe` finds `Zoë`.
fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    plain.flat_map(char::to_lowercase).collect::<String>().trim().to_owned()
}
