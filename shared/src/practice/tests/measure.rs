//! Measures in charts: what is refused, what a record says by itself, two devices at once.

use super::measure_import::{export, import};
use super::world::{MONDAY, World, context, member};
use crate::id::{ClientId, RecordId};
use crate::practice::Refusal;
use crate::practice::chart::tag as chart_tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, Label, Labelled, NoteFormat, Subject};
use crate::practice::interchange::Importer;
use crate::practice::measure::tests::OWN;
use crate::practice::measure::{
    Answer, Manner, MeasureMark, MeasureView, NewScore, Review, Screened, Taken, choices,
    record_tag as tag,
};
use crate::practice::record::{Record, RecordKind, Relation, RelationKind, Tags};
use crate::practice::view::{TimelineEntry, View};
use crate::suite::Hash;
use std::collections::BTreeSet;

pub(super) fn world() -> (World, ClientId) {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    world.sync();
    (world, client)
}

pub(super) fn enter(client: ClientId, instrument: &str, answers: Vec<Answer>) -> Edit {
    let own = crate::practice::measure::read(OWN).unwrap();
    let own = own.iter().find(|form| form.id == instrument);
    let shipped = crate::practice::measure::named(instrument).map(|form| form.wording);
    let wording = shipped.or_else(|| own.map(|form| form.wording)).unwrap_or(Hash::ZERO);
    let (session, instrument) = (None, instrument.into());
    let (labels, manner) = (Default::default(), Manner::default());
    Edit::EnterMeasure { client, session, instrument, wording, answers, at: None, labels, manner }
}

pub(super) fn taken(world: &World, desk: usize, client: ClientId) -> Vec<(RecordId, Taken)> {
    let index = world.desks[desk].index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let measure = |entry: &TimelineEntry| match entry {
        TimelineEntry::Measure { record, taken } => Some((*record, taken.clone())),
        _ => None,
    };
    rows.filter_map(|row| measure(&row.entry)).collect()
}

pub(super) fn views(world: &mut World, desk: usize, client: ClientId) -> Vec<MeasureView> {
    match world.desks[desk].open(Subject::Measures(client)).unwrap() {
        View::Measures(view) => view.measures,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_measure_is_a_record_that_says_by_itself_what_was_asked() {
    let (mut world, client) = world();
    world.act(0, enter(client, "phq-9", choices(&[1, 2, 3, 0, 0, 0, 1, 1, 0, 2]))).unwrap();
    world.sync();
    let known = taken(&world, 1, client);
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].1.total, known[0].1.review), (Some(8), Review::None));
    assert_eq!((known[0].1.answered, known[0].1.items), (10, 10));
    let view = views(&mut world, 1, client).remove(0);
    assert_eq!(view.version, "PHQ-9 as on the PHQ Screeners form");
    assert_eq!(view.wording, Some(crate::practice::measure::named("phq-9").unwrap().wording));
    assert_eq!(view.values, [1, 2, 3, 0, 0, 0, 1, 1, 0, 2]);
    assert_eq!(view.answers, choices(&[1, 2, 3, 0, 0, 0, 1, 1, 0, 2]));
}

