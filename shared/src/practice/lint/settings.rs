//! Which elements of a note a practice is warned about, which it requires and which it leaves out: lines
//! of the practice's settings.

use super::{Element, Finding, Linted, OfPlan, check};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::ClientId;
use crate::practice::apply::{Done, Guard, Refusal};
use crate::practice::compartment::CompartmentName;
use crate::practice::contact::Settings;
use crate::practice::document::{Document, Scalar};
use crate::practice::edit::{Edit, NoteFormat, Part};
use crate::practice::plan::Plan;
use crate::practice::view::AppointmentRow;
use crate::practice::{Context, Practice, document_of};
use std::collections::BTreeMap;

const FIELD: &str = "lint/";

/// What an element is to a practice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Level {
    /// It is not looked for.
    Off,
    /// Who signs is warned.
    #[default]
    Warn,
    /// Nothing is signed without it.
    Require,
}

impl Level {
    /// All of them, in the order in which they are chosen.
    pub const ALL: [Self; 3] = [Self::Off, Self::Warn, Self::Require];

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Require => "require",
        }
    }

    /// Returns the level that a word names.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// Returns the one that is chosen after this one.
    #[must_use]
    pub const fn next(self, element: Element) -> Self {
        match self {
            Self::Off => Self::Warn,
            Self::Warn if element.can_be_required() => Self::Require,
            Self::Warn | Self::Require => Self::Off,
        }
    }
}

/// What a practice has said; of what it says nothing, it is warned.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Levels(BTreeMap<Element, Level>);

impl FromIterator<(Element, Level)> for Levels {
    fn from_iter<T: IntoIterator<Item = (Element, Level)>>(said: T) -> Self {
        Self(said.into_iter().collect())
    }
}

impl Levels {
    /// Returns what an element is to the practice.
    pub fn of(&self, element: Element) -> Level {
        let said = self.0.get(&element).copied().unwrap_or_default();
        if said == Level::Require && !element.can_be_required() { Level::Warn } else { said }
    }

    /// Returns what the practice wants to hear of, each with whether nothing is signed as it is.
    pub fn heard(&self, found: Vec<Finding>) -> Vec<(Finding, bool)> {
        let levels = found.into_iter().map(|finding| (self.of(finding.element), finding));
        let heard = levels.filter(|(level, _)| *level != Level::Off);
        heard.map(|(level, finding)| (finding, level == Level::Require)).collect()
    }

    fn requires(&self) -> bool {
        Element::ALL.into_iter().any(|element| self.of(element) == Level::Require)
    }
}

/// Reads what a practice has said; what does not read counts as not said.
pub(in crate::practice) fn read(document: &Document) -> Levels {
    let said = Element::ALL.into_iter().filter_map(|element| {
        let value = document.value(None, &format!("{FIELD}{}", element.word()))?;
        let level = Level::named(value.text()?)?;
        (level != Level::default()).then_some((element, level))
    });
    Levels(said.collect())
}

pub(in crate::practice) fn encode(levels: &Levels, writer: &mut Writer) {
    let said: Vec<_> = levels.0.iter().collect();
    writer.list(&said, |w, (element, level)| {
        w.text(element.word()).text(level.word());
    });
}

pub(in crate::practice) fn decode(reader: &mut Reader<'_>) -> Result<Levels, CodecError> {
    let said = reader.list(Element::ALL.len(), |r| {
        let element = Element::named(r.text(32)?).ok_or(CodecError::Unknown)?;
        Ok((element, Level::named(r.text(32)?).ok_or(CodecError::Unknown)?))
    })?;
    Ok(Levels(said.into_iter().collect()))
}

impl Practice {
    /// Says what an element of a note is to the practice.
    pub(in crate::practice) fn set_level(
        &mut self,
        (element, level): (Element, Level),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let name = CompartmentName::Practice;
        let object = document_of(&name);
        let before = self.facts.settings.levels.of(element);
        let field = format!("{FIELD}{}", element.word());
        let value = Scalar::Text(level.word().to_owned());
        let change = self.change(&name, object, cx, |document| {
            document.put(None, &field, value.clone());
        })?;
        self.facts.settings = Settings::read(self.document(&name, object, cx)?);
        let inverse = Some(Edit::SetLevel { element, level: before });
        let guards = vec![Guard { name, object, place: None, field, value }];
        Ok(Done { changes: change.into_iter().collect(), inverse, guards })
    }

    /// Refuses a signature under a note that lacks what the practice requires.
    pub(in crate::practice) fn check_elements(
        &mut self,
        client: ClientId,
        (format, parts): (NoteFormat, &[(Part, String)]),
        session: Option<&AppointmentRow>,
        cx: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        if !self.facts.settings.levels.requires() {
            return Ok(());
        }
        let plan = self.of_plan(client, cx)?;
        let note = Linted { format, parts, session, plan: Some(&plan), now: cx.now };
        let heard = self.facts.settings.levels.heard(check(&note));
        match heard.into_iter().find(|(_, required)| *required) {
            Some((finding, _)) => Err(Refusal::ElementMissing(finding.element)),
            None => Ok(()),
        }
    }

    /// What the treatment plan of a chart says.
    pub(in crate::practice) fn of_plan(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<OfPlan, Refusal> {
        let mut of_plan = OfPlan::default();
        for one in self.seen_as_one(client) {
            if self.facts.charts.get(&one).is_some_and(|chart| chart.plan.items > 0) {
                let name = CompartmentName::Chart(one);
                let plan = Plan::read(self.document(&name, document_of(&name), cx)?);
                of_plan.add(OfPlan::of(&plan));
            }
        }
        Ok(of_plan)
    }
}
