//! Couples, families and groups: what their members share, what stays with each, and who sees what.

use super::world::{World, appointment, context, insert, member, slot};
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId, SeriesId};
use crate::practice::change::{Change, Content};
use crate::practice::chart::tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::document::Scalar;
use crate::practice::edit::{
    AppointmentKind, ContactChange, Edit, NewAppointment, NewSeries, NoteFormat, Part, Stamp,
    Subject, WhoChange,
};
use crate::practice::erasure::last_service;
use crate::practice::group::{Belongs, GroupChange, GroupKind, is_subject, subject_of};
use crate::practice::interchange::{ImportStep, Importer, export_lines};
use crate::practice::record::{RecordKind, Tags};
use crate::practice::schedule::free::clashes;
use crate::practice::view::{NoteState, TimelineEntry, View};
use crate::practice::{Practice, Refusal, document_of};
use std::collections::BTreeMap;

const COUPLE: ObjectId = ObjectId::from_bytes([50; 16]);

fn members(clients: &[(ClientId, Belongs)]) -> BTreeMap<ClientId, Belongs> {
    clients.iter().copied().collect()
}

fn named(code: &str, clients: &[ClientId]) -> GroupChange {
    let belongs: Vec<_> = clients.iter().map(|client| (*client, Belongs::Now)).collect();
    let code = Some(code.to_owned());
    GroupChange { name: Some("The Samples".into()), code, members: members(&belongs) }
}

/// Two devices, two clients who are a couple, and the couple.
fn world() -> (World, ClientId, ClientId, ClientId) {
    let mut world = World::new(&[1, 1]);
    let (one, two) = (world.client(0, 1), world.client(0, 2));
    let change = named("S/S-01", &[one, two]);
    world.act(0, Edit::NewGroup { group: COUPLE, kind: GroupKind::Couple, change }).unwrap();
    world.sync();
    (world, one, two, subject_of(COUPLE))
}

fn with(clients: Vec<ClientId>, id: u8, hour: i8) -> NewAppointment {
    let id = AppointmentId::from_bytes([id; 16]);
    NewAppointment {
        clients,
        ..appointment(id, ClientId::from_bytes([1; 16]), slot(member(1), hour))
    }
}

#[test]
fn an_appointment_with_a_couple_names_who_comes_and_is_the_couples_for_who_has_its_key() {
    let (mut world, one, two, couple) = world();
    world.act(0, Edit::Book(with(vec![couple], 9, 9))).unwrap();
    world.sync();

    let index = world.desks[1].index();
    let row = &index.appointments[&AppointmentId::from_bytes([9; 16])];
    assert_eq!(
        (row.clients.as_slice(), row.kind),
        ([one, two].as_slice(), AppointmentKind::Couple)
    );
    assert_eq!(index.group_of(row), Some(couple));
    assert_eq!(index.clients[&couple].code, "S/S-01");

    // A front desk has the calendar and the contacts.
    let mut desk = Practice::new();
    let segments = world.desks[1]
        .memory
        .contents
        .keys()
        .filter(|name| !matches!(name, CompartmentName::Group(_) | CompartmentName::Chart(_)));
    let practice = &world.desks[1].practice;
    let segments: Vec<_> =
        segments.filter_map(|name| Some((name.clone(), practice.project(name)?))).collect();
    assert!(desk.restore_all(&segments).is_empty());
    let index = desk.index();
    let row = &index.appointments[&AppointmentId::from_bytes([9; 16])];
    assert_eq!(row.clients, [one, two]);
    assert_eq!((index.group_of(row), index.groups.len()), (None, 0));
}