#[test]
fn what_cannot_have_been_answered_is_refused() {
    let (mut world, client) = world();
    let wrong = [
        choices(&[1; 9]),
        choices(&[4; 10]),
        choices(&[0; 10]),
        vec![Answer::NotAnswered; 10],
        vec![Answer::NotAsked; 10],
        Vec::new(),
    ];
    for answers in wrong {
        let refused = world.act(0, enter(client, "phq-9", answers));
        assert_eq!(refused, Err(Refusal::InvalidMeasure));
    }
    for unknown in ["", "PHQ 9", "phq9", "cage", "k10"] {
        let refused = world.act(0, enter(client, unknown, choices(&[1; 10])));
        assert_eq!(refused, Err(Refusal::UnknownMeasure), "{unknown}");
    }
    let nobody = ClientId::from_bytes([99; 16]);
    let refused = world.act(0, enter(nobody, "phq-9", choices(&[1; 10])));
    assert_eq!(refused, Err(Refusal::UnknownClient));
    let score = |name: &str, total, range| Edit::EnterScore {
        client,
        session: None,
        score: Box::new(NewScore { name: name.into(), total, range, source: String::new() }),
        at: None,
        labels: BTreeSet::new(),
    };
    for wrong in [
        score("", 1, (0, 9)),
        score("OQ-45", 10, (0, 9)),
        score("OQ-45", 0, (1, 9)),
        score("OQ-45", 1, (1, 1)),
        score("phq-9", 1, (0, 27)),
    ] {
        assert_eq!(world.act(0, wrong), Err(Refusal::InvalidMeasure));
    }
    let long = score(&"x".repeat(201), 1, (0, 9));
    assert_eq!(world.act(0, long), Err(Refusal::TextTooLong));
    world.act(0, score("  OQ-45\n2004 ", 63, (0, 180))).unwrap();
    let (_, known) = taken(&world, 0, client).remove(0);
    assert_eq!((known.instrument.as_str(), known.total), ("OQ-45, 2004", Some(63)));
    assert_eq!(views(&mut world, 0, client)[0].range, Some((0, 180)));
}

#[test]
fn an_unfinished_measure_has_no_total_and_its_risk_stands() {
    let (mut world, client) = world();
    let mut answers = vec![Answer::NotAnswered; 10];
    answers[8] = Answer::Choice(1);
    world.act(0, enter(client, "phq-9", answers)).unwrap();
    let (record, known) = taken(&world, 0, client).remove(0);
    assert_eq!((known.total, known.answered, known.review), (None, 1, Review::Due));
    let mark = |mark| Edit::MarkMeasure { client, record, mark };
    world.sync();
    world.act(1, mark(MeasureMark::Reviewed(true))).unwrap();
    world.sync();
    assert_eq!(taken(&world, 0, client)[0].1.review, Review::Done);
    // What raises nothing is not looked at.
    world.act(0, enter(client, "gad-2", choices(&[3, 3]))).unwrap();
    let (record, _) = taken(&world, 0, client).into_iter().find(|one| one.1.items == 2).unwrap();
    let refused =
        world.act(0, Edit::MarkMeasure { client, record, mark: MeasureMark::Reviewed(true) });
    assert_eq!(refused, Err(Refusal::InvalidMeasure));
    let unknown = RecordId::from_bytes([7; 16]);
    let mark = MeasureMark::Struck(true);
    let refused = world.act(0, Edit::MarkMeasure { client, record: unknown, mark });
    assert_eq!(refused, Err(Refusal::UnknownNote));
    // A screen has a result and no total.
    let screen = [0, 0, 0, 0].map(|_| Answer::Choice(1));
    let mut answers = screen.to_vec();
    answers.push(Answer::NotAsked);
    world.act(0, enter(client, "asq", answers)).unwrap();
    let known = taken(&world, 0, client).into_iter().find(|one| one.1.items == 5).unwrap().1;
    assert_eq!(
        (known.total, known.screened, known.review),
        (None, Some(Screened::Negative), Review::None)
    );
}

