//! A progress report: what somebody has chosen of a period, in the order in which it is read, each line
//! with the record that it comes from. It decides what is said; `report/html.rs` makes a page of it.

mod html;

use crate::screen::parts::{measures, when};
use crate::text::counted;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::id::{MemberId, RecordId};
use tacenda_shared::practice::edit::{Label, Part};
use tacenda_shared::practice::measure::{MeasureView, Review, Taken};
use tacenda_shared::practice::plan::{PlanItem, PlanKind};
use tacenda_shared::practice::report::{ReportNote, ReportView};
use tacenda_shared::practice::view::Index;

pub use html::html;

/// What a report is to hold. At first nothing (45 CFR 164.502(b)).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Chosen {
    items: BTreeSet<Item>,
}

/// One thing that a report can hold.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Item {
    /// How many sessions were attended and missed.
    Sessions,
    /// The diagnoses of the plan.
    Diagnoses,
    /// The goals of the plan, and how far their objectives have come.
    Goals,
    /// A measure, with its band and how it has changed.
    Measure(RecordId),
    /// A part of a signed note.
    Part(RecordId, Part),
    /// What was added to a signed note.
    Addendum(RecordId),
}

impl Chosen {
    /// Returns whether something is in it.
    pub fn has(&self, item: Item) -> bool {
        self.items.contains(&item)
    }

    /// Puts something in, or takes it out.
    pub fn set(&mut self, item: Item, chosen: bool) {
        if chosen {
            self.items.insert(item);
        } else {
            self.items.remove(&item);
        }
    }

    /// Returns all of it.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// Returns how much is in it.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// Leaves out what is not there any more.
    pub fn keep_of(&mut self, offered: &[Offer]) {
        let known: BTreeSet<Item> = offered.iter().map(|offer| offer.item).collect();
        self.items.retain(|item| known.contains(item));
    }
}

impl Item {
    /// Returns the word by which a command names it.
    pub fn word(self) -> String {
        match self {
            Self::Sessions => "sessions".to_owned(),
            Self::Diagnoses => "diagnoses".to_owned(),
            Self::Goals => "goals".to_owned(),
            Self::Measure(record) => format!("measure:{record}"),
            Self::Part(record, part) => {
                let words = Part::WORDS.iter().find(|(known, _)| *known == part);
                format!("note:{record}:{}", words.map_or("text", |(_, word)| *word))
            }
            Self::Addendum(record) => format!("addendum:{record}"),
        }
    }

    /// Returns what a word stands for.
    pub fn named(word: &str) -> Option<Self> {
        let mut pieces = word.trim().split(':');
        let (kind, id, rest) = (pieces.next()?, pieces.next(), pieces.next());
        let record = || RecordId::parse(id?);
        match (kind, rest) {
            ("sessions", None) => id.is_none().then_some(Self::Sessions),
            ("diagnoses", None) => id.is_none().then_some(Self::Diagnoses),
            ("goals", None) => id.is_none().then_some(Self::Goals),
            ("measure", None) => Some(Self::Measure(record()?)),
            ("addendum", None) => Some(Self::Addendum(record()?)),
            ("note", Some(part)) => {
                let part = Part::WORDS.iter().find(|(_, known)| *known == part)?.0;
                Some(Self::Part(record()?, part))
            }
            _ => None,
        }
    }
}

/// Something that can be chosen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// What.
    pub item: Item,
    /// In a line, without anything that was written in it.
    pub words: String,
    /// How it begins, for the screen of who chooses.
    pub begins: String,
    /// Its labels; what has any is chosen by itself only.
    pub labels: BTreeSet<Label>,
}

/// What stands around what was chosen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Around {
    /// Whom it is for.
    pub recipient: String,
    /// What it is for.
    pub purpose: String,
    /// Who writes it.
    pub author: String,
    /// The day on which it is made.
    pub today: Date,
    /// Whether a code stands for the client's name.
    pub veiled: bool,
}

/// A report, ready to be shown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// What it says of itself: each a word and what follows.
    pub head: Vec<(&'static str, String)>,
    /// What it holds.
    pub sections: Vec<Section>,
    /// What it is signed with: each a word and what follows.
    pub foot: Vec<(&'static str, String)>,
}

/// A part of a report.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Block {
    /// A heading within it.
    Heading(String),
    /// A line of a list.
    Line(String),
    /// A text as it was written.
    Text(String),
}

