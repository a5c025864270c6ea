//! About how much memory a form takes: each variant of a file has its own items and lists.

use super::form::{Asked, Band, Choice, Form, Item, Risk, Rule, Way};
use super::read::FILE_BYTES_MAX;

/// Returns it in bytes: what it has of its own beside what stands in the file once.
pub(super) fn of(form: &Form) -> usize {
    let item = |item: &Item| {
        let choices = item.choices.iter().map(|one| one.label.len() + size_of::<Choice>());
        let further = item.follow_up.iter().map(|text| text.len() + size_of::<String>());
        let text = item.text.len() + size_of::<Item>() + asked(&item.asked);
        text + choices.chain(further).sum::<usize>()
    };
    let bands = form.bands.iter().map(|one| one.label.len() + one.source.len() + one.set.len());
    let bands = bands.map(|bytes| bytes + size_of::<Band>()).sum::<usize>();
    let rules = form.algorithms.iter().map(|one| rule(&one.rule)).sum::<usize>();
    let remarks = form.remarks.iter().map(|one| places(&one.zero)).sum::<usize>();
    let risks = form.risks.iter().map(|one| one.values.len() + size_of::<Risk>()).sum::<usize>();
    let items = form.items.iter().map(item).sum::<usize>();
    items + bands + rules + remarks + risks + scoring(form) + FILE_BYTES_MAX
}

const fn places(list: &[usize]) -> usize {
    size_of_val(list)
}

fn asked(asked: &Asked) -> usize {
    match asked {
        Asked::Above(items, _) => places(items),
        Asked::Any(items, values) => places(items) + values.len(),
        Asked::Always | Asked::Unless { .. } | Asked::MayNotApply(_) => 0,
    }
}

fn rule(rule: &Rule) -> usize {
    match rule {
        Rule::Clusters { clusters, .. } => size_of_val(clusters.as_slice()),
        Rule::CountWithCore { items, core, results, .. } => {
            size_of_val(items.as_slice()) + places(core) + size_of_val(results.as_slice())
        }
    }
}

fn scoring(form: &Form) -> usize {
    let scoring = &form.scoring;
    let way = match &scoring.way {
        Way::Keyed { yes, no } => places(yes) + places(no),
        Way::Screen { positive, .. } => positive.len(),
        Way::Sum | Way::SumPerSubscale => 0,
    };
    let lists = [&scoring.items, &scoring.required, &scoring.reverse];
    let lists = lists.into_iter().chain(scoring.subscales.iter().map(|one| &one.items));
    let lists = lists.chain(scoring.counts.iter().map(|one| &one.items));
    way + lists.map(|list| places(list)).sum::<usize>()
}
