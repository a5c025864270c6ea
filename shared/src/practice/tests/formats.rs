//! How notes are divided: no word is lost, whoever divides and whoever writes, and devices agree.

use super::world::{HOUR, World, context, insert};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::Refusal;
use crate::practice::change::Content;
use crate::practice::compartment::CompartmentName;
use crate::practice::document::Scalar;
use crate::practice::draft;
use crate::practice::edit::{
    AppointmentKind, Edit, Modality, NewAppointment, NoteFormat, Part, Splice, StampChange, Subject,
};
use crate::practice::group::{Belongs, GroupChange, GroupKind, subject_of};
use crate::practice::plan::{PlanChange, PlanKind};
use crate::practice::record::Record;
use crate::practice::view::{DraftView, TimelineEntry, View};
use crate::practice::{AuditEntry, AuditKind};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn begun(format: NoteFormat) -> (World, ClientId, ObjectId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let note = world.begin(0, 9, client, Some(session), format);
    world.sync();
    (world, client, note)
}

fn typed(client: ClientId, note: ObjectId, part: Part, text: &str) -> Edit {
    Edit::ChangeDraft { note, client, splices: vec![insert(part, 0, text)] }
}

fn divided(client: ClientId, note: ObjectId, format: NoteFormat) -> Edit {
    Edit::DivideDraft { note, client, format }
}

fn signed(world: &World, client: ClientId) -> RecordId {
    let index = world.desks[0].index();
    let mut rows = index.timelines[&client].iter();
    rows.find_map(|row| match row.entry {
        TimelineEntry::Note { record, .. } => Some(record),
        _ => None,
    })
    .unwrap()
}

fn filled(view: &DraftView) -> BTreeMap<Part, &str> {
    let parts = view.parts.iter().map(|(part, text)| (*part, text.as_str()));
    parts.filter(|(_, text)| !text.is_empty()).collect()
}

#[test]
fn every_format_can_be_begun_written_signed_and_read_by_its_parts() {
    for format in NoteFormat::ALL {
        let (mut world, client, note) = begun(*format);
        let text = |part: &Part| format!("said in {part:?}");
        for part in format.parts() {
            world.act(0, typed(client, note, *part, &text(part))).unwrap();
        }
        world.sync();
        world.sign(1, client, note);
        world.sync();
        let view = {
            let record = signed(&world, client);
            world.desks[0].note(client, record)
        };
        assert_eq!(view.format, *format);
        let expected: Vec<_> = format.parts().iter().map(|part| (*part, text(part))).collect();
        assert_eq!(view.parts, expected);
    }
}

#[test]
fn a_draft_is_divided_anew_without_losing_a_letter_and_back_again() {
    let (mut world, client, note) = begun(NoteFormat::Soap);
    world.act(0, typed(client, note, Part::Subjective, "slept")).unwrap();
    world.act(0, typed(client, note, Part::Plan, "diary")).unwrap();
    let before = world.desks[0].draft(client, note).parts;
    let inverse = world.act(0, divided(client, note, NoteFormat::Dap)).unwrap().unwrap();
    let view = world.desks[0].draft(client, note);
    assert_eq!(view.row.format, NoteFormat::Dap);
    let names: Vec<_> = view.parts.iter().map(|(part, _)| *part).collect();
    // What has no part there stands below.
    assert_eq!(names, [Part::Data, Part::Assessment, Part::Plan, Part::Subjective]);
    assert_eq!(filled(&view), BTreeMap::from([(Part::Plan, "diary"), (Part::Subjective, "slept")]));

    world.desks[0].undo(inverse).unwrap();
    assert_eq!(world.desks[0].draft(client, note).parts, before);
}

#[test]
fn one_divides_while_the_other_writes_and_both_show_the_same_with_every_word() {
    let (mut world, client, note) = begun(NoteFormat::Soap);
    world.act(0, divided(client, note, NoteFormat::Dap)).unwrap();
    world.act(0, typed(client, note, Part::Data, "from one")).unwrap();
    world.act(1, typed(client, note, Part::Objective, "from the other")).unwrap();
    world.act(1, divided(client, note, NoteFormat::Birp)).unwrap();
    world.act(1, typed(client, note, Part::Behavior, "at once")).unwrap();
    world.sync();
    let views: Vec<_> = (0..2).map(|desk| world.desks[desk].draft(client, note)).collect();
    assert_eq!((&views[0].parts, views[0].row.format), (&views[1].parts, views[1].row.format));
    let words: Vec<_> = filled(&views[0]).into_values().collect();
    for text in ["from one", "from the other", "at once"] {
        assert!(words.contains(&text), "{words:?}");
    }
    world.sign(0, client, note);
    world.sync();
    let view = {
        let record = signed(&world, client);
        world.desks[1].note(client, record)
    };
    let said: Vec<_> = view.parts.iter().map(|(_, text)| text.as_str()).collect();
    for text in ["from one", "from the other", "at once"] {
        assert!(said.contains(&text), "what was signed says all of it: {said:?}");
    }
}

