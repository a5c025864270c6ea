//! The words for what keeps a sentence from being booked. What was typed goes back to the person
//! who typed it, and nowhere else.

use tacenda_shared::practice::quick_add::Problem;

/// Says a problem in a few words, without a full stop.
pub fn words(problem: &Problem) -> String {
    match problem {
        Problem::AmbiguousClient { word, candidates } => {
            format!("\"{word}\" fits {candidates} clients; use a code")
        }
        Problem::EndsBefore => "the series ends before it begins".into(),
        Problem::FarAhead => "that is more than ten months ahead".into(),
        Problem::ImpossibleDate { word } => format!("\"{word}\" is not a date"),
        Problem::ImpossibleTime { word } => format!("\"{word}\" is not a time of day"),
        Problem::LengthOutOfRange => "the length is not between 1 minute and a day".into(),
        Problem::NamedTwice { word } => format!("\"{word}\" says something a second time"),
        Problem::NoClient => "no client was named".into(),
        Problem::NoDate => "no date was named".into(),
        Problem::NoTime => "no time was named".into(),
        Problem::Past => "that moment has passed".into(),
        Problem::TooLong => "the sentence is too long".into(),
        Problem::TimeDoesNotExist { resolved } => format!(
            "the clocks go forward over that time; {:02}:{:02} would be the same moment",
            resolved.hour(),
            resolved.minute()
        ),
        Problem::TimeHappensTwice => "the clocks go back over that time; the first is meant".into(),
        Problem::UnknownWord { word } => format!("\"{word}\" was not understood"),
        Problem::UnknownZone => "the practice's time zone is not known".into(),
        Problem::UnusualHour => "that is before 6:00 or after 22:00".into(),
    }
}
