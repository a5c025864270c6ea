//! The rules once more, written by hand from what the instruments say and from nothing in the code:
//! both agree on ten thousand random answers to each form.

use super::super::cases::{answers, said};
use super::super::*;
use crate::random::Seeded;
use std::collections::{BTreeMap, BTreeSet};

const ROUNDS: usize = 10_000;

/// What is said of some answers. `-1` stands for not answered, `-2` for not asked.
#[derive(Debug, Default, Eq, PartialEq)]
struct Said {
    complete: bool,
    total: Option<i64>,
    parts: BTreeMap<&'static str, i64>,
    bands: BTreeMap<&'static str, &'static str>,
    reached: BTreeMap<&'static str, bool>,
    pattern: Option<&'static str>,
    result: Option<&'static str>,
    flags: BTreeSet<&'static str>,
}

/// One rule: how many items, the values of an answer, what answers become by who is asked what, and
/// what is said.
struct Rule {
    id: &'static str,
    items: usize,
    values: &'static [i16],
    ask: fn(&mut [i16], bool),
    say: fn(&[i16]) -> Said,
}

fn all_are_asked(_: &mut [i16], _: bool) {}

fn answered(values: &[i16]) -> bool {
    !values.contains(&-1)
}

fn sum(values: &[i16]) -> i64 {
    values.iter().filter(|value| **value > 0).map(|value| i64::from(*value)).sum()
}

fn plain(values: &[i16]) -> Said {
    let complete = answered(values);
    Said { complete, total: complete.then(|| sum(values)), ..Said::default() }
}

