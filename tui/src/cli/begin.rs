//! How a further device begins on this computer: its vault, and the practice log and keys that it
//! was given.

use super::pair::{Rows, of};
use crate::device::chance::OsRandom;
use crate::device::courier::enrol::Enrolment;
use crate::device::home::Home;
use crate::device::open::{Device, DeviceError};
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::DiskFs;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::keys::vault::{Begun, Factors, General, KdfCost, Vault, VaultSetup};
use tacenda_shared::random::Random;
use tacenda_shared::seal::SecretKey;

/// Makes room for a new device. What lies there without a vault file may be a practice all the
/// same, whose file comes back: it is put aside.
pub(super) fn clear(home: &Home) -> Result<(), Notice> {
    home.make().and_then(|()| home.set_aside()).map_err(|error| Notice::from(&error))
}

/// The vault of a device that is not added yet. Stretching the passphrase takes long, and needs to
/// know nothing of the practice: it is done while people compare words.
pub(super) struct NewVault<'a> {
    name: &'a str,
    secret: &'a SecretKey,
    begun: Begun<'a>,
}

impl<'a> NewVault<'a> {
    /// `hedge` is the hedging key of the new device, `secret` its [`device_secret`].
    pub(super) fn begin(
        name: &'a str,
        (passphrase, secret): (&'a Passphrase, &'a SecretKey),
        cost: KdfCost,
        hedge: &SecretKey,
    ) -> Result<Self, Notice> {
        let setup = VaultSetup { cost, device_name: name.to_owned() };
        let factors = Factors { passphrase, device_secret: Some(secret) };
        let begun = Vault::begin(&setup, hedge, factors, &mut OsRandom).map_err(told)?;
        Ok(Self { name, secret, begun })
    }
}

/// Draws what lies outside the vault's folder.
pub(super) fn device_secret() -> SecretKey {
    let random: &mut dyn Random = &mut OsRandom;
    SecretKey::from_bytes(random.bytes())
}

/// Writes the new device to the disk. The vault file comes last, as when a practice is set up.
pub(super) fn settle(
    home: &Home,
    enrolment: &Enrolment,
    general: General,
    rows: Rows,
    vault: NewVault<'_>,
    second: Option<&SecondSecret>,
    now: Timestamp,
) -> Result<Device, Notice> {
    clear(home)?;
    let NewVault { name, secret, begun } = vault;
    let second = second.map(SecondSecret::secret);
    let vault = begun.finish(&general, second, &mut OsRandom).map_err(told)?;
    let header = Vault::read_header(&vault).map_err(told)?;
    home.write_secret(&header.vault_id, secret).map_err(|error| Notice::from(&error))?;
    let open = |folder| DiskFs::open(folder).map_err(told);
    let files = (open(&home.journal())?, open(&home.rows())?);
    let mut device = Device::enrol(enrolment, general, name.to_owned(), rows, files, now)
        .map_err(|error| of(&error))?;
    device.settle_at(home, &header.vault_id);
    home.write_vault(&vault).map_err(|error| Notice::from(&error))?;
    Ok(device)
}

fn told(error: impl Into<DeviceError>) -> Notice {
    Notice::from(&error.into())
}
