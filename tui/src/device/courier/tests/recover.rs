//! Everything is lost but the words of a sheet and the server.

use super::*;
use crate::cli::recover::{Admitted, Dialogue, Newcomer, SheetLink, admit, read_words};
use crate::device::courier::recover::Found;
use crate::notice::Notice;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use tacenda_shared::id::{MemberId, Timestamp};
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::Message;
use tacenda_shared::sync::device::Lane;

fn now() -> Timestamp {
    world::NOW
}

/// A link that ends after so many messages.
struct Link {
    world: Rc<RefCell<World>>,
    tls: VerifyingKey,
    server: VerifyingKey,
    member: Option<MemberId>,
    left: Rc<RefCell<usize>>,
}

impl SheetLink for Link {
    fn server(&self) -> Option<VerifyingKey> {
        Some(self.server)
    }

    fn carry(&mut self, lane: Lane, message: &Message) -> Result<Vec<Message>, Notice> {
        let mut left = self.left.borrow_mut();
        let gone = || Notice::new("The link is gone.", "", "");
        *left = left.checked_sub(1).ok_or_else(gone)?;
        let mut world = self.world.borrow_mut();
        match (lane, message) {
            (Lane::Control, Message::Recover(word)) => match world.greet_sheet(word, &self.tls) {
                Ok((member, welcome)) => {
                    self.member = Some(member);
                    Ok(vec![welcome])
                }
                Err(refusal) => Ok(vec![Message::Refused(refusal)]),
            },
            (_, message) => {
                let answers = world.ask_sheet(self.member.unwrap(), message);
                // Done, and nobody hears of it.
                if *left == 0 { Err(gone()) } else { Ok(answers) }
            }
        }
    }
}

/// Somebody who keeps the devices with these names.
pub(super) struct Person {
    pub(super) keeps: &'static [&'static str],
    pub(super) agrees: bool,
    pub(super) asked: Vec<Found>,
}

impl Dialogue for Person {
    fn say(&mut self, _line: &str) {}

    fn is_that_all(&mut self, found: &Found) -> Option<BTreeSet<DeviceId>> {
        self.asked.push(found.clone());
        let kept = found.devices.iter().filter(|d| self.keeps.contains(&d.name.as_str()));
        self.agrees.then(|| kept.map(|device| device.id).collect())
    }
}

pub(super) fn somebody() -> Person {
    Person { keeps: &[], agrees: true, asked: Vec::new() }
}

/// Recovers with a link that ends after `messages`; the new computer's number.
pub(super) fn try_recover(
    world: World,
    person: &mut Person,
    words: &str,
    messages: usize,
) -> (World, Result<usize, Notice>) {
    let newcomer = Newcomer::new("new laptop".into());
    let (tls, server) = (newcomer.tls(), world.server_key());
    let sheet = read_words(words).unwrap();
    let world = Rc::new(RefCell::new(world));
    let left = Rc::new(RefCell::new(messages));
    let mut open = || {
        let (world, left) = (Rc::clone(&world), Rc::clone(&left));
        Ok(Link { world, tls, server, member: None, left })
    };
    let admitted = admit(sheet, newcomer, &mut open, person, now);
    let admitted = admitted.map(|Admitted { joined, general, .. }| (joined, general));
    let mut world = Rc::try_unwrap(world).ok().unwrap().into_inner();
    let outcome = admitted.map(|(joined, general)| world.enrol(joined, general, "new laptop"));
    (world, outcome)
}

pub(super) fn recover(world: World, person: &mut Person) -> (World, usize) {
    let words = world.paper.clone();
    let (world, outcome) = try_recover(world, person, &words, usize::MAX);
    (world, outcome.unwrap())
}

/// A practice whose computers are all gone, with what they had.
pub(super) fn lost(count: usize) -> (World, ClientId, ObjectId) {
    let mut world = World::with_devices(count);
    let ada = client(&mut world, 0, "Ada Testerin");
    book(&mut world, 0, ada, 9);
    world.heal();
    let note = begin_note(&mut world, count - 1, ada);
    write(&mut world, count - 1, ada, note, "Slept badly.");
    world.heal();
    for number in 0..count {
        world.cut(number);
    }
    (world, ada, note)
}

/// Links this computer alone until there is nothing more to carry.
pub(super) fn settle(world: &mut World, number: usize) {
    for other in (0..world.computers.len()).filter(|other| *other != number) {
        world.cut(other);
    }
    world.link(number);
    let mut still = 0;
    while still < 50 {
        still = if world.step(number) { 0 } else { still + 1 };
        world.now = world.now.plus_millis(100);
    }
}

