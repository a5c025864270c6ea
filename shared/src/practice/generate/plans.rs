//! Synthetic treatment plans: a diagnosis, goals with objectives, how it is worked on, how often.
//!
//! The texts are made up, as everything here is; the codes are those of ICD-10-CM.

use super::grammar::index;
use super::people::Person;
use crate::id::PlanItemId;
use crate::practice::diagnosis::Diagnosis;
use crate::practice::edit::Edit;
use crate::practice::plan::{PlanChange, PlanKind, Progress};
use crate::random::Seeded;
use jiff::civil::Date;

/// A goal with its objectives.
type Goal = (&'static str, &'static [&'static str]);

/// What a plan is made of, for whoever is followed with one instrument.
struct Template {
    codes: &'static [&'static str],
    goals: &'static [Goal],
    interventions: &'static [&'static str],
}

const ANXIETY: Template = Template {
    codes: &["F41.1", "F41.0", "F40.10"],
    goals: &[
        (
            "Leave the house without a plan for every disaster",
            &["Take the bus alone, 3 of 5 days", "One errand a week without checking back"],
        ),
        (
            "Decide without asking for reassurance",
            &["Hold back one question a day, noted in the diary"],
        ),
        ("Sleep before midnight", &["In bed by 23:00, 5 nights of 7", "No mail after 21:00"]),
    ],
    interventions: &["Worry postponement", "Graded exposure", "Tolerance of uncertainty"],
};

const DEPRESSION: Template = Template {
    codes: &["F33.1", "F32.1", "F34.1"],
    goals: &[
        (
            "Have days that are worth getting up for",
            &["Up by 8:00, 5 days of 7", "Two planned activities a week, rated in the diary"],
        ),
        ("See people again", &["Call one friend a week", "Accept one invitation a month"]),
        ("Go back to work", &["Half days for four weeks without calling in sick"]),
    ],
    interventions: &["Behavioral activation", "Work on self-criticism", "Relapse prevention"],
};

const TRAUMA: Template = Template {
    codes: &["F43.10", "F43.12"],
    goals: &[
        ("Drive past the place without turning back", &["Once a week with company, then alone"]),
        ("Sleep through", &["Nightmares on fewer than 2 nights a week"]),
    ],
    interventions: &["Imaginal exposure", "Work on guilt", "Grounding"],
};

const DISTRESS: Template = Template {
    codes: &["F43.23", "F43.22", "F43.21"],
    goals: &[
        (
            "Say no where no is meant",
            &["One request a week turned down", "The talk with the superior, prepared and held"],
        ),
        ("An evening a week of one's own", &["Tuesday evenings kept free, 3 of 4"]),
        ("Argue without leaving the room", &["A pause agreed on, used at least twice a month"]),
    ],
    interventions: &["Problem solving", "Rehearsal in the session", "Relaxation"],
};

/// Returns what is written into a client's plan and then signed.
pub(super) fn edits(person: &Person, target: Date) -> Vec<Edit> {
    let mut random = Seeded::new(person.voice.seed ^ 0x706c_616e);
    let template = match person.voice.instrument() {
        "gad-7" => &ANXIETY,
        "phq-9" => &DEPRESSION,
        "pcl-5" => &TRAUMA,
        _ => &DISTRESS,
    };
    let mut plan = Writer { person, edits: Vec::new(), random: Seeded::new(random.next_u64()) };
    let line = |kind, text: &str| PlanChange {
        kind: Some(kind),
        text: Some(text.to_owned()),
        ..PlanChange::default()
    };
    let code = template.codes.get(index(&mut random, template.codes.len()));
    if let Some(known) = code.and_then(|code| Diagnosis::of(code)) {
        let coded = PlanChange {
            code: Some(known.code.to_owned()),
            ..line(PlanKind::Diagnosis, known.title)
        };
        plan.add(coded);
    }
    let first = index(&mut random, template.goals.len());
    for (goal, objectives) in template.goals.iter().cycle().skip(first).take(2) {
        let goal = plan.add(line(PlanKind::Goal, goal));
        for objective in *objectives {
            let progress = Progress::ALL.get(index(&mut random, Progress::ALL.len())).copied();
            plan.add(PlanChange {
                under: Some(goal),
                target: Some(Some(target)),
                progress: Some(progress),
                ..line(PlanKind::Objective, objective)
            });
        }
    }
    let first = index(&mut random, template.interventions.len());
    for intervention in template.interventions.iter().cycle().skip(first).take(2) {
        plan.add(line(PlanKind::Intervention, intervention));
    }
    plan.add(line(PlanKind::Frequency, "Weekly, 50 minutes"));
    plan.add(line(PlanKind::Participation, "Chose the goals and the order in which they come"));
    plan.edits.push(Edit::SignPlan { client: person.id });
    plan.edits
}

struct Writer<'p> {
    person: &'p Person,
    edits: Vec<Edit>,
    random: Seeded,
}

impl Writer<'_> {
    fn add(&mut self, change: PlanChange) -> PlanItemId {
        let item = PlanItemId::random(&mut self.random);
        self.edits.push(Edit::ChangePlan { client: self.person.id, item, change });
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_one_that_claims_take() {
        for template in [ANXIETY, DEPRESSION, TRAUMA, DISTRESS] {
            for code in template.codes {
                assert!(Diagnosis::of(code).is_some_and(|known| known.is_billable), "{code}");
            }
        }
    }
}
