//! `siglab grade --roster` with what a learning platform exported: its file for the import,
//! and what is told of those who get no score.

use std::fs;
use std::path::Path;

use assert_cmd::assert::Assert;
use predicates::prelude::*;

use crate::grade::{Course, DEAF, GOOD, content, json};
use crate::{stderr, stdout};

/// Can't be graded, as far as the compiler's output tells.
const UNGRADABLE: &str = "#error No space left on device\n";

/// As Canvas writes it: a byte order mark, a line about posting, one of points, and the
/// names as students chose them.
const CANVAS: &str = "\u{feff}\
Student,ID,SIS User ID,SIS Login ID,Section,Warm-up (77),Tiny (81234),Tiny (81235),Current Score
,,,,,Manual Posting,,,(read only)
    Points Possible,,,,,5,30,3,(read only)
\"Lovelace, Ada\",11,s1,ada@example.org,Lab 1,5,,1,40
\"=cmd|' /C calc'!A0, Eve\",12,s2,eve,Lab 1,4,7,,40
\"Ünal \"\"Zoë\"\"\",13,s3,zoe,\"Lab 1, and 2\",,2,,40
\"Away, Ann\",14,s4,ann,Lab 2,,,,
\"Twice, Tim\",15,s5,tim,Lab 2,,,,
\"Broken, Bea\",16,s6,bea,Lab 2,,9,,
";

/// The same class in Moodle, in German.
const MOODLE: &str = "\u{feff}\
ID,\"Vollständiger Name\",E-Mail-Adresse,Status,Bewertung,Bestwertung,\"Bewertung kann geändert werden\",\"Zuletzt geändert (Abgabe)\",\"Zuletzt geändert (Bewertung)\",\"Feedback als Kommentar\"
\"Teilnehmer/in 11\",\"Ada Lovelace\",ada@example.org,Abgegeben,,\"30,00\",Ja,\"Sonntag, 22. November 2026, 08:00\",-,
\"Teilnehmer/in 12\",\"=cmd|' /C calc'!A0 Eve\",eve@example.org,Abgegeben,\"7,00\",\"30,00\",Ja,\"Sonntag, 22. November 2026, 08:00\",\"Montag, 23. November 2026, 09:00\",alt
\"Teilnehmer/in 13\",\"Zoë \"\"Z\"\" Ünal, jr.\",zoe@example.org,Abgegeben,,\"30,00\",Ja,\"Sonntag, 22. November 2026, 08:00\",-,
\"Teilnehmer/in 14\",\"Ann Away\",ann@example.org,\"Keine Abgabe\",,\"30,00\",Ja,-,-,
\"Teilnehmer/in 16\",\"Bea Broken\",bea@example.org,Abgegeben,\"9,00\",\"30,00\",Ja,\"Sonntag, 22. November 2026, 08:00\",-,alt
";

/// The class, as Canvas hands its submissions out.
fn canvas_class() -> Course {
    let course = Course::new(&[
        ("lovelaceada_11_500_tiny.c", GOOD),
        ("cmdeve_LATE_12_501_tiny.c", DEAF),
        ("unalzoe_13_502_tiny.c", ""),
        ("twicetim_15_503_tiny.c", GOOD),
        ("tim.c", DEAF),
        ("brokenbea_16_504_tiny.c", UNGRADABLE),
    ]);
    fs::write(course.at("roster.csv"), CANVAS).expect("there is room");
    course
}

/// The class, as Moodle hands its submissions out.
fn moodle_class() -> Course {
    let course = Course::new(&[
        ("Ada Lovelace_11_assignsubmission_file_/tiny.c", GOOD),
        ("=cmd Eve_12_assignsubmission_file_/tiny.c", DEAF),
        (
            "Zoë Ünal_13_assignsubmission_file_/tiny.c",
            "int main(void) { return <b>; }\n",
        ),
        ("Bea Broken_16_assignsubmission_file_/tiny.c", UNGRADABLE),
    ]);
    fs::write(course.at("roster.csv"), MOODLE).expect("there is room");
    course
}

