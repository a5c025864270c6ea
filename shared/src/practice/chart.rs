//! What lists know of a chart: its drafts and the headlines of its records, and the timeline
//! that follows from them. It holds no sentence that anybody wrote.

mod codec;
mod corrections;
mod fact;

use super::apply::Refusal;
use super::consent::{self, ConsentAct, ConsentFact};
use super::crisis::{self, CrisisFact};
use super::draft::{self, DraftFact};
use super::edit::{NoteFormat, Part};
use super::journal::{Book, EntryFact, Marks};
use super::label::Labelling;
use super::measure::Taken;
use super::misfiled::{self, InError};
use super::plan::{Plan, PlanFact, PlanKind};
use super::psychotherapy::PsychotherapyFact;
use super::record::{Record, RecordKind, RelationKind};
use super::supervision;
use super::view::{Corrected, DraftRow, NoteState, TimelineEntry, TimelineRow};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, ClientId, MemberId, ObjectId, RecordId, Timestamp};
use codec::{decode_draft, decode_headline, encode_draft, encode_headline};
use corrections::Standing;
pub(super) use corrections::{Corrections, steps};
use std::collections::{BTreeMap, BTreeSet};

/// A note is late when it is signed more than 72 hours after its session (domain 3.9).
pub const LATE_AFTER_MILLIS: i64 = 72 * 3600 * 1000;

const ITEMS_MAX: usize = 1 << 20;
const ADDITIONS_FOLLOWED: usize = 8;
/// In the place of so many notes one stands at most.
pub(super) const REPLACED_MAX: usize = 8;

/// Numbers of the fields in record bodies. An open registry; a number is never used twice.
pub(super) mod tag {
    pub(crate) const FORMAT: u16 = 1;
    pub(crate) const SESSION: u16 = 2;
    pub(crate) const SESSION_START: u16 = 3;
    pub(crate) const LATE_REASON: u16 = 4;
    pub(crate) const HEADS: u16 = 5;
    pub(crate) const MODALITY: u16 = 6;
    pub(crate) const CLIENT_PLACE: u16 = 7;
    pub(crate) const CLIENT_HELP: u16 = 8;
    pub(crate) const TEXT: u16 = 10;
    pub(crate) const SUBJECTIVE: u16 = 11;
    pub(crate) const OBJECTIVE: u16 = 12;
    pub(crate) const ASSESSMENT: u16 = 13;
    pub(crate) const PLAN: u16 = 14;
    // 20 to 29, 36 and 37 are those of measures, 110 to 130 those of crises.
    pub(crate) const DATE: u16 = 30;
    pub(crate) const MINUTES: u16 = 31;
    pub(crate) const PLACE: u16 = 32;
    pub(crate) const DIAGNOSES: u16 = 33;
    pub(crate) const FEE_STATE: u16 = 34;
    pub(crate) const IDEMPOTENCY: u16 = 35;
    pub(crate) const EVENT: u16 = 40;
    pub(crate) const SUBJECT: u16 = 41;
    pub(crate) const PURPOSE: u16 = 42;
    pub(crate) const PREVIOUS: u16 = 43;
    pub(crate) const NUMBER: u16 = 44;
    pub(crate) const COUNT: u16 = 45;
    pub(crate) const RELEASED: u16 = 46;
    pub(crate) const CHANNEL: u16 = 50;
    pub(crate) const DIRECTION: u16 = 51;
    pub(crate) const WHEN: u16 = 52;
    pub(crate) const STRUCK: u16 = 53;
    pub(crate) const PLAN_LINES: u16 = 60;
    pub(crate) const ENTRY_DATE: u16 = 70;
    pub(crate) const CAME: u16 = 71;
    pub(crate) const SHARED: u16 = 72;
    pub(crate) const CONSENT_KIND: u16 = 90;
    pub(crate) const CONSENT_RECIPIENT: u16 = 91;
    pub(crate) const CONSENT_COVERS: u16 = 92;
    pub(crate) const CONSENT_GIVEN: u16 = 93;
    pub(crate) const CONSENT_UNTIL: u16 = 94;
    pub(crate) const CONSENT_HOW: u16 = 95;
    pub(crate) const CONSENT_SAID: u16 = 96;
    pub(crate) const CONSENT_REFUSED: u16 = 97;
    pub(crate) const CONSENT_REVOKED: u16 = 98;
    pub(crate) const CONSENT_REASON: u16 = 99;
    pub(crate) const CONSENT_SEEN: u16 = 100;
    // 140 to 149 are those of psychotherapy notes and of corrections.
    pub(crate) const ABOUT_DATE: u16 = 140;
    pub(crate) const CORRECTED_BECAUSE: u16 = 250;
    // 251 and 252 are those of notes in the wrong chart, and of what takes their charges back.
    /// When a strike closed the task of what it strikes. Milliseconds, eight bytes.
    pub(crate) const STRUCK_NEXT: u16 = 263;
}

