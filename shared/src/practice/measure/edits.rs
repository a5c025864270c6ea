//! What is done with measures: answered, scored, looked at, struck; and a practice's own.

use super::form::Form;
use super::record::{self, Manner, MeasureMark, MeasureView, MeasuresView, NewScore, Review, tag};
use super::score::Answer;
use super::{Taken, library, read};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, ClientId, RecordId, Timestamp};
use crate::practice::apply::{Done, Guard, Refusal};
use crate::practice::chart::{Chart, Headline, tag as chart_tag};
use crate::practice::compartment::CompartmentName;
use crate::practice::contact::{Settings, normal};
use crate::practice::crisis::tag as crisis_tag;
use crate::practice::document::{Document, Scalar};
use crate::practice::edit::{Edit, Label};
use crate::practice::record::{LABELS_MAX, RecordKind, Relation, RelationKind, Tags};
use crate::practice::sign::sign_event;
use crate::practice::{Context, Practice, ShelfError, document_of};
use crate::suite::{self, Hash};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most measures of a practice's own that are read.
const OWN_MAX: usize = 24;
/// Most of which the ids are listed, so that they can be withdrawn.
const LISTED_MAX: usize = 500;
/// Most files that are tried: a device that lies may write any number that do not read.
const TRIED_MAX: usize = 2 * OWN_MAX;
const FIELD: &str = "measure/";

/// A practice's own measure: its file, and the forms that it has; neither of what is not read here.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::practice) struct Own {
    text: String,
    forms: Vec<Arc<Form>>,
}

thread_local! {
    /// The forms of files that were read lately, by what a file comes to: settings are read again at
    /// each change of any of them.
    static READ: RefCell<BTreeMap<Hash, Option<Vec<Arc<Form>>>>> = const {
        RefCell::new(BTreeMap::new())
    };
}
/// Most files that are remembered; each has at most a megabyte of forms.
const READ_MAX: usize = 2 * TRIED_MAX;

/// The practice's own measures, by the id of their files.
pub(in crate::practice) type OwnMeasures = BTreeMap<String, Own>;

/// Reads a file as one of a practice's own, under its id.
fn own(id: &str, text: String) -> Option<Own> {
    let key = suite::hash("tac/measure/file", &[id.as_bytes(), text.as_bytes()]);
    let known = READ.with_borrow(|read| read.get(&key).cloned());
    let forms = known.unwrap_or_else(|| {
        let forms = own_forms(id, &text);
        READ.with_borrow_mut(|read| {
            if read.len() >= READ_MAX {
                read.clear();
            }
            read.insert(key, forms.clone());
        });
        forms
    });
    forms.map(|forms| Own { text, forms })
}

fn own_forms(id: &str, text: &str) -> Option<Vec<Arc<Form>>> {
    let forms = read(text).ok()?;
    let fits = |form: &Form| {
        form.id == id || form.id.strip_prefix(id).is_some_and(|rest| rest.starts_with('-'))
    };
    let free = |form: &Form| !library::is_taken(&form.id);
    let is_own = !library::is_taken(id) && forms.iter().all(|form| fits(form) && free(form));
    is_own.then(|| forms.into_iter().map(Arc::new).collect())
}

/// Returns the forms of a file that could be one of a practice's own, under its id.
pub(in crate::practice) fn forms_of(id: &str, text: &str) -> Option<Vec<Arc<Form>>> {
    own(id, text.to_owned()).map(|own| own.forms)
}

/// Reads answers that are written as values, -1 for not answered and -2 for not asked.
pub(in crate::practice) fn of_values(form: &Form, values: &[i16]) -> Option<Vec<Answer>> {
    super::cases::answers(form, values)
}

/// Reads them; of what does not read, and of more than so many, the id alone.
pub(in crate::practice) fn read_own(document: &Document) -> OwnMeasures {
    let keys = document.keys();
    let (mut all, mut tried, mut known) = (OwnMeasures::new(), 0, 0);
    for key in &keys {
        let Some(id) = key.strip_prefix(FIELD).filter(|id| is_id(id)) else { continue };
        let Some(Scalar::Text(text)) = document.value(None, key) else { continue };
        if all.len() >= LISTED_MAX {
            break;
        }
        let mut one = None;
        if known < OWN_MAX && tried < TRIED_MAX && text.len() <= super::FILE_BYTES_MAX {
            tried += 1;
            one = own(id, text);
            known += usize::from(one.is_some());
        }
        all.insert(id.to_owned(), one.unwrap_or_default());
    }
    all
}

