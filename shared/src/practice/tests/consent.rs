//! Consents: given, refused, renewed, taken back, struck; on several devices, and by one that lies.

use super::world::{HOUR, Sent, World, ZONE, context};
use crate::id::{ClientId, RecordId};
use crate::practice::change::Content;
use crate::practice::chart::tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::consent::{
    ConsentEnd, ConsentHow, ConsentKind, ConsentState, ConsentView, NewConsent,
};
use crate::practice::edit::{Edit, Stamp, Subject};
use crate::practice::erasure::Scope;
use crate::practice::interchange::{Counts, ImportStep, Importer, export_lines};
use crate::practice::record::{RecordKind, Relation, RelationKind, Tags};
use crate::practice::view::{TimelineEntry, View};
use crate::practice::{AuditEntry, AuditKind, Refusal};
use crate::suite::Hash;
use jiff::civil::{Date, date};
use std::collections::BTreeSet;

const MONDAY: Date = date(2026, 11, 23);

fn id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

fn consent(kind: ConsentKind, until: Option<Date>) -> NewConsent {
    let given = date(2026, 11, 1);
    NewConsent { until, ..NewConsent::new(kind, given, ConsentHow::InSession) }
}

fn give(
    world: &mut World,
    desk: usize,
    (client, number): (ClientId, u8),
    consent: NewConsent,
) -> Result<Option<Edit>, Refusal> {
    let edit = Edit::RecordConsent { client, record: id(number), consent: Box::new(consent) };
    world.act(desk, edit)
}

fn revoke(client: ClientId, number: u8, day: Date) -> Edit {
    let revoked = Some((day, "moved away".to_owned()));
    Edit::RevokeConsent { client, record: id(number), revoked }
}

fn later(world: &mut World) {
    world.desks.iter_mut().for_each(|desk| desk.now = desk.now.plus_millis(1_000));
}

fn ends(world: &World, desk: usize, client: ClientId) -> Vec<(RecordId, Option<ConsentEnd>)> {
    let index = world.desks[desk].index();
    let rows = index.consents.get(&client).into_iter().flat_map(|rows| rows.iter());
    rows.map(|row| (row.record, row.end)).collect()
}

fn views(world: &mut World, desk: usize, client: ClientId) -> Vec<ConsentView> {
    match world.desks[desk].open(Subject::Consents(client)).unwrap() {
        View::Consents(view) => view.consents,
        other => panic!("no consents: {other:?}"),
    }
}

#[test]
fn a_consent_holds_until_its_last_day_and_says_when_that_is_near() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let until = Some(date(2026, 11, 25));
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, until)).unwrap();
    world.sync();
    for desk in 0..2 {
        let row = world.desks[desk].index().consents[&client][0];
        let state = |day: i8| row.state(date(2026, 11, day));
        assert_eq!(state(5), ConsentState::Active);
        assert_eq!(state(11), ConsentState::Expires(14));
        assert_eq!(state(25), ConsentState::Expires(0));
        assert_eq!(state(26), ConsentState::Expired(date(2026, 11, 25)));
        assert!(row.is_active(date(2026, 11, 25)) && !row.is_active(date(2026, 11, 26)));
        let timeline = &world.desks[desk].index().timelines[&client];
        let entry = TimelineEntry::Consent {
            record: id(1),
            kind: ConsentKind::Telehealth,
            until,
            end: None,
        };
        assert_eq!(timeline.iter().map(|row| row.entry.clone()).collect::<Vec<_>>(), [entry]);
        // It stands where it was given, and not where it was written down.
        assert!(timeline[0].time < world.desks[desk].now.plus_millis(-20 * 24 * HOUR));
    }
    let again = world.desks[1].rebuilt();
    assert_eq!(*again.index(), *world.desks[1].index());
    let name = CompartmentName::Chart(client);
    let segment = world.desks[0].practice.project(&name).unwrap();
    let mut restored = crate::practice::Practice::new();
    restored.restore(&name, &segment).unwrap();
    assert_eq!(restored.index().consents, world.desks[0].index().consents);
}

#[test]
fn its_words_are_read_with_an_entry_in_the_trail_and_lists_know_none_of_them() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let release = NewConsent {
        recipient: " Dr. Sample ".into(),
        covers: "diagnosis and\ndates".into(),
        said: "\"nothing about my brother\"".into(),
        ..consent(ConsentKind::Release, None)
    };
    give(&mut world, 0, (client, 1), release).unwrap();
    let index = format!("{:?}", world.desks[0].index());
    assert!(!index.contains("Sample,") && !index.contains("brother"), "{index}");
    let trail = |world: &World| -> Vec<AuditKind> {
        let records = world.desks[0].memory.records.values();
        let read = records.map(|bytes| crate::practice::record::Record::decode(bytes).unwrap());
        let mut all: Vec<_> = read.filter_map(|one| AuditEntry::of(&one)).collect();
        all.sort_by_key(|entry| entry.number);
        all.into_iter().map(|entry| entry.kind).collect()
    };
    assert_eq!(trail(&world), [AuditKind::Sign]);
    let seen = views(&mut world, 0, client).remove(0);
    assert_eq!(trail(&world), [AuditKind::Sign, AuditKind::Open]);
    assert_eq!(seen.recipient, "Dr. Sample");
    assert_eq!(seen.covers, "diagnosis and, dates");
    assert_eq!(seen.said, "\"nothing about my brother\"");
    assert_eq!((seen.how, seen.says_more, seen.struck), (ConsentHow::InSession, false, false));
}

