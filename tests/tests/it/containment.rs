//! Nothing outside of a run is touched, whatever its program does, and nothing of it is
//! left. Each test is in a pid namespace of its own: see [`confined`].

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use siglab_engine::{Limits, Options, Script, Stdio};
use siglab_model::{Event, Kind, LimitKind, Policy, ProcessStatus, Signal, Time, Trace};
use siglab_tests::confined::{Inside, confined};
use siglab_tests::twin::output_of;

const EXITED_0: Option<ProcessStatus> = Some(ProcessStatus::Exited(0));

/// Makes a test of a body that is to run in a pid namespace with a program.
macro_rules! confined_test {
    ($(#[$doc:meta])+ $name:ident, $program:literal, $body:expr) => {
        $(#[$doc])+
        #[test]
        fn $name() {
            confined(concat!(module_path!(), "::", stringify!($name)), $program, $body);
        }
    };
}

/// All that was denied: call, signal, errno.
fn denied(trace: &Trace) -> Vec<String> {
    trace
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            Kind::Denied {
                syscall,
                signal,
                errno,
                ..
            } => Some(match signal {
                Some(signal) => format!("{syscall} {signal} {errno}"),
                None => format!("{syscall} {errno}"),
            }),
            _ => None,
        })
        .collect()
}

/// How the processes ended, in that order.
fn ends(trace: &Trace) -> Vec<String> {
    trace
        .events
        .iter()
        .filter_map(|event| {
            let role = event.role.as_ref()?;
            match &event.kind {
                Kind::Exit { code } => Some(format!("{role} exit {code}")),
                Kind::Killed { signal, .. } => Some(format!("{role} killed {signal}")),
                _ => None,
            }
        })
        .collect()
}

fn limited(limits: Limits) -> Options {
    Options {
        limits,
        ..Options::default()
    }
}

/// The outcome and the last event say which limit ended the run.
fn check_limit(trace: &Trace, limit: LimitKind) {
    let end = &trace.events[trace.events.len().saturating_sub(4)..];
    assert_eq!(trace.outcome.limit, Some(limit), "{end:.1000?}");
    let last = trace.events.iter().rev().find(|event| {
        !matches!(
            event.kind,
            Kind::ScriptUnfinished { .. } | Kind::Output { .. }
        )
    });
    let ended = Vec::new();
    assert_eq!(
        last.map(|event| &event.kind),
        Some(&Kind::Limit { limit, ended })
    );
}

/// Every way to send `signal` to `target` fails with EPERM and is named in the trace.
fn check_send(inside: &Inside, target: &str, signal: Signal) {
    let number = signal.number().to_string();
    let trace = inside.run(&[target, &number]);
    let expected = [
        ("kill", "kill"),
        ("tkill", "tkill"),
        ("tgkill", "tgkill"),
        ("rt_sigqueueinfo", "rt_sigqueueinfo"),
        ("rt_tgsigqueueinfo", "rt_tgsigqueueinfo"),
        ("pidfd_send_signal", "pidfd_send_signal"),
        ("pidfd_send_signal", "pidfd_send_signal to group"),
        ("pidfd_send_signal", "pidfd_send_signal by /proc"),
        ("kill", "kill group"),
    ];
    let said: String = expected
        .iter()
        .map(|(_, text)| format!("{text}: EPERM\n"))
        .collect();
    assert_eq!(output_of(&trace), said + "still alive\n", "{target}");
    let events: Vec<_> = expected
        .iter()
        .map(|(syscall, _)| format!("{syscall} {signal} EPERM"))
        .collect();
    assert_eq!(denied(&trace), events, "{target}");
    assert_eq!(trace.outcome.status, EXITED_0);
}

confined_test!(
    /// kill(getppid(), SIGKILL) and its kin: the parent of the first process is siglab.
    kill_of_the_parent,
    "hostile_send",
    |inside| {
        for signal in [Signal::KILL, Signal::TERM, Signal::STOP, Signal::INT] {
            check_send(inside, "parent", signal);
        }
    }
);

confined_test!(
    /// Any other process of the machine, also with a real-time signal.
    kill_of_a_bystander,
    "hostile_send",
    |inside| {
        let realtime = Signal::new(40).expect("in range");
        for signal in [Signal::KILL, Signal::TERM, realtime] {
            check_send(inside, &inside.bystander(), signal);
        }
    }
);

