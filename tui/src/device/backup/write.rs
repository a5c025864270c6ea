//! Writing a backup: begun anew under a name of its own, or grown by what is new.

use super::format::{
    BackupId, CHUNK_BYTES, Copied, Header, KeysHead, Mark, Secrets, Tables, key, open_item,
    write_item,
};
use super::read::{Found, Items, keys_name, load, new_name, tables_of};
use super::{BackedUp, BackupError, Holdings};
use crate::device::chance::OsRandom;
use crate::device::home::Home;
use crate::device::open::{Device, DeviceError, try_passphrase};
use crate::device::store::StoreError;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::{AppendError, DiskFs, FileSystem, Segment};
use tacenda_shared::keys::KemPublic;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::vault::{General, Vault, VaultError};
use tacenda_shared::practice::edit::Purpose;
use tacenda_shared::practice::{AuditEvent, AuditKind};
use tacenda_shared::random::Random;
use tacenda_shared::seal::{Hedge, SecretKey};
use tacenda_shared::suite;

/// Bytes of a segment's header, which is drawn anew for each.
const SEGMENT_HEADER: u64 = 64;

/// What the passphrase has opened, for a backup that is begun anew.
pub(super) struct Opened<S> {
    /// The general section of the vault.
    pub(super) general: General,
    /// Opens the psychotherapy section: costs as much as an unlock, so only if it is needed.
    pub(super) second: S,
}

impl Device<DiskFs> {
    /// Writes what is new into the backup at `path`, or begins one there. The passphrase is
    /// needed as for every disclosure; the entry is in the trail before the first byte leaves.
    ///
    /// # Errors
    /// See [`BackupError`]. Whatever happens, the last run that was finished stays whole.
    pub fn backup(
        &mut self,
        home: &Home,
        passphrase: &Passphrase,
        path: &Path,
        now: Timestamp,
    ) -> Result<BackedUp, BackupError> {
        let open = try_passphrase(home, passphrase, now, Vault::open)?;
        let second = || match try_passphrase(home, passphrase, now, Vault::open_second_secret) {
            Ok(second) => Ok(Some(second)),
            Err(DeviceError::Vault(VaultError::MissingSection)) => Ok(None),
            Err(error) => Err(error),
        };
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or(io::ErrorKind::InvalidInput).map_err(io::Error::from)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let files = DiskFs::beside(folder.unwrap_or(Path::new(".")))?;
        let opened = Opened { general: open.general, second };
        self.backup_into(&files, name, opened, now)
    }
}

impl<F: FileSystem> Device<F> {
    /// Writes a backup into any folder.
    pub(super) fn backup_into<T: FileSystem>(
        &mut self,
        files: &T,
        name: &str,
        opened: Opened<impl FnOnce() -> Result<Option<SecretKey>, DeviceError>>,
        now: Timestamp,
    ) -> Result<BackedUp, BackupError> {
        if self.cabinet.is_read_only() {
            // No entry can be written, and what does not read is no good backup.
            return Err(DeviceError::from(StoreError::Append(AppendError::ReadOnly)).into());
        }
        let author = self.cabinet.identity.author;
        let member = self.cabinet.state.members().get(&author.member);
        let published = &member.ok_or(BackupError::Foreign)?.recovery.kem;
        let recipient = KemPublic::from_published(published).map_err(|_| BackupError::Foreign)?;
        let found = load(files, name)?;
        let grown = match &found {
            Some(found) => self.to_grow(files, found, &recipient)?,
            None => None,
        };
        let mut random = OsRandom;
        let backup = match (&found, &grown) {
            (Some(found), Some(_)) => found.header.backup,
            (_, _) => BackupId(<dyn Random>::bytes(&mut random)),
        };
        let released = Some(suite::hash("tac/released/v1", &[&backup.0]));
        let purpose = Some(Purpose::Disclosure);
        let event = AuditEvent { purpose, released, ..AuditEvent::new(AuditKind::Backup) };
        let entry = self.with_pending(&[], now, |practice, cx| {
            Ok::<_, DeviceError>(practice.audit(&event, cx))
        })?;
        self.keep(entry)?;

        let mut hedge = Hedge { key: &self.cabinet.keys.hedge, random: &mut random };
        let key = key(&self.cabinet.keys.local, backup);
        let mut run = Run { files, name, key, backup, hedge: &mut hedge };
        let counted = Counted { time: now, holdings: Holdings::of(&self.practice.index()) };
        match (found, grown) {
            (Some(found), Some((tables, mut head))) => {
                if found.keys.is_some_and(|keys| keys.unnamed) {
                    run.name_keys()?;
                }
                head.run = head.run.saturating_add(1);
                run.grow(&self.cabinet, &found.file, head, tables, &counted)
            }
            (_, _) => {
                let second = (opened.second)()?;
                let device_name = self.device_name.clone();
                let secrets = Secrets { general: opened.general, second, device_name };
                let header = Header::new(backup, &recipient, &secrets, run.hedge)?;
                run.begin(&self.cabinet, &header, &counted)
            }
        }
    }

