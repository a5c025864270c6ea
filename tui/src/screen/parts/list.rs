//! A focus in a list of known length, and which part of the list is in sight. It draws nothing.

use crate::keymap::Verb;

/// Moves `focus` in a list of `length` rows of which `page` are in sight; `false` if `verb` is
/// not a movement.
pub fn step(focus: &mut usize, verb: Verb, length: usize, page: usize) -> bool {
    let last = length.saturating_sub(1);
    let target = match verb {
        Verb::Down => focus.saturating_add(1),
        Verb::First => 0,
        Verb::Last => last,
        Verb::PageDown => focus.saturating_add(page.max(1)),
        Verb::PageUp => focus.saturating_sub(page.max(1)),
        Verb::Up => focus.saturating_sub(1),
        _ => return false,
    };
    *focus = target.min(last);
    true
}

/// Returns the first row in sight: it moves by half a page, so that one redraw serves many steps.
pub fn top(focus: usize, length: usize, height: usize) -> usize {
    if length <= height || height == 0 {
        return 0;
    }
    let half = (height / 2).max(1);
    let beyond = (focus + 1).saturating_sub(height);
    (beyond.div_ceil(half) * half).min(length - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_focus_is_always_in_sight(length in 1_usize..200, at in 0_usize..200, height in 1_usize..50) {
            let focus = at.min(length - 1);
            let top = top(focus, length, height);
            prop_assert!(top <= focus && focus < top + height);
        }
    }
}
