//! The recovery sheet: 24 words on paper that outrank every device.
//!
//! 32 bytes of entropy in the words of BIP-39 with its checksum; two labels derive the signing
//! and the encapsulation key. Reading it back says which word is wrong, and repeats none.

use crate::id::{MemberId, PracticeId};
use crate::keys::kem::KemKey;
use crate::keys::label;
use crate::keys::safe::{self, Row, RowError, SecondSecret, SheetName};
use crate::keys::words;
use crate::membership::RecoveryKeys;
use crate::random::Random;
use crate::seal::{Hedge, SecretKey};
use crate::suite::{Hash, SigningKey};
use bip39::{Language, Mnemonic};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// How many words a sheet has.
pub const RECOVERY_WORDS: usize = 24;

/// The secret of a sheet. Not `Clone`, silent in `Debug`, wiped when dropped.
pub struct RecoverySheet {
    entropy: SecretKey,
    words: Zeroizing<[u16; RECOVERY_WORDS]>,
}

/// Why typed words are no sheet. Places count from 1.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RecoveryError {
    /// Every word is of the list, but they do not belong together: one is another, or two are
    /// swapped.
    #[error("the words do not belong together")]
    Checksum,
    /// There are more or fewer words than [`RECOVERY_WORDS`].
    #[error("found {found} words instead of 24")]
    Count {
        /// How many there are.
        found: usize,
    },
    /// The word at this place is not of the list; see [`words::suggestions`].
    #[error("word {place} is not on the list")]
    UnknownWord {
        /// From 1.
        place: usize,
    },
}

impl RecoverySheet {
    /// Draws a new sheet.
    pub fn generate(hedge: &mut Hedge<'_>) -> Self {
        Self::from_entropy(hedge.secret(label::RECOVERY_ENTROPY, &[]))
    }

    /// Makes the sheet of these 32 bytes.
    #[expect(clippy::expect_used, reason = "32 bytes are one of BIP-39's five lengths")]
    pub fn from_entropy(entropy: SecretKey) -> Self {
        let mnemonic = Mnemonic::from_entropy_in(Language::English, entropy.expose())
            .expect("32 bytes make 24 words");
        let mut words = Zeroizing::new([0; RECOVERY_WORDS]);
        for (place, index) in words.iter_mut().zip(mnemonic.word_indices()) {
            // The list has 2048 words.
            *place = u16::try_from(index).unwrap_or_default();
        }
        Self { entropy, words }
    }

