//! The bytes of a backup. Pure.
//!
//! ```text
//! FILE        "TACBACK1" suite1 backup16 recipient32 bytes(wrap) check32  item*
//! item        kind1 (= 1) length4 salt24 ciphertext chain32
//! in it       segment8 offset8, then bytes of that segment of the journal
//! FILE.keys   "TACBKEY1" suite1 backup16 run4 time8 length8 items8 chain32
//!             salt24 bytes(ciphertext) check32
//! in it       next_lsn8 (segment8 length8 fingerprint16)* (row name, row)*
//! in the wrap bytes(general section of the vault) option(second secret) text(device's name)
//! ```
//! The wrap is HPKE to the recovery key, bound to the backup's id; `recipient` is a hash of that
//! key under the same id, so that a foreign sheet is told from damage, and two backups of one
//! practice cannot be seen to be so. Items and tables are sealed under a key that derives from
//! the device's own key, which is in the wrap: the device adds to its backup without the sheet.
//! Each item is bound to its number, and `chain` runs over all of them in clear, so that damage
//! shows without any key. `length`, `items` and `chain` say up to where the file counts.

use super::BackupError;
use std::collections::BTreeMap;
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::id::{MemberId, PracticeId, Timestamp};
use tacenda_shared::journal::Lsn;
use tacenda_shared::keys::KemPublic;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{ROW_LENGTH, ROW_NAME_LENGTH, Row};
use tacenda_shared::keys::vault::General;
use tacenda_shared::keys::wrap::{self, Wrap, WrapAction, WrapInfo};
use tacenda_shared::membership::Recipient;
use tacenda_shared::seal::{self, Hedge, SALT_LENGTH, SecretKey, TAG_LENGTH};
use tacenda_shared::suite::{self, Hash, SUITE_1};
use zeroize::Zeroizing;

const CHAIN_LABEL: &str = "tac/backup/chain/v1";
const CHECK_LABEL: &str = "tac/backup/header/v1";
const ITEM_LABEL: &str = "tac/backup/item/v1";
const KEY_LABEL: &str = "tac/backup/key/v1";
const RECIPIENT_LABEL: &str = "tac/backup/recipient/v1";
const TABLES_LABEL: &str = "tac/backup/tables/v1";

const FILE_MAGIC: [u8; 8] = *b"TACBACK1";
const KEYS_MAGIC: [u8; 8] = *b"TACBKEY1";
const HASH_BYTES: usize = 32;
/// Where the wrap's length stands in the header.
const WRAP_AT: usize = 8 + 1 + 16 + HASH_BYTES;
/// A wrap and more than its overhead.
const WRAP_BYTES_MAX: usize = 128 << 10;
/// The longest header.
pub(in crate::device) const HEADER_BYTES_MAX: usize = WRAP_AT + 4 + WRAP_BYTES_MAX + HASH_BYTES;
/// Bytes of an item before its ciphertext.
pub(in crate::device) const ITEM_HEAD: usize = 1 + 4 + SALT_LENGTH;
/// Bytes of an item after its ciphertext.
pub(in crate::device) const ITEM_TAIL: usize = HASH_BYTES;
/// The most bytes of a segment that one item takes.
pub(in crate::device) const CHUNK_BYTES: usize = 1 << 20;
/// The longest ciphertext of an item.
pub(in crate::device) const ITEM_BYTES_MAX: usize = CHUNK_BYTES + CHUNK_HEAD + TAG_LENGTH;
/// The longest file of keys that is read.
pub(in crate::device) const KEYS_BYTES_MAX: usize = 256 << 20;
const CHUNK_HEAD: usize = 16;
const CHUNK: u8 = 1;
const GENERAL_BYTES_MAX: usize = 64 << 10;
const NAME_BYTES_MAX: usize = 1 << 10;
const ENTRIES_MAX: usize = 1 << 24;

/// The name of one backup, drawn when it is begun.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::device) struct BackupId(pub(in crate::device) [u8; 16]);

/// How a file of the journal's bytes begins.
#[derive(Clone, Debug)]
pub(in crate::device) struct Header {
    pub(in crate::device) backup: BackupId,
    recipient: Hash,
    wrap: Wrap,
}

/// What is inside the wrap: enough to stand in for the device.
pub(in crate::device) struct Secrets {
    pub(in crate::device) general: General,
    pub(in crate::device) second: Option<SecretKey>,
    pub(in crate::device) device_name: String,
}

/// A place in the file: everything before it is whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::device) struct Mark {
    /// How many bytes.
    pub(in crate::device) length: u64,
    /// How many items.
    pub(in crate::device) items: u64,
    /// The chain over them.
    pub(in crate::device) chain: Hash,
}

