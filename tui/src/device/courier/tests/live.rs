//! Two people in one draft: what both type, where they stand, and what they have seen.

use super::world::World;
use super::{begin_note, client, text, write};
use crate::device::settings::Timing;
use crate::input::{Input, Key, KeyCode};
use crate::message::{Effect, Now};
use crate::screen::note::{Circumstances, State};
use proptest::prelude::*;
use std::collections::VecDeque;
use tacenda_shared::id::{ClientId, ObjectId};
use tacenda_shared::practice::edit::{Edit, Part, Purpose, Splice, Subject};
use tacenda_shared::practice::view::{DraftView, View};

/// A screen, and what is on its way between it and its device.
struct Desk {
    screen: State,
    effects: VecDeque<Effect>,
    views: VecDeque<DraftView>,
}

struct Room {
    world: World,
    desks: Vec<Desk>,
    client: ClientId,
    note: ObjectId,
}

impl Room {
    /// Two devices have a draft with this text open.
    fn with(text: &str) -> Self {
        let mut world = World::with_devices(2);
        let client = client(&mut world, 0, "Ada Testerin");
        let note = begin_note(&mut world, 0, client);
        write(&mut world, 0, client, note, text);
        world.heal();
        let mut room = Self { world, desks: Vec::new(), client, note };
        for at in [0, 1] {
            let view = room.open(at);
            let screen = State::new(&view, Circumstances::default());
            room.desks.push(Desk { screen, effects: VecDeque::new(), views: VecDeque::new() });
        }
        room
    }

    fn subject(&self) -> Subject {
        Subject::Draft(self.client, self.note)
    }

    fn open(&mut self, at: usize) -> DraftView {
        let (subject, now) = (self.subject(), self.world.now);
        let device = self.world.device(at);
        let view = device.open(subject, Purpose::Care, now).unwrap();
        device.shows(subject, &view);
        let View::Draft(draft) = view else { panic!("a draft was asked for") };
        draft
    }

    fn now(&self) -> Now {
        let local = jiff::civil::date(2026, 11, 26).at(10, 0, 0, 0);
        Now { time: self.world.now, local }
    }

    fn press(&mut self, at: usize, code: KeyCode) {
        let now = self.now();
        let desk = &mut self.desks[at];
        let outcome = desk.screen.update(&Input::Key(Key::plain(code)), &now);
        desk.effects.extend(outcome.effects);
    }

    fn type_word(&mut self, at: usize, word: &str) {
        word.chars().for_each(|letter| self.press(at, KeyCode::Char(letter)));
    }

    /// The next thing that the screen wants reaches its device.
    fn hand_over(&mut self, at: usize) -> bool {
        let now = self.world.now;
        let Some(effect) = self.desks[at].effects.pop_front() else { return false };
        let device = self.world.device(at);
        match effect {
            Effect::Type { note, client, splices, seen } => {
                device.type_keys_after((note, client), splices, seen, now);
            }
            Effect::Commit { note, client } => {
                device.commit(note, client, now).unwrap();
                self.look_again(at);
            }
            Effect::Look { note, part, position, seen } => {
                device.look(note, (part, position), seen);
            }
            other => panic!("{other:?}"),
        }
        true
    }

    /// The device makes a view for its screen.
    fn look_again(&mut self, at: usize) {
        let (subject, now) = (self.subject(), self.world.now);
        match self.world.device(at).refresh(subject, now) {
            Some(View::Draft(view)) => self.desks[at].views.push_back(view),
            other => panic!("{other:?}"),
        }
    }

    /// The next view reaches the screen.
    fn show(&mut self, at: usize) -> bool {
        let now = self.now();
        let desk = &mut self.desks[at];
        let Some(view) = desk.views.pop_front() else { return false };
        let outcome = desk.screen.apply_view(&view, &now);
        desk.effects.extend(outcome.effects);
        true
    }

    /// One message each way; what came of it goes to the screen.
    fn carry(&mut self, at: usize) {
        if self.world.step(at) {
            self.look_again(at);
        }
    }

    fn pause(&mut self, at: usize, millis: i64) {
        self.world.now = self.world.now.plus_millis(millis);
        let now = self.now();
        let desk = &mut self.desks[at];
        let outcome = desk.screen.tick(&now);
        desk.effects.extend(outcome.effects);
    }

    /// Says what is due of where everybody is, and lets all of it arrive.
    fn mingle(&mut self) {
        for _ in 0..3 {
            for at in [0, 1] {
                let now = self.world.now;
                self.world.device(at).keep_company(now);
            }
            self.settle();
            self.world.now = self.world.now.plus_millis(250);
        }
    }

    /// Nobody types any more, and everything arrives.
    fn settle(&mut self) {
        for _ in 0..3 {
            for at in [0, 1] {
                let rest = self.desks[at].screen.flush();
                self.desks[at].effects.extend(rest);
                while self.hand_over(at) {}
            }
            self.world.heal();
            for at in [0, 1] {
                self.look_again(at);
                while self.show(at) {}
                while self.hand_over(at) {}
            }
        }
    }

