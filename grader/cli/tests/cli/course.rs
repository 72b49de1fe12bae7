//! `siglab grade course.toml`: several labs at once, and a column for each.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::{root, siglab, stderr, stdout};

/// What both labs ask for: there are few points, and a run takes no time.
const LABS: [&str; 2] = ["simple_handler", "signal_mask"];

/// A course in a folder.
struct Course {
    folder: TempDir,
}

impl Course {
    fn new(text: &str) -> Self {
        let folder = TempDir::new().expect("there is room");
        let course = Self { folder };
        course.write("course.toml", text);
        course
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("there is room");
        fs::write(path, text).expect("there is room");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).expect("it is there")
    }

    fn siglab(&self, command: &str) -> Command {
        let mut siglab = siglab([command, "course.toml", "--sandbox", "off", "--labs"]);
        siglab
            .arg(root().join("exercises"))
            .current_dir(self.folder.path());
        siglab
    }

    /// Grades everything; what was written to standard output.
    fn grade(&self) -> String {
        stdout(&self.siglab("grade").assert().code(0).stderr(""))
    }

    fn fails(&self, status: i32, said: &str) {
        let assert = self.siglab("grade").assert().code(status);
        let stderr = stderr(&assert);
        assert!(stderr.starts_with("siglab: error: "), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }

    fn table(&self) -> Vec<Vec<String>> {
        cells(&self.read("out/gradebook.csv"))
    }
}

fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.as_bytes());
    let lines = reader.records().map(|record| record.expect("it is CSV"));
    let cells = lines.map(|line| line.iter().map(str::to_owned).collect());
    cells.collect()
}

/// Predictions for a lab in which all answers are open, but for the first of which it is said when
/// the program ends: one that is right for the first scenario of both labs.
fn open(lab: &str) -> String {
    let starter = root().join("exercises").join(lab).join("predictions.toml");
    fs::read_to_string(starter).expect("it is there")
}

/// Predictions with the right answers to one scenario: a point.
fn one_point(lab: &str) -> String {
    let answers = match lab {
        "simple_handler" => ["no-signal", "0", "0", "\"exit 0\"", "\"10s\""],
        _ => panic!("no answers for {lab}"),
    };
    let [scenario, runs, merged, ends, at] = answers;
    let text = open(lab);
    let (before, after) = text
        .split_once(&format!("[{scenario}]\n"))
        .expect("it is asked for");
    let mut after = after.to_owned();
    for (key, answer) in [
        ("handler_runs", runs),
        ("merged", merged),
        ("ends", ends),
        ("ends_at", at),
    ] {
        let question = after
            .lines()
            .find(|line| line.split(' ').next() == Some(key))
            .expect("it is asked for")
            .to_owned();
        after = after.replacen(&question, &format!("{key} = {answer}"), 1);
    }
    format!("{before}[{scenario}]\n{after}")
}

const OWN_FOLDERS: &str = "title = \"Signals\"\nout = \"out\"\n\
     [[lab]]\nid = \"simple_handler\"\nsubmissions = \"one\"\n\
     [[lab]]\nid = \"signal_mask\"\nsubmissions = \"two\"\n";

/// A column for each lab; whoever is in one lab only has an empty cell in the other.
#[test]
fn each_lab_has_a_column() {
    let course = Course::new(OWN_FOLDERS);
    course.write("one/doejane_1234_1_predictions.toml", &one_point(LABS[0]));
    course.write("one/roejohn_1235_2_predictions.toml", &open(LABS[0]));
    course.write("two/roejohn_1235_9_predictions-1.toml", &open(LABS[1]));
    course.write("two/poepat_1236_10_answers.toml", &open(LABS[1]));
    let said = course.grade();
    for line in [
        "simple_handler:\n2 submissions: 0 have a result, 2 to run\n",
        "doejane_1234: 1 of 7\n",
        "signal_mask:\n2 submissions: 0 have a result, 1 to run\n",
        "\nSignals: 2 labs, 3 students\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(
        course.table(),
        [
            [
                "student_id",
                "student",
                "simple_handler",
                "signal_mask",
                "total"
            ],
            ["", "doejane", "1", "", "1"],
            ["", "poepat", "", "0", "0"],
            ["", "roejohn", "0", "0", "0"],
        ]
    );
    let book: Value = serde_json::from_str(&course.read("out/course.json")).expect("it is JSON");
    assert_eq!(book["schema"], "siglab/course/v1");
    assert_eq!(book["labs"][0]["mean"], 0.5);
    assert_eq!(book["labs"][1]["submissions"], 2);
    assert_eq!(book["students"][0]["total"], 1);
    let scores = book["students"][0]["scores"].as_object().expect("by lab");
    assert_eq!(scores.keys().collect::<Vec<_>>(), ["simple_handler"]);
    assert!(said.ends_with(&course.read("out/course.txt")), "{said}");
    // And what there is for a class is there for each lab.
    for lab in LABS {
        for file in [
            "scores.csv",
            "summary.json",
            "summary.txt",
            "summary.md",
            "siglab.db",
        ] {
            assert!(
                course.at("out").join(lab).join(file).is_file(),
                "{lab}/{file}"
            );
        }
    }
    let result = course.read("out/simple_handler/results/doejane_1234.json");
    let result: Value = serde_json::from_str(&result).expect("it is JSON");
    assert_eq!(result["score"], 1);
}

