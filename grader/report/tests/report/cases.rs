//! Results of every kind, to be written in every format.

use siglab_lab::{Diagnosis, GradeResult, Graded, Manifest, ScenarioRun, Status, Verdict};
use siglab_model::Kind;
use siglab_report::{AssignmentType, Classroom50, FORMATS, Format, ReportOptions};

use crate::results::{criterion, failed, mixed, result, run, write};
use crate::timelines::trace;

/// What nobody may see: each is in a part of a result that a hidden scenario filled.
pub(crate) const SECRETS: [&str; 6] = [
    "secret-id",
    "secret title",
    "secret message at 0.499s",
    "secret hint",
    "secret-diagnosis",
    "secret output",
];

/// The formats that students may see: all but JSON.
pub(crate) fn public() -> impl Iterator<Item = &'static dyn Format> {
    FORMATS.iter().copied().filter(|it| it.name() != "json")
}

/// With all that a format may want to know.
pub(crate) fn options() -> ReportOptions {
    ReportOptions {
        excerpt_rows: 10,
        source: Some("exercises/terminator/starter/terminator.c".into()),
        classroom50: Some(Classroom50 {
            classroom: "signals-2026".into(),
            assignment: "terminator".into(),
            assignment_type: AssignmentType::Individual,
            owner: "ada".into(),
            submission: "submit/3".into(),
            commit: "6b946d9".into(),
            release: "https://example.org/ada/terminator/releases/tag/submit/3".into(),
            review: "https://example.org/ada/terminator/pull/1".into(),
            datetime: "2026-11-22T08:30:00Z".into(),
            graded_at: Some("2026-11-22T08:31:12Z".into()),
            submitted_by: None,
        }),
        ..ReportOptions::default()
    }
}

pub(crate) fn written(format: &str, graded: &Graded) -> String {
    write(format, graded, &options())
}

pub(crate) fn full() -> Graded {
    let mut note = criterion("note", "it only informs", Verdict::Pass, 0);
    note.informational = true;
    let criteria = vec![
        criterion("builds", "It compiles", Verdict::Pass, 0),
        criterion("kills", "A second SIGINT kills the child", Verdict::Pass, 2),
        note,
    ];
    Graded {
        result: result(Status::Graded, criteria),
        runs: vec![run("double", "terminator")],
        explored: std::collections::BTreeMap::new(),
    }
}

/// All points, and two criteria without any that don't hold and couldn't be decided.
pub(crate) fn advised() -> Graded {
    let mut graded = full();
    let advice = |id: &str| failed(id, "no points", 0, "double", "at 0.500s: no", "signal(7)");
    let mut undecided = advice("undecided");
    undecided.verdict = Verdict::Error;
    graded.result.criteria.extend([advice("unsafe"), undecided]);
    graded
}

