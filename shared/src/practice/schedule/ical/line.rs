//! Content lines (RFC 5545, 3.1): unfolded, and split into name, parameters and value.

use std::borrow::Cow;

/// Parameters of one property at most.
const PARAMETERS_MAX: usize = 64;

/// One property.
#[derive(Clone, Debug)]
pub(super) struct Property<'t> {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    /// In capital letters.
    pub(super) name: String,
    parameters: Vec<(String, String)>,
    pub(super) value: Cow<'t, str>,
}

impl Property<'_> {
    /// Returns a parameter, by its name in capital letters.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value as text, without its escapes (3.3.11).
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut letters = self.value.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some('n' | 'N') => text.push('\n'),
                    Some(escaped) => text.push(escaped),
                    None => {}
                },
                letter => text.push(letter),
            }
        }
        text
    }
}

/// A line that is no property.
pub(super) struct Broken {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    /// The letters that it begins with, in capitals.
    pub(super) word: String,
}

/// The properties of a file, in order.
pub(super) struct Lines<'t> {
    rest: std::iter::Peekable<std::iter::Enumerate<std::str::Lines<'t>>>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text.lines().enumerate().peekable() }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = Result<Property<'t>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let (at, first) = self.rest.find(|(_, line)| !line.trim().is_empty())?;
        let mut whole = Cow::Borrowed(first);
        // What goes on begins with a space or a tab.
        while let Some((_, more)) = self.rest.next_if(|(_, line)| line.starts_with([' ', '\t'])) {
            whole.to_mut().push_str(more.get(1..).unwrap_or_default());
        }
        let line = at + 1;
        Some(split(whole, line).ok_or_else(|| {
            let mut words =
                first.trim_start().split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            Broken { line, word: words.next().unwrap_or_default().to_ascii_uppercase() }
        }))
    }
}

/// The first of these outside quotation marks.
fn outside_quotes(text: &str, wanted: &[char]) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, letter)| {
        quoted ^= letter == '"';
        (!quoted && wanted.contains(&letter)).then_some(at)
    })
}

fn split(whole: Cow<'_, str>, line: usize) -> Option<Property<'_>> {
    let colon = outside_quotes(&whole, &[':'])?;
    let (head, _) = whole.split_at(colon);
    let mut parts = Vec::new();
    let mut rest = head;
    while let Some(at) = outside_quotes(rest, &[';']) {
        parts.push(rest.get(..at)?);
        rest = rest.get(at + 1..)?;
    }
    parts.push(rest);
    let (name, parameters) = parts.split_first()?;
    let letters = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let name = name.trim();
    if !letters(name) || parameters.len() > PARAMETERS_MAX {
        return None;
    }
    let parameter = |text: &&str| {
        let (name, value) = text.split_once('=')?;
        Some((name.trim().to_ascii_uppercase(), value.trim().trim_matches('"').to_owned()))
    };
    let (name, parameters) =
        (name.to_ascii_uppercase(), parameters.iter().filter_map(parameter).collect());
    let value = match whole {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(colon + 1..)?),
        Cow::Owned(text) => Cow::Owned(text.get(colon + 1..)?.to_owned()),
    };
    Some(Property { line, name, parameters, value })
}
