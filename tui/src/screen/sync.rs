//! Sync: the link, the queue, the devices of the practice, and appointments that devices moved
//! to different slots at once. Drafts merge and signed notes never change, so nothing else can
//! conflict.

use super::parts::{list, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::device::courier::Refilling;
use crate::device::courier::late::LateEdit;
use crate::message::{DeviceRow, FilesUnderWay, Standing, SyncStatus};
use crate::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::practice::edit::Slot;
use tacenda_shared::practice::view::AppointmentRow;

/// Below this height only what cannot be seen elsewhere is shown.
const ROOMY: u16 = 20;
/// Lines that tell of the device in focus.
const DETAIL: u16 = 4;

/// Which row is in focus: conflicts first, then devices.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State {
    focus: usize,
    /// How the recovery sheet and the server stand, once the device has said.
    pub(crate) standing: Option<Standing>,
}

impl State {
    /// Returns what is in focus.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        let (at, conflicts) = (self.at(scene), &scene.digest.conflicts);
        let before = conflicts.len() + scene.sync.devices.len();
        match (conflicts.get(at), self.device(scene), at.checked_sub(before)) {
            (Some(id), ..) => Focused::Conflict(*id),
            (None, Some(device), _) => Focused::Device(device.id),
            (None, None, Some(late)) if late < self.late().len() => Focused::Late(late),
            (None, None, _) => Focused::Nothing,
        }
    }

    /// Returns what came late, as far as the device has said.
    pub fn late(&self) -> &[LateEdit] {
        self.standing.as_ref().map_or(&[], |standing| &standing.late)
    }

    fn length(&self, scene: &Scene<'_>) -> usize {
        scene.digest.conflicts.len() + scene.sync.devices.len() + self.late().len()
    }

    fn at(&self, scene: &Scene<'_>) -> usize {
        self.focus.min(self.length(scene).saturating_sub(1))
    }

    fn device<'a>(&self, scene: &Scene<'a>) -> Option<&'a DeviceRow> {
        let at = self.at(scene).checked_sub(scene.digest.conflicts.len())?;
        scene.sync.devices.get(at)
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        let mut at = state.at(scene);
        let page = usize::from(scene.look.rows / 2);
        list::step(&mut at, *verb, state.length(scene), page);
        state.focus = at;
    }
    Vec::new()
}

/// Returns the state of the link in a few words.
pub fn link_words(scene: &Scene<'_>) -> String {
    let sync = scene.sync;
    if !sync.attached {
        return "this device only".to_owned();
    }
    if let (true, Some((come, all))) = (sync.connected, sync.arriving) {
        return format!(
            "{}, {} %",
            if sync.opening { "opening" } else { "receiving" },
            percent(come, all)
        );
    }
    match (sync.connected, sync.queued) {
        (true, 0) => match sync.last {
            Some(last) => format!("synced {}", when::ago(last, scene.now.time)),
            None => "connected".to_owned(),
        },
        (true, queued) => match &sync.files {
            Some(files) => format!("sending {}", files_words(files)),
            None => format!("sending {queued}"),
        },
        (false, 0) => "offline".to_owned(),
        (false, queued) => format!("offline, queued {queued}"),
    }
}

/// Returns how much of files that are being sent has left: `3 files, 12 of 40 MB`.
pub fn files_words(files: &FilesUnderWay) -> String {
    // Whole megabytes, and of what is shorter kilobytes; what has left is never said too high.
    let (unit, name) = if files.bytes < MEGABYTE { (1_000, "kB") } else { (MEGABYTE, "MB") };
    let (sent, all) = (files.sent / unit, files.bytes.div_ceil(unit));
    format!("{}, {sent} of {all} {name}", text::counted(files.count, "file", "files"))
}

/// As files are counted everywhere.
const MEGABYTE: u64 = 1_000_000;

/// Returns, in nine columns, what is being done with what the server had.
pub fn doing(sync: &SyncStatus) -> &'static str {
    if sync.opening { "Opening  " } else { "Receiving" }
}

/// Returns how much of `all` has come, in whole hundredths; all only when all is here.
pub fn percent(come: u64, all: u64) -> u64 {
    come.saturating_mul(100).checked_div(all).unwrap_or(100)
}

/// Returns a bar: `[#######.............] 4200 of 12000`.
pub fn bar(come: u64, all: u64) -> String {
    let full = usize::try_from(percent(come, all) / 5).unwrap_or(0).min(BAR);
    format!("[{}{}] {come} of {all}", "#".repeat(full), ".".repeat(BAR - full))
}

/// Cells of a bar: one for each twentieth.
const BAR: usize = 20;

/// Returns a slot in words: `Thu 26 Nov 10:00, 50 min, room 2`.
pub fn slot_words(slot: &Slot) -> String {
    let place = slot.room.as_deref().map(text::room);
    let place = place.unwrap_or_else(|| slot.modality.word().to_owned());
    let (date, time) = (when::day_and_date(slot.start.date()), when::clock(slot.start.time()));
    format!("{date} {time}, {} min, {place}", slot.minutes)
}

