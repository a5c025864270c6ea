//! Another sheet in the place of the old, and what lies behind step-up.

use super::recover::{Person, lost, recover, settle, somebody, try_recover};
use super::*;
use crate::cli::recover::read_words;
use crate::device::courier::sheet::{SheetAction, SheetError};
use crate::device::founding;
use crate::device::open::Device;
use crate::device::step_up::Behind;
use tacenda_shared::id::{CompartmentId, MemberId};
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{RowName, SecondSecret};
use tacenda_shared::membership::{Action, Entry, Invalid};
use tacenda_shared::practice::change::{Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::seal::SecretKey;
use tacenda_shared::sync::RowKey;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn second(world: &World) -> SecondSecret {
    SecondSecret::from_secret(SecretKey::from_bytes(world.second))
}

fn other_secret() -> SecondSecret {
    SecondSecret::from_secret(SecretKey::from_bytes([3; 32]))
}

/// Places an order at a computer and lets the links carry it.
fn order(world: &mut World, at: usize, action: SheetAction<'_>) -> Result<(), SheetError> {
    world.heal();
    let now = world.now;
    let order = world.device(at).sheet_order(action, now)?;
    world.device(at).place_sheet_order(order, now)?;
    world.heal();
    assert_eq!(world.device(at).poll_proposed(), Some(Ok(())));
    Ok(())
}

/// Works on what lies behind step-up until there is nothing left to do.
fn settle_behind(world: &mut World, at: usize) {
    let second = second(world);
    let mut given = false;
    for _ in 0..10 {
        settle(world, at);
        let now = world.now;
        let device = world.device(at);
        let next = match given {
            false => device.settle_behind(&second, now).unwrap(),
            true => device.settle_behind_with_what_is_here(&second, now).unwrap(),
        };
        match next {
            Behind::Settled => return settle(world, at),
            Behind::Proposed => {
                settle(world, at);
                assert_eq!(world.device(at).poll_proposed(), Some(Ok(())));
            }
            Behind::Wants(names) => {
                let row =
                    |name: RowName| (name, world.shelf.rows.get(&RowKey(name.encode())).cloned());
                let rows = names.into_iter().map(row).collect();
                world.device(at).give_behind(&second, rows).unwrap();
                given = true;
            }
        }
    }
    panic!("it does not come to rest");
}

fn name_of(world: &World, client: ClientId) -> CompartmentName {
    let author = world.computers[0].general.member;
    CompartmentName::Psychotherapy { client, author }
}

/// Begins a psychotherapy draft on a computer that has stepped up; its compartment.
fn begin_behind(world: &mut World, at: usize, client: ClientId) -> CompartmentId {
    let compartment = name_of(world, client);
    let document = ObjectId::random(&mut OsRandom);
    let content = Content::Draft { document };
    let change = Change { compartment: compartment.clone(), content };
    let cabinet = &mut world.device(at).cabinet;
    cabinet.put(&[change]).unwrap();
    cabinet.store().locations().named(&compartment).unwrap().id
}

fn opens(device: &Device<SimulatedFs>, id: CompartmentId) -> bool {
    device.cabinet.slots.contains_key(&id)
}

#[test]
fn psychotherapy_keys_open_on_another_device_and_never_without_the_second_secret() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    let secret = second(&world);
    assert!(world.device(0).open_behind(&secret).unwrap());
    let id = begin_behind(&mut world, 0, ada);
    world.heal();

    assert!(opens(world.device(0), id));
    assert!(!opens(world.device(1), id));
    assert!(!world.device(1).open_behind(&other_secret()).unwrap());
    world.heal();
    assert!(!opens(world.device(1), id));

    assert!(world.device(1).open_behind(&secret).unwrap());
    world.heal();
    assert!(opens(world.device(1), id));
    world.device(1).close_behind();
    assert!(!opens(world.device(1), id));
    // A lock closes it too, and what was kept does not open by itself.
    world.lock(0);
    assert!(!opens(world.device(0), id));
}

#[test]
fn a_row_that_opens_nothing_keeps_the_true_key_from_no_new_device() {
    let mut world = World::with_devices(1);
    let ada = client(&mut world, 0, "Ada Testerin");
    let secret = second(&world);
    assert!(world.device(0).open_behind(&secret).unwrap());
    let id = begin_behind(&mut world, 0, ada);
    world.heal();
    // While a new device comes in, the server gives junk for whatever only step-up would check.
    let honest = world.shelf.rows.clone();
    let named = honest.keys().filter_map(|key| match RowName::decode(&key.0) {
        Ok(RowName::Safe(at) | RowName::SecondSafe(at)) => Some(RowName::SecondSafe(at)),
        _ => None,
    });
    let junk: Vec<_> = named.map(|name| RowKey(name.encode())).collect();
    world.shelf.rows.extend(junk.iter().map(|key| (*key, vec![7; 76])));
    let mut world = world.joined_by("tablet 1");
    for key in junk {
        match honest.get(&key) {
            Some(row) => world.shelf.rows.insert(key, row.clone()),
            None => world.shelf.rows.remove(&key),
        };
    }

    world.device(1).open_behind(&secret).unwrap();
    assert!(!opens(world.device(1), id), "nothing true is here yet");
    settle_behind(&mut world, 1);
    world.device(1).open_behind(&secret).unwrap();
    world.heal();

    assert!(opens(world.device(1), id));
}

