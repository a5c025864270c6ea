//! What a person does to a series: book it, end it, leave a date out, change what follows.

use super::super::apply::{Done, Guard, Refusal};
use super::super::book::{check_slot, written};
use super::super::calendar::{self, Booking};
use super::super::change::Change;
use super::super::compartment::{CompartmentName, Quarter};
use super::super::document::{Document, Scalar};
use super::super::edit::{Edit, NewSeries, Slot};
use super::super::{Context, Practice, contact, document_of, zone};
use super::recur::{self, End, Rule};
use super::series::{Series, SeriesKey, heir_of, occurrence_of};
use crate::id::{AppointmentId, SeriesId};
use jiff::civil::{Date, DateTime, Time, Weekday};

impl Practice {
    pub(in crate::practice) fn book_series(
        &mut self,
        new: NewSeries,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let NewSeries { series, mut first, rule } = new;
        check_slot(&first.slot)?;
        if first.clients.len() > calendar::CLIENTS_MAX {
            return Err(Refusal::TooManyClients);
        }
        if first.clients.iter().any(|client| !self.facts.contacts.contains_key(client)) {
            return Err(Refusal::UnknownClient);
        }
        if self.series_named(series).is_some() {
            return Err(Refusal::AppointmentExists);
        }
        first.memo = first.memo.as_deref().map(contact::normal);
        if first.memo.as_ref().is_some_and(|memo| memo.len() > calendar::MEMO_BYTES_MAX) {
            return Err(Refusal::TextTooLong);
        }
        let key = (first.slot.clinician, series);
        let begins = first.slot.start.date();
        let booking = Booking::new(first);
        let change = self.create_series(key, &booking, &rule, cx)?;
        let inverse = Edit::EndSeries { series, last: begins.yesterday().ok() };
        let guards = vec![guard(key, Series::end_field(), Scalar::Nothing)];
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }

    fn create_series(
        &mut self,
        key: SeriesKey,
        first: &Booking,
        rule: &Rule,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let slot = written(first.slot.clone(), cx);
        self.write_series(key, cx, |document, name| {
            Series::create(first, rule, document, name, &slot);
            // There from the start, so that an undo can tell whether somebody else has ended it.
            document.put(Some(name), Series::end_field(), Scalar::Nothing);
        })
    }

