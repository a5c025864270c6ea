//! What the product ships is what was checked, scored as it says, twice.

mod rules;
mod wrong;

pub(in crate::practice) use wrong::OWN;

use super::cases::{answers, differs, said};
use super::*;
use std::path::{Path, PathBuf};

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/instruments")
}

/// Typography is no part of a wording.
fn plain(text: &str) -> String {
    let map = |letter: char| match letter {
        '\u{2018}' | '\u{2019}' => "'".to_owned(),
        '\u{201c}' | '\u{201d}' => "\"".to_owned(),
        '\u{2026}' => "...".to_owned(),
        '\u{2013}' | '\u{2014}' => "-".to_owned(),
        letter => letter.to_string(),
    };
    text.chars().map(map).collect()
}

#[test]
fn every_shipped_string_is_the_published_one() {
    let mut compared = 0;
    for (id, text) in library::FILES {
        let Ok(given) = std::fs::read_to_string(published().join(format!("{id}.toml"))) else {
            assert_ne!(option_env!("CI"), Some("true"), "CI needs the published {id}");
            println!("NOT RUN: comparison with the published {id}, which is not here");
            continue;
        };
        let given: toml::Table = given.parse().unwrap();
        assert_eq!(given["ship"].as_str(), Some("ship"), "{id}");
        let strings = |form: &Form| {
            let mut strings = vec![form.title.clone(), form.version.clone(), form.notice.clone()];
            strings.extend([form.respondent.clone(), form.risk_rule.clone()]);
            strings
                .extend(form.stem.iter().chain(&form.instruction).chain(&form.examples).cloned());
            for item in &form.items {
                strings.push(item.text.clone());
                strings.extend(item.choices.iter().map(|one| one.label.clone()));
                strings.extend(item.follow_up.iter().cloned());
            }
            let bands = form.bands.iter().flat_map(|one| [&one.label, &one.source]);
            let cuts = form.cut_offs.iter().flat_map(|one| [&one.label, &one.source]);
            let changes = form.changes.iter().flat_map(|one| [&one.label, &one.source]);
            strings.extend(bands.chain(cuts).chain(changes).cloned());
            strings
        };
        // Every string of the published file, wherever it stands in it.
        let mut known = std::collections::BTreeSet::new();
        let mut rest = vec![toml::Value::Table(given.clone())];
        while let Some(value) = rest.pop() {
            match value {
                toml::Value::String(text) => drop(known.insert(plain(&text))),
                toml::Value::Array(values) => rest.extend(values),
                toml::Value::Table(table) => rest.extend(table.into_iter().map(|(_, value)| value)),
                _ => {}
            }
        }
        for form in read(text).unwrap() {
            for text in strings(&form) {
                assert!(known.contains(&plain(&text)), "{id}: {text}");
                compared += 1;
            }
            // Each item is at its place, with its answers in their order.
            let variant = given.get("variants").and_then(|all| {
                let named = |one: &&toml::Value| form.id.ends_with(one["id"].as_str().unwrap());
                all.as_array().unwrap().iter().find(named).cloned()
            });
            let field = variant.as_ref().map_or("text", |one| one["item_text"].as_str().unwrap());
            let items = given["items"].as_array().unwrap();
            assert_eq!(items.len(), form.items.len());
            for (item, given_item) in form.items.iter().zip(items) {
                assert_eq!(plain(&item.text), plain(given_item[field].as_str().unwrap()));
                let set = given_item["answers"].as_str().unwrap();
                let set = variant.as_ref().map_or(set, |one| one["answer_set"].as_str().unwrap());
                let labels = given["answer_sets"][set].as_array().unwrap().iter().map(|one| {
                    (one["value"].as_integer().unwrap(), plain(one["label"].as_str().unwrap()))
                });
                let own = item.choices.iter().map(|one| (i64::from(one.value), plain(&one.label)));
                assert!(labels.eq(own), "{id} {}", item.number);
            }
        }
    }
    println!("{compared} strings compared");
}

#[test]
fn what_may_only_be_scored_is_not_in_the_product() {
    assert_eq!(library::FILES.len(), 15);
    assert_eq!(all().len(), 16, "K10 has two forms");
    for id in ["cage", "dass-21"] {
        assert!(!is_taken(id));
        let Ok(given) = std::fs::read_to_string(published().join(format!("{id}.toml"))) else {
            println!("NOT RUN: {id} is not here");
            continue;
        };
        let given: toml::Table = given.parse().unwrap();
        for item in given["items"].as_array().unwrap() {
            let text = item["text"].as_str().unwrap();
            let held = library::FILES.iter().find(|(_, file)| plain(file).contains(&plain(text)));
            assert_eq!(held.map(|(id, _)| id), None, "{text}");
        }
        let wrong = read(&given_text(id)).unwrap_err();
        assert!(wrong.why.contains("not to be shown"), "{wrong}");
    }
}

