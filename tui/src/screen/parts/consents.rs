//! How consents stand, in words, and which of them somebody should see to. It knows what lists know:
//! kinds, days and what ended them.

use super::super::Scene;
use super::when;
use jiff::civil::Date;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::consent::{ConsentKind, ConsentRow, ConsentState};
use tacenda_shared::practice::edit::{Modality, Status};
use tacenda_shared::practice::view::AppointmentRow;

/// For so many days it is said of a consent that it has expired, unless sessions need it.
const EXPIRED_FOR_DAYS: i64 = 60;

/// Returns how a consent stands: `active`, `expires in 3 d`, `revoked 1 Nov`.
pub fn state_words(state: ConsentState, today: Date) -> String {
    let (word, date) = match state {
        ConsentState::Active => return "active".to_owned(),
        ConsentState::Expires(0) => return "expires today".to_owned(),
        ConsentState::Expires(days) => return format!("expires in {days} d"),
        ConsentState::Expired(date) => ("expired", date),
        ConsentState::Refused(date) => ("refused", date),
        ConsentState::Renewed(date) => ("renewed", date),
        ConsentState::Revoked(date) => ("revoked", date),
    };
    let year =
        if date.year() == today.year() { String::new() } else { format!(" {}", date.year()) };
    format!("{word} {}{year}", when::short(date))
}

/// Who comes by video to a session that is still to take place, without consent to telehealth on its
/// day. Of sessions of others, of whose charts nothing is known here, nothing is said.
pub fn without_telehealth(scene: &Scene<'_>, row: &AppointmentRow) -> Vec<ClientId> {
    let index = scene.index;
    // While charts are still on their way, nothing is said of what they hold.
    let comes = scene.sync.arriving.is_some() || scene.sync.opening;
    if !index.reach.charts() || comes {
        return Vec::new();
    }
    let to_come = matches!(row.status, Status::Booked | Status::Confirmed | Status::Arrived);
    if !to_come || row.slot.modality != Modality::Video {
        return Vec::new();
    }
    let day = when::local(row.starts, &index.zone).date();
    let own = scene.clinician() == Some(row.slot.clinician);
    let lacks = |client: &&ClientId| {
        let rows = index.consents_of(**client);
        let holds = |one: &ConsentRow| one.kind == ConsentKind::Telehealth && one.is_active(day);
        index.clients.contains_key(*client)
            && (own || index.consents.contains_key(*client))
            && !rows.iter().any(holds)
    };
    row.clients.iter().filter(lacks).copied().collect()
}

/// The consents of a client that expire soon, or have expired and are still needed: `comes` says
/// whether appointments are ahead, `by_video` whether some of them are by video.
pub fn due(
    rows: &[ConsentRow],
    today: Date,
    (comes, by_video): (bool, bool),
) -> impl Iterator<Item = (&ConsentRow, ConsentState)> {
    let listed = move |row: &ConsentRow, state| match state {
        ConsentState::Expires(_) => true,
        ConsentState::Expired(last) => {
            let needed = match row.kind {
                ConsentKind::Treatment => true,
                ConsentKind::Telehealth => by_video,
                _ => false,
            };
            comes && (needed || last >= when::shifted(today, -EXPIRED_FOR_DAYS))
        }
        _ => false,
    };
    rows.iter().map(move |row| (row, row.state(today))).filter(move |(row, state)| {
        listed(row, *state) && !rows.iter().any(|other| replaces(other, row, today))
    })
}

/// Whether another consent of the same kind holds for longer; each release and each other one is a
/// thing of its own.
fn replaces(other: &ConsentRow, row: &ConsentRow, today: Date) -> bool {
    let of_its_own =
        matches!(row.kind, ConsentKind::Release | ConsentKind::Other | ConsentKind::Unknown(_));
    let longer = match (other.until, row.until) {
        (None, Some(_)) => true,
        (Some(other), Some(until)) => other > until,
        (_, None) => false,
    };
    !of_its_own && other.kind == row.kind && other.is_active(today) && longer
}

