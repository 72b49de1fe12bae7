//! `siglab run` and `siglab explore` with a source file instead of a program.

use std::fs;

use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::{root, siglab, stdout};

const HELLO: &str = "#include <stdio.h>\nint main(int argc, char **argv)\n\
                     { printf(\"%s has %d\\n\", argv[0], argc); return 3; }\n";

/// As its lab builds it: `more_info` is told by a definition of the manifest which signal to take.
#[test]
fn a_file_of_a_lab_is_built_as_the_lab_builds_it() {
    let file = root().join("exercises/terminator/solution/terminator.c");
    siglab([
        "run",
        "--send",
        "SIGINT@0.5s",
        "--send",
        "SIGINT@1.2s",
        "--",
    ])
    .arg(&file)
    .current_dir("/")
    .assert()
    .code(0)
    .stderr(predicate::str::contains("terminator in virtual time"))
    .stderr(predicate::str::contains("child was killed by SIGKILL"));
    let rust = root().join("exercises/terminator/solution/terminator.rs");
    siglab(["run", "--quiet", "--"])
        .arg(rust)
        .current_dir("/")
        .assert()
        .code(0);
}

#[test]
fn a_definition_of_the_lab_counts() {
    let folder = TempDir::new().expect("there is room");
    let lab = folder.path().join("exercises/mini");
    fs::create_dir_all(&lab).expect("a folder");
    let manifest = "id = \"mini\"\ntitle = \"A lab\"\n\
                    [build.c]\ndefinitions = { ANSWER = \"42\" }\n\
                    [[scenario]]\nid = \"one\"\n\
                    [[criterion]]\nid = \"builds\"\ntitle = \"It compiles\"\npoints = 1\n\
                    kind = \"builds\"\n";
    fs::write(lab.join("lab.toml"), manifest).expect("a file");
    let text = "int main(void) { return ANSWER; }\n";
    fs::write(lab.join("mine.c"), text).expect("a file");
    let elsewhere = folder.path().join("mine.c");
    fs::write(&elsewhere, text).expect("a file");
    let run = |file: &str, more: &[&str]| {
        let mut siglab = siglab(["run", "--quiet"]);
        let assert = siglab
            .args(more)
            .args(["--", file])
            .current_dir(folder.path())
            .assert();
        assert.get_output().status.code()
    };
    assert_eq!(run("exercises/mini/mine.c", &[]), Some(42));
    assert_eq!(run("mine.c", &["--lab", "mini"]), Some(42));
    assert_eq!(
        run("mine.c", &[]),
        Some(2),
        "it doesn't compile without the lab"
    );
    assert_eq!(run("mine.c", &["--lab", "other"]), Some(2));
}

#[test]
fn a_file_or_folder_of_no_lab_is_built_by_default() {
    let folder = TempDir::new().expect("there is room");
    fs::create_dir(folder.path().join("mine")).expect("a folder");
    fs::write(folder.path().join("mine/hello.c"), HELLO).expect("a file");
    for what in ["mine", "mine/hello.c"] {
        siglab(["run", "--quiet", "--", what, "one", "two"])
            .current_dir(folder.path())
            .assert()
            .code(3)
            .stdout("hello has 3\n");
    }
    // What can be executed is a program, whatever its name is.
    let script = folder.path().join("script.rs");
    fs::write(&script, "#!/bin/sh\necho script\n").expect("a file");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, open).expect("it is ours");
    siglab(["run", "--quiet", "--", "./script.rs"])
        .current_dir(folder.path())
        .assert()
        .code(0)
        .stdout("script\n");
}

#[test]
fn what_does_not_compile_is_not_run() {
    let folder = TempDir::new().expect("there is room");
    fs::write(
        folder.path().join("bad.c"),
        "int main(void) { return x; }\n",
    )
    .expect("a file");
    for command in ["run", "explore"] {
        siglab([command, "bad.c"])
            .current_dir(folder.path())
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains("bad.c:1:"))
            .stderr(predicate::str::ends_with(
                "siglab: error: bad.c doesn't compile\n",
            ));
    }
}

/// The program that a witness is about is still there.
#[test]
fn a_witness_of_a_source_file_is_replayed() {
    let folder = TempDir::new().expect("there is room");
    let file = root().join("c-samples/unsafe/printf_in_handler.c");
    siglab([
        "explore",
        "--moments",
        "200",
        "--format",
        "json",
        "--witness",
        "worst.json",
        "--",
    ])
    .arg(file)
    .current_dir(folder.path())
    .env("XDG_CACHE_HOME", folder.path().join("cache"))
    .env_remove("CARGO_TARGET_DIR")
    .env("HOME", folder.path())
    .assert()
    .code(1);
    let witness = fs::read_to_string(folder.path().join("worst.json")).expect("it is there");
    let witness: Value = serde_json::from_str(&witness).expect("it is JSON");
    let program = witness["program"].as_str().expect("a path");
    assert!(fs::metadata(program).is_ok(), "{program}");
    let assert = siglab(["replay", "worst.json"])
        .current_dir(folder.path())
        .assert()
        .code(1);
    assert!(stdout(&assert).contains("printf_in_handler"));
}
