//! The snippets and templates that come with the program, in words of our own. `___` is a gap to be filled,
//! which is told before a signature.

use super::{Phrase, PhraseKind};
use crate::practice::edit::NoteFormat;

const SNIPPETS: &[(&str, &str)] = &[
    ("anx", "Anxiety since the last session: ___ of 10; what set it off: ___; avoided: ___."),
    (
        "breath",
        "Practised slow breathing in session; rated tension before ___ and after ___ of 10.",
    ),
    (
        "cbt",
        "Identified a recurring thought, looked at what speaks for and against it, and put a more \
             balanced one in its place.",
    ),
    (
        "exposure",
        "Planned the next step of the exposure hierarchy: ___. Expected distress ___ of 10.",
    ),
    ("homework", "Between sessions: ___. To be looked at on the next date."),
    ("med", "Medication is managed by ___; the client reports taking it as prescribed: ___."),
    (
        "mse",
        "Alert and oriented. Appearance ___, speech ___, mood \"___\", affect ___, thought process \
             ___, insight ___, judgement ___.",
    ),
    ("need", "Treatment continues to be needed: symptoms still impair ___, and without it ___."),
    (
        "plan-risk",
        "Safety plan reviewed together and still in force; the client agreed to call ___ or \
                   emergency services if thoughts of harm return.",
    ),
    ("plan-std", "Continue with the present approach. Between sessions: ___. Next session: ___."),
    ("resp", "The client engaged well and responded with ___."),
    (
        "risk-none",
        "Asked about thoughts of harm to self or others: denied, as were a plan and intent.",
    ),
    (
        "risk-some",
        "Thoughts of ___ reported; plan ___; intent ___; means ___. Protective factors: ___. \
                   What was done: ___.",
    ),
    ("sleep", "Sleep: ___ hours a night, falls asleep after ___ minutes, wakes ___ times."),
    ("tele", "Session by video; place and emergency contact were confirmed at the beginning."),
];

const TEMPLATES: &[(&str, NoteFormat, &str)] = &[
    (
        "Follow-up, SOAP",
        NoteFormat::Soap,
        "[Subjective]\nSince the last session: ___\n\
         [Objective]\nAppearance, mood and affect: ___\n\
         [Assessment]\nWorked towards: ___\nIntervention: ___\nResponse: ___\nRisk: ___\n\
         [Plan]\n___",
    ),
    (
        "Follow-up, DAP",
        NoteFormat::Dap,
        "[Data]\nReported: ___\nAppeared: ___\nIntervention: ___\n\
         [Assessment]\nResponse and progress towards the goal: ___\nRisk: ___\n\
         [Plan]\n___",
    ),
    (
        "Follow-up, BIRP",
        NoteFormat::Birp,
        "[Behaviour]\nReported: ___\nAppeared: ___\nRisk: ___\n\
         [Intervention]\n___\n\
         [Response]\n___\n\
         [Plan]\n___",
    ),
    (
        "First session",
        NoteFormat::Intake,
        "[Reason for coming]\nIn the client's words: ___\nSince when, and what it keeps them from: ___\n\
         [History]\nTreatment before: ___\nMedical, and medication: ___\nFamily and relations: ___\n\
         Substances: ___\n\
         [Mental status]\nAppearance ___, speech ___, mood ___, affect ___, thought ___, insight ___\n\
         [Risk]\nThoughts of harm to self or others: ___\nEarlier attempts: ___\n\
         [Assessment]\n___\n\
         [Plan]\nFrequency and approach: ___\nTo be obtained: ___",
    ),
    (
        "Risk assessment",
        NoteFormat::Risk,
        "[Thoughts, plan, means]\nThoughts: ___\nPlan: ___\nIntent: ___\nMeans within reach: ___\n\
         [Risk and protective factors]\nAdds to it: ___\nProtects: ___\n\
         [Level of risk, and why]\n___\n\
         [Intervention]\nSafety plan: ___\nWho was told: ___\n\
         [Plan]\nNext contact: ___",
    ),
    (
        "Group session",
        NoteFormat::Group,
        "[Topic]\n___\n[Process]\n___\n[Intervention]\n___\n[Response]\n___\n[Plan]\n___",
    ),
    (
        "Discharge summary",
        NoteFormat::Discharge,
        "[Why it ends]\n___\n[Course]\nFrom ___ to {date}; sessions: ___; approach: ___\n\
         [Outcome against goals]\n___\n[Risk]\n___\n[Aftercare]\n___",
    ),
];

/// Returns what comes with the program of one kind.
pub(super) fn all(kind: PhraseKind) -> Vec<(&'static str, Phrase)> {
    match kind {
        PhraseKind::Snippet => {
            let one =
                |(name, text): &(&'static str, &str)| (*name, Phrase::Snippet((*text).to_owned()));
            SNIPPETS.iter().map(one).collect()
        }
        PhraseKind::Template => {
            let one = |(name, format, text): &(&'static str, NoteFormat, &str)| {
                Some((*name, Phrase::template(*format, text)?))
            };
            TEMPLATES.iter().filter_map(one).collect()
        }
    }
}

/// How many there are of one kind.
#[cfg(test)]
pub(super) const fn count(kind: PhraseKind) -> usize {
    match kind {
        PhraseKind::Snippet => SNIPPETS.len(),
        PhraseKind::Template => TEMPLATES.len(),
    }
}
