//! Settings of this device that say nothing of a client: a few lines of text beside the device's
//! secrets, which a person may read and change. What is not known here is kept as it is.

use super::home::Home;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

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
        let text = fs::read_to_string(home.settings()).unwrap_or_default();
        text.lines().rev().find_map(of_line).unwrap_or_default()
    }

    /// Sets the device to this.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn set(self, home: &Home) -> io::Result<()> {
        let path = home.settings();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let others = text.lines().filter(|line| of_line(line).is_none());
        let mut lines: Vec<String> = others.map(str::to_owned).collect();
        lines.push(format!("{KEY} = {}", self.word()));
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let new = path.with_extension("new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(format!("{}\n", lines.join("\n")).as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)
    }
}

const KEY: &str = "sync.timing";

fn of_line(line: &str) -> Option<Timing> {
    let (key, word) = line.split_once('=')?;
    if key.trim() == KEY { Timing::parse(word.trim()) } else { None }
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
        fs::remove_dir_all(folder).unwrap();
    }
}
