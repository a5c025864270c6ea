//! What an entry of the practice log can do. Who may do it is in the rules; how it is written is
//! in the encoding.

use super::keys::{DeviceKeys, NewMemberKey, RecoveryKeys, Wrap};
use crate::id::{
    CompartmentId, DeviceId, MemberId, Position, PracticeSeq, RingEpoch, RingId, ServerEpoch,
    Timestamp,
};
use crate::log::{OwnHead, Receipt};
use crate::suite::{Hash, VerifyingKey};

/// What a member is trusted with, as bits; bits of newer versions are kept. Only `OWNER` means
/// something to the practice log.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Roles(u16);

impl Roles {
    /// Adds and removes members, revokes devices of others, names the server.
    pub const OWNER: Self = Self(1);
    /// Treats clients.
    pub const CLINICIAN: Self = Self(2);
    /// Keeps the calendar and contacts.
    pub const OFFICE: Self = Self(4);
    /// Keeps the money.
    pub const BILLING: Self = Self(8);
    /// Supervises clinicians.
    pub const SUPERVISOR: Self = Self(16);
    /// Reads audit trails.
    pub const AUDITOR: Self = Self(32);

    /// Takes the bits as they are.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Returns the bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Returns both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether everything in `other` is in here too.
    pub const fn include(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Where a device's envelopes end to count.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Cut {
    /// The device.
    pub device: DeviceId,
    /// The last envelope that counts.
    pub head: OwnHead,
}

/// The server of a practice, as an owner has named it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Server {
    /// Where it is reached: `host:port`, best first.
    pub addresses: Vec<String>,
    /// What it signs receipts with.
    pub key: VerifyingKey,
    /// The life of its files.
    pub server_epoch: ServerEpoch,
}

/// A member of a ring.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RingMember {
    /// Who.
    pub member: MemberId,
    /// Whether this member adds and removes others.
    pub manager: bool,
}

/// A ring at its beginning, in epoch 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewRing {
    /// Its id.
    pub ring: RingId,
    /// Whether it belongs to one member alone for ever; not even an owner can add another.
    pub sole: bool,
    /// Name and kind, sealed under `everyone`.
    pub name: Vec<u8>,
    /// Commitment to the key of epoch 1.
    pub commitment: Hash,
    /// Ascending by member.
    pub members: Vec<RingMember>,
    /// The key of epoch 1, to every member, ascending.
    pub wraps: Vec<Wrap>,
}

/// How much of a ring's past a new member may read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum History {
    /// All epochs.
    All,
    /// From this epoch on, which must be the current one.
    From(RingEpoch),
}

/// A range of positions that nobody has any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LostRange {
    /// The log.
    pub log: CompartmentId,
    /// The first lost position.
    pub from: Position,
    /// The last lost position.
    pub to: Position,
}

/// What stands in for lost envelopes of one log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReseedBase {
    /// The log.
    pub log: CompartmentId,
    /// Everything up to here is in the base.
    pub position: Position,
    /// Hash of the pack or snapshot.
    pub hash: Hash,
}

