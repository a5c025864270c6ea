//! What a client has consented to (domain 3.5): each consent is a record of the chart that says what,
//! for whom, since when and until when. Records only accumulate: one that the client took back is
//! revoked by a further record, one that is renewed is named by its heir, and one that was entered by
//! mistake is struck, and all of them stay.

mod edits;
mod ledger;
mod person;
mod register;

pub(super) use edits::fitting;
pub(super) use ledger::Kept;
pub(super) use register::{Known, going_with, heard_of};

use super::chart::{Headline, tag};
use super::contact::{normal, within};
use super::crisis::tag::HANDED;
use super::label::Label;
use super::record::{RELATIONS_MAX, Record, RecordKind, RelationKind, Tags, registry};
use super::view::TimelineEntry;
use super::zone::{self, Stamp};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{DeviceId, MemberId, RecordId, Timestamp};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// So many days before its last day it is said that a consent expires.
pub const SOON_DAYS: i64 = 14;

/// The longest name of a recipient, in bytes.
pub(super) const RECIPIENT_BYTES_MAX: usize = 200;
/// The longest of the other texts, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 1000;
const DATE_BYTES_MAX: usize = 16;
/// So many records at most are named by a record's body, beside those that its header names.
const LISTED_MAX: usize = 1 << 16;

registry! {
    /// What a consent is for.
    ConsentKind {
        /// The treatment itself.
        Treatment = 1,
        /// Sessions by video.
        Telehealth = 2,
        /// Telling somebody something.
        Release = 3,
        /// The use of artificial intelligence.
        Ai = 4,
        /// Recording sessions.
        Recording = 5,
        /// Something else, which the line says.
        Other = 6,
    }
}

registry! {
    /// How a consent was given, or refused.
    ConsentHow {
        /// In a session.
        InSession = 1,
        /// On a form that was signed.
        SignedForm = 2,
        /// By telephone.
        Telephone = 3,
    }
}

impl ConsentKind {
    /// Those that this version knows, in the order in which they are offered.
    pub const ALL: [Self; 6] =
        [Self::Treatment, Self::Telehealth, Self::Release, Self::Ai, Self::Recording, Self::Other];

    /// Whether two of it are the same thing: each release, and each other one, is a thing of its own.
    pub const fn is_usual(self) -> bool {
        !matches!(self, Self::Release | Self::Other | Self::Unknown(_))
    }

    /// Returns its words on a screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Treatment => "treatment",
            Self::Telehealth => "telehealth",
            Self::Release => "release",
            Self::Ai => "use of AI",
            Self::Recording => "recording",
            Self::Other => "other",
            Self::Unknown(_) => "(newer version)",
        }
    }

    /// Returns the word that commands and files have for it; of a kind that only a newer version
    /// knows, its number: `kind-17`. It never changes.
    pub fn word(self) -> String {
        match self {
            Self::Ai => "ai".to_owned(),
            Self::Unknown(number) => format!("kind-{number}"),
            known => known.title().to_owned(),
        }
    }

    /// Returns the kind that a word names.
    pub fn named(word: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|kind| kind.word() == word);
        known.or_else(|| numbered(word, "kind-").map(Self::of))
    }
}

impl ConsentHow {
    /// Those that this version knows, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::InSession, Self::SignedForm, Self::Telephone];

    /// Returns its words on a screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InSession => "in session",
            Self::SignedForm => "signed form",
            Self::Telephone => "by telephone",
            Self::Unknown(_) => "(newer version)",
        }
    }

    /// As [`ConsentKind::word`].
    pub fn word(self) -> String {
        match self {
            Self::InSession => "in-session".to_owned(),
            Self::SignedForm => "signed-form".to_owned(),
            Self::Telephone => "telephone".to_owned(),
            Self::Unknown(number) => format!("how-{number}"),
        }
    }

    /// Returns what a word names.
    pub fn named(word: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|how| how.word() == word);
        known.or_else(|| numbered(word, "how-").map(Self::of))
    }
}

fn numbered(word: &str, before: &str) -> Option<u16> {
    word.strip_prefix(before)?.parse().ok()
}

/// What a person writes down of a consent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewConsent {
    /// What it is for.
    pub kind: ConsentKind,
    /// To whom something is told; a release needs it.
    pub recipient: String,
    /// What it covers, in a line.
    pub covers: String,
    /// When it was given, or refused; not later than today.
    pub given: Date,
    /// The last day on which it holds; `None` if it has no end.
    pub until: Option<Date>,
    /// How it was given.
    pub how: ConsentHow,
    /// What the client said, in a line.
    pub said: String,
    /// Whether the client refused it.
    pub refused: bool,
    /// The consent that it renews.
    pub renews: Option<RecordId>,
    /// When it was taken back, and why, where that was so when it was entered.
    pub revoked: Option<(Date, String)>,
    /// Whether the client answered alone, on a device that was handed over.
    pub handed: bool,
}

