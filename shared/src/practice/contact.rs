//! What a front desk knows of a client, and the practice's own settings: small documents whose
//! fields stand on their own.

use super::apply::{Done, Guard, Refusal};
use super::compartment::CompartmentName;
use super::crisis::numbers::{self, OwnNumbers};
use super::document::{Document, Scalar};
use super::edit::Edit;
use super::erasure::Erasures;
use super::lint::{self, Levels};
use super::measure::edits::{self as measure, OwnMeasures};
use super::phrase::Phrases;
use super::remote::{self, RemoteSettings};
use super::schedule::hours::{self, Hours};
use super::schedule::waiting::Waiting;
use super::task;
use super::view::ClientRow;
use super::{Context, Practice, document_of};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, DeviceId, MemberId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// Fields of a client's contact compartment: what a front desk needs. `None` leaves a field.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ContactChange {
    /// The name that the client goes by.
    pub name: Option<String>,
    /// The short code shown while names are veiled, for example `JM-014`.
    pub code: Option<String>,
    /// For example `she/her`.
    pub pronouns: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// How the client may be reached safely, in words: no voicemail, alias, quiet hours.
    pub safe_contact: Option<String>,
}

pub(super) const NAME_BYTES_MAX: usize = 200;
const FIELD_BYTES_MAX: usize = 1000;
const DATE_BYTES_MAX: usize = 16;
pub(super) const CLINICIANS_MAX: usize = 10_000;
const DEVICES_MAX: usize = 10_000;

pub(super) const ARCHIVED: &str = "archived";
pub(super) const DIED: &str = "died";
pub(super) const SAME_AS: &str = "same_as";
const SINCE: &str = "since";
const NAME: &str = "name";
/// What stands for a name of nothing but blanks.
const NAMELESS: &str = "?";
const ZONE: &str = "zone";
const CLINICIAN: &str = "clinician/";
const DEVICE: &str = "device/";

/// One field of a contact: its name in the document, its limit in bytes, and where it lies in an
/// edit and in a row.
struct Field {
    name: &'static str,
    limit: usize,
    of_change: fn(&mut ContactChange) -> &mut Option<String>,
    of_row: fn(&mut ClientRow) -> &mut String,
}

const FIELDS: [Field; 6] = [
    Field {
        name: NAME,
        limit: NAME_BYTES_MAX,
        of_change: |c| &mut c.name,
        of_row: |r| &mut r.name,
    },
    Field { name: "code", limit: 40, of_change: |c| &mut c.code, of_row: |r| &mut r.code },
    Field {
        name: "pronouns",
        limit: 60,
        of_change: |c| &mut c.pronouns,
        of_row: |r| &mut r.pronouns,
    },
    Field { name: "phone", limit: 60, of_change: |c| &mut c.phone, of_row: |r| &mut r.phone },
    Field { name: "email", limit: 254, of_change: |c| &mut c.email, of_row: |r| &mut r.email },
    Field {
        name: "safe_contact",
        limit: FIELD_BYTES_MAX,
        of_change: |c| &mut c.safe_contact,
        of_row: |r| &mut r.safe_contact,
    },
];

/// What is wrong with a contact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    EmptyName,
    TooLong,
}

/// Brings a change into the one form of each character, and checks its limits.
pub(super) fn normalised(mut change: ContactChange) -> Result<ContactChange, Fault> {
    for field in &FIELDS {
        let Some(value) = (field.of_change)(&mut change) else { continue };
        *value = normal(value);
        if value.len() > field.limit {
            return Err(Fault::TooLong);
        }
    }
    if change.name.as_ref().is_some_and(String::is_empty) {
        return Err(Fault::EmptyName);
    }
    Ok(change)
}

/// Returns text in Unicode's composed form, without blanks around it: what looks equal is equal. It is
/// one line, since it is edited as one: what stood on several is set apart by commas.
pub(super) fn normal(text: &str) -> String {
    let breaks = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let is_blank = |letter: char| letter.is_whitespace() || letter.is_control();
    let lines = text.split(breaks).map(|line| line.trim_matches(is_blank));
    let lines: Vec<&str> = match lines.clone().filter(|line| !line.is_empty()).count() {
        0 | 1 => lines.collect(),
        _ => lines.map(|line| line.trim_end_matches(',').trim_end()).collect(),
    };
    let line = lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ");
    line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).nfc().collect()
}

