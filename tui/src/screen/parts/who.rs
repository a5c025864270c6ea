//! What stands for a client on the screen: the code under the veil, else the name. Every screen
//! asks here, so that no screen can forget the veil.

use crate::message::SyncStatus;
use crate::widget::safe;
use tacenda_shared::id::{ClientId, ObjectId};
use tacenda_shared::practice::erasure::Stage;
use tacenda_shared::practice::view::{AppointmentRow, ClientRow, Index};

/// Returns the code of a client, or words that say that there is none.
pub fn code(row: &ClientRow) -> &str {
    if row.code.is_empty() { "(no code)" } else { &row.code }
}

/// Returns what stands for a client.
pub fn client(index: &Index, id: ClientId, veil: bool) -> String {
    match index.clients.get(&id) {
        Some(row) if veil => code(row).to_owned(),
        Some(row) => row.name.clone(),
        None => match index.erasures.get(&id.into()).map(|row| row.erasure.stage) {
            Some(Stage::Ordered(_)) => "(erased)".to_owned(),
            Some(_) => "(to be erased)".to_owned(),
            None => "(not yours)".to_owned(),
        },
    }
}

/// Returns the name of another device that has a draft open now; of several the first.
pub fn beside(sync: &SyncStatus, draft: ObjectId) -> Option<String> {
    let others = sync.devices.iter().filter(|device| !device.this && !device.revoked);
    let mut here = others.filter(|device| device.writes.is_some_and(|(_, open)| open == draft));
    here.next().map(|device| safe::truncated(&device.name, NAME_COLUMNS, true))
}

/// Columns of a device's name in a line.
const NAME_COLUMNS: usize = 16;

/// Returns who comes to an appointment, or what it is where nobody does.
pub fn comes(index: &Index, row: &AppointmentRow, veil: bool) -> String {
    if row.clients.is_empty() {
        let words = if row.memo.is_empty() || veil { row.kind.word() } else { &row.memo };
        return words.to_owned();
    }
    let names: Vec<String> =
        row.clients.iter().map(|client_id| client(index, *client_id, veil)).collect();
    names.join(" / ")
}
