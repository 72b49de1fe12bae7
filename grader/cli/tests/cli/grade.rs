//! `siglab grade`, `merge` and `regrade`, from the outside.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use predicates::prelude::*;
use serde_json::Value;
use siglab_class::{Row, Store};
use siglab_lab::GradeResult;
use tempfile::TempDir;

use crate::{root, siglab, stderr, stdout};

/// A lab with one scenario: SIGTERM after a second.
pub(crate) const LAB: &str = r#"
id = "tiny"
title = "Leaves when asked to"
description = "The program leaves with status 0 at SIGTERM."

[[scenario]]
id = "term"
title = "SIGTERM after a second"
steps = [{ at = "1s", send = "SIGTERM" }]

[[criterion]]
id = "builds"
title = "It compiles"
points = 1
kind = "builds"

[[criterion]]
id = "leaves"
title = "It leaves at SIGTERM"
points = 2

[[criterion.require]]
id = "exit-status"
outcome = { exited = 0 }
message = "it ended like this: {end}"
hint = "handle SIGTERM"
"#;

/// Gets full marks.
pub(crate) const GOOD: &str = r#"
#include <signal.h>
#include <unistd.h>
static void leave(int number) { (void)number; _exit(0); }
int main(void) { signal(SIGTERM, leave); for (;;) pause(); }
"#;

/// Gets one point of three.
pub(crate) const DEAF: &str = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n";

/// A lab, a folder of submissions, and a place for results.
pub(crate) struct Course {
    folder: TempDir,
}

