//! What a series and its heirs come to together, whoever changed which of them at once.
//!
//! An heir follows its parent from one date of the parent's rhythm on. So dates of the parent from
//! there on have counterparts in the heir, the n-th for the n-th: what was left out of the parent,
//! or became an appointment of its own there, is left out of the heir, as long as somebody who came
//! before still comes: what went to others entirely has its own dates. An end that somebody gave the
//! parent ends the heir, as long as the same people come: what goes on with others goes on, until the
//! end that was known when it was made.
//! Of two heirs of one parent the earlier goes on until the later
//! begins, and who made both is asked at the beginning of the later.
//!
//! An heir may go on with one weekday of its parent only. The parent then goes on without that
//! weekday, and so does every other heir of it, whoever made which first. What the others came to is
//! the series for that weekday too: where they end, it ends.

use super::super::view::Rival;
use super::super::{Practice, zone};
use super::recur::{Frequency, Rule};
use super::series::{Series, SeriesKey, occurrence_of};
use crate::id::{AppointmentId, SeriesId};
use jiff::civil::{Date, DateTime, Time, Weekday};
use std::collections::{BTreeMap, BTreeSet};

/// Heirs of heirs that are followed: more changes of "this and all that follow" than anybody makes
/// of one series.
const GENERATIONS_MAX: u8 = 64;
/// Of so many series at most one says anything about another. Of more, and of those that follow each
/// other in a circle, each stands for itself, and ends where its own end says.
pub(super) const KIN_MAX: usize = 256;

/// What was found out about ends while nothing changes, so that it is found out once.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    crowded: BTreeMap<SeriesKey, bool>,
    cut: BTreeMap<(SeriesKey, bool, bool), Option<Date>>,
    moved: BTreeMap<SeriesKey, BTreeSet<Date>>,
    lines: BTreeMap<SeriesKey, Option<Date>>,
    going_on: BTreeMap<SeriesKey, Option<DateTime>>,
    /// How often dates were gone through.
    pub(super) steps: usize,
}

impl Practice {
    /// Whether an appointment stands for itself. One that says nothing but what its series says is
    /// shown as its series has it.
    pub(in crate::practice) fn stands(&self, id: AppointmentId) -> bool {
        self.facts
            .booking(id)
            .is_some_and(|(_, booking)| !booking.is_as_its_series() || self.has_note(id))
    }

    /// The series that say something about each other, this one included.
    pub(super) fn kin_of(&self, key: SeriesKey) -> Vec<SeriesKey> {
        let mut kin = Vec::new();
        let mut found = BTreeSet::from([key, self.root_of(key)]);
        let mut next: Vec<SeriesKey> = found.iter().copied().collect();
        while let Some(key) = next.pop() {
            kin.push(key);
            next.extend(self.facts.series_heirs(key).filter(|heir| found.insert(*heir)));
        }
        kin.sort_unstable();
        kin
    }

    /// Whether no other series says anything about this one.
    pub(super) fn has_no_kin(&self, key: SeriesKey, series: &Series) -> bool {
        series.after.is_none() && self.facts.series_heirs(key).next().is_none()
    }

    fn root_of(&self, mut key: SeriesKey) -> SeriesKey {
        for _ in 0..KIN_MAX {
            match self.facts.series_of(key).and_then(|series| series.after) {
                Some((parent, _)) => key = parent,
                None => break,
            }
        }
        key
    }

    /// Whether a series has more kin than is read, or is of those that follow each other in a circle.
    pub(super) fn is_crowded(&self, key: SeriesKey) -> bool {
        let root = self.root_of(key);
        let mut found = BTreeSet::from([root]);
        let mut next = vec![root];
        while let Some(key) = next.pop() {
            for heir in self.facts.series_heirs(key) {
                if !found.insert(heir) || found.len() > KIN_MAX {
                    return true;
                }
                next.push(heir);
            }
        }
        // Too far above, it was not reached.
        self.facts.series_of(root).is_some_and(|series| series.after.is_some())
    }

