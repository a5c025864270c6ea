//! Files in charts, between devices: all of one comes, one is erased with its parts, and a log of
//! files is nobody's chart.

use super::plans::erase;
use super::*;
use crate::device::courier::late::{Adopted, LateKind};
use std::collections::BTreeSet;
use std::sync::Mutex;
use tacenda_shared::envelope::{ControlBody, Envelope, Kind, Target};
use tacenda_shared::id::{CompartmentId, RecordId};
use tacenda_shared::practice::attachment::FILE_BYTES_MAX;
use tacenda_shared::practice::change::{Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::record::{Header, Record, Tags};
use tacenda_shared::practice::view::{AttachmentView, Inside, TimelineEntry};
use tacenda_shared::random::{Random as _, Seeded};
use tacenda_shared::sync::Message;

pub(super) fn attach(world: &mut World, at: usize, client: ClientId, bytes: &[u8]) -> RecordId {
    let before = files(world, at, client);
    let (title, bytes) = ("A report".to_owned(), bytes.to_vec().into());
    let file = Box::new(NewAttachment {
        title,
        bytes,
        metadata: Metadata::Strip,
        labels: BTreeSet::new(),
    });
    edit(world, at, Edit::Attach { client, file });
    let after = files(world, at, client);
    after.into_iter().find(|record| !before.contains(record)).unwrap()
}

pub(super) fn files(world: &mut World, at: usize, client: ClientId) -> Vec<RecordId> {
    let index = world.device(at).index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let of = |entry: &TimelineEntry| match entry {
        TimelineEntry::Attachment { record, .. } => Some(*record),
        _ => None,
    };
    rows.filter_map(|row| of(&row.entry)).collect()
}

fn open(world: &mut World, at: usize, client: ClientId, record: RecordId) -> AttachmentView {
    let now = world.now;
    let subject = Subject::Attachment(client, record);
    match world.device(at).open(subject, Purpose::Care, now).unwrap() {
        View::Attachment(view) => view,
        other => panic!("a file was asked for: {other:?}"),
    }
}

/// What a device lets out of a file.
fn saved(world: &mut World, at: usize, client: ClientId, record: RecordId) -> Vec<u8> {
    let now = world.now;
    world.device(at).let_out_attachment((client, record), now).unwrap().bytes().to_vec()
}

pub(super) fn log(world: &mut World, at: usize, client: ClientId) -> CompartmentId {
    world.device(at).cabinet.log_of(&CompartmentName::Attachments(client))
}

/// Bytes that nothing compresses.
pub(super) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Seeded::new(seed).fill(&mut bytes);
    bytes
}

#[test]
fn the_longest_file_comes_whole_to_another_device_and_to_one_that_joins_later() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let bytes = noise(1, FILE_BYTES_MAX);
    let record = attach(&mut world, 0, ada, &bytes);
    world.heal();
    let mut world = world.joined_by("tablet");
    world.heal();
    for at in 0..3 {
        assert_eq!(files(&mut world, at, ada), [record]);
        assert_eq!(open(&mut world, at, ada, record).inside, Inside::Whole(None));
        assert!(saved(&mut world, at, ada, record) == bytes, "device {at}");
        world.restart(at);
        world.heal();
        assert!(saved(&mut world, at, ada, record) == bytes, "device {at}, opened again");
        let locations = world.device(at).cabinet.store().locations();
        assert!(locations.named(&CompartmentName::Chart(ada)).is_none());
    }
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn one_file_is_erased_with_all_its_parts_and_the_others_stay() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let (keeps, goes) = (noise(2, 200_000), noise(3, 300_000));
    let kept = attach(&mut world, 0, ada, &keeps);
    world.now = world.now.plus_millis(1_000);
    let gone = attach(&mut world, 0, ada, &goes);
    world.heal();
    let family = world.device(1).practice.family_of(ada, gone);
    let of_log = log(&mut world, 1, ada);
    let stored = |world: &mut World, at: usize| {
        let locations = world.device(at).cabinet.store().locations();
        family.iter().filter(|one| locations.record(of_log, **one).is_some()).count()
    };
    assert_eq!(stored(&mut world, 1), 6, "five parts and the head");
    erase(&mut world, 0, ada, gone);
    for at in 0..2 {
        world.restart(at);
        world.heal();
        assert_eq!(stored(&mut world, at), 0, "device {at}");
        assert_eq!(files(&mut world, at, ada), [kept]);
        assert!(saved(&mut world, at, ada, kept) == keeps);
        let locations = world.device(at).cabinet.store().locations();
        assert!(locations.rebased(of_log).is_some());
    }
    // One entry of each device asks for all six, and one orders it; each says once that it is done.
    let counts = [Kind::EraseRequest, Kind::Erase, Kind::Acknowledge].map(|kind| {
        let of = |one: &&Envelope| (one.header.kind, one.header.compartment) == (kind, of_log);
        world.envelopes().filter(of).count()
    });
    assert!(counts[0] <= 2 && counts[1..] == [1, 2], "{counts:?}");
}

