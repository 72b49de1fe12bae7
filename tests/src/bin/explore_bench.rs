//! Benchmarks of the explorer, and the same programs under other tools. Run by hand; see
//! docs/benchmarks.md.
//!
//! `cargo run --release -p siglab-tests --bin explore_bench [speed|peers]`

#![expect(clippy::print_stdout, reason = "its output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use siglab_engine::{Command as Program, Options, Script};
use siglab_explore::{
    Exploration, ExploreOptions, FindingKind, Progress, Silent, Strategy, explore,
};
use siglab_tests::explore_corpus::{Ending, programs};
use siglab_tests::random::Random;

/// Runs of each comparison.
const ROUNDS: usize = 5;

/// After so long without an end, a native run of a program that ends by itself hangs.
const HANGS: Duration = Duration::from_millis(500);

/// Real time for the storm at one program, at the least and at the most.
const STORM: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// Forks as often as its argument says; each child exits at once.
const FORKS: &str = "#include <stdlib.h>\n#include <sys/wait.h>\n#include <unistd.h>\n\
    int main(int argc, char **argv) {\n\
    for (int n = argc > 1 ? atoi(argv[1]) : 0; n > 0; n--) {\n\
    if (fork() == 0) _exit(0);\n\
    if (wait(0) == -1) return 1; } return 0; }\n";

fn main() {
    match std::env::args().nth(1).as_deref() {
        None => {
            speed();
            peers();
        }
        Some("speed") => speed(),
        Some("peers") => peers(),
        Some(other) => println!("`{other}` is neither `speed` nor `peers`"),
    }
}

fn speed() {
    let sample = c_samples::path("printf_in_handler").expect("a sample of that name");
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let source = folder.path().join("forks.c");
    std::fs::write(&source, FORKS).expect("the folder is ours");
    let forks = folder.path().join("forks");
    let compiled = Command::new("cc")
        .arg("-O1")
        .arg(&source)
        .arg("-o")
        .arg(&forks)
        .status();
    assert!(compiled.expect("a C compiler").success());
    let mut rounds: Vec<[f64; 3]> = (0..ROUNDS)
        .map(|_| {
            [
                per_fork(&forks),
                moments_a_second(&sample, 1),
                moments_a_second(&sample, 2),
            ]
        })
        .collect();
    rounds.sort_by(|a, b| a[1].total_cmp(&b[1]));
    let [fork, one, two] = rounds[ROUNDS / 2];
    println!(
        "printf_in_handler, all moments, one job: {one:.0} a second (goal: 1000 at least), \
         from {:.0} to {:.0}; two jobs: {two:.0}, {:.2} times as many (goal: nearly 2)",
        rounds[0][1],
        rounds[ROUNDS - 1][1],
        two / one,
    );
    println!(
        "fork, exit and wait: {:.0} us, so {:.0} a second are the limit; {:.2} of it is reached",
        fork * 1e6,
        1.0 / fork,
        one * fork,
    );
    let mut times: Vec<(Duration, Duration)> = (0..ROUNDS).map(|_| first(&sample)).collect();
    times.sort();
    let (first, all) = times[ROUNDS / 2];
    println!(
        "printf_in_handler, fast strategy: first moment that breaks it after {:.2} s, the \
         deadlock with its explanation after {:.2} s (goal: under 2 s)",
        first.as_secs_f64(),
        all.as_secs_f64(),
    );
}

/// Seconds that a fork, an exit and a wait take together.
fn per_fork(forks: &Path) -> f64 {
    const FORKED: u32 = 1000;
    let begun = Instant::now();
    let status = Command::new(forks).arg(FORKED.to_string()).status();
    assert!(status.expect("it was compiled").success());
    begun.elapsed().as_secs_f64() / f64::from(FORKED)
}