/// How a file of keys begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::device) struct KeysHead {
    pub(in crate::device) backup: BackupId,
    pub(in crate::device) run: u32,
    pub(in crate::device) time: Timestamp,
    pub(in crate::device) mark: Mark,
}

/// What is known of a segment that is or was in the journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::device) struct Copied {
    /// How many of its bytes count; 0 once the journal holds it no more, because a collected one
    /// took its place. Its bytes are still in the file, and must not come back beside that one.
    pub(in crate::device) bytes: u64,
    /// Of its header: another life of the device has another.
    pub(in crate::device) fingerprint: [u8; 16],
}

/// What a file of keys holds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::device) struct Tables {
    pub(in crate::device) next_lsn: Lsn,
    pub(in crate::device) segments: BTreeMap<u64, Copied>,
    pub(in crate::device) rows: BTreeMap<[u8; ROW_NAME_LENGTH], Row>,
}

/// The sealed part of an item or of a file of keys.
pub(in crate::device) struct SealedPart<'a> {
    pub(in crate::device) salt: [u8; SALT_LENGTH],
    pub(in crate::device) ciphertext: &'a [u8],
}

impl Header {
    /// Begins a backup that `recipient` opens.
    pub(in crate::device) fn new(
        backup: BackupId,
        recipient: &KemPublic,
        secrets: &Secrets,
        hedge: &mut Hedge<'_>,
    ) -> Result<Self, BackupError> {
        let mut w = Writer::new();
        w.bytes(&secrets.general.encode());
        w.option(secrets.second.as_ref(), |w, second| {
            w.fixed(second.expose());
        });
        w.text(&secrets.device_name);
        let plain = Zeroizing::new(w.into_bytes());
        let wrap = wrap::wrap(recipient, &info(backup), &plain, hedge);
        let wrap = wrap.map_err(|_| BackupError::Damaged)?;
        Ok(Self { backup, recipient: recipient_hash(backup, recipient), wrap })
    }

    pub(in crate::device) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.fixed(&FILE_MAGIC).u8(SUITE_1).fixed(&self.backup.0).fixed(self.recipient.as_bytes());
        w.bytes(self.wrap.as_bytes());
        let check = check(w.as_slice());
        w.fixed(check.as_bytes());
        w.into_bytes()
    }

    /// Reads a header from the front of `bytes`; returns it with its length and its check, from
    /// which the chain begins.
    pub(in crate::device) fn decode(bytes: &[u8]) -> Result<(Self, Mark), BackupError> {
        known_magic(bytes, &FILE_MAGIC)?;
        let mut r = Reader::new(bytes);
        r.slice(FILE_MAGIC.len() + 1)?;
        let (backup, recipient) = (BackupId(r.fixed()?), Hash::from_bytes(r.fixed()?));
        let wrap = r.bytes(WRAP_BYTES_MAX)?.to_vec();
        let length = bytes.len() - r.remaining();
        let covered = bytes.get(..length).ok_or(BackupError::Damaged)?;
        let stated = Hash::from_bytes(r.fixed()?);
        if stated != check(covered) {
            return Err(BackupError::Damaged);
        }
        let wrap = Wrap::from_bytes(wrap).map_err(|_| BackupError::Damaged)?;
        let length = u64::try_from(length + HASH_BYTES).map_err(|_| BackupError::Damaged)?;
        let mark = Mark { length, items: 0, chain: stated };
        Ok((Self { backup, recipient, wrap }, mark))
    }

    /// Returns whether the holder of this key opens it.
    pub(in crate::device) fn is_for(&self, recipient: &KemPublic) -> bool {
        self.recipient == recipient_hash(self.backup, recipient)
    }

    /// Opens the wrap with a sheet.
    pub(in crate::device) fn open(&self, sheet: &RecoverySheet) -> Result<Secrets, BackupError> {
        if !self.is_for(&sheet.kem().public()) {
            return Err(BackupError::ForeignSheet);
        }
        let plain = wrap::unwrap(&sheet.kem(), &info(self.backup), &self.wrap);
        let plain = plain.map_err(|_| BackupError::Damaged)?;
        let mut r = Reader::new(&plain);
        let general = General::decode(r.bytes(GENERAL_BYTES_MAX)?);
        let general = general.map_err(|_| BackupError::Damaged)?;
        let second = r.option(Reader::fixed)?.map(SecretKey::from_bytes);
        let device_name = r.text(NAME_BYTES_MAX)?.to_owned();
        r.finish()?;
        Ok(Secrets { general, second, device_name })
    }
}

