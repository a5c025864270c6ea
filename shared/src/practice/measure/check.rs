//! What a file must not say: texts that cannot be shown, names that nothing has, and parts that
//! contradict each other.

use super::file::{File, VariantText};
use super::form::{Asked, Band, Form, Much, Rule, Way};
use super::read::{Fault, fault};
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;

const TEXT_BYTES_MAX: usize = 1000;
const NOTICE_BYTES_MAX: usize = 2000;
const CHOICES_MAX: usize = 11;
const VALUE_MAX: u8 = 100;
/// Most of anything that a file lists beside its items.
const PARTS_MAX: usize = 200;

type Checked = Result<(), Fault>;

/// Checks what stands in the file by itself.
pub(super) fn file(file: &File) -> Checked {
    if !matches!(file.ship.get_ref().as_str(), "ship" | "own" | "pack") {
        let why = "the file itself says that its wording is not to be shown";
        return Err(fault(file.ship.span(), "ship", why));
    }
    let named = [
        ("title", &file.title),
        ("abbreviation", &file.abbreviation),
        ("version", &file.version),
        ("language", &file.language),
        ("respondent", &file.respondent),
        ("timeframe", &file.timeframe),
    ];
    for (what, text) in named {
        shown(text.get_ref(), what, &text.span())?;
    }
    for text in file.instruction.iter().chain(&file.examples) {
        shown(text.get_ref(), "instruction", &text.span())?;
    }
    let notice = &file.licence.notice;
    line(notice.get_ref(), NOTICE_BYTES_MAX, "licence notice", &notice.span())?;
    let scoring = file.scoring.get_ref();
    let lists = [
        file.bands.len(),
        file.cut_offs.len(),
        file.change.len(),
        file.algorithms.len(),
        file.flags.len(),
        file.variants.len(),
        file.cases.len(),
        file.answer_sets.len(),
        scoring.subscales.len(),
        scoring.counts.len(),
        scoring.skip.len(),
        file.risk.get_ref().conditions.len(),
    ];
    if lists.into_iter().any(|many| many > PARTS_MAX) {
        return Err(fault(file.scoring.span(), "a list", "has more than 200 parts"));
    }
    if scoring.prorating {
        let why = "missing answers are never estimated";
        return Err(fault(file.scoring.span(), "prorating", why));
    }
    texts(file)?;
    answer_sets(file)
}

fn texts(file: &File) -> Checked {
    for item in &file.items {
        let (at, item) = (item.span(), item.get_ref());
        let what = format!("item {}", item.number);
        for text in [&item.text].into_iter().chain(&item.text_us).chain(&item.follow_up) {
            shown(text, &what, &at)?;
        }
    }
    for one in &file.bands {
        let band = one.get_ref();
        for text in [&band.set, &band.label, &band.source] {
            shown(text, "band", &one.span())?;
        }
    }
    for one in &file.cut_offs {
        let cut = one.get_ref();
        for text in [&cut.id, &cut.label, &cut.source] {
            shown(text, "cut-off", &one.span())?;
        }
    }
    for one in &file.change {
        let change = one.get_ref();
        for text in [&change.id, &change.label, &change.source] {
            shown(text, "change", &one.span())?;
        }
    }
    for one in &file.algorithms {
        let text = one.get_ref();
        let labels = text.results.iter().map(|result| &result.label).chain(&text.met);
        for text in [&text.id, &text.words, &text.otherwise, &text.source].into_iter().chain(labels)
        {
            shown(text, "algorithm", &one.span())?;
        }
    }
    for one in &file.flags {
        let flag = one.get_ref();
        for text in [&flag.id, &flag.words, &flag.source] {
            shown(text, "flag", &one.span())?;
        }
    }
    let (at, risk) = (file.risk.span(), file.risk.get_ref());
    let flags = risk.conditions.iter().map(|one| &one.flag);
    for text in [&risk.rule].into_iter().chain(flags) {
        shown(text, "risk", &at)?;
    }
    let scoring = file.scoring.get_ref();
    let names = scoring.subscales.iter().flat_map(|one| [&one.id, &one.name]);
    let results = scoring.results.iter();
    let results = results.flat_map(|one| [&one.negative, &one.non_acute, &one.acute, &one.unknown]);
    for text in names.chain(scoring.counts.iter().map(|one| &one.id)).chain(results) {
        shown(text, "scoring", &file.scoring.span())?;
    }
    for variant in &file.variants {
        shown(&variant.get_ref().timeframe, "variant", &variant.span())?;
    }
    Ok(())
}

