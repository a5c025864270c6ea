//! Synthetic clients: names that nobody bears, codes, contacts that reach nobody.
//!
//! Surnames say that they are made up; telephone numbers come from the range that is kept for
//! fiction (555-0100 to 555-0199), addresses from `example.org` (RFC 2606).

use super::grammar::{Pronouns, index, pick};
use super::prose::Voice;
use crate::id::ClientId;
use crate::practice::edit::{AppointmentKind, ContactChange, Modality};
use crate::random::Seeded;

/// One synthetic client.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// The id.
    pub(super) id: ClientId,
    /// What is known of the client.
    pub(super) contact: ContactChange,
    /// What the notes have in common.
    pub(super) voice: Voice,
    /// What the sessions are.
    pub(super) kind: AppointmentKind,
    /// How they usually meet.
    pub(super) modality: Modality,
    /// Where the client is during a session that is not at the office.
    pub(super) place: &'static str,
    /// How well the client is when treatment begins, from 0 to 1.
    pub(super) ease_at_start: f64,
    /// And when it ends.
    pub(super) ease_at_end: f64,
}

impl Person {
    /// Draws client number `number`, counted from 0.
    pub(super) fn new(number: usize, random: &mut Seeded) -> Self {
        let id = ClientId::random(random);
        let kind = match random.below(14) {
            0 => AppointmentKind::Couple,
            1 => AppointmentKind::Family,
            _ => AppointmentKind::Individual,
        };
        let modality = match random.below(10) {
            0..=6 => Modality::InOffice,
            7..=8 => Modality::Video,
            _ => Modality::Phone,
        };
        let (name, initials) = name(number, random);
        let pronouns = match random.below(20) {
            0..=9 => Pronouns::She,
            10..=17 => Pronouns::He,
            _ => Pronouns::They,
        };
        let contact = contact(number, &name, &initials, pronouns, random);
        let share = |random: &mut Seeded, from: u64, to: u64| {
            let drawn = from + random.below(to.saturating_sub(from));
            f64::from(u8::try_from(drawn).unwrap_or(50)) / 100.0
        };
        Self {
            id,
            contact,
            voice: Voice::new(pronouns, random),
            kind,
            modality,
            place: PLACES.get(number % PLACES.len().max(1)).copied().unwrap_or("Sample Town, CA"),
            ease_at_start: share(random, 5, 40),
            ease_at_end: share(random, 45, 95),
        }
    }
}

fn name(number: usize, random: &mut Seeded) -> (String, String) {
    // Every tenth name, from the fourth on, is one that a terminal may get wrong.
    if number % 10 == 3
        && let Some((name, initials)) = UNUSUAL.get(number / 10)
    {
        return ((*name).to_owned(), (*initials).to_owned());
    }
    let given = pick(GIVEN, random);
    // Stepping through the surnames keeps names apart as long as there are surnames.
    let surname = SURNAMES.get((number * 7 + number / SURNAMES.len()) % SURNAMES.len().max(1));
    let name = format!("{given} {}", surname.copied().unwrap_or_default());
    let initials = name.split(' ').filter_map(|word| word.chars().next()).collect();
    (name, initials)
}

fn contact(
    number: usize,
    name: &str,
    initials: &str,
    pronouns: Pronouns,
    random: &mut Seeded,
) -> ContactChange {
    let code = format!("{initials}-{:03}", number + 1);
    let pronouns = match pronouns {
        Pronouns::She => "she/her",
        Pronouns::He => "he/him",
        Pronouns::They => "they/them",
    };
    let area = 200 + random.below(700);
    let safe = (random.below(3) == 0).then(|| pick(SAFE_CONTACT, random).to_owned());
    ContactChange {
        name: Some(name.to_owned()),
        pronouns: Some(pronouns.to_owned()),
        phone: Some(format!("+1 {area} 555 01{:02}", index(random, 100))),
        email: Some(format!("{}@example.org", code.to_lowercase())),
        safe_contact: safe,
        code: Some(code),
    }
}

/// Names with their initials that test a terminal: accents, wide letters, a mark apart from its
/// letter (NFD), a right-to-left word, an apostrophe, a long name.
const UNUSUAL: &[(&str, &str)] = &[
    ("Zoë Fixturová", "ZF"),
    ("見本 花子", "MH"),
    ("Rene\u{301}e Specime\u{301}n", "RS"),
    ("Þóra Dæmigerð", "ÞD"),
    ("Maximiliane-Charlotte von Platzhalter zu Musterberg", "MP"),
    ("Siobhán O'Template", "SO"),
    ("دانا نموذج", "DN"),
    ("Đặng Thử Nghiệm", "ĐN"),
];

const GIVEN: &[&str] = &[
    "Ada", "Quill", "Bram", "Cleo", "Dov", "Edda", "Finn", "Greta", "Hugo", "Ines", "Jorin",
    "Kaja", "Lior", "Mika", "Nell", "Otis", "Pia", "Remy", "Sol", "Tove", "Una", "Vito", "Wren",
    "Xenia", "Yael", "Zeno", "Alba", "Boas", "Cyra", "Dario", "Elin", "Falk", "Gwen", "Henk",
    "Isla", "Jude", "Kit", "Lotte", "Milo", "Nora", "Orla", "Per", "Rhea", "Silas", "Thea", "Ugo",
];

const SURNAMES: &[&str] = &[
    "Testerin",
    "Sampleton",
    "Testwood",
    "Mockridge",
    "Fixtura",
    "Placeholder",
    "Dummyson",
    "Exemplar",
    "Stubbington",
    "Demoray",
    "Synthwell",
    "Protoson",
    "Inventado",
    "Fakenham-Test",
    "Musterling",
    "Beispiel",
    "Fictiva",
    "Nonesuch",
    "Imaginet",
    "Pretendergast",
    "Trialsby",
    "Draftworth",
    "Loremsby",
    "Ipsumsen",
    "Dolorsit",
    "Ametski",
    "Seedwick",
    "Randomsky",
    "Generatti",
    "Probeck",
    "Versuchs",
    "Ejemplo",
    "Esempio",
    "Exempelsson",
    "Przykladek",
    "Testarossini",
    "Sandboxer",
    "Mannequin-Doe",
    "Blankenform",
    "Simulacre",
    "Modelsdottir",
];

const SAFE_CONTACT: &[&str] = &[
    "No voicemail.",
    "Text only, after 17:00.",
    "Say \"dental office\" if somebody else answers.",
    "Not at work.",
    "Mail only; the phone is shared.",
    "Call between 12:00 and 13:00.",
    "Do not name the practice.",
];

/// Towns that are on no map.
const PLACES: &[&str] = &[
    "Sampleton, CA",
    "Mockridge, CA",
    "Testwood, CA",
    "Port Placeholder, CA",
    "Fictiva Springs, CA",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn forty_one_clients_have_forty_one_names_and_codes() {
        let mut random = Seeded::new(1);
        let people: Vec<_> = (0..41).map(|number| Person::new(number, &mut random)).collect();
        let distinct = |field: fn(&ContactChange) -> &Option<String>| {
            people
                .iter()
                .filter_map(|p| field(&p.contact).as_deref())
                .collect::<BTreeSet<_>>()
                .len()
        };
        assert_eq!(distinct(|contact| &contact.name), 41);
        assert_eq!(distinct(|contact| &contact.code), 41);
        assert!(people.iter().any(|p| p.contact.name.as_deref() == Some("見本 花子")));
        assert!(
            people.iter().all(|p| p.contact.phone.as_ref().is_some_and(|n| n.contains(" 555 01")))
        );
    }
}