fn explored(
    program: &Path,
    strategy: Strategy,
    jobs: usize,
    progress: &dyn Progress,
) -> Exploration {
    let wanted = ExploreOptions {
        strategy,
        jobs: NonZeroUsize::new(jobs),
        ..ExploreOptions::default()
    };
    explore(
        &Program::new(program),
        &Script::default(),
        &Options::default(),
        &wanted,
        progress,
    )
    .expect("the program can be explored")
}

/// Of a whole exploration, with the runs that find the moments and explain the findings.
fn moments_a_second(program: &Path, jobs: usize) -> f64 {
    let begun = Instant::now();
    let explored = explored(program, Strategy::All, jobs, &Silent);
    let tried = u32::try_from(explored.moments.tried).expect("a small program");
    f64::from(tried) / begun.elapsed().as_secs_f64()
}

/// Notes when the first moment was tried at which something goes wrong.
struct First(Instant, OnceLock<Duration>);

impl Progress for First {
    fn total(&self, _: usize) {}
    fn tried(&self, wrong: bool) {
        if wrong {
            self.1.get_or_init(|| self.0.elapsed());
        }
    }
}

fn first(program: &Path) -> (Duration, Duration) {
    let begun = Instant::now();
    let watch = First(begun, OnceLock::new());
    let explored = explored(program, Strategy::Fast, 1, &watch);
    let all = begun.elapsed();
    let deadlock = |it: &siglab_explore::Finding| it.kind == FindingKind::Deadlock;
    assert!(explored.findings.iter().any(deadlock), "it is found");
    (*watch.1.get().expect("a moment breaks it"), all)
}

/// Programs of which a tool said something: of those with findings, and of the clean ones.
#[derive(Default)]
struct Score {
    seen: Vec<String>,
    false_alarms: Vec<String>,
    asked: (usize, usize),
}

fn peers() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let target = std::env::temp_dir();
    let clang_tidy = Command::new("clang-tidy").arg("--version").output().is_ok();
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for program in programs() {
        let source = program.source();
        if source.extension().is_none_or(|ending| ending != "c") {
            continue;
        }
        let executable = program.build(&target);
        let begun = Instant::now();
        let explored = explored(&executable, Strategy::Fast, 1, &Silent);
        let took = begun.elapsed();
        let mut says = vec![
            ("siglab explore, fast", !explored.findings.is_empty()),
            ("gcc -fanalyzer", analyzer(source, folder.path())),
        ];
        if clang_tidy {
            says.push(("clang-tidy bugprone-signal-handler", tidy(source)));
        }
        let signals: Vec<i32> = explored.signals.iter().map(|it| it.number()).collect();
        // Whether one that waits does so for good reasons can't be seen from outside.
        if program.label.alone == Ending::Exits(0) && !signals.is_empty() {
            let time = took.clamp(STORM.0, STORM.1);
            says.push(("storm of signals", storm(&executable, &signals, time)));
            says.push((
                "gcc -fsanitize=thread",
                sanitizer(source, folder.path(), &signals),
            ));
        }
        for (tool, said) in says {
            let score = scores.entry(tool).or_default();
            if program.label.is_clean() {
                score.asked.1 += 1;
                score
                    .false_alarms
                    .extend(said.then(|| program.name.clone()));
            } else {
                score.asked.0 += 1;
                score.seen.extend(said.then(|| program.name.clone()));
            }
        }
    }
    if !clang_tidy {
        println!("clang-tidy is not installed: it is left out");
    }
    for (tool, score) in scores {
        println!(
            "{tool}: says something about {} of {} with findings, and about {} of {} clean ones",
            score.seen.len(),
            score.asked.0,
            score.false_alarms.len(),
            score.asked.1,
        );
        println!("  seen: {}", score.seen.join(", "));
        println!("  false alarms: {}", score.false_alarms.join(", "));
    }
}

