//! Who a client is in law: what bills, letters and a crisis need, apart from the contact, so that a
//! front desk keeps its schedule without it. Nothing of it is needed to begin; each field says why
//! it is asked (data minimisation: GDPR Art. 5(1)(c), 45 CFR 164.502(b)). There is no field for a
//! social security number or for credit.

use super::apply::{Done, Guard, Refusal};
use super::compartment::CompartmentName;
use super::contact::{normal, within};
use super::document::{Document, Scalar};
use super::edit::Edit;
use super::view::IdentityView;
use super::{Context, Practice, document_of, zone};
use crate::id::ClientId;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What can be known of who a client is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum IdentityField {
    /// The name in documents, where it is another than the client goes by.
    LegalName,
    /// The date of birth.
    Born,
    /// Where the client lives.
    Address,
    /// Who may consent for the client.
    Guardians,
    /// The state or country whose law applies to the client.
    Jurisdiction,
    /// Whom to call in a crisis.
    Emergency,
}

impl IdentityField {
    /// Every field, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::LegalName,
        Self::Born,
        Self::Address,
        Self::Guardians,
        Self::Jurisdiction,
        Self::Emergency,
    ];

    /// Returns its label.
    pub const fn title(self) -> &'static str {
        match self {
            Self::LegalName => "Legal name",
            Self::Born => "Born",
            Self::Address => "Address",
            Self::Guardians => "Guardians",
            Self::Jurisdiction => "Home jurisdiction",
            Self::Emergency => "Emergency contact",
        }
    }

    /// Returns why it is asked, in a sentence for the client, too.
    pub const fn why(self) -> &'static str {
        match self {
            Self::LegalName => {
                "For bills and letters, if it is another name than the one the client goes by."
            }
            Self::Born => {
                "Payers ask for it; it says who consents, and for how long a record is kept."
            }
            Self::Address => "For bills, and for where to send help in a crisis.",
            Self::Guardians => {
                "Who consents for somebody who cannot yet, and who may be told what."
            }
            Self::Jurisdiction => {
                "Which law holds, and whether you are licensed there: for example CA, US."
            }
            Self::Emergency => "Whom to call in a crisis, and what they may be told.",
        }
    }

    /// Returns its name in documents and files. It never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::LegalName => "legal_name",
            Self::Born => "born",
            Self::Address => "address",
            Self::Guardians => "guardians",
            Self::Jurisdiction => "jurisdiction",
            Self::Emergency => "emergency",
        }
    }

    /// The longest value, in bytes.
    pub(super) const fn limit(self) -> usize {
        match self {
            Self::LegalName => 200,
            Self::Born => 10,
            Self::Jurisdiction => 100,
            Self::Address | Self::Guardians | Self::Emergency => 1000,
        }
    }
}

/// What is known of who a client is. Dates are written as `1985-03-02`.
pub type Identity = BTreeMap<IdentityField, String>;

fn read(document: &Document) -> Identity {
    let value = |field: IdentityField| {
        let value = document.value(None, field.word())?;
        let text = within(&normal(value.text()?), field.limit()).to_owned();
        let reads = field != IdentityField::Born || text.parse::<Date>().is_ok();
        (reads && !text.is_empty()).then_some((field, text))
    };
    IdentityField::ALL.into_iter().filter_map(value).collect()
}

/// Returns the full years between a birth and a day; `None` before it.
pub fn age(born: Date, on: Date) -> Option<u16> {
    let had = (on.month(), on.day()) >= (born.month(), born.day());
    let years = i32::from(on.year()) - i32::from(born.year()) - i32::from(!had);
    u16::try_from(years).ok()
}

impl Practice {
    /// Sets a field; an empty value takes it away.
    pub(super) fn change_identity(
        &mut self,
        client: ClientId,
        field: IdentityField,
        value: &str,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        let value = normal(value);
        if value.len() > field.limit() {
            return Err(Refusal::TextTooLong);
        }
        if field == IdentityField::Born && !value.is_empty() {
            let today = zone::date(cx.now, &self.facts.settings.zone);
            let born: Option<Date> = value.parse().ok();
            if born.is_none_or(|born| born > today || born.to_string() != value) {
                return Err(Refusal::InvalidDate);
            }
        }
        let name = CompartmentName::Identity(client);
        let object = document_of(&name);
        let before = read(self.document(&name, object, cx)?);
        let before = before.get(&field).cloned().unwrap_or_default();
        let written = if value.is_empty() { Scalar::Nothing } else { Scalar::Text(value) };
        let delta = self.change(&name, object, cx, |document| {
            document.put(None, field.word(), written.clone());
        })?;
        self.facts.identities.insert(client);
        let guard =
            Guard { name, object, place: None, field: field.word().to_owned(), value: written };
        Ok(Done {
            changes: delta.into_iter().collect(),
            inverse: Some(Edit::ChangeIdentity { client, field, value: before }),
            guards: vec![guard],
        })
    }

    pub(super) fn identity_view(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<IdentityView, Refusal> {
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let client_row = Arc::clone(row);
        let name = CompartmentName::Identity(client);
        let identity = match self.facts.identities.contains(&client) {
            true => read(self.document(&name, document_of(&name), cx)?),
            false => Identity::new(),
        };
        Ok(IdentityView { client: client_row, identity })
    }
}