/// Nothing of the practice is bound in: who restores knows no id of it yet. That the secrets are
/// those of the device is proven by the practice log that comes with them.
fn info(backup: BackupId) -> WrapInfo {
    WrapInfo {
        practice: PracticeId::from_bytes([0; 16]),
        action: WrapAction::Backup,
        subject: backup.0,
        version: 1,
        recipient: Recipient::Recovery(MemberId::from_bytes([0; 16])),
    }
}

fn recipient_hash(backup: BackupId, key: &KemPublic) -> Hash {
    let published = key.published();
    suite::hash(RECIPIENT_LABEL, &[&backup.0, published.as_bytes()])
}

fn check(bytes: &[u8]) -> Hash {
    suite::hash(CHECK_LABEL, &[bytes])
}

/// Tells what is no backup, and what a newer version wrote, from what this version reads.
fn known_magic(bytes: &[u8], magic: &[u8; 8]) -> Result<(), BackupError> {
    let Some((found, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(BackupError::NotABackup);
    };
    if found.first_chunk::<7>() != magic.first_chunk::<7>() {
        return Err(BackupError::NotABackup);
    }
    match (found == magic, rest.first()) {
        (true, Some(&SUITE_1)) => Ok(()),
        (true, None) => Err(BackupError::Damaged),
        (true | false, _) => Err(BackupError::NewerVersion),
    }
}

/// Returns the key of a backup's items and tables.
pub(in crate::device) fn key(local: &SecretKey, backup: BackupId) -> SecretKey {
    local.derive(KEY_LABEL, &[&backup.0])
}

/// Seals one piece of a segment and puts it after `mark`, which moves on.
pub(in crate::device) fn write_item(
    (key, backup): (&SecretKey, BackupId),
    mark: &mut Mark,
    (segment, offset, bytes): (u64, u64, &[u8]),
    hedge: &mut Hedge<'_>,
) -> Result<Vec<u8>, BackupError> {
    let mut plain = Writer::with_capacity(CHUNK_HEAD + bytes.len());
    plain.u64(segment).u64(offset).fixed(bytes);
    let context = item_context(backup, mark.items);
    let sealed = seal::seal(key.expose(), ITEM_LABEL, &context, plain.as_slice(), hedge);
    let sealed = sealed.map_err(|_| BackupError::Damaged)?;
    let mut w = Writer::with_capacity(ITEM_HEAD + sealed.ciphertext.len() + ITEM_TAIL);
    let length = u32::try_from(sealed.ciphertext.len()).map_err(|_| BackupError::Damaged)?;
    w.u8(CHUNK).u32(length).fixed(&sealed.salt).fixed(&sealed.ciphertext);
    mark.pass(w.as_slice());
    w.fixed(mark.chain.as_bytes());
    Ok(w.into_bytes())
}

/// Returns how long the ciphertext of an item is.
pub(in crate::device) fn item_length(head: &[u8]) -> Result<usize, BackupError> {
    let mut r = Reader::new(head);
    let (kind, length) = (r.u8()?, r.u32()?);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let sound = kind == CHUNK && (CHUNK_HEAD + TAG_LENGTH..=ITEM_BYTES_MAX).contains(&length);
    if sound { Ok(length) } else { Err(BackupError::Damaged) }
}

/// Reads a whole item, checks the chain and moves `mark` past it; opens nothing.
pub(in crate::device) fn read_item<'a>(
    bytes: &'a [u8],
    mark: &mut Mark,
) -> Result<SealedPart<'a>, BackupError> {
    let covered = bytes.len().checked_sub(ITEM_TAIL).ok_or(BackupError::Damaged)?;
    let (covered, stated) = bytes.split_at_checked(covered).ok_or(BackupError::Damaged)?;
    mark.pass(covered);
    if mark.chain.as_bytes() != stated {
        return Err(BackupError::Damaged);
    }
    let mut r = Reader::new(covered);
    r.slice(ITEM_HEAD - SALT_LENGTH)?;
    Ok(SealedPart { salt: r.fixed()?, ciphertext: r.rest() })
}

/// Opens item `number`: segment, offset, bytes.
pub(in crate::device) fn open_item(
    (key, backup): (&SecretKey, BackupId),
    number: u64,
    part: &SealedPart<'_>,
) -> Result<(u64, u64, Zeroizing<Vec<u8>>), BackupError> {
    let context = item_context(backup, number);
    let plain = seal::open(key.expose(), ITEM_LABEL, &context, &part.salt, part.ciphertext);
    let plain = plain.map_err(|_| BackupError::Foreign)?;
    let mut r = Reader::new(&plain);
    let (segment, offset) = (r.u64()?, r.u64()?);
    Ok((segment, offset, Zeroizing::new(r.rest().to_vec())))
}

