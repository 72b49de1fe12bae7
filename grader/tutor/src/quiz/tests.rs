use std::path::Path;

use siglab_lab::{GradeOptions, Lab, Labs};
use siglab_model::kernel::{Fate, Replica};
use siglab_model::{Family, Kind, Trace};
use siglab_timeline::{Timeline, TimelineOptions};

use super::fate::{deliveries, seen};
use super::{Form, Quiz, Reply};

fn runs(name: &str) -> (Lab, Vec<(String, Trace)>) {
    let exercises = concat!(env!("CARGO_MANIFEST_DIR"), "/../../exercises");
    let lab = Lab::load(&Path::new(exercises).join(name)).unwrap_or_else(|error| panic!("{error}"));
    let shown = lab.demonstrate(None, &[], &GradeOptions::default());
    let runs = shown.unwrap_or_else(|error| panic!("{name}: {error}")).runs;
    let runs = runs
        .into_iter()
        .map(|run| (run.id, run.outcome.expect("it can be run")));
    (lab, runs.collect())
}

/// The questions about one run, each with what is right.
fn told(quiz: &Quiz) -> String {
    let lines = quiz.asked.iter().map(|asked| {
        assert_eq!(asked.judge(&reply(asked)), Reply::Right);
        format!("{} -- {}, {}\n", asked.text, asked.right(), asked.because)
    });
    lines.collect()
}

/// The reply that is right.
fn reply(asked: &super::Asked) -> String {
    match &asked.form {
        Form::Choice { right, .. } => (right + 1).to_string(),
        Form::Word { answer, .. } => answer.to_string(),
    }
}

fn quiz(name: &str, scenario: &str) -> String {
    let (lab, runs) = runs(name);
    let (_, trace) = runs
        .iter()
        .find(|(id, _)| id == scenario)
        .expect("it is there");
    told(&Quiz::of(trace, &lab.manifest.roles))
}

