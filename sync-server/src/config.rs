//! What the server's operator may set: one TOML file, in which an unknown key is an error.

use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tacenda_shared::sync::{MAX_ADDRESSES, is_address};
use thiserror::Error;

/// The default UDP port.
pub const PORT: u16 = 4440;

/// The server's settings.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen. The default is every address, IPv6 with IPv4, or IPv4 alone where the
    /// machine has no IPv6.
    pub listen: Option<SocketAddr>,
    /// The addresses that an invite carries, `host:port` each; the first that answers is used.
    pub addresses: Vec<String>,
    /// Limits.
    pub limits: Limits,
}

/// Limits on what strangers and devices may cost. The defaults serve a practice of 15.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at once.
    pub connections: u32,
    /// Connections at once of one device.
    pub connections_per_device: u32,
    /// Connections at once of one source: an IPv4 address, or an IPv6 network of 64 bits.
    pub connections_per_source: u32,
    /// Requests per second of one device, on average; twice as many in a burst.
    pub requests_per_second: u32,
    /// Failed attempts per minute of one source before it is made to wait.
    pub failures_per_minute: u32,
    /// Bytes on disk that one practice may take.
    pub bytes_per_practice: u64,
    /// Bytes that stay free on the disk: below them no new data is taken, but the practice log
    /// still is, so that a lost laptop can be revoked.
    pub reserve_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_device: 16,
            connections_per_source: 32,
            requests_per_second: 50,
            failures_per_minute: 5,
            bytes_per_practice: 16 << 30,
            reserve_bytes: 64 << 20,
        }
    }
}

/// Why the settings are not taken.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// An address for invites is not `host:port`.
    #[error("\"{0}\" in addresses is not host:port")]
    Address(String),
    /// There are more addresses than an invite can carry.
    #[error("addresses has more than {MAX_ADDRESSES} entries")]
    Addresses,
    /// A limit of zero would let nobody in.
    #[error("limits.{0} must be at least 1")]
    Zero(&'static str),
    /// The file is not TOML, or has a key that this version does not know.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
}

impl Config {
    /// Reads settings from the text of the file.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        if config.addresses.len() > MAX_ADDRESSES {
            return Err(ConfigError::Addresses);
        }
        if let Some(wrong) = config.addresses.iter().find(|address| !is_address(address)) {
            return Err(ConfigError::Address(wrong.clone()));
        }
        config.limits.refuse_zero()?;
        Ok(config)
    }

    /// Returns the addresses to try to listen on, in order.
    pub fn listen_candidates(&self) -> Vec<SocketAddr> {
        match self.listen {
            Some(address) => vec![address],
            None => vec![
                SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), PORT),
                SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT),
            ],
        }
    }

    /// Returns the text of a new file, in which every setting stands with its default.
    pub fn template(addresses: &[String]) -> String {
        let limits = Limits::default();
        let quoted: Vec<String> = addresses.iter().map(|one| format!("\"{one}\"")).collect();
        format!(
            "# Settings of tacenda-server. An unknown key is an error.\n\
             \n\
             # Where to listen, UDP. Without it: every address, port {PORT}.\n\
             # listen = \"[::]:{PORT}\"\n\
             \n\
             # What an invite tells devices to connect to, \"host:port\" each.\n\
             addresses = [{}]\n\
             \n\
             [limits]\n\
             connections = {}\n\
             connections_per_device = {}\n\
             # A source is an IPv4 address, or an IPv6 network of 64 bits.\n\
             connections_per_source = {}\n\
             requests_per_second = {}\n\
             failures_per_minute = {}\n\
             bytes_per_practice = {}\n\
             # Below this much free room no new data is taken.\n\
             reserve_bytes = {}\n",
            quoted.join(", "),
            limits.connections,
            limits.connections_per_device,
            limits.connections_per_source,
            limits.requests_per_second,
            limits.failures_per_minute,
            limits.bytes_per_practice,
            limits.reserve_bytes,
        )
    }
}

impl Limits {
    fn refuse_zero(&self) -> Result<(), ConfigError> {
        for (name, value) in [
            ("connections", self.connections),
            ("connections_per_device", self.connections_per_device),
            ("connections_per_source", self.connections_per_source),
            ("requests_per_second", self.requests_per_second),
            ("failures_per_minute", self.failures_per_minute),
        ] {
            if value == 0 {
                return Err(ConfigError::Zero(name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = Config::parse("lisen = \"[::]:4440\"").unwrap_err().to_string();
        assert!(error.contains("lisen"), "{error}");
        assert!(Config::parse("[limits]\nconnection = 3").is_err());
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
        assert_eq!(Config::default().listen_candidates().len(), 2);
    }

    #[test]
    fn the_template_reads_as_the_defaults_with_its_addresses() {
        let addresses = vec!["sync.example.org:4440".to_owned(), "[2001:db8::1]:4440".to_owned()];
        let config = Config::parse(&Config::template(&addresses)).unwrap();
        assert_eq!(config, Config { addresses, ..Config::default() });
    }

    #[test]
    fn an_address_that_an_invite_cannot_carry_is_refused() {
        for wrong in ["sync.example.org", ":4440", "host:0", "a b:1", "a,b:1", "host:99999"] {
            let text = format!("addresses = [\"{wrong}\"]");
            assert!(Config::parse(&text).is_err(), "{wrong}");
        }
        assert!(Config::parse("addresses = [\"sync.example.org:4440\"]").is_ok());
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let error = Config::parse("[limits]\nconnections_per_source = 0").unwrap_err();
        assert!(error.to_string().contains("connections_per_source"));
    }
}
