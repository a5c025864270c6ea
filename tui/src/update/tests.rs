//! What a person sees happen when they press keys, from the outside: keys in, effects and screens
//! out.

mod attachments;
mod clipboard;
mod columns;
mod consents;
mod corrections;
mod crisis;
mod fee;
mod front_desk;
mod groups;
mod handover;
mod identity;
mod journal;
mod keystrokes;
mod labels;
mod measures;
mod parting;
mod plan;
mod psychotherapy;
mod refused;
mod report;
mod same;
mod search;
mod series;
mod signing;
mod stamps;
mod supervision;
mod task;
mod timeline;
mod waiting;
mod writing;

use crate::device::settings::AutoLock;
use crate::input::{Input, Key, KeyCode};
use crate::keymap;
use crate::message::{DeviceEvent, Effect, Msg, Secret, SetupEvent, VaultState};
use crate::model::{Stage, WARNING_MILLIS};
use crate::notice::Notice;
use crate::screen::Screen;
use crate::screen::parts::sample::{self, Driver, NAMES, Sample};
use jiff::civil::date;
use proptest::prelude::*;
use tacenda_shared::id::{MemberId, ObjectId, RecordId, SeriesId};
use tacenda_shared::practice::edit::{AppointmentKind, Channel, Direction, Edit, Status, Subject};
use tacenda_shared::practice::schedule::free;
use tacenda_shared::practice::view::{ChartView, DraftRow, Occurrence, View};
use zeroize::Zeroizing;

#[test]
fn an_appointment_is_booked_from_a_free_gap_in_a_few_keys() {
    let mut driver = Driver::open(80, 24);

    driver.keys("jjnak⏎⏎");

    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.clients, [sample::client_id(2)]);
    assert_eq!(booked.slot.start, date(2026, 11, 22).at(10, 50, 0, 0));
    assert_eq!(booked.slot.minutes, 50);
}

#[test]
fn a_whole_sentence_books_and_shows_what_it_means_before_enter() {
    let mut driver = Driver::open(80, 24);

    driver.keys("jjnak thu 3pm 80m room 7");
    let screen = driver.screen();
    assert!(screen.contains("= Thu 26 Nov 2026 15:00 - 16:20"), "{screen}");
    driver.keys("⏎⏎");

    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.clients, [sample::client_id(2)]);
    assert_eq!(booked.slot.start, date(2026, 11, 26).at(15, 0, 0, 0));
    assert_eq!((booked.slot.minutes, booked.slot.room.as_deref()), (80, Some("7")));
}

#[test]
fn half_a_word_of_a_sentence_leaves_nothing_in_the_fields() {
    let mut driver = Driver::open(80, 24);

    // On the way `ak l` is two clients, and so a couple; and `room 7` is taken back.
    driver.keys("jjnak l").code(KeyCode::Backspace).keys("thu 9am room 7 80m");
    for _ in " room 7 80m".chars() {
        driver.code(KeyCode::Backspace);
    }
    driver.keys("⏎⏎");

    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.clients, [sample::client_id(2)]);
    assert_eq!(booked.kind, AppointmentKind::Individual);
    assert_eq!((booked.slot.minutes, booked.slot.room.as_deref()), (50, Some("2")));
}

#[test]
fn a_sentence_about_nobody_says_so() {
    let mut driver = Driver::open(80, 24);
    driver.keys("jjnzz thu 3pm");
    let screen = driver.screen();
    assert!(screen.contains("no client has zz in the code or the name"), "{screen}");
}

#[test]
fn a_sentence_with_a_slip_in_its_last_word_is_not_booked_at_another_time() {
    for (sentence, why) in
        [("ak 3pm tomorow", "not understood: tomorow"), ("ak 3pm 11/31", "no such date: 11/31")]
    {
        let mut driver = Driver::open(80, 24);
        driver.keys("jjn").keys(sentence).keys("⏎⏎");
        assert!(driver.edits().is_empty(), "{sentence}");
        let screen = driver.screen();
        assert!(screen.contains(why), "{screen}");
        for _ in sentence.split(' ').next_back().unwrap().chars() {
            driver.code(KeyCode::Backspace);
        }
        driver.keys("⏎⏎");
        assert_eq!(driver.edits().len(), 1, "{sentence}");
    }
}

