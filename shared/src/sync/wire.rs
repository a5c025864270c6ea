//! The frames of the link: a closed list of messages, each with one canonical form and a limit on
//! every field. Nothing here decides anything; an unknown type or a byte too many is an error.

use super::head::SignedHead;
use super::refusal::{Refusal, RefusalCode};
use super::run::Run;
use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{Kind, PracticeHead};
use crate::id::{
    CompartmentId, DevSeq, DeviceId, Global, MemberId, ObjectId, Position, PracticeId, PracticeSeq,
    ServerEpoch, Timestamp,
};
use crate::log::{LogHead, OwnHead, ShortReceipt};
use crate::membership::LostRange;
use crate::suite::{self, Hash, Signature, SigningKey, VerifyingKey};

/// The versions of this protocol that this program speaks.
pub const VERSIONS: (u8, u8) = (1, 1);
/// Bytes of one message at most, its type included.
pub const MAX_MESSAGE: usize = (1 << 20) + 4096;
/// Bytes of a message on a link that is not authenticated yet.
pub const MAX_MESSAGE_BEFORE_HELLO: usize = 48 * 1024;
/// Bytes of envelopes in one push, or in one message of a pull, before the next begins.
pub const MAX_GROUP: usize = 256 * 1024;
/// Envelopes in one push at most.
pub const MAX_ENVELOPES: usize = 1024;
/// Logs, devices, rows or positions in one request at most.
pub const MAX_ITEMS: usize = 1024;
/// Places or lost ranges of a refilling in one message at most.
pub const MAX_PLACES: usize = 4096;
/// Bytes of a row's name.
pub const ROW_NAME_LENGTH: usize = 41;
/// Bytes of a row at most; only wraps come near.
pub const MAX_ROW: usize = 68 * 1024;
/// Bytes of a mailbox message at most.
pub const MAX_MAIL: usize = 4096;
/// Bytes of a token that admits a new practice.
pub const MAX_TOKEN: usize = 64;
/// Type numbers kept for sealed files beside the log: put, get, part.
pub const BLOB_TYPES: [u8; 3] = [40, 41, 42];

/// The name of a row: table1 holder16 holder_version4 id16 version4.
///
/// Tables: 1 safe, 2 second safe, 3 slots, 4 drafts, 5 wraps (holder and id are the two halves of
/// the wrap's hash, versions zero), 6 second secret for a sheet (versions zero).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RowKey(pub [u8; ROW_NAME_LENGTH]);

impl RowKey {
    /// The key under which a wrap with this hash lies.
    pub fn of_wrap(hash: Hash) -> Self {
        let mut w = Writer::new();
        let (first, second) = hash.as_bytes().split_at(16);
        w.u8(5).fixed(first).u32(0).fixed(second).u32(0);
        let mut name = [0; ROW_NAME_LENGTH];
        name.iter_mut().zip(w.as_slice()).for_each(|(to, from)| *to = *from);
        Self(name)
    }

    /// The key under which a member's second secret lies for the sheet that signs with `sig`.
    pub fn of_sheet(member: MemberId, sig: &VerifyingKey) -> Self {
        let sheet: [u8; 16] =
            suite::hash("tac/recovery/row-name/v1", &[sig.as_bytes()]).truncated();
        let mut w = Writer::new();
        w.u8(6).fixed(member.as_bytes()).u32(0).fixed(&sheet).u32(0);
        let mut name = [0; ROW_NAME_LENGTH];
        name.iter_mut().zip(w.as_slice()).for_each(|(to, from)| *to = *from);
        Self(name)
    }

    /// Returns what the name consists of.
    pub fn parts(&self) -> Result<RowParts, CodecError> {
        let mut r = Reader::new(&self.0);
        Ok(RowParts {
            table: r.u8()?,
            holder: r.fixed()?,
            holder_version: r.u32()?,
            id: r.fixed()?,
            version: r.u32()?,
        })
    }
}

/// What the name of a row consists of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RowParts {
    /// 1 safe, 2 second safe, 3 slots, 4 drafts, 5 wraps, 6 sheets.
    pub table: u8,
    /// Whose key seals it: a member, a ring, a compartment.
    pub holder: [u8; 16],
    /// The generation or epoch of that key.
    pub holder_version: u32,
    /// Whose key is sealed: a ring, a compartment, a draft.
    pub id: [u8; 16],
    /// Its epoch or generation.
    pub version: u32,
}

/// A named row: a sealed key, or a wrap.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// Its name; a row is written once.
    pub key: RowKey,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// What the server allows a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of envelopes in one push.
    pub group_bytes: u32,
    /// Bytes that may be pushed in one minute.
    pub bytes_per_minute: u64,
    /// Whether a first upload, first sync or re-seed may go faster than that.
    pub bulk: bool,
}

