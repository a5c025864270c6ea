//! Couples, families and groups: who belongs together, and what is written about them together.
//!
//! A group is a compartment of its own. Its one document says who belongs to it; its notes are the part
//! of the record that its members share. What is written about one of them alone lies in that one's own
//! chart, and no compartment of a member says with whom they come. A group stands beside clients in
//! lists and has a chart like one, under an id that follows from its own ([`subject_of`]) and can
//! therefore never be a client's.

use super::apply::{Done, Guard, Refusal};
use super::calendar::CLIENTS_MAX;
use super::compartment::CompartmentName;
use super::contact::{NAME_BYTES_MAX, line_within, normal};
use super::document::{Document, Scalar};
use super::edit::{AppointmentKind, Edit, NewAppointment};
use super::view::{AppointmentRow, ClientRow, GroupRow, Index, NoteState};
use super::{Context, Practice, document_of};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, ClientId, ObjectId, Timestamp};
use crate::suite;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const KIND: &str = "group_kind";
const CODE: &str = "code";
const NAME: &str = "name";
const SINCE: &str = "since";
const ENDED: &str = "ended";
const MEMBER: &str = "member/";
/// Bytes of a code, as clients have.
pub(super) const CODE_BYTES_MAX: usize = 40;
/// People whom a group has had, at most.
pub const MEMBERS_MAX: usize = 256;

/// What kind of people belong together.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum GroupKind {
    /// Two partners.
    Couple,
    /// A family.
    Family,
    /// A therapy group.
    Group,
}

impl GroupKind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Couple, Self::Family, Self::Group];

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Couple => "couple",
            Self::Family => "family",
            Self::Group => "group",
        }
    }

    /// Returns the kind with that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Returns what its appointments are.
    pub const fn appointment(self) -> AppointmentKind {
        match self {
            Self::Couple => AppointmentKind::Couple,
            Self::Family => AppointmentKind::Family,
            Self::Group => AppointmentKind::Group,
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Couple => 1,
            Self::Family => 2,
            Self::Group => 3,
        }
    }

    fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(kind.number()) == number)
    }
}

/// What is set of a group; what is `None`, and whoever is not named, stays.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GroupChange {
    /// A name; may be empty.
    pub name: Option<String>,
    /// The code that stands for it under the veil.
    pub code: Option<String>,
    /// Who belongs to it, has belonged to it, or was named in error.
    pub members: BTreeMap<ClientId, Belongs>,
}

/// Whether somebody belongs to a group.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Belongs {
    /// Now.
    Now,
    /// Not any more; what was written then stays.
    Before,
    /// Never, whatever was said.
    Never,
}

impl Belongs {
    const fn scalar(self) -> Scalar {
        match self {
            Self::Now => Scalar::Flag(true),
            Self::Before => Scalar::Flag(false),
            Self::Never => Scalar::Nothing,
        }
    }

    /// Reads what devices say. Where one takes somebody in and another out, nobody is lost out of sight.
    fn of(values: impl Iterator<Item = Scalar>) -> Self {
        let said = values.map(|value| match value {
            Scalar::Flag(true) => Self::Now,
            Scalar::Flag(false) => Self::Before,
            _ => Self::Never,
        });
        said.min().unwrap_or(Self::Never)
    }
}

/// A group, as far as it is known here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Group {
    pub(super) id: ObjectId,
    /// Nothing as long as only notes have arrived.
    pub(super) row: Option<Arc<GroupRow>>,
}

/// What the ids begin with under which groups stand beside clients. No client has such an id: a
/// compartment of one does not read, whoever sends it, so that neither can take the other's place.
const MARK: [u8; 4] = [0xff; 4];

/// Returns the id under which a group stands beside clients: `MARK`, then H("tac/group/subject", its
/// id).
pub fn subject_of(group: ObjectId) -> ClientId {
    let mut id: [u8; 16] = suite::hash("tac/group/subject", &[group.as_bytes()]).truncated();
    for (byte, mark) in id.iter_mut().zip(MARK) {
        *byte = mark;
    }
    ClientId::from_bytes(id)
}

/// Whether an id is one under which groups stand beside clients.
pub fn is_subject(client: ClientId) -> bool {
    client.as_bytes().starts_with(&MARK)
}