fn is_id(id: &str) -> bool {
    (1..=super::ID_BYTES_MAX).contains(&id.len())
}

/// Returns the ids of the practice's own that are not read here: they can be withdrawn.
pub(in crate::practice) fn unread(all: &OwnMeasures) -> BTreeSet<String> {
    all.iter().filter(|(_, own)| own.forms.is_empty()).map(|(id, _)| id.clone()).collect()
}

pub(in crate::practice) fn encode_own(all: &OwnMeasures, writer: &mut Writer) {
    let all: Vec<_> = all.iter().collect();
    writer.list(&all, |w, (id, own)| {
        w.text(id).text(&own.text);
    });
}

pub(in crate::practice) fn decode_own(reader: &mut Reader<'_>) -> Result<OwnMeasures, CodecError> {
    let all = reader.list(LISTED_MAX, |r| {
        let id = r.text(super::ID_BYTES_MAX)?.to_owned();
        let text = r.text(super::FILE_BYTES_MAX)?.to_owned();
        if text.is_empty() {
            return Ok((id, Own::default()));
        }
        let own = own(&id, text).ok_or(CodecError::Unknown)?;
        Ok((id, own))
    })?;
    Ok(all.into_iter().collect())
}

/// Returns the file that has a form of an id, and the form. Of two files that two devices took in at
/// once it is the first by id, here as everywhere.
fn of_own<'a>(all: &'a OwnMeasures, id: &str) -> Option<(&'a str, &'a Arc<Form>)> {
    let forms = |(file, own): (&'a String, &'a Own)| own.forms.iter().map(move |form| (file, form));
    let mut known = all.iter().flat_map(forms);
    known.find(|(_, form)| form.id == id).map(|(file, form)| (file.as_str(), form))
}

/// Returns the forms of a practice's own measures, by id.
pub(in crate::practice) fn forms(all: &OwnMeasures) -> BTreeMap<String, Arc<Form>> {
    let ids = all.values().flat_map(|own| &own.forms).map(|form| &form.id);
    let one = |id: &String| Some((id.clone(), Arc::clone(of_own(all, id)?.1)));
    ids.filter_map(one).collect()
}

/// Returns the files of a practice's own measures.
pub(in crate::practice) fn files(all: &OwnMeasures) -> BTreeMap<String, String> {
    let read = all.iter().filter(|(_, own)| !own.forms.is_empty());
    read.map(|(id, own)| (id.clone(), own.text.clone())).collect()
}

impl Edit {
    /// Returns what enters answers that were given to a form now.
    pub fn answered(
        client: ClientId,
        session: Option<AppointmentId>,
        form: &Form,
        answers: Vec<Answer>,
    ) -> Self {
        Self::answered_so(client, session, form, answers, Manner::default())
    }

    /// The same, and how it was taken.
    pub fn answered_so(
        client: ClientId,
        session: Option<AppointmentId>,
        form: &Form,
        answers: Vec<Answer>,
        manner: Manner,
    ) -> Self {
        let (instrument, wording) = (form.id.clone(), form.wording);
        let labels = BTreeSet::new();
        Self::EnterMeasure {
            client,
            session,
            instrument,
            wording,
            answers,
            at: None,
            labels,
            manner,
        }
    }
}

impl Practice {
    /// Carries out what is about measures; nothing else comes here.
    pub(in crate::practice) fn change_measures(
        &mut self,
        edit: Edit,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        match edit {
            Edit::DefineMeasure { id, text } => self.define_measure(&id, text, cx),
            Edit::EnterMeasure {
                client,
                session,
                instrument,
                wording,
                answers,
                at,
                labels,
                manner,
            } => {
                let form = self.form(&instrument).ok_or(Refusal::UnknownMeasure)?;
                // The record says what was on the screen, or there is none.
                if form.wording != wording {
                    return Err(Refusal::OtherWording);
                }
                let given = answers.iter().any(|answer| matches!(answer, Answer::Choice(_)));
                if !given || form.check(&answers).is_err() {
                    return Err(Refusal::InvalidMeasure);
                }
                let mut body = record::body(&form, &answers, session);
                if let Some(handed) = manner.handed {
                    body.set(crisis_tag::HANDED, [handed.number()]);
                }
                self.enter(client, (session, at, manner.record), (body, &labels), cx)
            }
            Edit::EnterScore { client, session, score, at, labels } => {
                let score = fitting(*score)?;
                let body = record::score_body(&score, session);
                self.enter(client, (session, at, None), (body, &labels), cx)
            }
            Edit::MarkMeasure { client, record, mark } => {
                self.mark_measure(client, (record, mark), cx)
            }
            _ => Ok(Done::default()),
        }
    }

