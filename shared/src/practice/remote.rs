//! What sessions by video or telephone need of who sees clients: where they may practise, and the link
//! of their room. The program itself carries no video.

use super::apply::{Done, Guard, Refusal};
use super::compartment::CompartmentName;
use super::contact::{Settings, normal};
use super::document::{Document, Scalar};
use super::edit::{Edit, Modality, Purpose};
use super::release::{self, Item, Release, Way};
use super::view::Index;
use super::{Context, Practice, document_of};
use crate::id::{AppointmentId, MemberId};
use crate::suite;
use std::collections::BTreeMap;

/// The longest of these texts, in bytes.
pub(super) const BYTES_MAX: usize = 400;
/// What stands in a link in the place of the room.
pub const ROOM: &str = "{room}";
/// How many letters name a room: 80 bits, of an id that only those know who have the calendar.
const ROOM_LETTERS: usize = 20;
const SETTINGS_MAX: usize = 4096;

/// What members say of themselves: for sessions elsewhere, and of supervision.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RemoteSetting {
    /// The states or countries in which the member may practise: `CA, NV`.
    Licences,
    /// The link of the member's room: `https://video.example.org/{room}`.
    Link,
    /// Whether the member may copy such a link: the word of a [`Copying`].
    Copying,
    /// Whether what the member signs goes to a second person: `yes`, or nothing.
    Supervised,
}

/// Whether somebody may put a link into the clipboard of their terminal, where other programs read it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Copying {
    /// Not at all, which holds until something else is said.
    #[default]
    Never,
    /// After a warning each time.
    Ask,
    /// At once.
    Always,
}

impl Copying {
    /// All of them, the safest first.
    pub const ALL: [Self; 3] = [Self::Never, Self::Ask, Self::Always];

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Ask => "ask",
            Self::Always => "always",
        }
    }

    /// Returns what a word stands for, if it is one of these.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|copying| copying.word() == word)
    }

    /// Returns what a member has said; what does not read is [`Copying::Never`].
    pub fn of(index: &Index, member: MemberId) -> Self {
        let said = index.remote.get(&(member, RemoteSetting::Copying));
        said.and_then(|word| Self::named(word)).unwrap_or_default()
    }
}

impl RemoteSetting {
    const ALL: [Self; 4] = [Self::Licences, Self::Link, Self::Copying, Self::Supervised];

    const fn field(self) -> &'static str {
        match self {
            Self::Licences => "licences/",
            Self::Link => "link/",
            Self::Copying => "copying/",
            Self::Supervised => "supervised/",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Licences => 1,
            Self::Link => 2,
            Self::Copying => 3,
            Self::Supervised => 4,
        }
    }

    pub(super) fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.number() == number)
    }
}

