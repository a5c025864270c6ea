//! Another recovery sheet in the place of the old: at once with the old words, or slowly without
//! them, by two devices and with a week in which any other can say no.
//!
//! Makes entries and places them; the words are drawn and shown before, elsewhere.

use crate::device::chance::OsRandom;
use crate::device::founding::{self, encode_wrap};
use crate::device::frame::DeviceFrame;
use crate::device::held;
use crate::device::keyring::{self, Holders, Kept, KeyringError};
use crate::device::open::{Device, DeviceError};
use crate::device::rows::RowChange;
use crate::notice::Notice;
use tacenda_shared::id::{MemberId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{RowName, SecondSecret, SheetName};
use tacenda_shared::keys::wrap::{self, WrapAction, WrapInfo};
use tacenda_shared::keys::{KemKey, KemPublic};
use tacenda_shared::membership::{
    self, Action, Entry, Invalid, KemPublicKey, Recipient, Signer, State,
};
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::{Row, RowKey};
use thiserror::Error;

/// Between asking for a sheet without the old one and getting it: seven days.
pub const DELAY_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Why the sheet stays as it is.
#[derive(Debug, Error)]
pub enum SheetError {
    /// The words are of another sheet than the one in force.
    #[error("those are not the words of the sheet that is in force")]
    AnotherSheet,
    /// Nobody has asked for a new sheet, or it was decided already.
    #[error("nobody has asked for a new sheet")]
    NotAsked,
    /// There is no link now, or another entry is on its way.
    #[error("there is no link to the server")]
    Offline,
    /// The rules of the practice log.
    #[error(transparent)]
    Rule(#[from] Invalid),
    /// A key.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// This device.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl From<founding::FoundingError> for SheetError {
    fn from(error: founding::FoundingError) -> Self {
        Self::Device(error.into())
    }
}

/// What is to be done about the sheet.
#[derive(Clone, Copy)]
pub enum SheetAction<'a> {
    /// The old sheet gives way to the new one. `compromised`: somebody may have read the old one,
    /// so everything that it opened gets new keys as well.
    Replace {
        /// The one in force.
        old: &'a RecoverySheet,
        /// The new one.
        new: &'a RecoverySheet,
        /// What lies behind step-up.
        second: Option<&'a SecondSecret>,
        /// Whether somebody may have read the old one.
        compromised: bool,
    },
    /// A new one is asked for, without the old one.
    Request {
        /// The new one.
        new: &'a RecoverySheet,
        /// What lies behind step-up.
        second: Option<&'a SecondSecret>,
    },
    /// What another device asked for a week ago comes into force.
    Complete,
    /// What was asked for is refused.
    Veto,
}

/// An entry that is ready to be placed.
pub struct SheetOrder {
    entry: Entry,
    rows: Vec<Row>,
    kept: Kept,
}

/// How the sheet stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SheetStanding {
    /// Since when the sheet is in force.
    pub since: Timestamp,
    /// Whether what lies behind step-up is sealed for it, as far as this device knows.
    pub step_up: bool,
    /// A new one that was asked for.
    pub asked: Option<AskedSheet>,
}

/// A new sheet that a device has asked for without the old one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AskedSheet {
    /// The name of the device.
    pub device: String,
    /// Whether it is this one.
    pub this: bool,
    /// When.
    pub on: Timestamp,
    /// From when on another device may complete it.
    pub from: Timestamp,
}

impl<F: FileSystem> Device<F> {
    /// Draws a new sheet. It means nothing until an order with it is placed.
    pub fn draw_sheet(&self) -> RecoverySheet {
        let mut random = OsRandom;
        let key = &self.cabinet.keys.hedge;
        RecoverySheet::generate(&mut Hedge { key, random: &mut random })
    }

    /// Returns whether this sheet is the one in force.
    pub fn has_sheet(&self, sheet: &RecoverySheet) -> bool {
        let known = self.cabinet.state.active_member(self.cabinet.identity.author.member);
        known.is_some_and(|known| known.recovery.sig == sheet.sign().verifying())
    }

    /// Returns how the sheet stands.
    pub fn sheet_standing(&self) -> Result<SheetStanding, SheetError> {
        let author = self.cabinet.identity.author;
        let state = &self.cabinet.state;
        let entries = held::entries(&self.cabinet.store)?;
        let set = entries.iter().rev().find(|entry| sets_sheet(&entry.action, author.member));
        let since = set.and_then(|entry| state.trail_at(entry.seq));
        let known = state.active_member(author.member).ok_or(Invalid::Unknown)?;
        let name = RowName::Sheet(SheetName::of(author.member, &known.recovery.sig));
        let asked = known.request.as_ref().map(|asked| {
            let info = state.devices().get(&asked.by).map(|device| device.info.clone());
            let everyone = self.cabinet.rings.get(&RingPurpose::Everyone);
            let name = everyone.zip(info).and_then(|(ring, sealed)| {
                ring.keys().find_map(|(_, key)| founding::open_name(key, &sealed))
            });
            AskedSheet {
                device: name.unwrap_or_else(|| asked.by.to_string()),
                this: asked.by == author.device,
                on: asked.received,
                from: asked.received.plus_millis(DELAY_MILLIS),
            }
        });
        Ok(SheetStanding {
            since: since.map_or(Timestamp::from_millis(0), |trail| trail.received),
            step_up: self.cabinet.rows.row(&name).is_some(),
            asked,
        })
    }

