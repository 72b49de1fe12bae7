// siglab: not started — delete this line when you begin
//! queued_values: real-time signals wait in a queue, each with a value.
//!
//! Without arguments: works off the values that come with SIGRTMIN+1 to SIGRTMIN+3, see
//! serve(). With a number: sends itself so many values, see fill(). The exact rules are in
//! README.md.
//!
//! Manual pages: signal(7), sigqueue(3), sigwaitinfo(2), setrlimit(2).

use std::process::ExitCode;
use std::ptr;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// How many signals may be pending while the program fills its own queue.
const ROOM: u64 = 64;

/// How long the work on a value takes.
const WORK: Duration = Duration::from_millis(500);

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// The real-time signal SIGRTMIN+`number`. nix has no names for these.
fn realtime(number: i32) -> i32 {
    libc::SIGRTMIN() + number
}

/// A set of these signals. That of nix has no room for real-time signals.
fn set_of(signals: &[i32]) -> libc::sigset_t {
    // SAFETY: a sigset_t is plain numbers, and the calls fill it in.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for &signal in signals {
            libc::sigaddset(&mut set, signal);
        }
        set
    }
}

/// Blocks the signals of `set` in this thread, and in those that it starts.
fn block(set: &libc::sigset_t) -> nix::Result<()> {
    // SAFETY: the set is valid, and the old one isn't asked for.
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set, ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(Errno::from_raw(errno)),
    }
}

/// sigqueue() with a number, to this process.
fn queue(signal: i32, value: i32) -> nix::Result<()> {
    // The number is the first half of a union whose other member is a pointer.
    let value = libc::sigval {
        sival_ptr: ptr::without_provenance_mut(value.cast_unsigned() as usize),
    };
    // SAFETY: sigqueue() takes any numbers, and doesn't look at what the value points to.
    Errno::result(unsafe { libc::sigqueue(libc::getpid(), signal, value) }).map(drop)
}

/// The number in `info`, which a signal has that was sent with sigqueue().
fn value_of(info: &libc::siginfo_t) -> i32 {
    // SAFETY: all bytes of a siginfo_t are initialised.
    unsafe { info.si_value() }.sival_ptr.addr() as u32 as i32
}

/// Takes a pending signal of `set`, waiting for one as long as it takes or until
/// `timeout` is over (the error is then EAGAIN).
fn take(set: &libc::sigset_t, timeout: Option<Duration>) -> nix::Result<libc::siginfo_t> {
    // SAFETY: a siginfo_t is plain numbers.
    let mut info = unsafe { std::mem::zeroed() };
    let number = match timeout {
        // SAFETY: the set is valid, and `info` may be written to.
        None => unsafe { libc::sigwaitinfo(set, &mut info) },
        Some(time) => {
            let time = libc::timespec {
                tv_sec: time.as_secs() as libc::time_t,
                tv_nsec: time.subsec_nanos().into(),
            };
            // SAFETY: as above, and the time-out is valid, too.
            unsafe { libc::sigtimedwait(set, &mut info, &time) }
        }
    };
    Errno::result(number).map(|_| info)
}

/// Works off the values that come, the most urgent first, until SIGTERM comes.
fn serve() -> Result<ExitCode, String> {
    // Your code: block the signals, and take one after another.
    let values = set_of(&[realtime(1), realtime(2), realtime(3)]);
    check("pthread_sigmask", block(&values))?;
    let info = check("sigwaitinfo", take(&values, None))?;
    println!("{}", value_of(&info));
    thread::sleep(WORK);
    Ok(ExitCode::SUCCESS)
}

/// Sends itself the values 1 to `last`, and takes them, with a queue that is too short for all.
fn fill(last: i32) -> Result<ExitCode, String> {
    // Your code: the soft limit of RLIMIT_SIGPENDING is to be ROOM.
    let (_soft, hard) = check("getrlimit", getrlimit(Resource::RLIMIT_SIGPENDING))?;
    check(
        "setrlimit",
        setrlimit(Resource::RLIMIT_SIGPENDING, ROOM.min(hard), hard),
    )?;
    check("sigqueue", queue(realtime(1), last))?;
    Ok(ExitCode::SUCCESS)
}

fn run() -> Result<ExitCode, String> {
    match std::env::args().nth(1) {
        None => serve(),
        Some(last) => fill(last.parse().map_err(|error| format!("{last}: {error}"))?),
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
