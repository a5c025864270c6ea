//! When, how and with whom a session took place, beside the note about it.

use super::import::{Cause, id};
use super::lines::{MODALITIES, instant, read_instant, value, word};
use crate::id::ClientId;
use crate::practice::calendar::CLIENTS_MAX;
use crate::practice::times::Times;
use crate::practice::view::Index;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a signed note says of its session beside the text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TimesBody {
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// As in a slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modality: Option<String>,
    /// Who of a group was there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<String>,
}

impl TimesBody {
    /// What a note says, if it says anything. Of who was there those whom an export names: whoever is
    /// out of sight is nobody where it is taken in.
    pub(super) fn of(times: &Times, zone: &str, index: &Index) -> Option<Self> {
        let named = times.attendees.iter().filter(|client| index.own_row(**client).is_some());
        (*times != Times::default()).then(|| Self {
            began: times.began.map(|stamp| instant(stamp, zone)),
            ended: times.ended.map(|stamp| instant(stamp, zone)),
            modality: times.modality.map(|modality| word(MODALITIES, modality).to_owned()),
            attendees: named.map(ToString::to_string).collect(),
        })
    }

    /// What the text says of it that is brought in, with the way in which people met unless that is
    /// `said` already; `None` if this cannot be.
    pub(super) fn words(&self, said: bool) -> Option<String> {
        let mut words = String::new();
        for (verb, stamp) in [("began", &self.began), ("ended", &self.ended)] {
            if let Some(stamp) = stamp {
                read_instant(stamp)?;
                words.push_str(&format!(" The session {verb} {stamp}."));
            }
        }
        if let Some(modality) = &self.modality {
            let modality = Some(value(MODALITIES, modality)?);
            let way = Times { modality, ..Times::default() }.way();
            if !said {
                words.push_str(&format!(" The session was {way}."));
            }
        }
        Some(words)
    }

    /// Who was there.
    pub(super) fn who(&self) -> Result<BTreeSet<ClientId>, Cause> {
        if self.attendees.len() > CLIENTS_MAX {
            return Err(Cause::Invalid("times"));
        }
        self.attendees.iter().map(|text| id(text, ClientId::parse, "times")).collect()
    }
}
