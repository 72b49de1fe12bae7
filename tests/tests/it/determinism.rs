//! Same input, same trace, byte for byte: over many runs, in parallel, while something
//! else keeps all processors busy.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio as Streams};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use siglab_engine::{Action, Command, Key, Options, Script, Stdio, When, run};
use siglab_lab::Lab;
use siglab_model::{Kind, Policy, Signal, Time};
use siglab_tests::build::c_program;
use siglab_tests::turn;

/// The environment variable that says how many runs of each case there are.
const RUNS: &str = "SIGLAB_SOAK";

/// How many there are if it isn't set. By hand: 1000.
const FEW_RUNS: usize = 30;

/// How many runs take place at the same time.
const THREADS: usize = 4;

/// What is run again and again.
struct Case {
    name: String,
    command: Command,
    script: Script,
    options: Options,
}

impl Case {
    fn new(name: impl Into<String>, program: &Path, script: Script) -> Self {
        Self {
            name: name.into(),
            command: Command::new(program),
            script,
            options: Options::default(),
        }
    }

    fn random(mut self, seed: u64) -> Self {
        self.name = format!("{}, random {seed}", self.name);
        self.options.policy = Policy::Random { seed };
        self
    }

    fn trace(&self) -> String {
        run(&self.command, &self.script, &self.options)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
            .to_jsonl()
    }
}

/// Two processes that compute until they are dropped.
struct Busy([Child; 2]);

impl Busy {
    fn start() -> Self {
        let program = c_program("host_busy", &[]);
        Self([(); 2].map(|()| {
            std::process::Command::new(&program)
                .arg("in-own-session")
                .stdin(Streams::null())
                .spawn()
                .expect("it was just built")
        }))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It ends by itself after a while in any case.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs all cases that many times, mixed, and makes sure that each has one trace only.
fn check_same(cases: &[Case]) {
    let runs = match std::env::var(RUNS) {
        Ok(text) => text.parse().expect("SIGLAB_SOAK is a number"),
        Err(_) => FEW_RUNS,
    };
    let expected: Vec<String> = cases.iter().map(Case::trace).collect();
    let different: Mutex<BTreeMap<&str, (usize, String)>> = Mutex::default();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= runs * cases.len() {
                return;
            }
            let (case, expected) = (&cases[at % cases.len()], &expected[at % cases.len()]);
            let trace = case.trace();
            if trace != *expected {
                let mut different = different.lock().expect("no assertion fails");
                different
                    .entry(&case.name)
                    .or_insert_with(|| (0, difference(expected, &trace)))
                    .0 += 1;
            }
        }
    };
    let busy = Busy::start();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    drop(busy);
    let different = different.into_inner().expect("no assertion fails");
    let text: String = different
        .iter()
        .map(|(name, (times, difference))| format!("{name}: {times} of {runs}\n{difference}"))
        .collect();
    assert!(text.is_empty(), "{text}");
}

/// The first line that differs, with the one before it.
fn difference(expected: &str, trace: &str) -> String {
    let mut before = "";
    let mut lines = expected.lines().map(Some).chain(std::iter::repeat(None));
    for line in trace.lines().map(Some).chain([None]) {
        let expected = lines.next().flatten();
        if line != expected {
            return format!(
                "   after {before}\nexpected {}\n     got {}\n",
                expected.unwrap_or("the end"),
                line.unwrap_or("the end"),
            );
        }
        before = line.unwrap_or_default();
    }
    String::new()
}

fn sigints(millis: &[u64]) -> Script {
    millis.iter().fold(Script::default(), |script, millis| {
        script.send_at(Time::from_nanos(millis * 1_000_000), Signal::INT, "main")
    })
}

