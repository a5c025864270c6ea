//! The erasure of a client's record: hidden at once, dead everywhere after thirty days.

use super::*;
use crate::device::courier::frames::MailFrame;
use crate::device::frame::DeviceFrame;
use crate::device::open::DeviceError;
use tacenda_shared::envelope::Kind;
use tacenda_shared::id::CompartmentId;
use tacenda_shared::keys::safe::{DraftName, RowName, SlotName};
use tacenda_shared::practice::Refusal;

pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;

/// A client with a signed note and a draft, all over the practice.
fn treated(world: &mut World, at: usize) -> ClientId {
    let ada = client(world, at, "Ada Testerin");
    book(world, at, ada, 9);
    let note = begin_note(world, at, ada);
    write(world, at, ada, note, "Slept badly.");
    edit(world, at, Edit::Sign { note, client: ada, late_reason: None });
    let next = begin_note(world, at, ada);
    write(world, at, ada, next, "Begun.");
    world.heal();
    ada
}

pub(super) fn logs_of(world: &mut World, at: usize, client: ClientId) -> Vec<CompartmentId> {
    let locations = world.device(at).cabinet.store().locations();
    let theirs = locations.compartments().filter(|known| known.name.client() == Some(client));
    theirs.map(|known| known.id).collect()
}

fn is_of(logs: &[CompartmentId], name: &RowName) -> bool {
    match name {
        RowName::Slot(SlotName { compartment, .. })
        | RowName::Draft(DraftName { compartment, .. }) => logs.contains(compartment),
        _ => false,
    }
}

/// Who still has a key of these logs: the devices, by number, and the server.
pub(super) fn holders(world: &mut World, logs: &[CompartmentId]) -> (Vec<usize>, bool) {
    let of_logs = |name: &[u8; 41]| RowName::decode(name).is_ok_and(|name| is_of(logs, &name));
    let server = world.shelf.rows.keys().any(|key| of_logs(&key.0));
    let mut devices = Vec::new();
    for number in 0..world.computers.len() {
        let cabinet = &world.device(number).cabinet;
        let in_memory = logs.iter().any(|log| cabinet.slots.contains_key(log));
        if in_memory || cabinet.rows.all().any(|(name, _)| of_logs(name)) {
            devices.push(number);
        }
    }
    (devices, server)
}

/// Time goes by, and the links with it.
pub(super) fn pass(world: &mut World, millis: i64) {
    (0..world.computers.len()).for_each(|number| world.cut(number));
    world.now = world.now.plus_millis(millis);
    world.heal();
}

pub(super) fn ask(world: &mut World, at: usize, client: ClientId) {
    edit(world, at, Edit::AskErasure(client.into()));
}

pub(super) fn order(world: &mut World, at: usize, client: ClientId) {
    edit(world, at, Edit::OrderErasure(client.into()));
}

