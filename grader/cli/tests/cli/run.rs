//! `siglab run`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use predicates::prelude::*;
use siglab_model::{Kind, Trace};
use tempfile::TempDir;

use crate::explore::compile;
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
fn a_role_that_never_exists_is_a_wrong_name() {
    let named = |send: &str, program: &[&str], status: i32, expected: &str| {
        let assert = siglab(["run", "-q", "--send", send, "--"])
            .args(program)
            .assert()
            .code(status);
        assert_eq!(stderr(&assert), expected);
    };
    named(
        "SIGINT@1s:child",
        &["sleep", "2"],
        2,
        "siglab: warning: NOT DONE: step 1 of the script: at 1.000s, send SIGINT to child\n\
         siglab: error: there was no `child` in this run\n\
         hint: there were: main\n",
    );
    // Nor would it have been there if the run had gone on.
    named(
        "SIGINT@5s:worker",
        &["sleep", "2"],
        2,
        "siglab: warning: NOT DONE: step 1 of the script: at 5.000s, send SIGINT to worker\n\
         siglab: error: there was no `worker` in this run\n\
         hint: there were: main\n",
    );
    // It came too late, or has ended: the name is right.
    named("SIGINT@1s:child", &["sh", "-c", "sleep 2; exit 3"], 3, "");
    named(
        "SIGINT@5s",
        &["sleep", "2"],
        0,
        "siglab: warning: NOT DONE: step 1 of the script: at 5.000s, send SIGINT to main\n",
    );
}

#[test]
fn the_name_of_a_program_is_what_was_typed() {
    let folder = TempDir::new().expect("a temporary folder");
    let source = folder.path().join("name.c");
    fs::write(
        &source,
        "#include <stdio.h>\nint main(int c, char **v) { (void)c; puts(v[0]); }\n",
    )
    .expect("a file");
    let program = folder.path().join("name");
    compile(&source, &[], &program);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.path().to_owned()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).expect("a PATH");
    for name in ["name", "./name", program.to_str().expect("a path")] {
        siglab(["run", "-q", "--", name])
            .current_dir(&folder)
            .env("PATH", &path)
            .assert()
            .code(0)
            .stdout(format!("{name}\n"));
    }
}

/// A 32-bit program of 12 bytes of code: exit(7).
const ELF32: &[u8] = &[
    0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80,
    4, 8, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
    0, 0, 0, 0, 0x80, 4, 8, 0, 0x80, 4, 8, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
    0xb8, 1, 0, 0, 0, 0xbb, 7, 0, 0, 0, 0xcd, 0x80,
];

#[test]
fn a_32_bit_program_is_named() {
    let folder = TempDir::new().expect("a temporary folder");
    let program = folder.path().join("prog32");
    fs::write(&program, ELF32).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("ours");
    siglab(["run", "--", "./prog32"])
        .current_dir(&folder)
        .assert()
        .code(126)
        .stdout("")
        .stderr("siglab: error: can't execute ./prog32: a 32-bit program\n");
    let assert = siglab(["run", "--", "sh", "-c", "echo before; ./prog32; echo after"])
        .current_dir(&folder)
        .assert()
        .code(137)
        .stdout("before\n");
    let story = stderr(&assert);
    for words in [
        "runs another program: prog32",
        "UNSUPPORTED: execve: a 32-bit program",
    ] {
        assert!(story.contains(words), "{story}");
    }
}

#[test]
fn a_run_lingers_after_main_has_ended() {
    let script = "(while sleep 1; do :; done) & exit 5";
    let assert = siglab(["run", "--linger", "2500ms", "--", "sh", "-c", script])
        .assert()
        .code(5);
    let story = stderr(&assert);
    assert!(story.contains("still running: child"), "{story}");
    assert!(
        story.ends_with(
            "CUT OFF: still running: child, child/child.3; --linger gives more time\n\n\
             main exited with 5, after 0.000 ms of virtual time; 2 signals\n\
             the run went on until 2500.000 ms because of child, child/child.3; siglab ended \
             what was left\n"
        ),
        "{story}"
    );
    let assert = siglab(["run", "-q", "--", "sh", "-c", "sleep 1000 & exit 0"])
        .assert()
        .code(0);
    assert_eq!(
        stderr(&assert),
        "siglab: CUT OFF: still running: child; --linger gives more time\n"
    );
    let assert = siglab(["run", "--", "sh", "-c", "sleep 3 & exit 0"])
        .assert()
        .code(0);
    assert!(
        stderr(&assert).ends_with(
            "\nmain exited with 0, after 0.000 ms of virtual time; no signals\n\
             the run went on until 3000.000 ms because of child\n"
        ),
        "{}",
        stderr(&assert)
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
