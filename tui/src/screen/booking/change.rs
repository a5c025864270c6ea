//! What changes with an appointment that is there: where it is, who comes; and of a series, how many
//! of it change with it.

use super::{At, State};
use crate::screen::parts::{when, who};
use crate::screen::{Ask, Scene};
use jiff::civil::Date;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{AppointmentKind, Edit, Slot, WhoChange};
use tacenda_shared::practice::schedule::to_come::{first_to_come, parts};
use tacenda_shared::practice::view::{AppointmentRow, Occurrence};

/// How many of a series change.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Scope {
    /// This one.
    #[default]
    This,
    /// This one and all that follow it.
    Following,
    /// All that are still to come, which nobody has dealt with by itself. What has been stays as it
    /// was.
    All,
}

pub(super) const SCOPES: [Scope; 3] = [Scope::This, Scope::Following, Scope::All];

/// An appointment as it was when the form was opened.
#[derive(Clone, Debug)]
pub(super) struct Before {
    pub(super) slot: Slot,
    pub(super) clients: Vec<ClientId>,
    pub(super) kind: AppointmentKind,
    pub(super) is_settled: bool,
}

impl Before {
    pub(super) fn of(row: &AppointmentRow) -> Self {
        Self {
            slot: row.slot.clone(),
            clients: row.clients.clone(),
            kind: row.kind,
            is_settled: row.rivals.is_empty(),
        }
    }
}

impl State {
    /// What is changed of who comes.
    fn who_changes(&self, before: &Before) -> WhoChange {
        let was = (before.clients.as_slice(), before.kind);
        WhoChange::between(was, (self.clients.as_slice(), self.kind))
    }

    /// Makes of what the form says what is to be done.
    pub(super) fn confirm_change(&self, slot: Slot, scene: &Scene<'_>) -> Option<Vec<Ask>> {
        let (appointment, before) = (self.moved?, self.before.as_ref()?);
        let who = self.who_changes(before);
        if self.clients.is_empty() && !before.clients.is_empty() {
            let words = "Nobody would come: cancel it instead (x).".to_owned();
            return Some(vec![Ask::Say(words)]);
        }
        let at =
            format!("{} {}", when::day_and_date(slot.start.date()), when::clock(slot.start.time()));
        let whose = self.who_words(scene, true);
        let verb = if who.is_empty() { "moved" } else { "changed" };
        let says = |rest: String| format!("{verb} {whose}{rest}");
        let (from, slot, says) = match (self.scope, self.occurrence) {
            (Scope::Following, Some(one)) => {
                (Some(one), slot, says(format!(" and all that follow to {at}")))
            }
            (Scope::All, Some(one)) => match self.first_of_all(one, &slot, scene) {
                Some((date, slot)) => {
                    let from = when::day_and_date(slot.start.date());
                    let one = Occurrence { date, ..one };
                    (Some(one), slot, says(format!(": all to come, from {from} on")))
                }
                None => return Some(vec![Ask::Say(NONE_TO_COME.to_owned())]),
            },
            _ => (None, slot, says(format!(" to {at}"))),
        };
        let edit = match from {
            Some(Occurrence { series, date: from, .. }) if who.is_empty() => {
                Edit::MoveFollowing { series, from, slot }
            }
            Some(Occurrence { series, date: from, .. }) => {
                Edit::ChangeFollowing { series, from, slot, who }
            }
            None => {
                let moves = slot != before.slot || !before.is_settled;
                let moving = Edit::Move { appointment, slot };
                match (who.is_empty(), moves) {
                    (true, _) => moving,
                    (false, false) => Edit::ChangeWho { appointment, who },
                    (false, true) => {
                        Edit::Together(vec![moving, Edit::ChangeWho { appointment, who }])
                    }
                }
            }
        };
        Some(vec![Ask::Submit(edit, says)])
    }

    /// The first of a series that is still to come and that nobody has dealt with, and where it goes.
    fn first_of_all(
        &self,
        one: Occurrence,
        slot: &Slot,
        scene: &Scene<'_>,
    ) -> Option<(Date, Slot)> {
        let was = self.before.as_ref().map_or(one.date, |before| before.slot.start.date());
        first_to_come(scene.index, (one, was), slot, scene.now.time)
    }

    /// Says what changes of a series, before it does.
    pub(super) fn scope_words(&self, slot: &Slot, scene: &Scene<'_>) -> Option<String> {
        let one = self.occurrence.filter(|one| !one.touched)?;
        let (date, slot) = match self.scope {
            Scope::This => return None,
            Scope::Following => (one.date, slot.clone()),
            Scope::All => match self.first_of_all(one, slot, scene) {
                Some(first) => first,
                None => return Some(NONE_TO_COME.to_owned()),
            },
        };
        let start = slot.start;
        let from = format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()));
        if parts(scene.index, one, &slot) {
            let day = when::day(one.date);
            return Some(format!("= only each {day}, from {from} on; the other days stay"));
        }
        let begun = scene.index.series.get(&one.series);
        let begun = begun.is_some_and(|row| row.slot.start.date() < date);
        let past = if begun { "; what was before stays" } else { "" };
        Some(format!("= all from {from} on{past}, and what was changed by itself"))
    }

    /// Adds whom the field names to who comes, or takes them out.
    pub(super) fn toggle_who(&mut self, scene: &Scene<'_>) {
        let Some(client) = self.named(scene) else { return };
        match self.clients.iter().position(|other| *other == client) {
            Some(at) => drop(self.clients.remove(at)),
            None => self.clients.push(client),
        }
        self.kind = match (self.kind, self.clients.len()) {
            (AppointmentKind::Individual, 2) => AppointmentKind::Couple,
            (AppointmentKind::Individual | AppointmentKind::Couple, 3..) => AppointmentKind::Family,
            (AppointmentKind::Couple, 1) => AppointmentKind::Individual,
            (kind, _) => kind,
        };
        self.who = crate::screen::parts::field::Field::default();
        self.keep_given();
    }

    /// Whom the field names: somebody who comes first, else any client.
    fn named(&self, scene: &Scene<'_>) -> Option<ClientId> {
        let typed = self.who.trimmed().to_lowercase();
        if typed.is_empty() {
            return None;
        }
        let begins = |client: &&ClientId| {
            scene.index.clients.get(*client).is_some_and(|row| {
                row.code.to_lowercase().starts_with(&typed)
                    || row.name.to_lowercase().starts_with(&typed)
            })
        };
        let comes = self.clients.iter().find(begins).copied();
        comes.or_else(|| self.matching(scene).first().map(|row| row.id))
    }

    /// What Enter does with the name in the field.
    pub(super) fn toggle_words(&self, scene: &Scene<'_>) -> String {
        let comes = self.who_words(scene, scene.veil);
        match self.named(scene) {
            None if self.who.trimmed().is_empty() => {
                format!("comes: {comes}. A code adds somebody, or takes them out")
            }
            None => "nobody matches".to_owned(),
            Some(client) => {
                let whom = who::client(scene.index, client, scene.veil);
                if self.clients.contains(&client) {
                    format!("Enter takes {whom} out")
                } else {
                    format!("Enter adds {whom}")
                }
            }
        }
    }

    /// Whether the caret is in the field of who comes to an appointment that is there.
    pub(super) fn asks_who_else(&self) -> bool {
        self.moved.is_some() && self.focus == Some(At::Client)
    }
}

const NONE_TO_COME: &str = "Nothing of the series is still to come but what was changed by itself.";
