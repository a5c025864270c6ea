//! Bad days of the server: its disk is gone, or it was put back to an older state. What any device
//! holds comes back, in whatever order the devices come, and nothing is shown twice.

use super::*;
use crate::device::incarnation::Life;

/// The trouble on a device's screen.
fn trouble(world: &mut World, at: usize) -> String {
    world.device(at).sync_status().trouble.map_or_else(String::new, |notice| notice.to_string())
}

/// Everybody shows the same, and it is what the server holds.
fn assert_whole(world: &mut World) {
    assert!(!world.practice().is_refilling());
    assert_equal(world);
    for number in 0..world.computers.len() {
        let device = world.device(number);
        let status = device.sync_status();
        assert_eq!(status.queued, 0, "device {number}");
        assert!(device.is_current(), "device {number}: {:?}", status.trouble);
        let heads: Vec<_> = {
            let sync = &device.courier.as_ref().unwrap().sync;
            sync.heads().collect()
        };
        for (log, head) in heads {
            assert_eq!(world.practice().log_head(log), Some(head), "device {number}");
        }
    }
}

fn clients(world: &mut World, at: usize) -> usize {
    world.device(at).index().clients.len()
}

#[test]
fn an_empty_server_is_filled_again_by_one_device() {
    let mut world = World::with_devices(1);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, ada);
    write(&mut world, 0, ada, note, "Walks every day.");
    world.heal();
    let before: Vec<_> =
        world.shelf.envelopes.iter().map(|(place, one)| (*place, one.carried.hash())).collect();

    world.lose_server();
    world.connect(0);
    world.carry();

    assert_whole(&mut world);
    let after: Vec<_> =
        world.shelf.envelopes.iter().map(|(place, one)| (*place, one.carried.hash())).collect();
    assert_eq!(after, before);
    assert!(world.notices.is_empty(), "{:?}", world.notices);
    // Work goes on, and a device that is new finds everything there.
    client(&mut world, 0, "Ben Beispiel");
    world.heal();
    let mut world = world.joined_by("tablet");
    assert_eq!(clients(&mut world, 1), 2);
    assert_eq!(text(&mut world, 1, ada, note), "Walks every day.");
}

#[test]
fn a_second_device_gives_what_the_first_had_not_seen() {
    let mut world = World::with_devices(2);
    client(&mut world, 0, "Ada Testerin");
    world.heal();
    world.cut(0);
    client(&mut world, 1, "Ben Beispiel");
    world.link(1);
    world.carry();

    world.lose_server();
    world.connect(0);
    world.carry();
    // Nothing new is taken while the other one has not come.
    client(&mut world, 0, "Cora Probe");
    world.carry();
    assert!(world.practice().is_refilling());
    assert!(trouble(&mut world, 0).contains("It waits for: tablet 1"));
    world.connect(1);
    world.heal();

    assert_whole(&mut world);
    assert_eq!(clients(&mut world, 0), 3);
    assert!(world.notices.is_empty(), "{:?}", world.notices);
}

#[test]
fn a_device_that_comes_after_the_end_brings_what_only_it_has() {
    let mut world = World::with_devices(3);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    // The third has seen what the second wrote; the first has not.
    world.cut(0);
    client(&mut world, 1, "Ben Beispiel");
    let note = begin_note(&mut world, 2, ada);
    write(&mut world, 2, ada, note, "Only here.");
    world.link(1);
    world.link(2);
    world.carry();
    world.lose_server();

    world.connect(0);
    world.carry();
    let now = world.now;
    assert!(world.device(0).finish_refilling(now));
    world.carry();
    assert!(!world.practice().is_refilling());
    client(&mut world, 0, "Cora Probe");
    world.heal();
    world.connect(2);
    world.carry();
    assert_eq!(clients(&mut world, 0), 3, "the third brings what the second wrote");
    assert_eq!(text(&mut world, 0, ada, note), "Only here.");
    world.connect(1);
    world.heal();

    assert_whole(&mut world);
    assert_eq!(clients(&mut world, 0), 3);
    assert!(world.notices.is_empty(), "{:?}", world.notices);
}

#[test]
fn a_device_that_was_away_while_the_server_was_filled_again_raises_no_alarm() {
    let mut world = World::with_devices(2);
    client(&mut world, 0, "Ada Testerin");
    world.heal();
    let old = world.shelf.frames.len();
    client(&mut world, 0, "Ben Beispiel");
    world.heal();
    world.cut(0);
    client(&mut world, 1, "Cora Probe");
    client(&mut world, 1, "Dana Muster");
    world.carry();
    world.put_back(old);
    world.renew();
    world.link(0);
    world.carry();
    let now = world.now;
    assert!(world.device(0).finish_refilling(now));
    world.carry();
    assert!(!world.practice().is_refilling());

    world.heal();
    world.heal();

    assert!(world.notices.is_empty(), "{:?}", world.notices);
    assert_whole(&mut world);
    assert_eq!(clients(&mut world, 0), 4);
}