    /// What both screens show and both documents hold.
    fn text(&mut self) -> String {
        let (client, note) = (self.client, self.note);
        let shown: Vec<_> = self.desks.iter().map(|desk| desk.screen.texts().concat()).collect();
        assert_eq!(shown[0], shown[1], "both screens show the same");
        for at in [0, 1] {
            assert_eq!(text(&mut self.world, at, client, note), shown[0], "device {at}");
        }
        shown[0].clone()
    }

    fn view(&mut self, at: usize) -> DraftView {
        self.look_again(at);
        self.desks[at].views.back().unwrap().clone()
    }
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    Key(usize, u8),
    Erase(usize),
    HandOver(usize),
    Show(usize),
    Carry(usize),
    Pause(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..2_usize;
    let step = prop_oneof![
        6 => (who(), 0_u8..12).prop_map(|(at, letter)| Step::Key(at, letter)),
        1 => who().prop_map(Step::Erase),
        6 => who().prop_map(Step::HandOver),
        3 => who().prop_map(Step::Show),
        8 => who().prop_map(Step::Carry),
        2 => who().prop_map(Step::Pause),
    ];
    proptest::collection::vec(step, 0..120)
}

/// The letters of one person are not those of the other.
fn letter(at: usize, letter: u8) -> char {
    char::from(if at == 0 { b'a' } else { b'n' } + letter)
}

/// Lets it happen; returns what each has typed and not erased.
fn play(room: &mut Room, steps: &[Step]) -> [String; 2] {
    let mut typed = [String::new(), String::new()];
    for step in steps {
        match *step {
            Step::Key(at, drawn) => {
                typed[at].push(letter(at, drawn));
                room.press(at, KeyCode::Char(letter(at, drawn)));
            }
            Step::Erase(at) => {
                if typed[at].pop().is_some() {
                    room.press(at, KeyCode::Backspace);
                }
            }
            Step::HandOver(at) => drop(room.hand_over(at)),
            Step::Show(at) => drop(room.show(at)),
            Step::Carry(at) => room.carry(at),
            Step::Pause(at) => room.pause(at, 3_000),
        }
    }
    room.settle();
    typed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Each writes at the end of a line of their own, whatever is late: their lines hold what
    /// they typed, to the letter.
    #[test]
    fn no_key_in_flight_lands_in_the_words_of_another(steps in steps()) {
        let mut room = Room::with("one:\ntwo:");
        room.press(0, KeyCode::Up);
        room.press(0, KeyCode::End);
        let [first, second] = play(&mut room, &steps);
        prop_assert_eq!(room.text(), format!("one:{first}\ntwo:{second}"));
    }

    /// Both write at the one place that an empty draft has. Whoever erases all their own letters
    /// stands behind one of the other's, so nobody erases here.
    #[test]
    fn what_two_people_type_at_one_place_stands_side_by_side(mut steps in steps()) {
        steps.retain(|step| !matches!(step, Step::Erase(_)));
        let mut room = Room::with("");
        let [first, second] = play(&mut room, &steps);
        let text = room.text();
        let beside = [format!("{first}{second}"), format!("{second}{first}")];
        prop_assert!(beside.contains(&text), "{text} of {first} and {second}");
    }
}

#[test]
fn keys_that_cross_a_change_on_the_way_land_where_they_were_typed() {
    let mut room = Room::with("one:\ntwo:");
    room.type_word(0, "low");
    room.settle();
    room.press(1, KeyCode::Up);
    room.type_word(1, "mood ");
    // The first device has merged what the second wrote, its screen has not been told.
    while room.hand_over(1) {}
    room.pause(1, 3_000);
    while room.hand_over(1) {}
    room.world.heal();
    room.look_again(0);
    room.type_word(0, "er");
    room.settle();
    assert_eq!(room.text(), "one:mood \ntwo:lower");
}

#[test]
fn a_command_that_writes_into_an_open_draft_moves_no_key_that_is_on_its_way() {
    let mut room = Room::with("mood");
    let (client, note, now) = (room.client, room.note, room.world.now);
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: "Client: ".into() };
    let edit = Edit::ChangeDraft { note, client, splices: vec![splice] };
    room.type_word(0, " lo");
    while room.hand_over(0) {}
    room.world.device(0).apply(edit, now).unwrap();
    room.look_again(0);
    room.type_word(0, "w");
    room.settle();
    assert_eq!(room.text(), "Client: mood low");
}

#[test]
fn each_sees_who_else_is_in_the_draft_and_their_caret_goes_with_the_text() {
    let mut room = Room::with("mood low");
    // That it was opened is in the trail.
    room.world.heal();
    let stored = room.world.shelf.envelopes.len();
    room.mingle();
    let view = room.view(0);
    assert_eq!(view.beside.len(), 1);
    assert_eq!(view.beside[0].name, "tablet 1");
    assert_eq!(view.beside[0].caret, Some((Part::Text, 8)));
    let rows = room.world.device(0).sync_status().devices;
    assert_eq!(rows[1].writes, Some((room.client, room.note)));
    assert_eq!(room.world.shelf.envelopes.len(), stored, "nothing of it is stored");

    room.press(0, KeyCode::Home);
    room.type_word(0, "Her ");
    room.mingle();
    assert_eq!(room.view(0).beside[0].caret, Some((Part::Text, 12)));
    assert_eq!(room.view(1).beside[0].caret, Some((Part::Text, 4)));
    assert_eq!(room.world.notices, [""; 0]);
}

