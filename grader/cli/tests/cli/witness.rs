//! `siglab explore --witness` and `siglab replay`.

use std::fs;

use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::explore::{PRINTF, program, sample, source_of};
use crate::{fails, siglab, stderr};

#[test]
fn a_witness_holds_the_script() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--send", "SIGWINCH@5s", "--witness"])
        .arg(&witness)
        .arg(sample("check_then_pause"))
        .assert()
        .code(1);
    let text = fs::read_to_string(&witness).expect("it was written");
    let content: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(content["script"][0]["when"]["at"], 5_000_000_000_u64);
    siglab(["replay"])
        .arg(&witness)
        .assert()
        .code(1)
        .stdout(predicate::str::contains("SIGWINCH"))
        .stderr(predicate::str::contains("reproduced, with the same trace"));
}

#[test]
fn a_witness_replays_the_same_every_time() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--witness"])
        .arg(&witness)
        .arg(sample(PRINTF))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("siglab replay"));
    let text = fs::read_to_string(&witness).expect("it was written");
    let content: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(content["kind"], "deadlock");
    let hash = content["trace_hash"].as_str().expect("a string");
    let mut traces = Vec::new();
    for nth in 0..5 {
        let trace = folder.path().join(format!("{nth}.jsonl"));
        siglab(["replay", "--quiet", "--trace"])
            .args([&trace, &witness])
            .assert()
            .code(1)
            .stdout("")
            .stderr(format!(
                "siglab: deadlock: the run was reproduced, with the same trace ({hash})\n"
            ));
        traces.push(fs::read(&trace).expect("it was written"));
    }
    assert!(traces.iter().all(|trace| *trace == traces[0]));
    // The timeline is for people.
    siglab(["replay"])
        .arg(&witness)
        .assert()
        .code(1)
        .stdout(predicate::str::contains("SIGINT"))
        .stdout(predicate::str::contains("on_sigint"));
}

/// The program sees by which path it was started, and where: a witness holds both.
#[test]
fn a_witness_is_replayed_as_the_program_was_started() {
    let folder = TempDir::new().expect("a temporary folder");
    let below = folder.path().join("below");
    fs::create_dir(&below).expect("the folder is ours");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(sample(PRINTF), &link).expect("the folder is ours");
    let witness = folder.path().join("witness.json");
    for started_as in ["./link", "../link", link.to_str().expect("UTF-8")] {
        siglab(["explore", "--moments", "30", "--witness"])
            .arg(&witness)
            .arg(started_as)
            .current_dir(if started_as.starts_with("..") {
                &below
            } else {
                folder.path()
            })
            .assert()
            .code(1);
        siglab(["replay", "--quiet"])
            .arg(&witness)
            .current_dir("/")
            .assert()
            .code(1)
            .stderr(predicate::str::contains("the run was reproduced"));
    }
    // A link that leads elsewhere by now isn't followed there.
    fs::remove_file(&link).expect("it is ours");
    std::os::unix::fs::symlink(sample("printf_in_handler_safe"), &link).expect("ours");
    siglab(["replay", "--quiet"])
        .arg(&witness)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("has changed since the witness"));
}

/// Witnesses from before they said how the program was started.
#[test]
fn a_witness_without_the_newer_fields_is_replayed() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--moments", "30", "--witness"])
        .arg(&witness)
        .arg(sample(PRINTF))
        .assert()
        .code(1);
    let text = fs::read_to_string(&witness).expect("it was written");
    let mut content: Value = serde_json::from_str(&text).expect("it is JSON");
    let fields = content.as_object_mut().expect("an object");
    for field in ["started_as", "dir", "finding_hash"] {
        assert!(fields.remove(field).is_some(), "{field}");
    }
    fs::write(&witness, content.to_string()).expect("the folder is ours");
    siglab(["replay", "--quiet"]).arg(&witness).assert().code(1);
}

#[test]
fn no_witness_is_written_if_nothing_is_found() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--witness"])
        .arg(&witness)
        .arg(sample("printf_in_handler_safe"))
        .assert()
        .code(0)
        .stderr("siglab: nothing was found: no witness was written\n");
    assert!(!witness.exists());
}

