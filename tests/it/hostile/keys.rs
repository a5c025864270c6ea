//! Lies about receipts and keys, in one practice.

use super::*;

impl Stage {
    /// Writes into a client's note on the laptop, and does not wait for the server.
    fn write_here(&self, code: &str, words: &str) {
        self.laptop.run(&["note", "append", code], words).done();
    }

    /// How often words stand on the tablet.
    fn on_the_tablet(&self, words: &str) -> usize {
        idle(&self.tablet);
        let exported = self.tablet.run(&["export"], "").done();
        exported.matches(words).count()
    }
}

#[test]
fn what_the_server_acknowledges_falsely_stays_in_the_queue_and_arrives_once() {
    let mut stage = Stage::set("receipts", 5);
    let faults = [
        ("H14 a receipt without a signature", "signature", true),
        ("H42 a receipt for another place", "position", true),
        ("H42 a receipt for another chain", "own", true),
    ];
    for (number, (name, fault, alarms)) in faults.into_iter().enumerate() {
        let chart = stage.chart(number);
        let order = stage.server.order(&format!("receipt {fault} to {}", stage.laptop_id));
        let words = format!("Acknowledged with a false {fault}.");
        stage.write_here(&chart.code, &words);
        let before = stage.export();
        stage.server.done(order);
        if alarms {
            stage.reads(name, "Something is wrong with your server:");
            stage.reads(name, SAFE);
            stage.reads_on_sync_screen(name, "Something is wrong with your server:");
        }
        stage.assert_unchanged(&before, name);
        stage.make_peace(order);
        stage.work_goes_on(name);
        assert_eq!(stage.on_the_tablet(&words), 1, "{name}: it must arrive once");
    }
}

#[test]
fn an_envelope_that_was_kept_and_called_refused_is_shown_once() {
    let name = "H43 kept and called refused";
    let mut stage = Stage::set("stale", 1);
    let chart = stage.chart(0);
    let order = stage.server.order(&format!("refuse STALE to {}", stage.laptop_id));
    let words = "Refused, says the server.";
    stage.write_here(&chart.code, words);
    stage.server.done(order);
    stage.make_peace(order);
    stage.work_goes_on(name);
    stage.settle();
    assert_eq!(stage.on_the_tablet(words), 1, "{name}");
    let here = stage.export().iter().filter(|line| line.contains(words)).count();
    assert_eq!(here, 1, "{name}");
    stage.on_laptop.expect_not("two envelopes");
}

#[test]
fn a_key_that_is_held_back_is_named_and_comes_when_the_server_gives_it() {
    let name = "H54 a row held back";
    let mut stage = Stage::set("rows", 2);
    stage.chart(0);
    let before = stage.export();
    // The table of the keys of drafts.
    let order = stage.server.order(&format!("hide rows 4 from {}", stage.laptop_id));
    stage.write(&code(1), "Under a key that is held back.");
    stage.server.done(order);
    let says = "The server did not give a key that it must have. What you have written is safe \
                here. Some of what your other devices wrote is not shown. Open Tacenda on the \
                other device and let it connect; if this stays, call your server's operator.";
    stage.reads(name, says);
    stage.reads_on_sync_screen(name, "The server did not give a key that it must have.");
    stage.assert_unchanged(&before, name);
    stage.work_goes_on(name);
    stage.make_peace(order);
    let after = stage.export();
    let found = after.iter().any(|line| line.contains("Under a key that is held back."));
    assert!(found, "{name}: it comes with an honest server");
}