    /// Reads what was typed or pasted. Case does not count, four letters of a word are enough,
    /// and numbers and punctuation between the words are passed over, as a sheet has them.
    pub fn parse(text: &str) -> Result<Self, RecoveryError> {
        let mut found = Zeroizing::new(Vec::with_capacity(RECOVERY_WORDS));
        let mut count = 0;
        for typed in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
            count += 1;
            if count <= RECOVERY_WORDS {
                found.push(words::find(typed).ok_or(RecoveryError::UnknownWord { place: count })?);
            }
        }
        if count != RECOVERY_WORDS {
            return Err(RecoveryError::Count { found: count });
        }
        let mut phrase = Zeroizing::new(String::with_capacity(RECOVERY_WORDS * LONGEST_WORD));
        for index in found.iter() {
            phrase.push_str(words::word(*index));
            phrase.push(' ');
        }
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, phrase.trim_end())
            .map_err(|_| RecoveryError::Checksum)?;
        let (bytes, length) = mnemonic.to_entropy_array();
        let bytes = Zeroizing::new(bytes);
        let entropy: Option<[u8; 32]> = bytes.get(..length).and_then(|b| b.try_into().ok());
        entropy.map(|e| Self::from_entropy(SecretKey::from_bytes(e))).ok_or(RecoveryError::Checksum)
    }

    /// Returns the words, to be printed or shown once.
    pub fn words(&self) -> [&'static str; RECOVERY_WORDS] {
        self.words.map(words::word)
    }

    /// Returns whether `typed` is the word at `place`, which counts from 1.
    pub fn is_word(&self, place: usize, typed: &str) -> bool {
        let word = place.checked_sub(1).and_then(|index| self.words.get(index));
        word.is_some() && word.copied() == words::find(typed.trim())
    }

    /// Returns the key that signs for the member when no device is left.
    pub fn sign(&self) -> SigningKey {
        SigningKey::from_seed(*self.entropy.derive(label::RECOVERY_SIGN, &[]).expose())
    }

    /// Returns the key that the member key is wrapped to.
    pub fn kem(&self) -> KemKey {
        KemKey::from_seed(*self.entropy.derive(label::RECOVERY_KEM, &[]).expose())
    }

    /// Seals the member's second secret for this sheet, so that it brings back what lies behind
    /// step-up too. The name is the sheet's own.
    pub fn seal_second(
        &self,
        member: MemberId,
        second: &SecondSecret,
        hedge: &mut Hedge<'_>,
    ) -> Result<(SheetName, Row), RowError> {
        let name = SheetName::of(member, &self.sign().verifying());
        let row = safe::seal_for_sheet(&self.second(), &name, second, hedge)?;
        Ok((name, row))
    }

    /// Opens what [`RecoverySheet::seal_second`] made.
    pub fn open_second(&self, member: MemberId, row: &Row) -> Result<SecondSecret, RowError> {
        let name = SheetName::of(member, &self.sign().verifying());
        safe::open_for_sheet(&self.second(), &name, row)
    }

    fn second(&self) -> SecretKey {
        self.entropy.derive(label::RECOVERY_SECOND, &[])
    }

    /// Returns the public halves as entries of the practice log introduce them, signed by this
    /// sheet; `first_device` as in [`RecoveryKeys::prove`].
    pub fn prove(
        &self,
        practice: PracticeId,
        member: MemberId,
        first_device: Hash,
    ) -> RecoveryKeys {
        let kem = self.kem().public().published();
        RecoveryKeys::prove(practice, member, &self.sign(), kem, first_device)
    }
}

impl fmt::Debug for RecoverySheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoverySheet(redacted)")
    }
}

/// Draws the three places, counted from 1 and rising, whose words are typed back to show that
/// the sheet was written down.
pub fn words_to_type_back(random: &mut dyn Random) -> [usize; 3] {
    // One place in each third, so that a sheet of which only the start was copied is noticed.
    std::array::from_fn(|third| {
        let [byte] = random.bytes();
        third * PLACES_IN_A_THIRD + usize::from(byte) % PLACES_IN_A_THIRD + 1
    })
}

