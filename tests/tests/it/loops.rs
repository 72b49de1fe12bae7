//! Programs that compute instead of waiting: a loop that can't end by itself is proved to be
//! one, and where; others are left to the limits.

use std::time::Duration;

use siglab_engine::{Command, Limits, Options, Script, run};
use siglab_model::{BusyKind, Frame, Kind, LimitKind, ProcessStatus, Signal, Time, Trace};
use siglab_tests::build::c_program;
use siglab_tests::twin::output_of;

fn traced(which: &str, script: &Script) -> Trace {
    let options = Options {
        limits: Limits {
            real_time: Some(Duration::from_millis(500)),
            ..Limits::default()
        },
        ..Options::default()
    };
    let command = Command::new(c_program("loops", &[])).args([which]);
    run(&command, script, &options).expect("it can be run")
}

/// The stacks with which it was reported that somebody spins.
fn spins(trace: &Trace) -> Vec<&[Frame]> {
    let stacks = trace.events.iter().filter_map(|event| match &event.kind {
        Kind::BusyWaiting { how, stack, .. } => {
            assert_eq!(*how, BusyKind::Spinning);
            Some(stack.as_slice())
        }
        _ => None,
    });
    stacks.collect()
}

/// The innermost function, and the file.
fn place(stack: &[Frame]) -> Option<(&str, &str)> {
    let frame = stack.first()?;
    Some((frame.function.as_deref()?, frame.file.as_deref()?))
}

#[test]
fn a_loop_that_nothing_ends_is_proved() {
    for (which, function) in [
        ("flag", "main"),
        ("function", "is_set"),
        ("counts", "main"),
        ("no-exit", "main"),
        ("inner", "is_set"),
    ] {
        let trace = traced(which, &Script::default());
        assert_eq!(trace.outcome.limit, Some(LimitKind::NoProgress), "{which}");
        let spins = spins(&trace);
        assert_eq!(spins.len(), 1, "{which}");
        assert_eq!(place(spins[0]), Some((function, "loops.c")), "{which}");
    }
}

#[test]
fn a_loop_that_a_signal_ends_is_left_by_it() {
    let at = Time::from_nanos(2_000_000_000);
    let script = Script::default().send_at(at, Signal::USR1, "main");
    let first = traced("flag", &script);
    assert_eq!(first.outcome.status, Some(ProcessStatus::Exited(0)));
    assert_eq!(output_of(&first), "end\n");
    assert_eq!(spins(&first).len(), 1);
    for _ in 0..20 {
        assert_eq!(traced("flag", &script).to_jsonl(), first.to_jsonl());
    }
    let by_child = traced("child", &Script::default());
    assert_eq!(output_of(&by_child), "end\n");
    assert_eq!(by_child.outcome.limit, None);
}

/// It may end one day.
#[test]
fn a_loop_that_counts_to_an_end_is_not_proved() {
    let trace = traced("ends", &Script::default());
    assert_eq!(trace.outcome.limit, Some(LimitKind::RealTime));
    assert_eq!(spins(&trace).len(), 0, "nothing is claimed");
}

#[test]
fn a_loop_that_runs_through_memory_is_not_proved() {
    let trace = traced("strides", &Script::default());
    let status = Some(ProcessStatus::Killed(Signal::SEGV));
    assert_eq!(trace.outcome.status, status);
}

#[test]
fn a_loop_that_computes_with_vector_registers_is_not_proved() {
    let trace = traced("vectors", &Script::default());
    assert_eq!(output_of(&trace), "30000000\nend\n");
    assert!(spins(&trace).iter().all(|stack| stack.is_empty()));
}

/// The one doesn't see what the other does only because one thread runs at a time.
#[test]
fn two_loops_of_which_one_may_end_the_other_are_not_proved() {
    let trace = traced("two", &Script::default());
    assert_ne!(trace.outcome.limit, Some(LimitKind::NoProgress));
}

/// Once it has left its loop, it isn't in it any more, whatever it does then.
#[test]
fn a_loop_that_another_thread_has_ended_is_over() {
    let trace = traced("released", &Script::default());
    assert_eq!(output_of(&trace), "end\n");
    assert_eq!(trace.outcome.limit, None);
}
