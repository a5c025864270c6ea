//! Which rings a practice has, and through which of them a compartment is read.
//!
//! "Minimum necessary" (45 CFR 164.502(b)) is this table: whoever lacks the ring lacks the key.

use super::compartment::CompartmentName;
use crate::codec::{CodecError, Reader, Writer};
use crate::id::MemberId;

/// What a ring is for. Sealed under `Everyone`; the server sees ids only.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RingPurpose {
    /// Every member.
    Everyone,
    /// The front desk.
    Office,
    /// Those who bill.
    Billing,
    /// Those who treat a clinician's clients with them.
    Caseload(MemberId),
    /// One member alone.
    Private(MemberId),
    /// The author of psychotherapy notes alone, behind a second secret.
    Psychotherapy(MemberId),
    /// One member's audit trail: that member.
    Audit(MemberId),
    /// Those who read audit trails.
    Auditors,
}

impl RingPurpose {
    /// The rings that a practice of one person begins with.
    pub const fn of_solo_practice(member: MemberId) -> [Self; 8] {
        [
            Self::Everyone,
            Self::Office,
            Self::Billing,
            Self::Caseload(member),
            Self::Private(member),
            Self::Psychotherapy(member),
            Self::Audit(member),
            Self::Auditors,
        ]
    }

    /// Returns the rings through which `compartment` is read, when `author` makes it.
    pub fn of_compartment(compartment: &CompartmentName, author: MemberId) -> Vec<Self> {
        match compartment {
            CompartmentName::Practice => vec![Self::Everyone],
            CompartmentName::Calendar { clinician, .. } | CompartmentName::Series(clinician) => {
                vec![Self::Office, Self::Caseload(*clinician)]
            }
            CompartmentName::Contact(_) => vec![Self::Office, Self::Caseload(author)],
            CompartmentName::Identity(_) | CompartmentName::Billing(_) => {
                vec![Self::Billing, Self::Caseload(author)]
            }
            CompartmentName::Chart(_)
            | CompartmentName::SubstanceUse(_)
            | CompartmentName::Journal(_)
            | CompartmentName::Attachments(_)
            | CompartmentName::Group(_) => vec![Self::Caseload(author)],
            CompartmentName::Psychotherapy { author, .. } => vec![Self::Psychotherapy(*author)],
            CompartmentName::Audit(member) => vec![Self::Audit(*member), Self::Auditors],
            CompartmentName::Personal(member) => vec![Self::Private(*member)],
            // What this version does not know is nobody else's business.
            CompartmentName::Unknown { .. } => vec![Self::Private(author)],
        }
    }

    /// Returns whether its key lies behind the member's second secret.
    pub const fn is_behind_second_secret(self) -> bool {
        matches!(self, Self::Psychotherapy(_))
    }

    /// Returns whether it can never have a second member.
    pub const fn is_sole(self) -> bool {
        matches!(self, Self::Private(_) | Self::Psychotherapy(_))
    }

    /// Returns the canonical bytes.
    pub fn encode(self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Everyone => writer.u8(1),
            Self::Office => writer.u8(2),
            Self::Billing => writer.u8(3),
            Self::Caseload(member) => writer.u8(4).fixed(member.as_bytes()),
            Self::Private(member) => writer.u8(5).fixed(member.as_bytes()),
            Self::Psychotherapy(member) => writer.u8(6).fixed(member.as_bytes()),
            Self::Audit(member) => writer.u8(7).fixed(member.as_bytes()),
            Self::Auditors => writer.u8(8),
        };
        writer.into_bytes()
    }

    /// Reads canonical bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8()?;
        let mut member = || reader.fixed().map(MemberId::from_bytes);
        let purpose = match kind {
            1 => Self::Everyone,
            2 => Self::Office,
            3 => Self::Billing,
            4 => Self::Caseload(member()?),
            5 => Self::Private(member()?),
            6 => Self::Psychotherapy(member()?),
            7 => Self::Audit(member()?),
            8 => Self::Auditors,
            _ => return Err(CodecError::Unknown),
        };
        reader.finish()?;
        Ok(purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ClientId;

    #[test]
    fn a_front_desk_has_no_ring_of_a_note() {
        let author = MemberId::from_bytes([1; 16]);
        let client = ClientId::from_bytes([2; 16]);
        let desk = [RingPurpose::Everyone, RingPurpose::Office, RingPurpose::Billing];
        for clinical in [
            CompartmentName::Chart(client),
            CompartmentName::Psychotherapy { client, author },
            CompartmentName::SubstanceUse(client),
            CompartmentName::Journal(client),
            CompartmentName::Attachments(client),
            CompartmentName::Unknown { kind: 99, subject: Vec::new() },
        ] {
            let rings = RingPurpose::of_compartment(&clinical, author);
            assert!(rings.iter().all(|ring| !desk.contains(ring)), "{clinical:?}");
        }
        let contact = RingPurpose::of_compartment(&CompartmentName::Contact(client), author);
        assert!(contact.contains(&RingPurpose::Office));
    }

    #[test]
    fn a_purpose_reads_back() {
        for purpose in RingPurpose::of_solo_practice(MemberId::from_bytes([3; 16])) {
            assert_eq!(RingPurpose::decode(&purpose.encode()), Ok(purpose));
        }
    }
}
