//! Two entries that turn out to be one person.

use super::world::*;
use crate::id::{AppointmentId, ClientId, SeriesId, TaskId};
use crate::practice::Refusal;
use crate::practice::change::Content;
use crate::practice::chart::tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{
    Channel, ContactChange, Direction, Edit, NewSeries, NoteFormat, Purpose, Stamp, Subject,
};
use crate::practice::erasure::Scope;
use crate::practice::group::{Belongs, GroupChange, GroupKind, subject_of};
use crate::practice::interchange::{Cause, ImportStep, Importer, export_lines};
use crate::practice::record::Record;
use crate::practice::schedule::free;
use crate::practice::schedule::waiting::{self, Waiting, Wish};
use crate::practice::search::Match;
use crate::practice::view::{Index, NoteState, TimelineEntry, View};
use crate::practice::{NewContact, Practice};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn same(client: ClientId, kept: ClientId) -> Edit {
    Edit::SameAs { client, kept: Some(kept) }
}

fn part(client: ClientId) -> Edit {
    Edit::SameAs { client, kept: None }
}

fn signed(world: &mut World, number: u8, client: ClientId, session: Option<AppointmentId>) {
    let note = world.begin(0, number, client, session, NoteFormat::Free);
    world.type_text(0, client, note, &format!("said {number}"));
    world.sign(0, client, note);
}

/// Two entries, each with what one has: the second is the one that came in twice.
fn twins() -> (World, ClientId, ClientId, AppointmentId) {
    let mut world = World::new(&[1, 1]);
    let (kept, twin) = (world.client(0, 1), world.client(0, 2));
    let said = |client, safe: &str, phone: Option<&str>| Edit::ChangeContact {
        client,
        contact: ContactChange {
            safe_contact: Some(safe.into()),
            phone: phone.map(Into::into),
            ..ContactChange::default()
        },
    };
    world.act(0, said(kept, "text only", None)).unwrap();
    world.act(0, said(twin, "no voicemail", Some("555 0100"))).unwrap();
    let session = world.book(0, 1, twin);
    signed(&mut world, 10, kept, None);
    world.desks[0].now = MONDAY.plus_millis(HOUR);
    signed(&mut world, 11, twin, None);
    world.sync();
    (world, kept, twin, session)
}

#[test]
fn lists_show_one_and_nothing_of_either_is_lost() {
    let (mut world, kept, twin, session) = twins();
    let (draft, task) =
        (world.begin(0, 12, twin, Some(session), NoteFormat::Soap), TaskId::from_bytes([5; 16]));
    world
        .act(0, Edit::AddTask { client: twin, task, text: "call".into(), due: None, since: None })
        .unwrap();
    world.act(0, same(twin, kept)).unwrap();
    world.sync();
    for desk in 0..2 {
        let index = world.desks[desk].index();
        assert_eq!(index.clients.keys().collect::<Vec<_>>(), [&kept]);
        let row = &index.clients[&kept];
        assert_eq!(row.safe_words(), "text only; no voicemail (SC-002)");
        assert!(row.has_code("sc-002") && row.phone.is_empty(), "nothing is copied");
        assert_eq!(row.every_task().map(|(whose, one)| (whose, one.id)).next(), Some((twin, task)));
        assert_eq!(index.own_row(twin).unwrap().phone, "555 0100");
        let whose: Vec<_> = index.timelines[&kept].iter().map(|row| row.client).collect();
        assert_eq!(whose, [twin, kept]);
        assert!(!index.timelines.contains_key(&twin));
        let row = &index.appointments[&session];
        assert_eq!((row.clients.as_slice(), row.as_written()), (&[kept][..], &[twin][..]));
        assert_eq!(row.note, NoteState::Draft(draft));
        assert_eq!(world.desks[desk].rebuilt().index(), index);
    }
    let desk = &mut world.desks[1];
    let (found, _) = desk.practice.find("sc-002", Purpose::Query, context!(desk));
    assert_eq!(found.matches, [Match::Client(kept)]);
    // The chart shows what lies in both, and each of them is in the trail.
    let desk = &mut world.desks[0];
    for asked in [kept, twin] {
        let opened =
            desk.practice.open(Subject::Chart(asked), Purpose::Care, context!(desk)).unwrap();
        assert_eq!(opened.changes.len(), 2);
        let View::Chart(chart) = opened.view else { panic!("no chart") };
        assert_eq!((chart.client.id, chart.timeline.len(), chart.drafts.len()), (kept, 2, 1));
        assert_eq!(chart.drafts[0].client, twin);
    }
    let trail = &desk.index().timelines[&kept];
    let TimelineEntry::Note { record, .. } = trail[0].entry else { panic!("no note") };
    assert_eq!(desk.note(twin, record).client, twin);
    assert_eq!(desk.open(Subject::Note(kept, record)), Err(Refusal::UnknownNote));
}

