//! Measures in an export, and a practice's own forms. The wording of what comes with the product is
//! never written; a practice's own file goes as it is.

use super::super::label::Label;
use super::super::measure::{
    Answer, Form, Handed, ID_BYTES_MAX, Manner, MeasureView, NewScore, SCORE_TEXT_BYTES_MAX, edits,
};
use super::super::{edit::Edit, measure, view::Index};
use super::crisis::measure_of;
use super::export::{author, labels, typed};
use super::import::{Cause, ImportStep, Importer, check_words, id, session, written};
use super::lines::{MeasureLine, Rest, ScoreBody, read_instant, stamp};
use crate::id::{AppointmentId, ClientId, RecordId, Timestamp};
use crate::suite::Hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct InstrumentLine {
    pub(super) id: String,
    pub(super) file: String,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

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
        scored: view.scored.and_then(|scored| scored.whole).map(|hash| hash.to_string()),
        numbers: view.scored.and_then(|scored| scored.numbers).map(|hash| hash.to_string()),
        total: taken.total,
        name: form
            .filter(|_| taken.items > 0)
            .map(|form| form.abbreviation.clone())
            .unwrap_or_default(),
        range: view.possible,
        score: scored,
        author: author(view.author, index),
        signed: stamp(&view.signed),
        answered: (view.at != view.signed).then(|| stamp(&view.at)),
        handed: view.handed.map(|handed| handed.word().to_owned()),
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
        let original = id(&line.id, RecordId::parse, "id")?;
        let client = id(&line.client, ClientId::parse, "client")?;
        let session = session(line.session.as_deref())?;
        let named = |word| Handed::named(word).ok_or(Cause::Invalid("handed"));
        let handed = line.handed.as_deref().map(named).transpose()?;
        let manner = Manner { record: Some(measure_of(original)), handed };
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
        let labels = written::labels(&line.labels)?;
        if let Some(score) = line.score {
            let total = line.total.ok_or(Cause::Invalid("total"))?;
            check_words(&score.name, SCORE_TEXT_BYTES_MAX, "score.name")?;
            check_words(&score.source, SCORE_TEXT_BYTES_MAX, "score.source")?;
            let range = (score.min, score.max);
            let new = NewScore { name: score.name, total, range, source: score.source };
            let score = Box::new(edits::fitting(new).map_err(|_| Cause::Invalid("score"))?);
            return Ok(vec![ImportStep::Edit(Edit::EnterScore {
                client,
                session,
                score,
                at,
                labels,
            })]);
        }
        if line.answers.is_empty() || line.answers.len() > ANSWERS_MAX {
            return Err(Cause::Invalid("answers"));
        }
        let known = measure::named(&line.instrument).map(Arc::clone);
        let form = known.or_else(|| self.forms.get(&line.instrument).map(Arc::clone));
        check_words(&line.instrument, ID_BYTES_MAX, "instrument")?;
        let same = |form: &Arc<Form>| in_words_of(&line, form) && is_scored_as(&line, form);
        let Some(form) = form.clone().filter(same) else {
            return Ok(self.in_other_words(form.as_deref(), &line, (client, session, at), labels));
        };
        let answers =
            answers(&form, line.answers, &line.choices).ok_or(Cause::Invalid("answers"))?;
        let (instrument, wording) = (form.id.clone(), form.wording);
        let edit = Edit::EnterMeasure {
            client,
            session,
            instrument,
            wording,
            answers,
            at,
            labels,
            manner,
        };
        Ok(vec![ImportStep::Edit(edit)])
    }

    /// What was answered to a form that is not here in the same words, or is scored in another way here,
    /// comes in as a score, which says so by its name, if it has a total and something says between which it lies; else it is counted.
    fn in_other_words(
        &mut self,
        form: Option<&Form>,
        line: &MeasureLine,
        (client, session, at): (ClientId, Option<AppointmentId>, Option<Timestamp>),
        labels: BTreeSet<Label>,
    ) -> Vec<ImportStep> {
        let name = match (line.name.as_str(), form) {
            ("", Some(form)) => &form.abbreviation,
            ("", None) => &line.instrument,
            (name, _) => name,
        };
        let name = match form.is_some_and(|form| in_words_of(line, form)) {
            true => format!("{name} (another scoring)"),
            false => format!("{name} (another wording)"),
        };
        let range = line.range.or_else(|| form.map(|form| form.scoring.range));
        let new = line.total.zip(range).map(|(total, range)| {
            edits::fitting(NewScore { name, total, range, source: String::new() })
        });
        let Some(Ok(score)) = new else {
            self.not_carried("measure", true);
            return Vec::new();
        };
        self.not_carried("measure.answers", true);
        let edit = Edit::EnterScore { client, session, score: Box::new(score), at, labels };
        vec![ImportStep::Edit(edit)]
    }
}

/// Whether something was answered in the words of a form, as far as it says so.
fn in_words_of(line: &MeasureLine, form: &Form) -> bool {
    line.wording.as_ref().is_none_or(|wording| *wording == form.wording.to_string())
}

/// Whether it was scored as a form is: by the numbers, or else, as earlier versions say it, by the whole.
fn is_scored_as(line: &MeasureLine, form: &Form) -> bool {
    let is = |said: &String, hash: Option<Hash>| hash.is_some_and(|hash| *said == hash.to_string());
    match (&line.numbers, &line.scored) {
        (Some(numbers), _) => is(numbers, form.scored.numbers),
        (None, Some(whole)) => is(whole, form.scored.whole),
        (None, None) => true,
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
