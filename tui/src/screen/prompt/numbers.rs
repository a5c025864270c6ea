//! The emergency numbers of a place, as they are typed.

use super::super::parts::field::Field;
use super::Ask;
use tacenda_shared::practice::crisis::numbers;
use tacenda_shared::practice::edit::Edit;

/// The place, and what is said of it; `None` as long as it is neither.
fn parted(typed: &str) -> Option<(&str, &str)> {
    let (place, said) = typed.split_once(':')?;
    let place = place.trim();
    (!place.is_empty()).then_some((place, said.trim()))
}

pub(super) fn confirm(field: &Field) -> Vec<Ask> {
    let Some((place, said)) = parted(field.trimmed()) else {
        return vec![Ask::Say("Begin with the place and a colon.".to_owned())];
    };
    let numbers = match (said, numbers::parse(said)) {
        ("", _) => None,
        (_, Some(_)) => Some(said.to_owned()),
        (_, None) => return vec![Ask::Say(NOT_YET.to_owned())],
    };
    let says = match numbers {
        Some(_) => format!("emergency numbers of {place}"),
        None => format!("emergency numbers of {place} taken back"),
    };
    vec![Ask::Submit(Edit::SetEmergency { place: place.to_owned(), numbers }, says)]
}

const NOT_YET: &str = "Not yet: each is what answers and its number, set apart by semicolons.";

/// How it was understood.
pub(super) fn words(typed: &str) -> String {
    match parted(typed) {
        None => {
            "For example Nevada: Emergency 911; County crisis line 555 0100. A country, a state \
                 or a town, as it stands in addresses."
                .to_owned()
        }
        Some((place, "")) => format!("= {place}: none of your own; what ships for it, if anything"),
        Some((place, said)) => match numbers::parse(said) {
            Some(lines) => {
                let lines: Vec<String> =
                    lines.iter().map(|line| format!("{} = {}", line.label, line.number)).collect();
                format!("= {place}: {}", lines.join(", "))
            }
            None => NOT_YET.to_owned(),
        },
    }
}
