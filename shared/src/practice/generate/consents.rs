//! Synthetic consents: treatment and telehealth for whoever still comes, some of which end soon, and
//! here and there a release.

use super::people::Person;
use crate::id::RecordId;
use crate::practice::consent::{ConsentHow, ConsentKind, NewConsent};
use crate::practice::edit::Edit;
use crate::random::Seeded;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// Of so many clients one has a consent that ends within days, one has none to telehealth, one lets a
/// doctor be told something, one has refused that.
const EVERY: usize = 9;

/// Returns what one client has consented to on a day, as it stands today.
pub(super) fn edits(number: usize, person: &Person, given: Date, today: Date) -> Vec<Edit> {
    let mut random = Seeded::new(person.voice.seed ^ 0x636f_6e73);
    let mut edits = Vec::new();
    let mut add = |consent: NewConsent| {
        let record = RecordId::random(&mut random);
        let consent = Box::new(consent);
        edits.push(Edit::RecordConsent { client: person.id, record, consent });
    };
    let form = |kind| NewConsent::new(kind, given, ConsentHow::SignedForm);
    add(form(ConsentKind::Treatment));
    let days = if number % EVERY == 3 { 4 } else { 300 };
    if number % EVERY != 5 {
        add(NewConsent {
            covers: "sessions by video; nothing is recorded".to_owned(),
            until: Some(today.saturating_add(days.days())),
            said: "If the line breaks, call me.".to_owned(),
            ..form(ConsentKind::Telehealth)
        });
    }
    if matches!(number % EVERY, 1 | 7) {
        add(NewConsent {
            recipient: "Dr. Placeholder".to_owned(),
            covers: "diagnosis and dates of sessions".to_owned(),
            how: ConsentHow::InSession,
            refused: number % EVERY == 7,
            ..form(ConsentKind::Release)
        });
    }
    edits
}
