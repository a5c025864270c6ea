//! Two entries that turn out to be one person. Nothing is moved, copied or destroyed: what is
//! signed cannot change, and the compartment is the boundary of keys and of erasure. The contact
//! of the duplicate names the client who is kept, in one scalar, and what everybody sees follows
//! from that: the duplicate stands under the other one until somebody parts them.
//!
//! Whatever devices say at once, each derives the same: a chain leads to its end, and of a circle
//! the one with the smallest id is kept.

use super::apply::{Done, Refusal};
use super::contact::SAME_AS;
use super::document::Scalar;
use super::edit::Edit;
use super::erasure::Scope;
use super::schedule::waiting::Waiting;
use super::view::{ClientRow, Index, TaskRow, TimelineRow};
use super::{Context, Practice};
use crate::id::ClientId;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// Digits that two telephone numbers have in common at their end before they count as alike: what
/// stands before them may be written with or without the country.
const DIGITS: usize = 7;

/// Returns under whom each duplicate stands. `stands` says who can be seen: what points to somebody
/// else stands for itself.
fn resolved(
    same: &BTreeMap<ClientId, ClientId>,
    stands: impl Fn(ClientId) -> bool,
) -> BTreeMap<ClientId, ClientId> {
    let next = |client| same.get(&client).copied().filter(|kept| stands(*kept));
    // Each is walked over once, however long a chain a hostile device makes.
    let mut ends: BTreeMap<ClientId, ClientId> = BTreeMap::new();
    for first in same.keys().copied().filter(|client| stands(*client)) {
        let (mut path, mut places) = (Vec::new(), BTreeMap::new());
        let mut at = first;
        let end = loop {
            if let Some(end) = ends.get(&at) {
                break *end;
            }
            if let Some(place) = places.get(&at) {
                let circle = path.iter().skip(*place).copied();
                break circle.min().unwrap_or(at);
            }
            places.insert(at, path.len());
            path.push(at);
            match next(at) {
                Some(kept) => at = kept,
                None => break at,
            }
        };
        ends.extend(path.into_iter().map(|client| (client, end)));
    }
    ends.retain(|client, end| client != end);
    ends
}

impl Practice {
    /// Returns the client under whom another stands.
    pub(super) fn kept_of(&self, client: ClientId) -> ClientId {
        self.kept.get(&client).copied().unwrap_or(client)
    }

