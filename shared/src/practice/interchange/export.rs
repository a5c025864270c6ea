//! Writes the lines of an export, one after the other, without holding them all.

use super::super::consent::{ConsentEnd, ConsentView};
use super::super::crisis::{RiskView, SafetyView};
use super::super::edit::{Channel, Direction, Stamp};
use super::super::identity::IdentityField;
use super::super::label::Label;
use super::super::measure::MeasureView;
use super::super::plan::PlanItem;
use super::super::supervision::Supervision;
use super::super::view::{
    AddendumView, AppointmentRow, AttachmentRow, ClientRow, ConsentsView, DraftView, GroupRow,
    IdentityView, Index, JournalHead, NoteView, PlanView, SeriesRow, TaskRow,
};
use super::lines::{
    AddendumLine, AdditionBody, AppointmentLine, AttachmentLine, AttachmentPartLine, AuthorBody,
    CHANNELS, ClientLine, ConsentLine, ContactLine, DIRECTIONS, DraftLine, EndLine, FEES, FORMATS,
    GroupLine, HeaderLine, IdentityLine, InErrorLine, JournalLine, KINDS, MODALITIES, MemberBody,
    NoteLine, PARTS, PartBody, PlanItemBody, PlanLine, RemoteBody, Rest, STATUSES, SeriesLine,
    TaskBody, Typed, WaitingBody, instant, moment, slot, stamp, word,
};
use super::times::TimesBody;
use super::{VERSION, base64};
use super::{crisis, measures, phrases, series};
use crate::id::{ClientId, MemberId, RecordId, Timestamp};
use crate::suite;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Bytes of a file in one line: their text is far below the longest line.
const PIECE_BYTES: usize = 768 << 10;

/// Something from a chart. What lies in a psychotherapy compartment must not be passed.
#[derive(Clone, Debug, PartialEq)]
pub enum ChartItem {
    /// A file of this client; without its bytes, if not all of it is there.
    Attachment(ClientId, AttachmentRow, BTreeSet<Label>, Option<Vec<u8>>),
    /// What the client has consented to.
    Consents(ConsentsView),
    /// An entry of the contact log.
    Contact(ContactItem),
    /// A draft.
    Draft(DraftView),
    /// Who the client is in law.
    Identity(IdentityView),
    /// That a note of this client was entered in error: the line that stays, when and by whom.
    InError(ClientId, RecordId, Timestamp, MemberId),
    /// A measure.
    Measure(Box<MeasureView>),
    /// A signed note, a version of a treatment plan, or an entry of the client's journal; what was
    /// added to it comes with it.
    Note(NoteView),
    /// A treatment plan as it stands.
    Plan(PlanView),
    /// A risk form.
    Risk(Box<RiskView>),
    /// A version of a safety plan.
    Safety(SafetyView),
}

/// An entry of the contact log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContactItem {
    /// The record.
    pub record: RecordId,
    /// With whom.
    pub client: ClientId,
    /// In which way.
    pub channel: Channel,
    /// Who began.
    pub direction: Direction,
    /// In a line; may be empty.
    pub text: String,
    /// Who wrote it down.
    pub author: MemberId,
    /// When it was.
    pub at: Stamp,
    /// Its labels, which lie in the chart.
    pub labels: BTreeSet<Label>,
}

/// Writes the first line, clients, appointments, `items` in their order, and the last line.
/// No line has its end of line.
pub fn export_lines<'a>(
    index: &'a Index,
    written: &Stamp,
    items: impl IntoIterator<Item = ChartItem> + 'a,
) -> impl Iterator<Item = String> + 'a {
    export_lines_without(&[], index, written, items)
}

