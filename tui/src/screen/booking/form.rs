//! How the form of a booking looks, and the day with the slot in its place. It decides nothing.

use super::{At, ORDER, Scope, State};
use crate::screen::parts::field::Field;
use crate::screen::parts::{day, elsewhere, list, paint, when, who};
use crate::screen::{Scene, today};
use crate::text;
use jiff::civil::DateTime;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::Slot;
use tacenda_shared::practice::schedule::free;
use tacenda_shared::practice::schedule::recur::End;

/// Draws the form and the day.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let title =
        if state.moved.is_some() { "Move or change appointment" } else { "New appointment" };
    let hint = if state.is_typing() { "Esc, then arrows move" } else { "arrows move the slot" };
    let title = format!("{title}{}", state.clinician_words(scene).unwrap_or_default());
    paint::rule(frame, look, area, 0, (&title, hint));
    let form = paint::inset(paint::lines(area, 1, 5), 1);
    form_view(state, scene, frame, form);
    let verdict = paint::inset(paint::lines(area, 6, 1), 1);
    let slot = state.slot(scene);
    let (words, style) = match &slot {
        Some(slot) => verdict_words(state, slot, scene),
        None => ("= not a date, start and length that make sense".to_owned(), look.alarm()),
    };
    paint::text(frame, verdict, 0, &words, style);
    preview(state, slot.as_ref(), scene, frame, paint::lines(area, 7, u16::MAX));
    // The caret is placed last, so that it wins over the preview.
    if let Some(at) = state.focus {
        field_view(state, at, scene, frame, form);
    }
}

/// Where a field stands in a form that is `width` wide: line, column, width.
const fn place(at: At, width: u16) -> (u16, u16, u16) {
    let right = if width < 72 { 39 } else { 51 };
    match at {
        At::Client => (0, 9, right - 19),
        At::Kind => (0, right, 19),
        At::Date => (2, 9, 20),
        At::Start => (2, right, 8),
        At::Minutes => (3, 9, 6),
        At::Modality => (3, right, 14),
        At::Room => (4, 9, 20),
        At::Repeat => (4, right, 22),
    }
}

const fn label(at: At) -> &'static str {
    match at {
        At::Client => "Client",
        At::Date => "Date",
        At::Start => "Start",
        At::Minutes => "Minutes",
        At::Room => "Room",
        At::Modality => "How",
        At::Kind => "Kind",
        At::Repeat => "Repeats",
    }
}

fn form_view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    for at in ORDER {
        let (line, column, _) = place(at, area.width);
        if at == At::Repeat && !state.has(at) && state.occurrence.is_none() {
            continue;
        }
        let left = Rect { x: area.x + column.saturating_sub(9).min(area.width), width: 9, ..area };
        let moves = at == At::Repeat && state.moved.is_some();
        let label = if moves { "Changes" } else { label(at) };
        paint::text(frame, left, line, label, scene.look.title());
        if state.focus != Some(at) {
            field_view(state, at, scene, frame, area);
        }
    }
    if state.focus == Some(At::Client) {
        let names: Vec<String> = state
            .matching(scene)
            .iter()
            .take(6)
            .map(|row| who::client(scene.index, row.id, scene.veil))
            .collect();
        let words = match (names.is_empty(), state.who.trimmed().is_empty()) {
            _ if state.asks_who_else() => state.toggle_words(scene),
            (_, true) => "a code or a name, or all of it: ak thu 3pm 50m room 2".to_owned(),
            (_, false) if state.misread.is_some() => state.misread.clone().unwrap_or_default(),
            (_, false) if !state.clients.is_empty() => {
                format!("Enter takes {}", state.who_words(scene, scene.veil))
            }
            (true, false) => "nobody matches".to_owned(),
            (false, false) => match names.split_first() {
                Some((first, [])) => format!("Enter takes {first}"),
                Some((first, more)) => format!("Enter takes {first}; also {}", more.join(", ")),
                None => String::new(),
            },
        };
        let below = Rect { x: area.x + 9, width: area.width.saturating_sub(9), ..area };
        paint::text(frame, below, 1, &words, scene.look.waiting());
    } else if let Some(words) = state.slot(scene).and_then(|slot| state.scope_words(&slot, scene)) {
        let below = Rect { x: area.x + 9, width: area.width.saturating_sub(9), ..area };
        paint::text(frame, below, 1, &words, scene.look.waiting());
    }
}

fn field_view(state: &State, at: At, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (line, column, width) = place(at, area.width);
    let area = paint::lines(area, line, 1);
    let column = column.min(area.width);
    let width = width.min(area.width - column);
    let area = Rect { x: area.x + column, width, ..area };
    let chosen = (!state.clients.is_empty()).then(|| state.who_words(scene, scene.veil));
    let shown = match at {
        At::Client => Field::new(chosen.unwrap_or_else(|| state.who.text().to_owned())),
        At::Date => state.date.clone(),
        At::Start => state.start.clone(),
        At::Minutes => state.minutes.clone(),
        At::Room => state.room.clone(),
        At::Modality => Field::new(format!("< {} >", state.modality.word())),
        At::Kind => Field::new(format!("< {} >", state.kind.word())),
        At::Repeat => Field::new(repeat_words(state)),
    };
    let focused = state.focus == Some(at);
    let shown = if focused && at == At::Client { state.who.clone() } else { shown };
    shown.view(frame, scene.look, area, focused);
}