#[test]
fn typing_is_sent_sooner_while_somebody_is_there_to_see_it() {
    let mut room = Room::with("");
    room.type_word(0, "a");
    room.pause(0, 400);
    assert!(!room.desks[0].effects.iter().any(|e| matches!(e, Effect::Commit { .. })));
    room.mingle();
    room.type_word(0, "b");
    room.pause(0, 400);
    assert!(room.desks[0].effects.iter().any(|e| matches!(e, Effect::Commit { .. })));
}

#[test]
fn whoever_leaves_falls_silent_or_loses_the_link_is_gone() {
    let mut room = Room::with("mood");
    room.mingle();
    assert_eq!(room.view(0).beside.len(), 1);
    let (subject, now) = (room.subject(), room.world.now);
    room.world.device(1).close_view(subject, now);
    room.world.heal();
    assert_eq!(room.view(0).beside, []);

    let mut room = Room::with("mood");
    room.mingle();
    let later = room.world.now.plus_millis(10_001);
    room.world.device(0).keep_company(later);
    assert!(room.world.device(0).take_company_change());
    assert_eq!(room.view(0).beside, []);

    let mut room = Room::with("mood");
    room.mingle();
    room.world.cut(0);
    assert_eq!(room.view(0).beside, []);
}

#[test]
fn a_note_is_seen_only_by_whoever_signs_that_it_was_shown() {
    let mut room = Room::with("mood");
    assert_eq!(room.view(0).seen_by, [""; 0]);
    room.mingle();
    assert_eq!(room.view(0).seen_by, ["tablet 1"]);

    room.type_word(0, " low");
    while room.hand_over(0) {}
    assert_eq!(room.view(0).seen_by, [""; 0], "not what is only typed");
    room.settle();
    assert_eq!(room.view(0).seen_by, [""; 0], "not what has only arrived");
    room.world.now = room.world.now.plus_millis(3_000);
    room.mingle();
    assert_eq!(room.view(0).seen_by, ["tablet 1"]);
}

#[test]
fn a_quiet_device_says_nothing_of_itself() {
    let mut room = Room::with("mood");
    room.world.device(1).set_timing(Timing::Quiet);
    room.mingle();
    let view = room.view(0);
    assert_eq!((view.beside, view.seen_by), (Vec::new(), Vec::new()));
}

/// The server learns from a quiet device neither when somebody writes nor how often.
#[test]
fn quiet_timing_sends_a_chart_once_a_minute_and_the_schedule_at_once() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, ada);
    world.heal();
    world.device(0).set_timing(Timing::Quiet);
    let mut moments = Vec::new();
    let mut written = 0;
    for second in 0..600_u32 {
        let before = world.shelf.envelopes.len();
        if second % 5 == 0 {
            write(&mut world, 0, ada, note, "word ");
            written += 1;
        }
        world.heal();
        let sent = world.shelf.envelopes.len() - before;
        if sent > 0 {
            moments.push((second, sent));
        }
        world.now = world.now.plus_millis(1_000);
    }
    let sent: usize = moments.iter().map(|(_, sent)| sent).sum();
    assert!((8..=11).contains(&moments.len()), "{moments:?}");
    assert!(written - 24 <= sent && sent <= written, "{sent} of {written}");

    // Once the gate has let everything out, it does not open again before the next minute.
    while world.device(0).sync_status().queued > 0 {
        world.now = world.now.plus_millis(1_000);
        world.heal();
    }
    write(&mut world, 0, ada, note, "word ");
    let before = world.shelf.envelopes.len();
    super::book(&mut world, 0, ada, 9);
    world.heal();
    assert!(world.shelf.envelopes.len() > before);
    assert!(world.device(0).sync_status().queued > 0, "words of the chart still wait");
}

/// The screen need not wait for the disk, and a crash between the two loses nothing.
#[test]
fn what_arrives_is_shown_before_it_is_stored_and_comes_again_after_a_crash() {
    let mut room = Room::with("mood");
    room.settle();
    let (client, note, subject) = (room.client, room.note, room.subject());
    write(&mut room.world, 0, client, note, "Low ");
    let before = room.world.stored_entries(1, client);
    assert!(room.world.carry_until_shown(1, 0), "a change arrives");
    let now = room.world.now;
    let Some(View::Draft(view)) = room.world.device(1).refresh(subject, now) else {
        panic!("the draft is open")
    };
    assert_eq!(view.parts[0].1, "Low mood");
    let stored = room.world.stored_entries(1, client);
    assert_eq!(stored, before, "what is shown is not on the disk yet");

    room.world.restart(1);
    room.world.heal();
    assert_eq!(text(&mut room.world, 1, client, note), "Low mood");
}
