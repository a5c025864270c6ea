//! One type for each kind of line, and the words that stand for enums.
//!
//! Fields that a newer version wrote land in `rest`, so that they can be counted.

use super::super::edit::{
    AppointmentKind, Channel, Direction, Fee, Modality, NoteFormat, Part, Slot, Stamp, Status,
};
use super::times::TimesBody;
use crate::id::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Fields that this version does not know.
pub(super) type Rest = std::collections::BTreeMap<String, Value>;

/// A line with its type in front.
#[derive(Debug, Serialize)]
pub(super) struct Typed<T> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(flatten)]
    pub(super) body: T,
}

/// What every line but the first says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Kind {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// The first line.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct HeaderLine {
    pub(super) tacenda: String,
    pub(super) version: u64,
    #[serde(default)]
    pub(super) written: Option<Moment>,
    #[serde(default)]
    pub(super) without: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// A moment: an instant in RFC 3339 with its offset, and the zone that the offset comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Moment {
    pub(super) time: String,
    pub(super) zone: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ClientLine {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) code: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) pronouns: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) phone: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) email: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) safe_contact: String,
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waiting: Option<WaitingBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tasks: Vec<TaskBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) died: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) same_as: Option<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// A couple, a family or a group. Its notes name `client`, the id that it has beside clients.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct GroupLine {
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) client: String,
    pub(super) kind: String,
    #[serde(default)]
    pub(super) code: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) members: Vec<MemberBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Moment>,
    #[serde(default)]
    pub(super) ended: bool,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// Who belongs to a group, or did.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct MemberBody {
    pub(super) client: String,
    #[serde(default)]
    pub(super) left: bool,
}

/// Something to be done about a client.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct TaskBody {
    pub(super) id: String,
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Moment>,
}

/// Since when somebody waits, and for what: `Mon 9:00-12:00, video`.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct WaitingBody {
    pub(super) since: Moment,
    #[serde(default)]
    pub(super) wish: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) clinician: Option<String>,
}

/// When and where: local start and zone are what was agreed, `starts` is derived from them.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct SlotBody {
    pub(super) start: String,
    pub(super) zone: String,
    pub(super) minutes: u16,
    pub(super) clinician: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<String>,
    pub(super) modality: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AppointmentLine {
    pub(super) id: String,
    #[serde(default)]
    pub(super) clients: Vec<String>,
    pub(super) kind: String,
    pub(super) slot: SlotBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) starts: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rivals: Vec<SlotBody>,
    pub(super) status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) began: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Moment>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) client_place: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) client_help: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) memo: String,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct SeriesLine {
    pub(super) id: String,
    #[serde(default)]
    pub(super) clients: Vec<String>,
    pub(super) kind: String,
    pub(super) slot: SlotBody,
    pub(super) rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) skipped: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) memo: String,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// Who signed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct AuthorBody {
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
}

/// One part of a note.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PartBody {
    pub(super) part: String,
    pub(super) text: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct NoteLine {
    pub(super) id: String,
    pub(super) client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
    pub(super) format: String,
    pub(super) parts: Vec<PartBody>,
    pub(super) author: AuthorBody,
    pub(super) signed: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) late_reason: Option<String>,
    /// The note of this file in whose place it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) corrects: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) corrected_because: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) corrects_too: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) remote: Option<RemoteBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<TimesBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// Where the client was during a session by video or telephone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RemoteBody {
    /// As in a slot.
    pub modality: String,
    /// Where.
    pub client_place: String,
    /// Whom to call there.
    pub client_help: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AddendumLine {
    pub(super) id: String,
    pub(super) note: String,
    pub(super) client: String,
    pub(super) text: String,
    pub(super) author: AuthorBody,
    pub(super) signed: Moment,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ContactLine {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) channel: String,
    pub(super) direction: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) text: String,
    pub(super) author: AuthorBody,
    pub(super) at: Moment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct InErrorLine {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) struck: Moment,
    pub(super) author: AuthorBody,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ScoreBody {
    pub(super) name: String,
    pub(super) min: u32,
    pub(super) max: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) source: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct MeasureLine {
    pub(super) id: String,
    pub(super) client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) instrument: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) answers: Vec<i16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) choices: Vec<(usize, u8)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) wording: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scored: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) numbers: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) range: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<ScoreBody>,
    pub(super) author: AuthorBody,
    pub(super) signed: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answered: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) handed: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct DraftLine {
    pub(super) id: String,
    pub(super) client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
    pub(super) format: String,
    pub(super) parts: Vec<PartBody>,
    pub(super) begun: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) addendum_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) corrects: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) journal: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// A file; its bytes follow in lines of their own.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AttachmentLine {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) title: String,
    pub(super) media: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) stripped: bool,
    /// Not all of it was there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) missing: bool,
    /// Not of what cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<AuthorBody>,
    pub(super) signed: Moment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// A piece of a file, in base64.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AttachmentPartLine {
    pub(super) attachment: String,
    pub(super) bytes: String,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// An entry of a client's journal.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct JournalLine {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) date: String,
    pub(super) came: String,
    #[serde(default)]
    pub(super) shared: bool,
    pub(super) text: String,
    pub(super) author: AuthorBody,
    pub(super) signed: Moment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) additions: Vec<AdditionBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// What was added to it later.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AdditionBody {
    pub(super) text: String,
    pub(super) author: AuthorBody,
    pub(super) signed: Moment,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct IdentityLine {
    pub(super) client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) legal_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) born: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) guardians: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) jurisdiction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) emergency: Option<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// One line of a treatment plan.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PlanItemBody {
    pub(super) id: String,
    pub(super) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) under: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) code: String,
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) progress: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rated: Option<Moment>,
    pub(super) since: Moment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PlanLine {
    pub(super) client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) review: Option<String>,
    pub(super) items: Vec<PlanItemBody>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// What a client has consented to, or has refused.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ConsentLine {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) kind: String,
    pub(super) given: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
    pub(super) how: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) to: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) covers: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) said: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) refused: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) handed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) renews: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revoked: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) revoked_because: String,
    pub(super) author: AuthorBody,
    pub(super) signed: Moment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// The last line: how many lines stand before it, the first one counted.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct EndLine {
    pub(super) lines: u64,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// Writes an instant with the offset that `zone` has then; an unknown zone counts as UTC.
