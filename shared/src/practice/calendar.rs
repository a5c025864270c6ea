//! Appointments as a calendar's document holds them: one map for each, one scalar for each thing
//! that can change, and never a deletion.

use super::attendance;
use super::change::Author;
use super::contact::{line_within, normal};
use super::document::{Actor, Document, Scalar};
use super::edit::{
    AppointmentKind, Fee, Modality, NewAppointment, Slot, Stamps, Status, Whereabouts,
};
use super::view::Rival;
use super::zone::ZONE_BYTES_MAX;
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{
    AppointmentId, ClientId, DevInc, DeviceId, MemberId, ObjectId, SeriesId, Timestamp,
};
use jiff::civil::{Date, DateTime};

pub(super) const ROOM_BYTES_MAX: usize = 200;
pub(super) const MEMO_BYTES_MAX: usize = 500;
/// Of a place, and of whom to call there.
const WHEREABOUTS_BYTES_MAX: usize = 300;
pub(super) const REASON_BYTES_MAX: usize = 1000;
pub(super) const CLIENTS_MAX: usize = 64;
pub(super) const MINUTES_MAX: u16 = 1440;
/// Bytes of a date as text.
pub(super) const DATE_BYTES_MAX: usize = 16;
const RIVALS_MAX: usize = 64;

pub(super) const SLOT: &str = "slot";
pub(super) const STATUS: &str = "status";
pub(super) const BEGAN: &str = "began";
pub(super) const ENDED: &str = "ended";
pub(super) const MOVED: &str = "moved";
/// The slot of an occurrence by its series, before anybody moved it.
pub(super) const BASE: &str = "base";
pub(super) const CLIENTS: &str = "clients";
/// Where the client was during the session, and whom to call there.
pub(super) const CLIENT_PLACE: &str = "client_place";
pub(super) const CLIENT_HELP: &str = "client_help";
/// What is decided about the fee is said for each status and date, `fee 5 2026-11-30` of a no-show: a
/// decision about one miss is none about another that comes of the session later, nor about one on
/// another day that it was moved to. Without a date, as it was once written, it is about any day.
const FEE: &str = "fee";
const FROM: &str = "from";
pub(super) const KIND: &str = "kind";
const MEMO: &str = "memo";
/// Which occurrence of which series it is.
const OF: &str = "of";

/// An appointment as far as its calendar alone tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Booking {
    pub(super) kind: AppointmentKind,
    pub(super) clients: Vec<ClientId>,
    /// Whether those are others than it was made with, or it is of another kind.
    pub(super) regrouped: bool,
    pub(super) slot: Slot,
    pub(super) rivals: Vec<Rival>,
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    pub(super) fee: Option<Fee>,
    pub(super) stamps: Stamps,
    pub(super) whereabouts: Whereabouts,
    pub(super) memo: String,
    /// Which device wrote the slot, and when.
    pub(super) device: Option<DeviceId>,
    pub(super) time: Timestamp,
    /// The appointment with another clinician that took its place.
    pub(super) moved: Option<AppointmentId>,
    /// Others that did so at the same time, as devices that did not know of it decided.
    pub(super) moved_also: Vec<AppointmentId>,
    /// The appointment with another clinician whose place it took.
    pub(super) from: Option<AppointmentId>,
    /// The occurrence that it is, if it is one, and its slot by the series.
    pub(super) of: Option<Of>,
}

/// Which occurrence of which series an appointment is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Of {
    pub(super) series: SeriesId,
    /// By the series' rule, wherever it was moved.
    pub(super) date: Date,
    /// Where the series put it when somebody first touched it.
    pub(super) base: Slot,
}

impl Booking {
    /// Begins one that nobody has heard about yet.
    pub(super) fn new(new: NewAppointment) -> Self {
        Self {
            kind: new.kind,
            clients: new.clients,
            regrouped: false,
            slot: new.slot,
            rivals: Vec::new(),
            status: Status::Booked,
            reason: None,
            fee: None,
            stamps: Stamps::default(),
            whereabouts: Whereabouts::default(),
            memo: new.memo.unwrap_or_default(),
            device: None,
            time: Timestamp::default(),
            moved: None,
            moved_also: Vec::new(),
            from: None,
            of: None,
        }
    }

