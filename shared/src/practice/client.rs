//! Clients are added, their contact is changed, they go to the archive: edits of contacts.

use super::apply::{Done, Guard, Refusal};
use super::compartment::CompartmentName;
use super::contact;
use super::document::{Document, Scalar};
use super::edit::{ContactChange, Edit};
use super::group::is_subject;
use super::{Context, Practice, document_of, zone};
use crate::id::{ClientId, Timestamp};
use jiff::civil::Date;

impl Practice {
    pub(super) fn new_client(
        &mut self,
        client: ClientId,
        contact: ContactChange,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if self.facts.contacts.contains_key(&client) || is_subject(client) {
            return Err(Refusal::ClientExists);
        }
        if contact.name.is_none() {
            return Err(Refusal::EmptyName);
        }
        let contact = contact::normalised(contact)?;
        let inverse = Edit::Archive { client, archived: true };
        self.write_contact(client, Some(inverse), cx, |document, now| {
            contact::begin(document, now);
            contact::write(document, &contact)
        })
    }

    pub(super) fn change_contact(
        &mut self,
        client: ClientId,
        contact: ContactChange,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let contact = contact::normalised(contact)?;
        let inverse = contact::inverse(row, &contact);
        let inverse = Edit::ChangeContact { client, contact: inverse };
        self.write_contact(client, Some(inverse), cx, |document, _| {
            contact::write(document, &contact)
        })
    }

    pub(super) fn archive(
        &mut self,
        client: ClientId,
        archived: bool,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if self.group_row(client).is_some() {
            return self.end_group(client, archived, cx);
        }
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let inverse = Edit::Archive { client, archived: row.archived };
        self.write_contact(client, Some(inverse), cx, |document, _| {
            document.put(None, contact::ARCHIVED, Scalar::Flag(archived));
            vec![(contact::ARCHIVED.to_owned(), Scalar::Flag(archived))]
        })
    }

    /// Notes when a client died, or that it is not so.
    pub(super) fn note_death(
        &mut self,
        client: ClientId,
        died: Option<Date>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        // Whoever died by the contact of a duplicate: it is changed and taken back there.
        let whose = self.who_says(client, |row| row.died.is_some());
        let client = whose.first().copied().unwrap_or(client);
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let inverse = Edit::NoteDeath { client, died: row.died };
        if died.is_some_and(|died| died > zone::date(cx.now, &self.facts.settings.zone)) {
            return Err(Refusal::InvalidDate);
        }
        let value = died.map_or(Scalar::Nothing, |date| Scalar::Text(date.to_string()));
        self.write_said(&whose, (contact::DIED, &value), inverse, cx)
    }

    pub(super) fn write_contact(
        &mut self,
        client: ClientId,
        inverse: Option<Edit>,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut Document, Timestamp) -> Vec<(String, Scalar)>,
    ) -> Result<Done, Refusal> {
        let name = CompartmentName::Contact(client);
        let object = document_of(&name);
        let (now, mut written) = (cx.now, Vec::new());
        let change = self.change(&name, object, cx, |document| written = write(document, now))?;
        if let Some(row) = contact::read(self.document(&name, object, cx)?, client) {
            self.facts.learn_contact(row);
        }
        let guard =
            |(field, value)| Guard { name: name.clone(), object, place: None, field, value };
        let guards = written.into_iter().map(guard).collect();
        Ok(Done { changes: change.into_iter().collect(), inverse, guards })
    }
}
