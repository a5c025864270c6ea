//! What a server tells links that it does not know any more, since it was killed and started
//! again: that they are gone, so that devices come back at once and not after half a minute of
//! silence. The words derive from the server's key, so that nobody else can end a link.

use crate::chance::SystemRandom;
use quinn::crypto::{CryptoError, HmacKey};
use quinn::{ConnectionId, ConnectionIdGenerator, EndpointConfig};
use std::sync::Arc;
use tacenda_shared::random::Random;
use tacenda_shared::suite;

/// Bytes of a name of a link.
const NAME: usize = 8;
/// Bytes of a word; the token that ends a link is the first half.
const WORD: usize = 32;

/// Returns settings under which a restarted server ends the links of the one before.
pub(super) fn settings(seed: &[u8; 32]) -> EndpointConfig {
    let key = suite::hash("tac/server/reset-key/v1", &[seed]);
    let mut settings = EndpointConfig::new(Arc::new(Words(*key.as_bytes())));
    settings.cid_generator(|| Box::new(Names));
    settings
}

/// Names of links: chance, so that a name of the server before is not taken for noise.
#[derive(Debug)]
struct Names;

impl ConnectionIdGenerator for Names {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut name = [0; NAME];
        SystemRandom.fill(&mut name);
        ConnectionId::new(&name)
    }

    fn cid_len(&self) -> usize {
        NAME
    }

    fn cid_lifetime(&self) -> Option<std::time::Duration> {
        None
    }
}

/// The words that end links.
struct Words([u8; 32]);

impl Words {
    fn of(&self, name: &[u8]) -> [u8; WORD] {
        *suite::hash("tac/server/reset/v1", &[&self.0, name]).as_bytes()
    }
}

impl HmacKey for Words {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        signature_out.iter_mut().zip(self.of(data)).for_each(|(to, from)| *to = from);
    }

    fn signature_len(&self) -> usize {
        WORD
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        // The server only signs; whoever is told compares with what it was given.
        match signature == self.of(data) {
            true => Ok(()),
            false => Err(CryptoError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_after_a_restart_and_others_under_another_key() {
        let name = [7; NAME];
        assert_eq!(Words([1; 32]).of(&name), Words([1; 32]).of(&name));
        assert_ne!(Words([1; 32]).of(&name), Words([2; 32]).of(&name));
        assert_ne!(Words([1; 32]).of(&name), Words([1; 32]).of(&[8; NAME]));
    }
}