    /// How often dates are gone through to find the ends of all kin of a series.
    #[cfg(test)]
    pub(in crate::practice) fn steps_of_kin(&self, key: SeriesKey) -> usize {
        let mut cuts = Cuts::default();
        for key in self.kin_of(key) {
            if let Some(series) = self.facts.series_of(key) {
                self.last_of(key, series, &mut cuts);
                self.rivals_of(key, series, &mut cuts);
            }
        }
        cuts.steps
    }

    fn knows_crowded(&self, key: SeriesKey, cuts: &mut Cuts) -> bool {
        *cuts.crowded.entry(key).or_insert_with(|| self.is_crowded(key))
    }

    /// The heirs of a series, with the date of the parent from which on.
    fn heirs_of(&self, key: SeriesKey) -> impl Iterator<Item = (SeriesKey, &Series, Date)> {
        self.facts.series_heirs(key).filter_map(|heir| {
            let series = self.facts.series_of(heir)?;
            Some((heir, series, series.after?.1))
        })
    }

    /// The last date on which a series takes place; none if it goes on. Where an heir begins, it
    /// has ended, whatever anybody wrote about its end meanwhile.
    pub(super) fn last_of(&self, key: SeriesKey, series: &Series, cuts: &mut Cuts) -> Option<Date> {
        if self.knows_crowded(key, cuts) {
            return series.last();
        }
        let whole = |heir: &Series| heir.is_there() && heir.only.is_none();
        let heirs = self.heirs_of(key).filter(|(_, heir, _)| whole(heir));
        let heirs = heirs.filter_map(|(_, _, from)| from.yesterday().ok());
        let cut = self.cut_of(key, (true, true), cuts);
        series.last().into_iter().chain(cut).chain(heirs).min()
    }

    /// The last date of a series that is known to end, by itself or because of what it follows, if
    /// nothing else goes on with it.
    pub(super) fn known_end(&self, key: SeriesKey, series: &Series) -> Option<Date> {
        let mut cuts = Cuts::default();
        if self.knows_crowded(key, &mut cuts) {
            return series.last();
        }
        series.last().into_iter().chain(self.cut_of(key, (true, false), &mut cuts)).min()
    }

    /// The last date that what was decided elsewhere leaves to an heir: about its parent, or, if
    /// `heirs` count, by making a later heir. Ends count only as far as the `same` people come.
    /// Nobody asks it of a series with too much kin.
    fn cut_of(&self, key: SeriesKey, (same, heirs): (bool, bool), cuts: &mut Cuts) -> Option<Date> {
        let mut above = vec![key];
        while let Some((parent, _)) = above.last().and_then(|key| self.facts.series_of(*key)?.after)
            && above.len() <= KIN_MAX
            && !cuts.cut.contains_key(&(parent, true, heirs))
        {
            above.push(parent);
        }
        // From above, so that each finds what its parent has.
        for key in above.into_iter().rev() {
            for same in [false, true] {
                if !cuts.cut.contains_key(&(key, same, heirs)) {
                    let cut = self.cut_below(key, (same, heirs), cuts);
                    cuts.cut.insert((key, same, heirs), cut);
                }
            }
        }
        cuts.cut.get(&(key, same, heirs)).copied().flatten()
    }

    /// The same where what is left to its parent is known.
    fn cut_below(
        &self,
        key: SeriesKey,
        (same, heirs): (bool, bool),
        cuts: &mut Cuts,
    ) -> Option<Date> {
        let series = self.facts.series_of(key)?;
        let (parent_key, from) = series.after?;
        let parent = self.facts.series_of(parent_key)?;
        let same = same && series.is_with_those_of(parent);
        let ends = match series.only {
            _ if !same => None,
            // One weekday goes on when all the others go elsewhere, until those end.
            Some(_) => self.known_end_of_line(parent_key, parent, cuts),
            None => {
                let moved = self.knows_moved(parent_key, cuts);
                let counts = |end: &&Date| **end >= from || !moved.contains(*end);
                parent.ends.iter().find(counts).copied()
            }
        };
        let later = self.heirs_of(parent_key).filter(|(heir, other, begins)| {
            heirs && *heir != key && *begins > from && other.is_there() && other.only == series.only
        });
        let later = later.filter_map(|(_, _, begins)| begins.yesterday().ok());
        let above = cuts.cut.get(&(parent_key, same, heirs)).copied().flatten();
        let end = ends.into_iter().chain(later).chain(above).min()?;
        if end < from {
            return series.first.slot.start.date().yesterday().ok();
        }
        cuts.steps += 1;
        let heir = (&series.rule, series.first.slot.start);
        let pairs = pairs(parent, (from, series.only), heir, end);
        let last = pairs.take_while(|(old, _)| *old <= end).last().map(|(_, new)| new);
        last.or_else(|| series.first.slot.start.date().yesterday().ok())
    }

