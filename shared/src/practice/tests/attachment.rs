//! Files in a chart: whole or not at all, out of the chart's log, gone with all their parts.

mod hostile;

use super::world::{World, context};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::attachment::{
    ALL_BYTES_MAX, FILE_BYTES_MAX, Media, Metadata, NewAttachment, TITLE_BYTES_MAX,
};
use crate::practice::change::{Change, Content};
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, Purpose, Subject};
use crate::practice::erasure::Scope;
use crate::practice::group::{GroupChange, GroupKind, subject_of};
use crate::practice::interchange::{Cause, ChartItem, ImportStep, Importer, export_lines};
use crate::practice::reach::Reach;
use crate::practice::record::{Record, RecordKind, Tags};
use crate::practice::release::{Item, Way, emit};
use crate::practice::view::{AttachmentView, AttachmentsView, Inside, TimelineEntry, View};
use crate::practice::{Practice, Refusal};
use crate::suite;

fn new(title: &str, bytes: impl Into<Vec<u8>>) -> Box<NewAttachment> {
    let bytes = bytes.into().into();
    Box::new(NewAttachment {
        title: title.to_owned(),
        bytes,
        metadata: Metadata::Strip,
        labels: std::collections::BTreeSet::new(),
    })
}

fn files(world: &World, desk: usize, client: ClientId) -> Vec<RecordId> {
    let index = world.desks[desk].index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let of = |entry: &TimelineEntry| match entry {
        TimelineEntry::Attachment { record, .. } => Some(*record),
        _ => None,
    };
    rows.filter_map(|row| of(&row.entry)).collect()
}

fn attach(world: &mut World, desk: usize, client: ClientId, file: Box<NewAttachment>) -> RecordId {
    let before = files(world, desk, client);
    world.act(desk, Edit::Attach { client, file }).unwrap();
    let after = files(world, desk, client);
    after.into_iter().find(|record| !before.contains(record)).unwrap()
}

fn open(world: &mut World, desk: usize, client: ClientId, record: RecordId) -> AttachmentView {
    match world.desks[desk].open(Subject::Attachment(client, record)) {
        Ok(View::Attachment(view)) => view,
        other => panic!("no file: {other:?}"),
    }
}

fn list(world: &mut World, desk: usize, client: ClientId) -> AttachmentsView {
    match world.desks[desk].open(Subject::Attachments(client)) {
        Ok(View::Attachments(view)) => view,
        other => panic!("no list: {other:?}"),
    }
}

/// Bytes of which no two parts are alike.
fn noise(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from(at * 31 % 251).unwrap() ^ u8::try_from(at >> 16).unwrap())
        .collect()
}

fn one() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.sync();
    (world, client)
}

fn attachments(world: &World, desk: usize, client: ClientId) -> Vec<Content> {
    let name = CompartmentName::Attachments(client);
    world.desks[desk].memory.contents.get(&name).cloned().unwrap_or_default()
}

#[test]
fn a_file_of_several_parts_is_the_same_elsewhere_and_lists_know_no_word_of_it() {
    let (mut world, client) = one();
    let bytes = noise(3 * 64 * 1024 + 5);
    let record = attach(&mut world, 0, client, new("  A\nreferral ", bytes.clone()));
    world.sync();
    for desk in 0..2 {
        let view = open(&mut world, desk, client, record);
        assert_eq!((view.row.title.as_str(), view.row.size), ("A, referral", 196_613));
        assert_eq!((view.row.media, view.inside), (Media::Other, Inside::Whole(None)));
        assert_eq!(view.hash, Some(suite::sha256(&bytes).to_string()));
        assert_eq!(list(&mut world, desk, client).bytes, 196_613);
        let desk = &mut world.desks[desk];
        let read = desk.practice.attachment_bytes(client, record, context!(desk)).unwrap();
        assert!(read == bytes);
        let index = format!("{:?}", desk.index());
        assert!(!index.contains("referral"));
        assert!(!desk.memory.contents.contains_key(&CompartmentName::Chart(client)));
        assert_eq!(desk.rebuilt().index().timelines, desk.index().timelines);
        let name = CompartmentName::Attachments(client);
        let segment = desk.practice.project(&name).unwrap();
        assert!(segment.len() < 200, "a read model holds no part: {}", segment.len());
        let mut restored = Practice::new();
        restored.restore(&name, &segment).unwrap();
        assert_eq!(restored.project(&name), Some(segment));
    }
}

