//! A measure as a signed record: what it says by itself, and what lists know of it.

use super::form::{Form, ID_BYTES_MAX, ITEMS_MAX, Scored};
use super::library;
use super::score::{Answer, Screened};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, ClientId, MemberId, RecordId, Timestamp};
use crate::practice::chart::tag as chart_tag;
use crate::practice::crisis::tag as crisis_tag;
use crate::practice::edit::Stamp;
use crate::practice::label::Label;
use crate::practice::record::{Record, Tags};
use crate::practice::view::ClientRow;
use crate::suite::Hash;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest name of what was only scored, and of where the score comes from, in bytes.
pub const SCORE_TEXT_BYTES_MAX: usize = 200;

/// Numbers of the fields in the bodies of measures; of the same registry as those of charts.
pub(in crate::practice) mod tag {
    pub(in crate::practice) const INSTRUMENT: u16 = 20;
    pub(in crate::practice) const ANSWERS: u16 = 21;
    pub(in crate::practice) const TOTAL: u16 = 22;
    pub(in crate::practice) const VERSION: u16 = 23;
    pub(in crate::practice) const WORDING: u16 = 24;
    pub(in crate::practice) const CHOICES: u16 = 25;
    pub(in crate::practice) const SCREENED: u16 = 26;
    pub(in crate::practice) const TO_REVIEW: u16 = 27;
    pub(in crate::practice) const SCORE_NAME: u16 = 28;
    pub(in crate::practice) const SCORE_RANGE: u16 = 29;
    pub(in crate::practice) const SCORE_SOURCE: u16 = 36;
    pub(in crate::practice) const REVIEWED: u16 = 37;
    /// What the scoring came to by which it was signed.
    pub(in crate::practice) const SCORED: u16 = 162;
    /// What its numbers alone came to.
    pub(in crate::practice) const NUMBERS: u16 = 270;
}

const NOT_ANSWERED: u8 = 255;
const NOT_ASKED: u8 = 254;

/// A score of an instrument that is not here, typed by a clinician.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewScore {
    /// What was answered, and in which edition: the name that its scores stand under.
    pub name: String,
    /// The score.
    pub total: u32,
    /// The lowest and the highest that there is.
    pub range: (u32, u32),
    /// Where it comes from, in a line; may be empty.
    pub source: String,
}

/// How a measure was taken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Manner {
    /// The id of its record, if its caller has drawn one that nothing has yet.
    pub record: Option<RecordId>,
    /// Whether the client answered it alone, on a device that was handed over.
    pub handed: Option<Handed>,
}

/// How far a client came who answered on a device that was handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Handed {
    /// To the end.
    Whole,
    /// Not to the end: it was locked, or taken back.
    CutShort,
}

impl Handed {
    /// Returns the word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::CutShort => "cut-short",
        }
    }

    /// Returns what a word names.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Whole, Self::CutShort].into_iter().find(|one| one.word() == word)
    }

    pub(in crate::practice) const fn number(self) -> u8 {
        match self {
            Self::Whole => 1,
            Self::CutShort => 2,
        }
    }

    const fn of(number: u8) -> Self {
        match number {
            1 => Self::Whole,
            _ => Self::CutShort,
        }
    }
}

/// Whether somebody looks at an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Review {
    /// Nobody has to.
    None,
    /// Nobody has yet.
    Due,
    /// Somebody has.
    Done,
}

/// What is said of a measure after it was signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MeasureMark {
    /// Whether somebody has looked at the answers that have to be looked at.
    Reviewed(bool),
    /// Whether it is struck, as entered by mistake. It stays in the log.
    Struck(bool),
}

/// What lists know of a measure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Taken {
    /// The form's id; of what was only scored its name.
    pub instrument: String,
    /// The total, if everything was answered and there is one.
    pub total: Option<u32>,
    /// How many items were answered.
    pub answered: u16,
    /// How many items there are; none of what was only scored.
    pub items: u16,
    /// How a screen without a score ended.
    pub screened: Option<Screened>,
    /// Whether somebody looks at an answer.
    pub review: Review,
    /// The session in which it was answered.
    pub session: Option<AppointmentId>,
    /// What the wording came to that was answered; none of what was only scored, or does not say.
    pub wording: Option<Hash>,
    /// What the scoring came to; none of what was only scored, or was signed before that was named.
    pub scored: Option<Scored>,
    /// The answers as values and as choices, of a form that does not ship: what was signed of them is
    /// compared where the form is. Of one that ships that is done as the record is read.
    pub given: Given,
}

/// Answers as a record holds them: values, and choices where a value does not say which it was.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Given {
    values: Vec<u8>,
    choices: Option<Vec<u8>>,
}