/// What has a result isn't run again, what is gone has none, and what is new gets one.
#[test]
fn the_same_command_goes_on() {
    let course = Course::new(OWN_FOLDERS);
    course.write("one/alice.toml", &one_point(LABS[0]));
    fs::create_dir(course.at("two")).expect("there is room");
    let said = course.grade();
    assert!(
        said.contains("signal_mask:\n0 submissions: 0 have a result, 0 to run\n"),
        "{said}"
    );
    assert_eq!(course.table()[1..], [["", "alice", "1", "", "1"]]);
    let before = course.read("out/gradebook.csv");
    let said = course.grade();
    assert!(
        said.contains("1 submissions: 1 have a result, 0 to run\n"),
        "{said}"
    );
    assert_eq!(course.read("out/gradebook.csv"), before);
    course.write("two/bob.toml", &open(LABS[1]));
    fs::remove_file(course.at("one/alice.toml")).expect("it is there");
    let said = course.grade();
    assert!(said.contains("alice.toml: withdrawn"), "{said}");
    assert_eq!(course.table()[1..], [["", "bob", "", "0", "0"]]);
    // A lab that a course gets later is graded beside what is there.
    let again = course.siglab("regrade").arg("--diff").assert().code(0);
    let said = stdout(&again);
    assert!(said.contains("\nsignal_mask:\n"), "{said}");
}

/// One folder for each student, and a roster.
#[test]
fn students_have_folders() {
    let course = Course::new(
        "out = \"out\"\nroster = \"roster.csv\"\nstudents = \"students\"\n\
         [[lab]]\nid = \"simple_handler\"\npoints = 10\n[[lab]]\nid = \"signal_mask\"\n",
    );
    course.write("roster.csv", "ID,Name\n1,Jane Doe\n2,John Roe\n3,Pat Poe\n");
    course.write(
        "students/Jane Doe/simple_handler/predictions.toml",
        &one_point(LABS[0]),
    );
    course.write("students/Jane Doe/notes.txt", "mine");
    course.write("students/John Roe/simple_handler.toml", &open(LABS[0]));
    course.write("students/John Roe/signal_mask.toml", &open(LABS[1]));
    fs::create_dir(course.at("students/Pat Poe")).expect("there is room");
    course.grade();
    let heading = [
        "student_id",
        "student",
        "simple_handler",
        "signal_mask",
        "total",
    ];
    assert_eq!(
        course.table(),
        [
            heading,
            // One of seven, of ten points.
            ["1", "Jane Doe", "1.43", "", "1.43"],
            ["2", "John Roe", "0", "0", "0"],
            ["3", "Pat Poe", "", "", ""],
        ]
    );
    // Whoever isn't in the roster is named, and has a line all the same.
    course.write("students/Max Moe/signal_mask.toml", &open(LABS[1]));
    course.fails(
        2,
        "roster.csv doesn't know who handed in signal_mask: Max Moe",
    );
    assert_eq!(course.table()[4], ["", "Max Moe", "", "0", "0"]);
}

/// Of several submissions siglab doesn't choose: no points, and no total.
#[test]
fn several_submissions_are_undecided() {
    let course = Course::new(OWN_FOLDERS);
    course.write("one/alice.toml", &one_point(LABS[0]));
    course.write("two/alice.toml", &open(LABS[1]));
    course.write("two/alice/predictions.toml", &open(LABS[1]));
    let said = course.grade();
    assert!(
        said.contains(
            "undecided: 1\n  alice, signal_mask: several submissions, alice, alice.toml\n"
        ),
        "{said}"
    );
    assert_eq!(course.table()[1..], [["", "alice", "1", "", ""]]);
}

/// A gradebook from Canvas comes back with a column for each lab.
#[test]
fn canvas_gets_all_columns() {
    let course = Course::new(
        "out = \"out\"\nroster = \"export.csv\"\n\
         [[lab]]\nid = \"simple_handler\"\nsubmissions = \"one\"\n\
         [[lab]]\nid = \"signal_mask\"\nsubmissions = \"two\"\ngradebook = \"Masks (12)\"\n",
    );
    course.write(
        "export.csv",
        "Student,ID,Section,Simple Handler (11),Masks (12),Other (13)\n\
         \"    Points Possible\",,,70,10,5\n\
         \"Doe, Jane\",1234,A,,3,4\n\
         \"Roe, John\",1235,A,,,\n",
    );
    course.write("one/doejane_1234_1_predictions.toml", &one_point(LABS[0]));
    course.write("two/roejohn_1235_2_predictions.toml", &open(LABS[1]));
    let said = course.grade();
    assert!(
        said.ends_with("canvas.csv: Simple Handler (11), Masks (12)\n"),
        "{said}"
    );
    assert_eq!(
        cells(&course.read("out/canvas.csv")),
        [
            [
                "Student",
                "ID",
                "Section",
                "Simple Handler (11)",
                "Masks (12)"
            ],
            ["    Points Possible", "", "", "70", "10"],
            ["Doe, Jane", "1234", "A", "10", "3"],
            ["Roe, John", "1235", "A", "", "0"],
        ]
    );
    assert!(course.at("out/signal_mask/canvas.csv").is_file());
}

