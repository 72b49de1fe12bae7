//! A timer that interrupts a blocking wait of this thread, so that the tracer can look
//! after other things while a tracee runs for long.
//!
//! What it must not do is disturb the program that siglab is part of. Each stop and end of a
//! tracee sends a `SIGCHLD` to that process, and if it handles that, some thread's call is
//! interrupted. The kernel asks the tracer first (complete_signal() in kernel/signal.c); it
//! takes another thread if the tracer blocks the signal, or if it sleeps and has a signal
//! pending already. So the tracer never blocks it, and in such a process waits without a
//! timer's signal.
//!
//! A few still go to others where the tracer has to wait for a processor: while the process's
//! handler runs on the tracer's thread, which blocks `SIGCHLD` there without `SA_NODEFER`; and
//! if another thread looks for signals (it changes its mask, for one) before the tracer has
//! taken what is pending for the whole process. On a machine with three busy threads for each
//! processor that was up to 3 of 4,000.

use std::sync::OnceLock;
use std::time::Duration;

use nix::poll::ppoll;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::sys::time::TimeSpec;

use super::{Errno, Result};

/// A periodic timer of the calling thread. Each expiry interrupts a blocking system call
/// of the thread with `EINTR`, and does nothing else.
///
/// It uses one real-time signal of the whole process, `SIGRTMAX-2`, with a handler that
/// does nothing. It is periodic because a single expiry could fall just before the wait.
#[derive(Debug)]
pub(crate) struct Ticker {
    timer: libc::timer_t,
    armed: bool,
    pauses: Option<Pauses>,
}

/// What a wait consists of where the process handles `SIGCHLD`. Its handler ends a pause,
/// unless it has `SA_NOCLDSTOP`.
#[derive(Clone, Copy, Debug)]
struct Pauses {
    /// Twice as long each time: so nothing is noticed later than after twice its time.
    next: Duration,
    longest: Duration,
}

fn signal() -> i32 {
    libc::SIGRTMAX() - 2
}

extern "C" fn do_nothing(_: i32) {}

fn install_handler() -> Result<()> {
    static INSTALLED: OnceLock<Result<()>> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        let action = SigAction::new(
            SigHandler::Handler(do_nothing),
            SaFlags::empty(),
            SigSet::empty(),
        );
        let mut raw: libc::sigaction = action.into();
        raw.sa_flags = 0;
        // SAFETY: sigaction(2): `raw` is valid; its handler does nothing at all, and so is
        // async-signal-safe.
        let done = unsafe { libc::sigaction(signal(), &raw const raw, std::ptr::null_mut()) };
        Errno::result(done).map(drop)
    })
}

/// Whether this process handles a signal.
fn has_handler(signal: Signal) -> Result<bool> {
    // SAFETY: an all-zero sigaction is valid.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: sigaction(2): without a new action, the old one is only read into `action`.
    let done = unsafe { libc::sigaction(signal as i32, std::ptr::null(), &raw mut action) };
    Errno::result(done)?;
    Ok(!matches!(
        action.sa_sigaction,
        libc::SIG_DFL | libc::SIG_IGN
    ))
}

impl Ticker {
    /// A timer that isn't running yet. Of all signals, the calling thread gets only this
    /// one and `SIGCHLD` from now on, whatever was blocked before: other handlers of the
    /// program that siglab is part of have no business on its tracer's thread.
    pub(crate) fn new() -> Result<Self> {
        install_handler()?;
        let mut others = SigSet::all();
        // SAFETY: sigdelset(3): nix declares SigSet as repr(transparent) over sigset_t, and the
        // number is that of a real-time signal.
        let removed = unsafe { libc::sigdelset(std::ptr::from_mut(&mut others).cast(), signal()) };
        Errno::result(removed)?;
        // Without a handler it is thrown away at once.
        others.remove(Signal::SIGCHLD);
        others.thread_set_mask()?;
        // SAFETY: an all-zero sigevent is valid.
        let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = signal();
        // SAFETY: gettid(2) has no preconditions.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer: libc::timer_t = std::ptr::null_mut();
        // SAFETY: timer_create(2): both pointers are valid for the call.
        let done =
            unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) };
        Errno::result(done)?;
        Ok(Self {
            timer,
            armed: false,
            pauses: None,
        })
    }

    /// Starts it: the first expiry after `first`, then one every `every`.
    pub(crate) fn start(&mut self, first: Duration, every: Duration) -> Result<()> {
        if has_handler(Signal::SIGCHLD)? {
            self.pauses = Some(Pauses {
                next: first.min(every),
                longest: every,
            });
            return Ok(());
        }
        self.set(first, every)?;
        self.armed = true;
        Ok(())
    }

    /// Waits by `wait`, which an expiry interrupts; or, without looking whether there is
    /// anything to wait for, for a moment.
    pub(crate) fn wait(&mut self, wait: impl FnOnce() -> Result<()>) -> Result<()> {
        let Some(pauses) = &mut self.pauses else {
            return wait();
        };
        let pause = TimeSpec::from_duration(pauses.next);
        pauses.next = pauses.longest.min(pauses.next * 2);
        match ppoll(&mut [], Some(pause), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// Stops it.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.pauses = None;
        if self.armed {
            self.set(Duration::ZERO, Duration::ZERO)?;
            self.armed = false;
        }
        Ok(())
    }

    fn set(&self, first: Duration, every: Duration) -> Result<()> {
        let spec = |duration: Duration| libc::timespec {
            tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(duration.subsec_nanos()),
        };
        let value = libc::itimerspec {
            it_value: spec(first),
            it_interval: spec(every),
        };
        // SAFETY: timer_settime(2): `timer` was created in `new` and not deleted yet.
        let done =
            unsafe { libc::timer_settime(self.timer, 0, &raw const value, std::ptr::null_mut()) };
        Errno::result(done).map(drop)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // SAFETY: timer_delete(2): `timer` was created in `new`, and is deleted only here.
        unsafe { libc::timer_delete(self.timer) };
    }
}
