//! A small practice for tests, made up on the spot: names, codes and times are nobody's.

mod apart;
pub(crate) mod crisis;
mod driver;
mod files;
pub(crate) mod found;
pub(crate) mod measures;

pub(crate) use apart::apart_id;
pub(crate) use driver::Driver;
pub(crate) use files::file_id;

use super::when;
use crate::input::{Input, Key, KeyCode};
use crate::message::{DeviceEvent, DeviceRow, Effect, Msg, Now, SyncStatus, VaultState};
use crate::model::{Look, Model};
use crate::update::update;
use crate::view::view;
use jiff::civil::{Date, DateTime, date};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tacenda_shared::id::{
    AppointmentId, ClientId, DeviceId, MemberId, ObjectId, PlanItemId, RecordId, TaskId, Timestamp,
};
use tacenda_shared::practice::consent::{
    ConsentEnd, ConsentHow, ConsentKind, ConsentRow, ConsentView,
};
use tacenda_shared::practice::edit::{
    AppointmentKind, Came, Edit, Fee, Modality, NoteFormat, Part, Slot, Stamp, Stamps, Status,
    Subject, Whereabouts,
};
use tacenda_shared::practice::group::{GroupKind, subject_of};
use tacenda_shared::practice::identity::IdentityField;
use tacenda_shared::practice::measure::{Review, Taken};
use tacenda_shared::practice::plan::{Plan, PlanItem, PlanKind, Progress};
use tacenda_shared::practice::schedule::waiting::{Waiting, Wish};
use tacenda_shared::practice::times::Times;
use tacenda_shared::practice::view::{
    AppointmentRow, ChartView, ClientRow, ConsentsView, DraftRow, DraftView, GroupRow,
    IdentityView, Index, JournalHead, JournalRow, JournalView, NoteState, NoteView, PlanView,
    Rival, TaskRow, TimelineEntry, TimelineRow, View,
};

pub(crate) const ZONE: &str = "Europe/Berlin";

/// The names of the made-up clients: none of them may be seen under the veil.
pub(crate) const NAMES: [&str; 4] =
    ["Testa Beispiel", "Mustera Probe", "Synthia Dummy", "Fakey McTestface"];
const CODES: [&str; 4] = ["JM-014", "AK-007", "LS-021", "DB-002"];

/// The made-up practice.
pub(crate) struct Sample {
    pub(crate) index: Index,
}

pub(crate) fn today() -> Date {
    date(2026, 11, 22)
}

pub(crate) fn now() -> Now {
    let local = today().at(9, 41, 0, 0);
    Now { time: when::moment(local, ZONE), local }
}

pub(crate) fn appointment(number: u8) -> AppointmentId {
    AppointmentId::from_bytes([number; 16])
}

pub(crate) fn client_id(number: u8) -> ClientId {
    ClientId::from_bytes([number; 16])
}

pub(crate) fn clinician() -> MemberId {
    MemberId::from_bytes([9; 16])
}

pub(crate) fn colleague() -> MemberId {
    MemberId::from_bytes([10; 16])
}

pub(crate) fn draft_id() -> ObjectId {
    ObjectId::from_bytes([40; 16])
}

fn moment(local: DateTime) -> Timestamp {
    when::moment(local, ZONE)
}

fn slot(start: DateTime, minutes: u16, room: Option<&str>) -> Slot {
    let modality = if room.is_some() { Modality::InOffice } else { Modality::Video };
    Slot {
        start,
        zone: ZONE.to_owned(),
        minutes,
        clinician: clinician(),
        room: room.map(str::to_owned),
        modality,
    }
}