fn shown(text: &str, what: &str, at: &Range<usize>) -> Checked {
    line(text, TEXT_BYTES_MAX, what, at)
}

/// A text of one line that is not empty.
fn line(text: &str, limit: usize, what: &str, at: &Range<usize>) -> Checked {
    let wrong = |why| Err(fault(at.clone(), what.to_owned(), why));
    match text {
        _ if text.trim().is_empty() => wrong("is empty"),
        _ if text.len() > limit => wrong("is too long"),
        _ if text.chars().any(char::is_control) => wrong("has line breaks or control characters"),
        _ => Ok(()),
    }
}

fn answer_sets(file: &File) -> Checked {
    for (name, set) in &file.answer_sets {
        let wrong = |why| Err(fault(set.span(), format!("answer set {name}"), why));
        let choices = set.get_ref();
        if !(2..=CHOICES_MAX).contains(&choices.len()) {
            return wrong("has 2 to 11 answers");
        }
        let labels: BTreeSet<&str> = choices.iter().map(|one| one.label.as_str()).collect();
        if labels.len() != choices.len() {
            return wrong("two answers have the same words");
        }
        if choices.iter().any(|one| one.value > VALUE_MAX) {
            return wrong("a value is above 100");
        }
        for one in choices {
            shown(&one.label, name, &set.span())?;
        }
    }
    Ok(())
}

/// Checks that the parts of a form agree with each other.
pub(super) fn form(file: &File, form: &Form, variant: Option<&Spanned<VariantText>>) -> Checked {
    items(file, form)?;
    scoring(file, form)?;
    bands(file, form, variant)?;
    thresholds(file, form)?;
    risks(file, form)
}

/// What each item says of itself is what the scoring says of it.
fn items(file: &File, form: &Form) -> Checked {
    let (scoring, said) = (&form.scoring, file.scoring.get_ref());
    let gates: BTreeSet<u8> =
        said.skip.iter().filter(|skip| !skip.optional).filter_map(|skip| skip.when_item).collect();
    for (place, spanned) in file.items.iter().enumerate() {
        let item = spanned.get_ref();
        let acuity = matches!(scoring.way, Way::Screen { acuity, .. } if acuity == place);
        let point = match &scoring.way {
            Way::Keyed { yes, .. } if yes.contains(&place) => Some("Yes"),
            Way::Keyed { no, .. } if no.contains(&place) => Some("No"),
            _ => None,
        };
        let own = item.subscale.as_deref();
        let subscale = scoring.subscales.iter().find(|one| one.items.contains(&place));
        let checks = [
            (item.scored == (scoring.items.contains(&place) || acuity), "scored"),
            (item.reverse == said.reverse_items.contains(&item.number), "reverse"),
            (item.gate == gates.contains(&item.number), "gate"),
            (item.acuity == acuity, "acuity"),
            (
                item.may_not_apply == said.not_applicable_items.contains(&item.number),
                "may_not_apply",
            ),
            (item.point_for.as_deref() == point, "point_for"),
            (own == subscale.map(|one| one.id.as_str()), "subscale"),
        ];
        if let Some((_, what)) = checks.into_iter().find(|(same, _)| !same) {
            let what = format!("item {}, {what}", item.number);
            return Err(fault(spanned.span(), what, "the scoring says something else"));
        }
        let earlier = match &form.items.get(place).map(|item| &item.asked) {
            Some(Asked::Above(items, _) | Asked::Any(items, _)) => {
                items.iter().all(|item| *item < place)
            }
            Some(Asked::Unless { item, .. }) => *item < place,
            _ => true,
        };
        if !earlier {
            let what = format!("item {}", item.number);
            return Err(fault(spanned.span(), what, "it hangs on one that comes later"));
        }
    }
    Ok(())
}

