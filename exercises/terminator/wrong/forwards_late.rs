// siglab-wrong: fails = forwards-first-sigint
// siglab-wrong: because = The first SIGINT is passed on only when the window has closed without a second one.

use std::process::ExitCode;
use std::ptr;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, kill, sigaction, signal,
    sigprocmask,
};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{ForkResult, Pid, fork, getpid, setpgid, sleep};

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

/// The time, on a clock that nobody can set.
fn now() -> Result<Duration, String> {
    check("clock_gettime", clock_gettime(ClockId::CLOCK_MONOTONIC)).map(Duration::from)
}

/// Has the child ended? If so, reaps it and returns its status.
fn has_ended(child: Pid) -> nix::Result<Option<i32>> {
    let mut status = 0;
    // SAFETY: `status` may be written to.
    let reaped =
        Errno::result(unsafe { libc::waitpid(child.as_raw(), &mut status, libc::WNOHANG) })?;
    Ok((reaped == child.as_raw()).then_some(status))
}

/// The work is done: a late Ctrl+C must not turn success into a death by signal.
fn ignore_sigint() -> nix::Result<()> {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed.
    unsafe { sigaction(Signal::SIGINT, &ignore) }.map(drop)
}

/// Takes a pending signal of `set`, waiting for one if need be; `None` when `deadline`
/// comes first. The wait is always for what is left until the deadline: waking up for
/// something else does not make it longer.
fn next_signal(set: &SigSet, deadline: Option<Duration>) -> Result<Option<Signal>, String> {
    loop {
        let number = match deadline {
            // SAFETY: the set is valid, and the siginfo is not asked for.
            None => unsafe { libc::sigwaitinfo(set.as_ref(), ptr::null_mut()) },
            Some(deadline) => {
                let left = deadline.saturating_sub(now()?);
                if left.is_zero() {
                    return Ok(None);
                }
                let timeout = TimeSpec::from(left);
                // SAFETY: as above, and the time-out is valid, too.
                unsafe { libc::sigtimedwait(set.as_ref(), ptr::null_mut(), timeout.as_ref()) }
            }
        };
        match Errno::result(number) {
            Ok(number) => return check("sigtimedwait", Signal::try_from(number)).map(Some),
            Err(Errno::EAGAIN) => return Ok(None),
            Err(Errno::EINTR) => {} // we were stopped and continued, say
            Err(errno) => return check("sigtimedwait", Err(errno)),
        }
    }
}

fn parent(child: Pid) -> Result<ExitCode, String> {
    let watched = SigSet::from_iter([Signal::SIGINT, Signal::SIGCHLD]);
    let mut old_mask = SigSet::empty();
    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&watched), Some(&mut old_mask)),
    )?;
    println!("parent: my pid is {}, the child's is {child}", getpid());

    let mut window_end = None;
    // Ask before each wait. A SIGCHLD from before we blocked it was lost, several
    // merge into one, and it also comes when the child is stopped or continued: it
    // only means that it is time to ask.
    let status = loop {
        if let Some(status) = check("waitpid", has_ended(child))? {
            break status;
        }
        match (next_signal(&watched, window_end)?, window_end) {
            (Some(Signal::SIGINT), None) => {
                window_end = Some(now()? + WINDOW);
                println!("parent: SIGINT; a second one within 1 second terminates");
            }
            (Some(Signal::SIGINT), Some(_)) => {
                check("kill", kill(child, Signal::SIGKILL))?;
                println!("parent: a second SIGINT");
                break check("waitpid", wait_for_end(child))?;
            }
            (Some(_sigchld), _) => {}
            (None, _) => {
                window_end = None;
                check("kill", kill(child, Signal::SIGINT))?;
                println!("parent: no second SIGINT, carrying on");
            }
        }
    };

    check("sigaction", ignore_sigint())?;
    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&old_mask), None),
    )?;
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
