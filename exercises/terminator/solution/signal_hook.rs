//! terminator, solved with the signal-hook crate.
//!
//! signal-hook installs the handlers, async-signal-safe ones, and hands the signals to
//! ordinary code as an iterator: a self-pipe that somebody else has written. Nothing
//! here is unsafe because of a signal.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction, signal};
use nix::unistd::{ForkResult, Pid, fork, getpid, setpgid, sleep};
use signal_hook::consts::{SIGCHLD, SIGINT};
use signal_hook::iterator::Signals;

/// How long a first SIGINT is remembered.
const WINDOW: Duration = Duration::from_secs(1);

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// Waits until the child has ended, and takes its status. (nix's waitpid() knows no
/// child that was killed by a real-time signal.)
fn wait_for_end(child: Pid) -> nix::Result<i32> {
    let mut status = 0;
    // SAFETY: `status` may be written to.
    Errno::result(unsafe { libc::waitpid(child.as_raw(), &mut status, 0) })?;
    Ok(status)
}

/// Says how the child ended. `status` comes from waitpid().
fn report_end(status: i32) {
    if libc::WIFEXITED(status) {
        println!(
            "parent: the child exited with status {}",
            libc::WEXITSTATUS(status)
        );
    } else {
        println!(
            "parent: the child was killed by signal {}",
            libc::WTERMSIG(status)
        );
    }
}

/// The child's handler: async-signal-safe functions only.
extern "C" fn on_sigint(_signal_number: libc::c_int) {
    const LINE: &[u8] = b"child: caught SIGINT, carrying on\n";
    let saved_errno = Errno::last_raw();
    // SAFETY: LINE is valid for reads of its length.
    let _nobody_to_tell =
        unsafe { libc::write(libc::STDOUT_FILENO, LINE.as_ptr().cast(), LINE.len()) };
    Errno::set_raw(saved_errno);
}

/// Do not change this function.
fn child() -> Result<ExitCode, String> {
    let action = SigAction::new(
        SigHandler::Handler(on_sigint),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: on_sigint calls async-signal-safe functions only.
    check("sigaction", unsafe { sigaction(Signal::SIGINT, &action) })?;

    println!("child: my pid is {}", getpid());
    for second in 1..=5 {
        println!("child: {second} of 5");
        sleep(1); // a handled signal cuts it short
    }
    println!("child: done");
    Ok(ExitCode::SUCCESS)
}

/// Has the child ended? If so, reaps it and returns its status.
fn has_ended(child: Pid) -> nix::Result<Option<i32>> {
    let mut status = 0;
    // SAFETY: `status` may be written to.
    let reaped =
        Errno::result(unsafe { libc::waitpid(child.as_raw(), &mut status, libc::WNOHANG) })?;
    Ok((reaped == child.as_raw()).then_some(status))
}

fn parent(child: Pid) -> Result<ExitCode, String> {
    let mut signals =
        Signals::new([SIGINT, SIGCHLD]).map_err(|error| format!("sigaction: {error}"))?;
    println!("parent: my pid is {}, the child's is {child}", getpid());

    let mut window_end: Option<Instant> = None;
    // The child may have ended before there was a handler: ask before each wait.
    // SIGCHLD needs no code of its own: whatever wakes us up, we ask.
    let status = 'ended: loop {
        if let Some(status) = check("waitpid", has_ended(child))? {
            break status;
        }
        for _sigint in signals
            .wait()
            .filter(|&signal_number| signal_number == SIGINT)
        {
            let now = Instant::now(); // reads CLOCK_MONOTONIC
            if window_end.is_some_and(|end| now < end) {
                check("kill", kill(child, Signal::SIGKILL))?;
                println!("parent: a second SIGINT");
                break 'ended check("waitpid", wait_for_end(child))?; // SA_RESTART: no EINTR
            }
            window_end = Some(now + WINDOW);
            check("kill", kill(child, Signal::SIGINT))?;
            println!("parent: SIGINT; a second one within 1 second terminates");
        }
    };

    // The handlers stay until the process ends: a late Ctrl+C does no harm.
    report_end(status);
    Ok(ExitCode::SUCCESS)
}

fn run() -> Result<ExitCode, String> {
    // Rust's start-up code has set SIGPIPE to be ignored; a C program has the default.
    // SAFETY: no handler is installed.
    check("signal", unsafe {
        signal(Signal::SIGPIPE, SigHandler::SigDfl)
    })?;

    // SAFETY: there is one thread only, so the child may call anything.
    match check("fork", unsafe { fork() })? {
        ForkResult::Child => {
            // Out of the terminal's foreground group, out of reach of Ctrl+C.
            check("setpgid", setpgid(Pid::from_raw(0), Pid::from_raw(0)))?;
            child()
        }
        ForkResult::Parent { child } => parent(child),
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
