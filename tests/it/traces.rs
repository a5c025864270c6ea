//! Recorded typing of a real text, replayed through the editor.

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tacenda_shared::practice::edit::Part;
use tacenda_tui::widget::editor::Editor;

/// Beside the checkout; it is not part of it.
const TRACE: &str = "../../shared/data/editing-traces/seph-blog1.json.gz";

#[test]
fn a_recorded_text_of_137_993_edits_ends_as_it_ended_for_its_author() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TRACE);
    if !path.exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs {TRACE}");
        return println!("NOT RUN: replay of a trace ({TRACE} is not there)");
    }
    let unpacked = Command::new("gzip").arg("-dc").arg(&path).output().expect("gzip");
    let trace: Value = serde_json::from_slice(&unpacked.stdout).expect("a trace");
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let mut editor = Editor::new(Part::Text, trace["startContent"].as_str().unwrap());

    let mut edits = 0;
    for transaction in trace["txns"].as_array().unwrap() {
        for patch in transaction["patches"].as_array().unwrap() {
            let inserted = patch[2].as_str().unwrap();
            editor.replace(number(&patch[0]), number(&patch[1]), inserted);
            edits += 1;
        }
    }

    assert_eq!(edits, 137_993);
    assert!(editor.text() == trace["endContent"].as_str().unwrap(), "the text differs");
}