#[test]
fn a_booking_that_is_refused_comes_back_to_be_put_right() {
    let mut driver = Driver::open(80, 24);
    driver.keys("jjnak thu 3pm 80m room 7⏎⏎");
    let ticket = driver.effects.iter().find_map(|effect| match effect {
        Effect::Edit { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let ticket = ticket.unwrap();
    let full = Notice::new("The disk is full.", "Nothing has been changed.", "Make room.");
    driver.device(DeviceEvent::Applied { ticket, outcome: Err(full) });
    assert!(driver.screen().contains("The disk is full."));
    driver.code(KeyCode::Esc);
    let screen = driver.screen();
    assert!(screen.contains("Thu 26 Nov 2026") && screen.contains("80"), "{screen}");
    driver.keys("⏎");
    assert_eq!(driver.edits().len(), 2, "and goes again with one key");
}

#[test]
fn a_contact_is_logged_in_three_keys_and_its_line() {
    let mut driver = Driver::open(80, 24);
    driver.keys("ji");
    let screen = driver.screen();
    assert!(screen.contains("Log a contact") && screen.contains("c call"), "{screen}");
    driver.keys("Trunning late⏎");
    let [Edit::LogContact { client, contact }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!(*client, sample::client_id(2));
    assert_eq!((contact.channel, contact.direction), (Channel::Text, Direction::In));
    assert_eq!((contact.text.as_str(), contact.at), ("running late", None));
}

#[test]
fn what_is_typed_in_one_piece_over_a_slow_line_is_logged_whole() {
    for apart in [true, false] {
        let mut driver = Driver::open(80, 24);
        driver.keys("ji");
        let burst = |text: &str| Msg::Input(Input::Burst(text.to_owned()));
        if apart {
            driver.keys("T").send(burst("running ten minutes late"));
        } else {
            driver.send(burst("Trunning ten minutes late"));
        }
        driver.keys("⏎");
        let [Edit::LogContact { contact, .. }] = driver.edits()[..] else {
            panic!("{:?}", driver.edits())
        };
        assert_eq!(contact.text, "running ten minutes late");
    }
}

#[test]
fn a_way_that_there_is_not_is_said_and_backspace_takes_one_back() {
    let mut driver = Driver::open(80, 24);
    driver.keys("ji⏎x");
    assert!(driver.edits().is_empty());
    driver.keys("m").code(KeyCode::Backspace).keys("c⏎");
    let [Edit::LogContact { contact, .. }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!((contact.channel, contact.direction), (Channel::Call, Direction::Out));
}

#[test]
fn a_time_alone_does_not_move_a_booking_to_another_day() {
    let mut driver = Driver::open(80, 24);

    driver.keys("]nak 3pm⏎⏎");

    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.slot.start, date(2026, 11, 23).at(15, 0, 0, 0));
}

#[test]
fn arrows_move_the_slot_and_enter_moves_the_appointment() {
    let mut driver = Driver::open(80, 24);

    driver.keys("jm").code(KeyCode::Down).code(KeyCode::Right).keys("⏎");

    let [Edit::Move { appointment, slot }] = driver.edits()[..] else { panic!() };
    assert_eq!(*appointment, sample::appointment(2));
    assert_eq!(slot.start, date(2026, 11, 23).at(10, 15, 0, 0));
}

#[test]
fn a_clash_is_shown_before_enter() {
    let mut driver = Driver::open(80, 24);

    driver.keys("m").code(KeyCode::Down);
    assert!(driver.screen().contains("CLASH with AK-007"), "{}", driver.screen());
    driver.code(KeyCode::Up);

    assert!(driver.screen().contains("no clash"), "{}", driver.screen());
}

#[test]
fn two_keys_move_to_the_next_slot_that_is_free_for_both() {
    let mut driver = Driver::open(80, 24);

    driver.keys("M");
    assert!(driver.screen().contains("no clash"), "{}", driver.screen());
    let first = driver.screen();
    driver.keys("M");
    assert_ne!(driver.screen(), first, "and on to the one after it");
    driver.keys("⏎");

    let [Edit::Move { appointment, slot }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!(*appointment, sample::appointment(1));
    let index = Sample::new().index;
    let row = &index.appointments[appointment];
    assert!(slot.start > sample::now().local.max(row.slot.start));
    assert_eq!(free::clashes(&index, (slot, &row.clients), Some(*appointment)).len(), 0);
}

#[test]
fn a_status_is_set_by_two_keys_and_a_cancellation_asks_why() {
    let mut driver = Driver::open(80, 24);

    driver.keys("sh").keys("jslcame too late⏎");

    let [first, second] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    let (appointment, status) = (sample::appointment(1), Status::Held);
    assert_eq!(*first, Edit::SetStatus { appointment, status, reason: None });
    let (appointment, status) = (sample::appointment(2), Status::LateCancel);
    let reason = Some("came too late".to_owned());
    assert_eq!(*second, Edit::SetStatus { appointment, status, reason });
}

#[test]
fn undo_says_what_it_undid_and_redo_brings_it_back() {
    let mut driver = Driver::open(80, 24);
    let inverse = Edit::SetStatus {
        appointment: sample::appointment(1),
        status: Status::Arrived,
        reason: None,
    };

    driver.keys("sh");
    driver.device(DeviceEvent::Applied { ticket: 1, outcome: Ok(Some(inverse.clone())) });
    driver.keys("u");
    let redo = driver.edits()[0].clone();
    driver.device(DeviceEvent::Applied { ticket: 2, outcome: Ok(Some(redo.clone())) });

    assert!(driver.screen().contains("Undid: JM-014: held  [U] redo"), "{}", driver.screen());
    driver.keys("U");
    assert_eq!(driver.edits()[1..], [&inverse, &redo]);
}

#[test]
fn an_edit_that_is_refused_says_why_and_cannot_be_undone() {
    let mut driver = Driver::open(80, 24);
    let notice = Notice::new("It was refused.", "Nothing changed.", "Wait.");

    driver.keys("sh");
    driver.device(DeviceEvent::Applied { ticket: 1, outcome: Err(notice) });

    assert!(driver.screen().contains("It was refused."));
    driver.keys("⎋u");
    assert_eq!(driver.edits().len(), 1);
}

#[test]
fn a_conflict_is_settled_by_moving_to_the_slot_that_was_chosen() {
    let mut driver = Driver::open(80, 24);

    driver.keys("7⏎j⏎");

    let [Edit::Move { appointment, slot }] = driver.edits()[..] else { panic!() };
    assert_eq!(*appointment, sample::appointment(4));
    assert_eq!(slot.start, date(2026, 11, 22).at(16, 0, 0, 0));
}

#[test]
fn a_new_client_is_added_with_a_code_of_its_own() {
    let mut driver = Driver::open(80, 24);

    driver.keys("3nNova Probeklient⏎");

    let [Edit::NewClient { contact, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!(contact.name.as_deref(), Some("Nova Probeklient"));
    assert_eq!(contact.code.as_deref(), Some("C-022"));
    assert_eq!(contact.phone, None);
}

#[test]
fn a_form_that_was_left_goes_on_where_it_was() {
    let mut driver = Driver::open(80, 24);

    driver.keys("3nNova⎋n Probeklient⏎");

    let [Edit::NewClient { contact, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!(contact.name.as_deref(), Some("Nova Probeklient"));
}

#[test]
fn a_chart_is_opened_for_care_and_closed_when_it_is_left() {
    let mut driver = Driver::open(80, 24);
    let chart = Subject::Chart(sample::client_id(1));

    driver.keys("⏎");
    driver.open_chart(1);
    assert!(driver.screen().contains("graded exposure"), "{}", driver.screen());
    driver.keys("⎋");

    let opened = |effect: &Effect| matches!(effect, Effect::Open(subject, _) if *subject == chart);
    let closed = |effect: &Effect| matches!(effect, Effect::Close(subject) if *subject == chart);
    assert!(driver.effects.iter().any(opened));
    assert!(driver.effects.iter().any(closed));
}

#[test]
fn a_filter_finds_as_one_types_and_enter_opens() {
    let mut driver = Driver::open(80, 24);

    driver.keys("/proBE");
    assert!(driver.screen().contains("AK-007"), "{}", driver.screen());
    assert!(!driver.screen().contains("JM-014"), "{}", driver.screen());
    driver.keys("⏎");

    let chart = Subject::Chart(sample::client_id(2));
    let opened = |effect: &Effect| matches!(effect, Effect::Open(subject, _) if *subject == chart);
    assert!(driver.effects.iter().any(opened));
}

#[test]
fn the_palette_runs_what_is_typed_in_full() {
    let mut driver = Driver::open(80, 24);

    driver.keys(":lock⏎");

    assert!(matches!(driver.model.stage, Stage::Locked(_)));
    assert!(driver.effects.iter().any(|effect| matches!(effect, Effect::Lock)));
}

#[test]
fn the_palette_says_why_a_command_cannot_be_run() {
    let mut driver = Driver::open(80, 24);

    driver.keys("3:undo");

    assert!(driver.screen().contains("nothing to undo"), "{}", driver.screen());
}

#[test]
fn q_and_colon_q_quit_at_the_top_and_nowhere_else() {
    let quits = |driver: &Driver| driver.effects.iter().any(|e| matches!(e, Effect::Quit));
    let mut driver = Driver::open(80, 24);
    driver.keys("3q");
    assert!(!quits(&driver));
    driver.keys("q");
    assert!(quits(&driver));

    let mut driver = Driver::open(80, 24);
    driver.keys(":q⏎");
    assert!(quits(&driver));
}

#[test]
fn ctrl_c_quits_only_when_it_is_pressed_twice_within_a_second() {
    let quits = |driver: &Driver| driver.effects.iter().any(|e| matches!(e, Effect::Quit));
    let mut driver = Driver::open(80, 24);
    driver.key(Key::ctrl('c')).wait(1_500).key(Key::ctrl('c'));
    assert!(!quits(&driver));
    driver.wait(200).key(Key::ctrl('c'));
    assert!(quits(&driver));
}

#[test]
fn pasted_text_does_nothing_where_no_caret_is_shown() {
    let mut driver = Driver::open(80, 24);

    driver.send(Msg::Input(Input::Paste("sh\nx".to_owned())));
    driver.send(Msg::Input(Input::Burst("shshshshshshshsh".to_owned())));

    assert!(driver.edits().is_empty());
    assert!(driver.screen().contains("Pasted text was ignored"));
}

#[test]
fn the_vault_locks_itself_after_five_minutes_and_warns_before() {
    let mut driver = Driver::open(80, 24);

    driver.wait(AutoLock::default().millis() - WARNING_MILLIS);
    assert!(driver.screen().contains("Locks within 30 s."));
    driver.keys("j").wait(WARNING_MILLIS);
    assert!(driver.model.desk().is_some());
    driver.wait(AutoLock::default().millis());

    assert!(driver.model.desk().is_none());
    assert!(driver.effects.iter().any(|effect| matches!(effect, Effect::Lock)));
}

#[test]
fn a_clock_that_is_set_back_delays_no_lock() {
    let mut driver = Driver::open(80, 24);

    driver.wait(1_000).wait(-3_600_000);
    assert!(driver.model.desk().is_some());
    driver.wait(AutoLock::default().millis());

    assert!(driver.model.desk().is_none());
}

#[test]
fn a_lock_leaves_nothing_of_the_practice_behind() {
    for key in [Key::ctrl('l'), Key::plain(KeyCode::F(12))] {
        let mut driver = Driver::open(80, 24);
        driver.keys("⏎");
        driver.open_chart(1).key(Key::plain(KeyCode::F(9))).key(Key::ctrl('k')).key(key);

        let dump = format!("{:?}", driver.model);
        let screen = driver.screen();
        for word in NAMES.iter().chain(&["JM-014", "AK-007", "exposure", "room"]) {
            assert!(!screen.contains(word) && !dump.contains(word), "{word}");
        }
    }
}

#[test]
fn a_wrong_passphrase_always_gives_the_same_words_and_shows_no_length() {
    let mut driver = Driver::locked(80, 24);
    let before = driver.screen();

    driver.keys("wrong");
    assert_eq!(driver.screen(), before);
    driver.keys("⏎x⏎");
    let tried = driver.effects.iter().filter(|e| matches!(e, Effect::Unlock(_))).count();
    assert_eq!(tried, 1, "keys are dropped while a passphrase is tried");
    driver.device(DeviceEvent::State(VaultState::Locked {
        vault: "practice-main".to_owned(),
        device: "laptop-2".to_owned(),
        demo_passphrase: None,
    }));

    assert!(driver.screen().contains("That passphrase does not open this practice."));
}

#[test]
fn a_new_practice_is_set_up_from_nothing_but_what_is_on_the_screen() {
    let mut driver = Driver::locked(80, 24);
    driver.device(DeviceEvent::State(VaultState::Absent));

    driver.keys("⏎berlin⏎Dr. Sample⏎laptop⏎correct horse battery⏎correct horse battery⏎");
    let found = driver.effects.iter().find_map(|effect| match effect {
        Effect::Found { zone, clinician, device, passphrase } => {
            Some((zone.as_str(), clinician.as_str(), device.as_str(), passphrase.0.as_str()))
        }
        _ => None,
    });
    assert_eq!(found, Some(("Europe/Berlin", "Dr. Sample", "laptop", "correct horse battery")));
    let words: Vec<String> = (1..=24).map(|number| format!("word{number}")).collect();
    let sheet = Secret(Zeroizing::new(words.join(" ")));
    driver.device(DeviceEvent::Setup(SetupEvent::Sheet(sheet)));
    let screen = driver.screen();
    assert!(words.iter().all(|word| screen.contains(word)), "{screen}");
    driver.keys("⏎");
    assert!(!driver.screen().contains("word1"));
    driver.keys("a⏎b⏎c⏎");

    let asked = driver.effects.iter().find_map(|effect| match effect {
        Effect::CheckSheet(asked) => Some(asked),
        _ => None,
    });
    let typed: Vec<&str> = asked.unwrap().iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(typed, ["a", "b", "c"]);
    let asked = driver.effects.len();
    let notice = Notice::new("A word is wrong.", "Nothing is lost.", "Correct it.");
    driver.device(DeviceEvent::Setup(SetupEvent::WordsRefused(notice)));
    assert!(driver.screen().contains("A word is wrong."));
    driver.keys("x⏎⏎⏎");
    let again = driver.effects[asked..].iter().find_map(|effect| match effect {
        Effect::CheckSheet(asked) => Some(asked),
        _ => None,
    });
    let typed: Vec<&str> = again.unwrap().iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(typed, ["ax", "b", "c"]);
}

#[test]
fn six_words_that_chance_chose_are_shown_and_must_be_typed_back() {
    let mut driver = Driver::locked(80, 24);
    driver.device(DeviceEvent::State(VaultState::Absent));
    driver.keys("⏎berlin⏎Dr. Sample⏎laptop⏎⇥");
    let screen = driver.screen();
    let mut shown = screen.lines().skip_while(|line| !line.contains("Chance has chosen"));
    let words = shown.nth(2).unwrap().trim().to_owned();
    assert_eq!(words.split(' ').count(), 6, "{screen}");

    driver.keys("⏎");
    assert!(!driver.screen().contains(&words));
    driver.keys(&words).keys("⏎");

    let found = driver
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Found { passphrase, .. } if *passphrase.0 == words));
    assert!(found);
}

#[test]
fn two_passphrases_that_differ_set_nothing_up() {
    let mut driver = Driver::locked(80, 24);
    driver.device(DeviceEvent::State(VaultState::Absent));

    driver.keys("⏎berlin⏎Dr. Sample⏎laptop⏎correct horse battery⏎correct horse batterx⏎");

    assert!(!driver.effects.iter().any(|effect| matches!(effect, Effect::Found { .. })));
    assert!(driver.screen().contains("not the same"));
}

#[test]
fn leaving_the_terminal_closes_what_is_open_and_then_locks() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⏎").send(Msg::Leave);

    let last: Vec<&Effect> = driver.effects.iter().rev().take(4).collect();
    let [Effect::Redraw, Effect::Lock, Effect::Close(_), ..] = last[..] else { panic!("{last:?}") };
}

#[test]
fn a_note_is_begun_and_typing_reaches_it_even_before_it_is_open() {
    let mut driver = Driver::open(80, 24);

    driver.keys("jN⏎qs1");
    driver.open_asked().keys("x⎋");

    let [Edit::BeginNote { note, client, session, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!((*client, *session), (sample::client_id(2), Some(sample::appointment(2))));
    let mut typed = String::new();
    let mut order = Vec::new();
    for effect in &driver.effects {
        match effect {
            Effect::Type { note: into, splices, .. } if into == note => {
                typed.extend(splices.iter().map(|splice| splice.inserted.as_str()));
                order.push("type");
            }
            Effect::Commit { note: into, .. } if into == note => order.push("commit"),
            Effect::Close(_) => order.push("close"),
            _ => {}
        }
    }
    assert_eq!(typed, "qs1x");
    assert_eq!(order[order.len() - 3..], ["type", "commit", "close"]);
}

#[test]
fn a_lock_hands_over_what_was_typed_before_the_keys_go() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⇥⏎").open_asked().keys("abc");
    driver.effects.clear();

    driver.key(Key::ctrl('l'));

    let [Effect::Commit { .. }, Effect::Close(_), Effect::Lock, ..] = driver.effects[..] else {
        panic!("{:?}", driver.effects)
    };
}

#[test]
fn typing_is_committed_after_a_pause_that_was_asked_for() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⇥⏎").open_asked().keys("abc");
    let mut wakes = driver.effects.iter().filter_map(|effect| match effect {
        Effect::Wake(moment) => Some(*moment),
        _ => None,
    });
    let asked = wakes.next_back().unwrap().millis_since(driver.model.now.time);
    assert!(asked <= 3_000, "{asked}");

    driver.wait(600).wait(2_400);

    assert!(driver.effects.iter().any(|effect| matches!(effect, Effect::Commit { .. })));
}

#[test]
fn a_signed_note_leaves_the_screen_and_cannot_be_undone() {
    let mut driver = Driver::open(80, 24);
    driver.keys("N⏎").open_asked().code(KeyCode::F(8)).wait(1_000);

    driver.keys("ds⏎").wait(1_000).keys("⏎");
    let edits: Vec<Edit> = driver.edits().into_iter().cloned().collect();
    let [_, Edit::Sign { .. }] = edits[..] else { panic!("{edits:?}\n{}", driver.screen()) };
    driver.device(DeviceEvent::Applied { ticket: 2, outcome: Ok(None) });

    let desk = driver.model.desk().unwrap();
    assert!(matches!(desk.screens[..], [Screen::Today(_)]));
    assert!(desk.history.undo.is_empty());
    assert!(driver.screen().contains("Signed a note of JM-014"), "{}", driver.screen());
}

#[test]
fn a_signature_that_is_refused_keeps_the_draft_and_says_why() {
    let mut driver = Driver::open(80, 24);
    driver.keys("N⏎").open_asked().code(KeyCode::F(8)).wait(1_000);
    driver.keys("ds⏎").wait(1_000).keys("⏎");

    let notice = Notice::new("It was refused.", "The draft is kept.", "Wait.");
    driver.device(DeviceEvent::Applied { ticket: 2, outcome: Err(notice) });

    assert!(driver.screen().contains("It was refused."));
    driver.keys("⎋z");
    assert!(driver.screen().contains("DRAFT"), "{}", driver.screen());
}

#[test]
fn space_s_goes_straight_to_signing_a_draft() {
    let mut driver = Driver::open(80, 24);

    driver.keys("⇥ s").open_asked();

    assert!(driver.screen().contains("Your initials"), "{}", driver.screen());
}

#[test]
fn a_sweep_signs_each_draft_of_the_list_with_three_keys() {
    let mut driver = Driver::open(80, 24);
    let mut sample = Sample::new();
    let more = ObjectId::from_bytes([41; 16]);
    let second = DraftRow { note: more, session: None, ..sample.index.drafts[0].clone() };
    sample.index.drafts.push(second);
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));

    driver
        .keys("4S")
        .open_asked()
        .wait(1_000)
        .keys("ds⏎")
        .wait(1_000)
        .keys("was ill⏎")
        .wait(1_000)
        .keys("⏎");
    driver.device(DeviceEvent::Applied { ticket: 1, outcome: Ok(None) }).open_asked();
    assert!(driver.screen().contains("Your initials"), "{}", driver.screen());
    driver.wait(1_000).keys("ds⏎");

    let signed = driver.edits().into_iter().map(|edit| match edit {
        Edit::Sign { note, .. } => *note,
        other => panic!("{other:?}"),
    });
    assert_eq!(signed.collect::<Vec<_>>(), [sample::draft_id(), more]);
}

#[test]
fn the_palette_reaches_the_verbs_of_a_note() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⇥⏎").open_asked().key(Key::ctrl('k')).keys("sign⏎");

    assert!(driver.screen().contains("initials"), "{}", driver.screen());
}

#[test]
fn an_addendum_is_a_draft_from_its_first_letter_on() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⏎").open_asked().keys("jjj⏎").open_asked();
    assert!(driver.screen().contains("Went out twice"), "{}", driver.screen());

    driver.keys("n").open_asked().keys("also walked");

    let [Edit::BeginAddendum { draft, note, .. }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!(*note, RecordId::from_bytes([8; 16]));
    let typed = driver.effects.iter().filter_map(|effect| match effect {
        Effect::Type { note, splices, .. } if note == draft => Some(splices[0].inserted.as_str()),
        _ => None,
    });
    assert_eq!(typed.collect::<String>(), "also walked");
    assert!(driver.screen().contains("Addendum"), "{}", driver.screen());
}

#[test]
fn an_addendum_that_was_begun_is_gone_on_with() {
    let mut driver = Driver::open(80, 24);
    let mut sample = Sample::new();
    let (draft, note) = (ObjectId::from_bytes([77; 16]), RecordId::from_bytes([8; 16]));
    let begun = DraftRow {
        note: draft,
        session: None,
        addendum_to: Some(note),
        corrects: None,
        ..sample.index.drafts[0].clone()
    };
    let client = begun.client;
    sample.index.drafts.push(begun);
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    driver.keys("⏎").open_asked().keys("jjjj⏎").open_asked().keys("n");

    assert!(driver.edits().is_empty(), "{:?}", driver.edits());
    let opened = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Open(subject, _) => Some(*subject),
        _ => None,
    });
    assert_eq!(opened, Some(Subject::Draft(client, draft)));
}

#[test]
fn a_lock_says_that_a_form_is_gone_and_keeps_nothing_of_it() {
    let mut driver = Driver::open(80, 24);
    driver.keys("3nJamie⎋").key(Key::ctrl('l'));

    let screen = driver.screen();
    assert!(screen.contains("not saved is gone"), "{screen}");
    assert!(driver.model.desk().is_none());
}

#[test]
fn a_code_that_holds_the_name_is_saved_only_after_a_warning() {
    let mut driver = Driver::open(80, 24);
    driver.keys("3nJamie Sample⇥sample-1⏎");
    assert!(driver.screen().contains("holds a part of the name"), "{}", driver.screen());
    assert!(driver.edits().is_empty());

    driver.keys("⏎");

    let [Edit::NewClient { contact, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!(contact.code.as_deref(), Some("sample-1"));
}

#[test]
fn every_size_keeps_the_caret_and_the_text_of_a_note() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⇥⏎").open_asked().keys("kept ");
    for (columns, rows) in [(200, 50), (59, 15), (1, 1), (60, 16), (80, 24)] {
        driver.resize(columns, rows);
        driver.screen();
    }
    driver.keys("text");
    assert!(driver.screen().contains("kept text"), "{}", driver.screen());
}

/// Every layer that keys can lead to, with the keys.
const LAYERS: &[&str] = &[
    "", "2", "3", "4", "7", "⏎", "n", "jjn", "m", "3n", "3⏎e", "/", "/a", "?", ":", " ", "gd", "s",
    "g", "x", "7⏎", "N", "3⏎N", "2n", "4⏎", "⇥⏎", "N⏎", "3jjN⏎", "W", "3W", "3⏎W", "v", "2v",
];

#[test]
fn every_hint_on_every_layer_does_something() {
    for keys in LAYERS {
        let mut driver = Driver::open(80, 24);
        driver.keys(keys);
        let desk = driver.model.desk().unwrap();
        if !desk.pending.is_empty() {
            continue;
        }
        let situation = driver.model.situation(desk);
        for row in keymap::hints(desk.contexts(), &situation) {
            let mut driver = Driver::open(80, 24);
            driver.keys(keys);
            let (before, effects) = (driver.screen(), driver.effects.len());
            for key in row.keys[0] {
                driver.key(*key);
            }
            let changed = driver.screen() != before || driver.effects.len() > effects;
            assert!(changed, "{:?} after {keys:?} does nothing:\n{before}", row.verb);
        }
    }
}

#[test]
fn esc_leads_to_today_from_everywhere_in_four_presses_and_changes_nothing() {
    let with_palette = LAYERS.iter().map(|keys| (*keys, true));
    for (keys, palette) in LAYERS.iter().map(|keys| (*keys, false)).chain(with_palette) {
        let mut driver = Driver::open(80, 24);
        driver.keys(keys);
        if palette {
            driver.key(Key::ctrl('k'));
        }
        let edits = driver.edits().len();
        driver.keys("⎋⎋⎋⎋");
        let desk = driver.model.desk().unwrap();
        assert!(matches!(desk.screens[..], [Screen::Today(_)]), "{keys:?}");
        assert!(desk.overlays.is_empty() && desk.pending.is_empty(), "{keys:?}");
        assert_eq!(driver.edits().len(), edits, "{keys:?}");
    }
}

#[test]
fn under_the_veil_no_name_is_on_any_screen() {
    for keys in LAYERS {
        for size in [(80, 24), (200, 50)] {
            let mut driver = Driver::open(size.0, size.1);
            driver.keys(keys);
            driver.open_chart(1).open_chart(4);
            if driver.effects.iter().any(|effect| matches!(effect, Effect::Open(..))) {
                driver.open_asked();
            }
            let screen = driver.screen();
            for name in NAMES.iter().flat_map(|name| name.split(' ')) {
                assert!(!screen.contains(name), "{name} after {keys:?}:\n{screen}");
            }
        }
    }
}

#[test]
fn text_that_would_command_the_terminal_is_drawn_harmless() {
    let mut driver = Driver::open(80, 24);
    let mut sample = Sample::new();
    let row = sample.index.clients.get_mut(&sample::client_id(1)).unwrap();
    std::sync::Arc::make_mut(row).code = "\u{1b}[2J\u{202e}X".to_owned();

    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));

    let screen = driver.screen();
    assert!(!screen.contains('\u{1b}') && !screen.contains('\u{202e}'));
}

