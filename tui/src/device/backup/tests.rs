//! A backup on a disk that fails like a real one: what comes back, whatever happens while it is
//! written.

use super::format::Header;
use super::read::keys_name;
use super::write::Opened;
use super::*;
use crate::device::chance::OsRandom;
use crate::device::founding;
use crate::device::frame::DeviceFrame;
use crate::device::open::Device;
use crate::device::restore::{stand_whole, unpack};
use tacenda_shared::id::{ClientId, ObjectId};
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::keys::KemKey;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::RowName;
use tacenda_shared::keys::vault::{DeviceSecrets, Extra, General};
use tacenda_shared::practice::edit::*;
use tacenda_shared::random::Seeded;
use tacenda_shared::seal::{Hedge, SecretKey};
use tacenda_shared::suite::SigningKey;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const NAME: &str = "practice.backup";

/// A computer: its disks and the keys to them.
struct Machine {
    general: General,
    sheet: RecoverySheet,
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
        let words = founded.sheet.words().join(" ");
        let (journal, rows) = (SimulatedFs::new(1), SimulatedFs::new(2));
        let machine = Self {
            general: copied(&founded.general),
            sheet: RecoverySheet::parse(&words).unwrap(),
            journal: journal.clone(),
            rows: rows.clone(),
        };
        let who = ("Europe/Berlin", "Dr. Sample");
        let device = Device::begin(founded, "laptop".into(), who, (journal, rows), NOW).unwrap();
        (machine, device)
    }

    fn unlock(&self) -> Device<SimulatedFs> {
        stand(&self.general, self.journal.clone(), self.rows.clone())
    }

    fn opened(&self) -> Opened<impl FnOnce() -> Result<Option<SecretKey>, DeviceError>> {
        let second = || Ok(Some(SecretKey::from_bytes([9; 32])));
        Opened { general: copied(&self.general), second }
    }

    fn backup(
        &self,
        device: &mut Device<SimulatedFs>,
        stick: &SimulatedFs,
    ) -> Result<BackedUp, BackupError> {
        device.backup_into(stick, NAME, self.opened(), NOW)
    }

    /// Opens the backup with the sheet, on a computer of its own.
    fn restore(&self, stick: &SimulatedFs) -> Result<Device<SimulatedFs>, BackupError> {
        let found = load(stick, NAME)?.ok_or(BackupError::NotABackup)?;
        let secrets = found.header.open(&self.sheet)?;
        assert_eq!(secrets.device_name, "laptop");
        assert_eq!(*secrets.second.unwrap().expose(), [9; 32]);
        let (journal, rows) = (SimulatedFs::new(3), SimulatedFs::new(4));
        unpack(stick, &found, &secrets.general, &journal, rows.clone())?;
        stand_whole(secrets.general, secrets.device_name, (journal, rows), NOW)
    }
}

fn stand(general: &General, journal: SimulatedFs, rows: SimulatedFs) -> Device<SimulatedFs> {
    let mut device = Device::stand(copied(general), "laptop".into(), journal, rows, NOW).unwrap();
    assert_eq!(device.take_warnings(), []);
    device
}

fn client(device: &mut Device<SimulatedFs>, name: &str) -> ClientId {
    let client = ClientId::random(&mut OsRandom);
    let contact = ContactChange { name: Some(name.into()), ..ContactChange::default() };
    device.apply(Edit::NewClient { client, contact }, NOW).unwrap();
    client
}

fn names(device: &Device<SimulatedFs>) -> Vec<String> {
    let mut names: Vec<_> =
        device.index().clients.values().map(|client| client.name.clone()).collect();
    names.sort();
    names
}

fn length(stick: &SimulatedFs, name: &str) -> usize {
    stick.contents(name).unwrap().len()
}

#[test]
fn everything_comes_back_and_a_second_run_adds_only_what_is_new() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    for number in 0..40 {
        client(&mut device, &format!("Test {number:02}"));
    }
    let first = machine.backup(&mut device, &stick).unwrap();
    let (whole, journal) = (length(&stick, NAME) as u64, machine.journal.used());
    assert_eq!((first.run, first.bytes, first.holdings.clients), (1, whole, 40));
    device.lock(NOW).unwrap();
    let mut device = machine.unlock();
    client(&mut device, "Test new");

    let second = machine.backup(&mut device, &stick).unwrap();

    let grown = length(&stick, NAME) as u64 - whole;
    assert_eq!((second.run, second.bytes), (2, whole + grown));
    // What the journal has grown by, and little more.
    assert_eq!((first.new_bytes, second.new_bytes), (journal, machine.journal.used() - journal));
    assert!(grown - second.new_bytes < 1_000, "{grown} for {}", second.new_bytes);
    let restored = machine.restore(&stick).unwrap();
    assert_eq!(names(&restored), names(&device));
    assert_eq!(restored.index(), device.index());
    assert_eq!(check(&stick, NAME).unwrap().run, 2);
}

