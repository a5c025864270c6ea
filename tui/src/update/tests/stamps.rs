//! When a session began and ended, in one key each; and a reminder of one that is to come.

use super::*;
use tacenda_shared::practice::edit::{RemoteSetting, StampChange, Stamps, Whereabouts};

/// `domain.md` 5: one key at the start, one at the end.
#[test]
fn a_session_begins_and_ends_in_one_key_each() {
    let mut driver = Driver::open(80, 24);
    let now = sample::now().time;
    driver.keys("b");
    let begins = Edit::StampSession {
        appointment: sample::appointment(1),
        // The client had arrived already: another device may be saying what came of it.
        change: StampChange { began: Some(Some(now)), ..StampChange::default() },
    };
    assert_eq!(driver.edits(), [&begins]);
    let mut sample = Sample::new();
    sample.change(1, |row| {
        (row.stamps.began, row.status) = (Some(now.plus_millis(-600_000)), Status::Arrived);
    });
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    assert!(driver.screen().contains("since 09:31"), "{}", driver.screen());
    driver.keys("b");
    let ends = Edit::StampSession {
        appointment: sample::appointment(1),
        change: StampChange {
            ended: Some(Some(now)),
            status: Some(Status::Held),
            ..StampChange::default()
        },
    };
    assert_eq!(driver.edits().last(), Some(&&ends));
}

#[test]
fn what_is_over_or_cancelled_or_of_another_day_is_not_stamped() {
    let stamped = Stamps { began: Some(sample::now().time), ended: Some(sample::now().time) };
    for (change, says) in [
        ((Status::CancelledByClient, Stamps::default()), "takes place first"),
        ((Status::NoShow, Stamps::default()), "takes place first"),
        ((Status::Held, stamped), "it was from 09:41 to 09:41"),
    ] {
        let mut driver = Driver::open(80, 24);
        let mut sample = Sample::new();
        sample.change(1, |row| (row.status, row.stamps) = change);
        driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
        driver.keys("ggj").keys("b");
        assert!(driver.edits().is_empty());
        assert!(driver.screen().contains(says), "{says}: {}", driver.screen());
    }
    let mut driver = Driver::open(80, 24);
    driver.keys("[[[[[[[").keys("b");
    assert!(driver.edits().is_empty(), "{:?}", driver.edits());
}

/// Whoever forgot to stamp a session says afterwards from when to when it was.
#[test]
fn the_times_of_a_session_that_nobody_stamped_are_said_afterwards() {
    let now = sample::now().time;
    let over = || {
        let mut sample = Sample::new();
        sample.change(1, |row| {
            row.slot.start = date(2026, 11, 22).at(8, 0, 0, 0);
            row.starts = now.plus_millis(-6_060_000);
            (row.status, row.stamps) = (Status::Held, Stamps::default());
        });
        sample
    };
    let at = |minutes: i64| Some(Some(now.plus_millis(-6_060_000 + minutes * 60_000)));
    // Either key; what was booked is what Enter takes.
    for key in ["b", "B"] {
        let mut driver = with(over());
        driver.keys("gg").keys(key);
        let screen = driver.screen();
        assert!(screen.contains("JM-014   When did it begin and end?"), "{screen}");
        assert!(screen.contains("= 22 Nov, 08:00 to 08:50: 50 min, and it was held."), "{screen}");
        driver.keys("⏎");
        let [Edit::StampSession { appointment, change }] = driver.edits()[..] else { panic!() };
        assert_eq!(*appointment, sample::appointment(1));
        assert_eq!((change.began, change.ended), (at(0), at(50)));
        assert_eq!((change.status, &change.whereabouts), (Some(Status::Held), &None));
    }
    // What was typed replaces it; what is still to come is no end.
    let mut driver = with(over());
    driver.keys("ggb").keys("8:05 12m");
    assert!(driver.screen().contains("08:05 to 08:17: 12 min"), "{}", driver.screen());
    let mut driver = with(over());
    driver.keys("ggb").keys("8:05-9:55⏎");
    assert!(driver.screen().contains("That has not ended yet."), "{}", driver.screen());
    assert!(driver.edits().is_empty());
    // What did not take place has no times, and what is to come has none yet.
    let mut sample = over();
    sample.change(1, |row| row.status = Status::NoShow);
    let mut driver = with(sample);
    driver.keys("ggB");
    assert!(driver.screen().contains("takes place first"), "{}", driver.screen());
    let mut driver = Driver::open(80, 24);
    driver.keys("jB");
    assert!(driver.screen().contains("it has not begun yet"), "{}", driver.screen());
}

