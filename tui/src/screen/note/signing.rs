//! From the note to its signature: the page, what it warns of, and the way back to the part concerned.

use super::review::{self, Decision, Page, Review, Warning, Why};
use super::{Outcome, State};
use crate::input::Input;
use crate::message::Now;
use crate::screen::parts::corrected;
use crate::widget::editor::Editor;
use tacenda_shared::practice::correction::Meanwhile;
use tacenda_shared::practice::edit::{Edit, Label, Part};
use tacenda_shared::practice::lint::{self, Linted, psychotherapy};

impl State {
    pub(super) fn begin_review(&mut self, now: &Now) -> Outcome {
        let effects = self.flush();
        let page = self.page(now);
        self.review = Some(Review::new(&page, now.time));
        self.arrange();
        Outcome { taken: true, ..self.outcome(effects) }
    }

    /// What is to be signed, and what it lacks.
    pub(super) fn page(&self, now: &Now) -> Page {
        let titled = self.editors.len() > 1;
        let section =
            |editor: &Editor| (if titled { editor.part().title() } else { "" }, editor.text());
        let end = self.circumstances.session_end;
        let late = end.is_some_and(|end| now.time.millis_since(end) > review::LATE);
        Page {
            sections: self.editors.iter().map(section).collect(),
            labels: Label::list(&self.labels),
            held: self.held_words(),
            why: if self.corrects { Some(Why::Correction) } else { late.then_some(Why::Late) },
            warnings: self.warnings(now),
            initials: review::initials(&self.circumstances.clinician),
        }
    }

    fn warnings(&self, now: &Now) -> Vec<Warning> {
        let text = |editor: &Editor| (editor.part(), editor.text());
        let parts: Vec<(Part, String)> = self.editors.iter().map(text).collect();
        let note = Linted {
            format: self.format,
            parts: &parts,
            session: self.circumstances.session.as_ref(),
            plan: self.aid.as_ref().map(|aid| &aid.of_plan),
            now: now.time,
        };
        let heard = self.circumstances.levels.heard(lint::check(&note));
        // What asks for a reason has a field for it.
        // What a progress note has is no business of psychotherapy notes.
        let apart = self.circumstances.apart;
        let told = |element| match element {
            lint::Element::Late => false,
            lint::Element::Empty | lint::Element::Gap => true,
            _ => !apart,
        };
        let heard = heard.into_iter().filter(|(one, _)| told(one.element));
        let warning = |(finding, required): (lint::Finding, bool)| Warning {
            words: finding.sentence(),
            part: finding.part,
            required: required && !apart,
        };
        let strays = if apart { strays(&parts) } else { Vec::new() };
        let others = self.meanwhile.as_deref().and_then(others);
        others.into_iter().chain(strays).chain(heard.map(warning)).collect()
    }

    pub(super) fn review_input(&mut self, input: &Input, now: &Now) -> Outcome {
        let Some(review) = &mut self.review else { return Outcome::default() };
        match review.input(input, now.time) {
            Decision::Undecided => {}
            Decision::Back => self.leave_review(),
            Decision::Go(part) => {
                self.leave_review();
                if let Some(part) = part {
                    self.focus_on(part);
                    self.arrange();
                    self.place_caret(usize::MAX);
                }
            }
            Decision::Sign(late_reason) => {
                let others = self.meanwhile.as_ref().is_some_and(|known| !known.others.is_empty());
                if let Some(because) = late_reason.clone().filter(|_| self.corrects && others) {
                    return Outcome { settle: Some(because), ..self.taken() };
                }
                let edit = Edit::Sign { note: self.note, client: self.client, late_reason };
                return self.sign(edit);
            }
        }
        self.taken()
    }

    /// Signs with an edit, and waits for what comes of it.
    pub(crate) fn sign(&mut self, edit: Edit) -> Outcome {
        self.signing = true;
        let effects = self.flush();
        Outcome { edit: Some(edit), taken: true, ..self.outcome(effects) }
    }

    /// What a correction says anew of when its session was.
    fn held_words(&self) -> String {
        let held = self.meanwhile.as_ref().and_then(|known| known.held.as_ref());
        let words = held.map(|held| corrected::held(held, &self.circumstances.zone));
        words.unwrap_or_default()
    }

    /// Of a correction: what has become of the note.
    pub(crate) fn meanwhile(&self) -> Option<&Meanwhile> {
        self.meanwhile.as_deref()
    }

    fn leave_review(&mut self) {
        self.review = None;
        self.arrange();
    }
}

/// That other corrections stand there.
fn others(known: &Meanwhile) -> Option<Warning> {
    let words = match (known.is_replaced, known.others.len()) {
        (_, 0) => return None,
        (true, _) => "The note was corrected meanwhile: what becomes of that is asked as you sign.",
        (false, 1) => "Another correction stands beside it: this can take the place of both.",
        (false, _) => "Other corrections stand beside it: this can take the place of all.",
    };
    Some(Warning { words: words.to_owned(), part: None, required: false })
}

/// What of a psychotherapy note belongs in the record, and the first sentence that says it.
fn strays(parts: &[(Part, String)]) -> Vec<Warning> {
    let all = || {
        parts.iter().flat_map(|(part, text)| {
            let found = psychotherapy::check(text).into_iter();
            found.map(move |one| (one, *part, text.as_str()))
        })
    };
    let words: Vec<&str> = all().map(|(one, ..)| one.element.words()).collect();
    let Some((first, part, text)) = all().next() else { return Vec::new() };
    let says = text.get(first.place).unwrap_or_default().trim();
    let listed = words.join(", ");
    let warning = |words: String| Warning { words, part: Some(part), required: false };
    vec![
        warning(format!("Belongs in the record, not here (45 CFR 164.501): {listed}.")),
        warning(format!("It says: {says}")),
    ]
}
