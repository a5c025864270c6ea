//! From answers to numbers and words, exactly as the form says. Nothing is estimated: without a
//! required answer there is no score.
#![deny(clippy::arithmetic_side_effects)]

use super::form::{Algorithm, Asked, Form, Much, Rule, Way};
use thiserror::Error;

/// What was said to one item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// One of its choices, by its place in the form.
    Choice(u8),
    /// Nothing.
    NotAnswered,
    /// It was not asked, or does not apply to the person.
    NotAsked,
}

/// Something that has a score.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quantity {
    /// All of the form.
    Total,
    /// A subscale, by its place.
    Subscale(usize),
    /// How many items have a value, by its place.
    Count(usize),
}

/// Whether an item is asked, as the answers stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// It is.
    Asked,
    /// It may be left out, and what it counts then.
    MayBeLeftOut(u8),
    /// It is not, and what it counts.
    LeftOut(u8),
}

/// Why answers do not fit a form.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum AnswerError {
    /// There are more or fewer than the form has items.
    #[error("the number of answers is not that of the items")]
    Count,
    /// An item, by its place, has no such choice.
    #[error("there is no such answer to item at place {0}")]
    Choice(usize),
    /// An item, by its place, is asked of everybody and was left out.
    #[error("the item at place {0} is asked")]
    Asked(usize),
    /// An item, by its place, has an answer and is not asked after what was answered before.
    #[error("the item at place {0} is not asked after these answers")]
    NotAsked(usize),
}

/// How a screen without a score ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Screened {
    /// Nothing was positive.
    Negative,
    /// Something was, and it is not acute.
    NonAcute,
    /// Something was, and it is acute.
    Acute,
    /// Something was, and nobody said how acute it is, or not everything required was answered.
    Unknown,
}

/// What follows from the answers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Score {
    /// Whether everything required was answered.
    pub complete: bool,
    /// The total, of a complete form that has one.
    pub total: Option<u32>,
    /// Each subscale, in the order of the form; nothing unless complete. So are all that follow but
    /// the last two.
    pub subscales: Vec<u32>,
    /// Each count.
    pub counts: Vec<u32>,
    /// Bands, by their places in the form.
    pub bands: Vec<usize>,
    /// Whether each threshold is reached.
    pub cut_offs: Vec<bool>,
    /// What each algorithm says.
    pub algorithms: Vec<String>,
    /// Remarks that hold, by their places in the form.
    pub remarks: Vec<usize>,
    /// How a screen ended. Also of an incomplete form, where something was positive.
    pub screened: Option<Screened>,
    /// Flags that answers raise, complete or not, each once, in the order of the form.
    pub flags: Vec<String>,
}

impl Form {
    /// Returns the value of the answer to an item, by its place.
    pub fn value(&self, answers: &[Answer], item: usize) -> Option<u8> {
        match answers.get(item)? {
            Answer::Choice(choice) => {
                self.choices(item).get(usize::from(*choice)).map(|one| one.value)
            }
            Answer::NotAnswered | Answer::NotAsked => None,
        }
    }

    /// Returns whether an item is asked, as the answers to the others stand.
    pub fn turn(&self, answers: &[Answer], item: usize) -> Turn {
        let value = |item: usize| self.value(answers, item);
        match self.items.get(item).map(|item| &item.asked) {
            None | Some(Asked::Always) => Turn::Asked,
            Some(Asked::Above(items, least)) => {
                let sum = items.iter().filter_map(|item| value(*item)).map(u32::from);
                if sum.fold(0_u32, u32::saturating_add) > *least {
                    Turn::Asked
                } else {
                    Turn::LeftOut(0)
                }
            }
            Some(Asked::Any(items, values)) => {
                let has = |item: &usize| value(*item).is_some_and(|one| values.contains(&one));
                if items.iter().any(has) { Turn::Asked } else { Turn::LeftOut(0) }
            }
            Some(Asked::Unless { item, value: wanted, optional, counts }) => {
                match (value(*item) == Some(*wanted), optional) {
                    (false, _) => Turn::Asked,
                    (true, true) => Turn::MayBeLeftOut(*counts),
                    (true, false) => Turn::LeftOut(*counts),
                }
            }
            Some(Asked::MayNotApply(counts)) => Turn::MayBeLeftOut(*counts),
        }
    }