/// The heading of every report.
pub const TITLE: &str = "Progress report";

/// Returns everything that can be chosen, in the order of a report.
pub fn offers(view: &ReportView, index: &Index) -> Vec<Offer> {
    let offer =
        |item, words: String| Offer { item, words, begins: String::new(), labels: BTreeSet::new() };
    let mut all = vec![offer(Item::Sessions, sessions(view).join(", "))];
    if let Some(plan) = &view.plan {
        let of = |kind| plan.plan.items.iter().filter(|item| item.kind == kind).count();
        let (diagnoses, goals) = (of(PlanKind::Diagnosis), of(PlanKind::Goal));
        let objectives = of(PlanKind::Objective);
        if diagnoses > 0 {
            all.push(offer(Item::Diagnoses, counted(diagnoses, "diagnosis", "diagnoses")));
        }
        if goals + objectives > 0 {
            let words = format!(
                "{}, {}, with their ratings",
                counted(goals, "goal", "goals"),
                counted(objectives, "objective", "objectives")
            );
            all.push(offer(Item::Goals, words));
        }
    }
    for one in &view.measures {
        let words = format!("{}  {}", date_of(one, index), measure_words(one, index));
        let offer = offer(Item::Measure(one.record), words);
        all.push(Offer { labels: one.labels.clone(), ..offer });
    }
    for one in &view.notes {
        all.extend(of_note(one));
    }
    all
}

fn of_note(one: &ReportNote) -> Vec<Offer> {
    let note = &one.note;
    let offer = |item, what: &str, text: &str| Offer {
        item,
        words: format!("{}  {what}", one.date),
        begins: text.split_whitespace().take(40).collect::<Vec<_>>().join(" "),
        labels: note.labels.clone(),
    };
    let written = note.parts.iter().filter(|(_, text)| !text.trim().is_empty());
    let mut all: Vec<_> = written
        .map(|(part, text)| offer(Item::Part(note.record, *part), part.title(), text))
        .collect();
    let added = note.addenda.iter();
    all.extend(added.map(|one| offer(Item::Addendum(one.record), "Addendum", &one.text)));
    all
}

/// Makes a report of what was chosen. Nothing that was not is named in it, but for how much of the
/// period it leaves out.
pub fn build(view: &ReportView, chosen: &Chosen, around: &Around, index: &Index) -> Report {
    let short = Short::of(view);
    let mut sections = Vec::new();
    let mut add = |title, blocks: Vec<Block>| {
        if !blocks.is_empty() {
            sections.push(Section { title, blocks });
        }
    };
    if chosen.has(Item::Sessions) {
        add("Sessions", sessions(view).into_iter().map(Block::Line).collect());
    }
    if chosen.has(Item::Diagnoses) {
        add("Diagnoses", diagnoses(view, &short));
    }
    if chosen.has(Item::Goals) {
        add("Goals", goals(view, &short));
    }
    add("Measures", of_measures(view, chosen, &short, index));
    add("Notes", of_notes(view, chosen, &short));
    Report { head: head(view, around), sections, foot: foot(around, index) }
}

fn head(view: &ReportView, around: &Around) -> Vec<(&'static str, String)> {
    let (name, code) = (&view.client.name, &view.client.code);
    let client = match (around.veiled, code.as_str()) {
        (true, code) => code.to_owned(),
        (false, "") => name.clone(),
        (false, code) => format!("{name} ({code})"),
    };
    let mut head = vec![("Client", client)];
    head.push((
        "Period",
        format!("{} to {}", when::long(view.period.0), when::long(view.period.1)),
    ));
    for (word, says) in [("For", &around.recipient), ("Purpose", &around.purpose)] {
        if !says.is_empty() {
            head.push((word, says.clone()));
        }
    }
    head.push(("Made", when::long(around.today)));
    head
}

fn foot(around: &Around, index: &Index) -> Vec<(&'static str, String)> {
    let author = if around.author.is_empty() {
        index.clinicians.values().next().cloned().unwrap_or_default()
    } else {
        around.author.clone()
    };
    vec![
        (
            "Basis",
            "Records, named in brackets where they are signed, and the calendar. Psychotherapy notes \
             are not part of it."
                .into(),
        ),
        ("Name", author),
        ("Signature", String::new()),
        ("Date", String::new()),
    ]
}

