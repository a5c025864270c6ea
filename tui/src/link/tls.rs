//! TLS 1.3 with raw public keys both ways (RFC 7250) and X25519MLKEM768 only. The server is known
//! by its key alone: no names, no certificates, nobody to trust beside it.

use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs as provider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer,
    UnixTime,
};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;
use tacenda_shared::suite::{SigningKey, VerifyingKey};
use zeroize::Zeroizing;

/// The name of the protocol in ALPN.
const ALPN: &[u8] = b"tacenda/1";
/// What stands before an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410, 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0];
/// What stands before an Ed25519 seed in PKCS #8 (RFC 8410, 7).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Builds the device's half: its own key, and the one server that it speaks to.
pub(super) fn client_config(
    seed: &[u8; 32],
    pin: Option<&VerifyingKey>,
) -> Result<ClientConfig, Error> {
    let mut provider = provider::default_provider();
    provider.kx_groups = vec![provider::kx_group::X25519MLKEM768];
    let provider = Arc::new(provider);
    let pinned = Pinned { info: pin.map(spki), provider: Arc::clone(&provider) };
    let key = Arc::new(AlwaysResolvesClientRawPublicKeys::new(certified(seed)?));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_client_cert_resolver(key);
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.enable_early_data = false;
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn spki(key: &VerifyingKey) -> Vec<u8> {
    [SPKI_PREFIX.as_slice(), key.as_bytes()].concat()
}

/// Returns the key in a SubjectPublicKeyInfo, if it is an Ed25519 key.
pub(super) fn key_of(spki: &[u8]) -> Option<VerifyingKey> {
    let (prefix, key) = spki.split_first_chunk::<12>()?;
    (*prefix == SPKI_PREFIX).then(|| key.try_into().ok().map(VerifyingKey::from_bytes))?
}

fn certified(seed: &[u8; 32]) -> Result<Arc<CertifiedKey>, Error> {
    let pkcs8 = Zeroizing::new([PKCS8_PREFIX.as_slice(), seed.as_slice()].concat());
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.as_slice()));
    let signing = provider::sign::any_supported_type(&der)?;
    let public = SigningKey::from_seed(*seed).verifying();
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki(&public))], signing)))
}

/// Speaks to one key only, if one is pinned; the other side must hold its key in any case.
#[derive(Debug)]
struct Pinned {
    info: Option<Vec<u8>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.info.as_ref().is_none_or(|info| key.as_ref() == info) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _key: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let key = SubjectPublicKeyInfoDer::from(key.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hybrid_exchange_is_offered_and_nothing_is_sent_early() {
        let pin = SigningKey::from_seed([1; 32]).verifying();
        let config = client_config(&[2; 32], Some(&pin)).unwrap();
        let groups: Vec<_> = config.crypto_provider().kx_groups.iter().map(|g| g.name()).collect();
        assert_eq!(groups, [rustls::NamedGroup::X25519MLKEM768]);
        assert!(!config.enable_early_data);
    }

    #[test]
    fn another_key_is_not_the_server() {
        let pin = SigningKey::from_seed([1; 32]).verifying();
        let pinned =
            Pinned { info: Some(spki(&pin)), provider: Arc::new(provider::default_provider()) };
        let name = ServerName::try_from("tacenda").unwrap();
        let verdict = |key: &VerifyingKey| {
            let key = CertificateDer::from(spki(key));
            pinned.verify_server_cert(&key, &[], &name, &[], UnixTime::now()).is_ok()
        };
        assert!(verdict(&pin));
        assert!(!verdict(&SigningKey::from_seed([3; 32]).verifying()));
    }
}
