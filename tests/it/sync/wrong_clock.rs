//! A computer whose clock is a year off, before or behind the server's and the other device's.

use super::*;

const YEAR: i64 = 365 * 24 * 60 * 60 * 1000;

fn a_year_ahead() -> Timestamp {
    now().plus_millis(YEAR)
}

fn a_year_behind() -> Timestamp {
    now().plus_millis(-YEAR)
}

fn writes(device: &mut Device, (client, note): (ClientId, ObjectId), text: &str, at: Timestamp) {
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: text.into() };
    let edit = Edit::ChangeDraft { note, client, splices: vec![splice] };
    device.apply(edit, at).unwrap();
}

fn reads(device: &mut Device, (client, note): (ClientId, ObjectId), at: Timestamp) -> String {
    let View::Draft(draft) = device.open(Subject::Draft(client, note), Purpose::Care, at).unwrap()
    else {
        panic!("a draft was asked for")
    };
    draft.parts[0].1.clone()
}

fn links(device: &mut Device, clock: fn() -> Timestamp) {
    let mut driven = Driven::start(device, clock).unwrap();
    driven.until_current(&mut |_| {}).unwrap();
}

/// One device goes wrong after the pairing, and both go on writing, apart and together.
fn nothing_is_lost_with(clock: fn() -> Timestamp) {
    let mut world = World::new();
    let mut laptop = found(&world.home("laptop"));
    let ada = client(&mut laptop, "Ada Testerin");
    let draft = (ada, ObjectId::random(&mut OsRandom));
    let format = NoteFormat::Free;
    let begin = Edit::BeginNote { note: draft.1, client: ada, session: None, format };
    laptop.apply(begin, now()).unwrap();
    connect(&mut laptop, &world.invite(), now()).unwrap();
    settle(&mut laptop);
    let (outcome, tablet) = paired(&world, &mut laptop, true);
    outcome.unwrap();
    let mut tablet = tablet.unwrap();

    for text in ["Walks. ", "Sleeps. "] {
        world.stop();
        writes(&mut laptop, draft, text, now());
        writes(&mut tablet, draft, &text.to_uppercase(), clock());
        world.start();
        for _ in 0..2 {
            settle(&mut laptop);
            links(&mut tablet, clock);
        }
    }

    assert_eq!((laptop.sync_status().queued, tablet.sync_status().queued), (0, 0));
    assert_eq!((laptop.sync_status().trouble, tablet.sync_status().trouble), (None, None));
    let text = reads(&mut laptop, draft, now());
    assert_eq!(reads(&mut tablet, draft, clock()), text);
    for word in ["Walks.", "WALKS.", "Sleeps.", "SLEEPS."] {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    let active = laptop.sync_status().devices.iter().filter(|device| !device.revoked).count();
    assert_eq!(active, 2);

    // It opens again, with its own clock and with the right one.
    let typed = tacenda_shared::keys::passphrase::Passphrase::from_text(PASSPHRASE).unwrap();
    for at in [clock, now] {
        tablet.lock(at()).unwrap();
        tablet = Device::unlock(&world.home("tablet"), &typed, 0, at()).unwrap();
        assert!(tablet.take_warnings().is_empty());
        links(&mut tablet, at);
        assert_eq!(reads(&mut tablet, draft, at()), text);
    }
}

#[test]
fn a_device_whose_clock_is_a_year_ahead_loses_nothing_and_nothing_expires() {
    nothing_is_lost_with(a_year_ahead);
}

#[test]
fn a_device_whose_clock_is_a_year_behind_loses_nothing_and_nothing_expires() {
    nothing_is_lost_with(a_year_behind);
}
