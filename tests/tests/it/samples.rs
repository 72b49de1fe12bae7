//! The four lab programs: what happens in them, that their Rust ports do the same, and
//! that they do natively what they do under the engine.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use siglab_engine::{Action, Command, Key, Options, Script, Stdio, When, run};
use siglab_model::{Event, Frame, Kind, Policy, ProcessStatus, Signal, Time, Trace, WaitFor};
use siglab_tests::ports::{FORCED, compare, ports};
use siglab_tests::twin::{compare_output, output_of, run_natively};

/// One sample under one script.
struct Case {
    /// The name of the snapshot, too.
    name: &'static str,
    sample: &'static str,
    /// When SIGINT is sent to the first process, or Ctrl+C typed; in milliseconds.
    sigints: &'static [u64],
    terminal: bool,
}

const fn case(name: &'static str, sample: &'static str, sigints: &'static [u64]) -> Case {
    Case {
        name,
        sample,
        sigints,
        terminal: false,
    }
}

const fn at_terminal(case: Case) -> Case {
    Case {
        terminal: true,
        ..case
    }
}

const CASES: &[Case] = &[
    case("simple_handler", "simple_handler", &[]),
    case("simple_handler_sigint_handled", "simple_handler", &[400]),
    case(
        "simple_handler_sigint_handled_then_not",
        "simple_handler",
        &[400, 7000],
    ),
    case("signal_mask", "signal_mask", &[]),
    case("signal_mask_sigint", "signal_mask", &[1000]),
    case(
        "signal_mask_three_sigints_merge",
        "signal_mask",
        &[1000, 2000, 3000],
    ),
    case("more_info", "more_info", &[]),
    case("more_info_rt", "more_info_rt", &[]),
    case("terminator_deadlock", "terminator", &[]),
    case("terminator_sigint", "terminator", &[500]),
    case("terminator_double_sigint", "terminator", &[500, 1200]),
    at_terminal(case("terminator_double_ctrl_c", "terminator", &[500, 1200])),
];

impl Case {
    fn trace(&self, program: &Path, policy: Policy, disturb: Option<u64>) -> Trace {
        let mut command = Command::new(program);
        if self.terminal {
            command.stdio = Stdio::Terminal {
                rows: 24,
                columns: 80,
            };
        }
        let options = Options {
            policy,
            disturb,
            ..Options::default()
        };
        run(&command, &self.script(), &options).expect("the sample can be run")
    }

    fn script(&self) -> Script {
        let mut script = Script::default();
        for millis in self.sigints {
            let when = When::At(Time::from_nanos(millis * 1_000_000));
            let action = if self.terminal {
                Action::Press(Key::CtrlC)
            } else {
                Action::Send {
                    signal: Signal::INT,
                    to: "main".to_owned(),
                }
            };
            script = script.then(when, action);
        }
        script
    }

    fn check_snapshot(&self) {
        let program = c_samples::path(self.sample).expect("there is such a sample");
        let trace = without_machine(self.trace(&program, Policy::InOrder, None));
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!(self.name, trace.to_jsonl());
        });
    }
}

/// Whether addresses vary differs from machine to machine; which of its own functions the C
/// library was in differs from one version or build of
/// it to the next, and so do the names that a stripped one gives away. One frame without
/// a name stands for all that follow each other.
fn without_machine(mut trace: Trace) -> Trace {
    trace.header.addresses_vary = false;
    fn redact(stack: &mut Vec<Frame>) {
        for frame in stack.iter_mut() {
            if frame.module.as_ref().is_some_and(|m| m.starts_with("libc")) {
                *frame = Frame {
                    module: Some("libc".to_owned()),
                    ..Frame::default()
                };
            }
        }
        stack.dedup_by(|a, b| a == b && a.function.is_none());
    }
    for event in &mut trace.events {
        match &mut event.kind {
            Kind::UnsafeCall { stack, .. } | Kind::BusyWaiting { stack, .. } => redact(stack),
            Kind::Deadlock { waiting } => {
                for thread in waiting {
                    redact(&mut thread.stack);
                    redact(&mut thread.interrupted);
                }
            }
            _ => {}
        }
    }
    trace
}

/// The whole trace of every sample, under the scripts that show what it is about.
#[test]
fn traces_are_as_recorded() {
    for case in CASES {
        case.check_snapshot();
    }
    let covered: BTreeSet<_> = CASES.iter().map(|case| case.sample).collect();
    let all: BTreeSet<_> = c_samples::all().map(|(name, _)| name).collect();
    assert_eq!(covered, all, "every sample has a recorded trace");
}

/// Each Rust port does what the C program of its name does. What the languages force to
/// be different is listed in [`FORCED`]; and all that is listed there is really met.
#[test]
fn ports_agree_with_the_c_programs() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = target.parent().expect("it is in the target folder");
    let ports = ports(target);
    let mut met = [0; FORCED.len()];
    for case in CASES {
        let c = c_samples::path(case.sample).expect("there is such a sample");
        let port = &ports[case.sample];
        let [c, port] = [&c, port].map(|program| case.trace(program, Policy::InOrder, None));
        let comparison = compare(&c, &port);
        assert!(
            comparison.unexplained.is_empty(),
            "{}:\n{}",
            case.name,
            comparison.unexplained.join("\n")
        );
        assert_eq!(output_of(&c), output_of(&port), "{}", case.name);
        for (all, one) in met.iter_mut().zip(comparison.met) {
            *all += one;
        }
    }
    for (forced, count) in FORCED.iter().zip(met) {
        assert_ne!(count, 0, "never met: {}", forced.why);
    }
}