#[test]
fn two_that_divide_in_the_same_way_write_into_the_same_part() {
    let (mut world, client, note) = begun(NoteFormat::Free);
    for desk in 0..2 {
        world.act(desk, divided(client, note, NoteFormat::Dap)).unwrap();
        world.act(desk, typed(client, note, Part::Data, "word ")).unwrap();
    }
    world.sync();
    for desk in 0..2 {
        assert_eq!(
            world.desks[desk].draft(client, note).parts[0],
            (Part::Data, "word word ".into())
        );
        world.act(desk, typed(client, note, Part::Data, "more ")).unwrap();
    }
}

#[test]
fn an_addendum_and_a_signed_note_are_not_divided() {
    let (mut world, client, note) = begun(NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sign(0, client, note);
    let refused = world.act(0, divided(client, note, NoteFormat::Dap));
    assert_eq!(refused, Err(Refusal::AlreadySigned));
    let (draft, record) = (ObjectId::from_bytes([10; 16]), signed(&world, client));
    world.act(0, Edit::BeginAddendum { draft, client, note: record }).unwrap();
    assert_eq!(world.act(0, divided(client, draft, NoteFormat::Dap)), Err(Refusal::OneText));
    let wrong = world.act(0, typed(client, draft, Part::Plan, "x"));
    assert_eq!(wrong, Err(Refusal::InvalidSplice));
}

#[test]
fn a_draft_in_which_a_newer_version_wrote_is_kept_shown_as_far_as_it_is_known_and_not_signed_here()
{
    for (format, text) in [(99, ""), (2, "from the future")] {
        let (mut world, client, note) = begun(NoteFormat::Soap);
        world.act(0, typed(client, note, Part::Plan, "diary")).unwrap();
        let name = CompartmentName::Chart(client);
        let desk = &mut world.desks[0];
        let write = |document: &mut crate::practice::document::Document| {
            document.put(None, draft::DIVIDED, Scalar::Number(format));
            document.put_text("part/239");
            assert!(document.splice("part/239", 0, 0, text));
        };
        let change = desk.practice.change(&name, note, context!(desk), write).unwrap().unwrap();
        desk.memory.store(&change);
        world.send(0, vec![change]);
        world.sync();
        let desk = &mut world.desks[1];
        let view = desk.draft(client, note);
        assert!(view.parts.contains(&(Part::Plan, "diary".into())), "{:?}", view.row.format);
        let sign = Edit::Sign { note, client, late_reason: None };
        assert_eq!(desk.apply(sign).unwrap_err(), Refusal::NewerDraft);
        // What is not shown is still there for who can show it.
        let document = desk.practice.document(&name, note, context!(desk)).unwrap();
        assert_eq!(document.text("part/239").as_deref(), Some(text));
    }
}

#[test]
fn a_signed_note_says_when_its_session_began_and_ended_and_how_people_met() {
    let (mut world, client, note) = begun(NoteFormat::Soap);
    let session = *world.desks[0].index().appointments.keys().next().unwrap();
    let starts = world.desks[0].index().appointments[&session].starts;
    let (began, ended) = (starts.plus_millis(120_000), starts.plus_millis(3_060_000));
    let change = StampChange {
        began: Some(Some(began)),
        ended: Some(Some(ended)),
        ..StampChange::default()
    };
    world.act(0, Edit::StampSession { appointment: session, change }).unwrap();
    world.act(0, typed(client, note, Part::Plan, "diary")).unwrap();
    world.sign(0, client, note);
    world.sync();
    let view = {
        let record = signed(&world, client);
        world.desks[1].note(client, record)
    };
    assert_eq!((view.times.began, view.times.ended), (Some(began), Some(ended)));
    assert_eq!((view.times.modality, view.times.minutes()), (Some(Modality::InOffice), Some(49)));
    assert!(view.times.attendees.is_empty(), "one client's record names nobody else");
}

#[test]
fn the_note_of_a_group_says_who_was_there_and_that_of_a_member_does_not() {
    let mut world = World::new(&[1]);
    let clients = [world.client(0, 1), world.client(0, 2)];
    let group = ObjectId::from_bytes([5; 16]);
    let members = clients.iter().map(|client| (*client, Belongs::Now)).collect();
    let change = GroupChange { code: Some("G-1".into()), members, ..GroupChange::default() };
    world.act(0, Edit::NewGroup { group, kind: GroupKind::Group, change }).unwrap();
    let slot = super::world::slot(super::world::member(1), 10);
    let id = crate::id::AppointmentId::from_bytes([6; 16]);
    let booked = NewAppointment {
        id,
        clients: vec![subject_of(group)],
        kind: AppointmentKind::Group,
        slot,
        memo: None,
    };
    world.act(0, Edit::Book(booked)).unwrap();
    for (number, whose) in [(20, subject_of(group)), (21, clients[0])] {
        let note = world.begin(0, number, whose, Some(id), NoteFormat::Group);
        world.act(0, typed(whose, note, Part::Topic, "said")).unwrap();
        world.sign(0, whose, note);
        let record = signed(&world, whose);
        let attendees = world.desks[0].note(whose, record).times.attendees;
        let expected = if number == 20 { clients.to_vec() } else { Vec::new() };
        assert_eq!(attendees, expected);
    }
}

#[test]
fn a_draft_opens_with_what_was_planned_and_the_aims_of_the_plan_and_the_trail_says_so() {
    let (mut world, client, note) = begun(NoteFormat::Dap);
    let aid = world.desks[0].draft(client, note).aid.unwrap();
    assert_eq!((&aid.last, aid.of_plan.aims.len()), (&None, 0));
    world.act(0, typed(client, note, Part::Plan, "sleep diary")).unwrap();
    world.sign(0, client, note);
    let change = PlanChange {
        kind: Some(PlanKind::Objective),
        text: Some("Sleeps six hours".into()),
        ..PlanChange::default()
    };
    let item = crate::id::PlanItemId::from_bytes([3; 16]);
    world.act(0, Edit::ChangePlan { client, item, change }).unwrap();
    world.desks[0].now = world.desks[0].now.plus_millis(HOUR);
    let next = world.begin(0, 10, client, None, NoteFormat::Soap);
    let aid = world.desks[0].draft(client, next).aid.unwrap();
    assert_eq!(aid.last.as_ref().map(|(.., text)| text.as_str()), Some("sleep diary"));
    assert_eq!(aid.of_plan.aims, [(PlanKind::Objective, "Sleeps six hours".to_owned())]);

    // The draft itself, and the note and the plan of which it shows something.
    let opened = |world: &World| {
        let name = CompartmentName::Audit(world.desks[0].quill.author.member);
        let kinds = world.desks[0].memory.contents[&name].iter().filter_map(|content| {
            let Content::Record { bytes, .. } = content else { return None };
            AuditEntry::of(&Record::decode(bytes).ok()?).map(|entry| entry.kind)
        });
        kinds.filter(|kind| *kind == AuditKind::Open).count()
    };
    let before = opened(&world);
    world.desks[0].draft(client, next);
    assert_eq!(opened(&world), before + 3);
}

/// What one device does next to a note.
fn act(world: &World, desk: usize, client: ClientId, note: ObjectId, pick: (u8, u8)) -> Edit {
    let (what, which) = pick;
    let format = NoteFormat::ALL[usize::from(which) % NoteFormat::ALL.len()];
    if what == 0 {
        return divided(client, note, format);
    }
    let shown = world.desks[desk].index().drafts[0].format;
    let parts = shown.parts();
    let part = parts[usize::from(which) % parts.len()];
    let inserted = format!("{desk}{what}{which} ");
    let splices = vec![Splice { part, position: 0, deleted: 0, inserted }];
    Edit::ChangeDraft { note, client, splices }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_two_devices_divide_and_write_they_agree_and_keep_every_word(
        acts in prop::collection::vec((0..2_usize, 0..3_u8, 0..40_u8, any::<bool>()), 1..12)
    ) {
        let (mut world, client, note) = begun(NoteFormat::Soap);
        let mut words = Vec::new();
        for (desk, what, which, sync) in acts {
            let edit = act(&world, desk, client, note, (what, which));
            if let Edit::ChangeDraft { splices, .. } = &edit {
                words.push(splices[0].inserted.clone());
            }
            world.act(desk, edit).unwrap();
            if sync {
                world.sync();
            }
        }
        world.sync();
        let views: Vec<_> = (0..2).map(|desk| world.desks[desk].draft(client, note)).collect();
        prop_assert_eq!(&views[0].parts, &views[1].parts);
        let all: String = views[0].parts.iter().map(|(_, text)| text.as_str()).collect();
        for word in words {
            prop_assert!(all.contains(word.trim_end()), "{} in {}", word, all);
        }
        // A restart shows the same.
        let mut again = world.desks[1].rebuilt();
        let desk = &mut world.desks[1];
        let subject = Subject::Draft(client, note);
        let opened = again.open(subject, crate::practice::edit::Purpose::Care, context!(desk));
        let Ok(View::Draft(view)) = opened.map(|opened| opened.view) else { panic!() };
        prop_assert_eq!(&view.parts, &views[0].parts);
    }
}
