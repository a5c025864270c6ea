//! Search: what it finds, what it never finds, and what the trail says of it.

use super::world::*;
use crate::id::{AppointmentId, ClientId, ObjectId, PlanItemId, RecordId, TaskId};
use crate::practice::attachment::{Metadata, NewAttachment};
use crate::practice::change::{Change, Content};
use crate::practice::compartment::CompartmentName;
use crate::practice::consent::{ConsentHow, ConsentKind, NewConsent};
use crate::practice::edit::{Channel, Direction, Edit, NoteFormat, Part, Purpose, Subject};
use crate::practice::journal::Came;
use crate::practice::plan::{PlanChange, PlanKind};
use crate::practice::reach::Reach;
use crate::practice::record::{RecordKind, Tags};
use crate::practice::search::{Found, Hit, Line, Match, Place, Shown, Sitting};
use crate::practice::view::{JournalHead, TimelineEntry, View};
use crate::practice::{AuditEntry, AuditKind, NewContact, Practice};
use jiff::civil::date;
use std::collections::BTreeSet;

fn find(world: &mut World, desk: usize, words: &str) -> (Found, Shown) {
    let desk = &mut world.desks[desk];
    desk.practice.find(words, Purpose::Query, context!(desk))
}

fn hits(world: &mut World, desk: usize, words: &str) -> Vec<(Hit, Option<Line>)> {
    let (found, shown) = find(world, desk, words);
    let both = found.matches.into_iter().zip(shown.lines);
    both.filter_map(|(found, line)| match found {
        Match::Text(hit) => Some((hit, line)),
        Match::Client(_) => None,
    })
    .collect()
}

fn kinds(world: &mut World, desk: usize, words: &str) -> Vec<&'static str> {
    hits(world, desk, words).iter().map(|(hit, _)| hit.place.word()).collect()
}

fn signed(world: &mut World, number: u8, client: ClientId, text: &str) -> RecordId {
    let known: BTreeSet<_> = world.desks[0].memory.records.keys().copied().collect();
    let note = world.begin(0, number, client, None, NoteFormat::Free);
    world.type_text(0, client, note, text);
    world.sign(0, client, note);
    let index = world.desks[0].index();
    let mut notes = index.timelines[&client].iter().filter_map(|row| match row.entry {
        TimelineEntry::Note { record, .. } => Some(record),
        _ => None,
    });
    notes.rfind(|record| !known.contains(record)).unwrap()
}

fn contact(text: &str) -> NewContact {
    let (channel, direction) = (Channel::Call, Direction::In);
    NewContact { channel, direction, at: None, text: text.into(), labels: BTreeSet::new() }
}

/// One of each kind, each with a word of its own.
fn furnished() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let note = signed(&mut world, 10, client, "It was a kingfisher.");
    let draft = world.begin(0, 11, client, None, NoteFormat::Soap);
    let splices = vec![insert(Part::Plan, 0, "the heron")];
    world.act(0, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    let line = PlanChange {
        kind: Some(PlanKind::Goal),
        text: Some("see a stork".into()),
        ..PlanChange::default()
    };
    let consent = NewConsent {
        said: "only with the plover".into(),
        ..NewConsent::new(ConsentKind::Telehealth, date(2026, 11, 1), ConsentHow::InSession)
    };
    let said = JournalHead { date: date(2026, 11, 20), came: Came::Imported, shared: false };
    let file = NewAttachment {
        title: "Letter about a curlew".into(),
        bytes: b"text".to_vec().into(),
        metadata: Metadata::Strip,
        labels: BTreeSet::new(),
    };
    let form = crate::practice::measure::named("phq-9").unwrap();
    let answers = crate::practice::measure::choices(&[1; 10]);
    let session = AppointmentId::from_bytes([60; 16]);
    let mut booked = appointment(session, client, slot(member(1), 15));
    booked.memo = Some("bring the osprey".into());
    for edit in [
        Edit::Amend { note, client, text: "Or a bittern.".into() },
        Edit::ChangePlan { client, item: PlanItemId::from_bytes([33; 16]), change: line },
        Edit::RecordConsent {
            client,
            record: RecordId::from_bytes([34; 16]),
            consent: Box::new(consent),
        },
        Edit::EnterJournal { client, said, text: "Saw a grebe.".into(), labels: BTreeSet::new() },
        Edit::Attach { client, file: Box::new(file) },
        Edit::answered(client, None, form, answers),
        Edit::LogContact { client, contact: contact("asks about the lapwing") },
        Edit::AddTask {
            client,
            task: TaskId::from_bytes([5; 16]),
            text: "count dunlins".into(),
            due: None,
            since: None,
        },
        Edit::Book(booked),
    ] {
        world.act(0, edit).unwrap();
    }
    world.sync();
    (world, client)
}