    /// Whether nothing is said here that its series does not say: what was touched and was taken
    /// back, or what only a note that is gone was about.
    pub(super) fn is_as_its_series(&self) -> bool {
        let as_made = self.of.as_ref().is_some_and(|of| of.base == self.slot);
        let untold = self.status == Status::Booked
            && self.reason.is_none()
            && self.fee.is_none()
            && !self.regrouped
            && self.stamps == Stamps::default()
            && self.whereabouts == Whereabouts::default();
        let unmoved = self.moved.is_none() && self.moved_also.is_empty() && self.rivals.is_empty();
        as_made && untold && unmoved
    }

    /// Writes all of it under a name that is new to the document.
    pub(super) fn create(&self, document: &mut Document, name: &str, slot: &Written) {
        document.put_map(name);
        let place = Some(name);
        document.put(place, KIND, Scalar::Number(kind_number(self.kind)));
        document.put(place, CLIENTS, clients_scalar(&self.clients));
        if let Some(of) = &self.of {
            // Two devices may do this at once, so nothing is written that somebody decides: what
            // one of them then decides must not stand against what the other only began with.
            let mut which = of.series.as_bytes().to_vec();
            which.extend(encode_date(of.date));
            document.put(place, OF, Scalar::Bytes(which));
            document.put(place, BASE, slot.scalar());
        } else {
            document.put(place, SLOT, slot.scalar());
            document.put(place, STATUS, status_scalar(self.status, self.reason.as_deref()));
        }
        self.tell(document, name, false);
        if !self.memo.is_empty() {
            document.put(place, MEMO, Scalar::Text(self.memo.clone()));
        }
        if let Some(from) = self.from {
            document.put(place, FROM, Scalar::Bytes(from.as_bytes().to_vec()));
        }
    }

    /// Reads one; `None` when what is there is no appointment that this version understands.
    pub(super) fn read(document: &Document, name: &str, object: ObjectId) -> Option<Self> {
        let place = Some(name);
        let read = |(value, actor): (Scalar, Actor)| {
            let written = Written::decode(value.bytes()?).ok()?;
            Some(written.rival(actor, object))
        };
        let base = document.values(place, BASE).into_iter().find_map(read);
        let of = base.as_ref().and_then(|base| {
            let (series, date) = decode_of(document.value(place, OF)?.bytes()?)?;
            Some(Of { series, date, base: base.slot.clone() })
        });
        let mut slots = document.values(place, SLOT).into_iter().filter_map(read);
        let Rival { slot, device, time } = slots.next().or(base)?;
        let rivals = slots.filter(|rival| rival.slot != slot).take(RIVALS_MAX).collect();
        let id = |value: &Scalar| Some(AppointmentId::from_bytes(value.bytes()?.try_into().ok()?));
        let moves = document.values(place, MOVED);
        let mut moves = moves.iter().map(|(value, _)| id(value));
        let moved = moves.next().flatten();
        let also = moves.flatten().filter(|other| Some(*other) != moved);
        let made = document.value(place, CLIENTS);
        let made = made.as_ref().and_then(Scalar::bytes).unwrap_or_default();
        let made = made.as_chunks::<16>().0.iter().take(CLIENTS_MAX);
        let made: Vec<ClientId> = made.map(|client| ClientId::from_bytes(*client)).collect();
        let kind = kind_of(document.value(place, KIND)?.number()?)?;
        let who = attendance::read(document, name, (&made, kind));
        let Told { status, reason, fee, stamps, whereabouts } = Told::read(document, place, &slot);
        let memo = document.value(place, MEMO);
        let memo = memo.as_ref().and_then(Scalar::text).unwrap_or_default();
        Some(Self {
            regrouped: (&who.0, who.1) != (&made, kind),
            clients: who.0,
            kind: who.1,
            slot,
            rivals,
            status,
            reason,
            fee,
            stamps,
            whereabouts,
            memo: line_within(memo, MEMO_BYTES_MAX),
            device,
            time,
            moved,
            moved_also: also.take(RIVALS_MAX).collect(),
            from: document.value(place, FROM).as_ref().and_then(id),
            of,
        })
    }

