//! Emergency numbers by place: few that ship, and the practice's own, which take their place. Nobody
//! keeps such numbers true for a practice: whoever relies on them checks them.

use crate::codec::{CodecError, Reader, Writer};
use crate::practice::contact::{normal, within};
use crate::practice::document::{Document, Scalar};
use crate::practice::view::Index;
use std::collections::BTreeMap;

/// Most places of a practice's own.
pub(in crate::practice) const PLACES_MAX: usize = 64;
/// The longest name of a place, in bytes.
const PLACE_BYTES_MAX: usize = 60;
/// The longest list of one place, in bytes.
const NUMBERS_BYTES_MAX: usize = 600;
/// Most numbers of one place.
const LINES_MAX: usize = 12;
/// Before the names of places in the practice's settings.
pub(in crate::practice) const FIELD: &str = "emergency/";

/// A number, and what answers there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// What answers.
    pub label: String,
    /// What is dialled.
    pub number: String,
}

/// The numbers of a place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Numbers {
    /// The country or state, as it is called here.
    pub place: String,
    /// In the order in which they are shown.
    pub lines: Vec<Line>,
    /// Whether the practice has written them down itself.
    pub own: bool,
}

/// The numbers of each place of a practice's own, as they were typed; empty for none.
pub(in crate::practice) type OwnNumbers = BTreeMap<String, String>;

struct Shipped {
    place: &'static str,
    /// What else the place is called in an address, in small letters.
    names: &'static [&'static str],
    numbers: &'static str,
    /// Zones of the place; one that ends in `/` stands for all that begin so.
    zones: &'static [&'static str],
}

/// Those that ship. Where to check each stands in docs/emergency-numbers.md.
const SHIPPED: &[Shipped] = &[
    Shipped {
        place: "US",
        names: US_NAMES,
        numbers: "Emergency 911; Suicide & Crisis Lifeline 988",
        zones: US_ZONES,
    },
    Shipped {
        place: "Canada",
        names: CANADA_NAMES,
        numbers: "Emergency 911; Suicide Crisis Helpline 988",
        zones: CANADA_ZONES,
    },
    Shipped {
        place: "GB",
        names: &[
            "uk",
            "united kingdom",
            "great britain",
            "england",
            "scotland",
            "wales",
            "northern ireland",
        ],
        numbers: "Emergency 999; Samaritans 116 123",
        zones: &["Europe/London", "Europe/Belfast", "GB"],
    },
    Shipped {
        place: "Ireland",
        names: &["ie", "eire", "republic of ireland"],
        numbers: "Emergency 112; Samaritans 116 123",
        zones: &["Europe/Dublin", "Eire"],
    },
    Shipped {
        place: "Germany",
        names: &["de", "deutschland"],
        numbers: "Emergency 112; TelefonSeelsorge 116 123; Medical on call 116 117",
        zones: &["Europe/Berlin", "Europe/Busingen"],
    },
    Shipped {
        place: "Austria",
        names: &["at", "österreich", "oesterreich"],
        numbers: "Emergency 112; Ambulance 144; TelefonSeelsorge 142",
        zones: &["Europe/Vienna"],
    },
    Shipped {
        place: "Switzerland",
        names: &["ch", "schweiz", "suisse", "svizzera"],
        numbers: "Emergency 112; Ambulance 144; Die Dargebotene Hand 143",
        zones: &["Europe/Zurich"],
    },
    Shipped { place: "EU", names: EU_NAMES, numbers: "Emergency 112", zones: EU_ZONES },
];