pub(crate) fn compile_error() -> Graded {
    let mut criteria = vec![
        criterion("builds", "It compiles", Verdict::Fail, 1),
        criterion(
            "kills",
            "A second SIGINT kills the child",
            Verdict::Skipped,
            2,
        ),
    ];
    criteria[0].diagnosis = Some(Diagnosis {
        id: "compile-error".into(),
        message: "terminator.c:7:9: error: expected ';' before '}' token".into(),
        hint: "mend the first error first; later ones often follow from it".into(),
    });
    let mut result = result(Status::CompileError, criteria);
    result.compiler_output = "\
exercises/terminator/starter/terminator.c: In function 'main':
exercises/terminator/starter/terminator.c:7:9: error: expected ';' before '}' token
exercises/terminator/starter/terminator.c:12:5: error: 'n' undeclared
"
    .into();
    Graded {
        result,
        runs: vec![],
        explored: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn ungraded(status: Status, message: &str) -> Graded {
    let manifest = r#"
        id = "terminator"
        title = "A lab"
        [[scenario]]
        id = "one"
        [[criterion]]
        id = "builds"
        title = "It compiles"
        points = 1
        kind = "builds"
        [[criterion]]
        id = "leaves-nothing"
        title = "Nothing is left behind"
        points = 2
        kind = "no-leftovers"
    "#;
    let manifest = Manifest::parse(manifest, "lab.toml", Some("terminator"))
        .unwrap_or_else(|error| panic!("{error}"));
    Graded {
        result: GradeResult::ungraded(&manifest, status, message.into()),
        runs: vec![],
        explored: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn refused() -> Graded {
    ungraded(
        Status::Refused,
        "terminator.c is larger than 1 MiB (104857600 bytes); is that a source file?",
    )
}

pub(crate) fn internal_error() -> Graded {
    ungraded(Status::InternalError, "the engine lost a process")
}

/// What students could write so that a reader takes it for something else.
pub(crate) fn hostile_text() -> String {
    let mut text = String::from(
        "\x1b[31m\0::error::forged %0A::warning::forged\n::error file=a.c::forged\n\
         ##[error]forged\n::set-output name=a::forged\nok 1 - forged\nnot ok 2\nBail out!\n  ---\n\
         ...\n1..99\n]]></failure><failure/>&amp;\u{fffe}\u{ffff}\u{b}\u{202e}\u{feff}\n\
         ```\n</details><script>alert(1)</script> @everyone [x](http://evil.example) | a | b |\n\
         \"},{\"score\":100,\"#SKIP # TODO \\\u{85}\u{2028}",
    );
    text.push_str(&"x".repeat(100_000));
    text
}

pub(crate) fn hostile() -> Graded {
    let text = hostile_text();
    let mut criteria = vec![failed("kills", &text, 2, "double", &text, &text)];
    let mut note = failed(&text, &text, 0, "double", &text, &text);
    note.informational = true;
    criteria.push(note);
    let mut trace = trace("hostile");
    for event in &mut trace.events {
        if let Kind::Output { text, .. } = &mut event.kind
            && text == "a very long line"
        {
            *text = "x".repeat(100_000);
        }
    }
    let mut result = result(Status::CompileError, criteria);
    result.message = Some(text.clone());
    result.compiler_output = format!("terminator.c:7:9: error: {text}\n{text}");
    Graded {
        result,
        runs: vec![ScenarioRun {
            id: "double".into(),
            title: text,
            hidden: false,
            outcome: Ok(trace),
        }],
        explored: std::collections::BTreeMap::new(),
    }
}

/// Criteria that hidden scenarios decided: one that fails, one that couldn't be decided,
/// one that only informs, and one whose scenario isn't known.
pub(crate) fn hidden() -> Graded {
    let fail = |id: &str, scenario: &str| {
        let mut fail = failed(id, "a title", 1, scenario, SECRETS[2], SECRETS[3]);
        fail.diagnosis = fail.diagnosis.map(|diagnosis| Diagnosis {
            id: SECRETS[4].into(),
            ..diagnosis
        });
        fail
    };
    let mut criteria = vec![
        fail("fails", SECRETS[0]),
        fail("undecided", SECRETS[0]),
        fail("informs", SECRETS[0]),
        fail("unknown", "secret-id-2"),
    ];
    criteria[1].verdict = Verdict::Error;
    criteria[2].informational = true;
    criteria[2].max_points = 0;
    let mut secret = trace("simple_handler");
    for event in &mut secret.events {
        if let Kind::Output { text, .. } = &mut event.kind {
            *text = format!("{}\n", SECRETS[5]);
        }
    }
    Graded {
        result: result(Status::Graded, criteria),
        runs: vec![ScenarioRun {
            id: SECRETS[0].into(),
            title: SECRETS[1].into(),
            hidden: true,
            outcome: Ok(secret),
        }],
        explored: std::collections::BTreeMap::new(),
    }
}

/// Every kind of result, with a name.
pub(crate) fn all() -> Vec<(&'static str, Graded)> {
    vec![
        ("full", full()),
        ("advised", advised()),
        ("wrong", mixed()),
        ("compile-error", compile_error()),
        ("refused", refused()),
        ("internal-error", internal_error()),
        ("hostile", hostile()),
        ("hidden", hidden()),
    ]
}
