//! `siglab check`: what bad input gets, and what good input gets.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::{root, siglab, stderr, stdout};

/// `siglab check terminator FILE`, from the workspace's folder.
fn check(file: &Path) -> assert_cmd::Command {
    let mut command = siglab(["check", "terminator"]);
    command.arg(file).current_dir(root());
    command
}

fn terminator() -> PathBuf {
    root().join("exercises/terminator")
}

/// Wrong use: exit status 2, nothing on standard output, and this on standard error.
fn is_refused(file: &Path, reason: &str) {
    check(file)
        .assert()
        .code(2)
        .stdout("")
        .stderr(format!("siglab: error: {reason}\n"));
}

#[test]
fn what_is_not_a_submission_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let shown = |name: &str| at(name).display().to_string();
    is_refused(
        &at("none.c"),
        &format!("can't read {}: No such file or directory", shown("none.c")),
    );
    fs::write(at("empty.c"), "").expect("a file");
    is_refused(&at("empty.c"), &format!("{} is empty", shown("empty.c")));
    fs::write(at("latin1.c"), b"int main(void)\n{ /* \xfc */ }\n").expect("a file");
    is_refused(
        &at("latin1.c"),
        &format!("{}, line 2: not UTF-8", shown("latin1.c")),
    );
    fs::write(at("notes.txt"), "hello").expect("a file");
    is_refused(
        &at("notes.txt"),
        &format!("{}: a submission ends in .c or .rs", shown("notes.txt")),
    );
    let large = File::create(at("large.c")).expect("a file");
    large.set_len(100 << 20).expect("a sparse file");
    is_refused(
        &at("large.c"),
        &format!(
            "{} is larger than 1 MiB (104857600 bytes); is that a source file?",
            shown("large.c")
        ),
    );
    fs::create_dir(at("folder")).expect("a folder");
    check(&at("folder"))
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("holds no submission"));
}

#[test]
fn the_nearest_lab_is_suggested() {
    siglab(["check", "terminater", "x.c"])
        .current_dir(root())
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("did you mean `terminator`?"));
}

#[test]
fn a_result_that_cannot_be_written_is_not_worked_for() {
    check(&terminator().join("solution/terminator.c"))
        .args(["-o", "/no/such/folder/result.json"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(
            "siglab: error: can't write /no/such/folder/result.json: No such file or directory\n",
        );
}

#[test]
fn a_solution_gets_full_marks() {
    let assert = check(&terminator().join("solution/terminator.c"))
        .assert()
        .code(0)
        .stderr("");
    let text = stdout(&assert);
    assert!(text.ends_with("10 of 10 points, full marks\n"), "{text}");
    assert!(!text.contains('\x1b'), "no styles in a pipe: {text}");
}

/// What is shown is the run in which the signal came at the moment that matters.
#[test]
fn a_lost_wake_up_is_shown_where_it_happens() {
    let file = terminator().join("wrong/check_then_pause.c");
    check(&file)
        .assert()
        .code(1)
        .stdout(predicate::str::contains(
            "SIGINT comes while the program is in parent",
        ))
        .stdout(predicate::str::contains("SIGINT is injected here"))
        .stdout(predicate::str::contains("10 of 10 points, not full marks"));
}

/// One mistake fails one criterion: what is at any moment isn't tried then.
#[test]
fn what_needs_another_criterion_says_so() {
    let file = terminator().join("wrong/window_too_short.c");
    let mut command = check(&file);
    let assert = command.args(["--format", "json"]).assert().code(1);
    let result: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    let criteria = result["criteria"].as_array().expect("a list");
    let survives = criteria.iter().find(|it| it["id"] == "survives-any-moment");
    let survives = survives.expect("it is there");
    assert_eq!(survives["verdict"], "skipped");
    assert_eq!(survives["diagnosis"]["id"], "needs-another");
}

#[test]
fn a_result_can_go_to_a_file() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("result.json");
    fs::write(&file, "stale").expect("a file");
    let assert = check(&terminator().join("solution/terminator.c"))
        .args(["--format", "json", "-o"])
        .arg(&file)
        .assert()
        .code(0)
        .stderr("");
    assert_eq!(
        stdout(&assert),
        "terminator (c): 10 of 10 points, full marks\n"
    );
    let content = fs::read_to_string(&file).expect("it is there");
    let json: Value = serde_json::from_str(&content).expect("it is JSON");
    assert_eq!(json["schema"], "siglab/result/v1");
    assert_eq!(
        (&json["score"], &json["max_score"]),
        (&10.into(), &10.into())
    );
    assert!(content.ends_with("}\n"));
    let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
}

#[test]
fn what_does_not_compile_says_so_in_the_compilers_words() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("terminator.c");
    fs::write(&file, "int main(void) { return nonsense; }\n").expect("a file");
    let assert = check(&file).assert().code(1).stderr("");
    let text = stdout(&assert);
    assert!(
        text.starts_with("It does not compile. The compiler says:\n"),
        "{text}"
    );
    assert!(text.contains("nonsense"), "{text}");
    assert!(text.ends_with("it does not compile\n"), "{text}");
    let assert = check(&file).args(["--format", "json"]).assert().code(1);
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["status"], "compile-error");
    assert_eq!(json["score"], 0);
}

#[test]
fn a_program_without_main_does_not_compile() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("terminator.c");
    fs::write(&file, "int answer(void) { return 42; }\n").expect("a file");
    let assert = check(&file).assert().code(1);
    assert!(
        stdout(&assert).contains("main"),
        "{}{}",
        stdout(&assert),
        stderr(&assert)
    );
}