/// The lines of each process in the order in which it wrote them, those of children last:
/// which of two processes is the first to write is nobody's to say.
fn by_process(text: &str) -> String {
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    lines.sort_by_key(|line| line.starts_with("child: "));
    lines.concat()
}

/// The same scripts with real time, kill(2) and no tracing: the same output and the same
/// end. more_info says itself that it depends on who runs when; natively it does one of
/// the things that it does under the engine.
#[test]
fn native_twin_does_the_same() {
    /// Short ones, so that all together take less than six seconds of real time.
    const TWINS: &[Case] = &[
        case("handled and then not", "simple_handler", &[500, 5200]),
        case("not sent", "signal_mask", &[]),
        case("sent twice", "signal_mask", &[1000, 1500]),
        case("SIGUSR1", "more_info", &[]),
        case("SIGRTMIN+1", "more_info_rt", &[]),
        case("twice within a second", "terminator", &[500, 1100]),
    ];
    let compare = |twin: &Case| {
        let program = c_samples::path(twin.sample).expect("there is such a sample");
        let signals: Vec<_> = twin
            .sigints
            .iter()
            .map(|millis| (Duration::from_millis(*millis), Signal::INT))
            .collect();
        let native = run_natively(&program, &signals);
        let seeds = match twin.sample {
            "more_info" | "more_info_rt" => 0..200,
            _ => 0..0,
        };
        let mut first_difference = None;
        for policy in
            std::iter::once(Policy::InOrder).chain(seeds.map(|seed| Policy::Random { seed }))
        {
            let traced = twin.trace(&program, policy, None);
            let status = traced.outcome.status;
            if status != Some(native.status) {
                return Err(format!("{:?} natively, {status:?} traced", native.status));
            }
            match compare_output(&by_process(&output_of(&traced)), &by_process(&native.text)) {
                Ok(()) => return Ok(()),
                Err(difference) => first_difference.get_or_insert(difference),
            };
        }
        let difference = first_difference.unwrap_or_default();
        Err(format!("{difference}; natively:\n{}", native.text))
    };
    let different: Vec<String> = std::thread::scope(|scope| {
        let twins: Vec<_> = TWINS
            .iter()
            .map(|twin| (twin, scope.spawn(|| compare(twin))))
            .collect();
        twins
            .into_iter()
            .filter_map(|(twin, thread)| {
                let result = thread.join().expect("no assertion fails in it");
                let difference = result.err()?;
                Some(format!("{} ({}): {difference}", twin.sample, twin.name))
            })
            .collect()
    });
    assert!(different.is_empty(), "{}", different.join("\n"));
    let covered: BTreeSet<_> = TWINS.iter().map(|twin| twin.sample).collect();
    let all: BTreeSet<_> = c_samples::all().map(|(name, _)| name).collect();
    assert_eq!(covered, all, "every sample has a native twin");
}

/// `terminator` as handed out doesn't notice that its child has ended: siglab proves that
/// it will never end, and says who waits for what.
#[test]
fn terminator_without_signals_is_a_proved_deadlock() {
    let program = c_samples::path("terminator").expect("there is such a sample");
    let trace = case("", "terminator", &[]).trace(&program, Policy::InOrder, None);
    assert!(trace.outcome.deadlock);
    assert_eq!(trace.outcome.status, None);
    let Some(Event {
        t,
        kind: Kind::Deadlock { waiting },
        ..
    }) = trace.events.last()
    else {
        panic!("{:?} is not a deadlock", trace.events.last());
    };
    assert_eq!(*t, Time::from_nanos(5_000_000_000));
    let [parent] = waiting.as_slice() else {
        panic!("one process waits: {waiting:?}");
    };
    assert_eq!(parent.role, "main");
    assert_eq!(parent.syscall, "rt_sigtimedwait");
    assert_eq!(
        parent.what,
        WaitFor::OneOf([Signal::INT].into_iter().collect())
    );
    let functions: Vec<_> = parent
        .stack
        .iter()
        .filter(|frame| frame.file.as_deref() == Some("terminator.c"))
        .filter_map(|frame| frame.function.as_deref())
        .collect();
    assert_eq!(functions, ["parent", "main"]);
}

/// The numbers of handler runs that more_info's parent can have: at least one, since
/// standard signals merge; at most one for each child.
#[test]
fn more_info_merges_standard_signals_only() {
    for (sample, possible) in [("more_info", 1..=5), ("more_info_rt", 5..=5)] {
        let program = c_samples::path(sample).expect("there is such a sample");
        let mut seen = BTreeSet::new();
        for seed in 0..100 {
            let trace =
                |disturb| case("", sample, &[]).trace(&program, Policy::Random { seed }, disturb);
            let (trace, disturbed) = (trace(None), trace(Some(seed)));
            assert_eq!(trace.hash(), disturbed.hash(), "seed {seed}, disturbed");
            assert_eq!(trace.outcome.status, Some(ProcessStatus::Exited(0)));
            let count =
                |wanted: fn(&Kind) -> bool| trace.events.iter().filter(|e| wanted(&e.kind)).count();
            let runs = count(|kind| matches!(kind, Kind::HandlerEntered { .. }));
            let is_ours = |signal: Signal| signal != Signal::CHLD;
            let merged = trace
                .events
                .iter()
                .filter(|e| matches!(e.kind, Kind::Merged { signal, .. } if is_ours(signal)))
                .count();
            assert_eq!(runs + merged, 5, "seed {seed}");
            assert!(possible.contains(&runs), "seed {seed}: {runs} runs");
            seen.insert(runs);
        }
        let expected: BTreeSet<_> = possible.collect();
        assert_eq!(seen, expected, "{sample}: what the seeds showed");
    }
}
