//! What people do with consents: they are written down, taken back, struck, looked at.

use super::{
    ConsentEnd, ConsentKind, ConsentRow, ConsentView, Known, NewConsent, RECIPIENT_BYTES_MAX,
    TEXT_BYTES_MAX, is_consent, set_listed, set_revoked, text_in,
};
use crate::id::{ClientId, RecordId};
use crate::practice::apply::{Done, Refusal};
use crate::practice::change::Change;
use crate::practice::chart::tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::contact::normal;
use crate::practice::edit::Edit;
use crate::practice::record::{RELATIONS_MAX, RecordKind, Relation, RelationKind, Tags};
use crate::practice::sign::sign_event;
use crate::practice::view::ConsentsView;
use crate::practice::{Context, Practice, ShelfError, zone};
use crate::suite::Hash;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many of those before it a renewal names; the rest of its relations names what was said of them.
const RENEWS_MAX: usize = 24;

impl Practice {
    /// Carries out what is about consents; nothing else comes here.
    pub(in crate::practice) fn change_consents(
        &mut self,
        edit: Edit,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        match edit {
            Edit::RecordConsent { client, record, consent } => {
                self.record_consent(client, record, *consent, cx)
            }
            Edit::RevokeConsent { client, record, revoked } => {
                self.revoke_consent(client, record, revoked, cx)
            }
            Edit::StrikeConsent { client, record, struck } => {
                self.strike_consent(client, record, struck, cx)
            }
            _ => Ok(Done::default()),
        }
    }

    fn record_consent(
        &mut self,
        client: ClientId,
        id: RecordId,
        consent: NewConsent,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        if !self.facts.contacts.contains_key(&client) {
            return Err(Refusal::UnknownClient);
        }
        let known = self.facts.charts.get(&client);
        if known.is_some_and(|chart| chart.records.contains_key(&id)) {
            return Err(Refusal::ConsentExists);
        }
        let consent = fitting(consent, zone::date(cx.now, &self.facts.settings.zone))?;
        let name = CompartmentName::Chart(client);
        let (mut relations, mut body) = (Vec::new(), consent.body());
        if let Some(renews) = consent.renews {
            let earlier = self.known_consent(client, renews)?;
            if earlier.struck || earlier.row.kind != consent.kind {
                return Err(Refusal::UnknownConsent);
            }
            // As the whole chart has it, with what is hidden: that was said all the same.
            let chart = self.facts.charts.get(&client).ok_or(Refusal::UnknownConsent)?;
            let before = chart.renewed_by(renews).into_iter().take(RENEWS_MAX);
            let before = before.map(|id| Self::names(RelationKind::Renews, client, id, cx));
            relations.extend(before.collect::<Vec<_>>());
            // What was given before the client took it back says nothing against that, whenever it
            // is written down.
            let seen = chart.said().said_against(renews, consent.given);
            let (named, more) = seen.split_at(seen.len().min(RELATIONS_MAX - RENEWS_MAX));
            let named = named.iter().copied();
            relations.extend(named.map(|id| Self::names(RelationKind::Revokes, client, id, cx)));
            set_listed(&mut body, more);
        }
        let ended = self.ended_by(client, &consent, cx);
        let (day, reason) = consent.revoked.clone().unwrap_or((consent.given, String::new()));
        let change = self.write_record_as(id, &name, (RecordKind::Consent, relations), body, cx);
        let inverse = Edit::StrikeConsent { client, record: id, struck: true };
        let mut done = self.done(client, (id, change), inverse.clone(), cx);
        for (whose, since, ended) in ended {
            // What had been taken back before was so since then, and is ended once more.
            let before = since.map(|since| (since, String::new()));
            let (day, reason) = before.as_ref().map_or((day, &reason), |(day, none)| (*day, none));
            // Records of their own, which stay when this one is struck or erased.
            for ended in ended.chunks(RELATIONS_MAX) {
                let mut body = Tags::new();
                set_revoked(&mut body, day, reason);
                let written = self.write_act(whose, ended, body, cx);
                done.changes.extend(self.done(whose, written, inverse.clone(), cx).changes);
            }
        }
        Ok(done)
    }

