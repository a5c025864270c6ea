//! Files in a chart, in keys.

use super::*;
use crate::message::{Carried, LookedFile, Order, Takes};
use crate::screen::Focused;
use crate::screen::parts::sample::file_id;
use std::sync::Arc;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::attachment::Media;
use tacenda_shared::practice::edit::{FileBytes, Metadata};

fn client() -> ClientId {
    sample::client_id(1)
}

/// The files of the first client, from Today.
fn files() -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.keys("ga").open_asked();
    driver
}

fn looked(takes: Takes) -> LookedFile {
    let bytes = FileBytes::from(b"bytes".to_vec());
    LookedFile { bytes, media: Media::Jpeg, takes }
}

fn answer(driver: &mut Driver, asked: &str, outcome: Result<LookedFile, Notice>) {
    driver.device(DeviceEvent::Carried(Carried::File(asked.to_owned(), outcome)));
}

fn asked(driver: &Driver) -> Vec<String> {
    let orders = driver.effects.iter().filter_map(|effect| match effect {
        Effect::Order(Order::LookAtFile(file)) => Some(file.clone()),
        _ => None,
    });
    orders.collect()
}

#[test]
fn a_photo_is_attached_by_its_name_a_title_and_enter_without_where_it_was_taken() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⏎").open_asked().keys("a~/drawing.jpg⏎");
    assert_eq!(asked(&driver), ["~/drawing.jpg"]);
    driver.keys("⏎");
    assert!(driver.screen().contains("Reading"), "{}", driver.screen());
    answer(&mut driver, "~/other.jpg", Ok(looked(Takes::Broken)));
    assert!(driver.screen().contains("Reading"), "that was not asked for");
    answer(&mut driver, "~/drawing.jpg", Ok(looked(Takes::Out)));
    driver.keys("⏎");
    assert!(driver.screen().contains("a title"), "{}", driver.screen());
    driver.keys("Drawing⏎");
    assert!(driver.screen().contains("Take that out?") && driver.edits().is_empty());
    driver.keys("maybe⏎");
    assert!(driver.edits().is_empty());
    for _ in 0..5 {
        driver.code(KeyCode::Backspace);
    }
    driver.keys("⏎");
    let [Edit::Attach { client: whose, file }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!(
        (*whose, file.title.as_str(), &file.bytes.0[..]),
        (client(), "Drawing", &b"bytes"[..])
    );
    assert_eq!(file.metadata, Metadata::Strip);
    assert!(!driver.screen().contains("Attach a file"), "the form is gone");
}

#[test]
fn what_can_have_nothing_taken_out_says_so_and_is_kept_as_it_is() {
    for (takes, words) in [(Takes::NotOfThisType, "stays"), (Takes::Broken, "kept as it is")] {
        let mut driver = files();
        driver.keys("a/x.pdf⏎");
        answer(&mut driver, "/x.pdf", Ok(looked(takes)));
        assert!(driver.screen().contains(words), "{}", driver.screen());
        driver.keys("Report⏎");
        let [Edit::Attach { file, .. }] = driver.edits()[..] else { panic!("one edit") };
        assert_eq!(file.metadata, Metadata::Keep);
    }
    let mut driver = files();
    driver.keys("a/x.heic⏎");
    let looked_at = LookedFile { media: Media::Heif, ..looked(Takes::NotOfThisType) };
    answer(&mut driver, "/x.heic", Ok(looked_at));
    let screen = driver.screen();
    assert!(screen.contains("Where and when") && screen.contains("JPEG"), "{screen}");
    let mut driver = files();
    driver.keys("a/x.jpg⏎");
    answer(&mut driver, "/x.jpg", Ok(looked(Takes::Out)));
    driver.keys("Scan⏎n⏎");
    let [Edit::Attach { file, .. }] = driver.edits()[..] else { panic!("one edit") };
    assert_eq!(file.metadata, Metadata::Keep, "somebody wished to keep it");
}

#[test]
fn a_file_that_cannot_be_read_says_why_and_its_name_can_be_put_right() {
    let mut driver = files();
    driver.keys("a/x⏎");
    let notice = Notice::new("That is no file.", "Nothing has been attached.", "Look.");
    answer(&mut driver, "/x", Err(notice));
    let screen = driver.screen();
    assert!(screen.contains("That is no file.") && screen.contains("/x"), "{screen}");
    driver.keys("y⏎");
    assert_eq!(asked(&driver)[1], "/xy");
    driver.keys("⎋");
    assert!(driver.edits().is_empty());
}

#[test]
fn the_list_strikes_brings_back_and_opens_and_shows_no_title_under_the_veil() {
    let mut driver = files();
    assert!(!driver.screen().contains("insurer"), "a name may stand in it");
    driver.code(KeyCode::F(9));
    assert!(driver.screen().contains("Letter to the insurer"), "{}", driver.screen());
    assert!(!driver.screen().contains('\u{202e}'));
    driver.keys("jx");
    let strike = |number, struck| Edit::StrikeAttachment {
        client: client(),
        record: file_id(number),
        struck,
    };
    assert_eq!(driver.edits(), [&strike(2, true)]);
    driver.keys("Gx");
    assert_eq!(driver.edits()[1], &strike(4, false), "one that is struck comes back");
    driver.keys("gg⏎");
    let subject = Subject::Attachment(client(), file_id(1));
    let opens = |effect: &Effect| matches!(effect, Effect::Open(one, _) if *one == subject);
    assert!(driver.effects.iter().any(opens));
}