#[test]
fn the_cursor_stands_on_the_row_in_focus_or_in_the_field() {
    for keys in LAYERS {
        let mut driver = Driver::open(80, 24);
        driver.keys(keys);
        assert!(!driver.screen().contains("cursor at 0,0"), "{keys:?}\n{}", driver.screen());
    }
}

fn any_key() -> impl Strategy<Value = Key> {
    let codes = vec![
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::F(2),
        KeyCode::F(6),
        KeyCode::F(9),
    ];
    prop_oneof![
        6 => prop::char::range(' ', '~').prop_map(Key::char),
        4 => prop::sample::select(codes).prop_map(Key::plain),
        1 => prop::sample::select(vec!['k', 'z', 'y', 'u', 'w']).prop_map(Key::ctrl),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is pressed and however the terminal is resized, everything can be drawn, and a
    /// key that the table does not know changes no data.
    #[test]
    fn no_key_and_no_size_breaks_the_interface(
        keys in prop::collection::vec(any_key(), 0..60),
        sizes in prop::collection::vec((1_u16..220, 1_u16..60), 1..4),
    ) {
        let mut driver = Driver::open(80, 24);
        for (at, key) in keys.iter().enumerate() {
            driver.key(*key);
            if at % 10 == 0 {
                if driver.effects.iter().any(|effect| matches!(effect, Effect::Open(..))) {
                    driver.open_asked();
                }
                driver.wait(900);
            }
            let (columns, rows) = sizes[at % sizes.len()];
            driver.resize(columns, rows);
            driver.screen();
        }
    }
}

#[test]
fn a_week_leaves_out_its_empty_days_and_arrows_pass_over_them() {
    let mut driver = Driver::open(80, 24);
    driver.keys("2z");
    // From Sunday, today, back to Friday: on Saturday there is nothing.
    driver.code(KeyCode::Left);

    let screen = driver.screen();
    assert!(screen.contains("Fri 20") && screen.contains("Sun 22*"), "{screen}");
    assert!(!screen.contains("Sat 21") && !screen.contains("Mon 16"), "{screen}");
    assert!(screen.contains("Fri 20 Nov 09:00 is free"), "{screen}");

    driver.keys("z");
    assert!(driver.screen().contains("Sat 21"), "{}", driver.screen());
}

#[test]
fn appointments_and_signatures_are_those_of_the_member_at_the_keyboard() {
    let mut driver = Driver::open(80, 24);
    let mut sample = Sample::new();
    let other = MemberId::from_bytes([1; 16]);
    sample.index.clinicians.insert(other, "Alex Z. Other".to_owned());
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));

    driver.keys("jjnak⏎⏎");

    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.slot.clinician, sample::clinician());
    driver.keys("⇥S").open_asked();
    assert!(driver.screen().contains("Your initials (DS)"), "{}", driver.screen());
}

