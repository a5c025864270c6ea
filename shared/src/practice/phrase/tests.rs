//! What a practice and its members see of snippets and templates.

use super::*;

#[test]
fn all_that_comes_with_the_program_can_be_used_and_is_marked_where_something_is_to_be_filled() {
    let index = Index::default();
    for kind in PhraseKind::ALL {
        let known = index.phrases(kind, None);
        assert_eq!(known.len(), shipped::count(kind), "a template that names no part is left out");
        for one in known {
            assert_eq!(kind.named(&one.name), Some(one.name.clone()));
            assert!(!one.phrase.is_blank() && one.phrase.bytes() <= TEXT_BYTES_MAX);
        }
    }
}

#[test]
fn a_text_is_written_and_read_back() {
    let template =
        Phrase::template(NoteFormat::Dap, "first\n[Assessment]\na\nb\n\n[p]\nc").unwrap();
    let parts = [(Part::Data, "first"), (Part::Assessment, "a\nb"), (Part::Plan, "c")];
    let parts = parts.map(|(part, text)| (part, text.to_owned())).to_vec();
    assert_eq!(template, Phrase::Template(NoteFormat::Dap, parts));
    assert_eq!(Phrase::template(NoteFormat::Dap, &template.text()), Some(template.clone()));
    assert_eq!(Phrase::template(NoteFormat::Dap, "[Objective]\nx"), None, "DAP has no such part");
    for phrase in [template, Phrase::Snippet("a\nb".into())] {
        assert_eq!(Phrase::decode(&phrase.encode()), Ok(phrase));
    }
    assert!(Phrase::decode(&[2, 1, 0, 0, 0, 0]).is_err(), "of a newer version");
}

#[test]
fn a_name_of_a_snippet_is_one_word() {
    let named = |name| PhraseKind::Snippet.named(name);
    assert_eq!(named(";Plan-Std").as_deref(), Some("plan-std"));
    for none in ["", ";", "two words", "a/b", &"x".repeat(25), "a\u{1b}b"] {
        assert_eq!(named(none), None, "{none:?}");
    }
    assert_eq!(PhraseKind::Template.named("  My\nown ").as_deref(), Some("My, own"));
}

#[test]
fn places_are_filled_and_what_is_not_known_is_a_gap() {
    let fill = Fill { date: "Sun 22 Nov 2026".into(), minutes: "50".into(), ..Fill::default() };
    assert_eq!(
        fill.fill("{date}, {minutes} min, {session} {else}"),
        "Sun 22 Nov 2026, 50 min, ___ {else}"
    );
}

#[test]
fn what_a_device_keeps_of_them_is_read_back() {
    let mut phrases = Phrases::default();
    let said = |name: &str| (PhraseKind::Snippet, name.to_owned());
    phrases.0.insert(said("a"), Saying::Is(Phrase::Snippet("x".into())));
    phrases.0.insert(said("b"), Saying::Struck);
    let mut writer = Writer::new();
    phrases.encode(&mut writer);
    let bytes = writer.into_bytes();
    assert_eq!(Phrases::decode(&mut Reader::new(&bytes)), Ok(phrases));
}