#[test]
fn a_reminder_is_prepared_and_its_sending_logged_and_nothing_is_sent() {
    let mut driver = Driver::open(80, 24);
    // The session at 10:00, by video.
    driver.keys("jr");
    let screen = driver.screen();
    assert!(screen.contains("your appointment: Sun 22 Nov 2026 at 10:00, by"), "{screen}");
    assert!(screen.contains("Safe contact: no voicemail"), "{screen}");
    assert!(!screen.contains("Anna"), "names are hidden: {screen}");
    driver.keys("t⏎");
    let [Edit::LogContact { client, contact }] = driver.edits()[..] else { panic!("{screen}") };
    assert_eq!(*client, sample::client_id(2));
    assert_eq!((contact.channel, contact.direction), (Channel::Text, Direction::Out));
    assert_eq!(contact.text, "Reminder for Sun 22 Nov 10:00");
    // What has begun is nothing to be reminded of.
    driver.keys("kr");
    assert!(driver.screen().contains("nothing to be reminded of"), "{}", driver.screen());
}

#[test]
fn the_usual_week_is_said_in_a_line_that_is_read_back_and_goes_on_from_what_was_said() {
    let mut driver = Driver::open(80, 24);
    driver.keys("gh").keys("mo-do 9-12");
    assert!(driver.screen().contains("= Mon-Thu 9:00-12:00"), "{}", driver.screen());
    driver.keys("⏎");
    let [Edit::SetHours { member, hours: Some(hours) }] = driver.edits()[..] else { panic!() };
    assert_eq!((*member, hours.to_string().as_str()), (sample::clinician(), "Mon-Thu 9:00-12:00"));
    let mut sample = Sample::new();
    sample.index.hours.insert(*member, hours.clone());
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    driver.keys("gh").keys(" nonsense⏎");
    assert!(driver.screen().contains("'nonsense'"), "{}", driver.screen());
    assert_eq!(driver.edits().len(), 1);
    for _ in 0..9 {
        driver.code(KeyCode::Backspace);
    }
    driver.keys(", fr 9-11⏎");
    let Some(Edit::SetHours { hours: Some(hours), .. }) = driver.edits().last() else { panic!() };
    assert_eq!(hours.to_string(), "Mon-Thu 9:00-12:00, Fri 9:00-11:00");
}

fn with(sample: Sample) -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    driver
}

/// The hour before ran over: its booked end lies behind, and it has not ended.
#[test]
fn what_is_going_on_is_in_focus_and_another_does_not_begin_before_it_ends() {
    let mut sample = Sample::new();
    let now = sample::now().time;
    sample.change(1, |row| {
        row.slot.start = date(2026, 11, 22).at(8, 0, 0, 0);
        row.starts = now.plus_millis(-6_060_000);
        row.stamps.began = Some(now.plus_millis(-6_060_000));
    });
    let mut driver = with(sample);
    driver.keys("jjb");
    assert!(driver.edits().is_empty(), "{:?}", driver.edits());
    assert!(driver.screen().contains("JM-014: that session has begun"), "{}", driver.screen());
    driver.keys("kkb");
    let [Edit::StampSession { appointment, change }] = driver.edits()[..] else { panic!() };
    assert_eq!((*appointment, change.ended), (sample::appointment(1), Some(Some(now))));
}