/// The same, with a first line that says what else was left out.
pub fn export_lines_without<'a>(
    also: &[&str],
    index: &'a Index,
    written: &Stamp,
    items: impl IntoIterator<Item = ChartItem> + 'a,
) -> impl Iterator<Item = String> + 'a {
    let without = std::iter::once("psychotherapy-notes").chain(also.iter().copied());
    let header = HeaderLine {
        tacenda: "export".to_owned(),
        version: u64::from(VERSION),
        written: Some(stamp(written)),
        without: without.map(str::to_owned).collect(),
        rest: Rest::new(),
    };
    let forms = index.measure_files.iter().map(|(id, file)| measures::instrument(id, file));
    let people = index.every_client().filter(|row| !index.groups.contains_key(&row.id));
    let clients = people.map(|row| client(row, index));
    let groups = index.groups.values().map(|row| group(row, index));
    let parts = index.series.values().flat_map(|row| series::parts(row, index));
    let series = parts.map(|row| series_line(&row, index));
    // What follows from a series alone is in its line.
    let stands = |row: &&Arc<AppointmentRow>| row.occurrence.is_none_or(|one| one.touched);
    let appointments =
        index.appointments.values().filter(stands).map(|row| appointment(row, index));
    let items = items.into_iter().flat_map(|item| chart_item(&item, index));
    let lines = std::iter::once(json(&header))
        .chain(forms)
        .chain(phrases::lines(index))
        .chain(clients)
        .chain(groups)
        .chain(series)
        .chain(appointments)
        .chain(items);
    Counted { lines, count: 0, ended: false }
}

/// Adds the last line, which says how many there were.
struct Counted<I> {
    lines: I,
    count: u64,
    ended: bool,
}

impl<I: Iterator<Item = String>> Iterator for Counted<I> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if let Some(line) = self.lines.next() {
            self.count += 1;
            return Some(line);
        }
        if self.ended {
            return None;
        }
        self.ended = true;
        Some(typed("end", EndLine { lines: self.count, rest: Rest::new() }))
    }
}

fn client(row: &ClientRow, index: &Index) -> String {
    typed(
        "client",
        ClientLine {
            id: row.id.to_string(),
            name: row.name.clone(),
            code: row.code.clone(),
            pronouns: row.pronouns.clone(),
            phone: row.phone.clone(),
            email: row.email.clone(),
            safe_contact: row.safe_contact.clone(),
            archived: row.archived,
            since: Some(moment(row.since, &index.zone)),
            waiting: row.waiting.as_ref().map(|waiting| WaitingBody {
                since: moment(waiting.since, &index.zone),
                wish: waiting.wish.words(&BTreeMap::new()),
                clinician: waiting.wish.clinician.map(|member| member.to_string()),
            }),
            tasks: row.tasks.iter().map(|row| task(row, index)).collect(),
            died: row.died.map(|died| died.to_string()),
            same_as: index.merged.get(&row.id).map(ToString::to_string),
            rest: Rest::new(),
        },
    )
}

fn group(row: &GroupRow, index: &Index) -> String {
    // Of whom nothing is known here, nothing could be said where it is taken in.
    let known = row.members.iter().filter(|(client, _)| index.own_row(**client).is_some());
    let member = |(client, belongs): (&ClientId, &bool)| MemberBody {
        client: client.to_string(),
        left: !belongs,
    };
    typed(
        "group",
        GroupLine {
            id: row.id.to_string(),
            client: row.subject.to_string(),
            kind: row.kind.word().to_owned(),
            code: row.code.clone(),
            name: row.name.clone(),
            members: known.map(member).collect(),
            since: Some(moment(row.since, &index.zone)),
            ended: row.ended,
            rest: Rest::new(),
        },
    )
}

fn task(task: &TaskRow, index: &Index) -> TaskBody {
    let due = task.due.map(|due| due.to_string());
    let since = Some(moment(task.since, &index.zone));
    TaskBody { id: task.id.to_string(), text: task.text.clone(), due, since }
}

/// Who comes, as far as the export says who that is: whoever is out of sight, or cannot be read, is
/// nobody where it is taken in.
fn comes(clients: &[ClientId], index: &Index) -> Vec<String> {
    let known = clients.iter().filter(|client| index.own_row(**client).is_some());
    known.map(ToString::to_string).collect()
}