/// One client's chart as lists know it; a client's journal is made in the same way.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Chart {
    pub(super) drafts: BTreeMap<ObjectId, DraftFact>,
    pub(super) records: BTreeMap<RecordId, RecordFact>,
    pub(super) plan: PlanFact,
    pub(super) marks: Marks,
    /// The risk forms that name a measure: they answer to what it raised.
    pub(super) forms_of: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// Which consents are one family, and what was said of them.
    pub(super) consents: consent::Kept,
    /// What was entered in error, as which member says.
    pub(super) in_error: misfiled::Said,
}

/// A record's headline.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct RecordFact {
    pub(super) time: Timestamp,
    /// Whose it is, which its signature says.
    pub(super) author: MemberId,
    pub(super) headline: Headline,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Headline {
    Addendum { note: RecordId, draft: Option<ObjectId>, words: u32 },
    Journal(EntryFact),
    Consent(ConsentFact),
    Labels(Labelling),
    ConsentAct(ConsentAct),
    Crisis(CrisisFact),
    InError(InError),
    Measure(Taken),
    Note(NoteFact),
    Plan { goals: u32 },
    Supervision(supervision::Act),
    Psychotherapy(PsychotherapyFact),
    Unknown,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct NoteFact {
    /// Who signed it.
    pub(super) author: MemberId,
    pub(super) draft: Option<ObjectId>,
    pub(super) format: NoteFormat,
    pub(super) session: Option<AppointmentId>,
    pub(super) words: u32,
    pub(super) late: bool,
    /// The notes in whose place it says that it stands; see [`Chart::corrections`].
    pub(super) corrects: Vec<RecordId>,
    /// When it was signed in another chart, from which it was moved here.
    pub(super) moved: Option<Timestamp>,
}

impl Headline {
    pub(super) const fn is_note(&self) -> bool {
        matches!(self, Self::Note(_))
    }

    /// Whether it is what may lie in the wrong chart; of what was destroyed, or of what only a newer
    /// version reads, nobody knows that it is not.
    pub(super) const fn can_be_misfiled(&self) -> bool {
        matches!(self, Self::Addendum { .. } | Self::Note(_) | Self::Unknown)
    }

    const fn can_be_struck(&self) -> bool {
        matches!(
            self,
            Self::Crisis(_) | Self::Journal(_) | Self::Measure(_) | Self::Psychotherapy(_)
        )
    }

    /// Returns the draft that the record signs.
    pub(super) fn draft(&self) -> Option<ObjectId> {
        match self {
            Self::Addendum { draft, .. } => *draft,
            Self::Journal(entry) => entry.draft,
            Self::Note(note) => note.draft,
            Self::Psychotherapy(note) => note.draft,
            Self::Consent(_)
            | Self::ConsentAct(_)
            | Self::Crisis(_)
            | Self::InError(_)
            | Self::Labels(_)
            | Self::Measure(_)
            | Self::Plan { .. }
            | Self::Supervision(_)
            | Self::Unknown => None,
        }
    }
}

pub(super) fn headline(record: &Record) -> Option<Headline> {
    let target = |kind| record.relation(kind).map(|relation| relation.target);
    let draft = target(RelationKind::Signs).map(ObjectId::from_bytes);
    if record.header.kind == RecordKind::Labels {
        return Labelling::of(record).map(Headline::Labels);
    }
    if record.header.kind == RecordKind::Supervision {
        return supervision::Act::of(record).map(Headline::Supervision);
    }
    let body = record.body()?;
    match record.header.kind {
        RecordKind::Note => {
            let format = NoteFormat::of(i64::from(body.fixed::<1>(tag::FORMAT)?[0]))?;
            let named = record.header.relations.iter();
            let named = named.filter(|relation| relation.kind == RelationKind::Corrects);
            let corrects: Vec<_> = named
                .map(|relation| RecordId::from_bytes(relation.target))
                .take(REPLACED_MAX)
                .collect();
            let start = body.fixed(tag::SESSION_START).map(i64::from_be_bytes);
            // A correction is no late entry of its session: its own time is shown.
            let late = start.filter(|_| corrects.is_empty()).is_some_and(|start| {
                let start = Timestamp::from_millis(start);
                record.header.time.millis_since(start) > LATE_AFTER_MILLIS
            });
            let words = super::note::texts(body, format);
            Some(Headline::Note(NoteFact {
                author: record.header.author.member,
                draft,
                format,
                session: body.fixed(tag::SESSION).map(AppointmentId::from_bytes),
                words: words.iter().map(|(_, text)| draft::words(text)).sum(),
                late,
                corrects,
                moved: misfiled::signed_first(record),
            }))
        }
        RecordKind::Addendum => Some(Headline::Addendum {
            note: RecordId::from_bytes(target(RelationKind::AddendumTo)?),
            draft,
            words: draft::words(body.text(tag::TEXT)?),
        }),
        RecordKind::Consent => consent::headline(record, body),
        RecordKind::InError => InError::of(record).map(Headline::InError),
        RecordKind::Measure => Taken::of(body).map(Headline::Measure),
        RecordKind::Risk | RecordKind::SafetyPlan => {
            CrisisFact::of(record, body).map(Headline::Crisis)
        }
        RecordKind::Plan => {
            let plan = Plan::signed(record)?;
            let goals = plan.items.iter().filter(|item| item.kind == PlanKind::Goal).count();
            Some(Headline::Plan { goals: u32::try_from(goals).ok()? })
        }
        _ => None,
    }
}

impl Chart {
    /// Returns the record that each signed draft became: of several the first, since two devices
    /// may sign one draft without knowing of each other.
    pub(super) fn signed_drafts(&self) -> BTreeMap<ObjectId, RecordId> {
        let mut first: BTreeMap<ObjectId, (Timestamp, RecordId)> = BTreeMap::new();
        for (id, fact) in &self.records {
            let Some(draft) = fact.headline.draft() else { continue };
            let earliest = first.entry(draft).or_insert((fact.time, *id));
            *earliest = (*earliest).min((fact.time, *id));
        }
        first.into_iter().map(|(draft, (_, id))| (draft, id)).collect()
    }

    /// Returns the chart without these records and the drafts that they sign.
    pub(super) fn without(&self, hidden: &BTreeSet<RecordId>) -> Self {
        let signed = self.records.iter().filter(|(id, _)| hidden.contains(id));
        let drafts: BTreeSet<_> = signed.filter_map(|(_, fact)| fact.headline.draft()).collect();
        let mut shown = self.clone();
        shown.records.retain(|id, _| !hidden.contains(id));
        shown.forms_of = crisis::forms_of(&shown.records);
        shown.consents.forget();
        // The draft of a correction says what the note says.
        let corrects = |fact: &DraftFact| fact.corrects.is_some_and(|note| hidden.contains(&note));
        shown.drafts.retain(|id, fact| !drafts.contains(id) && !corrects(fact));
        shown
    }

    /// Returns the record that a draft became.
    pub(super) fn signed(&self, draft: ObjectId) -> Option<RecordId> {
        let signatures = self.signatures(draft).into_iter();
        signatures.min_by_key(|id| (self.records.get(id).map(|fact| fact.time), *id))
    }

    /// Returns all records that name a draft as what they sign.
    pub(super) fn signatures(&self, draft: ObjectId) -> Vec<RecordId> {
        let signs = |fact: &RecordFact| fact.headline.draft() == Some(draft);
        self.records.iter().filter(|(_, fact)| signs(fact)).map(|(id, _)| *id).collect()
    }

    /// Checks that a record of this chart is a signed note, which can have an addendum.
    pub(super) fn takes_addendum(&self, record: RecordId) -> Result<(), Refusal> {
        match self.records.get(&record).map(|fact| &fact.headline) {
            Some(Headline::Note(_) | Headline::Journal(_) | Headline::Psychotherapy(_)) => Ok(()),
            Some(Headline::Plan { .. }) => Err(Refusal::PlanVersion),
            _ => Err(Refusal::UnknownNote),
        }
    }

    /// Returns the note that a record adds to in the end: an addendum does, and so does a second
    /// signature that was made under the same draft without knowledge of the first.
    pub(super) fn adds_to(&self, record: RecordId) -> Option<RecordId> {
        self.adds_to_among(&self.signed_drafts(), record)
    }

    fn adds_to_among(
        &self,
        signed: &BTreeMap<ObjectId, RecordId>,
        record: RecordId,
    ) -> Option<RecordId> {
        let first = |draft: Option<ObjectId>, record: RecordId| {
            signed.get(&draft?).copied().filter(|first| *first != record)
        };
        let step = |record: RecordId| match &self.records.get(&record)?.headline {
            Headline::Addendum { note, .. } => Some(*note),
            Headline::Journal(entry) => first(entry.draft, record),
            Headline::Note(note) => first(note.draft, record),
            Headline::Psychotherapy(note) => first(note.draft, record),
            _ => None,
        };
        // An addendum may have been made to what turned out to be a second signature.
        let mut end = step(record)?;
        for _ in 0..ADDITIONS_FOLLOWED {
            let Some(next) = step(end) else { break };
            end = next;
        }
        Some(end)
    }

    /// Returns the addenda of a note and of what it takes the place of, oldest first.
    pub(super) fn addenda(&self, note: RecordId) -> Vec<RecordId> {
        let signed = self.signed_drafts();
        let back: BTreeSet<RecordId> =
            self.corrections_among(&signed).back_from(note).into_iter().collect();
        let mut addenda: Vec<_> = self
            .records
            .iter()
            .filter(|(id, _)| {
                self.adds_to_among(&signed, **id).is_some_and(|note| back.contains(&note))
            })
            .map(|(id, fact)| (fact.time, *id))
            .collect();
        addenda.sort_unstable();
        addenda.into_iter().map(|(_, id)| id).collect()
    }

    /// Returns the newest signed note that has a part and stands on its own, and when it was signed
    /// first.
    pub(super) fn newest_with(&self, part: Part) -> Option<(Timestamp, RecordId)> {
        let signed = self.signed_drafts();
        let corrections = self.corrections_among(&signed);
        let wanted = |id: RecordId, fact: &RecordFact| match &fact.headline {
            Headline::Note(note) => {
                note.format.parts().contains(&part)
                    && !corrections.is_replaced(id)
                    && self.adds_to_among(&signed, id).is_none()
            }
            _ => false,
        };
        let matching = self.records.iter().filter(|(id, fact)| wanted(**id, fact));
        // What is corrected late is as old as its session all the same.
        let timed = matching.filter_map(|(id, fact)| {
            let first = self.first_signed(&corrections, *id)?;
            Some(((first, fact.time, *id), (first, *id)))
        });
        timed.max_by_key(|(order, _)| *order).map(|(_, newest)| newest)
    }

    /// Returns the drafts that somebody still has to finish, oldest first.
    pub(super) fn unfinished(&self, client: ClientId, book: Book) -> Vec<DraftRow> {
        let signed = self.signed_drafts();
        let open = |id: ObjectId, fact: &DraftFact| !fact.discarded && !signed.contains_key(&id);
        let drafts = self.drafts.iter().filter(|(id, fact)| open(**id, fact));
        let mut rows: Vec<_> = drafts.map(|(id, fact)| row(*id, (client, book), fact)).collect();
        rows.sort_by_key(|row| (row.begun, row.note));
        rows
    }

    /// Returns the timeline, newest first.
    pub(super) fn timeline(&self, client: ClientId) -> Vec<TimelineRow> {
        let signed = self.signed_drafts();
        let corrections = self.corrections_among(&signed);
        let lines = self.standing_lines();
        let mut addenda: BTreeMap<RecordId, u32> = BTreeMap::new();
        let mut rows = Vec::new();
        for (id, fact) in &self.records {
            let adds_to = self.adds_to_among(&signed, *id);
            if let Some(note) = adds_to {
                *addenda.entry(note).or_default() += 1;
            }
            if self.is_struck(adds_to.unwrap_or(*id)) || corrections.is_replaced(*id) {
                continue;
            }
            if matches!(fact.headline, Headline::InError(_)) && !lines.contains(id) {
                continue;
            }
            // What was added to a note stands below whatever took its place.
            let below = adds_to.map(|note| match self.records.contains_key(&note) {
                true => corrections.newest_of(note),
                // It was added elsewhere to a note that is out of sight: it stands on its own.
                false => *id,
            });
            let line = self.line(*id, fact, below).map(|entry| (fact.time, *id, entry));
            rows.extend(line.map(|line| self.in_its_place(&corrections, line)));
        }
        let consents = self.register().into_iter().filter(|one| !one.struck);
        rows.extend(consents.map(|one| (one.day, one.row.record, consent::entry(&one))));
        rows.sort_by_key(|(time, id, _)| std::cmp::Reverse((*time, *id)));
        let addenda = corrections.summed(&addenda);
        let with_addenda = |(time, id, mut entry): (Timestamp, RecordId, TimelineEntry)| {
            if let TimelineEntry::Note { addenda: number, .. }
            | TimelineEntry::Journal { addenda: number, .. } = &mut entry
            {
                *number = addenda.get(&id).copied().unwrap_or_default();
            }
            TimelineRow { time, client, entry }
        };
        rows.into_iter().map(with_addenda).collect()
    }

    /// Returns how far the notes of sessions have come.
    pub(super) fn sessions(&self) -> BTreeMap<AppointmentId, NoteState> {
        let signed = self.signed_drafts();
        let mut states: BTreeMap<AppointmentId, (u8, Timestamp, NoteState)> = BTreeMap::new();
        let mut offer = |session, state: (u8, Timestamp, NoteState)| {
            let entry = states.entry(session).or_insert(state);
            // A signature counts more than a draft; of two, the earlier.
            if (state.0, state.1) < (entry.0, entry.1) {
                *entry = state;
            }
        };
        for (id, fact) in &self.records {
            if let Headline::Note(NoteFact { session: Some(session), .. }) = fact.headline {
                offer(session, (0, fact.time, NoteState::Signed(*id)));
            }
        }
        for (id, fact) in &self.drafts {
            let counts = !fact.discarded && fact.addendum_to.is_none() && fact.corrects.is_none();
            if let (Some(session), true) = (fact.session, counts && !signed.contains_key(id)) {
                offer(session, (1, fact.begun, NoteState::Draft(*id)));
            }
        }
        let corrections = self.corrections_among(&signed);
        let newest = |state| match state {
            NoteState::Signed(note) => NoteState::Signed(corrections.newest_of(note)),
            other => other,
        };
        states.into_iter().map(|(session, (_, _, state))| (session, newest(state))).collect()
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        let drafts: Vec<_> = self.drafts.iter().collect();
        writer.list(&drafts, |w, (id, fact)| {
            w.fixed(id.as_bytes());
            encode_draft(w, fact);
        });
        let records: Vec<_> = self.records.iter().collect();
        writer.list(&records, |w, (id, fact)| {
            w.fixed(id.as_bytes()).i64(fact.time.as_millis()).fixed(fact.author.as_bytes());
            encode_headline(w, &fact.headline);
        });
        self.plan.encode(writer);
        self.marks.encode(writer);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let drafts = reader
            .list(ITEMS_MAX, |r| Ok((r.fixed().map(ObjectId::from_bytes)?, decode_draft(r)?)))?;
        let records = reader.list(ITEMS_MAX, |r| {
            let id = RecordId::from_bytes(r.fixed()?);
            let time = Timestamp::from_millis(r.i64()?);
            let author = MemberId::from_bytes(r.fixed()?);
            Ok((id, RecordFact { time, author, headline: decode_headline(r)? }))
        })?;
        let (drafts, records) = (drafts.into_iter().collect(), records.into_iter().collect());
        let forms_of = crisis::forms_of(&records);
        let consents = consent::Kept::default();
        let in_error = misfiled::said(&records);
        let plan = PlanFact::decode(reader)?;
        let marks = Marks::decode(reader)?;
        Ok(Self { drafts, records, plan, marks, forms_of, consents, in_error })
    }

    /// Puts a correction where the note was that it takes the place of.
    fn in_its_place(
        &self,
        corrections: &Corrections,
        (time, id, mut entry): (Timestamp, RecordId, TimelineEntry),
    ) -> (Timestamp, RecordId, TimelineEntry) {
        let TimelineEntry::Note { late, corrected, .. } = &mut entry else {
            return (time, id, entry);
        };
        let time = self.records.get(&id).map_or(time, RecordFact::first_signed);
        let standing = corrections.standing(id);
        let first = standing.and_then(|standing| self.records.get(&standing.first));
        let (Some(Standing { beside, first }), Some(fact)) = (standing, first) else {
            return (time, id, entry);
        };
        *corrected = Some(Corrected { at: time, beside, first });
        if let Headline::Note(first) = &fact.headline {
            *late = first.late;
        }
        (fact.first_signed(), id, entry)
    }

    fn line(
        &self,
        id: RecordId,
        fact: &RecordFact,
        adds_to: Option<RecordId>,
    ) -> Option<TimelineEntry> {
        match (&fact.headline, adds_to) {
            (Headline::InError(stub), _) => {
                Some(TimelineEntry::InError { record: id, struck: fact.time, by: stub.by })
            }
            (Headline::Journal(entry), None) => Some(TimelineEntry::Journal {
                record: id,
                date: entry.date,
                words: entry.words,
                shared: self.marks.is_shared(id, entry.shared),
                addenda: 0,
            }),
            _ => entry(id, fact, adds_to).map(|line| match (line, self.measure(id)) {
                (TimelineEntry::Measure { record, .. }, Some(taken)) => {
                    TimelineEntry::Measure { record, taken }
                }
                (line, _) => line,
            }),
        }
    }

    /// Whether it was struck, and is of a kind that can be.
    pub(super) fn is_struck(&self, record: RecordId) -> bool {
        let headline = self.records.get(&record).map(|fact| &fact.headline);
        headline.is_some_and(Headline::can_be_struck) && self.marks.is_struck(record)
    }
}

pub(super) fn row(id: ObjectId, (client, book): (ClientId, Book), fact: &DraftFact) -> DraftRow {
    DraftRow {
        note: id,
        client,
        session: fact.session,
        format: fact.format,
        begun: fact.begun,
        words: fact.words,
        addendum_to: fact.addendum_to,
        corrects: fact.corrects,
        journal: book == Book::Journal,
        psychotherapy: matches!(book, Book::Psychotherapy(_)),
        date: fact.date,
    }
}

/// A record as a line of a timeline; of consents those that stand, which [`Chart::register`] knows.
fn entry(id: RecordId, fact: &RecordFact, adds_to: Option<RecordId>) -> Option<TimelineEntry> {
    Some(match (&fact.headline, adds_to) {
        (
            Headline::Consent(_)
            | Headline::ConsentAct(_)
            | Headline::InError(_)
            | Headline::Labels(_)
            | Headline::Psychotherapy(_)
            | Headline::Supervision(_),
            _,
        ) => return None,
        (Headline::Addendum { words, .. }, Some(note)) => {
            TimelineEntry::Addendum { record: id, note, words: *words }
        }
        (Headline::Note(second), Some(note)) => {
            TimelineEntry::Addendum { record: id, note, words: second.words }
        }
        (Headline::Journal(second), Some(note)) => {
            TimelineEntry::Addendum { record: id, note, words: second.words }
        }
        (Headline::Note(note), None) => TimelineEntry::Note {
            record: id,
            format: note.format,
            session: note.session,
            words: note.words,
            addenda: 0,
            late: note.late,
            corrected: None,
        },
        (Headline::Measure(taken), _) => {
            TimelineEntry::Measure { record: id, taken: taken.clone() }
        }
        (Headline::Crisis(fact), _) => fact.entry(id),
        (Headline::Plan { goals }, _) => TimelineEntry::Plan { record: id, goals: *goals },
        (Headline::Addendum { .. } | Headline::Journal(_) | Headline::Unknown, _) => {
            TimelineEntry::Unknown { record: id }
        }
    })
}
