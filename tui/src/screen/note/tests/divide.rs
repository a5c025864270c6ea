//! A note that is divided anew: no letter is lost or doubled, and the document hears of all of it.

use super::*;
use std::collections::BTreeMap;

fn of_format(format: NoteFormat, parts: &[(Part, String)]) -> DraftView {
    let mut view = draft(&[], &[]);
    view.row.format = format;
    let text = |part: &Part| {
        let known = parts.iter().find(|(one, _)| one == part);
        known.map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let own = format.parts().iter().map(|part| (*part, text(part)));
    let others = Part::ALL.iter().filter(|part| !format.parts().contains(part));
    let others = others.map(|part| (*part, text(part)));
    view.parts = own.chain(others.filter(|(_, text)| !text.trim().is_empty())).collect();
    view
}

fn apply(texts: &mut BTreeMap<Part, String>, splice: &Splice) {
    let text = texts.entry(splice.part).or_default();
    let mut letters: Vec<char> = text.chars().collect();
    let end = (splice.position + splice.deleted).min(letters.len());
    letters.splice(splice.position..end, splice.inserted.chars());
    *text = letters.into_iter().collect();
}

#[test]
fn a_part_that_another_device_has_emptied_moves_nothing_and_leaves_no_heading_behind() {
    let full = [(Part::Subjective, "Slept better.".to_owned()), (Part::Plan, "Walk.".to_owned())];
    let mut state = state(&of_format(NoteFormat::Soap, &full));
    state.expect(NoteFormat::Free);
    // Divided here; before that was heard of, the plan was moved by somebody else.
    let moved =
        [(Part::Text, "Plan: Walk.".to_owned()), (Part::Subjective, "Slept better.".to_owned())];
    let mut view = of_format(NoteFormat::Free, &moved);
    view.parts.push((Part::Plan, String::new()));
    let outcome = state.apply_view(&view, &now(0));
    assert_eq!(state.texts(), ["Plan: Walk.\nSubjective: Slept better."]);
    assert_eq!(outcome.say.as_deref(), Some("Divided as free. Subjective went into Note."));
}

fn formats() -> impl Strategy<Value = NoteFormat> {
    proptest::sample::select(NoteFormat::ALL.to_vec())
}

proptest! {
    #[test]
    fn no_letter_is_lost_or_doubled_however_a_note_is_divided(
        before in formats(), after in formats(),
        texts in proptest::collection::vec("[a-z]{0,5}[ \n]{0,2}", Part::ALL.len()),
        emptied in proptest::collection::vec(any::<bool>(), Part::ALL.len()),
    ) {
        // Each letter says in which part it was.
        let all: Vec<(Part, String)> = Part::ALL.iter().copied().zip(texts).collect();
        let mut state = state(&of_format(before, &all));
        state.expect(after);
        // Meanwhile another device has emptied some of them.
        let left: Vec<_> = all.iter().zip(&emptied).map(|((part, text), gone)| {
            (*part, if *gone { String::new() } else { text.clone() })
        }).collect();
        let mut view = of_format(after, &left);
        for (part, _) in all.iter().zip(&emptied).filter(|(_, gone)| **gone).map(|(one, _)| one) {
            if view.parts.iter().all(|(known, _)| known != part) {
                view.parts.push((*part, String::new()));
            }
        }
        let mut document: BTreeMap<Part, String> = view.parts.iter().cloned().collect();
        let outcome = state.apply_view(&view, &now(0));
        for effect in &outcome.effects {
            if let Effect::Type { splices, .. } = effect {
                splices.iter().for_each(|splice| apply(&mut document, splice));
            }
        }
        for editor in &state.editors {
            let heard = document.get(&editor.part()).cloned().unwrap_or_default();
            prop_assert_eq!(editor.text(), heard, "the document hears what is shown");
        }
        let letters = |text: &str| -> Vec<char> {
            let mut letters: Vec<char> = text.chars().filter(char::is_ascii_lowercase).collect();
            letters.sort_unstable();
            letters
        };
        let mut shown: String = state.editors.iter().map(Editor::text).collect();
        for part in Part::ALL {
            // A heading says where a text came from, once.
            shown = shown.replacen(&format!("{}: ", part.title()), "", 1);
        }
        let wanted: String = left.iter().map(|(_, text)| text.as_str()).collect();
        let seen: Vec<Part> = view.parts.iter().map(|(part, _)| *part).collect();
        let lost: Vec<_> = left.iter().filter(|(part, text)| !seen.contains(part) && !text.trim().is_empty()).collect();
        prop_assert!(lost.is_empty());
        prop_assert_eq!(letters(&shown), letters(&wanted));
    }
}