fn series_line(row: &SeriesRow, index: &Index) -> String {
    typed(
        "series",
        SeriesLine {
            id: row.id.to_string(),
            clients: comes(&row.clients, index),
            kind: word(KINDS, row.kind).to_owned(),
            slot: slot(&row.slot),
            rule: row.rule.to_string(),
            last: row.last.map(|last| last.to_string()),
            skipped: row.skipped.iter().map(ToString::to_string).collect(),
            memo: row.memo.clone(),
            rest: Rest::new(),
        },
    )
}

fn appointment(row: &AppointmentRow, index: &Index) -> String {
    typed(
        "appointment",
        AppointmentLine {
            id: row.id.to_string(),
            clients: comes(row.as_written(), index),
            kind: word(KINDS, row.kind).to_owned(),
            slot: slot(&row.slot),
            starts: Some(instant(row.starts, &row.slot.zone)),
            rivals: row.rivals.iter().map(|rival| slot(&rival.slot)).collect(),
            status: word(STATUSES, row.status).to_owned(),
            reason: row.reason.clone(),
            fee: row.fee.map(|fee| word(FEES, fee).to_owned()),
            began: row.stamps.began.map(|time| moment(time, &row.slot.zone)),
            ended: row.stamps.ended.map(|time| moment(time, &row.slot.zone)),
            client_place: row.whereabouts.place.clone(),
            client_help: row.whereabouts.help.clone(),
            memo: row.memo.clone(),
            rest: Rest::new(),
        },
    )
}

fn chart_item(item: &ChartItem, index: &Index) -> Vec<String> {
    match item {
        ChartItem::Attachment(client, row, labels, bytes) => {
            attachment((*client, row, labels), bytes.as_deref(), index)
        }
        ChartItem::Consents(view) => consents(view, index),
        ChartItem::Contact(item) => vec![contact(item, index)],
        ChartItem::Draft(view) => vec![draft(view, index)],
        ChartItem::Identity(view) => vec![identity(view)],
        ChartItem::InError(client, record, struck, by) => {
            vec![in_error((*client, *record), (*struck, *by), index)]
        }
        ChartItem::Measure(view) => vec![measures::measure(view, index)],
        ChartItem::Note(view) => note(view, index),
        ChartItem::Plan(view) => vec![plan(view, index)],
        ChartItem::Risk(view) => vec![crisis::risk(view, index)],
        ChartItem::Safety(view) => vec![crisis::safety(view, index)],
    }
}

fn attachment(
    (client, row, said): (ClientId, &AttachmentRow, &BTreeSet<Label>),
    bytes: Option<&[u8]>,
    index: &Index,
) -> Vec<String> {
    let line = AttachmentLine {
        id: row.record.to_string(),
        client: client.to_string(),
        title: row.title.clone(),
        media: row.media.word().to_owned(),
        size: u64::from(row.size),
        sha256: bytes.map(|bytes| suite::sha256(bytes).to_string()).unwrap_or_default(),
        stripped: row.stripped,
        missing: bytes.is_none(),
        author: row.author.map(|member| author(member, index)),
        signed: stamp(&row.signed),
        labels: labels(said),
        rest: Rest::new(),
    };
    let pieces = bytes.into_iter().flat_map(|bytes| bytes.chunks(PIECE_BYTES)).map(|piece| {
        let (attachment, bytes) = (row.record.to_string(), base64::encode(piece));
        typed("attachment-part", AttachmentPartLine { attachment, bytes, rest: Rest::new() })
    });
    std::iter::once(typed("attachment", line)).chain(pieces).collect()
}

fn draft(view: &DraftView, index: &Index) -> String {
    typed(
        "draft",
        DraftLine {
            id: view.row.note.to_string(),
            client: view.row.client.to_string(),
            session: view.row.session.map(|id| id.to_string()),
            format: word(FORMATS, view.row.format).to_owned(),
            parts: parts(&view.parts),
            begun: moment(view.row.begun, &index.zone),
            addendum_to: view.row.addendum_to.map(|id| id.to_string()),
            corrects: view.row.corrects.map(|id| id.to_string()),
            journal: view.row.journal,
            date: view.row.date.map(|date| date.to_string()),
            labels: labels(&view.labels),
            rest: Rest::new(),
        },
    )
}