    /// The consents that a new one ends: what a client refuses to renew, or has taken back since it was
    /// renewed, with all its family; and who refuses something for nobody in particular takes back
    /// what was given of that kind before. Also what is struck or hidden or was taken back, since that
    /// may be brought back or have been a mistake, and what lies in the record of a duplicate, also of
    /// one who is out of sight; by whose record it lies in, and since when it was taken back before.
    /// Nothing is written any more where keys are to die.
    fn ended_by(
        &self,
        client: ClientId,
        consent: &NewConsent,
        cx: &mut Context<'_>,
    ) -> Vec<(ClientId, Option<Date>, Vec<RecordId>)> {
        if !consent.refused && consent.revoked.is_none() {
            return Vec::new();
        }
        let mut ended = Vec::new();
        for whose in self.one_person(client) {
            let gone = self.facts.settings.erasures.is_ordered(whose);
            let Some(chart) = self.facts.charts.get(&whose).filter(|_| !gone) else { continue };
            let mut here: BTreeMap<Option<Date>, BTreeSet<RecordId>> = BTreeMap::new();
            // What is not refused ends what it names alone.
            let rows = match (consent.refused, consent.renews) {
                (true, _) => chart.register(),
                (false, renews) => renews.and_then(|id| chart.consent(id)).into_iter().collect(),
            };
            for Known { row, .. } in rows {
                let since = match row.end {
                    None | Some(ConsentEnd::Renewed(_)) => None,
                    Some(ConsentEnd::Revoked(date)) if consent.refused => Some(date),
                    _ => continue,
                };
                let alike = consent.refused
                    && consent.recipient.is_empty()
                    && consent.kind.is_usual()
                    && row.kind == consent.kind
                    && row.given <= consent.given;
                if consent.renews == Some(row.record) || alike && !Self::names_one(whose, row, cx) {
                    here.entry(since).or_default().insert(row.record);
                }
            }
            let mut named = BTreeSet::new();
            // Of a family of which something holds yet, and of days the newest first.
            let open = here.remove(&None).map(|these| (None, these));
            for (since, these) in open.into_iter().chain(here.into_iter().rev()) {
                let mut all = chart.families_of(&these);
                all.retain(|id| named.insert(*id));
                if !all.is_empty() {
                    ended.push((whose, since, all));
                }
            }
        }
        ended
    }

    /// Whether a consent says to whom. What cannot be read is taken to be for nobody in particular, so
    /// that it is over rather than held to be given.
    fn names_one(client: ClientId, row: ConsentRow, cx: &mut Context<'_>) -> bool {
        let record = Self::stored_record(&CompartmentName::Chart(client), row.record, cx);
        let named = |body: &Tags| body.bytes(tag::CONSENT_RECIPIENT).is_some();
        record.is_ok_and(|record| record.body().is_some_and(named))
    }

    /// Says when the client took a consent back, or that it is not so. That is said of the whole family:
    /// it stays while one of that does.
    fn revoke_consent(
        &mut self,
        client: ClientId,
        record: RecordId,
        revoked: Option<(Date, String)>,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let known = self.known_consent(client, record)?;
        if known.struck || known.row.end == Some(ConsentEnd::Refused) {
            return Err(Refusal::ConsentNotGiven);
        }
        let chart = self.facts.charts.get(&client).ok_or(Refusal::UnknownConsent)?;
        let mut body = Tags::new();
        let mut named = vec![record];
        if let Some((date, reason)) = &revoked {
            let today = zone::date(cx.now, &self.facts.settings.zone);
            if *date < known.row.given || *date > today {
                return Err(Refusal::InvalidDate);
            }
            let reason = normal(reason);
            if reason.len() > TEXT_BYTES_MAX {
                return Err(Refusal::TextTooLong);
            }
            set_revoked(&mut body, *date, &reason);
            let family = chart.families_of(&BTreeSet::from([record]));
            named.extend(family.into_iter().filter(|id| *id != record));
        } else {
            named.extend(chart.against(record).into_iter().filter(|id| *id != record));
        }
        let before = match known.row.end {
            Some(ConsentEnd::Revoked(date)) => Some((date, Self::reason(client, &known, cx)?)),
            _ => None,
        };
        let written = self.write_act(client, &named, body, cx);
        let inverse = Edit::RevokeConsent { client, record, revoked: before };
        Ok(self.done(client, written, inverse, cx))
    }

    fn write_act(
        &mut self,
        client: ClientId,
        named: &[RecordId],
        mut body: Tags,
        cx: &mut Context<'_>,
    ) -> (RecordId, Change) {
        let (named, more) = named.split_at(named.len().min(RELATIONS_MAX));
        set_listed(&mut body, more);
        let named = named.iter();
        let relations =
            named.map(|id| Self::names(RelationKind::Revokes, client, *id, cx)).collect();
        let name = CompartmentName::Chart(client);
        self.write_record(&name, RecordKind::Consent, relations, body, cx)
    }

    /// Strikes a consent that was entered by mistake, or brings it back.
    fn strike_consent(
        &mut self,
        client: ClientId,
        record: RecordId,
        struck: bool,
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        self.known_consent(client, record)?;
        let relation = Self::names(RelationKind::Corrects, client, record, cx);
        let mut body = Tags::new();
        body.set(tag::STRUCK, [u8::from(struck)]);
        let name = CompartmentName::Chart(client);
        let written = self.write_record(&name, RecordKind::Consent, vec![relation], body, cx);
        let inverse = Edit::StrikeConsent { client, record, struck: !struck };
        Ok(self.done(client, written, inverse, cx))
    }