#[test]
fn a_text_is_read_and_scrolled_and_what_is_not_whole_is_not_shown() {
    let mut driver = files();
    driver.code(KeyCode::F(9)).keys("j⏎").open_asked();
    let screen = driver.screen();
    assert!(screen.contains("thank you for seeing A."), "{screen}");
    assert!(!screen.contains('\u{1b}'), "nothing that a terminal obeys");
    driver.keys("G");
    assert!(!driver.screen().contains("Dear colleague"), "{}", driver.screen());
    driver.keys("gg");
    assert!(driver.screen().contains("Dear colleague"));
    driver.code(KeyCode::F(9));
    assert!(!driver.screen().contains("Dear colleague"), "names may stand in it");
    driver.code(KeyCode::F(9)).keys("⎋j⏎").open_asked();
    assert!(driver.screen().contains("have not come"), "{}", driver.screen());
    driver.keys("⎋j⏎").open_asked();
    assert!(driver.screen().contains("not what was attached"), "{}", driver.screen());
    driver.keys("x");
    let back = Edit::StrikeAttachment { client: client(), record: file_id(4), struck: false };
    assert_eq!(driver.edits(), [&back], "it was struck");
}

#[test]
fn a_file_is_saved_where_somebody_says_and_only_after_the_passphrase() {
    let mut driver = files();
    driver.keys("⏎").open_asked();
    driver.keys("E⏎");
    assert!(driver.screen().contains("Type the name"), "{}", driver.screen());
    let saves = |driver: &Driver| {
        let orders = driver.effects.iter().filter_map(|effect| match effect {
            Effect::Order(Order::SaveAttachment { client, record, file, passphrase }) => {
                Some((*client, *record, file.clone(), passphrase.0.to_string()))
            }
            _ => None,
        });
        orders.collect::<Vec<_>>()
    };
    driver.keys("~/out.pdf⏎⏎");
    assert_eq!(saves(&driver), [], "an empty passphrase is none");
    driver.keys("secret⏎");
    let expected = (client(), file_id(1), "~/out.pdf".to_owned(), "secret".to_owned());
    assert_eq!(saves(&driver), std::slice::from_ref(&expected));
    assert!(!driver.screen().contains("secret"));
    let notice = Notice::new("That is not the passphrase.", "Nothing left.", "Try again.");
    driver.device(DeviceEvent::Carried(Carried::Ended(Err(notice))));
    assert!(driver.screen().contains("That is not the passphrase."), "{}", driver.screen());
    driver.keys("⏎again⏎");
    assert_eq!(saves(&driver)[1].3, "again");
    driver.device(DeviceEvent::Carried(Carried::Ended(Ok("Saved.".to_owned()))));
    assert!(!driver.screen().contains("Save a file"), "{}", driver.screen());
}

#[test]
fn a_file_stands_in_the_timeline_and_opens_and_is_struck_there() {
    let mut driver = Driver::open(80, 24);
    let sample = Sample::new().with_a_file();
    let view = sample.chart(1);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("⏎");
    let subject = Subject::Chart(client());
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
    assert!(driver.screen().contains("Attachment    PDF, 303.7 KiB"), "{}", driver.screen());
    let focused = Focused::Attachment(client(), file_id(1));
    let on_file = |driver: &Driver| {
        let desk = driver.model.desk().unwrap();
        driver.model.situation(desk).focused == focused
    };
    for _ in 0..6 {
        if !on_file(&driver) {
            driver.keys("j");
        }
    }
    assert!(on_file(&driver), "{}", driver.screen());
    driver.keys("x");
    let strike = Edit::StrikeAttachment { client: client(), record: file_id(1), struck: true };
    assert_eq!(driver.edits(), [&strike]);
    driver.keys("⏎");
    let subject = Subject::Attachment(client(), file_id(1));
    let opens = |effect: &Effect| matches!(effect, Effect::Open(one, _) if *one == subject);
    assert!(driver.effects.iter().any(opens));
}

#[test]
fn in_the_list_the_focus_goes_on_to_what_was_attached_there_and_else_stays() {
    let number = |number| Focused::Attachment(client(), file_id(number));
    let focused = |driver: &Driver| {
        let desk = driver.model.desk().unwrap();
        driver.model.situation(desk).focused
    };
    let comes = |driver: &mut Driver, count: usize| {
        let View::Attachments(mut view) = Sample::new().attachments(1) else { panic!("a list") };
        view.attachments.truncate(4 - count);
        view.attachments.rotate_right(1);
        let outcome = Ok(Box::new(View::Attachments(view)));
        driver.device(DeviceEvent::Opened { subject: Subject::Attachments(client()), outcome });
    };
    let mut driver = files();
    comes(&mut driver, 2);
    driver.keys("gg");
    assert_eq!(focused(&driver), number(2));
    comes(&mut driver, 1);
    assert_eq!(focused(&driver), number(2), "what comes from elsewhere moves nothing");
    driver.keys("a/x.pdf⏎");
    answer(&mut driver, "/x.pdf", Ok(looked(Takes::NotOfThisType)));
    driver.keys("Report⏎");
    comes(&mut driver, 0);
    assert_eq!(focused(&driver), number(4), "the new one stands first");
}
