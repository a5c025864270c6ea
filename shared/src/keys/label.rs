//! Every label under which keys derive, seal, sign or hash, so that no purpose can stand in for
//! another. A test holds them distinct and prefix-free, together with those of `suite` and `seal`.

/// Argon2id's output and the device secret, to the key of one section of a vault.
pub const UNLOCK: &str = "tac/unlock/v1";
/// The commitment that a section is checked against before anything is opened.
pub const VAULT_COMMIT: &str = "tac/vault/commit/v1";
/// One section of a vault.
pub const VAULT_SECTION: &str = "tac/vault/section/v1";
/// The salt of a vault's passphrase.
pub const VAULT_SALT: &str = "tac/vault/salt/v1";
/// The checksum over a vault's file.
pub const VAULT_CHECKSUM: &str = "tac/vault/checksum/v1";
/// A new secret of a device.
pub const DEVICE_SECRET: &str = "tac/device/secret/v1";

/// The signing seed of a recovery sheet.
pub const RECOVERY_SIGN: &str = "tac/recovery/sign/v1";
/// The encapsulation seed of a recovery sheet.
pub const RECOVERY_KEM: &str = "tac/recovery/kem/v1";
/// A recovery sheet, to the key that seals the member's second secret for it.
pub const RECOVERY_SECOND: &str = "tac/recovery/second/v1";
/// The name of a sheet's row, from the key that it signs with.
pub const RECOVERY_ROW_NAME: &str = "tac/recovery/row-name/v1";
/// The entropy of a new sheet.
pub const RECOVERY_ENTROPY: &str = "tac/recovery/entropy/v1";

/// What an HPKE wrap is bound to.
pub const WRAP_INFO: &str = "tac/wrap/info/v1";
/// The coins of an encapsulation.
pub const WRAP_COINS: &str = "tac/wrap/coins/v1";
/// The seed of a new encapsulation key.
pub const KEM_SEED: &str = "tac/kem/seed/v1";

/// A new key of a ring.
pub const RING_KEY: &str = "tac/key/ring/v1";
/// A new key of a compartment.
pub const SLOT_KEY: &str = "tac/key/slot/v1";
/// A new key of a draft.
pub const DRAFT_KEY: &str = "tac/key/draft/v1";
/// A new second secret of a member.
pub const SECOND_SECRET: &str = "tac/key/second/v1";

/// A member's key, to the key that seals the safe.
pub const SAFE: &str = "tac/safe/v1";
/// The second secret and the member's key, to the key that seals the psychotherapy rows of the
/// safe.
pub const SECOND_SAFE: &str = "tac/second-safe/v1";
/// The second secret, to the key without which a wrap of a psychotherapy ring does not open.
pub const SECOND_WRAP: &str = "tac/second-wrap/v1";
/// A row of the safe.
pub const SAFE_ROW: &str = "tac/row/safe/v1";
/// A psychotherapy row of the safe.
pub const SECOND_SAFE_ROW: &str = "tac/row/second-safe/v1";
/// A row that holds a slot key.
pub const SLOT_ROW: &str = "tac/row/slot/v1";
/// A ring's key, to the key that seals checkpoints.
pub const CHECKPOINT: &str = "tac/checkpoint/v1";
/// The row that holds the second secret for a recovery sheet.
pub const SHEET_ROW: &str = "tac/row/sheet/v1";
/// A row that holds a draft key.
pub const DRAFT_ROW: &str = "tac/row/draft/v1";
/// The hash over all rows of a safe.
pub const SAFE_HASH: &str = "tac/row/all/v1";

/// A slot key (and draft key), to the key of a compartment's content on this device.
pub const LOCAL: &str = "tac/local/v1";
/// A slot key (and draft key), to the key of a compartment's projection on this device.
pub const PROJECTION: &str = "tac/projection/v1";
/// The device's local key, to the key of one segment of its journal.
pub const SEGMENT: &str = "tac/segment/v1";

