//! The open practice on a real folder and on a simulated disk: what a person finds again.

use super::chance::OsRandom;
use super::founding;
use super::home::{Home, HomeError};
use super::open::{Device, DeviceError};
use super::settings::SignAfter;
use super::setup::{Founding, SetUp};
use super::store::StoreError;
use crate::message::Secret;
use std::fs;
use std::path::{Path, PathBuf};
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId, Timestamp};
use tacenda_shared::journal::AppendError;
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::vault::{KdfCost, VaultError};
use tacenda_shared::practice::change::Content;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::edit::*;
use tacenda_shared::practice::record::Record;
use tacenda_shared::practice::view::{Index, NoteState, View};
use tacenda_shared::practice::{AuditEntry, AuditKind};
use zeroize::Zeroizing;

const PASSPHRASE: &str = "otter lamp violin cactus";
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/device").join(name);
    let _absent = fs::remove_dir_all(&folder);
    folder
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from_text(text).unwrap()
}

fn founded(home: &Home) -> Device {
    let founding = Founding {
        zone: "Europe/Berlin".into(),
        clinician: "Dr. Sample".into(),
        device: "laptop".into(),
        cost: KdfCost::FLOOR,
    };
    let secret = Secret(Zeroizing::new(PASSPHRASE.into()));
    let (set_up, sheet) = SetUp::begin(founding, &secret, NOW).unwrap();
    let words: Vec<_> = sheet.0.split(' ').collect();
    assert_eq!(words.len(), 24);
    set_up.check_words(&[(1, words[0].into()), (24, words[23].into())]).unwrap();
    assert!(set_up.check_words(&[(2, "zzz".into())]).is_err());
    set_up.finish(home, NOW).unwrap()
}

fn simulated() -> (Device<SimulatedFs>, SimulatedFs) {
    let founded = founding::found("laptop", "Dr. Sample", NOW, &mut OsRandom).unwrap();
    let (journal, rows) = (SimulatedFs::new(1), SimulatedFs::new(2));
    let who = ("Europe/Berlin", "Dr. Sample");
    let device =
        Device::begin(founded, "laptop".into(), who, (journal.clone(), rows), NOW).unwrap();
    (device, journal)
}

fn client(device: &mut Device<impl tacenda_shared::journal::FileSystem>, name: &str) -> ClientId {
    let client = ClientId::random(&mut OsRandom);
    let contact = ContactChange {
        name: Some(name.into()),
        code: Some("TS-001".into()),
        ..ContactChange::default()
    };
    device.apply(Edit::NewClient { client, contact }, NOW).unwrap();
    client
}

fn appointment(index: &Index, client: ClientId) -> NewAppointment {
    NewAppointment {
        id: AppointmentId::random(&mut OsRandom),
        clients: vec![client],
        kind: AppointmentKind::Individual,
        slot: Slot {
            start: jiff::civil::date(2026, 11, 26).at(9, 0, 0, 0),
            zone: "Europe/Berlin".into(),
            minutes: 50,
            clinician: *index.clinicians.keys().next().unwrap(),
            room: Some("2".into()),
            modality: Modality::InOffice,
        },
        memo: None,
    }
}

fn splice(part: Part, position: usize, inserted: &str) -> Splice {
    Splice { part, position, deleted: 0, inserted: inserted.into() }
}

fn begin_note(
    device: &mut Device<impl tacenda_shared::journal::FileSystem>,
    client: ClientId,
) -> ObjectId {
    let note = ObjectId::random(&mut OsRandom);
    let edit = Edit::BeginNote { note, client, session: None, format: NoteFormat::Soap };
    device.apply(edit, NOW).unwrap();
    note
}

#[test]
fn a_practice_is_found_again_as_it_was_left() {
    let home = Home::contained_in(&folder("found-again"));
    let lock = home.lock().unwrap();
    let mut device = founded(&home);
    let client = client(&mut device, "Ada Testerin");
    let booked = appointment(&device.index(), client);
    device.apply(Edit::Book(booked.clone()), NOW).unwrap();
    let note = begin_note(&mut device, client);
    device.type_keys(note, client, vec![splice(Part::Plan, 0, "sleep diary")], NOW);
    device.apply(Edit::Sign { note, client, late_reason: None }, NOW).unwrap();
    let before = device.index();
    device.lock(NOW).unwrap();

    let wrong = Device::unlock(&home, &passphrase("not it at all, no"), 0, NOW).err().unwrap();
    assert!(wrong.is_wrong_passphrase());
    let mut device = Device::unlock(&home, &passphrase(PASSPHRASE), 1, NOW).unwrap();

    assert_eq!(device.index(), before);
    assert!(device.take_warnings().is_empty());
    let View::Chart(chart) = device.open(Subject::Chart(client), Purpose::Care, NOW).unwrap()
    else {
        panic!("a chart was asked for");
    };
    assert_eq!(chart.last_plan, "sleep diary");
    drop(lock);
}

