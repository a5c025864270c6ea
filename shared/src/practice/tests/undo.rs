//! Undo: what was done comes back, unless somebody else has touched it since.

use super::world::{World, appointment, insert, member, slot};
use crate::id::{
    AppointmentId, ClientId, DeviceId, ObjectId, PlanItemId, RecordId, SeriesId, TaskId, Timestamp,
};
use crate::practice::consent::{ConsentHow, ConsentKind, NewConsent};
use crate::practice::correction::{Correcting, SignOver};
use crate::practice::crisis::{NewRisk, NewSafetyPlan, SafetyStep};
use crate::practice::edit::{
    AppointmentKind, Came, Channel, ContactChange, Direction, Edit, Fee, JournalMark, Label,
    Labelled, Metadata, Misfiled, NewAttachment, NewSeries, NoteFormat, Part, Relabel,
    RelabelDraft, RemoteSetting, Slot, StampChange, Status, Whereabouts, WhoChange,
};
use crate::practice::group::{Belongs, GroupChange, GroupKind, subject_of};
use crate::practice::identity::IdentityField;
use crate::practice::lint::{Element, Level};
use crate::practice::measure::tests::OWN;
use crate::practice::measure::{MeasureMark, NewScore};
use crate::practice::phrase::{Phrase, PhraseKind, Saying};
use crate::practice::plan::{PlanChange, PlanKind};
use crate::practice::schedule::hours::Hours;
use crate::practice::schedule::waiting::{Waiting, Wish};
use crate::practice::supervision::Step;
use crate::practice::view::{Index, JournalHead, TimelineEntry};
use crate::practice::{NewContact, Refusal};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn prepared() -> (World, ClientId, AppointmentId) {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    (world, client, session)
}

fn edits(client: ClientId, session: AppointmentId) -> Vec<Edit> {
    let contact = ContactChange {
        phone: Some("+43 1 555 0100".into()),
        pronouns: Some("they/them".into()),
        ..Default::default()
    };
    let note = ObjectId::from_bytes([7; 16]);
    vec![
        Edit::Archive { client, archived: true },
        Edit::ChangeContact { client, contact },
        Edit::Move { appointment: session, slot: slot(member(1), 17) },
        Edit::Move { appointment: session, slot: slot(member(2), 17) },
        Edit::SetStatus {
            appointment: session,
            status: Status::LateCancel,
            reason: Some("ill".into()),
        },
        Edit::SetFee { appointment: session, fee: Some(Fee::Waived) },
        Edit::BeginNote { note, client, session: Some(session), format: NoteFormat::Soap },
        Edit::RenameDevice { device: DeviceId::from_bytes([3; 16]), name: "Praxis".into() },
        Edit::StampSession {
            appointment: session,
            change: StampChange {
                began: Some(Some(Timestamp::from_millis(9))),
                ended: None,
                status: Some(Status::Arrived),
                whereabouts: Some(Whereabouts { place: "Here".into(), help: "911".into() }),
            },
        },
        Edit::NoteDeath { client, died: Some(jiff::civil::date(2026, 11, 20)) },
        Edit::AskErasure(client.into()),
        Edit::Hold { client, held: true },
        Edit::SetHours { member: member(1), hours: Hours::parse("Mon-Thu 9-17").ok() },
        Edit::Wait {
            client,
            waiting: Some(Waiting {
                since: Timestamp::from_millis(7),
                wish: Wish::parse("mon 9-12, video", &BTreeMap::new()).unwrap_or_default(),
            }),
        },
    ]
}

#[test]
fn undo_brings_back_an_equal_index() {
    for number in 0..13 {
        let (mut world, client, session) = prepared();
        let before = world.desks[0].index();
        let edit = edits(client, session).remove(number);
        let inverse = world.act(0, edit).unwrap().unwrap();
        assert_ne!(*world.desks[0].index(), *before);

        let (changes, redo) = world.desks[0].undo(inverse).unwrap();
        world.send(0, changes);
        assert_eq!(*world.desks[0].index(), *before);
        assert!(redo.is_some());
        world.sync();
        assert_eq!(*world.desks[1].index(), *before);
    }
}

