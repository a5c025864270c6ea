//! The codes that a diagnosis may have: ICD-10-CM (CDC/NCHS, public domain), chapter F and the
//! R, Z, G and T codes in use in psychotherapy; and the search for one as it is typed.

use std::sync::LazyLock;

/// Code, leaf or group, description; as published in April 2026.
const TABLE: &str = include_str!("../../data/icd-10-cm.tsv");
/// How many results a search gives.
const FOUND_MAX: usize = 100;

/// What people type and the table does not say, each with the beginning of the codes it stands for.
const ALSO: &[(&str, &str)] = &[
    ("adhd", "F90"),
    ("anorexia", "F50.0"),
    ("aspd", "F60.2"),
    ("autism", "F84.0"),
    ("bpd", "F60.3"),
    ("bulimia", "F50.2"),
    ("burnout", "Z73.0"),
    ("did", "F44.81"),
    ("dysthymia", "F34.1"),
    ("gad", "F41.1"),
    ("grief", "F43.8"),
    ("insomnia", "F51.0"),
    ("mdd", "F33"),
    ("mdd", "F32"),
    ("ocd", "F42"),
    ("panic", "F41.0"),
    ("pmdd", "F32.81"),
    ("ptsd", "F43.1"),
    ("sad", "F40.1"),
];

/// One code of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Diagnosis {
    /// With its dot, for example `F43.10`.
    pub code: &'static str,
    /// The description, as published.
    pub title: &'static str,
    /// Whether claims take it: codes under which there are others are too coarse.
    pub is_billable: bool,
}

static ALL: LazyLock<Vec<Diagnosis>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    let read = |line: &'static str| {
        let mut cells = line.splitn(3, '\t');
        let (code, kind, title) = (cells.next()?, cells.next()?, cells.next()?);
        Some(Diagnosis { code, title, is_billable: kind == "leaf" })
    };
    lines.filter_map(read).collect()
});

impl Diagnosis {
    /// Returns what the table says of a code, with or without its dot, in either case.
    pub fn of(code: &str) -> Option<Self> {
        let wanted = bare(code);
        ALL.iter().find(|one| bare(one.code) == wanted).copied()
    }

    /// Returns what fits what has been typed, best first: codes that begin with it, then short names
    /// in use (`ptsd`), then descriptions that have all of its words, shorter ones first. Nothing for
    /// an empty query.
    pub fn search(query: &str) -> Vec<Self> {
        let typed = query.trim().to_lowercase();
        let code = bare(&typed);
        if code.is_empty() {
            return Vec::new();
        }
        let words: Vec<&str> = words(&typed).collect();
        let mut found: Vec<(Rank, &Self)> =
            ALL.iter().filter_map(|one| Some((one.rank(&code, &words)?, one))).collect();
        found.sort_by_key(|(rank, one)| (*rank, one.code));
        found.into_iter().take(FOUND_MAX).map(|(_, one)| *one).collect()
    }

    fn rank(&self, code: &str, typed: &[&str]) -> Option<Rank> {
        if bare(self.code).starts_with(code) {
            return Some(Rank::Code);
        }
        let title = self.title.to_lowercase();
        let has = |wanted: &&str| {
            let also = ALSO.iter().any(|(short, code)| {
                short.starts_with(wanted) && wanted.len() > 1 && self.code.starts_with(code)
            });
            also || words(&title).any(|word| word.starts_with(wanted))
        };
        if typed.is_empty() || !typed.iter().all(has) {
            return None;
        }
        let short = typed.iter().any(|wanted| {
            ALSO.iter().any(|(short, code)| short == wanted && self.code.starts_with(code))
        });
        Some(if short { Rank::Short } else { Rank::Title(self.title.len()) })
    }
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Rank {
    Code,
    Short,
    Title(usize),
}

/// A code without its dot, in small letters.
fn bare(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(query: &str) -> Vec<&'static str> {
        Diagnosis::search(query).into_iter().take(5).map(|one| one.code).collect()
    }

    #[test]
    fn the_table_is_the_published_one() {
        assert_eq!(ALL.len(), 2204, "lines of the table");
        assert!(ALL.iter().all(|one| !one.title.is_empty() && one.code.len() <= 8));
        for (code, billable) in [
            ("F32.1", true),
            ("F41.1", true),
            ("F43.10", true),
            ("F43.1", false),
            ("F10.20", true),
            ("Z63.0", true),
            ("F43", false),
        ] {
            assert_eq!(Diagnosis::of(code).map(|one| one.is_billable), Some(billable), "{code}");
        }
        assert_eq!(Diagnosis::of("f4310"), Diagnosis::of("F43.10"));
        assert_eq!(Diagnosis::of("F99.99"), None);
        let given = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let given = given.join("../../shared/data/icd-10-cm.tsv");
        match std::fs::read_to_string(given) {
            Ok(given) => assert_eq!(given, TABLE),
            Err(_) => {
                assert_ne!(option_env!("CI"), Some("true"), "CI needs the published table");
                println!("NOT RUN: comparison with the published table, which is not here");
            }
        }
    }

    #[test]
    fn a_code_a_short_name_or_words_of_the_description_find_it() {
        for (query, wanted) in [
            ("F43.10", "F43.10"),
            ("f4310", "F43.10"),
            ("ptsd", "F43.10"),
            ("post traum chronic", "F43.12"),
            ("generalized anxiety", "F41.1"),
            ("gad", "F41.1"),
            ("depress single moderate", "F32.1"),
            ("mdd recurrent mild", "F33.0"),
            ("adjust anxiety", "F43.22"),
            ("social phobia", "F40.10"),
            ("borderline", "F60.3"),
            ("problems relationship spouse", "Z63.0"),
            ("adhd combined", "F90.2"),
            ("ocd", "F42.2"),
            ("alcohol dependence uncomp", "F10.20"),
        ] {
            assert!(first(query).contains(&wanted), "{query}: {:?}", first(query));
        }
        assert_eq!(first("F43.10"), ["F43.10"]);
        assert!(first("   ").is_empty());
        assert!(first("no such thing").is_empty());
        let all = Diagnosis::search("disorder");
        assert_eq!(all.len(), FOUND_MAX);
    }

    #[test]
    fn every_short_name_stands_for_something() {
        for (short, code) in ALSO {
            assert!(ALL.iter().any(|one| one.code.starts_with(code)), "{short} {code}");
            assert!(!Diagnosis::search(short).is_empty(), "{short}");
        }
    }
}
