//! interrupted_calls: what becomes of a call when a signal comes?
//!
//! The program makes one call that waits: a sleep, or a read, with or without a way out.
//! SIGUSR1 is only to be told. As it is handed out, it ends or spoils every one of these calls.
//!
//! The exercise: README.md. Change the four functions that main() calls.
//!
//! Manual pages: signal(7) ("Interruption of system calls"), sigaction(2), nanosleep(2), ppoll(2).

use std::io::stdin;
use std::os::fd::AsFd;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{read, sleep};

// Exit statuses, besides 0.
const NO_LINE: u8 = 1;
const TOO_LATE: u8 = 3;
const USAGE: u8 = 4;

/// SIGUSR1: says so, and that is all.
extern "C" fn on_usr1(_signal_number: libc::c_int) {
    const LINE: &[u8] = b"got SIGUSR1\n";
    let saved_errno = Errno::last_raw();
    // SAFETY: LINE is valid for reads of its length.
    let _nobody_to_tell =
        unsafe { libc::write(libc::STDOUT_FILENO, LINE.as_ptr().cast(), LINE.len()) };
    Errno::set_raw(saved_errno);
}

fn install(signal: Signal, handler: extern "C" fn(libc::c_int)) -> nix::Result<()> {
    let action = SigAction::new(
        SigHandler::Handler(handler),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: the handler calls async-signal-safe functions only.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// `sleep`: sleeps for two seconds. (It is the C function, not that of std::thread.)
fn sleep_in_full() -> nix::Result<u8> {
    install(Signal::SIGUSR1, on_usr1)?;
    sleep(2);
    println!("slept");
    Ok(0)
}

/// Takes one piece of the input, and calls it a line. (read() is that of the system: those of
/// std::io that read lines try again after EINTR.)
fn take_line() -> nix::Result<u8> {
    let mut line = [0; 256];
    let size = read(stdin(), &mut line)?;
    if size == 0 {
        println!("no line");
        return Ok(NO_LINE);
    }
    println!("line: {}", String::from_utf8_lossy(&line[..size - 1]));
    Ok(0)
}

/// `read`: reads a line.
fn read_line() -> nix::Result<u8> {
    install(Signal::SIGUSR1, on_usr1)?;
    take_line()
}

/// `cancel`: reads a line, unless SIGUSR2 comes before.
fn read_or_cancel() -> nix::Result<u8> {
    install(Signal::SIGUSR1, on_usr1)?;
    take_line()
}

/// `timeout`: reads a line, but gives up 1.5 s after the start.
fn read_in_time() -> nix::Result<u8> {
    install(Signal::SIGUSR1, on_usr1)?;
    let input = stdin();
    if poll(
        &mut [PollFd::new(input.as_fd(), PollFlags::POLLIN)],
        1500_u16,
    )? == 1
    {
        return take_line();
    }
    println!("too late");
    Ok(TOO_LATE)
}

fn main() -> ExitCode {
    let call = std::env::args().nth(1).unwrap_or_default();
    let result = match call.as_str() {
        "sleep" => sleep_in_full(),
        "read" => read_line(),
        "cancel" => read_or_cancel(),
        "timeout" => read_in_time(),
        _ => {
            eprintln!("usage: interrupted_calls sleep|read|cancel|timeout");
            return ExitCode::from(USAGE);
        }
    };
    match result {
        Ok(status) => ExitCode::from(status),
        Err(errno) => {
            eprintln!("interrupted_calls: {}", errno.desc());
            ExitCode::FAILURE
        }
    }
}
