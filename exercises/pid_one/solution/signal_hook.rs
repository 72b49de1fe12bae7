//! pid_one, solved with the standard library's Command and signal-hook.
//!
//! Nothing is blocked, so the child has nothing to unblock; handlers end with exec, and until then Command
//! keeps signals away from the child. A signal that comes while it starts the child is kept by
//! signal-hook until the loop asks.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::Signals;

const WATCHED: [i32; 8] = [
    SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH, SIGCHLD,
];

/// As shells say that a command could not be run.
const COMMAND_NOT_RUN: u8 = 127;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// What init exits with if its child ended like this.
fn exit_status(status: ExitStatus) -> u8 {
    let killed = status.signal().map(|number| 128 + number);
    status.code().or(killed).unwrap_or(1) as u8
}

/// Takes the status of one process that has ended, if there is one.
fn reap() -> nix::Result<Option<(Pid, ExitStatus)>> {
    let mut status = 0;
    // SAFETY: `status` may be written to.
    match Errno::result(unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) })? {
        0 => Ok(None),
        pid => Ok(Some((Pid::from_raw(pid), ExitStatus::from_raw(status)))),
    }
}

fn run(command: &[OsString]) -> Result<u8, String> {
    check("prctl", set_child_subreaper(true))?;
    let mut signals = Signals::new(WATCHED).map_err(|error| format!("sigaction: {error}"))?;
    let child = match Command::new(&command[0]).args(&command[1..]).spawn() {
        // init reaps whatever ends by itself: nobody asks this Child.
        Ok(child) => Pid::from_raw(child.id() as i32),
        Err(error) => {
            eprintln!("{}: {error}", command[0].display());
            return Ok(COMMAND_NOT_RUN);
        }
    };

    loop {
        for number in signals.wait() {
            if number != SIGCHLD {
                let signal = check("signal", Signal::try_from(number))?;
                check("kill", kill(child, signal))?;
            }
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
