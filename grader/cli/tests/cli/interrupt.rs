//! Signals to siglab itself, in the middle of something.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use siglab_model::{LimitKind, Trace};
use siglab_tests::surroundings::{Started, bounded};
use tempfile::TempDir;

/// A shell script that waits for its standard input.
pub(crate) const WAITS: &str = "echo ready; exec cat";

/// A program under siglab that waits for its standard input.
pub(crate) struct Waiting {
    siglab: Started,
    /// Kept open: closing it would end the program.
    stdin: ChildStdin,
}

fn waiting(args: &[&str], trace: &Path, script: &str) -> Waiting {
    waiting_with(args, trace, script, |_| {})
}

/// The same with other surroundings for siglab.
pub(crate) fn waiting_with(
    args: &[&str],
    trace: &Path,
    script: &str,
    change: impl FnOnce(&mut Command),
) -> Waiting {
    let mut siglab = Command::new(env!("CARGO_BIN_EXE_siglab"));
    change(bounded(&mut siglab));
    let siglab = siglab
        .arg("run")
        .args(args)
        .arg("--trace")
        .arg(trace)
        .args(["--", "sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("siglab starts");
    let mut siglab = Started(siglab);
    let stdin = siglab.stdin.take().expect("stdin is piped");
    let stdout = siglab.stdout.as_mut().expect("stdout is piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    Waiting { siglab, stdin }
}

impl Waiting {
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.siglab.id().cast_signed());
        kill(pid, signal).expect("siglab is there");
    }

    /// Its exit status and standard error, once it has ended; the program must be gone.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let ended = ended(&mut self.siglab);
        // A pipe without readers: neither siglab nor the program exists any more.
        let mut pipe = [PollFd::new(self.stdin.as_fd(), PollFlags::empty())];
        poll(&mut pipe, PollTimeout::from(10_000u16)).expect("poll");
        let events = pipe[0].revents().expect("known events");
        assert!(events.contains(PollFlags::POLLERR), "the program survived");
        ended
    }

    /// Its exit status and standard error, when the program has ended for want of input.
    pub(crate) fn close(self) -> (Option<i32>, String) {
        let Self { mut siglab, stdin } = self;
        drop(stdin);
        ended(&mut siglab)
    }
}

/// The exit status and standard error of siglab, once it has ended.
fn ended(siglab: &mut Started) -> (Option<i32>, String) {
    let mut stderr = String::new();
    let mut stream = siglab.stderr.take().expect("stderr is piped");
    stream
        .read_to_string(&mut stderr)
        .expect("siglab writes UTF-8");
    let status = siglab.wait().expect("siglab ends");
    (status.code(), stderr)
}

#[test]
fn a_signal_to_siglab_ends_the_run_in_order() {
    for (signal, status) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let folder = TempDir::new().expect("a temporary folder");
        let file = folder.path().join("trace.jsonl");
        let waiting = waiting(&[], &file, WAITS);
        waiting.signal(signal);
        let (code, stderr) = waiting.end();
        assert_eq!(code, Some(status), "{signal}: {stderr}");
        assert!(
            stderr.contains("siglab was asked to stop"),
            "{signal}: {stderr}"
        );
        let trace = std::fs::read_to_string(&file).expect("the trace is written");
        let trace = Trace::from_jsonl(&trace).expect("it is whole");
        assert_eq!(trace.outcome.limit, Some(LimitKind::Cancelled));
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1, "no temporary file is left");
    }
}

/// timeout(1) signals its child, and then the whole group.
#[test]
fn signals_at_the_same_time_are_one_request() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("trace.jsonl");
    let waiting = waiting(&[], &file, WAITS);
    // Both are pending when it goes on.
    for signal in [
        Signal::SIGSTOP,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGCONT,
    ] {
        waiting.signal(signal);
    }
    let (code, stderr) = waiting.end();
    assert!(matches!(code, Some(129 | 143)), "{code:?}: {stderr}");
    assert!(stderr.contains("siglab was asked to stop"), "{stderr}");
    assert!(file.exists(), "the trace is written");
}

/// Somebody insists while siglab can't end in order: nobody reads what it has to say, and
/// the pipe for it, of 64 KiB, is nearly full.
#[test]
fn a_later_signal_ends_siglab_at_once() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("trace.jsonl");
    let waiting = waiting(
        &[],
        &file,
        "head -c 65500 /dev/zero >&2; echo ready; exec cat",
    );
    let mut has_ended = false;
    while !has_ended {
        waiting.signal(Signal::SIGTERM);
        let stdout = waiting.siglab.stdout.as_ref().expect("stdout is piped");
        let mut pipe = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
        has_ended = poll(&mut pipe, PollTimeout::from(50_u8)).expect("poll") > 0;
    }
    let (code, _) = waiting.end();
    assert_eq!(code, Some(143));
}

#[test]
fn nothing_survives_when_siglab_is_killed() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("trace.jsonl");
    let waiting = waiting(&["--quiet"], &file, WAITS);
    waiting.signal(Signal::SIGKILL);
    let (code, stderr) = waiting.end();
    assert_eq!((code, stderr.as_str()), (None, ""));
    assert!(!file.exists(), "no half-written trace");
}
