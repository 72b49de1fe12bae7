//! Families of processes: who adopts orphans, who outlives whom, and what several steps of a
//! script do to them at the same instant.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use siglab_engine::{Action, Command, Options, Script, When, run};
use siglab_model::{Kind, LimitKind, Policy, ProcessStatus, Role, Signal, Time, Trace};
use siglab_tests::build::c_program;
use siglab_tests::surroundings::Started;
use siglab_tests::twin::output_of;

const EXITED_0: Option<ProcessStatus> = Some(ProcessStatus::Exited(0));

fn run_with(program: &str, args: &[&str], script: &Script, options: &Options) -> Trace {
    let command = Command::new(c_program(program, &[])).args(args);
    run(&command, script, options).expect("the engine can run it")
}

/// What happens to processes, one event each: `child adopted by main`.
fn families(trace: &Trace) -> Vec<String> {
    let mut told = Vec::new();
    for event in &trace.events {
        let Some(role) = &event.role else { continue };
        let by = |to: &Option<Role>| {
            to.as_ref()
                .map_or_else(|| "siglab".to_owned(), ToString::to_string)
        };
        told.push(match &event.kind {
            Kind::Orphaned { to } => format!("{role} adopted by {}", by(to)),
            Kind::LeftZombie { to } => format!("zombie {role} adopted by {}", by(to)),
            Kind::Reaped { child, .. } => format!("{role} reaps {child}"),
            Kind::ReapedByKernel {} => format!("{role} reaped by the kernel"),
            _ => continue,
        });
    }
    told
}

fn generated_and_merged(trace: &Trace, wanted: Signal) -> (usize, usize) {
    let count = |is: &dyn Fn(&Kind) -> bool| trace.events.iter().filter(|e| is(&e.kind)).count();
    (
        count(&|kind| matches!(kind, Kind::Generated { signal, .. } if *signal == wanted)),
        count(&|kind| matches!(kind, Kind::Merged { signal, .. } if *signal == wanted)),
    )
}

fn second(seconds: u64) -> Time {
    Time::from_nanos(seconds * 1_000_000_000)
}

/// SIGTERM to each of them, at one second.
fn terminate(roles: &[&str]) -> Script {
    roles.iter().fold(Script::default(), |script, role| {
        script.send_at(second(1), Signal::TERM, role)
    })
}

#[test]
fn orphans_go_to_the_nearest_subreaper() {
    let run = |program| run_with(program, &[], &Script::default(), &Options::default());
    assert_eq!(
        families(&run("subreaper_nearest")),
        [
            "child/child/child adopted by child",
            "child reaps child/child",
            "child/child/child adopted by main",
            "main reaps child",
            "main reaps child/child/child",
            "child.2/child adopted by main",
            "main reaps child.2",
            "main reaps child.2/child",
        ]
    );
    let trace = run("subreaper_zombies");
    assert_eq!(
        families(&trace),
        [
            "zombie child/child adopted by main",
            "main reaps child",
            "main reaps child/child",
            "child.2/child adopted by main",
            "main reaps child.2",
            "main reaps child.2/child",
            "main reaps child.4",
            "main reaps child.3",
        ]
    );
    // The zombie's, in place of its parent's; and the orphan's.
    assert_eq!(generated_and_merged(&trace, Signal::CHLD), (3, 1));
    assert_eq!(
        families(&run("subreaper_rules")),
        [
            "main reaps child",
            "child.2/child adopted by main",
            "main reaps child.2",
            "main reaps child.2/child",
            "child.3/child adopted by siglab",
            "main reaps child.3",
        ]
    );
}

#[test]
fn a_32_bit_program_is_named() {
    let check = |args: &[&str], who: &str| {
        let trace = run_with("exec_32_bit", args, &Script::default(), &Options::default());
        assert_eq!(output_of(&trace), "before\n");
        assert_eq!(trace.outcome.limit, Some(LimitKind::Unsupported));
        assert_eq!(trace.outcome.status, None);
        let end: Vec<_> = trace.events.iter().rev().take(3).rev().collect();
        assert!(matches!(end[0].kind, Kind::Exec { .. }), "{end:?}");
        assert_eq!(end[1].role.as_ref().map(Role::as_str), Some(who));
        assert_eq!(
            end[1].kind,
            Kind::Unsupported {
                syscall: "execve".into(),
                what: "a 32-bit program".into()
            }
        );
        assert!(matches!(end[2].kind, Kind::Limit { .. }), "{end:?}");
    };
    check(&[], "main");
    check(&["child"], "child");
}

#[test]
fn a_run_lingers_after_its_first_process() {
    let linger = |seconds| Options {
        linger: Some(Duration::from_secs(seconds)),
        ..Options::default()
    };
    let check = |trace: &Trace, seconds| {
        assert_eq!(trace.outcome.status, EXITED_0);
        assert!(!trace.outcome.deadlock);
        assert_eq!(trace.outcome.limit, Some(LimitKind::Linger));
        let last = trace.events.last().expect("something happened");
        // Reading a clock takes a nanosecond.
        assert_eq!(last.t.since(second(seconds)).as_micros(), 0);
        assert!(last.t >= second(seconds));
        let ended = vec![Role::new("child/child")];
        let limit = LimitKind::Linger;
        assert_eq!(last.kind, Kind::Limit { limit, ended });
    };
    let nothing = Script::default();
    check(&run_with("outlives", &["pause"], &nothing, &linger(3)), 3);
    check(&run_with("outlives", &["tick"], &nothing, &linger(3)), 3);
    check(&run_with("outlives", &["spin"], &nothing, &linger(3)), 3);
    check(&run_with("outlives", &["poll"], &nothing, &linger(3)), 3);

    // Steps of the script are part of the run.
    let later = Script::default().send_at(second(7), Signal::USR1, "child/child");
    check(&run_with("outlives", &["pause"], &later, &linger(3)), 10);
    let trace = run_with(
        "outlives",
        &["pause"],
        &Script::default().send_at(second(7), Signal::TERM, "child/child"),
        &linger(3),
    );
    assert_eq!(
        (trace.outcome.status, trace.outcome.limit),
        (EXITED_0, None)
    );
}

