//! `Options::lines`: which line of the program makes a call.

use std::fs;
use std::path::Path;

use siglab_engine::{Command, Options, Script, run};
use siglab_model::{Event, Kind, Role, Signal, Time, Trace};

/// A sample under two SIGINTs, with and without the lines.
fn traces(sample: &str) -> [Trace; 2] {
    let program = c_samples::path(sample).expect("there is such a sample");
    let at = |ms: u64| Time::from_nanos(ms * 1_000_000);
    let script = Script::default()
        .send_at(at(500), Signal::INT, "main")
        .send_at(at(1200), Signal::INT, "main");
    [false, true].map(|lines| {
        let options = Options {
            lines,
            ..Options::default()
        };
        run(&Command::new(&program), &script, &options).expect("it runs")
    })
}

/// The line of `sample` that an event's call is in, without what is around it.
fn line(sample: &str, event: &Event) -> Option<String> {
    let call = event.call.as_ref()?;
    assert_eq!(call.file.as_deref(), Some(&*format!("{sample}.c")));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../c-samples");
    let text = fs::read_to_string(root.join(format!("{sample}.c"))).expect("it is there");
    let number = call.line.expect("a line has a number") as usize;
    text.lines()
        .nth(number - 1)
        .map(|line| line.trim().to_owned())
}

/// The lines of the events that `which` chooses.
fn lines(sample: &str, which: impl Fn(&Event) -> bool) -> Vec<Option<String>> {
    let [_, trace] = traces(sample);
    let events = trace.events.iter().filter(|event| which(event));
    events.map(|event| line(sample, event)).collect()
}

fn is_mains(event: &Event) -> bool {
    event.role.as_ref().is_some_and(|role| role == "main")
}

#[test]
fn a_wait_is_where_it_is_written() {
    let waits = lines("terminator", |event| {
        is_mains(event) && matches!(event.kind, Kind::WaitBegun { .. })
    });
    let expected = [
        "int signal_number = sigwaitinfo(&waited_for, NULL);",
        "signal_number = sigtimedwait(&waited_for, NULL, &one_second);",
        "check(waitpid(child_pid, &status, 0), \"waitpid\");",
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|line| Some((*line).to_owned()))
        .collect();
    assert_eq!(waits, expected);
}

#[test]
fn a_signal_is_where_it_is_sent() {
    let sent = lines("more_info", |event| {
        matches!(&event.kind, Kind::Generated { from, .. } if from.as_str().starts_with("child"))
            && is_mains(event)
    });
    let kill = Some("check(kill(parent_pid, MY_SIGNAL), \"kill\");".to_owned());
    assert!(!sent.is_empty());
    assert!(sent.iter().all(|line| *line == kill), "{sent:?}");
    // Nobody's line: the script and the kernel sent these.
    let others = lines("more_info", |event| {
        matches!(&event.kind, Kind::Generated { from, .. }
            if [Role::SCRIPT, Role::KERNEL].contains(&from.as_str()))
    });
    assert!(!others.is_empty());
    assert!(others.iter().all(Option::is_none), "{others:?}");
}

#[test]
fn a_disposition_is_where_it_is_changed() {
    let changed = lines("more_info", |event| {
        matches!(event.kind, Kind::DispositionChanged { .. })
    });
    let sigaction = "check(sigaction(MY_SIGNAL, &action, NULL), \"sigaction\");";
    assert_eq!(changed[0].as_deref(), Some(sigaction));
}

#[test]
fn lines_change_nothing_else() {
    for sample in ["terminator", "more_info", "simple_handler", "signal_mask"] {
        let [plain, mut with_lines] = traces(sample);
        assert!(plain.events.iter().all(|event| event.call.is_none()));
        assert!(with_lines.events.iter().any(|event| event.call.is_some()));
        for event in &mut with_lines.events {
            event.call = None;
        }
        assert_eq!(plain, with_lines, "{sample}");
    }
}
