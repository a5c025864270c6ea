//! Search on the command line: names and codes, then texts, each with the line in which it was found.

use super::{Refused, Say, codes, local, say_line, schedule};
use crate::device::open::Device;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::interchange::json;
use tacenda_shared::practice::search::{Hit, Line, Match, Place};
use tacenda_shared::practice::view::Index;

/// Answers a search: a look into whatever it shows, with its entries in the trail.
pub(super) fn answer(
    device: &mut Device,
    words: &str,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let (found, shown) = device.find(words.trim(), now)?;
    let index = device.index();
    let lines = shown.lines.into_iter().chain(std::iter::repeat(None));
    for (found, line) in found.matches.iter().zip(lines) {
        match found {
            Match::Client(id) => {
                if let Some(row) = index.clients.get(id) {
                    let text = format!("{:<10} {}", row.code, row.name);
                    say_line(say, json::client(row).value(), &text);
                }
            }
            Match::Text(hit) => text(&index, hit, line.as_ref(), say),
        }
    }
    if found.total > found.matches.len() || found.partly > 0 {
        let shown = found.matches.len();
        let mut words = format!("{shown} of {} results.", found.total);
        if found.partly > 0 {
            words = format!("{words} Not searched in whole: {} texts.", found.partly);
        }
        let line = json::searched(shown, found.total, found.partly).value();
        say_line(say, line, &words);
    }
    Ok(false)
}

fn text(index: &Index, hit: &Hit, line: Option<&Line>, say: Say<'_>) {
    if let Place::Appointment(id) = hit.place {
        if let Some(row) = index.appointments.get(&id) {
            let text = format!("{} {}", row.slot.start.date(), schedule::line(index, row));
            say_line(say, json::appointment(index, row).value(), &text);
        }
        return;
    }
    let Some(client) = hit.client else { return };
    let code = codes(index, &[client]).concat();
    let day = hit.time.map_or_else(|| "-".to_owned(), |time| local(index, time).date().to_string());
    let says = line.map(|line| line.text.as_str()).unwrap_or_default();
    let id = hit.place.id().unwrap_or_default();
    let text = format!("{code:<10} {day:<10} {:<12} {says}  {id}", hit.place.word());
    say_line(say, json::found(index, client, hit, says).value(), text.trim_end());
}
