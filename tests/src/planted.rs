//! Planted words, and where they are looked for: files, a process's memory.

use crate::scene::files_below;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// A word as the bytes that it may be stored as: UTF-8, UTF-16 and UTF-32 of this machine.
pub fn spellings(word: &str) -> [Vec<u8>; 3] {
    let wide = word.encode_utf16().flat_map(u16::to_ne_bytes).collect();
    let wider = word.chars().flat_map(|letter| u32::from(letter).to_ne_bytes()).collect();
    [word.as_bytes().to_vec(), wide, wider]
}

/// A word in the forms that somebody may have given it on the way: as it is, reversed, in base64
/// at each of the three places where it may begin, and in hexadecimal.
pub fn disguises(word: &str) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = spellings(word).to_vec();
    forms.push(word.encode_utf16().flat_map(u16::to_be_bytes).collect());
    forms.push(word.bytes().rev().collect());
    forms.push(word.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
    for skipped in 0..3 {
        let padded = [&vec![0; skipped][..], word.as_bytes()].concat();
        let text = base64(&padded);
        // The letters at either end depend on the neighbours.
        let first = skipped * 4 / 3 + usize::from(skipped > 0);
        let last = padded.len() / 3 * 4;
        forms.push(text[first..last].to_vec());
    }
    forms
}

/// The whole groups of three bytes, as base64 writes them.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let number = three.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| LETTERS[(number >> shift) & 63])
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

/// Returns the words that these bytes hold in any disguise.
pub fn disguised<'a>(bytes: &[u8], words: &[&'a str]) -> Vec<&'a str> {
    let hidden = |word: &&&str| !places(bytes, &disguises(word)).is_empty();
    words.iter().filter(hidden).copied().collect()
}

/// Returns every process below this one that the system shows, with its arguments and its
/// environment.
pub fn in_processes(words: &[&str]) -> (usize, Vec<String>) {
    let (mut seen, mut found) = (0, Vec::new());
    let own = std::process::id().to_string();
    for entry in std::fs::read_dir("/proc").expect("the processes").flatten() {
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        if parent.is_none_or(|parent| parent.trim() != own) {
            continue;
        }
        seen += 1;
        for file in ["cmdline", "environ", "comm"] {
            // A process may have ended meanwhile.
            let bytes = std::fs::read(entry.path().join(file)).unwrap_or_default();
            let words = disguised(&bytes, words);
            found.extend(words.iter().map(|word| format!("{word:?} in {file} of {entry:?}")));
        }
    }
    (seen, found)
}

/// Returns how often any spelling of a word stands in these bytes.
pub fn count(bytes: &[u8], word: &str) -> usize {
    spellings(word).iter().map(|spelling| count_bytes(bytes, spelling).len()).sum()
}

fn count_bytes(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    places(bytes, &[wanted.to_vec()]).into_iter().map(|(at, _)| at).collect()
}

/// Returns where which of the wanted begins, in one pass.
fn places(bytes: &[u8], wanted: &[Vec<u8>]) -> Vec<(usize, usize)> {
    let mut begins = [false; 256];
    for first in wanted.iter().filter_map(|wanted| wanted.first()) {
        begins[usize::from(*first)] = true;
    }
    let mut found = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        if begins[usize::from(*byte)] {
            let here = wanted.iter().enumerate().filter(|(_, w)| bytes[at..].starts_with(w));
            found.extend(here.map(|(which, _)| (at, which)));
        }
    }
    found
}

/// Returns the files below a folder whose bytes or names hold one of the words.
pub fn in_files(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut files = Vec::new();
    files_below(folder, &mut files);
    assert!(!files.is_empty(), "nothing to search in {}", folder.display());
    let mut found = Vec::new();
    for (path, bytes) in files {
        let name = path.to_string_lossy().into_owned();
        for word in words {
            let disguises = disguises(word);
            let anywhere = |bytes: &[u8]| !places(bytes, &disguises).is_empty();
            if anywhere(&bytes) || anywhere(name.as_bytes()) {
                found.push(format!("{word:?} in {name}"));
            }
        }
    }
    found
}

