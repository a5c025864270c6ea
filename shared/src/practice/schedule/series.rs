//! A series as its document holds it: one map for each, one scalar for each thing that can change.
//!
//! What a series is never changes but for its end and the dates that are left out: whoever changes
//! "this and all that follow" ends it and begins another, its heir. What such changes that were made
//! at once come to, and what of a series counts for its heirs, is derived when they are read.

use super::super::calendar::{self, Booking, Written};
use super::super::document::{Document, Scalar};
use super::super::edit::{AppointmentKind, NewAppointment, Slot};
use super::super::view::{Rival, SeriesRow};
use super::recur::Rule;
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, ClientId, MemberId, ObjectId, SeriesId};
use crate::suite;
use jiff::civil::{Date, Weekday};
use std::collections::BTreeSet;

/// Bytes of a rule at most.
const RULE_BYTES_MAX: usize = 4_096;
/// Dates that are left out at most: three of each week for twenty years.
const SKIPPED_MAX: usize = 4_096;

const RULE: &str = "rule";
const LAST: &str = "last";
/// Of which series it is the heir, and from which of its dates on.
const AFTER: &str = "after";
/// With which weekday of that one only, 1 for Monday.
const ONLY: &str = "only";
/// Ends that devices have written at once, at most.
const ENDS_MAX: usize = 64;
/// In front of the date that is left out.
const SKIPPED: &str = "skip ";

/// The rule of a series, whose heir it is and from which date on, and with which weekday only.
pub(in crate::practice) type Rhythm<'a> = (&'a Rule, Option<(SeriesKey, Date)>, Option<Weekday>);

/// Whose series, and which.
pub(in crate::practice) type SeriesKey = (MemberId, SeriesId);

/// A series as far as its document tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::practice) struct Series {
    /// Who comes, when first, where, and the line for the calendar: like a single appointment.
    pub(in crate::practice) first: Booking,
    pub(in crate::practice) rule: Rule,
    /// The last dates that devices have ended it after at once, the earliest first.
    pub(in crate::practice) ends: Vec<Date>,
    /// The series that it follows, and the date of that one from which on.
    pub(in crate::practice) after: Option<(SeriesKey, Date)>,
    /// Of that one it goes on with this weekday only; the rest stays there.
    pub(in crate::practice) only: Option<Weekday>,
    pub(in crate::practice) skipped: BTreeSet<Date>,
}

impl Series {
    /// The last date, if it was ended; where devices ended it at once, the earliest.
    pub(in crate::practice) fn last(&self) -> Option<Date> {
        self.ends.first().copied()
    }

    /// Writes all of it under a name that is new to the document.
    pub(in crate::practice) fn create(
        first: &Booking,
        (rule, after, only): Rhythm<'_>,
        document: &mut Document,
        name: &str,
        slot: &Written,
    ) {
        first.create(document, name, slot);
        document.put(Some(name), RULE, Scalar::Text(rule.to_string()));
        if let Some(((member, series), from)) = after {
            let mut bytes = member.as_bytes().to_vec();
            bytes.extend_from_slice(series.as_bytes());
            bytes.extend(calendar::encode_date(from));
            document.put(Some(name), AFTER, Scalar::Bytes(bytes));
        }
        if let Some(weekday) = only {
            let number = i64::from(weekday.to_monday_one_offset());
            document.put(Some(name), ONLY, Scalar::Number(number));
        }
    }

    /// Reads one; `None` when what is there is no series that this version understands.
    pub(in crate::practice) fn read(
        document: &Document,
        name: &str,
        object: ObjectId,
    ) -> Option<Self> {
        let first = Booking::read(document, name, object)?;
        let place = Some(name);
        let rule = document.value(place, RULE)?;
        let rule = rule.text()?.parse().ok()?;
        let ends = document.values(place, LAST);
        let ends = ends.iter().filter_map(|(value, _)| value.text()?.parse::<Date>().ok());
        let ends: BTreeSet<Date> = ends.take(ENDS_MAX).collect();
        let after = document.value(place, AFTER);
        let after = after.as_ref().and_then(|value| read_after(value.bytes()?));
        // An heir of a weekday that is unknown here must not be taken for one of all.
        let only = match document.value(place, ONLY) {
            Some(value) => Some(weekday_of(value.number()?)?).filter(|_| after.is_some()),
            None => None,
        };
        let date_of = |field: &str| field.strip_prefix(SKIPPED)?.parse::<Date>().ok();
        let is_set = |field: &String| {
            let value = document.value(place, field);
            value.is_some_and(|value| value == Scalar::Flag(true))
        };
        let fields = document.all_fields(name);
        let skipped = fields.iter().filter(|field| is_set(field));
        let skipped = skipped.filter_map(|field| date_of(field)).take(SKIPPED_MAX).collect();
        Some(Self { first, rule, ends: ends.into_iter().collect(), after, only, skipped })
    }

    /// Writes when it ends; without a date it goes on.
    pub(in crate::practice) fn end_scalar(last: Option<Date>) -> Scalar {
        last.map_or(Scalar::Nothing, |last| Scalar::Text(last.to_string()))
    }

