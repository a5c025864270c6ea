//! Asking for the passphrase again, for what undo cannot reverse and for what lies behind step-up.
//! The second secret is handed out and never kept by the open practice.

use super::home::Home;
use super::open::{Device, DeviceError, try_passphrase};
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::keys::vault::{Vault, VaultError};

impl Device {
    /// Checks the passphrase again, for what undo cannot reverse.
    pub fn check_passphrase(
        home: &Home,
        passphrase: &Passphrase,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        try_passphrase(home, passphrase, now, Vault::open).map(drop)
    }

    /// Checks the passphrase again and opens what lies behind step-up: the member's second
    /// secret; `None` if this vault was never given one.
    pub fn step_up(
        home: &Home,
        passphrase: &Passphrase,
        now: Timestamp,
    ) -> Result<Option<SecondSecret>, DeviceError> {
        match try_passphrase(home, passphrase, now, Vault::open_second_secret) {
            Ok(secret) => Ok(Some(SecondSecret::from_secret(secret))),
            Err(DeviceError::Vault(VaultError::MissingSection)) => {
                Self::check_passphrase(home, passphrase, now).map(|()| None)
            }
            Err(error) => Err(error),
        }
    }
}
