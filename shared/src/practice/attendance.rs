//! Who comes to an appointment, or to a series from one date on, where that was changed.
//!
//! A document keeps whom it was made with, and one flag for each client who was added or taken out
//! since. So two devices that add different people at once add both, and an undo takes back no more
//! than what it undoes.

use super::apply::{Done, Guard, Refusal};
use super::calendar::{self, CLIENTS_MAX, kind_number, kind_of};
use super::document::{Document, Scalar};
use super::edit::{AppointmentKind, Edit};
use super::{Context, Practice};
use crate::id::{AppointmentId, ClientId};
use std::collections::BTreeMap;

/// In front of the client whom the flag is about.
const CLIENT: &str = "client ";
/// What it is by now, if it was made as something else.
const KIND_NOW: &str = "kind now";

/// A change of who comes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct WhoChange {
    /// Clients who are added.
    pub joins: Vec<ClientId>,
    /// Clients who are taken out.
    pub leaves: Vec<ClientId>,
    /// What it is from then on, if that changes: with two it may be a couple.
    pub kind: Option<AppointmentKind>,
}

impl WhoChange {
    /// Returns what leads from some clients and a kind to others.
    pub fn between(
        (before, was): (&[ClientId], AppointmentKind),
        (after, is): (&[ClientId], AppointmentKind),
    ) -> Self {
        let without = |all: &[ClientId], others: &[ClientId]| {
            all.iter().filter(|client| !others.contains(client)).copied().collect()
        };
        let kind = (is != was).then_some(is);
        Self { joins: without(after, before), leaves: without(before, after), kind }
    }

    /// Returns who comes after it, and to what.
    pub(super) fn of(
        &self,
        clients: &[ClientId],
        kind: AppointmentKind,
    ) -> (Vec<ClientId>, AppointmentKind) {
        let stay = clients.iter().filter(|client| !self.leaves.contains(client));
        let joins = self.joins.iter().filter(|client| !clients.contains(client));
        (stay.chain(joins).copied().collect(), self.kind.unwrap_or(kind))
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.joins.is_empty() && self.leaves.is_empty() && self.kind.is_none()
    }

    /// Keeps what changes these clients and this kind, each client once.
    fn within(self, clients: &[ClientId], kind: AppointmentKind) -> Self {
        let once = |all: Vec<ClientId>, there: bool| {
            let mut kept: Vec<ClientId> = Vec::new();
            for client in all {
                if clients.contains(&client) == there && !kept.contains(&client) {
                    kept.push(client);
                }
            }
            kept
        };
        let Self { joins, leaves, kind: to } = self;
        let kind = to.filter(|to| *to != kind);
        Self { joins: once(joins, false), leaves: once(leaves, true), kind }
    }

    /// Writes it into the map of an appointment or a series.
    pub(super) fn write(&self, document: &mut Document, name: &str) {
        for (field, value) in self.fields() {
            document.put(Some(name), &field, value);
        }
    }

    /// The fields that say it.
    pub(super) fn fields(&self) -> Vec<(String, Scalar)> {
        let flag = |comes: bool| {
            move |client: &ClientId| (format!("{CLIENT}{client}"), Scalar::Flag(comes))
        };
        let joins = self.joins.iter().map(flag(true));
        let leaves = self.leaves.iter().map(flag(false));
        let kind = self.kind.map(|kind| (KIND_NOW.to_owned(), Scalar::Number(kind_number(kind))));
        joins.chain(leaves).chain(kind).collect()
    }
}

/// Writes with whom an appointment is made, and as what, over what it was made with before and what
/// was said of that since.
pub(super) fn make_again(
    document: &mut Document,
    name: &str,
    (clients, kind): (&[ClientId], AppointmentKind),
) {
    let place = Some(name);
    document.put(place, calendar::KIND, Scalar::Number(kind_number(kind)));
    document.put(place, calendar::CLIENTS, calendar::clients_scalar(clients));
    for field in document.all_fields(name) {
        if field.starts_with(CLIENT) || field == KIND_NOW {
            document.put(place, &field, Scalar::Nothing);
        }
    }
}

/// Reads who comes, and what it is, to what was made with these clients as this. What somebody says
/// counts, whatever another device has cleared at once by [`make_again`].
pub(super) fn read(
    document: &Document,
    name: &str,
    (made, kind): (&[ClientId], AppointmentKind),
) -> (Vec<ClientId>, AppointmentKind) {
    let place = Some(name);
    let mut clients = made.to_vec();
    for field in document.all_fields(name) {
        let Some(client) = field.strip_prefix(CLIENT).and_then(ClientId::parse) else { continue };
        let mut said = document.values(place, &field).into_iter().map(|(value, _)| value);
        match said.find(|value| matches!(value, Scalar::Flag(_))) {
            Some(Scalar::Flag(true))
                if clients.len() < CLIENTS_MAX && !clients.contains(&client) =>
            {
                clients.push(client);
            }
            Some(Scalar::Flag(false)) => clients.retain(|other| *other != client),
            _ => {}
        }
    }
    let mut said = document.values(place, KIND_NOW).into_iter();
    let now = said.find_map(|(value, _)| kind_of(value.number()?));
    (clients, now.unwrap_or(kind))
}

