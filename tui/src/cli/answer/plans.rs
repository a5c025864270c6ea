//! Treatment plans on the command line.

use super::{Refused, Say, client_named, entries_with, entry_named, local, refuse, say_line};
use crate::cli::request::{AddToPlan, Request};
use crate::device::chance::OsRandom;
use crate::device::open::Device;
use crate::screen::plan::lack_words;
use tacenda_shared::id::{ClientId, PlanItemId, Timestamp};
use tacenda_shared::practice::diagnosis::Diagnosis;
use tacenda_shared::practice::edit::{Edit, Purpose, Subject};
use tacenda_shared::practice::plan::{PlanChange, PlanItem, PlanKind};
use tacenda_shared::practice::view::{ClientRow, Index, PlanView, View};

/// Answers what is asked about treatment plans.
pub(super) fn answer(
    device: &mut Device,
    request: Request,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::PlanAdd(line) => add(device, &line, now),
        Request::PlanShow { client } => show(device, &client, now, say),
        Request::PlanSign { client } => {
            let index = device.index();
            let row = client_named(&index, &client)?;
            let with = entries_with(&row, |one| index.plans.contains_key(&one));
            let client = match with.as_slice() {
                [(only, _)] => *only,
                _ => entry_named(&index, &client)?.id,
            };
            device.apply(Edit::SignPlan { client }, now)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn add(device: &mut Device, line: &AddToPlan, now: Timestamp) -> Result<bool, Refused> {
    let row = client_named(&device.index(), &line.client)?;
    let Some(kind) = PlanKind::named(&line.kind) else {
        let kinds = PlanKind::ALL.map(PlanKind::word).join(", ");
        return refuse("There is no such kind of line.", &format!("Choose one of: {kinds}."));
    };
    let (known, typed) = match kind {
        PlanKind::Diagnosis => diagnosis(line.text.0.trim())?,
        _ => (None, line.text.0.trim()),
    };
    let under = line.under.as_ref().map(|id| PlanItemId::parse(id));
    let (client, under) = match (under, under.flatten()) {
        (None, _) => (row.id, None),
        (_, Some(goal)) => (with_goal(device, &row, goal, now)?, Some(goal)),
        _ => return no_goal(),
    };
    let by = match line.by.as_ref().map(|date| date.parse()) {
        None => None,
        Some(Ok(date)) => Some(date),
        Some(Err(_)) => return refuse("That is no date.", "Write it as 2027-02-01."),
    };
    let text = match (typed, known) {
        ("", Some(known)) => known.title.to_owned(),
        (typed, _) => typed.to_owned(),
    };
    let change = PlanChange {
        kind: Some(kind),
        under,
        code: known.map(|known| known.code.to_owned()),
        text: Some(text),
        target: by.map(Some),
        ..PlanChange::default()
    };
    let item = PlanItemId::random(&mut OsRandom);
    device.apply(Edit::ChangePlan { client, item, change }, now)?;
    Ok(true)
}

/// Takes the code apart with which a diagnosis may begin.
fn diagnosis(typed: &str) -> Result<(Option<Diagnosis>, &str), Refused> {
    let (first, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    match Diagnosis::of(first) {
        Some(known) if known.is_billable => Ok((Some(known), rest.trim())),
        Some(_) => refuse(
            "That code has finer ones under it, and claims take none that coarse.",
            "Search in the window: g p on a client, then n under Diagnoses.",
        ),
        None if is_code(first) => refuse(
            "There is no such code.",
            "Look it up in the window. If it is no code, put another word before it.",
        ),
        None => Ok((None, typed)),
    }
}

/// Whether a word is made like a code: a letter, a digit, and at most five more, as `F43.10`.
fn is_code(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.next().is_some_and(|second| second.is_ascii_digit())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '.')
        && (3..=8).contains(&word.len())
}

/// In whose plan a goal stands.
fn with_goal(
    device: &mut Device,
    row: &ClientRow,
    goal: PlanItemId,
    now: Timestamp,
) -> Result<ClientId, Refused> {
    let index = device.index();
    for (client, _) in entries_with(row, |one| index.plans.contains_key(&one)) {
        let subject = Subject::Plan(client);
        let View::Plan(view) = device.open(subject, Purpose::Query, now)? else { continue };
        device.close_view(subject, now);
        if view.plan.item(goal).is_some_and(|item| item.kind == PlanKind::Goal) {
            return Ok(client);
        }
    }
    no_goal()
}

fn no_goal<T>() -> Result<T, Refused> {
    refuse("That is no id of a goal.", "Run `tacenda plan show CODE`.")
}

fn show(device: &mut Device, code: &str, now: Timestamp, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    let row = client_named(&index, code)?;
    for (client, code) in entries_with(&row, |one| index.plans.contains_key(&one)) {
        let View::Plan(view) = device.open(Subject::Plan(client), Purpose::Query, now)? else {
            return refuse("There is no such plan.", "Run `tacenda client list`.");
        };
        say_plan((&index, &code), &view, say);
    }
    Ok(true)
}

fn say_plan((index, code): (&Index, &str), view: &PlanView, say: Say<'_>) {
    let PlanView { plan, changed, versions, .. } = view;
    for item in &plan.items {
        say_line(say, json(code, item), &line(item));
    }
    for (time, record) in versions {
        let date = local(index, *time).date();
        let json = serde_json::json!({
            "schema": 1, "type": "plan-version", "client": code, "id": record.to_string(),
            "signed": date.to_string(),
        });
        say_line(say, json, &format!("version        {record}  {date}"));
    }
    let lacks = lack_words(&plan.lacks());
    let signed = versions.first().map(|(time, _)| local(index, *time).date());
    let json = serde_json::json!({
        "schema": 1, "type": "plan", "client": code, "lines": plan.items.len(),
        "review": plan.review.map(|date| date.to_string()),
        "signed": signed.map(|date| date.to_string()), "changed": changed, "lacks": lacks,
    });
    let signed = signed.map_or_else(|| "never signed".to_owned(), |date| format!("signed {date}"));
    let changed = if *changed { ", changed since" } else { "" };
    let review = plan.review.map(|date| format!(", review by {date}")).unwrap_or_default();
    let lacks = match lacks.as_slice() {
        [] => String::new(),
        lacks => format!("; lacks {}", lacks.join(", ")),
    };
    say_line(say, json, &format!("{signed}{changed}{review}{lacks}"));
}

fn line(item: &PlanItem) -> String {
    format!("{:<13}  {}  {}", item.kind.word(), item.id, item.words())
}

fn json(client: &str, item: &PlanItem) -> serde_json::Value {
    serde_json::json!({
        "schema": 1, "type": "plan-line", "client": client, "id": item.id.to_string(),
        "kind": item.kind.word(), "under": item.under.map(|under| under.to_string()),
        "code": (!item.code.is_empty()).then_some(&item.code), "text": item.text,
        "target": item.target.map(|date| date.to_string()),
        "progress": item.progress.map(|(progress, _)| progress.word()),
    })
}