#[test]
fn the_trail_names_each_chart_that_was_seen() {
    let (mut world, kept, twin, _) = twins();
    world.act(0, same(twin, kept)).unwrap();
    let desk = &mut world.desks[0];
    let opened = desk.practice.open(Subject::Chart(twin), Purpose::Care, context!(desk)).unwrap();
    let seen = opened.changes.iter().map(|change| match &change.content {
        Content::Record { bytes, .. } => {
            let record = Record::decode(bytes).unwrap();
            record.body().unwrap().bytes(tag::SUBJECT).unwrap().to_vec()
        }
        _ => panic!("no entry"),
    });
    let chart = |client: ClientId| [&[1][..], client.as_bytes()].concat();
    assert_eq!(seen.collect::<Vec<_>>(), [chart(kept), chart(twin)]);
}

#[test]
fn parting_brings_back_what_was_whatever_came_between() {
    let (mut world, kept, twin, session) = twins();
    let before = world.desks[0].index();
    let inverse = world.act(0, same(twin, kept)).unwrap().unwrap();
    assert_eq!(inverse, part(twin));
    let (changes, redo) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    assert_eq!(world.desks[0].index(), before);
    let (changes, _) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    // What is new goes to whom it was written for.
    signed(&mut world, 13, kept, Some(session));
    world.act(0, part(twin)).unwrap();
    world.sync();
    let index = world.desks[1].index();
    assert_eq!(index.clients.len(), 2);
    assert_eq!((index.timelines[&kept].len(), index.timelines[&twin].len()), (2, 1));
    assert!(index.merged.is_empty() && index.appointments[&session].written.is_empty());
    assert!(matches!(index.appointments[&session].note, NoteState::Signed(_)));
    for (edit, refusal) in [
        (same(twin, twin), Refusal::SameAlready),
        (same(twin, ClientId::from_bytes([9; 16])), Refusal::UnknownClient),
    ] {
        assert_eq!(world.act(0, edit), Err(refusal));
    }
}

#[test]
fn a_series_a_clash_and_a_charge_know_that_it_is_one_person() {
    let (mut world, kept, twin, session) = twins();
    let series = SeriesId::from_bytes([30; 16]);
    let first = appointment(AppointmentId::from_bytes([31; 16]), twin, slot(member(1), 12));
    let rule = "FREQ=WEEKLY;COUNT=5".parse().unwrap();
    world.act(0, Edit::BookSeries(Box::new(NewSeries { series, first, rule }))).unwrap();
    signed(&mut world, 14, twin, Some(session));
    world.act(0, same(twin, kept)).unwrap();
    let index = world.desks[0].index();
    assert!(index.appointments.values().all(|row| row.clients == [kept]));
    assert_eq!(index.series[&series].clients, [twin], "as the calendar says it");
    let other = slot(member(7), 10);
    let clashes = free::clashes(&index, (&other, &[kept]), None);
    assert_eq!(clashes.iter().map(|row| row.id).collect::<Vec<_>>(), [session]);
    // A second note about the session that was charged under the other one.
    let charges = |world: &World| {
        let contents = &world.desks[0].memory.contents;
        let of = |client| contents.get(&CompartmentName::Billing(client)).map_or(0, Vec::len);
        of(kept) + of(twin)
    };
    assert_eq!(charges(&world), 1);
    signed(&mut world, 15, kept, Some(session));
    assert_eq!(charges(&world), 1);
    // With both booked at once, one comes.
    let both = AppointmentId::from_bytes([33; 16]);
    let mut new = appointment(both, kept, slot(member(1), 16));
    new.clients.push(twin);
    world.act(0, Edit::Book(new)).unwrap();
    let index = world.desks[0].index();
    assert_eq!(index.appointments[&both].clients, [kept]);
    assert_eq!(index.appointments[&both].as_written(), [kept, twin]);
}

