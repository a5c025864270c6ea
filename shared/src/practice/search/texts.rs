//! The texts that are searched, in memory: of each the numbers of its words, in their order. It is made
//! when somebody first searches and is gone when the practice is locked; nothing of it is stored.
//!
//! A key press compares each known word with the query once, then goes through all numbers in one
//! pass. That finds phrases, needs no lists of places, and costs four bytes a word.

use super::fold::each_word;
use super::query::Query;
use super::{Hit, Place};
use crate::id::{ClientId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Words of one text; what is beyond is not searched.
pub(super) const WORDS_OF_TEXT_MAX: usize = 200_000;
/// Words of all texts of one client: one who writes much hides nobody else.
const WORDS_OF_CLIENT_MAX: usize = 1 << 21;
/// Words of all: 64 MiB of memory.
const WORDS_MAX: usize = 1 << 24;
/// Different words; another one is not found.
const VOCABULARY_MAX: u32 = 1 << 19;
/// Stands between parts, so that no phrase goes across, and for words that are not known.
const NONE: u32 = u32::MAX;

/// All texts.
#[derive(Default)]
pub(super) struct Texts {
    vocabulary: BTreeMap<Box<str>, u32>,
    clients: BTreeMap<ClientId, Of>,
    /// Of whom something has changed.
    pub(super) stale: BTreeSet<ClientId>,
    /// What was read of one of them so far.
    pass: Pass,
    words: usize,
}

/// One client's texts being looked through, in several steps if they are many.
#[derive(Default)]
struct Pass {
    client: Option<ClientId>,
    read: BTreeSet<Place>,
    unread: usize,
}

/// Those of one client.
#[derive(Default)]
struct Of {
    texts: BTreeMap<Place, Text>,
    words: usize,
    /// How many could not be read.
    unread: usize,
}

struct Text {
    time: Option<Timestamp>,
    words: Box<[u32]>,
    /// Whether all of it is searched.
    is_whole: bool,
}

impl Texts {
    /// Begins without anything; the texts of all these clients are to be looked through.
    pub(super) fn of(stale: BTreeSet<ClientId>) -> Self {
        Self { stale, ..Self::default() }
    }

    /// Returns the places that are known of a client.
    pub(super) fn places(&self, client: ClientId) -> BTreeSet<Place> {
        let of = self.clients.get(&client);
        of.map(|of| of.texts.keys().copied().collect()).unwrap_or_default()
    }

    /// Takes what a place says, in its parts.
    pub(super) fn take(
        &mut self,
        (client, place): (ClientId, Place),
        time: Option<Timestamp>,
        parts: &[String],
    ) {
        self.drop_text(client, place);
        let room = self.clients.get(&client).map_or(0, |of| of.words);
        let room = WORDS_OF_CLIENT_MAX.saturating_sub(room).min(WORDS_OF_TEXT_MAX);
        let room = room.min(WORDS_MAX.saturating_sub(self.words));
        let (mut words, mut is_whole, mut written) = (Vec::new(), true, String::new());
        for part in parts {
            each_word(part, |_, form| {
                if words.len() >= room {
                    is_whole = false;
                    return false;
                }
                form.write(&mut written);
                let number = self.number(&written);
                is_whole &= number != NONE;
                words.push(number);
                true
            });
            if words.len() < room {
                words.push(NONE);
            }
        }
        let of = self.clients.entry(client).or_default();
        of.words += words.len();
        self.words += words.len();
        of.texts.insert(place, Text { time, words: words.into_boxed_slice(), is_whole });
    }

    /// Something of a client has changed.
    pub(super) fn stale(&mut self, client: ClientId) {
        self.stale.insert(client);
        if self.pass.client == Some(client) {
            self.pass = Pass::default();
        }
    }

    /// Whether a place was read since something of its client has changed.
    pub(super) fn was_read(&self, client: ClientId, place: Place) -> bool {
        self.pass.client == Some(client) && self.pass.read.contains(&place)
    }

    /// Notes that a place was read, or could not be.
    pub(super) fn read(&mut self, (client, place): (ClientId, Place), could: bool) {
        if self.pass.client != Some(client) {
            self.pass = Pass { client: Some(client), ..Pass::default() };
        }
        self.pass.read.insert(place);
        self.pass.unread += usize::from(!could);
    }

    /// Everything of a client was read.
    pub(super) fn is_done(&mut self, client: ClientId) {
        self.stale.remove(&client);
        let pass = std::mem::take(&mut self.pass);
        let unread = if pass.client == Some(client) { pass.unread } else { 0 };
        match self.clients.get_mut(&client) {
            Some(of) => of.unread = unread,
            None if unread > 0 => self.clients.entry(client).or_default().unread = unread,
            None => {}
        }
    }

    /// Forgets a text.
    pub(super) fn drop_text(&mut self, client: ClientId, place: Place) {
        if let Some(of) = self.clients.get_mut(&client)
            && let Some(text) = of.texts.remove(&place)
        {
            of.words = of.words.saturating_sub(text.words.len());
            self.words = self.words.saturating_sub(text.words.len());
        }
    }

    fn number(&mut self, written: &str) -> u32 {
        if let Some(number) = self.vocabulary.get(written) {
            return *number;
        }
        let next = u32::try_from(self.vocabulary.len()).unwrap_or(VOCABULARY_MAX);
        if next >= VOCABULARY_MAX {
            return NONE;
        }
        self.vocabulary.insert(written.into(), next);
        next
    }

    /// Returns all texts that hold what a query says; `named` gives the terms that a client's name or
    /// code holds, which a text of theirs need not.
    pub(super) fn search(&self, query: &Query, mut named: impl FnMut(ClientId) -> u32) -> Vec<Hit> {
        let mut classes = vec![0_u32; self.vocabulary.len()];
        for (written, number) in &self.vocabulary {
            if let Some(class) = usize::try_from(*number).ok().and_then(|n| classes.get_mut(n)) {
                *class = query.class(written);
            }
        }
        let all = query.all();
        let class = |number: &u32| {
            let number = usize::try_from(*number).unwrap_or(usize::MAX);
            classes.get(number).copied().unwrap_or(0)
        };
        let mut hits = Vec::new();
        for (client, of) in &self.clients {
            let by_name = named(*client);
            for (place, text) in &of.texts {
                let (terms, count) = query.count(text.words.iter().map(class));
                if terms != 0 && terms | by_name == all {
                    let (client, place) = (Some(*client), *place);
                    hits.push(Hit { client, place, time: text.time, count });
                }
            }
        }
        hits
    }

    /// Returns how many texts are known, and how many are searched in part or not at all.
    pub(super) fn counts(&self) -> (usize, usize) {
        let known = self.clients.values().map(|of| of.texts.len()).sum();
        let part = |of: &Of| of.texts.values().filter(|text| !text.is_whole).count() + of.unread;
        (known, self.clients.values().map(part).sum())
    }

    /// Returns about how many bytes of memory all of it takes.
    pub(super) fn bytes(&self) -> usize {
        // A node of the map holds a pointer, a length and a number for each word, and some room.
        const NODE: usize = 40;
        let words: usize = self.vocabulary.keys().map(|word| word.len() + NODE).sum();
        let (texts, _) = self.counts();
        words + self.words * size_of::<u32>() + texts * (size_of::<(Place, Text)>() + NODE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RecordId;

    fn client(number: u8) -> ClientId {
        ClientId::from_bytes([number; 16])
    }

    fn place(number: u8) -> Place {
        Place::Note(RecordId::from_bytes([number; 16]))
    }

    fn found(texts: &Texts, query: &str) -> Vec<(ClientId, Place, u32)> {
        let hits = texts.search(&Query::read(query), |_| 0);
        hits.into_iter().map(|hit| (hit.client.unwrap(), hit.place, hit.count)).collect()
    }

    #[test]
    fn a_text_that_was_replaced_is_not_found_any_more_and_takes_no_room() {
        let mut texts = Texts::default();
        let at = (client(1), place(1));
        texts.take(at, None, &["one two two".into(), "three".into()]);
        assert_eq!(found(&texts, "two"), [(at.0, at.1, 2)]);
        // A phrase does not go from one part to another.
        assert!(found(&texts, "\"two three\"").is_empty());
        texts.take(at, None, &["four".into()]);
        assert!(found(&texts, "two").is_empty());
        assert_eq!(texts.words, 2);
        texts.drop_text(at.0, at.1);
        assert_eq!((texts.words, texts.counts()), (0, (0, 0)));
    }

    #[test]
    fn a_text_of_millions_of_words_is_searched_in_part_and_hides_no_other() {
        let mut texts = Texts::default();
        for number in 0..12 {
            let many = "word ".repeat(WORDS_OF_TEXT_MAX + 5) + "beyond";
            texts.take((client(1), place(number)), None, &[many]);
        }
        texts.take((client(2), place(50)), None, &["beyond all of it".into()]);
        assert_eq!(found(&texts, "beyond"), [(client(2), place(50), 1)]);
        assert!(texts.words <= WORDS_OF_CLIENT_MAX + 10);
        assert_eq!(texts.counts(), (13, 12));
    }
}
