//! A type for every name, counter and moment of the protocol, so that none can stand in for
//! another. Ids are 16 random bytes; counters never mix.

use crate::random::Random;
use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes the 16 bytes as they are.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Draws a new id.
            pub fn random(random: &mut dyn Random) -> Self {
                Self(random.bytes())
            }

            /// Returns the 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads the 32 hexadecimal digits that `Display` writes.
            pub fn parse(text: &str) -> Option<Self> {
                parse_hex(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )+};
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name($inner);

        impl $name {
            /// The first value.
            pub const ZERO: Self = Self(0);

            /// Takes the number as it is.
            pub const fn new(value: $inner) -> Self {
                Self(value)
            }

            /// Returns the number.
            pub const fn get(self) -> $inner {
                self.0
            }

            /// Returns the next value. Counters end where their type ends; none gets there.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// One organisation: the first 16 bytes of the hash of its genesis entry.
    PracticeId;
    /// A person who works in the practice.
    MemberId;
    /// One installation of a member, in one practice.
    DeviceId;
    /// A set of members with one key for each epoch.
    RingId;
    /// The unit of access and erasure; also the id of its one log.
    CompartmentId;
    /// A document, or the draft of a note, inside a compartment.
    ObjectId;
    /// A signed record.
    RecordId;
    /// A client of the practice. Known to devices only; it never leaves sealed content.
    ClientId;
    /// An appointment. Known to devices only.
    AppointmentId;
    /// A series of appointments. Known to devices only.
    SeriesId;
    /// A sealed file beside the log.
    BlobId;
    /// A line of a client's treatment plan. Known to devices only.
    PlanItemId;
    /// Something to be done about a client. Known to devices only.
    TaskId;
}

/// The first bytes of a log's id: they tell it from most others, where there is no room for all.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LogMark([u8; Self::BYTES]);

impl LogMark {
    /// How many bytes they are.
    pub const BYTES: usize = 4;

    /// Returns those of a log.
    pub const fn of(log: CompartmentId) -> Self {
        let [one, two, three, four, ..] = log.0;
        Self([one, two, three, four])
    }

    /// Takes the bytes as they are.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

counters! {
    /// A place in one log; the first entry is at 1, and 0 means "nothing yet".
    Position(u64);
    /// Number of an envelope in its device's own chain; the first is 1.
    DevSeq(u64);
    /// Incarnation of a device: raised when its store may have been copied or rolled back.
    DevInc(u32);
    /// Version of a ring's key.
    RingEpoch(u32);
    /// Version of a compartment's content key.
    SlotGeneration(u32);
    /// Life of a server's files: raised when they were lost or restored.
    ServerEpoch(u32);
    /// Version of a member's key.
    MemberKeyGeneration(u32);
    /// Number of an entry in the practice log; genesis is 0.
    PracticeSeq(u32);
    /// The server's count of everything that it took for one practice.
    Global(u64);
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z, as some clock claimed it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Takes milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the moment `millis` later (earlier if negative), held at the ends of the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns how many milliseconds lie between `earlier` and this moment.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

fn parse_hex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let pair = text.get(index * 2..index * 2 + 2)?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    // `from_str_radix` takes a sign; the written form has none.
    text.bytes().all(|c| c.is_ascii_hexdigit()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn an_id_reads_back_from_what_it_displays() {
        let id = RecordId::random(&mut Seeded::new(1));
        assert_eq!(RecordId::parse(&id.to_string()), Some(id));
        assert_eq!(RecordId::parse("+f000000000000000000000000000000"), None);
        assert_eq!(RecordId::parse("00"), None);
    }

    #[test]
    fn counters_and_moments_stop_at_the_end_of_their_range() {
        assert_eq!(Position::new(u64::MAX).next(), Position::new(u64::MAX));
        assert_eq!(Timestamp::from_millis(i64::MAX).plus_millis(1).as_millis(), i64::MAX);
    }
}
