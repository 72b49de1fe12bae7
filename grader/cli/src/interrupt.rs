//! Signals to siglab itself. The first one asks whatever is running to stop; one that comes
//! a while later ends siglab at once. In both cases no traced process survives: the kernel
//! kills tracees when their tracer ends.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use nix::time::{ClockId, clock_gettime};
use siglab_engine::Cancel;
use siglab_model::{SigSet, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level;

use crate::{exit, terminal};

/// The number of the signal that came first; 0 if none did.
static RECEIVED: AtomicUsize = AtomicUsize::new(0);

/// When it came: milliseconds of the machine's monotonic clock; 0 if none did.
static RECEIVED_AT: AtomicI64 = AtomicI64::new(0);

/// For how many milliseconds after the first one further signals are part of the same
/// request: timeout(1) signals its child and then the group that the child is in, and so
/// does whoever passes on the Ctrl+C that both have got.
const ONE_REQUEST: i64 = 500;

/// Lets `SIGINT`, `SIGTERM` and `SIGHUP` cancel what is running, from now on. One that
/// siglab was started to ignore, as nohup(1) does, stays ignored.
///
/// # Errors
/// If the handlers can't be installed.
pub(crate) fn install() -> io::Result<Cancel> {
    static CANCEL: OnceLock<Cancel> = OnceLock::new();
    let cancel = CANCEL.get_or_init(Cancel::default);
    let flag = cancel.flag();
    let ignored = ignored();
    for (number, signal) in [
        (SIGINT, Signal::INT),
        (SIGTERM, Signal::TERM),
        (SIGHUP, Signal::HUP),
    ] {
        if ignored.contains(signal) {
            continue;
        }
        let flag = std::sync::Arc::clone(&flag);
        let status = i32::from(exit::signalled(signal));
        let on_signal = move || {
            let now = milliseconds();
            match RECEIVED_AT.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    RECEIVED.store(signal.number() as usize, Ordering::Relaxed);
                    flag.store(true, Ordering::Relaxed);
                }
                Err(first) if now - first >= ONE_REQUEST => {
                    terminal::restore();
                    low_level::exit(status)
                }
                Err(_) => {}
            }
        };
        // SAFETY: the closure is async-signal-safe: atomics, clock_gettime(2), tcsetattr(3)
        // and _exit(2), and no allocation or panic.
        #[expect(unsafe_code, reason = "what a handler does is nobody's to check")]
        unsafe {
            low_level::register(number, on_signal)?;
        }
    }
    Ok(cancel.clone())
}

/// The monotonic clock, never 0.
pub(crate) fn milliseconds() -> i64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(1, |time| {
        (time.tv_sec() * 1000 + time.tv_nsec() / 1_000_000).max(1)
    })
}

/// The signal that came, if one did.
pub(crate) fn received() -> Option<Signal> {
    let number = RECEIVED.load(Ordering::Relaxed);
    i32::try_from(number).ok().and_then(Signal::new)
}

/// What this process ignores: proc_pid_status(5).
fn ignored() -> SigSet {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let mask = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(mask.trim(), 16).ok()
        })
        .map_or(SigSet::EMPTY, SigSet::from_bits)
}