/// Draws the link, the conflicts and the devices.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let (sync, conflicts) = (scene.sync, &scene.digest.conflicts);
    paint::rule(frame, look, area, 0, ("Sync", "the server sees ciphertext only"));
    let inside = paint::inset(area, 1);
    let style = if sync.connected { look.good() } else { look.waiting() };
    paint::text(frame, inside, 1, &format!("Link        {}", link_words(scene)), style);
    paint::text(frame, inside, 2, &format!("Queue       {}", queue_words(scene)), Style::new());
    let mut line = 3;
    if let Some(files) = &sync.files {
        let verb = if sync.connected { "sending " } else { "" };
        let words = format!("Files       {verb}{}", files_words(files));
        paint::text(frame, inside, line, &words, Style::new());
        line += 1;
    }
    if let Some((come, all)) = sync.arriving {
        let words = format!("{}   {}", doing(sync), bar(come, all));
        paint::text(frame, inside, line, &words, Style::new());
        line += 1;
    }
    if area.height >= ROOMY {
        for words in standing_words(state, scene) {
            paint::text(frame, inside, line, &words, Style::new());
            line += 1;
        }
    }
    if let Some(state) = &sync.refilling {
        line = paint::paragraph(frame, inside, line, &refilling_words(state), look.waiting());
    }
    if let Some(trouble) = &sync.trouble {
        line = paint::notice(frame, look, inside, line, trouble);
    }
    line += 1;
    let title = text::counted(conflicts.len(), "appointment", "appointments");
    paint::rule(frame, look, area, line, (&format!("Moved twice: {title}"), ""));
    line += 1;
    if conflicts.is_empty() {
        paint::text(frame, inside, line, "Nothing to settle.", Style::new());
        line += 1;
    }
    let body = paint::lines(area, line, u16::MAX);
    match state.device(scene).filter(|_| body.height > DETAIL + 5) {
        None => rows(state, scene, frame, body),
        Some(device) => {
            let above = body.height - DETAIL;
            rows(state, scene, frame, paint::lines(body, 0, above));
            detail(device, scene, frame, paint::lines(body, above, DETAIL));
        }
    }
}

/// Returns what waits to be sent, with a bar while it is being sent.
fn queue_words(scene: &Scene<'_>) -> String {
    let sync = scene.sync;
    let queued = usize::try_from(sync.queued).unwrap_or(usize::MAX);
    let changes = text::counted(queued, "change", "changes");
    match (sync.attached, sync.queued, sync.connected) {
        (false, ..) => "no server yet; everything is kept on this device".to_owned(),
        (_, 0, _) => "empty".to_owned(),
        (_, _, false) => format!("{changes}; kept on this device until sent"),
        (_, queued, true) => {
            let most = sync.most.max(queued).max(1);
            format!("{} sent", bar(most - queued, most))
        }
    }
}

/// Returns how far a server is that the devices fill again.
fn refilling_words(state: &Refilling) -> String {
    if !state.given {
        return "The server was put up anew, and this device gives it what it holds.".to_owned();
    }
    let mut words = "The server has all that this device holds.".to_owned();
    if !state.missing.is_empty() {
        let names = state.missing.join(", ");
        words.push_str(&format!(" It waits for {names}; f goes on without."));
    }
    if !state.lost.is_empty() {
        let lost = state.lost.join("; ");
        words.push_str(&format!(" Nobody has given {lost}."));
    }
    words
}

/// Returns where the server is, and how the recovery sheet stands.
fn standing_words(state: &State, scene: &Scene<'_>) -> Vec<String> {
    let Some(standing) = &state.standing else { return Vec::new() };
    let date = |time| when::short(when::local(time, &scene.index.zone).date());
    let mut words = Vec::new();
    if !standing.addresses.is_empty() {
        words.push(format!("Server      {}", standing.addresses.join(", ")));
    }
    if let Some(sheet) = &standing.sheet {
        let since = date(sheet.since);
        words.push(match &sheet.asked {
            None => format!("Sheet       recovery sheet in force since {since}"),
            Some(asked) => format!(
                "Sheet       another was asked for by {} on {}; not you? tacenda sheet veto",
                asked.device,
                date(asked.on)
            ),
        });
    }
    words
}

/// Tells of the device in focus what its row has no room for.
fn detail(device: &DeviceRow, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    paint::rule(frame, scene.look, area, 0, (&device.name, ""));
    let inside = paint::inset(area, 1);
    let added = when::local(device.added, &scene.index.zone);
    let (date, time) = (when::long(added.date()), when::clock(added.time()));
    let id: String = device.id.to_string().chars().take(8).collect();
    let words = format!("Added on {date}, {time}. In commands its id is {id}.");
    let line = paint::paragraph(frame, inside, 1, &words, Style::new());
    let words = match (device.this, device.revoked) {
        (true, _) => "You are sitting at it. To shut it out, use another of your devices.",
        (_, true) => "Shut out: nothing that was written since opens on it.",
        _ => "If it is lost or stolen, x shuts it out for good.",
    };
    paint::paragraph(frame, inside, line, words, Style::new());
}