/// The band of a score: each pair is the lowest score of a band and its name.
fn band(score: i64, bands: &[(i64, &'static str)]) -> &'static str {
    let mut name = "";
    for (from, label) in bands {
        if score >= *from {
            name = label;
        }
    }
    name
}

const PHQ: &[(i64, &str)] = &[
    (0, "none or minimal"),
    (5, "mild"),
    (10, "moderate"),
    (15, "moderately severe"),
    (20, "severe"),
];

fn syndrome(values: &[i16]) -> &'static str {
    let mut count = 0;
    for (number, value) in (1..).zip(values) {
        if *value >= 2 || (number == 9 && *value == 1) {
            count += 1;
        }
    }
    match (values[0] >= 2 || values[1] >= 2, count) {
        (true, 5..) => "major depressive syndrome",
        (true, 2..=4) => "other depressive syndrome",
        _ => "neither",
    }
}

fn phq9_asks(values: &mut [i16], _: bool) {
    if sum(&values[..9]) == 0 {
        values[9] = -2;
    }
}

fn phq9(values: &[i16]) -> Said {
    let mut said = plain(&values[..9]);
    if values[8] >= 1 {
        said.flags.insert("risk-item-9");
    }
    if let Some(total) = said.total {
        said.bands.insert("severity", band(total, PHQ));
        said.reached.insert("screen-10", total > 9);
        said.pattern = Some(syndrome(&values[..9]));
    }
    said
}

fn phq8(values: &[i16]) -> Said {
    let mut said = plain(values);
    if let Some(total) = said.total {
        said.bands.insert("severity", band(total, PHQ));
        said.reached.insert("screen-10", total > 9);
        said.pattern = Some(syndrome(values));
    }
    said
}

fn phq2(values: &[i16]) -> Said {
    let mut said = plain(values);
    if let Some(total) = said.total {
        said.reached.extend([("screen-3", total >= 3), ("sensitive-2", total >= 2)]);
    }
    said
}

fn phq4(values: &[i16]) -> Said {
    let mut said = plain(values);
    if let Some(total) = said.total {
        let (anxiety, depression) = (sum(&values[..2]), sum(&values[2..]));
        said.parts.extend([("anxiety", anxiety), ("depression", depression)]);
        let bands = [(0, "normal"), (3, "mild"), (6, "moderate"), (9, "severe")];
        said.bands.insert("distress", band(total, &bands));
        said.reached.extend([("anxiety-3", anxiety >= 3), ("depression-3", depression >= 3)]);
    }
    said
}

fn phq15_asks(values: &mut [i16], other: bool) {
    if other {
        values[3] = -2;
    }
}

fn phq15(values: &[i16]) -> Said {
    let mut said = plain(values);
    if let Some(total) = said.total {
        let much = values.iter().filter(|value| **value == 2).count();
        said.parts.insert("bothered-a-lot", i64::try_from(much).unwrap());
        let bands = [(0, "minimal"), (5, "low"), (10, "medium"), (15, "high")];
        said.bands.insert("severity", band(total, &bands));
        said.reached.insert("somatoform-3", much >= 3);
    }
    said
}

fn gad2(values: &[i16]) -> Said {
    let mut said = plain(values);
    said.reached.extend(said.total.map(|total| ("screen-3", total >= 3)));
    said
}

fn gad7(values: &[i16]) -> Said {
    let mut said = plain(values);
    if let Some(total) = said.total {
        let bands = [(0, "minimal"), (5, "mild"), (10, "moderate"), (15, "severe")];
        said.bands.insert("severity", band(total, &bands));
        said.reached.extend([("screen-10", total >= 10), ("uk-8", total >= 8)]);
    }
    said
}

fn pcl5(values: &[i16]) -> Said {
    let mut said = plain(values);
    if values[15] >= 2 {
        said.flags.insert("item-16");
    }
    if let Some(total) = said.total {
        let clusters = [("B", 0..5, 1), ("C", 5..7, 1), ("D", 7..14, 2), ("E", 14..20, 2)];
        let mut met = true;
        for (name, range, needed) in clusters {
            let part = &values[range];
            said.parts.insert(name, sum(part));
            met &= part.iter().filter(|value| **value >= 2).count() >= needed;
        }
        said.pattern = Some(if met { "met" } else { "not met" });
        let reached =
            [("cut-31", total >= 31), ("cut-33", total >= 33), ("remission-28", total <= 28)];
        said.reached.extend(reached);
    }
    said
}

fn pc_ptsd_asks(values: &mut [i16], _: bool) {
    if values[0] == 0 {
        values[1..].fill(-2);
    }
}

fn pc_ptsd(values: &[i16]) -> Said {
    let complete = answered(values);
    let total = complete.then(|| if values[0] == 0 { 0 } else { sum(&values[1..]) });
    let mut said = Said { complete, total, ..Said::default() };
    if let Some(total) = total {
        said.reached.extend([("cut-4", total >= 4), ("sensitive-3", total >= 3)]);
    }
    said
}

fn audit_c(values: &[i16]) -> Said {
    let mut said = plain(values);
    if let Some(total) = said.total {
        said.reached.extend([("men-4", total >= 4), ("women-3", total >= 3)]);
        if total >= 3 && values[1] == 0 && values[2] == 0 {
            said.flags.insert("points-from-item-1-only");
        }
    }
    said
}

fn k6(values: &[i16]) -> Said {
    let mut said = plain(values);
    if let Some(total) = said.total {
        let bands = [(0, "below the moderate cut-off"), (5, "moderate"), (13, "serious")];
        said.bands.insert("distress", band(total, &bands));
        said.reached.extend([("serious-13", total >= 13), ("moderate-5", total >= 5)]);
    }
    said
}

fn k10_asks(lowest: i16, values: &mut [i16], skips: bool) {
    for (before, after) in [(1, 2), (4, 5)] {
        if skips && values[before] == lowest {
            values[after] = -2;
        }
    }
}

fn k10_au(values: &[i16]) -> Said {
    let filled: Vec<i16> =
        values.iter().map(|value| if *value == -2 { 1 } else { *value }).collect();
    let mut said = plain(&filled);
    if let Some(total) = said.total {
        let abs = [(10, "low"), (16, "moderate"), (22, "high"), (30, "very high")];
        let gp = [(10, "likely to be well"), (20, "mild"), (25, "moderate"), (30, "severe")];
        said.bands.extend([("abs", band(total, &abs)), ("gp", band(total, &gp))]);
    }
    said
}

fn gds15(values: &[i16]) -> Said {
    let complete = answered(values);
    let mut said = Said { complete, ..Said::default() };
    if complete {
        let for_no = [1, 5, 7, 11, 13];
        let point = |(number, value): (i32, &i16)| {
            if for_no.contains(&number) { *value == 0 } else { *value == 1 }
        };
        let total = (1..).zip(values).filter(|one| point(*one)).count();
        let total = i64::try_from(total).unwrap();
        said.total = Some(total);
        let bands = [
            (0, "not suggestive of depression"),
            (6, "suggestive of depression"),
            (10, "almost always indicative of depression"),
        ];
        said.bands.insert("suggestion", band(total, &bands));
        said.reached.extend([("above-5", total > 5), ("ten-or-more", total >= 10)]);
    }
    said
}

fn ces_d(values: &[i16]) -> Said {
    let complete = answered(values);
    let mut said = Said { complete, ..Said::default() };
    if complete {
        let turned = |(number, value): (i32, &i16)| {
            i64::from(if matches!(number, 4 | 8 | 12 | 16) { 3 - *value } else { *value })
        };
        let total: i64 = (1..).zip(values).map(turned).sum();
        said.total = Some(total);
        said.reached.insert("cut-16", total >= 16);
    }
    said
}

fn asq_asks(values: &mut [i16], _: bool) {
    if !values[..4].iter().any(|value| matches!(value, 1 | 9)) {
        values[4] = -2;
    }
}

fn asq(values: &[i16]) -> Said {
    let mut said = Said::default();
    let positive = values[..4].iter().any(|value| matches!(value, 1 | 9));
    if positive {
        said.flags.insert("risk-positive");
    }
    if values[4] == 1 {
        said.flags.insert("risk-acute");
    }
    said.complete = answered(&values[..4]) && (!positive || values[4] != -1);
    said.result = match (positive, values[4]) {
        (false, _) => said.complete.then_some("negative"),
        (true, 1) => said.complete.then_some("acute positive"),
        (true, 0) => said.complete.then_some("non-acute positive"),
        (true, _) => Some("positive, acuity not recorded"),
    };
    said
}

const FOUR: &[i16] = &[0, 1, 2, 3];
const FIVE: &[i16] = &[0, 1, 2, 3, 4];
const TWO: &[i16] = &[0, 1];

fn rule(
    id: &'static str,
    items: usize,
    values: &'static [i16],
    ask: fn(&mut [i16], bool),
    say: fn(&[i16]) -> Said,
) -> Rule {
    Rule { id, items, values, ask, say }
}

fn rules() -> Vec<Rule> {
    vec![
        rule("asq", 5, &[0, 1, 9], asq_asks, asq),
        rule("audit-c", 3, FIVE, all_are_asked, audit_c),
        rule("ces-d", 20, FOUR, all_are_asked, ces_d),
        rule("gad-2", 2, FOUR, all_are_asked, gad2),
        rule("gad-7", 7, FOUR, all_are_asked, gad7),
        rule("gds-15", 15, TWO, all_are_asked, gds15),
        rule(
            "k10-au-1-5",
            10,
            &[1, 2, 3, 4, 5],
            |values, skips| k10_asks(1, values, skips),
            k10_au,
        ),
        rule("k10-us-0-4", 10, FIVE, |values, skips| k10_asks(0, values, skips), plain),
        rule("k6", 6, FIVE, all_are_asked, k6),
        rule("pc-ptsd-5", 6, TWO, pc_ptsd_asks, pc_ptsd),
        rule("pcl-5", 20, FIVE, all_are_asked, pcl5),
        rule("phq-15", 15, &[0, 1, 2], phq15_asks, phq15),
        rule("phq-2", 2, FOUR, all_are_asked, phq2),
        rule("phq-4", 4, FOUR, all_are_asked, phq4),
        rule("phq-8", 8, FOUR, all_are_asked, phq8),
        rule("phq-9", 10, FOUR, phq9_asks, phq9),
    ]
}

/// Draws answers; now and then one is missing, and low answers come often enough for borders.
fn drawn(rule: &Rule, random: &mut Seeded) -> Vec<i16> {
    let gaps = random.below(3) == 0;
    let low = random.below(3) == 0;
    let mut values: Vec<i16> = (0..rule.items)
        .map(|_| {
            let many = u64::try_from(rule.values.len()).unwrap();
            let many = if low { 2 } else { many };
            let at = usize::try_from(random.below(many)).unwrap();
            if gaps && random.below(12) == 0 { -1 } else { rule.values[at] }
        })
        .collect();
    let other = random.below(2) == 0;
    (rule.ask)(&mut values, other);
    values
}

#[test]
fn a_second_statement_of_each_rule_agrees_on_ten_thousand_random_answers() {
    let mut random = Seeded::new(46);
    let rules = rules();
    assert_eq!(rules.len(), all().len());
    for rule in rules {
        let form = named(rule.id).unwrap();
        let mut complete = 0;
        for _ in 0..ROUNDS {
            let values = drawn(&rule, &mut random);
            let given = answers(form, &values).unwrap_or_else(|| panic!("{} {values:?}", rule.id));
            assert_eq!(form.check(&given), Ok(()), "{} {values:?}", rule.id);
            let second = (rule.say)(&values);
            let first = said(form, &given, &form.score(&given));
            let parts: BTreeMap<&str, i64> = first
                .subscales
                .iter()
                .chain(&first.counts)
                .map(|(id, score)| (id.as_str(), i64::from(*score)))
                .collect();
            let context = || format!("{} {values:?}: {first:?} {second:?}", rule.id);
            assert_eq!(first.complete, second.complete, "{}", context());
            assert_eq!(first.total.map(i64::from), second.total, "{}", context());
            assert!(parts.iter().eq(second.parts.iter()), "{}", context());
            let bands = first.bands.iter().map(|(set, label)| (set.as_str(), label.as_str()));
            assert!(bands.eq(second.bands.iter().map(|(a, b)| (*a, *b))), "{}", context());
            let reached = first.cut_offs.iter().map(|(id, is)| (id.as_str(), *is));
            assert!(reached.eq(second.reached.iter().map(|(a, b)| (*a, *b))), "{}", context());
            let pattern = first.algorithm.values().next().map(String::as_str);
            assert_eq!(pattern, second.pattern, "{}", context());
            assert_eq!(first.result.as_deref(), second.result, "{}", context());
            let flags: BTreeSet<&str> = first.flags.iter().map(String::as_str).collect();
            assert_eq!(flags, second.flags, "{}", context());
            complete += usize::from(first.complete);
        }
        assert!((ROUNDS / 3..ROUNDS).contains(&complete), "{}: {complete} complete", rule.id);
    }
}