/// Returns as much of a text as `limit` bytes hold: another device may send a longer one than an
/// honest one writes.
pub(super) fn within(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Returns what another device has written as the one line that an honest one would have, as much of
/// it as `limit` bytes hold: so it is shown, so it goes out in an export, and so it is taken in again.
pub(super) fn line_within(text: &str, limit: usize) -> String {
    // What is cut may end in a blank, or in the comma before a line.
    normal(within(&normal(within(text, limit)), limit))
}

/// Writes the fields that are given and returns their names and values.
pub(super) fn write(document: &mut Document, change: &ContactChange) -> Vec<(String, Scalar)> {
    let mut change = change.clone();
    let mut written = Vec::new();
    for field in &FIELDS {
        let Some(value) = (field.of_change)(&mut change).take() else { continue };
        document.put(None, field.name, Scalar::Text(value.clone()));
        written.push((field.name.to_owned(), Scalar::Text(value)));
    }
    written
}

/// Returns the change that would bring back what `row` says of the fields that `change` sets.
pub(super) fn inverse(row: &ClientRow, change: &ContactChange) -> ContactChange {
    let (mut row, mut change) = (row.clone(), change.clone());
    let mut inverse = ContactChange::default();
    for field in &FIELDS {
        if (field.of_change)(&mut change).is_some() {
            *(field.of_change)(&mut inverse) = Some((field.of_row)(&mut row).clone());
        }
    }
    inverse
}

/// Writes what only a new client has.
pub(super) fn begin(document: &mut Document, since: Timestamp) {
    document.put(None, SINCE, Scalar::Number(since.as_millis()));
    document.put(None, ARCHIVED, Scalar::Flag(false));
}

/// Reads a client; `None` as long as there is no name.
pub(super) fn read(document: &Document, client: ClientId) -> Option<ClientRow> {
    let mut row = ClientRow {
        id: client,
        name: String::new(),
        code: String::new(),
        pronouns: String::new(),
        phone: String::new(),
        email: String::new(),
        safe_contact: String::new(),
        archived: document.value(None, ARCHIVED) == Some(Scalar::Flag(true)),
        since: Timestamp::from_millis(
            document.value(None, SINCE).and_then(|value| value.number()).unwrap_or(0),
        ),
        waiting: Waiting::of(document.value(None, Waiting::FIELD).as_ref()),
        tasks: task::read(document),
        died: document.value(None, DIED).and_then(|died| died.text()?.parse().ok()),
        same_as: document.value(None, SAME_AS).and_then(|same| ClientId::parse(same.text()?)),
        same: Vec::new(),
    };
    for field in &FIELDS {
        let value = document.value(None, field.name);
        let text = value.as_ref().and_then(Scalar::text).unwrap_or_default();
        *(field.of_row)(&mut row) = line_within(text, field.limit);
        if field.name == NAME && !text.is_empty() && row.name.is_empty() {
            // Whoever has a name of nothing but blanks is there all the same.
            NAMELESS.clone_into(&mut row.name);
        }
    }
    (!row.name.is_empty()).then_some(row)
}

pub(super) fn encode(writer: &mut Writer, row: &ClientRow) {
    let mut row = row.clone();
    writer.fixed(row.id.as_bytes()).u8(u8::from(row.archived)).i64(row.since.as_millis());
    writer.option(row.waiting.as_ref(), |w, waiting| waiting.write(w));
    task::encode(writer, &row.tasks);
    writer.option(row.died, |w, died| {
        w.text(&died.to_string());
    });
    writer.option(row.same_as, |w, kept| {
        w.fixed(kept.as_bytes());
    });
    for field in &FIELDS {
        writer.text((field.of_row)(&mut row));
    }
}

pub(super) fn decode(reader: &mut Reader<'_>) -> Result<ClientRow, CodecError> {
    let mut row = ClientRow {
        id: ClientId::from_bytes(reader.fixed()?),
        name: String::new(),
        code: String::new(),
        pronouns: String::new(),
        phone: String::new(),
        email: String::new(),
        safe_contact: String::new(),
        archived: reader.u8()? == 1,
        since: Timestamp::from_millis(reader.i64()?),
        waiting: reader.option(Waiting::read)?,
        tasks: task::decode(reader)?,
        died: reader.option(|r| {
            let died = r.text(DATE_BYTES_MAX)?;
            died.parse().map_err(|_| CodecError::Unknown)
        })?,
        same_as: reader.option(|r| r.fixed().map(ClientId::from_bytes))?,
        same: Vec::new(),
    };
    for field in &FIELDS {
        *(field.of_row)(&mut row) = reader.text(field.limit)?.to_owned();
    }
    Ok(row)
}

/// Where the practice lives, who sees clients there, and what devices are called.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Settings {
    pub(super) zone: String,
    pub(super) clinicians: BTreeMap<MemberId, String>,
    /// Names that were given after a device was added; the others are in the practice log.
    pub(super) devices: BTreeMap<DeviceId, String>,
    pub(super) erasures: Erasures,
    /// The usual week of each member who has said it.
    pub(super) hours: BTreeMap<MemberId, Hours>,
    /// What the practice asks of a note before it is signed.
    pub(super) levels: Levels,
    /// Measures of the practice's own.
    pub(super) measures: OwnMeasures,
    /// Snippets and templates of the practice.
    pub(super) phrases: Arc<Phrases>,
    /// What members say for sessions by video or telephone.
    pub(super) remote: RemoteSettings,
    /// Emergency numbers of the practice's own.
    pub(super) emergency: OwnNumbers,
}

impl Settings {
    pub(super) fn write_zone(document: &mut Document, zone: &str) {
        document.put(None, ZONE, Scalar::Text(zone.to_owned()));
    }

