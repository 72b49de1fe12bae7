//! `--seed`: moments that are drawn, the same for everybody who asks for the same seed.

use std::fs;

use predicates::prelude::*;
use serde_json::Value;

use crate::grade::{Course, DEAF, GOOD};
use crate::{siglab, stderr, stdout};

/// SIGTERM at a moment that is drawn, which is told when the program doesn't leave.
const DRAWN: &str = r#"
id = "tiny"
title = "Leaves when asked to"

[[scenario]]
id = "term"
title = "SIGTERM at {asked}"
steps = [{ at = "1s..2s", name = "asked", send = "SIGTERM" }]

[[criterion]]
id = "leaves"
title = "It leaves at SIGTERM"
points = 2

[[criterion.require]]
id = "left"
event = { event = "exit", role = "main", after = "asked - 1ns" }
missing = "SIGTERM came at {asked}, and it went on"
hint = "handle SIGTERM"
"#;

fn course() -> Course {
    let course = Course::new(&[("good.c", GOOD), ("deaf.c", DEAF)]);
    fs::write(course.at("labs/tiny/lab.toml"), DRAWN).expect("there is room");
    course
}

/// What `siglab check` says of DEAF.
fn checked(course: &Course, seed: Option<&str>) -> Value {
    let mut check = siglab(["check", "--format", "json", "--labs"]);
    check.arg(course.at("labs")).arg("tiny");
    check.arg(course.at("submissions/deaf.c"));
    let check = match seed {
        Some(seed) => check.args(["--seed", seed]),
        None => &mut check,
    };
    serde_json::from_str(&stdout(&check.assert().code(1))).expect("it is JSON")
}

#[test]
fn a_seed_decides_when_things_happen() {
    let course = course();
    let message = |result: &Value| result["criteria"][0]["diagnosis"]["message"].clone();
    let (one, two) = (checked(&course, Some("1")), checked(&course, Some("2")));
    assert_eq!(one["seed"], 1);
    assert_eq!(one, checked(&course, Some("1")));
    assert_ne!(message(&one), message(&two));
    // Without one, a lab has its own.
    let own = checked(&course, None);
    assert_eq!(own, checked(&course, Some(&own["seed"].to_string())));
    // 64 bits, and nothing else.
    let largest = u64::MAX.to_string();
    assert_eq!(checked(&course, Some(&largest))["seed"], u64::MAX);
    for wrong in ["-1", "x", "18446744073709551616"] {
        let mut check = siglab(["check", "tiny", "deaf.c"]);
        check.arg(format!("--seed={wrong}")).assert().code(2);
    }
    let mut text = siglab(["check", "--labs"]);
    text.arg(course.at("labs")).arg("tiny");
    text.arg(course.at("submissions/good.c"));
    let said = predicate::str::contains("moments drawn from the seed 7\n");
    text.args(["--seed", "7"]).assert().code(0).stdout(said);
}

#[test]
fn results_of_another_seed_are_others() {
    let course = course();
    let siglab = |command: &str, out: &str, seed: &str| {
        let mut siglab = course.siglab(command, out);
        siglab.args(["--seed", seed]);
        siglab
    };
    siglab("grade", "out", "1").assert().code(0);
    let refused = siglab("grade", "out", "2").assert().code(2);
    let said = stderr(&refused);
    assert!(
        said.contains("were made with the seed 1\nhint: `siglab regrade`"),
        "{said}"
    );
    let changed = siglab("regrade", "out", "2").arg("--diff").assert().code(0);
    let said = stdout(&changed);
    assert!(
        said.contains("moments are drawn from the seed 2, not 1"),
        "{said}"
    );
    assert!(said.contains("2 to run"), "{said}");
    let file = fs::read_to_string(course.at("out/results/deaf.c.json")).expect("it is there");
    let result: Value = serde_json::from_str(&file).expect("it is JSON");
    assert_eq!(result["seed"], 2);
    // Shards of one class have one seed.
    for (part, seed) in [("1", "1"), ("2", "2")] {
        let shard = format!("{part}/2");
        let mut grade = siglab("grade", &format!("part{part}"), seed);
        grade.args(["--shard", &shard]).assert().code(0);
    }
    let refused = course.merge(&["part1", "part2"], "all").code(2);
    let said = stderr(&refused);
    assert!(said.contains("differ in the seed (--seed)"), "{said}");
}