/// The server's signed word on when it took an entry of the practice log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PracticeReceipt {
    /// The entry.
    pub head: PracticeHead,
    /// The server's clock.
    pub received: Timestamp,
    /// Over practice, server epoch, head and time.
    pub signature: Signature,
}

impl PracticeReceipt {
    /// Signs.
    pub fn sign(
        practice: PracticeId,
        head: PracticeHead,
        received: Timestamp,
        key: &SigningKey,
    ) -> Self {
        let digest = Self::digest(practice, head, received);
        let signature = key.sign("tac/practice/receipt/v1", &[digest.as_bytes()]);
        Self { head, received, signature }
    }

    /// Returns whether the server with this key signed it for this practice.
    pub fn is_signed_by(&self, practice: PracticeId, server: &VerifyingKey) -> bool {
        let digest = Self::digest(practice, self.head, self.received);
        server.verify("tac/practice/receipt/v1", &[digest.as_bytes()], &self.signature)
    }

    fn digest(practice: PracticeId, head: PracticeHead, received: Timestamp) -> Hash {
        suite::hash(
            "tac/practice/receipt/body/v1",
            &[
                practice.as_bytes(),
                &head.seq.get().to_be_bytes(),
                head.hash.as_bytes(),
                &received.as_millis().to_be_bytes(),
            ],
        )
    }

    /// Writes seq4 hash32 time8 signature64.
    pub fn write(&self, w: &mut Writer) {
        write_practice_head(w, self.head);
        w.i64(self.received.as_millis()).fixed(self.signature.as_bytes());
    }

    /// Reads what [`PracticeReceipt::write`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            head: read_practice_head(r)?,
            received: Timestamp::from_millis(r.i64()?),
            signature: Signature::from_bytes(r.fixed()?),
        })
    }
}

/// An entry of the practice log as it is delivered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeliveredEntry {
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// When the server took it.
    pub receipt: PracticeReceipt,
}

/// What became of one pushed envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It stands in its log.
    Placed(ShortReceipt),
    /// It was refused, but its number is used up; the receipt is about the own chain only.
    Refused {
        /// Why.
        code: RefusalCode,
        /// The device's own head with it.
        receipt: ShortReceipt,
    },
    /// It was not taken at all; nor were those after it in the same push.
    Rejected {
        /// Why.
        code: RefusalCode,
        /// The device's own head as the server has it.
        have: OwnHead,
    },
}

/// A signed word of a device that it has shown a log up to here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// The device.
    pub device: DeviceId,
    /// The log.
    pub log: CompartmentId,
    /// How far.
    pub head: LogHead,
    /// The device's clock.
    pub time: Timestamp,
    /// The device's.
    pub signature: Signature,
}

impl Seen {
    /// Signs.
    pub fn sign(
        device: DeviceId,
        log: CompartmentId,
        head: LogHead,
        time: Timestamp,
        key: &SigningKey,
    ) -> Self {
        let mut seen = Self { device, log, head, time, signature: Signature::from_bytes([0; 64]) };
        seen.signature = key.sign("tac/seen/v1", &[&seen.body()]);
        seen
    }

    /// Returns whether `key` signed it.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.verify("tac/seen/v1", &[&self.body()], &self.signature)
    }

    fn body(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.fixed(self.device.as_bytes()).fixed(self.log.as_bytes());
        write_log_head(&mut w, self.head);
        w.i64(self.time.as_millis());
        w.into_bytes()
    }
}

/// The word of a recovery sheet that a link is its own. It opens the practice log, the rows and
/// the door for entries that the sheet signs, and nothing else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Recover {
    /// The sheet's public key, by which the server finds practice and member.
    pub sheet: VerifyingKey,
    /// The sheet's clock; the server refuses words older than ten minutes.
    pub time: Timestamp,
    /// Over the key of the link, the server's key and the time.
    pub signature: Signature,
}

/// How far the clocks of a sheet's computer and of the server may differ.
pub const RECOVER_MILLIS: i64 = 10 * 60 * 1000;

impl Recover {
    /// Signs for a link between these two keys.
    pub fn sign(
        sheet: &SigningKey,
        tls: &VerifyingKey,
        server: &VerifyingKey,
        time: Timestamp,
    ) -> Self {
        let millis = time.as_millis().to_be_bytes();
        let fields: [&[u8]; 3] = [tls.as_bytes(), server.as_bytes(), &millis];
        let signature = sheet.sign("tac/recover/v1", &fields);
        Self { sheet: sheet.verifying(), time, signature }
    }

