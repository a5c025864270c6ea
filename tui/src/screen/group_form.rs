//! The form for a couple, a family or a group: who belongs to it, and how it is called.

use super::parts::field::Field;
use super::parts::{paint, who};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use crate::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tacenda_shared::id::{ClientId, ObjectId};
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::group::{Belongs, GroupChange, GroupKind};
use tacenda_shared::practice::view::{ClientRow, GroupRow, Index};

const LABELS: [(&str, &str); 3] = [
    ("Who", "codes or names, with commas between them"),
    ("Code", "stands for them while names are hidden"),
    ("Name", "may stay empty"),
];
const WHO: usize = 0;
const CODE: usize = 1;
const NAME: usize = 2;

/// The form as it stands.
#[derive(Clone, Debug)]
pub struct State {
    kind: GroupKind,
    fields: [Field; 3],
    /// Whether it was typed who belongs to it: codes may be those of several.
    named: bool,
    /// Whether the code was typed; else it follows from who belongs to it.
    coded: bool,
    focus: usize,
    /// Which it is; `None` for a new one.
    group: Option<Arc<GroupRow>>,
    missing: Option<String>,
}

impl State {
    /// Starts a form for a new one, with one who belongs to it.
    pub fn new(kind: GroupKind, client: Option<ClientId>, scene: &Scene<'_>) -> Self {
        let who = client.map_or_else(String::new, |client| format!("{}, ", scene.code(client)));
        let fields = [Field::new(who), Field::default(), Field::default()];
        let mut state = Self {
            kind,
            fields,
            named: true,
            coded: false,
            focus: WHO,
            group: None,
            missing: None,
        };
        state.suggest(scene);
        state
    }

    /// Starts a form with one that is there.
    pub fn edit(row: &Arc<GroupRow>, scene: &Scene<'_>) -> Self {
        let kept: BTreeSet<_> = row.present().map(|client| scene.index.kept(client)).collect();
        let codes = kept.iter().filter_map(|client| scene.index.clients.get(client));
        let codes: Vec<&str> = codes.map(|row| row.code.as_str()).collect();
        let fields = [codes.join(", "), row.code.clone(), row.name.clone()].map(Field::new);
        let group = Some(Arc::clone(row));
        let (named, coded) = (false, true);
        Self { kind: row.kind, fields, named, coded, focus: WHO, group, missing: None }
    }

    /// Returns which it is, among clients; `None` for a new one.
    pub fn whose(&self) -> Option<ClientId> {
        self.group.as_ref().map(|row| row.subject)
    }

    /// Under the veil a name that is there already stays hidden even here.
    fn is_hidden(&self, at: usize, scene: &Scene<'_>) -> bool {
        at == NAME && scene.veil && self.group.is_some()
    }

    fn text(&self, at: usize) -> &str {
        self.fields.get(at).map(Field::trimmed).unwrap_or_default()
    }

    /// A code of the first letters of theirs and a number that nobody has, until one is typed.
    fn suggest(&mut self, scene: &Scene<'_>) {
        if self.coded {
            return;
        }
        let members = read(self.text(WHO), scene.index).unwrap_or_default();
        let first = |client: &ClientId| {
            let row = scene.index.client(*client)?;
            row.code.chars().find(|letter| letter.is_alphabetic())
        };
        let letters: Vec<String> =
            members.iter().take(3).filter_map(first).map(String::from).collect();
        let letters = match self.kind {
            GroupKind::Couple if letters.len() > 1 => letters.join("/"),
            GroupKind::Couple => "C".to_owned(),
            GroupKind::Family => "F".to_owned(),
            GroupKind::Group => "G".to_owned(),
        };
        let taken = |code: &str| scene.index.clients.values().any(|row| row.code == code);
        let mut codes = (1..=999).map(|number| format!("{letters}-{number:02}"));
        let code = codes.find(|code| !taken(code)).unwrap_or(letters.clone());
        if let Some(field) = self.fields.get_mut(CODE) {
            *field = Field::suggestion(code);
        }
    }

