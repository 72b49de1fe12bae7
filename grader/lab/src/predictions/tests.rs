use std::path::Path;

use siglab_model::{ProcessStatus, Signal, Time};

use super::{Answer, Predictions, Said};
use crate::lab::Lab;

fn lab(name: &str) -> Lab {
    let exercises = concat!(env!("CARGO_MANIFEST_DIR"), "/../../exercises");
    Lab::load(&Path::new(exercises).join(name)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_line() {
    let manifest = lab("simple_handler").manifest;
    let said = |text: &str| Predictions::read(text, &manifest).expect_err("it is wrong");
    insta::assert_snapshot!(
        [
            "[caught]\nends = \n",
            "[caught]\nends = 1.5\n",
            "[cought]\nends = 1\n",
            "[caught]\nend = 1\n",
            "\n\ncaught = 1\n",
        ]
        .map(said)
        .join("\n"),
        @r"
    line 2: error: string values must be quoted, expected literal string
    line 2: error: an answer is a number or a text in quotes
    line 1: error: no scenario `cought`; did you mean `caught`?
    line 2: error: no question `end`; did you mean `ends`?
    line 3: error: invalid type: integer `1`, expected a map
    "
    );
    let manifest = lab("terminator").manifest;
    let said = Predictions::read("", &manifest).expect_err("it takes none");
    assert_eq!(
        said,
        "error: this lab asks for a program, not for predictions"
    );
}

#[test]
fn what_is_open_is_no_answer() {
    let manifest = lab("simple_handler").manifest;
    let text = "[caught]\nends = \"?\"\nhandler_runs = 2\n";
    let predictions = Predictions::read(text, &manifest).expect("it is right");
    assert_eq!(predictions.of("caught", "ends"), &Said::Nothing);
    assert_eq!(predictions.of("caught", "ends_at"), &Said::Nothing);
    assert_eq!(predictions.of("twice", "ends"), &Said::Nothing);
    assert_eq!(predictions.of("caught", "handler_runs"), &Said::Number(2));
}

#[test]
fn an_answer_may_be_written_in_several_ways() {
    let text = |text: &str| Said::Text(text.to_owned());
    let exit = Answer::Ends(ProcessStatus::Exited(3));
    for right in [
        "exit 3",
        "exits with 3",
        "Exit status 3",
        "exited with code 3",
        "3",
    ] {
        assert!(exit.is(&text(right)), "{right}");
    }
    assert!(exit.is(&Said::Number(3)));
    for wrong in ["exit 4", "SIGINT", "killed 3", "three", "", "never"] {
        assert!(!exit.is(&text(wrong)), "{wrong}");
    }
    let killed = Answer::Ends(ProcessStatus::Killed(Signal::INT));
    for right in [
        "SIGINT",
        "sigint",
        "INT",
        "killed by SIGINT",
        "dies of SIGINT",
    ] {
        assert!(killed.is(&text(right)), "{right}");
    }
    for wrong in ["SIGTERM", "exit 130", "exit SIGINT", "130", "2"] {
        assert!(!killed.is(&text(wrong)), "{wrong}");
    }
    let at = Answer::At(Time::from_nanos(9_500_000_003));
    for right in ["9.5s", "9500ms", "9.50 s", "9.509s"] {
        assert_eq!(at.is(&text(right)), !right.contains(' '), "{right}");
    }
    for wrong in ["9.4s", "9.52s", "9.5", "10s", "soon"] {
        assert!(!at.is(&text(wrong)), "{wrong}");
    }
    assert_eq!(at.to_string(), "9.5s");
    let count = Answer::Count(2);
    assert!(count.is(&Said::Number(2)) && count.is(&text("2")));
    assert!(!count.is(&Said::Number(-2)) && !count.is(&Said::Nothing));
    assert!(Answer::Never.is(&text("Never")));
}