    /// Returns those who stand under a client.
    pub(super) fn duplicates_of(&self, client: ClientId) -> impl Iterator<Item = ClientId> + '_ {
        self.twins.get(&client).into_iter().flatten().copied()
    }

    /// Returns who comes, each under the client who is kept.
    pub(super) fn as_kept(&self, clients: &[ClientId]) -> Vec<ClientId> {
        let mut shown = Vec::with_capacity(clients.len());
        for client in clients.iter().map(|client| self.kept_of(*client)) {
            if self.kept.is_empty() || !shown.contains(&client) {
                shown.push(client);
            }
        }
        shown
    }

    /// Returns everybody who is said to be the same person as a client, with that one, also where
    /// a record is out of sight: what a legal hold keeps, and what an erasure must not miss.
    pub(super) fn one_person(&self, client: ClientId) -> BTreeSet<ClientId> {
        self.with_same(BTreeSet::from([client]))
    }

    fn with_same(&self, mut person: BTreeSet<ClientId>) -> BTreeSet<ClientId> {
        let same = &self.facts.same;
        if same.is_empty() || person.is_empty() {
            return person;
        }
        let mut beside: BTreeMap<ClientId, Vec<ClientId>> = BTreeMap::new();
        for (one, other) in same {
            beside.entry(*one).or_default().push(*other);
            beside.entry(*other).or_default().push(*one);
        }
        let mut open: Vec<_> = person.iter().copied().collect();
        while let Some(one) = open.pop() {
            let others = beside.get(&one).into_iter().flatten().copied();
            open.extend(others.filter(|other| person.insert(*other)));
        }
        person
    }

    /// Returns whom legal holds keep: of one person all, and every group to which somebody belongs,
    /// or did, who is held.
    pub(super) fn all_held(&self) -> BTreeSet<ClientId> {
        let mut held = self.with_same(self.facts.settings.erasures.holds.clone());
        if held.is_empty() {
            return held;
        }
        let groups = self.facts.groups.values().filter_map(|group| group.row.as_ref());
        let of_held = groups.filter(|group| group.members.keys().any(|one| held.contains(one)));
        let groups: Vec<ClientId> = of_held.map(|group| group.subject).collect();
        held.extend(groups);
        held
    }

    /// Says that two clients are one person, or that they are not.
    pub(super) fn same_as(
        &mut self,
        client: ClientId,
        kept: Option<ClientId>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let inverse = Edit::SameAs { client, kept: row.same_as };
        let stands_under = self.kept_of(client);
        if let Some(kept) = kept {
            if !self.facts.contacts.contains_key(&kept) {
                return Err(Refusal::UnknownClient);
            }
            if self.kept_of(kept) == stands_under {
                return Err(Refusal::SameAlready);
            }
        }
        let mut done = self.write_same(client, kept, Some(inverse), cx)?;
        // Where each names the other, as two devices may have said at once, both are parted. To undo
        // it, the one link is enough: what the other one names leads to itself then.
        let parted = kept.is_none() && stands_under != client;
        if parted && self.leads_to(stands_under, client) {
            let other = self.write_same(stands_under, None, None, cx)?;
            done.changes.extend(other.changes);
            done.guards.extend(other.guards);
        }
        Ok(done)
    }

    /// Returns whether what one client names, and so on, comes to another.
    fn leads_to(&self, from: ClientId, to: ClientId) -> bool {
        let mut seen = BTreeSet::new();
        let mut at = from;
        while let Some(next) = self.facts.same.get(&at).copied().filter(|_| seen.insert(at)) {
            if next == to {
                return true;
            }
            at = next;
        }
        false
    }

    fn write_same(
        &mut self,
        client: ClientId,
        kept: Option<ClientId>,
        inverse: Option<Edit>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let value = kept.map_or(Scalar::Nothing, |kept| Scalar::Text(kept.to_string()));
        self.write_contact(client, inverse, cx, |document, _| {
            document.put(None, SAME_AS, value.clone());
            vec![(SAME_AS.to_owned(), value)]
        })
    }

    fn can_be_seen(&self, client: ClientId) -> bool {
        self.facts.contacts.contains_key(&client) && !self.is_hidden(client)
    }

    /// Derives again who stands under whom; returns those for whom that has changed, and those
    /// under whom they stood or stand.
    pub(super) fn settle_same(&mut self) -> BTreeSet<ClientId> {
        if self.facts.same.is_empty() && self.kept.is_empty() {
            return BTreeSet::new();
        }
        let now = resolved(&self.facts.same, |client| self.can_be_seen(client));
        self.twins.clear();
        for (one, kept) in &now {
            self.twins.entry(*kept).or_default().push(*one);
        }
        let before = std::mem::replace(&mut self.kept, now);
        let pairs = |map: &BTreeMap<ClientId, ClientId>| {
            map.iter().map(|(one, kept)| (*one, *kept)).collect::<BTreeSet<_>>()
        };
        let (before, now) = (pairs(&before), pairs(&self.kept));
        let changed = before.symmetric_difference(&now);
        changed.flat_map(|(one, kept)| [*one, *kept]).collect()
    }

    /// Returns the row of a client as lists show it; `None` for a duplicate, or one out of sight.
    pub(super) fn shown_row(&self, client: ClientId) -> Option<Arc<ClientRow>> {
        if self.kept.contains_key(&client) || self.is_hidden(client) {
            return None;
        }
        let row = self.client_row(client)?;
        let same: Vec<_> = self
            .duplicates_of(client)
            .filter_map(|one| self.facts.contacts.get(&one).map(Arc::clone))
            .collect();
        if same.is_empty() {
            return Some(row);
        }
        Some(Arc::new(ClientRow { same, ..(*row).clone() }))
    }

    /// Returns what is known of a client and of those who stand under it, newest first.
    pub(super) fn whole_timeline(&self, client: ClientId) -> Vec<TimelineRow> {
        let mut rows = self.timeline_of(client);
        let own = rows.len();
        for one in self.duplicates_of(client) {
            rows.extend(self.timeline_of(one));
        }
        if rows.len() > own {
            rows.sort_by_key(|row| std::cmp::Reverse(row.time));
        }
        rows
    }

    /// Brings the index up to who stands under whom.
    pub(super) fn publish_same(&mut self) {
        if !std::mem::take(&mut self.facts.same_changed) {
            return;
        }
        let changed = self.settle_same();
        let held = self.all_held();
        if self.index.holds != held {
            Arc::make_mut(&mut self.index).holds = held;
        }
        if changed.is_empty() {
            return;
        }
        let rows: Vec<_> = changed.iter().map(|one| (*one, self.shown_row(*one))).collect();
        let merged = self.kept.clone();
        let index = Arc::make_mut(&mut self.index);
        index.merged.clone_from(&merged);
        for (client, row) in rows {
            match row {
                Some(row) => drop(index.clients.insert(client, row)),
                None => drop(index.clients.remove(&client)),
            }
        }
        for client in changed.iter().filter(|client| merged.contains_key(*client)) {
            Arc::make_mut(&mut self.index).timelines.remove(client);
        }
        let shown: BTreeSet<_> = changed.iter().map(|client| self.kept_of(*client)).collect();
        shown.into_iter().for_each(|client| self.publish_timeline(client));
        self.publish_meetings(&changed);
    }

    /// Brings the appointments and series of clients up to under whom these stand.
    fn publish_meetings(&mut self, whose: &BTreeSet<ClientId>) {
        let comes = |clients: &[ClientId]| clients.iter().any(|client| whose.contains(client));
        let calendars = self.facts.calendars.values().flatten();
        let booked = calendars.filter(|(_, booking)| comes(&booking.clients));
        let ids: Vec<_> = booked.map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| self.publish_rows(id));
        let series = self.facts.all_series().filter(|(_, series)| comes(series.clients()));
        let keys: Vec<_> = series.map(|(key, _)| key).collect();
        self.publish_each(keys);
    }

    /// Of those who are one person, returns who is on the waiting list by their own contact, the one
    /// whose wish lists show first; the client, if nobody is.
    pub(super) fn who_waits(&self, client: ClientId) -> Vec<ClientId> {
        let since = |one: &ClientId| Some(self.facts.contacts.get(one)?.waiting.as_ref()?.since);
        let mut all = self.who_says(client, |row| row.waiting.is_some());
        if all.first() != Some(&client) {
            all.sort_by_key(since);
        }
        all
    }

    /// Of those who are one person, returns whose own contact says something, the client first; the
    /// client, if none does.
    pub(super) fn who_says(
        &self,
        client: ClientId,
        says: impl Fn(&ClientRow) -> bool,
    ) -> Vec<ClientId> {
        let is = |one: &ClientId| self.facts.contacts.get(one).is_some_and(|row| says(row));
        let all = std::iter::once(client).chain(self.duplicates_of(client));
        let all: Vec<_> = all.filter(is).collect();
        if all.is_empty() { vec![client] } else { all }
    }

    /// Writes what lists show of a person into the contact that they show it of, the first; where it
    /// is cleared, the others say it no longer either. To undo it, the first is enough: that one is
    /// shown again.
    pub(super) fn write_said(
        &mut self,
        whose: &[ClientId],
        (field, value): (&str, &Scalar),
        inverse: Edit,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let (mut done, mut inverse) = (Done::default(), Some(inverse));
        let most = if *value == Scalar::Nothing { whose.len() } else { 1 };
        for client in whose.iter().take(most) {
            let written = self.write_contact(*client, inverse.take(), cx, |document, _| {
                document.put(None, field, value.clone());
                vec![(field.to_owned(), value.clone())]
            })?;
            done.changes.extend(written.changes);
            done.guards.extend(written.guards);
            done.inverse = done.inverse.or(written.inverse);
        }
        Ok(done)
    }

    /// Returns all whom lists show as one, the one who is kept first.
    pub(super) fn seen_as_one(&self, client: ClientId) -> Vec<ClientId> {
        let kept = self.kept_of(client);
        std::iter::once(kept).chain(self.duplicates_of(kept)).collect()
    }
}