confined_test!(
    /// kill(1, ...): init. Its process group can't be seen from within the namespace.
    kill_of_init,
    "hostile_send",
    |inside| {
        let trace = inside.run(&["1", "9"]);
        let text = output_of(&trace);
        let all_denied = text.lines().all(|line| line.ends_with(": EPERM") || line == "still alive");
        assert!(all_denied, "{text}");
        assert_eq!(denied(&trace).len(), text.lines().count() - 1);
        assert_eq!(trace.outcome.status, EXITED_0);
    }
);

confined_test!(
    /// The same from a shell, which most people would use.
    kill_from_a_shell,
    "hostile_send",
    |inside| {
        for (line, signal) in [
            ("kill -KILL $PPID; echo $?", Signal::KILL),
            ("kill $PPID; echo $?", Signal::TERM),
        ] {
            let command = siglab_engine::Command::new("/bin/sh").args(["-c", line]);
            let trace = inside.run_command(&command, &Script::default(), &Options::default());
            assert_eq!(denied(&trace), [format!("kill {signal} EPERM")]);
            let text = output_of(&trace);
            assert!(text.lines().any(|line| line == "1"), "{text}");
        }
    }
);

confined_test!(
    /// kill(-1, ...) means all processes of the run but the caller, as natively all of the
    /// machine: children, and the daemon that has left.
    kill_of_everybody,
    "hostile_kill_all",
    |inside| {
        for signal in [Signal::KILL, Signal::TERM, Signal::HUP] {
            let number = signal.number();
            let trace = inside.run(&[&number.to_string()]);
            let text = format!(
                "kill -1: ok\nchild 1: killed by {number}\nchild 2: killed by {number}\nstill alive\n"
            );
            assert_eq!(output_of(&trace), text);
            let mut ends = ends(&trace);
            ends.sort();
            let expected = [
                format!("child killed {signal}"),
                format!("child.2 killed {signal}"),
                "child.3 exit 0".to_owned(),
                format!("child.3/child killed {signal}"),
                "main exit 0".to_owned(),
            ];
            assert_eq!(ends, expected);
            assert_eq!(denied(&trace), [format!("kill {signal} 0")]);
        }
    }
);

confined_test!(
    /// The result of a fork that failed, passed on to kill: there is nobody else in the
    /// run, so natively as on an empty machine ESRCH.
    kill_of_a_failed_forks_result,
    "hostile_fork_failed",
    |inside| {
        let trace = inside.run(&[]);
        assert_eq!(
            output_of(&trace),
            "fork: EAGAIN\nkill: ESRCH\nstill alive\n"
        );
        assert_eq!(denied(&trace), ["kill SIGKILL ESRCH"]);
        assert_eq!(trace.outcome.status, EXITED_0);
    }
);

confined_test!(
    /// A child that has been reaped is nobody: ESRCH as natively, and nothing was denied.
    kill_of_a_reaped_child,
    "hostile_reaped",
    |inside| {
        let trace = inside.run(&[]);
        let text = "kill: ESRCH\nkill group: ESRCH\ntgkill: ESRCH\nsigqueue: ESRCH\n";
        assert_eq!(output_of(&trace), text);
        assert_eq!(denied(&trace), [] as [String; 0]);
        let failed: Vec<_> = trace
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                Kind::SendFailed {
                    syscall,
                    target,
                    signal,
                    errno,
                } => Some(format!("{syscall} {signal} to {target}: {errno}")),
                _ => None,
            })
            .collect();
        assert_eq!(
            failed,
            [
                "kill SIGKILL to child: ESRCH",
                "kill SIGKILL to the group of child: ESRCH",
                "tgkill SIGKILL to child: ESRCH",
                "rt_sigqueueinfo SIGKILL to child: ESRCH",
            ]
        );
    }
);

