//! Full disks, damage, kills and refusals: what a person finds again after a bad day.

use super::chance::OsRandom;
use super::founding;
use super::incarnation::Life;
use super::looked::Looked;
use super::open::{Device, DeviceError};
use tacenda_shared::id::{ClientId, ObjectId, Timestamp};
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::keys::KemKey;
use tacenda_shared::keys::vault::{DeviceSecrets, Extra, General};
use tacenda_shared::practice::INSERTED_MAX;
use tacenda_shared::practice::edit::*;
use tacenda_shared::practice::view::View;
use tacenda_shared::seal::SecretKey;
use tacenda_shared::suite::SigningKey;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// Two disks and the keys to them.
struct Machine {
    general: General,
    journal: SimulatedFs,
    rows: SimulatedFs,
}

fn copied(general: &General) -> General {
    let keys = &general.keys;
    General {
        practice: general.practice,
        member: general.member,
        device: general.device,
        dev_inc: general.dev_inc,
        keys: DeviceSecrets {
            sign: SigningKey::from_seed(*keys.sign.seed()),
            kem: KemKey::from_seed(*keys.kem.seed()),
            tls: SigningKey::from_seed(*keys.tls.seed()),
            hedge: SecretKey::from_bytes(*keys.hedge.expose()),
            local: SecretKey::from_bytes(*keys.local.expose()),
        },
        extra: Extra::default(),
    }
}

impl Machine {
    fn begin() -> (Self, Device<SimulatedFs>) {
        let founded = founding::found("laptop", "Dr. Sample", NOW, &mut OsRandom).unwrap();
        let (journal, rows) = (SimulatedFs::new(1), SimulatedFs::new(2));
        let general = copied(&founded.general);
        let machine = Self { general, journal: journal.clone(), rows: rows.clone() };
        let who = ("Europe/Berlin", "Dr. Sample");
        let device = Device::begin(founded, "laptop".into(), who, (journal, rows), NOW).unwrap();
        (machine, device)
    }

    fn unlock(&self) -> Device<SimulatedFs> {
        let (journal, rows) = (self.journal.clone(), self.rows.clone());
        Device::stand(copied(&self.general), "laptop".into(), journal, rows, NOW).unwrap()
    }

    /// Unlocks as when there was no time to look at older parts beforehand.
    fn unlock_at_once(&self) -> Device<SimulatedFs> {
        let disks = (self.journal.clone(), self.rows.clone());
        let looked = Looked::default();
        Device::stand_looked(
            copied(&self.general),
            "laptop".into(),
            disks,
            (&looked, Life::default()),
            NOW,
        )
        .unwrap()
    }

    /// Flips a bit in the middle of every file of a folder, or of those that `which` picks.
    fn harm(folder: &SimulatedFs, place: impl Fn(usize) -> usize) {
        for name in folder.names() {
            let mut bytes = folder.contents(&name).unwrap();
            let at = place(bytes.len());
            bytes[at] ^= 1;
            folder.lose(&name);
            folder.put(&name, &bytes);
        }
    }
}

fn new_client(device: &mut Device<SimulatedFs>) -> Result<ClientId, DeviceError> {
    let client = ClientId::random(&mut OsRandom);
    let contact = ContactChange {
        name: Some("Ada Testerin".into()),
        code: Some("TS-001".into()),
        ..ContactChange::default()
    };
    device.apply(Edit::NewClient { client, contact }, NOW).map(|_| client)
}

fn begin_note(
    device: &mut Device<SimulatedFs>,
    client: ClientId,
    note: ObjectId,
) -> Result<(), DeviceError> {
    let edit = Edit::BeginNote { note, client, session: None, format: NoteFormat::Free };
    device.apply(edit, NOW).map(drop)
}

fn note_in(device: &mut Device<SimulatedFs>) -> (ClientId, ObjectId) {
    let (client, note) = (new_client(device).unwrap(), ObjectId::random(&mut OsRandom));
    begin_note(device, client, note).unwrap();
    (client, note)
}

fn typed(text: impl Into<String>, position: usize) -> Vec<Splice> {
    vec![Splice { part: Part::Text, position, deleted: 0, inserted: text.into() }]
}

fn text(device: &mut Device<SimulatedFs>, client: ClientId, note: ObjectId) -> String {
    let view = device.open(Subject::Draft(client, note), Purpose::Care, NOW).unwrap();
    let View::Draft(draft) = view else { panic!("a draft was asked for") };
    draft.parts.into_iter().map(|(_, text)| text).collect()
}

fn all_drafts(device: &mut Device<SimulatedFs>) -> String {
    let drafts: Vec<_> = device.index().drafts.iter().map(|row| (row.client, row.note)).collect();
    drafts.into_iter().map(|(client, note)| text(device, client, note)).collect()
}

