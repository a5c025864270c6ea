//! Answers to measures with a plausible course. Numbers only: no instrument's text is in here.

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
pub(super) fn answers(instrument: &str, ease: f64, random: &mut Seeded) -> Vec<u8> {
    let (items, highest) = shape(instrument);
    let burden = (1.0 - ease).clamp(0.0, 1.0) * f64::from(highest);
    (1..=items)
        .map(|item| {
            let noise = f64::from(u8::try_from(random.below(200)).unwrap_or(100)) / 100.0 - 1.0;
            let exact = burden + noise;
            let answer = (0..=highest).rev().find(|step| exact >= f64::from(*step) - 0.5);
            let answer = answer.unwrap_or(0);
            // The ninth item of the PHQ-9 asks for thoughts of death; most people answer 0.
            if instrument == "phq-9" && item == 9 { u8::from(answer == highest) } else { answer }
        })
        .collect()
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
                let drawn: Vec<u8> =
                    (0..20).flat_map(|_| answers(instrument, ease, &mut random)).collect();
                assert_eq!(drawn.len(), items * 20);
                assert!(drawn.iter().all(|answer| *answer <= highest));
                drawn.into_iter().map(u32::from).sum()
            };
            assert!(total(0.1) > 2 * total(0.9), "{instrument}");
        }
    }
}