    fn write_series(
        &mut self,
        key: SeriesKey,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut Document, &str),
    ) -> Result<Option<Change>, Refusal> {
        let name = CompartmentName::Series(key.0);
        let object = document_of(&name);
        let field = key.1.to_string();
        let change = self.change(&name, object, cx, |document| write(document, &field))?;
        let series = Series::read(self.document(&name, object, cx)?, &field, object);
        if let Some(series) = series {
            self.facts.learn_series(key, series);
        }
        self.publish_series(key);
        Ok(change)
    }

    pub(in crate::practice) fn end_series(
        &mut self,
        id: SeriesId,
        last: Option<Date>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let (key, known) = self.known_series(id)?;
        let (change, guard) = self.write_end(key, last, cx)?;
        let inverse = Edit::EndSeries { series: id, last: known.last };
        let changes = change.into_iter().collect();
        Ok(Done { changes, inverse: Some(inverse), guards: vec![guard] })
    }

    fn write_end(
        &mut self,
        key: SeriesKey,
        last: Option<Date>,
        cx: &mut Context<'_>,
    ) -> Result<(Option<Change>, Guard), Refusal> {
        let value = Series::end_scalar(last);
        let guard = guard(key, Series::end_field(), value.clone());
        let change = self.write_series(key, cx, |document, name| {
            document.put(Some(name), Series::end_field(), value);
        })?;
        Ok((change, guard))
    }

    pub(in crate::practice) fn skip(
        &mut self,
        id: SeriesId,
        (date, skipped): (Date, bool),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let (key, known) = self.known_series(id)?;
        let field = Series::skip_field(date);
        let guards = vec![guard(key, &field, Scalar::Flag(skipped))];
        let before = known.skipped.contains(&date);
        let change = self.write_series(key, cx, |document, name| {
            document.put(Some(name), &field, Scalar::Flag(skipped));
        })?;
        let inverse = Edit::SkipOccurrence { series: id, date, skipped: before };
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }

    /// Changes an occurrence and all that follow it: the series ends before, and another begins.
    /// What was touched by itself stays as it is.
    pub(in crate::practice) fn move_following(
        &mut self,
        id: SeriesId,
        (from, slot): (Date, Slot),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        check_slot(&slot)?;
        let (key, known) = self.known_series(id)?;
        let heir = heir_of(id, from);
        let heir_key = (slot.clinician, heir);
        let last = from.yesterday().ok();
        let rule = following(&known, from, &slot);
        let inverse =
            Edit::RejoinSeries { series: id, last: known.last, heir, gone: slot.start.date() };
        let mut changes = Vec::new();
        let (change, ended) = self.write_end(key, last, cx)?;
        changes.extend(change);
        let left_out = self.left_out(id, &known, from, (&rule, &slot));
        let value = written(slot.clone(), cx).scalar();
        let moved = guard(heir_key, calendar::SLOT, value.clone());
        if self.facts.series_of(heir_key).is_some() {
            let rule = rule.to_string();
            changes.extend(self.write_series(heir_key, cx, |document, name| {
                document.put(Some(name), calendar::SLOT, value);
                document.put(Some(name), Series::rule_field(), Scalar::Text(rule));
                document.put(Some(name), Series::end_field(), Series::end_scalar(known.last));
            })?);
        } else {
            let first = Booking { slot, ..known.first.clone() };
            changes.extend(self.create_series(heir_key, &first, &rule, cx)?);
            if known.last.is_some() {
                changes.extend(self.write_end(heir_key, known.last, cx)?.0);
            }
        }
        if !left_out.is_empty() {
            changes.extend(self.write_series(heir_key, cx, |document, name| {
                for date in left_out {
                    document.put(Some(name), &Series::skip_field(date), Scalar::Flag(true));
                }
            })?);
        }
        Ok(Done { changes, inverse: Some(inverse), guards: vec![ended, moved] })
    }

    /// The dates of what follows that stand for dates which were left out, or which became
    /// appointments of their own: the n-th for the n-th.
    fn left_out(
        &self,
        id: SeriesId,
        known: &Series,
        from: Date,
        (rule, slot): (&Rule, &Slot),
    ) -> Vec<Date> {
        let first = &known.first.slot;
        let far = recur::horizon(from.to_datetime(Time::midnight()));
        let before = known.rule.occurrences(first.start, far, &zone::named(&first.zone));
        let before = before.map(DateTime::date).filter(|date| *date >= from);
        let after = rule.occurrences(slot.start, far, &zone::named(&slot.zone));
        let touched = |date: &Date| {
            let own = occurrence_of(id, *date);
            known.skipped.contains(date) || self.facts.booking(own).is_some()
        };
        let pairs = before.zip(after.map(DateTime::date));
        pairs.filter(|(old, _)| touched(old)).map(|(_, new)| new).collect()
    }

    /// Takes a change of "this and all that follow" back.
    pub(in crate::practice) fn rejoin(
        &mut self,
        id: SeriesId,
        last: Option<Date>,
        (heir, gone): (SeriesId, Date),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let (key, known) = self.known_series(id)?;
        let (heir_key, following) = self.known_series(heir)?;
        let from = known.last.and_then(|last| last.tomorrow().ok()).unwrap_or(gone);
        let inverse = Edit::MoveFollowing { series: id, from, slot: following.first.slot.clone() };
        let (ended, undone) = self.write_end(heir_key, gone.yesterday().ok(), cx)?;
        let (goes_on, again) = self.write_end(key, last, cx)?;
        let changes = ended.into_iter().chain(goes_on).collect();
        Ok(Done { changes, inverse: Some(inverse), guards: vec![undone, again] })
    }

    /// Settles where two devices moved all of a series at once.
    pub(in crate::practice) fn settle_series(
        &mut self,
        id: AppointmentId,
        slot: &Slot,
        cx: &mut Context<'_>,
    ) -> Result<Option<Done>, Refusal> {
        let Some((key, time)) = self.derived.origin(id) else { return Ok(None) };
        let Some(series) = self.facts.series_of(key).cloned() else { return Ok(None) };
        let chosen = series.rivals().iter().any(|rival| rival.slot == *slot);
        let asked = !series.rivals().is_empty() && time == series.first.slot.start;
        if !asked || !(chosen || *slot == series.first.slot) || slot.clinician != key.0 {
            return Ok(None);
        }
        let value = written(slot.clone(), cx).scalar();
        let change = self.write_series(key, cx, |document, name| {
            document.put(Some(name), calendar::SLOT, value);
        })?;
        Ok(Some(Done { changes: change.into_iter().collect(), ..Done::default() }))
    }

    /// Makes an occurrence that nobody has touched an appointment of its own, in the calendar of
    /// the quarter that its series puts it in, so that two devices make the same.
    pub(in crate::practice) fn touch(
        &mut self,
        id: AppointmentId,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        if self.facts.booking(id).is_some() {
            return Ok(None);
        }
        let Some((key, time)) = self.derived.origin(id) else { return Ok(None) };
        let Some(series) = self.facts.series_of(key) else { return Ok(None) };
        let booking = Booking::new(series.as_new(id, series.slot_on(time)));
        self.create_booking((key.0, Quarter::of(time.date())), id, &booking, cx)
    }

    /// Forgets an appointment that was made of an occurrence a moment ago and is not to be stored:
    /// its document is loaded again when it is needed.
    pub(in crate::practice) fn untouch(&mut self, id: AppointmentId) {
        let Some((key, _)) = self.facts.booking(id) else { return };
        let (clinician, quarter) = key;
        let name = CompartmentName::Calendar { clinician, quarter };
        self.documents.remove(&document_of(&name));
        self.facts.forget_booking(key, id);
        self.publish_appointment(id);
    }

    fn known_series(&self, id: SeriesId) -> Result<(SeriesKey, Series), Refusal> {
        let key = self.series_named(id).ok_or(Refusal::UnknownSeries)?;
        let series = self.facts.series_of(key).ok_or(Refusal::UnknownSeries)?;
        Ok((key, series.clone()))
    }
}

