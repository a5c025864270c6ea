//! Reads an export line by line into steps for `Practice::apply`.
//!
//! Nothing is dropped in silence: what this version does not know, or cannot carry over, is
//! counted by name. An error names the line and the cause, never what the line says.

use super::super::calendar::{REASON_BYTES_MAX, normal_whereabouts};
use super::super::consent::ConsentKind;
use super::super::contact;
use super::super::contact_log::NewContact;
use super::super::edit::{
    ContactChange, Edit, NewAppointment, NewSeries, NoteFormat, Slot, StampChange, Status,
    Whereabouts,
};
use super::super::group::is_subject;
use super::super::identity::IdentityField;
use super::super::measure::Form;
use super::super::schedule::recur::Rule;
use super::super::schedule::waiting::{Waiting, Wish};
use super::super::zone;
use super::lines::{
    AppointmentLine, CHANNELS, ClientLine, ContactLine, DIRECTIONS, EndLine, FEES, HeaderLine,
    IdentityLine, InErrorLine, KINDS, Kind, MODALITIES, Moment, Rest, STATUSES, SeriesLine,
    SlotBody, read_instant, value,
};
use super::{LINE_BYTES_MAX, VERSION, tasks};
use crate::id::{AppointmentId, ClientId, MemberId, ObjectId, RecordId, SeriesId};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thiserror::Error;

mod attachment;
mod chart;
mod group;
mod journal;
pub(super) mod written;

/// One step of an import.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ImportStep {
    /// An edit, to be applied as it is.
    Edit(Edit),
    /// An addendum. The note has a new record once its draft is signed: whoever applies the
    /// steps knows it, and makes an `Edit::Amend` of this.
    AmendSigned {
        /// The draft that became the note.
        draft: ObjectId,
        /// Whose chart.
        client: ClientId,
        /// What is added.
        text: String,
    },
    /// A correction. Whoever applies the steps knows which record the other draft has become, and
    /// makes an `Edit::BeginCorrection` of this.
    CorrectSigned {
        /// The draft that became the note.
        of: ObjectId,
        /// The draft of the correction.
        draft: ObjectId,
        /// Whose chart.
        client: ClientId,
        /// How it is divided.
        format: NoteFormat,
    },
}

/// Why a line could not be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}: {cause}")]
pub struct ImportError {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub cause: Cause,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Cause {
    /// A line follows the last line.
    #[error("there is a line behind the end")]
    AfterEnd,
    /// The last line counts other lines than were read.
    #[error("the end counts {written} lines, {read} were read")]
    Incomplete {
        /// As the last line says.
        written: u64,
        /// As was read.
        read: u64,
    },
    /// A field has a value that it cannot have.
    #[error("the field {0} has a value that it cannot have")]
    Invalid(&'static str),
    /// The line is no JSON object with the fields of its type.
    #[error("malformed at column {column}")]
    Malformed {
        /// Where reading stopped, in bytes, counted from 1.
        column: usize,
    },
    /// The file does not begin as an export.
    #[error("the file does not begin as an export")]
    NotAnExport,
    /// The line is longer than [`LINE_BYTES_MAX`].
    #[error("the line is too long")]
    TooLong,
    /// The file ends without its last line.
    #[error("the file ends before its end")]
    Truncated,
    /// The file was written by a newer version.
    #[error("version {0} of the schema is not known")]
    UnknownVersion(u64),
}

/// What was read, and what was not carried over, by name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Lines that were read, by type.
    pub read: BTreeMap<&'static str, u64>,
    /// Lines of types that this version does not know, by type.
    pub unknown_types: BTreeMap<String, u64>,
    /// Fields that this version does not know, as `type.field`.
    pub unknown_fields: BTreeMap<String, u64>,
    /// Fields that are known and have no place in an edit, as `type.field`.
    pub not_carried: BTreeMap<&'static str, u64>,
    /// Slots of members who are not in this practice, now the importing member's.
    pub reassigned: u64,
}

/// Most different names that are counted apart; the others are counted under `…`.
const NAMES_MAX: usize = 200;
/// Longest name that is kept of an unknown type or field, in characters.
const NAME_CHARACTERS_MAX: usize = 60;
/// Most clients of an appointment.
const CLIENTS_MAX: usize = 256;

/// Reads one file.
#[derive(Debug)]
pub struct Importer {
    importing: MemberId,
    members: BTreeSet<MemberId>,
    today: Option<Date>,
    line: u64,
    blank: u64,
    ended: bool,
    counts: Counts,
    /// The consents of the file so far, which later ones may renew.
    consents: BTreeMap<RecordId, ConsentKind>,
    /// The file of which pieces are still to come.
    coming: Option<attachment::Coming>,
    /// Who is the same person as whom: said once everybody is there.
    same: BTreeMap<ClientId, ClientId>,
    /// The practice's own forms of the file so far.
    pub(super) forms: BTreeMap<String, Arc<Form>>,
    /// The clients of the file so far.
    clients: BTreeSet<ClientId>,
    /// Who comes to the appointments of the file so far, where several do.
    meetings: BTreeMap<AppointmentId, BTreeSet<ClientId>>,
    /// The notes of the file so far, which later ones may correct, and in whose chart they are.
    notes: BTreeMap<RecordId, ClientId>,
}

impl Importer {
    /// Begins a file. Slots of members who are not among `members` go to `importing`.
    pub fn new(importing: MemberId, members: BTreeSet<MemberId>) -> Self {
        Self {
            importing,
            members,
            today: None,
            line: 0,
            blank: 0,
            ended: false,
            counts: Counts::default(),
            consents: BTreeMap::new(),
            coming: None,
            same: BTreeMap::new(),
            forms: BTreeMap::new(),
            clients: BTreeSet::new(),
            meetings: BTreeMap::new(),
            notes: BTreeMap::new(),
        }
    }