const EACH: [(&str, &str); 11] = [
    ("kingfisher", "note"),
    ("bittern", "addendum"),
    ("heron", "draft"),
    ("stork", "plan"),
    ("plover", "consent"),
    ("grebe", "journal"),
    ("curlew", "attachment"),
    ("phq", "measure"),
    ("lapwing", "contact"),
    ("dunlin", "task"),
    ("osprey", "appointment"),
];

#[test]
fn whatever_may_be_read_is_found_with_its_line_here_and_elsewhere() {
    let (mut world, client) = furnished();
    for desk in 0..2 {
        for (word, kind) in EACH {
            let found = hits(&mut world, desk, word);
            let [(hit, Some(line))] = found.as_slice() else { panic!("{word}: {found:?}") };
            assert_eq!((hit.place.word(), hit.client), (kind, Some(client)));
            assert!(hit.count >= 1);
            let marked = line.text[line.marks[0].clone()].to_lowercase();
            assert!(marked.starts_with(word), "{marked}");
        }
        assert!(hits(&mut world, desk, "cormorant").is_empty());
    }
    let (found, shown) = find(&mut world, 0, "SC-001");
    assert_eq!(found.matches[0], Match::Client(client));
    assert_eq!((found.waiting, found.partly, shown.lines[0].clone()), (0, 0, None));
}

#[test]
fn psychotherapy_notes_are_never_found() {
    let (mut world, client) = furnished();
    let desk = &mut world.desks[0];
    let name = CompartmentName::Psychotherapy { client, author: member(1) };
    let (note, mut body) = (RecordKind::Note, Tags::new());
    body.set(crate::practice::chart::tag::FORMAT, [1]);
    body.set(crate::practice::chart::tag::TEXT, b"the kingfisher again".to_vec());
    let (_, change) = desk.practice.write_record(&name, note, Vec::new(), body, context!(desk));
    desk.memory.store(&change);
    desk.practice.publish(&name);
    world.send(0, vec![change]);
    world.sync();
    for desk in 0..2 {
        let found = hits(&mut world, desk, "kingfisher");
        assert_eq!(found.len(), 1);
        assert!(hits(&mut world, desk, "again").is_empty());
    }
    let mut again = world.desks[0].rebuilt();
    let desk = &mut world.desks[0];
    let (found, _) = again.find("again", Purpose::Query, context!(desk));
    assert!(found.matches.is_empty());
}

