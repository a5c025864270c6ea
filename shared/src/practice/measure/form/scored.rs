//! What the scoring of a form comes to, so that no other scoring is taken for it.

use super::{Asked, Form, Much, Op, Rule, Way};
use crate::codec::Writer;
use crate::practice::measure::score::Quantity;
use crate::suite::{self, Hash};

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
            let (number, much) = match one.much {
                Much::Points(points) => (1, points),
                Much::PercentDrop(percent) => (2, percent),
                Much::Below(value) => (3, value),
            };
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
