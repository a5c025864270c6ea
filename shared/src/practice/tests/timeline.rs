//! The timeline of everything: what stands in it, in which order, and for whom.

use super::world::{HOUR, World, appointment, member, slot};
use crate::id::{AppointmentId, ClientId, ObjectId, TaskId};
use crate::practice::NewContact;
use crate::practice::edit::{Channel, Direction, Edit, NewAppointment, NoteFormat, Status};
use crate::practice::group::{Belongs, GroupChange, GroupKind, subject_of};
use crate::practice::reach::Reach;
use crate::practice::timeline::{Kind, Line, What, of};
use crate::practice::view::TimelineEntry;
use jiff::civil::date;
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 24 * HOUR;

/// Books somebody at an hour of Monday, so many days later.
fn book(world: &mut World, id: u8, client: ClientId, (day, hour): (i8, i8)) -> AppointmentId {
    let id = AppointmentId::from_bytes([id; 16]);
    let mut slot = slot(member(1), hour);
    slot.start = date(2026, 11, 23 + day).at(hour, 0, 0, 0);
    let clients = vec![client];
    world.act(0, Edit::Book(NewAppointment { clients, ..appointment(id, client, slot) })).unwrap();
    id
}

fn says(world: &mut World, appointment: AppointmentId, status: Status) {
    world.act(0, Edit::SetStatus { appointment, status, reason: None }).unwrap();
}

fn lines(world: &World, desk: usize, client: ClientId) -> Vec<Line> {
    of(&world.desks[desk].index(), client, world.desks[desk].now)
}

/// What stands there, in words that are short.
fn told(lines: &[Line]) -> Vec<String> {
    let word = |line: &Line| match &line.what {
        What::Added(_) => "added".to_owned(),
        What::Died(_) => "died".to_owned(),
        What::Draft(_) => "draft".to_owned(),
        What::Next(row) => format!("next {}", row.id.as_bytes()[0]),
        What::Record(row) => {
            let word = match &row.entry {
                TimelineEntry::Addendum { .. } => "addendum",
                TimelineEntry::Contact { .. } => "contact",
                TimelineEntry::Measure { .. } => "measure",
                TimelineEntry::Note { .. } => "note",
                other => panic!("{other:?}"),
            };
            if line.added { format!("+ {word}") } else { word.to_owned() }
        }
        What::Session(row) => format!("{} {}", row.status.word(), row.id.as_bytes()[0]),
        What::Task(..) => "task".to_owned(),
    };
    lines.iter().map(word).collect()
}

/// A client about whom there is something of each kind; the session numbered 16 is next.
fn furnished() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let other = world.client(0, 2);
    let noted = book(&mut world, 11, client, (0, 10));
    let missing = book(&mut world, 12, client, (1, 10));
    let gone = book(&mut world, 13, client, (2, 10));
    let late = book(&mut world, 14, client, (3, 10));
    book(&mut world, 15, client, (4, 10));
    book(&mut world, 16, client, (5, 10));
    book(&mut world, 17, client, (6, 10));
    let off = book(&mut world, 18, client, (7, 10));
    book(&mut world, 19, other, (5, 11));
    says(&mut world, noted, Status::Held);
    let note = world.begin(0, 30, client, Some(noted), NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.desks[0].now = world.desks[0].now.plus_millis(4 * HOUR);
    world.sign(0, client, note);
    let record = world.desks[0].index().timelines[&client][0].entry.record();
    says(&mut world, missing, Status::Held);
    says(&mut world, gone, Status::NoShow);
    says(&mut world, late, Status::LateCancel);
    says(&mut world, off, Status::CancelledByClient);
    world.desks[0].now = world.desks[0].now.plus_millis(3 * DAY + HOUR);
    let draft = ObjectId::from_bytes([31; 16]);
    world.act(0, Edit::BeginAddendum { draft, client, note: record }).unwrap();
    world.type_text(0, client, draft, "more");
    world.sign(0, client, draft);
    let contact = NewContact {
        channel: Channel::Call,
        direction: Direction::In,
        at: None,
        text: "asks for a receipt".into(),
        labels: BTreeSet::new(),
    };
    world.act(0, Edit::LogContact { client, contact }).unwrap();
    let task = TaskId::from_bytes([5; 16]);
    world
        .act(0, Edit::AddTask { client, task, text: "call".into(), due: None, since: None })
        .unwrap();
    world.begin(0, 32, client, None, NoteFormat::Free);
    world.desks[0].now = world.desks[0].now.plus_millis(DAY);
    world.sync();
    world.desks[1].now = world.desks[0].now;
    (world, client)
}

