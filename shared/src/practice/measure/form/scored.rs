//! What the scoring of a form comes to, so that no other scoring is taken for it.

use super::{Asked, Band, Form, Much, Op, Rule, Way};
use crate::codec::Writer;
use crate::practice::measure::score::Quantity;
use crate::suite::{self, Hash};
use std::collections::BTreeMap;

impl Form {
    /// H over everything from which a score, what is said of it, and who looks at it follow.
    pub(in super::super) fn scoring_of(&self) -> Hash {
        let mut w = Writer::new();
        self.write_scoring(&mut w);
        w.list(&self.items, |w, item| write_asked(w, &item.asked));
        w.list(&self.bands, |w, one| {
            w.text(&one.set);
            write_quantity(w, &one.of);
            w.u32(one.from).u32(one.to).text(&one.label);
        });
        w.list(&self.cut_offs, |w, one| {
            w.text(&one.id);
            write_quantity(w, &one.of);
            w.u8(op_number(one.op)).u32(one.value).text(&one.label);
        });
        w.list(&self.changes, |w, one| {
            let (number, much) = much_number(one.much);
            w.text(&one.id).u8(number).u32(much).text(&one.label);
        });
        w.list(&self.algorithms, |w, one| {
            w.text(&one.id).text(&one.words).text(&one.otherwise);
            write_rule(w, &one.rule);
        });
        w.list(&self.remarks, |w, one| {
            w.text(&one.id).text(&one.words);
            write_quantity(w, &one.of);
            w.u8(op_number(one.op)).u32(one.value);
            write_places(w, &one.zero);
        });
        w.list(&self.risks, |w, one| {
            w.text(&one.flag).bytes(&one.values);
            write_places(w, &[one.item]);
        });
        w.u8(u8::from(self.risk_is_optional));
        suite::hash("tac/scoring", &[&w.into_bytes()])
    }

    fn write_scoring(&self, w: &mut Writer) {
        let scoring = &self.scoring;
        match &scoring.way {
            Way::Keyed { yes, no } => {
                write_places(w.u8(1), yes);
                write_places(w, no);
            }
            Way::Screen { positive, acuity, negative, non_acute, acute, unknown } => {
                write_places(w.u8(2).bytes(positive), &[*acuity]);
                w.text(negative).text(non_acute).text(acute).text(unknown);
            }
            Way::Sum => drop(w.u8(3)),
            Way::SumPerSubscale => drop(w.u8(4)),
        }
        for places in [&scoring.items, &scoring.required, &scoring.reverse] {
            write_places(w, places);
        }
        w.u8(scoring.reverse_from).u8(scoring.multiplier);
        w.u32(scoring.range.0).u32(scoring.range.1).u8(u8::from(scoring.higher_is_worse));
        w.list(&scoring.subscales, |w, one| {
            w.text(&one.id).text(&one.name).u8(one.multiplier).u32(one.range.0).u32(one.range.1);
            write_places(w, &one.items);
        });
        w.list(&scoring.counts, |w, one| {
            write_places(w.text(&one.id).u8(one.value), &one.items);
        });
    }
}

fn write_places(w: &mut Writer, places: &[usize]) {
    w.list(places, |w, place| {
        w.u32(u32::try_from(*place).unwrap_or(u32::MAX));
    });
}

fn write_quantity(w: &mut Writer, of: &Quantity) {
    let (number, at) = match of {
        Quantity::Total => (1, 0),
        Quantity::Subscale(at) => (2, *at),
        Quantity::Count(at) => (3, *at),
    };
    write_places(w.u8(number), &[at]);
}

fn write_asked(w: &mut Writer, asked: &Asked) {
    match asked {
        Asked::Always => drop(w.u8(1)),
        Asked::Above(items, least) => write_places(w.u8(2).u32(*least), items),
        Asked::Any(items, values) => write_places(w.u8(3).bytes(values), items),
        Asked::Unless { item, value, optional, counts } => {
            write_places(w.u8(4).u8(*value).u8(u8::from(*optional)).u8(*counts), &[*item]);
        }
        Asked::MayNotApply(counts) => drop(w.u8(5).u8(*counts)),
    }
}

fn write_rule(w: &mut Writer, rule: &Rule) {
    match rule {
        Rule::Clusters { at_least, clusters, met } => {
            w.u8(1).u8(*at_least).text(met);
            w.list(clusters, |w, (subscale, needed)| write_places(w.u32(*needed), &[*subscale]));
        }
        Rule::CountWithCore { items, core, needed, results } => {
            w.u8(2).u32(*needed);
            w.list(items, |w, (item, from)| write_places(w.u8(*from), &[*item]));
            write_places(w, core);
            w.list(results, |w, (from, to, label)| {
                w.u32(*from).u32(*to).text(label);
            });
        }
    }
}

const fn op_number(op: Op) -> u8 {
    match op {
        Op::AtLeast => 1,
        Op::Above => 2,
        Op::AtMost => 3,
        Op::Below => 4,
    }
}