const US_NAMES: &[&str] = &[
    "usa",
    "united states",
    "united states of america",
    "al",
    "ak",
    "az",
    "ar",
    "ca",
    "co",
    "ct",
    "de",
    "dc",
    "fl",
    "ga",
    "hi",
    "id",
    "il",
    "in",
    "ia",
    "ks",
    "ky",
    "la",
    "me",
    "md",
    "ma",
    "mi",
    "mn",
    "ms",
    "mo",
    "mt",
    "ne",
    "nv",
    "nh",
    "nj",
    "nm",
    "ny",
    "nc",
    "nd",
    "oh",
    "ok",
    "or",
    "pa",
    "ri",
    "sc",
    "sd",
    "tn",
    "tx",
    "ut",
    "vt",
    "va",
    "wa",
    "wv",
    "wi",
    "wy",
    "alabama",
    "alaska",
    "arizona",
    "arkansas",
    "california",
    "colorado",
    "connecticut",
    "delaware",
    "florida",
    "hawaii",
    "idaho",
    "illinois",
    "indiana",
    "iowa",
    "kansas",
    "kentucky",
    "louisiana",
    "maine",
    "maryland",
    "massachusetts",
    "michigan",
    "minnesota",
    "mississippi",
    "missouri",
    "montana",
    "nebraska",
    "nevada",
    "new hampshire",
    "new jersey",
    "new mexico",
    "new york",
    "north carolina",
    "north dakota",
    "ohio",
    "oklahoma",
    "oregon",
    "pennsylvania",
    "rhode island",
    "south carolina",
    "south dakota",
    "tennessee",
    "texas",
    "utah",
    "vermont",
    "virginia",
    "washington",
    "west virginia",
    "wisconsin",
    "wyoming",
];
const CANADA_NAMES: &[&str] = &[
    "ab",
    "bc",
    "mb",
    "nb",
    "nl",
    "ns",
    "on",
    "pe",
    "qc",
    "sk",
    "alberta",
    "british columbia",
    "manitoba",
    "new brunswick",
    "newfoundland",
    "nova scotia",
    "ontario",
    "quebec",
    "québec",
    "saskatchewan",
];
const EU_NAMES: &[&str] = &[
    "belgium",
    "bulgaria",
    "croatia",
    "cyprus",
    "czechia",
    "denmark",
    "estonia",
    "finland",
    "france",
    "greece",
    "hungary",
    "italy",
    "italia",
    "latvia",
    "lithuania",
    "luxembourg",
    "malta",
    "netherlands",
    "nederland",
    "poland",
    "polska",
    "portugal",
    "romania",
    "slovakia",
    "slovenia",
    "spain",
    "españa",
    "sweden",
];
const US_ZONES: &[&str] = &[
    "US/",
    "America/New_York",
    "America/Detroit",
    "America/Kentucky/",
    "America/Indiana/",
    "America/Chicago",
    "America/Menominee",
    "America/North_Dakota/",
    "America/Denver",
    "America/Boise",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Juneau",
    "America/Sitka",
    "America/Nome",
    "America/Yakutat",
    "America/Metlakatla",
    "America/Adak",
    "Pacific/Honolulu",
];
const CANADA_ZONES: &[&str] = &[
    "Canada/",
    "America/St_Johns",
    "America/Halifax",
    "America/Glace_Bay",
    "America/Moncton",
    "America/Goose_Bay",
    "America/Toronto",
    "America/Montreal",
    "America/Iqaluit",
    "America/Winnipeg",
    "America/Regina",
    "America/Swift_Current",
    "America/Edmonton",
    "America/Cambridge_Bay",
    "America/Inuvik",
    "America/Dawson_Creek",
    "America/Fort_Nelson",
    "America/Whitehorse",
    "America/Dawson",
    "America/Vancouver",
];
const EU_ZONES: &[&str] = &[
    "Europe/Amsterdam",
    "Europe/Athens",
    "Europe/Bratislava",
    "Europe/Brussels",
    "Europe/Bucharest",
    "Europe/Budapest",
    "Europe/Copenhagen",
    "Europe/Helsinki",
    "Europe/Lisbon",
    "Europe/Ljubljana",
    "Europe/Luxembourg",
    "Europe/Madrid",
    "Europe/Malta",
    "Europe/Paris",
    "Europe/Prague",
    "Europe/Riga",
    "Europe/Rome",
    "Europe/Sofia",
    "Europe/Stockholm",
    "Europe/Tallinn",
    "Europe/Vilnius",
    "Europe/Warsaw",
    "Europe/Zagreb",
    "Asia/Nicosia",
];

impl Shipped {
    fn has_zone(&self, zone: &str) -> bool {
        let is = |known: &&str| {
            if known.ends_with('/') { zone.starts_with(*known) } else { zone == *known }
        };
        self.zones.iter().any(is)
    }
}

/// Reads numbers as people type them: `Emergency 112; Crisis line 116 123`. What stands at the end of
/// each is the number. `None` if one has no label or no number, or if there are too many.
pub fn parse(typed: &str) -> Option<Vec<Line>> {
    let typed = typed.lines().collect::<Vec<_>>().join(";");
    let parts = typed.split(';').map(normal).filter(|part| !part.is_empty());
    let lines: Vec<Line> = parts.map(|part| line(&part)).collect::<Option<_>>()?;
    let fits = lines.len() <= LINES_MAX && say(&lines).len() <= NUMBERS_BYTES_MAX;
    fits.then_some(lines)
}

