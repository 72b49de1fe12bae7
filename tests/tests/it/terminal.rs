//! Typing at the terminal of a program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use siglab_engine::{Action, Command, Key, Keyboard, Options, Script, Stdio, When, run};
use siglab_model::{Clock, Kind, ProcessStatus, Time, Trace};
use siglab_tests::build::c_program;

/// Keys come by way of a kernel work queue, which polling waits for only while there is nothing
/// to read. Other threads keep the machine busy meanwhile, so that the queue is late.
#[test]
fn a_key_arrives_at_its_moment_though_lines_are_unread() {
    const KEYS: u64 = 20;
    let program = c_program("unread_lines", &[]);
    let mut script = Script::default();
    for key in 1..=KEYS {
        let at = |tenths: u64| When::At(Time::from_nanos(tenths * 100_000_000));
        script = script
            .then(at(2 * key), Action::Type("unread\n".to_owned()))
            .then(at(2 * key + 1), Action::Press(Key::CtrlC));
    }
    let mut command = Command::new(program);
    command.stdio = Stdio::Terminal {
        rows: 24,
        columns: 80,
    };
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 * thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let traces: Vec<_> = (0..10)
            .map(|_| run(&command, &script, &Options::default()))
            .collect();
        is_over.store(true, Ordering::Relaxed);
        for trace in traces {
            let trace = trace.expect("it can be run");
            assert_eq!(trace.outcome.status, Some(ProcessStatus::Exited(0)));
            let handled: Vec<Time> = trace
                .events
                .iter()
                .filter(|event| matches!(event.kind, Kind::HandlerEntered { .. }))
                .map(|event| event.t)
                .collect();
            let expected: Vec<Time> = (1..=KEYS)
                .map(|key| Time::from_nanos((2 * key + 1) * 100_000_000))
                .collect();
            assert_eq!(handled, expected);
        }
    });
}

/// What happens to a shell script at whose terminal this is typed before it begins.
fn typed(script: &str, keys: &[u8]) -> Trace {
    let keyboard = Keyboard::default();
    keyboard.press(keys);
    let options = Options {
        clock: Clock::Real,
        keyboard: Some(keyboard),
        ..Options::default()
    };
    let mut command = Command::new("/bin/sh").args(["-c", script]);
    command.stdio = Stdio::Terminal {
        rows: 24,
        columns: 80,
    };
    run(&command, &Script::default(), &options).expect("it can be run")
}

fn pressed(trace: &Trace) -> String {
    let input = trace.events.iter().filter_map(|event| match &event.kind {
        Kind::Input { text, .. } => Some(text.as_str()),
        _ => None,
    });
    input.collect()
}

fn shown(trace: &Trace) -> String {
    let output = trace.events.iter().filter_map(|event| match &event.kind {
        Kind::Output { text, .. } => Some(text.as_str()),
        _ => None,
    });
    output.collect()
}

/// Ctrl+V takes the power from the key that comes after it.
#[test]
fn a_key_that_is_quoted_sends_no_signal() {
    let trace = typed("read line; echo \"got ${#line}\"", b"a\x16\x03\x16\x16b\n");
    assert_eq!(trace.outcome.status, Some(ProcessStatus::Exited(0)));
    assert!(shown(&trace).ends_with("got 4\r\n"), "{}", shown(&trace));
    let is_signal = |kind: &Kind| matches!(kind, Kind::Generated { .. });
    assert!(!trace.events.iter().any(|event| is_signal(&event.kind)));
}

/// More than the kernel keeps for a terminal, 64 KiB: the rest comes when there is room.
#[test]
fn nothing_is_lost_of_what_is_pasted() {
    const LINES: usize = 20_000;
    let text = "a line\n".repeat(LINES) + "\x04";
    let trace = typed("wc -l", text.as_bytes());
    assert_eq!(trace.outcome.status, Some(ProcessStatus::Exited(0)));
    let count = format!("{LINES}\r\n");
    assert!(shown(&trace).ends_with(&count), "{}", shown(&trace).len());
    assert_eq!(pressed(&trace), text.replace('\x04', "^D"));
}
