use super::*;
use crate::acts::{Cue, Report};
use crate::input::{Key, KeyCode};
use crate::message::{DeviceEvent, Effect, SyncStatus};
use crate::notice::Notice;
use crate::screen::parts::sample::Driver;
use tacenda_shared::id::{CompartmentId, Position};

const ME: DeviceId = DeviceId::from_bytes([7; 16]);

fn begin(columns: u16, rows: u16) -> Driver {
    let mut driver = Driver::open(columns, rows);
    driver.device(DeviceEvent::Demo(Report::Began(ME)));
    driver.device(DeviceEvent::Demo(Report::OtherDevice(did(2, 1, 1))));
    driver
}

fn did(booked: u32, moved: u32, written: u32) -> OtherDevice {
    OtherDevice { works: true, booked, moved, written }
}

fn cues(driver: &Driver) -> Vec<Cue> {
    let cues = driver.effects.iter().filter_map(|effect| match effect {
        Effect::Demo(cue) => Some(*cue),
        _ => None,
    });
    cues.collect()
}

fn alarm(driver: &mut Driver) {
    let words = "Something is wrong with your server: an entry is not by the device that it names.";
    driver.device(DeviceEvent::Alarm(Notice::new(words, "Safe.", "Ask.")));
}

fn queue(driver: &mut Driver, queued: u64) {
    let status = SyncStatus { queued, ..driver.model.sync.clone() };
    driver.device(DeviceEvent::Sync(status));
}

#[test]
fn the_card_names_every_act_in_every_size_and_can_be_put_away() {
    for (columns, rows) in [(80, 24), (80, 23), (200, 50), (60, 16)] {
        let mut driver = begin(columns, rows);
        let screen = driver.screen();
        for word in ["Demo: nobody in it is real", "F5 ", " 8 ", " 9 ", "F3 "] {
            assert!(screen.contains(word), "{word} at {columns}x{rows}\n{screen}");
        }
        assert!(screen.contains("To finish"), "{screen}");

        driver.keys("0");
        assert!(!driver.screen().contains("nobody in it is real"));
        driver.keys("0");
        assert!(driver.screen().contains("nobody in it is real"));
    }
}

#[test]
fn a_practice_that_is_no_demo_knows_none_of_it() {
    let mut driver = Driver::open(80, 24);
    let before = driver.screen();
    for number in [3, 5] {
        driver.code(KeyCode::F(number));
    }
    driver.keys("089");
    assert_eq!(driver.screen(), before);
    assert_eq!(cues(&driver), []);
    for list in ["?", ":"] {
        driver.keys(list).keys("demo");
        assert!(!driver.screen().contains("Demo:"), "{}", driver.screen());
        driver.keys("⎋");
    }
}

#[test]
fn the_lists_of_keys_name_the_acts_of_a_demo() {
    let mut driver = begin(80, 24);
    driver.keys("?demo");
    for words in ["see what the server sees", "pull the cable", "let the server cheat"] {
        assert!(driver.screen().contains(words), "{}", driver.screen());
    }
}

#[test]
fn the_pulled_cable_shows_what_waits_and_what_the_other_device_did_meanwhile() {
    let mut driver = begin(80, 24);
    driver.keys("8");
    queue(&mut driver, 3);
    driver.device(DeviceEvent::Demo(Report::OtherDevice(did(3, 1, 2))));
    let screen = driver.screen();
    assert!(screen.contains("OUT: queue 3; the other device did 2 acts since"), "{screen}");

    driver.keys("8");
    assert!(driver.screen().contains("in; sending, queue 3"), "{}", driver.screen());
    queue(&mut driver, 0);
    assert!(driver.screen().contains("in; queue 0"), "{}", driver.screen());
    assert_eq!(cues(&driver), [Cue::Cable(false), Cue::Cable(true)]);
}