fn refusal(world: &mut World, at: usize, edit: Edit) -> Refusal {
    let now = world.now;
    match world.device(at).apply(edit, now) {
        Err(DeviceError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub(super) fn sees(world: &mut World, at: usize, client: ClientId) -> bool {
    let index = world.device(at).index();
    let listed = index.clients.contains_key(&client);
    let charted = index.timelines.contains_key(&client);
    let drafts = index.drafts.iter().any(|row| row.client == client);
    assert_eq!((listed, listed), (charted, drafts), "all of it or nothing");
    let now = world.now;
    let opened = world.device(at).open(Subject::Chart(client), Purpose::Care, now);
    assert_eq!(opened.is_ok(), listed);
    listed
}

#[test]
fn what_was_asked_for_is_hidden_at_once_and_dead_everywhere_thirty_days_later() {
    let mut world = World::with_devices(2);
    let (ada, ben) = (treated(&mut world, 0), treated(&mut world, 1));
    let logs = logs_of(&mut world, 0, ada);
    assert_eq!(logs.len(), 2, "contact and chart");
    assert_eq!(holders(&mut world, &logs), (vec![0, 1], true));

    ask(&mut world, 0, ada);
    assert!(!sees(&mut world, 0, ada), "at once");
    world.heal();
    assert!(!sees(&mut world, 1, ada));
    assert_eq!(refusal(&mut world, 1, Edit::OrderErasure(ada.into())), Refusal::TooEarly);
    pass(&mut world, 30 * DAY);
    assert_eq!(holders(&mut world, &logs), (vec![0, 1], true), "nothing dies by itself");

    order(&mut world, 1, ada);
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![], false));
    for number in 0..2 {
        world.lock(number);
        assert_eq!(world.device(number).cabinet.rows.deleted(), 0, "none lies in the files");
        assert_eq!(world.device(number).cabinet.unreadable(), 0, "and nothing is missed");
        assert!(!sees(&mut world, number, ada) && sees(&mut world, number, ben));
        assert_eq!(world.device(number).index().appointments.len(), 2, "the calendar stays");
    }
    world.heal();
    assert_equal(&mut world);
    let status = world.device(0).erasures();
    assert_eq!((status[0].gone, status[0].missing.as_deref()), (true, Some(&[][..])));
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_couples_record_dies_everywhere_and_each_ones_own_stays() {
    let mut world = World::with_devices(2);
    let (ada, ben) = (treated(&mut world, 0), treated(&mut world, 1));
    let both = couple(&mut world, 0, [ada, ben]);
    let note = begin_note(&mut world, 0, both);
    write(&mut world, 0, both, note, "Shared.");
    edit(&mut world, 0, Edit::Sign { note, client: both, late_reason: None });
    world.heal();
    let next = begin_note(&mut world, 1, both);
    write(&mut world, 1, both, next, "Begun.");
    world.heal();
    let logs = logs_of(&mut world, 0, both);
    assert_eq!(logs.len(), 1, "a compartment of its own");
    ask(&mut world, 0, both);
    world.heal();
    assert!(!sees(&mut world, 1, both));
    pass(&mut world, 30 * DAY);
    order(&mut world, 1, both);
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![], false));
    for number in 0..2 {
        world.lock(number);
        assert_eq!(world.device(number).cabinet.unreadable(), 0);
        assert!(!sees(&mut world, number, both));
        assert!(sees(&mut world, number, ada) && sees(&mut world, number, ben));
        assert!(world.device(number).index().groups.is_empty());
    }
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn what_is_taken_back_in_time_is_there_again_and_has_its_own_thirty_days_the_next_time() {
    let mut world = World::with_devices(2);
    let ada = treated(&mut world, 0);
    let logs = logs_of(&mut world, 0, ada);
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 20 * DAY);
    edit(&mut world, 1, Edit::WithdrawErasure(ada.into()));
    world.heal();
    assert!(sees(&mut world, 0, ada) && sees(&mut world, 1, ada));
    pass(&mut world, 20 * DAY);
    assert_eq!(refusal(&mut world, 0, Edit::OrderErasure(ada.into())), Refusal::NotAsked);

    ask(&mut world, 0, ada);
    world.heal();
    assert_eq!(refusal(&mut world, 0, Edit::OrderErasure(ada.into())), Refusal::TooEarly);
    pass(&mut world, 30 * DAY);
    order(&mut world, 0, ada);
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![], false));
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_device_that_was_away_hides_destroys_and_says_so_when_it_comes_back() {
    let mut world = World::with_devices(3);
    let ada = treated(&mut world, 0);
    let logs = logs_of(&mut world, 0, ada);
    world.lose(2);
    let late = begin_note(&mut world, 2, ada);
    write(&mut world, 2, ada, late, "Written on the train.");
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 30 * DAY);
    order(&mut world, 0, ada);
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![2], false));
    let away = world.device_id(2);
    assert_eq!(world.device(0).erasures()[0].missing, Some(vec![away]), "the certificate names it");

    world.computers[2].away = false;
    world.heal();
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![], false));
    assert!(!sees(&mut world, 2, ada));
    assert_eq!(world.device(0).erasures()[0].missing, Some(vec![]));
    assert_equal(&mut world);
    world.restart(2);
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_legal_hold_stands_before_everything() {
    let mut world = World::with_devices(2);
    let ada = treated(&mut world, 0);
    let logs = logs_of(&mut world, 0, ada);
    edit(&mut world, 0, Edit::Hold { client: ada, held: true });
    assert_eq!(refusal(&mut world, 0, Edit::AskErasure(ada.into())), Refusal::Held);
    edit(&mut world, 0, Edit::Hold { client: ada, held: false });
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 30 * DAY);
    edit(&mut world, 1, Edit::Hold { client: ada, held: true });
    world.heal();
    assert_eq!(refusal(&mut world, 0, Edit::OrderErasure(ada.into())), Refusal::Held);
    assert_eq!(holders(&mut world, &logs), (vec![0, 1], true));

    // The letter of a court reaches one, the order was given on the other.
    edit(&mut world, 0, Edit::Hold { client: ada, held: false });
    world.heal();
    world.cut(1);
    edit(&mut world, 1, Edit::Hold { client: ada, held: true });
    world.computers[1].away = true;
    order(&mut world, 0, ada);
    world.heal();
    world.computers[1].away = false;
    world.heal();
    world.heal();
    let (devices, _) = holders(&mut world, &logs);
    assert_eq!(devices, [1], "who knew of the hold kept it");
    assert_eq!(world.notices.len(), 1, "{:?}", world.notices);
    assert!(world.notices[0].contains("legal hold"), "{:?}", world.notices);
    // It is kept on that device, also after a restart, and can be shown again there.
    world.restart(1);
    edit(&mut world, 1, Edit::WithdrawErasure(ada.into()));
    assert!(sees(&mut world, 1, ada));
    // Writing goes on there, and nothing of it is said to have gone out.
    let before = world.envelopes().count();
    let note = begin_note(&mut world, 1, ada);
    write(&mut world, 1, ada, note, "Goes on.");
    world.heal();
    assert!(world.device(1).sync_status().queued > 0);
    assert!(world.envelopes().count() <= before + 4, "and it does not knock for ever");
    // The end of the hold alone destroys nothing that was taken back.
    edit(&mut world, 1, Edit::Hold { client: ada, held: false });
    world.heal();
    assert!(sees(&mut world, 1, ada));
    assert_eq!(holders(&mut world, &logs).0, [1]);
}