impl Sample {
    pub(crate) fn new() -> Self {
        let mut index = Index { zone: ZONE.to_owned(), ..Index::default() };
        index.clinicians.insert(clinician(), "Dr. Sample".to_owned());
        for (number, (name, code)) in (1..).zip(NAMES.iter().zip(CODES)) {
            let row = ClientRow {
                id: client_id(number),
                name: (*name).to_owned(),
                code: code.to_owned(),
                pronouns: "she/her".to_owned(),
                phone: format!("555 01{number:02}"),
                email: format!("{}@example.org", code.to_lowercase()),
                safe_contact: "no voicemail; text before 18:00".to_owned(),
                archived: false,
                since: moment(date(2026, 3, 4).at(9, 0, 0, 0)),
                waiting: None,
                tasks: Vec::new(),
                died: None,
                same_as: None,
                same: Vec::new(),
            };
            index.clients.insert(row.id, Arc::new(row));
        }
        let mut sample = Self { index };
        sample.add_appointments();
        sample.add_charts();
        sample.add_consents();
        sample
    }

    /// A colleague works here, too, and has two appointments at once.
    pub(crate) fn with_a_colleague() -> Self {
        let mut sample = Self::new();
        sample.index.clinicians.insert(colleague(), "Dr. Also".to_owned());
        let slot = |hour: i8| {
            let slot = slot(today().at(hour, 0, 0, 0), 50, Some("3"));
            Slot { clinician: colleague(), ..slot }
        };
        sample.add(60, 3, slot(11), Status::Booked);
        sample.add(61, 4, slot(11), Status::Booked);
        sample.add(62, 4, slot(14), Status::Confirmed);
        sample
    }

    /// Three of the clients wait: for a time like any, for Sundays by video, for Mondays.
    pub(crate) fn with_waiting() -> Self {
        let mut sample = Self::new();
        let wishes = [(2, "", 20), (3, "Sun 9-14, video", 3), (4, "Mon 14-18", 40)];
        for (number, wish, days) in wishes {
            let wish = Wish::parse(wish, &sample.index.clinicians).unwrap();
            let since = now().time.plus_millis(-days * 86_400_000);
            let row = sample.index.clients.get_mut(&client_id(number)).unwrap();
            Arc::make_mut(row).waiting = Some(Waiting { since, wish });
        }
        sample
    }

    /// The first two clients are a couple, who come at 11:30.
    pub(crate) fn with_couple() -> Self {
        let mut sample = Self::new();
        let id = ObjectId::from_bytes([90; 16]);
        let subject = subject_of(id);
        let members = BTreeMap::from([(client_id(1), true), (client_id(2), true)]);
        let row = GroupRow {
            id,
            subject,
            kind: GroupKind::Couple,
            code: "J/A-01".to_owned(),
            name: "The Samples".to_owned(),
            members,
            since: moment(date(2026, 9, 1).at(9, 0, 0, 0)),
            ended: false,
        };
        let mut client = sample.client("JM-014");
        (client.id, client.name, client.code) = (subject, row.name.clone(), row.code.clone());
        (client.phone, client.safe_contact) = (String::new(), String::new());
        (client.email, client.pronouns) = (String::new(), String::new());
        sample.index.clients.insert(subject, Arc::new(client));
        sample.index.groups.insert(subject, Arc::new(row));
        sample.add(30, 1, slot(today().at(11, 30, 0, 0), 80, Some("2")), Status::Booked);
        sample.change(30, |row| {
            row.clients = vec![client_id(1), client_id(2)];
            row.group = Some(subject);
            row.kind = AppointmentKind::Couple;
        });
        sample
    }

    /// The first client's consent to telehealth expires in three days, the second has none, and the
    /// fourth has taken hers back.
    pub(crate) fn with_expiring() -> Self {
        let mut sample = Self::new();
        let mut change = |number: u8, at: usize, change: &dyn Fn(&mut ConsentRow)| {
            let rows = sample.index.consents.get_mut(&client_id(number)).unwrap();
            change(&mut Arc::make_mut(rows)[at]);
        };
        change(1, 1, &|row| {
            (row.given, row.until) = (date(2025, 11, 25), Some(date(2026, 11, 25)));
        });
        change(4, 1, &|row| row.end = Some(ConsentEnd::Revoked(date(2026, 11, 1))));
        let rows = sample.index.consents.get_mut(&client_id(2)).unwrap();
        Arc::make_mut(rows).pop();
        sample
    }