/// What an entry does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// 1: the practice begins.
    Found {
        /// The founder.
        member: MemberId,
        /// Must include `OWNER`.
        roles: Roles,
        /// The founder's name, sealed under `everyone`.
        profile: Vec<u8>,
        /// The first device, proven for practice zero.
        device: DeviceKeys,
        /// The device's name, sealed under `everyone`.
        device_info: Vec<u8>,
        /// The founder's sheet, which vouches for the device.
        recovery: RecoveryKeys,
        /// Generation 1.
        member_key: NewMemberKey,
        /// The first rings, ascending.
        rings: Vec<NewRing>,
        /// `None` for a practice that begins without a server.
        server: Option<Server>,
    },
    /// 2: a person joins, with a first device and a sheet that have signed.
    AddMember {
        /// The new member.
        member: MemberId,
        /// What for.
        roles: Roles,
        /// Name, sealed under `everyone`.
        profile: Vec<u8>,
        /// The first device.
        device: DeviceKeys,
        /// The device's name, sealed under `everyone`.
        device_info: Vec<u8>,
        /// The sheet, which vouches for the device.
        recovery: RecoveryKeys,
        /// Generation 1.
        member_key: NewMemberKey,
    },
    /// 3: a member's roles from here on.
    SetRoles {
        /// Whose.
        member: MemberId,
        /// All of them.
        roles: Roles,
    },
    /// 4: a person leaves.
    RemoveMember {
        /// Who.
        member: MemberId,
        /// One for each of the member's active devices, ascending.
        cuts: Vec<Cut>,
    },
    /// 5: another server, or another key or address.
    SetServer {
        /// The server from here on.
        server: Server,
        /// Since when receipts of the old key prove nothing.
        old_key_compromised_since: Option<Timestamp>,
    },
    /// 6: the lowest suite for what is written from here on.
    SetSuite(u8),
    /// 7: the lowest version of a program that may write.
    SetMinimumWriter(u16),
    /// 8: another device of a member.
    AddDevice {
        /// Whose.
        member: MemberId,
        /// Its keys, proven.
        device: DeviceKeys,
        /// Its name, sealed under `everyone`.
        device_info: Vec<u8>,
        /// The member key, to the new device; empty if a new member key is carried.
        wraps: Vec<Wrap>,
        /// Required while the member key is retired.
        member_key: Option<NewMemberKey>,
    },
    /// 9: a member's next key.
    RotateMemberKey {
        /// Whose.
        member: MemberId,
        /// The key.
        member_key: NewMemberKey,
    },
    /// 10: another sheet, by the old sheet.
    ReplaceRecovery {
        /// Whose.
        member: MemberId,
        /// The new sheet.
        recovery: RecoveryKeys,
        /// The member key, to the new sheet; empty if retired or if a new one is carried.
        wraps: Vec<Wrap>,
        /// Carried when the old sheet is compromised.
        member_key: Option<NewMemberKey>,
    },
    /// 11: another sheet, without the old one: a device asks.
    RequestRecovery {
        /// Whose.
        member: MemberId,
        /// The new sheet.
        recovery: RecoveryKeys,
    },
    /// 12: another device completes the request, at least seven days later.
    CompleteRecovery {
        /// Whose.
        member: MemberId,
        /// The request.
        request: PracticeSeq,
        /// The member key, to the new sheet; empty if retired.
        wraps: Vec<Wrap>,
    },
    /// 13: any device of the member, or the old sheet, forbids it.
    VetoRecovery {
        /// Whose.
        member: MemberId,
        /// The request.
        request: PracticeSeq,
    },
    /// 14: devices of one member are out; the member key is retired with it.
    RevokeDevice {
        /// Whose.
        member: MemberId,
        /// The devices, each with its cut, ascending.
        cuts: Vec<Cut>,
        /// Devices that a revoked one added, and that stay all the same, ascending.
        kept: Vec<DeviceId>,
        /// From when on what these devices signed is disputed, by receipt time.
        suspect_since: Option<Timestamp>,
        /// Always carried by a member's own device; never by an owner for another.
        member_key: Option<NewMemberKey>,
    },
    /// 15: the signing device begins its next incarnation.
    Incarnate {
        /// The end of the previous one, as receipted.
        end: OwnHead,
    },
    /// 16: a ring begins.
    RingCreate(NewRing),
    /// 17: a member joins a ring.
    RingAdd {
        /// The ring.
        ring: RingId,
        /// Who.
        member: RingMember,
        /// How much of its past.
        history: History,
        /// The keys of those epochs, in one message to each recipient, ascending.
        wraps: Vec<Wrap>,
    },
    /// 18: a member leaves a ring.
    RingRemove {
        /// The ring.
        ring: RingId,
        /// Who.
        member: MemberId,
        /// One for each of the member's active devices, ascending.
        cuts: Vec<Cut>,
    },
    /// 19: a ring's next key.
    Rekey {
        /// The ring.
        ring: RingId,
        /// One more than the last.
        epoch: RingEpoch,
        /// Commitment to the key.
        commitment: Hash,
        /// The key, to every member, ascending.
        wraps: Vec<Wrap>,
    },
    /// 20: lost or bad wraps again, to those who are entitled.
    Rewrap {
        /// The ring.
        ring: RingId,
        /// Which epochs are in the message, ascending.
        epochs: Vec<RingEpoch>,
        /// The message, to each recipient, ascending.
        wraps: Vec<Wrap>,
    },
    /// 21: a cut that was too short.
    ExtendCut {
        /// The longer cut.
        cut: Cut,
        /// The server's receipts; one of them is about the very end.
        receipts: Vec<Receipt>,
    },
    /// 22: a server whose files were lost or restored is whole again.
    Reseed {
        /// The life that ended.
        old: ServerEpoch,
        /// The life that begins.
        new: ServerEpoch,
        /// What stands in for lost envelopes.
        bases: Vec<ReseedBase>,
        /// What nobody has any more.
        lost: Vec<LostRange>,
        /// Active devices that have not taken part.
        missing: Vec<DeviceId>,
    },
    /// 23: of two branches of the practice log, the other one ends.
    Abandon {
        /// The last entry that both have.
        from: PracticeSeq,
        /// The head of the abandoned branch.
        head: Hash,
        /// Its revocations, which stay in force, ascending.
        revoked: Vec<Cut>,
        /// Its removals, which stay in force, ascending.
        removed: Vec<MemberId>,
    },
    /// 24: custodians open what its members cannot; no version has custodians yet.
    BreakGlass(Vec<u8>),
    /// An action of a newer version. Replay stops here: "update needed".
    Newer {
        /// Its number.
        number: u16,
        /// Its body as it is.
        body: Vec<u8>,
    },
}
