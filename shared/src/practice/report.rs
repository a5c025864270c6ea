//! What a progress report can be made of: signed notes, measures and the treatment plan of a period,
//! and how the appointments of the period went.
//!
//! It reads no psychotherapy notes (45 CFR 164.508(a)(2)), no journal and no draft, so that nothing of
//! them can get in. What of all this goes into a report is somebody's choice (45 CFR 164.502(b)).

use super::edit::Status;
use super::measure::MeasureView;
use super::plan::Plan;
use super::view::{AppointmentRow, ClientRow, NoteView, TimelineEntry};
use super::{Context, Practice, Refusal, document_of, zone};
use crate::id::{ClientId, RecordId, Timestamp};
use jiff::civil::Date;
use std::sync::Arc;

/// Notes of one report, the newest that there are.
const NOTES_MAX: usize = 400;
/// Measures of one report.
const MEASURES_MAX: usize = 400;

/// How the appointments of a period went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sessions {
    /// That took place.
    pub held: u32,
    /// To which the client did not come.
    pub no_show: u32,
    /// That the client called off too late.
    pub late_cancel: u32,
    /// That the client called off in time.
    pub by_client: u32,
    /// That the clinician called off.
    pub by_clinician: u32,
    /// Of which nobody has said yet how they went.
    pub open: u32,
}

impl Sessions {
    fn count(&mut self, status: Status) {
        let of = match status {
            Status::Held => &mut self.held,
            Status::NoShow => &mut self.no_show,
            Status::LateCancel => &mut self.late_cancel,
            Status::CancelledByClient => &mut self.by_client,
            Status::CancelledByClinician => &mut self.by_clinician,
            Status::Booked | Status::Confirmed | Status::Arrived => &mut self.open,
        };
        *of = of.saturating_add(1);
    }
}

/// A plan that a report can name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReportPlan {
    /// Its lines.
    pub plan: Plan,
    /// The version that was signed last by the end of the period; nothing of one that is not signed.
    pub signed: Option<(RecordId, Timestamp)>,
}

/// A signed note of the period.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportNote {
    /// The day of its session; without one that of its signature.
    pub date: Date,
    /// The note, with its addenda and the labels that stand.
    pub note: NoteView,
}

/// What a report of a period can be made of.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// From which day to which, both counted in.
    pub period: (Date, Date),
    /// How appointments went.
    pub sessions: Sessions,
    /// The plan, if there is one.
    pub plan: Option<ReportPlan>,
    /// Measures that are not struck, oldest first.
    pub measures: Vec<MeasureView>,
    /// Signed notes, oldest first.
    pub notes: Vec<ReportNote>,
    /// How many older notes and measures of the period there are besides.
    pub beyond: usize,
}

impl Practice {
    /// Returns what a report of a period can be made of.
    pub(super) fn report_view(
        &mut self,
        client: ClientId,
        period: (Date, Date),
        cx: &mut Context<'_>,
    ) -> Result<ReportView, Refusal> {
        let client = self.kept_of(client);
        let row = self.shown_row(client).ok_or(Refusal::UnknownClient)?;
        let zone = self.index.zone.clone();
        let within = |date: Date| (period.0..=period.1).contains(&date);
        let of_period = |row: &&Arc<AppointmentRow>| {
            row.is_with(client) && within(zone::date(row.starts, &zone)) && row.starts <= cx.now
        };
        let mut sessions = Sessions::default();
        let rows = self.index.appointments.values().filter(of_period);
        rows.for_each(|row| sessions.count(row.status));
        let timeline = self.index.timelines.get(&client).cloned().unwrap_or_default();
        let (mut notes, mut measures, mut beyond) = (Vec::new(), Vec::new(), 0);
        for line in timeline.iter() {
            let date = match &line.entry {
                TimelineEntry::Note { session: Some(session), .. } => {
                    let held = self.index.appointments.get(session).map(|row| row.starts);
                    zone::date(held.unwrap_or(line.time), &zone)
                }
                _ => zone::date(line.time, &zone),
            };
            if !within(date) {
                continue;
            }
            match &line.entry {
                TimelineEntry::Note { .. } if notes.len() >= NOTES_MAX => beyond += 1,
                TimelineEntry::Measure { .. } if measures.len() >= MEASURES_MAX => beyond += 1,
                TimelineEntry::Note { record, .. } => {
                    // One that does not read stops no other.
                    let Ok(note) = self.note_view(line.client, *record, cx) else {
                        beyond += 1;
                        continue;
                    };
                    notes.push(ReportNote { date, note });
                }
                TimelineEntry::Measure { record, .. } => {
                    match self.measure_view(line.client, *record, cx) {
                        Ok(measure) => measures.push(measure),
                        Err(_) => beyond += 1,
                    }
                }
                _ => {}
            }
        }
        notes.sort_by_key(|note| (note.date, note.note.record));
        measures.sort_by_key(|one| (one.at.time, one.record));
        let plan = self.plan_by(client, period.1, cx)?;
        Ok(ReportView { client: row, period, sessions, plan, measures, notes, beyond })
    }

    /// The version of the plan that was signed last by a day; if none was, the plan as it stands.
    fn plan_by(
        &mut self,
        client: ClientId,
        until: Date,
        cx: &mut Context<'_>,
    ) -> Result<Option<ReportPlan>, Refusal> {
        let timeline = self.index.timelines.get(&client).cloned().unwrap_or_default();
        // The timeline is newest first.
        let version = timeline.iter().find_map(|line| match line.entry {
            TimelineEntry::Plan { record, .. }
                if zone::date(line.time, &self.index.zone) <= until =>
            {
                Some((line.client, record, line.time))
            }
            _ => None,
        });
        if let Some((whose, record, time)) = version {
            let stored = Self::stored_record(&self.chart_of(whose), record, cx)?;
            let plan = Plan::signed(&stored);
            return Ok(plan.map(|plan| ReportPlan { plan, signed: Some((record, time)) }));
        }
        if self.facts.charts.get(&client).is_none_or(|chart| chart.plan.items == 0) {
            return Ok(None);
        }
        let name = self.chart_of(client);
        let plan = Plan::read(self.document(&name, document_of(&name), cx)?);
        Ok(Some(ReportPlan { plan, signed: None }))
    }
}