#[test]
fn where_a_note_was_begun_a_new_one_is_not_what_enter_means() {
    let mut driver = Driver::open(80, 24);
    driver.keys("3jjN");
    assert!(driver.screen().contains("Go on with the draft of 15 Nov, 240 words"));
    driver.keys("⏎");
    assert!(matches!(
        driver.effects.last(),
        Some(Effect::Open(Subject::Draft(client, note), _))
            if (*client, *note) == (sample::client_id(1), sample::draft_id())
    ));
}

#[test]
fn what_comes_next_is_not_what_was_held_already() {
    let mut driver = Driver::open(80, 24);
    assert!(driver.screen().contains("Next: AK-007"));
    let mut sample = Sample::new();
    sample.change(2, |row| row.status = Status::Held);
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    assert!(driver.screen().contains("Next: DB-002"));
}

#[test]
fn a_paste_that_is_longer_than_any_passphrase_is_told() {
    let mut driver = Driver::locked(80, 24);
    driver.send(Msg::Input(Input::Burst("x".repeat(1_500))));
    assert!(driver.screen().contains("longer than"), "{}", driver.screen());
}

#[test]
fn an_undo_that_comes_before_the_edit_is_saved_waits_for_it() {
    let mut driver = Driver::open(80, 24);
    driver.keys("shu");
    assert!(!driver.screen().contains("Not now"));
    let [Edit::SetStatus { .. }] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    let (appointment, status) = (sample::appointment(2), Status::Confirmed);
    let inverse = Edit::SetStatus { appointment, status, reason: None };
    driver.device(DeviceEvent::Applied { ticket: 1, outcome: Ok(Some(inverse)) });
    assert_eq!(driver.edits().len(), 2);
    assert!(matches!(driver.effects.last(), Some(Effect::Undo { ticket: 2, .. })));
}

