//! Booking, moving, and what came of it: edits of calendars.

use super::apply::{Done, Guard, Refusal};
use super::attendance;
use super::calendar::{self, Booking, Written};
use super::change::Change;
use super::compartment::{CompartmentName, Quarter};
use super::contact;
use super::document::{Document, Scalar};
use super::edit::{AppointmentKind, Edit, Modality, NewAppointment, Slot, Status};
use super::facts::CalendarKey;
use super::{Context, Practice, document_of, zone};
use crate::id::{AppointmentId, ClientId, MemberId, Timestamp};
use crate::suite;

/// When a session began and ended, by the clock of whoever said so.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stamps {
    /// When it began.
    pub began: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// Where a client was during a session by video or telephone, and who can be called there in a crisis:
/// a signed note needs both (APA, Guidelines for the Practice of Telepsychology; domain 1, S04).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Whereabouts {
    /// Where: town and state, or the address.
    pub place: String,
    /// Whom to call there.
    pub help: String,
}

impl Whereabouts {
    /// Whether both are said.
    pub fn is_whole(&self) -> bool {
        !self.place.is_empty() && !self.help.is_empty()
    }

    /// Says it in words, with the way in which the session took place.
    pub fn words(&self, modality: Modality) -> String {
        let way = match modality {
            Modality::InOffice => "At the office",
            Modality::Video => "By video",
            Modality::Phone => "By telephone",
        };
        format!("{way}; the client was in {}; to be called there: {}", self.place, self.help)
    }

    /// Reads what was typed: the place, a semicolon, whom to call. `None` unless both are there.
    pub fn parse(typed: &str) -> Option<Self> {
        let (place, help) = typed.split_once(';')?;
        let known = Self { place: place.trim().to_owned(), help: help.trim().to_owned() };
        known.is_whole().then_some(known)
    }
}

impl std::fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.place, self.help)
    }
}

/// What is decided about the fee of a session that a client missed or called off too late.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fee {
    /// It is to be charged.
    Charged,
    /// The client does not pay for it.
    Waived,
}

/// Why an appointment is cancelled whose booking somebody has undone: nobody has said that it does
/// not take place.
pub(super) const UNDONE: &str = "The booking was undone";

/// What an [`Edit::StampSession`] says of a session; `None` leaves it as it is, since another device
/// may be saying that.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StampChange {
    /// When it began; `Some(None)` takes that back.
    pub began: Option<Option<Timestamp>>,
    /// When it ended; `Some(None)` takes that back.
    pub ended: Option<Option<Timestamp>>,
    /// What has come of it so far.
    pub status: Option<Status>,
    /// Where the client was.
    pub whereabouts: Option<Whereabouts>,
}

impl Practice {
    pub(super) fn book(
        &mut self,
        new: NewAppointment,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        check_slot(&new.slot)?;
        let new = self.expanded(new)?;
        if new.clients.len() > calendar::CLIENTS_MAX {
            return Err(Refusal::TooManyClients);
        }
        if new.clients.iter().any(|client| !self.facts.contacts.contains_key(client)) {
            return Err(Refusal::UnknownClient);
        }
        if self.facts.booking(new.id).is_some() {
            return Err(Refusal::AppointmentExists);
        }
        let memo = new.memo.as_deref().map(contact::normal);
        if memo.as_ref().is_some_and(|memo| memo.len() > calendar::MEMO_BYTES_MAX) {
            return Err(Refusal::TextTooLong);
        }
        // An occurrence that is written down by itself lies where every device would put it.
        let date = match self.derived.origin(new.id) {
            Some((_, start)) => start.date(),
            None => zone::date(cx.now, &self.facts.settings.zone),
        };
        let quarter = Quarter::of(date);
        let key = (new.slot.clinician, quarter);
        let id = new.id;
        let booking = Booking::new(NewAppointment { memo, ..new });
        let status = calendar::status_scalar(Status::Booked, None);
        let change = self.create_booking(key, id, &booking, cx)?;
        let inverse = Edit::SetStatus {
            appointment: id,
            status: Status::CancelledByClinician,
            reason: Some(UNDONE.to_owned()),
        };
        let guards = vec![guard(key, id, calendar::STATUS, status)];
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }

    pub(super) fn create_booking(
        &mut self,
        key: CalendarKey,
        id: AppointmentId,
        booking: &Booking,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let written = written(booking.slot.clone(), cx);
        self.write_calendar(key, id, cx, |document, name| {
            booking.create(document, name, &written);
        })
    }

    /// Writes anew where a series has an occurrence that says nothing else, and with whom.
    pub(super) fn rebase_occurrence(
        &mut self,
        (key, id): (CalendarKey, AppointmentId),
        base: Option<Slot>,
        who: Option<(&[ClientId], AppointmentKind)>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let value = base.map(|base| written(base, cx).scalar());
        self.write_calendar(key, id, cx, |document, name| {
            if let Some(value) = value {
                document.put(Some(name), calendar::BASE, value);
            }
            if let Some(who) = who {
                attendance::make_again(document, name, who);
            }
        })
    }

    pub(super) fn write_calendar(
        &mut self,
        key: CalendarKey,
        id: AppointmentId,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut Document, &str),
    ) -> Result<Option<Change>, Refusal> {
        let name = calendar_name(key);
        let object = document_of(&name);
        let field = id.to_string();
        let change = self.change(&name, object, cx, |document| write(document, &field))?;
        let booking = Booking::read(self.document(&name, object, cx)?, &field, object);
        if let Some(booking) = booking {
            self.facts.learn_booking(key, id, booking);
        }
        self.publish_appointment(id);
        Ok(change)
    }

    pub(super) fn set_status(
        &mut self,
        id: AppointmentId,
        status: Status,
        reason: Option<String>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let reason = reason.as_deref().map(contact::normal).filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|reason| reason.len() > calendar::REASON_BYTES_MAX) {
            return Err(Refusal::TextTooLong);
        }
        let touched = self.touch(id, cx)?;
        let (key, booking) = self.living(id)?;
        let inverse =
            Edit::SetStatus { appointment: id, status: booking.status, reason: booking.reason };
        let value = calendar::status_scalar(status, reason.as_deref());
        let guards = vec![guard(key, id, calendar::STATUS, value.clone())];
        let change = self.write_calendar(key, id, cx, |document, name| {
            document.put(Some(name), calendar::STATUS, value);
        })?;
        let changes = touched.into_iter().chain(change).collect();
        Ok(Done { changes, inverse: Some(inverse), guards })
    }

    pub(super) fn set_fee(
        &mut self,
        id: AppointmentId,
        fee: Option<Fee>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let touched = self.touch(id, cx)?;
        let (key, booking) = self.living(id)?;
        let inverse = Edit::SetFee { appointment: id, fee: booking.fee };
        let value = calendar::fee_scalar(fee);
        let field = calendar::fee_field(booking.status, &booking.slot);
        let mut guards = vec![guard(key, id, &field, value.clone())];
        if booking.rivals.is_empty() {
            // On another day there is another decision, too.
            let (name, place) = (calendar_name(key), id.to_string());
            let document = self.document(&name, document_of(&name), cx)?;
            let slot = document.value(Some(&place), calendar::SLOT).unwrap_or(Scalar::Nothing);
            guards.push(guard(key, id, calendar::SLOT, slot));
        }
        if matches!(booking.status, Status::NoShow | Status::LateCancel) {
            // Once it is another miss, there is another decision.
            let status = calendar::status_scalar(booking.status, booking.reason.as_deref());
            guards.push(guard(key, id, calendar::STATUS, status));
        }
        let change = self.write_calendar(key, id, cx, |document, name| {
            document.put(Some(name), &field, value);
        })?;
        let changes = touched.into_iter().chain(change).collect();
        Ok(Done { changes, inverse: Some(inverse), guards })
    }

    pub(super) fn stamp(
        &mut self,
        id: AppointmentId,
        change: StampChange,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        // Nothing is refused any more once the session is touched.
        let said = match change.whereabouts {
            Some(said) => Some(calendar::normal_whereabouts(said).ok_or(Refusal::TextTooLong)?),
            None => None,
        };
        // An occurrence that nobody has touched yet has no stamps.
        let stamps = self.living(id).map(|(_, booking)| booking.stamps).unwrap_or_default();
        let began = change.began.unwrap_or(stamps.began);
        let ended = change.ended.unwrap_or(stamps.ended);
        if began.zip(ended).is_some_and(|(began, ended)| ended < began) {
            return Err(Refusal::InvalidDate);
        }
        let touched = self.touch(id, cx)?;
        let (key, booking) = self.living(id)?;
        let Booking { stamps, status, reason, whereabouts, .. } = booking;
        // Only what differs is written, and only that is taken back.
        let change = StampChange {
            began: change.began.filter(|began| *began != stamps.began),
            ended: change.ended.filter(|ended| *ended != stamps.ended),
            status: change.status.filter(|to| *to != status),
            whereabouts: said.filter(|said| *said != whereabouts),
        };
        let inverse = StampChange {
            began: change.began.and(Some(stamps.began)),
            ended: change.ended.and(Some(stamps.ended)),
            status: change.status.and(Some(status)),
            whereabouts: change.whereabouts.as_ref().map(|_| whereabouts),
        };
        let inverse = Edit::StampSession { appointment: id, change: inverse };
        let fields = [(calendar::BEGAN, change.began), (calendar::ENDED, change.ended)];
        let fields = fields.into_iter().filter_map(|(field, stamp)| Some((field, stamp?)));
        let mut written: Vec<(&str, Scalar)> =
            fields.map(|(field, stamp)| (field, calendar::stamp_scalar(stamp))).collect();
        if let Some(to) = change.status {
            let reason = reason.filter(|_| to == status);
            written.push((calendar::STATUS, calendar::status_scalar(to, reason.as_deref())));
        }
        if let Some(said) = &change.whereabouts {
            written.push((calendar::CLIENT_PLACE, Scalar::Text(said.place.clone())));
            written.push((calendar::CLIENT_HELP, Scalar::Text(said.help.clone())));
        }
        let guards = written.iter().map(|(field, value)| guard(key, id, field, value.clone()));
        let guards = guards.collect();
        let change = self.write_calendar(key, id, cx, |document, name| {
            for (field, value) in written {
                document.put(Some(name), field, value);
            }
        })?;
        let changes = touched.into_iter().chain(change).collect();
        Ok(Done { changes, inverse: Some(inverse), guards })
    }

    pub(super) fn move_to(
        &mut self,
        id: AppointmentId,
        slot: Slot,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        check_slot(&slot)?;
        if let Some(settled) = self.settle_series(id, &slot, cx)? {
            return Ok(settled);
        }
        let touched = self.touch(id, cx)?;
        let (key, booking) = self.living(id)?;
        if slot.clinician != key.0 {
            let mut done = self.hand_over(id, key, booking, slot, cx)?;
            done.changes.splice(..0, touched);
            return Ok(done);
        }
        let value = written(slot, cx).scalar();
        let guards = vec![guard(key, id, calendar::SLOT, value.clone())];
        let change = self.write_calendar(key, id, cx, |document, name| {
            document.put(Some(name), calendar::SLOT, value);
            if booking.moved.is_some() {
                document.put(Some(name), calendar::MOVED, Scalar::Nothing);
            }
        })?;
        let mut changes: Vec<_> = touched.into_iter().chain(change).collect();
        changes.extend(self.settle(id, cx)?);
        let inverse = Edit::Move { appointment: id, slot: booking.slot };
        Ok(Done { changes, inverse: Some(inverse), guards })
    }

    /// A change of clinician: the appointment ends here and goes on in the other's calendar
    /// (decision 20). Handed back, the first one lives again.
    fn hand_over(
        &mut self,
        id: AppointmentId,
        key: CalendarKey,
        booking: Booking,
        slot: Slot,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let target = slot.clinician;
        let origin = booking.from.and_then(|from| {
            let (key, _) = self.facts.booking(from).filter(|(key, _)| key.0 == target)?;
            Some((from, key))
        });
        let (heir, heir_key) = origin.unwrap_or_else(|| (heir_of(id, target), (target, key.1)));
        let inverse = Edit::Move { appointment: heir, slot: booking.slot.clone() };
        let value = written(slot.clone(), cx).scalar();
        let guards = vec![guard(heir_key, heir, calendar::SLOT, value.clone())];
        let mut changes = Vec::new();
        if let Some((_, known)) = self.facts.booking(heir) {
            let who = attendance::carried(&booking, known);
            let status = calendar::status_scalar(booking.status, booking.reason.as_deref());
            changes.extend(self.write_calendar(heir_key, heir, cx, |document, name| {
                document.put(Some(name), calendar::SLOT, value);
                document.put(Some(name), calendar::STATUS, status);
                document.put(Some(name), calendar::MOVED, Scalar::Nothing);
                booking.tell(document, name, true);
                who.write(document, name);
            })?);
        } else {
            // What it was in a series it is no more: all of it is written down with the other.
            // What was decided about a miss on another day says nothing about this one.
            let same_day = slot.start.date() == booking.slot.start.date();
            let fee = booking.fee.filter(|_| same_day);
            let heir_booking =
                Booking { slot, fee, from: Some(id), of: None, regrouped: false, ..booking };
            changes.extend(self.create_booking(heir_key, heir, &heir_booking, cx)?);
        }
        let moved = Scalar::Bytes(heir.as_bytes().to_vec());
        changes.extend(self.write_calendar(key, id, cx, |document, name| {
            document.put(Some(name), calendar::MOVED, moved);
        })?);
        changes.extend(self.settle(heir, cx)?);
        Ok(Done { changes, inverse: Some(inverse), guards })
    }

    /// Writes down once more to whom disputed relatives went, now that all claims are known.
    fn settle(&mut self, id: AppointmentId, cx: &mut Context<'_>) -> Result<Vec<Change>, Refusal> {
        let mut changes = Vec::new();
        for member in self.facts.disputed(&self.facts.family(id)) {
            let Some((key, booking)) = self.facts.booking(member) else { continue };
            let moved =
                booking.moved.map_or(Scalar::Nothing, |to| Scalar::Bytes(to.as_bytes().to_vec()));
            changes.extend(self.write_calendar(key, member, cx, |document, name| {
                document.put(Some(name), calendar::MOVED, moved);
            })?);
        }
        Ok(changes)
    }

    pub(super) fn living(&self, id: AppointmentId) -> Result<(CalendarKey, Booking), Refusal> {
        let found = self.facts.booking(id).filter(|_| self.facts.is_living(id));
        found.map(|(key, booking)| (key, booking.clone())).ok_or(Refusal::UnknownAppointment)
    }
}