#[test]
fn what_is_written_signed_struck_or_changed_later_is_found_as_it_is_then() {
    let (mut world, client) = furnished();
    assert_eq!(kinds(&mut world, 0, "heron"), ["draft"]);
    let draft = ObjectId::from_bytes([11; 16]);
    let splices = vec![insert(Part::Plan, 0, "a swift and ")];
    world.act(0, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    assert_eq!(kinds(&mut world, 0, "swift heron"), ["draft"]);
    world.sign(0, client, draft);
    assert_eq!(kinds(&mut world, 0, "swift heron"), ["note"]);
    world.sync();
    assert_eq!(kinds(&mut world, 1, "swift heron"), ["note"]);
    let [(hit, _)] = hits(&mut world, 0, "lapwing")[..] else { panic!("one") };
    let Place::Contact(record) = hit.place else { panic!("{hit:?}") };
    world.act(0, Edit::StrikeContact { client, record, struck: true }).unwrap();
    assert!(hits(&mut world, 0, "lapwing").is_empty());
    let task = TaskId::from_bytes([5; 16]);
    world.act(0, Edit::FinishTask { client, task, done: true }).unwrap();
    assert!(hits(&mut world, 0, "dunlin").is_empty());
}

#[test]
fn the_trail_says_that_somebody_searched_and_in_whose_chart_they_read_but_not_for_what() {
    let (mut world, client) = furnished();
    let other = world.client(0, 2);
    signed(&mut world, 20, other, "No kingfisher here.");
    let desk = &mut world.desks[0];
    while !desk.practice.prepare_search(1, context!(desk)) {}
    let found = desk.practice.search("kingfisher");
    assert_eq!(found.total, 2);
    let mut sitting = Sitting::default();
    let mut look = |desk: &mut Desk, words: &str| {
        let found = desk.practice.search(words);
        let found = (found.matches.as_slice(), found.total);
        let shown =
            desk.practice.show_found(words, found, Purpose::Care, &mut sitting, context!(desk));
        shown.changes
    };
    let changes = look(desk, "kingfisher");
    // One for the search, one for each chart of which a line was shown.
    let entries: Vec<_> = changes.iter().map(entry).collect();
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [AuditKind::Search, AuditKind::Open, AuditKind::Open]);
    for change in &changes {
        let Content::Record { bytes, .. } = &change.content else { panic!("a record") };
        assert!(!bytes.windows(10).any(|window| window.eq_ignore_ascii_case(b"kingfisher")));
    }
    let holds = |change: &Change, id: &[u8]| match &change.content {
        Content::Record { bytes, .. } => bytes.windows(16).any(|window| window == id),
        _ => false,
    };
    assert!(holds(&changes[1], client.as_bytes()) && holds(&changes[2], other.as_bytes()));
    // Looked at again it is the same look; for something else it is another.
    assert!(look(desk, "kingfisher").is_empty());
    assert_eq!(look(desk, "kingfish").len(), 3);
    // What stands in lists anyway is no look into a chart.
    assert_eq!(look(desk, "lapwing").len(), 1);
}

fn entry(change: &Change) -> AuditEntry {
    let Content::Record { bytes, .. } = &change.content else { panic!("a record") };
    AuditEntry::of(&crate::practice::record::Record::decode(bytes).unwrap()).unwrap()
}

#[test]
fn the_newest_day_comes_first_and_of_one_day_what_says_it_more_often() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let day = 24 * HOUR;
    let old = signed(&mut world, 10, client, "sleep sleep sleep sleep");
    world.desks[0].now = world.desks[0].now.plus_millis(7 * day);
    let much = signed(&mut world, 11, client, "sleep, sleep and sleep");
    world.desks[0].now = world.desks[0].now.plus_millis(HOUR);
    let little = signed(&mut world, 12, client, "slept; then sleep");
    let places: Vec<_> =
        hits(&mut world, 0, "sleep").iter().map(|(hit, _)| (hit.place, hit.count)).collect();
    assert_eq!(places, [(Place::Note(much), 3), (Place::Note(little), 1), (Place::Note(old), 4)]);
}

#[test]
fn a_name_narrows_a_search_to_whose_it_is() {
    let mut world = World::new(&[1]);
    let (one, two) = (world.client(0, 1), world.client(0, 2));
    signed(&mut world, 10, one, "slept well");
    signed(&mut world, 11, two, "slept badly");
    let whose = |world: &mut World, words: &str| -> Vec<_> {
        hits(world, 0, words).iter().filter_map(|(hit, _)| hit.client).collect()
    };
    assert_eq!(whose(&mut world, "slept").len(), 2);
    assert_eq!(whose(&mut world, "sc-002 slept"), [two]);
    assert_eq!(whose(&mut world, "sample client slept").len(), 2);
    // A name alone finds the client, and not all that was written.
    let (found, _) = find(&mut world, 0, "sc-002");
    assert_eq!(found.matches, [Match::Client(two)]);
}

#[test]
fn what_is_to_be_erased_is_not_found_and_what_comes_back_is() {
    let (mut world, client) = furnished();
    assert_eq!(hits(&mut world, 1, "kingfisher").len(), 1);
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    world.sync();
    for desk in 0..2 {
        // Also before anything is looked through again.
        assert!(world.desks[desk].practice.search("kingfisher").matches.is_empty());
        assert!(EACH.iter().all(|(word, _)| hits(&mut world, desk, word).is_empty()));
        assert_eq!(world.desks[desk].practice.search_size().0, 0, "nothing is kept of it");
    }
    world.act(0, Edit::WithdrawErasure(client.into())).unwrap();
    world.sync();
    assert_eq!(hits(&mut world, 1, "kingfisher").len(), 1);
}