#[test]
fn a_device_has_the_name_that_it_was_given_last_and_no_other_undoes_it() {
    let (mut world, _, _) = prepared();
    let device = DeviceId::from_bytes([3; 16]);
    let rename = |name: &str| Edit::RenameDevice { device, name: name.into() };
    let inverse = world.act(0, rename("  front desk ")).unwrap().unwrap();
    world.sync();
    assert_eq!(world.desks[1].index().devices.get(&device).map(String::as_str), Some("front desk"));

    world.act(1, rename("tablet")).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    assert_eq!(world.act(0, rename(&"x".repeat(300))).unwrap_err(), Refusal::TextTooLong);

    world.act(0, rename("")).unwrap();
    world.sync();
    assert_eq!(world.desks[1].index().devices.get(&device), None);
}

#[test]
fn a_discarded_draft_comes_back_with_its_text() {
    let (mut world, client, _) = prepared();
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "kept");
    let before = world.desks[0].index();
    let discard = Edit::DiscardDraft { note, client, discarded: true };
    let inverse = world.act(0, discard).unwrap().unwrap();
    assert!(world.desks[0].index().drafts.is_empty());
    assert_eq!(
        world.act(0, Edit::Sign { note, client, late_reason: None }),
        Err(Refusal::NotADraft)
    );

    world.desks[0].undo(inverse).unwrap();
    assert_eq!(*world.desks[0].index(), *before);
    assert_eq!(world.desks[0].draft(client, note).parts[0].1, "kept");
}

#[test]
fn a_booking_is_undone_by_a_cancellation_and_a_new_client_by_the_archive() {
    let (mut world, client, session) = prepared();
    let (_, inverse) = {
        let desk = &mut world.desks[0];
        let id = AppointmentId::from_bytes([9; 16]);
        let new = appointment(id, client, slot(member(1), 11));
        desk.apply(Edit::Book(new)).unwrap()
    };
    world.desks[0].undo(inverse.unwrap()).unwrap();
    let index = world.desks[0].index();
    assert!(index.appointments[&AppointmentId::from_bytes([9; 16])].status.frees_the_slot());
    assert!(!index.appointments[&session].status.frees_the_slot());
}

#[test]
fn undo_is_refused_when_another_device_has_changed_the_same_field_since() {
    for number in 0..5 {
        let (mut world, client, session) = prepared();
        let inverse = world.act(0, edits(client, session).remove(number)).unwrap().unwrap();
        world.sync();
        // The other device does the same again, each in its own words.
        let again = match edits(client, session).remove(number) {
            Edit::Archive { client, .. } => Edit::Archive { client, archived: false },
            Edit::ChangeContact { client, .. } => Edit::ChangeContact {
                client,
                contact: ContactChange { phone: Some("other".into()), ..Default::default() },
            },
            Edit::SetStatus { appointment, .. } => {
                Edit::SetStatus { appointment, status: Status::Confirmed, reason: None }
            }
            Edit::SetFee { appointment, .. } => {
                Edit::SetFee { appointment, fee: Some(Fee::Charged) }
            }
            Edit::Move { .. } => {
                let index = world.desks[1].index();
                let row = index.appointments.values().next().unwrap();
                Edit::Move { appointment: row.id, slot: slot(row.slot.clinician, 19) }
            }
            other => other,
        };
        world.act(1, again).unwrap();
        world.sync();
        let before = world.desks[0].index();
        let refused = world.desks[0].undo(inverse).map(|_| ());
        assert_eq!(refused, Err(Refusal::ChangedElsewhere), "edit {number}");
        assert_eq!(*world.desks[0].index(), *before);
    }
}