#[test]
fn after_a_recovery_psychotherapy_keys_open_with_the_sheet_and_old_ones_open_nothing_new() {
    let (mut world, ada, _) = lost(2);
    let secret = second(&world);
    world.heal();
    world.device(0).open_behind(&secret).unwrap();
    let before = begin_behind(&mut world, 0, ada);
    world.heal();
    let mut person = somebody();

    let (mut world, new) = recover(world, &mut person);
    settle(&mut world, new);
    assert!(!opens(world.device(new), before));
    settle_behind(&mut world, new);

    assert!(opens(world.device(new), before));
    let (_, ring) = world.device(new).cabinet.rings_behind(&secret).unwrap().remove(0);
    assert_eq!(ring.epoch.get(), 2);
    // The lost device knows the second secret and the old member key; the server shows it all.
    let rows: Vec<_> = world.shelf.rows.clone().into_iter().collect();
    let thief = &world.device(0).cabinet;
    let (keys, _) = thief.member_keys().unwrap();
    let commitment =
        world.practice.as_ref().unwrap().state().unwrap().commitment(ring.id, ring.epoch);
    for (key, bytes) in rows {
        let Ok(RowName::SecondSafe(at)) = RowName::decode(&key.0) else { continue };
        if (at.ring, at.epoch) == (ring.id, ring.epoch) {
            let row = tacenda_shared::keys::safe::Row::from_bytes(bytes.try_into().unwrap());
            for member_key in keys.values() {
                let open = tacenda_shared::keys::safe::open_second_ring;
                assert!(open(&secret, member_key, &at, &commitment.unwrap(), &row).is_err());
            }
        }
    }
}

#[test]
fn a_replaced_sheet_opens_nothing_any_more_and_the_new_one_opens_everything() {
    let (mut world, ada, _) = lost(2);
    let old_words = world.paper.clone();
    let (old, secret) = (read_words(&old_words).unwrap(), second(&world));
    let new = world.device(0).draw_sheet();
    let words = new.words().join(" ");
    let replace =
        |old, new| SheetAction::Replace { old, new, second: Some(&secret), compromised: false };
    let stranger = world.device(0).draw_sheet();
    let refused = order(&mut world, 1, replace(&stranger, &new)).unwrap_err();
    assert!(matches!(refused, SheetError::AnotherSheet));

    order(&mut world, 1, replace(&old, &new)).unwrap();

    assert!(world.device(0).sheet_standing().unwrap().asked.is_none());
    assert!(world.device(1).sheet_standing().unwrap().step_up);
    let member = world.computers[0].general.member;
    let gone = RowKey::of_sheet(member, &old.sign().verifying());
    assert!(!world.shelf.rows.contains_key(&gone));
    let (world, void) = try_recover(world, &mut somebody(), &old_words, usize::MAX);
    assert!(void.unwrap_err().happened.contains("no practice to which these words belong"));
    let mut person = somebody();
    let (mut world, new) = try_recover(world, &mut person, &words, usize::MAX);
    let new = new.unwrap();
    settle(&mut world, new);
    assert!(world.device(new).index().clients.contains_key(&ada));
    assert!(person.asked[0].step_up);
}

#[test]
fn a_sheet_that_somebody_read_gives_way_with_every_key_that_it_opened() {
    let (mut world, ada, _) = lost(2);
    let (old, secret) = (read_words(&world.paper).unwrap(), second(&world));
    world.heal();
    let epochs = |world: &mut World| {
        let state = world.device(0).cabinet.state.clone();
        let member = world.computers[0].general.member;
        let rings: Vec<_> = state.rings_of(member).collect();
        (rings.iter().map(|r| state.current_epoch(*r).unwrap().get()).collect::<Vec<_>>(), state)
    };
    let new = world.device(0).draw_sheet();
    let second = Some(&secret);
    let action = SheetAction::Replace { old: &old, new: &new, second, compromised: true };

    order(&mut world, 0, action).unwrap();
    settle_behind(&mut world, 0);
    world.now = world.now.plus_millis(5_000);
    world.heal();

    let (epochs, state) = epochs(&mut world);
    assert!(epochs.iter().all(|epoch| *epoch == 2), "{epochs:?}");
    let member = world.computers[0].general.member;
    let key = &state.members()[&member].key;
    assert_eq!((key.generation.get(), key.retired), (2, false));
    // Both devices go on, and the second opens what lies behind step-up with the new keys.
    client(&mut world, 1, "Ben Beispiel");
    world.heal();
    assert_equal(&mut world);
    world.device(0).open_behind(&secret).unwrap();
    let id = begin_behind(&mut world, 0, ada);
    world.heal();
    settle_behind(&mut world, 1);
    assert!(opens(world.device(1), id));
    let words = new.words().join(" ");
    let (mut world, new) = try_recover(world, &mut somebody(), &words, usize::MAX);
    let new = new.unwrap();
    settle(&mut world, new);
    assert_eq!(world.device(new).index().clients.len(), 2);
}

