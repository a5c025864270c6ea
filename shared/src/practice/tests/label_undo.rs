//! Undo of labels where another device has said something of them meanwhile: of drafts and of lines of
//! a plan, in every order of arrival.

use super::world::World;
use crate::id::{ClientId, ObjectId, PlanItemId};
use crate::practice::edit::{Edit, Label, Labelled, NoteFormat, Subject};
use crate::practice::plan::{PlanChange, PlanKind};
use crate::practice::view::View;
use proptest::prelude::*;
use std::collections::BTreeSet;

const LINE: PlanItemId = PlanItemId::from_bytes([1; 16]);
const DRAFT: ObjectId = ObjectId::from_bytes([7; 16]);

/// Labels by the bits of a number; the last is one of a newer version.
fn labels(bits: u8) -> BTreeSet<Label> {
    let all = [Label::Hiv, Label::Violence, Label::ThirdParty, Label::Unknown(900)];
    let set = |(at, label): (usize, Label)| (bits >> at & 1 == 1).then_some(label);
    all.into_iter().enumerate().filter_map(set).collect()
}

/// A draft and a line of a plan, on two devices, both with these labels.
fn begun(bits: u8) -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.begin(0, 7, client, None, NoteFormat::Free);
    let (kind, text) = (Some(PlanKind::Problem), Some("Sleeps little".to_owned()));
    let change = PlanChange { kind, text, ..PlanChange::default() };
    world.act(0, Edit::ChangePlan { client, item: LINE, change }).unwrap();
    for of in [Labelled::Draft(DRAFT), Labelled::PlanLine(LINE)] {
        world.act(0, Edit::Label { client, of, labels: labels(bits) }).unwrap();
    }
    world.sync();
    (world, client)
}

fn of(world: &mut World, desk: usize, client: ClientId, what: Labelled) -> BTreeSet<Label> {
    if what == Labelled::Draft(DRAFT) {
        return world.desks[desk].draft(client, DRAFT).labels;
    }
    match world.desks[desk].open(Subject::Plan(client)) {
        Ok(View::Plan(view)) => view.plan.item(LINE).unwrap().labels.clone(),
        other => panic!("no plan: {other:?}"),
    }
}

#[test]
fn undo_takes_back_what_it_put_and_no_label_of_another_device() {
    for what in [Labelled::Draft(DRAFT), Labelled::PlanLine(LINE)] {
        let (mut world, client) = begun(0);
        let hiv = Edit::Label { client, of: what, labels: labels(1) };
        let undo = world.act(0, hiv).unwrap().unwrap();
        world.sync();
        let both = Edit::Label { client, of: what, labels: labels(3) };
        world.act(1, both).unwrap();
        world.sync();
        let (changes, redo) = world.desks[0].undo(undo).unwrap();
        world.send(0, changes);
        world.sync();
        assert_eq!(of(&mut world, 1, client, what), labels(2), "violence was said by the other");
        let (changes, _) = world.desks[0].undo(redo.unwrap()).unwrap();
        world.send(0, changes);
        world.sync();
        assert_eq!(of(&mut world, 1, client, what), labels(3));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// One device labels and undoes it, the other labels something twice, and what they write arrives
    /// when it will: but for what the undone act itself changed, all stands as the other said last.
    #[test]
    fn what_another_says_of_other_labels_stands_whenever_it_comes(
        start in 0_u8..16,
        mine in 0_u8..16,
        theirs in prop::array::uniform2(0_u8..16),
        gives in prop::array::uniform4(0_usize..4),
        is_draft: bool,
    ) {
        let (mut world, client) = begun(start);
        let what = if is_draft { Labelled::Draft(DRAFT) } else { Labelled::PlanLine(LINE) };
        let say = |bits| Edit::Label { client, of: what, labels: labels(bits) };
        let give = |world: &mut World, desk, count| {
            for _ in 0..count {
                world.give(desk, 0);
            }
        };
        world.act(1, say(theirs[0])).unwrap();
        give(&mut world, 0, gives[0]);
        let seen = of(&mut world, 0, client, what);
        let undo = world.act(0, say(mine)).unwrap().unwrap();
        give(&mut world, 1, gives[1]);
        world.act(1, say(theirs[1])).unwrap();
        give(&mut world, 0, gives[2]);
        let before = of(&mut world, 0, client, what);
        match world.desks[0].undo(undo) {
            Ok((changes, _)) => world.send(0, changes),
            Err(_) => prop_assert_eq!(of(&mut world, 0, client, what), before),
        }
        give(&mut world, 1, gives[3]);
        world.sync();
        let changed = &seen ^ &labels(mine);
        let stands = of(&mut world, 0, client, what);
        prop_assert_eq!(&stands, &of(&mut world, 1, client, what));
        prop_assert_eq!(&stands - &changed, &labels(theirs[1]) - &changed);
    }
}
