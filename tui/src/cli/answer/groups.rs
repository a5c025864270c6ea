//! Couples, families and groups on the command line.

use super::{Refused, Say, client_named, codes, refuse, say_line};
use crate::cli::request::Request;
use crate::device::chance::OsRandom;
use crate::device::open::Device;
use std::collections::BTreeMap;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, ObjectId, Timestamp};
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::group::{Belongs, GroupChange, GroupKind};
use tacenda_shared::practice::view::{GroupRow, Index};

/// Answers what is asked about them.
pub(super) fn answer(
    device: &mut Device,
    request: Request,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::GroupList => list(device, say),
        Request::GroupNew { kind, code, clients } => begin(device, (&kind, code, &clients), now),
        Request::GroupMember { group, client, joins } => {
            let index = device.index();
            let row = group_named(&index, &group)?;
            let (group, client) = (row.subject, person(&index, &client)?);
            let belongs = if joins { Belongs::Now } else { Belongs::Before };
            // Whoever belongs to it under a duplicate does so by that entry.
            let present = row.present().filter(|one| index.kept(*one) == client);
            let mut members: BTreeMap<_, _> = present.map(|one| (one, belongs)).collect();
            if members.is_empty() {
                members.insert(client, belongs);
            }
            let change = GroupChange { members, ..GroupChange::default() };
            device.apply(Edit::ChangeGroup { group, change }, now)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn begin(
    device: &mut Device,
    (kind, code, clients): (&str, String, &[String]),
    now: Timestamp,
) -> Result<bool, Refused> {
    let index = device.index();
    let Some(kind) = GroupKind::named(kind) else {
        return refuse("There is no such kind.", "Say couple, family or group.");
    };
    if index.clients.values().any(|row| row.code.eq_ignore_ascii_case(code.trim())) {
        return refuse("That code is taken.", "Choose another.");
    }
    let clients = clients.iter().map(|client| person(&index, client));
    let clients = clients.collect::<Result<Vec<_>, _>>()?;
    let members: BTreeMap<_, _> = clients.into_iter().map(|one| (one, Belongs::Now)).collect();
    if members.len() < 2 {
        return refuse("That is one client only.", "Name two or more.");
    }
    let group = ObjectId::random(&mut OsRandom);
    let change = GroupChange { name: None, code: Some(code), members };
    device.apply(Edit::NewGroup { group, kind, change }, now)?;
    Ok(true)
}

fn list(device: &Device, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    let mut groups: Vec<_> = index.groups.values().collect();
    groups.sort_by(|one, other| one.code.cmp(&other.code));
    for group in groups {
        let members = codes(&index, &group.present().collect::<Vec<_>>());
        let json = serde_json::json!({
            "schema": 1, "type": "group", "id": group.id.to_string(), "code": group.code,
            "kind": group.kind.word(), "members": members, "ended": group.ended,
        });
        let ended = if group.ended { "  archived" } else { "" };
        let (code, kind) = (&group.code, group.kind.word());
        say_line(say, json, &format!("{code:<10} {kind:<7} {}{ended}", members.join(", ")));
    }
    Ok(false)
}

fn group_named(index: &Index, code: &str) -> Result<Arc<GroupRow>, Refused> {
    let named = |row: &&Arc<GroupRow>| row.code.eq_ignore_ascii_case(code.trim());
    match index.groups.values().find(named) {
        Some(row) => Ok(Arc::clone(row)),
        None => refuse("No couple, family or group has that code.", "Run `tacenda group list`."),
    }
}

fn person(index: &Index, code: &str) -> Result<ClientId, Refused> {
    let client = client_named(index, code)?.id;
    if index.groups.contains_key(&client) {
        return refuse("That is a group, and no client.", "Name the clients in it.");
    }
    Ok(client)
}
