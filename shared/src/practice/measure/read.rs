//! Reads the file of an instrument. It is strict: a field that is not known, a name that nothing
//! has, or parts that contradict each other refuse the file, with the line.

use super::cases;
use super::check;
use super::file::{File, ItemText, RiskText, ScoringText, SkipText, VariantText};
use super::form::{
    Algorithm, Asked, Band, Change, Choice, Count, CutOff, Form, ID_BYTES_MAX, ITEMS_MAX, Item,
    Much, Op, Remark, Risk, Rule, Scored, Scoring, Subscale, Way,
};
use super::score::Quantity;
use super::size;
use crate::suite::Hash;
use std::collections::BTreeMap;
use std::ops::Range;
use thiserror::Error;
use toml::Spanned;

/// The longest file, in bytes.
pub const FILE_BYTES_MAX: usize = 32 << 10;
/// Most bytes of all forms of one file: each variant has its own items.
const FORMS_BYTES_MAX: usize = 1 << 20;

/// Why a file is not taken.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}: {what}: {why}")]
pub struct FormError {
    /// The line, from 1.
    pub line: usize,
    /// What it is about, in the words of the file.
    pub what: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// What is wrong, and in which bytes of the file.
#[derive(Debug)]
pub(super) struct Fault {
    at: Range<usize>,
    what: String,
    why: &'static str,
}

pub(super) fn fault(at: Range<usize>, what: impl Into<String>, why: &'static str) -> Fault {
    Fault { at, what: what.into(), why }
}

/// Reads the forms of a file: one, or one for each of its variants; and runs its cases.
///
/// # Errors
///
/// Says the first line that is wrong.
pub fn read(text: &str) -> Result<Vec<Form>, FormError> {
    let line =
        |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count().saturating_add(1);
    if text.len() > FILE_BYTES_MAX {
        return Err(FormError {
            line: 1,
            what: "the file".to_owned(),
            why: "is longer than 32 KiB",
        });
    }
    let file: File = toml::from_str(text).map_err(|error| FormError {
        line: line(error.span().map_or(0, |span| span.start)),
        what: error.message().lines().next().unwrap_or_default().to_owned(),
        why: "the file cannot be read so",
    })?;
    forms(&file).map_err(|fault| FormError {
        line: line(fault.at.start),
        what: fault.what,
        why: fault.why,
    })
}

/// Returns the id that a file gives itself, if it reads.
pub fn id_of(text: &str) -> Option<String> {
    let file: File = toml::from_str(text.get(..FILE_BYTES_MAX).unwrap_or(text)).ok()?;
    Some(file.id.into_inner())
}

fn forms(file: &File) -> Result<Vec<Form>, Fault> {
    check::file(file)?;
    let variants: Vec<Option<&Spanned<VariantText>>> = match file.variants.as_slice() {
        [] => vec![None],
        variants => variants.iter().map(Some).collect(),
    };
    let named = |id: &String| file.variants.iter().any(|one| one.get_ref().id == *id);
    for case in &file.cases {
        let (at, case) = (case.span(), case.get_ref());
        // A case that no form runs shows nothing.
        if !case.variant.as_ref().map_or(file.variants.is_empty(), named) {
            let what = format!("case \"{}\"", case.name);
            return Err(fault(at, what, "there is no such variant"));
        }
    }
    for band in &file.bands {
        // Nor does a band that no form has.
        if !band.get_ref().variant.as_ref().is_none_or(named) {
            let what = format!("band \"{}\"", band.get_ref().label);
            return Err(fault(band.span(), what, "there is no such variant"));
        }
    }
    let (mut forms, mut bytes) = (Vec::new(), 0);
    for variant in &variants {
        let form = form(file, *variant)?;
        bytes += size::of(&form);
        if bytes > FORMS_BYTES_MAX {
            return Err(fault(file.id.span(), "the forms", "come to more than 1 MiB"));
        }
        forms.push(form);
    }
    for (form, variant) in forms.iter().zip(variants) {
        check::form(file, form, variant)?;
        run(file, form, variant.map(|one| one.get_ref().id.as_str()))?;
    }
    Ok(forms)
}

fn run(file: &File, form: &Form, variant: Option<&str>) -> Result<(), Fault> {
    let mut ran = 0_usize;
    for case in &file.cases {
        let (at, case) = (case.span(), case.get_ref());
        if case.variant.as_deref() != variant {
            continue;
        }
        let wrong = |why| fault(at.clone(), format!("case \"{}\"", case.name), why);
        let answers = cases::answers(form, &case.answers);
        let answers = answers.ok_or_else(|| wrong("no item has such an answer"))?;
        form.check(&answers).map_err(|_| wrong("nobody can answer so"))?;
        let said = cases::said(form, &answers, &form.score(&answers));
        if let Some(why) = cases::differs(&case.expected, &said) {
            return Err(wrong(why));
        }
        ran = ran.saturating_add(1);
    }
    let at = file.id.span();
    if ran == 0 {
        Err(fault(at, form.id.clone(), "no case shows how it is scored"))
    } else {
        Ok(())
    }
}

/// The items of a file by their numbers, as places.
struct Places(BTreeMap<u8, usize>);

impl Places {
    fn of(&self, number: u8, at: &Range<usize>) -> Result<usize, Fault> {
        let wrong = || fault(at.clone(), format!("item {number}"), "there is no such item");
        self.0.get(&number).copied().ok_or_else(wrong)
    }

