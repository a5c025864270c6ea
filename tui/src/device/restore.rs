//! A practice comes back from a backup onto a computer that has none: no server is needed.
//!
//! What comes back is the device that wrote the backup, under a new passphrase. Nobody can know
//! what that device has done since, so it never goes on with its old numbers: with a server it
//! begins a new incarnation first.

use super::backup::format::{Secrets, key, open_item};
use super::backup::{BackupError, Found, Holdings, Items, load, tables_of};
use super::chance::OsRandom;
use super::home::Home;
use super::looked::damaged;
use super::open::{Device, DeviceError};
use super::rows::{RowChange, Rows};
use super::store::StoreError;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use tacenda_shared::id::{DeviceId, MemberId, Timestamp};
use tacenda_shared::journal::{DiskFs, FileSystem};
use tacenda_shared::keys::KemPublic;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{ROW_NAME_LENGTH, Row, RowName};
use tacenda_shared::keys::vault::{Factors, General, KdfCost, Vault, VaultSetup};
use tacenda_shared::membership::State;
use tacenda_shared::practice::AuditKind;
use tacenda_shared::random::Random;
use tacenda_shared::seal::{Hedge, SecretKey};
use tacenda_shared::suite::VerifyingKey;

/// Rows that are put on the disk as one group.
const ROWS_EACH: usize = 4_096;

/// What came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Restored {
    /// When the backup was written.
    pub time: Timestamp,
    /// What the practice holds.
    pub holdings: Holdings,
    /// Whether the practice has a server, with which this device then begins a new incarnation.
    pub has_server: bool,
}

/// A backup whose wrap the sheet has opened.
pub struct Restoring {
    files: DiskFs,
    found: Found<<DiskFs as FileSystem>::File>,
    sheet: RecoverySheet,
    secrets: Secrets,
}

impl Restoring {
    /// Opens the backup at `path` with the words of a sheet. Writes nothing.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub fn open(path: &Path, words: &str) -> Result<Self, BackupError> {
        let sheet = RecoverySheet::parse(words)?;
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or(io::ErrorKind::InvalidInput).map_err(io::Error::from)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let files = DiskFs::beside(folder.unwrap_or(Path::new(".")))?;
        let found = load(&files, name)?.ok_or(io::ErrorKind::NotFound).map_err(io::Error::from)?;
        let secrets = found.header.open(&sheet)?;
        if found.keys.is_none() {
            return Err(BackupError::MissingKeys);
        }
        Ok(Self { files, found, sheet, secrets })
    }

    /// Writes the practice into an empty home and closes it again. The vault file comes last:
    /// without it, what lies there opens for nobody.
    ///
    /// # Errors
    /// See [`BackupError`]; nothing of the practice is left then.
    pub fn finish(
        self,
        home: &Home,
        passphrase: &Passphrase,
        cost: KdfCost,
        now: Timestamp,
    ) -> Result<Restored, BackupError> {
        let at_home = DeviceError::from;
        home.make().map_err(at_home)?;
        home.set_aside().map_err(at_home)?;
        let outcome = self.write(home, passphrase, cost, now);
        if outcome.is_err() {
            home.remove_journals();
        }
        outcome
    }

    fn write(
        self,
        home: &Home,
        passphrase: &Passphrase,
        cost: KdfCost,
        now: Timestamp,
    ) -> Result<Restored, BackupError> {
        let on_disk = DeviceError::from;
        let journal = DiskFs::open(&home.journal()).map_err(on_disk)?;
        let rows = DiskFs::open(&home.rows()).map_err(on_disk)?;
        let time = unpack(&self.files, &self.found, &self.secrets.general, &journal, rows)?;

        let mut random = OsRandom;
        let random: &mut dyn Random = &mut random;
        let Self { sheet, secrets, .. } = self;
        let Secrets { general, second, device_name } = secrets;
        let device_secret = SecretKey::from_bytes(random.bytes());
        let setup = VaultSetup { cost, device_name: device_name.clone() };
        let factors = Factors { passphrase, device_secret: Some(&device_secret) };
        let vault = Vault::create(&setup, &general, second.as_ref(), factors, random);
        let vault = vault.map_err(DeviceError::from)?;
        let vault_id = Vault::read_header(&vault).map_err(DeviceError::from)?.vault_id;

        let own = Own::of(&general);
        let rows = DiskFs::open(&home.rows()).map_err(on_disk)?;
        let mut device = stand_whole(general, device_name, (journal, rows), now)?;
        if !own.is_proven(&device.cabinet.state, &sheet) {
            return Err(BackupError::Foreign);
        }
        device.audit(AuditKind::Restore, now)?;
        let holdings = Holdings::of(&device.index());
        let has_server = device.is_attached();
        device.lock(now)?;
        // Nobody knows what the device has done since: wherever this lies, it is another place.
        home.write_place(&[]).map_err(DeviceError::from)?;
        home.write_secret(&vault_id, &device_secret).map_err(DeviceError::from)?;
        home.write_vault(&vault).map_err(DeviceError::from)?;
        Ok(Restored { time, holdings, has_server })
    }
}