fn in_error(
    (client, record): (ClientId, RecordId),
    (struck, by): (Timestamp, MemberId),
    index: &Index,
) -> String {
    typed(
        "entered-in-error",
        InErrorLine {
            id: record.to_string(),
            client: client.to_string(),
            struck: moment(struck, &index.zone),
            author: author(by, index),
            rest: Rest::new(),
        },
    )
}

fn contact(item: &ContactItem, index: &Index) -> String {
    typed(
        "contact",
        ContactLine {
            id: item.record.to_string(),
            client: item.client.to_string(),
            channel: word(CHANNELS, item.channel).to_owned(),
            direction: word(DIRECTIONS, item.direction).to_owned(),
            text: item.text.clone(),
            author: author(item.author, index),
            at: stamp(&item.at),
            labels: labels(&item.labels),
            rest: Rest::new(),
        },
    )
}

fn entry(view: &NoteView, head: JournalHead, index: &Index) -> String {
    let addition = |addendum: &AddendumView| AdditionBody {
        text: addendum.text.clone(),
        author: author(addendum.author, index),
        signed: stamp(&addendum.signed),
    };
    typed(
        "journal",
        JournalLine {
            id: view.record.to_string(),
            client: view.client.to_string(),
            date: head.date.to_string(),
            came: head.came.word().to_owned(),
            shared: head.shared,
            text: view.parts.iter().map(|(_, text)| text.as_str()).collect(),
            author: author(view.author, index),
            signed: stamp(&view.signed),
            additions: view.addenda.iter().map(addition).collect(),
            labels: labels(&view.labels),
            rest: Rest::new(),
        },
    )
}

impl RemoteBody {
    pub(super) fn of(view: &NoteView) -> Option<Self> {
        let (modality, said) = view.remote.as_ref()?;
        Some(Self {
            modality: word(MODALITIES, *modality).to_owned(),
            client_place: said.place.clone(),
            client_help: said.help.clone(),
        })
    }
}

fn note(view: &NoteView, index: &Index) -> Vec<String> {
    if let Some(head) = view.journal {
        return vec![entry(view, head, index)];
    }
    let before = view.versions.as_ref().and_then(|versions| versions.before.first());
    let others = view.versions.iter().flat_map(|versions| versions.before.iter().skip(1));
    let line = NoteLine {
        id: view.record.to_string(),
        client: view.client.to_string(),
        session: view.session.map(|id| id.to_string()),
        format: word(FORMATS, view.format).to_owned(),
        parts: parts(&view.parts),
        author: author(view.author, index),
        signed: stamp(&view.signed),
        late_reason: view.late_reason.clone(),
        corrects: before.map(|one| one.record.to_string()),
        corrected_because: before.map(|one| one.because.clone()),
        corrects_too: others.map(|one| one.record.to_string()).collect(),
        remote: RemoteBody::of(view),
        times: TimesBody::of(&view.times, &view.signed.zone, index),
        labels: labels(&view.labels),
        rest: second(view, index),
    };
    let addenda = view.addenda.iter().map(|addendum| {
        let line = AddendumLine {
            id: addendum.record.to_string(),
            note: view.record.to_string(),
            client: view.client.to_string(),
            text: addendum.text.clone(),
            author: author(addendum.author, index),
            signed: stamp(&addendum.signed),
            rest: Rest::new(),
        };
        typed("addendum", line)
    });
    std::iter::once(typed("note", line)).chain(addenda).collect()
}

/// How a note stands with a second person. Nobody signs for somebody else: no import takes it in.
fn second(view: &NoteView, index: &Index) -> Rest {
    let Some(second) = &view.supervision else { return Rest::new() };
    let state = match second.state {
        Supervision::Waiting => "waiting",
        Supervision::Returned => "returned",
        Supervision::CoSigned => "co-signed",
    };
    let value = serde_json::json!({
        "state": state,
        "by": author(second.by, index),
        "at": stamp(&second.at),
        "comment": second.comment,
        "additions_not_covered": second.not_covered,
    });
    Rest::from_iter([("supervision".to_owned(), value)])
}