impl NewConsent {
    /// Starts with what has to be said: everything else is left out.
    pub const fn new(kind: ConsentKind, given: Date, how: ConsentHow) -> Self {
        Self {
            kind,
            recipient: String::new(),
            covers: String::new(),
            given,
            until: None,
            how,
            said: String::new(),
            refused: false,
            renews: None,
            revoked: None,
            handed: false,
        }
    }

    fn body(&self) -> Tags {
        let mut body = Tags::new();
        body.set(tag::CONSENT_KIND, self.kind.number().to_be_bytes());
        body.set(tag::CONSENT_HOW, self.how.number().to_be_bytes());
        body.set(tag::CONSENT_GIVEN, self.given.to_string());
        let texts = [
            (tag::CONSENT_RECIPIENT, &self.recipient),
            (tag::CONSENT_COVERS, &self.covers),
            (tag::CONSENT_SAID, &self.said),
        ];
        for (tag, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            body.set(tag, text.as_bytes());
        }
        if let Some(until) = self.until {
            body.set(tag::CONSENT_UNTIL, until.to_string());
        }
        if self.refused {
            body.set(tag::CONSENT_REFUSED, [1]);
        }
        if self.handed {
            body.set(HANDED, [1]);
        }
        if let Some((date, reason)) = &self.revoked {
            set_revoked(&mut body, *date, reason);
        }
        body
    }
}

fn set_revoked(body: &mut Tags, date: Date, reason: &str) {
    body.set(tag::CONSENT_REVOKED, date.to_string());
    if !reason.is_empty() {
        body.set(tag::CONSENT_REASON, reason.as_bytes());
    }
}

fn date_in(body: &Tags, tag: u16) -> Option<Date> {
    body.text(tag).filter(|text| text.len() <= DATE_BYTES_MAX)?.parse().ok()
}

fn text_in(body: &Tags, tag: u16, limit: usize) -> String {
    // One line, as an edit would have made it.
    within(&normal(body.text(tag).unwrap_or_default()), limit).to_owned()
}

/// A consent as lists know it: nothing of what it says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConsentRow {
    /// Its record.
    pub record: RecordId,
    /// What it is for.
    pub kind: ConsentKind,
    /// When it was given, or refused.
    pub given: Date,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// What ended it, whatever the day.
    pub end: Option<ConsentEnd>,
}

/// What ends a consent but its last day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConsentEnd {
    /// It was never given.
    Refused,
    /// Another took its place on that day.
    Renewed(Date),
    /// The client took it back.
    Revoked(Date),
}

/// How a consent stands on a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConsentState {
    /// It holds.
    Active,
    /// It holds for so many days yet, at most [`SOON_DAYS`]; 0 on its last day.
    Expires(i64),
    /// Its last day was that one.
    Expired(Date),
    /// It was refused on that day.
    Refused(Date),
    /// Another took its place on that day.
    Renewed(Date),
    /// It was taken back on that day.
    Revoked(Date),
}

impl ConsentRow {
    /// Returns how it stands on a day.
    pub fn state(&self, today: Date) -> ConsentState {
        match (self.end, self.until) {
            (Some(ConsentEnd::Refused), _) => ConsentState::Refused(self.given),
            (Some(ConsentEnd::Renewed(date)), _) => ConsentState::Renewed(date),
            (Some(ConsentEnd::Revoked(date)), _) => ConsentState::Revoked(date),
            (None, Some(until)) if until < today => ConsentState::Expired(until),
            (None, Some(until)) => match days_between(today, until) {
                days if days <= SOON_DAYS => ConsentState::Expires(days),
                _ => ConsentState::Active,
            },
            (None, None) => ConsentState::Active,
        }
    }