#[test]
fn a_series_of_a_couple_is_theirs_and_two_members_by_themselves_are_not_the_couple() {
    let (mut world, one, two, couple) = world();
    let series = SeriesId::from_bytes([8; 16]);
    let rule = "FREQ=WEEKLY;COUNT=3".parse().unwrap();
    let first = with(vec![couple], 10, 10);
    world.act(0, Edit::BookSeries(Box::new(NewSeries { series, first, rule }))).unwrap();
    let alone = with(vec![one], 11, 14);
    world.act(0, Edit::Book(alone)).unwrap();
    world.sync();

    let index = world.desks[1].index();
    assert_eq!(index.series[&series].clients, [one, two]);
    let groups: Vec<_> = index.appointments.values().map(|row| index.group_of(row)).collect();
    assert_eq!(groups.iter().filter(|group| **group == Some(couple)).count(), 3);
    assert_eq!(groups.iter().filter(|group| group.is_none()).count(), 1);
}

#[test]
fn what_is_shared_lies_with_the_couple_and_nothing_of_a_member_names_the_other() {
    let (mut world, one, two, couple) = world();
    let session = AppointmentId::from_bytes([9; 16]);
    world.act(0, Edit::Book(with(vec![couple], 9, 9))).unwrap();
    let shared = world.begin(0, 20, couple, Some(session), NoteFormat::Free);
    world.type_text(0, couple, shared, "both spoke of the move");
    world.sign(0, couple, shared);
    let private = world.begin(0, 21, one, Some(session), NoteFormat::Free);
    world.type_text(0, one, private, "spoke of it alone");
    world.sign(0, one, private);
    world.sync();

    let desk = &mut world.desks[1];
    let index = desk.index();
    let row = &index.appointments[&session];
    assert!(matches!(row.note, NoteState::Signed(_)));
    let notes = |client| index.timelines.get(&client).map_or(0, |rows| rows.len());
    assert_eq!((notes(couple), notes(one), notes(two)), (1, 1, 0));
    let TimelineEntry::Note { record, .. } = index.timelines[&couple][0].entry else {
        panic!("a note")
    };
    assert_eq!(desk.note(couple, record).parts[0].1, "both spoke of the move");
    assert_eq!(desk.open(Subject::Note(one, record)).unwrap_err(), Refusal::UnknownNote);
    let Ok(View::Chart(chart)) = desk.open(Subject::Chart(couple)) else { panic!("a chart") };
    assert_eq!(chart.client.code, "S/S-01");

    // The chart of one says neither who the other is, nor which couple it is.
    for (client, other) in [(one, two), (two, one)] {
        let theirs = desk.memory.contents.iter();
        let theirs = theirs.filter(|(name, _)| name.client() == Some(client));
        let foreign: [&[u8]; 5] = [
            other.as_bytes(),
            COUPLE.as_bytes(),
            couple.as_bytes(),
            index.clients[&other].name.as_bytes(),
            b"S/S-01",
        ];
        let mut read = 0;
        for content in theirs.flat_map(|(_, contents)| contents) {
            let bytes = match content {
                Content::Delta { bytes, .. } | Content::Record { bytes, .. } => bytes,
                Content::Draft { .. } | Content::Close { .. } => continue,
            };
            read += 1;
            for word in foreign {
                assert!(!bytes.windows(word.len()).any(|window| window == word));
            }
        }
        assert!(read > 0);
    }
    let rebuilt = desk.rebuilt();
    assert_eq!(*rebuilt.index(), *desk.index());
}

#[test]
fn two_devices_that_take_different_people_in_have_both_and_nobody_falls_out_of_sight() {
    let (mut world, one, _, couple) = world();
    let (three, four) = (world.client(0, 3), world.client(0, 4));
    world.sync();
    let change = |clients: &[(ClientId, Belongs)]| Edit::ChangeGroup {
        group: couple,
        change: GroupChange { members: members(clients), ..GroupChange::default() },
    };
    world.act(0, change(&[(one, Belongs::Before)])).unwrap();
    world.sync();
    world.act(0, change(&[(three, Belongs::Now), (one, Belongs::Never)])).unwrap();
    world.act(1, change(&[(four, Belongs::Now), (one, Belongs::Now)])).unwrap();
    world.sync();

    for desk in &world.desks {
        let group = &desk.index().groups[&couple];
        assert_eq!(group.present().count(), 4, "{:?}", group.members);
    }
    world.act(0, change(&[(one, Belongs::Before)])).unwrap();
    world.sync();
    let group = std::sync::Arc::clone(&world.desks[1].index().groups[&couple]);
    assert!(!group.members[&one]);
    assert_eq!(group.present().count(), 3);
}