#[test]
fn a_backup_goes_on_from_what_was_restored() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    machine.backup(&mut device, &stick).unwrap();
    let mut restored = machine.restore(&stick).unwrap();
    client(&mut restored, "Bert Musterhaft");

    assert_eq!(machine.backup(&mut restored, &stick).unwrap().run, 2);

    let again = machine.restore(&stick).unwrap();
    assert_eq!(names(&again), ["Ada Testerin", "Bert Musterhaft"]);
}

/// Appends a segment of its own in which nothing is needed; returns its number.
fn dead_segment(device: &mut Device<SimulatedFs>) -> u64 {
    let mut random = OsRandom;
    let mut hedge = Hedge { key: &device.cabinet.keys.hedge, random: &mut random };
    let store = &mut device.cabinet.store;
    store.journal_mut().seal_active().unwrap();
    let replaced = DeviceFrame::Checkpoint { part: 1, parts: 2, bytes: vec![0; 40_000] };
    store.append(&[replaced], &mut hedge).unwrap();
    store.journal_mut().seal_active().unwrap();
    store.segments().iter().map(|segment| segment.number).max().unwrap()
}

#[test]
fn a_practice_that_was_collected_twice_between_two_runs_comes_back_whole() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    let (first, second) = (dead_segment(&mut device), dead_segment(&mut device));
    client(&mut device, "Ada Testerin");
    machine.backup(&mut device, &stick).unwrap();
    let journal = device.cabinet.store.journal_mut();
    assert!(journal.retire_dead(&|number| number == first).unwrap() > 0);
    let newest = journal.segments().iter().map(|segment| segment.number).max().unwrap();
    assert!(journal.retire_dead(&|number| [newest, second].contains(&number)).unwrap() > 0);
    client(&mut device, "Bert Musterhaft");

    assert_eq!(machine.backup(&mut device, &stick).unwrap().run, 2);

    let mut restored = machine.restore(&stick).unwrap();
    assert_eq!(names(&restored), ["Ada Testerin", "Bert Musterhaft"]);
    client(&mut restored, "Test written after");
    assert_eq!(machine.backup(&mut restored, &stick).unwrap().run, 3);
    assert_eq!(names(&machine.restore(&stick).unwrap()).len(), 3);
}

#[test]
fn what_does_not_read_whole_is_not_restored() {
    let (machine, mut device) = Machine::begin();
    client(&mut device, "Ada Testerin");
    device.lock(NOW).unwrap();
    machine.unlock().lock(NOW).unwrap();
    let name = machine.journal.names().first().cloned().unwrap();
    let mut bytes = machine.journal.contents(&name).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    machine.journal.put(&name, &bytes);

    let stores = (machine.journal.clone(), machine.rows.clone());
    let refused = stand_whole(copied(&machine.general), "laptop".into(), stores, NOW);

    assert!(matches!(refused, Err(BackupError::NotWhole)), "{:?}", refused.err());
}

#[test]
fn a_practice_that_went_another_way_or_is_older_is_not_mixed_in() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    machine.backup(&mut device, &stick).unwrap();
    let mut older = machine.restore(&stick).unwrap();
    client(&mut device, "Bert Musterhaft");
    machine.backup(&mut device, &stick).unwrap();
    let before = stick.contents(NAME);

    // The copy writes too, more than the first, so that only its segments tell.
    for number in 0..30 {
        client(&mut older, &format!("Test {number}"));
    }
    let refused = machine.backup(&mut older, &stick);

    assert!(matches!(refused, Err(BackupError::Diverged)), "{refused:?}");
    assert_eq!(stick.contents(NAME), before);
    assert_eq!(names(&machine.restore(&stick).unwrap()), ["Ada Testerin", "Bert Musterhaft"]);
}

