//! queued_values, solved with two threads: one takes each signal as it comes and puts its value
//! into a heap, the other works off what is uppermost there.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::process::ExitCode;
use std::ptr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
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

/// Prints the value that came with a signal.
fn tell(info: &libc::siginfo_t) {
    let number = info.si_signo - libc::SIGRTMIN();
    println!("SIGRTMIN+{number}: {}", value_of(info));
}

/// Takes a pending signal of `set`, if there is one.
fn take_pending(set: &libc::sigset_t) -> nix::Result<Option<libc::siginfo_t>> {
    loop {
        match take(set, Some(Duration::ZERO)) {
            Ok(info) => return Ok(Some(info)),
            Err(Errno::EAGAIN) => return Ok(None),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// What waits: by signal, then in the order in which it came.
#[derive(Default)]
struct Waiting {
    heap: BinaryHeap<Reverse<(i32, usize, i32)>>,
    came: usize,
    leaving: bool,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Works off the values that come, the most urgent first, until SIGTERM comes.
fn serve() -> Result<ExitCode, String> {
    let everything = set_of(&[libc::SIGTERM, realtime(1), realtime(2), realtime(3)]);
    // Before there is another thread: it inherits the mask.
    check("pthread_sigmask", block(&everything))?;

    let shared: &Shared = Box::leak(Box::default());
    thread::spawn(move || note_all(shared, &everything));

    let mut waiting = shared.waiting();
    loop {
        if let Some(Reverse((signal, _, value))) = waiting.heap.pop() {
            drop(waiting);
            println!("SIGRTMIN+{}: {value}", signal - libc::SIGRTMIN());
            thread::sleep(WORK);
            waiting = shared.waiting();
        } else if waiting.leaving {
            return Ok(ExitCode::SUCCESS);
        } else {
            let woken = shared.changed.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Puts each value that comes into the heap.
fn note_all(shared: &Shared, everything: &libc::sigset_t) {
    loop {
        let Ok(info) = take(everything, None) else {
            continue; // EINTR: we were stopped and continued, say
        };
        let mut waiting = shared.waiting();
        if info.si_signo == libc::SIGTERM {
            waiting.leaving = true;
        } else {
            waiting.came += 1;
            let number = waiting.came;
            let next = Reverse((info.si_signo, number, value_of(&info)));
            waiting.heap.push(next);
        }
        shared.changed.notify_one();
    }
}

/// Sends itself the values 1 to `last`, and takes them, with a queue that is too short for all.
fn fill(last: i32) -> Result<ExitCode, String> {
    let (_soft, hard) = check("getrlimit", getrlimit(Resource::RLIMIT_SIGPENDING))?;
    check(
        "setrlimit",
        setrlimit(Resource::RLIMIT_SIGPENDING, ROOM.min(hard), hard),
    )?;
    let urgent = set_of(&[realtime(1)]);
    check("pthread_sigmask", block(&urgent))?;

    for value in 1..=last {
        // The same value again, until there was room for it.
        while let Err(errno) = queue(realtime(1), value) {
            if errno != Errno::EAGAIN {
                return check("sigqueue", Err(errno));
            }
            // That makes room, if it isn't all taken by others.
            if take_all(&urgent)? == 0 {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
    take_all(&urgent)?;
    Ok(ExitCode::SUCCESS)
}

/// Takes and prints all that waits: how many there were.
fn take_all(set: &libc::sigset_t) -> Result<usize, String> {
    let mut count = 0;
    while let Some(info) = check("sigtimedwait", take_pending(set))? {
        tell(&info);
        count += 1;
    }
    Ok(count)
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
