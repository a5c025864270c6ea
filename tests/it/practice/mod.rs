//! The whole program on real terminals and real folders: what a person reads, what lies on the
//! disk afterwards, and what nobody may find.

mod appointments;
mod attachments;
mod backup;
mod calendars;
mod clipboard;
mod commands;
mod damage;
mod first_run;
mod full;
mod hidden;
mod hostile;
mod kept;
mod rounds;
mod terminals;
mod veil;

use std::path::{Path, PathBuf};
use std::time::Duration;
use tacenda_shared::id::{ClientId, Timestamp};
use tacenda_shared::practice::edit::{ContactChange, Edit};
use tacenda_shared::random::Random;
use tacenda_tests::pty::Pty;
use tacenda_tests::scene::Scene;
use tacenda_tui::device::chance::OsRandom;
use tacenda_tui::device::open::Device;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");

/// The client that is in most scenes.
const CODE: &str = "TS-001";
/// Its name.
const NAME: &str = "Ada Testerin";

const CTRL_L: &str = "\x0c";
const F8: &str = "\x1b[19~";
const F9: &str = "\x1b[20~";
const F10: &str = "\x1b[21~";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("practice").join(name)
}

/// A computer on which nobody has used the program.
fn empty(name: &str) -> Scene {
    Scene::empty(PROGRAM, &folder(name))
}

/// A computer with a practice that has one client.
fn founded(name: &str) -> Scene {
    founded_in(&folder(name))
}

fn founded_in(folder: &Path) -> Scene {
    Scene::founded(PROGRAM, folder, |device, now| {
        add_client(device, CODE, NAME, now);
    })
}

/// Begins a free note for the one client, ready to be typed into.
fn begin_note(pty: &mut Pty) {
    pty.keys("3").expect("N note").keys("N").expect("New note").keys("\x1b[B\r");
    pty.expect("DRAFT").expect("Began a note");
}

fn add_client(device: &mut Device, code: &str, name: &str, now: Timestamp) -> ClientId {
    let random: &mut dyn Random = &mut OsRandom;
    let client = ClientId::random(random);
    let contact = ContactChange {
        name: Some(name.into()),
        code: Some(code.into()),
        ..ContactChange::default()
    };
    device.apply(Edit::NewClient { client, contact }, now).expect("a client");
    client
}