#[test]
fn a_renewal_takes_the_place_of_the_one_before_until_it_is_struck() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let first = consent(ConsentKind::Telehealth, Some(date(2026, 11, 25)));
    give(&mut world, 0, (client, 1), first.clone()).unwrap();
    later(&mut world);
    let heir = NewConsent {
        given: MONDAY,
        until: Some(date(2027, 11, 25)),
        renews: Some(id(1)),
        ..first.clone()
    };
    let strike = give(&mut world, 0, (client, 2), heir.clone()).unwrap().unwrap();
    world.sync();
    let renewed = Some(ConsentEnd::Renewed(MONDAY));
    assert_eq!(ends(&world, 1, client), [(id(2), None), (id(1), renewed)]);

    let (changes, redo) = world.desks[0].undo(strike).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(ends(&world, 1, client), [(id(1), None)]);
    let seen = views(&mut world, 1, client);
    assert_eq!(seen.iter().map(|one| one.struck).collect::<Vec<_>>(), [false, true], "it stays");
    later(&mut world);
    let (changes, _) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(ends(&world, 1, client).len(), 2);

    // Who refuses another year consents no more.
    let no = NewConsent { refused: true, renews: Some(id(2)), until: None, ..heir.clone() };
    give(&mut world, 0, (client, 3), no).unwrap();
    let (refused, gone) = (Some(ConsentEnd::Refused), Some(ConsentEnd::Revoked(MONDAY)));
    assert_eq!(ends(&world, 0, client), [(id(3), refused), (id(2), gone), (id(1), gone)]);
    let other = NewConsent { kind: ConsentKind::Recording, renews: Some(id(2)), ..heir.clone() };
    assert_eq!(give(&mut world, 0, (client, 4), other), Err(Refusal::UnknownConsent));
    let none = NewConsent { renews: Some(id(9)), ..heir };
    assert_eq!(give(&mut world, 0, (client, 4), none), Err(Refusal::UnknownConsent));
}

#[test]
fn what_a_client_took_back_is_revoked_everywhere_and_that_can_be_undone() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Treatment, None)).unwrap();
    later(&mut world);
    let inverse = world.act(0, revoke(client, 1, MONDAY)).unwrap().unwrap();
    world.sync();
    assert_eq!(ends(&world, 1, client), [(id(1), Some(ConsentEnd::Revoked(MONDAY)))]);
    assert_eq!(views(&mut world, 1, client)[0].reason, "moved away");
    later(&mut world);
    let (changes, redo) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(ends(&world, 1, client), [(id(1), None)]);
    assert_eq!(views(&mut world, 1, client)[0].reason, "");
    later(&mut world);
    let (changes, _) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(views(&mut world, 1, client)[0].reason, "moved away");

    let before = date(2026, 10, 31);
    assert_eq!(world.act(0, revoke(client, 1, before)), Err(Refusal::InvalidDate));
    let tomorrow = date(2026, 11, 24);
    assert_eq!(world.act(0, revoke(client, 1, tomorrow)), Err(Refusal::InvalidDate));
    assert_eq!(world.act(0, revoke(client, 7, MONDAY)), Err(Refusal::UnknownConsent));
}

#[test]
fn a_renewal_that_did_not_know_of_the_revocation_does_not_hold() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
    world.sync();
    later(&mut world);
    let heir =
        NewConsent { given: MONDAY, renews: Some(id(1)), ..consent(ConsentKind::Telehealth, None) };
    give(&mut world, 0, (client, 2), heir.clone()).unwrap();
    later(&mut world);
    world.act(1, revoke(client, 1, MONDAY)).unwrap();
    world.sync();
    let gone = Some(ConsentEnd::Revoked(MONDAY));
    for desk in 0..2 {
        let ends: Vec<_> = ends(&world, desk, client).into_iter().map(|(_, end)| end).collect();
        assert_eq!(ends, [gone, gone], "desk {desk}");
    }
    // Given anew afterwards, by who knew, it holds.
    later(&mut world);
    give(&mut world, 1, (client, 3), NewConsent { renews: Some(id(2)), ..heir }).unwrap();
    world.sync();
    assert_eq!(ends(&world, 0, client)[0], (id(3), None));
}

#[test]
fn what_says_too_little_or_cannot_be_is_refused_and_leaves_nothing() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let usual = || consent(ConsentKind::Treatment, None);
    let cases = [
        (consent(ConsentKind::Release, None), Refusal::ConsentIncomplete),
        (consent(ConsentKind::Other, None), Refusal::ConsentIncomplete),
        (NewConsent { given: date(2026, 11, 24), ..usual() }, Refusal::InvalidDate),
        (NewConsent { until: Some(date(2026, 10, 31)), ..usual() }, Refusal::InvalidDate),
        (NewConsent { said: "x".repeat(1_001), ..usual() }, Refusal::TextTooLong),
        (
            NewConsent { recipient: "x".repeat(201), ..consent(ConsentKind::Release, None) },
            Refusal::TextTooLong,
        ),
    ];
    for (consent, refusal) in cases {
        assert_eq!(give(&mut world, 0, (client, 1), consent), Err(refusal));
    }
    assert_eq!(
        give(&mut world, 0, (ClientId::from_bytes([9; 16]), 1), usual()),
        Err(Refusal::UnknownClient)
    );
    assert!(ends(&world, 0, client).is_empty());
    give(&mut world, 0, (client, 1), usual()).unwrap();
    assert_eq!(give(&mut world, 0, (client, 1), usual()), Err(Refusal::ConsentExists));
    let no = NewConsent { refused: true, until: Some(date(2027, 1, 1)), ..usual() };
    give(&mut world, 0, (client, 2), no).unwrap();
    assert_eq!(world.desks[0].index().consents[&client][1].until, None);
    assert_eq!(world.act(0, revoke(client, 2, MONDAY)), Err(Refusal::ConsentNotGiven));
}

#[test]
fn an_erasure_takes_a_consent_and_all_that_was_said_of_it() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Treatment, None)).unwrap();
    give(&mut world, 0, (client, 2), consent(ConsentKind::Telehealth, None)).unwrap();
    later(&mut world);
    world.act(0, revoke(client, 1, MONDAY)).unwrap();
    world.sync();
    assert_eq!(world.desks[1].practice.family_of(client, id(1)).len(), 2, "with its reason");
    assert_eq!(world.desks[1].practice.family_of(client, id(2)).len(), 1);
    world.act(1, Edit::AskErasure(Scope::of_record(client, id(1)))).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(ends(&world, desk, client), [(id(2), None)]);
        assert_eq!(views(&mut world, desk, client).len(), 1);
        assert_eq!(world.act(desk, revoke(client, 1, MONDAY)), Err(Refusal::ToBeErased));
    }
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    world.sync();
    assert!(!world.desks[1].index().consents.contains_key(&client));
    let opened = world.desks[1].open(Subject::Consents(client));
    assert_eq!(opened.unwrap_err(), Refusal::ToBeErased);
    let more = consent(ConsentKind::Recording, None);
    assert_eq!(give(&mut world, 1, (client, 3), more), Err(Refusal::ToBeErased));
    world.act(0, Edit::WithdrawErasure(client.into())).unwrap();
    world.sync();
    assert_eq!(ends(&world, 1, client).len(), 1);
}