#[test]
fn a_signature_and_typing_have_no_inverse_here() {
    let (mut world, client, _) = prepared();
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    let splices = vec![insert(Part::Text, 0, "said")];
    assert_eq!(world.act(0, Edit::ChangeDraft { note, client, splices }), Ok(None));
    assert_eq!(world.act(0, Edit::Sign { note, client, late_reason: None }), Ok(None));
    let discard = Edit::DiscardDraft { note, client, discarded: true };
    assert_eq!(world.act(0, discard), Err(Refusal::AlreadySigned));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_run_of_edits_is_undone_in_reverse(choices in prop::collection::vec(0_usize..5, 1..12)) {
        let (mut world, client, session) = prepared();
        let before = world.desks[0].index();
        let mut inverses = Vec::new();
        for choice in choices {
            let edit = match edits(client, session).remove(choice) {
                Edit::Move { slot, .. } => {
                    let index = world.desks[0].index();
                    let living = *index.appointments.keys().next().unwrap();
                    Edit::Move { appointment: living, slot }
                }
                Edit::SetFee { fee, .. } => {
                    let index = world.desks[0].index();
                    let living = *index.appointments.keys().next().unwrap();
                    Edit::SetFee { appointment: living, fee }
                }
                Edit::SetStatus { status, reason, .. } => {
                    let index = world.desks[0].index();
                    let living = *index.appointments.keys().next().unwrap();
                    Edit::SetStatus { appointment: living, status, reason }
                }
                other => other,
            };
            inverses.extend(world.act(0, edit).unwrap());
        }
        for inverse in inverses.into_iter().rev() {
            let outcome = world.desks[0].undo(inverse);
            prop_assert!(outcome.is_ok(), "{:?}", outcome.err());
        }
        prop_assert_eq!(&*world.desks[0].index(), &*before);
    }
}

/// What becomes of an edit when it is undone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Undone {
    /// Everything is as it was, and it can be done again.
    Whole,
    /// It is taken back, and what remains says that it was: a cancellation, the archive, a line struck.
    Marked,
    /// It cannot be undone: it is signed, or typed, where the editor undoes.
    Never,
    /// It is only ever an undo itself.
    Only,
}

/// Every edit says here how it is undone: one that is added does not compile until it does.
#[expect(clippy::too_many_lines, reason = "one line for each kind of edit")]
const fn undone(edit: &Edit) -> Undone {
    match edit {
        Edit::AddTask { .. }
        | Edit::Archive { .. }
        | Edit::AskErasure(_)
        | Edit::Attach { .. }
        | Edit::BeginAddendum { .. }
        | Edit::BeginCorrection(_)
        | Edit::BeginJournal { .. }
        | Edit::BeginNote { .. }
        | Edit::ChangeContact { .. }
        | Edit::ChangeGroup { .. }
        | Edit::ChangeFollowing { .. }
        | Edit::ChangeIdentity { .. }
        | Edit::ChangePlan { .. }
        | Edit::ChangeWho { .. }
        | Edit::DiscardDraft { .. }
        | Edit::EndSeries { .. }
        | Edit::EnterJournal { .. }
        | Edit::FinishTask { .. }
        | Edit::Hold { .. }
        | Edit::DefineMeasure { .. }
        | Edit::DivideDraft { .. }
        | Edit::EnterMeasure { .. }
        | Edit::EnterScore { .. }
        | Edit::Label { .. }
        | Edit::LogContact { .. }
        | Edit::MarkJournal { .. }
        | Edit::MarkMeasure { .. }
        | Edit::Move { .. }
        | Edit::MoveFollowing { .. }
        | Edit::NoteDeath { .. }
        | Edit::Psychotherapy(_)
        | Edit::RecordConsent { .. }
        | Edit::RecordRisk { .. }
        | Edit::RelabelDraft(_)
        | Edit::RenameDevice { .. }
        | Edit::ReviewPlan { .. }
        | Edit::RevokeConsent { .. }
        | Edit::SameAs { .. }
        | Edit::SetEmergency { .. }
        | Edit::SetFee { .. }
        | Edit::SetHours { .. }
        | Edit::SetLevel { .. }
        | Edit::SetPhrase { .. }
        | Edit::SetRemote { .. }
        | Edit::SetStatus { .. }
        | Edit::SignSafetyPlan { .. }
        | Edit::SkipOccurrence { .. }
        | Edit::StampSession { .. }
        | Edit::StrikeAttachment { .. }
        | Edit::StrikeConsent { .. }
        | Edit::StrikeContact { .. }
        | Edit::Supervise { step: Step::Submit | Step::TakeBack, .. }
        | Edit::StrikeCrisis { .. }
        | Edit::Together(_)
        | Edit::Wait { .. } => Undone::Whole,
        Edit::Book(_)
        | Edit::BookSeries(_)
        | Edit::NewClient { .. }
        | Edit::NewGroup { .. }
        | Edit::StrikeNote(_) => Undone::Marked,
        // The erasure is asked for again, and its thirty days begin again.
        Edit::WithdrawErasure(_) => Undone::Never,
        Edit::Amend { .. }
        | Edit::ChangeDraft { .. }
        | Edit::EnterNote { .. }
        | Edit::OrderErasure(_)
        | Edit::Sign { .. }
        | Edit::SignImported { .. }
        | Edit::SignOver(_)
        | Edit::SignPlan { .. }
        | Edit::Supervise { .. } => Undone::Never,
        Edit::RejoinSeries { .. } | Edit::RestoreNote(_) | Edit::SettleSeries { .. } => {
            Undone::Only
        }
    }
}