    /// Whether it holds on a day.
    pub fn is_active(&self, today: Date) -> bool {
        matches!(self.state(today), ConsentState::Active | ConsentState::Expires(_))
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    let span = from.until(to).map(|span| span.get_days()).unwrap_or(i32::MAX);
    i64::from(span)
}

/// A consent as its reader sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConsentView {
    /// What lists know of it.
    pub row: ConsentRow,
    /// Whether it was entered by mistake.
    pub struck: bool,
    /// To whom something is told, or empty.
    pub recipient: String,
    /// What it covers, or empty.
    pub covers: String,
    /// How it was given.
    pub how: ConsentHow,
    /// What the client said, or empty.
    pub said: String,
    /// Why it was revoked, or empty.
    pub reason: String,
    /// The consent that it renews.
    pub renews: Option<RecordId>,
    /// Who wrote it down.
    pub author: MemberId,
    /// When.
    pub signed: Stamp,
    /// Whether the client answered alone, on a device that was handed over.
    pub handed: bool,
    /// Its labels.
    pub labels: BTreeSet<Label>,
    /// Whether it says more than this version reads.
    pub says_more: bool,
}

const KNOWN_TAGS: [u16; 12] = [
    HANDED,
    tag::CONSENT_KIND,
    tag::CONSENT_RECIPIENT,
    tag::CONSENT_COVERS,
    tag::CONSENT_GIVEN,
    tag::CONSENT_UNTIL,
    tag::CONSENT_HOW,
    tag::CONSENT_SAID,
    tag::CONSENT_REFUSED,
    tag::CONSENT_REVOKED,
    tag::CONSENT_REASON,
    tag::CONSENT_SEEN,
];

impl ConsentView {
    /// Reads a record; `reason` is that of the record which revoked it, if another did.
    fn of(record: &Record, known: &Known, reason: Option<String>) -> Option<Self> {
        let body = record.body()?;
        let header = &record.header;
        let own = text_in(body, tag::CONSENT_REASON, TEXT_BYTES_MAX);
        let revoked = matches!(known.row.end, Some(ConsentEnd::Revoked(_)));
        Some(Self {
            row: known.row,
            struck: known.struck,
            recipient: text_in(body, tag::CONSENT_RECIPIENT, RECIPIENT_BYTES_MAX),
            covers: text_in(body, tag::CONSENT_COVERS, TEXT_BYTES_MAX),
            how: ConsentHow::of(number(body, tag::CONSENT_HOW).unwrap_or_default()),
            said: text_in(body, tag::CONSENT_SAID, TEXT_BYTES_MAX),
            reason: reason.unwrap_or(if revoked { own } else { String::new() }),
            renews: known.renews,
            author: header.author.member,
            signed: Stamp { time: header.time, zone: header.zone.clone() },
            handed: body.fixed::<1>(HANDED) == Some([1]),
            labels: BTreeSet::new(),
            says_more: !body.unknown(&KNOWN_TAGS).is_empty(),
        })
    }
}

fn number(body: &Tags, tag: u16) -> Option<u16> {
    body.fixed(tag).map(u16::from_be_bytes)
}

/// What a record says of a consent, without its words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ConsentFact {
    kind: ConsentKind,
    given: Date,
    until: Option<Date>,
    refused: bool,
    revoked: Option<Date>,
    /// The consent that it renews, then those that this one renewed.
    renews: Vec<RecordId>,
    /// What had been said of those when it was written: nothing of that ends it.
    seen: Vec<RecordId>,
    /// Where it stands in a timeline: when it was written down, or on the day on which it was given.
    day: Timestamp,
}

/// What a record says about others that hold consents.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ConsentAct {
    /// The consents; of what takes revocations back also those.
    targets: Vec<RecordId>,
    says: Says,
    device: DeviceId,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Says {
    /// They were taken back on that day.
    Revoked(Date),
    /// What is named was not taken back after all.
    Unrevoked,
    /// It was entered by mistake, or was not after all.
    Struck(bool),
}

