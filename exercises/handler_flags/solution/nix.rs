//! handler_flags, solved with nix: a sigaction() for each mode.

use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork, pause};

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// write(), which handlers may call; there is nobody to tell if it fails.
fn put(text: &[u8]) {
    // SAFETY: `text` is valid for reads of its length.
    let _nobody_to_tell =
        unsafe { libc::write(libc::STDOUT_FILENO, text.as_ptr().cast(), text.len()) };
}

/// The handler of SIGUSR1 and SIGUSR2: half a second of work, between two lines.
extern "C" fn work(signal: libc::c_int) {
    let saved_errno = Errno::last_raw();
    let is_first = signal == libc::SIGUSR1;
    let mut left = libc::timespec {
        tv_sec: 0,
        tv_nsec: 500_000_000,
    };
    put(if is_first {
        b"SIGUSR1 begins\n"
    } else {
        b"SIGUSR2 begins\n"
    });
    // If another handler interrupts it, it goes on with what is left.
    // SAFETY: both pointers are to a valid timespec.
    while unsafe { libc::nanosleep(&left, &mut left) } == -1 && Errno::last() == Errno::EINTR {}
    put(if is_first {
        b"SIGUSR1 ends\n"
    } else {
        b"SIGUSR2 ends\n"
    });
    Errno::set_raw(saved_errno);
}

/// Installs a handler. None of them blocks anything but what is in `mask`, and itself.
fn install(
    signal: Signal,
    handler: SigHandler,
    flags: SaFlags,
    mask: SigSet,
) -> Result<(), String> {
    let action = SigAction::new(handler, flags, mask);
    // SAFETY: all handlers here call async-signal-safe functions only.
    check("sigaction", unsafe { sigaction(signal, &action) }).map(drop)
}

/// Installs work(): neither SIGUSR1 nor SIGUSR2 interrupts it.
fn defer() -> Result<(), String> {
    let both = SigSet::from_iter([Signal::SIGUSR1, Signal::SIGUSR2]);
    for signal in [Signal::SIGUSR1, Signal::SIGUSR2] {
        install(signal, SigHandler::Handler(work), SaFlags::empty(), both)?;
    }
    Ok(())
}

/// Installs work() with SA_NODEFER: whatever comes interrupts it.
fn nest() -> Result<(), String> {
    install(
        Signal::SIGUSR1,
        SigHandler::Handler(work),
        SaFlags::SA_NODEFER,
        SigSet::empty(),
    )
}

/// Installs work() with SA_RESETHAND: for one signal.
fn once() -> Result<(), String> {
    install(
        Signal::SIGUSR1,
        SigHandler::Handler(work),
        SaFlags::SA_RESETHAND,
        SigSet::empty(),
    )
}

/// The handler of mode `info`: prints the value that came with a signal.
extern "C" fn tell_value(
    _signal: libc::c_int,
    info: *mut libc::siginfo_t,
    _context: *mut libc::c_void,
) {
    let saved_errno = Errno::last_raw();
    // SAFETY: the kernel passes a valid siginfo_t to a handler with SA_SIGINFO.
    let value = unsafe { (*info).si_value() }.sival_ptr.addr() as u32 as i32;
    let mut digits = [0; 12];
    let mut first = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    put(if value < 0 {
        b"SIGUSR1 value -"
    } else {
        b"SIGUSR1 value "
    });
    put(&digits[first..]);
    put(b"\n");
    Errno::set_raw(saved_errno);
}

/// Installs a handler with SA_SIGINFO, which tells the value that came with SIGUSR1.
fn info() -> Result<(), String> {
    install(
        Signal::SIGUSR1,
        SigHandler::SigAction(tell_value),
        SaFlags::SA_SIGINFO,
        SigSet::empty(),
    )
}

/// The handler of SIGCHLD.
extern "C" fn tell_end(_signal: libc::c_int) {
    let saved_errno = Errno::last_raw();
    put(b"child ended\n");
    Errno::set_raw(saved_errno);
}

/// Three children that nobody has to wait for: SA_NOCLDWAIT.
fn children() -> Result<ExitCode, String> {
    install(
        Signal::SIGCHLD,
        SigHandler::Handler(tell_end),
        SaFlags::SA_NOCLDWAIT,
        SigSet::empty(),
    )?;
    for number in 1..=3 {
        // SAFETY: there is one thread only, so the child may call anything.
        if let ForkResult::Child = check("fork", unsafe { fork() })? {
            thread::sleep(Duration::from_millis(200 * number));
            return Ok(ExitCode::SUCCESS);
        }
    }
    loop {
        match wait() {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(Errno::ECHILD) => break,
            Err(errno) => return check("wait", Err(errno)),
        }
    }
    println!("ECHILD");
    Ok(ExitCode::SUCCESS)
}

/// signal(), the same on every system: the handler stays, the signal and no other is blocked
/// while it runs, and interrupted calls go on. Returns the handler before.
fn portable_signal(signal: Signal, handler: SigHandler) -> nix::Result<SigHandler> {
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: all handlers here call async-signal-safe functions only.
    let before = unsafe { sigaction(signal, &action) }?;
    Ok(before.handler())
}

/// Tries portable_signal(), then prints what comes on standard input.
fn try_signal() -> Result<ExitCode, String> {
    let handler = SigHandler::Handler(work);
    for (signal, handler) in [
        (Signal::SIGUSR1, handler),
        (Signal::SIGUSR1, handler),
        (Signal::SIGUSR2, SigHandler::SigIgn),
        (Signal::SIGUSR2, handler),
    ] {
        try_one(signal, handler);
    }
    for line in io::stdin().lines() {
        let line = line.map_err(|error| format!("read: {error}"))?;
        if line == "end" {
            break;
        }
        println!("line {line}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Tries portable_signal() for SIGKILL, which can't be caught.
fn try_error() -> Result<ExitCode, String> {
    try_one(Signal::SIGKILL, SigHandler::Handler(work));
    Ok(ExitCode::SUCCESS)
}

/// Calls portable_signal(), and prints what it returns.
fn try_one(signal: Signal, handler: SigHandler) {
    match portable_signal(signal, handler) {
        Ok(SigHandler::SigDfl) => println!("{signal} was default"),
        Ok(SigHandler::SigIgn) => println!("{signal} was ignored"),
        Ok(_) => println!("{signal} was handler"),
        Err(errno) => println!("{signal} {errno:?}"),
    }
}

fn run() -> Result<ExitCode, String> {
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "children" => return children(),
        "signal" => return try_signal(),
        "error" => return try_error(),
        "defer" => defer()?,
        "nest" => nest()?,
        "once" => once()?,
        "info" => info()?,
        other => return Err(format!("no mode `{other}`")),
    }
    loop {
        pause(); // until a signal kills us
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
