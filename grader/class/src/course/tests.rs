//! What `course.toml` may say.

use std::fs;

use tempfile::TempDir;

use super::{Course, Submissions};

/// What is said about a course in a folder with the folders `one`, `two` and `students`.
fn said(text: &str) -> String {
    let dir = TempDir::new().expect("there is room");
    for folder in ["one", "two", "students"] {
        fs::create_dir(dir.path().join(folder)).expect("there is room");
    }
    let at = format!("{}/", dir.path().display());
    let said = match Course::parse(&dir.path().join("course.toml"), text) {
        Ok(course) => {
            let labs = course.labs.iter().map(|lab| {
                let kind = match lab.submissions {
                    Submissions::Own(_) => "own",
                    Submissions::OfStudents(_) => "students",
                };
                let points = lab.points.map_or(String::new(), |it| format!(" ({it})"));
                format!(
                    "{} {kind} {}{points}",
                    lab.id,
                    lab.submissions.path().display()
                )
            });
            format!("{}: {}", course.title, labs.collect::<Vec<_>>().join(", "))
        }
        Err(error) => match error.hint() {
            Some(_) => format!("{error} (with a hint)"),
            None => error.to_string(),
        },
    };
    said.replace(&at, "")
}

#[test]
fn labs_have_submissions_of_their_own_or_in_students_folders() {
    for (text, course) in [
        (
            "[[lab]]\nid = \"a\"\nsubmissions = \"one\"\n[[lab]]\nid = \"b\"\nsubmissions = \"two\"\n",
            "course: a own one, b own two",
        ),
        (
            "title = \"Signals\"\nstudents = \"students\"\n[[lab]]\nid = \"a\"\npoints = 20\n\
             [[lab]]\nid = \"b\"\nsubmissions = \"two\"\n",
            "Signals: a students students (20), b own two",
        ),
    ] {
        assert_eq!(said(text), course);
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, error) in [
        ("", "course.toml:1:1: it has no labs (with a hint)"),
        (
            "[[lab]]\nsubmissions = \"one\"\n",
            "course.toml:1:1: a lab has no id (with a hint)",
        ),
        (
            "[[lab]]\nid = \"a\"\n",
            "course.toml:2:6: nothing says where the submissions to `a` are (with a hint)",
        ),
        (
            "[[lab]]\nid = \"a\"\nsubmissions = \"three\"\n",
            "course.toml:3:15: can't read three: No such file or directory",
        ),
        (
            "students = \"nobody\"\n[[lab]]\nid = \"a\"\n",
            "course.toml:1:12: can't read nobody: No such file or directory",
        ),
        (
            "students = \"students\"\n[[lab]]\nid = \"a\"\n[[lab]]\nid = \"a\"\n",
            "course.toml:5:6: lab `a` is there twice",
        ),
        (
            "[[lab]]\nid = \"a\"\nsubmissions = \"one\"\n[[lab]]\nid = \"b\"\nsubmissions = \"./one\"\n",
            "course.toml:6:15: `a` has these submissions, too",
        ),
        (
            "students = \"students\"\n[[lab]]\nid = \"a\"\npoints = 0\n",
            "course.toml:4:10: points are 1 or more (with a hint)",
        ),
        (
            "students = \"students\"\n[[lab]]\nid = \"a\"\ngradebook = \"A\"\n",
            "course.toml:4:13: there is no roster that this could be a column of (with a hint)",
        ),
    ] {
        assert_eq!(said(text), error, "{text}");
    }
    for text in [
        "lab = 7\n",
        "titel = 1\n",
        "[[lab]]\nid = \"a\"\nweight = 2\n",
        "= ",
    ] {
        let error = said(text);
        assert!(error.starts_with("course.toml:"), "{text}: {error}");
    }
}