/// Whether one may practise where a client is, by a list of states or countries: one of the parts of
/// the place, between commas, is one of them or begins with it (`Reno, NV 89501`). `None` where nothing
/// is said.
pub fn is_licensed(licences: &str, place: &str) -> Option<bool> {
    let parts = |text: &str| -> Vec<String> {
        let parts = text.split([',', ';']).map(|part| part.trim().to_lowercase());
        parts.filter(|part| !part.is_empty()).collect()
    };
    let (licences, place) = (parts(licences), parts(place));
    if licences.is_empty() || place.is_empty() {
        return None;
    }
    let fits = |part: &String| {
        licences.iter().any(|one| {
            part.strip_prefix(one.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    Some(place.iter().any(fits))
}

/// Whether a text is a link with a place for the room.
pub fn is_link(text: &str) -> bool {
    let plain = text.chars().all(|letter| !letter.is_whitespace() && !letter.is_control());
    plain && text.starts_with("https://") && text.contains(ROOM)
}

/// Returns the link for one appointment: no other has the same room, and nobody guesses it.
pub fn link(template: &str, appointment: AppointmentId) -> Option<String> {
    let room = suite::hash("tac/room", &[appointment.as_bytes()]);
    let room: String = room.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let room = room.get(..ROOM_LETTERS)?;
    is_link(template).then(|| template.replace(ROOM, room))
}

/// What every member says, as the settings hold it.
pub(super) type RemoteSettings = BTreeMap<(MemberId, RemoteSetting), String>;

/// Reads what every member says; what is too long counts as not said.
pub(super) fn read(document: &Document) -> RemoteSettings {
    let keys = document.keys();
    let known = keys.iter().filter_map(|key| {
        let of = |setting: &RemoteSetting| key.strip_prefix(setting.field());
        let setting = RemoteSetting::ALL.into_iter().find(|setting| of(setting).is_some())?;
        let member = MemberId::parse(of(&setting)?)?;
        match document.value(None, key)? {
            Scalar::Text(text) if !text.is_empty() && text.len() <= BYTES_MAX => {
                Some(((member, setting), text))
            }
            _ => None,
        }
    });
    known.take(SETTINGS_MAX).collect()
}

pub(super) fn encode(settings: &RemoteSettings, writer: &mut crate::codec::Writer) {
    let all: Vec<_> = settings.iter().collect();
    writer.list(&all, |w, ((member, setting), text)| {
        w.fixed(member.as_bytes()).u8(setting.number()).text(text);
    });
}

pub(super) fn decode(
    reader: &mut crate::codec::Reader<'_>,
) -> Result<RemoteSettings, crate::codec::CodecError> {
    let all = reader.list(SETTINGS_MAX, |r| {
        let member = MemberId::from_bytes(r.fixed()?);
        let setting = RemoteSetting::of(r.u8()?).ok_or(crate::codec::CodecError::Unknown)?;
        Ok(((member, setting), r.text(BYTES_MAX)?.to_owned()))
    })?;
    Ok(all.into_iter().collect())
}

impl Practice {
    /// Lets out the link of an appointment's room for the clipboard, if the member at the keyboard may
    /// copy: a disclosure like any other, with its entry, in which the link does not stand.
    pub fn copy_link(
        &mut self,
        appointment: AppointmentId,
        cx: &mut Context<'_>,
    ) -> Result<Release, Refusal> {
        if Copying::of(&self.index, cx.pen.author().member) == Copying::Never {
            return Err(Refusal::CopyingIsOff);
        }
        let row = self.index.appointments.get(&appointment).ok_or(Refusal::UnknownAppointment)?;
        let clinician = row.slot.clinician;
        let template = self.index.remote.get(&(clinician, RemoteSetting::Link));
        let template = template.filter(|_| row.slot.modality == Modality::Video);
        let link = template.and_then(|template| link(template, appointment));
        // What a terminal or a shell could take for something else is typed by hand.
        let link = link.filter(|link| link.bytes().all(|byte| byte.is_ascii_graphic()));
        let bytes = link.ok_or(Refusal::InvalidLink)?.into_bytes();
        let item = Item { compartment: CompartmentName::Series(clinician), bytes };
        Ok(release::emit(self, vec![item], Way::Clipboard, Purpose::Disclosure, cx))
    }

    /// Says where a member may practise, what the link of the member's room is, or whether it may be
    /// copied; empty takes it back.
    pub(super) fn set_remote(
        &mut self,
        (member, setting, text): (MemberId, RemoteSetting, &str),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let text = normal(text);
        if text.len() > BYTES_MAX {
            return Err(Refusal::TextTooLong);
        }
        if setting == RemoteSetting::Link && !text.is_empty() && !is_link(&text) {
            return Err(Refusal::InvalidLink);
        }
        let is_word = text.is_empty() || Copying::named(&text).is_some();
        if setting == RemoteSetting::Copying && !is_word {
            return Err(Refusal::InvalidCopying);
        }
        let name = CompartmentName::Practice;
        let object = document_of(&name);
        let before = self.facts.settings.remote.get(&(member, setting)).cloned();
        let field = format!("{}{member}", setting.field());
        let value = if text.is_empty() { Scalar::Nothing } else { Scalar::Text(text) };
        let change = self.change(&name, object, cx, |document| {
            document.put(None, &field, value.clone());
        })?;
        self.facts.settings = Settings::read(self.document(&name, object, cx)?);
        let text = before.unwrap_or_default();
        let inverse = Some(Edit::SetRemote { member, setting, text });
        let guards = vec![Guard { name, object, place: None, field, value }];
        Ok(Done { changes: change.into_iter().collect(), inverse, guards })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_for_a_state_or_a_country_as_a_place_names_it() {
        for (licences, place, expected) in [
            ("CA, NV", "Sampleton, CA", Some(true)),
            ("ca,nv", "Reno, NV 89501", Some(true)),
            ("CA", "Reno, NV", Some(false)),
            ("CA", "Cairo", Some(false)),
            ("Austria", "Wien, Austria", Some(true)),
            ("New York", "1 Example Street, New York", Some(true)),
            ("", "Sampleton, CA", None),
            ("CA", " ", None),
        ] {
            assert_eq!(is_licensed(licences, place), expected, "{licences} {place}");
        }
    }

    #[test]
    fn each_appointment_has_a_room_of_its_own() {
        let template = "https://video.example.org/{room}?lang=en";
        let of = |byte| link(template, AppointmentId::from_bytes([byte; 16])).unwrap();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        let room = of(1);
        let room = room.strip_prefix("https://video.example.org/").unwrap();
        assert_eq!(room.strip_suffix("?lang=en").map(str::len), Some(ROOM_LETTERS));
        for none in ["", "https://video.example.org/", "http://x/{room}", "https://a b/{room}"] {
            assert!(!is_link(none), "{none}");
        }
    }
}