#[test]
fn a_key_that_is_held_down_ends_no_session_and_one_over_midnight_ends() {
    let now = sample::now().time;
    for (before, ends, says) in [
        (10_000, false, "just now"),
        (23 * 3_600_000, true, "held until"),
        (25 * 3_600_000, false, "When did it begin and end?"),
    ] {
        let mut sample = Sample::new();
        sample.change(1, |row| {
            row.stamps.began = Some(now.plus_millis(-before));
            row.starts = now.plus_millis(-before);
        });
        let mut driver = with(sample);
        driver.keys("b");
        assert_eq!(driver.edits().len(), usize::from(ends), "{before}");
        if !ends {
            assert!(driver.screen().contains(says), "{}", driver.screen());
        }
    }
}

#[test]
fn an_hour_that_two_devices_moved_apart_is_settled_before_anybody_is_reminded() {
    let mut sample = Sample::new();
    let rivals = sample.index.appointments[&sample::appointment(4)].rivals.clone();
    sample.change(2, |row| row.rivals = rivals);
    let mut driver = with(sample);
    driver.keys("jr");
    assert!(driver.screen().contains("moved twice"), "{}", driver.screen());
    assert!(!driver.screen().contains("Remind:"), "{}", driver.screen());
}

/// Each partner is reached in a way of their own.
#[test]
fn of_a_couple_one_is_chosen_to_be_reminded_or_logged_and_who_died_is_not_asked_for() {
    let couple = |died: bool| {
        let mut sample = Sample::new();
        sample.change(2, |row| row.clients.push(sample::client_id(3)));
        let second = sample.index.clients.get_mut(&sample::client_id(3)).unwrap();
        let second = std::sync::Arc::make_mut(second);
        second.safe_contact = "only by mail".to_owned();
        second.died = died.then(|| date(2026, 11, 20));
        with(sample)
    };
    let mut driver = couple(false);
    driver.keys("jr");
    assert!(driver.screen().contains("Remind whom?"), "{}", driver.screen());
    driver.keys("j⏎");
    assert!(driver.screen().contains("Safe contact: only by mail"), "{}", driver.screen());
    driver.keys("m⏎");
    let [Edit::LogContact { client, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!(*client, sample::client_id(3));
    driver.keys("i");
    assert!(driver.screen().contains("A contact with whom?"), "{}", driver.screen());
    driver.code(KeyCode::Esc);

    let mut driver = couple(true);
    driver.keys("jr");
    let screen = driver.screen();
    assert!(screen.contains("Remind:") && screen.contains("no voicemail"), "{screen}");
    // Nobody reminds the practice.
    driver.keys("T");
    assert!(!driver.screen().contains("from the client\n"), "{}", driver.screen());
    driver.keys("t⏎");
    let [Edit::LogContact { contact, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!(contact.direction, Direction::Out);
    driver.keys("ij⏎");
    assert!(driver.screen().contains("This client died: Fri 20 Nov 2026"), "{}", driver.screen());
}

/// The last words may be those that count.
#[test]
fn a_long_safe_contact_is_shown_whole_or_says_that_it_goes_on() {
    for (words, shown, rest) in [(40, true, false), (150, false, true)] {
        for size in [(80, 24), (60, 16)] {
            let mut sample = Sample::new();
            let second = sample.index.clients.get_mut(&sample::client_id(2)).unwrap();
            std::sync::Arc::make_mut(second).safe_contact =
                format!("{}NEVER text", "and then ".repeat(words / 2));
            let mut driver = Driver::open(size.0, size.1);
            driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
            driver.keys("jr");
            let screen = driver.screen();
            if size.1 == 24 {
                assert_eq!(screen.contains("NEVER text"), shown, "{screen}");
            }
            let told = screen.contains("It goes on: Esc, then e shows all of it.");
            assert!(told == rest || size.1 < 24, "{screen}");
            assert!(told || screen.contains("NEVER text"), "{screen}");
            assert!(screen.contains("c call   m mail"), "{screen}");
            assert!(screen.contains("Enter save  Esc back"), "{screen}");
        }
    }
}

#[test]
fn a_paste_says_nothing_of_the_way() {
    let mut driver = Driver::open(80, 24);
    driver.keys("i").send(Msg::Input(Input::Paste("Left a message".into())));
    driver.keys("⏎");
    assert!(driver.edits().is_empty());
    driver.keys("c").send(Msg::Input(Input::Paste("Left a message".into())));
    driver.keys("⏎");
    let [Edit::LogContact { contact, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!((contact.channel, contact.text.as_str()), (Channel::Call, "Left a message"));
}

/// `domain.md` 5: one key, and a second that takes where the client was the last time.
#[test]
fn a_session_by_video_asks_where_the_client_is_as_it_begins() {
    let home = Whereabouts { place: "Sampleton, CA".into(), help: "911".into() };
    let mut sample = Sample::new();
    sample.change(8, |row| row.whereabouts = home.clone());
    let mut driver = with(sample);
    // The session at 10:00, by video; the client said it the last time.
    driver.keys("jb");
    let screen = driver.screen();
    assert!(screen.contains("= in Sampleton, CA; to be called there: 911"), "{screen}");
    assert!(driver.edits().is_empty());
    driver.keys("⏎");
    let began = Some(Some(sample::now().time));
    let status = Some(Status::Arrived);
    let change = StampChange { began, ended: None, status, whereabouts: Some(home) };
    let begins = Edit::StampSession { appointment: sample::appointment(2), change };
    assert_eq!(driver.edits(), [&begins]);

    let mut driver = Driver::open(80, 24);
    driver.keys("jb").keys("Sampleton⏎");
    assert!(driver.edits().is_empty(), "half of it: {}", driver.screen());
    driver.keys("; 916 555 0199⏎");
    assert_eq!(driver.edits().len(), 1);
}

/// A place that is wrong stands in a note for ever.
#[test]
fn what_is_said_of_where_the_client_was_is_typed_over_and_corrected_and_a_couples_is_its_own() {
    let here = |place: &str| Whereabouts { place: place.into(), help: "911".into() };
    let mut sample = Sample::new();
    sample.change(8, |row| row.whereabouts = here("Sampleton, CA"));
    let mut driver = with(sample);
    driver.keys("jb").keys("Elsewhere; 112⏎");
    let [Edit::StampSession { change, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!(change.whereabouts.as_ref().map(|said| said.place.as_str()), Some("Elsewhere"));

    let mut sample = Sample::new();
    let now = sample::now().time;
    sample.change(2, |row| {
        row.whereabouts = here("Wrong");
        row.stamps =
            Stamps { began: Some(now.plus_millis(-90_000)), ended: Some(now.plus_millis(-1000)) };
        row.status = Status::Held;
    });
    let mut driver = with(sample);
    driver.keys("jb");
    assert!(driver.screen().contains("Wrong; 911"), "{}", driver.screen());
    driver.keys("Right; 911⏎");
    let [Edit::StampSession { change, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!((change.began, change.status), (None, None));

    let mut sample = Sample::new();
    sample.change(8, |row| {
        row.whereabouts = here("Of one alone");
    });
    sample.change(2, |row| row.clients.push(sample::client_id(3)));
    let mut driver = with(sample);
    driver.keys("jb");
    assert!(!driver.screen().contains("Of one alone"), "{}", driver.screen());
}

/// The hour by video has come, and the one before it has not ended.
#[test]
fn a_session_by_video_whose_time_has_come_begins_like_any_other() {
    let now = sample::now().time;
    let before = |millis: i64| Some(now.plus_millis(-millis));
    let mut sample = Sample::new();
    sample.change(1, |row| row.stamps.began = before(3_000_000));
    sample.change(2, |row| row.starts = now.plus_millis(-60_000));
    let mut driver = with(sample);
    driver.keys("jb");
    assert!(driver.screen().contains("has begun and not ended"), "{}", driver.screen());
    assert!(!driver.screen().contains("Where is the client"), "{}", driver.screen());

    let mut sample = Sample::new();
    sample.change(2, |row| {
        row.starts = now.plus_millis(-60_000);
        row.stamps.began = before(10_000);
    });
    let mut driver = with(sample);
    driver.keys("b");
    assert!(driver.screen().contains("just now"), "{}", driver.screen());

    // Another device begins it while the question is asked here.
    let mut driver = Driver::open(80, 24);
    driver.keys("jb").keys("Sampleton, CA; 911");
    let mut sample = Sample::new();
    sample.change(2, |row| (row.stamps.began, row.status) = (before(5000), Status::Held));
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    driver.keys("⏎");
    let [Edit::StampSession { change, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!((change.began, change.status), (None, None));
    assert!(change.whereabouts.is_some());
}

/// What was forgotten is said afterwards, on whatever day it was.
#[test]
fn where_the_client_was_is_said_after_the_session_too() {
    let mut driver = Driver::open(80, 24);
    // Four days back, at 11:00: held by video.
    driver.keys("[[[[jb");
    assert!(driver.screen().contains("Where is the client"), "{}", driver.screen());
    driver.keys("Sampleton, CA; 911⏎");
    let [Edit::StampSession { appointment, change }] = driver.edits()[..] else { panic!() };
    assert_eq!(*appointment, sample::appointment(6));
    assert_eq!((change.began, change.ended, change.status), (None, None, None));
    assert_eq!(
        change.whereabouts.as_ref().map(ToString::to_string).as_deref(),
        Some("Sampleton, CA; 911")
    );
}

#[test]
fn who_sees_clients_says_where_they_may_practise_and_is_warned_elsewhere() {
    let mut driver = Driver::open(80, 24);
    driver.keys("gl").keys("CA, NV⏎");
    let [Edit::SetRemote { member, setting: RemoteSetting::Licences, text }] = driver.edits()[..]
    else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!((*member, text.as_str()), (sample::clinician(), "CA, NV"));
    let mut sample = Sample::new();
    sample.index.remote.insert((*member, RemoteSetting::Licences), text.clone());
    let away = Whereabouts { place: "Springfield, IL".into(), help: "911".into() };
    sample.change(8, |row| row.whereabouts = away);
    let mut driver = with(sample);
    driver.keys("jb");
    let screen = driver.screen();
    assert!(screen.contains("YOUR LICENCES"), "{screen}");
    // It warns, and keeps nobody from work.
    driver.keys("⏎");
    assert_eq!(driver.edits().len(), 1);
    // Booking by video warns of where the client was the last time.
    driver.keys("jn").keys("ak thu 3pm video");
    let screen = driver.screen();
    assert!(screen.contains("LICENCE for CA, NV; last in Springfield, IL"), "{screen}");
}

#[test]
fn a_reminder_of_a_session_by_video_has_the_link_of_its_room() {
    let mut driver = Driver::open(80, 24);
    driver.keys("gv").keys("http://video.example.org");
    assert!(driver.screen().contains("begins with https://"), "{}", driver.screen());
    driver.code(KeyCode::Esc);
    let mut sample = Sample::new();
    let link = "https://video.example.org/{room}".to_owned();
    sample.index.remote.insert((sample::clinician(), RemoteSetting::Link), link);
    let mut driver = with(sample);
    driver.keys("jr");
    let screen = driver.screen();
    let room = screen.split("https://video.example.org/").nth(1).unwrap_or_default();
    let room: String = room.chars().take_while(char::is_ascii_hexdigit).collect();
    assert_eq!(room.len(), 20, "{screen}");
}