#[test]
fn everything_about_a_client_stands_in_one_list_newest_first() {
    let (mut world, client) = furnished();
    let all = lines(&world, 0, client);
    let expected = [
        "draft",
        "task",
        "next 16",
        "cancelled by client 18",
        "booked 15",
        "contact",
        "late cancel 14",
        "no-show 13",
        "held 12",
        "note",
        "+ addendum",
        "added",
    ];
    // Of what comes after the next session nothing is said yet, and the session that has its signed
    // note is that note's line.
    assert_eq!(told(&all), expected);
    // Another device, and the same from what is stored.
    assert_eq!(lines(&world, 1, client), all);
    assert_eq!(of(&world.desks[0].rebuilt().index(), client, world.desks[0].now), all);
    // Undone is undone here, too.
    let (_, inverse) = {
        let appointment = AppointmentId::from_bytes([16; 16]);
        let edit = Edit::SetStatus { appointment, status: Status::NoShow, reason: None };
        world.desks[0].apply(edit).unwrap()
    };
    assert_eq!(told(&lines(&world, 0, client))[2], "next 17");
    world.desks[0].undo(inverse.unwrap()).unwrap();
    assert_eq!(lines(&world, 0, client), all);
}

#[test]
fn kinds_part_the_timeline_and_every_kind_has_a_word_of_its_own() {
    for kind in Kind::ALL {
        assert_eq!(Kind::named(kind.word()), Some(kind));
    }
    assert_eq!(Kind::named("other"), None);
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let session = book(&mut world, 11, client, (0, 8));
    says(&mut world, session, Status::Held);
    let answers = crate::practice::measure::choices(&[1; 10]);
    let form = crate::practice::measure::named("phq-9").unwrap();
    let measure = Edit::answered(client, None, form, answers);
    world.act(0, measure).unwrap();
    let kinds: Vec<_> = lines(&world, 0, client).iter().map(Line::kind).collect();
    assert!(kinds.contains(&Some(Kind::Sessions)) && kinds.contains(&Some(Kind::Measures)));
    assert_eq!(kinds.iter().filter(|kind| kind.is_none()).count(), 1, "who came here: {kinds:?}");
}

#[test]
fn what_cannot_be_read_and_what_is_to_be_erased_is_in_no_timeline() {
    let mut world = World::new(&[1]);
    let (client, other) = (world.client(0, 1), world.client(0, 2));
    let session = book(&mut world, 11, client, (0, 8));
    says(&mut world, session, Status::Held);
    let note = world.begin(0, 30, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sign(0, client, note);
    world.begin(0, 31, client, None, NoteFormat::Free);
    let group = ObjectId::from_bytes([50; 16]);
    let members = BTreeMap::from([(client, Belongs::Now), (other, Belongs::Now)]);
    let change = GroupChange { name: None, code: Some("S/S-01".into()), members };
    world.act(0, Edit::NewGroup { group, kind: GroupKind::Couple, change }).unwrap();
    let now = world.desks[0].now;
    let index = world.desks[0].index();
    assert_eq!(told(&of(&index, client, now)), ["draft", "note", "added", "held 11"]);
    let front = index.seen_with(Reach::FrontDesk);
    assert_eq!(told(&of(&front, client, now)), ["added", "held 11"]);
    assert_eq!(told(&of(&index, subject_of(group), now)), ["added"]);
    assert_eq!(of(&front, subject_of(group), now), []);
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    assert_eq!(lines(&world, 0, client), []);
}

#[test]
fn of_two_entries_that_are_one_person_each_line_says_where_it_lies() {
    let mut world = World::new(&[1]);
    let (kept, twin) = (world.client(0, 1), world.client(0, 2));
    for (number, client) in [(30, kept), (31, twin)] {
        let note = world.begin(0, number, client, None, NoteFormat::Free);
        world.type_text(0, client, note, "said");
        world.sign(0, client, note);
    }
    let session = book(&mut world, 11, twin, (0, 8));
    says(&mut world, session, Status::NoShow);
    world.act(0, Edit::SameAs { client: twin, kept: Some(kept) }).unwrap();
    world.act(0, Edit::NoteDeath { client: twin, died: Some(date(2026, 11, 23)) }).unwrap();
    let all = lines(&world, 0, kept);
    let whose: Vec<_> = all
        .iter()
        .filter_map(|line| match &line.what {
            What::Record(row) => Some(row.client),
            _ => None,
        })
        .collect();
    assert!(whose.contains(&kept) && whose.contains(&twin), "{whose:?}");
    assert_eq!(told(&all), ["died", "note", "note", "added", "no-show 11"]);
    assert_eq!(lines(&world, 0, twin), all, "found under either");
}