    /// Checks that answers can have been given to this form.
    pub fn check(&self, answers: &[Answer]) -> Result<(), AnswerError> {
        if answers.len() != self.items.len() {
            return Err(AnswerError::Count);
        }
        for (item, answer) in answers.iter().enumerate() {
            match (answer, self.turn(answers, item)) {
                (Answer::Choice(choice), _) if usize::from(*choice) >= self.choices(item).len() => {
                    return Err(AnswerError::Choice(item));
                }
                (Answer::Choice(_), Turn::LeftOut(_)) => return Err(AnswerError::NotAsked(item)),
                (Answer::NotAsked, Turn::Asked) => return Err(AnswerError::Asked(item)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns what follows from answers that fit the form.
    pub fn score(&self, answers: &[Answer]) -> Score {
        let mut score = Score { flags: self.flags(answers), ..Score::default() };
        let scoring = &self.scoring;
        let required =
            || scoring.required.iter().all(|item| self.counts_of(answers, *item).is_some());
        score.screened = self.screened(answers);
        score.complete = match (&scoring.way, score.screened) {
            (Way::Screen { acuity, .. }, Some(screened)) => {
                let said = self.value(answers, *acuity).is_some();
                required() && (screened == Screened::Negative || said)
            }
            (Way::Screen { .. }, None) => false,
            _ => required(),
        };
        // Whoever was not asked everything may still say something acute: no verdict but that.
        if !score.complete && score.screened == Some(Screened::NonAcute) {
            score.screened = Some(Screened::Unknown);
        }
        if !score.complete || matches!(scoring.way, Way::Screen { .. }) {
            return score;
        }
        if scoring.way != Way::SumPerSubscale {
            score.total = Some(self.sum(answers, &scoring.items, scoring.multiplier));
        }
        let subscale = |one: &super::form::Subscale| self.sum(answers, &one.items, one.multiplier);
        score.subscales = scoring.subscales.iter().map(subscale).collect();
        score.counts = scoring
            .counts
            .iter()
            .map(|count| {
                let has = |item: &&usize| self.value(answers, **item) == Some(count.value);
                number(count.items.iter().filter(has).count())
            })
            .collect();
        self.judge(answers, &mut score);
        score
    }

    /// Adds what follows from the numbers of a complete form.
    fn judge(&self, answers: &[Answer], score: &mut Score) {
        let of = |quantity: &Quantity| score.of(quantity);
        let within = |at: &usize| {
            let band = self.bands.get(*at);
            band.is_some_and(|band| {
                of(&band.of).is_some_and(|score| (band.from..=band.to).contains(&score))
            })
        };
        let bands = (0..self.bands.len()).filter(within).collect();
        let cut_offs = self
            .cut_offs
            .iter()
            .map(|cut| of(&cut.of).is_some_and(|score| cut.op.holds(score, cut.value)));
        let cut_offs = cut_offs.collect();
        let remarks = (0..self.remarks.len()).filter(|at| {
            self.remarks.get(*at).is_some_and(|remark| {
                of(&remark.of).is_some_and(|score| remark.op.holds(score, remark.value))
                    && remark.zero.iter().all(|item| self.value(answers, *item) == Some(0))
            })
        });
        let remarks = remarks.collect();
        let algorithms = self.algorithms.iter().map(|one| self.follow(one, answers)).collect();
        (score.bands, score.cut_offs, score.remarks, score.algorithms) =
            (bands, cut_offs, remarks, algorithms);
    }

    /// Returns what an item counts before it is turned round; `None` where an answer is missing.
    fn counts_of(&self, answers: &[Answer], item: usize) -> Option<u8> {
        match (answers.get(item)?, self.turn(answers, item)) {
            (Answer::Choice(_), _) => self.value(answers, item),
            (Answer::NotAsked, Turn::MayBeLeftOut(counts)) | (_, Turn::LeftOut(counts)) => {
                Some(counts)
            }
            _ => None,
        }
    }

    fn sum(&self, answers: &[Answer], items: &[usize], multiplier: u8) -> u32 {
        let points = items.iter().map(|item| self.points(answers, *item));
        points.fold(0, u32::saturating_add).saturating_mul(multiplier.into())
    }

    fn points(&self, answers: &[Answer], item: usize) -> u32 {
        let scoring = &self.scoring;
        let Some(counts) = self.counts_of(answers, item) else { return 0 };
        match &scoring.way {
            Way::Keyed { yes, .. } if yes.contains(&item) => u32::from(counts == 1),
            Way::Keyed { no, .. } if no.contains(&item) => u32::from(counts == 0),
            Way::Keyed { .. } | Way::Screen { .. } => 0,
            Way::Sum | Way::SumPerSubscale if scoring.reverse.contains(&item) => {
                u32::from(scoring.reverse_from.saturating_sub(counts))
            }
            Way::Sum | Way::SumPerSubscale => counts.into(),
        }
    }

    fn screened(&self, answers: &[Answer]) -> Option<Screened> {
        let Way::Screen { positive, acuity, .. } = &self.scoring.way else { return None };
        let values = || self.scoring.items.iter().map(|item| self.value(answers, *item));
        if values().any(|value| value.is_some_and(|value| positive.contains(&value))) {
            return Some(match self.value(answers, *acuity) {
                Some(1) => Screened::Acute,
                Some(0) => Screened::NonAcute,
                _ => Screened::Unknown,
            });
        }
        values().all(|value| value.is_some()).then_some(Screened::Negative)
    }

    fn follow(&self, algorithm: &Algorithm, answers: &[Answer]) -> String {
        let counts =
            |item: usize, from: u8| self.value(answers, item).is_some_and(|value| value >= from);
        let said = match &algorithm.rule {
            Rule::Clusters { at_least, clusters, met } => {
                let reached = |(subscale, needed): &(usize, u32)| {
                    let subscale = self.scoring.subscales.get(*subscale);
                    let items = subscale.map(|one| one.items.as_slice()).unwrap_or_default();
                    let many = items.iter().filter(|item| counts(**item, *at_least)).count();
                    number(many) >= *needed
                };
                clusters.iter().all(reached).then_some(met)
            }
            Rule::CountWithCore { items, core, needed, results } => {
                let counted: Vec<usize> = items
                    .iter()
                    .filter(|(item, from)| counts(*item, *from))
                    .map(|(item, _)| *item)
                    .collect();
                let in_core = core.iter().filter(|item| counted.contains(item)).count();
                let many = number(counted.len());
                let reached = results.iter().find(|(from, to, _)| (*from..=*to).contains(&many));
                reached.filter(|_| number(in_core) >= *needed).map(|(_, _, label)| label)
            }
        };
        said.unwrap_or(&algorithm.otherwise).clone()
    }

    fn flags(&self, answers: &[Answer]) -> Vec<String> {
        let mut flags: Vec<String> = Vec::new();
        for risk in self.raised(answers) {
            if !flags.contains(&risk.flag) {
                flags.push(risk.flag.clone());
            }
        }
        flags
    }

    /// Returns the answers that somebody looks at.
    pub fn raised<'a>(
        &'a self,
        answers: &'a [Answer],
    ) -> impl Iterator<Item = &'a super::form::Risk> + 'a {
        self.risks.iter().filter(|risk| {
            let value = self.value(answers, risk.item);
            value.is_some_and(|value| risk.values.contains(&value))
        })
    }

    /// Whether somebody has to look at an answer before anything else.
    pub fn needs_review(&self, answers: &[Answer]) -> bool {
        !self.risk_is_optional && self.raised(answers).next().is_some()
    }

    /// Returns the words of how a screen ended.
    pub fn screened_words(&self, screened: Screened) -> &str {
        let Way::Screen { negative, non_acute, acute, unknown, .. } = &self.scoring.way else {
            return "";
        };
        match screened {
            Screened::Negative => negative,
            Screened::NonAcute => non_acute,
            Screened::Acute => acute,
            Screened::Unknown => unknown,
        }
    }

    /// Returns which changes of the form a later total shows against an earlier one, by their places
    /// in the form. Points count in either direction.
    pub fn changes_between(&self, earlier: u32, later: u32) -> Vec<usize> {
        let holds = |at: &usize| {
            self.changes.get(*at).is_some_and(|change| match change.much {
                Much::Points(points) => earlier.abs_diff(later) >= points,
                Much::PercentDrop(percent) => {
                    let drop = u64::from(earlier.saturating_sub(later)).saturating_mul(100);
                    earlier > later && drop >= u64::from(earlier).saturating_mul(u64::from(percent))
                }
                Much::Below(value) => earlier >= value && later < value,
            })
        };
        (0..self.changes.len()).filter(holds).collect()
    }
}

impl Score {
    /// Returns the number of a quantity, if the form is complete and has it.
    pub fn of(&self, quantity: &Quantity) -> Option<u32> {
        match quantity {
            Quantity::Total => self.total,
            Quantity::Subscale(at) => self.subscales.get(*at).copied(),
            Quantity::Count(at) => self.counts.get(*at).copied(),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