/// Not acute is said of who was asked everything, never of a screen that was left.
#[test]
fn an_unfinished_screen_has_no_verdict() {
    let (mut world, client) = world();
    let form = crate::practice::measure::named("asq").unwrap();
    // Yes to the first, No to whether it is now; the rest not answered.
    let yes = form.items[0].choices.iter().position(|one| one.value == 1).unwrap();
    let no = form.items[4].choices.iter().position(|one| one.value == 0).unwrap();
    let mut answers = vec![Answer::NotAnswered; 5];
    answers[0] = Answer::Choice(u8::try_from(yes).unwrap());
    answers[4] = Answer::Choice(u8::try_from(no).unwrap());
    assert_eq!(form.score(&answers).screened, Some(Screened::Unknown));
    world.act(0, enter(client, "asq", answers)).unwrap();
    let (record, known) = taken(&world, 0, client).remove(0);
    assert_eq!((known.screened, known.is_complete()), (Some(Screened::Unknown), false));
    assert_eq!(known.review, Review::Due);
    // As an earlier version wrote it.
    let bytes = world.desks[0].memory.records[&record].clone();
    let mut body = Record::decode(&bytes).unwrap().body().unwrap().clone();
    body.set(tag::SCREENED, [2]);
    lie(&mut world, client, (70, Vec::new()), body);
    let all = taken(&world, 1, client);
    assert!(all.iter().all(|(_, one)| one.screened == Some(Screened::Unknown)), "{all:?}");
    assert_eq!(all.len(), 2);
}

#[test]
fn which_of_two_answers_of_one_value_was_given_is_kept() {
    let (mut world, client) = world();
    world.act(0, enter(client, "audit-c", choices(&[1, 0, 0]))).unwrap();
    world.desks[0].now = MONDAY.plus_millis(1000);
    world.act(0, enter(client, "audit-c", choices(&[1, 1, 0]))).unwrap();
    let views = views(&mut world, 0, client);
    assert_eq!(views[0].answers, choices(&[1, 1, 0]));
    assert_eq!(views[1].answers, choices(&[1, 0, 0]));
    assert_eq!(views[0].values, views[1].values);
    assert_eq!(views[0].taken.total, Some(1));
}

#[test]
fn two_devices_that_enter_and_strike_at_once_agree() {
    let (mut world, client) = world();
    world.act(0, enter(client, "gad-7", choices(&[1; 7]))).unwrap();
    world.act(1, enter(client, "gad-7", choices(&[2; 7]))).unwrap();
    world.sync();
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
    assert_eq!(taken(&world, 0, client).len(), 2);
    let record = taken(&world, 0, client)[0].0;
    let strike = |struck| Edit::MarkMeasure { client, record, mark: MeasureMark::Struck(struck) };
    world.act(0, strike(true)).unwrap();
    world.desks[1].now = MONDAY.plus_millis(1000);
    world.act(1, strike(true)).unwrap();
    world.act(1, strike(false)).unwrap();
    world.sync();
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
    assert_eq!(views(&mut world, 0, client).len(), 2, "struck or not, it stays in the log");
}

#[test]
fn an_undo_strikes_what_was_entered_unless_somebody_has_marked_it_since() {
    let (mut world, client) = world();
    let inverse = world.act(0, enter(client, "gad-2", choices(&[1, 1]))).unwrap().unwrap();
    let (changes, redo) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    assert!(taken(&world, 0, client).is_empty());
    world.desks[0].now = MONDAY.plus_millis(1000);
    let (changes, again) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    assert_eq!(taken(&world, 0, client).len(), 1);
    world.sync();
    let record = taken(&world, 1, client)[0].0;
    world.desks[1].now = MONDAY.plus_millis(2000);
    let struck = Edit::MarkMeasure { client, record, mark: MeasureMark::Struck(true) };
    world.act(1, struck).unwrap();
    world.sync();
    let refused = world.desks[0].undo(again.unwrap()).map(drop);
    assert_eq!(refused, Err(Refusal::ChangedElsewhere));
}