fn given_text(id: &str) -> String {
    std::fs::read_to_string(published().join(format!("{id}.toml"))).unwrap()
}

#[test]
fn every_published_case_comes_out() {
    let mut ran = 0;
    for (id, text) in library::FILES {
        let text = std::fs::read_to_string(published().join(format!("{id}.toml")))
            .unwrap_or_else(|_| (*text).to_owned());
        let file: file::File = toml::from_str(&text).unwrap();
        let forms = read(&text).unwrap();
        for case in &file.cases {
            let case = case.get_ref();
            let variant = case.variant.as_deref().unwrap_or_default();
            let form = forms.iter().find(|form| form.id.ends_with(variant)).unwrap();
            let answers = answers(form, &case.answers).unwrap();
            assert_eq!(form.check(&answers), Ok(()), "{id}: {}", case.name);
            let differs = differs(&case.expected, &said(form, &answers, &form.score(&answers)));
            assert_eq!(differs, None, "{id}: {}", case.name);
            ran += 1;
        }
    }
    assert_eq!(ran, 141);
}

#[test]
fn a_form_knows_which_items_are_asked() {
    let form = |id: &str| named(id).unwrap();
    let phq = form("phq-9");
    let none = vec![Answer::NotAnswered; 10];
    assert_eq!(phq.turn(&none, 9), Turn::LeftOut(0));
    let mut some = none.clone();
    some[3] = Answer::Choice(1);
    assert_eq!(phq.turn(&some, 9), Turn::Asked);
    let mut given = none;
    given[9] = Answer::Choice(1);
    assert_eq!(phq.check(&given), Err(AnswerError::NotAsked(9)));
    assert_eq!(phq.check(&[Answer::Choice(0)]), Err(AnswerError::Count));
    some[3] = Answer::Choice(4);
    assert_eq!(phq.check(&some), Err(AnswerError::Choice(3)));
    some[3] = Answer::NotAsked;
    assert_eq!(phq.check(&some), Err(AnswerError::Asked(3)));
    let k10 = form("k10-au-1-5");
    let mut first = vec![Answer::NotAnswered; 10];
    first[1] = Answer::Choice(0);
    assert_eq!(k10.turn(&first, 2), Turn::MayBeLeftOut(1));
    assert_eq!(form("phq-15").turn(&[], 3), Turn::MayBeLeftOut(0));
    assert_eq!(form("pc-ptsd-5").turn(&[Answer::Choice(1)], 1), Turn::LeftOut(0));
}

#[test]
fn a_digit_stands_for_one_answer() {
    let audit = named("audit-c").unwrap();
    let drinks = &audit.items[1];
    assert!(!drinks.values_are_unique());
    assert_eq!(drinks.of_digit(0), Some(0));
    assert_eq!(drinks.of_digit(1), Some(1));
    assert_eq!(drinks.choices[1].value, 0);
    for form in all() {
        for item in &form.items {
            for choice in 0..item.choices.len() {
                let digit = item.digit(choice).unwrap();
                assert_eq!(item.of_digit(digit), Some(choice), "{} {}", form.id, item.number);
            }
        }
    }
    assert_eq!(named("asq").unwrap().items[0].of_digit(9), Some(2));
}

#[test]
fn change_is_said_where_a_source_says_it() {
    let names = |id: &str, earlier, later| -> Vec<String> {
        let form = named(id).unwrap();
        let changes = form.changes_between(earlier, later);
        changes.into_iter().map(|at| form.changes[at].id.clone()).collect()
    };
    assert_eq!(names("phq-9", 20, 16), [""; 0]);
    assert_eq!(names("phq-9", 20, 15), ["meaningful-5"]);
    assert_eq!(names("phq-9", 10, 16), ["meaningful-5", "reliable-6"]);
    assert_eq!(names("phq-9", 8, 4), ["response-half", "remission-below-5"]);
    assert_eq!(names("phq-9", 4, 0), ["response-half"]);
    assert_eq!(names("phq-9", 0, 0), [""; 0]);
    assert_eq!(names("gad-7", 10, 6), ["reliable-4"]);
    // What belongs to an older list is in the file and is not used.
    assert_eq!(names("pcl-5", 50, 45), [""; 0]);
    assert_eq!(names("pcl-5", 50, 35), ["meaningful-10", "reliable-15"]);
    assert_eq!(names("k6", 24, 0), [""; 0]);
}

#[test]
fn every_notice_stands_among_the_licences() {
    let page = include_str!("../../../../../docs/licences.md");
    for form in all() {
        assert!(page.contains(&form.notice), "{}", form.id);
    }
}