#[test]
fn the_waiting_list_shows_one_and_takes_off_whoever_waits() {
    let (mut world, kept, twin, _) = twins();
    let waiting = Some(Waiting { since: MONDAY, wish: Wish::default() });
    world.act(0, Edit::Wait { client: twin, waiting }).unwrap();
    world.act(0, same(twin, kept)).unwrap();
    let ranked = |world: &World| -> Vec<ClientId> {
        let index = world.desks[0].index();
        waiting::ranked(&index, None).iter().map(|(row, _)| row.id).collect()
    };
    assert_eq!(ranked(&world), [kept]);
    let inverse = world.act(0, Edit::Wait { client: kept, waiting: None }).unwrap().unwrap();
    assert!(ranked(&world).is_empty());
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(ranked(&world), [kept]);
    world
        .act(0, Edit::NoteDeath { client: twin, died: Some(jiff::civil::date(2026, 11, 1)) })
        .unwrap();
    assert!(ranked(&world).is_empty(), "nobody calls who died");
}

#[test]
fn no_half_of_a_person_is_erased_and_a_hold_on_either_keeps_both() {
    let (mut world, kept, twin, _) = twins();
    world.act(0, same(twin, kept)).unwrap();
    for client in [kept, twin] {
        assert_eq!(world.act(0, Edit::AskErasure(client.into())), Err(Refusal::SamePerson));
    }
    // One note that lies in the wrong chart can go.
    let TimelineEntry::Note { record, .. } = world.desks[0].index().timelines[&kept][0].entry
    else {
        panic!("no note")
    };
    world.act(0, Edit::AskErasure(Scope::of_record(twin, record))).unwrap();
    assert_eq!(world.desks[0].index().timelines[&kept].len(), 1);
    world.act(0, Edit::Hold { client: twin, held: true }).unwrap();
    assert_eq!(world.desks[0].index().holds.len(), 2);
    let record = world.desks[0].index().timelines[&kept][0].entry.record();
    let scope = Scope::of_record(kept, record);
    assert_eq!(world.act(0, Edit::AskErasure(scope)), Err(Refusal::Held));
    world.act(0, Edit::Hold { client: twin, held: false }).unwrap();
    assert!(world.desks[0].index().holds.is_empty());
    world.act(0, part(twin)).unwrap();
    world.act(0, Edit::AskErasure(kept.into())).unwrap();
}

#[test]
fn who_is_asked_to_be_erased_elsewhere_takes_nobody_out_of_sight() {
    let (mut world, kept, twin, session) = twins();
    world.act(0, Edit::AskErasure(kept.into())).unwrap();
    world.act(1, same(twin, kept)).unwrap();
    world.act(1, Edit::Hold { client: twin, held: true }).unwrap();
    world.sync();
    for desk in 0..2 {
        let index = world.desks[desk].index();
        assert_eq!(index.clients.keys().collect::<Vec<_>>(), [&twin]);
        assert_eq!(index.appointments[&session].clients, [twin]);
        assert_eq!(index.timelines[&twin].len(), 1);
        assert!(index.holds.contains(&kept), "whoever is held is held as a whole");
        assert_eq!(world.desks[desk].rebuilt().index(), index);
    }
    world.desks[0].now = MONDAY.plus_millis(40 * 24 * HOUR);
    let order = Edit::OrderErasure(kept.into());
    assert_eq!(world.act(0, order.clone()), Err(Refusal::Held));
    world.act(0, Edit::Hold { client: twin, held: false }).unwrap();
    assert_eq!(world.act(0, order.clone()), Err(Refusal::SamePerson));
    world.act(0, part(twin)).unwrap();
    world.act(0, order).unwrap();
}

#[test]
fn two_devices_that_each_keep_another_agree_and_are_parted_by_one_edit() {
    let (mut world, kept, twin, _) = twins();
    world.act(0, same(twin, kept)).unwrap();
    world.act(1, same(kept, twin)).unwrap();
    world.sync();
    for desk in 0..2 {
        let index = world.desks[desk].index();
        assert_eq!(index.merged, BTreeMap::from([(twin, kept)]), "the smaller id");
        assert_eq!(index.clients.len(), 1);
    }
    let inverse = world.act(1, part(twin)).unwrap().unwrap();
    world.sync();
    assert_eq!(world.desks[0].index().clients.len(), 2);
    let (changes, _) = world.desks[1].undo(inverse).unwrap();
    world.send(1, changes);
    world.sync();
    assert_eq!(world.desks[0].index().merged, BTreeMap::from([(twin, kept)]));
}