    /// Says which day it is: what can only have been, and is yet to come by the file, comes in as of
    /// today, and is counted. A clock that was wrong, or a day that has begun elsewhere, loses nothing.
    #[must_use]
    pub const fn on(mut self, today: Date) -> Self {
        self.today = Some(today);
        self
    }

    /// Returns what was read so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Reads the next line, without its end of line. Empty lines are skipped.
    pub fn import_line(&mut self, line: &str) -> Result<Vec<ImportStep>, ImportError> {
        self.line += 1;
        let read = if line.len() > LINE_BYTES_MAX { Err(Cause::TooLong) } else { self.read(line) };
        read.map_err(|cause| ImportError { line: self.line, cause })
    }

    /// Ends the file, and says whether it was whole.
    pub fn finish(self) -> Result<Counts, ImportError> {
        let cause = if self.line == 0 { Cause::NotAnExport } else { Cause::Truncated };
        if self.ended { Ok(self.counts) } else { Err(ImportError { line: self.line, cause }) }
    }

    fn read(&mut self, line: &str) -> Result<Vec<ImportStep>, Cause> {
        if self.line == 1 {
            return self.header(line);
        }
        if line.trim().is_empty() {
            self.blank += 1;
            return Ok(Vec::new());
        }
        if self.ended {
            return Err(Cause::AfterEnd);
        }
        let kind: Kind = parse(line)?;
        if self.coming.is_some() && kind.kind != "attachment-part" {
            return Err(Cause::Invalid("bytes"));
        }
        match kind.kind.as_str() {
            "attachment" => self.attachment(parse(line)?),
            "attachment-part" => self.attachment_part(&parse(line)?),
            "client" => self.client(parse(line)?),
            "appointment" => self.appointment(parse(line)?),
            "series" => self.series(parse(line)?),
            "note" => self.note(parse(line)?),
            "addendum" => self.addendum(parse(line)?),
            "contact" => self.contact(parse(line)?),
            "instrument" => self.instrument(parse(line)?),
            "measure" => self.measure(parse(line)?),
            "phrase" => self.phrase(parse(line)?),
            "group" => self.group(parse(line)?),
            "identity" => self.identity(parse(line)?),
            "journal" => self.journal(parse(line)?),
            "plan" => self.plan(parse(line)?),
            "consent" => self.consent(parse(line)?),
            "risk" => self.risk(parse(line)?),
            "safety-plan" => self.safety(parse(line)?),
            "draft" => self.draft(parse(line)?),
            "entered-in-error" => self.in_error(&parse(line)?),
            "end" => self.end(&parse(line)?),
            unknown => {
                count(&mut self.counts.unknown_types, unknown);
                Ok(Vec::new())
            }
        }
    }

    fn header(&mut self, line: &str) -> Result<Vec<ImportStep>, Cause> {
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let header: HeaderLine = parse(line).map_err(|_| Cause::NotAnExport)?;
        if header.tacenda != "export" {
            return Err(Cause::NotAnExport);
        }
        if header.version != u64::from(VERSION) {
            return Err(Cause::UnknownVersion(header.version));
        }
        self.note_rest("header", &header.rest);
        Ok(Vec::new())
    }

