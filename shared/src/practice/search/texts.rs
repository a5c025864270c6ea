//! The texts that are searched, in memory: of each the numbers of its words, in their order, and of
//! each word in which texts it stands and how often. It is made when somebody first searches and is
//! gone when the practice is locked; nothing of it is stored.
//!
//! A key press compares each known word with the query once and goes through what is kept of those
//! that fit; only for a phrase is the text of what holds all its words gone through. It costs four
//! bytes a word and four a text that a word stands in.

use super::fold::each_word;
use super::query::Query;
use super::{Hit, Place};
use crate::id::{ClientId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Words of one text; what is beyond is not searched.
pub(super) const WORDS_OF_TEXT_MAX: usize = 200_000;
/// Words of all texts of one client: one who writes much hides nobody else.
const WORDS_OF_CLIENT_MAX: usize = 1 << 21;
/// Words of all: 64 MiB of memory, and at most twice as much for where they stand.
const WORDS_MAX: usize = 1 << 24;
/// Different words; another one is not found.
const VOCABULARY_MAX: u32 = 1 << 19;
/// Stands between parts, so that no phrase goes across, and for words that are not known.
const NONE: u32 = u32::MAX;

/// All texts.
#[derive(Default)]
pub(super) struct Texts {
    vocabulary: BTreeMap<Box<str>, u32>,
    /// By the number of a word, where it stands.
    stands: Vec<Vec<Stand>>,
    /// The texts; those that were dropped leave a gap until the stands are written anew.
    slots: Vec<Option<Text>>,
    gaps: usize,
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
    texts: BTreeMap<Place, usize>,
    words: usize,
    /// How many could not be read.
    unread: usize,
}

struct Text {
    client: ClientId,
    place: Place,
    time: Option<Timestamp>,
    words: Box<[u32]>,
    /// Whether all of it is searched.
    is_whole: bool,
}

/// In which text a word stands, and how often; of one that stands there more often than a stand
/// can say there are several.
#[derive(Clone, Copy)]
struct Stand(u32);

impl Stand {
    const SLOTS: usize = 1 << 20;
    const COUNT_MAX: u32 = (1 << 12) - 1;

    /// Returns the one of a text in which a word stands once.
    fn once(slot: usize) -> Option<Self> {
        let slot = u32::try_from(slot).ok().filter(|_| slot < Self::SLOTS)?;
        Some(Self(slot << 12 | 1))
    }

    /// Counts one more; returns whether it could.
    const fn more(&mut self) -> bool {
        let can = self.count() < Self::COUNT_MAX;
        if can {
            self.0 += 1;
        }
        can
    }

    const fn slot(self) -> usize {
        (self.0 >> 12) as usize
    }

    const fn count(self) -> u32 {
        self.0 & Self::COUNT_MAX
    }
}

/// What a text holds of a query.
#[derive(Clone, Copy, Default)]
struct Holds {
    words: u32,
    terms: u32,
    count: u32,
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
        if self.gaps > self.slots.len() / 2 || self.slots.len() >= Stand::SLOTS {
            self.close_gaps();
        }
        let room = self.clients.get(&client).map_or(0, |of| of.words);
        let room = WORDS_OF_CLIENT_MAX.saturating_sub(room).min(WORDS_OF_TEXT_MAX);
        let room = room.min(WORDS_MAX.saturating_sub(self.words));
        let room = if self.slots.len() < Stand::SLOTS { room } else { 0 };
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
        of.texts.insert(place, self.slots.len());
        self.words += words.len();
        let words = words.into_boxed_slice();
        self.stand(self.slots.len(), &words);
        self.slots.push(Some(Text { client, place, time, words, is_whole }));
    }

    /// Writes down where the words of a text stand.
    fn stand(&mut self, slot: usize, words: &[u32]) {
        let Some(once) = Stand::once(slot) else { return };
        for number in words {
            let number = usize::try_from(*number).unwrap_or(usize::MAX);
            let Some(stands) = self.stands.get_mut(number) else { continue };
            let counted = stands.last_mut().filter(|last| last.slot() == slot);
            if !counted.is_some_and(Stand::more) {
                stands.push(once);
            }
        }
    }

    /// Gives the texts that are left new slots, and writes anew where their words stand.
    fn close_gaps(&mut self) {
        self.stands.iter_mut().for_each(Vec::clear);
        let left: Vec<_> = self.slots.drain(..).flatten().collect();
        self.gaps = 0;
        for text in left {
            let slot = self.slots.len();
            if let Some(of) = self.clients.get_mut(&text.client) {
                of.texts.insert(text.place, slot);
            }
            self.stand(slot, &text.words);
            self.slots.push(Some(text));
        }
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
        let of = self.clients.get_mut(&client);
        let Some((slot, of)) = of.and_then(|of| Some((of.texts.remove(&place)?, of))) else {
            return;
        };
        if let Some(text) = self.slots.get_mut(slot).and_then(Option::take) {
            of.words = of.words.saturating_sub(text.words.len());
            self.words = self.words.saturating_sub(text.words.len());
            self.gaps += 1;
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
        self.stands.push(Vec::new());
        next
    }

    /// Returns all texts that hold what a query says; `named` gives the terms that a client's name or
    /// code holds, which a text of theirs need not.
    pub(super) fn search(&self, query: &Query, mut named: impl FnMut(ClientId) -> u32) -> Vec<Hit> {
        let mut classes = vec![0_u32; self.vocabulary.len()];
        let mut holds = vec![Holds::default(); self.slots.len()];
        for (written, number) in &self.vocabulary {
            let number = usize::try_from(*number).unwrap_or(usize::MAX);
            let (class, stands) = (query.class(written), self.stands.get(number));
            let (true, Some(known)) = (class != 0, classes.get_mut(number)) else { continue };
            *known = class;
            let (terms, times) = query.alone(class);
            for stand in stands.into_iter().flatten() {
                if let Some(holds) = holds.get_mut(stand.slot()) {
                    holds.words |= class;
                    holds.terms |= terms;
                    holds.count = holds.count.saturating_add(times.saturating_mul(stand.count()));
                }
            }
        }
        let class = |number: &u32| {
            let number = usize::try_from(*number).unwrap_or(usize::MAX);
            classes.get(number).copied().unwrap_or(0)
        };
        let mut hits = Vec::new();
        for (mut holds, text) in holds.into_iter().zip(&self.slots) {
            let (true, Some(text)) = (holds.words != 0, text) else { continue };
            let (terms, count) = query.phrases(holds.words, text.words.iter().map(class));
            holds.terms |= terms;
            holds.count = holds.count.saturating_add(count);
            if holds.terms != 0 && holds.terms | named(text.client) == query.all() {
                let (client, place) = (Some(text.client), text.place);
                hits.push(Hit { client, place, time: text.time, count: holds.count });
            }
        }
        hits
    }

    /// Returns how many texts are known, and how many are searched in part or not at all.
    pub(super) fn counts(&self) -> (usize, usize) {
        let texts = self.slots.iter().flatten();
        let part = texts.filter(|text| !text.is_whole).count();
        let unread: usize = self.clients.values().map(|of| of.unread).sum();
        (self.slots.len().saturating_sub(self.gaps), part + unread)
    }

    /// Returns about how many bytes of memory all of it takes.
    pub(super) fn bytes(&self) -> usize {
        // A node of a map holds a pointer, a length and a number for each key, and some room.
        const NODE: usize = 40;
        let words = self.vocabulary.keys().map(|word| word.len() + NODE + size_of::<Vec<Stand>>());
        let stands = self.stands.iter().map(|stands| stands.capacity() * size_of::<Stand>());
        let texts = self.slots.capacity() * (size_of::<Option<Text>>() + NODE);
        words.chain(stands).sum::<usize>() + self.words * size_of::<u32>() + texts
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
    fn a_draft_that_is_read_again_and_again_takes_no_more_room_than_one() {
        let mut texts = Texts::default();
        texts.take((client(2), place(2)), None, &["other words".into()]);
        for round in 0..1000 {
            texts.take((client(1), place(1)), None, &[format!("words round{round}")]);
        }
        assert!(texts.slots.len() < 10 && texts.stands.iter().all(|stands| stands.len() < 10));
        let both = [(client(1), place(1), 1), (client(2), place(2), 1)];
        let mut all = found(&texts, "words");
        all.sort();
        assert_eq!(all, both);
        assert!(found(&texts, "round5").is_empty());
        assert_eq!(found(&texts, "round999"), [both[0]]);
    }

    #[test]
    fn a_word_that_stands_in_a_text_ten_thousand_times_is_counted() {
        let mut texts = Texts::default();
        texts.take((client(1), place(1)), None, &["very ".repeat(10_000) + "tired"]);
        assert_eq!(found(&texts, "very"), [(client(1), place(1), 10_000)]);
        assert_eq!(found(&texts, "very tired"), [(client(1), place(1), 10_001)]);
        assert_eq!(found(&texts, "\"very tired\""), [(client(1), place(1), 1)]);
    }

    proptest::proptest! {
        /// What is kept of each word finds what going through each text finds.
        #[test]
        fn each_text_is_found_by_what_it_says(
            written in proptest::collection::vec((0_u8..4, 0_u8..6, "[ab]{1,2}( [ab]{1,2}){0,6}"), 1..20),
            words in proptest::collection::vec("\"?[ab]{1,2}( [ab]{1,2})?\"?", 1..3),
        ) {
            let (mut texts, mut says) = (Texts::default(), BTreeMap::new());
            for (of, at, text) in written {
                let at = (client(of), place(at));
                texts.take(at, None, std::slice::from_ref(&text));
                says.insert(at, text);
            }
            let words = words.join(" ");
            let query = Query::read(&words);
            let wanted = says.into_iter().filter_map(|((client, place), text)| {
                let (terms, count) = query.count_in(&text, 100);
                (terms == query.all()).then_some((client, place, count))
            });
            let mut all = found(&texts, &words);
            all.sort();
            proptest::prop_assert_eq!(all, wanted.collect::<Vec<_>>());
        }
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