confined_test!(
    /// Who gets SIGIO: the run's own processes only.
    owner_of_a_descriptor,
    "hostile_owner",
    |inside| {
        for target in ["parent".to_owned(), inside.bystander()] {
            let trace = inside.run(&[&target]);
            let text = "F_SETOWN: EPERM\nF_SETOWN of group: EPERM\n\
                F_SETOWN_EX of process: EPERM\nF_SETOWN_EX of thread: EPERM\n\
                F_SETOWN_EX of group: EPERM\nFIOSETOWN: EPERM\nFIOSETOWN of group: EPERM\n\
                SIOCSPGRP: EPERM\nowner: 0\nF_SETOWN of itself: ok\nSIGIO for itself: 1\n";
            assert_eq!(output_of(&trace), text, "{target}");
            let expected: Vec<_> = std::iter::repeat_n("fcntl EPERM", 5)
                .chain(std::iter::repeat_n("ioctl EPERM", 3))
                .collect();
            assert_eq!(denied(&trace), expected, "{target}");
        }
    }
);

confined_test!(
    /// Limits that end a process, tracing it, its memory, its descriptors.
    hold_of_another_process,
    "hostile_control",
    |inside| {
        for target in ["parent".to_owned(), inside.bystander(), "1".to_owned()] {
            let trace = inside.run(&[&target]);
            let text = "prlimit RLIMIT_CPU: EPERM\nprlimit RLIMIT_FSIZE: EPERM\n\
                PTRACE_ATTACH: EPERM\nPTRACE_SEIZE: EPERM\n\
                process_vm_readv: EPERM\nprocess_vm_writev: EPERM\npidfd_getfd: EPERM\n\
                still alive\n";
            assert_eq!(output_of(&trace), text, "{target}");
            let expected = [
                "prlimit64 EPERM",
                "prlimit64 EPERM",
                "ptrace EPERM",
                "ptrace EPERM",
                "process_vm_readv EPERM",
                "process_vm_writev EPERM",
                "pidfd_getfd EPERM",
            ];
            assert_eq!(denied(&trace), expected, "{target}");
        }
    }
);

confined_test!(
    /// What all processes of the machine share, and ways out of the tracer's sight.
    the_machine,
    "hostile_machine",
    |inside| {
        let trace = inside.run(&[]);
        let expected = [
            ("clock_settime", "clock_settime"),
            ("settimeofday", "settimeofday"),
            ("adjtimex", "adjtimex"),
            ("clock_adjtime", "clock_adjtime"),
            ("clone", "CLONE_UNTRACED"),
            ("clone", "CLONE_NEWPID"),
            ("clone", "CLONE_NEWUSER"),
            ("unshare", "unshare"),
            ("setns", "setns"),
        ];
        let said: String = expected
            .iter()
            .map(|(_, text)| format!("{text}: EPERM\n"))
            .collect();
        assert_eq!(output_of(&trace), said);
        let events: Vec<_> = expected
            .iter()
            .map(|(syscall, _)| format!("{syscall} EPERM"))
            .collect();
        assert_eq!(denied(&trace), events);
    }
);

confined_test!(
    /// TIOCSTI: what is typed so is run by the shell that siglab was started from.
    typing_in_somebodys_name,
    "hostile_typing",
    |inside| {
        for stdio in [
            Stdio::PassThrough,
            Stdio::Terminal {
                rows: 24,
                columns: 80,
            },
        ] {
            let mut command = siglab_engine::Command::new(inside.program());
            command.stdio = stdio;
            let trace = inside.run_command(&command, &Script::default(), &Options::default());
            assert_eq!(output_of(&trace).trim_end(), "TIOCSTI: EPERM", "{stdio:?}");
            assert_eq!(denied(&trace), ["ioctl EPERM"], "{stdio:?}");
        }
    }
);

confined_test!(
    /// A child made with CLONE_PARENT has siglab for a parent.
    kill_by_a_sibling,
    "hostile_clone_parent",
    |inside| {
        let trace = inside.run(&["clone-parent"]);
        let text = output_of(&trace);
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        let expected = [
            "kill by the sibling: EPERM",
            "still alive",
            "wait for the sibling: ECHILD",
        ];
        assert_eq!(lines, expected);
        assert_eq!(denied(&trace), ["kill SIGKILL EPERM"]);
        assert_eq!(trace.outcome.status, EXITED_0);
    }
);