#[test]
fn after_a_kill_everything_confirmed_and_all_flushed_keys_are_there() {
    let home = Home::contained_in(&folder("kill"));
    let mut device = founded(&home);
    let client = client(&mut device, "Ada Testerin");
    let booked = appointment(&device.index(), client);
    device.apply(Edit::Book(booked.clone()), NOW).unwrap();
    let note = begin_note(&mut device, client);
    device.type_keys(note, client, vec![splice(Part::Subjective, 0, "Sleeps")], NOW);
    device.commit(note, client, NOW).unwrap();
    device.type_keys(note, client, vec![splice(Part::Subjective, 6, " better")], NOW);
    device.type_keys(note, client, vec![splice(Part::Plan, 0, "Walk.")], NOW);
    device.flush(NOW).unwrap();
    // Dropping writes nothing: to the disk it is a kill.
    drop(device);

    let mut device = Device::unlock(&home, &passphrase(PASSPHRASE), 0, NOW).unwrap();

    assert!(device.index().appointments.contains_key(&booked.id));
    let subject = Subject::Draft(client, note);
    let View::Draft(draft) = device.open(subject, Purpose::Care, NOW).unwrap() else {
        panic!("a draft was asked for");
    };
    let text = |part| draft.parts.iter().find(|(p, _)| *p == part).unwrap().1.clone();
    assert_eq!(text(Part::Subjective), "Sleeps better");
    assert_eq!(text(Part::Plan), "Walk.");
}

#[test]
fn what_a_client_wrote_survives_a_kill_in_the_journal_where_it_was_typed() {
    let home = Home::contained_in(&folder("kill-journal"));
    let mut device = founded(&home);
    let client = client(&mut device, "Ada Testerin");
    let draft = ObjectId::random(&mut OsRandom);
    let date = jiff::civil::date(2026, 9, 20);
    device.apply(Edit::BeginJournal { draft, client, date }, NOW).unwrap();
    device.type_keys(draft, client, vec![splice(Part::Text, 0, "Woke at")], NOW);
    device.commit(draft, client, NOW).unwrap();
    device.type_keys(draft, client, vec![splice(Part::Text, 7, " four.")], NOW);
    device.flush(NOW).unwrap();
    drop(device);

    let mut device = Device::unlock(&home, &passphrase(PASSPHRASE), 0, NOW).unwrap();
    assert!(device.take_warnings().is_empty());
    let subject = Subject::Draft(client, draft);
    let View::Draft(view) = device.open(subject, Purpose::Care, NOW).unwrap() else {
        panic!("a draft was asked for");
    };
    assert_eq!(view.parts[0].1, "Woke at four.");
    assert!(view.row.journal);
    let chart = CompartmentName::Chart(client);
    assert!(device.cabinet.contents(&chart).is_empty(), "nothing of it lies in the chart");
}

#[test]
fn a_copied_folder_does_not_open_without_the_device_secret() {
    let folder = folder("copied");
    let home = Home::contained_in(&folder);
    founded(&home).lock(NOW).unwrap();
    fs::remove_dir_all(folder.join("device-secrets")).unwrap();

    let error = Device::unlock(&home, &passphrase(PASSPHRASE), 0, NOW).err().unwrap();

    assert!(matches!(error, DeviceError::Vault(VaultError::MissingDeviceSecret)), "{error:?}");
}

#[test]
fn a_full_disk_refuses_the_edit_and_shows_nothing_as_done() {
    let (mut device, disk) = simulated();
    let client = client(&mut device, "Ada Testerin");
    let note = begin_note(&mut device, client);
    let before = device.index();
    disk.set_space(Some(disk.used()));

    let booked = appointment(&before, client);
    let error = device.apply(Edit::Book(booked.clone()), NOW).unwrap_err();
    assert!(
        matches!(error, DeviceError::Store(StoreError::Append(AppendError::Full))),
        "{error:?}"
    );
    assert_eq!(device.index(), before);
    device.type_keys(note, client, vec![splice(Part::Plan, 0, "kept")], NOW);
    assert!(device.flush(NOW).is_err());

    disk.set_space(None);
    assert_eq!(device.flush(NOW).unwrap(), vec![(note, 1)]);
    device.apply(Edit::Book(booked), NOW).unwrap();
    device.commit(note, client, NOW).unwrap();
    let View::Draft(draft) = device.open(Subject::Draft(client, note), Purpose::Care, NOW).unwrap()
    else {
        panic!("a draft was asked for");
    };
    assert!(draft.parts.iter().any(|(_, text)| text == "kept"));
}

