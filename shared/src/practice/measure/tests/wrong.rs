//! Files that contradict themselves.

use super::super::*;

/// A measure of a practice's own, as small as one can be.
pub(in crate::practice) const OWN: &str = r#"id = "mood"
title = "Mood today"
abbreviation = "MOOD"
version = "1"
language = "en"
respondent = "client"
timeframe = "Today:"
timeframe_is_stem = true
ship = "own"

[answer_sets]
much = [
  { value = 0, label = "no" },
  { value = 1, label = "some" },
  { value = 2, label = "much" },
]

[[items]]
number = 1
text = "Sad"
answers = "much"
scored = true
risk = true

[[items]]
number = 2
text = "Glad"
answers = "much"
scored = true
reverse = true

[scoring]
operation = "sum"
items = [1, 2]
required_items = [1, 2]
reverse_items = [2]
reverse_from = 2
min = 0
max = 4
higher_is = "worse"
prorating = false

[[bands]]
set = "mood"
of = "total"
from = 0
to = 1
label = "good"
source = "ours"

[[bands]]
set = "mood"
of = "total"
from = 2
to = 4
label = "bad"
source = "ours"

[risk]
rule = "Ask about it."
conditions = [{ item = 1, op = ">=", value = 2, flag = "sad" }]

[licence]
notice = "Our own."

[[cases]]
name = "worst"
answers = [2, 0]
[cases.expected]
complete = true
total = 4
bands = { mood = "bad" }
flags = ["sad"]
"#;

#[test]
fn a_practice_can_write_one_of_its_own() {
    let forms = read(OWN).unwrap();
    assert_eq!(forms.len(), 1);
    assert_eq!(forms[0].scoring.range, (0, 4));
    assert_eq!(forms[0].items[1].digit(2), Some(2));
}

/// Each variant has all items: what is short as a file need not be short in memory.
#[test]
fn a_file_whose_forms_would_take_much_memory_is_refused() {
    let words = "x".repeat(900);
    let choices: String =
        (0..11).map(|at| format!("{{ value = {at}, label = \"{at}{words}\" }},")).collect();
    let mut text = OWN.replacen("[answer_sets]", &format!("[answer_sets]\nmany = [{choices}]"), 1);
    let variant = |at: usize| {
        format!(
            "[[variants]]\nid = \"v{at}\"\ntimeframe = \"Now:\"\nitem_text = \"text\"\n\
             answer_set = \"many\"\nmin = 0\nmax = 4\nband_sets = [\"mood\"]\n\n"
        )
    };
    let variants: String = (0..120).map(variant).collect();
    text = text.replacen("[scoring]", &format!("{variants}[scoring]"), 1);
    text = text.replace("name = \"worst\"", "name = \"worst\"\nvariant = \"v0\"");
    assert!(text.len() < FILE_BYTES_MAX, "{}", text.len());
    let error = read(&text).unwrap_err();
    assert!(error.why.contains("1 MiB"), "{error}");
}

/// So are its lists: what is named very often takes more than its letters, in each variant.
#[test]
fn a_file_that_names_an_item_very_often_in_many_variants_is_refused() {
    let variant = |at: usize| {
        format!(
            "[[variants]]\nid = \"v{at}\"\ntimeframe = \"Now:\"\nitem_text = \"text\"\n\
             answer_set = \"much\"\nmin = 0\nmax = 4\nband_sets = [\"mood\"]\n\n"
        )
    };
    let variants: String = (0..20).map(variant).collect();
    let rule = format!(
        "[[algorithms]]\nid = \"a\"\nwords = \"w\"\nkind = \"count-with-core\"\nat_least = 1\n\
         count_items = [{}]\notherwise = \"no\"\nsource = \"ours\"\n\n",
        "1,".repeat(10_000)
    );
    let text = OWN.replacen("[scoring]", &format!("{variants}{rule}[scoring]"), 1);
    let text = text.replace("name = \"worst\"", "name = \"worst\"\nvariant = \"v0\"");
    assert!(text.len() < FILE_BYTES_MAX, "{}", text.len());
    let error = read(&text).unwrap_err();
    assert!(error.why.contains("1 MiB"), "{error}");
}