confined_test!(
    /// A vfork child has its parent's memory, and no more rights.
    kill_by_a_vfork_child,
    "hostile_clone_parent",
    |inside| {
        let trace = inside.run(&["vfork", &inside.bystander()]);
        let text = "kill by the vfork child: EPERM\nstill alive\n";
        assert_eq!(output_of(&trace), text);
        assert_eq!(denied(&trace), ["kill SIGKILL EPERM"]);
    }
);

/// A daemon outlives main, and tries to kill the process that has adopted it. The run
/// goes on until siglab ends it, for the reason that `check` is given.
fn check_daemon(inside: &Inside, how: &str, options: &Options, check: fn(&Trace)) {
    let trace = inside.run_with(&[how], &Script::default(), options);
    assert_eq!(output_of(&trace), "kill: EPERM\n", "{how}");
    assert_eq!(denied(&trace), ["kill SIGKILL EPERM"], "{how}");
    assert_eq!(ends(&trace), ["main exit 0", "child exit 0"], "{how}");
    let orphaned: Vec<_> = trace
        .events
        .iter()
        .filter(|event| event.kind == Kind::Orphaned { to: None })
        .filter_map(|event| event.role.as_ref())
        .map(ToString::to_string)
        .collect();
    assert_eq!(orphaned, ["child", "child/child"], "{how}");
    assert_eq!(trace.outcome.status, EXITED_0, "{how}");
    check(&trace);
}

confined_test!(
    /// setsid, two forks: out of main's session and out of its family, not out of the run.
    daemon_that_outlives_main,
    "hostile_daemon",
    |inside| {
        check_daemon(inside, "pause", &Options::default(), |trace| {
            assert!(trace.outcome.deadlock);
        });
        let hour = Limits {
            virtual_time: Time::from_nanos(7200 * 1_000_000_000),
            ..Limits::default()
        };
        check_daemon(inside, "sleep", &limited(hour), |trace| {
            check_limit(trace, LimitKind::VirtualTime);
        });
        let moment = Limits {
            real_time: Some(Duration::from_secs(5)),
            ..Limits::default()
        };
        check_daemon(inside, "spin", &limited(moment), |trace| {
            check_limit(trace, LimitKind::NoProgress);
        });
    }
);

confined_test!(
    /// Processes and threads without end.
    bombs,
    "hostile_bomb",
    |inside| {
        let limits = Limits {
            tasks: 40,
            real_time: Some(Duration::from_secs(20)),
            ..Limits::default()
        };
        for how in ["fork", "setsid", "thread"] {
            for policy in [Policy::InOrder, Policy::Random { seed: 7 }] {
                let options = Options {
                    policy,
                    ..limited(limits.clone())
                };
                let trace = inside.run_with(&[how], &Script::default(), &options);
                check_limit(&trace, LimitKind::Processes);
                let made = trace
                    .events
                    .iter()
                    .filter(|event| matches!(event.kind, Kind::Fork { .. }))
                    .count();
                assert_eq!(made, limits.tasks, "{how}: main and that many");
            }
        }
    }
);

confined_test!(
    /// Children that nobody reaps: they aren't tasks any more, but the trace grows.
    zombies_without_end,
    "hostile_bomb",
    |inside| {
        for how in ["zombie", "vfork"] {
            let limits = Limits {
                events: 2000,
                ..Limits::default()
            };
            let trace = inside.run_with(&[how], &Script::default(), &limited(limits));
            check_limit(&trace, LimitKind::Events);
            assert!(trace.events.len() < 2100, "{how}: {}", trace.events.len());
        }
    }
);

confined_test!(
    /// Output without end: what is kept of it is bounded, too.
    output_without_end,
    "hostile_output",
    |inside| {
        const LIMIT: u64 = 200_000;
        for how in ["lines", "block", "stderr"] {
            let limits = Limits {
                output: Some(LIMIT),
                real_time: Some(Duration::from_secs(20)),
                ..Limits::default()
            };
            let trace = inside.run_with(&[how], &Script::default(), &limited(limits));
            check_limit(&trace, LimitKind::Output);
            let length = output_of(&trace).len();
            // One pipe full more than the limit.
            assert!(length < (2 << 20), "{how}: {length} bytes");
        }
    }
);