    /// Makes the entry; what the rules forbid is an error here and not later.
    pub fn sheet_order(
        &self,
        action: SheetAction<'_>,
        now: Timestamp,
    ) -> Result<SheetOrder, SheetError> {
        let cabinet = &self.cabinet;
        let author = cabinet.identity.author;
        let member = author.member;
        let state = self.courier.as_ref().map_or(&cabinet.state, |courier| courier.sync.state());
        let known = state.active_member(member).ok_or(Invalid::Unknown)?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
        let (mut rows, mut kept) = (Vec::new(), Kept::default());
        let request = || known.request.as_ref().ok_or(SheetError::NotAsked);
        let device = (Signer::Device(author.device), &cabinet.keys.sign);
        let old_key;
        let (action, (signer, key)) = match action {
            SheetAction::Replace { old, new, second, compromised } => {
                old_key = old.sign();
                if old_key.verifying() != known.recovery.sig {
                    return Err(SheetError::AnotherSheet);
                }
                let recovery = new.prove(state.practice(), member, Hash::ZERO);
                put_second(new, member, second, &mut hedge, (&mut rows, &mut kept))?;
                let (wraps, member_key) = if compromised {
                    let next = self.next_key(state, &recovery.kem, second, &mut hedge)?;
                    rows.extend(next.rows);
                    kept.frames.extend(next.kept.frames);
                    kept.rows.extend(next.kept.rows);
                    (Vec::new(), Some(next.announced))
                } else {
                    let to = (&recovery.kem, WrapAction::ReplaceRecovery);
                    let wrap = self.hand_on(state, to, &mut hedge, (&mut rows, &mut kept))?;
                    (wrap.into_iter().collect(), None)
                };
                let action = Action::ReplaceRecovery { member, recovery, wraps, member_key };
                (action, (Signer::Recovery(member), &old_key))
            }
            SheetAction::Request { new, second } => {
                put_second(new, member, second, &mut hedge, (&mut rows, &mut kept))?;
                let recovery = new.prove(state.practice(), member, Hash::ZERO);
                (Action::RequestRecovery { member, recovery }, device)
            }
            SheetAction::Complete => {
                let asked = request()?;
                let to = (&asked.recovery.kem, WrapAction::CompleteRecovery);
                let wrap = self.hand_on(state, to, &mut hedge, (&mut rows, &mut kept))?;
                let wraps = wrap.into_iter().collect();
                (Action::CompleteRecovery { member, request: asked.seq, wraps }, device)
            }
            SheetAction::Veto => (Action::VetoRecovery { member, request: request()?.seq }, device),
        };
        let entry = state.propose(action, signer, now, key)?;
        Ok(SheetOrder { entry, rows, kept })
    }

    /// The member's next key, for a sheet that comes with it.
    fn next_key(
        &self,
        state: &State,
        sheet: &KemPublicKey,
        second: Option<&SecondSecret>,
        hedge: &mut Hedge<'_>,
    ) -> Result<keyring::NextMemberKey, SheetError> {
        let cabinet = &self.cabinet;
        let member = cabinet.identity.author.member;
        let mut holders = Holders::of(state, member).ok_or(Invalid::Unknown)?;
        holders.sheet = sheet.clone();
        let behind = match second {
            Some(second) => cabinet.rings_behind(second)?,
            None => Vec::new(),
        };
        let behind: Vec<_> = behind.into_iter().map(|(_, ring)| ring).collect();
        let step_up = second.map(|second| (second, behind.as_slice()));
        let (rings, action) = (&cabinet.rings, WrapAction::ReplaceRecovery);
        Ok(keyring::next_member_key(state, member, action, &holders, rings, step_up, hedge)?)
    }

    /// Wraps the member's present key to a sheet; nothing while that key is retired, since then
    /// the sheet gets the next one.
    fn hand_on(
        &self,
        state: &State,
        (sheet, action): (&KemPublicKey, WrapAction),
        hedge: &mut Hedge<'_>,
        (rows, kept): (&mut Vec<Row>, &mut Kept),
    ) -> Result<Option<membership::Wrap>, SheetError> {
        let cabinet = &self.cabinet;
        let author = cabinet.identity.author;
        let known = state.active_member(author.member).ok_or(Invalid::Unknown)?;
        if known.key.retired {
            return Ok(None);
        }
        let key: KemKey = founding::member_key(&cabinet.keys, &author, state, &cabinet.store)?;
        let public = KemPublic::from_published(sheet).map_err(|_| KeyringError::Seal)?;
        let recipient = Recipient::Recovery(author.member);
        let info = WrapInfo {
            practice: state.practice(),
            action,
            subject: *author.member.as_bytes(),
            version: known.key.generation.get(),
            recipient,
        };
        let wrapped = wrap::wrap_member_key(&public, &info, &key, hedge);
        let wrapped = wrapped.map_err(|_| KeyringError::Seal)?;
        let bytes = wrapped.as_bytes().to_vec();
        rows.push(Row { key: RowKey::of_wrap(wrapped.hash()), bytes });
        kept.frames.push(DeviceFrame::Wrap(encode_wrap(&info, &wrapped)));
        Ok(Some(membership::Wrap { recipient, hash: wrapped.hash() }))
    }

