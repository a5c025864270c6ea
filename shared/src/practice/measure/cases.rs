//! The worked cases of a file: what it says of itself must come out.

use super::file::ExpectedText;
use super::form::{Form, Way};
use super::score::{Answer, Score};
use std::collections::{BTreeMap, BTreeSet};

/// What stands in a case for an item that was not answered, and for one that was not asked.
pub(super) const NOT_ANSWERED: i16 = -1;
pub(super) const NOT_ASKED: i16 = -2;

/// Reads answers that are written as values; `None` where an item has no such value.
pub(super) fn answers(form: &Form, values: &[i16]) -> Option<Vec<Answer>> {
    let read = |(at, value): (usize, &i16)| match *value {
        NOT_ANSWERED => Some(Answer::NotAnswered),
        NOT_ASKED => Some(Answer::NotAsked),
        value => {
            let choice = form.items.get(at)?.of_value(u8::try_from(value).ok()?)?;
            u8::try_from(choice).ok().map(Answer::Choice)
        }
    };
    values.iter().enumerate().map(read).collect()
}

/// Returns what a score says, as a case writes it.
pub(super) fn said(form: &Form, answers: &[Answer], score: &Score) -> ExpectedText {
    let silent = matches!(form.scoring.way, Way::Screen { acuity, .. }
        if form.value(answers, acuity) != Some(0));

    let named = |names: Vec<&String>, numbers: &[u32]| -> BTreeMap<String, u32> {
        names.into_iter().cloned().zip(numbers.iter().copied()).collect()
    };
    let subscales = form.scoring.subscales.iter().map(|one| &one.id).collect();
    let counts = form.scoring.counts.iter().map(|one| &one.id).collect();
    let bands = score.bands.iter().filter_map(|at| form.bands.get(*at));
    let cut_offs = form.cut_offs.iter().map(|one| one.id.clone());
    let algorithms = form.algorithms.iter().map(|one| one.id.clone());
    let remarks = score.remarks.iter().filter_map(|at| form.remarks.get(*at));
    ExpectedText {
        complete: score.complete,
        total: score.total,
        subscales: named(subscales, &score.subscales),
        counts: named(counts, &score.counts),
        bands: bands.map(|band| (band.set.clone(), band.label.clone())).collect(),
        cut_offs: cut_offs.zip(score.cut_offs.iter().copied()).collect(),
        algorithm: algorithms.zip(score.algorithms.iter().cloned()).collect(),
        result: score
            .screened
            .filter(|screened| score.complete || (silent && *screened == super::Screened::Unknown))
            .map(|one| form.screened_words(one).to_owned()),
        flags: score.flags.iter().cloned().chain(remarks.map(|one| one.id.clone())).collect(),
    }
}

/// Returns in what a score differs from what a case expects, or nothing.
pub(super) fn differs(expected: &ExpectedText, said: &ExpectedText) -> Option<&'static str> {
    let set = |flags: &[String]| -> BTreeSet<String> { flags.iter().cloned().collect() };
    let checks = [
        (expected.complete == said.complete, "complete is another"),
        (expected.total == said.total, "the total is another"),
        (expected.subscales == said.subscales, "the subscales are others"),
        (expected.counts == said.counts, "the counts are others"),
        (expected.bands == said.bands, "the bands are others"),
        (expected.cut_offs == said.cut_offs, "the cut-offs are others"),
        (expected.algorithm == said.algorithm, "the algorithm says something else"),
        (expected.result == said.result, "the result is another"),
        (set(&expected.flags) == set(&said.flags), "the flags are others"),
    ];
    checks.into_iter().find(|(same, _)| !same).map(|(_, why)| why)
}