    /// Returns what a backup of this device holds and how far it goes; `None` if it must be begun
    /// anew, because its keys were taken away or the sheet was exchanged.
    fn to_grow<T: FileSystem>(
        &self,
        files: &T,
        found: &Found<T::File>,
        recipient: &KemPublic,
    ) -> Result<Option<(Tables, KeysHead)>, BackupError> {
        let backup = found.header.backup;
        let key = key(&self.cabinet.keys.local, backup);
        let Some(keys) = &found.keys else {
            // Only what this device wrote is ever replaced.
            let mut items = Items::new(files, &found.file, found.start, found.length);
            let (number, part) = items.next()?.ok_or(BackupError::Foreign)?;
            open_item((&key, backup), number, &part)?;
            return Ok(None);
        };
        let tables = tables_of(keys, &key)?;
        self.goes_on(&tables)?;
        if !found.header.is_for(recipient) {
            return Ok(None);
        }
        if found.length < keys.head.mark.length {
            return Err(BackupError::Damaged);
        }
        Ok(Some((tables, keys.head)))
    }

    /// Checks that the journal is the one that is in the backup, grown.
    fn goes_on(&self, tables: &Tables) -> Result<(), BackupError> {
        let store = self.cabinet.store();
        let mut newest = None;
        for segment in store.segments() {
            let Some(copied) = tables.segments.get(&segment.number) else { continue };
            // What the other life has collected does not come back either.
            if copied.bytes == 0 || segment.bytes < copied.bytes {
                return Err(BackupError::Diverged);
            }
            newest = newest.max(Some((segment.number, copied.fingerprint)));
        }
        // Lives that have parted have no later segment in common.
        if let Some((number, known)) = newest
            && fingerprint(&self.cabinet, number)? != known
        {
            return Err(BackupError::Diverged);
        }
        if store.next_lsn() < tables.next_lsn { Err(BackupError::Diverged) } else { Ok(()) }
    }
}

type Cabinet<F> = crate::device::cabinet::Cabinet<F>;

struct Counted {
    time: Timestamp,
    holdings: Holdings,
}

/// One run.
struct Run<'a, 'h, T: FileSystem> {
    files: &'a T,
    name: &'a str,
    key: SecretKey,
    backup: BackupId,
    hedge: &'a mut Hedge<'h>,
}

impl<T: FileSystem> Run<'_, '_, T> {
    /// Writes a whole backup beside whatever has its name, and gives it the name at the end.
    fn begin<F: FileSystem>(
        &mut self,
        cabinet: &Cabinet<F>,
        header: &Header,
        counted: &Counted,
    ) -> Result<BackedUp, BackupError> {
        let new = new_name(self.name);
        let written = self.write_whole(cabinet, header, &new, counted);
        if written.is_err() {
            // Under these names nobody looks for a backup.
            let _left = self.files.remove(&new);
            let _left = self.files.remove(&new_name(&keys_name(self.name)));
        }
        let written = written?;
        self.files.rename(&new, self.name)?;
        self.name_keys()?;
        Ok(written)
    }

    fn write_whole<F: FileSystem>(
        &mut self,
        cabinet: &Cabinet<F>,
        header: &Header,
        new: &str,
        counted: &Counted,
    ) -> Result<BackedUp, BackupError> {
        let file = self.create(new)?;
        let bytes = header.encode();
        write_all(self.files, &file, 0, &bytes)?;
        let (_, mut mark) = Header::decode(&bytes)?;
        let mut tables = Tables::default();
        let new_bytes = self.copy(cabinet, &file, &mut mark, &mut tables)?;
        self.files.sync_data(&file)?;
        let head = KeysHead { backup: self.backup, run: 1, time: counted.time, mark };
        let keys_bytes = self.write_keys(&head, &tables)?;
        Ok(done(&head, new_bytes, keys_bytes, counted))
    }