fn scoring(file: &File, form: &Form) -> Checked {
    let (at, scoring) = (file.scoring.span(), &form.scoring);
    let said = file.scoring.get_ref();
    let wrong = |what: &str, why| Err(fault(at.clone(), what.to_owned(), why));
    let lists = [&scoring.items, &scoring.required, &scoring.reverse];
    let lists = lists.into_iter().chain(scoring.subscales.iter().map(|one| &one.items));
    for list in lists.chain(scoring.counts.iter().map(|one| &one.items)) {
        if list.iter().collect::<BTreeSet<_>>().len() != list.len() {
            return wrong("items", "one is named twice");
        }
    }
    if scoring.items.is_empty() || scoring.items.iter().any(|item| !scoring.required.contains(item))
    {
        return wrong("required_items", "what counts is required");
    }
    if scoring.multiplier == 0 || scoring.subscales.iter().any(|one| one.multiplier == 0) {
        return wrong("multiplier", "is at least 1");
    }
    let highest = |item: &usize| form.choices(*item).iter().map(|one| one.value).max().unwrap_or(0);
    let reversed = !scoring.reverse.is_empty();
    if reversed != said.reverse_from.is_some()
        || scoring.reverse.iter().any(|item| highest(item) > scoring.reverse_from)
    {
        return wrong("reverse_from", "some answer would count less than nothing");
    }
    if let Way::Keyed { yes, no } = &scoring.way {
        let keyed: BTreeSet<_> = yes.iter().chain(no).collect();
        let once = keyed.len() == yes.len() + no.len();
        let binary = |item: &usize| form.choices(*item).iter().all(|one| one.value <= 1);
        let same = said.reverse_items == said.point_for_no;
        if !once
            || !same
            || keyed != scoring.items.iter().collect()
            || !yes.iter().chain(no).all(binary)
        {
            return wrong("point_for_yes, point_for_no", "each item has one of both");
        }
    }
    ranges(file, form)
}

/// The ranges are those that the answers give.
fn ranges(file: &File, form: &Form) -> Checked {
    let (at, scoring) = (file.scoring.span(), &form.scoring);
    let wrong = |what: &str, why| Err(fault(at.clone(), what.to_owned(), why));
    let screen = matches!(scoring.way, Way::Screen { .. });
    if screen && !form.bands.is_empty() {
        return wrong("bands", "a screen has no score");
    }
    if scoring.range
        != if screen { (0, 0) } else { possible(form, &scoring.items, scoring.multiplier) }
        && scoring.way != Way::SumPerSubscale
    {
        return wrong("min, max", "the answers give another range");
    }
    for one in &scoring.subscales {
        if one.range != possible(form, &one.items, one.multiplier) {
            return wrong(&format!("subscale {}", one.id), "the answers give another range");
        }
    }
    if scoring.way == Way::SumPerSubscale && scoring.subscales.is_empty() {
        return wrong("subscales", "there is none");
    }
    let names = scoring.subscales.iter().map(|one| &one.id);
    let names: Vec<_> = names.chain(scoring.counts.iter().map(|one| &one.id)).collect();
    if names.iter().collect::<BTreeSet<_>>().len() != names.len() {
        return wrong("subscales, counts", "two have the same id");
    }
    Ok(())
}

/// The lowest and the highest sum of some items.
fn possible(form: &Form, items: &[usize], multiplier: u8) -> (u32, u32) {
    let mut range = (0_u32, 0_u32);
    for item in items {
        let counts = |value: u8| match &form.scoring.way {
            Way::Keyed { .. } => u32::from(value.min(1)),
            _ if form.scoring.reverse.contains(item) => {
                u32::from(form.scoring.reverse_from.saturating_sub(value))
            }
            _ => value.into(),
        };
        let left_out = match form.items.get(*item).map(|item| &item.asked) {
            Some(Asked::Unless { counts, .. } | Asked::MayNotApply(counts)) => Some(*counts),
            Some(Asked::Above(..) | Asked::Any(..)) => Some(0),
            Some(Asked::Always) | None => None,
        };
        let values = form.choices(*item).iter().map(|one| one.value).chain(left_out);
        let values: Vec<u32> = values.map(counts).collect();
        range.0 = range.0.saturating_add(values.iter().copied().min().unwrap_or(0));
        range.1 = range.1.saturating_add(values.iter().copied().max().unwrap_or(0));
    }
    let times = |sum: u32| sum.saturating_mul(multiplier.into());
    (times(range.0), times(range.1))
}

