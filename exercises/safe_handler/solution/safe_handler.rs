//! safe_handler: atomics and ppoll(), SigSet::wait() in a thread, SignalFd and ppoll().

use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeSpec;

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

/// Waits until something can be read, a handler has run, or the moment `next` has come.
fn wait_until(next: Instant, inputs: &mut [PollFd<'_>], mask: &SigSet) -> nix::Result<()> {
    let left = next.saturating_duration_since(Instant::now());
    match ppoll(inputs, Some(TimeSpec::from(left)), Some(*mask)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

static GOT_USR1: AtomicBool = AtomicBool::new(false);
static GOT_TERM: AtomicBool = AtomicBool::new(false);

extern "C" fn take_note(signal_number: libc::c_int) {
    if signal_number == libc::SIGUSR1 {
        GOT_USR1.store(true, SeqCst);
    } else {
        GOT_TERM.store(true, SeqCst);
    }
}

/// The flags can't change between the look at them and the wait: only ppoll() lets the
/// signals in, and it does so and waits in one step.
fn run_flag() -> nix::Result<()> {
    both().thread_block()?;
    let action = SigAction::new(
        SigHandler::Handler(take_note),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: the handler stores into atomics, and does nothing else.
    unsafe {
        sigaction(Signal::SIGUSR1, &action)?;
        sigaction(Signal::SIGTERM, &action)?;
    }
    let mut next = Instant::now() + TICK;
    loop {
        wait_until(next, &mut [], &SigSet::empty())?;
        if GOT_USR1.swap(false, SeqCst) {
            add_note();
        }
        if GOT_TERM.load(SeqCst) {
            finish();
        }
        if Instant::now() >= next {
            tick();
            next += TICK;
        }
    }
}

/// The thread that accepts signals interrupts nobody, so it may do anything.
fn run_thread() -> nix::Result<()> {
    both().thread_block()?; // before there is another thread, which inherits it
    thread::spawn(|| {
        loop {
            match both().wait() {
                Ok(Signal::SIGUSR1) => add_note(),
                Ok(_) => finish(),
                Err(_) => {}
            }
        }
    });
    let mut next = Instant::now() + TICK;
    loop {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        tick();
        next += TICK;
    }
}

fn run_fd() -> nix::Result<()> {
    both().thread_block()?;
    let signals = SignalFd::with_flags(&both(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let mut next = Instant::now() + TICK;
    loop {
        let mut inputs = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        wait_until(next, &mut inputs, &both())?;
        while let Some(info) = signals.read_signal()? {
            if info.ssi_signo == Signal::SIGUSR1 as u32 {
                add_note();
            } else {
                finish();
            }
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
