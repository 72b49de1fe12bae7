//! terminator, solved with a self-pipe: handlers that write to a pipe.
//!
//! The oldest way to make signals an input of a loop around poll(); it works on every
//! Unix. A handler notes when it ran, so no timer is needed: whether two SIGINTs are
//! within one second can be told when the second one is there.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::ExitCode;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction, signal};
use nix::unistd::{ForkResult, Pid, fork, getpid, pipe2, setpgid, sleep};

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

/// What a handler tells the loop: the signal's number, then the time as seconds and
/// nanoseconds. Writes of this size are never torn.
type Event = [i64; 3];
const EVENT_SIZE: usize = size_of::<Event>();

static WRITE_END: AtomicI32 = AtomicI32::new(-1);

/// The parent's handler. clock_gettime() and write() are async-signal-safe, and so is
/// an atomic load.
extern "C" fn tell_the_loop(signal_number: libc::c_int) {
    let saved_errno = Errno::last_raw();
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` may be written to.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    let event: Event = [signal_number.into(), now.tv_sec, now.tv_nsec];
    // If the pipe is full of signals, one more would change nothing.
    // SAFETY: `event` is valid for reads of its size.
    unsafe {
        libc::write(
            WRITE_END.load(Ordering::Relaxed),
            event.as_ptr().cast(),
            EVENT_SIZE,
        )
    };
    Errno::set_raw(saved_errno);
}

fn install(signal: Signal) -> nix::Result<()> {
    let handler = SigHandler::Handler(tell_the_loop);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: tell_the_loop calls async-signal-safe functions only.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// Waits for the next event: a signal's number and when its handler ran.
fn next_event(read_end: &OwnedFd) -> Result<(i32, Duration), String> {
    let mut event: Event = [0; 3];
    loop {
        // SAFETY: `event` may be written to, any bytes make a valid one.
        let size =
            unsafe { libc::read(read_end.as_raw_fd(), event.as_mut_ptr().cast(), EVENT_SIZE) };
        match Errno::result(size) {
            Ok(_) => {
                return Ok((
                    event[0] as i32,
                    Duration::new(event[1] as u64, event[2] as u32),
                ));
            }
            Err(Errno::EAGAIN) => {} // nothing there yet
            Err(errno) => return check("read", Err(errno)),
        }
        let mut input = [PollFd::new(read_end.as_fd(), PollFlags::POLLIN)];
        // A handler always interrupts poll(), SA_RESTART or not.
        match poll(&mut input, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            result => drop(check("poll", result)?),
        }
    }
}

fn parent(child: Pid) -> Result<ExitCode, String> {
    let (read_end, write_end) = check("pipe2", pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC))?;
    WRITE_END.store(write_end.as_raw_fd(), Ordering::Relaxed);
    check("sigaction", install(Signal::SIGINT))?;
    check("sigaction", install(Signal::SIGCHLD))?;
    println!("parent: my pid is {}, the child's is {child}", getpid());

    let mut window_end: Option<Duration> = None;
    // The child may have ended before there was a handler: ask first.
    let status = loop {
        if let Some(status) = check("waitpid", has_ended(child))? {
            break status;
        }
        let (signal_number, when) = next_event(&read_end)?;
        if signal_number != libc::SIGINT {
            continue;
        }
        if window_end.is_some_and(|end| when < end) {
            check("kill", kill(child, Signal::SIGKILL))?;
            println!("parent: a second SIGINT");
            break check("waitpid", wait_for_end(child))?; // SA_RESTART: no EINTR
        }
        window_end = Some(when + WINDOW);
        check("kill", kill(child, Signal::SIGINT))?;
        println!("parent: SIGINT; a second one within 1 second terminates");
    };

    // The handlers stay. A late Ctrl+C is written to a pipe that nobody reads, or that
    // is closed already: it does no harm.
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
