//! What a device with the right to write may do to files: it hides none of the others.

use super::*;
use crate::practice::attachment::FILES_MAX;
use crate::practice::view::AttachmentRow;
use crate::random::Seeded;

fn rows(world: &mut World, client: ClientId) -> Vec<AttachmentRow> {
    list(world, 0, client).attachments
}

/// Desk 1 writes so many heads of nothing, and desk 0 takes them.
fn flood(world: &mut World, client: ClientId, count: usize, fields: &[(u16, Vec<u8>)]) {
    let author = world.desks[1].quill.author;
    let mut random = Seeded::new(11);
    let mut changes = Vec::new();
    for _ in 0..count {
        let id = RecordId::random(&mut random);
        changes.push(forge(world, client, (id, RecordKind::Attachment), fields));
    }
    let desk = &mut world.desks[0];
    changes.iter().for_each(|change| desk.memory.store(change));
    let given: Vec<_> = changes.iter().map(|change| (change, &author)).collect();
    let merged = desk.practice.merge_all(&given, context!(desk));
    assert!(merged.iter().all(Result::is_ok));
}

#[test]
fn more_heads_of_nothing_than_a_client_has_room_for_hide_no_file_and_take_no_room() {
    let (mut world, client) = one();
    let honest = attach(&mut world, 0, client, new("honest", "here"));
    let struck = attach(&mut world, 0, client, new("struck", "by mistake"));
    world.act(0, Edit::StrikeAttachment { client, record: struck, struck: true }).unwrap();
    world.desks[1].now = world.desks[1].now.plus_millis(1_000_000);
    flood(&mut world, client, FILES_MAX + 10, &[]);
    let rows = rows(&mut world, client);
    assert_eq!(rows.len(), FILES_MAX + 12);
    assert_eq!((rows[0].record, rows[0].title.as_str()), (honest, "honest"));
    let last = rows.last().unwrap();
    assert_eq!((last.record, last.struck), (struck, true), "it can be brought back");
    let inside = open(&mut world, 0, client, honest).inside;
    assert_eq!(inside, Inside::Whole(Some("here".to_owned())));
    attach(&mut world, 0, client, new("one more", "fits"));
}

#[test]
fn heads_that_read_fill_a_list_and_hide_no_file_in_it() {
    let (mut world, client) = one();
    let honest = attach(&mut world, 0, client, new("honest", "here"));
    world.desks[1].now = world.desks[1].now.plus_millis(1_000_000);
    flood(&mut world, client, FILES_MAX + 10, &head_fields(1, &[0; 32]));
    let rows = rows(&mut world, client);
    assert_eq!(rows.len(), FILES_MAX + 11);
    let row = rows.last().unwrap();
    assert_eq!((row.record, row.size, row.title.as_str()), (honest, 4, ""), "it has its line");
    assert_eq!(open(&mut world, 0, client, honest).row.title, "honest");
}

#[test]
fn a_head_that_cannot_be_read_hides_no_other_and_stops_no_export() {
    let (mut world, client) = one();
    let mut all = Vec::new();
    for title in ["gone", "damaged", "whole"] {
        world.desks[0].now = world.desks[0].now.plus_millis(1);
        all.push(attach(&mut world, 0, client, new(title, title)));
    }
    let memory = &mut world.desks[0].memory;
    memory.records.remove(&all[0]);
    memory.records.insert(all[1], vec![1, 2, 3]);
    let rows = rows(&mut world, client);
    let listed: Vec<_> =
        rows.iter().map(|row| (row.record, row.size, row.title.as_str())).collect();
    assert_eq!(listed, [(all[2], 5, "whole"), (all[1], 0, ""), (all[0], 0, "")]);
    assert_eq!(open(&mut world, 0, client, all[0]).inside, Inside::Incomplete);
    assert_eq!(open(&mut world, 0, client, all[1]).inside, Inside::Altered);
    let lines = lines(&mut world, client);
    assert_eq!(lines.iter().filter(|line| line.contains("\"missing\":true")).count(), 2);
    let edits = read(&lines).unwrap();
    assert_eq!(edits.iter().filter(|edit| matches!(edit, Edit::Attach { .. })).count(), 1);
}

#[test]
fn a_second_record_of_an_id_changes_nothing_here_or_elsewhere() {
    let (mut world, client) = one();
    let honest = attach(&mut world, 0, client, new("honest", "here"));
    world.sync();
    let hash = [0; 32];
    let change =
        forge(&mut world, client, (honest, RecordKind::Attachment), &head_fields(9, &hash));
    let author = world.desks[1].quill.author;
    world.desks[0].merge(&change, author).unwrap();
    for desk in 0..2 {
        assert_eq!(list(&mut world, desk, client).bytes, 4, "desk {desk}");
        let rebuilt = world.desks[desk].rebuilt().index();
        assert_eq!(rebuilt.timelines, world.desks[desk].index().timelines, "desk {desk}");
        assert!(matches!(open(&mut world, desk, client, honest).inside, Inside::Whole(_)));
    }
}

#[test]
fn a_record_planted_in_the_chart_keeps_no_part_of_a_file_from_going() {
    let (mut world, client) = one();
    let record = attach(&mut world, 0, client, new("goes", noise(130_000)));
    world.sync();
    let author = world.desks[1].quill.author;
    let name = CompartmentName::Chart(client);
    let desk = &mut world.desks[1];
    let kind = (RecordKind::Note, Vec::new());
    let planted = desk.practice.write_record_as(record, &name, kind, Tags::new(), context!(desk));
    // The shelf of these tests knows no compartments: the file's head stays what is stored.
    let merged = world.desks[0].merge(&planted, author);
    assert!(merged.is_ok());
    let family = world.desks[0].practice.family_of(client, record);
    let stored = &world.desks[0].memory.records;
    assert_eq!(family.iter().filter(|one| stored.contains_key(*one)).count(), 3);
}
