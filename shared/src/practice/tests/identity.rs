//! Who a client is in law: apart from the contact, read only where it is opened.

use super::world::*;
use crate::id::ClientId;
use crate::practice::Refusal;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{ContactChange, Edit, Stamp, Subject};
use crate::practice::identity::{IdentityField, age};
use crate::practice::interchange::{ImportStep, Importer, export_lines};
use crate::practice::view::{IdentityView, View};
use jiff::civil::date;
use std::collections::BTreeSet;

fn set(world: &mut World, desk: usize, client: ClientId, field: IdentityField, value: &str) {
    let value = value.to_owned();
    world.act(desk, Edit::ChangeIdentity { client, field, value }).unwrap();
}

fn identity(world: &mut World, desk: usize, client: ClientId) -> IdentityView {
    match world.desks[desk].open(Subject::Identity(client)) {
        Ok(View::Identity(view)) => view,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_two_devices_say_apart_comes_together_and_lists_know_nothing_of_it() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.sync();
    let before = world.desks[0].index();
    set(&mut world, 0, client, IdentityField::LegalName, "  Ada Maria Testerin ");
    set(&mut world, 1, client, IdentityField::Born, "1985-03-02");
    set(&mut world, 1, client, IdentityField::Address, "Somewhere 1");
    world.sync();
    let view = identity(&mut world, 0, client);
    assert_eq!(view, identity(&mut world, 1, client));
    assert_eq!(view.identity[&IdentityField::LegalName], "Ada Maria Testerin");
    assert_eq!(view.identity.len(), 3);
    assert_eq!(*world.desks[0].index(), *before, "no list and no segment holds a word of it");
    let mut rebuilt = world.desks[1].rebuilt();
    let desk = &mut world.desks[1];
    let again = rebuilt.refresh(Subject::Identity(client), context!(desk));
    assert_eq!(again, Some(View::Identity(view)));
    let segment = world.desks[1].practice.project(&CompartmentName::Identity(client));
    assert!(segment.is_some_and(|bytes| bytes.len() < 8), "it says that there is one, no more");
}

#[test]
fn a_field_is_changed_taken_out_undone_and_refused() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    set(&mut world, 0, client, IdentityField::Guardians, "Her mother");
    let before = identity(&mut world, 0, client);
    for value in ["Both parents", ""] {
        let edit = Edit::ChangeIdentity {
            client,
            field: IdentityField::Guardians,
            value: value.to_owned(),
        };
        let inverse = world.act(0, edit).unwrap().unwrap();
        let after = identity(&mut world, 0, client);
        assert_ne!(after, before);
        let (_, redo) = world.desks[0].undo(inverse).unwrap();
        assert_eq!(identity(&mut world, 0, client), before);
        let (_, undo) = world.desks[0].undo(redo.unwrap()).unwrap();
        assert_eq!(identity(&mut world, 0, client), after);
        world.desks[0].undo(undo.unwrap()).unwrap();
    }
    // The clock stands on 23 November 2026.
    for (field, value, refusal) in [
        (IdentityField::Born, "2 March", Refusal::InvalidDate),
        (IdentityField::Born, "2026-11-24", Refusal::InvalidDate),
        (IdentityField::Born, "1985-3-2", Refusal::InvalidDate),
        (IdentityField::LegalName, &"x".repeat(201), Refusal::TextTooLong),
    ] {
        let edit = Edit::ChangeIdentity { client, field, value: value.to_owned() };
        assert_eq!(world.act(0, edit), Err(refusal), "{value}");
    }
    let unknown = Subject::Identity(ClientId::from_bytes([9; 16]));
    assert_eq!(world.desks[0].open(unknown).unwrap_err(), Refusal::UnknownClient);
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    let hidden = world.desks[0].open(Subject::Identity(client)).unwrap_err();
    assert_eq!(hidden, Refusal::ToBeErased);
}