#[test]
fn who_has_left_keeps_the_past_and_is_not_booked_again() {
    let (mut world, one, two, couple) = world();
    world.act(0, Edit::Book(with(vec![couple], 9, 9))).unwrap();
    let left =
        GroupChange { members: members(&[(two, Belongs::Before)]), ..GroupChange::default() };
    world.act(0, Edit::ChangeGroup { group: couple, change: left }).unwrap();
    world.act(0, Edit::Book(with(vec![couple], 10, 15))).unwrap();

    let index = world.desks[0].index();
    let row = |id: u8| &index.appointments[&AppointmentId::from_bytes([id; 16])];
    assert_eq!((index.group_of(row(9)), row(9).clients.len()), (Some(couple), 2));
    assert_eq!(
        (index.group_of(row(10)), row(10).clients.as_slice()),
        (Some(couple), [one].as_slice())
    );

    let left =
        GroupChange { members: members(&[(one, Belongs::Before)]), ..GroupChange::default() };
    world.act(0, Edit::ChangeGroup { group: couple, change: left }).unwrap();
    let refused = world.act(0, Edit::Book(with(vec![couple], 11, 16)));
    assert_eq!(refused.unwrap_err(), Refusal::EmptyGroup);
}

#[test]
fn what_is_said_of_one_person_is_not_said_of_a_couple() {
    let (mut world, _, _, client) = world();
    let contact = ContactChange { phone: Some("0000 1".into()), ..ContactChange::default() };
    let form = crate::practice::measure::named("phq-9").unwrap();
    let answers = crate::practice::measure::choices(&[1; 10]);
    let measure = Edit::answered(client, None, form, answers);
    for edit in [
        Edit::ChangeContact { client, contact },
        Edit::NoteDeath { client, died: None },
        Edit::SignPlan { client },
        Edit::Wait { client, waiting: None },
        measure,
    ] {
        assert_eq!(world.act(0, edit).unwrap_err(), Refusal::OfGroup);
    }
    let unknown = GroupChange {
        members: members(&[(ClientId::from_bytes([99; 16]), Belongs::Now)]),
        ..GroupChange::default()
    };
    let refused = world.act(0, Edit::ChangeGroup { group: client, change: unknown });
    assert_eq!(refused.unwrap_err(), Refusal::UnknownClient);
}

#[test]
fn words_that_came_too_late_for_a_couples_note_become_an_addendum_draft() {
    let (mut world, _, _, couple) = world();
    let note = world.begin(0, 20, couple, None, NoteFormat::Free);
    world.type_text(0, couple, note, "signed");
    world.sync();
    world.type_text(1, couple, note, "late ");
    world.sign(0, couple, note);
    world.sync();

    let index = world.desks[0].index();
    let [draft] = index.drafts.as_slice() else { panic!("one draft: {:?}", index.drafts) };
    assert_eq!(draft.client, couple);
    assert!(draft.addendum_to.is_some());
    assert_eq!(*world.desks[1].index(), *index);
}