pub(super) fn check_slot(slot: &Slot) -> Result<(), Refusal> {
    let length = (1..=calendar::MINUTES_MAX).contains(&slot.minutes);
    let room = slot.room.as_ref().is_none_or(|room| room.len() <= calendar::ROOM_BYTES_MAX);
    let whole = slot.start.subsec_nanosecond() == 0;
    if length && room && whole && zone::is_known(&slot.zone) {
        Ok(())
    } else {
        Err(Refusal::InvalidSlot)
    }
}

pub(super) fn written(slot: Slot, cx: &Context<'_>) -> Written {
    let author = cx.pen.author();
    Written { slot, device: author.device, incarnation: author.incarnation, time: cx.now }
}

/// The id of an appointment that goes on with another clinician: H(id, clinician).
fn heir_of(id: AppointmentId, clinician: MemberId) -> AppointmentId {
    let hash = suite::hash("tac/appointment/moved", &[id.as_bytes(), clinician.as_bytes()]);
    AppointmentId::from_bytes(hash.truncated())
}

fn calendar_name((clinician, quarter): CalendarKey) -> CompartmentName {
    CompartmentName::Calendar { clinician, quarter }
}

pub(super) fn guard(key: CalendarKey, id: AppointmentId, field: &str, value: Scalar) -> Guard {
    let name = calendar_name(key);
    let object = document_of(&name);
    Guard { name, object, place: Some(id.to_string()), field: field.to_owned(), value }
}