#[test]
fn without_the_old_sheet_it_takes_two_old_devices_and_a_week_in_which_any_can_say_no() {
    let world = World::with_devices(1);
    // A device that a sheet added: the first has not added it.
    let (mut world, other) = recover_keeping(world);
    let secret = second(&world);
    let new = world.device(0).draw_sheet();
    let ask = SheetAction::Request { new: &new, second: Some(&secret) };
    world.heal();
    let early = order(&mut world, 0, ask).unwrap_err();
    assert!(matches!(early, SheetError::Rule(Invalid::TooEarly)));
    world.now = world.now.plus_millis(40 * DAY);

    order(&mut world, 0, ask).unwrap();

    // The other device says so, at once and after each unlock.
    let told = world.device(other).take_warnings();
    assert!(told.iter().any(|notice| notice.happened.contains("\"laptop\" asked on")), "{told:?}");
    world.lock(other);
    let told = world.device(other).take_warnings();
    assert!(told.iter().any(|notice| notice.next.contains("tacenda sheet veto")));
    assert_eq!(world.device(0).take_warnings(), []);
    let early = order(&mut world, other, SheetAction::Complete).unwrap_err();
    assert!(matches!(early, SheetError::Rule(Invalid::TooEarly)));
    order(&mut world, other, SheetAction::Veto).unwrap();
    let nothing = order(&mut world, other, SheetAction::Complete).unwrap_err();
    assert!(matches!(nothing, SheetError::NotAsked));

    let new = world.device(0).draw_sheet();
    let ask = SheetAction::Request { new: &new, second: Some(&secret) };
    order(&mut world, 0, ask).unwrap();
    world.now = world.now.plus_millis(8 * DAY);
    let alone = order(&mut world, 0, SheetAction::Complete).unwrap_err();
    assert!(matches!(alone, SheetError::Rule(Invalid::NotAllowed)));
    order(&mut world, other, SheetAction::Complete).unwrap();

    let standing = world.device(0).sheet_standing().unwrap();
    assert!(standing.asked.is_none() && standing.step_up);
    let member: MemberId = world.computers[0].general.member;
    let state = world.device(0).cabinet.state.clone();
    assert_eq!(state.members()[&member].recovery.sig, new.sign().verifying());
}

/// Recovers and keeps the laptop: two devices of which neither added the other.
fn recover_keeping(world: World) -> (World, usize) {
    let mut person = Person { keeps: &["laptop"], ..somebody() };
    let (mut world, other) = recover(world, &mut person);
    settle(&mut world, other);
    world.heal();
    (world, other)
}

#[test]
fn without_a_server_a_sheet_is_replaced_here_and_all_its_keys() {
    let now = world::NOW;
    let founded = founding::found("laptop", "Dr. Sample", now, &mut OsRandom).unwrap();
    let general = world::copied(&founded.general);
    let old = RecoverySheet::parse(&founded.sheet.words().join(" ")).unwrap();
    let secret = SecretKey::from_bytes(*founded.second_secret.secret().expose());
    let secret = SecondSecret::from_secret(secret);
    let disks = (SimulatedFs::new(1), SimulatedFs::new(2));
    let who = ("Europe/Berlin", "Dr. Sample");
    let mut device = Device::begin(founded, "laptop".into(), who, disks.clone(), now).unwrap();
    let new = device.draw_sheet();
    let second = Some(&secret);
    let action = SheetAction::Replace { old: &old, new: &new, second, compromised: true };
    let order = device.sheet_order(action, now).unwrap();

    device.place_sheet_order(order, now).unwrap();
    let settled = device.settle_behind(&secret, now).unwrap();

    assert!(matches!(settled, Behind::Settled) && !device.is_rekeying());
    let log = device.practice_log().unwrap();
    let last = Entry::decode(log.last().unwrap()).unwrap();
    assert!(matches!(last.action, Action::Rekey { .. }));
    let ben = ClientId::random(&mut OsRandom);
    let contact = ContactChange { name: Some("Ben Beispiel".into()), ..ContactChange::default() };
    device.apply(Edit::NewClient { client: ben, contact }, now).unwrap();
    device.lock(now).unwrap();
    let (journal, rows) = disks;
    let mut device = Device::stand(general, "laptop".into(), journal, rows, now).unwrap();
    assert!(device.index().clients.contains_key(&ben));
    assert!(device.open_behind(&secret).unwrap());
    let again = device.sheet_order(action, now).err().unwrap();
    assert!(matches!(again, SheetError::AnotherSheet));
}