/// A measure as it is read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MeasureView {
    /// Its record.
    pub record: RecordId,
    /// In whose chart it lies.
    pub client: ClientId,
    /// What lists know of it.
    pub taken: Taken,
    /// The answers; empty where the form that was answered is not here in the same words.
    pub answers: Vec<Answer>,
    /// The values of the answers as they were signed; -1 not answered, -2 not asked.
    pub values: Vec<i16>,
    /// Which edition of the form.
    pub version: String,
    /// What its wording came to; none of what was only scored.
    pub wording: Option<Hash>,
    /// What its scoring came to, as far as it says so.
    pub scored: Option<Scored>,
    /// The lowest and the highest score, of what was only scored.
    pub range: Option<(u32, u32)>,
    /// The same of a form that was answered, if it is known.
    pub possible: Option<(u32, u32)>,
    /// Where the score comes from, of what was only scored.
    pub source: String,
    /// Who signed.
    pub author: MemberId,
    /// When.
    pub signed: Stamp,
    /// When it was answered: earlier than it was signed, of what comes from elsewhere.
    pub at: Stamp,
    /// Whether the client answered it alone, on a device that was handed over, and how far.
    pub handed: Option<Handed>,
    /// Whether it is struck.
    pub struck: bool,
    /// What about it is especially sensitive.
    pub labels: BTreeSet<Label>,
}

/// The measures of a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MeasuresView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// The newest first.
    pub measures: Vec<MeasureView>,
}

/// The body of a measure that was answered here.
pub(super) fn body(form: &Form, answers: &[Answer], session: Option<AppointmentId>) -> Tags {
    let score = form.score(answers);
    let value = |(item, answer): (usize, &Answer)| match answer {
        Answer::Choice(_) => form.value(answers, item).unwrap_or(NOT_ANSWERED),
        Answer::NotAnswered => NOT_ANSWERED,
        Answer::NotAsked => NOT_ASKED,
    };
    let values: Vec<u8> = answers.iter().enumerate().map(value).collect();
    let mut body = Tags::new();
    body.set(tag::INSTRUMENT, form.id.as_str()).set(tag::ANSWERS, values);
    body.set(tag::VERSION, form.version.as_str()).set(tag::WORDING, *form.wording.as_bytes());
    for (tag, hash) in [(tag::SCORED, form.scored.whole), (tag::NUMBERS, form.scored.numbers)] {
        if let Some(hash) = hash {
            body.set(tag, *hash.as_bytes());
        }
    }
    // A form may be withdrawn, and its scores still lie between these.
    body.set(tag::SCORE_RANGE, range_bytes(form.scoring.range));
    if !form.items.iter().all(super::Item::values_are_unique) {
        let choice = |answer: &Answer| match answer {
            Answer::Choice(choice) => *choice,
            Answer::NotAnswered => NOT_ANSWERED,
            Answer::NotAsked => NOT_ASKED,
        };
        body.set(tag::CHOICES, answers.iter().map(choice).collect::<Vec<u8>>());
    }
    if let Some(total) = score.total {
        body.set(tag::TOTAL, total.to_be_bytes());
    }
    if let Some(screened) = score.screened {
        body.set(tag::SCREENED, [screened_number(screened)]);
    }
    if form.needs_review(answers) {
        body.set(tag::TO_REVIEW, [1]);
    }
    if let Some(session) = session {
        body.set(chart_tag::SESSION, *session.as_bytes());
    }
    body
}

/// The body of what was only scored.
pub(super) fn score_body(score: &NewScore, session: Option<AppointmentId>) -> Tags {
    let mut body = Tags::new();
    body.set(tag::SCORE_NAME, score.name.as_str()).set(tag::TOTAL, score.total.to_be_bytes());
    body.set(tag::SCORE_RANGE, range_bytes(score.range));
    if !score.source.is_empty() {
        body.set(tag::SCORE_SOURCE, score.source.as_str());
    }
    if let Some(session) = session {
        body.set(chart_tag::SESSION, *session.as_bytes());
    }
    body
}

/// Returns what a body says of the form that was answered: its words, and its scoring.
fn of_form(body: &Tags) -> (Option<Hash>, Option<Scored>) {
    let hash = |tag| body.fixed(tag).map(Hash::from_bytes);
    let scored = Scored { whole: hash(tag::SCORED), numbers: hash(tag::NUMBERS) };
    (hash(tag::WORDING), Some(scored).filter(|scored| *scored != Scored::default()))
}

/// Returns the answers that a body holds to a form, if it was answered in these words.
fn answers(form: &Form, body: &Tags) -> Option<Vec<Answer>> {
    if of_form(body).0 != Some(form.wording) {
        return None;
    }
    read_answers(form, body.bytes(tag::ANSWERS)?, body.bytes(tag::CHOICES))
}