fn line(part: &str) -> Option<Line> {
    let is_number = |word: &&str| {
        let signs = |letter: char| letter.is_ascii_digit() || "+-()/.#*".contains(letter);
        word.chars().all(signs)
    };
    let words: Vec<&str> = part.split_whitespace().collect();
    let digits = words.iter().rev().take_while(|word| is_number(word)).count();
    let (label, number) = words.split_at(words.len() - digits);
    let number = number.join(" ");
    let dials = number.chars().any(|letter| letter.is_ascii_digit());
    (dials && !label.is_empty()).then(|| Line { label: label.join(" "), number })
}

/// Returns numbers as [`parse`] reads them.
pub fn say(lines: &[Line]) -> String {
    let words = |line: &Line| format!("{} {}", line.label, line.number);
    lines.iter().map(words).collect::<Vec<_>>().join("; ")
}

/// Returns the name under which a place stands: that which ships, or which the practice has for it.
pub(in crate::practice) fn place(known: &OwnNumbers, typed: &str) -> Option<String> {
    let typed = normal(typed);
    if typed.is_empty() || typed.len() > PLACE_BYTES_MAX || typed.contains([':', ';', '/']) {
        return None;
    }
    let shipped = SHIPPED.iter().map(|one| one.place);
    let mut all = shipped.chain(known.keys().map(String::as_str));
    let same = all.find(|one| one.to_lowercase() == typed.to_lowercase());
    Some(same.map_or_else(|| typed.clone(), ToOwned::to_owned))
}

/// Returns the numbers of every place: those that ship, and the practice's own in their place.
pub fn all(index: &Index) -> Vec<Numbers> {
    let own = &index.emergency;
    let shipped = SHIPPED.iter().filter(|one| !own.contains_key(one.place)).map(|one| Numbers {
        place: one.place.to_owned(),
        lines: parse(one.numbers).unwrap_or_default(),
        own: false,
    });
    let own = own.iter().map(|(place, typed)| Numbers {
        place: place.clone(),
        lines: parse(typed).unwrap_or_default(),
        own: true,
    });
    own.chain(shipped).collect()
}

/// Returns the numbers for where a client may be, then those of the practice's zone; of each place
/// once. A place is one of the parts of an address, between commas, or begins with it: `Reno, NV 89501`.
pub fn fitting(index: &Index, addresses: &[&str]) -> Vec<Numbers> {
    let all = all(index);
    let mut found: Vec<Numbers> = Vec::new();
    for address in addresses {
        let parts = address.split([',', ';']).map(|part| part.trim().to_lowercase());
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        // What stands last says the country.
        for part in parts.iter().rev() {
            let fits = all.iter().filter(|one| names(&one.place, part, &index.zone));
            // Letters that mean two places mean both: none is left out.
            found.extend(fits.cloned());
        }
    }
    let zone = SHIPPED.iter().filter(|one| one.has_zone(&index.zone)).map(|one| one.place);
    for place in zone {
        found.extend(all.iter().filter(|one| one.place == place).cloned());
    }
    let mut seen = Vec::new();
    found.retain(|one| {
        let is_new = !one.lines.is_empty() && !seen.contains(&one.place);
        seen.push(one.place.clone());
        is_new
    });
    found
}