/// How appointments went; what did not occur is left out.
fn sessions(view: &ReportView) -> Vec<String> {
    let all = view.sessions;
    let said = [
        (all.held, "attended"),
        (all.no_show, "missed without notice"),
        (all.late_cancel, "called off late by the client"),
        (all.by_client, "called off by the client"),
        (all.by_clinician, "called off by the clinician"),
        (all.open, "not yet said how it went"),
    ];
    let lines: Vec<_> = said
        .into_iter()
        .filter(|(count, what)| *count > 0 || *what == "attended")
        .map(|(count, what)| format!("{} {what}", counted(count, "session", "sessions")))
        .collect();
    lines
}

fn plan_source(view: &ReportView, short: &Short) -> Option<Block> {
    let plan = view.plan.as_ref()?;
    Some(Block::Line(match plan.signed {
        Some((record, _)) => {
            format!("From the signed treatment plan {}.", short.cite("plan", record))
        }
        None => "From the treatment plan as it stands, which is not signed.".to_owned(),
    }))
}

fn diagnoses(view: &ReportView, short: &Short) -> Vec<Block> {
    let items = view.plan.iter().flat_map(|plan| &plan.plan.items);
    let of = items.filter(|item| item.kind == PlanKind::Diagnosis);
    with_source(of.map(|item| Block::Line(item.words())).collect(), view, short)
}

fn goals(view: &ReportView, short: &Short) -> Vec<Block> {
    let items = view.plan.iter().flat_map(|plan| &plan.plan.items);
    let block = |item: &PlanItem| match item.kind {
        PlanKind::Goal => Some(Block::Heading(item.words())),
        PlanKind::Objective => Some(Block::Line(item.words())),
        _ => None,
    };
    with_source(items.filter_map(block).collect(), view, short)
}

fn with_source(mut blocks: Vec<Block>, view: &ReportView, short: &Short) -> Vec<Block> {
    if !blocks.is_empty() {
        blocks.extend(plan_source(view, short));
    }
    blocks
}

/// Each chosen measure; below the last of a form how it has changed since the first that was chosen.
fn of_measures(view: &ReportView, chosen: &Chosen, short: &Short, index: &Index) -> Vec<Block> {
    let chosen = |one: &&MeasureView| chosen.has(Item::Measure(one.record));
    let mut of_form: BTreeMap<&str, Vec<&MeasureView>> = BTreeMap::new();
    for one in view.measures.iter().filter(chosen) {
        of_form.entry(&one.taken.instrument).or_default().push(one);
    }
    let mut blocks = Vec::new();
    for all in of_form.values() {
        for one in all {
            let (date, says) = (date_of(one, index), measure_words(one, index));
            let cite = short.cite("measure", one.record);
            blocks.push(Block::Line(format!("{date}  {says} {cite}")));
        }
        let last = all.last().copied();
        for words in last.map(|one| band_sources(one, index)).unwrap_or_default() {
            blocks.push(Block::Line(words));
        }
        let (Some(first), Some(last), true) = (all.first(), last, all.len() > 1) else { continue };
        let form =
            measures::followed(index, &last.taken).filter(|form| first.taken.follows_from(form));
        if let (Some(form), Some(earlier), Some(later)) =
            (form, first.taken.total, last.taken.total)
        {
            let lines = measures::change(form, earlier, later).into_iter();
            blocks.extend(lines.map(|words| Block::Line(format!("Change: {words}"))));
        }
    }
    blocks
}

fn measure_words(one: &MeasureView, index: &Index) -> String {
    // That an answer is still to be reviewed is the practice's own matter.
    let taken = Taken { review: Review::None, ..one.taken.clone() };
    let (name, result) = (measures::name(index, &taken), measures::result(index, &taken));
    match (&*one.source, one.range) {
        ("", _) => format!("{name}: {result}"),
        (source, _) => format!("{name}: {result} (as typed from {source})"),
    }
}

