//! A device that is added on a terminal: it opens on today's schedule, and the rest arrives there.

use super::*;

#[test]
fn a_device_that_joins_on_a_terminal_opens_on_todays_schedule() {
    let world = World::new();
    let laptop = Scene::founded(PROGRAM, &world.folder.join("one"), |_, _| {});
    laptop.run(&["client", "add", "--code", "TS-777"], "Berta Beispiel\n").done();
    laptop.run(&["new"], "TS-777 today 1pm 50m room 2").done();
    laptop.run(&["connect"], &world.invite().to_string()).done();
    let mut window = laptop.unlocked();
    window.keys("7").expect("Queue       empty").keys("n").expect("type this code there:");
    let contents = window.contents();
    let (_, rest) = contents.split_once("type this code there:").unwrap();
    let code = rest.split_whitespace().find(|word| word.contains('-')).unwrap().to_owned();

    let tablet = Scene::empty(PROGRAM, &world.folder.join("two"));
    let command = tablet.command(["join", "--server", &world.address]);
    let mut joining = Pty::spawn(command, 24, 80);
    joining.expect("The code on the other device:").keys(&format!("{code}\r"));
    joining.expect("A name for this device:").keys("tablet\r");
    joining.expect("New passphrase:").keys(scene::PASSPHRASE).keys("\r");
    joining.expect("Once more:").keys(scene::PASSPHRASE).keys("\r");
    joining.expect("Compare these words with the other screen:");
    window.expect("They match, and this is my passphrase:").keys(scene::PASSPHRASE).keys("\r");

    joining.expect("1 appointment").expect("TS-777").expect("synced").expect("q quit");

    window.expect("tablet belongs to your practice now.");
    joining.keys("7").expect("tablet").keys("1").expect("TS-777").keys("q").wait();
    let today = tablet.run(&["today"], "").done();
    assert!(today.contains("TS-777"), "{today}");
}