#[test]
fn undo_is_on_the_disk_too() {
    let home = Home::contained_in(&folder("undo"));
    let mut device = founded(&home);
    let client = client(&mut device, "Ada Testerin");
    let booked = appointment(&device.index(), client);
    device.apply(Edit::Book(booked.clone()), NOW).unwrap();
    let before = device.index();
    let slot = Slot { minutes: 80, ..booked.slot.clone() };
    let inverse = device.apply(Edit::Move { appointment: booked.id, slot }, NOW).unwrap().unwrap();
    device.undo(inverse, NOW).unwrap();
    assert_eq!(device.index(), before);
    device.lock(NOW).unwrap();

    let device = Device::unlock(&home, &passphrase(PASSPHRASE), 0, NOW).unwrap();

    assert_eq!(device.index(), before);
}

#[test]
fn a_session_knows_its_note_after_unlock() {
    let home = Home::contained_in(&folder("session-note"));
    let mut device = founded(&home);
    let client = client(&mut device, "Ada Testerin");
    let booked = appointment(&device.index(), client);
    device.apply(Edit::Book(booked.clone()), NOW).unwrap();
    let note = ObjectId::random(&mut OsRandom);
    let session = Some(booked.id);
    let edit = Edit::BeginNote { note, client, session, format: NoteFormat::Free };
    device.apply(edit, NOW).unwrap();
    device.lock(NOW).unwrap();

    let device = Device::unlock(&home, &passphrase(PASSPHRASE), 0, NOW).unwrap();

    assert_eq!(device.index().appointments[&booked.id].note, NoteState::Draft(note));
}

#[test]
fn what_was_exported_comes_in_again_whole() {
    let home = Home::contained_in(&folder("exchange"));
    let mut device = founded(&home);
    let client = client(&mut device, "Ada Testerin");
    let booked = appointment(&device.index(), client);
    device.apply(Edit::Book(booked.clone()), NOW).unwrap();
    let edit = Edit::EnterNote {
        client,
        session: Some(booked.id),
        format: NoteFormat::Soap,
        parts: vec![(Part::Plan, "sleep diary".into())],
        late_reason: None,
    };
    device.apply(edit, NOW).unwrap();

    let released = device.export(true, NOW).unwrap();
    let text = String::from_utf8(released.bytes().to_vec()).unwrap();

    assert!(text.lines().count() > 4);
    assert!(text.contains("sleep diary") && text.contains("Ada Testerin"));
    assert!(matches!(device.index().appointments[&booked.id].note, NoteState::Signed(_)));
}

fn audited(device: &Device, kind: AuditKind) -> usize {
    let contents = device.cabinet.contents(&CompartmentName::Audit(device.member()));
    let entry = |content: &Content| match content {
        Content::Record { bytes, .. } => AuditEntry::of(&Record::decode(bytes).unwrap()),
        _ => None,
    };
    contents.iter().filter_map(entry).filter(|entry| entry.kind == kind).count()
}

#[test]
fn wrong_passphrases_are_counted_across_restarts_slow_the_next_and_end_in_the_trail() {
    let folder = folder("failures");
    let home = Home::contained_in(&folder);
    founded(&home).lock(NOW).unwrap();
    for _ in 0..5 {
        // Each from a program of its own.
        let home = Home::contained_in(&folder);
        let wrong = Device::unlock(&home, &passphrase("not it at all, no"), 0, NOW).err().unwrap();
        assert!(wrong.is_wrong_passphrase());
    }

    let soon = Device::unlock(&home, &passphrase(PASSPHRASE), 0, NOW).err().unwrap();
    assert!(matches!(soon, DeviceError::TooSoon { seconds: 2 }), "{soon:?}");
    let later = NOW.plus_millis(2_000);
    assert_eq!(home.failures().count, 5, "what was not tried is not counted");
    let device = Device::unlock(&home, &passphrase(PASSPHRASE), 0, later).unwrap();

    assert_eq!(home.failures().count, 0);
    assert_eq!(audited(&device, AuditKind::FailedUnlock), 5);
}

