//! Measures in an export, and a practice's own forms. The wording of what comes with the product is
//! never written; a practice's own file goes as it is.

use super::super::measure::{Answer, Form, MeasureView, NewScore, SCORE_TEXT_BYTES_MAX, edits};
use super::super::{edit::Edit, measure, view::Index};
use super::export::{author, labels, typed};
use super::import::{Cause, ImportStep, Importer, check_words, id, session};
use super::lines::{InstrumentLine, MeasureLine, Rest, ScoreBody, read_instant, stamp};
use crate::id::{AppointmentId, ClientId, RecordId, Timestamp};
use std::sync::Arc;

/// Most answers of a measure.
const ANSWERS_MAX: usize = measure::ITEMS_MAX;

pub(super) fn instrument(id: &str, file: &str) -> String {
    let line = InstrumentLine { id: id.to_owned(), file: file.to_owned(), rest: Rest::new() };
    typed("instrument", line)
}

pub(super) fn measure(view: &MeasureView, index: &Index) -> String {
    let taken = &view.taken;
    let form = measure::named(&taken.instrument).or_else(|| index.measures.get(&taken.instrument));
    let choices = view.answers.iter().enumerate().filter_map(|(item, answer)| match answer {
        Answer::Choice(choice) => Some((item, *choice)),
        Answer::NotAnswered | Answer::NotAsked => None,
    });
    // Only where a value does not say which answer it was.
    let doubtful = |(item, _): &(usize, u8)| {
        let item = form.and_then(|form| form.items.get(*item));
        item.is_some_and(|item| !item.values_are_unique())
    };
    let scored = view.range.map(|(min, max)| ScoreBody {
        name: taken.instrument.clone(),
        min,
        max,
        source: view.source.clone(),
    });
    let line = MeasureLine {
        id: view.record.to_string(),
        client: view.client.to_string(),
        session: taken.session.map(|id| id.to_string()),
        instrument: if scored.is_some() { String::new() } else { taken.instrument.clone() },
        answers: view.values.clone(),
        choices: choices.filter(doubtful).collect(),
        version: view.version.clone(),
        wording: view.wording.map(|wording| wording.to_string()),
        total: taken.total,
        score: scored,
        author: author(view.author, index),
        signed: stamp(&view.signed),
        answered: (view.at != view.signed).then(|| stamp(&view.at)),
        labels: labels(&view.labels),
        rest: Rest::new(),
    };
    typed("measure", line)
}

impl Importer {
    pub(super) fn instrument(&mut self, line: InstrumentLine) -> Result<Vec<ImportStep>, Cause> {
        let forms = edits::forms_of(&line.id, &line.file).ok_or(Cause::Invalid("file"))?;
        self.seen("instrument", &line.rest);
        self.forms.extend(forms.into_iter().map(|form| (form.id.clone(), form)));
        let edit = Edit::DefineMeasure { id: line.id, text: Some(line.file) };
        Ok(vec![ImportStep::Edit(edit)])
    }

    pub(super) fn measure(&mut self, line: MeasureLine) -> Result<Vec<ImportStep>, Cause> {
        id(&line.id, RecordId::parse, "id")?;
        let client = id(&line.client, ClientId::parse, "client")?;
        let session = session(line.session.as_deref())?;
        let at = read_instant(&line.signed.time).ok_or(Cause::Invalid("signed"))?;
        let answered = line
            .answered
            .as_ref()
            .map(|answered| read_instant(&answered.time).ok_or(Cause::Invalid("answered")));
        // What was signed the moment it was answered says so once.
        self.not_carried("measure.signed", answered.is_some());
        let at = Some(answered.transpose()?.unwrap_or(at));
        self.seen("measure", &line.rest);
        // A measure has no text in which its origin could stand.
        self.not_carried("measure.author", true);
        self.not_carried("measure.labels", !line.labels.is_empty());
        if let Some(score) = line.score {
            let total = line.total.ok_or(Cause::Invalid("total"))?;
            check_words(&score.name, SCORE_TEXT_BYTES_MAX, "score.name")?;
            check_words(&score.source, SCORE_TEXT_BYTES_MAX, "score.source")?;
            let range = (score.min, score.max);
            let new = NewScore { name: score.name, total, range, source: score.source };
            let score = Box::new(edits::fitting(new).map_err(|_| Cause::Invalid("score"))?);
            return Ok(vec![ImportStep::Edit(Edit::EnterScore { client, session, score, at })]);
        }
        if line.answers.is_empty() || line.answers.len() > ANSWERS_MAX {
            return Err(Cause::Invalid("answers"));
        }
        let known = measure::named(&line.instrument).map(Arc::clone);
        let form = known.or_else(|| self.forms.get(&line.instrument).map(Arc::clone));
        let form = form.ok_or(Cause::Invalid("instrument"))?;
        if line.wording.as_ref().is_some_and(|wording| *wording != form.wording.to_string()) {
            return self.in_other_words(&form, (client, line.total), (session, at));
        }
        let answers =
            answers(&form, line.answers, &line.choices).ok_or(Cause::Invalid("answers"))?;
        let instrument = form.id.clone();
        let edit = Edit::EnterMeasure { client, session, instrument, answers, at };
        Ok(vec![ImportStep::Edit(edit)])
    }

    /// What was answered in other words than those of the form here comes in as a score.
    fn in_other_words(
        &mut self,
        form: &Form,
        (client, total): (ClientId, Option<u32>),
        (session, at): (Option<AppointmentId>, Option<Timestamp>),
    ) -> Result<Vec<ImportStep>, Cause> {
        self.not_carried("measure.answers", true);
        let name = format!("{} (another wording)", form.abbreviation);
        let total = total.ok_or(Cause::Invalid("wording"))?;
        let new = NewScore { name, total, range: form.scoring.range, source: String::new() };
        let score = Box::new(edits::fitting(new).map_err(|_| Cause::Invalid("total"))?);
        Ok(vec![ImportStep::Edit(Edit::EnterScore { client, session, score, at })])
    }
}

/// Reads answers from their values; older exports end where nothing more was asked.
fn answers(form: &Form, mut values: Vec<i16>, choices: &[(usize, u8)]) -> Option<Vec<Answer>> {
    let short = form.items.len().checked_sub(values.len())?;
    values.extend(std::iter::repeat_n(-1, short));
    let mut answers = edits::of_values(form, &values)?;
    for (item, choice) in choices {
        let chosen = form.choices(*item).get(usize::from(*choice))?;
        if form.value(&answers, *item) != Some(chosen.value) {
            return None;
        }
        *answers.get_mut(*item)? = Answer::Choice(*choice);
    }
    let given = answers.iter().any(|answer| matches!(answer, Answer::Choice(_)));
    (given && form.check(&answers).is_ok()).then_some(answers)
}