    /// The second client was found to be the first: with a note, a draft, a task and words of how to
    /// be reached of its own.
    pub(crate) fn with_twin() -> Self {
        let mut sample = Self::new();
        let (kept, twin) = (client_id(1), client_id(2));
        let mut row = sample.client("AK-007");
        row.same_as = Some(kept);
        row.safe_contact = "never call the office".to_owned();
        row.tasks.push(TaskRow {
            id: TaskId::from_bytes([9; 16]),
            text: "send the form".to_owned(),
            due: None,
            since: now().time,
        });
        let index = &mut sample.index;
        index.clients.remove(&twin);
        Arc::make_mut(index.clients.get_mut(&kept).unwrap()).same.push(Arc::new(row));
        index.merged.insert(twin, kept);
        for row in index.appointments.values_mut().filter(|row| row.clients == [twin]) {
            let row = Arc::make_mut(row);
            row.written = std::mem::replace(&mut row.clients, vec![kept]);
        }
        let rows = Arc::make_mut(index.timelines.get_mut(&kept).unwrap());
        let mut written = rows[0].clone();
        written.client = twin;
        if let TimelineEntry::Note { record, .. } = &mut written.entry {
            *record = RecordId::from_bytes([50; 16]);
        }
        rows.insert(0, written);
        let begun = DraftRow {
            note: ObjectId::from_bytes([41; 16]),
            client: twin,
            session: Some(appointment(2)),
            words: 12,
            ..index.drafts[0].clone()
        };
        index.drafts.push(begun);
        sample.change(2, |row| row.note = NoteState::Draft(ObjectId::from_bytes([41; 16])));
        sample
    }

    fn add_appointments(&mut self) {
        let day = today();
        let room = Some("2");
        self.add(1, 1, slot(day.at(9, 0, 0, 0), 50, room), Status::Arrived);
        self.add(2, 2, slot(day.at(10, 0, 0, 0), 50, None), Status::Confirmed);
        self.add(3, 3, slot(day.at(13, 30, 0, 0), 50, room), Status::LateCancel);
        self.add(4, 4, slot(day.at(15, 0, 0, 0), 50, None), Status::Booked);
        self.add(5, 1, slot(date(2026, 11, 15).at(9, 0, 0, 0), 50, room), Status::Held);
        self.add(6, 4, slot(date(2026, 11, 18).at(11, 0, 0, 0), 50, None), Status::Held);
        self.add(7, 3, slot(date(2026, 11, 20).at(12, 0, 0, 0), 50, room), Status::Booked);
        self.add(8, 2, slot(date(2026, 11, 20).at(12, 30, 0, 0), 50, room), Status::Held);
        let rival =
            Rival { slot: slot(day.at(16, 0, 0, 0), 50, None), device: None, time: now().time };
        self.change(4, |row| row.rivals = vec![rival]);
        self.change(5, |row| row.note = NoteState::Draft(draft_id()));
        self.change(8, |row| row.note = NoteState::Signed(RecordId::from_bytes([50; 16])));
    }

