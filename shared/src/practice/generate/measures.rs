//! Answers to measures with a plausible course. Numbers only: no instrument's text is in here.

use crate::practice::measure::{self, Answer, Turn};
use crate::random::Seeded;

/// Number of items that are entered, and the highest answer.
pub(super) fn shape(instrument: &str) -> (usize, u8) {
    match instrument {
        "phq-9" => (9, 3),
        "gad-7" => (7, 3),
        "pcl-5" => (20, 4),
        _ => (6, 4),
    }
}

/// Draws one answer per item for a client who is as well as `ease` says, from 0 to 1.
pub(super) fn answers(instrument: &str, ease: f64, random: &mut Seeded) -> Vec<Answer> {
    let (items, highest) = shape(instrument);
    let burden = (1.0 - ease).clamp(0.0, 1.0) * f64::from(highest);
    let drawn: Vec<u8> = (1..=items)
        .map(|item| {
            let noise = f64::from(u8::try_from(random.below(200)).unwrap_or(100)) / 100.0 - 1.0;
            let exact = burden + noise;
            let answer = (0..=highest).rev().find(|step| exact >= f64::from(*step) - 0.5);
            let answer = answer.unwrap_or(0);
            // The ninth item of the PHQ-9 asks for thoughts of death. Whoever answers more than 0 is
            // to be asked, and nobody in a practice that never was can be.
            if instrument == "phq-9" && item == 9 { 0 } else { answer }
        })
        .collect();
    let mut answers = measure::choices(&drawn);
    let Some(form) = measure::named(instrument) else { return answers };
    // How difficult all of it makes things, where the form asks that.
    let worst = drawn.iter().copied().max().unwrap_or(0);
    for item in answers.len()..form.items.len() {
        let further = match form.turn(&answers, item) {
            Turn::Asked => Answer::Choice(worst),
            Turn::LeftOut(_) | Turn::MayBeLeftOut(_) => Answer::NotAsked,
        };
        answers.push(further);
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_lie_in_the_range_of_the_form_and_follow_the_course() {
        let mut random = Seeded::new(3);
        for instrument in ["phq-9", "gad-7", "pcl-5", "k6"] {
            let (items, highest) = shape(instrument);
            let mut total = |ease: f64| -> u32 {
                let form = measure::named(instrument).unwrap();
                let mut score = || {
                    let drawn = answers(instrument, ease, &mut random);
                    assert_eq!(form.check(&drawn), Ok(()));
                    assert_eq!(form.scoring.items.len(), items);
                    form.score(&drawn).total.unwrap()
                };
                assert_eq!(
                    form.scoring.range.1,
                    u32::try_from(items).unwrap() * u32::from(highest)
                );
                (0..20).map(|_| score()).sum()
            };
            assert!(total(0.1) > 2 * total(0.9), "{instrument}");
        }
    }
}
