//! Crises on the command line.

use super::{Refused, Say, client_named, refuse, say_line};
use crate::cli::crisis::CrisisWish;
use crate::device::open::Device;
use crate::screen::crisis::{level_words, numbers_words};
use serde_json::{Map, Value, json};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::crisis::numbers::{self, Numbers};
use tacenda_shared::practice::crisis::{RiskLevel, RiskState, RiskView, SafetyView, asked_words};
use tacenda_shared::practice::edit::{Edit, Purpose, Subject};
use tacenda_shared::practice::view::View;

/// Answers what is asked about crises.
pub(super) fn answer(
    device: &mut Device,
    wish: CrisisWish,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match wish {
        CrisisWish::Numbers => {
            for one in numbers::all(&device.index()) {
                say_line(say, numbers_json(&one), &numbers_words(&one));
            }
            Ok(false)
        }
        CrisisWish::SetNumbers { text } => {
            let Some((place, said)) = text.0.trim().split_once(':') else {
                return refuse(
                    "That does not begin with a place.",
                    "Write it like this: Nevada: Emergency 911; County line 555 0100.",
                );
            };
            let said = Some(said.trim()).filter(|said| !said.is_empty()).map(str::to_owned);
            let edit = Edit::SetEmergency { place: place.trim().to_owned(), numbers: said };
            device.apply(edit, now)?;
            Ok(true)
        }
        CrisisWish::Show { client } => show(device, &client, now, say),
    }
}

fn numbers_json(one: &Numbers) -> Value {
    let lines = one.lines.iter().map(|line| json!({"label": line.label, "number": line.number}));
    json!({
        "schema": 1, "type": "emergency-numbers", "place": one.place,
        "numbers": lines.collect::<Vec<_>>(), "own": one.own,
    })
}

fn show(device: &mut Device, code: &str, now: Timestamp, say: Say<'_>) -> Result<bool, Refused> {
    let client = client_named(&device.index(), code)?.id;
    let subject = Subject::Crisis(client);
    let View::Crisis(view) = device.open(subject, Purpose::Query, now)? else {
        return refuse("There is no such client.", "Run `tacenda client list`.");
    };
    device.close_view(subject, now);
    if let Some(plan) = view.plan() {
        let words = plan.print(&[]);
        say_line(say, plan_json(code, plan), words.trim_end());
    }
    for risk in view.risks.iter().filter(|risk| !risk.struck) {
        say_line(say, risk_json(code, risk), &risk_text(risk));
    }
    Ok(false)
}

fn plan_json(code: &str, plan: &SafetyView) -> Value {
    let steps: Map<String, Value> =
        plan.steps.iter().map(|(step, text)| (step.word(), json!(text))).collect();
    json!({
        "schema": 1, "type": "safety-plan", "client": code, "id": plan.record.to_string(),
        "steps": steps,
    })
}

fn risk_json(code: &str, risk: &RiskView) -> Value {
    let said = &risk.said;
    let asked: Map<String, Value> =
        said.asked.iter().map(|(asked, said)| (asked.word(), json!(said.word()))).collect();
    let words: Map<String, Value> =
        said.words.iter().map(|(of, text)| (of.word().to_owned(), json!(text))).collect();
    let state = match said.state {
        RiskState::Whole => "whole",
        RiskState::Unfinished => "unfinished",
        RiskState::Deferred => "deferred",
    };
    json!({
        "schema": 1, "type": "risk", "client": code, "id": risk.record.to_string(),
        "level": said.level.map(RiskLevel::word), "asked": asked, "words": words,
        "called": said.called, "next": said.next.map(|next| next.to_string()), "state": state,
    })
}

fn risk_text(risk: &RiskView) -> String {
    let mut text = format!("{}  risk: {}", risk.record, level_words(risk));
    for words in asked_words(&risk.said.asked) {
        text.push_str(&format!("\n  {words}"));
    }
    for (of, words) in &risk.said.words {
        text.push_str(&format!("\n  {}: {words}", of.title()));
    }
    text
}
