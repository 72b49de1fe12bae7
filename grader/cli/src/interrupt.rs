//! Signals to siglab itself. The first one asks whatever is running to stop; a second one
//! ends siglab at once. In both cases no traced process survives: the kernel kills
//! tracees when their tracer ends.

use std::io;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use siglab_engine::Cancel;
use siglab_model::{SigSet, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::exit;

/// The number of the signal that came first; 0 if none did.
static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Lets `SIGINT`, `SIGTERM` and `SIGHUP` cancel what is running, from now on. One that
/// siglab was started to ignore, as nohup(1) does, stays ignored.
///
/// # Errors
/// If the handlers can't be installed.
pub(crate) fn install() -> io::Result<Cancel> {
    let cancel = Cancel::default();
    let received = RECEIVED.get_or_init(Arc::default);
    let armed = Arc::new(AtomicBool::new(false));
    let ignored = ignored();
    for (number, signal) in [
        (SIGINT, Signal::INT),
        (SIGTERM, Signal::TERM),
        (SIGHUP, Signal::HUP),
    ] {
        if ignored.contains(signal) {
            continue;
        }
        // In this order: the first signal arms what the second one meets.
        flag::register_conditional_shutdown(
            number,
            i32::from(exit::signalled(signal)),
            Arc::clone(&armed),
        )?;
        flag::register(number, Arc::clone(&armed))?;
        flag::register_usize(number, Arc::clone(received), signal.number() as usize)?;
        flag::register(number, cancel.flag())?;
    }
    Ok(cancel)
}

/// The signal that came, if one did.
pub(crate) fn received() -> Option<Signal> {
    let number = RECEIVED.get()?.load(Ordering::Relaxed);
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