/// What stands in a consent, whatever its id and whoever wrote it down.
fn words(view: &ConsentView) -> (ConsentKind, Date, Option<Date>, Option<ConsentEnd>, [String; 5]) {
    let row = &view.row;
    let how = view.how.word();
    let texts = [&view.recipient, &view.covers, &view.said, &view.reason, &how].map(Clone::clone);
    (row.kind, row.given, row.until, row.end, texts)
}

#[test]
fn consents_leave_in_an_export_and_come_in_again_once() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let full = NewConsent {
        recipient: "Dr. Sample".into(),
        covers: "dates \u{1F642}".into(),
        said: "yes, \"all\"".into(),
        ..consent(ConsentKind::Release, Some(date(2027, 2, 1)))
    };
    give(&mut world, 0, (client, 1), full.clone()).unwrap();
    later(&mut world);
    let heir = NewConsent { given: MONDAY, renews: Some(id(1)), ..full };
    give(&mut world, 0, (client, 2), heir).unwrap();
    give(&mut world, 0, (client, 3), consent(ConsentKind::Ai, None)).unwrap();
    let no = NewConsent { refused: true, ..consent(ConsentKind::Recording, None) };
    give(&mut world, 0, (client, 4), no).unwrap();
    give(&mut world, 0, (client, 5), consent(ConsentKind::Unknown(77), None)).unwrap();
    give(&mut world, 0, (client, 6), consent(ConsentKind::Treatment, None)).unwrap();
    later(&mut world);
    world.act(0, revoke(client, 3, MONDAY)).unwrap();
    let strike = Edit::StrikeConsent { client, record: id(6), struck: true };
    world.act(0, strike).unwrap();

    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let index = desk.index();
    let written = Stamp { time: desk.now, zone: ZONE.to_owned() };
    let lines: Vec<String> = export_lines(&index, &written, items).collect();
    let mut importer = Importer::new(desk.quill.author.member, BTreeSet::new());
    let steps = lines.iter().flat_map(|line| importer.import_line(line).unwrap());
    let steps: Vec<ImportStep> = steps.collect();
    let counts = importer.finish().unwrap();
    assert_eq!((counts.read["consent"], counts.unknown_fields.len()), (5, 0));
    assert!(!counts.not_carried.contains_key("consent.renews"));

    let mut other = World::new(&[1]);
    for step in &steps {
        let ImportStep::Edit(edit) = step else { panic!("an edit") };
        other.act(0, edit.clone()).unwrap();
    }
    let before: Vec<_> = views(&mut world, 0, client).iter().map(words).collect();
    let after: Vec<_> = views(&mut other, 0, client).iter().map(words).collect();
    assert_eq!(after, before[..5], "all but what was struck");
    // The same file once more is seen.
    let again = steps.iter().find_map(|step| match step {
        ImportStep::Edit(edit @ Edit::RecordConsent { .. }) => Some(edit.clone()),
        _ => None,
    });
    assert_eq!(other.act(0, again.unwrap()), Err(Refusal::ConsentExists));

    // What cannot be is refused before anything is carried out.
    let line = lines.iter().find(|line| line.contains("\"consent\"")).unwrap();
    for (from, to) in [("2026-11-01", "2026-11-31"), ("\"release\"", "\"x\"")] {
        let mut importer = Importer::new(world.desks[0].quill.author.member, BTreeSet::new());
        importer.import_line(&lines[0]).unwrap();
        assert!(importer.import_line(&line.replace(from, to)).is_err(), "{from}");
        importer.import_line(line).unwrap();
        assert!(importer.import_line(line).is_err(), "twice in one file");
    }
}

/// Writes a record on the first desk as no honest device would, and sends it.
fn lie(
    world: &mut World,
    client: ClientId,
    number: u8,
    relations: &[(RelationKind, u8)],
    fields: &[(u16, &[u8])],
) {
    let mut body = Tags::new();
    for (tag, value) in fields {
        body.set(*tag, *value);
    }
    let relations = relations.iter().map(|(kind, target)| Relation {
        kind: *kind,
        target: [*target; 16],
        digest: Hash::ZERO,
    });
    let relations = relations.collect();
    let desk = &mut world.desks[0];
    let name = CompartmentName::Chart(client);
    let kind = (RecordKind::Consent, relations);
    let change = desk.practice.write_record_as(id(number), &name, kind, body, context!(desk));
    desk.memory.store(&change);
    world.send(0, vec![change]);
}

#[test]
fn a_device_that_lies_or_is_newer_hides_nothing_and_stops_nothing() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
    later(&mut world);
    let long = "x".repeat(5_000);
    let given = (tag::CONSENT_GIVEN, b"2026-11-01".as_slice());
    let telehealth = (tag::CONSENT_KIND, [0, 2].as_slice());
    // Of a kind, in a way and with a field that only a newer version knows.
    let newer = [(tag::CONSENT_KIND, [3, 132].as_slice()), (tag::CONSENT_HOW, &[0, 99]), given];
    lie(&mut world, client, 2, &[], &[newer[0], newer[1], newer[2], (900, b"more")]);
    // A line longer than any, a date that is none.
    let texts = [(tag::CONSENT_SAID, long.as_bytes()), (tag::CONSENT_UNTIL, b"2026-99-99")];
    lie(&mut world, client, 3, &[], &[telehealth, given, texts[0], texts[1]]);
    // Two that renew each other, one that renews itself, one of another kind that renews the first.
    lie(&mut world, client, 4, &[(RelationKind::Renews, 5)], &[telehealth, given]);
    lie(&mut world, client, 5, &[(RelationKind::Renews, 4)], &[telehealth, given]);
    lie(&mut world, client, 6, &[(RelationKind::Renews, 6)], &[telehealth, given]);
    lie(&mut world, client, 7, &[(RelationKind::Renews, 1)], &[newer[0], given]);
    // A revocation without a date, a strike of nothing, one that says nothing, nothing at all.
    lie(&mut world, client, 8, &[(RelationKind::Revokes, 1)], &[]);
    lie(&mut world, client, 9, &[(RelationKind::Corrects, 200)], &[(tag::STRUCK, &[1])]);
    lie(&mut world, client, 10, &[(RelationKind::Corrects, 1)], &[(tag::STRUCK, b"xx")]);
    lie(&mut world, client, 11, &[], &[]);
    world.sync();
    let before = world.desks[1].index();
    let end = |record| {
        before.consents[&client].iter().find(|row| row.record == record).map(|row| row.end)
    };
    assert_eq!(end(id(1)), Some(None), "the first holds");
    assert_eq!(end(id(2)), Some(None));
    assert_eq!(before.consents[&client].len(), 7);
    let seen = views(&mut world, 1, client);
    let of = |number| seen.iter().find(|one| one.row.record == id(number)).unwrap();
    let newer = of(2);
    assert_eq!((newer.row.kind, newer.how), (ConsentKind::Unknown(900), ConsentHow::Unknown(99)));
    assert!(newer.says_more && !of(1).says_more);
    assert_eq!(newer.row.kind.word(), "kind-900");
    assert_eq!(ConsentKind::named("kind-900"), Some(ConsentKind::Unknown(900)));
    assert_eq!((of(3).said.len(), of(3).row.until), (1_000, None));
    let unknown = before.timelines[&client]
        .iter()
        .filter(|row| matches!(row.entry, TimelineEntry::Unknown { .. }))
        .count();
    assert_eq!(unknown, 2, "what does not read is shown as such");
    assert_eq!(*world.desks[1].rebuilt().index(), *before);
}