#[test]
fn an_end_of_the_refilling_that_came_second_is_said_again_as_it_stands() {
    let mut world = World::with_devices(2);
    client(&mut world, 0, "Ada Testerin");
    world.heal();
    world.lose_server();
    world.connect(0);
    world.carry();
    let now = world.now;
    assert!(world.device(0).finish_refilling(now), "without the second");
    world.connect(1);
    while !world.practice().refill_state().missing.is_empty() {
        assert!(world.step(1));
    }
    world.cut(1);

    world.carry();

    assert!(!world.practice().is_refilling());
    world.heal();
    assert_whole(&mut world);
    assert!(world.notices.is_empty(), "{:?}", world.notices);
}

#[test]
fn a_server_that_was_put_back_is_a_state_on_the_screen_and_resets_nothing() {
    let mut world = World::with_devices(2);
    client(&mut world, 0, "Ada Testerin");
    world.heal();
    let old = world.shelf.frames.len();
    client(&mut world, 0, "Ben Beispiel");
    client(&mut world, 1, "Cora Probe");
    world.heal();

    world.put_back(old);
    world.heal();

    for number in [0, 1] {
        assert!(trouble(&mut world, number).contains("put back to an older state"));
        assert_eq!(clients(&mut world, number), 3);
    }
    assert!(world.notices.iter().all(|notice| notice.contains("put back")), "{:?}", world.notices);

    // What the screen says is done.
    world.notices.clear();
    world.renew();
    world.restart_server();
    world.heal();
    assert_whole(&mut world);
    assert_eq!(clients(&mut world, 0), 3);
    assert!(world.notices.is_empty(), "{:?}", world.notices);
}

#[test]
fn two_practice_logs_are_a_state_on_the_screen_and_work_goes_on_here() {
    let mut world = World::with_devices(2);
    client(&mut world, 0, "Ada Testerin");
    world.heal();
    // Both name the new server, and neither knows of the other.
    world.lose_server();
    world.name_server(1);
    world.connect(0);
    world.carry();
    world.link(1);
    world.carry();

    client(&mut world, 1, "Ben Beispiel");
    world.carry();

    assert!(trouble(&mut world, 1).contains("two versions"), "{}", trouble(&mut world, 1));
    assert_eq!(clients(&mut world, 1), 2);
    assert!(world.device(1).sync_status().queued > 0);
    assert_eq!(clients(&mut world, 0), 1, "nothing of it went out");
    world.lock(1);
    assert_eq!(clients(&mut world, 1), 2);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Carry(usize),
    Cut(usize),
    Link(usize),
    Restart(usize),
    ServerRestarts,
    Type(usize),
    Write(usize),
}

fn steps(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let device = 0..3_usize;
    let step = prop_oneof![
        3 => device.clone().prop_map(Step::Carry),
        1 => device.clone().prop_map(Step::Cut),
        3 => device.clone().prop_map(Step::Link),
        1 => device.clone().prop_map(Step::Restart),
        1 => Just(Step::ServerRestarts),
        2 => device.clone().prop_map(Step::Type),
        3 => device.prop_map(Step::Write),
    ];
    proptest::collection::vec(step, count)
}

/// What happens to the server.
#[derive(Clone, Copy, Debug)]
enum Loss {
    /// Its disk is gone.
    Gone,
    /// It is put back to this share of its journal, in hundredths, and said so at once or later.
    PutBack { hundredths: usize, at_once: bool },
}

fn loss() -> impl Strategy<Value = Loss> {
    prop_oneof![
        Just(Loss::Gone),
        (0..100_usize, any::<bool>())
            .prop_map(|(hundredths, at_once)| Loss::PutBack { hundredths, at_once }),
    ]
}

/// A world with a note that everybody types into.
struct Story {
    world: World,
    note: (ClientId, ObjectId),
    clients: std::collections::BTreeSet<ClientId>,
    typed: usize,
}

impl Story {
    fn begin() -> Self {
        let mut world = World::with_devices(3);
        let ada = client(&mut world, 0, "Ada Testerin");
        let note = begin_note(&mut world, 0, ada);
        write(&mut world, 0, ada, note, "0");
        world.heal();
        Self { world, note: (ada, note), clients: [ada].into(), typed: 1 }
    }

    fn take(&mut self, step: Step) {
        let world = &mut self.world;
        match step {
            Step::Carry(number) => {
                for _ in 0..7 {
                    world.step(number);
                }
            }
            Step::Cut(number) => world.cut(number),
            Step::Link(number) => world.link(number),
            Step::Restart(number) => world.restart(number),
            Step::ServerRestarts => {
                if world.has_practice() {
                    world.restart_server();
                }
            }
            Step::Type(number) => {
                write(world, number, self.note.0, self.note.1, "x");
                self.typed += 1;
            }
            Step::Write(number) => {
                let name = format!("Test Person {}", self.clients.len());
                self.clients.insert(client(world, number, &name));
            }
        }
    }