const PLACES_IN_A_THIRD: usize = RECOVERY_WORDS / 3;
const LONGEST_WORD: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    fn sheet(seed: u64) -> RecoverySheet {
        let key = SecretKey::from_bytes([9; 32]);
        RecoverySheet::generate(&mut Hedge { key: &key, random: &mut Seeded::new(seed) })
    }

    #[test]
    fn a_sheet_reads_back_however_it_was_typed() {
        let sheet = sheet(1);
        let words = sheet.words();
        let printed: Vec<_> = words
            .iter()
            .enumerate()
            .map(|(index, word)| format!("{:2}. {word}", index + 1))
            .collect();
        let short: Vec<_> = words.iter().map(|word| &word[..word.len().min(4)]).collect();

        for text in [words.join(" "), printed.join("\n"), short.join("  ").to_uppercase()] {
            let read = RecoverySheet::parse(&text).unwrap();
            assert_eq!(read.sign().verifying(), sheet.sign().verifying());
            assert_eq!(read.kem().public(), sheet.kem().public());
        }
    }

    #[test]
    fn the_words_and_keys_of_a_known_entropy_never_change() {
        // BIP-39's own vector for 32 bytes of zeros.
        let sheet = RecoverySheet::from_entropy(SecretKey::from_bytes([0; 32]));
        let mut expected = ["abandon"; RECOVERY_WORDS];
        expected[23] = "art";

        assert_eq!(sheet.words(), expected);
        // Computed by another program: HKDF-SHA256, empty salt, the framed label as info.
        assert_eq!(hex(sheet.sign().seed()), SIGN_VECTOR);
        assert_eq!(hex(sheet.kem().seed()), KEM_VECTOR);
    }

    #[test]
    fn a_slip_is_named_and_no_word_is_repeated() {
        let words = sheet(2).words();

        let mut unknown = words;
        unknown[6] = "secretish";
        let error = RecoverySheet::parse(&unknown.join(" ")).unwrap_err();
        assert_eq!(error, RecoveryError::UnknownWord { place: 7 });
        assert!(!format!("{error} {error:?}").contains("secretish"));

        let short = RecoverySheet::parse(&words[..23].join(" ")).unwrap_err();
        assert_eq!(short, RecoveryError::Count { found: 23 });
        let long = format!("{} zoo", words.join(" "));
        assert_eq!(RecoverySheet::parse(&long).unwrap_err(), RecoveryError::Count { found: 25 });

        let mut swapped = words;
        swapped.swap(0, 1);
        let error = RecoverySheet::parse(&swapped.join(" ")).unwrap_err();
        assert_eq!(error, RecoveryError::Checksum);
    }

    #[test]
    fn three_places_from_all_over_the_sheet_are_asked_for() {
        for seed in 0..50 {
            let [a, b, c] = words_to_type_back(&mut Seeded::new(seed));
            assert!((1..=8).contains(&a) && (9..=16).contains(&b) && (17..=24).contains(&c));
        }
        let sheet = sheet(3);
        assert!(sheet.is_word(24, sheet.words()[23]));
        assert!(!sheet.is_word(24, "xyzzy"));
        assert!(!sheet.is_word(0, "xyzzy") && !sheet.is_word(25, "xyzzy"));
    }

    #[test]
    fn a_sheet_proves_its_keys_for_one_practice_and_member() {
        let (practice, member) = (PracticeId::from_bytes([1; 16]), MemberId::from_bytes([2; 16]));
        let keys = sheet(1).prove(practice, member, Hash::ZERO);
        assert!(keys.proven(practice, member, Hash::ZERO));
        assert!(!keys.proven(practice, MemberId::from_bytes([3; 16]), Hash::ZERO));
    }

    #[test]
    fn a_sheet_brings_the_second_secret_back_and_no_other_sheet_does() {
        let key = SecretKey::from_bytes([9; 32]);
        let mut random = Seeded::new(4);
        let mut hedge = Hedge { key: &key, random: &mut random };
        let (member, other) = (MemberId::from_bytes([2; 16]), MemberId::from_bytes([3; 16]));
        let second = SecondSecret::generate(&mut hedge, b"second");
        let (name, row) = sheet(1).seal_second(member, &second, &mut hedge).unwrap();

        let opened = sheet(1).open_second(member, &row).unwrap();
        assert_eq!(opened.secret().expose(), second.secret().expose());
        assert_eq!(name, SheetName::of(member, &sheet(1).sign().verifying()));
        assert_eq!(sheet(2).open_second(member, &row).unwrap_err(), RowError::DoesNotOpen);
        assert_eq!(sheet(1).open_second(other, &row).unwrap_err(), RowError::DoesNotOpen);
    }

    #[test]
    fn a_sheet_does_not_show_itself() {
        assert_eq!(format!("{:?}", sheet(1)), "RecoverySheet(redacted)");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    const SIGN_VECTOR: &str = "72aa8beeb368c6bdcf764625dda009c3f49e51d7f1d16b93aeb774da693ed4f1";
    const KEM_VECTOR: &str = "b001a1027f45d1bf75202f1ce5902f42dc2884a6e01cd37894ba41a1f9c0cd9c";
}