#[test]
fn a_changed_program_is_noticed() {
    let folder = TempDir::new().expect("a temporary folder");
    let witness = folder.path().join("witness.json");
    let source = fs::read_to_string(source_of(PRINTF)).expect("it is there");
    let executable = program(&folder, "changing", &source, &["-g"]);
    siglab(["explore", "--witness"])
        .arg(&witness)
        .arg(&executable)
        .assert()
        .code(1);
    program(
        &folder,
        "changing",
        &source.replace("line 2", "line two").replace(", 2)", ", 3)"),
        &["-g"],
    );
    siglab(["replay"])
        .arg(&witness)
        .assert()
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(
            "has changed since the witness was made",
        ));
    fs::remove_file(&executable).expect("it was built");
    siglab(["replay"])
        .arg(&witness)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("No such file or directory"));
}

#[test]
fn what_is_no_witness_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("witness.json");
    siglab(["explore", "--witness"])
        .arg(&file)
        .arg(sample(PRINTF))
        .assert()
        .code(1);
    let text = fs::read_to_string(&file).expect("it was written");
    let good: Value = serde_json::from_str(&text).expect("it is JSON");
    let check = |text: &str, problem: &str| {
        fs::write(&file, text).expect("the folder is ours");
        let assert = siglab(["replay", "--quiet"])
            .arg(&file)
            .assert()
            .code(2)
            .stdout("");
        let words = stderr(&assert);
        assert!(words.starts_with("siglab: error: "), "{words}");
        assert!(words.contains(problem), "{problem:?} is not in {words}");
    };
    check("", "is not a witness: the file is cut short");
    check(
        &text[..text.len() / 2],
        "is not a witness: the file is cut short",
    );
    check("{}", "is not a witness: missing field `schema`");
    check("no JSON", "is not a witness: ");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut other = good.clone();
        change(&mut other);
        other.to_string()
    };
    check(
        &with(&|it| it["schema"] = "siglab/witness/v9".into()),
        "is not a witness: its schema is `siglab/witness/v9`",
    );
    check(
        &with(&|it| it["comment"] = "mine".into()),
        "is not a witness: unknown field `comment`",
    );
    check(
        &with(&|it| it["trace_hash"] = "12".into()),
        "is not a witness: `12` is not a hash of 16 hexadecimal digits",
    );
    check(
        &with(&|it| it["program"] = "relative".into()),
        "is not a witness: the program's path isn't absolute",
    );
    // A witness, but of another program, or of another run.
    let twin = sample("printf_in_handler_safe");
    check(
        &with(&|it| it["program"] = twin.to_string_lossy().into()),
        "has changed since the witness was made",
    );
    let not_reproduced = "deadlock: not reproduced: the trace is ";
    let forged_hash = |it: &mut Value| it["trace_hash"] = "0123456789abcdef".into();
    check(&with(&forged_hash), not_reproduced);
    check(
        &with(&|it| it["injections"] = serde_json::json!([])),
        not_reproduced,
    );
    for (field, value) in [
        ("role", serde_json::json!("child")),
        ("calls", serde_json::json!(1_000_000)),
        (
            "place",
            serde_json::json!({"instruction": {"module": "none.so", "address": 1, "hit": 1}}),
        ),
    ] {
        let text = with(&|it| it["injections"][0]["moment"][field] = value.clone());
        check(&text, not_reproduced);
    }
    check(
        &with(&|it| it["injections"][0]["signal"] = "SIGKILL".into()),
        not_reproduced,
    );
    // The run is the same, but it isn't one of what is said.
    for kind in ["crash", "lost-wakeup", "output-corrupted", "unsafe-call"] {
        check(
            &with(&|it| it["kind"] = kind.into()),
            "but it doesn't show that: the witness was changed",
        );
    }
    check(
        &with(&|it| {
            it["kind"] = "crash".into();
            it["finding_hash"] = Value::Null;
        }),
        "but it doesn't show that: the witness was changed",
    );
    check(
        &with(&|it| it["dir"] = "/no/such/folder".into()),
        "the working directory of the witness's program, /no/such/folder, can't be used: No such",
    );
    fails(
        &["replay", "/dev/zero"],
        2,
        "siglab: error: /dev/zero is not a witness: it is a device, not a regular file",
    );
    fails(
        &["replay", "/no/such/file"],
        2,
        "siglab: error: can't read /no/such/file: No such file or directory",
    );
    fails(
        &["replay", "/"],
        2,
        "siglab: error: can't read /: Is a directory",
    );
}