fn item_context(backup: BackupId, number: u64) -> Vec<u8> {
    let mut w = Writer::new();
    w.fixed(&backup.0).u64(number).u8(CHUNK);
    w.into_bytes()
}

impl Mark {
    fn pass(&mut self, item: &[u8]) {
        self.chain = suite::hash(CHAIN_LABEL, &[self.chain.as_bytes(), item]);
        self.items = self.items.saturating_add(1);
        let length = u64::try_from(item.len() + ITEM_TAIL).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(length);
    }
}

impl KeysHead {
    fn write(&self) -> Writer {
        let mut w = Writer::new();
        w.fixed(&KEYS_MAGIC).u8(SUITE_1).fixed(&self.backup.0).u32(self.run);
        w.i64(self.time.as_millis()).u64(self.mark.length).u64(self.mark.items);
        w.fixed(self.mark.chain.as_bytes());
        w
    }

    /// Seals the tables and returns a whole file of keys.
    pub(in crate::device) fn encode(
        &self,
        key: &SecretKey,
        tables: &Tables,
        hedge: &mut Hedge<'_>,
    ) -> Result<Vec<u8>, BackupError> {
        let mut w = self.write();
        let sealed = seal::seal(key.expose(), TABLES_LABEL, w.as_slice(), &tables.encode(), hedge);
        let sealed = sealed.map_err(|_| BackupError::Damaged)?;
        w.fixed(&sealed.salt).bytes(&sealed.ciphertext);
        let check = check(w.as_slice());
        w.fixed(check.as_bytes());
        Ok(w.into_bytes())
    }

    /// Reads a file of keys; opens nothing.
    pub(in crate::device) fn decode(bytes: &[u8]) -> Result<(Self, SealedPart<'_>), BackupError> {
        known_magic(bytes, &KEYS_MAGIC)?;
        let covered = bytes.len().checked_sub(HASH_BYTES).ok_or(BackupError::Damaged)?;
        let (covered, stated) = bytes.split_at_checked(covered).ok_or(BackupError::Damaged)?;
        if check(covered).as_bytes() != stated {
            return Err(BackupError::Damaged);
        }
        let mut r = Reader::new(covered);
        r.slice(KEYS_MAGIC.len() + 1)?;
        let head = Self {
            backup: BackupId(r.fixed()?),
            run: r.u32()?,
            time: Timestamp::from_millis(r.i64()?),
            mark: Mark { length: r.u64()?, items: r.u64()?, chain: Hash::from_bytes(r.fixed()?) },
        };
        let part = SealedPart { salt: r.fixed()?, ciphertext: r.bytes(KEYS_BYTES_MAX)? };
        r.finish()?;
        Ok((head, part))
    }

    /// Opens the tables.
    pub(in crate::device) fn open(
        &self,
        key: &SecretKey,
        part: &SealedPart<'_>,
    ) -> Result<Tables, BackupError> {
        let context = self.write().into_bytes();
        let plain = seal::open(key.expose(), TABLES_LABEL, &context, &part.salt, part.ciphertext);
        Ok(Tables::decode(&plain.map_err(|_| BackupError::Foreign)?)?)
    }
}

impl Tables {
    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut w = Writer::new();
        w.u64(self.next_lsn.get());
        let segments: Vec<_> = self.segments.iter().collect();
        w.list(&segments, |w, (number, copied)| {
            w.u64(**number).u64(copied.bytes).fixed(&copied.fingerprint);
        });
        let rows: Vec<_> = self.rows.iter().collect();
        w.list(&rows, |w, (name, row)| {
            w.fixed(*name).fixed(row.as_bytes());
        });
        Zeroizing::new(w.into_bytes())
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut r = Reader::new(bytes);
        let next_lsn = Lsn::new(r.u64()?);
        let segments = r.list(ENTRIES_MAX, |r| {
            Ok((r.u64()?, Copied { bytes: r.u64()?, fingerprint: r.fixed()? }))
        })?;
        let rows = r.list(ENTRIES_MAX, |r| {
            Ok((r.fixed::<ROW_NAME_LENGTH>()?, Row::from_bytes(r.fixed::<ROW_LENGTH>()?)))
        })?;
        r.finish()?;
        let (segments, rows) = (segments.into_iter().collect(), rows.into_iter().collect());
        Ok(Self { next_lsn, segments, rows })
    }
}
