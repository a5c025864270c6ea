//! What is said of corrections: in lists, and of what changed in words that need no colour.

use super::when;
use crate::screen::Scene;
use tacenda_shared::id::{MemberId, Timestamp};
use tacenda_shared::practice::correction::Held;
use tacenda_shared::practice::correction::changes::Piece;
use tacenda_shared::practice::view::Corrected;

/// Returns how a note is marked that stands in the place of another.
fn words(corrected: Corrected, zone: &str) -> String {
    let day = when::short(when::local(corrected.at, zone).date());
    match corrected.beside {
        0 => format!("corrected {day}"),
        beside => format!("corrected {day}, one of {} at once", beside.saturating_add(1)),
    }
}

/// The same behind what else is said of it, where it is one.
pub fn beside(corrected: Option<Corrected>, zone: &str) -> String {
    corrected.map_or_else(String::new, |one| format!("   {}", words(one, zone)))
}

/// Returns what stays of a note that belonged to somebody else.
pub fn in_error(scene: &Scene<'_>, struck: Timestamp, by: MemberId) -> String {
    let day = when::short(when::local(struck, &scene.index.zone).date());
    let by = scene.index.clinicians.get(&by).map_or("another member", String::as_str);
    // Short: the line must stand whole on a terminal of 80 columns.
    format!("Entered in error (another client's), {day}, {by}")
}

/// Returns from when to when a session was, and what was signed of that before.
pub fn held(held: &Held, zone: &str) -> String {
    let (from, to) = held.now;
    let date = |stamp| when::local(stamp, zone).date();
    let day = |stamp| match date(stamp) == date(from)
        && held.was.began.is_none_or(|was| date(was) == date(from))
    {
        true => String::new(),
        false => format!("{} ", when::short(date(stamp))),
    };
    let clock = |stamp| when::clock(when::local(stamp, zone).time());
    let span = |from, to| format!("{}{} to {}", day(from), clock(from), clock(to));
    let was = match (held.was.began, held.was.ended) {
        (Some(from), Some(to)) => format!(", was {}", span(from, to)),
        (Some(from), None) => format!(", was from {}{} on", day(from), clock(from)),
        (None, _) => "; before, that was not said".to_owned(),
    };
    format!("Held {}{was}", span(from, to))
}

/// Writes out what changed: `[-taken out-]` and `{+put in+}`.
pub fn marked(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Kept(text) => text.clone(),
        Piece::Out(text) => format!("[-{text}-]"),
        Piece::In(text) => format!("{{+{text}+}}"),
    };
    pieces.iter().map(piece).collect()
}