#[test]
fn no_client_and_no_group_can_take_the_others_place() {
    let (mut world, one, _, couple) = world();
    assert!(is_subject(couple) && !is_subject(one));
    for name in [CompartmentName::Contact(couple), CompartmentName::Chart(couple)] {
        assert!(CompartmentName::decode(&name.encode()).is_err(), "it is nobody's compartment");
    }
    let contact = ContactChange { name: Some("A stranger".into()), ..ContactChange::default() };
    let new = Edit::NewClient { client: couple, contact };
    assert_eq!(world.act(1, new).unwrap_err(), Refusal::ClientExists);

    // A group that is called by a client's id is another one.
    let group = ObjectId::from_bytes(*one.as_bytes());
    let change = named("X-01", &[]);
    world.act(1, Edit::NewGroup { group, kind: GroupKind::Group, change }).unwrap();
    world.sync();
    let note = world.begin(0, 30, one, None, NoteFormat::Free);
    world.type_text(0, one, note, "said");
    world.sign(0, one, note);
    let memory = &world.desks[0].memory.contents;
    let records = |name: &CompartmentName| {
        let contents = memory.get(name).map(Vec::as_slice).unwrap_or_default();
        contents.iter().filter(|content| matches!(content, Content::Record { .. })).count()
    };
    assert_eq!(records(&CompartmentName::Chart(one)), 1);
    assert_eq!(records(&CompartmentName::Group(group)), 0);
    assert_eq!(world.desks[0].index().clients[&one].code, "SC-001");
}

#[test]
fn a_kind_that_only_a_newer_version_knows_leaves_the_group_where_it_is() {
    let (mut world, _, _, couple) = world();
    let name = CompartmentName::Group(COUPLE);
    let desk = &mut world.desks[1];
    let change = desk.practice.change(&name, document_of(&name), context!(desk), |document| {
        document.put(None, "group_kind", Scalar::Number(9));
    });
    world.send(1, vec![change.unwrap().unwrap()]);
    world.sync();
    let index = world.desks[0].index();
    assert_eq!(index.groups[&couple].kind, GroupKind::Group);
    assert_eq!(index.groups[&couple].members.len(), 2);
    let note = world.begin(0, 20, couple, None, NoteFormat::Free);
    world.type_text(0, couple, note, "said");
}

#[test]
fn of_two_groups_of_the_same_people_the_one_that_was_written_about_is_meant_then_the_living() {
    let (mut world, one, two, couple) = world();
    let second = ObjectId::from_bytes([51; 16]);
    let change = named("S/S-02", &[one, two]);
    world.desks[0].now = world.desks[0].now.plus_millis(1000);
    world.act(0, Edit::NewGroup { group: second, kind: GroupKind::Couple, change }).unwrap();
    world.act(0, Edit::Book(with(vec![couple], 9, 9))).unwrap();
    world.act(0, Edit::Book(with(vec![couple], 10, 15))).unwrap();
    let group = |world: &World, id: u8| {
        world.desks[0].index().appointments[&AppointmentId::from_bytes([id; 16])].group
    };
    assert_eq!((group(&world, 9), group(&world, 10)), (Some(couple), Some(couple)));

    let session = Some(AppointmentId::from_bytes([9; 16]));
    let note = world.begin(0, 20, couple, session, NoteFormat::Free);
    world.type_text(0, couple, note, "said");
    world.sign(0, couple, note);
    world.act(0, Edit::Archive { client: couple, archived: true }).unwrap();
    let living = Some(subject_of(second));
    assert_eq!((group(&world, 9), group(&world, 10)), (Some(couple), living));
    let rebuilt = world.desks[0].rebuilt();
    assert_eq!(*rebuilt.index(), *world.desks[0].index());
}

