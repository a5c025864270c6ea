//! TLS 1.3 with raw public keys both ways (RFC 7250) and X25519MLKEM768 only. No certificates, no
//! 0-RTT, no other suite to fall back to. Whose key it is, is asked after the handshake.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs as provider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use std::sync::Arc;
use thiserror::Error;

/// The name of the protocol in ALPN.
pub const ALPN: &[u8] = b"tacenda/1";
/// What stands before an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410, 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0];

/// Why the link's security cannot be set up.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The key is refused by the library.
    #[error("the server's key is not an Ed25519 key")]
    Key,
    /// The configuration is refused by the library.
    #[error("the configuration of TLS is refused")]
    Configuration(#[from] Error),
}

/// Returns the 32 bytes of an Ed25519 key from its SubjectPublicKeyInfo, if it is one.
pub fn key_of(spki: &[u8]) -> Option<[u8; 32]> {
    let (prefix, key) = spki.split_first_chunk::<12>()?;
    if *prefix == SPKI_PREFIX { key.try_into().ok() } else { None }
}

/// Returns the SubjectPublicKeyInfo of an Ed25519 key.
pub fn spki_of(key: &[u8]) -> Vec<u8> {
    [SPKI_PREFIX.as_slice(), key].concat()
}

/// Builds the server's half from the seed of its key.
///
/// # Errors
/// See [`TlsError`].
pub fn server_config(seed: &[u8; 32]) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(only_hybrid());
    let key = certified(seed)?;
    let verifier = Arc::new(AnyDevice { provider: Arc::clone(&provider) });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(key)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.max_early_data_size = 0;
    // Every link proves its key anew; there is nothing to resume.
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Returns the library's suite with X25519MLKEM768 as the only exchange.
pub fn only_hybrid() -> CryptoProvider {
    let mut provider = provider::default_provider();
    provider.kx_groups = vec![provider::kx_group::X25519MLKEM768];
    provider
}

/// Returns a raw public key with its signer, for either side.
///
/// # Errors
/// See [`TlsError`].
pub fn certified(seed: &[u8; 32]) -> Result<Arc<CertifiedKey>, TlsError> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| TlsError::Key)?;
    let pkcs8 = pair.to_pkcs8().map_err(|_| TlsError::Key)?;
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec()));
    let signing = provider::sign::any_supported_type(&der)?;
    let spki = spki_of(pair.public_key().as_ref());
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki)], signing)))
}

/// Lets in every holder of an Ed25519 key who proves that it holds it.
#[derive(Debug)]
struct AnyDevice {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AnyDevice {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match key_of(key) {
            Some(_) => Ok(ClientCertVerified::assertion()),
            None => Err(Error::General("not an Ed25519 key".into())),
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
        verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(key.as_ref()),
            signature,
            &self.provider.signature_verification_algorithms,
        )
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
    fn a_key_reads_back_from_its_info_and_nothing_else_does() {
        let info = spki_of(&[7; 32]);
        assert_eq!(info.len(), 44);
        assert_eq!(key_of(&info), Some([7; 32]));
        assert_eq!(key_of(&info[..43]), None);
        assert_eq!(key_of(&[info.as_slice(), &[0]].concat()), None);
        let mut other = info;
        other[8] ^= 1;
        assert_eq!(key_of(&other), None);
    }

    #[test]
    fn only_the_hybrid_exchange_is_offered_and_nothing_is_resumed() {
        let config = server_config(&[7; 32]).unwrap();
        let groups: Vec<_> = config.crypto_provider().kx_groups.iter().map(|g| g.name()).collect();
        assert_eq!(groups, [rustls::NamedGroup::X25519MLKEM768]);
        assert_eq!((config.max_early_data_size, config.send_tls13_tickets), (0, 0));
    }
}
