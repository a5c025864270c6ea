//! A long draft opens without being loaded, and says what it would say then.

use super::world::*;
use crate::id::{ClientId, ObjectId};
use crate::practice::edit::{Edit, Label, Labelled, NoteFormat, Part, Purpose, Subject};
use crate::practice::view::{DraftView, View};
use std::collections::BTreeSet;

fn opened(world: &mut World, desk: usize, client: ClientId, note: ObjectId) -> DraftView {
    let desk = &mut world.desks[desk];
    let subject = Subject::Draft(client, note);
    desk.practice.close(subject);
    let opened = desk.practice.open(subject, Purpose::Care, context!(desk)).unwrap();
    let View::Draft(draft) = opened.view else { panic!("a draft") };
    draft
}

fn is_loaded(world: &World, desk: usize, note: ObjectId) -> bool {
    world.desks[desk].practice.documents.contains_key(&note)
}

#[test]
fn a_long_draft_opens_without_being_loaded_and_is_loaded_by_who_writes() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let note = world.begin(0, 10, client, None, NoteFormat::Soap);
    let mut said = String::new();
    for number in 0..400 {
        let line = format!("{number} She said that the week had gone as planned.\n");
        let splices = vec![insert(Part::Subjective, said.chars().count(), &line)];
        world.act(0, Edit::ChangeDraft { note, client, splices }).unwrap();
        said.push_str(&line);
    }
    world.sync();
    for desk in 0..2 {
        let view = opened(&mut world, desk, client, note);
        assert!(!is_loaded(&world, desk, note), "it is only read");
        let parts: Vec<_> = view.parts.iter().map(|(part, text)| (*part, text.as_str())).collect();
        let format = NoteFormat::Soap.parts();
        assert_eq!(parts[0], (Part::Subjective, said.as_str()));
        assert!(parts.iter().map(|(part, _)| part).eq(format) && view.labels.is_empty());
    }
    // Both write at once, in what was only read: nobody's words are lost, and each hears of the other.
    for desk in 0..2 {
        let splices = vec![insert(Part::Subjective, desk, "x")];
        world.act(desk, Edit::ChangeDraft { note, client, splices }).unwrap();
    }
    world.sync();
    let remote = {
        let desk = &mut world.desks[1];
        let view = desk.practice.refresh(Subject::Draft(client, note), context!(desk)).unwrap();
        let View::Draft(draft) = view else { panic!("a draft") };
        draft.remote
    };
    assert_eq!(remote, [insert(Part::Subjective, 0, "x")]);
    let views = [0, 1].map(|desk| opened(&mut world, desk, client, note));
    assert_eq!(views[0].parts, views[1].parts);
    assert!(views[0].parts[0].1.starts_with("x0x She"));
    // Labels stand in its fields.
    let labels = BTreeSet::from([Label::Hiv]);
    world
        .act(0, Edit::Label { client, of: Labelled::Draft(note), labels: labels.clone() })
        .unwrap();
    world.sync();
    assert_eq!(
        [0, 1].map(|desk| opened(&mut world, desk, client, note).labels),
        [labels.clone(), labels]
    );
}