/// One place in memory that holds a planted word.
#[derive(Clone, Debug)]
pub struct Place {
    /// The word.
    pub word: String,
    /// The mapping, for example `[heap]`.
    pub mapping: String,
    /// What stands around it.
    pub around: String,
}

/// Bytes that must not be found, with what they are called.
pub type Wanted = Vec<(String, Vec<u8>)>;

/// Returns words in all their spellings.
pub fn wanted(words: &[&str]) -> Wanted {
    let spelled = |word: &&str| spellings(word).map(|spelling| ((*word).to_owned(), spelling));
    words.iter().flat_map(spelled).collect()
}

/// Returns the places of the process's writable memory that hold something wanted, and how many
/// bytes were searched; an error if the memory may not be read.
pub fn in_memory(pid: i32, named: &Wanted) -> std::io::Result<(Vec<Place>, u64)> {
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let maps = BufReader::new(File::open(format!("/proc/{pid}/maps"))?);
    let wanted: Vec<_> = named.iter().map(|(_, bytes)| bytes.clone()).collect();
    let mut found = Vec::new();
    let mut searched = 0;
    for line in maps.lines() {
        let line = line?;
        let fields: Vec<_> = line.split_whitespace().collect();
        let [range, rights, ..] = fields.as_slice() else { continue };
        let name = fields.get(5).copied().unwrap_or("anonymous");
        if !rights.starts_with("rw") || name.starts_with("[v") {
            continue;
        }
        let number = |text: &str| u64::from_str_radix(text, 16).expect("an address");
        let (start, end) = range.split_once('-').expect("a range");
        let (start, end) = (number(start), number(end));
        let mut bytes = vec![0; usize::try_from(end - start).expect("a mapping that fits")];
        // Guard pages and the like cannot be read; they hold nothing either.
        if memory.read_exact_at(&mut bytes, start).is_err() {
            continue;
        }
        searched += end - start;
        for (at, which) in places(&bytes, &wanted) {
            let until = (at + wanted[which].len() + 24).min(bytes.len());
            let around = &bytes[at.saturating_sub(24)..until];
            found.push(Place {
                word: named[which].0.clone(),
                mapping: name.to_owned(),
                around: around.escape_ascii().to_string(),
            });
        }
    }
    Ok((found, searched))
}

/// Waits up to the second that is promised until memory holds nothing wanted. Returns what is
/// left, and how many bytes were searched.
pub fn left_in_memory(pty: &mut crate::pty::Pty, wanted: &Wanted) -> (Vec<Place>, u64) {
    let pid = pty.pid().as_raw_nonzero().get();
    let mut found = in_memory(pid, wanted).expect("the memory of the program");
    for _ in 0..20 {
        if found.0.is_empty() {
            break;
        }
        pty.bytes_within(std::time::Duration::from_millis(50));
        found = in_memory(pid, wanted).expect("the memory of the program");
    }
    for place in &found.0 {
        println!("{:<16} {:<10} {}", place.word, place.mapping, place.around);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_every_disguise() {
        // "Quokkaferina" in base64 after nothing, one byte and two bytes.
        for text in ["UXVva2thZmVyaW5h", "LVF1b2trYWZlcmluYS0t", "LS1RdW9ra2FmZXJpbmEt"] {
            assert_eq!(disguised(text.as_bytes(), &["Quokkaferina"]), ["Quokkaferina"], "{text}");
        }
        for text in ["..anirefakkouQ..", "..51756f6b6b61666572696e61.."] {
            assert_eq!(disguised(text.as_bytes(), &["Quokkaferina"]), ["Quokkaferina"], "{text}");
        }
        assert!(disguised(b"Quokkaferin", &["Quokkaferina"]).is_empty());
    }
}