/// What a platform packs needs no unpacking.
#[test]
fn submissions_may_be_in_an_archive() {
    let course = Course::new(&OWN_FOLDERS.replace("\"one\"", "\"one.zip\""));
    let file = fs::File::create(course.at("one.zip")).expect("there is room");
    let mut zip = zip::ZipWriter::new(file);
    let options = zip::write::SimpleFileOptions::default();
    for name in ["doejane_1234_1_predictions.toml", "bob/predictions.toml"] {
        zip.start_file(name, options).expect("there is room");
        zip.write_all(one_point(LABS[0]).as_bytes())
            .expect("there is room");
    }
    zip.finish().expect("there is room");
    course.write("two/bob/predictions.toml", &open(LABS[1]));
    course.grade();
    assert_eq!(
        course.table()[1..],
        [["", "bob", "1", "0", "1"], ["", "doejane", "1", "", "1"]]
    );
    // So it is for a single class.
    let out = course.at("single");
    let mut single = siglab(["grade", LABS[0], "one.zip", "--sandbox", "off", "--out"]);
    single.arg(&out).arg("--labs").arg(root().join("exercises"));
    let assert = single.current_dir(course.at("")).assert().code(0);
    assert!(
        stdout(&assert).contains("bob: 1 of 7\n"),
        "{}",
        stdout(&assert)
    );
    fs::write(course.at("one.zip"), "no archive").expect("there is room");
    course.fails(2, "one.zip can't be unpacked: ");
}

#[test]
fn what_is_wrong_is_said() {
    let course = Course::new(OWN_FOLDERS);
    course.fails(
        2,
        "course.toml:5:15: can't read one: No such file or directory",
    );
    for folder in ["one", "two"] {
        fs::create_dir(course.at(folder)).expect("there is room");
    }
    for (text, said) in [
        (
            OWN_FOLDERS.replace("simple_handler", "simple_handlr"),
            "course.toml:4:6: no lab `simple_handlr` in ",
        ),
        (
            OWN_FOLDERS.replace("simple_handler", "signal_mask"),
            "course.toml:7:6: lab `signal_mask` is there twice",
        ),
        (
            OWN_FOLDERS.replace("\"two\"", "\"one\""),
            "course.toml:8:15: `simple_handler` has these submissions, too",
        ),
        (
            OWN_FOLDERS.replace("out = ", "to = "),
            "course.toml:2:1: unknown field `to`",
        ),
        (
            OWN_FOLDERS.replace("out = \"out\"\n", ""),
            "course.toml doesn't say where the results are to go\nhint: ",
        ),
        (
            OWN_FOLDERS.replace("\"out\"", "\"one/out\""),
            "results can't go to one/out: ",
        ),
        (
            OWN_FOLDERS.replace("\"out\"", "\"full\""),
            "full is not empty, and holds no results of a course",
        ),
        (
            format!("roster = \"none.csv\"\n{OWN_FOLDERS}"),
            "can't read none.csv: No such file or directory",
        ),
    ] {
        course.write("course.toml", &text);
        course.write("full/mine.txt", "mine");
        course.fails(2, said);
    }
    course.write("course.toml", OWN_FOLDERS);
    for (arguments, said) in [
        (&["one"][..], "a folder of submissions isn't for a course"),
        (&["--roster", "r.csv"], "--roster isn't for a course"),
        (&["--shard", "1/2"], "a course isn't graded in parts"),
    ] {
        let assert = course.siglab("grade").args(arguments).assert().code(2);
        assert!(stderr(&assert).contains(said), "{}", stderr(&assert));
    }
    let without = siglab(["grade", "simple_handler", "--out", "out"])
        .assert()
        .code(2);
    assert!(
        stderr(&without).contains("not provided: <DIR>\n"),
        "{}",
        stderr(&without)
    );
    assert!(!Path::new(&course.at("out")).exists());
}

#[test]
fn the_schema_of_a_course_is_a_schema() {
    let assert = siglab(["lab", "schema", "--course"])
        .assert()
        .code(0)
        .stderr("");
    let schema: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let value = |text: &str| -> Value { toml::from_str(text).expect("it is TOML") };
    assert!(validator.is_valid(&value(OWN_FOLDERS)));
    for wrong in [
        "title = \"Signals\"\n",
        "[[lab]]\nsubmissions = \"one\"\n",
        "[[lab]]\nid = \"a\"\npoints = 0\n",
        "[[lab]]\nid = \"a\"\nweight = 2\n",
    ] {
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
}