impl CompartmentName {
    /// Returns under which id lists know the chart that lies in this compartment, if one does.
    pub fn chart(&self) -> Option<ClientId> {
        match self {
            Self::Chart(client) => Some(*client),
            Self::Group(group) => Some(subject_of(*group)),
            _ => None,
        }
    }
}

impl Index {
    /// Returns the group that an appointment is with, if it can be seen.
    pub fn group_of(&self, row: &AppointmentRow) -> Option<ClientId> {
        row.group.filter(|group| self.groups.contains_key(group))
    }

    /// Returns the people whom these stand for, each as kept: of a group, who belongs to it now.
    pub fn people(&self, clients: &[ClientId]) -> Vec<ClientId> {
        let of = |client: &ClientId| match self.groups.get(client) {
            Some(group) => group.present().map(|one| self.kept(one)).collect(),
            None => vec![self.kept(*client)],
        };
        clients.iter().flat_map(of).collect()
    }
}

impl AppointmentRow {
    /// Whether it is with a client, or with a group under the id that lists know it by.
    pub fn is_with(&self, client: ClientId) -> bool {
        self.clients.contains(&client) || self.group == Some(client)
    }
}

impl GroupRow {
    /// Whether those who come to an appointment of a kind may be this group: all of them belong to it,
    /// or did. `kept` says under whom a duplicate stands.
    pub fn fits(
        &self,
        kind: AppointmentKind,
        clients: &[ClientId],
        kept: impl Fn(ClientId) -> ClientId,
    ) -> bool {
        let several = clients.len() > 1;
        let open = matches!(kind, AppointmentKind::Intake | AppointmentKind::Consultation);
        (self.kind.appointment() == kind || (several && open))
            && !clients.is_empty()
            && clients.iter().all(|client| {
                let is = |member: &ClientId| kept(*member) == kept(*client);
                self.members.contains_key(client) || self.members.keys().any(is)
            })
    }

    /// Returns who belongs to it now.
    pub fn present(&self) -> impl Iterator<Item = ClientId> + '_ {
        self.members.iter().filter(|(_, belongs)| **belongs).map(|(client, _)| *client)
    }

    /// Returns it as it stands among clients.
    fn as_client(&self) -> ClientRow {
        ClientRow {
            id: self.subject,
            name: if self.name.is_empty() { self.code.clone() } else { self.name.clone() },
            code: self.code.clone(),
            pronouns: String::new(),
            phone: String::new(),
            email: String::new(),
            safe_contact: String::new(),
            archived: self.ended,
            since: self.since,
            waiting: None,
            tasks: Vec::new(),
            died: None,
            same_as: None,
            same: Vec::new(),
        }
    }

    fn read(document: &Document, id: ObjectId) -> Option<Self> {
        let text = |field: &str, limit: usize| {
            let value = document.value(None, field);
            let text = value.as_ref().and_then(Scalar::text).unwrap_or_default();
            line_within(text, limit)
        };
        let number = |field| document.value(None, field).and_then(|value| value.number());
        let belongs = |key: String| {
            let client = ClientId::parse(key.strip_prefix(MEMBER)?)?;
            let values = document.values(None, &key).into_iter().map(|(value, _)| value);
            match Belongs::of(values) {
                Belongs::Never => None,
                belongs => Some((client, belongs == Belongs::Now)),
            }
        };
        let members = document.keys().into_iter().filter_map(belongs).take(MEMBERS_MAX);
        // Several devices may say it; what only a newer version knows is a group all the same.
        let kinds = document.values(None, KIND);
        let kinds: Vec<i64> = kinds.iter().filter_map(|(value, _)| value.number()).collect();
        let known = kinds.iter().find_map(|number| GroupKind::of(*number));
        let kind = known.or((!kinds.is_empty()).then_some(GroupKind::Group))?;
        Some(Self {
            id,
            subject: subject_of(id),
            kind,
            code: text(CODE, CODE_BYTES_MAX),
            name: text(NAME, NAME_BYTES_MAX),
            members: members.collect(),
            since: Timestamp::from_millis(number(SINCE).unwrap_or(0)),
            ended: document.value(None, ENDED) == Some(Scalar::Flag(true)),
        })
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.kind.number()).text(&self.code).text(&self.name);
        let members: Vec<_> = self.members.iter().collect();
        writer.list(&members, |w, (client, belongs)| {
            w.fixed(client.as_bytes()).u8(u8::from(**belongs));
        });
        writer.i64(self.since.as_millis()).u8(u8::from(self.ended));
    }

    fn decode(reader: &mut Reader<'_>, id: ObjectId) -> Result<Self, CodecError> {
        Ok(Self {
            id,
            subject: subject_of(id),
            kind: GroupKind::of(i64::from(reader.u8()?)).ok_or(CodecError::Unknown)?,
            code: reader.text(CODE_BYTES_MAX)?.to_owned(),
            name: reader.text(NAME_BYTES_MAX)?.to_owned(),
            members: reader
                .list(MEMBERS_MAX, |r| Ok((ClientId::from_bytes(r.fixed()?), r.u8()? == 1)))?
                .into_iter()
                .collect(),
            since: Timestamp::from_millis(reader.i64()?),
            ended: reader.u8()? == 1,
        })
    }
}

