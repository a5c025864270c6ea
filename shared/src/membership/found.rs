//! How a practice begins: one clinician, one device, one sheet, and the rings that a practice of
//! one needs, so that a second person later is an entry and not a migration.

use super::action::{Action, NewRing, RingMember, Roles, Server};
use super::entry::Entry;
use super::keys::{DeviceKeys, NewMemberKey, RecoveryKeys, Wrap};
use super::rules::Invalid;
use super::state::State;
use crate::id::{MemberId, RingId, Timestamp};
use crate::suite::{Hash, SigningKey};

/// The rings of a practice of one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum SoloRing {
    /// All members.
    Everyone,
    /// Who runs the front desk.
    Office,
    /// Who keeps the money.
    Billing,
    /// Who treats this clinician's clients.
    Caseload,
    /// The member alone.
    Private,
    /// The member alone, behind a second key.
    Psychotherapy,
    /// The member and the auditors.
    Audit,
    /// Who reads audit trails.
    Auditors,
}

impl SoloRing {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Everyone,
        Self::Office,
        Self::Billing,
        Self::Caseload,
        Self::Private,
        Self::Psychotherapy,
        Self::Audit,
        Self::Auditors,
    ];

    /// Returns whether the ring belongs to its member alone for ever.
    pub fn sole(self) -> bool {
        matches!(self, Self::Private | Self::Psychotherapy)
    }

    /// Returns the ring for an entry. `name` is sealed by the caller; `wraps` carry the key whose
    /// commitment this is to the founder's member key.
    pub fn begin(
        self,
        ring: RingId,
        founder: MemberId,
        name: Vec<u8>,
        commitment: Hash,
        wraps: Vec<Wrap>,
    ) -> NewRing {
        let members = vec![RingMember { member: founder, manager: true }];
        NewRing { ring, sole: self.sole(), name, commitment, members, wraps }
    }
}

/// Everything that a founder brings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Founder {
    /// The founder.
    pub member: MemberId,
    /// Name, sealed under `everyone`.
    pub profile: Vec<u8>,
    /// The first device, proven for practice zero.
    pub device: DeviceKeys,
    /// The device's name, sealed under `everyone`.
    pub device_info: Vec<u8>,
    /// The sheet, which vouches for the device.
    pub recovery: RecoveryKeys,
    /// Generation 1, wrapped to the device and the sheet.
    pub member_key: NewMemberKey,
    /// In any order.
    pub rings: Vec<NewRing>,
    /// `None` for a practice that begins without a server.
    pub server: Option<Server>,
}

/// Makes the genesis entry. The practice's id is [`Entry::founded_practice`].
pub fn found(founder: Founder, time: Timestamp, key: &SigningKey) -> Result<Entry, Invalid> {
    let mut rings = founder.rings;
    rings.sort_by_key(|ring| ring.ring);
    let action = Action::Found {
        member: founder.member,
        roles: Roles::OWNER.and(Roles::CLINICIAN),
        profile: founder.profile,
        device: founder.device,
        device_info: founder.device_info,
        recovery: founder.recovery,
        member_key: founder.member_key,
        rings,
        server: founder.server,
    };
    State::propose_genesis(action, time, key)
}