#[test]
fn it_leaves_with_an_export_and_comes_in_again() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    for field in IdentityField::ALL {
        let value = if field == IdentityField::Born { "2012-02-29" } else { field.word() };
        set(&mut world, 0, client, field, value);
    }
    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let stamp = Stamp { time: desk.now, zone: ZONE.to_owned() };
    let lines: Vec<String> = export_lines(&desk.index(), &stamp, items).collect();
    let mut other = World::new(&[1]);
    let mut importer = Importer::new(member(1), BTreeSet::new());
    for line in &lines {
        for step in importer.import_line(line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("{step:?}") };
            other.act(0, edit).unwrap();
        }
    }
    let counts = importer.finish().unwrap();
    assert_eq!((counts.read["identity"], counts.unknown_fields.len()), (1, 0));
    let (here, there) = (identity(&mut world, 0, client), identity(&mut other, 0, client));
    assert_eq!(here.identity, there.identity);
}

#[test]
fn an_age_is_counted_in_full_years() {
    for (born, on, years) in [
        (date(1985, 3, 2), date(2026, 3, 1), Some(40)),
        (date(1985, 3, 2), date(2026, 3, 2), Some(41)),
        (date(2012, 2, 29), date(2026, 2, 28), Some(13)),
        (date(2012, 2, 29), date(2026, 3, 1), Some(14)),
        (date(2026, 1, 1), date(2026, 1, 1), Some(0)),
        (date(2026, 1, 2), date(2026, 1, 1), None),
    ] {
        assert_eq!(age(born, on), years, "{born} {on}");
    }
}

/// Every field is edited as one line, so that no line is lost when it is saved.
#[test]
fn what_stands_on_several_lines_becomes_one() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    set(&mut world, 0, client, IdentityField::Address, "Somewhere 1\r\n\r\n 12345 Town\t\u{2028}");
    assert_eq!(
        identity(&mut world, 0, client).identity[&IdentityField::Address],
        "Somewhere 1, 12345 Town"
    );
    let contact = ContactChange {
        safe_contact: Some("Call only\nNEVER text\u{7}".into()),
        ..ContactChange::default()
    };
    world.act(0, Edit::ChangeContact { client, contact }).unwrap();
    let row = world.desks[0].index().clients[&client].clone();
    assert_eq!(row.safe_contact, "Call only, NEVER text");
}

/// A file is refused before anything of it is carried out.
#[test]
fn what_an_edit_would_refuse_an_import_refuses_first() {
    let line = |text: String| {
        let mut importer = Importer::new(member(1), BTreeSet::new());
        let header = r#"{"tacenda":"export","version":1}"#;
        importer.import_line(header).unwrap();
        importer.import_line(&text).map(|steps| steps.len())
    };
    let id = "01".repeat(16);
    let long = "x".repeat(3000);
    for (text, works) in [
        (format!(r#"{{"type":"client","id":"{id}","name":"Ada"}}"#), true),
        (format!(r#"{{"type":"client","id":"{id}","name":"{long}"}}"#), false),
        (format!(r#"{{"type":"identity","client":"{id}","born":"1985-03-02"}}"#), true),
        (format!(r#"{{"type":"identity","client":"{id}","born":"2 March"}}"#), false),
        (format!(r#"{{"type":"identity","client":"{id}","born":"19850302"}}"#), true),
        (format!(r#"{{"type":"identity","client":"{id}","address":"{long}"}}"#), false),
        (
            format!(
                r#"{{"type":"client","id":"{id}","name":"Ada","tasks":[{{"id":"{id}","text":"{long}"}}]}}"#
            ),
            false,
        ),
        (
            format!(
                r#"{{"type":"client","id":"{id}","name":"Ada","tasks":[{{"id":"{id}","text":"a"}},{{"id":"{id}","text":"b"}}]}}"#
            ),
            false,
        ),
    ] {
        assert_eq!(line(text.clone()).is_ok(), works, "{text}");
    }
}