impl Index {
    /// Returns the client under whom another stands; whoever is no duplicate stands for themselves.
    pub fn kept(&self, client: ClientId) -> ClientId {
        self.merged.get(&client).copied().unwrap_or(client)
    }

    /// Returns the row of the one under whom a client stands.
    pub fn client(&self, client: ClientId) -> Option<&Arc<ClientRow>> {
        self.clients.get(&self.kept(client))
    }

    /// Returns a client's own row, also where they stand under another.
    pub fn own_row(&self, client: ClientId) -> Option<&Arc<ClientRow>> {
        match self.merged.get(&client) {
            None => self.clients.get(&client),
            Some(kept) => self.clients.get(kept)?.same.iter().find(|row| row.id == client),
        }
    }

    /// Returns the clients out of sight whose contacts say that they are the same person as one who
    /// is listed, by themselves or through others out of sight.
    pub fn hidden_with(&self, client: ClientId) -> Vec<ClientId> {
        let named = |one: ClientId| self.erasures.get(&Scope::from(one)).map(|row| row.same_as);
        let leads = |one: ClientId| {
            let (mut at, mut seen) = (one, BTreeSet::new());
            while let Some(next) = named(at) {
                match next.filter(|_| seen.insert(at)) {
                    Some(next) => at = next,
                    None => return false,
                }
            }
            at != one && self.kept(at) == client
        };
        let hidden = self.erasures.keys().filter(|scope| scope.record.is_none());
        hidden.map(|scope| scope.client).filter(|one| leads(*one)).collect()
    }