/// What a renewal of the given one says.
fn again(number: u8) -> NewConsent {
    NewConsent { given: MONDAY, renews: Some(id(number)), ..consent(ConsentKind::Telehealth, None) }
}

fn holding(world: &World, desk: usize, client: ClientId) -> Vec<RecordId> {
    ends(world, desk, client)
        .into_iter()
        .filter(|(_, end)| end.is_none())
        .map(|(id, _)| id)
        .collect()
}

/// A consent, what renewed it, and what renewed that, on two devices.
fn three_in_a_row() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
    for number in [2, 3] {
        later(&mut world);
        give(&mut world, 0, (client, number), again(number - 1)).unwrap();
    }
    world.sync();
    later(&mut world);
    (world, client)
}

#[test]
fn whatever_is_struck_or_erased_later_what_was_taken_back_never_holds_again() {
    for revoked in 1..=3 {
        for gone in 1..=3 {
            for erased in [false, true] {
                let (mut world, client) = three_in_a_row();
                world.act(1, revoke(client, revoked, MONDAY)).unwrap();
                world.sync();
                assert!(holding(&world, 0, client).is_empty(), "{revoked} {gone}");
                later(&mut world);
                let edit = match erased {
                    true => Edit::AskErasure(Scope::of_record(client, id(gone))),
                    false => Edit::StrikeConsent { client, record: id(gone), struck: true },
                };
                world.act(0, edit).unwrap();
                world.sync();
                for desk in 0..2 {
                    let holding = holding(&world, desk, client);
                    assert!(holding.is_empty(), "{revoked} {gone} {erased} {holding:?}");
                }
            }
        }
    }
}

#[test]
fn a_renewal_in_the_middle_that_is_erased_parts_no_family() {
    let (mut world, client) = three_in_a_row();
    world.act(0, Edit::AskErasure(Scope::of_record(client, id(2)))).unwrap();
    world.sync();
    assert_eq!(holding(&world, 1, client), [id(3)]);
    world.act(1, revoke(client, 3, MONDAY)).unwrap();
    world.sync();
    assert!(holding(&world, 0, client).is_empty());
    world.act(0, Edit::AskErasure(Scope::of_record(client, id(3)))).unwrap();
    world.sync();
    assert!(holding(&world, 1, client).is_empty());
    // The last one takes with it what was said of all.
    for number in [2, 3] {
        let family = world.desks[0].practice.family_of(client, id(number));
        assert_eq!(family, [id(number)].into(), "the first is there yet");
    }
    let day = 24 * HOUR;
    world.desks.iter_mut().for_each(|desk| desk.now = desk.now.plus_millis(30 * day));
    for number in [2, 3] {
        world.act(0, Edit::OrderErasure(Scope::of_record(client, id(number)))).unwrap();
    }
    assert_eq!(world.desks[0].practice.family_of(client, id(1)).len(), 2);
}

#[test]
fn only_who_knew_that_it_was_taken_back_can_renew_it_whatever_the_clocks_say() {
    for ahead in [-24 * HOUR, 0, 24 * HOUR] {
        let mut world = World::new(&[1, 1]);
        let client = world.client(0, 1);
        give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
        world.sync();
        world.desks[0].now = world.desks[0].now.plus_millis(2 * HOUR + ahead);
        world.desks[1].now = world.desks[1].now.plus_millis(2 * HOUR);
        world.act(1, revoke(client, 1, date(2026, 11, 22))).unwrap();
        let renewal = NewConsent { given: date(2026, 11, 22), ..again(1) };
        give(&mut world, 0, (client, 2), renewal).unwrap();
        world.sync();
        for desk in 0..2 {
            assert!(holding(&world, desk, client).is_empty(), "{ahead} {desk}");
        }
        // Nor does it make the first hold when it is erased, or the first when that is.
        for number in [1, 2] {
            let scope = Scope::of_record(client, id(number));
            world.act(0, Edit::AskErasure(scope)).unwrap();
            world.sync();
            assert!(holding(&world, 1, client).is_empty(), "{ahead} without {number}");
            world.act(0, Edit::WithdrawErasure(scope)).unwrap();
        }
        // Who knew renews; a new one is a new one; and both die of what is said of them.
        let renewal = NewConsent { given: date(2026, 11, 22), ..again(2) };
        give(&mut world, 0, (client, 3), renewal).unwrap();
        give(&mut world, 1, (client, 4), consent(ConsentKind::Telehealth, None)).unwrap();
        world.sync();
        let mut both = holding(&world, 1, client);
        both.sort_unstable();
        assert_eq!(both, [id(3), id(4)]);
        assert_eq!(*world.desks[1].rebuilt().index(), *world.desks[1].index());
        world.act(1, revoke(client, 1, date(2026, 11, 22))).unwrap();
        world.sync();
        assert_eq!(holding(&world, 0, client), [id(4)]);
    }
}