    fn add_charts(&mut self) {
        self.index.drafts.push(DraftRow {
            note: draft_id(),
            client: client_id(1),
            session: Some(appointment(5)),
            format: NoteFormat::Soap,
            begun: moment(date(2026, 11, 15).at(10, 0, 0, 0)),
            words: 240,
            addendum_to: None,
            corrects: None,
            journal: false,
            psychotherapy: false,
            date: None,
        });
        let note = |day: i8, words, addenda| TimelineRow {
            time: moment(date(2026, 11, day).at(18, 0, 0, 0)),
            client: client_id(1),
            entry: TimelineEntry::Note {
                record: RecordId::from_bytes([day.unsigned_abs(); 16]),
                format: NoteFormat::Soap,
                session: None,
                words,
                addenda,
                late: addenda > 0,
                corrected: None,
            },
        };
        let measure = |day: i8, total| TimelineRow {
            time: moment(date(2026, 11, day).at(9, 50, 0, 0)),
            client: client_id(1),
            entry: TimelineEntry::Measure {
                record: RecordId::from_bytes([60 + day.unsigned_abs(); 16]),
                taken: Taken {
                    instrument: "phq-9".to_owned(),
                    total: Some(total),
                    answered: 10,
                    items: 10,
                    screened: None,
                    review: Review::None,
                    session: None,
                    wording: tacenda_shared::practice::measure::named("phq-9")
                        .map(|form| form.wording),
                    scored: None,
                    given: Default::default(),
                },
            },
        };
        let rows = vec![note(8, 310, 0), measure(8, 14), note(1, 280, 1), measure(1, 15)];
        self.index.timelines.insert(client_id(1), Arc::new(rows));
    }

    pub(crate) fn add(&mut self, number: u8, client: u8, slot: Slot, status: Status) {
        let row = AppointmentRow {
            id: appointment(number),
            group: None,
            clients: vec![client_id(client)],
            written: Vec::new(),
            kind: AppointmentKind::Individual,
            starts: moment(slot.start),
            slot,
            rivals: Vec::new(),
            status,
            reason: None,
            // What was missed is settled.
            fee: (status == Status::LateCancel).then_some(Fee::Waived),
            memo: String::new(),
            note: NoteState::Missing,
            occurrence: None,
            stamps: Stamps::default(),
            whereabouts: Whereabouts::default(),
        };
        let day = self.index.days.entry(row.slot.start.date()).or_default();
        day.push(row.id);
        self.index.appointments.insert(row.id, Arc::new(row));
        let index = &self.index;
        let mut days = index.days.clone();
        for ids in days.values_mut() {
            ids.sort_by_key(|id| index.appointments.get(id).map(|row| row.starts));
        }
        self.index.days = days;
    }

    pub(crate) fn change(&mut self, number: u8, change: impl FnOnce(&mut AppointmentRow)) {
        let row = self.index.appointments.get_mut(&appointment(number)).unwrap();
        change(Arc::make_mut(row));
    }

    pub(crate) fn client(&self, code: &str) -> ClientRow {
        let mut rows = self.index.clients.values();
        rows.find(|row| row.code == code).map(|row| row.as_ref().clone()).unwrap()
    }

    pub(crate) fn draft(&self, note: ObjectId) -> View {
        let begun = &self.index.drafts[0];
        let session = begun.session.filter(|_| begun.note == note);
        let row = DraftRow { note, session, ..begun.clone() };
        let parts = NoteFormat::Soap.parts().iter();
        let parts = parts.map(|part| (*part, format!("about {}", part.title()))).collect();
        View::Draft(DraftView::new(row, parts))
    }

    pub(crate) fn addendum(&self, note: ObjectId, signed: RecordId) -> View {
        let (format, addendum_to) = (NoteFormat::Free, Some(signed));
        let begun = self.index.drafts[0].clone();
        let row = DraftRow { note, session: None, format, addendum_to, words: 0, ..begun };
        View::Draft(DraftView::new(row, vec![(Part::Text, String::new())]))
    }

    pub(crate) fn note(&self) -> View {
        View::Note(NoteView {
            record: RecordId::from_bytes([8; 16]),
            client: client_id(1),
            session: Some(appointment(5)),
            format: NoteFormat::Free,
            parts: vec![(Part::Text, "Slept better. Went out twice.".to_owned())],
            author: clinician(),
            signed: Stamp {
                time: moment(date(2026, 11, 8).at(18, 0, 0, 0)),
                zone: ZONE.to_owned(),
            },
            late_reason: None,
            remote: None,
            times: Times::default(),
            journal: None,
            psychotherapy: None,
            labels: BTreeSet::new(),
            supervision: None,
            versions: Some(Default::default()),
            addenda: Vec::new(),
        })
    }