#[test]
fn who_comes_is_not_changed_so_that_the_couples_note_would_be_nobodys() {
    let (mut world, one, two, couple) = world();
    let stranger = world.client(0, 3);
    let session = AppointmentId::from_bytes([9; 16]);
    world.act(0, Edit::Book(with(vec![couple], 9, 9))).unwrap();
    world.begin(0, 20, couple, Some(session), NoteFormat::Free);
    let change = |who| Edit::ChangeWho { appointment: session, who };
    let joins = WhoChange { joins: vec![stranger], ..WhoChange::default() };
    assert_eq!(world.act(0, change(joins)), Err(Refusal::Noted));
    let kind = Some(AppointmentKind::Individual);
    let leaves = WhoChange { leaves: vec![two], kind, ..WhoChange::default() };
    assert_eq!(world.act(0, change(leaves)), Err(Refusal::Noted));
    // Without one of them it is still the couple's, who was there or not.
    let leaves = WhoChange { leaves: vec![two], ..WhoChange::default() };
    world.act(0, change(leaves)).unwrap();
    let index = world.desks[0].index();
    let row = &index.appointments[&session];
    assert_eq!((row.clients.as_slice(), index.group_of(row)), ([one].as_slice(), Some(couple)));
}

#[test]
fn a_note_about_one_of_a_couple_is_not_the_couples() {
    let (mut world, one, _, couple) = world();
    let id = AppointmentId::from_bytes([9; 16]);
    world.act(0, Edit::Book(with(vec![couple], 9, 9))).unwrap();
    let state = |world: &World| world.desks[0].index().appointments[&id].note;
    let private = world.begin(0, 21, one, Some(id), NoteFormat::Free);
    world.type_text(0, one, private, "alone");
    world.sign(0, one, private);
    assert_eq!(state(&world), NoteState::Missing);
    let shared = world.begin(0, 22, couple, Some(id), NoteFormat::Free);
    assert_eq!(state(&world), NoteState::Draft(shared));
    world.type_text(0, couple, shared, "both");
    world.sign(0, couple, shared);
    assert!(matches!(state(&world), NoteState::Signed(_)));
    // One session of a couple is one charge, whoever it was written about.
    let billed = |world: &World| {
        let billing = world.desks[0].memory.contents.iter();
        billing.filter(|(name, _)| matches!(name, CompartmentName::Billing(_))).count()
    };
    assert_eq!(billed(&world), 1);
}

#[test]
fn of_a_therapy_group_each_who_came_is_charged_once_and_one_note_about_each_is_enough() {
    let mut world = World::new(&[1]);
    let (one, two) = (world.client(0, 1), world.client(0, 2));
    let group = ObjectId::from_bytes([60; 16]);
    let change = named("G-01", &[one, two]);
    world.act(0, Edit::NewGroup { group, kind: GroupKind::Group, change }).unwrap();
    let subject = subject_of(group);
    let id = AppointmentId::from_bytes([9; 16]);
    world.act(0, Edit::Book(with(vec![subject], 9, 9))).unwrap();
    let state = |world: &World| world.desks[0].index().appointments[&id].note;
    for (number, client) in [(21, one), (22, two)] {
        assert_eq!(state(&world), NoteState::Missing);
        let note = world.begin(0, number, client, Some(id), NoteFormat::Free);
        world.type_text(0, client, note, "own");
        world.sign(0, client, note);
    }
    assert!(matches!(state(&world), NoteState::Signed(_)));
    let shared = world.begin(0, 23, subject, Some(id), NoteFormat::Free);
    world.type_text(0, subject, shared, "all");
    world.sign(0, subject, shared);
    let charges = world.desks[0].memory.contents.iter();
    let charges = charges.filter(|(name, _)| matches!(name, CompartmentName::Billing(_)));
    let counts: Vec<_> = charges.map(|(name, contents)| (name.client(), contents.len())).collect();
    assert_eq!(counts, [(Some(one), 1), (Some(two), 1)]);
}

