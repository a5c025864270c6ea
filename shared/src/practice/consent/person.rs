//! What a person has consented to where several entries are that person: each consent lies in the
//! record of one, and what the client refused or took back under another holds no more.

use super::{ConsentEnd, ConsentRow};
use crate::id::ClientId;
use crate::practice::view::Index;
use jiff::civil::Date;

impl Index {
    /// Returns what a client has consented to, with what stands under duplicates of theirs. A consent
    /// that was given no later than one of the same kind was refused, or taken back, under another of
    /// the entries is over since then, whichever of both was known first: that follows from who is one
    /// person now, and once two are parted each has their own again. Each release, and each other one,
    /// is a thing of its own.
    pub fn consents_of(&self, client: ClientId) -> Vec<ConsentRow> {
        let same = self.clients.get(&client).into_iter().flat_map(|row| &row.same);
        let all = std::iter::once(client).chain(same.map(|row| row.id));
        let known: Vec<(ClientId, ConsentRow)> = all
            .filter_map(|one| Some((one, self.consents.get(&one)?)))
            .flat_map(|(one, rows)| rows.iter().map(move |row| (one, *row)))
            .collect();
        let ends: Vec<_> =
            known.iter().filter_map(|(of, row)| Some((*of, row, over(row)?))).collect();
        let several =
            known.iter().any(|(of, _)| known.first().is_some_and(|(first, _)| of != first));
        let ended = |(of, row): &(ClientId, ConsentRow)| {
            let mut row = *row;
            if several && row.kind.is_usual() && over(&row).is_none() {
                let against = ends.iter().filter(|(other, said, day)| {
                    other != of && said.kind == row.kind && *day >= row.given
                });
                let day = against.map(|(.., day)| *day).min();
                row.end = day.map(ConsentEnd::Revoked).or(row.end);
            }
            row
        };
        known.iter().map(ended).collect()
    }
}

/// Since when a client says no.
const fn over(row: &ConsentRow) -> Option<Date> {
    match row.end {
        Some(ConsentEnd::Refused) => Some(row.given),
        Some(ConsentEnd::Revoked(day)) => Some(day),
        Some(ConsentEnd::Renewed(_)) | None => None,
    }
}
