//! The erasure of one record: it opens nowhere any more, and everything else opens everywhere.

use super::*;
use crate::device::courier::Tamper;
use crate::device::courier::frames::Number;
use crate::device::courier::inbox::number_of;
use crate::device::frame::DeviceFrame;
use crate::device::held::HeldSlots;
use crate::device::open::DeviceError;
use crate::device::rows::RowChange;
use std::collections::BTreeSet;
use tacenda_shared::envelope::{Carried, ControlBody, Envelope, Kind};
use tacenda_shared::id::{CompartmentId, RecordId, SlotGeneration};
use tacenda_shared::keys::safe::{self, DraftName, Row, RowName, SlotName};
use tacenda_shared::practice::Refusal;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::correction::Correcting;
use tacenda_shared::practice::erasure::Scope;
use tacenda_shared::seal::Hedge;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Signs a note; returns its record.
fn sign(world: &mut World, at: usize, client: ClientId, words: &str) -> RecordId {
    let before = records(world, at, client);
    let note = begin_note(world, at, client);
    write(world, at, client, note, words);
    edit(world, at, Edit::Sign { note, client, late_reason: None });
    *records(world, at, client).difference(&before).next().unwrap()
}

pub(super) fn records(world: &mut World, at: usize, client: ClientId) -> BTreeSet<RecordId> {
    let index = world.device(at).index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    rows.map(|row| row.entry.record()).collect()
}

