//! The practice log on the server: taken by its rules, told to everybody, and what follows for
//! rows.

use super::record::Record;
use super::{Decision, Live, Reply, ServerFrame, ServerPractice};
use crate::id::{DevSeq, MemberId, Timestamp};
use crate::log::OwnHead;
use crate::membership::{Action, Cut, Entry, Invalid, NewMemberKey, Signer, State};
use crate::suite::{self, Hash, VerifyingKey};
use crate::sync::refusal::{Refusal, RefusalCode};
use crate::sync::wire::{DeliveredEntry, Message, PracticeReceipt, Row, RowKey};
use std::collections::{BTreeMap, BTreeSet};

impl ServerPractice {
    pub(super) fn append_entry(
        &mut self,
        by: Signer,
        bytes: Vec<u8>,
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Decision {
        match self.try_append_entry(by, bytes, rows, now) {
            Ok(decision) => decision,
            Err(refusal) => Decision::reply(Reply::message(Message::Refused(refusal))),
        }
    }

    fn try_append_entry(
        &mut self,
        by: Signer,
        bytes: Vec<u8>,
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        let refuse = |code| Refusal::new(code);
        let state = self.state().ok_or(refuse(RefusalCode::UnknownPractice))?;
        let entry = Entry::decode(&bytes).map_err(|_| refuse(RefusalCode::Malformed))?;
        let head = state.head();
        if state.head_at(entry.seq).is_some_and(|known| known == entry.head()) {
            // The same entry again, because its answer was lost.
            let to = entry.seq.next();
            return Ok(Decision::reply(Reply::Practice(entry.seq, to)));
        }
        state.apply(&entry, now).map_err(|why| match why {
            Invalid::NotNext => Refusal { code: RefusalCode::Conflict, head: Some(head) },
            Invalid::UpdateNeeded => refuse(RefusalCode::Unsupported),
            Invalid::BadSignature => refuse(RefusalCode::BadSignature),
            _ => refuse(RefusalCode::Invalid),
        })?;
        self.check_refill(&entry.action).map_err(refuse)?;
        let member = match by {
            Signer::Device(device) => self.record.member_of(device),
            // A sheet speaks for itself alone.
            Signer::Recovery(member) => Some(member).filter(|_| entry.signer == by),
        };
        let member = member.ok_or(refuse(RefusalCode::NotPermitted))?;
        if !cuts_of(&entry.action).iter().all(|cut| self.record.honours(cut)) {
            // Something was acknowledged since the heads were asked for: ask again.
            return Err(Refusal { code: RefusalCode::Conflict, head: Some(head) });
        }
        let new_rows = self.record.rows_with(&entry.action, rows, member).map_err(refuse)?;
        let receipt = PracticeReceipt::sign(self.practice(), entry.head(), now, &self.key);
        let delivered = DeliveredEntry { entry: bytes, receipt };
        let replaced = replaced_sheet(&entry.action, state);
        let mut frames = Vec::new();
        for row in new_rows {
            self.journal(&mut frames, ServerFrame::Row(row));
        }
        let g = self.record.g.next();
        self.journal(&mut frames, ServerFrame::Practice { g, delivered: delivered.clone() });
        // A sheet that gave way opens nothing any more.
        let row = replaced.and_then(|(of, sig)| self.record.sheet_row(of, &sig, self.state()));
        if let Some(row) = row {
            self.journal(&mut frames, ServerFrame::RowGone(row));
        }
        if let Some((member, key)) = rotation(&entry.action) {
            for row in self.record.replaced_safe(member, key.generation.get()) {
                self.journal(&mut frames, ServerFrame::RowGone(row));
            }
        }
        if takes_rights(&entry.action) {
            for row in self.rows_of_the_dead() {
                self.journal(&mut frames, ServerFrame::RowGone(row));
            }
        }
        let everybody = self.state().map_or_else(BTreeSet::new, |state| {
            let active = state.devices().iter().filter(|(_, known)| known.revoked.is_none());
            active.map(|(device, _)| *device).filter(|to| by != Signer::Device(*to)).collect()
        });
        let message = Message::PracticeEntries { entries: vec![delivered], more: false };
        Ok(Decision {
            frames,
            reply: Reply::message(Message::PracticeAppended(receipt)),
            live: vec![Live { to: everybody, message }],
            hold_until: None,
        })
    }
}

/// The key that replaces a member's, if the action carries one.
fn rotation(action: &Action) -> Option<(MemberId, &NewMemberKey)> {
    match action {
        Action::RotateMemberKey { member, member_key } => Some((*member, member_key)),
        Action::AddDevice { member, member_key, .. }
        | Action::ReplaceRecovery { member, member_key, .. }
        | Action::RevokeDevice { member, member_key, .. } => {
            member_key.as_ref().map(|key| (*member, key))
        }
        _ => None,
    }
}

/// Whether these rows alone are the safe that the key cites: then whatever else lies under names
/// of its generation does not matter.
fn is_safe_of(member: MemberId, key: &NewMemberKey, rows: &[Row]) -> bool {
    let of_safe = |row: &&Row| safe_row(&row.key, member) == Some(key.generation.get());
    let rows: BTreeMap<RowKey, &[u8]> =
        rows.iter().filter(of_safe).map(|row| (row.key, row.bytes.as_slice())).collect();
    let first = rows.iter().filter(|(row, _)| row.0.first() == Some(&1));
    hash_rows(rows.iter()) == key.safe || hash_rows(first) == key.safe
}

/// The sheet that an action replaces, as it was before.
fn replaced_sheet(action: &Action, before: &State) -> Option<(MemberId, VerifyingKey)> {
    let (Action::ReplaceRecovery { member, .. } | Action::CompleteRecovery { member, .. }) = action
    else {
        return None;
    };
    before.members().get(member).map(|known| (*member, known.recovery.sig))
}

/// Whether devices may have gone that drafts were kept for.
const fn takes_rights(action: &Action) -> bool {
    matches!(
        action,
        Action::RevokeDevice { .. }
            | Action::RemoveMember { .. }
            | Action::RingRemove { .. }
            | Action::Abandon { .. }
    )
}

/// The cuts with which the action takes rights away.
fn cuts_of(action: &Action) -> &[Cut] {
    match action {
        Action::RemoveMember { cuts, .. }
        | Action::RevokeDevice { cuts, .. }
        | Action::RingRemove { cuts, .. } => cuts,
        _ => &[],
    }
}

impl Record {
    /// The new rows that come with an entry; if it carries a key, its safe must be whole then.
    fn rows_with(
        &self,
        action: &Action,
        rows: Vec<Row>,
        member: MemberId,
    ) -> Result<Vec<Row>, RefusalCode> {
        let Some((of, key)) = rotation(action) else { return self.new_rows(rows, member) };
        let brought = is_safe_of(of, key, &rows);
        let new = self.new_rows(rows, member)?;
        let whole = brought || self.holds_safe(of, key, &new);
        if whole { Ok(new) } else { Err(RefusalCode::MissingRows) }
    }

