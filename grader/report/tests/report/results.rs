//! Hand-made results in every format.

use siglab_lab::{
    CriterionResult, Diagnosis, GradeResult, Graded, Language, RESULT_SCHEMA, ScenarioRun, Status,
    Verdict,
};
use unicode_width::UnicodeWidthStr as _;

use siglab_report::{FORMATS, ReportOptions};

use crate::timelines::{plain, trace};

pub(crate) fn criterion(
    id: &str,
    title: &str,
    verdict: Verdict,
    max_points: u32,
) -> CriterionResult {
    CriterionResult {
        id: id.into(),
        title: title.into(),
        verdict,
        points: if verdict == Verdict::Pass {
            max_points
        } else {
            0
        },
        max_points,
        informational: false,
        scenario: None,
        diagnosis: None,
    }
}

pub(crate) fn failed(
    id: &str,
    title: &str,
    points: u32,
    scenario: &str,
    message: &str,
    hint: &str,
) -> CriterionResult {
    CriterionResult {
        scenario: Some(scenario.into()),
        diagnosis: Some(Diagnosis {
            id: format!("{id}-diagnosis"),
            message: message.into(),
            hint: hint.into(),
        }),
        ..criterion(id, title, Verdict::Fail, points)
    }
}

pub(crate) fn result(status: Status, criteria: Vec<CriterionResult>) -> GradeResult {
    GradeResult {
        schema: RESULT_SCHEMA.into(),
        lab: "terminator".into(),
        language: Some(Language::C),
        score: criteria.iter().map(|c| c.points).sum(),
        max_score: criteria.iter().map(|c| c.max_points).sum(),
        status,
        criteria,
        message: None,
        seed: None,
        compiler_output: String::new(),
        sandbox: None,
    }
}

pub(crate) fn run(id: &str, name: &str) -> ScenarioRun {
    ScenarioRun {
        id: id.into(),
        title: format!("what {id} is about"),
        hidden: id == "hidden",
        outcome: Ok(trace(name)),
    }
}

