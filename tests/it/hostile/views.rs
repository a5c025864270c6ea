//! One device is shown less than another, and both say what they have seen.

use super::*;
use tacenda_tests::pty::Ended;

const F10: &str = "\x1b[21~";

impl Stage {
    /// The person at the tablet leaves, which says what it has seen, and comes back.
    fn leave_the_tablet(&mut self) {
        self.on_tablet.keys(F10);
        assert_eq!(self.on_tablet.wait(), Ended::Status(0));
        self.on_tablet = self.tablet.unlocked();
    }
}

#[test]
fn a_log_that_stands_still_for_one_device_is_named_when_the_other_says_what_it_has_seen() {
    let name = "H17 a log that stands still";
    let mut stage = Stage::set("frozen", 1);
    let chart = stage.chart(0);
    let before = stage.export();
    let order =
        stage.server.order(&format!("withhold {} from {}", chart.end.next(), stage.laptop_id));
    let words = "Never shown to the laptop.";
    stage.write(&chart.code, words);
    stage.server.done(order);
    stage.work_goes_on(name);
    stage.on_laptop.expect_not("Please read");

    stage.leave_the_tablet();
    let says = "the server holds something back";
    stage.reads(name, &format!("Something is wrong with your server: {says}. {SAFE}"));
    stage.reads_on_sync_screen(name, says);
    let hidden = stage.export().iter().filter(|line| line.contains(words)).count();
    assert_eq!(hidden, 0, "{name}");
    let after = stage.export();
    let is_gone = |line: &&String| !line.contains("\"type\":\"end\"") && !after.contains(line);
    let gone: Vec<_> = before.iter().filter(is_gone).collect();
    assert!(gone.is_empty(), "{name}: {gone:?}");
    stage.work_goes_on(name);
    stage.make_peace(order);
    let arrived = stage.export().iter().filter(|line| line.contains(words)).count();
    assert_eq!(arrived, 1, "{name}: with an honest server it must arrive once");
}

#[test]
fn an_older_word_of_the_other_device_is_named() {
    let name = "H17 an older checkpoint";
    let mut stage = Stage::set("older", 2);
    let chart = stage.chart(0);
    for words in ["First.", "Second.", "Third."] {
        stage.write(&chart.code, words);
        stage.settle();
        stage.leave_the_tablet();
    }
    let before = stage.export();
    let order = stage.server.order(&format!("old checkpoints to {}", stage.laptop_id));
    stage.server.tell("hang up any");
    stage.server.done(order);
    stage.reads(name, "Your server has been put back to an older state");
    stage.assert_unchanged(&before, name);
    stage.work_goes_on(name);
    stage.make_peace(order);
    stage.work_goes_on(name);
}
