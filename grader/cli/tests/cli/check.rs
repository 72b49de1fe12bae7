//! `siglab check`: what bad input gets, and what good input gets.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::{root, siglab, stderr, stdout, variant};

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
        &format!(
            "{}: a submission ends in .c or .rs, or is predictions.toml",
            shown("notes.txt")
        ),
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

/// A folder with one file of any name, and a header of its own: as `grade` takes it.
#[test]
fn a_folder_is_taken_as_grade_takes_it() {
    let solution = terminator().join("solution/terminator.c");
    let text = fs::read_to_string(solution).expect("it is there");
    let folder = TempDir::new().expect("a temporary folder");
    let at = folder.path().join("handed in/week 3");
    fs::create_dir_all(&at).expect("a folder");
    fs::write(at.join("help.h"), "#include <errno.h>\n").expect("a file");
    fs::write(
        at.join("my homework.c"),
        format!("#include \"help.h\"\n{text}"),
    )
    .expect("a file");
    fs::write(at.join("notes.txt"), "nothing").expect("a file");
    for sandbox in ["off", "auto"] {
        check(folder.path())
            .args(["--sandbox", sandbox])
            .assert()
            .code(0)
            .stdout(predicate::str::contains("10 of 10 points, full marks"));
    }
    fs::write(at.join("another.c"), "int main(void) { }\n").expect("a file");
    check(folder.path())
        .assert()
        .code(2)
        .stderr(predicate::str::contains("holds several submissions"));
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
    let file = variant("wrong/check_then_pause.c");
    check(&file)
        .assert()
        .code(0)
        .stdout(predicate::str::contains(
            "SIGINT comes while parent is in parent",
        ))
        .stdout(predicate::str::contains("SIGINT is injected here"))
        .stdout(predicate::str::contains("advice"))
        .stdout(predicate::str::contains(
            "10 of 10 points, full marks; 1 piece of advice",
        ));
}

/// The first failure is told first, and all of it fits on a screen; the rest on demand.
#[test]
fn what_is_shown_fits_on_a_screen() {
    for file in [
        "wrong/window_too_short.c",
        "wrong/check_then_pause.c",
        "starter/terminator.c",
    ] {
        let file = variant(file);
        let assert = check(&file).assert();
        let text = stdout(&assert);
        assert!(text.starts_with("terminator (c): "), "{text}");
        assert!(text.lines().count() < 24, "{text}");
        let at = |words: &str| {
            text.find(words)
                .unwrap_or_else(|| panic!("{words}: {text}"))
        };
        assert!(at("look at: ") < at("in the scenario "), "{text}");
        // After the score, what the moments were drawn from, and an empty line.
        let first = text.lines().nth(3).expect("a criterion");
        assert!(first.contains(if file.ends_with("check_then_pause.c") {
            "advice"
        } else {
            "FAIL"
        }));
        let mut all = check(&file);
        let assert = all.arg("--all").assert();
        let all = stdout(&assert);
        assert!(all.lines().count() > text.lines().count(), "{all}");
        assert!(
            all.starts_with("✔ pass      -  builds: It compiles\n"),
            "{all}"
        );
        assert!(all.contains(first), "{all}");
    }
}

/// The exit status follows points, and only `--strict` counts what has none: in every format
/// that tells the verdict by it.
#[test]
fn advice_costs_nothing_unless_asked() {
    let advised = variant("wrong/check_then_pause.c");
    let flawless = terminator().join("solution/terminator.c");
    for format in ["text", "json", "exercism"] {
        let status = |file: &Path, more: &[&str]| {
            let mut command = check(file);
            command.args(["--format", format]).args(more);
            command.env_remove("GITHUB_STEP_SUMMARY");
            command.assert().get_output().status.code()
        };
        let strict = if format == "exercism" { 0 } else { 1 };
        assert_eq!(status(&advised, &[]), Some(0), "{format}");
        assert_eq!(status(&advised, &["--strict"]), Some(strict), "{format}");
        if format == "text" {
            assert_eq!(status(&flawless, &["--strict"]), Some(0), "{format}");
        }
    }
}

/// One mistake fails one criterion: what is at any moment isn't tried then.
#[test]
fn a_mistake_is_shown_with_its_line() {
    let file = variant("wrong/sigterm_for_sigkill.c");
    let text = fs::read_to_string(&file).expect("it is there");
    let is_mistake = |line: &str| line.contains("kill(child_pid, SIGTERM)");
    let line = 1 + text.lines().position(is_mistake).expect("it is made");
    let place = format!("  sigterm_for_sigkill.c:{line}\n");
    let signal =
        predicate::str::contains("parent → child   SIGTERM").and(predicate::str::contains(place));
    check(&file).assert().code(1).stdout(signal);
}

#[test]
fn what_needs_another_criterion_says_so() {
    let file = variant("wrong/window_too_short.c");
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

/// A file isn't a screen: it has everything.
#[test]
fn a_text_in_a_file_is_complete() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("result.txt");
    let wrong = variant("wrong/window_too_short.c");
    check(&wrong)
        .arg("-o")
        .arg(&file)
        .assert()
        .code(1)
        .stderr("");
    let text = fs::read_to_string(&file).expect("it is there");
    let all = stdout(&check(&wrong).arg("--all").assert());
    assert_eq!(text, all);
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

/// Whoever corrects each wrong prediction by what the check says gets all points. The answers stand
/// nowhere but in the runs.
#[test]
fn predictions_are_compared_with_what_happens() {
    let folder = TempDir::new().expect("a temporary folder");
    for lab in ["simple_handler", "signal_mask", "more_info"] {
        let starter = root().join("exercises").join(lab).join("predictions.toml");
        let file = folder.path().join(format!("{lab}.toml"));
        // All of it is answered, and wrong.
        let text = fs::read_to_string(&starter).expect("it is there");
        let mut text = text.replace("\"?\"", "\"77\"");
        let check = |text: &str| -> Value {
            fs::write(&file, text).expect("the folder is ours");
            let path = file.to_str().expect("UTF-8");
            let assert = siglab(["check", lab, path, "--format", "json"]).assert();
            serde_json::from_str(&stdout(&assert)).expect("it is JSON")
        };
        let mut rounds = 0;
        let result = loop {
            let result = check(&text);
            let criteria = result["criteria"].as_array().expect("a list");
            let messages = criteria
                .iter()
                .filter_map(|it| it["diagnosis"]["message"].as_str());
            let messages: Vec<&str> = messages.collect();
            if messages.is_empty() {
                break result;
            }
            for message in messages {
                let (place, answer) = message
                    .rsplit_once(": you predict 77, and it is ")
                    .unwrap_or_else(|| panic!("{message}"));
                let (scenario, question) = place.split_once("] ").expect("both");
                let (question, _) = question.split_once(',').expect("the question comes first");
                let start = text.find(&format!("{scenario}]")).expect("it is there");
                let at = start
                    + text[start..]
                        .find(&format!("\n{question} "))
                        .expect("it is there");
                let open = at + text[at..].find("\"77\"").expect("it isn't answered");
                text.replace_range(open..open + 4, &format!("\"{answer}\""));
            }
            rounds += 1;
            assert!(rounds < 10, "{text}");
        };
        assert_eq!(result["language"], "predictions");
        assert_eq!(result["score"], result["max_score"], "{result}");
        let open = check(&fs::read_to_string(&starter).expect("it is there"));
        assert_eq!(open["score"], 0);
        let open = open.to_string();
        assert!(
            open.contains("not-predicted") && !open.contains("\"scenario\":\""),
            "{open}"
        );
    }
}