fn read_answers(form: &Form, values: &[u8], choices: Option<&[u8]>) -> Option<Vec<Answer>> {
    let read = |(at, value): (usize, &u8)| match *value {
        NOT_ANSWERED => Some(Answer::NotAnswered),
        NOT_ASKED => Some(Answer::NotAsked),
        value => {
            let item = form.items.get(at)?;
            let choice = match choices {
                Some(choices) => choices.get(at).copied().map(usize::from)?,
                None => item.of_value(value)?,
            };
            let fits = item.choices.get(choice).is_some_and(|one| one.value == value);
            fits.then_some(Answer::Choice(u8::try_from(choice).ok()?))
        }
    };
    let answers: Vec<Answer> = values.iter().enumerate().map(read).collect::<Option<_>>()?;
    form.check(&answers).is_ok().then_some(answers)
}

impl Taken {
    /// Reads what lists show; `None` if this version cannot, or if the record contradicts the form
    /// that it names.
    pub(in crate::practice) fn of(body: &Tags) -> Option<Self> {
        let total = body.fixed(tag::TOTAL).map(u32::from_be_bytes);
        let session = body.fixed(chart_tag::SESSION).map(AppointmentId::from_bytes);
        if let Some(name) = body.text(tag::SCORE_NAME) {
            let (low, high) = range(body)?;
            // Nothing is both a score alone and answers to a form.
            let alone = body.text(tag::INSTRUMENT).is_none();
            let fits = alone && !name.is_empty() && name.len() <= SCORE_TEXT_BYTES_MAX;
            let total = total.filter(|total| fits && (low..=high).contains(total))?;
            return Some(Self {
                instrument: name.to_owned(),
                total: Some(total),
                answered: 0,
                items: 0,
                screened: None,
                review: Review::None,
                session,
                wording: None,
                scored: None,
                given: Given::default(),
            });
        }
        let instrument = body.text(tag::INSTRUMENT).filter(|id| id.len() <= ID_BYTES_MAX)?;
        let values = body.bytes(tag::ANSWERS).filter(|values| values.len() <= ITEMS_MAX)?;
        let answered = values.iter().filter(|value| **value < NOT_ASKED).count();
        let one = |tag| body.fixed::<1>(tag).map(|[number]| number);
        let mut taken = Self {
            instrument: instrument.to_owned(),
            total,
            answered: u16::try_from(answered).ok()?,
            items: u16::try_from(values.len()).ok()?,
            screened: one(tag::SCREENED).and_then(screened_of),
            review: if one(tag::TO_REVIEW) == Some(1) { Review::Due } else { Review::None },
            session,
            wording: of_form(body).0,
            scored: of_form(body).1,
            given: Given::default(),
        };
        // Who signs that something follows from answers does not make it so.
        let form = library::named(instrument);
        let form = form.filter(|form| form.is_form(taken.wording, taken.scored));
        let within = |(low, high): (u32, u32)| total.is_none_or(|one| (low..=high).contains(&one));
        let Some(form) = form else {
            let choices = body.bytes(tag::CHOICES).filter(|choices| choices.len() <= ITEMS_MAX);
            taken.given = Given { values: values.to_vec(), choices: choices.map(<[u8]>::to_vec) };
            return range(body).is_none_or(within).then_some(taken);
        };
        let answers = answers(form, body)?;
        let score = form.score(&answers);
        // Earlier versions said it of one that was not finished.
        if score.screened == Some(Screened::Unknown) && taken.screened == Some(Screened::NonAcute) {
            taken.screened = score.screened;
        }
        let same = (score.total, score.screened, form.needs_review(&answers))
            == (taken.total, taken.screened, taken.review == Review::Due);
        same.then_some(taken)
    }

    /// Whether what was signed is what the answers to a form give, in the words of this form. Of
    /// anything else nothing is said that the form says of a score.
    pub fn follows_from(&self, form: &Form) -> bool {
        let same = self.instrument == form.id && form.is_form(self.wording, self.scored);
        if self.items == 0 || !same {
            return false;
        }
        if self.given == Given::default() {
            return library::named(&self.instrument).is_some();
        }
        let choices = self.given.choices.as_deref();
        read_answers(form, &self.given.values, choices).is_some_and(|answers| {
            let score = form.score(&answers);
            let due = form.needs_review(&answers);
            (score.total, score.screened, due)
                == (self.total, self.screened, self.review != Review::None)
        })
    }

    /// Whether it has a result: a total, or how a screen ended, of which everything was answered.
    pub fn is_complete(&self) -> bool {
        let ended = match self.screened {
            Some(Screened::Negative | Screened::NonAcute) => true,
            Some(Screened::Acute | Screened::Unknown) => self.answered == self.items,
            None => false,
        };
        self.total.is_some() || ended
    }

