//! more_info: who sent that signal, and how many of them arrived?
//!
//! Five children each send `my_signal` to their parent. The parent's handler is
//! installed with SA_SIGINFO, so it is told who sent the signal. For five seconds
//! the parent blocks `my_signal`:
//!
//! - SIGUSR1 is a standard signal. While one is pending, the next ones merge with
//!   it: the handler runs fewer than five times, perhaps only once.
//! - SIGRTMIN+1 is a real-time signal. Every instance is queued: the handler runs
//!   five times, in the order in which the signals were sent.
//!
//! How many came before the parent blocked the signal, nobody can say: that depends
//! on who ran when.
//!
//! Manual pages: sigaction(2), sigprocmask(2), signal(7). The C program of the same
//! name does the same, call for call. nix's `Signal` knows the standard signals
//! only, so the calls that take `my_signal` are libc's.

use std::process::ExitCode;
use std::{mem, ptr};

use libc::{c_int, c_void, sigset_t};
use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::unistd::{ForkResult, Pid, fork, getpid, sleep};

const CHILDREN: usize = 5;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// A line of text that is put together without a single allocation.
struct Line {
    bytes: [u8; 80],
    length: usize,
}

impl Line {
    fn put_text(&mut self, text: &[u8]) {
        for &byte in text {
            self.bytes[self.length] = byte;
            self.length += 1;
        }
    }

    /// Puts a number, 0 or more, in decimal.
    fn put_number(&mut self, mut number: c_int) {
        let mut digits = [0; 12];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.put_text(&digits[start..]);
    }
}

/// With SA_SIGINFO the kernel also passes a siginfo_t. For a signal sent by kill()
/// si_pid holds the sender. `println!` is not async-signal-safe, so we put the line
/// together ourselves and hand it to write().
extern "C" fn on_my_signal(
    signal_number: c_int,
    info: *mut libc::siginfo_t,
    _context: *mut c_void,
) {
    let saved_errno = Errno::last_raw();
    let mut line = Line {
        bytes: [0; 80],
        length: 0,
    };
    line.put_text(b"handler: signal ");
    line.put_number(signal_number);
    line.put_text(b" from pid ");
    // SAFETY: the kernel passes a valid siginfo_t; kill() has filled in si_pid.
    line.put_number(unsafe { (*info).si_pid() });
    line.put_text(b"\n");
    // SAFETY: `line.bytes` is valid for reads of `line.length`.
    let _nobody_to_tell =
        unsafe { libc::write(libc::STDOUT_FILENO, line.bytes.as_ptr().cast(), line.length) };
    Errno::set_raw(saved_errno);
}

/// Makes on_my_signal() the handler of `my_signal`.
fn install_handler(my_signal: c_int) -> nix::Result<()> {
    // SAFETY: all zeroes is a valid sigaction: no handler, no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_my_signal;
    action.sa_sigaction = handler as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: on_my_signal has the type that SA_SIGINFO asks for, and calls
    // async-signal-safe functions only.
    Errno::result(unsafe { libc::sigaction(my_signal, &action, ptr::null_mut()) }).map(drop)
}

/// sigprocmask(): `how` is SIG_BLOCK or SIG_UNBLOCK.
fn change_mask(how: c_int, set: &sigset_t) -> nix::Result<()> {
    // SAFETY: `set` is a valid signal set; the old mask is not asked for.
    Errno::result(unsafe { libc::sigprocmask(how, set, ptr::null_mut()) }).map(drop)
}

fn send(to: Pid, my_signal: c_int) -> nix::Result<()> {
    // SAFETY: kill() touches no memory of ours.
    Errno::result(unsafe { libc::kill(to.as_raw(), my_signal) }).map(drop)
}

/// Waits for any child to end.
fn wait_for_one() -> nix::Result<()> {
    // SAFETY: the status is not asked for.
    Errno::result(unsafe { libc::wait(ptr::null_mut()) }).map(drop)
}

fn run(my_signal: c_int) -> Result<(), String> {
    // Rust's start-up code has set SIGPIPE to be ignored; a C program has the default.
    // SAFETY: no handler is installed.
    check("signal", unsafe {
        signal(Signal::SIGPIPE, SigHandler::SigDfl)
    })?;

    let parent = getpid();
    println!("parent: my pid is {parent}");
    check("sigaction", install_handler(my_signal))?;

    for _ in 0..CHILDREN {
        // SAFETY: there is one thread only, so the child may call anything.
        if let ForkResult::Child = check("fork", unsafe { fork() })? {
            return check("kill", send(parent, my_signal));
        }
    }

    let mut only_mine = *SigSet::empty().as_ref();
    // SAFETY: `only_mine` is a valid signal set.
    check(
        "sigaddset",
        Errno::result(unsafe { libc::sigaddset(&mut only_mine, my_signal) }),
    )?;
    check("sigprocmask", change_mask(libc::SIG_BLOCK, &only_mine))?;
    println!("parent: signal {my_signal} is blocked for 5 seconds");
    sleep(5);

    println!("parent: now I unblock it");
    check("sigprocmask", change_mask(libc::SIG_UNBLOCK, &only_mine))?;

    let mut waited = 0;
    while waited < CHILDREN {
        match wait_for_one() {
            Ok(()) => waited += 1,
            Err(Errno::EINTR) => {} // a late handler may interrupt the wait
            Err(errno) => return check("wait", Err(errno)),
        }
    }
    println!("parent: all {CHILDREN} children have ended");
    Ok(())
}

/// The whole program; `my_signal` is what the children send.
pub fn main_with(my_signal: c_int) -> ExitCode {
    match run(my_signal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