#[test]
fn a_wrong_passphrase_before_a_signature_counts_as_one_at_the_lock_screen() {
    let home = Home::contained_in(&folder("confirm"));
    let _lock = home.lock().unwrap();
    let mut device = founded(&home);
    let later = NOW.plus_millis(15 * 60_000);
    assert!(!device.asks_to_sign(NOW.plus_millis(14 * 60_000)) && device.asks_to_sign(later));
    let long = "x".repeat(2_000);
    for wrong in ["not it at all, no", long.as_str()] {
        let wrong = device.confirm(&home, wrong, later).err().unwrap();
        assert!(wrong.is_wrong_passphrase() && device.asks_to_sign(later), "{wrong:?}");
    }
    assert_eq!(home.failures().count, 2);
    device.confirm(&home, PASSPHRASE, later).unwrap();
    assert_eq!(home.failures().count, 0);
    assert_eq!(audited(&device, AuditKind::FailedUnlock), 2);
    assert!(!device.asks_to_sign(later.plus_millis(14 * 60_000)));
    for _ in 0..5 {
        device.confirm(&home, "not it at all, no", later).err().unwrap();
    }
    let soon = device.confirm(&home, PASSPHRASE, later).err().unwrap();
    assert!(matches!(soon, DeviceError::TooSoon { .. }), "{soon:?}");

    device.set_sign_after(SignAfter::new(0).unwrap());
    assert!(device.asks_to_sign(later), "each time");
    device.confirmed_for_one(later);
    assert!(!device.asks_to_sign(later) && device.asks_to_sign(later), "one was given for one");
    device.confirmed_for_one(later);
    assert!(device.asks_to_sign(later.plus_millis(60_000)), "and not for later");
}

#[test]
fn setting_up_anew_never_destroys_a_practice_whose_vault_file_is_missing() {
    let folder = folder("set-up-again");
    let home = Home::contained_in(&folder);
    let mut device = founded(&home);
    let client = client(&mut device, "Ada Testerin");
    device.lock(NOW).unwrap();
    let vault = home.folder().join("vault");
    let kept = fs::read(&vault).unwrap();
    fs::remove_file(&vault).unwrap();

    founded(&home).lock(NOW).unwrap();
    for name in ["journal", "rows"] {
        fs::remove_dir_all(home.folder().join(name)).unwrap();
        fs::rename(home.folder().join("aside-1").join(name), home.folder().join(name)).unwrap();
    }
    home.write_vault(&kept).unwrap();

    let device = Device::unlock(&home, &passphrase(PASSPHRASE), 0, NOW).unwrap();
    assert!(device.index().clients.contains_key(&client));
    drop(device);
    assert!(matches!(home.set_aside(), Err(HomeError::Occupied)));
}

/// What a calendar brings is one act: none of it is left when it is taken back, and it can be done again.
#[test]
fn a_whole_calendar_is_taken_in_and_back_in_one_act() {
    let home = Home::new(Some(folder("calendar"))).unwrap();
    let mut device = founded(&home);
    let event = |day: u8| {
        format!(
            "BEGIN:VEVENT\r\nUID:{day}@x\r\nDTSTART:202610{day}T090000Z\r\n\
             DTEND:202610{day}T100000Z\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\n"
        )
    };
    let events: String = (10..30).map(event).collect();
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n");
    let how = crate::cli::request::TakeInCalendar {
        dry_run: true,
        appointments: false,
        titles: false,
        days: 365,
        ..Default::default()
    };
    let look = |device: &Device| {
        let planned = crate::cli::answer::calendar::planned(device, &text, &how, NOW);
        planned.unwrap_or_else(|_| panic!("it reads")).0
    };
    let plan = look(&device);
    assert_eq!((plan.new.len(), device.index().appointments.len()), (20, 0), "only looked at");
    let broken = text.replace("END:VCALENDAR", "END:VEVENT");
    assert!(crate::cli::answer::calendar::planned(&device, &broken, &how, NOW).is_err());
    let undo = device.apply(Edit::Together(plan.edits), NOW).unwrap().unwrap();
    let standing = |device: &Device| {
        let index = device.index();
        index.appointments.values().filter(|row| !row.status.frees_the_slot()).count()
    };
    assert_eq!((standing(&device), look(&device).same), (20, 20));
    let redo = device.undo(undo, NOW).unwrap().unwrap();
    assert_eq!(standing(&device), 0);
    device.undo(redo, NOW).unwrap();
    assert_eq!(standing(&device), 20);
}