#[test]
fn what_was_given_before_it_was_taken_back_is_no_renewal_whenever_it_is_written_down() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
    world.act(0, revoke(client, 1, date(2026, 11, 10))).unwrap();
    world.sync();
    later(&mut world);
    let on = |day| NewConsent { given: date(2026, 11, day), ..again(1) };
    give(&mut world, 1, (client, 2), on(9)).unwrap();
    world.sync();
    assert!(holding(&world, 0, client).is_empty());
    give(&mut world, 1, (client, 3), on(10)).unwrap();
    world.sync();
    assert_eq!(holding(&world, 0, client), [id(3)]);
}

#[test]
fn a_refusal_ends_also_what_is_struck_or_hidden_or_lies_under_a_duplicate() {
    let mut world = World::new(&[1, 1]);
    let (client, twin) = (world.client(0, 1), world.client(0, 2));
    let telehealth = || consent(ConsentKind::Telehealth, None);
    for (whose, number) in [(client, 1), (client, 2), (twin, 3)] {
        give(&mut world, 0, (whose, number), telehealth()).unwrap();
    }
    world.act(0, Edit::SameAs { client: twin, kept: Some(client) }).unwrap();
    world.act(0, Edit::StrikeConsent { client, record: id(1), struck: true }).unwrap();
    world.act(0, Edit::AskErasure(Scope::of_record(client, id(2)))).unwrap();
    world.sync();
    later(&mut world);
    let no = NewConsent { refused: true, given: MONDAY, ..telehealth() };
    give(&mut world, 1, (client, 4), no).unwrap();
    world.sync();
    later(&mut world);
    world.act(0, Edit::StrikeConsent { client, record: id(1), struck: false }).unwrap();
    world.act(0, Edit::WithdrawErasure(Scope::of_record(client, id(2)))).unwrap();
    world.act(0, Edit::SameAs { client: twin, kept: None }).unwrap();
    world.sync();
    for desk in 0..2 {
        assert!(holding(&world, desk, client).is_empty(), "{:?}", ends(&world, desk, client));
        assert!(holding(&world, desk, twin).is_empty(), "{:?}", ends(&world, desk, twin));
    }
}

#[test]
fn a_refusal_ends_what_lies_under_a_duplicate_that_is_to_be_erased_and_comes_back() {
    let mut world = World::new(&[1, 1]);
    let (client, twin) = (world.client(0, 1), world.client(0, 2));
    let telehealth = || consent(ConsentKind::Telehealth, None);
    give(&mut world, 0, (twin, 1), telehealth()).unwrap();
    world.sync();
    world.act(0, Edit::SameAs { client: twin, kept: Some(client) }).unwrap();
    world.act(1, Edit::AskErasure(twin.into())).unwrap();
    world.sync();
    assert!(!world.desks[0].index().merged.contains_key(&twin), "it is out of sight");
    later(&mut world);
    let no = NewConsent { refused: true, given: MONDAY, ..telehealth() };
    give(&mut world, 1, (client, 2), no).unwrap();
    world.sync();
    later(&mut world);
    world.act(0, Edit::WithdrawErasure(twin.into())).unwrap();
    world.sync();
    for desk in 0..2 {
        let all = [client, twin].map(|one| holding(&world, desk, one));
        assert_eq!(all, [vec![], vec![]], "{:?}", ends(&world, desk, twin));
    }
}

#[test]
fn who_undoes_a_revocation_takes_back_none_that_another_device_made() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
    world.sync();
    later(&mut world);
    let inverse = world.act(0, revoke(client, 1, MONDAY)).unwrap().unwrap();
    world.act(1, revoke(client, 1, MONDAY)).unwrap();
    // Taken back here before the other is heard of: that one still counts.
    let (changes, redo) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    assert_eq!(holding(&world, 0, client), [id(1)]);
    world.sync();
    assert!(holding(&world, 0, client).is_empty() && holding(&world, 1, client).is_empty());
    assert_eq!(world.desks[0].undo(redo.unwrap()).unwrap_err(), Refusal::ChangedElsewhere);

    // And after it was heard of nothing is undone.
    give(&mut world, 0, (client, 2), consent(ConsentKind::Ai, None)).unwrap();
    world.sync();
    let inverse = world.act(0, revoke(client, 2, MONDAY)).unwrap().unwrap();
    world.act(1, revoke(client, 2, MONDAY)).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    let strike = Edit::StrikeConsent { client, record: id(2), struck: true };
    let inverse = world.act(0, strike.clone()).unwrap().unwrap();
    world.act(1, strike).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    assert!(holding(&world, 1, client).is_empty());
}

#[test]
fn who_undoes_a_revocation_lifts_no_end_that_another_consent_of_the_family_says() {
    let (mut world, client) = three_in_a_row();
    let inverse = world.act(1, revoke(client, 3, MONDAY)).unwrap().unwrap();
    world.sync();
    later(&mut world);
    // A newer version, or an import, writes a renewal that says with it that it was taken back.
    let fields = [(tag::CONSENT_KIND, [0, 2].as_slice()), (tag::CONSENT_GIVEN, b"2026-11-20")];
    let revoked = (tag::CONSENT_REVOKED, b"2026-11-21".as_slice());
    lie(&mut world, client, 9, &[(RelationKind::Renews, 3)], &[fields[0], fields[1], revoked]);
    world.sync();
    later(&mut world);
    assert_eq!(world.desks[1].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    for desk in 0..2 {
        assert!(holding(&world, desk, client).is_empty());
    }
    // Who says so knowingly lifts both.
    let given = Edit::RevokeConsent { client, record: id(3), revoked: None };
    world.act(1, given).unwrap();
    world.sync();
    assert!(!holding(&world, 0, client).is_empty());
}

#[test]
fn what_was_taken_back_more_often_than_a_header_can_name_is_renewed_and_holds() {
    let (mut world, client) = three_in_a_row();
    for _ in 0..150 {
        later(&mut world);
        world.act(1, revoke(client, 3, MONDAY)).unwrap();
    }
    world.sync();
    later(&mut world);
    give(&mut world, 0, (client, 4), NewConsent { renews: Some(id(3)), ..again(4) }).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(holding(&world, desk, client), [id(4)], "desk {desk}");
        assert!(views(&mut world, desk, client).iter().all(|one| !one.says_more));
        let rebuilt = world.desks[desk].rebuilt();
        assert_eq!(*rebuilt.index(), *world.desks[desk].index());
    }
    // One more that it does not know of ends it, and what is said of all of them lifts all.
    later(&mut world);
    world.act(1, revoke(client, 4, MONDAY)).unwrap();
    world.sync();
    assert!(holding(&world, 0, client).is_empty());
    later(&mut world);
    world.act(0, Edit::RevokeConsent { client, record: id(3), revoked: None }).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(holding(&world, desk, client), [id(4)], "desk {desk}");
        let ended = ends(&world, desk, client).into_iter();
        let revoked = |end: &Option<ConsentEnd>| matches!(end, Some(ConsentEnd::Revoked(_)));
        assert_eq!(ended.filter(|(_, end)| revoked(end)).count(), 0, "desk {desk}");
    }
}

