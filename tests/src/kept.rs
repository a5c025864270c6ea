//! Words that were written while something was killed: which were acknowledged, and how often
//! each must be found afterwards.

/// Words that went out: which were acknowledged, and which may or may not be there.
#[derive(Debug, Default)]
pub struct Sent {
    /// The program said that these are there.
    pub acknowledged: Vec<String>,
    /// Of these nobody said anything.
    pub unanswered: Vec<String>,
}

impl Sent {
    /// Takes note of a word.
    pub fn add(&mut self, word: String, acknowledged: bool) {
        let list = if acknowledged { &mut self.acknowledged } else { &mut self.unanswered };
        list.push(word);
    }

    /// Adds what others took note of.
    pub fn extend(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unanswered.extend(other.unanswered);
    }

    /// Fails unless each acknowledged word is there once and each other one at most once.
    pub fn check(&self, what: &str, found: &str) {
        let times = |word: &String| found.matches(word.as_str()).count();
        for word in &self.acknowledged {
            assert_eq!(times(word), 1, "the acknowledged {what} {word}");
        }
        for word in &self.unanswered {
            assert!(times(word) <= 1, "the {what} {word} is there more than once");
        }
    }
}