pub(super) fn moment(time: Timestamp, zone: &str) -> Moment {
    Moment { time: instant(time, zone), zone: zone.to_owned() }
}

pub(super) fn stamp(stamp: &Stamp) -> Moment {
    moment(stamp.time, &stamp.zone)
}

/// Writes an instant in RFC 3339.
pub(super) fn instant(time: Timestamp, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let instant = jiff::Timestamp::from_millisecond(time.as_millis());
    let instant = instant.unwrap_or(if time.as_millis() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    instant.display_with_offset(zone.to_offset(instant)).to_string()
}

/// Reads an instant in RFC 3339.
pub(super) fn read_instant(text: &str) -> Option<Timestamp> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

pub(super) fn slot(slot: &Slot) -> SlotBody {
    SlotBody {
        start: slot.start.to_string(),
        zone: slot.zone.clone(),
        minutes: slot.minutes,
        clinician: slot.clinician.to_string(),
        room: slot.room.clone(),
        modality: word(MODALITIES, slot.modality).to_owned(),
    }
}

/// Returns the word for `value`.
pub(super) fn word<T: Copy + PartialEq>(words: &[(T, &'static str)], value: T) -> &'static str {
    words.iter().find(|(known, _)| *known == value).map(|(_, word)| *word).unwrap_or_default()
}

/// Returns the value for `word`.
pub(super) fn value<T: Copy>(words: &[(T, &'static str)], word: &str) -> Option<T> {
    words.iter().find(|(_, known)| *known == word).map(|(value, _)| *value)
}

/// Words of the schema. They never change their meaning.
pub(super) const MODALITIES: &[(Modality, &str)] =
    &[(Modality::InOffice, "office"), (Modality::Video, "video"), (Modality::Phone, "phone")];

pub(super) const KINDS: &[(AppointmentKind, &str)] = &[
    (AppointmentKind::Individual, "individual"),
    (AppointmentKind::Couple, "couple"),
    (AppointmentKind::Family, "family"),
    (AppointmentKind::Group, "group"),
    (AppointmentKind::Intake, "intake"),
    (AppointmentKind::Consultation, "consultation"),
    (AppointmentKind::Supervision, "supervision"),
    (AppointmentKind::TimeOff, "time-off"),
];

pub(super) const STATUSES: &[(Status, &str)] = &[
    (Status::Booked, "booked"),
    (Status::Confirmed, "confirmed"),
    (Status::Arrived, "arrived"),
    (Status::Held, "held"),
    (Status::NoShow, "no-show"),
    (Status::LateCancel, "late-cancel"),
    (Status::CancelledByClient, "cancelled-by-client"),
    (Status::CancelledByClinician, "cancelled-by-clinician"),
];

pub(super) const FEES: &[(Fee, &str)] = &[(Fee::Charged, "charged"), (Fee::Waived, "waived")];

pub(super) const CHANNELS: &[(Channel, &str)] = &[
    (Channel::Call, "call"),
    (Channel::Mail, "mail"),
    (Channel::Text, "text"),
    (Channel::Letter, "letter"),
    (Channel::Fax, "fax"),
];

pub(super) const DIRECTIONS: &[(Direction, &str)] =
    &[(Direction::In, "in"), (Direction::Out, "out")];

pub(super) const FORMATS: &[(NoteFormat, &str)] = NoteFormat::WORDS;

pub(super) const PARTS: &[(Part, &str)] = Part::WORDS;