#[test]
fn an_undo_strikes_nothing_that_another_device_has_reviewed_or_labelled() {
    for labels in [false, true] {
        let (mut world, client) = world();
        let mut answers = vec![Answer::NotAnswered; 10];
        answers[8] = Answer::Choice(1);
        let inverse = world.act(0, enter(client, "phq-9", answers)).unwrap().unwrap();
        world.sync();
        let (record, _) = taken(&world, 1, client).remove(0);
        let said = if labels {
            let of = Labelled::Record(record);
            Edit::Label { client, of, labels: BTreeSet::from([Label::ThirdParty]) }
        } else {
            Edit::MarkMeasure { client, record, mark: MeasureMark::Reviewed(true) }
        };
        world.act(1, said).unwrap();
        world.sync();
        let refused = world.desks[0].undo(inverse).map(drop);
        assert_eq!(refused, Err(Refusal::ChangedElsewhere), "{labels}");
        assert_eq!(taken(&world, 0, client).len(), 1);
    }
}

#[test]
fn what_is_said_last_counts_also_where_a_clock_is_behind() {
    let (mut world, client) = world();
    world.act(0, enter(client, "gad-2", choices(&[1, 1]))).unwrap();
    world.sync();
    let (record, _) = taken(&world, 1, client).remove(0);
    let strike = |struck| Edit::MarkMeasure { client, record, mark: MeasureMark::Struck(struck) };
    world.desks[1].now = world.desks[1].now.plus_millis(3_600_000);
    world.act(1, strike(true)).unwrap();
    world.sync();
    assert!(taken(&world, 0, client).is_empty());
    world.act(0, strike(false)).unwrap();
    world.sync();
    assert_eq!(taken(&world, 0, client).len(), 1);
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
}

/// Signs a body as no honest device would, and sends it.
fn lie(
    world: &mut World,
    client: ClientId,
    (number, relations): (u8, Vec<Relation>),
    body: Tags,
) -> RecordId {
    let desk = &mut world.desks[0];
    let (id, name) = (RecordId::from_bytes([number; 16]), CompartmentName::Chart(client));
    let written = (RecordKind::Measure, relations);
    let change = desk.practice.write_record_as(id, &name, written, body, context!(desk));
    desk.memory.store(&change);
    world.send(0, vec![change]);
    world.sync();
    id
}

#[test]
fn a_device_that_lies_about_a_total_is_not_believed() {
    let (mut world, client) = world();
    world.act(0, enter(client, "phq-9", choices(&[3; 10]))).unwrap();
    let (record, _) = taken(&world, 0, client).remove(0);
    let bytes = world.desks[0].memory.records[&record].clone();
    let honest = Record::decode(&bytes).unwrap().body().unwrap().clone();
    let unknown = |world: &World| {
        let index = world.desks[1].index();
        let rows = index.timelines[&client].iter();
        rows.filter(|row| matches!(row.entry, TimelineEntry::Unknown { .. })).count()
    };
    let mut lies: Vec<Tags> = Vec::new();
    let mut lie_of = |change: &dyn Fn(&mut Tags)| {
        let mut body = honest.clone();
        change(&mut body);
        lies.push(body);
    };
    lie_of(&|body| {
        body.set(tag::TOTAL, 3_u32.to_be_bytes());
    });
    lie_of(&|body| {
        body.set(tag::ANSWERS, vec![3; 9]);
    });
    lie_of(&|body| {
        body.set(tag::ANSWERS, vec![4; 10]);
    });
    lie_of(&|body| {
        body.set(tag::TO_REVIEW, [0]);
    });
    lie_of(&|body| {
        body.set(tag::INSTRUMENT, "x".repeat(41));
    });
    lie_of(&|body| {
        body.set(tag::ANSWERS, vec![0; 101]);
    });
    lie_of(&|body| {
        body.set(tag::SCORE_NAME, "BDI");
    });
    for (number, body) in (50..).zip(lies) {
        lie(&mut world, client, (number, Vec::new()), body);
        assert_eq!(unknown(&world), usize::from(number) - 49);
    }
    assert_eq!(taken(&world, 0, client).len(), 1);
    // A form that is another, or older, says what it says; its answers are not read as ours.
    let mut other = honest;
    other.set(tag::WORDING, [8; 32]).set(tag::TOTAL, 5_u32.to_be_bytes());
    other.set(chart_tag::TEXT, "further");
    let id = lie(&mut world, client, (90, Vec::new()), other);
    let view = views(&mut world, 0, client).into_iter().find(|one| one.record == id).unwrap();
    assert_eq!((view.taken.total, view.answers.len(), view.values.len()), (Some(5), 0, 10));
}