/// Whether gcc's analyzer warns of signal handlers.
fn analyzer(source: &Path, folder: &Path) -> bool {
    let output = Command::new("gcc")
        .args([
            "-std=gnu17",
            "-D_GNU_SOURCE",
            "-pthread",
            "-O1",
            "-fanalyzer",
            "-c",
        ])
        .arg(source)
        .arg("-o")
        .arg(folder.join("object"))
        .output()
        .expect("gcc");
    String::from_utf8_lossy(&output.stderr).contains("-Wanalyzer-unsafe-call-within-signal-handler")
}

fn tidy(source: &Path) -> bool {
    let output = Command::new("clang-tidy")
        .arg("--checks=-*,bugprone-signal-handler")
        .arg(source)
        .args(["--", "-std=gnu17", "-D_GNU_SOURCE", "-pthread"])
        .output()
        .expect("it was there");
    String::from_utf8_lossy(&output.stdout).contains("[bugprone-signal-handler")
}

/// Whether ThreadSanitizer warns in one of some runs with a storm of signals.
fn sanitizer(source: &Path, folder: &Path, signals: &[i32]) -> bool {
    const RUNS: u64 = 10;
    let program: PathBuf = folder.join("sanitized");
    let compiled = Command::new("gcc")
        .args([
            "-std=gnu17",
            "-D_GNU_SOURCE",
            "-pthread",
            "-g",
            "-O1",
            "-fsanitize=thread",
        ])
        .arg(source)
        .arg("-o")
        .arg(&program)
        .status();
    assert!(compiled.expect("gcc").success());
    let log = folder.join("log");
    for seed in 0..RUNS {
        let file = std::fs::File::create(&log).expect("the folder is ours");
        let mut command = Command::new(&program);
        command.stderr(file);
        let _ = stormed(command, signals, &mut Random::new(seed));
        let text = std::fs::read(&log).unwrap_or_default();
        if String::from_utf8_lossy(&text).contains("WARNING: ThreadSanitizer") {
            return true;
        }
    }
    false
}

/// Whether a native run among those for which there is time hangs or crashes.
fn storm(program: &Path, signals: &[i32], time: Duration) -> bool {
    let begun = Instant::now();
    let mut random = Random::new(1);
    while begun.elapsed() < time {
        let mut command = Command::new(program);
        command.stderr(Stdio::null());
        match stormed(command, signals, &mut random) {
            None => return true,
            Some(status) => {
                let faults = [libc::SIGSEGV, libc::SIGABRT, libc::SIGBUS, libc::SIGILL];
                if status
                    .signal()
                    .is_some_and(|signal| faults.contains(&signal))
                {
                    return true;
                }
            }
        }
    }
    false
}

/// Runs a program, and sends it signals at random times in its first two milliseconds. How
/// it ended; `None` if it had to be killed.
fn stormed(mut command: Command, signals: &[i32], random: &mut Random) -> Option<ExitStatus> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be run");
    let begun = Instant::now();
    for _ in 0..3 {
        let delay = Duration::from_micros(300 + random.below(1700));
        while begun.elapsed() < delay {
            std::thread::yield_now();
        }
        let which = random.below(signals.len() as u64);
        let signal = usize::try_from(which).ok().and_then(|at| signals.get(at));
        send(&child, *signal.expect("it is below the number of signals"));
    }
    ended(&mut child)
}

fn send(child: &Child, signal: i32) {
    let pid = Pid::from_raw(child.id().cast_signed());
    // Not waited for yet, so the pid is still its own; real-time signals have no name here.
    if let Ok(signal) = nix::sys::signal::Signal::try_from(signal) {
        let _ = nix::sys::signal::kill(pid, signal);
    }
}

/// Waits until its standard output has no writer any more.
fn ended(child: &mut Child) -> Option<ExitStatus> {
    let output = child.stdout.take().expect("it is a pipe");
    let mut fds = [PollFd::new(output.as_fd(), PollFlags::empty())];
    let timeout = PollTimeout::try_from(HANGS).expect("it is short");
    let hung_up = poll(&mut fds, timeout).expect("poll(2) on a pipe");
    if hung_up == 0 {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    Some(child.wait().expect("it is a child"))
}