/// Whoever asks for more in the same breath has no other file erased with it.
#[test]
fn a_request_that_names_more_than_what_people_asked_for_is_left_alone() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let (keeps, goes) = (noise(7, 200_000), noise(8, 200_000));
    let kept = attach(&mut world, 0, ada, &keeps);
    world.now = world.now.plus_millis(1_000);
    let gone = attach(&mut world, 0, ada, &goes);
    world.heal();
    let of_log = log(&mut world, 1, ada);
    let both: BTreeSet<_> = [kept, gone]
        .into_iter()
        .flat_map(|record| world.device(1).practice.family_of(ada, record))
        .collect();
    let locations = world.device(1).cabinet.store().locations();
    let numbers: BTreeSet<_> =
        locations.ledger().carriers_among(&both).map(|(number, _)| number).collect();
    let targets = Target::of_records(1, &numbers);
    assert_eq!(targets.len(), 1, "both in one run");
    let courier = world.device(1).courier.as_mut().unwrap();
    courier.erasing.owe(of_log, ControlBody::EraseRequest(targets[0]));
    world.heal();
    let asked = |world: &World| {
        world.envelopes().filter(|one| one.header.kind == Kind::EraseRequest).count()
    };
    assert_eq!(asked(&world), 1);
    erase(&mut world, 0, ada, gone);
    assert!((2..=3).contains(&asked(&world)), "what people asked for is asked for alone");
    for at in 0..2 {
        assert_eq!(files(&mut world, at, ada), [kept]);
        assert!(saved(&mut world, at, ada, kept) == keeps, "device {at}");
    }
}

#[test]
fn files_die_with_the_record_on_every_device_and_the_server() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    attach(&mut world, 0, ada, b"A referral.");
    world.heal();
    let logs = erasing::logs_of(&mut world, 1, ada);
    assert_eq!(logs.len(), 2, "contact and files");
    assert_eq!(erasing::holders(&mut world, &logs), (vec![0, 1], true));
    erasing::ask(&mut world, 0, ada);
    world.heal();
    assert!(files(&mut world, 1, ada).is_empty());
    erasing::pass(&mut world, 31 * erasing::DAY);
    erasing::order(&mut world, 1, ada);
    world.heal();
    world.heal();
    assert_eq!(erasing::holders(&mut world, &logs), (vec![], false));
    assert!(erasing::logs_of(&mut world, 0, ada).is_empty());
}

#[test]
fn two_devices_attach_before_they_meet_and_both_files_are_on_both() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    world.cut(1);
    let first = attach(&mut world, 0, ada, &noise(4, 70_000));
    let second = attach(&mut world, 1, ada, b"A letter.");
    world.heal();
    for at in 0..2 {
        let mut both = files(&mut world, at, ada);
        both.sort();
        let mut expected = vec![first, second];
        expected.sort();
        assert_eq!(both, expected);
        assert!(saved(&mut world, at, ada, first) == noise(4, 70_000));
        let text = open(&mut world, at, ada, second).inside;
        assert_eq!(text, Inside::Whole(Some("A letter.".into())));
    }
}

#[test]
fn what_a_lost_device_attached_is_one_late_edit_and_is_taken_over_whole() {
    let mut world = World::with_devices(3);
    let ada = client(&mut world, 0, "Ada Testerin");
    attach(&mut world, 0, ada, b"Before.");
    world.heal();
    world.lose(2);
    let bytes = noise(5, 200_000);
    attach(&mut world, 2, ada, &bytes);
    attach(&mut world, 2, ada, b"A second one.");
    let moment = world.moment();
    assert_eq!(lost::revoke(&mut world, 0, 2), Ok(()));
    world.take_late(2, moment, 0);
    assert_eq!(files(&mut world, 0, ada).len(), 1, "nothing of it counts");
    let late = world.device(0).late_edits().unwrap();
    let kinds: Vec<_> = late.iter().map(|one| (one.kind, one.client, one.adopted)).collect();
    assert_eq!(kinds, [(LateKind::Attachments, Some(ada), false)]);
    let now = world.now;
    assert!(world.device(0).adopt_late_edit(0, now).unwrap().changed);
    for round in 0..2 {
        let all = files(&mut world, 0, ada);
        let read: Vec<_> = all.iter().map(|one| saved(&mut world, 0, ada, *one)).collect();
        assert!(all.len() == 3 && read.contains(&bytes), "round {round}");
        assert!(!world.device(0).adopt_late_edit(0, now).unwrap().changed);
        world.restart(0);
    }
}

