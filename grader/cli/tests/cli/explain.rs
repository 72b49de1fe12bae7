//! `siglab explain`.

use std::collections::BTreeMap;
use std::fs;

use predicates::prelude::*;
use serde_json::Value;
use siglab_model::Signal;
use siglab_tutor::{Topics, signals};

use crate::{fails, root, siglab, stderr, stdout};

#[test]
fn a_word_is_explained_with_a_run_below_it() {
    let assert = siglab(["explain", "merged"]).assert().code(0).stderr("");
    let text = stdout(&assert);
    for part in [
        "merged\n\nA standard signal that is generated while the same one is pending already",
        "\nSee also: pending, SIGCHLD, SIGRTMIN\n",
        "\nmerges.c\n\n    /* Three SIGUSR1 while it is blocked",
        "\nmerges in virtual time\n",
        "SIGUSR1: MERGED with the one that is pending: standard signals don't queue",
        "3 signals, 2 of them merged\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Several words are one topic, in whatever letters.
    for words in [&["process", "group"][..], &["PROCESS-GROUP"]] {
        siglab(["explain", "--no-run"].iter().chain(words))
            .assert()
            .code(0)
            .stdout(predicate::str::starts_with(
                "process group\n\nProcesses that belong",
            ))
            .stdout(predicate::str::contains("virtual time").not())
            .stderr("");
    }
}

/// Every signal has a page with its facts, whichever of its names is used.
#[test]
fn a_signal_is_explained_by_name_and_number() {
    for (word, lines) in [
        (
            "SIGCHLD",
            &[
                "SIGCHLD",
                "  number          17, also SIGCLD",
                "  default action  ignore; it can",
            ][..],
        ),
        ("int", &["SIGINT", "  number          2"]),
        (
            "9",
            &[
                "SIGKILL",
                "  number          9",
                "  default action  terminate; it can't be caught",
            ],
        ),
        (
            "SIGRTMIN+3",
            &[
                "SIGRTMIN+3",
                "  number          37",
                "  kind            a real-time signal",
            ],
        ),
    ] {
        let assert = siglab(["explain", "--no-run", word])
            .assert()
            .code(0)
            .stderr("");
        let text = stdout(&assert);
        let mut found = text.lines();
        for line in lines {
            assert!(
                found.any(|it| it.starts_with(line)),
                "{word}: {line}: {text}"
            );
        }
    }
}

#[test]
fn without_a_word_the_topics_are_listed() {
    let assert = siglab(["explain"]).assert().code(0).stderr("");
    let text = stdout(&assert);
    assert!(text.starts_with("Signals\n  SIGHUP, SIGINT, "), "{text}");
    assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    let assert = siglab(["explain", "--format", "json"]).assert().code(0);
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["schema"], "siglab/explain/v1");
    let groups = json["groups"].as_array().expect("a list");
    let ids = groups
        .iter()
        .flat_map(|group| group["topics"].as_array().expect("a list"));
    for id in ids {
        let id = id.as_str().expect("a string");
        assert!(text.contains(id), "{id} isn't listed as text");
    }
}

#[test]
fn an_unknown_word_gets_a_suggestion() {
    for (word, said) in [
        ("zombi", "no topic `zombi`; did you mean `zombie`?"),
        ("SIGITN", "no topic `SIGITN`; did you mean `SIGINT`?"),
        ("\x1b[2J", "no topic `\\x1b[2J`"),
    ] {
        let stderr = format!("siglab: error: {said}\nhint: `siglab explain` lists what there is");
        fails(&["explain", word], 2, &stderr);
    }
}

#[test]
fn json_has_the_run() {
    let assert = siglab(["explain", "zombie-left", "--format", "json"])
        .assert()
        .code(0)
        .stderr("");
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["topic"], "zombie-left");
    let run = &json["run"];
    assert_eq!(
        (&run["file"], &run["as_told"]),
        (&"zombie.c".into(), &true.into())
    );
    assert_eq!(run["diagnosis"]["id"], "zombie-left");
    let events = run["events"].as_array().expect("a list");
    assert!(
        events.iter().any(|event| event["event"] == "left-zombie"),
        "{json:#}"
    );
    let assert = siglab(["explain", "--no-run", "17", "--format", "json"])
        .assert()
        .code(0);
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    assert_eq!(json["signal"]["number"], 17);
    assert!(
        json["run"].is_null() && json["no_run"].is_null(),
        "{json:#}"
    );
}