fn grade(course: &Course, command: &str, out: &str, args: &[&str]) -> Assert {
    let mut siglab = course.siglab(command, out);
    siglab.args(["--roster", "roster.csv"]).args(args).assert()
}

/// The cells of a CSV file, headings included.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).expect("it is there");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let records = reader.records();
    records
        .map(|it| it.expect("CSV").iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn canvas_gets_a_file_to_import() {
    let course = canvas_class();
    // Bea couldn't be graded.
    let assert = grade(&course, "grade", "out", &["--gradebook", "Tiny (81234)"]).code(4);
    assert_eq!(stderr(&assert), "");
    let out = stdout(&assert);
    let said = "canvas.csv, Tiny (81234): 3 with a score, 3 without\n";
    assert!(out.ends_with(said), "{out}");
    let file = course.at("out/canvas.csv");
    let text = fs::read(&file).expect("it is there");
    assert!(text.starts_with("\u{feff}Student,".as_bytes()));
    let (before, after) = (cells(&course.at("roster.csv")), cells(&file));
    let scores: Vec<&str> = after.iter().map(|line| line[5].as_str()).collect();
    // Of 30. Who has no score keeps what was there, or nothing.
    assert_eq!(scores, ["Tiny (81234)", "30", "30", "10", "0", "", "", "9"]);
    // Everything else is as Canvas wrote it; the line about posting isn't there.
    let others = before.iter().filter(|line| line[5] != "Manual Posting");
    for (before, after) in others.zip(&after) {
        assert_eq!(before[..5], after[..5]);
        assert_eq!(after.len(), 6);
    }
    // 0 points, and no points at all, have reasons.
    let page = fs::read_to_string(course.at("out/summary.md")).expect("it is there");
    for line in [
        "## could not be graded: 1\n\n- brokenbea\\_16: the compiler failed: No space left on device\n",
        "## refused: 1\n\n- unalzoe\\_13: tiny.c is empty\n",
        "## handed nothing in: 1\n\n- Away, Ann (s4)\n",
        "## several submissions: 1\n\n- Twice, Tim: tim.c, twicetim\\_15\n",
        "canvas.csv, Tiny (81234): 3 with a score, 3 without\n",
    ] {
        assert!(page.contains(line), "{page}");
    }
    assert_eq!(
        json(&course.at("out/summary.json"))["gradebook"],
        serde_json::json!({
            "file": "canvas.csv",
            "assignment": "Tiny (81234)",
            "scores": 3,
            "without": 3,
        })
    );
    // Without the roster there is nothing to import.
    course.siglab("grade", "out").assert().code(4);
    assert!(!file.exists());
}

#[test]
fn the_assignment_is_the_one_called_like_the_lab() {
    let course = Course::new(&[("ada.c", GOOD)]);
    let roster = |assignments: &str, points: &str| {
        let text = format!(
            "Student,ID,Section,{assignments}\n    Points Possible,,,{points}\n\
             \"Lovelace, Ada\",ada,A,{points}\n"
        );
        fs::write(course.at("roster.csv"), text).expect("there is room");
    };
    let last = || cells(&course.at("out/canvas.csv"))[2][3].clone();
    for heading in ["tiny (7)", "TINY", "Leaves when asked to (7)"] {
        roster(&format!("Warm-up (1),{heading}"), "1,6");
        grade(&course, "grade", "out", &[]).code(0).stderr("");
        assert_eq!(last(), "6", "{heading}");
        fs::remove_file(course.at("out/canvas.csv")).expect("it is there");
    }
    // No guess is made, and nobody is kept from grading.
    for (assignments, points) in [
        ("Warm-up (1),Lab 2 (2)", "1,6"),
        ("Tiny (1),Tiny (2)", "1,6"),
    ] {
        roster(assignments, points);
        let assert = grade(&course, "grade", "out", &[]).code(0);
        assert_eq!(
            stderr(&assert),
            format!(
                "siglab: warning: roster.csv comes from Canvas, and no one assignment is called \
                 like the lab, so there will be no canvas.csv; its assignments are: {}\n\
                 hint: name the assignment with --gradebook\n",
                assignments.replace(',', ", ")
            )
        );
        assert!(!course.at("out/canvas.csv").exists());
    }
    grade(&course, "regrade", "out", &["--gradebook", "Tiny (2)"])
        .code(0)
        .stderr("");
    assert_eq!(last(), "6");
}

#[test]
fn moodle_gets_its_worksheet() {
    let course = moodle_class();
    let assert = grade(&course, "grade", "out", &[]).code(4).stderr("");
    let out = stdout(&assert);
    let said = "\nmoodle.csv: 3 with a score, 2 without\n";
    assert!(out.ends_with(said), "{out}");
    let (before, after) = (
        cells(&course.at("roster.csv")),
        cells(&course.at("out/moodle.csv")),
    );
    assert_eq!(before.len(), after.len());
    let grades: Vec<&str> = after.iter().map(|line| line[4].as_str()).collect();
    assert_eq!(grades, ["Bewertung", "30", "10", "0", "", "9,00"]);
    for (at, (before, after)) in before.iter().zip(&after).enumerate() {
        assert_eq!(before[..4], after[..4]);
        // The time of change is among the cells that stay.
        assert_eq!(before[5..9], after[5..9]);
        if matches!(at, 0 | 4 | 5) {
            assert_eq!(before[9], after[9]);
        }
    }
    assert_eq!(after[1][9], "tiny (c): 3 of 3 points, full marks");
    assert_eq!(
        after[2][9],
        "tiny (c): 1 of 3 points, not full marks<br>\
         leaves: It leaves at SIGTERM: it ended like this: 1.000s<br>\
         look at: handle SIGTERM"
    );
    assert!(after[3][9].starts_with("tiny (c): 0 of 3 points, it does not compile<br>"));
    assert!(after[3][9].contains("&lt;b&gt;"), "{}", after[3][9]);
    assert!(
        out.contains("handed nothing in: 1\n  Ann Away (Teilnehmer/in 14)\n"),
        "{out}"
    );
}

#[test]
fn shards_give_the_same_files() {
    for (course, file, args) in [
        (
            canvas_class(),
            "canvas.csv",
            &["--gradebook", "Tiny (81235)"] as &[&str],
        ),
        (moodle_class(), "moodle.csv", &[]),
    ] {
        grade(&course, "grade", "whole", args).code(4);
        for part in ["1/2", "2/2"] {
            let out = format!("part{}", &part[..1]);
            grade(&course, "grade", &out, &[args, &["--shard", part]].concat());
            // Half a class is nothing to import.
            assert!(!course.at(&out).join(file).exists());
            assert!(course.at(&out).join("summary.md").exists());
        }
        let parts = ["part2", "part1"];
        course.merge(&parts, "merged").code(4).stderr("");
        let merged = content(&course.at("merged"));
        assert!(merged.files.contains_key(file) && merged.files.contains_key("summary.md"));
        assert_eq!(merged, content(&course.at("whole")));
    }
}

#[test]
fn shards_agree_on_the_gradebook() {
    let course = Course::new(&[("ada.c", GOOD)]);
    let text = "Student,ID,Section,Tiny (7),Tiny (8)\n    Points Possible,,,3,3\nAda,ada,A,,\n";
    fs::write(course.at("roster.csv"), text).expect("there is room");
    for (part, shard, assignment) in [("part1", "1/2", "Tiny (7)"), ("part2", "2/2", "Tiny (8)")] {
        let args = ["--shard", shard, "--gradebook", assignment];
        grade(&course, "grade", part, &args).code(0).stderr("");
    }
    let assert = course.merge(&["part1", "part2"], "merged").code(2);
    assert_eq!(
        stderr(&assert),
        "siglab: error: can't merge: part1 and part2 differ in what --roster and --gradebook \
         were\n"
    );
    assert!(!course.at("merged").exists());
}

#[test]
fn strangers_are_named() {
    let course = Course::new(&[("ada.c", GOOD), ("=cmd().c", GOOD), ("x|y.c", DEAF)]);
    let text = "Student,ID,Section,Tiny (7)\n    Points Possible,,,3\nAda,ada,A,\n";
    fs::write(course.at("roster.csv"), text).expect("there is room");
    let assert = grade(&course, "grade", "out", &[]).code(2);
    assert_eq!(
        stderr(&assert),
        "siglab: error: roster.csv doesn't know who handed in =cmd().c, x|y.c\n\
         hint: their results are there like all others; add them to the roster and run it again\n"
    );
    // Those who are known get their scores all the same.
    let lines = cells(&course.at("out/canvas.csv"));
    assert_eq!(lines[2..], [["Ada", "ada", "A", "3"]]);
    let page = fs::read_to_string(course.at("out/summary.md")).expect("it is there");
    assert_eq!(
        page,
        "# tiny: 3 submissions (3 graded)\n\n\
         mean 2.33, median 3 of 3 points\n\n\
         | score | submissions |\n|--:|--:|\n| 1 | 1 |\n| 3 | 2 |\n\n\
         | criterion and diagnoses | pass | fail | other |\n|---|--:|--:|--:|\n\
         | **builds**: It compiles | 3 | 0 | 0 |\n\
         | **leaves**: It leaves at SIGTERM | 2 | 1 | 0 |\n\
         | - exit-status | | 1 | |\n\n\
         ## not in the roster: 2\n\n- =cmd().c\n- x\\|y.c\n\n\
         canvas.csv, Tiny (7): 1 with a score, 0 without\n"
    );
    // Their parts say the same.
    for part in ["1/2", "2/2"] {
        grade(&course, "grade", &part[..1], &["--shard", part]);
    }
    let said = "siglab: error: the roster doesn't know who handed in =cmd().c, x|y.c\n";
    let said = predicate::str::starts_with(said);
    course.merge(&["1", "2"], "merged").code(2).stderr(said);
    assert_eq!(content(&course.at("merged")), content(&course.at("out")));
}

#[test]
fn wrong_gradebooks_are_found_out_first() {
    let course = canvas_class();
    let fails = |roster: &str, assignment: &str, said: &str| {
        fs::write(course.at("roster.csv"), roster).expect("there is room");
        let assert = grade(&course, "grade", "out", &["--gradebook", assignment]);
        assert
            .code(2)
            .stdout("")
            .stderr(format!("siglab: error: {said}\n"));
        assert!(!course.at("out").exists());
    };
    fails(
        CANVAS,
        "Tniy",
        "roster.csv: it has no assignment `Tniy`; its assignments are: Warm-up (77), \
         Tiny (81234), Tiny (81235)\n\
         hint: name one of these with --gradebook, or make the assignment in Canvas and export \
         the gradebook again",
    );
    fails(
        CANVAS,
        "Tiny",
        "roster.csv: several assignments are called `Tiny`\n\
         hint: name one with its number: Tiny (81234), Tiny (81235)",
    );
    fails(
        "ID,Name,Tiny\n11,Ada,\n",
        "Tiny",
        "roster.csv: it is no gradebook exported from Canvas: Canvas's exports have `Student`; \
         its columns are: ID, Name, Tiny\n\
         hint: export the gradebook from Canvas and give that to --roster, or leave --gradebook out",
    );
    fails(
        MOODLE,
        "Tiny",
        "roster.csv: it is a grading worksheet from Moodle, which is for one assignment\n\
         hint: leave --gradebook out: moodle.csv is written all the same",
    );
    let mut alone = course.siglab("grade", "out");
    let said = predicate::str::contains("--roster <FILE>");
    let alone = alone.args(["--gradebook", "Tiny"]).assert();
    alone.code(2).stderr(said);
}