    pub(crate) fn chart(&self, number: u8) -> View {
        let client = client_id(number);
        View::Chart(ChartView {
            client: Arc::clone(&self.index.clients[&client]),
            timeline: self.index.timelines.get(&client).cloned().unwrap_or_default(),
            drafts: self
                .index
                .drafts
                .iter()
                .filter(|row| self.index.kept(row.client) == client)
                .cloned()
                .collect(),
            last_plan: "graded exposure step 3; sleep diary; repeat PHQ-9 on 22 Nov".to_owned(),
            plan: if number == 1 { plan() } else { Plan::default() },
            further_plans: Vec::new(),
            labels: BTreeMap::new(),
        })
    }

    pub(crate) fn identity(&self, number: u8) -> View {
        let fields = [
            (IdentityField::LegalName, "Jamie Alexandra Sample"),
            (IdentityField::Born, "1985-03-02"),
            (IdentityField::Address, "1 Example Street, Anytown, CA 90000"),
        ];
        let identity = fields.into_iter().map(|(field, text)| (field, text.to_owned())).collect();
        let client = Arc::clone(&self.index.clients[&client_id(number)]);
        View::Identity(IdentityView { client, identity })
    }

    pub(crate) fn journal(&self, number: u8) -> View {
        let entry = |day: i8, shared, begins: &str| JournalRow {
            record: entry_id(day.unsigned_abs()),
            head: JournalHead { date: date(2026, 11, day), came: Came::Typed, shared },
            words: 120,
            begins: begins.to_owned(),
            struck: false,
        };
        let rows = vec![
            entry(
                20,
                false,
                "\u{202e}Mum was kind. Drove to the bridge and turned round before the toll.",
            ),
            entry(13, true, "Woke at four, made tea, wrote the list."),
        ];
        let client = Arc::clone(&self.index.clients[&client_id(number)]);
        let entries = if number == 1 { rows } else { Vec::new() };
        View::Journal(JournalView { client, entries, drafts: Vec::new() })
    }

    /// Puts the entries of [`Sample::journal`] into the timeline.
    pub(crate) fn with_journal(mut self) -> Self {
        let entry = |day: i8, shared| TimelineRow {
            client: client_id(1),
            time: moment(date(2026, 11, day).at(19, 0, 0, 0)),
            entry: TimelineEntry::Journal {
                record: entry_id(day.unsigned_abs()),
                date: date(2026, 11, day),
                words: 120,
                shared,
                addenda: 0,
            },
        };
        let known = self.index.timelines.get(&client_id(1)).cloned().unwrap_or_default();
        let mut rows = vec![entry(20, false), entry(13, true)];
        rows.extend(known.iter().cloned());
        self.index.timelines.insert(client_id(1), Arc::new(rows));
        self
    }

    /// The consents of the first client as their reader sees them.
    pub(crate) fn consents(&self, number: u8) -> View {
        let client = Arc::clone(&self.index.clients[&client_id(number)]);
        let rows = self.index.consents.get(&client.id).cloned().unwrap_or_default();
        let rows: Vec<_> = rows.iter().copied().chain(struck(number)).collect();
        let consents = rows.iter().map(|row| self.consent(*row)).collect();
        View::Consents(ConsentsView { client, consents })
    }