#[test]
fn parting_leaves_alone_what_the_kept_one_says_of_somebody_out_of_sight() {
    let (mut world, kept, twin, _) = twins();
    let third = world.client(0, 3);
    world.act(0, same(twin, kept)).unwrap();
    world.sync();
    world.act(0, Edit::AskErasure(third.into())).unwrap();
    // Another device says so before it hears of that.
    world.act(1, same(kept, third)).unwrap();
    world.sync();
    let index = world.desks[0].index();
    assert_eq!(index.merged, BTreeMap::from([(twin, kept)]));
    world.act(0, part(twin)).unwrap();
    let index = world.desks[0].index();
    assert_eq!(index.clients[&kept].same_as, Some(third), "that was not asked");
    assert_eq!((index.clients[&twin].same_as, index.merged.len()), (None, 0));
}

#[test]
fn parting_where_all_three_name_each_other_is_undone_as_it_was_seen() {
    let (mut world, kept, twin, _) = twins();
    let third = world.client(0, 3);
    world.sync();
    world.act(0, same(kept, third)).unwrap();
    world.act(0, same(third, twin)).unwrap();
    world.act(1, same(twin, kept)).unwrap();
    world.sync();
    let before = world.desks[0].index().merged.clone();
    assert_eq!(before, BTreeMap::from([(twin, kept), (third, kept)]));
    let inverse = world.act(0, part(twin)).unwrap().unwrap();
    assert_ne!(world.desks[0].index().merged, before);
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(world.desks[0].index().merged, before);
}

#[test]
fn a_group_to_which_a_duplicate_belongs_clashes_with_what_the_kept_one_has() {
    let (mut world, kept, twin, _) = twins();
    let third = world.client(0, 3);
    let group = crate::id::ObjectId::from_bytes([0x91; 16]);
    let members = [twin, third].map(|client| (client, Belongs::Now)).into_iter().collect();
    let change = GroupChange { name: None, code: Some("C-01".into()), members };
    world.act(0, Edit::NewGroup { group, kind: GroupKind::Couple, change }).unwrap();
    world.act(0, same(twin, kept)).unwrap();
    let index = world.desks[0].index();
    assert_eq!(index.people(&[subject_of(group)]), [kept, third]);
    assert_eq!(index.people(&[twin]), [kept]);
}

#[test]
fn who_is_to_be_erased_elsewhere_is_parted_all_the_same() {
    let (mut world, kept, twin, _) = twins();
    world.act(0, Edit::AskErasure(twin.into())).unwrap();
    world.act(1, same(twin, kept)).unwrap();
    world.sync();
    assert_eq!(world.act(0, same(twin, kept)), Err(Refusal::ToBeErased));
    // Who is listed shows that somebody out of sight is held to be the same person.
    for desk in 0..2 {
        let index = world.desks[desk].index();
        assert_eq!((index.hidden_with(kept), index.hidden_with(twin)), (vec![twin], vec![]));
        assert_eq!(*world.desks[desk].rebuilt().index(), *index);
    }
    world.desks[0].now = MONDAY.plus_millis(40 * 24 * HOUR);
    let order = Edit::OrderErasure(twin.into());
    assert_eq!(world.act(0, order.clone()), Err(Refusal::SamePerson));
    world.act(0, part(twin)).unwrap();
    assert!(world.desks[0].index().hidden_with(kept).is_empty());
    world.act(0, order).unwrap();
    same_everywhere(&mut world);
}

#[test]
fn two_out_of_sight_that_name_each_other_lead_to_nobody() {
    let (mut world, kept, twin, _) = twins();
    let third = world.client(0, 3);
    world.sync();
    world.act(0, same(twin, third)).unwrap();
    world.act(0, same(third, kept)).unwrap();
    for one in [twin, third] {
        world.act(1, Edit::AskErasure(one.into())).unwrap();
    }
    world.sync();
    let mut both = vec![twin, third];
    both.sort_unstable();
    assert_eq!(world.desks[1].index().hidden_with(kept), both, "through one another");
    world.act(0, part(third)).unwrap();
    world.sync();
    assert!(world.desks[1].index().hidden_with(kept).is_empty());
    same_everywhere(&mut world);
}