/// Who says which band a total is in.
fn band_sources(one: &MeasureView, index: &Index) -> Vec<String> {
    let form = measures::followed(index, &one.taken);
    let (Some(form), Some(total)) = (form, one.taken.total) else { return Vec::new() };
    let here = form.bands.iter().filter(|band| (band.from..=band.to).contains(&total));
    let said: BTreeSet<String> = here
        .map(|band| {
            format!(
                "{}: {} is {} to {} ({})",
                band.set, band.label, band.from, band.to, band.source
            )
        })
        .collect();
    said.into_iter().map(|words| crate::text::capital(&words)).collect()
}

fn date_of(one: &MeasureView, index: &Index) -> Date {
    when::local(one.at.time, &index.zone).date()
}

fn of_notes(view: &ReportView, chosen: &Chosen, short: &Short) -> Vec<Block> {
    let mut blocks = Vec::new();
    for one in &view.notes {
        let note = &one.note;
        let parts: Vec<_> = note
            .parts
            .iter()
            .filter(|(part, _)| chosen.has(Item::Part(note.record, *part)))
            .collect();
        let added: Vec<_> =
            note.addenda.iter().filter(|one| chosen.has(Item::Addendum(one.record))).collect();
        if parts.is_empty() && added.is_empty() {
            continue;
        }
        let cite = short.cite("note", note.record);
        blocks.push(Block::Heading(format!("{} {cite}", when::long(one.date))));
        for (part, text) in parts {
            if *part != Part::Text {
                blocks.push(Block::Line(part.title().to_owned()));
            }
            blocks.push(Block::Text(text.trim().to_owned()));
        }
        for one in added {
            blocks.push(Block::Line(format!("Addendum {}", short.cite("addendum", one.record))));
            blocks.push(Block::Text(one.text.trim().to_owned()));
        }
    }
    blocks
}

/// Ids as short as they can be so that no two of a report begin alike.
struct Short(usize);

impl Short {
    /// Digits of an id at the least.
    const LEAST: usize = 8;

    fn of(view: &ReportView) -> Self {
        let notes = view.notes.iter().flat_map(|one| {
            let added = one.note.addenda.iter().map(|one| one.record);
            std::iter::once(one.note.record).chain(added)
        });
        let plan = view.plan.iter().filter_map(|plan| plan.signed.map(|(record, _)| record));
        let all = notes.chain(plan).chain(view.measures.iter().map(|one| one.record));
        let ids: BTreeSet<String> = all.map(|id| id.to_string()).collect();
        let alike = |length: &usize| {
            let short: BTreeSet<_> = ids.iter().map(|id| id.get(..*length)).collect();
            short.len() == ids.len()
        };
        Self((Self::LEAST..32).find(alike).unwrap_or(32))
    }

    fn cite(&self, what: &str, record: RecordId) -> String {
        let id = record.to_string();
        format!("[{what} {}]", id.get(..self.0).unwrap_or(&id))
    }
}

/// Returns a report as plain text.
pub fn plain(report: &Report) -> String {
    let mut lines = vec![TITLE.to_owned(), "=".repeat(TITLE.len()), String::new()];
    let width = 11;
    lines.extend(report.head.iter().map(|(word, says)| format!("{word:<width$}{says}")));
    for section in &report.sections {
        lines.extend([String::new(), section.title.to_owned(), "-".repeat(section.title.len())]);
        for block in &section.blocks {
            match block {
                Block::Heading(words) => lines.extend([String::new(), words.clone()]),
                Block::Line(words) => lines.push(format!("  {words}")),
                Block::Text(text) => {
                    lines.extend(
                        text.lines().map(|line| format!("    {line}").trim_end().to_owned()),
                    );
                }
            }
        }
    }
    lines.push(String::new());
    lines.extend(report.foot.iter().map(|(word, says)| match says.as_str() {
        "" => format!("{word:<width$}{}", "_".repeat(40)),
        says => format!("{word:<width$}{says}"),
    }));
    let text = lines.join("\n");
    format!("{}\n", crate::widget::safe::harmless(&text))
}

/// The name that colleagues know of whoever writes a report.
pub fn author(index: &Index, member: Option<MemberId>) -> String {
    let own = member.and_then(|member| index.clinicians.get(&member));
    own.or_else(|| index.clinicians.values().next()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
