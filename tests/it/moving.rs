//! The server moves to another address: one device says so, and the others follow without a new
//! pairing. Real processes over real QUIC.

use std::path::Path;
use tacenda_tests::network::{Server, connect, pair};
use tacenda_tests::scene::Scene;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");
const SERVER: &str = env!("CARGO_BIN_EXE_server-under-test");

/// A server, a laptop and a tablet of one practice.
pub(super) fn practice(name: &str) -> (Server, Scene, Scene) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moving").join(name);
    let laptop = Scene::founded(PROGRAM, &root.join("laptop"), |_, _| {});
    let tablet = Scene::empty(PROGRAM, &root.join("tablet"));
    let server = Server::new(SERVER, laptop.root());
    connect(&laptop, &server, None);
    pair(&laptop, &tablet, "tablet", server.address());
    (server, laptop, tablet)
}

pub(super) fn add_client(scene: &Scene, code: &str) {
    scene.run(&["client", "add", "--code", code], "Somebody Made-Up\n").done();
    idle(scene);
}

pub(super) fn idle(scene: &Scene) {
    scene.run(&["sync", "--until-idle"], "").done();
}

pub(super) fn clients(scene: &Scene) -> String {
    scene.run(&["client", "list"], "").done()
}

fn addresses(scene: &Scene) -> Vec<String> {
    scene.run(&["server", "list"], "").done().lines().map(str::to_owned).collect()
}

#[test]
fn a_server_that_moves_is_found_by_every_device_that_heard_where_it_goes() {
    let (mut server, laptop, tablet) = practice("announced");
    let (old, new) = (server.address().to_owned(), Server::free_address());
    // The tablet's window stays open all the time; the laptop has none.
    let mut on_tablet = tablet.unlocked();
    let said = laptop.run(&["server", "add", &new], "").done();
    assert!(said.contains("Your other devices hear of it"), "{said}");
    idle(&tablet);
    assert_eq!(addresses(&tablet), [old.clone(), new.clone()]);

    server.move_to(&new);
    add_client(&laptop, "AT-HOME");
    on_tablet.keys("3").expect("AT-HOME");
    add_client(&tablet, "ON-TABLET");
    idle(&laptop);
    assert!(clients(&laptop).contains("ON-TABLET"));

    // Beside the open window, the old address is taken back; the last one cannot be.
    tablet.run(&["server", "remove", &old], "").done();
    idle(&laptop);
    assert_eq!(addresses(&laptop).join(" "), new);
    for scene in [&laptop, &tablet] {
        let refused = scene.run(&["server", "remove", &new], "");
        assert_eq!(refused.status, Some(1), "{refused:?}");
        assert!(refused.err.contains("It is the only address of the server"), "{refused:?}");
    }
    let again = tablet.run(&["server", "add", &new], "");
    assert!(again.err.contains("The server has that address already."), "{again:?}");
    add_client(&laptop, "AFTERWARDS");
    on_tablet.expect("AFTERWARDS");
}

#[test]
fn a_server_that_has_moved_unannounced_is_found_by_its_key_once_somebody_says_where() {
    let (mut server, laptop, tablet) = practice("unannounced");
    let (old, new) = (server.address().to_owned(), Server::free_address());
    let mut on_laptop = laptop.unlocked();
    on_laptop.expect("synced");
    server.move_to(&new);

    // The window looks there at once, and so does a command on a device without one.
    laptop.run(&["server", "add", &new], "").done();
    assert_eq!(addresses(&laptop), [old, new.clone()]);
    add_client(&laptop, "AT-HOME");
    tablet.run(&["server", "add", &new], "").done();
    idle(&tablet);
    assert!(clients(&tablet).contains("AT-HOME"));
}

#[test]
fn another_server_at_the_new_address_is_told_and_changes_nothing() {
    let (mut server, laptop, _tablet) = practice("another");
    let other_root = laptop.root().join("other");
    let other = Server::new(SERVER, &other_root);
    server.stop();
    let old = addresses(&laptop);

    let refused = laptop.run(&["server", "add", other.address()], "");

    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(
        refused.err.contains("Another computer answers in place of your server."),
        "{refused:?}"
    );
    assert_eq!(addresses(&laptop), old);
    let nonsense = laptop.run(&["server", "add", "box.example.org"], "");
    assert!(nonsense.err.contains("That is not an address."), "{nonsense:?}");
}