#[test]
fn a_death_and_a_wish_are_changed_and_taken_back_where_they_stand() {
    let (mut world, kept, twin, _) = twins();
    let died = |day| Some(jiff::civil::date(2026, 11, day));
    let waiting = |hours| Some(Waiting { since: MONDAY.plus_millis(hours), wish: Wish::default() });
    world.act(0, Edit::NoteDeath { client: twin, died: died(1) }).unwrap();
    world.act(0, Edit::Wait { client: twin, waiting: waiting(1) }).unwrap();
    world.act(0, same(twin, kept)).unwrap();
    let row = |world: &World| world.desks[0].index().clients[&kept].clone();
    // What is corrected is corrected where it stands; undone, it is as before.
    let death = |died| Edit::NoteDeath { client: kept, died };
    let inverse = world.act(0, death(died(2))).unwrap().unwrap();
    assert_eq!((row(&world).death(), row(&world).died), (died(2), None));
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(row(&world).death(), died(1));
    let inverse = world.act(0, death(None)).unwrap().unwrap();
    assert_eq!(row(&world).death(), None, "nobody has died");
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(row(&world).death(), died(1));

    let wait = |waiting| Edit::Wait { client: kept, waiting };
    world.act(0, wait(waiting(2))).unwrap();
    assert_eq!((row(&world).waits(), row(&world).waiting.is_none()), (waiting(2).as_ref(), true));
    // Where both wait, both are taken off.
    world.act(0, part(twin)).unwrap();
    world.act(0, wait(waiting(3))).unwrap();
    world.act(0, death(died(3))).unwrap();
    world.act(0, same(twin, kept)).unwrap();
    let inverse = world.act(0, wait(None)).unwrap().unwrap();
    assert_eq!(row(&world).waits(), None);
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(row(&world).waits(), waiting(3).as_ref());
    let inverse = world.act(0, death(None)).unwrap().unwrap();
    assert_eq!(row(&world).death(), None);
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(row(&world).death(), died(3));
}

#[test]
fn an_import_refuses_who_is_nobody_or_leads_back_to_itself_before_anything_is_done() {
    let (world, kept, twin, _) = twins();
    let written = Stamp { time: MONDAY, zone: ZONE.into() };
    let lines: Vec<String> = export_lines(&world.desks[0].index(), &written, Vec::new()).collect();
    let read = |said: &[(ClientId, ClientId)]| {
        let mut importer = Importer::new(member(1), BTreeSet::new());
        for line in &lines {
            let mut line = line.clone();
            for (client, kept) in said {
                let id = format!("\"type\":\"client\",\"id\":\"{client}\"");
                line = line.replace(&id, &format!("{id},\"same_as\":\"{kept}\""));
            }
            importer.import_line(&line).map_err(|error| error.cause)?;
        }
        importer.finish().unwrap();
        Ok(())
    };
    assert_eq!(read(&[(twin, kept)]), Ok(()));
    let nobody = ClientId::from_bytes([9; 16]);
    for wrong in [&[(twin, twin)][..], &[(twin, nobody)], &[(twin, kept), (kept, twin)]] {
        assert_eq!(read(wrong), Err(Cause::Invalid("same_as")), "{wrong:?}");
    }
}

#[test]
fn a_segment_gives_back_who_is_who() {
    let (mut world, kept, twin, _) = twins();
    let contact = NewContact {
        channel: Channel::Call,
        direction: Direction::In,
        at: None,
        text: "hello".into(),
        labels: BTreeSet::new(),
    };
    world.act(0, Edit::LogContact { client: twin, contact }).unwrap();
    world.act(0, same(twin, kept)).unwrap();
    let desk = &mut world.desks[0];
    let segments: Vec<_> = desk
        .memory
        .contents
        .keys()
        .filter_map(|name| Some((name.clone(), desk.practice.project(name)?)))
        .collect();
    let mut all = Practice::new();
    assert_eq!(all.restore_all(&segments), []);
    assert_eq!(all.index(), desk.index());
    // Contact by contact, in either order.
    for reverse in [false, true] {
        let mut segments = segments.clone();
        if reverse {
            segments.reverse();
        }
        let mut one = Practice::new();
        for (name, segment) in &segments {
            one.restore(name, segment).unwrap();
        }
        assert_eq!(one.index(), desk.index());
    }
}

