// siglab-wrong: fails = signal-safe
// siglab-wrong: because = The parent's handler calls println!, which takes a lock and allocates.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, kill, sigaction, signal,
    sigprocmask,
};
use nix::unistd::{ForkResult, Pid, alarm, fork, getpid, setpgid, sleep};

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

/// The work is done: a late Ctrl+C must not turn success into a death by signal.
fn ignore_sigint() -> nix::Result<()> {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed.
    unsafe { sigaction(Signal::SIGINT, &ignore) }.map(drop)
}

// What has been delivered. SIGCHLD needs no flag: it only has to wake us up.
static GOT_SIGINT: AtomicBool = AtomicBool::new(false);
static GOT_SIGALRM: AtomicBool = AtomicBool::new(false);

/// The parent's handler.
extern "C" fn take_note(signal_number: libc::c_int) {
    println!("parent: caught signal {signal_number}");
    match signal_number {
        libc::SIGINT => GOT_SIGINT.store(true, Ordering::Relaxed),
        libc::SIGALRM => GOT_SIGALRM.store(true, Ordering::Relaxed),
        _ => {}
    }
}

fn parent(child: Pid) -> Result<ExitCode, String> {
    let watched = SigSet::from_iter([Signal::SIGINT, Signal::SIGCHLD, Signal::SIGALRM]);
    let mut old_mask = SigSet::empty();
    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&watched), Some(&mut old_mask)),
    )?;

    let mut while_waiting = old_mask;
    // `watched` is blocked in the handler: one at a time, so one for each wait.
    let action = SigAction::new(SigHandler::Handler(take_note), SaFlags::empty(), watched);
    for signal in &watched {
        while_waiting.remove(signal);
        // SAFETY: take_note only stores to atomics.
        check("sigaction", unsafe { sigaction(signal, &action) })?;
    }
    println!("parent: my pid is {}, the child's is {child}", getpid());

    let mut window_is_open = false;
    let status = loop {
        if let Some(status) = check("waitpid", has_ended(child))? {
            break status;
        }
        check("sigsuspend", while_waiting.suspend())?;

        if GOT_SIGINT.swap(false, Ordering::Relaxed) {
            if window_is_open {
                check("kill", kill(child, Signal::SIGKILL))?;
                println!("parent: a second SIGINT");
                break check("waitpid", wait_for_end(child))?;
            }
            alarm::set(1); // set once: being woken up does not change it
            window_is_open = true;
            check("kill", kill(child, Signal::SIGINT))?;
            println!("parent: SIGINT; a second one within 1 second terminates");
        } else if GOT_SIGALRM.swap(false, Ordering::Relaxed) {
            window_is_open = false;
            println!("parent: no second SIGINT, carrying on");
        }
    };

    alarm::cancel();
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