    /// Writes what was said of it as it took place; `over` what stood there, also what was not said.
    pub(super) fn tell(&self, document: &mut Document, name: &str, over: bool) {
        let place = Some(name);
        for (field, stamp) in [(BEGAN, self.stamps.began), (ENDED, self.stamps.ended)] {
            if over || stamp.is_some() {
                document.put(place, field, stamp_scalar(stamp));
            }
        }
        if over || self.fee.is_some() {
            document.put(place, &fee_field(self.status, &self.slot), fee_scalar(self.fee));
        }
        if over || self.whereabouts.is_whole() {
            let Whereabouts { place: at, help } = &self.whereabouts;
            document.put(place, CLIENT_PLACE, Scalar::Text(at.clone()));
            document.put(place, CLIENT_HELP, Scalar::Text(help.clone()));
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u8(kind_number(self.kind).to_le_bytes()[0]);
        writer.list(&self.clients, |w, client| {
            w.fixed(client.as_bytes());
        });
        writer.u8(u8::from(self.regrouped));
        encode_slot(writer, &self.slot);
        writer.list(&self.rivals, |w, rival| {
            encode_slot(w, &rival.slot);
            w.option(rival.device, |w, device| {
                w.fixed(device.as_bytes());
            });
            w.i64(rival.time.as_millis());
        });
        encode_status(writer, self.status, self.reason.as_deref());
        writer.option(self.fee, |w, fee| {
            w.u8(fee_number(fee).to_le_bytes()[0]);
        });
        for stamp in [self.stamps.began, self.stamps.ended] {
            writer.option(stamp, |w, time| {
                w.i64(time.as_millis());
            });
        }
        writer.text(&self.whereabouts.place).text(&self.whereabouts.help);
        writer.text(&self.memo);
        writer.option(self.device, |w, device| {
            w.fixed(device.as_bytes());
        });
        writer.i64(self.time.as_millis());
        for id in [self.moved, self.from] {
            writer.option(id, |w, id| {
                w.fixed(id.as_bytes());
            });
        }
        writer.list(&self.moved_also, |w, id| {
            w.fixed(id.as_bytes());
        });
        writer.option(self.of.as_ref(), |w, of| {
            w.fixed(of.series.as_bytes()).fixed(&encode_date(of.date));
            encode_slot(w, &of.base);
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let id = |r: &mut Reader<'_>| r.option(|r| r.fixed().map(AppointmentId::from_bytes));
        let kind = kind_of(i64::from(reader.u8()?)).ok_or(CodecError::Unknown)?;
        let clients = reader.list(CLIENTS_MAX, |r| r.fixed().map(ClientId::from_bytes))?;
        let regrouped = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(CodecError::Unknown),
        };
        let slot = decode_slot(reader)?;
        let rivals = reader.list(RIVALS_MAX, |r| {
            Ok(Rival {
                slot: decode_slot(r)?,
                device: r.option(|r| r.fixed().map(DeviceId::from_bytes))?,
                time: Timestamp::from_millis(r.i64()?),
            })
        })?;
        let (status, reason) = decode_status(reader)?;
        let fee = reader.option(|r| fee_of(r.u8()?.into()).ok_or(CodecError::Unknown))?;
        let mut stamp = || reader.option(|r| r.i64().map(Timestamp::from_millis));
        let stamps = Stamps { began: stamp()?, ended: stamp()? };
        let mut text = || reader.text(WHEREABOUTS_BYTES_MAX).map(str::to_owned);
        let whereabouts = Whereabouts { place: text()?, help: text()? };
        let memo = reader.text(MEMO_BYTES_MAX)?.to_owned();
        let device = reader.option(|r| r.fixed().map(DeviceId::from_bytes))?;
        let time = Timestamp::from_millis(reader.i64()?);
        let (moved, from) = (id(reader)?, id(reader)?);
        let moved_also = reader.list(RIVALS_MAX, |r| r.fixed().map(AppointmentId::from_bytes))?;
        let of = reader.option(|r| {
            let (series, date) = decode_of(&r.fixed::<20>()?).ok_or(CodecError::Unknown)?;
            Ok(Of { series, date, base: decode_slot(r)? })
        })?;
        Ok(Self {
            kind,
            clients,
            regrouped,
            slot,
            rivals,
            status,
            reason,
            fee,
            stamps,
            whereabouts,
            memo,
            device,
            time,
            moved,
            moved_also,
            from,
            of,
        })
    }
}

/// What was said of a session as it took place.
struct Told {
    status: Status,
    reason: Option<String>,
    fee: Option<Fee>,
    stamps: Stamps,
    whereabouts: Whereabouts,
}

impl Told {
    fn read(document: &Document, place: Option<&str>, slot: &Slot) -> Self {
        let (status, reason) = document
            .value(place, STATUS)
            .and_then(|value| read_status(value.bytes()?).ok())
            .unwrap_or((Status::Booked, None));
        let reason = reason.map(|reason| line_within(&reason, REASON_BYTES_MAX));
        let reason = reason.filter(|reason| !reason.is_empty());
        let stamp = |field| {
            let millis = document.value(place, field).and_then(|value| value.number());
            millis.map(Timestamp::from_millis)
        };
        let stamps = Stamps { began: stamp(BEGAN), ended: stamp(ENDED) };
        // Of two devices, one may have said that it began and the other that it ended.
        let status = match status {
            Status::Arrived if stamps.ended.is_some() => Status::Held,
            status => status,
        };
        let text = |field| {
            let value = document.value(place, field);
            let text = value.as_ref().and_then(Scalar::text).unwrap_or_default();
            line_within(text, WHEREABOUTS_BYTES_MAX)
        };
        let whereabouts = Whereabouts { place: text(CLIENT_PLACE), help: text(CLIENT_HELP) };
        let fee = document.value(place, &fee_field(status, slot));
        let fee = fee.or_else(|| document.value(place, &fee_of_any_day(status)));
        let fee = fee.and_then(|value| fee_of(value.number()?));
        Self { status, reason, fee, stamps, whereabouts }
    }
}

/// year2 month1 day1
pub(super) fn encode_date(date: Date) -> [u8; 4] {
    let [high, low] = date.year().to_be_bytes();
    [high, low, date.month().cast_unsigned(), date.day().cast_unsigned()]
}

/// The same back, with the series in front.
pub(super) fn decode_of(bytes: &[u8]) -> Option<(SeriesId, Date)> {
    let (series, date) = bytes.split_first_chunk::<16>()?;
    let [high, low, month, day] = date.try_into().ok()?;
    let year = i16::from_be_bytes([high, low]);
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some((SeriesId::from_bytes(*series), date))
}

/// A slot with who wrote it, as it lies in the document. The name of the device proves itself:
/// the operation's actor is its hash.
pub(super) struct Written {
    pub(super) slot: Slot,
    pub(super) device: DeviceId,
    pub(super) incarnation: DevInc,
    pub(super) time: Timestamp,
}

impl Written {
    pub(super) fn scalar(&self) -> Scalar {
        let mut writer = Writer::new();
        encode_slot(&mut writer, &self.slot);
        writer.fixed(self.device.as_bytes()).u32(self.incarnation.get());
        writer.i64(self.time.as_millis());
        Scalar::Bytes(writer.into_bytes())
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let written = Self {
            slot: decode_slot(&mut reader)?,
            device: DeviceId::from_bytes(reader.fixed()?),
            incarnation: DevInc::new(reader.u32()?),
            time: Timestamp::from_millis(reader.i64()?),
        };
        reader.finish()?;
        Ok(written)
    }

    fn rival(self, actor: Actor, object: ObjectId) -> Rival {
        let author = Author {
            member: MemberId::from_bytes([0; 16]),
            device: self.device,
            incarnation: self.incarnation,
        };
        let device = (Actor::of(&author, object) == actor).then_some(self.device);
        Rival { slot: self.slot, device, time: self.time }
    }
}

/// Brings what was said of where a client was into one form; `None` if it is too long.
pub(super) fn normal_whereabouts(said: Whereabouts) -> Option<Whereabouts> {
    let Whereabouts { place, help } = said;
    let said = Whereabouts { place: normal(&place), help: normal(&help) };
    let fits = said.place.len().max(said.help.len()) <= WHEREABOUTS_BYTES_MAX;
    fits.then_some(said)
}

/// Returns a stamp as it lies in the document.
pub(super) fn stamp_scalar(stamp: Option<Timestamp>) -> Scalar {
    stamp.map_or(Scalar::Nothing, |time| Scalar::Number(time.as_millis()))
}

/// Returns where it lies what is decided about the fee of a session of this status on this day.
pub(super) fn fee_field(status: Status, slot: &Slot) -> String {
    format!("{FEE} {} {}", status_number(status), slot.start.date())
}

fn fee_of_any_day(status: Status) -> String {
    format!("{FEE} {}", status_number(status))
}

/// Returns what is decided about a fee as it lies in the document.
pub(super) fn fee_scalar(fee: Option<Fee>) -> Scalar {
    fee.map_or(Scalar::Nothing, |fee| Scalar::Number(fee_number(fee)))
}

const fn fee_number(fee: Fee) -> i64 {
    match fee {
        Fee::Charged => 1,
        Fee::Waived => 2,
    }
}

const fn fee_of(number: i64) -> Option<Fee> {
    match number {
        1 => Some(Fee::Charged),
        2 => Some(Fee::Waived),
        _ => None,
    }
}

/// Returns those who come as the one scalar that an appointment is made with.
pub(super) fn clients_scalar(clients: &[ClientId]) -> Scalar {
    Scalar::Bytes(clients.iter().flat_map(|client| *client.as_bytes()).collect())
}

/// Returns status and reason as the one scalar that they are.
pub(super) fn status_scalar(status: Status, reason: Option<&str>) -> Scalar {
    let mut writer = Writer::new();
    encode_status(&mut writer, status, reason);
    Scalar::Bytes(writer.into_bytes())
}

fn read_status(bytes: &[u8]) -> Result<(Status, Option<String>), CodecError> {
    let mut reader = Reader::new(bytes);
    let read = decode_status(&mut reader)?;
    reader.finish()?;
    Ok(read)
}

fn encode_status(writer: &mut Writer, status: Status, reason: Option<&str>) {
    writer.u8(status_number(status));
    writer.option(reason, |w, reason| {
        w.text(reason);
    });
}

const fn status_number(status: Status) -> u8 {
    match status {
        Status::Booked => 1,
        Status::Confirmed => 2,
        Status::Arrived => 3,
        Status::Held => 4,
        Status::NoShow => 5,
        Status::LateCancel => 6,
        Status::CancelledByClient => 7,
        Status::CancelledByClinician => 8,
    }
}

fn decode_status(reader: &mut Reader<'_>) -> Result<(Status, Option<String>), CodecError> {
    let status = match reader.u8()? {
        1 => Status::Booked,
        2 => Status::Confirmed,
        3 => Status::Arrived,
        4 => Status::Held,
        5 => Status::NoShow,
        6 => Status::LateCancel,
        7 => Status::CancelledByClient,
        8 => Status::CancelledByClinician,
        _ => return Err(CodecError::Unknown),
    };
    let reason = reader.option(|r| r.text(REASON_BYTES_MAX).map(str::to_owned))?;
    Ok((status, reason))
}

pub(super) const fn kind_number(kind: AppointmentKind) -> i64 {
    match kind {
        AppointmentKind::Individual => 1,
        AppointmentKind::Couple => 2,
        AppointmentKind::Family => 3,
        AppointmentKind::Group => 4,
        AppointmentKind::Intake => 5,
        AppointmentKind::Consultation => 6,
        AppointmentKind::Supervision => 7,
        AppointmentKind::TimeOff => 8,
    }
}

pub(super) const fn kind_of(number: i64) -> Option<AppointmentKind> {
    Some(match number {
        1 => AppointmentKind::Individual,
        2 => AppointmentKind::Couple,
        3 => AppointmentKind::Family,
        4 => AppointmentKind::Group,
        5 => AppointmentKind::Intake,
        6 => AppointmentKind::Consultation,
        7 => AppointmentKind::Supervision,
        8 => AppointmentKind::TimeOff,
        _ => return None,
    })
}

pub(super) const fn modality_number(modality: Modality) -> u8 {
    match modality {
        Modality::InOffice => 1,
        Modality::Video => 2,
        Modality::Phone => 3,
    }
}

pub(super) const fn modality_of(number: u8) -> Option<Modality> {
    match number {
        1 => Some(Modality::InOffice),
        2 => Some(Modality::Video),
        3 => Some(Modality::Phone),
        _ => None,
    }
}

fn encode_slot(writer: &mut Writer, slot: &Slot) {
    let (date, time) = (slot.start.date(), slot.start.time());
    writer.u16(date.year().cast_unsigned());
    for part in [date.month(), date.day(), time.hour(), time.minute(), time.second()] {
        writer.u8(part.cast_unsigned());
    }
    writer.text(&slot.zone).u16(slot.minutes).fixed(slot.clinician.as_bytes());
    writer.option(slot.room.as_deref(), |w, room| {
        w.text(room);
    });
    writer.u8(modality_number(slot.modality));
}

fn decode_slot(reader: &mut Reader<'_>) -> Result<Slot, CodecError> {
    let year = reader.u16()?.cast_signed();
    let [month, day, hour, minute, second] = reader.fixed::<5>()?.map(u8::cast_signed);
    let start = DateTime::new(year, month, day, hour, minute, second, 0)
        .map_err(|_| CodecError::Unknown)?;
    let zone = reader.text(ZONE_BYTES_MAX)?.to_owned();
    let minutes = reader.u16()?;
    if minutes == 0 || minutes > MINUTES_MAX {
        return Err(CodecError::Unknown);
    }
    let clinician = MemberId::from_bytes(reader.fixed()?);
    let room = reader.option(|r| r.text(ROOM_BYTES_MAX).map(str::to_owned))?;
    let modality = modality_of(reader.u8()?).ok_or(CodecError::Unknown)?;
    Ok(Slot { start, zone, minutes, clinician, room, modality })
}
