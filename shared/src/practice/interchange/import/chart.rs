//! Reads the lines of a treatment plan and of consents.

use super::super::super::Refusal;
use super::super::super::consent::{ConsentHow, ConsentKind, NewConsent, fitting};
use super::super::super::edit::{Edit, Labelled};
use super::super::super::plan::{self, PlanChange, PlanKind, Progress};
use super::super::lines::{ConsentLine, PlanLine, read_instant};
use super::written::{labelled, labels};
use super::{Cause, ImportStep, Importer, check_words, id};
use crate::id::{ClientId, PlanItemId, RecordId};
use crate::suite;
use jiff::civil::Date;

/// The record that stands for a consent of another practice: the same one each time.
fn consent_of(record: RecordId) -> RecordId {
    RecordId::from_bytes(suite::hash("tac/imported/consent", &[record.as_bytes()]).truncated())
}

fn date(text: &str, field: &'static str) -> Result<Date, Cause> {
    text.parse().map_err(|_| Cause::Invalid(field))
}

impl Importer {
    /// A consent keeps what it says; who wrote it down, and when, is said by whoever imports it.
    pub(super) fn consent(&mut self, line: ConsentLine) -> Result<Vec<ImportStep>, Cause> {
        let original = id(&line.id, RecordId::parse, "id")?;
        let client = id(&line.client, ClientId::parse, "client")?;
        let kind = ConsentKind::named(&line.kind).ok_or(Cause::Invalid("kind"))?;
        let how = ConsentHow::named(&line.how).ok_or(Cause::Invalid("how"))?;
        let renews = line.renews.as_deref().map(|text| id(text, RecordId::parse, "renews"));
        let renews = renews.transpose()?;
        // One of another kind takes the place of none.
        let known = renews.filter(|renews| self.consents.get(renews) == Some(&kind));
        let said = date(&line.given, "given")?;
        if self.consents.contains_key(&original) {
            return Err(Cause::Invalid("id"));
        }
        // What no edit would take and another device may have written: the day that is nearest.
        let until = line.until.as_deref().map(|text| date(text, "until")).transpose()?;
        let revoked = line.revoked.as_deref().map(|text| date(text, "revoked")).transpose()?;
        let (never, early) = (until.is_some_and(|until| until < said), revoked < Some(said));
        let given = self.been(said, "consent.given");
        let revoked = revoked.map(|revoked| self.been(revoked.max(said), "consent.revoked"));
        let until = until.filter(|_| !never).map(|until| until.max(given));
        // It ended before it began: it holds on no day.
        let ended = never.then(|| (given, String::new()));
        let told = revoked.map(|revoked| (revoked, line.revoked_because));
        let consent = NewConsent {
            recipient: line.to,
            covers: line.covers,
            until,
            said: line.said,
            refused: line.refused,
            handed: line.handed,
            renews: known.map(consent_of),
            revoked: told.or(ended),
            ..NewConsent::new(kind, given, how)
        };
        let consent = match fitting(consent, self.today.unwrap_or(Date::MAX)) {
            Ok(consent) => consent,
            // A release to nobody, or what is consent to nothing, holds for nothing.
            Err(Refusal::ConsentIncomplete) => {
                self.not_carried("consent", true);
                return Ok(Vec::new());
            }
            Err(_) => return Err(Cause::Invalid("consent")),
        };
        self.consents.insert(original, kind);
        self.seen("consent", &line.rest);
        self.not_carried("consent.until", never);
        self.not_carried("consent.revoked", early && revoked.is_some());
        self.not_carried("consent.author", true);
        self.not_carried("consent.signed", true);
        self.not_carried("consent.renews", renews.is_some() && known.is_none());
        let (record, consent) = (consent_of(original), Box::new(consent));
        let labelled = labelled(client, Labelled::Record(record), &line.labels)?;
        let recorded = ImportStep::Edit(Edit::RecordConsent { client, record, consent });
        Ok(std::iter::once(recorded).chain(labelled).collect())
    }

    pub(super) fn plan(&mut self, line: PlanLine) -> Result<Vec<ImportStep>, Cause> {
        let client = id(&line.client, ClientId::parse, "client")?;
        let mut steps = Vec::new();
        for body in &line.items {
            let item = id(&body.id, PlanItemId::parse, "items.id")?;
            check_words(&body.text, plan::TEXT_BYTES_MAX, "items.text")?;
            let under = body.under.as_ref();
            let under = under.map(|under| id(under, PlanItemId::parse, "items.under"));
            let target = body.target.as_ref().map(|text| date(text, "items.target"));
            let progress = body.progress.as_ref().map(|word| {
                Progress::named(word).map(Some).ok_or(Cause::Invalid("items.progress"))
            });
            let since = read_instant(&body.since.time).ok_or(Cause::Invalid("items.since"))?;
            let rated = body
                .rated
                .as_ref()
                .map(|rated| read_instant(&rated.time).ok_or(Cause::Invalid("items.rated")));
            let change = PlanChange {
                kind: Some(PlanKind::named(&body.kind).ok_or(Cause::Invalid("items.kind"))?),
                under: under.transpose()?,
                code: (!body.code.is_empty()).then(|| body.code.clone()),
                text: Some(body.text.clone()),
                target: target.transpose()?.map(Some),
                progress: progress.transpose()?,
                rated: rated.transpose()?,
                struck: None,
                since: Some(since),
                labels: match body.labels.is_empty() {
                    true => None,
                    false => Some(labels(&body.labels)?),
                },
                relabel: None,
            };
            steps.push(ImportStep::Edit(Edit::ChangePlan { client, item, change }));
        }
        if let Some(text) = &line.review {
            let review = Some(date(text, "review")?);
            steps.push(ImportStep::Edit(Edit::ReviewPlan { client, review }));
        }
        self.seen("plan", &line.rest);
        Ok(steps)
    }
}