/// Every sample, under several scripts and policies, and at a terminal.
#[test]
fn soak_same_trace_of_samples() {
    let _turn = turn::take();
    let mut cases = Vec::new();
    for (name, program) in c_samples::all() {
        let case =
            |millis: &[u64]| Case::new(format!("{name} {millis:?}"), &program, sigints(millis));
        cases.push(case(&[]));
        cases.push(case(&[0, 1000, 1000, 4999]));
        cases.push(case(&[500, 1200]).random(11));
        let script = Script::default()
            .then(
                When::At(Time::from_nanos(500_000_000)),
                Action::Press(Key::CtrlC),
            )
            .then(
                When::At(Time::from_nanos(1_200_000_000)),
                Action::Press(Key::CtrlZ),
            );
        let mut case = Case::new(format!("{name} at a terminal"), &program, script);
        case.command.stdio = Stdio::Terminal {
            rows: 24,
            columns: 80,
        };
        cases.push(case);
    }
    check_same(&cases);
}

/// Every scenario of the terminator lab, with a solution; some of them with those that
/// are designed differently.
#[test]
fn soak_same_trace_of_scenarios() {
    let _turn = turn::take();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/terminator");
    let lab = Lab::load(&folder).expect("the lab is well-formed");
    let mut cases = Vec::new();
    for solution in ["terminator", "signalfd", "self_pipe", "sigsuspend"] {
        let source = format!("../../exercises/terminator/solution/{solution}");
        let program = c_program(&source, &[]);
        for scenario in &lab.manifest.scenarios {
            let is_rich = ["double-ctrl-c", "child-exits-in-window"].contains(&&*scenario.id);
            if solution != "terminator" && !is_rich {
                continue;
            }
            let name = format!("{solution}, {}", scenario.id);
            let mut case = Case::new(name, &program, scenario.script.clone());
            case.command = case.command.args(&scenario.args);
            if let Some((rows, columns)) = scenario.terminal {
                case.command.stdio = Stdio::Terminal { rows, columns };
            }
            case.options.roles = lab.manifest.roles.names().clone();
            case.options.limits = scenario.limits.clone();
            cases.push(case);
        }
    }
    check_same(&cases);
}

/// Threads, pipes, timers that interrupt; and programs that spin, which is where
/// processor time could leak into a trace.
#[test]
fn soak_same_trace_of_programs() {
    let _turn = turn::take();
    let mut cases = Vec::new();
    for (name, seeds) in [
        ("host_threads", 1..3),
        ("host_pipeline", 1..2),
        ("host_spins", 0..0),
    ] {
        let program = c_program(name, &[]);
        cases.push(Case::new(name, &program, Script::default()));
        for seed in seeds {
            cases.push(Case::new(name, &program, Script::default()).random(seed));
        }
    }
    check_same(&cases);
}

/// As when a student compiles again while siglab runs the program. /proc then says
/// `program (deleted)`.
#[test]
fn a_program_that_is_removed_keeps_its_name_and_its_functions() {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let program = folder.path().join("removed");
    let copied = std::fs::copy(c_program("removes_itself", &[]), &program);
    copied.expect("it was just built");
    let trace = run(
        &Command::new(&program),
        &Script::default(),
        &Options::default(),
    );
    let trace = trace.expect("it can be run");
    assert!(!program.exists(), "it removes itself");
    let text = trace.to_jsonl();
    assert!(
        text.contains(r#""event":"exec","program":"removed""#),
        "{text}"
    );
    assert!(text.contains(r#""function":"on_signal""#), "{text}");
    let waiting = trace.events.iter().find_map(|event| match &event.kind {
        Kind::Deadlock { waiting } => waiting.first(),
        _ => None,
    });
    let waiting = waiting.expect("it waits for ever");
    let frame = waiting
        .stack
        .iter()
        .find(|frame| frame.function.as_deref() == Some("wait_for_ever"))
        .unwrap_or_else(|| panic!("{text}"));
    assert_eq!(frame.file.as_deref(), Some("removes_itself.c"));
    assert!(frame.line.is_some(), "{text}");
}
