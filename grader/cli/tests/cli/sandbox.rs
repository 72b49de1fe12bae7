//! Whatever happens to a siglab that has a worker in a sandbox, nothing of it is left. In a
//! pid namespace: see [`confined`].

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use siglab_tests::confined::{Inside, confined};
use siglab_tests::surroundings::{Started, bounded};
use tempfile::TempDir;

use crate::root;

/// Computes until its real time is over: nobody can tell that it doesn't come to an end.
const COMPUTES: &str = "\
#include <stdint.h>
int main(void) {
    for (volatile uint64_t turn = 1; turn != 42;)
        turn = turn * 6364136223846793005u + 1442695040888963407u;
    return 0;
}
";

/// A siglab that grades a program which computes for a second at least. Its temporary files are
/// in `temporary`.
fn start(temporary: &Path) -> (Started, BufReader<std::process::ChildStderr>) {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("computes.c");
    fs::write(&program, COMPUTES).expect("the folder is ours");
    let siglab = bounded(&mut Command::new(env!("CARGO_BIN_EXE_siglab")))
        .args(["check", "hostile"])
        .arg(program)
        .args(["--labs", "tests/submissions", "--sandbox", "auto"])
        .current_dir(root())
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("siglab starts");
    let mut siglab = Started(siglab);
    let stderr = siglab.stderr.take().expect("it is a pipe");
    let mut stderr = BufReader::new(stderr);
    // The worker is at work.
    let mut line = String::new();
    stderr.read_line(&mut line).expect("it is text");
    assert!(line.starts_with("siglab: sandbox: "), "{line}");
    (siglab, stderr)
}

/// Ends siglab by `signal`; what else it says, and how it ended. Returns when nobody has
/// its standard error any more.
fn end(signal: Signal, temporary: &Path) -> (String, std::process::ExitStatus) {
    let (mut siglab, mut stderr) = start(temporary);
    let pid = Pid::from_raw(siglab.id().cast_signed());
    kill(pid, signal).expect("it lives");
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("it is text");
    (said, siglab.wait().expect("it is a child"))
}

/// Waits until the namespace has only those processes that were there before; the
/// deadline of [`confined`] bounds that.
fn wait_until_gone(inside: &Inside) {
    let known = [
        "1".to_owned(),
        std::process::id().to_string(),
        inside.bystander(),
    ];
    let others = || {
        let entries = fs::read_dir("/proc").expect("/proc is mounted").flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
            .any(|name| !known.contains(&name))
    };
    while others() {
        std::thread::yield_now();
    }
}

#[test]
fn a_signal_to_the_outside_stops_the_worker() {
    let name = concat!(module_path!(), "::a_signal_to_the_outside_stops_the_worker");
    confined(name, "host_nothing", |inside| {
        for (signal, status) in [
            (Signal::SIGINT, 130),
            (Signal::SIGTERM, 143),
            (Signal::SIGHUP, 129),
        ] {
            let temporary = TempDir::new_in("/var/tmp").expect("there is room");
            let (said, ended) = end(signal, temporary.path());
            assert_eq!(said, format!("siglab: error: stopped by {signal}\n"));
            assert_eq!(ended.code(), Some(status));
            wait_until_gone(inside);
            assert_eq!(names(temporary.path()), [""; 0]);
        }
    });
}

#[test]
fn the_worker_dies_with_the_outside() {
    let name = concat!(module_path!(), "::the_worker_dies_with_the_outside");
    confined(name, "host_nothing", |inside| {
        let temporary = TempDir::new_in("/var/tmp").expect("there is room");
        let (said, ended) = end(Signal::SIGKILL, temporary.path());
        assert_eq!(said, "");
        assert_eq!(ended.signal(), Some(libc::SIGKILL));
        wait_until_gone(inside);
        // Only the outside could have removed these.
        for name in names(temporary.path()) {
            for controller in ["memory", "pids"] {
                let _ = fs::remove_dir(format!("/sys/fs/cgroup/{controller}/{name}"));
            }
        }
    });
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it can be read").flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}
