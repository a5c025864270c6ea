//! When and how a session took place, beside the note about it.

use super::lines::{MODALITIES, instant, read_instant, value, word};
use crate::id::ClientId;
use crate::practice::times::Times;
use serde::{Deserialize, Serialize};

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
    /// What a note says, if it says anything.
    pub(super) fn of(times: &Times, zone: &str) -> Option<Self> {
        (*times != Times::default()).then(|| Self {
            began: times.began.map(|stamp| instant(stamp, zone)),
            ended: times.ended.map(|stamp| instant(stamp, zone)),
            modality: times.modality.map(|modality| word(MODALITIES, modality).to_owned()),
            attendees: times.attendees.iter().map(ToString::to_string).collect(),
        })
    }

    /// What the text says of it that is brought in; `None` if this cannot be.
    pub(super) fn words(&self) -> Option<String> {
        let mut words = String::new();
        for (verb, stamp) in [("began", &self.began), ("ended", &self.ended)] {
            if let Some(stamp) = stamp {
                read_instant(stamp)?;
                words.push_str(&format!(" The session {verb} {stamp}."));
            }
        }
        if let Some(modality) = &self.modality {
            value(MODALITIES, modality)?;
        }
        let known = self.attendees.iter().all(|id| ClientId::parse(id).is_some());
        known.then_some(words)
    }
}