#[test]
fn children_that_are_killed_at_one_instant_are_dead_before_their_parent_runs() {
    let script = terminate(&["child", "child.2", "child.3"]);
    let trace = run_with("one_wait_per_sigchld", &[], &script, &Options::default());
    assert_eq!(generated_and_merged(&trace, Signal::CHLD), (1, 2));
    assert!(trace.outcome.deadlock);

    let killed = ["child", "child.2", "child.3"]
        .iter()
        .fold(Script::default(), |script, role| {
            script.send_at(second(1), Signal::KILL, role)
        });
    let trace = run_with("one_wait_per_sigchld", &[], &killed, &Options::default());
    assert_eq!(generated_and_merged(&trace, Signal::CHLD), (1, 2));

    // One after the other they are told of one by one.
    let apart = ["child", "child.2", "child.3"]
        .iter()
        .zip(1..)
        .fold(Script::default(), |script, (role, at)| {
            script.send_at(second(at), Signal::TERM, role)
        });
    let trace = run_with("one_wait_per_sigchld", &[], &apart, &Options::default());
    assert_eq!(generated_and_merged(&trace, Signal::CHLD), (3, 0));
    assert_eq!(trace.outcome.status, EXITED_0);

    let all = c_program("one_wait_per_sigchld", &["-DFIXED"]);
    let trace = run(&Command::new(all), &script, &Options::default()).expect("it can be run");
    assert_eq!(trace.outcome.status, EXITED_0);
}

#[test]
fn a_wait_goes_on_when_children_end_at_one_instant() {
    for (how, said) in [
        ("nanosleep", "nanosleep: 0"),
        ("epoll_wait", "epoll_wait: 0"),
        ("poll", "poll: 0"),
        ("ppoll", "ppoll: 0"),
        ("sigtimedwait", "sigtimedwait: EAGAIN"),
        ("read", "read: 1"),
        ("waitpid", "the third child: exited with 9"),
        (
            "pthread_cond_timedwait",
            "pthread_cond_timedwait: ETIMEDOUT",
        ),
    ] {
        let script = terminate(&["child", "child.2"]);
        let trace = run_with("held_waits", &[how], &script, &Options::default());
        assert_eq!(
            output_of(&trace),
            format!("{said}\nwaited 3.00 s\n"),
            "{how}"
        );
        assert_eq!(generated_and_merged(&trace, Signal::CHLD).1, 1, "{how}");
    }
}

#[test]
fn signals_to_one_process_at_one_instant_are_all_pending_before_it_runs() {
    let twice = Script::default()
        .send_at(second(1), Signal::USR1, "main")
        .send_at(second(1), Signal::USR1, "main");
    let trace = run_with("outlives", &["stay"], &twice, &Options::default());
    assert_eq!(generated_and_merged(&trace, Signal::USR1), (1, 1));
    // The lowest number comes first, as signal(7) says.
    let both = Script::default()
        .send_at(second(1), Signal::USR2, "main")
        .then(
            When::Now,
            Action::Send {
                signal: Signal::USR1,
                to: "main".into(),
            },
        );
    let trace = run_with("outlives", &["stay"], &both, &Options::default());
    assert_eq!(output_of(&trace), "SIGUSR1\nSIGUSR2\n");
}

#[test]
fn the_newest_runs_first_if_that_is_asked_for() {
    let program = c_program("who_is_first", &["-w"]);
    for (policy, expected) in [
        (Policy::InOrder, "parent\nchild\n"),
        (Policy::NewestFirst, "child\nparent\n"),
    ] {
        let options = Options {
            policy,
            ..Options::default()
        };
        let trace = run(&Command::new(&program), &Script::default(), &options);
        let trace = trace.expect("it can be run");
        assert_eq!(output_of(&trace), expected);
    }
}

#[test]
fn standard_input_may_stay_open() {
    let mut command = Command::new(c_program("who_is_first", &["-w"])).args(["read"]);
    for (stays_open, expected) in [(false, "read: 0\n"), (true, "")] {
        command.stdin_stays_open = stays_open;
        let trace = run(&command, &Script::default(), &Options::default());
        let trace = trace.expect("it can be run");
        assert_eq!(output_of(&trace), expected);
        assert_eq!(trace.outcome.deadlock, stays_open);
    }
}

/// The kernel counts together what is queued for all processes of a user.
#[test]
fn what_others_queue_takes_no_room() {
    let program = c_program("queue_limit", &[]);
    let other = std::process::Command::new(&program)
        .arg("200")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut other = Started(other.expect("it can be started"));
    let said = other.stdout.take().expect("it is piped");
    let mut line = String::new();
    let read = BufReader::new(said).read_line(&mut line);
    assert!(read.is_ok() && line == "queued\n", "{line}");
    let trace = run_with("queue_limit", &[], &Script::default(), &Options::default());
    insta::assert_snapshot!(output_of(&trace), @"
    20 fit
    19 fit beside a pending signal
    19 fit beside a timer
    another timer: Resource temporarily unavailable
    the timer's signal: SI_TIMER
    0 fit after it
    the alarm's signal: SI_KERNEL
    ");
    drop(other.stdin.take());
    assert!(other.wait().is_ok_and(|status| status.success()));
}
