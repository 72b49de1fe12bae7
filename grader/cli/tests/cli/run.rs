//! `siglab run`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use predicates::prelude::*;
use siglab_model::{Kind, Trace};
use tempfile::TempDir;

use crate::{fails, root, siglab, stderr, stdout};

#[test]
fn programs_that_cannot_be_executed() {
    fails(
        &["run", "no-such-program"],
        127,
        "siglab: error: can't execute no-such-program: not found in PATH",
    );
    fails(
        &["run", "/no/such/program"],
        127,
        "siglab: error: can't execute /no/such/program: No such file or directory",
    );
    fails(
        &["run", "/etc/passwd"],
        126,
        "siglab: error: can't execute /etc/passwd: Permission denied",
    );
    fails(
        &["run", "/etc"],
        126,
        "siglab: error: can't execute /etc: Permission denied",
    );
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("garbage");
    fs::write(&file, "\x7fELF but not really").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("ours");
    siglab(["run"])
        .arg(&file)
        .assert()
        .code(126)
        .stderr(predicate::str::contains("Exec format error"));
}

#[test]
fn files_are_checked_before_anything_runs() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("ran");
    for option in [
        ["--trace", "/no/such/folder/t"],
        ["--trace", "/"],
        ["--script", "/no/such"],
    ] {
        siglab(["run"])
            .args(option)
            .args(["--", "touch"])
            .arg(&witness)
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::starts_with("siglab: error: can't "));
        assert!(!witness.exists(), "{option:?}: it ran");
    }
}

#[test]
fn output_and_exit_status_pass_through() {
    siglab([
        "run",
        "--quiet",
        "--",
        "sh",
        "-c",
        "echo out; echo err >&2; exit 7",
    ])
    .assert()
    .code(7)
    .stdout("out\n")
    .stderr("err\n");
    siglab(["run", "--quiet", "sh", "-c", "kill -TERM $$"])
        .assert()
        .code(143)
        .stdout("")
        .stderr("");
    siglab(["run", "-q", "cat"])
        .write_stdin("through\n")
        .assert()
        .code(0)
        .stdout("through\n")
        .stderr("");
}

#[test]
fn a_scripted_signal_arrives_at_its_moment() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("trace.jsonl");
    let assert = siglab(["run", "--send", "SIGINT@0.4s", "--trace"])
        .arg(&file)
        .args(["--", "sleep", "1000"])
        .assert()
        .code(130)
        .stdout("");
    let timeline = stderr(&assert);
    assert!(
        timeline.contains("400.000 ms  ✖  script → main  SIGINT: default action: killed by it"),
        "{timeline}"
    );
    assert!(
        !timeline.contains('\x1b'),
        "no styles in a pipe: {timeline}"
    );
    let trace =
        Trace::from_jsonl(&fs::read_to_string(&file).expect("it is there")).expect("a whole trace");
    let killed = trace
        .events
        .iter()
        .find(|event| matches!(event.kind, Kind::Killed { .. }));
    assert_eq!(killed.map(|event| event.t.as_nanos()), Some(400_000_000));
    assert_eq!(
        fs::read_dir(folder.path()).expect("a folder").count(),
        1,
        "no temporary file"
    );
}

#[test]
fn a_role_that_never_exists_leaves_the_script_unfinished() {
    let assert = siglab(["run", "-q", "--send", "SIGINT@1s:child", "--", "sleep", "2"])
        .assert()
        .code(0);
    assert_eq!(
        stderr(&assert),
        "siglab: warning: NOT DONE: step 1 of the script: at 1.000s, send SIGINT to child\n"
    );
}

#[test]
fn a_deadlock_is_proved_and_ended() {
    let assert = siglab(["run", "--", "sh", "-c", "kill -STOP $$"])
        .assert()
        .code(137)
        .stdout("");
    assert!(stderr(&assert).contains("DEADLOCK"), "{}", stderr(&assert));
}

#[test]
fn a_limit_ends_the_program() {
    let assert = siglab(["run", "-q", "--limit", "10s", "--", "sleep", "1000"])
        .assert()
        .code(137);
    assert_eq!(
        stderr(&assert),
        "siglab: CUT OFF: the limit of virtual time was reached\n"
    );
}

#[test]
fn a_script_file_is_carried_out() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("script.toml");
    fs::write(
        &file,
        "steps = [\n  { output = \"ready\" },\n  { after = \"1s\", send = \"SIGTERM\" },\n]\n",
    )
    .expect("a file");
    let assert = siglab(["run", "--script"])
        .arg(&file)
        .args(["--", "sh", "-c", "sleep 2; echo ready; sleep 100"])
        .assert();
    assert!(
        stderr(&assert).contains("3000.000 ms"),
        "{}",
        stderr(&assert)
    );
    fs::write(&file, "steps = [\n  { send = \"SIGTREM\" },\n]\n").expect("a file");
    let assert = siglab(["run", "--script"])
        .arg(&file)
        .arg("true")
        .assert()
        .code(2)
        .stdout("");
    let text = stderr(&assert);
    assert!(
        text.contains("script.toml:2:") && text.contains("SIGTERM"),
        "{text}"
    );
    assert_eq!(stdout(&assert), "");
}

#[test]
fn the_timeline_in_the_readme_is_real() {
    let readme = fs::read_to_string(root().join("README.md")).expect("it is there");
    let assert = siglab(["run", "--send", "SIGINT@0.4s", "--send", "SIGINT@7s", "--"])
        .arg(c_samples::path("simple_handler").expect("a sample"))
        .assert()
        .code(130);
    let timeline = stderr(&assert);
    assert!(
        readme.contains(&format!("\n```\n{timeline}```\n")),
        "put this into README.md:\n{timeline}"
    );
}
