//! What is said of measures in words: results, changes, each with who says so.

use crate::text;
use std::sync::Arc;
use tacenda_shared::practice::measure::{
    self, Answer, Form, Handed, Much, Quantity, Review, Score, Screened, Taken,
};
use tacenda_shared::practice::view::Index;

/// Returns a form that can be answered here.
pub fn form<'a>(index: &'a Index, id: &str) -> Option<&'a Arc<Form>> {
    measure::named(id).or_else(|| index.measures.get(id))
}

/// Returns the form that something was answered to, if what was signed is what the answers give: only
/// then is anything said that the form says of a score.
pub fn followed<'a>(index: &'a Index, taken: &Taken) -> Option<&'a Arc<Form>> {
    form(index, &taken.instrument).filter(|form| taken.follows_from(form))
}

/// Whether a total stands among others of its kind: it was only scored, or follows from its answers.
pub fn counts(index: &Index, taken: &Taken) -> bool {
    taken.items == 0 || followed(index, taken).is_some()
}

/// Why nothing is said that the form says of a score.
pub fn unfollowed(form: &Form, taken: &Taken) -> &'static str {
    match taken.wording {
        None => "It does not say in which words it was answered.",
        Some(wording) if wording == form.wording => match form.is_form(taken.wording, taken.scored)
        {
            true => "What was signed is not what its answers give.",
            false => "Scored in another way than the form here does.",
        },
        Some(_) => "Answered in other words than those of the form here.",
    }
}

/// Says that a client answered alone, and how far.
pub fn handed(handed: Handed) -> String {
    match handed {
        Handed::Whole => "The client answered alone, to the end.".to_owned(),
        Handed::CutShort => "The client answered alone, and not to the end.".to_owned(),
    }
}

/// Returns the name of what was answered.
pub fn name(index: &Index, taken: &Taken) -> String {
    let form = form(index, &taken.instrument).filter(|_| taken.items > 0);
    form.map_or_else(|| text::instrument(&taken.instrument), |form| form.abbreviation.clone())
}

/// Returns the result in a few words: the total with its band, how a screen ended, or how far it is.
pub fn result(index: &Index, taken: &Taken) -> String {
    let form = followed(index, taken);
    let words = match (taken.total, taken.screened, form) {
        (Some(total), _, Some(form)) => match bands(form, total).as_slice() {
            [] => total.to_string(),
            [(_, first), ..] => format!("{total}  {first}"),
        },
        (Some(total), ..) => total.to_string(),
        (None, Some(screened), form) => screen(form.map(Arc::as_ref), taken, screened),
        (None, None, _) => so_far(taken),
    };
    match taken.review {
        Review::Due => format!("{words}   answer to be reviewed"),
        Review::Done | Review::None => words,
    }
}

fn so_far(taken: &Taken) -> String {
    format!("{} of {} answered", taken.answered, taken.items)
}

/// How a screen ended. Of one that was not finished only that an answer is positive, and what was
/// said to be acute.
fn screen(form: Option<&Form>, taken: &Taken, screened: Screened) -> String {
    let words = form.map_or_else(|| screened_words(screened), |form| form.screened_words(screened));
    match screened {
        _ if taken.is_complete() => words.to_owned(),
        Screened::Acute => format!("{}: {words}", so_far(taken)),
        _ => format!("{}: an answer is positive", so_far(taken)),
    }
}

/// Returns how a screen ended that has just been answered; `None` of a form with a score.
pub fn ended(form: &Form, answers: &[Answer]) -> Option<String> {
    let given = answers.iter().filter(|answer| matches!(answer, Answer::Choice(_))).count();
    let screened = form.score(answers).screened?;
    let taken = Taken {
        instrument: form.id.clone(),
        total: None,
        answered: u16::try_from(given).unwrap_or(u16::MAX),
        items: u16::try_from(form.items.len()).unwrap_or(u16::MAX),
        screened: Some(screened),
        review: Review::None,
        session: None,
        wording: Some(form.wording),
        scored: Some(form.scored),
        given: Default::default(),
    };
    Some(screen(Some(form), &taken, screened))
}

const fn screened_words(screened: Screened) -> &'static str {
    match screened {
        Screened::Negative => "negative",
        Screened::NonAcute | Screened::Unknown => "positive",
        Screened::Acute => "acute",
    }
}

/// Returns the bands of a total: the name of each set, and of the band.
pub fn bands(form: &Form, total: u32) -> Vec<(&str, &str)> {
    let of_total = form.bands.iter().filter(|band| band.of == Quantity::Total);
    let here = of_total.filter(|band| (band.from..=band.to).contains(&total));
    here.map(|band| (band.set.as_str(), band.label.as_str())).collect()
}

/// Returns everything that follows from the score of a complete form, a line each. A threshold that
/// looks down is said only to who was above it `before`.
pub fn lines(form: &Form, score: &Score, before: Option<u32>) -> Vec<String> {
    let mut lines = Vec::new();
    for band in score.bands.iter().filter_map(|at| form.bands.get(*at)) {
        lines.push(format!(
            "{}: {} ({}-{}; {})",
            text::capital(&band.set),
            band.label,
            band.from,
            band.to,
            band.source
        ));
    }
    let parts = form.scoring.subscales.iter().zip(&score.subscales);
    let parts: Vec<String> =
        parts.map(|(part, points)| format!("{} {points} of {}", part.name, part.range.1)).collect();
    if !parts.is_empty() {
        lines.push(format!("Parts: {}", parts.join(", ")));
    }
    for (cut, reached) in form.cut_offs.iter().zip(&score.cut_offs) {
        let comes_down = before.is_some_and(|before| !cut.op.holds(before, cut.value));
        if *reached && (!cut.op.looks_down() || comes_down) {
            lines.push(format!("{} ({})", text::capital(&cut.label), cut.source));
        }
    }
    for (rule, said) in form.algorithms.iter().zip(&score.algorithms) {
        lines.push(format!("By its rule: {said}. A screening result ({})", rule.source));
    }
    for remark in score.remarks.iter().filter_map(|at| form.remarks.get(*at)) {
        lines.push(format!("{} ({})", remark.words, remark.source));
    }
    lines
}

/// Returns what a change of the total comes to, in words with who says so.
pub fn change(form: &Form, earlier: u32, later: u32) -> Vec<String> {
    if earlier == later {
        return vec!["no change".to_owned()];
    }
    let better = (later < earlier) == form.scoring.higher_is_worse;
    let way = if better { "better" } else { "worse" };
    let points = text::counted(points(earlier.abs_diff(later)), "point", "points");
    let mut lines = vec![format!("{points} {way}, from {earlier} to {later}")];
    if form.changes.is_empty() {
        lines.push("no source here says from when on a change counts".to_owned());
    }
    for at in form.changes_between(earlier, later) {
        let Some(change) = form.changes.get(at) else { continue };
        let much = match change.much {
            Much::Points(points) => format!("{points} points or more"),
            Much::PercentDrop(percent) => format!("down by {percent} % or more"),
            Much::Below(value) => format!("below {value}"),
        };
        let way =
            if matches!(change.much, Much::Points(_)) { format!(", {way}") } else { String::new() };
        lines.push(format!("{}{way}: {much} ({})", text::capital(&change.label), change.source));
    }
    lines
}

fn points(points: u32) -> usize {
    usize::try_from(points).unwrap_or(usize::MAX)
}