    /// The dates on which a series would end because another goes on from the next day on. An end
    /// that no heir stands behind was meant for all that follows.
    fn moved_at(&self, key: SeriesKey) -> BTreeSet<Date> {
        // One that was taken back, or ended before its first date, stands behind nothing.
        let whole =
            self.heirs_of(key).filter(|(_, heir, _)| heir.only.is_none() && heir.is_there());
        whole.filter_map(|(_, _, from)| from.yesterday().ok()).collect()
    }

    fn knows_moved<'a>(&self, key: SeriesKey, cuts: &'a mut Cuts) -> &'a BTreeSet<Date> {
        cuts.moved.entry(key).or_insert_with(|| self.moved_at(key))
    }

    fn known_end_of_line(&self, key: SeriesKey, series: &Series, cuts: &mut Cuts) -> Option<Date> {
        if let Some(known) = cuts.lines.get(&key) {
            return *known;
        }
        cuts.steps += 1;
        let end = self.end_of_line(key, series, 0);
        cuts.lines.insert(key, end);
        end
    }

    /// The heir with which all of a series goes on in the end.
    fn follower(&self, key: SeriesKey) -> Option<(SeriesKey, &Series, Date)> {
        let heirs =
            self.heirs_of(key).filter(|(_, heir, _)| heir.only.is_none() && heir.is_there());
        heirs.max_by_key(|(heir, _, from)| (*from, *heir))
    }

    /// The end of a series and of what all of it came to, as a date of the series.
    fn end_of_line(&self, key: SeriesKey, series: &Series, generation: u8) -> Option<Date> {
        if generation == GENERATIONS_MAX {
            return None;
        }
        let moved = self.moved_at(key);
        let own = series.ends.iter().find(|end| !moved.contains(*end)).copied();
        let below = || {
            let (heir_key, heir, from) = self.follower(key)?;
            let same = heir.is_with_those_of(series);
            let end = same.then(|| self.end_of_line(heir_key, heir, generation + 1))??;
            let pairs = pairs(series, (from, None), (&heir.rule, heir.first.slot.start), end);
            let last = pairs.take_while(|(_, new)| *new <= end).last().map(|(old, _)| old);
            last.or_else(|| from.yesterday().ok())
        };
        own.into_iter().chain(below()).min()
    }

    /// Which other series end when one is ended, and which follow it and go on with other people.
    pub(super) fn led_by(&self, key: SeriesKey) -> (BTreeSet<SeriesId>, BTreeSet<SeriesId>) {
        let (mut end, mut go_on) = (BTreeSet::new(), BTreeSet::new());
        if self.is_crowded(key) {
            return (end, go_on);
        }
        let mut seen = BTreeSet::from([key]);
        let mut next = vec![(key, true)];
        while let Some((key, same)) = next.pop() {
            let mut found = Vec::new();
            let Some(series) = self.facts.series_of(key) else { continue };
            found.extend(self.heirs_of(key).map(|(heir, other, _)| (heir, other, series)));
            let (mut below, mut of) = (key, series);
            for _ in 0..GENERATIONS_MAX {
                let Some((above, _)) = of.after.filter(|_| of.only.is_none()) else { break };
                let Some(parent) = self.facts.series_of(above) else { break };
                let follows = self.follower(above).is_some_and(|(heir, _, _)| heir == below);
                if !follows || !of.is_with_those_of(parent) {
                    break;
                }
                let beside = self.heirs_of(above).filter(|(_, other, _)| other.only.is_some());
                found.extend(beside.map(|(heir, other, _)| (heir, other, parent)));
                (below, of) = (above, parent);
            }
            for (heir, other, parent) in found {
                if seen.insert(heir) {
                    let same = same && other.is_with_those_of(parent);
                    let led = if same { &mut end } else { &mut go_on };
                    // One that was taken back is nowhere.
                    led.extend(other.is_there().then_some(heir.1));
                    next.push((heir, same));
                }
            }
        }
        (end, go_on)
    }

    /// What series that say something about each other have up to a date.
    pub(super) fn kin(&self, keys: &[SeriesKey], until: Date) -> Kin {
        let alone = keys.first().is_some_and(|key| self.is_crowded(*key));
        let mut kin = Kin { alone, ..Kin::default() };
        for key in keys {
            self.trace(*key, until, &mut kin, 0);
        }
        for key in keys {
            let Some(series) = self.facts.series_of(*key) else { continue };
            let circle = if alone { *key } else { self.circle_of(*key, series) };
            kin.circles.insert(*key, circle);
            let traced = kin.times.get(key).into_iter().flatten();
            for (time, origin) in traced {
                let id = occurrence_of(key.1, time.date());
                if self.stands(id) {
                    kin.taken.entry((circle, *origin)).or_default().insert(id);
                }
                if series.skipped.contains(&time.date()) {
                    kin.skipped.insert((circle, *origin));
                }
            }
            self.claim(*key, series, &mut kin);
        }
        kin
    }

    /// The first of the series before one since which somebody of those who came has always come on.
    fn circle_of<'a>(&'a self, mut key: SeriesKey, mut series: &'a Series) -> SeriesKey {
        for _ in 0..GENERATIONS_MAX {
            let above = series.after.and_then(|(above, _)| {
                let parent = self.facts.series_of(above)?;
                series.shares_somebody_with(parent).then_some((above, parent))
            });
            let Some(above) = above else { break };
            (key, series) = above;
        }
        key
    }

    /// Notes which dates an heir of one weekday stands for, and of which such heirs a series comes.
    fn claim(&self, key: SeriesKey, series: &Series, kin: &mut Kin) {
        let mut line = BTreeSet::new();
        let (mut next, mut of) = (Some(key), Some(series));
        for _ in 0..GENERATIONS_MAX {
            let (Some(key), Some(series)) = (next, of) else { break };
            if series.only.is_some() {
                line.insert(key);
            }
            next = series.after.map(|(parent, _)| parent);
            of = next.and_then(|parent| self.facts.series_of(parent));
        }
        kin.lines.insert(key, line);
        let Some((weekday, (parent, from))) = series.only.zip(series.after) else { return };
        if !series.is_there() {
            return;
        }
        let times = kin.times.get(&parent).into_iter().flatten();
        let of = times.filter(|(time, _)| time.date() >= from && time.weekday() == weekday);
        let origins: Vec<Date> = of.map(|(_, origin)| *origin).collect();
        for origin in origins {
            kin.claimed.entry(origin).or_default().insert(key);
        }
    }

    /// Finds the times of a series by its rule, each with the date of the first of all its
    /// ancestors that it stands for.
    fn trace(&self, key: SeriesKey, until: Date, kin: &mut Kin, generation: u8) {
        if kin.times.contains_key(&key) || generation == GENERATIONS_MAX {
            return;
        }
        let Some(series) = self.facts.series_of(key) else { return };
        let parent = series.after.filter(|_| !kin.alone).and_then(|(parent, from)| {
            self.trace(parent, until, kin, generation + 1);
            Some((self.facts.series_of(parent)?, from, kin.times.get(&parent)?))
        });
        let times = match parent {
            Some((parent, from, above)) => {
                let origins: BTreeMap<Date, Date> =
                    above.iter().map(|(time, origin)| (time.date(), *origin)).collect();
                let heir = (&series.rule, series.first.slot.start);
                let of: BTreeMap<Date, Date> = pairs(parent, (from, series.only), heir, until)
                    .filter_map(|(old, new)| Some((new, *origins.get(&old)?)))
                    .collect();
                let times = series.times(until);
                times
                    .map(|time| (time, of.get(&time.date()).copied().unwrap_or(time.date())))
                    .collect()
            }
            None => series.times(until).map(|time| (time, time.date())).collect(),
        };
        kin.times.insert(key, times);
    }

    /// Where else the beginning of a series would be, as devices decided that did not know of each
    /// other.
    pub(super) fn rivals_of(&self, key: SeriesKey, series: &Series, cuts: &mut Cuts) -> Vec<Rival> {
        let mut rivals = series.rivals().to_vec();
        for (_, earlier, time) in self.overlapped(key, series, cuts) {
            let first = &earlier.first;
            let rival =
                Rival { slot: earlier.slot_on(time), device: first.device, time: first.time };
            if rival.slot != series.first.slot && !rivals.contains(&rival) {
                rivals.push(rival);
            }
        }
        rivals
    }

    /// The earlier heirs of the same parent that nobody has ended before this one, with the time
    /// at which each would go on.
    pub(super) fn overlapped(
        &self,
        key: SeriesKey,
        series: &Series,
        cuts: &mut Cuts,
    ) -> Vec<(SeriesKey, &Series, DateTime)> {
        let after = series.after.filter(|_| series.is_there());
        let Some((parent, begins)) = after.filter(|_| !self.knows_crowded(key, cuts)) else {
            return Vec::new();
        };
        let earlier = self
            .heirs_of(parent)
            .filter(|(heir, earlier, from)| *heir != key && *from < begins && earlier.is_there())
            .filter(|(_, earlier, _)| earlier.only == series.only);
        let going_on = earlier.filter_map(|(heir, earlier, _)| {
            let time = self.goes_on_at(heir, earlier, cuts)?;
            Some((heir, earlier, time))
        });
        going_on.collect()
    }

    /// When a series would go on that a later heir of its parent has cut off.
    fn goes_on_at(&self, key: SeriesKey, series: &Series, cuts: &mut Cuts) -> Option<DateTime> {
        if let Some(known) = cuts.going_on.get(&key) {
            return *known;
        }
        let cut = self.cut_of(key, (true, true), cuts);
        cuts.steps += 1;
        let time = cut.and_then(|cut| series.next_after(cut));
        let time = time.filter(|time| series.last().is_none_or(|last| last >= time.date()));
        cuts.going_on.insert(key, time);
        time
    }
}

