//! Programs run natively, at real times and untraced, to compare the engine with.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::kill;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::unistd::Pid;
use siglab_model::{Kind, ProcessStatus, Signal, Trace};

use crate::surroundings::{self, Started};

/// How a program behaved natively.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    /// Standard output and standard error, as they were written.
    pub text: String,
    /// How its first process ended.
    pub status: ProcessStatus,
}

/// Runs `program` until nobody has its output open any more. Each signal is sent to its
/// first process by kill(2), that long after the start.
///
/// # Panics
/// If it can't be run, or nothing happens for 30 seconds.
#[must_use]
pub fn run_natively(program: &Path, signals: &[(Duration, Signal)]) -> Native {
    run_command_natively(&mut Command::new(program), signals)
}

/// The same with a command of the caller's, whose streams and group are set here.
///
/// # Panics
/// As [`run_natively`].
#[must_use]
pub fn run_command_natively(command: &mut Command, signals: &[(Duration, Signal)]) -> Native {
    let (mut output, theirs) = io::pipe().expect("there are descriptors");
    let errors = theirs.try_clone().expect("there are descriptors");
    let child = surroundings::known(command)
        .stdin(Stdio::null())
        .stdout(theirs)
        .stderr(errors)
        // A `kill(0, ...)` of the program's is not for the tests.
        .process_group(0)
        .spawn()
        .expect("the program can be executed");
    // The command keeps copies, and there would never be an end of file.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = Started(child);
    let timers: Vec<_> = signals
        .iter()
        .map(|(after, signal)| (timer(*after), *signal))
        .collect();
    let mut left = timers.iter().peekable();
    let mut bytes = Vec::new();
    loop {
        let mut fds = vec![PollFd::new(output.as_fd(), PollFlags::POLLIN)];
        fds.extend(
            left.peek()
                .map(|(timer, _)| PollFd::new(timer.as_fd(), PollFlags::POLLIN)),
        );
        let ready = poll(&mut fds, PollTimeout::from(30_000_u16)).expect("poll works");
        assert_ne!(ready, 0, "{command:?} makes no progress");
        let [may_read, is_due] =
            [0, 1].map(|at| fds.get(at).is_some_and(|fd| fd.any() == Some(true)));
        if is_due && let Some((_, signal)) = left.next() {
            send(&running, *signal);
        }
        if may_read {
            let mut buffer = [0; 4096];
            let length = output.read(&mut buffer).expect("a pipe can be read");
            if length == 0 {
                break;
            }
            bytes.extend_from_slice(&buffer[..length]);
        }
    }
    Native {
        text: String::from_utf8(bytes).expect("the samples write UTF-8"),
        status: status(running.wait().expect("it is a child")),
    }
}

fn send(program: &Started, signal: Signal) {
    let pid = Pid::from_raw(program.id().cast_signed());
    let signal = nix::sys::signal::Signal::try_from(signal.number());
    // Not reaped yet, so it exists at least as a zombie.
    kill(pid, signal.expect("a standard signal")).expect("it is a child");
}

/// A descriptor that becomes readable after that time.
fn timer(after: Duration) -> TimerFd {
    let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_CLOEXEC)
        .expect("there are descriptors");
    timer
        .set(
            Expiration::OneShot(TimeSpec::from_duration(after)),
            TimerSetTimeFlags::empty(),
        )
        .expect("the time is valid");
    timer
}

fn status(status: ExitStatus) -> ProcessStatus {
    match (status.code(), status.signal().and_then(Signal::new)) {
        (Some(code), _) => ProcessStatus::Exited(code),
        (None, Some(signal)) => ProcessStatus::Killed(signal),
        (None, None) => unreachable!("{status} is no end of a process"),
    }
}

/// All that a traced program wrote, in order.
#[must_use]
pub fn output_of(trace: &Trace) -> String {
    trace
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            Kind::Output { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// Compares the output of a traced run, in which `<role>` stands for a pid, with that of
/// a native one: each role has to be one pid everywhere, and no two roles the same.
///
/// # Errors
/// With what differs first.
pub fn compare_output(traced: &str, native: &str) -> Result<(), String> {
    let mut pids: BTreeMap<&str, &str> = BTreeMap::new();
    let mut rest = native;
    let mut pieces = traced.split('<');
    let differs = |expected: &str, rest: &str| {
        Err(format!(
            "expected {expected:?}, got {:?}",
            rest.lines().next().unwrap_or_default()
        ))
    };
    let first = pieces.next().unwrap_or_default();
    match rest.strip_prefix(first) {
        Some(after) => rest = after,
        None => return differs(first, rest),
    }
    for piece in pieces {
        let Some((role, text)) = piece.split_once('>') else {
            return Err(format!("<{piece:?} is no role"));
        };
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (pid, after) = rest.split_at(digits);
        if pid.is_empty() || *pids.entry(role).or_insert(pid) != pid {
            return differs(&format!("the pid of {role}"), rest);
        }
        match after.strip_prefix(text) {
            Some(after) => rest = after,
            None => return differs(text, after),
        }
    }
    if !rest.is_empty() {
        return differs("the end", rest);
    }
    let different: BTreeSet<_> = pids.values().collect();
    if different.len() < pids.len() {
        return Err(format!("two roles have the same pid: {pids:?}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::compare_output;

    #[test]
    fn output_is_compared_with_roles_for_pids() {
        let traced = "I am <main>\nmy child is <child>\n<child> ended\n";
        for (native, same) in [
            ("I am 7\nmy child is 8\n8 ended\n", true),
            ("I am 7\nmy child is 8\n9 ended\n", false),
            ("I am 7\nmy child is 7\n7 ended\n", false),
            ("I am 7\nmy child is 8\n8 ended\nmore\n", false),
            ("I am 7\nmy child is 8\n", false),
            ("I am\nmy child is 8\n8 ended\n", false),
        ] {
            assert_eq!(compare_output(traced, native).is_ok(), same, "{native:?}");
        }
    }
}