    fn client(&mut self, line: ClientLine) -> Result<Vec<ImportStep>, Cause> {
        let client = id(&line.id, ClientId::parse, "id")?;
        if is_subject(client) {
            return Err(Cause::Invalid("id"));
        }
        if line.name.trim().is_empty() {
            return Err(Cause::Invalid("name"));
        }
        self.seen("client", &line.rest);
        self.not_carried("client.since", line.since.is_some());
        let some = |text: String| (!text.is_empty()).then_some(text);
        let contact = ContactChange {
            name: Some(line.name),
            code: some(line.code),
            pronouns: some(line.pronouns),
            phone: some(line.phone),
            email: some(line.email),
            safe_contact: some(line.safe_contact),
        };
        // What an edit would refuse is refused before anything is carried out.
        let contact = contact::normalised(contact).map_err(|_| Cause::Invalid("contact"))?;
        let mut steps = vec![ImportStep::Edit(Edit::NewClient { client, contact })];
        if line.archived {
            steps.push(ImportStep::Edit(Edit::Archive { client, archived: true }));
        }
        if let Some(body) = line.waiting {
            self.not_carried("client.waiting.clinician", body.clinician.is_some());
            let since = read_instant(&body.since.time).ok_or(Cause::Invalid("waiting.since"))?;
            let wish = Wish::parse(&body.wish, &BTreeMap::new());
            let wish = wish.map_err(|_| Cause::Invalid("waiting.wish"))?;
            let waiting = Some(Waiting { since, wish });
            steps.push(ImportStep::Edit(Edit::Wait { client, waiting }));
        }
        if let Some(died) = line.died {
            let died: Date = died.parse().map_err(|_| Cause::Invalid("died"))?;
            let died = Some(self.been(died, "client.died"));
            steps.push(ImportStep::Edit(Edit::NoteDeath { client, died }));
        }
        steps.extend(tasks::steps(client, line.tasks)?);
        if let Some(kept) = line.same_as {
            self.same.insert(client, id(&kept, ClientId::parse, "same_as")?);
        }
        self.clients.insert(client);
        Ok(steps)
    }

    fn appointment(&mut self, line: AppointmentLine) -> Result<Vec<ImportStep>, Cause> {
        let id = id(&line.id, AppointmentId::parse, "id")?;
        if line.clients.len() > CLIENTS_MAX {
            return Err(Cause::Invalid("clients"));
        }
        let clients = line.clients.iter().map(|text| self::id(text, ClientId::parse, "clients"));
        let clients = clients.collect::<Result<Vec<_>, _>>()?;
        let kind = value(KINDS, &line.kind).ok_or(Cause::Invalid("kind"))?;
        let status = value(STATUSES, &line.status).ok_or(Cause::Invalid("status"))?;
        let slot = self.slot(line.slot)?;
        self.seen("appointment", &line.rest);
        self.not_carried("appointment.rivals", !line.rivals.is_empty());
        let memo = (!line.memo.is_empty()).then_some(line.memo);
        if clients.len() > 1 {
            self.meetings.insert(id, clients.iter().copied().collect());
        }
        let new = NewAppointment { id, clients, kind, slot, memo };
        let mut steps = vec![ImportStep::Edit(Edit::Book(new))];
        if status != Status::Booked || line.reason.is_some() {
            let reason = line.reason;
            steps.push(ImportStep::Edit(Edit::SetStatus { appointment: id, status, reason }));
        }
        if let Some(fee) = &line.fee {
            let fee = Some(value(FEES, fee).ok_or(Cause::Invalid("fee"))?);
            steps.push(ImportStep::Edit(Edit::SetFee { appointment: id, fee }));
        }
        let stamp = |moment: Option<&Moment>, field| {
            let read = |moment: &Moment| read_instant(&moment.time).ok_or(Cause::Invalid(field));
            moment.map(read).transpose()
        };
        let began = stamp(line.began.as_ref(), "began")?;
        let ended = stamp(line.ended.as_ref(), "ended")?;
        // Two devices may have said that it ended before it began: that it ended is left out.
        let turned = began.zip(ended).is_some_and(|(began, ended)| ended < began);
        self.not_carried("appointment.ended", turned);
        let ended = ended.filter(|_| !turned);
        let said = Whereabouts { place: line.client_place, help: line.client_help };
        let whereabouts = (said != Whereabouts::default()).then_some(said);
        if let Some(said) = &whereabouts {
            normal_whereabouts(said.clone()).ok_or(Cause::Invalid("client_place"))?;
        }
        if began.is_some() || ended.is_some() || whereabouts.is_some() {
            let (began, ended) = (began.map(Some), ended.map(Some));
            let change = StampChange { began, ended, status: Some(status), whereabouts };
            let edit = Edit::StampSession { appointment: id, change };
            steps.push(ImportStep::Edit(edit));
        }
        Ok(steps)
    }