/// Writes what a device that does what it likes writes into a client's log of files: a copy of its
/// last record there under another id, which it did not sign so.
fn forge(world: &mut World, at: usize, client: ClientId) {
    let name = CompartmentName::Attachments(client);
    let contents = world.device(at).cabinet.contents(&name);
    let Some(Content::Record { bytes, .. }) = contents.last() else { panic!("a record") };
    let header = Record::decode(bytes).unwrap().header;
    let record = RecordId::random(&mut OsRandom);
    let key = SigningKey::random(&mut OsRandom);
    let sign = |label: &str, fields: &[&[u8]]| key.sign(label, fields);
    let forged = Record::new(Header { id: record, ..header }, [0; 32], Tags::new(), sign);
    let content = Content::Record { record, bytes: forged.encode() };
    world.device(at).keep(vec![Change { compartment: name, content }]).unwrap();
}

#[test]
fn one_bad_record_of_a_lost_device_holds_back_none_of_its_files() {
    let mut world = World::with_devices(3);
    let ada = client(&mut world, 0, "Ada Testerin");
    attach(&mut world, 0, ada, b"Before.");
    world.heal();
    world.lose(2);
    let bytes = noise(6, 200_000);
    attach(&mut world, 2, ada, &bytes);
    forge(&mut world, 2, ada);
    attach(&mut world, 2, ada, b"A second one.");
    let moment = world.moment();
    assert_eq!(lost::revoke(&mut world, 0, 2), Ok(()));
    world.take_late(2, moment, 0);
    let now = world.now;
    let adopted = world.device(0).adopt_late_edit(0, now).unwrap();
    assert_eq!(adopted, Adopted { changed: true, refused: 1 });
    for round in 0..2 {
        let all = files(&mut world, 0, ada);
        let read: Vec<_> = all.iter().map(|one| saved(&mut world, 0, ada, *one)).collect();
        assert!(all.len() == 3 && read.contains(&bytes), "round {round}");
        // The bad one stays, and nothing comes a second time.
        let stored = world.device(0).cabinet.contents(&CompartmentName::Attachments(ada)).len();
        assert!(!world.device(0).late_edits().unwrap()[0].adopted);
        let again = world.device(0).adopt_late_edit(0, now).unwrap();
        assert_eq!(again, Adopted { changed: false, refused: 1 });
        let name = CompartmentName::Attachments(ada);
        assert_eq!(world.device(0).cabinet.contents(&name).len(), stored);
        world.restart(0);
    }
}

#[test]
fn files_of_a_lost_device_are_taken_over_without_its_strikes_and_in_several_groups() {
    let mut world = World::with_devices(3);
    let ada = client(&mut world, 0, "Ada Testerin");
    let honest = attach(&mut world, 0, ada, b"Before.");
    world.heal();
    world.lose(2);
    attach(&mut world, 2, ada, &noise(7, FILE_BYTES_MAX));
    edit(&mut world, 2, Edit::StrikeAttachment { client: ada, record: honest, struck: true });
    attach(&mut world, 2, ada, b"A second one.");
    let moment = world.moment();
    assert_eq!(lost::revoke(&mut world, 0, 2), Ok(()));
    world.take_late(2, moment, 0);
    let kinds = |world: &mut World| -> Vec<_> {
        let late = world.device(0).late_edits().unwrap();
        late.iter().map(|one| (one.kind, one.adopted)).collect()
    };
    let (whole, marks) = (LateKind::Attachments, LateKind::AttachmentMarks);
    assert_eq!(kinds(&mut world), [(whole, false), (marks, false)]);
    let now = world.now;
    assert!(world.device(0).adopt_late_edit(0, now).unwrap().changed);
    assert_eq!(kinds(&mut world), [(whole, true), (marks, false)]);
    let all = files(&mut world, 0, ada);
    assert!(all.len() == 3 && all.contains(&honest), "nothing was struck");
    assert!(world.device(0).adopt_late_edit(1, now).unwrap().changed);
    assert!(!files(&mut world, 0, ada).contains(&honest));
}