    /// Those rows of an entry that are not here yet, or not as the entry has them: what somebody
    /// has put under the name of a key that is still to come must not keep that key away.
    fn new_rows(&self, rows: Vec<Row>, member: MemberId) -> Result<Vec<Row>, RefusalCode> {
        let mut new = Vec::new();
        for row in rows {
            let of_safe = matches!(row.key.0.first(), Some(1 | 2));
            let fresh = match self.check_row(&row, member, &BTreeSet::new()) {
                Err(RefusalCode::RowExists) if of_safe => true,
                checked => checked?,
            };
            if fresh {
                new.push(row);
            }
        }
        Ok(new)
    }

    /// Whether everything that was acknowledged to a device lies within this cut.
    fn honours(&self, cut: &Cut) -> bool {
        let (have, _) = self.last_own_head(cut.device);
        let number = |head: &OwnHead| (head.dev_inc, head.dev_seq);
        let beyond = have.dev_seq != DevSeq::ZERO && number(&have) > number(&cut.head);
        let same = number(&have) != number(&cut.head) || have.own == cut.head.own;
        !beyond && same
    }

    /// Whether the safe that the key cites is here in full, with these new rows: all rows of its
    /// generation, or those of the first table alone (the second may be locked away).
    fn holds_safe(&self, member: MemberId, key: &NewMemberKey, new: &[Row]) -> bool {
        let known = self.safes.iter().map(|(key, bytes)| (*key, bytes.as_slice()));
        let new = new.iter().map(|row| (row.key, row.bytes.as_slice()));
        let rows: BTreeMap<RowKey, &[u8]> = known
            .chain(new)
            .filter(|(row, _)| {
                safe_row(row, member).is_some_and(|version| version == key.generation.get())
            })
            .collect();
        let first = rows.iter().filter(|(row, _)| row.0.first() == Some(&1));
        hash_rows(rows.iter()) == key.safe || hash_rows(first) == key.safe
    }

    /// The row of a sheet that is not the member's any more, if it is here.
    fn sheet_row(
        &self,
        member: MemberId,
        sig: &VerifyingKey,
        now: Option<&State>,
    ) -> Option<RowKey> {
        let in_force = now?.members().get(&member)?.recovery.sig;
        let row = RowKey::of_sheet(member, sig);
        (in_force != *sig && self.rows.contains_key(&row)).then_some(row)
    }

    /// Rows of older generations of a safe for which there is one of this generation.
    fn replaced_safe(&self, member: MemberId, generation: u32) -> Vec<RowKey> {
        let tail = |key: &RowKey| key.0.get(21..).map(<[u8]>::to_vec);
        let table = |key: &RowKey| key.0.first().copied();
        let current: BTreeSet<_> = self
            .safes
            .keys()
            .filter(|key| safe_row(key, member) == Some(generation))
            .map(|key| (table(key), tail(key)))
            .collect();
        let older = self.safes.keys().filter(|key| {
            safe_row(key, member).is_some_and(|version| version < generation)
                && current.contains(&(table(key), tail(key)))
        });
        older.copied().collect()
    }
}

/// The generation of a row of this member's safes.
fn safe_row(key: &RowKey, member: MemberId) -> Option<u32> {
    let parts = key.parts().ok()?;
    let of_member = matches!(parts.table, 1 | 2) && parts.holder == *member.as_bytes();
    of_member.then_some(parts.holder_version)
}

/// The hash of a whole safe: of names and rows, ascending.
pub(super) fn hash_rows<'a>(rows: impl Iterator<Item = (&'a RowKey, &'a &'a [u8])>) -> Hash {
    let fields: Vec<&[u8]> = rows.flat_map(|(key, bytes)| [key.0.as_slice(), *bytes]).collect();
    suite::hash("tac/row/all/v1", &fields)
}
