//! A practice comes to another server, over real QUIC: one that refuses, one whose yes is lost, and
//! one that is brought a long practice log.

use super::reseed::give;
use super::sync::{World, client, found, now, settle};
use tacenda_shared::membership::{Entry, Server};
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::{Invite, MAX_MESSAGE_BEFORE_HELLO, Message, RefusalCode, TOKEN_LENGTH};
use tacenda_tui::cli::connect::{connect, connect_or_move};
use tacenda_tui::device::open::Device;
use tacenda_tui::link::{Line, Target};

fn laptop(world: &World) -> Device {
    let mut laptop = found(&world.home("laptop"));
    client(&mut laptop, "Ada Testerin");
    laptop
}

/// A link of somebody who says not who it is.
fn line(invite: &Invite) -> Line {
    let (addresses, pin) = (invite.addresses.clone(), Some(invite.pin));
    let target = Target { addresses, pin, seed: [7; 32].into() };
    Line::open(&target).unwrap()
}

fn say_found(invite: &Invite, entries: Vec<Vec<u8>>) -> Message {
    line(invite).say(&Message::Found { token: invite.token.to_vec(), entries }).unwrap()
}

/// The practice comes to the server of an invite, and the device ends before it hears the yes.
fn lose_the_yes(device: &Device, invite: &Invite) -> Entry {
    let server = Server {
        addresses: invite.addresses.clone(),
        key: invite.pin,
        server_epoch: device.next_server_epoch(),
    };
    let entry = device.name_server(server, now()).unwrap();
    let mut entries = device.practice_log().unwrap();
    entries.push(entry.encode());
    assert_eq!(say_found(invite, entries), Message::Taken);
    entry
}

#[test]
fn a_server_that_refuses_leaves_the_old_one_in_force() {
    let (old, other) = (World::new(), World::new());
    let mut laptop = laptop(&old);
    let refusing = Invite { token: [0; TOKEN_LENGTH], ..other.invite() };
    connect(&mut laptop, &refusing, now()).unwrap_err();
    assert!(laptop.target().is_none());
    connect(&mut laptop, &old.invite(), now()).unwrap();
    settle(&mut laptop);
    let (head, pin) = (laptop.practice_head(), laptop.target().unwrap().pin);

    let refused = connect_or_move(&mut laptop, &refusing, &mut || true, now()).unwrap_err();

    assert!(refused.happened.contains("does not take this practice"), "{refused}");
    assert_eq!((laptop.practice_head(), laptop.target().unwrap().pin), (head, pin));
    client(&mut laptop, "Ben Beispiel");
    settle(&mut laptop);
}

#[test]
fn a_yes_of_the_first_server_that_is_lost_is_made_good_by_a_second_try() {
    for fresh in [false, true] {
        let world = World::new();
        let mut laptop = laptop(&world);
        let used = world.invite();
        let taken = lose_the_yes(&laptop, &used);
        assert!(laptop.target().is_none());

        let invite = if fresh { world.invite() } else { used };
        connect(&mut laptop, &invite, now()).unwrap();

        assert_eq!(laptop.practice_head(), taken.seq);
        settle(&mut laptop);
    }
}

#[test]
fn a_yes_of_another_server_that_is_lost_is_made_good_by_a_second_try() {
    let (old, other) = (World::new(), World::new());
    let mut laptop = laptop(&old);
    connect(&mut laptop, &old.invite(), now()).unwrap();
    settle(&mut laptop);
    let invite = other.invite();
    let taken = lose_the_yes(&laptop, &invite);
    // Until then the old one stays in force.
    settle(&mut laptop);

    let mut asked = || panic!("it follows what it has named");
    connect_or_move(&mut laptop, &invite, &mut asked, now()).unwrap();

    assert_eq!(laptop.practice_head(), taken.seq);
    assert_eq!(laptop.target().unwrap().pin, Some(invite.pin));
    give(&mut laptop);
    settle(&mut laptop);
}

#[test]
fn a_log_that_parts_from_the_one_that_the_server_keeps_is_refused() {
    let world = World::new();
    let laptop = laptop(&world);
    lose_the_yes(&laptop, &world.invite());
    let elsewhere = vec!["elsewhere.example.org:4440".to_owned()];
    let (invite, server_epoch) = (world.invite(), laptop.next_server_epoch());
    let server = Server { addresses: elsewhere, key: invite.pin, server_epoch };
    let mut entries = laptop.practice_log().unwrap();
    entries.push(laptop.name_server(server, now()).unwrap().encode());

    let Message::Refused(refusal) = say_found(&invite, entries) else {
        panic!("two logs of one practice")
    };
    assert_eq!(refusal.code, RefusalCode::Conflict);
}

#[test]
fn a_practice_with_a_long_log_comes_to_another_server() {
    let world = World::new();
    let mut laptop = laptop(&world);
    // A server that never was, and that has had many names.
    let pin = line(&world.invite()).server_key().unwrap();
    let mut key = *pin.as_bytes();
    key.reverse();
    let server_epoch = laptop.next_server_epoch();
    let name = "n".repeat(200);
    for number in 0..30 {
        let addresses = (0..8).map(|place| format!("{name}.{number}.{place}:4440")).collect();
        let key = VerifyingKey::from_bytes(key);
        laptop.set_server(Server { addresses, key, server_epoch }, now()).unwrap();
    }
    let entries = laptop.practice_log().unwrap();
    assert!(entries.iter().map(Vec::len).sum::<usize>() > MAX_MESSAGE_BEFORE_HELLO);

    connect_or_move(&mut laptop, &world.invite(), &mut || true, now()).unwrap();
    give(&mut laptop);
    settle(&mut laptop);
}

#[test]
fn nobody_brings_a_long_log_without_an_open_invite() {
    let world = World::new();
    let invite = Invite { token: [0; TOKEN_LENGTH], ..world.invite() };
    let answer = say_found(&invite, Vec::new());
    let Message::Refused(refusal) = answer else { panic!("{answer:?}") };
    assert_eq!(refusal.code, RefusalCode::Admission);

    let entries = vec![vec![0; MAX_MESSAGE_BEFORE_HELLO]];
    let long = Message::Found { token: world.invite().token.to_vec(), entries };
    assert!(line(&invite).say(&long).is_err(), "it was not announced");
}
