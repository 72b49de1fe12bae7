//! `siglab check --format`: what is written when, and with which exit status.

use std::fs;
use std::path::PathBuf;

use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::{root, siglab, stderr, stdout, variant};

/// What a workflow of GitHub Actions has in its environment.
const ACTIONS: [&str; 9] = [
    "GITHUB_STEP_SUMMARY",
    "GITHUB_WORKSPACE",
    "GITHUB_ACTOR",
    "GITHUB_REF_NAME",
    "GITHUB_SHA",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "CLASSROOM50_CLASSROOM",
    "CLASSROOM50_OWNER",
];

fn wrong() -> PathBuf {
    variant("wrong/window_too_long.c")
}

/// `siglab check terminator FILE --format FORMAT`, as if not in GitHub Actions.
fn check(file: impl Into<PathBuf>, format: &str) -> assert_cmd::Command {
    let mut command = siglab(["check", "terminator", "--format", format]);
    command.arg(file.into()).current_dir(root());
    for name in ACTIONS {
        command.env_remove(name);
    }
    command
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_result_fits_its_schema() {
    let schema = siglab(["lab", "schema", "--result"]).assert().code(0);
    let schema = json(&stdout(&schema));
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let none = root().join("no-such-file.c");
    for (file, status) in [(wrong(), 1), (none, 2)] {
        let assert = check(file, "json").assert().code(status);
        let document = json(&stdout(&assert));
        let complaints: Vec<_> = validator.iter_errors(&document).collect();
        assert!(complaints.is_empty(), "{complaints:?}: {document:#}");
    }
}

/// Whoever waits for results.json gets it, with a reason, for a bad submission and when
/// the machine can't grade.
#[test]
fn there_always_is_a_document() {
    let folder = TempDir::new().expect("a temporary folder");
    let empty = folder.path().join("terminator.c");
    fs::write(&empty, "").expect("a file");
    let assert = check(&empty, "gradescope").assert().code(2);
    let document = json(&stdout(&assert));
    assert_eq!(document["score"], 0);
    assert_eq!(document["extra_data"]["status"], "refused");
    let output = document["output"].as_str().expect("text");
    assert!(output.contains("the submission was refused"), "{output}");
    assert!(output.contains("terminator.c is empty"), "{output}");
    assert!(stderr(&assert).contains("is empty"));

    let target = folder.path().join("results.json");
    check(wrong(), "gradescope")
        .env("CC", "/no/such/compiler")
        .arg("-o")
        .arg(&target)
        .assert()
        .code(3);
    let document = json(&fs::read_to_string(&target).expect("it is there"));
    assert_eq!(document["extra_data"]["status"], "internal-error");
    let output = document["output"].as_str().expect("text");
    assert!(output.contains("/no/such/compiler"), "{output}");
    assert!(output.contains("Tell your instructor"), "{output}");
}

#[test]
fn people_get_no_document_for_nothing() {
    check("no-such-file.c", "text").assert().code(2).stdout("");
}

#[test]
fn exercism_wants_status_0() {
    for (file, status) in [(wrong(), "fail"), ("no-such-file.c".into(), "error")] {
        let assert = check(file, "exercism").assert().code(0);
        assert_eq!(json(&stdout(&assert))["status"], status);
    }
    let assert = check(wrong(), "exercism")
        .env("CC", "/no/such/compiler")
        .assert()
        .code(3);
    assert_eq!(json(&stdout(&assert))["status"], "error");
}

#[test]
fn classroom50_is_told_by_the_workflow() {
    check(wrong(), "classroom50")
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains("a Classroom 50 result needs"));
    let assert = check(wrong(), "classroom50")
        .env("GITHUB_ACTOR", "ada")
        .env("GITHUB_REF_NAME", "submit/3")
        .env("GITHUB_SHA", "6b946d9")
        .env("GITHUB_SERVER_URL", "https://github.example")
        .env("GITHUB_REPOSITORY", "signals/terminator-ada")
        .args(["--classroom50", "classroom=signals-2026"])
        .assert()
        .code(1);
    let document = json(&stdout(&assert));
    assert_eq!(document["schema"], "classroom50/result/v1");
    assert_eq!(document["classroom"], "signals-2026");
    assert_eq!(document["owner"], "ada");
    assert_eq!(
        (&document["score"], &document["max-score"]),
        (&8.into(), &10.into())
    );
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let folder = TempDir::new().expect("a temporary folder");
    let summary = folder.path().join("summary.md");
    fs::write(&summary, "# before\n").expect("a file");
    let assert = check(wrong(), "github")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env(
            "GITHUB_WORKSPACE",
            wrong().parent().expect("it is in a folder"),
        )
        .assert()
        .code(1);
    let text = stdout(&assert);
    let errors: Vec<_> = text
        .lines()
        .filter(|it| it.starts_with("::error "))
        .collect();
    assert_eq!(errors.len(), 2, "{text}");
    for error in errors {
        let place = "file=window_too_long.c,line=1,";
        assert!(error.contains(place), "{error}");
    }
    let page = fs::read_to_string(&summary).expect("it is there");
    assert!(
        page.starts_with("# before\n## terminator (c): 8 of 10 points, not full marks\n"),
        "{page}"
    );
    assert!(page.contains("### `window-is-one-second`"), "{page}");

    // Where there is no room, nothing is broken.
    let full = vec![b'x'; (1 << 20) - 100];
    fs::write(&summary, &full).expect("a file");
    check(wrong(), "github")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .assert()
        .code(1)
        .stderr("siglab: there is no room left in the step's summary\n");
    assert_eq!(fs::read(&summary).expect("it is there"), full);
}

#[test]
fn root_can_be_given_up() {
    check(wrong(), "json")
        .args(["--as-user", "no-such-user"])
        .assert()
        .code(2)
        .stderr("siglab: error: there is no user `no-such-user`\n");
    // What root gives up is tried with an autograder for Gradescope.
    if !nix::unistd::geteuid().is_root() {
        check(wrong(), "json")
            .args(["--as-user", "nobody"])
            .assert()
            .code(3)
            .stderr(predicate::str::contains("can't become nobody"));
    }
}

#[test]
fn markdown_is_a_page() {
    let assert = check(wrong(), "markdown").assert().code(1).stderr("");
    let page = stdout(&assert);
    assert!(page.starts_with("## terminator (c): "), "{page}");
    assert!(
        page.contains("\n| | points | criterion |\n|---|---|---|\n"),
        "{page}"
    );
    assert!(page.contains("\n### `"), "{page}");
}
