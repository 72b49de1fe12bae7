//! who_sent_it, solved with a signalfd: signals are blocked, and read like a file.

use std::process::ExitCode;
use std::ptr;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SignalFd, siginfo};
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

/// Sends SIGUSR1, and SIGUSR2 with the value 42, to the parent.
fn child(parent: Pid) -> Result<ExitCode, String> {
    check("kill", kill(parent, Signal::SIGUSR1))?;
    check("sigqueue", queue(parent, Signal::SIGUSR2, 42))?;
    Ok(ExitCode::SUCCESS)
}

/// Starts the child, and tells who sends SIGINT, SIGUSR1 and SIGUSR2, until SIGTERM comes.
fn receive() -> Result<ExitCode, String> {
    let parent = getpid();
    let watched = SigSet::from_iter([
        Signal::SIGINT,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGTERM,
    ]);
    // What the descriptor is to report must be blocked, or it is delivered.
    check("sigprocmask", watched.thread_block())?;
    let signals = check("signalfd", SignalFd::new(&watched))?;

    // SAFETY: there is one thread only, so the child may call anything.
    match check("fork", unsafe { fork() })? {
        ForkResult::Child => child(parent),
        ForkResult::Parent { child } => {
            loop {
                let info = match signals.read_signal() {
                    Err(Errno::EINTR) => continue, // we were stopped and continued, say
                    result => check("read", result)?,
                };
                let Some(info) = info else { continue };
                match Signal::try_from(info.ssi_signo.cast_signed()) {
                    Ok(Signal::SIGTERM) => break,
                    Ok(signal) => tell(signal, &info),
                    Err(_) => {}
                }
            }
            check("waitpid", waitpid(child, None))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints who sent a signal. Which fields of `info` mean something, ssi_code decides.
fn tell(signal: Signal, info: &siginfo) {
    let pid = info.ssi_pid;
    match info.ssi_code {
        libc::SI_USER => println!("{signal}: SI_USER, pid {pid}"),
        libc::SI_QUEUE => println!("{signal}: SI_QUEUE, pid {pid}, value {}", info.ssi_int),
        _ => println!("{signal}: SI_KERNEL"),
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