#[test]
fn the_words_bring_everything_back_and_shut_the_lost_devices_out() {
    let (world, ada, note) = lost(2);
    let mut person = somebody();

    let (mut world, new) = recover(world, &mut person);
    settle(&mut world, new);

    let [found] = person.asked.as_slice() else { panic!("asked once") };
    let names: Vec<_> = found.devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!((found.name.as_str(), names), ("Dr. Sample", vec!["laptop", "tablet 1"]));
    assert!(found.devices.iter().all(|device| device.envelopes > 0 && !device.by_sheet));
    assert!(found.step_up && found.newest >= found.founded);
    let index = world.device(new).index();
    assert!(index.clients.contains_key(&ada));
    assert_eq!(index.appointments.len(), 1);
    assert_eq!(text(&mut world, new, ada, note), "Slept badly.");
    assert!(!world.device(new).is_rekeying());
    for old in [0, 1] {
        world.link(old);
    }
    world.heal();
    assert!(world.computers[0].shut_out && world.computers[1].shut_out);

    // It goes on from here, and the same words serve again.
    client(&mut world, new, "Ben Beispiel");
    settle(&mut world, new);
    assert_eq!(world.device(new).sync_status().queued, 0);
    let (mut world, newer) = recover(world, &mut somebody());
    settle(&mut world, newer);
    assert_eq!(world.device(newer).index().clients.len(), 2);
}

#[test]
fn whoever_says_that_something_is_missing_changes_nothing() {
    let (world, ..) = lost(1);
    let head = world.practice.as_ref().unwrap().state().unwrap().head();
    let words = world.paper.clone();
    let mut person = Person { agrees: false, ..somebody() };

    let (world, outcome) = try_recover(world, &mut person, &words, usize::MAX);

    assert!(outcome.unwrap_err().safe.starts_with("Nothing has been changed"));
    assert_eq!(world.practice.as_ref().unwrap().state().unwrap().head(), head);
}

#[test]
fn a_device_that_the_person_still_holds_stays() {
    let (world, ada, _) = lost(3);
    let mut person = Person { keeps: &["tablet 2"], ..somebody() };

    let (mut world, new) = recover(world, &mut person);
    settle(&mut world, new);
    let ben = client(&mut world, new, "Ben Beispiel");
    world.heal();

    assert!(world.computers[0].shut_out && world.computers[1].shut_out);
    assert!(!world.computers[2].shut_out);
    let kept = world.device(2).index();
    assert!(kept.clients.contains_key(&ada) && kept.clients.contains_key(&ben));
}

#[test]
fn a_recovery_that_stops_anywhere_is_begun_again_with_the_words() {
    for messages in 1..40 {
        let (world, ada, _) = lost(1);
        let words = world.paper.clone();
        let (world, outcome) = try_recover(world, &mut somebody(), &words, messages);
        let done = outcome.is_ok();

        let (mut world, new) = recover(world, &mut somebody());
        settle(&mut world, new);

        assert!(world.device(new).index().clients.contains_key(&ada), "{messages}");
        let state = world.practice.as_ref().unwrap().state().unwrap();
        let member = world.computers[0].general.member;
        assert_eq!(state.devices_of(member).collect::<Vec<_>>(), [world.device_id(new)]);
        if done {
            return;
        }
    }
    panic!("a recovery takes too many messages");
}

#[test]
fn the_sheet_wins_over_a_thief_who_has_an_unlocked_device() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    // The thief shuts the honest laptop out and brings in a device of their own.
    let (honest, thief) = (world.device_id(0), 1);
    let now = world.now;
    let plan = world.device(thief).plan_revocation(&[honest].into(), &BTreeSet::new()).unwrap();
    world.device(thief).revoke(plan, now).unwrap();
    world.heal();
    let state = world.practice.as_ref().unwrap().state().unwrap();
    assert!(state.active_device(honest).is_none());

    let (mut world, new) = recover(world, &mut somebody());
    settle(&mut world, new);
    let ben = client(&mut world, new, "Ben Beispiel");
    settle(&mut world, new);
    world.heal();

    assert!(world.computers[thief].shut_out);
    let index = world.device(new).index();
    assert!(index.clients.contains_key(&ada) && index.clients.contains_key(&ben));
    assert!(!world.device(thief).index().clients.contains_key(&ben));
}