#[test]
fn an_export_holds_both_and_says_who_is_kept() {
    let (mut world, kept, twin, session) = twins();
    let waiting = Some(Waiting { since: MONDAY, wish: Wish::default() });
    world.act(0, Edit::Wait { client: twin, waiting }).unwrap();
    let third = world.client(0, 3);
    let group = crate::id::ObjectId::from_bytes([0x91; 16]);
    let members = [twin, third].map(|client| (client, Belongs::Now)).into_iter().collect();
    let change = GroupChange { name: None, code: Some("C-01".into()), members };
    world.act(0, Edit::NewGroup { group, kind: GroupKind::Couple, change }).unwrap();
    world.act(0, same(twin, kept)).unwrap();
    let desk = &mut world.desks[0];
    let index = desk.index();
    let mut items = Vec::new();
    for row in index.every_client() {
        items.extend(desk.practice.chart_items(row.id, context!(desk)).unwrap());
    }
    assert_eq!(items.len(), 2, "each note once");
    let written = Stamp { time: MONDAY, zone: ZONE.into() };
    let lines: Vec<String> = export_lines(&index, &written, items).collect();
    assert!(lines.iter().any(|line| line.contains(&format!("\"same_as\":\"{kept}\""))));

    let mut other = World::new(&[1]);
    let mut importer = Importer::new(member(1), BTreeSet::new());
    for line in &lines {
        for step in importer.import_line(line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("no addendum") };
            other.act(0, edit).unwrap();
        }
    }
    assert!(importer.counts().unknown_fields.is_empty());
    importer.finish().unwrap();
    let came = other.desks[0].index();
    assert_eq!(came.merged, index.merged);
    let couple = subject_of(group);
    assert!(came.groups[&couple].members.contains_key(&twin), "a duplicate belongs to it still");
    assert_eq!(came.groups[&couple].members, index.groups[&couple].members);
    assert_eq!(came.appointments[&session].as_written(), [twin]);
    let whose = |index: &Index| index.timelines[&kept].iter().map(|row| row.client).collect();
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (whose(&index), whose(&came));
    assert_eq!(before, after);
    let waits = |client| came.own_row(client).unwrap().waiting.is_some();
    assert!(waits(twin) && !waits(kept));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_said_at_once_all_devices_derive_the_same(
        said in prop::collection::vec((0_usize..3, 1_u8..5, 0_u8..5, any::<bool>()), 1..14),
        order in prop::collection::vec(any::<usize>(), 60),
    ) {
        let mut world = World::new(&[1, 1, 2]);
        for number in 1..5 {
            let client = world.client(0, number);
            world.book(0, number, client);
        }
        world.sync();
        let mut order = order.into_iter();
        for (desk, client, kept, gives) in said {
            let kept = (kept > 0).then(|| ClientId::from_bytes([kept; 16]));
            let edit = Edit::SameAs { client: ClientId::from_bytes([client; 16]), kept };
            let outcome = world.act(desk, edit);
            prop_assert!(matches!(outcome, Ok(_) | Err(Refusal::SameAlready)));
            if gives {
                world.give((desk + 1) % 3, order.next().unwrap_or(0));
            }
        }
        world.sync();
        let index = world.desks[0].index();
        for desk in 0..3 {
            prop_assert_eq!(&world.desks[desk].index(), &index);
            prop_assert_eq!(&world.desks[desk].rebuilt().index(), &index);
        }
        // Everybody is there once: in the list, or under one who is.
        let all: Vec<_> = index.every_client().map(|row| row.id).collect();
        prop_assert_eq!(all.len(), 4);
        for row in index.appointments.values() {
            prop_assert!(row.clients.iter().all(|client| index.clients.contains_key(client)));
        }
    }
}

const GROUP: crate::id::ObjectId = crate::id::ObjectId::from_bytes([0x91; 16]);

/// A group of these, which both desks know.
fn group_of(world: &mut World, kind: GroupKind, clients: &[ClientId]) -> ClientId {
    let members = clients.iter().map(|client| (*client, Belongs::Now)).collect();
    let change = GroupChange { name: None, code: Some("C-01".into()), members };
    world.act(0, Edit::NewGroup { group: GROUP, kind, change }).unwrap();
    world.sync();
    subject_of(GROUP)
}

fn book_with(world: &mut World, number: u8, client: ClientId, hour: i8) -> AppointmentId {
    let id = AppointmentId::from_bytes([number; 16]);
    let new = appointment(id, client, slot(member(1), hour));
    world.act(0, Edit::Book(new)).unwrap();
    id
}

fn charges(world: &World) -> Vec<(ClientId, usize)> {
    let all = world.desks[0].memory.contents.iter();
    let charges = all.filter(|(name, _)| matches!(name, CompartmentName::Billing(_)));
    charges.map(|(name, contents)| (name.client().unwrap(), contents.len())).collect()
}