/// A practice in which every edit of [`every`] can be made, and those.
fn furnished() -> (World, ClientId, Vec<Edit>) {
    let (mut world, client, session) = prepared();
    let note = world.begin(0, 20, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sign(0, client, note);
    let signed = *world.desks[0].memory.records.keys().next().unwrap();
    let draft = world.begin(0, 21, client, None, NoteFormat::Free);
    world.type_text(0, client, draft, "begun");
    let series = SeriesId::from_bytes([30; 16]);
    let first = appointment(AppointmentId::from_bytes([31; 16]), client, slot(member(1), 12));
    let rule = "FREQ=WEEKLY;COUNT=5".parse().unwrap();
    let booked = NewSeries { series, first, rule };
    world.act(0, Edit::BookSeries(Box::new(booked.clone()))).unwrap();
    let task = TaskId::from_bytes([32; 16]);
    world.act(0, Edit::AddTask { client, task, text: words(), due: None, since: None }).unwrap();
    let contact = phoned();
    world.act(0, Edit::LogContact { client, contact: contact.clone() }).unwrap();
    let logged = world.desks[0].index().timelines[&client]
        .iter()
        .find_map(|row| match row.entry {
            TimelineEntry::Contact { record, .. } => Some(record),
            _ => None,
        })
        .unwrap();
    world.act(0, diary(client)).unwrap();
    let entry = world.desks[0].index().timelines[&client]
        .iter()
        .find_map(|row| match row.entry {
            TimelineEntry::Journal { record, .. } => Some(record),
            _ => None,
        })
        .unwrap();
    let attached = attached(&mut world, client);
    let measure = measured(&mut world, client);
    let consented = RecordId::from_bytes([34; 16]);
    let given = Box::new(consent());
    world.act(0, Edit::RecordConsent { client, record: consented, consent: given }).unwrap();
    let item = PlanItemId::from_bytes([33; 16]);
    world.act(0, Edit::ChangePlan { client, item, change: line("a goal") }).unwrap();
    let change = GroupChange { members: BTreeMap::new(), ..called("C-01", client) };
    let group = ObjectId::from_bytes([GROUP; 16]);
    world.act(0, Edit::NewGroup { group, kind: GroupKind::Couple, change }).unwrap();
    world.desks[0].now = world.desks[0].now.plus_millis(1000);
    let other = world.client(0, 47);
    let there = There { client, other, session, signed, draft, booked, task, contact, logged };
    let mut every = every(there);
    every.extend(of_a_journal(client, entry));
    every.extend(of_consents(client, consented));
    every.extend(of_files(client, attached));
    every.extend(entered(client, measure));
    every.extend(of_writing(client, draft));
    let judged = RecordId::from_bytes([35; 16]);
    let risk = super::crisis::risk();
    world.act(0, Edit::RecordRisk { client, record: judged, risk }).unwrap();
    world.desks[0].now = world.desks[0].now.plus_millis(1000);
    every.extend(of_a_crisis(client, measure, judged));
    for of in [Labelled::Draft(draft), Labelled::Record(signed)] {
        every.push(Edit::Label { client, of, labels: BTreeSet::from([Label::ThirdParty]) });
    }
    every.push(correction(&mut world, client));
    (world, client, every)
}

/// The signature of a correction that somebody was asked about.
fn correction(world: &mut World, client: ClientId) -> Edit {
    let note = world.begin(0, 122, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sign(0, client, note);
    let note = world.desks[0].practice.facts.charts[&client].signed(note).unwrap();
    let draft = ObjectId::from_bytes([123; 16]);
    let begin = Correcting { draft, client, note, blank: None };
    world.act(0, Edit::BeginCorrection(begin)).unwrap();
    Edit::SignOver(SignOver { draft, client, because: words(), replaces: BTreeSet::from([note]) })
}

/// Attaches a file.
fn attached(world: &mut World, client: ClientId) -> RecordId {
    world.act(0, Edit::Attach { client, file: file() }).unwrap();
    let index = world.desks[0].index();
    let mut rows = index.timelines[&client].iter();
    let record = rows.find_map(|row| match row.entry {
        TimelineEntry::Attachment { record, .. } => Some(record),
        _ => None,
    });
    record.unwrap()
}

/// Enters a measure with an answer that raises a risk.
fn measured(world: &mut World, client: ClientId) -> RecordId {
    let form = crate::practice::measure::named("phq-9").unwrap();
    let answers = crate::practice::measure::choices(&[1; 10]);
    world.act(0, Edit::answered(client, None, form, answers)).unwrap();
    let index = world.desks[0].index();
    let mut rows = index.timelines[&client].iter();
    let record = rows.find_map(|row| match row.entry {
        TimelineEntry::Measure { record, .. } => Some(record),
        _ => None,
    });
    record.unwrap()
}

/// What there is in it.
struct There {
    client: ClientId,
    other: ClientId,
    session: AppointmentId,
    signed: RecordId,
    draft: ObjectId,
    booked: NewSeries,
    task: TaskId,
    contact: NewContact,
    logged: RecordId,
}

fn consent() -> NewConsent {
    let given = jiff::civil::date(2026, 11, 1);
    NewConsent::new(ConsentKind::Telehealth, given, ConsentHow::Telephone)
}

/// The group that is there.
const GROUP: u8 = 34;

fn called(code: &str, client: ClientId) -> GroupChange {
    let members = BTreeMap::from([(client, Belongs::Now)]);
    GroupChange { name: None, code: Some(code.to_owned()), members }
}

fn words() -> String {
    "call".to_owned()
}

fn who(leaves: ClientId) -> WhoChange {
    WhoChange { leaves: vec![leaves], kind: Some(AppointmentKind::Supervision), joins: vec![] }
}

fn phoned() -> NewContact {
    let (channel, direction) = (Channel::Call, Direction::Out);
    NewContact { channel, direction, at: None, text: words(), labels: BTreeSet::from([Label::Hiv]) }
}

fn diary(client: ClientId) -> Edit {
    let labels = BTreeSet::from([Label::Hiv]);
    Edit::EnterJournal { client, said: said(), text: words(), labels }
}

fn of_a_journal(client: ClientId, record: RecordId) -> [Edit; 4] {
    let mark = |mark| Edit::MarkJournal { client, record, mark };
    [
        Edit::BeginJournal { draft: ObjectId::from_bytes([46; 16]), client, date: said().date },
        diary(client),
        mark(JournalMark::Shared(true)),
        mark(JournalMark::Struck(true)),
    ]
}

fn of_writing(client: ClientId, note: ObjectId) -> [Edit; 6] {
    let phrase = |own, name: &str, saying| {
        let (kind, name) = (PhraseKind::Snippet, name.to_owned());
        Edit::SetPhrase { own, kind, name, saying }
    };
    let said = || Saying::Is(Phrase::Snippet(words()));
    [
        Edit::DivideDraft { note, client, format: NoteFormat::Dap },
        Edit::RelabelDraft(Box::new(RelabelDraft {
            client,
            draft: note,
            change: Relabel { put: BTreeSet::from([Label::Hiv]), taken: BTreeSet::new() },
        })),
        Edit::SetLevel { element: Element::Risk, level: Level::Require },
        phrase(true, "mine", said()),
        phrase(false, "ours", said()),
        phrase(false, "mse", Saying::Struck),
    ]
}

fn of_files(client: ClientId, record: RecordId) -> [Edit; 2] {
    [Edit::Attach { client, file: file() }, Edit::StrikeAttachment { client, record, struck: true }]
}

fn file() -> Box<NewAttachment> {
    let (bytes, metadata) = (words().into_bytes().into(), Metadata::Keep);
    Box::new(NewAttachment { title: words(), bytes, metadata, labels: BTreeSet::new() })
}

fn said() -> JournalHead {
    JournalHead { date: jiff::civil::date(2026, 11, 20), came: Came::Imported, shared: false }
}

fn line(text: &str) -> PlanChange {
    PlanChange { kind: Some(PlanKind::Goal), text: Some(text.to_owned()), ..PlanChange::default() }
}

fn of_consents(client: ClientId, consented: RecordId) -> [Edit; 3] {
    let renewal = Box::new(NewConsent { renews: Some(consented), ..consent() });
    let revoked = Some((jiff::civil::date(2026, 11, 20), words()));
    [
        Edit::RecordConsent { client, record: RecordId::from_bytes([46; 16]), consent: renewal },
        Edit::RevokeConsent { client, record: consented, revoked },
        Edit::StrikeConsent { client, record: consented, struck: true },
    ]
}

fn of_a_crisis(client: ClientId, measure: RecordId, judged: RecordId) -> [Edit; 4] {
    let risk = NewRisk { measure: Some(measure), adds_to: Some(judged), ..*super::crisis::risk() };
    let steps = BTreeMap::from([(SafetyStep::Alone, words())]);
    [
        Edit::RecordRisk { client, record: RecordId::from_bytes([47; 16]), risk: Box::new(risk) },
        Edit::SignSafetyPlan {
            client,
            record: RecordId::from_bytes([48; 16]),
            plan: Box::new(NewSafetyPlan { steps, at: None }),
        },
        Edit::StrikeCrisis { client, record: judged, struck: true },
        Edit::SetEmergency { place: "Austria".into(), numbers: Some("Line 142".into()) },
    ]
}

fn every(there: There) -> Vec<Edit> {
    let There { client, other, session, signed, draft, booked, task, contact, logged } = there;
    let series = booked.series;
    let new = |byte: u8| ObjectId::from_bytes([byte; 16]);
    let monday = jiff::civil::date(2026, 11, 30);
    let mut every = edits(client, session);
    every.extend([
        Edit::AddTask {
            client,
            task: TaskId::from_bytes([40; 16]),
            text: words(),
            due: None,
            since: None,
        },
        Edit::Amend { note: signed, client, text: words() },
        Edit::BeginAddendum { draft: new(41), client, note: signed },
        Edit::BeginCorrection(Correcting { draft: new(46), client, note: signed, blank: None }),
        Edit::Book(appointment(AppointmentId::from_bytes([42; 16]), client, slot(member(1), 8))),
        Edit::BookSeries(Box::new(NewSeries { series: SeriesId::from_bytes([43; 16]), ..booked })),
        Edit::ChangeDraft { note: draft, client, splices: vec![insert(Part::Text, 0, "more ")] },
        Edit::ChangeIdentity { client, field: IdentityField::Address, value: "Here 1".into() },
        Edit::ChangePlan { client, item: PlanItemId::from_bytes([44; 16]), change: line("b") },
        Edit::DiscardDraft { note: draft, client, discarded: true },
        Edit::EndSeries { series, last: Some(jiff::civil::date(2026, 12, 1)) },
        Edit::FinishTask { client, task, done: true },
        Edit::LogContact { client, contact },
        Edit::MoveFollowing { series, from: monday, slot: slot_on(monday, 15) },
        Edit::NewClient {
            client: ClientId::from_bytes([45; 16]),
            contact: ContactChange { name: Some("Ben Beispiel".into()), ..Default::default() },
        },
        Edit::NewGroup { group: new(46), kind: GroupKind::Family, change: called("F-01", client) },
        Edit::ChangeGroup {
            group: subject_of(new(GROUP)),
            change: GroupChange { name: Some("Us".into()), ..called("C-02", client) },
        },
        Edit::SameAs { client: other, kept: Some(client) },
        Edit::ReviewPlan { client, review: Some(jiff::civil::date(2027, 1, 15)) },
        Edit::Sign { note: draft, client, late_reason: None },
        Edit::SignImported { note: draft, client, late_reason: None },
        Edit::SetRemote {
            member: member(1),
            setting: RemoteSetting::Licences,
            text: "CA, NV".into(),
        },
        Edit::SignPlan { client },
        Edit::StrikeContact { client, record: logged, struck: true },
        Edit::Supervise { client, note: signed, step: Step::Submit },
        Edit::StrikeNote(Misfiled { client, note: signed, to: other, session: None }),
    ]);
    every.extend(arranged(client, session, series));
    every
}

fn entered(client: ClientId, measure: RecordId) -> [Edit; 5] {
    let score = NewScore { name: "OQ-45".into(), total: 63, range: (0, 180), source: words() };
    let form = crate::practice::measure::named("phq-9").unwrap();
    [
        Edit::DefineMeasure { id: "mood".into(), text: Some(OWN.into()) },
        Edit::EnterScore {
            client,
            session: None,
            score: Box::new(score),
            at: None,
            labels: Default::default(),
        },
        Edit::MarkMeasure { client, record: measure, mark: MeasureMark::Reviewed(true) },
        Edit::answered(client, None, form, crate::practice::measure::choices(&[1; 10])),
        Edit::EnterNote {
            client,
            session: None,
            format: NoteFormat::Free,
            parts: vec![(Part::Text, words())],
            late_reason: None,
        },
    ]
}

fn arranged(client: ClientId, session: AppointmentId, series: SeriesId) -> [Edit; 4] {
    let monday = jiff::civil::date(2026, 11, 30);
    let slot = slot_on(monday, 15);
    [
        Edit::SkipOccurrence { series, date: monday, skipped: true },
        Edit::ChangeFollowing { series, from: monday, slot, who: who(client) },
        Edit::ChangeWho { appointment: session, who: who(client) },
        Edit::Together(vec![
            Edit::SkipOccurrence { series, date: monday, skipped: true },
            Edit::EndSeries { series, last: Some(jiff::civil::date(2026, 12, 1)) },
        ]),
    ]
}

/// What a person sees: a series that ended before it began takes place never.
fn shown(index: &Index) -> Index {
    let mut index = index.clone();
    index.series.retain(|_, row| row.last.is_none_or(|last| last >= row.slot.start.date()));
    // What is struck is found still.
    index.attachments.clear();
    index
}

fn slot_on(date: jiff::civil::Date, hour: i8) -> Slot {
    Slot { start: date.at(hour, 0, 0, 0), ..slot(member(1), hour) }
}

/// Each verb that changes something has an undo and a redo, or the reason why not stands in
/// [`undone`].
#[test]
fn every_edit_is_undone_and_done_again_as_it_says() {
    let length = furnished().2.len();
    let mut seen = Vec::new();
    for number in 0..length {
        let (mut world, _, mut every) = furnished();
        let edit = every.swap_remove(number);
        let (way, name) = (undone(&edit), format!("{edit:?}"));
        let kind = std::mem::discriminant(&edit);
        if !seen.contains(&kind) {
            seen.push(kind);
        }
        let desk = &mut world.desks[0];
        let before = desk.index();
        let (_, inverse) = desk.apply(edit).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        let after = desk.index();
        let Some(inverse) = inverse else {
            assert_eq!(way, Undone::Never, "{name}");
            continue;
        };
        desk.now = desk.now.plus_millis(1000);
        let (_, redo) = desk.undo(inverse).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        let redo = redo.unwrap_or_else(|| panic!("{name} is not done again"));
        match way {
            Undone::Whole => assert!(shown(&desk.index()) == shown(&before), "{name}"),
            Undone::Marked => assert!(*desk.index() != *after, "{name}"),
            Undone::Never | Undone::Only => panic!("{name} was undone"),
        }
        desk.now = desk.now.plus_millis(1000);
        desk.undo(redo).unwrap_or_else(|why| panic!("{name}: {why:?}"));
    }
    // Those that are only ever an undo, those that an erasure has to be asked for first.
    let others = 3 + 2;
    assert_eq!(seen.len() + others, EDITS, "one that is new is made in `furnished`, too");
}

/// How many kinds of edits there are.
const EDITS: usize = 71;