/// The running hash over what two devices said while pairing.
pub const PAIR_TRANSCRIPT: &str = "tac/pair/transcript/v1";
/// SPAKE2's key and the transcript, to the key of one purpose.
pub const PAIR_KEY: &str = "tac/pair/key/v1";
/// The proof that one side holds the same key.
pub const PAIR_CONFIRM: &str = "tac/pair/confirm/v1";
/// The commitment to a nonce that is shown later.
pub const PAIR_NONCE: &str = "tac/pair/nonce/v1";
/// The words that two people compare.
pub const PAIR_WORDS: &str = "tac/pair/words/v1";
/// A sealed message of a pairing.
pub const PAIR_MESSAGE: &str = "tac/pair/message/v1";
/// The new device's signature over its keys.
pub const PAIR_SIGN: &str = "tac/pair/sign/v1";
/// What a code is to SPAKE2.
pub const PAIR_CODE: &str = "tac/pair/code/v1";
/// The mailbox that a long code names.
pub const PAIR_MAILBOX: &str = "tac/pair/mailbox/v1";

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &[
        UNLOCK,
        VAULT_COMMIT,
        VAULT_SECTION,
        VAULT_SALT,
        VAULT_CHECKSUM,
        DEVICE_SECRET,
        RECOVERY_SIGN,
        RECOVERY_KEM,
        RECOVERY_ENTROPY,
        RECOVERY_SECOND,
        RECOVERY_ROW_NAME,
        WRAP_INFO,
        WRAP_COINS,
        KEM_SEED,
        RING_KEY,
        CHECKPOINT,
        SLOT_KEY,
        DRAFT_KEY,
        SECOND_SECRET,
        SAFE,
        SECOND_SAFE,
        SECOND_WRAP,
        SHEET_ROW,
        SAFE_ROW,
        SECOND_SAFE_ROW,
        SLOT_ROW,
        DRAFT_ROW,
        SAFE_HASH,
        LOCAL,
        PROJECTION,
        SEGMENT,
        PAIR_TRANSCRIPT,
        PAIR_KEY,
        PAIR_CONFIRM,
        PAIR_NONCE,
        PAIR_WORDS,
        PAIR_MESSAGE,
        PAIR_SIGN,
        PAIR_CODE,
        PAIR_MAILBOX,
    ];

    /// Those of the other parts of this crate.
    const OTHERS: &[&str] = &[
        "tac/commit/v1",
        "tac/hedge/context/v1",
        "tac/hedge/secret/v1",
        "tac/hedge/plaintext/v1",
        "tac/hedge/salt/v1",
        "tac/seal/context/v1",
        "tac/env/v1",
        "tac/env/seal/v1",
        "tac/env/header/v1",
        "tac/env/hash/v1",
        "tac/env/body/v1",
        "tac/log/own/v1",
        "tac/log/chain/v1",
        "tac/log/ring/v1",
        "tac/log/receipt/v1",
        "tac/practice/entry/v1",
        "tac/practice/entry/sign/v1",
        "tac/practice/state/v1",
        "tac/device/keys/v1",
        "tac/device/possession/v1",
        "tac/recovery/keys/v1",
        "tac/recovery/possession/v1",
        "tac/kem/public/v1",
        "tac/wrap/hash/v1",
        "tac/actor",
        "tac/addendum",
        "tac/appointment/moved",
        "tac/backup/chain/v1",
        "tac/backup/header/v1",
        "tac/backup/item/v1",
        "tac/backup/key/v1",
        "tac/backup/recipient/v1",
        "tac/backup/segment/v1",
        "tac/backup/tables/v1",
        "tac/place/key/v1",
        "tac/place/machine/v1",
        "tac/place/note/v1",
        "tac/idempotency",
        "tac/journal-segment",
        "tac/object",
        "tac/practice/receipt/body/v1",
        "tac/practice/receipt/v1",
        "tac/record/body/v1",
        "tac/record/digest/v1",
        "tac/record/v1",
        "tac/released/v1",
        "tac/seen/v1",
        "tac/server/row/v1",
    ];

    #[test]
    fn no_label_begins_another() {
        let all: Vec<_> = ALL.iter().chain(OTHERS).collect();
        for (index, one) in all.iter().enumerate() {
            for other in all.iter().skip(index + 1) {
                assert!(!one.starts_with(*other) && !other.starts_with(*one), "{one} and {other}");
            }
        }
    }

    #[test]
    fn every_label_of_this_file_is_in_the_list() {
        let declared = include_str!("label.rs").matches("pub const ").count();
        // One of the matches is the line above.
        assert_eq!(declared - 1, ALL.len());
    }
}