impl Course {
    /// With these submissions, by name.
    pub(crate) fn new(submissions: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("there is room");
        let course = Self { folder };
        fs::create_dir_all(course.at("labs/tiny")).expect("there is room");
        fs::create_dir(course.at("submissions")).expect("there is room");
        fs::create_dir(course.at("tmp")).expect("there is room");
        fs::write(course.at("labs/tiny/lab.toml"), LAB).expect("there is room");
        for (name, text) in submissions {
            course.submit(name, text);
        }
        course
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn submit(&self, name: &str, text: &str) {
        let path = self.at("submissions").join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("there is room");
        fs::write(path, text).expect("there is room");
    }

    /// `siglab COMMAND tiny submissions --out OUT`, without a sandbox.
    pub(crate) fn siglab(&self, command: &str, out: &str) -> Command {
        self.siglab_in("off", command, out)
    }

    /// The same, with such a sandbox.
    pub(crate) fn siglab_in(&self, sandbox: &str, command: &str, out: &str) -> Command {
        let mut siglab = siglab([
            command,
            "tiny",
            "submissions",
            "--labs",
            "labs",
            "--out",
            out,
            "--sandbox",
            sandbox,
        ]);
        siglab
            .current_dir(self.folder.path())
            .env("TMPDIR", self.at("tmp"));
        siglab
    }

    /// Grades everything; what was written to standard output.
    pub(crate) fn grade(&self, out: &str) -> String {
        stdout(&self.siglab("grade", out).assert().code(0).stderr(""))
    }

    pub(crate) fn merge(&self, parts: &[&str], out: &str) -> Assert {
        let mut siglab = siglab(["merge", "--out", out]);
        siglab.args(parts).current_dir(self.folder.path()).assert()
    }

    fn fails(&self, out: &str, status: i32, said: &str) {
        let assert = self.siglab("grade", out).assert().code(status);
        let stderr = stderr(&assert);
        assert!(stderr.starts_with("siglab: error: "), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }
}

/// All that a results folder says, time stamps aside: what is in the store, and every
/// other file byte for byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) rows: Vec<(Row, GradeResult)>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

pub(crate) fn content(out: &Path) -> Content {
    let store = Store::open(&out.join("siglab.db"), false).expect("it is a store");
    let mut rows = Vec::new();
    store
        .read(|row, result| {
            rows.push((row.clone(), result.clone()));
            Ok(())
        })
        .expect("it can be read");
    drop(store);
    let mut files = BTreeMap::new();
    for folder in ["", "results"] {
        for entry in fs::read_dir(out.join(folder)).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            let name = path.strip_prefix(out).expect("it is in there").display();
            if path.is_file() && !name.to_string().starts_with("siglab.db") {
                files.insert(name.to_string(), fs::read(&path).expect("it can be read"));
            }
        }
    }
    Content { rows, files }
}

pub(crate) fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// How many runs there were, as siglab's first line says.
fn runs(stdout: &str) -> &str {
    let line = stdout.lines().next().unwrap_or_default();
    line.rsplit(", ").next().unwrap_or_default()
}

#[test]
fn a_class_gets_results() {
    let course = Course::new(&[
        ("alice.c", GOOD),
        ("bob.c", DEAF),
        ("carol/tiny.c", &format!("/* mine */{GOOD}")),
        ("dave.c", GOOD),
        ("erin.c", "int main(void) { return nonsense; }\n"),
        ("frank/notes.txt", "sorry"),
        ("=1+1.c", "\u{feff}"),
    ]);
    let out = course.grade("out");
    assert_eq!(
        out.lines().next(),
        Some("7 submissions: 0 have a result, 4 to run")
    );
    let mut lines: Vec<&str> = out.lines().skip(1).take(7).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "=1+1.c: 0 of 3, refused: =1+1.c is empty",
            "alice.c: 3 of 3",
            "bob.c: 1 of 3",
            "carol: 3 of 3",
            "dave.c: 3 of 3",
            "erin.c: 0 of 3, doesn't compile",
            "frank: 0 of 3, refused: it holds no C or Rust file; expected tiny.c or tiny.rs, found notes.txt",
        ]
    );
    let scores = fs::read_to_string(course.at("out/scores.csv")).expect("it is there");
    assert_eq!(
        scores,
        "submission,student_id,student,language,status,score,max_score,late,reason,builds,leaves\n\
         '=1+1.c,,'=1+1,,refused,0,3,,'=1+1.c is empty,0,0\n\
         alice.c,,alice,c,graded,3,3,,,1,2\n\
         bob.c,,bob,c,graded,1,3,,,1,0\n\
         carol,,carol,c,graded,3,3,,,1,2\n\
         dave.c,,dave,c,graded,3,3,,,1,2\n\
         erin.c,,erin,c,compile-error,0,3,,,0,0\n\
         frank,,frank,,refused,0,3,,\"it holds no C or Rust file; expected tiny.c or tiny.rs, found notes.txt\",0,0\n"
    );
    let summary = json(&course.at("out/summary.json"));
    assert_eq!(summary["schema"], "siglab/class/v1");
    assert_eq!(
        summary["scores"],
        serde_json::json!({"0": 3, "1": 1, "3": 3})
    );
    assert_eq!(
        summary["diagnoses"][1],
        serde_json::json!({"criterion": "leaves", "diagnosis": "exit-status", "count": 1})
    );
    let result = json(&course.at("out/results/erin.c.json"));
    assert_eq!(result["schema"], "siglab/result/v1");
    let words = result["compiler_output"].as_str().expect("it is text");
    assert!(words.starts_with("tiny.c: In function"), "{words}");
    // What is equal to another submission, or was graded, isn't run.
    assert_eq!(runs(&course.grade("out")), "0 to run");
    let left: Vec<_> = fs::read_dir(course.at("tmp"))
        .expect("it is there")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// [`GOOD`] in Rust.
const GOOD_RUST: &str = r#"
unsafe extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn pause() -> i32;
    fn _exit(status: i32) -> !;
}
extern "C" fn leave(_: i32) {
    unsafe { _exit(0) }
}
fn main() {
    unsafe {
        signal(15, leave);
        loop {
            pause();
        }
    }
}
"#;

