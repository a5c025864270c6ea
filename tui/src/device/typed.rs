//! What was typed into a draft and is not yet a change of its document. Pure.
//!
//! Keystrokes reach the disk within a second of being typed; a change of the document is made
//! only at pauses, because one change costs a hundred bytes whatever it holds.

use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::id::{ClientId, Timestamp};
use tacenda_shared::practice::INSERTED_MAX;
use tacenda_shared::practice::edit::{Part, Splice};

/// How long a keystroke may wait for others before it goes to the disk with them.
const FLUSH_AFTER_MILLIS: i64 = 400;
/// The longest text of one splice; a part of a note is at most 1 MiB.
const INSERTED_BYTES_MAX: usize = 1 << 20;
/// More splices than anybody types between two flushes.
const SPLICES_MAX: usize = 1 << 16;

/// The keystrokes of one draft.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Typed {
    /// Whose chart.
    pub client: ClientId,
    /// Since the last change of the document, in order.
    uncommitted: Vec<Splice>,
    /// How many of them are on the disk.
    flushed: usize,
    /// When the oldest that is not on the disk was typed.
    waiting_since: Option<Timestamp>,
    /// Splices since the draft was opened.
    count: u64,
}

impl Typed {
    /// Starts with nothing typed.
    pub fn new(client: ClientId) -> Self {
        Self { client, uncommitted: Vec::new(), flushed: 0, waiting_since: None, count: 0 }
    }

    /// Takes what was typed: `count` splices as the screen counts.
    pub fn push(&mut self, splices: Vec<Splice>, count: usize, now: Timestamp) {
        self.count = self.count.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        if splices.is_empty() {
            return;
        }
        self.uncommitted.extend(splices.into_iter().flat_map(in_pieces));
        self.waiting_since.get_or_insert(now);
    }

    /// Takes what an earlier run typed and left on the disk.
    pub fn recover(&mut self, splices: Vec<Splice>) {
        self.uncommitted.extend(splices);
        self.flushed = self.uncommitted.len();
    }

    /// Returns when the oldest waiting keystroke must be on the disk.
    pub fn flush_due(&self) -> Option<Timestamp> {
        self.waiting_since.map(|since| since.plus_millis(FLUSH_AFTER_MILLIS))
    }

    /// Returns how long the oldest waiting keystroke may still wait, in milliseconds. One that would
    /// have to wait longer than any does was typed before the clock was set back, and is due.
    pub fn flush_wait(&self, now: Timestamp) -> Option<i64> {
        let wait = self.flush_due()?.millis_since(now);
        Some(if wait > FLUSH_AFTER_MILLIS + RETRY_AFTER_MILLIS { 0 } else { wait.max(0) })
    }

    /// Returns what is not on the disk.
    pub fn unflushed(&self) -> &[Splice] {
        self.uncommitted.get(self.flushed..).unwrap_or_default()
    }

    /// Returns as much of what is not on the disk as one frame takes.
    pub fn next_frame(&self) -> &[Splice] {
        let waiting = self.unflushed();
        waiting.get(..fitting(waiting, FRAME_LETTERS_MAX)).unwrap_or(waiting)
    }

    /// Says that `count` more splices are on the disk.
    pub fn flushed_some(&mut self, count: usize) {
        self.flushed = self.flushed.saturating_add(count).min(self.uncommitted.len());
    }

    /// Says that everything typed so far is on the disk; returns how many splices that are.
    pub fn flushed(&mut self) -> u64 {
        self.flushed = self.uncommitted.len();
        self.waiting_since = None;
        self.count
    }

    /// Says that the disk did not take it; it is tried again after `now`.
    pub fn refused(&mut self, now: Timestamp) {
        self.waiting_since = Some(now.plus_millis(RETRY_AFTER_MILLIS));
    }

    /// Returns what the next change of the document must hold.
    pub fn uncommitted(&self) -> &[Splice] {
        &self.uncommitted
    }

    /// Returns what the next changes of the document must hold, each within what one may insert.
    pub fn changes(&self) -> Vec<Vec<Splice>> {
        let mut changes = Vec::new();
        let mut rest = self.uncommitted.as_slice();
        while !rest.is_empty() {
            let (change, later) = rest.split_at(fitting(rest, INSERTED_MAX));
            changes.push(change.to_vec());
            rest = later;
        }
        changes
    }

    /// Says that changes of the document hold everything typed so far, and are on the disk.
    pub fn committed(&mut self) -> u64 {
        self.uncommitted.clear();
        self.flushed()
    }

    /// Says that changes of the document hold the first `count` splices and refuse the next. With
    /// those changes the disk forgets all keystrokes, so the rest goes there again.
    pub fn committed_some(&mut self, count: usize, now: Timestamp) {
        self.uncommitted.drain(..count.min(self.uncommitted.len()));
        self.flushed = 0;
        self.waiting_since = (!self.uncommitted.is_empty()).then_some(now);
    }

    /// Puts what no change holds in the place of itself, since the text below it has changed.
    pub fn moved(&mut self, splices: Vec<Splice>, now: Timestamp) {
        self.uncommitted = splices;
        self.committed_some(0, now);
    }

    /// Forgets what no change holds; returns the words of it.
    pub fn forget(&mut self) -> String {
        let words = self.uncommitted.drain(..).map(|splice| splice.inserted).collect();
        self.flushed();
        words
    }
}

