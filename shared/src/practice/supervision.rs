//! Supervision: a note that its author hands to a second person, who puts their name under it or hands
//! it back with a comment. All of it are records of the chart beside the note, which never changes.
//!
//! An answer names the hand-over that it answers, and a take-back what it takes back: an answer stands,
//! whatever was said at the same time and whatever clocks say, and a take-back brings back what stood
//! before. Of hand-overs, and of answers to one, the newest counts; who says something bears a later
//! time than what they knew of. Only the author hands a note over, and only somebody else co-signs or
//! returns it: what says otherwise is passed over.
//!
//! A correction is a note of its own, which nobody has co-signed: where the note that it stands in the
//! place of was handed over, it waits anew, also if that was answered. Nothing is written for that, so
//! that it holds whoever handed over and corrected at the same time.
//!
//! A co-signature names the note, and each addition that its writer knew of: what is added later is
//! not covered.

use super::apply::{Done, Refusal};
use super::change::Change;
use super::chart::{Chart, Corrections, Headline, RecordFact, tag};
use super::compartment::CompartmentName;
use super::contact::within;
use super::edit::{Edit, Stamp};
use super::journal::Book;
use super::record::{RELATIONS_MAX, Record, RecordKind, Relation, RelationKind, Tags};
use super::remote::RemoteSetting;
use super::sign::sign_event;
use super::{Context, Practice};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, MemberId, RecordId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The longest comment with which a note is handed back, in bytes.
pub const COMMENT_BYTES_MAX: usize = 16 << 10;

/// What is done about a note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Its author hands it over.
    Submit,
    /// Its author takes it back before anybody has answered.
    TakeBack,
    /// Somebody else puts their name under it.
    CoSign,
    /// Somebody else hands it back, and says why.
    Return(String),
}

/// How a note stands.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Supervision {
    /// It waits for somebody else than its author.
    Waiting,
    /// It was handed back.
    Returned,
    /// Somebody else has put their name under it.
    CoSigned,
}

/// A note in the queue of supervision.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SupervisionRow {
    /// Whose chart.
    pub client: ClientId,
    /// The note.
    pub note: RecordId,
    /// How it stands.
    pub state: Supervision,
    /// Who handed it over.
    pub author: MemberId,
    /// Who said so.
    pub by: MemberId,
    /// Since when.
    pub since: Timestamp,
}

/// How a note that is open stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SupervisionView {
    /// How.
    pub state: Supervision,
    /// Who said so.
    pub by: MemberId,
    /// When.
    pub at: Stamp,
    /// Why it was handed back; else empty.
    pub comment: String,
    /// How many additions came after a co-signature, which does not cover them.
    pub not_covered: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Said {
    Submitted,
    TakenBack,
    CoSigned,
    Returned,
}

/// What one record says of a note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Act {
    note: RecordId,
    said: Said,
    by: MemberId,
    /// The hand-over that an answer answers, or a take-back takes back.
    answers: Option<RecordId>,
    /// Additions that a co-signature covers.
    covers: BTreeSet<RecordId>,
}

impl Act {
    const fn is_answer(&self) -> bool {
        matches!(self.said, Said::CoSigned | Said::Returned)
    }

