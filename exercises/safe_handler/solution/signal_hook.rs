//! safe_handler with signal-hook: its flags, a thread that accepts signals, its pipe.

use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll, ppoll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::time::TimeSpec;
use signal_hook::consts::{SIGTERM, SIGUSR1};

const TICK: Duration = Duration::from_millis(500);
const LAST_TICK: u32 = 4;

/// The journal: what is in it is on the heap.
struct Journal {
    ticks: u32,
    notes: Vec<u32>,
}

static JOURNAL: Mutex<Journal> = Mutex::new(Journal {
    ticks: 0,
    notes: Vec::new(),
});

/// The journal, for one at a time.
fn journal() -> MutexGuard<'static, Journal> {
    JOURNAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What SIGUSR1 asks for: one more note.
fn add_note() {
    let mut journal = journal();
    let number = journal.notes.last().map_or(1, |last| last + 1);
    journal.notes.push(number);
    println!("note {number}");
}

/// The end: SIGTERM asks for it.
fn finish() -> ! {
    let journal = journal();
    println!("notes: {}", journal.notes.len());
    std::process::exit(0);
}

/// The program's regular work: one more tick, and the end after the last one.
fn tick() {
    let mut journal = journal();
    journal.ticks += 1;
    println!("tick {}", journal.ticks);
    let is_last = journal.ticks == LAST_TICK;
    drop(journal);
    if is_last {
        finish();
    }
}

fn both() -> SigSet {
    SigSet::from_iter([Signal::SIGUSR1, Signal::SIGTERM])
}

fn as_errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

fn run_flag() -> nix::Result<()> {
    // Nobody can come between the look at the flags and the wait: see ppoll().
    both().thread_block()?;
    let noted = Arc::new(AtomicBool::new(false));
    let stopped = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGUSR1, Arc::clone(&noted)).map_err(as_errno)?;
    signal_hook::flag::register(SIGTERM, Arc::clone(&stopped)).map_err(as_errno)?;

    let mut next = Instant::now() + TICK;
    loop {
        let left = next.saturating_duration_since(Instant::now());
        match ppoll(&mut [], Some(TimeSpec::from(left)), Some(SigSet::empty())) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        if noted.swap(false, SeqCst) {
            add_note();
        }
        if stopped.load(SeqCst) {
            finish();
        }
        if Instant::now() >= next {
            tick();
            next += TICK;
        }
    }
}

/// The thread only passes on what it accepts: signals as values on a channel.
fn run_thread() -> nix::Result<()> {
    both().thread_block()?;
    let (sender, signals) = mpsc::channel();
    thread::spawn(move || {
        while let Ok(signal) = both().wait() {
            if sender.send(signal).is_err() {
                break;
            }
        }
    });
    let mut next = Instant::now() + TICK;
    loop {
        match signals.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(Signal::SIGUSR1) => add_note(),
            Ok(_) => finish(),
            Err(RecvTimeoutError::Timeout) => {
                tick();
                next += TICK;
            }
            Err(RecvTimeoutError::Disconnected) => return Err(Errno::EINVAL),
        }
    }
}

/// signal-hook's handlers write into a socket each, and the loop polls both.
fn run_fd() -> nix::Result<()> {
    let channel = |signal_number| {
        let (read_end, write_end) = UnixStream::pair().map_err(as_errno)?;
        read_end.set_nonblocking(true).map_err(as_errno)?;
        signal_hook::low_level::pipe::register(signal_number, write_end).map_err(as_errno)?;
        Ok::<_, Errno>(read_end)
    };
    let mut notes = channel(SIGUSR1)?;
    let stop = channel(SIGTERM)?;

    let mut next = Instant::now() + TICK;
    loop {
        // poll() counts in milliseconds; too late is better than too early and again.
        let left = next.saturating_duration_since(Instant::now());
        let milliseconds = u16::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(u16::MAX);
        let mut inputs = [
            PollFd::new(notes.as_fd(), PollFlags::POLLIN),
            PollFd::new(stop.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut inputs, PollTimeout::from(milliseconds)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        let is_stopped = inputs[1].any() == Some(true);
        let mut bytes = [0; 16];
        match notes.read(&mut bytes) {
            Ok(count) => (0..count).for_each(|_| add_note()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(as_errno(error)),
        }
        if is_stopped {
            finish();
        }
        if Instant::now() >= next {
            tick();
            next += TICK;
        }
    }
}

fn main() -> ExitCode {
    let design = std::env::args().nth(1).unwrap_or_default();
    let result = match design.as_str() {
        "flag" => run_flag(),
        "thread" => run_thread(),
        "fd" => run_fd(),
        _ => {
            eprintln!("usage: safe_handler flag|thread|fd");
            return ExitCode::FAILURE;
        }
    };
    if let Err(errno) = result {
        eprintln!("safe_handler: {}", errno.desc());
    }
    ExitCode::FAILURE // finish() exits
}