fn identity(view: &IdentityView) -> String {
    let value = |field| view.identity.get(&field).cloned();
    typed(
        "identity",
        IdentityLine {
            client: view.client.id.to_string(),
            legal_name: value(IdentityField::LegalName),
            born: value(IdentityField::Born),
            address: value(IdentityField::Address),
            guardians: value(IdentityField::Guardians),
            jurisdiction: value(IdentityField::Jurisdiction),
            emergency: value(IdentityField::Emergency),
            rest: Rest::new(),
        },
    )
}

fn plan(view: &PlanView, index: &Index) -> String {
    let item = |item: &PlanItem| PlanItemBody {
        id: item.id.to_string(),
        kind: item.kind.word().to_owned(),
        under: item.under.map(|under| under.to_string()),
        code: item.code.clone(),
        text: item.text.clone(),
        target: item.target.map(|date| date.to_string()),
        progress: item.progress.map(|(progress, _)| progress.word().to_owned()),
        rated: item.progress.map(|(_, rated)| moment(rated, &index.zone)),
        since: moment(item.since, &index.zone),
        labels: labels(&item.labels),
    };
    typed(
        "plan",
        PlanLine {
            client: view.client.id.to_string(),
            review: view.plan.review.map(|date| date.to_string()),
            items: view.plan.items.iter().map(item).collect(),
            rest: Rest::new(),
        },
    )
}

/// The consents of a client in the order in which they were written down; what was struck has no line.
fn consents(view: &ConsentsView, index: &Index) -> Vec<String> {
    let mut known: Vec<_> = view.consents.iter().filter(|one| !one.struck).collect();
    known.sort_by_key(|one| (one.signed.time, one.row.record));
    known.into_iter().map(|one| consent(one, view.client.id, index)).collect()
}

fn consent(one: &ConsentView, client: ClientId, index: &Index) -> String {
    let row = &one.row;
    let revoked = match row.end {
        Some(ConsentEnd::Revoked(date)) => Some(date.to_string()),
        _ => None,
    };
    typed(
        "consent",
        ConsentLine {
            id: row.record.to_string(),
            client: client.to_string(),
            kind: row.kind.word(),
            given: row.given.to_string(),
            until: row.until.map(|date| date.to_string()),
            how: one.how.word(),
            to: one.recipient.clone(),
            covers: one.covers.clone(),
            said: one.said.clone(),
            refused: row.end == Some(ConsentEnd::Refused),
            handed: one.handed,
            renews: one.renews.map(|record| record.to_string()),
            revoked,
            revoked_because: one.reason.clone(),
            author: author(one.author, index),
            signed: stamp(&one.signed),
            labels: labels(&one.labels),
            rest: Rest::new(),
        },
    )
}

pub(super) fn labels(labels: &BTreeSet<Label>) -> Vec<String> {
    labels.iter().copied().map(Label::word).collect()
}

fn parts(parts: &[(super::super::edit::Part, String)]) -> Vec<PartBody> {
    let body = |(part, text): &(_, String)| PartBody {
        part: word(PARTS, *part).to_owned(),
        text: text.clone(),
    };
    parts.iter().map(body).collect()
}

pub(super) fn author(member: MemberId, index: &Index) -> AuthorBody {
    let name = index.clinicians.get(&member).cloned().unwrap_or_default();
    AuthorBody { id: member.to_string(), name }
}

pub(super) fn typed(kind: &'static str, body: impl Serialize) -> String {
    json(&Typed { kind, body })
}

/// Strings, numbers, lists and maps with string keys: none of them can fail to be written.
#[expect(
    clippy::expect_used,
    reason = "the types of `lines` have string keys and no own Serialize"
)]
fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("lines are strings, numbers, lists and string-keyed maps")
}