/// Cuts an insertion that is longer than a frame or a change takes.
fn in_pieces(splice: Splice) -> Vec<Splice> {
    if splice.inserted.len() <= PIECE_LETTERS {
        return vec![splice];
    }
    let letters: Vec<char> = splice.inserted.chars().collect();
    let pieces = letters.chunks(PIECE_LETTERS).enumerate().map(|(number, piece)| Splice {
        part: splice.part,
        position: splice.position.saturating_add(number.saturating_mul(PIECE_LETTERS)),
        deleted: if number == 0 { splice.deleted } else { 0 },
        inserted: piece.iter().collect(),
    });
    pieces.collect()
}

/// Returns how many of these, at least one, insert no more than `most` letters together.
fn fitting(splices: &[Splice], most: usize) -> usize {
    let mut letters = 0_usize;
    let fits = |splice: &&Splice| {
        letters = letters.saturating_add(splice.inserted.chars().count());
        letters <= most
    };
    splices.iter().take(SPLICES_MAX).take_while(fits).count().max(1)
}

/// The longest insertion of one splice; a paste that is longer becomes several.
const PIECE_LETTERS: usize = 1 << 16;
/// Of so many letters, four bytes each, a frame of the journal takes all.
const FRAME_LETTERS_MAX: usize = 1 << 18;
/// How long to wait after the disk refused.
const RETRY_AFTER_MILLIS: i64 = 2_000;

/// Returns the number that stands for a part.
pub(super) const fn part_number(part: Part) -> u8 {
    part.number()
}

/// Returns the part that a number stands for.
pub(super) fn part_of_number(number: u8) -> Result<Part, CodecError> {
    Part::of(number).ok_or(CodecError::Unknown)
}

/// Returns splices as canonical bytes.
pub fn encode(splices: &[Splice]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.list(splices, |writer, splice| {
        writer.u8(part_number(splice.part));
        writer.u64(u64::try_from(splice.position).unwrap_or(u64::MAX));
        writer.u64(u64::try_from(splice.deleted).unwrap_or(u64::MAX));
        writer.text(&splice.inserted);
    });
    writer.into_bytes()
}

/// Reads canonical bytes.
pub fn decode(bytes: &[u8]) -> Result<Vec<Splice>, CodecError> {
    let mut reader = Reader::new(bytes);
    let splices = reader.list(SPLICES_MAX, |reader| {
        Ok(Splice {
            part: part_of_number(reader.u8()?)?,
            position: usize::try_from(reader.u64()?).map_err(|_| CodecError::TooLong)?,
            deleted: usize::try_from(reader.u64()?).map_err(|_| CodecError::TooLong)?,
            inserted: reader.text(INSERTED_BYTES_MAX)?.to_owned(),
        })
    })?;
    reader.finish()?;
    Ok(splices)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(position: usize, inserted: &str) -> Splice {
        Splice { part: Part::Plan, position, deleted: 0, inserted: inserted.into() }
    }

    #[test]
    fn a_keystroke_is_due_on_the_disk_within_a_second() {
        let typed_at = Timestamp::from_millis(1_000);
        let mut typed = Typed::new(ClientId::from_bytes([1; 16]));
        assert_eq!(typed.flush_due(), None);
        typed.push(vec![splice(0, "a")], 1, typed_at);
        typed.push(vec![splice(1, "b")], 1, typed_at.plus_millis(300));

        let due = typed.flush_due().unwrap();

        assert!(due.millis_since(typed_at) < 1_000);
        assert_eq!(typed.flush_wait(due.plus_millis(-100)), Some(100));
        assert_eq!(typed.flush_wait(due.plus_millis(9)), Some(0));
        assert_eq!(typed.flush_wait(due.plus_millis(-3_600_000)), Some(0), "an hour back");
        assert_eq!(typed.unflushed().len(), 2);
        assert_eq!(typed.flushed(), 2);
        assert_eq!((typed.unflushed().len(), typed.uncommitted().len()), (0, 2));
        assert_eq!(typed.flush_due(), None);
    }

    #[test]
    fn what_a_killed_run_typed_waits_for_a_change_but_not_for_the_disk() {
        let mut typed = Typed::new(ClientId::from_bytes([1; 16]));
        typed.recover(vec![splice(0, "a")]);
        assert_eq!((typed.unflushed().len(), typed.uncommitted().len()), (0, 1));
        assert_eq!(typed.committed(), 0);
        assert!(typed.uncommitted().is_empty());
    }

    #[test]
    fn a_long_paste_goes_out_in_pieces_that_say_the_same() {
        let text: String = "größe".chars().cycle().take(3 * PIECE_LETTERS + 5).collect();
        let mut typed = Typed::new(ClientId::from_bytes([1; 16]));
        typed.push(vec![Splice { deleted: 2, ..splice(4, &text) }], 1, Timestamp::from_millis(1));

        let mut written = Vec::new();
        while !typed.unflushed().is_empty() {
            let frame = typed.next_frame().to_vec();
            typed.flushed_some(frame.len());
            written.extend(decode(&encode(&frame)).unwrap());
        }

        assert_eq!(written, typed.uncommitted());
        let mut screen: Vec<char> = "123456".chars().collect();
        for change in typed.changes() {
            let letters: usize = change.iter().map(|s| s.inserted.chars().count()).sum();
            assert!(letters <= INSERTED_MAX);
            for piece in change {
                let end = piece.position + piece.deleted;
                screen.splice(piece.position..end, piece.inserted.chars());
            }
        }
        assert_eq!(screen.into_iter().collect::<String>(), format!("1234{text}"));
        assert_eq!(typed.flushed(), 1, "one splice as the screen counts");
    }

    #[test]
    fn keystrokes_read_back() {
        let splices = vec![splice(3, "größe"), Splice { deleted: 2, ..splice(0, "") }];
        assert_eq!(decode(&encode(&splices)), Ok(splices));
        assert!(decode(&[0, 0, 0, 1, 9]).is_err());
    }
}