/// Files, packages and modules, beside C; equal ones are run once.
#[test]
fn rust_is_graded_beside_c() {
    let deaf = GOOD_RUST.replace("signal(15", "signal(10");
    let split = GOOD_RUST.replace(
        "extern \"C\" fn leave(_: i32) {\n    unsafe { _exit(0) }\n}",
        "mod leaving;\nuse leaving::leave;",
    );
    let course = Course::new(&[
        ("alice.rs", GOOD_RUST),
        ("bob.rs", &deaf),
        ("carol/Cargo.toml", "[package]\nname = \"carol\"\n"),
        (
            "carol/src/main.rs",
            &split.replace("fn _exit(status: i32) -> !;", ""),
        ),
        (
            "carol/src/leaving.rs",
            "pub extern \"C\" fn leave(_: i32) { std::process::exit(0) }\n",
        ),
        ("dave/tiny.rs", GOOD_RUST),
        ("erin.rs", "fn main() { nonsense() }\n"),
        ("frank.c", GOOD),
    ]);
    let out = course.grade("out");
    assert_eq!(runs(&out), "5 to run");
    let mut lines: Vec<&str> = out.lines().skip(1).take(6).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "alice.rs: 3 of 3",
            "bob.rs: 1 of 3",
            "carol: 3 of 3",
            "dave: 3 of 3",
            "erin.rs: 0 of 3, doesn't compile",
            "frank.c: 3 of 3",
        ]
    );
    let result = json(&course.at("out/results/alice.rs.json"));
    assert_eq!(result["language"], "rust");
}

#[test]
fn only_what_was_handed_in_again_is_run() {
    let course = Course::new(&[("alice.c", GOOD), ("bob.c", DEAF), ("carol.c", DEAF)]);
    course.grade("out");
    course.submit("bob.c", &GOOD.replace("leave", "go"));
    fs::remove_file(course.at("submissions/carol.c")).expect("it is there");
    let out = course.grade("out");
    assert!(
        out.starts_with(
            "2 submissions: 1 have a result, 1 to run\n\
             carol.c: withdrawn, it is not there any more\n\
             bob.c: 3 of 3\n"
        ),
        "{out}"
    );
    assert!(!course.at("out/results/carol.c.json").exists());
    // It comes back with the result that it had.
    course.submit("carol.c", DEAF);
    assert_eq!(runs(&course.grade("out")), "0 to run");
    let again = content(&course.at("out"));
    course.grade("other");
    assert_eq!(again, content(&course.at("other")));
}

#[test]
fn shards_are_merged_to_the_same_bytes() {
    let course = Course::new(&[]);
    for number in 0..16 {
        let name = format!("student {number}.c");
        match number % 4 {
            0 => course.submit(&name, GOOD),
            1 => course.submit(&name, &format!("{DEAF}/* {number} */\n")),
            2 => course.submit(&name, "int main(void) { }}"),
            _ => course.submit(&name, ""),
        }
    }
    fs::write(
        course.at("roster.csv"),
        "ID,Name\n1,Student 0\n2,Nobody Here\n",
    )
    .expect("room");
    course.siglab("grade", "whole").assert().code(0);
    let parts = ["part1", "part2", "part3", "part4"];
    for (at, part) in parts.iter().enumerate() {
        let mut siglab = course.siglab("grade", part);
        siglab
            .args(["--shard", &format!("{}/4", at + 1)])
            .assert()
            .code(0);
    }
    course.merge(&parts, "merged").code(0).stderr("");
    assert_eq!(content(&course.at("merged")), content(&course.at("whole")));
    // In another order, and once more on top.
    let turned = ["part3", "part1", "part4", "part2"];
    course.merge(&turned, "merged").code(0).stderr("");
    assert_eq!(content(&course.at("merged")), content(&course.at("whole")));
    for (parts, said) in [
        (
            &["part1", "part2", "part4"] as &[&str],
            "shards are missing: 3/4",
        ),
        (&["part1", "part1"], "shard 1/4 is there twice"),
        (&["part1", "nowhere"], "nowhere/siglab.db"),
    ] {
        let assert = course.merge(parts, "other");
        let stderr = stderr(&assert);
        assert!(stderr.contains(said), "{stderr}");
        assert!(!assert.get_output().status.success());
        assert!(!course.at("other").exists());
    }
    course.fails(
        "part1",
        2,
        "holds results of lab tiny, shard 1/4, not of lab tiny",
    );
}