#[test]
fn who_orders_while_away_hears_first_what_was_decided_meanwhile() {
    for held in [true, false] {
        let mut world = World::with_devices(2);
        let ada = treated(&mut world, 0);
        let logs = logs_of(&mut world, 0, ada);
        ask(&mut world, 0, ada);
        world.heal();
        pass(&mut world, 25 * DAY);
        world.cut(0);
        world.computers[0].away = true;
        let decided = match held {
            true => Edit::Hold { client: ada, held: true },
            false => Edit::WithdrawErasure(ada.into()),
        };
        edit(&mut world, 1, decided);
        pass(&mut world, 5 * DAY);
        order(&mut world, 0, ada);
        world.computers[0].away = false;
        world.heal();
        world.heal();
        assert_eq!(holders(&mut world, &logs), (vec![0, 1], true), "held: {held}");
        assert_eq!(sees(&mut world, 0, ada), !held);
        pass(&mut world, 1);
        assert_equal(&mut world);
        assert_eq!(world.notices, [""; 0]);
    }
}

#[test]
fn an_order_that_is_taken_back_before_it_has_left_does_not_leave() {
    let mut world = World::with_devices(2);
    let ada = treated(&mut world, 0);
    let logs = logs_of(&mut world, 0, ada);
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 30 * DAY);
    world.cut(0);
    order(&mut world, 0, ada);
    edit(&mut world, 0, Edit::WithdrawErasure(ada.into()));
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![0, 1], true));
    assert!(sees(&mut world, 0, ada) && sees(&mut world, 1, ada));
    pass(&mut world, 1);
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn an_order_whose_device_went_away_is_put_through_by_another_an_hour_later() {
    let mut world = World::with_devices(2);
    let ada = treated(&mut world, 0);
    let logs = logs_of(&mut world, 0, ada);
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 30 * DAY);
    world.cut(0);
    order(&mut world, 0, ada);
    // The order comes through, and its device is gone before it is level.
    world.restart(0);
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![0, 1], true));
    world.lose(0);
    pass(&mut world, DAY / 24 + 60_000);
    assert_eq!(holders(&mut world, &logs), (vec![0], false));
    world.computers[0].away = false;
    world.heal();
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![], false));
    assert_equal(&mut world);
}

#[test]
fn each_asking_has_requests_of_its_own_whoever_made_them() {
    let mut world = World::with_devices(2);
    let ada = treated(&mut world, 0);
    let requests = |world: &World| {
        world.envelopes().filter(|one| one.header.kind == Kind::EraseRequest).count()
    };
    ask(&mut world, 0, ada);
    world.heal();
    let first = requests(&world);
    assert!((2..=4).contains(&first), "{first}");
    edit(&mut world, 1, Edit::WithdrawErasure(ada.into()));
    world.heal();
    ask(&mut world, 1, ada);
    world.heal();
    assert!(requests(&world) >= first + 2, "thirty days by the server's clock, too");
    let again = requests(&world);
    world.restart(0);
    world.restart(1);
    world.heal();
    assert_eq!(requests(&world), again, "and none twice");
}