/// What series that say something about each other have, by their rules alone.
#[derive(Debug, Default)]
pub(super) struct Kin {
    /// Whether each of them stands for itself.
    alone: bool,
    /// Each time, with the date of the first of all ancestors that it stands for.
    times: BTreeMap<SeriesKey, Vec<(DateTime, Date)>>,
    /// The series whose dates count for each other, as far as people come on, by the first of them.
    circles: BTreeMap<SeriesKey, SeriesKey>,
    /// Dates that somebody has left out, whichever of the series of a circle showed them.
    skipped: BTreeSet<(SeriesKey, Date)>,
    /// Dates that became appointments of their own.
    taken: BTreeMap<(SeriesKey, Date), BTreeSet<AppointmentId>>,
    /// Dates that went elsewhere with their weekday, and the heirs that stand for them.
    claimed: BTreeMap<Date, BTreeSet<SeriesKey>>,
    /// Of which heirs of one weekday each series comes, itself included.
    lines: BTreeMap<SeriesKey, BTreeSet<SeriesKey>>,
}

impl Kin {
    /// The times of one series that are shown: nothing that was left out, and nothing for which an
    /// appointment of another series of these stands, or that went elsewhere with its weekday.
    pub(super) fn shown(&self, key: SeriesKey) -> impl Iterator<Item = DateTime> {
        let times = self.times.get(&key).into_iter().flatten();
        let circle = self.circles.get(&key).copied().unwrap_or(key);
        let shown = times.filter(move |(time, origin)| {
            let taken = self.taken.get(&(circle, *origin));
            let own = |by: &BTreeSet<_>| by.contains(&occurrence_of(key.1, time.date()));
            let there = taken.is_none_or(own) && !self.is_parted(key, *origin);
            there && !self.skipped.contains(&(circle, *origin))
        });
        shown.map(|(time, _)| *time)
    }