    fn consent(&self, row: ConsentRow) -> ConsentView {
        let text = |wanted, words: &str| match row.kind == wanted {
            true => words.to_owned(),
            false => String::new(),
        };
        ConsentView {
            handed: false,
            row,
            struck: row.record == RecordId::from_bytes([85; 16]),
            recipient: text(ConsentKind::Release, "Dr. Sampleton"),
            covers: text(ConsentKind::Telehealth, "sessions by video; nothing is recorded"),
            how: match row.kind {
                ConsentKind::Treatment => ConsentHow::SignedForm,
                _ => ConsentHow::InSession,
            },
            said: text(ConsentKind::Telehealth, "video only when I travel"),
            reason: text(ConsentKind::Release, "sees another doctor now"),
            renews: None,
            author: clinician(),
            signed: Stamp { time: moment(row.given.at(18, 0, 0, 0)), zone: ZONE.to_owned() },
            labels: BTreeSet::new(),
            says_more: false,
        }
    }

    /// What some clients have consented to: all that sessions need, and one more that was revoked.
    fn add_consents(&mut self) {
        let row = |number: u8, kind, given: Date, until, end| ConsentRow {
            record: RecordId::from_bytes([number; 16]),
            kind,
            given,
            until,
            end,
        };
        let (march, year) = (date(2026, 3, 4), Some(date(2027, 11, 25)));
        let (treatment, telehealth) = (ConsentKind::Treatment, ConsentKind::Telehealth);
        let revoked = Some(ConsentEnd::Revoked(date(2026, 11, 1)));
        self.index.consents.insert(
            client_id(1),
            Arc::new(vec![
                row(81, treatment, march, None, None),
                row(82, telehealth, march, year, None),
                row(83, ConsentKind::Recording, march, None, Some(ConsentEnd::Refused)),
                row(84, ConsentKind::Release, march, Some(date(2027, 3, 4)), revoked),
            ]),
        );
        for (client, number) in [(2, 86), (4, 88)] {
            let rows = vec![
                row(number, treatment, march, None, None),
                row(number + 1, telehealth, march, None, None),
            ];
            self.index.consents.insert(client_id(client), Arc::new(rows));
        }
    }

    pub(crate) fn plan(&self, number: u8) -> View {
        let client = client_id(number);
        let signed = moment(date(2026, 10, 4).at(18, 0, 0, 0));
        View::Plan(PlanView {
            client: Arc::clone(&self.index.clients[&client]),
            plan: if number == 1 { plan() } else { Plan::default() },
            changed: number == 1,
            versions: vec![(signed, RecordId::from_bytes([31; 16]))],
        })
    }
}

/// The entry of a journal of one day in November.
pub(crate) const fn entry_id(day: u8) -> RecordId {
    RecordId::from_bytes([day + 100; 16])
}

/// What was entered by mistake, which lists do not know.
fn struck(number: u8) -> Option<ConsentRow> {
    (number == 1).then(|| ConsentRow {
        record: RecordId::from_bytes([85; 16]),
        kind: ConsentKind::Ai,
        given: date(2026, 3, 4),
        until: None,
        end: None,
    })
}

/// A plan with two goals, one of them without an objective.
fn plan() -> Plan {
    let item = |number: u8, kind, text: &str| PlanItem {
        id: PlanItemId::from_bytes([number; 16]),
        kind,
        under: None,
        code: String::new(),
        text: text.to_owned(),
        target: None,
        progress: None,
        labels: BTreeSet::new(),
        since: moment(date(2026, 3, 2).at(9, 0, 0, 0)),
    };
    let goal = item(2, PlanKind::Goal, "Drive alone again");
    let objective = PlanItem {
        under: Some(goal.id),
        target: Some(date(2027, 2, 1)),
        progress: Some((Progress::Some, goal.since)),
        ..item(3, PlanKind::Objective, "Drive to work with company, 3 of 5 days")
    };
    let phobia = item(1, PlanKind::Diagnosis, "Other situational type phobia");
    Plan {
        items: vec![
            PlanItem { code: "F40.248".to_owned(), ..phobia },
            goal,
            objective,
            item(4, PlanKind::Goal, "Sleep six hours"),
            item(5, PlanKind::Frequency, "Weekly, 50 minutes"),
        ],
        review: Some(date(2026, 12, 1)),
    }
}
