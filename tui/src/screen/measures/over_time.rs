//! The scores of one instrument over time, with what happened meanwhile.

use super::State;
use crate::screen::Scene;
use crate::screen::parts::trend::{self, Trend};
use crate::screen::parts::{measures, paint, spark, when};
use ratatui::Frame;
use ratatui::layout::Rect;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::Status;
use tacenda_shared::practice::measure::{self, MeasureView};
use tacenda_shared::practice::view::TimelineEntry;

/// The scores of the instrument in focus over time.
pub(super) fn chart(
    state: &State,
    one: &MeasureView,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    if area.height < 6 {
        return;
    }
    let index = scene.index;
    let form = measures::followed(index, &one.taken);
    let same = |other: &&MeasureView| {
        other.taken.instrument == one.taken.instrument
            && !other.struck
            && other.range.is_some() == one.range.is_some()
            && measures::counts(index, &other.taken)
    };
    let day = |one: &MeasureView| when::local(one.at.time, &one.at.zone).date();
    let mut points: Vec<_> = state
        .measures()
        .iter()
        .filter(same)
        .filter_map(|other| Some((day(other), other.taken.total?)))
        .collect();
    points.reverse();
    let timeline = index.timelines.get(&state.client);
    let line = timeline
        .map(|rows| spark::scores(rows, |one| measures::counts(index, one), scene.look.ascii))
        .unwrap_or_default();
    let name = measures::name(index, &one.taken);
    let line = line.into_iter().find(|line| line.starts_with(&name)).unwrap_or_default();
    paint::rule(frame, scene.look, area, 0, ("Over time   | session  P plan signed", &line));
    let sets = form.map(|form| form.bands_of_total()).unwrap_or_default();
    let bands = sets.first().map(|set| set.iter().skip(1)).into_iter().flatten();
    let cuts = form.map(|form| form.cut_offs.as_slice()).unwrap_or_default();
    let mut lines: Vec<(u32, String)> = bands.map(|band| (band.from, band.label.clone())).collect();
    if lines.is_empty() {
        let of_total = cuts.iter().filter(|cut| cut.of == measure::Quantity::Total);
        lines = of_total.map(|cut| (cut.value, cut.label.clone())).collect();
    }
    let range =
        form.map(|form| form.scoring.range).or(one.range).or(one.possible).unwrap_or((0, 1));
    let drawn = Trend { range, lines, points, events: events(state.client, scene) };
    trend::view(&drawn, scene.look, frame, paint::lines(paint::inset(area, 1), 1, u16::MAX));
}

/// Sessions that took place, and versions of the plan.
fn events(client: ClientId, scene: &Scene<'_>) -> Vec<(jiff::civil::Date, char)> {
    let index = scene.index;
    let held = index.appointments.values().filter(|row| {
        row.status == Status::Held && row.clients.iter().any(|one| index.kept(*one) == client)
    });
    let held = held.map(|row| (row.slot.start.date(), '|'));
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let plans = rows.filter(|row| matches!(row.entry, TimelineEntry::Plan { .. }));
    held.chain(plans.map(|row| (when::local(row.time, &index.zone).date(), 'P'))).collect()
}