/// The words of a note, as a device shows them.
fn words(
    world: &mut World,
    at: usize,
    client: ClientId,
    record: RecordId,
) -> Result<String, Refusal> {
    let now = world.now;
    match world.device(at).open(Subject::Note(client, record), Purpose::Care, now) {
        Ok(View::Note(note)) => Ok(note.parts.into_iter().map(|(_, text)| text).collect()),
        Err(DeviceError::Refused(refusal)) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

/// A client with three notes and an addendum by two devices, a measure and an open draft of both.
struct Chart {
    client: ClientId,
    wrong: RecordId,
    right: RecordId,
    draft: ObjectId,
}

fn treated(world: &mut World) -> Chart {
    let client = client(world, 0, "Ada Testerin");
    book(world, 0, client, 9);
    let right = sign(world, 0, client, "Slept badly.");
    world.heal();
    let last = world.computers.len() - 1;
    let wrong = sign(world, last, client, "This is about somebody else.");
    let addendum = Edit::Amend { note: wrong, client, text: "And so is this.".into() };
    edit(world, last, addendum);
    let form = tacenda_shared::practice::measure::named("phq-9").unwrap();
    let answers = tacenda_shared::practice::measure::choices(&[1; 10]);
    let measure = Edit::answered(client, None, form, answers);
    edit(world, last, measure);
    let draft = begin_note(world, last, client);
    write(world, last, client, draft, "Begun. ");
    world.heal();
    write(world, 0, client, draft, "By both. ");
    world.heal();
    Chart { client, wrong, right, draft }
}

fn chart_of(world: &mut World, at: usize, client: ClientId) -> CompartmentId {
    let device = world.device(at);
    let name = device.practice.chart_of(client);
    device.cabinet.log_of(&name)
}

/// The same about a couple: what they share.
fn treated_couple(world: &mut World) -> Chart {
    let (one, two) = (client(world, 0, "Ada Testerin"), client(world, 0, "Ben Beispiel"));
    let client = couple(world, 0, [one, two]);
    let right = sign(world, 0, client, "Slept badly.");
    world.heal();
    let last = world.computers.len() - 1;
    let wrong = sign(world, last, client, "This is about somebody else.");
    edit(world, last, Edit::Amend { note: wrong, client, text: "And so is this.".into() });
    sign(world, last, client, "Slept better.");
    let draft = begin_note(world, last, client);
    write(world, last, client, draft, "Begun. ");
    world.heal();
    write(world, 0, client, draft, "By both. ");
    world.heal();
    Chart { client, wrong, right, draft }
}

#[test]
fn one_record_that_a_couple_shares_dies_everywhere_and_who_belongs_to_it_stays_known() {
    let mut world = World::with_devices(2);
    let chart = treated_couple(&mut world);
    erase(&mut world, 1, &chart);
    assert_erased(&mut world, &chart);
    assert_equal(&mut world);
    let mut world = world.joined_by("tablet");
    world.heal();
    assert_erased(&mut world, &chart);
    for number in 0..3 {
        world.lock(number);
        let index = world.device(number).index();
        assert_eq!(index.groups[&chart.client].present().count(), 2, "device {number}");
    }
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

fn pass(world: &mut World, millis: i64) {
    (0..world.computers.len()).for_each(|number| world.cut(number));
    world.now = world.now.plus_millis(millis);
    world.heal();
}

fn ask(world: &mut World, at: usize, chart: &Chart) {
    edit(world, at, Edit::AskErasure(Scope::of_record(chart.client, chart.wrong)));
}

fn order(world: &mut World, at: usize, chart: &Chart) {
    edit(world, at, Edit::OrderErasure(Scope::of_record(chart.client, chart.wrong)));
}

/// Asks, lets the time go by, and orders.
fn erase(world: &mut World, at: usize, chart: &Chart) {
    ask(world, at, chart);
    world.heal();
    pass(world, 30 * DAY);
    order(world, at, chart);
    world.heal();
    world.heal();
}

/// The content keys of a log that a device or the server has, in memory or in a row.
fn keys(world: &mut World, log: CompartmentId) -> (Vec<BTreeSet<u32>>, BTreeSet<u32>) {
    let of_log = |name: &[u8; 41]| match RowName::decode(name) {
        Ok(RowName::Slot(SlotName { compartment, generation, .. }))
        | Ok(RowName::Draft(DraftName { compartment, generation, .. }))
            if compartment == log =>
        {
            Some(generation.get())
        }
        _ => None,
    };
    let server = world.shelf.rows.keys().filter_map(|key| of_log(&key.0)).collect();
    let numbers = 0..world.computers.len();
    let devices = numbers.map(|number| {
        let cabinet = &world.device(number).cabinet;
        let rows = cabinet.rows.all().filter_map(|(name, _)| of_log(name));
        let held = cabinet.slots.get(&log).into_iter().flat_map(HeldSlots::keys);
        rows.chain(held.map(|(generation, _)| generation.get())).collect()
    });
    (devices.collect(), server)
}

/// The first content key that was not ordered to die.
fn newest(world: &World, log: CompartmentId) -> u32 {
    let of_log = world.envelopes().filter(|one| one.header.compartment == log);
    let since = of_log.filter_map(|one| match one.control() {
        Ok(Some(ControlBody::Erase { since, .. })) => since.map(SlotGeneration::get),
        _ => None,
    });
    since.max().unwrap_or(1)
}

fn assert_erased(world: &mut World, chart: &Chart) {
    let log = chart_of(world, 0, chart.client);
    let since = newest(world, log);
    assert!(since > 1);
    let (devices, server) = keys(world, log);
    assert!(server.iter().all(|one| *one >= since), "the server has an older key: {server:?}");
    for (number, held) in devices.iter().enumerate() {
        assert!(
            held.contains(&since) && held.iter().all(|one| *one >= since),
            "{number}: {held:?}"
        );
    }
    for number in 0..world.computers.len() {
        assert_eq!(records(world, number, chart.client).len(), 2, "device {number}");
        let gone = words(world, number, chart.client, chart.wrong);
        assert!(matches!(gone, Err(Refusal::ToBeErased)), "{gone:?}");
        let right = words(world, number, chart.client, chart.right);
        assert_eq!(right.as_deref(), Ok("Slept badly."));
        let draft = text(world, number, chart.client, chart.draft);
        assert!(draft.contains("Begun.") && draft.contains("By both."), "{draft}");
        let cabinet = &world.device(number).cabinet;
        assert_eq!(cabinet.unreadable(), 0);
        assert!(cabinet.store().locations().record(log, chart.wrong).is_none());
        assert_eq!(cabinet.rows.deleted(), 0, "none lies in the files");
        let waiting = cabinet.store().locations().ledger().waiting().count();
        assert_eq!(waiting, 0, "nothing waits for a key that is dead");
    }
    world.heal();
}

#[test]
fn one_record_dies_everywhere_and_the_rest_is_there_also_for_who_comes_later() {
    let mut world = World::with_devices(2);
    let chart = treated(&mut world);
    let log = chart_of(&mut world, 0, chart.client);
    assert_eq!(records(&mut world, 0, chart.client).len(), 4);
    ask(&mut world, 0, &chart);
    for at in 0..2 {
        assert_eq!(records(&mut world, at, chart.client).len(), if at == 0 { 2 } else { 4 });
    }
    world.heal();
    assert_eq!(records(&mut world, 1, chart.client).len(), 2, "hidden with its addendum");
    pass(&mut world, 30 * DAY);
    assert_eq!(newest(&world, log), 1, "nothing dies by itself");

    order(&mut world, 1, &chart);
    world.heal();
    assert_erased(&mut world, &chart);
    assert_equal(&mut world);
    let status = world.device(0).erasures();
    assert_eq!((status.len(), status[0].gone), (1, true));
    assert_eq!(status[0].missing.as_deref(), Some(&[][..]));
    let stubs = world.shelf.envelopes.values().filter(|one| match &one.carried {
        Carried::Whole(envelope) => envelope.header.kind == Kind::Kept,
        Carried::Stub(_) => false,
    });
    assert!(stubs.count() >= 3, "two devices, and a draft");

    for number in 0..2 {
        world.lock(number);
    }
    assert_erased(&mut world, &chart);
    let mut world = world.joined_by("late");
    world.heal();
    assert_erased(&mut world, &chart);
    assert_equal(&mut world);
    assert_eq!(world.device(0).erasures()[0].missing, Some(vec![]));
    world.restart(2);
    world.heal();
    assert_erased(&mut world, &chart);
    // Everybody goes on writing in what is left.
    for at in 0..3 {
        write(&mut world, at, chart.client, chart.draft, "More. ");
        world.heal();
    }
    edit(&mut world, 2, Edit::Sign { note: chart.draft, client: chart.client, late_reason: None });
    world.heal();
    assert_equal(&mut world);
    for at in 0..3 {
        assert_eq!(records(&mut world, at, chart.client).len(), 3);
        let withdraw = Edit::WithdrawErasure(Scope::of_record(chart.client, chart.wrong));
        let now = world.now;
        let refused = world.device(at).apply(withdraw, now);
        assert!(matches!(refused, Err(DeviceError::Refused(Refusal::Erased))), "{refused:?}");
    }
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_second_record_of_the_same_chart_dies_later_with_what_the_first_had_left() {
    let mut world = World::with_devices(2);
    let first = treated(&mut world);
    let third = sign(&mut world, 0, first.client, "The third.");
    world.heal();
    erase(&mut world, 0, &first);
    let log = chart_of(&mut world, 0, first.client);
    assert_eq!(records(&mut world, 1, first.client).len(), 3);
    let mut world = world.joined_by("late");
    world.heal();
    let before = newest(&world, log);

    // On the device that knows the first record's chart from the base alone.
    let second = Chart { wrong: third, ..first };
    erase(&mut world, 2, &second);
    assert!(newest(&world, log) > before);
    assert_erased(&mut world, &second);
    assert_equal(&mut world);
    let mut world = world.joined_by("later");
    world.heal();
    assert_erased(&mut world, &second);
    assert_equal(&mut world);
    assert_eq!(world.device(3).erasures().len(), 2);
    assert_eq!(world.notices, [""; 0]);
}

/// A key that a log got when a device was shut out has sealed read models since then, with what is
/// to die in them.
#[test]
fn what_stays_is_sealed_under_a_key_made_for_it_and_no_read_model_of_the_chart_is_left_meanwhile() {
    let mut world = World::with_devices(3);
    let chart = treated(&mut world);
    lost::revoke(&mut world, 0, 2).unwrap();
    world.heal();
    let another = sign(&mut world, 0, chart.client, "After it was lost.");
    world.heal();
    let log = chart_of(&mut world, 0, chart.client);
    let given_out = slots(&world, log).max().unwrap();
    assert!(given_out > 1);

    ask(&mut world, 0, &chart);
    let kept = world.device(0).cabinet.store().locations().segment(log);
    let note = begin_note(&mut world, 0, chart.client);
    write(&mut world, 0, chart.client, note, "Meanwhile.");
    world.device(0).checkpoint().unwrap();
    assert_eq!(world.device(0).cabinet.store().locations().segment(log), kept);
    world.heal();
    pass(&mut world, 30 * DAY);
    order(&mut world, 0, &chart);
    world.heal();
    world.heal();

    assert!(newest(&world, log) > given_out, "{} {given_out}", newest(&world, log));
    assert!(words(&mut world, 0, chart.client, chart.wrong).is_err());
    let left = words(&mut world, 1, chart.client, another);
    assert_eq!(left.as_deref(), Ok("After it was lost."));
}

/// The content keys that a log got.
fn slots(world: &World, log: CompartmentId) -> impl Iterator<Item = u32> + '_ {
    let of_log = world.envelopes().filter(move |one| one.header.compartment == log);
    of_log.filter_map(|one| match one.control() {
        Ok(Some(ControlBody::Slot(slot))) => Some(slot.generation.get()),
        _ => None,
    })
}

#[test]
fn two_records_that_are_ordered_together_die_together() {
    let mut world = World::with_devices(2);
    let first = treated(&mut world);
    let third = sign(&mut world, 0, first.client, "The third.");
    world.heal();
    let second =
        Chart { wrong: third, client: first.client, right: first.right, draft: first.draft };
    for chart in [&first, &second] {
        ask(&mut world, 0, chart);
    }
    world.heal();
    pass(&mut world, 30 * DAY);
    for chart in [&first, &second] {
        order(&mut world, 1, chart);
    }
    world.heal();
    let log = chart_of(&mut world, 0, first.client);
    assert_erased(&mut world, &first);
    assert_erased(&mut world, &second);
    assert_eq!(newest(&world, log), 2, "with one base");
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_device_that_was_away_compares_carries_out_and_keeps_what_it_wrote() {
    let mut world = World::with_devices(3);
    let chart = treated(&mut world);
    world.lose(0);
    let offline = sign(&mut world, 0, chart.client, "Written on the train.");
    write(&mut world, 0, chart.client, chart.draft, "There, too. ");
    erase(&mut world, 1, &chart);
    let away = world.device_id(0);
    assert_eq!(world.device(1).erasures()[0].missing, Some(vec![away]), "the certificate names it");
    // Somebody goes on under the new key meanwhile.
    write(&mut world, 2, chart.client, chart.draft, "Meanwhile. ");
    world.heal();

    world.computers[0].away = false;
    world.heal();
    world.heal();
    for at in 0..3 {
        assert_eq!(
            words(&mut world, at, chart.client, offline).as_deref(),
            Ok("Written on the train.")
        );
        let draft = text(&mut world, at, chart.client, chart.draft);
        assert!(draft.contains("There, too.") && draft.contains("Meanwhile."), "{draft}");
        assert!(words(&mut world, at, chart.client, chart.wrong).is_err());
    }
    let log = chart_of(&mut world, 0, chart.client);
    let (devices, server) = keys(&mut world, log);
    assert_eq!((devices, server), (vec![BTreeSet::from([2]); 3], BTreeSet::from([2])));
    world.heal();
    assert_eq!(world.device(1).erasures()[0].missing, Some(vec![]));
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn whatever_stops_on_the_way_goes_on() {
    for stops in 0..24 {
        let mut world = World::with_devices(2);
        let chart = treated(&mut world);
        ask(&mut world, 0, &chart);
        world.heal();
        pass(&mut world, 30 * DAY);
        order(&mut world, 0, &chart);
        // The device is gone in the middle of it, and comes back.
        world.link(0);
        world.link(1);
        for _ in 0..stops {
            let steps = [world.step(0), world.step(1)];
            if steps == [false, false] {
                break;
            }
        }
        world.restart(stops % 2);
        world.heal();
        // If the order had not left, another device leaves it to this one for an hour.
        pass(&mut world, DAY / 24 + 60_000);
        assert_erased(&mut world, &chart);
        assert_equal(&mut world);
        assert_eq!(world.notices, [""; 0], "stopped after {stops}");
    }
}

#[test]
fn a_hold_keeps_it_and_what_is_taken_back_in_time_is_there_again() {
    let mut world = World::with_devices(2);
    let chart = treated(&mut world);
    let log = chart_of(&mut world, 0, chart.client);
    ask(&mut world, 0, &chart);
    world.heal();
    pass(&mut world, 30 * DAY);
    edit(&mut world, 1, Edit::Hold { client: chart.client, held: true });
    world.heal();
    let scope = Scope::of_record(chart.client, chart.wrong);
    let now = world.now;
    let refused = world.device(0).apply(Edit::OrderErasure(scope), now);
    assert!(matches!(refused, Err(DeviceError::Refused(Refusal::Held))), "{refused:?}");
    edit(&mut world, 1, Edit::Hold { client: chart.client, held: false });
    edit(&mut world, 1, Edit::WithdrawErasure(scope));
    world.heal();
    for at in 0..2 {
        assert!(
            words(&mut world, at, chart.client, chart.wrong).unwrap().contains("somebody else")
        );
    }
    assert_eq!(newest(&world, log), 1);

    // The letter of a court reaches one, the order was given on the other.
    ask(&mut world, 0, &chart);
    world.heal();
    pass(&mut world, 30 * DAY);
    world.cut(1);
    world.computers[1].away = true;
    edit(&mut world, 1, Edit::Hold { client: chart.client, held: true });
    order(&mut world, 0, &chart);
    world.heal();
    world.computers[1].away = false;
    world.heal();
    world.heal();
    let (devices, _) = keys(&mut world, log);
    assert!(devices[1].contains(&1) && !devices[0].contains(&1), "who knew of the hold kept it");
    assert_eq!(world.notices.len(), 1, "{:?}", world.notices);
    assert!(world.notices[0].contains("legal hold"), "{:?}", world.notices);
    world.restart(1);
    edit(&mut world, 1, Edit::WithdrawErasure(scope));
    assert!(words(&mut world, 1, chart.client, chart.wrong).unwrap().contains("somebody else"));
}

#[test]
fn a_base_that_is_not_what_a_device_has_is_not_believed_and_nothing_is_lost_there() {
    let tampers: [Tamper; 3] =
        [|kept| drop(kept.pop()), |kept| kept[0].body.push(b'!'), |kept| kept.swap(0, 0)];
    for (number, tamper) in tampers.into_iter().enumerate() {
        let mut world = World::with_devices(2);
        let chart = treated(&mut world);
        world.device(0).cabinet.tampers.set(Some(tamper));
        erase(&mut world, 0, &chart);
        let log = chart_of(&mut world, 1, chart.client);
        let (devices, server) = keys(&mut world, log);
        assert_eq!(server, BTreeSet::from([2]));
        if number == 2 {
            assert_eq!(devices[1], BTreeSet::from([2]), "an honest one is believed");
            assert_eq!(world.notices, [""; 0]);
            continue;
        }
        assert_eq!(devices[1], BTreeSet::from([1, 2]), "it keeps its keys");
        assert_eq!(world.notices.len(), 1, "{:?}", world.notices);
        assert!(world.notices[0].contains("not what this device has"), "{:?}", world.notices);
        let honest = world.device_id(1);
        assert_eq!(world.device(0).erasures()[0].missing, Some(vec![honest]));
        world.restart(1);
        assert_eq!(words(&mut world, 1, chart.client, chart.right).as_deref(), Ok("Slept badly."));
        assert!(text(&mut world, 1, chart.client, chart.draft).contains("By both."));
        // Work goes on there, in this log and in others.
        write(&mut world, 1, chart.client, chart.draft, "On. ");
        book(&mut world, 1, chart.client, 12);
        world.heal();
        assert_eq!(world.device(1).sync_status().queued, 0);
    }
}

#[test]
fn nothing_slips_into_a_base_from_a_device_that_put_together_another() {
    // Both order at the same time, so that both begin.
    let mut world = World::with_devices(2);
    let chart = treated(&mut world);
    ask(&mut world, 0, &chart);
    world.heal();
    pass(&mut world, 30 * DAY);
    for at in 0..2 {
        world.cut(at);
        order(&mut world, at, &chart);
    }
    world.heal();
    world.heal();
    pass(&mut world, DAY);
    assert_erased(&mut world, &chart);
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
    let mut world = world.joined_by("late");
    world.heal();
    assert_erased(&mut world, &chart);
    assert_equal(&mut world);
}

#[test]
fn without_a_server_one_record_dies_where_it_is_and_the_rest_goes_out_later() {
    let mut world = World::found();
    let chart = treated_alone(&mut world);
    let log = chart_of(&mut world, 0, chart.client);
    ask(&mut world, 0, &chart);
    world.now = world.now.plus_millis(30 * DAY);
    let now = world.now;
    world.device(0).erase_unsent(now).unwrap();
    assert_eq!(keys(&mut world, log).0, [BTreeSet::from([1])], "only what was ordered");
    order(&mut world, 0, &chart);
    world.device(0).erase_unsent(now).unwrap();
    assert_eq!(keys(&mut world, log).0, [BTreeSet::from([2])]);
    for _ in 0..2 {
        assert!(world.device(0).erasures()[0].gone);
        assert_eq!(words(&mut world, 0, chart.client, chart.right).as_deref(), Ok("Slept badly."));
        assert!(words(&mut world, 0, chart.client, chart.wrong).is_err());
        assert_eq!(text(&mut world, 0, chart.client, chart.draft), "Begun. ");
        assert_eq!(world.device(0).cabinet.unreadable(), 0);
        world.restart(0);
    }
    world.heal();
    assert_eq!(world.device(0).sync_status().queued, 0);
    let of_record = world.envelopes().filter(|one| one.header.kind == Kind::Record);
    let of_chart = of_record.filter(|one| one.header.compartment == log).count();
    assert_eq!(of_chart, 1, "what was erased never leaves");
    let mut world = world.joined_by("tablet");
    world.heal();
    assert_equal(&mut world);
    assert_eq!(words(&mut world, 1, chart.client, chart.right).as_deref(), Ok("Slept badly."));
    assert_eq!(text(&mut world, 1, chart.client, chart.draft), "Begun. ");
    write(&mut world, 1, chart.client, chart.draft, "On. ");
    world.heal();
    assert_eq!(text(&mut world, 0, chart.client, chart.draft), "On. Begun. ");
    assert_eq!(world.notices, [""; 0]);
}

fn treated_alone(world: &mut World) -> Chart {
    let client = client(world, 0, "Ada Testerin");
    let right = sign(world, 0, client, "Slept badly.");
    let wrong = sign(world, 0, client, "This is about somebody else.");
    let draft = begin_note(world, 0, client);
    write(world, 0, client, draft, "Begun. ");
    Chart { client, wrong, right, draft }
}

#[test]
fn a_copy_of_the_journal_from_before_opens_nothing_of_the_chart_with_the_keys_of_after() {
    let mut world = World::with_devices(1);
    let chart = treated(&mut world);
    world.lock(0);
    let before = world.journal(0);
    erase(&mut world, 0, &chart);
    world.lock(0);

    let copy = world.copy_with(0, &before);
    let log = chart_of(&mut world, copy, chart.client);
    let cabinet = &world.device(copy).cabinet;
    let (journal, first) = (cabinet.store().locations(), SlotGeneration::new(1));
    assert!(journal.record(log, chart.wrong).is_some(), "the sealed bytes are there");
    assert!(cabinet.slot_key(log, first).is_none(), "and no key");
    assert!(!world.device(copy).index().timelines.contains_key(&chart.client));
}

/// A Close leaves only once the server has taken the record, and a link can end between.
#[test]
fn the_draft_of_what_was_erased_dies_although_no_close_has_said_that_it_was_signed() {
    let mut world = World::with_devices(3);
    let client = client(&mut world, 0, "Ada Testerin");
    let right = sign(&mut world, 0, client, "Slept badly.");
    world.heal();
    let note = begin_note(&mut world, 2, client);
    write(&mut world, 2, client, note, "About somebody else.");
    world.heal();
    let log = chart_of(&mut world, 0, client);
    let sent = |world: &World, kind| {
        let of_log = world.envelopes().filter(|one| one.header.compartment == log);
        of_log.filter(|one| one.header.kind == kind).count()
    };
    let before = (sent(&world, Kind::Record), sent(&world, Kind::Close));
    edit(&mut world, 2, Edit::Sign { note, client, late_reason: None });
    while sent(&world, Kind::Record) == before.0 {
        assert!(world.step(2));
    }
    world.lose(2);
    assert_eq!(sent(&world, Kind::Close), before.1, "it has not left");
    world.heal();
    let open = begin_note(&mut world, 1, client);
    write(&mut world, 1, client, open, "By both. Begun. ");
    world.heal();
    let wrong = *records(&mut world, 0, client).iter().find(|one| **one != right).unwrap();
    let chart = Chart { client, wrong, right, draft: open };
    erase(&mut world, 0, &chart);

    let is_gone = |world: &mut World, at: usize| {
        let row = world.device(at).index().drafts.iter().find(|row| row.note == note).cloned();
        assert!(row.is_none(), "{at}: {row:?}");
        let held = world.device(at).cabinet.has_draft_row(log, note);
        assert!(!held, "{at} has the draft's key");
        assert!(words(world, at, client, right).is_ok());
        assert!(text(world, at, client, open).contains("Begun."));
        let waiting = world.device(at).cabinet.store().locations().ledger().waiting().count();
        assert_eq!(waiting, 0, "{at}");
        assert_eq!(world.device(at).sync_status().trouble, None, "{at}");
    };
    for at in 0..2 {
        is_gone(&mut world, at);
        world.restart(at);
        world.heal();
        is_gone(&mut world, at);
    }
    let mut world = world.joined_by("late");
    world.heal();
    is_gone(&mut world, 3);
    world.restart(3);
    world.heal();
    is_gone(&mut world, 3);

    world.computers[2].away = false;
    world.heal();
    world.heal();
    (0..4).for_each(|at| is_gone(&mut world, at));
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

/// Signs a draft on a device, of which only the record reaches the server.
fn sign_without_close(world: &mut World, at: usize, client: ClientId, note: ObjectId) {
    let log = chart_of(world, at, client);
    let sent = |world: &World, kind| {
        let of_log = world.envelopes().filter(|one| one.header.compartment == log);
        of_log.filter(|one| one.header.kind == kind).count()
    };
    let before = (sent(world, Kind::Record), sent(world, Kind::Close));
    edit(world, at, Edit::Sign { note, client, late_reason: None });
    world.link(at);
    while sent(world, Kind::Record) == before.0 {
        assert!(world.step(at));
    }
    world.lose(at);
    assert_eq!(sent(world, Kind::Close), before.1, "it has not left");
}

/// They become a draft of their own on the device on which they were written.
#[test]
fn words_of_a_third_device_that_wait_for_their_writer_do_not_die_with_what_was_erased() {
    late_words(false);
}

/// Then another device makes it.
#[test]
fn words_of_a_device_that_was_shut_out_do_not_die_and_hold_nothing_up() {
    late_words(true);
}

fn late_words(shut_out: bool) {
    let mut world = World::with_devices(3);
    let client = client(&mut world, 0, "Ada Testerin");
    let right = sign(&mut world, 0, client, "Slept badly.");
    world.heal();
    let note = begin_note(&mut world, 2, client);
    write(&mut world, 2, client, note, "About somebody else.");
    world.heal();
    world.lose(2);
    write(&mut world, 1, client, note, "Of a third device. ");
    world.heal();
    world.lose(1);
    world.computers[2].away = false;
    sign_without_close(&mut world, 2, client, note);
    world.heal();
    let wrong = *records(&mut world, 0, client).iter().find(|one| **one != right).unwrap();
    let open = begin_note(&mut world, 0, client);
    write(&mut world, 0, client, open, "Begun. By both.");
    let chart = Chart { client, wrong, right, draft: open };
    erase(&mut world, 0, &chart);
    let log = chart_of(&mut world, 0, client);
    assert_eq!(newest(&world, log), 1, "it waits for who has written them");

    world.computers[2].away = false;
    if shut_out {
        lost::revoke(&mut world, 0, 1).unwrap();
    } else {
        world.computers[1].away = false;
    }
    world.heal();
    world.heal();
    pass(&mut world, DAY);
    assert!(newest(&world, log) > 1);
    let left: &[usize] = if shut_out { &[0, 2] } else { &[0, 1, 2] };
    for at in left.iter().copied() {
        assert!(words(&mut world, at, client, wrong).is_err(), "{at}");
        let rows = world.device(at).index().drafts.clone();
        let mut texts = rows.iter().map(|row| text(&mut world, at, client, row.note));
        assert!(texts.any(|text| text.contains("Of a third device.")), "{at}: {rows:?}");
    }
    world.heal();
    assert_eq!(world.device(0).index(), world.device(2).index());
    assert_eq!(world.notices, [""; 0]);
}

/// The device that takes late words over comes last, and opens one thing after the other.
#[test]
fn late_words_of_a_device_that_was_shut_out_are_taken_over_whole_and_once() {
    for two_slots in [false, true] {
        let mut world = World::with_devices(4);
        let client = client(&mut world, 0, "Ada Testerin");
        let heir = if world.device_id(0) < world.device_id(2) { 0 } else { 2 };
        let signer = 2 - heir;
        world.heal();
        let note = begin_note(&mut world, signer, client);
        write(&mut world, signer, client, note, "Seen by all.");
        world.heal();
        world.lose(heir);
        world.lose(signer);
        write(&mut world, 1, client, note, "Too late. ");
        world.heal();
        if two_slots {
            lost::revoke(&mut world, 1, 3).unwrap();
            world.heal();
            write(&mut world, 1, client, note, "And later. ");
            world.heal();
            world.lose(1);
        }
        edit(&mut world, signer, Edit::Sign { note, client, late_reason: None });
        world.computers[signer].away = false;
        world.heal();
        world.heal();
        world.lose(1);
        if !two_slots {
            world.lose(3);
        }
        lost::revoke(&mut world, signer, 1).unwrap();
        world.heal();
        world.computers[heir].away = false;
        world.heal();
        world.heal();
        for at in [heir, signer] {
            let drafts: Vec<_> =
                world.device(at).index().drafts.iter().map(|row| row.note).collect();
            let texts: Vec<_> =
                drafts.iter().map(|draft| text(&mut world, at, client, *draft)).collect();
            assert_eq!(texts.len(), 1, "{at} {two_slots}: {texts:?}");
            assert!(texts[0].contains("Too late."), "{at}: {texts:?}");
            assert_eq!(texts[0].contains("And later."), two_slots, "{at}: {texts:?}");
            let late = world.device(at).practice.late_writers();
            assert!(late.is_empty(), "{at} {heir} {two_slots}: {late:?}");
        }
        assert_eq!(world.notices, [""; 0]);
    }
}

/// A draft that is begun between the new content key and the base lies under that key, and is in no
/// base.
#[test]
fn a_draft_that_is_begun_while_a_base_is_put_together_is_there_for_who_comes_later() {
    let mut between = 0;
    for stops in 0..12 {
        let mut world = World::with_devices(2);
        let chart = treated(&mut world);
        let log = chart_of(&mut world, 0, chart.client);
        ask(&mut world, 0, &chart);
        world.heal();
        pass(&mut world, 30 * DAY);
        order(&mut world, 0, &chart);
        world.link(0);
        world.link(1);
        for _ in 0..stops {
            world.step(0);
            world.step(1);
        }
        let base = world.envelopes().any(|one| one.header.kind == Kind::Kept);
        between += usize::from(slots(&world, log).max() == Some(2) && !base);
        let begun = begin_note(&mut world, 1, chart.client);
        world.heal();
        write(&mut world, 0, chart.client, begun, "Just begun.");
        world.heal();
        pass(&mut world, DAY / 24 + 60_000);
        assert_erased(&mut world, &chart);
        let mut world = world.joined_by("late");
        world.heal();
        for at in 0..3 {
            let text = text(&mut world, at, chart.client, begun);
            assert_eq!(text, "Just begun.", "{at}, after {stops}");
        }
        write(&mut world, 2, chart.client, begun, "And ");
        world.heal();
        assert_eq!(text(&mut world, 1, chart.client, begun), "And Just begun.");
        world.heal();
        assert_equal(&mut world);
        assert_eq!(world.notices, [""; 0], "after {stops}");
    }
    assert!(between > 0, "never between the key and the base");
}

/// A draft is announced, and its first words are still on their way.
#[test]
fn a_base_without_the_key_of_a_draft_just_begun_is_not_believed_by_who_has_it() {
    for withheld in [false, true] {
        let mut world = World::with_devices(2);
        let chart = treated(&mut world);
        let log = chart_of(&mut world, 0, chart.client);
        ask(&mut world, 0, &chart);
        world.heal();
        pass(&mut world, 30 * DAY);
        let begun = begin_note(&mut world, 1, chart.client);
        let announced = |world: &World| {
            let mut bodies = world.envelopes().filter_map(|one| one.control().ok().flatten());
            bodies.any(|one| matches!(one, ControlBody::Draft { object, .. } if object == begun))
        };
        while !announced(&world) {
            assert!(world.step(1));
        }
        world.lose(1);
        let words_came = world.envelopes().any(|one| one.header.object == begun);
        assert!(!words_came);
        if withheld {
            // Whoever puts the base together has no key of it, and gets none.
            let of_begun = |key: &[u8; 41]| matches!(RowName::decode(key), Ok(RowName::Draft(name)) if name.draft == begun);
            world.shelf.rows.retain(|key, _| !of_begun(&key.0));
        }
        order(&mut world, 0, &chart);
        world.heal();
        world.heal();
        assert_eq!(newest(&world, log), 2);
        world.computers[1].away = false;
        world.heal();
        write(&mut world, 1, chart.client, begun, "Just begun.");
        world.heal();
        assert_eq!(text(&mut world, 1, chart.client, begun), "Just begun.");
        let (devices, _) = keys(&mut world, log);
        assert_eq!(devices[1].contains(&1), withheld, "it keeps its keys then: {devices:?}");
        let told = world.notices.iter().any(|one| one.contains("not what this device has"));
        assert_eq!(told, withheld, "{:?}", world.notices);
        if !withheld {
            assert_erased(&mut world, &chart);
            assert_eq!(text(&mut world, 0, chart.client, begun), "Just begun.");
        }
    }
}

/// The server's thirty days begin when it is told.
#[test]
fn an_order_that_is_too_early_for_the_server_is_tried_by_each_device_once_a_day() {
    let mut world = World::with_devices(2);
    let chart = treated(&mut world);
    let log = chart_of(&mut world, 0, chart.client);
    world.lose(0);
    world.lose(1);
    ask(&mut world, 0, &chart);
    world.now = world.now.plus_millis(10 * DAY);
    world.computers.iter_mut().for_each(|computer| computer.away = false);
    world.heal();
    pass(&mut world, 20 * DAY);
    order(&mut world, 0, &chart);
    world.heal();
    let sent =
        |world: &World| world.envelopes().filter(|one| one.header.kind == Kind::Kept).count();
    let first = sent(&world);
    assert!(first > 0);
    for _ in 0..6 {
        pass(&mut world, DAY / 8);
    }
    assert_eq!(sent(&world), 2 * first, "by each device once");
    let mut taken = world.shelf.envelopes.values().map(|one| one.carried.header().kind);
    assert!(taken.all(|kind| kind != Kind::Kept));
    assert_eq!(newest(&world, log), 1, "nothing has died");
    (0..10).for_each(|_| pass(&mut world, DAY));
    assert_erased(&mut world, &chart);
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

/// A hostile device says of a draft that it was signed, and that what it names is it.
#[test]
fn a_draft_that_nobody_signed_is_not_destroyed_with_the_keys_of_a_record() {
    let mut world = World::with_devices(2);
    let chart = treated(&mut world);
    let log = chart_of(&mut world, 0, chart.client);
    let liar = world.device_id(1);
    let of_liar = |one: &&Envelope| one.header.author == liar && one.header.kind == Kind::Record;
    let other = world.envelopes().find(of_liar).unwrap().header.clone();
    let close =
        ControlBody::Close { object: chart.draft, dev_inc: other.dev_inc, dev_seq: other.dev_seq };
    world.device(1).courier.as_mut().unwrap().erasing.owe(log, close);
    world.heal();
    erase(&mut world, 0, &chart);

    let (devices, _) = keys(&mut world, log);
    assert!(devices[0].contains(&1), "it keeps its keys: {devices:?}");
    assert!(text(&mut world, 0, chart.client, chart.draft).contains("By both."));
    let told = world.notices.iter().filter(|notice| notice.contains("no signed note is here"));
    assert!(told.count() >= 1, "{:?}", world.notices);
}

/// Corrects a note; returns what stands in its place.
fn correct(world: &mut World, at: usize, client: ClientId, note: RecordId) -> RecordId {
    let before = records(world, at, client);
    let draft = ObjectId::random(&mut OsRandom);
    let begin = Correcting { draft, client, note, blank: None };
    edit(world, at, Edit::BeginCorrection(begin));
    write(world, at, client, draft, "Rather: ");
    let late_reason = Some("a slip".to_owned());
    edit(world, at, Edit::Sign { note: draft, client, late_reason });
    *records(world, at, client).difference(&before).next().unwrap()
}

/// A device that was away corrects the note that was erased, as it was, and adds to it and to that.
#[test]
fn a_correction_that_comes_after_its_note_is_dead_dies_too() {
    let mut world = World::with_devices(3);
    let Chart { client, wrong, .. } = treated(&mut world);
    let log = chart_of(&mut world, 0, client);
    world.lose(1);
    let newest = correct(&mut world, 0, client, wrong);
    let late = correct(&mut world, 1, client, wrong);
    let before = records(&mut world, 1, client);
    for note in [wrong, late] {
        edit(
            &mut world,
            1,
            Edit::Amend { note, client, text: "And more of somebody else.".into() },
        );
    }
    let mut dying: Vec<_> = records(&mut world, 1, client).difference(&before).copied().collect();
    dying.extend([wrong, newest, late]);
    let scope = Scope::of_record(client, newest);
    edit(&mut world, 0, Edit::AskErasure(scope));
    world.heal();
    pass(&mut world, 30 * DAY);
    edit(&mut world, 0, Edit::OrderErasure(scope));
    world.heal();
    world.heal();
    let held = |world: &mut World, at: usize| {
        let locations = world.device(at).cabinet.store().locations();
        dying.iter().filter(|one| locations.record(log, **one).is_some()).count()
    };
    assert_eq!((held(&mut world, 0), held(&mut world, 2)), (0, 0));
    assert_eq!(records(&mut world, 0, client).len(), 2);

    world.computers[1].away = false;
    world.heal();
    world.heal();
    for at in 0..3 {
        assert_eq!(records(&mut world, at, client).len(), 2, "device {at}");
        world.restart(at);
        assert_eq!(records(&mut world, at, client).len(), 2, "device {at}");
    }
    world.heal();
    (0..4).for_each(|_| pass(&mut world, 15 * DAY));
    for at in 0..3 {
        assert_eq!(held(&mut world, at), 0, "device {at}");
        assert_eq!(records(&mut world, at, client).len(), 2, "device {at}");
    }
    assert_equal(&mut world);
}

#[test]
fn a_note_struck_as_another_clients_dies_where_it_was_and_what_came_from_elsewhere_stays() {
    let mut world = World::with_devices(2);
    let Chart { client: from, wrong, .. } = treated(&mut world);
    let to = client(&mut world, 0, "Ben Beispiel");
    world.heal();
    let log = chart_of(&mut world, 0, from);
    world.lose(1);
    let before = records(&mut world, 1, from);
    edit(&mut world, 1, Edit::Amend { note: wrong, client: from, text: "Rang later.".into() });
    let late = *records(&mut world, 1, from).difference(&before).next().unwrap();
    let misfiled = Misfiled { client: from, note: wrong, to, session: None };
    edit(&mut world, 0, Edit::StrikeNote(misfiled));
    world.computers[1].away = false;
    world.heal();
    pass(&mut world, 30 * DAY);
    edit(&mut world, 0, Edit::OrderErasure(Scope::of_record(from, wrong)));
    world.heal();
    world.heal();
    for at in 0..2 {
        world.restart(at);
        let held = |world: &mut World, record| {
            world.device(at).cabinet.store().locations().record(log, record).is_some()
        };
        assert!(!held(&mut world, wrong) && held(&mut world, late), "device {at}");
        assert!(words(&mut world, at, from, wrong).is_err(), "device {at}");
        assert_eq!(words(&mut world, at, from, late).unwrap(), "Rang later.", "device {at}");
        let there = records(&mut world, at, to);
        let read: Vec<_> =
            there.iter().filter_map(|one| words(&mut world, at, to, *one).ok()).collect();
        assert!(read.contains(&"This is about somebody else.".to_owned()), "{at}: {read:?}");
    }
    world.heal();
    assert_equal(&mut world);
}

#[test]
fn a_key_of_a_draft_that_never_came_stops_no_erasure() {
    let mut world = World::with_devices(2);
    let chart = treated(&mut world);
    let compartment = chart_of(&mut world, 0, chart.client);
    let generation = SlotGeneration::new(1);
    let draft = ObjectId::from_bytes([9; 16]);
    let row = Row::from_bytes([7; safe::ROW_LENGTH]);
    let mut random = OsRandom;
    let cabinet = &mut world.device(0).cabinet;
    let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
    let name = cabinet.rows.drafts().find(|name| name.compartment == compartment).unwrap();
    let name = RowName::Draft(DraftName { draft, generation, ..name });
    cabinet.rows.change(&[RowChange::Put(name, row)], &mut hedge).unwrap();
    erase(&mut world, 0, &chart);
    assert_erased(&mut world, &chart);
    assert_eq!(world.notices, [""; 0]);
}

/// What came late lies under the key of its envelope, so that it dies with it.
#[test]
fn what_is_stored_lies_under_the_key_under_which_it_came() {
    let mut world = World::with_devices(4);
    let chart = treated(&mut world);
    let log = chart_of(&mut world, 0, chart.client);
    for lost in [3, 2] {
        lost::revoke(&mut world, 0, lost).unwrap();
        world.heal();
        sign(&mut world, 0, chart.client, "After it was lost.");
        world.heal();
    }
    // The key between comes last to who begins now.
    let second = |key: &[u8; 41]| matches!(RowName::decode(key), Ok(RowName::Slot(name)) if name.compartment == log && name.generation == SlotGeneration::new(2));
    let rows = world.shelf.rows.extract_if(.., |key, _| second(&key.0));
    let withheld: Vec<_> = rows.collect();
    assert!(!withheld.is_empty());
    let mut world = world.joined_by("late");
    world.heal();
    let late = world.computers.len() - 1;
    assert!(world.device(late).cabinet.store().locations().ledger().waiting().count() > 0);
    world.shelf.rows.extend(withheld);
    world.restart(late);
    world.heal();

    let carriers: Vec<(Number, SlotGeneration)> = world
        .envelopes()
        .filter(|one| one.header.compartment == log && one.header.kind == Kind::Record)
        .map(|one| (number_of(one), one.header.slot_generation))
        .collect();
    for at in [1, late] {
        let store = world.device(at).cabinet.store();
        let locations = store.locations();
        assert_eq!(locations.ledger().waiting().count(), 0);
        for (number, under) in &carriers {
            let record = locations.ledger().record(*number).unwrap();
            let frame = store.read(locations.record(log, record).unwrap()).unwrap();
            let DeviceFrame::Content { generation, .. } = frame else { panic!("{frame:?}") };
            assert_eq!(generation, *under, "{at}");
        }
    }
    let found: BTreeSet<_> = carriers.into_iter().map(|(_, under)| under.get()).collect();
    assert_eq!(found, BTreeSet::from([1, 2, 3]));
}

#[test]
fn no_read_model_is_left_of_a_chart_in_two_logs_whose_keys_die_apart() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    (0..2).for_each(|at| world.cut(at));
    for at in 0..2 {
        sign(&mut world, at, ada, "Both began a chart.");
    }
    world.heal();
    for at in 0..2 {
        world.device(at).checkpoint().unwrap();
        let locations = world.device(at).cabinet.store().locations();
        let logs: Vec<_> = locations.all_named(&CompartmentName::Chart(ada)).collect();
        assert_eq!(logs.len(), 2);
        assert!(logs.iter().all(|log| locations.segment(*log).is_none()));
        world.restart(at);
        assert_eq!(records(&mut world, at, ada).len(), 2);
    }
}

/// The row of a draft under one content key, as somebody would garble it.
fn garble(world: &mut World, draft: ObjectId, generation: u32) -> usize {
    let is_it = |key: &[u8; 41]| {
        let name = RowName::decode(key);
        matches!(name, Ok(RowName::Draft(name)) if name.draft == draft && name.generation.get() == generation)
    };
    let mut rows: Vec<_> = world.shelf.rows.iter_mut().filter(|(key, _)| is_it(&key.0)).collect();
    rows.iter_mut().for_each(|(_, bytes)| bytes.fill(7));
    rows.len()
}

/// Whoever comes later opens an open draft with that row alone.
#[test]
fn a_base_is_believed_only_with_the_rows_that_open_its_drafts_for_who_comes_later() {
    let mut world = World::with_devices(2);
    let chart = treated(&mut world);
    let log = chart_of(&mut world, 0, chart.client);
    ask(&mut world, 0, &chart);
    world.heal();
    pass(&mut world, 30 * DAY);
    world.lose(1);
    order(&mut world, 0, &chart);
    world.heal();
    world.heal();
    assert_eq!((newest(&world, log), garble(&mut world, chart.draft, 2)), (2, 1));
    world.computers[1].away = false;
    world.heal();
    let (devices, _) = keys(&mut world, log);
    assert!(devices[1].contains(&1), "it keeps its keys: {devices:?}");
    let told = world.notices.iter().any(|one| one.contains("not what this device has"));
    assert!(told, "{:?}", world.notices);
    write(&mut world, 1, chart.client, chart.draft, "On. ");
    world.heal();
    assert!(text(&mut world, 1, chart.client, chart.draft).contains("By both."));
}

/// The server cannot tell, and a row that does not open is not asked for on and on.
#[test]
fn a_draft_that_is_announced_with_a_row_that_opens_nothing_keeps_nobody_busy() {
    let mut world = World::with_devices(3);
    let chart = treated(&mut world);
    let draft = begin_note(&mut world, 1, chart.client);
    world.lose(0);
    world.lose(2);
    world.heal();
    assert_eq!(garble(&mut world, draft, 1), 1);
    for at in [0, 2] {
        world.computers[at].away = false;
    }
    let before = world.now;
    world.heal();
    let steps = world.now.millis_since(before);
    assert!(steps < 2000, "each step takes a millisecond: {steps}");
    assert!(text(&mut world, 0, chart.client, chart.draft).contains("By both."));
    book(&mut world, 0, chart.client, 12);
    world.heal();
    assert_eq!(world.device(0).sync_status().queued, 0);
}