#[test]
fn regrading_says_what_changed_and_why() {
    let course = Course::new(&[("alice.c", GOOD), ("bob.c", DEAF), ("carol.c", DEAF)]);
    course.grade("out");
    let before = content(&course.at("out"));
    // The lab now asks for something that nobody does.
    let stricter = LAB.replace("exited = 0", "killed = \"SIGTERM\"");
    fs::write(course.at("labs/tiny/lab.toml"), stricter).expect("there is room");
    course.fails(
        "out",
        2,
        "were made with another version of the lab\nhint: `siglab regrade`",
    );
    assert_eq!(content(&course.at("out")), before);
    course.submit("carol.c", GOOD);
    let mut regrade = course.siglab("regrade", "out");
    let out = stdout(&regrade.arg("--diff").assert().code(0).stderr(""));
    let diff = out.split("\n\n").nth(1).unwrap_or_default();
    assert_eq!(
        diff,
        "the lab was changed\n\
         alice.c: 3 -> 1 because of: lab\n    leaves: pass -> fail\n\
         bob.c: 1 -> 3 because of: lab\n    leaves: fail -> pass\n\
         2 changed, 1 as before",
        "{out}"
    );
    let changes = json(&course.at("out/changes.json"));
    assert_eq!(changes["changes"][0]["because"], serde_json::json!(["lab"]));
    // Nothing is different now, whatever is asked.
    assert_eq!(runs(&course.grade("out")), "0 to run");
    let mut regrade = course.siglab("regrade", "out");
    let out = stdout(&regrade.arg("--diff").assert().code(0));
    assert!(out.contains("0 changed, 3 as before"), "{out}");
    let nothing = course.siglab("regrade", "none").assert().code(2);
    assert!(stderr(&nothing).contains("holds no results yet"));
}

#[test]
fn a_roster_names_students() {
    let course = Course::new(&[
        ("doejane_LATE_1234_5_tiny.c", GOOD),
        ("lijo_1235_6_tiny.c", DEAF),
        ("lijo.c", DEAF),
    ]);
    let roster = course.at("submissions/roster.csv");
    let rows = "Student,ID\n\"Doe, Jane\",1234\n\"Li, Jo\",1235\n\"Away, Ann\",1236\n";
    fs::write(&roster, rows).expect("there is room");
    let grade = || {
        let mut siglab = course.siglab("grade", "out");
        siglab.arg("--roster").arg(&roster).assert()
    };
    let out = stdout(&grade().code(0).stderr(""));
    assert!(
        out.contains("handed nothing in: 1\n  Away, Ann (1236)\n"),
        "{out}"
    );
    assert!(out.contains("Li, Jo: lijo.c, lijo_1235\n"), "{out}");
    let scores = fs::read_to_string(course.at("out/scores.csv")).expect("it is there");
    let rows: Vec<&str> = scores.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "doejane_1234,1234,\"Doe, Jane\",c,graded,3,3,late,,1,2",
            "lijo.c,1235,\"Li, Jo\",c,graded,1,3,,,1,0",
            "lijo_1235,1235,\"Li, Jo\",c,graded,1,3,,,1,0",
            ",1236,\"Away, Ann\",,missing,,3,,,,",
        ]
    );
    // Somebody else is graded all the same, and named.
    course.submit("stranger.c", DEAF);
    let assert = grade().code(2);
    let said = stderr(&assert);
    assert!(
        said.contains("doesn't know who handed in stranger.c\n"),
        "{said}"
    );
    assert!(course.at("out/results/stranger.c.json").exists());
    // A roster of another course is found out before anything is run.
    fs::write(&roster, "ID,Name\n9,Nobody\n").expect("there is room");
    let assert = grade().code(2).stdout("");
    assert!(stderr(&assert).contains("knows none of the 4 submissions"));
    fs::write(&roster, "Colour\nred\n").expect("there is room");
    let assert = grade().code(2).stdout("");
    assert!(stderr(&assert).contains("no column identifies students"));
}