    fn series(&mut self, line: SeriesLine) -> Result<Vec<ImportStep>, Cause> {
        let series = id(&line.id, SeriesId::parse, "id")?;
        if line.clients.len() > CLIENTS_MAX {
            return Err(Cause::Invalid("clients"));
        }
        let clients = line.clients.iter().map(|text| id(text, ClientId::parse, "clients"));
        let clients = clients.collect::<Result<Vec<_>, _>>()?;
        let kind = value(KINDS, &line.kind).ok_or(Cause::Invalid("kind"))?;
        let rule: Rule = line.rule.parse().map_err(|_| Cause::Invalid("rule"))?;
        let date = |text: &String, field| text.parse::<Date>().map_err(|_| Cause::Invalid(field));
        let last = line.last.as_ref().map(|last| date(last, "last")).transpose()?;
        let skipped = line.skipped.iter().map(|text| date(text, "skipped"));
        let skipped = skipped.collect::<Result<Vec<_>, _>>()?;
        let slot = self.slot(line.slot)?;
        self.seen("series", &line.rest);
        let memo = (!line.memo.is_empty()).then_some(line.memo);
        // The id of the first counts for nothing.
        let first = AppointmentId::from_bytes([0; 16]);
        let first = NewAppointment { id: first, clients, kind, slot, memo };
        let mut edits = vec![Edit::BookSeries(Box::new(NewSeries { series, first, rule }))];
        let skip = |date| Edit::SkipOccurrence { series, date, skipped: true };
        edits.extend(skipped.into_iter().map(skip));
        edits.extend(last.map(|last| Edit::EndSeries { series, last: Some(last) }));
        Ok(edits.into_iter().map(ImportStep::Edit).collect())
    }

    fn slot(&mut self, body: SlotBody) -> Result<Slot, Cause> {
        let clinician = id(&body.clinician, MemberId::parse, "clinician")?;
        let known = clinician == self.importing || self.members.contains(&clinician);
        self.counts.reassigned += u64::from(!known);
        if !(1..=1_440).contains(&body.minutes) {
            return Err(Cause::Invalid("minutes"));
        }
        // A zone of a newer version's rules is read as UTC everywhere.
        let unknown_zone = !zone::is_known(&body.zone);
        let zone = if unknown_zone { "UTC".to_owned() } else { body.zone };
        self.not_carried("appointment.zone", unknown_zone);
        Ok(Slot {
            start: body.start.parse().map_err(|_| Cause::Invalid("start"))?,
            zone,
            minutes: body.minutes,
            clinician: if known { clinician } else { self.importing },
            room: body.room,
            modality: value(MODALITIES, &body.modality).ok_or(Cause::Invalid("modality"))?,
        })
    }

    /// What was entered in error elsewhere is nothing here; it is counted.
    fn in_error(&mut self, line: &InErrorLine) -> Result<Vec<ImportStep>, Cause> {
        id(&line.client, ClientId::parse, "client")?;
        self.seen("entered-in-error", &line.rest);
        Ok(Vec::new())
    }

    fn contact(&mut self, line: ContactLine) -> Result<Vec<ImportStep>, Cause> {
        id(&line.id, RecordId::parse, "id")?;
        let client = id(&line.client, ClientId::parse, "client")?;
        let channel = value(CHANNELS, &line.channel).ok_or(Cause::Invalid("channel"))?;
        let direction = value(DIRECTIONS, &line.direction).ok_or(Cause::Invalid("direction"))?;
        let at = read_instant(&line.at.time).ok_or(Cause::Invalid("at"))?;
        self.seen("contact", &line.rest);
        self.not_carried("contact.author", true);
        check_words(&line.text, REASON_BYTES_MAX, "text")?;
        let labels = written::labels(&line.labels)?;
        let contact = NewContact { channel, direction, at: Some(at), text: line.text, labels };
        Ok(vec![ImportStep::Edit(Edit::LogContact { client, contact })])
    }

