//! The treatment plan, in keys.

use super::*;
use std::sync::Arc;
use tacenda_shared::id::PlanItemId;
use tacenda_shared::practice::plan::{PlanChange, PlanItem, PlanKind, Progress};

/// The chart of the first client, and from there the plan.
fn planning() -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.keys("⏎").open_asked().keys("gp").open_asked();
    assert!(driver.screen().contains(">     [some progress]"), "the first objective is in focus");
    driver.keys("gg");
    driver
}

fn last(driver: &Driver) -> (PlanItemId, PlanChange) {
    match driver.edits().last() {
        Some(Edit::ChangePlan { client, item, change }) => {
            assert_eq!(*client, sample::client_id(1));
            (*item, change.clone())
        }
        other => panic!("{other:?}"),
    }
}

const fn item(number: u8) -> PlanItemId {
    PlanItemId::from_bytes([number; 16])
}

#[test]
fn a_diagnosis_is_found_as_it_is_typed_and_a_coarse_code_leads_to_finer_ones() {
    let mut driver = planning();
    driver.keys("n").keys("ptsd");
    assert!(driver.screen().contains("F43.1    Post-traumatic"), "{}", driver.screen());
    // F43.1 has others under it: Enter shows those, and takes nothing.
    driver.keys("⏎");
    assert!(driver.edits().is_empty());
    let screen = driver.screen();
    assert!(screen.contains("> F43.10") && screen.contains("F43.12"), "{screen}");
    driver.code(KeyCode::Down).keys("⏎");
    let (_, change) = last(&driver);
    assert_eq!(change.kind, Some(PlanKind::Diagnosis));
    assert_eq!(change.code.as_deref(), Some("F43.11"));
    assert_eq!(change.text.as_deref(), Some("Post-traumatic stress disorder, acute"));
    driver.keys("n").keys("no such illness⏎");
    assert!(driver.screen().contains("No code has these words."));
    assert_eq!(driver.edits().len(), 1);
}

/// Diagnoses, the one there is; problems; strengths; goals: the fifth row heads them.
#[test]
fn a_line_begins_where_the_focus_is_and_on_a_goal_it_is_an_objective() {
    let mut driver = planning();
    driver.keys("jjjjn").keys("See friends again⏎");
    let (_, change) = last(&driver);
    assert_eq!((change.kind, change.under), (Some(PlanKind::Goal), None));
    // On a goal, and on its objective.
    for keys in ["jn", "jn"] {
        driver.keys(keys).keys("A step⏎");
        let (_, change) = last(&driver);
        assert_eq!((change.kind, change.under), (Some(PlanKind::Objective), Some(item(2))));
    }
    driver.keys("⏎").keys(", twice a day⏎");
    let (changed, change) = last(&driver);
    assert_eq!((changed, change.kind), (item(3), None));
    assert_eq!(
        change.text.as_deref(),
        Some("Drive to work with company, 3 of 5 days, twice a day")
    );
    driver.keys("n").keys("⏎");
    assert!(driver.screen().contains("Type a line first."));
}

/// What another device adds meanwhile moves nothing under the keys.
#[test]
fn what_was_begun_here_is_what_one_goes_on_with_and_what_another_device_adds_is_not() {
    let mut driver = planning();
    driver.keys("jjjjn").keys("See friends again⏎");
    let (begun, _) = last(&driver);
    let View::Plan(mut view) = Sample::new().plan(1) else { panic!() };
    let goal = view.plan.items[1].clone();
    view.plan
        .items
        .insert(2, PlanItem { id: begun, text: "See friends again".into(), ..goal.clone() });
    let client = sample::client_id(1);
    let show = |driver: &mut Driver, view: &View| {
        let outcome = Ok(Box::new(view.clone()));
        driver.device(DeviceEvent::Opened { subject: Subject::Plan(client), outcome });
    };
    show(&mut driver, &View::Plan(view.clone()));
    assert!(driver.screen().contains(">   See friends again"), "{}", driver.screen());
    view.plan.items.insert(1, PlanItem { id: item(90), text: "Of another".into(), ..goal });
    show(&mut driver, &View::Plan(view));
    assert!(driver.screen().contains("    Of another"), "{}", driver.screen());
    assert!(driver.screen().contains(">   See friends again"), "{}", driver.screen());
}

/// A goal of another device moves nothing either while nobody has moved yet, and what follows a line
/// that is taken out is in focus next.
#[test]
fn the_focus_stays_on_its_line_and_goes_to_the_next_when_that_is_taken_out() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⏎").open_asked().keys("gp").open_asked();
    let client = sample::client_id(1);
    let View::Plan(mut view) = Sample::new().plan(1) else { panic!() };
    let show = |driver: &mut Driver, view: &View| {
        let outcome = Ok(Box::new(view.clone()));
        driver.device(DeviceEvent::Opened { subject: Subject::Plan(client), outcome });
    };
    let first = view.plan.items.iter().position(|item| item.id == self::item(3)).unwrap();
    let other =
        PlanItem { id: item(90), text: "Of another".into(), ..view.plan.items[first].clone() };
    view.plan.items.insert(first, other);
    show(&mut driver, &View::Plan(view.clone()));
    driver.keys("+");
    assert_eq!(last(&driver).0, item(3));
    view.plan.items.retain(|line| line.id != item(3));
    show(&mut driver, &View::Plan(view.clone()));
    let next = view.plan.items[first + 1].id;
    view.plan.items.remove(first);
    show(&mut driver, &View::Plan(view));
    driver.keys("x");
    assert_eq!(last(&driver).0, next);
}