#[test]
fn a_handler_and_the_sleep_that_it_interrupts() {
    insta::assert_snapshot!(quiz("simple_handler", "caught"), @r#"
    SIGINT is sent to main, from outside. What becomes of it? -- its handler runs, main doesn't block SIGINT, and has a handler for it
    main waits in clock_nanosleep. What becomes of that call? -- it fails with EINTR, clock_nanosleep never goes on after a handler, with SA_RESTART or without
    How does main end? -- exit 0, at 9.500s main exits with 0
    When does main end, counted from its start? -- 9.5s, at 9.500s main exits with 0
    "#);
}

#[test]
fn nothing_happens_but_the_end() {
    insta::assert_snapshot!(quiz("simple_handler", "no-signal"), @r#"
    How does main end? -- exit 0, at 10.000s main exits with 0
    When does main end, counted from its start? -- 10s, at 10.000s main exits with 0
    "#);
}

#[test]
fn blocked_merged_and_unblocked() {
    insta::assert_snapshot!(quiz("signal_mask", "three-sigints"), @r#"
    SIGINT is sent to main, from outside. What becomes of it? -- it stays pending, main blocks SIGINT: its mask is {SIGINT}
    SIGINT is sent to main, from outside. What becomes of it? -- it is lost: it merges with one that is pending, SIGINT is pending already ({SIGINT}), and standard signals don't queue
    SIGINT is sent to main, from outside. What becomes of it? -- it is lost: it merges with one that is pending, SIGINT is pending already ({SIGINT}), and standard signals don't queue
    main unblocks {SIGINT}. How many signals are delivered to it before it goes on? -- 1, this was pending for main: {SIGINT}
    How does main end? -- SIGINT, at 5.000s SIGINT kills main
    "#);
}

#[test]
fn children_that_send() {
    insta::assert_snapshot!(quiz("more_info", "one-more"), @r#"
    SIGUSR1 is sent to parent, by child. What becomes of it? -- it stays pending, parent blocks SIGUSR1: its mask is {SIGUSR1}
    SIGUSR1 is sent to parent, by child.2. What becomes of it? -- it is lost: it merges with one that is pending, SIGUSR1 is pending already ({SIGUSR1}), and standard signals don't queue
    SIGUSR1 is sent to parent, by child.3. What becomes of it? -- it is lost: it merges with one that is pending, SIGUSR1 is pending already ({SIGUSR1}), and standard signals don't queue
    SIGUSR1 is sent to parent, from outside. What becomes of it? -- it is lost: it merges with one that is pending, SIGUSR1 is pending already ({SIGUSR1}), and standard signals don't queue
    parent unblocks {SIGUSR1}. How many signals are delivered to it before it goes on? -- 1, this was pending for parent: {SIGUSR1}
    How does parent end? -- exit 0, at 5.000s parent exits with 0
    "#);
}

/// Replies in several forms, and none at all.
#[test]
fn replies_are_judged() {
    let (lab, runs) = runs("simple_handler");
    let (_, trace) = &runs[1];
    let quiz = Quiz::of(trace, &lab.manifest.roles);
    let [fate, .., when] = &quiz.asked[..] else {
        panic!("{quiz:?}")
    };
    for (reply, judged) in [
        ("1", Reply::Right),
        (" 1\n", Reply::Right),
        ("2", Reply::Wrong),
        ("0", Reply::NoChoice),
        ("7", Reply::NoChoice),
        ("one", Reply::NoChoice),
        ("", Reply::NoChoice),
    ] {
        assert_eq!(fate.judge(reply), judged, "{reply:?}");
    }
    for (reply, judged) in [
        ("9.5s", Reply::Right),
        ("10s", Reply::Wrong),
        (" ", Reply::NoChoice),
    ] {
        assert_eq!(when.judge(reply), judged, "{reply:?}");
    }
}

/// The parts of a timeline that is cut at each question are the whole of it.
#[test]
fn nothing_is_lost_between_questions() {
    let (lab, runs) = runs("more_info");
    for (_, trace) in runs {
        let quiz = Quiz::of(&trace, &lab.manifest.roles);
        let mut cuts: Vec<usize> = quiz.asked.iter().map(|asked| asked.at).collect();
        assert!(cuts.is_sorted() && !cuts.is_empty(), "{cuts:?}");
        cuts.dedup();
        let timeline = Timeline::new(&trace, TimelineOptions::default());
        let parts = timeline.parts(&cuts);
        assert_eq!(parts.len(), cuts.len() + 1);
        assert_eq!(parts.concat(), timeline.to_string());
    }
}

/// In every lab, whenever the model says what becomes of a signal, or how many are delivered after a mask
/// was changed, that is what happens; and it never strays from the trace.
#[test]
fn the_model_says_what_happens() {
    let exercises = concat!(env!("CARGO_MANIFEST_DIR"), "/../../exercises");
    let ids = Labs::at(Path::new(exercises)).and_then(|labs| labs.ids());
    let mut agreed = 0;
    for id in ids.expect("the folder is there") {
        for (scenario, trace) in runs(&id).1 {
            let family = Family::of(&trace.events);
            let mut replica = Replica::new();
            for (at, event) in trace.events.iter().enumerate() {
                let place = format!("{id}, {scenario}: {event:?}");
                // What is held back by a stop is delivered much later.
                let fate = replica.fate(event).filter(|fate| *fate != Fate::Held);
                if let (Some(fate), Some(seen)) = (fate, seen(&trace, at, &family)) {
                    assert_eq!(fate, seen, "{place}");
                    agreed += 1;
                }
                if let (Kind::MaskChanged { .. }, Some(count)) =
                    (&event.kind, deliveries(&trace, at))
                {
                    assert_eq!(replica.deliveries(event), count, "{place}");
                }
                replica.follow(event);
                assert!(replica.agrees(), "{place}");
            }
        }
    }
    assert!(agreed > 500, "{agreed}");
}