    /// Each of these is a record that somebody stands behind, and so an entry of the trail.
    fn done(
        &mut self,
        client: ClientId,
        (record, change): (RecordId, Change),
        inverse: Edit,
        cx: &mut Context<'_>,
    ) -> Done {
        let mut changes = vec![change];
        changes.extend(self.audit(&sign_event(client, record), cx));
        Done { changes, inverse: Some(inverse), guards: Vec::new() }
    }

    /// Names another record; one that cannot be read any more by its id alone.
    fn names(kind: RelationKind, client: ClientId, id: RecordId, cx: &mut Context<'_>) -> Relation {
        let record = Self::stored_record(&CompartmentName::Chart(client), id, cx);
        let digest = record.map_or(Hash::ZERO, |record| record.digest());
        Relation { kind, target: *id.as_bytes(), digest }
    }

    fn known_consent(&self, client: ClientId, record: RecordId) -> Result<Known, Refusal> {
        let chart = self.shown_chart(client);
        chart.and_then(|chart| chart.consent(record)).ok_or(Refusal::UnknownConsent)
    }

    fn known_consents(&self, client: ClientId) -> Vec<Known> {
        let chart = self.shown_chart(client);
        chart.map(|chart| chart.register()).unwrap_or_default()
    }

    /// Returns what lists know of a client's consents that were not struck; `None` if there is none.
    pub(in crate::practice) fn consents_of(
        &self,
        client: ClientId,
    ) -> Option<Arc<Vec<ConsentRow>>> {
        let known = self.known_consents(client).into_iter().filter(|one| !one.struck);
        let rows: Vec<_> = known.map(|one| one.row).collect();
        (!rows.is_empty()).then(|| Arc::new(rows))
    }

    /// Why a consent was revoked: as that says which revoked it, or as was said with it.
    fn reason(client: ClientId, known: &Known, cx: &mut Context<'_>) -> Result<String, ShelfError> {
        let name = CompartmentName::Chart(client);
        let said_by = known.revocation.unwrap_or(known.row.record);
        let record = Self::stored_record(&name, said_by, cx)?;
        let body = record.body().filter(|_| is_consent(&record));
        Ok(body.map(|body| text_in(body, tag::CONSENT_REASON, TEXT_BYTES_MAX)).unwrap_or_default())
    }

    /// The consents of a client with their words, those that hold first.
    pub(in crate::practice) fn consents_view(
        &mut self,
        client: ClientId,
        cx: &mut Context<'_>,
    ) -> Result<ConsentsView, Refusal> {
        let row = Arc::clone(self.facts.contacts.get(&client).ok_or(Refusal::UnknownClient)?);
        let name = CompartmentName::Chart(client);
        let mut consents = Vec::new();
        let mut labels = self.labels_beside(client, cx)?;
        for known in self.known_consents(client) {
            let record = Self::stored_record(&name, known.row.record, cx)?;
            let reason = match known.revocation {
                Some(_) => Some(Self::reason(client, &known, cx)?),
                None => None,
            };
            let labels = labels.remove(&known.row.record).unwrap_or_default();
            let view = ConsentView::of(&record, &known, reason);
            consents.extend(view.map(|view| ConsentView { labels, ..view }));
        }
        Ok(ConsentsView { client: row, consents })
    }
}

/// Returns a consent with its texts made one line each, if it can be one.
pub(in crate::practice) fn fitting(
    mut consent: NewConsent,
    today: Date,
) -> Result<NewConsent, Refusal> {
    let mut none = String::new();
    let reason = consent.revoked.as_mut().map_or(&mut none, |(_, reason)| reason);
    for (text, limit) in [
        (&mut consent.recipient, RECIPIENT_BYTES_MAX),
        (&mut consent.covers, TEXT_BYTES_MAX),
        (&mut consent.said, TEXT_BYTES_MAX),
        (reason, TEXT_BYTES_MAX),
    ] {
        *text = normal(text);
        if text.len() > limit {
            return Err(Refusal::TextTooLong);
        }
    }
    let incomplete = match consent.kind {
        ConsentKind::Release => consent.recipient.is_empty(),
        ConsentKind::Other => consent.covers.is_empty(),
        _ => false,
    };
    if incomplete {
        return Err(Refusal::ConsentIncomplete);
    }
    let (given, until) = (consent.given, consent.until);
    let revoked = consent.revoked.as_ref().map(|(date, _)| *date);
    let never = |date: Date| date < given || date > today;
    if given > today || until.is_some_and(|until| until < given) || revoked.is_some_and(never) {
        return Err(Refusal::InvalidDate);
    }
    if consent.refused {
        // What was never given neither ends nor is taken back.
        (consent.until, consent.revoked) = (None, None);
    }
    Ok(consent)
}