#[test]
fn folders_that_are_not_what_they_should_be() {
    let course = Course::new(&[("alice.c", GOOD)]);
    course.fails("submissions/out", 2, "is inside");
    course.fails("submissions", 2, "is inside");
    course.fails(".", 2, "is inside");
    assert!(!course.at("submissions/out").exists());
    fs::create_dir(course.at("full")).expect("there is room");
    fs::write(course.at("full/thesis.tex"), "mine").expect("there is room");
    course.fails("full", 2, "is not empty, and holds no store of results");
    fs::write(course.at("file"), "mine").expect("there is room");
    course.fails("file", 2, "can't write file: not a directory");
    let mut missing = siglab(["grade", "tiny", "nowhere", "--labs", "labs", "--out", "out"]);
    missing
        .current_dir(course.at(""))
        .assert()
        .code(2)
        .stderr("siglab: error: can't read nowhere: No such file or directory\n");
    fs::create_dir(course.at("empty")).expect("there is room");
    let mut empty = siglab(["grade", "tiny", "empty", "--labs", "labs", "--out", "out"]);
    let empty = empty.current_dir(course.at("")).assert().code(2);
    assert!(stderr(&empty).contains("holds no submissions"));
    assert!(!course.at("out").exists());
    for shard in ["0/4", "5/4", "x"] {
        let mut wrong = course.siglab("grade", "out");
        let said = predicate::str::contains("is not a shard");
        wrong.args(["--shard", shard]).assert().code(2).stderr(said);
    }
}

#[test]
fn results_of_another_lab_are_left_alone() {
    let course = Course::new(&[("alice.c", GOOD)]);
    course.grade("out");
    let before = content(&course.at("out"));
    fs::create_dir(course.at("labs/other")).expect("there is room");
    let other = LAB.replace("\"tiny\"", "\"other\"");
    fs::write(course.at("labs/other/lab.toml"), other).expect("there is room");
    let mut siglab = siglab([
        "grade",
        "other",
        "submissions",
        "--labs",
        "labs",
        "--out",
        "out",
    ]);
    let assert = siglab
        .current_dir(course.at(""))
        .assert()
        .code(2)
        .stdout("");
    let said = stderr(&assert);
    assert!(
        said.contains("out holds results of lab tiny, not of lab other"),
        "{said}"
    );
    assert_eq!(content(&course.at("out")), before);
}

#[test]
fn a_damaged_store_is_not_written_to() {
    let course = Course::new(&[("alice.c", GOOD), ("bob.c", DEAF)]);
    course.grade("out");
    let store = course.at("out/siglab.db");
    let whole = fs::read(&store).expect("it is there");
    let mut file = File::options()
        .write(true)
        .open(&store)
        .expect("it is ours");
    file.seek(SeekFrom::Start(4096)).expect("it is longer");
    file.write_all(&[0xff; 8192]).expect("there is room");
    drop(file);
    let damaged = fs::read(&store).expect("it is there");
    course.fails("out", 2, "siglab.db is damaged: ");
    assert_eq!(fs::read(&store).expect("it is there"), damaged);
    fs::write(&store, "not a database, but long enough to be none").expect("there is room");
    course.fails("out", 2, "siglab.db is damaged: ");
    let result = json(&course.at("out/results/alice.c.json"));
    assert_eq!(result["score"], 3);
    fs::write(&store, whole).expect("there is room");
    assert_eq!(runs(&course.grade("out")), "0 to run");
}