    fn all(&self, numbers: &[u8], at: &Range<usize>) -> Result<Vec<usize>, Fault> {
        numbers.iter().map(|number| self.of(*number, at)).collect()
    }

    /// Reads `items 1 to 4`.
    fn span(&self, words: &str, at: &Range<usize>) -> Result<Vec<usize>, Fault> {
        let wrong = || fault(at.clone(), words.to_owned(), "say it as `items 1 to 4`");
        let numbers = words.strip_prefix("items ").and_then(|rest| rest.split_once(" to "));
        let (from, to) = numbers.ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<u8>().map_err(|_| wrong());
        let (from, to) = (number(from)?, number(to)?);
        if from > to {
            return Err(fault(at.clone(), words.to_owned(), "there is no item between these"));
        }
        (from..=to).map(|number| self.of(number, at)).collect()
    }
}

fn form(file: &File, variant: Option<&Spanned<VariantText>>) -> Result<Form, Fault> {
    let places = places(file)?;
    let variant = variant.map(Spanned::get_ref);
    let id = match variant {
        Some(variant) => format!("{}-{}", file.id.get_ref(), variant.id),
        None => file.id.get_ref().clone(),
    };
    let letters = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if !(1..=ID_BYTES_MAX).contains(&id.len()) || !id.bytes().all(letters) {
        let why = "an id has small letters, digits and hyphens, at most 40";
        return Err(fault(file.id.span(), id, why));
    }
    let abbreviation = match variant {
        Some(variant) => format!("{} ({})", file.abbreviation.get_ref(), variant.id),
        None => file.abbreviation.get_ref().clone(),
    };
    let scoring = scoring(file, variant, &places)?;
    let stem = variant.map_or(file.timeframe.get_ref(), |variant| &variant.timeframe);
    let mut form = Form {
        id,
        title: file.title.get_ref().clone(),
        abbreviation,
        version: file.version.get_ref().clone(),
        respondent: file.respondent.get_ref().clone(),
        instruction: file.instruction.as_ref().map(|text| text.get_ref().clone()),
        examples: file.examples.iter().map(|text| text.get_ref().clone()).collect(),
        stem: file.timeframe_is_stem.then(|| stem.clone()),
        items: items(file, variant, &places)?,
        bands: bands(file, variant, &scoring)?,
        cut_offs: cut_offs(file, &scoring)?,
        changes: changes(file)?,
        algorithms: algorithms(file, &scoring, &places)?,
        remarks: remarks(file, &scoring, &places)?,
        risks: Vec::new(),
        risk_rule: file.risk.get_ref().rule.clone(),
        risk_is_optional: file.risk.get_ref().optional,
        notice: file.licence.notice.get_ref().clone(),
        scoring,
        wording: Hash::ZERO,
        scored: Scored::default(),
    };
    form.risks = risks(file.risk.get_ref(), &form.items, &places, &file.risk.span())?;
    form.wording = form.wording_of();
    form.scored = Scored { whole: Some(form.scoring_of()), numbers: Some(form.numbers_of()) };
    Ok(form)
}

fn places(file: &File) -> Result<Places, Fault> {
    let mut places = BTreeMap::new();
    for (place, item) in file.items.iter().enumerate() {
        let number = item.get_ref().number;
        if places.insert(number, place).is_some() {
            return Err(fault(
                item.span(),
                format!("item {number}"),
                "there are two of that number",
            ));
        }
    }
    let count = file.items.len();
    if (1..=ITEMS_MAX).contains(&count) {
        return Ok(Places(places));
    }
    Err(fault(0..0, format!("{count} items"), "a form has 1 to 100"))
}

fn items(file: &File, variant: Option<&VariantText>, places: &Places) -> Result<Vec<Item>, Fault> {
    let read = |spanned: &Spanned<ItemText>| {
        let (at, item) = (spanned.span(), spanned.get_ref());
        let what = || format!("item {}", item.number);
        let set = variant.map_or(&item.answers, |variant| &variant.answer_set);
        let wrong = || fault(at.clone(), what(), "there is no such set of answers");
        let set = file.answer_sets.get(set).ok_or_else(wrong)?.get_ref();
        let choice =
            |one: &super::file::ChoiceText| Choice { value: one.value, label: one.label.clone() };
        let choices: Vec<Choice> = set.iter().map(choice).collect();
        let text = match variant.map(|variant| variant.item_text.as_str()) {
            None | Some("text") => Some(&item.text),
            Some("text_us") => item.text_us.as_ref(),
            Some(_) => None,
        };
        let text =
            text.ok_or_else(|| fault(at.clone(), what(), "it has no text for the variant"))?;
        Ok(Item {
            number: item.number,
            text: text.clone(),
            asked: asked(file, item, &choices, places, &at)?,
            choices,
            follow_up: item.follow_up.clone(),
        })
    };
    file.items.iter().map(read).collect()
}

/// When an item is asked: by its own words, by a rule that skips it, or because it may not apply.
fn asked(
    file: &File,
    item: &ItemText,
    choices: &[Choice],
    places: &Places,
    at: &Range<usize>,
) -> Result<Asked, Fault> {
    let scoring = file.scoring.get_ref();
    let mut rules = Vec::new();
    if let Some(words) = &item.asked_when {
        rules.push(asked_when(words, scoring, places, at)?);
    }
    if item.may_not_apply {
        rules.push(Asked::MayNotApply(scoring.not_applicable_value));
    }
    for skip in scoring.skip.iter().filter(|skip| skip.skip_items.contains(&item.number)) {
        match &skip.when {
            // Said of the item itself, too.
            Some(words) => {
                let unless = words.strip_suffix(" all 0").map(|items| places.span(items, at));
                let same = matches!((rules.first(), unless.transpose()?),
                    (Some(Asked::Any(items, _)), Some(unless)) if *items == unless);
                if !same {
                    let why = "say it of the item, as `asked_when`, in the same words";
                    return Err(fault(at.clone(), words.clone(), why));
                }
            }
            None => rules.push(skipped(file, skip, choices, places, at)?),
        }
    }
    match rules.len() {
        0 => Ok(Asked::Always),
        1 => Ok(rules.swap_remove(0)),
        _ => Err(fault(
            at.clone(),
            format!("item {}", item.number),
            "two rules say when it is asked",
        )),
    }
}

fn asked_when(
    words: &str,
    scoring: &ScoringText,
    places: &Places,
    at: &Range<usize>,
) -> Result<Asked, Fault> {
    if let Some((items, least)) =
        words.strip_prefix("total of ").and_then(|rest| rest.split_once(" > "))
        && let Ok(least) = least.trim().parse()
    {
        return Ok(Asked::Above(places.span(items, at)?, least));
    }
    let any =
        words.strip_prefix("any of ").and_then(|rest| rest.strip_suffix(" is Yes or refused"));
    if let Some(items) = any.filter(|_| scoring.operation == "screen") {
        return Ok(Asked::Any(places.span(items, at)?, scoring.positive_values.clone()));
    }
    let why = "say it as `total of items 1 to 9 > 0`, or of a screen as `any of items 1 to 4 is Yes or refused`";
    Err(fault(at.clone(), words.to_owned(), why))
}

fn skipped(
    file: &File,
    skip: &SkipText,
    choices: &[Choice],
    places: &Places,
    at: &Range<usize>,
) -> Result<Asked, Fault> {
    let wrong = |why| fault(file.scoring.span(), "skip", why);
    let number = skip.when_item.ok_or_else(|| wrong("it does not say after which item"))?;
    let item = places.of(number, at)?;
    let of_label = |label: &Option<String>| {
        let named = choices.iter().find(|one| Some(&one.label) == label.as_ref());
        named.map(|one| one.value)
    };
    // The item before has the same answers where a label says what it would have.
    let value = skip.equals.or_else(|| of_label(&skip.equals_label));
    let counts = skip.score_as.or_else(|| of_label(&skip.score_as_label));
    Ok(Asked::Unless {
        item,
        value: value.ok_or_else(|| wrong("it does not say after which answer"))?,
        optional: skip.optional,
        counts: counts.ok_or_else(|| wrong("it does not say what counts instead"))?,
    })
}

fn scoring(file: &File, variant: Option<&VariantText>, places: &Places) -> Result<Scoring, Fault> {
    let (at, text) = (file.scoring.span(), file.scoring.get_ref());
    let all = |numbers: &[u8]| places.all(numbers, &at);
    let wrong = |what: &str, why| fault(at.clone(), what.to_owned(), why);
    let way = match text.operation.as_str() {
        "sum" => Way::Sum,
        "sum-per-subscale" => Way::SumPerSubscale,
        "keyed" => Way::Keyed { yes: all(&text.point_for_yes)?, no: all(&text.point_for_no)? },
        "screen" => {
            let acuity =
                text.acuity_item.ok_or_else(|| wrong("acuity_item", "a screen has one"))?;
            let results = text.results.clone();
            let results = results.ok_or_else(|| wrong("results", "a screen names them"))?;
            Way::Screen {
                positive: text.positive_values.clone(),
                acuity: places.of(acuity, &at)?,
                negative: results.negative,
                non_acute: results.non_acute,
                acute: results.acute,
                unknown: results.unknown,
            }
        }
        _ => return Err(wrong("operation", "is sum, sum-per-subscale, keyed or screen")),
    };
    let mut subscales = Vec::new();
    for one in &text.subscales {
        let (items, range) = (all(&one.items)?, (one.min, one.max));
        let (id, name, multiplier) = (one.id.clone(), one.name.clone(), one.multiplier);
        subscales.push(Subscale { id, name, items, multiplier, range });
    }
    let mut counts = Vec::new();
    for one in &text.counts {
        counts.push(Count { id: one.id.clone(), items: all(&one.items)?, value: one.value });
    }
    let keyed = matches!(way, Way::Keyed { .. });
    Ok(Scoring {
        items: all(&text.items)?,
        required: all(&text.required_items)?,
        reverse: if keyed { Vec::new() } else { all(&text.reverse_items)? },
        reverse_from: text.reverse_from.unwrap_or(0),
        multiplier: text.multiplier,
        range: variant.map_or((text.min, text.max), |variant| (variant.min, variant.max)),
        higher_is_worse: match text.higher_is.as_str() {
            "worse" => true,
            "better" => false,
            _ => return Err(wrong("higher_is", "is worse or better")),
        },
        way,
        subscales,
        counts,
    })
}

fn quantity(of: &str, scoring: &Scoring, at: &Range<usize>) -> Result<Quantity, Fault> {
    let subscale = || scoring.subscales.iter().position(|one| one.id == of);
    let count = || scoring.counts.iter().position(|one| one.id == of);
    let has_total = matches!(scoring.way, Way::Sum | Way::Keyed { .. });
    let found = match of {
        "total" => has_total.then_some(Quantity::Total),
        _ => subscale().map(Quantity::Subscale).or_else(|| count().map(Quantity::Count)),
    };
    found.ok_or_else(|| fault(at.clone(), of.to_owned(), "the form has no such score"))
}

fn op(word: &str, at: &Range<usize>) -> Result<Op, Fault> {
    Op::named(word).ok_or_else(|| fault(at.clone(), word.to_owned(), "is >=, >, <= or <"))
}

fn bands(
    file: &File,
    variant: Option<&VariantText>,
    scoring: &Scoring,
) -> Result<Vec<Band>, Fault> {
    let here = file.bands.iter().filter(|band| {
        let named = band.get_ref().variant.as_ref();
        named.is_none() || named == variant.map(|variant| &variant.id)
    });
    here.map(|spanned| {
        let band = spanned.get_ref();
        Ok(Band {
            set: band.set.clone(),
            of: quantity(&band.of, scoring, &spanned.span())?,
            from: band.from,
            to: band.to,
            label: band.label.clone(),
            source: band.source.clone(),
        })
    })
    .collect()
}

fn cut_offs(file: &File, scoring: &Scoring) -> Result<Vec<CutOff>, Fault> {
    let read = |spanned: &Spanned<super::file::CutOffText>| {
        let (at, cut) = (spanned.span(), spanned.get_ref());
        Ok(CutOff {
            id: cut.id.clone(),
            of: quantity(&cut.of, scoring, &at)?,
            op: op(&cut.op, &at)?,
            value: cut.value,
            label: cut.label.clone(),
            source: cut.source.clone(),
        })
    };
    file.cut_offs.iter().map(read).collect()
}

fn changes(file: &File) -> Result<Vec<Change>, Fault> {
    let mut changes = Vec::new();
    for spanned in &file.change {
        let (at, change) = (spanned.span(), spanned.get_ref());
        let wrong = |why| fault(at.clone(), format!("change {}", change.id), why);
        let much = match (change.points, change.percent_drop, change.below) {
            (Some(points), None, None) => Much::Points(points),
            (None, Some(percent), None) => Much::PercentDrop(percent),
            (None, None, Some(value)) => Much::Below(value),
            _ => return Err(wrong("has one of points, percent_drop and below")),
        };
        if change.of != "total" {
            return Err(wrong("is of the total"));
        }
        if change.used {
            changes.push(Change {
                id: change.id.clone(),
                much,
                label: change.label.clone(),
                source: change.source.clone(),
            });
        }
    }
    Ok(changes)
}

fn algorithms(file: &File, scoring: &Scoring, places: &Places) -> Result<Vec<Algorithm>, Fault> {
    let read = |spanned: &Spanned<super::file::AlgorithmText>| {
        let (at, text) = (spanned.span(), spanned.get_ref());
        let wrong = |why| fault(at.clone(), format!("algorithm {}", text.id), why);
        let rule = match text.kind.as_str() {
            "count-with-core" => {
                let from = |number: u8| {
                    let other = text.exceptions.iter().find(|one| one.item == number);
                    other.map_or(text.at_least, |one| one.at_least)
                };
                let items = places.all(&text.count_items, &at)?;
                let items = items.into_iter().zip(text.count_items.iter().map(|one| from(*one)));
                let results = text.results.iter().map(|one| (one.from, one.to, one.label.clone()));
                Rule::CountWithCore {
                    items: items.collect(),
                    core: places.all(&text.core_items, &at)?,
                    needed: text.core_needed,
                    results: results.collect(),
                }
            }
            "clusters" => {
                let mut clusters = Vec::new();
                for one in &text.clusters {
                    let at = scoring.subscales.iter().position(|known| known.id == one.subscale);
                    clusters
                        .push((at.ok_or_else(|| wrong("there is no such subscale"))?, one.needed));
                }
                let met = text.met.clone().ok_or_else(|| wrong("does not say what is met"))?;
                Rule::Clusters { at_least: text.at_least, clusters, met }
            }
            _ => return Err(wrong("kind is count-with-core or clusters")),
        };
        Ok(Algorithm {
            id: text.id.clone(),
            words: text.words.clone(),
            rule,
            otherwise: text.otherwise.clone(),
            source: text.source.clone(),
        })
    };
    file.algorithms.iter().map(read).collect()
}

fn remarks(file: &File, scoring: &Scoring, places: &Places) -> Result<Vec<Remark>, Fault> {
    let read = |spanned: &Spanned<super::file::RemarkText>| {
        let (at, text) = (spanned.span(), spanned.get_ref());
        if text.kind != "cut-off-and-zero" {
            return Err(fault(at, format!("flag {}", text.id), "kind is cut-off-and-zero"));
        }
        Ok(Remark {
            id: text.id.clone(),
            words: text.words.clone(),
            of: quantity(&text.of, scoring, &at)?,
            op: op(&text.op, &at)?,
            value: text.value,
            zero: places.all(&text.zero_items, &at)?,
            source: text.source.clone(),
        })
    };
    file.flags.iter().map(read).collect()
}

fn risks(
    text: &RiskText,
    items: &[Item],
    places: &Places,
    at: &Range<usize>,
) -> Result<Vec<Risk>, Fault> {
    let mut risks = Vec::new();
    for condition in &text.conditions {
        let item = places.of(condition.item, at)?;
        let what = || format!("risk of item {}", condition.item);
        let choices = items.get(item).map(|item| item.choices.as_slice()).unwrap_or_default();
        let values: Vec<u8> = choices.iter().map(|choice| choice.value).collect();
        let values: Vec<u8> = match (condition.op.as_str(), condition.value) {
            ("in", None) if condition.values.iter().all(|value| values.contains(value)) => {
                condition.values.clone()
            }
            (_, Some(wanted)) if condition.values.is_empty() => {
                let op = op(&condition.op, at)?;
                values
                    .into_iter()
                    .filter(|value| op.holds((*value).into(), wanted.into()))
                    .collect()
            }
            _ => return Err(fault(at.clone(), what(), "no answer has such a value")),
        };
        if values.is_empty() {
            return Err(fault(at.clone(), what(), "no answer raises it"));
        }
        risks.push(Risk { item, values, flag: condition.flag.clone() });
    }
    Ok(risks)
}