#[test]
fn what_was_attached_for_one_client_is_never_shown_as_of_another() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let bob = client(&mut world, 0, "Bob Muster");
    let of_ada = attach(&mut world, 0, ada, b"Of Ada.");
    world.heal();
    // A device with the right to write puts the honest author's records into another chart.
    let of = |client| CompartmentName::Attachments(client);
    let contents = world.device(1).cabinet.contents(&of(ada));
    let moved = contents.into_iter().map(|content| Change { compartment: of(bob), content });
    let moved: Vec<_> = moved.collect();
    assert_eq!(moved.len(), 2);
    world.device(1).keep(moved).unwrap();
    let of_bob = attach(&mut world, 1, bob, b"Of Bob.");
    world.heal();
    for at in 0..2 {
        assert_eq!(saved(&mut world, at, ada, of_ada), b"Of Ada.");
        assert_eq!(saved(&mut world, at, bob, of_bob), b"Of Bob.");
        // On the device that does it, too, once its lists are made again.
        world.restart(at);
        world.heal();
        assert_eq!(files(&mut world, at, bob), [of_bob], "device {at}");
    }
    assert!(world.device(0).late_edits().unwrap().is_empty());
}

/// In which order logs came to a device that joined, and to one that was away.
static COME: Mutex<Vec<CompartmentId>> = Mutex::new(Vec::new());
static CAUGHT_UP: Mutex<Vec<CompartmentId>> = Mutex::new(Vec::new());

fn come(message: &Message) -> Option<CompartmentId> {
    match message {
        Message::Packed { log, .. } => Some(*log),
        Message::Entries(entries) if !entries.runs.is_empty() => Some(entries.log),
        _ => None,
    }
}

/// Clients, each with a note and a file; their logs of notes and of contacts, and those of files.
fn with_files(world: &mut World, names: &[&str]) -> (Vec<CompartmentId>, Vec<CompartmentId>) {
    let (mut others, mut of_files) = (Vec::new(), Vec::new());
    for (number, name) in (0..).zip(names) {
        let client = client(world, 0, name);
        attach(world, 0, client, &noise(100 + number, 70_000));
        let parts = vec![(Part::Text, "Slept badly.".to_owned())];
        let (session, format, late_reason) = (None, NoteFormat::Free, None);
        edit(world, 0, Edit::EnterNote { client, session, format, parts, late_reason });
        of_files.push(log(world, 0, client));
        let cabinet = &mut world.device(0).cabinet;
        others.extend(
            [CompartmentName::Chart(client), CompartmentName::Contact(client)]
                .map(|name| cabinet.log_of(&name)),
        );
    }
    world.heal();
    (others, of_files)
}

/// Whether everything of the first came before anything of the second.
fn in_order(come: &[CompartmentId], (first, second): (&[CompartmentId], &[CompartmentId])) {
    for log in first.iter().chain(second) {
        assert!(come.contains(log), "it came");
    }
    let last = come.iter().rposition(|log| first.contains(log));
    let begins = come.iter().position(|log| second.contains(log));
    assert!(last < begins, "{last:?} {begins:?} of {}", come.len());
}

const NAMES: [&str; 6] = ["Ada A", "Bea B", "Cem C", "Dor D", "Eva E", "Fay F"];

#[test]
fn a_device_that_joins_has_schedule_contacts_and_notes_before_any_file() {
    let mut world = World::with_devices(1);
    let (others, of_files) = with_files(&mut world, &NAMES);
    world.add_device("tablet");
    let now = world.now;
    let extra = world.device(0).pairing_payload(None, now).unwrap().extra;
    let (first, last) = (extra.first_logs().unwrap(), extra.last_logs().unwrap());
    assert_eq!(last.len(), NAMES.len());
    world.device(1).fetch_in_order(&first, &last, now).unwrap();
    world.lie = Some(|message, _| COME.lock().unwrap().extend(come(message)));
    world.heal();
    in_order(&COME.lock().unwrap(), (&others, &of_files));
    assert_eq!(world.device(1).index().attachments.len(), NAMES.len());
}

#[test]
fn a_device_that_was_away_knows_which_logs_are_of_files_and_takes_them_last() {
    let mut world = World::with_devices(2);
    let (others, of_files) = with_files(&mut world, &NAMES);
    world.restart(1);
    let index = world.device(0).index();
    for (number, client) in (0..).zip(index.clients.keys().copied()) {
        attach(&mut world, 0, client, &noise(200 + number, 70_000));
        let parts = vec![(Part::Text, "Slept well.".to_owned())];
        let (session, format, late_reason) = (None, NoteFormat::Free, None);
        edit(&mut world, 0, Edit::EnterNote { client, session, format, parts, late_reason });
        let contact = ContactChange { phone: Some("555 0100".into()), ..ContactChange::default() };
        edit(&mut world, 0, Edit::ChangeContact { client, contact });
    }
    world.link(0);
    while world.step(0) {}
    world.lie = Some(|message, _| CAUGHT_UP.lock().unwrap().extend(come(message)));
    world.heal();
    in_order(&CAUGHT_UP.lock().unwrap(), (&others, &of_files));
}