fn repeat_words(state: &State) -> String {
    match (state.occurrence, state.scope) {
        (Some(one), _) if one.touched => "this one only".to_owned(),
        (Some(_), Scope::This) => "< this one only >".to_owned(),
        (Some(_), Scope::Following) => "< from here on >".to_owned(),
        (Some(_), Scope::All) => "< all to come >".to_owned(),
        (None, _) => {
            let words = match state.repeat {
                None => "no".to_owned(),
                Some((repeat, End::Count(count))) => format!("{} x{count}", repeat.words()),
                Some((repeat, End::Until(until))) => {
                    format!("{} to {}", repeat.words(), until.strftime("%-d %b"))
                }
                Some((repeat, _)) => repeat.words(),
            };
            format!("< {words} >")
        }
    }
}

fn verdict_words(state: &State, slot: &Slot, scene: &Scene<'_>) -> (String, Style) {
    let ends = when::later(slot.start, i64::from(slot.minutes)).time();
    let at = format!(
        "{} {} - {}  {}",
        when::long(slot.start.date()),
        when::clock(slot.start.time()),
        when::clock(ends),
        slot.zone,
    );
    let clashes = free::clashes(scene.index, (slot, &state.clients), state.moved);
    let outside = slot
        .modality
        .is_remote()
        .then(|| elsewhere::last(scene.index, &state.clients, scene.now.time))
        .flatten()
        .and_then(|last| {
            let licences = elsewhere::unlicensed(scene.index, slot.clinician, &last.place)?;
            Some(format!("LICENCE for {licences}; last in {}", last.place))
        });
    let clash = clashes.first().map(|first| {
        let more = if clashes.len() > 1 { " and more" } else { "" };
        format!("CLASH with {}{more}", who::comes(scene.index, first, scene.veil))
    });
    // Somebody may book it still: a last talk with the family, or a client who comes back.
    let gone = state.clients.iter().find_map(|client| gone(*client, scene));
    let outside = outside.filter(|_| clash.is_none());
    let warnings: Vec<String> = [gone, clash, outside].into_iter().flatten().collect();
    if warnings.is_empty() {
        (format!("= {at}   no clash"), scene.look.good())
    } else {
        (format!("{}: {at}", warnings.join("; ")), scene.look.alarm())
    }
}

/// Says that a client has died or is in the archive.
fn gone(client: ClientId, scene: &Scene<'_>) -> Option<String> {
    let row = scene.index.client(client)?;
    let whose = who::client(scene.index, client, scene.veil);
    match row.death() {
        Some(died) => Some(format!("{whose} DIED {}", when::short(died))),
        None if row.archived => Some(format!("{whose} is in the ARCHIVE")),
        None => None,
    }
}

fn preview(
    state: &State,
    slot: Option<&Slot>,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let date = slot.map_or(state.at.date(), |slot| slot.start.date());
    paint::rule(frame, scene.look, area, 0, (&when::long(date), ""));
    let body = paint::lines(area, 1, u16::MAX);
    let ids = scene.index.days.get(&date).into_iter().flatten();
    let rows =
        ids.filter_map(|id| scene.appointment(*id)).filter(|row| Some(row.id) != state.moved);
    let width = usize::from(body.width.saturating_sub(2));
    let mut lines: Vec<(DateTime, bool, String)> = rows
        .map(|row| {
            let words = today::appointment_words(row, scene, width).0;
            (day::start(row, scene.index), false, words)
        })
        .collect();
    if let Some(slot) = slot {
        let who = state.who_words(scene, scene.veil);
        let verb = if state.moved.is_some() { "moved here" } else { "new" };
        let words = format!(
            "{}  {:>4}  {} <-- {verb}",
            when::clock(slot.start.time()),
            format!("{}m", slot.minutes),
            paint::cell(&who, 14),
        );
        lines.push((slot.start, true, words));
    }
    lines.sort_by_key(|(start, _, _)| *start);
    let focus = lines.iter().position(|(_, proposed, _)| *proposed).unwrap_or(0);
    let top = list::top(focus, lines.len(), body.height.into());
    let shown = lines.iter().enumerate().skip(top).take(body.height.into());
    for (at, (_, proposed, words)) in shown {
        let line = paint::count(at - top);
        paint::row(frame, scene.look, body, line, (words, Style::new(), *proposed));
    }
    let count = text::counted(lines.len().saturating_sub(1), "other", "others");
    paint::right(frame, paint::inset(area, 2), 0, &format!(" {count} "), Style::new());
}