fn same_everywhere(world: &mut World) {
    world.sync();
    for desk in 0..2 {
        let index = world.desks[desk].index();
        assert!(*world.desks[desk].rebuilt().index() == *index, "desk {desk}");
    }
    assert!(*world.desks[0].index() == *world.desks[1].index());
}

#[test]
fn a_couple_of_which_one_was_entered_twice_is_the_couple_before_between_and_after() {
    // One of both belongs to it, or both do.
    for both in [false, true] {
        for kept_first in [false, true] {
            let (mut world, kept, twin, _) = twins();
            let third = world.client(0, 3);
            let all = if both { vec![kept, twin, third] } else { vec![twin, third] };
            let couple = group_of(&mut world, GroupKind::Couple, &all);
            let merge = if kept_first { same(twin, kept) } else { same(kept, twin) };
            let (shown, under) = if kept_first { (kept, twin) } else { (twin, kept) };
            let before = book_with(&mut world, 40, couple, 12);
            world.act(1, merge).unwrap();
            world.sync();
            let between = book_with(&mut world, 41, couple, 13);
            let note = world.begin(0, 42, couple, Some(between), NoteFormat::Free);
            world.type_text(0, couple, note, "both spoke");
            world.sign(0, couple, note);
            same_everywhere(&mut world);
            let index = world.desks[1].index();
            for id in [before, between] {
                let row = &index.appointments[&id];
                let mut clients = row.clients.clone();
                clients.sort_unstable();
                let mut people = vec![shown, third];
                people.sort_unstable();
                assert_eq!((clients, index.group_of(row)), (people, Some(couple)), "{both}");
            }
            assert!(matches!(index.appointments[&between].note, NoteState::Signed(_)));
            assert_eq!(index.timelines[&couple].len(), 1);
            assert_eq!(index.people(&[couple]).into_iter().collect::<BTreeSet<_>>().len(), 2);
            world.act(0, part(under)).unwrap();
            same_everywhere(&mut world);
            let index = world.desks[1].index();
            for id in [before, between] {
                let row = &index.appointments[&id];
                let clients: BTreeSet<_> = row.clients.iter().copied().collect();
                assert_eq!(clients, all.iter().copied().collect(), "as it was written");
                assert_eq!(index.group_of(row), Some(couple), "{both} {kept_first}");
            }
            assert!(matches!(index.appointments[&between].note, NoteState::Signed(_)));
            assert_eq!(index.groups[&couple].members.len(), all.len());
        }
    }
}

#[test]
fn of_a_therapy_group_with_somebody_entered_twice_each_person_is_charged_once() {
    let (mut world, kept, twin, _) = twins();
    let third = world.client(0, 3);
    let group = group_of(&mut world, GroupKind::Group, &[kept, twin, third]);
    let before = charges(&world);
    world.act(1, same(twin, kept)).unwrap();
    world.sync();
    let session = book_with(&mut world, 40, group, 12);
    let note = world.begin(0, 42, group, Some(session), NoteFormat::Free);
    world.type_text(0, group, note, "all");
    world.sign(0, group, note);
    // What is written about the duplicate is about somebody who was charged.
    signed(&mut world, 43, twin, Some(session));
    let after = charges(&world);
    let of = |all: &[(ClientId, usize)], one| {
        all.iter().find(|(whose, _)| *whose == one).map_or(0, |(_, many)| *many)
    };
    let more = [kept, twin, third].map(|one| of(&after, one) - of(&before, one));
    assert_eq!(more, [1, 0, 1]);
    same_everywhere(&mut world);
    // One note about each is enough, under whichever entry it lies.
    let session = book_with(&mut world, 44, group, 14);
    signed(&mut world, 45, twin, Some(session));
    assert_eq!(world.desks[0].index().appointments[&session].note, NoteState::Missing);
    signed(&mut world, 46, third, Some(session));
    assert!(matches!(world.desks[0].index().appointments[&session].note, NoteState::Signed(_)));
}

