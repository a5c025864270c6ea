//! Lies about the entries of a log, all in one practice, each in a chart of its own.

use super::*;

/// What the laptop is told falsely of what the tablet writes.
const CASES: [Case; 8] = [
    Case {
        name: "H5 a flipped bit",
        order: |stage, chart, _| format!("flip {} to {}", chart.end.next(), stage.laptop_id),
        says: Some("an entry is not by the device that it names"),
    },
    Case {
        name: "H7 entries of one log as those of another",
        order: |stage, chart, other| {
            format!("swap {} {} to {}", chart.end.log, other.end.log, stage.laptop_id)
        },
        says: Some("the server holds something back"),
    },
    Case {
        name: "H8 an entry that nobody made",
        order: |stage, chart, _| format!("invent {} to {}", chart.end.log, stage.laptop_id),
        // Asked for the full form, it has none to hand over.
        says: Some("the server holds something back"),
    },
    Case {
        name: "H12 an entry left out",
        order: |stage, chart, _| format!("skip {} from {}", chart.end.next(), stage.laptop_id),
        says: Some("the server holds something back"),
    },
    Case {
        name: "H14 an old entry as the newest",
        order: |stage, chart, _| {
            format!("replay {} {} to {}", chart.end.log, chart.end.position, stage.laptop_id)
        },
        says: Some("an entry is served at a second place"),
    },
    Case {
        name: "H14 the last live entries again",
        order: |stage, _, _| format!("again to {}", stage.laptop_id),
        says: None,
    },
    Case {
        name: "H14 a push taken twice",
        order: |_, _, _| "twice 10 from any".to_owned(),
        says: None,
    },
    Case {
        name: "H40 bytes that are no message",
        order: |stage, _, _| format!("garble to {}", stage.laptop_id),
        says: None,
    },
];

#[test]
fn whatever_is_done_to_an_entry_a_person_reads_it_and_other_logs_go_on() {
    let mut stage = Stage::set("entries", CASES.len() + 1);
    let other = stage.chart(CASES.len());
    for (number, case) in CASES.iter().enumerate() {
        let chart = stage.chart(number);
        stage.play(case, &chart, &other);
    }
}

#[test]
fn two_devices_that_are_shown_two_logs_read_it_as_soon_as_they_meet() {
    let name = "H16 a fork";
    let mut stage = Stage::set("fork", 1);
    let chart = stage.chart(0);
    let order = stage.server.order(&format!("fork {} any with {}", chart.end.log, stage.laptop_id));
    stage.write(&chart.code, "Seen by the tablet.");
    stage.laptop.run(&["note", "append", &chart.code], "Seen by the laptop.").done();
    stage.server.done(order);
    // While the lie lasts, nobody can know, and all other logs go on.
    stage.work_goes_on(name);
    let before = stage.export();
    assert!(before.iter().any(|line| line.contains("Seen by the laptop.")), "{before:?}");

    // The server can keep them apart no longer, and the next entry crosses.
    stage.server.tell(&format!("end {order}"));
    stage.server.tell("hang up any");
    stage.write(&chart.code, "Seen by both.");

    let says = "two devices were shown different logs";
    stage.reads(name, &format!("Something is wrong with your server: {says}. {SAFE}"));
    stage.reads_on_sync_screen(name, says);
    stage.assert_unchanged(&before, name);
    stage.work_goes_on(name);
}
