//! What was signed for one compartment and is put into another says nothing there, whenever it becomes
//! known whose it was.

use super::world::{Desk, Sent, World, context};
use crate::id::{ClientId, CompartmentId, RecordId};
use crate::practice::change::{Change, Content};
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, Metadata, NewAttachment, NoteFormat};
use crate::practice::record::{Header, Record, RecordKind};
use crate::practice::{Pen as _, Practice};
use proptest::prelude::*;
use std::collections::BTreeSet;

const OWN: ClientId = ClientId::from_bytes([1; 16]);
const OTHER: ClientId = ClientId::from_bytes([2; 16]);

/// What may happen on a device, in any order.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A record comes that lies where it does not belong.
    Comes(RecordKind),
    /// It becomes known whose log one is.
    Known(RecordKind),
    /// The device is locked and opened again.
    Restart,
}

const EVENTS: [Event; 6] = [
    Event::Comes(RecordKind::Note),
    Event::Comes(RecordKind::Attachment),
    Event::Known(RecordKind::Note),
    Event::Known(RecordKind::Attachment),
    Event::Restart,
    Event::Restart,
];

fn place(client: ClientId, kind: RecordKind) -> CompartmentName {
    match kind {
        RecordKind::Note => CompartmentName::Chart(client),
        _ => CompartmentName::Attachments(client),
    }
}

/// A note and a file of a client that the second device has not heard of, and a note of another.
fn world() -> World {
    let mut world = World::new(&[1, 1]);
    world.client(0, 1);
    world.client(0, 2);
    let note = world.begin(0, 9, OTHER, None, NoteFormat::Free);
    world.type_text(0, OTHER, note, "of the other");
    world.sign(0, OTHER, note);
    world.sync();
    let desk = &mut world.desks[1];
    let names: Vec<_> = desk.memory.contents.keys().cloned().collect();
    let logs = names.into_iter().map(|name| (desk.quill.log(&name), name)).collect();
    desk.quill.logs = Some(logs);

    let note = world.begin(0, 8, OWN, None, NoteFormat::Free);
    world.type_text(0, OWN, note, "of the one");
    world.sign(0, OWN, note);
    let bytes = "to whom it may concern".as_bytes().to_vec().into();
    let (title, metadata, labels) = ("letter".to_owned(), Metadata::Keep, BTreeSet::new());
    let file = Box::new(NewAttachment { title, bytes, metadata, labels });
    world.act(0, Edit::Attach { client: OWN, file }).unwrap();
    world
}

/// The record of a kind that was signed for the one, as whoever lies puts it to the other.
fn moved(world: &World, wanted: RecordKind) -> Sent {
    let is = |sent: &&Sent| match &sent.change.content {
        Content::Record { bytes, .. } => {
            sent.change.compartment == place(OWN, wanted)
                && Record::decode(bytes).unwrap().header.kind == wanted
        }
        _ => false,
    };
    let Sent { author, change } = world.sent.iter().find(is).unwrap().clone();
    Sent { author, change: Change { compartment: place(OTHER, wanted), ..change } }
}

/// What a device does once another log may be known.
fn put_right(desk: &mut Desk) {
    for name in desk.practice.moved(context!(desk)) {
        let contents = desk.memory.contents[&name].clone();
        desk.practice.rebuild(&name, &contents, context!(desk)).unwrap();
    }
}

fn happen(desk: &mut Desk, event: Event, sent: &[Sent; 2]) {
    match event {
        Event::Comes(kind) => {
            let Sent { author, change } = &sent[usize::from(kind == RecordKind::Attachment)];
            let taken = desk.merge(change, *author).is_ok();
            let known = desk.quill.logs.as_ref().unwrap().values().any(|n| *n == place(OWN, kind));
            assert_eq!(taken, !known, "what is known to be another's is refused");
        }
        Event::Known(kind) => {
            let name = place(OWN, kind);
            let log = desk.quill.log(&name);
            desk.quill.logs.as_mut().unwrap().insert(log, name);
        }
        Event::Restart => {
            let names = desk.memory.contents.keys().cloned();
            let segments: Vec<_> = names
                .filter_map(|name| Some((name.clone(), desk.practice.project(&name)?)))
                .collect();
            let mut again = Practice::new();
            assert_eq!(again.restore_all(&segments), []);
            desk.practice = again;
        }
    }
}

fn shown(desk: &Desk) -> (usize, bool) {
    let index = desk.index();
    let rows = index.timelines.get(&OTHER).map_or(0, |rows| rows.len());
    (rows, index.attachments.contains_key(&OTHER))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_moved_shows_no_longer_once_it_is_known_whose_it_is(
        order in Just(EVENTS.to_vec()).prop_shuffle(),
    ) {
        let mut world = world();
        let sent = [RecordKind::Note, RecordKind::Attachment].map(|kind| moved(&world, kind));
        let desk = &mut world.desks[1];
        for event in order {
            happen(desk, event, &sent);
            put_right(desk);
        }
        prop_assert_eq!(shown(desk), (1, false));
        prop_assert!(*desk.rebuilt().index() == *desk.index());
    }
}

/// Until then nothing says that it is not of a log that the compartment had once.
#[test]
fn what_names_a_log_that_nobody_knows_here_counts() {
    let mut world = world();
    let sent = moved(&world, RecordKind::Note);
    let desk = &mut world.desks[1];
    desk.merge(&sent.change, sent.author).unwrap();
    put_right(desk);
    assert_eq!(shown(desk), (2, false));
    // To know it is not enough: the read model is made anew then, and once.
    let known = [sent.clone(), sent];
    happen(desk, Event::Known(RecordKind::Note), &known);
    assert_eq!(shown(desk), (2, false));
    assert_eq!(desk.practice.moved(context!(desk)), [place(OTHER, RecordKind::Note)]);
    assert_eq!(desk.practice.moved(context!(desk)), []);
}

/// Whoever lies names any number of logs that are nobody's, and then one that is somebody's.
#[test]
fn however_many_logs_are_named_that_nobody_knows_none_is_forgotten() {
    const LIES: u16 = 300;
    let mut world = world();
    let sent = moved(&world, RecordKind::Note);
    let Content::Record { bytes, .. } = &sent.change.content else { panic!("a record") };
    let note = Record::decode(bytes).unwrap();
    let desk = &mut world.desks[1];
    let (author, name) = (desk.quill.author, sent.change.compartment.clone());
    for number in 0..LIES {
        let [high, low] = number.to_be_bytes();
        let mut id = [9; 16];
        (id[0], id[1]) = (high, low);
        let (record, log) = (RecordId::from_bytes(id), CompartmentId::from_bytes(id));
        let header =
            Header { id: record, log, author, relations: Vec::new(), ..note.header.clone() };
        let body = note.body().unwrap().clone();
        let sign = |label: &str, fields: &[&[u8]]| desk.quill.key.sign(label, fields);
        let bytes = Record::new(header, [0; 32], body, sign).encode();
        let content = Content::Record { record, bytes };
        desk.merge(&Change { compartment: name.clone(), content }, author).unwrap();
    }
    desk.merge(&sent.change, sent.author).unwrap();
    let rows = usize::from(LIES) + 2;
    assert_eq!(shown(desk), (rows, false), "nothing says yet that it is another's");
    happen(desk, Event::Restart, &[sent.clone(), sent.clone()]);
    assert_eq!(shown(desk), (rows, false));
    happen(desk, Event::Known(RecordKind::Note), &[sent.clone(), sent]);
    put_right(desk);
    assert_eq!(shown(desk), (rows - 1, false));
    assert!(*desk.rebuilt().index() == *desk.index());
}