#[test]
fn what_a_full_disk_refused_can_be_done_again_and_is_found_after_unlock() {
    let (machine, mut device) = Machine::begin();
    let (client, first) = note_in(&mut device);
    let second = ObjectId::random(&mut OsRandom);
    machine.journal.set_space(Some(machine.journal.used()));
    new_client(&mut device).unwrap_err();
    begin_note(&mut device, client, second).unwrap_err();
    machine.journal.set_space(None);

    let other = new_client(&mut device).unwrap();
    begin_note(&mut device, client, second).unwrap();
    for note in [first, second] {
        device.type_keys(note, client, typed("kept", 0), NOW);
        device.commit(note, client, NOW).unwrap();
    }
    let before = device.index();
    device.lock(NOW).unwrap();

    let mut device = machine.unlock();
    assert_eq!(device.index(), before);
    assert!(device.index().clients.contains_key(&other));
    assert_eq!(text(&mut device, client, first), "kept");
    assert_eq!(text(&mut device, client, second), "kept");
    assert!(device.take_warnings().is_empty());
}

#[test]
fn edits_before_a_refused_one_are_on_the_disk_and_what_builds_on_them_is_found_again() {
    let (machine, mut device) = Machine::begin();
    let client = ClientId::random(&mut OsRandom);
    let contact = ContactChange { name: Some("Ada Testerin".into()), ..ContactChange::default() };
    let nobody = Edit::Archive { client: ClientId::random(&mut OsRandom), archived: true };
    let edits = [(NOW, Edit::NewClient { client, contact }), (NOW, nobody)];

    assert!(matches!(device.apply_all(edits), Err(DeviceError::Refused(_))));
    let contact = ContactChange { code: Some("TS-002".into()), ..ContactChange::default() };
    device.apply(Edit::ChangeContact { client, contact }, NOW).unwrap();
    let before = device.index();
    drop(device);

    let device = machine.unlock();
    assert_eq!(device.index(), before);
    assert_eq!(device.index().clients[&client].code, "TS-002");
}

#[test]
fn a_long_paste_survives_a_kill_and_becomes_several_changes() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    let paste: String = "abcdefgh".chars().cycle().take(INSERTED_MAX + 9).collect();
    device.type_keys(note, client, typed(paste.clone(), 0), NOW);
    device.flush(NOW).unwrap();
    drop(device);

    let mut device = machine.unlock();
    assert_eq!(text(&mut device, client, note), paste);
    assert!(device.take_warnings().is_empty());
}

#[test]
fn words_that_a_rule_refuses_do_not_keep_the_practice_shut_and_are_in_a_new_draft() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    device.type_keys(note, client, typed("Sleeps", 0), NOW);
    device.commit(note, client, NOW).unwrap();
    device.type_keys(note, client, typed("one word too far", 900), NOW);
    assert!(matches!(device.commit(note, client, NOW), Err(DeviceError::Refused(_))));
    assert!(device.lock(NOW).is_err(), "what was not put into the note is said");

    let mut device = machine.unlock();
    assert_eq!(device.take_warnings().len(), 1);
    assert!(all_drafts(&mut device).contains("one word too far"));
    let drafts = device.index().drafts.len();
    drop(device);

    let device = machine.unlock();
    assert_eq!(device.index().drafts.len(), drafts, "words are rescued once");
}

#[test]
fn discarding_a_draft_and_taking_it_back_loses_no_keystroke_to_a_kill() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    device.type_keys(note, client, typed("Sleeps", 0), NOW);
    device.flush(NOW).unwrap();
    let edit = Edit::DiscardDraft { note, client, discarded: true };
    let inverse = device.apply(edit, NOW).unwrap().unwrap();
    device.undo(inverse, NOW).unwrap();
    drop(device);

    assert_eq!(text(&mut machine.unlock(), client, note), "Sleeps");
}

#[test]
fn words_typed_into_a_signed_draft_are_kept_once_and_the_practice_opens_again() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    device.type_keys(note, client, typed("Sleeps", 0), NOW);
    device.apply(Edit::Sign { note, client, late_reason: None }, NOW).unwrap();
    device.type_keys(note, client, typed(" better", 6), NOW);
    device.flush(NOW).unwrap();
    device.commit(note, client, NOW).unwrap();
    device.lock(NOW).unwrap();

    for _ in 0..2 {
        let mut device = machine.unlock();
        assert_eq!(all_drafts(&mut device).matches("better").count(), 1);
        device.lock(NOW).unwrap();
    }
}

#[test]
fn keystrokes_for_a_draft_that_does_not_exist_are_tried_again_later_and_not_at_once() {
    let (_, mut device) = Machine::begin();
    let client = new_client(&mut device).unwrap();
    device.type_keys(ObjectId::random(&mut OsRandom), client, typed("lost?", 0), NOW);
    let due = device.flush_due().unwrap();

    assert!(device.flush(due).is_err());

    assert!(device.flush_due().unwrap() > due);
}