#[test]
fn a_cheating_server_is_told_of_in_words_until_it_is_honest_again() {
    for (columns, rows) in [(80, 24), (80, 23)] {
        let mut driver = begin(columns, rows);
        driver.keys("9");
        assert!(driver.screen().contains("it will change the next entry"), "{}", driver.screen());
        driver.device(DeviceEvent::Demo(Report::Cheated(Cheat::Alter)));
        assert!(driver.screen().contains("it has changed an entry"), "{}", driver.screen());
        alarm(&mut driver);
        driver.code(KeyCode::Enter);
        let screen = driver.screen();
        assert!(screen.contains("CAUGHT altering"), "{screen}");
        assert!(screen.contains("Noticed: an entry is not by the device that it names."));
        assert!(screen.contains("How: each entry is signed by its device"), "{screen}");

        driver.keys("9");
        driver.device(DeviceEvent::Demo(Report::Cheated(Cheat::Withhold)));
        alarm(&mut driver);
        driver.code(KeyCode::Enter);
        assert!(driver.screen().contains("CAUGHT withholding"), "{}", driver.screen());
        driver.keys("9");
        assert!(driver.screen().contains("it is honest again"), "{}", driver.screen());
        let cheats = [Cheat::Alter, Cheat::Withhold, Cheat::Honest].map(Cue::Cheat);
        assert_eq!(cues(&driver), cheats);
    }
}

#[test]
fn an_alarm_that_nobody_ordered_is_not_taken_for_part_of_the_show() {
    let mut driver = begin(80, 24);
    alarm(&mut driver);
    driver.code(KeyCode::Enter);
    assert!(driver.screen().contains("it is honest so far"), "{}", driver.screen());
}

#[test]
fn the_other_device_is_stopped_and_started_by_one_key() {
    let mut driver = begin(80, 24);
    driver.code(KeyCode::F(3));
    let rests = OtherDevice { works: false, ..did(2, 1, 1) };
    driver.device(DeviceEvent::Demo(Report::OtherDevice(rests)));
    let screen = driver.screen();
    assert!(screen.contains("stands still: 2 booked, 1 moved, 1 sentence"), "{screen}");
    driver.code(KeyCode::F(3));
    assert_eq!(cues(&driver), [Cue::OtherDevice(false), Cue::OtherDevice(true)]);
}

fn watched(columns: u16, rows: u16) -> Driver {
    let mut driver = begin(columns, rows);
    driver.code(KeyCode::F(5));
    driver.open_asked();
    driver.keys("She slept.");
    for number in 1..=9 {
        driver.device(DeviceEvent::Demo(Report::Kept(Kept {
            log: CompartmentId::from_bytes([number; 16]),
            position: Position::new(u64::from(number) + 3),
            author: if number == 9 { ME } else { DeviceId::from_bytes([1; 16]) },
            bytes: 208,
            first: "9f3a11c2".repeat(8),
        })));
    }
    driver
}

#[test]
fn beside_a_note_stands_what_the_server_keeps_and_no_word_of_it() {
    for (columns, rows) in [(80, 24), (80, 23), (200, 50)] {
        let mut driver = watched(columns, rows);
        let screen = driver.screen();
        for words in ["She slept.", "What the server keeps", "log 09090909  entry 12  208 bytes"] {
            assert!(screen.contains(words), "{words} at {columns}x{rows}\n{screen}");
        }
        assert!(screen.contains("by device 07070707 (this one)"), "{screen}");
        assert!(screen.contains("9f 3a 11 c2"), "{screen}");
        let right: Vec<&str> = screen
            .lines()
            .filter_map(|line| line.split_once('│'))
            .map(|(_, right)| right)
            .collect();
        assert!(right.iter().all(|line| !line.contains("slept")), "{screen}");

        driver.code(KeyCode::F(5));
        assert!(!driver.screen().contains("What the server keeps"));
        assert!(driver.screen().contains("She slept."));
        assert_eq!(cues(&driver), [Cue::Watch(true), Cue::Watch(false)]);
    }
}

#[test]
fn the_first_act_comes_back_to_its_note() {
    let mut driver = watched(80, 24);
    let note = driver.model.demo.as_ref().and_then(|demo| demo.note);
    assert!(note.is_some());
    driver.key(Key::plain(KeyCode::Esc));
    assert!(driver.screen().contains("Demo: nobody in it is real"), "{}", driver.screen());
    driver.code(KeyCode::F(5));
    assert!(driver.screen().contains("What the server keeps"), "{}", driver.screen());
}
