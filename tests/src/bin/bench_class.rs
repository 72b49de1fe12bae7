//! Benchmark: grading a class of 1,000 against compiling its submissions alone, with the
//! same flags and as many at a time. Run by hand; see docs/benchmarks.md.
//!
//! `bench_class SIGLAB [SIZE [JOBS]]`

#![expect(clippy::print_stdout, reason = "its output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};
use siglab_lab::Lab;
use siglab_tests::class;
use siglab_tests::random::Random;

/// How often it is looked how much memory siglab has taken: every so many results.
const LOOK: usize = 20;

/// How many processes siglab is, in a sandbox.
const CHAIN: usize = 4;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let siglab = args.first().map(PathBuf::from);
    let siglab = siglab.expect("usage: bench_class SIGLAB [SIZE [JOBS]]");
    let number = |at: usize, or: usize| match args.get(at) {
        Some(text) => text.parse().expect("a number"),
        None => or,
    };
    let (size, jobs) = (number(1, 1000), number(2, 2));
    let folder = tempfile::TempDir::new().expect("there is room");
    let submissions = folder.path().join("submissions");
    std::fs::create_dir(&submissions).expect("there is room");
    let names = class::make(&submissions, size, &mut Random::new(1));
    let files: Vec<PathBuf> = names.iter().map(|name| submissions.join(name)).collect();
    let compiling = measure(|| compile(&files, folder.path(), jobs));
    println!("compiling {size} submissions, {jobs} at a time: {compiling}");
    let mut memory = 0;
    let grading = measure(|| memory = grade(&siglab, &submissions, folder.path(), jobs));
    println!(
        "grading them: {grading}; siglab took {} MiB at most (goal: 200)",
        memory >> 10
    );
    println!(
        "grading / compiling: {:.2} of real time, {:.2} of processor time (goal: at most 1.3)",
        grading.real.as_secs_f64() / compiling.real.as_secs_f64(),
        grading.processor.as_secs_f64() / compiling.processor.as_secs_f64(),
    );
}

/// What something took.
struct Taken {
    real: Duration,
    /// Of all children, and of theirs.
    processor: Duration,
}

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (real, processor) = (self.real.as_secs_f64(), self.processor.as_secs_f64());
        write!(
            f,
            "{real:.1} s of real time, {processor:.1} s of processor time"
        )
    }
}

fn measure(work: impl FnOnce()) -> Taken {
    let processor = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it is always there");
        let nanoseconds = |time: TimeVal| time.num_nanoseconds().cast_unsigned();
        Duration::from_nanos(nanoseconds(usage.user_time()) + nanoseconds(usage.system_time()))
    };
    let (begun, before) = (Instant::now(), processor());
    work();
    Taken {
        real: begun.elapsed(),
        processor: processor() - before,
    }
}

/// Compiles all of `files` as the lab says, and nothing else.
fn compile(files: &[PathBuf], folder: &Path, jobs: usize) {
    let lab = Lab::load(&class::lab_folder()).expect("the lab is well-formed");
    let flags = lab.manifest.c.args();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for job in 0..jobs {
            let (next, flags) = (&next, &flags);
            let program = folder.join(format!("program{job}"));
            scope.spawn(move || {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let compiler = Command::new("cc")
                        .args(flags)
                        .arg("-o")
                        .args([&program, file])
                        .stderr(Stdio::null())
                        .status();
                    compiler.expect("a C compiler");
                }
            });
        }
    });
}

/// Grades the class; the most memory that siglab had, in KiB.
fn grade(siglab: &Path, submissions: &Path, folder: &Path, jobs: usize) -> u64 {
    let mut siglab = Command::new(siglab)
        .args(["grade", "terminator"])
        .arg(submissions)
        .arg("--labs")
        .arg(class::lab_folder().parent().expect("it is in a folder"))
        .arg("--out")
        .arg(folder.join("out"))
        .args(["--jobs", &jobs.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("siglab starts");
    let stdout = siglab.stdout.take().expect("it is piped");
    let mut most = 0;
    for (at, line) in BufReader::new(stdout).lines().enumerate() {
        line.expect("siglab writes UTF-8");
        if at % LOOK == 0 {
            most = most.max(peak_of_all(siglab.id()));
        }
    }
    let status = siglab.wait().expect("siglab ends");
    assert!(status.success(), "siglab grade: {status}");
    most
}

/// The sum of the high-water marks of siglab's processes, in KiB. In a sandbox they are a
/// chain: the one that was started, keeper, init and worker.
fn peak_of_all(started: u32) -> u64 {
    let program = |pid: &str| std::fs::read_link(format!("/proc/{pid}/exe")).ok();
    let siglab = program(&started.to_string());
    let mut sum = 0;
    let mut next = Some(started.to_string());
    for _ in 0..CHAIN {
        // Not the compilers that it starts.
        let Some(pid) = next.filter(|pid| program(pid) == siglab) else {
            break;
        };
        sum += peak(&format!("/proc/{pid}/status")).unwrap_or(0);
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        next = children.split_whitespace().next().map(str::to_owned);
    }
    sum
}

/// The high-water mark of a process's memory, in KiB: proc_pid_status(5).
fn peak(status: &str) -> Option<u64> {
    let status = std::fs::read_to_string(status).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