#[test]
fn what_cannot_be_graded_has_a_reason_and_no_score() {
    // A compiler that the disk fails, as far as its output tells.
    let course = Course::new(&[
        ("alice.c", GOOD),
        ("bob.c", "#error No space left on device\n"),
    ]);
    let assert = course.siglab("grade", "out").assert().code(4).stderr("");
    let said = "bob.c: could not be graded: the compiler failed: No space left on device\n";
    assert!(stdout(&assert).contains(said), "{}", stdout(&assert));
    let scores = fs::read_to_string(course.at("out/scores.csv")).expect("it is there");
    let last = scores.lines().last().unwrap_or_default();
    let expected =
        "bob.c,,bob,c,internal-error,,3,,the compiler failed: No space left on device,0,0";
    assert_eq!(last, expected);
    let result = json(&course.at("out/results/bob.c.json"));
    assert_eq!(result["status"], "internal-error");
    // It is tried again by the next call, and only it.
    let assert = course.siglab("grade", "out").assert().code(4);
    assert_eq!(runs(&stdout(&assert)), "1 to run");
    course.submit("bob.c", DEAF);
    let out = course.grade("out");
    assert!(out.contains("bob.c: 1 of 3\n"), "{out}");
}

#[test]
fn without_a_compiler_nobody_is_graded() {
    let course = Course::new(&[("alice.c", GOOD), ("bob.c", DEAF)]);
    let mut siglab = course.siglab("grade", "out");
    let assert = siglab.env("CC", "/nowhere/cc").assert().code(3);
    assert!(
        stderr(&assert).contains("C compiler"),
        "{}",
        stderr(&assert)
    );
    assert!(!course.at("out/results/alice.c.json").exists());
    assert_eq!(runs(&course.grade("out")), "2 to run");
}

/// A file system with little room, as long as this lives.
struct Small(PathBuf);

impl Small {
    /// At `path`; nothing if this process may not mount anything.
    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).expect("there is room");
        let none: Option<&str> = None;
        let options = Some("size=1m");
        mount(none, &path, Some("tmpfs"), MsFlags::empty(), options).ok()?;
        Some(Self(path))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let course = Course::new(&[]);
    for number in 0..12 {
        course.submit(&format!("{number}.c"), &format!("{DEAF}/* {number} */\n"));
    }
    let Some(small) = Small::mount(course.at("small")) else {
        // Nothing else here makes a full disk, and a user without the privilege can't.
        return;
    };
    let ballast = small.0.join("ballast");
    // First there is no room for a store, then not for all results.
    for kilobytes in [1020, 800] {
        fs::write(&ballast, vec![0; kilobytes << 10]).expect("there is room");
        let assert = course.siglab("grade", "small/out").assert().code(3);
        let said = stderr(&assert);
        assert!(said.contains("the same command goes on"), "{said}");
        let text = stdout(&assert);
        let reported = text.lines().filter(|line| line.contains(".c: "));
        if let Ok(store) = Store::open(&small.0.join("out/siglab.db"), false) {
            let names = store.names().expect("it can be read");
            for line in reported {
                let name = line.split(':').next().unwrap_or_default();
                assert!(names.iter().any(|it| it == name), "{name} is lost");
            }
        }
    }
    fs::remove_file(&ballast).expect("it is there");
    course.grade("small/out");
    course.grade("large");
    assert_eq!(content(&small.0.join("out")), content(&course.at("large")));
}