    /// Reads it of a header, which outlives a body.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let of = |kind| record.relation(kind);
        let (relation, said) = match of(RelationKind::Submits) {
            Some(submits) => (submits, Said::Submitted),
            None => match (of(RelationKind::CoSigns), of(RelationKind::Returns)) {
                (Some(signs), None) => (signs, Said::CoSigned),
                (None, Some(returns)) => (returns, Said::Returned),
                _ => return None,
            },
        };
        let back = record.body().is_some_and(|body| body.bytes(tag::STRUCK).is_some());
        let said = if said == Said::Submitted && back { Said::TakenBack } else { said };
        let named = record.header.relations.iter().filter(|one| one.kind == RelationKind::CoSigns);
        let covers = named.skip(1).map(|one| RecordId::from_bytes(one.target)).collect();
        let by = record.header.author.member;
        let answers = of(RelationKind::Answers).map(|one| RecordId::from_bytes(one.target));
        Some(Self { note: RecordId::from_bytes(relation.target), said, by, answers, covers })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let said = match self.said {
            Said::Submitted => 1,
            Said::TakenBack => 2,
            Said::CoSigned => 3,
            Said::Returned => 4,
        };
        writer.fixed(self.note.as_bytes()).u8(said).fixed(self.by.as_bytes());
        writer.option(self.answers, |w, id| {
            w.fixed(id.as_bytes());
        });
        let covers: Vec<_> = self.covers.iter().collect();
        writer.list(&covers, |w, one| {
            w.fixed(one.as_bytes());
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let note = RecordId::from_bytes(reader.fixed()?);
        let said = match reader.u8()? {
            1 => Said::Submitted,
            2 => Said::TakenBack,
            3 => Said::CoSigned,
            4 => Said::Returned,
            _ => return Err(CodecError::Unknown),
        };
        let by = MemberId::from_bytes(reader.fixed()?);
        let answers = reader.option(|r| Ok(RecordId::from_bytes(r.fixed()?)))?;
        let covers = reader.list(RELATIONS_MAX, |r| Ok(RecordId::from_bytes(r.fixed()?)))?;
        Ok(Self { note, said, by, answers, covers: covers.into_iter().collect() })
    }
}

/// How a note stands, and what says so.
struct Standing<'a> {
    state: Supervision,
    since: Timestamp,
    /// The record that says so.
    record: RecordId,
    act: &'a Act,
    /// The hand-over that it answers, or is.
    submission: RecordId,
}

impl<'a> Standing<'a> {
    /// Of the author's hand-overs the newest counts that was not taken back before anybody answered it.
    /// An answer names the hand-over that it answers, and a take-back what it takes back: so an answer
    /// stands whatever came at the same time, and whatever clocks say.
    fn of(
        acts: &[(Timestamp, RecordId, &'a Act)],
        (note, author): (RecordId, MemberId),
    ) -> Option<Self> {
        // Of what it stands in the place of, only what counts there is among them.
        let own = |act: &Act| act.by == author || act.note != note;
        let handed = acts.iter().rev().filter(|(.., act)| act.said == Said::Submitted && own(act));
        for (time, id, act) in handed {
            let about = |one: &Act| one.answers == Some(*id);
            let answers = |one: &Act| one.is_answer() && one.note == note && one.by != author;
            let answer = acts.iter().rev().find(|(.., one)| answers(one) && about(one));
            if let Some((since, record, one)) = answer {
                let state = match one.said {
                    Said::CoSigned => Supervision::CoSigned,
                    _ => Supervision::Returned,
                };
                let (since, record, submission) = (*since, *record, *id);
                return Some(Self { state, since, record, act: one, submission });
            }
            let back = |one: &Act| one.said == Said::TakenBack && own(one) && about(one);
            if !acts.iter().any(|(.., one)| back(one)) {
                let (since, record, submission) = (*time, *id, *id);
                return Some(Self { state: Supervision::Waiting, since, record, act, submission });
            }
        }
        None
    }
}

/// So many versions behind a note are looked through for how they were handed over.
const VERSIONS_MAX: usize = 256;

type Acts<'a> = Vec<(Timestamp, RecordId, &'a Act)>;

impl Chart {
    /// Returns what was said about these notes.
    pub(super) fn acts_about<'a>(
        &'a self,
        notes: &'a BTreeSet<RecordId>,
    ) -> impl Iterator<Item = RecordId> + 'a {
        let about = |fact: &RecordFact| match &fact.headline {
            Headline::Supervision(act) => notes.contains(&act.note),
            _ => false,
        };
        self.records.iter().filter(move |(_, fact)| about(fact)).map(|(id, _)| *id)
    }

    /// Returns all that was said of each note, in the order of the times.
    fn supervised(&self) -> BTreeMap<RecordId, Acts<'_>> {
        let mut all: BTreeMap<RecordId, Acts<'_>> = BTreeMap::new();
        for (id, RecordFact { time, headline, .. }) in &self.records {
            if let Headline::Supervision(act) = headline {
                all.entry(act.note).or_default().push((*time, *id, act));
            }
        }
        all.values_mut().for_each(|acts| acts.sort_by_key(|(time, id, _)| (*time, *id)));
        all
    }

    fn acts_on(&self, note: RecordId) -> Acts<'_> {
        self.acts_among(&self.supervised(), &self.corrections(), note)
    }

    /// What was said of a note, and how those were handed over that it stands in the place of: what
    /// was answered there does not cover it.
    fn acts_among<'a>(
        &self,
        said: &BTreeMap<RecordId, Acts<'a>>,
        corrections: &Corrections,
        note: RecordId,
    ) -> Acts<'a> {
        let mut acts = said.get(&note).cloned().unwrap_or_default();
        for before in corrections.behind(note, VERSIONS_MAX).into_iter().skip(1) {
            let author = match self.records.get(&before).map(|fact| &fact.headline) {
                Some(Headline::Note(fact)) => fact.author,
                _ => continue,
            };
            let theirs = said.get(&before).into_iter().flatten();
            acts.extend(theirs.filter(|(.., act)| act.by == author && !act.is_answer()));
        }
        acts.sort_by_key(|(time, id, _)| (*time, *id));
        acts
    }

    /// Returns the notes that wait for a second person, and those that were handed back.
    pub(super) fn supervision(&self, client: ClientId) -> Vec<SupervisionRow> {
        let said = self.supervised();
        if said.is_empty() {
            return Vec::new();
        }
        let corrections = self.corrections();
        let notes = corrections.ends_of(&said.keys().copied().collect());
        let row = |note: RecordId| {
            let RecordFact { time, headline: Headline::Note(fact), .. } =
                self.records.get(&note)?
            else {
                return None;
            };
            let acts = self.acts_among(&said, &corrections, note);
            let standing = Standing::of(&acts, (note, fact.author))?;
            let state = standing.state;
            let (since, by) = match standing.act.note == note {
                true => (standing.since, standing.act.by),
                // It waits anew since it was corrected.
                false => (standing.since.max(*time), fact.author),
            };
            let row = SupervisionRow { client, note, state, author: fact.author, by, since };
            (state != Supervision::CoSigned).then_some(row)
        };
        notes.into_iter().filter_map(row).collect()
    }
}