#[test]
fn the_head_comes_after_all_parts_and_each_part_is_small() {
    let (mut world, client) = one();
    attach(&mut world, 0, client, new("report", noise(FILE_BYTES_MAX)));
    let contents = attachments(&world, 0, client);
    assert_eq!(contents.len(), 81);
    let kinds: Vec<_> = contents
        .iter()
        .map(|content| match content {
            Content::Record { bytes, .. } => {
                assert!(bytes.len() < 66_000, "{}", bytes.len());
                Record::decode(bytes).unwrap().header.kind
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(kinds[..80].iter().all(|kind| *kind == RecordKind::AttachmentPart));
    assert_eq!(kinds[80], RecordKind::Attachment);
}

#[test]
fn a_text_is_shown_and_a_photo_is_stored_without_where_it_was_taken() {
    let (mut world, client) = one();
    let record = attach(&mut world, 0, client, new("letter", "Dear colleague,\nthank you."));
    let view = open(&mut world, 0, client, record);
    assert_eq!(view.inside, Inside::Whole(Some("Dear colleague,\nthank you.".to_owned())));
    assert!(view.row.media == Media::Text && !view.row.stripped);
    let mut photo =
        b"\xff\xd8\xff\xe1\0\x0aGPS 48.2\xff\xc0\0\x02\xff\xda\0\x02abc\xff\xd9".to_vec();
    let record = attach(&mut world, 0, client, new("scan", photo.clone()));
    assert!(open(&mut world, 0, client, record).row.stripped);
    let desk = &mut world.desks[0];
    let read = desk.practice.attachment_bytes(client, record, context!(desk)).unwrap();
    assert_eq!(read, b"\xff\xd8\xff\xc0\0\x02\xff\xda\0\x02abc\xff\xd9");
    let kept = NewAttachment { metadata: Metadata::Keep, ..*new("scan", photo.clone()) };
    let record = attach(&mut world, 0, client, Box::new(kept));
    let desk = &mut world.desks[0];
    assert_eq!(desk.practice.attachment_bytes(client, record, context!(desk)).unwrap(), photo);
    // What is not what it begins as is stored as it is.
    photo.truncate(20);
    let record = attach(&mut world, 0, client, new("scan", photo.clone()));
    assert!(!open(&mut world, 0, client, record).row.stripped);
    let desk = &mut world.desks[0];
    assert_eq!(desk.practice.attachment_bytes(client, record, context!(desk)).unwrap(), photo);
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let (mut world, client) = one();
    let refused = |world: &mut World, client, file, why| {
        let before = world.desks[0].memory.records.len();
        assert_eq!(world.act(0, Edit::Attach { client, file }), Err(why));
        assert_eq!(world.desks[0].memory.records.len(), before);
    };
    refused(&mut world, client, new("x", ""), Refusal::AttachmentEmpty);
    refused(&mut world, client, new("x", vec![1; FILE_BYTES_MAX + 1]), Refusal::AttachmentTooLong);
    refused(&mut world, client, new(" \n", "x"), Refusal::AttachmentUntitled);
    let long = "x".repeat(TITLE_BYTES_MAX + 1);
    refused(&mut world, client, new(&long, "x"), Refusal::TextTooLong);
    let nobody = ClientId::from_bytes([99; 16]);
    refused(&mut world, nobody, new("x", "x"), Refusal::UnknownClient);
    let full = usize::try_from(ALL_BYTES_MAX).unwrap() / FILE_BYTES_MAX;
    for _ in 0..full {
        world.act(0, Edit::Attach { client, file: new("x", vec![1; FILE_BYTES_MAX]) }).unwrap();
    }
    refused(&mut world, client, new("x", vec![1; FILE_BYTES_MAX]), Refusal::AttachmentsFull);
    world.act(0, Edit::Attach { client, file: new("small", "fits") }).unwrap();
    let group = ObjectId::from_bytes([9; 16]);
    let change = GroupChange { code: Some("G-1".to_owned()), ..GroupChange::default() };
    world.act(0, Edit::NewGroup { group, kind: GroupKind::Couple, change }).unwrap();
    refused(&mut world, subject_of(group), new("x", "x"), Refusal::OfGroup);
}

#[test]
fn a_file_whose_parts_have_not_come_says_so_and_opens_once_they_have() {
    let (mut world, client) = one();
    let (changes, _) =
        world.desks[0].apply(Edit::Attach { client, file: new("report", noise(150_000)) }).unwrap();
    let author = world.desks[0].quill.author;
    // The head, and the middle of three parts; the others are late.
    for at in [3, 1] {
        world.desks[1].merge(&changes[at], author).unwrap();
    }
    let [record] = files(&world, 1, client)[..] else { panic!("the head is known") };
    assert_eq!(open(&mut world, 1, client, record).inside, Inside::Incomplete);
    let desk = &mut world.desks[1];
    let read = desk.practice.attachment_bytes(client, record, context!(desk));
    assert_eq!(read, Err(Refusal::AttachmentIncomplete));
    let items = desk.practice.attachment_items(client, context!(desk)).unwrap();
    assert!(matches!(items[..], [ChartItem::Attachment(.., None)]));
    for at in [2, 0] {
        world.desks[1].merge(&changes[at], author).unwrap();
    }
    assert_eq!(open(&mut world, 1, client, record).inside, Inside::Whole(None));
}

/// Writes a record into the compartment as a device that does what it likes.
fn forge(
    world: &mut World,
    client: ClientId,
    (id, kind): (RecordId, RecordKind),
    fields: &[(u16, Vec<u8>)],
) -> Change {
    let name = CompartmentName::Attachments(client);
    let mut body = Tags::new();
    for (tag, value) in fields {
        body.set(*tag, value.clone());
    }
    let desk = &mut world.desks[1];
    let kind = (kind, Vec::new());
    let change = desk.practice.write_record_as(id, &name, kind, body, context!(desk));
    desk.memory.store(&change);
    change
}

fn head_fields(size: u32, hash: &[u8; 32]) -> Vec<(u16, Vec<u8>)> {
    vec![
        (80, b"title".to_vec()),
        (81, 1_u16.to_be_bytes().to_vec()),
        (82, size.to_be_bytes().to_vec()),
        (83, hash.to_vec()),
    ]
}

#[test]
fn nothing_is_shown_of_a_file_that_is_not_what_its_head_says() {
    let (mut world, client) = one();
    let honest = attach(&mut world, 0, client, new("honest", noise(100_000)));
    world.sync();
    let author = world.desks[1].quill.author;
    let hash = *suite::sha256(b"what was attached").as_bytes();
    let part = |head: RecordId, number: u32| {
        let fields: [&[u8]; 2] = [head.as_bytes(), &number.to_be_bytes()];
        RecordId::from_bytes(suite::hash("tac/attachment/part/v1", &fields).truncated())
    };
    let id = |byte| RecordId::from_bytes([byte; 16]);
    let bytes = |text: &[u8]| vec![(85, text.to_vec())];
    let (whole, of_part) = (RecordKind::Attachment, RecordKind::AttachmentPart);
    let told = [
        // A hash of something else; a part that is too long, too short, or a head itself.
        (id(50), 17, vec![(part(id(50), 0), of_part, bytes(b"what was not said"))]),
        (id(51), 17, vec![(part(id(51), 0), of_part, bytes(b"what was attached, and more"))]),
        (id(52), 17, vec![(part(id(52), 0), of_part, bytes(b"what"))]),
        (id(53), 17, vec![(part(id(53), 0), whole, bytes(b"what was attached"))]),
    ];
    for (head, size, parts) in told {
        for (id, kind, fields) in parts {
            let change = forge(&mut world, client, (id, kind), &fields);
            world.desks[0].merge(&change, author).unwrap();
        }
        let change = forge(&mut world, client, (head, whole), &head_fields(size, &hash));
        world.desks[0].merge(&change, author).unwrap();
        assert_eq!(open(&mut world, 0, client, head).inside, Inside::Altered, "{head:?}");
        let desk = &mut world.desks[0];
        let read = desk.practice.attachment_bytes(client, head, context!(desk));
        assert_eq!(read, Err(Refusal::AttachmentAltered));
    }
    // No file is so long, or has no length; a title of a megabyte; nothing at all.
    let long = u32::try_from(FILE_BYTES_MAX).unwrap() + 1;
    let mut titled = head_fields(1, &hash);
    titled[0].1 = vec![b'x'; 1 << 20];
    let unread = [head_fields(long, &hash), head_fields(0, &hash), titled, Vec::new()];
    for (byte, fields) in (60..).zip(unread) {
        let change = forge(&mut world, client, (id(byte), whole), &fields);
        world.desks[0].merge(&change, author).unwrap();
        assert_eq!(open(&mut world, 0, client, id(byte)).inside, Inside::Altered);
        let rows = &world.desks[0].index().timelines[&client];
        let unknown = TimelineEntry::Unknown { record: id(byte) };
        assert!(rows.iter().any(|row| row.entry == unknown));
    }
    assert_eq!(open(&mut world, 0, client, honest).inside, Inside::Whole(None));
    // An export goes on, and says what it could not take along.
    let desk = &mut world.desks[0];
    let items = desk.practice.attachment_items(client, context!(desk)).unwrap();
    let whole = |item: &&ChartItem| matches!(item, ChartItem::Attachment(.., Some(_)));
    assert_eq!(items.iter().filter(whole).count(), 1);
}

#[test]
fn many_heads_and_parts_of_nothing_cost_little_and_hide_nothing() {
    let (mut world, client) = one();
    let honest = attach(&mut world, 0, client, new("honest", "here"));
    let author = world.desks[1].quill.author;
    let mut random = crate::random::Seeded::new(7);
    let huge = head_fields(5 << 20, &[0; 32]);
    for _ in 0..300 {
        let id = RecordId::random(&mut random);
        let head = forge(&mut world, client, (id, RecordKind::Attachment), &huge);
        let part = (RecordId::random(&mut random), RecordKind::AttachmentPart);
        let stray = forge(&mut world, client, part, &[(85, vec![1; 65_536])]);
        for change in [head, stray] {
            world.desks[0].merge(&change, author).unwrap();
        }
    }
    let name = CompartmentName::Attachments(client);
    let segment = world.desks[0].practice.project(&name).unwrap();
    assert!(segment.len() < 301 * 48, "{}", segment.len());
    assert_eq!(files(&world, 0, client).len(), 301);
    assert_eq!(open(&mut world, 0, client, honest).inside, Inside::Whole(Some("here".to_owned())));
    assert_eq!(list(&mut world, 0, client).attachments.len(), 301);
}

#[test]
fn a_file_that_a_fast_clock_struck_is_brought_back_by_who_knew_of_it() {
    let (mut world, client) = one();
    world.act(0, Edit::Attach { client, file: new("report", "text") }).unwrap();
    let [record] = files(&world, 0, client)[..] else { panic!("one file") };
    world.sync();
    let strike = |struck| Edit::StrikeAttachment { client, record, struck };
    world.desks[1].now = world.desks[1].now.plus_millis(3_600_000);
    world.act(1, strike(true)).unwrap();
    world.sync();
    assert!(files(&world, 0, client).is_empty());
    world.act(0, strike(false)).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(files(&world, desk, client), [record]);
    }
}

#[test]
fn undo_strikes_a_file_redo_brings_it_back_and_what_another_said_since_stays() {
    let (mut world, client) = one();
    let edit = Edit::Attach { client, file: new("report", "text") };
    let inverse = world.act(0, edit).unwrap().unwrap();
    let [record] = files(&world, 0, client)[..] else { panic!("one file") };
    world.sync();
    let (changes, redo) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    world.sync();
    for desk in 0..2 {
        assert!(files(&world, desk, client).is_empty());
        assert!(list(&mut world, desk, client).attachments[0].struck, "it is still listed");
        assert!(world.desks[desk].index().attachments[&client].contains(&record));
        assert_eq!(world.desks[desk].rebuilt().index().attachments.len(), 1);
        assert_eq!(
            open(&mut world, desk, client, record).inside,
            Inside::Whole(Some("text".into()))
        );
    }
    world.desks[0].now = world.desks[0].now.plus_millis(1);
    let (changes, strikes) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(files(&world, 1, client), [record]);
    // Both devices strike at once, one brings it back: the newest counts on both.
    let strike = |struck| Edit::StrikeAttachment { client, record, struck };
    for desk in 0..2 {
        world.desks[desk].now = world.desks[desk].now.plus_millis(10 + desk as i64);
        world.act(desk, strike(true)).unwrap();
    }
    world.desks[1].now = world.desks[1].now.plus_millis(10);
    world.act(1, strike(false)).unwrap();
    world.sync();
    assert_eq!(files(&world, 0, client), [record]);
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
    let refused = world.desks[0].undo(strikes.unwrap());
    assert_eq!(refused.unwrap_err(), Refusal::ChangedElsewhere);
}

#[test]
fn a_file_to_be_erased_is_hidden_with_its_parts_and_nothing_else_goes() {
    let (mut world, client) = one();
    let other = attach(&mut world, 0, client, new("stays", noise(70_000)));
    let record = attach(&mut world, 0, client, new("goes", noise(130_000)));
    world.sync();
    world.act(1, Edit::AskErasure(Scope::of_record(client, record))).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(files(&world, desk, client), [other]);
        let hidden = world.desks[desk].open(Subject::Attachment(client, record));
        assert_eq!(hidden.unwrap_err(), Refusal::ToBeErased);
        assert_eq!(list(&mut world, desk, client).attachments.len(), 1);
        let known = world.desks[desk].index();
        assert_eq!(*known.attachments[&client], std::collections::BTreeSet::from([other]));
        assert!(!known.seen_with(Reach::FrontDesk).attachments.contains_key(&client));
        let family = world.desks[desk].practice.family_of(client, record);
        let stored = &world.desks[desk].memory.records;
        assert_eq!(family.iter().filter(|one| stored.contains_key(*one)).count(), 3);
        let others = world.desks[desk].practice.family_of(client, other);
        assert!(family.is_disjoint(&others));
        let struck = world.act(desk, Edit::StrikeAttachment { client, record, struck: true });
        assert_eq!(struck, Err(Refusal::ToBeErased));
    }
    // Its parts go also where its head is gone already.
    let name = CompartmentName::Attachments(client);
    let desk = &mut world.desks[0];
    let left = desk.memory.contents[&name].iter().filter(
        |content| !matches!(content, Content::Record { record: one, .. } if *one == record),
    );
    let left: Vec<_> = left.cloned().collect();
    desk.practice.rebuild(&name, &left, context!(desk)).unwrap();
    let family = desk.practice.family_of(client, record);
    assert_eq!(family.iter().filter(|one| desk.memory.records.contains_key(*one)).count(), 3);
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    assert_eq!(
        world.act(0, Edit::Attach { client, file: new("late", "x") }),
        Err(Refusal::ToBeErased)
    );
    assert!(!world.desks[0].index().timelines.contains_key(&client));
    assert!(!world.desks[0].index().attachments.contains_key(&client));
    assert_eq!(CompartmentName::Attachments(client).client(), Some(client));
}

#[test]
fn a_front_desk_attaches_nothing_opens_nothing_and_sees_nothing_of_files() {
    let (mut world, client) = one();
    let record = attach(&mut world, 0, client, new("report", "text"));
    let index = world.desks[0].index().seen_with(Reach::FrontDesk);
    assert!(!index.timelines.contains_key(&client));
    let desk = &mut world.desks[0];
    desk.practice.limit_to(Reach::FrontDesk);
    for subject in [Subject::Attachment(client, record), Subject::Attachments(client)] {
        assert_eq!(desk.open(subject).unwrap_err(), Refusal::NoKey);
    }
    let file = new("report", "text");
    assert_eq!(desk.apply(Edit::Attach { client, file }).unwrap_err(), Refusal::NoKey);
    assert!(!Reach::FrontDesk.opens(&CompartmentName::Attachments(client)));
}

#[test]
fn a_file_that_leaves_has_its_entry_with_whose_it_is() {
    let (mut world, client) = one();
    let record = attach(&mut world, 0, client, new("report", "text"));
    let desk = &mut world.desks[0];
    let cx = context!(desk);
    let bytes = desk.practice.attachment_bytes(client, record, cx).unwrap();
    let item = Item { compartment: CompartmentName::Attachments(client), bytes };
    let (way, why) = (Way::File, Purpose::Disclosure);
    let release = emit(&mut desk.practice, vec![item], way, why, context!(desk));
    assert_eq!((release.released.bytes(), release.left_out), (&b"text"[..], 0));
    let [Change { content: Content::Record { bytes, .. }, .. }] = &release.changes[..] else {
        panic!("one entry")
    };
    let entry = Record::decode(bytes).unwrap();
    let body = entry.body().unwrap();
    assert_eq!(body.bytes(41).unwrap()[1..], *client.as_bytes());
    assert!(!format!("{:?}", entry.encode()).contains("report"));
}

/// The lines of an export of all files of a client.
fn lines(world: &mut World, client: ClientId) -> Vec<String> {
    let desk = &mut world.desks[0];
    let items = desk.practice.attachment_items(client, context!(desk)).unwrap();
    let zone = desk.index().zone.clone();
    let written = crate::practice::edit::Stamp { time: desk.now, zone };
    export_lines(&desk.index(), &written, items).collect()
}

fn read(lines: &[String]) -> Result<Vec<Edit>, Cause> {
    let mut importer = Importer::new(super::world::member(1), Default::default());
    let mut edits = Vec::new();
    for line in lines {
        for step in importer.import_line(line).map_err(|error| error.cause)? {
            match step {
                ImportStep::Edit(edit) => edits.push(edit),
                other => panic!("{other:?}"),
            }
        }
    }
    importer.finish().map_err(|error| error.cause)?;
    Ok(edits)
}

#[test]
fn files_leave_in_lines_that_are_not_too_long_and_come_in_again_byte_for_byte() {
    let (mut world, client) = one();
    let big = noise(FILE_BYTES_MAX);
    attach(&mut world, 0, client, new("report", big.clone()));
    let photo = b"\xff\xd8\xff\xe1\0\x0aGPS 48.2\xff\xc0\0\x02\xff\xda\0\x02abc\xff\xd9".to_vec();
    attach(&mut world, 0, client, new("scan", photo.clone()));
    // Whoever writes a line may say of a file that nothing is in it.
    let lies = NewAttachment { metadata: Metadata::Gone, ..*new("lies", photo) };
    world.desks[0].now = world.desks[0].now.plus_millis(1);
    attach(&mut world, 0, client, Box::new(lies));
    let struck = attach(&mut world, 0, client, new("wrong", "of somebody else"));
    world.act(0, Edit::StrikeAttachment { client, record: struck, struck: true }).unwrap();
    let lines = lines(&mut world, client);
    assert!(lines.iter().all(|line| line.len() < 1_100_000));
    assert!(!lines.concat().contains("wrong"));
    let edits = read(&lines).unwrap();
    let mut fresh = World::new(&[1]);
    for edit in edits {
        fresh.act(0, edit).unwrap();
    }
    let list = list(&mut fresh, 0, client);
    let of = |at: usize| {
        let row = &list.attachments[at];
        (row.title.clone(), row.size, row.stripped)
    };
    let mut found = [of(0), of(1), of(2)];
    found.sort();
    let said = [("lies", 27, false), ("report", 5_242_880, false), ("scan", 15, true)];
    assert_eq!(found, said.map(|(title, size, gone)| (title.to_owned(), size, gone)));
    let report = list.attachments.iter().find(|row| row.title == "report").unwrap().record;
    let desk = &mut fresh.desks[0];
    assert!(desk.practice.attachment_bytes(client, report, context!(desk)).unwrap() == big);
}

#[test]
fn lines_of_a_file_that_is_not_whole_are_refused() {
    let (mut world, client) = one();
    attach(&mut world, 0, client, new("report", noise(1_000_000)));
    let whole = lines(&mut world, client);
    let at = whole.iter().position(|line| line.contains("\"attachment\"")).unwrap();
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = whole.clone();
        change(&mut lines);
        read(&lines)
    };
    assert!(read(&whole).is_ok());
    // A piece is missing, comes twice, stands alone, or has one byte that differs.
    assert_eq!(with(&|lines| drop(lines.remove(at + 1))), Err(Cause::Invalid("bytes")));
    assert_eq!(with(&|lines| drop(lines.remove(at + 2))), Err(Cause::Invalid("bytes")));
    assert_eq!(
        with(&|lines| lines.insert(at + 1, lines[at + 1].clone())),
        Err(Cause::Invalid("bytes"))
    );
    assert_eq!(with(&|lines| drop(lines.remove(at))), Err(Cause::Invalid("attachment")));
    let letter = whole[at + 2].len() / 2;
    let mut altered = whole[at + 2].clone();
    let other = if altered[letter..].starts_with('A') { "B" } else { "A" };
    altered.replace_range(letter..=letter, other);
    assert_eq!(with(&|lines| lines[at + 2] = altered.clone()), Err(Cause::Invalid("bytes")));
    let long = whole[at].replace("\"size\":1000000", "\"size\":5242881");
    assert_eq!(with(&|lines| lines[at] = long.clone()), Err(Cause::Invalid("size")));
}
