//! Settings of this device that say nothing of a client: a few lines of text beside the device's
//! secrets, which a person may read and change. What is not known here is kept as it is.

use super::home::Home;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use tacenda_shared::id::Timestamp;

/// How soon what was written leaves the device (protocol 7).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Timing {
    /// At once; others see the caret, and what was shown here.
    #[default]
    Live,
    /// What belongs to charts and to the audit trail leaves once a minute, with a delay drawn by
    /// chance, and nothing is said of carets: so the server learns less from the time.
    Quiet,
}

impl Timing {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Quiet => "quiet",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Live, Self::Quiet].into_iter().find(|timing| timing.word() == word)
    }

    /// Returns what the device is set to; live if nothing is set or the file does not read.
    pub fn of(home: &Home) -> Self {
        read(home, TIMING, Self::parse).unwrap_or_default()
    }

    /// Sets the device to this.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn set(self, home: &Home) -> io::Result<()> {
        write(home, TIMING, self.word(), |word| Self::parse(word).is_some())
    }
}

/// How many minutes after the last key the vault locks itself: 1 to 30. It cannot be turned off
/// (45 CFR 164.312(a)(2)(iii), automatic logoff).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AutoLock(u8);

impl Default for AutoLock {
    fn default() -> Self {
        Self(5)
    }
}

impl AutoLock {
    /// Takes the minutes; `None` if there are too few or too many.
    pub fn new(minutes: u8) -> Option<Self> {
        (1..=30).contains(&minutes).then_some(Self(minutes))
    }

    /// Returns the minutes.
    pub const fn minutes(self) -> u8 {
        self.0
    }

    /// Returns the time in milliseconds.
    pub fn millis(self) -> i64 {
        i64::from(self.0) * 60_000
    }

    /// Returns what the device is set to; five minutes if nothing is set or the file does not read.
    pub fn of(home: &Home) -> Self {
        read(home, AUTO_LOCK, Self::parse).unwrap_or_default()
    }

    /// Sets the device to this.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn set(self, home: &Home) -> io::Result<()> {
        write(home, AUTO_LOCK, &self.0.to_string(), |word| Self::parse(word).is_some())
    }

    fn parse(word: &str) -> Option<Self> {
        Self::new(word.parse().ok()?)
    }
}

/// Which keys do what in the text of a note.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Preset {
    /// Letters type, always.
    #[default]
    Default,
    /// As in vim: commands and typing are two modes.
    Vim,
}

impl Preset {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Vim => "vim",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Default, Self::Vim].into_iter().find(|preset| preset.word() == word)
    }

    /// Returns what the device is set to; the default if nothing is set or the file does not read.
    pub fn of(home: &Home) -> Self {
        read(home, PRESET, Self::parse).unwrap_or_default()
    }

    /// Sets the device to this.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn set(self, home: &Home) -> io::Result<()> {
        write(home, PRESET, self.word(), |word| Self::parse(word).is_some())
    }
}

/// After how many minutes since the passphrase was typed last a signature asks for it again: 0, each
/// time, to 60.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignAfter(u8);

impl Default for SignAfter {
    fn default() -> Self {
        Self(15)
    }
}

impl SignAfter {
    /// Takes the minutes; `None` if there are too many.
    pub fn new(minutes: u8) -> Option<Self> {
        (minutes <= 60).then_some(Self(minutes))
    }

    /// Returns the minutes.
    pub const fn minutes(self) -> u8 {
        self.0
    }

    /// Whether a signature now asks for the passphrase, which was typed last at `typed`. A clock that
    /// was set back buys no time.
    pub const fn is_due(self, typed: Timestamp, now: Timestamp) -> bool {
        let age = now.millis_since(typed);
        age < 0 || age >= self.0 as i64 * 60_000
    }

    /// Returns what the device is set to; fifteen minutes if nothing is set or the file does not read.
    pub fn of(home: &Home) -> Self {
        read(home, SIGN_AFTER, Self::parse).unwrap_or_default()
    }

    /// Sets the device to this.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn set(self, home: &Home) -> io::Result<()> {
        write(home, SIGN_AFTER, &self.0.to_string(), |word| Self::parse(word).is_some())
    }

    fn parse(word: &str) -> Option<Self> {
        Self::new(word.parse().ok()?)
    }
}

const AUTO_LOCK: &str = "lock.after.minutes";
const PRESET: &str = "keys.preset";
const SIGN_AFTER: &str = "sign.after.minutes";
const TIMING: &str = "sync.timing";

/// Returns the word of the last line of this key that reads.
fn read<T>(home: &Home, key: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let text = fs::read_to_string(home.settings()).unwrap_or_default();
    text.lines().rev().find_map(|line| parse(word_of(line, key)?))
}

fn word_of<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    let (key, word) = line.split_once('=')?;
    (key.trim() == wanted).then(|| word.trim())
}

/// Puts one line in the place of those of this key that read.
fn write(home: &Home, key: &str, word: &str, reads: impl Fn(&str) -> bool) -> io::Result<()> {
    let path = home.settings();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let others = text.lines().filter(|line| !word_of(line, key).is_some_and(&reads));
    let mut lines: Vec<String> = others.map(str::to_owned).collect();
    lines.push(format!("{key} = {word}"));
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(format!("{}\n", lines.join("\n")).as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_kept_and_what_is_unknown_stays() {
        let name = format!("tacenda-settings-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let home = Home::contained_in(&folder);
        assert_eq!(Timing::of(&home), Timing::Live);
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).open(home.settings());
        file.as_mut().unwrap().write_all(b"colour = none\nsync.timing = soon\n").unwrap();

        Timing::Quiet.set(&home).unwrap();
        Timing::Quiet.set(&home).unwrap();

        assert_eq!(Timing::of(&home), Timing::Quiet);
        let text = fs::read_to_string(home.settings()).unwrap();
        assert_eq!(text, "colour = none\nsync.timing = soon\nsync.timing = quiet\n");
        Timing::Live.set(&home).unwrap();
        assert_eq!(Timing::of(&home), Timing::Live);
        assert_eq!((AutoLock::of(&home).minutes(), AutoLock::new(0)), (5, None));
        AutoLock::new(30).unwrap().set(&home).unwrap();
        assert_eq!((AutoLock::of(&home).minutes(), AutoLock::new(31)), (30, None));
        assert_eq!(Timing::of(&home), Timing::Live);
        assert_eq!(Preset::of(&home), Preset::Default);
        Preset::Vim.set(&home).unwrap();
        assert_eq!((Preset::of(&home), Timing::of(&home)), (Preset::Vim, Timing::Live));
        Preset::Default.set(&home).unwrap();
        assert_eq!(Preset::of(&home), Preset::Default);
        assert_eq!((SignAfter::of(&home).minutes(), SignAfter::new(61)), (15, None));
        SignAfter::new(0).unwrap().set(&home).unwrap();
        assert_eq!((SignAfter::of(&home).minutes(), AutoLock::of(&home).minutes()), (0, 30));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_signature_asks_once_the_minutes_are_over_and_when_a_clock_was_set_back() {
        let typed = Timestamp::from_millis(1_000_000);
        let after = |millis| typed.plus_millis(millis);
        let quarter = SignAfter::default();
        assert!(!quarter.is_due(typed, after(15 * 60_000 - 1)));
        assert!(quarter.is_due(typed, after(15 * 60_000)));
        assert!(quarter.is_due(typed, after(-1)));
        assert!(SignAfter::new(0).unwrap().is_due(typed, typed), "each time");
    }
}
