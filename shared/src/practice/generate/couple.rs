//! A synthetic couple: two clients who also come together, with a note that they share.

use super::calendar::is_free;
use crate::id::{AppointmentId, ClientId, ObjectId};
use crate::practice::edit::{Edit, NoteFormat, Part, Splice};
use crate::practice::group::{Belongs, GroupChange, GroupKind};
use crate::random::Seeded;
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time, time};

/// When they come: in the gap at noon, where nobody else does.
pub(super) const AT: Time = time(12, 10, 0, 0);
const CODE: &str = "CP-001";

/// Returns the day on which they come in the week of `today`, which is another: the next on which
/// somebody works, or else the one before; `None` if there is neither.
pub(super) fn day(today: Date) -> Option<Date> {
    let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let week: Vec<Date> = (0..5).map(|days: i64| monday.saturating_add(days.days())).collect();
    let works = |date: &&Date| **date != today && !is_free(**date);
    let later = week.iter().find(|date| **date > today && works(date));
    later.or_else(|| week.iter().rev().find(works)).copied()
}

/// Returns the group, which knows of both, and what makes it.
pub(super) fn made(members: [ClientId; 2], random: &mut Seeded) -> (ObjectId, Edit) {
    let group = ObjectId::random(random);
    let members = members.into_iter().map(|client| (client, Belongs::Now)).collect();
    let name = Some("Sample couple".to_owned());
    let change = GroupChange { name, code: Some(CODE.to_owned()), members };
    (group, Edit::NewGroup { group, kind: GroupKind::Couple, change })
}

/// Returns what they share of a session, at its moments: from the end of the session on.
pub(super) fn note(
    couple: ClientId,
    session: AppointmentId,
    end: DateTime,
    random: &mut Seeded,
) -> [(DateTime, Edit); 3] {
    let note = ObjectId::random(random);
    let begin =
        Edit::BeginNote { note, client: couple, session: Some(session), format: NoteFormat::Soap };
    let splice = |(part, text): &(Part, &str)| Splice {
        part: *part,
        position: 0,
        deleted: 0,
        inserted: (*text).to_owned(),
    };
    let splices = TEXT.iter().map(splice).collect();
    let written = Edit::ChangeDraft { note, client: couple, splices };
    let sign = Edit::Sign { note, client: couple, late_reason: None };
    let at = |minutes: i64| end.saturating_add(minutes.minutes());
    [(end, begin), (at(4), written), (at(5), sign)]
}

const TEXT: [(Part, &str); 4] = [
    (
        Part::Subjective,
        "Both came on time. They report three evenings without their phones since last time, as \
         agreed, and one quarrel about the visit of her parents that lasted two days. He says that \
         he went out of the room as they had practiced, and that it helped to say for how long. \
         She says that it was easier to wait for him than last month, and that she still fears he \
         will not come back to the subject. Both would like to plan the holidays without a list of \
         who did what last year.",
    ),
    (
        Part::Objective,
        "They sat turned towards each other and took turns without being asked for most of the \
         hour. Twice the voices rose; both times one of them named it, and they went on. Each \
         could repeat what the other had said before answering. Neither reports being afraid of \
         the other; asked of each alone on the telephone before, the answer was the same.",
    ),
    (
        Part::Assessment,
        "The pattern of pressing and leaving is less strict than at the beginning: the break is \
         announced, and somebody comes back from it. The quarrel about the visit shows where it \
         still holds. Both work at it between sessions. What each of them brings alone is \
         written in their own charts and not here.",
    ),
    (
        Part::Plan,
        "Go on every week. Until next time: one talk of twenty minutes about the holidays, with a \
         clock, each speaking for five minutes at a time; who needs a break says when it ends. \
         Next time: look at the talk together, then at what each learned at home about leaving \
         and being left.",
    ),
];