/// What a compiler says isn't about a folder that is gone.
#[test]
fn a_program_that_does_not_compile_is_no_error() {
    let assert = siglab(["explain", "compile-error"])
        .assert()
        .code(0)
        .stderr("");
    let text = stdout(&assert);
    assert!(text.contains("\nsiglab: misspelt.c:4:5: error: "), "{text}");
}

#[test]
fn without_a_compiler_there_is_the_text() {
    let assert = siglab(["explain", "merged"])
        .env("CC", "/no/such/compiler")
        .assert()
        .code(0);
    let (text, said) = (stdout(&assert), stderr(&assert));
    assert!(text.starts_with("merged\n\nA standard signal"), "{text}");
    assert!(!text.contains("virtual time"), "{text}");
    assert_eq!(
        said,
        "siglab: the text only, without a run: there is no C compiler; install one, or set CC\n"
    );
}

/// The documented table is what this kernel does, and what other people's tables say.
#[test]
fn every_signal_was_tried_and_does_as_documented() {
    let assert = siglab(["explain", "signals", "--format", "json"])
        .assert()
        .code(0)
        .stderr("");
    let json: Value = serde_json::from_str(&stdout(&assert)).expect("it is JSON");
    let signals = json["signals"].as_array().expect("a list");
    assert_eq!(signals.len(), 64);
    for signal in signals {
        let tried = &signal["tried"];
        let (mut documented, found) = (signal["default_action"].clone(), &tried["default_action"]);
        if tried["sees_cores"] == false && documented == "core" {
            documented = "terminate".into();
        }
        assert_eq!(documented, *found, "{signal:#}");
        assert_eq!(
            signal["can_be_caught"], tried["can_be_caught"],
            "{signal:#}"
        );
        let queues = &tried["queues"];
        assert_eq!(
            queues.is_null(),
            signal["can_be_caught"] == false,
            "{signal:#}"
        );
        assert!(
            queues.is_null() || signal["queues"] == *queues,
            "{signal:#}"
        );
    }
    let named: BTreeMap<&str, &Value> = signals
        .iter()
        .map(|signal| {
            (
                signal["names"][0].as_str().expect("a string"),
                &signal["number"],
            )
        })
        .collect();
    for signal in nix::sys::signal::Signal::iterator() {
        assert_eq!(*named[signal.as_str()], signal as i32, "{signal}");
    }
    let range = [libc::SIGRTMIN(), libc::SIGRTMAX()];
    assert_eq!(
        [named["SIGRTMIN"], named["SIGRTMAX"]].map(Value::as_i64),
        range.map(|it| Some(it.into()))
    );
}

/// As text, the table says so; and it fits into a terminal.
#[test]
fn the_table_is_shown() {
    let assert = siglab(["explain", "Signals"]).assert().code(0).stderr("");
    let text = stdout(&assert);
    let line = text
        .lines()
        .find(|line| line.starts_with("17 "))
        .expect("it is there");
    assert!(
        line.starts_with("17        SIGCHLD, SIGCLD       ignore "),
        "{line}"
    );
    assert!(
        text.contains("\nTried on this kernel just now: all 64 signals do so.\n"),
        "{text}"
    );
}

/// docs/signals.md has the table that the command shows.
#[test]
fn the_documentation_has_the_table() {
    let topics = Topics::read().expect("they are in order");
    let table = signals::markdown(&topics);
    let page = fs::read_to_string(root().join("docs/signals.md")).expect("it is there");
    assert!(
        page.contains(&table),
        "docs/signals.md should have:\n{table}"
    );
    let rows = signals::rows(&topics);
    let shown = rows.len() - 2;
    let standard = Signal::all().filter(|signal| !signal.is_realtime());
    assert_eq!(
        standard.count(),
        shown,
        "a row for each standard signal, and two for the others"
    );
}