/// Whether a part of an address names a place. Two letters mean a state of the US or a country by where
/// the practice is: `CA` is California to a practice there.
fn names(place: &str, part: &str, zone: &str) -> bool {
    let is = |name: &str| {
        part.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let in_us = SHIPPED.iter().any(|one| one.place == "US" && one.has_zone(zone));
    let ours = |name: &&&str| {
        let short = name.len() == 2 && !matches!(**name, "us" | "uk" | "gb" | "eu");
        let american = matches!(place, "US" | "Canada");
        let near = SHIPPED.iter().any(|one| one.place == "Canada" && one.has_zone(zone));
        !short || american == (in_us || near)
    };
    let shipped = SHIPPED.iter().find(|one| one.place == place);
    let mut known = shipped.into_iter().flat_map(|one| one.names.iter()).filter(ours);
    is(&place.to_lowercase()) || known.any(|name| is(name))
}

/// Reads the practice's own; what is too long, or too much, counts as not said.
pub(in crate::practice) fn read(document: &Document) -> OwnNumbers {
    let keys = document.keys();
    let known = keys.iter().filter_map(|key| {
        let place = key.strip_prefix(FIELD).filter(|place| place.len() <= PLACE_BYTES_MAX)?;
        match document.value(None, key)? {
            Scalar::Text(text) => {
                Some((normal(place), within(&text, NUMBERS_BYTES_MAX).to_owned()))
            }
            _ => None,
        }
    });
    known.filter(|(place, _)| !place.is_empty()).take(PLACES_MAX).collect()
}

pub(in crate::practice) fn encode(all: &OwnNumbers, writer: &mut Writer) {
    let all: Vec<_> = all.iter().collect();
    writer.list(&all, |w, (place, numbers)| {
        w.text(place).text(numbers);
    });
}

pub(in crate::practice) fn decode(reader: &mut Reader<'_>) -> Result<OwnNumbers, CodecError> {
    let all = reader.list(PLACES_MAX, |r| {
        // A form of letters may be longer than the one that was written.
        Ok((r.text(4 * PLACE_BYTES_MAX)?.to_owned(), r.text(NUMBERS_BYTES_MAX)?.to_owned()))
    })?;
    Ok(all.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(zone: &str) -> Index {
        Index { zone: zone.to_owned(), ..Index::default() }
    }

    fn places(index: &Index, addresses: &[&str]) -> Vec<String> {
        fitting(index, addresses).into_iter().map(|one| one.place).collect()
    }

    #[test]
    fn what_ships_reads() {
        for one in SHIPPED {
            let lines = parse(one.numbers).unwrap();
            assert_eq!(say(&lines), one.numbers, "{}", one.place);
            assert!(lines.len() <= LINES_MAX);
        }
        let lines = parse(SHIPPED[0].numbers).unwrap();
        assert_eq!(lines[1].number, "988");
        let zones = SHIPPED.iter().flat_map(|one| one.zones);
        for zone in zones.filter(|zone| !zone.ends_with('/')) {
            assert!(crate::practice::zone::is_known(zone), "{zone}");
        }
    }

    #[test]
    fn a_line_is_a_label_and_the_number_at_its_end() {
        let lines = parse("Poison control +43 1 406 43 43; Line 24 0800-111").unwrap();
        assert_eq!(
            (lines[0].label.as_str(), lines[0].number.as_str()),
            ("Poison control", "+43 1 406 43 43")
        );
        assert_eq!(lines[1].label, "Line");
        for none in ["112", "Emergency", "Emergency 112; Nobody", "- -"] {
            assert_eq!(parse(none), None, "{none}");
        }
        assert_eq!(parse(" ; ").unwrap(), []);
        assert_eq!(parse(&"a 1;".repeat(LINES_MAX + 1)), None);
    }

    #[test]
    fn where_the_client_is_comes_first_and_the_practices_zone_always() {
        let west = index("America/Los_Angeles");
        assert_eq!(places(&west, &["Reno, NV 89501"]), ["US"]);
        assert_eq!(places(&west, &["Sampleton, CA"]), ["US"], "California, there");
        assert_eq!(places(&west, &["Vancouver, BC"]), ["Canada", "US"]);
        assert_eq!(places(&west, &["Wien, Austria"]), ["Austria", "US"]);
        let vienna = index("Europe/Vienna");
        assert_eq!(places(&vienna, &[]), ["Austria"]);
        assert_eq!(
            places(&vienna, &["Hamburg, DE", "Paris, France"]),
            ["Germany", "EU", "Austria"]
        );
        assert_eq!(places(&vienna, &["Cairo"]), ["Austria"]);
        assert_eq!(places(&index("Asia/Tokyo"), &["Osaka"]), [""; 0]);
        let mut own = index("Asia/Tokyo");
        own.emergency.insert("Japan".to_owned(), "Emergency 119".to_owned());
        own.emergency.insert("US".to_owned(), "Emergency 911; Our own line 555 0100".to_owned());
        assert_eq!(places(&own, &["Osaka, Japan", "Boston, United States"]), ["Japan", "US"]);
        assert_eq!(fitting(&own, &["USA"])[0].lines[1].number, "555 0100");
    }
}
