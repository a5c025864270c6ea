//! Supervision: what the second person sees, answers, and what nobody can pretend.

use super::world::{HOUR, MONDAY, World, context};
use crate::id::{ClientId, RecordId};
use crate::practice::Refusal;
use crate::practice::edit::{Edit, NoteFormat, RemoteSetting};
use crate::practice::reach::Reach;
use crate::practice::record::{RecordKind, Relation, RelationKind, Tags};
use crate::practice::supervision::{Step, Supervision};
use crate::practice::tests::signing::only_note;
use crate::suite::Hash;

/// Two members with a note of the first; `supervised`: it goes to the second as it is signed.
fn signed(supervised: bool) -> (World, ClientId, RecordId) {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    if supervised {
        let member = world.desks[0].quill.author.member;
        let (setting, text) = (RemoteSetting::Supervised, "yes".to_owned());
        world.act(0, Edit::SetRemote { member, setting, text }).unwrap();
    }
    let session = world.book(0, 1, client);
    let draft = world.begin(0, 9, client, Some(session), NoteFormat::Free);
    world.type_text(0, client, draft, "A synthetic note.");
    world.sign(0, client, draft);
    world.sync();
    let note = only_note(&world, 0, client);
    (world, client, note)
}

fn queue(world: &World, desk: usize) -> Vec<(RecordId, Supervision)> {
    let index = world.desks[desk].index();
    index.supervision.iter().map(|row| (row.note, row.state)).collect()
}

fn supervise(
    world: &mut World,
    desk: usize,
    (client, note): (ClientId, RecordId),
    step: Step,
) -> Result<Option<Edit>, Refusal> {
    world.desks[desk].now = world.desks[desk].now.plus_millis(1000);
    let done = world.act(desk, Edit::Supervise { client, note, step });
    world.sync();
    done
}

fn back(why: &str) -> Step {
    Step::Return(why.to_owned())
}

#[test]
fn a_note_is_handed_over_returned_handed_over_again_and_co_signed() {
    let (mut world, client, note) = signed(false);
    let it = (client, note);
    assert_eq!(queue(&world, 1), []);
    supervise(&mut world, 0, it, Step::Submit).unwrap();
    assert_eq!(queue(&world, 1), [(note, Supervision::Waiting)]);
    let front = world.desks[1].index().seen_with(Reach::FrontDesk);
    assert_eq!(front.supervision, [], "no front desk sees that a note waits");

    supervise(&mut world, 1, it, back("Say what was agreed.")).unwrap();
    for desk in 0..2 {
        assert_eq!(queue(&world, desk), [(note, Supervision::Returned)]);
        let shown = world.desks[desk].note(client, note).supervision.unwrap();
        assert_eq!(shown.comment, "Say what was agreed.");
        assert_eq!(shown.by, world.desks[1].quill.author.member);
    }
    world.act(0, Edit::Amend { note, client, text: "Agreed: a diary.".to_owned() }).unwrap();
    supervise(&mut world, 0, it, Step::Submit).unwrap();
    supervise(&mut world, 1, it, Step::CoSign).unwrap();
    for desk in 0..2 {
        assert_eq!(queue(&world, desk), []);
        let shown = world.desks[desk].note(client, note).supervision.unwrap();
        assert_eq!((shown.state, shown.not_covered), (Supervision::CoSigned, 0));
        assert_eq!(shown.comment, "");
    }
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
}

#[test]
fn what_is_added_after_a_second_signature_is_not_covered_by_it() {
    let (mut world, client, note) = signed(true);
    supervise(&mut world, 1, (client, note), Step::CoSign).unwrap();
    world.act(0, Edit::Amend { note, client, text: "Later.".to_owned() }).unwrap();
    world.sync();
    let shown = world.desks[1].note(client, note).supervision.unwrap();
    assert_eq!((shown.state, shown.not_covered), (Supervision::CoSigned, 1));
}

#[test]
fn who_said_so_hands_over_what_is_signed_in_the_same_act() {
    let (world, _, note) = signed(true);
    assert_eq!(queue(&world, 0), [(note, Supervision::Waiting)]);
    assert_eq!(queue(&world, 1), queue(&world, 0));
}