/// A lab that asks for predictions gets them from a class, too.
#[test]
fn predictions_are_graded() {
    let folder = TempDir::new().expect("a temporary folder");
    let starter = root().join("exercises/signal_mask/predictions.toml");
    let open = fs::read_to_string(starter).expect("it is there");
    for (name, answer) in [("alice", "?"), ("bob", "77")] {
        let class = folder.path().join("class").join(name);
        fs::create_dir_all(&class).expect("the folder is ours");
        let text = open.replace("\"?\"", &format!("\"{answer}\""));
        fs::write(class.join("predictions.toml"), text).expect("the folder is ours");
    }
    let out = folder.path().join("out");
    let assert = siglab(["grade", "signal_mask"])
        .arg(folder.path().join("class"))
        .arg("--out")
        .arg(&out)
        .assert()
        .success();
    let said = stdout(&assert);
    assert!(
        said.contains("alice: 0 of 4") && said.contains("bob: 0 of 4"),
        "{said}"
    );
    let bob = fs::read_to_string(out.join("results/bob.json")).expect("it is there");
    let bob: Value = serde_json::from_str(&bob).expect("it is JSON");
    assert_eq!(bob["language"], "predictions");
    let message = bob["criteria"][1]["diagnosis"]["message"].as_str();
    assert!(
        message.is_some_and(|it| it.contains("you predict 77")),
        "{bob}"
    );
}

/// Predictions may have any name, as programs may; and the only program beside them isn't what was
/// asked for.
#[test]
fn predictions_are_known_by_their_ending() {
    let folder = TempDir::new().expect("a temporary folder");
    let at = |name: &str| folder.path().join("class").join(name);
    let starter = root().join("exercises/signal_mask/predictions.toml");
    let open = fs::read(starter).expect("it is there");
    for name in [
        "doejane_1234_5678_predictions.toml",
        "roejohn_LATE_1235_5679_predictions-1.toml",
        "poepat_1236_5680_my_answers.toml",
        "alice.toml",
        "bob/answers.toml",
        "bob/Cargo.toml",
        "bob/main.c",
        "carol/predictions.toml",
        "carol/draft.toml",
        "dave/one.toml",
        "dave/two.toml",
        "erin/Cargo.toml",
    ] {
        fs::create_dir_all(at(name).parent().expect("it is in the folder")).expect("a folder");
        fs::write(at(name), &open).expect("the folder is ours");
    }
    let grade = |lab: &str, out: &str| {
        let mut siglab = siglab(["grade", lab, "--sandbox", "off"]);
        siglab.arg(folder.path().join("class"));
        siglab.arg("--out").arg(folder.path().join(out));
        stdout(&siglab.assert().success())
    };
    let said = grade("signal_mask", "out");
    for name in [
        "doejane_1234",
        "roejohn_1235",
        "poepat_1236",
        "alice.toml",
        "bob",
        "carol",
    ] {
        assert!(
            said.contains(&format!("{name}: 0 of 4\n")),
            "{name}: {said}"
        );
    }
    for refused in [
        "dave: 0 of 4, refused: it holds 2 files that could be meant (one.toml, two.toml); hand in \
         one, or name it predictions.toml\n",
        "erin: 0 of 4, refused: it holds no predictions; expected predictions.toml, found \
         Cargo.toml\n",
    ] {
        assert!(said.contains(refused), "{said}");
    }
    let folder = folder.path().join("class/bob");
    let assert = siglab(["check", "signal_mask", "--format", "json"])
        .arg(folder)
        .assert()
        .code(1);
    let result: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(result["language"], "predictions");
}

/// Whatever has the name of a lock in a folder for results, nobody waits for it, and nothing is
/// written to what a link leads to.
#[test]
fn a_lock_is_a_regular_file() {
    let course = Course::new(&[("good.c", GOOD)]);
    fs::create_dir_all(course.at("fifo")).expect("there is room");
    mkfifo(&course.at("fifo/.lock"), Mode::S_IRWXU).expect("FIFOs can be made");
    course.fails(
        "fifo",
        2,
        "can't write fifo/.lock: it is a FIFO, not a regular file",
    );
    fs::create_dir_all(course.at("link")).expect("there is room");
    fs::write(course.at("precious"), "content").expect("there is room");
    symlink(course.at("precious"), course.at("link/.lock")).expect("there is room");
    course.fails(
        "link",
        2,
        "can't write link/.lock: it is a symbolic link, not a regular file",
    );
    let precious = fs::read_to_string(course.at("precious")).expect("it is there");
    assert_eq!(precious, "content");
}
