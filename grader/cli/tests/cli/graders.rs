//! A class whose graders, the processes that work at a submission each, are killed or stand
//! still: that costs their submission, and no other.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use siglab_tests::surroundings::{Started, bounded};

use crate::grade::{Course, GOOD};

/// Computes until its processor time is used up: so long is its grader there.
const SLOW: &str = "int main(void) { for (volatile long i = 0; i < 1L << 60; i++) continue; }\n";

/// The children of a process.
pub(crate) fn children(of: Pid) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1));
        parent == Some(of.to_string().as_str())
    };
    pids.filter(is_child).map(Pid::from_raw).collect()
}

/// A class that is being graded, one submission at a time.
struct Grading {
    siglab: Started,
    course: Course,
}

impl Grading {
    fn start(deadline: &str) -> Self {
        let course = Course::new(&[("ada.c", GOOD), ("bob.c", SLOW), ("cleo.c", GOOD)]);
        let siglab = bounded(&mut Command::new(env!("CARGO_BIN_EXE_siglab")))
            .args(["grade", "tiny", "submissions", "--labs", "labs"])
            .args(["--out", "out", "--sandbox", "off", "--jobs", "1"])
            .args(["--deadline", deadline])
            .current_dir(course.at(""))
            .env("TMPDIR", course.at("tmp"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("siglab starts");
        let siglab = Started(siglab);
        Self { siglab, course }
    }

    /// Waits for the grader that runs the program of bob's, and sends it a signal; which that
    /// is. Not to one of `before`.
    fn signal(&mut self, signal: Signal, before: &[Pid]) -> Pid {
        let siglab = Pid::from_raw(self.siglab.id().cast_signed());
        loop {
            let ended = self.siglab.try_wait().expect("it is a child");
            assert!(ended.is_none(), "it hasn't come to that: {ended:?}");
            let keepers = children(siglab);
            let graders = keepers.into_iter().flat_map(children);
            for grader in graders.filter(|it| !before.contains(it)) {
                let is_slow = |program: &Pid| {
                    let stat = fs::read_to_string(format!("/proc/{program}/stat"));
                    let stat = stat.unwrap_or_default();
                    let time = stat
                        .rsplit_once(") ")
                        .and_then(|(_, rest)| rest.split(' ').nth(11));
                    let name = stat.contains("(tiny)");
                    name && time.is_some_and(|ticks| ticks.parse::<u64>().is_ok_and(|it| it >= 2))
                };
                if children(grader).iter().any(is_slow) {
                    kill(grader, signal).expect("it is there");
                    return grader;
                }
            }
            thread::yield_now();
        }
    }

    /// The exit status, and the result of bob; the others have theirs.
    fn end(mut self) -> (Option<i32>, Value) {
        let mut pipe = self.siglab.stdout.take().expect("it is piped");
        let mut output = String::new();
        pipe.read_to_string(&mut output).expect("it is text");
        let status = self.siglab.wait().expect("it ends").code();
        let result = |name: &str| -> Value {
            let file = self.course.at("out/results").join(name);
            let text = fs::read_to_string(file).expect("everybody has a result");
            serde_json::from_str(&text).expect("it is JSON")
        };
        for name in ["ada.c.json", "cleo.c.json"] {
            assert_eq!(result(name)["score"], 3, "{output}");
        }
        let left: Vec<_> = fs::read_dir(self.course.at("tmp"))
            .expect("it is there")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        assert!(left.is_empty(), "{left:?}");
        (status, result("bob.c.json"))
    }
}

#[test]
fn a_submission_whose_grader_was_killed_is_tried_again() {
    let mut grading = Grading::start("60s");
    grading.signal(Signal::SIGKILL, &[]);
    let (status, result) = grading.end();
    assert_eq!(status, Some(0));
    assert_eq!(result["status"], "graded");
    assert_eq!(result["score"], 1);
}

#[test]
fn a_submission_whose_graders_are_killed_gets_a_reason() {
    let mut grading = Grading::start("60s");
    let first = grading.signal(Signal::SIGKILL, &[]);
    grading.signal(Signal::SIGKILL, &[first]);
    let (status, result) = grading.end();
    assert_eq!(status, Some(4));
    assert_eq!(result["status"], "internal-error");
    let message = result["message"].as_str().expect("a reason");
    assert!(message.contains("killed by signal 9"), "{message}");
}

/// Whatever the tracer does: this one does nothing any more.
#[test]
fn a_grader_that_stands_still_is_given_up() {
    let mut grading = Grading::start("5s");
    let first = grading.signal(Signal::SIGSTOP, &[]);
    grading.signal(Signal::SIGSTOP, &[first]);
    let (status, result) = grading.end();
    assert_eq!(status, Some(0));
    assert_eq!(result["status"], "refused");
    assert_eq!(
        result["message"],
        "building and running it took more than 5 s, and was stopped"
    );
}