#[test]
fn a_hold_on_either_entry_keeps_the_group_of_the_other_as_long_as_they_are_one() {
    let (mut world, kept, twin, _) = twins();
    let third = world.client(0, 3);
    let couple = group_of(&mut world, GroupKind::Couple, &[twin, third]);
    world.act(0, Edit::Hold { client: kept, held: true }).unwrap();
    assert!(!world.desks[0].index().holds.contains(&couple));
    world.act(1, same(twin, kept)).unwrap();
    same_everywhere(&mut world);
    assert!(world.desks[0].index().holds.contains(&couple), "one of them is held");
    assert_eq!(world.act(0, Edit::AskErasure(couple.into())), Err(Refusal::Held));
    world.act(0, part(twin)).unwrap();
    same_everywhere(&mut world);
    assert!(!world.desks[0].index().holds.contains(&couple));
    world.act(0, Edit::AskErasure(couple.into())).unwrap();
    world.act(0, Edit::WithdrawErasure(couple.into())).unwrap();
    // Who is held comes to belong to it: it is held from then on.
    let members = BTreeMap::from([(kept, Belongs::Now)]);
    let change = GroupChange { members, ..GroupChange::default() };
    world.act(0, Edit::ChangeGroup { group: couple, change }).unwrap();
    same_everywhere(&mut world);
    assert!(world.desks[1].index().holds.contains(&couple));
}

#[test]
fn a_member_entered_twice_may_die_be_archived_or_erased_and_the_couple_stays_what_it_was() {
    let (mut world, kept, twin, _) = twins();
    let third = world.client(0, 3);
    let couple = group_of(&mut world, GroupKind::Couple, &[twin, third]);
    world.act(0, same(twin, kept)).unwrap();
    world.sync();
    let before = book_with(&mut world, 40, couple, 12);
    let note = world.begin(0, 42, couple, Some(before), NoteFormat::Free);
    world.type_text(0, couple, note, "both spoke");
    world.sign(0, couple, note);
    let died = Some(jiff::civil::date(2026, 11, 20));
    world.act(1, Edit::NoteDeath { client: kept, died }).unwrap();
    world.act(1, Edit::Archive { client: kept, archived: true }).unwrap();
    same_everywhere(&mut world);
    assert_eq!(world.act(0, Edit::AskErasure(twin.into())), Err(Refusal::SamePerson));
    world.act(0, part(twin)).unwrap();
    world.act(0, Edit::AskErasure(twin.into())).unwrap();
    same_everywhere(&mut world);
    let index = world.desks[1].index();
    let row = &index.appointments[&before];
    assert_eq!((index.group_of(row), index.timelines[&couple].len()), (Some(couple), 1));
    assert!(matches!(row.note, NoteState::Signed(_)));
    // Whoever is out of sight is booked no more; the other one still is.
    let alone = book_with(&mut world, 43, couple, 14);
    assert_eq!(world.desks[0].index().appointments[&alone].clients, [third]);
    world.act(0, Edit::WithdrawErasure(twin.into())).unwrap();
    let again = book_with(&mut world, 44, couple, 15);
    let clients = world.desks[0].index().appointments[&again].clients.clone();
    assert_eq!(clients.into_iter().collect::<BTreeSet<_>>(), [twin, third].into());
    same_everywhere(&mut world);
}

/// While two are taken for one, a charge may lie with either; parted, they are two, and the session
/// was charged.
#[test]
fn a_session_that_was_charged_while_two_were_one_is_not_charged_again_once_they_are_parted() {
    for kept_first in [false, true] {
        let (mut world, kept, twin, session) = twins();
        let merge = if kept_first { same(twin, kept) } else { same(kept, twin) };
        world.act(0, merge).unwrap();
        let before: usize = charges(&world).iter().map(|(_, many)| many).sum();
        // The calendar says that the duplicate came.
        signed(&mut world, 50, kept, Some(session));
        let between = charges(&world);
        world.act(0, part(if kept_first { twin } else { kept })).unwrap();
        signed(&mut world, 51, twin, Some(session));
        assert_eq!(charges(&world), between, "{kept_first}");
        assert_eq!(between.iter().map(|(_, many)| many).sum::<usize>(), before + 1);
        same_everywhere(&mut world);
    }
}

#[test]
fn a_draft_that_is_signed_once_both_are_parted_is_charged_once_and_to_who_came() {
    let (mut world, kept, twin, session) = twins();
    world.act(0, same(twin, kept)).unwrap();
    let draft = world.begin(0, 50, kept, Some(session), NoteFormat::Free);
    world.type_text(0, kept, draft, "begun while they were one");
    world.act(0, part(twin)).unwrap();
    world.sign(0, kept, draft);
    assert_eq!(charges(&world), [(twin, 1)]);
    signed(&mut world, 51, twin, Some(session));
    assert_eq!(charges(&world), [(twin, 1)]);
}
