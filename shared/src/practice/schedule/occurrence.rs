//! The occurrences of series as the read model shows them: rows like those of appointments, up to
//! a horizon. One that somebody has touched is an appointment of its own under the same id, and
//! its row is that one's.

use super::super::edit::{Stamps, Whereabouts};
use super::super::view::{AppointmentRow, Occurrence, Rival};
use super::super::{Practice, zone};
use super::kin::{Cuts, Kin};
use super::series::{SeriesKey, occurrence_of};
use crate::id::{AppointmentId, SeriesId, Timestamp};
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many months ahead of today a series without end is shown.
const MONTHS: i32 = 13;
/// Occurrences of one series that are shown at most, the newest: of a daily one more than two
/// years, thirteen months of them ahead.
const SHOWN_MAX: usize = 800;
/// Occurrences that are shown at most, whoever wrote the series: more than fifteen people have in
/// ten years. Of more, the rest is not.
const ALL_MAX: usize = 400_000;

/// Which occurrences there are.
#[derive(Debug, Default)]
pub(in crate::practice) struct Derived {
    /// Up to this date; without it nothing is shown yet.
    horizon: Option<Date>,
    of: BTreeMap<AppointmentId, (SeriesKey, DateTime)>,
    ids: BTreeMap<SeriesKey, Vec<AppointmentId>>,
    /// Where else the beginning of a series would be.
    rivals: BTreeMap<SeriesKey, Vec<Rival>>,
    /// The series that have too much kin, and so were derived each for itself.
    alone: BTreeSet<SeriesKey>,
}

impl Derived {
    /// Returns the series and the local start by its rule.
    pub(in crate::practice) fn origin(&self, id: AppointmentId) -> Option<(SeriesKey, DateTime)> {
        self.of.get(&id).copied()
    }
}

impl Practice {
    /// Shows series up to 13 months after this time. Costs nothing unless a month has passed.
    pub fn look_ahead(&mut self, now: Timestamp) {
        let today = zone::date(now, &self.facts.settings.zone);
        let until = today.checked_add(MONTHS.months()).map_or(Date::MAX, Date::last_of_month);
        if self.derived.horizon.is_none_or(|known| known < until) {
            self.derived.horizon = Some(until);
            let all: Vec<_> = self.facts.all_series().map(|(key, _)| key).collect();
            self.publish_each(all);
        }
    }

    /// Brings many up to date, those of one kin once.
    pub(in crate::practice) fn publish_each(&mut self, keys: impl IntoIterator<Item = SeriesKey>) {
        let mut done = BTreeSet::new();
        for key in keys {
            if !done.contains(&key) {
                done.extend(self.publish_series(key));
            }
        }
    }

    /// Brings the occurrences of a series, and of those that it says something about, up to what is
    /// known of them; returns which series these are.
    pub(in crate::practice) fn publish_series(&mut self, key: SeriesKey) -> Vec<SeriesKey> {
        if self.is_crowded(key) {
            return self.publish_crowded(key);
        }
        let keys = self.kin_of(key);
        for key in &keys {
            self.derived.alone.remove(key);
        }
        self.publish_kindred(&keys);
        keys
    }

    /// The same where each stands for itself: of the others only those are new to it that were not
    /// derived so yet.
    fn publish_crowded(&mut self, key: SeriesKey) -> Vec<SeriesKey> {
        let mut keys = vec![key];
        if self.derived.alone.insert(key) {
            let kin = self.kin_of(key).into_iter();
            keys.extend(kin.filter(|other| self.derived.alone.insert(*other)));
        }
        for key in &keys {
            self.publish_kindred(&[*key]);
        }
        keys
    }

    fn publish_kindred(&mut self, keys: &[SeriesKey]) {
        let kin = match self.derived.horizon {
            Some(horizon) => self.kin(keys, horizon),
            None => Kin::default(),
        };
        let (mut touched, mut cuts) = (BTreeSet::new(), Cuts::default());
        for key in keys {
            touched.extend(self.derive(*key, &kin, &mut cuts));
        }
        touched.into_iter().for_each(|id| self.publish_rows(id));
    }

