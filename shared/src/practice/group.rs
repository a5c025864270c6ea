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
use super::contact::{NAME_BYTES_MAX, normal, within};
use super::document::{Document, Scalar};
use super::edit::{AppointmentKind, Edit, NewAppointment};
use super::view::{AppointmentRow, ClientRow, GroupRow, Index};
use super::{Context, Practice, document_of};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, ObjectId, Timestamp};
use crate::suite;
use std::collections::BTreeMap;
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

/// Returns the id under which a group stands beside clients: H("tac/group/subject", its id). Nobody can
/// make a group whose subject is an existing client.
pub fn subject_of(group: ObjectId) -> ClientId {
    ClientId::from_bytes(suite::hash("tac/group/subject", &[group.as_bytes()]).truncated())
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
    /// Returns the group that an appointment is with, under the id that lists know it by: one of the
    /// appointment's kind to which all who come belong, or did; of several the one that has no others,
    /// then the smallest.
    pub fn group_of(&self, row: &AppointmentRow) -> Option<ClientId> {
        if row.clients.is_empty() || row.kind == AppointmentKind::Individual {
            return None;
        }
        let several = row.clients.len() > 1;
        let fits = |group: &&Arc<GroupRow>| {
            let kind = group.kind.appointment() == row.kind
                || (several
                    && matches!(row.kind, AppointmentKind::Intake | AppointmentKind::Consultation));
            kind && row.clients.iter().all(|client| group.members.contains_key(client))
        };
        let others = |group: &GroupRow| {
            let now = group.members.iter().filter(|(_, belongs)| **belongs);
            let now = now.filter(|(client, _)| !row.clients.contains(client)).count();
            (now, group.members.len(), group.subject)
        };
        let groups = self.groups.values().filter(fits);
        groups.min_by_key(|group| others(group)).map(|group| group.subject)
    }

    /// Whether an appointment is with a client, or with a group under the id that lists know it by.
    pub fn is_with(&self, row: &AppointmentRow, client: ClientId) -> bool {
        row.clients.contains(&client)
            || (self.groups.contains_key(&client) && self.group_of(row) == Some(client))
    }

    /// Returns the people whom these stand for: of a group, who belongs to it now.
    pub fn people(&self, clients: &[ClientId]) -> Vec<ClientId> {
        let of = |client: &ClientId| match self.groups.get(client) {
            Some(group) => group.present().collect(),
            None => vec![*client],
        };
        clients.iter().flat_map(of).collect()
    }
}

impl GroupRow {
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
        }
    }

    fn read(document: &Document, id: ObjectId) -> Option<Self> {
        let text = |field: &str, limit: usize| {
            let value = document.value(None, field);
            let text = value.as_ref().and_then(Scalar::text).unwrap_or_default();
            within(text, limit).to_owned()
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
        Some(Self {
            id,
            subject: subject_of(id),
            kind: GroupKind::of(number(KIND)?)?,
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

    /// Takes over what its document says.
    pub(super) fn learn(&mut self, document: &Document) {
        self.row = GroupRow::read(document, self.id).map(Arc::new);
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

    /// Whether there is a chart to write in: a client's, or a group's.
    pub(super) fn has_chart(&self, client: ClientId) -> bool {
        self.facts.contacts.contains_key(&client) || self.group_row(client).is_some()
    }

    /// Refuses what is said of one person, where it is said of a group.
    pub(super) fn check_person(&self, edit: &Edit) -> Result<(), Refusal> {
        let (Edit::AddTask { client, .. }
        | Edit::ChangeContact { client, .. }
        | Edit::ChangeIdentity { client, .. }
        | Edit::ChangePlan { client, .. }
        | Edit::EnterMeasure { client, .. }
        | Edit::LogContact { client, .. }
        | Edit::NoteDeath { client, .. }
        | Edit::ReviewPlan { client, .. }
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
        let mut seen = std::collections::BTreeSet::new();
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
        if self.facts.groups.contains_key(&subject) {
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
        if after.len() > MEMBERS_MAX || after.values().filter(|one| **one).count() > CLIENTS_MAX {
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