#[test]
fn who_refuses_ends_more_consents_than_one_record_can_name() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    for number in 1..=150 {
        give(&mut world, 0, (client, number), consent(ConsentKind::Ai, None)).unwrap();
    }
    later(&mut world);
    let no = NewConsent { refused: true, given: MONDAY, ..consent(ConsentKind::Ai, None) };
    give(&mut world, 0, (client, 200), no).unwrap();
    world.sync();
    for desk in 0..2 {
        assert!(holding(&world, desk, client).is_empty(), "desk {desk}");
    }
}

#[test]
fn what_cannot_be_read_lets_nothing_hold() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
    let given = (tag::CONSENT_GIVEN, b"2026-11-01".as_slice());
    let kind = (tag::CONSENT_KIND, [0, 4].as_slice());
    let odd: [&[u8]; 3] = [&[2], &[0, 0], b"yes"];
    for (number, refused) in (10..).zip(odd) {
        lie(&mut world, client, number, &[], &[kind, given, (tag::CONSENT_REFUSED, refused)]);
    }
    for (number, none) in (20..).zip([&[] as &[u8], &[0]]) {
        lie(&mut world, client, number, &[], &[kind, given, (tag::CONSENT_REFUSED, none)]);
    }
    lie(&mut world, client, 30, &[], &[kind, given, (tag::CONSENT_UNTIL, b"2026-99-99")]);
    lie(&mut world, client, 31, &[], &[kind, given, (tag::CONSENT_UNTIL, &[0xFF])]);
    lie(&mut world, client, 32, &[], &[kind, given, (tag::CONSENT_REVOKED, b"soon")]);
    let revoked = (tag::CONSENT_REVOKED, b"yesterday".as_slice());
    lie(&mut world, client, 33, &[(RelationKind::Revokes, 1)], &[revoked]);
    world.sync();
    let mut holding = holding(&world, 1, client);
    holding.sort_unstable();
    assert_eq!(holding, [id(20), id(21)]);
    let first =
        world.desks[1].index().consents[&client].iter().find(|row| row.record == id(1)).copied();
    assert_eq!(first.unwrap().end, Some(ConsentEnd::Revoked(MONDAY)), "on the day of the record");
}

#[test]
fn who_refuses_to_renew_or_refuses_later_takes_back_what_was_given() {
    let (mut world, client) = three_in_a_row();
    let no = NewConsent { refused: true, ..again(3) };
    give(&mut world, 0, (client, 4), no.clone()).unwrap();
    world.sync();
    assert!(holding(&world, 1, client).is_empty());
    // Also when the refusal itself is struck or erased.
    world.act(1, Edit::StrikeConsent { client, record: id(4), struck: true }).unwrap();
    world.act(1, Edit::AskErasure(Scope::of_record(client, id(4)))).unwrap();
    world.sync();
    assert!(holding(&world, 0, client).is_empty());

    for (number, kind, recipient) in [
        (11, ConsentKind::Recording, ""),
        (12, ConsentKind::Recording, "Dr. Sample"),
        (13, ConsentKind::Ai, ""),
    ] {
        let recipient = recipient.to_owned();
        give(&mut world, 0, (client, number), NewConsent { recipient, ..consent(kind, None) })
            .unwrap();
    }
    let no = NewConsent { kind: ConsentKind::Recording, renews: None, ..no };
    let early = NewConsent { given: date(2026, 10, 1), ..no.clone() };
    give(&mut world, 0, (client, 14), early).unwrap();
    assert_eq!(holding(&world, 0, client).len(), 3, "it was given after that");
    give(&mut world, 0, (client, 15), no).unwrap();
    world.sync();
    assert_eq!(holding(&world, 1, client), [id(13), id(12)]);
}

#[test]
fn what_another_device_wrote_leaves_in_an_export_that_comes_in() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
    world.act(0, revoke(client, 1, date(2026, 11, 2))).unwrap();
    let given = (tag::CONSENT_GIVEN, b"2026-11-20".as_slice());
    let telehealth = (tag::CONSENT_KIND, [0, 2].as_slice());
    // Renewed after the day of the revocation, without knowledge of it.
    lie(&mut world, client, 2, &[(RelationKind::Renews, 1)], &[telehealth, given]);
    let early = (tag::CONSENT_UNTIL, b"2026-11-10".as_slice());
    lie(&mut world, client, 3, &[], &[telehealth, given, early]);
    lie(&mut world, client, 4, &[], &[(tag::CONSENT_KIND, &[0, 3]), given]);
    world.sync();
    assert_eq!(
        ends(&world, 1, client).iter().find(|(one, _)| *one == id(2)).unwrap().1,
        Some(ConsentEnd::Revoked(date(2026, 11, 20)))
    );
    let desk = &mut world.desks[1];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let written = Stamp { time: desk.now, zone: ZONE.to_owned() };
    let lines: Vec<String> = export_lines(&desk.index(), &written, items).collect();
    let importer = || Importer::new(world.desks[0].quill.author.member, BTreeSet::new());
    let mut today = importer().on(MONDAY);
    let steps: Vec<_> = lines.iter().flat_map(|line| today.import_line(line).unwrap()).collect();
    let counts = today.finish().unwrap();
    let lost = ["consent", "consent.until"].map(|what| counts.not_carried.get(what).copied());
    assert_eq!(lost, [Some(1), Some(1)]);
    let mut other = World::new(&[1]);
    for step in steps {
        let ImportStep::Edit(edit) = step else { panic!("an edit") };
        other.act(0, edit).unwrap();
    }
    assert_eq!(ends(&other, 0, client).len(), 3);
    assert!(holding(&other, 0, client).iter().all(|_| false), "nothing of it holds");
}

