//! siglab killed while it grades a class: nothing that was reported is lost, nothing is
//! there twice, and the same command goes on.

use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::process::{ChildStdout, Command, Stdio};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use siglab_class::Store;
use siglab_tests::random::Random;
use siglab_tests::surroundings::{Started, bounded};

use crate::grade::{Course, content};

/// How many moments are tried; more by hand: SIGLAB_KILLS=200.
const MOMENTS: usize = 8;

/// How many submissions there are.
const SIZE: u64 = 16;

/// A class in which some are equal, some don't compile and some are refused.
fn class() -> Course {
    let course = Course::new(&[]);
    for number in 0..SIZE {
        let name = format!("student-{number:02}.c");
        let status = number % 3;
        let text = match number {
            3 | 4 => "int main(void) { return 0 }".to_owned(),
            5 => String::new(),
            6..=8 => "int main(void) { return 0; }".to_owned(),
            _ => format!("int main(void) {{ return {status} * {number}; }}"),
        };
        course.submit(&name, &text);
    }
    course
}

/// A siglab that grades, once it has written so many lines; what it writes next, and these.
fn started(
    course: &Course,
    (sandbox, out): (&str, &str),
    lines: u64,
) -> (Started, BufReader<ChildStdout>, String) {
    let siglab = bounded(&mut Command::new(env!("CARGO_BIN_EXE_siglab")))
        .args(["grade", "tiny", "submissions", "--labs", "labs"])
        .args(["--out", out, "--sandbox", sandbox])
        .current_dir(course.at(""))
        .env("TMPDIR", course.at("tmp"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("siglab starts");
    let mut siglab = Started(siglab);
    let mut output = BufReader::new(siglab.stdout.take().expect("it is piped"));
    let mut text = String::new();
    for _ in 0..lines {
        output.read_line(&mut text).expect("siglab writes UTF-8");
    }
    (siglab, output, text)
}

/// Grades until so many lines were written, a moment longer, and then no more. The names
/// of the submissions that were reported; whether it came to its end before.
fn grade_and_stop(
    course: &Course,
    (sandbox, out): (&str, &str),
    signal: Signal,
    lines: u64,
    microseconds: u64,
) -> (Vec<String>, bool) {
    let (mut siglab, mut output, mut text) = started(course, (sandbox, out), lines);
    // Until it ends, but no longer than this: the moment lies anywhere in a step.
    let mut end = [PollFd::new(output.get_ref().as_fd(), PollFlags::empty())];
    let timeout = PollTimeout::try_from(microseconds / 1000).expect("it is short");
    poll(&mut end, timeout).expect("poll");
    for _ in 0..microseconds % 1000 {
        thread::yield_now();
    }
    let _ = kill(Pid::from_raw(siglab.id().cast_signed()), signal);
    let mut line = String::new();
    while output.read_line(&mut line).expect("siglab writes UTF-8") > 0 {
        text.push_str(&line);
        line.clear();
    }
    let ended = siglab.wait().expect("siglab ends").success();
    let is_result = |line: &&str| line.starts_with("student-") && line.contains(".c: ");
    let names = text.lines().filter(is_result);
    let names = names.filter_map(|line| Some(line.split_once(": ")?.0.to_owned()));
    (names.collect(), ended)
}

/// Everything that was reported is in the store, and nothing is there twice.
fn all_kept(course: &Course, out: &str, reported: &[String]) {
    let path = course.at(out).join("siglab.db");
    if !path.exists() {
        assert!(reported.is_empty(), "{reported:?}");
        return;
    }
    let store = Store::open(&path, false).expect("it is whole");
    let kept = store.names().expect("it can be read");
    let lost: Vec<_> = reported.iter().filter(|it| !kept.contains(it)).collect();
    assert!(lost.is_empty(), "{lost:?} were reported and are lost");
    let mut unique = kept.clone();
    unique.dedup();
    assert_eq!(unique, kept);
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    kill_at_moments("off");
}

#[test]
fn killed_outside_of_its_sandbox_it_goes_on() {
    kill_at_moments("auto");
}

/// The worker of a siglab that was just killed may live for a moment. Whoever comes next
/// waits for its end.
#[test]
fn killed_and_called_again_at_once_it_goes_on() {
    let course = class();
    let grade = |out: &str| course.siglab_in("auto", "grade", out).assert().code(0);
    grade("whole");
    for lines in [1, 3, 6] {
        let out = format!("out{lines}");
        let (mut siglab, _output, _) = started(&course, ("auto", &out), lines);
        siglab.kill().expect("it is ours");
        siglab.wait().expect("it is a child");
        grade(&out);
        assert_eq!(content(&course.at(&out)), content(&course.at("whole")));
    }
}

#[test]
fn two_at_a_time_are_one_too_many() {
    let course = class();
    let first = bounded(&mut Command::new(env!("CARGO_BIN_EXE_siglab")))
        .args(["grade", "tiny", "submissions", "--labs", "labs"])
        .args(["--out", "out", "--jobs", "1"])
        .current_dir(course.at(""))
        .env("TMPDIR", course.at("tmp"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("siglab starts");
    let mut first = Started(first);
    let mut output = BufReader::new(first.stdout.take().expect("it is piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("siglab writes UTF-8");
    // It works, or is stopped; in any case it lives.
    kill(Pid::from_raw(first.id().cast_signed()), Signal::SIGSTOP).expect("it is ours");
    for sandbox in ["off", "auto"] {
        let assert = course.siglab_in(sandbox, "grade", "out").assert().code(2);
        let said = crate::stderr(&assert);
        assert_eq!(said, "siglab: error: another siglab is writing to out\n");
    }
    kill(Pid::from_raw(first.id().cast_signed()), Signal::SIGCONT).expect("it is ours");
    while output.read_line(&mut line).expect("siglab writes UTF-8") > 0 {}
    assert!(first.wait().expect("it is a child").success(), "{line}");
}

fn kill_at_moments(sandbox: &str) {
    let moments = match std::env::var("SIGLAB_KILLS") {
        Ok(text) => text.parse().expect("SIGLAB_KILLS is a number"),
        Err(_) => MOMENTS,
    };
    let course = class();
    course.siglab_in(sandbox, "grade", "whole").assert().code(0);
    let whole = content(&course.at("whole"));
    let mut random = Random::from_environment();
    let mut interrupted = 0;
    for moment in 0..moments {
        let out = format!("out{moment}");
        let seed = random.to_string();
        // Up to three times in a row, so that going on is interrupted as well.
        let mut reported = Vec::new();
        for _ in 0..=random.below(3) {
            let (lines, microseconds) = (random.below(SIZE), random.below(60_000));
            let (names, ended) = grade_and_stop(
                &course,
                (sandbox, &out),
                Signal::SIGKILL,
                lines,
                microseconds,
            );
            interrupted += usize::from(!ended);
            for name in names {
                assert!(!reported.contains(&name), "{name} was graded twice; {seed}");
                reported.push(name);
            }
            all_kept(&course, &out, &reported);
        }
        course.siglab_in(sandbox, "grade", &out).assert().code(0);
        assert_eq!(content(&course.at(&out)), whole, "moment {moment}; {seed}");
    }
    assert!(interrupted > 0, "nothing was interrupted; {random}");
}

#[test]
fn interrupted_it_goes_on() {
    let course = class();
    course.grade("whole");
    for (signal, lines) in [
        (Signal::SIGINT, 3),
        (Signal::SIGTERM, 6),
        (Signal::SIGHUP, 1),
    ] {
        let out = signal.as_str();
        let (reported, _) = grade_and_stop(&course, ("off", out), signal, lines, 0);
        all_kept(&course, out, &reported);
        course.grade(out);
        assert_eq!(content(&course.at(out)), content(&course.at("whole")));
        // Asked to stop, it cleans up; a compiler that it stops may leave files of its own.
        let left = std::fs::read_dir(course.at("tmp")).expect("it is there");
        let mut names = left.map(|entry| entry.expect("it can be read").file_name());
        let ours = names.find(|name| name.to_string_lossy().starts_with("siglab"));
        assert_eq!(ours, None);
    }
}