#[test]
fn a_band_of_a_variant_that_there_is_not_is_refused() {
    let band = "[[bands]]\nset = \"moods\"\nof = \"total\"\nfrom = 0\nto = 4\nlabel = \"any\"\n\
                source = \"ours\"\nvariant = \"x\"\n\n";
    let error = read(&OWN.replacen("[risk]", &format!("{band}[risk]"), 1)).unwrap_err();
    assert_eq!((error.what.as_str(), error.why), ("band \"any\"", "there is no such variant"));
}

#[test]
fn bands_stand_from_the_lowest_on_wherever_they_stand_in_the_file() {
    let at = |label: &str| {
        let before = OWN.find(&format!("label = \"{label}\"")).unwrap();
        let begin = OWN[..before].rfind("[[bands]]").unwrap();
        let end = OWN[before..].find("\n\n").unwrap() + before + 2;
        (begin, end)
    };
    let (good, bad) = (at("good"), at("bad"));
    let turned = format!(
        "{}{}{}{}",
        &OWN[..good.0],
        &OWN[bad.0..bad.1],
        &OWN[good.0..good.1],
        &OWN[bad.1..]
    );
    let (one, two) = (read(OWN).unwrap().remove(0), read(&turned).unwrap().remove(0));
    let labels = |form: &Form| -> Vec<String> {
        form.bands_of_total()[0].iter().map(|band| band.label.clone()).collect()
    };
    assert_eq!((labels(&one), labels(&two)), (vec!["good".into(), "bad".into()], labels(&one)));
}

#[test]
fn another_scoring_is_another_form_in_the_same_words() {
    let one = read(OWN).unwrap().remove(0);
    let case = "total = 4\nbands";
    let others = [
        OWN.replacen("to = 1\nlabel", "to = 2\nlabel", 1).replacen("\nfrom = 2", "\nfrom = 3", 1),
        OWN.replace("value = 2, flag", "value = 1, flag"),
        OWN.replace("higher_is = \"worse\"", "higher_is = \"better\""),
        OWN.replace("reverse_items = [2]\nreverse_from = 2\n", "")
            .replace("reverse = true\n", "")
            .replace(case, "total = 2\nbands"),
    ];
    for text in others {
        assert_ne!(text, OWN);
        let other = read(&text).unwrap().remove(0);
        assert_eq!(one.wording, other.wording);
        assert_ne!(one.scored.numbers, other.scored.numbers, "{text}");
        assert!(!other.is_form(Some(one.wording), Some(one.scored)));
        assert!(other.is_form(Some(one.wording), None), "what says nothing is taken as ever");
    }
}

/// What an earlier version signed says the whole alone: by that it is known still.
#[test]
fn another_word_for_a_score_is_the_same_scoring_and_what_was_signed_before_is_known() {
    let one = read(OWN).unwrap().remove(0);
    let text = OWN.replace("label = \"bad\"", "label = \"worse\"");
    let other = read(&text.replace("mood = \"bad\"", "mood = \"worse\"")).unwrap().remove(0);
    assert_eq!(one.scored.numbers, other.scored.numbers);
    assert!(other.is_form(Some(one.wording), Some(one.scored)));
    let before = Scored { numbers: None, ..one.scored };
    assert!(one.is_form(Some(one.wording), Some(before)));
    assert!(!other.is_form(Some(one.wording), Some(before)), "it says no numbers to go by");
    let numbers = |form: &Form| form.scored.numbers;
    let all: std::collections::BTreeSet<_> =
        all().iter().map(|form| numbers(form).unwrap().to_string()).collect();
    assert!(all.len() > 10, "{}", all.len());
}

