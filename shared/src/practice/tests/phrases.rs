//! Snippets, templates and what a practice requires of a note, on several devices.

use super::world::{World, insert};
use crate::id::MemberId;
use crate::practice::Refusal;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::Stamp;
use crate::practice::edit::{Edit, NoteFormat, Part};
use crate::practice::interchange::{ImportStep, Importer, export_lines};
use crate::practice::lint::{Element, Level};
use crate::practice::phrase::{PHRASES_MAX, Phrase, PhraseKind, Saying, TEXT_BYTES_MAX, Whose};

fn snippet(own: bool, name: &str, text: &str) -> Edit {
    let saying = Saying::Is(Phrase::Snippet(text.into()));
    Edit::SetPhrase { own, kind: PhraseKind::Snippet, name: name.into(), saying }
}

fn named(world: &World, desk: usize, member: MemberId, name: &str) -> Option<(Whose, String)> {
    let known = world.desks[desk].index().phrases(PhraseKind::Snippet, Some(member));
    let found = known.into_iter().find(|one| one.name == name);
    found.map(|one| (one.whose, one.phrase.text()))
}

#[test]
fn ones_own_hides_the_practices_and_that_what_came_with_the_program() {
    let mut world = World::new(&[1, 1, 2]);
    let me = world.desks[0].quill.author.member;
    let other = world.desks[2].quill.author.member;
    assert_eq!(named(&world, 0, me, "mse").unwrap().0, Whose::Shipped);
    world.act(0, snippet(false, "mse", "ours")).unwrap();
    let inverse = world.act(0, snippet(true, "mse", "mine")).unwrap().unwrap();
    world.sync();
    assert_eq!(named(&world, 1, me, "mse"), Some((Whose::Own, "mine".into())));
    assert_eq!(named(&world, 2, other, "mse"), Some((Whose::Practice, "ours".into())));
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(named(&world, 0, me, "mse"), Some((Whose::Practice, "ours".into())));

    let kind = PhraseKind::Snippet;
    let strike = Edit::SetPhrase { own: false, kind, name: "mse".into(), saying: Saying::Struck };
    world.act(0, strike).unwrap();
    world.sync();
    assert_eq!(named(&world, 2, other, "mse"), None, "struck, it hides what came with the program");
}

#[test]
fn what_is_no_snippet_is_refused_and_what_is_too_much_too() {
    let mut world = World::new(&[1]);
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    for (edit, refusal) in [
        (snippet(true, "two words", "x"), Refusal::InvalidPhrase),
        (snippet(true, "empty", " "), Refusal::InvalidPhrase),
        (snippet(true, "long", &long), Refusal::TextTooLong),
    ] {
        assert_eq!(world.act(0, edit), Err(refusal));
    }
    for number in 0..PHRASES_MAX {
        world.act(0, snippet(true, &format!("s{number}"), "x")).unwrap();
    }
    assert_eq!(world.act(0, snippet(true, "more", "x")), Err(Refusal::TooManyPhrases));
    world.act(0, snippet(true, "s7", "another text")).unwrap();
    world.act(0, snippet(false, "more", "x")).unwrap();
}

#[test]
fn they_are_there_after_a_restart_from_documents_and_from_the_read_model() {
    let mut world = World::new(&[1]);
    let me = world.desks[0].quill.author.member;
    world.act(0, snippet(true, "mine", "a")).unwrap();
    world.act(0, snippet(false, "ours", "b")).unwrap();
    world.act(0, Edit::SetLevel { element: Element::Risk, level: Level::Require }).unwrap();
    let before = world.desks[0].index();
    assert_eq!(*world.desks[0].rebuilt().index(), *before);
    let mut restored = crate::practice::Practice::new();
    for name in [CompartmentName::Practice, CompartmentName::Personal(me)] {
        restored.restore(&name, &world.desks[0].practice.project(&name).unwrap()).unwrap();
    }
    let index = restored.index();
    assert_eq!(index.own_phrases, before.own_phrases);
    assert_eq!(
        (&index.practice_phrases, &index.levels),
        (&before.practice_phrases, &before.levels)
    );
}

#[test]
fn nothing_is_signed_without_what_the_practice_requires() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let note = world.begin(0, 9, client, Some(session), NoteFormat::Free);
    world.type_text(0, client, note, "Slept better; practised breathing.");
    let require = Edit::SetLevel { element: Element::Risk, level: Level::Require };
    world.act(1, require).unwrap();
    world.sync();
    let sign = Edit::Sign { note, client, late_reason: None };
    let refused = world.act(0, sign.clone());
    assert_eq!(refused, Err(Refusal::ElementMissing(Element::Risk)));
    let splices = vec![insert(Part::Text, 0, "Denied suicidal thoughts. ")];
    world.act(0, Edit::ChangeDraft { note, client, splices }).unwrap();
    world.act(0, sign).unwrap();
}

#[test]
fn two_that_change_different_snippets_keep_both_and_of_one_name_agree() {
    let mut world = World::new(&[1, 2]);
    let me = world.desks[0].quill.author.member;
    for (desk, name) in [(0, "a"), (1, "b"), (0, "same"), (1, "same")] {
        world.act(desk, snippet(false, name, &format!("by {desk}"))).unwrap();
    }
    world.sync();
    for name in ["a", "b", "same"] {
        let found = named(&world, 0, me, name);
        assert!(found.is_some());
        assert_eq!(found, named(&world, 1, me, name));
    }
}

#[test]
fn an_export_takes_them_along_and_they_come_in_as_they_went_out() {
    let mut world = World::new(&[1]);
    let me = world.desks[0].quill.author.member;
    let template = Phrase::template(NoteFormat::Dap, "[Data]\na\n[Plan]\nb").unwrap();
    let of_template = |saying| Edit::SetPhrase {
        own: false,
        kind: PhraseKind::Template,
        name: "Ours".into(),
        saying,
    };
    let strike = Edit::SetPhrase {
        own: false,
        kind: PhraseKind::Snippet,
        name: "mse".into(),
        saying: Saying::Struck,
    };
    for edit in [
        snippet(true, "mine", "a\nb"),
        snippet(false, "ours", "c"),
        of_template(Saying::Is(template)),
        strike,
    ] {
        world.act(0, edit).unwrap();
    }
    let index = world.desks[0].index();
    let written = Stamp { time: world.desks[0].now, zone: index.zone.clone() };
    let mut fresh = World::new(&[1]);
    let mut importer = Importer::new(me, index.clinicians.keys().copied().collect());
    for line in export_lines(&index, &written, []) {
        for step in importer.import_line(&line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("an edit") };
            fresh.act(0, edit).unwrap();
        }
    }
    let taken = fresh.desks[0].index();
    assert_eq!(taken.own_phrases, index.own_phrases);
    assert_eq!(taken.practice_phrases, index.practice_phrases);
    assert!(importer.finish().unwrap().unknown_types.is_empty());
}
