//! What leaves the vault as a file, a feed or through a clipboard: collected here, let out by the gate.

use super::chance::OsRandom;
use super::open::{Device, DeviceError};
use super::store::StoreError;
use crate::report::{self, Around, Chosen};
use jiff::civil::Date;
use tacenda_shared::id::{AppointmentId, ClientId, RecordId, Timestamp};
use tacenda_shared::journal::{AppendError, FileSystem};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::edit::{Purpose, Stamp, Subject};
use tacenda_shared::practice::interchange::{self, export_lines_without};
use tacenda_shared::practice::release::{self, Released};
use tacenda_shared::practice::schedule::ical::{self, Says};
use tacenda_shared::practice::view::View;
use tacenda_shared::practice::{Refusal, zone};

/// A progress report that is to leave.
pub struct ReportFor<'a> {
    /// About whom.
    pub client: ClientId,
    /// From which day to which.
    pub period: (Date, Date),
    /// What it holds.
    pub chosen: &'a Chosen,
    /// For whom.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// As a page, or as plain text.
    pub html: bool,
}

impl<F: FileSystem> Device<F> {
    /// Collects the whole practice as JSON Lines, with the files in charts or without, and lets it out
    /// through the gate; the entry is on the disk when this returns.
    ///
    /// # Errors
    /// Also if it would be longer than what can be taken in again: then nothing is let out.
    pub fn export(
        &mut self,
        with_attachments: bool,
        now: Timestamp,
    ) -> Result<Released, DeviceError> {
        if self.cabinet.is_read_only() {
            // Nothing leaves without an entry, and none can be written.
            return Err(StoreError::Append(AppendError::ReadOnly).into());
        }
        let index = self.index();
        let mut items = Vec::new();
        for client in index.every_client().map(|row| &row.id) {
            items.extend(self.with_context(now, |practice, cx| practice.chart_items(*client, cx))?);
        }
        if with_attachments {
            for client in index.every_client().map(|row| &row.id) {
                let files =
                    self.with_context(now, |practice, cx| practice.attachment_items(*client, cx));
                items.extend(files?);
            }
        }
        let written = Stamp { time: now, zone: index.zone.clone() };
        let mut bytes = Vec::new();
        let without: &[&str] = if with_attachments { &[] } else { &["attachments"] };
        for line in export_lines_without(without, &index, &written, items) {
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        if !interchange::can_be_read(&bytes) {
            return Err(DeviceError::ExportTooLong);
        }
        let item = release::Item { compartment: CompartmentName::Practice, bytes };
        let release = self.with_context(now, |practice, cx| {
            let (way, why) = (release::Way::File, Purpose::Disclosure);
            Ok::<_, DeviceError>(release::emit(practice, vec![item], way, why, cx))
        })?;
        self.keep(release.changes)?;
        Ok(release.released)
    }

    /// Lets out through the gate the link of an appointment's room, to be copied; the entry is on the
    /// disk when this returns.
    pub fn copy_link(
        &mut self,
        appointment: AppointmentId,
        now: Timestamp,
    ) -> Result<Released, DeviceError> {
        if self.cabinet.is_read_only() {
            return Err(StoreError::Append(AppendError::ReadOnly).into());
        }
        let release = self.with_context(now, |practice, cx| {
            Ok::<_, DeviceError>(practice.copy_link(appointment, cx)?)
        })?;
        self.keep(release.changes)?;
        Ok(release.released)
    }

    /// Reads a file of a chart and lets it out through the gate; the entry is on the disk when this
    /// returns.
    pub fn let_out_attachment(
        &mut self,
        (client, record): (ClientId, RecordId),
        now: Timestamp,
    ) -> Result<Released, DeviceError> {
        if self.cabinet.is_read_only() {
            return Err(StoreError::Append(AppendError::ReadOnly).into());
        }
        let release = self.with_context(now, |practice, cx| {
            let bytes = practice.attachment_bytes(client, record, cx)?;
            let item = release::Item { compartment: CompartmentName::Attachments(client), bytes };
            let (way, why) = (release::Way::File, Purpose::Disclosure);
            Ok::<_, DeviceError>(release::emit(practice, vec![item], way, why, cx))
        })?;
        self.keep(release.changes)?;
        Ok(release.released)
    }

    /// Reads a version of a safety plan and lets it out through the gate as a text for the client, with
    /// these emergency numbers in it; the entry is on the disk when this returns.
    pub fn let_out_safety_plan(
        &mut self,
        (client, record): (ClientId, RecordId),
        numbers: &[String],
        now: Timestamp,
    ) -> Result<Released, DeviceError> {
        if self.cabinet.is_read_only() {
            return Err(StoreError::Append(AppendError::ReadOnly).into());
        }
        let release = self.with_context(now, |practice, cx| {
            let bytes = practice.safety_text(client, record, numbers, cx)?.into_bytes();
            let item = release::Item { compartment: CompartmentName::Chart(client), bytes };
            let (way, why) = (release::Way::File, Purpose::Disclosure);
            Ok::<_, DeviceError>(release::emit(practice, vec![item], way, why, cx))
        })?;
        self.keep(release.changes)?;
        Ok(release.released)
    }

    /// Makes a progress report of what was chosen and lets it out through the gate; the entry is on the
    /// disk when this returns.
    pub fn let_out_report(
        &mut self,
        asked: &ReportFor<'_>,
        now: Timestamp,
    ) -> Result<Released, DeviceError> {
        if self.cabinet.is_read_only() {
            return Err(StoreError::Append(AppendError::ReadOnly).into());
        }
        let (index, member) = (self.index(), self.member());
        let (from, to) = asked.period;
        let subject = Subject::Report(asked.client, from, to);
        let release = self.with_context(now, |practice, cx| {
            let View::Report(view) = practice.look(subject, cx)? else {
                return Err(DeviceError::Refused(Refusal::UnknownClient));
            };
            let around = Around {
                recipient: asked.recipient.clone(),
                purpose: asked.purpose.clone(),
                author: report::author(&index, Some(member)),
                today: zone::date(now, &index.zone),
                veiled: false,
            };
            let report = report::build(&view, asked.chosen, &around, &index);
            let text = if asked.html { report::html(&report) } else { report::plain(&report) };
            let compartment = CompartmentName::Chart(view.client.id);
            let item = release::Item { compartment, bytes: text.into_bytes() };
            let (way, why) = (release::Way::File, Purpose::Disclosure);
            Ok(release::emit(practice, vec![item], way, why, cx))
        })?;
        self.keep(release.changes)?;
        Ok(release.released)
    }

    /// Lets out through the gate when somebody is busy, as an iCalendar file with ends of line; the
    /// entry is on the disk when this returns.
    pub fn feed(
        &mut self,
        days: (Date, Date),
        says: Says,
        now: Timestamp,
    ) -> Result<Released, DeviceError> {
        if self.cabinet.is_read_only() {
            return Err(StoreError::Append(AppendError::ReadOnly).into());
        }
        let (index, member) = (self.index(), self.member());
        let clinician = index.clinicians.keys().find(|known| **known == member);
        let clinician = clinician.or(index.clinicians.keys().next()).copied().unwrap_or(member);
        let lines = ical::feed(&index, clinician, days, says, now, &mut OsRandom);
        let bytes = lines.iter().flat_map(|line| line.bytes().chain(*b"\r\n")).collect();
        let item = release::Item { compartment: CompartmentName::Series(clinician), bytes };
        let release = self.with_context(now, |practice, cx| {
            let (way, why) = (release::Way::Feed, Purpose::Disclosure);
            Ok::<_, DeviceError>(release::emit(practice, vec![item], way, why, cx))
        })?;
        self.keep(release.changes)?;
        Ok(release.released)
    }
}
