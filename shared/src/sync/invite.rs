//! An invite: the one line by which a practice comes to a server. A server prints it, a device
//! reads it; it is pasted or typed, never an argument of a program.
//!
//! `tacenda1 PIN TOKEN HOST:PORT[,HOST:PORT...]`: the server's key and a one-use token in
//! lower-case hexadecimal, then up to eight addresses, of which the first that answers is used.

use crate::hex;
use crate::suite::VerifyingKey;
use std::fmt;

/// Bytes of a token.
pub const TOKEN_LENGTH: usize = 16;
/// Addresses of one invite at most.
pub const MAX_ADDRESSES: usize = 8;
/// Bytes of one address at most: a host of 253, a colon, a port.
const MAX_ADDRESS_LENGTH: usize = 259;
/// The first word of an invite.
const MAGIC: &str = "tacenda1";

/// What a device needs to bring a practice to a server.
#[derive(Clone, Eq, PartialEq)]
pub struct Invite {
    /// The server's key.
    pub pin: VerifyingKey,
    /// Admits one practice, once.
    pub token: [u8; TOKEN_LENGTH],
    /// Where the server is, `host:port` each.
    pub addresses: Vec<String>,
}

impl Invite {
    /// Reads what `Display` wrote; space around and between the words does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let is_ours = words.next() == Some(MAGIC);
        let pin = VerifyingKey::from_bytes(hex::decode(words.next()?)?);
        let token = hex::decode(words.next()?)?;
        let addresses: Vec<String> = words.next()?.split(',').map(str::to_owned).collect();
        let few = addresses.len() <= MAX_ADDRESSES && words.next().is_none();
        let whole = is_ours && few && addresses.iter().all(|address| is_address(address));
        whole.then_some(Self { pin, token, addresses })
    }
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pin, token) = (hex::encode(self.pin.as_bytes()), hex::encode(&self.token));
        write!(f, "{MAGIC} {pin} {token} {}", self.addresses.join(","))
    }
}

// The token is a secret for ten minutes.
impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invite(redacted)")
    }
}

/// Returns whether `text` is `host:port`, without anything that an invite could not carry.
pub fn is_address(text: &str) -> bool {
    let plain = text.len() <= MAX_ADDRESS_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'"' | b'\\'));
    let port = text.rsplit_once(':').and_then(|(host, port)| {
        port.parse::<u16>().ok().filter(|port| *port > 0 && !host.is_empty())
    });
    plain && port.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> Invite {
        Invite {
            pin: VerifyingKey::from_bytes([7; 32]),
            token: [0xa5; TOKEN_LENGTH],
            addresses: vec!["sync.example.org:4440".to_owned(), "[2001:db8::1]:4440".to_owned()],
        }
    }

    #[test]
    fn an_invite_reads_back_and_shows_no_token_in_debug() {
        let text = invite().to_string();
        assert_eq!(Invite::parse(&text), Some(invite()));
        assert_eq!(Invite::parse(&format!("  {text}\n")), Some(invite()));
        assert!(!format!("{:?}", invite()).contains("a5"));
    }

    #[test]
    fn what_is_not_quite_an_invite_is_none() {
        let text = invite().to_string();
        for wrong in [
            text.replace("tacenda1", "tacenda2"),
            text.replace("4440", "0"),
            text.replace("a5a5", "A5A5"),
            format!("{text} more"),
            text.replace(",[", ",,["),
            String::new(),
        ] {
            assert_eq!(Invite::parse(&wrong), None, "{wrong}");
        }
        let many = Invite { addresses: vec!["a:1".to_owned(); MAX_ADDRESSES + 1], ..invite() };
        assert_eq!(Invite::parse(&many.to_string()), None);
    }
}
