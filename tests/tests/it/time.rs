//! The clock always moves, computing isn't waiting, and whoever is woken has a turn.

use std::time::Duration;

use siglab_engine::{Command, Limits, Options, Script, run};
use siglab_model::{Kind, LimitKind, ProcessStatus, Signal, Time, Trace};
use siglab_tests::build::c_program;
use siglab_tests::twin::output_of;

const SECOND: u64 = 1_000_000_000;

fn traced_with(program: &str, args: &[&str], script: &Script) -> Trace {
    let options = Options {
        limits: Limits {
            real_time: Some(Duration::from_secs(20)),
            ..Limits::default()
        },
        ..Options::default()
    };
    let command = Command::new(c_program(program, &["-O1", "-w", "-U_GNU_SOURCE"])).args(args);
    run(&command, script, &options).expect("it can be run")
}

fn traced(program: &str, args: &[&str]) -> Trace {
    traced_with(program, args, &Script::default())
}

/// It ended by itself, and well, and the same way twice.
fn ends_well(program: &str, args: &[&str]) -> Trace {
    let trace = traced(program, args);
    let end = Some(ProcessStatus::Exited(0));
    assert_eq!(trace.outcome.status, end, "{program} {args:?}");
    assert_eq!(trace.outcome.limit, None, "{program} {args:?}");
    trace
}

fn is_busy(trace: &Trace) -> bool {
    let mut events = trace.events.iter();
    events.any(|event| matches!(event.kind, Kind::BusyWaiting { .. }))
}

fn end_of(trace: &Trace) -> Time {
    trace.events.last().map_or(Time::ZERO, |event| event.t)
}

#[test]
fn the_clock_moves_whatever_call_is_repeated() {
    for call in [
        "kill0",
        "raise",
        "ignored",
        "sigprocmask",
        "sigpending",
        "sigaction",
        "sigtimedwait",
        "queue",
        "vfork",
        "pipe",
        "yield",
        "nanosleep0",
        "poll0",
        "wnohang",
        "sem",
        "altstack",
        "thread",
        "setpgid",
        "mixed",
    ] {
        let trace = ends_well("loop_until_alarm", &[call]);
        assert_eq!(output_of(&trace), format!("{call} over\n"));
        assert!(end_of(&trace) >= Time::from_nanos(SECOND), "{call}");
    }
}

#[test]
fn the_clock_moves_beside_whomever_alternates() {
    assert_eq!(
        output_of(&ends_well("pingpong_pipe", &[])),
        "bounced: often\n"
    );
    for how in ["0", "1", "2", "3", "4"] {
        assert_eq!(output_of(&ends_well("select_busy_child", &[how])), "over\n");
    }
    for how in ["0", "1", "2", "3", "4", "5", "6"] {
        assert_eq!(
            output_of(&ends_well("select_busy_thread", &[how])),
            "over\n"
        );
    }
}

#[test]
fn asking_again_and_again_is_busy_waiting() {
    for program in ["check_with_mask", "is_it_alive"] {
        let trace = ends_well(program, &[]);
        assert!(is_busy(&trace), "{program}");
        let again = ends_well(program, &[]);
        assert_eq!(trace.to_jsonl(), again.to_jsonl());
    }
}

#[test]
fn work_with_a_look_at_the_clock_is_not() {
    for program in ["stamps", "clock_le", "sleep_strict"] {
        let trace = ends_well(program, &[]);
        assert!(!is_busy(&trace), "{program}");
    }
    let trace = ends_well("stamps", &[]);
    assert_eq!(output_of(&trace), "0 ms\n");
    assert_eq!(end_of(&trace).as_nanos() / 1_000_000, 1000);
}

#[test]
fn all_that_is_due_at_an_instant_is_due_before_anybody_runs() {
    assert_eq!(
        output_of(&ends_well("tie_sleep_blocked", &[])),
        "pending: 1\n"
    );
    let trace = ends_well("tie_timer_sleep", &[]);
    assert!(output_of(&trace).ends_with("handler ran: 1\n"));
}

#[test]
fn overruns_are_counted_not_played() {
    let trace = ends_well("overrun", &["10000"]);
    assert_eq!(output_of(&trace), "overruns at least 90%: 1\n");
    assert!(trace.events.len() < 50, "{}", trace.events.len());
}

#[test]
fn a_timer_that_can_change_nothing_hides_no_deadlock() {
    assert!(traced("ticking_deadlock", &[]).outcome.deadlock);
}

#[test]
fn whoever_is_woken_has_a_turn() {
    assert_eq!(output_of(&ends_well("relock", &[])), "ended\n");
    let script = Script::default().send_at(Time::from_nanos(SECOND), Signal::TERM, "main");
    let trace = traced_with("flag_under_mutex", &[], &script);
    assert_eq!(trace.outcome.status, Some(ProcessStatus::Exited(0)));
    assert_eq!(output_of(&trace), "stopped\n");
}

/// Its handler sends the signal to its own group again.
#[test]
fn a_circle_of_calls_is_proved() {
    let script = Script::default().send_at(Time::from_nanos(SECOND), Signal::INT, "main");
    let mut script = script;
    script.steps.insert(
        0,
        siglab_engine::Step {
            when: siglab_engine::When::Now,
            action: siglab_engine::Action::Type("one\n".to_owned()),
        },
    );
    let trace = traced_with("signals_itself", &[], &script);
    assert_eq!(trace.outcome.limit, Some(LimitKind::NoProgress));
    assert!(is_busy(&trace));
    assert_eq!(end_of(&trace), Time::from_nanos(SECOND));
}

/// What a program brings along, siglab reads: an unwind table without an end, a device.
#[test]
fn hostile_tables_and_mappings_cost_bounded_time() {
    for program in ["cfi_loop", "map_zero"] {
        assert!(traced(program, &[]).outcome.deadlock, "{program}");
    }
}

#[test]
fn many_timers_and_many_tasks_end() {
    ends_well("many_timers", &["8000"]);
    ends_well("many_tasks", &["50"]);
}