/// Enter on the last row offers the date that stands, and keeps it.
#[test]
fn enter_twice_on_the_review_keeps_its_date() {
    let mut driver = planning();
    let View::Plan(view) = Sample::new().plan(1) else { panic!() };
    for keys in ["G⏎", "Gn"] {
        driver.keys(keys).keys("⏎");
        let kept = Edit::ReviewPlan { client: sample::client_id(1), review: view.plan.review };
        assert_eq!(driver.edits().last(), Some(&&kept), "{keys}");
    }
    assert!(view.plan.review.is_some());
}

#[test]
fn progress_is_one_key_a_date_is_read_back_and_a_line_is_taken_out() {
    let mut driver = planning();
    driver.keys("jjjjj+");
    assert_eq!(last(&driver), (item(2), progress(Progress::Unchanged)), "the first press");
    driver.keys("j+");
    assert_eq!(last(&driver), (item(3), progress(Progress::Most)));
    driver.keys("-");
    assert_eq!(last(&driver), (item(3), progress(Progress::Unchanged)));
    driver.keys("d").keys("1 mar");
    assert!(driver.screen().contains("= Mon 1 Mar 2027"), "{}", driver.screen());
    driver.keys("⏎");
    let target = PlanChange { target: Some(Some(date(2027, 3, 1))), ..Default::default() };
    assert_eq!(last(&driver), (item(3), target));
    driver.keys("x");
    let struck = PlanChange { struck: Some(true), ..Default::default() };
    assert_eq!(last(&driver), (item(3), struck));
    let before = driver.edits().len();
    driver.keys("k").keys("k+");
    assert!(driver.screen().contains("line of the plan first"), "{}", driver.screen());
    assert_eq!(driver.edits().len(), before);
    // The last row says when it is looked at again.
    driver.keys("Gd").keys("+30⏎");
    let review =
        Edit::ReviewPlan { client: sample::client_id(1), review: Some(date(2026, 12, 22)) };
    assert_eq!(driver.edits().last(), Some(&&review));
}

fn progress(rating: Progress) -> PlanChange {
    PlanChange { progress: Some(Some(rating)), ..Default::default() }
}

#[test]
fn signing_says_what_is_missing_and_needs_the_initials() {
    let mut driver = planning();
    driver.keys("S");
    let screen = driver.screen();
    assert!(screen.contains("It lacks an objective for a goal, what is done, how the"), "{screen}");
    driver.keys("xx⏎");
    assert!(driver.edits().is_empty());
    assert!(driver.screen().contains("not your initials"));
    let name = driver.model.desk().unwrap().index.clinicians.values().next().unwrap().clone();
    driver.key(Key::char('\u{8}')).code(KeyCode::Backspace).code(KeyCode::Backspace);
    driver.keys(&crate::screen::note::review::initials(&name)).keys("⏎");
    let sign = Edit::SignPlan { client: sample::client_id(1) };
    assert_eq!(driver.edits(), [&sign]);
}

#[test]
fn a_review_that_is_due_is_listed_and_leads_to_the_plan() {
    let mut driver = Driver::open(80, 24);
    let mut index = Sample::new().index;
    index.plans.insert(sample::client_id(1), Some(date(2026, 12, 1)));
    index.plans.insert(sample::client_id(2), Some(date(2027, 2, 1)));
    index.plans.insert(sample::client_id(3), None);
    driver.device(DeviceEvent::Changed(Arc::new(index)));
    driver.keys("4G");
    let screen = driver.screen();
    assert_eq!(screen.matches("plan to be reviewed").count(), 1, "{screen}");
    driver.keys("⏎").open_asked();
    assert!(driver.screen().contains("Treatment plan   JM-014"), "{}", driver.screen());
    assert!(driver.screen().contains("signed 4 Oct, changed since"), "{}", driver.screen());
}

/// Nobody signs what they have not seen.
#[test]
fn a_line_of_another_device_takes_the_request_for_initials_away() {
    let mut driver = planning();
    let View::Plan(mut view) = Sample::new().plan(1) else { panic!() };
    driver.keys("Sd");
    assert!(driver.screen().contains("your initials"), "{}", driver.screen());
    let show = |driver: &mut Driver, view: &View| {
        let outcome = Ok(Box::new(view.clone()));
        let subject = Subject::Plan(sample::client_id(1));
        driver.device(DeviceEvent::Opened { subject, outcome });
    };
    show(&mut driver, &View::Plan(view.clone()));
    assert!(driver.screen().contains("your initials"), "nothing has changed");
    let other = PlanItem { id: item(90), text: "Of another".into(), ..view.plan.items[0].clone() };
    view.plan.items.push(other);
    show(&mut driver, &View::Plan(view));
    assert!(!driver.screen().contains("your initials"), "{}", driver.screen());
    assert!(driver.screen().contains("The plan has changed"), "{}", driver.screen());
    driver.keys("⏎");
    assert!(driver.edits().iter().all(|edit| !matches!(edit, Edit::SignPlan { .. })));
}