    /// Returns whether the sheet signed it for a link between these two keys, at about this time.
    pub fn holds(&self, tls: &VerifyingKey, server: &VerifyingKey, now: Timestamp) -> bool {
        let millis = self.time.as_millis().to_be_bytes();
        let fields: [&[u8]; 3] = [tls.as_bytes(), server.as_bytes(), &millis];
        let fresh = now.millis_since(self.time).unsigned_abs() <= RECOVER_MILLIS.unsigned_abs();
        fresh && self.sheet.verify("tac/recover/v1", &fields, &self.signature)
    }
}

/// Entries of one log, in order and without a gap.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entries {
    /// The log.
    pub log: CompartmentId,
    /// The position before the first of them.
    pub after: Position,
    /// The envelopes, by runs of one author.
    pub runs: Vec<Run>,
    /// The head that the log has with the last of them.
    pub head: LogHead,
    /// The server's count with the last of them.
    pub g: Global,
}

/// How far a server is with being refilled, as `Reseed` has to say it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefillState {
    /// The life of its files that begins.
    pub server_epoch: ServerEpoch,
    /// What nobody has given, though somebody knows that it existed, ascending.
    pub lost: Vec<LostRange>,
    /// Active devices that have not given what they hold, ascending.
    pub missing: Vec<DeviceId>,
}

/// Which object beside a log is meant.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ObjectKey {
    /// The compartment; for a checkpoint, the ring.
    pub compartment: CompartmentId,
    /// Snapshot, pack or checkpoint.
    pub kind: Kind,
    /// The document of a snapshot; of a pack, after which position it begins; of a checkpoint,
    /// whether it is full.
    pub object: ObjectId,
    /// The device of a checkpoint; zero else.
    pub device: DeviceId,
}

