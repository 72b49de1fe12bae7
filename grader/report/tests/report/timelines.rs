//! Each trace in `traces/` as a timeline.

use siglab_model::{Frame, Time, Trace};
use siglab_report::{Timeline, TimelineOptions};

/// The trace with this name, as it is on a page without colours.
fn show(name: &str, options: TimelineOptions) -> String {
    plain(&Timeline::new(&trace(name), options).to_string())
}

pub(crate) fn trace(name: &str) -> Trace {
    let path = format!(
        "{}/tests/report/traces/{name}.jsonl",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).expect("the trace is there");
    Trace::from_jsonl(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

#[test]
fn traces_are_told() {
    for name in [
        "simple_handler",
        "terminator",
        "merged",
        "deadlock",
        "noise",
        "odd",
    ] {
        insta::assert_snapshot!(name, show(name, TimelineOptions::default()));
    }
}

#[test]
fn verbose_leaves_nothing_out() {
    let verbose = TimelineOptions {
        verbose: true,
        ..TimelineOptions::default()
    };
    for name in ["terminator", "noise"] {
        let text = show(name, verbose.clone());
        let events = trace(name).events.len();
        let head = text.lines().take_while(|line| !line.is_empty()).count() + 1;
        let gaps = text
            .lines()
            .filter(|line| line.trim_start().starts_with('+'))
            .count();
        assert_eq!(text.lines().count(), head + events + gaps + 2, "{text}");
    }
    insta::assert_snapshot!("noise-verbose", show("noise", verbose));
}

#[test]
fn ascii_is_enough() {
    let text = show(
        "terminator",
        TimelineOptions {
            unicode: false,
            ..TimelineOptions::default()
        },
    );
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("terminator-ascii", text);
    let odd = show(
        "odd",
        TimelineOptions {
            unicode: false,
            ..TimelineOptions::default()
        },
    );
    assert!(odd.is_ascii(), "{odd}");
}

#[test]
fn colours_are_only_styles() {
    let trace = trace("odd");
    let styled = Timeline::new(&trace, TimelineOptions::default()).to_string();
    for sequence in styled.split('\x1b').skip(1) {
        let end = sequence.find('m').expect("every sequence ends");
        let parameters = sequence[..end]
            .strip_prefix('[')
            .expect("only CSI sequences");
        assert!(
            parameters.bytes().all(|b| b.is_ascii_digit() || b == b';'),
            "{sequence:?}"
        );
    }
    let control = |c: char| c.is_control() && c != '\n' && c != '\x1b';
    assert!(!styled.chars().any(control), "{styled:?}");
}

#[test]
fn long_traces_are_cut_in_the_middle() {
    let options = TimelineOptions {
        rows: 20,
        ..TimelineOptions::default()
    };
    insta::assert_snapshot!("long", show("long", options));
}

#[test]
fn a_call_is_told_with_its_line() {
    let mut trace = trace("terminator");
    for event in &mut trace.events {
        event.call = Some(Box::new(Frame {
            file: Some("a\u{1b}[2J.c".into()),
            line: Some(7),
            ..Frame::default()
        }));
    }
    let timeline = Timeline::new(&trace, TimelineOptions::default()).excerpt(12, &[]);
    let shown = plain(&timeline.to_string());
    let sent = shown.lines().find(|line| line.contains("SIGKILL"));
    let sent = sent.expect("it was sent");
    assert!(sent.ends_with(r"killed by it  a\x1b[2J.c:7"), "{sent}");
}

#[test]
fn excerpts_show_what_matters() {
    let trace = trace("terminator");
    let around = Time::from_nanos(500_000_000);
    let timeline = || Timeline::new(&trace, TimelineOptions::default());
    insta::assert_snapshot!(
        "excerpt-12",
        plain(&timeline().excerpt(12, &[]).to_string())
    );
    insta::assert_snapshot!(
        "excerpt-4-around",
        plain(&timeline().excerpt(4, &[around]).to_string())
    );
}
