//! A real file system that is really full: a few MiB in memory, mounted where a folder was.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk in the place of a folder, with what the folder held. It is unmounted with this.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Puts a disk of so many KiB in the place of a folder; says why if this machine does not
    /// let us.
    pub fn in_place_of(folder: &Path, kib: usize) -> Result<Self, String> {
        let aside = folder.with_extension("aside");
        fs::rename(folder, &aside).expect("a folder to move");
        fs::create_dir(folder).expect("a place to mount at");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kib}k,mode=700"), "tmpfs"])
            .arg(folder)
            .output();
        let why = match mounted {
            Ok(done) if done.status.success() => None,
            Ok(done) => Some(String::from_utf8_lossy(&done.stderr).trim().to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = why {
            fs::remove_dir(folder).expect("an empty folder");
            fs::rename(&aside, folder).expect("the folder back");
            return Err(why);
        }
        let disk = Self { at: folder.to_owned() };
        let copied = Command::new("cp").arg("-a").arg(aside.join(".")).arg(folder).status();
        assert!(copied.expect("cp").success());
        fs::remove_dir_all(&aside).expect("what is not needed any more");
        Ok(disk)
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("a file");
        for piece in [65_536, 4_096, 1] {
            while filler.write_all(&vec![0; piece]).is_ok() {}
        }
    }

    /// Gives the room back.
    pub fn free(&self) {
        fs::remove_file(self.filler()).expect("the file that took the room");
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whatever still runs in it ends with its test.
        let _ended = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}
