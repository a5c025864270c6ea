//! What a front desk sees: to look at, and where there is no key to any chart.

use super::*;
use std::sync::Arc;
use tacenda_shared::practice::reach::Reach;

const OF_CHARTS: [&str; 6] =
    ["note draft", "note signed", "note missing", "Last note", "PHQ-9", "plan to be reviewed"];

fn nothing_of_charts(driver: &Driver) {
    let screen = driver.screen();
    for words in OF_CHARTS {
        assert!(!screen.contains(words), "{words}: {screen}");
    }
}

fn with_reviews() -> Sample {
    let mut sample = Sample::new();
    sample.index.plans.insert(sample::client_id(1), Some(date(2026, 11, 25)));
    sample
}

#[test]
fn a_command_shows_it_says_so_and_changes_nothing() {
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(with_reviews().index)));
    driver.keys("4");
    assert!(driver.screen().contains("note missing") && driver.screen().contains("reviewed"));
    driver.keys(":front-desk⏎");
    let before = driver.effects.len();
    for keys in ["", "j", "2", "3", "4", "v", "1", "W", "⎋"] {
        driver.keys(keys);
        let screen = driver.screen();
        assert!(screen.contains("as the front desk sees it"), "{keys}: {screen}");
        nothing_of_charts(&driver);
    }
    // What is open to it, and what is not.
    for keys in ["⏎", "N", "gp", "sh", "n", "x", "u"] {
        driver.keys(keys);
        let screen = driver.screen();
        assert!(screen.contains("as the front desk sees it: "), "{keys}: {screen}");
    }
    driver.keys("⏎");
    assert!(driver.screen().contains("no key to charts"), "{}", driver.screen());
    driver.keys("jic").keys("hello⏎");
    assert!(driver.screen().contains("You only look"), "{}", driver.screen());
    driver.keys("⎋");
    // What comes in meanwhile is seen in the same way.
    driver.device(DeviceEvent::Changed(Arc::new(with_reviews().index)));
    nothing_of_charts(&driver);
    assert_eq!(driver.effects.len(), before + wakes(&driver, before), "nothing was asked for");
    driver.keys("1⎋");
    assert!(!driver.screen().contains("front desk"), "{}", driver.screen());
    driver.keys("4");
    assert!(driver.screen().contains("note missing"), "{}", driver.screen());
}

fn wakes(driver: &Driver, from: usize) -> usize {
    driver.effects[from..].iter().filter(|effect| matches!(effect, Effect::Wake(_))).count()
}

#[test]
fn where_there_is_no_key_to_charts_a_front_desk_does_its_work() {
    let mut driver = Driver::open(80, 24);
    let front = with_reviews().index.seen_with(Reach::FrontDesk);
    driver.device(DeviceEvent::Changed(Arc::new(front)));
    for keys in ["1", "2", "3", "4", "1"] {
        driver.keys(keys);
        nothing_of_charts(&driver);
        assert!(!driver.screen().contains("as the front desk sees it"), "{}", driver.screen());
    }
    for keys in ["⏎", "N", "gp", "I"] {
        driver.keys(keys);
        let screen = driver.screen();
        assert!(screen.contains("This device has no key to charts."), "{keys}: {screen}");
    }
    assert!(!driver.effects.iter().any(|effect| matches!(effect, Effect::Open(..))));
    driver.keys("ic").keys("left a message⏎");
    driver.keys("sh");
    let [Edit::LogContact { .. }, Edit::SetStatus { .. }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
}