impl Group {
    pub(super) fn of(id: ObjectId) -> Self {
        Self { id, row: None }
    }

    /// Takes over what its document says. What was known once is never lost out of sight.
    pub(super) fn learn(&mut self, document: &Document) {
        if let Some(row) = GroupRow::read(document, self.id) {
            self.row = Some(Arc::new(row));
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.option(self.row.as_deref(), |w, row| row.encode(w));
    }

    pub(super) fn decode(reader: &mut Reader<'_>, id: ObjectId) -> Result<Self, CodecError> {
        Ok(Self { id, row: reader.option(|r| GroupRow::decode(r, id))?.map(Arc::new) })
    }
}

impl Practice {
    /// Returns the compartment that a chart lies in: a client's own, or that of a group.
    pub fn chart_of(&self, client: ClientId) -> CompartmentName {
        match self.facts.groups.get(&client) {
            Some(group) => CompartmentName::Group(group.id),
            None => CompartmentName::Chart(client),
        }
    }

    /// Returns a client, or a group as it stands among clients.
    pub(super) fn client_row(&self, client: ClientId) -> Option<Arc<ClientRow>> {
        if let Some(row) = self.facts.contacts.get(&client) {
            return Some(Arc::clone(row));
        }
        self.group_row(client).map(|row| Arc::new(row.as_client()))
    }

    /// Returns a group under the id that lists know it by.
    pub(super) fn group_row(&self, subject: ClientId) -> Option<&Arc<GroupRow>> {
        self.facts.groups.get(&subject)?.row.as_ref()
    }

    /// Returns the group that an appointment is with: one of its kind to which all who come belong, or
    /// did. Of several it is the one in whose chart something is written about it; else one that has
    /// not ended, then the one with the fewest others, then the first that was begun.
    pub(super) fn group_with(
        &self,
        kind: AppointmentKind,
        clients: &[ClientId],
        family: &BTreeSet<AppointmentId>,
    ) -> Option<ClientId> {
        let alone = matches!(
            kind,
            AppointmentKind::Individual | AppointmentKind::Supervision | AppointmentKind::TimeOff
        );
        if clients.is_empty() || alone || self.facts.groups.is_empty() {
            return None;
        }
        let written = |subject: ClientId| {
            let mut states = family.iter().filter_map(|id| self.sessions.get(id));
            states.any(|states| states.contains_key(&subject))
        };
        // Who comes, and who belongs to it, may have been found to be the same person.
        let come = self.as_kept(clients);
        let place = |group: &GroupRow| {
            let others = group.present().map(|client| self.kept_of(client));
            let others = others.filter(|client| !come.contains(client)).count();
            let others = (others, group.members.len());
            (!written(group.subject), group.ended, others, group.since, group.subject)
        };
        let groups = self.facts.groups.values().filter_map(|group| group.row.as_ref());
        let fitting = groups.filter(|group| group.fits(kind, &come, |one| self.kept_of(one)));
        fitting.min_by_key(|group| place(group)).map(|group| group.subject)
    }