#[test]
fn words_of_nobody_and_a_server_in_between_are_refused() {
    let (world, ..) = lost(1);
    let words = format!("{} art", "abandon ".repeat(23));
    let (world, outcome) = try_recover(world, &mut somebody(), &words, usize::MAX);
    assert!(outcome.unwrap_err().happened.contains("no practice to which these words belong"));

    // Whoever stands in between has another key than the one that the practice log names; what
    // the sheet signed for it serves nowhere else.
    let newcomer = Newcomer::new("new laptop".into());
    let (tls, server) = (newcomer.tls(), SigningKey::from_seed([8; 32]).verifying());
    let sheet = read_words(&world.paper).unwrap();
    let world = Rc::new(RefCell::new(world));
    let left = Rc::new(RefCell::new(usize::MAX));
    let mut open = || {
        let (world, left) = (Rc::clone(&world), Rc::clone(&left));
        Ok(Link { world, tls, server, member: None, left })
    };
    let refused = admit(sheet, newcomer, &mut open, &mut somebody(), now);
    assert!(refused.err().unwrap().happened.contains("clocks"), "the server's own refusal");
}

#[test]
fn a_slip_in_the_words_is_named_with_what_may_have_been_meant() {
    let words = World::found().paper;
    let mut typed: Vec<&str> = words.split(' ').collect();
    typed[6] = "abandn";
    let notice = read_words(&typed.join(" ")).unwrap_err();
    assert_eq!(notice.happened, "Word 7 is not a word of any sheet.");
    assert_eq!(notice.next, "Look at word 7 on your sheet: abandon?");

    let short = read_words(&typed[..5].join(" ")).unwrap_err();
    assert_eq!(short.happened, "Those are 5 words; a sheet has 24.");
    let zeros = read_words(&"abandon ".repeat(24)).unwrap_err();
    assert!(zeros.next.contains("swapped"));
}

/// A person who takes so long over the answer that something happens meanwhile.
struct Slow<'a> {
    world: Rc<RefCell<World>>,
    meanwhile: &'a dyn Fn(&mut World),
    asked: Vec<Found>,
}

impl Dialogue for Slow<'_> {
    fn say(&mut self, _line: &str) {}

    fn is_that_all(&mut self, found: &Found) -> Option<BTreeSet<DeviceId>> {
        if self.asked.is_empty() {
            (self.meanwhile)(&mut self.world.borrow_mut());
        }
        self.asked.push(found.clone());
        Some(BTreeSet::new())
    }
}

fn recover_slowly(
    world: World,
    meanwhile: &dyn Fn(&mut World),
) -> (Vec<Vec<String>>, Result<(), Notice>) {
    let newcomer = Newcomer::new("new laptop".into());
    let (tls, server) = (newcomer.tls(), world.server_key());
    let sheet = read_words(&world.paper).unwrap();
    let world = Rc::new(RefCell::new(world));
    let mut open = || {
        let left = Rc::new(RefCell::new(usize::MAX));
        Ok(Link { world: Rc::clone(&world), tls, server, member: None, left })
    };
    let mut person = Slow { world: Rc::clone(&world), meanwhile, asked: Vec::new() };
    let outcome = admit(sheet, newcomer, &mut open, &mut person, now).map(|_| ());
    let names = |found: &Found| found.devices.iter().map(|device| device.name.clone()).collect();
    (person.asked.iter().map(names).collect(), outcome)
}

#[test]
fn what_comes_after_the_answer_is_asked_about_again() {
    let (asked, outcome) = recover_slowly(lost(2).0, &|world| {
        // The tablet shuts the laptop out while the person thinks.
        let (now, laptop) = (world.now, world.device_id(0));
        world.link(1);
        world.heal();
        let plan = world.device(1).plan_revocation(&[laptop].into(), &BTreeSet::new()).unwrap();
        world.device(1).revoke(plan, now).unwrap();
        world.heal();
        world.cut(1);
    });

    assert!(outcome.is_ok());
    assert_eq!(asked, [vec!["laptop", "tablet 1"], vec!["tablet 1"]]);
}

#[test]
fn nothing_is_signed_on_another_log_than_the_one_that_was_confirmed() {
    let mut world = World::with_devices(3);
    let before = world.moment();
    let (now, thief) = (world.now, world.device_id(2));
    let plan = world.device(0).plan_revocation(&[thief].into(), &BTreeSet::new()).unwrap();
    world.device(0).revoke(plan, now).unwrap();
    world.heal();
    (0..3).for_each(|number| world.cut(number));

    // What was shown is taken back: the log has not shut the thief out any more.
    let (asked, outcome) = recover_slowly(world, &|world| world.put_back(before));

    assert!(outcome.unwrap_err().happened.contains("another practice log"));
    assert_eq!(asked, [vec!["laptop", "tablet 1"]]);
}
