//! Two implementations of the formats judge the same bytes: the library, and a witness that was
//! written from `docs/protocol.md` in another language. What one takes and the other refuses is
//! an error in one of them, or in the document.

mod cases;
mod judge;
mod log;
mod messages;
mod server;
mod whole;
mod world;

use judge::{judge, unhex};
use serde_json::{Value, json};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use tacenda_shared::random::Seeded;

const WITNESS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/witness/witness.py");
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/witness/vectors.json");
/// The seed of the committed vectors.
const VECTOR_SEED: u64 = 1;
/// Changed bytes in each piece of bytes.
const CHANGES: usize = 4;
/// Changed bytes in each message, which nobody signs.
const UNSIGNED_CHANGES: usize = 40;

fn fresh_seed() -> u64 {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    let seed = u64::from_le_bytes(seed);
    println!("seed {seed}");
    seed
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("witness").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(path: &Path, value: &Value) {
    fs::write(path, serde_json::to_string_pretty(value).unwrap() + "\n").unwrap();
}

/// What the witness says of a folder or file; nothing where there is no Python.
fn ask_witness(argument: &Path) -> Option<String> {
    let mut python = Command::new("python3");
    python.arg(WITNESS).arg(argument).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = match python.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("NOT RUN: python3");
            return None;
        }
        output => output.unwrap(),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the witness disagrees:\n{said}{errors}");
    print!("{said}");
    Some(said)
}

fn assert_judged_good(cases: &[Value]) {
    for (number, case) in cases.iter().enumerate() {
        assert_eq!(judge(case), Ok(()), "case {number}: {}", case["check"]);
    }
}

#[test]
fn a_second_implementation_reads_all_that_a_practice_writes() {
    let cases = cases::all(fresh_seed());
    assert_judged_good(&cases);
    let folder = folder("whole");
    write(&folder.join("cases.json"), &json!(cases));

    let Some(said) = ask_witness(&folder) else { return };

    assert!(said.contains(&format!("witness: {} cases, ", cases.len())), "{said}");
}

#[test]
fn a_practice_and_its_server_open_with_the_keys_and_without_this_program() {
    let folder = folder("on-disk");
    let case = whole::case(&folder);
    let mutants = mutants(std::slice::from_ref(&case), &mut Seeded::new(1));
    write(&folder.join("cases.json"), &json!([case]));
    write(&folder.join("mutants.json"), &json!(mutants));

    let Some(said) = ask_witness(&folder) else { return };

    assert!(said.contains("witness: 1 cases, "), "{said}");
    assert!(said.contains(&format!("{} mutants judged alike", mutants.len())), "{said}");
}

#[test]
fn both_implementations_judge_every_changed_byte_alike() {
    let seed = fresh_seed();
    let cases = cases::all(seed);
    let mutants = mutants(&cases, &mut Seeded::new(seed));
    assert!(mutants.len() > 300, "only {} mutants", mutants.len());
    for mutant in &mutants {
        let case = &cases[mutant["case"].as_u64().unwrap() as usize];
        let verdict = judge(&changed(case, mutant));
        assert!(verdict.is_err(), "the library took {mutant} of {}", case["check"]);
    }
    let mutants = [mutants, differing(&cases, &mut Seeded::new(seed))].concat();
    let folder = folder("changed");
    write(&folder.join("cases.json"), &json!(cases));
    write(&folder.join("mutants.json"), &json!(mutants));

    let Some(said) = ask_witness(&folder) else { return };

    assert!(said.contains(&format!("{} mutants judged alike", mutants.len())), "{said}");
}

#[test]
fn the_formats_are_those_of_the_committed_vectors() {
    let made = json!(cases::all(VECTOR_SEED));
    let proposed = folder("vectors").join("vectors.json");
    write(&proposed, &made);
    let committed: Value = serde_json::from_str(&fs::read_to_string(VECTORS).unwrap()).unwrap();
    let cases = committed.as_array().unwrap();

    let differing = made.as_array().unwrap().iter().zip(cases).find(|(a, b)| a != b);

    let check = differing.map_or("the number of cases", |(a, _)| a["check"].as_str().unwrap());
    assert!(
        made == committed,
        "a format has changed, first in: {check}. If that is meant, say so in docs/protocol.md \
         and CHANGELOG.md and replace tests/witness/vectors.json by {}",
        proposed.display()
    );
    assert_judged_good(cases);
    ask_witness(Path::new(VECTORS));
}