    /// Returns a form that can be answered here.
    fn form(&self, id: &str) -> Option<Arc<Form>> {
        let own = || of_own(&self.facts.settings.measures, id).map(|(_, form)| form);
        library::named(id).or_else(own).map(Arc::clone)
    }

    fn enter(
        &mut self,
        client: ClientId,
        (session, at, record): (Option<AppointmentId>, Option<Timestamp>, Option<RecordId>),
        (mut body, labels): (Tags, &BTreeSet<Label>),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if labels.len() > LABELS_MAX {
            return Err(Refusal::TextTooLong);
        }
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        if session.is_some_and(|session| self.facts.booking(session).is_none()) {
            return Err(Refusal::UnknownAppointment);
        }
        let known = self.facts.charts.get(&client);
        let has = |id: &RecordId| known.is_some_and(|chart| chart.records.contains_key(id));
        let record = match record {
            Some(record) if has(&record) => return Err(Refusal::InvalidMeasure),
            Some(record) => record,
            None => RecordId::random(cx.random),
        };
        // Nothing was answered later than now, whatever a clock elsewhere said.
        if let Some(at) = at.filter(|at| *at < cx.now) {
            body.set(chart_tag::WHEN, at.as_millis().to_be_bytes());
        }
        let name = self.chart_of(client);
        let written = (RecordKind::Measure, Vec::new());
        let change = self.write_record_as(record, &name, written, body, cx);
        let labelled = self.label_new(client, std::slice::from_ref(&change), labels, cx);
        let mut changes = vec![change];
        changes.extend(labelled);
        changes.extend(self.audit(&sign_event(client, record), cx));
        let inverse = Edit::MarkMeasure { client, record, mark: MeasureMark::Struck(true) };
        Ok(Done { changes, inverse: Some(inverse), guards: Vec::new() })
    }

    /// Writes down that a measure is struck, or that its answers were looked at, or that it is not so.
    fn mark_measure(
        &mut self,
        client: ClientId,
        (record, mark): (RecordId, MeasureMark),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let chart = self.facts.charts.get(&client).ok_or(Refusal::UnknownNote)?;
        let taken = chart.measure(record).ok_or(Refusal::UnknownNote)?;
        let (field, says, before) = match mark {
            MeasureMark::Reviewed(_) if taken.review == Review::None => {
                return Err(Refusal::InvalidMeasure);
            }
            MeasureMark::Reviewed(says) => {
                let before = MeasureMark::Reviewed(taken.review == Review::Done);
                (tag::REVIEWED, says, before)
            }
            MeasureMark::Struck(says) => {
                let before = MeasureMark::Struck(chart.marks.is_struck(record));
                (chart_tag::STRUCK, says, before)
            }
        };
        // What is said now counts, also where another device's clock is ahead.
        let newest = chart.marks.newest(record).map(|newest| newest.plus_millis(1));
        let time = newest.map_or(cx.now, |newest| newest.max(cx.now));
        let name = self.chart_of(client);
        let digest = Self::stored_record(&name, record, cx)?.digest();
        let kind = RelationKind::Corrects;
        let relation = Relation { kind, target: *record.as_bytes(), digest };
        let mut body = Tags::new();
        body.set(field, [u8::from(says)]);
        let now = std::mem::replace(&mut cx.now, time);
        let (_, change) = self.write_record(&name, RecordKind::Measure, vec![relation], body, cx);
        cx.now = now;
        let inverse = Edit::MarkMeasure { client, record, mark: before };
        Ok(Done { changes: vec![change], inverse: Some(inverse), guards: Vec::new() })
    }