impl Practice {
    /// Hands a note over, takes it back, co-signs it or returns it.
    pub(super) fn supervise(
        &mut self,
        client: ClientId,
        (note, step): (RecordId, &Step),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let chart = self.facts.charts.get(&client).ok_or(Refusal::UnknownNote)?;
        let fact = chart.records.get(&note).ok_or(Refusal::UnknownNote)?;
        if !matches!(fact.headline, Headline::Note(_)) || chart.adds_to(note).is_some() {
            return Err(Refusal::UnknownNote);
        }
        if chart.corrections().is_replaced(note) {
            return Err(Refusal::CorrectedSince);
        }
        let name = self.chart_of(client);
        let stored = Self::stored_record(&name, note, cx)?;
        let (author, me) = (stored.header.author.member, cx.pen.author().member);
        let acts = chart.acts_on(note);
        let said = acts.last().map(|(time, ..)| *time);
        let standing = Standing::of(&acts, (note, author));
        let state = standing.as_ref().map(|standing| standing.state);
        let submission = standing.map(|standing| standing.submission);
        let allowed = match step {
            Step::Submit => me == author,
            Step::TakeBack => me == author && state == Some(Supervision::Waiting),
            Step::CoSign | Step::Return(_) => me != author && state.is_some(),
        };
        if !allowed {
            let own = matches!(step, Step::CoSign | Step::Return(_)) == (me == author);
            return Err(if own { Refusal::OwnNote } else { Refusal::NotSubmitted });
        }
        let (kind, mut body) = (step.relation(), Tags::new());
        let mut relations =
            vec![Relation { kind, target: *note.as_bytes(), digest: stored.digest() }];
        if let Some(submission) = submission.filter(|_| *step != Step::Submit) {
            let digest = Self::stored_record(&name, submission, cx)?.digest();
            let (kind, target) = (RelationKind::Answers, *submission.as_bytes());
            relations.push(Relation { kind, target, digest });
        }
        match step {
            Step::Submit => {}
            Step::TakeBack => drop(body.set(tag::STRUCK, [1])),
            Step::CoSign => {
                let additions = chart.addenda(note);
                for addition in additions.into_iter().take(RELATIONS_MAX - 2) {
                    let digest = Self::stored_record(&name, addition, cx)?.digest();
                    relations.push(Relation { kind, target: *addition.as_bytes(), digest });
                }
            }
            Step::Return(comment) => drop(body.set(tag::TEXT, fitting(comment)?.as_bytes())),
        }
        let written = (RecordKind::Supervision, relations);
        let mut changes = vec![self.write_after(said, &name, written, body, cx)];
        let inverse = match step {
            Step::Submit => Some(Edit::Supervise { client, note, step: Step::TakeBack }),
            Step::TakeBack => Some(Edit::Supervise { client, note, step: Step::Submit }),
            Step::CoSign | Step::Return(_) => {
                changes.extend(self.audit(&sign_event(client, note), cx));
                None
            }
        };
        Ok(Done { changes, inverse, guards: Vec::new() })
    }

