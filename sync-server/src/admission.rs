//! Who may bring a practice to this server: one-use tokens, issued by `invite` and used up by the
//! running server, which meet in the folder. It keeps a token's hash and end, never the token.

use crate::chance::SystemRandom;
use crate::folder::{Folder, make_private, read_small, write_new};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tacenda_shared::id::Timestamp;
use tacenda_shared::random::Random;
use tacenda_shared::suite;
use tacenda_shared::sync::TOKEN_LENGTH;

/// How long an invite is good for.
pub const INVITE_MILLIS: i64 = 10 * 60 * 1000;
/// Invites that are open at once.
const MAX_OPEN: usize = 64;

/// The open invites of one server's folder.
#[derive(Debug)]
pub(crate) struct Invites {
    server: Folder,
    folder: PathBuf,
}

impl Invites {
    pub(crate) fn of(folder: &Folder) -> Self {
        Self { server: folder.clone(), folder: folder.invites() }
    }

    /// Draws a token and notes its hash.
    pub(crate) fn issue(&self, now: Timestamp) -> io::Result<[u8; TOKEN_LENGTH]> {
        make_private(&self.folder)?;
        self.server.adopt(&self.folder)?;
        self.sweep(now)?;
        if fs::read_dir(&self.folder)?.count() >= MAX_OPEN {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let mut token = [0; TOKEN_LENGTH];
        SystemRandom.fill(&mut token);
        let end = now.plus_millis(INVITE_MILLIS).as_millis();
        write_new(&self.path(&token), format!("{end}\n").as_bytes())?;
        self.server.adopt(&self.path(&token))?;
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

fn read_end(path: &Path) -> Option<Timestamp> {
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
    use tacenda_shared::hex;

    #[test]
    fn a_token_admits_once_and_for_ten_minutes() {
        let scratch = Scratch::new("invites");
        let invites = Invites::of(&Folder::at(scratch.path()));
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
        let invites = Invites::of(&Folder::at(scratch.path()));
        let token = invites.issue(Timestamp::from_millis(0)).unwrap();
        for entry in fs::read_dir(scratch.path().join("invites")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let text = fs::read_to_string(entry.path()).unwrap();
            assert!(!(name + &text).contains(&hex::encode(&token)));
        }
    }
}
