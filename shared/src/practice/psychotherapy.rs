//! Psychotherapy notes in the narrow sense of 45 CFR 164.501: what a member notes down of the conversation
//! itself, for nobody else, apart from the rest of the record.
//!
//! They lie in a compartment of their own, of one client and one author, whose keys are behind the
//! author's second secret. While nobody has stepped up, nothing is known of them here: not that there are
//! any. They are made like a chart (`Book`), so that typing, signing, addenda and late words are the
//! same; no list, timeline, search or export asks for them, and the trail names the client alone.

use super::apply::{Done, Refusal};
use super::audit::AuditSubject;
use super::books::Book;
use super::chart::{self, Chart, Headline, tag};
use super::draft::{self, DraftFact};
use super::edit::{JournalMark, NoteFormat, Part, Subject};
use super::group::is_subject;
use super::journal::{BEGINNINGS_MAX, beginning, parse_date, read_date, write_date};
use super::note;
use super::record::{Record, RecordKind, Relation, RelationKind, Tags};
use super::times::Times;
use super::view::{AddendumView, ClientRow, DraftRow, NoteView};
use super::{Context, Practice, edit::Edit, zone};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, ObjectId, RecordId};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a member does with psychotherapy notes of their own, besides typing, signing and adding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PsychotherapyEdit {
    /// Begins one.
    Begin {
        /// The draft's document.
        draft: ObjectId,
        /// About whom.
        client: ClientId,
        /// The day that it is about.
        date: Date,
    },
    /// Strikes one, or brings it back. It stays.
    Strike {
        /// About whom.
        client: ClientId,
        /// Which.
        record: RecordId,
        /// `false` brings it back.
        struck: bool,
    },
}

/// One in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PsychotherapyRow {
    /// Under which of the entries that are one person it lies.
    pub client: ClientId,
    /// Its record.
    pub record: RecordId,
    /// The day that it is about.
    pub date: Date,
    /// Number of words.
    pub words: u32,
    /// Number of addenda.
    pub addenda: u32,
    /// How it begins, in one line; empty of those that are far down.
    pub begins: String,
    /// Whether it was struck: it stays, and can be brought back.
    pub struck: bool,
}

/// The member's own psychotherapy notes about a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PsychotherapyView {
    /// The client.
    pub client: Arc<ClientRow>,
    /// The newest day first; then those that were struck.
    pub notes: Vec<PsychotherapyRow>,
    /// Those that are being written, oldest first.
    pub drafts: Vec<DraftRow>,
}

/// The headline of a psychotherapy note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct PsychotherapyFact {
    pub(super) draft: Option<ObjectId>,
    date: Date,
    words: u32,
}

impl PsychotherapyFact {
    fn of(record: &Record) -> Option<Self> {
        let body = record.body()?;
        let signs = record.relation(RelationKind::Signs);
        Some(Self {
            draft: signs.map(|relation| ObjectId::from_bytes(relation.target)),
            date: parse_date(body.text(tag::ABOUT_DATE)?)?,
            words: draft::words(body.text(tag::TEXT)?),
        })
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.option(self.draft, |w, draft| {
            w.fixed(draft.as_bytes());
        });
        write_date(writer, self.date);
        writer.u32(self.words);
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            draft: reader.option(|r| r.fixed().map(ObjectId::from_bytes))?,
            date: read_date(reader)?,
            words: reader.u32()?,
        })
    }
}

/// Reads the headline of what lies among psychotherapy notes; nothing else belongs there.
pub(super) fn headline(record: &Record, kind: RecordKind) -> Option<Headline> {
    match kind {
        RecordKind::Psychotherapy => PsychotherapyFact::of(record).map(Headline::Psychotherapy),
        RecordKind::Addendum => chart::headline(record),
        _ => None,
    }
}

/// The body of one; `heads` is the state of the draft that it was.
pub(super) fn body(date: Date, text: &str, heads: &[[u8; 32]]) -> Tags {
    let mut body = note::addendum_body(text, heads);
    body.set(tag::ABOUT_DATE, date.to_string());
    body
}

/// Returns one as it is read.
pub(super) fn note_view(
    record: &Record,
    client: ClientId,
    addenda: Vec<AddendumView>,
) -> Option<NoteView> {
    let body = record.body()?;
    Some(NoteView {
        record: record.header.id,
        client,
        session: None,
        format: NoteFormat::Free,
        parts: vec![(Part::Text, body.text(tag::TEXT)?.to_owned())],
        author: record.header.author.member,
        signed: note::stamp(record),
        late_reason: None,
        remote: None,
        times: Times::default(),
        journal: None,
        psychotherapy: Some(parse_date(body.text(tag::ABOUT_DATE)?)?),
        labels: BTreeSet::new(),
        supervision: None,
        versions: None,
        addenda,
    })
}

impl Chart {
    /// Returns the psychotherapy notes that stand on their own.
    fn psychotherapy_rows(&self, client: ClientId) -> Vec<PsychotherapyRow> {
        let mut rows = Vec::new();
        for (id, fact) in &self.records {
            let Headline::Psychotherapy(known) = &fact.headline else { continue };
            if self.adds_to(*id).is_none() {
                rows.push(PsychotherapyRow {
                    client,
                    record: *id,
                    date: known.date,
                    words: known.words,
                    addenda: u32::try_from(self.addenda(*id).len()).unwrap_or(u32::MAX),
                    begins: String::new(),
                    struck: self.is_struck(*id),
                });
            }
        }
        rows
    }
}