/// What counts of a form, without its words: places, values, thresholds. What has no order in the
/// meaning has none here.
impl Form {
    /// H over the numbers from which a score, what is said of it, and who looks at it follow.
    pub(in super::super) fn numbers_of(&self) -> Hash {
        let mut w = Writer::new();
        self.write_way(&mut w);
        w.list(&self.items, |w, item| write_asked(w, &item.asked));
        let mut sets: BTreeMap<&str, Vec<&Band>> = BTreeMap::new();
        for band in &self.bands {
            sets.entry(&band.set).or_default().push(band);
        }
        let sets: Vec<Vec<&Band>> = sets.into_values().collect();
        write_sorted(&mut w, &sets, |w, set| {
            write_sorted(w, set, |w, one| {
                self.write_of(w, &one.of);
                w.u32(one.from).u32(one.to);
            });
        });
        write_sorted(&mut w, &self.cut_offs, |w, one| {
            self.write_of(w, &one.of);
            w.u8(op_number(one.op)).u32(one.value);
        });
        write_sorted(&mut w, &self.changes, |w, one| {
            let (number, much) = much_number(one.much);
            w.u8(number).u32(much);
        });
        write_sorted(&mut w, &self.algorithms, |w, one| self.write_numbers_of_rule(w, &one.rule));
        write_sorted(&mut w, &self.remarks, |w, one| {
            self.write_of(w, &one.of);
            write_set(w.u8(op_number(one.op)).u32(one.value), &one.zero);
        });
        write_sorted(&mut w, &self.risks, |w, one| {
            let values: Vec<usize> = one.values.iter().copied().map(usize::from).collect();
            write_set(w, &values);
            write_places(w, &[one.item]);
        });
        w.u8(u8::from(self.risk_is_optional));
        suite::hash("tac/scoring/numbers", &[&w.into_bytes()])
    }

    fn write_way(&self, w: &mut Writer) {
        let scoring = &self.scoring;
        match &scoring.way {
            Way::Keyed { yes, no } => {
                write_set(w.u8(1), yes);
                write_set(w, no);
            }
            Way::Screen { positive, acuity, .. } => {
                let positive: Vec<usize> = positive.iter().copied().map(usize::from).collect();
                write_set(w.u8(2), &positive);
                write_places(w, &[*acuity]);
            }
            Way::Sum => drop(w.u8(3)),
            Way::SumPerSubscale => drop(w.u8(4)),
        }
        for places in [&scoring.items, &scoring.required, &scoring.reverse] {
            write_set(w, places);
        }
        w.u8(scoring.reverse_from).u8(scoring.multiplier);
        w.u32(scoring.range.0).u32(scoring.range.1).u8(u8::from(scoring.higher_is_worse));
        write_sorted(w, &scoring.subscales, |w, one| {
            w.text(&one.id).u8(one.multiplier).u32(one.range.0).u32(one.range.1);
            write_set(w, &one.items);
        });
        write_sorted(w, &scoring.counts, |w, one| {
            write_set(w.text(&one.id).u8(one.value), &one.items);
        });
    }

    /// A subscale and a count by their ids, wherever they stand.
    fn write_of(&self, w: &mut Writer, of: &Quantity) {
        let (number, id) = match of {
            Quantity::Total => (1, None),
            Quantity::Subscale(at) => (2, self.scoring.subscales.get(*at).map(|one| &one.id)),
            Quantity::Count(at) => (3, self.scoring.counts.get(*at).map(|one| &one.id)),
        };
        w.u8(number).text(id.map(String::as_str).unwrap_or_default());
    }

    fn write_numbers_of_rule(&self, w: &mut Writer, rule: &Rule) {
        match rule {
            Rule::Clusters { at_least, clusters, .. } => {
                w.u8(1).u8(*at_least);
                write_sorted(w, clusters, |w, (subscale, needed)| {
                    self.write_of(w, &Quantity::Subscale(*subscale));
                    w.u32(*needed);
                });
            }
            Rule::CountWithCore { items, core, needed, results } => {
                w.u8(2).u32(*needed);
                write_sorted(w, items, |w, (item, from)| write_places(w.u8(*from), &[*item]));
                write_set(w, core);
                write_sorted(w, results, |w, (from, to, _)| {
                    w.u32(*from).u32(*to);
                });
            }
        }
    }
}

/// Writes things in an order that follows from what is written of them.
fn write_sorted<T>(w: &mut Writer, all: &[T], write: impl Fn(&mut Writer, &T)) {
    let bytes = |one: &T| {
        let mut own = Writer::new();
        write(&mut own, one);
        own.into_bytes()
    };
    let mut all: Vec<Vec<u8>> = all.iter().map(bytes).collect();
    all.sort_unstable();
    w.list(&all, |w, one| {
        w.bytes(one);
    });
}

fn write_set(w: &mut Writer, places: &[usize]) {
    let mut places = places.to_vec();
    places.sort_unstable();
    write_places(w, &places);
}

const fn much_number(much: Much) -> (u8, u32) {
    match much {
        Much::Points(points) => (1, points),
        Much::PercentDrop(percent) => (2, percent),
        Much::Below(value) => (3, value),
    }
}
