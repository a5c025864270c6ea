//! The waiting list: what each client who waits would take, and whom a free time suits best.

use super::hours::{Hours, HoursFault};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{ClientId, MemberId, Timestamp};
use crate::practice::apply::{Done, Refusal};
use crate::practice::calendar::{modality_number, modality_of};
use crate::practice::document::Scalar;
use crate::practice::edit::{Edit, Modality};
use crate::practice::view::{ClientRow, Index};
use crate::practice::{Context, Practice};
use jiff::civil::DateTime;
use std::cmp::Reverse;
use std::collections::BTreeMap;

const FIELD: &str = "waiting";
/// The longest wish that is read, in bytes.
const BYTES_MAX: usize = 1024;
const WHOLE_DAY: &str = " 0:00-24:00";

/// A client on the waiting list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// Since when.
    pub since: Timestamp,
    /// What they would take.
    pub wish: Wish,
}

/// What somebody would take. What is not said is all the same to them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wish {
    /// With whom.
    pub clinician: Option<MemberId>,
    /// On which days, and at which times of them, in the practice's local time.
    pub times: Option<Hours>,
    /// In which way.
    pub modality: Option<Modality>,
}

/// A time that has come free.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opening {
    /// With whom.
    pub clinician: MemberId,
    /// From when on, in the practice's local time.
    pub start: DateTime,
    /// For how many minutes.
    pub minutes: u16,
    /// In which way, if that is settled.
    pub modality: Option<Modality>,
}

/// How well an opening suits somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fit {
    /// `Some(true)` if they asked for this clinician, `Some(false)` for another.
    pub clinician: Option<bool>,
    /// Whether the day suits.
    pub day: bool,
    /// Whether the time of day does.
    pub time: bool,
    /// Whether the way does.
    pub modality: bool,
}

impl Fit {
    /// Returns whether nothing speaks against it.
    pub const fn suits(&self) -> bool {
        !matches!(self.clinician, Some(false)) && self.day && self.time && self.modality
    }
}

impl Wish {
    /// Reads a wish as people write it, its parts between commas in any order: days with or without
    /// times as [`Hours::parse`] reads them, `video`, `phone` or `office`, a clinician's name. Empty
    /// says that anything will do.
    ///
    /// # Errors
    /// [`HoursFault`] names the word that was not understood.
    pub fn parse(text: &str, clinicians: &BTreeMap<MemberId, String>) -> Result<Self, HoursFault> {
        let mut wish = Self::default();
        let mut times = Vec::new();
        for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            let lower = part.to_lowercase();
            let named = clinicians.iter().find(|(_, name)| name.to_lowercase() == lower);
            match (lower.as_str(), named) {
                (_, Some((member, _))) => wish.clinician = Some(*member),
                ("video", _) => wish.modality = Some(Modality::Video),
                ("phone", _) => wish.modality = Some(Modality::Phone),
                ("office" | "in office", _) => wish.modality = Some(Modality::InOffice),
                _ => times.push(match Hours::parse(part) {
                    Err(HoursFault::NoTimes(_)) => format!("{part} 0-24"),
                    _ => part.to_owned(),
                }),
            }
        }
        if !times.is_empty() {
            wish.times = Some(Hours::parse(&times.join(", "))?);
        }
        Ok(wish)
    }

    /// Returns the wish so that [`Wish::parse`] reads the same; empty if anything will do.
    pub fn words(&self, clinicians: &BTreeMap<MemberId, String>) -> String {
        let times = self.times.as_ref().map(|times| times.to_string().replace(WHOLE_DAY, ""));
        let modality = self.modality.map(|modality| match modality {
            Modality::InOffice => "office".to_owned(),
            Modality::Video => "video".to_owned(),
            Modality::Phone => "phone".to_owned(),
        });
        let clinician = self.clinician.and_then(|member| clinicians.get(&member).cloned());
        let parts: Vec<String> = [times, modality, clinician].into_iter().flatten().collect();
        parts.join(", ")
    }

    /// Returns how well an opening suits.
    pub fn fit(&self, opening: &Opening) -> Fit {
        let from = minute_of(opening.start);
        let to = from.saturating_add(opening.minutes);
        let (mut day, mut time) = (true, true);
        if let Some(times) = &self.times {
            let spans = times.on(opening.start.date());
            day = !spans.is_empty();
            let week = WEEK.iter().flat_map(|day| times.usually(*day));
            let holds = |span: &super::hours::Span| span.from <= from && to <= span.to;
            time = if day { spans.iter().any(holds) } else { week.into_iter().any(holds) };
        }
        Fit {
            clinician: self.clinician.map(|asked| asked == opening.clinician),
            day,
            time,
            modality: match (self.modality, opening.modality) {
                (Some(asked), Some(given)) => asked == given,
                _ => true,
            },
        }
    }
}