    /// Places an order. Without a server it is in force when this returns; with one,
    /// [`Device::poll_proposed`] tells what came of it.
    pub fn place_sheet_order(
        &mut self,
        order: SheetOrder,
        now: Timestamp,
    ) -> Result<(), SheetError> {
        let SheetOrder { entry, rows, kept } = order;
        if !self.is_attached() {
            self.enter_here(&entry, kept)?;
            self.trail_here(&entry, now)?;
            return self.rekey_here(now);
        }
        let sent = self.propose_keys(&entry, rows, kept, now);
        if sent { Ok(()) } else { Err(SheetError::Offline) }
    }

    /// Takes an entry into the practice log of a practice without a server.
    pub(in crate::device) fn enter_here(
        &mut self,
        entry: &Entry,
        kept: Kept,
    ) -> Result<(), SheetError> {
        let cabinet = &mut self.cabinet;
        let state = cabinet.state.apply(entry, entry.time)?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
        // The keys with the entry that introduces them, so that neither is there alone. Rows only
        // spare a look into the wraps.
        let mut frames = kept.frames;
        frames.push(DeviceFrame::Entry(entry.encode()));
        cabinet.store.append(&frames, &mut hedge).map_err(DeviceError::from)?;
        cabinet.state = state;
        cabinet.rows.change(&kept.rows, &mut hedge).map_err(DeviceError::from)?;
        Ok(cabinet.reopen()?)
    }

    /// Gives a new key to every ring that wants one, in a practice without a server.
    fn rekey_here(&mut self, now: Timestamp) -> Result<(), SheetError> {
        while let Some(ring) = self.cabinet.unfinished().first().copied() {
            let cabinet = &self.cabinet;
            let author = cabinet.identity.author;
            let state = &cabinet.state;
            let key = founding::member_key(&cabinet.keys, &author, state, &cabinet.store)?;
            let mut random = OsRandom;
            let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
            let (member, key) = (author.member, Some(&key));
            let next = keyring::next_ring_key(state, member, ring, key, None, &mut hedge)?;
            let signer = Signer::Device(author.device);
            let entry = state.propose(next.action, signer, now, &cabinet.keys.sign)?;
            self.enter_here(&entry, next.kept)?;
        }
        Ok(())
    }

    /// What must be said while somebody has asked for a new sheet from another device.
    pub(in crate::device) fn sheet_warning(&self) -> Option<Notice> {
        let asked = self.sheet_standing().ok()?.asked.filter(|asked| !asked.this)?;
        Some(asked.notice())
    }
}

impl AskedSheet {
    /// What the other devices say.
    pub fn notice(&self) -> Notice {
        Notice::new(
            format!(
                "\"{}\" asked on {} for a new recovery sheet, without the old one.",
                self.device,
                day(self.on)
            ),
            "The sheet that you have is still good, and your records are safe.",
            format!(
                "If that was you, complete it here from {} on: tacenda sheet complete. If it was \
                 not, stop it now: tacenda sheet veto",
                day(self.from)
            ),
        )
    }
}

fn sets_sheet(action: &Action, of: MemberId) -> bool {
    match action {
        Action::Found { member, .. }
        | Action::AddMember { member, .. }
        | Action::ReplaceRecovery { member, .. }
        | Action::CompleteRecovery { member, .. } => *member == of,
        _ => false,
    }
}

/// Seals what lies behind step-up for a sheet.
fn put_second(
    sheet: &RecoverySheet,
    member: MemberId,
    second: Option<&SecondSecret>,
    hedge: &mut Hedge<'_>,
    (rows, kept): (&mut Vec<Row>, &mut Kept),
) -> Result<(), SheetError> {
    let Some(second) = second else { return Ok(()) };
    let sealed = sheet.seal_second(member, second, hedge);
    let (name, row) = sealed.map_err(|_| KeyringError::Seal)?;
    let name = RowName::Sheet(name);
    rows.push(Row { key: RowKey(name.encode()), bytes: row.as_bytes().to_vec() });
    kept.rows.push(RowChange::Put(name, row));
    Ok(())
}

fn day(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(time.as_millis()).ok();
    time.map_or(String::new(), |time| time.strftime("%F").to_string())
}