impl Practice {
    /// Psychotherapy notes are open from now on; what lies here of them is to be given with
    /// [`Practice::restore`] or [`Practice::rebuild`].
    pub fn step_up(&mut self) {
        self.stepped_up = true;
    }

    /// Whether psychotherapy notes are open.
    pub const fn is_stepped_up(&self) -> bool {
        self.stepped_up
    }

    /// Closes psychotherapy notes: all that was known of them is forgotten. Returns their drafts.
    pub fn step_down(&mut self) -> BTreeSet<ObjectId> {
        let apart = std::mem::take(&mut self.facts.psychotherapy);
        let mut drafts = BTreeSet::new();
        for notes in apart.values() {
            drafts.extend(notes.drafts.keys().copied());
            drafts.extend(notes.signed_drafts().into_keys());
        }
        self.documents.retain(|object, _| !drafts.contains(object));
        self.shown.retain(|object, _| !drafts.contains(object));
        self.stepped_up = false;
        drafts
    }

    /// Returns the drafts among psychotherapy notes, with whom they are about.
    pub fn psychotherapy_drafts(&self) -> Vec<(ClientId, ObjectId)> {
        let apart = self.facts.psychotherapy.iter();
        let drafts = apart.flat_map(|((client, _), notes)| {
            notes.drafts.keys().map(move |draft| (*client, *draft))
        });
        drafts.collect()
    }

    /// Whether something that is looked at lies among psychotherapy notes.
    pub fn is_psychotherapy(&self, subject: Subject) -> bool {
        match subject {
            Subject::Psychotherapy(_) => true,
            Subject::Draft(client, draft) => self.book_of_draft(client, draft).is_psychotherapy(),
            Subject::Note(client, record) => self.book_of_record(client, record).is_psychotherapy(),
            _ => false,
        }
    }

    /// What the trail names when something is looked at or signed: auditors read it, so of
    /// psychotherapy notes it says with whom, and not which nor how many.
    pub(super) fn audited(&self, subject: Subject) -> AuditSubject {
        match subject {
            Subject::Draft(client, _) | Subject::Note(client, _)
                if self.is_psychotherapy(subject) =>
            {
                AuditSubject::View(Subject::Psychotherapy(client))
            }
            subject => AuditSubject::View(subject),
        }
    }

    /// The day that a draft is about.
    pub(super) fn date_of(&self, fact: &DraftFact) -> Date {
        fact.date.unwrap_or_else(|| zone::date(fact.begun, &self.facts.settings.zone))
    }

    pub(super) fn write_psychotherapy(
        &mut self,
        edit: PsychotherapyEdit,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.stepped_up {
            return Err(Refusal::NotSteppedUp);
        }
        match edit {
            PsychotherapyEdit::Begin { draft, client, date } => {
                if is_subject(client) {
                    return Err(Refusal::OfGroup);
                }
                if !self.facts.contacts.contains_key(&client) {
                    return Err(Refusal::UnknownClient);
                }
                let book = Book::Psychotherapy(cx.pen.author().member);
                let fact =
                    DraftFact { date: Some(date), ..DraftFact::new(NoteFormat::Free, cx.now) };
                self.begin_draft(draft, (client, book), fact, cx)
            }
            PsychotherapyEdit::Strike { client, record, struck } => {
                self.strike_psychotherapy(client, (record, struck), cx)
            }
        }
    }

    fn strike_psychotherapy(
        &mut self,
        client: ClientId,
        (record, struck): (RecordId, bool),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let book = Book::Psychotherapy(cx.pen.author().member);
        let notes = self.facts.book(client, book).ok_or(Refusal::UnknownNote)?;
        let known = notes.records.get(&record).map(|fact| &fact.headline);
        if !matches!(known, Some(Headline::Psychotherapy(_))) {
            return Err(Refusal::UnknownNote);
        }
        let said = notes.marks.said_last(record, JournalMark::Struck(struck));
        let name = self.home(client, book);
        let digest = Self::stored_record(&name, record, cx)?.digest();
        let relation =
            Relation { kind: RelationKind::Corrects, target: *record.as_bytes(), digest };
        let mut body = Tags::new();
        body.set(tag::STRUCK, [u8::from(struck)]);
        let written = (RecordKind::Psychotherapy, vec![relation]);
        let change = self.write_after(said, &name, written, body, cx);
        let inverse = PsychotherapyEdit::Strike { client, record, struck: !struck };
        let inverse = Some(Edit::Psychotherapy(inverse));
        Ok(Done { changes: vec![change], inverse, guards: Vec::new() })
    }

    pub(super) fn psychotherapy_view(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<PsychotherapyView, Refusal> {
        if !self.stepped_up {
            return Err(Refusal::NotSteppedUp);
        }
        let client = self.kept_of(client);
        let row = self.shown_row(client).ok_or(Refusal::UnknownClient)?;
        let book = Book::Psychotherapy(cx.pen.author().member);
        let (mut notes, mut drafts) = (Vec::new(), Vec::new());
        for one in self.seen_as_one(client) {
            let Some(known) = self.shown_book(one, book) else { continue };
            notes.extend(known.psychotherapy_rows(one));
            drafts.extend(known.unfinished(one, book));
        }
        notes.sort_by_key(|row| (row.struck, std::cmp::Reverse((row.date, row.record))));
        for row in notes.iter_mut().filter(|row| !row.struck).take(BEGINNINGS_MAX) {
            row.begins =
                beginning(&Self::stored_record(&self.home(row.client, book), row.record, cx)?);
        }
        drafts.sort_by_key(|row| (row.begun, row.note));
        Ok(PsychotherapyView { client: row, notes, drafts })
    }
}