    fn lose(&mut self, loss: Loss) {
        match loss {
            Loss::Gone => self.world.lose_server(),
            Loss::PutBack { hundredths, at_once } => {
                let begun = self.world.first_frames();
                let more = self.world.shelf.frames.len() - begun;
                self.world.put_back(begun + more * hundredths / 100);
                if at_once {
                    self.world.renew();
                }
            }
        }
    }

    /// Everybody comes, in this order.
    fn come(&mut self, order: &[usize]) {
        for number in order {
            self.world.come(*number);
            self.world.carry();
        }
        self.world.heal();
        self.world.heal();
    }

    fn check(&mut self) {
        assert_whole(&mut self.world);
        for number in 0..3 {
            let index = self.world.device(number).index();
            let known: std::collections::BTreeSet<_> = index.clients.keys().copied().collect();
            assert_eq!(known, self.clients, "device {number}");
            let text = text(&mut self.world, number, self.note.0, self.note.1);
            assert_eq!(text.chars().count(), self.typed, "device {number}: {text}");
        }
    }
}

#[test]
fn what_a_device_brings_without_the_keys_opens_once_its_author_has_come() {
    use Step::*;
    let mut story = Story::begin();
    // The server hands device 1 what device 2 made, and is lost before it has given the keys.
    let before = [Write(2), Write(1), Link(2), Carry(2), Link(1), Carry(1), Carry(2), Carry(2)];
    before.into_iter().for_each(|step| story.take(step));
    story.lose(Loss::Gone);
    story.come(&[1, 0]);
    story.world.cut(2);
    let now = story.world.now;
    story.world.device(1).finish_refilling(now);
    story.world.carry();
    story.come(&[0, 2]);
    story.check();
}

#[test]
fn a_key_that_its_author_sends_again_is_kept_though_another_brought_the_entry() {
    use Step::*;
    let mut story = Story::begin();
    let before = [Write(2), Write(1), Link(2), Carry(2), Link(1), Carry(1)];
    let between = [Carry(2), Type(2), Carry(2), Link(1), Carry(1), Link(0), Carry(2), Write(0)];
    before.into_iter().for_each(|step| story.take(step));
    story.lose(Loss::Gone);
    between.into_iter().chain([Carry(0), Cut(2)]).for_each(|step| story.take(step));
    story.come(&[0, 2]);
    let now = story.world.now;
    story.world.device(0).finish_refilling(now);
    story.world.carry();
    [Link(0), Write(0), Link(2), Carry(0)].into_iter().for_each(|step| story.take(step));
    story.come(&[0, 2, 1]);
    story.check();
    for number in 0..3 {
        assert_eq!(trouble(&mut story.world, number), "", "device {number}");
    }
}

#[test]
fn what_an_earlier_incarnation_made_comes_back_too() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, ada);
    world.heal();
    world.links_may_drop = true;
    world.cut(1);
    client(&mut world, 0, "Ben Beispiel");
    write(&mut world, 0, ada, note, "By an earlier life. ");
    world.carry();
    world.restart_as(0, Life::elsewhere());
    world.link(0);
    world.carry();
    client(&mut world, 0, "Cora Probe");
    world.carry();
    // Device 1 hears that a new incarnation has begun, and nothing else.
    let known = world.device(0).practice_head();
    world.link(1);
    while world.device(1).practice_head() != known {
        assert!(world.step(1));
    }
    world.lose_server();
    assert_eq!(clients(&mut world, 1), 1);
    world.connect(1);
    world.carry();
    let now = world.now;
    assert!(world.device(1).finish_refilling(now));
    world.carry();
    assert!(!world.practice().is_refilling());

    world.connect(0);
    world.heal();
    world.heal();

    assert_whole(&mut world);
    assert_eq!(clients(&mut world, 1), 3);
    assert_eq!(text(&mut world, 1, ada, note), "By an earlier life. ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_the_server_loses_all_that_any_device_holds_comes_back(
        before in steps(0..24),
        loss in loss(),
        between in steps(0..16),
        order in Just(vec![0, 1, 2]).prop_shuffle(),
        without_the_last in any::<bool>(),
        after in steps(0..12),
    ) {
        let mut story = Story::begin();
        before.into_iter().for_each(|step| story.take(step));
        story.lose(loss);
        between.into_iter().for_each(|step| story.take(step));
        if matches!(loss, Loss::PutBack { at_once: false, .. }) {
            story.world.put_back(story.world.shelf.frames.len());
            story.world.renew();
        }
        if without_the_last {
            story.come(&order[..2]);
            let now = story.world.now;
            story.world.device(order[0]).finish_refilling(now);
            story.world.carry();
        }
        after.into_iter().for_each(|step| story.take(step));
        story.come(&order);
        story.check();
    }
}
