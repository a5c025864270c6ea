use super::*;

fn found(text: &str) -> Vec<Element> {
    check(text).into_iter().map(|finding| finding.element).collect()
}

/// For each element, what belongs in the record, and what is the conversation itself.
const EXAMPLES: &[(Element, &[&str], &[&str])] = &[
    (
        Element::Medication,
        &[
            "Sertraline 50 mg, tolerates it.",
            "Psychiatrist prescribed lithium last week.",
            "No side effects from the medication so far.",
            "Rx: prazosin at night",
            "Takes 10mg in the evening.",
        ],
        &[
            "She joked that Prozac is the only one who listens.",
            "He prescribed himself a walk by the sea.",
            "Being medicated felt like betrayal to her.",
            "Her mother takes 50 mg of sertraline.",
        ],
    ),
    (
        Element::StartStop,
        &[
            "Session started 10:05.",
            "The session ended at 3:50pm.",
            "Session from 10:00 to 10:50",
            "Start time: 9:00",
        ],
        &[
            "He woke at 4:10 and lay there.",
            "She works from 9:00 to 17:00 and hates each hour.",
            "I felt sleepy towards the end of the session.",
            "The session felt as if it had never started.",
        ],
    ),
    (
        Element::Modality,
        &[
            "Used CBT for the catastrophic thoughts.",
            "Modality: individual psychotherapy",
            "Continued exposure therapy with the bridge.",
        ],
        &[
            "He mocked the CBT worksheets of his last therapist.",
            "I used his own word back to him.",
            "Group therapy sounded like a threat to her.",
        ],
    ),
    (
        Element::Frequency,
        &["We meet for weekly sessions.", "Frequency: every two weeks", "Therapy twice a week."],
        &[
            "She calls home weekly.",
            "He dreamt of the session every week.",
            "Weekly, the same quarrel.",
        ],
    ),
    (
        Element::TestResult,
        &["PHQ-9 was 14 today.", "Drug screen negative.", "Scored 31 on the scale."],
        &[
            "He refused the PHQ-9 for the 3rd time.",
            "Life as a test that she fails.",
            "He keeps score.",
        ],
    ),
    (
        Element::Diagnosis,
        &[
            "Dx: recurrent depression",
            "F33.1 remains.",
            "Meets criteria for PTSD.",
            "Diagnosed with ADHD.",
        ],
        &[
            "His brother was diagnosed with cancer.",
            "She fears to be a diagnosis and no person.",
            "He pressed F5 again and again.",
        ],
    ),
    (
        Element::FunctionalStatus,
        &[
            "Level of functioning at work is low.",
            "GAF 55",
            "Needs help with activities of daily living.",
        ],
        &["The lamp stopped functioning, he said, like me.", "A function she was invited to."],
    ),
    (
        Element::TreatmentPlan,
        &[
            "Treatment plan updated today.",
            "Plan: sleep diary",
            "Treatment goals include less avoidance.",
        ],
        &[
            "She has no plan for the summer.",
            "His goal was late in the match.",
            "We avoid the treatment plan, both of us.",
        ],
    ),
    (
        Element::Symptoms,
        &[
            "Reports symptoms of panic.",
            "Denies SI.",
            "Sx: insomnia",
            "Symptoms improved over the month.",
        ],
        &["I wonder whether silence is the symptom of us two.", "Hi, she said, as if to nobody."],
    ),
    (
        Element::Prognosis,
        &["Prognosis: guarded", "The prognosis is good."],
        &["She read the word prognosis aloud and laughed."],
    ),
    (
        Element::Progress,
        &["Good progress toward sleeping alone.", "Progress to date is slow.", "Progress: steady"],
        &["The road makes no bend.", "She distrusts the word progress."],
    ),
];

#[test]
fn each_element_of_the_rule_is_found_where_it_is_stated() {
    let covered: Vec<Element> = EXAMPLES.iter().map(|(element, ..)| *element).collect();
    assert_eq!(covered, Element::ALL);
    for (element, stated, _) in EXAMPLES {
        for text in *stated {
            assert!(found(text).contains(element), "{element:?}: {text} {:?}", found(text));
        }
    }
}

#[test]
fn what_is_the_conversation_itself_raises_nothing() {
    for (element, _, talked) in EXAMPLES {
        for text in *talked {
            assert_eq!(found(text), [], "{element:?}: {text}");
        }
    }
}

/// Process notes as they are written: not one false alarm.
#[test]
fn whole_process_notes_raise_nothing() {
    let notes = [
        "Long silence, then the story of the lake again. I noticed my own impatience; I think it is \
         his father's. He said 'you are bored', and I said that I was far away for a moment. He wept.",
        "Countertransference: tired, then protective. The dream of the house without doors: she \
         stands outside, I inside. She asks whether I dream. I did not answer, and she smiled.",
        "Came late, 10:10, sat down without the coat off. Anger at the waiting room, at the other \
         coats. Fantasy that I have a favourite. Associations: school, the empty chair, the teacher.",
        "He brought me a drawing: a plan of the flat in which nobody sleeps. We looked at it for ten \
         minutes. I felt moved and did not say so. Next time I would.",
    ];
    for note in notes {
        assert_eq!(check(note), [], "{note}");
    }
}

#[test]
fn a_finding_names_the_sentence_and_each_element_once() {
    let text = "We sat.\nDx: one thing. Prognosis: good\nDx: another";
    let all = check(text);
    let words: Vec<&str> = all.iter().map(|one| text[one.place.clone()].trim()).collect();
    assert_eq!(words, ["Dx: one thing.", "Prognosis: good"]);
    assert_eq!(all[0].element, Element::Diagnosis);
    assert!(!all[0].element.words().is_empty());
}

#[test]
fn whatever_is_typed_costs_little_and_does_not_fall_over() {
    let long = "sertraline ".repeat(50_000) + "\u{202e}\u{0}" + &"é".repeat(10_000);
    assert!(check(&long).is_empty());
    for odd in ["", "\n\n", ":", "F", "f3", "f33", "éf33.1é", "50mg", "::: mg"] {
        let _findings = check(odd);
    }
}