    fn save(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        match self.edit_of(scene) {
            Ok(None) => vec![Ask::Leave],
            Ok(Some((edit, says))) => vec![Ask::Submit(edit, says)],
            Err(missing) => {
                self.missing = Some(missing);
                Vec::new()
            }
        }
    }

    /// Who is meant, each as the one who is kept.
    fn members(&self, scene: &Scene<'_>) -> Result<Vec<ClientId>, String> {
        match &self.group {
            Some(row) if !self.named => {
                Ok(row.present().map(|client| scene.index.kept(client)).collect())
            }
            _ => read(self.text(WHO), scene.index),
        }
    }

    fn edit_of(&self, scene: &Scene<'_>) -> Result<Option<(Edit, String)>, String> {
        let members = self.members(scene)?;
        let code = self.text(CODE).to_owned();
        if code.is_empty() {
            return Err("A code is needed.".to_owned());
        }
        let whose = self.whose();
        let taken = scene
            .index
            .clients
            .values()
            .any(|row| row.code.eq_ignore_ascii_case(&code) && whose != Some(row.id));
        if taken {
            return Err("Another client has that code.".to_owned());
        }
        let Some(row) = &self.group else {
            if members.len() < 2 {
                return Err("Type at least two who belong together.".to_owned());
            }
            let members = members.into_iter().map(|client| (client, Belongs::Now)).collect();
            let name = Some(self.text(NAME).to_owned());
            let says = format!("added the {} {code}", self.kind.word());
            let change = GroupChange { name, code: Some(code), members };
            let group = ObjectId::from_bytes(scene.fresh);
            return Ok(Some((Edit::NewGroup { group, kind: self.kind, change }, says)));
        };
        let changed = changed(row, &members, scene.index);
        let differs = |text: &str, before: &str| (text != before).then(|| text.to_owned());
        let change = GroupChange {
            name: differs(self.text(NAME), &row.name),
            code: differs(&code, &row.code),
            members: changed,
        };
        if change == GroupChange::default() {
            return Ok(None);
        }
        let mut says = format!("changed the {} {code}", self.kind.word());
        if !change.members.is_empty() {
            let ahead = scene.index.appointments.values().filter(|booked| {
                let ahead = booked.starts > scene.now.time && !booked.status.frees_the_slot();
                ahead && booked.group == Some(row.subject)
            });
            let ahead = text::counted(ahead.count(), "session", "sessions");
            says.push_str(&format!("; {ahead} ahead name who came before (m changes it)"));
        }
        Ok(Some((Edit::ChangeGroup { group: row.subject, change }, says)))
    }
}

/// Says who joins and who leaves. Whoever belongs to it under a duplicate does so still, by the same
/// entry.
fn changed(row: &GroupRow, members: &[ClientId], index: &Index) -> BTreeMap<ClientId, Belongs> {
    let mut changed = BTreeMap::new();
    for client in members {
        let is = |one: &ClientId| index.kept(*one) == *client;
        if !row.present().any(|one| is(&one)) {
            let before = row.members.keys().copied().find(is);
            changed.insert(before.unwrap_or(*client), Belongs::Now);
        }
    }
    for client in row.present().filter(|client| !members.contains(&index.kept(*client))) {
        // Who is out of sight cannot be typed, and is not taken out by that.
        if index.client(client).is_some() {
            changed.insert(client, Belongs::Before);
        }
    }
    changed
}