    /// Hands over what was just signed, if its author said that all notes go to a second person.
    pub(super) fn submit_signed(
        &mut self,
        name: &CompartmentName,
        signed: &Change,
        cx: &mut Context<'_>,
    ) -> Option<Change> {
        self.submit_moved(name, signed, false, cx)
    }

    /// The same of a note that was signed in another chart before: also if it was handed over there.
    pub(super) fn submit_moved(
        &mut self,
        name: &CompartmentName,
        signed: &Change,
        was_handed_over: bool,
        cx: &mut Context<'_>,
    ) -> Option<Change> {
        let asked = (cx.pen.author().member, RemoteSetting::Supervised);
        if !was_handed_over {
            self.facts.settings.remote.get(&asked)?;
        }
        let record = Self::written_in(signed)?;
        if record.header.kind != RecordKind::Note {
            return None;
        }
        let (kind, target) = (RelationKind::Submits, *record.header.id.as_bytes());
        let relations = vec![Relation { kind, target, digest: record.digest() }];
        Some(self.write_record(name, RecordKind::Supervision, relations, Tags::new(), cx).1)
    }

    /// How a note stands that is open.
    pub(super) fn supervision_of(
        &self,
        client: ClientId,
        note: &Record,
        cx: &mut Context<'_>,
    ) -> Result<Option<SupervisionView>, Refusal> {
        let Some(chart) = self.shown_book(client, Book::Chart) else { return Ok(None) };
        let id = note.header.id;
        let acts = chart.acts_on(id);
        let Some(Standing { state, record: said, act, .. }) =
            Standing::of(&acts, (id, note.header.author.member))
        else {
            return Ok(None);
        };
        let record = Self::stored_record(&self.chart_of(client), said, cx)?;
        // Handed over was what it stands in the place of: it waits since it was signed.
        let own = act.note == id;
        let (by, at) = match own {
            true => (act.by, &record.header),
            false => (note.header.author.member, &note.header),
        };
        let at = Stamp { time: at.time, zone: at.zone.clone() };
        let text = record.body().and_then(|body| body.text(tag::TEXT));
        let comment = text.filter(|_| state == Supervision::Returned).unwrap_or_default();
        let not_covered = match state {
            Supervision::CoSigned => {
                chart.addenda(id).iter().filter(|one| !act.covers.contains(one)).count()
            }
            Supervision::Waiting | Supervision::Returned => 0,
        };
        Ok(Some(SupervisionView {
            state,
            by,
            at,
            comment: within(comment, COMMENT_BYTES_MAX).to_owned(),
            not_covered,
        }))
    }
}

/// Returns why a note is returned, as it is written down.
fn fitting(comment: &str) -> Result<&str, Refusal> {
    match comment.trim() {
        "" => Err(Refusal::EmptyText),
        comment if comment.len() > COMMENT_BYTES_MAX => Err(Refusal::TextTooLong),
        comment => Ok(comment),
    }
}

impl Step {
    const fn relation(&self) -> RelationKind {
        match self {
            Self::Submit | Self::TakeBack => RelationKind::Submits,
            Self::CoSign => RelationKind::CoSigns,
            Self::Return(_) => RelationKind::Returns,
        }
    }
}