/// The rule of what follows from a date on: the same rhythm, on the new day.
fn following(series: &Series, from: Date, slot: &Slot) -> Rule {
    let mut rule = series.rule.clone();
    if let End::Count(count) = rule.end {
        let end = from.to_datetime(Time::midnight());
        let zone = zone::named(&series.first.slot.zone);
        let before = series.rule.occurrences(series.first.slot.start, end, &zone);
        let past = before.filter(|time| time.date() < from).count();
        let past = u32::try_from(past).unwrap_or(u32::MAX);
        rule.end = End::Count(count.saturating_sub(past).max(1));
    }
    let (old, new) = (from.weekday(), slot.start.date().weekday());
    rule.days.iter_mut().filter(|day| day.weekday == old).for_each(|day| day.weekday = new);
    let (old, new) = (i16::from(from.day()), i16::from(slot.start.date().day()));
    rule.month_days.iter_mut().filter(|day| **day == old).for_each(|day| *day = new);
    let nth = (new - 1) / 7 + 1;
    let weekday: Weekday = slot.start.date().weekday();
    let moved = rule.days.iter_mut().filter(|day| day.nth > 0 && day.weekday == weekday);
    moved.for_each(|day| day.nth = nth);
    rule
}

fn guard(key: SeriesKey, field: &str, value: Scalar) -> Guard {
    let name = CompartmentName::Series(key.0);
    let object = document_of(&name);
    Guard { name, object, place: Some(key.1.to_string()), field: field.to_owned(), value }
}