/// Bands of a set cover all of a score, each point once.
fn bands(file: &File, form: &Form, variant: Option<&Spanned<VariantText>>) -> Checked {
    let sets: BTreeSet<&str> = form.bands.iter().map(|band| band.set.as_str()).collect();
    let at = file.bands.first().map_or(0..0, Spanned::span);
    for set in &sets {
        let wrong = |why| Err(fault(at.clone(), format!("bands {set}"), why));
        let mut bands: Vec<&Band> = form.bands.iter().filter(|band| band.set == **set).collect();
        bands.sort_by_key(|band| band.from);
        let Some((first, last)) = bands.first().zip(bands.last()) else { continue };
        if bands.iter().any(|band| band.of != first.of) {
            return wrong("are of different scores");
        }
        let meet = |pair: &[&Band]| matches!(pair, [low, high] if low.to.checked_add(1) == Some(high.from));
        if !bands.windows(2).all(meet) || bands.iter().any(|band| band.from > band.to) {
            return wrong("overlap or leave a gap");
        }
        if (first.from, last.to) != form.range(&first.of) {
            return wrong("do not cover the whole range");
        }
    }
    let Some(variant) = variant else { return Ok(()) };
    let named: BTreeSet<&str> = variant.get_ref().band_sets.iter().map(String::as_str).collect();
    if named == sets { Ok(()) } else { Err(fault(variant.span(), "band_sets", "are others")) }
}

fn thresholds(file: &File, form: &Form) -> Checked {
    for (cut, spanned) in form.cut_offs.iter().zip(&file.cut_offs) {
        let (low, high) = form.range(&cut.of);
        if !(low..=high).contains(&cut.value) {
            let what = format!("cut-off {}", cut.id);
            return Err(fault(spanned.span(), what, "lies outside the range"));
        }
    }
    let used = file.change.iter().filter(|one| one.get_ref().used);
    for (change, spanned) in form.changes.iter().zip(used) {
        let (low, high) = form.scoring.range;
        let wide = high.saturating_sub(low);
        let down = form.scoring.higher_is_worse;
        let possible = match change.much {
            Much::Points(points) => (1..=wide).contains(&points),
            Much::PercentDrop(percent) => down && (1..=100).contains(&percent),
            Much::Below(value) => down && (low..=high).contains(&value),
        };
        if !possible || !matches!(form.scoring.way, Way::Sum | Way::Keyed { .. }) {
            let what = format!("change {}", change.id);
            return Err(fault(spanned.span(), what, "no total can change so"));
        }
    }
    algorithms(file, form)
}

fn algorithms(file: &File, form: &Form) -> Checked {
    for (one, spanned) in form.algorithms.iter().zip(&file.algorithms) {
        let wrong =
            || Err(fault(spanned.span(), format!("algorithm {}", one.id), "its numbers cannot be"));
        match &one.rule {
            Rule::Clusters { clusters, .. } => {
                let many =
                    |at: usize| form.scoring.subscales.get(at).map_or(0, |one| one.items.len());
                if clusters.iter().any(|(at, needed)| *needed as usize > many(*at)) {
                    return wrong();
                }
            }
            Rule::CountWithCore { items, core, needed, results } => {
                let counted: Vec<usize> = items.iter().map(|(item, _)| *item).collect();
                let mut ranges: Vec<(u32, u32)> =
                    results.iter().map(|one| (one.0, one.1)).collect();
                ranges.sort_unstable();
                let apart =
                    ranges.windows(2).all(|pair| matches!(pair, [low, high] if low.1 < high.0));
                let inside =
                    ranges.iter().all(|one| one.0 <= one.1 && one.1 as usize <= items.len());
                let core_is_counted = core.iter().all(|item| counted.contains(item));
                if !apart || !inside || !core_is_counted || *needed as usize > core.len() {
                    return wrong();
                }
            }
        }
    }
    let names = [
        form.cut_offs.iter().map(|one| &one.id).collect::<Vec<_>>(),
        form.changes.iter().map(|one| &one.id).collect(),
        form.algorithms.iter().map(|one| &one.id).collect(),
        form.remarks.iter().map(|one| &one.id).collect(),
    ];
    for names in names {
        if names.iter().collect::<BTreeSet<_>>().len() != names.len() {
            return Err(fault(file.id.span(), "ids", "two parts have the same"));
        }
    }
    Ok(())
}

/// An item of risk has a condition, and a condition that must be looked at has an item of risk.
fn risks(file: &File, form: &Form) -> Checked {
    let optional = form.risk_is_optional;
    for (place, spanned) in file.items.iter().enumerate() {
        let item = spanned.get_ref();
        let raised = form.risks.iter().any(|risk| risk.item == place);
        if item.risk != raised && !(optional && raised) {
            let what = format!("item {}, risk", item.number);
            return Err(fault(spanned.span(), what, "the conditions say something else"));
        }
    }
    let ids = form.remarks.iter().map(|one| &one.id);
    if form.risks.iter().any(|risk| ids.clone().any(|id| *id == risk.flag)) {
        return Err(fault(file.risk.span(), "flags", "two have the same id"));
    }
    Ok(())
}