#[test]
fn nobody_answers_their_own_note_or_what_was_not_handed_over() {
    let (mut world, client, note) = signed(false);
    let it = (client, note);
    let cosign = |world: &mut World, desk| supervise(world, desk, it, Step::CoSign);
    assert_eq!(cosign(&mut world, 1), Err(Refusal::NotSubmitted));
    assert_eq!(supervise(&mut world, 1, it, Step::Submit), Err(Refusal::OwnNote));
    assert_eq!(supervise(&mut world, 0, it, Step::TakeBack), Err(Refusal::NotSubmitted));
    supervise(&mut world, 0, it, Step::Submit).unwrap();
    assert_eq!(cosign(&mut world, 0), Err(Refusal::OwnNote));
    assert_eq!(supervise(&mut world, 1, it, back(" ")), Err(Refusal::EmptyText));
    cosign(&mut world, 1).unwrap();
    assert_eq!(supervise(&mut world, 0, it, Step::TakeBack), Err(Refusal::NotSubmitted));
}

#[test]
fn handing_over_is_undone_and_done_again_and_an_answer_is_not() {
    let (mut world, client, note) = signed(false);
    let it = (client, note);
    let inverse = supervise(&mut world, 0, it, Step::Submit).unwrap().unwrap();
    let (_, again) = world.desks[0].undo(inverse).unwrap();
    assert_eq!(queue(&world, 0), []);
    world.desks[0].undo(again.unwrap()).unwrap();
    assert_eq!(queue(&world, 0), [(note, Supervision::Waiting)]);
    world.sync();
    assert_eq!(supervise(&mut world, 1, it, Step::CoSign), Ok(None));
}

#[test]
fn a_second_hand_over_that_is_taken_back_leaves_the_answer_to_the_first() {
    for (step, state) in
        [(Step::CoSign, Supervision::CoSigned), (back("Say more."), Supervision::Returned)]
    {
        let (mut world, client, note) = signed(true);
        let it = (client, note);
        supervise(&mut world, 1, it, step).unwrap();
        let inverse = supervise(&mut world, 0, it, Step::Submit).unwrap().unwrap();
        world.act(0, inverse).unwrap();
        world.sync();
        for desk in 0..2 {
            assert_eq!(world.desks[desk].note(client, note).supervision.unwrap().state, state);
        }
    }
}

#[test]
fn an_answer_stands_against_a_take_back_of_the_same_moment_whatever_the_clocks_say() {
    for ahead in [0, 1] {
        let (mut world, client, note) = signed(true);
        world.desks[ahead].now = MONDAY.plus_millis(5 * HOUR);
        for (desk, step) in [(1, Step::CoSign), (0, Step::TakeBack)] {
            world.act(desk, Edit::Supervise { client, note, step }).unwrap();
        }
        world.sync();
        for desk in 0..2 {
            let shown = world.desks[desk].note(client, note).supervision.unwrap();
            assert_eq!(shown.state, Supervision::CoSigned);
            assert_eq!(queue(&world, desk), []);
        }
    }
}

#[test]
fn an_author_who_forges_a_second_signature_under_their_own_note_has_none() {
    let (mut world, client, note) = signed(true);
    let desk = &mut world.desks[0];
    let name = desk.practice.chart_of(client);
    let relation = |kind| Relation { kind, target: *note.as_bytes(), digest: Hash::ZERO };
    desk.now = MONDAY.plus_millis(HOUR);
    let change = desk.practice.write_record(
        &name,
        RecordKind::Supervision,
        vec![relation(RelationKind::CoSigns)],
        Tags::new(),
        context!(desk),
    );
    desk.memory.store(&change.1);
    world.send(0, vec![change.1]);
    world.sync();
    assert_eq!(queue(&world, 1), [(note, Supervision::Waiting)]);
    let shown = world.desks[1].note(client, note).supervision.unwrap();
    assert_eq!(shown.state, Supervision::Waiting);
}

#[test]
fn two_answers_at_once_are_read_the_same_everywhere() {
    let mut world = World::new(&[1, 2, 3]);
    let client = world.client(0, 1);
    let draft = world.begin(0, 9, client, None, NoteFormat::Free);
    world.type_text(0, client, draft, "A synthetic note.");
    world.sign(0, client, draft);
    world.sync();
    let note = only_note(&world, 0, client);
    supervise(&mut world, 0, (client, note), Step::Submit).unwrap();
    for (desk, step) in [(1, Step::CoSign), (2, back("Say more."))] {
        world.desks[desk].now = MONDAY.plus_millis(2 * HOUR);
        world.act(desk, Edit::Supervise { client, note, step }).unwrap();
    }
    world.sync();
    let states: Vec<_> = (0..3).map(|desk| world.desks[desk].note(client, note)).collect();
    assert!(states.iter().all(|one| one.supervision == states[0].supervision));
    assert_eq!(*world.desks[0].index(), *world.desks[2].index());
}