    /// Whether a date of a series went elsewhere with its weekday.
    fn is_parted(&self, key: SeriesKey, origin: Date) -> bool {
        let Some(by) = self.claimed.get(&origin) else { return false };
        self.lines.get(&key).is_none_or(|line| by.is_disjoint(line))
    }

    /// The weekdays of one series that went elsewhere, each from which date on.
    pub(super) fn parted(&self, key: SeriesKey) -> Vec<(Weekday, Date)> {
        let times = self.times.get(&key).into_iter().flatten();
        let mut parted: Vec<(Weekday, Date)> = Vec::new();
        for (time, _) in times.filter(|(_, origin)| self.is_parted(key, *origin)) {
            if parted.iter().all(|(weekday, _)| *weekday != time.weekday()) {
                parted.push((time.weekday(), time.date()));
            }
        }
        parted
    }
}

impl Kin {
    /// The dates of one series that are left out, because of whichever of them.
    pub(super) fn out(&self, key: SeriesKey) -> BTreeSet<Date> {
        let times = self.times.get(&key).into_iter().flatten();
        let shown: BTreeSet<Date> = self.shown(key).map(DateTime::date).collect();
        let times = times.filter(|(_, origin)| !self.is_parted(key, *origin));
        times.map(|(time, _)| time.date()).filter(|date| !shown.contains(date)).collect()
    }
}

