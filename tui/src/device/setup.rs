//! Setting up a new solo practice: nothing is written before the recovery sheet was written down.

use super::chance::OsRandom;
use super::founding::{self, Founded};
use super::home::Home;
use super::open::{Device, DeviceError};
use crate::message::Secret;
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::DiskFs;
use tacenda_shared::keys::passphrase::{self, Passphrase, Pattern, Weak};
use tacenda_shared::keys::recovery::RECOVERY_WORDS;
use tacenda_shared::keys::vault::{Factors, KdfCost, Vault, VaultSetup};
use tacenda_shared::practice::zone;
use tacenda_shared::random::Random;
use tacenda_shared::seal::SecretKey;
use zeroize::Zeroizing;

/// What a person chose.
#[derive(Clone, Debug)]
pub struct Founding {
    /// IANA id of the practice's zone.
    pub zone: String,
    /// The name that colleagues know.
    pub clinician: String,
    /// This device's name.
    pub device: String,
    /// What one try at the passphrase shall cost.
    pub cost: KdfCost,
}

/// A practice whose sheet is being written down.
pub struct SetUp {
    founding: Founding,
    passphrase: Passphrase,
    founded: Founded,
}

impl SetUp {
    /// Checks what was chosen, draws every key, and returns the 24 words of the sheet.
    pub fn begin(
        founding: Founding,
        passphrase: &Secret,
        now: Timestamp,
    ) -> Result<(Self, Secret), Notice> {
        if !zone::is_known(&founding.zone) {
            return Err(Notice::new(
                "Tacenda does not know that time zone.",
                "Nothing has been changed.",
                "Choose one from the list, such as Europe/Berlin.",
            ));
        }
        let passphrase = Passphrase::from_text(&passphrase.0).map_err(|_| too_long())?;
        let context = [founding.clinician.as_str(), founding.device.as_str()];
        passphrase::check(&passphrase, &context).map_err(weak)?;
        let (device, clinician) = (&founding.device, &founding.clinician);
        let founded = founding::found(device, clinician, now, &mut OsRandom)
            .map_err(|error| Notice::from(&DeviceError::from(error)))?;
        let mut words = Zeroizing::new(String::with_capacity(RECOVERY_WORDS * 10));
        for word in founded.sheet.words() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
        Ok((Self { founding, passphrase, founded }, Secret(words)))
    }

    /// Checks words of the sheet that were typed back: (one-based place, word).
    pub fn check_words(&self, words: &[(usize, String)]) -> Result<(), Notice> {
        let wrong = words.iter().find(|(place, word)| !self.founded.sheet.is_word(*place, word));
        match wrong {
            None => Ok(()),
            Some((place, _)) => Err(Notice::new(
                format!("Word {place} does not match the sheet."),
                "Nothing has been saved yet.",
                "Look at your sheet again and correct it; Esc shows the words once more.",
            )),
        }
    }

    /// Writes the practice to the disk and opens it. The vault file comes last: without it, what
    /// lies there opens for nobody, and the next try puts it aside.
    pub fn finish(self, home: &Home, now: Timestamp) -> Result<Device, DeviceError> {
        let Self { founding, passphrase, founded } = self;
        home.make()?;
        home.set_aside()?;
        let mut random = OsRandom;
        let random: &mut dyn Random = &mut random;
        let secret = SecretKey::from_bytes(random.bytes());
        let setup = VaultSetup { cost: founding.cost, device_name: founding.device.clone() };
        let factors = Factors { passphrase: &passphrase, device_secret: Some(&secret) };
        let second = founded.second_secret.secret();
        let vault = Vault::create(&setup, &founded.general, Some(second), factors, random)?;
        let vault_id = Vault::read_header(&vault)?.vault_id;
        home.write_secret(&vault_id, &secret)?;
        let files = (DiskFs::open(&home.journal())?, DiskFs::open(&home.rows())?);
        let who = (founding.zone.as_str(), founding.clinician.as_str());
        let mut device = Device::begin(founded, founding.device.clone(), who, files, now)?;
        device.settle_at(home, &vault_id);
        home.write_vault(&vault)?;
        Ok(device)
    }
}

fn too_long() -> Notice {
    Notice::new(
        "A passphrase has at most 1024 bytes.",
        "Nothing has been changed.",
        "Choose a shorter one.",
    )
}

/// Says why a passphrase is refused.
pub(crate) fn weak(weak: Weak) -> Notice {
    let happened = match weak {
        Weak::TooShort => "A passphrase has at least 15 characters.",
        Weak::Guessable(Some(Pattern::Common)) => {
            "That passphrase is one of the first that are tried."
        }
        Weak::Guessable(Some(Pattern::Date)) => {
            "That passphrase rests on a date, which is soon guessed."
        }
        Weak::Guessable(Some(Pattern::Keyboard)) => {
            "That passphrase is a row of the keyboard, which is soon guessed."
        }
        Weak::Guessable(Some(Pattern::Name)) => {
            "That passphrase rests on a name, which is soon guessed."
        }
        Weak::Guessable(Some(Pattern::Repeat)) => {
            "That passphrase repeats itself, which is soon guessed."
        }
        Weak::Guessable(Some(Pattern::Sequence)) => {
            "That passphrase counts up or down, which is soon guessed."
        }
        Weak::Guessable(Some(Pattern::Word)) => {
            "That passphrase is a single word, which is soon guessed."
        }
        Weak::Guessable(None) => "That passphrase can be guessed.",
    };
    Notice::new(
        happened,
        "Nothing has been changed.",
        "Choose four or more words that have nothing to do with each other, or let Tacenda make \
         six for you.",
    )
}
