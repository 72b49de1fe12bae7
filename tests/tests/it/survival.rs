//! No traced process survives siglab, whatever happens to that.

use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll, ppoll};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::unistd::Pid;
use siglab_tests::build::c_program;
use siglab_tests::random::Random;
use siglab_tests::surroundings::{Started, bounded};
use siglab_tests::turn;

/// Kills siglab `kills` times with SIGKILL, at random moments while it runs `program` on
/// `threads` threads. Everything that is traced has inherited the write end of a pipe;
/// when the read end tells the end of file, nobody has it any more.
fn check_kills(kills: usize, program: &Path, threads: usize, longest_micros: u64) {
    let mut random = Random::from_environment();
    for nth in 0..kills {
        let (alive, theirs) = io::pipe().expect("there are descriptors");
        let mut siglab = Started(
            bounded(&mut Command::new(env!("CARGO_BIN_EXE_run_forever")))
                .arg(threads.to_string())
                .arg(program)
                // The program's standard input is siglab's own.
                .stdin(theirs)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it was built with this test"),
        );
        let micros = random.below(longest_micros);
        let moment = TimeSpec::microseconds(i64::try_from(micros).expect("it is short"));
        let mut fds = [PollFd::new(alive.as_fd(), PollFlags::POLLIN)];
        // A wait that nothing ends but its time.
        let ready = ppoll(&mut fds, Some(moment), None).expect("poll works");
        assert_eq!(ready, 0, "siglab ended by itself");
        siglab.kill().expect("it isn't reaped yet");
        siglab.wait().expect("it is a child");
        let ready = poll(&mut fds, PollTimeout::from(5000_u16)).expect("poll works");
        if ready == 0 {
            let survivors = end_survivors(&alive);
            panic!("kill {nth}, {micros} us after the start, {random}: {survivors}");
        }
        let hung_up = fds[0]
            .revents()
            .is_some_and(|it| it.contains(PollFlags::POLLHUP));
        assert!(hung_up, "nobody writes to the pipe");
    }
}

/// Who else has the pipe open: their state in words. They are ended, too.
fn end_survivors(pipe: &io::PipeReader) -> String {
    let link = |path: &Path| std::fs::read_link(path).unwrap_or_default();
    let ours = link(Path::new(&format!("/proc/self/fd/{}", pipe.as_raw_fd())));
    let mut text = String::new();
    for entry in std::fs::read_dir("/proc")
        .expect("/proc is mounted")
        .flatten()
    {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let fds = std::fs::read_dir(entry.path().join("fd"));
        let has_it =
            fds.is_ok_and(|mut fds| fds.any(|fd| fd.is_ok_and(|fd| link(&fd.path()) == ours)));
        if !has_it || Pid::from_raw(pid) == Pid::this() {
            continue;
        }
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let status: Vec<_> = status.lines().take(8).collect();
        let exe = link(&entry.path().join("exe"));
        let _ = writeln!(text, "{}: {}", exe.display(), status.join(", "));
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
    text
}

/// Tracees in every state: asleep, stopped, waiting for a vfork child, computing.
#[test]
fn soak_kill_leaves_no_tracee() {
    let _turn = turn::take();
    check_kills(100, &c_program("host_family", &[]), 1, 60_000);
}

/// Tracees that are just being started, by several threads at the same time. The moments
/// that matter are short.
#[test]
fn soak_kill_while_starting_leaves_no_tracee() {
    let _turn = turn::take();
    check_kills(300, &c_program("host_nothing", &[]), 8, 12_000);
}