#[test]
fn days_that_are_yet_to_come_make_no_export_unreadable_and_lose_nothing() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    give(&mut world, 0, (client, 1), consent(ConsentKind::Telehealth, None)).unwrap();
    let field = |tag: u16, text: &'static [u8]| (tag, text);
    let telehealth = field(tag::CONSENT_KIND, &[0, 2]);
    let ahead = field(tag::CONSENT_GIVEN, b"2030-01-01");
    let until = field(tag::CONSENT_UNTIL, b"2030-02-01");
    lie(&mut world, client, 2, &[], &[telehealth, ahead, until]);
    lie(
        &mut world,
        client,
        3,
        &[(RelationKind::Renews, 1)],
        &[field(tag::CONSENT_KIND, &[0, 4]), ahead],
    );
    let refused = field(tag::CONSENT_REFUSED, &[1]);
    lie(&mut world, client, 4, &[], &[field(tag::CONSENT_KIND, &[0, 5]), ahead, refused]);
    lie(&mut world, client, 5, &[], &[telehealth, field(tag::CONSENT_GIVEN, b"2026-11-01")]);
    lie(
        &mut world,
        client,
        6,
        &[(RelationKind::Revokes, 5)],
        &[field(tag::CONSENT_REVOKED, b"2030-01-01")],
    );
    let lines = "more\n".repeat(200).into_bytes();
    let given = field(tag::CONSENT_GIVEN, b"2026-11-02");
    lie(&mut world, client, 7, &[], &[telehealth, given, (tag::CONSENT_COVERS, &lines)]);
    world.sync();
    let desk = &mut world.desks[1];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let written = Stamp { time: desk.now, zone: ZONE.to_owned() };
    let lines: Vec<String> = export_lines(&desk.index(), &written, items).collect();
    let (mut other, counts) = taken_in(&lines);
    let lost = ["consent.given", "consent.revoked", "consent.renews"];
    assert_eq!(lost.map(|what| counts.not_carried.get(what).copied()), [Some(3), Some(1), Some(1)]);
    let states = |world: &mut World, desk: usize| {
        let rows = views(world, desk, client).into_iter();
        let mut all: Vec<_> =
            rows.map(|one| (one.row.kind, one.row.until, one.row.is_active(MONDAY))).collect();
        all.sort();
        all
    };
    assert_eq!(states(&mut other, 0), states(&mut world, 1));
}

/// Reads an export on Monday, and carries it out in another practice.
fn taken_in(lines: &[String]) -> (World, Counts) {
    let mut other = World::new(&[1]);
    let member = other.desks[0].quill.author.member;
    let mut importer = Importer::new(member, BTreeSet::new()).on(MONDAY);
    for line in lines {
        for step in importer.import_line(line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("an edit") };
            other.act(0, edit).unwrap();
        }
    }
    let counts = importer.finish().unwrap();
    (other, counts)
}

