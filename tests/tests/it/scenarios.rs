//! The traces of every scenario of a lab, with its first solution: lecture material, and a
//! guard against changes that nobody meant.

use std::path::Path;

use siglab_lab::{GradeOptions, Lab};

#[test]
fn terminator() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/terminator");
    let lab = Lab::load(&folder).expect("the lab is well-formed");
    let submission = lab
        .submission(&folder.join("solution/terminator.c"))
        .expect("the solution is readable");
    let graded = lab
        .grade(&submission, &GradeOptions::default())
        .expect("the solution can be graded");
    assert!(!graded.runs.is_empty());
    for run in graded.runs {
        let trace = run.outcome.expect("the engine can run it");
        insta::assert_snapshot!(format!("terminator_{}", run.id), trace.to_jsonl());
    }
}