#[test]
fn a_hold_on_one_keeps_what_they_share_and_their_last_session_counts_for_it() {
    let (mut world, one, _, couple) = world();
    world.act(0, Edit::Book(with(vec![couple], 9, 9))).unwrap();
    let index = world.desks[0].index();
    let later = index.appointments.values().next().unwrap().starts.plus_millis(1);
    let last = last_service(&index, couple, later);
    assert_eq!(last, Some(jiff::civil::date(2026, 11, 23)));
    let left =
        GroupChange { members: members(&[(one, Belongs::Before)]), ..GroupChange::default() };
    world.act(0, Edit::ChangeGroup { group: couple, change: left }).unwrap();
    world.act(0, Edit::Hold { client: one, held: true }).unwrap();
    let asked = world.act(0, Edit::AskErasure(couple.into()));
    assert_eq!(asked.unwrap_err(), Refusal::Held);
    // What devices look at when they carry an order out, whichever of both came first.
    assert!(world.desks[0].index().holds.contains(&couple));
    world.sync();
    assert_eq!(world.desks[1].index().holds, world.desks[0].index().holds);
    world.act(1, Edit::Hold { client: one, held: false }).unwrap();
    assert!(world.desks[1].index().holds.is_empty());
    let rebuilt = world.desks[1].rebuilt();
    assert_eq!(*rebuilt.index(), *world.desks[1].index());
}

#[test]
fn what_two_devices_have_made_too_much_can_be_made_less() {
    let (mut world, _, _, couple) = world();
    let clients: Vec<ClientId> = (10..100).map(|number| world.client(0, number)).collect();
    world.sync();
    for (desk, range) in [(0, 0..50), (1, 50..90)] {
        let joining = clients[range].iter().map(|client| (*client, Belongs::Now)).collect();
        let change = GroupChange { members: joining, ..GroupChange::default() };
        world.act(desk, Edit::ChangeGroup { group: couple, change }).unwrap();
    }
    world.sync();
    assert_eq!(world.desks[0].index().groups[&couple].present().count(), 92);
    let change = |client, belongs| Edit::ChangeGroup {
        group: couple,
        change: GroupChange { members: members(&[(client, belongs)]), ..GroupChange::default() },
    };
    world.act(0, change(clients[0], Belongs::Before)).unwrap();
    let again = world.act(0, change(clients[0], Belongs::Now));
    assert_eq!(again.unwrap_err(), Refusal::TooManyClients);
}

#[test]
fn erasing_a_couples_record_takes_nobody_elses_along() {
    let (mut world, one, two, couple) = world();
    let note = world.begin(0, 20, couple, None, NoteFormat::Free);
    world.type_text(0, couple, note, "said");
    world.sign(0, couple, note);
    world.act(0, Edit::AskErasure(couple.into())).unwrap();
    world.sync();

    let index = world.desks[1].index();
    assert!(!index.clients.contains_key(&couple) && index.groups.is_empty());
    assert!(index.clients.contains_key(&one) && index.clients.contains_key(&two));
    assert_eq!(world.desks[1].open(Subject::Chart(couple)).unwrap_err(), Refusal::ToBeErased);
    assert_eq!(index.erasures[&couple.into()].code, "S/S-01");

    world.act(0, Edit::WithdrawErasure(couple.into())).unwrap();
    world.sync();
    let index = world.desks[1].index();
    assert_eq!((index.groups.len(), index.timelines[&couple].len()), (1, 1));
}

#[test]
fn the_document_of_a_group_is_no_draft_that_anybody_could_sign() {
    let (mut world, _, _, couple) = world();
    let name = CompartmentName::Group(COUPLE);
    let object = document_of(&name);
    let sign = Edit::Sign { note: object, client: couple, late_reason: None };
    assert_eq!(world.act(1, sign).unwrap_err(), Refusal::NotADraft);
    let splices = vec![insert(Part::Text, 0, "x")];
    let typed = Edit::ChangeDraft { note: object, client: couple, splices };
    assert_eq!(world.act(1, typed).unwrap_err(), Refusal::NotADraft);
    // A hostile device calls it a draft.
    let change = Change {
        compartment: name,
        content: Content::Delta { document: object, draft: true, bytes: vec![1, 2, 3] },
    };
    let author = world.desks[0].quill.author;
    assert!(world.desks[1].merge(&change, author).unwrap().unread);
}

