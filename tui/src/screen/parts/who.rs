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
    match index.client(id) {
        Some(row) if veil => code(row).to_owned(),
        Some(row) => row.name.clone(),
        None => match index.erasures.get(&id.into()).map(|row| row.erasure.stage) {
            Some(Stage::Ordered(_)) => "(erased)".to_owned(),
            Some(_) => "(to be erased)".to_owned(),
            None => "(not yours)".to_owned(),
        },
    }
}

/// Returns whom an appointment is about first: the group that comes, or the first who does.
pub fn first(index: &Index, row: &AppointmentRow) -> Option<ClientId> {
    index.group_of(row).or_else(|| row.clients.first().copied())
}

/// Returns who belongs to a group, or in which groups somebody is, in a line; nothing if neither.
pub fn together(index: &Index, id: ClientId, veil: bool) -> Option<String> {
    let names = |ids: Vec<ClientId>| {
        let names: Vec<String> = ids.into_iter().map(|id| client(index, id, veil)).collect();
        names.join(", ")
    };
    if let Some(group) = index.groups.get(&id) {
        return Some(names(group.present().collect()));
    }
    let theirs = index.groups.values();
    let theirs = theirs
        .filter(|group| !group.ended && group.present().any(|member| index.kept(member) == id));
    let theirs: Vec<ClientId> = theirs.map(|group| group.subject).collect();
    (!theirs.is_empty()).then(|| names(theirs))
}

/// Returns what kind of group it is, or the pronouns of a client.
pub fn pronouns<'a>(index: &'a Index, row: &'a ClientRow) -> &'a str {
    index.groups.get(&row.id).map_or(row.pronouns.as_str(), |group| group.kind.word())
}

/// Returns what stands for a client, and under which code something was written where that is
/// another's by now.
pub fn written_under(index: &Index, id: ClientId, veil: bool) -> String {
    let whose = client(index, id, veil);
    match index.own_row(id).filter(|row| index.kept(row.id) != row.id) {
        Some(row) => format!("{whose} (written under {})", code(row)),
        None => whose,
    }
}

/// Returns what stands at the end of a line that was written under a duplicate; else nothing.
pub fn under(index: &Index, id: ClientId) -> String {
    let twin = index.merged.get(&id).and(index.own_row(id));
    twin.map_or_else(String::new, |row| format!("   under {}", code(row)))
}

/// Returns the codes that a client had in entries that were found to be the same person's; empty if
/// there are none.
pub fn was(row: &ClientRow) -> String {
    let codes: Vec<&str> = row.same.iter().map(|twin| code(twin)).collect();
    if codes.is_empty() { String::new() } else { format!("was {}", codes.join(", ")) }
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
    if let Some(group) = index.group_of(row) {
        return client(index, group, veil);
    }
    let names: Vec<String> =
        row.clients.iter().map(|client_id| client(index, *client_id, veil)).collect();
    names.join(" / ")
}
