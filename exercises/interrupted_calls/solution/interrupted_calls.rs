//! interrupted_calls, solved with SA_RESTART, std's sleep and reads, and ppoll().

use std::io::{BufRead, stdin};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::time::TimeSpec;
use nix::unistd::read;

// Exit statuses, besides 0.
const NO_LINE: u8 = 1;
const CANCELLED: u8 = 2;
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
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: the handlers call async-signal-safe functions only.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// `sleep`: std's sleep goes on with what is left.
fn sleep_in_full() -> nix::Result<u8> {
    install(Signal::SIGUSR1, on_usr1)?;
    thread::sleep(Duration::from_secs(2));
    println!("slept");
    Ok(0)
}

/// What became of the input: a line, with its end, or what was there before the end of it.
fn tell(line: &[u8]) -> u8 {
    match line.strip_suffix(b"\n") {
        Some(line) => {
            println!("line: {}", String::from_utf8_lossy(line));
            0
        }
        None => {
            println!("no line");
            NO_LINE
        }
    }
}

/// `read`: std reads on after EINTR, and until the line is whole.
fn read_line() -> nix::Result<u8> {
    install(Signal::SIGUSR1, on_usr1)?;
    let mut line = Vec::new();
    stdin()
        .lock()
        .read_until(b'\n', &mut line)
        .map_err(|_| Errno::EIO)?;
    Ok(tell(&line))
}

/// Reads a line, piece by piece. `mask` is let in while it waits, and no longer; before each
/// wait `give_up` says whether there is a reason not to wait, and at the moment `end` there is one.
fn read_unless(
    mask: SigSet,
    end: Option<Instant>,
    give_up: impl Fn() -> bool,
) -> nix::Result<Option<Vec<u8>>> {
    let input = stdin();
    let mut line = Vec::new();
    loop {
        if give_up() {
            return Ok(None);
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let mut inputs = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut inputs, left.map(TimeSpec::from), Some(mask)) {
            Err(Errno::EINTR) => continue,
            Ok(0) => return Ok(None),
            result => result?,
        };
        let mut piece = [0; 256];
        let size = read(input.as_fd(), &mut piece)?;
        line.extend(&piece[..size]);
        if size == 0 || line.ends_with(b"\n") {
            return Ok(Some(line));
        }
    }
}

static IS_CANCELLED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_usr2(_signal_number: libc::c_int) {
    IS_CANCELLED.store(true, SeqCst);
}

/// `cancel`: SIGUSR2 is let in by ppoll() only, so none comes between the look and the wait.
fn read_or_cancel() -> nix::Result<u8> {
    SigSet::from(Signal::SIGUSR2).thread_block()?;
    install(Signal::SIGUSR2, on_usr2)?;
    install(Signal::SIGUSR1, on_usr1)?;
    Ok(
        match read_unless(SigSet::empty(), None, || IS_CANCELLED.load(SeqCst))? {
            Some(line) => tell(&line),
            None => {
                println!("cancelled");
                CANCELLED
            }
        },
    )
}

/// `timeout`: the end is a moment, and each wait is for what is left until then.
fn read_in_time() -> nix::Result<u8> {
    let end = Instant::now() + Duration::from_millis(1500);
    install(Signal::SIGUSR1, on_usr1)?;
    Ok(match read_unless(SigSet::empty(), Some(end), || false)? {
        Some(line) => tell(&line),
        None => {
            println!("too late");
            TOO_LATE
        }
    })
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
