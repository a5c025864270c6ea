//! Invites: what a practice needs to come to this server, and the one-use tokens behind them.
//!
//! An invite is one line: `tacenda1 <pin> <token> <host:port>[,<host:port>...]`, pin and token in
//! hexadecimal. The folder keeps only the token's hash, with the moment at which it ends.

use crate::chance::SystemRandom;
use crate::config::is_address;
use crate::folder::{Folder, make_private, read_small, write_new};
use crate::hex;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use tacenda_shared::id::Timestamp;
use tacenda_shared::random::Random;
use tacenda_shared::suite::{self, VerifyingKey};

/// How long an invite is good for.
pub const INVITE_MILLIS: i64 = 10 * 60 * 1000;
/// Bytes of a token.
pub const TOKEN_LENGTH: usize = 16;
/// The first word of an invite.
const MAGIC: &str = "tacenda1";
/// Invites that are open at once.
const MAX_OPEN: usize = 64;

/// What a device needs to bring a practice to this server.
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
    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let is_ours = words.next() == Some(MAGIC);
        let pin = VerifyingKey::from_bytes(hex::decode(words.next()?)?);
        let token = hex::decode(words.next()?)?;
        let addresses: Vec<String> = words.next()?.split(',').map(str::to_owned).collect();
        let whole = is_ours && words.next().is_none() && addresses.iter().all(|a| is_address(a));
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

/// The open invites of one server's folder.
#[derive(Debug)]
pub(crate) struct Invites {
    folder: PathBuf,
}

impl Invites {
    pub(crate) fn of(folder: &Folder) -> Self {
        Self { folder: folder.invites() }
    }

    /// Draws a token and notes its hash.
    pub(crate) fn issue(&self, now: Timestamp) -> io::Result<[u8; TOKEN_LENGTH]> {
        make_private(&self.folder)?;
        self.sweep(now)?;
        if fs::read_dir(&self.folder)?.count() >= MAX_OPEN {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let mut token = [0; TOKEN_LENGTH];
        SystemRandom.fill(&mut token);
        let end = now.plus_millis(INVITE_MILLIS).as_millis();
        write_new(&self.path(&token), format!("{end}\n").as_bytes())?;
        Ok(token)
    }

    /// Returns whether a token still admits.
    pub(crate) fn admits(&self, token: &[u8], now: Timestamp) -> bool {
        self.end(token).is_some_and(|end| is_open(end, now))
    }

    /// Uses a token up; false if somebody else just did.
    pub(crate) fn consume(&self, token: &[u8], now: Timestamp) -> bool {
        self.admits(token, now) && fs::remove_file(self.path(token)).is_ok()
    }

    fn end(&self, token: &[u8]) -> Option<Timestamp> {
        read_end(&self.path(token))
    }

    fn sweep(&self, now: Timestamp) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if !read_end(&path).is_some_and(|end| is_open(end, now)) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn path(&self, token: &[u8]) -> PathBuf {
        self.folder.join(suite::hash("tac/server/token/v1", &[token]).to_string())
    }
}

fn read_end(path: &std::path::Path) -> Option<Timestamp> {
    let text = String::from_utf8(read_small(path).ok()?).ok()?;
    text.trim_end().parse().ok().map(Timestamp::from_millis)
}

/// Open now, and not so far in the future that the clock must have been set back.
fn is_open(end: Timestamp, now: Timestamp) -> bool {
    (1..=INVITE_MILLIS).contains(&end.millis_since(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn an_invite_reads_back_and_shows_no_token_in_debug() {
        let invite = Invite {
            pin: VerifyingKey::from_bytes([7; 32]),
            token: [0xa5; TOKEN_LENGTH],
            addresses: vec!["sync.example.org:4440".to_owned(), "[2001:db8::1]:4440".to_owned()],
        };
        let text = invite.to_string();
        assert_eq!(Invite::parse(&text), Some(invite.clone()));
        assert_eq!(Invite::parse(&format!("  {text}\n")), Some(invite.clone()));
        assert_eq!(Invite::parse(&text.replace("4440", "0")), None);
        assert_eq!(Invite::parse(&format!("{text} more")), None);
        assert!(!format!("{invite:?}").contains("a5"));
    }

    #[test]
    fn a_token_admits_once_and_for_ten_minutes() {
        let scratch = Scratch::new("invites");
        let invites = Invites { folder: scratch.path().join("invites") };
        let now = Timestamp::from_millis(1_000_000);
        let token = invites.issue(now).unwrap();
        let other = invites.issue(now).unwrap();

        assert!(invites.admits(&token, now));
        assert!(!invites.admits(&[0; TOKEN_LENGTH], now));
        assert!(!invites.admits(&other, now.plus_millis(INVITE_MILLIS)));
        assert!(!invites.admits(&other, now.plus_millis(-60_000)));
        assert!(invites.consume(&token, now));
        assert!(!invites.admits(&token, now));
        assert!(!invites.consume(&token, now));
    }

    #[test]
    fn the_folder_holds_no_token() {
        let scratch = Scratch::new("tokens");
        let invites = Invites { folder: scratch.path().join("invites") };
        let token = invites.issue(Timestamp::from_millis(0)).unwrap();
        for entry in fs::read_dir(scratch.path().join("invites")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let text = fs::read_to_string(entry.path()).unwrap();
            assert!(!(name + &text).contains(&hex::encode(&token)));
        }
    }
}
