//! Rows of keys after a server's files were lost. Whoever brings an envelope there may not have the
//! rows that it announces, and its author does not send again what the server has. So each device
//! gives the rows that it holds once in each new life of the server; until that is done, its cursor
//! stays at the beginning, so that a crash forgets nothing of it.

use super::frames::MailFrame;
use super::{Courier, Errand};
use crate::device::frame::DeviceFrame;
use crate::device::open::Device;
use tacenda_shared::id::{Global, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::RowName;
use tacenda_shared::sync::{MAX_ITEMS, Message, Row, RowKey};

/// How far that is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct RowsAgain {
    owed: bool,
    /// Messages of this link that are not answered, once it has begun there.
    asked: Option<usize>,
    /// Whether one was refused.
    failed: bool,
    /// What is written down when all are.
    cursor: Option<Global>,
}

impl RowsAgain {
    /// A server has begun a new life.
    pub(super) fn owe(&mut self) {
        self.owed = true;
    }

    /// What was not answered is given again on the next link.
    pub(super) fn forget_link(&mut self) {
        (self.asked, self.failed, self.cursor) = (None, false, None);
    }

    /// Whether an answer is still to come on this link.
    pub(super) fn is_under_way(&self) -> bool {
        self.asked.is_some_and(|left| left > 0)
    }

    /// The server has taken some, or not; then all are given again on the next link. Returns the
    /// cursor that may be kept, if those were the last.
    pub(super) fn answered(&mut self, taken: bool) -> Option<Global> {
        self.failed |= !taken;
        let left = self.asked?.saturating_sub(1);
        self.asked = Some(left);
        if left > 0 || self.failed {
            return None;
        }
        self.owed = false;
        self.cursor.take()
    }
}

impl<F: FileSystem> Device<F> {
    /// Gives the rows of keys that are here to a server in its new life, which keeps those that it
    /// has not got. Returns the word that everything is on the disk up to `cursor`, unless that has
    /// to wait for the answer.
    pub(super) fn give_rows(
        &self,
        courier: &mut Courier,
        cursor: Global,
        now: Timestamp,
    ) -> Option<DeviceFrame> {
        if courier.rows_again.owed && courier.rows_again.asked.is_none() {
            self.send_rows(courier, now);
        }
        if courier.rows_again.owed {
            courier.rows_again.cursor = Some(cursor);
            return None;
        }
        Some(DeviceFrame::Mail(MailFrame::Cursor(cursor)))
    }

    fn send_rows(&self, courier: &mut Courier, now: Timestamp) {
        let of_content = |name: &[u8; _]| {
            matches!(RowName::decode(name), Ok(RowName::Slot(_) | RowName::Draft(_)))
        };
        let rows: Vec<Row> = self
            .cabinet
            .rows
            .all()
            .filter(|(name, _)| of_content(name))
            .map(|(name, row)| Row { key: RowKey(*name), bytes: row.as_bytes().to_vec() })
            .collect();
        let parts = rows.chunks(MAX_ITEMS);
        courier.rows_again.asked = Some(parts.len());
        courier.rows_again.owed = parts.len() > 0;
        for part in parts {
            let bring = Message::Bring { runs: Vec::new(), rows: part.to_vec() };
            let ticket = courier.sync.request(bring, now);
            courier.errands.insert(ticket, Errand::RowsAgain);
        }
    }
}
