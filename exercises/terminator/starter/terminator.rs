// siglab: not started — delete this line when you begin
//! terminator: a parent that watches over its child and over Ctrl+C.
//!
//! The child counts to five. It is in a process group of its own, so a Ctrl+C at the
//! terminal reaches the parent only. The parent leaves its loop at a double SIGINT:
//! two of them within one second.
//!
//! The exercise. Change parent() so that
//!   1. the first SIGINT is passed on: the parent sends SIGINT to the child;
//!   2. a second SIGINT within one second sends SIGKILL to the child;
//!   3. the parent leaves the loop at once, too, when the child ends by itself
//!      (the kernel tells it with SIGCHLD).
//!
//! Add imports, statics, functions and handlers as you need them. Do not change
//! child().
//!
//! Manual pages: sigwaitinfo(2), sigprocmask(2), kill(2), waitpid(2), signal(7).

use std::process::ExitCode;
use std::ptr;

use nix::errno::Errno;
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, signal, sigprocmask,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{ForkResult, Pid, fork, getpid, setpgid, sleep};

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// Takes a pending signal of `set`, waiting for one as long as it takes or until
/// `timeout` is over (the error is then EAGAIN). nix has no function for this.
fn wait_for_signal(set: &SigSet, timeout: Option<TimeSpec>) -> nix::Result<Signal> {
    let number = match timeout {
        // SAFETY: the set is valid, and the siginfo is not asked for.
        None => unsafe { libc::sigwaitinfo(set.as_ref(), ptr::null_mut()) },
        // SAFETY: as above, and the time-out is valid, too.
        Some(time) => unsafe { libc::sigtimedwait(set.as_ref(), ptr::null_mut(), time.as_ref()) },
    };
    Signal::try_from(Errno::result(number)?)
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

fn parent(child: Pid) -> Result<ExitCode, String> {
    // What is to be waited for must be blocked, or it is delivered.
    let waited_for = SigSet::from_iter([Signal::SIGINT]);
    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&waited_for), None),
    )?;
    println!("parent: my pid is {}, the child's is {child}", getpid());

    loop {
        match wait_for_signal(&waited_for, None) {
            Err(Errno::EINTR) => continue, // we were stopped and continued, say
            result => check("sigwaitinfo", result)?,
        };
        println!("parent: SIGINT; a second one within 1 second terminates");

        match wait_for_signal(&waited_for, Some(TimeSpec::new(1, 0))) {
            Ok(_sigint) => {
                println!("parent: a second SIGINT");
                break;
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {} // EAGAIN: the time is up
            Err(errno) => return check("sigtimedwait", Err(errno)),
        }
        println!("parent: no second SIGINT, carrying on");
    }

    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&waited_for), None),
    )?;

    report_end(check("waitpid", wait_for_end(child))?);
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
