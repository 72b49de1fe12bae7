//! handler_flags, solved with the sigaction() of the crate libc: one function installs every
//! handler, and says which one was there before.

use std::io::{self, BufRead};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::unistd::pause;

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

/// sigaction(), with `flags` and the signals of `mask`. Returns the handler before.
fn install(
    signal: i32,
    handler: libc::sighandler_t,
    flags: i32,
    mask: &[i32],
) -> nix::Result<libc::sighandler_t> {
    // SAFETY: a struct sigaction is plain numbers, and the handlers here call
    // async-signal-safe functions only.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let mut before: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        libc::sigemptyset(&mut action.sa_mask);
        for &other in mask {
            libc::sigaddset(&mut action.sa_mask, other);
        }
        Errno::result(libc::sigaction(signal, &action, &mut before))?;
        Ok(before.sa_sigaction)
    }
}

/// work(), as sigaction() takes it.
fn work_handler() -> libc::sighandler_t {
    work as *const () as libc::sighandler_t
}

fn defer() -> Result<(), String> {
    check(
        "sigaction",
        install(libc::SIGUSR1, work_handler(), 0, &[libc::SIGUSR2]),
    )?;
    check(
        "sigaction",
        install(libc::SIGUSR2, work_handler(), 0, &[libc::SIGUSR1]),
    )?;
    Ok(())
}

fn nest() -> Result<(), String> {
    let result = install(libc::SIGUSR1, work_handler(), libc::SA_NODEFER, &[]);
    check("sigaction", result).map(drop)
}

fn once() -> Result<(), String> {
    let result = install(libc::SIGUSR1, work_handler(), libc::SA_RESETHAND, &[]);
    check("sigaction", result).map(drop)
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

fn info() -> Result<(), String> {
    let handler = tell_value as *const () as libc::sighandler_t;
    let result = install(libc::SIGUSR1, handler, libc::SA_SIGINFO, &[]);
    check("sigaction", result).map(drop)
}

/// The handler of SIGCHLD.
extern "C" fn tell_end(_signal: libc::c_int) {
    let saved_errno = Errno::last_raw();
    put(b"child ended\n");
    Errno::set_raw(saved_errno);
}

/// Three children that nobody has to wait for: SA_NOCLDWAIT.
fn children() -> Result<ExitCode, String> {
    let handler = tell_end as *const () as libc::sighandler_t;
    let flags = libc::SA_NOCLDWAIT | libc::SA_RESTART;
    check("sigaction", install(libc::SIGCHLD, handler, flags, &[]))?;

    for number in 1..=3 {
        // SAFETY: there is one thread only, so the child may call anything.
        unsafe {
            let pid = libc::fork();
            check("fork", Errno::result(pid))?;
            if pid == 0 {
                libc::usleep(number * 200_000);
                libc::_exit(0);
            }
        }
    }
    // SAFETY: nobody asks for the status.
    match Errno::result(unsafe { libc::wait(std::ptr::null_mut()) }) {
        Err(Errno::ECHILD) => println!("ECHILD"),
        other => return Err(format!("wait: {other:?}")),
    }
    Ok(ExitCode::SUCCESS)
}

/// signal(), the same on every system.
fn portable_signal(
    signal: i32,
    handler: libc::sighandler_t,
) -> Result<libc::sighandler_t, io::Error> {
    install(signal, handler, libc::SA_RESTART, &[]).map_err(io::Error::from)
}

/// Tries portable_signal(), then prints what comes on standard input.
fn try_signal() -> Result<ExitCode, String> {
    for (name, signal, handler) in [
        ("SIGUSR1", libc::SIGUSR1, work_handler()),
        ("SIGUSR1", libc::SIGUSR1, work_handler()),
        ("SIGUSR2", libc::SIGUSR2, libc::SIG_IGN),
        ("SIGUSR2", libc::SIGUSR2, work_handler()),
    ] {
        match portable_signal(signal, handler) {
            Ok(libc::SIG_DFL) => println!("{name} was default"),
            Ok(libc::SIG_IGN) => println!("{name} was ignored"),
            Ok(_) => println!("{name} was handler"),
            Err(error) => println!("{name}: {error}"),
        }
    }
    let mut input = io::stdin().lock();
    let mut line = String::new();
    while input.read_line(&mut line).map_err(|e| e.to_string())? > 0 && line != "end\n" {
        print!("line {line}");
        line.clear();
    }
    Ok(ExitCode::SUCCESS)
}

/// Tries portable_signal() for SIGKILL, which can't be caught.
fn try_error() -> Result<ExitCode, String> {
    match portable_signal(libc::SIGKILL, work_handler()) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => println!("SIGKILL EINVAL"),
        other => return Err(format!("sigaction: {other:?}")),
    }
    Ok(ExitCode::SUCCESS)
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
