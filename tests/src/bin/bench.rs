//! Benchmarks: siglab against a named peer, in turns, so that the ratio holds when the
//! machine's speed drifts. Run by hand; see docs/benchmarks.md.
//!
//! `cargo run --release -p siglab-tests --bin bench`

#![expect(clippy::print_stdout, reason = "its output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use siglab_engine::{Command as Program, Options, Script};
use siglab_model::{Signal, Time};
use siglab_tests::build::c_program;

/// Pairs of each comparison.
const ROUNDS: usize = 31;

fn main() {
    simple_handler();
    read_write();
    terminator();
}

fn simple_handler() {
    let sample = c_samples::path("simple_handler").expect("a sample of that name");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../c-samples/simple_handler.c");
    let without_sleeps = compile_without_sleeps(&source);
    let script = Script::default()
        .send_at(Time::from_nanos(400_000_000), Signal::INT, "main")
        .send_at(Time::from_nanos(7_000_000_000), Signal::INT, "main");
    compare(
        "simple_handler, 7 virtual seconds, 2 signals / fork+exec+exit without its sleeps",
        3.0,
        || engine(&sample, &script),
        || native(&without_sleeps),
    );
}

fn read_write() {
    let program = c_program("bench_read_write", &[]);
    let script = Script::default();
    compare(
        "200,000 reads and writes / native",
        1.15,
        || engine(&program, &script),
        || {
            native(&program);
        },
    );
    let under_empty_filter = c_program("bench_empty_filter", &[]);
    compare(
        "200,000 reads and writes / the same under an empty filter",
        1.02,
        || engine(&program, &script),
        || run(Command::new(&under_empty_filter).arg(&program)),
    );
    let strace_is_here = Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    if !strace_is_here {
        println!("strace is not installed: that comparison is left out");
        return;
    }
    compare(
        "200,000 reads and writes / strace",
        1.0,
        || engine(&program, &script),
        || {
            run(Command::new("strace")
                .args([
                    "-f",
                    "--seccomp-bpf",
                    "-e",
                    "trace=signal",
                    "-o",
                    "/dev/null",
                ])
                .arg(&program));
        },
    );
}

/// The criteria of the terminator lab for which moments are tried.
const EXPLORED: [&str; 2] = ["signal-safe", "survives-any-moment"];

/// All scenarios of the terminator lab: a full check, less what its compilation takes; with
/// and without what is explored.
fn terminator() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/terminator");
    let solution = folder.join("solution/terminator.c");
    let lab = siglab_lab::Lab::load(&folder).expect("the lab is well-formed");
    let submission = lab.submission(&solution).expect("the solution is readable");
    let ids = lab.manifest.criteria.iter().map(|it| it.id.clone());
    let runs_only = siglab_lab::GradeOptions {
        criteria: Some(ids.filter(|id| !EXPLORED.contains(&id.as_str())).collect()),
        ..siglab_lab::GradeOptions::default()
    };
    let all = siglab_lab::GradeOptions::default();
    check("all scenarios", &lab, &submission, &runs_only, &solution);
    let what = "all scenarios, and all that is explored";
    check(what, &lab, &submission, &all, &solution);
}

/// Measures one kind of check.
fn check(
    what: &str,
    lab: &siglab_lab::Lab,
    submission: &siglab_lab::Submission,
    options: &siglab_lab::GradeOptions,
    solution: &Path,
) {
    let program = scratch("compiled");
    let mut rest: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let check = time(&mut || {
                lab.grade(submission, options)
                    .expect("the solution can be graded");
            });
            let compilation = time(&mut || compile(solution, &[], &program));
            check.saturating_sub(compilation)
        })
        .collect();
    rest.sort();
    println!(
        "terminator, {what}, after compilation: {:.1} ms (goal: under 100 ms); quartiles {:.1} and {:.1} ms",
        rest[ROUNDS / 2].as_secs_f64() * 1e3,
        rest[ROUNDS / 4].as_secs_f64() * 1e3,
        rest[ROUNDS * 3 / 4].as_secs_f64() * 1e3,
    );
}

/// Runs the two in turns; prints medians and the median of the ratios.
fn compare(what: &str, goal: f64, mut ours: impl FnMut(), mut peer: impl FnMut()) {
    ours();
    peer();
    let mut pairs: Vec<(Duration, Duration)> = (0..ROUNDS)
        .map(|_| (time(&mut ours), time(&mut peer)))
        .collect();
    let ratio = |pair: &(Duration, Duration)| pair.0.as_secs_f64() / pair.1.as_secs_f64();
    pairs.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let middle = pairs[ROUNDS / 2];
    println!(
        "{what}: {:.2} (goal: {goal} at most); {:.2} ms against {:.2} ms; quartiles {:.2} and {:.2}",
        ratio(&middle),
        middle.0.as_secs_f64() * 1e3,
        middle.1.as_secs_f64() * 1e3,
        ratio(&pairs[ROUNDS / 4]),
        ratio(&pairs[ROUNDS * 3 / 4]),
    );
}

fn time(work: &mut impl FnMut()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn engine(program: &Path, script: &Script) {
    siglab_engine::run(&Program::new(program), script, &Options::default())
        .expect("the program can be run");
}

fn native(program: &Path) {
    run(&mut Command::new(program));
}

fn run(command: &mut Command) {
    let status = command
        .stdout(Stdio::null())
        .status()
        .expect("the program can be run");
    assert!(status.success(), "{command:?}: {status}");
}

fn compile_without_sleeps(source: &Path) -> PathBuf {
    let program = scratch("without-sleeps");
    let header = scratch("header.h");
    let text = "#include <unistd.h>\n#define sleep(seconds) ((void)(seconds))\n";
    std::fs::write(&header, text).expect("the folder for temporary files is writable");
    compile(source, &["-include", &header.to_string_lossy()], &program);
    program
}

fn compile(source: &Path, flags: &[&str], program: &Path) {
    let status = Command::new("cc")
        .args([
            "-std=gnu17",
            "-D_GNU_SOURCE",
            "-pthread",
            "-g",
            "-O1",
            "-Wall",
            "-Wextra",
        ])
        .args(flags)
        .arg(source)
        .arg("-o")
        .arg(program)
        .status()
        .expect("a C compiler");
    assert!(status.success(), "{} compiles", source.display());
}

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("siglab-bench-{name}-{}", std::process::id()))
}