    pub(super) fn write_clinician(document: &mut Document, member: MemberId, name: &str) {
        document.put(None, &format!("{CLINICIAN}{member}"), Scalar::Text(name.to_owned()));
    }

    /// Writes the name of a device, or takes it back; returns what was written and where.
    pub(super) fn write_device(
        document: &mut Document,
        device: DeviceId,
        name: &str,
    ) -> (String, Scalar) {
        let field = format!("{DEVICE}{device}");
        let given = (!name.is_empty()).then(|| Scalar::Text(name.to_owned()));
        let value = given.unwrap_or(Scalar::Nothing);
        document.put(None, &field, value.clone());
        (field, value)
    }

    pub(super) fn read(document: &Document) -> Self {
        let text = |field: &str| match document.value(None, field) {
            Some(Scalar::Text(text)) if text.len() <= NAME_BYTES_MAX => Some(text),
            _ => None,
        };
        let clinicians = document.keys().into_iter().take(CLINICIANS_MAX).filter_map(|key| {
            let member = MemberId::parse(key.strip_prefix(CLINICIAN)?)?;
            Some((member, text(&key)?))
        });
        let devices = document.keys().into_iter().take(DEVICES_MAX).filter_map(|key| {
            let device = DeviceId::parse(key.strip_prefix(DEVICE)?)?;
            Some((device, text(&key).filter(|name| !name.is_empty())?))
        });
        Self {
            clinicians: clinicians.collect(),
            devices: devices.collect(),
            erasures: Erasures::read(document),
            hours: hours::read(document),
            levels: lint::read(document),
            phrases: Arc::new(Phrases::read(document)),
            measures: measure::read_own(document),
            remote: remote::read(document),
            emergency: numbers::read(document),
            zone: text(ZONE).filter(|zone| super::zone::is_known(zone)).unwrap_or_default(),
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let clinicians: Vec<_> = self.clinicians.iter().collect();
        writer.text(&self.zone).list(&clinicians, |w, (member, name)| {
            w.fixed(member.as_bytes()).text(name);
        });
        let devices: Vec<_> = self.devices.iter().collect();
        writer.list(&devices, |w, (device, name)| {
            w.fixed(device.as_bytes()).text(name);
        });
        self.erasures.encode(writer);
        let hours: Vec<_> = self.hours.iter().collect();
        writer.list(&hours, |w, (member, hours)| {
            w.fixed(member.as_bytes()).text(&hours.to_string());
        });
        remote::encode(&self.remote, writer);
        measure::encode_own(&self.measures, writer);
        lint::encode(&self.levels, writer);
        self.phrases.encode(writer);
        numbers::encode(&self.emergency, writer);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let zone = reader.text(NAME_BYTES_MAX)?.to_owned();
        let clinicians = reader.list(CLINICIANS_MAX, |r| {
            Ok((MemberId::from_bytes(r.fixed()?), r.text(NAME_BYTES_MAX)?.to_owned()))
        })?;
        let devices = reader.list(DEVICES_MAX, |r| {
            Ok((DeviceId::from_bytes(r.fixed()?), r.text(NAME_BYTES_MAX)?.to_owned()))
        })?;
        let erasures = Erasures::decode(reader)?;
        let hours = reader.list(CLINICIANS_MAX, |r| {
            let member = MemberId::from_bytes(r.fixed()?);
            let hours = Hours::parse(r.text(hours::BYTES_MAX)?);
            Ok((member, hours.map_err(|_| CodecError::Unknown)?))
        })?;
        let remote = remote::decode(reader)?;
        let measures = measure::decode_own(reader)?;
        let levels = lint::decode(reader)?;
        let phrases = Arc::new(Phrases::decode(reader)?);
        let emergency = numbers::decode(reader)?;
        Ok(Self {
            zone,
            clinicians: clinicians.into_iter().collect(),
            devices: devices.into_iter().collect(),
            erasures,
            hours: hours.into_iter().collect(),
            levels,
            measures,
            phrases,
            remote,
            emergency,
        })
    }
}

impl Practice {
    /// Gives a device another name; empty gives it back its first.
    pub(super) fn rename_device(
        &mut self,
        device: DeviceId,
        name: &str,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let new = normal(name);
        if new.len() > NAME_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
        let compartment = CompartmentName::Practice;
        let object = document_of(&compartment);
        let old = self.facts.settings.devices.get(&device).cloned().unwrap_or_default();
        let mut written = None;
        let change = self.change(&compartment, object, cx, |document| {
            written = Some(Settings::write_device(document, device, &new));
        })?;
        self.facts.settings = Settings::read(self.document(&compartment, object, cx)?);
        let guard = |(field, value)| {
            let name = compartment.clone();
            Guard { name, object, place: None, field, value }
        };
        Ok(Done {
            changes: change.into_iter().collect(),
            inverse: Some(Edit::RenameDevice { device, name: old }),
            guards: written.into_iter().map(guard).collect(),
        })
    }
}
