//! What clients wrote, between devices: typed by two, signed under one's hands, erased alone.

use super::plans::erase;
use super::*;
use std::collections::BTreeSet;
use tacenda_shared::id::RecordId;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::view::{JournalHead, TimelineEntry};

const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 20);

fn begin(world: &mut World, at: usize, client: ClientId) -> ObjectId {
    let draft = ObjectId::random(&mut OsRandom);
    edit(world, at, Edit::BeginJournal { draft, client, date: DAY });
    draft
}

/// The entries that a device lists, the newest first.
fn entries(world: &mut World, at: usize, client: ClientId) -> Vec<RecordId> {
    let index = world.device(at).index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let of = |entry: &TimelineEntry| match entry {
        TimelineEntry::Journal { record, .. } => Some(*record),
        _ => None,
    };
    rows.filter_map(|row| of(&row.entry)).collect()
}

fn reads(world: &mut World, at: usize, client: ClientId, record: RecordId) -> Vec<String> {
    let now = world.now;
    let subject = Subject::Note(client, record);
    let view = world.device(at).open(subject, Purpose::Care, now).unwrap();
    world.device(at).close_view(subject, now);
    let View::Note(note) = view else { panic!("an entry was asked for") };
    let text = note.parts.into_iter().map(|(_, text)| text);
    text.chain(note.addenda.into_iter().map(|addendum| addendum.text)).collect()
}

#[test]
fn keys_typed_while_another_device_signed_stay_in_the_journal() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin(&mut world, 0, ada);
    write(&mut world, 0, ada, note, "Seen.");
    world.heal();
    assert_eq!(text(&mut world, 1, ada, note), "Seen.");
    world.cut(1);
    let now = world.now;
    let splice = Splice { part: Part::Text, position: 5, deleted: 0, inserted: " Unseen.".into() };
    world.device(1).type_keys(note, ada, vec![splice], now);
    world.device(1).flush(now).unwrap();
    edit(&mut world, 0, Edit::Sign { note, client: ada, late_reason: None });
    world.heal();
    world.device(1).commit(note, ada, now).unwrap();
    world.heal();
    let [entry] = entries(&mut world, 1, ada)[..] else { panic!("one entry") };
    let late = world.device(1).index().drafts[0].clone();
    assert!(late.journal && late.addendum_to == Some(entry));
    edit(&mut world, 1, Edit::Sign { note: late.note, client: ada, late_reason: None });
    world.heal();
    for at in 0..2 {
        assert_eq!(reads(&mut world, at, ada, entry), ["Seen.", " Unseen."]);
        world.restart(at);
        world.heal();
        assert_eq!(reads(&mut world, at, ada, entry), ["Seen.", " Unseen."]);
        // The draft's key dies like that of a note, and nothing of it lies in the chart.
        let locations = world.device(at).cabinet.store().locations();
        assert!(locations.named(&CompartmentName::Chart(ada)).is_none());
    }
}

#[test]
fn one_entry_is_erased_and_the_rest_of_the_journal_stays() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let said = JournalHead { date: DAY, came: Came::Imported, shared: false };
    for text in ["To be forgotten.", "To be kept."] {
        edit(
            &mut world,
            0,
            Edit::EnterJournal { client: ada, said, text: text.into(), labels: BTreeSet::new() },
        );
        world.now = world.now.plus_millis(1_000);
    }
    world.heal();
    let [kept, gone] = entries(&mut world, 1, ada)[..] else { panic!("two entries") };
    erase(&mut world, 0, ada, gone);
    for at in 0..2 {
        world.restart(at);
        world.heal();
        assert_eq!(entries(&mut world, at, ada), [kept]);
        assert_eq!(reads(&mut world, at, ada, kept), ["To be kept."]);
        let log = world.device(at).cabinet.log_of(&CompartmentName::Journal(ada));
        let locations = world.device(at).cabinet.store().locations();
        assert!(locations.record(log, gone).is_none());
        assert!(locations.rebased(log).is_some());
    }
}

#[test]
fn the_journal_dies_with_the_record_on_every_device_and_the_server() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let said = JournalHead { date: DAY, came: Came::Imported, shared: true };
    edit(
        &mut world,
        0,
        Edit::EnterJournal {
            client: ada,
            said,
            text: "A diary page.".into(),
            labels: BTreeSet::new(),
        },
    );
    let note = begin(&mut world, 0, ada);
    write(&mut world, 0, ada, note, "Begun.");
    world.heal();
    let logs = erasing::logs_of(&mut world, 1, ada);
    assert_eq!(logs.len(), 2, "contact and journal");
    assert_eq!(erasing::holders(&mut world, &logs), (vec![0, 1], true));
    erasing::ask(&mut world, 0, ada);
    world.heal();
    assert!(entries(&mut world, 1, ada).is_empty());
    erasing::pass(&mut world, 31 * erasing::DAY);
    erasing::order(&mut world, 1, ada);
    world.heal();
    world.heal();
    assert_eq!(erasing::holders(&mut world, &logs), (vec![], false));
    assert!(erasing::logs_of(&mut world, 0, ada).is_empty());
}