/// What is put in the place of what, the line that is blamed, and words of the reason.
const WRONG: &[(&str, &str, usize, &str)] = &[
    ("ship = \"own\"", "ship = \"score-only\"", 9, "not to be shown"),
    ("id = \"mood\"", "id = \"Mood\"", 1, "small letters"),
    ("title = \"Mood today\"", "title = \"\"", 2, "is empty"),
    ("title = \"Mood today\"", "titel = \"Mood\"", 2, "cannot be read"),
    ("\"Sad\"", "\"Sad\\u0007\"", 18, "control characters"),
    ("label = \"some\"", "label = \"no\"", 12, "same words"),
    ("value = 2, label", "value = 101, label", 12, "above 100"),
    (
        "answers = \"much\"\nscored = true\nrisk",
        "answers = \"many\"\nscored = true\nrisk",
        18,
        "no such set",
    ),
    ("number = 2", "number = 1", 25, "two of that number"),
    ("risk = true", "risk = false", 18, "conditions say"),
    ("reverse = true", "reverse = false", 25, "scoring says"),
    ("reverse_from = 2", "reverse_from = 1", 32, "less than nothing"),
    ("required_items = [1, 2]", "required_items = [1]", 32, "required"),
    ("items = [1, 2]\nreq", "items = [1, 1, 2]\nreq", 32, "named twice"),
    ("items = [1, 2]\nreq", "items = [1, 3]\nreq", 32, "no such item"),
    ("max = 4", "max = 5", 32, "another range"),
    ("prorating = false", "prorating = true", 32, "never estimated"),
    ("operation = \"sum\"", "operation = \"mean\"", 32, "is sum"),
    ("higher_is = \"worse\"", "higher_is = \"more\"", 32, "worse or better"),
    ("\nfrom = 2", "\nfrom = 3", 43, "leave a gap"),
    ("\nfrom = 2", "\nfrom = 1", 43, "leave a gap"),
    ("to = 4\nlabel", "to = 3\nlabel", 43, "whole range"),
    ("of = \"total\"\nfrom = 0", "of = \"part\"\nfrom = 0", 43, "no such score"),
    ("value = 2, flag", "value = 3, flag", 59, "no answer raises"),
    ("item = 1, op", "item = 3, op", 59, "no such item"),
    ("total = 4", "total = 3", 66, "the total is another"),
    ("mood = \"bad\"", "mood = \"good\"", 66, "the bands are others"),
    ("flags = [\"sad\"]", "flags = []", 66, "the flags are others"),
    ("answers = [2, 0]", "answers = [2, 5]", 66, "no item has"),
    ("answers = [2, 0]", "answers = [2]", 66, "nobody can"),
    (
        "[[cases]]\nname = \"worst\"",
        "[[cases]]\nname = \"worst\"\nvariant = \"x\"",
        66,
        "no such variant",
    ),
    (
        "text = \"Glad\"",
        "text = \"Glad\"\nasked_when = \"total of items 2 to 1 > 0\"",
        25,
        "no item between",
    ),
];

#[test]
fn a_file_that_contradicts_itself_is_refused_with_the_line_and_the_reason() {
    let mut others = Vec::new();
    for (from, to, line, why) in WRONG {
        let text = OWN.replacen(from, to, 1);
        assert_ne!(text, OWN, "{from}");
        let error = read(&text).map(|forms| forms.len()).unwrap_err();
        if !error.to_string().contains(why) || error.line != *line {
            others.push(format!("{to}: {error}"));
        }
    }
    assert_eq!(others, [""; 0]);
    // A case of one variant more is none that any form runs.
    let case = OWN.find("[[cases]]").unwrap();
    let more = format!("{OWN}\n{}", OWN[case..].replace("\"worst\"", "\"w\"\nvariant = \"y\""));
    assert!(read(&more).unwrap_err().why.contains("no such variant"));
    let long = format!("{OWN}# {}", "x".repeat(FILE_BYTES_MAX));
    assert!(read(&long).unwrap_err().why.contains("32 KiB"));
    for (at, _) in OWN.char_indices() {
        drop(read(&OWN[..at]));
    }
}