    fn define_measure(
        &mut self,
        id: &str,
        text: Option<String>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let (name, field) = (CompartmentName::Practice, format!("{FIELD}{id}"));
        let object = document_of(&name);
        // Also what this version does not read.
        let before = match self.document(&name, object, cx)?.value(None, &field) {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        };
        let known = &self.facts.settings.measures;
        if let Some(text) = &text {
            let new = own(id, text.clone()).ok_or(Refusal::InvalidForm)?;
            let elsewhere =
                |form: &Arc<Form>| of_own(known, &form.id).is_some_and(|(file, _)| file != id);
            if new.forms.iter().any(elsewhere) {
                return Err(Refusal::InvalidForm);
            }
            let read = known.values().filter(|own| !own.forms.is_empty()).count();
            if before.is_none() && read >= OWN_MAX {
                return Err(Refusal::TooManyMeasures);
            }
        } else if before.is_none() {
            return Err(Refusal::UnknownMeasure);
        }
        let value = text.map_or(Scalar::Nothing, Scalar::Text);
        let change = self.change(&name, object, cx, |document| {
            document.put(None, &field, value.clone());
        })?;
        self.facts.settings = Settings::read(self.document(&name, object, cx)?);
        // What does not read here cannot be brought back from here.
        let back = before.is_none() || before.clone().is_some_and(|text| own(id, text).is_some());
        let inverse = back.then(|| Edit::DefineMeasure { id: id.to_owned(), text: before });
        let guards = vec![Guard { name, object, place: None, field, value }];
        Ok(Done { changes: change.into_iter().collect(), inverse, guards })
    }

    /// Returns one measure as it is read.
    pub(in crate::practice) fn measure_view(
        &self,
        client: ClientId,
        record: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<MeasureView, ShelfError> {
        let chart = self.facts.charts.get(&client).ok_or(ShelfError::Missing)?;
        let taken = chart.measure(record).ok_or(ShelfError::Missing)?;
        let form = self.form(&taken.instrument);
        let said = (taken, chart.marks.is_struck(record));
        let stored = Self::stored_record(&self.chart_of(client), record, cx)?;
        let view = MeasureView::of(&stored, client, said, form.as_deref());
        let labels = self.labels_of(client, record, cx)?;
        Ok(MeasureView { labels, ..view.ok_or(ShelfError::Damaged)? })
    }

    /// Returns the measures of a client as they are read, those that were struck too.
    pub(in crate::practice) fn measures_view(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<MeasuresView, Refusal> {
        let row = Arc::clone(self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?);
        let mut measures = Vec::new();
        for one in self.seen_as_one(client) {
            let Some(chart) = self.shown_chart(one) else { continue };
            for record in chart.measures() {
                measures.push(self.measure_view(one, record, cx)?);
            }
        }
        measures.sort_by_key(|one| std::cmp::Reverse((one.at.time, one.record)));
        Ok(MeasuresView { client: row, measures })
    }
}

impl Chart {
    /// Returns what is known of a measure, with what was said of it later.
    pub(in crate::practice) fn measure(&self, record: RecordId) -> Option<Taken> {
        let Headline::Measure(taken) = &self.records.get(&record)?.headline else { return None };
        let mut taken = taken.clone();
        let seen = || self.marks.is_reviewed(record) || self.is_answered_by_form(record);
        if taken.review == Review::Due && seen() {
            taken.review = Review::Done;
        }
        Some(taken)
    }

    /// Whether a risk form that stands answers to what a measure raised.
    fn is_answered_by_form(&self, measure: RecordId) -> bool {
        let Some(forms) = self.forms_of.get(&measure) else { return false };
        forms.iter().any(|form| {
            let known = self.records.get(form).map(|fact| &fact.headline);
            let answers = matches!(known, Some(Headline::Crisis(fact)) if fact.answers(measure));
            answers && !self.marks.is_struck(*form)
        })
    }

    fn measures(&self) -> impl Iterator<Item = RecordId> + '_ {
        let is_measure = |headline: &Headline| matches!(headline, Headline::Measure(_));
        self.records.iter().filter(move |(_, fact)| is_measure(&fact.headline)).map(|(id, _)| *id)
    }
}

/// Returns a score with its texts made one line each, if it can be one.
pub(in crate::practice) fn fitting(mut score: NewScore) -> Result<NewScore, Refusal> {
    for text in [&mut score.name, &mut score.source] {
        *text = normal(text);
        if text.len() > record::SCORE_TEXT_BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
    }
    let (low, high) = score.range;
    // Under the id of a form stands what was answered here.
    let is_form = library::is_taken(&score.name);
    if score.name.is_empty() || is_form || low >= high || !(low..=high).contains(&score.total) {
        return Err(Refusal::InvalidMeasure);
    }
    Ok(score)
}