    /// Returns how far the notes about a session are. What a couple or a family shares counts, and not
    /// what is written about one of them; of a therapy group one note, or one about each who came.
    pub(super) fn note_state(
        &self,
        (group, clients): (Option<ClientId>, &[ClientId]),
        family: &BTreeSet<AppointmentId>,
    ) -> NoteState {
        let states = family.iter().filter_map(|member| self.sessions.get(member));
        let states: Vec<(ClientId, NoteState)> =
            states.flatten().map(|(client, state)| (*client, *state)).collect();
        let of = |client: ClientId| {
            let client = self.kept_of(client);
            let theirs = states.iter().filter(|(of, _)| self.kept_of(*of) == client);
            theirs.map(|(_, state)| *state).min_by_key(|state| rank(*state))
        };
        let Some(group) = group else {
            let all = states.iter().map(|(_, state)| *state);
            return all.min_by_key(|state| rank(*state)).unwrap_or(self.no_note());
        };
        let therapy = self.group_row(group).is_some_and(|row| row.kind == GroupKind::Group);
        let each = || clients.iter().map(|client| of(*client)).collect::<Option<Vec<_>>>();
        let each = || each().filter(|_| therapy)?.into_iter().max_by_key(|state| rank(*state));
        of(group).or_else(each).unwrap_or(self.no_note())
    }

    /// Whether there is a chart to write in: a client's, or a group's.
    pub(super) fn has_chart(&self, client: ClientId) -> bool {
        self.facts.contacts.contains_key(&client) || self.group_row(client).is_some()
    }

    /// Refuses what is said of one person, where it is said of a group.
    pub(super) fn check_person(&self, edit: &Edit) -> Result<(), Refusal> {
        let (Edit::AddTask { client, .. }
        | Edit::Attach { client, .. }
        | Edit::BeginJournal { client, .. }
        | Edit::ChangeContact { client, .. }
        | Edit::ChangeIdentity { client, .. }
        | Edit::ChangePlan { client, .. }
        | Edit::EnterJournal { client, .. }
        | Edit::EnterMeasure { client, .. }
        | Edit::EnterScore { client, .. }
        | Edit::LogContact { client, .. }
        | Edit::NoteDeath { client, .. }
        | Edit::RecordConsent { client, .. }
        | Edit::ReviewPlan { client, .. }
        | Edit::SameAs { client, .. }
        | Edit::SignPlan { client }
        | Edit::Wait { client, .. }) = edit
        else {
            return Ok(());
        };
        let is_group = self.facts.groups.contains_key(client);
        if is_group { Err(Refusal::OfGroup) } else { Ok(()) }
    }

    /// Puts those who belong to a group in its place, as a calendar has it: a front desk sees who
    /// comes, and nothing of the group.
    pub(super) fn expanded(&self, mut new: NewAppointment) -> Result<NewAppointment, Refusal> {
        let mut clients = Vec::new();
        for client in &new.clients {
            let Some(group) = self.group_row(*client).filter(|_| !self.is_hidden(*client)) else {
                clients.push(*client);
                continue;
            };
            let known =
                |one: &ClientId| self.facts.contacts.contains_key(one) && !self.is_hidden(*one);
            let before = clients.len();
            clients.extend(group.present().filter(known));
            if clients.len() == before {
                return Err(Refusal::EmptyGroup);
            }
            if !matches!(new.kind, AppointmentKind::Intake | AppointmentKind::Consultation) {
                new.kind = group.kind.appointment();
            }
        }
        let mut seen = BTreeSet::new();
        clients.retain(|client| seen.insert(*client));
        new.clients = clients;
        Ok(new)
    }

    pub(super) fn new_group(
        &mut self,
        group: ObjectId,
        kind: GroupKind,
        change: GroupChange,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let subject = subject_of(group);
        if self.group_row(subject).is_some() {
            return Err(Refusal::ClientExists);
        }
        let change = self.checked(&BTreeMap::new(), change)?;
        if change.code.as_ref().is_none_or(String::is_empty) {
            return Err(Refusal::EmptyName);
        }
        let inverse = Edit::Archive { client: subject, archived: true };
        let now = cx.now;
        self.write_group(group, inverse, cx, |document| {
            document.put(None, KIND, Scalar::Number(i64::from(kind.number())));
            document.put(None, SINCE, Scalar::Number(now.as_millis()));
            document.put(None, ENDED, Scalar::Flag(false));
            write(document, &change)
        })
    }