    /// Adds what is new. The file of keys then says that it counts.
    fn grow<F: FileSystem>(
        &mut self,
        cabinet: &Cabinet<F>,
        file: &T::File,
        head: KeysHead,
        tables: Tables,
        counted: &Counted,
    ) -> Result<BackedUp, BackupError> {
        // What an unfinished run has left counts for nothing.
        self.files.set_length(file, head.mark.length)?;
        let written = self.write_new(cabinet, file, head, tables, counted);
        if written.is_err() {
            let _left = self.files.set_length(file, head.mark.length);
        }
        let written = written?;
        self.name_keys()?;
        Ok(written)
    }

    fn write_new<F: FileSystem>(
        &mut self,
        cabinet: &Cabinet<F>,
        file: &T::File,
        mut head: KeysHead,
        mut tables: Tables,
        counted: &Counted,
    ) -> Result<BackedUp, BackupError> {
        let new_bytes = self.copy(cabinet, file, &mut head.mark, &mut tables)?;
        self.files.sync_data(file)?;
        head.time = counted.time;
        let keys_bytes = self.write_keys(&head, &tables)?;
        Ok(done(&head, new_bytes, keys_bytes, counted))
    }

    /// Copies every byte of the journal that is not in the tables yet, notes which segments it
    /// holds no more, and takes the rows as they are now.
    fn copy<F: FileSystem>(
        &mut self,
        cabinet: &Cabinet<F>,
        file: &T::File,
        mark: &mut Mark,
        tables: &mut Tables,
    ) -> Result<u64, BackupError> {
        let mut new_bytes = 0_u64;
        let segments = cabinet.store().segments();
        let present: BTreeSet<u64> = segments.iter().map(|segment| segment.number).collect();
        for (_, gone) in tables.segments.iter_mut().filter(|(number, _)| !present.contains(number))
        {
            gone.bytes = 0;
        }
        for Segment { number, bytes, .. } in segments {
            let known = tables.segments.get(&number).copied();
            let mut offset = known.map_or(0, |copied| copied.bytes);
            if bytes <= offset.max(SEGMENT_HEADER) {
                continue;
            }
            let fingerprint = match known {
                Some(copied) => copied.fingerprint,
                None => fingerprint(cabinet, number)?,
            };
            while offset < bytes {
                let chunk = cabinet.store().copy(number, offset, CHUNK_BYTES)?;
                if chunk.is_empty() {
                    return Err(BackupError::Damaged);
                }
                let at = mark.length;
                let piece = (number, offset, chunk.as_slice());
                let item = write_item((&self.key, self.backup), mark, piece, self.hedge)?;
                write_all(self.files, file, at, &item)?;
                let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                offset = offset.saturating_add(length);
                new_bytes = new_bytes.saturating_add(length);
            }
            tables.segments.insert(number, Copied { bytes: offset, fingerprint });
        }
        tables.next_lsn = cabinet.store().next_lsn();
        tables.rows = cabinet.rows.all().map(|(name, row)| (*name, *row)).collect();
        Ok(new_bytes)
    }

    fn write_keys(&mut self, head: &KeysHead, tables: &Tables) -> Result<u64, BackupError> {
        let bytes = head.encode(&self.key, tables, self.hedge)?;
        let file = self.create(&new_name(&keys_name(self.name)))?;
        write_all(self.files, &file, 0, &bytes)?;
        self.files.sync_data(&file)?;
        Ok(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
    }

    fn name_keys(&self) -> Result<(), BackupError> {
        let keys = keys_name(self.name);
        self.files.rename(&new_name(&keys), &keys)?;
        Ok(self.files.sync_folder()?)
    }

    fn create(&self, name: &str) -> Result<T::File, BackupError> {
        match self.files.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        Ok(self.files.create_new(name)?)
    }
}

fn done(head: &KeysHead, new_bytes: u64, keys_bytes: u64, counted: &Counted) -> BackedUp {
    let (KeysHead { run, time, mark, .. }, holdings) = (*head, counted.holdings);
    BackedUp { run, time, new_bytes, bytes: mark.length, keys_bytes, holdings }
}

fn fingerprint<F: FileSystem>(cabinet: &Cabinet<F>, segment: u64) -> Result<[u8; 16], BackupError> {
    let length = usize::try_from(SEGMENT_HEADER).unwrap_or_default();
    let header = cabinet.store().copy(segment, 0, length)?;
    Ok(suite::hash("tac/backup/segment/v1", &[&header]).truncated())
}

fn write_all<T: FileSystem>(
    files: &T,
    file: &T::File,
    mut offset: u64,
    mut bytes: &[u8],
) -> Result<(), BackupError> {
    while !bytes.is_empty() {
        match files.write_at(file, offset, bytes) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
            Ok(count) => {
                bytes = bytes.get(count..).unwrap_or_default();
                offset = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