/// Of a practice's own form, and of one in other words, nothing is said that does not follow.
#[test]
fn a_forged_total_of_an_own_form_follows_from_nothing() {
    let (mut world, client) = world();
    let define = Edit::DefineMeasure { id: "mood".into(), text: Some(OWN.into()) };
    world.act(0, define).unwrap();
    world.act(0, enter(client, "mood", choices(&[2, 0]))).unwrap();
    world.sync();
    let (record, honest) = taken(&world, 1, client).remove(0);
    let form = std::sync::Arc::clone(&world.desks[1].index().measures["mood"]);
    assert!(honest.follows_from(&form));
    let bytes = world.desks[0].memory.records[&record].clone();
    let body = Record::decode(&bytes).unwrap().body().unwrap().clone();
    let mut lies = vec![body.clone(); 4];
    lies[0].set(tag::TOTAL, 1_u32.to_be_bytes());
    lies[1].set(tag::TO_REVIEW, [0]);
    lies[2].set(tag::WORDING, [8; 32]);
    lies[3].set(tag::ANSWERS, vec![0, 0]);
    for (number, body) in (50..).zip(lies) {
        let id = lie(&mut world, client, (number, Vec::new()), body);
        let all = taken(&world, 1, client);
        let (_, known) = all.iter().find(|(record, _)| *record == id).unwrap();
        assert!(!known.follows_from(&form), "{known:?}");
    }
    let before = taken(&world, 1, client).len();
    // A total that no form of that range can have is no measure at all.
    let mut body = body;
    body.set(tag::TOTAL, 5_u32.to_be_bytes());
    lie(&mut world, client, (60, Vec::new()), body);
    assert_eq!(taken(&world, 1, client).len(), before);
    // What is known of them is the same after the segment was read again.
    let name = CompartmentName::Chart(client);
    let segment = world.desks[1].practice.project(&name).unwrap();
    let mut fresh = crate::practice::Practice::new();
    fresh.restore(&name, &segment).unwrap();
    assert_eq!(fresh.project(&name).unwrap(), segment);
}