    /// Returns the clients out of sight whose contacts say that they are the same person as others who
    /// are all out of sight, too, each with the one that it names.
    pub fn hidden_together(&self) -> Vec<(ClientId, ClientId)> {
        let hidden = |one: ClientId| self.erasures.contains_key(&Scope::from(one));
        let ends_hidden = |one: ClientId| {
            let (mut at, mut seen) = (one, BTreeSet::new());
            while seen.insert(at) {
                match self.erasures.get(&Scope::from(at)).and_then(|row| row.same_as) {
                    Some(next) if hidden(next) => at = next,
                    Some(next) => return self.client(next).is_none(),
                    None => return true,
                }
            }
            true
        };
        let rows = self.erasures.iter().filter(|(scope, _)| scope.record.is_none());
        let pairs = rows.filter_map(|(scope, row)| Some((scope.client, row.same_as?)));
        pairs.filter(|(one, other)| hidden(*other) && ends_hidden(*one)).collect()
    }

    /// Returns every client, those that stand under another too.
    pub fn every_client(&self) -> impl Iterator<Item = &Arc<ClientRow>> {
        self.clients.values().flat_map(|row| std::iter::once(row).chain(&row.same))
    }
}

impl ClientRow {
    /// Returns what the client waits for, by their own contact or else by that of a duplicate.
    pub fn waits(&self) -> Option<&Waiting> {
        let same = self.same.iter().filter_map(|row| row.waiting.as_ref());
        self.waiting.as_ref().or_else(|| same.min_by_key(|waiting| waiting.since))
    }

    /// Returns when the client died, as any contact of theirs says it.
    pub fn death(&self) -> Option<Date> {
        self.died.or_else(|| self.same.iter().find_map(|row| row.died))
    }

    /// Returns how the client may be reached safely, in the words of each entry that is this person:
    /// "no voicemail" is not lost because it stands in the other one.
    pub fn safe_words(&self) -> String {
        let mut words = self.safe_contact.clone();
        let said = |row: &&Arc<Self>| !row.safe_contact.is_empty();
        for row in self.same.iter().filter(said) {
            if row.safe_contact != self.safe_contact {
                let between = if words.is_empty() { "" } else { "; " };
                words.push_str(&format!("{between}{} ({})", row.safe_contact, row.code));
            }
        }
        words
    }

    /// Returns what is still to be done, with whose contact it lies in.
    pub fn every_task(&self) -> impl Iterator<Item = (ClientId, &TaskRow)> {
        let own = self.tasks.iter().map(|task| (self.id, task));
        own.chain(self.same.iter().flat_map(|row| row.tasks.iter().map(|task| (row.id, task))))
    }

    /// Returns whether this is a code of the client, now or before they were found to be the same.
    pub fn has_code(&self, code: &str) -> bool {
        let is = |row: &Self| row.code.eq_ignore_ascii_case(code);
        is(self) || self.same.iter().any(|row| is(row))
    }
}

/// Returns somebody who may be the same person as one who is to be added: the same name but for
/// case, accents and order, or the same telephone number.
pub fn likely<'a>(index: &'a Index, name: &str, phone: &str) -> Option<&'a ClientRow> {
    let (name, phone) = (folded(name), digits(phone));
    let alike = |row: &ClientRow| is_like(row, (&name, &phone));
    let mut rows = index.clients.values().filter(|row| !index.groups.contains_key(&row.id));
    let found = rows.find(|row| alike(row) || row.same.iter().any(|row| alike(row)));
    found.map(AsRef::as_ref)
}

