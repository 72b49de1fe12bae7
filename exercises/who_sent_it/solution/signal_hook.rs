//! who_sent_it, solved with the signal-hook crate.
//!
//! Its handlers put each siginfo_t into a queue, which ordinary code reads: so that may print.

use std::process::ExitCode;
use std::ptr;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithRawSiginfo;

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
    let mut signals = SignalsInfo::<WithRawSiginfo>::new([SIGINT, SIGUSR1, SIGUSR2, SIGTERM])
        .map_err(|error| format!("sigaction: {error}"))?;

    // SAFETY: there is one thread only, so the child may call anything.
    match check("fork", unsafe { fork() })? {
        ForkResult::Child => child(parent),
        ForkResult::Parent { child } => {
            for info in signals.forever() {
                if info.si_signo == SIGTERM {
                    break;
                }
                tell(&info);
            }
            check("waitpid", waitpid(child, None))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints who sent a signal. Which fields of `info` mean something, si_code decides.
fn tell(info: &libc::siginfo_t) {
    let name = match info.si_signo {
        SIGINT => "SIGINT",
        SIGUSR1 => "SIGUSR1",
        _ => "SIGUSR2",
    };
    // SAFETY: all bytes of a siginfo_t are initialised.
    let pid = unsafe { info.si_pid() };
    match info.si_code {
        libc::SI_USER => println!("{name}: SI_USER, pid {pid}"),
        libc::SI_QUEUE => println!("{name}: SI_QUEUE, pid {pid}, value {}", value_of(info)),
        _ => println!("{name}: SI_KERNEL"),
    }
}

/// Sends a signal. `pid` and `signal` are what the user wrote.
fn send_signal(pid: &str, signal: &str) -> Result<ExitCode, String> {
    let (Ok(pid), Ok(signal)) = (pid.parse::<i32>(), signal.parse::<i32>()) else {
        return Ok(usage());
    };
    // 0 and negative numbers are groups of processes.
    if pid <= 0 {
        return Ok(usage());
    }
    // nix's kill() takes no real-time signals, and no number that isn't a signal.
    // SAFETY: kill() takes any numbers.
    let result = Errno::result(unsafe { libc::kill(pid, signal) });
    let (name, status) = match result {
        Ok(_) => return Ok(ExitCode::SUCCESS),
        Err(Errno::EINVAL) => ("EINVAL", 2),
        Err(Errno::ESRCH) => ("ESRCH", 3),
        Err(_) => ("EPERM", 4),
    };
    println!("{name}");
    Ok(ExitCode::from(status))
}

fn usage() -> ExitCode {
    eprintln!("usage: who_sent_it [PID SIGNAL]");
    ExitCode::from(EXIT_USAGE)
}

fn run() -> Result<ExitCode, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => receive(),
        [pid, signal] => send_signal(pid, signal),
        _ => Ok(usage()),
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
