//! For every element one note that lacks it and one that has it; and what must not be warned of.

use super::words::EXCLUDED;
use super::*;
use crate::id::{AppointmentId, ClientId, MemberId};
use crate::practice::edit::{AppointmentKind, Modality, Slot, Stamps, Whereabouts};
use crate::practice::view::NoteState;

const HOUR: i64 = 3_600_000;

fn session() -> AppointmentRow {
    let start = jiff::civil::date(2026, 11, 22).at(9, 0, 0, 0);
    let starts = Timestamp::from_millis(1_795_334_400_000);
    AppointmentRow {
        id: AppointmentId::from_bytes([1; 16]),
        clients: vec![ClientId::from_bytes([2; 16])],
        group: None,
        written: Vec::new(),
        kind: AppointmentKind::Individual,
        slot: Slot {
            start,
            zone: "Europe/Vienna".into(),
            minutes: 50,
            clinician: MemberId::from_bytes([3; 16]),
            room: None,
            modality: Modality::InOffice,
        },
        starts,
        rivals: Vec::new(),
        status: Status::Held,
        reason: None,
        fee: None,
        stamps: Stamps { began: Some(starts), ended: Some(starts.plus_millis(3_000_000)) },
        whereabouts: Whereabouts::default(),
        memo: String::new(),
        note: NoteState::Missing,
        occurrence: None,
    }
}

fn plan() -> OfPlan {
    let aim = |kind, text: &str| (kind, text.to_owned());
    OfPlan {
        diagnoses: 1,
        aims: vec![
            aim(PlanKind::Goal, "Drive alone again"),
            aim(PlanKind::Objective, "Drives ten minutes on the motorway twice a week"),
        ],
    }
}

/// A note that lacks nothing.
fn whole() -> Vec<(Part, String)> {
    let part = |part, text: &str| (part, text.to_owned());
    vec![
        part(Part::Subjective, "Anxious on the motorway, avoided two trips; sleeps better."),
        part(Part::Objective, "On time, mood anxious, affect congruent, speech fluent."),
        part(
            Part::Assessment,
            "Planned the next step of exposure; she agreed and was able to rate her fear. Denied \
             thoughts of suicide. Worked towards driving on the motorway; avoidance still impairs work.",
        ),
        part(Part::Plan, "Repeat the step twice. Next session in a week."),
    ]
}

fn found_in(
    parts: &[(Part, String)],
    change: impl FnOnce(&mut AppointmentRow, &mut OfPlan),
) -> Vec<Element> {
    let (mut session, mut plan) = (session(), plan());
    change(&mut session, &mut plan);
    let note = Linted {
        format: NoteFormat::Soap,
        parts,
        session: Some(&session),
        plan: Some(&plan),
        now: session.starts.plus_millis(2 * HOUR),
    };
    check(&note).into_iter().map(|finding| finding.element).collect()
}

fn with(part: Part, text: &str) -> Vec<(Part, String)> {
    let mut parts = whole();
    for (of, said) in parts.iter_mut().filter(|(of, _)| *of == part) {
        let _ = of;
        text.clone_into(said);
    }
    parts
}

#[test]
fn a_whole_note_is_not_warned_of() {
    assert_eq!(found_in(&whole(), |_, _| {}), []);
}

#[test]
fn each_element_that_the_text_lacks_is_told_alone() {
    let assessment = |text: &str| with(Part::Assessment, text);
    let table: [(Element, Vec<(Part, String)>); 7] = [
        (
            Element::Risk,
            assessment(
                "Planned the next step of exposure; she agreed. Worked towards driving on the \
                 motorway; avoidance still impairs work.",
            ),
        ),
        (
            Element::Intervention,
            assessment(
                "She agreed to go on. Denied thoughts of suicide. Nearer to driving on the \
                 motorway; avoidance still impairs work.",
            ),
        ),
        (
            Element::Response,
            assessment(
                "Planned the next step of exposure. No thoughts of suicide. Driving on the \
                 motorway; avoidance still impairs work.",
            ),
        ),
        (
            Element::Objective,
            with(
                Part::Subjective,
                "Anxious at parties and sleeps better. Asked for the next date.",
            )
            .into_iter()
            .map(|(part, text)| match part {
                Part::Assessment => (
                    part,
                    "Planned exposure; she agreed. Denied thoughts of suicide. Avoidance still \
                     impairs work."
                        .to_owned(),
                ),
                _ => (part, text),
            })
            .collect(),
        ),
        (Element::MentalStatus, with(Part::Objective, "PHQ-9 11.")),
        (Element::Empty, with(Part::Plan, "  ")),
        (Element::Gap, with(Part::Plan, "Next session on ___.")),
    ];
    for (element, parts) in table {
        assert_eq!(found_in(&parts, |_, _| {}), [element], "{element:?}");
    }
}

#[test]
fn symptoms_and_necessity_are_told_where_nothing_is_said_of_either() {
    let parts = vec![
        (Part::Subjective, "Talked about the holiday and the new flat.".to_owned()),
        (Part::Objective, "Dressed with care.".to_owned()),
        (Part::Assessment, "Supportive; she agreed. Safe. Progress.".to_owned()),
        (Part::Plan, "Next week.".to_owned()),
    ];
    assert_eq!(found_in(&parts, |_, _| {}), [Element::Symptoms, Element::Necessity]);
}

