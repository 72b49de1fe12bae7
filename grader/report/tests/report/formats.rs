//! Every format of every kind of result, as it is; and what holds for all of them.

use siglab_report::FORMATS;

use crate::cases::{self, SECRETS, public, written};

/// Compares what a format makes of each case with its snapshot.
fn snapshots(format: &str, names: [&str; 5]) {
    let cases = [
        cases::full(),
        crate::results::mixed(),
        cases::compile_error(),
        cases::refused(),
        cases::hostile(),
    ];
    for (name, graded) in names.into_iter().zip(&cases) {
        let text = written(format, graded);
        insta::assert_snapshot!(name, without_token(&text));
    }
}

/// Advice is told in every format, and is in none what a reader takes for a failure.
#[test]
fn advice_is_no_failure() {
    let graded = cases::advised();
    for format in FORMATS {
        let text = written(format.name(), &graded);
        assert!(text.contains("undecided"), "{}: {text}", format.name());
        for word in [
            "FAIL", "ERROR", "failed\"", "::error", "<failure", "<error", "✘",
        ] {
            assert!(!text.contains(word), "{}: {word}: {text}", format.name());
        }
        if format.name() != "json" {
            assert!(
                text.to_lowercase().contains("advice"),
                "{}: {text}",
                format.name()
            );
        }
    }
    insta::assert_snapshot!(written("exercism", &graded).lines().nth(2).unwrap_or_default(), @r#"  "status": "pass","#);
}

/// The random token of the GitHub format has a fixed width, and is the only thing that
/// differs from one document to the next.
fn without_token(text: &str) -> String {
    const START: &str = "::stop-commands::";
    let Some(at) = text.find(START) else {
        return text.to_owned();
    };
    let token = text[at + START.len()..].lines().next().expect("a token");
    assert_eq!(token.len(), "siglab-".len() + 32, "{token}");
    text.replace(token, "TOKEN")
}

#[test]
fn junit() {
    snapshots(
        "junit",
        [
            "junit-full",
            "junit-wrong",
            "junit-compile-error",
            "junit-refused",
            "junit-hostile",
        ],
    );
}

#[test]
fn gradescope() {
    snapshots(
        "gradescope",
        [
            "gradescope-full",
            "gradescope-wrong",
            "gradescope-compile-error",
            "gradescope-refused",
            "gradescope-hostile",
        ],
    );
}

#[test]
fn exercism() {
    snapshots(
        "exercism",
        [
            "exercism-full",
            "exercism-wrong",
            "exercism-compile-error",
            "exercism-refused",
            "exercism-hostile",
        ],
    );
}

#[test]
fn classroom50() {
    snapshots(
        "classroom50",
        [
            "classroom50-full",
            "classroom50-wrong",
            "classroom50-compile-error",
            "classroom50-refused",
            "classroom50-hostile",
        ],
    );
}

#[test]
fn github() {
    snapshots(
        "github",
        [
            "github-full",
            "github-wrong",
            "github-compile-error",
            "github-refused",
            "github-hostile",
        ],
    );
}

#[test]
fn tap() {
    snapshots(
        "tap",
        [
            "tap-full",
            "tap-wrong",
            "tap-compile-error",
            "tap-refused",
            "tap-hostile",
        ],
    );
}

#[test]
fn markdown() {
    snapshots(
        "markdown",
        [
            "markdown-full",
            "markdown-wrong",
            "markdown-compile-error",
            "markdown-refused",
            "markdown-hostile",
        ],
    );
}

#[test]
fn hidden_scenarios_stay_hidden() {
    let graded = cases::hidden();
    let json = written("json", &graded);
    for secret in [SECRETS[0], SECRETS[2], SECRETS[3], SECRETS[4]] {
        assert!(json.contains(secret), "the case has no {secret}: {json}");
    }
    for format in public() {
        let mut text = written(format.name(), &graded);
        text += &format
            .summary(&graded, &cases::options(), 1 << 20)
            .unwrap_or_default();
        assert!(
            text.contains("a scenario whose steps"),
            "{}: {text}",
            format.name()
        );
        for secret in SECRETS {
            assert!(
                !text.contains(secret),
                "{}: {secret}: {text}",
                format.name()
            );
        }
    }
}

#[test]
fn formats_are_the_same_each_time() {
    for (name, graded) in cases::all() {
        for format in FORMATS {
            let once = without_token(&written(format.name(), &graded));
            let twice = without_token(&written(format.name(), &graded));
            assert_eq!(once, twice, "{name} as {}", format.name());
        }
    }
}

/// No format passes on what a terminal or a reader could take for something else, and none
/// lets a student fill a disk.
#[test]
fn hostile_text_is_bounded_and_visible() {
    for format in public().filter(|it| !it.is_styled()) {
        let text = written(format.name(), &cases::hostile());
        let strange = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || matches!(*c, '\u{202e}' | '\u{feff}'));
        assert_eq!(strange, None, "{}", format.name());
        assert!(text.len() < 100_000, "{}: {}", format.name(), text.len());
    }
}