#[test]
fn a_series_is_booked_by_one_word_more_or_in_the_form() {
    let mut driver = Driver::open(80, 24);
    driver.keys("jjnak thu 3pm every 2 weeks x6");
    let screen = driver.screen();
    assert!(screen.contains("Repeats  < every 2 weeks x6 >"), "{screen}");
    driver.keys("⏎⏎");
    let [Edit::BookSeries(new)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(new.rule.to_string(), "FREQ=WEEKLY;INTERVAL=2;COUNT=6");
    assert_eq!(new.first.slot.start, date(2026, 11, 26).at(15, 0, 0, 0));

    let mut driver = Driver::open(80, 24);
    driver.keys("jjnak⏎").key(Key::shift(KeyCode::Tab)).key(Key::shift(KeyCode::Tab));
    driver.keys(" ⏎⏎");
    let [Edit::BookSeries(new)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(new.rule.to_string(), "FREQ=WEEKLY");
}

/// Today's first appointment is one of a series.
fn with_series(touched: bool) -> Driver {
    let mut sample = Sample::new();
    let one = Occurrence { series: SeriesId::from_bytes([4; 16]), date: sample::today(), touched };
    sample.change(1, |row| row.occurrence = Some(one));
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    driver
}

#[test]
fn this_and_all_that_follow_are_moved_in_six_keys() {
    let mut driver = with_series(false);
    let focus = driver.screen();
    // m, a day on, to the last field, the other choice, out of the field, and that is it.
    driver.keys("m").code(KeyCode::Right).key(Key::shift(KeyCode::Tab)).keys(" ");
    let screen = driver.screen();
    assert!(screen.contains("Changes  < from here on >"), "{focus}\n{screen}");
    driver.keys("⏎⏎");
    let [Edit::MoveFollowing { series, from, slot }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!((*series, *from), (SeriesId::from_bytes([4; 16]), sample::today()));
    assert_eq!(slot.start.date(), sample::today().tomorrow().unwrap());
}

#[test]
fn one_date_is_left_out_and_a_series_is_ended_in_two_keys() {
    let series = SeriesId::from_bytes([4; 16]);
    let mut driver = with_series(false);
    driver.keys("sd");
    let skip = Edit::SkipOccurrence { series, date: sample::today(), skipped: true };
    assert_eq!(driver.edits(), [&skip]);
    let mut driver = with_series(false);
    driver.keys("se");
    let end = Edit::EndSeries { series, last: sample::today().yesterday().ok() };
    assert_eq!(driver.edits(), [&end]);

    // What was changed by itself is no matter of the series any more.
    let mut driver = with_series(true);
    driver.keys("sd");
    assert!(driver.edits().is_empty());
    assert!(driver.screen().contains("it was changed by itself"), "{}", driver.screen());
    driver.keys("m").key(Key::shift(KeyCode::Tab));
    assert!(driver.screen().contains("this one only"), "{}", driver.screen());
}

/// What comes in from another device moves nothing under the keys.
#[test]
fn in_a_chart_the_focus_stays_on_what_it_is_on() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⏎").open_asked();
    let View::Chart(mut chart) = Sample::new().chart(1) else { panic!() };
    let draft = chart.drafts[0].clone();
    let subject = Subject::Chart(sample::client_id(1));
    let show = |driver: &mut Driver, chart: &ChartView| {
        let mut sample = Sample::new();
        sample.index.drafts.clone_from(&chart.drafts);
        driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
        let outcome = Ok(Box::new(View::Chart(chart.clone())));
        driver.device(DeviceEvent::Opened { subject, outcome });
    };
    // Down and up again: on the draft, by choice.
    driver.keys("jk");
    let other = DraftRow { note: ObjectId::from_bytes([41; 16]), ..draft.clone() };
    chart.drafts.insert(0, other.clone());
    show(&mut driver, &chart);
    driver.keys("x");
    let discarded =
        |note| Edit::DiscardDraft { note, client: sample::client_id(1), discarded: true };
    assert_eq!(driver.edits(), [&discarded(draft.note)]);
    chart.drafts.retain(|row| row.note != draft.note);
    show(&mut driver, &chart);
    driver.keys("kx");
    assert_eq!(driver.edits()[1], &discarded(other.note));
}