#[test]
fn one_draft_that_is_refused_keeps_no_other_from_the_disk() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    for unknown in [[0; 16], [255; 16]].map(ObjectId::from_bytes) {
        device.type_keys(unknown, ClientId::from_bytes([9; 16]), typed("nowhere", 0), NOW);
    }
    device.type_keys(note, client, typed("Sleeps", 0), NOW);
    assert!(device.flush(NOW).is_err());
    drop(device);

    assert_eq!(text(&mut machine.unlock(), client, note), "Sleeps");
}

#[test]
fn a_refused_commit_does_not_keep_lock_from_its_other_steps() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    device.type_keys(ObjectId::from_bytes([0; 16]), client, typed("nowhere", 0), NOW);
    device.type_keys(note, client, typed("Sleeps", 0), NOW);
    device.apply(Edit::Sign { note, client, late_reason: None }, NOW).unwrap();
    let keys = machine.rows.used();
    assert!(device.lock(NOW).is_err());

    assert!(machine.rows.used() < keys, "the key of the signed draft is gone");
    assert_eq!(machine.unlock().index().drafts.len(), 0);
}

#[test]
fn the_key_of_a_signed_draft_is_in_no_file_after_lock_and_the_chart_is_made_again_without_it() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    device.type_keys(note, client, typed("Sleeps badly", 0), NOW);
    device.commit(note, client, NOW).unwrap();
    let with_key: Vec<_> =
        machine.rows.names().iter().map(|name| machine.rows.contents(name).unwrap()).collect();
    device.apply(Edit::Sign { note, client, late_reason: None }, NOW).unwrap();
    let before = device.index();
    // The read models do not reach the disk, so that the chart has to be made again.
    let journal = machine.journal.used();
    device.lock(NOW).unwrap();
    assert!(machine.journal.used() > journal);

    let names = machine.rows.names();
    let files: Vec<_> = names.iter().map(|name| machine.rows.contents(name).unwrap()).collect();
    // A row is sealed under its number in the order, so a copy of it would be the same bytes.
    let tail = |bytes: &Vec<u8>| bytes.get(bytes.len().saturating_sub(200)..).unwrap().to_vec();
    for old in &with_key {
        let tail = tail(old);
        let draft_row = tail.get(..120).unwrap();
        for file in &files {
            assert!(!file.windows(draft_row.len()).any(|window| window == draft_row));
        }
    }
    let device = machine.unlock();
    assert_eq!(device.index(), before);
}

#[test]
fn a_damaged_journal_opens_for_reading_and_says_so() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    device.type_keys(note, client, typed("Sleeps", 0), NOW);
    device.apply(Edit::Sign { note, client, late_reason: None }, NOW).unwrap();
    device.lock(NOW).unwrap();
    machine.unlock().lock(NOW).unwrap();
    let mut harmed = 0;
    let before: Vec<_> = machine
        .journal
        .names()
        .into_iter()
        .map(|name| (name.clone(), machine.journal.contents(&name).unwrap()))
        .collect();

    for part in 1..24 {
        Machine::harm(&machine.journal, |length| length * part / 24);
        let (journal, rows) = (machine.journal.clone(), machine.rows.clone());
        let opened = Device::stand(copied(&machine.general), "laptop".into(), journal, rows, NOW);
        if let Ok(mut device) = opened {
            assert!(!device.take_warnings().is_empty());
            assert!(new_client(&mut device).is_err(), "nothing is written over damage");
            if device.index().clients.contains_key(&client) {
                device.open(Subject::Chart(client), Purpose::Care, NOW).unwrap();
                harmed += 1;
            }
            device.lock(NOW).unwrap();
        }
        for (name, bytes) in &before {
            machine.journal.lose(name);
            machine.journal.put(name, bytes);
        }
    }
    assert!(harmed > 5, "{harmed} places of damage left the client to be read");
}

#[test]
fn damage_that_an_unlock_did_not_look_at_is_told_in_idle_time_and_ends_all_writing() {
    let (machine, mut device) = Machine::begin();
    let (client, note) = note_in(&mut device);
    device.type_keys(note, client, typed("Sleeps", 0), NOW);
    for _ in 0..1_100 {
        device.audit(tacenda_shared::practice::AuditKind::Open, NOW).unwrap();
    }
    device.lock(NOW).unwrap();
    machine.unlock().lock(NOW).unwrap();
    let first = machine.journal.names().remove(0);
    let mut bytes = machine.journal.contents(&first).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    machine.journal.put(&first, &bytes);

    let mut device = machine.unlock_at_once();
    assert!(device.take_warnings().is_empty(), "nothing that is shown rests on it");
    assert!(device.has_unchecked());
    let mut notice = None;
    while device.has_unchecked() {
        notice = notice.or(device.check_next());
    }

    let mut found = machine.unlock();
    assert_eq!(found.take_warnings(), Vec::from_iter(notice), "the words of a whole check");
    assert!(new_client(&mut device).is_err(), "nothing is written over damage");
    let before = machine.journal.contents(&first).unwrap();
    device.lock(NOW).unwrap();
    assert_eq!(machine.journal.contents(&first).unwrap(), before);
}