impl Practice {
    /// Checks a change of who comes, and keeps of it what changes anything.
    pub(super) fn check_who(
        &self,
        who: WhoChange,
        clients: &[ClientId],
        kind: AppointmentKind,
    ) -> Result<WhoChange, Refusal> {
        // In the place of a group those who belong to it come, as when it is booked.
        let members = |client: ClientId| match self.group_row(client) {
            Some(group) => group.present().collect(),
            None => vec![client],
        };
        let joins = who.joins.into_iter().flat_map(members).collect();
        let who = WhoChange { joins, ..who }.within(clients, kind);
        if who.joins.iter().any(|client| !self.facts.contacts.contains_key(client)) {
            return Err(Refusal::UnknownClient);
        }
        if who.joins.iter().any(|client| self.is_hidden(*client)) {
            return Err(Refusal::ToBeErased);
        }
        if clients.len() - who.leaves.len() + who.joins.len() > CLIENTS_MAX {
            return Err(Refusal::TooManyClients);
        }
        Ok(who)
    }

    /// Returns a change of those whom the screen shows as one of those whom the calendar names.
    pub(super) fn as_written(&self, who: WhoChange, clients: &[ClientId]) -> WhoChange {
        let stands = |one: &ClientId, all: &[ClientId]| {
            let kept = self.kept_of(*one);
            all.iter().any(|other| self.kept_of(*other) == kept)
        };
        let joins = who.joins.iter().filter(|one| !stands(one, clients)).copied().collect();
        let leaves = clients.iter().filter(|one| stands(one, &who.leaves)).copied().collect();
        WhoChange { joins, leaves, kind: who.kind }
    }

    /// Changes who comes to an appointment. Of an occurrence that nobody has touched, everything is
    /// refused before it is.
    pub(super) fn change_who(
        &mut self,
        id: AppointmentId,
        who: WhoChange,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let row = self.index.appointments.get(&id).ok_or(Refusal::UnknownAppointment)?.clone();
        // The calendar may name a duplicate of whom the screen shows.
        let clients = if row.written.is_empty() { &row.clients } else { &row.written };
        let who = self.check_who(self.as_written(who, clients), clients, row.kind)?;
        let family = self.facts.family(id);
        let noted = |client: &ClientId| {
            // The note may lie in the chart of the one under whom the client stands.
            let sessions = self.seen_as_one(*client).into_iter();
            let mut sessions = sessions.filter_map(|one| self.sessions_of.get(&one));
            sessions.any(|of| family.iter().chain([&id]).any(|one| of.contains_key(one)))
        };
        if who.leaves.iter().any(noted) {
            return Err(Refusal::Noted);
        }
        let after = who.of(clients, row.kind);
        if self.parts_note((clients, row.kind), (&after.0, after.1), family.iter().chain([&id])) {
            return Err(Refusal::Noted);
        }
        let touched = self.touch(id, cx)?;
        let (key, _) = self.living(id)?;
        let inverse = WhoChange {
            joins: who.leaves.clone(),
            leaves: who.joins.clone(),
            kind: who.kind.map(|_| row.kind),
        };
        let inverse = Edit::ChangeWho { appointment: id, who: inverse };
        let fields = who.fields().into_iter();
        let guards: Vec<Guard> =
            fields.map(|(field, value)| super::book::guard(key, id, &field, value)).collect();
        let change = self.write_calendar(key, id, cx, |document, name| {
            who.write(document, name);
        })?;
        let changes = touched.into_iter().chain(change).collect();
        Ok(Done { changes, inverse: Some(inverse), guards })
    }

    /// Whether something is written about a session in the chart of a couple or group that comes to
    /// it, and that would not be said to come any more.
    fn parts_note<'a>(
        &self,
        before: (&[ClientId], AppointmentKind),
        after: (&[ClientId], AppointmentKind),
        family: impl Iterator<Item = &'a AppointmentId>,
    ) -> bool {
        let written = family.filter_map(|one| self.sessions.get(one)).flat_map(BTreeMap::keys);
        let mut groups = written.filter_map(|subject| self.group_row(*subject));
        groups.any(|group| {
            let fits = |(clients, kind): (&[ClientId], AppointmentKind)| {
                group.fits(kind, &self.as_kept(clients), |one| self.kept_of(one))
            };
            fits(before) && !fits(after)
        })
    }
}

/// What makes of who is known to come to one appointment those who come to another of the same people:
/// for one that is handed back to the clinician who had it before.
pub(super) fn carried(from: &calendar::Booking, to: &calendar::Booking) -> WhoChange {
    WhoChange::between((&to.clients, to.kind), (&from.clients, from.kind))
}