/// Returns whether two entries may be one person, as [`likely`] tells it.
pub fn alike(one: &ClientRow, other: &ClientRow) -> bool {
    is_like(one, (&folded(&other.name), &digits(&other.phone)))
}

fn is_like(row: &ClientRow, (name, phone): (&[String], &[char])) -> bool {
    let named = !name.is_empty() && folded(&row.name) == name;
    named || (phone.len() >= DIGITS && ends_alike(&digits(&row.phone), phone))
}

/// The words of a name in the order of the alphabet, without case and accents.
fn folded(name: &str) -> Vec<String> {
    let plain = name.nfkd().filter(|one| !unicode_normalization::char::is_combining_mark(*one));
    let plain: String = plain.flat_map(char::to_lowercase).collect();
    let words = plain.split(|letter: char| !letter.is_alphanumeric());
    let mut words: Vec<_> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort_unstable();
    words
}

fn digits(phone: &str) -> Vec<char> {
    phone.chars().filter(char::is_ascii_digit).collect()
}

fn ends_alike(one: &[char], other: &[char]) -> bool {
    let common = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    // But for a country, or the zero before an area, the shorter is the end of the longer.
    common >= DIGITS && common + 1 >= one.len().min(other.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn id(number: u8) -> ClientId {
        ClientId::from_bytes([number; 16])
    }

    fn map(pairs: &[(u8, u8)]) -> BTreeMap<ClientId, ClientId> {
        pairs.iter().map(|(one, other)| (id(*one), id(*other))).collect()
    }

    #[test]
    fn chains_lead_to_their_end_and_circles_to_their_smallest() {
        for (said, kept) in [
            (&[(2, 1)][..], &[(2, 1)][..]),
            (&[(3, 2), (2, 1)], &[(3, 1), (2, 1)]),
            (&[(1, 2), (2, 1)], &[(2, 1)]),
            (&[(1, 2), (2, 3), (3, 1), (9, 3)], &[(2, 1), (3, 1), (9, 1)]),
            (&[(5, 9), (9, 7), (7, 9)], &[(5, 7), (9, 7)]),
            // Nobody sees 8: what points there stands for itself.
            (&[(4, 8), (8, 1), (3, 4)], &[(3, 4)]),
        ] {
            assert_eq!(resolved(&map(said), |client| client != id(8)), map(kept), "{said:?}");
        }
    }

    #[test]
    fn a_chain_without_end_costs_no_more_than_its_length() {
        let at = |number: u32| {
            let mut bytes = [0; 16];
            bytes[12..].copy_from_slice(&number.to_be_bytes());
            ClientId::from_bytes(bytes)
        };
        let chain: BTreeMap<_, _> = (0..100_000).map(|one| (at(one), at(one + 1))).collect();
        let seen = std::cell::Cell::new(0_u64);
        let ends = resolved(&chain, |_| {
            seen.set(seen.get() + 1);
            true
        });
        assert!(ends.len() == 100_000 && ends.values().all(|end| *end == at(100_000)));
        assert!(seen.get() <= 300_000, "{}", seen.get());
    }

    proptest! {
        #[test]
        fn nobody_is_kept_who_stands_under_another(
            said in prop::collection::btree_map(0_u8..12, 0_u8..12, 0..12),
            unseen in 0_u8..12,
        ) {
            let said: BTreeMap<_, _> =
                said.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (id(a), id(b))).collect();
            let ends = resolved(&said, |client| client != id(unseen));
            for (client, end) in &ends {
                prop_assert!(client != end && !ends.contains_key(end));
                prop_assert!(*end != id(unseen) && *client != id(unseen));
                // Whoever names another stands with that one.
                if let Some(next) = said.get(client).filter(|next| **next != id(unseen)) {
                    prop_assert_eq!(ends.get(next).unwrap_or(next), end);
                }
            }
        }
    }

    #[test]
    fn names_and_numbers_are_alike_whatever_they_are_written_with() {
        assert_eq!(folded("Zoë  Müller-Lüd"), folded("lud, MULLER zoe"));
        let alike = |one: &str, other: &str| ends_alike(&digits(one), &digits(other));
        assert!(alike("+43 1 555 01 00", "01 5550100"));
        assert!(alike("(415) 555-0100", "415-555-0100"));
        assert!(!alike("415 555 0100", "415 555 0101"));
        assert!(!alike("212 555 0100", "415 555 0100"), "another area");
        assert!(!alike("0100", "0100"));
    }
}