/// Opens what was put back. Only what reads whole and can be written counts as restored.
pub(super) fn stand_whole<F: FileSystem>(
    general: General,
    device_name: String,
    (journal, rows): (F, F),
    now: Timestamp,
) -> Result<Device<F>, BackupError> {
    let mut device = Device::stand(general, device_name, journal, rows, now)?;
    if device.cabinet.is_read_only() || device.take_warnings().contains(&damaged()) {
        return Err(BackupError::NotWhole);
    }
    Ok(device)
}

/// Puts journal and rows back as they were when the last whole run was written.
pub(super) fn unpack<T: FileSystem, F: FileSystem>(
    files: &T,
    found: &Found<T::File>,
    general: &General,
    journal: &F,
    rows: F,
) -> Result<Timestamp, BackupError> {
    let keys = found.keys.as_ref().ok_or(BackupError::MissingKeys)?;
    let key = key(&general.keys.local, found.header.backup);
    let tables = tables_of(keys, &key)?;
    let mut items = Items::new(files, &found.file, found.start, keys.head.mark.length);
    let mut lengths: BTreeMap<u64, u64> = BTreeMap::new();
    let mut open: Option<(u64, F::File)> = None;
    while let Some((number, part)) = items.next()? {
        let (segment, offset, bytes) = open_item((&key, found.header.backup), number, &part)?;
        let copied = tables.segments.get(&segment).ok_or(BackupError::Damaged)?;
        if copied.bytes == 0 {
            // Collected since it was copied: the segment that took its place is in here, too.
            continue;
        }
        let length = lengths.entry(segment).or_insert(0);
        if *length != offset {
            return Err(BackupError::Damaged);
        }
        if open.as_ref().is_none_or(|(open, _)| *open != segment) {
            if let Some((_, file)) = open.take() {
                journal.sync_data(&file).map_err(DeviceError::from)?;
            }
            let name = format!("{segment:016x}.seg");
            let file = if offset == 0 { journal.create_new(&name) } else { journal.open(&name) };
            open = Some((segment, file.map_err(DeviceError::from)?));
        }
        let Some((_, file)) = &open else { return Err(BackupError::Damaged) };
        put(journal, file, offset, &bytes).map_err(DeviceError::from)?;
        *length = length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
    if let Some((_, file)) = open.take() {
        journal.sync_data(&file).map_err(DeviceError::from)?;
    }
    journal.sync_folder().map_err(DeviceError::from)?;
    let copied = tables.segments.iter().map(|(number, copied)| (*number, copied.bytes));
    let copied = copied.filter(|(_, bytes)| *bytes > 0);
    if items.mark() != keys.head.mark || !copied.eq(lengths) {
        return Err(BackupError::Damaged);
    }
    put_rows(general, rows, tables.rows.iter().map(|(name, row)| (*name, *row)).collect())?;
    Ok(keys.head.time)
}

type NamedRow = ([u8; ROW_NAME_LENGTH], Row);

fn put_rows<F: FileSystem>(
    general: &General,
    rows: F,
    named: Vec<NamedRow>,
) -> Result<(), BackupError> {
    let mut random = OsRandom;
    let row_key = general.keys.local.derive("tac/row-frame-key/v1", &[]);
    let mut tables = Rows::open(rows, row_key, &mut random).map_err(DeviceError::from)?;
    let mut hedge = Hedge { key: &general.keys.hedge, random: &mut random };
    for group in named.chunks(ROWS_EACH) {
        let mut changes = Vec::with_capacity(group.len());
        for (name, row) in group {
            changes.push(RowChange::Put(RowName::decode(name)?, *row));
        }
        tables.change(&changes, &mut hedge).map_err(DeviceError::from)?;
    }
    Ok(tables.close().map_err(|error: StoreError| DeviceError::from(error))?)
}

fn put<F: FileSystem>(
    journal: &F,
    file: &F::File,
    mut offset: u64,
    mut bytes: &[u8],
) -> io::Result<()> {
    while !bytes.is_empty() {
        match journal.write_at(file, offset, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                bytes = bytes.get(count..).unwrap_or_default();
                offset = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What a device says it is. HPKE does not tell who sealed: whoever knows the recovery sheet's
/// public key could make a backup. But only the device has the keys that the practice log names,
/// and that log is this sheet's own.
struct Own {
    member: MemberId,
    device: DeviceId,
    sig: VerifyingKey,
    tls: VerifyingKey,
    kem: KemPublic,
}

impl Own {
    fn of(general: &General) -> Self {
        Self {
            member: general.member,
            device: general.device,
            sig: general.keys.sign.verifying(),
            tls: general.keys.tls.verifying(),
            kem: general.keys.kem.public(),
        }
    }

    fn is_proven(&self, state: &State, sheet: &RecoverySheet) -> bool {
        let device = state.devices().get(&self.device).is_some_and(|device| {
            device.member == self.member
                && device.sig == self.sig
                && device.tls == self.tls
                && device.kem == self.kem.published()
        });
        let member = state.members().get(&self.member).is_some_and(|member| {
            member.recovery.sig == sheet.sign().verifying()
                && member.recovery.kem == sheet.kem().public().published()
        });
        device && member
    }
}