    fn identity(&mut self, line: IdentityLine) -> Result<Vec<ImportStep>, Cause> {
        let client = id(&line.client, ClientId::parse, "client")?;
        let born = line.born.map(|born| born.parse::<Date>().map_err(|_| Cause::Invalid("born")));
        let born = born.transpose()?;
        // Nobody was born on a day that is yet to come, and no other day is known.
        let never = |born: &Date| self.today.is_some_and(|today| *born > today);
        let unborn = born.as_ref().is_some_and(never);
        let born = born.filter(|_| !unborn).map(|born| born.to_string());
        let fields = [
            (IdentityField::LegalName, line.legal_name),
            (IdentityField::Born, born),
            (IdentityField::Address, line.address),
            (IdentityField::Guardians, line.guardians),
            (IdentityField::Jurisdiction, line.jurisdiction),
            (IdentityField::Emergency, line.emergency),
        ];
        for (field, value) in &fields {
            check_words(value.as_deref().unwrap_or_default(), field.limit(), field.word())?;
        }
        self.seen("identity", &line.rest);
        self.not_carried("identity.born", unborn);
        let edit = |(field, value): (_, Option<String>)| {
            Some(ImportStep::Edit(Edit::ChangeIdentity { client, field, value: value? }))
        };
        Ok(fields.into_iter().filter_map(edit).collect())
    }

    fn end(&mut self, line: &EndLine) -> Result<Vec<ImportStep>, Cause> {
        let read = self.line.saturating_sub(1 + self.blank);
        if line.lines != read {
            return Err(Cause::Incomplete { written: line.lines, read });
        }
        self.ended = true;
        self.note_rest("end", &line.rest);
        self.same_steps()
    }

    /// Says who is one person. What an edit would refuse is refused before anything is carried out:
    /// whom the file does not hold as a client, and what leads back to itself.
    fn same_steps(&mut self) -> Result<Vec<ImportStep>, Cause> {
        let same = std::mem::take(&mut self.same);
        let mut ends = BTreeSet::new();
        for first in same.keys() {
            let (mut at, mut path) = (*first, BTreeSet::new());
            while let Some(kept) = same.get(&at).filter(|_| !ends.contains(&at)) {
                if !self.clients.contains(kept) || !path.insert(at) {
                    return Err(Cause::Invalid("same_as"));
                }
                at = *kept;
            }
            ends.extend(path);
        }
        let same_as = |(client, kept)| Edit::SameAs { client, kept: Some(kept) };
        Ok(same.into_iter().map(same_as).map(ImportStep::Edit).collect())
    }

    pub(super) fn seen(&mut self, kind: &'static str, rest: &Rest) {
        *self.counts.read.entry(kind).or_default() += 1;
        self.note_rest(kind, rest);
    }

    fn note_rest(&mut self, kind: &str, rest: &Rest) {
        // The type itself is no field of a line's body.
        for field in rest.keys().filter(|field| *field != "type") {
            count(&mut self.counts.unknown_fields, &format!("{kind}.{field}"));
        }
    }

    /// Returns a day that can only have been; one that is yet to come is today, and counted.
    fn been(&mut self, date: Date, field: &'static str) -> Date {
        let today = self.today.unwrap_or(Date::MAX);
        self.not_carried(field, date > today);
        date.min(today)
    }

    pub(super) fn not_carried(&mut self, field: &'static str, present: bool) {
        if present {
            *self.counts.not_carried.entry(field).or_default() += 1;
        }
    }
}

pub(super) fn session(text: Option<&str>) -> Result<Option<AppointmentId>, Cause> {
    text.map(|text| id(text, AppointmentId::parse, "session")).transpose()
}

pub(super) fn id<T>(
    text: &str,
    parse: fn(&str) -> Option<T>,
    field: &'static str,
) -> Result<T, Cause> {
    parse(text).ok_or(Cause::Invalid(field))
}

/// Keeps the place of an error and drops its text, which may quote the line.
fn parse<T: DeserializeOwned>(line: &str) -> Result<T, Cause> {
    serde_json::from_str(line).map_err(|error| Cause::Malformed { column: error.column() })
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    let short: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
    let full = counts.len() >= NAMES_MAX && !counts.contains_key(&short);
    *counts.entry(if full { "…".to_owned() } else { short }).or_default() += 1;
}

/// Checks that a text fits where it is to stand.
pub(super) fn check_words(text: &str, limit: usize, field: &'static str) -> Result<(), Cause> {
    if contact::normal(text).len() <= limit { Ok(()) } else { Err(Cause::Invalid(field)) }
}
