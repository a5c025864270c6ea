//! Further devices in the same hands: all keys are made here, so no code has to be typed. Only a
//! demo does this; people pair.

use crate::cli::begin::{NewVault, device_secret, settle};
use crate::cli::connect::Driven;
use crate::cli::pair::{keys_of, of, refused, try_join};
use crate::device::chance::OsRandom;
use crate::device::home::Home;
use crate::device::open::Device;
use crate::link::{Target, Trouble};
use crate::message::Secret;
use crate::notice::Notice;
use tacenda_shared::id::{DevInc, DeviceId, Timestamp};
use tacenda_shared::keys::pairing::PairingPayload;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::vault::{DeviceSecrets, Extra, General, KdfCost};
use zeroize::Zeroizing;

/// A device that is of the practice and has not begun yet.
pub(super) struct Newcomer {
    name: &'static str,
    general: General,
    payload: PairingPayload,
    target: Target,
}

/// Adds devices with these names to the practice.
pub(super) fn admit(
    first: &mut Device,
    names: &[&'static str],
    now: fn() -> Timestamp,
) -> Result<Vec<Newcomer>, Notice> {
    let target = first.target().ok_or(Trouble::NoAddress)?;
    let invitation = first.pairing_keys().invitation;
    let mut driven = Driven::start(first, now)?;
    driven.until_current(&mut |_| {})?;
    let mut newcomers = Vec::new();
    for name in names {
        let payload = driven.device().pairing_payload(None, now()).ok_or(Trouble::NoAddress)?;
        let keys = DeviceSecrets::generate(&mut OsRandom);
        let device = DeviceId::random(&mut OsRandom);
        let joining = keys.prove(invitation.practice, invitation.member, device);
        let (entry, rows) =
            driven.device().add_device(joining, name, now()).map_err(|error| of(&error))?;
        if !driven.device().propose(&entry, rows, now()) {
            return Err(Trouble::Unreachable.into());
        }
        let mut outcome = None;
        driven.until(&mut |_| {}, |device| {
            outcome = device.poll_proposed();
            outcome.is_some()
        })?;
        if let Some(Err(code)) = outcome {
            return Err(refused(code));
        }
        let seed = Zeroizing::new(*keys.tls.seed());
        let general = General {
            practice: invitation.practice,
            member: invitation.member,
            device,
            dev_inc: DevInc::new(1),
            keys,
            extra: Extra::default(),
        };
        let target = Target { seed, ..target.clone() };
        newcomers.push(Newcomer { name, general, payload, target });
    }
    Ok(newcomers)
}

impl Newcomer {
    /// Fetches its keys and puts it into `home`, locked.
    pub(super) fn settle(
        self,
        home: &Home,
        passphrase: &Secret,
        now: fn() -> Timestamp,
    ) -> Result<(), Notice> {
        let Self { name, general, payload, target } = self;
        let joined = try_join(&general, &payload, &target)?;
        let (mut line, joined) = joined.ok_or(Trouble::Unreachable)?;
        let (enrolment, rows) = keys_of(&mut line, joined, &general)?;
        let typed = Passphrase::from_text(&passphrase.0).unwrap_or_default();
        let secret = device_secret();
        let hedge = &general.keys.hedge;
        let vault = NewVault::begin(name, (&typed, &secret), KdfCost::FLOOR, hedge)?;
        let device = settle(home, &enrolment, general, rows, vault, None, now())?;
        device.lock(now()).map_err(|error| Notice::from(&error))
    }
}
