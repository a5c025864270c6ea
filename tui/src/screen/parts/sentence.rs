//! A booking typed as one sentence: reads it against what a screen sees. What it cannot read it
//! says; it books nothing.

use crate::screen::Scene;
use tacenda_shared::id::{ClientId, MemberId};
use tacenda_shared::practice::quick_add::{Problem, QuickAdd, QuickAddContext, parse};

/// Reads a sentence. `usual` is the clinician and the length when none is named.
pub fn read(sentence: &str, usual: (MemberId, u16), scene: &Scene<'_>) -> QuickAdd {
    let clients: Vec<(ClientId, &str, &str)> = scene
        .index
        .clients
        .values()
        .filter(|row| !row.archived)
        // Whatever a duplicate was called means the one who is kept.
        .flat_map(|row| {
            let all = std::iter::once(row).chain(&row.same);
            all.map(|twin| (row.id, twin.code.as_str(), twin.name.as_str()))
        })
        .collect();
    let (clinician, default_minutes) = usual;
    let context = QuickAddContext {
        today: scene.today(),
        now: scene.now.local.time(),
        zone: &scene.index.zone,
        clients: &clients,
        clinician,
        locale: scene.locale,
        default_minutes,
    };
    parse(sentence, &context)
}

/// Returns what was not understood, in words that hold nothing but what was just typed. The last
/// word is not wrong yet while it is being typed.
pub fn misread(sentence: &str, said: &QuickAdd, typing: bool) -> Option<String> {
    let unfinished = sentence.split_whitespace().next_back().filter(|_| typing).unwrap_or_default();
    said.problems.iter().find_map(|problem| match problem {
        Problem::UnknownWord { word }
        | Problem::ImpossibleDate { word }
        | Problem::ImpossibleTime { word }
            if word == unfinished =>
        {
            None
        }
        // The first word is meant for a client more often than not.
        Problem::UnknownWord { word }
            if said.clients.is_empty() && sentence.trim_start().starts_with(word.as_str()) =>
        {
            Some(format!("no client has {word} in the code or the name"))
        }
        Problem::UnknownWord { word } => Some(format!("not understood: {word}")),
        Problem::ImpossibleDate { word } => Some(format!("no such date: {word}")),
        Problem::ImpossibleTime { word } => Some(format!("no such time: {word}")),
        Problem::NamedTwice { word } => Some(format!("said twice: {word}")),
        Problem::AmbiguousClient { word, candidates } => {
            Some(format!("{candidates} clients fit {word}: type more of it"))
        }
        Problem::LengthOutOfRange => Some("a length is 1 to 1440 minutes".to_owned()),
        Problem::TimeDoesNotExist { .. } => {
            Some("the clocks go forward over this time: it does not exist".to_owned())
        }
        Problem::TimeHappensTwice => Some("this time happens twice; the first is meant".to_owned()),
        Problem::TooLong => Some("the sentence is too long".to_owned()),
        Problem::EndsBefore => Some("it ends before it begins".to_owned()),
        Problem::Past => Some("that has passed".to_owned()),
        Problem::FarAhead => Some("that is more than ten months ahead".to_owned()),
        Problem::UnusualHour => Some("that is before 6:00 or after 22:00".to_owned()),
        Problem::NoClient | Problem::NoDate | Problem::NoTime | Problem::UnknownZone => None,
    })
}