    /// The field that says when it ends.
    pub(in crate::practice) const fn end_field() -> &'static str {
        LAST
    }

    /// The field that holds the rule.
    pub(in crate::practice) const fn rule_field() -> &'static str {
        RULE
    }

    /// The field that says whether a date is left out.
    pub(in crate::practice) fn skip_field(date: Date) -> String {
        format!("{SKIPPED}{date}")
    }

    /// The slot of the occurrence on this date.
    pub(in crate::practice) fn slot_on(&self, start: jiff::civil::DateTime) -> Slot {
        Slot { start, ..self.first.slot.clone() }
    }

    /// What a series is, as a new appointment would say it.
    pub(in crate::practice) fn as_new(&self, id: AppointmentId, slot: Slot) -> NewAppointment {
        NewAppointment {
            id,
            clients: self.first.clients.clone(),
            kind: self.first.kind,
            slot,
            memo: Some(self.first.memo.clone()).filter(|memo| !memo.is_empty()),
        }
    }

    /// What lists show of it.
    pub(in crate::practice) fn row(
        &self,
        id: SeriesId,
        (last, out): (Option<Date>, BTreeSet<Date>),
        parted: Vec<(Weekday, Date)>,
        (ends_with, goes_on): (BTreeSet<SeriesId>, BTreeSet<SeriesId>),
    ) -> SeriesRow {
        SeriesRow {
            id,
            clients: self.first.clients.clone(),
            kind: self.first.kind,
            slot: self.first.slot.clone(),
            rule: self.rule.clone(),
            last,
            skipped: self.skipped.union(&out).copied().collect(),
            parted,
            ends_with,
            goes_on,
            memo: self.first.memo.clone(),
        }
    }

    pub(in crate::practice) fn kind(&self) -> AppointmentKind {
        self.first.kind
    }

    pub(in crate::practice) fn clients(&self) -> &[ClientId] {
        &self.first.clients
    }

    pub(in crate::practice) fn rivals(&self) -> &[Rival] {
        &self.first.rivals
    }

    pub(in crate::practice) fn encode(&self, writer: &mut Writer) {
        self.first.encode(writer);
        writer.text(&self.rule.to_string());
        writer.list(&self.ends, |w, last| {
            w.text(&last.to_string());
        });
        writer.option(self.after, |w, ((member, series), from)| {
            w.fixed(member.as_bytes()).fixed(series.as_bytes());
            w.fixed(&calendar::encode_date(from));
        });
        writer.option(self.only, |w, weekday| {
            w.u8(weekday.to_monday_one_offset().unsigned_abs());
        });
        let skipped: Vec<_> = self.skipped.iter().collect();
        writer.list(&skipped, |w, date| {
            w.text(&date.to_string());
        });
    }

    pub(in crate::practice) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let date = |r: &mut Reader<'_>| {
            let text = r.text(calendar::DATE_BYTES_MAX)?;
            text.parse::<Date>().map_err(|_| CodecError::Unknown)
        };
        let first = Booking::decode(reader)?;
        let rule = reader.text(RULE_BYTES_MAX)?.parse().map_err(|_| CodecError::Unknown)?;
        let ends = reader.list(ENDS_MAX, date)?;
        let after = reader.option(|r| read_after(&r.fixed::<36>()?).ok_or(CodecError::Unknown))?;
        let only = reader.option(|r| weekday_of(i64::from(r.u8()?)).ok_or(CodecError::Unknown))?;
        let skipped = reader.list(SKIPPED_MAX, date)?.into_iter().collect();
        Ok(Self { first, rule, ends, after, only, skipped })
    }
}

fn weekday_of(number: i64) -> Option<Weekday> {
    Weekday::from_monday_one_offset(i8::try_from(number).ok()?).ok()
}

fn read_after(bytes: &[u8]) -> Option<(SeriesKey, Date)> {
    let (member, rest) = bytes.split_first_chunk::<16>()?;
    let (series, from) = calendar::decode_of(rest)?;
    Some(((MemberId::from_bytes(*member), series), from))
}

/// The id of the series that goes on from a date after a change of "this and all that follow":
/// two devices that change the same from the same date make one series, with two slots to choose
/// from.
pub(in crate::practice) fn heir_of(
    series: SeriesId,
    from: Date,
    clinician: MemberId,
    only: Option<Weekday>,
) -> SeriesId {
    let date = calendar::encode_date(from);
    let fields: [&[u8]; 3] = [series.as_bytes(), &date, clinician.as_bytes()];
    // Of one weekday it is another than of all, though both begin on one date.
    let label = if only.is_some() { "tac/series/weekday" } else { "tac/series/following" };
    SeriesId::from_bytes(suite::hash(label, &fields).truncated())
}

/// The id of one occurrence: H(series, local date by the rule). It stays when it is moved.
pub(in crate::practice) fn occurrence_of(series: SeriesId, date: Date) -> AppointmentId {
    let date = calendar::encode_date(date);
    let hash = suite::hash("tac/series/occurrence", &[series.as_bytes(), &date]);
    AppointmentId::from_bytes(hash.truncated())
}
