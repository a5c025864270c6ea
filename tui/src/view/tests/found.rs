//! A search in notes and records, and a progress report in the making, as people see them.

use super::*;
use crate::message::Told;
use crate::screen::parts::sample::found::{found, lines};

fn told(words: &str, told: impl FnOnce(Secret) -> Told) -> DeviceEvent {
    DeviceEvent::Found(told(Secret(Zeroizing::new(words.to_owned()))))
}

fn searched(driver: &mut Driver) {
    driver.keys("/sle").device(told("sle", |words| Told::Found(words, found())));
}

fn looked(driver: &mut Driver) {
    searched(driver);
    driver.wait(500).device(told("sle", |words| Told::Lines(words, Ok(lines()))));
}

#[test]
fn a_search_in_texts() {
    snapshot("found", true, searched);
    snapshot("found_lines", true, looked);
    snapshot("found_names_shown", true, |driver| {
        looked(driver);
        driver.code(KeyCode::F(9)).code(KeyCode::Tab).code(KeyCode::Down);
    });
    snapshot("found_and_clients", true, |driver| {
        driver.keys("/a").keys("k");
        driver.device(told("ak", |words| Told::Found(words, found())));
    });
    snapshot("found_nothing", true, |driver| {
        driver.keys("/zz");
        let none = tacenda_shared::practice::search::Found::default();
        driver.device(told("zz", |words| Told::Found(words, none)));
    });
    snapshot("found_note_at_its_place", true, |driver| {
        looked(driver);
        driver.code(KeyCode::Tab);
        for _ in 0..3 {
            driver.code(KeyCode::Down);
        }
        driver.keys("⏎").open_asked();
    });
}

#[test]
fn a_progress_report() {
    let begun = |driver: &mut Driver| {
        driver.keys("⏎").open_asked().keys("E").open_asked();
    };
    snapshot("report", true, begun);
    snapshot("report_chosen", true, |driver| {
        begun(driver);
        driver.keys(" j j j *");
    });
    snapshot("report_preview", true, |driver| {
        begun(driver);
        driver.keys(" j j j *").code(KeyCode::End).keys(" p");
    });
    snapshot("report_to_save", true, |driver| {
        begun(driver);
        driver.keys(" E").keys("Dr. Example⏎further treatment⏎~/report.html⏎");
    });
}