    pub(in crate::practice) fn encode(&self, writer: &mut Writer) {
        writer.text(&self.instrument).option(self.total, |w, total| {
            w.u32(total);
        });
        writer.u16(self.answered).u16(self.items);
        writer.u8(self.screened.map_or(0, screened_number));
        writer.u8(u8::from(self.review == Review::Due));
        writer.option(self.session, |w, session| {
            w.fixed(session.as_bytes());
        });
        writer.option(self.wording, |w, wording| {
            w.fixed(wording.as_bytes());
        });
        let scored = self.scored.unwrap_or_default();
        for hash in [scored.whole, scored.numbers] {
            writer.option(hash, |w, hash| {
                w.fixed(hash.as_bytes());
            });
        }
        writer.bytes(&self.given.values).option(self.given.choices.as_ref(), |w, choices| {
            w.bytes(choices);
        });
    }

    pub(in crate::practice) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            instrument: reader.text(SCORE_TEXT_BYTES_MAX)?.to_owned(),
            total: reader.option(Reader::u32)?,
            answered: reader.u16()?,
            items: reader.u16()?,
            screened: screened_of(reader.u8()?),
            review: if reader.u8()? == 1 { Review::Due } else { Review::None },
            session: reader.option(|r| r.fixed().map(AppointmentId::from_bytes))?,
            wording: reader.option(|r| r.fixed().map(Hash::from_bytes))?,
            scored: {
                let mut hash = || reader.option(|r| r.fixed().map(Hash::from_bytes));
                let scored = Scored { whole: hash()?, numbers: hash()? };
                Some(scored).filter(|scored| *scored != Scored::default())
            },
            given: Given {
                values: reader.bytes(ITEMS_MAX)?.to_vec(),
                choices: reader.option(|r| Ok(r.bytes(ITEMS_MAX)?.to_vec()))?,
            },
        })
    }
}

impl MeasureView {
    /// Reads a measure; `form` is the one of its id that is here.
    pub(super) fn of(
        record: &Record,
        client: ClientId,
        (taken, struck): (Taken, bool),
        form: Option<&Form>,
    ) -> Option<Self> {
        let body = record.body()?;
        let value = |value: &u8| match *value {
            NOT_ANSWERED => -1,
            NOT_ASKED => -2,
            value => i16::from(value),
        };
        let text = |tag| body.text(tag).unwrap_or_default().to_owned();
        let ((wording, scored), only_scored) = (of_form(body), taken.items == 0);
        let same = form.filter(|form| form.is_form(wording, scored));
        let possible = same.map(|form| form.scoring.range).or_else(|| range(body));
        Some(Self {
            record: record.header.id,
            client,
            answers: form.and_then(|form| answers(form, body)).unwrap_or_default(),
            values: body.bytes(tag::ANSWERS).unwrap_or_default().iter().map(value).collect(),
            version: text(tag::VERSION),
            wording,
            scored,
            range: range(body).filter(|_| only_scored),
            possible: possible.filter(|_| !only_scored),
            source: text(tag::SCORE_SOURCE),
            author: record.header.author.member,
            signed: Stamp { time: record.header.time, zone: record.header.zone.clone() },
            at: Stamp { time: answered_at(record), zone: record.header.zone.clone() },
            handed: body.fixed::<1>(crisis_tag::HANDED).map(|[number]| Handed::of(number)),
            taken,
            struck,
            labels: BTreeSet::new(),
        })
    }
}

/// Returns when a measure was answered: when it was signed, unless it says that it was earlier.
pub(in crate::practice) fn answered_at(record: &Record) -> Timestamp {
    let at = record.body().and_then(|body| body.fixed(chart_tag::WHEN));
    let at = at.map(|at| Timestamp::from_millis(i64::from_be_bytes(at)));
    at.map_or(record.header.time, |at| at.min(record.header.time))
}

fn range_bytes((low, high): (u32, u32)) -> Vec<u8> {
    let mut range = Writer::new();
    range.u32(low).u32(high);
    range.into_bytes()
}

fn range(body: &Tags) -> Option<(u32, u32)> {
    let mut reader = Reader::new(body.bytes(tag::SCORE_RANGE)?);
    let range = (reader.u32().ok()?, reader.u32().ok()?);
    reader.finish().ok().map(|()| range)
}

const fn screened_number(screened: Screened) -> u8 {
    match screened {
        Screened::Negative => 1,
        Screened::NonAcute => 2,
        Screened::Acute => 3,
        Screened::Unknown => 4,
    }
}

const fn screened_of(number: u8) -> Option<Screened> {
    match number {
        1 => Some(Screened::Negative),
        2 => Some(Screened::NonAcute),
        3 => Some(Screened::Acute),
        4 => Some(Screened::Unknown),
        _ => None,
    }
}