/// Reads who is meant: codes and names with commas, or codes with blanks between them.
fn read(typed: &str, index: &Index) -> Result<Vec<ClientId>, String> {
    let mut members = Vec::new();
    let mut take = |client: ClientId| {
        if !members.contains(&client) {
            members.push(client);
        }
    };
    let parts = typed.split([',', ';']).map(str::trim);
    for part in parts.filter(|part| !part.is_empty()) {
        match named(part, index) {
            Ok(client) => take(client),
            Err(missing) => {
                let words = part.split(|letter: char| {
                    letter.is_whitespace() || matches!(letter, '/' | '&' | '+')
                });
                for word in words.filter(|word| !word.is_empty()) {
                    take(named(word, index).map_err(|_| missing.clone())?);
                }
            }
        }
    }
    Ok(members)
}

/// Finds one person by code, by name, or by the beginning of either.
fn named(typed: &str, index: &Index) -> Result<ClientId, String> {
    let people = index.clients.values().filter(|row| !index.groups.contains_key(&row.id));
    let people: Vec<&ClientRow> = people.map(AsRef::as_ref).collect();
    let wanted = typed.to_lowercase();
    let ways: [fn(&ClientRow, &str) -> bool; 3] = [
        |row, wanted| row.code.to_lowercase() == wanted,
        |row, wanted| row.name.to_lowercase() == wanted,
        |row, wanted| {
            let begins = |text: &str| text.to_lowercase().starts_with(wanted);
            !row.archived && (begins(&row.code) || begins(&row.name))
        },
    ];
    for fits in ways {
        let fitting: Vec<_> = people.iter().filter(|row| fits(row, &wanted)).collect();
        match fitting.as_slice() {
            [] => {}
            [only] => return Ok(only.id),
            several => return Err(format!("{} clients fit {typed}.", several.len())),
        }
    }
    Err(format!("No client has {typed} as the code or the name."))
}

/// Types, moves between fields, or saves.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            let focus = state.focus;
            if state.is_hidden(focus, scene) {
                return Vec::new();
            }
            if let Some(field) = state.fields.get_mut(focus)
                && field.update(input)
            {
                state.coded |= focus == CODE;
                state.missing = None;
                if focus == WHO {
                    state.named = true;
                    state.suggest(scene);
                }
            }
        }
        Act::Verb(Verb::NextField) => state.focus = (state.focus + 1) % LABELS.len(),
        Act::Verb(Verb::PreviousField) => {
            state.focus = state.focus.checked_sub(1).unwrap_or(LABELS.len() - 1);
        }
        Act::Verb(Verb::Confirm) => return state.save(scene),
        Act::Verb(_) => {}
    }
    Vec::new()
}

/// Draws the form.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let word = state.kind.word();
    let title = match &state.group {
        Some(row) => format!("{}   {word}", row.code),
        None => format!("New {word}"),
    };
    let footer = "Enter save  Tab next  Esc leave";
    let inside = paint::popup(frame, scene.look, (70, 12), (&title, footer));
    for (at, ((label, words), field)) in LABELS.iter().zip(&state.fields).enumerate() {
        let line = paint::count(at) + 1;
        paint::text(frame, inside, line, label, scene.look.title());
        let area = paint::lines(inside, line, 1);
        let area = Rect { x: area.x + 8, width: area.width.saturating_sub(8), ..area };
        let hidden = state.is_hidden(at, scene);
        let shown = if hidden { &Field::new("hidden (F9 shows)") } else { field };
        shown.view(frame, scene.look, area, at == state.focus && !hidden);
        if at == state.focus && state.missing.is_none() {
            paint::text(frame, inside, 5, words, Style::new());
        }
    }
    let below = paint::lines(inside, 5, u16::MAX);
    if let Some(missing) = &state.missing {
        paint::paragraph(frame, below, 0, missing, scene.look.alarm());
        return;
    }
    let said = match state.members(scene) {
        Ok(members) => {
            let names: Vec<String> =
                members.iter().map(|id| who::client(scene.index, *id, scene.veil)).collect();
            format!("= {}", names.join(", "))
        }
        Err(missing) => missing,
    };
    paint::paragraph(frame, below, 2, &said, scene.look.waiting());
}
