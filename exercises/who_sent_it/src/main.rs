//! who_sent_it: what a signal tells about its sender, and why kill() fails.
//!
//! Without arguments: prints a line for each signal that comes, see receive().
//! With a pid and the number of a signal: sends it, see send_signal().
//! The exact rules are in README.md.
//!
//! Manual pages: sigaction(2), sigqueue(3), kill(2), signal-safety(7).

use std::process::ExitCode;
use std::ptr;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid};

/// What the program exits with when it is called wrongly. 2, 3 and 4 are for EINVAL, ESRCH
/// and EPERM.
const EXIT_USAGE: u8 = 1;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// sigqueue() with a number; nix has no function for this.
fn queue(pid: Pid, signal: Signal, value: i32) -> nix::Result<()> {
    // The number is the first half of a union whose other member is a pointer.
    let value = libc::sigval {
        sival_ptr: ptr::without_provenance_mut(value.cast_unsigned() as usize),
    };
    // SAFETY: sigqueue() takes any numbers, and doesn't look at what the value points to.
    Errno::result(unsafe { libc::sigqueue(pid.as_raw(), signal as libc::c_int, value) }).map(drop)
}

/// The number in `info`, which a signal has that was sent with sigqueue().
#[expect(dead_code, reason = "you will need it, or not, as your design is")]
fn value_of(info: &libc::siginfo_t) -> i32 {
    // SAFETY: all bytes of a siginfo_t are initialised.
    unsafe { info.si_value() }.sival_ptr.addr() as u32 as i32
}

/// Sends SIGUSR1, and SIGUSR2 with the value 42, to the parent.
fn child(parent: Pid) -> Result<ExitCode, String> {
    check("kill", kill(parent, Signal::SIGUSR1))?;
    check("sigqueue", queue(parent, Signal::SIGUSR2, 42))?;
    Ok(ExitCode::SUCCESS)
}

/// Starts the child, and tells who sends SIGINT, SIGUSR1 and SIGUSR2, until SIGTERM comes.
fn receive() -> Result<ExitCode, String> {
    let parent = getpid();

    // Your code: be ready for the signals before there is anybody who sends one.

    // SAFETY: there is one thread only, so the child may call anything.
    match check("fork", unsafe { fork() })? {
        ForkResult::Child => child(parent),
        ForkResult::Parent { child } => {
            // Your code: print a line for each signal, until SIGTERM comes.

            check("waitpid", waitpid(child, None))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Sends a signal. `pid` and `signal` are what the user wrote.
fn send_signal(pid: &str, signal: &str) -> Result<ExitCode, String> {
    // Your code: read the two numbers, call kill(), and tell why it has failed.
    let _ = (pid, signal);
    Ok(ExitCode::SUCCESS)
}

fn run() -> Result<ExitCode, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => receive(),
        [pid, signal] => send_signal(pid, signal),
        _ => {
            eprintln!("usage: who_sent_it [PID SIGNAL]");
            Ok(ExitCode::from(EXIT_USAGE))
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
