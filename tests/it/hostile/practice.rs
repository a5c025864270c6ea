//! Lies about the whole practice: an older state, another life, a hidden entry.

use super::*;
use tacenda_tests::pty::Ended;
use tacenda_tests::scene;

const F10: &str = "\x1b[21~";

#[test]
fn a_server_that_went_back_is_named_and_what_it_lost_is_still_here() {
    let name = "H15 rolled back";
    let mut stage = Stage::set("rollback", 2);
    let chart = stage.chart(0);
    let (then, _) = stage.counts();
    stage.write(&chart.code, "Written after the copy.");
    stage.settle();
    let before = stage.export();

    let order = stage.server.order(&format!("roll back {then} for {}", stage.laptop_id));
    stage.server.tell("hang up any");
    stage.server.done(order);

    let says = "Your server has been put back to an older state: it has less than it had. \
                Everything you have written is safe on this device, and nothing here was taken \
                back. Whoever runs the server stops it, types `tacenda-server renew FOLDER` and \
                starts it again; then your devices give it what is missing.";
    stage.reads(name, says);
    stage.reads_on_sync_screen(name, "it has less than it had");
    stage.assert_unchanged(&before, name);
    // What is written here still goes out.
    stage.laptop.run(&["client", "add", "--code", "NEW-1"], "Somebody Made-Up\n").done();
    stage.make_peace(order);
    let clients = stage.tablet.run(&["client", "list"], "").done();
    assert!(clients.contains("NEW-1"), "{name}");
    stage.work_goes_on(name);
}

#[test]
fn another_life_of_the_servers_files_is_named_and_nothing_is_lost() {
    let name = "H15 another life";
    let mut stage = Stage::set("epoch", 1);
    let before = stage.export();

    let order = stage.server.order(&format!("epoch 9 to {}", stage.laptop_id));
    stage.server.tell("hang up any");
    stage.server.done(order);

    let says = "the server's files began a new life";
    stage.reads(name, &format!("Something is wrong with your server: {says}. {SAFE}"));
    stage.reads_on_sync_screen(name, says);
    stage.assert_unchanged(&before, name);
    stage.work_goes_on(name);
}

#[test]
fn a_server_that_speaks_another_version_or_keeps_no_such_practice_says_so_and_nothing_is_lost() {
    for (code, says, next) in [
        ("VERSION", "the two programs speak no common version", "update the older one"),
        (
            "UNKNOWN_PRACTICE",
            "the server does not keep this practice",
            "check the server's address",
        ),
    ] {
        let name = format!("a server that greets with {code}");
        let mut stage = Stage::set(&code.to_lowercase(), 1);
        let before = stage.export();

        let order = stage.server.order(&format!("greet {code} to {}", stage.laptop_id));
        stage.server.tell("hang up any");
        stage.server.done(order);

        stage.reads_on_sync_screen(&name, says);
        stage.reads_on_sync_screen(&name, next);
        stage.assert_unchanged(&before, &name);
        stage.make_peace(order);
        stage.work_goes_on(&name);
    }
}

#[test]
fn a_revocation_that_is_hidden_shows_as_soon_as_somebody_writes_who_knows_it() {
    let name = "H18 a hidden revocation";
    let mut stage = Stage::set("hidden", 2);
    let chart = stage.chart(0);
    stage.on_laptop.keys(F10);
    assert_eq!(stage.on_laptop.wait(), Ended::Status(0));
    let phone = Scene::empty(PROGRAM, &folder("hidden").join("phone"));
    pair(&stage.laptop, &phone, "phone", stage.server.address());
    let devices = stage.laptop.run(&["--json", "device", "list"], "").json();
    let phone = devices.iter().find(|device| device["name"] == "phone").expect("the phone");
    let phone = phone["id"].as_str().expect("an id").to_owned();
    stage.on_laptop = stage.laptop.unlocked();
    stage.settle();
    let before = stage.export();

    let (_, last) = stage.counts();
    let hide = format!("hide practice {} from {}", last + 1, stage.laptop_id);
    let order = stage.server.order(&hide);
    stage.on_tablet.keys(F10);
    assert_eq!(stage.on_tablet.wait(), Ended::Status(0));
    stage.tablet.run(&["device", "revoke", &phone, "--yes"], "").done();
    stage.on_tablet = stage.tablet.open();
    scene::unlock(&mut stage.on_tablet);
    stage.write(&chart.code, "By somebody who knows.");
    stage.server.done(order);

    let says = "the server holds something back";
    stage.reads(name, &format!("Something is wrong with your server: {says}. {SAFE}"));
    stage.reads_on_sync_screen(name, says);
    stage.assert_unchanged(&before, name);
    // What is written here waits, and is safe.
    stage.laptop.run(&["client", "add", "--code", "NEW-1"], "Somebody Made-Up\n").done();

    stage.make_peace(order);
    let after = stage.export();
    assert!(after.iter().any(|line| line.contains("By somebody who knows.")), "{name}");
    let clients = stage.tablet.run(&["client", "list"], "").done();
    assert!(clients.contains("NEW-1"), "{name}");
    stage.shows("7", "revoked");
}

#[test]
fn a_device_that_the_server_adds_by_itself_is_none() {
    let name = "H19 an entry of the practice log that nobody signed";
    let mut stage = Stage::set("invented", 1);
    let before = stage.export();

    // What the tablet's coming did, once more.
    let order = stage.server.order(&format!("invent practice to {}", stage.laptop_id));
    stage.server.done(order);

    let says = "the server holds an entry that the practice's rules forbid";
    stage.reads(name, &format!("Something is wrong with your server: {says}. {SAFE}"));
    stage.reads_on_sync_screen(name, says);
    stage.assert_unchanged(&before, name);
    stage.shows("7", "2 devices");
    stage.work_goes_on(name);
}