    pub(super) fn change_group(
        &mut self,
        subject: ClientId,
        change: GroupChange,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let row = Arc::clone(self.group_row(subject).ok_or(Refusal::UnknownClient)?);
        let change = self.checked(&row.members, change)?;
        if change.code.as_ref().is_some_and(String::is_empty) {
            return Err(Refusal::EmptyName);
        }
        let was = |client: &ClientId| {
            let belonged = match row.members.get(client) {
                Some(true) => Belongs::Now,
                Some(false) => Belongs::Before,
                None => Belongs::Never,
            };
            (*client, belonged)
        };
        let inverse = GroupChange {
            name: change.name.as_ref().map(|_| row.name.clone()),
            code: change.code.as_ref().map(|_| row.code.clone()),
            members: change.members.keys().map(was).collect(),
        };
        let inverse = Edit::ChangeGroup { group: subject, change: inverse };
        self.write_group(row.id, inverse, cx, |document| write(document, &change))
    }

    pub(super) fn end_group(
        &mut self,
        subject: ClientId,
        ended: bool,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let row = Arc::clone(self.group_row(subject).ok_or(Refusal::UnknownClient)?);
        let inverse = Edit::Archive { client: subject, archived: row.ended };
        self.write_group(row.id, inverse, cx, |document| {
            document.put(None, ENDED, Scalar::Flag(ended));
            vec![(ENDED.to_owned(), Scalar::Flag(ended))]
        })
    }

    /// Brings a change into the one form of each character, and checks it.
    fn checked(
        &self,
        before: &BTreeMap<ClientId, bool>,
        mut change: GroupChange,
    ) -> Result<GroupChange, Refusal> {
        let limits = [(&mut change.name, NAME_BYTES_MAX), (&mut change.code, CODE_BYTES_MAX)];
        for (text, limit) in limits {
            let Some(text) = text else { continue };
            *text = normal(text);
            if text.len() > limit {
                return Err(Refusal::TextTooLong);
            }
        }
        let joining = change.members.iter().filter(|(_, belongs)| **belongs == Belongs::Now);
        for (client, _) in joining {
            if !self.facts.contacts.contains_key(client) {
                return Err(Refusal::UnknownClient);
            }
            if self.is_hidden(*client) {
                return Err(Refusal::ToBeErased);
            }
        }
        let mut after = before.clone();
        for (client, belongs) in &change.members {
            match belongs {
                Belongs::Never => after.remove(client),
                belongs => after.insert(*client, *belongs == Belongs::Now),
            };
        }
        let present =
            |all: &BTreeMap<ClientId, bool>| all.values().filter(|belongs| **belongs).count();
        // What is too much already, since two devices took people in at once, can be made less.
        let worse = present(&after) > present(before).max(CLIENTS_MAX);
        if worse || after.len() > before.len().max(MEMBERS_MAX) {
            return Err(Refusal::TooManyClients);
        }
        Ok(change)
    }

    fn write_group(
        &mut self,
        group: ObjectId,
        inverse: Edit,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut Document) -> Vec<(String, Scalar)>,
    ) -> Result<Done, Refusal> {
        let name = CompartmentName::Group(group);
        let object = document_of(&name);
        let mut written = Vec::new();
        let change = self.change(&name, object, cx, |document| written = write(document))?;
        let mut known = Group::of(group);
        known.learn(self.document(&name, object, cx)?);
        self.facts.groups.insert(subject_of(group), known);
        let guard =
            |(field, value)| Guard { name: name.clone(), object, place: None, field, value };
        let guards = written.into_iter().map(guard).collect();
        Ok(Done { changes: change.into_iter().collect(), inverse: Some(inverse), guards })
    }
}

/// Writes what is set, and returns the fields and their values.
fn write(document: &mut Document, change: &GroupChange) -> Vec<(String, Scalar)> {
    let texts = [(NAME, &change.name), (CODE, &change.code)];
    let texts = texts
        .into_iter()
        .filter_map(|(field, text)| Some((field.to_owned(), Scalar::Text(text.as_ref()?.clone()))));
    let members = change.members.iter();
    let members = members.map(|(client, belongs)| (format!("{MEMBER}{client}"), belongs.scalar()));
    let written: Vec<_> = texts.chain(members).collect();
    for (field, value) in &written {
        document.put(None, field, value.clone());
    }
    written
}

/// A signature counts most.
const fn rank(state: NoteState) -> u8 {
    match state {
        NoteState::Signed(_) => 0,
        NoteState::Draft(_) => 1,
        NoteState::Missing => 2,
        NoteState::Unread => 3,
    }
}