impl ObjectKey {
    /// Returns the object of a pack whose first entry follows this position: position8 zeros8.
    pub fn pack_after(after: Position) -> ObjectId {
        let [a, b, c, d, e, f, g, h] = after.get().to_be_bytes();
        ObjectId::from_bytes([a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    /// Returns the position before the first entry of the pack with this object.
    pub fn after_of_pack(object: ObjectId) -> Option<Position> {
        let [a, b, c, d, e, f, g, h, zeros @ ..] = *object.as_bytes();
        let after = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        (zeros == [0; 8]).then_some(Position::new(after))
    }
}

/// One message. Who may send it, and when, is in the module above.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// 1: the device begins.
    Hello {
        /// The practice.
        practice: PracticeId,
        /// Who it claims to be; the key of the link must be that device's.
        device: DeviceId,
        /// The lowest and highest version that it speaks.
        versions: (u8, u8),
    },
    /// 2: the server answers.
    Welcome {
        /// The version in use.
        version: u8,
        /// The life of the server's files.
        server_epoch: ServerEpoch,
        /// Everything that it took for the practice.
        g: Global,
        /// The practice log's head.
        practice_head: PracticeHead,
        /// The device's own head in its newest incarnation that the server has seen.
        own: OwnHead,
        /// What is allowed.
        limits: Limits,
        /// Whether its files were lost or restored and are being filled again from the devices.
        refilling: bool,
        /// The server's clock.
        time: Timestamp,
    },
    /// 3: a practice comes to this server.
    Found {
        /// What admits it.
        token: Vec<u8>,
        /// The practice log so far, genesis first.
        entries: Vec<Vec<u8>>,
    },
    /// 4: done; for requests whose answer says no more.
    Taken,
    /// 5: refused, for the whole request.
    Refused(Refusal),
    /// 6: a recovery sheet begins, on a link whose key is that of no device yet.
    Recover(Recover),
    /// 10: envelopes, in the order of the device's own chain, with their rows.
    Push {
        /// Runs of one log each.
        runs: Vec<Run>,
        /// Rows of the slots and drafts in it, journalled in the same group.
        rows: Vec<Row>,
    },
    /// 11: what became of each, in order.
    Pushed(Vec<Outcome>),
    /// 12: the next entry of the practice log.
    PracticeAppend {
        /// The entry's bytes.
        entry: Vec<u8>,
        /// Its wraps, and a safe if it cites one.
        rows: Vec<Row>,
    },
    /// 13: it was taken.
    PracticeAppended(PracticeReceipt),
    /// 14: the practice log from here on.
    PracticePull {
        /// The first wanted entry.
        from: PracticeSeq,
    },
    /// 15: a part of it; the last has `more` clear. Also sent on the live stream.
    PracticeEntries {
        /// In order.
        entries: Vec<DeliveredEntry>,
        /// Whether more follow in another message.
        more: bool,
    },
    /// 16: the heads of these devices, whose appends are then held for two seconds.
    DeviceHead(Vec<DeviceId>),
    /// 17: the server's signed word on each, with what the device signed there.
    DeviceHeads(Vec<SignedHead>),
    /// 18: which logs changed after this count?
    Changes {
        /// The device's cursor.
        since: Global,
    },
    /// 19: these; the last part has `more` clear.
    Changed {
        /// The server's count.
        g: Global,
        /// Logs that the device may read, with their heads.
        logs: Vec<(CompartmentId, LogHead)>,
        /// Whether more follow in another message.
        more: bool,
    },
    /// 20: entries of these logs after these positions, in this order, packed where there is a pack.
    PullMany(Vec<(CompartmentId, Position)>),
    /// 21: some of them. Also sent on the live stream.
    Entries(Entries),
    /// 22: entries in full form, to tell a fork from a forgery from damage.
    WantFull {
        /// The log.
        log: CompartmentId,
        /// Which.
        positions: Vec<Position>,
    },
    /// 23: full forms.
    Full {
        /// The log.
        log: CompartmentId,
        /// Each with its position.
        entries: Vec<(Position, Vec<u8>)>,
    },
    /// 24: the envelope hashes of a device's own chain.
    OwnChain {
        /// Whose.
        device: DeviceId,
        /// After this head.
        after: OwnHead,
        /// Up to this number.
        to: DevSeq,
    },
    /// 25: the hashes, in order.
    OwnHashes(Vec<Hash>),
    /// 26: rows to keep.
    RowsPut(Vec<Row>),
    /// 27: rows to read.
    RowsGet(Vec<RowKey>),
    /// 28: rows in the order asked, over as many messages as they need; `None` for those that are
    /// not there.
    Rows(Vec<Option<Vec<u8>>>),
    /// 29: a pack or a checkpoint.
    ObjectPut(Vec<u8>),
    /// 30: the objects beside these logs, or checkpoints of these rings.
    ObjectsGet(Vec<CompartmentId>),
    /// 31: envelopes.
    Objects(Vec<Vec<u8>>),
    /// 32: old entries of logs for a server that is being refilled, each stretch from its head on.
    Fill(Vec<Entries>),
    /// 33: the heads of these logs now.
    Filled(Vec<(CompartmentId, LogHead)>),
    /// 34: old entries of the practice log, with the word of a server that it took them.
    FillPractice(Vec<DeliveredEntry>),
    /// 35: old envelopes of this device that had been refused: their numbers are used up.
    FillRefused(Vec<Vec<u8>>),
    /// 36: this device has given all that it holds. It names places of envelopes that it holds or
    /// knows of, and of which something before is missing.
    Given(Vec<(CompartmentId, Position)>),
    /// 37: how far the refilling is.
    Refill(RefillState),
    /// 38: old envelopes, also of others, which a refilled server did not get in time.
    Bring {
        /// Runs of one log each.
        runs: Vec<Run>,
        /// Rows of the slots and drafts in it.
        rows: Vec<Row>,
    },
    /// 39: the same, but entry by entry: a pack did not lead to them.
    PullEntries(Vec<(CompartmentId, Position)>),
    /// 43: entries of a log after a position, in one pack.
    Packed {
        /// The log.
        log: CompartmentId,
        /// The position before its first entry.
        after: Position,
        /// The head that the log has with the last of them, which the pack must lead to.
        head: LogHead,
        /// The envelope of kind pack.
        envelope: Vec<u8>,
    },
    /// 50: a message for a mailbox.
    MailboxPut {
        /// Which.
        mailbox: u64,
        /// Its number in the mailbox, from 0.
        number: u8,
        /// What.
        mail: Vec<u8>,
    },
    /// 51: what lies in a mailbox from this number on.
    MailboxGet {
        /// Which.
        mailbox: u64,
        /// From here.
        from: u8,
    },
    /// 52: that, in order.
    Mail(Vec<Vec<u8>>),
    /// 60: presence, to live subscribers, both ways.
    Ephemeral(Vec<u8>),
    /// 61: a device has shown a log, both ways.
    Seen(Seen),
    /// 62: the live stream was too slow; ask for changes.
    Behind,
}

pub(super) fn write_practice_head(w: &mut Writer, head: PracticeHead) {
    w.u32(head.seq.get()).fixed(head.hash.as_bytes());
}

pub(super) fn read_practice_head(r: &mut Reader<'_>) -> Result<PracticeHead, CodecError> {
    Ok(PracticeHead { seq: PracticeSeq::new(r.u32()?), hash: Hash::from_bytes(r.fixed()?) })
}

pub(super) fn write_log_head(w: &mut Writer, head: LogHead) {
    w.u64(head.position.get()).fixed(head.chain.as_bytes());
}

pub(super) fn read_log_head(r: &mut Reader<'_>) -> Result<LogHead, CodecError> {
    Ok(LogHead { position: Position::new(r.u64()?), chain: Hash::from_bytes(r.fixed()?) })
}
