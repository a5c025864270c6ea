//! Keystrokes on the disk: what was typed into a draft and no change of it holds yet. It never
//! opens or seals anything else.

use super::cabinet::{CONTENT_LABEL, Cabinet};
use super::chance::OsRandom;
use super::frame::DeviceFrame;
use super::store::StoreError;
use tacenda_shared::id::{CompartmentId, ObjectId};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::seal::{self, Hedge};
use zeroize::Zeroizing;

/// Keystrokes that a killed run left on the disk.
pub(super) struct LeftKeystrokes {
    /// Where the draft lies.
    pub(super) compartment: CompartmentId,
    /// Which draft.
    pub(super) draft: ObjectId,
    /// In the order of typing.
    pub(super) typed: Vec<Zeroizing<Vec<u8>>>,
}

impl<F: FileSystem> Cabinet<F> {
    /// Puts keystrokes of a draft on the disk.
    pub(super) fn put_keystrokes(
        &mut self,
        compartment: CompartmentId,
        draft: ObjectId,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let (generation, _) = self.newest_slot(compartment).ok_or(StoreError::NoKey)?;
        let key = self.content_key(compartment, generation, Some(draft))?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let context = keystroke_context(compartment, draft);
        let sealed = seal::seal(key.expose(), CONTENT_LABEL, &context, bytes, &mut hedge)
            .map_err(|_| StoreError::Altered)?;
        let frame = DeviceFrame::Keystrokes { compartment, draft, generation, sealed };
        self.store.append(&[frame], &mut hedge)
    }

    /// Returns the keystrokes of every draft in some compartments that no change holds, in the order of
    /// typing.
    pub(super) fn keystrokes(
        &self,
        wanted: impl Fn(&CompartmentName) -> bool,
    ) -> Vec<LeftKeystrokes> {
        let mut all = Vec::new();
        let locations = self.store.locations();
        for (compartment, draft, places) in locations.keystrokes() {
            if !locations.compartment(compartment).is_none_or(|known| wanted(&known.name)) {
                continue;
            }
            match self.open_keystrokes(compartment, draft, places) {
                Ok(typed) => all.push(LeftKeystrokes { compartment, draft, typed }),
                // The draft was signed and its key destroyed: there is nothing left to type into.
                Err(StoreError::NoKey) => {}
                Err(_) => self.miss(),
            }
        }
        all
    }

    fn open_keystrokes(
        &self,
        compartment: CompartmentId,
        draft: ObjectId,
        places: &[Location],
    ) -> Result<Vec<Zeroizing<Vec<u8>>>, StoreError> {
        let context = keystroke_context(compartment, draft);
        let mut typed = Vec::new();
        for place in places {
            let DeviceFrame::Keystrokes { sealed, generation, .. } = self.store.read(*place)?
            else {
                return Err(StoreError::Altered);
            };
            let key = self.content_key(compartment, generation, Some(draft))?;
            let (salt, text) = (&sealed.salt, &sealed.ciphertext);
            let plain = seal::open(key.expose(), CONTENT_LABEL, &context, salt, text);
            typed.push(plain.map_err(|_| StoreError::Altered)?);
        }
        Ok(typed)
    }

    /// Says that a change of another document holds the keystrokes of this draft.
    pub(super) fn forget_keystrokes(&mut self, draft: ObjectId) {
        self.store.forget_keystrokes(draft);
    }
}

fn keystroke_context(compartment: CompartmentId, draft: ObjectId) -> Vec<u8> {
    let mut context = b"keystrokes".to_vec();
    context.extend_from_slice(compartment.as_bytes());
    context.extend_from_slice(draft.as_bytes());
    context
}