#[test]
fn an_appointment_of_several_is_found_by_each_of_them_who_may_be_seen() {
    let mut world = World::new(&[1, 1]);
    let (one, two) = (world.client(0, 1), world.client(0, 2));
    let visit = AppointmentId::from_bytes([60; 16]);
    let mut booked = appointment(visit, one, slot(member(1), 15));
    (booked.clients, booked.memo) = (vec![one, two], Some("bring the osprey".into()));
    world.act(0, Edit::Book(booked)).unwrap();
    world.sync();
    let whose = |world: &mut World, words: &str| -> Vec<_> {
        let hits = hits(world, 1, words).into_iter();
        hits.map(|(hit, line)| (hit.client, line.is_some())).collect()
    };
    for words in ["osprey", "sc-001 osprey", "sc-002 osprey", "sc-001 sc-002 osprey"] {
        assert_eq!(whose(&mut world, words), [(Some(one), true)], "{words}");
    }
    assert!(whose(&mut world, "sc-003 osprey").is_empty());
    // The first is to be erased: the appointment is still that of the other, and says so.
    let stale = hits(&mut world, 1, "osprey")[0].0;
    world.act(0, Edit::AskErasure(one.into())).unwrap();
    world.sync();
    assert_eq!(whose(&mut world, "sc-002 osprey"), [(Some(two), true)]);
    assert!(whose(&mut world, "sc-001 osprey").is_empty());
    let desk = &mut world.desks[1];
    let (found, sitting) = ([Match::Text(stale)], &mut Sitting::default());
    let found = (found.as_slice(), 1);
    let shown = desk.practice.show_found("osprey", found, Purpose::Care, sitting, context!(desk));
    assert_eq!(shown.lines, [None], "what was found before");
    world.act(0, Edit::AskErasure(two.into())).unwrap();
    world.sync();
    assert!(whose(&mut world, "osprey").is_empty());
}

#[test]
fn a_front_desk_finds_what_it_may_read_and_nothing_of_a_chart() {
    let (mut world, _) = furnished();
    let desk = &mut world.desks[0];
    desk.practice.limit_to(Reach::FrontDesk);
    let found: Vec<_> =
        EACH.iter().filter(|(word, _)| !hits(&mut world, 0, word).is_empty()).collect();
    assert_eq!(
        found.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(),
        ["contact", "task", "appointment"]
    );
}

#[test]
fn a_record_that_cannot_be_read_hides_no_other_and_is_said_to_be_missing() {
    let (mut world, client) = furnished();
    let gone = signed(&mut world, 20, client, "The kingfisher came back.");
    world.desks[0].memory.records.remove(&gone);
    let (found, shown) = find(&mut world, 0, "kingfisher");
    assert_eq!((found.matches.len(), found.partly), (1, 1));
    assert!(shown.lines[0].is_some());
    // It ends also where one text at a time is looked through.
    let desk = &mut world.desks[0];
    desk.practice.limit_to(Reach::Everything);
    let steps = (0..1000).take_while(|_| !desk.practice.prepare_search(1, context!(desk))).count();
    assert!(steps < 100, "{steps}");
    assert_eq!(desk.practice.search("kingfisher"), found);
}

#[test]
fn a_search_in_a_practice_that_was_locked_begins_anew() {
    let (mut world, client) = furnished();
    assert!(!hits(&mut world, 0, "kingfisher").is_empty());
    let desk = &mut world.desks[0];
    let names: Vec<_> = desk.memory.contents.keys().cloned().collect();
    let segments: Vec<_> = names
        .into_iter()
        .filter_map(|name| Some((name.clone(), desk.practice.project(&name)?)))
        .collect();
    let mut restored = Practice::new();
    restored.restore_all(&segments);
    assert_eq!(restored.search_size(), (0, 0));
    assert!(restored.search("kingfisher").matches.is_empty());
    let (found, _) = restored.find("kingfisher", Purpose::Query, context!(desk));
    let [Match::Text(hit)] = found.matches[..] else { panic!("{found:?}") };
    assert_eq!(hit.client, Some(client));
    // And opens as anything else.
    let Place::Note(record) = hit.place else { panic!("{hit:?}") };
    assert!(matches!(desk.open(Subject::Note(client, record)), Ok(View::Note(_))));
}