#[test]
fn a_full_disk_is_told_and_the_last_backup_is_whole() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    for space in [0, 100, 4_000] {
        stick.set_space(Some(space));
        let refused = machine.backup(&mut device, &stick);
        assert!(matches!(refused, Err(BackupError::Full)), "{refused:?}");
        assert_eq!(stick.names(), [""; 0]);
    }
    stick.set_space(None);
    machine.backup(&mut device, &stick).unwrap();
    let (whole, used) = (stick.contents(NAME), stick.used());
    client(&mut device, "Bert Musterhaft");

    for room in [0, 50, 1_500, 2_500] {
        stick.set_space(Some(used + room));
        let refused = machine.backup(&mut device, &stick);
        assert!(matches!(refused, Err(BackupError::Full)), "{refused:?} with {room}");
        assert_eq!(stick.contents(NAME), whole);
        assert_eq!(names(&machine.restore(&stick).unwrap()), ["Ada Testerin"]);
    }

    stick.set_space(None);
    assert_eq!(machine.backup(&mut device, &stick).unwrap().run, 2);
    let restored = machine.restore(&stick).unwrap();
    assert_eq!(names(&restored), ["Ada Testerin", "Bert Musterhaft"]);
}

#[test]
fn after_a_power_cut_at_any_moment_the_last_run_or_the_new_one_comes_back() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    machine.backup(&mut device, &stick).unwrap();
    client(&mut device, "Bert Musterhaft");
    stick.record_cuts();
    machine.backup(&mut device, &stick).unwrap();

    let mut random = Seeded::new(7);
    let (mut states, mut old, mut new) = (0, 0, 0);
    for cut in stick.take_cuts() {
        for _ in 0..4 {
            let survivor = cut.survivor(&mut random);
            let restored = machine.restore(&survivor).unwrap();
            match names(&restored).len() {
                1 => old += 1,
                2 => new += 1,
                other => panic!("{other} clients"),
            }
            states += 1;
            // What was left half-done is in nobody's way.
            let run = machine.backup(&mut machine.unlock(), &survivor).unwrap().run;
            assert!(run == 2 || run == 3);
            assert_eq!(names(&machine.restore(&survivor).unwrap()).len(), 2);
        }
    }
    assert!(states >= 24 && old > 0 && new > 0, "{states}: {old} and {new}");
}

#[test]
fn a_flipped_bit_is_found_without_the_sheet_and_nothing_comes_back() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    machine.backup(&mut device, &stick).unwrap();
    let keys = keys_name(NAME);
    for name in [NAME, &keys] {
        let whole = stick.contents(name).unwrap();
        for place in (0..whole.len()).step_by(whole.len() / 40) {
            let mut harmed = whole.clone();
            harmed[place] ^= 1;
            stick.put(name, &harmed);
            assert!(check(&stick, NAME).is_err(), "byte {place} of {name}");
            assert!(machine.restore(&stick).is_err(), "byte {place} of {name}");
        }
        stick.put(name, &whole);
    }
    check(&stick, NAME).unwrap();
}

#[test]
fn a_cut_file_is_damage_and_a_longer_one_is_an_unfinished_run() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    machine.backup(&mut device, &stick).unwrap();
    let whole = stick.contents(NAME).unwrap();
    for length in [0, 3, 40, 1_200, whole.len() - 1] {
        stick.put(NAME, &whole[..length]);
        assert!(check(&stick, NAME).is_err(), "{length}");
        assert!(machine.backup(&mut device, &stick).is_err(), "{length}");
        assert_eq!(stick.contents(NAME).unwrap().len(), length);
    }

    stick.put(NAME, &[whole.as_slice(), &[7; 300]].concat());

    assert_eq!(check(&stick, NAME).unwrap().unfinished, 300);
    assert_eq!(names(&machine.restore(&stick).unwrap()), ["Ada Testerin"]);
    machine.backup(&mut device, &stick).unwrap();
    assert_eq!(check(&stick, NAME).unwrap().unfinished, 0);
}

#[test]
fn other_files_are_never_written_over() {
    let (machine, mut device) = Machine::begin();
    let (other, mut elsewhere) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    let kept = |stick: &SimulatedFs, expected: &[u8]| {
        assert_eq!(stick.contents(NAME).as_deref(), Some(expected));
    };

    stick.put(NAME, b"a letter that has nothing to do with it");
    let refused = machine.backup(&mut device, &stick);
    assert!(matches!(refused, Err(BackupError::NotABackup)), "{refused:?}");
    kept(&stick, b"a letter that has nothing to do with it");

    stick.lose(NAME);
    other.backup(&mut elsewhere, &stick).unwrap();
    let foreign = stick.contents(NAME).unwrap();
    for with_keys in [true, false] {
        if !with_keys {
            stick.lose(&keys_name(NAME));
        }
        let refused = machine.backup(&mut device, &stick);
        assert!(matches!(refused, Err(BackupError::Foreign)), "{refused:?}");
        kept(&stick, &foreign);
    }

    let mut newer = foreign.clone();
    newer[7] = b'2';
    stick.put(NAME, &newer);
    let refused = machine.backup(&mut device, &stick);
    assert!(matches!(refused, Err(BackupError::NewerVersion)), "{refused:?}");
    kept(&stick, &newer);
}