    /// Derives the occurrences of one series; returns those whose rows may have changed.
    fn derive(&mut self, key: SeriesKey, kin: &Kin, cuts: &mut Cuts) -> BTreeSet<AppointmentId> {
        let before = self.derived.ids.remove(&key).unwrap_or_default();
        for id in &before {
            self.derived.of.remove(id);
        }
        self.derived.rivals.remove(&key);
        let known = self.facts.series_of(key).map(|series| {
            let last = self.last_of(key, series, cuts);
            let led = self.led_by(key);
            let row = Arc::new(series.row(key.1, (last, kin.out(key)), kin.parted(key), led));
            (row, Self::times_of(key, last, kin), self.rivals_of(key, series, cuts))
        });
        let index = Arc::make_mut(&mut self.index);
        let times = match known {
            Some((row, times, rivals)) => {
                index.series.insert(key.1, row);
                if !rivals.is_empty() {
                    self.derived.rivals.insert(key, rivals);
                }
                times
            }
            None => {
                index.series.remove(&key.1);
                Vec::new()
            }
        };
        let mut ids = Vec::new();
        for time in times {
            if self.derived.of.len() >= ALL_MAX {
                break;
            }
            let id = occurrence_of(key.1, time.date());
            self.derived.of.insert(id, (key, time));
            ids.push(id);
        }
        let touched = before.iter().chain(&ids).copied().collect();
        self.derived.ids.insert(key, ids);
        touched
    }

    /// The local starts of a series by its rule, without those that are left out: the newest, if
    /// there are more than can be shown.
    fn times_of(key: SeriesKey, last: Option<Date>, kin: &Kin) -> Vec<DateTime> {
        let shown = kin.shown(key);
        let mut times: Vec<_> =
            shown.take_while(|time| last.is_none_or(|last| time.date() <= last)).collect();
        times.drain(..times.len().saturating_sub(SHOWN_MAX));
        times
    }

    /// The row of an occurrence that nobody has touched.
    pub(in crate::practice) fn derived_row(&self, id: AppointmentId) -> Option<AppointmentRow> {
        let (key, time) = self.derived.origin(id)?;
        let series = self.facts.series_of(key)?;
        let slot = series.slot_on(time);
        let asked = self.is_asked_at(key, id);
        let known = self.derived.rivals.get(&key).filter(|_| asked);
        let rivals = known.cloned().unwrap_or_default();
        let family = BTreeSet::from([id]);
        let clients = self.as_kept(series.clients());
        let differs = clients != series.clients();
        Some(AppointmentRow {
            id,
            group: self.group_with(series.kind(), series.clients(), &family),
            clients,
            written: if differs { series.clients().to_vec() } else { Vec::new() },
            kind: series.kind(),
            starts: zone::instant(slot.start, &slot.zone),
            slot,
            rivals,
            status: series.first.status,
            reason: None,
            fee: None,
            stamps: Stamps::default(),
            whereabouts: Whereabouts::default(),
            memo: series.first.memo.clone(),
            note: self.no_note(),
            occurrence: self.occurrence(id, false),
        })
    }

    /// Whether what devices decided at once about all of a series is asked about here: at the first
    /// that is not an appointment of its own.
    pub(super) fn is_asked_at(&self, key: SeriesKey, id: AppointmentId) -> bool {
        let ids = self.derived.ids.get(&key);
        let first = ids.into_iter().flatten().find(|id| !self.stands(**id));
        first == Some(&id)
    }

    /// Appointments have changed that may be occurrences: what they are for the rest of their series
    /// follows.
    pub(in crate::practice) fn publish_kin(&mut self, ids: &[AppointmentId]) {
        let keys: BTreeSet<_> = ids.iter().filter_map(|id| self.kin_touched_by(*id)).collect();
        self.publish_each(keys);
    }

    fn kin_touched_by(&self, id: AppointmentId) -> Option<SeriesKey> {
        let ((clinician, _), booking) = self.facts.booking(id)?;
        let of = booking.of.as_ref().map(|of| (clinician, of.series));
        let key = of.or_else(|| self.derived.origin(id).map(|(key, _)| key))?;
        let series = self.facts.series_of(key)?;
        let alone = series.rivals().is_empty() && self.has_no_kin(key, series);
        (!alone).then_some(key)
    }

    /// Which occurrence an appointment is, if it is one.
    pub(in crate::practice) fn occurrence(
        &self,
        id: AppointmentId,
        touched: bool,
    ) -> Option<Occurrence> {
        let ((_, series), time) = self.derived.origin(id)?;
        Some(Occurrence { series, date: time.date(), touched })
    }

    /// Every id that is an occurrence of this clinician's series.
    pub(in crate::practice) fn series_named(&self, series: SeriesId) -> Option<SeriesKey> {
        self.facts.all_series().map(|(key, _)| key).find(|key| key.1 == series)
    }

    /// Every occurrence that is shown.
    pub(in crate::practice) fn occurrences(&self) -> impl Iterator<Item = AppointmentId> + '_ {
        self.derived.of.keys().copied()
    }
}
