//! A whole practice as the program leaves it on a disk, with the keys of its vault.

use super::cases::hex;
use super::server::Server;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tacenda_shared::id::{ClientId, DeviceId, ObjectId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::vault::{Factors, KdfCost, Vault};
use tacenda_shared::practice::edit::{ContactChange, Edit, NoteFormat, Part, Splice};
use tacenda_shared::practice::measure;
use tacenda_shared::suite::VerifyingKey;
use tacenda_tui::device::chance::OsRandom;
use tacenda_tui::device::home::Home;
use tacenda_tui::device::open::Device;
use tacenda_tui::device::setup::{Founding, SetUp};
use tacenda_tui::message::Secret;

const PASSPHRASE: &str = "otter lamp violin cactus";
const CLINICIAN: &str = "Dr. Example";
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// Founds a practice in `folder`, works in it, leaves it without locking, and returns the case.
pub(super) fn case(folder: &Path) -> Value {
    let home = Home::contained_in(folder);
    let (mut device, sheet) = begin(&home);
    let client = ClientId::random(&mut OsRandom);
    let contact = ContactChange {
        name: Some("Ada Testerin".to_owned()),
        code: Some("TS-001".to_owned()),
        ..ContactChange::default()
    };
    device.apply(Edit::NewClient { client, contact }, NOW).unwrap();
    let note = begin_note(&mut device, client);
    type_text(&mut device, (note, client), Part::Subjective, "Sleeps better. \u{1f33f}");
    device.commit(note, client, NOW).unwrap();
    type_text(&mut device, (note, client), Part::Plan, "Walk.");
    device.apply(Edit::Sign { note, client, late_reason: None }, NOW).unwrap();
    let answers = measure::choices(&[1, 0, 2, 1, 0, 1, 0, 1, 0, 1]);
    let form = measure::named("phq-9").unwrap();
    device.apply(Edit::answered(client, None, form, answers), NOW).unwrap();
    device.lock(NOW).unwrap();

    let passphrase = Passphrase::from_text(PASSPHRASE).unwrap();
    let mut device = Device::unlock(&home, &passphrase, 1, NOW).unwrap();
    let draft = begin_note(&mut device, client);
    type_text(&mut device, (draft, client), Part::Plan, "Sleep diary.");
    device.commit(draft, client, NOW).unwrap();
    let mut server = Server::new(5);
    device.set_server(server.named(), NOW).unwrap();
    server.meet(&mut device, identity(&home, &passphrase), NOW);
    type_text(&mut device, (draft, client), Part::Objective, "Typed last");
    device.flush(NOW).unwrap();
    // As if the power went: nothing is locked, closed or tidied up.
    drop(device);
    let notes = json!([[11, "Sleeps better. \u{1f33f}"], [14, "Walk."]]);
    json!({"check": "device", "journal": files(&home.journal()), "rows": files(&home.rows()),
        "keys": keys(&home, &passphrase, &sheet), "clinician": CLINICIAN, "note_texts": notes,
        "measures": 1, "destroyed": 1, "typed": ["Typed last"],
        "server_key": hex(server.key().as_bytes()),
        "server": server.segments().iter().map(|bytes| hex(bytes)).collect::<Vec<_>>()})
}

/// Who the device is to the server.
fn identity(home: &Home, passphrase: &Passphrase) -> (DeviceId, VerifyingKey) {
    let vault = home.read_vault().unwrap().unwrap();
    let secret = home.read_secret(&Vault::read_header(&vault).unwrap().vault_id).unwrap();
    let factors = Factors { passphrase, device_secret: secret.as_ref() };
    let general = Vault::open(&vault, factors).unwrap().general;
    (general.device, general.keys.tls.verifying())
}

fn begin(home: &Home) -> (Device, RecoverySheet) {
    let founding = Founding {
        zone: "Europe/Berlin".to_owned(),
        clinician: CLINICIAN.to_owned(),
        device: "Laptop A".to_owned(),
        cost: KdfCost::FLOOR,
    };
    let mut secret = Secret::default();
    secret.0.push_str(PASSPHRASE);
    let (set_up, words) = SetUp::begin(founding, &secret, NOW).unwrap();
    let sheet = RecoverySheet::parse(&words.0).unwrap();
    (set_up.finish(home, NOW).unwrap(), sheet)
}

fn begin_note(device: &mut Device, client: ClientId) -> ObjectId {
    let note = ObjectId::random(&mut OsRandom);
    let format = NoteFormat::Soap;
    device.apply(Edit::BeginNote { note, client, session: None, format }, NOW).unwrap();
    note
}

fn type_text(device: &mut Device, at: (ObjectId, ClientId), part: Part, text: &str) {
    let splice = Splice { part, position: 0, deleted: 0, inserted: text.to_owned() };
    device.type_keys(at.0, at.1, vec![splice], NOW);
}

/// What the vault holds, in hexadecimal digits, and the key that the sheet receives with.
fn keys(home: &Home, passphrase: &Passphrase, sheet: &RecoverySheet) -> Value {
    let vault = home.read_vault().unwrap().unwrap();
    let vault_id = Vault::read_header(&vault).unwrap().vault_id;
    let secret = home.read_secret(&vault_id).unwrap();
    let factors = Factors { passphrase, device_secret: secret.as_ref() };
    let general = Vault::open(&vault, factors).unwrap().general;
    let second = Vault::open_second_secret(&vault, factors).unwrap();
    json!({"practice": general.practice.to_string(), "member": general.member.to_string(),
        "device": general.device.to_string(), "kem": hex(general.keys.kem.seed()),
        "local": hex(general.keys.local.expose()), "second": hex(second.expose()),
        "sheet_kem": hex(sheet.kem().seed())})
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "seg")).collect();
    segments.sort();
    segments.iter().map(|path| hex(&fs::read(path).unwrap())).collect()
}