#[test]
fn a_foreign_sheet_is_named_as_such() {
    let (machine, mut device) = Machine::begin();
    let (other, _) = Machine::begin();
    let stick = SimulatedFs::new(5);
    machine.backup(&mut device, &stick).unwrap();
    let (header, _) = Header::decode(&stick.contents(NAME).unwrap()).unwrap();

    assert!(matches!(header.open(&other.sheet), Err(BackupError::ForeignSheet)));
    assert!(header.open(&machine.sheet).is_ok());
}

#[test]
fn without_the_keys_nothing_opens_and_the_next_run_begins_anew() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    machine.backup(&mut device, &stick).unwrap();
    let first = load(&stick, NAME).unwrap().unwrap().header.backup;
    stick.lose(&keys_name(NAME));

    assert!(matches!(machine.restore(&stick), Err(BackupError::MissingKeys)));
    assert!(matches!(check(&stick, NAME), Err(BackupError::MissingKeys)));
    assert_eq!(machine.backup(&mut device, &stick).unwrap().run, 1);

    assert_ne!(load(&stick, NAME).unwrap().unwrap().header.backup, first);
    assert_eq!(names(&machine.restore(&stick).unwrap()), ["Ada Testerin"]);
}

#[test]
fn the_key_of_a_signed_draft_is_gone_with_the_next_run() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    let client = client(&mut device, "Ada Testerin");
    let note = ObjectId::random(&mut OsRandom);
    let begin = Edit::BeginNote { note, client, session: None, format: NoteFormat::Free };
    device.apply(begin, NOW).unwrap();
    let said = Splice {
        part: Part::Text,
        position: 0,
        deleted: 0,
        inserted: "regretted and deleted".into(),
    };
    device.type_keys(note, client, vec![said], NOW);
    device.commit(note, client, NOW).unwrap();
    machine.backup(&mut device, &stick).unwrap();
    let draft_keys = |stick: &SimulatedFs| {
        let found = load(stick, NAME).unwrap().unwrap();
        let key = format::key(&machine.general.keys.local, found.header.backup);
        let tables = tables_of(&found.keys.unwrap(), &key).unwrap();
        let named = tables.rows.keys().map(|name| RowName::decode(name).unwrap());
        named.filter(|name| matches!(name, RowName::Draft(_))).count()
    };
    assert_eq!(draft_keys(&stick), 1);

    device.apply(Edit::Sign { note, client, late_reason: None }, NOW).unwrap();
    device.lock(NOW).unwrap();
    let mut device = machine.unlock();
    machine.backup(&mut device, &stick).unwrap();

    assert_eq!(draft_keys(&stick), 0);
    let restored = machine.restore(&stick).unwrap();
    assert_eq!(restored.index(), device.index());
}

#[test]
fn a_backup_shows_neither_whose_it_is_nor_what_is_in_it() {
    let (machine, mut device) = Machine::begin();
    let stick = SimulatedFs::new(5);
    client(&mut device, "Ada Testerin");
    machine.backup(&mut device, &stick).unwrap();
    let practice = machine.general.practice;
    let kem = machine.sheet.kem().public().published();
    let secrets: [&[u8]; 6] = [
        b"Ada Testerin",
        b"laptop",
        practice.as_bytes(),
        machine.general.device.as_bytes(),
        &kem.as_bytes()[..32],
        machine.general.keys.local.expose(),
    ];
    for name in [NAME.to_owned(), keys_name(NAME)] {
        let bytes = stick.contents(&name).unwrap();
        for secret in secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{name}");
        }
    }
    let found = load(&stick, NAME).unwrap().unwrap();
    let mut items = Items::new(&stick, &found.file, found.start, found.length);
    let mut salts = std::collections::BTreeSet::new();
    while let Some((_, part)) = items.next().unwrap() {
        assert!(salts.insert(part.salt));
    }
}