/// Reads the headline of a record; `None` where this version cannot. What is there and does not read
/// counts as what ends a consent.
pub(super) fn headline(record: &Record, body: &Tags) -> Option<Headline> {
    let header = &record.header;
    let named = |kind| -> Vec<RecordId> {
        let relations = header.relations.iter().filter(|relation| relation.kind == kind);
        relations.map(|relation| RecordId::from_bytes(relation.target)).collect()
    };
    let act = |targets, says| {
        let device = header.author.device;
        Some(Headline::ConsentAct(ConsentAct { targets, says, device }))
    };
    let [corrects, renews, mut revokes] =
        [RelationKind::Corrects, RelationKind::Renews, RelationKind::Revokes].map(named);
    revokes.extend(listed(body));
    if let Some(target) = corrects.first() {
        return act(vec![*target], Says::Struck(body.fixed::<1>(tag::STRUCK)? == [1]));
    }
    let today = zone::date(header.time, &header.zone);
    let revoked = body
        .bytes(tag::CONSENT_REVOKED)
        .map(|_| date_in(body, tag::CONSENT_REVOKED).unwrap_or(today));
    if renews.is_empty() && !revokes.is_empty() {
        return act(revokes, revoked.map_or(Says::Unrevoked, Says::Revoked));
    }
    let given = date_in(body, tag::CONSENT_GIVEN)?;
    let day = match today == given {
        true => header.time,
        false => zone::instant(given.at(12, 0, 0, 0), &header.zone),
    };
    let until = date_in(body, tag::CONSENT_UNTIL);
    // It ends on a day that nobody can read here.
    let lost = until.is_none() && body.bytes(tag::CONSENT_UNTIL).is_some();
    Some(Headline::Consent(ConsentFact {
        kind: ConsentKind::of(number(body, tag::CONSENT_KIND)?),
        given,
        until,
        refused: !matches!(body.bytes(tag::CONSENT_REFUSED), None | Some([] | [0])),
        revoked: revoked.or(lost.then_some(given)),
        renews,
        seen: revokes,
        day,
    }))
}

/// Writes what a record names beside what has room among its relations, one after the other.
fn set_listed(body: &mut Tags, more: &[RecordId]) {
    let more = more.iter().take(LISTED_MAX);
    let bytes: Vec<u8> = more.flat_map(|id| *id.as_bytes()).collect();
    if !bytes.is_empty() {
        body.set(tag::CONSENT_SEEN, bytes);
    }
}

fn listed(body: &Tags) -> impl Iterator<Item = RecordId> {
    let ids = body.bytes(tag::CONSENT_SEEN).unwrap_or_default().as_chunks::<16>().0;
    ids.iter().take(LISTED_MAX).map(|id| RecordId::from_bytes(*id))
}

/// Returns a consent as a line of a timeline.
pub(super) fn entry(known: &Known) -> TimelineEntry {
    let ConsentRow { record, kind, until, end, .. } = known.row;
    TimelineEntry::Consent { record, kind, until, end }
}

pub(super) fn is_consent(record: &Record) -> bool {
    record.header.kind == RecordKind::Consent
}

fn write_date(writer: &mut Writer, date: Option<Date>) {
    writer.option(date, |w, date| {
        w.text(&date.to_string());
    });
}

fn read_date(reader: &mut Reader<'_>) -> Result<Option<Date>, CodecError> {
    reader.option(|r| r.text(DATE_BYTES_MAX)?.parse().map_err(|_| CodecError::Unknown))
}

fn write_ids(writer: &mut Writer, ids: &[RecordId]) {
    writer.list(ids, |w, id| {
        w.fixed(id.as_bytes());
    });
}

fn read_ids(reader: &mut Reader<'_>) -> Result<Vec<RecordId>, CodecError> {
    reader.list(RELATIONS_MAX + LISTED_MAX, |r| r.fixed().map(RecordId::from_bytes))
}

impl ConsentFact {
    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u16(self.kind.number()).i64(self.day.as_millis()).u8(u8::from(self.refused));
        for date in [Some(self.given), self.until, self.revoked] {
            write_date(writer, date);
        }
        write_ids(writer, &self.renews);
        write_ids(writer, &self.seen);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let kind = ConsentKind::of(reader.u16()?);
        let day = Timestamp::from_millis(reader.i64()?);
        let refused = reader.u8()? == 1;
        let given = read_date(reader)?.ok_or(CodecError::Unknown)?;
        let (until, revoked) = (read_date(reader)?, read_date(reader)?);
        let (renews, seen) = (read_ids(reader)?, read_ids(reader)?);
        Ok(Self { kind, given, until, refused, revoked, renews, seen, day })
    }
}

impl ConsentAct {
    pub(super) fn encode(&self, writer: &mut Writer) {
        write_ids(writer, &self.targets);
        writer.fixed(self.device.as_bytes());
        match self.says {
            Says::Struck(struck) => {
                writer.u8(u8::from(struck));
            }
            Says::Revoked(date) => {
                write_date(writer.u8(2), Some(date));
            }
            Says::Unrevoked => {
                writer.u8(3);
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let targets = read_ids(reader)?;
        let device = DeviceId::from_bytes(reader.fixed()?);
        let says = match reader.u8()? {
            struck @ (0 | 1) => Says::Struck(struck == 1),
            2 => Says::Revoked(read_date(reader)?.ok_or(CodecError::Unknown)?),
            3 => Says::Unrevoked,
            _ => return Err(CodecError::Unknown),
        };
        Ok(Self { targets, says, device })
    }
}
