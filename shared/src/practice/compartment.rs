//! The names of compartments: what is kept together, opened together and erased together.
//!
//! A name is sealed; the server knows a compartment only by its random id. The kinds are an open
//! registry: a kind that this version does not know is stored and passed on untouched.

use super::group::is_subject;
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, MemberId, ObjectId};

/// A kind and its subject.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum CompartmentName {
    /// Settings and templates of the practice, and the names of members.
    Practice,
    /// The appointments of one clinician that were *made* in one quarter, wherever they moved.
    Calendar {
        /// Whose calendar.
        clinician: MemberId,
        /// When the appointments were made.
        quarter: Quarter,
    },
    /// The recurring series of one clinician.
    Series(MemberId),
    /// Name, code, safe contact: what a front desk needs.
    Contact(ClientId),
    /// Legal name, date of birth, address, guardians.
    Identity(ClientId),
    /// Notes, plans, measures.
    Chart(ClientId),
    /// Psychotherapy notes of one author (45 CFR 164.501).
    Psychotherapy {
        /// About whom.
        client: ClientId,
        /// By whom.
        author: MemberId,
    },
    /// Substance use records (42 CFR Part 2).
    SubstanceUse(ClientId),
    /// What the client wrote.
    Journal(ClientId),
    /// Charges, invoices, payments.
    Billing(ClientId),
    /// A couple, a family or a group.
    Group(ObjectId),
    /// The audit trail of one member.
    Audit(MemberId),
    /// One member's own settings.
    Personal(MemberId),
    /// Files in a client's chart.
    Attachments(ClientId),
    /// A kind from a newer version.
    Unknown {
        /// Its number.
        kind: u16,
        /// Its subject, as it was written.
        subject: Vec<u8>,
    },
}

/// A quarter of a year.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Quarter {
    /// For example 2026.
    pub year: i16,
    /// 1 to 4.
    pub quarter: u8,
}

impl Quarter {
    /// Returns the quarter that holds `date`.
    pub fn of(date: jiff::civil::Date) -> Self {
        let month = date.month().unsigned_abs();
        Self { year: date.year(), quarter: month.saturating_sub(1) / 3 + 1 }
    }
}

/// The longest subject that an unknown kind may have.
const SUBJECT_BYTES_MAX: usize = 256;

impl CompartmentName {
    /// Returns the number of the kind in the registry.
    pub const fn kind(&self) -> u16 {
        match self {
            Self::Practice => 1,
            Self::Calendar { .. } => 2,
            Self::Series(_) => 3,
            Self::Contact(_) => 4,
            Self::Identity(_) => 5,
            Self::Chart(_) => 6,
            Self::Psychotherapy { .. } => 7,
            Self::SubstanceUse(_) => 8,
            Self::Journal(_) => 9,
            Self::Billing(_) => 10,
            Self::Group(_) => 11,
            Self::Audit(_) => 12,
            Self::Personal(_) => 13,
            Self::Attachments(_) => 14,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// Returns the canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut subject = Writer::new();
        match self {
            Self::Practice => {}
            Self::Calendar { clinician, quarter } => {
                subject.fixed(clinician.as_bytes());
                subject.u16(quarter.year.cast_unsigned()).u8(quarter.quarter);
            }
            Self::Series(member) | Self::Audit(member) | Self::Personal(member) => {
                subject.fixed(member.as_bytes());
            }
            Self::Contact(client)
            | Self::Identity(client)
            | Self::Chart(client)
            | Self::SubstanceUse(client)
            | Self::Journal(client)
            | Self::Billing(client)
            | Self::Attachments(client) => {
                subject.fixed(client.as_bytes());
            }
            Self::Psychotherapy { client, author } => {
                subject.fixed(client.as_bytes()).fixed(author.as_bytes());
            }
            Self::Group(group) => {
                subject.fixed(group.as_bytes());
            }
            Self::Unknown { subject: bytes, .. } => {
                subject.fixed(bytes);
            }
        }
        let mut writer = Writer::new();
        writer.u16(self.kind()).bytes(subject.as_slice());
        writer.into_bytes()
    }

    /// Reads canonical bytes. A known kind with a malformed subject is refused; an unknown kind
    /// is kept as it is.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u16()?;
        let subject = reader.bytes(SUBJECT_BYTES_MAX)?;
        reader.finish()?;
        let mut reader = Reader::new(subject);
        // Nobody's compartment stands where a group does.
        let client = |reader: &mut Reader<'_>| {
            let client = ClientId::from_bytes(reader.fixed()?);
            if is_subject(client) { Err(CodecError::Unknown) } else { Ok(client) }
        };
        let member = |reader: &mut Reader<'_>| reader.fixed().map(MemberId::from_bytes);
        let name = match kind {
            1 => Self::Practice,
            2 => Self::Calendar {
                clinician: member(&mut reader)?,
                quarter: Quarter { year: reader.u16()?.cast_signed(), quarter: reader.u8()? },
            },
            3 => Self::Series(member(&mut reader)?),
            4 => Self::Contact(client(&mut reader)?),
            5 => Self::Identity(client(&mut reader)?),
            6 => Self::Chart(client(&mut reader)?),
            7 => Self::Psychotherapy { client: client(&mut reader)?, author: member(&mut reader)? },
            8 => Self::SubstanceUse(client(&mut reader)?),
            9 => Self::Journal(client(&mut reader)?),
            10 => Self::Billing(client(&mut reader)?),
            11 => Self::Group(reader.fixed().map(ObjectId::from_bytes)?),
            12 => Self::Audit(member(&mut reader)?),
            13 => Self::Personal(member(&mut reader)?),
            14 => Self::Attachments(client(&mut reader)?),
            _ => Self::Unknown { kind, subject: reader.rest().to_vec() },
        };
        reader.finish()?;
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_an_unknown_kind_is_kept() {
        let member = MemberId::from_bytes([1; 16]);
        let client = ClientId::from_bytes([2; 16]);
        let names = [
            CompartmentName::Practice,
            CompartmentName::Calendar {
                clinician: member,
                quarter: Quarter::of(jiff::civil::date(2026, 11, 25)),
            },
            CompartmentName::Psychotherapy { client, author: member },
            CompartmentName::Chart(client),
            CompartmentName::Attachments(client),
            CompartmentName::Unknown { kind: 900, subject: vec![1, 2, 3] },
        ];
        for name in names {
            assert_eq!(CompartmentName::decode(&name.encode()), Ok(name));
        }
        assert!(CompartmentName::decode(&[0, 6, 0, 0, 0, 1, 9]).is_err());
    }
}