#[test]
fn every_vector_in_the_document_is_a_committed_one() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol.md");
    let (document, vectors) =
        (fs::read_to_string(document).unwrap(), fs::read_to_string(VECTORS).unwrap());
    let quoted = document
        .split('`')
        .filter(|text| text.len() > 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let mut count = 0;
    for vector in quoted {
        assert!(vectors.contains(&format!("\"{vector}\"")), "not a vector any more: {vector}");
        count += 1;
    }
    assert!(count > 20, "only {count} vectors in the document");
}

/// The pieces of a case of which every byte must count, as JSON pointers.
fn authenticated(case: &Value) -> Vec<String> {
    let each = |key: &str, inner: &str| -> Vec<String> {
        let count = case[key].as_array().map_or(0, Vec::len);
        (0..count).map(|index| format!("{key}/{index}{inner}")).collect()
    };
    match case["check"].as_str().unwrap() {
        "envelope" | "practice receipt" | "record" | "seen" | "vault" => vec!["bytes".to_owned()],
        "device" => {
            let keys = ["kem", "local", "member", "practice", "second", "sheet_kem"];
            let keys = keys.map(|key| format!("keys/{key}")).to_vec();
            let files = [each("journal", ""), each("rows", ""), each("server", "")].concat();
            [keys, files, vec!["server_key".to_owned()]].concat()
        }
        "journal" => each("segments", ""),
        "log" => [each("entries", "/carried"), each("entries", "/receipt")].concat(),
        "practice" => each("entries", ""),
        "primitive" if case["op"] == "open" => vec!["fields/0".to_owned(), "fields/1".to_owned()],
        "primitive" if case["op"] == "signature" => vec!["signature".to_owned()],
        "row" => ["name", "row", "commitment"].map(str::to_owned).to_vec(),
        "run" => each("short", ""),
        "wrap" => vec!["frame".to_owned(), "kem_seed".to_owned()],
        "safe" => each("rows", "/1"),
        _ => Vec::new(),
    }
}

/// Changes of bytes that nobody signs. Some are other values, some are no values at all: the
/// library says which, and the witness must say the same.
fn differing(cases: &[Value], random: &mut Seeded) -> Vec<Value> {
    let mut mutants = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let path = match case["check"].as_str().unwrap() {
            "checkpoint" => "bytes",
            "message" => "frame",
            _ => continue,
        };
        let length = case[path].as_str().unwrap().len() as u64 / 2;
        for change in 0..UNSIGNED_CHANGES {
            // Every other change is among the counters and lengths at the front.
            let offset = random.below(if change % 2 == 0 { length } else { length.min(64) });
            let xor = 1 << random.below(8);
            let mut mutant = json!({"case": number, "path": path, "offset": offset, "xor": xor});
            mutant["taken"] = json!(judge(&changed(case, &mutant)).is_ok());
            mutants.push(mutant);
        }
    }
    let taken = mutants.iter().filter(|mutant| mutant["taken"] == true).count();
    assert!(taken > 100 && mutants.len() - taken > 100, "{taken} of {} taken", mutants.len());
    mutants
}

/// Changes of single bytes: the first, the last and some between, in every piece.
fn mutants(cases: &[Value], random: &mut Seeded) -> Vec<Value> {
    let mut mutants = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        for path in authenticated(case) {
            let length = case.pointer(&format!("/{path}")).unwrap().as_str().unwrap().len() / 2;
            for change in 0..CHANGES {
                let offset = match change {
                    0 => 0,
                    1 => length - 1,
                    _ => random.below(length as u64) as usize,
                };
                let xor = 1 << random.below(8);
                mutants.push(json!({"case": number, "path": path, "offset": offset, "xor": xor}));
            }
        }
    }
    mutants
}

/// The case with one byte changed.
fn changed(case: &Value, mutant: &Value) -> Value {
    let mut case = case.clone();
    let place = case.pointer_mut(&format!("/{}", mutant["path"].as_str().unwrap())).unwrap();
    let mut bytes = unhex(place.as_str().unwrap());
    bytes[mutant["offset"].as_u64().unwrap() as usize] ^= mutant["xor"].as_u64().unwrap() as u8;
    *place = json!(cases::hex(&bytes));
    case
}