/// What the card of a client says of consents; `None` if nothing has to be seen to.
pub fn card_words(client: ClientId, scene: &Scene<'_>) -> Option<String> {
    let (index, today) = (scene.index, scene.today());
    if !index.reach.charts() {
        return None;
    }
    let rows = index.consents_of(client);
    let next = scene.digest.next.get(&client).and_then(|id| index.appointments.get(id));
    let by_video = scene.digest.by_video.contains(&client);
    let due = due(&rows, today, (next.is_some(), by_video));
    let mut words: Vec<String> = due
        .map(|(row, state)| format!("{} {}", row.kind.title(), state_words(state, today)))
        .collect();
    let telehealth = ConsentKind::Telehealth.title();
    let lacks = next.is_some_and(|row| without_telehealth(scene, row).contains(&client));
    if lacks && !words.iter().any(|words| words.starts_with(telehealth)) {
        let last = rows.iter().find(|row| row.kind == ConsentKind::Telehealth);
        let state = last.map(|row| row.state(today));
        words.push(match state {
            Some(state @ (ConsentState::Refused(_) | ConsentState::Revoked(_))) => {
                format!("{telehealth} {}", state_words(state, today))
            }
            _ => format!("none to {telehealth}"),
        });
    }
    (!words.is_empty()).then(|| words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use tacenda_shared::id::RecordId;
    use tacenda_shared::practice::consent::ConsentEnd;

    const TODAY: Date = date(2026, 11, 22);

    fn row(kind: ConsentKind, until: Option<Date>) -> ConsentRow {
        let record = RecordId::from_bytes([1; 16]);
        ConsentRow { record, kind, given: date(2025, 11, 1), until, end: None }
    }

    #[test]
    fn what_expires_is_listed_while_it_is_needed_and_not_replaced() {
        use ConsentKind::{Recording, Release, Telehealth, Treatment};
        let count = |rows: &[ConsentRow], coming| due(rows, TODAY, coming).count();
        let soon = Some(date(2026, 12, 6));
        let later = Some(date(2026, 12, 7));
        let just = Some(date(2026, 11, 21));
        let long = Some(date(2026, 1, 1));
        for (kind, until, coming, expected) in [
            (Treatment, None, (true, true), 0),
            (Treatment, later, (true, true), 0),
            (Treatment, soon, (false, false), 1),
            (Treatment, just, (false, false), 0),
            (Treatment, long, (true, false), 1),
            (Telehealth, long, (true, false), 0),
            (Telehealth, long, (true, true), 1),
            (Telehealth, just, (true, false), 1),
            (Release, just, (true, true), 1),
            (Release, long, (true, true), 0),
            (Recording, long, (true, true), 0),
        ] {
            assert_eq!(count(&[row(kind, until)], coming), expected, "{kind:?} {until:?}");
        }
        // Given anew instead of renewed.
        assert_eq!(count(&[row(Treatment, just), row(Treatment, None)], (true, true)), 0);
        assert_eq!(count(&[row(Treatment, soon), row(Treatment, later)], (true, true)), 0);
        assert_eq!(count(&[row(Release, soon), row(Release, None)], (true, true)), 1);
        for end in [ConsentEnd::Refused, ConsentEnd::Renewed(TODAY), ConsentEnd::Revoked(TODAY)] {
            let ended = ConsentRow { end: Some(end), ..row(Treatment, soon) };
            assert_eq!(count(&[ended], (true, true)), 0, "{end:?}");
        }
    }

    #[test]
    fn a_state_is_said_in_words_and_with_the_year_where_it_is_another() {
        let words = |state| state_words(state, TODAY);
        assert_eq!(words(ConsentState::Expires(0)), "expires today");
        assert_eq!(words(ConsentState::Expires(3)), "expires in 3 d");
        assert_eq!(words(ConsentState::Revoked(date(2026, 11, 1))), "revoked 1 Nov");
        assert_eq!(words(ConsentState::Expired(date(2025, 11, 1))), "expired 1 Nov 2025");
    }
}
