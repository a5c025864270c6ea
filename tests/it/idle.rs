//! `tacenda sync`: alone and beside the open window, with a server and without one.

use std::path::{Path, PathBuf};
use tacenda_tests::network::{Server, connect, pair};
use tacenda_tests::scene::Scene;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");
const SERVER: &str = env!("CARGO_BIN_EXE_server-under-test");

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("idle").join(name)
}

fn add(scene: &Scene, code: &str) {
    scene.run(&["client", "add", "--code", code], "Somebody Made-Up\n").done();
}

#[test]
fn whoever_syncs_is_told_when_all_is_sent_and_here_or_why_not() {
    let laptop = Scene::founded(PROGRAM, &folder("laptop"), |_, _| {});
    let tablet = Scene::empty(PROGRAM, &folder("tablet"));
    let refused = laptop.run(&["sync", "--until-idle"], "");
    assert_eq!((refused.status, refused.out.as_str()), (Some(1), ""), "{refused:?}");
    assert!(refused.err.contains("This practice has no server."), "{refused:?}");
    let mut server = Server::new(SERVER, laptop.root());
    connect(&laptop, &server, None);

    // Written while the server is away: what waits is said, and then that nothing does.
    server.kill();
    add(&laptop, "IDLE-1");
    let waits = laptop.run(&["--json", "sync"], "").json();
    assert!(waits[0]["pending"].as_u64() > Some(0), "{waits:?}");
    assert_eq!(waits[0]["state"], "offline");
    server.start();
    let lines = laptop.run(&["--json", "sync", "--until-idle"], "").json();
    assert!(lines.len() > 1, "{lines:?}");
    assert!(lines[0]["pending"].as_u64() > Some(0), "{lines:?}");
    let last = lines.last().unwrap();
    assert_eq!((&last["pending"], &last["state"]), (&0.into(), &"up-to-date".into()), "{lines:?}");

    // Beside two open windows, whatever was added on one is on the other at once.
    pair(&laptop, &tablet, "tablet", server.address());
    let (mut on_laptop, mut on_tablet) = (laptop.unlocked(), tablet.unlocked());
    for round in 0..8 {
        let (here, there) = if round % 2 == 0 { (&laptop, &tablet) } else { (&tablet, &laptop) };
        let code = format!("IDLE-B{round}");
        add(here, &code);
        let said = here.run(&["sync", "--until-idle"], "").done();
        assert!(said.contains("everything that the server had is here"), "{said}");
        there.run(&["sync", "--until-idle"], "").done();
        let listed = there.run(&["client", "list"], "").done();
        assert!(listed.contains(&code), "{code} is missing from {listed}");
    }

    // A locked window is another matter than a refusal.
    on_tablet.keys("\x0c").expect("(locked)");
    // The screen is blank before the keeper has closed its door to commands.
    let mut statuses = (0..50).map(|_| tablet.run(&["sync", "--until-idle"], "").status);
    assert!(statuses.any(|status| status == Some(3)));
    on_laptop.keys("\x1b[21~").wait();
}