confined_test!(
    /// One write that takes many turns, interrupted by siglab at any of them.
    a_write_in_many_parts,
    "hostile_output",
    |inside| {
        for seed in 0..30 {
            let options = Options {
                disturb: Some(seed),
                ..limited(Limits {
                    output: Some(1 << 20),
                    ..Limits::default()
                })
            };
            let trace = inside.run_with(&["block"], &Script::default(), &options);
            check_limit(&trace, LimitKind::Output);
        }
    }
);

confined_test!(
    /// Other doors into the kernel: the 32-bit one, and x32's call numbers.
    kill_by_another_abi,
    "hostile_abi",
    |inside| {
        for target in ["parent".to_owned(), inside.bystander()] {
            let trace = inside.run(&["int80", &target]);
            assert_eq!(output_of(&trace), "");
            let end = Some(ProcessStatus::Killed(Signal::SYS));
            assert_eq!(trace.outcome.status, end);
            // As on kernels without x32.
            let trace = inside.run(&["x32", &target]);
            assert_eq!(output_of(&trace), "got past it: -1\n");
        }
    }
);

confined_test!(
    /// A filter of the program's own that outranks siglab's: it may not have one.
    kill_past_the_filter,
    "hostile_notify",
    |inside| {
        for target in ["parent".to_owned(), inside.bystander()] {
            let trace = inside.run(&[&target]);
            let text = output_of(&trace);
            let (listener, rest) = text.split_once('\n').expect("it says several things");
            assert_ne!(listener, "seccomp listener: ok");
            assert_eq!(rest, "kill: EPERM\nstill alive\n");
            assert_eq!(denied(&trace).last().expect("something was"), "kill SIGKILL EPERM");
        }
    }
);

confined_test!(
    /// All signals ignored and blocked, no call is made any more: real time bounds it.
    spinning_unreachably,
    "hostile_spin",
    |inside| {
        let limits = Limits {
            real_time: Some(Duration::from_millis(300)),
            ..Limits::default()
        };
        let script = Script::default()
            .send_at(Time::ZERO, Signal::INT, "main")
            .send_at(Time::ZERO, Signal::TERM, "main");
        let trace = inside.run_with(&[], &script, &limited(limits));
        check_limit(&trace, LimitKind::NoProgress);
        assert_eq!(output_of(&trace), "spinning\n");
        let is_busy = |event: &Event| matches!(event.kind, Kind::BusyWaiting { .. });
        assert!(trace.events.iter().any(is_busy), "it is named");
    }
);

confined_test!(
    /// Signals for itself without end: the trace is bounded.
    signals_without_end,
    "hostile_storm",
    |inside| {
        let limits = Limits {
            events: 300,
            ..Limits::default()
        };
        let trace = inside.run_with(&[], &Script::default(), &limited(limits));
        check_limit(&trace, LimitKind::Events);
        assert!(trace.events.len() < 400, "{}", trace.events.len());
        // It goes round in a circle, which is proved.
        let trace = inside.run_with(&[], &Script::default(), &limited(Limits::default()));
        check_limit(&trace, LimitKind::NoProgress);
        assert!(trace.events.len() < 10_000, "{}", trace.events.len());
    }
);

confined_test!(
    /// siglab's own terminal, passed through: what is typed there must not become a SIGIO
    /// for siglab, whose group is the one in its foreground.
    signals_from_siglabs_terminal,
    "hostile_async_stdin",
    |inside| {
        let pair = nix::pty::openpty(None, None).expect("there are pseudo-terminals");
        let mut siglab = std::process::Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_run_forever"), "--once", "1"])
            .arg(inside.program())
            .stdin(pair.slave)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("there is a `setsid`");
        let mut lines = BufReader::new(siglab.stdout.take().expect("it is a pipe")).lines();
        let mut line = || lines.next().map(|line| line.expect("it is text"));
        assert!(line().expect("it says something").starts_with("O_ASYNC: "));
        let mut keyboard = File::from(pair.master);
        keyboard.write_all(b"x\n").expect("somebody reads it");
        assert_eq!(line().as_deref(), Some("read: ok"));
        assert_eq!(line(), None);
        let status = siglab.wait().expect("it is a child");
        assert!(status.success(), "{status}");
    }
);