#[test]
fn a_couple_goes_out_and_comes_in_with_its_notes_and_those_who_left() {
    let (mut world, one, two, couple) = world();
    let three = world.client(0, 3);
    let change = members(&[(three, Belongs::Before)]);
    let change = GroupChange { members: change, ..GroupChange::default() };
    world.act(0, Edit::ChangeGroup { group: couple, change }).unwrap();
    let session = AppointmentId::from_bytes([9; 16]);
    world.act(0, Edit::Book(with(vec![couple], 9, 9))).unwrap();
    let note = world.begin(0, 20, couple, Some(session), NoteFormat::Free);
    world.type_text(0, couple, note, "both spoke");
    world.sign(0, couple, note);
    let draft = world.begin(0, 21, couple, None, NoteFormat::Free);
    world.type_text(0, couple, draft, "begun");
    world.act(0, Edit::Archive { client: couple, archived: true }).unwrap();

    let desk = &mut world.desks[0];
    let index = desk.index();
    let mut items = Vec::new();
    for client in index.clients.keys() {
        items.extend(desk.practice.chart_items(*client, context!(desk)).unwrap());
    }
    let written = Stamp { time: desk.now, zone: index.zone.clone() };
    let lines: Vec<String> = export_lines(&index, &written, items).collect();

    let mut other = World::new(&[1]);
    let mut importer = Importer::new(member(1), std::collections::BTreeSet::new());
    for line in &lines {
        for step in importer.import_line(line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("an edit") };
            other.act(0, edit).unwrap();
        }
    }
    let counts = importer.finish().unwrap();
    assert_eq!(counts.read.get("group"), Some(&1));
    let after = other.desks[0].index();
    assert_eq!(after.groups[&couple].members, index.groups[&couple].members);
    assert_eq!(after.groups[&couple].code, "S/S-01");
    assert!(after.clients[&couple].archived);
    assert_eq!(after.group_of(&after.appointments[&session]), Some(couple));
    assert_eq!((after.timelines[&couple].len(), after.drafts.len()), (1, 1));
    assert_eq!(after.appointments[&session].clients, [one, two]);
}

#[test]
fn who_is_booked_elsewhere_is_seen_where_the_couple_would_be_booked() {
    let (mut world, one, _, couple) = world();
    world.act(0, Edit::Book(with(vec![one], 9, 9))).unwrap();
    let index = world.desks[0].index();
    let elsewhere = slot(member(2), 9);
    let found = clashes(&index, (&elsewhere, &[couple]), None);
    assert_eq!(found.iter().map(|row| row.clients.as_slice()).collect::<Vec<_>>(), [[one]]);
    assert!(clashes(&index, (&slot(member(2), 11), &[couple]), None).is_empty());
}

#[test]
fn a_consent_that_lies_in_the_record_of_a_group_is_unknown_and_stops_no_export() {
    let (mut world, _, _, couple) = world();
    let mut body = Tags::new();
    body.set(tag::CONSENT_KIND, [0, 2]).set(tag::CONSENT_GIVEN, "2026-11-01");
    let desk = &mut world.desks[0];
    let id = RecordId::from_bytes([90; 16]);
    let (name, kind) = (CompartmentName::Group(COUPLE), (RecordKind::Consent, Vec::new()));
    let change = desk.practice.write_record_as(id, &name, kind, body, context!(desk));
    desk.memory.store(&change);
    world.send(0, vec![change]);
    world.sync();
    let desk = &mut world.desks[1];
    let index = desk.index();
    assert!(!index.consents.contains_key(&couple));
    let entries: Vec<_> = index.timelines[&couple].iter().map(|row| row.entry.clone()).collect();
    assert_eq!(entries, [TimelineEntry::Unknown { record: id }]);
    desk.practice.chart_items(couple, context!(desk)).unwrap();
}
