//! pid_one, solved with nix: fork, exec, and a signalfd.
//!
//! The signals are blocked before the child exists, so none is lost, and none of init's handlers
//! could run in the child: there are none.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, kill, signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{ForkResult, Pid, execvp, fork};

const FORWARDED: [Signal; 7] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTERM,
    Signal::SIGWINCH,
];

/// As shells say that a command could not be run.
const COMMAND_NOT_RUN: u8 = 127;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// What init exits with if its child ended with `status`, which comes from waitpid().
fn exit_status(status: i32) -> u8 {
    let code = if libc::WIFEXITED(status) {
        libc::WEXITSTATUS(status)
    } else {
        128 + libc::WTERMSIG(status)
    };
    code as u8
}

/// Takes the status of one process that has ended, if there is one. (nix's waitpid() knows no
/// process that was killed by a real-time signal.)
fn reap() -> nix::Result<Option<(Pid, i32)>> {
    let mut status = 0;
    // SAFETY: `status` may be written to.
    match Errno::result(unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) })? {
        0 => Ok(None),
        pid => Ok(Some((Pid::from_raw(pid), status))),
    }
}

/// Starts the command with the signal mask `mask`. Returns the child's pid.
fn start(command: &[OsString], mask: &SigSet) -> Result<Pid, String> {
    let words = command
        .iter()
        .map(|word| CString::new(word.as_bytes()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;

    // SAFETY: there is one thread only, so the child may call anything.
    match check("fork", unsafe { fork() })? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            // The mask survives exec: a command that blocks SIGTERM could not be stopped.
            check(
                "sigprocmask",
                sigprocmask(SigmaskHow::SIG_SETMASK, Some(mask), None),
            )?;
            // Rust's start-up code has set SIGPIPE to be ignored, and exec keeps that.
            // SAFETY: no handler is installed.
            check("signal", unsafe {
                signal(Signal::SIGPIPE, SigHandler::SigDfl)
            })?;
            let Err(errno) = execvp(&words[0], &words);
            eprintln!("{}: {}", command[0].display(), errno.desc());
            std::process::exit(COMMAND_NOT_RUN.into());
        }
    }
}

fn run(command: &[OsString]) -> Result<u8, String> {
    check("prctl", set_child_subreaper(true))?;
    let mut watched = SigSet::from_iter(FORWARDED);
    watched.add(Signal::SIGCHLD);
    let mut old_mask = SigSet::empty();
    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&watched), Some(&mut old_mask)),
    )?;
    let signals = check(
        "signalfd",
        SignalFd::with_flags(&watched, SfdFlags::SFD_CLOEXEC),
    )?;

    let child = start(command, &old_mask)?;
    loop {
        let info = match signals.read_signal() {
            Err(Errno::EINTR) | Ok(None) => continue,
            result => check("read", result)?,
        };
        let number = info.map_or(0, |info| info.ssi_signo as i32);
        if number != libc::SIGCHLD {
            let signal = check("signalfd", Signal::try_from(number))?;
            check("kill", kill(child, signal))?;
            continue;
        }
        // SIGCHLDs merge: one may stand for several that have ended, or for none.
        while let Some((ended, status)) = check("waitpid", reap())? {
            if ended == child {
                return Ok(exit_status(status));
            }
        }
    }
}

fn main() -> ExitCode {
    let command: Vec<OsString> = std::env::args_os().skip(1).collect();
    if command.is_empty() {
        eprintln!("usage: pid_one COMMAND [ARG...]");
        return ExitCode::from(2);
    }
    match run(&command) {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