fn rows(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let conflicts = &scene.digest.conflicts;
    let at = state.at(scene);
    let above = area.height.saturating_sub(2).min(paint::count(conflicts.len()));
    let top = list::top(at.min(conflicts.len().saturating_sub(1)), conflicts.len(), above.into());
    for (row, id) in conflicts.iter().enumerate().skip(top).take(above.into()) {
        let Some(appointment) = scene.appointment(*id) else { continue };
        let words = conflict_words(appointment, scene);
        let line = paint::count(row - top);
        paint::row(frame, look, area, line, (&words, look.alarm(), row == at));
    }
    let area = paint::lines(area, above + 1, u16::MAX);
    let room = if state.late().is_empty() { 0 } else { paint::count(state.late().len()) + 2 };
    let room = room.min(area.height / 2);
    devices(state, scene, frame, paint::lines(area, 0, area.height - room));
    late(state, scene, frame, paint::lines(area, area.height - room, room));
    if state.length(scene) == 0 {
        frame.set_cursor_position((area.x, area.y.min(frame.area().height.saturating_sub(1))));
    }
}

fn devices(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let devices = &scene.sync.devices;
    let count = text::counted(devices.len(), "device", "devices");
    paint::rule(frame, scene.look, area, 0, ("Devices", &count));
    let body = paint::lines(area, 1, u16::MAX);
    let focus = state.at(scene).checked_sub(scene.digest.conflicts.len());
    let shown = focus.unwrap_or(0).min(devices.len().saturating_sub(1));
    let top = list::top(shown, devices.len(), body.height.into());
    for (row, device) in devices.iter().enumerate().skip(top).take(body.height.into()) {
        let words = device_words(device, scene);
        let line = paint::count(row - top);
        paint::row(frame, scene.look, body, line, (&words, Style::new(), focus == Some(row)));
    }
}

/// Draws what came late from devices that were shut out.
fn late(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let late = state.late();
    if area.height == 0 {
        return;
    }
    let count = text::counted(late.len(), "piece", "pieces");
    paint::rule(frame, scene.look, area, 0, ("Came late from a device that is shut out", &count));
    let body = paint::lines(area, 1, u16::MAX);
    let before = scene.digest.conflicts.len() + scene.sync.devices.len();
    let focus = state.at(scene).checked_sub(before);
    let top = list::top(focus.unwrap_or(0), late.len(), body.height.into());
    for (row, edit) in late.iter().enumerate().skip(top).take(body.height.into()) {
        let words = late_words(edit, scene);
        let line = paint::count(row - top);
        paint::row(frame, scene.look, body, line, (&words, Style::new(), focus == Some(row)));
    }
}

/// Returns what a late edit is about, whose it is and who wrote it.
pub fn late_words(edit: &LateEdit, scene: &Scene<'_>) -> String {
    let kind = crate::cli::late::word(edit.kind);
    let whose = edit.client.map(|client| who::client(scene.index, client, scene.veil));
    let whose = whose.map(|whose| format!(" of {whose}")).unwrap_or_default();
    let date = |time| when::short(when::local(time, &scene.index.zone).date());
    let time = edit.time.map(|time| format!(", {}", date(time))).unwrap_or_default();
    let adopted = if edit.adopted { "   taken over" } else { "" };
    format!("{kind}{whose}{time}, by {}{adopted}", edit.name)
}

fn conflict_words(row: &AppointmentRow, scene: &Scene<'_>) -> String {
    let who = who::comes(scene.index, row, scene.veil);
    let slot = slot_words(&row.slot);
    format!("{} {slot}", paint::cell(&who, 14))
}

fn device_words(device: &DeviceRow, scene: &Scene<'_>) -> String {
    let date = when::short(when::local(device.added, &scene.index.zone).date());
    let seen = match (device.this, device.revoked, device.seen) {
        (true, _, _) => "this one".to_owned(),
        (_, true, _) => "revoked".to_owned(),
        (_, _, Some(seen)) => format!("seen {}", when::ago(seen, scene.now.time)),
        (_, _, None) => "not heard since unlock".to_owned(),
    };
    let words = format!("{} added {date}   {seen}", paint::cell(&device.name, 22));
    match device.writes {
        Some((client, _)) => {
            let client = who::client(scene.index, client, scene.veil);
            format!("{words}   has a note of {client} open")
        }
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_when_everything_has_come() {
        assert_eq!(bar(0, 12), "[....................] 0 of 12");
        assert_eq!(bar(11_999, 12_000), "[###################.] 11999 of 12000");
        assert_eq!(bar(12_000, 12_000), "[####################] 12000 of 12000");
        assert_eq!(percent(1, 0), 100);
    }

    #[test]
    fn what_is_left_of_files_is_said_in_whole_megabytes_and_never_too_low() {
        let words = |count, sent, bytes| files_words(&FilesUnderWay { count, sent, bytes });
        assert_eq!(words(3, 12_999_999, 39_000_001), "3 files, 12 of 40 MB");
        assert_eq!(words(1, 0, 5 << 20), "1 file, 0 of 6 MB");
        assert_eq!(words(1, 65_536, 200_000), "1 file, 65 of 200 kB");
    }
}