#[test]
fn a_mark_of_a_measure_strikes_no_note() {
    let (mut world, client) = world();
    let note = world.begin(0, 20, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sign(0, client, note);
    world.sync();
    let before = world.desks[1].index();
    let entry = before.timelines[&client][0].entry.record();
    let kind = RelationKind::Corrects;
    let relation = Relation { kind, target: *entry.as_bytes(), digest: Hash::ZERO };
    let mut body = Tags::new();
    body.set(chart_tag::STRUCK, [1]);
    lie(&mut world, client, (60, vec![relation]), body);
    assert_eq!(world.desks[1].index().timelines, before.timelines);
}

#[test]
fn a_practice_has_measures_of_its_own_on_every_device() {
    let (mut world, client) = world();
    let define = |text: Option<String>| Edit::DefineMeasure { id: "mood".into(), text };
    for wrong in [OWN.replace("max = 4", "max = 5"), OWN.replace("id = \"mood\"", "id = \"gad-7\"")]
    {
        assert_eq!(world.act(0, define(Some(wrong))), Err(Refusal::InvalidForm));
    }
    let taken_id = Edit::DefineMeasure { id: "phq-9".into(), text: Some(OWN.into()) };
    assert_eq!(world.act(0, taken_id), Err(Refusal::InvalidForm));
    assert_eq!(world.act(0, define(None)), Err(Refusal::UnknownMeasure));
    world.act(0, define(Some(OWN.into()))).unwrap();
    world.sync();
    assert!(world.desks[1].index().measures.contains_key("mood"));
    world.act(1, enter(client, "mood", choices(&[2, 0]))).unwrap();
    world.sync();
    let (_, known) = taken(&world, 0, client).remove(0);
    assert_eq!((known.total, known.review), (Some(4), Review::Due));
    // Another wording: what was answered stays, and reads as what it was.
    world.act(0, define(Some(OWN.replace("\"Glad\"", "\"Happy\"")))).unwrap();
    assert!(views(&mut world, 0, client)[0].answers.is_empty());
    world.act(0, define(None)).unwrap();
    world.sync();
    assert!(world.desks[1].index().measures.is_empty());
    assert_eq!(taken(&world, 1, client)[0].1.total, Some(4));
    let name = CompartmentName::Practice;
    world.act(0, define(Some(OWN.into()))).unwrap();
    let segment = world.desks[0].practice.project(&name).unwrap();
    let mut fresh = crate::practice::Practice::new();
    fresh.restore(&name, &segment).unwrap();
    assert_eq!(fresh.index().measures, world.desks[0].index().measures);
}

/// A form that changed while somebody answered it: the record would claim words nobody read.
#[test]
fn what_was_answered_in_other_words_than_the_forms_by_now_is_refused() {
    let (mut world, client) = world();
    let define = |text: String| Edit::DefineMeasure { id: "mood".into(), text: Some(text) };
    world.act(0, define(OWN.replace("\"Glad\"", "\"Happy\""))).unwrap();
    world.sync();
    let refused = world.act(1, enter(client, "mood", choices(&[2, 0])));
    assert_eq!(refused, Err(Refusal::OtherWording));
    assert!(taken(&world, 1, client).is_empty());
    world.act(0, define(OWN.into())).unwrap();
    world.sync();
    world.act(1, enter(client, "mood", choices(&[2, 0]))).unwrap();
}

#[test]
fn a_form_is_of_one_file_and_the_same_everywhere() {
    let (mut world, _) = world();
    let two = OWN.replace("id = \"mood\"", "id = \"mood-two\"");
    // The file `mood` with a form `mood-two` of its own, and a file `mood-two`.
    let variant = "[[variants]]\nid = \"two\"\ntimeframe = \"Now:\"\nitem_text = \"text\"\n\
                   answer_set = \"much\"\nmin = 0\nmax = 4\nband_sets = [\"mood\"]\n\n[scoring]";
    let one = OWN.replacen("[scoring]", variant, 1);
    let one = one.replace("name = \"worst\"", "name = \"worst\"\nvariant = \"two\"");
    let define =
        |id: &str, text: &str| Edit::DefineMeasure { id: id.into(), text: Some(text.to_owned()) };
    world.act(0, define("mood", &one)).unwrap();
    assert_eq!(world.act(0, define("mood-two", &two)), Err(Refusal::InvalidForm));
    // Again the same file is no other.
    world.act(0, define("mood", &one)).unwrap();
    // Two devices at once.
    world.act(1, define("mood-two", &two)).unwrap();
    world.sync();
    let index = world.desks[1].index();
    assert_eq!(*world.desks[0].index(), *index);
    let shown = &index.measures["mood-two"];
    assert!(shown.stem.as_ref().is_some_and(|stem| stem == "Now:"), "{shown:?}");
    let answered = Edit::answered(ClientId::from_bytes([9; 16]), None, shown, choices(&[1, 1]));
    // What is shown is what is looked up: it is refused for the client alone.
    assert_eq!(world.act(1, answered), Err(Refusal::UnknownClient));
}

#[test]
fn a_practice_has_room_for_24_measures_of_its_own() {
    let (mut world, _) = world();
    for number in 0..25 {
        let id = format!("mood{number}");
        let text = OWN.replace("id = \"mood\"", &format!("id = \"{id}\""));
        let outcome = world.act(0, Edit::DefineMeasure { id, text: Some(text) }).map(drop);
        let expected = if number < 24 { Ok(()) } else { Err(Refusal::TooManyMeasures) };
        assert_eq!(outcome, expected);
    }
}

#[test]
fn measures_go_out_and_come_in_with_the_forms_that_are_needed() {
    let (mut world, client) = world();
    let define = Edit::DefineMeasure { id: "mood".into(), text: Some(OWN.into()) };
    world.act(0, define).unwrap();
    let mut partial = vec![Answer::NotAnswered; 10];
    partial[8] = Answer::Choice(2);
    let score =
        NewScore { name: "OQ-45".into(), total: 63, range: (0, 180), source: "paper".into() };
    for edit in [
        enter(client, "mood", choices(&[2, 1])),
        enter(client, "audit-c", choices(&[1, 1, 0])),
        enter(client, "phq-9", partial),
        enter(client, "k10-us-0-4", choices(&[1; 10])),
        Edit::EnterScore {
            client,
            session: None,
            score: Box::new(score),
            at: None,
            labels: Default::default(),
        },
    ] {
        world.desks[0].now = world.desks[0].now.plus_millis(1000);
        world.act(0, edit).unwrap();
    }
    let lines = export(&mut world, client);
    assert!(!lines.iter().any(|line| line.contains("drinks")), "no wording of what ships");

    let (mut other, _) = import(&lines);
    let plain = |views: Vec<MeasureView>| -> Vec<_> {
        let plain = |one: MeasureView| (one.taken, one.answers, one.values, one.range, one.source);
        views.into_iter().map(plain).collect()
    };
    assert_eq!(plain(views(&mut other, 0, client)), plain(views(&mut world, 0, client)));
    assert_eq!(other.desks[0].index().measure_files, world.desks[0].index().measure_files);

    // Another wording comes in as a score.
    let wording = crate::practice::measure::named("audit-c").unwrap().wording.to_string();
    let others: Vec<String> =
        lines.iter().map(|line| line.replace(&wording, &"0".repeat(64))).collect();
    let (mut other, counts) = import(&others);
    assert_eq!(counts.not_carried.get("measure.answers"), Some(&1));
    let scored = views(&mut other, 0, client);
    assert!(scored.iter().any(|one| one.taken.instrument == "AUDIT-C (another wording)"));
}

#[test]
fn no_line_of_a_measure_makes_reading_fail() {
    let (mut world, client) = world();
    world.act(0, enter(client, "audit-c", choices(&[1, 1, 0]))).unwrap();
    let lines = export(&mut world, client);
    for (from, to) in [
        ("\"answers\":[1,0,0]", "\"answers\":[1,0]"),
        ("\"answers\":[1,0,0]", "\"answers\":[]"),
        ("\"answers\":[1,0,0]", "\"answers\":[1,0,0,0]"),
        ("\"answers\":[1,0,0]", "\"answers\":[1,-2,0]"),
        ("\"answers\":[1,0,0]", "\"answers\":[1,99,0]"),
        ("\"answers\":[1,0,0]", "\"answers\":[-1,-1,-1]"),
        ("\"choices\":[[1,1]]", "\"choices\":[[1,9]]"),
        ("\"choices\":[[1,1]]", "\"choices\":[[9,1]]"),
        ("\"choices\":[[1,1]]", "\"choices\":[[1,3]]"),
    ] {
        let mut importer = Importer::new(member(1), BTreeSet::new());
        let outcomes: Vec<_> = lines
            .iter()
            .map(|line| importer.import_line(&line.replace(from, to)).is_err())
            .collect();
        let changed = lines.iter().any(|line| line.contains(from));
        assert!(changed, "{from}");
        // Fewer answers are an older export, in which nothing more was asked.
        assert_eq!(outcomes.contains(&true), to != "\"answers\":[1,0]", "{to}");
    }
}