const WEEK: [jiff::civil::Weekday; 7] = {
    use jiff::civil::Weekday as W;
    [W::Monday, W::Tuesday, W::Wednesday, W::Thursday, W::Friday, W::Saturday, W::Sunday]
};

fn minute_of(time: DateTime) -> u16 {
    u16::try_from(i16::from(time.hour()) * 60 + i16::from(time.minute())).unwrap_or(0)
}

/// Returns who waits, whom the opening suits best first: by clinician (asked for, any, another), then
/// day, time and way, then who has waited longest. Without an opening, who has waited longest.
pub fn ranked<'a>(
    index: &'a Index,
    opening: Option<&Opening>,
) -> Vec<(&'a ClientRow, Option<Fit>)> {
    let waiting = index.clients.values().filter(|row| !row.archived && row.death().is_none());
    let with_wish = waiting.filter_map(|row| Some((row.as_ref(), row.waits()?)));
    let mut ranked: Vec<_> = with_wish
        .map(|(row, one)| (row, one, opening.map(|opening| one.wish.fit(opening))))
        .collect();
    ranked.sort_by_key(|(row, one, fit)| {
        let rank = fit.map(|fit| {
            let clinician = match fit.clinician {
                Some(true) => 2,
                None => 1,
                Some(false) => 0,
            };
            Reverse((clinician, fit.day, fit.time, fit.modality))
        });
        (rank, one.since, row.id)
    });
    ranked.into_iter().map(|(row, _, fit)| (row, fit)).collect()
}

impl Waiting {
    /// since8 option(clinician16) option(modality1) text
    pub(in crate::practice) fn write(&self, writer: &mut Writer) {
        writer.i64(self.since.as_millis());
        writer.option(self.wish.clinician.as_ref(), |w, member| {
            w.fixed(member.as_bytes());
        });
        writer.option(self.wish.modality, |w, modality| {
            w.u8(modality_number(modality));
        });
        let times = self.wish.times.as_ref().map(ToString::to_string);
        writer.text(&times.unwrap_or_default());
    }

    pub(in crate::practice) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let since = Timestamp::from_millis(reader.i64()?);
        let clinician = reader.option(|r| r.fixed().map(MemberId::from_bytes))?;
        let modality = reader.option(|r| modality_of(r.u8()?).ok_or(CodecError::Unknown))?;
        let times = match reader.text(BYTES_MAX)? {
            "" => None,
            text => Some(Hours::parse(text).map_err(|_| CodecError::Unknown)?),
        };
        Ok(Self { since, wish: Wish { clinician, times, modality } })
    }

    /// What a contact's document says; what this version does not understand counts as not said.
    pub(in crate::practice) fn of(scalar: Option<&Scalar>) -> Option<Self> {
        let mut reader = Reader::new(scalar?.bytes()?);
        let read = Self::read(&mut reader).ok()?;
        reader.finish().ok()?;
        Some(read)
    }

    /// The field of a contact's document.
    pub(in crate::practice) const FIELD: &str = FIELD;
}