#[test]
fn what_is_dead_cannot_be_taken_back() {
    let mut world = World::with_devices(2);
    let ada = treated(&mut world, 0);
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 30 * DAY);
    order(&mut world, 0, ada);
    world.heal();
    for at in 0..2 {
        let withdraw = Edit::WithdrawErasure(ada.into());
        assert_eq!(refusal(&mut world, at, withdraw), Refusal::Erased);
    }
    assert_eq!(world.device(1).erasures().len(), 1, "the certificate stays");
}

#[test]
fn a_device_that_joins_afterwards_finds_stubs_and_misses_nothing() {
    let mut world = World::with_devices(2);
    let (ada, ben) = (treated(&mut world, 0), treated(&mut world, 1));
    let logs = logs_of(&mut world, 0, ada);
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 30 * DAY);
    order(&mut world, 0, ada);
    world.heal();
    let mut world = world.joined_by("late");
    world.heal();
    assert!(sees(&mut world, 2, ben) && !sees(&mut world, 2, ada));
    assert_eq!(holders(&mut world, &logs), (vec![], false));
    let waiting = world.device(2).cabinet.store().locations().ledger().waiting().count();
    assert_eq!(waiting, 0, "nothing waits for a key that is dead");
    world.restart(2);
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_crash_between_the_word_and_the_deed_leaves_no_key() {
    let mut world = World::with_devices(2);
    let ada = treated(&mut world, 0);
    let logs = logs_of(&mut world, 0, ada);
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 30 * DAY);
    world.cut(1);
    world.computers[1].away = true;
    order(&mut world, 0, ada);
    world.heal();
    // The word is on the disk, the rows are still there.
    let named = logs.iter().map(|log| MailFrame::Erased { log: *log, name: None });
    let frames = named.map(DeviceFrame::Mail).collect();
    world.device(1).cabinet.put_with(&[], frames).unwrap();
    assert_eq!(holders(&mut world, &logs), (vec![1], false));
    world.restart(1);
    assert_eq!(holders(&mut world, &logs), (vec![], false));
    assert_eq!(world.device(1).cabinet.unreadable(), 0);
    world.computers[1].away = false;
    world.heal();
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.device(0).erasures()[0].missing, Some(vec![]));
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn without_a_server_a_record_dies_where_it_is() {
    let mut world = World::found();
    let ada = treated_alone(&mut world);
    let logs = logs_of(&mut world, 0, ada);
    ask(&mut world, 0, ada);
    world.now = world.now.plus_millis(30 * DAY);
    let now = world.now;
    world.device(0).erase_unsent(now).unwrap();
    assert_eq!(holders(&mut world, &logs).0, [0], "only what was ordered");
    order(&mut world, 0, ada);
    world.device(0).erase_unsent(now).unwrap();
    assert_eq!(holders(&mut world, &logs).0, [0; 0]);
    world.restart(0);
    assert!(world.device(0).erasures()[0].gone);
    assert!(!sees(&mut world, 0, ada));
    world.heal();
    assert_eq!(holders(&mut world, &logs), (vec![], false), "and nothing of it leaves");
    let mut world = world.joined_by("tablet");
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_copy_of_the_journal_from_before_opens_nothing_with_the_keys_of_after() {
    let mut world = World::with_devices(1);
    let (ada, ben) = (treated(&mut world, 0), treated(&mut world, 0));
    world.lock(0);
    let before = world.journal(0);
    ask(&mut world, 0, ada);
    world.heal();
    pass(&mut world, 30 * DAY);
    order(&mut world, 0, ada);
    world.heal();
    world.lock(0);

    let copy = world.copy_with(0, &before);
    let index = world.device(copy).index();
    assert!(index.clients.contains_key(&ben) && !index.clients.contains_key(&ada));
    assert!(!index.timelines.contains_key(&ada));
    assert!(index.drafts.iter().all(|row| row.client != ada));
}

fn treated_alone(world: &mut World) -> ClientId {
    let ada = client(world, 0, "Ada Testerin");
    let note = begin_note(world, 0, ada);
    write(world, 0, ada, note, "Slept badly.");
    edit(world, 0, Edit::Sign { note, client: ada, late_reason: None });
    let next = begin_note(world, 0, ada);
    write(world, 0, ada, next, "Begun.");
    ada
}