#[test]
fn what_comes_next_is_asked_for_where_no_part_is_for_it() {
    let note = |text: &str| {
        let session = session();
        let parts = [
            (Part::Problem, "Panic on the motorway, mood low, no suicidal thoughts.".to_owned()),
            (Part::Intervention, "Exposure.".to_owned()),
            (Part::Evaluation, text.to_owned()),
        ];
        let plan = plan();
        let note = Linted {
            format: NoteFormat::Pie,
            parts: &parts,
            session: Some(&session),
            plan: Some(&plan),
            now: session.starts,
        };
        check(&note).into_iter().map(|finding| finding.element).collect::<Vec<_>>()
    };
    let evaluated = "Tolerated it; progress towards the objective; still impairs work.";
    assert_eq!(note(evaluated), [Element::Next]);
    assert_eq!(note(&format!("{evaluated} Continue.")), []);
}

#[test]
fn what_is_known_without_the_text_is_told() {
    let none = |_: &mut AppointmentRow, _: &mut OfPlan| {};
    assert_eq!(found_in(&whole(), none), []);
    let unstamped = |row: &mut AppointmentRow, _: &mut OfPlan| row.stamps = Stamps::default();
    assert_eq!(found_in(&whole(), unstamped), [Element::StartStop]);
    let timed = with(Part::Plan, "09:02-09:51. Next session in a week.");
    assert_eq!(found_in(&timed, unstamped), [], "the times may stand in the text");
    let elsewhere = |row: &mut AppointmentRow, _: &mut OfPlan| row.slot.modality = Modality::Video;
    assert_eq!(found_in(&whole(), elsewhere), [Element::Place]);
    let told = |row: &mut AppointmentRow, _: &mut OfPlan| {
        row.slot.modality = Modality::Phone;
        row.whereabouts = Whereabouts { place: "Sampleton".into(), help: "911".into() };
    };
    assert_eq!(found_in(&whole(), told), []);
    assert_eq!(found_in(&whole(), |_, plan| plan.diagnoses = 0), [Element::Diagnosis]);
    let late = |row: &mut AppointmentRow, _: &mut OfPlan| {
        row.starts = row.starts.plus_millis(-80 * HOUR);
    };
    let parts = whole();
    let session = {
        let mut row = session();
        late(&mut row, &mut plan());
        row
    };
    let plan = plan();
    let note = Linted {
        format: NoteFormat::Soap,
        parts: &parts,
        session: Some(&session),
        plan: Some(&plan),
        now: session.starts.plus_millis(80 * HOUR),
    };
    let found: Vec<_> = check(&note).into_iter().map(|finding| finding.element).collect();
    assert_eq!(found, [Element::Late]);
}

#[test]
fn a_note_that_nobody_pays_for_is_only_asked_for_its_parts() {
    let parts = [(Part::Text, "Called off, ill.".to_owned())];
    let mut missed = session();
    missed.status = Status::NoShow;
    for session in [None, Some(&missed)] {
        let now = missed.starts;
        let note = Linted { format: NoteFormat::Free, parts: &parts, session, plan: None, now };
        assert_eq!(check(&note), []);
        let parts = [(Part::Text, " ".to_owned())];
        let found = check(&Linted { parts: &parts, ..note });
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].sentence(), "The text is empty.");
    }
}

#[test]
fn a_note_in_another_language_is_not_looked_through_for_english_words() {
    let german = "Die Klientin war pünktlich und ist mit der Woche nicht zufrieden. Wir haben die \
                  Übung aus dem Training besprochen, sie will das auf der Arbeit versuchen.";
    let parts = with(Part::Subjective, german);
    let parts: Vec<_> = parts.into_iter().map(|(part, _)| (part, german.to_owned())).collect();
    assert_eq!(found_in(&parts, |_, _| {}), []);
}

#[test]
fn each_warning_fits_a_row_and_names_a_part_of_the_note() {
    let session = {
        let mut row = session();
        (row.stamps, row.slot.modality) = (Stamps::default(), Modality::Video);
        row
    };
    for format in NoteFormat::ALL {
        for text in ["", "Hello there."] {
            let parts = format.parts().iter().map(|part| (*part, text.to_owned()));
            let parts: Vec<_> = parts.collect();
            let plan = OfPlan::default();
            let note = Linted {
                format: *format,
                parts: &parts,
                session: Some(&session),
                plan: Some(&plan),
                now: session.starts.plus_millis(80 * HOUR),
            };
            for finding in check(&note) {
                let sentence = finding.sentence();
                assert!(sentence.chars().count() <= 78, "{sentence}");
                assert!(finding.part.is_none_or(|part| format.parts().contains(&part)));
            }
        }
    }
}

#[test]
fn words_are_matched_whole_and_stems_by_their_beginning() {
    let words =
        Words::of("Self-harm? No. She was RELIEVED; role play, and re-read the interpretation.");
    for (entry, expected) in [
        ("self-harm", true),
        ("harm", false),
        ("relie*", true),
        ("role play*", true),
        ("play role", false),
        ("interpret*", true),
        ("interpret", false),
        ("pretation", false),
    ] {
        assert_eq!(words.has(entry), expected, "{entry}");
    }
    assert!(Words::of("sertraline 50 mg").mention(EXCLUDED[0].1));
}

#[test]
fn any_text_at_all_is_looked_through() {
    for text in ["", "\u{0}", "----", "::::", "12:99", "👩‍👩‍👧 ß ﬁ", &"a ".repeat(50_000)]
    {
        let parts: Vec<_> =
            NoteFormat::Soap.parts().iter().map(|part| (*part, text.to_owned())).collect();
        found_in(&parts, |_, _| {});
    }
}