impl Practice {
    /// Puts a client on the waiting list, changes what they would take, or takes them off.
    pub(in crate::practice) fn wait(
        &mut self,
        client: ClientId,
        waiting: Option<&Waiting>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        // Whoever stands on the list under a duplicate is changed and taken off there.
        let whose = self.who_waits(client);
        let client = whose.first().copied().unwrap_or(client);
        let row = self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?;
        let inverse = Edit::Wait { client, waiting: row.waiting.clone() };
        let value = waiting.map_or(Scalar::Nothing, |waiting| {
            let mut writer = Writer::new();
            waiting.write(&mut writer);
            Scalar::Bytes(writer.into_bytes())
        });
        self.write_said(&whose, (FIELD, &value), inverse, cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;
    use std::sync::Arc;

    const ANNA: MemberId = MemberId::from_bytes([1; 16]);
    const BERT: MemberId = MemberId::from_bytes([2; 16]);

    fn clinicians() -> BTreeMap<MemberId, String> {
        BTreeMap::from([(ANNA, "Dr. Anna Sample".to_owned()), (BERT, "Bert Beispiel".to_owned())])
    }

    fn wish(text: &str) -> Wish {
        Wish::parse(text, &clinicians()).unwrap()
    }

    #[test]
    fn wishes_are_read_as_they_are_written() {
        for (text, meant) in [
            ("", ""),
            ("mon", "Mon"),
            ("mo/mi 9-12, video", "Mon 9:00-12:00, Wed 9:00-12:00, video"),
            ("Phone; tue-thu 14-18", "Tue-Thu 14:00-18:00, phone"),
            ("dr. anna sample, fri", "Fri, Dr. Anna Sample"),
            ("mon, tue 9-10, in office", "Mon, Tue 9:00-10:00, office"),
        ] {
            assert_eq!(wish(text).words(&clinicians()), meant, "{text}");
            assert_eq!(wish(meant), wish(text));
        }
        for (text, word) in
            [("mon 9-12, carol", "carol"), ("morning", "morning"), ("mon nine", "nine")]
        {
            let fault = Wish::parse(text, &clinicians());
            assert_eq!(fault, Err(HoursFault::Word(word.to_owned())), "{text}");
        }
    }

    fn index(wishes: &[(&str, i64)]) -> Index {
        let rows = wishes.iter().zip(1_u8..).map(|((text, since), number)| {
            let id = ClientId::from_bytes([number; 16]);
            let waiting = Waiting { since: Timestamp::from_millis(*since), wish: wish(text) };
            let row = ClientRow {
                id,
                name: (*text).to_owned(),
                code: number.to_string(),
                pronouns: String::new(),
                phone: String::new(),
                email: String::new(),
                safe_contact: String::new(),
                archived: number == 99,
                since: Timestamp::from_millis(0),
                waiting: Some(waiting),
                tasks: Vec::new(),
                died: None,
                same_as: None,
                same: Vec::new(),
            };
            (id, Arc::new(row))
        });
        Index { clients: rows.collect(), ..Index::default() }
    }

    /// Who comes first for an opening with Anna on a Monday, 10 to 10:50, by video.
    #[test]
    fn an_opening_is_offered_by_clinician_day_time_and_way_and_then_to_who_waited_longest() {
        let opening = Opening {
            clinician: ANNA,
            start: date(2026, 11, 30).at(10, 0, 0, 0),
            minutes: 50,
            modality: Some(Modality::Video),
        };
        // In the order that is wanted; the numbers are since when.
        let table = [
            ("dr. anna sample, mon 9-12, video", 9),
            ("dr. anna sample", 10),
            ("dr. anna sample, phone", 1),
            ("dr. anna sample, mon 14-16", 1),
            ("dr. anna sample, tue 9-12, video", 1),
            ("dr. anna sample, tue 14-16, video", 1),
            ("mon 10-10:50", 2),
            ("", 3),
            ("video", 4),
            ("mon, office", 1),
            ("mon 10-10:49, video", 1),
            ("tue-fri 8-18", 1),
            ("fri 14-16", 1),
            ("bert beispiel, mon 9-12, video", 1),
            ("bert beispiel, tue", 1),
        ];
        let mut shuffled = table;
        shuffled.reverse();
        let index = index(&shuffled);
        let found = ranked(&index, Some(&opening));
        let names: Vec<&str> = found.iter().map(|(row, _)| row.name.as_str()).collect();
        assert_eq!(names, table.map(|(text, _)| text));
        let suits = found.iter().filter(|(_, fit)| fit.is_some_and(|fit| fit.suits())).count();
        assert_eq!(suits, 5);
        let oldest = ranked(&index, None);
        let since = |row: &ClientRow| row.waiting.as_ref().map(|one| one.since);
        assert!(oldest.windows(2).all(|pair| since(pair[0].0) <= since(pair[1].0)));
    }

    proptest! {
        #[test]
        fn any_text_is_a_wish_or_is_refused(text in ".{0,60}") {
            if let Ok(wish) = Wish::parse(&text, &clinicians()) {
                prop_assert_eq!(Wish::parse(&wish.words(&clinicians()), &clinicians()), Ok(wish.clone()));
                let waiting = Waiting { since: Timestamp::from_millis(5), wish };
                let mut writer = Writer::new();
                waiting.write(&mut writer);
                prop_assert_eq!(Waiting::of(Some(&Scalar::Bytes(writer.into_bytes()))), Some(waiting));
            }
        }
    }
}