#[test]
fn a_death_a_birth_and_a_page_of_a_journal_that_are_yet_to_come_stop_no_import() {
    let client = ClientId::from_bytes([1; 16]);
    let desk = &mut World::new(&[1]).desks[0];
    let written = Stamp { time: desk.now, zone: ZONE.to_owned() };
    let header = export_lines(&desk.index(), &written, []).next().unwrap();
    let text =
        |kind: &str, fields: &str| format!(r#"{{"type":"{kind}","client":"{client}",{fields}}}"#);
    let by = r#""signed":{"time":"2026-11-01T10:00:00+01:00","zone":"Europe/Vienna"},"author":{"id":"f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1","name":"x"}"#;
    let id = client.to_string();
    let lines = [
        header,
        format!(
            r#"{{"type":"client","id":"{id}","name":"Sample","archived":false,"died":"2030-01-01"}}"#
        ),
        text("identity", r#""born":"2030-01-01","address":"Sample Street""#),
        text(
            "journal",
            &format!(r#""id":"{id}","date":"2030-01-01","came":"typed","text":"words",{by}"#),
        ),
        r#"{"type":"end","lines":4}"#.to_owned(),
    ];
    let (other, counts) = taken_in(&lines);
    let lost = ["client.died", "identity.born", "journal.date"];
    assert_eq!(lost.map(|what| counts.not_carried.get(what).copied()), [Some(1); 3]);
    assert_eq!(other.desks[0].index().clients[&client].died, Some(MONDAY));
}

/// Who refuses later refuses also what was taken back before, should that be said to be a mistake.
#[test]
fn a_refusal_outlasts_that_an_earlier_revocation_was_a_mistake() {
    for under_twin in [false, true] {
        let mut world = World::new(&[1, 1]);
        let (client, twin) = (world.client(0, 1), world.client(0, 2));
        let telehealth = || consent(ConsentKind::Telehealth, None);
        let whose = if under_twin { twin } else { client };
        give(&mut world, 0, (whose, 1), telehealth()).unwrap();
        world.act(0, Edit::SameAs { client: twin, kept: Some(client) }).unwrap();
        world.sync();
        later(&mut world);
        let mistake = world.act(0, revoke(whose, 1, MONDAY)).unwrap().unwrap();
        world.sync();
        later(&mut world);
        let no = NewConsent { refused: true, given: MONDAY, ..telehealth() };
        give(&mut world, 1, (client, 2), no).unwrap();
        world.sync();
        later(&mut world);
        let undone = world.desks[0].undo(mistake);
        assert_eq!(undone.unwrap_err(), Refusal::ChangedElsewhere);
        for desk in 0..2 {
            assert!(holding(&world, desk, whose).is_empty(), "{:?}", ends(&world, desk, whose));
        }
    }
}

/// The same, said before the refusal is known there: that one did not know of the mistake.
#[test]
fn a_refusal_outlasts_a_mistake_that_another_device_mends_at_once() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let telehealth = || consent(ConsentKind::Telehealth, None);
    give(&mut world, 0, (client, 1), telehealth()).unwrap();
    world.act(0, revoke(client, 1, MONDAY)).unwrap();
    world.sync();
    later(&mut world);
    world.act(0, Edit::RevokeConsent { client, record: id(1), revoked: None }).unwrap();
    let no = NewConsent { refused: true, given: MONDAY, ..telehealth() };
    give(&mut world, 1, (client, 2), no).unwrap();
    world.sync();
    for desk in 0..2 {
        assert!(holding(&world, desk, client).is_empty(), "{:?}", ends(&world, desk, client));
    }
}

/// Whoever is one person with somebody who said no has said no, whichever was known first, and in
/// whichever order it comes; once both are parted, each has their own again.
#[test]
fn what_a_person_took_back_under_one_entry_holds_under_no_other_in_any_order() {
    for (merged_first, kept_first, refused) in
        (0..8).map(|bits| (bits & 1 == 1, bits & 2 == 2, bits & 4 == 4))
    {
        let mut world = World::new(&[1, 1]);
        let (client, twin) = (world.client(0, 1), world.client(0, 2));
        let telehealth = || consent(ConsentKind::Telehealth, None);
        for (whose, number) in [(client, 1), (twin, 2)] {
            give(&mut world, 0, (whose, number), telehealth()).unwrap();
        }
        // A release is a thing of its own.
        let release =
            NewConsent { recipient: "Dr. Sample".into(), ..consent(ConsentKind::Release, None) };
        give(&mut world, 0, (client, 3), release).unwrap();
        world.sync();
        let (one, kept) = if kept_first { (twin, client) } else { (client, twin) };
        let merge = Edit::SameAs { client: one, kept: Some(kept) };
        let no = |world: &mut World| match refused {
            true => {
                let no = NewConsent { refused: true, given: MONDAY, ..telehealth() };
                give(world, 0, (twin, 4), no).unwrap()
            }
            false => world.act(0, revoke(twin, 2, MONDAY)).unwrap(),
        };
        later(&mut world);
        // At once, on two devices, and one after the other.
        if merged_first {
            world.act(1, merge).unwrap();
            no(&mut world);
        } else {
            no(&mut world);
            world.sync();
            world.act(1, merge).unwrap();
        }
        world.sync();
        let holds = |world: &World, of: ClientId| -> Vec<RecordId> {
            let rows = world.desks[1].index().consents_of(of).into_iter();
            rows.filter(|row| row.is_active(MONDAY)).map(|row| row.record).collect()
        };
        assert_eq!(holds(&world, kept), [id(3)], "{merged_first} {kept_first} {refused}");
        // What is given later holds.
        let again = NewConsent { given: date(2026, 11, 24), ..telehealth() };
        for desk in &mut world.desks {
            desk.now = desk.now.plus_millis(24 * HOUR);
        }
        give(&mut world, 1, (kept, 5), again).unwrap();
        assert_eq!(holds(&world, kept).len(), 2);
        world.act(0, Edit::SameAs { client: one, kept: None }).unwrap();
        world.sync();
        assert!(holds(&world, client).contains(&id(1)), "its own was not taken back");
        assert!(!holds(&world, twin).contains(&id(2)));
    }
}

/// Very many renewals cost what each names: no list is made anew for each of them.
#[test]
fn very_many_renewals_that_come_in_cost_twice_as_much_for_twice_as_many() {
    let cost = |many: u16| {
        let mut world = World::new(&[1]);
        let client = world.client(0, 1);
        let id = |number: u16| {
            let mut bytes = [7; 16];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            RecordId::from_bytes(bytes)
        };
        let desk = &mut world.desks[0];
        let before = desk.index();
        for number in 0..many {
            desk.now = desk.now.plus_millis(1);
            let renews = number.checked_sub(1).map(id);
            let new = NewConsent { renews, ..consent(ConsentKind::Telehealth, None) };
            let (record, consent) = (id(number), Box::new(new));
            let edit = Edit::RecordConsent { client, record, consent };
            let applied = desk.practice.apply_one_of_many(edit, context!(desk)).unwrap();
            applied.changes.iter().for_each(|change| desk.memory.store(change));
        }
        assert!(*desk.index() == *before, "the lists wait");
        let steps = desk.practice.facts.charts[&client].consents.steps();
        desk.practice.catch_up();
        assert_eq!(desk.index().consents[&client].len(), usize::from(many));
        assert!(*desk.index() == *desk.rebuilt().index());
        steps
    };
    let [once, twice] = [cost(100), cost(200)];
    assert!(twice <= once * 5 / 2, "{once}, {twice}");
}

/// Another device has written consents of another kind under the ids that renewals name: each that
/// comes after its renewal parts what was thought to belong together.
#[test]
fn a_batch_that_parts_families_again_and_again_costs_twice_as_much_for_twice_as_many() {
    let cost = |many: u8| {
        let mut world = World::new(&[1, 1, 1]);
        let client = world.client(0, 1);
        world.sync();
        let before = world.sent.len();
        for number in 1..=many {
            give(&mut world, 0, (client, number), consent(ConsentKind::Telehealth, None)).unwrap();
            let renews = Some(id(number));
            let heir = NewConsent { renews, ..consent(ConsentKind::Telehealth, None) };
            give(&mut world, 0, (client, 100 + number), heir).unwrap();
            give(&mut world, 2, (client, number), consent(ConsentKind::Ai, None)).unwrap();
        }
        let of = |from: usize, heirs: bool| {
            let device = world.desks[from].quill.author.device;
            world.sent[before..].iter().filter(move |sent| match &sent.change.content {
                Content::Record { record, .. } => {
                    sent.change.compartment == CompartmentName::Chart(client)
                        && sent.author.device == device
                        && (record.as_bytes()[0] > 100) == heirs
                }
                _ => false,
            })
        };
        let [heirs, others] = [of(0, true), of(2, false)].map(|sent| sent.cloned().collect());
        let desk = &mut world.desks[1];
        for given in [heirs, others] {
            let given: Vec<Sent> = given;
            let given: Vec<_> = given.iter().map(|sent| (&sent.change, &sent.author)).collect();
            let merged = desk.practice.merge_all(&given, context!(desk));
            assert!(merged.len() == usize::from(many) && merged.iter().all(Result::is_ok));
        }
        let index = desk.index();
        let holds = index.consents[&client].iter().filter(|row| row.end.is_none());
        assert_eq!(holds.count(), usize::from(2 * many));
        desk.practice.facts.charts[&client].consents.steps()
    };
    let [once, twice] = [cost(40), cost(80)];
    assert!(twice <= once * 5 / 2 && twice < 80 * 16, "{once}, {twice}");
}
