//! What a person does to a series: book it, end it, leave a date out, change what follows.

use super::super::apply::{Done, Guard, Refusal};
use super::super::attendance::WhoChange;
use super::super::book::{check_slot, written};
use super::super::calendar::{self, Booking, Of};
use super::super::change::Change;
use super::super::compartment::{CompartmentName, Quarter};
use super::super::document::{Document, Scalar};
use super::super::edit::{Edit, NewSeries, Slot};
use super::super::{Context, Practice, contact, document_of, zone};
use super::kin::{Cuts, pairs};
use super::recur::{self, Day, End, Rule};
use super::series::{Rhythm, Series, SeriesKey, heir_of, occurrence_of};
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
        first = self.expanded(first)?;
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
        if !begins_at(&rule, &first.slot) {
            return Err(Refusal::EmptySeries);
        }
        let key = (first.slot.clinician, series);
        let begins = first.slot.start.date();
        let booking = Booking::new(first);
        let change = self.create_series(key, &booking, (&rule, None, None), cx)?;
        let inverse = Edit::EndSeries { series, last: begins.yesterday().ok() };
        let guards = vec![guard(key, Series::end_field(), Scalar::Nothing)];
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }

    fn create_series(
        &mut self,
        key: SeriesKey,
        first: &Booking,
        rhythm: Rhythm<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let slot = written(first.slot.clone(), cx);
        self.write_series(key, cx, |document, name| {
            Series::create(first, rhythm, document, name, &slot);
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
        let inverse = Edit::EndSeries { series: id, last: known.last() };
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
    /// What was touched by itself stays as it is. Where the series has several weekdays and the
    /// occurrence goes to another one, only that weekday goes with it.
    pub(in crate::practice) fn change_following(
        &mut self,
        id: SeriesId,
        (from, slot): (Date, Slot),
        who: Option<WhoChange>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        check_slot(&slot)?;
        let (key, known) = self.known_series(id)?;
        if !self.takes_place(key, &known, from) {
            // It was there when a form was opened, and another device has ended or moved it since.
            return Err(Refusal::UnknownAppointment);
        }
        let who = who.map(|who| self.as_written(who, known.clients()));
        let who = who.map(|who| self.check_who(who, known.clients(), known.kind())).transpose()?;
        let only = parts(&known.rule, from, slot.start.date()).then(|| from.weekday());
        let rule = match only {
            None => following(&known, from, &slot),
            Some(_) => of_weekday(&known, from, &slot),
        };
        let again = match who.clone() {
            None => Edit::MoveFollowing { series: id, from, slot: slot.clone() },
            Some(who) => Edit::ChangeFollowing { series: id, from, slot: slot.clone(), who },
        };
        // What ends because of what it follows ends for others too, who would not follow that end.
        let others =
            who.as_ref().is_some_and(|who| !who.joins.is_empty() || !who.leaves.is_empty());
        let ends = if others { self.known_end(key, &known) } else { known.last() };
        let ends = ends.filter(|last| *last >= from);
        let heir = (&rule, slot.start);
        let ends = ends.and_then(|last| counterpart(&known, (from, only), heir, last));
        let heir = heir_of(id, from, slot.clinician, only);
        let (last, gone) = (known.last(), slot.start.date());
        let inverse = Edit::RejoinSeries { series: id, last, heir, gone, again: Box::new(again) };
        let (mut changes, mut guards) = (Vec::new(), Vec::new());
        if only.is_none() {
            let (change, ended) = self.write_end(key, from.yesterday().ok(), cx)?;
            changes.extend(change);
            guards.push(ended);
        }
        let heir = ((slot.clinician, heir), (key, from), only);
        self.write_heir(&known, heir, (slot, &rule, ends), (&mut changes, &mut guards), cx)?;
        let heir_key = heir.0;
        let heir = self.facts.series_of(heir_key).ok_or(Refusal::UnknownSeries)?;
        // An heir that was taken back and is made again comes with whom it had then.
        let wanted = who.unwrap_or_default().of(known.clients(), known.kind());
        let wanted = (wanted.0.as_slice(), wanted.1);
        let who = WhoChange::between((heir.clients(), heir.kind()), wanted);
        changes.extend(self.write_series(heir_key, cx, |document, name| {
            who.write(document, name);
        })?);
        let fields = who.fields().into_iter();
        guards.extend(fields.map(|(field, value)| guard(heir_key, &field, value)));
        Ok(Done { changes, inverse: Some(inverse), guards })
    }

    /// Whether a series has a date by its rule, and goes on until then.
    fn takes_place(&self, key: SeriesKey, known: &Series, date: Date) -> bool {
        let until = self.last_of(key, known, &mut Cuts::default());
        let zone = zone::named(&known.first.slot.zone);
        let end = date.to_datetime(Time::constant(23, 59, 59, 0));
        let mut times = known.rule.occurrences(known.first.slot.start, end, &zone);
        let is_there = times.any(|time| time.date() == date);
        let mut heirs = self.facts.series_heirs(key).filter_map(|heir| self.facts.series_of(heir));
        let parted = heirs.any(|heir| {
            let from = heir.after.is_some_and(|(_, from)| from <= date);
            heir.only == Some(date.weekday()) && from && heir.is_there()
        });
        is_there && !parted && until.is_none_or(|until| until >= date)
    }

    /// Writes the series that goes on, or brings one back that was made for the same once.
    fn write_heir(
        &mut self,
        known: &Series,
        (key, after, only): (SeriesKey, (SeriesKey, Date), Option<Weekday>),
        (slot, rule, ends): (Slot, &Rule, Option<Date>),
        (changes, guards): (&mut Vec<Change>, &mut Vec<Guard>),
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let value = written(slot.clone(), cx).scalar();
        guards.push(guard(key, calendar::SLOT, value.clone()));
        guards.push(guard(key, Series::end_field(), Series::end_scalar(ends)));
        if let Some(before) = self.facts.series_of(key).cloned() {
            let rule = rule.to_string();
            changes.extend(self.write_series(key, cx, |document, name| {
                document.put(Some(name), calendar::SLOT, value);
                document.put(Some(name), Series::rule_field(), Scalar::Text(rule));
                document.put(Some(name), Series::end_field(), Series::end_scalar(ends));
                for date in before.skipped {
                    // Of another time when it was an heir.
                    document.put(Some(name), &Series::skip_field(date), Scalar::Flag(false));
                }
            })?);
            return Ok(());
        }
        let first = Booking { slot, rivals: Vec::new(), ..known.first.clone() };
        changes.extend(self.create_series(key, &first, (rule, Some(after), only), cx)?);
        if ends.is_some() {
            changes.extend(self.write_end(key, ends, cx)?.0);
        }
        Ok(())
    }

    /// Takes a change of "this and all that follow" back.
    pub(in crate::practice) fn rejoin(
        &mut self,
        id: SeriesId,
        last: Option<Date>,
        (heir, gone): (SeriesId, Date),
        (again, cx): (Edit, &mut Context<'_>),
    ) -> Result<Done, Refusal> {
        let (key, _) = self.known_series(id)?;
        let (heir_key, following) = self.known_series(heir)?;
        if self.is_more_than_moved(heir_key, &following) {
            // Dates that were left out or dealt with there would come back, or stand twice.
            return Err(Refusal::ChangedElsewhere);
        }
        let (ended, undone) = self.write_end(heir_key, gone.yesterday().ok(), cx)?;
        let (mut changes, mut guards): (Vec<_>, _) = (ended.into_iter().collect(), vec![undone]);
        if following.only.is_none() {
            let (goes_on, again) = self.write_end(key, last, cx)?;
            changes.extend(goes_on);
            guards.push(again);
        }
        Ok(Done { changes, inverse: Some(again), guards })
    }

    /// Whether somebody has done something in an heir that its parent would not know of.
    fn is_more_than_moved(&self, key: SeriesKey, series: &Series) -> bool {
        let mut heirs = self.facts.series_heirs(key);
        let has_heirs = heirs.any(|heir| self.facts.series_of(heir).is_some_and(Series::is_there));
        let slot = &series.first.slot;
        let far = recur::horizon(slot.start);
        let mut times = series.rule.occurrences(slot.start, far, &zone::named(&slot.zone));
        let touched = |time: DateTime| self.stands(occurrence_of(key.1, time.date()));
        has_heirs || !series.skipped.is_empty() || times.any(touched)
    }

    /// Settles where devices moved all of a series at once, or all that follow from different dates
    /// on.
    pub(in crate::practice) fn settle_series(
        &mut self,
        id: AppointmentId,
        slot: &Slot,
        cx: &mut Context<'_>,
    ) -> Result<Option<Done>, Refusal> {
        let Some((key, time)) = self.derived.origin(id) else { return Ok(None) };
        let Some(series) = self.facts.series_of(key).cloned() else { return Ok(None) };
        let mut cuts = Cuts::default();
        let rivals = self.rivals_of(key, &series, &mut cuts);
        let asked = !rivals.is_empty() && self.is_asked_at(key, id);
        // Once the first has been dealt with, it is asked about at the one after.
        let stays = *slot == series.first.slot || *slot == series.slot_on(time);
        let slot = if stays { &series.first.slot.clone() } else { slot };
        let chosen = stays || rivals.iter().any(|rival| rival.slot == *slot);
        if !asked || !chosen || slot.clinician != key.0 {
            return Ok(None);
        }
        let others = self.overlapped(key, &series, &mut cuts);
        let ends = |(other, known, time): (SeriesKey, &Series, DateTime)| {
            (other, known.last(), time.date().yesterday().ok())
        };
        let others: Vec<_> = others.into_iter().map(ends).collect();
        let before = series.first.slot.clone();
        let mut changes = Vec::new();
        let (change, mut guards) = self.write_slot(key, &series, slot.clone(), cx)?;
        changes.extend(change);
        let mut former = Vec::new();
        for (other, known, last) in others {
            let (change, ended) = self.write_end(other, last, cx)?;
            changes.extend(change);
            guards.push(ended);
            former.push((other.1, known));
        }
        let inverse = Some(Edit::SettleSeries { series: key.1, slot: before, ends: former });
        Ok(Some(Done { changes, inverse, guards }))
    }

    /// Gives a series the slot that it had before somebody settled it.
    pub(in crate::practice) fn settle_again(
        &mut self,
        id: SeriesId,
        (slot, ends): (Slot, &[(SeriesId, Option<Date>)]),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        check_slot(&slot)?;
        let (key, series) = self.known_series(id)?;
        if slot.clinician != key.0 {
            return Err(Refusal::InvalidSlot);
        }
        let others = ends.iter().map(|(other, last)| {
            let (key, known) = self.known_series(*other)?;
            Ok((key, known.last(), *last))
        });
        let others = others.collect::<Result<Vec<_>, Refusal>>()?;
        let before = series.first.slot.clone();
        let (change, mut guards) = self.write_slot(key, &series, slot, cx)?;
        let mut changes: Vec<_> = change.into_iter().collect();
        let mut former = Vec::new();
        for (other, known, last) in others {
            let (change, ended) = self.write_end(other, last, cx)?;
            changes.extend(change);
            guards.push(ended);
            former.push((other.1, known));
        }
        let inverse = Some(Edit::SettleSeries { series: id, slot: before, ends: former });
        Ok(Done { changes, inverse, guards })
    }

    /// Moves all of a series, with the rule that has the new beginning.
    fn write_slot(
        &mut self,
        key: SeriesKey,
        series: &Series,
        slot: Slot,
        cx: &mut Context<'_>,
    ) -> Result<(Option<Change>, Vec<Guard>), Refusal> {
        let first = series.first.slot.start.date();
        let rule = following(series, first, &slot).to_string();
        let value = written(slot, cx).scalar();
        let guards = vec![guard(key, calendar::SLOT, value.clone())];
        let change = self.write_series(key, cx, |document, name| {
            document.put(Some(name), calendar::SLOT, value);
            document.put(Some(name), Series::rule_field(), Scalar::Text(rule));
        })?;
        Ok((change, guards))
    }

    /// Makes an occurrence that nobody has touched an appointment of its own, in the calendar of
    /// the quarter that its series puts it in, so that two devices make the same.
    pub(in crate::practice) fn touch(
        &mut self,
        id: AppointmentId,
        cx: &mut Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        if self.stands(id) {
            return Ok(None);
        }
        let Some((key, time)) = self.derived.origin(id) else { return Ok(None) };
        let Some(series) = self.facts.series_of(key) else { return Ok(None) };
        let base = series.slot_on(time);
        if let Some((calendar, known)) = self.facts.booking(id) {
            // Touched before and taken back; the series may have moved since.
            let outdated = known.of.as_ref().is_some_and(|of| of.base != base);
            let base = outdated.then_some(base);
            let now = (series.clients(), series.kind());
            // It is made again with them, so that it still follows once this is taken back.
            let who = !WhoChange::between((&known.clients, known.kind), now).is_empty();
            let now = (&series.clients().to_vec()[..], series.kind());
            return if base.is_some() || who {
                self.rebase_occurrence((calendar, id), base, who.then_some(now), cx)
            } else {
                Ok(None)
            };
        }
        let mut booking = Booking::new(series.as_new(id, base.clone()));
        booking.of = Some(Of { series: key.1, date: time.date(), base });
        self.create_booking((key.0, Quarter::of(time.date())), id, &booking, cx)
    }

    /// Takes back what touching an occurrence a moment ago made of it, which is not to be stored:
    /// it is again as it is stored, if it had been touched before, and forgotten if not. Its
    /// document is loaded again when it is needed.
    pub(in crate::practice) fn untouch(&mut self, id: AppointmentId, stored: Option<Booking>) {
        let Some((key, _)) = self.facts.booking(id) else { return };
        let (clinician, quarter) = key;
        let name = CompartmentName::Calendar { clinician, quarter };
        self.documents.remove(&document_of(&name));
        match stored {
            Some(booking) => self.facts.learn_booking(key, id, booking),
            None => self.facts.forget_booking(key, id),
        }
        self.publish_appointment(id);
    }

    fn known_series(&self, id: SeriesId) -> Result<(SeriesKey, Series), Refusal> {
        let key = self.series_named(id).ok_or(Refusal::UnknownSeries)?;
        let series = self.facts.series_of(key).ok_or(Refusal::UnknownSeries)?;
        Ok((key, series.clone()))
    }
}

/// Whether a rule's first occurrence is where it is to begin.
fn begins_at(rule: &Rule, slot: &Slot) -> bool {
    let far = recur::horizon(slot.start);
    rule.occurrences(slot.start, far, &zone::named(&slot.zone)).next() == Some(slot.start)
}

/// The last date of an heir that stands for a date of its parent, or for the one before.
fn counterpart(
    parent: &Series,
    from: (Date, Option<Weekday>),
    heir: (&Rule, DateTime),
    last: Date,
) -> Option<Date> {
    let pairs = pairs(parent, from, heir, last);
    pairs.take_while(|(old, _)| *old <= last).last().map(|(_, new)| new)
}

/// Whether a date that goes to another one takes only its own weekday of the rule along.
fn parts(rule: &Rule, from: Date, to: Date) -> bool {
    rule.is_of_several_weekdays() && from.weekday() != to.weekday()
}

/// The rule of one weekday of a series from a date on, as often as it would have taken place.
fn of_weekday(series: &Series, from: Date, slot: &Slot) -> Rule {
    let (rule, first) = (&series.rule, &series.first.slot);
    let end = match rule.end {
        End::Never => End::Never,
        End::Count(_) | End::Until(_) | End::UntilInstant(_) => {
            let times = rule.occurrences(first.start, DateTime::MAX, &zone::named(&first.zone));
            let of = |time: &DateTime| time.date() >= from && time.weekday() == from.weekday();
            let left = times.filter(of).count();
            End::Count(u32::try_from(left).unwrap_or(u32::MAX).max(1))
        }
    };
    let day = Day { nth: 0, weekday: slot.start.weekday() };
    Rule { end, days: vec![day], ..rule.clone() }
}

/// The rule of what follows from a date on: the same rhythm, on the new day, as often as the series
/// would have taken place.
fn following(series: &Series, from: Date, slot: &Slot) -> Rule {
    let mut rule = series.rule.clone();
    rule.end = end_from(series, from);
    let start = slot.start.date();
    let weekday: Weekday = start.weekday();
    let (old, new) = (from.weekday(), weekday);
    rule.days.iter_mut().filter(|day| day.weekday == old).for_each(|day| day.weekday = new);
    let (old, new) = (i16::from(from.day()), i16::from(start.day()));
    rule.month_days.iter_mut().filter(|day| **day == old).for_each(|day| *day = new);
    let nth = (new - 1) / 7 + 1;
    let is_last = start.month() != start.saturating_add(jiff::Span::new().weeks(1)).month();
    let moved = rule.days.iter_mut().filter(|day| day.nth != 0 && day.weekday == weekday);
    moved.for_each(|day| day.nth = if is_last && (day.nth < 0 || nth == 5) { -1 } else { nth });
    if begins_at(&rule, slot) {
        return rule;
    }
    // What else the rule said fits the new day no more: the plain rhythm does.
    let plain = Rule { end: rule.end, ..Rule::every(rule.interval, rule.frequency) };
    if begins_at(&plain, slot) { plain } else { Rule { end: End::Count(1), ..plain } }
}

/// How far a rule goes that is counted or ends on a date, from a date on.
fn end_from(series: &Series, from: Date) -> End {
    let (rule, slot) = (&series.rule, &series.first.slot);
    let zone = zone::named(&slot.zone);
    let far = match rule.end {
        End::Never => return End::Never,
        End::Count(count) => {
            let end = from.to_datetime(Time::midnight());
            let before = rule.occurrences(slot.start, end, &zone);
            let past = before.filter(|time| time.date() < from).count();
            let past = u32::try_from(past).unwrap_or(u32::MAX);
            return End::Count(count.saturating_sub(past).max(1));
        }
        End::Until(_) | End::UntilInstant(_) => DateTime::MAX,
    };
    let left = rule.occurrences(slot.start, far, &zone).filter(|time| time.date() >= from).count();
    End::Count(u32::try_from(left).unwrap_or(u32::MAX).max(1))
}

fn guard(key: SeriesKey, field: &str, value: Scalar) -> Guard {
    let name = CompartmentName::Series(key.0);
    let object = document_of(&name);
    Guard { name, object, place: Some(key.1.to_string()), field: field.to_owned(), value }
}