/// Several failures, one scenario twice, one hidden, one that could not run.
pub(crate) fn mixed() -> Graded {
    let mut criteria = vec![
        criterion(
            "builds",
            "it compiles; warnings are shown",
            Verdict::Pass,
            1,
        ),
        failed(
            "double-sigint-kills",
            "a second SIGINT within 1 s kills the child",
            2,
            "double",
            "the parent sent SIGTERM instead of SIGKILL to the child at 1.200s, after its second \
             SIGINT of the run, which came 0.700s after the first",
            "signal(7): which signal can a program not catch?\nkill(2) sends it.",
        ),
        failed(
            "again",
            "the same scenario",
            2,
            "double",
            "at 0.500s: no",
            "look \x1b[31mhere",
        ),
        failed("secret", "a hidden one", 10, "hidden", "no", "no"),
        failed(
            "broken",
            "one that could not run",
            1,
            "broken",
            "siglab could not run it",
            "-",
        ),
        criterion("skipped", "not tried", Verdict::Skipped, 1),
    ];
    criteria[4].verdict = Verdict::Error;
    let mut note = failed(
        "note",
        "only informs",
        0,
        "merged",
        "it lost signals",
        "signal(7)",
    );
    note.informational = true;
    criteria.push(note);
    let mut result = result(Status::Graded, criteria);
    result.compiler_output =
        "terminator.c:7:9: warning: unused variable \u{2018}n\u{2019}\n".into();
    let mut broken = run("broken", "merged");
    broken.outcome = Err(siglab_engine::Error::Internal("lost a process".into()));
    Graded {
        result,
        runs: vec![
            run("double", "terminator"),
            run("hidden", "odd"),
            broken,
            run("merged", "merged"),
        ],
        explored: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn write(format: &str, graded: &Graded, options: &ReportOptions) -> String {
    let format = siglab_report::format(format).expect("a known format");
    let mut content = Vec::new();
    format
        .write(graded, options, &mut content)
        .expect("a Vec takes everything");
    let text = String::from_utf8(content).expect("formats write UTF-8");
    assert!(text.ends_with('\n'), "{text}");
    assert_eq!(format.is_styled(), text.contains('\x1b'), "{text}");
    plain(&text)
}

#[test]
fn text_says_what_to_look_at() {
    let options = ReportOptions {
        all: true,
        ..ReportOptions::default()
    };
    insta::assert_snapshot!("mixed", write("text", &mixed(), &options));
}

/// The score, the first failure and what to do come first, and all fits on a screen.
#[test]
fn the_first_failure_fits_on_a_screen() {
    let options = ReportOptions {
        columns: Some(80),
        ..ReportOptions::default()
    };
    let text = write("text", &mixed(), &options);
    insta::assert_snapshot!("mixed-screen", text);
    assert!(!text.contains("what hidden is about"), "{text}");
    let narrow = ReportOptions {
        columns: Some(50),
        ..ReportOptions::default()
    };
    insta::assert_snapshot!("mixed-narrow", write("text", &mixed(), &narrow));
}

/// A result in which everything is long, in a language without spaces, one with, and one of
/// letters of different widths.
fn long_winded(sentence: &str, criteria: usize) -> Graded {
    let text = sentence.repeat(6);
    let number = |number: usize| {
        failed(
            &format!("criterion-{number}"),
            &text,
            1,
            "double",
            &text,
            &text,
        )
    };
    let mut result = result(Status::Graded, (0..criteria).map(number).collect());
    result.compiler_output = format!("{text}\n").repeat(50);
    let mut double = run("double", "terminator");
    double.title = text;
    Graded {
        result,
        runs: vec![double],
        explored: std::collections::BTreeMap::new(),
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for sentence in [
        "親プロセスは最初のシグナルを子プロセスに渡さなかった。",
        "父进程没有把第一个信号转发给子进程。",
        "부모 프로세스가 첫 번째 신호를 자식에게 전달하지 않았습니다. ",
        "the parent sent SIGTERM to the child, which may be caught or ignored. ",
    ] {
        for columns in [60, 80, 96, 120, 200] {
            for all in [false, true] {
                let options = ReportOptions {
                    columns: Some(columns),
                    all,
                    ..ReportOptions::default()
                };
                let mut graded = long_winded(sentence, 12);
                if all {
                    // What a compiler says is shown as it is, and titles are in one line.
                    graded.result.compiler_output.clear();
                    for criterion in &mut graded.result.criteria {
                        criterion.title = "short".into();
                    }
                }
                let text = write("text", &graded, &options);
                for line in text.lines() {
                    assert!(line.width() <= columns, "{columns}: {line}");
                }
                let rows = text.lines().count();
                assert!(all || rows < 24, "{columns}: {rows} rows:\n{text}");
                assert!(text.contains("look at: "), "{text}");
            }
        }
    }
}

#[test]
fn ascii_text_has_words_for_symbols() {
    let options = ReportOptions {
        unicode: false,
        excerpt_rows: 0,
        ..ReportOptions::default()
    };
    let mut graded = mixed();
    graded.result.compiler_output.clear();
    let text = write("text", &graded, &options);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("mixed-ascii", text);
}

#[test]
fn full_marks_are_short() {
    let criteria = vec![criterion("builds", "it compiles", Verdict::Pass, 1)];
    let graded = Graded {
        result: result(Status::Graded, criteria),
        runs: vec![],
        explored: std::collections::BTreeMap::new(),
    };
    insta::assert_snapshot!(
        write("text", &graded, &ReportOptions::default()),
        @r"
    ✔ pass    1/1  builds: it compiles

    terminator (c): 1 of 1 point, full marks
    "
    );
}

#[test]
fn the_compilers_words_are_shown() {
    let mut criteria = vec![
        criterion("builds", "it compiles", Verdict::Fail, 1),
        criterion("other", "the rest", Verdict::Skipped, 2),
    ];
    criteria[0].diagnosis = Some(Diagnosis {
        id: "compile-error".into(),
        message: "the compiler refused it".into(),
        hint: "the first error; later ones may follow from it".into(),
    });
    let mut result = result(Status::CompileError, criteria);
    result.compiler_output = "a.c:1:1: error: \x1b[31mexpected\ttype\n".repeat(50);
    let graded = Graded {
        result,
        runs: vec![],
        explored: std::collections::BTreeMap::new(),
    };
    insta::assert_snapshot!(
        "compile-error",
        write("text", &graded, &ReportOptions::default())
    );
}

#[test]
fn json_is_the_result() {
    let graded = mixed();
    let text = write("json", &graded, &ReportOptions::default());
    let back: GradeResult = serde_json::from_str(&text).expect("it reads back");
    assert_eq!(back, graded.result);
    insta::assert_snapshot!("mixed-json", text);
}

#[test]
fn formats_have_distinct_names() {
    let mut names: Vec<_> = FORMATS.iter().map(|format| format.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FORMATS.len());
    assert!(siglab_report::format("nonsense").is_none());
}
