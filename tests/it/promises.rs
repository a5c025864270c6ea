//! Every test that SECURITY.md names exists: a promise whose test was renamed or removed is none.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn every_test_that_security_md_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let promises = fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md");
    let rows: Vec<&str> = promises.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    let mut sources = String::new();
    for name in ["shared", "tui", "sync-server", "tests"] {
        let mut files = Vec::new();
        rust_files(&root.join(name), &mut files);
        for file in files {
            sources.push_str(&fs::read_to_string(file).expect("a source"));
        }
    }

    let lines: Vec<&str> = sources.lines().map(str::trim).collect();
    let tests: BTreeSet<&str> = lines
        .windows(2)
        .filter_map(|pair| match pair {
            [attribute, name] if attribute.starts_with("#[") && attribute.contains("test") => {
                let name = name.trim_start_matches("async ").strip_prefix("fn ")?;
                name.split_once('(').map(|(name, _)| name)
            }
            _ => None,
        })
        .collect();
    let mut named = BTreeSet::new();
    for row in &rows {
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let mentions: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!mentions.is_empty(), "a promise without a test: {row}");
        for mention in mentions {
            if mention.contains('/') {
                assert!(root.join(mention).exists(), "{mention} is not there");
            } else {
                assert!(tests.contains(mention), "no test is called {mention}");
                named.insert(mention);
            }
        }
    }
    assert!(rows.len() >= 10 && named.len() >= 10, "{} promises, {named:?}", rows.len());
}
