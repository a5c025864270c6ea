//! Measures on the command line.

use super::{Refused, Say, client_named, local, refuse, say_line, whose};
use crate::cli::measure::{FormWish, MeasureWish};
use crate::cli::request::Typed;
use crate::device::open::Device;
use crate::screen::parts::measures;
use serde_json::json;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, RecordId, Timestamp};
use tacenda_shared::practice::edit::{Edit, Purpose, Subject};
use tacenda_shared::practice::measure::{
    self, Answer, Form, MeasureMark, MeasureView, NewScore, Review, Turn,
};
use tacenda_shared::practice::view::{Index, View};

/// Answers what is asked about the measures of a client.
pub(super) fn answer(
    device: &mut Device,
    client: &str,
    wish: MeasureWish,
    (now, say): (Timestamp, Say<'_>),
) -> Result<bool, Refused> {
    match wish {
        MeasureWish::Add { form, answers, acknowledged } => {
            add(device, client, (&form, &answers, acknowledged), (now, say))
        }
        MeasureWish::List => {
            let index = device.index();
            for one in all(device, client, now)? {
                say_line(say, line_json(client, &one), &line(&index, &one));
            }
            Ok(true)
        }
        MeasureWish::Review { id } => mark(device, client, (&id, MeasureMark::Reviewed(true)), now),
        MeasureWish::Score { text } => score(device, client, &text, now),
        MeasureWish::Show { id } => show(device, (client, &id), now, say),
        MeasureWish::Strike { id } => mark(device, client, (&id, MeasureMark::Struck(true)), now),
    }
}

/// Answers what is asked about forms.
pub(super) fn forms(
    device: &mut Device,
    wish: FormWish,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    match wish {
        FormWish::Define { text } => {
            if let Err(error) = measure::read(&text) {
                return refuse(&format!("The file is not taken: {error}."), "Mend that line.");
            }
            let id = measure::id_of(&text).unwrap_or_default();
            if measure::is_taken(&id) {
                return refuse(
                    "A measure of that id comes with the program.",
                    "Choose another id.",
                );
            }
            device.apply(Edit::DefineMeasure { id, text: Some(text) }, now)?;
            Ok(true)
        }
        FormWish::List { form: None } => {
            for form in measure::all().iter().chain(index.measures.values()) {
                let own = !measure::is_taken(&form.id);
                let json = json!({
                    "schema": 1, "type": "form", "id": form.id, "name": form.abbreviation,
                    "title": form.title, "items": form.items.len(), "own": own,
                });
                let own = if own { "  (own)" } else { "" };
                let words =
                    format!("{:<12}  {:>3} items  {}{own}", form.id, form.items.len(), form.title);
                say_line(say, json, &words);
            }
            for id in &index.measures_unread {
                let json = json!({"schema": 1, "type": "form-unread", "id": id});
                let words = "not read here: of a newer version, or one too many (own)";
                say_line(say, json, &format!("{id:<12}  {words}"));
            }
            Ok(false)
        }
        FormWish::List { form: Some(id) } => {
            let form = form_named(&index, &id)?;
            print(&form, say);
            Ok(false)
        }
        FormWish::Withdraw { form } => {
            device.apply(Edit::DefineMeasure { id: form, text: None }, now)?;
            Ok(true)
        }
    }
}

fn form_named(index: &Index, id: &str) -> Result<Arc<Form>, Refused> {
    match measures::form(index, id) {
        Some(form) => Ok(Arc::clone(form)),
        None => refuse("There is no such form.", "Run `tacenda measure forms`."),
    }
}

fn print(form: &Form, say: Say<'_>) {
    let items = form.items.iter().map(|item| {
        let choices = item.choices.iter().enumerate().map(|(at, choice)| {
            json!({"digit": item.digit(at), "label": choice.label, "value": choice.value})
        });
        json!({"number": item.number, "text": item.text, "answers": choices.collect::<Vec<_>>()})
    });
    let json = json!({
        "schema": 1, "type": "form", "id": form.id, "name": form.abbreviation,
        "title": form.title, "version": form.version, "instruction": form.instruction,
        "stem": form.stem, "items": items.collect::<Vec<_>>(), "notice": form.notice,
    });
    let mut words = format!("{}  {}\n", form.abbreviation, form.title);
    for text in form.instruction.iter().chain(&form.examples).chain(&form.stem) {
        words.push_str(&format!("{text}\n"));
    }
    for item in &form.items {
        words.push_str(&format!("\n{}. {}\n", item.number, item.text));
        for (at, choice) in item.choices.iter().enumerate() {
            let digit = item.digit(at).map_or_else(|| " ".to_owned(), |digit| digit.to_string());
            words.push_str(&format!("   {digit}  {}\n", choice.label));
        }
    }
    words.push_str(&format!("\n{}", form.notice));
    say_line(say, json, &words);
}

/// Reads a sign for each item; what is not asked after the answers may be left out at the end.
fn read(form: &Form, typed: &str) -> Option<Vec<Answer>> {
    let signs: Vec<char> = typed.chars().filter(|sign| !sign.is_whitespace()).collect();
    if signs.len() > form.items.len() {
        return None;
    }
    let mut answers = Vec::new();
    for (at, item) in form.items.iter().enumerate() {
        let answer = match signs.get(at) {
            Some('.') => Answer::NotAnswered,
            Some('-') => Answer::NotAsked,
            Some(digit) => {
                let digit = u8::try_from(digit.to_digit(10)?).ok()?;
                Answer::Choice(u8::try_from(item.of_digit(digit)?).ok()?)
            }
            None => Answer::NotAnswered,
        };
        let left_out = matches!(form.turn(&answers, at), Turn::LeftOut(_));
        answers.push(match answer {
            Answer::NotAnswered if left_out => Answer::NotAsked,
            answer => answer,
        });
    }
    form.check(&answers).is_ok().then_some(answers)
}

fn add(
    device: &mut Device,
    code: &str,
    (id, typed, acknowledged): (&str, &Typed, bool),
    (now, say): (Timestamp, Say<'_>),
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    let form = form_named(&index, id)?;
    let Some(answers) = read(&form, &typed.0) else {
        return refuse(
            "These answers do not fit the form.",
            &format!("`tacenda measure forms {id}` prints its items, each with its digits."),
        );
    };
    if form.needs_review(&answers) && !acknowledged {
        return refuse(
            &format!("An answer raises a risk. {}", form.risk_rule),
            "Say --acknowledged once you have read this.",
        );
    }
    let (score, ended) = (form.score(&answers), measures::ended(&form, &answers));
    device.apply(Edit::answered(client, None, &form, answers), now)?;
    let json = json!({
        "schema": 1, "type": "measure-added", "client": code, "form": form.id,
        "complete": score.complete, "total": score.total, "flags": score.flags,
    });
    let mut words = match score.total {
        Some(total) => format!("{} {total}", form.abbreviation),
        None if score.complete => form.abbreviation.clone(),
        None => format!("{}: not everything was answered, so there is no total", form.abbreviation),
    };
    for line in ended.into_iter().chain(measures::lines(&form, &score, None)) {
        words.push_str(&format!("\n{line}"));
    }
    words.push_str(&format!("\n{}", form.notice));
    say_line(say, json, &words);
    Ok(true)
}

fn score(device: &mut Device, code: &str, text: &Typed, now: Timestamp) -> Result<bool, Refused> {
    let client = client_named(&device.index(), code)?.id;
    let (mut name, mut source, mut total, mut range) = (String::new(), String::new(), None, None);
    for line in text.0.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once(':').map(|(label, words)| (label, words.trim())) {
            Some(("name", words)) => name = words.to_owned(),
            Some(("from", words)) => source = words.to_owned(),
            Some(("score", words)) => total = words.parse().ok(),
            Some(("range", words)) => {
                let ends = words.split_once('-');
                range = ends.and_then(|(low, high)| {
                    Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
                });
            }
            _ => {
                return refuse(
                    "A line does not say what it is.",
                    "Begin each line with `name: `, `score: `, `range: ` or `from: `.",
                );
            }
        }
    }
    let (Some(total), Some(range)) = (total, range) else {
        return refuse(
            "The score or its range is missing.",
            "Write `score: 63` and `range: 0-180`.",
        );
    };
    let score = Box::new(NewScore { name, total, range, source });
    device.apply(
        Edit::EnterScore { client, session: None, score, at: None, labels: Default::default() },
        now,
    )?;
    Ok(true)
}

fn named(index: &Index, code: &str, id: &str) -> Result<(ClientId, RecordId), Refused> {
    let client = client_named(index, code)?.id;
    match RecordId::parse(id) {
        Some(record) => Ok((whose(index, client, record), record)),
        None => refuse("That is no id of a measure.", "Run `tacenda measure list CODE`."),
    }
}

fn mark(
    device: &mut Device,
    code: &str,
    (id, mark): (&str, MeasureMark),
    now: Timestamp,
) -> Result<bool, Refused> {
    let (client, record) = named(&device.index(), code, id)?;
    device.apply(Edit::MarkMeasure { client, record, mark }, now)?;
    Ok(true)
}

fn all(device: &mut Device, code: &str, now: Timestamp) -> Result<Vec<MeasureView>, Refused> {
    let client = client_named(&device.index(), code)?.id;
    let subject = Subject::Measures(client);
    let View::Measures(view) = device.open(subject, Purpose::Query, now)? else {
        return refuse("There are no such measures.", "Run `tacenda client list`.");
    };
    device.close_view(subject, now);
    Ok(view.measures)
}

fn line(index: &Index, one: &MeasureView) -> String {
    let date = local(index, one.at.time).date();
    let result = match one.struck {
        true => "struck".to_owned(),
        false => measures::result(index, &one.taken),
    };
    let name = measures::name(index, &one.taken);
    format!("{}  {date}  {name:<16}  {result}", one.record)
}

fn line_json(code: &str, one: &MeasureView) -> serde_json::Value {
    let review = match one.taken.review {
        Review::None => None,
        Review::Due => Some("due"),
        Review::Done => Some("done"),
    };
    json!({
        "schema": 1, "type": "measure", "client": code, "id": one.record.to_string(),
        "instrument": one.taken.instrument, "total": one.taken.total, "values": one.values,
        "version": one.version, "range": one.range, "review": review, "struck": one.struck,
    })
}

fn show(
    device: &mut Device,
    (code, id): (&str, &str),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let (_, record) = named(&index, code, id)?;
    let all = all(device, code, now)?;
    let Some(at) = all.iter().position(|one| one.record == record) else {
        return refuse("There is no such measure.", "Run `tacenda measure list CODE`.");
    };
    let Some((one, older)) = all.get(at..).and_then(<[_]>::split_first) else {
        return Ok(true);
    };
    let mut words = line(&index, one);
    let same = |other: &&MeasureView| {
        !other.struck
            && other.taken.instrument == one.taken.instrument
            && other.taken.total.is_some()
            && measures::counts(&index, &other.taken)
    };
    let before = older.iter().find(same).and_then(|other| other.taken.total);
    if let Some(form) =
        measures::form(&index, &one.taken.instrument).filter(|_| one.range.is_none())
    {
        for (item, answer) in form.items.iter().zip(&one.answers) {
            let said = match answer {
                Answer::Choice(choice) => {
                    item.choices.get(usize::from(*choice)).map(|one| one.label.as_str())
                }
                Answer::NotAnswered => Some("(not answered)"),
                Answer::NotAsked => Some("(not asked)"),
            };
            words.push_str(&format!(
                "\n{}. {}: {}",
                item.number,
                item.text,
                said.unwrap_or_default()
            ));
        }
        let mut lines = Vec::new();
        if one.taken.follows_from(form) {
            let score = form.score(&one.answers);
            lines.extend(measures::lines(form, &score, before));
            if let (Some(before), Some(total)) = (before, one.taken.total) {
                lines.extend(measures::change(form, before, total));
            }
        } else {
            lines.push(measures::unfollowed(form, &one.taken).to_owned());
        }
        lines.push(form.notice.clone());
        words.push_str(&format!("\n{}", lines.join("\n")));
    }
    say_line(say, line_json(code, one), &words);
    Ok(true)
}