impl Series {
    /// The times by its rule up to a date, and no others.
    fn times(&self, until: Date) -> impl Iterator<Item = DateTime> {
        let slot = &self.first.slot;
        let end = until.to_datetime(Time::constant(23, 59, 59, 0));
        self.rule.occurrences(slot.start, end, &zone::named(&slot.zone))
    }

    /// Whether the same people come as to another.
    fn is_with_those_of(&self, other: &Self) -> bool {
        let who = |series: &Self| series.clients().iter().copied().collect::<BTreeSet<_>>();
        who(self) == who(other)
    }

    /// Whether one of those who come to another comes to this as well, or nobody comes to either.
    fn shares_somebody_with(&self, other: &Self) -> bool {
        let others = other.clients();
        self.clients().iter().any(|client| others.contains(client)) || self.is_with_those_of(other)
    }

    /// Whether anything of it takes place, as far as its own end goes.
    pub(super) fn is_there(&self) -> bool {
        self.last().is_none_or(|last| last >= self.first.slot.start.date())
    }

    /// The first time by its rule after a date.
    fn next_after(&self, date: Date) -> Option<DateTime> {
        let far = super::recur::horizon(date.to_datetime(Time::midnight()));
        let slot = &self.first.slot;
        let mut times = self.rule.occurrences(slot.start, far, &zone::named(&slot.zone));
        times.find(|time| time.date() > date)
    }
}

/// The dates of a series from one on (of one weekday only, if one is given) up to `until` and later, and what stands for each in an heir
/// that begins at `start`: in a rhythm of months or years what lies in the same month or year after
/// the beginning, else the n-th for the n-th.
pub(super) fn pairs(
    parent: &Series,
    (from, only): (Date, Option<Weekday>),
    (rule, start): (&Rule, DateTime),
    until: Date,
) -> impl Iterator<Item = (Date, Date)> {
    let first = &parent.first.slot;
    let zone = zone::named(&first.zone);
    let far = super::recur::horizon(until.to_datetime(Time::midnight()));
    let old = parent.rule.occurrences(first.start, far, &zone).map(DateTime::date);
    let old = old
        .filter(move |date| *date >= from && only.is_none_or(|weekday| date.weekday() == weekday));
    let new = rule.occurrences(start, far, &zone).map(DateTime::date);
    let frequency = rule.frequency;
    let turn = move |date: Date, begun: Date| {
        let months = (i32::from(date.year()) - i32::from(begun.year())) * 12
            + i32::from(date.month())
            - i32::from(begun.month());
        match frequency {
            Frequency::Monthly => months,
            Frequency::Yearly => months / 12,
            _ => 0,
        }
    };
    let (mut old, mut new) = (old.peekable(), new.peekable());
    std::iter::from_fn(move || {
        loop {
            let (one, other) = (*old.peek()?, *new.peek()?);
            match turn(one, from).cmp(&turn(other, start.date())) {
                std::cmp::Ordering::Less => drop(old.next()),
                std::cmp::Ordering::Greater => drop(new.next()),
                std::cmp::Ordering::Equal => return Some((old.next()?, new.next()?)),
            }
        }
    })
    .take_while(move |(old, new)| *old <= until || *new <= until)
}
